//! The chat: `chat serve` holds rooms, `chat join ROOM --name NAME` talks in one.
//!
//! This file is given, as are `arguments.rs`, `inspect.rs` and `terminal.rs`. It binds the port,
//! says where it listens, and stops on Ctrl-C or SIGTERM. What a room is stands in `room.rs`, what
//! becomes of a call in `service.rs`, and what the client does in `client.rs`.

mod arguments;
mod client;
mod inspect;
mod room;
mod service;
mod terminal;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use proto::chat::v1::chat_service_server::ChatServiceServer;
use proto::chat::v1::inspect_service_server::InspectServiceServer;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use arguments::Command;
use client::{Failure, Seat};
use inspect::Inspect;
use service::Chat;

/// How long calls that are under way at the end may go on before the server leaves anyway.
const FAREWELL: Duration = Duration::from_secs(3);

/// How often a connection is asked for a sign of life. A machine that loses its power, or its
/// network, sends nothing that would end its calls.
const PING_EVERY: Duration = Duration::from_secs(20);

/// What a caller may send before it is read. h2 ends a connection on which too many small frames
/// are unread: when what they lack of 256 bytes each adds up to half the connection's window. So a
/// stream's window is full before, even if it is full of texts of a single byte.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 4 << 20;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match arguments::read(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", arguments::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Serve { listen, backlog }) => match serve(listen, backlog).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("chat: cannot serve on {listen}: {error}");
                ExitCode::FAILURE
            }
        },
        Ok(Command::Join(seat)) => match join(seat).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure {
                exit_code,
                sentence,
            }) => {
                eprintln!("chat: {sentence}");
                ExitCode::from(exit_code)
            }
        },
        Err(error) => {
            eprintln!("chat: {error}");
            ExitCode::from(2)
        }
    }
}

/// Talks until the room is over or, with Ctrl-C, until that: the connection ends with the process.
async fn join(seat: Seat) -> Result<(), Failure> {
    tokio::select! {
        ended = client::join(seat, terminal::lines(), terminal::show) => ended,
        () = asked_to_stop() => Ok(()),
    }
}

async fn serve(listen: SocketAddr, backlog: usize) -> Result<(), Box<dyn Error>> {
    let incoming = TcpIncoming::bind(listen)?.with_nodelay(Some(true));
    println!("listening on {}", incoming.local_addr()?);

    let (stopping, stop) = tokio::sync::oneshot::channel();
    let server = Server::builder()
        .http2_keepalive_interval(Some(PING_EVERY))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .add_service(ChatServiceServer::new(Chat::new(backlog)))
        .add_service(InspectServiceServer::new(Inspect))
        .serve_with_incoming_shutdown(incoming, async {
            asked_to_stop().await;
            // The receiver is there for as long as `serve` is.
            let _ = stopping.send(());
        });

    // tonic waits for open calls for as long as they last, so the wait needs an end of its own.
    let farewell = async {
        let _ = stop.await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        served = server => Ok(served?),
        () = farewell => Ok(()),
    }
}

/// Waits for Ctrl-C or, on Unix, for SIGTERM.
async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
