//! Bad input and bad luck: one sentence each, and a documented exit code.

use std::fs;
use std::process::Stdio;

use crate::{Course, YOURS};

const EVERY_COMMAND: [&str; 7] = [
    "test", "watch", "hint", "diff", "solution", "reset", "verify",
];

#[test]
fn an_unknown_lab_is_answered_with_the_nearest() {
    let course = Course::new();
    for command in EVERY_COMMAND {
        course
            .lab(&[command, "conuter"])
            .exits(2)
            .complains("no lab named \"conuter\"; did you mean \"counter\"?");
        course
            .lab(&[command, "streams"])
            .exits(2)
            .complains("no lab named \"streams\"; the labs are: counter");
    }
    // Not a way out of the labs' folder.
    course.lab(&["test", "../labs/counter"]).exits(2);
}

#[test]
fn an_unknown_stage_is_answered_with_the_nearest() {
    let course = Course::new();
    for command in ["test", "hint"] {
        course
            .lab(&[command, "counter", "overfow"])
            .exits(2)
            .complains("counter has no stage \"overfow\"; did you mean \"overflow\"?");
        course
            .lab(&[command, "counter", "3"])
            .exits(2)
            .complains("counter has no stage \"3\"; its stages are: 1 add, 2 overflow");
    }
}

#[test]
fn a_typo_in_lab_toml_is_named_with_its_line() {
    let course = Course::new();
    course.edit("labs/counter/lab.toml", "minutes", "minuets");
    for command in EVERY_COMMAND {
        let ran = course.lab(&[command, "counter"]).exits(2);
        assert_eq!(ran.err.lines().count(), 1, "{ran:#?}");
        ran.notes("error: labs/counter/lab.toml:3: unknown field `minuets`");
    }
    for arguments in [&[][..], &["list"]] {
        course.lab(arguments).exits(2).notes("lab.toml:3");
    }
    course.write("labs/counter/lab.toml", "title = \"unclosed\n");
    course
        .lab(&["list"])
        .exits(2)
        .notes("error: labs/counter/lab.toml:1: ");
}

#[test]
fn a_stray_marker_is_named_with_its_line() {
    let course = Course::new();
    course.edit("solutions/counter/src/count.rs", "    // [/stub]\n", "");
    for arguments in [&["reset", "counter"], &["diff", "counter"]] {
        course.lab(arguments).exits(2).complains(
            "solutions/counter/src/count.rs:3: this stub region is never closed; end it with \"// [/stub]\"",
        );
    }
}

#[test]
fn outside_the_course_it_says_so() {
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let course = Course::new();
    let mut command = course.command(&["list"]);
    let ran = crate::ran(command.current_dir(elsewhere.path())).exits(2);
    assert!(
        ran.err
            .starts_with("error: this is not the course's folder: "),
        "{ran:#?}"
    );
    assert_eq!(ran.err.lines().count(), 1, "{ran:#?}");

    let mut command = course.command(&["list"]);
    crate::ran(command.current_dir(course.path("labs/counter/src"))).exits(0);
}

#[test]
fn a_wrong_command_line_is_usage() {
    let course = Course::new();
    course
        .lab(&["tset", "counter"])
        .exits(2)
        .notes("a similar subcommand exists: 'test'");
    course.lab(&["test"]).exits(2).notes("<LAB>");
    course.lab(&["test", "counter", "--limit", "0"]).exits(2);
    course.lab(&["--help"]).exits(0).says("Exit codes:");
}

#[test]
fn a_damaged_progress_file_is_set_aside() {
    let course = Course::new();
    course.lab(&["hint", "counter"]).exits(0);
    for damage in ["{ half a docu", "\"another document\""] {
        course.write(".lab/progress.json", damage);
        course
            .lab(&[])
            .exits(0)
            .says("0/2")
            .notes("progress starts afresh");
    }
    let kept = fs::read_dir(course.path(".lab"))
        .expect("there")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("damaged"));
    assert_eq!(kept.count(), 2);
}

#[test]
fn a_verdict_is_shown_even_where_it_cannot_be_recorded() {
    let course = Course::new();
    course.write(".lab", "a file where a folder should be");
    course
        .lab(&["test", "counter"])
        .exits(1)
        .says("✗ 1 Add two numbers")
        .notes("note: this result was not recorded: ");
    course
        .lab(&["hint", "counter"])
        .exits(4)
        .notes("move it away");
    course.lab(&["doctor"]).exits(4).says(".lab       problem");
}

#[test]
fn a_missing_cargo_is_the_machines_fault() {
    let course = Course::new();
    let mut command = course.command(&["test", "counter"]);
    crate::ran(command.env("CARGO", "/no/such/cargo"))
        .exits(4)
        .complains("cannot run /no/such/cargo: No such file or directory");
}

#[test]
fn two_runs_at_once_lose_no_result() {
    let course = Course::new();
    course.solve();
    let runs: Vec<_> = ["1", "2"]
        .map(|stage| {
            course
                .command(&["test", "counter", stage])
                .spawn()
                .expect("starts")
        })
        .into();
    for mut run in runs {
        assert!(run.wait().expect("ends").success());
    }
    course
        .lab(&[])
        .exits(0)
        .says("2/2")
        .says("Every lab is solved.");
}

#[test]
fn a_source_that_is_not_text_is_named() {
    let course = Course::new();
    fs::write(course.path(YOURS), [0xff]).expect("written");
    course
        .lab(&["test", "counter"])
        .exits(2)
        .notes("count.rs is not UTF-8 text; save it as UTF-8");
}

#[test]
fn a_reader_that_leaves_and_a_full_disk_are_no_panic() {
    let course = Course::new();
    let mut command = course.command(&["list"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lab starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");

    if let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") {
        let mut command = course.command(&["list"]);
        crate::ran(command.stdout(full)).exits(4).complains(
            "cannot write standard output: No space left on device; \
             the disk is full: free some space and try again",
        );
    }
}
