//! What became of a program that ran to its end.

use std::process::ExitStatus;

use crate::explain::Explanation;
use crate::printed::Printed;

/// What a program that ran to its end has left.
#[derive(Debug)]
pub struct Finished {
    pub(crate) command: String,
    pub(crate) status: ExitStatus,
    pub(crate) printed: Printed,
}

impl Finished {
    /// Expects that the program printed exactly this line on standard output, and exited well.
    pub fn prints(&self, line: &str, because: &str) {
        self.prints_lines(&[line], because);
    }

    /// Expects that the program printed exactly these lines on standard output, nothing on
    /// standard error, and exited well.
    pub fn prints_lines(&self, lines: &[&str], because: &str) {
        if self.status.success() && self.printed(lines) && self.printed.error().is_empty() {
            return;
        }
        self.explain(format!("{} and exits with 0", prints(lines)), because);
    }

    /// Expects that the program exited with this code, printed nothing on standard output, and
    /// one line on standard error that contains each of these texts.
    pub fn fails(&self, code: i32, saying: &[&str], because: &str) {
        self.fails_after(&[], code, saying, because);
    }

    /// As [`fails`](Finished::fails), after exactly these lines on standard output.
    pub fn fails_after(&self, lines: &[&str], code: i32, saying: &[&str], because: &str) {
        let error = self.printed.error();
        let one_line = error.trim_end().lines().count() == 1;
        let says_all = saying.iter().all(|text| error.contains(text));
        if self.status.code() == Some(code) && self.printed(lines) && one_line && says_all {
            return;
        }
        let saying = saying
            .iter()
            .map(|text| format!(" with {text:?}"))
            .collect::<Vec<_>>();
        let before = match lines {
            [] => String::new(),
            _ => format!("{}, then ", prints(lines)),
        };
        self.explain(
            format!(
                "{before}exits with {code}, one line on standard error{}",
                saying.join(" and")
            ),
            because,
        );
    }

    /// The exit code; `None` if a signal has ended the program.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// What the program printed on standard output, the first mebibyte of it.
    pub fn output(&self) -> String {
        self.printed.output()
    }

    /// What the program printed on standard error, the first mebibyte of it.
    pub fn error(&self) -> String {
        self.printed.error()
    }

    fn printed(&self, lines: &[&str]) -> bool {
        match lines {
            [] => self.printed.output().is_empty(),
            _ => self
                .printed
                .output()
                .trim_end()
                .lines()
                .eq(lines.iter().copied()),
        }
    }

    /// Fails: says what came back, and that this was expected.
    pub fn explain(&self, expected: impl AsRef<str>, because: &str) -> ! {
        let mut came_back = match self.status.code() {
            Some(code) => format!("exit code {code}"),
            None => self.status.to_string(),
        };
        came_back += &self.printed.shown();
        Explanation::new(&self.command)
            .expected(expected)
            .came_back(self.printed.annotate(0, came_back))
            .because(because)
            .fail()
    }
}

/// Such as `prints "a"`, or `prints 5 lines, the last of them "e",`.
fn prints(lines: &[&str]) -> String {
    match lines {
        [] => "prints nothing".to_owned(),
        [line] => format!("prints {line:?}"),
        [first, .., last] if lines.len() > 3 => {
            format!("prints {} lines, from {first:?} to {last:?},", lines.len())
        }
        _ => format!("prints {lines:?}"),
    }
}
