use proto::ticker::v1::ReplayResponse;
use testkit::{Replies, eventually, expect_eq};

use crate::{Ticker, WINDOW, replay_limited, sequences};

const OTHERS: &str = "Three streams wait for callers who do not read, and this call has nothing to \
                      do with them. A stream that waits may hold neither a lock nor a thread.";

/// 2 MiB: many times what fits into a window.
const LIMIT: u32 = 64;

#[tokio::test]
async fn a_unary_call_is_answered() {
    let ticker = Ticker::start().await;
    let stalled = three_stalled(&ticker).await;
    ticker.quote("BULK").await.is_ok(OTHERS);
    ticker.quote("AAPL").await.is_ok(OTHERS);
    drop(stalled);
}

#[tokio::test]
async fn a_fourth_stream_is_sent_whole() {
    let ticker = Ticker::start().await;
    let stalled = three_stalled(&ticker).await;
    let mut fourth = ticker.replay_of(replay_limited("BULK", LIMIT)).await;
    sequences(&mut fourth, 1..=LIMIT.into(), OTHERS).await;
    fourth.ends(OTHERS).await;
    drop(stalled);
}

#[tokio::test]
async fn the_stalled_streams_go_on_where_they_were() {
    let ticker = Ticker::start().await;
    let stalled = three_stalled(&ticker).await;
    ticker.quote("AAPL").await.is_ok(OTHERS);
    let because = "The caller reads again, so the server sends again, from where it was.";
    for mut replay in stalled {
        sequences(&mut replay, 1..=LIMIT.into(), because).await;
        replay.ends(because).await;
    }
    ticker
        .recordings_are_closed("Replay(BULK), three times, to the end", "BULK", 3, because)
        .await;
    expect_eq(
        "connections used for all of it, and one to count them",
        ticker.server.proxy.connections(),
        2,
        "All calls of the test share one connection: that is the point.",
    );
}

/// Three replays, all of which wait until somebody reads.
async fn three_stalled(ticker: &Ticker) -> Vec<Replies<ReplayResponse>> {
    let mut stalled = Vec::new();
    for _ in 0..3 {
        let replay = ticker.replay_of(replay_limited("BULK", LIMIT)).await;
        replay.begins("A stream begins, whatever becomes of others.");
        stalled.push(replay);
    }
    let windows = 3 * u64::from(WINDOW);
    eventually(
        "Replay(BULK, limit 64), three times, not read",
        &format!("{windows} bytes read, enough to fill three windows"),
        "The server sends what the callers have room for.",
        async || ticker.reads("BULK").await,
        |reads| reads.bytes >= windows,
    )
    .await;
    stalled
}
