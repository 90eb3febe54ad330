//! How the program says that it has failed. This file is given.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use tonic::transport::Uri;
use tonic::{Code, Status};

/// What the program prints on standard error, on one line, and the code it exits with.
#[derive(Debug)]
pub struct Failure {
    pub exit_code: u8,
    pub sentence: String,
}

impl Failure {
    /// The file cannot be read, or is not what it was when the upload began.
    pub fn file(path: &Path, what: impl Display) -> Self {
        Self::new(3, &format!("{}: {what}", path.display()))
    }

    /// A call has ended with this status.
    pub fn call(server: &Uri, status: &Status) -> Self {
        // A status that came over the wire has no source. One that has was made here, by tonic,
        // and its cause says more than its message ("transport error").
        let sentence = match std::error::Error::source(status) {
            Some(cause) => format!("cannot reach {server}: {}", root_of(cause)),
            None => format!("{server}: {}", status.message()),
        };
        Self::status(status.code(), &sentence)
    }

    /// A call took too long.
    pub fn deadline(server: &Uri, timeout: Duration) -> Self {
        let sentence = format!("{server} did not answer within {timeout:?}");
        Self::status(Code::DeadlineExceeded, &sentence)
    }

    /// What a status of this code would have said, had the server sent one: 64 plus its number.
    pub fn status(code: Code, sentence: &str) -> Self {
        // A gRPC status code is at most 16, so the sum fits.
        Self::new(64 + code as u8, &format!("{code:?}: {sentence}"))
    }

    fn new(exit_code: u8, sentence: &str) -> Self {
        Self {
            exit_code,
            // A part of it may come from anybody; a second line would look like one of ours.
            sentence: sentence.chars().flat_map(plain).collect(),
        }
    }
}

fn plain(character: char) -> impl Iterator<Item = char> {
    let escaped = character.is_control().then(|| character.escape_default());
    let itself = escaped.is_none().then_some(character);
    escaped.into_iter().flatten().chain(itself)
}

fn root_of(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}
