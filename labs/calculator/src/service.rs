//! What the server answers. This file is yours: stages 1, 2, 3, 5 and 6.
//!
//! Each method of the contract (`proto/calculator/v1/calculator.proto`) is a method of the trait
//! that tonic generated from it. It takes a `Request` and answers either a `Response` or a `Status`.

use proto::calculator::v1::calculator_service_server::CalculatorService;
use proto::calculator::v1::expression::Kind;
use proto::calculator::v1::{
    AddRequest, AddResponse, DivideRequest, DivideResponse, EvaluateRequest, EvaluateResponse,
    Expression, MultiplyRequest, MultiplyResponse, SubtractRequest, SubtractResponse,
};
use tonic::{Request, Response, Status};

use crate::constants::Constants;

/// One calculator serves every call on every connection, so whatever it remembers is shared.
#[derive(Debug)]
pub struct Calculator {
    /// Where named constants come from. A look-up can be slow, and one row is damaged.
    constants: Constants,
}

impl Calculator {
    pub fn new(constants: Constants) -> Self {
        Self { constants }
    }

    /// The value of an expression: a number is its own value, an operation is worked out from
    /// the values of its two sides.
    async fn value_of(&self, expression: Option<&Expression>) -> Result<i64, Status> {
        match expression.and_then(|expression| expression.kind.as_ref()) {
            Some(Kind::Number(number)) => Ok(*number),
            Some(Kind::Operation(operation)) => {
                todo!("stage 3: work out operator {}", operation.operator)
            }
            None => todo!("stage 3: refuse an expression that is not set"),
            Some(Kind::Constant(name)) => {
                let value = self.constants.look_up(name).await;
                todo!("stage 5: answer this value, and remember it: {value:?}")
            }
        }
    }
}

#[tonic::async_trait]
impl CalculatorService for Calculator {
    async fn add(&self, request: Request<AddRequest>) -> Result<Response<AddResponse>, Status> {
        todo!(
            "stage 1: answer a + b; the request is {:?}",
            request.get_ref()
        )
    }

    async fn subtract(
        &self,
        request: Request<SubtractRequest>,
    ) -> Result<Response<SubtractResponse>, Status> {
        todo!(
            "stage 2: answer a - b; the request is {:?}",
            request.get_ref()
        )
    }

    async fn multiply(
        &self,
        request: Request<MultiplyRequest>,
    ) -> Result<Response<MultiplyResponse>, Status> {
        todo!(
            "stage 2: answer a * b; the request is {:?}",
            request.get_ref()
        )
    }

    async fn divide(
        &self,
        request: Request<DivideRequest>,
    ) -> Result<Response<DivideResponse>, Status> {
        todo!(
            "stage 2: answer a / b; the request is {:?}",
            request.get_ref()
        )
    }

    async fn evaluate(
        &self,
        request: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, Status> {
        let EvaluateRequest { expression } = request.into_inner();
        // Stage 6: a look-up may panic. The caller is to be told INTERNAL.
        let result = self.value_of(expression.as_ref()).await?;
        Ok(Response::new(EvaluateResponse { result }))
    }
}
