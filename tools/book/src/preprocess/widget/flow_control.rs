//! The flow-control simulation: two streams on one connection, and a program that stops reading
//! one of them. Without JavaScript its default run is a table; a test in `browser/` compares the
//! script's first run with it.

use super::{bare_element, table};

/// RFC 9113, sections 6.5.2 and 6.9.2: both windows, and the longest frame, before anyone changes
/// them.
const WINDOW: u32 = 65_535;
const FRAME: u32 = 16_384;
/// What the sender has for each stream: more than the rounds shown.
const WAITING: u32 = 10 * FRAME;
const ROUNDS: u32 = 5;

struct Stream {
    waiting: u32,
    window: u32,
    is_read: bool,
}

pub fn html() -> String {
    let mut connection = WINDOW;
    let stream = |is_read| Stream {
        waiting: WAITING,
        window: WINDOW,
        is_read,
    };
    let mut streams = [stream(false), stream(true)];
    let mut rows = Vec::new();
    for round in 1..=ROUNDS {
        let mut sent = [0; 2];
        for (stream, sent) in streams.iter_mut().zip(&mut sent) {
            *sent = FRAME.min(stream.waiting).min(stream.window).min(connection);
            stream.waiting -= *sent;
            stream.window -= *sent;
            connection -= *sent;
        }
        for (stream, sent) in streams.iter_mut().zip(sent) {
            if stream.is_read {
                stream.window += sent;
                connection += sent;
            }
        }
        let numbers = [
            round,
            sent[0],
            sent[1],
            connection,
            streams[0].window,
            streams[1].window,
        ];
        rows.push(numbers.map(|n| n.to_string()).to_vec());
    }
    let head = [
        "round",
        "sent on stream 1",
        "sent on stream 3",
        "connection’s window",
        "stream 1’s window",
        "stream 3’s window",
    ];
    let caption = "Two streams share a connection; nobody reads stream 1, so stream 3 starves";
    let plain = table(caption, &head, rows);
    let text = "<p>A sender has bytes for two streams. Each round it sends a frame on both, as far as both \
                windows allow: the stream’s and the connection’s. The receiver’s program reads stream 3 at once, \
                and what it reads is given back to both windows. It does not read stream 1.</p>\n";
    let moral = "<p>In the end stream 3 has a whole window of its own and may not send a byte: what lies unread \
                 on stream 1 has used up the connection’s.</p>\n";
    bare_element("flow-control", "", &format!("{text}{plain}{moral}"))
}
