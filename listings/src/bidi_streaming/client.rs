//! The auction's bidders: one that types, and one that answers what it sees.

use std::io::{self, BufRead};
use std::thread;

use futures_util::stream::{self, Stream, StreamExt as _};
use proto::auction::v1::attend_request::Action;
use proto::auction::v1::auction_service_client::AuctionServiceClient;
use proto::auction::v1::{AttendRequest, AttendResponse, Bid, Enter};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::{ReceiverStream, WatchStream};
use tonic::Status;
use tonic::transport::Channel;

pub type Stub = AuctionServiceClient<Channel>;

// ANCHOR: attend
/// Bids what `bids` says, and shows each board. When `bids` ends, it goes on watching.
///
/// Gives the last board: who bought the lot, and for how much.
pub async fn attend(
    mut stub: Stub,
    lot: &str,
    bids: impl Stream<Item = i64> + Send + 'static,
    mut show: impl FnMut(&AttendResponse),
) -> Result<AttendResponse, Status> {
    // The sending half: tonic polls this stream while we are doing something else.
    let requests = stream::iter([enter(lot)]).chain(bids.map(bid));
    let mut boards = stub.attend(requests).await?.into_inner();

    // The receiving half.
    let mut last = None;
    while let Some(board) = boards.message().await? {
        show(&board);
        last = Some(board);
    }
    last.ok_or_else(|| Status::internal("the auction ended without a board"))
}
// ANCHOR_END: attend

// ANCHOR: messages
pub fn enter(lot: &str) -> AttendRequest {
    let action = Action::Enter(Enter { lot: lot.into() });
    AttendRequest {
        action: Some(action),
    }
}

pub fn bid(amount_cents: i64) -> AttendRequest {
    let action = Action::Bid(Bid { amount_cents });
    AttendRequest {
        action: Some(action),
    }
}
// ANCHOR_END: messages

// ANCHOR: up_to
/// Bids one euro more than anybody else, as long as it is at most `limit`, in cents.
pub async fn bid_up_to(stub: Stub, lot: String, limit: i64) -> Result<AttendResponse, Status> {
    // Only the newest bid is worth sending. Putting one here never waits.
    let (next_bid, bids) = watch::channel(0);
    let bids = WatchStream::from_changes(bids);
    attend(stub, &lot, bids, |board| {
        let leads = board.leader == board.your_paddle;
        let next = board.amount_cents + 100;
        if !board.sold && !leads && next <= limit {
            next_bid.send_replace(next);
        }
    })
    .await
}
// ANCHOR_END: up_to

// ANCHOR: keyboard
pub type Lines = ReceiverStream<io::Result<String>>;

/// What is typed, line by line, until the input ends or nobody wants it any more. An
/// error is the last item.
///
/// It is read on a thread of its own, which nothing waits for at the program's end.
pub fn lines(input: impl BufRead + Send + 'static) -> Lines {
    let (typed, lines) = mpsc::channel(1);
    thread::spawn(move || {
        for line in input.lines() {
            let failed = line.is_err();
            if typed.blocking_send(line).is_err() || failed {
                return;
            }
        }
    });
    ReceiverStream::new(lines)
}
// ANCHOR_END: keyboard
