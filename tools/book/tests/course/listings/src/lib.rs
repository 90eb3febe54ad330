//! A listing.

// ANCHOR: sum
/// Adds what fits.
pub fn sum(a: i8, b: i8) -> Option<i8> {
    a.checked_add(b)
}
// ANCHOR_END: sum
