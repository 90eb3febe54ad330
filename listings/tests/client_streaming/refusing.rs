use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::{Stream, StreamExt as _, stream};
use proto::sensor::v1::sound_service_client::SoundServiceClient;
use proto::sensor::v1::{RecordRequest, RecordResponse};
use testkit::within;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Server};
use tonic::{Code, Response, Status};

use crate::script::{Answer, Recording, Scripted, never};
use crate::{WINDOW, and_no_end, one_by_one, sound, until};

/// What there is on a connection beside the sound: prefixes, frames' headers, headers, settings.
const OVERHEAD: u64 = 8 << 10;

/// Sound without an end, in pieces of this size. The count is of bytes that were taken from it.
fn endless(piece: usize) -> (impl Stream<Item = RecordRequest> + Send, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let count = taken.clone();
    let sounds = stream::repeat_with(move || {
        count.fetch_add(piece as u64, Ordering::Relaxed);
        sound(piece)
    });
    (sounds, taken)
}

fn too_long() -> Status {
    Status::resource_exhausted("a recording has 1 MiB at most")
}

/// refusing.md shows this trace, printed by
/// `cargo test -p listings --test client_streaming an_early_answer_on_the_wire -- --nocapture`.
#[tokio::test]
async fn an_early_answer_on_the_wire() {
    // ANCHOR: early
    let server = Scripted::start(async |mut recording: Recording| {
        recording.message().await?;
        Err(Status::resource_exhausted("a recording has 1 MiB at most"))
    })
    .await;
    // ANCHOR_END: early
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = RaisedWhenDropped(dropped.clone());
    let sounds = and_no_end([sound(3)]).inspect(move |_| {
        let _ = &flag;
    });
    let status = within("an answer", server.stub().record(sounds)).await;
    let status = status.expect_err("it is too long");
    assert_eq!(
        (status.code(), status.message()),
        (Code::ResourceExhausted, too_long().message())
    );
    // refusing.md: what is left of the client's stream is dropped, not read to its end.
    until("the client's stream", || dropped.load(Ordering::Relaxed)).await;
    let reset = || server.proxy.transcript().contains("← RST_STREAM");
    until("the frame that stops the sender", reset).await;
    let trace = server.proxy.transcript();
    println!("{trace}");
    assert!(
        trace.contains("grpc-status 8 (RESOURCE_EXHAUSTED)"),
        "{trace}"
    );
    assert!(trace.contains("NO_ERROR"), "{trace}");
}

struct RaisedWhenDropped(Arc<AtomicBool>);

impl Drop for RaisedWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// refusing.md: whether the server reads all, some or nothing, the client learns why.
#[tokio::test]
async fn the_client_reads_the_status_however_much_it_has_sent() {
    for read in [0, 1, 10] {
        let server = Scripted::start(move |mut recording: Recording| async move {
            for _ in 0..read {
                recording.message().await?;
            }
            Err(too_long())
        })
        .await;
        for _ in 0..20 {
            let (sounds, _) = endless(16 << 10);
            let status = within("an answer", server.stub().record(sounds)).await;
            let status = status.expect_err("it is too long");
            assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        }
    }
}

/// A gate that a handler waits at. One permit is kept, so neither side need be first.
type Gate = Arc<Notify>;

/// A server that waits at the gate and then refuses, without having read anything.
async fn refuses_at(gate: &Gate, server: Server) -> Scripted {
    let gate = gate.clone();
    Scripted::start_on(server, move |recording: Recording| {
        let gate = gate.clone();
        async move {
            gate.notified().await;
            drop(recording);
            Err(too_long())
        }
    })
    .await
}

/// refusing.md: what a client can have sent to a server that reads nothing is the window.
#[tokio::test]
async fn a_server_that_reads_nothing_is_sent_one_window() {
    let gate = Gate::default();
    let server = refuses_at(&gate, Server::builder()).await;
    let (sounds, taken) = endless(16 << 10);
    let mut stub = server.metered();
    let call = tokio::spawn(async move { stub.record(sounds).await });
    until("a full window", || server.meter.sent() >= WINDOW).await;
    gate.notify_one();
    let status = within("an answer", call).await.expect("no panic");
    assert_eq!(status.expect_err("refused").code(), Code::ResourceExhausted);
    let (sent, taken) = (server.meter.sent(), taken.load(Ordering::Relaxed));
    println!("sent {sent} bytes, taken from the stream {taken}");
    assert!((WINDOW..WINDOW + OVERHEAD).contains(&sent), "{sent}");
    // refusing.md: tonic and hyper hold some more, which were never sent.
    assert!(
        (WINDOW - OVERHEAD..WINDOW + (256 << 10)).contains(&taken),
        "{taken}"
    );
}

/// refusing.md: and a smaller window lets through less.
#[tokio::test]
async fn a_smaller_window_lets_through_less() {
    const SMALL: u64 = 64 << 10;
    let gate = Gate::default();
    let small = Server::builder().initial_stream_window_size(SMALL as u32);
    let server = refuses_at(&gate, small).await;
    let (sounds, _) = endless(16 << 10);
    let mut stub = server.metered();
    let call = tokio::spawn(async move { stub.record(sounds).await });
    until("a full window", || server.meter.sent() >= SMALL).await;
    gate.notify_one();
    let status = within("an answer", call).await.expect("no panic");
    assert_eq!(status.expect_err("refused").code(), Code::ResourceExhausted);
    let sent = server.meter.sent();
    println!("sent {sent} bytes");
    assert!((SMALL..SMALL + OVERHEAD).contains(&sent), "{sent}");
}

/// refusing.md: the connection is as good as before, also after many refusals.
#[tokio::test]
async fn a_refusal_costs_the_call_and_not_the_connection() {
    let server = Scripted::start(async |mut recording: Recording| {
        let first = recording.message().await?;
        if first.is_some_and(|first| first.sound.len() > 1) {
            return Err(too_long());
        }
        let mut bytes = 1;
        while let Some(more) = recording.message().await? {
            bytes += more.sound.len() as u64;
        }
        Ok(RecordResponse { bytes })
    })
    .await;
    let mut stub = server.stub();
    for _ in 0..20 {
        let (sounds, _) = endless(16 << 10);
        let status = within("an answer", stub.record(sounds)).await;
        assert_eq!(status.expect_err("refused").code(), Code::ResourceExhausted);
    }
    let sounds = stream::iter([sound(1), sound(3 << 20)]);
    let answer = within("an answer", stub.record(sounds)).await;
    let bytes = answer.expect("it is short").into_inner().bytes;
    assert_eq!(bytes, 1 + (3 << 20));
    assert_eq!(server.proxy.connections(), 1);
}

/// refusing.md: an early OK is an OK, whatever was not sent.
#[tokio::test]
async fn an_early_ok_is_an_ok() {
    let server = Scripted::start(async |mut recording: Recording| {
        let first = recording.message().await?.expect("there is one");
        let bytes = first.sound.len() as u64;
        Ok(RecordResponse { bytes })
    })
    .await;
    let (sounds, _) = endless(1 << 10);
    let answer = within("an answer", server.stub().record(sounds)).await;
    assert_eq!(answer.expect("it is OK").into_inner().bytes, 1 << 10);
}

/// One upload that nobody reads, and another on the same connection, whose one message is read as
/// soon as it comes.
struct Beside {
    stub: SoundServiceClient<Channel>,
    _server: Scripted,
    /// Lets the handler that does not read answer.
    gate: Gate,
    /// The other's message has come.
    read: Arc<AtomicBool>,
    calls: [JoinHandle<Result<Response<RecordResponse>, Status>>; 2],
}

impl Beside {
    async fn start(server: Server) -> Self {
        let (gate, read) = (Gate::default(), Arc::new(AtomicBool::new(false)));
        let (begun, mut beginning) = mpsc::unbounded_channel();
        let server = Scripted::start_on(server, {
            let (gate, read) = (gate.clone(), read.clone());
            let calls = AtomicU64::new(0);
            move |mut recording: Recording| {
                let (gate, read, begun) = (gate.clone(), read.clone(), begun.clone());
                let call = calls.fetch_add(1, Ordering::Relaxed);
                async move {
                    let _ = begun.send(call);
                    match call {
                        0 => gate.notified().await,
                        1 => {
                            recording.message().await?;
                            read.store(true, Ordering::Relaxed);
                        }
                        _ => while recording.message().await?.is_some() {},
                    }
                    Ok(RecordResponse::default())
                }
            }
        })
        .await;
        let (sounds, _) = endless(16 << 10);
        let stub = server.metered();
        let (mut one, mut other) = (stub.clone(), stub.clone());
        let unread = tokio::spawn(async move { one.record(sounds).await });
        until("a full window", || server.meter.sent() >= WINDOW).await;
        assert_eq!(within("a call", beginning.recv()).await, Some(0));
        let beside = tokio::spawn(async move { other.record(one_by_one([sound(1)])).await });
        assert_eq!(within("a call", beginning.recv()).await, Some(1));
        Self {
            stub,
            _server: server,
            gate,
            read,
            calls: [unread, beside],
        }
    }

    /// Lets the first one go, and both calls come to their end.
    async fn end(self) {
        self.gate.notify_one();
        for call in self.calls {
            let answer = within("an answer", call).await.expect("no panic");
            assert!(answer.is_ok());
        }
    }
}

/// refusing.md, durability.md: with the default windows, one upload that is not read stops every
/// other of its connection.
#[tokio::test]
async fn an_upload_that_is_not_read_stops_its_connection() {
    let beside = Beside::start(Server::builder()).await;
    // Calls without a message, which need no window: they are answered, one after another, and the
    // message that was to be sent before them has still not come.
    let mut third = beside.stub.clone();
    for _ in 0..10 {
        let answer = within("an empty call", third.record(stream::empty())).await;
        assert!(answer.is_ok());
    }
    assert!(!beside.read.load(Ordering::Relaxed));
    beside.end().await;
}

/// refusing.md, durability.md: with a larger window for the connection it does not…
#[tokio::test]
async fn a_larger_connection_window_keeps_the_others_going() {
    let larger = Server::builder().initial_connection_window_size(4 << 20);
    let beside = Beside::start(larger).await;
    until("the other's message", || {
        beside.read.load(Ordering::Relaxed)
    })
    .await;
    beside.end().await;
}

/// refusing.md: very many small messages that nobody reads end the connection: h2 charges a frame for
/// what it lacks of 256 bytes, and gives half a window for it.
#[tokio::test]
async fn many_small_messages_unread_end_the_connection() {
    let server = Scripted::start(never).await;
    let taken = Arc::new(AtomicU64::new(0));
    let count = taken.clone();
    let small = one_by_one(std::iter::repeat_with(|| sound(1))).inspect(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let status = within("an answer", server.stub().record(small)).await;
    let status = status.expect_err("nobody reads");
    let taken = taken.load(Ordering::Relaxed);
    println!(
        "after {taken} messages: {:?}, {}",
        status.code(),
        status.message()
    );
    // A frame of 8 bytes is charged 248. The client may be some way ahead of the server's patience.
    assert!(taken >= (WINDOW / 2) / 248, "{taken}");
    // Made here: no answer has come over the wire.
    assert!(std::error::Error::source(&status).is_some(), "{status}");
}

/// refusing.md: a chunk is a message, and a message has 4 MiB at most: all of it, not its content.
#[tokio::test]
async fn the_largest_chunk_is_less_than_4_mib() {
    let server = Scripted::start(async |mut recording: Recording| {
        let mut bytes = 0;
        while let Some(more) = recording.message().await? {
            bytes += more.sound.len() as u64;
        }
        Ok(RecordResponse { bytes })
    })
    .await;
    let record = async |length: usize| -> Answer {
        let sounds = one_by_one([sound(1), sound(length)]);
        let answer = within("an answer", server.metered().record(sounds)).await;
        answer.map(tonic::Response::into_inner)
    };
    const LARGEST: usize = (4 << 20) - 5; // a tag, and four bytes of length
    let bytes = record(LARGEST).await.expect("it fits").bytes;
    assert_eq!(bytes, 1 + LARGEST as u64);
    let status = record(LARGEST + 1).await.expect_err("one byte too many");
    assert_eq!(status.code(), Code::OutOfRange);
    // It came over the wire: the server's side says so.
    assert!(std::error::Error::source(&status).is_none());
}

/// refusing.md: a refusal need not wait for the first message.
#[tokio::test]
async fn a_refusal_can_come_before_the_first_message() {
    let server = Scripted::start(async |_: Recording| Err(too_long())).await;
    let never_ready = stream::once(pending::<RecordRequest>());
    let status = within("an answer", server.stub().record(never_ready)).await;
    assert_eq!(status.expect_err("refused").code(), Code::ResourceExhausted);
}
