//! A panic in a future, caught where the future runs.

// ANCHOR: post
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tonic::Status;

/// Sends tickets to the customer. If that panics, it is an error like any other.
pub async fn post_tickets(show: &str) -> Result<(), Status> {
    let posted = AssertUnwindSafe(knock_at_the_door(show))
        .catch_unwind()
        .await;
    posted.map_err(|_panic| Status::internal("the tickets could not be posted"))
}
// ANCHOR_END: post

/// The postman: somebody else's code.
pub async fn knock_at_the_door(show: &str) {
    tokio::task::yield_now().await;
    assert_ne!(show, "lear", "there is no door on this heath");
}
