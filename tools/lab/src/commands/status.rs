//! `lab` alone: where you are in every lab, and the one command to run next.

use serde::Serialize;

use crate::course::{Course, Lab};
use crate::error::{Outcome, Result};
use crate::progress::Standing;
use crate::report::{BAD, FAINT, GOOD, paint};
use crate::say;

#[derive(Serialize)]
struct Status<'a> {
    labs: Vec<LabStatus<'a>>,
    /// The lab to work on.
    here: Option<&'a str>,
    next: String,
}

#[derive(Serialize)]
struct LabStatus<'a> {
    lab: &'a str,
    title: &'a str,
    passed: usize,
    of: usize,
    #[serde(flatten)]
    standing: Standing,
}

pub fn run(course: &Course, json: bool) -> Result<Outcome> {
    let labs = course.labs()?;
    let progress = super::progress(course)?;
    let mut standings = Vec::new();
    for lab in &labs {
        standings.push(progress.standing(lab)?);
    }
    let all: Vec<(&Lab, &Standing)> = labs.iter().zip(&standings).collect();
    let here = all
        .iter()
        .find(|(lab, standing)| progress.last.as_ref() == Some(&lab.name) && !standing.solved())
        .or_else(|| all.iter().find(|(_, standing)| !standing.solved()));
    let next = match here {
        Some((lab, standing)) if standing.first_red(lab).is_none() => {
            format!("cargo lab test {}", lab.name)
        }
        Some((lab, _)) => format!("cargo lab watch {}", lab.name),
        None => "cargo book".to_owned(),
    };

    if json {
        super::print_json(&Status {
            labs: all
                .iter()
                .map(|(lab, standing)| LabStatus {
                    lab: &lab.name,
                    title: &lab.title,
                    passed: standing.passed(),
                    of: standing.stages.len(),
                    standing: (*standing).clone(),
                })
                .collect(),
            here: here.map(|(lab, _)| lab.name.as_str()),
            next,
        })?;
        return Ok(Outcome::Well);
    }

    let names = labs.iter().map(|lab| lab.name.chars().count()).max();
    let titles = labs.iter().map(|lab| lab.title.chars().count()).max();
    let (names, titles) = (names.unwrap_or(0), titles.unwrap_or(0));
    for (lab, standing) in &all {
        let (passed, of) = (standing.passed(), standing.stages.len());
        let style = match passed {
            _ if standing.solved() => GOOD,
            0 => FAINT,
            _ => BAD,
        };
        let changed = match standing.changed {
            true => paint(FAINT, "  (changed since it ran)"),
            false => String::new(),
        };
        say!(
            "{:names$}  {:titles$}  {}{changed}",
            lab.name,
            lab.title,
            paint(style, format!("{passed}/{of}")),
        );
    }
    say!("");
    match here {
        Some((lab, standing)) => match standing.first_red(lab) {
            Some(stage) => say!(
                "You are in {}, at stage {} of {}: {}.",
                lab.name,
                stage.number,
                lab.stages.len(),
                stage.title
            ),
            None => say!("You are in {}: run it again.", lab.name),
        },
        None if labs.is_empty() => say!("There are no labs yet."),
        None => say!("Every lab is solved."),
    }
    say!("next: {next}");
    Ok(Outcome::Well)
}
