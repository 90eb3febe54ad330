//! What happens on the exchange, for however many callers watch. This file is yours: stages 6
//! and 7.
//!
//! The exchange bills every line. So there is one for each symbol that somebody watches, and what
//! it gives goes to all of them.

use proto::ticker::v1::WatchResponse;

use crate::exchange::Exchange;
use crate::service::Replies;

/// How many ticks a caller may be behind before it misses some: 512 KiB of the largest. It is the
/// most that a symbol costs, since all its callers share them.
pub const KEPT: usize = 64;

/// The symbols that are watched at the moment.
#[derive(Debug)]
pub struct Feeds {
    exchange: Exchange,
}

impl Feeds {
    pub fn new(exchange: Exchange) -> Self {
        Self { exchange }
    }

    /// What happens from now on, or `None` if there is no such symbol.
    pub fn watch(&self, symbol: &str) -> Option<Replies<WatchResponse>> {
        let line = self.exchange.line(symbol)?;
        todo!("stage 6: send the ticks of {line:?} to all who watch, {KEPT} behind at most")
    }
}
