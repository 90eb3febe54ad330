//! Protobuf's wire format (protobuf.dev, "Encoding"): a message's bytes to its fields, with names
//! and types where the contract has them, and what is wrong where something is.

use std::ops::Range;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::text;

/// Nested messages are opened this deep; protobuf's own decoders stop at 100.
const MAX_DEPTH: usize = 32;
/// Fields that one message is opened into, those of nested messages included.
const MAX_FIELDS: usize = 1000;
/// Elements of a packed field that are shown.
const MAX_PACKED: usize = 16;

/// One field of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub number: u32,
    /// None if the contract is not known, or has no such field.
    pub name: Option<String>,
    pub wire_type: WireType,
    /// Where the field is in the message's bytes: tag, length and value.
    pub bytes: Range<usize>,
    /// The value in words: `2`, `"text"`, `OPERATOR_ADD (1)`, `[1, 2]`, or a message's name.
    pub value: String,
    /// The fields of a nested message.
    pub fields: Vec<Field>,
    /// What is wrong with it, in one sentence.
    pub problem: Option<String>,
}

/// How a value is written, the low three bits of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireType {
    Varint,
    Fixed64,
    LengthDelimited,
    Fixed32,
}

impl WireType {
    /// The name that protobuf's documentation uses.
    pub fn name(self) -> &'static str {
        match self {
            WireType::Varint => "varint",
            WireType::Fixed64 => "64-bit",
            WireType::LengthDelimited => "length-delimited",
            WireType::Fixed32 => "32-bit",
        }
    }
}

/// A message's bytes as fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    pub list: Vec<Field>,
    /// Where decoding stopped and why, if it did not reach the end.
    pub stopped: Option<(usize, String)>,
}

/// Decodes `bytes`, a message of type `message` or its start: `missing` more bytes of it were not
/// kept.
pub(crate) fn decode(bytes: &[u8], missing: u64, message: Option<&MessageDescriptor>) -> Fields {
    let mut list = Vec::new();
    let mut left = MAX_FIELDS;
    let mut reader = Reader {
        bytes,
        at: 0,
        missing,
    };
    let not_kept = || "the rest was not kept".to_owned();
    let stopped = match read_message(&mut reader, message, &mut left, 0, &mut list) {
        Ok(()) if reader.missing > 0 => Some((bytes.len(), not_kept())),
        Ok(()) => None,
        Err(Stop {
            at,
            why: Why::Truncated(_),
        }) if missing > 0 => Some((at, not_kept())),
        Err(Stop {
            at,
            why: Why::Truncated(what) | Why::Malformed(what),
        }) => Some((at, what)),
        Err(Stop {
            at,
            why: Why::TooMany,
        }) => Some((
            at,
            format!("only the first {MAX_FIELDS} fields are decoded"),
        )),
    };
    Fields { list, stopped }
}

struct Stop {
    /// Where the field began that could not be read.
    at: usize,
    why: Why,
}

enum Why {
    /// The bytes end too early.
    Truncated(String),
    Malformed(String),
    TooMany,
}

struct Reader<'a> {
    /// Up to where this message ends.
    bytes: &'a [u8],
    at: usize,
    /// Bytes of the message after these that were not kept.
    missing: u64,
}

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Result<u64, Why> {
        let mut value = 0u64;
        for n in 0..10 {
            let Some(&byte) = self.bytes.get(self.at) else {
                return Err(Why::Truncated(
                    "the message ends inside a varint".to_owned(),
                ));
            };
            self.at += 1;
            if n == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Why::Malformed("a varint is longer than 64 bits".to_owned()))
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let length = usize::try_from(length).ok()?;
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Why> {
        let taken = self.take(N as u64).and_then(|bytes| bytes.try_into().ok());
        taken.ok_or_else(|| Why::Truncated(format!("the message ends inside a value of {N} bytes")))
    }
}

/// A value as it is on the wire, before its type is known.
#[derive(Clone, Copy)]
enum Raw<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    /// The bytes, and how many there were on the wire: more, if the message was cut in them.
    Delimited(&'a [u8], u64),
    Fixed32([u8; 4]),
}

impl Raw<'_> {
    fn wire_type(&self) -> WireType {
        match self {
            Raw::Varint(_) => WireType::Varint,
            Raw::Fixed64(_) => WireType::Fixed64,
            Raw::Delimited(..) => WireType::LengthDelimited,
            Raw::Fixed32(_) => WireType::Fixed32,
        }
    }
}

fn read_message(
    reader: &mut Reader<'_>,
    message: Option<&MessageDescriptor>,
    left: &mut usize,
    depth: usize,
    into: &mut Vec<Field>,
) -> Result<(), Stop> {
    while reader.at < reader.bytes.len() {
        let at = reader.at;
        if *left == 0 {
            return Err(Stop {
                at,
                why: Why::TooMany,
            });
        }
        *left -= 1;
        let (number, raw) = read_raw(reader).map_err(|why| Stop { at, why })?;
        let descriptor = message.and_then(|message| message.get_field(number));
        let mut field = Field {
            number,
            name: descriptor.as_ref().map(|field| field.name().to_owned()),
            wire_type: raw.wire_type(),
            bytes: at..reader.at,
            value: String::new(),
            fields: Vec::new(),
            problem: None,
        };
        let value_at = reader.at
            - if let Raw::Delimited(value, _) = raw {
                value.len()
            } else {
                0
            };
        match (descriptor, message) {
            (Some(known), _) => {
                known_value(&mut field, &known, &raw, value_at, reader, left, depth)
            }
            (None, message) => {
                field.value = guessed_value(&raw);
                field.problem = message.map(|message| {
                    let wire_type = field.wire_type.name();
                    let value = &field.value;
                    format!(
                        "field {number} is not in {} ({wire_type} {value})",
                        message.name()
                    )
                });
            }
        }
        into.push(field);
    }
    Ok(())
}

fn read_raw<'a>(reader: &mut Reader<'a>) -> Result<(u32, Raw<'a>), Why> {
    let tag = reader.varint()?;
    let number = match u32::try_from(tag >> 3) {
        Ok(number) if (1..1 << 29).contains(&number) => number,
        _ => return Err(Why::Malformed(format!("{} is no field number", tag >> 3))),
    };
    let raw = match tag & 7 {
        0 => Raw::Varint(reader.varint()?),
        1 => Raw::Fixed64(reader.fixed()?),
        2 => {
            let length = reader.varint()?;
            let left = (reader.bytes.len() - reader.at) as u64;
            let on_the_wire = left + reader.missing;
            if length > on_the_wire {
                let length = text::count(length, "byte");
                return Err(Why::Malformed(format!(
                    "field {number} announces {length}, and the message ends after {on_the_wire}"
                )));
            }
            let kept = length.min(left);
            reader.missing -= length - kept;
            Raw::Delimited(reader.take(kept).unwrap_or_default(), length)
        }
        5 => Raw::Fixed32(reader.fixed()?),
        3 | 4 => {
            return Err(Why::Malformed(format!(
                "field {number} is a group, which is not decoded"
            )));
        }
        other => {
            return Err(Why::Malformed(format!(
                "field {number} has wire type {other}, which does not exist"
            )));
        }
    };
    Ok((number, raw))
}

/// Fills in the value of a field that the contract has.
fn known_value(
    field: &mut Field,
    known: &FieldDescriptor,
    raw: &Raw<'_>,
    value_at: usize,
    reader: &Reader<'_>,
    left: &mut usize,
    depth: usize,
) {
    let kind = known.kind();
    match (raw, &kind) {
        (Raw::Delimited(value, length), Kind::Message(message)) => {
            field.value = match message.is_map_entry() {
                true => "map entry".to_owned(),
                false => message.name().to_owned(),
            };
            if depth == MAX_DEPTH {
                field.problem = Some(format!("nested more than {MAX_DEPTH} deep, not opened"));
                return;
            }
            // The nested reader keeps counting from the start of the whole message.
            let mut nested = Reader {
                bytes: reader.bytes.get(..reader.at).unwrap_or_default(),
                at: value_at,
                missing: *length - value.len() as u64,
            };
            let read = read_message(
                &mut nested,
                Some(message),
                left,
                depth + 1,
                &mut field.fields,
            );
            field.problem = match read {
                Err(Stop {
                    why: Why::Truncated(_),
                    ..
                }) if nested.missing > 0 => None,
                Err(Stop {
                    why: Why::Truncated(what) | Why::Malformed(what),
                    ..
                }) => Some(what),
                Err(Stop {
                    why: Why::TooMany, ..
                }) => Some("not opened to its end".to_owned()),
                Ok(()) => None,
            };
        }
        (Raw::Delimited(value, length), Kind::String) => match utf8(value, *length) {
            Some(string) => field.value = text::quoted(string, *length),
            None => {
                field.value = text::hex(value, *length);
                field.problem = Some("a string that is not UTF-8".to_owned());
            }
        },
        (Raw::Delimited(_, 0), Kind::Bytes) => field.value = "no bytes".to_owned(),
        (Raw::Delimited(value, length), Kind::Bytes) => field.value = text::hex(value, *length),
        (Raw::Delimited(value, length), element) if known.is_list() => {
            match packed(value, *length, element) {
                Ok(values) => field.value = values,
                Err(what) => {
                    field.value = text::hex(value, *length);
                    field.problem = Some(what);
                }
            }
        }
        (raw, kind) => match scalar(raw, kind) {
            Some(Scalar { value, problem }) => {
                field.value = value;
                field.problem = problem;
            }
            None => {
                field.value = guessed_value(raw);
                let expected = expected_wire_type(kind).name();
                let found = field.wire_type.name();
                let name = type_name(kind);
                field.problem = Some(format!("{name} is written as {expected}, not {found}"));
            }
        },
    }
}

struct Scalar {
    value: String,
    problem: Option<String>,
}

/// None if the value's wire type is not that of the field's type.
fn scalar(raw: &Raw<'_>, kind: &Kind) -> Option<Scalar> {
    let mut problem = None;
    // An int32 on the wire is an int64 cut to its low 32 bits: so protobuf reads it.
    let value = match (*raw, kind) {
        (Raw::Varint(v), Kind::Int64) => (v as i64).to_string(),
        (Raw::Varint(v), Kind::Int32) => (v as i32).to_string(),
        (Raw::Varint(v), Kind::Uint64) => v.to_string(),
        (Raw::Varint(v), Kind::Uint32) => (v as u32).to_string(),
        (Raw::Varint(v), Kind::Sint64) => zigzag(v).to_string(),
        (Raw::Varint(v), Kind::Sint32) => (zigzag(u64::from(v as u32)) as i32).to_string(),
        (Raw::Varint(v), Kind::Bool) => (v != 0).to_string(),
        (Raw::Varint(v), Kind::Enum(names)) => match names.get_value(v as i32) {
            Some(name) => format!("{} ({})", name.name(), v as i32),
            None => {
                problem = Some(format!("{} is not in {}", v as i32, names.name()));
                (v as i32).to_string()
            }
        },
        (Raw::Fixed64(v), Kind::Fixed64) => u64::from_le_bytes(v).to_string(),
        (Raw::Fixed64(v), Kind::Sfixed64) => i64::from_le_bytes(v).to_string(),
        (Raw::Fixed64(v), Kind::Double) => format!("{:?}", f64::from_le_bytes(v)),
        (Raw::Fixed32(v), Kind::Fixed32) => u32::from_le_bytes(v).to_string(),
        (Raw::Fixed32(v), Kind::Sfixed32) => i32::from_le_bytes(v).to_string(),
        (Raw::Fixed32(v), Kind::Float) => format!("{:?}", f32::from_le_bytes(v)),
        _ => return None,
    };
    Some(Scalar { value, problem })
}

fn zigzag(v: u64) -> i64 {
    (v >> 1) as i64 ^ -((v & 1) as i64)
}

/// The elements of a packed repeated field, `[1, 2, 3]`.
fn packed(bytes: &[u8], length: u64, kind: &Kind) -> Result<String, String> {
    let missing = length - bytes.len() as u64;
    let mut reader = Reader {
        bytes,
        at: 0,
        missing,
    };
    let mut shown = Vec::new();
    let mut more = missing > 0;
    while reader.at < bytes.len() {
        let raw = match expected_wire_type(kind) {
            WireType::Fixed64 => reader.fixed().map(Raw::Fixed64),
            WireType::Fixed32 => reader.fixed().map(Raw::Fixed32),
            _ => reader.varint().map(Raw::Varint),
        };
        match raw {
            Ok(raw) if shown.len() < MAX_PACKED => {
                shown.extend(scalar(&raw, kind).map(|scalar| scalar.value));
            }
            Ok(_) => more = true,
            Err(Why::Truncated(_)) if missing > 0 => break,
            Err(Why::Malformed(what)) => return Err(what),
            Err(_) => return Err("the packed values end inside one".to_owned()),
        }
    }
    let list = shown.join(", ");
    if more {
        return Ok(format!("[{list}, …] ({})", text::count(length, "byte")));
    }
    Ok(format!("[{list}]"))
}

/// The text, up to where it was cut. None if it is not UTF-8.
fn utf8(bytes: &[u8], length: u64) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(string) => Some(string),
        Err(error) if length > bytes.len() as u64 && error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

/// A value whose type is not known: what the wire type says, text if it reads like text.
fn guessed_value(raw: &Raw<'_>) -> String {
    match raw {
        Raw::Varint(v) => v.to_string(),
        Raw::Fixed64(v) => format!("0x{:016x}", u64::from_le_bytes(*v)),
        Raw::Fixed32(v) => format!("0x{:08x}", u32::from_le_bytes(*v)),
        Raw::Delimited(_, 0) => "empty".to_owned(),
        Raw::Delimited(value, length) => match utf8(value, *length) {
            Some(string) if !string.contains(char::is_control) => text::quoted(string, *length),
            _ => text::hex(value, *length),
        },
    }
}

fn expected_wire_type(kind: &Kind) -> WireType {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => WireType::Fixed64,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => WireType::Fixed32,
        Kind::String | Kind::Bytes | Kind::Message(_) => WireType::LengthDelimited,
        _ => WireType::Varint,
    }
}

fn type_name(kind: &Kind) -> String {
    let name = match kind {
        Kind::Double => "double",
        Kind::Float => "float",
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Uint32 => "uint32",
        Kind::Uint64 => "uint64",
        Kind::Sint32 => "sint32",
        Kind::Sint64 => "sint64",
        Kind::Fixed32 => "fixed32",
        Kind::Fixed64 => "fixed64",
        Kind::Sfixed32 => "sfixed32",
        Kind::Sfixed64 => "sfixed64",
        Kind::Bool => "bool",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Message(message) => return format!("the message {}", message.name()),
        Kind::Enum(names) => return format!("the enum {}", names.name()),
    };
    name.to_owned()
}
