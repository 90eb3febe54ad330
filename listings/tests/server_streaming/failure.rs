use std::convert::Infallible;
use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use http_body_util::Full;
use listings::server_streaming::archive::{End, Lines, Log};
use listings::server_streaming::client::{Failure, print};
use listings::server_streaming::limited::limited;
use listings::server_streaming::read::{from_channel, from_source};
use prost::Message as _;
use proto::log::v1::ReadResponse;
use proto::log::v1::log_service_client::LogServiceClient;
use testkit::within;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::transport::{Endpoint, Server};
use tonic::{Code, Request, Status};

use crate::network::{Network, quiet};
use crate::server::from_owned;
use crate::{DAY, Reads, Running, get, paced, read, read_to_end, server, short};

/// failure.md: dropping the stream of replies is how a caller leaves. A frame says so.
#[tokio::test(start_paused = true)]
async fn a_caller_who_drops_the_stream_resets_it() {
    let log = Log::on_a_slow_disk(3, 8, End::Complete);
    let mut network = Network::new(server(&log));
    let replies = network.stub.read(read()).await.expect("it is there");
    log.spin();
    // ANCHOR: leaves
    let mut replies = replies.into_inner();
    assert!(replies.message().await.expect("a line").is_some());
    drop(replies); // one line was enough
    // ANCHOR_END: leaves
    quiet().await;
    assert_eq!(*log.readers().borrow(), 0);
    let trace = network.transcript();
    assert!(trace.contains("→ RST_STREAM"), "{trace}");
    assert!(trace.contains("CANCEL"), "{trace}");
}

/// failure.md: the same over a socket, and for a connection that is cut.
#[tokio::test]
async fn a_connection_that_is_cut_drops_the_stream() {
    let log = Log::on_a_slow_disk(3, 8, End::Complete);
    let running = Running::start(server(&log)).await;
    let mut readers = log.readers();
    let replies = running.stub().read(read()).await.expect("it is there");
    within("a reader", readers.wait_for(|readers| *readers == 1))
        .await
        .expect("it is watched");
    running.proxy.cut();
    within("no reader", readers.wait_for(|readers| *readers == 0))
        .await
        .expect("it is watched");
    let (lines, end) = within("the end", read_to_end(replies.into_inner())).await;
    assert!(lines.is_empty());
    let status = end.expect_err("the log has not ended");
    assert_eq!(status.code(), Code::Unknown);
}

/// failure.md: a connection that is closed in order, in the middle of a stream, is no end either.
#[tokio::test(start_paused = true)]
async fn a_connection_that_is_closed_is_no_end() {
    let log = Log::on_a_slow_disk(3, 8, End::Complete);
    let mut network = Network::new(server(&log));
    let replies = network.stub.read(read()).await.expect("it is there");
    log.spin();
    quiet().await;
    network.hang_up();
    let (lines, end) = read_to_end(replies.into_inner()).await;
    assert_eq!(lines, [1]);
    let status = end.expect_err("the log has not ended");
    println!("{status:?}");
    assert_eq!(status.code(), Code::Unknown);
}

/// contract.md: a stream that is over without a status, as a proxy may leave it, is not OK.
#[tokio::test]
async fn a_stream_without_a_status_is_unknown() {
    let proxy = tower::service_fn(async |_: http::Request<Body>| {
        let mut message = ReadResponse::default().encode_to_vec();
        message.splice(0..0, [0; 5]); // not compressed, and of no length
        let mut response = http::Response::new(Body::new(Full::from(message)));
        let grpc = http::HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", grpc);
        Ok::<_, Infallible>(response)
    });
    let replies = LogServiceClient::new(proxy).read(read()).await;
    let (lines, end) = read_to_end(replies.expect("it begins well").into_inner()).await;
    assert_eq!(lines, [0]);
    assert_eq!(end.expect_err("it has no status").code(), Code::Unknown);
}

/// failure.md: waiting for a message can be given up and begun again, and nothing is lost.
#[tokio::test(start_paused = true)]
async fn a_message_that_was_given_up_is_not_lost() {
    let log = Log::on_a_slow_disk(2, 8, End::Complete);
    let mut network = Network::new(server(&log));
    let replies = network.stub.read(read()).await.expect("it is there");
    let mut replies = replies.into_inner();
    assert!(replies.message().now_or_never().is_none());
    log.spin();
    log.spin();
    let (lines, end) = read_to_end(replies).await;
    assert_eq!(lines, [1, 2]);
    assert!(end.is_ok());
}

/// failure.md: a producer that was spawned and panics drops its sender, and that is an end like any
/// other: OK. In the handler's own stream a panic resets the call.
#[tokio::test(start_paused = true)]
async fn a_panic_behind_a_channel_is_a_clean_end() {
    let log = short(3, End::Bug);
    let mut network = Network::new(Reads::by(&log, |lines| from_channel(lines, 1)));
    let replies = network.stub.read(read()).await.expect("it is there");
    let (lines, end) = read_to_end(replies.into_inner()).await;
    assert_eq!(lines, [1, 2, 3]);
    assert!(end.is_ok(), "one would wish it: {end:?}");
}

/// failure.md: in the handler's own stream a panic resets the call. What was ready together with
/// it is lost.
#[tokio::test(start_paused = true)]
async fn a_panic_in_the_stream_is_a_reset() {
    let mut network = Network::new(Reads::by(&short(3, End::Bug), from_source));
    let replies = network.stub.read(read()).await.expect("it is there");
    let (lines, end) = read_to_end(replies.into_inner()).await;
    assert!(lines.is_empty());
    assert_eq!(end.expect_err("it has panicked").code(), Code::Cancelled);
    let trace = network.transcript();
    assert!(trace.contains("← RST_STREAM"), "{trace}");
    // The server lives on, and so does the connection.
    assert!(network.stub.get_log(get()).await.is_ok());
}

/// Reads a log; a panic is INTERNAL, and the end.
fn caught(lines: Lines) -> impl Stream<Item = Result<ReadResponse, Status>> {
    let failed = |_panic| Err(Status::internal("the log could not be read"));
    AssertUnwindSafe(from_source(lines))
        .catch_unwind()
        .map(move |next| next.unwrap_or_else(failed))
}

/// failure.md: with either of the cures it is INTERNAL, after the messages before it.
#[tokio::test(start_paused = true)]
async fn a_panic_that_is_caught_is_internal() {
    let log = short(3, End::Bug);
    for network in [
        Network::new(Reads::by(&log, caught)),
        Network::new(Reads::by(&log, from_owned)),
    ] {
        let replies = network
            .stub
            .clone()
            .read(read())
            .await
            .expect("it is there");
        let (lines, end) = read_to_end(replies.into_inner()).await;
        assert_eq!(lines, [1, 2, 3]);
        let status = end.expect_err("it has panicked");
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(status.message(), "the log could not be read");
    }
}

/// failure.md: a time limit of tonic's, on either side, ends when the response's headers come.
#[tokio::test(start_paused = true)]
async fn no_timeout_of_tonics_covers_the_stream() {
    const LIMIT: Duration = Duration::from_millis(200);
    let ten_a_second = |lines| paced(from_source(lines), Duration::from_millis(100));
    for limited_by in [
        "Request::set_timeout",
        "Endpoint::timeout",
        "Server::timeout",
    ] {
        let service = Reads::by(&short(11, End::Complete), ten_a_second);
        let server = match limited_by {
            "Server::timeout" => Server::builder().timeout(LIMIT),
            _ => Server::builder(),
        };
        let client = |endpoint: Endpoint| match limited_by {
            "Endpoint::timeout" => endpoint.timeout(LIMIT),
            _ => endpoint,
        };
        let mut network = Network::with(service, server, client);
        let mut request = Request::new(read());
        if limited_by == "Request::set_timeout" {
            request.set_timeout(LIMIT);
        }
        let began = Instant::now();
        let replies = network.stub.read(request).await.expect(limited_by);
        let (lines, end) = read_to_end(replies.into_inner()).await;
        assert_eq!(lines.len(), 11, "{limited_by}");
        assert!(end.is_ok(), "{limited_by}");
        assert!(began.elapsed() >= Duration::from_secs(1), "{limited_by}");
    }
}

/// failure.md: a deadline around what reads ends the stream, and the reading with it.
#[tokio::test(start_paused = true)]
async fn one_deadline_ends_the_stream() {
    let log = Log::on_a_slow_disk(11, 8, End::Complete);
    let how = |lines| limited(lines, Instant::now() + Duration::from_millis(250));
    let mut network = Network::new(Reads::by(&log, how));
    let replies = network.stub.read(read()).await.expect("it is there");
    for _ in 0..3 {
        log.spin();
    }
    let (lines, end) = read_to_end(replies.into_inner()).await;
    assert_eq!(lines, [1, 2, 3]);
    let status = end.expect_err("250 ms are over");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    quiet().await;
    assert_eq!(*log.readers().borrow(), 0);
}

/// failure.md: a timer that is asked second is not asked while there is always a message.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_asked_second_is_not_asked() {
    let messages = stream::repeat(()).take(1_000).count();
    let timed = timeout_at(Instant::now(), messages).await;
    assert_eq!(timed, Ok(1_000), "nobody has looked at the clock");
}

/// failure.md: `take_until` ends a stream at a moment, and with OK.
#[tokio::test(start_paused = true)]
async fn a_stream_that_is_cut_off_ends_well() {
    let log = Log::on_a_slow_disk(11, 8, End::Complete);
    let mut network = Network::new(Reads::by(&log, cut_off));
    let replies = network.stub.read(read()).await.expect("it is there");
    log.spin();
    let (lines, end) = read_to_end(replies.into_inner()).await;
    assert_eq!(lines, [1]);
    assert!(end.is_ok(), "one would wish it: {end:?}");
}

fn cut_off(lines: Lines) -> impl Stream<Item = Result<ReadResponse, Status>> {
    from_source(lines).take_until(sleep_until(Instant::now() + Duration::from_secs(1)))
}

/// failure.md: a stream that nobody polls does not see the clock. A task sees it by itself.
#[tokio::test(start_paused = true)]
async fn a_stream_that_stands_still_sees_no_clock() {
    let large = Log::new(256, 64 << 10, End::Complete);
    let in_a_task = |lines| limited(lines, Instant::now() + Duration::from_secs(1));
    for (mut network, readers_after_an_hour) in [
        (Network::new(Reads::by(&large, cut_off)), 1),
        (Network::new(Reads::by(&large, in_a_task)), 0),
    ] {
        let replies = network.stub.read(read()).await.expect("it is there");
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(*large.readers().borrow(), readers_after_an_hour);
        drop(replies);
        quiet().await;
        assert_eq!(*large.readers().borrow(), 0);
    }
}

/// failure.md: who reads `while let Some(Ok(…))` takes an error for the end.
#[tokio::test(start_paused = true)]
async fn a_loop_that_looks_for_messages_only_misses_the_error() {
    let mut network = Network::new(server(&short(3, End::Damaged)));
    let replies = network.stub.read(read()).await.expect("it is there");
    let mut replies = replies.into_inner();
    let mut lines = 0;
    // ANCHOR: misses
    while let Some(Ok(_reply)) = replies.next().await {
        lines += 1;
    }
    // ANCHOR_END: misses
    // Nothing has been said of a damaged log, and nothing will be: the error is gone.
    assert_eq!(lines, 3);
    assert!(replies.next().await.is_none());
}

/// failure.md: the client prints what came, and says how it ended.
#[tokio::test(start_paused = true)]
async fn the_client_reads_to_the_end() {
    let limit = Duration::from_secs(1);
    let complete = Network::new(server(&short(2, End::Complete)));
    let mut out = Vec::new();
    let printed = print(complete.stub.clone(), DAY, limit, &mut out).await;
    assert!(printed.is_ok());
    assert_eq!(out, b"GET /...\nGET /...\n");

    let damaged = Network::new(server(&short(2, End::Damaged)));
    let mut out = Vec::new();
    let printed = print(damaged.stub.clone(), DAY, limit, &mut out).await;
    assert!(matches!(printed, Err(Failure::Call(status)) if status.code() == Code::DataLoss));
    assert_eq!(out, b"GET /...\nGET /...\n");

    let log = Log::on_a_slow_disk(3, 8, End::Complete);
    log.spin();
    let slow = Network::new(server(&log));
    let mut out = Vec::new();
    let printed = print(slow.stub.clone(), DAY, limit, &mut out).await;
    assert!(
        matches!(printed, Err(Failure::Call(status)) if status.code() == Code::DeadlineExceeded)
    );
    assert_eq!(out, b"GET /...\n");
    quiet().await;
    assert_eq!(*log.readers().borrow(), 0, "who gives up leaves");
}

/// failure.md: until the headers come tonic keeps to the limit as well, and calls it CANCELLED.
#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_is_late_and_nothing_else() {
    let limit = Duration::from_secs(1);
    let log = short(2, End::Complete);
    let (distance, server_side) = (2 * limit, Server::builder());
    let silent = Network::far_away(server(&log), server_side, |endpoint| endpoint, distance);

    let mut request = Request::new(read());
    request.set_timeout(limit);
    let status = silent.stub.clone().read(request).await;
    assert_eq!(status.expect_err("it is late").code(), Code::Cancelled);

    let mut out = Vec::new();
    let printed = print(silent.stub.clone(), DAY, limit, &mut out).await;
    assert!(
        matches!(printed, Err(Failure::Call(status)) if status.code() == Code::DeadlineExceeded)
    );
    assert!(out.is_empty());
}

/// Takes nothing.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// failure.md: an output that is closed ends the call as well.
#[tokio::test(start_paused = true)]
async fn a_closed_output_ends_the_call() {
    let log = short(1_000_000, End::Complete);
    let network = Network::new(server(&log));
    let printed = print(
        network.stub.clone(),
        DAY,
        Duration::from_secs(1),
        &mut Closed,
    )
    .await;
    assert!(matches!(printed, Err(Failure::Output(_))));
    quiet().await;
    assert_eq!(*log.readers().borrow(), 0);
}
