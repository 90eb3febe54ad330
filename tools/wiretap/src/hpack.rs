//! HPACK (RFC 7541): a header block to its fields, and how each field was written.
//!
//! Written here because no published decoder says how a field was represented, and those we read
//! either panic on a truncated block or rebuild the Huffman table for every string. The table is
//! bounded by what the reader of the block announced, and by a figure of our own.

mod huffman;
mod static_table;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;

use static_table::STATIC_TABLE;

/// How a field was written in its header block (RFC 7541, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    pub form: Form,
    /// The table's entry that gave the name, or with [`Form::Indexed`] the whole field. 0: none did.
    pub index: u32,
    /// The name was written here, in Huffman code.
    pub huffman_name: bool,
    /// The value was written here, in Huffman code.
    pub huffman_value: bool,
    /// Bytes that the field took in the block.
    pub length: u32,
}

/// The form of a field in its header block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Only a number: the whole field is in the table.
    Indexed,
    /// Written out, and added to the dynamic table.
    Added,
    /// Written out, and not added.
    NotAdded,
    /// Written out, and no hop may ever add it (RFC 7541, section 7.1.3).
    NeverAdded,
}

/// Why a header block cannot be decoded. The table is then no longer known: the connection's
/// later blocks cannot be decoded either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    Truncated,
    IntegerTooLong,
    NoSuchEntry(u32),
    Huffman,
    LateSizeUpdate,
    TableTooLarge { asked: u32, allowed: u32 },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Truncated => f.write_str("it ends inside a field"),
            Error::IntegerTooLong => f.write_str("an integer is longer than 32 bits"),
            Error::NoSuchEntry(index) => write!(f, "the table has no entry {index}"),
            Error::Huffman => f.write_str("a string is not valid Huffman code"),
            Error::LateSizeUpdate => f.write_str("the table's size changes after a field"),
            Error::TableTooLarge { asked, allowed } => {
                write!(
                    f,
                    "it asks for a table of {asked} bytes, {allowed} are allowed"
                )
            }
        }
    }
}

/// RFC 9113, section 6.5.2: SETTINGS_HEADER_TABLE_SIZE before anyone changes it.
const INITIAL_TABLE_SIZE: u32 = 4096;

/// RFC 7541, section 4.1: what an entry counts beyond its name and value.
pub(crate) const ENTRY_OVERHEAD: usize = 32;

/// Decodes the header blocks that one side sends.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// Newest first: entry 62 is at 0.
    entries: VecDeque<(Vec<u8>, Vec<u8>)>,
    /// Bytes of the entries, each with its overhead.
    size: usize,
    max_size: usize,
    /// The largest size that the other side has announced so far. A smaller one may take effect
    /// late, at its acknowledgement; we do not police that.
    allowed: u32,
    /// The largest size that we follow, whatever is announced.
    cap: u32,
}

impl Decoder {
    pub fn new(cap: u32) -> Decoder {
        Decoder {
            entries: VecDeque::new(),
            size: 0,
            max_size: INITIAL_TABLE_SIZE as usize,
            allowed: INITIAL_TABLE_SIZE,
            cap: cap.max(INITIAL_TABLE_SIZE),
        }
    }

    /// The other side announced SETTINGS_HEADER_TABLE_SIZE.
    pub fn allow(&mut self, size: u32) {
        self.allowed = self.allowed.max(size.min(self.cap));
    }

    /// Bytes that the table holds.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Calls `field` with the name, value and form of each field of the block, in order.
    pub fn decode(
        &mut self,
        block: &[u8],
        mut field: impl FnMut(&[u8], &[u8], Coding),
    ) -> Result<(), Error> {
        let mut reader = Reader { bytes: block };
        let mut sizes_may_change = true;
        while let Some(&first) = reader.bytes.first() {
            let before = reader.bytes.len();
            let (form, prefix) = match first {
                0x80.. => (Form::Indexed, 7),
                0x40..0x80 => (Form::Added, 6),
                0x20..0x40 => {
                    let asked = reader.integer(5)?;
                    if !sizes_may_change {
                        return Err(Error::LateSizeUpdate);
                    }
                    if asked > self.allowed {
                        let allowed = self.allowed;
                        return Err(Error::TableTooLarge { asked, allowed });
                    }
                    self.max_size = asked as usize;
                    self.evict();
                    continue;
                }
                0x10..0x20 => (Form::NeverAdded, 4),
                0x00..0x10 => (Form::NotAdded, 4),
            };
            sizes_may_change = false;

            let index = reader.integer(prefix)?;
            let mut coding = Coding {
                form,
                index,
                huffman_name: false,
                huffman_value: false,
                length: 0,
            };
            if form == Form::Indexed {
                coding.length = length(before, reader.bytes);
                let (name, value) = self.entry(index)?;
                field(name, value, coding);
                continue;
            }
            let name = if index == 0 {
                let (name, huffman) = reader.string()?;
                coding.huffman_name = huffman;
                name
            } else {
                Cow::Borrowed(self.entry(index)?.0)
            };
            let (value, huffman) = reader.string()?;
            coding.huffman_value = huffman;
            coding.length = length(before, reader.bytes);
            field(&name, &value, coding);
            if form == Form::Added {
                let (name, value) = (name.into_owned(), value.into_owned());
                self.add(name, value);
            }
        }
        Ok(())
    }

    fn entry(&self, index: u32) -> Result<(&[u8], &[u8]), Error> {
        let missing = Error::NoSuchEntry(index);
        let at = (index as usize).checked_sub(1).ok_or(missing)?;
        if let Some((name, value)) = STATIC_TABLE.get(at) {
            return Ok((name.as_bytes(), value.as_bytes()));
        }
        let (name, value) = self.entries.get(at - STATIC_TABLE.len()).ok_or(missing)?;
        Ok((name, value))
    }

    fn add(&mut self, name: Vec<u8>, value: Vec<u8>) {
        self.size += name.len() + value.len() + ENTRY_OVERHEAD;
        self.entries.push_front((name, value));
        self.evict();
    }

    fn evict(&mut self) {
        while self.size > self.max_size {
            let Some((name, value)) = self.entries.pop_back() else {
                break;
            };
            self.size -= name.len() + value.len() + ENTRY_OVERHEAD;
        }
    }
}

fn length(before: usize, rest: &[u8]) -> u32 {
    u32::try_from(before - rest.len()).unwrap_or(u32::MAX)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, Error> {
        let (&first, rest) = self.bytes.split_first().ok_or(Error::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }

    /// RFC 7541, section 5.1. `prefix` is in bits, 4 to 7.
    fn integer(&mut self, prefix: u32) -> Result<u32, Error> {
        let mask = (1u8 << prefix) - 1;
        let first = self.byte()? & mask;
        if first < mask {
            return Ok(u32::from(first));
        }
        let mut value = u64::from(mask);
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value += u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| Error::IntegerTooLong);
            }
        }
        Err(Error::IntegerTooLong)
    }

    /// RFC 7541, section 5.2: the string, and whether it was in Huffman code.
    fn string(&mut self) -> Result<(Cow<'a, [u8]>, bool), Error> {
        let huffman = self.bytes.first().ok_or(Error::Truncated)? & 0x80 != 0;
        let length = self.integer(7)? as usize;
        let (text, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or(Error::Truncated)?;
        self.bytes = rest;
        if huffman {
            Ok((
                Cow::Owned(huffman::decode(text).ok_or(Error::Huffman)?),
                true,
            ))
        } else {
            Ok((Cow::Borrowed(text), false))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(decoder: &mut Decoder, block: &[u8]) -> Vec<(String, String, Coding)> {
        let mut fields = Vec::new();
        decoder
            .decode(block, |name, value, coding| {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                fields.push((text(name), text(value), coding));
            })
            .expect("a valid block");
        fields
    }

    fn fails(block: &[u8]) -> Error {
        Decoder::new(0)
            .decode(block, |_, _, _| ())
            .expect_err("a bad block")
    }

    /// RFC 7541, appendix C.4: the three requests share one table.
    #[test]
    fn later_blocks_refer_to_what_earlier_blocks_added() {
        let mut decoder = Decoder::new(0);
        let first = decode(
            &mut decoder,
            b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff",
        );
        assert_eq!(first[3].0, ":authority");
        assert_eq!(first[3].1, "www.example.com");
        assert_eq!(
            first[3].2,
            Coding {
                form: Form::Added,
                index: 1,
                huffman_name: false,
                huffman_value: true,
                length: 14
            }
        );
        let second = decode(
            &mut decoder,
            b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf",
        );
        assert_eq!(
            (second[3].1.as_str(), second[3].2.form),
            ("www.example.com", Form::Indexed)
        );
        assert_eq!(
            (second[4].0.as_str(), second[4].1.as_str()),
            ("cache-control", "no-cache")
        );
        assert_eq!(decoder.size(), 110);
    }

    #[test]
    fn an_entry_larger_than_the_table_empties_it() {
        let mut decoder = Decoder::new(0);
        decode(&mut decoder, b"\x3f\x21\x40\x01a\x01b"); // a table of 64 bytes, then a: b
        assert_eq!(decoder.size(), 34);
        decode(
            &mut decoder,
            b"\x40\x01a\x21012345678901234567890123456789012",
        );
        assert_eq!(decoder.size(), 0);
    }

    #[test]
    fn a_table_grows_only_as_far_as_was_announced() {
        let grow = [0x3f, 0xe1, 0x3f]; // 8192
        assert_eq!(
            fails(&grow),
            Error::TableTooLarge {
                asked: 8192,
                allowed: 4096
            }
        );
        let mut decoder = Decoder::new(16384);
        decoder.allow(8192);
        decode(&mut decoder, &grow);
        decoder.allow(u32::MAX);
        assert_eq!(decoder.allowed, 16384);
    }

    #[test]
    fn bad_blocks_are_named() {
        assert_eq!(fails(b"\x80"), Error::NoSuchEntry(0));
        assert_eq!(fails(b"\xbe"), Error::NoSuchEntry(62));
        assert_eq!(fails(b"\x40\x05ab"), Error::Truncated);
        assert_eq!(fails(b"\x40"), Error::Truncated);
        assert_eq!(
            fails(b"\xff\xff\xff\xff\xff\xff\x01"),
            Error::IntegerTooLong
        );
        assert_eq!(fails(b"\x82\x20"), Error::LateSizeUpdate);
        assert_eq!(fails(b"\x00\x81\x00\x00"), Error::Huffman);
    }
}
