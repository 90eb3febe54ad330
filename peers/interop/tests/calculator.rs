//! Every program of the calculator as the client of every other: sixteen pairs, and for each pair
//! one good call and two that fail. Prints a table, and fails if any pair does.
//!
//! `peers/run` builds the programs; one that is not there is named and left out, or is a failure
//! if `PEERS_REQUIRED=1`.

use std::path::Path;
use std::process::ExitCode;

use testkit::{Lab, Program, Server};
use tokio::task::LocalSet;

const LANGUAGES: [&str; 4] = ["rust", "go", "python", "cpp"];
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/peers");

const SAME: &str = "The contract is the same for every language, and so is the command line.";

/// How a pair did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Ok,
    Failed,
    Skipped,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if std::env::var_os("LAB_PROGRAM").is_some() {
        eprintln!("interop: LAB_PROGRAM is set, and would stand for every program: unset it");
        return ExitCode::from(2);
    }
    let required = std::env::var("PEERS_REQUIRED").is_ok_and(|value| value == "1");

    println!(
        "\nserver    {}",
        row(LANGUAGES.map(|it| format!("{it} client")))
    );
    let mut well = true;
    for server in LANGUAGES {
        let cells = match program(server) {
            Some(program) => LocalSet::new().run_until(pairs_of(server, program)).await,
            None => LANGUAGES.map(|_| Cell::Skipped),
        };
        well &= !cells.contains(&Cell::Failed);
        println!(
            "{server:<8}  {}",
            row(cells.map(|cell| cell.name().to_owned()))
        );
    }

    println!();
    for language in LANGUAGES {
        if program(language).is_none() {
            println!(
                "{language}: skipped, target/peers/{language}/calculator is not built \
                 (peers/run interop builds it, or says why not)"
            );
            well &= !required;
        }
    }
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One server, asked by every client.
async fn pairs_of(language: &str, server: Lab) -> [Cell; LANGUAGES.len()] {
    let mut cells = LANGUAGES.map(|_| Cell::Skipped);
    let Some(server) = survives(Server::start(server)).await else {
        return cells.map(|_| Cell::Failed);
    };
    let url = format!("http://{}", server.proxy.address());
    for (cell, client) in cells.iter_mut().zip(LANGUAGES) {
        let Some(lab) = program(client) else {
            continue;
        };
        *cell = Cell::Ok;
        if survives(pair(lab, url.clone())).await.is_none() {
            eprintln!("  who        the {client} client, asking the {language} server");
            *cell = Cell::Failed;
        }
    }
    cells
}

async fn pair(client: Lab, url: String) {
    let run = async |operator, numbers: &[&str]| {
        let mut arguments = vec![operator];
        arguments.extend(numbers);
        arguments.extend(["--server", &url]);
        Program::run(client, &arguments).await
    };
    run("add", &["2", "3", "4"]).await.prints("9", SAME);
    run("divide", &["7", "0"])
        .await
        .fails(67, &["InvalidArgument: cannot divide 7 by zero"], SAME);
    run("multiply", &["9223372036854775807", "-2"]).await.fails(
        75,
        &["OutOfRange: the result of 9223372036854775807 * -2 does not fit in 64 bits"],
        SAME,
    );
}

/// Runs a check of testkit's. One that fails has said why on standard error, and panics.
async fn survives<T: 'static>(check: impl Future<Output = T> + 'static) -> Option<T> {
    tokio::task::spawn_local(check).await.ok()
}

fn program(language: &str) -> Option<Lab> {
    let path = Path::new(PROGRAMS).join(language).join("calculator");
    let path = path.exists().then(|| path.to_str().map(str::to_owned))??;
    Some(Lab {
        folder: concat!(env!("CARGO_MANIFEST_DIR"), "/../../labs/calculator"),
        // Testkit knows programs whose path is known when it is compiled. These are four.
        program: path.leak(),
    })
}

fn row(cells: [String; LANGUAGES.len()]) -> String {
    cells
        .map(|cell| format!("{cell:<14}"))
        .concat()
        .trim_end()
        .to_owned()
}

impl Cell {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}
