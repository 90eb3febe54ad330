//! A server that answers as a test scripts it, for testing client programs.

use std::net::Ipv4Addr;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::Response;
use hyper::header::HeaderMap;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::conversation::{Conversation, Reset};
use crate::explain::fail;
use crate::proxy::Proxy;
use crate::wait::within;

/// A gRPC server whose every answer is decided by one function, behind a [`Proxy`].
///
/// A script that fails, or panics, fails the test: at [`end`](ScriptedServer::end), or when the
/// server is dropped.
pub struct ScriptedServer {
    pub proxy: Proxy,
    received: Arc<Mutex<Vec<Received>>>,
    scripts: Arc<Mutex<JoinSet<()>>>,
    serving: JoinHandle<()>,
}

/// How many bytes a caller may send that no script has received, of one call and of all calls of
/// a connection. hyper grants 1 MiB of each.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    pub stream: u32,
    pub connection: u32,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            stream: 1 << 20,
            connection: 1 << 20,
        }
    }
}

/// A unary request, as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// Such as `/calculator.v1.CalculatorService/Add`.
    pub path: String,
    pub headers: HeaderMap,
    /// The request's message, without its prefix of five bytes.
    pub message: Vec<u8>,
}

/// What the script answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// One message and the status OK.
    Message(Vec<u8>),
    Status(Status),
    /// Nothing at all: the call stays open.
    Silence,
}

impl Received {
    /// The message, decoded; fails the test if it is no such message.
    pub fn decode<M: prost::Message + Default>(&self) -> M {
        match M::decode(self.message.as_slice()) {
            Ok(message) => message,
            Err(error) => fail(format!(
                "{} was sent {:02x?}: {error}",
                self.path, self.message
            )),
        }
    }
}

impl Reply {
    pub fn message(message: &impl prost::Message) -> Self {
        Self::Message(message.encode_to_vec())
    }

    pub fn status(code: Code, message: &str) -> Self {
        Self::Status(Status::new(code, message))
    }
}

impl ScriptedServer {
    /// Starts a server that gives every unary request to `script` and answers what that returns.
    pub async fn start(script: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let script = Arc::new(script);
        let mut server = Self::streaming({
            let received = Arc::clone(&received);
            move |call| answer(call, Arc::clone(&script), Arc::clone(&received))
        })
        .await;
        server.received = received;
        server
    }

    /// Starts a server that answers every call as `script` does, which is run once for each.
    pub async fn streaming<F>(script: impl Fn(Conversation) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::streaming_with(Windows::default(), script).await
    }

    /// As [`streaming`](ScriptedServer::streaming), with windows of these sizes.
    pub async fn streaming_with<F>(
        windows: Windows,
        script: impl Fn(Conversation) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = match listening {
            Ok(listening) => listening,
            Err(error) => fail(format!("cannot listen on a free loopback port: {error}")),
        };
        let script = Arc::new(script);
        let scripts = Arc::<Mutex<JoinSet<()>>>::default();
        // hyper and not tonic's server: that one reads `grpc-timeout` and ends the call by itself,
        // so nothing would ever be silent.
        let serving = tokio::spawn({
            let scripts = Arc::clone(&scripts);
            async move {
                let mut connections = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    // Or the kernel waits 40 ms for more to send. A stream that refuses has ended.
                    let _ = stream.set_nodelay(true);
                    let (script, scripts) = (Arc::clone(&script), Arc::clone(&scripts));
                    let answer = service_fn(move |request| {
                        let (respond, response) = oneshot::channel();
                        lock(&scripts).spawn(script(Conversation::new(request, respond)));
                        // A script that drops the call resets it.
                        async { response.await as Result<Response<Body>, _> }
                    });
                    let connection = http2::Builder::new(TokioExecutor::new())
                        .initial_stream_window_size(windows.stream)
                        .initial_connection_window_size(windows.connection)
                        .serve_connection(TokioIo::new(stream), answer);
                    // What goes wrong on a connection is the client's to report.
                    connections.spawn(async { drop(connection.await) });
                    while connections.try_join_next().is_some() {}
                }
            }
        });
        Self {
            proxy: Proxy::start(address).await,
            received: Arc::default(),
            scripts,
            serving,
        }
    }

    /// Waits until the script of every call so far has ended; fails the test if one has failed,
    /// or if that takes longer than [`DEADLINE`](crate::DEADLINE).
    pub async fn end(&self) {
        let next = || std::future::poll_fn(|context| lock(&self.scripts).poll_join_next(context));
        within("the end of the server's script", async {
            while let Some(ended) = next().await {
                raise(ended);
            }
        })
        .await;
    }

    /// Every unary request so far, in the order in which they arrived. Only of a server that was
    /// made by [`start`](ScriptedServer::start).
    pub fn received(&self) -> Vec<Received> {
        lock(&self.received).clone()
    }

    /// Where the program under test is to connect.
    pub fn url(&self) -> String {
        format!("http://{}", self.proxy.address())
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.serving.abort();
        let mut scripts = lock(&self.scripts);
        scripts.abort_all();
        if !std::thread::panicking() {
            while let Some(ended) = scripts.try_join_next() {
                raise(ended);
            }
        }
    }
}

/// Lets a script's panic, whose explanation has been printed, fail the test.
fn raise(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        resume_unwind(panic);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A unary call as a conversation.
async fn answer(
    mut call: Conversation,
    script: Arc<impl Fn(&Received) -> Reply>,
    received: Arc<Mutex<Vec<Received>>>,
) {
    let request = match Received::from(&mut call).await {
        Ok(request) => request,
        Err(status) => return ignore(call.end(status).await),
    };
    let reply = script(&request);
    lock(&received).push(request);
    match reply {
        Reply::Message(message) => {
            if call.send_bytes(&message).await.is_ok() {
                ignore(call.end(Status::ok("")).await);
            }
        }
        Reply::Status(status) => ignore(call.end(status).await),
        Reply::Silence => call.reset().await,
    }
}

/// A caller that has gone wants no answer.
fn ignore(_: Result<(), Reset>) {}

impl Received {
    async fn from(call: &mut Conversation) -> Result<Self, Status> {
        let internal = |reset: Reset| Status::internal(reset.to_string());
        let Some(message) = call.receive_bytes().await.map_err(internal)? else {
            return Err(Status::internal("the request has no message"));
        };
        if call.receive_bytes().await.map_err(internal)?.is_some() {
            return Err(Status::internal("the request is more than one message"));
        }
        Ok(Self {
            path: call.path.clone(),
            headers: call.headers.clone(),
            message,
        })
    }
}
