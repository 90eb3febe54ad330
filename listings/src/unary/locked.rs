//! The box office with the mistake that the chapter warns of: a lock held while the bank is asked.

use std::collections::HashMap;
use std::sync::PoisonError;

use proto::ticket::v1::ticket_service_server::TicketService;
use proto::ticket::v1::{BuyTicketsRequest, BuyTicketsResponse, GetShowRequest, GetShowResponse};
use tokio::sync::Mutex;
use tonic::{Request, Response, Status};

use super::bank::Bank;
use super::server::PRICE_CENTS;

pub struct LockedBoxOffice {
    left: Mutex<HashMap<String, i32>>,
    bank: Bank,
}

impl LockedBoxOffice {
    pub fn new<const N: usize>(shows: [(&str, i32); N], bank: Bank) -> Self {
        let left = shows.map(|(show, seats)| (show.to_owned(), seats));
        Self {
            left: Mutex::new(left.into()),
            bank,
        }
    }
}

#[tonic::async_trait]
impl TicketService for LockedBoxOffice {
    async fn get_show(
        &self,
        request: Request<GetShowRequest>,
    ) -> Result<Response<GetShowResponse>, Status> {
        let GetShowRequest { show } = request.into_inner();
        let left = self.left.lock().await;
        let seats_left = *left.get(&show).ok_or_else(|| no_such_show(&show))?;
        Ok(Response::new(GetShowResponse {
            seats_left,
            price_cents: PRICE_CENTS,
        }))
    }

    // ANCHOR: buy_tickets
    async fn buy_tickets(
        &self,
        request: Request<BuyTicketsRequest>,
    ) -> Result<Response<BuyTicketsResponse>, Status> {
        let BuyTicketsRequest { show, seats } = request.into_inner();
        let mut left = self.left.lock().await;
        let left = left.get_mut(&show).ok_or_else(|| no_such_show(&show))?;
        if *left < seats {
            return Err(Status::failed_precondition("too few seats are left"));
        }
        let paid_cents = PRICE_CENTS * i64::from(seats);
        self.bank.charge(paid_cents).await?; // the lock is still held
        *left -= seats;
        Ok(Response::new(BuyTicketsResponse { paid_cents }))
    }
    // ANCHOR_END: buy_tickets
}

fn no_such_show(show: &str) -> Status {
    Status::not_found(format!("there is no show named {show:?}"))
}

/// The same with the lock of the standard library. As a plain function it compiles, though Clippy
/// objects; as a method of the service it does not, since the guard may not change threads.
// ANCHOR: std_guard
#[expect(clippy::await_holding_lock, reason = "it is the mistake that is shown")]
pub async fn buy_one(left: &std::sync::Mutex<i32>, bank: &Bank) -> Result<(), Status> {
    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
    bank.charge(PRICE_CENTS).await?; // the guard lives across this await
    *left -= 1;
    Ok(())
}
// ANCHOR_END: std_guard
