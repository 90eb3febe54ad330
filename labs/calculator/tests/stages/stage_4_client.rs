use proto::calculator::v1::{
    AddRequest, AddResponse, DivideRequest, DivideResponse, MultiplyRequest, MultiplyResponse,
    SubtractRequest, SubtractResponse,
};
use testkit::{Program, Received, Reply, ScriptedServer, expect_eq, fail};
use tokio::net::TcpSocket;
use tonic::Code;

use crate::PROGRAM;

/// A number that no client can guess, so that whoever prints it must have asked.
const SURPRISE: i64 = 7_203_541_886_002;

#[tokio::test]
async fn prints_what_the_server_answers() {
    let server = ScriptedServer::start(|_| Reply::message(&AddResponse { result: SURPRISE })).await;
    let run = Program::run(PROGRAM, &["add", "2", "3", "--server", &server.url()]).await;
    run.prints(
        &SURPRISE.to_string(),
        "The server does the arithmetic, not the client.",
    );
    let sent = server
        .received()
        .iter()
        .map(Received::decode)
        .collect::<Vec<AddRequest>>();
    expect_sent(&sent, &[AddRequest { a: 2, b: 3 }]);
}

#[tokio::test]
async fn asks_for_each_operation_by_its_own_method() {
    let server = ScriptedServer::start(|request| {
        let result = -1;
        match request.path.as_str() {
            "/calculator.v1.CalculatorService/Subtract" => {
                Reply::message(&SubtractResponse { result })
            }
            "/calculator.v1.CalculatorService/Multiply" => {
                Reply::message(&MultiplyResponse { result })
            }
            "/calculator.v1.CalculatorService/Divide" => Reply::message(&DivideResponse { result }),
            other => Reply::status(Code::Unimplemented, &format!("nobody asked for {other}")),
        }
    })
    .await;
    for operation in ["subtract", "multiply", "divide"] {
        let run = Program::run(PROGRAM, &[operation, "9", "-4", "--server", &server.url()]).await;
        run.prints(
            "-1",
            "Each operation has a method of its own in the contract.",
        );
    }
    let [subtract, multiply, divide] = &server.received()[..] else {
        fail("three runs of the program did not make three calls")
    };
    expect_sent(&[subtract.decode()], &[SubtractRequest { a: 9, b: -4 }]);
    expect_sent(&[multiply.decode()], &[MultiplyRequest { a: 9, b: -4 }]);
    expect_sent(&[divide.decode()], &[DivideRequest { a: 9, b: -4 }]);
}

#[tokio::test]
async fn goes_on_with_the_result_of_the_step_before() {
    let server = ScriptedServer::start(|request| {
        let AddRequest { a, b } = request.decode();
        // Not the sum: a client that adds by itself is found out.
        Reply::message(&AddResponse { result: 10 * a + b })
    })
    .await;
    let run = Program::run(
        PROGRAM,
        &["add", "1", "2", "3", "4", "--server", &server.url()],
    )
    .await;
    run.prints(
        "1234",
        "Each step is one call, from left to right, with the last result as a.",
    );
}

#[tokio::test]
async fn makes_every_call_on_one_connection() {
    let server = ScriptedServer::start(|_| Reply::message(&AddResponse { result: 1 })).await;
    let numbers = [
        "add",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "--server",
        &server.url(),
    ];
    let run = Program::run(PROGRAM, &numbers).await;
    run.prints("1", "The last answer is the result.");
    expect_eq(
        "connections made by: calculator add 1 2 3 4 5 6 7 8",
        server.proxy.connections(),
        1,
        "A channel is made once and used for every call: a new one costs a TCP and an HTTP/2 \
         handshake.",
    );
}

#[tokio::test]
async fn a_status_becomes_an_exit_code_and_a_sentence() {
    for (code, exit_code) in [
        (Code::InvalidArgument, 67),
        (Code::OutOfRange, 75),
        (Code::Unauthenticated, 80),
    ] {
        let server =
            ScriptedServer::start(move |_| Reply::status(code, "no sums on a Sunday")).await;
        let run = Program::run(PROGRAM, &["add", "2", "3", "--server", &server.url()]).await;
        run.fails(
            exit_code,
            &["no sums on a Sunday"],
            "A script that calls the program tells failures apart by 64 + the status code; a \
             person reads the server's message.",
        );
    }
}

#[tokio::test]
async fn a_failure_half_way_prints_no_result() {
    let server = ScriptedServer::start(|request| match request.decode() {
        AddRequest { a: 1, b: 2 } => Reply::message(&AddResponse { result: 3 }),
        AddRequest { .. } => Reply::status(Code::OutOfRange, "too much"),
    })
    .await;
    let run = Program::run(PROGRAM, &["add", "1", "2", "3", "--server", &server.url()]).await;
    run.fails(75, &["too much"], "Half a calculation has no result.");
}

#[tokio::test]
async fn a_refused_connection_is_a_sentence() {
    // Bound, so that nobody else gets the port, and never listened on.
    let taken = TcpSocket::new_v4().expect("a socket");
    taken
        .bind(([127, 0, 0, 1], 0).into())
        .expect("a free loopback port");
    let address = taken.local_addr().expect("its address").to_string();
    let url = format!("http://{address}");
    let run = Program::run(PROGRAM, &["add", "2", "3", "--server", &url]).await;
    run.fails(
        78,
        &[&address],
        "UNAVAILABLE is 14. Whoever reads the sentence must learn which server was not there.",
    );
}

#[tokio::test]
async fn a_silent_server_is_given_up_on() {
    let server = ScriptedServer::start(|_| Reply::Silence).await;
    let url = server.url();
    let run = Program::run(
        PROGRAM,
        &["add", "2", "3", "--server", &url, "--timeout", "0.02"],
    )
    .await;
    run.fails(
        68,
        &[],
        "DEADLINE_EXCEEDED is 4. A call without a time limit can wait for ever; note that tonic's \
         own timeout ends in CANCELLED.",
    );
}

fn expect_sent<M: PartialEq + std::fmt::Debug>(sent: &[M], expected: &[M]) {
    let because = "The numbers go into the request as they stand on the command line.";
    expect_eq("what the program sent", sent, expected, because);
}
