//! What chapter 4 says, pinned. Each test names the page that relies on it: when one turns red,
//! tonic has changed (or the listing has), and that page is to be read again.

mod client;
mod contract;
mod errors;
mod server;
mod state;

use std::net::SocketAddr;

use listings::unary;
use listings::unary::bank::Bank;
use listings::unary::seats::Seats;
use listings::unary::server::{BoxOffice, serve};
use proto::ticket::v1::ticket_service_client::TicketServiceClient;
use proto::ticket::v1::ticket_service_server::TicketService;
use proto::ticket::v1::{BuyTicketsRequest, GetShowRequest};
use testkit::Proxy;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// A server in a task of this process, behind a proxy that counts connections and records bytes.
struct Running {
    proxy: Proxy,
    serving: JoinHandle<()>,
}

impl Running {
    async fn start(office: impl TicketService) -> Self {
        let (listener, address) = listen().await;
        let serving = tokio::spawn(async move {
            let served = serve(listener, office, std::future::pending()).await;
            served.expect("the server goes on until it is dropped");
        });
        let proxy = Proxy::start(address).await;
        Self { proxy, serving }
    }

    fn stub(&self) -> TicketServiceClient<Channel> {
        unary::client::stub(&self.proxy.endpoint())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.expect("a loopback port is free");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    (listener, address)
}

fn hamlet(seats: i32) -> Seats {
    Seats::new([("hamlet", seats), ("othello", 40)])
}

fn office(bank: Bank) -> BoxOffice {
    BoxOffice::new(hamlet(100), bank)
}

fn get(show: &str) -> GetShowRequest {
    GetShowRequest { show: show.into() }
}

fn buy(show: &str, seats: i32) -> BuyTicketsRequest {
    BuyTicketsRequest {
        show: show.into(),
        seats,
    }
}
