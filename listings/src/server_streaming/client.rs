//! Whoever reads a log from afar.

use std::io::{self, Write};
use std::time::Duration;

use proto::log::v1::ReadRequest;
use proto::log::v1::log_service_client::LogServiceClient;
use tokio::time::{Instant, timeout_at};
use tonic::transport::Channel;
use tonic::{Request, Status};

// ANCHOR: print
/// Why a log was not printed, or not to its end.
#[derive(Debug)]
pub enum Failure {
    /// The call ended, and not with OK.
    Call(Status),
    /// What is printed to does not take it.
    Output(io::Error),
}

/// Prints a log, each line as it comes, and gives up after `limit`, wherever it is.
pub async fn print(
    mut stub: LogServiceClient<Channel>,
    log: &str,
    limit: Duration,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let deadline = Instant::now() + limit;
    let mut request = Request::new(ReadRequest { log: log.into() });
    request.set_timeout(limit); // for the server
    let reading = async {
        let mut replies = stub.read(request).await?.into_inner();
        while let Some(reply) = replies.message().await? {
            let text = reply.line.unwrap_or_default().text;
            writeln!(out, "{text}").and_then(|()| out.flush())?;
        }
        Ok(()) // the server has said that this was all
    };
    let late = || Err(Status::deadline_exceeded("the log did not end in time").into());
    match timeout_at(deadline, reading).await {
        // The time is up. tonic may have seen it first, and calls it CANCELLED.
        Ok(Err(Failure::Call(_))) if Instant::now() >= deadline => late(),
        Ok(end) => end,
        Err(_) => late(),
    }
}
// ANCHOR_END: print

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Call(status)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
