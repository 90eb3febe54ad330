use std::error::Error as _;
use std::future::pending;
use std::io;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use listings::unary::bank::Bank;
use listings::unary::client::{buy_within, exit_code, explain, seats_left, stub};
use proto::ticket::v1::ticket_service_client::TicketServiceClient;
use testkit::{Reply, ScriptedServer};
use tokio::net::TcpStream;
use tonic::transport::{Endpoint, Uri};
use tonic::{Code, Request};

use crate::{Running, buy, get, listen, office};

async fn nobody() -> Endpoint {
    // A port that was free a moment ago, and on which nobody listens now.
    let (listener, address) = listen().await;
    drop(listener);
    Endpoint::from_shared(format!("http://{address}")).expect("it is a URL")
}

/// client.md: an endpoint is made from text that may be no URL, or from a `Uri`, which is one.
#[test]
fn an_endpoint_is_made_from_text_or_from_a_uri() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: endpoint
    let from_text = Endpoint::from_shared("http://127.0.0.1:50051")?;

    let uri: Uri = "http://127.0.0.1:50051".parse()?;
    let from_uri = Endpoint::from(uri);
    // ANCHOR_END: endpoint
    assert_eq!(from_text.uri(), from_uri.uri());
    assert!(Endpoint::from_shared("no URL").is_err());
    Ok(())
}

/// client.md: without `http://` it is an endpoint all the same, and the first call says what is
/// missing.
#[tokio::test]
async fn an_endpoint_without_http_fails_at_the_first_call() {
    let endpoint = Endpoint::from_static("127.0.0.1:50051");
    let answer = stub(&endpoint).get_show(get("hamlet")).await;
    let status = answer.expect_err("it has no scheme");
    let sentence = explain(endpoint.uri(), &status);
    assert_eq!(sentence, "no answer from 127.0.0.1:50051: invalid URI");
}

/// client.md: a refused connection of a lazy channel is the first call's UNAVAILABLE.
#[tokio::test]
async fn a_refused_connection_is_the_calls_unavailable() {
    let endpoint = nobody().await;
    let answer = stub(&endpoint).get_show(get("hamlet")).await;
    let status = answer.expect_err("nobody is there");
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.message(), "tcp connect error");
    assert_eq!(exit_code(&status), 78);
    let refused = std::iter::successors(status.source(), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .find(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    // On Linux "Connection refused (os error 111)"; other systems have their own words.
    assert_eq!(
        explain(endpoint.uri(), &status),
        format!(
            "no answer from {}: {}",
            endpoint.uri(),
            refused.expect("nobody listens")
        )
    );
}

/// client.md: `connect` fails where a lazy channel does not, with an error that is no Status.
#[tokio::test]
async fn connect_fails_at_once_and_connect_lazy_does_not() {
    let endpoint = nobody().await;
    let _channel = endpoint.connect_lazy();
    let error = endpoint.connect().await.expect_err("nobody is there");
    assert_eq!(error.to_string(), "transport error");
}

/// client.md: a status from the server has no source; one that was made here has.
#[tokio::test]
async fn a_status_from_the_server_has_no_source() {
    let running = Running::start(office(Bank::fast())).await;
    let status = running.stub().get_show(get("cats")).await;
    let status = status.expect_err("there is no such show");
    assert!(status.source().is_none());
    assert_eq!(
        explain(running.proxy.endpoint().uri(), &status),
        "NotFound: there is no show named \"cats\""
    );
    assert_eq!(exit_code(&status), 69);
}

/// client.md: one channel is one connection, however many calls and clones.
#[tokio::test]
async fn a_channel_and_its_clones_share_a_connection() {
    let running = Running::start(office(Bank::fast())).await;
    let stub = running.stub();
    let shows = ["hamlet", "othello", "hamlet"];
    let (one, two) = tokio::join!(
        seats_left(stub.clone(), &shows),
        seats_left(stub.clone(), &shows)
    );
    assert_eq!(one.expect("they are on"), 240);
    assert_eq!(two.expect("they are on"), 240);
    assert_eq!(running.proxy.connections(), 1);
}

/// client.md: a channel a call is a connection a call.
#[tokio::test]
async fn a_channel_a_call_is_a_connection_a_call() {
    let running = Running::start(office(Bank::fast())).await;
    for _ in 0..5 {
        let answer = running.stub().get_show(get("hamlet")).await;
        answer.expect("it is on");
    }
    assert_eq!(running.proxy.connections(), 5);
}

/// client.md: a lazy channel connects again by itself, at the next call.
#[tokio::test]
async fn a_channel_connects_again() {
    let running = Running::start(office(Bank::fast())).await;
    let mut stub = running.stub();
    stub.get_show(get("hamlet")).await.expect("it is on");
    running.proxy.cut();
    // How many calls fail until the cut is noticed is a race, and no part of the claim.
    let again = async {
        while stub.get_show(get("hamlet")).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    testkit::within("a call after the cut", again).await;
    assert_eq!(running.proxy.connections(), 2);
}

/// client.md: tonic's own time limit ends in CANCELLED, not in DEADLINE_EXCEEDED (#1568).
#[tokio::test]
async fn tonics_timeout_is_cancelled_timeout_expired() {
    let server = ScriptedServer::start(|_| Reply::Silence).await;
    let endpoint = server.proxy.endpoint().timeout(Duration::from_millis(20));
    let answer = stub(&endpoint).buy_tickets(buy("hamlet", 2)).await;
    let status = answer.expect_err("the server is silent");
    assert_eq!(status.code(), Code::Cancelled);
    assert_eq!(status.message(), "Timeout expired");
}

/// client.md: `Request::set_timeout` tells the server, `Endpoint::timeout` does not.
#[tokio::test]
async fn set_timeout_writes_the_header_and_the_endpoints_does_not() {
    let server = ScriptedServer::start(|_| Reply::status(Code::NotFound, "no")).await;
    let limit = Duration::from_secs(2);

    let mut request = Request::new(get("hamlet"));
    request.set_timeout(limit);
    let _ = stub(&server.proxy.endpoint()).get_show(request).await;
    let header = server.received()[0].headers.get("grpc-timeout").cloned();
    assert_eq!(header.expect("it was sent"), "2000000u");

    let endpoint = server.proxy.endpoint().timeout(limit);
    let _ = stub(&endpoint).get_show(get("hamlet")).await;
    assert!(!server.received()[1].headers.contains_key("grpc-timeout"));
}

/// client.md: the server drops a handler whose caller's time is up, by itself.
#[tokio::test]
async fn a_tonic_server_enforces_grpc_timeout() {
    let running = Running::start(office(Bank::slow())).await;
    let mut request = Request::new(buy("hamlet", 2));
    // Sent as a plain header, so that the client's side does not enforce it as well.
    request
        .metadata_mut()
        .insert("grpc-timeout", "20m".parse().expect("it is ASCII"));
    let channel = running.proxy.endpoint().connect_lazy();
    let answer = TicketServiceClient::new(channel).buy_tickets(request).await;
    let status = answer.expect_err("the bank is silent");
    assert_eq!(status.code(), Code::Cancelled);
    assert_eq!(status.message(), "Timeout expired");
    crate::server::seats_become(&mut running.stub(), 100).await;
}

/// client.md: neither of tonic's limits covers connecting. Time is tokio's and stands still, save
/// when everybody waits for it: the hour costs nothing.
#[tokio::test(start_paused = true)]
async fn no_timeout_of_tonics_covers_connecting() {
    let connector = tower::service_fn(|_: Uri| pending::<io::Result<Never>>());
    let endpoint = Endpoint::from_static("http://nowhere.invalid").timeout(Duration::from_secs(1));
    let mut stub = TicketServiceClient::new(endpoint.connect_with_connector_lazy(connector));
    let mut request = Request::new(get("hamlet"));
    request.set_timeout(Duration::from_secs(1));
    let answer = tokio::time::timeout(Duration::from_secs(3600), stub.get_show(request)).await;
    assert!(answer.is_err(), "tonic gave up by itself: {answer:?}");
}

/// What the connector would give, if ever it gave anything.
type Never = TokioIo<TcpStream>;

/// client.md: a limit around the whole call covers connecting too, and has the right code.
#[tokio::test(start_paused = true)]
async fn a_limit_around_the_call_covers_connecting() {
    let connector = tower::service_fn(|_: Uri| pending::<io::Result<Never>>());
    let endpoint = Endpoint::from_static("http://nowhere.invalid");
    let stub = TicketServiceClient::new(endpoint.connect_with_connector_lazy(connector));
    let answer = buy_within(stub, Duration::from_secs(1), "hamlet", 2).await;
    let status = answer.expect_err("there is no box office");
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

/// client.md: so does a limit that tonic enforces as well, on whichever side it ran out first.
#[tokio::test]
async fn a_limit_has_one_code_whoever_sees_it_first() {
    let running = Running::start(office(Bank::slow())).await;
    for _ in 0..5 {
        let limit = Duration::from_millis(10);
        let answer = buy_within(running.stub(), limit, "hamlet", 2).await;
        let status = answer.expect_err("the bank is slow");
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }
    crate::server::seats_become(&mut running.stub(), 100).await;
}

/// client.md: with `set_timeout` the client's side gives up as well, though nobody answers.
#[tokio::test]
async fn set_timeout_ends_the_call_here_too() {
    // Never accepted: the kernel completes the handshake, and nobody reads what is sent.
    let (_listener, address) = listen().await;
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("it is a URL");
    let mut request = Request::new(get("hamlet"));
    request.set_timeout(Duration::from_millis(20));
    let answer = testkit::within("a limit of 20 ms", stub(&endpoint).get_show(request)).await;
    let status = answer.expect_err("nobody answers");
    assert_eq!(status.code(), Code::Cancelled);
    assert_eq!(status.message(), "Timeout expired");
}
