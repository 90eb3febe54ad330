//! How fast the streaming labs' reference programs are in Rust, Go, C++ and Python: each server
//! under the same load, made by one client here, and each client against the same server, Rust's.
//!
//! `benches/streams` builds what this needs and runs it. The languages take turns in every round,
//! so that a machine whose speed drifts slows all; what counts is a ratio within one run.

mod chat;
mod programs;
mod table;
mod ticks;
mod uploads;

use anyhow::{Result, bail};
use lexopt::prelude::*;

use programs::LANGUAGES;
use table::Table;

#[tokio::main]
async fn main() -> Result<()> {
    let rounds = rounds()?;
    println!("median of {rounds} rounds; in brackets: Rust's figure divided by this one\n");

    let mut servers = Table::new("server, under the load of one client in Rust");
    let mut clients = Table::new("client program, against the server in Rust");
    for _ in 0..rounds {
        for language in LANGUAGES {
            servers.add("uploads, MB/s", language, uploads::server(language).await?);
            servers.add("ticks/s", language, ticks::server(language).await?);
            servers.add("chat messages/s", language, chat::server(language).await?);

            clients.add("uploads, MB/s", language, uploads::client(language).await?);
            clients.add("ticks/s", language, ticks::client(language).await?);
            clients.add("chat messages/s", language, chat::client(language).await?);
        }
    }
    print!("{servers}\n{clients}");
    Ok(())
}

fn rounds() -> Result<usize> {
    let mut rounds = 5;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(text) => rounds = text.parse()?,
            Long("help") => bail!("usage: benches/streams [ROUNDS]"),
            other => return Err(other.unexpected().into()),
        }
    }
    if rounds == 0 {
        bail!("run one round or more");
    }
    Ok(rounds)
}
