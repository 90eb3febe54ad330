//! What becomes of a call. This file is yours: stages 1 to 8.
//!
//! A call has two halves: the caller's messages come in through `Streaming`, and what the server
//! sends goes out through the stream in the `Response`. Neither waits for the other.

use std::sync::Arc;

use proto::chat::v1::chat_service_server::ChatService;
use proto::chat::v1::{ChatRequest, Join};
use tonic::{Request, Response, Status, Streaming};

use crate::room::{Heard, Rooms};

#[derive(Debug)]
pub struct Chat {
    rooms: Arc<Rooms>,
}

impl Chat {
    /// `backlog` is how many bytes are kept for a member that does not read.
    pub fn new(backlog: usize) -> Self {
        Self {
            rooms: Arc::new(Rooms::new(backlog)),
        }
    }
}

#[tonic::async_trait]
impl ChatService for Chat {
    type ChatStream = Heard;

    async fn chat(
        &self,
        request: Request<Streaming<ChatRequest>>,
    ) -> Result<Response<Heard>, Status> {
        let mut said = request.into_inner();
        let Join { room, name } = read_join(said.message().await?)?;
        let heard = self.rooms.join(&room, &name)?;
        // Stage 2: whatever else the caller says is still to be read from `said`. But the
        // response does not begin before this function returns.
        Ok(Response::new(heard))
    }
}

/// Reads the first message, which must be a valid join.
fn read_join(first: Option<ChatRequest>) -> Result<Join, Status> {
    todo!("stage 1: {first:?} is to be a join, with a room and a name of 1 to 64 bytes")
}
