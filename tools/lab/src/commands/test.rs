//! `lab test`: builds a lab, runs its stages in order and explains the first red one.

use std::time::Duration;

use serde::Serialize;

use crate::course::{Course, Lab, Stage};
use crate::error::{Outcome, Result};
use crate::files;
use crate::progress::{Progress, Verdict};
use crate::report;
use crate::runner::{self, LAB_PROGRAM, StageRun, Suite};
use crate::say;

/// What was asked for.
#[derive(Debug)]
pub struct Options {
    pub lab: String,
    /// A number or an id; otherwise every stage in turn.
    pub stage: Option<String>,
    /// Go on after a red stage.
    pub all: bool,
    pub json: bool,
    /// A bound on each stage, for a program that hangs.
    pub limit: Duration,
}

/// The result of a run, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    pub lab: &'a str,
    /// Every stage that was asked for passed.
    pub passed: bool,
    pub stages: Vec<StageReport<'a>>,
}

#[derive(Debug, Serialize)]
pub struct StageReport<'a> {
    pub number: usize,
    pub id: &'a str,
    pub title: &'a str,
    pub points: u32,
    pub verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<&'a StageRun>,
}

pub fn run(course: &Course, options: &Options) -> Result<Outcome> {
    let lab = course.lab(&options.lab)?;
    let asked: Vec<&Stage> = match &options.stage {
        Some(wanted) => vec![lab.stage(wanted)?],
        None => lab.stages.iter().collect(),
    };
    let other = runner::other_program();
    if let Some(other) = &other {
        anstream::eprintln!(
            "testing {LAB_PROGRAM}={} in place of labs/{} (the result is not recorded)",
            other.display(),
            lab.name
        );
    }

    let sources = files::fingerprint(&lab.sources()?);
    let suite = Suite::build(course, &lab, options.limit)?;
    let runs = suite.run_stages(&asked, options.all, |stage, run| {
        if !options.json {
            say!("{}", report::stage_line(stage, verdict(run)));
            if !run.passed && options.all {
                say!("\n{}", report::red_stage(&lab, stage, run));
            }
        }
    })?;
    if other.is_none() {
        record(course, &lab, &runs, &sources);
    }

    let passed = runs.len() == asked.len() && runs.iter().all(|run| run.passed);
    if options.json {
        super::print_json(&Report::new(&lab, &asked, &runs, passed))?;
    } else {
        let red = asked.iter().zip(&runs).find(|(_, run)| !run.passed);
        if let Some((stage, run)) = red.filter(|_| !options.all) {
            say!("\n{}", report::red_stage(&lab, stage, run));
        }
        match red {
            Some((stage, _)) => say!("next: cargo lab hint {} {}", lab.name, stage.id),
            None if other.is_some() => say!("all green."),
            None if runs.len() == lab.stages.len() => {
                say!("all green. next: cargo lab diff {}", lab.name);
            }
            None => say!("{}", next(course, &lab)?),
        }
    }
    Ok(if passed { Outcome::Well } else { Outcome::Red })
}

/// A verdict is worth showing even where it cannot be remembered.
pub(super) fn record(course: &Course, lab: &Lab, runs: &[StageRun], sources: &str) {
    let recorded = Progress::update(course, |progress| progress.record(lab, runs, sources));
    if let Err(error) = recorded {
        anstream::eprintln!("note: this result was not recorded: {error}");
    }
}

pub(super) fn verdict(run: &StageRun) -> Verdict {
    if run.passed {
        Verdict::Passed
    } else {
        Verdict::Failed
    }
}

/// The one command to run after single stages that passed.
fn next(course: &Course, lab: &Lab) -> Result<String> {
    let standing = super::progress(course)?.standing(lab)?;
    Ok(match standing.first_red(lab) {
        Some(stage) => format!("next: cargo lab test {} {}", lab.name, stage.id),
        None => format!("all green. next: cargo lab diff {}", lab.name),
    })
}

impl<'a> Report<'a> {
    pub fn new(lab: &'a Lab, asked: &[&'a Stage], runs: &'a [StageRun], passed: bool) -> Self {
        let stages = asked
            .iter()
            .map(|stage| {
                let run = runs.iter().find(|run| run.number == stage.number);
                StageReport {
                    number: stage.number,
                    id: &stage.id,
                    title: &stage.title,
                    points: stage.points,
                    verdict: run.map_or(Verdict::NotRun, verdict),
                    run,
                }
            })
            .collect();
        Report {
            lab: &lab.name,
            passed,
            stages,
        }
    }
}
