//! A throw-away course in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use book::build::{self, Built};

pub const CHAPTER: &str = "src/phase-1/01-counting";

pub struct Course {
    folder: tempfile::TempDir,
}

impl Course {
    pub fn new() -> Course {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&here.join("../lab/tests/course"), folder.path());
        copy(&here.join("tests/course"), folder.path());
        for part in ["assets", "theme"] {
            copy(
                &here.join(part),
                &folder.path().join("tools/book").join(part),
            );
        }
        Course { folder }
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.root().join(file)
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    }

    /// Replaces a piece of text that must be there.
    pub fn change(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no {from:?}");
        self.write(file, &text.replace(from, to));
    }

    pub fn lab(&self) -> lab::course::Course {
        lab::course::Course::find_from(self.root()).expect("it is a course")
    }

    /// Builds into `target/book`, and gives every finding as it is printed.
    pub fn build(&self) -> Built {
        build::build(&self.lab(), &self.path("target/book")).expect("the machine is well")
    }

    pub fn findings(&self) -> Vec<String> {
        let built = build::check(&self.lab()).expect("the machine is well");
        built.findings.iter().map(ToString::to_string).collect()
    }

    /// A page of the built book.
    pub fn page(&self, path: &str) -> String {
        self.read(&format!("target/book/{path}"))
    }

    pub fn book(&self, arguments: &[&str]) -> Output {
        self.command(arguments)
            .output()
            .expect("the program starts")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_book"));
        command
            .args(arguments)
            .current_dir(self.root())
            // One for all tests: only the first compiles the throw-away lab.
            .env(
                "CARGO_TARGET_DIR",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/labs"),
            )
            .env_remove("LAB_PROGRAM");
        command
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is made");
    for entry in fs::read_dir(from).expect("the folder is read") {
        let entry = entry.expect("the entry is read");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("the file is copied");
        }
    }
}
