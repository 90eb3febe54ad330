//! One call as a script sees it that plays the server.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Request, Response};
use prost::Message;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;
use tonic::body::Body;

use crate::explain::fail;

/// The size that gRPC implementations accept by default.
const LARGEST_MESSAGE: usize = 4 << 20;

/// A call that a script answers: both of its streams, and nothing that happens by itself.
///
/// What is not received is not read, so the caller feels the flow control; what is sent waits for
/// the caller's. Dropping it before its [`end`](Conversation::end) resets the call, as a server
/// does that breaks down.
pub struct Conversation {
    /// Such as `/chat.v1.ChatService/Chat`.
    pub path: String,
    pub headers: HeaderMap,
    request: Incoming,
    /// What was read of the request and is no whole message yet.
    unread: Vec<u8>,
    received_bytes: u64,
    reply: Reply,
}

enum Reply {
    /// The response's headers have not been sent.
    Awaited(oneshot::Sender<Response<Body>>),
    Begun(mpsc::Sender<Frame<Bytes>>),
}

/// The caller has reset the call, or its connection broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset(String);

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Reset {}

impl Conversation {
    pub(crate) fn new(
        request: Request<Incoming>,
        respond: oneshot::Sender<Response<Body>>,
    ) -> Self {
        let (parts, request) = request.into_parts();
        Self {
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            request,
            unread: Vec::new(),
            received_bytes: 0,
            reply: Reply::Awaited(respond),
        }
    }

    /// The caller's next message; `None` once it has ended its stream.
    ///
    /// Fails the test if this is no such message, or longer than 4 MiB.
    pub async fn receive<M: Message + Default>(&mut self) -> Result<Option<M>, Reset> {
        let Some(bytes) = self.receive_bytes().await? else {
            return Ok(None);
        };
        match M::decode(bytes.as_slice()) {
            Ok(message) => Ok(Some(message)),
            Err(error) => self.was_sent(&format!("{bytes:02x?}: {error}")),
        }
    }

    /// The caller's next message, without its prefix of five bytes.
    pub async fn receive_bytes(&mut self) -> Result<Option<Vec<u8>>, Reset> {
        loop {
            if let Some(message) = self.take_message() {
                return Ok(Some(message));
            }
            match self.request.frame().await {
                Some(Ok(frame)) => {
                    // Trailers of a request mean nothing to gRPC.
                    if let Ok(data) = frame.into_data() {
                        self.received_bytes += data.len() as u64;
                        self.unread.extend_from_slice(&data);
                    }
                }
                Some(Err(error)) => return Err(Reset(error.to_string())),
                // hyper ends the body for a reset with NO_ERROR too.
                None if !self.request.is_end_stream() => {
                    return Err(Reset("the caller reset the call".to_owned()));
                }
                None if self.unread.is_empty() => return Ok(None),
                None => self.was_sent("a message that ends in its middle"),
            }
        }
    }

    fn take_message(&mut self) -> Option<Vec<u8>> {
        let [compressed, length @ ..] = *self.unread.first_chunk::<5>()?;
        let length = u32::from_be_bytes(length) as usize;
        if compressed != 0 || length > LARGEST_MESSAGE {
            self.was_sent(&format!(
                "the prefix {:02x?}, and not one of an uncompressed message of 4 MiB at most",
                &self.unread[..5]
            ));
        }
        if self.unread.len() < 5 + length {
            return None;
        }
        let rest = self.unread.split_off(5 + length);
        let mut message = std::mem::replace(&mut self.unread, rest);
        message.drain(..5);
        Some(message)
    }

    fn was_sent(&self, what: &str) -> ! {
        fail(format!("{} was sent {what}", self.path))
    }

    /// Bytes of the caller's messages that have been read, prefixes included.
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// Sends the response's headers, unless they have been sent.
    pub fn accept(&mut self) -> Result<(), Reset> {
        self.reply().map(|_| ())
    }

    /// Sends a message, and the headers before the first one. It returns when there is room for
    /// the next: up to two messages wait for the caller's window beyond what this has let pass.
    pub async fn send(&mut self, message: &impl Message) -> Result<(), Reset> {
        self.send_bytes(&message.encode_to_vec()).await
    }

    /// As [`send`](Conversation::send), with a message that is encoded already, or is none.
    pub async fn send_bytes(&mut self, message: &[u8]) -> Result<(), Reset> {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut framed = Vec::with_capacity(5 + message.len());
        framed.push(0);
        framed.extend(length.to_be_bytes());
        framed.extend(message);
        let frame = Frame::data(Bytes::from(framed));
        self.reply()?.send(frame).await.map_err(|_| gone())
    }

    /// Ends the call with this status. What the caller still sends is refused.
    pub async fn end(mut self, status: Status) -> Result<(), Reset> {
        if let Reply::Awaited(respond) = self.reply {
            return respond.send(status.into_http()).map_err(|_| gone());
        }
        let mut trailers = HeaderMap::new();
        if let Err(status) = status.add_header(&mut trailers) {
            fail(format!("the script's status cannot be sent: {status}"));
        }
        let trailers = Frame::trailers(trailers);
        self.reply()?.send(trailers).await.map_err(|_| gone())
    }

    /// Waits until the caller has reset the call, or its connection broke. A caller that has ended
    /// its stream in order is still there.
    pub async fn reset(&mut self) {
        match &mut self.reply {
            Reply::Awaited(respond) => respond.closed().await,
            Reply::Begun(frames) => frames.closed().await,
        }
    }

    fn reply(&mut self) -> Result<&mut mpsc::Sender<Frame<Bytes>>, Reset> {
        if let Reply::Awaited(_) = self.reply {
            let (sender, frames) = mpsc::channel(1);
            let body = Body::new(Frames {
                frames,
                ended: false,
            });
            let mut response = Response::new(body);
            let content_type = HeaderValue::from_static("application/grpc");
            response.headers_mut().insert(CONTENT_TYPE, content_type);
            let awaited = std::mem::replace(&mut self.reply, Reply::Begun(sender));
            if let Reply::Awaited(respond) = awaited {
                respond.send(response).map_err(|_| gone())?;
            }
        }
        match &mut self.reply {
            Reply::Begun(frames) => Ok(frames),
            Reply::Awaited(_) => Err(gone()),
        }
    }
}

fn gone() -> Reset {
    Reset("the caller reset the call".to_owned())
}

/// The response's body.
struct Frames {
    frames: mpsc::Receiver<Frame<Bytes>>,
    ended: bool,
}

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = Reset;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Reset>>> {
        let frame = ready!(self.frames.poll_recv(context));
        if frame.is_none() && !self.ended {
            // hyper turns an error of the body into a reset of the stream.
            self.ended = true;
            return Poll::Ready(Some(Err(Reset(
                "the script has dropped the call".to_owned(),
            ))));
        }
        self.ended |= frame.as_ref().is_some_and(Frame::is_trailers);
        Poll::Ready(frame.map(Ok))
    }
}
