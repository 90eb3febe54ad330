//! A server that answers as a test scripts it, for testing client programs.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::explain::fail;
use crate::proxy::Proxy;

/// A gRPC server whose every answer is decided by one function, behind a [`Proxy`].
pub struct ScriptedServer {
    pub proxy: Proxy,
    received: Arc<Mutex<Vec<Received>>>,
    serving: JoinHandle<()>,
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
    /// Starts a server that gives every request to `script` and answers what that returns.
    pub async fn start(script: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = match listening {
            Ok(listening) => listening,
            Err(error) => fail(format!("cannot listen on a free loopback port: {error}")),
        };
        let received = Arc::default();
        let script = Script {
            script: Arc::new(script),
            received: Arc::clone(&received),
        };
        // hyper and not tonic's server: that one reads `grpc-timeout` and ends the call by itself,
        // so nothing would ever be silent.
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // Or the kernel waits 40 ms for more to send. A stream that refuses has ended.
                let _ = stream.set_nodelay(true);
                let script = script.clone();
                let answer = service_fn(move |request| script.clone().answer(request));
                let connection = http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), answer);
                // What goes wrong on a connection is the client's to report.
                connections.spawn(async { drop(connection.await) });
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            proxy: Proxy::start(address).await,
            received,
            serving,
        }
    }

    /// Every request so far, in the order in which they arrived.
    pub fn received(&self) -> Vec<Received> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Where the program under test is to connect.
    pub fn url(&self) -> String {
        format!("http://{}", self.proxy.address())
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Clone)]
struct Script {
    script: Arc<dyn Fn(&Received) -> Reply + Send + Sync>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Script {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let request = match Received::from(request).await {
            Ok(request) => request,
            Err(status) => return Ok(status.into_http()),
        };
        let reply = (self.script)(&request);
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        Ok(match reply {
            Reply::Message(message) => one_message(&message),
            Reply::Status(status) => status.into_http(),
            Reply::Silence => std::future::pending().await,
        })
    }
}

impl Received {
    async fn from(request: Request<Incoming>) -> Result<Self, Status> {
        // The size that gRPC implementations accept by default.
        const LARGEST: usize = 4 << 20;
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, LARGEST)
            .collect()
            .await
            .map_err(|error| Status::internal(error.to_string()))?;
        let body = body.to_bytes();
        let Some((prefix, message)) = body.split_first_chunk::<5>() else {
            return Err(Status::internal("the request has no message"));
        };
        let [compressed, length @ ..] = *prefix;
        if compressed != 0 || u32::from_be_bytes(length) as usize != message.len() {
            return Err(Status::internal(
                "the request is not one uncompressed message",
            ));
        }
        Ok(Self {
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            message: message.to_vec(),
        })
    }
}

/// A reply as gRPC frames it: a prefix of five bytes and the message, then the status in trailers.
fn one_message(message: &[u8]) -> Response<Body> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = vec![0];
    framed.extend(length.to_be_bytes());
    framed.extend(message);

    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::from(framed).with_trailers(async { Some(Ok(trailers)) });

    let mut response = Response::new(Body::new(body));
    let content_type = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
