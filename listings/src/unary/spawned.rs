//! A sale in a task of its own: it goes on when the caller leaves.

use tonic::Status;

use super::bank::Bank;
use super::seats::Hold;

// ANCHOR: sell
/// Charges for the seats and sells them, even if nobody waits for it any more.
pub async fn sell(bank: Bank, hold: Hold, cents: i64) -> Result<(), Status> {
    let sale = tokio::spawn(async move {
        bank.charge(cents).await?;
        hold.sell();
        Ok(())
    });
    sale.await
        .map_err(|_panicked| Status::internal("the sale failed"))?
}
// ANCHOR_END: sell
