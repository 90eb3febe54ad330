//! `lab list`: every lab and its stages, in the order of the book.

use crate::course::Course;
use crate::error::{Outcome, Result};
use crate::report::{self, FAINT, STRONG, paint};
use crate::say;

pub fn run(course: &Course, json: bool) -> Result<Outcome> {
    let labs = course.labs()?;
    if json {
        super::print_json(&labs)?;
        return Ok(Outcome::Well);
    }
    if labs.is_empty() {
        say!("no labs yet");
    }
    for lab in &labs {
        say!(
            "{}  {}  {}",
            paint(STRONG, &lab.name),
            lab.title,
            paint(
                FAINT,
                format!(
                    "{} · {} min · {}",
                    lab.chapter,
                    lab.minutes,
                    report::count(lab.points() as usize, "point")
                )
            )
        );
        for stage in &lab.stages {
            let points = report::count(stage.points as usize, "point");
            let rest = paint(FAINT, format!("({}, {points})", stage.id));
            say!("  {} {}  {rest}", stage.number, stage.title);
        }
    }
    Ok(Outcome::Well)
}
