use futures_util::{StreamExt as _, stream};
use listings::server_streaming::archive::{End, Lines, Log};
use listings::server_streaming::owned::owned;
use listings::server_streaming::read::{from_channel, from_source, unbounded};
use proto::log::v1::{Line, ReadResponse};
use tonic::{Code, Status};

use crate::network::{Network, quiet};
use crate::{Reads, Replies, read, read_to_end, short};

/// Reads a log in a task that belongs to the stream.
pub fn from_owned(
    mut lines: Lines,
) -> impl futures_util::Stream<Item = Result<ReadResponse, Status>> {
    // ANCHOR: owned
    owned(async move |replies| {
        while let Some(line) = lines.next_line().await? {
            let reply = ReadResponse { line: Some(line) };
            if replies.send(reply).await.is_err() {
                break; // nobody reads any more
            }
        }
        Ok(())
    })
    // ANCHOR_END: owned
}

/// A way to make a stream of a log.
type Way = fn(Lines) -> Replies<ReadResponse>;

/// The ways of the pages.
pub const WAYS: [(&str, Way); 4] = [
    ("from_source", |lines| from_source(lines).boxed()),
    ("from_channel", |lines| from_channel(lines, 1).boxed()),
    ("unbounded", |lines| unbounded(lines).boxed()),
    ("owned", |lines| from_owned(lines).boxed()),
];

/// server.md: whichever way a stream is made, the caller gets the same.
#[tokio::test(start_paused = true)]
async fn every_way_gives_every_line_and_then_ok() {
    for (way, how) in WAYS {
        let mut network = Network::new(Reads::by(&short(50, End::Complete), how));
        let replies = network.stub.read(read()).await.expect(way);
        let (lines, end) = read_to_end(replies.into_inner()).await;
        assert_eq!(lines, Vec::from_iter(1..=50), "{way}");
        assert!(end.is_ok(), "{way}");
    }
}

/// server.md: a status after k messages comes after them, in the trailers.
#[tokio::test(start_paused = true)]
async fn a_status_comes_after_the_messages_before_it() {
    for (way, how) in WAYS {
        let mut network = Network::new(Reads::by(&short(3, End::Damaged), how));
        let replies = network.stub.read(read()).await.expect(way);
        let (lines, end) = read_to_end(replies.into_inner()).await;
        assert_eq!(lines, [1, 2, 3], "{way}");
        let status = end.expect_err(way);
        assert_eq!(status.code(), Code::DataLoss, "{way}");
        assert_eq!(status.message(), "the log cannot be read after line 3");
        let trace = network.transcript();
        assert_eq!(trace.matches("← HEADERS").count(), 2, "{trace}");
    }
}

/// server.md: an error before the first message is in one of two places, and a caller must look
/// in both.
#[tokio::test(start_paused = true)]
async fn an_error_before_the_first_message_has_two_places() {
    // The stream's first item: the call succeeds, and the first message is the error.
    let mut network = Network::new(Reads::by(&short(0, End::Damaged), from_source));
    let replies = network.stub.read(read()).await.expect("there is a stream");
    let status = replies.into_inner().message().await;
    assert_eq!(status.expect_err("damaged").code(), Code::DataLoss);
    let trace = network.transcript();
    assert_eq!(trace.matches("← HEADERS").count(), 2, "{trace}");
    // The handler's own error: contract.rs, an_unknown_log_is_not_found_at_once.
}

/// server.md: what comes after an error in a stream is not sent.
#[tokio::test(start_paused = true)]
async fn nothing_comes_after_an_error() {
    let how = |lines| {
        drop(lines);
        let reply = |number| {
            Ok(ReadResponse {
                line: Some(Line {
                    number,
                    ..Line::default()
                }),
            })
        };
        stream::iter([reply(1), Err(Status::data_loss("gone")), reply(2)])
    };
    let mut network = Network::new(Reads::by(&short(0, End::Complete), how));
    let replies = network.stub.read(read()).await.expect("there is a stream");
    let (lines, end) = read_to_end(replies.into_inner()).await;
    assert_eq!(lines, [1]);
    assert_eq!(end.expect_err("it is the end").code(), Code::DataLoss);
}

/// server.md: a stream of its own ends with the call. So does a task that belongs to the stream.
#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_stops_reading() {
    for (way, how) in [WAYS[0], WAYS[3]] {
        let log = Log::on_a_slow_disk(3, 8, End::Complete);
        let mut network = Network::new(Reads::by(&log, how));
        let replies = network.stub.read(read()).await.expect(way);
        quiet().await;
        assert_eq!(*log.readers().borrow(), 1, "{way}");
        drop(replies);
        quiet().await;
        assert_eq!(*log.readers().borrow(), 0, "{way}");
    }
}

/// server.md: a task that was spawned waits for its source though the caller has left, and notices
/// at the next send.
#[tokio::test(start_paused = true)]
async fn a_spawned_producer_outlives_its_caller_until_it_sends() {
    let log = Log::on_a_slow_disk(3, 8, End::Complete);
    let mut network = Network::new(Reads::by(&log, |lines| from_channel(lines, 1)));
    let replies = network.stub.read(read()).await.expect("it is there");
    drop(replies);
    quiet().await;
    assert_eq!(*log.readers().borrow(), 1);
    log.spin();
    quiet().await;
    assert_eq!(*log.readers().borrow(), 0);
}
