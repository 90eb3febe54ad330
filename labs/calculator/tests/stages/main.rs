//! The calculator's tests, one module a stage. They start the program and speak gRPC to it, or run
//! it as the client of a scripted server; they never see its source.

mod stage_1_add;
mod stage_2_operators;
mod stage_3_errors;
mod stage_4_client;
mod stage_5_concurrency;
mod stage_6_resilience;

use std::time::Duration;

use proto::calculator::v1::calculator_service_client::CalculatorServiceClient;
use proto::calculator::v1::expression::Kind;
use proto::calculator::v1::inspect_service_client::InspectServiceClient;
use proto::calculator::v1::{
    AddRequest, AddResponse, CountLookUpsRequest, CountLookUpsResponse, DivideRequest,
    DivideResponse, EvaluateRequest, EvaluateResponse, Expression, HoldRequest, MultiplyRequest,
    MultiplyResponse, Operation, Operator, ReleaseRequest, SubtractRequest, SubtractResponse,
};
use testkit::{DEADLINE, Lab, Outcome, Server, eventually};
use tonic::transport::Channel;

const PROGRAM: Lab = testkit::program!();

const INSPECT: &str =
    "InspectService is given, and answers unless the server's threads are blocked.";

/// A calculator that is running, and one connection to it.
struct Calculator {
    server: Server,
    stub: CalculatorServiceClient<Channel>,
    inspect: InspectServiceClient<Channel>,
}

impl Calculator {
    async fn start() -> Self {
        Self::connect(Server::start(PROGRAM).await)
    }

    fn connect(server: Server) -> Self {
        let channel = server.channel();
        Self {
            server,
            stub: CalculatorServiceClient::new(channel.clone()),
            inspect: InspectServiceClient::new(channel),
        }
    }

    /// The same server, over a new connection.
    fn reconnect(self) -> Self {
        Self::connect(self.server)
    }

    async fn add(&self, a: i64, b: i64) -> Outcome<AddResponse> {
        let mut stub = self.stub.clone();
        let request = AddRequest { a, b };
        self.server
            .call(format!("Add({a}, {b})"), request, async |it| {
                stub.add(it).await
            })
            .await
    }

    async fn subtract(&self, a: i64, b: i64) -> Outcome<SubtractResponse> {
        let mut stub = self.stub.clone();
        let call = format!("Subtract({a}, {b})");
        let request = SubtractRequest { a, b };
        self.server
            .call(call, request, async |it| stub.subtract(it).await)
            .await
    }

    async fn multiply(&self, a: i64, b: i64) -> Outcome<MultiplyResponse> {
        let mut stub = self.stub.clone();
        let call = format!("Multiply({a}, {b})");
        let request = MultiplyRequest { a, b };
        self.server
            .call(call, request, async |it| stub.multiply(it).await)
            .await
    }

    async fn divide(&self, a: i64, b: i64) -> Outcome<DivideResponse> {
        let mut stub = self.stub.clone();
        let call = format!("Divide({a}, {b})");
        let request = DivideRequest { a, b };
        self.server
            .call(call, request, async |it| stub.divide(it).await)
            .await
    }

    async fn evaluate(
        &self,
        expression: impl Into<Option<Expression>>,
    ) -> Outcome<EvaluateResponse> {
        self.evaluate_within(DEADLINE, expression).await
    }

    async fn evaluate_within(
        &self,
        patience: Duration,
        expression: impl Into<Option<Expression>>,
    ) -> Outcome<EvaluateResponse> {
        let mut stub = self.stub.clone();
        let expression = expression.into();
        let call = format!(
            "Evaluate({})",
            expression.as_ref().map_or("nothing".to_owned(), show)
        );
        let request = EvaluateRequest { expression };
        self.server
            .call_within(patience, call, request, async |it| stub.evaluate(it).await)
            .await
    }

    /// Makes every look-up of a constant wait until it is released.
    async fn hold(&self, constant: &str) {
        let mut inspect = self.inspect.clone();
        let request = HoldRequest {
            constant: constant.to_owned(),
        };
        let call = format!("Hold({constant})");
        let held = self
            .server
            .call(call, request, async |it| inspect.hold(it).await)
            .await;
        held.is_ok(INSPECT);
    }

    async fn release(&self, constant: &str) {
        let mut inspect = self.inspect.clone();
        let request = ReleaseRequest {
            constant: constant.to_owned(),
        };
        let call = format!("Release({constant})");
        let released = self
            .server
            .call(call, request, async |it| inspect.release(it).await)
            .await;
        released.is_ok(INSPECT);
    }

    async fn look_ups(&self, constant: &str) -> CountLookUpsResponse {
        let mut inspect = self.inspect.clone();
        let request = CountLookUpsRequest {
            constant: constant.to_owned(),
        };
        let call = format!("CountLookUps({constant})");
        let counted = self
            .server
            .call(call, request, async |it| inspect.count_look_ups(it).await)
            .await;
        counted.is_ok(INSPECT)
    }
}

const HELD: &str = "The look-up of the constant is held, so there can be no answer yet.";

/// Waits until Evaluate has begun to look up a constant that is held.
async fn a_look_up_waits(calculator: &Calculator, constant: &str) {
    eventually(
        &format!("Evaluate({constant}), while a look-up of {constant:?} takes long"),
        "a look-up that waits",
        "Evaluate must begin the look-up.",
        async || calculator.look_ups(constant).await,
        |look_ups| look_ups.waiting > 0,
    )
    .await;
}

fn number(value: i64) -> Expression {
    Expression {
        kind: Some(Kind::Number(value)),
    }
}

fn constant(name: &str) -> Expression {
    Expression {
        kind: Some(Kind::Constant(name.to_owned())),
    }
}

fn operation(operator: Operator, left: Expression, right: Expression) -> Expression {
    let operation = Operation {
        operator: operator.into(),
        left: Some(left.into()),
        right: Some(right.into()),
    };
    Expression {
        kind: Some(Kind::Operation(operation.into())),
    }
}

/// An expression as one would write it down.
fn show(expression: &Expression) -> String {
    match &expression.kind {
        None => "nothing".to_owned(),
        Some(Kind::Number(value)) => value.to_string(),
        Some(Kind::Constant(name)) => name.clone(),
        Some(Kind::Operation(operation)) => {
            let sign = match Operator::try_from(operation.operator) {
                Ok(Operator::Unspecified) => "?".to_owned(),
                Ok(Operator::Add) => "+".to_owned(),
                Ok(Operator::Subtract) => "-".to_owned(),
                Ok(Operator::Multiply) => "*".to_owned(),
                Ok(Operator::Divide) => "/".to_owned(),
                Err(_) => format!("operator {}", operation.operator),
            };
            let side =
                |side: &Option<Box<Expression>>| side.as_deref().map_or("nothing".to_owned(), show);
            format!(
                "({} {sign} {})",
                side(&operation.left),
                side(&operation.right)
            )
        }
    }
}
