//! A stream whose producer is a task, with one end for both.

// ANCHOR: owned
use futures_util::{Stream, StreamExt as _, future, stream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// The messages that a producer sends, and then what it returns.
///
/// The producer runs in a task of its own. It is aborted when the stream is dropped, and if it
/// panics, the stream ends with INTERNAL.
pub fn owned<T, P>(
    producer: impl FnOnce(mpsc::Sender<T>) -> P,
) -> impl Stream<Item = Result<T, Status>>
where
    P: Future<Output = Result<(), Status>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(1);
    let mut task = JoinSet::new(); // aborts what is in it when it is dropped
    task.spawn(producer(sender));
    let end = async move {
        match task.join_next().await? {
            Ok(Ok(())) => None,
            Ok(Err(status)) => Some(Err(status)),
            Err(_panic) => Some(Err(Status::internal("the log could not be read"))),
        }
    };
    ReceiverStream::new(receiver)
        .map(Ok)
        .chain(stream::once(end).filter_map(future::ready))
}
// ANCHOR_END: owned
