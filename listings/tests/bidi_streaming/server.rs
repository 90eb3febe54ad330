use futures_util::stream::{self, BoxStream, StreamExt as _};
use listings::bidi_streaming::client::{bid, enter};
use listings::bidi_streaming::room::Room;
use listings::bidi_streaming::waiting::Waiting;
use proto::auction::v1::echo_service_server::EchoService;
use proto::auction::v1::{AttendRequest, EchoRequest, EchoResponse};
use testkit::within;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::{Attendee, Running};

/// server.md: a handler that returns at once lets the response's headers go before any message.
#[tokio::test]
async fn headers_come_before_the_first_message() {
    let running = Running::auction(&Room::default()).await;
    let says_nothing = stream::pending::<AttendRequest>();
    let response = within("Attend", running.bidder().attend(says_nothing)).await;
    assert!(response.is_ok());
}

/// server.md: a handler that waits for a message holds the headers back. A client that waits for
/// them before it sends anything waits for ever.
// ANCHOR: deadlock
#[tokio::test]
async fn a_handler_that_waits_for_a_message_holds_the_headers_back() {
    let (arrived, mut has_arrived) = watch::channel(false);
    let running = Running::echo(Waiting(arrived)).await;
    let (requests, outbound) = mpsc::channel(1);
    let mut stub = running.echoer();
    let mut call = Box::pin(stub.echo(ReceiverStream::new(outbound)));
    let arrival = async {
        let arrived = within("a call", has_arrived.wait_for(|it| *it)).await;
        assert!(arrived.is_ok());
    };
    tokio::select! {
        _ = &mut call => panic!("there are no headers yet"),
        () = arrival => {}
    }
    let trace = running.proxy.transcript();
    assert!(trace.contains("→ HEADERS") && !trace.contains("← HEADERS"));

    // What it waits for is what this client would have sent next.
    let request = EchoRequest { data: vec![1] };
    requests.send(request).await.expect("the call is open");
    assert!(within("the headers", call).await.is_ok());
}
// ANCHOR_END: deadlock

/// server.md: a caller that ends its stream goes on hearing. contract.md: it cannot bid any more.
#[tokio::test]
async fn a_half_closed_caller_goes_on_hearing() {
    let running = Running::auction(&Room::default()).await;
    let mut stub = running.bidder();
    let mut ann = Attendee::enter(&mut stub).await;
    let ben = Attendee::enter(&mut stub).await;
    ann.requests = mpsc::channel(1).0; // the old sender is dropped: half-close
    ben.send(bid(100)).await;
    ann.board_where(|board| board.amount_cents == 100).await;
    assert!(!running.proxy.transcript().contains("RST_STREAM"));
}

/// server.md: what is refused after the headers have gone is refused in the trailers.
#[tokio::test]
async fn every_refusal_has_its_code_in_the_trailers() {
    let running = Running::auction(&Room::default()).await;
    let cases = [
        (vec![bid(100)], Code::InvalidArgument),
        (vec![], Code::InvalidArgument),
        (vec![AttendRequest { action: None }], Code::InvalidArgument),
        (vec![enter("harp")], Code::NotFound),
        (vec![enter("clock"), bid(0)], Code::InvalidArgument),
        (vec![enter("clock"), enter("clock")], Code::InvalidArgument),
    ];
    for (requests, code) in cases {
        let mut stub = running.bidder();
        let call = stub.attend(stream::iter(requests.clone()));
        let response = within("Attend", call).await;
        let mut boards = response.expect("the headers come first").into_inner();
        let refused = within("the refusal", async {
            loop {
                match boards.message().await {
                    Ok(Some(_board)) => {}
                    Ok(None) => panic!("{requests:?} was accepted"),
                    Err(status) => return status,
                }
            }
        });
        assert_eq!(refused.await.code(), code, "{requests:?}");
    }
}

/// rooms.md: two calls on one connection come from one address.
#[tokio::test]
async fn two_calls_on_one_connection_have_one_address() {
    struct Address;

    #[tonic::async_trait]
    impl EchoService for Address {
        type EchoStream = BoxStream<'static, Result<EchoResponse, Status>>;

        async fn echo(
            &self,
            request: Request<Streaming<EchoRequest>>,
        ) -> Result<Response<Self::EchoStream>, Status> {
            let address = request.remote_addr().expect("it came over TCP");
            let data = address.to_string().into_bytes();
            let response = stream::iter([Ok(EchoResponse { data })]);
            Ok(Response::new(response.boxed()))
        }
    }

    let running = Running::echo(Address).await;
    let stub = running.echoer();
    let ask = async || {
        let response = stub.clone().echo(stream::empty()).await;
        let mut response = response.expect("it tells").into_inner();
        response.message().await.expect("it tells")
    };
    let (ann, ben) = within("both answers", async { (ask().await, ask().await) }).await;
    assert_eq!(ann, ben);
    assert!(ann.is_some());
}
