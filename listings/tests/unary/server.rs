use std::time::Duration;

use listings::unary::bank::Bank;
use proto::ticket::v1::ticket_service_server::{TicketService, TicketServiceServer};
use proto::ticket::v1::{BuyTicketsRequest, BuyTicketsResponse, GetShowRequest, GetShowResponse};
use testkit::within;
use tokio::sync::{Barrier, oneshot};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};

use crate::{Running, buy, get, listen, office};

/// Answers with what it was told about the call.
// ANCHOR: request_parts
struct Talkative;

#[tonic::async_trait]
impl TicketService for Talkative {
    async fn get_show(
        &self,
        request: Request<GetShowRequest>,
    ) -> Result<Response<GetShowResponse>, Status> {
        let caller = request.remote_addr();
        let mark = request.metadata().get("x-request-id").cloned();
        println!("{caller:?} asks for {:?}", request.get_ref().show);

        let mut response = Response::new(GetShowResponse::default());
        if let Some(mark) = mark {
            response.metadata_mut().insert("x-request-id", mark);
        }
        Ok(response)
    }
    // ANCHOR_END: request_parts

    async fn buy_tickets(
        &self,
        _: Request<BuyTicketsRequest>,
    ) -> Result<Response<BuyTicketsResponse>, Status> {
        Err(Status::unimplemented("this office only talks"))
    }
}

/// server.md: a Request is the message and what came with it, a Response likewise.
#[tokio::test]
async fn metadata_goes_both_ways() {
    let running = Running::start(Talkative).await;
    let mut request = Request::new(get("hamlet"));
    request
        .metadata_mut()
        .insert("x-request-id", "7f3a".parse().expect("it is ASCII"));
    let response = running.stub().get_show(request).await.expect("it talks");
    assert_eq!(response.metadata().get("x-request-id").unwrap(), "7f3a");
}

/// server.md: a method that the server does not have is UNIMPLEMENTED, without a word of yours.
#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let running = Running::start(office(Bank::fast())).await;
    let channel = running.proxy.endpoint().connect_lazy();
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.expect("a lazy channel is ready");
    let codec = tonic_codec();
    let path = PathAndQuery::from_static("/ticket.v1.TicketService/GetRefund");
    let answer = client.unary(Request::new(get("hamlet")), path, codec).await;
    let status = answer.expect_err("there is no such method");
    assert_eq!(status.code(), Code::Unimplemented);
}

fn tonic_codec() -> impl tonic::codec::Codec<Encode = GetShowRequest, Decode = GetShowResponse> {
    tonic_prost::ProstCodec::default()
}

/// Two calls that only end together: each waits in the handler for the other.
struct Meeting(Barrier);

#[tonic::async_trait]
impl TicketService for Meeting {
    async fn get_show(
        &self,
        _: Request<GetShowRequest>,
    ) -> Result<Response<GetShowResponse>, Status> {
        self.0.wait().await;
        Ok(Response::new(GetShowResponse::default()))
    }

    async fn buy_tickets(
        &self,
        _: Request<BuyTicketsRequest>,
    ) -> Result<Response<BuyTicketsResponse>, Status> {
        Err(Status::unimplemented("nothing is sold here"))
    }
}

/// server.md: calls on one connection run at the same time.
#[tokio::test]
async fn calls_on_one_connection_run_at_the_same_time() {
    let running = Running::start(Meeting(Barrier::new(2))).await;
    let mut one = running.stub();
    let mut two = one.clone();
    let both = async { tokio::join!(one.get_show(get("a")), two.get_show(get("b"))) };
    let (one, two) = within("two calls that wait for each other", both).await;
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(running.proxy.connections(), 1);
}

/// server.md: a message of more than 4 MiB is refused, by tonic with OUT_OF_RANGE.
#[tokio::test]
async fn a_request_over_4_mib_is_out_of_range() {
    let running = Running::start(office(Bank::fast())).await;
    let mut stub = running.stub();
    let status = stub.get_show(get(&"x".repeat(4 << 20))).await;
    let status = status.expect_err("it is too large");
    assert_eq!(status.code(), Code::OutOfRange);
    assert_eq!(
        status.message(),
        "Error, decoded message length too large: found 4194309 bytes, the limit is: 4194304 bytes"
    );
}

/// server.md: the limit is the receiver's, and it can be moved.
#[tokio::test]
async fn the_limit_can_be_moved() {
    let (listener, address) = listen().await;
    let service = TicketServiceServer::new(office(Bank::fast())).max_decoding_message_size(100);
    let serving = tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpIncoming::from(listener)),
    );
    let endpoint = format!("http://{address}");
    let endpoint = tonic::transport::Endpoint::from_shared(endpoint).expect("it is a URL");
    let mut stub = listings::unary::client::stub(&endpoint);
    let status = stub.get_show(get(&"x".repeat(100))).await;
    assert_eq!(status.expect_err("too large").code(), Code::OutOfRange);
    let status = stub.get_show(get("hamle")).await;
    assert_eq!(status.expect_err("no such show").code(), Code::NotFound);
    serving.abort();
}

/// server.md: when asked to stop, the server waits for the calls that are open.
#[tokio::test]
async fn a_server_that_stops_finishes_its_open_calls() {
    let (listener, address) = listen().await;
    let bank = Bank::slow();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(listings::unary::server::serve(
        listener,
        office(bank.clone()),
        async {
            let _ = stopped.await;
        },
    ));
    let endpoint = format!("http://{address}");
    let endpoint = tonic::transport::Endpoint::from_shared(endpoint).expect("it is a URL");
    let mut stub = listings::unary::client::stub(&endpoint);

    let mut buying = stub.clone();
    let sale = tokio::spawn(async move { buying.buy_tickets(buy("hamlet", 2)).await });
    seats_become(&mut stub, 98).await;
    stop.send(()).expect("the server is running");
    assert!(!serving.is_finished());
    bank.answer();
    let sale = within("a sale that was under way", sale).await;
    assert!(sale.expect("it did not panic").is_ok());
    drop(stub);
    let served = within("the server's end", serving).await;
    assert!(served.expect("it did not panic").is_ok());
}

/// Asks until so many seats are left in Hamlet.
pub async fn seats_become(
    stub: &mut proto::ticket::v1::ticket_service_client::TicketServiceClient<
        tonic::transport::Channel,
    >,
    seats: i32,
) {
    let asking = async {
        loop {
            let show = stub.get_show(get("hamlet")).await;
            if show.expect("GetShow answers").into_inner().seats_left == seats {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    within(&format!("waiting until {seats} seats are left"), asking).await;
}
