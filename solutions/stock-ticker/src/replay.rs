//! A recording as a stream of replies. This file is yours: stages 1 to 5, and 7.
//!
//! A recording is an iterator. It is opened by the caller of `replay`, and closed by whoever drops
//! it: until then somebody may read it, and that is counted.

// [stub]
use std::panic::{AssertUnwindSafe, catch_unwind};
// [/stub]
use std::time::Duration;

// [stub]
use futures_util::{StreamExt as _, stream};
// [/stub]
use proto::ticker::v1::ReplayResponse;
// [stub]
use proto::ticker::v1::Tick;
use tonic::Status;
// [/stub]

use crate::recordings::Recording;
use crate::service::Replies;

/// At most `limit` ticks, 0 for all, with at least `interval` between one and the next.
// [stub]
///
/// There is no task and no channel: a tick is read when the stream is polled for it. So a caller
/// who does not read stops the reading, and one who leaves drops the recording.
// [/stub]
pub fn replay(recording: Recording, limit: u32, interval: Duration) -> Replies<ReplayResponse> {
    // [stub] todo!("stage 1: send the ticks of {recording:?}, limit {limit}, {interval:?} apart")
    let limit = match limit {
        0 => usize::MAX,
        limit => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    // Before the first tick there is nothing to wait for.
    let pause = Duration::ZERO;
    stream::try_unfold(
        (recording, pause),
        move |(mut recording, pause)| async move {
            // Counted from the tick before, and not from a clock's beats: a caller who did not read
            // for a while would be sent all the beats that it missed.
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let tick = read(&mut recording)?;
            Ok(tick.map(|tick| {
                let reply = ReplayResponse { tick: Some(tick) };
                (reply, (recording, interval))
            }))
        },
    )
    .take(limit)
    .boxed()
    // [/stub]
}
// [stub]

/// The next tick of a recording, `None` at its end.
fn read(recording: &mut Recording) -> Result<Option<Tick>, Status> {
    // Nobody reads on after a panic, so whatever it has left behind does no harm. Its text is on
    // the server's standard error, and not for callers.
    catch_unwind(AssertUnwindSafe(|| recording.next()))
        .map_err(|_panic| Status::internal("the server failed to read the recording"))?
        .transpose()
        .map_err(|broken| Status::unavailable(broken.to_string()))
}
// [/stub]
