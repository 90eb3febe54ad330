//! Chapter 4, unary calls: a theatre's box office.
//!
//! `server` answers, `client` asks. `seats` is the state that all calls share, and `bank` the slow
//! service that it must not be locked for. `locked`, `spawned` and `panics` are other ways to write
//! the same methods, for the pages that compare them, and `post` is what `panics` does at an await.
//! `wish` reads a message in which every field
//! may be missing.

pub mod bank;
pub mod client;
pub mod locked;
pub mod panics;
pub mod post;
pub mod seats;
pub mod server;
pub mod spawned;
pub mod wish;
