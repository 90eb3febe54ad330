//! Real bytes: a tonic server and a tonic client with a relay between them, and what we make of
//! what they said.

mod relay;

use std::net::SocketAddr;
use std::time::Duration;

use proto::calculator::v1::calculator_service_client::CalculatorServiceClient;
use proto::calculator::v1::calculator_service_server::{
    CalculatorService, CalculatorServiceServer,
};
use proto::calculator::v1::{
    AddRequest, AddResponse, DivideRequest, DivideResponse, EvaluateRequest, EvaluateResponse,
    Expression, MultiplyRequest, MultiplyResponse, Operation, Operator, SubtractRequest,
    SubtractResponse, expression::Kind,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use wiretap::{Closed, Limits, Recording, Schema, Side};

use relay::{Capture, Piece, relay};

/// Answers what the tests want to see on the wire, not what is right.
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
        Err(Status::unavailable(""))
    }

    async fn multiply(
        &self,
        _: Request<MultiplyRequest>,
    ) -> Result<Response<MultiplyResponse>, Status> {
        Err(Status::out_of_range("naïve × 100% \n of it"))
    }

    async fn divide(&self, _: Request<DivideRequest>) -> Result<Response<DivideResponse>, Status> {
        Err(Status::invalid_argument("division by zero"))
    }

    async fn evaluate(
        &self,
        _: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, Status> {
        Ok(Response::new(EvaluateResponse { result: 0 }))
    }
}

type Client = CalculatorServiceClient<tonic::transport::Channel>;

/// Serves, lets `talk` make its calls through a relay, and returns what passed, both ends closed.
async fn capture(talk: impl AsyncFnOnce(Client)) -> Capture {
    let all = tokio::time::timeout(Duration::from_secs(30), serve_and_talk(talk));
    all.await.expect("a few calls on loopback take no 30 s")
}

async fn serve_and_talk(talk: impl AsyncFnOnce(Client)) -> Capture {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback can be bound");
    let address: SocketAddr = listener.local_addr().expect("it is bound");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(
        Server::builder()
            .add_service(CalculatorServiceServer::new(Scripted))
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
                stopped.await.unwrap_or_default();
            }),
    );
    let (url, capture, relayed) = relay(address).await;
    talk(Client::connect(url).await.expect("the relay listens")).await;
    relayed
        .await
        .expect("the relay ends when the client is gone");
    drop(stop);
    server
        .await
        .expect("the server's task ends")
        .expect("the server stops in order");
    capture
}

/// `144 / dozen`
fn expression() -> Expression {
    let leaf = |kind| Some(Box::new(Expression { kind: Some(kind) }));
    let operation = Operation {
        operator: Operator::Divide.into(),
        left: leaf(Kind::Number(144)),
        right: leaf(Kind::Constant("dozen".to_owned())),
    };
    Expression {
        kind: Some(Kind::Operation(Box::new(operation))),
    }
}

fn trace(recording: &Recording) -> String {
    let traces: Vec<String> = recording.calls().map(ToString::to_string).collect();
    traces.join("\n")
}

/// Five calls, one of each kind of outcome.
async fn five_calls() -> Capture {
    capture(async |mut client| {
        client
            .add(AddRequest { a: 2, b: -1 })
            .await
            .expect("it adds");
        client
            .divide(DivideRequest { a: 7, b: 0 })
            .await
            .expect_err("it refuses");
        client
            .subtract(SubtractRequest { a: 0, b: 0 })
            .await
            .expect_err("it refuses");
        client
            .multiply(MultiplyRequest { a: 1, b: 1 })
            .await
            .expect_err("it refuses");
        let request = EvaluateRequest {
            expression: Some(expression()),
        };
        client.evaluate(request).await.expect("it answers");
    })
    .await
}

/// Without the times, which differ from run to run.
fn untimed(trace: &str) -> String {
    let untimed = |line: &str| match line.split_once(" ms") {
        Some((head, rest)) if line.starts_with(['→', '←']) => {
            let name = head
                .trim_end_matches(|c: char| c == '.' || c.is_ascii_digit())
                .trim_end();
            format!("{name}{rest}\n")
        }
        _ => format!("{line}\n"),
    };
    trace.lines().map(untimed).collect()
}

#[tokio::test]
async fn calls_between_tonic_and_tonic_are_decoded_to_their_fields() {
    let recording = five_calls().await.decode(usize::MAX);
    let calls: Vec<_> = recording.calls().collect();
    let paths: Vec<_> = calls
        .iter()
        .filter_map(|call| call.path().rsplit('/').next())
        .collect();
    assert_eq!(paths, ["Add", "Divide", "Subtract", "Multiply", "Evaluate"]);
    for call in &calls {
        assert_eq!(call.problems().collect::<Vec<_>>(), [""; 0], "{call}");
        assert!(call.is_finished(), "{call}");
    }

    let add = untimed(&calls[0].to_string());
    assert!(add.starts_with("on the wire, stream 1 (→ client to server, ← server to client)\n"));
    for expected in [
        "    08 02                             1 a = 2\n",
        "    10 ff ff ff ff ff ff ff ff ff 01  2 b = -1\n",
        "    08 01             1 result = 1\n← HEADERS  END_STREAM  grpc-status 0 (OK)\n",
    ] {
        assert!(add.contains(expected), "{add}");
    }

    let outcome = |n: usize| {
        let status = calls[n].status().expect("a status");
        (status.name(), status.message)
    };
    assert_eq!(outcome(0), ("OK".to_owned(), String::new()));
    assert_eq!(
        outcome(1),
        ("INVALID_ARGUMENT".to_owned(), "division by zero".to_owned())
    );
    assert_eq!(outcome(2), ("UNAVAILABLE".to_owned(), String::new()));
    assert_eq!(
        outcome(3),
        (
            "OUT_OF_RANGE".to_owned(),
            "naïve × 100% \n of it".to_owned()
        )
    );

    let evaluate = untimed(&calls[4].to_string());
    let nested = "\
    0a 12                 1 expression = Expression
    1a 10                   3 operation = Operation
    08 04                     1 operator = OPERATOR_DIVIDE (4)
    12 03                     2 left = Expression
    08 90 01                    1 number = 144
    1a 07                     3 right = Expression
    12 05 64 6f 7a 65 6e        2 constant = \"dozen\"
";
    assert!(evaluate.contains(nested), "{evaluate}");
    assert!(evaluate.contains("message of 0 bytes, not compressed: every field has its default"));
}

#[tokio::test]
async fn bytes_may_come_in_pieces_of_any_size() {
    let capture = five_calls().await;
    let whole = capture.decode(usize::MAX);
    for part in [1, 2, 3, 7, 10, 64] {
        let recording = capture.decode(part);
        assert_eq!(trace(&recording), trace(&whole));
        assert_eq!(
            recording.connection().to_string(),
            whole.connection().to_string()
        );
    }
}

#[tokio::test]
async fn damaged_bytes_never_panic() {
    let pieces = five_calls().await.pieces();
    let schema = Schema::from_descriptors(proto::DESCRIPTORS).expect("our own contracts");
    // Any fixed sequence will do; the fuzz target looks further.
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % limit.max(1) as u64) as usize
    };
    for _ in 0..2000 {
        let mut recording = Recording::new(schema.clone(), Limits::default());
        for Piece { from, at, bytes } in &pieces {
            let mut bytes = bytes.clone();
            for _ in 0..below(4) {
                let (at, value) = (below(bytes.len()), below(256) as u8);
                match below(3) {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at, value),
                    _ => bytes.get_mut(at).into_iter().for_each(|byte| *byte = value),
                }
            }
            recording.feed(*from, *at, &bytes);
            if below(20) == 0 {
                recording.closed(*from, *at, Closed::Reset);
            }
        }
        let shown = trace(&recording) + &recording.connection().to_string();
        assert!(
            !shown.contains(|c: char| c.is_control() && c != '\n'),
            "{shown}"
        );
    }
}

/// Writes the seeds of the fuzz target. Run it when the target's input format changes:
/// `cargo test -p wiretap --test real -- --ignored`.
#[tokio::test]
#[ignore = "writes into the source tree"]
async fn write_fuzz_seeds() {
    let captures = [
        (
            "add",
            capture(async |mut client| {
                client
                    .add(AddRequest { a: 2, b: -3 })
                    .await
                    .expect("it adds");
            })
            .await,
        ),
        (
            "errors",
            capture(async |mut client| {
                client
                    .divide(DivideRequest { a: 7, b: 0 })
                    .await
                    .expect_err("it refuses");
                client
                    .multiply(MultiplyRequest { a: 1, b: 1 })
                    .await
                    .expect_err("it refuses");
            })
            .await,
        ),
        (
            "nested",
            capture(async |mut client| {
                client
                    .evaluate(EvaluateRequest {
                        expression: Some(expression()),
                    })
                    .await
                    .expect("it answers");
            })
            .await,
        ),
    ];
    for (name, capture) in captures {
        let mut seed = vec![0];
        for Piece { from, bytes, .. } in capture.pieces() {
            let side = if from == Side::Client { 0 } else { 0x8000 };
            let length = u16::try_from(bytes.len()).expect("pieces are short") | side;
            seed.extend(length.to_be_bytes());
            seed.extend(bytes);
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/recording");
        std::fs::write(format!("{folder}/seed-{name}"), seed).expect("the folder is there");
    }
}
