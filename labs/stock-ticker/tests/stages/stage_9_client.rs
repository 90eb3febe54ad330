use std::time::Duration;

use proto::ticker::v1::watch_response::Event;
use proto::ticker::v1::{
    GetQuoteRequest, GetQuoteResponse, ReplayRequest, ReplayResponse, Tick, WatchRequest,
    WatchResponse,
};
use testkit::{Conversation, DEADLINE, Program, Received, Reply, ScriptedServer, expect_eq, fail};
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tonic::{Code, Status};

use crate::PROGRAM;

#[tokio::test]
async fn prints_a_quote() {
    let server = ScriptedServer::start(|_| {
        Reply::message(&GetQuoteResponse {
            tick: Some(tick(7_203)),
        })
    })
    .await;
    let run = Program::run(PROGRAM, &["quote", "AAPL", "--server", &server.url()]).await;
    run.prints(
        &line(7_203),
        "A line is the tick's sequence number, its price in dollars, and its shares.",
    );
    let asked = server.received().iter().map(Received::decode).collect();
    let expected = GetQuoteRequest {
        symbol: "AAPL".to_owned(),
    };
    expect_asked(asked, expected);
}

#[tokio::test]
async fn prints_a_replay_to_its_end() {
    let (asked, mut was_asked) = watch::channel(None);
    let server = ScriptedServer::streaming(move |mut call: Conversation| {
        let asked = asked.clone();
        async move {
            asked.send_replace(call.receive::<ReplayRequest>().await.unwrap());
            for sequence in 3..=6 {
                call.send(&replayed(sequence)).await.unwrap();
            }
            call.end(Status::ok("")).await.unwrap();
        }
    })
    .await;
    let url = server.url();
    let arguments = [
        "replay",
        "AAPL",
        "--limit",
        "4",
        "--interval",
        "1500ms",
        "--server",
        &url,
    ];
    let run = Program::run(PROGRAM, &arguments).await;
    let lines = [line(3), line(4), line(5), line(6)];
    run.prints_lines(
        &lines.each_ref().map(String::as_str),
        "Each reply is a line, until the stream ends with OK.",
    );
    let expected = ReplayRequest {
        symbol: "AAPL".to_owned(),
        limit: 4,
        interval: Some(prost_types::Duration {
            seconds: 1,
            nanos: 500_000_000,
        }),
    };
    let asked = was_asked.borrow_and_update().clone();
    expect_asked(asked.into_iter().collect(), expected);
    server.end().await;
}

#[tokio::test]
async fn prints_each_tick_when_it_comes() {
    let (printed, waits) = watch::channel(0);
    let server = ScriptedServer::streaming(move |mut call: Conversation| {
        let mut waits = waits.clone();
        async move {
            for sequence in 1..=3 {
                call.send(&watched(sequence)).await.unwrap();
                // No next tick before the last is printed.
                waits
                    .wait_for(|printed| *printed == sequence)
                    .await
                    .unwrap();
            }
            call.end(Status::ok("")).await.unwrap();
        }
    })
    .await;
    let mut program = Program::start(PROGRAM, &["watch", "AAPL", "--server", &server.url()]);
    for sequence in 1..=3 {
        let because = "A tick is news when it comes, not when the next comes or the stream ends. \
                       Output that is not read by a person is often buffered: flush each line.";
        program.prints_line(&line(sequence), because).await;
        printed.send_replace(sequence);
    }
    let run = program.finish(DEADLINE).await;
    let lines = [line(1), line(2), line(3)];
    run.prints_lines(
        &lines.each_ref().map(String::as_str),
        "The exchange has closed, and the program ends.",
    );
    server.end().await;
}

#[tokio::test]
async fn says_what_was_missed() {
    let server = ScriptedServer::streaming(|mut call: Conversation| async move {
        call.receive::<WatchRequest>().await.unwrap();
        call.send(&watched(1)).await.unwrap();
        let event = Some(Event::Missed(37));
        call.send(&WatchResponse { event }).await.unwrap();
        call.send(&watched(39)).await.unwrap();
        call.end(Status::ok("")).await.unwrap();
    })
    .await;
    let run = Program::run(PROGRAM, &["watch", "AAPL", "--server", &server.url()]).await;
    run.prints_lines(
        &[&line(1), "missed 37", &line(39)],
        "Whoever reads the output must see the gap: \"missed N\" is a line as well.",
    );
    server.end().await;
}

#[tokio::test]
async fn an_error_after_some_ticks_is_an_error() {
    for (command, code, exit_code) in [
        ("replay", Code::Unavailable, 78),
        ("watch", Code::Internal, 77),
    ] {
        let server = ScriptedServer::streaming(move |mut call: Conversation| async move {
            for sequence in 1..=2 {
                if call.path.ends_with("/Replay") {
                    call.send(&replayed(sequence)).await.unwrap();
                } else {
                    call.send(&watched(sequence)).await.unwrap();
                }
            }
            let status = Status::new(code, "the tape is torn");
            call.end(status).await.unwrap();
        })
        .await;
        let run = Program::run(PROGRAM, &[command, "AAPL", "--server", &server.url()]).await;
        run.fails_after(
            &[&line(1), &line(2)],
            exit_code,
            &["the tape is torn"],
            "The ticks that came are printed. That they are not all must show, on standard error \
             and in the exit code, 64 + the status code.",
        );
        server.end().await;
    }
}

#[tokio::test]
async fn a_server_that_dies_in_mid_stream_is_an_error() {
    let server = ScriptedServer::streaming(|mut call: Conversation| async move {
        call.send(&watched(1)).await.unwrap();
        call.reset().await;
    })
    .await;
    let because = "The connection broke: there is no status, and no word that this was all. It is \
                   64 + some status code, with the server's address, after the ticks that came.";
    let url = server.url();
    let mut program = Program::start(PROGRAM, &["watch", "AAPL", "--server", &url]);
    program.prints_line(&line(1), because).await;
    server.proxy.cut();
    let run = program.finish(DEADLINE).await;
    let (output, error) = (run.output(), run.error());
    let address = server.proxy.address().to_string();
    let told = error.trim_end().lines().count() == 1 && error.contains(&address);
    let failed = run.code().is_some_and(|code| (65..=80).contains(&code));
    if !(failed && told && output.trim_end() == line(1)) {
        run.explain(
            format!(
                "the line {:?}, then one line on standard error with {address:?}, and exit code 64 \
                 + N",
                line(1)
            ),
            because,
        );
    }
    server.end().await;
}

#[tokio::test]
async fn a_watch_whose_time_is_over_has_gone_well() {
    let server = ScriptedServer::streaming(|mut call: Conversation| async move {
        if call.accept().is_ok() {
            call.reset().await;
        }
    })
    .await;
    let url = server.url();
    let arguments = ["watch", "AAPL", "--for", "200ms", "--server", &url];
    let run = Program::run(PROGRAM, &arguments).await;
    run.prints_lines(
        &[],
        "It was asked to watch for 200 ms, and so it did. That the deadline has passed is no error, \
         and nothing to complain of.",
    );
    server.end().await;
}

#[tokio::test]
async fn the_time_is_for_the_whole_watch() {
    let server = ScriptedServer::streaming(|mut call: Conversation| async move {
        // Six seconds of ticks, if nobody leaves.
        for sequence in 1..=120 {
            if call.send(&watched(sequence)).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let status = Status::aborted("still there after 6 seconds");
        let _ = call.end(status).await;
    })
    .await;
    let url = server.url();
    let arguments = ["watch", "AAPL", "--for", "400ms", "--server", &url];
    let run = Program::run(PROGRAM, &arguments).await;
    if run.code() != Some(0) || !run.error().is_empty() {
        run.explain(
            "exits with 0 after 400 ms",
            "There is one deadline for the whole call. A limit for each tick never passes while \
             ticks keep coming.",
        );
    }
    server.end().await;
}

#[tokio::test]
async fn tells_the_server_how_long_it_waits() {
    let (told, mut was_told) = watch::channel(None);
    let server = ScriptedServer::streaming(move |call: Conversation| {
        let told = told.clone();
        async move {
            let timeout = call.headers.get("grpc-timeout").cloned();
            told.send_replace(timeout);
            call.end(Status::ok("")).await.unwrap();
        }
    })
    .await;
    let url = server.url();
    for arguments in [
        ["replay", "AAPL", "--timeout", "30s", "--server", &url],
        ["watch", "AAPL", "--for", "30s", "--server", &url],
    ] {
        let run = Program::run(PROGRAM, &arguments).await;
        run.prints_lines(&[], "The stream was empty, and ended with OK.");
        let timeout = was_told.borrow_and_update().clone();
        let timeout = timeout.as_ref().and_then(|value| value.to_str().ok());
        let seconds = timeout.and_then(seconds);
        if !seconds.is_some_and(|seconds| (0.0..=30.0).contains(&seconds)) {
            expect_eq(
                &format!(
                    "the header grpc-timeout of: stock-ticker {}",
                    arguments[..4].join(" ")
                ),
                timeout.unwrap_or("not sent"),
                "30 seconds, or a little less",
                "The server can give up what nobody waits for any more, if it is told.",
            );
        }
    }
    server.end().await;
}

#[tokio::test]
async fn a_silent_server_is_given_up_on() {
    let server = ScriptedServer::streaming(|mut call: Conversation| async move {
        call.reset().await;
    })
    .await;
    let url = server.url();
    let arguments = ["replay", "AAPL", "--timeout", "50ms", "--server", &url];
    let run = Program::run(PROGRAM, &arguments).await;
    run.fails(
        68,
        &[&server.proxy.address().to_string()],
        "DEADLINE_EXCEEDED is 4. A replay that is not complete in its time is an error; note that \
         tonic's own timeout ends in CANCELLED.",
    );
    server.end().await;
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
    let run = Program::run(PROGRAM, &["watch", "AAPL", "--server", &url]).await;
    run.fails(
        78,
        &[&address],
        "UNAVAILABLE is 14. Whoever reads the sentence must learn which server was not there.",
    );
}

#[tokio::test]
async fn ends_quietly_when_its_reader_has_seen_enough() {
    let server = ScriptedServer::streaming(|mut call: Conversation| async move {
        for sequence in 1..=20_000 {
            if call.send(&replayed(sequence)).await.is_err() {
                return;
            }
        }
        let _ = call.end(Status::ok("")).await;
    })
    .await;
    let run =
        Program::run_into_head(PROGRAM, &["replay", "AAPL", "--server", &server.url()], 3).await;
    run.prints_lines(
        &[&line(1), &line(2), &line(3)],
        "`stock-ticker replay AAPL | head -n 3` is a fair thing to type. Output that nobody reads \
         any more ends the program, quietly; note that println! panics there.",
    );
    server.end().await;
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_ends_a_watch() {
    let (left, mut has_left) = watch::channel(false);
    let server = ScriptedServer::streaming(move |mut call: Conversation| {
        let left = left.clone();
        async move {
            call.send(&watched(1)).await.unwrap();
            call.reset().await;
            left.send_replace(true);
        }
    })
    .await;
    let because = "Ctrl-C is how a watch without an end is ended: at once, with nothing but its \
                   ticks printed, and the call given up.";
    let arguments = ["watch", "AAPL", "--server", &server.url()];
    let mut program = Program::start_interactive(PROGRAM, &arguments);
    program.prints_line(&line(1), because).await;
    if let Err(error) = program.interrupt() {
        fail(format!("cannot send SIGINT to the program: {error}"));
    }
    let run = program.finish(DEADLINE).await;
    // Killed by the signal, or 128 + its number as a shell would say, or well.
    let code = run.code();
    if !matches!(code, None | Some(0 | 130)) || !run.error().is_empty() {
        run.explain("ends, and says nothing", because);
    }
    let gone = testkit::within("the end of the call", has_left.wait_for(|left| *left)).await;
    drop(gone);
    server.end().await;
}

fn tick(sequence: u64) -> Tick {
    Tick {
        sequence,
        price_cents: 18_900 + sequence as i64,
        shares: 100,
        book: Vec::new(),
    }
}

/// How the program prints that tick.
fn line(sequence: u64) -> String {
    let cents = 18_900 + sequence;
    format!("{sequence} {}.{:02} 100", cents / 100, cents % 100)
}

fn replayed(sequence: u64) -> ReplayResponse {
    ReplayResponse {
        tick: Some(tick(sequence)),
    }
}

fn watched(sequence: u64) -> WatchResponse {
    WatchResponse {
        event: Some(Event::Tick(tick(sequence))),
    }
}

/// The header's value: digits and a unit.
fn seconds(timeout: &str) -> Option<f64> {
    let (digits, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    let number = digits.parse::<f64>().ok()?;
    let unit = match unit {
        "H" => 3600.0,
        "M" => 60.0,
        "S" => 1.0,
        "m" => 1e-3,
        "u" => 1e-6,
        "n" => 1e-9,
        _ => return None,
    };
    Some(number * unit)
}

fn expect_asked<M: PartialEq + std::fmt::Debug>(asked: Vec<M>, expected: M) {
    expect_eq(
        "what the program asked for",
        asked,
        vec![expected],
        "The arguments go into the request as they stand on the command line.",
    );
}
