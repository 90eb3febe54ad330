//! The varint and ZigZag bench: a number, and how it is written in a varint's bytes.

use super::{bare_element, code, hex, table};
use crate::preprocess::Expansion;

/// Without JavaScript these are shown.
const EXAMPLES: [i64; 7] = [0, 1, 127, 128, 300, -1, -150];

/// `{{#varint}}` or `{{#varint 300}}`.
pub fn html(argument: &str) -> Expansion {
    let number = if argument.is_empty() { "300" } else { argument };
    let Ok(number) = number.parse::<i64>() else {
        return Err((
            format!("`{argument}` is no number that an int64 holds"),
            "write `{{#varint}}`, or one number: `{{#varint -150}}`".to_owned(),
        ));
    };
    let mut examples = EXAMPLES.to_vec();
    if !examples.contains(&number) {
        examples.push(number);
    }
    examples.sort_by_key(|n| (*n < 0, n.unsigned_abs()));
    let row = |n: i64| {
        let (plain, zigzagged) = (varint(n as u64), varint(zigzag(n)));
        vec![
            n.to_string(),
            code(&hex(&plain)),
            zigzag(n).to_string(),
            code(&hex(&zigzagged)),
        ]
    };
    let head = [
        "number",
        "as <code>int64</code>",
        "ZigZag",
        "as <code>sint64</code>",
    ];
    let plain = table("Numbers as varints", &head, examples.into_iter().map(row));
    let attributes = format!(" value=\"{number}\"");
    Ok(bare_element("varint-bench", &attributes, &plain))
}

/// Seven bits a byte, the lowest first; the highest bit says that another byte follows.
fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 0x7f {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4.
fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges() {
        assert_eq!(varint(300), [0xac, 0x02]);
        assert_eq!(varint(u64::MAX).len(), 10);
        assert_eq!(
            [0, -1, 1, -150, i64::MIN].map(zigzag),
            [0, 1, 2, 299, u64::MAX]
        );
    }
}
