//! What the labs' tests are written with.
//!
//! A test starts the program under test ([`Server::start`], [`Program::run`]) and speaks gRPC to
//! it through a [`Proxy`] that records every byte, or puts a [`ScriptedServer`] in front of it and
//! runs it as the client. The program is a separate process: the tests never link it, so it may be
//! written in any language (`LAB_PROGRAM`), and nothing that it does can fake a pass.
//!
//! Every wait has a deadline, every process ends with its test, and a failed expectation is a short
//! explanation that ends with the bytes that were on the wire.

mod call;
mod explain;
mod group;
mod program;
mod proxy;
mod scripted;
mod server;
mod wait;

pub use call::Outcome;
pub use explain::{Explanation, Lab, expect_eq, fail};
pub use program::{Finished, Program};
pub use proxy::Proxy;
pub use scripted::{Received, Reply, ScriptedServer};
pub use server::Server;
pub use wait::{DEADLINE, START_DEADLINE, eventually, within};
