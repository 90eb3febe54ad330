//! Two hostile sides. The input is a list of pieces: two bytes that give the side (the highest
//! bit) and the length, then that many bytes; length 0 is the end of that side. The input's
//! first byte chooses the limits.
//!
//! Beyond "no panic": what is kept stays bounded, no control character is shown, lines stay
//! short, and the same bytes fed one at a time give the same traces.

#![no_main]

use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use prost::Message as _;
use wiretap::{Closed, Limits, Recording, Schema, Side};

fn schema() -> Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    let compile = || {
        let here = env!("CARGO_MANIFEST_DIR");
        let folders = [
            format!("{here}/../tests/contract"),
            format!("{here}/../../../proto"),
        ];
        let files = ["every.proto", "calculator/v1/calculator.proto"];
        let set = protox::compile(files, folders).expect("the contracts are valid");
        Schema::from_descriptors(&set.encode_to_vec()).expect("protox writes valid descriptors")
    };
    SCHEMA.get_or_init(compile).clone()
}

fn pieces(mut input: &[u8]) -> impl Iterator<Item = (Side, &[u8])> {
    std::iter::from_fn(move || {
        let (&[high, low], rest) = input.split_first_chunk()?;
        let from = if high & 0x80 == 0 {
            Side::Client
        } else {
            Side::Server
        };
        let length = u16::from_be_bytes([high & 0x7f, low]) as usize;
        let (piece, rest) = rest.split_at(length.min(rest.len()));
        input = rest;
        Some((from, piece))
    })
}

/// The largest total of `kept_bytes` with these limits, one frame in progress each way included.
fn bound(limits: &Limits) -> usize {
    let connection = limits.call + 2 * (limits.header_block + limits.header_list * 16);
    limits.total + 2 * limits.call + 4 * connection + (1 << 20)
}

fn record(input: &[u8], limits: Limits, part: usize) -> String {
    let mut recording = Recording::new(schema(), limits);
    for (from, piece) in pieces(input) {
        for part in piece.chunks(part) {
            recording.feed(from, Duration::ZERO, part);
        }
        if piece.is_empty() {
            recording.closed(from, Duration::ZERO, Closed::Reset);
        }
        assert!(
            recording.kept_bytes() <= bound(&limits),
            "kept {}",
            recording.kept_bytes()
        );
    }
    let mut shown = recording.connection().to_string();
    for call in recording.calls() {
        shown += &call.to_string();
        let _ = (
            call.status(),
            call.problems().count(),
            call.messages(Side::Server).count(),
        );
    }
    shown
}

fuzz_target!(|input: &[u8]| {
    let Some((&choice, input)) = input.split_first() else {
        return;
    };
    let limits = match choice & 1 {
        0 => Limits::default(),
        _ => Limits {
            message: 16,
            frames: 6,
            call: 2048,
            calls: 3,
            total: 4096,
            header_block: 256,
            header_list: 256,
            header_table: 4096,
        },
    };
    let whole = record(input, limits, usize::MAX);
    for line in whole.lines() {
        assert!(
            !line.chars().any(char::is_control),
            "a control character in {line:?}"
        );
        assert!(
            line.chars().count() <= 1000,
            "a line of {} characters",
            line.chars().count()
        );
    }
    assert_eq!(whole, record(input, limits, 1));
});
