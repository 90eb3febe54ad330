use std::time::{Duration, Instant};

use proto::ticker::v1::{CountReadsResponse, ReplayRequest, ReplayResponse};
use testkit::{Replies, expect_at_most, expect_eq};
use tonic::Code;

use crate::{HELD_BY_SERVER, Ticker, WINDOW, replay_paced, sequences, whole_replay};

/// Much longer than any test: whoever waits for it waits in vain.
const AN_HOUR: Duration = Duration::from_secs(60 * 60);

const FIRST_TICK: &str = "The first tick has nothing to wait for. If it does not come, a pause was \
                          put before it, or the thread that would have sent it is asleep.";

/// What may have been read of a recording for a caller who reads nothing.
const UNREAD: u64 = WINDOW as u64 + HELD_BY_SERVER;

#[tokio::test]
async fn an_unread_stream_stops_the_reading() {
    let ticker = Ticker::start().await;
    let replay = unread(&ticker, whole_replay("BULK")).await;
    let reads = standing_still(&ticker).await;
    expect_eq(
        "recordings open for: Replay(BULK), of which the caller reads nothing",
        reads.open,
        1,
        "The caller may still read on, and there is much more in the recording.",
    );
    drop(replay);
}

#[tokio::test]
async fn an_unread_stream_costs_little_memory() {
    // What else a program may come to need in the mean time, whatever its language: threads,
    // a garbage collector's reserves. The recording has 64 MiB.
    const RUNTIME: u64 = 24 << 20;

    let ticker = Ticker::start().await;
    ticker.somebody_else_is_served().await;
    let before = ticker.server.program.resident_memory();
    let replay = unread(&ticker, whole_replay("BULK")).await;
    ticker.reads_stand_still("BULK").await;
    let after = ticker.server.program.resident_memory();
    // Not to be had on every system.
    if let (Ok(before), Ok(after)) = (before, after) {
        expect_at_most(
            "memory taken for: Replay(BULK), of which the caller reads nothing",
            after.saturating_sub(before),
            UNREAD + RUNTIME,
            "The recording is in the server's memory, because one caller does not read it. A \
             hundred such callers, and there is no server.",
        );
    }
    drop(replay);
}

#[tokio::test]
async fn a_stream_that_is_read_again_is_complete() {
    let ticker = Ticker::start().await;
    let limited = ReplayRequest {
        limit: 64,
        ..whole_replay("BULK")
    };
    let mut replay = unread(&ticker, limited).await;
    standing_still(&ticker).await;
    let because = "A caller who was slow gets every tick none the less.";
    sequences(&mut replay, 1..=64, because).await;
    replay.ends(because).await;
}

#[tokio::test]
async fn keeps_the_interval_between_ticks() {
    let ticker = Ticker::start().await;
    let began = Instant::now();
    let interval = Duration::from_millis(40);
    let mut replay = ticker.replay_of(replay_paced("AAPL", 6, interval)).await;
    sequences(&mut replay, 1..=6, "The ticks come in order.").await;
    let took = began.elapsed();
    if took < 5 * interval {
        expect_eq(
            "Replay(AAPL, limit 6, interval 0.040s)",
            format!("all of them within {took:?}"),
            "200ms or more".to_owned(),
            "Six ticks have five intervals between them.",
        );
    }
    replay.ends("Six ticks were asked for.").await;
}

#[tokio::test]
async fn a_caller_who_did_not_read_gets_no_burst() {
    let ticker = Ticker::start().await;
    let interval = Duration::from_millis(20);
    let mut replay = ticker.replay_of(replay_paced("BULK", 0, interval)).await;
    sequences(&mut replay, 1..=1, "The ticks come in order.").await;
    // The windows are full after two ticks and the server's buffers after a few more. A shorter
    // stall, on a busy machine, would only make a wrong server look right.
    tokio::time::sleep(Duration::from_millis(800)).await;
    sequences(
        &mut replay,
        2..=26,
        "A caller who was slow gets every tick.",
    )
    .await;
    let reads = ticker.reads("BULK").await;
    // By rights there are six: at 0, 20, 40, 60, 80 and 100 ms. A few more may come together
    // where the server itself was kept from running.
    if reads.most_within_100_ms > 10 {
        expect_eq(
            "Replay(BULK, interval 0.020s), not read for 800 ms and then read again",
            format!("{} ticks within 100 ms", reads.most_within_100_ms),
            "about 6 ticks within any 100 ms, 10 at the very most".to_owned(),
            "The time in which nobody read is over: what would have been sent then is not made up \
             for in a burst.",
        );
    }
}

#[tokio::test]
async fn a_caller_who_leaves_between_two_ticks_closes_the_recording() {
    let ticker = Ticker::start().await;
    let mut replay = ticker.replay_of(replay_paced("AAPL", 0, AN_HOUR)).await;
    sequences(&mut replay, 1..=1, FIRST_TICK).await;
    drop(replay);
    ticker
        .recordings_are_closed(
            "Replay(AAPL, interval 3600s), given up by the caller after 1 tick",
            "AAPL",
            1,
            "The caller has left. Whoever waits for the next tick's time must notice that too.",
        )
        .await;
}

#[tokio::test]
async fn an_interval_delays_nobody_else() {
    let ticker = Ticker::start().await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut replay = ticker.replay_of(replay_paced("AAPL", 0, AN_HOUR)).await;
        sequences(&mut replay, 1..=1, FIRST_TICK).await;
        waiting.push(replay);
    }
    ticker.quote("AAPL").await.is_ok(
        "Three streams wait for their next tick's time, and this call has nothing to do with them. \
         Never block the thread: sleep by awaiting.",
    );
}

#[tokio::test]
async fn a_negative_interval_is_invalid_argument() {
    let ticker = Ticker::start().await;
    let mut request = whole_replay("AAPL");
    request.interval = Some(prost_types::Duration {
        seconds: -1,
        nanos: 0,
    });
    let mut replay = ticker.replay_of(request).await;
    replay
        .ends_with(
            Code::InvalidArgument,
            "A protobuf Duration may be negative, and an interval may not.",
        )
        .await;
}

/// A replay that the server has begun, and of which the caller reads nothing.
async fn unread(ticker: &Ticker, request: ReplayRequest) -> Replies<ReplayResponse> {
    let replay = ticker.replay_of(request).await;
    replay.begins("The symbol exists.");
    replay
}

/// Waits until no more is read of BULK, and expects that it is no more than one caller who reads
/// nothing may cost.
async fn standing_still(ticker: &Ticker) -> CountReadsResponse {
    let reads = ticker.reads_stand_still("BULK").await;
    expect_at_most(
        "bytes read of the recording for: Replay(BULK), of which the caller reads nothing",
        reads.bytes,
        UNREAD,
        "A caller's window has 64 KiB, and the server may hold 512 KiB beside it for each stream. \
         A tick of BULK has 32 KiB: count bytes, not messages.",
    );
    reads
}
