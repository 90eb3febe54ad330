//! `lab verify`: proves a lab in three ways. The stub is in step, builds without a warning and is
//! red in every stage for that stage's own reason; the solution is green; every wrong solution
//! is caught by the stage that claims it. `--write-stubs` writes the stubs instead.

use std::fs;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::course::{Course, Lab, Stage};
use crate::error::{Error, Outcome, Result};
use crate::files::{self, Tree};
use crate::process::Stderr;
use crate::report::{BAD, GOOD, count, diff, verb};
use crate::runner::{self, StageRun, Suite, Unbuilt};
use crate::say;
use crate::scratch::Scratch;
use crate::{stub, zoo};

/// What was asked for.
#[derive(Debug)]
pub struct Options {
    pub lab: Option<String>,
    pub write_stubs: bool,
    pub json: bool,
    pub limit: Duration,
}

/// One disagreement.
#[derive(Debug, Serialize)]
struct Finding {
    /// "stub", "solution", …: which of the proofs failed.
    check: &'static str,
    /// One sentence.
    message: String,
    /// A diff, cargo's diagnostics, a test's explanation; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

/// A wrong solution that was caught as it should be.
#[derive(Debug, Serialize)]
struct Caught {
    patch: String,
    stage: usize,
    why: String,
    /// The tests that failed.
    tests: Vec<String>,
}

#[derive(Debug, Serialize)]
struct LabReport {
    lab: String,
    sound: bool,
    findings: Vec<Finding>,
    zoo: Vec<Caught>,
}

pub fn run(course: &Course, options: &Options) -> Result<Outcome> {
    let labs = match &options.lab {
        Some(name) => vec![course.lab(name)?],
        None => course.labs()?,
    };
    if options.write_stubs {
        return write_stubs(course, &labs);
    }
    let _lock = lock(course)?;

    let mut reports = Vec::new();
    for lab in &labs {
        let mut verifier = Verifier {
            course,
            lab,
            options,
            findings: Vec::new(),
            zoo: Vec::new(),
        };
        verifier.verify()?;
        reports.push(LabReport {
            lab: lab.name.clone(),
            sound: verifier.findings.is_empty(),
            findings: verifier.findings,
            zoo: verifier.zoo,
        });
    }

    let findings: usize = reports.iter().map(|report| report.findings.len()).sum();
    if options.json {
        super::print_json(&reports)?;
    } else if findings == 0 {
        let agreed = format!("{}: everything agrees", count(reports.len(), "lab"));
        say!("{}", verb(GOOD, "Verified", agreed));
    } else {
        say!("\n{} to put right:", count(findings, "disagreement"));
        for report in &reports {
            for finding in &report.findings {
                say!("  {}: {}: {}", report.lab, finding.check, finding.message);
            }
        }
    }
    Ok(if findings == 0 {
        Outcome::Well
    } else {
        Outcome::Red
    })
}

/// Generates `labs/NAME/src`. What it replaces is backed up, since it may be someone's work.
fn write_stubs(course: &Course, labs: &[Lab]) -> Result<Outcome> {
    for lab in labs {
        let wanted = stub::stub_of(lab)?;
        let present = present(lab)?;
        let src = lab.folder.join("src");
        let stale: Vec<_> = wanted
            .iter()
            .filter(|(path, text)| present.get(*path) != Some(*text))
            .map(|(path, text)| (src.join(path), text))
            .collect();
        let replaced: Vec<_> = present
            .iter()
            .filter(|(path, text)| wanted.get(*path).is_some_and(|wanted| wanted != *text))
            .map(|(path, text)| (format!("src/{path}"), text.clone().into_bytes()))
            .collect();

        if !replaced.is_empty() {
            let kept = files::back_up(&course.root, &lab.name, &replaced)?;
            let kept = files::shown(&course.root, &kept);
            say!(
                "{}",
                verb(GOOD, "Kept", format!("what was there, in {kept}"))
            );
        }
        files::write_all(&stale)?;
        for (path, _) in &stale {
            say!("{}", verb(GOOD, "Wrote", files::shown(&course.root, path)));
        }
        if stale.is_empty() {
            let line = format!("labs/{}/src already", lab.name);
            say!("{}", verb(GOOD, "In step", line));
        }
        for path in present.keys().filter(|path| !wanted.contains_key(*path)) {
            let line = format!(
                "labs/{0}/src/{path} has no counterpart in solutions/{0}/src: remove one or add the other",
                lab.name
            );
            say!("{}", verb(BAD, "Left", line));
        }
    }
    Ok(Outcome::Well)
}

/// The lab's sources; a lab whose stub was never written has none.
fn present(lab: &Lab) -> Result<Tree> {
    if lab.folder.join("src").is_dir() {
        lab.sources()
    } else {
        Ok(Tree::new())
    }
}

/// One verification at a time: they share a place to build. The holder is named in the file.
fn lock(course: &Course) -> Result<fs::File> {
    let folder = course.target().join("lab/verify");
    files::make_folder(&folder)?;
    let path = folder.join("lock");
    let mut file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| Error::io("write", &path, &error))?;
    match fs4::FileExt::try_lock(&file) {
        Ok(()) => {}
        Err(fs4::TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // On Windows the holder's name cannot be read; the sentence is true without it.
            let _ = file.read_to_string(&mut holder);
            return Err(Error::Environment(format!(
                "another `cargo lab verify` is under way in this course ({}); wait for it to end",
                holder.trim()
            )));
        }
        Err(fs4::TryLockError::Error(error)) => return Err(Error::io("lock", &path, &error)),
    }
    let since = humantime::format_rfc3339_seconds(std::time::SystemTime::now());
    let holder = format!("process {}, since {since}", std::process::id());
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(holder.as_bytes()))
        .map_err(|error| Error::io("write", &path, &error))?;
    Ok(file)
}

struct Verifier<'a> {
    course: &'a Course,
    lab: &'a Lab,
    options: &'a Options,
    findings: Vec<Finding>,
    zoo: Vec<Caught>,
}

impl Verifier<'_> {
    fn verify(&mut self) -> Result<()> {
        let lab = self.lab;
        let patches = zoo::patches(lab)?;
        self.say(
            GOOD,
            "Verifying",
            format!(
                "{} ({}, {}, {})",
                lab.name,
                count(lab.stages.len(), "stage"),
                count(lab.points() as usize, "point"),
                count(patches.len(), "wrong solution")
            ),
        );
        self.description()?;
        self.stub_in_step()?;
        if let Some(suite) = self.build("stub", &lab.name, &lab.folder)? {
            self.stages_exist(&suite);
            self.stub_is_red(&suite)?;
        }
        if let Some(suite) = self.build("solution", &lab.solution_package(), &lab.solution)?
            && self.solution_is_green(&suite)?
        {
            self.zoo_is_caught(&suite, &patches)?;
        }
        Ok(())
    }

    /// What `lab.toml` says that its own syntax cannot prove.
    fn description(&mut self) -> Result<()> {
        let before = self.findings.len();
        let lab = self.lab;
        let reference = lab.reference()?;
        for file in &lab.files {
            let inside = file.strip_prefix("src/").unwrap_or(file);
            if !reference.contains_key(inside) {
                let message = format!("files names {file}, which solutions/{} lacks", lab.name);
                self.found("lab.toml", message, String::new());
            }
        }
        for (index, stage) in lab.stages.iter().enumerate() {
            let twin = lab.stages[..index]
                .iter()
                .find(|other| other.red == stage.red);
            if let Some(twin) = twin {
                let message = format!(
                    "stages {} and {} have the same red text \"{}\"",
                    twin.number, stage.number, stage.red
                );
                self.found("lab.toml", message, String::new());
            }
            for page in lab.pages(stage) {
                self.page_exists(stage, &page)?;
            }
        }
        if self.findings.len() == before {
            self.say(GOOD, "Description", "lab.toml is whole");
        }
        Ok(())
    }

    /// A page that is not written yet is the book's business; a heading that is missing from one
    /// that is written is ours.
    fn page_exists(&mut self, stage: &Stage, page: &str) -> Result<()> {
        let (file, heading) = match page.split_once('#') {
            Some((file, heading)) => (file, Some(heading)),
            None => (page, None),
        };
        let text = files::read_if_any(&self.course.root.join("src").join(file))?;
        if let (Some(text), Some(heading)) = (text, heading)
            && !headings(&text).iter().any(|known| known == heading)
        {
            let message = format!("stage {}: {file} has no heading #{heading}", stage.number);
            self.found("lab.toml", message, String::new());
        }
        Ok(())
    }

    fn stub_in_step(&mut self) -> Result<()> {
        let lab = self.lab;
        let wanted = match stub::stub_of(lab) {
            Ok(wanted) => wanted,
            Err(Error::Input(message)) => {
                self.found("stub", message, String::new());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let folder = format!("labs/{}/src", lab.name);
        let diffs = files::difference(&present(lab)?, &wanted, &folder, "generated");
        if diffs.is_empty() {
            self.say(
                GOOD,
                "In step",
                format!("{folder} is what the solution generates"),
            );
        } else {
            let message = format!(
                "{folder} is out of step with the solution; `cargo lab verify --write-stubs {}` writes it",
                lab.name
            );
            self.found("stub", message, diffs.concat());
        }
        Ok(())
    }

    /// Builds a package's tests and lints it, both without a warning.
    fn build(
        &mut self,
        check: &'static str,
        package: &str,
        folder: &Path,
    ) -> Result<Option<Suite>> {
        let root = &self.course.root;
        let executable = match runner::build_stages(root, package, Stderr::Kept) {
            Ok(executable) => executable,
            Err(Unbuilt::Diagnostics(text)) => {
                self.found(check, format!("{package} does not build"), text);
                return Ok(None);
            }
            Err(Unbuilt::Environment(error)) => return Err(error),
        };
        let mut clippy = runner::cargo(root);
        clippy
            .args([
                "clippy",
                "--quiet",
                "--package",
                package,
                "--all-targets",
                "--no-deps",
            ])
            .args(["--", "-D", "warnings"]);
        let linted = runner::run(&mut clippy, Stderr::Kept, None)?;
        if linted.stderr.contains("no such command: `clippy`")
            || linted.stderr.contains("component add clippy")
        {
            return Err(Error::Environment(
                "cargo clippy is missing: run `rustup component add clippy`".to_owned(),
            ));
        }
        if !linted.status.success() {
            self.found(
                check,
                format!("{package} builds with a warning"),
                linted.stderr,
            );
        }
        Suite::open(executable, folder, self.options.limit).map(Some)
    }

    fn stages_exist(&mut self, suite: &Suite) {
        for stage in &self.lab.stages {
            if suite.tests_of(stage).next().is_none() {
                let message = format!("stage {} has no test in {}", stage.number, stage.module());
                self.found("tests", message, String::new());
            }
            for name in stage.elsewhere.keys() {
                if !suite.tests.contains(&format!("{}{name}", stage.filter())) {
                    let message = format!(
                        "stage {}: `elsewhere` names {name}, which is no test of it",
                        stage.number
                    );
                    self.found("lab.toml", message, String::new());
                }
            }
        }
        let filters: Vec<_> = self.lab.stages.iter().map(Stage::filter).collect();
        for test in &suite.tests {
            if !filters.iter().any(|filter| test.starts_with(filter)) {
                self.found(
                    "tests",
                    format!("{test} belongs to no stage"),
                    String::new(),
                );
            }
        }
    }

    fn stub_is_red(&mut self, suite: &Suite) -> Result<()> {
        let before = self.findings.len();
        for stage in &self.lab.stages {
            let run = suite.run_stage(stage)?;
            if run.passed {
                let message = format!("stage {} is green on the stub", stage.number);
                self.found("stub", message, String::new());
            } else if !run
                .failures()
                .any(|test| test.explanation.contains(&stage.red))
            {
                let message = format!(
                    "stage {} is red on the stub, but no test says \"{}\"",
                    stage.number, stage.red
                );
                self.found("stub", message, said(&run));
            }
        }
        if self.findings.len() == before {
            let stages = count(self.lab.stages.len(), "stage");
            self.say(
                GOOD,
                "Stub",
                format!("red in {stages}, each for its own reason"),
            );
        }
        Ok(())
    }

    fn solution_is_green(&mut self, suite: &Suite) -> Result<bool> {
        let before = self.findings.len();
        for stage in &self.lab.stages {
            let run = suite.run_stage(stage)?;
            if !run.passed {
                let message = format!("stage {} is red on the solution", stage.number);
                self.found("solution", message, said(&run));
            }
        }
        let green = self.findings.len() == before;
        if green {
            let (stages, tests) = (self.lab.stages.len(), suite.tests.len());
            let line = format!(
                "green in {} ({})",
                count(stages, "stage"),
                count(tests, "test")
            );
            self.say(GOOD, "Solution", line);
        }
        Ok(green)
    }

    /// Builds the next wrong solution while the last one is being tested.
    fn zoo_is_caught(&mut self, suite: &Suite, patches: &[PathBuf]) -> Result<()> {
        if patches.is_empty() {
            let message = "the zoo is empty: add a wrong solution".to_owned();
            self.found("zoo", message, String::new());
            return Ok(());
        }
        let scratch = Scratch::new(self.course, self.lab)?;
        let reference = self.lab.reference()?;
        let lab = self.lab;
        let (send, built) = mpsc::sync_channel(1);
        thread::scope(|scope| {
            let (scratch, reference) = (&scratch, &reference);
            scope.spawn(move || {
                for patch in patches {
                    // Nobody listens any more after an error: then there is nothing to do.
                    if send
                        .send((patch, make(lab, scratch, reference, patch)))
                        .is_err()
                    {
                        break;
                    }
                }
            });
            // Owned here, so that an early return lets the builder end.
            let built = built;
            for (patch, made) in built {
                let name = zoo::name(patch);
                match made {
                    Ok((wrong, program)) => self.wrong_is_caught(suite, name, wrong, &program)?,
                    Err(Unmade::Finding(message, detail)) => {
                        self.found("zoo", format!("{name}: {message}"), detail);
                    }
                    Err(Unmade::Environment(error)) => return Err(error),
                }
            }
            Ok(())
        })
    }

    fn wrong_is_caught(
        &mut self,
        suite: &Suite,
        name: String,
        wrong: zoo::Wrong,
        program: &Path,
    ) -> Result<()> {
        let suite = suite.against(command_line(program));
        for stage in &self.lab.stages[..wrong.stage] {
            let run = suite.run_stage(stage)?;
            let failed: Vec<String> = match run.failures().next() {
                Some(_) => run.failures().map(|test| test.name.clone()).collect(),
                None => vec![run.trouble.clone().unwrap_or_default()],
            };
            if run.passed && stage.number == wrong.stage {
                let message = format!(
                    "{name}: not caught: it passes stage {}, which should catch it ({})",
                    wrong.stage, wrong.why
                );
                self.found("zoo", message, String::new());
            } else if !run.passed && stage.number < wrong.stage {
                let message = format!(
                    "{name}: caught by accident by stage {} ({}); the patch says {}",
                    stage.number, failed[0], wrong.stage
                );
                self.found("zoo", message, said(&run));
                break;
            } else if !run.passed {
                let first = failed[0].trim_start_matches(&stage.filter());
                let more = match failed.len() - 1 {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let line = format!("{name} by stage {}: {first}{more}", stage.number);
                self.say(GOOD, "Caught", line);
                self.zoo.push(Caught {
                    patch: name.clone(),
                    stage: stage.number,
                    why: wrong.why.clone(),
                    tests: failed,
                });
            }
        }
        Ok(())
    }

    fn found(&mut self, check: &'static str, message: String, detail: String) {
        self.say(BAD, "Disagrees", format!("{check}: {message}"));
        if !detail.is_empty() && !self.options.json {
            let detail = if check == "stub" && detail.starts_with("--- ") {
                diff(&detail)
            } else {
                detail.clone()
            };
            say!("\n{}\n", detail.trim_end());
        }
        self.findings.push(Finding {
            check,
            message,
            detail,
        });
    }

    /// Standard output belongs to the document when one was asked for.
    fn say(&self, style: anstyle::Style, what: &str, rest: impl std::fmt::Display) {
        if self.options.json {
            anstream::eprintln!("{}", verb(style, what, rest));
        } else {
            say!("{}", verb(style, what, rest));
        }
    }
}

enum Unmade {
    Finding(String, String),
    Environment(Error),
}

fn make(
    lab: &Lab,
    scratch: &Scratch,
    reference: &Tree,
    patch: &Path,
) -> Result<(zoo::Wrong, PathBuf), Unmade> {
    let plain = |message| Unmade::Finding(message, String::new());
    let wrong = zoo::read(patch, lab).map_err(plain)?;
    let sources = wrong.apply(reference).map_err(plain)?;
    match scratch.build(&zoo::name(patch), &sources) {
        Ok(program) => Ok((wrong, program)),
        Err(Unbuilt::Diagnostics(text)) => {
            let message = "it does not compile, so no stage can catch it".to_owned();
            Err(Unmade::Finding(message, text))
        }
        Err(Unbuilt::Environment(error)) => Err(Unmade::Environment(error)),
    }
}

/// A path as the one word of a command line that `LAB_PROGRAM` is split into.
fn command_line(program: &Path) -> String {
    format!("'{}'", program.display().to_string().replace('\'', r"'\''"))
}

fn said(run: &StageRun) -> String {
    let mut out = run.trouble.clone().unwrap_or_default();
    for test in run.failures().filter(|test| !test.explanation.is_empty()) {
        out.push_str(&format!("{}\n{}\n\n", test.name, test.explanation));
    }
    out
}

/// The ids of a page's headings, as mdBook makes them: given in braces, or from the words.
fn headings(page: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced || !line.starts_with('#') {
            continue;
        }
        let text = line.trim_start_matches('#').trim();
        let given = text
            .strip_suffix('}')
            .and_then(|text| text.rsplit_once("{#"));
        found.push(match given {
            Some((_, id)) => id.to_owned(),
            None => slug(text),
        });
    }
    found
}

fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
            c if c.is_whitespace() => Some('-'),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_known_by_its_given_id_or_by_its_words() {
        let page = "# The `Add` method\n```\n# not one\n```\n## Which code? {#which-code}\n";
        assert_eq!(headings(page), ["the-add-method", "which-code"]);
    }

    #[test]
    fn a_program_is_one_word_whatever_its_path() {
        assert_eq!(command_line(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
