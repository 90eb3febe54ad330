//! Programs that are typed to, interrupted, and read from while they run.

use std::time::{Duration, Instant};

use testkit::{DEADLINE, Explanation, Lab, Program, expect_at_most};

const PROGRAM: Lab = Lab {
    folder: env!("CARGO_MANIFEST_DIR"),
    program: env!("CARGO_BIN_EXE_wrong-server"),
};
const BECAUSE: &str = "The test says so.";

/// The explanation with which this test body fails.
async fn explanation(test: impl Future<Output = ()> + Send + 'static) -> String {
    let ended = tokio::spawn(test).await;
    let panic = ended.expect_err("the expectation must fail").into_panic();
    panic
        .downcast::<Explanation>()
        .expect("it must fail with an explanation")
        .to_string()
}

#[tokio::test]
async fn a_program_is_typed_to_line_by_line() {
    let mut program = Program::start_interactive(PROGRAM, &["repeat"]);
    program.type_line("one").await;
    program.prints_line("you said: one", BECAUSE).await;
    // The same line again is another one.
    program.type_line("one").await;
    program.type_line("two").await;
    program.prints_line("you said: one", BECAUSE).await;
    let line = program.prints_line_with("two", BECAUSE).await;
    assert_eq!(line, "you said: two");
    program.end_input();
    program.prints_line("goodbye", BECAUSE).await;
    program.finish(DEADLINE).await.prints_lines(
        &["you said: one", "you said: one", "you said: two", "goodbye"],
        BECAUSE,
    );
}

#[tokio::test]
async fn a_line_that_does_not_come_again_is_missed() {
    let text = explanation(async {
        let mut program = Program::start_interactive(PROGRAM, &["repeat"]);
        program.type_line("one").await;
        program.prints_line("you said: one", BECAUSE).await;
        program.end_input();
        program.prints_line("you said: one", BECAUSE).await;
    })
    .await;
    for line in [
        "testkit repeat",
        "expected   a line \"you said: one\" on standard output",
        "came back  exit status: 0",
        "standard output: you said: one",
        "because    The test says so.",
    ] {
        assert!(text.contains(line), "no {line:?} in:\n{text}");
    }
}

#[tokio::test]
async fn typing_to_a_program_that_has_ended_fails() {
    let text = explanation(async {
        let mut program = Program::start_interactive(PROGRAM, &["exit"]);
        program.exit(DEADLINE).await;
        program.type_line("anybody?").await;
    })
    .await;
    assert!(text.contains("reads \"anybody?\" from standard"), "{text}");
}

#[tokio::test]
async fn typing_to_a_program_that_does_not_read_fails_in_the_end() {
    let began = Instant::now();
    let text = explanation(async {
        let mut program = Program::start_interactive(PROGRAM, &["wait"]);
        // More than any pipe holds.
        program.type_line(&"x".repeat(4 << 20)).await;
    })
    .await;
    assert!(text.contains("nothing read within 5s"), "{text}");
    assert!(began.elapsed() < 2 * DEADLINE);
}

#[tokio::test]
async fn a_program_runs_to_its_end_with_a_given_input() {
    let run = Program::run_with_input(PROGRAM, &["repeat"], b"a\nb\n").await;
    run.prints_lines(&["you said: a", "you said: b", "goodbye"], BECAUSE);
    // One that reads nothing ends all the same.
    let run = Program::run_with_input(PROGRAM, &["print"], &[b'x'; 1 << 20]).await;
    assert_eq!(run.output(), "one line\n");
}

#[tokio::test]
async fn a_program_prints_into_a_pipe_that_is_closed() {
    let run = Program::run_into_head(PROGRAM, &["count"], 3).await;
    run.prints_lines(&["1", "2", "3"], BECAUSE);
    // Fewer lines than asked for are the program's end.
    let run = Program::run_into_head(PROGRAM, &["print"], 3).await;
    assert_eq!(
        (run.output(), run.code()),
        ("one line\n".to_owned(), Some(0))
    );
}

#[tokio::test]
async fn lines_and_then_a_failure() {
    let run = Program::run(PROGRAM, &["fail"]).await;
    run.fails_after(&["one", "two"], 78, &["gone"], BECAUSE);
    let text = explanation(async move {
        run.fails_after(&["one"], 78, &["gone"], BECAUSE);
    })
    .await;
    for line in [
        "expected   prints \"one\", then exits with 78, one line on standard error with \"gone\"",
        "came back  exit code 78",
        "standard output: one\\ntwo",
    ] {
        assert!(text.contains(line), "no {line:?} in:\n{text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_interrupts_a_program() {
    let mut program = Program::start(PROGRAM, &["wait"]);
    program.interrupt().unwrap();
    assert!(!program.exit(DEADLINE).await.success());
}

/// As where a script runs the tests in the background.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_interrupts_a_program_of_tests_that_ignore_it() {
    let tests = std::env::current_exe().unwrap();
    let run = std::process::Command::new("/bin/sh")
        .args(["-c", "trap '' INT; exec \"$0\" --exact \"$1\""])
        .arg(tests)
        .arg("ctrl_c_interrupts_a_program")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_most_memory_is_remembered() {
    let mut program = Program::start_interactive(PROGRAM, &["hold"]);
    program.prints_line("holding", BECAUSE).await;
    let peak = program.peak_memory().unwrap().unwrap();
    program.type_line("").await;
    program.prints_line("let go", BECAUSE).await;
    let now = program.resident_memory().unwrap();
    assert!(peak > 64 << 20, "{peak} bytes");
    assert!(now < peak - (32 << 20), "{now} bytes after {peak}");
    // The kernel's counters are a few pages behind, each by its own.
    let still = program.peak_memory().unwrap().unwrap();
    assert!(still > peak - (1 << 20), "{still} bytes after {peak}");
}

#[tokio::test]
async fn too_much_memory_is_told_in_mebibytes() {
    expect_at_most("the upload", 1 << 20, 1 << 20, BECAUSE);
    let text = explanation(async {
        expect_at_most("the upload", 3 << 20, 3 << 19, BECAUSE);
    })
    .await;
    assert!(text.contains("expected   1.5 MiB at most"), "{text}");
    assert!(text.contains("came back  3.0 MiB"), "{text}");
}

#[tokio::test]
async fn a_wait_for_a_line_has_an_end() {
    let text = explanation(async {
        let mut program = Program::start(PROGRAM, &["wait"]);
        program.line("never", Duration::from_millis(50)).await;
    })
    .await;
    assert!(text.contains("nothing of the kind within 50ms"), "{text}");
}
