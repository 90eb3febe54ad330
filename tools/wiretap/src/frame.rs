//! A frame's own nine bytes (RFC 9113, section 4.1), and what section 6 lays down for its type.

use crate::event::Side;
use crate::names::{self, flag, kind};
use crate::text;

/// What a client sends before its first frame. RFC 9113, section 3.4.
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of a frame before its payload.
pub(crate) const HEAD: usize = 9;

/// Why a direction is given up: a sentence.
pub(crate) type Lost = String;

/// A frame's own nine bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Bytes after these nine.
    pub length: u32,
    /// Its type: see [`names::frame_type`].
    pub kind: u8,
    /// See [`names::flag_names`].
    pub flags: u8,
    /// 0 is the connection itself.
    pub stream: u32,
    /// CONTINUATION frames that followed this one. They make one event with it.
    pub continuations: u32,
}

impl Frame {
    pub(crate) fn parse(head: [u8; HEAD]) -> Frame {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
        Frame {
            length: u32::from_be_bytes([0, l0, l1, l2]),
            kind,
            flags,
            stream: u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff,
            continuations: 0,
        }
    }

    /// The name of its type, `frame type 250` if it has none.
    pub fn name(&self) -> String {
        match names::frame_type(self.kind) {
            Some(name) => name.to_owned(),
            None => format!("frame type {}", self.kind),
        }
    }

    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Is its length and its stream one that its type may have?
    pub(crate) fn check(&self) -> Result<(), Lost> {
        let (length, stream, name) = (self.length, self.stream, self.name());
        let is_right_length = match self.kind {
            kind::PRIORITY => length == 5,
            kind::RST_STREAM | kind::WINDOW_UPDATE => length == 4,
            kind::SETTINGS if self.has(flag::ACK) => length == 0,
            kind::SETTINGS => length % 6 == 0,
            kind::PING => length == 8,
            kind::GOAWAY => length >= 8,
            kind::DATA | kind::HEADERS | kind::PUSH_PROMISE if self.has(flag::PADDED) => length > 0,
            _ => true,
        };
        if !is_right_length {
            let length = text::size(length.into());
            return Err(format!("a {name} frame of {length} cannot be"));
        }
        let belongs_to_connection = matches!(self.kind, kind::SETTINGS | kind::PING | kind::GOAWAY);
        let belongs_to_a_stream = matches!(
            self.kind,
            kind::DATA | kind::HEADERS | kind::PRIORITY | kind::RST_STREAM | kind::PUSH_PROMISE
        );
        if belongs_to_connection && stream != 0 {
            return Err(format!(
                "a {name} frame on stream {stream}: it belongs on stream 0"
            ));
        }
        if belongs_to_a_stream && stream == 0 {
            return Err(format!(
                "a {name} frame on stream 0, which is the connection itself"
            ));
        }
        Ok(())
    }

    /// The payload without its padding. RFC 9113, section 6.1.
    pub(crate) fn unpadded<'a>(&self, payload: &'a [u8]) -> Result<&'a [u8], Lost> {
        if !self.has(flag::PADDED) {
            return Ok(payload);
        }
        let rest = payload.split_first().and_then(|(padding, rest)| {
            let end = rest.len().checked_sub(usize::from(*padding))?;
            rest.get(..end)
        });
        rest.ok_or_else(|| format!("a {} frame with more padding than bytes", self.name()))
    }

    /// The sentence for a frame of which only the first bytes came.
    pub(crate) fn cut_after(&self, so_far: u32) -> String {
        let (name, length) = (self.name(), self.length);
        format!("it ended inside a {name} frame: {so_far} of its {length} bytes came")
    }
}

/// Four bytes from the front of a frame's payload.
pub(crate) fn number(payload: &mut &[u8]) -> Result<u32, Lost> {
    let taken = payload.split_first_chunk();
    let (bytes, rest) = taken.ok_or("a frame too short for its type")?;
    *payload = rest;
    Ok(u32::from_be_bytes(*bytes))
}

/// What the first bytes of all look like, if they are not HTTP/2.
pub(crate) fn not_http2(from: Side, bytes: &[u8]) -> String {
    const HTTP1: [&str; 10] = [
        "HTTP/1.", "GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "PATCH ", "OPTIONS ", "CONNECT ",
        "TRACE ",
    ];
    let is_http1 = HTTP1
        .iter()
        .any(|start| bytes.starts_with(start.as_bytes()));
    // RFC 8446, section 5.1: a TLS record is a type (21 alert, 22 handshake), then version 3.x.
    let guess = match bytes {
        _ if is_http1 => "it speaks HTTP/1.1",
        [21 | 22, 3, ..] => "it speaks TLS",
        _ if from == Side::Client && PREFACE.starts_with(bytes) => "it stops inside the preface",
        _ => "it speaks something else",
    };
    let first = match std::str::from_utf8(bytes) {
        Ok(string) => text::quoted(string, string.len() as u64),
        Err(_) => text::hex_up_to(bytes, HEAD),
    };
    format!("this is not HTTP/2: {guess}; the first bytes are {first}")
}
