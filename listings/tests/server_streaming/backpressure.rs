use std::time::Duration;

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use listings::server_streaming::archive::{End, Log};
use listings::server_streaming::lengths::lengths;
use listings::server_streaming::read::{from_channel, from_source, unbounded};
use proto::log::v1::ReadResponse;
use proto::log::v1::log_service_client::LogServiceClient;
use testkit::within;
use tokio::time::{Instant, interval, sleep, timeout};
use tokio_stream::wrappers::IntervalStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Streaming};
use wiretap::{Content, Side};

use crate::network::{Network, PIPE, quiet};
use crate::server::WAYS;
use crate::{Reads, Running, get, paced, read, read_to_end, server, short};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Larger than every window of this chapter.
fn large(line_bytes: usize) -> Log {
    Log::new(16 * MIB / line_bytes as u64, line_bytes, End::Complete)
}

/// What one side says about its windows when a connection begins: the stream's, and how much it
/// adds to the connection's, which begins with 65,535.
fn windows(network: &Network, side: Side) -> (Option<u32>, Option<u32>) {
    const INITIAL_WINDOW_SIZE: u16 = 4;
    let recording = network.recording();
    let from_side = |event: &&wiretap::Event| event.from == side;
    let stream = recording
        .events()
        .filter(from_side)
        .find_map(|event| match &event.content {
            Content::Settings(settings) => settings
                .iter()
                .find(|(setting, _)| *setting == INITIAL_WINDOW_SIZE)
                .map(|(_, value)| *value),
            _ => None,
        });
    let connection = recording
        .events()
        .filter(from_side)
        .find_map(|event| match event.content {
            Content::WindowUpdate { increment } => Some(increment),
            _ => None,
        });
    (stream, connection)
}

/// backpressure.md: the windows that tonic has by itself, as it says them on the wire. Its
/// documentation says 65,535, which is HTTP/2's own default.
#[tokio::test(start_paused = true)]
async fn the_windows_on_the_wire() {
    let mut network = Network::new(server(&short(1, End::Complete)));
    network.stub.get_log(get()).await.expect("it is there");
    quiet().await;
    for (side, stream, connection) in [(Side::Client, 2 * MIB, 5 * MIB), (Side::Server, MIB, MIB)] {
        let (initial, added) = windows(&network, side);
        let initial = initial.map(u64::from).expect("it is set");
        let whole = u64::from(added.expect("it is added to")) + 65_535;
        println!("{}: {initial} a stream, {whole} a connection", side.name());
        assert_eq!((initial, whole), (stream, connection));
    }
}

/// backpressure.md: `adaptive_window` begins with HTTP/2's own 65,535 for both.
#[tokio::test(start_paused = true)]
async fn an_adaptive_window_begins_small() {
    let service = server(&short(1, End::Complete));
    let adaptive = |endpoint: Endpoint| endpoint.http2_adaptive_window(true);
    let mut network = Network::with(service, Server::builder(), adaptive);
    network.stub.get_log(get()).await.expect("it is there");
    quiet().await;
    let (initial, added) = windows(&network, Side::Client);
    assert!(matches!(initial, None | Some(65_535)), "{initial:?}");
    assert_eq!(added, None);
}

/// Begins to read and does not read on, until everything stands still.
async fn unread(network: &mut Network) -> Streaming<ReadResponse> {
    let replies = network.stub.read(read()).await.expect("it is there");
    quiet().await;
    replies.into_inner()
}

/// backpressure.md: an unread stream fills its window and stops, whatever the size of a message.
/// The page shows what `cargo test -p listings --test server_streaming
/// an_unread_stream_fills_its_window -- --nocapture` prints.
#[tokio::test(start_paused = true)]
async fn an_unread_stream_fills_its_window() {
    println!("a line of   lines read   bytes read   bytes on the wire");
    for line_bytes in [100, 1 << 10, 16 << 10, 64 << 10, 512 << 10] {
        let log = large(line_bytes);
        let mut network = Network::new(Reads::by(&log, from_source));
        let _replies = unread(&mut network).await;
        let lines = *log.lines_read().borrow();
        let bytes = lines * line_bytes as u64;
        let wire = network.data();
        println!("{line_bytes:>9}   {lines:>10}   {bytes:>10}   {wire:>17}");
        assert_eq!(wire, 2 * MIB);
        // Above the window: what is cut short by it, and the one that waits behind.
        let chunk = (32 * KIB).max(line_bytes as u64) + 2 * KIB;
        assert!(lines < log.len());
        assert!(bytes <= 2 * MIB + 2 * chunk, "{bytes}");
    }
}

/// backpressure.md: nothing is lost by it. Whoever reads at last gets it all.
#[tokio::test(start_paused = true)]
async fn a_stream_that_stood_still_goes_on() {
    let log = large(64 << 10);
    let mut network = Network::new(Reads::by(&log, from_source));
    let replies = unread(&mut network).await;
    let (lines, end) = read_to_end(replies).await;
    assert_eq!(lines.len() as u64, log.len());
    assert!(end.is_ok());
}

/// backpressure.md: what a channel holds comes on top, and it counts messages.
#[tokio::test(start_paused = true)]
async fn a_channel_counts_messages() {
    for (ahead, line_bytes, above) in [
        (1, 64 << 10, MIB / 2),
        (64, 100, MIB / 2),
        (64, 64 << 10, 5 * MIB),
    ] {
        let log = large(line_bytes);
        let how = move |lines| from_channel(lines, ahead);
        let mut network = Network::new(Reads::by(&log, how));
        let _replies = unread(&mut network).await;
        let bytes = *log.lines_read().borrow() * line_bytes as u64;
        println!("{ahead} lines of {line_bytes} ahead: {bytes} bytes read");
        assert!(bytes <= 2 * MIB + above, "{bytes}");
        assert!(bytes + 256 * KIB >= 2 * MIB + ahead as u64 * line_bytes as u64);
    }
}

/// backpressure.md: a channel without a bound makes its producer wait for nothing, and nobody.
#[tokio::test(start_paused = true)]
async fn an_unbounded_channel_holds_the_whole_log() {
    let log = large(16 << 10);
    let mut network = Network::new(Reads::by(&log, unbounded));
    let _replies = unread(&mut network).await;
    assert_eq!(*log.lines_read().borrow(), log.len());
    assert_eq!(network.data(), 2 * MIB);
}

/// backpressure.md: where the window is large and it is the socket that is full, hyper keeps up to
/// 400 KiB a stream.
#[tokio::test(start_paused = true)]
async fn a_full_socket_costs_400_kib() {
    let log = large(1 << 10);
    let wide = |endpoint: Endpoint| {
        endpoint
            .initial_stream_window_size(64 << 20)
            .initial_connection_window_size(64 << 20)
    };
    let service = Reads::by(&log, from_source);
    let mut network = Network::with(service, Server::builder(), wide);
    network.stub.get_log(get()).await.expect("it is connected");
    network.hold_up_the_server();
    let mut stub = network.stub.clone();
    let calling = tokio::spawn(async move { stub.read(read()).await });
    quiet().await;
    let bytes = *log.lines_read().borrow() * KIB;
    println!("{} KiB were read", bytes / KIB);
    // A pipe and what carries on from it, 400 KiB, and two buffers of tonic's at most.
    let held = PIPE as u64 + 16 * KIB + 400 * KIB;
    assert!(bytes >= held - 32 * KIB, "{bytes}");
    assert!(bytes <= held + 3 * 34 * KIB, "{bytes}");
    calling.abort();
}

/// backpressure.md: tonic sends together what is ready, up to 32 KiB and a message.
#[tokio::test(start_paused = true)]
async fn what_is_ready_is_sent_together() {
    let log = short(1_000, End::Complete);
    let mut network = Network::new(Reads::by(&log, from_source));
    let replies = network.stub.read(read()).await.expect("it is there");
    let (lines, _) = read_to_end(replies.into_inner()).await;
    assert_eq!(lines.len(), 1_000);
    let at_once = network.data_frames().len();

    let how = |lines| paced(from_source(lines), Duration::from_millis(1));
    let mut network = Network::new(Reads::by(&log, how));
    let replies = network.stub.read(read()).await.expect("it is there");
    let (lines, _) = read_to_end(replies.into_inner()).await;
    assert_eq!(lines.len(), 1_000);
    let one_by_one = network.data_frames().len();
    println!("1000 lines: {at_once} DATA frames if they are ready, {one_by_one} if they are not");
    // Less than 32 KiB, in eight: after 128 steps tokio lets others run.
    assert_eq!((at_once, one_by_one), (8, 1_000));
}

/// backpressure.md: short messages that come out of a channel one by one reach a limit before the
/// window is full, and the connection ends. The same messages from a source share frames.
#[tokio::test(start_paused = true)]
async fn short_messages_from_a_channel_end_the_connection() {
    const LINES: u64 = 17_000;
    for (way, how, line_bytes, code) in [
        ("from_channel", WAYS[1].1, 50, Some(Code::ResourceExhausted)),
        ("from_channel", WAYS[1].1, 120, None),
        ("from_source", WAYS[0].1, 50, None),
    ] {
        let log = Log::new(LINES, line_bytes, End::Complete);
        let mut network = Network::new(Reads::by(&log, how));
        let replies = unread(&mut network).await;
        let ahead = *log.lines_read().borrow();
        let (lines, end) = read_to_end(replies).await;
        let code_or_ok = end.err().map(|status| status.code());
        println!("{way}, lines of {line_bytes}: {ahead} lines ahead, then {code_or_ok:?}");
        assert_eq!(code_or_ok, code, "{way}");
        assert_eq!(lines.len() as u64 == LINES, code.is_none(), "{way}");
    }
}

/// backpressure.md: a window is a speed limit too: so many bytes a round trip, at most.
#[tokio::test(start_paused = true)]
async fn a_window_is_a_speed_limit() {
    const ROUND_TRIP: Duration = Duration::from_millis(100);
    for window in [64 * KIB, 256 * KIB, 2 * MIB] {
        let service = server(&large(16 << 10));
        let sized = |it: Endpoint| it.initial_stream_window_size(window as u32);
        let mut network = Network::far_away(service, Server::builder(), sized, ROUND_TRIP / 2);
        network.stub.get_log(get()).await.expect("it is connected");
        let began = Instant::now();
        let replies = network.stub.read(read()).await.expect("it is there");
        let (lines, _) = read_to_end(replies.into_inner()).await;
        assert_eq!(lines.len(), 1024);
        let took = began.elapsed();
        println!(
            "{:>4} KiB: 16 MiB in {:.1} s",
            window / KIB,
            took.as_secs_f64()
        );
        let windows = (16 * MIB / window) as u32;
        assert!(took >= windows * ROUND_TRIP, "{took:?}");
        assert!(took <= (windows + 3) * ROUND_TRIP, "{took:?}");
    }
}

/// How many messages a stream has ready now.
fn ready_now(mut messages: impl Stream + Unpin) -> usize {
    std::iter::from_fn(|| messages.next().now_or_never().flatten()).count()
}

/// backpressure.md: after a time in which nobody read, an interval makes up for the ticks that it
/// has missed, unless it is told not to.
#[tokio::test(start_paused = true)]
async fn an_interval_makes_up_for_missed_ticks() {
    let pace = Duration::from_millis(100);
    let mut burst = IntervalStream::new(interval(pace));
    assert_eq!(ready_now(&mut burst), 1);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(ready_now(&mut burst), 10);

    let mut delay = lengths(short(3, End::Complete), pace);
    assert_eq!(ready_now(&mut delay), 1);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(ready_now(&mut delay), 1);
    sleep(pace).await;
    assert_eq!(ready_now(&mut delay), 1);
}

/// backpressure.md: a pace of zero is a panic.
#[tokio::test]
#[should_panic(expected = "`period` must be non-zero.")]
async fn an_interval_of_zero_panics() {
    let _ticks = interval(Duration::ZERO);
}

/// Three streams that nobody reads, and then a unary call on the same connection.
async fn after_three_unread_streams(
    client: impl FnOnce(Endpoint) -> Endpoint,
    streams: usize,
) -> (Network, Vec<Streaming<ReadResponse>>, bool) {
    let service = server(&large(16 << 10));
    let mut network = Network::with(service, Server::builder(), client);
    let mut unreads = Vec::new();
    for _ in 0..streams {
        unreads.push(unread(&mut network).await);
    }
    // The clock is paused: a second passes only if there is nothing that could still happen.
    let asking = network.stub.get_log(get());
    let answered = timeout(Duration::from_secs(1), asking).await.is_ok();
    (network, unreads, answered)
}

/// backpressure.md: with the windows that tonic has by itself, two unread streams harm nobody, and
/// the third one stops every answer on the connection. An error still comes, for it is all headers.
#[tokio::test(start_paused = true)]
async fn three_unread_streams_freeze_the_connection() {
    let (_network, _unread, answered) = after_three_unread_streams(|as_is| as_is, 2).await;
    assert!(answered);

    let (mut network, mut unread, answered) = after_three_unread_streams(|as_is| as_is, 3).await;
    assert!(!answered);
    assert_eq!(network.data(), 5 * MIB);

    let mut request = get();
    request.log = "yesterday".into();
    let status = network
        .stub
        .get_log(request)
        .await
        .expect_err("no such log");
    assert_eq!(status.code(), Code::NotFound);

    // Whoever reads one of them, or drops it, sets everybody free.
    drop(unread.pop());
    let asking = timeout(Duration::from_secs(1), network.stub.get_log(get())).await;
    assert!(asking.expect("it is answered").is_ok());
}

/// backpressure.md: what helps is room on the connection for all the streams that may be unread.
#[tokio::test(start_paused = true)]
async fn windows_that_leave_room_are_the_cure() {
    let larger_connection = |it: Endpoint| it.initial_connection_window_size(16 << 20);
    let (_network, _unread, answered) = after_three_unread_streams(larger_connection, 3).await;
    assert!(answered);

    let smaller_streams = |it: Endpoint| it.initial_stream_window_size(1 << 20);
    let (_network, _unread, answered) = after_three_unread_streams(smaller_streams, 3).await;
    assert!(answered);
    // It is a matter of sums. Five such streams fill the connection again.
    let (_network, _unread, answered) = after_three_unread_streams(smaller_streams, 5).await;
    assert!(!answered);
}

/// backpressure.md: an adaptive window is no cure. It makes one unread stream enough.
#[tokio::test(start_paused = true)]
async fn an_adaptive_window_is_no_cure() {
    let adaptive = |it: Endpoint| it.http2_adaptive_window(true);
    let (network, _unread, answered) = after_three_unread_streams(adaptive, 1).await;
    println!("{} bytes were sent", network.data());
    assert!(!answered);
}

/// backpressure.md: the same over a socket, where the clock is everybody's: a call gets stuck, and
/// comes loose when one of the streams is read.
#[tokio::test]
async fn three_unread_streams_freeze_a_real_connection() {
    let running = Running::start(server(&large(16 << 10))).await;
    let mut stub = running.stub();
    let mut unread = Vec::new();
    for _ in 0..3 {
        unread.push(stub.read(read()).await.expect("it is there").into_inner());
    }
    // Until the window is full, calls are answered.
    let mut call = Box::pin(ask(stub.clone()));
    within("a call that gets stuck", async {
        while timeout(Duration::from_millis(200), &mut call).await.is_ok() {
            call = Box::pin(ask(stub.clone()));
        }
    })
    .await;
    drop(unread.pop());
    within("the call that was stuck", call).await;
}

async fn ask(mut stub: LogServiceClient<Channel>) {
    stub.get_log(get()).await.expect("it is there");
}
