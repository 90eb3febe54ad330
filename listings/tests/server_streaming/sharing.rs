use futures_util::{FutureExt as _, StreamExt as _};
use listings::server_streaming::archive::End;
use listings::server_streaming::live::Live;
use listings::server_streaming::server::LogServer;
use listings::server_streaming::tail::tail;
use proto::log::v1::tail_response::Event;
use proto::log::v1::{Line, TailRequest, TailResponse};
use tonic::transport::{Endpoint, Server};
use tonic::{Code, Status};

use crate::network::{Network, quiet};
use crate::{DAY, short};

fn serves(log: &Live) -> LogServer {
    LogServer::new([(DAY, short(1, End::Complete))], log.clone())
}

/// What an event was, in short.
#[derive(Debug, PartialEq)]
enum Heard {
    Line(u64),
    Skipped(u64),
}

fn heard(reply: Result<TailResponse, Status>) -> Heard {
    match reply.expect("it goes on").event.expect("it is set") {
        Event::Line(Line { number, .. }) => Heard::Line(number),
        Event::Skipped(lines) => Heard::Skipped(lines),
    }
}

/// All that a stream has now.
fn heard_now(
    mut replies: impl futures_util::Stream<Item = Result<TailResponse, Status>> + Unpin,
) -> Vec<Heard> {
    std::iter::from_fn(|| replies.next().now_or_never().flatten().map(heard)).collect()
}

/// sharing.md: a line that is written after the headers have come is not missed, though nobody has
/// asked for a message yet.
#[tokio::test(start_paused = true)]
async fn following_begins_before_the_headers_are_sent() {
    let log = Live::new(16);
    let mut network = Network::new(serves(&log));
    let replies = network.stub.tail(TailRequest {}).await.expect("it is open");
    log.write("GET /");
    let mut replies = replies.into_inner();
    let first = replies.message().await.transpose().expect("a line");
    assert_eq!(heard(first), Heard::Line(1));
}

/// sharing.md: the slow one is told how many lines it has missed, and then gets what is kept.
#[tokio::test]
async fn a_follower_who_is_behind_is_told_how_far() {
    let log = Live::new(4);
    let behind = tail(&log);
    for _ in 0..10 {
        log.write("GET /");
    }
    let mut expected = vec![Heard::Skipped(6)];
    expected.extend((7..=10).map(Heard::Line));
    assert_eq!(heard_now(behind), expected);
}

/// sharing.md: tokio rounds what is kept up to a power of two.
#[tokio::test]
async fn the_number_of_kept_lines_is_rounded_up() {
    let log = Live::new(5);
    let behind = tail(&log);
    for _ in 0..10 {
        log.write("GET /");
    }
    assert_eq!(heard_now(behind).first(), Some(&Heard::Skipped(2)));
}

/// sharing.md: one who does not read delays nobody, and notices nothing for as long as the window
/// lasts.
#[tokio::test(start_paused = true)]
async fn one_who_does_not_read_delays_nobody() {
    const LINES: u64 = 10_000;
    let log = Live::new(256);
    let mut network = Network::new(serves(&log));
    let slow = network.stub.tail(TailRequest {}).await.expect("open");
    let mut other = Network::new(serves(&log));
    let fast = other.stub.tail(TailRequest {}).await.expect("open");

    // The fast one sees each line before the next is written.
    let mut fast = fast.into_inner();
    let text = "GET /".repeat(60); // 300 bytes
    for number in 1..=LINES {
        log.write(&text);
        let line = fast.message().await.transpose().expect("a line");
        assert_eq!(heard(line), Heard::Line(number));
    }
    log.close();
    quiet().await;

    let mut slow = slow.into_inner();
    let (mut lines, mut skipped, mut gaps) = (0, 0, 0);
    let mut next = 1;
    while let Some(reply) = slow.message().await.expect("it ends well") {
        match heard(Ok(reply)) {
            Heard::Line(number) => {
                assert_eq!(number, next, "each line is sent, or counted as left out");
                (lines, next) = (lines + 1, number + 1);
            }
            Heard::Skipped(left_out) => {
                (skipped, gaps, next) = (skipped + left_out, gaps + 1, next + left_out);
            }
        }
    }
    println!("{LINES} lines of 300 bytes: {lines} were sent, {skipped} left out, in {gaps} gap");
    assert_eq!(lines + skipped, LINES);
    assert_eq!(gaps, 1);
    // A window of 2 MiB at 314 bytes a message, what the log keeps, and two buffers of tonic's.
    assert!((6_678..=6_678 + 256 + 210).contains(&lines), "{lines}");
}

/// backpressure.md: a client of tonic's that leaves very many small messages unread ends the connection,
/// with every call on it.
#[tokio::test(start_paused = true)]
async fn many_small_messages_unread_end_the_connection() {
    let log = Live::new(256);
    let mut network = Network::new(serves(&log));
    let unread = network.stub.tail(TailRequest {}).await.expect("open");
    let another = network.stub.tail(TailRequest {}).await.expect("open");
    let mut another = another.into_inner();
    let mut messages = 0;
    let status = loop {
        log.write("GET /");
        match another.message().await {
            Ok(_line) => messages += 1,
            Err(status) => break status,
        }
    };
    println!(
        "after {messages} messages, {} bytes: {}",
        network.data() / 2,
        status.code()
    );
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!((10_900..11_100).contains(&messages), "{messages}");
    // It was the client's side that ended it, with less than a tenth of the window used.
    let connection = network.recording().connection().to_string();
    assert!(connection.contains("→ GOAWAY"), "{connection}");
    assert!(connection.contains("too_many_data_frames"), "{connection}");
    // What had come can still be read. Then the other one learns of it too.
    let mut unread = unread.into_inner();
    let mut lines = 0;
    let status = loop {
        match unread.message().await {
            Ok(_line) => lines += 1,
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(lines >= messages, "{lines}");
}

/// backpressure.md: a smaller window stops the sender before there are too many.
#[tokio::test(start_paused = true)]
async fn a_small_window_keeps_the_connection() {
    let log = Live::new(256);
    let small = |it: Endpoint| it.initial_stream_window_size(64 << 10);
    let mut network = Network::with(serves(&log), Server::builder(), small);
    let unread = network.stub.tail(TailRequest {}).await.expect("open");
    let another = network.stub.tail(TailRequest {}).await.expect("open");
    let mut another = another.into_inner();
    for _ in 0..12_000 {
        log.write("GET /");
        assert!(another.message().await.expect("it goes on").is_some());
    }
    drop(unread);
}

/// sharing.md: when the log is closed, whoever is behind gets what is kept, and then OK.
#[tokio::test]
async fn the_end_comes_after_what_is_kept() {
    let log = Live::new(4);
    let behind = tail(&log);
    log.write("GET /");
    log.close();
    let all: Vec<_> = behind.map(heard).collect().await;
    assert_eq!(all, [Heard::Line(1)]);
    assert!(
        heard_now(tail(&log)).is_empty(),
        "a closed log ends at once"
    );
}

/// sharing.md: a follower who leaves is no follower.
#[tokio::test(start_paused = true)]
async fn who_leaves_is_forgotten() {
    let log = Live::new(4);
    let mut network = Network::new(serves(&log));
    let replies = network.stub.tail(TailRequest {}).await.expect("open");
    assert_eq!(log.followers(), 1);
    drop(replies);
    quiet().await;
    assert_eq!(log.followers(), 0);
    log.write("nobody reads this, which is no error");
}
