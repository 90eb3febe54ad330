use listings::server_streaming::archive::End;
use proto::log::v1::TailRequest;
use tonic::{Code, Request};

use crate::network::{Network, quiet};
use crate::{read, read_to_end, server, short};

/// contract.md shows this trace, printed by
/// `cargo test -p listings --test server_streaming a_stream_on_the_wire -- --nocapture`.
#[tokio::test(start_paused = true)]
async fn a_stream_on_the_wire() {
    let mut network = Network::new(server(&short(3, End::Complete)));
    let replies = network.stub.read(read()).await.expect("it is there");
    let (lines, end) = read_to_end(replies.into_inner()).await;
    assert_eq!(lines, [1, 2, 3]);
    assert!(end.is_ok());
    let trace = network.transcript();
    println!("{trace}");
    // What is ready is sent together: three messages, in one frame.
    assert_eq!(network.data_frames(), [57]);
    assert!(trace.contains("grpc-status 0 (OK)"), "{trace}");
}

/// contract.md: the response's headers come before there is a message.
#[tokio::test(start_paused = true)]
async fn headers_come_before_the_first_message() {
    let mut network = Network::new(server(&short(3, End::Complete)));
    let tail = network.stub.tail(TailRequest {}).await;
    let _following = tail.expect("the headers are there, and not a line is written");
    quiet().await;
    assert_eq!(network.data(), 0);
}

/// contract.md: no message at all, and OK, is a stream as well.
#[tokio::test(start_paused = true)]
async fn a_stream_may_be_empty() {
    let mut network = Network::new(server(&short(0, End::Complete)));
    let replies = network.stub.read(read()).await.expect("it is there");
    let (lines, end) = read_to_end(replies.into_inner()).await;
    assert!(lines.is_empty() && end.is_ok());
}

/// contract.md: a log that there is not is refused by the call itself, without a stream.
#[tokio::test(start_paused = true)]
async fn an_unknown_log_is_not_found_at_once() {
    let mut network = Network::new(server(&short(3, End::Complete)));
    let mut request = Request::new(read());
    request.get_mut().log = "yesterday".into();
    let status = network.stub.read(request).await.expect_err("no such log");
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.message(), "there is no log of \"yesterday\"");
    let trace = network.transcript();
    assert_eq!(trace.matches("← HEADERS").count(), 1, "{trace}");
}
