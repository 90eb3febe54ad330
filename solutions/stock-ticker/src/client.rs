//! What the client asks, prints, and says when a call fails. This file is yours: stage 9.

// [stub]
use std::error::Error;
use std::io::{self, Write as _};

// [/stub]
use proto::ticker::v1::Tick;
// [stub]
use proto::ticker::v1::ticker_service_client::TickerServiceClient;
use proto::ticker::v1::watch_response::Event;
use proto::ticker::v1::{GetQuoteRequest, ReplayRequest, WatchRequest};
use tokio::time::{Instant, timeout_at};
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request, Status};
// [/stub]

use crate::arguments::{About, Question};
use crate::show;

/// What the program prints on standard error, on one line, and the code it exits with.
#[derive(Debug)]
pub struct Failure {
    /// 64 plus the number of the status code: UNAVAILABLE, which is 14, gives 78. 1 if the output
    /// cannot be written.
    pub exit_code: u8,
    /// The server's own message; or, where it was made here, time over included, which server, and
    /// why.
    pub sentence: String,
}

/// Makes one call, and prints each reply as a line when it comes.
///
/// A watch whose time is over has gone well. So has anything whose reader has seen enough and
/// closed the output.
pub async fn ask(question: &Question) -> Result<(), Failure> {
    // [stub] let Question {
    // [stub]     about,
    // [stub]     symbol,
    // [stub]     server,
    // [stub]     time,
    // [stub] } = question;
    // [stub] match about {
    // [stub]     About::Quote => todo!("stage 9: ask {server} for a quote of {symbol}, within {time:?}"),
    // [stub]     About::Replay { limit, interval } => {
    // [stub]         todo!("stage 9: ask for a replay of {limit} ticks, {interval:?} apart")
    // [stub]     }
    // [stub]     About::Watch => todo!(
    // [stub]         "stage 9: watch, and print lines such as {:?} and {:?}",
    // [stub]         show::tick(&Tick::default()),
    // [stub]         show::missed(1)
    // [stub]     ),
    // [stub] }
    let Question { about, server, .. } = question;
    let deadline = question.time.map(|time| Instant::now() + time);
    let channel = channel(server);
    let answers = print_answers(TickerServiceClient::new(channel), question, deadline);
    let end = match deadline {
        Some(deadline) => timeout_at(deadline, answers).await,
        None => Ok(answers.await),
    };
    let passed = deadline.is_some_and(|deadline| Instant::now() >= deadline);
    match end {
        Ok(Ok(())) => Ok(()),
        Ok(Err(End::Output(error))) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Ok(Err(End::Output(error))) => Err(Failure {
            exit_code: 1,
            sentence: format!("cannot write the output: {error}"),
        }),
        Ok(Err(End::Status(status))) if !passed => Err(explain(server, &status)),
        // Whichever side has noticed first, and whatever code the call ended with.
        Ok(Err(End::Status(_))) | Err(_) => match about {
            About::Watch => Ok(()),
            About::Quote | About::Replay { .. } => Err(failure(
                Code::DeadlineExceeded,
                &format!(
                    "{server} did not answer to the end within {:?}",
                    question.time.unwrap_or_default()
                ),
            )),
        },
    }
    // [/stub]
}
// [stub]

/// Why a call ended that did not end well.
enum End {
    Status(Status),
    Output(io::Error),
}

async fn print_answers(
    mut stub: TickerServiceClient<Channel>,
    question: &Question,
    deadline: Option<Instant>,
) -> Result<(), End> {
    let symbol = question.symbol.clone();
    match question.about {
        About::Quote => {
            let request = request(GetQuoteRequest { symbol }, deadline);
            let quote = stub.get_quote(request).await?.into_inner();
            print(&show::tick(&received(quote.tick)?))
        }
        About::Replay { limit, interval } => {
            let interval = interval
                .try_into()
                .map_err(|_| Status::invalid_argument("the interval is too long"))?;
            let message = ReplayRequest {
                symbol,
                limit,
                interval: Some(interval),
            };
            let mut replies = stub.replay(request(message, deadline)).await?.into_inner();
            while let Some(reply) = replies.message().await? {
                print(&show::tick(&received(reply.tick)?))?;
            }
            Ok(())
        }
        About::Watch => {
            let request = request(WatchRequest { symbol }, deadline);
            let mut replies = stub.watch(request).await?.into_inner();
            while let Some(reply) = replies.message().await? {
                match reply.event {
                    Some(Event::Tick(tick)) => print(&show::tick(&tick))?,
                    Some(Event::Missed(ticks)) => print(&show::missed(ticks))?,
                    // An event of a kind that is newer than this program.
                    None => {}
                }
            }
            Ok(())
        }
    }
}

/// A request that tells the server for how long its answers are of use.
fn request<T>(message: T, deadline: Option<Instant>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(deadline) = deadline {
        request.set_timeout(deadline.saturating_duration_since(Instant::now()));
    }
    request
}

fn received(tick: Option<Tick>) -> Result<Tick, Status> {
    tick.ok_or_else(|| Status::internal("the server sent a reply without a tick"))
}

/// Prints a line, and sees that it gets out: whoever reads it may act on it at once.
///
/// This blocks its thread while nobody reads the output. That is wanted: replies are then left
/// where they are, and the server slows down. `println!` would panic when the reader has gone.
fn print(line: &str) -> Result<(), End> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .map_err(End::Output)
}

impl From<Status> for End {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

fn explain(server: &Uri, status: &Status) -> Failure {
    // A status that came over the wire has no source. One that has was made here, by tonic, and
    // its cause says more than its message ("transport error").
    match status.source() {
        Some(cause) => failure(status.code(), &format!("{server}: {}", root_of(cause))),
        None => failure(status.code(), status.message()),
    }
}

fn root_of(error: &dyn Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}

fn failure(code: Code, sentence: &str) -> Failure {
    Failure {
        // A gRPC status code is at most 16, so the sum fits.
        exit_code: 64 + code as u8,
        // The message may come from anybody; a second line in it would look like one of ours.
        sentence: format!("{code:?}: {}", sentence.escape_debug()),
    }
}

/// A channel that connects at its first call.
///
/// Ticks are small, and a server can be faster than this program prints. A window of 2 MiB, the
/// default, holds so many small frames that h2 would end the connection; a small one is full
/// before, and then the server waits.
fn channel(server: &Uri) -> Channel {
    const WINDOW: u32 = 64 << 10;
    Endpoint::from(server.clone())
        .initial_stream_window_size(WINDOW)
        .connect_lazy()
}
// [/stub]
