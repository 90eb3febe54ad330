//! How the client program shows what it receives, a line each. This file is given.

use proto::ticker::v1::Tick;

/// A tick: its sequence number, the price in dollars, the number of shares. `17 189.25 300`
pub fn tick(tick: &Tick) -> String {
    let sign = if tick.price_cents < 0 { "-" } else { "" };
    let cents = tick.price_cents.unsigned_abs();
    format!(
        "{} {sign}{}.{:02} {}",
        tick.sequence,
        cents / 100,
        cents % 100,
        tick.shares
    )
}

/// Ticks that were left out here. `missed 12`
pub fn missed(ticks: u64) -> String {
    format!("missed {ticks}")
}
