//! How much goes into an echo whose caller does not read, before both sides wait for each other.
//!
//! It has come to a standstill when nothing was taken for a second, which is no proof. The proof
//! is a test: `writing_without_reading_stops_at_about_three_mebibytes`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use listings::bidi_streaming::echo::Echo;
use proto::auction::v1::EchoRequest;
use proto::auction::v1::echo_service_client::EchoServiceClient;
use proto::auction::v1::echo_service_server::EchoServiceServer;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let server = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?;
    let serving = tokio::spawn(
        Server::builder()
            .add_service(EchoServiceServer::new(Echo))
            .serve_with_incoming(TcpIncoming::from(listener)),
    );
    println!("bytes each   messages       MiB");
    for size in [1 << 10, 64 << 10, 1 << 20] {
        let messages = until_standstill(&server, size).await?;
        let mebibytes = (messages * size) as f64 / f64::from(1 << 20);
        println!("{size:>10} {messages:>10} {mebibytes:>9.1}");
    }
    serving.abort();
    Ok(())
}

async fn until_standstill(server: &Endpoint, size: usize) -> Result<usize, Failure> {
    let mut stub = EchoServiceClient::new(server.connect_lazy());
    let (requests, outbound) = mpsc::channel(1);
    let _unread = stub.echo(ReceiverStream::new(outbound)).await?;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let writing = tokio::spawn(async move {
        let data = vec![7; size];
        while requests
            .send(EchoRequest { data: data.clone() })
            .await
            .is_ok()
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = sent.load(Ordering::Relaxed);
        if now == before {
            writing.abort();
            return Ok(now);
        }
        before = now;
    }
}
