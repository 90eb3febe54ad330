//! What can go wrong, sorted by who can put it right: each kind has its exit code. A message is
//! one sentence that names the thing and the fix; nothing here carries a backtrace.

use std::fmt;
use std::io;
use std::path::Path;

/// Why a command stopped before it had an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Something was asked for, or written by an author, that makes no sense. Exit code 2.
    Input(String),
    /// The learner's program does not build; cargo has already said why. Exit code 3.
    Build,
    /// The machine refuses: disk, permission, a missing tool. Exit code 4.
    Environment(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How a command that did have an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Well,
    /// A stage is red, or `verify` found a disagreement. Exit code 1.
    Red,
    /// `doctor` found that something needed is wrong. Exit code 4.
    Unfit,
}

impl Outcome {
    pub fn code(self) -> u8 {
        match self {
            Outcome::Well => 0,
            Outcome::Red => 1,
            Outcome::Unfit => 4,
        }
    }
}

impl Error {
    pub fn code(&self) -> u8 {
        match self {
            Error::Input(_) => 2,
            Error::Build => 3,
            Error::Environment(_) => 4,
        }
    }

    /// `what` is a verb phrase, such as "write".
    pub(crate) fn io(what: &str, path: &Path, error: &io::Error) -> Error {
        let fix = match error.kind() {
            io::ErrorKind::StorageFull => "; the disk is full: free some space and try again",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "; check that you may write to its folder"
            }
            io::ErrorKind::NotADirectory => {
                "; a file stands where a folder should be: move it away"
            }
            _ => "",
        };
        Error::Environment(format!(
            "cannot {what} {}: {}{fix}",
            path.display(),
            plain(error)
        ))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Input(message) | Error::Environment(message) => f.write_str(message),
            Error::Build => f.write_str("the program could not be built"),
        }
    }
}

impl std::error::Error for Error {}

/// The operating system's reason without Rust's "(os error 28)".
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
