use proto::calculator::v1::expression::Kind;
use proto::calculator::v1::{EvaluateResponse, Expression, Operation, Operator};
use tonic::Code;

use crate::{Calculator, number, operation};

const TOO_LARGE: &str = "The exact result does not fit in an int64, and the contract wants it \
                         refused: a wrong number is worse than none.";

#[tokio::test]
async fn evaluates_a_number() {
    let calculator = Calculator::start().await;
    let value = calculator.evaluate(number(-12)).await;
    value.is(
        EvaluateResponse { result: -12 },
        "A number is its own value.",
    );
}

#[tokio::test]
async fn evaluates_nested_operations() {
    let calculator = Calculator::start().await;
    // (100 - 4) / (2 * (1 + 3))
    let bottom = operation(
        Operator::Multiply,
        number(2),
        operation(Operator::Add, number(1), number(3)),
    );
    let top = operation(Operator::Subtract, number(100), number(4));
    let value = calculator
        .evaluate(operation(Operator::Divide, top, bottom))
        .await;
    value.is(
        EvaluateResponse { result: 12 },
        "Both sides are worked out, then the operation.",
    );
}

#[tokio::test]
async fn division_by_zero_is_invalid_argument() {
    let calculator = Calculator::start().await;
    let because =
        "The request is wrong whatever the server's state, and the caller must change it.";
    calculator
        .divide(7, 0)
        .await
        .is_error(Code::InvalidArgument, because);
    calculator
        .divide(0, 0)
        .await
        .is_error(Code::InvalidArgument, because);
    let quotient = calculator
        .evaluate(operation(Operator::Divide, number(7), number(0)))
        .await;
    quotient.is_error(Code::InvalidArgument, because);
}

#[tokio::test]
async fn overflow_is_out_of_range() {
    let calculator = Calculator::start().await;
    calculator
        .add(i64::MAX, 1)
        .await
        .is_error(Code::OutOfRange, TOO_LARGE);
    calculator
        .subtract(i64::MIN, 1)
        .await
        .is_error(Code::OutOfRange, TOO_LARGE);
    calculator
        .multiply(i64::MAX, 2)
        .await
        .is_error(Code::OutOfRange, TOO_LARGE);
    let sum = calculator
        .evaluate(operation(Operator::Add, number(i64::MAX), number(1)))
        .await;
    sum.is_error(Code::OutOfRange, TOO_LARGE);
}

#[tokio::test]
async fn the_smallest_number_divided_by_minus_one_is_out_of_range() {
    let calculator = Calculator::start().await;
    let quotient = calculator.divide(i64::MIN, -1).await;
    quotient.is_error(
        Code::OutOfRange,
        "int64 has one more negative number than positive ones, so even a division can overflow.",
    );
}

#[tokio::test]
async fn the_largest_and_smallest_numbers_are_fine() {
    let calculator = Calculator::start().await;
    let value = calculator
        .evaluate(operation(Operator::Add, number(i64::MAX - 1), number(1)))
        .await;
    value.is(
        EvaluateResponse { result: i64::MAX },
        "The result fits, so it is an answer.",
    );
    let value = calculator
        .evaluate(operation(
            Operator::Subtract,
            number(i64::MIN + 1),
            number(1),
        ))
        .await;
    value.is(
        EvaluateResponse { result: i64::MIN },
        "The result fits, so it is an answer.",
    );
}

#[tokio::test]
async fn every_intermediate_result_must_fit() {
    let calculator = Calculator::start().await;
    let too_large = operation(Operator::Add, number(i64::MAX), number(1));
    let value = calculator
        .evaluate(operation(Operator::Subtract, too_large, number(1)))
        .await;
    value.is_error(
        Code::OutOfRange,
        "The contract says that intermediate results must fit too.",
    );
}

#[tokio::test]
async fn an_operator_that_is_not_set_is_invalid_argument() {
    let calculator = Calculator::start().await;
    let value = calculator
        .evaluate(operation(Operator::Unspecified, number(1), number(2)))
        .await;
    value.is_error(
        Code::InvalidArgument,
        "An enum that was never set reads as 0, OPERATOR_UNSPECIFIED. Guessing would hide the \
         caller's mistake.",
    );
}

#[tokio::test]
async fn an_operator_that_is_not_known_is_invalid_argument() {
    let calculator = Calculator::start().await;
    let operation = Operation {
        operator: 99,
        left: Some(number(1).into()),
        right: Some(number(2).into()),
    };
    let expression = Expression {
        kind: Some(Kind::Operation(operation.into())),
    };
    calculator.evaluate(expression).await.is_error(
        Code::InvalidArgument,
        "An enum can carry a number that this server does not know, from a newer client.",
    );
}

#[tokio::test]
async fn an_expression_that_is_not_set_is_invalid_argument() {
    let calculator = Calculator::start().await;
    let because = "A message field that was not set is absent, not zero.";
    calculator
        .evaluate(None)
        .await
        .is_error(Code::InvalidArgument, because);
    calculator
        .evaluate(Expression { kind: None })
        .await
        .is_error(Code::InvalidArgument, because);

    let operation = Operation {
        operator: Operator::Add.into(),
        left: Some(number(1).into()),
        right: None,
    };
    let half = Expression {
        kind: Some(Kind::Operation(operation.into())),
    };
    calculator
        .evaluate(half)
        .await
        .is_error(Code::InvalidArgument, because);
}
