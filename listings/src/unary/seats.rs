//! How many seats are left: the state that every call of the box office shares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tonic::Status;

// ANCHOR: seats
/// How many seats of each show are left. Cloning it is cheap and gives the same seats.
#[derive(Clone, Debug)]
pub struct Seats {
    left: Arc<Mutex<HashMap<String, i32>>>,
}
// ANCHOR_END: seats

/// Why seats cannot be held.
#[derive(Debug)]
pub enum Refusal {
    NoSuchShow { show: String },
    TooFew { show: String, left: i32 },
}

impl Seats {
    pub fn new<const N: usize>(shows: [(&str, i32); N]) -> Self {
        let left = shows.map(|(show, seats)| (show.to_owned(), seats));
        Self {
            left: Arc::new(Mutex::new(left.into())),
        }
    }

    /// How many seats of a show are left, or `None` if there is no such show.
    pub fn left(&self, show: &str) -> Option<i32> {
        self.lock().get(show).copied()
    }

    // ANCHOR: hold
    /// Takes seats off sale.
    pub fn hold(&self, show: &str, number: i32) -> Result<Hold, Refusal> {
        let mut seats = self.lock();
        let Some(left) = seats.get_mut(show) else {
            return Err(Refusal::NoSuchShow { show: show.into() });
        };
        if *left < number {
            let (show, left) = (show.into(), *left);
            return Err(Refusal::TooFew { show, left });
        }
        *left -= number;
        Ok(Hold {
            seats: self.clone(),
            show: show.into(),
            number,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, i32>> {
        // Nothing under this lock can panic half-way through a change.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
    // ANCHOR_END: hold
}

// ANCHOR: drop
/// Seats that are off sale while somebody pays for them.
///
/// They are on sale again when the hold is dropped, unless they were sold.
#[derive(Debug)]
#[must_use = "seats go back on sale when the hold is dropped"]
pub struct Hold {
    seats: Seats,
    show: String,
    number: i32,
}

impl Hold {
    /// The seats are paid for: they do not go back.
    pub fn sell(mut self) {
        self.number = 0;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(left) = self.seats.lock().get_mut(&self.show) {
            *left += self.number;
        }
    }
}
// ANCHOR_END: drop

// ANCHOR: status
impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchShow { show } => {
                Status::not_found(format!("there is no show named {show:?}"))
            }
            Refusal::TooFew { show, left } => {
                Status::failed_precondition(format!("{show:?} has {left} seats left"))
            }
        }
    }
}
// ANCHOR_END: status
