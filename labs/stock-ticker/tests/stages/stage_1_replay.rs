use proto::ticker::v1::ReplayResponse;
use testkit::expect_eq;
use tonic::Code;

use crate::{Ticker, replay_limited, sequences, whole_replay};

#[tokio::test]
async fn answers_the_last_tick_of_a_recording() {
    let ticker = Ticker::start().await;
    let quote = ticker.quote("AAPL").await.is_ok("AAPL has been traded.");
    let sequence = quote.tick.map(|tick| tick.sequence);
    expect_eq(
        "the sequence number of the tick in GetQuote(AAPL)",
        sequence,
        Some(500),
        "GetQuote answers the last tick of the symbol's recording.",
    );
}

#[tokio::test]
async fn sends_every_tick_in_order_and_ends_with_ok() {
    let ticker = Ticker::start().await;
    let call = "Replay(AAPL), no limit".to_owned();
    let mut replay = ticker.replay_called(call, whole_replay("AAPL"), None).await;
    sequences(
        &mut replay,
        1..=499,
        "A limit that is not set is 0, and stands for all ticks, in the order in which they were \
         recorded.",
    )
    .await;
    let quote = ticker.quote("AAPL").await.is_ok("AAPL has been traded.");
    let last = ReplayResponse { tick: quote.tick };
    replay
        .is(last, "The last tick of a replay is what GetQuote answers.")
        .await;
    replay
        .ends("After the last tick the stream ends, and the call with OK.")
        .await;
}

#[tokio::test]
async fn sends_no_more_than_the_limit() {
    let ticker = Ticker::start().await;
    for (limit, expected) in [(1, 1), (3, 3), (500, 500), (501, 500), (u32::MAX, 500)] {
        let mut replay = ticker.replay_of(replay_limited("AAPL", limit)).await;
        let because = "A limit of N stands for at most N ticks, and AAPL has 500.";
        sequences(&mut replay, 1..=expected, because).await;
        replay.ends(because).await;
    }
}

#[tokio::test]
async fn a_recording_without_a_tick_is_an_empty_stream() {
    let ticker = Ticker::start().await;
    let mut replay = ticker.replay("NEWCO").await;
    replay
        .ends("NEWCO exists and has never been traded: no ticks, and nothing wrong.")
        .await;
}

#[tokio::test]
async fn a_symbol_that_does_not_exist_is_not_found() {
    let ticker = Ticker::start().await;
    let because = "There is no such symbol, and a stream without a tick would say that there is.";
    ticker.quote("APPL").await.is_error(Code::NotFound, because);
    let mut replay = ticker.replay("APPL").await;
    replay.ends_with(Code::NotFound, because).await;
}

#[tokio::test]
async fn every_caller_has_a_replay_of_its_own() {
    let ticker = Ticker::start().await;
    let because = "Each call begins at the first tick, whoever else is reading.";
    let mut one = ticker.replay_of(replay_limited("AAPL", 4)).await;
    sequences(&mut one, 1..=2, because).await;
    let mut other = ticker.replay_of(replay_limited("AAPL", 3)).await;
    sequences(&mut other, 1..=3, because).await;
    sequences(&mut one, 3..=4, because).await;
    one.ends(because).await;
    other.ends(because).await;
}
