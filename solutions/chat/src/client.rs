//! The client: what is typed is said, what is heard is shown. This file is yours: stage 9.

use std::io;
// [stub]
use std::time::Duration;
// [/stub]

// [stub] use tokio::sync::mpsc;
// [stub] use tonic::transport::Uri;
use proto::chat::v1::chat_request::Action;
use proto::chat::v1::chat_response::Event;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use proto::chat::v1::{ChatRequest, Join, Joined, Left, Said, Say, Welcome};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::{Endpoint, Uri};

/// How long a host that does not answer at all is waited for.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Texts may be small, and come faster than they are shown. A window of 2 MiB, the default, holds
/// so many small frames that h2 would end the connection; a small one is full before.
const WINDOW: u32 = 64 << 10;
// [/stub]

/// Where to sit: in which room of which server, under which name.
#[derive(Debug)]
pub struct Seat {
    pub room: String,
    pub name: String,
    pub server: Uri,
}

/// What the program prints on standard error, on one line, and the code it exits with.
#[derive(Debug)]
pub struct Failure {
    /// 64 plus the number of the status code: ALREADY_EXISTS, which is 6, gives 70. Or 1, if what
    /// was heard cannot be printed.
    pub exit_code: u8,
    /// The server's own message; or, where no server answered, which one did not, and why.
    pub sentence: String,
}

/// Talks in a room until it is over. Every line of `typed` is said; the end of `typed` is the end
/// of what is said, not of what is heard. What is heard goes to `show`, line by line:
///
/// - welcome: `* with ann, ben`, or `* nobody else is here`;
/// - joined and left: `* ben joined`, `* ben left`;
/// - said: `ben: text`.
///
/// When the room is over, nothing more is shown, and this is `Ok`.
pub async fn join(
    seat: Seat,
    typed: mpsc::Receiver<String>,
    show: fn(&str) -> io::Result<()>,
) -> Result<(), Failure> {
    let Seat { room, name, server } = seat;
    // [stub] let _ = (typed, show);
    // [stub] todo!("stage 9: join {room:?} of {server} as {name:?}, say what is typed, show what is heard")
    let channel = Endpoint::from(server.clone())
        .connect_timeout(CONNECT_WITHIN)
        .initial_stream_window_size(WINDOW)
        .connect_lazy();
    let mut stub = ChatServiceClient::new(channel);

    // tonic polls this stream in a task of its own, so that what is typed goes out while the loop
    // below waits, and what is heard is shown while the server takes nothing more. The stream's
    // end is the half-close.
    let join = Action::Join(Join { room, name });
    let said = ReceiverStream::new(typed).map(|text| Action::Say(Say { text }));
    let said = tokio_stream::once(join).chain(said);
    let said = said.map(|action| ChatRequest {
        action: Some(action),
    });

    let failed = |status: Status| explain(&server, &status);
    let mut heard = stub.chat(said).await.map_err(failed)?.into_inner();
    while let Some(response) = heard.message().await.map_err(failed)? {
        // An event that is not set is of a newer contract than this program's.
        let Some(event) = response.event else {
            continue;
        };
        match show(&line(event)) {
            Ok(()) => {}
            // Whoever read the output has gone: that is leaving, too.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => {
                return Err(Failure {
                    exit_code: 1,
                    sentence: format!("cannot print: {error}"),
                });
            }
        }
    }
    Ok(())
    // [/stub]
}
// [stub]

fn line(event: Event) -> String {
    match event {
        Event::Welcome(Welcome { members }) if members.is_empty() => {
            "* nobody else is here".to_owned()
        }
        Event::Welcome(Welcome { members }) => format!("* with {}", members.join(", ")),
        Event::Joined(Joined { name }) => format!("* {name} joined"),
        Event::Left(Left { name }) => format!("* {name} left"),
        Event::Said(Said { name, text }) => format!("{name}: {text}"),
    }
}

fn explain(server: &Uri, status: &Status) -> Failure {
    // A status that came over the wire has no source. One that has was made here, by tonic, and
    // its cause says more than its message ("transport error").
    let sentence = match std::error::Error::source(status) {
        Some(cause) => format!("lost {server}: {}", root_of(cause)),
        None => format!("{server}: {}", status.message()),
    };
    Failure {
        // A gRPC status code is at most 16, so the sum fits.
        exit_code: 64 + status.code() as u8,
        // The message may come from anybody; a second line in it would look like one of ours.
        sentence: format!("{:?}: {}", status.code(), sentence.escape_debug()),
    }
}

fn root_of(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}
// [/stub]
