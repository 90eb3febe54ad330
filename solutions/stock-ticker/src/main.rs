//! The stock ticker: `stock-ticker serve` answers calls, `stock-ticker watch AAPL` makes one.
//!
//! This file is given. It binds the port, says where it listens, and stops on Ctrl-C or SIGTERM.
//! Yours are `service.rs`, `replay.rs` and `watch.rs`, which are the server, and `client.rs`.

mod arguments;
mod client;
mod deadline;
mod exchange;
mod inspect;
mod recordings;
mod replay;
mod service;
mod show;
mod watch;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use proto::ticker::v1::inspect_service_server::InspectServiceServer;
use proto::ticker::v1::ticker_service_server::TickerServiceServer;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use arguments::Command;
use client::Failure;
use exchange::Exchange;
use inspect::Inspect;
use recordings::Recordings;
use service::Ticker;

/// How long calls that are under way at the end may go on before the server leaves anyway.
const FAREWELL: Duration = Duration::from_secs(3);

// Two workers are plenty for a ticker, and the number is fixed so that a handler that blocks
// its thread shows on a laptop and on a large machine alike.
#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match arguments::read(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", arguments::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Serve { listen, still }) => match serve(listen, still).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("stock-ticker: cannot serve on {listen}: {error}");
                ExitCode::FAILURE
            }
        },
        Ok(Command::Ask(question)) => match client::ask(&question).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure {
                exit_code,
                sentence,
            }) => {
                eprintln!("stock-ticker: {sentence}");
                ExitCode::from(exit_code)
            }
        },
        Err(error) => {
            eprintln!("stock-ticker: {error}");
            ExitCode::from(2)
        }
    }
}

async fn serve(listen: SocketAddr, still: bool) -> Result<(), Box<dyn Error>> {
    let incoming = TcpIncoming::bind(listen)?.with_nodelay(Some(true));
    println!("listening on {}", incoming.local_addr()?);

    let (recordings, exchange) = (Recordings::default(), Exchange::default());
    let ticker = Ticker::new(recordings.clone(), exchange.clone());
    let inspect = Inspect::new(recordings, exchange.clone());
    let (stopping, stop) = tokio::sync::oneshot::channel();
    let server = Server::builder()
        .add_service(TickerServiceServer::new(ticker))
        .add_service(InspectServiceServer::new(inspect))
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
    let trading = async {
        if still {
            std::future::pending::<()>().await;
        }
        exchange.trade_by_itself().await;
    };
    tokio::select! {
        served = server => Ok(served?),
        () = farewell => Ok(()),
        () = trading => Ok(()),
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
