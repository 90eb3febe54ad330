//! What a program prints.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::process::Command;
use std::sync::Arc;

use crate::explain;

/// How much of what a program prints is ever read: more than any of ours says.
pub(crate) const READ_AT_MOST: u64 = 1 << 20;

/// Standard output and standard error, each in a file without a name: a file always takes what
/// is written, and holds all of it by the time anything else about the program can be seen.
#[derive(Clone, Debug)]
pub(crate) struct Printed {
    output: Arc<File>,
    error: Arc<File>,
}

impl Printed {
    pub(crate) fn or_fail() -> Self {
        Self::new().unwrap_or_else(|error| {
            explain::fail(format!(
                "cannot make a temporary file for the program's output: {error}"
            ))
        })
    }

    fn new() -> io::Result<Self> {
        Ok(Self {
            output: Arc::new(nameless_file()?),
            error: Arc::new(nameless_file()?),
        })
    }

    pub(crate) fn take_from(&self, command: &mut Command) -> io::Result<()> {
        command
            .stdout(self.output.try_clone()?)
            .stderr(self.error.try_clone()?);
        Ok(())
    }

    /// Adds to standard output what was read from a pipe in its place.
    pub(crate) fn add_output(&self, bytes: &[u8]) -> io::Result<()> {
        self.output.as_ref().write_all(bytes)
    }

    pub(crate) fn output(&self) -> String {
        read_from(&self.output, 0)
    }

    /// The lines of standard output from this offset on that have their end, each with the offset
    /// behind it.
    pub(crate) fn lines_from(&self, offset: u64) -> Vec<(String, u64)> {
        let mut end = offset;
        bytes_from(&self.output, offset)
            .split_inclusive(|byte| *byte == b'\n')
            .map_while(|line| {
                end += line.len() as u64;
                let line = line.strip_suffix(b"\n")?;
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                Some((String::from_utf8_lossy(line).into_owned(), end))
            })
            .collect()
    }

    pub(crate) fn error(&self) -> String {
        read_from(&self.error, 0)
    }

    /// Both, for the end of a line that says what came back.
    pub(crate) fn shown(&self) -> String {
        let mut shown = String::new();
        for (name, text) in [("output", self.output()), ("error", self.error())] {
            if !text.is_empty() {
                let text = explain::shorten(text.trim_end());
                shown += &format!("\n             standard {name}: {text}");
            }
        }
        shown
    }

    /// How much has been printed on standard error so far, in bytes.
    pub(crate) fn error_length(&self) -> u64 {
        self.error.metadata().map_or(0, |metadata| metadata.len())
    }

    /// Adds to what came back why it did, where standard error says so from this offset on: a
    /// `todo!()` that was reached, or another panic.
    pub(crate) fn annotate(&self, from: u64, came_back: String) -> String {
        let error = read_from(&self.error, from);
        let Some(panic) = explain::Panic::find(&error) else {
            return came_back;
        };
        match panic.stage_not_written() {
            Some(stage) => format!(
                "nothing: stage {stage} is not written yet, {} says\n             {}",
                panic.place,
                panic.as_todo(),
            ),
            None => format!(
                "{came_back}\n             and it panicked at {}: {}",
                panic.place,
                explain::shorten(panic.message)
            ),
        }
    }
}

/// The file goes when its last handle does, however the test ends. It is opened for appending, so
/// that reading it here moves no other handle's position.
fn nameless_file() -> io::Result<File> {
    let (file, path) = tempfile::Builder::new()
        .append(true)
        .tempfile()?
        .into_parts();
    drop(path);
    Ok(file)
}

fn read_from(file: &File, offset: u64) -> String {
    String::from_utf8_lossy(&bytes_from(file, offset)).into_owned()
}

fn bytes_from(file: &File, offset: u64) -> Vec<u8> {
    let mut file = file;
    let mut bytes = Vec::new();
    let read = file
        .seek(SeekFrom::Start(offset))
        .and_then(|_| file.take(READ_AT_MOST).read_to_end(&mut bytes));
    match read {
        Ok(_) => bytes,
        Err(error) => explain::fail(format!("cannot read what the program printed: {error}")),
    }
}
