//! Each rule broken once: what is said, where, and with which fix.

use crate::course::{CHAPTER, Course};

/// Breaks the book, and gives the one finding.
fn broken(break_it: impl FnOnce(&Course)) -> String {
    let course = Course::new();
    break_it(&course);
    let findings = course.findings();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings[0].clone()
}

#[test]
fn the_course_as_it_is_breaks_no_rule() {
    assert_eq!(Course::new().findings(), [""; 0]);
}

#[test]
fn a_missing_include_file() {
    let said = broken(|c| c.change(&format!("{CHAPTER}/adding.md"), "src/lib.rs", "src/lob.rs"));
    assert_eq!(
        said,
        "src/phase-1/01-counting/adding.md:8: the include ../../../listings/src/lob.rs:sum names \
         listings/src/lob.rs, which does not exist\n  fix: correct the path; it counts from this page's folder"
    );
}

#[test]
fn a_missing_anchor() {
    let said = broken(|c| c.change(&format!("{CHAPTER}/adding.md"), "lib.rs:sum", "lib.rs:some"));
    assert_eq!(
        said,
        "src/phase-1/01-counting/adding.md:8: listings/src/lib.rs has no anchor \"some\"\n  fix: its anchors are `sum`"
    );
}

#[test]
fn an_anchor_without_an_end() {
    let said = broken(|c| c.change("listings/src/lib.rs", "// ANCHOR_END: sum", ""));
    assert!(
        said.contains(":8: the anchor \"sum\" of listings/src/lib.rs has no end"),
        "{said}"
    );
}

#[test]
fn lines_instead_of_an_anchor() {
    let said = broken(|c| c.change(&format!("{CHAPTER}/adding.md"), "lib.rs:sum", "lib.rs:4:7"));
    assert!(
        said.contains(":8: the include ../../../listings/src/lib.rs:4:7 names lines, which drift"),
        "{said}"
    );
}

#[test]
fn a_dead_link() {
    let said = broken(|c| c.change("src/introduction.md", "index.md", "start.md"));
    assert_eq!(
        said,
        "src/introduction.md:3: the link \"phase-1/01-counting/start.html\" leads to no page\n  \
         fix: correct it; a path counts from this page's folder, and names the .md file"
    );
}

#[test]
fn a_dead_fragment() {
    let said = broken(|c| {
        c.change(
            &format!("{CHAPTER}/index.md"),
            "#what-does-not-fit",
            "#what-fits",
        )
    });
    assert_eq!(
        said,
        "src/phase-1/01-counting/index.md:5: the link \"adding.html#what-fits\" names a heading that \
         phase-1/01-counting/adding.html does not have\n  fix: the nearest there are `what-does-not-fit`"
    );
}

#[test]
fn a_dead_fragment_of_the_page_itself() {
    let said = broken(|c| c.change("src/introduction.md", "> This", "> [Up](#up). This"));
    assert!(
        said.starts_with("src/introduction.md:6: the link \"#up\" names a heading"),
        "{said}"
    );
}

#[test]
fn an_image_that_is_not_there() {
    let said = broken(|c| c.change("src/introduction.md", "> This", "> ![x](x.png) This"));
    assert!(
        said.starts_with("src/introduction.md:6: there is no image \"x.png\""),
        "{said}"
    );
}

#[test]
fn an_unused_image() {
    let said = broken(|c| c.write("src/spare.svg", "<svg/>"));
    assert_eq!(
        said,
        "src/spare.svg:1: no page shows this image\n  fix: show it, or remove it"
    );
}

#[test]
fn an_orphan_page() {
    let said = broken(|c| c.write("src/lost.md", "# Lost\n"));
    assert!(
        said.starts_with("src/lost.md:1: SUMMARY.md does not list this page"),
        "{said}"
    );
}

#[test]
fn a_page_that_is_listed_and_missing() {
    let said = broken(|c| c.change("src/SUMMARY.md", "- [Not written yet]()", "- [New](new.md)"));
    assert!(
        said.starts_with("src/SUMMARY.md:10: src/new.md does not exist\n  fix: write the page"),
        "{said}"
    );
}

#[test]
fn an_mdbook_warning() {
    let said = broken(|c| c.change("src/introduction.md", "> This", "> <b>This"));
    assert!(
        said.starts_with("src/introduction.md:6: mdBook warns: unclosed HTML tag `<b>`"),
        "{said}"
    );
}

#[test]
fn a_key_that_mdbook_would_ignore() {
    let said = broken(|c| c.change("book.toml", "default-theme =", "defualt-theme ="));
    assert!(said.starts_with("book.toml:15: mdBook warns: Failed to deserialize `output.html` Caused by: unknown field `defualt-theme`\n"), "{said}");
}

#[test]
fn a_lab_that_does_not_exist() {
    let said = broken(|c| {
        c.change(
            &format!("{CHAPTER}/lab.md"),
            "{{#lab counter}}",
            "{{#lab conuter}}",
        )
    });
    assert_eq!(
        said,
        "src/phase-1/01-counting/lab.md:3: no lab named \"conuter\"\n  fix: did you mean \"counter\"?"
    );
}

#[test]
fn a_stage_that_does_not_exist() {
    let said = broken(|c| c.change(&format!("{CHAPTER}/lab.md"), "counter 2", "counter 3"));
    assert!(
        said.starts_with("src/phase-1/01-counting/lab.md:5: counter has no stage \"3\"\n  fix: "),
        "{said}"
    );
}

#[test]
fn a_lab_that_refers_to_a_missing_heading() {
    let said = broken(|c| c.change("labs/counter/lab.toml", "#the-sum", "#the-product"));
    assert!(
        said.starts_with("labs/counter/lab.toml:11: stage 1 names phase-1/01-counting/adding.md#the-product, which the book does not have\n  fix: the nearest there are `the-sum`"),
        "{said}"
    );
}

#[test]
fn code_in_each_language_that_was_not_compiled() {
    for language in ["rust", "go", "python", "cpp", "proto", "rust,ignore"] {
        let said = broken(|c| {
            let page = c.read("src/introduction.md");
            c.write(
                "src/introduction.md",
                &format!("{page}\n```{language}\nx = 1\n```\n"),
            );
        });
        let language = language.trim_end_matches(",ignore");
        assert!(
            said.starts_with(&format!("src/introduction.md:8: this {language} is not taken from compiled code\n  fix: move it")),
            "{said}"
        );
    }
}

#[test]
fn code_around_an_include() {
    let said = broken(|c| {
        c.change(
            &format!("{CHAPTER}/adding.md"),
            "lib.rs:sum}}",
            "lib.rs:sum}}\nlet more = 1;",
        )
    });
    assert!(
        said.contains("adding.md:7: this rust is not taken from compiled code"),
        "{said}"
    );
}

#[test]
fn a_solution_and_what_a_learner_writes() {
    let from = "listings/src/lib.rs:sum";
    let page = format!("{CHAPTER}/adding.md");
    let said = broken(|c| c.change(&page, from, "solutions/counter/src/count.rs"));
    assert!(
        said.contains(":7: ../../../solutions/counter/src/count.rs is a lab's solution"),
        "{said}"
    );
    let said = broken(|c| c.change(&page, from, "labs/counter/src/count.rs"));
    assert!(
        said.contains(
            ":7: ../../../labs/counter/src/count.rs is a file that the learner of counter writes"
        ),
        "{said}"
    );
}

#[test]
fn directives_that_are_not_right() {
    for (text, message) in [
        ("{{#labb counter}}", "there is no directive `{{#labb}}`"),
        (
            "Here: {{#lab counter}}",
            "`{{#lab …}}` does not stand alone at the line's beginning",
        ),
        (
            "{{#hints counter}}",
            "hints are those of one stage of a lab",
        ),
        (
            "{{#quiz none.toml}}",
            "there is no file \"none.toml\" beside this page",
        ),
        ("{{#tabs}}", "these tabs are not closed"),
        ("{{#tab Rust}}", "a tab stands outside of tabs"),
        ("{{/tabs}}", "`{{/tabs}}` closes nothing"),
        ("{{#tabs}}\n{{/tabs}}", "these tabs are empty"),
        ("[x](term:)", "the glossary does not define \"x\""),
        ("{{#varint ten}}", "`ten` is no number that an int64 holds"),
        ("{{#flow-control x}}", "`x` means nothing here"),
        (
            "{{#protobuf none.toml}}",
            "there is no file \"none.toml\" beside this page",
        ),
        ("{{#timeline}}", "there is no file \"\" beside this page"),
    ] {
        let said = broken(|c| {
            let page = c.read("src/introduction.md");
            c.write("src/introduction.md", &format!("{page}\n{text}\n"));
        });
        let lines = text.lines().count();
        let line = if text.starts_with("{{#tabs}}\n") {
            7 + lines
        } else {
            8
        };
        assert!(
            said.starts_with(&format!("src/introduction.md:{line}: {message}\n  fix: ")),
            "{said}"
        );
    }
}

#[test]
fn a_quiz_that_is_not_complete() {
    let quiz = format!("{CHAPTER}/quiz.toml");
    let said = broken(|c| c.change(&quiz, "Zero is a value too.", ""));
    assert!(
        said.starts_with(&format!(
            "{quiz}:21: an option has no text, or no explanation"
        )),
        "{said}"
    );
    let said = broken(|c| c.change(&quiz, "lib.rs::sum", "lib.rs::difference"));
    assert!(
        said.starts_with(&format!(
            "{quiz}:4: listings/src/lib.rs does not contain `difference`"
        )),
        "{said}"
    );
}

/// Changes a file of the widgets' chapter, and gives what is said of it.
fn broken_wire(file: &str, from: &str, to: &str) -> String {
    let path = format!("src/phase-1/02-wire/{file}");
    let said = broken(|c| c.change(&path, from, to));
    let said = said.strip_prefix(&format!("{path}:"));
    said.expect("it is said of this file").to_owned()
}

#[test]
fn a_message_that_its_contract_does_not_have() {
    let order = |from, to| broken_wire("order.toml", from, to);
    for (from, to, wanted) in [
        (
            "shop.v1.Order",
            "shop.v1.Orders",
            "2: proto/shop/v1/shop.proto has no message \"shop.v1.Orders\"\n  fix: give its full name",
        ),
        (
            "proto/shop",
            "shop",
            "1: \"shop/v1/shop.proto\" is no contract of the course\n  fix: name a file below proto/",
        ),
        (
            "proto/shop",
            "proto/../proto/shop",
            "1: \"proto/../proto/shop/v1/shop.proto\" is no contract of the course",
        ),
        ("shop.proto", "shoe.proto", "1: proto/shop/v1/shoe.proto: "),
        ("number: 150", "nummer: 150", "3: the value: "),
        ("number: 150", "number: -1", "3: the value: "),
        ("value =", "values =", "3: unknown field `values`"),
    ] {
        let said = order(from, to);
        assert!(said.starts_with(wanted), "{said}");
    }
    let long = format!("customer: \"{}\"", "a".repeat(600));
    let said = order("customer: \"Ada\"", &long);
    assert!(
        said.starts_with("3: the message has 626 bytes\n  fix: show one of at most 512"),
        "{said}"
    );
}

#[test]
fn a_header_block_that_cannot_be_read() {
    let said = broken_wire("requests.toml", "83 86 c1", "83 86 fe");
    assert!(
        said.starts_with(
            "13: the block cannot be read: the table has no entry 126\n  fix: give the payload"
        ),
        "{said}"
    );
    let said = broken_wire("requests.toml", "83 86 c1", "83 86 c");
    assert!(
        said.starts_with("13: it has an odd number of hexadecimal digits"),
        "{said}"
    );
    let said = broken_wire("requests.toml", "says = \"Divide(7, 0)\"", "say = 1");
    assert!(said.contains("unknown field `say`"), "{said}");
}

#[test]
fn a_recording_that_is_none() {
    let file = "cancelled.timeline.json";
    for (from, to, wanted) in [
        (
            "\"version\": 1",
            "\"version\": 2",
            "1: this is version 2 of \"timeline\", and the book reads version 1",
        ),
        (
            "\"closed\":\"end\"",
            "\"closed\":\"gone\"",
            ": not a timeline: unknown variant `gone`",
        ),
        (
            "\"stream\":1",
            "\"strom\":1",
            ": not a timeline: unknown field `strom`",
        ),
        (
            "\"bytes\":\"0a35",
            "\"bytes\":\"0a3",
            ": not a timeline: it has an odd number of hexadecimal digits",
        ),
        (
            "\"version\": 1\n}",
            "\"version\": 1",
            ": not a timeline: EOF",
        ),
    ] {
        let said = broken_wire(file, from, to);
        assert!(said.contains(wanted), "{said}");
        assert!(said.contains("\n  fix: record the call again"), "{said}");
    }
    let path = format!("src/phase-1/02-wire/{file}");
    let said = broken(|c| c.write(&path, &" ".repeat(48_001)));
    assert!(said.contains("the recording has 48001 bytes"), "{said}");
}

#[test]
fn a_script_that_is_missing() {
    let course = Course::new();
    std::fs::remove_file(course.path("tools/book/assets/widgets/varint-bench.js")).unwrap();
    let findings = course.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].starts_with("src/phase-1/02-wire/index.md:1: tools/book/assets/widgets/varint-bench.js cannot be read"),
        "{findings:?}"
    );
}

#[test]
fn several_findings_come_in_order_and_the_old_book_stays() {
    let course = Course::new();
    assert_eq!(course.build().findings, []);
    let before = course.page("introduction.html");
    course.change("src/introduction.md", "index.md", "start.md");
    course.write("src/lost.md", "# Lost\n");
    let files: Vec<_> = course
        .build()
        .findings
        .into_iter()
        .map(|f| f.file)
        .collect();
    assert_eq!(
        files,
        ["src/introduction.md", "src/lost.md"].map(std::path::PathBuf::from)
    );
    assert_eq!(course.page("introduction.html"), before);
}
