use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use listings::client_streaming::client::{Failure, deliver, stored, until_none};
use listings::client_streaming::naive::{Newspaper, Printed};
use proto::sensor::v1::{DeliverRequest, RecordResponse};
use testkit::within;
use tokio::sync::{Notify, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, IntoStreamingRequest};

use crate::script::{Recording, Scripted};
use crate::{Running, batch, one_by_one, shore, sound, until};

/// A log of so many readings, as a station keeps it.
fn log(readings: i32) -> io::Cursor<Vec<u8>> {
    io::Cursor::new((0..readings).flat_map(i32::to_le_bytes).collect())
}

/// client.md: the listing delivers a log in batches, and knows up to which it is stored.
#[tokio::test]
async fn a_log_is_delivered_in_batches() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = Running::start(shore(folder.path())).await;
    let told = Arc::new(AtomicU64::new(0));
    let progress = told.clone();
    let delivered = deliver(running.stub(), "buoy-7", log(1_500), 1_500, move |batch| {
        progress.store(batch, Ordering::Relaxed);
    });
    let delivered = within("a delivery", delivered).await.expect("it is stored");
    assert_eq!((delivered, told.load(Ordering::Relaxed)), (3, 3));
    let limit = Duration::from_secs(5);
    let stored = stored(&mut running.stub(), "buoy-7", limit).await;
    assert_eq!(stored.expect("it is answered"), 3);
}

/// client.md: a log that is longer than was said is not read further.
#[tokio::test]
async fn a_log_that_grew_is_read_as_far_as_was_said() {
    let newspaper = Newspaper::default();
    let running = Running::start(newspaper.clone()).await;
    let delivered = deliver(running.stub(), "buoy-7", log(1_500), 700, |_| {}).await;
    assert!(delivered.is_ok());
    assert_eq!(newspaper.printed()[0].readings, 700);
}

/// client.md: a log that ends too early fails here, and the call is reset: nothing on the wire says
/// that this was all. 20 times of 20.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_shrank_is_a_failure_and_a_reset() {
    for _ in 0..20 {
        let newspaper = Newspaper::default();
        let running = Running::start(newspaper.clone()).await;
        let stub = running.stub(); // the connection goes on
        let delivered = deliver(stub.clone(), "buoy-7", log(1_000), 1_500, |_| {});
        match within("a failure", delivered).await {
            Err(Failure::File(error)) => assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof),
            other => panic!("the log is too short: {other:?}"),
        }
        // Unless the call had not even begun.
        let sent = || running.proxy.transcript();
        if sent().contains("→ HEADERS") {
            until("a reset", || sent().contains("→ RST_STREAM")).await;
        }
        assert!(!sent().contains("END_STREAM"), "{}", sent());
    }
}

/// client.md: a stream that ends when reading fails is a complete one, to everybody else.
#[tokio::test]
async fn a_stream_that_ends_at_an_error_is_a_success() {
    let newspaper = Newspaper::default();
    let running = Running::start(newspaper.clone()).await;
    let read: [io::Result<DeliverRequest>; 3] = [
        Ok(batch(1, &[-20, -10])),
        Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(batch(2, &[150, 180])),
    ];
    // ANCHOR: map_while
    let batches = stream::iter(read.into_iter().map_while(Result::ok));
    // ANCHOR_END: map_while
    let answer = running.stub().deliver(batches).await;
    assert!(answer.is_ok());
    let half = Printed {
        mean: -1.5,
        readings: 2,
    };
    assert_eq!(newspaper.printed(), [half]);
}

/// How a call's stream was ended on the client's side.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    /// END_STREAM: complete, as far as anybody can tell.
    End,
    Reset,
}

async fn ending(running: &Running) -> Ending {
    let has = |what| running.proxy.transcript().contains(what);
    until("an end of the call", || {
        has("END_STREAM") || has("→ RST_STREAM")
    })
    .await;
    if has("END_STREAM") {
        Ending::End
    } else {
        Ending::Reset
    }
}

/// Delivers one batch, and then gives up in the way of `try_join!`: a future that reads fails, and
/// the call beside it is dropped. What `send` gives is dropped a moment before, and `kept` a moment
/// after the call.
async fn gives_up<B, K>(
    batches: impl Stream<Item = DeliverRequest> + Send + 'static,
    send: impl Future<Output = B>,
    kept: K,
) -> Ending {
    let running = Running::start(Newspaper::default()).await;
    // The connection goes on: if it ended with the call, there might be neither end nor reset.
    let stub = running.stub();
    let mut calling = stub.clone();
    let read = async {
        let _dropped_first = send.await;
        until("the first batch", || {
            running.proxy.transcript().contains("decidegrees")
        })
        .await;
        Err::<(), _>(io::Error::from(io::ErrorKind::UnexpectedEof))
    };
    let call = async {
        let answer = calling.deliver(batches).await;
        answer.map_err(io::Error::other)
    };
    let failed = within("a failure", async { tokio::try_join!(read, call) }).await;
    let error = failed.expect_err("reading fails");
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error}");
    drop(kept);
    ending(&running).await
}

const RUNS: usize = 50;

/// client.md: a sender that is dropped before the call is dropped ends the stream, unless the call is
/// gone soon enough. How often differs from run to run; the page names one run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_sender_races_with_the_reset() {
    let (mut first, mut later) = (0, 0);
    for _ in 0..RUNS {
        let (sender, receiver) = mpsc::channel(1);
        let sent = async {
            sender
                .send(batch(1, &[-20, -10]))
                .await
                .expect("it has room");
            sender
        };
        let ending = gives_up(ReceiverStream::new(receiver), sent, ()).await;
        first += usize::from(ending == Ending::End);

        let (sender, receiver) = mpsc::channel(1);
        let kept = sender.clone();
        let sent = async move {
            let sent = sender.send(batch(1, &[-20, -10])).await;
            sent.expect("it has room");
        };
        let ending = gives_up(ReceiverStream::new(receiver), sent, kept).await;
        later += usize::from(ending == Ending::End);
    }
    println!("sender dropped before the call: {first} ends in {RUNS} runs; after it: {later}");
}

/// client.md: where the end is an item of the channel, there is no race.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_is_said_does_not_race() {
    for _ in 0..RUNS {
        let (sender, receiver) = mpsc::channel(1);
        let sent = async {
            let sent = sender.send(Some(batch(1, &[-20, -10]))).await;
            sent.expect("it has room");
            sender
        };
        assert_eq!(
            gives_up(until_none(receiver), sent, ()).await,
            Ending::Reset
        );
    }
}

/// client.md: and where it is said, it is the end.
#[tokio::test]
async fn an_end_that_is_said_is_the_end() {
    let (sender, receiver) = mpsc::channel(3);
    for message in [Some(1), Some(2), None] {
        sender.send(message).await.expect("it has room");
    }
    let messages: Vec<_> = until_none(receiver).collect().await;
    assert_eq!(messages, [1, 2]);
}

/// client.md: the items of a request's stream are messages. A stream of Results is no request.
#[test]
fn a_stream_of_results_is_no_request() {
    // If it were one, both impls would apply, and the call would be ambiguous.
    trait NoRequest<Only> {
        fn is_no_request(&self) -> bool {
            true
        }
    }
    impl<T> NoRequest<()> for T {}
    impl<T: IntoStreamingRequest<Message = DeliverRequest>> NoRequest<u8> for T {}

    let results = stream::iter([Ok::<_, io::Error>(batch(1, &[1]))]);
    assert!(results.is_no_request());
}

/// client.md: a refusal while the log is still being read ends the reading, and is told in the
/// server's words.
#[tokio::test]
async fn a_refusal_ends_the_reading() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = Running::start(shore(folder.path())).await;
    let endless = tokio::io::repeat(0);
    let delivered = deliver(running.stub(), "BUOY", endless, u64::MAX, |_| {});
    match within("a refusal", delivered).await {
        Err(Failure::Call(status)) => {
            assert_eq!(status.code(), Code::InvalidArgument);
            assert!(status.message().starts_with("a station's name"), "{status}");
        }
        other => panic!("the name is wrong: {other:?}"),
    }
}

/// client.md: all is sent, and the server has read nothing: progress is not delivery.
#[tokio::test]
async fn a_small_upload_is_sent_before_anything_is_read() {
    let gate = Arc::new(Notify::new());
    let server = Scripted::start({
        let gate = gate.clone();
        move |mut recording: Recording| {
            let gate = gate.clone();
            async move {
                gate.notified().await;
                let mut bytes = 0;
                while let Some(more) = recording.message().await? {
                    bytes += more.sound.len() as u64;
                }
                Ok(RecordResponse { bytes })
            }
        }
    })
    .await;
    let sent = Arc::new(AtomicU64::new(0));
    let progress = sent.clone();
    let sounds = one_by_one(vec![sound(16 << 10); 32]).inspect(move |sound| {
        progress.fetch_add(sound.sound.len() as u64, Ordering::Relaxed);
    });
    let mut stub = server.stub();
    let call = tokio::spawn(async move { stub.record(sounds).await });
    // The last thing on the client's side of the wire: it has nothing more to send.
    let ended = || server.proxy.transcript().contains("END_STREAM");
    until("the end of the client's stream", ended).await;
    assert_eq!(sent.load(Ordering::Relaxed), 512 << 10);
    assert!(!call.is_finished());
    gate.notify_one();
    let answer = within("an answer", call).await.expect("no panic");
    assert_eq!(answer.expect("it is counted").into_inner().bytes, 512 << 10);
}
