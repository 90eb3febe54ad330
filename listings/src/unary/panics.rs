//! A method that runs into a panic in somebody else's code, left alone and caught.

// ANCHOR: uses
use std::panic::{self, AssertUnwindSafe};

use futures_util::FutureExt as _;
// ANCHOR_END: uses
use proto::ticket::v1::ticket_service_server::TicketService;
use proto::ticket::v1::{BuyTicketsRequest, BuyTicketsResponse, GetShowRequest, GetShowResponse};
use tonic::{Request, Response, Status};

/// A box office whose printer and postman have one play each that they cannot cope with.
pub struct UnluckyBoxOffice;

/// How many lines the tickets have.
fn print_tickets(show: &str) -> i64 {
    assert_ne!(show, "macbeth", "nobody has taught me that word");
    4
}

/// Sends the tickets to the customer.
pub async fn post_tickets(show: &str) {
    tokio::task::yield_now().await;
    assert_ne!(show, "lear", "there is no door to knock at on this heath");
}

#[tonic::async_trait]
impl TicketService for UnluckyBoxOffice {
    /// Lets a panic take its course.
    async fn get_show(
        &self,
        request: Request<GetShowRequest>,
    ) -> Result<Response<GetShowResponse>, Status> {
        let price_cents = print_tickets(&request.into_inner().show);
        Ok(Response::new(GetShowResponse {
            seats_left: 0,
            price_cents,
        }))
    }

    /// Makes a status of a panic.
    async fn buy_tickets(
        &self,
        request: Request<BuyTicketsRequest>,
    ) -> Result<Response<BuyTicketsResponse>, Status> {
        let BuyTicketsRequest { show, .. } = request.into_inner();
        // ANCHOR: caught
        let lines = panic::catch_unwind(|| print_tickets(&show))
            .map_err(|_panic| Status::internal("the tickets could not be printed"))?;
        // ANCHOR_END: caught
        // ANCHOR: caught_later
        let posted = AssertUnwindSafe(post_tickets(&show)).catch_unwind().await;
        posted.map_err(|_panic| Status::internal("the tickets could not be posted"))?;
        // ANCHOR_END: caught_later
        Ok(Response::new(BuyTicketsResponse { paid_cents: lines }))
    }
}
