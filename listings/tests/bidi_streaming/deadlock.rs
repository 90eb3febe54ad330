use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use listings::bidi_streaming::client::{bid, enter};
use listings::bidi_streaming::echo::Echo;
use listings::bidi_streaming::room::Room;
use listings::bidi_streaming::server::Auction;
use proto::auction::v1::auction_service_client::AuctionServiceClient;
use proto::auction::v1::auction_service_server::AuctionServiceServer;
use proto::auction::v1::echo_service_client::EchoServiceClient;
use proto::auction::v1::echo_service_server::{EchoService, EchoServiceServer};
use proto::auction::v1::{EchoRequest, EchoResponse};
use testkit::{eventually, within};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

use crate::Running;

const KIB: usize = 1 << 10;

/// A call that writes as fast as it may, in a task, and reads nothing unless it is told to.
pub struct Writer {
    sent: Arc<AtomicUsize>,
    pub writing: JoinHandle<()>,
    pub responses: Streaming<EchoResponse>,
}

impl Writer {
    pub async fn begin(
        stub: &mut EchoServiceClient<Channel>,
        messages: usize,
        size: usize,
    ) -> Self {
        let (requests, outbound) = mpsc::channel(1);
        let response = within("Echo", stub.echo(ReceiverStream::new(outbound))).await;
        let responses = response.expect("an echo answers").into_inner();
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let writing = tokio::spawn(async move {
            for _ in 0..messages {
                let data = vec![7; size];
                if requests.send(EchoRequest { data }).await.is_err() {
                    return;
                }
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self {
            sent,
            writing,
            responses,
        }
    }

    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits until so many messages have been taken from the writer.
    pub async fn has_sent(&self, messages: usize) {
        eventually(
            "a writer that is not read",
            &format!("{messages} messages sent"),
            "so many fit into the windows",
            async || self.sent(),
            |sent| *sent >= messages,
        )
        .await;
    }

    /// Reads to the end: how many responses came.
    async fn read_all(&mut self) -> usize {
        let mut read = 0;
        loop {
            let response = within("the next response", self.responses.message()).await;
            match response.expect("an echo answers") {
                Some(_response) => read += 1,
                None => return read,
            }
        }
    }
}

/// One message there and back, on a call of its own.
pub async fn one_echo(mut stub: EchoServiceClient<Channel>) {
    let echoing = async {
        let request = EchoRequest { data: vec![1] };
        let response = stub.echo(stream::iter([request])).await;
        let mut echoes = response.expect("an echo answers").into_inner();
        assert!(matches!(echoes.message().await, Ok(Some(_))));
        assert!(matches!(echoes.message().await, Ok(None)));
    };
    within("one message there and back", echoing).await;
}

/// ending.md: an echo whose caller does not read stops when 2 MiB of answers and 1 MiB of
/// questions lie in the windows. Reading is what it waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writing_without_reading_stops_at_about_three_mebibytes() {
    let running = Running::echo(Echo).await;
    let mut stub = EchoServiceClient::new(running.direct().connect_lazy());
    let mut writer = Writer::begin(&mut stub, 128, 64 * KIB).await;
    // Half a window may have been read and not announced yet: 2 + 1 - 0.5 MiB at the least.
    writer.has_sent(36).await;
    // Work goes on elsewhere, for longer than the next messages would take.
    for _ in 0..20 {
        one_echo(EchoServiceClient::new(running.direct().connect_lazy())).await;
    }
    // And each place on the way holds a message that does not fit any more: 3.75 MiB at the most.
    assert!(writer.sent() <= 60, "{} of 128 were sent", writer.sent());
    assert!(!writer.writing.is_finished());
    assert_eq!(writer.read_all().await, 128);
}

/// ending.md: what comes for a response that was dropped is thrown away, and yet it fills the
/// window: to the server this is somebody who does not read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_response_is_a_response_that_nobody_reads() {
    let running = Running::echo(Echo).await;
    let mut stub = EchoServiceClient::new(running.direct().connect_lazy());
    let mut writer = Writer::begin(&mut stub, 128, 64 * KIB).await;
    writer.responses = Writer::begin(&mut stub, 0, 0).await.responses;
    writer.has_sent(36).await;
    for _ in 0..20 {
        one_echo(EchoServiceClient::new(running.direct().connect_lazy())).await;
    }
    assert!(writer.sent() <= 60, "{} of 128 were sent", writer.sent());
}

/// ending.md: a quarter of it fits into the windows, and so does every small test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_mebibytes_each_way_go_through_unread() {
    let running = Running::echo(Echo).await;
    let mut stub = EchoServiceClient::new(running.direct().connect_lazy());
    let mut writer = Writer::begin(&mut stub, 32, 64 * KIB).await;
    let writing = within("2 MiB that nobody reads", &mut writer.writing).await;
    writing.expect("it did not panic");
    assert_eq!(writer.read_all().await, 32);
}

/// ending.md: the client's cure: it reads while it writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_mebibytes_go_through_when_the_client_reads_meanwhile() {
    let running = Running::echo(Echo).await;
    let mut stub = EchoServiceClient::new(running.direct().connect_lazy());
    let mut writer = Writer::begin(&mut stub, 128, 64 * KIB).await;
    assert_eq!(writer.read_all().await, 128);
}

/// ending.md: the server's cure: its reading half never waits for its writing half. The windows
/// are made small, so that bids of a few bytes fill them many times over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_always_reads_cannot_be_written_to_a_standstill() {
    const BIDS: i64 = 10_000;
    let window = 16 * 1024;
    let auction = Auction::new([("clock", Room::default())]);
    let routes = Routes::new(AuctionServiceServer::new(auction));
    let server = Server::builder().initial_stream_window_size(window);
    let running = Running::start(server, routes).await;
    let endpoint = running.direct().initial_stream_window_size(window);
    let mut stub = AuctionServiceClient::new(endpoint.connect_lazy());

    let (requests, outbound) = mpsc::channel(64);
    let response = within("Attend", stub.attend(ReceiverStream::new(outbound))).await;
    let mut boards = response.expect("a room is open to all").into_inner();
    let send = async |request| {
        let sent = within("a request", requests.send(request)).await;
        sent.expect("the call goes on");
    };
    send(enter("clock")).await;
    for amount_cents in 1..=BIDS {
        send(bid(amount_cents)).await; // and nothing is read
    }

    let mut read = 0;
    loop {
        let board = within("the next board", boards.message()).await;
        let board = board.expect("the call goes on");
        read += 1;
        if board.expect("the lot is not sold").amount_cents == BIDS {
            break;
        }
    }
    // slow.md: what did not fit into the window was never made.
    assert!(read < BIDS, "{read} boards");
}

/// slow.md: one stream that the server does not read takes the window of the whole connection,
/// because hyper gives a server's connection as much as one of its streams: 1 MiB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_the_server_does_not_read_stops_its_neighbours() {
    let (server, read) = Reluctant::new();
    let running = Running::echo(server).await;
    let mut stub = EchoServiceClient::new(running.direct().connect_lazy());
    let mut writer = Writer::begin(&mut stub, 32, 64 * KIB).await;
    // The 16th message does not fit any more, the 17th waits for room, and the 18th for the 17th.
    writer.has_sent(18).await;
    let neighbour = tokio::spawn(one_echo(stub));
    for _ in 0..20 {
        one_echo(EchoServiceClient::new(running.direct().connect_lazy())).await;
    }
    assert!(!neighbour.is_finished());
    assert!(writer.sent() <= 18, "{} of 32 were sent", writer.sent());

    read.send_replace(true);
    assert_eq!(writer.read_all().await, 32);
    let echoed = within("the neighbour's echo", neighbour).await;
    echoed.expect("it did not panic");
}

/// slow.md: a window for the connection that is larger than a stream's lets the others pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_larger_connection_window_lets_the_neighbours_pass() {
    let (server, _read) = Reluctant::new();
    let routes = Routes::new(EchoServiceServer::new(server));
    let server = Server::builder().initial_connection_window_size(4 << 20);
    let running = Running::start(server, routes).await;
    let mut stub = EchoServiceClient::new(running.direct().connect_lazy());
    let writer = Writer::begin(&mut stub, 32, 64 * KIB).await;
    writer.has_sent(18).await;
    one_echo(stub).await;
    assert!(!writer.writing.is_finished());
}

/// Echoes, but does not read the first call before it is told to.
pub struct Reluctant {
    calls: AtomicUsize,
    read: watch::Receiver<bool>,
}

impl Reluctant {
    pub fn new() -> (Self, watch::Sender<bool>) {
        let (tell, read) = watch::channel(false);
        let calls = AtomicUsize::new(0);
        (Self { calls, read }, tell)
    }
}

#[tonic::async_trait]
impl EchoService for Reluctant {
    type EchoStream = BoxStream<'static, Result<EchoResponse, Status>>;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        let mut read = self.read.clone();
        let is_first = self.calls.fetch_add(1, Ordering::Relaxed) == 0;
        let told = async move {
            if is_first {
                let _ = read.wait_for(|read| *read).await; // or the test is over
            }
        };
        let requests = request.into_inner();
        let echoes =
            told.map(move |()| requests.map_ok(|EchoRequest { data }| EchoResponse { data }));
        Ok(Response::new(echoes.flatten_stream().boxed()))
    }
}
