//! What is made of bytes, right and wrong, as its user sees it: most tests compare sentences or
//! whole traces, because those are the product.

mod bounds;
mod bytes;
mod connection;
mod framing;
mod values;

use bytes::*;

#[test]
fn a_trace_reads_like_this() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.client(&frame(DATA, END_STREAM, 1, &message(&[0x08, 2, 0x10, 3])));
    wire.server(&response(1));
    wire.server(&frame(DATA, 0, 1, &message(&[0x38, 5])));
    wire.server(&trailers(1));
    let expected = "\
on the wire, stream 1 (→ client to server, ← server to client)
→ HEADERS        0.0 ms  :method POST  :path /calculator.v1.CalculatorService/Add
                         content-type application/grpc
→ DATA           0.1 ms  END_STREAM
    00 00000004       message of 4 bytes, not compressed
    08 02             1 a = 2
    10 03             2 b = 3
← HEADERS        0.2 ms  :status 200  content-type application/grpc
← DATA           0.3 ms
    00 00000002       message of 2 bytes, not compressed
    38 05             field 7 is not in AddResponse (varint 5)
← HEADERS        0.4 ms  END_STREAM  grpc-status 0 (OK)
";
    assert_eq!(wire.trace(), expected);
}

#[test]
fn an_error_without_trailers_of_its_own_has_a_status() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    let fields = [
        (":status", "200"),
        ("content-type", "application/grpc"),
        ("grpc-status", "3"),
        ("grpc-message", "caf%C3%A9 %E2%98%95"),
    ];
    wire.server(&headers(END_STREAM, 1, &fields));
    let status = wire.call(1).status().expect("a status");
    assert_eq!(
        (status.code, status.name().as_str()),
        (3, "INVALID_ARGUMENT")
    );
    assert_eq!(status.message, "café ☕");
    assert_eq!(wire.problems(), [""; 0]);
    assert!(wire.call(1).is_finished());
}

#[test]
fn an_answer_without_trailers_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.server(&response(1));
    wire.server(&frame(DATA, END_STREAM, 1, &message(&[0x08, 5])));
    assert_eq!(
        wire.problems(),
        ["the stream ended without trailers, so the call has no grpc-status"]
    );
    assert_eq!(wire.call(1).status(), None);
}

#[test]
fn trailers_without_a_status_are_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.server(&response(1));
    wire.server(&frame(DATA, 0, 1, &message(&[])));
    wire.server(&headers(END_STREAM, 1, &[("grpc-message", "oops")]));
    assert_eq!(wire.problems(), ["the trailers have no grpc-status"]);
}

#[test]
fn a_status_that_is_no_number_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.server(&response(1));
    wire.server(&headers(END_STREAM, 1, &[("grpc-status", "OK")]));
    assert_eq!(wire.problems(), ["grpc-status is no number"]);
}

#[test]
fn ok_without_the_message_that_a_unary_method_answers_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.server(&response(1));
    wire.server(&trailers(1));
    assert_eq!(
        wire.problems(),
        ["OK without a message, and Add answers one"]
    );
}

#[test]
fn a_second_message_to_a_unary_method_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    let two = [message(&[8, 1]), message(&[8, 2])].concat();
    wire.client(&frame(DATA, END_STREAM, 1, &two));
    assert_eq!(wire.problems(), ["Add takes one message, not more"]);
    let mut wire = Wire::new();
    wire.client(&request(1, MANY));
    wire.client(&frame(DATA, END_STREAM, 1, &two));
    assert_eq!(wire.problems(), [""; 0]);
}

#[test]
fn a_method_that_the_contract_does_not_have_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, "/calculator.v1.CalculatorService/Addd"));
    let expected = "the contract has no method /calculator.v1.CalculatorService/Addd";
    assert_eq!(wire.problems(), [expected]);
}

#[test]
fn a_page_instead_of_an_answer_is_shown_as_it_is() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.server(&headers(
        0,
        1,
        &[(":status", "404"), ("content-type", "text/html")],
    ));
    wire.server(&frame(DATA, END_STREAM, 1, b"<h1>Not \x1b[31m found</h1>"));
    let trace = wire.trace();
    assert!(
        trace.contains(r#""<h1>Not \u{1b}[31m found</h1>""#),
        "{trace}"
    );
    assert_eq!(
        wire.problems(),
        [
            ":status is \"404\", and a gRPC server answers 200",
            "content-type is text/html, so this is not gRPC: it must be application/grpc",
            "the stream ended without trailers, so the call has no grpc-status",
        ]
    );
}

#[test]
fn informational_headers_are_not_the_answer() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.server(&headers(0, 1, &[(":status", "103"), ("link", "x")]));
    wire.server(&response(1));
    assert_eq!(wire.call(1).response_header(":status"), Some("200"));
    assert_eq!(wire.problems(), [""; 0]);
}

#[test]
fn a_status_in_the_headers_of_a_longer_answer_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    let fields = [
        (":status", "200"),
        ("content-type", "application/grpc"),
        ("grpc-status", "0"),
    ];
    wire.server(&headers(0, 1, &fields));
    let expected = "grpc-status is in the headers: it belongs in the trailers, \
                    or in a HEADERS frame with END_STREAM";
    assert_eq!(wire.problems(), [expected]);
}

#[test]
fn the_marks_of_the_tests_are_hidden_but_can_be_asked_for() {
    let mut wire = Wire::new();
    let fields = [
        (":path", ADD),
        ("content-type", "application/grpc"),
        ("x-lab-call", "17"),
        ("grpc-timeout", "200m"),
        ("evil", "\u{1b}]0;title\u{7}\u{202e}"),
    ];
    wire.client(&headers(0, 1, &fields));
    assert_eq!(wire.call(1).request_header("x-lab-call"), Some("17"));
    let trace = wire.trace();
    assert!(!trace.contains("x-lab-call"), "{trace}");
    assert!(trace.contains("grpc-timeout 200m (200 ms)"), "{trace}");
    assert!(
        trace.contains(r"evil \u{1b}]0;title\u{7}\u{202e}"),
        "{trace}"
    );
    assert!(
        trace.ends_with("· the server has not ended this stream\n"),
        "{trace}"
    );
}

#[test]
fn names_in_upper_case_are_named() {
    let mut wire = Wire::new();
    let fields = [
        (":path", ADD),
        ("content-type", "application/grpc"),
        ("X-Trace", "1"),
    ];
    wire.client(&headers(0, 1, &fields));
    assert_eq!(
        wire.problems(),
        ["HTTP/2 wants names in lower case, and this has X-Trace"]
    );
}

#[test]
fn without_a_contract_fields_have_numbers() {
    let mut recording = wiretap::Recording::new(wiretap::Schema::empty(), Default::default());
    let at = std::time::Duration::ZERO;
    let settings = frame(SETTINGS, 0, 0, b"");
    let text = message(&[
        0x08, 2, 0x12, 2, b'h', b'i', 0x1a, 1, 0xff, 0x25, 1, 0, 0, 0,
    ]);
    let data = frame(DATA, END_STREAM, 1, &text);
    recording.feed(
        wiretap::Side::Client,
        at,
        &[PREFACE, &settings, &request(1, ADD), &data].concat(),
    );
    let trace = recording.call(1).expect("a call").to_string();
    for expected in [
        "    08 02             1 = 2 (varint)\n",
        "    12 02 68 69       2 = \"hi\" (length-delimited)\n",
        "    1a 01 ff          3 = ff (length-delimited)\n",
        "    25 01 00 00 00    4 = 0x00000001 (32-bit)\n",
    ] {
        assert!(trace.contains(expected), "{trace}");
    }
}

/// Writes the fuzz target's seeds that no real program sends. Run it when the input format
/// changes: `cargo test -p wiretap --test decode -- --ignored`.
#[test]
#[ignore = "writes into the source tree"]
fn write_fuzz_seeds() {
    let start = [PREFACE, &frame(SETTINGS, 0, 0, &[0, 1, 0, 0, 0x20, 0])].concat();
    let settings = frame(SETTINGS, 0, 0, &[0, 1, 0, 0, 0x20, 0, 0, 3, 0, 0, 0, 100]);
    let path = block(&[(":path", ONE), ("content-type", "application/grpc")]);
    let padded = [&[2, 0, 0, 0, 0, 16][..], &path, &[0; 2]].concat();
    let promise = [&[0, 0, 0, 2, 0x40, 1][..], b"a", &[1], b"b"].concat();
    let values = [
        0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x15, 0, 0, 0xc0, 0xbf, 0x18, 1, 0x20, 0x96, 1, 0x28,
        7, 0x38, 3, 0x4d, 1, 0, 0, 0x80, 0x68, 1, 0x72, 2, b'h', b'i', 0x7a, 2, 0xca, 0xfe, 0x80,
        1, 1, 0x8a, 1, 2, 0x18, 7, 0x92, 1, 3, 1, 2, 3, 0x9a, 1, 8, 3, 0, 0, 0, 0, 0, 0, 0, 0xaa,
        1, 5, 0x0a, 1, b'k', 0x10, 9, 0xb2, 1, 2, 0, 1, 0xf8, 1, 5,
    ];
    let (client, server) = (wiretap::Side::Client, wiretap::Side::Server);
    let values = vec![
        (client, start.clone()),
        (client, request(1, ONE)),
        (client, frame(DATA, END_STREAM, 1, &message(&values))),
        (server, settings.clone()),
        (
            server,
            headers(
                END_STREAM,
                1,
                &[(":status", "404"), ("content-type", "text/html")],
            ),
        ),
    ];
    let framing = vec![
        (client, start.clone()),
        (server, settings.clone()),
        (
            client,
            frame(HEADERS, END_HEADERS | PADDED | PRIORITY, 1, &padded),
        ),
        (
            client,
            [
                frame(HEADERS, 0, 3, &path[..9]),
                frame(CONTINUATION, END_HEADERS, 3, &path[9..]),
            ]
            .concat(),
        ),
        (server, frame(PUSH_PROMISE, END_HEADERS, 1, &promise)),
        (
            server,
            frame(HEADERS, END_HEADERS, 1, &[0x3f, 0xe1, 0x3f, 0x88, 0x20]),
        ),
        (
            client,
            frame(
                DATA,
                PADDED,
                1,
                &[&[1][..], &message(&[0x18, 1]), &[0]].concat(),
            ),
        ),
        (client, frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])),
    ];
    let ends = vec![
        (client, start),
        (server, settings),
        (
            client,
            [request(1, MANY), request(3, ONE), request(5, ADD)].concat(),
        ),
        (server, frame(PING, 0, 0, &[7; 8])),
        (client, frame(RST_STREAM, 0, 1, &[0, 0, 0, 8])),
        (
            server,
            frame(GOAWAY, 0, 0, &[0, 0, 0, 3, 0, 0, 0, 1, b'b', b'y', b'e']),
        ),
        (server, frame(0xfa, 0, 3, b"grease")),
        (server, Vec::new()),
        (client, Vec::new()),
    ];
    for (name, pieces) in [("values", values), ("framing", framing), ("ends", ends)] {
        let mut seed = vec![0];
        for (from, bytes) in pieces {
            let side = if from == client { 0 } else { 0x8000 };
            let length = u16::try_from(bytes.len()).expect("pieces are short") | side;
            seed.extend(length.to_be_bytes());
            seed.extend(bytes);
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/recording");
        std::fs::write(format!("{folder}/seed-{name}"), seed).expect("the folder is there");
    }
}
