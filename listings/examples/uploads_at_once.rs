//! What uploads cost a server in memory: 64 at once, of which each has sent all that it can and none
//! is done. The server is a process of its own, and its peak is read from `/proc`, so this needs
//! Linux.
//!
//! `cargo run --release -p listings --example uploads_at_once`

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use futures_util::{StreamExt as _, stream};
use listings::client_streaming::sound::Listener;
use proto::sensor::v1::RecordRequest;
use proto::sensor::v1::sound_service_client::SoundServiceClient;
use proto::sensor::v1::sound_service_server::SoundServiceServer;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};

const UPLOADS: usize = 64;
const UPLOAD: usize = 8 << 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("serve") {
        return serve().await;
    }
    println!("  chunk  connections  MiB at the peak");
    for (name, chunk) in [
        ("64 KiB", 64 << 10),
        ("1 MiB", 1 << 20),
        ("largest", (4 << 20) - 5),
    ] {
        for connections in [1, UPLOADS] {
            let peak = peak(chunk, connections).await?;
            println!(
                "{name:>7}  {connections:>11}  {:>15.1}",
                peak as f64 / 1024.0
            );
        }
    }
    Ok(())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    Server::builder()
        .add_service(SoundServiceServer::new(Listener))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(())
}

/// A server that ends with its owner.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The peak of a new server's memory, in KiB, beyond what it needed before the first call.
async fn peak(chunk: usize, connections: usize) -> Result<u64, Box<dyn Error>> {
    let mut serving = Serving(
        Command::new(env::current_exe()?)
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let mut address = String::new();
    let output = serving.0.stdout.take().ok_or("it has a standard output")?;
    BufReader::new(output).read_line(&mut address)?;
    let endpoint = Endpoint::from_shared(address.trim().to_owned())?;
    let stubs: Vec<_> = (0..connections)
        .map(|_| SoundServiceClient::new(endpoint.connect_lazy()))
        .collect();
    let before = peak_of(&serving)?;

    let (sent, mut all_sent) = mpsc::channel(UPLOADS);
    let mut calls = JoinSet::new();
    for upload in 0..UPLOADS {
        let (mut stub, sent) = (stubs[upload % connections].clone(), sent.clone());
        let chunks = (0..UPLOAD).step_by(chunk).map(move |offset| RecordRequest {
            sound: vec![7; chunk.min(UPLOAD - offset)],
        });
        // The call goes on when all was handed over: it is the server's turn to have it all.
        let then_wait = stream::once(async move {
            let _ = sent.send(()).await;
            std::future::pending().await
        });
        calls.spawn(async move { stub.record(stream::iter(chunks).chain(then_wait)).await });
    }
    for _ in 0..UPLOADS {
        tokio::select! {
            _ = all_sent.recv() => {}
            ended = calls.join_next() => return Err(format!("a call ended: {ended:?}").into()),
        }
    }
    tokio::time::sleep(Duration::from_millis(200)).await; // for what is still on its way
    Ok(peak_of(&serving)? - before)
}

fn peak_of(serving: &Serving) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.0.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.ok_or("there is no VmHWM in /proc")?.trim().parse()?)
}
