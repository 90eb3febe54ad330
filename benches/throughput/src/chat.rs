//! `chat`: a room in which everybody talks: messages delivered a second.

use std::io::{Seek as _, Write as _};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use proto::chat::v1::chat_request::Action;
use proto::chat::v1::chat_response::Event;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use proto::chat::v1::{ChatRequest, Join, Say};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use crate::programs::{RUST, Server, run};

const MEMBERS: usize = 8;
/// Said by each.
const TEXTS: usize = 1_000;
/// Said by the client program, line by line.
const LINES: usize = 20_000;

/// Large enough that nobody is put out: what is measured is how fast all is delivered.
const OPTIONS: [&str; 2] = ["--backlog", "1GiB"];

/// A room of several members, each on a connection of its own, in which all talk at once.
pub async fn server(language: &str) -> Result<f64> {
    let server = Server::start(language, "chat", &OPTIONS).await?;
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        let name = format!("member-{number}");
        members.push(Member::join(server.connect().await?, name).await?);
    }

    let began = Instant::now();
    let mut talking = JoinSet::new();
    for member in members {
        talking.spawn(member.talk(TEXTS, (MEMBERS - 1) * TEXTS));
    }
    while let Some(talked) = talking.join_next().await {
        talked??;
    }
    Ok((MEMBERS * (MEMBERS - 1) * TEXTS) as f64 / began.elapsed().as_secs_f64())
}

/// This language's client says what it reads on standard input, and one listener hears it: from
/// the client's start to the last text heard.
pub async fn client(language: &str) -> Result<f64> {
    let server = Server::start(RUST, "chat", &OPTIONS).await?;
    let listener = Member::join(server.connect().await?, "listener".to_owned()).await?;
    let url = server.url();
    let arguments = ["join", "room", "--name", "speaker", "--server", &url];
    let mut lines = tempfile::tempfile()?;
    for number in 0..LINES {
        writeln!(lines, "{}", text(number))?;
    }
    lines.rewind()?;

    let began = Instant::now();
    let speaking = run(language, "chat", &arguments, Some(lines));
    let listening = async {
        // Whoever could still speak holds the room open until the speaker is in it; then the room
        // is over when the speaker's input is.
        let mut listener = listener;
        let joined = listener.events.message().await?;
        ensure!(joined.is_some(), "the room was over before anybody spoke");
        listener.talk(0, LINES).await
    };
    tokio::try_join!(speaking, listening)?;
    Ok(LINES as f64 / began.elapsed().as_secs_f64())
}

struct Member {
    say: mpsc::Sender<ChatRequest>,
    events: Streaming<proto::chat::v1::ChatResponse>,
}

impl Member {
    async fn join(connection: Channel, name: String) -> Result<Self> {
        let (say, requests) = mpsc::channel(16);
        let room = "room".to_owned();
        say.send(request(Action::Join(Join { room, name }))).await?;
        let requests = ReceiverStream::new(requests);
        let mut stub = ChatServiceClient::new(connection);
        let mut events = stub.chat(requests).await?.into_inner();
        let welcome = events.message().await?.and_then(|reply| reply.event);
        ensure!(
            matches!(welcome, Some(Event::Welcome(_))),
            "not welcome: {welcome:?}"
        );
        Ok(Self { say, events })
    }

    /// Says so many texts and then no more, and hears so many.
    async fn talk(self, texts: usize, to_hear: usize) -> Result<()> {
        let Self { say, mut events } = self;
        let talking = tokio::spawn(async move {
            for number in 0..texts {
                let text = text(number);
                let said = say.send(request(Action::Say(Say { text }))).await;
                said.context("the server ended the call")?;
            }
            anyhow::Ok(())
        });
        let mut heard = 0;
        while let Some(reply) = events.message().await? {
            heard += usize::from(matches!(reply.event, Some(Event::Said(_))));
        }
        talking.await??;
        ensure!(heard == to_hear, "heard {heard} texts instead of {to_hear}");
        Ok(())
    }
}

fn request(action: Action) -> ChatRequest {
    ChatRequest {
        action: Some(action),
    }
}

/// A hundred bytes.
fn text(number: usize) -> String {
    format!("{number:0>100}")
}
