//! What is kept stays bounded, whatever is sent, and a trace stays readable.

use crate::bytes::*;
use wiretap::{Limits, Side};

const FRAME: usize = 16 << 10;

fn lines(trace: &str) -> usize {
    trace.lines().count()
}

#[test]
fn a_stream_of_64_mib_is_counted_not_kept() {
    let mut wire = Wire::new();
    wire.client(&request(1, MANY));
    wire.server(&response(1));
    // Messages of 65,545 bytes with their prefix, so that they begin anywhere in a frame.
    let chunk = message(&[&[0x7a, 0x80, 0x80, 4][..], &[0xda; 64 << 10]].concat());
    let stream: Vec<u8> = chunk.repeat(1024);
    for part in stream.chunks(FRAME) {
        wire.server(&frame(DATA, 0, 1, part))
            .client(&frame(WINDOW_UPDATE, 0, 1, &[0, 0, 64, 0]));
        assert!(
            wire.recording.kept_bytes() < 1 << 20,
            "{}",
            wire.recording.kept_bytes()
        );
    }
    wire.server(&trailers(1));
    let call = wire.call(1);
    assert_eq!(call.message_count(Side::Server), 1024);
    assert!(call.skipped().bytes > 60 << 20);
    assert_eq!(call.status().map(|status| status.code), Some(0));
    let trace = wire.trace();
    assert!(lines(&trace) < 20, "{trace}");
    assert!(trace.contains(" more frames, "), "{trace}");
    assert!(trace.contains("da da da da … (65536 bytes)\n"), "{trace}");
}

#[test]
fn a_frame_of_many_messages_keeps_some_and_counts_the_rest() {
    let mut wire = Wire::new();
    wire.client(&request(1, MANY));
    wire.client(&frame(DATA, 0, 1, &[0; 5 * 100_000]));
    assert_eq!(wire.call(1).message_count(Side::Client), 100_000);
    assert_eq!(wire.call(1).messages(Side::Client).count(), 64);
    assert!(
        wire.trace().contains("… 99996 more messages"),
        "{}",
        wire.trace()
    );
}

#[test]
fn the_oldest_finished_calls_go_first() {
    let mut wire = Wire::with(Limits {
        calls: 3,
        ..Limits::default()
    });
    for stream in [1, 3, 5, 7] {
        wire.client(&request(stream, ADD));
        if stream > 1 {
            wire.server(&response(stream)).server(&trailers(stream));
        }
    }
    let kept: Vec<_> = wire.recording.calls().map(|call| call.stream()).collect();
    assert_eq!(kept, [1, 5, 7], "call 1 is not finished");
    assert_eq!(wire.recording.dropped_calls(), 1);
    wire.client(&frame(RST_STREAM, 0, 3, &[0; 4]));
    assert_eq!(
        wire.connection_problems(),
        [""; 0],
        "stream 3 was opened, and dropped by us"
    );
}

#[test]
fn header_lists_are_cut_and_endless_blocks_given_up() {
    let limits = Limits {
        header_list: 1000,
        header_block: 4000,
        ..Limits::default()
    };
    let mut wire = Wire::with(limits);
    let fields: Vec<_> = [("a", "0123456789"); 40]
        .into_iter()
        .chain([(":path", ADD)])
        .collect();
    wire.client(&headers(0, 1, &fields));
    assert_eq!(wire.call(1).request_headers().len(), 23);
    assert_eq!(wire.problems()[0], "18 more header fields, not kept");
    wire.client(&frame(HEADERS, 0, 3, &[0x82; 3000]));
    wire.client(&frame(CONTINUATION, 0, 3, &[0x82; 3000]));
    assert_eq!(
        wire.connection_problems(),
        ["a CONTINUATION block of more than 4000 bytes: too long to keep"]
    );
}

#[test]
fn many_small_frames_make_a_short_trace() {
    let mut wire = Wire::new();
    wire.client(&request(1, MANY)).server(&response(1));
    for n in 0..60 {
        let (side, text) = if n % 2 == 0 {
            (Side::Client, n)
        } else {
            (Side::Server, n)
        };
        wire.feed(side, &frame(DATA, 0, 1, &message(&[0x20, text])));
    }
    wire.server(&trailers(1));
    let trace = wire.trace();
    assert!(lines(&trace) < 50, "{trace}");
    assert!(trace.contains("… 47 more DATA frames, "), "{trace}");
    assert!(trace.ends_with("grpc-status 0 (OK)\n"), "{trace}");
}

/// A server that answers HEADERS again and again makes a call hold three lists and no more.
#[test]
fn header_lists_count_as_memory() {
    let mut wire = Wire::with(Limits {
        total: 1 << 20,
        ..Limits::default()
    });
    let big = "x".repeat(60 << 10);
    for stream in (1..64).step_by(2) {
        wire.client(&headers(0, stream, &[(":path", MANY), ("big", &big)]));
        for _ in 0..3 {
            wire.server(&headers(
                END_STREAM,
                stream,
                &[(":status", "200"), ("big", &big)],
            ));
        }
        assert!(
            wire.recording.kept_bytes() < 2 << 20,
            "{}",
            wire.recording.kept_bytes()
        );
    }
    assert!(wire.recording.dropped_calls() > 20);
}

#[test]
fn a_call_shows_one_goaway() {
    let mut wire = Wire::new();
    wire.client(&request(1, ADD));
    for _ in 0..9 {
        wire.server(&frame(GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 11]));
    }
    assert_eq!(
        wire.trace().matches("GOAWAY").count(),
        1,
        "{}",
        wire.trace()
    );
}

/// Two threads of a relay share one.
#[test]
fn a_recording_can_be_sent_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<wiretap::Recording>();
}
