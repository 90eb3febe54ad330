//! The box office's server: the trait that tonic generated, and what carries it.

use proto::ticket::v1::ticket_service_server::{TicketService, TicketServiceServer};
use proto::ticket::v1::{BuyTicketsRequest, BuyTicketsResponse, GetShowRequest, GetShowResponse};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use super::bank::Bank;
use super::seats::Seats;

/// Every seat costs the same, in euro cents.
pub const PRICE_CENTS: i64 = 1_800;

// ANCHOR: state
/// One box office answers every call on every connection.
pub struct BoxOffice {
    seats: Seats,
    bank: Bank,
}
// ANCHOR_END: state

impl BoxOffice {
    pub fn new(seats: Seats, bank: Bank) -> Self {
        Self { seats, bank }
    }
}

// ANCHOR: get_show
#[tonic::async_trait]
impl TicketService for BoxOffice {
    async fn get_show(
        &self,
        request: Request<GetShowRequest>,
    ) -> Result<Response<GetShowResponse>, Status> {
        let GetShowRequest { show } = request.into_inner();
        let Some(seats_left) = self.seats.left(&show) else {
            return Err(Status::not_found(format!(
                "there is no show named {show:?}"
            )));
        };
        Ok(Response::new(GetShowResponse {
            seats_left,
            price_cents: PRICE_CENTS,
        }))
    }
    // ANCHOR_END: get_show

    // ANCHOR: buy_tickets
    async fn buy_tickets(
        &self,
        request: Request<BuyTicketsRequest>,
    ) -> Result<Response<BuyTicketsResponse>, Status> {
        let BuyTicketsRequest { show, seats } = request.into_inner();
        if !(1..=8).contains(&seats) {
            return Err(Status::invalid_argument(format!(
                "seats is {seats}; it must be from 1 to 8"
            )));
        }
        let hold = self.seats.hold(&show, seats)?;
        let paid_cents = PRICE_CENTS * i64::from(seats);
        self.bank.charge(paid_cents).await?;
        hold.sell();
        Ok(Response::new(BuyTicketsResponse { paid_cents }))
    }
    // ANCHOR_END: buy_tickets
}

// ANCHOR: serve
/// Answers calls on the listener until `stop` is ready and the open calls are done.
pub async fn serve(
    listener: TcpListener,
    office: impl TicketService,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(TicketServiceServer::new(office))
        .serve_with_incoming_shutdown(incoming, stop)
        .await
}
// ANCHOR_END: serve
