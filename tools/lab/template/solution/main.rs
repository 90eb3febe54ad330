//! `{{lab}} serve` answers calls.
//!
//! This file is given. It reads the arguments, binds the port, says where it listens, and stops on
//! Ctrl-C. What the server answers is in `service.rs`.

mod service;

use std::error::Error;
use std::net::SocketAddr;

use clap::{Parser, Subcommand};
use proto::{{package}}::v1::{{package}}_service_server::{{Service}}ServiceServer;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use service::{{Service}};

/// Say here what the program does.
#[derive(Parser)]
#[command(name = "{{lab}}")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer calls until Ctrl-C
    Serve {
        /// Where to listen; port 0 takes any free port
        #[arg(long, default_value = "127.0.0.1:50051", value_name = "ADDRESS")]
        listen: SocketAddr,
    },
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Command::Serve { listen } = Arguments::parse().command;
    let incoming = TcpIncoming::bind(listen)?;
    println!("listening on {}", incoming.local_addr()?);
    Server::builder()
        .add_service({{Service}}ServiceServer::new({{Service}}))
        .serve_with_incoming_shutdown(incoming, async {
            // Without a handler for Ctrl-C, Ctrl-C itself ends the program.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
        .await?;
    Ok(())
}
