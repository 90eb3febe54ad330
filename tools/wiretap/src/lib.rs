//! Decodes a recorded connection: bytes to HTTP/2 frames, header fields, gRPC messages and
//! protobuf fields.
//!
//! It is a pure decoder: no sockets, no clock, no threads. Bytes come in pieces of any size, and
//! both sides of the connection may be hostile: nothing panics, what is kept is bounded by
//! [`Limits`], and what is shown has its control characters escaped. What it cannot decode it
//! says, once, and goes on with the rest.
//!
//! ```
//! # use std::time::Duration;
//! use wiretap::{Limits, Recording, Schema, Side};
//!
//! let mut recording = Recording::new(Schema::empty(), Limits::default());
//! recording.feed(Side::Client, Duration::ZERO, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
//! for call in recording.calls() {
//!     println!("{call}");
//! }
//! ```

mod call;
mod event;
mod field;
mod frame;
mod hpack;
mod message;
pub mod names;
mod recording;
mod schema;
mod text;
mod trace;

pub use call::{Call, Status};
pub use event::{Closed, Content, Event, Header, Side, Skipped};
pub use field::{Field, Fields, WireType};
pub use frame::Frame;
pub use hpack::{Coding, Form};
pub use message::{Data, Message};
pub use recording::{Limits, Recording};
pub use schema::{Schema, SchemaError};
pub use trace::Connection;
