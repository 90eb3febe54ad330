//! The rooms, and who is in them. This file is yours: stages 1 to 7.
//!
//! A room tells each of its members what happens in it, in one order that is the same for all. It
//! never waits for a member.

// [stub] use std::pin::Pin;
// [stub] use std::sync::Arc;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
// [/stub]

// [stub] use proto::chat::v1::ChatResponse;
// [stub] use tokio_stream::Stream;
use prost::Message as _;
use proto::chat::v1::chat_response::Event;
use proto::chat::v1::{ChatResponse, Joined, Left, Said, Welcome};
use tokio::sync::mpsc;
use tokio_stream::Stream;
// [/stub]
use tonic::Status;

/// All rooms of a server. A room is there for as long as somebody in it may speak.
#[derive(Debug)]
pub struct Rooms {
    /// How many bytes are kept for a member that does not read. Used from stage 6 on.
    backlog: usize,
    // [stub]
    /// One lock for all rooms, and never across an `.await`. Whoever holds it puts a pointer into
    /// the queue of each member, and no more. So its order is the order of a room, and nobody can
    /// join a room while its last speaker leaves.
    open: Mutex<Open>,
    // [/stub]
}

// [stub] /// What one member hears: events and, unless its call ends with OK, a status after them.
// [stub] pub type Heard = Pin<Box<dyn Stream<Item = Result<ChatResponse, Status>> + Send>>;
#[derive(Debug, Default)]
struct Open {
    rooms: HashMap<String, Room>,
    /// How many members there have been.
    joined: u64,
}

/// Members by name, which is the order in which a newcomer is told of them.
type Room = BTreeMap<String, Member>;

#[derive(Debug)]
struct Member {
    /// A name can be taken again as soon as its bearer has left, which may be before the bearer's
    /// call has ended. So a name alone does not say who somebody is.
    id: u64,
    /// False for one that only listens.
    speaks: bool,
    /// Unbounded in messages, because it is bounded in bytes. Dropping it ends the member's call,
    /// with OK unless the last thing in it was a status.
    hears: mpsc::UnboundedSender<Result<Arc<ChatResponse>, Status>>,
    /// The bytes in `hears`.
    kept: Arc<AtomicUsize>,
}

/// Which member of which room.
#[derive(Clone, Debug)]
struct Seat {
    rooms: Arc<Rooms>,
    room: String,
    name: String,
    id: u64,
}

/// A member's voice, for the half of its call that reads.
#[derive(Debug)]
pub struct Speaker(Seat);

/// What a member hears, for the half of its call that writes. A member has left when this is
/// dropped: tonic drops it at the end of a call, whichever side ended it and however.
#[derive(Debug)]
pub struct Listener {
    seat: Seat,
    hears: mpsc::UnboundedReceiver<Result<Arc<ChatResponse>, Status>>,
    kept: Arc<AtomicUsize>,
}
// [/stub]

impl Rooms {
    pub fn new(backlog: usize) -> Self {
        // [stub] Self { backlog }
        Self {
            backlog,
            open: Mutex::default(),
        }
        // [/stub]
    }

    // [stub] /// Makes somebody a member, and gives what it hears, which begins with `Welcome`.
    // [stub] pub fn join(self: &Arc<Self>, room: &str, name: &str) -> Result<Heard, Status> {
    // [stub]     todo!(
    // [stub]         "stage 1: {name:?} joins {room:?}; keep {} bytes",
    // [stub]         self.backlog
    // [stub]     )
    // [stub] }
    /// Makes somebody a member, tells the others, and gives the two halves of its membership.
    pub fn join(
        self: &Arc<Self>,
        room: String,
        name: String,
    ) -> Result<(Speaker, Listener), Status> {
        let (hears, heard) = mpsc::unbounded_channel();
        let kept = Arc::<AtomicUsize>::default();

        // From here on nothing can happen in the room between what the newcomer is welcomed with
        // and the first thing that it hears.
        let mut open = self.open();
        open.joined += 1;
        let id = open.joined;
        let members = open.rooms.entry(room.clone()).or_default();
        if members.contains_key(&name) {
            return Err(Status::already_exists(format!(
                "somebody in this room is called {name:?}"
            )));
        }
        self.tell(members, Event::Joined(Joined { name: name.clone() }), None);
        let newcomer = Member {
            id,
            speaks: true,
            hears,
            kept: Arc::clone(&kept),
        };
        let welcome = Event::Welcome(Welcome {
            members: members.keys().cloned().collect(),
        });
        newcomer.keep(&Arc::new(ChatResponse {
            event: Some(welcome),
        }));
        members.insert(name.clone(), newcomer);
        drop(open);

        let seat = Seat {
            rooms: Arc::clone(self),
            room,
            name,
            id,
        };
        let listener = Listener {
            seat: seat.clone(),
            hears: heard,
            kept,
        };
        Ok((Speaker(seat), listener))
    }

    /// Tells all but one, and puts out those who have fallen too far behind. Of these the others
    /// are told too, which may be too much for yet another.
    fn tell(&self, members: &mut Room, event: Event, except: Option<u64>) {
        let mut events = VecDeque::from([(event, except)]);
        while let Some((event, except)) = events.pop_front() {
            // One copy, however many members it waits for.
            let event = Arc::new(ChatResponse { event: Some(event) });
            members.retain(|name, member| {
                if except == Some(member.id) {
                    return true;
                }
                if member.kept.load(Ordering::Relaxed) + size(&event) <= self.backlog {
                    member.keep(&event);
                    return true;
                }
                member.end(Status::resource_exhausted(format!(
                    "you were put out: more than {} bytes wait to be read",
                    self.backlog
                )));
                events.push_back((Event::Left(Left { name: name.clone() }), None));
                false
            });
        }
    }

    /// Changes a room on behalf of a member, unless it is one no longer. Closes the room if nobody
    /// is left who may speak: dropping the members ends their calls.
    fn change<T>(&self, seat: &Seat, change: impl FnOnce(&mut Room) -> T) -> Option<T> {
        let mut open = self.open();
        let members = open.rooms.get_mut(&seat.room)?;
        members
            .get(&seat.name)
            .filter(|member| member.id == seat.id)?;
        let changed = change(members);
        if !members.values().any(|member| member.speaks) {
            open.rooms.remove(&seat.room);
        }
        Some(changed)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // Nothing that is done under the lock can panic half-way.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
    // [/stub]
}
// [stub]

impl Member {
    fn keep(&self, event: &Arc<ChatResponse>) {
        // Only whoever has the lock adds, so the sum cannot pass the backlog. The channel orders
        // this before the listener's subtraction.
        self.kept.fetch_add(size(event), Ordering::Relaxed);
        self.send(Ok(Arc::clone(event)));
    }

    /// The member is to hear what is kept for it, and then that its call has ended so.
    fn end(&self, status: Status) {
        self.send(Err(status));
    }

    fn send(&self, item: Result<Arc<ChatResponse>, Status>) {
        // An error says that the listener is being dropped at this moment, and wants the lock.
        let _ = self.hears.send(item);
    }
}

impl Speaker {
    /// Says this to everybody else. False if the member has been put out, or its room is over.
    pub fn say(&self, text: String) -> bool {
        let Self(seat) = self;
        let name = seat.name.clone();
        let said = Event::Said(Said { name, text });
        let told = seat.rooms.change(seat, |members| {
            seat.rooms.tell(members, said, Some(seat.id));
        });
        told.is_some()
    }

    /// Says no more, and goes on hearing.
    pub fn falls_silent(self) {
        let Self(seat) = self;
        seat.rooms.change(&seat, |members| {
            if let Some(member) = members.get_mut(&seat.name) {
                member.speaks = false;
            }
        });
    }

    /// Leaves the room, for this reason.
    pub fn leaves_with(self, status: Status) {
        self.0.leave(Some(status));
    }
}

impl Seat {
    fn leave(&self, reason: Option<Status>) {
        self.rooms.change(self, |members| {
            if let (Some(member), Some(status)) = (members.remove(&self.name), reason) {
                member.end(status);
            }
            if members.values().any(|member| member.speaks) {
                let name = self.name.clone();
                self.rooms.tell(members, Event::Left(Left { name }), None);
            }
        });
    }
}

impl Stream for Listener {
    type Item = Result<ChatResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let heard = ready!(self.hears.poll_recv(context));
        Poll::Ready(heard.map(|heard| {
            heard.map(|event| {
                self.kept.fetch_sub(size(&event), Ordering::Relaxed);
                // A copy for this member alone, made when it can be sent.
                Arc::unwrap_or_clone(event)
            })
        }))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.seat.leave(None);
    }
}

/// What an event costs while it is kept: the message, and what it has on the heap. Without the
/// former a million texts of one byte would be kept as if they were one of a million.
fn size(event: &ChatResponse) -> usize {
    size_of::<ChatResponse>() + event.encoded_len()
}
// [/stub]
