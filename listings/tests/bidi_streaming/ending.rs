use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt as _};
use listings::bidi_streaming::client::{bid, enter};
use listings::bidi_streaming::detached::Detached;
use listings::bidi_streaming::room::Room;
use listings::bidi_streaming::server::Auction;
use proto::auction::v1::auction_service_client::AuctionServiceClient;
use proto::auction::v1::auction_service_server::AuctionServiceServer;
use proto::auction::v1::echo_service_client::EchoServiceClient;
use proto::auction::v1::echo_service_server::{EchoService, EchoServiceServer};
use proto::auction::v1::{EchoRequest, EchoResponse};
use testkit::{eventually, within};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::deadlock::{Reluctant, one_echo};
use crate::{Attendee, Running};

/// ending.md: a caller that drops both halves sends a reset, and its seat is free.
#[tokio::test]
async fn a_caller_that_leaves_frees_its_seat() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let ann = Attendee::enter(&mut running.bidder()).await;
    present(&room, 1).await;
    drop(ann.boards);
    drop(ann.requests);
    present(&room, 0).await;
    let trace = running.proxy.transcript();
    println!("{trace}");
    assert!(trace.contains("→ RST_STREAM"), "{trace}");
}

/// ending.md: a cut connection frees the seat too.
#[tokio::test]
async fn a_cut_connection_frees_the_seat() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let mut ann = Attendee::enter(&mut running.bidder()).await;
    present(&room, 1).await;
    running.proxy.cut();
    present(&room, 0).await;
    // client.md: what the one who is still there reads.
    let cut = within("the end", async {
        loop {
            match ann.boards.message().await {
                Ok(Some(_board)) => {}
                Ok(None) => panic!("a cut connection is no orderly end"),
                Err(status) => return status,
            }
        }
    });
    assert_eq!(cut.await.code(), Code::Unknown);
}

/// ending.md: a caller whose window is full is a writer that is stuck, and can leave all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_does_not_read_can_leave() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let tiny = running.proxy.endpoint().initial_stream_window_size(64);
    let slow = Attendee::enter(&mut AuctionServiceClient::new(tiny.connect_lazy())).await;
    let mut ann = Attendee::enter(&mut running.bidder()).await;
    for amount_cents in 1..=100 {
        ann.send(bid(amount_cents)).await;
        ann.board_where(|board| board.amount_cents == amount_cents)
            .await;
    }
    assert_eq!(room.watch().borrow().present, 2);
    drop(slow);
    present(&room, 1).await;
}

/// ending.md: who vanishes without a word is noticed by a server that sends pings.
#[tokio::test]
async fn a_silent_disappearance_is_noticed_by_keepalive() {
    let room = Room::default();
    let auction = Auction::new([("clock", room.clone())]);
    let server = Server::builder()
        .http2_keepalive_interval(Some(Duration::from_millis(100)))
        .http2_keepalive_timeout(Some(Duration::from_secs(1)));
    let routes = Routes::new(AuctionServiceServer::new(auction));
    let running = Running::start(server, routes).await;
    let _ann = Attendee::enter(&mut running.bidder()).await;
    present(&room, 1).await;
    running.proxy.black_hole(true);
    present(&room, 0).await;
}

/// ending.md: a client that drops the response alone has told nobody. It sits there, and its bids
/// count.
// ANCHOR: dropped_response
#[tokio::test]
async fn a_dropped_response_alone_is_not_a_reset() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let mut stub = running.bidder();
    let Attendee { requests, boards } = Attendee::enter(&mut stub).await;
    let mut ben = Attendee::enter(&mut stub).await;
    drop(boards);
    for amount_cents in [100, 200, 300] {
        let sent = within("a bid", requests.send(bid(amount_cents))).await;
        sent.expect("the call goes on");
        ben.board_where(|board| board.amount_cents == amount_cents)
            .await;
    }
    assert_eq!(room.watch().borrow().present, 2);
    assert!(!running.proxy.transcript().contains("RST_STREAM"));
}
// ANCHOR_END: dropped_response

/// ending.md: with a cancellation handle the client can say that it leaves.
// ANCHOR: handle
#[tokio::test]
async fn a_cancellation_handle_resets_the_stream() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let bids_for_ever = stream::iter([enter("clock")]).chain(stream::pending());
    let mut request = Request::new(bids_for_ever);
    let leave = request.cancellation_handle();

    let response = within("Attend", running.bidder().attend(request)).await;
    present(&room, 1).await;
    leave.cancel();
    present(&room, 0).await;
    assert!(running.proxy.transcript().contains("→ RST_STREAM"));
    // ANCHOR_END: handle
    let mut boards = response.expect("a room is open to all").into_inner();
    let end = within("the end, as the client sees it", async {
        while let Some(_board) = boards.message().await? {}
        Ok::<_, Status>(())
    })
    .await;
    assert_eq!(end.expect_err("it was cancelled").code(), Code::Cancelled);
}

/// ending.md: the handle is looked at when the next message is wanted. While the sender is stuck
/// for lack of room in the window, nothing is wanted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_handle_waits_for_room_in_the_window() {
    let (server, read) = Reluctant::new();
    let routes = Routes::new(EchoServiceServer::new(server));
    let server = Server::builder().initial_connection_window_size(4 << 20);
    let running = Running::start(server, routes).await;
    let mut stub = running.echoer();
    let (requests, outbound) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(outbound));
    let cancel = request.cancellation_handle();
    let response = within("Echo", stub.echo(request)).await;
    let mut responses = response.expect("it answers").into_inner();
    for _ in 0..18 {
        let data = vec![7; 64 << 10];
        let sent = within("a message", requests.send(EchoRequest { data })).await;
        sent.expect("the call is open");
    }
    cancel.cancel();
    let end = tokio::spawn(async move {
        while let Some(_response) = responses.message().await? {}
        Ok::<_, Status>(())
    });
    for _ in 0..20 {
        one_echo(stub.clone()).await;
    }
    assert!(!end.is_finished()); // nothing has happened
    read.send_replace(true);
    let end = within("the end of the call", end).await;
    let status = end
        .expect("it did not panic")
        .expect_err("it was cancelled");
    assert_eq!(status.code(), Code::Cancelled);
}

/// ending.md: nor does it help to drop everything, the channel too, while the sender is stuck. The
/// call stays open until the server reads, or ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_is_stuck_keeps_its_call_open() {
    let (server, read) = Reluctant::new();
    let running = Running::echo(server).await;
    let (requests, outbound) = mpsc::channel(1);
    let mut stub = running.echoer();
    let response = within("Echo", stub.echo(ReceiverStream::new(outbound))).await;
    for _ in 0..18 {
        let data = vec![7; 64 << 10];
        let sent = within("a message", requests.send(EchoRequest { data })).await;
        sent.expect("the call is open");
    }
    drop((requests, response, stub));
    for _ in 0..20 {
        one_echo(running.echoer()).await;
    }
    // The service listens to `read`, and so does a call that waits for it.
    assert_eq!(read.receiver_count(), 2);
    read.send_replace(true);
    eventually(
        "a call that its client has forgotten",
        "no call is left",
        "the server has read what was on its way, and the reset behind it",
        async || read.receiver_count(),
        |listening| *listening == 1,
    )
    .await;
}

/// Tells how the reading half of each call ended.
struct Ends(mpsc::UnboundedSender<Result<(), Code>>);

#[tonic::async_trait]
impl EchoService for Ends {
    type EchoStream = BoxStream<'static, Result<EchoResponse, Status>>;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        let mut requests = request.into_inner();
        let ends = self.0.clone();
        // ANCHOR: ends
        tokio::spawn(async move {
            let end = loop {
                match requests.message().await {
                    Ok(Some(_message)) => {}
                    Ok(None) => break Ok(()),
                    Err(status) => break Err(status.code()),
                }
            };
            let _ = ends.send(end);
        });
        // ANCHOR_END: ends
        Ok(Response::new(stream::pending().boxed()))
    }
}

/// ending.md: for the server's reader a half-close and a reset are the same, and a cut is not.
#[tokio::test]
async fn a_reset_reads_like_a_half_close() {
    let (ends, mut ended) = mpsc::unbounded_channel();
    let running = Running::echo(Ends(ends)).await;
    let mut stub = running.echoer();
    let open = async |stub: &mut EchoServiceClient<_>| {
        let (requests, outbound) = mpsc::channel::<EchoRequest>(1);
        let response = within("Echo", stub.echo(ReceiverStream::new(outbound))).await;
        (requests, response.expect("it answers").into_inner())
    };

    let (requests, _responses) = open(&mut stub).await;
    drop(requests);
    let half_close = within("a half-close", ended.recv()).await;
    assert_eq!(half_close, Some(Ok(())));

    let (_requests, outbound) = mpsc::channel::<EchoRequest>(1);
    let mut request = Request::new(ReceiverStream::new(outbound));
    let handle = request.cancellation_handle();
    let _responses = within("Echo", stub.echo(request))
        .await
        .expect("it answers");
    handle.cancel();
    let reset = within("a reset", ended.recv()).await;
    assert_eq!(reset, Some(Ok(())));
    assert!(running.proxy.transcript().contains("→ RST_STREAM"));

    let (_requests, _responses) = open(&mut stub).await;
    running.proxy.cut();
    let cut = within("a cut", ended.recv()).await;
    assert_eq!(cut, Some(Err(Code::Unknown)));
}

/// ending.md: the server ends the call, and with it the client's half: the next send fails.
#[tokio::test]
async fn when_the_server_ends_the_call_the_clients_half_ends_too() {
    let room = Room::default();
    let running = Running::auction(&room).await;
    let mut ann = Attendee::enter(&mut running.bidder()).await;
    ann.board().await;
    room.hammer();
    ann.board_where(|board| board.sold).await;
    let end = within("the end", ann.boards.message()).await;
    assert_eq!(end.expect("the call ends with OK"), None);
    within("the end of the sending half", ann.requests.closed()).await;
    assert!(ann.requests.send(bid(1)).await.is_err());
    // RFC 9113, section 8.1: the answer is complete, and what else would be sent is not wanted.
    let trace = running.proxy.transcript();
    assert!(
        trace.contains("← RST_STREAM") && trace.contains("NO_ERROR"),
        "{trace}"
    );
}

/// ending.md: a reader that nobody owns reads on after its call is over, as long as the client
/// likes.
#[tokio::test]
async fn a_detached_reader_outlives_its_call() {
    let (count, mut read) = watch::channel(0);
    let running = Running::echo(Detached(count)).await;
    let (requests, outbound) = mpsc::channel(1);
    let call = running.echoer().echo(ReceiverStream::new(outbound)).await;
    let mut responses = call.expect("it answers").into_inner();
    let send = async |number: u8| {
        let data = vec![number];
        let sent = within("a message", requests.send(EchoRequest { data })).await;
        sent.expect("the sending half is open");
    };
    send(1).await;
    assert!(matches!(responses.message().await, Ok(Some(_))));
    assert!(matches!(responses.message().await, Ok(None))); // OK: the call is over
    for number in 2..=100 {
        send(number).await;
    }
    let heard = read.wait_for(|messages| *messages == 100);
    within("a reader of a call that is over", heard)
        .await
        .expect("it reads");
    println!("{}", running.proxy.transcript());
}

async fn present(room: &Room, people: u32) {
    let mut board = room.watch();
    let present = board.wait_for(|board| board.present == people);
    let seen = within(&format!("{people} people in the room"), present).await;
    seen.expect("the room is there");
}
