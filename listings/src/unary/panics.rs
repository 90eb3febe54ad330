//! A method that runs into a panic in somebody else's code, left alone and caught.

use std::panic;

use proto::ticket::v1::ticket_service_server::TicketService;
use proto::ticket::v1::{BuyTicketsRequest, BuyTicketsResponse, GetShowRequest, GetShowResponse};
use tonic::{Request, Response, Status};

use super::post::post_tickets;

/// A box office whose printer and postman cannot cope with one play each.
pub struct UnluckyBoxOffice;

/// How many lines the tickets have.
fn print_tickets(show: &str) -> i64 {
    assert_ne!(show, "macbeth", "nobody has taught me that word");
    4
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
        post_tickets(&show).await?;
        Ok(Response::new(BuyTicketsResponse { paid_cents: lines }))
    }
}
