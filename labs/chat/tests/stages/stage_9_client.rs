use proto::chat::v1::chat_request::Action;
use proto::chat::v1::chat_response::Event;
use proto::chat::v1::{ChatRequest, Say};
use testkit::{Conversation, DEADLINE, Program, ScriptedServer, Server, expect_eq, fail};
use tokio::net::TcpSocket;
use tonic::{Code, Status};

use crate::{
    LONGEST_TEXT, PROGRAM, Shown, join_request, joined, large_text, left, response, said, welcome,
};

const JOIN_FIRST: &str = "The first message is join, with the room and the name from the command \
                          line.";

const EVERY_LINE: &str = "Every line that is typed is one text, and no end of a line is a part of \
                          it.";

const AS_IT_HAPPENS: &str = "What others say is printed when it comes, whatever is being typed.";

const HALF_CLOSE: &str = "The end of input is the end of what is said: the program ends its \
                          stream, and goes on hearing until the server ends the call.";

/// Takes a call: expects join, and answers with a welcome to these members. `None` if the program
/// has gone; then what it printed is what fails the test.
async fn take(call: &mut Conversation, members: &[&str]) -> Option<()> {
    let first: ChatRequest = call.receive().await.ok()??;
    expect_eq(
        "what the program sends first",
        first,
        join_request("tea", "dan"),
        JOIN_FIRST,
    );
    call.send(&response(welcome(members.iter().copied())))
        .await
        .ok()
}

/// The next text that the program says; `None` at the end of its stream, or if it has gone.
async fn next_text(call: &mut Conversation) -> Option<String> {
    let request: ChatRequest = call.receive().await.ok()??;
    match request.action {
        Some(Action::Say(Say { text })) => Some(text),
        action => fail(format!(
            "The program sent {action:?}, after join, and not say."
        )),
    }
}

async fn tell(call: &mut Conversation, event: Event) -> Option<()> {
    call.send(&response(event)).await.ok()
}

/// The command line of everybody in these tests but two.
fn arguments(url: &str) -> [&str; 6] {
    ["join", "tea", "--name", "dan", "--server", url]
}

#[tokio::test]
async fn prints_what_happens_in_the_room() {
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["ann", "ben"]).await.is_none() {
            return;
        }
        for event in [
            joined("cleo"),
            said("cleo", "hello, all"),
            said("ann", "* ben left"),
            left("ben"),
        ] {
            let _ = tell(&mut call, event).await;
        }
        let _ = call.end(Status::ok("")).await;
    })
    .await;
    let run = Program::run_with_input(PROGRAM, &arguments(&server.url()), b"").await;
    run.prints_lines(
        &[
            "* with ann, ben",
            "* cleo joined",
            "cleo: hello, all",
            "ann: * ben left",
            "* ben left",
        ],
        "Each event is one line; and the room being over is no failure.",
    );
    server.end().await;
}

#[tokio::test]
async fn says_so_when_nobody_is_there() {
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &[]).await.is_some() {
            let _ = call.end(Status::ok("")).await;
        }
    })
    .await;
    let run = Program::run_with_input(PROGRAM, &arguments(&server.url()), b"").await;
    run.prints(
        "* nobody else is here",
        "An empty list of names is a line, too.",
    );
    server.end().await;
}

#[tokio::test]
async fn says_every_line_and_prints_none_of_its_own() {
    // Each line is asked for before the next is typed, so nothing waits for the end of input.
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["ann"]).await.is_none() {
            return;
        }
        while let Some(text) = next_text(&mut call).await {
            let answer = said("ann", &format!("<{text}>"));
            if tell(&mut call, answer).await.is_none() {
                return;
            }
        }
        let _ = call.end(Status::ok("")).await;
    })
    .await;
    let mut program = Program::start_interactive(PROGRAM, &arguments(&server.url()));
    program.prints_line("* with ann", AS_IT_HAPPENS).await;
    program.type_line("hello").await;
    program.prints_line("ann: <hello>", EVERY_LINE).await;
    program.type_line("  how are you?  ").await;
    program
        .prints_line("ann: <  how are you?  >", EVERY_LINE)
        .await;
    program.type_line("").await;
    program.type_line("über alles Tee\r").await;
    program
        .prints_line("ann: <über alles Tee>", EVERY_LINE)
        .await;
    program.end_input();
    let run = program.finish(DEADLINE).await;
    run.prints_lines(
        &[
            "* with ann",
            "ann: <hello>",
            "ann: <  how are you?  >",
            "ann: <über alles Tee>",
        ],
        "What you said you know already, and an empty line is nothing to say.",
    );
    server.end().await;
}

#[tokio::test]
async fn hears_while_nothing_is_typed() {
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["ann"]).await.is_none() {
            return;
        }
        for number in 0..3 {
            let _ = tell(&mut call, said("ann", &number.to_string())).await;
        }
        call.reset().await;
    })
    .await;
    let mut program = Program::start_interactive(PROGRAM, &arguments(&server.url()));
    for line in ["* with ann", "ann: 0", "ann: 1", "ann: 2"] {
        program.prints_line(line, AS_IT_HAPPENS).await;
    }
}

#[tokio::test]
async fn the_end_of_input_ends_the_stream_and_not_the_call() {
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["ann"]).await.is_none() {
            return;
        }
        let mut said_before = Vec::new();
        while let Some(text) = next_text(&mut call).await {
            said_before.push(text);
        }
        expect_eq(
            "what the program said before its stream ended",
            said_before,
            vec!["good night".to_owned()],
            EVERY_LINE,
        );
        let _ = tell(&mut call, said("ann", "sleep well")).await;
        let _ = tell(&mut call, left("ann")).await;
        let _ = call.end(Status::ok("")).await;
    })
    .await;
    // A last line without an end is a line.
    let run = Program::run_with_input(PROGRAM, &arguments(&server.url()), b"good night").await;
    run.prints_lines(&["* with ann", "ann: sleep well", "* ann left"], HALF_CLOSE);
    server.end().await;
}

/// 4 MiB: more than fits in the windows and buffers of a connection.
const TEXTS: usize = 64;

const NEITHER_WAITS: &str = "The program prints while it cannot send, and sends while nothing \
                             comes: if one waits for the other, then two sides that write first \
                             wait for ever.";

#[tokio::test]
async fn hears_much_while_the_server_reads_nothing() {
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["ann"]).await.is_none() {
            return;
        }
        for number in 0..TEXTS {
            if tell(&mut call, said("ann", &large_text(number)))
                .await
                .is_none()
            {
                return;
            }
        }
        let mut texts = 0;
        while next_text(&mut call).await.is_some() {
            texts += 1;
        }
        expect_eq(
            "how many texts of 64 KiB the program said",
            texts,
            TEXTS,
            NEITHER_WAITS,
        );
        let _ = tell(&mut call, said("ann", "done")).await;
        let _ = call.end(Status::ok("")).await;
    })
    .await;
    let typed: String = (0..TEXTS).map(|number| large_text(number) + "\n").collect();
    let run = Program::run_with_input(PROGRAM, &arguments(&server.url()), typed.as_bytes()).await;
    exits_well(&run, NEITHER_WAITS);
    server.end().await;
}

#[tokio::test]
async fn says_much_while_nothing_comes() {
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["ann"]).await.is_none() {
            return;
        }
        let mut texts = 0;
        while let Some(text) = next_text(&mut call).await {
            expect_eq(
                "the length of a text that the program said",
                text.len(),
                LONGEST_TEXT,
                EVERY_LINE,
            );
            texts += 1;
        }
        expect_eq(
            "how many texts of 64 KiB the program said",
            texts,
            TEXTS,
            NEITHER_WAITS,
        );
        let _ = call.end(Status::ok("")).await;
    })
    .await;
    let typed: String = (0..TEXTS).map(|number| large_text(number) + "\n").collect();
    let run = Program::run_with_input(PROGRAM, &arguments(&server.url()), typed.as_bytes()).await;
    run.prints("* with ann", NEITHER_WAITS);
    server.end().await;
}

fn exits_well(run: &testkit::Finished, because: &str) {
    if run.code() != Some(0) || !run.error().is_empty() {
        run.explain("exits with 0", because);
    }
}

#[tokio::test]
async fn what_others_send_commands_no_terminal() {
    const BECAUSE: &str = "A terminal obeys control characters: whoever may print them can clear \
                           the screen, or draw what nobody has said. Print them escaped.";
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["a\x1b[8mnn"]).await.is_none() {
            return;
        }
        for event in [
            said("ann", "\x1b[2J\x1b]0;owned\x07 red"),
            said("ann", "one\r\n* ben left"),
            said("ann", "two\u{9b}31m, \u{7f}"),
            joined("be\nn"),
            left("cleo\x1b[31m"),
        ] {
            let _ = tell(&mut call, event).await;
        }
        let _ = call.end(Status::ok("")).await;
    })
    .await;
    let run = Program::run_with_input(PROGRAM, &arguments(&server.url()), b"").await;
    exits_well(&run, BECAUSE);
    let output = run.output();
    let obeyed = output
        .chars()
        .find(|character| character.is_control() && *character != '\n');
    if let Some(obeyed) = obeyed {
        let done = "characters that a terminal obeys, in what the program prints";
        expect_eq(
            done,
            Shown(format!("{obeyed:?}")),
            Shown("none".to_owned()),
            BECAUSE,
        );
    }
    expect_eq(
        "lines that the program prints for a welcome and five events",
        output.lines().count(),
        6,
        BECAUSE,
    );
    let red = output.lines().nth(1).unwrap_or_default();
    if !red.starts_with("ann: ") || !red.ends_with(" red") {
        run.explain(
            "\"ann: …\" with what can be shown of the text, which ends with \" red\"",
            BECAUSE,
        );
    }
    server.end().await;
}

#[tokio::test]
async fn a_line_that_is_too_long_is_told_of_and_not_sent() {
    const BECAUSE: &str = "The server would end the call for it. Tell who typed it, and go on.";
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["ann"]).await.is_none() {
            return;
        }
        let mut lengths = Vec::new();
        while let Some(text) = next_text(&mut call).await {
            lengths.push(text.len());
        }
        expect_eq(
            "the lengths of what the program said",
            lengths,
            vec![LONGEST_TEXT, 4],
            BECAUSE,
        );
        let _ = call.end(Status::ok("")).await;
    })
    .await;
    let longest = "x".repeat(LONGEST_TEXT);
    let typed = format!("{longest}\n{longest}y\n{longest}{longest}{longest}\nwell\n");
    let run = Program::run_with_input(PROGRAM, &arguments(&server.url()), typed.as_bytes()).await;
    if run.code() != Some(0) || run.error().lines().count() != 2 {
        run.explain(
            "a line on standard error for each of two lines that are too long, and exits with 0",
            BECAUSE,
        );
    }
    server.end().await;
}

#[tokio::test]
async fn a_refusal_is_an_exit_code_and_a_sentence() {
    for (code, exit_code) in [(Code::AlreadyExists, 70), (Code::InvalidArgument, 67)] {
        let server = ScriptedServer::streaming(move |mut call: Conversation| async move {
            let _: Result<Option<ChatRequest>, _> = call.receive().await;
            let _ = call.end(Status::new(code, "no seat for you")).await;
        })
        .await;
        let mut program = Program::start_interactive(PROGRAM, &arguments(&server.url()));
        // Its standard input is still open.
        let run = program.finish(DEADLINE).await;
        run.fails(
            exit_code,
            &["no seat for you"],
            "A script tells failures apart by 64 + the status code, a person by the server's \
             message; and nobody has to type something first.",
        );
        server.end().await;
    }
}

#[tokio::test]
async fn being_put_out_is_a_failure_after_what_was_heard() {
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["ann"]).await.is_none() {
            return;
        }
        let _ = tell(&mut call, said("ann", "quick, quick")).await;
        let _ = call
            .end(Status::resource_exhausted("you were put out"))
            .await;
    })
    .await;
    let run = Program::run_with_input(PROGRAM, &arguments(&server.url()), b"").await;
    run.fails_after(
        &["* with ann", "ann: quick, quick"],
        72,
        &["you were put out"],
        "RESOURCE_EXHAUSTED is 8. A stream that ends with a status other than OK has failed.",
    );
    server.end().await;
}

#[tokio::test]
async fn a_server_that_vanishes_is_a_sentence() {
    const BECAUSE: &str = "A connection that breaks is no end of a conversation: the exit code is 64 \
                           + the status code, and the sentence says which server was lost.";
    let server = ScriptedServer::streaming(async |mut call: Conversation| {
        if take(&mut call, &["ann"]).await.is_some() {
            call.reset().await;
        }
    })
    .await;
    let mut program = Program::start_interactive(PROGRAM, &arguments(&server.url()));
    program.prints_line("* with ann", AS_IT_HAPPENS).await;
    server.proxy.cut();
    let run = program.finish(DEADLINE).await;
    // Which code it is differs: UNAVAILABLE in most languages, UNKNOWN in tonic.
    let code = run.code().filter(|code| (65..=80).contains(code));
    let address = server.proxy.address().to_string();
    let code = code.unwrap_or_else(|| {
        run.explain("exits with 64 + a status code", BECAUSE);
    });
    run.fails_after(&["* with ann"], code, &[&address], BECAUSE);
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
    let run = Program::run(PROGRAM, &arguments(&url)).await;
    run.fails(
        78,
        &[&address],
        "UNAVAILABLE is 14. Whoever reads the sentence must learn which server was not there.",
    );
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_leaves_at_once() {
    const BECAUSE: &str = "Ctrl-C is how one leaves: at once, without a complaint, and with the \
                           others told, whatever is still to be typed.";
    let server = Server::start(PROGRAM).await;
    let url = format!("http://{}", server.proxy.address());
    let mut ann =
        Program::start_interactive(PROGRAM, &["join", "tea", "--name", "ann", "--server", &url]);
    ann.prints_line("* nobody else is here", AS_IT_HAPPENS)
        .await;
    let mut dan = Program::start_interactive(PROGRAM, &arguments(&url));
    dan.prints_line("* with ann", AS_IT_HAPPENS).await;
    ann.prints_line("* dan joined", AS_IT_HAPPENS).await;
    dan.interrupt().expect("a signal can be sent");
    let run = dan.finish(DEADLINE).await;
    run.prints("* with ann", BECAUSE);
    ann.prints_line("* dan left", BECAUSE).await;
}

#[tokio::test]
async fn two_people_talk() {
    const BECAUSE: &str = "Your client, your server, and two people.";
    let server = Server::start(PROGRAM).await;
    let url = format!("http://{}", server.proxy.address());
    let mut ann =
        Program::start_interactive(PROGRAM, &["join", "tea", "--name", "ann", "--server", &url]);
    ann.prints_line("* nobody else is here", BECAUSE).await;
    let mut dan = Program::start_interactive(PROGRAM, &arguments(&url));
    dan.prints_line("* with ann", BECAUSE).await;
    ann.prints_line("* dan joined", BECAUSE).await;
    ann.type_line("hello, dan").await;
    dan.prints_line("ann: hello, dan", BECAUSE).await;
    dan.type_line("hello, ann").await;
    ann.prints_line("dan: hello, ann", BECAUSE).await;
    ann.end_input();
    dan.type_line("bye").await;
    ann.prints_line("dan: bye", HALF_CLOSE).await;
    dan.end_input();
    for mut program in [ann, dan] {
        let run = program.finish(DEADLINE).await;
        exits_well(
            &run,
            "Nobody may speak any more, so the room is over for both.",
        );
    }
}
