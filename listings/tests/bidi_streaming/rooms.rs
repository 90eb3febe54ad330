use futures_util::FutureExt as _;
use listings::bidi_streaming::client::bid;
use listings::bidi_streaming::hall::Hall;
use listings::bidi_streaming::room::Room;
use testkit::within;
use tokio::task::JoinSet;

use crate::{Attendee, Running};

/// rooms.md: under a lock that is held while somebody is waited for, one slow listener stops
/// every speaker, and so every listener.
// ANCHOR: under_lock
#[test]
fn a_slow_listener_under_a_lock_stops_everybody() {
    let hall = Hall::default();
    let _slow = hall.join(1).now_or_never().unwrap();
    let mut quick = hall.join(8).now_or_never().unwrap();
    assert!(hall.say_under_lock("one").now_or_never().is_some());

    let mut ann = Box::pin(hall.say_under_lock("two"));
    let mut ben = Box::pin(hall.say_under_lock("three"));
    assert!((&mut ann).now_or_never().is_none()); // waits for the slow one
    assert!((&mut ben).now_or_never().is_none()); // waits for the lock
    assert_eq!(quick.try_recv(), Ok("one"));
    assert!(quick.try_recv().is_err()); // and has done nothing wrong
}
// ANCHOR_END: under_lock

/// rooms.md: when speakers wait for listeners outside a lock, two listeners may hear two orders.
// ANCHOR: after_lock
#[test]
fn without_a_lock_two_listeners_hear_two_orders() {
    let hall = Hall::default();
    let mut quick = hall.join(8).now_or_never().unwrap();
    let mut slow = hall.join(2).now_or_never().unwrap();
    for text in ["good evening", "welcome"] {
        assert!(hall.say_after_lock(text).now_or_never().is_some());
    }
    let mut ann = Box::pin(hall.say_after_lock("ann"));
    let mut ben = Box::pin(hall.say_after_lock("ben"));
    assert!((&mut ann).now_or_never().is_none()); // the quick one has heard Ann,
    assert!((&mut ben).now_or_never().is_none()); // and then Ben
    for text in ["good evening", "welcome"] {
        assert_eq!(slow.try_recv(), Ok(text)); // there is room for both now,
    }
    assert!(ben.now_or_never().is_some()); // and Ben's task happens to run first
    assert!(ann.now_or_never().is_some());
    let heard = [
        quick.try_recv(),
        quick.try_recv(),
        quick.try_recv(),
        quick.try_recv(),
    ];
    assert_eq!(heard[2..], [Ok("ann"), Ok("ben")]);
    assert_eq!([slow.try_recv(), slow.try_recv()], [Ok("ben"), Ok("ann")]);
}
// ANCHOR_END: after_lock

/// rooms.md: a paddle belongs to a call. Two calls on one connection have two.
#[tokio::test]
async fn two_members_on_one_connection_are_two_people() {
    let running = Running::auction(&Room::default()).await;
    let mut stub = running.bidder();
    let mut ann = Attendee::enter(&mut stub).await;
    let mut ben = Attendee::enter(&mut stub).await;
    assert_eq!(running.proxy.connections(), 1);
    let ann_paddle = ann.board().await.your_paddle;
    ben.send(bid(100)).await;
    let seen = ann.board_where(|board| board.amount_cents == 100).await;
    assert_ne!(seen.leader, ann_paddle);
    let seen = ben.board_where(|board| board.amount_cents == 100).await;
    assert_eq!(seen.leader, seen.your_paddle);
}

/// rooms.md: of equal bids the first one wins, and everybody sees the same winner.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_the_same_winner() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let mut bidding = JoinSet::new();
    for _ in 0..10 {
        let mut attendee = Attendee::enter(&mut running.bidder()).await;
        bidding.spawn(async move {
            for amount_cents in 1..=50 {
                attendee.send(bid(amount_cents)).await;
            }
            attendee.board_where(|board| board.amount_cents == 50).await;
            attendee
        });
    }
    let attendees = within("fifty bids from each of ten", bidding.join_all()).await;
    room.hammer();
    let mut winners = Vec::new();
    for mut attendee in attendees {
        let last = attendee.board_where(|board| board.sold).await;
        winners.push((last.leader, last.amount_cents));
    }
    assert_eq!(winners, [winners[0]; 10]);
}
