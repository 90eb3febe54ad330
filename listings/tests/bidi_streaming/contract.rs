use listings::bidi_streaming::client::bid;
use listings::bidi_streaming::room::Room;
use testkit::{eventually, within};

use crate::{Attendee, Running};

/// contract.md: one visit, from enter to the hammer, is two streams of messages in one stream of
/// HTTP/2. server.md: a half-close is END_STREAM on an empty DATA frame, and nothing else.
#[tokio::test]
async fn one_visit_on_the_wire() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let mut ann = Attendee::enter(&mut running.bidder()).await;
    assert_eq!(ann.board().await.amount_cents, 0);
    ann.send(bid(3_000)).await;
    assert_eq!(ann.board().await.amount_cents, 3_000);

    let Attendee {
        requests,
        mut boards,
    } = ann;
    drop(requests);
    eventually(
        "a sender that is dropped",
        "an empty DATA frame with END_STREAM",
        "that is what a half-close is",
        async || half_closes(&running.proxy.transcript()),
        |frames| *frames == 1,
    )
    .await;

    room.hammer();
    let last = within("the last board", boards.message()).await;
    assert!(last.expect("the call goes on").expect("a board").sold);
    let end = within("the end of the call", boards.message()).await;
    assert_eq!(end.expect("the call ends with OK"), None);

    let trace = running.proxy.transcript();
    println!("{trace}");
    assert_eq!(trace.matches("on the wire, stream").count(), 1);
    assert_eq!(trace.matches("← HEADERS").count(), 2);
    assert!(!trace.contains("RST_STREAM"));
}

fn half_closes(trace: &str) -> usize {
    let ends = |line: &&str| line.starts_with("→ DATA") && line.ends_with("ms  END_STREAM");
    trace.lines().filter(ends).count()
}
