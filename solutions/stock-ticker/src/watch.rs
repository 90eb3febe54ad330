//! What happens on the exchange, for however many callers watch. This file is yours: stages 6
//! and 7.
//!
//! The exchange bills every line. So there is one for each symbol that somebody watches, and what
//! it gives goes to all of them.

// [stub] use proto::ticker::v1::WatchResponse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use proto::ticker::v1::watch_response::Event;
use proto::ticker::v1::{Tick, WatchResponse};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender, WeakSender};
use tonic::Status;
// [/stub]

// [stub] use crate::exchange::Exchange;
use crate::exchange::{Exchange, Line};
// [/stub]
use crate::service::Replies;

/// How many ticks a caller may be behind before it misses some: 512 KiB of the largest. It is the
/// most that a symbol costs, since all its callers share them.
pub const KEPT: usize = 64;

/// The symbols that are watched at the moment.
#[derive(Debug)]
pub struct Feeds {
    exchange: Exchange,
    // [stub]
    open: OpenFeeds,
    // [/stub]
}
// [stub]

/// A feed for each symbol that is watched, or was. A feed is alive for as long as its pump is.
///
/// Whoever joins a feed does so under the lock, and whoever ends one does too. So nobody joins a
/// feed that has ended.
#[derive(Clone, Debug, Default)]
struct OpenFeeds(Arc<Mutex<HashMap<String, WeakSender<News>>>>);

/// What a feed tells each of its callers.
#[derive(Clone, Debug)]
enum News {
    Tick(Tick),
    /// The feed ends, and how. A feed that just stops, without these words, has failed.
    End(Result<(), Status>),
}
// [/stub]

impl Feeds {
    pub fn new(exchange: Exchange) -> Self {
        // [stub] Self { exchange }
        Self {
            exchange,
            open: OpenFeeds::default(),
        }
        // [/stub]
    }

    /// What happens from now on, or `None` if there is no such symbol.
    pub fn watch(&self, symbol: &str) -> Option<Replies<WatchResponse>> {
        // [stub] let line = self.exchange.line(symbol)?;
        // [stub] todo!("stage 6: send the ticks of {line:?} to all who watch, {KEPT} behind at most")
        let mut open = self.open.lock();
        if let Some(feed) = open.get(symbol).and_then(WeakSender::upgrade) {
            return Some(replies(feed.subscribe()));
        }
        let line = self.exchange.line(symbol)?;
        let (feed, first) = broadcast::channel(KEPT);
        // Only symbols that exist get here, so the map is no larger than the exchange.
        open.insert(symbol.to_owned(), feed.downgrade());
        tokio::spawn(pump(line, feed, self.open.clone()));
        Some(replies(first))
        // [/stub]
    }
}
// [stub]

/// Passes on what a line gives, for as long as the line lives and somebody listens. It waits for
/// no caller: who is slow misses what the feed no longer keeps.
///
/// If this panics, the feed is dropped without an [`News::End`].
async fn pump(mut line: Line, feed: Sender<News>, open: OpenFeeds) {
    loop {
        let next = tokio::select! {
            next = line.try_next() => next,
            () = feed.closed() => {
                let open = open.lock();
                // Somebody may have come while this one waited for the lock.
                if feed.receiver_count() > 0 {
                    continue;
                }
                drop((line, feed));
                drop(open);
                return;
            }
        };
        let end = match next {
            Ok(Some(tick)) => {
                // Fails if the last caller has just left, and then the feed is closed.
                let _ = feed.send(News::Tick(tick));
                continue;
            }
            Ok(None) => Ok(()),
            Err(broken) => Err(Status::unavailable(broken.to_string())),
        };
        let open = open.lock();
        let _ = feed.send(News::End(end));
        drop((line, feed));
        drop(open);
        return;
    }
}

/// What one caller is sent.
fn replies(feed: Receiver<News>) -> Replies<WatchResponse> {
    stream::try_unfold(feed, async |mut feed| {
        let event = match feed.recv().await {
            Ok(News::Tick(tick)) => Event::Tick(tick),
            Ok(News::End(end)) => return end.map(|()| None),
            Err(RecvError::Lagged(ticks)) => Event::Missed(ticks),
            Err(RecvError::Closed) => return Err(Status::internal("the server's feed failed")),
        };
        Ok(Some((WatchResponse { event: Some(event) }, feed)))
    })
    .boxed()
}

impl OpenFeeds {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, WeakSender<News>>> {
        // A panic under this lock leaves at worst a feed that has ended, as any feed may.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// [/stub]
