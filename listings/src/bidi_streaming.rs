//! Chapter 7, bidirectional streaming: an auction room.
//!
//! `server` holds one call for each person who attends, and `room` what they all look at. `client`
//! bids. `echo` is the smallest method with a stream each way, for measuring. `waiting`, `detached`
//! and `hall` are other ways to write such a server, for the pages that say what is wrong with them.

pub mod client;
pub mod detached;
pub mod echo;
pub mod hall;
pub mod room;
pub mod server;
pub mod waiting;
