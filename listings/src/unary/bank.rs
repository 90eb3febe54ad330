//! A bank far away. A charge takes as long as the bank likes; here a test decides how long.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tonic::Status;

/// The bank. Cloning it is cheap and gives the same bank.
#[derive(Clone, Debug)]
pub struct Bank {
    /// One permit for each charge that the bank is ready to answer.
    answers: Arc<Semaphore>,
    /// What has been charged so far, in cents.
    charged: watch::Sender<i64>,
}

/// The bank does not answer; nothing was charged.
#[derive(Debug)]
pub struct BankIsDown;

impl Bank {
    /// A bank that answers every charge at once.
    pub fn fast() -> Self {
        Self::with_answers(Semaphore::MAX_PERMITS)
    }

    /// A bank that lets charges wait until [`answer`](Self::answer).
    pub fn slow() -> Self {
        Self::with_answers(0)
    }

    /// A bank whose line is dead.
    pub fn down() -> Self {
        let bank = Self::slow();
        bank.answers.close();
        bank
    }

    fn with_answers(answers: usize) -> Self {
        Self {
            answers: Arc::new(Semaphore::new(answers)),
            charged: watch::Sender::default(),
        }
    }

    /// Charges somebody. Dropping the future before it is ready withdraws the charge.
    pub async fn charge(&self, cents: i64) -> Result<(), BankIsDown> {
        let answer = self.answers.acquire().await.map_err(|_| BankIsDown)?;
        answer.forget();
        self.charged.send_modify(|charged| *charged += cents);
        Ok(())
    }

    /// Answers one charge, now or when it comes.
    pub fn answer(&self) {
        self.answers.add_permits(1);
    }

    /// What has been charged so far, in cents, as it changes.
    pub fn charged(&self) -> watch::Receiver<i64> {
        self.charged.subscribe()
    }
}

// ANCHOR: status
impl From<BankIsDown> for Status {
    fn from(_: BankIsDown) -> Self {
        Status::unavailable("the bank does not answer; nothing was sold, try again later")
    }
}
// ANCHOR_END: status
