//! What the labs' tests are written with.
//!
//! A test starts the program under test ([`Server::start`], [`Program::run`]) and speaks gRPC to
//! it through a [`Proxy`] that records every byte, one message at a time where the answer is a
//! stream ([`Replies`]). Or it puts a [`ScriptedServer`] in front of the program and runs it as the
//! client. The program is a separate process: the tests never link it, so it may be written in any
//! language (`LAB_PROGRAM`), and nothing that it does can fake a pass.
//!
//! Every wait has a deadline, every process ends with its test, and a failed expectation is a short
//! explanation that ends with the bytes that were on the wire.

mod call;
mod conversation;
mod explain;
mod finished;
mod group;
mod printed;
mod program;
mod proxy;
mod replies;
mod scripted;
mod server;
mod wait;

pub use call::Outcome;
pub use conversation::{Conversation, Reset};
pub use explain::{Explanation, Lab, expect_at_most, expect_eq, fail};
pub use finished::Finished;
pub use program::Program;
pub use proxy::Proxy;
pub use replies::Replies;
pub use scripted::{Received, Reply, ScriptedServer, Windows};
pub use server::Server;
pub use wait::{DEADLINE, START_DEADLINE, eventually, within};
