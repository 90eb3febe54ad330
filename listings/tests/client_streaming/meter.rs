//! A relay on loopback that counts bytes. What it counts has left the client, and as a server reads
//! whatever its windows have let through, it has reached the server too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tonic::transport::Endpoint;

pub struct Meter {
    address: SocketAddr,
    sent: Arc<AtomicU64>,
    relaying: JoinHandle<()>,
}

impl Meter {
    pub async fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a loopback port is free");
        let address = listener.local_addr().expect("it is bound");
        let sent = Arc::new(AtomicU64::new(0));
        let count = sent.clone();
        let relaying = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(relay(client, upstream, count.clone()));
            }
        });
        Self {
            address,
            sent,
            relaying,
        }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("it is a URL")
    }

    /// Bytes that clients have sent so far, on all connections: frames and all.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.relaying.abort();
    }
}

async fn relay(mut client: TcpStream, upstream: SocketAddr, count: Arc<AtomicU64>) {
    let Ok(mut server) = TcpStream::connect(upstream).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let forth = async {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match from_client.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(length) => {
                    count.fetch_add(length as u64, Ordering::Relaxed);
                    if to_server.write_all(&buffer[..length]).await.is_err() {
                        break;
                    }
                }
            }
        }
    };
    let back = tokio::io::copy(&mut from_server, &mut to_client);
    // Whichever side goes first, the connection is over.
    tokio::select! {
        () = forth => {}
        _ = back => {}
    }
}
