//! The timeline of a recorded call: two lanes, time downwards, a row for each frame.
//!
//! `README.md` describes the file. It is read strictly, so that a recorder and this book cannot
//! drift apart unseen.

use serde::{Deserialize, Serialize};
use wiretap::names;

use super::{FileFault, code, element, plain, table};
use crate::markdown::escape;

const FORMAT: &str = "timeline";
const VERSION: u32 = 1;
/// Frames in one timeline, and bytes of its file: more is no longer read by anyone, and a page has
/// its limit.
const MAX_EVENTS: usize = 200;
const MAX_BYTES: usize = 48_000;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Timeline {
    format: String,
    version: u32,
    calls: Vec<Call>,
    events: Vec<Event>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Call {
    stream: u32,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Status {
    code: u32,
    name: String,
    message: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Event {
    at_us: u64,
    /// None only for frames that were skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Side>,
    stream: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<Frame>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
    content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    Client,
    Server,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Frame {
    #[serde(rename = "type")]
    kind: u8,
    name: String,
    flags: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    flag_names: Vec<String>,
    length: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    continuations: u32,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Window {
    connection: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<i64>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    Data(Data),
    Headers(Vec<Header>),
    Priority,
    Reset(ErrorCode),
    Settings(Vec<Setting>),
    PushPromise(PushPromise),
    Ping(Hex),
    GoAway(GoAway),
    WindowUpdate(WindowUpdate),
    Unknown,
    Lost,
    Closed(Closed),
    Skipped(Skipped),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Data {
    length: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message>,
    #[serde(default, skip_serializing_if = "is_zero")]
    more_messages: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished: Option<Unfinished>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Hex>,
}

fn is_zero<T: Default + PartialEq>(n: &T) -> bool {
    *n == T::default()
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Unfinished {
    so_far: u64,
    all: Option<u64>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Message {
    #[serde(default, skip_serializing_if = "is_zero")]
    compressed: bool,
    length: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Its first bytes; fewer than `length` if not all were kept.
    bytes: Hex,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Field {
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    wire_type: String,
    /// Where it is in the message's bytes.
    start: usize,
    end: usize,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Stopped {
    at: usize,
    why: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    value: String,
    form: HeaderForm,
    #[serde(default, skip_serializing_if = "is_zero")]
    index: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    huffman_name: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    huffman_value: bool,
    length: u32,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum HeaderForm {
    Indexed,
    Added,
    NotAdded,
    NeverAdded,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ErrorCode {
    code: u32,
    name: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    id: u16,
    name: Option<String>,
    value: u32,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PushPromise {
    promised: u32,
    headers: Vec<Header>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct GoAway {
    last_stream: u32,
    error: ErrorCode,
    debug: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WindowUpdate {
    increment: u32,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Closed {
    End,
    Reset,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Skipped {
    frames: u64,
    bytes: u64,
}

/// Hexadecimal without spaces.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "String")]
struct Hex(String);

impl TryFrom<String> for Hex {
    type Error = String;

    fn try_from(hex: String) -> Result<Hex, String> {
        super::from_hex(&hex)?;
        Ok(Hex(hex))
    }
}

pub fn html(text: &str) -> Result<String, FileFault> {
    let fault = |line, message| {
        let fix = "record the call again; tools/book/README.md describes the file";
        (line, message, fix.to_owned())
    };
    if text.len() > MAX_BYTES {
        let message = format!("the recording has {} bytes", text.len());
        let fix = format!("show one of at most {MAX_BYTES}");
        return Err((1, message, fix));
    }
    let timeline: Timeline = serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        fault(error.line().max(1), format!("not a timeline: {said}"))
    })?;
    if timeline.format != FORMAT || timeline.version != VERSION {
        let (format, version) = (&timeline.format, timeline.version);
        let message = format!(
            "this is version {version} of \"{format}\", and the book reads version {VERSION} of \"{FORMAT}\""
        );
        return Err(fault(1, message));
    }
    if timeline.events.is_empty() || timeline.events.len() > MAX_EVENTS {
        let message = format!("the recording has {} frames", timeline.events.len());
        return Err((1, message, format!("show one of 1 to {MAX_EVENTS}")));
    }

    let calls: String = timeline.calls.iter().map(call).collect();
    let rows = timeline.events.iter().map(|event| {
        let way = match event.from {
            Some(Side::Client) => "client → server",
            Some(Side::Server) => "server → client",
            None => "",
        };
        let stream = match event.stream {
            0 => "connection".to_owned(),
            stream => stream.to_string(),
        };
        // The script takes the words from here.
        let mut says = format!("<span data-says>{}</span>", escape(&says(event)));
        for problem in &event.problems {
            says += &format!("<br><strong>{}</strong>", escape(&plain(problem)));
        }
        vec![
            milliseconds(event.at_us),
            way.to_owned(),
            stream,
            code(&name(event)),
            says,
        ]
    });
    let head = ["ms", "way", "stream", "frame", "what it says"];
    let shown = format!("{calls}{}", table("", &head, rows));
    Ok(element("call-timeline", "", &shown, Some(&timeline)))
}

fn call(call: &Call) -> String {
    let ends = match &call.status {
        None => "no status".to_owned(),
        Some(status) if status.message.is_empty() => escape(&plain(&status.name)),
        Some(status) => {
            let (name, message) = (plain(&status.name), plain(&status.message));
            escape(&format!("{name}, “{message}”"))
        }
    };
    let path = code(&plain(&call.path));
    format!("<p>Stream {}: {path}, {ends}.</p>\n", call.stream)
}

fn milliseconds(at_us: u64) -> String {
    format!("{:.2}", at_us as f64 / 1000.0)
}

/// A frame's name, or what else the event is.
fn name(event: &Event) -> String {
    match (&event.frame, &event.content) {
        (Some(frame), _) => plain(&frame.name),
        (None, Content::Closed(Closed::End)) => "closed".to_owned(),
        (None, Content::Closed(Closed::Reset)) => "cut".to_owned(),
        (None, Content::Skipped(_)) => "…".to_owned(),
        (None, _) => "unreadable".to_owned(),
    }
}

fn count(n: u64, thing: &str) -> String {
    match n {
        1 => format!("1 {thing}"),
        n => format!("{n} {thing}s"),
    }
}

/// An event in one line of words.
fn says(event: &Event) -> String {
    let mut words: Vec<String> = Vec::new();
    if let Some(frame) = &event.frame {
        let flags = frame
            .flag_names
            .iter()
            .filter(|flag| *flag != "END_HEADERS");
        words.extend(flags.map(|flag| plain(flag)));
    }
    match &event.content {
        Content::Data(data) => words.extend(data_words(data)),
        Content::Headers(headers) => words.extend(headers.iter().filter_map(header_words)),
        Content::PushPromise(promise) => {
            words.push(format!("promises stream {}", promise.promised));
        }
        Content::Reset(error) => words.push(error_words(error)),
        Content::Settings(settings) => {
            words.extend(settings.iter().map(|setting| match &setting.name {
                Some(name) => format!("{} {}", plain(name), setting.value),
                None => format!("setting {} {}", setting.id, setting.value),
            }));
        }
        Content::GoAway(go_away) => {
            words.push(error_words(&go_away.error));
            words.push(format!("last stream {}", go_away.last_stream));
            if !go_away.debug.is_empty() {
                words.push(format!("“{}”", plain(&go_away.debug)));
            }
        }
        Content::WindowUpdate(update) => {
            words.push(format!("{} more", count(update.increment.into(), "byte")));
        }
        Content::Ping(payload) => words.push(payload.0.clone()),
        Content::Skipped(gap) => {
            let bytes = count(gap.bytes, "byte");
            words.push(format!("{}, {bytes}, not kept", count(gap.frames, "frame")));
        }
        Content::Priority | Content::Unknown | Content::Lost | Content::Closed(_) => (),
    }
    if let Some(Window { connection, stream }) = &event.window {
        if *stream == Some(0) {
            words.push("the stream’s window is used up".to_owned());
        }
        if *connection == 0 {
            words.push("the connection’s window is used up".to_owned());
        }
    }
    words.join(" · ")
}

fn data_words(data: &Data) -> Vec<String> {
    let mut words = Vec::new();
    if data.length == 0 && data.messages.is_empty() {
        return words;
    }
    for message in data.messages.iter().take(4) {
        let name = message.message.as_deref().unwrap_or("message");
        let name = plain(name.rsplit('.').next().unwrap_or(name));
        words.push(match message.fields.is_empty() {
            true => format!("{name}, {}", count(message.length.into(), "byte")),
            false => format!("{name} {}", fields_words(&message.fields, 0)),
        });
    }
    let more = (data.messages.len() as u64).saturating_sub(4) + data.more_messages;
    if more > 0 {
        words.push(count(more, "more message"));
    }
    if let Some(Unfinished { so_far, all }) = &data.unfinished {
        words.push(match all {
            Some(all) => format!("the first {so_far} of {all} bytes of a message"),
            None => format!("the first {so_far} of 5 bytes of a prefix"),
        });
    } else if data.messages.is_empty() {
        words.push(count(data.length.into(), "byte"));
    }
    words
}

/// The first fields, those of the messages inside included, so far as a line holds them.
fn fields_words(fields: &[Field], depth: usize) -> String {
    const SHOWN: usize = 4;
    const DEPTH: usize = 2;
    let field = |field: &Field| {
        let name = match &field.name {
            Some(name) => plain(name),
            None => field.number.to_string(),
        };
        match field.fields.is_empty() || depth == DEPTH {
            true => format!("{name}: {}", plain(&field.value)),
            false => format!("{name} {}", fields_words(&field.fields, depth + 1)),
        }
    };
    let mut words: Vec<String> = fields.iter().take(SHOWN).map(field).collect();
    if fields.len() > SHOWN {
        words.push("…".to_owned());
    }
    format!("{{ {} }}", words.join(", "))
}

/// What a reader of calls looks for; the rest is behind a click.
fn header_words(header: &Header) -> Option<String> {
    let (name, value) = (plain(&header.name), plain(&header.value));
    match header.name.as_str() {
        ":scheme" | ":authority" | "date" => None,
        "grpc-status" => {
            let meaning = value.parse().ok().and_then(names::grpc_status);
            let meaning = meaning.map_or_else(String::new, |name| format!(" ({name})"));
            Some(format!("{name} {value}{meaning}"))
        }
        _ => Some(format!("{name} {value}")),
    }
}

fn error_words(error: &ErrorCode) -> String {
    match &error.name {
        Some(name) => format!("{} ({})", plain(name), error.code),
        None => format!("error {:#x}", error.code),
    }
}
