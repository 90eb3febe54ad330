use std::io;
use std::process::{Command, ExitStatus};

use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use tokio::process::{ChildStdin, ChildStdout};

/// A program in a job object that is closed, and so ended, together with this process.
pub(crate) struct Group {
    program: Box<dyn ChildWrapper>,
}

impl Group {
    /// Starts the program.
    pub(crate) fn spawn(command: Command) -> io::Result<Self> {
        let program = CommandWrap::from(tokio::process::Command::from(command))
            .wrap(KillOnDrop)
            .wrap(JobObject)
            .spawn()?;
        Ok(Self { program })
    }

    /// 0 once it has ended.
    pub(crate) fn pid(&self) -> u32 {
        self.program.id().unwrap_or_default()
    }

    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.program.try_wait()
    }

    /// The program's standard input, where that is a pipe.
    pub(crate) fn take_input(&mut self) -> io::Result<Option<ChildStdin>> {
        Ok(self.program.stdin().take())
    }

    /// The program's standard output, where that is a pipe.
    pub(crate) fn take_output(&mut self) -> io::Result<Option<ChildStdout>> {
        Ok(self.program.stdout().take())
    }

    /// Windows has no signal that asks a program without a window to stop.
    pub(crate) fn terminate(&self) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    /// A console's Ctrl-C reaches every process of that console, these tests too.
    pub(crate) fn interrupt(&self) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    /// Ends the program and whatever it started, at once.
    pub(crate) fn kill(&mut self) {
        // It fails where the program has ended already.
        let _ = self.program.start_kill();
    }

    /// The memory that the program holds in RAM, in bytes.
    pub(crate) fn resident_memory(&self) -> io::Result<u64> {
        let pid = self.program.id().ok_or(io::ErrorKind::NotFound)?;
        let listing = Command::new("tasklist")
            .args(["/FO", "CSV", "/NH", "/FI", &format!("PID eq {pid}")])
            .output()?
            .stdout;
        // "name","pid","session","number","12,345 K": the separator depends on the language.
        let kibibytes: String = String::from_utf8_lossy(&listing)
            .trim()
            .rsplit("\",\"")
            .next()
            .unwrap_or_default()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        Ok(kibibytes.parse::<u64>().map_err(io::Error::other)? * 1024)
    }

    /// Windows counts it for the job as a whole, and no tool of its own prints that.
    pub(crate) fn peak_memory(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
