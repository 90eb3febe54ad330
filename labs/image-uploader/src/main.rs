//! The image store: `image-uploader serve` keeps images, `image-uploader put FILE` uploads one.
//!
//! This file is given, as are `arguments.rs`, `disk.rs`, `failure.rs`, `inspect.rs` and
//! `progress.rs`. What the server does with a stream is in `service.rs`, what becomes of one upload
//! on the disk is in `upload.rs`, what the client sends is in `client.rs`.

mod arguments;
mod client;
mod disk;
mod failure;
mod inspect;
mod progress;
mod service;
mod upload;

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use proto::image::v1::image_service_server::ImageServiceServer;
use proto::image::v1::inspect_service_server::InspectServiceServer;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use arguments::{Command, Serve};
use disk::{Disk, Image};
use failure::Failure;
use inspect::Inspect;
use service::Images;

/// How long calls that are under way at the end may go on before the server leaves anyway.
const FAREWELL: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    // Two workers are plenty, and the number is fixed so that a handler that blocks its thread
    // shows on a laptop and on a large machine alike.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let exit_code = runtime.block_on(run());
            // A thread that waits for a disk cannot be stopped, and is not worth waiting for.
            runtime.shutdown_background();
            exit_code
        }
        Err(error) => {
            eprintln!("image-uploader: cannot start the runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> ExitCode {
    match arguments::read(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", arguments::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Serve(arguments)) => match serve(&arguments).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("image-uploader: {error}");
                ExitCode::FAILURE
            }
        },
        Ok(Command::Put(put)) => report(&put.name, client::put(&put).await),
        Ok(Command::Info(info)) => report(&info.name, client::info(&info).await),
        Err(error) => {
            eprintln!("image-uploader: {error}");
            ExitCode::from(2)
        }
    }
}

fn report(name: &str, outcome: Result<Image, Failure>) -> ExitCode {
    match outcome {
        Ok(Image { size, sha256 }) => {
            let digest = sha256.iter().fold(String::new(), |mut hex, byte| {
                // Writing to a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            println!("{name}: {size} bytes, sha256 {digest}");
            ExitCode::SUCCESS
        }
        Err(Failure {
            exit_code,
            sentence,
        }) => {
            eprintln!("image-uploader: {sentence}");
            ExitCode::from(exit_code)
        }
    }
}

async fn serve(arguments: &Serve) -> Result<(), Box<dyn Error>> {
    let Serve {
        listen,
        store,
        quota,
    } = arguments;
    let disk = Disk::open(store.clone())
        .map_err(|error| format!("cannot keep images in {}: {error}", store.display()))?;
    let incoming = TcpIncoming::bind(*listen)
        .map_err(|error| format!("cannot serve on {listen}: {error}"))?
        .with_nodelay(Some(true));
    println!("listening on {}", incoming.local_addr()?);

    let (stopping, stop) = tokio::sync::oneshot::channel();
    let server = Server::builder()
        .add_service(ImageServiceServer::new(Images::new(disk.clone(), *quota)))
        .add_service(InspectServiceServer::new(Inspect::new(disk)))
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
