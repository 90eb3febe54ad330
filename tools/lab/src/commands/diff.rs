//! `lab diff`: what the reference does otherwise, as a unified diff from yours to it.

use crate::course::Course;
use crate::error::{Outcome, Result};
use crate::say;
use crate::{files, report, stub};

pub fn run(course: &Course, name: &str, spoil: bool) -> Result<Outcome> {
    let lab = course.lab(name)?;
    let reference = stub::solution_of(&lab)?;
    if !super::may_show_reference(course, &lab, spoil)? {
        return Ok(Outcome::Red);
    }
    let diffs = files::difference(&lab.sources()?, &reference, "yours/src", "reference/src");
    if diffs.is_empty() {
        say!("Yours is the reference, to the byte.");
    }
    for diff in diffs {
        report::print(format_args!("{}", report::diff(&diff)));
    }
    Ok(Outcome::Well)
}
