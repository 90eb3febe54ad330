//! The book's recorded runs: every `$ cargo lab …` and `$ cargo test …` of a console block is run
//! again, in a copy of the course, and must print what the block says. Other commands (a
//! measurement, a server that runs on) are left as they are.
//!
//! Each block begins afresh: no progress, and the labs' files as its `lab=` says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use lab::course::Course;
use lab::files::{self, Tree};
use lab::process::{self, Stderr};
use lab::runner::cargo;
use lab::{stub, zoo};
use regex::Regex;

use crate::check::sources::Sources;
use crate::finding::Finding;
use crate::markdown::{self, Fence};

/// For one command, which may have to compile.
const LIMIT: Duration = Duration::from_secs(900);

/// On a line of its own it stands for any lines, none among them; at a line's end for its rest.
const ELLIPSIS: &str = "…";

/// What is not copied: what is made, not written.
const MADE: [&str; 6] = [
    ".git",
    ".lab",
    ".venv",
    "__pycache__",
    "node_modules",
    "target",
];

/// Compares every transcript, or writes them. `at` is told of each block.
pub fn run(course: &Course, write: bool, at: &mut dyn FnMut(&str)) -> Result<Vec<Finding>> {
    let sources = Sources::read(course, Path::new("src"))?;
    let bench = Bench::new(course)?;
    let mut findings = Vec::new();
    for (path, text) in sources.pages() {
        let mut changed = text.to_owned();
        // From the last to the first, so that a change does not move those still to come.
        for fence in markdown::fences(text).into_iter().rev() {
            let block = Block::parse(&fence);
            if !block.is_ours() {
                continue;
            }
            let line = markdown::line_at(text, fence.range.start);
            let file = sources.src.join(path);
            at(&format!("{}:{line}", crate::finding::slashed(&file)));
            match bench.run(&block) {
                Err(message) => {
                    let fix = "correct the command, or what stands after `lab=`";
                    findings.push(Finding::new(file, line, message, fix));
                }
                Ok(actual)
                    if actual
                        .iter()
                        .zip(&block.steps)
                        .all(|(a, s)| agree(&s.output, a)) => {}
                Ok(actual) if write => {
                    let fresh = block.written(&actual);
                    let start = fence.range.start
                        + text[fence.range.clone()].find(&fence.content).unwrap_or(0);
                    changed.replace_range(start..start + fence.content.len(), &fresh);
                }
                Ok(actual) => {
                    let (message, offset) = block.difference(&actual);
                    let fix = "run `cargo book transcripts --write`, and read what changed";
                    findings.push(Finding::new(file, line + offset, message, fix));
                }
            }
        }
        if changed != text {
            files::write(&course.root.join(&sources.src).join(path), changed)?;
        }
    }
    findings.sort();
    Ok(findings)
}

/// A console block.
#[derive(Debug)]
struct Block {
    /// What the labs' files hold: "stub", "solution", "zoo/NAME".
    state: String,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    /// Without its "$ ".
    command: String,
    /// Lines of the block, from 1 below the fence.
    line: usize,
    output: Vec<String>,
}

impl Block {
    fn parse(fence: &Fence) -> Block {
        let state = fence
            .info
            .split(',')
            .find_map(|part| part.trim().strip_prefix("lab="));
        let mut steps: Vec<Step> = Vec::new();
        if fence.language() == "console" {
            for (index, line) in fence.content.lines().enumerate() {
                match (line.strip_prefix("$ "), steps.last_mut()) {
                    (Some(command), _) => steps.push(Step {
                        command: command.trim().to_owned(),
                        line: index + 1,
                        output: Vec::new(),
                    }),
                    (None, Some(step)) => step.output.push(line.to_owned()),
                    (None, None) => {}
                }
            }
        }
        Block {
            state: state.unwrap_or("stub").to_owned(),
            steps,
        }
    }

    fn is_ours(&self) -> bool {
        let ours = |step: &Step| {
            let words: Vec<_> = step.command.split(' ').take(2).collect();
            words == ["cargo", "lab"] || words == ["cargo", "test"]
        };
        !self.steps.is_empty() && self.steps.iter().all(ours)
    }

    /// The block with other output; a step that agrees stays as it is, with its ellipses.
    fn written(&self, actual: &[Vec<String>]) -> String {
        let mut out = String::new();
        for (step, actual) in self.steps.iter().zip(actual) {
            let output = match agree(&step.output, actual) {
                true => &step.output,
                false => actual,
            };
            out.push_str(&format!("$ {}\n", step.command));
            for line in output {
                out.push_str(line);
                out.push('\n');
            }
        }
        out
    }

    /// The first difference: a sentence, and its line in the block.
    fn difference(&self, actual: &[Vec<String>]) -> (String, usize) {
        for (step, actual) in self.steps.iter().zip(actual) {
            if agree(&step.output, actual) {
                continue;
            }
            let lines = step.output.iter().zip(actual);
            let at = lines.take_while(|(a, b)| same(a, b)).count();
            let shown = |lines: &[String]| match lines.get(at) {
                Some(line) => format!("\"{}\"", line.trim_end()),
                None => "its end".to_owned(),
            };
            let message = format!(
                "`{}` prints {} where the book has {}",
                step.command,
                shown(actual),
                shown(&step.output)
            );
            return (
                message,
                step.line + 1 + at.min(step.output.len().saturating_sub(1)),
            );
        }
        ("the outputs differ".to_owned(), 0)
    }
}

/// Whether a transcript says what was printed, times and ports aside.
fn agree(recorded: &[String], actual: &[String]) -> bool {
    match recorded.iter().position(|line| line.trim() == ELLIPSIS) {
        None => {
            recorded.len() == actual.len()
                && recorded
                    .iter()
                    .zip(actual)
                    .all(|(recorded, actual)| same(recorded, actual))
        }
        Some(at) => {
            let (before, after) = (&recorded[..at], &recorded[at + 1..]);
            actual.len() >= before.len()
                && agree(before, &actual[..before.len()])
                && (before.len()..=actual.len()).any(|rest| agree(after, &actual[rest..]))
        }
    }
}

fn same(recorded: &str, actual: &str) -> bool {
    match recorded.trim_end().strip_suffix(ELLIPSIS) {
        Some(beginning) => plain(actual).starts_with(plain(beginning).trim_end()),
        None => plain(recorded) == plain(actual),
    }
}

/// A line without what differs from run to run.
fn plain(line: &str) -> String {
    use std::sync::LazyLock;
    static VARYING: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
        [
            (r"\b(127\.0\.0\.1|localhost|\[::1\]):\d+", "$1:PORT"),
            (r" *\b\d+(\.\d+)? ?(ns|µs|ms|s)\b", " TIME"),
            (r"\[(unoptimized \+ )?[a-z ]*\] target\(s\)", "target(s)"),
        ]
        .map(|(pattern, with)| (Regex::new(pattern).expect("it is ours"), with))
    });
    let mut line = line.trim_end().to_owned();
    for (pattern, with) in VARYING.iter() {
        line = pattern.replace_all(&line, *with).into_owned();
    }
    line
}

/// A copy of the course, to be run in.
struct Bench {
    course: Course,
    target: PathBuf,
}

impl Bench {
    fn new(course: &Course) -> Result<Bench> {
        let home = course.target().join("transcripts");
        let root = home.join("course");
        if root.exists() {
            fs::remove_dir_all(&root)
                .with_context(|| format!("cannot remove {}", root.display()))?;
        }
        copy(&course.root, &root)?;
        Ok(Bench {
            course: Course { root },
            target: home.join("target"),
        })
    }

    /// What each step prints. An error is a sentence about the block.
    fn run(&self, block: &Block) -> Result<Vec<Vec<String>>, String> {
        self.prepare(&block.state)
            .map_err(|error| format!("{error:#}"))?;
        block
            .steps
            .iter()
            .map(|step| self.step(&step.command))
            .collect()
    }

    /// Puts every lab's files into the state that a block begins with.
    fn prepare(&self, state: &str) -> Result<()> {
        let progress = self.course.root.join(".lab");
        if progress.exists() {
            fs::remove_dir_all(&progress).context("cannot forget the progress")?;
        }
        let mut found = !state.starts_with("zoo/");
        for lab in self.course.labs()? {
            let sources: Tree = match state {
                "stub" => stub::stub_of(&lab)?,
                "solution" => stub::solution_of(&lab)?,
                _ => {
                    let Some(name) = state.strip_prefix("zoo/") else {
                        bail!("`lab={state}` is none of lab=stub, lab=solution, lab=zoo/NAME");
                    };
                    match zoo::patches(&lab)?
                        .iter()
                        .find(|patch| zoo::name(patch) == name)
                    {
                        None => stub::stub_of(&lab)?,
                        Some(patch) => {
                            found = true;
                            let wrong = zoo::read(patch, &lab).map_err(anyhow::Error::msg)?;
                            let tree =
                                wrong.apply(&lab.reference()?).map_err(anyhow::Error::msg)?;
                            let clean = |(path, text): (String, String)| {
                                let shown = stub::clean(&text);
                                (path, shown.unwrap_or(text)) // the patch moved a marker: as it is
                            };
                            tree.into_iter().map(clean).collect()
                        }
                    }
                }
            };
            for (path, text) in sources {
                let path = lab.folder.join("src").join(path);
                // Untouched when it is the same, so that cargo need not build again.
                if files::read_if_any(&path)?.as_deref() != Some(&text) {
                    files::write(&path, text)?;
                }
            }
        }
        if !found {
            bail!(
                "no lab has a wrong solution named \"{}\"",
                &state["zoo/".len()..]
            );
        }
        Ok(())
    }

    fn step(&self, line: &str) -> Result<Vec<String>, String> {
        let words = shlex::split(line).ok_or_else(|| format!("`{line}` has an open quote"))?;
        let mut command: Command = cargo(&self.course.root);
        command
            .args(&words[1..])
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_TERM_COLOR", "never")
            .env("NO_COLOR", "1")
            .env_remove("LAB_PROGRAM")
            .env_remove("RUST_BACKTRACE");
        let finished = process::run(&mut command, Stderr::Kept, Some(LIMIT))
            .map_err(|error| format!("`{line}` cannot be run: {error}"))?;
        if finished.timed_out {
            return Err(format!("`{line}` did not end in {} s", LIMIT.as_secs()));
        }
        // Cargo's progress depends on what is built already; the rest of what it says does not.
        let said = finished.stderr.lines().filter(|line| !is_progress(line));
        let mut lines: Vec<String> = said
            .chain(finished.stdout.lines())
            .map(str::to_owned)
            .collect();
        while lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
        Ok(lines)
    }
}

/// "   Compiling proto v0.1.0": a verb right-aligned to twelve columns.
fn is_progress(line: &str) -> bool {
    const VERBS: [&str; 10] = [
        "Adding",
        "Blocking",
        "Compiling",
        "Downloaded",
        "Downloading",
        "Finished",
        "Locking",
        "Running",
        "Updating",
        "Executable",
    ];
    line.starts_with(' ') && VERBS.iter().any(|verb| line.trim_start().starts_with(verb))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    let failed = || format!("cannot read {}", from.display());
    for entry in fs::read_dir(from).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let kind = entry.file_type().with_context(failed)?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if MADE.iter().any(|made| entry.file_name() == *made) {
            continue;
        }
        if kind.is_dir() {
            copy(&path, &target)?;
        } else if kind.is_file() {
            let copied = || format!("cannot copy {}", path.display());
            fs::copy(&path, &target).with_context(copied)?;
            // As old as the original, so that cargo sees what did not change.
            let modified = entry
                .metadata()
                .and_then(|data| data.modified())
                .with_context(copied)?;
            fs::File::options()
                .write(true)
                .open(&target)
                .and_then(|file| file.set_modified(modified))
                .with_context(copied)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn times_and_ports_do_not_count() {
        let recorded =
            lines("listening on 127.0.0.1:40001\n→ HEADERS   0.3 ms  :path\nok in 1.25s");
        let actual = lines("listening on 127.0.0.1:51999\n→ HEADERS  10.3 ms  :path\nok in 0.01s");
        assert!(agree(&recorded, &actual));
        assert!(!agree(&lines("result = 3"), &lines("result = 4")));
    }

    #[test]
    fn an_ellipsis_stands_for_any_lines() {
        let actual = lines("a\nb\nc\nd");
        assert!(agree(&lines("a\n…\nd"), &actual));
        assert!(agree(&lines("…\nb\n…"), &actual));
        assert!(agree(&lines("a\nb\nc\nd\n…"), &actual));
        assert!(!agree(&lines("a\n…\nc"), &actual));
        assert!(agree(
            &lines("test result: ok. 2 passed; …"),
            &lines("test result: ok. 2 passed; 0 failed")
        ));
    }

    #[test]
    fn the_first_difference_is_named_with_its_line() {
        let fence = Fence {
            range: 0..0,
            info: "console,lab=solution".to_owned(),
            content: "$ cargo lab\none\ntwo\n".to_owned(),
        };
        let block = Block::parse(&fence);
        assert!(block.is_ours());
        assert_eq!(block.state, "solution");
        let (message, line) = block.difference(&[lines("one\nthree")]);
        assert_eq!(
            message,
            "`cargo lab` prints \"three\" where the book has \"two\""
        );
        assert_eq!(line, 3);
    }

    #[test]
    fn other_commands_are_left_alone() {
        let block = |content: &str| {
            Block::parse(&Fence {
                range: 0..0,
                info: "console".into(),
                content: content.into(),
            })
        };
        assert!(!block("$ cargo run --release -p x\n1 µs\n").is_ours());
        assert!(!block("$ cargo lab\nx\n$ ls\n").is_ours());
        assert!(!block("no prompt\n").is_ours());
    }
}
