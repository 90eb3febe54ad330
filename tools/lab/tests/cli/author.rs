//! `lab verify` on a sound lab, and on one broken in each way that it is there to see.

use crate::{Course, YOURS};

const SOLUTION: &str = "solutions/counter/src/count.rs";
const WRAPS: &str = "solutions/counter/zoo/02-wraps.patch";

#[test]
fn a_sound_lab_is_verified() {
    let course = Course::new();
    course
        .lab(&["verify"])
        .exits(0)
        .says("   Verifying counter (2 stages, 30 points, 2 wrong solutions)")
        .says("        Stub red in 2 stages")
        .says("    Solution green in 2 stages (3 tests)")
        .says("      Caught 01-subtracts by stage 1: negative_numbers_count_too and 1 more")
        .says("      Caught 02-wraps by stage 2: a_sum_that_does_not_fit")
        .says("    Verified 1 lab: everything agrees");

    let ran = course.lab(&["verify", "counter", "--json"]).exits(0);
    let report = &ran.json()[0];
    assert_eq!(report["sound"], true);
    assert_eq!(
        report["zoo"][1]["why"],
        "A sum that does not fit wraps silently."
    );
}

#[test]
fn a_stub_out_of_step_is_shown_and_can_be_written() {
    let course = Course::new();
    let stub = course.read(YOURS);
    course.edit(YOURS, "/// The sum", "/// My own sum");
    let mine = course.read(YOURS);
    course
        .lab(&["verify"])
        .exits(1)
        .says("Disagrees stub: labs/counter/src is out of step")
        .says("-/// My own sum")
        .says("+/// The sum")
        .says("1 disagreement to put right:");

    course
        .lab(&["verify", "--write-stubs"])
        .exits(0)
        .says("Wrote labs/counter/src/count.rs");
    assert_eq!(course.read(YOURS), stub);
    let kept = course.backups()[0].join("src/count.rs");
    assert_eq!(std::fs::read_to_string(kept).expect("kept"), mine);
    course
        .lab(&["verify", "--write-stubs"])
        .exits(0)
        .says("In step");
    assert_eq!(course.backups().len(), 1);
}

#[test]
fn a_stub_that_was_never_written_is_written() {
    let course = Course::new();
    let stub = course.read(YOURS);
    std::fs::remove_dir_all(course.path("labs/counter/src")).expect("removed");
    course.lab(&["verify", "--write-stubs", "counter"]).exits(0);
    assert_eq!(course.read(YOURS), stub);
    assert!(course.backups().is_empty());
}

#[test]
fn a_stub_with_a_warning_is_refused() {
    let course = Course::new();
    course.edit(
        SOLUTION,
        "    // [stub] ",
        "    // [stub] let unused = 1;\n    // [stub] ",
    );
    for patch in ["01-subtracts", "02-wraps"] {
        let patch = format!("solutions/counter/zoo/{patch}.patch");
        course.edit(&patch, "@@ -1,6 +1,6 @@", "@@ -1,7 +1,7 @@");
        course.edit(
            &patch,
            "     // [stub] ",
            "     // [stub] let unused = 1;\n     // [stub] ",
        );
    }
    course.lab(&["verify", "--write-stubs"]).exits(0);
    course
        .lab(&["verify"])
        .exits(1)
        .says("Disagrees stub: counter builds with a warning")
        .says("unused variable")
        .says("1 disagreement to put right:");
}

#[test]
fn a_stub_that_passes_a_stage_or_is_red_for_another_reason_is_refused() {
    let course = Course::new();
    course.edit(
        SOLUTION,
        "todo!(\"stage 1: answer {a} + {b}\")",
        "Some(a.wrapping_add(b))",
    );
    for patch in ["01-subtracts", "02-wraps"] {
        let patch = format!("solutions/counter/zoo/{patch}.patch");
        course.edit(
            &patch,
            "todo!(\"stage 1: answer {a} + {b}\")",
            "Some(a.wrapping_add(b))",
        );
    }
    course.edit(
        "labs/counter/lab.toml",
        "the sum of big numbers",
        "another reason",
    );
    course.lab(&["verify", "--write-stubs"]).exits(0);
    course
        .lab(&["verify"])
        .exits(1)
        .says("Disagrees stub: stage 1 is green on the stub")
        .says("Disagrees stub: stage 2 is red on the stub, but no test says \"another reason\"")
        .says("2 disagreements to put right:");
}

#[test]
fn a_solution_that_fails_is_refused() {
    let course = Course::new();
    course.edit(SOLUTION, "a.checked_add(b)", "Some(a.wrapping_add(b))");
    course
        .lab(&["verify"])
        .exits(1)
        .says("Disagrees solution: stage 2 is red on the solution")
        .says("came back  -128")
        .never_says("Caught");
}

#[test]
fn a_wrong_solution_that_passes_is_refused() {
    let course = Course::new();
    course.edit(
        WRAPS,
        "+    Some(a.wrapping_add(b))",
        "+    b.checked_add(a)",
    );
    course.lab(&["verify"]).exits(1).says(
        "Disagrees zoo: 02-wraps: not caught: it passes stage 2, which should catch it (A sum",
    );
}

#[test]
fn a_wrong_solution_caught_too_early_is_refused() {
    let course = Course::new();
    course.edit(
        "solutions/counter/zoo/01-subtracts.patch",
        "Stage: 1",
        "Stage: 2",
    );
    course
        .lab(&["verify"])
        .exits(1)
        .says("Disagrees zoo: 01-subtracts: caught by accident by stage 1 (stage_1_add::negative");
}

#[test]
fn a_patch_that_does_not_apply_is_refused() {
    let course = Course::new();
    course.edit(WRAPS, "-    a.checked_add(b)", "-    a.checked_mul(b)");
    course
        .lab(&["verify"])
        .exits(1)
        .says("Disagrees zoo: 02-wraps: it does not apply to src/count.rs")
        .says("Caught 01-subtracts");
}

#[test]
fn a_patch_that_does_not_compile_is_no_catch() {
    let course = Course::new();
    course.edit(WRAPS, "Some(a.wrapping_add(b))", "a.wrapping_add(b)");
    course
        .lab(&["verify"])
        .exits(1)
        .says("Disagrees zoo: 02-wraps: it does not compile, so no stage can catch it")
        .says("mismatched types");
}

#[test]
fn a_patch_whose_header_is_wrong_is_refused() {
    let course = Course::new();
    for (old, new, sentence) in [
        ("Stage: 2", "Stage: 7", "counter has no stage \"7\""),
        ("Stage: 2\n", "", "it does not say which stage catches it"),
        ("Stage: 2\n", "Staeg: 2\n", "\"Staeg: 2\" is neither"),
        (
            "a/src/count.rs",
            "a/../count.rs",
            "it may change files, not add, remove or rename",
        ),
    ] {
        let good = course.read(WRAPS);
        course.edit(WRAPS, old, new);
        course
            .lab(&["verify"])
            .exits(1)
            .says(&format!("Disagrees zoo: 02-wraps: {sentence}"));
        course.write(WRAPS, &good);
    }
    course.lab(&["verify"]).exits(0);
}

#[test]
fn what_lab_toml_says_of_the_tests_and_the_book_is_checked() {
    let course = Course::new();
    let page = course.path("src/phase-1/01-counting");
    std::fs::create_dir_all(&page).expect("a folder");
    std::fs::write(page.join("adding.md"), "# Adding\n## The sum\n").expect("a page");
    course.edit(
        "labs/counter/lab.toml",
        "src/count.rs\"]",
        "src/cuont.rs\"]",
    );
    course.edit(
        "labs/counter/tests/stages/main.rs",
        "use std::sync",
        "#[test]\nfn stray() {}\nuse std::sync",
    );
    course
        .lab(&["verify"])
        .exits(1)
        .says("Disagrees lab.toml: files names src/cuont.rs, which solutions/counter lacks")
        .says("stage 2: phase-1/01-counting/adding.md has no heading #what-does-not-fit")
        .never_says("#the-sum")
        .says("Disagrees tests: stray belongs to no stage");
}

#[test]
fn the_work_tree_is_not_touched() {
    let course = Course::new();
    let before = course.read(SOLUTION);
    course.lab(&["verify"]).exits(0);
    assert_eq!(course.read(SOLUTION), before);
    let left: Vec<_> = std::fs::read_dir(course.folder.path())
        .expect("there")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| {
            !["Cargo.toml", "Cargo.lock", "labs", "solutions", "target"].contains(&name.as_str())
        })
        .collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn only_one_verification_runs_at_a_time() {
    let course = Course::new();
    std::fs::create_dir_all(course.path("target/lab/verify")).expect("a folder");
    course.write("target/lab/verify/lock", "process 42, since noon");
    let lock = std::fs::File::open(course.path("target/lab/verify/lock")).expect("a file");
    fs4::FileExt::try_lock(&lock).expect("nobody holds it");
    course.lab(&["verify"]).exits(4).complains(
        "another `cargo lab verify` is under way in this course (process 42, since noon); wait for it to end",
    );
    drop(lock);
    course.lab(&["verify", "--write-stubs"]).exits(0);
}

#[test]
fn a_new_lab_is_written_and_nothing_is_overwritten() {
    let course = Course::new();
    std::fs::create_dir_all(course.path("proto/src")).expect("a folder");
    course.write("proto/src/lib.rs", "// the contracts\n");
    course
        .lab(&["new", "file-store"])
        .exits(0)
        .says("Wrote labs/file-store/src/service.rs")
        .says("Extended proto/src/lib.rs")
        .says("next: cargo lab verify file-store");

    let modules = course.read("proto/src/lib.rs");
    assert!(modules.starts_with("// the contracts\n"), "{modules}");
    assert!(modules.contains("pub mod file_store {"), "{modules}");
    assert!(
        course
            .read("labs/file-store/src/service.rs")
            .contains("todo!(\"stage 1")
    );
    assert!(
        course
            .read("proto/file_store/v1/file_store.proto")
            .contains("service FileStoreService")
    );
    for file in ["labs/file-store/src/main.rs", "labs/file-store/lab.toml"] {
        assert!(!course.read(file).contains("{{"), "{file} has a gap");
    }
    // What the template's files say agrees with each other: stub, solution and lab.toml.
    course
        .lab(&["verify", "--write-stubs", "file-store"])
        .exits(0)
        .says("In step");

    course
        .lab(&["new", "file-store"])
        .exits(2)
        .complains("labs/file-store is there already; choose another name, or remove it");
    course
        .lab(&["new", "FileStore"])
        .exits(2)
        .notes("\"FileStore\" cannot be a lab's name: use words of a-z and 0-9");
}

#[test]
fn a_patch_follows_lines_that_moved() {
    let course = Course::new();
    for file in [SOLUTION, YOURS] {
        let text = course.read(file);
        course.write(file, &format!("//! Counts.\n\n{text}"));
    }
    course.lab(&["verify"]).exits(0).says("Caught 02-wraps");
}
