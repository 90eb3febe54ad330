//! Running other programs so that none outlives us. On Unix each child leads a process group of
//! its own, so that a time limit or Ctrl-C ends it together with everything it started. What a
//! child writes is kept up to a bound. Elsewhere only the child itself can be killed.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::files;

/// Exit code after Ctrl-C, as a shell reports it.
const INTERRUPTED: i32 = 130;

/// Bytes of a child's output that are kept; the rest is read and dropped, so that it never blocks.
const KEPT: usize = 16 << 20;

/// How often a child that closed its output, or gave it to someone who stays, is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// How long the output of a child that has ended may stay open.
const GRACE: Duration = Duration::from_millis(200);

struct Running {
    stopping: bool,
    groups: Vec<u32>,
}

static RUNNING: Mutex<Running> = Mutex::new(Running {
    stopping: false,
    groups: Vec::new(),
});

fn running() -> MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on Ctrl-C (and SIGTERM, SIGHUP) ends every child, and then this process.
pub fn end_children_on_interrupt() -> io::Result<()> {
    ctrlc::set_handler(|| exit(INTERRUPTED)).map_err(io::Error::other)
}

/// Ends every child and this process. A group of writes that is under way is finished first.
pub fn exit(code: i32) -> ! {
    let _whole = files::hold_interrupts();
    let mut running = running();
    running.stopping = true;
    for group in running.groups.drain(..) {
        kill_group(group);
    }
    std::process::exit(code)
}

/// What a program left behind when it ended.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    /// Empty when it went to the terminal.
    pub stderr: String,
    /// The time limit was reached and the program was killed.
    pub timed_out: bool,
}

/// Where a child's standard error goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stderr {
    Terminal,
    Kept,
}

/// Runs the program to its end, or to the limit, with nothing to read on standard input.
pub fn run(command: &mut Command, stderr: Stderr, limit: Option<Duration>) -> io::Result<Finished> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(match stderr {
        Stderr::Terminal => Stdio::inherit(),
        Stderr::Kept => Stdio::piped(),
    });
    let mut child = spawn(command)?;
    let group = child.id();

    let (ended, end) = mpsc::channel();
    let out = keep(child.stdout.take(), ended.clone());
    let err = keep(child.stderr.take(), ended);
    let closed_within = |time| end.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Disconnected);

    let deadline = limit.map(|limit| Instant::now() + limit);
    let mut timed_out = false;
    let mut closed = false; // nobody holds its output any more
    let status = loop {
        // Its output usually ends when it does, so this wakes at once.
        if closed {
            thread::sleep(LOOK);
        } else {
            closed = closed_within(LOOK);
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if !timed_out && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            timed_out = true;
            kill(&mut child);
        }
    };
    // A program that it left behind may hold its output for ever, and so goes too. One that also
    // left the group is not waited for.
    if !closed && !closed_within(GRACE) {
        kill_group(group);
        closed_within(GRACE);
    }
    running().groups.retain(|other| *other != group);

    Ok(Finished {
        status,
        stdout: text(&out),
        stderr: text(&err),
        timed_out,
    })
}

/// Starts a child and makes it known to whoever ends them all, in one step.
fn spawn(command: &mut Command) -> io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut running = running();
    if running.stopping {
        return Err(io::Error::from(io::ErrorKind::Interrupted));
    }
    let child = command.spawn()?;
    running.groups.push(child.id());
    Ok(child)
}

/// Does something while no child is being started: between its fork and its exec, a child holds
/// every file that this process has open.
pub fn while_none_starts<T>(work: impl FnOnce() -> T) -> T {
    let _running = running();
    work()
}

fn kill(child: &mut Child) {
    kill_group(child.id());
    // It may have ended by itself by now, which is as good.
    let _ = child.kill();
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // The only failure is that nobody is left in it.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}

/// What was read so far.
type Kept = Arc<Mutex<Vec<u8>>>;

/// Reads to the end; `ended` is dropped then, which tells whoever waits.
fn keep(pipe: Option<impl Read + Send + 'static>, ended: mpsc::Sender<()>) -> Kept {
    let kept = Kept::default();
    let Some(mut pipe) = pipe else { return kept };
    let shared = Arc::clone(&kept);
    thread::spawn(move || {
        let _ended = ended;
        let mut piece = [0; 16 << 10];
        loop {
            match pipe.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => {
                    let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    let room = KEPT.saturating_sub(kept.len());
                    kept.extend_from_slice(&piece[..n.min(room)]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return, // as good as the end: nothing more will come
            }
        }
    });
    kept
}

fn text(kept: &Kept) -> String {
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn finished(script: &str, limit: Duration) -> Finished {
        run(&mut sh(script), Stderr::Kept, Some(limit)).expect("sh runs")
    }

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn output_and_status_are_kept() {
        let finished = finished("echo out; echo err >&2; exit 3", LONG);
        assert_eq!(finished.stdout, "out\n");
        assert_eq!(finished.stderr, "err\n");
        assert_eq!(finished.status.code(), Some(3));
        assert!(!finished.timed_out);
    }

    #[test]
    fn a_limit_ends_the_program_and_what_it_started() {
        let finished = finished("sleep 600 & echo $!; wait", Duration::from_millis(100));
        assert!(finished.timed_out);
        let state = format!("/proc/{}/stat", finished.stdout.trim());
        // A killed process takes a moment to be gone, or a zombie that nobody reaps.
        let deadline = Instant::now() + LONG;
        while std::fs::read_to_string(&state).is_ok_and(|state| !state.contains(") Z ")) {
            assert!(Instant::now() < deadline, "it still runs");
            thread::yield_now();
        }
    }

    #[test]
    fn a_program_left_behind_does_not_hold_us_up() {
        let begun = Instant::now();
        let finished = finished("sleep 600 & echo done", LONG);
        assert_eq!(finished.stdout, "done\n");
        assert!(!finished.timed_out && begun.elapsed() < LONG);
    }

    #[test]
    fn a_program_that_closes_its_output_is_waited_for() {
        let finished = finished("exec >&- 2>&-; sleep 0.1; exit 5", LONG);
        assert_eq!(finished.status.code(), Some(5));
    }

    #[test]
    fn endless_output_is_bounded() {
        let finished = finished("yes", Duration::from_millis(500));
        assert!(finished.timed_out && finished.stdout.len() <= KEPT);
    }
}
