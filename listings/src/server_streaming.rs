//! Chapter 5, server streaming: the logs of a service, read from afar.
//!
//! `server` answers, `client` asks. `archive` and `live` are where lines come from: logs that are
//! complete, and one that is being written. `read` makes a stream of the first in three ways,
//! `owned` makes the task behind a stream belong to it, `limited` gives that task a deadline, and
//! `tail` shares the second among all who follow it. `lengths` has a pace of its own.

pub mod archive;
pub mod client;
pub mod lengths;
pub mod limited;
pub mod live;
pub mod owned;
pub mod read;
pub mod server;
pub mod tail;
