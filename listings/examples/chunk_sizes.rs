//! How large should a chunk be? 64 MiB over loopback, in chunks of different sizes: once with all of
//! them ready, as from memory, and once with a wait before each, as from a file.
//!
//! `cargo run --release -p listings --example chunk_sizes`

use std::error::Error;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use listings::client_streaming::sound::Listener;
use proto::sensor::v1::RecordRequest;
use proto::sensor::v1::sound_service_client::SoundServiceClient;
use proto::sensor::v1::sound_service_server::SoundServiceServer;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Status};

const TOTAL: usize = 64 << 20;
const ROUNDS: usize = 7;

/// The largest that fits a message of 4 MiB: a tag and four bytes of length come on top.
const LARGEST: usize = (4 << 20) - 5;

const CHUNKS: [(&str, usize); 7] = [
    ("1 KiB", 1 << 10),
    ("4 KiB", 4 << 10),
    ("16 KiB", 16 << 10),
    ("64 KiB", 64 << 10),
    ("256 KiB", 256 << 10),
    ("1 MiB", 1 << 20),
    ("largest", LARGEST),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let server = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?;
    let serving = tokio::spawn(
        Server::builder()
            .add_service(SoundServiceServer::new(Listener))
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))),
    );
    let stub = SoundServiceClient::new(server.connect_lazy());

    // Each round measures everything, so that a busy moment is not one size's bad luck.
    let mut times = CHUNKS.map(|_| [Vec::new(), Vec::new()]);
    for _ in 0..ROUNDS {
        for ((_, chunk), [ready, waiting]) in CHUNKS.iter().zip(&mut times) {
            ready.push(record(stub.clone(), *chunk, false).await?);
            waiting.push(record(stub.clone(), *chunk, true).await?);
        }
    }
    println!("  chunk  messages  MiB/s ready  MiB/s one by one");
    for ((name, chunk), [ready, waiting]) in CHUNKS.into_iter().zip(times) {
        let (messages, ready, waiting) = (TOTAL.div_ceil(chunk), speed(ready), speed(waiting));
        println!("{name:>7}  {messages:>8}  {ready:>11.0}  {waiting:>16.0}");
    }
    match record(stub, 4 << 20, false).await {
        Err(status) if status.code() == Code::OutOfRange => println!("  4 MiB  OUT_OF_RANGE"),
        other => return Err(format!("4 MiB were to be too large: {other:?}").into()),
    }
    serving.abort();
    Ok(())
}

/// In MiB a second, at the median.
fn speed(mut times: Vec<Duration>) -> f64 {
    times.sort();
    TOTAL as f64 / f64::from(1 << 20) / times[times.len() / 2].as_secs_f64()
}

/// Sends the whole in chunks of this size. Each is made anew, as one that is read from a file is.
async fn record(
    mut stub: SoundServiceClient<Channel>,
    chunk: usize,
    wait: bool,
) -> Result<Duration, Status> {
    let begin = Instant::now();
    let offsets = stream::iter((0..TOTAL).step_by(chunk));
    let chunks = offsets.then(move |offset| async move {
        if wait {
            tokio::task::yield_now().await;
        }
        RecordRequest {
            sound: vec![7; chunk.min(TOTAL - offset)],
        }
    });
    let answer = stub.record(chunks).await?;
    if answer.into_inner().bytes != TOTAL as u64 {
        return Err(Status::data_loss("the server counted something else"));
    }
    Ok(begin.elapsed())
}
