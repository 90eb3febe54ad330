//! The room of one lot: a board that everybody in it looks at.
//!
//! Bids are decided one after the other, and nobody in here ever waits: not for a caller, and not
//! for the network.

use tokio::sync::watch;

// ANCHOR: board
/// What the board says, and how many paddles have been given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Board {
    pub leader: u32,
    pub amount_cents: i64,
    pub present: u32,
    pub sold: bool,
    paddles: u32,
}

/// Cloning a room is cheap, and gives the same room.
#[derive(Clone, Debug, Default)]
pub struct Room {
    board: watch::Sender<Board>,
}
// ANCHOR_END: board

impl Room {
    // ANCHOR: bid
    /// A bid of whoever has this paddle. It changes the board if it is the highest.
    pub fn bid(&self, paddle: u32, amount_cents: i64) {
        self.board.send_if_modified(|board| {
            let wins = !board.sold && amount_cents > board.amount_cents;
            if wins {
                board.leader = paddle;
                board.amount_cents = amount_cents;
            }
            wins
        });
    }
    // ANCHOR_END: bid

    // ANCHOR: seat
    /// Takes a seat, and with it a paddle that nobody else in this room will ever have.
    pub fn sit(&self) -> Seat {
        let mut paddle = 0;
        self.board.send_modify(|board| {
            board.paddles += 1;
            board.present += 1;
            paddle = board.paddles;
        });
        Seat {
            room: self.clone(),
            paddle,
        }
    }
    // ANCHOR_END: seat

    /// The hammer falls: the lot is sold, to whoever leads.
    pub fn hammer(&self) {
        self.board.send_modify(|board| board.sold = true);
    }

    /// The board as it stands, and every later one that the receiver has time for.
    pub fn watch(&self) -> watch::Receiver<Board> {
        self.board.subscribe()
    }
}

// ANCHOR: leave
/// Somebody's presence in a room. It ends when this is dropped.
#[derive(Debug)]
pub struct Seat {
    room: Room,
    paddle: u32,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.board.send_modify(|board| board.present -= 1);
    }
}
// ANCHOR_END: leave

impl Seat {
    pub fn room(&self) -> &Room {
        &self.room
    }

    pub fn paddle(&self) -> u32 {
        self.paddle
    }
}
