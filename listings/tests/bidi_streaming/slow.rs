use std::sync::Arc;

use listings::bidi_streaming::client::bid;
use listings::bidi_streaming::room::Room;
use proto::auction::v1::EchoRequest;
use testkit::within;
use tokio::sync::{Semaphore, TryAcquireError, broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use crate::deadlock::Reluctant;
use crate::{Attendee, Running};

/// slow.md: one who does not read delays nobody, and finds the newest board when it reads again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_does_not_read_delays_nobody() {
    const BIDS: i64 = 2_000;
    let running = Running::auction(&Room::default()).await;
    let mut slow = Attendee::enter(&mut running.bidder()).await;
    let mut ann = Attendee::enter(&mut running.bidder()).await;
    for amount_cents in 1..=BIDS {
        ann.send(bid(amount_cents)).await;
    }
    ann.board_where(|board| board.amount_cents == BIDS).await;

    let mut before = -1;
    let newest = slow
        .board_where(|board| {
            assert!(board.amount_cents >= before, "older than the one before");
            before = board.amount_cents;
            board.amount_cents == BIDS
        })
        .await;
    assert_eq!(newest.amount_cents, BIDS);
}

/// slow.md: tokio's broadcast drops the oldest and tells whoever missed it how many.
// ANCHOR: tell
#[test]
fn a_broadcast_tells_the_slow_one_what_it_missed() {
    let (speaker, mut slow) = broadcast::channel(4);
    for number in 0..10 {
        assert!(speaker.send(number).is_ok());
    }
    let missed = broadcast::error::TryRecvError::Lagged(6);
    assert_eq!(slow.try_recv(), Err(missed));
    assert_eq!(slow.try_recv(), Ok(6));
}
// ANCHOR_END: tell

/// slow.md: a semaphore with a permit for each byte. A permit travels with what it is for, and
/// goes back when that is dropped.
// ANCHOR: bytes
#[test]
fn a_backlog_is_counted_in_bytes() {
    let room_left = Arc::new(Semaphore::new(1 << 20));
    let (queue, mut queued) = mpsc::unbounded_channel();
    let put = |picture: Vec<u8>| {
        let bytes = u32::try_from(picture.len()).expect("it is at most 64 KiB");
        let permit = Arc::clone(&room_left).try_acquire_many_owned(bytes)?;
        queue
            .send((picture, permit))
            .expect("somebody holds the other end");
        Ok::<_, TryAcquireError>(())
    };
    for _ in 0..16 {
        assert!(put(vec![0; 64 << 10]).is_ok());
    }
    assert!(put(vec![0]).is_err()); // 16 pictures are a mebibyte
    drop(queued.try_recv());
    assert!(put(vec![0; 64 << 10]).is_ok());
}
// ANCHOR_END: bytes

/// slow.md: very many small requests that the server does not read end the whole connection, long
/// before a window is full. HTTP/2's library counts frames as well as bytes.
#[tokio::test]
async fn many_small_requests_unread_end_the_connection() {
    let (server, _read) = Reluctant::new();
    let running = Running::echo(server).await;
    let mut stub = running.echoer();
    let (requests, outbound) = mpsc::channel(1);
    let response = within("Echo", stub.echo(ReceiverStream::new(outbound))).await;
    let mut responses = response.expect("an echo answers").into_inner();
    let mut sent = 0;
    loop {
        let request = EchoRequest { data: vec![1] };
        if within("a request", requests.send(request)).await.is_err() {
            break;
        }
        sent += 1;
    }
    let end = within("the end of the call", responses.message()).await;
    assert!(end.is_err());
    // Each frame of 8 bytes is charged 248 for what it lacks of 256, and half a window is 512 KiB.
    assert!((2_000..10_000).contains(&sent), "{sent} messages");
    let trace = running.proxy.transcript();
    assert!(
        trace.contains("← GOAWAY") && trace.contains("ENHANCE_YOUR_CALM"),
        "{trace}"
    );
}
