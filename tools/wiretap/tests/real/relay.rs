//! A TCP relay on loopback that keeps a copy of every piece, in the order it passed them on.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use wiretap::{Closed, Limits, Recording, Schema, Side};

/// What passed over one connection.
#[derive(Clone, Default)]
pub struct Capture(Arc<Mutex<Vec<Piece>>>);

#[derive(Clone)]
pub struct Piece {
    pub from: Side,
    pub at: Duration,
    /// Empty: this side closed.
    pub bytes: Vec<u8>,
}

impl Capture {
    pub fn pieces(&self) -> Vec<Piece> {
        self.0.lock().expect("no one panics with the lock").clone()
    }

    fn push(&self, piece: Piece) {
        self.0
            .lock()
            .expect("no one panics with the lock")
            .push(piece);
    }

    /// Decodes it, each piece cut into parts of at most `part` bytes.
    pub fn decode(&self, part: usize) -> Recording {
        let schema = Schema::from_descriptors(proto::DESCRIPTORS).expect("our own contracts");
        let mut recording = Recording::new(schema, Limits::default());
        for Piece { from, at, bytes } in self.pieces() {
            for part in bytes.chunks(part) {
                recording.feed(from, at, part);
            }
            if bytes.is_empty() {
                recording.closed(from, at, Closed::End);
            }
        }
        recording
    }
}

/// Relays one connection to `server`. The task ends when both sides have closed.
pub async fn relay(server: std::net::SocketAddr) -> (String, Capture, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback can be bound");
    let address = listener.local_addr().expect("it is bound");
    let capture = Capture::default();
    let copy = capture.clone();
    let task = tokio::spawn(async move {
        let (client, _) = listener.accept().await.expect("a client comes");
        let server = TcpStream::connect(server)
            .await
            .expect("the server listens");
        for socket in [&client, &server] {
            socket.set_nodelay(true).expect("it is a TCP socket");
        }
        let began = Instant::now();
        let (client_reads, client_writes) = client.into_split();
        let (server_reads, server_writes) = server.into_split();
        tokio::join!(
            pass(
                Side::Client,
                client_reads,
                server_writes,
                copy.clone(),
                began
            ),
            pass(Side::Server, server_reads, client_writes, copy, began),
        );
    });
    (format!("http://{address}"), capture, task)
}

async fn pass(
    from: Side,
    mut reads: OwnedReadHalf,
    mut writes: OwnedWriteHalf,
    copy: Capture,
    began: Instant,
) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        // A cut connection is the end of it too.
        let length = reads.read(&mut buffer).await.unwrap_or(0);
        let bytes = buffer[..length].to_vec();
        copy.push(Piece {
            from,
            at: began.elapsed(),
            bytes,
        });
        if length == 0 || writes.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
