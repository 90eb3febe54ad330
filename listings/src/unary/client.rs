//! The box office's customer.

use std::error::Error;
use std::time::Duration;

use proto::ticket::v1::ticket_service_client::TicketServiceClient;
use proto::ticket::v1::{BuyTicketsRequest, GetShowRequest};
use tokio::time::{Instant, timeout_at};
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};

// ANCHOR: stub
/// A stub for the box office. Nothing is connected before the first call.
pub fn stub(server: &Endpoint) -> TicketServiceClient<Channel> {
    TicketServiceClient::new(server.connect_lazy())
}
// ANCHOR_END: stub

// ANCHOR: every_show
/// How many seats are left in all of these shows together.
pub async fn seats_left(
    mut stub: TicketServiceClient<Channel>,
    shows: &[&str],
) -> Result<i32, Status> {
    let mut sum = 0;
    for &show in shows {
        let request = GetShowRequest { show: show.into() };
        sum += stub.get_show(request).await?.into_inner().seats_left;
    }
    Ok(sum)
}
// ANCHOR_END: every_show

// ANCHOR: within
/// Buys seats, and gives up after `limit`: connecting, waiting and reading included.
pub async fn buy_within(
    mut stub: TicketServiceClient<Channel>,
    limit: Duration,
    show: &str,
    seats: i32,
) -> Result<i64, Status> {
    let deadline = Instant::now() + limit;
    let mut request = Request::new(BuyTicketsRequest {
        show: show.into(),
        seats,
    });
    request.set_timeout(limit); // for the server: the header grpc-timeout
    match timeout_at(deadline, stub.buy_tickets(request)).await {
        Ok(Ok(response)) => Ok(response.into_inner().paid_cents),
        Ok(Err(status)) if Instant::now() < deadline => Err(status),
        // The time is up. tonic may have seen it first, and calls it CANCELLED.
        _ => Err(Status::deadline_exceeded("the box office did not answer")),
    }
}
// ANCHOR_END: within

// ANCHOR: explain
/// What to tell the person who asked.
pub fn explain(server: &Uri, status: &Status) -> String {
    match root_cause(status) {
        // Made here: there was no answer. The innermost cause says why.
        Some(cause) => format!("no answer from {server}: {cause}"),
        // Sent by the server, whose words are the best there are.
        None => format!("{:?}: {}", status.code(), status.message()),
    }
}

/// The innermost cause, if the status was made on this side of the wire.
fn root_cause(status: &Status) -> Option<&(dyn Error + 'static)> {
    let mut cause = status.source()?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause)
}
// ANCHOR_END: explain

// ANCHOR: exit_code
/// What to tell the script that asked: 64 plus the number of the code.
pub fn exit_code(status: &Status) -> u8 {
    64 + status.code() as u8 // at most 16
}
// ANCHOR_END: exit_code
