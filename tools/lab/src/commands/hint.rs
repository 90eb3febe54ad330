//! `lab hint`: the next hint of the first red stage. Those already seen are shown above it.

use serde::Serialize;

use crate::course::{Course, Lab, Stage};
use crate::error::{Outcome, Result};
use crate::progress::Progress;
use crate::report::{FAINT, STRONG, paint};
use crate::say;

/// Where the lines of a hint end, in columns.
const WIDTH: usize = 90;

#[derive(Serialize)]
struct Hints<'a> {
    lab: &'a str,
    stage: usize,
    id: &'a str,
    /// Those seen, the newest last.
    hints: &'a [String],
    of: usize,
    /// The book's page.
    read: String,
}

pub fn run(course: &Course, name: &str, stage: Option<&str>, json: bool) -> Result<Outcome> {
    let lab = course.lab(name)?;
    let stage = match stage {
        Some(wanted) => lab.stage(wanted)?,
        None => match super::progress(course)?.standing(&lab)?.first_red(&lab) {
            Some(stage) => stage,
            None if json => {
                super::print_json(
                    &serde_json::json!({ "lab": lab.name, "stage": null, "hints": [] }),
                )?;
                return Ok(Outcome::Well);
            }
            None => {
                say!("Every stage of {} is green: no hint is needed.", lab.name);
                return Ok(Outcome::Well);
            }
        },
    };
    let seen = next(course, &lab, stage)?;
    if json {
        super::print_json(&Hints {
            lab: &lab.name,
            stage: stage.number,
            id: &stage.id,
            hints: seen,
            of: stage.hints.len(),
            read: lab.page(stage),
        })?;
    } else {
        say!("{}", text(&lab, stage, seen));
    }
    Ok(Outcome::Well)
}

/// Counts one more hint as seen, and answers with all that are.
pub fn next<'a>(course: &Course, lab: &Lab, stage: &'a Stage) -> Result<&'a [String]> {
    let seen = Progress::update(course, |progress| {
        let seen = (progress.hints(lab, stage) + 1).min(stage.hints.len());
        progress.set_hints(lab, stage, seen);
        seen
    })?;
    Ok(&stage.hints[..seen])
}

pub(super) fn text(lab: &Lab, stage: &Stage, seen: &[String]) -> String {
    let of = stage.hints.len();
    let title = format!("{}, stage {}: {}", lab.name, stage.number, stage.title);
    let mut out = format!("{}\n", paint(STRONG, title));
    for (index, hint) in seen.iter().enumerate() {
        out.push_str(&format!(
            "\n{}\n",
            paint(FAINT, format!("hint {} of {of}", index + 1))
        ));
        out.push_str(&indent(hint));
    }
    if seen.len() == of {
        out.push_str(&format!(
            "\nThat was the last hint. read: src/{}",
            lab.page(stage)
        ));
    } else {
        out.push_str(&format!("\nnext: cargo lab hint {} {}", lab.name, stage.id));
    }
    out
}

/// Prose is wrapped; a paragraph of several lines is code, and stays as it is.
fn indent(hint: &str) -> String {
    let mut out = String::new();
    for (index, paragraph) in hint.trim_end().split("\n\n").enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if paragraph.contains('\n') {
            for line in paragraph.lines() {
                out.push_str(&format!("  {line}\n"));
            }
            continue;
        }
        for line in textwrap::wrap(paragraph, WIDTH) {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out
}
