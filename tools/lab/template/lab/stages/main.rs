//! The tests of {{lab}}, one module a stage. They start the program and speak gRPC to it.

mod stage_1_echo;

use proto::{{package}}::v1::{{package}}_service_client::{{Service}}ServiceClient;
use proto::{{package}}::v1::{EchoRequest, EchoResponse};
use testkit::{Lab, Outcome, Server};

const PROGRAM: Lab = testkit::program!();

/// Starts the program and makes one call.
async fn echo(text: &str) -> Outcome<EchoResponse> {
    let server = Server::start(PROGRAM).await;
    let mut stub = {{Service}}ServiceClient::new(server.channel());
    let call = format!("Echo({text:?})");
    let text = text.to_owned();
    server
        .call(call, EchoRequest { text }, async |it| stub.echo(it).await)
        .await
}
