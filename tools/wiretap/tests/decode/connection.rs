//! The connection: how it begins, how it ends, and what makes it unreadable.

use std::time::Duration;

use crate::bytes::*;
use wiretap::{Closed, Limits, Side};

fn first_bytes(from: Side, bytes: &[u8]) -> String {
    let mut wire = Wire::silent(Limits::default());
    wire.feed(from, bytes);
    wire.recording
        .closed(from, Duration::from_secs(1), Closed::End);
    let problems = wire.connection_problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].to_owned()
}

#[test]
fn what_is_not_http2_is_named() {
    for (from, bytes, expected) in [
        (Side::Client, &b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"[..], "it speaks HTTP/1.1"),
        (Side::Server, b"HTTP/1.1 400 Bad Request\r\n\r\n", "it speaks HTTP/1.1"),
        (Side::Client, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "it speaks TLS"),
        (Side::Server, b"\x15\x03\x03\x00\x02\x02\x46", "it speaks TLS"),
        (Side::Client, b"PRI * HTTP", "it stops inside the preface"),
        (Side::Server, b"220 smtp.example ESMTP\r\n", "it speaks something else"),
    ] {
        let said = first_bytes(from, bytes);
        assert!(said.starts_with(&format!("this is not HTTP/2: {expected}; ")), "{said}");
    }
}

#[test]
fn a_direction_that_breaks_says_so_once_and_the_other_goes_on() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.server(&frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"));
    wire.server(&response(1)).server(&[0xab; 100]);
    wire.client(&frame(DATA, END_STREAM, 1, &message(&[8, 2])));
    let why = "a header block on stream 1: an integer is longer than 32 bits";
    assert_eq!(wire.connection_problems(), [why]);
    assert_eq!(
        wire.problems(),
        ["what the server sends can no longer be decoded", why]
    );
    assert!(
        wire.trace().contains("← unreadable     0.1 ms\n"),
        "{}",
        wire.trace()
    );
    assert!(wire.trace().contains("1 a = 2"), "{}", wire.trace());
    assert!(wire.recording.bytes(Side::Server) > 100);
}

#[test]
fn broken_frames_are_named() {
    for (bytes, expected) in [
        (
            frame(DATA, 0, 0, b"x"),
            "a DATA frame on stream 0, which is the connection itself",
        ),
        (
            frame(PING, 0, 0, b"short"),
            "a PING frame of 5 bytes cannot be",
        ),
        (
            frame(SETTINGS, 0, 3, b""),
            "a SETTINGS frame on stream 3: it belongs on stream 0",
        ),
        (
            frame(CONTINUATION, 0, 1, b""),
            "CONTINUATION without a header block to continue",
        ),
        (
            frame(DATA, PADDED, 1, b"\x09abc"),
            "a DATA frame with more padding than bytes",
        ),
        (
            frame(HEADERS, PADDED | END_HEADERS, 1, b"\x09abc"),
            "a HEADERS frame with more padding than bytes",
        ),
        (
            frame(HEADERS, PRIORITY | END_HEADERS, 1, b"abc"),
            "a HEADERS frame too short for its priority",
        ),
        (
            [frame(HEADERS, 0, 1, b""), frame(PING, 0, 0, &[0; 8])].concat(),
            "a frame of type PING inside the header block of stream 1",
        ),
    ] {
        let mut wire = Wire::new();
        wire.client(&bytes);
        assert_eq!(wire.connection_problems(), [expected]);
    }
}

#[test]
fn the_first_frame_must_be_settings() {
    let mut wire = Wire::silent(Limits::default());
    wire.client(PREFACE).client(&request(1, ADD));
    assert_eq!(
        wire.connection_problems(),
        ["its first frame is HEADERS, and must be SETTINGS"]
    );
}

#[test]
fn a_reset_says_its_reason_and_ends_the_call() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD))
        .client(&frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]));
    assert!(wire.call(1).is_finished());
    assert!(
        wire.trace()
            .ends_with("→ RST_STREAM     0.1 ms  CANCEL (8)\n"),
        "{}",
        wire.trace()
    );
}

#[test]
fn a_connection_that_is_cut_says_where() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD)).client(&request(3, ADD));
    wire.server(&response(3))
        .server(&frame(DATA, 0, 3, &message(&[])))
        .server(&trailers(3));
    wire.server(&response(1))
        .server(&frame(DATA, 0, 1, &message(&[8, 5]))[..12]);
    wire.recording
        .closed(Side::Server, Duration::from_secs(2), Closed::Reset);
    assert_eq!(
        wire.problems(),
        [
            "the server cut the connection inside this call",
            "it ended inside a DATA frame: 3 of its 7 bytes came"
        ]
    );
    assert!(
        wire.trace().contains("← cut         1999.6 ms\n"),
        "{}",
        wire.trace()
    );
    assert!(wire.call(1).is_finished());
    assert_eq!(wire.call(3).problems().count(), 0);
}

#[test]
fn a_goaway_is_shown_in_the_calls_that_it_ends() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD)).client(&request(3, ADD));
    wire.server(&frame(
        GOAWAY,
        0,
        0,
        &[0, 0, 0, 1, 0, 0, 0, 0, b'b', b'y', b'e'],
    ));
    assert!(!wire.trace().contains("GOAWAY"), "{}", wire.trace());
    let trace = wire.call(3).to_string();
    assert!(
        trace.contains("GOAWAY         0.1 ms  NO_ERROR (0)  last stream 1  \"bye\"\n"),
        "{trace}"
    );
    let expected = "the server has not touched this call: it handled none after stream 1";
    assert_eq!(wire.call(3).problems().collect::<Vec<_>>(), [expected]);
}

#[test]
fn frames_of_no_call_are_named() {
    let mut wire = Wire::new();
    wire.client(&frame(DATA, 0, 7, b""))
        .server(&frame(RST_STREAM, 0, 9, &[0; 4]));
    let expected = [
        "stream 7 was never opened by a request",
        "stream 9 was never opened by a request",
    ];
    assert_eq!(wire.connection_problems(), expected);
}
