use proto::calculator::v1::{AddResponse, EvaluateResponse};
use testkit::{eventually, expect_eq};
use tonic::Code;

use crate::{Calculator, HELD, a_look_up_waits, constant};

const GONE: &str = "The client has left, so nobody wants the answer. tonic drops the handler; work \
                    in a task of its own goes on.";

#[tokio::test]
async fn a_client_that_goes_away_stops_the_work() {
    let calculator = Calculator::start().await;
    calculator.hold("gross").await;
    tokio::select! {
        value = calculator.evaluate(constant("gross")) => value.is_too_early(HELD),
        // When this branch ends, the other is dropped, and with it the call.
        () = a_look_up_waits(&calculator, "gross") => {}
    }
    the_look_up_is_abandoned(&calculator, "Evaluate(gross), given up by the client").await;
}

#[tokio::test]
async fn a_cut_connection_stops_the_work() {
    let calculator = Calculator::start().await;
    calculator.hold("gross").await;
    tokio::select! {
        value = calculator.evaluate(constant("gross")) => value.is_too_early(HELD),
        () = a_look_up_waits(&calculator, "gross") => calculator.server.proxy.cut(),
    }
    let calculator = calculator.reconnect();
    the_look_up_is_abandoned(&calculator, "Evaluate(gross), its connection cut").await;
}

#[tokio::test]
async fn a_panic_is_internal() {
    let calculator = Calculator::start().await;
    let value = calculator.evaluate(constant("cubit")).await;
    value.is_error(
        Code::Internal,
        "The row of \"cubit\" is damaged, and its look-up panics. Left alone, a panic reaches the \
         caller as CANCELLED, as if it had given up by itself.",
    );
}

#[tokio::test]
async fn the_server_lives_on_after_a_panic() {
    let calculator = Calculator::start().await;
    for _ in 0..3 {
        let value = calculator.evaluate(constant("cubit")).await;
        value.is_error(
            Code::Internal,
            "The row of \"cubit\" is damaged, and its look-up panics.",
        );
    }
    let sum = calculator.add(2, 2).await;
    sum.is(
        AddResponse { result: 4 },
        "One call's bug is not the next caller's problem.",
    );
    let value = calculator.evaluate(constant("dozen")).await;
    value.is(
        EvaluateResponse { result: 12 },
        "One call's bug is not the next caller's problem.",
    );
    expect_eq(
        "connections used for: Evaluate(cubit), three times, then Add(2, 2)",
        calculator.server.proxy.connections(),
        1,
        "A panic in one call must not end the connection that others share.",
    );
}

async fn the_look_up_is_abandoned(calculator: &Calculator, call: &str) {
    eventually(
        call,
        "no look-up that waits, and one that was abandoned",
        GONE,
        async || calculator.look_ups("gross").await,
        |look_ups| look_ups.waiting == 0 && look_ups.abandoned == 1,
    )
    .await;
}
