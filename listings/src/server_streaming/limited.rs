//! A deadline for a whole stream.

use futures_util::Stream;
use proto::log::v1::ReadResponse;
use tokio::time::{Instant, timeout_at};
use tonic::Status;

use super::archive::Lines;
use super::owned::owned;

// ANCHOR: limited
/// Reads a log, in a task of the stream's, and gives up when the deadline has passed.
pub fn limited(
    mut lines: Lines,
    deadline: Instant,
) -> impl Stream<Item = Result<ReadResponse, Status>> {
    owned(async move |replies| {
        let reading = async {
            while let Some(line) = lines.next_line().await? {
                let reply = ReadResponse { line: Some(line) };
                if replies.send(reply).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let late = |_| Err(Status::deadline_exceeded("the time is up"));
        timeout_at(deadline, reading).await.unwrap_or_else(late)
    })
}
// ANCHOR_END: limited
