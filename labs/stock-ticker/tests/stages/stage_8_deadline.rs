use std::time::Duration;

use tonic::Code;

use crate::{Ticker, replay_limited, replay_paced, sequences, show_replay, whole_replay};

const TIME_IS_UP: &str = "The header grpc-timeout limits the whole call, to its last message. \
                          tonic's server keeps to it until the response's headers, and no longer: \
                          the rest is yours.";

/// How long the callers wait. tonic keeps to it too until the response's headers come, on either
/// side, and ends a call that is later with CANCELLED: so it is long enough for a busy machine, and
/// each test begins over a connection that stands.
const TIMEOUT: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_replay_ends_at_the_callers_deadline() {
    let ticker = connected().await;
    // It would take three seconds. Each single tick comes well within the limit.
    let request = replay_paced("BULK", 60, Duration::from_millis(50));
    let mut replay = ticker.replay_until(request, Some(TIMEOUT)).await;
    replay.rest(60, TIME_IS_UP).await;
    replay.ends_at_the_deadline(TIME_IS_UP).await;
    ticker
        .recordings_are_closed(
            "Replay(BULK), whose time was up",
            "BULK",
            1,
            "Nobody waits for the rest, so nobody is to read it.",
        )
        .await;
}

#[tokio::test]
async fn a_silent_watch_ends_at_the_callers_deadline() {
    let ticker = connected().await;
    let mut watch = ticker.watch_until("AAPL", Some(TIMEOUT)).await;
    watch.ends_at_the_deadline(TIME_IS_UP).await;
    ticker
        .no_line_is_open("Watch(AAPL), whose time was up", "AAPL")
        .await;
}

#[tokio::test]
async fn replies_that_are_always_ready_do_not_outrun_the_deadline() {
    let ticker = connected().await;
    let request = replay_limited("BULK", 64);
    let call = show_replay(&request, Some(TIMEOUT)) + ", not read until the time is over";
    let mut replay = ticker.replay_called(call, request, Some(TIMEOUT)).await;
    // The server has had the request by now, so its time is over before this is.
    replay.begins("The symbol exists, and the time is not up yet.");
    tokio::time::sleep(TIMEOUT + Duration::from_millis(300)).await;
    let because = "The time is over, and a reply was always ready: a clock that is asked after \
                   the replies was never asked. Ask it first.";
    replay.rest(64, because).await;
    replay.ends_at_the_deadline(because).await;
}

#[tokio::test]
async fn a_call_that_is_quick_enough_is_not_disturbed() {
    let ticker = Ticker::start().await;
    let because = "The caller's time is not nearly up.";
    let timeout = Some(Duration::from_secs(60));
    let mut replay = ticker.replay_until(whole_replay("AAPL"), timeout).await;
    sequences(&mut replay, 1..=500, because).await;
    replay.ends(because).await;
    let mut torn = ticker.replay_until(whole_replay("TORN"), timeout).await;
    sequences(&mut torn, 1..=40, because).await;
    torn.ends_with(Code::Unavailable, because).await;
}

/// A ticker that has answered a call already.
async fn connected() -> Ticker {
    let ticker = Ticker::start().await;
    ticker.somebody_else_is_served().await;
    ticker
}
