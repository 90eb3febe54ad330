//! The rooms, and who is in them. This file is yours: stages 1 to 7.
//!
//! A room tells each of its members what happens in it, in one order that is the same for all. It
//! never waits for a member.

use std::pin::Pin;
use std::sync::Arc;

use proto::chat::v1::ChatResponse;
use tokio_stream::Stream;
use tonic::Status;

/// All rooms of a server. A room is there for as long as somebody in it may speak.
#[derive(Debug)]
pub struct Rooms {
    /// How many bytes are kept for a member that does not read. Used from stage 6 on.
    backlog: usize,
}

/// What one member hears: events and, unless its call ends with OK, a status after them.
pub type Heard = Pin<Box<dyn Stream<Item = Result<ChatResponse, Status>> + Send>>;

impl Rooms {
    pub fn new(backlog: usize) -> Self {
        Self { backlog }
    }

    /// Makes somebody a member, and gives what it hears, which begins with `Welcome`.
    pub fn join(self: &Arc<Self>, room: &str, name: &str) -> Result<Heard, Status> {
        todo!(
            "stage 1: {name:?} joins {room:?}; keep {} bytes",
            self.backlog
        )
    }
}
