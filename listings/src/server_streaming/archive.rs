//! The logs of the days before. A log is as long as a test likes, ends as it likes, and is read as
//! fast as it likes.

use std::sync::Arc;

use proto::log::v1::Line;
use tokio::sync::{Semaphore, watch};
use tonic::Status;

/// A log that is complete. Cloning it is cheap and gives the same log.
#[derive(Clone, Debug)]
pub struct Log(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    lines: u64,
    /// The length of each line's text, at least five.
    bytes: usize,
    end: End,
    /// One permit for each line that the disk is ready to give.
    disk: Semaphore,
    /// How many lines have been read so far, by everybody together.
    read: watch::Sender<u64>,
    /// How many readers there are.
    open: watch::Sender<usize>,
}

/// What a reader meets after the last line.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// The end of the log.
    Complete,
    /// Damage on the disk.
    Damaged,
    /// A bug of the archive: it panics.
    Bug,
}

/// The rest of the log cannot be read.
#[derive(Debug)]
pub struct Damaged {
    after: u64,
}

impl Log {
    /// A log of so many lines of so many bytes each.
    pub fn new(lines: u64, bytes: usize, end: End) -> Self {
        Self::on_disk(lines, bytes, end, Semaphore::MAX_PERMITS)
    }

    /// A log on a disk that gives no line until [`spin`](Self::spin).
    pub fn on_a_slow_disk(lines: u64, bytes: usize, end: End) -> Self {
        Self::on_disk(lines, bytes, end, 0)
    }

    fn on_disk(lines: u64, bytes: usize, end: End, ready: usize) -> Self {
        Self(Arc::new(Kept {
            lines,
            bytes,
            end,
            disk: Semaphore::new(ready),
            read: watch::Sender::default(),
            open: watch::Sender::default(),
        }))
    }

    /// Lets the disk give one more line.
    pub fn spin(&self) {
        self.0.disk.add_permits(1);
    }

    /// How many lines it has.
    pub fn len(&self) -> u64 {
        self.0.lines
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Begins to read it.
    pub fn open(&self) -> Lines {
        self.0.open.send_modify(|open| *open += 1);
        Lines {
            log: self.clone(),
            given: 0,
        }
    }

    /// How many lines have been read so far, by everybody together, as it changes.
    pub fn lines_read(&self) -> watch::Receiver<u64> {
        self.0.read.subscribe()
    }

    /// How many readers there are, as it changes.
    pub fn readers(&self) -> watch::Receiver<usize> {
        self.0.open.subscribe()
    }
}

/// The lines of one log, for one reader. Dropping it is how one stops.
#[derive(Debug)]
pub struct Lines {
    log: Log,
    given: u64,
}

impl Lines {
    /// The next line, or `None` after the last.
    pub async fn next_line(&mut self) -> Result<Option<Line>, Damaged> {
        let log = &*self.log.0;
        if self.given == log.lines {
            return match log.end {
                End::Complete => Ok(None),
                End::Damaged => Err(Damaged { after: self.given }),
                End::Bug => panic!("nobody has ever read this far"),
            };
        }
        if let Ok(given) = log.disk.acquire().await {
            given.forget();
        }
        self.given += 1;
        log.read.send_modify(|read| *read += 1);
        Ok(Some(Line {
            number: self.given,
            text: "GET /".to_owned() + &".".repeat(log.bytes.saturating_sub(5)),
        }))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.log.0.open.send_modify(|open| *open -= 1);
    }
}

// ANCHOR: status
impl From<Damaged> for Status {
    fn from(Damaged { after }: Damaged) -> Self {
        Status::data_loss(format!("the log cannot be read after line {after}"))
    }
}
// ANCHOR_END: status
