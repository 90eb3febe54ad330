//! HPACK's Huffman code (RFC 7541, section 5.2 and appendix B), decoded bit by bit.
//!
//! The code is canonical: codes of one length count up in the order of their symbols, and the
//! first code of a length follows from the last of the length before. So the lengths are all
//! that has to be written down.

const SYMBOLS: usize = 257;
const END_OF_STRING: u16 = 256;
const LONGEST: usize = 30;

/// Appendix B: the length in bits of each symbol's code.
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

struct Code {
    /// For each length: its first code, how many there are, and where their symbols begin.
    first: [u32; LONGEST + 1],
    count: [u32; LONGEST + 1],
    start: [usize; LONGEST + 1],
    /// Symbols by length, then by value.
    symbols: [u16; SYMBOLS],
}

const CODE: Code = {
    let mut code = Code {
        first: [0; LONGEST + 1],
        count: [0; LONGEST + 1],
        start: [0; LONGEST + 1],
        symbols: [0; SYMBOLS],
    };
    let mut next = 0;
    let mut filled = 0;
    let mut length = 1;
    while length <= LONGEST {
        next <<= 1;
        code.first[length] = next;
        code.start[length] = filled;
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as usize == length {
                code.symbols[filled] = symbol as u16;
                code.count[length] += 1;
                filled += 1;
                next += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    code
};

static TABLE: Code = CODE;

/// None if the bits are no Huffman code: the end-of-string symbol, or padding that is not the
/// start of it or is a whole byte long.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    // The shortest code has 5 bits.
    let mut text = Vec::with_capacity(bytes.len() * 8 / 5);
    let mut code = 0u32;
    let mut length = 0;
    for &byte in bytes {
        for shift in (0..8).rev() {
            code = code << 1 | u32::from(byte >> shift & 1);
            length += 1;
            // Every 30-bit path has met a symbol by now, so `length` stays within the table.
            let above = code.wrapping_sub(TABLE.first[length]);
            if above < TABLE.count[length] {
                let symbol = TABLE.symbols[TABLE.start[length] + above as usize];
                if symbol == END_OF_STRING {
                    return None;
                }
                text.push(symbol as u8);
                code = 0;
                length = 0;
            }
        }
    }
    let padding_is_ones = code == (1 << length) - 1;
    (length < 8 && padding_is_ones).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A symbol's code and its length in bits.
    fn code(symbol: u16) -> (u32, usize) {
        let length = usize::from(LENGTHS[usize::from(symbol)]);
        let of_length = TABLE.start[length]..TABLE.start[length] + TABLE.count[length] as usize;
        let nth = TABLE.symbols[of_length]
            .iter()
            .position(|s| *s == symbol)
            .expect("it has one");
        (TABLE.first[length] + nth as u32, length)
    }

    fn encode(text: &[u8]) -> Vec<u8> {
        let mut bits = Vec::new();
        for byte in text {
            let (code, length) = code(u16::from(*byte));
            bits.extend((0..length).rev().map(|shift| code >> shift & 1));
        }
        bits.resize(bits.len().next_multiple_of(8), 1);
        let byte = |bits: &[u32]| bits.iter().fold(0, |byte, bit| byte << 1 | *bit as u8);
        bits.chunks(8).map(byte).collect()
    }

    /// Codes of several lengths, the longest included, as appendix B prints them.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        assert_eq!(code(b'0'.into()), (0x0, 5));
        assert_eq!(code(b'a'.into()), (0x3, 5));
        assert_eq!(code(b'A'.into()), (0x21, 6));
        assert_eq!(code(b'&'.into()), (0xf8, 8));
        assert_eq!(code(b'\\'.into()), (0x7fff0, 19));
        assert_eq!(code(255), (0x3ff_ffee, 26));
        assert_eq!(code(b'\n'.into()), (0x3fff_fffc, 30));
        assert_eq!(code(END_OF_STRING), (0x3fff_ffff, 30));
    }

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all));
        assert_eq!(decode(b""), Some(Vec::new()));
    }

    #[test]
    fn bad_padding_is_refused() {
        assert_eq!(decode(b"\x1f"), Some(b"a".to_vec()));
        assert_eq!(decode(b"\x18"), None, "padding of zeros");
        assert_eq!(decode(b"\x1f\xff"), None, "a whole byte of padding");
        assert_eq!(
            decode(b"\xff\xff\xff\xff"),
            None,
            "the end-of-string symbol"
        );
    }
}
