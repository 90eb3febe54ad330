use testkit::{expect_at_most, expect_eq};
use tonic::Code;

use crate::{HELD_BY_SERVER, Summary, Ticker, WINDOW, every_tick, summary};

const AS_IT_HAPPENS: &str = "Whoever watches sees every tick, in the order in which they happen.";

#[tokio::test]
async fn sends_ticks_as_they_happen() {
    let ticker = Ticker::start().await;
    let mut watch = ticker.watching("AAPL").await;
    for _ in 0..3 {
        let last = ticker.trade("AAPL", 2).await;
        every_tick(&mut watch, last - 1..=last, AS_IT_HAPPENS).await;
    }
}

#[tokio::test]
async fn begins_with_what_happens_from_now_on() {
    let ticker = Ticker::start().await;
    let before = ticker.trade("AAPL", 5).await;
    let mut watch = ticker.watching("AAPL").await;
    ticker.trade("AAPL", 1).await;
    every_tick(
        &mut watch,
        [before + 1],
        "A watch is told of what happens from the moment on at which the response begins, and of \
         nothing that was before.",
    )
    .await;
}

#[tokio::test]
async fn a_symbol_that_is_not_traded_is_not_found() {
    let ticker = Ticker::start().await;
    let mut watch = ticker.watch("APPL").await;
    watch
        .ends_with(
            Code::NotFound,
            "There is no such symbol, so there will never be a tick.",
        )
        .await;
}

#[tokio::test]
async fn the_exchange_is_asked_once_however_many_watch() {
    let ticker = Ticker::start().await;
    let mut watches = Vec::new();
    for _ in 0..5 {
        watches.push(ticker.watching("AAPL").await);
    }
    let last = ticker.trade("AAPL", 10).await;
    for watch in &mut watches {
        every_tick(watch, 1..=last, AS_IT_HAPPENS).await;
    }
    let lines = ticker.lines("AAPL").await;
    expect_eq(
        "lines to the exchange opened for: Watch(AAPL), five times at once",
        lines.opened,
        1,
        "The exchange bills each line. Open one for a symbol, and let all callers share it.",
    );
}

#[tokio::test]
async fn symbols_have_lines_of_their_own() {
    let ticker = Ticker::start().await;
    let mut apple = ticker.watching("AAPL").await;
    let mut newco = ticker.watching("NEWCO").await;
    let because = "Each caller is told of its own symbol.";
    ticker.trade("AAPL", 3).await;
    ticker.trade("NEWCO", 1).await;
    every_tick(&mut newco, 1..=1, because).await;
    every_tick(&mut apple, 1..=3, because).await;
    ticker.trade("NEWCO", 1).await;
    every_tick(&mut newco, 2..=2, because).await;
}

#[tokio::test]
async fn the_line_stays_until_the_last_caller_leaves() {
    let ticker = Ticker::start().await;
    let mut first = ticker.watching("AAPL").await;
    let mut second = ticker.watching("AAPL").await;
    let mut last = ticker.watching("AAPL").await;
    ticker.trade("AAPL", 1).await;
    for watch in [&mut first, &mut second, &mut last] {
        every_tick(watch, 1..=1, AS_IT_HAPPENS).await;
    }
    let because = "Others have left, and this caller still watches.";
    drop(first);
    ticker.trade("AAPL", 1).await;
    every_tick(&mut second, 2..=2, because).await;
    every_tick(&mut last, 2..=2, because).await;
    drop(second);
    ticker.trade("AAPL", 1).await;
    every_tick(&mut last, 3..=3, because).await;
    expect_eq(
        "lines to the exchange opened while three watched, and two of them left",
        ticker.lines("AAPL").await.opened,
        1,
        "A line that is shared is not opened anew.",
    );
    drop(last);
    ticker
        .no_line_is_open("Watch(AAPL), three times, until all have left", "AAPL")
        .await;
}

#[tokio::test]
async fn one_who_comes_while_another_leaves_misses_nothing() {
    let ticker = Ticker::start().await;
    let mut watch = ticker.watching("AAPL").await;
    for _ in 0..40 {
        // The server may learn of the end of one and the beginning of the other in any order.
        drop(watch);
        watch = ticker.watching("AAPL").await;
        let last = ticker.trade("AAPL", 1).await;
        every_tick(
            &mut watch,
            [last],
            "The one before has just left, and this caller watches from the moment on at which \
             its response began. Joining what is about to end must not be possible.",
        )
        .await;
    }
    drop(watch);
    ticker
        .no_line_is_open("Watch(AAPL), forty times, one after another", "AAPL")
        .await;
}

/// How many ticks are kept for a caller who is behind. It is `KEPT` of the lab.
const KEPT: u64 = 64;

/// 8 KiB of book, and the small fields, in a tick of BULK.
const BULK_TICK: u64 = 8 << 10;

#[tokio::test]
async fn a_slow_caller_delays_nobody_and_is_told_what_it_missed() {
    // Each round is smaller than what is kept, so nobody who reads can miss any of it.
    const ROUND: u32 = 32;
    const ROUNDS: u32 = 14;

    let ticker = Ticker::start().await;
    let mut slow = ticker.watching("BULK").await;
    let mut fast = [ticker.watching("BULK").await, ticker.watching("BULK").await];
    let mut last = 0;
    for _ in 0..ROUNDS {
        let from = last + 1;
        last = ticker.trade("BULK", ROUND).await;
        for watch in &mut fast {
            every_tick(
                watch,
                from..=last,
                "Another caller does not read. That is its own loss: this one keeps up, and sees \
                 every tick in time.",
            )
            .await;
        }
    }

    // Now the slow one reads. What it was sent and what it was told that it missed are together
    // every tick.
    let (mut next, mut sent, mut missed) = (1, 0, 0);
    while next <= last {
        match summary(
            slow.next("There are ticks that this caller has not seen.")
                .await,
        ) {
            Summary::Tick { sequence } if sequence == next => {
                next += 1;
                sent += 1;
            }
            Summary::Missed { ticks } if ticks > 0 => {
                next += ticks;
                missed += ticks;
            }
            other => expect_eq(
                &format!(
                    "Watch(BULK) by a slow caller, that was sent {sent} ticks and told of {missed} \
                     more"
                ),
                other,
                Summary::Tick { sequence: next },
                "This tick comes next, or word of how many were left out. A gap that nobody tells \
                 of cannot be told from a quiet market.",
            ),
        }
    }
    expect_at_most(
        "bytes kept for: Watch(BULK) by a slow caller",
        sent * BULK_TICK,
        u64::from(WINDOW) + HELD_BY_SERVER + KEPT * BULK_TICK,
        "A slow caller may be 64 ticks behind, with what is under way to it. What is kept for it \
         beyond that is the server's memory, and has no end.",
    );
    expect_eq(
        "the last tick that the slow caller was sent, or told that it missed",
        next - 1,
        last,
        "Exactly so many ticks were left out.",
    );
    let from = last + 1;
    let last = ticker.trade("BULK", 3).await;
    every_tick(
        &mut slow,
        from..=last,
        "The caller has caught up, and watches like any other.",
    )
    .await;
}
