//! A TCP proxy on loopback: it records what passes, counts connections, and can spoil them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::transport::Endpoint;
use wiretap::{Closed, Limits, Recording, Schema, Side};

use crate::explain::fail;

/// A proxy in front of one address. Dropping it cuts every connection.
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    recordings: Recordings,
    accepting: JoinHandle<()>,
}

/// What the proxy does to the bytes that pass, on every connection.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    /// Each piece waits this long before it goes on.
    delay: Duration,
    /// Nothing passes, and nothing says so.
    black_hole: bool,
    /// Raised by every cut: a connection ends when it differs from what it was at its beginning.
    cuts: u64,
}

#[derive(Clone, Debug, Default)]
struct Recordings(Arc<Mutex<Vec<Arc<Mutex<Recording>>>>>);

impl Proxy {
    /// Listens on a free port and passes every connection on to `upstream`.
    pub async fn start(upstream: SocketAddr) -> Self {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await {
            Ok(listener) => listener,
            Err(error) => fail(format!("cannot listen on a free loopback port: {error}")),
        };
        let address = listener
            .local_addr()
            .unwrap_or_else(|error| fail(format!("cannot tell the proxy's port: {error}")));
        let weather = watch::Sender::new(Weather::default());
        let recordings = Recordings::default();
        let accepting = tokio::spawn({
            let (weather, recordings) = (weather.clone(), recordings.clone());
            async move {
                // The connections end together with the proxy that accepted them.
                let mut connections = tokio::task::JoinSet::new();
                while let Ok((client, _)) = listener.accept().await {
                    let recording = recordings.begin();
                    let weather = weather.subscribe();
                    connections.spawn(pass_on(client, upstream, weather, recording));
                    while connections.try_join_next().is_some() {}
                }
            }
        });
        Self {
            address,
            weather,
            recordings,
            accepting,
        }
    }

    /// Where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the proxy listens, for a channel.
    pub fn endpoint(&self) -> Endpoint {
        match Endpoint::from_shared(format!("http://{}", self.address)) {
            Ok(endpoint) => endpoint,
            Err(error) => fail(format!("http://{} is no URL: {error}", self.address)),
        }
    }

    /// How many connections have been accepted so far.
    pub fn connections(&self) -> usize {
        self.recordings.all().len()
    }

    /// How many bytes the clients have sent so far, over all connections.
    pub fn bytes_from_clients(&self) -> u64 {
        self.bytes(Side::Client)
    }

    /// How many bytes the server has sent so far, over all connections.
    pub fn bytes_from_server(&self) -> u64 {
        self.bytes(Side::Server)
    }

    fn bytes(&self, side: Side) -> u64 {
        let recordings = self.recordings.all();
        recordings.iter().map(|it| lock(it).bytes(side)).sum()
    }

    /// Ends every connection that is open now, as a crashed host or a firewall would: with a reset.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Lets nothing pass from now on, in either direction, and closes nothing; or lets it pass
    /// again.
    pub fn black_hole(&self, on: bool) {
        self.weather.send_modify(|weather| weather.black_hole = on);
    }

    /// Makes every piece of data wait before it goes on.
    pub fn delay(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
    }

    /// What was on the wire for the call that carried this mark. It is looked up when it is
    /// printed, since a connection may go on.
    pub(crate) fn trace_of(&self, mark: u64) -> Trace {
        Trace {
            recordings: self.recordings.clone(),
            mark: mark.to_string(),
        }
    }

    /// Every call so far as it was on the wire, over all connections.
    pub fn transcript(&self) -> String {
        let mut transcript = String::new();
        for recording in self.recordings.all() {
            for call in lock(&recording).calls() {
                transcript += &format!("{call}\n");
            }
        }
        transcript
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Finds the recorded bytes of one call.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    recordings: Recordings,
    mark: String,
}

impl Trace {
    pub(crate) fn text(&self) -> Option<String> {
        self.recordings.all().iter().find_map(|recording| {
            let recording = lock(recording);
            let mark = Some(self.mark.as_str());
            recording
                .calls()
                .find(|call| call.request_header("x-lab-call") == mark)
                .map(ToString::to_string)
        })
    }
}

impl Recordings {
    fn begin(&self) -> Arc<Mutex<Recording>> {
        let recording = Arc::new(Mutex::new(Recording::new(schema(), Limits::default())));
        lock(&self.0).push(Arc::clone(&recording));
        recording
    }

    fn all(&self) -> Vec<Arc<Mutex<Recording>>> {
        lock(&self.0).clone()
    }
}

/// The names of every contract of the course.
fn schema() -> Schema {
    static SCHEMA: std::sync::OnceLock<Schema> = std::sync::OnceLock::new();
    SCHEMA
        .get_or_init(|| match Schema::from_descriptors(proto::DESCRIPTORS) {
            Ok(schema) => schema,
            Err(error) => fail(format!(
                "the contracts' descriptors cannot be read: {error}"
            )),
        })
        .clone()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A recording is read for an explanation even after a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pass_on(
    client: TcpStream,
    upstream: SocketAddr,
    mut weather: watch::Receiver<Weather>,
    recording: Arc<Mutex<Recording>>,
) {
    let began = Instant::now();
    let Ok(server) = TcpStream::connect(upstream).await else {
        // What the client would have met without a proxy: a refusal.
        let _ = client.set_zero_linger();
        return;
    };
    // Either may have been closed by its peer already, which the first read will tell.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let cuts = weather.borrow_and_update().cuts;

    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let spoilt = {
        let forth = copy(
            Side::Client,
            &mut from_client,
            &mut to_server,
            weather.clone(),
            &recording,
            began,
        );
        let back = copy(
            Side::Server,
            &mut from_server,
            &mut to_client,
            weather.clone(),
            &recording,
            began,
        );
        let both = async { tokio::try_join!(forth, back) };
        tokio::select! {
            done = both => done.is_err(),
            // The sender outlives the connection, or the connection's task is aborted.
            _ = weather.wait_for(|now| now.cuts != cuts) => true,
        }
    };
    if spoilt {
        // Whoever is still there is to see a reset, not an orderly end.
        let _ = from_client.unsplit(to_client).set_zero_linger();
        let _ = from_server.unsplit(to_server).set_zero_linger();
    }
}

async fn copy(
    side: Side,
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut weather: watch::Receiver<Weather>,
    recording: &Mutex<Recording>,
    began: Instant,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = match from.read(&mut buffer).await {
            Ok(length) => length,
            Err(error) => {
                lock(recording).closed(side, began.elapsed(), Closed::Reset);
                return Err(error);
            }
        };
        let Weather { delay, .. } = *weather.borrow();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if weather.wait_for(|now| !now.black_hole).await.is_err() {
            return Ok(());
        }
        if length == 0 {
            lock(recording).closed(side, began.elapsed(), Closed::End);
            // The other direction may go on; a peer that has gone does not care.
            let _ = to.shutdown().await;
            return Ok(());
        }
        // Recorded before it is passed on: whoever acts on these bytes finds them recorded.
        lock(recording).feed(side, began.elapsed(), &buffer[..length]);
        to.write_all(&buffer[..length]).await?;
    }
}
