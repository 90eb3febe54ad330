//! One connection, both directions: finds the frames (RFC 9113, section 4) and hands each to the
//! call or to the connection that it belongs to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::call::{Call, cut_sentence};
use crate::event::{Closed, Content, Event, Header, Side, Skipped, Track};
use crate::frame::{Frame, HEAD, Lost, PREFACE, not_http2, number};
use crate::hpack::{self, ENTRY_OVERHEAD};
use crate::message::Data;
use crate::names::{flag, kind};
use crate::{Connection, Schema, text};

/// Settings of one frame that are kept; there are eight known ones.
const MAX_SETTINGS: usize = 32;
/// RFC 9113, section 6.5.2.
const HEADER_TABLE_SIZE: u16 = 1;
/// GOAWAY's debug data that is kept.
const MAX_DEBUG: usize = 1024;

/// What a recording keeps at most, whatever the two sides send. The defaults keep a recording
/// within some 20 MB, and a call of an ordinary test whole.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// First bytes kept of each message. Default: 16 KiB.
    pub message: usize,
    /// Frames kept of each call, half of them its first and half its last, and as many of the
    /// connection's own. Default: 128.
    pub frames: usize,
    /// Bytes kept of each call. Default: 256 KiB.
    pub call: usize,
    /// Calls kept. The oldest finished one goes first. Default: 1024.
    pub calls: usize,
    /// Bytes kept of all calls. Default: 16 MiB.
    pub total: usize,
    /// Bytes of a header block on the wire; a longer one cannot be decoded. Default: 256 KiB.
    pub header_block: usize,
    /// Bytes kept of a decoded header list, counted as RFC 9113, section 6.5.2 does. Default: 64 KiB.
    pub header_list: usize,
    /// The largest HPACK table that is followed. Default: 64 KiB.
    pub header_table: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            message: 16 << 10,
            frames: 128,
            call: 256 << 10,
            calls: 1024,
            total: 16 << 20,
            header_block: 256 << 10,
            header_list: 64 << 10,
            header_table: 64 << 10,
        }
    }
}

/// Decodes one connection as its bytes come.
///
/// Feed a piece before you pass it on: then what one side sends in answer to it comes later here
/// too, as it must for settings to be applied in order.
#[derive(Debug)]
pub struct Recording {
    schema: Schema,
    limits: Limits,
    client: Direction,
    server: Direction,
    calls: BTreeMap<u32, Call>,
    /// Bytes of memory in `calls`.
    calls_cost: usize,
    dropped_calls: u64,
    /// The largest stream that a call was opened on.
    last_stream: u32,
    /// Frames of the connection itself, and those that belong to no call.
    connection: Track,
}

/// What one side sends.
#[derive(Debug)]
struct Direction {
    state: State,
    headers: hpack::Decoder,
    /// A header block that CONTINUATION frames must complete.
    block: Option<Block>,
    has_sent_settings: bool,
    bytes: u64,
}

/// A header block in pieces.
#[derive(Debug)]
struct Block {
    frame: Frame,
    /// The stream that a PUSH_PROMISE opens.
    promised: Option<u32>,
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum State {
    /// The first bytes of all: the client's preface, or the server's first frame.
    Start(Vec<u8>),
    Head(Vec<u8>),
    Data(DataFrame),
    /// Any other frame, collected whole.
    Other(Frame, Vec<u8>),
    /// A frame whose bytes mean nothing to us.
    Skip(Frame, u32),
    /// Nobody can say where the next frame begins, or what the next header block says.
    Lost,
}

#[derive(Debug)]
struct DataFrame {
    frame: Frame,
    /// Bytes of the frame that have not come, padding included.
    left: u32,
    /// None until its length has come.
    padding: Option<u32>,
    data: Data,
    problems: Vec<String>,
}

impl Direction {
    fn new(limits: &Limits) -> Direction {
        Direction {
            state: State::Start(Vec::new()),
            headers: hpack::Decoder::new(limits.header_table),
            block: None,
            has_sent_settings: false,
            bytes: 0,
        }
    }

    fn cost(&self) -> usize {
        let state = match &self.state {
            State::Start(bytes) | State::Head(bytes) | State::Other(_, bytes) => bytes.capacity(),
            State::Data(data) => {
                let messages = data
                    .data
                    .messages
                    .iter()
                    .map(|message| message.bytes.capacity());
                data.data.raw.capacity() + messages.sum::<usize>()
            }
            State::Skip(..) | State::Lost => 0,
        };
        let block = self
            .block
            .as_ref()
            .map_or(0, |block| block.bytes.capacity());
        state + block + self.headers.size()
    }
}

/// Whose bytes they are, and when they came.
#[derive(Clone, Copy)]
struct When {
    from: Side,
    at: Duration,
}

impl When {
    fn event(self, frame: Option<Frame>, content: Content) -> Event {
        let When { from, at } = self;
        Event {
            at,
            from,
            frame,
            content,
            problems: Vec::new(),
        }
    }
}

impl Recording {
    pub fn new(schema: Schema, limits: Limits) -> Recording {
        Recording {
            schema,
            limits,
            client: Direction::new(&limits),
            server: Direction::new(&limits),
            calls: BTreeMap::new(),
            calls_cost: 0,
            dropped_calls: 0,
            last_stream: 0,
            connection: Track::default(),
        }
    }

    /// The next bytes of one side; `at` is the time since the connection began.
    pub fn feed(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        let when = When { from, at };
        self.direction(from).bytes += bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            let state = std::mem::replace(&mut self.direction(from).state, State::Lost);
            match self.step(when, state, &mut rest) {
                Ok(state) => self.direction(from).state = state,
                Err(why) => self.lose(when, why),
            }
        }
    }

    /// One side closed its end of the connection, or cut it.
    pub fn closed(&mut self, from: Side, at: Duration, how: Closed) {
        let when = When { from, at };
        let mut problems = Vec::new();
        match &self.direction(from).state {
            State::Start(bytes) if !bytes.is_empty() => problems.push(not_http2(from, bytes)),
            State::Head(bytes) if !bytes.is_empty() => {
                problems.push("it ended inside a frame's first nine bytes".to_owned());
            }
            State::Data(DataFrame { frame, left, .. }) | State::Skip(frame, left) => {
                problems.push(frame.cut_after(frame.length - left));
            }
            State::Other(frame, bytes) => problems.push(frame.cut_after(bytes.len() as u32)),
            State::Start(_) | State::Head(_) | State::Lost => (),
        }
        self.direction(from).state = State::Lost;
        self.end_calls(
            when,
            &Content::Closed(how),
            &cut_sentence(from, how),
            &problems,
        );
        self.push_connection(when.event(None, Content::Closed(how)).with(problems));
    }

    /// The calls kept, in the order of their streams.
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.calls.values()
    }

    /// The call on one stream.
    pub fn call(&self, stream: u32) -> Option<&Call> {
        self.calls.get(&stream)
    }

    /// Calls that were dropped to stay within the limits.
    pub fn dropped_calls(&self) -> u64 {
        self.dropped_calls
    }

    /// The connection's own events: SETTINGS, PING, GOAWAY, flow control, its end, and frames
    /// that belong to no call. The first of them and the last: see
    /// [`skipped`](Recording::skipped).
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.connection.first().iter().chain(self.connection.last())
    }

    /// The connection's own events that were not kept.
    pub fn skipped(&self) -> Skipped {
        self.connection.skipped
    }

    /// Bytes that one side has sent, decoded or not.
    pub fn bytes(&self, from: Side) -> u64 {
        match from {
            Side::Client => self.client.bytes,
            Side::Server => self.server.bytes,
        }
    }

    /// Bytes of memory that the recording holds, roughly: what the limits bound.
    pub fn kept_bytes(&self) -> usize {
        self.calls_cost + self.connection.cost() + self.client.cost() + self.server.cost()
    }

    /// The trace of the connection's own events.
    pub fn connection(&self) -> Connection<'_> {
        Connection(self)
    }

    pub(crate) fn first_events(&self) -> &[Event] {
        self.connection.first()
    }

    pub(crate) fn last_events(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.connection.last()
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Takes what it can use from the front of `rest`, at least one byte.
    fn step(&mut self, when: When, state: State, rest: &mut &[u8]) -> Result<State, Lost> {
        match state {
            State::Start(mut bytes) => {
                let want = if when.from == Side::Client {
                    PREFACE.len()
                } else {
                    HEAD
                };
                if !fill(&mut bytes, want, rest) {
                    return Ok(State::Start(bytes));
                }
                if when.from == Side::Client {
                    if bytes != PREFACE {
                        return Err(not_http2(when.from, &bytes));
                    }
                    return Ok(State::Head(Vec::new()));
                }
                let frame = Frame::parse(bytes.as_slice().try_into().unwrap_or_default());
                if frame.kind != kind::SETTINGS
                    || frame.stream != 0
                    || frame.flags & !flag::ACK != 0
                {
                    return Err(not_http2(when.from, &bytes));
                }
                self.begin(when, frame)
            }
            State::Head(mut bytes) => {
                if !fill(&mut bytes, HEAD, rest) {
                    return Ok(State::Head(bytes));
                }
                self.begin(
                    when,
                    Frame::parse(bytes.as_slice().try_into().unwrap_or_default()),
                )
            }
            State::Data(data) => self.data(when, data, rest),
            State::Other(frame, mut bytes) => {
                if !fill(&mut bytes, frame.length as usize, rest) {
                    return Ok(State::Other(frame, bytes));
                }
                self.other(when, frame, &bytes)
            }
            State::Skip(frame, left) => {
                let taken = take(rest, left as usize);
                let left = left - taken.len() as u32;
                if left > 0 {
                    return Ok(State::Skip(frame, left));
                }
                let event = when.event(Some(frame), Content::Unknown);
                self.push(frame.stream, event);
                Ok(State::Head(Vec::new()))
            }
            State::Lost => {
                *rest = &[];
                Ok(State::Lost)
            }
        }
    }

    /// A frame's first nine bytes are there.
    fn begin(&mut self, when: When, frame: Frame) -> Result<State, Lost> {
        let limit = self.limits.header_block;
        let direction = self.direction(when.from);
        let name = frame.name();
        if !direction.has_sent_settings {
            if frame.kind != kind::SETTINGS || frame.has(flag::ACK) {
                return Err(format!("its first frame is {name}, and must be SETTINGS"));
            }
            direction.has_sent_settings = true;
        }
        if let Some(block) = &direction.block {
            let stream = block.frame.stream;
            if frame.kind != kind::CONTINUATION || frame.stream != stream {
                let where_from = format!("inside the header block of stream {stream}");
                return Err(format!("a frame of type {name} {where_from}"));
            }
        } else if frame.kind == kind::CONTINUATION {
            return Err("CONTINUATION without a header block to continue".to_owned());
        }
        frame.check()?;

        match frame.kind {
            kind::DATA => {
                let data = DataFrame {
                    frame,
                    left: frame.length,
                    padding: (!frame.has(flag::PADDED)).then_some(0),
                    data: Data::default(),
                    problems: Vec::new(),
                };
                self.data(when, data, &mut [].as_slice())
            }
            kind::HEADERS..=kind::CONTINUATION => {
                let block = direction
                    .block
                    .as_ref()
                    .map_or(0, |block| block.bytes.len());
                if block + frame.length as usize > limit {
                    let limit = text::size(limit as u64);
                    return Err(format!(
                        "a {name} block of more than {limit}: too long to keep"
                    ));
                }
                if frame.length == 0 {
                    return self.other(when, frame, &[]);
                }
                Ok(State::Other(frame, Vec::new()))
            }
            _ if frame.length == 0 => {
                let event = when.event(Some(frame), Content::Unknown);
                self.push(frame.stream, event);
                Ok(State::Head(Vec::new()))
            }
            _ => Ok(State::Skip(frame, frame.length)),
        }
    }

    /// A piece of a DATA frame, or its end.
    fn data(&mut self, when: When, mut state: DataFrame, rest: &mut &[u8]) -> Result<State, Lost> {
        if state.padding.is_none() {
            let Some(&padding) = take(rest, 1).first() else {
                return Ok(State::Data(state));
            };
            state.left -= 1;
            if u32::from(padding) > state.left {
                return Err("a DATA frame with more padding than bytes".to_owned());
            }
            state.padding = Some(u32::from(padding));
        }
        let padding = state.padding.unwrap_or(0);
        let piece = take(rest, state.left.saturating_sub(padding) as usize);
        state.left -= piece.len() as u32;
        state.data.length += piece.len() as u32;
        let limit = self.limits.message;
        let stream = state.frame.stream;
        self.with_call(stream, |call, _, _| {
            if let Err(problem) = call.feed_body(when.from, piece, &mut state.data, limit) {
                state.problems.push(problem);
            }
        });
        state.left -= take(rest, state.left.min(padding) as usize).len() as u32;
        if state.left > 0 {
            return Ok(State::Data(state));
        }
        let DataFrame {
            frame,
            data,
            problems,
            ..
        } = state;
        let event = when.event(Some(frame), Content::Data(data)).with(problems);
        self.with_call_or_connection(stream, event, |call, event, _, limits| {
            call.on_data(event, limits)
        });
        Ok(State::Head(Vec::new()))
    }

    /// A whole frame of any other type.
    fn other(&mut self, when: When, frame: Frame, payload: &[u8]) -> Result<State, Lost> {
        let mut problems = Vec::new();
        let content = match frame.kind {
            kind::HEADERS | kind::PUSH_PROMISE => {
                let mut payload = frame.unpadded(payload)?;
                let mut promised = None;
                if frame.kind == kind::PUSH_PROMISE {
                    promised = Some(number(&mut payload)? & 0x7fff_ffff);
                } else if frame.has(flag::PRIORITY) {
                    payload = payload
                        .get(5..)
                        .ok_or("a HEADERS frame too short for its priority")?;
                }
                let block = Block {
                    frame,
                    promised,
                    bytes: payload.to_vec(),
                };
                return self.block(when, block, frame.has(flag::END_HEADERS));
            }
            kind::CONTINUATION => {
                let block = self.direction(when.from).block.take();
                let mut block = block.ok_or("CONTINUATION without a header block to continue")?;
                block.frame.continuations = block.frame.continuations.saturating_add(1);
                block.bytes.extend_from_slice(payload);
                return self.block(when, block, frame.has(flag::END_HEADERS));
            }
            kind::SETTINGS => Content::Settings(self.settings(when.from, payload)),
            kind::RST_STREAM => {
                let code = number(&mut { payload })?;
                let event = when
                    .event(Some(frame), Content::Reset { code })
                    .with(problems);
                self.with_call_or_connection(frame.stream, event, |call, event, _, limits| {
                    call.on_reset(event, limits)
                });
                return Ok(State::Head(Vec::new()));
            }
            kind::PING => Content::Ping(payload.try_into().unwrap_or_default()),
            kind::GOAWAY => {
                let mut payload = payload;
                let last_stream = number(&mut payload)? & 0x7fff_ffff;
                let code = number(&mut payload)?;
                let debug = payload.get(..MAX_DEBUG).unwrap_or(payload).to_vec();
                let content = Content::GoAway {
                    last_stream,
                    code,
                    debug,
                };
                self.go_away(when, frame, &content, last_stream, code);
                content
            }
            kind::WINDOW_UPDATE => {
                let increment = number(&mut { payload })? & 0x7fff_ffff;
                if increment == 0 {
                    problems.push("a WINDOW_UPDATE by 0 is an error".to_owned());
                }
                Content::WindowUpdate { increment }
            }
            _ => Content::Priority,
        };
        self.push(
            frame.stream,
            when.event(Some(frame), content).with(problems),
        );
        Ok(State::Head(Vec::new()))
    }

    fn settings(&mut self, from: Side, payload: &[u8]) -> Vec<(u16, u32)> {
        let mut settings = Vec::new();
        for setting in payload.chunks_exact(6) {
            let &[i0, i1, v0, v1, v2, v3] = setting else {
                continue;
            };
            let (id, value) = (
                u16::from_be_bytes([i0, i1]),
                u32::from_be_bytes([v0, v1, v2, v3]),
            );
            if id == HEADER_TABLE_SIZE {
                self.direction(from.other()).headers.allow(value);
            }
            if settings.len() < MAX_SETTINGS {
                settings.push((id, value));
            }
        }
        settings
    }

    /// A header block, whole if `is_complete`.
    fn block(&mut self, when: When, block: Block, is_complete: bool) -> Result<State, Lost> {
        if !is_complete {
            self.direction(when.from).block = Some(block);
            return Ok(State::Head(Vec::new()));
        }
        let Block {
            frame,
            promised,
            bytes,
        } = block;
        let limit = self.limits.header_list;
        let (mut fields, mut size, mut more) = (Vec::new(), 0, 0u64);
        let decoded = self
            .direction(when.from)
            .headers
            .decode(&bytes, |name, value, coding| {
                let field = name.len() + value.len() + ENTRY_OVERHEAD;
                if size + field > limit {
                    more += 1;
                    return;
                }
                size += field;
                let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                fields.push(Header {
                    name: text(name),
                    value: text(value),
                    coding,
                });
            });
        decoded.map_err(|error| format!("a header block on stream {}: {error}", frame.stream))?;
        let mut problems = Vec::new();
        if more > 0 {
            let more = text::count(more, "more header field");
            problems.push(format!("{more}, not kept"));
        }
        let is_upper = |field: &&Header| field.name.contains(|c: char| c.is_ascii_uppercase());
        if let Some(Header { name, .. }) = fields.iter().find(is_upper) {
            let name = text::plain(name);
            problems.push(format!(
                "HTTP/2 wants names in lower case, and this has {name}"
            ));
        }
        let fields: Arc<[Header]> = fields.into();
        if let Some(promised) = promised {
            let content = Content::PushPromise { promised, fields };
            self.push(
                frame.stream,
                when.event(Some(frame), content).with(problems),
            );
            return Ok(State::Head(Vec::new()));
        }
        if when.from == Side::Client && frame.stream > self.last_stream {
            if frame.stream % 2 == 0 {
                problems.push("a client opens streams with odd numbers".to_owned());
            }
            self.last_stream = frame.stream;
            let call = Call::new(frame.stream, when.at);
            self.calls_cost += call.cost();
            self.calls.insert(frame.stream, call);
        }
        let content = Content::Headers(fields);
        let event = when.event(Some(frame), content).with(problems);
        self.with_call_or_connection(frame.stream, event, Call::on_headers);
        Ok(State::Head(Vec::new()))
    }

    /// GOAWAY is shown in the calls that it ends.
    fn go_away(
        &mut self,
        when: When,
        frame: Frame,
        content: &Content,
        last_stream: u32,
        code: u32,
    ) {
        let is_ours = |call: &&Call| {
            let refused = when.from == Side::Server && call.stream() > last_stream;
            call.awaits_goaway() && (refused || code != 0)
        };
        let streams: Vec<u32> = self
            .calls
            .values()
            .filter(is_ours)
            .map(Call::stream)
            .collect();
        for stream in streams {
            let refused = when.from == Side::Server && stream > last_stream;
            let sentence = || {
                format!(
                    "the server has not touched this call: it handled none after stream {last_stream}"
                )
            };
            let problems = refused.then(sentence).into_iter().collect();
            let content = content.clone();
            let event = when.event(Some(frame), content).with(problems);
            self.with_call(stream, |call, _, limits| call.on_goaway(event, limits));
        }
    }

    /// Gives a direction up. Says so once, to the connection and to each call that it cuts.
    fn lose(&mut self, when: When, why: Lost) {
        let direction = self.direction(when.from);
        direction.state = State::Lost;
        direction.block = None;
        let problems = vec![why];
        let sentence = format!(
            "what the {} sends can no longer be decoded",
            when.from.name()
        );
        self.end_calls(when, &Content::Lost, &sentence, &problems);
        self.push_connection(when.event(None, Content::Lost).with(problems));
    }

    fn end_calls(&mut self, when: When, content: &Content, sentence: &str, more: &[String]) {
        let is_open = |call: &&Call| !call.is_finished();
        let streams: Vec<u32> = self
            .calls
            .values()
            .filter(is_open)
            .map(Call::stream)
            .collect();
        for stream in streams {
            let mut problems = vec![sentence.to_owned()];
            problems.extend_from_slice(more);
            let content = content.clone();
            let event = when.event(None, content).with(problems);
            self.with_call(stream, |call, _, limits| call.on_cut(event, limits));
        }
    }

    /// Keeps an event with its call, or with the connection.
    fn push(&mut self, stream: u32, event: Event) {
        self.with_call_or_connection(stream, event, |call, event, _, limits| {
            call.push(event, limits)
        });
    }

    fn with_call_or_connection(
        &mut self,
        stream: u32,
        mut event: Event,
        then: impl FnOnce(&mut Call, Event, &Schema, &Limits),
    ) {
        if self.calls.contains_key(&stream) {
            self.with_call(stream, |call, schema, limits| {
                then(call, event, schema, limits)
            });
            return;
        }
        let was_opened = stream % 2 == 1 && stream <= self.last_stream;
        if was_opened && self.dropped_calls > 0 {
            return;
        }
        let is_about_no_call = matches!(event.content, Content::Priority | Content::Unknown);
        if stream != 0 && !is_about_no_call {
            event
                .problems
                .push(format!("stream {stream} was never opened by a request"));
        }
        self.push_connection(event);
    }

    /// All changes to a call go through here, so that its memory is accounted for.
    fn with_call(&mut self, stream: u32, then: impl FnOnce(&mut Call, &Schema, &Limits)) {
        let Some(call) = self.calls.get_mut(&stream) else {
            return;
        };
        let before = call.cost();
        then(call, &self.schema, &self.limits);
        self.calls_cost = self.calls_cost - before + call.cost();
        while self.calls.len() > 1
            && (self.calls.len() > self.limits.calls || self.calls_cost > self.limits.total)
        {
            self.drop_a_call(stream);
        }
    }

    /// Drops the oldest finished call, or else the oldest, but not `current`.
    fn drop_a_call(&mut self, current: u32) {
        let mut others = self.calls.values().filter(|call| call.stream() != current);
        let oldest = self
            .calls
            .values()
            .find(|call| call.is_finished() && call.stream() != current);
        let Some(stream) = oldest.or_else(|| others.next()).map(Call::stream) else {
            return;
        };
        if let Some(call) = self.calls.remove(&stream) {
            self.calls_cost -= call.cost();
            self.dropped_calls += 1;
        }
    }

    fn push_connection(&mut self, event: Event) {
        self.connection
            .push(event, self.limits.frames, self.limits.call);
    }
}

/// Moves bytes from the front of `rest` until there are `want`. False if some are missing.
fn fill(bytes: &mut Vec<u8>, want: usize, rest: &mut &[u8]) -> bool {
    bytes.extend_from_slice(take(rest, want.saturating_sub(bytes.len())));
    bytes.len() >= want
}

/// The first `most` bytes of `rest`, or all of them.
fn take<'a>(rest: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(most.min(rest.len()));
    *rest = left;
    taken
}
