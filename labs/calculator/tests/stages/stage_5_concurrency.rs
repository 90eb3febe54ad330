use std::pin::pin;
use std::time::Duration;

use futures_util::future::join_all;
use proto::calculator::v1::{AddResponse, EvaluateResponse, Operator};
use testkit::{DEADLINE, expect_eq};
use tonic::Code;

use crate::{Calculator, HELD, a_look_up_waits, constant, number, operation};

#[tokio::test]
async fn evaluates_a_constant() {
    let calculator = Calculator::start().await;
    let eggs = operation(Operator::Multiply, number(3), constant("dozen"));
    let value = calculator.evaluate(eggs).await;
    value.is(
        EvaluateResponse { result: 36 },
        "Constants come from `constants.look_up`.",
    );
}

#[tokio::test]
async fn a_constant_that_does_not_exist_is_not_found() {
    let calculator = Calculator::start().await;
    let value = calculator.evaluate(constant("baker's dozen")).await;
    value.is_error(
        Code::NotFound,
        "The request is well formed; the thing that it names is not there.",
    );
}

#[tokio::test]
async fn a_constant_is_looked_up_once() {
    let calculator = Calculator::start().await;
    for _ in 0..3 {
        let value = calculator.evaluate(constant("gross")).await;
        value.is(EvaluateResponse { result: 144 }, "A dozen dozen.");
    }
    let look_ups = calculator.look_ups("gross").await;
    expect_eq(
        "look-ups made by: Evaluate(gross), three times, one after another",
        look_ups.answered,
        1,
        "A constant does not change: look it up once, and remember it for every later call.",
    );
}

#[tokio::test]
async fn fifty_calls_at_once_and_the_slow_ones_delay_nobody() {
    let calculator = &Calculator::start().await;
    calculator.hold("dozen").await;

    let slow = join_all((0..25).map(|_| calculator.evaluate_within(PATIENCE, constant("dozen"))));
    let mut slow = pin!(slow);
    tokio::select! {
        mut values = &mut slow => if let Some(value) = values.pop() { value.is_too_early(HELD) },
        () = a_look_up_waits(calculator, "dozen") => {}
    }

    let fast = async {
        let sums = join_all((0..13).map(|_| calculator.add(20, 22)));
        let values = join_all((0..12).map(|_| calculator.evaluate(constant("gross"))));
        let (sums, values) = tokio::join!(sums, values);
        for sum in sums {
            sum.is(AddResponse { result: 42 }, DELAYED);
        }
        for value in values {
            value.is(EvaluateResponse { result: 144 }, DELAYED);
        }
        calculator.release("dozen").await;
    };
    let (slow, ()) = tokio::join!(slow, fast);
    for value in slow {
        value.is(
            EvaluateResponse { result: 12 },
            "The look-up has ended, and so must the call.",
        );
    }
}

/// The slow calls outlast the others, so that a failure tells of the first that should not wait.
const PATIENCE: Duration = DEADLINE.saturating_mul(3);

const DELAYED: &str = "25 other calls wait for a slow look-up, and this one has nothing to do with \
                       it. Hold no lock across an .await, and never block the thread.";
