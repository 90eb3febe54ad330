//! What a failed expectation says, checked on a server that answers wrongly on the wire.

use proto::calculator::v1::calculator_service_client::CalculatorServiceClient;
use proto::calculator::v1::{
    AddRequest, AddResponse, DivideRequest, DivideResponse, MultiplyRequest, MultiplyResponse,
    SubtractRequest,
};
use testkit::{Explanation, Lab, Program, Server};
use tonic::Code;

const PROGRAM: Lab = Lab {
    folder: env!("CARGO_MANIFEST_DIR"),
    program: env!("CARGO_BIN_EXE_wrong-server"),
};

/// The explanation with which this test body fails.
async fn explanation(test: impl Future<Output = ()> + Send + 'static) -> String {
    let ended = tokio::spawn(test).await;
    let panic = ended.expect_err("the expectation must fail").into_panic();
    panic
        .downcast::<Explanation>()
        .expect("it must fail with an explanation")
        .to_string()
}

#[track_caller]
fn assert_lines(explanation: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            explanation.lines().any(|it| it.contains(line)),
            "no line with {line:?} in:\n{explanation}"
        );
    }
}

#[tokio::test]
async fn a_wrong_field_number_is_shown_with_its_bytes() {
    let text = explanation(async {
        let server = Server::start(PROGRAM).await;
        let mut stub = CalculatorServiceClient::new(server.channel());
        let request = AddRequest { a: 2, b: 3 };
        let sum = server.call("Add(2, 3)", request, async |it| stub.add(it).await);
        sum.await
            .is(AddResponse { result: 5 }, "Add answers a + b.");
    })
    .await;
    assert_lines(
        &text,
        &[
            "Add(2, 3)",
            "expected   OK, AddResponse { result: 5 }",
            "came back  OK, AddResponse { result: 0 }",
            "because    Add answers a + b.",
            "38 05",
            "field 7 is not in AddResponse",
        ],
    );
}

#[tokio::test]
async fn a_status_without_a_message_is_an_error_of_its_own() {
    let text = explanation(async {
        let server = Server::start(PROGRAM).await;
        let mut stub = CalculatorServiceClient::new(server.channel());
        let request = SubtractRequest { a: 2, b: 3 };
        let answer = server.call("Subtract(2, 3)", request, async |it| {
            stub.subtract(it).await
        });
        answer
            .await
            .is_error(Code::InvalidArgument, "It must be refused.");
    })
    .await;
    assert_lines(
        &text,
        &[
            "expected   INVALID_ARGUMENT with a message",
            "came back  INVALID_ARGUMENT without a message",
            "grpc-status 3 (INVALID_ARGUMENT)",
        ],
    );
}

#[tokio::test]
async fn missing_trailers_are_named() {
    let text = explanation(async {
        let server = Server::start(PROGRAM).await;
        let mut stub = CalculatorServiceClient::new(server.channel());
        let request = MultiplyRequest { a: 2, b: 3 };
        let answer = server.call("Multiply(2, 3)", request, async |it| {
            stub.multiply(it).await
        });
        answer
            .await
            .is(MultiplyResponse { result: 6 }, "Multiply answers a * b.");
    })
    .await;
    assert_lines(&text, &["Multiply(2, 3)", "08 05", "without trailers"]);
}

#[tokio::test]
async fn a_todo_is_a_stage_that_is_not_written_yet() {
    let text = explanation(async {
        let server = Server::start(PROGRAM).await;
        let mut stub = CalculatorServiceClient::new(server.channel());
        let request = DivideRequest { a: 6, b: 3 };
        let answer = server.call("Divide(6, 3)", request, async |it| stub.divide(it).await);
        answer
            .await
            .is(DivideResponse { result: 2 }, "Divide answers a / b.");
    })
    .await;
    assert_lines(
        &text,
        &[
            "came back  nothing: stage 2 is not written yet, tools/testkit/wrong-server/main.rs:",
            "todo!(\"stage 2: answer a / b\")",
        ],
    );
    assert!(!text.contains("on the wire"), "{text}");
}

#[tokio::test]
async fn a_program_that_exits_instead_of_listening_is_named() {
    let text = explanation(async {
        let mut program = Program::start(PROGRAM, &["exit"]);
        program.line("listening on ", testkit::START_DEADLINE).await;
    })
    .await;
    assert_lines(
        &text,
        &[
            "testkit exit",
            "expected   a line \"listening on …\" on standard output",
            "came back  exit status: 3",
        ],
    );
}

#[tokio::test]
async fn what_a_program_printed_is_shown() {
    let run = Program::run(PROGRAM, &["print"]).await;
    let text = explanation(async move { run.prints("two lines", "Two were asked for.") }).await;
    assert_lines(
        &text,
        &[
            "expected   prints \"two lines\" and exits with 0",
            "came back  exit code 0",
            "standard output: one line",
            "standard error: and another",
        ],
    );
}
