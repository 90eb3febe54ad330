//! What a task and a channel behind a stream cost: the same log, read in four ways.
//!
//! `cargo run --release -p listings --example ways_to_stream`

use std::error::Error;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use listings::server_streaming::archive::{End, Lines, Log};
use listings::server_streaming::limited::limited;
use listings::server_streaming::read::{from_channel, from_source};
use proto::log::v1::log_service_client::LogServiceClient;
use proto::log::v1::log_service_server::{LogService, LogServiceServer};
use proto::log::v1::{
    GetLogRequest, GetLogResponse, ReadRequest, ReadResponse, TailRequest, TailResponse,
};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

const LINES: u64 = 200_000;
/// Long enough for the HTTP/2 library of the client, which ends a connection on which too many
/// small messages wait: see the page on backpressure.
const LINE_BYTES: usize = 200;
const ROUNDS: usize = 5;

type Replies<T> = BoxStream<'static, Result<T, Status>>;
type Way = fn(Lines) -> Replies<ReadResponse>;

const WAYS: [(&str, Way); 4] = [
    ("from_source", |lines| from_source(lines).boxed()),
    ("from_channel, 1 ahead", |lines| {
        from_channel(lines, 1).boxed()
    }),
    ("from_channel, 64 ahead", |lines| {
        from_channel(lines, 64).boxed()
    }),
    ("owned, with a deadline", |lines| {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(3600);
        limited(lines, deadline).boxed()
    }),
];

/// A log of which the name says in which way it is read.
struct Ways(Log);

#[tonic::async_trait]
impl LogService for Ways {
    type ReadStream = Replies<ReadResponse>;
    type TailStream = Replies<TailResponse>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let way = WAYS.iter().find(|(way, _)| *way == request.get_ref().log);
        let (_, read) = way.ok_or_else(|| Status::not_found("there is no such way"))?;
        Ok(Response::new(read(self.0.open())))
    }

    async fn tail(&self, _: Request<TailRequest>) -> Result<Response<Self::TailStream>, Status> {
        Err(Status::unimplemented("nothing is written here"))
    }

    async fn get_log(&self, _: Request<GetLogRequest>) -> Result<Response<GetLogResponse>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let endpoint = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?;
    let service = LogServiceServer::new(Ways(Log::new(LINES, LINE_BYTES, End::Complete)));
    let serving = tokio::spawn(
        Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpIncoming::from(listener)),
    );
    let stub = LogServiceClient::new(endpoint.connect_lazy());

    let mut times = [const { Vec::new() }; WAYS.len()];
    for _ in 0..ROUNDS {
        for (way, times) in WAYS.iter().zip(&mut times) {
            times.push(read_all(stub.clone(), way.0).await?);
        }
    }
    for ((way, _), mut times) in WAYS.into_iter().zip(times) {
        times.sort();
        let a_line = times[ROUNDS / 2].as_secs_f64() / LINES as f64;
        println!("{way:<24} {:>5.2} µs a line", a_line * 1e6);
    }
    serving.abort();
    Ok(())
}

async fn read_all(mut stub: LogServiceClient<Channel>, way: &str) -> Result<Duration, Status> {
    let began = Instant::now();
    let mut replies = stub
        .read(ReadRequest { log: way.into() })
        .await?
        .into_inner();
    let mut lines = 0;
    while replies.message().await?.is_some() {
        lines += 1;
    }
    assert_eq!(lines, LINES);
    Ok(began.elapsed())
}
