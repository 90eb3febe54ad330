//! The command line: exit codes, and what is said.

use std::io::Write as _;
use std::process::Stdio;

use crate::course::Course;

#[test]
fn a_sound_book_is_written() {
    let course = Course::new();
    let output = course.book(&["build", "--out", "out"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Finished 8 pages into "), "{said}");
    assert!(course.path("out/index.html").is_file());
}

#[test]
fn a_broken_rule_is_exit_code_1_and_nothing_is_written() {
    let course = Course::new();
    course.change("src/introduction.md", "index.md", "start.md");
    for command in ["build", "check", "serve"] {
        let output = course.book(&[command]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.starts_with("error: src/introduction.md:3: the link"),
            "{said}"
        );
        assert!(said.ends_with("1 thing is wrong with the book\n"), "{said}");
    }
    assert!(!course.path("target/book").exists());
}

#[test]
fn a_folder_of_something_else_is_not_replaced() {
    let course = Course::new();
    let output = course.book(&["build", "--out", "labs"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("would be replaced; name an empty or a new folder")
    );
    assert!(course.path("labs/counter/lab.toml").is_file());
}

#[test]
fn links_that_leave_the_book_are_listed_and_not_fetched() {
    let output = Course::new().book(&["check", "--external"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said,
        "src/phase-1/01-counting/adding.md:18: https://doc.rust-lang.org/book/\n"
    );
}

#[test]
fn a_stock_mdbook_is_served_by_the_same_preprocessor() {
    let course = Course::new();
    assert_eq!(
        course
            .book(&["preprocess", "supports", "html"])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(
        course
            .book(&["preprocess", "supports", "epub"])
            .status
            .code(),
        Some(1)
    );

    let chapter = |content: &str| {
        serde_json::json!({"Chapter": {
            "name": "Introduction", "content": content, "number": null, "sub_items": [],
            "path": "introduction.md", "source_path": "introduction.md", "parent_names": []
        }})
    };
    let ask = |content: &str| {
        let input = serde_json::json!([
            {"root": course.root(), "config": {"book": {"src": "src"}}, "renderer": "html", "mdbook_version": "0.5.4"},
            {"items": [chapter(content)]}
        ]);
        let mut child = course
            .command(&["preprocess"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.to_string().as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    };
    let output = ask("{{#lab counter}}\n");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("<lab-card lab="));
    let output = ask("{{#lab nowhere}}\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("src/introduction.md:1: no lab named")
    );
}

#[test]
fn outside_of_a_course_it_says_so() {
    let nowhere = tempfile::tempdir().unwrap();
    let output = Course::new()
        .command(&["check"])
        .current_dir(nowhere.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .starts_with("error: this is not the course's folder")
    );
}

#[test]
fn a_stock_mdbook_builds_the_same_pages() {
    let course = Course::new();
    assert_eq!(course.build().findings, []);
    let ours = course.page("phase-1/01-counting/lab.html");
    // As a shell would read it: the path may have a space or a backslash in it.
    let program = env!("CARGO_BIN_EXE_book").replace('\\', "/");
    course.change(
        "book.toml",
        "\"book preprocess\"",
        &format!("\"'{program}' preprocess\""),
    );
    let stock = mdbook_driver::MDBook::load(course.root()).expect("it loads");
    stock.build().expect("it builds");
    assert_eq!(course.page("phase-1/01-counting/lab.html"), ours);
}

#[test]
fn a_transcript_is_run_again_and_compared() {
    let course = Course::new();
    let page = "src/phase-1/01-counting/lab.md";
    course.change(
        page,
        "console\n$ cargo lab test counter\n",
        "console,lab=solution\n$ cargo test -q -p counter --test stages\n",
    );
    let output = course.book(&["transcripts"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("{page}:9: `cargo test -q -p counter --test stages` prints \"\" where the book has its end\n  fix: run `cargo book transcripts --write`")), "{said}");

    assert_eq!(
        course.book(&["transcripts", "--write"]).status.code(),
        Some(0)
    );
    let written = course.read(page);
    assert!(
        written.contains("\nrunning 3 tests\n...\ntest result: ok. 3 passed"),
        "{written}"
    );
    assert_eq!(course.book(&["transcripts"]).status.code(), Some(0));

    course.change(page, "ok. 3 passed", "ok. 2 passed");
    let said = course.book(&["transcripts"]).stderr;
    assert!(
        String::from_utf8_lossy(&said).contains(&format!("{page}:12: ")),
        "{}",
        String::from_utf8_lossy(&said)
    );

    course.change(page, "lab=solution", "lab=zoo/nothing");
    let said = course.book(&["transcripts"]).stderr;
    assert!(
        String::from_utf8_lossy(&said).contains(&format!(
            "{page}:7: no lab has a wrong solution named \"nothing\""
        )),
        "{}",
        String::from_utf8_lossy(&said)
    );
}
