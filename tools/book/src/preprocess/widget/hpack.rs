//! The HPACK table: header blocks that one side of a connection sent, one after the other, and
//! what each leaves in the table that both sides keep.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use toml::Spanned;
use wiretap::{Coding, Content, Form, Header, Limits, Recording, Schema, Side};

use super::{FileFault, code, element, from_hex, hex, plain, table, toml_fault};
use crate::markdown::{escape, line_at};

/// Blocks in one file, and bytes in one block: more is no longer read by anyone.
const MAX_BLOCKS: usize = 32;
const MAX_BYTES: usize = 1024;

const PREFACE_AND_SETTINGS: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    block: Vec<Block>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    /// What the block is: "Add(2, 3)".
    says: String,
    hex: Spanned<String>,
}

/// What the widget needs.
#[derive(Serialize)]
struct InPage<'a> {
    says: &'a str,
    hex: String,
}

pub fn html(text: &str) -> Result<String, FileFault> {
    let file: File = toml::from_str(text).map_err(|error| toml_fault(text, &error))?;
    if file.block.is_empty() || file.block.len() > MAX_BLOCKS {
        let message = format!("there are {} blocks", file.block.len());
        return Err((1, message, format!("write 1 to {MAX_BLOCKS} of them")));
    }
    let mut recording = Recording::new(Schema::empty(), Limits::default());
    recording.feed(Side::Client, Duration::ZERO, PREFACE_AND_SETTINGS);
    let (mut shown, mut blocks) = (String::new(), Vec::new());
    for (n, block) in (0u32..).zip(&file.block) {
        let fault = |message: String| {
            let line = line_at(text, block.hex.span().start);
            let fix = "give the payload of one HEADERS frame, without padding or priority, after \
                       those that the same side sent before";
            (line, message, fix.to_owned())
        };
        let bytes = from_hex(block.hex.get_ref()).map_err(fault)?;
        if bytes.is_empty() || bytes.len() > MAX_BYTES {
            return Err(fault(format!(
                "the block has {} bytes, of 1 to {MAX_BYTES}",
                bytes.len()
            )));
        }
        let fields = read(&mut recording, 2 * n + 1, &bytes).map_err(fault)?;
        let length = match bytes.len() {
            1 => "1 byte".to_owned(),
            length => format!("{length} bytes"),
        };
        shown += &table(
            &format!("{}: {length}", escape(&block.says)),
            &["bytes", "field", "how it is written"],
            fields.iter().map(row),
        );
        blocks.push(InPage {
            says: &block.says,
            hex: hex(&bytes),
        });
    }
    Ok(element("hpack-table", "", &shown, Some(&blocks)))
}

fn row(field: &Header) -> Vec<String> {
    vec![
        field.coding.length.to_string(),
        code(&format!("{}: {}", plain(&field.name), plain(&field.value))),
        written(&field.coding),
    ]
}

/// How a field stands in its block, in words. RFC 7541, section 6.
fn written(coding: &Coding) -> String {
    let Coding { form, index, .. } = *coding;
    let name = match index {
        0 => String::new(),
        index => format!(", its name from entry {index}"),
    };
    match form {
        Form::Indexed => format!("entry {index} of the table"),
        Form::Added => format!("written out{name}, and added to the table"),
        Form::NotAdded => format!("written out{name}, not added"),
        Form::NeverAdded => format!("written out{name}, and never to be added"),
    }
}

/// The fields of the connection's next block.
fn read(recording: &mut Recording, stream: u32, block: &[u8]) -> Result<Vec<Header>, String> {
    let [_, l0, l1, l2] = u32::try_from(block.len()).unwrap_or_default().to_be_bytes();
    // HEADERS with END_HEADERS and END_STREAM.
    let [s0, s1, s2, s3] = stream.to_be_bytes();
    let head = [l0, l1, l2, 1, 5, s0, s1, s2, s3];
    recording.feed(Side::Client, Duration::ZERO, &[&head, block].concat());
    let fields = recording.call(stream).and_then(|call| {
        call.events().find_map(|event| match &event.content {
            Content::Headers(fields) => Some(fields.to_vec()),
            _ => None,
        })
    });
    fields.ok_or_else(|| {
        let problems = recording.events().flat_map(|event| &event.problems);
        let why = problems.last().and_then(|problem| problem.split_once(": "));
        let why = why.map_or("it is incomplete", |(_, why)| why);
        format!("the block cannot be read: {why}")
    })
}
