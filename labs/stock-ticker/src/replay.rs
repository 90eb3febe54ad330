//! A recording as a stream of replies. This file is yours: stages 1 to 5, and 7.
//!
//! A recording is an iterator. It is opened by the caller of `replay`, and closed by whoever drops
//! it: until then somebody may read it, and that is counted.

use std::time::Duration;

use proto::ticker::v1::ReplayResponse;

use crate::recordings::Recording;
use crate::service::Replies;

/// At most `limit` ticks, 0 for all, with at least `interval` between one and the next.
pub fn replay(recording: Recording, limit: u32, interval: Duration) -> Replies<ReplayResponse> {
    todo!("stage 1: send the ticks of {recording:?}, limit {limit}, {interval:?} apart")
}
