//! Protobuf fields in words, and what is wrong with them.

use crate::bytes::*;
use wiretap::{Fields, Side};

/// The fields of an `Every`.
fn fields(bytes: &[u8]) -> Fields {
    let mut wire = Wire::new();
    wire.client(&request(1, ONE))
        .client(&frame(DATA, END_STREAM, 1, &message(bytes)));
    let message = wire
        .call(1)
        .messages(Side::Client)
        .next()
        .expect("a message");
    message.fields()
}

fn value(bytes: &[u8]) -> String {
    let Fields { list, stopped } = fields(bytes);
    assert_eq!(stopped, None);
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!(list[0].problem, None);
    format!(
        "{} = {}",
        list[0].name.as_deref().expect("a name"),
        list[0].value
    )
}

fn problem(bytes: &[u8]) -> String {
    let Fields { list, stopped } = fields(bytes);
    assert_eq!(stopped, None);
    list[0].problem.clone().expect("a problem")
}

fn stopped(bytes: &[u8]) -> (usize, String) {
    fields(bytes).stopped.expect("it stops")
}

const MINUS_ONE: [u8; 10] = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];

fn varint(tag: &[u8], value: &[u8]) -> Vec<u8> {
    [tag, value].concat()
}

#[test]
fn every_type_has_its_words() {
    assert_eq!(value(&[0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]), "double = 1.5");
    assert_eq!(value(&[0x15, 0, 0, 0xc0, 0xbf]), "float = -1.5");
    assert_eq!(value(&varint(&[0x18], &MINUS_ONE)), "int32 = -1");
    assert_eq!(value(&varint(&[0x20], &MINUS_ONE)), "int64 = -1");
    assert_eq!(value(&[0x28, 0x96, 1]), "uint32 = 150");
    assert_eq!(
        value(&varint(&[0x30], &MINUS_ONE)),
        "uint64 = 18446744073709551615"
    );
    assert_eq!(value(&[0x38, 3]), "sint32 = -2");
    assert_eq!(
        value(&varint(&[0x40], &MINUS_ONE)),
        "sint64 = -9223372036854775808"
    );
    assert_eq!(value(&[0x4d, 1, 0, 0, 0x80]), "fixed32 = 2147483649");
    assert_eq!(value(&[0x51, 2, 0, 0, 0, 0, 0, 0, 0]), "fixed64 = 2");
    assert_eq!(value(&[0x5d, 255, 255, 255, 255]), "sfixed32 = -1");
    assert_eq!(
        value(&[0x61, 254, 255, 255, 255, 255, 255, 255, 255]),
        "sfixed64 = -2"
    );
    assert_eq!(value(&[0x68, 1]), "bool = true");
    assert_eq!(value(b"\x72\x03a\"\n"), r#"string = "a\"\n""#);
    assert_eq!(value(&[0x7a, 2, 0xca, 0xfe]), "bytes = ca fe");
    assert_eq!(value(&[0x7a, 0]), "bytes = no bytes");
    assert_eq!(value(&[0x80, 1, 1]), "colour = COLOUR_RED (1)");
    assert_eq!(value(&[0x92, 1, 4, 1, 2, 0x96, 1]), "packed = [1, 2, 150]");
    assert_eq!(value(&[0x90, 1, 7]), "packed = 7");
    assert_eq!(
        value(&[0x9a, 1, 8, 3, 0, 0, 0, 0, 0, 0, 0]),
        "packed_fixed = [3]"
    );
    assert_eq!(
        value(&[0xb2, 1, 2, 0, 1]),
        "colours = [COLOUR_UNSPECIFIED (0), COLOUR_RED (1)]"
    );
}

#[test]
fn long_values_are_cut_and_their_length_given() {
    let text = [&[0x72, 100][..], &[b'x'; 100]].concat();
    assert_eq!(
        value(&text),
        format!("string = \"{}…\" (100 bytes)", "x".repeat(60))
    );
    let bytes = [&[0x7a, 100][..], &[0xee; 100]].concat();
    assert_eq!(
        value(&bytes),
        format!("bytes = {}… (100 bytes)", "ee ".repeat(12))
    );
    let packed = [&[0x92, 1, 100][..], &[1; 100]].concat();
    assert_eq!(
        value(&packed),
        format!("packed = [{}…] (100 bytes)", "1, ".repeat(16))
    );
}

#[test]
fn maps_and_nested_messages_are_opened() {
    let fields = fields(&[0x8a, 1, 2, 0x18, 7, 0xaa, 1, 5, 0x0a, 1, b'k', 0x10, 9]);
    assert_eq!(fields.list[0].fields[0].value, "7");
    assert_eq!(fields.list[0].fields[0].bytes, 3..5);
    assert_eq!(fields.list[1].value, "map entry");
    let entry: Vec<_> = fields.list[1]
        .fields
        .iter()
        .map(|field| field.value.as_str())
        .collect();
    assert_eq!(entry, ["\"k\"", "9"]);
}

#[test]
fn what_does_not_fit_the_contract_is_named() {
    assert_eq!(
        problem(&[0xf8, 1, 5]),
        "field 31 is not in Every (varint 5)"
    );
    assert_eq!(
        problem(&[0x22, 1, b'x']),
        "int64 is written as varint, not length-delimited"
    );
    assert_eq!(
        problem(&[0x70, 1]),
        "string is written as length-delimited, not varint"
    );
    assert_eq!(
        problem(&[0x88, 1, 1]),
        "the message Every is written as length-delimited, not varint"
    );
    assert_eq!(problem(&[0x80, 1, 9]), "9 is not in Colour");
    assert_eq!(problem(&[0x72, 1, 0xff]), "a string that is not UTF-8");
    assert_eq!(
        problem(&[0x92, 1, 1, 0x80]),
        "the packed values end inside one"
    );
    assert_eq!(
        problem(&[0x8a, 1, 1, 0x08]),
        "the message ends inside a varint"
    );
}

#[test]
fn where_decoding_stops_and_why_is_said() {
    let stopped = |bytes: &[u8]| {
        let (at, why) = stopped(bytes);
        format!("{at}: {why}")
    };
    assert_eq!(
        stopped(&[0x68, 1, 0x20]),
        "2: the message ends inside a varint"
    );
    assert_eq!(
        stopped(&[0x20, 0x80]),
        "0: the message ends inside a varint"
    );
    assert_eq!(
        stopped(&[0x15, 1]),
        "0: the message ends inside a value of 4 bytes"
    );
    assert_eq!(
        stopped(&[0x72, 9, b'x']),
        "0: field 14 announces 9 bytes, and the message ends after 1"
    );
    assert_eq!(stopped(&[0x07]), "0: 0 is no field number");
    assert_eq!(
        stopped(&[0x0b]),
        "0: field 1 is a group, which is not decoded"
    );
    assert_eq!(
        stopped(&[0x0e]),
        "0: field 1 has wire type 6, which does not exist"
    );
    assert_eq!(
        stopped(&[0x20, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]),
        "0: a varint is longer than 64 bits"
    );
    let many = [0x68, 1].repeat(1001);
    assert_eq!(
        stopped(&many),
        "2000: only the first 1000 fields are decoded"
    );
}

#[test]
fn nesting_has_a_floor() {
    let mut bytes = vec![0x68, 1];
    for _ in 0..60 {
        let mut outer = vec![0x8a, 1];
        let length = bytes.len();
        if length < 128 {
            outer.push(length as u8);
        } else {
            outer.extend([(length & 0x7f) as u8 | 0x80, (length >> 7) as u8]);
        }
        outer.extend(bytes);
        bytes = outer;
    }
    let mut field = &fields(&bytes).list[0];
    let mut depth = 0;
    while let Some(inner) = field.fields.first() {
        (field, depth) = (inner, depth + 1);
    }
    assert_eq!(depth, 32);
    assert_eq!(
        field.problem.as_deref(),
        Some("nested more than 32 deep, not opened")
    );
}

/// Of a long message only the start is kept. What can be known of the rest is still checked.
#[test]
fn a_message_that_is_cut_is_decoded_as_far_as_it_goes() {
    let long = 40_000u16;
    let [low, middle, high] = [long as u8 & 0x7f | 0x80, (long >> 7) as u8 & 0x7f | 0x80, 2];
    let text = [&[0x68, 1, 0x72, low, middle, high][..], &[b'x'; 40_000]].concat();
    let whole = fields(&text);
    assert_eq!(
        whole.list[1].value,
        format!("\"{}…\" (40000 bytes)", "x".repeat(60))
    );
    assert_eq!(whole.stopped, None, "the text is the last field");

    let more = fields(&[&text[..], &[0x68, 1]].concat());
    assert_eq!(
        more.stopped,
        Some((16 << 10, "the rest was not kept".to_owned()))
    );

    let short = fields(&text[..text.len() - 1]);
    let why = "field 14 announces 40000 bytes, and the message ends after 39999";
    assert_eq!(short.stopped, Some((2, why.to_owned())));

    let nested = [&[0x8a, 1, low, middle, high][..], &[0x68, 1].repeat(20_000)].concat();
    let nested = fields(&nested);
    assert_eq!(nested.list[0].value, "Every");
    assert_eq!(
        nested.list[0].problem.as_deref(),
        Some("not opened to its end")
    );
}
