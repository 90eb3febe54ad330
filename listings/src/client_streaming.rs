//! Chapter 6, client streaming: weather stations that deliver batches of readings.
//!
//! `server` takes them in, `client` sends them from a file. `station` is what a name may be, and
//! `store` how readings get onto a disk so that they stay there. `naive` is the server as it is
//! often written, for the pages that show what becomes of it. `sound` counts bytes, for the programs
//! that measure.

pub mod client;
pub mod naive;
pub mod server;
pub mod sound;
pub mod station;
pub mod store;
