//! The book's worked examples: one module a chapter, quoted by its pages.
//!
//! What the pages say about tonic is pinned by `tests/`, one test a claim, each naming the page
//! that relies on it. A release of tonic that behaves otherwise turns the test red before it
//! turns the page wrong.

pub mod bidi_streaming;
pub mod client_streaming;
pub mod server_streaming;
pub mod unary;
