//! One thing that happened on the connection: mostly a frame, with what it meant. And the list
//! that keeps the first and the last of them, and counts those between.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::frame::Frame;
use crate::hpack::Coding;
use crate::message::Data;

/// Who sent the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    /// The side that the bytes went to.
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    /// `client` or `server`.
    pub fn name(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Server => "server",
        }
    }
}

/// How one side of the TCP connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It closed in order: FIN.
    End,
    /// It was cut: RST, or the process died.
    Reset,
}

/// A header field. Text that is not UTF-8 has its odd bytes replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: String,
    /// How it was written on the wire.
    pub coding: Coding,
}

/// One thing that happened: a frame, or the end of the connection.
#[derive(Clone, Debug)]
pub struct Event {
    /// When its last byte came, since the connection began.
    pub at: Duration,
    pub from: Side,
    /// None if this is no frame: see [`Content::Closed`] and [`Content::Lost`].
    pub frame: Option<Frame>,
    pub content: Content,
    /// What is wrong with it, a sentence each.
    pub problems: Vec<String>,
}

/// What a frame meant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    Data(Data),
    /// The fields of a whole header block.
    Headers(Arc<[Header]>),
    Priority,
    /// RST_STREAM, with its error code: see [`names::error_code`](crate::names::error_code).
    Reset {
        code: u32,
    },
    /// Pairs of setting and value: see [`names::setting`](crate::names::setting). Empty in an acknowledgement.
    Settings(Vec<(u16, u32)>),
    PushPromise {
        promised: u32,
        fields: Arc<[Header]>,
    },
    Ping([u8; 8]),
    GoAway {
        last_stream: u32,
        code: u32,
        debug: Vec<u8>,
    },
    WindowUpdate {
        increment: u32,
    },
    /// A frame of a type that we do not know, which HTTP/2 says to ignore.
    Unknown,
    /// This side's bytes cannot be decoded from here on. Why is in the event's problems.
    Lost,
    /// This side closed the connection.
    Closed(Closed),
}

impl Event {
    pub(crate) fn with(self, problems: Vec<String>) -> Event {
        Event { problems, ..self }
    }

    /// Bytes of memory that it holds, roughly.
    pub(crate) fn cost(&self) -> usize {
        let message = |m: &crate::Message| size_of::<crate::Message>() + m.bytes.capacity();
        let content = match &self.content {
            Content::Data(data) => {
                data.raw.capacity() + data.messages.iter().map(message).sum::<usize>()
            }
            Content::Headers(fields) | Content::PushPromise { fields, .. } => headers_cost(fields),
            Content::Settings(settings) => settings.len() * size_of::<(u16, u32)>(),
            Content::GoAway { debug, .. } => debug.len(),
            _ => 0,
        };
        let problems = |p: &String| size_of::<String>() + p.len();
        size_of::<Event>() + content + self.problems.iter().map(problems).sum::<usize>()
    }
}

/// Bytes of memory in a header list, roughly.
pub(crate) fn headers_cost(fields: &[Header]) -> usize {
    let header = |field: &Header| size_of::<Header>() + field.name.len() + field.value.len();
    fields.iter().map(header).sum()
}

/// What was not kept, between the first and the last events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    pub frames: u64,
    /// Bytes of those frames.
    pub bytes: u64,
}

/// The first events and the last ones. What comes between is only counted.
#[derive(Debug, Default)]
pub(crate) struct Track {
    first: Vec<Event>,
    last: VecDeque<Event>,
    first_cost: usize,
    last_cost: usize,
    pub skipped: Skipped,
}

impl Track {
    /// Keeps at most `events` events and, give or take one event, `bytes` bytes of them.
    pub fn push(&mut self, event: Event, events: usize, bytes: usize) {
        let cost = event.cost();
        let is_start = self.last.is_empty() && self.skipped == Skipped::default();
        if is_start && self.first.len() < events / 2 && self.first_cost + cost <= bytes / 2 {
            self.first_cost += cost;
            self.first.push(event);
            return;
        }
        // Flow control would push everything else out of a long stream's last events.
        if matches!(event.content, Content::WindowUpdate { .. }) && event.problems.is_empty() {
            self.skip(&event);
            return;
        }
        self.last_cost += cost;
        self.last.push_back(event);
        let is_full = |track: &Track| {
            let many = track.last.len() > (events / 2).max(1);
            many || track.last_cost > bytes / 2 && track.last.len() > 1
        };
        while is_full(self) {
            let Some(event) = self.last.pop_front() else {
                break;
            };
            self.last_cost -= event.cost();
            self.skip(&event);
        }
    }

    fn skip(&mut self, event: &Event) {
        if let Some(frame) = event.frame {
            self.skipped.frames += 1;
            self.skipped.bytes += u64::from(frame.length);
        }
    }

    pub fn first(&self) -> &[Event] {
        &self.first
    }

    pub fn last(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.last.iter()
    }

    pub fn cost(&self) -> usize {
        self.first_cost + self.last_cost
    }
}
