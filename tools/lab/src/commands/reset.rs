//! `lab reset`: puts the stub back. What it replaces is copied first, and when that cannot be
//! done nothing is changed. Files that the stub does not have are left alone.

use std::fs;
use std::io;

use crate::course::Course;
use crate::error::{Error, Outcome, Result};
use crate::say;
use crate::{files, stub};

pub fn run(course: &Course, name: &str, wanted: &[String], yes: bool) -> Result<Outcome> {
    let lab = course.lab(name)?;
    let mut stub = stub::stub_of(&lab)?;
    if !wanted.is_empty() {
        let mut asked = Vec::new();
        for file in wanted {
            asked.push(super::file_of(&lab, stub.keys(), file)?);
        }
        stub.retain(|path, _| asked.contains(path));
    }

    // Read as bytes: what is not text must be kept too.
    let mut replaced = Vec::new();
    let mut changes = Vec::new();
    for (path, text) in &stub {
        let path = format!("src/{path}");
        let full = lab.folder.join(&path);
        match fs::read(&full) {
            Ok(content) if content == text.as_bytes() => continue,
            Ok(content) => replaced.push((path.clone(), content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("read", &full, &error)),
        }
        changes.push((path, full, text));
    }
    if changes.is_empty() {
        say!("Nothing to reset: labs/{name} is the stub already.");
        return Ok(Outcome::Well);
    }

    for (path, ..) in &changes {
        let given = if lab.files.contains(path) {
            ""
        } else {
            " (given)"
        };
        say!("  labs/{name}/{path}{given}");
    }
    if !yes {
        let question = "Put the stub back? A copy of what is there is kept.";
        match super::ask(question)? {
            Some(true) => {}
            Some(false) => {
                say!("Nothing was changed.");
                return Ok(Outcome::Red);
            }
            None => {
                anstream::eprintln!("Nothing was changed. To put the stub back, add --yes.");
                return Ok(Outcome::Red);
            }
        }
    }

    if !replaced.is_empty() {
        let kept = files::back_up(&course.root, name, &replaced)?;
        say!("Yours is kept in {}.", files::shown(&course.root, &kept));
    }
    let stub: Vec<_> = changes
        .into_iter()
        .map(|(_, full, text)| (full, text))
        .collect();
    files::write_all(&stub)?;
    say!("The stub is back. next: cargo lab watch {name}");
    Ok(Outcome::Well)
}
