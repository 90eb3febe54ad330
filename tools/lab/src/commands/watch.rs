//! `lab watch`: runs a lab at once and after every save, with what to do next always on screen.
//! The system's own file events start a run; where there are none (a network disk, Windows'
//! disks under WSL) the files are looked at twice a second.

use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use notify::{EventKind, PollWatcher, RecursiveMode, Watcher};

use crate::course::{Course, Lab, Stage};
use crate::error::{Error, Outcome, Result};
use crate::files;
use crate::progress::Verdict;
use crate::report::{self, FAINT, GOOD, STRONG, paint};
use crate::runner::{self, StageRun, Suite};
use crate::say;
use crate::{commands, process};

/// A save is often several events (write, rename): this much silence ends it.
const QUIET: Duration = Duration::from_millis(30);

/// A stream of events that never falls silent starts a run all the same.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often files are looked at where the system sends no events.
const POLL: Duration = Duration::from_millis(500);

/// What was asked for.
#[derive(Debug)]
pub struct Options {
    pub lab: String,
    /// Do not rely on the system's file events.
    pub poll: bool,
    pub limit: Duration,
}

enum Event {
    Saved,
    Line(String),
    /// A run ended; with the first red stage, if one is.
    Ran(Result<Option<Box<Stage>>>),
}

pub fn run(course: &Course, options: &Options) -> Result<Outcome> {
    let lab = course.lab(&options.lab)?;
    let (send, events) = mpsc::channel();
    let _announced = announce(course, &lab);
    // Before the first run, so that no save is missed.
    let _watcher = watch(&lab, options.poll, send.clone())?;
    read_lines(send.clone());

    let mut session = Session {
        course,
        options,
        send,
        running: false,
        again: false,
        red: None,
    };
    session.start(&lab)?;
    for event in events {
        match event {
            Event::Saved => session.start(&lab)?,
            Event::Ran(ran) => session.ended(&lab, ran)?,
            Event::Line(line) => match line.trim() {
                "q" => process::exit(0),
                "r" | "" => session.start(&lab)?,
                "h" => session.hint(&lab)?,
                other => say!("\"{other}\" is none of these.\n{}", keys()),
            },
        }
    }
    Ok(Outcome::Well)
}

struct Session<'a> {
    course: &'a Course,
    options: &'a Options,
    send: Sender<Event>,
    running: bool,
    /// Something was saved during the run.
    again: bool,
    red: Option<Box<Stage>>,
}

impl Session<'_> {
    fn start(&mut self, lab: &Lab) -> Result<()> {
        if !lab.folder.join("src").is_dir() {
            return Err(Error::Input(format!(
                "labs/{0}/src is gone; `cargo lab reset {0}` puts the stub back, then watch again",
                lab.name
            )));
        }
        if self.running {
            self.again = true;
            return Ok(());
        }
        self.running = true;
        let course = self.course.clone();
        let (name, limit) = (self.options.lab.clone(), self.options.limit);
        let send = self.send.clone();
        clear();
        thread::spawn(move || {
            let ran = run_once(&course, &name, limit);
            // The receiver is gone only when the program is ending.
            let _ = send.send(Event::Ran(ran));
        });
        Ok(())
    }

    fn ended(&mut self, lab: &Lab, ran: Result<Option<Box<Stage>>>) -> Result<()> {
        self.running = false;
        match ran {
            Ok(red) => self.red = red,
            Err(Error::Build) => {} // cargo has said why
            Err(error) => say!("error: {error}"),
        }
        say!("{}", keys());
        if std::mem::take(&mut self.again) {
            self.start(lab)?;
        }
        Ok(())
    }

    fn hint(&mut self, lab: &Lab) -> Result<()> {
        match &self.red {
            Some(stage) => {
                let seen = commands::hint::next(self.course, lab, stage)?;
                say!("\n{}\n", commands::hint::text(lab, stage, seen));
            }
            None => say!("No stage is red, so there is nothing to hint at."),
        }
        say!("{}", keys());
        Ok(())
    }
}

/// One run from sources to verdict. Its lab is read afresh: an author may be at work on it.
fn run_once(course: &Course, name: &str, limit: Duration) -> Result<Option<Box<Stage>>> {
    let lab = course.lab(name)?;
    let sources = files::fingerprint(&lab.sources()?);
    let suite = Suite::build(course, &lab, limit)?;
    let stages: Vec<&Stage> = lab.stages.iter().collect();
    let runs = suite.run_stages(&stages, false, |_, _| {})?;
    if runner::other_program().is_none() {
        commands::test::record(course, &lab, &runs, &sources);
    }

    clear();
    say!("{}  {}", paint(STRONG, &lab.name), paint(FAINT, &lab.title));
    let mut red: Option<(&Stage, &StageRun)> = None;
    for stage in &lab.stages {
        let run = runs.iter().find(|run| run.number == stage.number);
        let verdict = run.map_or(Verdict::NotRun, commands::test::verdict);
        say!("{}", report::stage_line(stage, verdict));
        red = red.or(run.filter(|run| !run.passed).map(|run| (stage, run)));
    }
    say!("");
    match red {
        Some((stage, run)) => say!("{}", report::red_stage(&lab, stage, run)),
        None => say!("{}", solved(course, &lab)?),
    }
    Ok(red.map(|(stage, _)| Box::new(stage.clone())))
}

fn solved(course: &Course, lab: &Lab) -> Result<String> {
    let points = lab.points();
    let well = paint(
        GOOD,
        format!("{} is solved: {points} of {points} points.", lab.name),
    );
    let mut out = format!(
        "{well}\n\ncompare: cargo lab diff {0}, or cargo lab solution {0}\n",
        lab.name
    );
    let labs = course.labs()?;
    let after = labs
        .iter()
        .skip_while(|other| other.name != lab.name)
        .nth(1);
    if let Some(after) = after {
        out.push_str(&format!("next: cargo lab watch {}\n", after.name));
    }
    Ok(out)
}

fn keys() -> String {
    paint(FAINT, "h hint · r run again · q quit  (then Enter)")
}

fn clear() {
    if io::stdout().is_terminal() {
        report::print(format_args!("\x1b[2J\x1b[3J\x1b[H"));
    }
}

fn read_lines(send: Sender<Event>) {
    // It ends with the program: a read from a terminal cannot be called off.
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if send.send(Event::Line(line)).is_err() {
                break;
            }
        }
    });
}

/// Sends one [`Event::Saved`] a save, for as long as the result lives.
fn watch(lab: &Lab, poll: bool, send: Sender<Event>) -> Result<Box<dyn Watcher>> {
    let (raw, changes) = mpsc::channel();
    let on_event = move |event: notify::Result<notify::Event>| {
        // An error (say, too many events at once) may hide a save: run once more.
        let changed = event.map_or(true, |event| !matches!(event.kind, EventKind::Access(_)));
        if changed {
            // The receiver is gone only when the program is ending.
            let _ = raw.send(());
        }
    };
    thread::spawn(move || settle(&changes, &send));

    // The lab's folder, not its src/: then src/ may be replaced as a whole, as git does.
    let failed = |error: notify::Error| {
        Error::Environment(format!("cannot watch labs/{}: {error}", lab.name))
    };
    if !poll && !sends_no_events(&lab.folder) {
        let native = notify::recommended_watcher(on_event.clone()).and_then(|mut watcher| {
            watcher.watch(&lab.folder, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        match native {
            Ok(watcher) => return Ok(Box::new(watcher)),
            Err(error) => anstream::eprintln!(
                "note: the system sends no file events here ({error}); looking twice a second"
            ),
        }
    }
    // By content: notify knows a file's time by the second, and two saves may share one.
    let config = notify::Config::default()
        .with_poll_interval(POLL)
        .with_compare_contents(true);
    let mut watcher = PollWatcher::new(on_event, config).map_err(failed)?;
    watcher
        .watch(&lab.folder, RecursiveMode::Recursive)
        .map_err(failed)?;
    Ok(Box::new(watcher))
}

/// Held while this process watches a lab: the book's server then leaves its runs to us. Without
/// it (a read-only disk, a second watch) both would run, which costs time and nothing else.
fn announce(course: &Course, lab: &Lab) -> Option<fs::File> {
    files::make_folder(&course.root.join(".lab")).ok()?;
    let file = fs::File::create(announcement(course, lab)).ok()?;
    fs4::FileExt::try_lock(&file).is_ok().then_some(file)
}

/// Whether a `lab watch` is running for this lab.
pub fn is_watched(course: &Course, lab: &Lab) -> bool {
    let Ok(file) = fs::File::open(announcement(course, lab)) else {
        return false;
    };
    matches!(
        fs4::FileExt::try_lock_shared(&file),
        Err(fs4::TryLockError::WouldBlock)
    )
}

fn announcement(course: &Course, lab: &Lab) -> PathBuf {
    course.root.join(format!(".lab/watching-{}", lab.name))
}

/// Makes one event of a burst.
fn settle(changes: &Receiver<()>, send: &Sender<Event>) {
    while changes.recv().is_ok() {
        let latest = Instant::now() + PATIENCE;
        while Instant::now() < latest {
            match changes.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        if send.send(Event::Saved).is_err() {
            return;
        }
    }
}

/// File systems whose changes the kernel does not learn of.
#[cfg(target_os = "linux")]
pub fn sends_no_events(folder: &Path) -> bool {
    const NFS: u32 = 0x6969;
    const SMB: [u32; 2] = [0xff53_4d42, 0xfe53_4d42];
    const PLAN_9: u32 = 0x0102_1997; // WSL 2's view of Windows' disks
    const WSL_1: u32 = 0x5346_4846;
    const FUSE: u32 = 0x6573_5546;
    const VIRTUALBOX: u32 = 0x786f_4256;
    let Ok(stat) = rustix::fs::statfs(folder) else {
        return false;
    };
    // The kernel's numbers are 32 bits wide, in a field whose width and sign vary.
    let kind = stat.f_type as u32;
    [NFS, PLAN_9, WSL_1, FUSE, VIRTUALBOX].contains(&kind) || SMB.contains(&kind)
}

#[cfg(not(target_os = "linux"))]
pub fn sends_no_events(_: &Path) -> bool {
    false
}
