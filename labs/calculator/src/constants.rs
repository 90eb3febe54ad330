//! Named constants, as if they were kept in a database far away. This file is given.
//!
//! A look-up can be slow (a test decides how slow, through `inspect.rs`), and one row is damaged:
//! looking it up panics, as a bug in somebody else's library would. Every look-up is counted.

use std::sync::Arc;

use tokio::sync::watch;

/// The table. Cloning it is cheap and gives the same table.
#[derive(Clone, Debug, Default)]
pub struct Constants {
    rows: Arc<[Row; 5]>,
}

/// What has become of the look-ups of one constant so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookUps {
    pub waiting: u64,
    pub answered: u64,
    pub abandoned: u64,
    /// While this is set, look-ups wait.
    pub held: bool,
}

#[derive(Debug, Default)]
struct Row {
    look_ups: watch::Sender<LookUps>,
}

const NAMES: [&str; 5] = [
    "dozen",
    "gross",
    "seconds_per_day",
    "metres_per_light_year",
    "cubit",
];

impl Constants {
    /// Answers the value of a constant, or `None` if there is no such constant.
    ///
    /// Dropping the future abandons the look-up.
    ///
    /// # Panics
    ///
    /// If the constant's row is damaged.
    pub async fn look_up(&self, name: &str) -> Option<i64> {
        let row = self.row(name)?;
        let look_up = LookUp::begin(row);
        // The sender lives in `self`, so waiting cannot fail.
        let _ = row.look_ups.subscribe().wait_for(|now| !now.held).await;
        let value = match name {
            "dozen" => 12,
            "gross" => 144,
            "seconds_per_day" => 86_400,
            "metres_per_light_year" => 9_460_730_472_580_800,
            _ => panic!("the row of {name:?} is damaged"),
        };
        look_up.answered();
        Some(value)
    }

    /// Makes the look-ups of a constant wait, or lets them go on. Answers whether there is such a
    /// constant.
    pub fn hold(&self, name: &str, held: bool) -> bool {
        self.row(name)
            .map(|row| row.look_ups.send_modify(|look_ups| look_ups.held = held))
            .is_some()
    }

    /// What has become of the look-ups of a constant, or `None` if there is no such constant.
    pub fn look_ups(&self, name: &str) -> Option<LookUps> {
        self.row(name).map(|row| *row.look_ups.borrow())
    }

    fn row(&self, name: &str) -> Option<&Row> {
        let index = NAMES.iter().position(|known| *known == name)?;
        self.rows.get(index)
    }
}

/// A look-up under way: counted as waiting while it lasts, and as abandoned if it is dropped
/// before it has an answer.
struct LookUp<'a> {
    row: &'a Row,
    answered: bool,
}

impl<'a> LookUp<'a> {
    fn begin(row: &'a Row) -> Self {
        row.look_ups.send_modify(|look_ups| look_ups.waiting += 1);
        Self {
            row,
            answered: false,
        }
    }

    fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for LookUp<'_> {
    fn drop(&mut self) {
        self.row.look_ups.send_modify(|look_ups| {
            look_ups.waiting -= 1;
            if self.answered {
                look_ups.answered += 1;
            } else {
                look_ups.abandoned += 1;
            }
        });
    }
}
