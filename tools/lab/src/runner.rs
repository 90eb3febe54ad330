//! Building a lab and running its stages, with the results as data. A stage passes when every
//! test that the binary lists for it has reported `ok`: a test that did not run has not passed.
//! How the results look on a terminal is `report`'s business.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::course::{Course, Lab, Stage};
use crate::error::{Error, Result};
use crate::process::{self, Finished, Stderr};

/// The test target that every lab has.
const STAGES: &str = "stages";

/// The command line of another program to test, for a lab that is written in another language.
pub const LAB_PROGRAM: &str = "LAB_PROGRAM";

/// What the user asked to be tested in place of a lab's own program.
pub fn other_program() -> Option<OsString> {
    std::env::var_os(LAB_PROGRAM).filter(|program| !program.is_empty())
}

/// A lab's built test binary, and how it is to be run.
#[derive(Debug, Clone)]
pub struct Suite {
    pub executable: PathBuf,
    /// Where the tests run; otherwise where the user is.
    folder: Option<PathBuf>,
    /// What they run in place of the package's own program.
    program: Option<OsString>,
    limit: Duration,
    /// Every test in it.
    pub tests: Vec<String>,
}

/// What one test said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Test {
    pub name: String,
    pub passed: bool,
    /// What it printed when it failed; empty otherwise.
    pub explanation: String,
}

/// What one stage came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StageRun {
    pub number: usize,
    pub passed: bool,
    pub tests: Vec<Test>,
    /// Why there is no full set of results: a time limit, a crash, no tests at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl StageRun {
    pub fn failures(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().filter(|test| !test.passed)
    }
}

/// `cargo`, at the course's root and without the variables that `cargo run` gave us: they describe
/// this tool, and a build script or a macro of the lab could take them for its own.
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// A build that did not succeed.
#[derive(Debug)]
pub enum Unbuilt {
    /// Cargo has nothing to say but its diagnostics; empty when they went to the terminal.
    Diagnostics(String),
    Environment(Error),
}

impl From<Unbuilt> for Error {
    fn from(unbuilt: Unbuilt) -> Error {
        match unbuilt {
            Unbuilt::Diagnostics(_) => Error::Build,
            Unbuilt::Environment(error) => error,
        }
    }
}

/// Builds the stage tests of a package, and with them its program.
pub fn build_stages(folder: &Path, package: &str, stderr: Stderr) -> Result<PathBuf, Unbuilt> {
    let mut command = cargo(folder);
    command
        .args(["test", "--no-run", "--package", package, "--test", STAGES])
        .arg("--message-format=json-render-diagnostics");
    build(&mut command, stderr, "test", STAGES)
}

/// Runs a cargo command that builds, and finds one executable among what it made.
pub fn build(
    command: &mut Command,
    stderr: Stderr,
    kind: &str,
    name: &str,
) -> Result<PathBuf, Unbuilt> {
    let finished = run(command, stderr, None).map_err(Unbuilt::Environment)?;
    if !finished.status.success() {
        return Err(Unbuilt::Diagnostics(finished.stderr));
    }
    executable(&finished.stdout, kind, name).ok_or_else(|| {
        Unbuilt::Environment(Error::Environment(format!(
            "cargo built no {kind} target named \"{name}\"; is it in the package's Cargo.toml?"
        )))
    })
}

/// Runs a tool; that it is missing is the one error.
pub fn run(command: &mut Command, stderr: Stderr, limit: Option<Duration>) -> Result<Finished> {
    let name = command.get_program().to_owned();
    process::run(command, stderr, limit).map_err(|error| Error::io("run", Path::new(&name), &error))
}

/// Finds an executable in cargo's JSON messages.
fn executable(messages: &str, kind: &str, name: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        target: Option<Target>,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        kind: Vec<String>,
        name: String,
    }
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| {
            let target = message.target.as_ref();
            target.is_some_and(|t| t.name == name && t.kind.iter().any(|k| k == kind))
        })
        .find_map(|message| message.executable)
}

impl Suite {
    /// Builds a lab's own tests. Cargo's progress and diagnostics go to the terminal as they are.
    pub fn build(course: &Course, lab: &Lab, limit: Duration) -> Result<Suite> {
        let executable = build_stages(&course.root, &lab.name, Stderr::Terminal)?;
        let mut suite = Suite::open(executable, &lab.folder, limit)?;
        if let Some(program) = other_program() {
            // A command line from the user means what it means where the user is.
            suite.folder = None;
            suite.program = Some(program);
        }
        Ok(suite)
    }

    /// `folder` is where the tests run: the package's, as under cargo.
    pub fn open(executable: PathBuf, folder: &Path, limit: Duration) -> Result<Suite> {
        let mut suite = Suite {
            executable,
            folder: Some(folder.to_path_buf()),
            program: None,
            limit,
            tests: Vec::new(),
        };
        let listed = suite.run(&["--list", "--format", "terse"].map(OsStr::new))?;
        suite.tests = listed
            .stdout
            .lines()
            .filter_map(|line| line.strip_suffix(": test"))
            .map(str::to_owned)
            .collect();
        in_source_order(&mut suite.tests, folder);
        Ok(suite)
    }

    /// The same tests against another program; see [`LAB_PROGRAM`].
    pub fn against(&self, program: impl Into<OsString>) -> Suite {
        Suite {
            program: Some(program.into()),
            ..self.clone()
        }
    }

    /// The tests that belong to a stage.
    pub fn tests_of(&self, stage: &Stage) -> impl Iterator<Item = &String> {
        let filter = stage.filter();
        self.tests
            .iter()
            .filter(move |test| test.starts_with(&filter))
    }

    pub fn run_stage(&self, stage: &Stage) -> Result<StageRun> {
        let wanted: Vec<_> = self.tests_of(stage).cloned().collect();
        if wanted.is_empty() {
            return Ok(StageRun {
                number: stage.number,
                passed: false,
                tests: Vec::new(),
                trouble: Some(format!(
                    "there is no test in the module {}; the lab's tests have been changed",
                    stage.module()
                )),
            });
        }
        let finished = self.run(&[&stage.filter(), "--color", "never"].map(OsStr::new))?;
        Ok(judge(stage, &wanted, &finished, self.limit))
    }

    /// Runs stages in order, up to the first red one or, with `all`, to the end.
    pub fn run_stages(
        &self,
        stages: &[&Stage],
        all: bool,
        mut after_each: impl FnMut(&Stage, &StageRun),
    ) -> Result<Vec<StageRun>> {
        let mut runs = Vec::new();
        for stage in stages {
            let run = self.run_stage(stage)?;
            let stop = !run.passed && !all;
            after_each(stage, &run);
            runs.push(run);
            if stop {
                break;
            }
        }
        Ok(runs)
    }

    fn run(&self, arguments: &[&OsStr]) -> Result<Finished> {
        let mut command = Command::new(&self.executable);
        command
            .args(arguments)
            .env("RUST_BACKTRACE", "0")
            .env_remove("RUST_TEST_NOCAPTURE")
            .env("RUST_TEST_THREADS", threads().to_string())
            .env_remove(LAB_PROGRAM);
        if let Some(program) = &self.program {
            command.env(LAB_PROGRAM, program);
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        run(&mut command, Stderr::Kept, Some(self.limit))
    }
}

/// Tests wait for their programs more than they compute, so a few more at once than there are
/// cores end sooner; many more would only make each of them slow.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4))
}

/// libtest lists tests by name. Their author wrote them from the simplest to the hardest, and the
/// first that is red is the one that is shown in full.
fn in_source_order(tests: &mut [String], folder: &Path) {
    tests.sort_by_cached_key(|test| {
        let (module, name) = test.split_once("::").unwrap_or(("main", test));
        let source = folder
            .join("tests")
            .join(STAGES)
            .join(module)
            .with_extension("rs");
        let position = std::fs::read_to_string(source)
            .ok()
            .and_then(|source| source.find(&format!("fn {name}(")));
        (module.to_owned(), position)
    });
}

fn judge(stage: &Stage, wanted: &[String], finished: &Finished, limit: Duration) -> StageRun {
    let passed = passed_tests(&finished.stdout);
    let explanations = explanations(&finished.stdout, wanted);
    let tests: Vec<Test> = wanted
        .iter()
        .map(|name| Test {
            name: name.clone(),
            passed: passed.contains(&name.as_str()),
            explanation: explanations
                .iter()
                .find(|(test, _)| test == name)
                .map(|(_, text)| text.clone())
                .unwrap_or_default(),
        })
        .collect();

    let silent = tests
        .iter()
        .filter(|test| !test.passed && test.explanation.is_empty())
        .map(|test| test.name.trim_start_matches(&stage.filter()))
        .collect::<Vec<_>>()
        .join(", ");
    let trouble = if finished.timed_out {
        Some(format!(
            "stage {} did not finish in {} s, so it was stopped; still running: {silent}",
            stage.number,
            limit.as_secs()
        ))
    } else if !silent.is_empty() && !finished.stdout.contains("\ntest result: ") {
        let said = finished.stderr.trim();
        let said = if said.is_empty() { "nothing" } else { said };
        Some(format!(
            "the tests themselves stopped early ({}) and said: {said}",
            finished.status
        ))
    } else if !silent.is_empty() {
        Some(format!("these tests gave no verdict: {silent}"))
    } else {
        None
    };

    StageRun {
        number: stage.number,
        passed: trouble.is_none() && finished.status.success() && tests.iter().all(|t| t.passed),
        tests,
        trouble,
    }
}

/// Names from lines such as `test stage_1_add::adds ... ok`.
fn passed_tests(stdout: &str) -> Vec<&str> {
    stdout
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... ok"))
        .collect()
}

/// What each failed test printed, from the part of libtest's output between "failures:" and the
/// list of names that ends it. A test may print anything, so only headers that name one of
/// `wanted` count, and only the last list.
fn explanations(stdout: &str, wanted: &[String]) -> Vec<(String, String)> {
    let Some(end) = stdout.rfind("\nfailures:\n") else {
        return Vec::new();
    };
    let mut found: Vec<(String, String)> = Vec::new();
    for line in stdout[..end].split_inclusive('\n') {
        let header = line
            .trim_end()
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"))
            .and_then(|name| wanted.iter().find(|wanted| *wanted == name));
        match (header, found.last_mut()) {
            (Some(name), _) => found.push((name.clone(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => {}
        }
    }
    for (_, text) in &mut found {
        let trimmed = text.trim_start_matches('\n').trim_end();
        *text = if trimmed.is_empty() {
            "it failed without a word".to_owned()
        } else {
            trimmed.to_owned()
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 3 tests
test stage_2_b::one ... ok
test stage_2_b::two ... FAILED
test stage_2_b::three ... FAILED

failures:

---- stage_2_b::two stdout ----

Divide(7, 0)
  expected   INVALID_ARGUMENT

on the wire
failures:
---- something else stdout ----
---- stage_2_b::three stdout ----
late

failures:
    stage_2_b::three
    stage_2_b::two

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s
";

    #[test]
    fn a_failed_test_is_explained_by_what_it_printed() {
        let wanted = ["one", "two", "three"].map(|name| format!("stage_2_b::{name}"));
        assert_eq!(passed_tests(OUTPUT), ["stage_2_b::one"]);
        assert_eq!(
            explanations(OUTPUT, &wanted),
            [
                (
                    wanted[1].clone(),
                    "Divide(7, 0)\n  expected   INVALID_ARGUMENT\n\non the wire\nfailures:\n---- something else stdout ----"
                        .to_owned()
                ),
                (wanted[2].clone(), "late".to_owned()),
            ]
        );
    }

    #[test]
    fn an_executable_is_found_among_cargos_messages() {
        let messages = r#"not json
{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"stages"},"executable":null}
{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"x"},"executable":"/t/x"}
{"reason":"compiler-artifact","target":{"kind":["test"],"name":"stages"},"executable":"/t/stages-1"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "test", "stages"),
            Some("/t/stages-1".into())
        );
        assert_eq!(executable(messages, "bin", "stages"), None);
    }
}
