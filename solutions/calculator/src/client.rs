//! What the client asks, and what it says when a call fails. This file is yours: stage 4.

// [stub]
use std::time::Instant;

use proto::calculator::v1::calculator_service_client::CalculatorServiceClient;
use proto::calculator::v1::{AddRequest, DivideRequest, MultiplyRequest, SubtractRequest};
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request, Status};

// [/stub]
use crate::arguments::Calculation;

#[derive(Clone, Copy, Debug)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// What the program prints on standard error, on one line, and the code it exits with.
#[derive(Debug)]
pub struct Failure {
    /// 64 plus the number of the status code: INVALID_ARGUMENT, which is 3, gives 67.
    pub exit_code: u8,
    /// The server's own message; or, where no server answered, which one did not, and why.
    pub sentence: String,
}

/// Works from left to right: one call for `2 + 3`, a second one to add the next number to its
/// result, all of them on one channel.
pub async fn calculate(calculation: &Calculation) -> Result<i64, Failure> {
    let Calculation {
        operator,
        numbers,
        server,
        timeout,
    } = calculation;
    // [stub] todo!("stage 4: {operator:?} {numbers:?}, ask {server} and wait {timeout:?} at most")
    let deadline = Instant::now() + *timeout;
    // A lazy channel connects at its first call, so there is one place where connecting can fail.
    let channel = Endpoint::from(server.clone()).connect_lazy();
    let mut stub = CalculatorServiceClient::new(channel);
    let calls = async {
        let (first, others) = numbers.split_first().unwrap_or((&0, &[]));
        let mut result = *first;
        for number in others {
            result = call(&mut stub, deadline, *operator, result, *number).await?;
        }
        Ok(result)
    };
    match tokio::time::timeout_at(deadline.into(), calls).await {
        Ok(Ok(result)) => Ok(result),
        // Whatever code a call ends with when its time is up: tonic's own is CANCELLED.
        Ok(Err(status)) if Instant::now() < deadline => Err(explain(server, &status)),
        Ok(Err(_)) | Err(_) => Err(failure(
            Code::DeadlineExceeded,
            format!("{server} did not answer within {timeout:?}"),
        )),
    }
    // [/stub]
}
// [stub]

async fn call(
    stub: &mut CalculatorServiceClient<Channel>,
    deadline: Instant,
    operator: Operator,
    a: i64,
    b: i64,
) -> Result<i64, Status> {
    Ok(match operator {
        Operator::Add => {
            let add = request(AddRequest { a, b }, deadline);
            stub.add(add).await?.into_inner().result
        }
        Operator::Subtract => {
            let subtract = request(SubtractRequest { a, b }, deadline);
            stub.subtract(subtract).await?.into_inner().result
        }
        Operator::Multiply => {
            let multiply = request(MultiplyRequest { a, b }, deadline);
            stub.multiply(multiply).await?.into_inner().result
        }
        Operator::Divide => {
            let divide = request(DivideRequest { a, b }, deadline);
            stub.divide(divide).await?.into_inner().result
        }
    })
}

/// A request that tells the server how long its answer is of use.
fn request<T>(message: T, deadline: Instant) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(deadline.saturating_duration_since(Instant::now()));
    request
}

fn explain(server: &Uri, status: &Status) -> Failure {
    // A status that came over the wire has no source. One that has was made here, by tonic, and
    // its cause says more than its message ("transport error").
    let sentence = match std::error::Error::source(status) {
        Some(cause) => format!("cannot reach {server}: {}", root_of(cause)),
        None => status.message().to_owned(),
    };
    failure(status.code(), sentence)
}

fn root_of(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}

fn failure(code: Code, sentence: String) -> Failure {
    Failure {
        // A gRPC status code is at most 16, so the sum fits.
        exit_code: 64 + code as u8,
        // The message may come from anybody; a second line in it would look like one of ours.
        sentence: format!("{code:?}: {}", sentence.escape_debug()),
    }
}
// [/stub]
