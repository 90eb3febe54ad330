//! `stock-ticker`: small messages, one after another: ticks a second, to the end of the stream.

use std::time::Instant;

use anyhow::{Result, ensure};
use proto::ticker::v1::ReplayRequest;
use proto::ticker::v1::ticker_service_client::TickerServiceClient;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::programs::{RUST, Server, run};

/// A recording of many ticks without an order book: some 11 bytes each.
const SYMBOL: &str = "FLOW";
const TICKS: u32 = 20_000;
/// At once, each on a connection of its own.
const STREAMS: u32 = 4;

/// Several replays at once from this language's server.
pub async fn server(language: &str) -> Result<f64> {
    let server = Server::start(language, "stock-ticker", &["--still"]).await?;
    let mut connections = Vec::new();
    for _ in 0..STREAMS {
        connections.push(server.connect().await?);
    }

    let began = Instant::now();
    let mut replays = JoinSet::new();
    for connection in connections {
        replays.spawn(replay(connection));
    }
    while let Some(replayed) = replays.join_next().await {
        ensure!(replayed?? == TICKS, "ticks were lost");
    }
    Ok(f64::from(STREAMS * TICKS) / began.elapsed().as_secs_f64())
}

/// One replay by this language's client, which prints a line for each tick.
pub async fn client(language: &str) -> Result<f64> {
    let server = Server::start(RUST, "stock-ticker", &["--still"]).await?;
    let (url, limit) = (server.url(), TICKS.to_string());
    let arguments = ["replay", SYMBOL, "--limit", &limit, "--server", &url];
    let took = run(language, "stock-ticker", &arguments, None).await?;
    Ok(f64::from(TICKS) / took.as_secs_f64())
}

async fn replay(connection: Channel) -> Result<u32> {
    let request = ReplayRequest {
        symbol: SYMBOL.to_owned(),
        limit: TICKS,
        interval: None,
    };
    let mut stub = TickerServiceClient::new(connection);
    let mut replies = stub.replay(request).await?.into_inner();
    let mut ticks = 0;
    while replies.message().await?.is_some() {
        ticks += 1;
    }
    Ok(ticks)
}
