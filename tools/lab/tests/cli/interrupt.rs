//! Ctrl-C, at the moments when something is running.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Course;

/// The course's processes, by their command line: Linux only.
fn alive(course: &Course) -> Vec<String> {
    let folder = course.folder.path().to_string_lossy().into_owned();
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&folder))
        .collect()
}

fn interrupt(course: &Course, arguments: &[&str], when: &str) {
    let mut command = course.command(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("lab starts");
    let stderr = BufReader::new(child.stderr.take().expect("piped"));
    let seen = stderr
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains(when));
    assert!(seen, "it never said {when:?}");

    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.expect("kill runs").success());
    assert_eq!(
        child.wait().expect("it ends").code(),
        Some(130),
        "{arguments:?}"
    );

    let deadline = Instant::now() + Duration::from_secs(10);
    while !alive(course).is_empty() {
        assert!(
            Instant::now() < deadline,
            "left behind: {:?}",
            alive(course)
        );
        std::thread::yield_now();
    }
}

#[test]
fn no_process_is_left_by_a_run_that_hangs() {
    let course = Course::new();
    course.answer("let _ = (a, b); loop { std::thread::park() }");
    for arguments in [&["test", "counter"], &["watch", "counter"]] {
        interrupt(&course, arguments, "Finished");
    }
}

#[test]
fn no_process_is_left_by_a_build() {
    let course = Course::new();
    interrupt(&course, &["test", "counter"], "Compiling");
    course.lab(&["test", "counter"]).exits(1);
}
