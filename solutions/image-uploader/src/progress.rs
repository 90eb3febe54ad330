//! A bar on standard error that says how far an upload has come. This file is given.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Drawing is slower than sending, and nobody reads faster than this.
const EVERY: Duration = Duration::from_millis(100);

const WIDTH: u64 = 30;

/// Draws nothing unless standard error is a terminal, or it is told to.
#[derive(Debug)]
pub struct Progress {
    total: u64,
    shown: bool,
    drawn: Option<Instant>,
}

impl Progress {
    /// For an upload of `total` bytes.
    pub fn new(total: u64, always: bool) -> Self {
        Self {
            total,
            shown: always || io::stderr().is_terminal(),
            drawn: None,
        }
    }

    /// Says that this many bytes have been sent, from the beginning.
    pub fn sent(&mut self, bytes: u64) {
        let due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= EVERY) || bytes == self.total;
        if self.shown && due {
            self.drawn = Some(Instant::now());
            let part = |of: u64| u128::from(bytes) * u128::from(of) / u128::from(self.total.max(1));
            let (percent, full) = match self.total {
                0 => (100, WIDTH as usize),
                _ => (part(100), part(WIDTH) as usize),
            };
            let bar = "=".repeat(full) + &" ".repeat((WIDTH as usize).saturating_sub(full));
            // Progress that cannot be shown is no reason to end an upload.
            let _ = write!(io::stderr(), "\r[{bar}] {percent:>3} %");
        }
    }
}

impl Drop for Progress {
    /// Clears the line: what follows is a result, or why there is none.
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = write!(io::stderr(), "\r{:1$}\r", "", WIDTH as usize + 8);
        }
    }
}
