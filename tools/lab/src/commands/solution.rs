//! `lab solution`: the reference, as a whole or one file of it.

use crate::course::Course;
use crate::error::{Outcome, Result};
use crate::report::{self, STRONG, paint};
use crate::say;
use crate::stub;

pub fn run(course: &Course, name: &str, file: Option<&str>, spoil: bool) -> Result<Outcome> {
    let lab = course.lab(name)?;
    let reference = stub::solution_of(&lab)?;
    let only = match file {
        Some(wanted) => Some(super::file_of(&lab, reference.keys(), wanted)?),
        None => None,
    };
    if !super::may_show_reference(course, &lab, spoil)? {
        return Ok(Outcome::Red);
    }
    for (path, text) in &reference {
        match &only {
            Some(only) if only == path => report::print(format_args!("{text}")),
            None if lab.files.contains(&format!("src/{path}")) => {
                say!("{}\n", paint(STRONG, format!("// src/{path}")));
                say!("{text}");
            }
            _ => {}
        }
    }
    Ok(Outcome::Well)
}
