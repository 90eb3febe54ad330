//! The protobuf explorer: a message of one of the course's contracts, and its bytes.
//!
//! The contract is compiled, the value parsed and encoded here; the script gets the part of the
//! contract that the message needs, and the bytes.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::time::Duration;

use prost_reflect::prost::Message as _;
use prost_reflect::prost_types::{
    FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
};
use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
};
use serde::{Deserialize, Serialize};
use toml::Spanned;
use wiretap::{Field, Fields, Limits, Recording, Schema, Side};

use super::{FileFault, code, element, hex, table, toml_fault};
use crate::markdown::{escape, line_at};

/// Where the contracts are, below the course's root; imports count from here.
const CONTRACTS: &str = "proto";

/// Bytes of the message: more is no longer read by anyone.
const MAX_BYTES: usize = 512;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The contract, from the course's root: "proto/calculator/v1/calculator.proto".
    proto: Spanned<String>,
    /// The message's full name: "calculator.v1.AddRequest".
    message: Spanned<String>,
    /// In protobuf's text format: "a: 2 b: -1".
    #[serde(default)]
    value: Option<Spanned<String>>,
}

/// What the widget needs.
#[derive(Serialize)]
struct InPage {
    message: String,
    bytes: String,
    messages: BTreeMap<String, Message>,
    enums: BTreeMap<String, Enum>,
}

#[derive(Serialize)]
struct Message {
    name: String,
    #[serde(skip_serializing_if = "is_false")]
    entry: bool,
    fields: Vec<MessageField>,
}

#[derive(Serialize)]
struct MessageField {
    number: u32,
    name: String,
    /// As a contract writes it, or "message" or "enum".
    #[serde(rename = "type")]
    kind: String,
    /// The full name of the message or enum.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    list: bool,
    #[serde(skip_serializing_if = "is_false")]
    packed: bool,
    #[serde(skip_serializing_if = "is_false")]
    presence: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    oneof: Option<String>,
}

#[derive(Serialize)]
struct Enum {
    name: String,
    values: Vec<(String, i32)>,
}

fn is_false(value: &bool) -> bool {
    !value
}

pub fn html(root: &Path, text: &str) -> Result<String, FileFault> {
    let file: File = toml::from_str(text).map_err(|error| toml_fault(text, &error))?;
    let fault = |at: &Spanned<String>, message: String, fix: &str| {
        let line = line_at(text, at.span().start);
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        (line, message, fix.to_owned())
    };

    let contract = contract(file.proto.get_ref()).ok_or_else(|| {
        let message = format!("\"{}\" is no contract of the course", file.proto.get_ref());
        let fix = "name a file below proto/, from the course's root: \"proto/NAME/v1/NAME.proto\"";
        fault(&file.proto, message, fix)
    })?;
    let mut set = protox::compile([contract], [root.join(CONTRACTS)]).map_err(|error| {
        let fix = "correct the path, or the contract";
        fault(&file.proto, format!("{CONTRACTS}/{contract}: {error}"), fix)
    })?;

    let name = file.message.get_ref();
    let pool = pool(&set);
    let message = pool
        .as_ref()
        .and_then(|pool| pool.get_message_by_name(name));
    let message = message.ok_or_else(|| {
        let message = format!("{CONTRACTS}/{contract} has no message \"{name}\"");
        let fix = "give its full name, package included: \"calculator.v1.AddRequest\"";
        fault(&file.message, message, fix)
    })?;

    let bytes = match &file.value {
        None => Vec::new(),
        Some(value) => {
            let parsed = DynamicMessage::parse_text_format(message.clone(), value.get_ref());
            let fix = "write the value in protobuf's text format, such as \"a: 2 b: -1\"";
            let parsed =
                parsed.map_err(|error| fault(value, format!("the value: {error}"), fix))?;
            let bytes = parsed.encode_to_vec();
            if bytes.len() > MAX_BYTES {
                let message = format!("the message has {} bytes", bytes.len());
                let fix = format!("show one of at most {MAX_BYTES}");
                return Err(fault(value, message, &fix));
            }
            bytes
        }
    };

    let fields = read(&mut set, name, &bytes);
    let mut rows = Vec::new();
    flatten(&fields.list, 0, &bytes, &mut rows);
    let length = match bytes.len() {
        1 => "1 byte".to_owned(),
        length => format!("{length} bytes"),
    };
    let plain = match rows.is_empty() {
        true => format!(
            "<p>{}: no bytes, since every field has its default.</p>\n",
            code(name)
        ),
        false => table(
            &format!("{}: {length}", code(name)),
            &["bytes", "field", "wire type", "value"],
            rows,
        ),
    };
    let mut page = InPage {
        message: name.clone(),
        bytes: hex(&bytes),
        messages: BTreeMap::new(),
        enums: BTreeMap::new(),
    };
    describe(&message, &mut page);
    Ok(element("protobuf-explorer", "", &plain, Some(&page)))
}

/// The file's path below `proto/`.
fn contract(path: &str) -> Option<&str> {
    let contract = path.strip_prefix(CONTRACTS)?.strip_prefix('/')?;
    let mut parts = Path::new(contract).components();
    let is_inside = parts.all(|part| matches!(part, Component::Normal(_)));
    (is_inside && contract.ends_with(".proto")).then_some(contract)
}

fn pool(set: &FileDescriptorSet) -> Option<DescriptorPool> {
    DescriptorPool::from_file_descriptor_set(set.clone()).ok()
}

/// The message's fields as wiretap reads them: in a call of a service that takes such a message.
fn read(set: &mut FileDescriptorSet, message: &str, bytes: &[u8]) -> Fields {
    let of = Some(format!(".{message}"));
    set.file.push(FileDescriptorProto {
        name: Some("explorer.proto".to_owned()),
        package: Some("explorer".to_owned()),
        dependency: set
            .file
            .iter()
            .filter_map(|file| file.name.clone())
            .collect(),
        service: vec![ServiceDescriptorProto {
            name: Some("Explorer".to_owned()),
            method: vec![MethodDescriptorProto {
                name: Some("Show".to_owned()),
                input_type: of.clone(),
                output_type: of,
                ..Default::default()
            }],
            ..Default::default()
        }],
        syntax: Some("proto3".to_owned()),
        ..Default::default()
    });
    let schema = Schema::from_descriptors(&set.encode_to_vec()).unwrap_or_default();
    let mut recording = Recording::new(schema, Limits::default());
    // The preface, SETTINGS, and HEADERS whose one field is ":path".
    let path = b"/explorer.Explorer/Show";
    let length = bytes.len() as u32;
    let frames = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice(),
        &[0, 0, path.len() as u8 + 2, 1, 4, 0, 0, 0, 1],
        &[0x04, path.len() as u8],
        path,
        &(length + 5).to_be_bytes()[1..],
        &[0, 1, 0, 0, 0, 1, 0],
        &length.to_be_bytes(),
        bytes,
    ];
    recording.feed(Side::Client, Duration::ZERO, &frames.concat());
    let call = recording.call(1);
    let message = call.and_then(|call| call.messages(Side::Client).next());
    message.map(wiretap::Message::fields).unwrap_or_default()
}

fn flatten(fields: &[Field], depth: usize, bytes: &[u8], rows: &mut Vec<Vec<String>>) {
    for field in fields {
        // Of a nested message, only the tag and the length: its fields follow.
        let inner = field.fields.first();
        let end = inner.map_or(field.bytes.end, |first| first.bytes.start);
        let own = bytes.get(field.bytes.start..end).unwrap_or_default();
        let name = field.name.as_deref().unwrap_or_default();
        let indent = "&emsp;".repeat(depth);
        rows.push(vec![
            code(&hex(own)),
            format!("{indent}{} {}", field.number, code(name)),
            field.wire_type.name().to_owned(),
            escape(&field.value),
        ]);
        flatten(&field.fields, depth + 1, bytes, rows);
    }
}

/// Adds the message, and what its fields need.
fn describe(message: &MessageDescriptor, page: &mut InPage) {
    let full_name = message.full_name().to_owned();
    if page.messages.contains_key(&full_name) {
        return;
    }
    let described = Message {
        name: message.name().to_owned(),
        entry: message.is_map_entry(),
        fields: message
            .fields()
            .map(|field| describe_field(&field))
            .collect(),
    };
    page.messages.insert(full_name, described);
    for field in message.fields() {
        match field.kind() {
            Kind::Message(message) => describe(&message, page),
            Kind::Enum(names) => describe_enum(&names, page),
            _ => {}
        }
    }
}

fn describe_enum(names: &EnumDescriptor, page: &mut InPage) {
    let values = names.values().map(|v| (v.name().to_owned(), v.number()));
    let described = Enum {
        name: names.name().to_owned(),
        values: values.collect(),
    };
    page.enums.insert(names.full_name().to_owned(), described);
}

fn describe_field(field: &FieldDescriptor) -> MessageField {
    let (kind, of) = match field.kind() {
        Kind::Message(message) => ("message".to_owned(), Some(message.full_name().to_owned())),
        Kind::Enum(names) => ("enum".to_owned(), Some(names.full_name().to_owned())),
        scalar => (format!("{scalar:?}"), None),
    };
    let oneof = field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic());
    MessageField {
        number: field.number(),
        name: field.name().to_owned(),
        kind,
        of,
        list: field.is_list() || field.is_map(),
        packed: field.is_packed(),
        presence: field.supports_presence(),
        oneof: oneof.map(|oneof| oneof.name().to_owned()),
    }
}
