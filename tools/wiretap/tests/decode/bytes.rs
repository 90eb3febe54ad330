//! Connections written by hand, frame by frame.

use std::time::Duration;

use prost::Message as _;
use wiretap::{Call, Limits, Recording, Schema, Side};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 0x1;
pub const END_HEADERS: u8 = 0x4;
pub const PADDED: u8 = 0x8;
pub const PRIORITY: u8 = 0x20;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const ADD: &str = "/calculator.v1.CalculatorService/Add";
pub const ONE: &str = "/every.v1.EveryService/One";
pub const MANY: &str = "/every.v1.EveryService/Many";

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A header block of literals that no table keeps.
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let string = |text: &str| match text.len() {
        length @ ..127 => [&[length as u8], text.as_bytes()].concat(),
        length => {
            let mut bytes = vec![127];
            let mut left = length - 127;
            while left > 127 {
                bytes.push(left as u8 | 0x80);
                left >>= 7;
            }
            bytes.push(left as u8);
            [&bytes, text.as_bytes()].concat()
        }
    };
    fields
        .iter()
        .flat_map(|(name, value)| [vec![0], string(name), string(value)].concat())
        .collect()
}

pub fn headers(flags: u8, stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, flags | END_HEADERS, stream, &block(fields))
}

pub fn request(stream: u32, path: &str) -> Vec<u8> {
    let fields = [
        (":method", "POST"),
        (":path", path),
        ("content-type", "application/grpc"),
    ];
    headers(0, stream, &fields)
}

pub fn response(stream: u32) -> Vec<u8> {
    headers(
        0,
        stream,
        &[(":status", "200"), ("content-type", "application/grpc")],
    )
}

pub fn trailers(stream: u32) -> Vec<u8> {
    headers(END_STREAM, stream, &[("grpc-status", "0")])
}

/// A gRPC message with its prefix.
pub fn message(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short").to_be_bytes();
    [&[0], length.as_slice(), bytes].concat()
}

pub fn schema() -> Schema {
    let here = env!("CARGO_MANIFEST_DIR");
    let folders = [
        format!("{here}/tests/contract"),
        format!("{here}/../../proto"),
    ];
    let set = protox::compile(["every.proto", "calculator/v1/calculator.proto"], folders);
    let set = set.expect("the contracts are valid").encode_to_vec();
    Schema::from_descriptors(&set).expect("protox writes valid descriptors")
}

/// One connection, preface and SETTINGS said.
pub struct Wire {
    pub recording: Recording,
    now: Duration,
}

impl Wire {
    pub fn new() -> Wire {
        Wire::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Wire {
        let mut wire = Wire::silent(limits);
        wire.client(PREFACE).client(&frame(SETTINGS, 0, 0, b""));
        wire.server(&frame(SETTINGS, 0, 0, b""));
        wire
    }

    /// Nobody has said anything.
    pub fn silent(limits: Limits) -> Wire {
        Wire {
            recording: Recording::new(schema(), limits),
            now: Duration::ZERO,
        }
    }

    /// Each piece comes 0.1 ms after the one before.
    pub fn feed(&mut self, from: Side, bytes: &[u8]) -> &mut Wire {
        self.now += Duration::from_micros(100);
        self.recording.feed(from, self.now, bytes);
        self
    }

    pub fn client(&mut self, bytes: &[u8]) -> &mut Wire {
        self.feed(Side::Client, bytes)
    }

    pub fn server(&mut self, bytes: &[u8]) -> &mut Wire {
        self.feed(Side::Server, bytes)
    }

    pub fn call(&self, stream: u32) -> &Call {
        self.recording.call(stream).expect("the call is there")
    }

    /// The trace of stream 1.
    pub fn trace(&self) -> String {
        self.call(1).to_string()
    }

    /// What is wrong with stream 1.
    pub fn problems(&self) -> Vec<&str> {
        self.call(1).problems().collect()
    }

    /// What is wrong with the connection.
    pub fn connection_problems(&self) -> Vec<&str> {
        self.recording
            .events()
            .flat_map(|event| &event.problems)
            .map(String::as_str)
            .collect()
    }
}
