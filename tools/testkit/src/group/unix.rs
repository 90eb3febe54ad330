use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{ChildStdin, ChildStdout};

/// A program in the process group of its guardian.
pub(crate) struct Group {
    program: Child,
    guardian: Child,
}

impl Group {
    /// Starts the program.
    ///
    /// The guardian is a shell that waits for the end of its standard input, which comes when this
    /// process closes it or dies, and then kills its group: the program, what the program started,
    /// and itself. It leads a group of its own, so a Ctrl-C meant for the tests does not end it
    /// early.
    pub(crate) fn spawn(mut command: Command) -> io::Result<Self> {
        stop_ignoring_interrupts();
        let mut guardian = Command::new("/bin/sh")
            .args(["-c", "read -r _; kill -KILL 0"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let group = i32::try_from(guardian.id()).map_err(io::Error::other)?;
        match command.process_group(group).spawn() {
            Ok(program) => {
                limit_output(&program);
                Ok(Self { program, guardian })
            }
            Err(error) => {
                drop(guardian.stdin.take());
                guardian.wait()?;
                Err(error)
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.id()
    }

    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.program.try_wait()
    }

    /// The program's standard input, where that is a pipe.
    pub(crate) fn take_input(&mut self) -> io::Result<Option<ChildStdin>> {
        self.program
            .stdin
            .take()
            .map(ChildStdin::from_std)
            .transpose()
    }

    /// The program's standard output, where that is a pipe.
    pub(crate) fn take_output(&mut self) -> io::Result<Option<ChildStdout>> {
        self.program
            .stdout
            .take()
            .map(ChildStdout::from_std)
            .transpose()
    }

    /// Asks the program to stop, with SIGTERM.
    pub(crate) fn terminate(&self) -> io::Result<()> {
        self.signal(Signal::TERM)
    }

    /// Interrupts the program, with SIGINT. A terminal would send it to the whole group, which
    /// here has a guardian in it.
    pub(crate) fn interrupt(&self) -> io::Result<()> {
        self.signal(Signal::INT)
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        kill_process(Pid::from_child(&self.program), signal).map_err(io::Error::from)
    }

    /// Ends the program and whatever it started, at once, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        drop(self.guardian.stdin.take());
        // Neither can fail to end: both have been sent SIGKILL by the time the guardian has ended.
        let _ = self.guardian.wait();
        let _ = self.program.wait();
    }

    /// The memory that the program and whatever it started hold in RAM, in bytes.
    pub(crate) fn resident_memory(&self) -> io::Result<u64> {
        resident_memory_of_group(self.guardian.id())
    }

    /// The most memory that they have held so far, each at its own time, where that can be told.
    #[cfg(target_os = "linux")]
    pub(crate) fn peak_memory(&self) -> io::Result<Option<u64>> {
        memory_of_group(self.guardian.id(), "VmHWM:").map(Some)
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn peak_memory(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Lets an interrupt reach the program, which would inherit that this process ignores it, as it
/// does where a script started the tests in the background. exec(3) keeps what is ignored, and
/// puts the default in the place of a handler; so a handler that does nothing is enough.
#[cfg(target_os = "linux")]
fn stop_ignoring_interrupts() {
    use tokio::signal::unix::{SignalKind, signal};

    // proc(5): a mask in hex, the lowest bit for signal 1.
    let interrupt = 1 << (Signal::INT.as_raw() - 1);
    let ignored = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let mask = status.lines().find_map(|it| it.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(mask.trim(), 16).ok()
        })
        .is_some_and(|mask| mask & interrupt != 0);
    if ignored && tokio::runtime::Handle::try_current().is_ok() {
        // The handler outlives what is dropped here. Without it, an interrupt is ignored as before.
        let _ = signal(SignalKind::interrupt());
    }
}

#[cfg(not(target_os = "linux"))]
fn stop_ignoring_interrupts() {}

/// What a program prints goes to a file, so a program that prints without end needs a bound.
#[cfg(target_os = "linux")]
fn limit_output(program: &Child) {
    use rustix::process::{Resource, Rlimit, prlimit};

    const LARGEST_FILE: u64 = 1 << 30;
    let limit = Rlimit {
        current: Some(LARGEST_FILE),
        maximum: Some(LARGEST_FILE),
    };
    // It fails where the program has ended already, or a stricter limit is in force.
    let _ = prlimit(Some(Pid::from_child(program)), Resource::Fsize, limit);
}

#[cfg(not(target_os = "linux"))]
fn limit_output(_program: &Child) {}

#[cfg(target_os = "linux")]
fn resident_memory_of_group(group: u32) -> io::Result<u64> {
    memory_of_group(group, "VmRSS:")
}

/// The sum of one line of `/proc/PID/status`.
#[cfg(target_os = "linux")]
fn memory_of_group(group: u32, line_of: &str) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir("/proc")? {
        let process = entry?.path();
        // A process may end while it is being looked at.
        let Ok(stat) = std::fs::read_to_string(process.join("stat")) else {
            continue;
        };
        let Ok(status) = std::fs::read_to_string(process.join("status")) else {
            continue;
        };
        // proc(5): `pid (comm) state ppid pgrp …`, where comm may hold anything.
        let fields = stat.rsplit(") ").next().unwrap_or_default();
        if fields.split(' ').nth(2).and_then(|pgrp| pgrp.parse().ok()) == Some(group) {
            bytes += status
                .lines()
                .find_map(|line| line.strip_prefix(line_of))
                .and_then(|rest| rest.trim().strip_suffix(" kB"))
                .and_then(|kibibytes| kibibytes.parse::<u64>().ok())
                .map_or(0, |kibibytes| kibibytes * 1024);
        }
    }
    Ok(bytes)
}

#[cfg(not(target_os = "linux"))]
fn resident_memory_of_group(group: u32) -> io::Result<u64> {
    let listing = Command::new("ps")
        .args(["-A", "-o", "pgid=,rss="])
        .output()?
        .stdout;
    Ok(String::from_utf8_lossy(&listing)
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse::<u64>);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
        .filter(|(pgid, _)| *pgid == u64::from(group))
        .map(|(_, kibibytes)| kibibytes * 1024)
        .sum())
}
