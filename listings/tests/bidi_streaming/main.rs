//! What chapter 7 says, pinned. Each test names the page that relies on it: when one turns red,
//! tonic has changed (or the listing has), and that page is to be read again.

mod client;
mod contract;
mod deadlock;
mod ending;
mod rooms;
mod server;
mod slow;

use std::net::SocketAddr;

use listings::bidi_streaming::client::enter;
use listings::bidi_streaming::room::Room;
use listings::bidi_streaming::server::Auction;
use proto::auction::v1::auction_service_client::AuctionServiceClient;
use proto::auction::v1::auction_service_server::AuctionServiceServer;
use proto::auction::v1::echo_service_client::EchoServiceClient;
use proto::auction::v1::echo_service_server::{EchoService, EchoServiceServer};
use proto::auction::v1::{AttendRequest, AttendResponse};
use testkit::{Proxy, within};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Streaming};

/// A server in a task of this process, behind a proxy that records bytes.
struct Running {
    address: SocketAddr,
    proxy: Proxy,
    serving: JoinHandle<()>,
}

impl Running {
    async fn auction(room: &Room) -> Self {
        let auction = Auction::new([("clock", room.clone())]);
        let service = AuctionServiceServer::new(auction);
        Self::start(Server::builder(), Routes::new(service)).await
    }

    async fn echo(service: impl EchoService) -> Self {
        let service = EchoServiceServer::new(service);
        Self::start(Server::builder(), Routes::new(service)).await
    }

    async fn start(mut server: Server, routes: Routes) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a loopback port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let serving = tokio::spawn(async move {
            let served = server.add_routes(routes).serve_with_incoming(incoming);
            served
                .await
                .expect("the server goes on until it is dropped");
        });
        let proxy = Proxy::start(address).await;
        Self {
            address,
            proxy,
            serving,
        }
    }

    /// Past the proxy, for tests that move megabytes.
    fn direct(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("it is a URL")
    }

    fn bidder(&self) -> AuctionServiceClient<Channel> {
        AuctionServiceClient::new(self.proxy.endpoint().connect_lazy())
    }

    fn echoer(&self) -> EchoServiceClient<Channel> {
        EchoServiceClient::new(self.proxy.endpoint().connect_lazy())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// One who attends: what may be sent, and what is received.
struct Attendee {
    requests: mpsc::Sender<AttendRequest>,
    boards: Streaming<AttendResponse>,
}

impl Attendee {
    /// Enters the room of the clock.
    async fn enter(stub: &mut AuctionServiceClient<Channel>) -> Self {
        let (requests, outbound) = mpsc::channel(1);
        requests.try_send(enter("clock")).expect("it holds one");
        let request = Request::new(ReceiverStream::new(outbound));
        let response = within("Attend, until its headers", stub.attend(request)).await;
        let boards = response.expect("a room is open to all").into_inner();
        Self { requests, boards }
    }

    async fn send(&self, request: AttendRequest) {
        let sent = within("a request", self.requests.send(request)).await;
        sent.expect("the call is under way");
    }

    /// The next board.
    async fn board(&mut self) -> AttendResponse {
        let board = within("the next board", self.boards.message()).await;
        let board = board.expect("the call goes on");
        board.expect("the auction goes on")
    }

    /// Reads boards until one satisfies `enough`.
    async fn board_where(
        &mut self,
        mut enough: impl FnMut(&AttendResponse) -> bool,
    ) -> AttendResponse {
        loop {
            let board = self.board().await;
            if enough(&board) {
                return board;
            }
        }
    }
}
