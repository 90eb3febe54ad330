use proto::ticker::v1::{Ending, WatchResponse};
use testkit::{Replies, expect_eq};
use tonic::Code;

use crate::{Ticker, every_tick, sequences};

#[tokio::test]
async fn a_panic_in_a_recording_is_internal() {
    let ticker = Ticker::start().await;
    let mut replay = ticker.replay("MOULD").await;
    let because = "The recording of MOULD is damaged after tick 5, and reading on panics. The \
                   ticks before are sound, and the rest must not seem to be missing by right.";
    sequences(&mut replay, 1..=5, because).await;
    replay.ends_with(Code::Internal, because).await;
}

#[tokio::test]
async fn the_server_lives_on_after_a_panic() {
    let ticker = Ticker::start().await;
    let because = "One call's bug is not the next caller's problem.";
    for _ in 0..3 {
        let mut replay = ticker.replay("MOULD").await;
        sequences(&mut replay, 1..=5, because).await;
        replay.fails(because).await;
    }
    ticker.somebody_else_is_served().await;
    ticker
        .recordings_are_closed(
            "Replay(MOULD), three times",
            "MOULD",
            3,
            "A panic ends the call, and the recording with it.",
        )
        .await;
}

#[tokio::test]
async fn when_the_exchange_closes_every_watch_ends_with_ok() {
    let ticker = Ticker::start().await;
    for mut watch in three_that_watch_the_end(&ticker, Ending::Closed).await {
        watch
            .ends("The exchange has closed in good order, after the last tick.")
            .await;
    }
}

#[tokio::test]
async fn when_the_line_breaks_every_watch_is_unavailable() {
    let ticker = Ticker::start().await;
    for mut watch in three_that_watch_the_end(&ticker, Ending::Broken).await {
        watch
            .ends_with(
                Code::Unavailable,
                "The line to the exchange broke: there may be more ticks, and nobody sees them.",
            )
            .await;
    }
}

#[tokio::test]
async fn when_the_producer_panics_no_watch_ends_with_ok() {
    let ticker = Ticker::start().await;
    for mut watch in three_that_watch_the_end(&ticker, Ending::Panic).await {
        watch
            .fails(
                "The task that read the line has died of a panic, and whoever watches is to be \
                 told. A channel whose last sender died with the task looks like an end: OK has to \
                 be said, not concluded. If something else still holds a sender, the channel is \
                 open, and whoever watches waits for ever: what ends the feed must be told of the \
                 panic.",
            )
            .await;
    }
}

#[tokio::test]
async fn a_caller_who_is_behind_is_told_how_it_ended_after_what_it_has_to_read() {
    let ticker = Ticker::start().await;
    let mut watch = ticker.watching("AAPL").await;
    let last = ticker.trade("AAPL", 20).await;
    ticker.end_trading("AAPL", Ending::Broken).await;
    let because = "The line broke after these ticks, and so does the stream.";
    every_tick(&mut watch, 1..=last, because).await;
    watch.ends_with(Code::Unavailable, because).await;
}

#[tokio::test]
async fn a_later_watch_has_a_new_line() {
    let ticker = Ticker::start().await;
    let because = "One line has ended. Who watches from now on has a new one.";
    for (ending, lines) in [
        (Ending::Closed, 1),
        (Ending::Broken, 2),
        (Ending::Panic, 3),
        (Ending::Panic, 4),
    ] {
        let mut watch = ticker.watching("AAPL").await;
        let last = ticker.trade("AAPL", 1).await;
        every_tick(&mut watch, [last], because).await;
        ticker.end_trading("AAPL", ending).await;
        if ending == Ending::Closed {
            watch.ends("The exchange has closed.").await;
        } else {
            watch.fails("The line has not ended in good order.").await;
        }
        let opened = ticker.lines("AAPL").await.opened;
        expect_eq(
            "lines to the exchange opened so far",
            opened,
            lines,
            because,
        );
    }
    ticker
        .no_line_is_open("Watch(AAPL), four times, each until its line ended", "AAPL")
        .await;
}

/// Three callers who watch AAPL, have seen its ticks, and are to be told how it ended.
async fn three_that_watch_the_end(ticker: &Ticker, ending: Ending) -> Vec<Replies<WatchResponse>> {
    let mut watches = Vec::new();
    for _ in 0..3 {
        watches.push(ticker.watching("AAPL").await);
    }
    let last = ticker.trade("AAPL", 5).await;
    ticker.end_trading("AAPL", ending).await;
    for watch in &mut watches {
        every_tick(watch, 1..=last, "These ticks were before the end.").await;
    }
    watches
}
