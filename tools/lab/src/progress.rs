//! What the learner's last runs came to, kept in `.lab/progress.json` below the course's root,
//! which git ignores. A stage counts as passed only while the sources are the ones that passed.
//! The file is a convenience: when it is missing or damaged we start afresh and say so.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::course::{Course, Lab, Stage};
use crate::error::{Error, Result};
use crate::files;
use crate::runner::StageRun;

/// Everything remembered, for all labs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The lab last worked on.
    pub last: Option<String>,
    labs: BTreeMap<String, OfLab>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct OfLab {
    /// By stage id, so that a course that gains a stage keeps the others.
    stages: BTreeMap<String, OfStage>,
    /// Hints seen, by stage id.
    hints: BTreeMap<String, usize>,
    /// What the first red stage said at the last run, for whoever shows it elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    red: Option<StageRun>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OfStage {
    passed: bool,
    /// Fingerprint of the sources that were run.
    sources: String,
    at: String,
}

/// What is known of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Passed,
    Failed,
    NotRun,
}

/// Where a learner stands in one lab.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// In the order of the lab's stages.
    pub stages: Vec<Verdict>,
    /// The sources are not the ones that gave some of these verdicts.
    pub changed: bool,
}

impl Standing {
    pub fn passed(&self) -> usize {
        let passed = self
            .stages
            .iter()
            .filter(|stage| **stage == Verdict::Passed);
        passed.count()
    }

    /// Every stage passed, with the sources as they are now.
    pub fn solved(&self) -> bool {
        !self.changed && self.passed() == self.stages.len()
    }

    pub fn started(&self) -> bool {
        self.stages.iter().any(|stage| *stage != Verdict::NotRun)
    }

    /// The first stage that did not pass, or has not run.
    pub fn first_red<'a>(&self, lab: &'a Lab) -> Option<&'a Stage> {
        lab.stages
            .iter()
            .zip(&self.stages)
            .find(|(_, verdict)| **verdict != Verdict::Passed)
            .map(|(stage, _)| stage)
    }
}

impl Progress {
    /// Reads the file. The second value is a sentence for the learner when it had to be set aside.
    pub fn load(course: &Course) -> Result<(Progress, Option<String>)> {
        let path = file(course);
        let text = match files::read_if_any(&path) {
            Ok(None) => return Ok((Progress::default(), None)),
            Ok(Some(text)) => text,
            Err(Error::Input(_)) => String::new(), // not text: damaged
            Err(error) => return Err(error),
        };
        match serde_json::from_str(&text) {
            Ok(progress) => Ok((progress, None)),
            Err(error) => {
                let aside = unused(&path);
                match fs::rename(&path, &aside) {
                    // Another run was faster, and has said so.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {
                        return Ok((Progress::default(), None));
                    }
                    renamed => renamed.map_err(|e| Error::io("rename", &path, &e))?,
                }
                let note = format!(
                    "{} could not be read ({error}); it is kept as {} and progress starts afresh",
                    files::shown(&course.root, &path),
                    files::shown(&course.root, &aside)
                );
                Ok((Progress::default(), Some(note)))
            }
        }
    }

    /// Reads, changes and writes it under a lock, so that two runs at once lose nothing.
    pub fn update<T>(course: &Course, change: impl FnOnce(&mut Progress) -> T) -> Result<T> {
        let _lock = lock(course)?;
        let (mut progress, note) = Progress::load(course)?;
        if let Some(note) = note {
            anstream::eprintln!("note: {note}");
        }
        let result = change(&mut progress);
        let text = serde_json::to_string_pretty(&progress)
            .map_err(|error| Error::Environment(format!("cannot write progress: {error}")))?;
        let _whole = files::hold_interrupts();
        files::write(&file(course), format!("{text}\n"))?;
        Ok(result)
    }

    pub fn record(&mut self, lab: &Lab, runs: &[StageRun], sources: &str) {
        self.last = Some(lab.name.clone());
        let known = self.labs.entry(lab.name.clone()).or_default();
        match runs.iter().find(|run| !run.passed) {
            Some(red) => known.red = Some(red.clone()),
            None => {
                let green = |red: &StageRun| runs.iter().any(|run| run.number == red.number);
                known.red = known.red.take().filter(|red| !green(red));
            }
        }
        for run in runs {
            let stage = lab.stages.iter().find(|stage| stage.number == run.number);
            if let Some(stage) = stage {
                let of_stage = OfStage {
                    passed: run.passed,
                    sources: sources.to_owned(),
                    at: stamp(),
                };
                known.stages.insert(stage.id.clone(), of_stage);
            }
        }
    }

    /// What the first red stage said at the last run.
    pub fn red(&self, lab: &Lab) -> Option<&StageRun> {
        self.labs.get(&lab.name)?.red.as_ref()
    }

    pub fn standing(&self, lab: &Lab) -> Result<Standing> {
        let now = files::fingerprint(&lab.sources()?);
        let known = self.labs.get(&lab.name);
        let of = |stage: &Stage| known.and_then(|known| known.stages.get(&stage.id));
        Ok(Standing {
            stages: lab
                .stages
                .iter()
                .map(|stage| match of(stage) {
                    Some(OfStage { passed: true, .. }) => Verdict::Passed,
                    Some(_) => Verdict::Failed,
                    None => Verdict::NotRun,
                })
                .collect(),
            changed: lab
                .stages
                .iter()
                .any(|stage| of(stage).is_some_and(|of| of.sources != now)),
        })
    }

    /// How many hints of this stage have been shown.
    pub fn hints(&self, lab: &Lab, stage: &Stage) -> usize {
        let known = self.labs.get(&lab.name);
        let seen = known.and_then(|known| known.hints.get(&stage.id));
        seen.copied().unwrap_or(0)
    }

    pub fn set_hints(&mut self, lab: &Lab, stage: &Stage, seen: usize) {
        let known = self.labs.entry(lab.name.clone()).or_default();
        known.hints.insert(stage.id.clone(), seen);
    }
}

fn file(course: &Course) -> PathBuf {
    course.root.join(".lab/progress.json")
}

/// A name beside the file that nothing has yet.
fn unused(path: &Path) -> PathBuf {
    (1..)
        .map(|n| path.with_file_name(format!("progress.damaged-{n}.json")))
        .find(|aside| !aside.exists())
        .unwrap_or_else(|| path.with_extension("damaged"))
}

fn stamp() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// Held for a few milliseconds at a time; given up when the file is closed.
fn lock(course: &Course) -> Result<fs::File> {
    let path = course.root.join(".lab/lock");
    files::make_folder(&course.root.join(".lab"))?;
    let file = fs::File::create(&path).map_err(|error| Error::io("write", &path, &error))?;
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => return Ok(file),
            Err(fs4::TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(10));
            }
            Err(fs4::TryLockError::WouldBlock) => {
                return Err(Error::Environment(format!(
                    "another `cargo lab` has held {} for 5 s; end it and try again",
                    files::shown(&course.root, &path)
                )));
            }
            Err(fs4::TryLockError::Error(error)) => return Err(Error::io("lock", &path, &error)),
        }
    }
}
