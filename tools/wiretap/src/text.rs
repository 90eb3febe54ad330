//! Text for people, from bytes that a hostile peer may have chosen: nothing here lets a control
//! character through to a terminal, and nothing is longer than its bound.

use std::fmt::Write as _;

/// Characters of a string that are shown; bytes of an opaque value.
const SHOWN_CHARACTERS: usize = 60;
const SHOWN_BYTES: usize = 12;

/// True for what must not reach a terminal as it is: controls, and the invisible characters that
/// reorder or hide the text around them.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text with what a terminal would obey escaped.
pub(crate) fn plain_whole(text: &str) -> String {
    escape(text, usize::MAX, |_| false).0
}

/// The same, cut after some 60 characters.
pub(crate) fn plain(text: &str) -> String {
    let (mut shown, cut) = escape(text, SHOWN_CHARACTERS, |_| false);
    if cut {
        let _ = write!(shown, "… ({} bytes)", text.len());
    }
    shown
}

/// The same in double quotes, with quotes and backslashes escaped. The text may be the start of
/// one that was `length` bytes long.
pub(crate) fn quoted(text: &str, length: u64) -> String {
    let (shown, cut) = escape(text, SHOWN_CHARACTERS, |c| c == '"' || c == '\\');
    if cut || length > text.len() as u64 {
        format!("\"{shown}…\" ({length} bytes)")
    } else {
        format!("\"{shown}\"")
    }
}

fn escape(text: &str, limit: usize, is_special: impl Fn(char) -> bool) -> (String, bool) {
    let mut shown = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == limit {
            return (shown, true);
        }
        if is_unprintable(c) || is_special(c) {
            // `escape_debug` would leave some of the invisible characters as they are.
            match c {
                '\n' | '\r' | '\t' | '"' | '\\' => shown.extend(c.escape_default()),
                _ => shown.extend(c.escape_unicode()),
            }
        } else {
            shown.push(c);
        }
    }
    (shown, false)
}

/// `08 96 01`, cut after 12 bytes with the length given. The bytes may be the first of `length`.
pub(crate) fn hex(bytes: &[u8], length: u64) -> String {
    let shown = hex_up_to(bytes, SHOWN_BYTES);
    match length {
        _ if length == bytes.len() as u64 && bytes.len() <= SHOWN_BYTES => shown,
        _ => format!("{} … ({length} bytes)", shown.trim_end_matches(" …")),
    }
}

/// `08 96 01`, or `08 96 …` if there are more than `limit` bytes.
pub(crate) fn hex_up_to(bytes: &[u8], limit: usize) -> String {
    let mut shown = String::new();
    for (n, byte) in bytes.iter().take(limit).enumerate() {
        let gap = if n == 0 { "" } else { " " };
        let _ = write!(shown, "{gap}{byte:02x}");
    }
    if bytes.len() > limit {
        shown.push_str(" …");
    }
    shown
}

/// `1 byte`, `4096 bytes`: exact up to 10 KiB, then rounded.
pub(crate) fn size(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    let scaled = bytes as f64 / KIB;
    match bytes {
        1 => "1 byte".to_owned(),
        0 | 2..10_240 => format!("{bytes} bytes"),
        10_240..1_048_576 => format!("{scaled:.1} KiB"),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", scaled / KIB),
        1_073_741_824.. => format!("{:.1} GiB", scaled / KIB / KIB),
    }
}

/// `1 frame`, `3 frames`.
pub(crate) fn count(n: u64, thing: &str) -> String {
    if n == 1 {
        format!("1 {thing}")
    } else {
        format!("{n} {thing}s")
    }
}

/// A `grpc-message` as its sender meant it: `%C3%A9` is `é`. What is not valid stays as it is.
/// gRPC over HTTP/2, "Responses".
pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(hex_byte);
        decoded.push(hex.unwrap_or(byte));
        at += if hex.is_some() { 3 } else { 1 };
    }
    match String::from_utf8(decoded) {
        Ok(decoded) => decoded,
        Err(not_utf8) => String::from_utf8_lossy(not_utf8.as_bytes()).into_owned(),
    }
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |d: u8| char::from(d).to_digit(16);
    let (high, low) = (digit(*digits.first()?)?, digit(*digits.get(1)?)?);
    u8::try_from(high << 4 | low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_unescaped() {
        assert_eq!(plain("a\u{1b}[31mred"), "a\\u{1b}[31mred");
        assert_eq!(plain("a\nb\t\u{202e}c\u{9b}"), "a\\nb\\t\\u{202e}c\\u{9b}");
        assert_eq!(quoted("say \"hi\" \\o/", 12), r#""say \"hi\" \\o/""#);
        assert_eq!(quoted("café ✓", 9), "\"café ✓\"");
    }

    #[test]
    fn long_values_are_cut_and_their_length_given() {
        let long = "é".repeat(61);
        assert_eq!(plain(&long), format!("{}… (122 bytes)", "é".repeat(60)));
        assert_eq!(
            quoted(&long, 122),
            format!("\"{}…\" (122 bytes)", "é".repeat(60))
        );
        assert_eq!(hex(&[0xab; 3], 3), "ab ab ab");
        assert!(hex(&[0xab; 13], 13).ends_with("ab … (13 bytes)"));
    }

    #[test]
    fn percent_decoding_leaves_what_is_not_encoded() {
        assert_eq!(
            percent_decoded("division by zero: 100%25 %C3%A9"),
            "division by zero: 100% é"
        );
        assert_eq!(percent_decoded("50% of %zz %4"), "50% of %zz %4");
        assert_eq!(percent_decoded("%ff"), "\u{fffd}");
    }

    #[test]
    fn sizes_are_exact_while_small() {
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(4000), "4000 bytes");
        assert_eq!(size(70_000), "68.4 KiB");
        assert_eq!(size(64 << 20), "64.0 MiB");
        assert_eq!(size(3 << 30), "3.0 GiB");
    }
}
