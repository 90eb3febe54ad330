//! Streams of replies: what an expectation takes, and what it says when it is not met. The server
//! is `wrong-server/scripted.rs`, where the symbol says what is wrong.

use std::time::Duration;

use proto::chat::v1::chat_service_client::ChatServiceClient;
use proto::chat::v1::{ChatRequest, ChatResponse};
use proto::image::v1::image_service_client::ImageServiceClient;
use proto::image::v1::upload_request::Part;
use proto::image::v1::{Begin, Chunk, UploadRequest, UploadResponse};
use proto::ticker::v1::ticker_service_client::TickerServiceClient;
use proto::ticker::v1::{ReplayRequest, ReplayResponse, Tick, WatchRequest};
use testkit::{Explanation, Lab, Replies, Server};
use tonic::Code;

const PROGRAM: Lab = Lab {
    folder: env!("CARGO_MANIFEST_DIR"),
    program: env!("CARGO_BIN_EXE_wrong-server"),
};
const BECAUSE: &str = "The test says so.";

async fn start() -> Server {
    Server::start_with(PROGRAM, &["--scripted"]).await
}

async fn replay(server: &Server, symbol: &str) -> Replies<ReplayResponse> {
    let mut stub = TickerServiceClient::new(server.channel());
    let request = ReplayRequest {
        symbol: symbol.to_owned(),
        ..ReplayRequest::default()
    };
    let call = format!("Replay({symbol})");
    server
        .open(call, request, async |it| stub.replay(it).await)
        .await
}

async fn chat(server: &Server) -> Replies<ChatResponse> {
    let mut stub = ChatServiceClient::new(server.channel());
    let says = tokio_stream::iter([ChatRequest::default()]);
    server
        .open("Chat()", says, async |it| stub.chat(it).await)
        .await
}

fn tick(sequence: u64) -> ReplayResponse {
    let tick = Tick {
        sequence,
        price_cents: 1000,
        shares: 1,
        book: vec![sequence as u8],
    };
    ReplayResponse { tick: Some(tick) }
}

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
async fn messages_and_ends_as_expected() {
    let server = start().await;
    let mut replies = replay(&server, "FEW").await;
    replies.begins(BECAUSE);
    replies.is(tick(1), BECAUSE).await;
    assert_eq!(replies.next(BECAUSE).await, tick(2));
    assert_eq!(replies.received(), 2);
    // An end that has come stays.
    replies.ends(BECAUSE).await;
    replies.ends(BECAUSE).await;

    let mut replies = replay(&server, "BROKEN").await;
    assert_eq!(replies.take(2, BECAUSE).await, [tick(1), tick(2)]);
    let status = replies.ends_with(Code::Unavailable, BECAUSE).await;
    assert_eq!(status.message(), "the recording broke off");

    let (ticks, status) = replay(&server, "BROKEN").await.rest(2, BECAUSE).await;
    assert_eq!((ticks.len(), status.code()), (2, Code::Unavailable));

    let mut replies = replay(&server, "NONE").await;
    replies.ends_with(Code::NotFound, BECAUSE).await;
    replay(&server, "RESET").await.rest(2, BECAUSE).await;

    let mut stream = replay(&server, "FEW").await.into_inner(BECAUSE);
    assert_eq!(stream.message().await.unwrap(), Some(tick(1)));
}

#[tokio::test]
async fn too_few_messages() {
    let text = explanation(async {
        let server = start().await;
        let mut replies = replay(&server, "FEW").await;
        replies.next(BECAUSE).await;
        replies.take(4, BECAUSE).await;
    })
    .await;
    assert_lines(
        &text,
        &[
            "Replay(FEW), after 2 messages",
            "expected   5 messages",
            "came back  OK, the end of the stream",
            "because    The test says so.",
            "2 price_cents = 1000",
        ],
    );
}

#[tokio::test]
async fn a_clean_end_instead_of_an_error() {
    let text = explanation(async {
        let server = start().await;
        let mut replies = replay(&server, "FEW").await;
        replies.take(2, BECAUSE).await;
        replies.ends_with(Code::Unavailable, BECAUSE).await;
    })
    .await;
    assert_lines(
        &text,
        &[
            "expected   UNAVAILABLE",
            "came back  OK, the end of the stream",
        ],
    );
    let text = explanation(async {
        let server = start().await;
        let mut replies = replay(&server, "FEW").await;
        replies.take(2, BECAUSE).await;
        replies.fails(BECAUSE).await;
    })
    .await;
    assert_lines(&text, &["came back  OK, the end of the stream"]);
}

#[tokio::test]
async fn an_error_instead_of_a_clean_end() {
    let text = explanation(async {
        let server = start().await;
        let mut replies = replay(&server, "BROKEN").await;
        replies.take(2, BECAUSE).await;
        replies.ends(BECAUSE).await;
    })
    .await;
    assert_lines(
        &text,
        &[
            "Replay(BROKEN), after 2 messages",
            "expected   OK, the end of the stream",
            "came back  UNAVAILABLE: the recording broke off",
        ],
    );
}

#[tokio::test]
async fn an_error_without_a_message() {
    let text = explanation(async {
        let server = start().await;
        let mut replies = replay(&server, "MUTE").await;
        replies.take(2, BECAUSE).await;
        replies.ends_with(Code::Unavailable, BECAUSE).await;
    })
    .await;
    assert_lines(
        &text,
        &[
            "expected   UNAVAILABLE with a message",
            "came back  UNAVAILABLE without a message",
        ],
    );
}

#[tokio::test]
async fn an_error_instead_of_a_stream_is_kept_for_the_first_expectation() {
    let text = explanation(async {
        let server = start().await;
        replay(&server, "NONE").await.is(tick(1), BECAUSE).await;
    })
    .await;
    assert_lines(&text, &["Replay(NONE)", "came back  NOT_FOUND: no such"]);
    let text = explanation(async {
        let server = start().await;
        replay(&server, "NONE").await.begins(BECAUSE);
    })
    .await;
    assert_lines(&text, &["expected   a stream of messages"]);
}

#[tokio::test]
async fn another_message_than_the_expected_one() {
    let text = explanation(async {
        let server = start().await;
        let mut replies = replay(&server, "FEW").await;
        replies.is(tick(1), BECAUSE).await;
        replies.is(tick(1), BECAUSE).await;
    })
    .await;
    // The call had come so far before the message that is wrong.
    assert_lines(
        &text,
        &[
            "Replay(FEW), after 1 message",
            "Tick { sequence: 1,",
            "came back  ReplayResponse { tick: Some(Tick { sequence: 2,",
        ],
    );
}

#[tokio::test]
async fn a_difference_far_into_a_large_message_is_shown() {
    let text = explanation(async {
        let server = start().await;
        let mut replies = replay(&server, "LARGE").await;
        let mut wrong = replies.next(BECAUSE).await;
        if let Some(tick) = &mut wrong.tick {
            tick.sequence = 2;
        }
        replies.is(wrong, BECAUSE).await;
    })
    .await;
    assert_lines(&text, &["expected   …", "7, 1]", "came back  …", "7, 2]"]);
    assert!(text.len() < 10_000, "{} bytes", text.len());
}

#[tokio::test]
async fn a_message_where_the_end_was_expected() {
    for _ in 0..2 {
        let text = explanation(async {
            let server = start().await;
            let mut replies = replay(&server, "FEW").await;
            replies.next(BECAUSE).await;
            replies.ends(BECAUSE).await;
        })
        .await;
        assert_lines(
            &text,
            &[
                "Replay(FEW), after 1 message",
                "expected   OK, the end of the stream",
                "came back  another message, ReplayResponse",
            ],
        );
    }
}

#[tokio::test]
async fn nothing_at_all() {
    let text = explanation(async {
        let server = start().await;
        chat(&server).await.next(BECAUSE).await;
    })
    .await;
    assert_lines(
        &text,
        &[
            "Chat()",
            "expected   a message",
            "came back  nothing within 5s",
            "the server has not ended this stream",
        ],
    );
}

#[tokio::test]
async fn not_even_headers() {
    let text = explanation(async {
        let server = start().await;
        let mut stub = TickerServiceClient::new(server.channel());
        let patience = Duration::from_millis(100);
        let request = WatchRequest::default();
        let call = server.open_within(patience, "Watch()", request, async |it| {
            stub.watch(it).await
        });
        call.await.ends(BECAUSE).await;
    })
    .await;
    assert_lines(
        &text,
        &["came back  nothing within 100ms, not even headers"],
    );
}

#[tokio::test]
async fn a_todo_is_a_stage_that_is_not_written_yet() {
    for (symbol, stage) in [("TODO", 2), ("SPAWNED-TODO", 7)] {
        let text = explanation(async move {
            let server = start().await;
            let mut replies = replay(&server, symbol).await;
            replies.take(3, BECAUSE).await;
        })
        .await;
        let came_back = format!("came back  nothing: stage {stage} is not written yet");
        assert_lines(&text, &[&came_back, "scripted.rs:"]);
        assert!(!text.contains("on the wire"), "{text}");
    }
}

#[tokio::test]
async fn a_long_stream_has_a_short_trace() {
    let text = explanation(async {
        let server = start().await;
        let mut replies = replay(&server, "MANY").await;
        replies.take(10_000, BECAUSE).await;
        replies.next(BECAUSE).await;
    })
    .await;
    assert_lines(
        &text,
        &[
            "Replay(MANY), after 10000 messages",
            "more frames, ",
            "1 sequence = 10000",
        ],
    );
    assert!(text.lines().count() < 60, "{text}");
}

#[tokio::test]
async fn replies_that_are_dropped_give_the_call_up() {
    let mut server = start().await;
    let replies = chat(&server).await;
    replies.begins(BECAUSE);
    drop(replies);
    server
        .program
        .prints_line("the caller has gone", BECAUSE)
        .await;
}

#[tokio::test]
async fn a_stream_of_requests_is_a_call_like_any_other() {
    let server = start().await;
    let parts = [
        Part::Begin(Begin::default()),
        Part::Chunk(Chunk {
            offset: 0,
            data: vec![1; 100_000],
        }),
    ];
    let upload = async |size| {
        let mut stub = ImageServiceClient::new(server.channel());
        let requests = parts.clone().map(|it| UploadRequest { part: Some(it) });
        let requests = tokio_stream::iter(requests);
        let outcome = server
            .call("Upload(100,000 bytes)", requests, async |it| {
                stub.upload(it).await
            })
            .await;
        let sha256 = Vec::new();
        outcome.is(UploadResponse { size, sha256 }, BECAUSE)
    };
    upload(100_000).await;
}
