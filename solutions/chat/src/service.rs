//! What becomes of a call. This file is yours: stages 1 to 8.
//!
//! A call has two halves: the caller's messages come in through `Streaming`, and what the server
//! sends goes out through the stream in the `Response`. Neither waits for the other.

// [stub] use std::sync::Arc;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
// [/stub]

// [stub] use proto::chat::v1::chat_service_server::ChatService;
// [stub] use proto::chat::v1::{ChatRequest, Join};
use proto::chat::v1::chat_request::Action;
use proto::chat::v1::chat_service_server::ChatService;
use proto::chat::v1::{ChatRequest, ChatResponse, Join, Say};
use tokio::task::AbortHandle;
use tokio_stream::Stream;
// [/stub]
use tonic::{Request, Response, Status, Streaming};

// [stub] use crate::room::{Heard, Rooms};
use crate::room::{Listener, Rooms, Speaker};

/// What a room's or a member's name may have, in bytes.
const LONGEST_NAME: usize = 64;
/// What a text may have, in bytes.
const LONGEST_TEXT: usize = 65_536;
// [/stub]

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
    // [stub] type ChatStream = Heard;
    type ChatStream = Hearing;
    // [/stub]

    // [stub] async fn chat(
    // [stub]     &self,
    // [stub]     request: Request<Streaming<ChatRequest>>,
    // [stub] ) -> Result<Response<Heard>, Status> {
    async fn chat(
        &self,
        request: Request<Streaming<ChatRequest>>,
    ) -> Result<Response<Hearing>, Status> {
        // [/stub]
        let mut said = request.into_inner();
        let Join { room, name } = read_join(said.message().await?)?;
        // [stub] let heard = self.rooms.join(&room, &name)?;
        // [stub] // Stage 2: whatever else the caller says is still to be read from `said`. But the
        // [stub] // response does not begin before this function returns.
        // [stub] Ok(Response::new(heard))
        let (speaker, listener) = self.rooms.join(room, name)?;
        // The half that reads needs a task of its own. Were it polled together with the response,
        // then it would stand still whenever the caller does not read; and a caller that writes
        // before it reads would wait for a server that waits for it.
        let reader = tokio::spawn(listen(said, speaker)).abort_handle();
        Ok(Response::new(Hearing { listener, reader }))
        // [/stub]
    }
}

/// Reads the first message, which must be a valid join.
fn read_join(first: Option<ChatRequest>) -> Result<Join, Status> {
    // [stub] todo!("stage 1: {first:?} is to be a join, with a room and a name of 1 to 64 bytes")
    let Some(Action::Join(join)) = first.and_then(|first| first.action) else {
        return Err(Status::invalid_argument("the first message must be join"));
    };
    check("the room's name", &join.room, LONGEST_NAME)?;
    check("your name", &join.name, LONGEST_NAME)?;
    Ok(join)
    // [/stub]
}
// [stub]

/// Reads what a member says, until it says no more or breaks the contract.
async fn listen(mut said: Streaming<ChatRequest>, speaker: Speaker) {
    loop {
        let refused = match said.message().await {
            Ok(Some(ChatRequest {
                action: Some(Action::Say(Say { text })),
            })) => match check("the text", &text, LONGEST_TEXT) {
                Ok(()) if speaker.say(text) => continue,
                // Put out, or the room is over. What else is said goes nowhere.
                Ok(()) => return,
                Err(refused) => refused,
            },
            Ok(Some(_)) => Status::invalid_argument("after join there is only say"),
            // The caller has ended its stream. Or it has cancelled the call, which tonic does not
            // tell apart here; but then the response is dropped, and with it the membership.
            Ok(None) => return speaker.falls_silent(),
            // What came was no message of this contract, or the connection broke.
            Err(status) => status,
        };
        return speaker.leaves_with(refused);
    }
}

fn check(what: &str, text: &str, longest: usize) -> Result<(), Status> {
    if text.is_empty() {
        return Err(Status::invalid_argument(format!("{what} is empty")));
    }
    if text.len() > longest {
        return Err(Status::invalid_argument(format!(
            "{what} has {} bytes, and {longest} are allowed",
            text.len()
        )));
    }
    Ok(())
}

/// The response. tonic polls it whenever the caller has room for more, and drops it when the call
/// is over: because it has ended, the caller has cancelled, or the connection is gone.
#[derive(Debug)]
pub struct Hearing {
    listener: Listener,
    reader: AbortHandle,
}

impl Stream for Hearing {
    type Item = Result<ChatResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.listener).poll_next(context)
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        // A caller that was put out may keep its half of the call open, and the reader with it.
        self.reader.abort();
    }
}
// [/stub]
