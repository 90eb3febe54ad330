use proto::calculator::v1::{DivideResponse, MultiplyResponse, SubtractResponse};

use crate::Calculator;

#[tokio::test]
async fn subtracts_the_second_number_from_the_first() {
    let calculator = Calculator::start().await;
    let difference = calculator.subtract(2, 5).await;
    difference.is(
        SubtractResponse { result: -3 },
        "Subtract answers a - b, in this order.",
    );
}

#[tokio::test]
async fn multiplies() {
    let calculator = Calculator::start().await;
    let product = calculator.multiply(-6, 7).await;
    product.is(MultiplyResponse { result: -42 }, "Multiply answers a * b.");
}

#[tokio::test]
async fn multiplies_exactly_beyond_53_bits() {
    let calculator = Calculator::start().await;
    let product = calculator.multiply(3_037_000_499, 3_037_000_499).await;
    product.is(
        MultiplyResponse {
            result: 9_223_372_030_926_249_001,
        },
        "Every bit of an int64 counts; a double has 53 of them.",
    );
}

#[tokio::test]
async fn divides() {
    let calculator = Calculator::start().await;
    let quotient = calculator.divide(42, 6).await;
    quotient.is(DivideResponse { result: 7 }, "Divide answers a / b.");
}

#[tokio::test]
async fn division_rounds_toward_zero() {
    let calculator = Calculator::start().await;
    for (a, b, result) in [(7, 2, 3), (-7, 2, -3), (7, -2, -3), (-7, -2, 3)] {
        let quotient = calculator.divide(a, b).await;
        quotient.is(
            DivideResponse { result },
            "The contract rounds toward zero, not downwards.",
        );
    }
}

#[tokio::test]
async fn divides_large_numbers_exactly() {
    let calculator = Calculator::start().await;
    let quotient = calculator.divide(i64::MIN, 3).await;
    quotient.is(
        DivideResponse {
            result: -3_074_457_345_618_258_602,
        },
        "Every bit of an int64 counts; a double has 53 of them.",
    );
}
