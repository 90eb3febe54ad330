use tonic::Code;

use crate::{Ticker, replay_limited, sequences};

#[tokio::test]
async fn a_status_comes_after_the_ticks_before_the_break() {
    let ticker = Ticker::start().await;
    let mut replay = ticker.replay("TORN").await;
    sequences(
        &mut replay,
        1..=40,
        "The recording of TORN breaks off after tick 40. What was read before is sent before.",
    )
    .await;
    replay
        .ends_with(
            Code::Unavailable,
            "The recording broke off. A stream that just ends would say that this was all.",
        )
        .await;
}

#[tokio::test]
async fn a_limit_before_the_break_ends_with_ok() {
    let ticker = Ticker::start().await;
    for limit in [7, 40] {
        let mut replay = ticker.replay_of(replay_limited("TORN", limit)).await;
        let because =
            "The caller has all that it asked for, and what comes after is of no concern.";
        sequences(&mut replay, 1..=limit.into(), because).await;
        replay.ends(because).await;
    }
}

#[tokio::test]
async fn a_break_ends_one_call_and_no_other() {
    let ticker = Ticker::start().await;
    let because = "A status ends its own call. The connection and its other calls go on.";
    let mut whole = ticker.replay("AAPL").await;
    sequences(&mut whole, 1..=1, because).await;
    let mut torn = ticker.replay("TORN").await;
    sequences(&mut torn, 1..=40, because).await;
    torn.ends_with(Code::Unavailable, "The recording broke off.")
        .await;
    sequences(&mut whole, 2..=500, because).await;
    whole.ends(because).await;
}
