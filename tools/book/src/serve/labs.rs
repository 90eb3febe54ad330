//! A lab as its card shows it, and its runs: one at a time, each of that lab's stages and of
//! nothing else. What came of a run is the lab tool's to remember; only what is going on right
//! now is kept here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use lab::commands::{hint, watch};
use lab::course::{Course, Lab};
use lab::error::Result;
use lab::files;
use lab::process::Stderr;
use lab::progress::{Progress, Verdict};
use lab::runner::{LAB_PROGRAM, StageRun, Suite, Unbuilt, build_stages};
use serde::Serialize;

use super::{Event, Server};
use crate::markdown;

/// For each stage; as `cargo lab test` has it.
const LIMIT: Duration = Duration::from_secs(60);

/// One desk for each lab of the course.
#[derive(Debug)]
pub struct Desks {
    desks: BTreeMap<String, Desk>,
    /// Files that the book's pages include; see `watch`.
    pub included: BTreeSet<PathBuf>,
}

#[derive(Debug)]
pub struct Desk {
    name: String,
    /// Pages that show this lab's card now.
    present: Arc<()>,
    doing: Mutex<Doing>,
}

#[derive(Debug, Default)]
struct Doing {
    /// What a run is at: "building", "stage 3".
    phase: Option<String>,
    /// Of the sources that are being run.
    sources: String,
    /// The sources changed during the run.
    again: bool,
    /// The learner does not want a run on every save.
    not_on_save: bool,
    /// Why the last run had no verdict: cargo's words, or the machine's.
    trouble: Option<String>,
}

/// What a card shows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    name: String,
    /// What a run is at.
    phase: Option<String>,
    /// The sources are not those of the last run.
    changed: bool,
    on_save: bool,
    /// `cargo lab watch` runs this lab in a terminal.
    watched: bool,
    stages: Vec<Stage>,
    /// Why the last run had no verdict.
    trouble: Option<String>,
    red: Option<Red>,
    hints: Option<Hints>,
}

#[derive(Debug, Clone, Serialize)]
struct Stage {
    id: String,
    verdict: Verdict,
}

/// The first red stage, explained by its first failure.
#[derive(Debug, Clone, Serialize)]
struct Red {
    stage: String,
    number: usize,
    title: String,
    /// What happened, in the test's words.
    said: String,
    /// What was on the wire meanwhile.
    wire: String,
    test: String,
    /// Other tests of the stage that failed.
    others: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Hints {
    stage: String,
    number: usize,
    /// As HTML, those asked for so far.
    seen: Vec<String>,
    of: usize,
}

impl Desks {
    pub fn new(course: &Course, included: BTreeSet<PathBuf>) -> Result<Desks> {
        let names = course.names()?.into_iter();
        let desks = names.map(|name| (name.clone(), Desk::new(name))).collect();
        Ok(Desks { desks, included })
    }

    pub fn get(&self, name: &str) -> Option<&Desk> {
        self.desks.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.desks.keys().map(String::as_str)
    }
}

impl Desk {
    fn new(name: String) -> Desk {
        Desk {
            name,
            present: Arc::new(()),
            doing: Mutex::default(),
        }
    }

    fn doing(&self) -> MutexGuard<'_, Doing> {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held for as long as a page shows this lab's card.
    pub fn present(&self) -> Arc<()> {
        Arc::clone(&self.present)
    }

    pub fn set_on_save(&self, on: bool) {
        self.doing().not_on_save = !on;
    }

    pub fn state(&self, course: &Course) -> Result<State> {
        let lab = course.lab(&self.name)?;
        let (progress, _) = Progress::load(course)?;
        let standing = progress.standing(&lab)?;
        let stages = lab
            .stages
            .iter()
            .zip(&standing.stages)
            .map(|(stage, verdict)| Stage {
                id: stage.id.clone(),
                verdict: *verdict,
            });
        let doing = self.doing();
        let hints = standing.first_red(&lab).map(|stage| Hints {
            stage: stage.id.clone(),
            number: stage.number,
            seen: stage.hints[..progress.hints(&lab, stage).min(stage.hints.len())]
                .iter()
                .map(|hint| markdown::hint(hint))
                .collect(),
            of: stage.hints.len(),
        });
        Ok(State {
            name: self.name.clone(),
            phase: doing.phase.clone(),
            changed: standing.changed,
            on_save: !doing.not_on_save,
            watched: watch::is_watched(course, &lab),
            stages: stages.collect(),
            trouble: doing.trouble.clone(),
            red: progress.red(&lab).and_then(|run| red(&lab, run)),
            hints,
        })
    }

    /// Shows one more hint of the first red stage.
    pub fn hint(&self, course: &Course) -> Result<()> {
        let lab = course.lab(&self.name)?;
        let (progress, _) = Progress::load(course)?;
        if let Some(stage) = progress.standing(&lab)?.first_red(&lab) {
            hint::next(course, &lab, stage)?;
        }
        Ok(())
    }

    fn at(&self, phase: impl Into<String>) {
        self.doing().phase = Some(phase.into());
    }
}

fn red(lab: &Lab, run: &StageRun) -> Option<Red> {
    let stage = lab.stages.iter().find(|stage| stage.number == run.number)?;
    let prefix = stage.filter();
    let short = |name: &str| name.strip_prefix(&prefix).unwrap_or(name).replace('_', " ");
    let mut failures = run.failures().filter(|test| !test.explanation.is_empty());
    let first = failures.next();
    let told = first.map_or("", |test| test.explanation.as_str());
    // The trace is the last part of an explanation.
    let (said, wire) = match told.find("\non the wire") {
        Some(at) => told.split_at(at),
        None => (told, ""),
    };
    let said = [Some(said.trim_end()), run.trouble.as_deref()];
    let said: Vec<&str> = said
        .into_iter()
        .flatten()
        .filter(|said| !said.is_empty())
        .collect();
    Some(Red {
        stage: stage.id.clone(),
        number: stage.number,
        title: stage.title.clone(),
        said: said.join("\n\n"),
        wire: wire.trim().to_owned(),
        test: first.map(|test| short(&test.name)).unwrap_or_default(),
        others: failures.map(|test| short(&test.name)).collect(),
    })
}

/// Tells every page where this lab stands.
pub fn tell(server: &Server, name: &str) {
    let Some(desk) = server.desks.get(name) else {
        return;
    };
    match desk.state(&server.course) {
        Ok(state) => server.tell(Event::Lab {
            lab: Box::new(state),
        }),
        Err(error) => anstream::eprintln!("note: {error}"),
    }
}

/// The learner saved: the card says so, and runs the lab if it is shown, unless the learner does
/// not want that or a terminal already does it.
pub fn saved(server: &Arc<Server>, name: &str) {
    let Some(desk) = server.desks.get(name) else {
        return;
    };
    let shown = Arc::strong_count(&desk.present) > 1;
    let watched = || {
        let lab = server.course.lab(name);
        lab.is_ok_and(|lab| watch::is_watched(&server.course, &lab))
    };
    if shown && !desk.doing().not_on_save && !watched() {
        run(server, name);
    } else {
        tell(server, name);
    }
}

/// Starts a run, or one more after the one that is under way if the sources are others by now.
pub fn run(server: &Arc<Server>, name: &str) {
    let Some(desk) = server.desks.get(name) else {
        return;
    };
    {
        let mut doing = desk.doing();
        if doing.phase.is_some() {
            doing.again |= fingerprint(&server.course, name) != doing.sources;
            return;
        }
        doing.phase = Some("building".to_owned());
        doing.trouble = None;
        doing.sources = fingerprint(&server.course, name);
    }
    tell(server, name);
    let (server, name) = (Arc::clone(server), name.to_owned());
    thread::spawn(move || {
        let Some(desk) = server.desks.get(&name) else {
            return;
        };
        loop {
            let trouble = run_once(&server, desk).err();
            let mut doing = desk.doing();
            doing.trouble = trouble;
            if !std::mem::take(&mut doing.again) {
                doing.phase = None;
                break;
            }
            doing.phase = Some("building".to_owned());
            doing.sources = fingerprint(&server.course, &name);
        }
        tell(&server, &name);
    });
}

/// An error is what keeps the lab from having a verdict.
fn run_once(server: &Server, desk: &Desk) -> Result<(), String> {
    let course = &server.course;
    if std::env::var_os(LAB_PROGRAM).is_some() {
        return Err(format!(
            "{LAB_PROGRAM} is set where the book was started, so this would not test your files; \
             unset it and start the book again"
        ));
    }
    let lab = course.lab(&desk.name).map_err(|error| error.to_string())?;
    let sources = fingerprint(course, &desk.name);
    let executable = build_stages(&course.root, &lab.name, Stderr::Kept).map_err(|e| match e {
        Unbuilt::Diagnostics(said) => diagnostics(&said),
        Unbuilt::Environment(error) => error.to_string(),
    })?;
    let suite = Suite::open(executable, &lab.folder, LIMIT).map_err(|error| error.to_string())?;
    for stage in &lab.stages {
        desk.at(format!("stage {}", stage.number));
        tell(server, &lab.name);
        let run = suite.run_stage(stage).map_err(|error| error.to_string())?;
        let passed = run.passed;
        Progress::update(course, |progress| progress.record(&lab, &[run], &sources))
            .map_err(|error| error.to_string())?;
        if !passed {
            break;
        }
    }
    Ok(())
}

fn fingerprint(course: &Course, name: &str) -> String {
    let lab = course.lab(name);
    let sources = lab.and_then(|lab| lab.sources());
    sources
        .map(|sources| files::fingerprint(&sources))
        .unwrap_or_default()
}

/// Cargo's words without its progress.
fn diagnostics(said: &str) -> String {
    let progress = [
        "Compiling",
        "Blocking",
        "Finished",
        "Locking",
        "Updating",
        "Downloading",
    ];
    let lines: Vec<_> = said
        .lines()
        .filter(|line| {
            !progress
                .iter()
                .any(|verb| line.trim_start().starts_with(verb))
        })
        .collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_ends_where_the_wire_begins() {
        let stage = lab::course::Stage {
            number: 1,
            id: "add".to_owned(),
            title: "Add".to_owned(),
            points: 1,
            teaches: String::new(),
            book: String::new(),
            elsewhere: std::collections::BTreeMap::new(),
            red: String::new(),
            hints: Default::default(),
        };
        let lab = Lab {
            name: "counter".to_owned(),
            title: String::new(),
            chapter: String::new(),
            minutes: 1,
            files: Vec::new(),
            stages: vec![stage],
            folder: PathBuf::new(),
            solution: PathBuf::new(),
        };
        let test = |name: &str, explanation: &str| lab::runner::Test {
            name: format!("stage_1_add::{name}"),
            passed: explanation.is_empty(),
            explanation: explanation.to_owned(),
        };
        let mut run = StageRun {
            number: 1,
            passed: false,
            tests: vec![
                test("one", ""),
                test(
                    "two_is_two",
                    "two\n  expected 2\n\non the wire, stream 1\n  HEADERS",
                ),
                test("three", "three"),
            ],
            trouble: None,
        };
        let shown = red(&lab, &run).unwrap();
        assert_eq!(shown.said, "two\n  expected 2");
        assert_eq!(shown.wire, "on the wire, stream 1\n  HEADERS");
        assert_eq!(
            (shown.test.as_str(), shown.others),
            ("two is two", vec!["three".to_owned()])
        );

        run.trouble = Some("it was stopped".to_owned());
        let shown = red(&lab, &run).unwrap();
        assert_eq!(shown.said, "two\n  expected 2\n\nit was stopped");
    }

    #[test]
    fn cargos_progress_is_not_a_diagnostic() {
        let said = "   Compiling counter v0.1.0\nerror: expected `;`\n --> src/count.rs:4\n";
        assert_eq!(
            diagnostics(said),
            "error: expected `;`\n --> src/count.rs:4"
        );
    }
}
