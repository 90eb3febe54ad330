use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream;
use http_body_util::{BodyExt as _, Full};
use listings::client_streaming::naive::{Newspaper, Printed};
use listings::client_streaming::server::Shore;
use listings::client_streaming::store::Store;
use proto::sensor::v1::sound_service_client::SoundServiceClient;
use proto::sensor::v1::{DeliverRequest, GetStationRequest, RecordResponse};
use testkit::within;
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;
use tonic::codegen::http;
use tonic::{Code, Request, Status};
use tower::ServiceExt as _;

use crate::meter::Meter;
use crate::script::{Recording, Scripted, never};
use crate::{Running, and_no_end, batch, one_by_one, shore, sound, until};

/// server.md: the listing does what its contract says.
#[tokio::test]
async fn a_delivery_is_stored_up_to_its_last_batch() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = Running::start(shore(folder.path())).await;
    let mut stub = running.stub();
    let mut deliver = async |batches: Vec<DeliverRequest>| {
        let answer = stub.deliver(stream::iter(batches)).await;
        answer.map(|response| response.into_inner().stored)
    };
    assert_eq!(
        deliver(vec![batch(1, &[1]), batch(2, &[2])]).await.ok(),
        Some(2)
    );
    // Again, and one more: what is known is skipped.
    assert_eq!(
        deliver(vec![batch(2, &[2]), batch(3, &[3])]).await.ok(),
        Some(3)
    );
    assert_eq!(deliver(vec![batch(1, &[1])]).await.ok(), Some(3));

    let of_another = DeliverRequest {
        station: "buoy-8".to_owned(),
        ..batch(5, &[5])
    };
    for (batches, code) in [
        (vec![], Code::InvalidArgument),
        (vec![batch(5, &[5])], Code::FailedPrecondition),
        (vec![batch(4, &[4]), batch(6, &[6])], Code::InvalidArgument),
        (vec![batch(4, &[4]), batch(4, &[4])], Code::InvalidArgument),
        (vec![batch(4, &[4]), of_another], Code::InvalidArgument),
        (vec![batch(0, &[4])], Code::InvalidArgument),
        (vec![batch(4, &[])], Code::InvalidArgument),
        (vec![batch(4, &[0; 601])], Code::InvalidArgument),
        (vec![batch(u64::MAX, &[4])], Code::FailedPrecondition),
    ] {
        let status = deliver(batches.clone())
            .await
            .expect_err("it breaks a rule");
        assert_eq!(status.code(), code, "{batches:?}: {}", status.message());
        assert!(!status.message().is_empty());
    }
    assert_eq!(deliver(vec![batch(4, &[0; 600])]).await.ok(), Some(4));
}

/// What a handler was told after its first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// `Ok(None)`
    TheEnd,
    Error(i32),
    /// Nothing: its future was dropped.
    Nothing,
}

/// A server whose handler reads one message, says so, and then says what came next.
struct Listening {
    server: Scripted,
    reading: Arc<Notify>,
    told: mpsc::UnboundedReceiver<Told>,
}

/// Says what the handler was told, when the handler ends or is dropped.
struct Teller {
    told: Told,
    teller: mpsc::UnboundedSender<Told>,
}

impl Drop for Teller {
    fn drop(&mut self) {
        let _ = self.teller.send(self.told); // the test may be over
    }
}

impl Listening {
    async fn start() -> Self {
        let reading = Arc::new(Notify::new());
        let (teller, told) = mpsc::unbounded_channel();
        let server = Scripted::start({
            let reading = reading.clone();
            move |mut recording: Recording| {
                let (reading, teller) = (reading.clone(), teller.clone());
                async move {
                    let mut teller = Teller {
                        told: Told::Nothing,
                        teller,
                    };
                    recording.message().await?;
                    reading.notify_one();
                    teller.told = match recording.message().await {
                        Ok(None) => Told::TheEnd,
                        Ok(Some(_)) => panic!("one message was sent"),
                        Err(status) => Told::Error(status.code().into()),
                    };
                    Ok(RecordResponse::default())
                }
            }
        })
        .await;
        Self {
            server,
            reading,
            told,
        }
    }

    async fn told(&mut self) -> Told {
        let told = within("the handler's end", self.told.recv()).await;
        told.expect("the server goes on")
    }
}

/// Twenty clients send one message and give up. What are the handlers told?
async fn told_of_twenty_that_give_up() -> BTreeMap<Told, usize> {
    let mut listening = Listening::start().await;
    let mut seen = BTreeMap::new();
    for _ in 0..20 {
        let mut stub = listening.server.stub();
        tokio::select! {
            answer = stub.record(and_no_end([sound(1)])) => panic!("it has no end: {answer:?}"),
            () = listening.reading.notified() => {}
        }
        *seen.entry(listening.told().await).or_default() += 1;
    }
    let trace = listening.server.proxy.transcript();
    assert!(trace.contains("RST_STREAM"), "{trace}");
    seen
}

/// server.md: a client that gives up looks like a client that is done: 20 times of 20.
#[tokio::test]
async fn a_cancel_looks_like_the_end() {
    let seen = told_of_twenty_that_give_up().await;
    println!("clients that gave up were, for the handler: {seen:?}");
    assert_eq!(seen, BTreeMap::from([(Told::TheEnd, 20)]));
}

/// server.md: on several threads, the reset may come while the handler is being polled. It is then
/// dropped before it is polled again, and told nothing. An error it never is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_is_never_an_error() {
    let seen = told_of_twenty_that_give_up().await;
    println!("clients that gave up were, for the handler: {seen:?}");
    assert!(seen.keys().all(|told| SILENT.contains(told)), "{seen:?}");
}

/// How a handler may be told that nobody waits for it, so that it cannot know.
const SILENT: [Told; 2] = [Told::TheEnd, Told::Nothing];

/// server.md: and this is what the end of a complete stream looks like.
#[tokio::test]
async fn a_half_close_is_the_end() {
    let mut listening = Listening::start().await;
    let mut stub = listening.server.stub();
    let answer = stub.record(one_by_one([sound(1)])).await;
    assert!(answer.is_ok());
    assert_eq!(listening.told().await, Told::TheEnd);
}

/// server.md: a connection that breaks is an error, and not the right one. (On several threads the
/// handler may be dropped without a word, as by a cancel.)
#[tokio::test]
async fn a_cut_is_an_error() {
    let mut listening = Listening::start().await;
    for _ in 0..20 {
        let mut stub = listening.server.stub();
        let call = tokio::spawn(async move { stub.record(and_no_end([sound(1)])).await });
        within("the first message", listening.reading.notified()).await;
        listening.server.proxy.cut();
        assert_eq!(listening.told().await, Told::Error(Code::Unknown.into()));
        let answer = within("the client's end", call).await.expect("no panic");
        assert!(answer.is_err());
    }
}

/// server.md: the same if it is closed in good order, as a killed program's is by its system.
#[tokio::test]
async fn a_connection_that_is_closed_is_an_error() {
    let mut listening = Listening::start().await;
    let meter = Meter::start(listening.server.address).await;
    let mut stub = SoundServiceClient::new(meter.endpoint().connect_lazy());
    let call = tokio::spawn(async move { stub.record(and_no_end([sound(1)])).await });
    within("the first message", listening.reading.notified()).await;
    drop(meter); // closes its side of the connection to the server
    assert_eq!(listening.told().await, Told::Error(Code::Unknown.into()));
    let answer = within("the client's end", call).await.expect("no panic");
    assert!(answer.is_err());
}

/// server.md: a deadline that passes on both sides at once is the end, or is the handler's end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_looks_like_the_end_or_drops_the_handler() {
    let mut listening = Listening::start().await;
    let stub = listening.server.stub();
    let calls = (0..20).map(|_| {
        let mut stub = stub.clone();
        async move {
            let mut request = Request::new(and_no_end([sound(1)]));
            request.set_timeout(Duration::from_secs(1));
            stub.record(request).await.expect_err("it has no end")
        }
    });
    for status in join_all(calls).await {
        assert_eq!(status.code(), Code::Cancelled);
    }
    let mut seen = BTreeMap::<Told, usize>::new();
    for _ in 0..20 {
        *seen.entry(listening.told().await).or_default() += 1;
    }
    println!("a deadline was, for the handler: {seen:?}");
    assert!(seen.keys().all(|told| SILENT.contains(told)), "{seen:?}");
}

/// A call whose bytes are these, and which then ends or does not.
async fn raw(server: &Scripted, bytes: &'static [u8], ends: bool) -> Option<Status> {
    let channel = server.proxy.endpoint().connect_lazy();
    let body = Full::new(bytes.into());
    let body = if ends {
        tonic::body::Body::new(body)
    } else {
        tonic::body::Body::new(body.with_trailers(pending::<Option<Result<_, Infallible>>>()))
    };
    let request = http::Request::post(format!(
        "{}sensor.v1.SoundService/Record",
        server.proxy.endpoint().uri()
    ))
    .header("content-type", "application/grpc")
    .header("te", "trailers")
    .body(body)
    .expect("it is a request");
    let response = channel.oneshot(request).await.expect("it is answered");
    Status::from_header_map(response.headers())
}

/// The prefix of a message of 100 bytes, and two of them.
const HALF_A_MESSAGE: &[u8] = b"\0\0\0\0\x64\x0a\x62";

/// server.md: the end in the middle of a message is noticed…
#[tokio::test]
async fn half_a_message_and_the_end_is_internal() {
    let server = Scripted::start(async |mut recording| {
        recording.message().await?;
        Ok(RecordResponse::default())
    })
    .await;
    let status = within("an answer", raw(&server, HALF_A_MESSAGE, true)).await;
    let status = status.expect("an error is in the headers");
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "Unexpected EOF decoding stream.")
    );
}

/// server.md: …and a cancel in the middle of a message is not.
#[tokio::test]
async fn half_a_message_and_a_cancel_is_the_end() {
    let (teller, mut told) = mpsc::unbounded_channel();
    let server = Scripted::start(move |mut recording: Recording| {
        let teller = teller.clone();
        async move {
            let message = recording.message().await;
            let _ = teller.send(message.map_err(|status| status.code()));
            Ok(RecordResponse::default())
        }
    })
    .await;
    tokio::select! {
        status = raw(&server, HALF_A_MESSAGE, false) => panic!("it has no end: {status:?}"),
        () = until("half a message", || server.proxy.transcript().contains("DATA")) => {}
    }
    let message = within("the handler's end", told.recv()).await;
    assert_eq!(message, Some(Ok(None)));
}

/// A client sends half a day, and then something happens to the connection or to the call. What is
/// printed?
async fn printed_after(leave: impl AsyncFnOnce(&Running, &AbortHandle)) -> Vec<Printed> {
    let newspaper = Newspaper::default();
    let running = Running::start(newspaper.clone()).await;
    let mut stub = running.stub();
    let mut other = stub.clone();
    let morning = and_no_end([batch(1, &[-20, -10])]);
    let call = tokio::spawn(async move { stub.deliver(morning).await }).abort_handle();
    until("the morning's readings", || {
        running.proxy.transcript().contains("decidegrees")
    })
    .await;
    // The answer to another call proves that the server has read what was sent before it.
    let answer = other.get_station(GetStationRequest::default()).await;
    answer.expect("it is answered");
    leave(&running, &call).await;
    until("a newspaper", || !newspaper.printed().is_empty()).await;
    newspaper.printed()
}

const HALF_A_DAY: Printed = Printed {
    mean: -1.5,
    readings: 2,
};

/// server.md, and its quiz: half a day is printed as a whole one.
#[tokio::test]
async fn the_newspaper_prints_half_a_day() {
    for _ in 0..20 {
        let printed = printed_after(async |_, call| call.abort()).await;
        assert_eq!(printed, [HALF_A_DAY]);
    }
}

/// server.md: `while let Ok(Some(…))` takes an error for the end, too.
#[tokio::test]
async fn the_newspaper_prints_half_a_day_after_a_cut() {
    let printed = printed_after(async |running, _| running.proxy.cut()).await;
    assert_eq!(printed, [HALF_A_DAY]);
}

/// server.md: after the end of a client that left, the handler runs to its next wait, and no
/// further.
#[tokio::test]
async fn what_follows_a_cancel_runs_to_the_next_await() {
    let reading = Arc::new(Notify::new());
    let steps = Arc::new(Mutex::new(Vec::new()));
    let (alive, mut dropped) = mpsc::channel::<Infallible>(1);
    let server = Scripted::start({
        let (reading, steps) = (reading.clone(), steps.clone());
        let alive = Mutex::new(Some(alive));
        move |mut recording: Recording| {
            let (reading, steps) = (reading.clone(), steps.clone());
            let alive = alive.lock().expect("no panic").take();
            async move {
                let _alive = alive;
                recording.message().await?;
                reading.notify_one();
                recording.message().await?;
                steps.lock().expect("no panic").push("before the await");
                tokio::time::sleep(Duration::from_secs(3600)).await;
                steps.lock().expect("no panic").push("after it");
                Ok(RecordResponse::default())
            }
        }
    })
    .await;
    let mut stub = server.stub();
    tokio::select! {
        answer = stub.record(and_no_end([sound(1)])) => panic!("it has no end: {answer:?}"),
        () = reading.notified() => {}
    }
    drop(stub);
    let gone = within("the end of the handler's future", dropped.recv()).await;
    assert!(gone.is_none());
    assert_eq!(*steps.lock().expect("no panic"), ["before the await"]);
}

/// server.md: a client that neither sends nor leaves is not waited for for ever.
#[tokio::test]
async fn a_silent_station_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(folder.path()).expect("it is there");
    let running = Running::start(Shore::new(store, Duration::from_millis(20))).await;
    let mut stub = running.stub();
    let silent = stub.deliver(and_no_end([batch(1, &[1])]));
    let status = within("an answer", silent).await.expect_err("it is silent");
    assert_eq!(
        (status.code(), status.message()),
        (Code::DeadlineExceeded, "the station says nothing")
    );
}

/// server.md: for a call with one answer, tonic's limit covers the whole of it: the answer's headers
/// come at the end.
#[tokio::test]
async fn a_limit_covers_the_whole_upload() {
    let server = Scripted::start(never).await;
    let endless = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Some((sound(1), ()))
    });
    let mut request = Request::new(endless);
    request.set_timeout(Duration::from_millis(50));
    let mut stub = server.stub();
    let status = within("a limit of 50 ms", stub.record(request)).await;
    let status = status.expect_err("nobody answers");
    assert_eq!(
        (status.code(), status.message()),
        (Code::Cancelled, "Timeout expired")
    );
}
