//! The program under test, as a process of its own.

use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::ChildStdin;
use tokio::time::timeout;

use crate::explain::{self, Explanation, Lab};
use crate::finished::Finished;
use crate::group::Group;
use crate::printed::{Printed, READ_AT_MOST};
use crate::wait::DEADLINE;

/// How often a wait looks whether the program has printed or exited.
const GLANCE: Duration = Duration::from_millis(1);

/// A running program. Dropping it ends it, and whatever it started.
pub struct Program {
    group: Group,
    command: String,
    pub(crate) printed: Printed,
    /// Its standard input, until that has been ended.
    input: Option<ChildStdin>,
    /// Where on standard output the line that was found last ends, in bytes.
    found: u64,
}

impl Program {
    /// Starts the lab's program, or the one that `LAB_PROGRAM` names, with these arguments, and
    /// without standard input.
    pub fn start(lab: Lab, arguments: &[&str]) -> Self {
        let printed = Printed::or_fail();
        Self::spawn(lab, arguments, printed, |_| Ok(()))
    }

    /// As [`start`](Program::start), and the test types its standard input.
    pub fn start_interactive(lab: Lab, arguments: &[&str]) -> Self {
        let mut program = Self::spawn(lab, arguments, Printed::or_fail(), |command| {
            command.stdin(Stdio::piped());
            Ok(())
        });
        program.input = match program.group.take_input() {
            Ok(input) => input,
            Err(error) => program.fail("reads standard input", error.to_string()),
        };
        program
    }

    fn spawn(
        lab: Lab,
        arguments: &[&str],
        printed: Printed,
        redirect: impl FnOnce(&mut Command) -> io::Result<()>,
    ) -> Self {
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
        let mut command = Command::new(&program);
        command
            .args(words)
            .args(arguments)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null());
        let started = printed
            .take_from(&mut command)
            .and_then(|()| redirect(&mut command))
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
            command: format!("{} {}", explain::lab_name(), arguments.join(" ")),
            printed,
            input: None,
            found: 0,
        }
    }

    /// Runs the program to its end; fails the test if that has not come within [`DEADLINE`].
    pub async fn run(lab: Lab, arguments: &[&str]) -> Finished {
        Self::start(lab, arguments).finish(DEADLINE).await
    }

    /// As [`run`](Program::run), with this on its standard input, as much of it as it reads.
    pub async fn run_with_input(lab: Lab, arguments: &[&str], input: &[u8]) -> Finished {
        let mut program = Self::start_interactive(lab, arguments);
        let pipe = program.input.take();
        let feed = async move {
            if let Some(mut pipe) = pipe {
                // It fails where the program ends, or closes its input, before it has read all.
                let _ = pipe.write_all(input).await;
                let _ = pipe.shutdown().await;
            }
            // Dropped only here: that is the input's end.
            std::future::pending().await
        };
        tokio::select! {
            finished = program.finish(DEADLINE) => finished,
            never = feed => never,
        }
    }

    /// As [`run`](Program::run), with its standard output in a pipe that is closed after so many
    /// lines, as by `PROGRAM | head -n LINES`. [`Finished`] has those lines.
    pub async fn run_into_head(lab: Lab, arguments: &[&str], lines: usize) -> Finished {
        let mut program = Self::spawn(lab, arguments, Printed::or_fail(), |command| {
            command.stdout(Stdio::piped());
            Ok(())
        });
        program.command += &format!(" | head -n {lines}");
        let pipe = match program.group.take_output() {
            Ok(Some(pipe)) => pipe,
            Ok(None) => program.fail("prints", "there is no pipe to print to".to_owned()),
            Err(error) => program.fail("prints", error.to_string()),
        };
        let head = async {
            let mut pipe = BufReader::new(pipe.take(READ_AT_MOST));
            let mut line = Vec::new();
            for _ in 0..lines {
                line.clear();
                if pipe.read_until(b'\n', &mut line).await? == 0 {
                    break;
                }
                program.printed.add_output(&line)?;
            }
            io::Result::Ok(())
        };
        match timeout(DEADLINE, head).await {
            Ok(Ok(())) => program.finish(DEADLINE).await,
            Ok(Err(error)) => program.fail("prints", format!("cannot be read: {error}")),
            Err(_elapsed) => program.fail(
                &format!("{lines} lines on standard output, or its end"),
                format!("not so many within {DEADLINE:?}"),
            ),
        }
    }

    /// Waits for the program's end, and gives what it has left.
    pub async fn finish(&mut self, deadline: Duration) -> Finished {
        Finished {
            status: self.exit(deadline).await,
            command: self.command.clone(),
            printed: self.printed.clone(),
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
        let find = |line: &str| Some(line.strip_prefix(prefix)?.trim().to_owned());
        match self.find_line(0, deadline, find).await {
            Ok((line, _)) => line,
            Err(came_back) => self.fail(&expected, came_back),
        }
    }

    /// Waits, for [`DEADLINE`] at most, until standard output has exactly this line, after the one
    /// that was found last.
    pub async fn prints_line(&mut self, line: &str, because: &str) {
        let find = |it: &str| (it == line).then_some(());
        let expected = format!("a line {line:?} on standard output");
        self.find_next_line(&expected, because, find).await;
    }

    /// As [`prints_line`](Program::prints_line), for a line with this in it; gives the line.
    pub async fn prints_line_with(&mut self, text: &str, because: &str) -> String {
        let find = |it: &str| it.contains(text).then(|| it.to_owned());
        let expected = format!("a line with {text:?} on standard output");
        self.find_next_line(&expected, because, find).await
    }

    async fn find_next_line<T>(
        &mut self,
        expected: &str,
        because: &str,
        find: impl Fn(&str) -> Option<T>,
    ) -> T {
        match self.find_line(self.found, DEADLINE, find).await {
            Ok((line, end)) => {
                self.found = end;
                line
            }
            Err(came_back) => self
                .explanation(expected, came_back)
                .because(because)
                .fail(),
        }
    }

    /// The first line of standard output that is `find`'s, from this offset on, and the offset of
    /// its end; or what came instead.
    async fn find_line<T>(
        &mut self,
        from: u64,
        deadline: Duration,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<(T, u64), String> {
        let deadline_at = Instant::now() + deadline;
        loop {
            // The order matters: a program may print the line and exit between the two.
            let exited = self.group.try_wait().ok().flatten();
            for (line, end) in self.printed.lines_from(from) {
                if let Some(found) = find(&line) {
                    return Ok((found, end));
                }
            }
            if let Some(status) = exited {
                return Err(status.to_string());
            }
            if Instant::now() >= deadline_at {
                return Err(format!("nothing of the kind within {deadline:?}"));
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Types a line, and the key that ends it. Fails the test if the program has closed its input,
    /// or does not take the line within [`DEADLINE`]; a pipe's 64 KiB it need not read.
    pub async fn type_line(&mut self, line: &str) {
        let expected = format!("reads \"{}\" from standard input", explain::shorten(line));
        let Some(input) = &mut self.input else {
            explain::fail("the test types into an input that it did not ask for, or has ended");
        };
        let typed = timeout(DEADLINE, async {
            input.write_all(format!("{line}\n").as_bytes()).await?;
            input.flush().await
        });
        match typed.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.fail(&expected, error.to_string()),
            Err(_elapsed) => self.fail(&expected, format!("nothing read within {DEADLINE:?}")),
        }
    }

    /// Ends standard input, as Ctrl-D does.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Interrupts the program, as Ctrl-C does: SIGINT on Unix.
    pub fn interrupt(&self) -> io::Result<()> {
        self.group.interrupt()
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

    /// The most memory that the program and whatever it started have held in RAM so far, in bytes:
    /// each process that still runs, at its own time. `None` where only a process itself could
    /// tell: anywhere but on Linux.
    pub fn peak_memory(&self) -> io::Result<Option<u64>> {
        self.group.peak_memory()
    }

    fn fail(&self, expected: &str, came_back: String) -> ! {
        self.explanation(expected, came_back).fail()
    }

    fn explanation(&self, expected: &str, came_back: String) -> Explanation {
        let came_back = came_back + &self.printed.shown();
        Explanation::new(&self.command)
            .expected(expected)
            .came_back(self.printed.annotate(0, came_back))
    }
}
