//! The terminal: lines from standard input, lines to standard output. This file is given.

use std::io::{self, BufRead as _, Read as _, Write as _};
use std::thread;

use tokio::sync::mpsc;

/// What the contract allows a text to have, in bytes.
const LONGEST: usize = 65_536;

/// The lines that are typed, without their ends. The channel closes at the end of input. Empty
/// lines are left out, and one that is too long to be said is complained about on standard error.
///
/// They are read on a thread of their own: reading a terminal cannot be cancelled, and tokio would
/// wait for such a read before it lets the process end. This thread just ends with the process.
pub fn lines() -> mpsc::Receiver<String> {
    // What is piped in is to wait in the pipe and not here, so there is a bound: 4 MiB of the longest
    // lines. It is not smaller, because a thread that waits after every few lines is six times as
    // slow (benches/streams).
    let (lines, typed) = mpsc::channel(64);
    thread::spawn(move || {
        loop {
            let line = match line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => {
                    eprintln!("chat: cannot read standard input: {error}");
                    break;
                }
            };
            if line.len() > LONGEST {
                eprintln!("chat: a line of more than {LONGEST} bytes was not sent");
            } else if !line.is_empty() && lines.blocking_send(line).is_err() {
                // Nobody is there to send it any more.
                break;
            }
        }
    });
    typed
}

/// The next line, or the first part of it if it is longer than `LONGEST`; `None` at the end.
fn line() -> io::Result<Option<String>> {
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    // With room for an end of two bytes, "\r\n".
    let longest = LONGEST as u64 + 2;
    if (&mut input).take(longest).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    } else if line.len() as u64 == longest {
        input.skip_until(b'\n')?;
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Prints one line. Whatever is in it, it stays one line and text: a terminal obeys control
/// characters, and what others say is not to command this one.
pub fn show(line: &str) -> io::Result<()> {
    let mut safe = String::with_capacity(line.len() + 1);
    for character in line.chars() {
        if obeyed(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe.push('\n');
    // In one piece, and at once: standard output may be a pipe.
    let mut output = io::stdout().lock();
    output.write_all(safe.as_bytes())?;
    output.flush()
}

/// Control characters, and those that break lines or turn the direction of what follows.
fn obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
