//! `lab watch` from its first verdict to `q`, with real saves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Course, YOURS};

/// Far longer than a run of this lab takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

struct Watching {
    child: Child,
    keys: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Watching {
    fn start(course: &Course, more: &[&str]) -> Watching {
        let mut command = course.command(&["watch", "counter"]);
        command.args(more);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("lab starts");
        let keys = child.stdin.take();
        let (send, lines) = mpsc::channel();
        for pipe in [
            child
                .stdout
                .take()
                .map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>),
            child
                .stderr
                .take()
                .map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>),
        ] {
            let (send, pipe) = (send.clone(), pipe.expect("piped"));
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if send.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Watching { child, keys, lines }
    }

    /// Waits for a line that holds the text.
    #[track_caller]
    fn sees(&self, text: &str) {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => seen.push(line),
                Err(error) => panic!("no {text:?} ({error}) after {seen:#?}"),
            }
        }
    }

    fn press(&mut self, key: &str) {
        let keys = self.keys.as_mut().expect("open");
        writeln!(keys, "{key}").expect("lab reads");
    }

    #[track_caller]
    fn exits(mut self, code: i32) {
        // Its output ends when it does.
        let deadline = Instant::now() + DEADLINE;
        while self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_ok()
        {}
        assert_eq!(self.child.wait().expect("it ends").code(), Some(code));
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // Already gone, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_save_gives_a_verdict() {
    let course = Course::new();
    let mut watching = Watching::start(&course, &[]);
    watching.sees("✗ 1 Add two numbers");
    watching.sees("not yet implemented: stage 1");
    watching.sees("q quit");

    watching.press("h");
    watching.sees("hint 1 of 3");

    course.answer("Some(a.wrapping_add(b))");
    watching.sees("✗ 2 Say when it does not fit");
    watching.sees("q quit");

    course.answer("Some(a + )");
    watching.sees("expected expression");
    watching.sees("q quit");

    // As editors save: a new file, renamed over the old one.
    course.write(
        "labs/counter/src/.count.rs.swp",
        "pub fn add(a: i8, b: i8) -> Option<i8> { a.checked_add(b) }\n",
    );
    std::fs::rename(
        course.path("labs/counter/src/.count.rs.swp"),
        course.path(YOURS),
    )
    .expect("renamed");
    watching.sees("counter is solved: 30 of 30 points.");
    watching.sees("cargo lab diff counter");
    watching.sees("q quit");

    watching.press("r");
    watching.sees("counter is solved");
    watching.press("x");
    watching.sees("is none of these");
    watching.press("q");
    watching.exits(0);
}

#[test]
fn a_save_during_a_run_costs_one_more() {
    let course = Course::new();
    course.answer("let _ = (a, b); loop { std::thread::park() }");
    let mut watching = Watching::start(&course, &["--limit", "3"]);
    // The build is over and the program hangs: the verdict on it comes first, then the new one.
    watching.sees("Finished");
    course.solve();
    watching.sees("did not finish in 3 s");
    watching.sees("counter is solved");
    watching.press("q");
    watching.exits(0);
}

#[test]
fn without_file_events_it_looks() {
    let course = Course::new();
    let mut watching = Watching::start(&course, &["--poll"]);
    watching.sees("q quit");
    course.solve();
    watching.sees("counter is solved");
    watching.press("q");
    watching.exits(0);
}

#[test]
fn a_folder_that_goes_away_ends_it_in_one_sentence() {
    let course = Course::new();
    let watching = Watching::start(&course, &[]);
    watching.sees("q quit");
    std::fs::remove_dir_all(course.path("labs/counter/src")).expect("removed");
    watching.sees("error: labs/counter/src is gone; `cargo lab reset counter` puts the stub back");
    watching.exits(2);
}

#[test]
fn a_closed_standard_input_is_no_reason_to_end() {
    let course = Course::new();
    let mut watching = Watching::start(&course, &[]);
    drop(watching.keys.take());
    watching.sees("q quit");
    course.solve();
    watching.sees("counter is solved");
}
