//! The log that is being written, and all who follow it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::log::v1::Line;
use tokio::sync::broadcast;

// ANCHOR: live
/// A log that is being written. Cloning it is cheap and gives the same log.
#[derive(Clone, Debug)]
pub struct Live(Arc<Mutex<Writing>>);

#[derive(Debug)]
struct Writing {
    written: u64,
    /// `None` once the log is closed.
    followers: Option<broadcast::Sender<Line>>,
}

impl Live {
    /// Keeps the last `kept` lines for those who are behind, rounded up to a power of two.
    pub fn new(kept: usize) -> Self {
        Self(Arc::new(Mutex::new(Writing {
            written: 0,
            followers: Some(broadcast::Sender::new(kept)),
        })))
    }

    /// Writes a line. This never waits for anybody who reads.
    pub fn write(&self, text: &str) {
        let mut writing = self.lock();
        writing.written += 1;
        let line = Line {
            number: writing.written,
            text: text.to_owned(),
        };
        if let Some(followers) = &writing.followers {
            let _nobody_follows = followers.send(line);
        }
    }

    /// Receives every line that is written from now on, or `None` if the log is closed.
    pub fn follow(&self) -> Option<broadcast::Receiver<Line>> {
        Some(self.lock().followers.as_ref()?.subscribe())
    }
    // ANCHOR_END: live

    /// Closes the log. Whoever is behind still gets what is kept for them.
    pub fn close(&self) {
        self.lock().followers = None;
    }

    /// How many follow it now.
    pub fn followers(&self) -> usize {
        let writing = self.lock();
        writing
            .followers
            .as_ref()
            .map_or(0, broadcast::Sender::receiver_count)
    }

    fn lock(&self) -> MutexGuard<'_, Writing> {
        // Nothing under this lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
