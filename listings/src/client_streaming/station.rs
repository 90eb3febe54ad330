//! A station's name: it comes from outside, and becomes part of a file's name.

use std::fmt;

use tonic::Status;

// ANCHOR: station
/// The name of a station: a letter, then up to 19 letters, digits and hyphens.
///
/// Whoever holds one may use it in a file's name: there is no other way to
/// make one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Station(String);

impl TryFrom<&str> for Station {
    type Error = Status;

    fn try_from(name: &str) -> Result<Self, Status> {
        let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
        let allowed = |c| matches!(c, 'a'..='z' | '0'..='9' | '-');
        if !begins || name.len() > 20 || !name.chars().all(allowed) {
            return Err(Status::invalid_argument(
                "a station's name is one of a-z, then up to 19 of a-z, 0-9 and -",
            ));
        }
        Ok(Self(name.to_owned()))
    }
}
// ANCHOR_END: station

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
