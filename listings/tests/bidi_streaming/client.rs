use std::io::Cursor;

use futures_util::StreamExt as _;
use listings::bidi_streaming::client::{attend, bid, bid_up_to, lines};
use listings::bidi_streaming::room::Room;
use testkit::within;

use crate::{Attendee, Running};

/// client.md: two bidders with limits. The one with the higher limit buys.
#[tokio::test]
async fn the_higher_limit_buys() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let ann = tokio::spawn(bid_up_to(running.bidder(), "clock".into(), 5_000));
    let ben = tokio::spawn(bid_up_to(running.bidder(), "clock".into(), 3_000));
    let mut board = room.watch();
    let outbid = board.wait_for(|board| board.present == 2 && board.amount_cents > 3_000);
    within("a bid that Ben does not make", outbid)
        .await
        .expect("the room is there");
    room.hammer();
    let (ann, ben) = within("both ends", async { (ann.await, ben.await) }).await;
    let ann = ann.expect("no panic").expect("OK");
    let ben = ben.expect("no panic").expect("OK");
    assert_eq!(ann.leader, ann.your_paddle);
    assert_eq!(ben.leader, ann.your_paddle);
    assert_eq!(ann.amount_cents, ben.amount_cents);
}

/// client.md: when the input ends, this client half-closes and goes on watching.
#[tokio::test]
async fn the_end_of_the_input_is_a_half_close() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let typed = lines(Cursor::new("200\n500\n")).filter_map(async |line| line.ok()?.parse().ok());
    let watching = tokio::spawn(attend(running.bidder(), "clock", typed, |_board| {}));
    let mut board = room.watch();
    let typed = board.wait_for(|board| board.amount_cents == 500);
    within("the typed bid", typed)
        .await
        .expect("the room is there");
    // It still hears what another one does after the end of its own stream.
    let mut ben = Attendee::enter(&mut running.bidder()).await;
    ben.send(bid(900)).await;
    ben.board_where(|board| board.amount_cents == 900).await;
    room.hammer();
    let last = within("the end of the auction", watching).await;
    let last = last.expect("no panic").expect("OK");
    assert_eq!((last.amount_cents, last.sold), (900, true));
}

/// client.md: what is typed comes in order, and then the end of the input.
#[tokio::test]
async fn lines_come_in_order_and_then_the_end() {
    let typed = lines(Cursor::new("a\nb\nc\n"));
    let typed = within("three lines", typed.collect::<Vec<_>>()).await;
    let typed: Vec<_> = typed.into_iter().map(Result::unwrap).collect();
    assert_eq!(typed, ["a", "b", "c"]);
}

/// client.md: an input that cannot be read is an error, and not the end of it.
#[tokio::test]
async fn a_line_that_is_not_text_is_an_error() {
    let typed = lines(Cursor::new(b"a\n\xff\nc\n"));
    let typed = within("a line and an error", typed.collect::<Vec<_>>()).await;
    assert!(matches!(&typed[..], [Ok(a), Err(_)] if a == "a"));
}
