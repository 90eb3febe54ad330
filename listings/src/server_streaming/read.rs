//! A log as a stream of replies, in three ways.

use std::pin::pin;

use futures_util::{Stream, StreamExt as _, stream};
use proto::log::v1::ReadResponse;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, UnboundedReceiverStream};
use tonic::Status;

use super::archive::Lines;

// ANCHOR: from_source
/// Reads a line whenever the caller has room for one.
pub fn from_source(lines: Lines) -> impl Stream<Item = Result<ReadResponse, Status>> {
    stream::try_unfold(lines, |mut lines| async move {
        let line = lines.next_line().await?;
        Ok(line.map(|line| (ReadResponse { line: Some(line) }, lines)))
    })
}
// ANCHOR_END: from_source

// ANCHOR: from_channel
/// Reads lines in a task of its own, which is up to `ahead` lines ahead of the caller.
pub fn from_channel(
    mut lines: Lines,
    ahead: usize,
) -> ReceiverStream<Result<ReadResponse, Status>> {
    let (sender, receiver) = mpsc::channel(ahead);
    tokio::spawn(async move {
        loop {
            let reply = match lines.next_line().await {
                Ok(Some(line)) => Ok(ReadResponse { line: Some(line) }),
                Ok(None) => return, // the sender is dropped: the stream ends, with OK
                Err(damaged) => Err(damaged.into()),
            };
            let last = reply.is_err();
            let caller_left = sender.send(reply).await.is_err();
            if last || caller_left {
                return;
            }
        }
    });
    ReceiverStream::new(receiver)
}
// ANCHOR_END: from_channel

// ANCHOR: unbounded
/// The same with a channel that is never full, and so never makes its task wait.
pub fn unbounded(lines: Lines) -> UnboundedReceiverStream<Result<ReadResponse, Status>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut replies = pin!(from_source(lines));
        while let Some(reply) = replies.next().await {
            if sender.send(reply).is_err() {
                return;
            }
        }
    });
    UnboundedReceiverStream::new(receiver)
}
// ANCHOR_END: unbounded
