use proto::calculator::v1::AddResponse;

use crate::Calculator;

#[tokio::test]
async fn adds_two_numbers() {
    let calculator = Calculator::start().await;
    let sum = calculator.add(2, 3).await;
    sum.is(AddResponse { result: 5 }, "Add answers a + b.");
}

#[tokio::test]
async fn adds_negative_numbers() {
    let calculator = Calculator::start().await;
    let sum = calculator.add(-7, 4).await;
    sum.is(
        AddResponse { result: -3 },
        "Add answers a + b, whatever their signs.",
    );
}

#[tokio::test]
async fn adds_zeros() {
    let calculator = Calculator::start().await;
    let sum = calculator.add(0, 0).await;
    // Zero is the default value of a field, so neither message has a single byte.
    sum.is(
        AddResponse { result: 0 },
        "A zero is not sent, and whoever reads finds a zero.",
    );
}

#[tokio::test]
async fn adds_numbers_beyond_32_bits() {
    let calculator = Calculator::start().await;
    let sum = calculator.add(3_000_000_000, 4_000_000_000).await;
    sum.is(
        AddResponse {
            result: 7_000_000_000,
        },
        "The contract's numbers are int64.",
    );
}

#[tokio::test]
async fn answers_one_call_after_another() {
    let calculator = Calculator::start().await;
    for (a, b) in [(1, 2), (30, 4), (-5, -6)] {
        let sum = calculator.add(a, b).await;
        sum.is(
            AddResponse { result: a + b },
            "Every call is answered from its own request.",
        );
    }
}
