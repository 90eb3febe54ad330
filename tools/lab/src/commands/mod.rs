//! One module a command; each has a `run` that takes what the command line said and answers with
//! how it ended.

pub mod diff;
pub mod doctor;
pub mod hint;
pub mod list;
pub mod new;
pub mod reset;
pub mod solution;
pub mod status;
pub mod test;
pub mod verify;
pub mod watch;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::course::{Course, Lab};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::say;

/// Prints one JSON document on standard output.
fn print_json(document: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Error::Environment(format!("cannot write the result: {error}")))?;
    say!("{text}");
    Ok(())
}

/// What has been remembered; that it was damaged is said, and is no reason to stop.
fn progress(course: &Course) -> Result<Progress> {
    let (progress, note) = Progress::load(course)?;
    if let Some(note) = note {
        anstream::eprintln!("note: {note}");
    }
    Ok(progress)
}

/// Asks a question whose safe answer is no. `None`: there is nobody to ask.
fn ask(question: &str) -> Result<Option<bool>> {
    let stdin = io::stdin();
    if !stdin.is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    anstream::eprint!("{question} [y/N] ");
    let failed = |error: io::Error| Error::io("read", Path::new("the answer"), &error);
    io::stderr().flush().map_err(failed)?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(failed)?;
    Ok(Some(matches!(answer.trim(), "y" | "Y" | "yes")))
}

/// Whether the reference may be shown: the lab is solved, or the learner says so.
fn may_show_reference(course: &Course, lab: &Lab, spoil: bool) -> Result<bool> {
    let standing = progress(course)?.standing(lab)?;
    if spoil || standing.solved() {
        return Ok(true);
    }
    let why = match standing.first_red(lab) {
        Some(stage) if standing.started() => format!("stage {} is not green", stage.number),
        Some(_) => "it has not been run".to_owned(),
        None => "its files changed since it was green".to_owned(),
    };
    let why = format!("{} is not solved yet ({why}).", lab.name);
    let answer = ask(&format!("{why} Show the reference anyway?"))?;
    if answer.is_none() {
        anstream::eprintln!("{why} To see the reference anyway, add --spoil.");
    }
    Ok(answer == Some(true))
}

/// A file as the learner names it ("service.rs" or "src/service.rs"), as a path below `src/`.
fn file_of<'a>(lab: &Lab, known: impl Iterator<Item = &'a String>, wanted: &str) -> Result<String> {
    let inside = wanted.strip_prefix("src/").unwrap_or(wanted);
    let known: Vec<_> = known.map(String::as_str).collect();
    if known.contains(&inside) {
        return Ok(inside.to_owned());
    }
    Err(Error::Input(format!(
        "{} has no file \"{wanted}\"; its files are: src/{}",
        lab.name,
        known.join(", src/")
    )))
}
