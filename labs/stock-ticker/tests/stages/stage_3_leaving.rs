use proto::ticker::v1::{CountReadsResponse, ReplayResponse};
use testkit::{Replies, eventually, expect_at_most};

use crate::{HELD_BY_SERVER, Ticker, sequences};

const GONE: &str = "The caller has left. Nobody wants the rest, and an open recording costs: drop \
                    it when the call ends, however it ends.";

const IN_ORDER: &str = "The ticks come in order.";

#[tokio::test]
async fn a_caller_who_leaves_closes_the_recording() {
    let ticker = Ticker::start().await;
    let (replay, before) = three_ticks(&ticker).await;
    drop(replay);
    let call = "Replay(BULK), given up by the caller after 3 ticks";
    the_reading_stops(&ticker, call, before).await;
}

#[tokio::test]
async fn a_cut_connection_closes_the_recording() {
    let ticker = Ticker::start().await;
    let (replay, before) = three_ticks(&ticker).await;
    ticker.server.proxy.cut();
    let ticker = ticker.reconnect();
    let call = "Replay(BULK), its connection cut after 3 ticks";
    the_reading_stops(&ticker, call, before).await;
    drop(replay);
}

#[tokio::test]
async fn one_who_leaves_takes_nothing_from_another() {
    let ticker = Ticker::start().await;
    let mut stays = ticker.replay("BULK").await;
    sequences(&mut stays, 1..=3, IN_ORDER).await;
    let mut leaves = ticker.replay("BULK").await;
    sequences(&mut leaves, 1..=3, IN_ORDER).await;
    drop(leaves);
    eventually(
        "Replay(BULK), twice, one of them given up by its caller",
        "a recording that is closed",
        GONE,
        async || ticker.reads("BULK").await,
        |reads| reads.closed > 0,
    )
    .await;
    let because = "Somebody else has left, and not this caller.";
    sequences(&mut stays, 4..=40, because).await;
}

/// A replay of which three ticks are read, and then no more: and how much was read for it.
async fn three_ticks(ticker: &Ticker) -> (Replies<ReplayResponse>, CountReadsResponse) {
    let mut replay = ticker.replay("BULK").await;
    sequences(&mut replay, 1..=3, IN_ORDER).await;
    (replay, ticker.reads_stand_still("BULK").await)
}

/// Once the recording is closed nobody can read it, so the count at that moment is the last.
async fn the_reading_stops(ticker: &Ticker, call: &str, before: CountReadsResponse) {
    ticker.recordings_are_closed(call, "BULK", 1, GONE).await;
    let reads = ticker.reads("BULK").await;
    expect_at_most(
        &format!("bytes read after: {call}"),
        reads.bytes - before.bytes,
        HELD_BY_SERVER,
        "The recording was read on, to its end, although nobody was there. A send that fails says \
         that the caller has gone: it must end the loop.",
    );
}
