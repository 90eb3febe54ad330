//! Runs every program of a lab as the client of every other, and prints a table: sixteen pairs.
//!
//! `peers/run` builds the programs; one that is not there is named and left out, or is a failure
//! if `PEERS_REQUIRED=1`.

use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use testkit::{Lab, Server};
use tokio::task::LocalSet;

pub const SAME: &str = "The contract is the same for every language, and so is the command line.";

const LANGUAGES: [&str; 4] = ["rust", "go", "python", "cpp"];
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/peers");

/// How a pair did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Ok,
    Failed,
    Skipped,
}

/// `options` are the server's, and `pair` is what a client does with a server.
#[tokio::main(flavor = "current_thread")]
pub async fn run<F: Future<Output = ()> + 'static>(
    lab: &'static str,
    options: &[&str],
    pair: impl Fn(Lab, Rc<Server>) -> F,
) -> ExitCode {
    if std::env::var_os("LAB_PROGRAM").is_some() {
        eprintln!("interop: LAB_PROGRAM is set, and would stand for every program: unset it");
        return ExitCode::from(2);
    }
    let required = std::env::var("PEERS_REQUIRED").is_ok_and(|value| value == "1");

    let clients = LANGUAGES.map(|it| format!("{it} client"));
    println!("\n{lab}\nserver    {}", row(clients));
    let mut well = true;
    for server in LANGUAGES {
        let cells = match program(server, lab) {
            Some(program) => {
                let pairs = pairs_of(server, lab, program, options, &pair);
                LocalSet::new().run_until(pairs).await
            }
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
        if program(language, lab).is_none() {
            println!(
                "{language}: skipped, target/peers/{language}/{lab} is not built \
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
async fn pairs_of<F: Future<Output = ()> + 'static>(
    language: &str,
    lab: &str,
    server: Lab,
    options: &[&str],
    pair: &impl Fn(Lab, Rc<Server>) -> F,
) -> [Cell; LANGUAGES.len()] {
    let mut cells = LANGUAGES.map(|_| Cell::Skipped);
    let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    let starting = async move {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Server::start_with(server, &options).await
    };
    let Some(server) = survives(starting).await.map(Rc::new) else {
        return cells.map(|_| Cell::Failed);
    };
    for (cell, client) in cells.iter_mut().zip(LANGUAGES) {
        let Some(program) = program(client, lab) else {
            continue;
        };
        *cell = Cell::Ok;
        if survives(pair(program, Rc::clone(&server))).await.is_none() {
            eprintln!("  who        the {client} client, asking the {language} server");
            *cell = Cell::Failed;
        }
    }
    cells
}

/// Runs a check of testkit's. One that fails has said why on standard error, and panics.
async fn survives<T: 'static>(check: impl Future<Output = T> + 'static) -> Option<T> {
    tokio::task::spawn_local(check).await.ok()
}

/// A language's program of a lab, if it has been built.
pub fn program(language: &str, lab: &str) -> Option<Lab> {
    let path = Path::new(PROGRAMS).join(language).join(lab);
    let path = path.exists().then(|| path.to_str().map(str::to_owned))??;
    let folder = format!("{}/../../labs/{lab}", env!("CARGO_MANIFEST_DIR"));
    Some(Lab {
        // Testkit knows programs whose path is known when it is compiled. These are a few.
        folder: folder.leak(),
        program: path.leak(),
    })
}

/// Where a client of this server connects.
pub fn url(server: &Server) -> String {
    format!("http://{}", server.proxy.address())
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
