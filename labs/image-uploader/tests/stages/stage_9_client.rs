use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proto::image::v1::upload_request::Part;
use proto::image::v1::{Begin, Chunk, Commit, UploadRequest, UploadResponse};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use testkit::{
    Conversation, DEADLINE, Finished, Program, ScriptedServer, Windows, expect_at_most, expect_eq,
    fail, within,
};
use tokio::net::TcpSocket;
use tokio::sync::{mpsc, watch};
use tonic::{Code, Status};

use crate::{Image, PROGRAM, Store, image};

const MIB: u64 = 1 << 20;

const CHANGED: &str = "The file is not what it was when begin announced its size. Whoever sends \
                       commit now says that something else is the image.";

/// Files for the program to upload.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        match tempfile::tempdir() {
            Ok(folder) => Self(folder),
            Err(error) => fail(format!("cannot make a temporary folder: {error}")),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) -> String {
        let path = self.path(name);
        let written = File::create(&path).and_then(|mut file| file.write_all(content));
        done(&path, written)
    }

    /// A file of zeros that takes no room on the disk.
    fn zeros(&self, name: &str, size: u64) -> String {
        let path = self.path(name);
        let made = File::create(&path).and_then(|file| file.set_len(size));
        done(&path, made)
    }
}

fn done(path: &Path, result: std::io::Result<()>) -> String {
    if let Err(error) = result {
        fail(format!("cannot make {}: {error}", path.display()));
    }
    path.to_string_lossy().into_owned()
}

async fn put(file: &str, server: &ScriptedServer, more: &[&str]) -> Finished {
    let url = server.url();
    Program::run(PROGRAM, &[&["put", file, "--server", &url], more].concat()).await
}

/// What a server has received of an upload, by the time it has ended.
#[derive(Debug, Default, PartialEq)]
struct Sent {
    begin: Option<Begin>,
    content: Vec<u8>,
    commit: Option<Commit>,
    /// Whether the stream ended in good order.
    ended: bool,
}

/// Receives an upload to its end, as a server does that is content with everything.
async fn receive(call: &mut Conversation) -> Sent {
    let mut sent = Sent::default();
    loop {
        match call.receive::<UploadRequest>().await {
            Ok(Some(UploadRequest { part })) => match part {
                Some(Part::Begin(begin)) if sent.begin.is_none() => sent.begin = Some(begin),
                Some(Part::Chunk(Chunk { offset, data })) => {
                    let next = sent.content.len() as u64;
                    let because = "A chunk begins where the last one ended.";
                    expect_eq("the offset of a chunk", offset, next, because);
                    if !(1..=1 << 20).contains(&data.len()) {
                        fail(format!(
                            "The program sent a chunk of {} bytes; the contract says one byte to a \
                             mebibyte.",
                            data.len()
                        ));
                    }
                    sent.content.extend(data);
                }
                Some(Part::Commit(commit)) if sent.commit.is_none() => sent.commit = Some(commit),
                other => fail(format!("the program sent {other:?}, which is out of order")),
            },
            Ok(None) => {
                sent.ended = true;
                return sent;
            }
            Err(_reset) => return sent,
        }
    }
}

/// Answers what it has received, and tells the test.
async fn honest_server() -> (ScriptedServer, mpsc::UnboundedReceiver<Sent>) {
    let (tell, told) = mpsc::unbounded_channel();
    let server = ScriptedServer::streaming(move |mut call| {
        let tell = tell.clone();
        async move {
            let sent = receive(&mut call).await;
            let reply = stored_as(&sent.content);
            let _ = tell.send(sent);
            if call.send(&reply).await.is_ok() {
                // Where it fails, the program says so.
                let _ = call.end(Status::ok("")).await;
            }
        }
    })
    .await;
    (server, told)
}

/// The reply of a server that has stored this.
fn stored_as(content: &[u8]) -> UploadResponse {
    let Image { size, sha256 } = image(content);
    UploadResponse { size, sha256 }
}

fn printed(name: &str, content: &[u8]) -> String {
    let mut line = format!("{name}: {} bytes, sha256 ", content.len());
    for byte in Sha256::digest(content) {
        line += &format!("{byte:02x}");
    }
    line
}

#[tokio::test]
async fn sends_begin_the_file_in_chunks_and_commit() {
    let files = Files::new();
    let (server, mut told) = honest_server().await;
    for size in [1, 65_536, 3_000_000] {
        let content = (0..size).map(|at| (at % 249) as u8).collect::<Vec<_>>();
        let file = files.write("stripes.png", &content);
        let run = put(&file, &server, &[]).await;
        run.prints(
            &printed("stripes.png", &content),
            "The program prints what the server has stored, and nothing on standard error where \
             that is no terminal.",
        );
        let Sent {
            begin,
            content: sent,
            commit,
            ended,
        } = within("an upload", told.recv()).await.unwrap_or_default();
        let announced = Begin {
            name: "stripes.png".to_owned(),
            size: size as u64,
        };
        let because = "Begin names the file and its size, and comes first.";
        expect_eq(
            "begin, as the program sent it",
            begin,
            Some(announced),
            because,
        );
        let because = "The chunks are the file.";
        expect_eq(
            "whether the chunks are the file",
            sent == content,
            true,
            because,
        );
        let sha256 = Sha256::digest(&content).to_vec();
        let because = "Commit has the SHA-256 of the file, and comes last.";
        expect_eq(
            "commit, as the program sent it",
            commit,
            Some(Commit { sha256 }),
            because,
        );
        let because = "After commit the stream ends.";
        expect_eq("whether the stream ended", ended, true, because);
    }
}

#[tokio::test]
async fn an_empty_file_needs_no_chunk() {
    let files = Files::new();
    let (server, _told) = honest_server().await;
    let file = files.write("nothing", b"");
    let run = put(&file, &server, &["--name", "void.bin"]).await;
    let because = "An empty file is an image without content, under the name that was asked for.";
    run.prints(&printed("void.bin", b""), because);
}

#[tokio::test]
async fn put_and_info_go_together_with_the_server() {
    let files = Files::new();
    let store = Store::start().await;
    let url = format!("http://{}", store.server.proxy.address());
    let content = vec![3; 200_000];
    let file = files.write("three.png", &content);
    for arguments in [["put", &file], ["info", "three.png"]] {
        let run = Program::run(PROGRAM, &[&arguments[..], &["--server", &url]].concat()).await;
        let because = "The server has stored the file, and says so to both commands.";
        run.prints(&printed("three.png", &content), because);
    }
}

/// A server that stops after begin, and before its answer, until the test lets it go on.
struct HaltingServer {
    server: ScriptedServer,
    /// What has been received by the first halt, and by the second.
    told: mpsc::UnboundedReceiver<Sent>,
    go_on: watch::Sender<u32>,
}

impl HaltingServer {
    async fn start() -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let (go_on, halts) = watch::channel(0);
        let windows = Windows {
            stream: 64 << 10,
            connection: 1 << 20,
        };
        let server = ScriptedServer::streaming_with(windows, move |mut call| {
            let (tell, mut halts) = (tell.clone(), halts.clone());
            async move {
                let mut sent = Sent::default();
                if let Ok(Some(UploadRequest { part })) = call.receive().await {
                    if let Some(Part::Begin(begin)) = part {
                        sent.begin = Some(begin);
                    }
                    // Whoever listens or speaks lives as long as the test.
                    let _ = tell.send(sent);
                    let _ = halts.wait_for(|halts| *halts >= 1).await;
                    let sent = receive(&mut call).await;
                    let reply = stored_as(&sent.content);
                    let _ = tell.send(sent);
                    let _ = halts.wait_for(|halts| *halts >= 2).await;
                    if call.send(&reply).await.is_ok() {
                        // Where it fails, the program says so.
                        let _ = call.end(Status::ok("")).await;
                    }
                }
            }
        })
        .await;
        Self {
            server,
            told,
            go_on,
        }
    }

    fn put(&self, file: &str, more: &[&str]) -> Program {
        let url = self.server.url();
        Program::start(PROGRAM, &[&["put", file, "--server", &url], more].concat())
    }

    /// Waits until the server halts, and tells what it has received since the last time.
    async fn halts(&mut self, program: &mut Program) -> Sent {
        tokio::select! {
            sent = self.told.recv() => sent.unwrap_or_default(),
            finished = program.finish(DEADLINE * 4) => finished.explain(
                "goes on until the server answers",
                "The server has neither answered nor reset the call.",
            ),
        }
    }

    fn goes_on(&self) {
        self.go_on.send_modify(|halts| *halts += 1);
    }
}

#[tokio::test]
async fn a_file_takes_little_memory() {
    /// By how much a large file may make the program's memory exceed that for a small one.
    ///
    /// On the way are at most the server's window for the stream, here 64 KiB, what the connection
    /// buffers beside it, a mebibyte, and a few chunks that were read ahead. A garbage collector
    /// may keep several times as much.
    const GROWTH: u64 = 24 * MIB;
    /// For so long the server does not read. A program that reads on has time to show it; one that
    /// waits for the connection has nothing to do.
    const REST: Duration = Duration::from_millis(200);

    let files = Files::new();
    let small = files.write("small", b"abc");
    let large = files.zeros("large", 64 * MIB);
    let mut peaks = Vec::new();
    for (file, rest) in [(small, Duration::ZERO), (large, REST)] {
        let mut server = HaltingServer::start().await;
        let mut program = server.put(&file, &[]);
        server.halts(&mut program).await;
        tokio::time::sleep(rest).await;
        server.goes_on();
        server.halts(&mut program).await;
        // Some systems do not tell. Then nothing is proved here.
        peaks.extend(program.peak_memory().ok().flatten());
        server.goes_on();
        program.exit(DEADLINE).await;
    }
    if let [small, large] = peaks[..] {
        expect_at_most(
            "by how much the program's memory for a file of 64 MiB exceeds that for 3 bytes",
            large.saturating_sub(small),
            GROWTH,
            "The server rests for a while, and the program must not read on meanwhile: it holds no \
             more of the file than the connection is about to take.",
        );
    }
}

#[tokio::test]
async fn a_file_that_shrinks_is_not_committed() {
    let files = Files::new();
    let file = files.zeros("photo", 8 * MIB);
    let mut server = HaltingServer::start().await;
    let mut program = server.put(&file, &[]);
    server.halts(&mut program).await;
    // The program has read no further than the connection has taken.
    files.zeros("photo", 4 * MIB);
    server.goes_on();
    server.goes_on();
    let run = program.finish(DEADLINE).await;
    run.fails(3, &[&file], CHANGED);
    let sent = within("the end of the call", server.told.recv()).await;
    let commit = sent.unwrap_or_default().commit;
    expect_eq("commit, as the program sent it", commit, None, CHANGED);
}

#[tokio::test]
async fn a_file_that_grows_is_not_committed() {
    let files = Files::new();
    let file = files.zeros("photo", 8 * MIB);
    let mut server = HaltingServer::start().await;
    let mut program = server.put(&file, &[]);
    server.halts(&mut program).await;
    let appended = File::options()
        .append(true)
        .open(&file)
        .and_then(|mut file| file.write_all(b"more"));
    done(Path::new(&file), appended);
    server.goes_on();
    server.goes_on();
    let run = program.finish(DEADLINE).await;
    run.fails(3, &[&file], CHANGED);
    let sent = within("the end of the call", server.told.recv()).await;
    let commit = sent.unwrap_or_default().commit;
    expect_eq("commit, as the program sent it", commit, None, CHANGED);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_sentence_and_no_call() {
    let files = Files::new();
    let (server, _told) = honest_server().await;
    let missing = files.path("missing").to_string_lossy().into_owned();
    let folder = files.0.path().to_string_lossy().into_owned();
    for file in [missing, folder] {
        let run = put(&file, &server, &["--name", "photo"]).await;
        run.fails(
            3,
            &[&file],
            "Whoever reads the sentence must learn which file it was. Nothing was sent, so the \
             code is none of gRPC's.",
        );
    }
    expect_eq(
        "calls to the server, for a file that is not there and for a folder",
        server.proxy.transcript(),
        String::new(),
        "There is nothing to upload.",
    );
}

/// Receives so many bytes of an upload, then answers with this status.
async fn refusing_server(after: u64, code: Code, message: &'static str) -> ScriptedServer {
    ScriptedServer::streaming(move |mut call| async move {
        while call.received_bytes() < after {
            let Ok(Some(_)) = call.receive_bytes().await else {
                return;
            };
        }
        // Where it fails, the program says so.
        let _ = call.end(Status::new(code, message)).await;
    })
    .await
}

#[tokio::test]
async fn a_refusal_stops_the_program_and_is_told() {
    /// What a program may have sent by the time it learns: what the server has read, the windows,
    /// and what its own buffers hold.
    const SENT: u64 = 12 * MIB;
    let because = "The server has refused the image and reads no further. Its own words say why.";
    let files = Files::new();
    let file = files.zeros("photo", 64 * MIB);
    for after in [1, 2 * MIB] {
        let server = refusing_server(after, Code::ResourceExhausted, "the shelf is full").await;
        let run = put(&file, &server, &[]).await;
        run.fails(72, &["the shelf is full"], because);
        let sent = server.proxy.bytes_from_clients();
        expect_at_most("bytes sent, of a file of 64 MiB", sent, SENT, because);
    }
}

#[tokio::test]
async fn a_name_that_the_server_refuses_is_a_sentence() {
    let files = Files::new();
    let file = files.write("photo", b"abc");
    let server = refusing_server(1, Code::InvalidArgument, "that is no name").await;
    let run = put(&file, &server, &["--name", "../photo"]).await;
    run.fails(
        67,
        &["that is no name"],
        "64 + the status code tells a script what went wrong; a person reads the server's words.",
    );
}

#[tokio::test]
async fn another_reply_than_what_was_sent_is_a_failure() {
    let because = "The reply says what is stored. If that is not what was sent, the program must \
                   not say that all is well: DATA_LOSS is 15.";
    let files = Files::new();
    let file = files.write("photo", b"abcdef");
    for reply in [
        stored_as(b"abcdeF"),
        UploadResponse {
            size: 5,
            ..stored_as(b"abcdef")
        },
        UploadResponse::default(),
    ] {
        let server = ScriptedServer::streaming(move |mut call| {
            let reply = reply.clone();
            async move {
                receive(&mut call).await;
                if call.send(&reply).await.is_ok() {
                    let _ = call.end(Status::ok("")).await;
                }
            }
        })
        .await;
        put(&file, &server, &[]).await.fails(79, &[], because);
    }
}

#[tokio::test]
async fn an_ok_before_everything_was_sent_is_a_failure() {
    const SIZE: u64 = 8 * MIB;
    let files = Files::new();
    let file = files.zeros("photo", SIZE);
    let reply = UploadResponse {
        size: SIZE,
        sha256: Sha256::digest(vec![0; SIZE as usize]).to_vec(),
    };
    let server = ScriptedServer::streaming(move |mut call| {
        let reply = reply.clone();
        async move {
            if let Ok(Some(_begin)) = call.receive_bytes().await
                && call.send(&reply).await.is_ok()
            {
                let _ = call.end(Status::ok("")).await;
            }
        }
    })
    .await;
    let run = put(&file, &server, &[]).await;
    run.fails(
        79,
        &[],
        "The server says that it has stored what was never sent to it.",
    );
}

#[tokio::test]
async fn a_server_that_is_silent_or_not_there_is_a_sentence() {
    let files = Files::new();
    let small = files.write("small", b"abc");
    let large = files.zeros("large", 8 * MIB);
    // It reads nothing and answers nothing: of the large file most waits for its window.
    let silent = ScriptedServer::streaming(|mut call| async move { call.reset().await }).await;
    for file in [small.clone(), large] {
        let run = put(&file, &silent, &["--timeout", "0.05"]).await;
        run.fails(
            68,
            &[],
            "DEADLINE_EXCEEDED is 4. A call without a time limit can wait for ever; note that \
             tonic's own timeout ends in CANCELLED.",
        );
    }

    // Bound, so that nobody else gets the port, and never listened on.
    let taken = TcpSocket::new_v4().expect("a socket");
    taken
        .bind(([127, 0, 0, 1], 0).into())
        .expect("a free loopback port");
    let address = taken.local_addr().expect("its address").to_string();
    let url = format!("http://{address}");
    let run = Program::run(PROGRAM, &["put", &small, "--server", &url]).await;
    run.fails(
        78,
        &[&address],
        "UNAVAILABLE is 14. Whoever reads the sentence must learn which server was not there.",
    );
}

#[tokio::test]
async fn progress_tells_what_was_sent() {
    let files = Files::new();
    let (server, _told) = honest_server().await;
    let file = files.zeros("small", MIB);
    let run = put(&file, &server, &["--progress"]).await;
    if run.code() != Some(0) || !run.error().contains("100 %") {
        let because = "Everything was sent and stored, so progress has come to its end.";
        run.explain(
            "exits with 0, and has shown \"100 %\" on standard error",
            because,
        );
    }

    let file = files.zeros("large", 64 * MIB);
    let server = refusing_server(2 * MIB, Code::ResourceExhausted, "the shelf is full").await;
    let run = put(&file, &server, &["--progress"]).await;
    let error = run.error();
    if run.code() != Some(72) || !error.contains("the shelf is full") || error.contains("100 %") {
        run.explain(
            "exits with 72, and has not shown \"100 %\" on standard error",
            "The server has read 2 MiB of 64. Progress tells what the connection has taken, not \
             what was read from the file.",
        );
    }
}
