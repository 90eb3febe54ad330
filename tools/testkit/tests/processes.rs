//! No program outlives its test, however the test ends.
#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use testkit::{Lab, Program, Server};

const PROGRAM: Lab = Lab {
    folder: env!("CARGO_MANIFEST_DIR"),
    program: env!("CARGO_BIN_EXE_wrong-server"),
};

/// Set for the test below that plays the victim; it says where to write the program's pid.
const VICTIM: &str = "TESTKIT_VICTIM";

#[tokio::test]
async fn a_dropped_program_is_gone() {
    let program = Program::start(PROGRAM, &["wait"]);
    let pid = Pid::from_raw(program.pid() as i32).unwrap();
    test_kill_process(pid).expect("it runs");
    drop(program);
    test_kill_process(pid).expect_err("it must be gone, and reaped");
}

#[tokio::test]
async fn a_program_is_gone_after_a_panic() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let panicked = tokio::spawn(async move {
        let program = Program::start(PROGRAM, &["wait"]);
        sender.send(program.pid()).unwrap();
        testkit::fail("as a failed expectation does");
    });
    panicked.await.expect_err("it panics");
    let pid = Pid::from_raw(receiver.recv().unwrap() as i32).unwrap();
    test_kill_process(pid).expect_err("it must be gone, and reaped");
}

#[test]
fn no_program_survives_a_kill_of_the_test_runner() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let mut runner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_victim", "--nocapture"])
        .env(VICTIM, &pid_file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = wait_for("the victim's program to start", || {
        std::fs::read_to_string(&pid_file)
            .ok()?
            .strip_suffix('\n')?
            .parse()
            .ok()
            .and_then(Pid::from_raw)
    });
    test_kill_process(pid).expect("the program runs");

    kill_process(Pid::from_child(&runner), Signal::KILL).unwrap();
    runner.wait().unwrap();
    wait_for("the program to be gone", || test_kill_process(pid).err());
}

/// Runs only as the process that the test above kills.
#[tokio::test]
async fn the_victim() {
    let Some(pid_file) = std::env::var_os(VICTIM) else {
        return;
    };
    let program = Program::start(PROGRAM, &["wait"]);
    std::fs::write(pid_file, format!("{}\n", program.pid())).unwrap();
    // It is killed long before; the end is for the case that it is not.
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn memory_is_that_of_the_program() {
    let server = Server::start(PROGRAM).await;
    let bytes = server.program.resident_memory().unwrap();
    assert!((1 << 20..1 << 30).contains(&bytes), "{bytes} bytes");
}

#[tokio::test]
async fn sigterm_asks_a_program_to_stop() {
    let mut program = Program::start(PROGRAM, &["wait"]);
    program.terminate().unwrap();
    let status = program.exit(testkit::DEADLINE).await;
    assert!(!status.success());
}

fn wait_for<T>(what: &str, mut come: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(it) = come() {
            return it;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
