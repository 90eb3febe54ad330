//! The auction's server: one call is one person in a room, with a half that reads and a half that
//! writes.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use proto::auction::v1::attend_request::Action;
use proto::auction::v1::auction_service_server::AuctionService;
use proto::auction::v1::{AttendRequest, AttendResponse, Bid, Enter};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::{Request, Response, Status, Streaming};

use super::room::{Board, Room, Seat};

/// Sells lots, each in a room of its own.
pub struct Auction {
    rooms: Arc<HashMap<String, Room>>,
}

impl Auction {
    pub fn new<const N: usize>(rooms: [(&str, Room); N]) -> Self {
        let rooms = rooms.map(|(lot, room)| (lot.to_owned(), room));
        Self {
            rooms: Arc::new(rooms.into()),
        }
    }
}

// ANCHOR: attend
#[tonic::async_trait]
impl AuctionService for Auction {
    type AttendStream = BoxStream<'static, Result<AttendResponse, Status>>;

    async fn attend(
        &self,
        request: Request<Streaming<AttendRequest>>,
    ) -> Result<Response<Self::AttendStream>, Status> {
        let rooms = Arc::clone(&self.rooms);
        // Nothing is awaited here, so the response's headers go out at once.
        let visit = Visit::begin(rooms, request.into_inner());
        let boards = stream::once(visit)
            .map_ok(|visit| stream::try_unfold(visit, Visit::next_board))
            .try_flatten();
        Ok(Response::new(boards.boxed()))
    }
}
// ANCHOR_END: attend

// ANCHOR: visit
/// One call, from enter to its end. The response stream owns it: whatever drops that
/// stream ends the visit, frees the seat, and stops the reader.
struct Visit {
    seat: Seat,
    board: watch::Receiver<Board>,
    /// One task; none when the caller bids no more.
    reader: JoinSet<Result<(), Status>>,
    over: bool,
}
// ANCHOR_END: visit

impl Visit {
    // ANCHOR: begin
    async fn begin(
        rooms: Arc<HashMap<String, Room>>,
        mut requests: Streaming<AttendRequest>,
    ) -> Result<Self, Status> {
        let first = next_action(&mut requests).await?;
        let Some(Action::Enter(Enter { lot })) = first else {
            return Err(Status::invalid_argument("the first message must be enter"));
        };
        let Some(room) = rooms.get(&lot) else {
            return Err(Status::not_found(format!("there is no lot named {lot:?}")));
        };
        let seat = room.sit();
        let mut board = room.watch();
        board.mark_changed(); // the first board is news, whatever it says
        let mut reader = JoinSet::new();
        reader.spawn(read_bids(requests, room.clone(), seat.paddle()));
        Ok(Self {
            seat,
            board,
            reader,
            over: false,
        })
    }
    // ANCHOR_END: begin

    // ANCHOR: next_board
    /// The writing half: waits for news, and makes a message of it. `None` ends the call
    /// with OK.
    async fn next_board(mut self) -> Result<Option<(AttendResponse, Self)>, Status> {
        if self.over {
            return Ok(None);
        }
        loop {
            tokio::select! {
                biased;
                Some(ended) = self.reader.join_next() => match ended {
                    Ok(Ok(())) => {} // half-closed: bids no more, and stays
                    Ok(Err(status)) => return Err(status),
                    Err(_panic) => return Err(Status::internal("the reader failed")),
                },
                // The seat holds a sender, so this is never an error.
                _ = self.board.changed() => break,
            }
        }
        // ANCHOR: newest
        let board = *self.board.borrow_and_update();
        self.over = board.sold;
        Ok(Some((for_caller(board, self.seat.paddle()), self)))
        // ANCHOR_END: newest
    }
    // ANCHOR_END: next_board
}

// ANCHOR: read_bids
/// The reading half: a task of its own, which never waits for the writer.
async fn read_bids(
    mut requests: Streaming<AttendRequest>,
    room: Room,
    paddle: u32,
) -> Result<(), Status> {
    while let Some(action) = next_action(&mut requests).await? {
        match action {
            Action::Bid(Bid { amount_cents }) if amount_cents >= 1 => {
                room.bid(paddle, amount_cents);
            }
            Action::Bid(Bid { amount_cents }) => {
                return Err(Status::invalid_argument(format!(
                    "the amount is {amount_cents}; it must be at least 1"
                )));
            }
            Action::Enter(_) => {
                return Err(Status::invalid_argument("enter may be sent only once"));
            }
        }
    }
    Ok(())
}
// ANCHOR_END: read_bids

/// What the caller wants next, or `None` when it has ended its stream.
async fn next_action(requests: &mut Streaming<AttendRequest>) -> Result<Option<Action>, Status> {
    match requests.message().await? {
        None => Ok(None),
        Some(AttendRequest { action: None }) => {
            Err(Status::invalid_argument("the message holds no action"))
        }
        Some(AttendRequest { action }) => Ok(action),
    }
}

fn for_caller(board: Board, your_paddle: u32) -> AttendResponse {
    AttendResponse {
        your_paddle,
        leader: board.leader,
        amount_cents: board.amount_cents,
        present: board.present,
        sold: board.sold,
    }
}
