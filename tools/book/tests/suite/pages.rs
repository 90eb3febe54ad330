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

/// What stands in an element of the page, without JavaScript.
fn element<'a>(page: &'a str, name: &str) -> &'a str {
    let start = page.find(&format!("<{name}")).expect("it begins");
    let end = page.find(&format!("</{name}>")).expect("it ends");
    &page[start..end]
}

#[test]
fn a_number_is_a_table_of_varints() {
    let page = built().page("phase-1/02-wire/index.html");
    let bench = element(&page, "varint-bench");
    for wanted in [
        "<varint-bench value=\"-150\">",
        "<tr><td>300</td><td><code>ac 02</code></td><td>600</td><td><code>d8 04</code></td></tr>",
        "<td>-1</td><td><code>ff ff ff ff ff ff ff ff ff 01</code></td><td>1</td><td><code>01</code></td>",
    ] {
        assert!(bench.contains(wanted), "{wanted}\n{bench}");
    }
}

#[test]
fn a_message_is_a_table_of_its_bytes_and_what_they_mean() {
    let page = built().page("phase-1/02-wire/index.html");
    let explorer = element(&page, "protobuf-explorer");
    for wanted in [
        "<caption><code>shop.v1.Order</code>: 28 bytes</caption>",
        "<td><code>08 96 01</code></td><td>1 <code>number</code></td><td>varint</td><td>150</td>",
        "<td><code>22 07</code></td><td>4 <code>items</code></td>",
        "<td><code>0a 03 74 65 61</code></td><td>\u{2003}1 <code>name</code></td><td>length-delimited</td><td>\"tea\"</td>",
        "<td>3 <code>payment</code></td><td>varint</td><td>PAYMENT_CARD (1)</td>",
    ] {
        let wanted = wanted.replace('"', "&quot;");
        let explorer = explorer
            .replace('"', "&quot;")
            .replace("&emsp;", "\u{2003}");
        assert!(explorer.contains(&wanted), "{wanted}\n{explorer}");
    }
}

#[test]
fn a_message_without_bytes_says_why() {
    let course = Course::new();
    let order = course.read("src/phase-1/02-wire/order.toml");
    let (contract, _) = order.split_once("value").unwrap();
    course.write("src/phase-1/02-wire/order.toml", contract);
    assert_eq!(course.build().findings, []);
    let page = course.page("phase-1/02-wire/index.html");
    let wanted = "<p><code>shop.v1.Order</code>: no bytes, since every field has its default.</p>";
    assert!(page.contains(wanted), "{page}");
}

#[test]
fn the_script_of_an_explorer_gets_the_part_of_the_contract_that_it_needs() {
    let page = built().page("phase-1/02-wire/index.html");
    let data = element(&page, "protobuf-explorer");
    let data = data
        .split("<script type=\"application/json\">")
        .nth(1)
        .unwrap();
    let data = data.split("</script>").next().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let fields = &data["messages"]["shop.v1.Order"]["fields"];
    for (n, wanted) in [
        (0, r#"{"number":1,"name":"number","type":"uint32"}"#),
        (
            2,
            r#"{"number":3,"name":"payment","type":"enum","of":"shop.v1.Payment"}"#,
        ),
        (
            4,
            r#"{"number":5,"name":"coupons","type":"int32","list":true,"packed":true}"#,
        ),
        (
            6,
            r#"{"number":7,"name":"address","type":"string","presence":true,"oneof":"delivery"}"#,
        ),
        (
            8,
            r#"{"number":9,"name":"floor","type":"int32","presence":true}"#,
        ),
    ] {
        let wanted: serde_json::Value = serde_json::from_str(wanted).unwrap();
        assert_eq!(fields[n], wanted);
    }
    assert_eq!(
        data["messages"]["shop.v1.Order.PointsEntry"]["entry"],
        serde_json::json!(true)
    );
    assert_eq!(
        data["enums"]["shop.v1.Payment"]["values"][1],
        serde_json::json!(["PAYMENT_CARD", 1])
    );
}

#[test]
fn header_blocks_are_tables_of_fields_and_how_they_are_written() {
    let page = built().page("phase-1/02-wire/connection.html");
    let table = element(&page, "hpack-table");
    for wanted in [
        "<caption>Add(2, -1): 78 bytes</caption>",
        "<td>1</td><td><code>:method: POST</code></td><td>entry 3 of the table</td>",
        "<td><code>te: trailers</code></td><td>written out, and added to the table</td>",
        "<caption>Divide(7, 0): 36 bytes</caption>",
        "<td>1</td><td><code>te: trailers</code></td><td>entry 64 of the table</td>",
    ] {
        assert!(table.contains(wanted), "{wanted}\n{table}");
    }
}

#[test]
fn a_recorded_call_is_a_table_of_its_frames() {
    let page = built().page("phase-1/02-wire/calls.html");
    let timeline = element(&page, "call-timeline");
    for wanted in [
        "<p>Stream 3: <code>/calculator.v1.CalculatorService/Divide</code>, INVALID_ARGUMENT, “division by zero”.</p>",
        "<td>client → server</td><td>1</td><td><code>DATA</code></td><td><span data-says>AddRequest { a: 2, b: -1 }</span></td>",
        "END_STREAM · grpc-status 0 (OK)</span>",
    ] {
        let timeline = timeline.replace("data-says=\"\"", "data-says");
        assert!(timeline.contains(wanted), "{wanted}\n{timeline}");
    }
    assert!(
        page.contains("the first 16 of 60 bytes of a message · the stream’s window is used up")
    );
    assert!(
        page.contains("<code>RST_STREAM</code></td><td><span data-says=\"\">CANCEL (8)</span>")
    );
}

#[test]
fn a_page_carries_the_scripts_of_its_widgets_once_and_no_others() {
    let course = built();
    let count = |page: &str, script: &str| course.page(page).matches(script).count();
    let (messages, calls) = ("phase-1/02-wire/index.html", "phase-1/02-wire/calls.html");
    assert_eq!(count(messages, "globalThis.courseBytes = {"), 1);
    assert_eq!(count(messages, "define('protobuf-explorer'"), 1);
    assert_eq!(count(messages, "define('call-timeline'"), 0);
    assert_eq!(count(calls, "define('call-timeline'"), 1);
    assert_eq!(count("introduction.html", "courseWidget"), 0);
    // Whole, and as text of nobody's: neither Markdown nor the search has touched it.
    assert!(course.page(messages).contains("<style>\n:is(varint-bench,"));
    let index = std::fs::read_dir(course.path("target/book")).unwrap();
    let mut names = index.map(|entry| entry.unwrap().path());
    let index = names.find(|path| path.to_string_lossy().contains("searchindex"));
    let index = std::fs::read_to_string(index.expect("a search index")).unwrap();
    assert!(!index.contains("courseWidget") && !index.contains("at_us"));
    assert!(index.contains("grpc") || index.contains("enable_push") || index.contains("settings"));
}
