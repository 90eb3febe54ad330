use std::io;
use std::panic::{self, AssertUnwindSafe};

use futures_util::FutureExt as _;
use listings::unary::bank::Bank;
use listings::unary::panics::UnluckyBoxOffice;
use listings::unary::post::{knock_at_the_door, post_tickets};
use tonic::{Code, Status};

use crate::{Running, buy, get, office};

/// errors.md: the four answers of BuyTickets that are no sale, and the one that is.
#[tokio::test]
async fn every_refusal_has_its_code() {
    let running = Running::start(office(Bank::fast())).await;
    let mut stub = running.stub();
    for (show, seats, code, message) in [
        (
            "hamlet",
            0,
            Code::InvalidArgument,
            "seats is 0; it must be from 1 to 8",
        ),
        (
            "hamlet",
            -1,
            Code::InvalidArgument,
            "seats is -1; it must be from 1 to 8",
        ),
        ("cats", 2, Code::NotFound, "there is no show named \"cats\""),
    ] {
        let status = stub.buy_tickets(buy(show, seats)).await;
        let status = status.expect_err("nothing is sold");
        assert_eq!((status.code(), status.message()), (code, message));
    }
    for _ in 0..5 {
        stub.buy_tickets(buy("othello", 8))
            .await
            .expect("40 seats are 5 times 8");
    }
    let status = stub
        .buy_tickets(buy("othello", 1))
        .await
        .expect_err("sold out");
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "\"othello\" has 0 seats left");
}

/// errors.md: a bank that is down is UNAVAILABLE, and nothing was sold.
#[tokio::test]
async fn a_bank_that_is_down_sells_nothing() {
    let running = Running::start(office(Bank::down())).await;
    let mut stub = running.stub();
    let status = stub
        .buy_tickets(buy("hamlet", 2))
        .await
        .expect_err("no bank");
    assert_eq!(status.code(), Code::Unavailable);
    let show = stub.get_show(get("hamlet")).await.expect("it is on");
    assert_eq!(show.into_inner().seats_left, 100);
}

/// errors.md: an error is one HEADERS frame, "trailers-only", and HTTP says 200.
#[tokio::test]
async fn an_error_is_trailers_only_and_http_says_200() {
    let running = Running::start(office(Bank::fast())).await;
    let status = running.stub().get_show(get("cats")).await;
    assert_eq!(status.expect_err("no such show").code(), Code::NotFound);
    let trace = running.proxy.transcript();
    println!("{trace}");
    let answer: Vec<&str> = trace.lines().filter(|line| line.starts_with('←')).collect();
    assert_eq!(answer.len(), 1, "{trace}");
    assert!(answer[0].contains(":status 200"), "{trace}");
}

/// errors.md: a panic that is left alone resets the stream, and the caller reads CANCELLED.
#[tokio::test]
async fn a_panic_is_cancelled() {
    let running = Running::start(UnluckyBoxOffice).await;
    let status = running.stub().get_show(get("macbeth")).await;
    let status = status.expect_err("it panicked");
    assert_eq!(status.code(), Code::Cancelled);
    println!("{status:?}");
    let trace = running.proxy.transcript();
    assert!(trace.contains("RST_STREAM"), "{trace}");
    assert!(trace.contains("CANCEL"), "{trace}");
}

/// errors.md: a panic that is caught is what you make of it; the connection lives on either way.
#[tokio::test]
async fn a_panic_that_is_caught_is_internal() {
    let running = Running::start(UnluckyBoxOffice).await;
    let mut stub = running.stub();
    let status = stub.buy_tickets(buy("macbeth", 2)).await;
    assert_eq!(status.expect_err("it panicked").code(), Code::Internal);
    let status = stub.get_show(get("macbeth")).await;
    assert_eq!(status.expect_err("it panicked").code(), Code::Cancelled);
    stub.buy_tickets(buy("hamlet", 2))
        .await
        .expect("one bug is not the next caller's problem");
    let status = stub.buy_tickets(buy("lear", 2)).await;
    let status = status.expect_err("a later panic is one too");
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "the tickets could not be posted")
    );
    assert_eq!(running.proxy.connections(), 1);
}

/// errors.md: a closure that makes a future runs none of it, so there is nothing to catch yet.
#[tokio::test]
async fn a_closure_that_makes_a_future_catches_nothing() {
    let made = panic::catch_unwind(|| knock_at_the_door("lear"));
    let knocking = made.expect("nothing has run, so nothing panicked");
    assert!(AssertUnwindSafe(knocking).catch_unwind().await.is_err());
    let status = post_tickets("lear").await.expect_err("it panicked");
    assert_eq!(status.code(), Code::Internal);
}

/// errors.md: `?` on an io::Error chooses a code by the error's kind.
#[test]
fn an_io_error_becomes_a_code_that_nobody_chose() {
    for (kind, code) in [
        (io::ErrorKind::NotFound, Code::NotFound),
        (io::ErrorKind::UnexpectedEof, Code::OutOfRange),
        (io::ErrorKind::InvalidData, Code::DataLoss),
        (io::ErrorKind::PermissionDenied, Code::PermissionDenied),
    ] {
        assert_eq!(Status::from(io::Error::from(kind)).code(), code, "{kind:?}");
    }
}

/// errors.md: the message is sent percent-encoded and read as it was written.
#[tokio::test]
async fn a_message_may_have_any_characters() {
    let running = Running::start(office(Bank::fast())).await;
    let status = running.stub().get_show(get("Žižkov\n100 %")).await;
    assert_eq!(
        status.expect_err("no such show").message(),
        "there is no show named \"Žižkov\\n100 %\""
    );
}

/// status-codes.md: a connection that breaks under a call ought to be UNAVAILABLE; tonic says
/// UNKNOWN.
#[tokio::test]
async fn a_connection_that_breaks_is_unknown() {
    let running = Running::start(office(Bank::slow())).await;
    let (mut buying, mut asking) = (running.stub(), running.stub());
    let sale = tokio::spawn(async move { buying.buy_tickets(buy("hamlet", 2)).await });
    crate::server::seats_become(&mut asking, 98).await;
    running.proxy.cut();
    let sale = testkit::within("the call that was cut", sale).await;
    let status = sale.expect("it did not panic").expect_err("it was cut");
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unknown, "transport error")
    );
}
