use std::sync::Mutex;

use futures_util::FutureExt as _;
use listings::unary::bank::Bank;
use listings::unary::locked::{self, LockedBoxOffice};
use listings::unary::server::BoxOffice;
use listings::unary::spawned;
use proto::ticket::v1::ticket_service_server::TicketService;
use testkit::within;
use tonic::Request;

use crate::server::seats_become;
use crate::{Running, buy, get, hamlet, office};

// ANCHOR: locked
/// One customer waits for the bank. Does another one learn how many seats are left?
fn is_answered_meanwhile(office: impl TicketService) -> bool {
    let mut buying = office.buy_tickets(Request::new(buy("hamlet", 2)));
    assert!((&mut buying).now_or_never().is_none(), "the bank is slow");
    let asking = office.get_show(Request::new(get("othello")));
    asking.now_or_never().is_some()
}

#[test]
fn a_lock_across_an_await_makes_everybody_wait() {
    let shows = [("hamlet", 100), ("othello", 40)];
    assert!(!is_answered_meanwhile(LockedBoxOffice::new(
        shows,
        Bank::slow()
    )));
    assert!(is_answered_meanwhile(BoxOffice::new(
        hamlet(100),
        Bank::slow()
    )));
}
// ANCHOR_END: locked

// ANCHOR: dropped
#[test]
fn a_call_that_is_dropped_gives_its_seats_back() {
    let seats = hamlet(100);
    let office = BoxOffice::new(seats.clone(), Bank::slow());
    let mut buying = office.buy_tickets(Request::new(buy("hamlet", 2)));
    assert!((&mut buying).now_or_never().is_none(), "the bank is slow");
    assert_eq!(seats.left("hamlet"), Some(98));
    drop(buying);
    assert_eq!(seats.left("hamlet"), Some(100));
}
// ANCHOR_END: dropped

/// state.md: the same over a socket: the client gives up, and the server's future is dropped.
#[tokio::test]
async fn a_client_that_leaves_drops_the_handler() {
    let running = Running::start(office(Bank::slow())).await;
    let (mut buying, mut asking) = (running.stub(), running.stub());
    tokio::select! {
        answer = buying.buy_tickets(buy("hamlet", 2)) => panic!("the bank is slow: {answer:?}"),
        () = seats_become(&mut asking, 98) => {}
    }
    seats_become(&mut asking, 100).await;
    // client.md and state.md: what says so is one frame.
    let trace = running.proxy.transcript();
    assert!(trace.contains("→ RST_STREAM"), "{trace}");
    assert!(trace.contains("CANCEL"), "{trace}");
}

/// state.md: a cut connection drops the handler too.
#[tokio::test]
async fn a_cut_connection_drops_the_handler() {
    let running = Running::start(office(Bank::slow())).await;
    let (mut buying, mut asking) = (running.stub(), running.stub());
    tokio::select! {
        answer = buying.buy_tickets(buy("hamlet", 2)) => panic!("the bank is slow: {answer:?}"),
        () = seats_become(&mut asking, 98) => running.proxy.cut(),
    }
    seats_become(&mut running.stub(), 100).await;
}

/// state.md: a task of its own goes on when the future that waits for it is dropped.
#[tokio::test]
async fn a_spawned_task_survives_its_caller() {
    let (seats, bank) = (hamlet(100), Bank::slow());
    let hold = seats.hold("hamlet", 2).expect("there are 100");
    let mut charged = bank.charged();
    let mut selling = Box::pin(spawned::sell(bank.clone(), hold, 3_600));
    assert!((&mut selling).now_or_never().is_none(), "the bank is slow");
    drop(selling);
    bank.answer();
    let paid = within(
        "the bank's charge",
        charged.wait_for(|cents| *cents == 3_600),
    )
    .await;
    assert!(paid.is_ok());
    assert_eq!(seats.left("hamlet"), Some(98));
}

/// state.md: with a guard of `std::sync::Mutex` across an await, a handler does not compile.
#[test]
fn a_future_that_holds_a_std_guard_is_not_send() {
    // If the future were `Send`, both impls would apply, and the call would be ambiguous.
    trait NotSend<Only> {
        fn is_not_send(&self) -> bool {
            true
        }
    }
    impl<T> NotSend<()> for T {}
    impl<T: Send> NotSend<u8> for T {}

    let (left, bank) = (Mutex::new(100), Bank::slow());
    let buying = locked::buy_one(&left, &bank);
    assert!(buying.is_not_send());
}
