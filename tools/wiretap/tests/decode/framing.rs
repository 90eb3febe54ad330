//! Frames and gRPC messages: where one ends and the next begins.

use crate::bytes::*;
use wiretap::{Content, Side};

#[test]
fn a_message_may_span_frames_and_a_frame_may_hold_several() {
    let mut wire = Wire::new();
    wire.client(&request(1, MANY));
    let bytes = [
        message(&[0x20, 1]),
        message(&[0x20, 2]),
        message(&[0x20, 3]),
    ]
    .concat();
    let (first, second) = bytes.split_at(10);
    wire.client(&frame(DATA, 0, 1, first));
    wire.client(&frame(DATA, END_STREAM, 1, second));
    let values: Vec<_> = wire
        .call(1)
        .messages(Side::Client)
        .map(|m| m.fields().list[0].value.clone())
        .collect();
    assert_eq!(values, ["1", "2", "3"]);
    assert!(
        wire.trace()
            .contains("10 bytes  so far 3 of a prefix's 5 bytes"),
        "{}",
        wire.trace()
    );
    assert_eq!(wire.problems(), [""; 0]);
}

#[test]
fn padding_and_priority_are_no_content() {
    let mut wire = Wire::new();
    let fields = block(&[(":path", ADD), ("content-type", "application/grpc")]);
    let payload = [&[3][..], &[0, 0, 0, 0, 16], fields.as_slice(), &[0; 3]].concat();
    wire.client(&frame(
        HEADERS,
        END_HEADERS | PADDED | PRIORITY,
        1,
        &payload,
    ));
    let payload = [&[4][..], message(&[8, 2]).as_slice(), &[0; 4]].concat();
    wire.client(&frame(DATA, PADDED | END_STREAM, 1, &payload));
    assert_eq!(wire.call(1).path(), ADD);
    let trace = wire.trace();
    assert!(
        trace.contains("END_STREAM  PADDED\n    00 00000002"),
        "{trace}"
    );
    assert_eq!(wire.problems(), [""; 0]);
}

#[test]
fn continuations_make_one_event_with_their_headers() {
    let mut wire = Wire::new();
    let fields = block(&[(":path", ADD), ("content-type", "application/grpc")]);
    let (first, rest) = fields.split_at(7);
    let (second, third) = rest.split_at(9);
    wire.client(&frame(HEADERS, END_STREAM, 1, first));
    wire.client(&frame(CONTINUATION, 0, 1, second));
    assert_eq!(wire.recording.calls().count(), 0);
    wire.client(&frame(CONTINUATION, END_HEADERS, 1, third));
    assert_eq!(wire.call(1).path(), ADD);
    assert_eq!(wire.call(1).events().count(), 1);
    assert!(
        wire.trace()
            .contains("END_STREAM  and 2 CONTINUATION frames"),
        "{}",
        wire.trace()
    );
}

#[test]
fn a_promise_keeps_the_table_right() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    // The promise adds a field to the table, and the response refers to it.
    let added = [&[0, 0, 0, 2, 0x40, 1], b"a".as_slice(), &[1], b"b"].concat();
    wire.server(&frame(PUSH_PROMISE, END_HEADERS, 1, &added));
    wire.server(&frame(HEADERS, END_HEADERS, 1, &[0x88, 0xbe]));
    assert_eq!(wire.call(1).response_header("a"), Some("b"));
    assert!(
        wire.trace().contains("promises stream 2  a b"),
        "{}",
        wire.trace()
    );
}

#[test]
fn an_announced_table_size_holds_for_the_other_side() {
    let size_8192 = [0x3f, 0xe1, 0x3f];
    let mut wire = Wire::new();
    wire.server(&frame(SETTINGS, 0, 0, &[0, 1, 0, 0, 0x20, 0]));
    wire.client(&frame(
        HEADERS,
        END_HEADERS,
        1,
        &[&size_8192, block(&[(":path", ADD)]).as_slice()].concat(),
    ));
    assert_eq!(wire.call(1).path(), ADD);
    wire.server(&frame(
        HEADERS,
        END_HEADERS,
        1,
        &[&size_8192, [0x88].as_slice()].concat(),
    ));
    let expected =
        "a header block on stream 1: it asks for a table of 8192 bytes, 4096 are allowed";
    assert_eq!(wire.connection_problems(), [expected]);
}

#[test]
fn a_message_without_its_prefix_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.client(&frame(DATA, END_STREAM, 1, &[0x08, 2, 0x10, 3]));
    let expected =
        "a message begins with 00 or 01, and this one with 08: is the 5-byte prefix missing?";
    assert_eq!(wire.problems(), [expected]);
}

#[test]
fn a_message_longer_than_announced_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.client(&frame(
        DATA,
        END_STREAM,
        1,
        &[0, 0, 0, 0, 2, 0x08, 2, 0x10, 3],
    ));
    let expected = "a message begins with 00 or 01, and this one with 10: \
                    was the length of the message before it too small?";
    assert_eq!(wire.problems(), [expected]);
    assert_eq!(wire.call(1).message_count(Side::Client), 1);
}

#[test]
fn a_stream_that_ends_inside_a_message_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.client(&frame(DATA, END_STREAM, 1, &[0, 0, 0, 0, 9, 8, 2]));
    assert_eq!(
        wire.problems(),
        ["END_STREAM inside a message: 7 of its 14 bytes came"]
    );
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.client(&frame(DATA, END_STREAM, 1, &[0, 0, 0]));
    assert_eq!(
        wire.problems(),
        ["END_STREAM inside a message's prefix: 3 of its 5 bytes came"]
    );
}

#[test]
fn a_compressed_message_is_not_opened() {
    let mut wire = Wire::new();
    let fields = [
        (":path", ADD),
        ("content-type", "application/grpc"),
        ("grpc-encoding", "gzip"),
    ];
    wire.client(&headers(0, 1, &fields));
    wire.client(&frame(
        DATA,
        END_STREAM,
        1,
        &[1, 0, 0, 0, 3, 0x1f, 0x8b, 0x08],
    ));
    let trace = wire.trace();
    assert!(
        trace.contains("01 00000003       message of 3 bytes, compressed (gzip)\n    1f 8b 08\n"),
        "{trace}"
    );
}

#[test]
fn what_the_sender_had_already_ended_is_named() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    wire.client(&frame(DATA, END_STREAM, 1, &message(&[])));
    wire.client(&frame(DATA, END_STREAM, 1, b""));
    assert_eq!(wire.problems(), ["the client had already ended the stream"]);
}

#[test]
fn frames_of_unknown_types_are_ignored() {
    let mut wire = Wire::new();
    wire.client(&frame(0xfa, 0xff, 0, b"grease"))
        .client(&frame(0xfb, 0, 1, b""));
    wire.client(&request(1, ADD))
        .client(&frame(0xfa, 0, 1, &[0; 40]));
    assert!(!wire.trace().contains("frame type"), "{}", wire.trace());
    let connection = wire.recording.connection().to_string();
    assert!(
        connection.contains("→ frame type 250 0.4 ms  6 bytes\n"),
        "{connection}"
    );
    let unknown = |event: &&wiretap::Event| matches!(event.content, Content::Unknown);
    assert_eq!(wire.call(1).events().filter(unknown).count(), 1);
}
