//! What chapter 5 says, pinned. Each test names the page that relies on it: when one turns red,
//! tonic has changed (or the listing has), and that page is to be read again.
//!
//! Most of them run under a paused clock, on a network in memory. Where a page speaks of sockets,
//! a test has some.

mod backpressure;
mod contract;
mod failure;
mod network;
mod server;
mod sharing;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use listings::server_streaming::archive::{End, Lines, Log};
use listings::server_streaming::live::Live;
use listings::server_streaming::server::LogServer;
use proto::log::v1::log_service_client::LogServiceClient;
use proto::log::v1::log_service_server::{LogService, LogServiceServer};
use proto::log::v1::{
    GetLogRequest, GetLogResponse, ReadRequest, ReadResponse, TailRequest, TailResponse,
};
use testkit::Proxy;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::IntervalStream;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

pub type Replies<T> = BoxStream<'static, Result<T, Status>>;

/// The day whose log every test reads.
const DAY: &str = "2026-11-20";

/// A log of a few lines of a few bytes each.
fn short(lines: u64, end: End) -> Log {
    Log::new(lines, 8, end)
}

fn server(log: &Log) -> LogServer {
    LogServer::new([(DAY, log.clone())], Live::new(16))
}

fn read() -> ReadRequest {
    ReadRequest { log: DAY.into() }
}

fn get() -> GetLogRequest {
    GetLogRequest { log: DAY.into() }
}

/// Reads to the end: the numbers of the lines, and how it ended.
async fn read_to_end(mut replies: Streaming<ReadResponse>) -> (Vec<u64>, Result<(), Status>) {
    let mut numbers = Vec::new();
    loop {
        match replies.message().await {
            Ok(Some(reply)) => numbers.push(reply.line.unwrap_or_default().number),
            Ok(None) => return (numbers, Ok(())),
            Err(status) => return (numbers, Err(status)),
        }
    }
}

/// The same messages, so much time apart.
fn paced<S: Stream>(messages: S, pace: Duration) -> impl Stream<Item = S::Item> {
    let ticks = IntervalStream::new(tokio::time::interval(pace));
    ticks.zip(messages).map(|(_tick, message)| message)
}

/// A server that reads its log as a test says.
struct Reads<F> {
    log: Log,
    how: F,
}

impl<S, F> Reads<F>
where
    F: Fn(Lines) -> S,
    S: Stream<Item = Result<ReadResponse, Status>> + Send + 'static,
{
    fn by(
        log: &Log,
        how: F,
    ) -> Reads<impl Fn(Lines) -> Replies<ReadResponse> + Send + Sync + 'static>
    where
        F: Send + Sync + 'static,
    {
        Reads {
            log: log.clone(),
            how: move |lines| how(lines).boxed(),
        }
    }
}

#[tonic::async_trait]
impl<F> LogService for Reads<F>
where
    F: Fn(Lines) -> Replies<ReadResponse> + Send + Sync + 'static,
{
    type ReadStream = Replies<ReadResponse>;
    type TailStream = Replies<TailResponse>;

    async fn read(&self, _: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        Ok(Response::new((self.how)(self.log.open())))
    }

    async fn tail(&self, _: Request<TailRequest>) -> Result<Response<Self::TailStream>, Status> {
        Err(Status::unimplemented("nothing is written here"))
    }

    async fn get_log(&self, _: Request<GetLogRequest>) -> Result<Response<GetLogResponse>, Status> {
        let lines = self.log.len();
        Ok(Response::new(GetLogResponse { lines }))
    }
}

/// A server on a socket, in a task of this process, behind a proxy that records bytes.
struct Running {
    proxy: Proxy,
    serving: JoinHandle<()>,
}

impl Running {
    async fn start(service: impl LogService) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a loopback port is free");
        let address: SocketAddr = listener.local_addr().expect("it is bound");
        let router = Server::builder().add_service(LogServiceServer::new(service));
        let serving = tokio::spawn(async move {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            let served = router.serve_with_incoming(incoming).await;
            served.expect("the server goes on until it is dropped");
        });
        let proxy = Proxy::start(address).await;
        Self { proxy, serving }
    }

    fn stub(&self) -> LogServiceClient<Channel> {
        LogServiceClient::new(self.proxy.endpoint().connect_lazy())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
