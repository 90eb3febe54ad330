//! What this decoder makes of chosen bytes, written down for the book's JavaScript, which has to
//! make the same of them; and recordings of real calls as the book's timelines.
//!
//! Each file is compared with what the decoder says today. After a change that is meant,
//! `cargo test -p wiretap --test golden -- --ignored golden` writes them anew. `record_calls` in
//! place of `golden` makes the recordings anew, with other times.

#[path = "../real/relay.rs"]
mod relay;
mod timeline;

use std::path::{Path, PathBuf};
use std::time::Duration;

use prost::Message as _;
use proto::calculator::v1::calculator_service_client::CalculatorServiceClient;
use proto::calculator::v1::calculator_service_server::{
    CalculatorService, CalculatorServiceServer,
};
use proto::calculator::v1::{
    AddRequest, AddResponse, DivideRequest, DivideResponse, EvaluateRequest, EvaluateResponse,
    MultiplyRequest, MultiplyResponse, SubtractRequest, SubtractResponse,
};
use proto::log::v1::log_service_client::LogServiceClient;
use proto::log::v1::log_service_server::{LogService, LogServiceServer};
use proto::log::v1::{
    GetLogRequest, GetLogResponse, Line, ReadRequest, ReadResponse, TailRequest, TailResponse,
};
use relay::{Capture, relay};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};
use wiretap::{Closed, Content, Limits, Recording, Schema, Side};

use timeline::{fields_json, headers_json, hex};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The book's recordings, by name.
const RECORDINGS: [&str; 3] = ["unary", "streaming", "cancelled"];

fn book(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../book")
        .join(path)
}

fn golden(name: &str) -> PathBuf {
    book(&format!("browser/golden/{name}.json"))
}

fn capture_file(name: &str) -> PathBuf {
    golden(&format!("capture-{name}"))
}

fn timeline_file(name: &str) -> PathBuf {
    book(&format!(
        "tests/course/src/phase-1/02-wire/{name}.timeline.json"
    ))
}

fn read(path: &Path) -> Value {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One element of a list a line: a change shows as the lines that it changed.
fn write(path: &Path, value: &Value) {
    let mut text = String::from("{\n");
    let members = value.as_object().expect("a file is an object");
    for (n, (name, member)) in members.iter().enumerate() {
        let comma = if n + 1 < members.len() { "," } else { "" };
        match member.as_array() {
            Some(list) => {
                let lines: Vec<_> = list.iter().map(|item| format!("    {item}")).collect();
                text += &format!("  {name:?}: [\n{}\n  ]{comma}\n", lines.join(",\n"));
            }
            None => text += &format!("  {name:?}: {member}{comma}\n"),
        }
    }
    text += "}\n";
    let folder = path.parent().expect("it is in a folder");
    std::fs::create_dir_all(folder).expect("the folder can be made");
    std::fs::write(path, text).expect("the file can be written");
}

fn assert_is_current(path: &Path, value: &Value) {
    assert!(
        read(path) == *value,
        "{} is not what the decoder says today: write it anew with \
         `cargo test -p wiretap --test golden -- --ignored golden`",
        path.display()
    );
}

#[test]
fn the_books_fields_are_what_this_decoder_reads() {
    assert_is_current(&golden("protobuf"), &protobuf());
}

#[test]
fn the_books_header_blocks_are_what_this_decoder_reads() {
    assert_is_current(&golden("hpack"), &hpack());
}

#[test]
fn the_books_timelines_are_the_recordings_as_this_decoder_reads_them() {
    for name in RECORDINGS {
        assert_is_current(&timeline_file(name), &timeline_of(name));
    }
}

#[test]
fn the_books_requests_are_those_of_the_recording() {
    let path = requests_file();
    let text = std::fs::read_to_string(&path).expect("the file is there");
    assert!(
        text == requests(),
        "{} is not current: `cargo test -p wiretap --test golden -- --ignored golden`",
        path.display()
    );
}

#[test]
#[ignore = "writes into the source tree"]
fn write_golden_files() {
    std::fs::write(requests_file(), requests()).expect("the file can be written");
    write(&golden("protobuf"), &protobuf());
    write(&golden("hpack"), &hpack());
    for name in RECORDINGS {
        write(&timeline_file(name), &timeline_of(name));
    }
}

/// A sequence that is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// The bytes with one thing wrong: cut, a byte more, or another byte.
    fn damaged(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let (at, value) = (self.below(bytes.len()), self.below(256) as u8);
        match self.below(3) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, value),
            _ => bytes.get_mut(at).into_iter().for_each(|byte| *byte = value),
        }
        bytes
    }
}

// Messages

const EVERY: &str = "/every.v1.EveryService/One";

fn every() -> Schema {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract");
    let set = protox::compile(["every.proto"], [folder]).expect("the contract is valid");
    Schema::from_descriptors(&set.encode_to_vec()).expect("protox writes valid descriptors")
}

fn protobuf() -> Value {
    let mut messages: Vec<Vec<u8>> = GOOD_MESSAGES
        .iter()
        .chain(&BAD_MESSAGES)
        .map(|hex| bytes(hex))
        .collect();
    messages.extend(floats());
    messages.push([bytes("08"), vec![0; 64]].concat());
    messages.push([bytes("92011c"), vec![7; 28]].concat());
    messages.push(nested(34));
    messages.push([vec![0x72, 70], "é".repeat(35).into_bytes()].concat());
    messages.push([vec![0x72, 122], "é".repeat(61).into_bytes()].concat());
    messages.push([vec![0x7a, 40], (0..40).collect()].concat());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let whole: Vec<Vec<u8>> = GOOD_MESSAGES.iter().map(|hex| bytes(hex)).collect();
    for _ in 0..300 {
        let chosen = &whole[dice.below(whole.len())];
        let mut message = dice.damaged(chosen);
        if dice.below(2) == 0 {
            message = dice.damaged(&message);
        }
        messages.push(message);
    }
    for _ in 0..100 {
        let length = dice.below(24);
        messages.push((0..length).map(|_| dice.below(256) as u8).collect());
    }
    let (known, unknown) = (every(), Schema::empty());
    let cases: Vec<Value> = messages
        .iter()
        .flat_map(|message| {
            [
                message_case(&known, message, true),
                message_case(&unknown, message, false),
            ]
        })
        .collect();
    json!({ "cases": cases })
}

/// Every kind of field, one or several a message.
const GOOD_MESSAGES: [&str; 22] = [
    "",
    "0802",
    "189601",
    "18ffffffffffffffffff01",
    "18ffffffff0f",
    "20ffffffffffffffffff01",
    "28ffffffffffffffffff01",
    "30ffffffffffffffffff01",
    "3801380238ffffffff0f",
    "40ffffffffffffffffff01400140fcffffffffffffffff01",
    "4d01000080",
    "51ffffffffffffffff",
    "5dfeffffff",
    "61feffffffffffffff",
    "68016800680268ffffffffffffffffff01",
    "7200720568656c6c6f7203e29883720222225c",
    "7a007a03cafe7e7a0100",
    "8001018001078001ffffffffffffffffff01",
    "8a01008a0104189601208a010a8a01078a01041803720161",
    "9201009201039601019001079a01009a01080100000000000080",
    "a20100a201016baa01050a016b1009aa0100aa01020a00",
    "b20102000107b00101f801058a06026869fa07020102",
];

/// Each wrong in a way of its own.
const BAD_MESSAGES: [&str; 24] = [
    "08",
    "80",
    "0880",
    "18ffffffffffffffffff02",
    "18ffffffffffffffffffff01",
    "00",
    "0001",
    "8080808010",
    "f8ffffff0f00",
    "f8ffffff1f00",
    "0b",
    "0c",
    "0e00",
    "0f00",
    "0900",
    "0d0000",
    "720568",
    "72ffffffffffffffffff01",
    "7202c328",
    "8a01021880",
    "92010180",
    "9a0103010203",
    "18010d00000000",
    "720200e2",
];

fn floats() -> Vec<Vec<u8>> {
    let values = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.1,
        1e15,
        1e16,
        123_456_789_012_345_680.0,
        1e-4,
        0.000_099,
        5e-324,
        f64::MAX,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        core::f64::consts::PI,
    ];
    let double = |value: &f64| [&[0x09][..], &value.to_le_bytes()].concat();
    let float = |value: &f64| [&[0x15][..], &(*value as f32).to_le_bytes()].concat();
    values.iter().flat_map(|v| [double(v), float(v)]).collect()
}

/// Messages in messages, `depth` of them.
fn nested(depth: usize) -> Vec<u8> {
    let mut message = vec![0x18, 1];
    for _ in 0..depth {
        let length = u8::try_from(message.len()).expect("short").to_le_bytes();
        let mut length = length.to_vec();
        if length[0] > 0x7f {
            length.push(1);
        }
        message = [&[0x8a, 0x01][..], &length, &message].concat();
    }
    message
}

fn message_case(schema: &Schema, message: &[u8], known: bool) -> Value {
    let block = literals(&[
        (":method", "POST"),
        (":path", EVERY),
        ("content-type", "application/grpc"),
    ]);
    let length = u32::try_from(message.len()).expect("short").to_be_bytes();
    let prefixed = [&[0], &length[..], message].concat();
    let mut recording = Recording::new(schema.clone(), Limits::default());
    let all = [
        PREFACE,
        &frame(4, 0, 0, &[]),
        &frame(1, 4, 1, &block),
        &frame(0, 1, 1, &prefixed),
    ]
    .concat();
    recording.feed(Side::Client, Duration::ZERO, &all);
    let call = recording.call(1).expect("a call");
    let read = call
        .messages(Side::Client)
        .next()
        .expect("a message")
        .fields();
    json!({
        "bytes": hex(message),
        "known": known,
        "fields": fields_json(&read.list),
        "stopped": read.stopped.map(|(at, why)| json!({ "at": at, "why": why })),
    })
}

// Header blocks

fn hpack() -> Value {
    let mut connections: Vec<Vec<Vec<u8>>> = BLOCKS
        .iter()
        .map(|blocks| blocks.iter().map(|hex| bytes(hex)).collect())
        .collect();
    for name in RECORDINGS {
        for from in ["client", "server"] {
            connections.push(header_blocks(name, from));
        }
    }
    let good = connections.clone();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for _ in 0..300 {
        let mut connection = good[dice.below(good.len())].clone();
        let at = dice.below(connection.len());
        connection[at] = dice.damaged(&connection[at]);
        connections.push(connection);
    }
    let connections = connections.iter().map(|blocks| header_case(blocks));
    json!({ "connections": connections.collect::<Vec<_>>() })
}

/// The blocks of one side of one connection: RFC 7541, appendix C, and what can go wrong.
const BLOCKS: [&[&str]; 12] = [
    // C.3 and C.4: requests without and with Huffman code.
    &[
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
    ],
    &[
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
    ],
    // C.6: responses, with a table of 256 bytes that has to let entries go.
    &[
        "3fe101488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    ],
    &[
        "100a70617373776f726406736563726574",
        "040c2f73616d706c652f70617468",
    ],
    &["20", "40016101628220", "3fe11f40016101623f80808010"],
    &["80"],
    &["be"],
    &["4005616200"],
    &["ffffffffffff01"],
    &["0081000000"],
    &["0085ffffffff0101"],
    &["3fe13f"],
];

fn header_case(blocks: &[Vec<u8>]) -> Value {
    let mut recording = Recording::new(Schema::empty(), Limits::default());
    recording.feed(
        Side::Client,
        Duration::ZERO,
        &[PREFACE, &frame(4, 0, 0, &[])].concat(),
    );
    let mut read = Vec::new();
    for (n, block) in blocks.iter().enumerate() {
        let stream = 2 * n as u32 + 1;
        recording.feed(Side::Client, Duration::ZERO, &frame(1, 5, stream, block));
        let headers = recording.call(stream).and_then(|call| {
            call.events().find_map(|event| match &event.content {
                Content::Headers(fields) => Some(headers_json(fields)),
                _ => None,
            })
        });
        let lost = recording.events().find_map(|event| {
            let problem = event.problems.first()?;
            let (_, why) = problem.split_once(": ")?;
            matches!(event.content, Content::Lost).then(|| why.to_owned())
        });
        let block = hex(block);
        match headers {
            Some(fields) => read.push(json!({ "block": block, "fields": fields })),
            None => {
                let why = lost.expect("a block that is not read is named");
                read.push(json!({ "block": block, "error": why }));
                break;
            }
        }
    }
    json!(read)
}

/// The header blocks that one side sent in a recording.
fn header_blocks(name: &str, from: &str) -> Vec<Vec<u8>> {
    let capture = read(&capture_file(name));
    let pieces = capture["pieces"].as_array().expect("a list");
    let sent = pieces.iter().filter(|piece| piece["from"] == from);
    let all: Vec<u8> = sent
        .flat_map(|piece| bytes(piece["bytes"].as_str().expect("hex")))
        .collect();
    let mut rest = all.strip_prefix(PREFACE).unwrap_or(&all);
    let mut blocks = Vec::new();
    while let Some(([l0, l1, l2, kind, ..], payload)) = rest.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, *l0, *l1, *l2]) as usize;
        let (payload, after) = payload.split_at(length);
        if *kind == 1 {
            blocks.push(payload.to_vec());
        }
        rest = after;
    }
    blocks
}

fn requests_file() -> PathBuf {
    book("tests/course/src/phase-1/02-wire/requests.toml")
}

/// The two requests of one recording, as the book's HPACK table takes them.
fn requests() -> String {
    let mut text = "# Written by tools/wiretap/tests/golden: what tonic sent.\n".to_owned();
    let blocks = header_blocks("unary", "client");
    for (says, block) in ["Add(2, -1)", "Divide(7, 0)"].iter().zip(blocks) {
        let line = |bytes: &[u8]| {
            let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            bytes.join(" ") + "\n"
        };
        let lines: String = block.chunks(32).map(line).collect();
        text += &format!("\n[[block]]\nsays = {says:?}\nhex = \"\"\"\n{lines}\"\"\"\n");
    }
    text
}

// Recordings

fn timeline_of(name: &str) -> Value {
    let capture = read(&capture_file(name));
    let schema = Schema::from_descriptors(proto::DESCRIPTORS).expect("our own contracts");
    let mut recording = Recording::new(schema, Limits::default());
    for piece in capture["pieces"].as_array().expect("a list") {
        let from = match piece["from"].as_str() {
            Some("client") => Side::Client,
            _ => Side::Server,
        };
        let at = Duration::from_micros(piece["at_us"].as_u64().expect("a number"));
        match bytes(piece["bytes"].as_str().expect("hex")).as_slice() {
            [] => recording.closed(from, at, Closed::End),
            bytes => recording.feed(from, at, bytes),
        }
    }
    timeline::json(&recording)
}

/// The golden files follow from what this writes.
#[tokio::test]
#[ignore = "writes into the source tree"]
async fn record_calls() {
    let unary = capture(
        |endpoint| endpoint,
        async |channel| {
            let mut client = CalculatorServiceClient::new(channel);
            let added = client.add(AddRequest { a: 2, b: -1 }).await;
            added.expect("it adds");
            let divided = client.divide(DivideRequest { a: 7, b: 0 }).await;
            divided.expect_err("it refuses");
        },
    );
    save("unary", &unary.await);
    // A window that three lines fill, so that its updates can be seen.
    let narrow = |endpoint: Endpoint| endpoint.initial_stream_window_size(256);
    let streaming = capture(narrow, async |channel| {
        let mut client = LogServiceClient::new(channel);
        let log = "2026-11-20".to_owned();
        let lines = client.read(ReadRequest { log }).await;
        let mut lines = lines.expect("it answers").into_inner();
        while let Some(line) = lines.message().await.expect("no error") {
            drop(line);
        }
    });
    save("streaming", &streaming.await);
    let cancelled = capture(
        |endpoint| endpoint,
        async |channel| {
            let mut client = LogServiceClient::new(channel);
            let lines = client.tail(TailRequest {}).await;
            let mut lines = lines.expect("it answers").into_inner();
            lines.message().await.expect("no error");
            drop(lines);
        },
    );
    save("cancelled", &cancelled.await);
}

fn save(name: &str, capture: &Capture) {
    for call in capture.decode(usize::MAX).calls() {
        assert_eq!(call.problems().collect::<Vec<_>>(), [""; 0], "{call}");
    }
    let piece = |piece: relay::Piece| {
        let at = piece.at.as_micros() as u64;
        json!({ "at_us": at, "from": piece.from.name(), "bytes": hex(&piece.bytes) })
    };
    let pieces: Vec<_> = capture.pieces().into_iter().map(piece).collect();
    write(&capture_file(name), &json!({ "pieces": pieces }));
}

async fn capture(
    set: impl FnOnce(Endpoint) -> Endpoint,
    talk: impl AsyncFnOnce(Channel),
) -> Capture {
    let all = tokio::time::timeout(Duration::from_secs(30), serve_and_talk(set, talk));
    all.await.expect("a few calls on loopback take no 30 s")
}

async fn serve_and_talk(
    set: impl FnOnce(Endpoint) -> Endpoint,
    talk: impl AsyncFnOnce(Channel),
) -> Capture {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback can be bound");
    let address = listener.local_addr().expect("it is bound");
    let (stop, stopped) = oneshot::channel::<()>();
    let routes = Routes::new(CalculatorServiceServer::new(Scripted));
    let routes = routes.add_service(LogServiceServer::new(Scripted));
    let server = tokio::spawn(
        Server::builder()
            .add_routes(routes)
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
                stopped.await.unwrap_or_default();
            }),
    );
    let (url, capture, relayed) = relay(address).await;
    let endpoint = set(Endpoint::from_shared(url).expect("an address"));
    talk(endpoint.connect().await.expect("the relay listens")).await;
    relayed.await.expect("the relay ends with the client");
    drop(stop);
    let served = server.await.expect("the server's task ends");
    served.expect("the server stops in order");
    capture
}

/// Answers what is worth seeing on the wire.
struct Scripted;

#[tonic::async_trait]
impl CalculatorService for Scripted {
    async fn add(&self, request: Request<AddRequest>) -> Result<Response<AddResponse>, Status> {
        let AddRequest { a, b } = request.into_inner();
        Ok(Response::new(AddResponse { result: a + b }))
    }

    async fn subtract(
        &self,
        _: Request<SubtractRequest>,
    ) -> Result<Response<SubtractResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn multiply(
        &self,
        _: Request<MultiplyRequest>,
    ) -> Result<Response<MultiplyResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn divide(&self, _: Request<DivideRequest>) -> Result<Response<DivideResponse>, Status> {
        Err(Status::invalid_argument("division by zero"))
    }

    async fn evaluate(
        &self,
        _: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn line(number: u64) -> Line {
    let text = format!("GET /orders/{number} took {number} ms, and nobody waited for it");
    Line { number, text }
}

#[tonic::async_trait]
impl LogService for Scripted {
    type ReadStream = tokio_stream::Iter<std::vec::IntoIter<Result<ReadResponse, Status>>>;
    type TailStream =
        std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<TailResponse, Status>> + Send>>;

    async fn get_log(&self, _: Request<GetLogRequest>) -> Result<Response<GetLogResponse>, Status> {
        Ok(Response::new(GetLogResponse { lines: 6 }))
    }

    async fn read(&self, _: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        let reply = |number| {
            let line = Some(line(number));
            Ok(ReadResponse { line })
        };
        let replies: Vec<_> = (1..=6).map(reply).collect();
        Ok(Response::new(tokio_stream::iter(replies)))
    }

    async fn tail(&self, _: Request<TailRequest>) -> Result<Response<Self::TailStream>, Status> {
        use proto::log::v1::tail_response::Event;
        use tokio_stream::StreamExt as _;
        let first = TailResponse {
            event: Some(Event::Line(line(1))),
        };
        // One line, and then it waits for another that does not come.
        let lines = tokio_stream::once(Ok(first)).chain(tokio_stream::pending());
        Ok(Response::new(Box::pin(lines)))
    }
}

// Bytes

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A header block that no table keeps.
fn literals(fields: &[(&str, &str)]) -> Vec<u8> {
    let string = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let field = |(name, value): &(&str, &str)| [vec![0], string(name), string(value)].concat();
    fields.iter().flat_map(field).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).expect("hex is ASCII");
        u8::from_str_radix(digits, 16).expect("two digits")
    };
    hex.as_bytes().chunks(2).map(byte).collect()
}
