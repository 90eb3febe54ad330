//! What the server answers. This file is yours: stages 1, 2, 3, 5 and 6.
//!
//! Each method of the contract (`proto/calculator/v1/calculator.proto`) is a method of the trait
//! that tonic generated from it. It takes a `Request` and answers either a `Response` or a `Status`.

// [stub]
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
// [/stub]
use proto::calculator::v1::calculator_service_server::CalculatorService;
use proto::calculator::v1::expression::Kind;
// [stub] use proto::calculator::v1::{
// [stub]     AddRequest, AddResponse, DivideRequest, DivideResponse, EvaluateRequest, EvaluateResponse,
// [stub]     Expression, MultiplyRequest, MultiplyResponse, SubtractRequest, SubtractResponse,
// [stub] };
use proto::calculator::v1::{
    AddRequest, AddResponse, DivideRequest, DivideResponse, EvaluateRequest, EvaluateResponse,
    Expression, MultiplyRequest, MultiplyResponse, Operation, Operator, SubtractRequest,
    SubtractResponse,
};
// [/stub]
use tonic::{Request, Response, Status};

use crate::constants::Constants;

/// One calculator serves every call on every connection, so whatever it remembers is shared.
#[derive(Debug)]
pub struct Calculator {
    /// Where named constants come from. A look-up can be slow, and one row is damaged.
    constants: Constants,
    // [stub]
    /// The constants that were looked up before. Never locked across an `.await`: whoever waits
    /// for a slow look-up would make everybody else wait too.
    known: Mutex<HashMap<String, i64>>,
    // [/stub]
}

impl Calculator {
    pub fn new(constants: Constants) -> Self {
        // [stub] Self { constants }
        Self {
            constants,
            known: Mutex::default(),
        }
        // [/stub]
    }

    /// The value of an expression: a number is its own value, an operation is worked out from
    /// the values of its two sides.
    async fn value_of(&self, expression: Option<&Expression>) -> Result<i64, Status> {
        match expression.and_then(|expression| expression.kind.as_ref()) {
            Some(Kind::Number(number)) => Ok(*number),
            // [stub] Some(Kind::Operation(operation)) => {
            // [stub]     todo!("stage 3: work out operator {}", operation.operator)
            // [stub] }
            // [stub] None => todo!("stage 3: refuse an expression that is not set"),
            // [stub] Some(Kind::Constant(name)) => {
            // [stub]     let value = self.constants.look_up(name).await;
            // [stub]     todo!("stage 5: answer this value, and remember it: {value:?}")
            // [stub] }
            Some(Kind::Operation(operation)) => {
                let Operation {
                    operator,
                    left,
                    right,
                } = &**operation;
                // An async function that calls itself needs a box: its future cannot hold itself.
                let left = Box::pin(self.value_of(left.as_deref())).await?;
                let right = Box::pin(self.value_of(right.as_deref())).await?;
                let operator = Operator::try_from(*operator).map_err(|_| {
                    Status::invalid_argument(format!("operator {operator} is not known"))
                })?;
                work_out(operator, left, right)
            }
            None => Err(Status::invalid_argument("an expression is not set")),
            Some(Kind::Constant(name)) => self.constant(name).await,
            // [/stub]
        }
    }
    // [stub]

    /// The value of a constant, looked up once and then remembered.
    async fn constant(&self, name: &str) -> Result<i64, Status> {
        if let Some(value) = self.remembered(name) {
            return Ok(value);
        }
        let value = self
            .constants
            .look_up(name)
            .await
            .ok_or_else(|| Status::not_found(format!("there is no constant named {name:?}")))?;
        // Only constants that exist are remembered, so the map is no larger than the table.
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), value);
        Ok(value)
    }

    fn remembered(&self, name: &str) -> Option<i64> {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .copied()
    }
    // [/stub]
}

#[tonic::async_trait]
impl CalculatorService for Calculator {
    async fn add(&self, request: Request<AddRequest>) -> Result<Response<AddResponse>, Status> {
        // [stub] todo!(
        // [stub]     "stage 1: answer a + b; the request is {:?}",
        // [stub]     request.get_ref()
        // [stub] )
        let AddRequest { a, b } = request.into_inner();
        let result = work_out(Operator::Add, a, b)?;
        Ok(Response::new(AddResponse { result }))
        // [/stub]
    }

    async fn subtract(
        &self,
        request: Request<SubtractRequest>,
    ) -> Result<Response<SubtractResponse>, Status> {
        // [stub] todo!(
        // [stub]     "stage 2: answer a - b; the request is {:?}",
        // [stub]     request.get_ref()
        // [stub] )
        let SubtractRequest { a, b } = request.into_inner();
        let result = work_out(Operator::Subtract, a, b)?;
        Ok(Response::new(SubtractResponse { result }))
        // [/stub]
    }

    async fn multiply(
        &self,
        request: Request<MultiplyRequest>,
    ) -> Result<Response<MultiplyResponse>, Status> {
        // [stub] todo!(
        // [stub]     "stage 2: answer a * b; the request is {:?}",
        // [stub]     request.get_ref()
        // [stub] )
        let MultiplyRequest { a, b } = request.into_inner();
        let result = work_out(Operator::Multiply, a, b)?;
        Ok(Response::new(MultiplyResponse { result }))
        // [/stub]
    }

    async fn divide(
        &self,
        request: Request<DivideRequest>,
    ) -> Result<Response<DivideResponse>, Status> {
        // [stub] todo!(
        // [stub]     "stage 2: answer a / b; the request is {:?}",
        // [stub]     request.get_ref()
        // [stub] )
        let DivideRequest { a, b } = request.into_inner();
        let result = work_out(Operator::Divide, a, b)?;
        Ok(Response::new(DivideResponse { result }))
        // [/stub]
    }

    async fn evaluate(
        &self,
        request: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, Status> {
        let EvaluateRequest { expression } = request.into_inner();
        // Stage 6: a look-up may panic. The caller is to be told INTERNAL.
        // [stub] let result = self.value_of(expression.as_ref()).await?;
        let result = or_internal(self.value_of(expression.as_ref())).await?;
        // [/stub]
        Ok(Response::new(EvaluateResponse { result }))
    }
}
// [stub]

/// The exact result of an operation, or why there is none.
fn work_out(operator: Operator, a: i64, b: i64) -> Result<i64, Status> {
    let (sign, exact) = match operator {
        Operator::Unspecified => return Err(Status::invalid_argument("the operator is not set")),
        Operator::Divide if b == 0 => {
            return Err(Status::invalid_argument(format!(
                "cannot divide {a} by zero"
            )));
        }
        Operator::Add => ('+', a.checked_add(b)),
        Operator::Subtract => ('-', a.checked_sub(b)),
        Operator::Multiply => ('*', a.checked_mul(b)),
        // i64::MIN / -1 is one more than i64::MAX.
        Operator::Divide => ('/', a.checked_div(b)),
    };
    exact.ok_or_else(|| {
        Status::out_of_range(format!(
            "the result of {a} {sign} {b} does not fit in 64 bits"
        ))
    })
}

/// Answers INTERNAL if the work panics.
///
/// The work is caught where it runs. In a task of its own a panic could be caught as well, but
/// such a task goes on when the caller leaves and the handler is dropped.
async fn or_internal<T>(work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    // What a panicking evaluation leaves behind is at worst a poisoned lock around a map to which
    // one insert is the only change, so going on is sound.
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_panic| {
            // The panic has been reported on the server's standard error. Its text is not for callers.
            Err(Status::internal("the calculator failed to work this out"))
        })
}
// [/stub]
