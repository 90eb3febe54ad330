//! What results look like on a terminal. Colour is left to anstream, which drops it when the
//! output is not a terminal or `NO_COLOR` is set.

use std::fmt::{self, Display};
use std::io::{self, Write as _};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::course::{Lab, Stage};
use crate::error::Error;
use crate::process;
use crate::progress::Verdict;
use crate::runner::{StageRun, Test};

pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const FAINT: Style = Style::new().dimmed();
pub const STRONG: Style = Style::new().bold();

/// `println!` that ends the program in order when nobody reads, or nothing can be written.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::report::print(format_args!("{}\n", format_args!($($text)*)))
    };
}

/// See [`say!`].
pub fn print(text: fmt::Arguments<'_>) {
    let mut out = anstream::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        if error.kind() == io::ErrorKind::BrokenPipe {
            process::exit(0); // as with `cargo lab list | head -1`
        }
        let error = Error::io("write", Path::new("standard output"), &error);
        anstream::eprintln!("error: {error}");
        process::exit(error.code().into());
    }
}

/// The text in a style.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// "1 test", "2 tests".
pub fn count(n: usize, thing: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {thing}{s}")
}

/// A line in cargo's manner: a verb in a column of twelve, then what it is about.
pub fn verb(style: Style, verb: &str, rest: impl Display) -> String {
    format!("{style}{verb:>12}{style:#} {rest}")
}

/// One stage as a line: its mark, number, title and points.
pub fn stage_line(stage: &Stage, verdict: Verdict) -> String {
    let mark = match verdict {
        Verdict::Passed => paint(GOOD, "✓"),
        Verdict::Failed => paint(BAD, "✗"),
        Verdict::NotRun => paint(FAINT, "·"),
    };
    format!(
        "  {mark} {} {}  {}",
        stage.number,
        stage.title,
        paint(FAINT, count(stage.points as usize, "point"))
    )
}

/// Everything that helps with a red stage: the first failure in full, the others by name.
pub fn red_stage(lab: &Lab, stage: &Stage, run: &StageRun) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    // A test with an explanation says more than one that was cut short.
    let mut failures: Vec<&Test> = run.failures().collect();
    failures.sort_by_key(|test| test.explanation.is_empty());
    let told = failures
        .iter()
        .filter(|test| !test.explanation.is_empty())
        .count();

    if let Some(first) = failures.first().filter(|_| told > 0) {
        line(&paint(STRONG, short(stage, first)));
        line("");
        line(&first.explanation);
        if told > 1 {
            line("");
            line("also red:");
        }
        for test in &failures[1..told] {
            let reason = test.explanation.lines().next().unwrap_or_default();
            line(&format!(
                "  {}  {}",
                short(stage, test),
                paint(FAINT, reason)
            ));
        }
    }
    if let Some(trouble) = &run.trouble {
        if told > 0 {
            line("");
        }
        line(trouble);
    }
    // The tests of testkit name a page themselves.
    if !failures
        .iter()
        .any(|test| test.explanation.contains("\n  read  "))
    {
        line("");
        line(&format!(
            "{}    src/{}",
            paint(FAINT, "read"),
            lab.page(stage)
        ));
    }
    out
}

fn short<'a>(stage: &Stage, test: &'a Test) -> &'a str {
    let filter = stage.filter();
    test.name.strip_prefix(&filter).unwrap_or(&test.name)
}

/// A unified diff with its lines coloured.
pub fn diff(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let style = match line.as_bytes().first() {
            _ if line.starts_with("--- ") || line.starts_with("+++ ") => STRONG,
            Some(b'+') => AnsiColor::Green.on_default(),
            Some(b'-') => AnsiColor::Red.on_default(),
            Some(b'@') => AnsiColor::Cyan.on_default(),
            _ => Style::new(),
        };
        out.push_str(&paint(style, line));
        out.push('\n');
    }
    out
}
