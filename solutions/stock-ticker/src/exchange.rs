//! The exchange, where shares are traded now. This file is given.
//!
//! A [`Line`] is a subscription to one symbol, and the exchange bills each. What is traded is
//! decided by a test (through `inspect.rs`), or by the exchange itself a few times a second. Ticks
//! wait for a line that is slow, and are made only when it reads them, so they cost no memory.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use proto::ticker::v1::{Ending, Tick};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::recordings::{Broken, tick};

/// What is traded: symbol, and bytes of the order book in each tick.
const LISTED: [(&str, usize); 3] = [("AAPL", 0), ("NEWCO", 0), ("BULK", 8 << 10)];

/// The exchange. Cloning it is cheap and gives the same exchange.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    floors: Arc<[Mutex<Floor>; LISTED.len()]>,
}

/// How many lines there are for one symbol, and were.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines {
    pub open: u64,
    pub opened: u64,
}

/// Where one symbol is traded.
#[derive(Debug, Default)]
struct Floor {
    /// What the lines of today see; replaced by a new one when trading ends.
    trading: watch::Sender<Trading>,
    lines: Lines,
}

#[derive(Clone, Copy, Debug, Default)]
struct Trading {
    /// The sequence number of the last tick.
    last: u64,
    /// How trading has ended, after that tick.
    ending: Option<Ending>,
}

impl Exchange {
    /// Opens a line for a symbol, or answers `None` if there is no such symbol. The line gives
    /// every tick that happens from now on.
    pub fn line(&self, symbol: &str) -> Option<Line> {
        let index = index_of(symbol)?;
        let mut floor = self.floor(index);
        floor.lines.open += 1;
        floor.lines.opened += 1;
        let trading = *floor.trading.borrow();
        Some(Line {
            exchange: self.clone(),
            index,
            next: trading.last + 1,
            seen: trading,
            changes: WatchStream::from_changes(floor.trading.subscribe()),
        })
    }

    /// Makes a symbol's next ticks happen. Answers the sequence number of the last tick, or `None`
    /// if there is no such symbol.
    pub fn trade(&self, symbol: &str, ticks: u32) -> Option<u64> {
        let floor = self.floor(index_of(symbol)?);
        floor
            .trading
            .send_modify(|trading| trading.last += u64::from(ticks));
        Some(floor.trading.borrow().last)
    }

    /// Ends every line that is open for a symbol, after what has been traded so far. Lines that
    /// are opened later know nothing of it. Answers whether there is such a symbol.
    pub fn end_trading(&self, symbol: &str, ending: Ending) -> bool {
        let Some(index) = index_of(symbol) else {
            return false;
        };
        let mut floor = self.floor(index);
        floor
            .trading
            .send_modify(|trading| trading.ending = Some(ending));
        let last = floor.trading.borrow().last;
        floor.trading = watch::Sender::new(Trading { last, ending: None });
        true
    }

    /// How many lines there are for a symbol, or `None` if there is no such symbol.
    pub fn lines(&self, symbol: &str) -> Option<Lines> {
        Some(self.floor(index_of(symbol)?).lines)
    }

    /// Trades a few shares of everything a few times a second, until it is dropped.
    pub async fn trade_by_itself(&self) {
        loop {
            for (symbol, _) in LISTED {
                self.trade(symbol, 1);
                tokio::time::sleep(Duration::from_millis(130)).await;
            }
        }
    }

    fn floor(&self, index: usize) -> MutexGuard<'_, Floor> {
        // Each change is complete before anything can panic.
        self.floors[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A subscription to one symbol: a stream of its ticks, which ends when the exchange closes.
/// Dropping it closes it. A wait for the next tick may be given up, and nothing is lost.
pub struct Line {
    exchange: Exchange,
    index: usize,
    /// The sequence number of the tick that is given next.
    next: u64,
    /// The state of trading as it was seen last.
    seen: Trading,
    changes: WatchStream<Trading>,
}

impl Stream for Line {
    type Item = Result<Tick, Broken>;

    /// After an error it gives nothing more.
    ///
    /// # Panics
    ///
    /// If trading was ended so.
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (symbol, book) = LISTED[self.index];
        while self.next > self.seen.last {
            match self.seen.ending {
                None => {}
                Some(Ending::Broken) => {
                    self.seen.ending = Some(Ending::Closed);
                    let what = format!("the line to the exchange for {symbol} broke");
                    return Poll::Ready(Some(Err(Broken { what })));
                }
                Some(Ending::Panic) => panic!("the line to the exchange for {symbol} is damaged"),
                Some(Ending::Closed | Ending::Unspecified) => return Poll::Ready(None),
            }
            match ready!(Pin::new(&mut self.changes).poll_next(context)) {
                Some(trading) => self.seen = trading,
                // The exchange itself has gone, and with it the server.
                None => return Poll::Ready(None),
            }
        }
        let sequence = self.next;
        self.next += 1;
        Poll::Ready(Some(Ok(tick(symbol, sequence, book))))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({:?})", LISTED[self.index].0)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.exchange.floor(self.index).lines.open -= 1;
    }
}

fn index_of(symbol: &str) -> Option<usize> {
    LISTED.iter().position(|(known, _)| *known == symbol)
}
