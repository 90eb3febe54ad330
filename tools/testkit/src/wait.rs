//! Waiting for an event, with an end to it.

use std::time::Duration;

use crate::explain::Explanation;

/// How long a call, or any other event that a test waits for, may take. It is long because a
/// machine can be busy, and costs time only where something is wrong.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// How long a program may take to start. A virtual machine or an interpreter needs its time.
pub const START_DEADLINE: Duration = Duration::from_secs(20);

/// Waits for `event`; fails the test if it has not come within [`DEADLINE`].
pub async fn within<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, event).await {
        Ok(come) => come,
        Err(_elapsed) => Explanation::new(what)
            .came_back(format!("nothing within {DEADLINE:?}"))
            .fail(),
    }
}

/// Asks again and again until the answer satisfies `enough`, and gives that answer; fails the test
/// with the last answer if none does within [`DEADLINE`].
pub async fn eventually<T: std::fmt::Debug>(
    what: &str,
    expected: &str,
    because: &str,
    mut ask: impl AsyncFnMut() -> T,
    enough: impl Fn(&T) -> bool,
) -> T {
    let end = tokio::time::Instant::now() + DEADLINE;
    loop {
        let answer = ask().await;
        if enough(&answer) {
            return answer;
        }
        if tokio::time::Instant::now() >= end {
            Explanation::new(what)
                .expected(expected)
                .came_back(format!("{answer:?}, still after {DEADLINE:?}"))
                .because(because)
                .fail();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
