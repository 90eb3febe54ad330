//! When a caller stops waiting. This file is given.
//!
//! A caller's time limit comes in the request's header `grpc-timeout`, as at most eight digits and
//! a unit: `500m` is half a second. tonic's server reads it as well, but lets it cover the time
//! until the response begins, and no stream.

use std::time::Duration;

use tokio::time::Instant;
use tonic::metadata::MetadataMap;

/// The moment at which the caller stops waiting, or `None` if it set no limit.
pub fn of(request: &MetadataMap) -> Option<Instant> {
    let timeout = request.get("grpc-timeout")?.to_str().ok()?;
    // What is no time limit is none: a call is not refused for it.
    Instant::now().checked_add(parse(timeout)?)
}

fn parse(timeout: &str) -> Option<Duration> {
    let (digits, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 60 * 60),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}
