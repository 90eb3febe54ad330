//! One log for all who follow it, each at a pace of their own.

// ANCHOR: tail
use futures_util::{Stream, StreamExt as _, stream};
use proto::log::v1::TailResponse;
use proto::log::v1::tail_response::Event;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError::Lagged;
use tonic::Status;

use super::live::Live;

/// Every line from now on. It begins when this is called, not when somebody reads.
pub fn tail(log: &Live) -> impl Stream<Item = Result<TailResponse, Status>> + use<> {
    let following = log.follow().map(BroadcastStream::new);
    stream::iter(following).flatten().map(|received| {
        let event = match received {
            Ok(line) => Event::Line(line),
            Err(Lagged(lines)) => Event::Skipped(lines),
        };
        Ok(TailResponse { event: Some(event) })
    })
}
// ANCHOR_END: tail
