//! A stream with a pace of its own.

// ANCHOR: lengths
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use proto::log::v1::GetLogResponse;
use tokio::time::{MissedTickBehavior, interval};
use tokio_stream::wrappers::IntervalStream;

use super::archive::Log;

/// How long a log is: now, and then every `pace`, which must not be zero.
pub fn lengths(log: Log, pace: Duration) -> impl Stream<Item = GetLogResponse> {
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay); // not Burst
    IntervalStream::new(ticks).map(move |_now| GetLogResponse { lines: log.len() })
}
// ANCHOR_END: lengths
