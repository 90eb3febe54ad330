//! The chat, sixteen times: a client of each language talks with one in Rust.

mod pairs;

use std::process::ExitCode;
use std::rc::Rc;

use testkit::{DEADLINE, Lab, Program, Server, expect_eq, fail};

use pairs::{SAME, program, url};

fn main() -> ExitCode {
    pairs::run("chat", &[], pair)
}

async fn pair(client: Lab, server: Rc<Server>) {
    let url = url(&server);
    let join = |lab, name| {
        Program::start_interactive(lab, &["join", "harbour", "--name", name, "--server", &url])
    };
    let Some(rust) = program("rust", "chat") else {
        fail("target/peers/rust/chat is not built: run peers/run interop")
    };

    let mut ben = join(rust, "ben");
    ben.prints_line("* nobody else is here", SAME).await;
    let mut ann = join(client, "ann");
    ann.prints_line("* with ben", SAME).await;
    ben.prints_line("* ann joined", SAME).await;

    ann.type_line("Grüße aus dem Hafen").await;
    ben.prints_line("ann: Grüße aus dem Hafen", SAME).await;
    ben.type_line("hello").await;
    ann.prints_line("ben: hello", SAME).await;

    // Ben stops speaking and goes on hearing, until nobody speaks any more.
    ben.end_input();
    ann.type_line("good night").await;
    ben.prints_line("ann: good night", SAME).await;
    ann.end_input();
    for mut member in [ann, ben] {
        let code = member.finish(DEADLINE).await.code();
        expect_eq("the exit code of a member", code, Some(0), SAME);
    }
}
