//! What was traded on an earlier day, as if it were kept on a disk. This file is given.
//!
//! A recording is an iterator: quick, never waiting, and a tick is made only when it is asked for.
//! One of them breaks off, one is damaged and panics, as a bug in somebody else's library would.
//! Every read is counted, and a recording that is dropped is closed.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prost::Message as _;
use proto::ticker::v1::Tick;

/// What can be replayed: symbol, number of ticks, bytes of the order book in each, what is wrong.
const CATALOGUE: [(&str, u64, usize, Flaw); 6] = [
    ("AAPL", 500, 0, Flaw::None),
    // A busy day.
    ("FLOW", 200_000, 0, Flaw::None),
    // Listed, and never traded.
    ("NEWCO", 0, 0, Flaw::None),
    // 64 MiB in all.
    ("BULK", 2048, 32 << 10, Flaw::None),
    ("TORN", 40, 0, Flaw::BreaksOff),
    ("MOULD", 5, 0, Flaw::Panics),
];

/// What happens after the last tick that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    BreaksOff,
    Panics,
}

/// All recordings. Cloning it is cheap and gives the same recordings.
#[derive(Clone, Debug, Default)]
pub struct Recordings {
    reads: Arc<[Mutex<Reads>; CATALOGUE.len()]>,
}

/// What has been read of one symbol's recording so far, by all readers together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reads {
    pub ticks: u64,
    /// The ticks' size as protobuf messages.
    pub bytes: u64,
    pub open: u64,
    pub closed: u64,
    /// The largest number of ticks that one reader read within any 100 milliseconds.
    pub most_within_100_ms: u64,
}

impl Recordings {
    /// Opens a symbol's recording at its first tick, or answers `None` if there is no such symbol.
    pub fn open(&self, symbol: &str) -> Option<Recording> {
        let index = index_of(symbol)?;
        let (.., flaw) = CATALOGUE[index];
        self.reads(index).open += 1;
        Some(Recording {
            recordings: self.clone(),
            index,
            next: 1,
            flaw,
            lately: VecDeque::new(),
        })
    }

    /// The last tick of a symbol's recording, or `None` if there is no such symbol or no tick. It
    /// is kept apart, so that no recording is opened or read.
    pub fn last(&self, symbol: &str) -> Option<Tick> {
        let (symbol, ticks, book, _) = CATALOGUE[index_of(symbol)?];
        (ticks > 0).then(|| tick(symbol, ticks, book))
    }

    /// What has been read of a symbol's recording, or `None` if there is no such symbol.
    pub fn read_so_far(&self, symbol: &str) -> Option<Reads> {
        Some(*self.reads(index_of(symbol)?))
    }

    fn reads(&self, index: usize) -> MutexGuard<'_, Reads> {
        // Each change is one addition, so there is nothing that a panic can leave half done.
        self.reads[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A symbol's ticks, from the first to the last. Dropping it closes it.
pub struct Recording {
    recordings: Recordings,
    index: usize,
    /// The sequence number of the tick that is read next.
    next: u64,
    /// What is still to come after the last tick.
    flaw: Flaw,
    /// When the ticks of the last 100 milliseconds were read.
    lately: VecDeque<Instant>,
}

/// A recording, or a line to the exchange, that broke off.
#[derive(Clone, Debug)]
pub struct Broken {
    pub what: String,
}

impl Iterator for Recording {
    type Item = Result<Tick, Broken>;

    /// After an error it gives nothing more.
    ///
    /// # Panics
    ///
    /// If the recording is damaged at this place.
    fn next(&mut self) -> Option<Self::Item> {
        let (symbol, ticks, book, _) = CATALOGUE[self.index];
        if self.next > ticks {
            return match self.flaw {
                Flaw::None => None,
                Flaw::BreaksOff => {
                    self.flaw = Flaw::None;
                    let what = format!("the recording of {symbol} breaks off after tick {ticks}");
                    Some(Err(Broken { what }))
                }
                Flaw::Panics => panic!("the recording of {symbol} is damaged after tick {ticks}"),
            };
        }
        let tick = tick(symbol, self.next, book);
        self.next += 1;
        self.count(&tick);
        Some(Ok(tick))
    }
}

impl Recording {
    fn count(&mut self, tick: &Tick) {
        const LATELY: Duration = Duration::from_millis(100);
        let now = Instant::now();
        self.lately.push_back(now);
        while self
            .lately
            .front()
            .is_some_and(|then| now - *then >= LATELY)
        {
            self.lately.pop_front();
        }
        let mut reads = self.recordings.reads(self.index);
        reads.ticks += 1;
        reads.bytes += tick.encoded_len() as u64;
        reads.most_within_100_ms = reads.most_within_100_ms.max(self.lately.len() as u64);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let mut reads = self.recordings.reads(self.index);
        reads.open -= 1;
        reads.closed += 1;
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({:?})", CATALOGUE[self.index].0)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Broken {}

/// The tick with this sequence number: the same whenever it is asked for, on any machine.
pub fn tick(symbol: &str, sequence: u64, book: usize) -> Tick {
    let name = symbol.bytes().fold(0, |sum, byte| sum + i64::from(byte));
    Tick {
        sequence,
        // Up and down by at most 20 cents.
        price_cents: 50 * name + (sequence % 10_000 * 7_919 % 41) as i64 - 20,
        shares: 1 + (sequence % 10_000 * 6_151 % 500) as u32,
        book: vec![sequence as u8; book],
    }
}

fn index_of(symbol: &str) -> Option<usize> {
    CATALOGUE.iter().position(|(known, ..)| *known == symbol)
}
