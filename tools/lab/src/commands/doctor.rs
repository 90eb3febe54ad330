//! `lab doctor`: what this machine has, a line each. Only what the course cannot do without is a
//! problem; for the rest it says what it is needed for, and how to get it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

use crate::course::Course;
use crate::error::{Outcome, Result};
use crate::files;
use crate::process::{self, Stderr};
use crate::report::{BAD, FAINT, GOOD, paint};
use crate::say;

/// A tool that does not answer in this time does not work.
const LIMIT: Duration = Duration::from_secs(30);

/// What the target folder of the whole course needs, generously.
const DISK: u64 = 4 << 30;

#[derive(Serialize)]
struct Check {
    name: &'static str,
    state: State,
    /// What was found; for a problem, with the fix.
    says: String,
}

#[derive(Serialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum State {
    Ok,
    /// Optional, and not there.
    Missing,
    Problem,
}

/// Something optional: how to see whether it is there, what is lost without it, how to get it.
struct Tool {
    name: &'static str,
    /// Command lines that must all succeed; the first line of the first one's output is shown.
    tries: &'static [&'static [&'static str]],
    needed_for: &'static str,
    get: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "clippy",
        tries: &[&["cargo", "clippy", "--version"]],
        needed_for: "`cargo lab verify`",
        get: "`rustup component add clippy`",
    },
    Tool {
        name: "go",
        tries: &[&["go", "version"]],
        needed_for: "the labs in Go",
        get: "https://go.dev/dl",
    },
    Tool {
        name: "python",
        tries: &[&["python3", "--version"], &["python3", "-c", "import grpc"]],
        needed_for: "the labs in Python",
        get: "python3, then `python3 -m pip install grpcio`",
    },
    Tool {
        name: "c++",
        tries: &[
            &["g++", "--version"],
            &["cmake", "--version"],
            &["pkg-config", "--exists", "grpc++"],
        ],
        needed_for: "the labs in C++",
        get: "Debian: `apt-get install g++ cmake pkg-config libgrpc++-dev`",
    },
    Tool {
        name: "chromium",
        tries: &[&["chromium", "--version"]],
        needed_for: "the tests of the book in a browser",
        get: "Debian: `apt-get install chromium`",
    },
    Tool {
        name: "bwrap",
        tries: &[&["bwrap", "--version"]],
        needed_for: "grading in a full sandbox",
        get: "Debian: `apt-get install bubblewrap`",
    },
    Tool {
        name: "buf",
        tries: &[&["buf", "--version"]],
        needed_for: "the check for breaking changes in the contracts",
        get: "https://buf.build/docs/cli/installation",
    },
    Tool {
        name: "protoc",
        tries: &[&["protoc", "--version"]],
        needed_for: "generating code for the other languages",
        get: "Debian: `apt-get install protobuf-compiler`",
    },
];

pub fn run(course: &Course, json: bool) -> Result<Outcome> {
    let mut checks = vec![
        needed("rust", toolchain(course)),
        needed("linker", linker()),
        needed("disk", disk(course)),
        needed("loopback", loopback()),
        needed("target", writable(&course.target())),
        needed(".lab", writable(&course.root.join(".lab"))),
    ];
    checks.extend(TOOLS.iter().map(tool));

    let wrong = checks
        .iter()
        .filter(|check| check.state == State::Problem)
        .count();
    if json {
        super::print_json(&checks)?;
    } else {
        for check in &checks {
            let (style, state) = match check.state {
                State::Ok => (GOOD, "ok"),
                State::Missing => (FAINT, "missing"),
                State::Problem => (BAD, "problem"),
            };
            let state = paint(style, format!("{state:<7}"));
            say!("{:<9}  {state}  {}", check.name, check.says);
        }
    }
    Ok(if wrong == 0 {
        Outcome::Well
    } else {
        Outcome::Unfit
    })
}

/// `Err` is a problem, in one sentence with its fix.
fn needed(name: &'static str, found: Result<String, String>) -> Check {
    let (state, says) = match found {
        Ok(says) => (State::Ok, says),
        Err(says) => (State::Problem, says),
    };
    Check { name, state, says }
}

fn toolchain(course: &Course) -> Result<String, String> {
    let version = answer(&["rustc", "--version"]).map_err(|why| {
        format!("rustc does not run ({why}); install Rust from https://rustup.rs")
    })?;
    let have = version.split(' ').nth(1).unwrap_or_default();
    match wanted_rust(course) {
        Some(wanted) if numbers(have) < numbers(&wanted) => Err(format!(
            "{version} is older than {wanted}, which the course needs; run `rustup update`"
        )),
        _ => Ok(version),
    }
}

/// `rust-version` of the workspace.
fn wanted_rust(course: &Course) -> Option<String> {
    let text = files::read(&course.root.join("Cargo.toml")).ok()?;
    let manifest: toml::Table = toml::from_str(&text).ok()?;
    let package = manifest.get("workspace")?.get("package")?;
    package.get("rust-version")?.as_str().map(str::to_owned)
}

fn numbers(version: &str) -> Vec<u32> {
    let plain = version.split('-').next().unwrap_or_default();
    plain
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect()
}

fn linker() -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let source = folder.path().join("hello.rs");
    let program = folder.path().join("hello");
    fs::write(&source, "fn main() {}").map_err(|error| format!("no temporary file: {error}"))?;
    let mut rustc = Command::new("rustc");
    rustc.arg(&source).arg("-o").arg(&program);
    said(&mut rustc).map_err(|why| {
        format!("an empty program does not link ({why}); install a C compiler, such as gcc")
    })?;
    said(&mut Command::new(&program))
        .map_err(|why| format!("a program that was just built does not run ({why})"))?;
    Ok("an empty program builds and runs".to_owned())
}

fn disk(course: &Course) -> Result<String, String> {
    let free = fs4::available_space(&course.root).map_err(|error| error.to_string())?;
    let gigabytes = free >> 30;
    if free < DISK {
        return Err(format!(
            "{gigabytes} GiB free at {}; the course needs {}: free some space",
            course.root.display(),
            DISK >> 30
        ));
    }
    Ok(format!("{gigabytes} GiB free"))
}

fn loopback() -> Result<String, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| TcpStream::connect(listener.local_addr()?))
        .map(|_| "a port on 127.0.0.1 can be bound and reached".to_owned())
        .map_err(|error| {
            format!(
                "a port on 127.0.0.1 cannot be used ({error}); look at your firewall or sandbox"
            )
        })
}

fn writable(folder: &Path) -> Result<String, String> {
    files::make_folder(folder).map_err(|error| error.to_string())?;
    match tempfile::tempfile_in(folder) {
        Ok(_) => Ok("writable".to_owned()),
        Err(error) => Err(format!(
            "{} is not writable ({error}); see who owns it",
            folder.display()
        )),
    }
}

fn tool(tool: &Tool) -> Check {
    let answers: Result<Vec<String>, String> =
        tool.tries.iter().map(|words| answer(words)).collect();
    match answers {
        Ok(answers) => Check {
            name: tool.name,
            state: State::Ok,
            says: answers.into_iter().next().unwrap_or_default(),
        },
        Err(why) => Check {
            name: tool.name,
            state: State::Missing,
            says: format!(
                "optional ({why}); needed for {}; get it: {}",
                tool.needed_for, tool.get
            ),
        },
    }
}

fn answer(words: &[&str]) -> Result<String, String> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    said(&mut command).map_err(|why| format!("{}: {why}", words.join(" ")))
}

/// The first line of a command's output, if it succeeds.
fn said(command: &mut Command) -> Result<String, String> {
    let finished =
        process::run(command, Stderr::Kept, Some(LIMIT)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "not found".to_owned(),
            _ => error.to_string(),
        })?;
    if finished.timed_out {
        return Err(format!("no answer in {} s", LIMIT.as_secs()));
    }
    let first = |text: &str| text.lines().next().unwrap_or_default().trim().to_owned();
    if finished.status.success() {
        Ok(first(&finished.stdout))
    } else {
        let why = finished.stderr.lines().last().unwrap_or_default().trim();
        Err(if why.is_empty() {
            finished.status.to_string()
        } else {
            why.to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(numbers("1.100.0") > numbers("1.88"));
        assert!(numbers("1.87.9-nightly") < numbers("1.88"));
        assert!(numbers("1.88.0") >= numbers("1.88"));
    }
}
