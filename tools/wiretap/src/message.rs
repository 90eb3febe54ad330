//! gRPC's own framing inside DATA: a flag, a length, the message (gRPC over HTTP/2,
//! "Length-Prefixed-Message"). A message may span frames, and a frame may hold several.

use prost_reflect::MessageDescriptor;

use crate::field::{self, Fields};

/// One byte of flag, four of length.
const PREFIX: usize = 5;
/// Messages kept of one frame; it may hold three million empty ones.
const MAX_MESSAGES: usize = 64;

/// One gRPC message.
#[derive(Clone, Debug)]
pub struct Message {
    /// The flag in its prefix was 1: its bytes are in the encoding that `grpc-encoding` names.
    pub compressed: bool,
    /// Bytes that the message had.
    pub length: u32,
    /// Its first bytes, up to [`Limits::message`](crate::Limits::message).
    pub bytes: Vec<u8>,
    pub(crate) of: Option<MessageDescriptor>,
}

impl Message {
    /// The message's type in the contract, `package.Name`.
    pub fn type_name(&self) -> Option<&str> {
        self.of.as_ref().map(MessageDescriptor::full_name)
    }

    /// Decodes the bytes. Nothing comes of a compressed message.
    pub fn fields(&self) -> Fields {
        if self.compressed {
            return Fields::default();
        }
        field::decode(&self.bytes, self.missing(), self.of.as_ref())
    }

    /// True if not all of its bytes were kept.
    pub fn is_cut(&self) -> bool {
        self.missing() > 0
    }

    fn missing(&self) -> u64 {
        u64::from(self.length).saturating_sub(self.bytes.len() as u64)
    }
}

/// What one DATA frame brought.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Bytes of the frame without its padding.
    pub length: u32,
    /// The messages that this frame completes, the first 64.
    pub messages: Vec<Message>,
    /// Messages that it completes beyond those.
    pub more_messages: u64,
    /// At the frame's end a message is not complete yet: bytes of it so far, prefix included, and
    /// its length with prefix, once that is known.
    pub unfinished: Option<(u64, Option<u64>)>,
    /// First bytes of a body that is not gRPC.
    pub raw: Vec<u8>,
}

/// One direction of a call: the stream's bytes so far.
#[derive(Debug, Default)]
pub(crate) struct Body {
    state: State,
    /// The content type says that this is something else.
    pub is_not_grpc: bool,
    /// The messages' type, if the contract is known.
    pub of: Option<MessageDescriptor>,
    /// Messages completed so far.
    pub messages: u64,
}

#[derive(Debug)]
enum State {
    Prefix {
        bytes: [u8; PREFIX],
        filled: usize,
    },
    Message {
        message: Message,
        left: u32,
    },
    /// The framing is broken: nobody can say where the next message begins.
    Lost,
}

impl Default for State {
    fn default() -> State {
        State::Prefix {
            bytes: [0; PREFIX],
            filled: 0,
        }
    }
}

impl Body {
    /// Bytes kept of the message in progress.
    pub fn kept(&self) -> usize {
        match &self.state {
            State::Message { message, .. } => message.bytes.capacity(),
            _ => 0,
        }
    }

    /// A piece of a DATA frame. Says what is wrong, once.
    pub fn feed(&mut self, mut bytes: &[u8], data: &mut Data, limit: usize) -> Result<(), String> {
        if self.is_not_grpc {
            let room = limit.saturating_sub(data.raw.len());
            data.raw.extend_from_slice(first(bytes, room));
            return Ok(());
        }
        while !bytes.is_empty() {
            match &mut self.state {
                State::Lost => return Ok(()),
                State::Prefix {
                    bytes: prefix,
                    filled,
                } => {
                    let taken = bytes.len().min(PREFIX - *filled);
                    let (now, rest) = bytes.split_at(taken);
                    if let Some(to) = prefix.get_mut(*filled..*filled + taken) {
                        to.copy_from_slice(now);
                    }
                    *filled += taken;
                    bytes = rest;
                    let [flag, length @ ..] = *prefix;
                    if flag > 1 {
                        let first = self.messages == 0;
                        self.state = State::Lost;
                        return Err(not_a_prefix(flag, first));
                    }
                    if *filled == PREFIX {
                        let message = Message {
                            compressed: flag == 1,
                            length: u32::from_be_bytes(length),
                            bytes: Vec::new(),
                            of: self.of.clone(),
                        };
                        let left = message.length;
                        self.state = State::Message { message, left };
                        self.complete(data, limit);
                    }
                }
                State::Message { message, left } => {
                    let taken = bytes.len().min(*left as usize);
                    let (now, rest) = bytes.split_at(taken);
                    let room = limit.saturating_sub(message.bytes.len());
                    message.bytes.extend_from_slice(first(now, room));
                    *left -= u32::try_from(taken).unwrap_or(*left);
                    bytes = rest;
                    self.complete(data, limit);
                }
            }
        }
        Ok(())
    }

    /// Moves the message in progress to `data` if its last byte has come.
    fn complete(&mut self, data: &mut Data, limit: usize) {
        if !matches!(self.state, State::Message { left: 0, .. }) {
            return;
        }
        if let State::Message { mut message, .. } = std::mem::take(&mut self.state) {
            self.messages += 1;
            if data.messages.len() < MAX_MESSAGES {
                // One event keeps no more than one message may.
                let kept: usize = data
                    .messages
                    .iter()
                    .map(|message| message.bytes.len())
                    .sum();
                message.bytes.truncate(limit.saturating_sub(kept));
                message.bytes.shrink_to_fit();
                data.messages.push(message);
            } else {
                data.more_messages += 1;
            }
        }
    }

    /// Bytes so far and in all of the message in progress, its prefix included.
    pub fn unfinished(&self) -> Option<(u64, Option<u64>)> {
        match &self.state {
            State::Prefix {
                filled: filled @ 1..,
                ..
            } => Some((*filled as u64, None)),
            State::Message { message, left } => {
                let all = u64::from(message.length) + PREFIX as u64;
                Some((all - u64::from(*left), Some(all)))
            }
            _ => None,
        }
    }
}

/// As many of the bytes as there is room for.
fn first(bytes: &[u8], room: usize) -> &[u8] {
    bytes.get(..room).unwrap_or(bytes)
}

fn not_a_prefix(flag: u8, first: bool) -> String {
    let likely = match first {
        true => "is the 5-byte prefix missing?",
        false => "was the length of the message before it too small?",
    };
    format!("a message begins with 00 or 01, and this one with {flag:02x}: {likely}")
}
