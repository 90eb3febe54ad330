//! The real `lab`, run on a throw-away course in a folder of its own: every command, and every
//! kind of bad input, by what it prints and how it exits.

mod author;
mod input;
#[cfg(unix)]
mod interrupt;
mod learner;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A copy of `tests/course`, with a target folder of its own.
struct Course {
    folder: tempfile::TempDir,
}

/// What a command came to.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Course {
    fn new() -> Course {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/course");
        copy(&fixture, folder.path());
        Course { folder }
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    fn read(&self, inside: &str) -> String {
        fs::read_to_string(self.path(inside)).unwrap_or_else(|error| panic!("{inside}: {error}"))
    }

    fn write(&self, inside: &str, text: &str) {
        fs::write(self.path(inside), text).unwrap_or_else(|error| panic!("{inside}: {error}"));
    }

    /// Replaces text that must be there.
    fn edit(&self, inside: &str, old: &str, new: &str) {
        let text = self.read(inside);
        assert!(text.contains(old), "{inside} has no {old:?}");
        self.write(inside, &text.replace(old, new));
    }

    /// Makes the learner's file answer with this expression.
    fn answer(&self, expression: &str) {
        let body = format!("pub fn add(a: i8, b: i8) -> Option<i8> {{ {expression} }}\n");
        self.write(YOURS, &body);
    }

    fn solve(&self) {
        self.answer("a.checked_add(b)");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("LAB_PROGRAM")
            .stdin(Stdio::null());
        command
    }

    fn lab(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.command(arguments))
    }

    /// The backups of `counter`, oldest first.
    fn backups(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path(".lab/backups/counter")) else {
            return Vec::new();
        };
        let mut found: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        found.sort();
        found
    }
}

const YOURS: &str = "labs/counter/src/count.rs";

fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("lab starts");
    Ran {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ran {
    /// Fails unless it exited so.
    #[track_caller]
    fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Ran {
        assert!(self.out.contains(text), "no {text:?} in {self:#?}");
        self
    }

    #[track_caller]
    fn never_says(self, text: &str) -> Ran {
        assert!(!self.out.contains(text), "{text:?} in {self:#?}");
        self
    }

    /// Fails unless standard error is this one sentence.
    #[track_caller]
    fn complains(self, sentence: &str) -> Ran {
        assert_eq!(
            self.err.trim_end(),
            format!("error: {sentence}"),
            "{self:#?}"
        );
        self
    }

    #[track_caller]
    fn notes(self, text: &str) -> Ran {
        assert!(self.err.contains(text), "no {text:?} in {self:#?}");
        self
    }

    #[track_caller]
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the fixture is there").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a file can be copied");
        }
    }
}
