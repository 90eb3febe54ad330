//! What a learner does, from the first run to the last reset.

use crate::{Course, YOURS};

#[test]
fn a_lab_is_solved_stage_by_stage() {
    let course = Course::new();
    course
        .lab(&[])
        .exits(0)
        .says("counter  The counter  0/2")
        .says("You are in counter, at stage 1 of 2: Add two numbers.")
        .says("next: cargo lab watch counter");

    course
        .lab(&["test", "counter"])
        .exits(1)
        .says("✗ 1 Add two numbers")
        .says("not yet implemented: stage 1")
        .says("also red:\n  negative_numbers_count_too")
        .says("read    src/phase-1/01-counting/adding.md#the-sum")
        .says("next: cargo lab hint counter add")
        .never_says("Say when it does not fit")
        .never_says("stage_1_add::");

    course.answer("Some(a.wrapping_add(b))");
    course
        .lab(&["test", "counter"])
        .exits(1)
        .says("✓ 1 Add two numbers")
        .says("✗ 2 Say when it does not fit")
        .says("the sum of big numbers\n  expected   overflow\n  came back  -128");
    course.lab(&[]).exits(0).says("counter  The counter  1/2");

    course.solve();
    course.lab(&[]).says("(changed since it ran)");
    course
        .lab(&["test", "counter"])
        .exits(0)
        .says("✓ 2 Say when it does not fit")
        .says("all green. next: cargo lab diff counter");
    course
        .lab(&[])
        .exits(0)
        .says("2/2")
        .says("Every lab is solved.");
}

#[test]
fn one_stage_can_be_run_by_number_or_id_and_all_can_be_run() {
    let course = Course::new();
    for stage in ["2", "overflow"] {
        course
            .lab(&["test", "counter", stage])
            .exits(1)
            .says("✗ 2")
            .never_says("Add two numbers");
    }
    course
        .lab(&["test", "counter", "--all"])
        .exits(1)
        .says("✗ 1")
        .says("✗ 2");
}

#[test]
fn results_are_data_on_request() {
    let course = Course::new();
    let ran = course.lab(&["test", "counter", "--json"]).exits(1);
    let stages = &ran.json()["stages"];
    assert_eq!(stages[0]["verdict"], "failed");
    assert_eq!(stages[1]["verdict"], "not-run");
    let tests = stages[0]["run"]["tests"].as_array().expect("tests");
    assert_eq!(tests.len(), 2);

    assert_eq!(course.lab(&["--json"]).exits(0).json()["here"], "counter");
    assert_eq!(
        course.lab(&["list", "--json"]).exits(0).json()[0]["stages"][1]["id"],
        "overflow"
    );
    assert_eq!(
        course.lab(&["hint", "counter", "--json"]).exits(0).json()["of"],
        3
    );
    let doctor = course.lab(&["doctor", "--json"]).json();
    assert_eq!(doctor[0]["name"], "rust");
    assert_eq!(doctor[0]["state"], "ok");
}

#[test]
fn a_program_that_does_not_compile_is_cargos_to_explain() {
    let course = Course::new();
    course.answer("Some(a + )");
    let ran = course
        .lab(&["test", "counter"])
        .exits(3)
        .notes("expected expression");
    assert_eq!(ran.out, "");
    assert!(!ran.err.contains("error: the program"), "{}", ran.err);
}

#[test]
fn a_program_that_hangs_is_stopped() {
    let course = Course::new();
    course.answer("let _ = (a, b); loop { std::thread::park() }");
    course
        .lab(&["test", "counter", "--limit", "1"])
        .exits(1)
        .says("stage 1 did not finish in 1 s, so it was stopped")
        .says("two_and_three_are_five");
}

#[test]
fn tests_that_were_taken_away_or_ignored_do_not_pass() {
    let course = Course::new();
    course.solve();
    course.edit(
        "labs/counter/tests/stages/stage_2_overflow.rs",
        "#[test]",
        "#[test]\n#[ignore]",
    );
    course
        .lab(&["test", "counter"])
        .exits(1)
        .says("these tests gave no verdict: a_sum_that_does_not_fit_is_said_to_overflow");
    course.write("labs/counter/tests/stages/stage_2_overflow.rs", "");
    course
        .lab(&["test", "counter"])
        .exits(1)
        .says("there is no test in the module stage_2_overflow");
}

#[test]
fn another_program_can_be_tested_in_its_place() {
    let course = Course::new();
    course.solve();
    course.lab(&["test", "counter"]).exits(0);
    let program = course.path("target/debug/counter");
    course.answer("Some(a - b)");
    let mut command = course.command(&["test", "counter"]);
    // The tests run the lab's own program, which the build has just replaced, unless told otherwise.
    let other = course.path("other");
    std::fs::copy(&program, &other).expect("a copy");
    command.env("LAB_PROGRAM", &other);
    crate::ran(&mut command)
        .exits(0)
        .notes("the result is not recorded");
    course.lab(&["test", "counter"]).exits(1);
}

#[test]
fn hints_come_one_at_a_time_and_stay() {
    let course = Course::new();
    course
        .lab(&["hint", "counter"])
        .exits(0)
        .says("hint 1 of 3\n  Look at src/count.rs.")
        .never_says("operator");
    course
        .lab(&["hint", "counter"])
        .says("Look at src/count.rs.")
        .says("hint 2 of 3");
    for _ in 0..2 {
        course.lab(&["hint", "counter"]);
    }
    course
        .lab(&["hint", "counter"])
        .says("hint 3 of 3\n  Some(a + b)")
        .says("That was the last hint. read: src/phase-1/01-counting/adding.md#the-sum");
    course
        .lab(&["hint", "counter", "overflow"])
        .says("hint 1 of 3");

    course.solve();
    course.lab(&["test", "counter"]).exits(0);
    course
        .lab(&["hint", "counter"])
        .exits(0)
        .says("no hint is needed");
}

#[test]
fn the_reference_is_shown_after_green_or_when_asked_for() {
    let course = Course::new();
    for command in ["diff", "solution"] {
        course
            .lab(&[command, "counter"])
            .exits(1)
            .notes("counter is not solved yet (it has not been run)")
            .notes("--spoil")
            .never_says("checked_add");
        course
            .lab(&[command, "counter", "--spoil"])
            .exits(0)
            .says("a.checked_add(b)")
            .never_says("[stub]");
    }
    course.lab(&["test", "counter"]).exits(1);
    course
        .lab(&["diff", "counter"])
        .exits(1)
        .notes("(stage 1 is not green)");

    course.solve();
    course.lab(&["test", "counter"]).exits(0);
    course
        .lab(&["diff", "counter"])
        .exits(0)
        .says("+++ reference/src/count.rs");
    course
        .lab(&["solution", "counter", "main.rs"])
        .exits(0)
        .says("fn main()")
        .never_says("checked_add");
    course
        .lab(&["solution", "counter", "mian.rs"])
        .exits(2)
        .complains("counter has no file \"mian.rs\"; its files are: src/count.rs, src/main.rs");

    course.answer("a.checked_sub(b)");
    course
        .lab(&["diff", "counter"])
        .exits(1)
        .notes("(its files changed since it was green)");
}

#[test]
fn reset_keeps_what_it_replaces() {
    let course = Course::new();
    let stub = course.read(YOURS);
    course
        .lab(&["reset", "counter", "--yes"])
        .exits(0)
        .says("Nothing to reset: labs/counter is the stub already.");
    assert!(course.backups().is_empty());

    // Not even text; and a given file, changed too.
    std::fs::write(course.path(YOURS), [0xff, 0xfe]).expect("written");
    course.edit("labs/counter/src/main.rs", "overflow", "too much");
    std::fs::write(course.path("labs/counter/src/mine.rs"), "// extra").expect("written");
    course
        .lab(&["reset", "counter"])
        .exits(1)
        .says("labs/counter/src/main.rs (given)")
        .notes("Nothing was changed. To put the stub back, add --yes.");
    assert!(course.backups().is_empty());

    course
        .lab(&["reset", "counter", "--yes"])
        .exits(0)
        .says("Yours is kept in .lab/backups/counter/");
    let kept = &course.backups()[0];
    assert_eq!(
        std::fs::read(kept.join("src/count.rs")).expect("kept"),
        [0xff, 0xfe]
    );
    assert!(
        std::fs::read_to_string(kept.join("src/main.rs"))
            .expect("kept")
            .contains("too much")
    );
    assert_eq!(course.read(YOURS), stub);
    assert_eq!(course.read("labs/counter/src/mine.rs"), "// extra");
}

#[test]
fn reset_brings_back_a_deleted_file_and_takes_one_file_alone() {
    let course = Course::new();
    let stub = course.read(YOURS);
    std::fs::remove_file(course.path(YOURS)).expect("removed");
    course.lab(&["reset", "counter", "--yes"]).exits(0);
    assert_eq!(course.read(YOURS), stub);

    course.solve();
    course.write("labs/counter/src/main.rs", "fn main() {}");
    course
        .lab(&["reset", "counter", "src/count.rs", "--yes"])
        .exits(0);
    assert_eq!(course.read(YOURS), stub);
    assert_eq!(course.read("labs/counter/src/main.rs"), "fn main() {}");

    // Two resets within a second do not share a folder.
    for _ in 0..2 {
        course.solve();
        course
            .lab(&["reset", "counter", "count.rs", "--yes"])
            .exits(0);
    }
    assert_eq!(course.backups().len(), 3);
}

#[test]
fn reset_changes_nothing_when_it_cannot_keep_a_copy() {
    let course = Course::new();
    course.solve();
    let yours = course.read(YOURS);
    course.write(".lab", "a file where a folder should be");
    let ran = course.lab(&["reset", "counter", "--yes"]).exits(4);
    assert!(ran.err.contains(".lab"), "{ran:#?}");
    assert!(ran.err.contains("move it away"), "{ran:#?}");
    assert_eq!(course.read(YOURS), yours);
}
