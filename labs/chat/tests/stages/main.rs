//! The chat's tests, one module a stage. They start the program and talk in its rooms, or run it as
//! the client of a scripted server; they never see its source.

mod stage_1_join;
mod stage_2_say;
mod stage_3_identity;
mod stage_4_half_close;
mod stage_5_broken;
mod stage_6_slow;
mod stage_7_both_ways;
mod stage_8_dropped;
mod stage_9_client;

use std::fmt::{self, Debug};

use proto::chat::v1::chat_request::Action;
use proto::chat::v1::chat_response::Event;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use proto::chat::v1::inspect_service_client::InspectServiceClient;
use proto::chat::v1::{
    ChatRequest, ChatResponse, CountTasksRequest, Join, Joined, Left, Said, Say, Welcome,
};
use testkit::{Lab, Proxy, Replies, Server, eventually, expect_eq, fail, within};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{CancellationHandle, Code};

const PROGRAM: Lab = testkit::program!();

/// The room of every test that needs no second one.
const ROOM: &str = "tea";

/// The largest text that the contract allows, in bytes.
const LONGEST_TEXT: usize = 65_536;

const HEARD_BY_ALL: &str = "What a member says is heard by everybody else in the room.";

const WELCOME: &str = "Welcome comes before anything else, with the names of those who were in \
                       the room before, in alphabetical order.";

const TOLD: &str = "Who comes and who goes is told to everybody else in the room.";

/// A chat server that is running.
struct Chat {
    server: Server,
}

impl Chat {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(arguments: &[&str]) -> Self {
        Self {
            server: Server::start_with(PROGRAM, arguments).await,
        }
    }

    /// A connection of its own. It is made by the first call.
    fn connect(&self) -> Connection<'_> {
        self.connect_by(&self.server.endpoint())
    }

    fn connect_by(&self, endpoint: &Endpoint) -> Connection<'_> {
        Connection {
            server: &self.server,
            channel: endpoint.connect_lazy(),
        }
    }

    /// A connection that can be cut while others live: the proxy is what to cut.
    async fn connect_apart(&self) -> (Connection<'_>, Proxy) {
        let proxy = Proxy::start(self.server.proxy.address()).await;
        (self.connect_by(&proxy.endpoint()), proxy)
    }

    /// Somebody who joins on a connection of its own, and has not read anything yet.
    async fn join(&self, room: &str, name: &str) -> Member {
        self.connect().join(room, name).await
    }

    /// Members of one room, each on a connection of its own, who have heard of each other.
    async fn company<const N: usize>(&self, names: [&str; N]) -> [Member; N] {
        let mut members: Vec<Member> = Vec::new();
        for name in names {
            let newcomer = self.join(ROOM, name).await;
            arrive(&mut members, newcomer).await;
        }
        let Ok(members) = members.try_into() else {
            unreachable!("one member was made for each name");
        };
        members
    }
}

/// Expects that the newcomer is welcomed, and that everybody else hears of it.
async fn arrive(members: &mut Vec<Member>, mut newcomer: Member) {
    let mut present: Vec<_> = members.iter().map(|member| member.name.clone()).collect();
    present.sort();
    newcomer.hears(welcome(present), WELCOME).await;
    for member in members.iter_mut() {
        member.hears(joined(&newcomer.name), TOLD).await;
    }
    members.push(newcomer);
}

/// One connection, over which there can be many calls.
#[derive(Clone)]
struct Connection<'a> {
    server: &'a Server,
    channel: Channel,
}

impl Connection<'_> {
    async fn join(&self, room: &str, name: &str) -> Member {
        let call = format!("Chat({name} joins {room})");
        self.open(call, name, join_request(room, name)).await
    }

    /// Makes a call whose first message is this one.
    async fn open(
        &self,
        call: impl Into<String>,
        name: &str,
        first: impl Into<Option<ChatRequest>>,
    ) -> Member {
        // One message of room: what is sent has been taken by the transport, but for the last.
        let (says, requests) = mpsc::channel(1);
        if let Some(first) = first.into() {
            let sent = says.try_send(first);
            sent.expect("there is room for the first message");
        }
        let mut stub = ChatServiceClient::new(self.channel.clone());
        let mut cancel = None;
        let hears = self
            .server
            .open(call, ReceiverStream::new(requests), async |mut it| {
                cancel = Some(it.cancellation_handle());
                stub.chat(it).await
            })
            .await;
        Member {
            name: name.to_owned(),
            says: Some(says),
            hears,
            cancel,
        }
    }

    /// Makes a call that sends nothing at all, and ends its stream.
    async fn open_without_a_message(&self) -> Replies<ChatResponse> {
        let mut stub = ChatServiceClient::new(self.channel.clone());
        let nothing = tokio_stream::empty::<ChatRequest>();
        self.server
            .open("Chat(no message)", nothing, async |it| stub.chat(it).await)
            .await
    }

    /// How many tasks the server has under way.
    async fn tasks(&self) -> u64 {
        let mut inspect = InspectServiceClient::new(self.channel.clone());
        let counted = self
            .server
            .call("CountTasks()", CountTasksRequest {}, async |it| {
                inspect.count_tasks(it).await
            })
            .await;
        counted
            .is_ok("InspectService is given, and answers unless the server's threads are blocked.")
            .tasks
    }

    /// Expects that the server comes back to so many tasks.
    async fn tasks_come_back_to(&self, before: u64, done: &str) {
        eventually(
            done,
            &format!("{before} tasks in the server, as before, or fewer"),
            "Whatever works for a call must end with it: a task that waits for a caller that has \
             gone waits for ever.",
            async || self.tasks().await,
            |tasks| *tasks <= before,
        )
        .await;
    }
}

/// A member of a room, or somebody who wants to be one. It reads only what a test asks for.
struct Member {
    name: String,
    says: Option<mpsc::Sender<ChatRequest>>,
    hears: Replies<ChatResponse>,
    cancel: Option<CancellationHandle>,
}

impl Member {
    async fn says(&self, text: impl Into<String>) {
        self.sends(say(text)).await;
    }

    async fn sends(&self, request: ChatRequest) {
        let Some(says) = &self.says else {
            unreachable!("{} has ended its stream", self.name);
        };
        let done = format!("{} sends a message", self.name);
        // An error says that the call has ended, which whoever hears next will find.
        let _ = within(&done, says.send(request)).await;
    }

    /// Ends its stream: the half-close.
    fn says_no_more(&mut self) {
        self.says = None;
    }

    async fn hears(&mut self, event: Event, because: &str) {
        self.hears.is(response(event), because).await;
    }

    async fn hears_from(&mut self, other: &Member, text: &str, because: &str) {
        self.hears(said(&other.name, text), because).await;
    }

    /// The next event, which must be a text: who said it, and what.
    async fn hears_text(&mut self, because: &str) -> (String, String) {
        match self.hears.next(because).await.event {
            Some(Event::Said(Said { name, text })) => (name, text),
            event => not(&self.name, "a text", &event, because),
        }
    }

    /// Expects that the room is over, now that the last one who could speak has left it. That one
    /// may have left before the server knew that this one only listens, and is told of then.
    async fn finds_the_room_over_without(&mut self, last: &str) {
        const BECAUSE: &str = "The only one who could have spoken is gone, so the room is over for \
                               its listeners, and there is nothing more to tell.";
        let (told, status) = self.hears.rest(1, BECAUSE).await;
        if status.code() != Code::Ok {
            not(&self.name, "OK, the end of the stream", &status, BECAUSE);
        }
        if let Some(told) = told.first()
            && *told != response(left(last))
        {
            not(&self.name, "OK, the end of the stream", told, BECAUSE);
        }
    }

    async fn is_refused(&mut self, code: Code, because: &str) {
        self.hears.ends_with(code, because).await;
    }

    /// Resets the call, and goes on holding both of its halves. tonic resets by itself only when
    /// the request's stream has ended or been dropped, too.
    fn cancels(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            cancel.cancel();
        }
    }
}

/// Fails: somebody heard something else.
fn not(name: &str, expected: &str, heard: &impl Debug, because: &str) -> ! {
    let done = format!("what {name} hears");
    expect_eq(
        &done,
        Shown(format!("{heard:?}")),
        Shown(expected.to_owned()),
        because,
    );
    fail(format!(
        "{done} is what was expected, and was taken for wrong"
    ))
}

/// A text that is shown without quotes.
#[derive(PartialEq)]
struct Shown(String);

impl Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn join_request(room: &str, name: &str) -> ChatRequest {
    ChatRequest {
        action: Some(Action::Join(Join {
            room: room.to_owned(),
            name: name.to_owned(),
        })),
    }
}

fn say(text: impl Into<String>) -> ChatRequest {
    ChatRequest {
        action: Some(Action::Say(Say { text: text.into() })),
    }
}

fn response(event: Event) -> ChatResponse {
    ChatResponse { event: Some(event) }
}

fn welcome<S: Into<String>>(members: impl IntoIterator<Item = S>) -> Event {
    Event::Welcome(Welcome {
        members: members.into_iter().map(S::into).collect(),
    })
}

fn welcome_to_an_empty_room() -> Event {
    welcome([""; 0])
}

fn joined(name: &str) -> Event {
    Event::Joined(Joined {
        name: name.to_owned(),
    })
}

fn left(name: &str) -> Event {
    Event::Left(Left {
        name: name.to_owned(),
    })
}

fn said(name: &str, text: &str) -> Event {
    Event::Said(Said {
        name: name.to_owned(),
        text: text.to_owned(),
    })
}

/// A text of the largest size, which begins with its number.
fn large_text(number: usize) -> String {
    let mut text = number.to_string();
    text += &" ".repeat(LONGEST_TEXT - text.len());
    text
}

/// The number of a large text; fails the test if it is none, or a part of one.
fn number_of(text: &str) -> usize {
    match text.trim_end().parse() {
        Ok(number) if text.len() == LONGEST_TEXT => number,
        _ => not(
            "a member",
            "a text of 65,536 bytes",
            &text.len(),
            "A text arrives as it was sent.",
        ),
    }
}
