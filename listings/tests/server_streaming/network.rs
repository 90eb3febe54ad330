//! A network in memory, for tests whose clock is paused.
//!
//! Tokio moves a paused clock only when no task can do anything more. So a pause of any length is
//! proof that all that could happen has happened, and it costs no time: see [`quiet`].

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use proto::log::v1::log_service_client::LogServiceClient;
use proto::log::v1::log_service_server::{LogService, LogServiceServer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint, Server, Uri};
use wiretap::{Content, Limits, Recording, Schema, Side};

/// What each pipe between two ends holds, as a socket's buffer would.
pub const PIPE: usize = 64 << 10;

/// Waits until no task can do anything more.
pub async fn quiet() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// A server, a channel to it, and what passes between them. Everything ends when it is dropped.
pub struct Network {
    pub stub: LogServiceClient<Channel>,
    recording: Arc<Mutex<Recording>>,
    server_flows: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Network {
    /// With the windows and timeouts that tonic has by itself.
    pub fn new(service: impl LogService) -> Self {
        Self::with(service, Server::builder(), |endpoint| endpoint)
    }

    pub fn with(
        service: impl LogService,
        server: Server,
        client: impl FnOnce(Endpoint) -> Endpoint,
    ) -> Self {
        Self::far_away(service, server, client, Duration::ZERO)
    }

    /// With so much time on the way from one side to the other.
    pub fn far_away(
        service: impl LogService,
        mut server: Server,
        client: impl FnOnce(Endpoint) -> Endpoint,
        distance: Duration,
    ) -> Self {
        let limits = Limits {
            frames: 1 << 20, // all of them
            message: 64,
            call: 256 << 20,
            total: 256 << 20,
            ..Limits::default()
        };
        let schema = Schema::from_descriptors(proto::DESCRIPTORS).expect("it is our own");
        let recording = Arc::new(Mutex::new(Recording::new(schema, limits)));
        let server_flows = watch::Sender::new(true);
        let mut tasks = JoinSet::new();

        let (accept, accepted) = mpsc::channel::<io::Result<DuplexStream>>(1);
        let router = server.add_service(LogServiceServer::new(service));
        tasks.spawn(async move {
            let served = router
                .serve_with_incoming(ReceiverStream::new(accepted))
                .await;
            served.expect("it goes on until it is dropped");
        });

        let (near, client_end) = tokio::io::duplex(PIPE);
        let (server_end, far) = tokio::io::duplex(PIPE);
        let (from_client, to_client) = tokio::io::split(near);
        let (from_server, to_server) = tokio::io::split(far);
        let wire = |side, flows| Wire {
            side,
            recording: Arc::clone(&recording),
            flows,
            distance,
            began: Instant::now(),
        };
        let (_always, client_flows) = watch::channel(true);
        let forth = wire(Side::Client, client_flows);
        let back = wire(Side::Server, server_flows.subscribe());
        tasks.spawn(forth.carry(from_client, to_server));
        tasks.spawn(back.carry(from_server, to_client));

        // There is one connection, which the first call takes.
        let mut ends = Some((client_end, server_end));
        let connector = tower::service_fn(move |_: Uri| {
            let (ends, accept) = (ends.take(), accept.clone());
            async move {
                let (client_end, server_end) = ends.ok_or(io::ErrorKind::ConnectionRefused)?;
                let sent = accept.send(Ok(server_end)).await;
                sent.map_err(|_| io::ErrorKind::ConnectionRefused)?;
                Ok::<_, io::Error>(TokioIo::new(client_end))
            }
        });
        let endpoint = client(Endpoint::from_static("http://in.memory"));
        Self {
            stub: LogServiceClient::new(endpoint.connect_with_connector_lazy(connector)),
            recording,
            server_flows,
            tasks,
        }
    }

    /// Ends the connection, in order, with whatever was under way.
    pub fn hang_up(&mut self) {
        self.tasks.abort_all();
    }

    /// Lets nothing pass any more that the server sends.
    pub fn hold_up_the_server(&self) {
        self.server_flows.send_replace(false);
    }

    /// What the server has sent in DATA frames: the bytes that windows count.
    pub fn data(&self) -> u64 {
        self.data_frames().into_iter().map(u64::from).sum()
    }

    /// The length of each DATA frame that the server has sent.
    pub fn data_frames(&self) -> Vec<u32> {
        let recording = self.recording();
        let events = recording.calls().flat_map(|call| call.events());
        events
            .filter(|event| event.from == Side::Server && matches!(event.content, Content::Data(_)))
            .filter_map(|event| Some(event.frame.as_ref()?.length))
            .collect()
    }

    /// Every call so far, as it was on the wire.
    pub fn transcript(&self) -> String {
        let recording = self.recording();
        recording.calls().map(|call| format!("{call}\n")).collect()
    }

    pub fn recording(&self) -> MutexGuard<'_, Recording> {
        lock(&self.recording)
    }
}

fn lock(recording: &Mutex<Recording>) -> MutexGuard<'_, Recording> {
    // It is printed for an explanation even after a panic.
    recording.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One direction of the connection.
struct Wire {
    side: Side,
    recording: Arc<Mutex<Recording>>,
    /// Whether anything passes.
    flows: watch::Receiver<bool>,
    distance: Duration,
    began: Instant,
}

impl Wire {
    async fn carry(self, from: impl AsyncRead + Unpin, to: impl AsyncWrite + Unpin) {
        // As many pieces are on the way as windows allow, so this bound is never met.
        let (leave, arrive) = mpsc::channel(4096);
        tokio::join!(self.send(from, leave), deliver(arrive, to));
    }

    async fn send(
        mut self,
        mut from: impl AsyncRead + Unpin,
        leave: mpsc::Sender<(Instant, Vec<u8>)>,
    ) {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            if self.flows.wait_for(|flows| *flows).await.is_err() {
                return;
            }
            let piece = &buffer[..length];
            lock(&self.recording).feed(self.side, self.began.elapsed(), piece);
            let arrives = Instant::now() + self.distance;
            if leave.send((arrives, piece.to_vec())).await.is_err() {
                return;
            }
        }
    }
}

async fn deliver(mut arrive: mpsc::Receiver<(Instant, Vec<u8>)>, mut to: impl AsyncWrite + Unpin) {
    while let Some((at, piece)) = arrive.recv().await {
        sleep_until(at).await;
        if to.write_all(&piece).await.is_err() {
            return;
        }
    }
    // The other side may have gone, and will not mind.
    let _ = to.shutdown().await;
}
