//! The program under test, as a process of its own.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::explain::{self, Explanation, Lab};
use crate::group::Group;
use crate::wait::DEADLINE;

/// How often a wait looks whether the program has printed or exited.
const GLANCE: Duration = Duration::from_millis(1);

/// How much of what a program prints is ever read: more than any of ours says.
const READ_AT_MOST: u64 = 1 << 20;

/// A running program. Dropping it ends it, and whatever it started.
pub struct Program {
    group: Group,
    command: String,
    pub(crate) printed: Printed,
}

/// What a program that ran to its end has left.
#[derive(Debug)]
pub struct Finished {
    command: String,
    status: ExitStatus,
    printed: Printed,
}

/// Standard output and standard error, each in a file without a name: a file always takes what
/// is written, and holds all of it by the time anything else about the program can be seen.
#[derive(Clone, Debug)]
pub(crate) struct Printed {
    output: Arc<File>,
    error: Arc<File>,
}

impl Program {
    /// Starts the lab's program, or the one that `LAB_PROGRAM` names, with these arguments.
    pub fn start(lab: Lab, arguments: &[&str]) -> Self {
        explain::set_lab(lab);
        let mut words = match std::env::var("LAB_PROGRAM") {
            Ok(line) => match shlex::split(&line).filter(|words| !words.is_empty()) {
                Some(words) => words,
                None => explain::fail(format!(
                    "LAB_PROGRAM is not a command line: {line:?}. Give a program and its \
                     arguments, quoted as for a shell."
                )),
            },
            Err(_) => vec![lab.program.to_owned()],
        };
        let program = words.remove(0);
        let shown = format!("{} {}", explain::lab_name(), arguments.join(" "));

        let printed = Printed::new().unwrap_or_else(|error| {
            explain::fail(format!(
                "cannot make a temporary file for the program's output: {error}"
            ))
        });
        let mut command = Command::new(&program);
        command
            .args(words)
            .args(arguments)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null());
        let started = printed
            .take_from(&mut command)
            .and_then(|()| Group::spawn(command));
        let group = started.unwrap_or_else(|error| {
            let folder = std::env::current_dir().unwrap_or_default();
            explain::fail(format!(
                "cannot start the program {program:?} (from {}): {error}",
                folder.display()
            ))
        });
        Self {
            group,
            command: shown,
            printed,
        }
    }

    /// Runs the program to its end; fails the test if that has not come within [`DEADLINE`].
    pub async fn run(lab: Lab, arguments: &[&str]) -> Finished {
        let mut program = Self::start(lab, arguments);
        let status = program.exit(DEADLINE).await;
        Finished {
            command: program.command.clone(),
            status,
            printed: program.printed.clone(),
        }
    }

    /// Waits for the program's end.
    pub async fn exit(&mut self, deadline: Duration) -> ExitStatus {
        let end = Instant::now() + deadline;
        loop {
            match self.group.try_wait() {
                Ok(Some(status)) => return status,
                Ok(None) if Instant::now() < end => tokio::time::sleep(GLANCE).await,
                Ok(None) => self.fail("exits", format!("still running after {deadline:?}")),
                Err(error) => self.fail("exits", format!("cannot be waited for: {error}")),
            }
        }
    }

    /// Waits until standard output has a line that begins so, and gives the rest of the line.
    pub async fn line(&mut self, prefix: &str, deadline: Duration) -> String {
        let expected = format!("a line \"{prefix}…\" on standard output");
        let end = Instant::now() + deadline;
        loop {
            // The order matters: a program may print the line and exit between the two.
            let exited = self.group.try_wait().ok().flatten();
            let output = self.printed.output();
            let complete = &output[..output.rfind('\n').map_or(0, |newline| newline + 1)];
            if let Some(rest) = complete.lines().find_map(|line| line.strip_prefix(prefix)) {
                return rest.trim().to_owned();
            }
            if let Some(status) = exited {
                self.fail(&expected, status.to_string());
            }
            if Instant::now() >= end {
                self.fail(
                    &expected,
                    format!("nothing of the kind within {deadline:?}"),
                );
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.group.pid()
    }

    /// Asks the program to stop, as a supervisor would: SIGTERM on Unix.
    pub fn terminate(&self) -> io::Result<()> {
        self.group.terminate()
    }

    /// Ends the program at once, as `kill -9` does.
    pub fn kill(&mut self) {
        self.group.kill();
    }

    /// The memory that the program and whatever it started hold in RAM, in bytes.
    pub fn resident_memory(&self) -> io::Result<u64> {
        self.group.resident_memory()
    }

    fn fail(&self, expected: &str, came_back: String) -> ! {
        let came_back = came_back + &self.printed.shown();
        Explanation::new(&self.command)
            .expected(expected)
            .came_back(self.printed.annotate(0, came_back))
            .fail()
    }
}

impl Finished {
    /// Expects that the program printed exactly this line on standard output, and exited well.
    pub fn prints(&self, line: &str, because: &str) {
        let (output, error) = (self.printed.output(), self.printed.error());
        if self.status.success() && output.trim_end() == line && error.is_empty() {
            return;
        }
        self.explain(format!("prints {line:?} and exits with 0"), because);
    }

    /// Expects that the program exited with this code, printed nothing on standard output, and
    /// one line on standard error that contains each of these texts.
    pub fn fails(&self, code: i32, saying: &[&str], because: &str) {
        let (output, error) = (self.printed.output(), self.printed.error());
        let one_line = error.trim_end().lines().count() == 1;
        let says_all = saying.iter().all(|text| error.contains(text));
        if self.status.code() == Some(code) && output.is_empty() && one_line && says_all {
            return;
        }
        let saying = saying
            .iter()
            .map(|text| format!(" with {text:?}"))
            .collect::<Vec<_>>();
        self.explain(
            format!(
                "exits with {code}, one line on standard error{}",
                saying.join(" and")
            ),
            because,
        );
    }

    fn explain(&self, expected: String, because: &str) -> ! {
        let mut came_back = match self.status.code() {
            Some(code) => format!("exit code {code}"),
            None => self.status.to_string(),
        };
        came_back += &self.printed.shown();
        Explanation::new(&self.command)
            .expected(expected)
            .came_back(self.printed.annotate(0, came_back))
            .because(because)
            .fail()
    }
}

impl Printed {
    fn new() -> io::Result<Self> {
        Ok(Self {
            output: Arc::new(nameless_file()?),
            error: Arc::new(nameless_file()?),
        })
    }

    fn take_from(&self, command: &mut Command) -> io::Result<()> {
        command
            .stdout(self.output.try_clone()?)
            .stderr(self.error.try_clone()?);
        Ok(())
    }

    fn output(&self) -> String {
        read_from(&self.output, 0)
    }

    fn error(&self) -> String {
        read_from(&self.error, 0)
    }

    /// Both, for the end of a line that says what came back.
    fn shown(&self) -> String {
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
    let mut file = file;
    let mut bytes = Vec::new();
    let read = file
        .seek(SeekFrom::Start(offset))
        .and_then(|_| file.take(READ_AT_MOST).read_to_end(&mut bytes));
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => explain::fail(format!("cannot read what the program printed: {error}")),
    }
}
