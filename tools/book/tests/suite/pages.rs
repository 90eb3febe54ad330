//! What the directives become: HTML that says everything without JavaScript.

use crate::course::Course;

fn built() -> Course {
    let course = Course::new();
    assert_eq!(course.build().findings, []);
    course
}

#[test]
fn a_card_shows_the_stages_and_the_command() {
    let page = built().page("phase-1/01-counting/lab.html");
    for wanted in [
        "<lab-card lab=\"counter\">",
        "Lab: The counter",
        "2 stages · about 5 minutes · 30 points",
        "<a href=\"../../phase-1/01-counting/adding.html#the-sum\">Add two numbers</a>",
        "cargo lab test counter",
    ] {
        assert!(page.contains(wanted), "{wanted}\n{page}");
    }
}

#[test]
fn a_hint_lies_within_the_one_before() {
    let page = built().page("phase-1/01-counting/lab.html");
    let hints = &page[page.find("<lab-hints").unwrap()..page.find("</lab-hints>").unwrap()];
    let first = hints.find("What is i8::MAX + 1?").unwrap();
    let second = hints.find("There is a checked method.").unwrap();
    let third = hints.find("a.checked_add(b)").unwrap();
    assert!(first < second && second < third);
    assert!(!hints[..third].contains("</details>"), "{hints}");
}

#[test]
fn every_language_is_in_the_page_with_its_name() {
    let page = built().page("phase-1/01-counting/adding.html");
    for wanted in [
        "<div class=\"language-panel\" data-language=\"Rust\">",
        "<p class=\"language-name\">Go</p>",
        "a.checked_add(b)",
        "return a + b",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    assert!(!page.contains("{{#"), "a directive was left");
    assert!(
        !page.contains("class=\"playground\""),
        "mdBook would ask play.rust-lang.org"
    );
}

#[test]
fn a_term_is_a_link_that_carries_its_definition() {
    let page = built().page("introduction.html");
    let wanted = "<glossary-term definition=\"A result that does not fit its type.\"><a href=\"appendix/glossary.html#overflow\">overflow</a></glossary-term>";
    assert!(page.contains(wanted), "{page}");
}

#[test]
fn a_drawing_is_part_of_the_page() {
    let page = built().page("phase-1/01-counting/index.html");
    assert!(page.contains("id=\"sum-head\"") && page.contains("url(#sum-head)"));
    assert!(
        page.contains("<figcaption>Two numbers go in, <code>one</code> comes out.</figcaption>")
    );
}

#[test]
fn answers_are_at_the_end_of_the_book_and_nowhere_else_in_clear() {
    let course = built();
    let secret = "That is what <em>text</em> would do.";
    let page = course.page("phase-1/01-counting/adding.html");
    assert!(!page.contains("Count your fingers"), "{page}");
    assert!(page.contains("<input type=\"radio\" name=\"option\" value=\"1\">"));
    assert!(page.contains("href=\"../../answers.html#quiz-1\""));
    assert!(course.page("answers.html").contains(secret));
    assert!(
        !course
            .path("target/book/phase-1/01-counting/quiz.toml")
            .exists()
    );
    let index = std::fs::read_dir(course.path("target/book")).unwrap();
    let index = index.map(|entry| entry.unwrap().path()).find(|path| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("searchindex")
    });
    let index = std::fs::read_to_string(index.expect("a search index")).unwrap();
    assert!(
        !index.contains("your fingers"),
        "the search would give answers away"
    );
}

#[test]
fn what_the_transcripts_gate_reads_is_not_shown() {
    let course = Course::new();
    course.change(
        "src/phase-1/01-counting/lab.md",
        "```console",
        "```console,lab=solution",
    );
    assert_eq!(course.build().findings, []);
    let page = course.page("phase-1/01-counting/lab.html");
    assert!(
        page.contains("<code class=\"language-console\">$ cargo lab test counter"),
        "{page}"
    );
}

#[test]
fn directives_in_code_are_text() {
    let course = Course::new();
    let page = course.read("src/introduction.md");
    course.write("src/introduction.md", &format!("{page}\n`{{{{#lab nowhere}}}}`\n\n```text\n{{{{#lab nowhere}}}}\n[x](term:nothing)\n```\n"));
    assert_eq!(course.build().findings, []);
    assert_eq!(
        course
            .page("introduction.html")
            .matches("{{#lab nowhere}}")
            .count(),
        2
    );
}
