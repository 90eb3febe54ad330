//! A scripted server as a caller meets it: both streams, flow control, resets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prost::Message as _;
use proto::chat::v1::chat_response::Event;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use proto::chat::v1::{ChatRequest, ChatResponse, Left, Said, Say, chat_request::Action};
use testkit::{Conversation, Explanation, ScriptedServer, Windows, eventually, fail, within};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

const BECAUSE: &str = "The test says so.";

fn say(text: impl Into<String>) -> ChatRequest {
    let say = Say { text: text.into() };
    ChatRequest {
        action: Some(Action::Say(say)),
    }
}

fn said(text: impl Into<String>) -> ChatResponse {
    let said = Said {
        name: "echo".to_owned(),
        text: text.into(),
    };
    ChatResponse {
        event: Some(Event::Said(said)),
    }
}

/// Says back what it hears, and `left` at the end of the caller's stream.
async fn echo(mut call: Conversation) {
    loop {
        match call.receive().await {
            Ok(Some(ChatRequest {
                action: Some(Action::Say(say)),
            })) => call
                .send(&said(say.text))
                .await
                .expect("the caller listens"),
            Ok(Some(other)) => fail(format!("{other:?} was not expected")),
            Ok(None) => break,
            Err(reset) => fail(format!("not an end, but: {reset}")),
        }
    }
    let left = Left {
        name: call.path.clone(),
    };
    let left = ChatResponse {
        event: Some(Event::Left(left)),
    };
    call.send(&left).await.expect("the caller listens");
    call.end(Status::ok("")).await.expect("the caller listens");
}

async fn stub(server: &ScriptedServer) -> ChatServiceClient<tonic::transport::Channel> {
    ChatServiceClient::connect(server.url()).await.unwrap()
}

#[tokio::test]
async fn messages_go_both_ways_in_turn() {
    let server = ScriptedServer::streaming(echo).await;
    let (says, requests) = mpsc::channel(1);
    says.send(say("0")).await.unwrap();
    let call = stub(&server)
        .await
        .chat(ReceiverStream::new(requests))
        .await;
    let mut replies = call.unwrap().into_inner();
    for n in 0..3 {
        let reply = within("an echo", replies.message()).await.unwrap();
        assert_eq!(reply, Some(said(n.to_string())));
        says.send(say((n + 1).to_string())).await.unwrap();
    }
    drop(says);
    let rest: Vec<_> = within("the end", replies.collect()).await;
    assert_eq!(rest.len(), 2, "{rest:?}");
    assert!(rest.iter().all(Result::is_ok), "{rest:?}");
    server.end().await;
}

#[tokio::test]
async fn a_reset_is_no_end() {
    let (tell, mut told) = mpsc::channel(1);
    let server = ScriptedServer::streaming(move |mut call: Conversation| {
        let tell = tell.clone();
        async move {
            let first = call.receive().await.unwrap();
            tell.send(first).await.unwrap();
            call.receive::<ChatRequest>().await.unwrap_err();
            call.reset().await;
            tell.send(None).await.unwrap();
        }
    })
    .await;
    // One caller resets the call, the other's connection breaks.
    for cut in [false, true] {
        let (says, requests) = mpsc::channel(1);
        says.send(say("I am going")).await.unwrap();
        let mut stub = stub(&server).await;
        let call = tokio::spawn(async move { stub.chat(ReceiverStream::new(requests)).await });
        let first = within("the first message", told.recv()).await.unwrap();
        assert_eq!(first, Some(say("I am going")));
        if cut {
            server.proxy.cut();
        } else {
            call.abort();
        }
        within("the reset", told.recv()).await.unwrap();
        drop(says);
    }
    server.end().await;
}

#[tokio::test]
async fn a_caller_that_is_not_heard_is_stopped_by_the_window() {
    const WINDOW: u32 = 128 << 10;
    const TEXT: usize = 10_000;
    let (go_on, going_on) = tokio::sync::watch::channel(false);
    let windows = Windows {
        stream: WINDOW,
        connection: 1 << 20,
    };
    let server = ScriptedServer::streaming_with(windows, move |mut call: Conversation| {
        let mut going_on = going_on.clone();
        async move {
            going_on.wait_for(|it| *it).await.unwrap();
            while call.receive::<ChatRequest>().await.unwrap().is_some() {}
            assert_eq!(
                call.received_bytes(),
                100 * (5 + say("x".repeat(TEXT)).encoded_len() as u64)
            );
            call.end(Status::aborted("heard it all")).await.unwrap();
        }
    })
    .await;
    let requests = tokio_stream::iter((0..100).map(|_| say("x".repeat(TEXT))));
    let mut stub = stub(&server).await;
    let call = tokio::spawn(async move { stub.chat(requests).await });
    let bytes = eventually(
        "a caller that sends 1 MB",
        "stops when the window is full",
        BECAUSE,
        async || server.proxy.bytes_from_clients(),
        |bytes| *bytes >= u64::from(WINDOW),
    )
    .await;
    // Headers, and nine bytes a frame.
    assert!(bytes < u64::from(WINDOW) + 2000, "{bytes}");
    go_on.send_replace(true);
    let status = within("the end", call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Aborted);
    assert_eq!(status.message(), "heard it all");
    server.end().await;
}

#[tokio::test]
async fn a_caller_that_does_not_read_stops_the_script() {
    const TEXT: usize = 16 << 10;
    const MESSAGES: u64 = 200;
    let sent = Arc::new(AtomicU64::new(0));
    let server = ScriptedServer::streaming({
        let sent = Arc::clone(&sent);
        move |mut call: Conversation| {
            let sent = Arc::clone(&sent);
            async move {
                for _ in 0..MESSAGES {
                    call.send(&said("x".repeat(TEXT))).await.unwrap();
                    sent.fetch_add(1, Ordering::Relaxed);
                }
                call.end(Status::ok("")).await.unwrap();
            }
        }
    })
    .await;
    let endpoint = server.proxy.endpoint().initial_stream_window_size(64 << 10);
    let mut stub = ChatServiceClient::new(endpoint.connect_lazy());
    let call = stub.chat(tokio_stream::empty()).await.unwrap();
    eventually(
        "the window",
        "is full",
        BECAUSE,
        async || server.proxy.bytes_from_server(),
        |bytes| *bytes >= 64 << 10,
    )
    .await;
    // Four messages fill the window; one is cut in two by it, two wait behind.
    assert!(sent.load(Ordering::Relaxed) <= 8, "{sent:?}");
    let replies: Vec<_> = within("the rest", call.into_inner().collect()).await;
    assert_eq!(replies.len() as u64, MESSAGES);
    assert!(replies.iter().all(Result::is_ok));
    server.end().await;
}

#[tokio::test]
async fn a_call_that_the_script_drops_is_reset() {
    for after in [0, 1] {
        let server = ScriptedServer::streaming(move |mut call: Conversation| async move {
            for _ in 0..after {
                call.send(&said("and then")).await.unwrap();
            }
        })
        .await;
        let mut stub = stub(&server).await;
        let ended = within("the reset", async {
            let mut replies = stub.chat(tokio_stream::pending()).await?.into_inner();
            while replies.message().await?.is_some() {}
            Ok::<_, Status>(())
        });
        ended
            .await
            .expect_err("a call without a status is no success");
        server.end().await;
    }
}

#[tokio::test]
async fn a_script_that_fails_fails_the_test() {
    async fn failing() -> ScriptedServer {
        let server = ScriptedServer::streaming(|_| async { fail("I was not called") }).await;
        let mut stub = stub(&server).await;
        within("the call's end", stub.chat(tokio_stream::pending()))
            .await
            .expect_err("the script failed");
        server
    }
    let at_the_end = tokio::spawn(async { failing().await.end().await });
    let when_dropped = tokio::spawn(async { drop(failing().await) });
    for test in [at_the_end, when_dropped] {
        let panic = within("the failure", test).await.unwrap_err().into_panic();
        let text = panic.downcast::<Explanation>().unwrap().to_string();
        assert_eq!(text, "I was not called");
    }
}

#[tokio::test]
async fn a_script_that_does_not_end_is_named() {
    let (tell, mut told) = mpsc::channel(1);
    let server = ScriptedServer::streaming(move |_call| {
        let tell = tell.clone();
        async move {
            tell.send(()).await.unwrap();
            std::future::pending().await
        }
    })
    .await;
    let mut stub = stub(&server).await;
    let call = tokio::spawn(async move { stub.chat(tokio_stream::pending()).await });
    within("the call", told.recv()).await.unwrap();
    let ended = tokio::spawn(async move { server.end().await });
    let panic = ended.await.unwrap_err().into_panic();
    let text = panic.downcast::<Explanation>().unwrap().to_string();
    assert!(text.contains("the server's script"), "{text}");
    call.abort();
}
