//! What a failing test prints: one call, or the connection itself, in a dozen readable lines.
//!
//! A trace is at most some 200 lines of some 100 columns, however long the call was. Times count
//! from the call's first frame. What is wrong stands under its frame, after a `!`.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::call::{Call, status_name};
use crate::event::{Closed, Content, Event, Header, Side, Skipped};
use crate::field::Field;
use crate::frame::Frame;
use crate::message::{Data, Message};
use crate::names::{self, flag};
use crate::{Recording, text};

const WIDTH: usize = 100;
/// Where what follows a frame's name and time begins.
const CONTENT: usize = 25;
/// Bytes of a field that are shown as hex: enough for a tag and the longest varint.
const HEX: usize = 11;
/// A message's hex is at least this wide, so that most messages line up.
const HEX_WIDTH: usize = 16;

/// A run of more DATA frames than this is summarised: its first three, and its last.
const LONG_RUN: usize = 6;
const RUN_FIRST: usize = 3;
/// More frames than this are summarised whatever they are.
const MAX_FRAMES: usize = 16;
const MAX_FRAMES_FIRST: usize = 10;
/// Messages shown of one frame, and fields of one message.
const MAX_MESSAGES: usize = 4;
const MAX_FIELDS: usize = 24;
/// Lines of messages in one trace. After them, only their lengths.
const MAX_MESSAGE_LINES: usize = 80;
/// Header fields shown of one frame.
const MAX_HEADERS: usize = 24;

/// Fields that say nothing about the call. `x-lab-call` is the tests' own mark.
const HIDDEN: [&str; 4] = [":scheme", ":authority", "date", "x-lab-call"];

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directions = "(→ client to server, ← server to client)";
        writeln!(f, "on the wire, stream {} {directions}", self.stream())?;
        let last = self.last_events().collect();
        let mut trace = Trace {
            since: self.started(),
            call: Some(self),
            message_lines: 0,
        };
        trace.write(f, self.first_events(), self.skipped(), last)?;
        if !self.is_finished() {
            writeln!(f, "· the server has not ended this stream")?;
        }
        Ok(())
    }
}

/// The trace of the connection's own frames: see [`Recording::connection`].
#[derive(Debug)]
pub struct Connection<'a>(pub(crate) &'a Recording);

impl fmt::Display for Connection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Connection(recording) = self;
        writeln!(
            f,
            "on the wire, the connection (→ client to server, ← server to client)"
        )?;
        let mut trace = Trace {
            since: Duration::ZERO,
            call: None,
            message_lines: 0,
        };
        let last = recording.last_events().collect();
        trace.write(f, recording.first_events(), recording.skipped(), last)?;
        if recording.dropped_calls() > 0 {
            writeln!(
                f,
                "· {} not kept",
                text::count(recording.dropped_calls(), "older call")
            )?;
        }
        Ok(())
    }
}

struct Trace<'a> {
    since: Duration,
    /// None: this is the connection's own trace, and no frame is boring.
    call: Option<&'a Call>,
    message_lines: usize,
}

/// What a trace shows, before some of it is left out.
enum Item<'a> {
    Event(&'a Event),
    Gap(Skipped),
}

impl<'a> Item<'a> {
    fn event(&self) -> Option<&'a Event> {
        match self {
            Item::Event(event) => Some(event),
            Item::Gap(_) => None,
        }
    }

    /// The side that sent this DATA frame, if it is a plain one.
    fn data_from(&self) -> Option<Side> {
        let event = self.event()?;
        let is_data = matches!(event.content, Content::Data(_));
        (is_data && event.problems.is_empty()).then_some(event.from)
    }
}

impl Trace<'_> {
    fn write(
        &mut self,
        f: &mut fmt::Formatter<'_>,
        first: &[Event],
        gap: Skipped,
        last: Vec<&Event>,
    ) -> fmt::Result {
        let is_shown = |event: &&Event| self.call.is_none() || !is_boring(event);
        let mut items: Vec<Item<'_>> = first.iter().filter(is_shown).map(Item::Event).collect();
        if gap.frames > 0 {
            items.push(Item::Gap(gap));
        }
        items.extend(last.into_iter().filter(is_shown).map(Item::Event));

        let mut shown = vec![true; items.len()];
        hide_runs(&items, &mut shown);
        hide_middle(&items, &mut shown);

        let mut hidden = Hidden::default();
        for (item, shown) in items.iter().zip(shown) {
            match item {
                Item::Event(event) if shown => {
                    hidden.write(f)?;
                    self.event(f, event)?;
                }
                item => hidden.add(item),
            }
        }
        hidden.write(f)
    }

    fn event(&mut self, f: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
        let arrow = match event.from {
            Side::Client => '→',
            Side::Server => '←',
        };
        let name = match (&event.content, event.frame) {
            (Content::Closed(Closed::End), _) => "closed".to_owned(),
            (Content::Closed(Closed::Reset), _) => "cut".to_owned(),
            (_, Some(frame)) => frame.name(),
            (_, None) => "unreadable".to_owned(),
        };
        let at = event.at.saturating_sub(self.since).as_secs_f64() * 1000.0;
        let width = (CONTENT - 7).saturating_sub(name.chars().count());
        let mut line = format!("{arrow} {name}{at:>width$.1} ms");
        for word in words(event) {
            add_word(f, &mut line, &word)?;
        }
        writeln!(f, "{line}")?;
        if let Content::Data(data) = &event.content {
            self.data(f, event.from, data)?;
        }
        for problem in &event.problems {
            let mut line = "    !".to_owned();
            for word in text::plain_whole(problem).split(' ') {
                let fits = line.chars().count() + 1 + word.chars().count() <= WIDTH;
                if fits {
                    line.push(' ');
                } else {
                    writeln!(f, "{line}")?;
                    line = " ".repeat(6);
                }
                line.push_str(word);
            }
            writeln!(f, "{line}")?;
        }
        Ok(())
    }

    fn data(&mut self, f: &mut fmt::Formatter<'_>, from: Side, data: &Data) -> fmt::Result {
        if !data.raw.is_empty() {
            let raw = match std::str::from_utf8(&data.raw) {
                Ok(string) => text::quoted(string, data.length.into()),
                Err(_) => text::hex(&data.raw, data.length.into()),
            };
            writeln!(f, "    {raw}")?;
        }
        for message in data.messages.iter().take(MAX_MESSAGES) {
            self.message(f, from, message)?;
        }
        let kept = data.messages.len() as u64;
        let more = kept.saturating_sub(MAX_MESSAGES as u64) + data.more_messages;
        if more > 0 {
            writeln!(f, "    … {}", text::count(more, "more message"))?;
        }
        Ok(())
    }

    fn message(
        &mut self,
        f: &mut fmt::Formatter<'_>,
        from: Side,
        message: &Message,
    ) -> fmt::Result {
        let fields = message.fields();
        let mut lines = Vec::new();
        flatten(&fields.list, 0, &message.bytes, &mut lines);
        let all = lines.len();
        let room = MAX_MESSAGE_LINES.saturating_sub(self.message_lines);
        lines.truncate(MAX_FIELDS.min(room));
        let hidden = all - lines.len();
        if let (Some((at, why)), 0) = (fields.stopped, hidden) {
            let rest = message.bytes.get(at..).unwrap_or_default();
            lines.push((text::hex_up_to(rest, HEX), why));
        }
        self.message_lines += lines.len() + 1;

        let width = lines
            .iter()
            .map(|(hex, _)| hex.chars().count())
            .max()
            .unwrap_or(0);
        let width = width.max(HEX_WIDTH);
        let prefix = format!(
            "{:02x} {:08x}",
            u8::from(message.compressed),
            message.length
        );
        let about = self.about(from, message);
        writeln!(f, "    {prefix:<width$}  {about}")?;
        for (hex, words) in &lines {
            writeln!(f, "    {hex:<width$}  {words}")?;
        }
        if hidden > 0 {
            let more = text::count(hidden as u64, "more field");
            writeln!(f, "    {:<width$}  … {more}", "")?;
        }
        if message.compressed && !message.bytes.is_empty() {
            writeln!(
                f,
                "    {}",
                text::hex(&message.bytes, message.length.into())
            )?;
        }
        Ok(())
    }

    fn about(&self, from: Side, message: &Message) -> String {
        let length = text::count(message.length.into(), "byte");
        if message.compressed {
            let call = self.call;
            let encoding = call.and_then(|call| match from {
                Side::Client => call.request_header("grpc-encoding"),
                Side::Server => call.response_header("grpc-encoding"),
            });
            return match encoding {
                Some(encoding) => {
                    format!(
                        "message of {length}, compressed ({})",
                        text::plain(encoding)
                    )
                }
                None => format!("message of {length}, compressed, and no grpc-encoding says how"),
            };
        }
        let defaults = match (message.length, &message.of) {
            (0, Some(of)) if of.fields().len() > 0 => ": every field has its default",
            _ => "",
        };
        format!("message of {length}, not compressed{defaults}")
    }
}

/// A field's line: its hex, and what it says.
fn flatten(fields: &[Field], depth: usize, bytes: &[u8], lines: &mut Vec<(String, String)>) {
    for field in fields {
        // Of a nested message, only the tag and the length: its fields follow.
        let end = field
            .fields
            .first()
            .map_or(field.bytes.end, |first| first.bytes.start);
        let own = bytes.get(field.bytes.start..end).unwrap_or_default();
        let Field { number, value, .. } = field;
        // Deeper than this, lines would be too long to read.
        let mut words = "  ".repeat(depth.min(10));
        let _ = match (&field.name, &field.problem) {
            (Some(name), Some(problem)) => {
                write!(words, "{number} {} = {value}: {problem}", text::plain(name))
            }
            (Some(name), None) => write!(words, "{number} {} = {value}", text::plain(name)),
            (None, Some(problem)) => write!(words, "{problem}"),
            (None, None) => write!(words, "{number} = {value} ({})", field.wire_type.name()),
        };
        lines.push((text::hex_up_to(own, HEX), words));
        flatten(&field.fields, depth + 1, bytes, lines);
    }
}

/// Frames that a trace leaves out.
#[derive(Default)]
struct Hidden {
    frames: u64,
    bytes: u64,
    is_not_only_data: bool,
}

impl Hidden {
    fn add(&mut self, item: &Item<'_>) {
        match item {
            Item::Event(event) => {
                self.frames += 1;
                self.bytes += event.frame.map_or(0, |frame| u64::from(frame.length));
                self.is_not_only_data |= !matches!(event.content, Content::Data(_));
            }
            Item::Gap(gap) => {
                self.frames += gap.frames;
                self.bytes += gap.bytes;
                self.is_not_only_data = true;
            }
        }
    }

    fn write(&mut self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = std::mem::take(self);
        if hidden.frames == 0 {
            return Ok(());
        }
        let what = if hidden.is_not_only_data {
            "more frame"
        } else {
            "more DATA frame"
        };
        writeln!(
            f,
            "… {}, {}",
            text::count(hidden.frames, what),
            text::size(hidden.bytes)
        )
    }
}

/// Flow control and keep-alive matter only when they go wrong.
fn is_boring(event: &Event) -> bool {
    let boring = matches!(
        event.content,
        Content::WindowUpdate { .. } | Content::Ping(_) | Content::Priority | Content::Unknown
    );
    boring && event.problems.is_empty()
}

/// Hides the inner part of each long run of DATA frames from one side. A gap in it counts as such
/// frames too.
fn hide_runs(items: &[Item<'_>], shown: &mut [bool]) {
    let mut start = 0;
    while let Some(item) = items.get(start) {
        let Some(from) = item.data_from() else {
            start += 1;
            continue;
        };
        let rest = items.get(start..).unwrap_or_default();
        let length = rest
            .iter()
            .take_while(|item| item.event().is_none() || item.data_from() == Some(from))
            .count();
        if length > LONG_RUN {
            let inner = start + RUN_FIRST..start + length - 1;
            shown.get_mut(inner).unwrap_or_default().fill(false);
        }
        start += length;
    }
}

/// Hides the middle of what is still too long, but for the first few frames with problems.
fn hide_middle(items: &[Item<'_>], shown: &mut [bool]) {
    let visible: Vec<usize> = (0..items.len())
        .filter(|n| shown.get(*n) == Some(&true))
        .collect();
    if visible.len() <= MAX_FRAMES {
        return;
    }
    let middle = MAX_FRAMES_FIRST..visible.len() - (MAX_FRAMES - MAX_FRAMES_FIRST);
    let mut problems = 0;
    for n in visible.get(middle).unwrap_or_default() {
        let event = items.get(*n).and_then(Item::event);
        if event.is_some_and(|event| !event.problems.is_empty()) {
            problems += 1;
            if problems <= MAX_MESSAGES {
                continue;
            }
        }
        if let Some(shown) = shown.get_mut(*n) {
            *shown = false;
        }
    }
}

/// Adds a word to the line, or writes the line out and starts another with it.
fn add_word(f: &mut fmt::Formatter<'_>, line: &mut String, word: &str) -> fmt::Result {
    let length = line.chars().count();
    if length > CONTENT && length + 2 + word.chars().count() > WIDTH {
        writeln!(f, "{line}")?;
        *line = " ".repeat(CONTENT);
    } else {
        line.push_str("  ");
    }
    line.push_str(word);
    Ok(())
}

/// What a frame says on its own line, in pieces that are not to be broken.
fn words(event: &Event) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(frame) = event.frame {
        let is_flag_shown = |flag: &&str| *flag != "END_HEADERS";
        words.extend(frame_flags(frame).filter(is_flag_shown).map(str::to_owned));
        if frame.continuations > 0 {
            let more = u64::from(frame.continuations);
            words.push(format!("and {}", text::count(more, "CONTINUATION frame")));
        }
    }
    match &event.content {
        Content::Headers(fields) => header_words(fields, &mut words),
        Content::PushPromise { promised, fields } => {
            words.push(format!("promises stream {promised}"));
            header_words(fields, &mut words);
        }
        Content::Data(data) => data_words(data, event.frame, &mut words),
        Content::Reset { code } => words.push(error(*code)),
        Content::GoAway {
            last_stream,
            code,
            debug,
        } => {
            words.push(error(*code));
            words.push(format!("last stream {last_stream}"));
            if !debug.is_empty() {
                let debug = String::from_utf8_lossy(debug);
                words.push(text::quoted(&debug, debug.len() as u64));
            }
        }
        Content::Settings(settings) => {
            words.extend(
                settings
                    .iter()
                    .map(|(id, value)| match names::setting(*id) {
                        Some(name) => format!("{name} {value}"),
                        None => format!("setting {id}: {value}"),
                    }),
            )
        }
        Content::WindowUpdate { increment } => words.push(format!("+{increment} bytes")),
        Content::Ping(payload) => words.push(text::hex(payload, payload.len() as u64)),
        Content::Unknown => {
            words.extend(event.frame.map(|frame| text::size(frame.length.into())));
        }
        Content::Priority | Content::Lost | Content::Closed(_) => (),
    }
    words
}

fn frame_flags(frame: Frame) -> impl Iterator<Item = &'static str> {
    names::flag_names(frame.kind, frame.flags)
}

fn data_words(data: &Data, frame: Option<Frame>, words: &mut Vec<String>) {
    let ends = frame.is_some_and(|frame| frame.has(flag::END_STREAM));
    if data.length == 0 {
        if !ends {
            words.push("empty".to_owned());
        }
        return;
    }
    if let Some((so_far, all)) = data.unfinished {
        words.push(text::size(data.length.into()));
        words.push(match all {
            Some(all) => {
                let (so_far, all) = (text::size(so_far), text::size(all));
                format!("so far {so_far} of a message's {all}")
            }
            None => format!("so far {so_far} of a prefix's 5 bytes"),
        });
    } else if data.messages.is_empty() {
        words.push(text::size(data.length.into()));
    }
}

fn header_words(fields: &[Header], words: &mut Vec<String>) {
    let mut shown = 0;
    for Header { name, value, .. } in fields {
        if HIDDEN.contains(&name.as_str()) {
            continue;
        }
        shown += 1;
        if shown > MAX_HEADERS {
            continue;
        }
        let word = format!("{} {}", text::plain(name), text::plain(value));
        let meaning = match name.as_str() {
            "grpc-status" => value.parse().ok().map(status_name),
            "grpc-message" => Some(text::percent_decoded(value))
                .filter(|decoded| decoded != value)
                .map(|decoded| text::quoted(&decoded, decoded.len() as u64)),
            "grpc-timeout" => timeout(value),
            _ => None,
        };
        match meaning {
            Some(meaning) if CONTENT + word.len() + meaning.len() < WIDTH => {
                words.push(format!("{word} ({meaning})"));
            }
            Some(meaning) => words.extend([word, format!("({meaning})")]),
            None => words.push(word),
        }
    }
    if shown > MAX_HEADERS {
        let more = (shown - MAX_HEADERS) as u64;
        words.push(format!("… {}", text::count(more, "more field")));
    }
}

/// A `grpc-timeout` in words: at most eight digits and a unit (gRPC over HTTP/2, "Timeout").
fn timeout(value: &str) -> Option<String> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|d| d.is_ascii_digit()) {
        return None;
    }
    let unit = match unit {
        "H" => "h",
        "M" => "min",
        "S" => "s",
        "m" => "ms",
        "u" => "µs",
        "n" => "ns",
        _ => return None,
    };
    Some(format!("{digits} {unit}"))
}

fn error(code: u32) -> String {
    match names::error_code(code) {
        Some(name) => format!("{name} ({code})"),
        None => format!("error {code:#x}"),
    }
}
