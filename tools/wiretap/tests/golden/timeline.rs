//! A recording as the book's timeline shows it: the JSON that "A recorded call" in
//! `tools/book/README.md` describes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use wiretap::{Call, Closed, Content, Event, Field, Form, Header, Message, Recording, Side, names};

/// RFC 9113, section 6.9.2: both windows before anyone changes them.
const INITIAL_WINDOW: i64 = 65_535;
/// RFC 9113, section 6.5.2.
const INITIAL_WINDOW_SIZE: u16 = 4;

pub fn json(recording: &Recording) -> Value {
    let mut events: Vec<(u128, Value)> = Vec::new();
    let mut rows: Vec<(u32, Option<&Event>, wiretap::Skipped)> = Vec::new();
    for event in recording.events() {
        rows.push((0, Some(event), Default::default()));
    }
    for call in recording.calls() {
        let stream = call.stream();
        let mut push = |event| rows.push((stream, Some(event), Default::default()));
        call.first_events().iter().for_each(&mut push);
        if call.skipped().frames > 0 {
            rows.push((stream, None, call.skipped()));
        }
        let mut push = |event| rows.push((stream, Some(event), Default::default()));
        call.last_events().for_each(&mut push);
    }
    // What came in one piece has one time: the connection's own frames go first, then the streams.
    // A gap comes when the event before it came.
    let mut last = 0;
    let mut timed: Vec<_> = rows
        .into_iter()
        .map(|(stream, event, gap)| {
            last = event.map_or(last, |event| event.at.as_micros());
            (last, stream, event, gap)
        })
        .collect();
    timed.sort_by_key(|(at, ..)| *at);

    let is_whole = recording.dropped_calls() == 0
        && recording.skipped().frames == 0
        && recording.calls().all(|call| call.skipped().frames == 0);
    let mut windows = Windows::default();
    for (at, stream, event, gap) in timed {
        let value = match event {
            Some(event) => {
                let window = windows.after(event).filter(|_| is_whole);
                event_json(at, stream, event, window)
            }
            None => json!({
                "at_us": at as u64,
                "stream": stream,
                "content": { "skipped": { "frames": gap.frames, "bytes": gap.bytes } },
            }),
        };
        events.push((at, value));
    }
    json!({
        "format": "timeline",
        "version": 1,
        "calls": recording.calls().map(call_json).collect::<Vec<_>>(),
        "events": events.into_iter().map(|(_, value)| value).collect::<Vec<_>>(),
    })
}

fn call_json(call: &Call) -> Value {
    let mut value = json!({ "stream": call.stream(), "path": call.path() });
    if let Some(status) = call.status() {
        value["status"] =
            json!({ "code": status.code, "name": status.name(), "message": status.message });
    }
    value
}

fn event_json(at: u128, stream: u32, event: &Event, window: Option<(i64, Option<i64>)>) -> Value {
    let mut value = json!({
        "at_us": at as u64,
        "from": event.from.name(),
        "stream": event.frame.map_or(stream, |frame| frame.stream),
        "content": content_json(&event.content),
    });
    if let Some(frame) = event.frame {
        value["frame"] = json!({
            "type": frame.kind,
            "name": frame.name(),
            "flags": frame.flags,
            "flag_names": names::flag_names(frame.kind, frame.flags).collect::<Vec<_>>(),
            "length": frame.length,
            "continuations": frame.continuations,
        });
    }
    if let Some((connection, stream)) = window {
        value["window"] = json!({ "connection": connection });
        if let Some(stream) = stream {
            value["window"]["stream"] = json!(stream);
        }
    }
    if !event.problems.is_empty() {
        value["problems"] = json!(event.problems);
    }
    value
}

fn content_json(content: &Content) -> Value {
    match content {
        Content::Data(data) => {
            let mut value = json!({
                "length": data.length,
                "messages": data.messages.iter().map(message_json).collect::<Vec<_>>(),
            });
            if data.more_messages > 0 {
                value["more_messages"] = json!(data.more_messages);
            }
            if let Some((so_far, all)) = data.unfinished {
                value["unfinished"] = json!({ "so_far": so_far, "all": all });
            }
            if !data.raw.is_empty() {
                value["raw"] = json!(hex(&data.raw));
            }
            json!({ "data": value })
        }
        Content::Headers(fields) => json!({ "headers": headers_json(fields) }),
        Content::Priority => json!("priority"),
        Content::Reset { code } => json!({ "reset": error_json(*code) }),
        Content::Settings(settings) => {
            let setting = |(id, value): &(u16, u32)| json!({ "id": id, "name": names::setting(*id), "value": value });
            json!({ "settings": settings.iter().map(setting).collect::<Vec<_>>() })
        }
        Content::PushPromise { promised, fields } => {
            json!({ "push_promise": { "promised": promised, "headers": headers_json(fields) } })
        }
        Content::Ping(payload) => json!({ "ping": hex(payload) }),
        Content::GoAway {
            last_stream,
            code,
            debug,
        } => json!({ "go_away": {
            "last_stream": last_stream,
            "error": error_json(*code),
            "debug": String::from_utf8_lossy(debug),
        } }),
        Content::WindowUpdate { increment } => {
            json!({ "window_update": { "increment": increment } })
        }
        Content::Lost => json!("lost"),
        Content::Closed(Closed::End) => json!({ "closed": "end" }),
        Content::Closed(Closed::Reset) => json!({ "closed": "reset" }),
        _ => json!("unknown"),
    }
}

fn error_json(code: u32) -> Value {
    json!({ "code": code, "name": names::error_code(code) })
}

pub fn headers_json(fields: &[Header]) -> Vec<Value> {
    let field = |field: &Header| {
        json!({
            "name": field.name,
            "value": field.value,
            "form": match field.coding.form {
                Form::Indexed => "indexed",
                Form::Added => "added",
                Form::NotAdded => "not-added",
                Form::NeverAdded => "never-added",
            },
            "index": field.coding.index,
            "huffman_name": field.coding.huffman_name,
            "huffman_value": field.coding.huffman_value,
            "length": field.coding.length,
        })
    };
    fields.iter().map(field).collect()
}

fn message_json(message: &Message) -> Value {
    let fields = message.fields();
    let mut value = json!({
        "compressed": message.compressed,
        "length": message.length,
        "bytes": hex(&message.bytes),
        "fields": fields_json(&fields.list),
    });
    if let Some(name) = message.type_name() {
        value["message"] = json!(name);
    }
    if let Some((at, why)) = fields.stopped {
        value["stopped"] = json!({ "at": at, "why": why });
    }
    value
}

pub fn fields_json(fields: &[Field]) -> Vec<Value> {
    let field = |field: &Field| {
        let mut value = json!({
            "number": field.number,
            "wire_type": field.wire_type.name(),
            "start": field.bytes.start,
            "end": field.bytes.end,
            "value": field.value,
        });
        if let Some(name) = &field.name {
            value["name"] = json!(name);
        }
        if let Some(problem) = &field.problem {
            value["problem"] = json!(problem);
        }
        if !field.fields.is_empty() {
            value["fields"] = json!(fields_json(&field.fields));
        }
        value
    };
    fields.iter().map(field).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What each side may still send, as flow control counts it (RFC 9113, section 6.9).
#[derive(Default)]
struct Windows {
    client: Sender,
    server: Sender,
}

struct Sender {
    initial: i64,
    connection: i64,
    /// How far each stream is from the initial window.
    streams: BTreeMap<u32, i64>,
}

impl Default for Sender {
    fn default() -> Sender {
        Sender {
            initial: INITIAL_WINDOW,
            connection: INITIAL_WINDOW,
            streams: BTreeMap::new(),
        }
    }
}

impl Windows {
    fn sender(&mut self, side: Side) -> &mut Sender {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// After a frame that changes them: what the side that sends the data has left, on the
    /// connection and on the frame's stream.
    fn after(&mut self, event: &Event) -> Option<(i64, Option<i64>)> {
        let frame = event.frame?;
        let (sender, change) = match &event.content {
            Content::Data(_) => (self.sender(event.from), -i64::from(frame.length)),
            Content::WindowUpdate { increment } => {
                (self.sender(event.from.other()), i64::from(*increment))
            }
            Content::Settings(settings) => {
                let sender = self.sender(event.from.other());
                let last = settings
                    .iter()
                    .rfind(|(id, _)| *id == INITIAL_WINDOW_SIZE)?;
                sender.initial = i64::from(last.1);
                return None;
            }
            _ => return None,
        };
        let is_data = matches!(event.content, Content::Data(_));
        if frame.stream == 0 || is_data {
            sender.connection += change;
        }
        if frame.stream == 0 {
            return Some((sender.connection, None));
        }
        let stream = sender.streams.entry(frame.stream).or_default();
        *stream += change;
        Some((sender.connection, Some(sender.initial + *stream)))
    }
}
