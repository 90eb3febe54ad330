//! The calculator: `calculator serve` answers calls, `calculator add 2 3` makes them.
//!
//! This file is given, as are `arguments.rs`, `constants.rs` and `inspect.rs`. It binds the port,
//! says where it listens, and stops on Ctrl-C or SIGTERM. What the server answers is in
//! `service.rs`, what the client asks is in `client.rs`.

mod arguments;
mod client;
mod constants;
mod inspect;
mod service;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use proto::calculator::v1::calculator_service_server::CalculatorServiceServer;
use proto::calculator::v1::inspect_service_server::InspectServiceServer;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use arguments::Command;
use client::Failure;
use constants::Constants;
use inspect::Inspect;
use service::Calculator;

/// How long calls that are under way at the end may go on before the server leaves anyway.
const FAREWELL: Duration = Duration::from_secs(3);

// Two workers are plenty for a calculator, and the number is fixed so that a handler that blocks
// its thread shows on a laptop and on a large machine alike.
#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match arguments::read(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", arguments::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Serve { listen }) => match serve(listen).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("calculator: cannot serve on {listen}: {error}");
                ExitCode::FAILURE
            }
        },
        Ok(Command::Calculate(calculation)) => match client::calculate(&calculation).await {
            Ok(result) => {
                println!("{result}");
                ExitCode::SUCCESS
            }
            Err(Failure {
                exit_code,
                sentence,
            }) => {
                eprintln!("calculator: {sentence}");
                ExitCode::from(exit_code)
            }
        },
        Err(error) => {
            eprintln!("calculator: {error}");
            ExitCode::from(2)
        }
    }
}

async fn serve(listen: SocketAddr) -> Result<(), Box<dyn Error>> {
    let incoming = TcpIncoming::bind(listen)?.with_nodelay(Some(true));
    println!("listening on {}", incoming.local_addr()?);

    let constants = Constants::default();
    let (stopping, stop) = tokio::sync::oneshot::channel();
    let server = Server::builder()
        .add_service(CalculatorServiceServer::new(Calculator::new(
            constants.clone(),
        )))
        .add_service(InspectServiceServer::new(Inspect::new(constants)))
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
