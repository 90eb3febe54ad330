//! A stream of replies, read one expectation at a time.

use std::error::Error as _;
use std::fmt::Debug;

use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use crate::call::{Made, NO_MESSAGE, code_name, status_shown};
use crate::explain::{apart, shorten};

/// The replies of a call that answers a stream. Made by [`Server::open`](crate::Server::open).
///
/// It reads nothing but what an expectation asks for, so a test that asks for nothing is a caller
/// that does not read. Each expectation waits for each message as long as the call's patience.
/// Dropping it gives the call up.
#[must_use = "replies that nobody looks at prove nothing"]
#[derive(Debug)]
pub struct Replies<T> {
    made: Made,
    state: State<T>,
    received: u64,
}

#[derive(Debug)]
enum State<T> {
    Open(Box<Streaming<T>>),
    Ended(End),
}

/// Why no message comes any more.
#[derive(Clone, Debug)]
enum End {
    /// OK, or the error.
    Status(Status),
    /// The response's headers did not come for as long as the test waited.
    NotBegun,
    /// No message and no end came for as long as the test waited.
    Silence,
}

enum Came<T> {
    Message(T),
    End(End),
}

impl<T> Replies<T> {
    pub(crate) fn new(made: Made, answer: Option<Result<Streaming<T>, Status>>) -> Self {
        let state = match answer {
            Some(Ok(stream)) => State::Open(Box::new(stream)),
            Some(Err(status)) => State::Ended(End::Status(status)),
            None => State::Ended(End::NotBegun),
        };
        Self {
            made,
            state,
            received: 0,
        }
    }

    /// How many messages have been read so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    async fn come(&mut self) -> Came<T> {
        let stream = match &mut self.state {
            State::Open(stream) => stream,
            State::Ended(end) => return Came::End(end.clone()),
        };
        let end = match timeout(self.made.patience, stream.message()).await {
            Ok(Ok(Some(message))) => {
                self.received += 1;
                return Came::Message(message);
            }
            Ok(Ok(None)) => End::Status(Status::ok("")),
            Ok(Err(status)) => End::Status(status),
            // The stream stays open: a test that catches this may find out why.
            Err(_elapsed) => return Came::End(End::Silence),
        };
        self.state = State::Ended(end.clone());
        Came::End(end)
    }
}

impl<T: Debug> Replies<T> {
    /// Expects that the server has taken the call: its headers came, and no error.
    pub fn begins(&self, because: &str) {
        match &self.state {
            State::Ended(end @ (End::NotBegun | End::Silence)) => self.not("headers", end, because),
            State::Ended(end @ End::Status(status)) if status.code() != Code::Ok => {
                self.not("a stream of messages", end, because)
            }
            State::Open(_) | State::Ended(End::Status(_)) => {}
        }
    }

    /// Expects another message, and gives it.
    pub async fn next(&mut self, because: &str) -> T {
        match self.come().await {
            Came::Message(message) => message,
            Came::End(end) => self.not("a message", &end, because),
        }
    }

    /// Expects that the next message is exactly this one.
    pub async fn is(&mut self, message: T, because: &str)
    where
        T: PartialEq,
    {
        match self.come().await {
            Came::Message(came) if came == message => {}
            Came::Message(came) => {
                let (expected, came_back) = apart(&format!("{message:?}"), &format!("{came:?}"));
                self.explain_at(self.received - 1, expected, came_back, because)
            }
            Came::End(end) => self.not(&shorten(&format!("{message:?}")), &end, because),
        }
    }

    /// Expects so many messages more, and gives them.
    pub async fn take(&mut self, count: usize, because: &str) -> Vec<T> {
        let mut messages = Vec::with_capacity(count.min(1024));
        while messages.len() < count {
            match self.come().await {
                Came::Message(message) => messages.push(message),
                Came::End(end) => {
                    let all = self.received + (count - messages.len()) as u64;
                    self.not(&format!("{all} messages"), &end, because)
                }
            }
        }
        messages
    }

    /// Expects the end of the stream, with the status OK, and no message before it.
    pub async fn ends(&mut self, because: &str) {
        let expected = "OK, the end of the stream";
        let status = self.end(expected, because).await;
        if status.code() != Code::Ok {
            self.not(expected, &End::Status(status), because);
        }
    }

    /// Expects that the stream ends with this code and some message for the caller, and no message
    /// of the contract before it; gives the status.
    pub async fn ends_with(&mut self, code: Code, because: &str) -> Status {
        let expected = code_name(code);
        let status = self.end(expected, because).await;
        if status.code() != code {
            self.not(expected, &End::Status(status), because)
        } else if code != Code::Ok && status.message().is_empty() {
            let expected = format!("{expected} with a message");
            self.not(&expected, &End::Status(status), NO_MESSAGE)
        } else {
            status
        }
    }

    /// Expects that the server ends the stream because the caller's deadline has passed: with
    /// DEADLINE_EXCEEDED, or by a reset. grpc-go resets a stream whose deadline has passed by
    /// itself, whatever its handler does, and leaves the status to the caller, who has a clock too.
    pub async fn ends_at_the_deadline(&mut self, because: &str) {
        let expected = code_name(Code::DeadlineExceeded);
        let status = self.end(expected, because).await;
        // A CANCELLED that the server sent has no source; one that tonic makes of a reset does.
        let reset = status.code() == Code::Cancelled && status.source().is_some();
        if status.code() != Code::DeadlineExceeded && !reset {
            self.not(expected, &End::Status(status), because);
        }
    }

    /// Expects that the stream ends with any status but OK, and gives that.
    pub async fn fails(&mut self, because: &str) -> Status {
        let expected = "an error, whichever";
        let status = self.end(expected, because).await;
        if status.code() == Code::Ok {
            self.not(expected, &End::Status(status), because);
        }
        status
    }

    /// Reads to the end of the stream, whatever its status, and expects that no more than so many
    /// messages come before it; gives both.
    pub async fn rest(&mut self, at_most: usize, because: &str) -> (Vec<T>, Status) {
        let expected = format!("an end, after {at_most} messages more at most");
        let mut messages = Vec::new();
        loop {
            match self.come().await {
                Came::Message(message) if messages.len() < at_most => messages.push(message),
                Came::Message(message) => self.one_more(&expected, &message, because),
                Came::End(End::Status(status)) => return (messages, status),
                Came::End(end) => self.not(&expected, &end, because),
            }
        }
    }

    /// Gives the stream itself, for a test that reads in a way of its own.
    pub fn into_inner(self, because: &str) -> Streaming<T> {
        match self.state {
            State::Open(stream) => *stream,
            State::Ended(ref end) => self.not("a stream of messages", end, because),
        }
    }

    async fn end(&mut self, expected: &str, because: &str) -> Status {
        match self.come().await {
            Came::End(End::Status(status)) => status,
            Came::End(end) => self.not(expected, &end, because),
            Came::Message(message) => self.one_more(expected, &message, because),
        }
    }

    /// A message came where none may.
    fn one_more(&self, expected: &str, message: &T, because: &str) -> ! {
        let came_back = format!("another message, {}", shorten(&format!("{message:?}")));
        self.explain_at(self.received - 1, expected.to_owned(), came_back, because)
    }

    /// Not what was expected, but this end.
    fn not(&self, expected: &str, end: &End, because: &str) -> ! {
        let patience = self.made.patience;
        let came_back = match end {
            End::Status(status) if status.code() == Code::Ok => {
                "OK, the end of the stream".to_owned()
            }
            End::Status(status) => status_shown(status),
            End::NotBegun => format!("nothing within {patience:?}, not even headers"),
            End::Silence => format!("nothing within {patience:?}"),
        };
        self.explain_at(self.received, expected.to_owned(), came_back, because)
    }

    fn explain_at(&self, after: u64, expected: String, came_back: String, because: &str) -> ! {
        let call = &self.made.call;
        let done = match after {
            0 => call.clone(),
            1 => format!("{call}, after 1 message"),
            _ => format!("{call}, after {after} messages"),
        };
        self.made.explain(done, expected, came_back, because)
    }
}
