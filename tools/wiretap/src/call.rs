//! One call: a stream's frames, and what gRPC makes of them.

use std::sync::Arc;
use std::time::Duration;

use prost_reflect::MethodDescriptor;

use crate::event::{Closed, Content, Event, Header, Side, Skipped, Track, headers_cost};
use crate::frame::Frame;
use crate::message::{Body, Data, Message};
use crate::names::{self, flag};
use crate::recording::Limits;
use crate::{Schema, text};

/// A call's outcome, as its trailers give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `grpc-status`. See [`names::grpc_status`].
    pub code: u32,
    /// `grpc-message`, decoded. Empty if there was none.
    pub message: String,
}

impl Status {
    /// `NOT_FOUND`, or `code 42` if gRPC has no such code.
    pub fn name(&self) -> String {
        status_name(self.code)
    }
}

pub(crate) fn status_name(code: u32) -> String {
    names::grpc_status(code).map_or_else(|| format!("code {code}"), str::to_owned)
}

/// One call: everything that was seen of one stream. Its [`Display`](std::fmt::Display) is the
/// trace that a failing test prints.
#[derive(Debug)]
pub struct Call {
    stream: u32,
    started: Duration,
    method: Option<MethodDescriptor>,
    request: Arc<[Header]>,
    response: Option<Arc<[Header]>>,
    trailers: Option<Arc<[Header]>>,
    client: Half,
    server: Half,
    /// It was reset, or the connection ended.
    is_cut: bool,
    /// A GOAWAY that ends this call was shown; a peer may send any number of them.
    has_seen_goaway: bool,
    /// Bytes of memory in the three header lists.
    headers_cost: usize,
    track: Track,
}

#[derive(Debug, Default)]
struct Half {
    body: Body,
    has_ended: bool,
}

impl Call {
    pub(crate) fn new(stream: u32, at: Duration) -> Call {
        Call {
            stream,
            started: at,
            method: None,
            request: Arc::new([]),
            response: None,
            trailers: None,
            client: Half::default(),
            server: Half::default(),
            is_cut: false,
            has_seen_goaway: false,
            headers_cost: 0,
            track: Track::default(),
        }
    }

    /// The stream's number.
    pub fn stream(&self) -> u32 {
        self.stream
    }

    /// When its first frame came, since the connection began.
    pub fn started(&self) -> Duration {
        self.started
    }

    /// `/package.Service/Method`; empty if the request had no `:path`.
    pub fn path(&self) -> &str {
        self.request_header(":path").unwrap_or_default()
    }

    /// A field of the request, by its name in lower case. The first, if there are several.
    pub fn request_header(&self, name: &str) -> Option<&str> {
        find(&self.request, name)
    }

    /// A field of the response's headers.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        find(self.response_headers(), name)
    }

    /// A field of the response's trailers.
    pub fn trailer(&self, name: &str) -> Option<&str> {
        find(self.trailers(), name)
    }

    pub fn request_headers(&self) -> &[Header] {
        &self.request
    }

    /// Empty while there is none. Those with an informational `:status` (1xx) do not count.
    pub fn response_headers(&self) -> &[Header] {
        self.response.as_deref().unwrap_or_default()
    }

    /// Empty while there are none. A response that is one HEADERS frame ("trailers-only") has the
    /// same fields here and in its headers.
    pub fn trailers(&self) -> &[Header] {
        self.trailers.as_deref().unwrap_or_default()
    }

    /// What the trailers say. None while they have not come, or if they give no number.
    pub fn status(&self) -> Option<Status> {
        let code = self.trailer("grpc-status")?.parse().ok()?;
        let message = self.trailer("grpc-message").map(text::percent_decoded);
        Some(Status {
            code,
            message: message.unwrap_or_default(),
        })
    }

    /// Nothing more is expected: the server ended the stream, or someone cut it.
    pub fn is_finished(&self) -> bool {
        self.server.has_ended || self.is_cut
    }

    /// The events kept, in order. Between [`first_events`](Call::first_events) and the others
    /// there may be a gap: see [`skipped`](Call::skipped).
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.track.first().iter().chain(self.track.last())
    }

    /// The events before the gap.
    pub fn first_events(&self) -> &[Event] {
        self.track.first()
    }

    /// The events after the gap.
    pub fn last_events(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.track.last()
    }

    /// What was not kept, between the first events and the last.
    pub fn skipped(&self) -> Skipped {
        self.track.skipped
    }

    /// The messages kept that one side sent.
    pub fn messages(&self, from: Side) -> impl Iterator<Item = &Message> {
        let data = self.events().filter(move |event| event.from == from);
        data.flat_map(|event| match &event.content {
            Content::Data(data) => data.messages.as_slice(),
            _ => &[],
        })
    }

    /// How many messages one side has sent, kept or not.
    pub fn message_count(&self, from: Side) -> u64 {
        self.half(from).body.messages
    }

    /// Everything that is wrong with the events kept, in order. Fields of messages that the
    /// contract does not have are not in it: see [`Message::fields`].
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        self.events()
            .flat_map(|event| event.problems.iter().map(String::as_str))
    }

    fn half(&self, side: Side) -> &Half {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Bytes of memory that it holds, roughly.
    pub(crate) fn cost(&self) -> usize {
        let bodies = self.client.body.kept() + self.server.body.kept();
        size_of::<Call>() + self.headers_cost + self.track.cost() + bodies
    }

    pub(crate) fn push(&mut self, event: Event, limits: &Limits) {
        self.track.push(event, limits.frames, limits.call);
    }

    pub(crate) fn on_headers(&mut self, mut event: Event, schema: &Schema, limits: &Limits) {
        let (Content::Headers(fields), Some(frame)) = (&event.content, event.frame) else {
            return;
        };
        let fields = Arc::clone(fields);
        let mut problems = self.after_end(event.from);
        match event.from {
            Side::Client if self.request.is_empty() => {
                self.request = Arc::clone(&fields);
                problems.extend(self.on_request(schema));
            }
            Side::Client => (),
            Side::Server => problems.extend(self.on_answer(fields, frame)),
        }
        if frame.has(flag::END_STREAM) {
            problems.extend(self.on_end(event.from));
        }
        self.headers_cost = [
            self.request_headers(),
            self.response_headers(),
            self.trailers(),
        ]
        .into_iter()
        .map(headers_cost)
        .sum();
        event.problems.append(&mut problems);
        self.push(event, limits);
    }

    fn on_request(&mut self, schema: &Schema) -> Vec<String> {
        let mut problems = Vec::new();
        self.method = schema.method(self.path());
        if let Some(method) = &self.method {
            self.client.body.of = Some(method.input());
            self.server.body.of = Some(method.output());
        } else if !schema.is_empty() {
            problems.push(format!(
                "the contract has no method {}",
                text::plain(self.path())
            ));
        }
        if let Some(problem) = not_grpc(&self.request) {
            self.client.body.is_not_grpc = find(&self.request, "content-type").is_some();
            problems.push(problem);
        }
        problems
    }

    fn on_answer(&mut self, fields: Arc<[Header]>, frame: Frame) -> Vec<String> {
        let mut problems = Vec::new();
        let ends = frame.has(flag::END_STREAM);
        if self.response.is_none() {
            let status = find(&fields, ":status").unwrap_or_default();
            if status.len() == 3 && status.starts_with('1') && !ends {
                return problems;
            }
            if status != "200" {
                let status = text::plain(status);
                problems.push(format!(
                    ":status is \"{status}\", and a gRPC server answers 200"
                ));
            }
            if let Some(problem) = not_grpc(&fields) {
                self.server.body.is_not_grpc = find(&fields, "content-type").is_some();
                problems.push(problem);
            }
            if !ends && find(&fields, "grpc-status").is_some() {
                let where_to = "it belongs in the trailers, or in a HEADERS frame with END_STREAM";
                problems.push(format!("grpc-status is in the headers: {where_to}"));
            }
            self.response = Some(Arc::clone(&fields));
        }
        if ends {
            self.trailers = Some(fields);
        }
        problems
    }

    pub(crate) fn feed_body(
        &mut self,
        from: Side,
        bytes: &[u8],
        data: &mut Data,
        limit: usize,
    ) -> Result<(), String> {
        self.half_mut(from).body.feed(bytes, data, limit)
    }

    pub(crate) fn on_data(&mut self, mut event: Event, limits: &Limits) {
        let (Content::Data(data), Some(frame)) = (&mut event.content, event.frame) else {
            return;
        };
        let from = event.from;
        let mut problems = self.after_end(from);
        if from == Side::Server && self.response.is_none() {
            problems.push("DATA before any HEADERS".to_owned());
        }
        data.unfinished = self.half(from).body.unfinished();
        problems.extend(self.surplus_messages(from, data));
        if frame.has(flag::END_STREAM) {
            problems.extend(self.on_end(from));
        }
        event.problems.append(&mut problems);
        self.push(event, limits);
    }

    /// A unary side sends one message.
    fn surplus_messages(&self, from: Side, data: &Data) -> Option<String> {
        let method = self.method.as_ref()?;
        let (streams, verb) = match from {
            Side::Client => (method.is_client_streaming(), "takes"),
            Side::Server => (method.is_server_streaming(), "answers"),
        };
        let new = data.messages.len() as u64 + data.more_messages;
        let count = self.half(from).body.messages;
        let is_first = count > 1 && count - new <= 1;
        (!streams && is_first).then(|| format!("{} {verb} one message, not more", method.name()))
    }

    fn after_end(&self, from: Side) -> Vec<String> {
        let ended = self.half(from).has_ended;
        let problem = || format!("the {} had already ended the stream", from.name());
        ended.then(problem).into_iter().collect()
    }

    /// One side ended the stream: is everything there that must be?
    fn on_end(&mut self, from: Side) -> Vec<String> {
        let mut problems = Vec::new();
        self.half_mut(from).has_ended = true;
        let body = &self.half(from).body;
        match body.unfinished() {
            Some((so_far, Some(all))) => problems.push(format!(
                "END_STREAM inside a message: {so_far} of its {all} bytes came"
            )),
            Some((so_far, None)) => problems.push(format!(
                "END_STREAM inside a message's prefix: {so_far} of its 5 bytes came"
            )),
            None => (),
        }
        if from == Side::Client {
            return problems;
        }
        let status = find(self.trailers(), "grpc-status").map(|status| status.parse::<u32>());
        match status {
            None if self.trailers.is_none() => problems.push(
                "the stream ended without trailers, so the call has no grpc-status".to_owned(),
            ),
            None => problems.push("the trailers have no grpc-status".to_owned()),
            Some(Err(_)) => problems.push("grpc-status is no number".to_owned()),
            Some(Ok(0)) => {
                let method = self
                    .method
                    .as_ref()
                    .filter(|method| !method.is_server_streaming());
                if let (Some(method), 0) = (method, body.messages) {
                    let name = method.name();
                    problems.push(format!("OK without a message, and {name} answers one"));
                }
            }
            Some(Ok(_)) => (),
        }
        problems
    }

    pub(crate) fn on_reset(&mut self, event: Event, limits: &Limits) {
        self.is_cut = true;
        self.push(event, limits);
    }

    /// The peer gives this call up together with the connection.
    pub(crate) fn on_goaway(&mut self, event: Event, limits: &Limits) {
        if !std::mem::replace(&mut self.has_seen_goaway, true) {
            self.push(event, limits);
        }
    }

    /// False once a GOAWAY was shown, or if none can matter any more.
    pub(crate) fn awaits_goaway(&self) -> bool {
        !self.has_seen_goaway && !self.is_finished()
    }

    /// The connection ended, or can no longer be read, inside this call.
    pub(crate) fn on_cut(&mut self, event: Event, limits: &Limits) {
        self.is_cut |= matches!(event.content, Content::Closed(_));
        self.push(event, limits);
    }
}

/// The sentence for a connection that ended inside a call.
pub(crate) fn cut_sentence(from: Side, how: Closed) -> String {
    let verb = match how {
        Closed::End => "closed",
        Closed::Reset => "cut",
    };
    format!("the {} {verb} the connection inside this call", from.name())
}

pub(crate) fn find<'a>(fields: &'a [Header], name: &str) -> Option<&'a str> {
    fields
        .iter()
        .find(|field| field.name == name)
        .map(|field| field.value.as_str())
}

fn not_grpc(fields: &[Header]) -> Option<String> {
    match find(fields, "content-type") {
        Some(kind) if is_grpc(kind) => None,
        Some(kind) => {
            let kind = text::plain(kind);
            Some(format!(
                "content-type is {kind}, so this is not gRPC: it must be application/grpc"
            ))
        }
        None => Some("content-type is missing: it must be application/grpc".to_owned()),
    }
}

/// `application/grpc`, alone or with a format (`+proto`) or a parameter (`;…`).
pub(crate) fn is_grpc(content_type: &str) -> bool {
    let rest = content_type.strip_prefix("application/grpc");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}
