//! What the server answers. This file is yours: stages 1, 4, 6 and 8.
//!
//! A method with `stream` before its reply answers a `Stream` of a type that the trait lets you
//! choose. Its items are replies, or a `Status` that ends the call with an error; where the stream
//! ends, the call ends with OK.

use std::time::Duration;

use futures_util::stream::BoxStream;
use proto::ticker::v1::ticker_service_server::TickerService;
use proto::ticker::v1::{
    GetQuoteRequest, GetQuoteResponse, ReplayRequest, ReplayResponse, WatchRequest, WatchResponse,
};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use crate::deadline;
use crate::exchange::Exchange;
use crate::recordings::Recordings;
use crate::replay::replay;
use crate::watch::Feeds;

/// What a streaming method answers. It is polled for the next reply only while the caller's
/// windows have room, and dropped when the call ends, however it ends.
pub type Replies<T> = BoxStream<'static, Result<T, Status>>;

/// One ticker serves every call on every connection, so whatever it holds is shared.
#[derive(Debug)]
pub struct Ticker {
    recordings: Recordings,
    feeds: Feeds,
}

impl Ticker {
    pub fn new(recordings: Recordings, exchange: Exchange) -> Self {
        Self {
            recordings,
            feeds: Feeds::new(exchange),
        }
    }
}

#[tonic::async_trait]
impl TickerService for Ticker {
    async fn get_quote(
        &self,
        request: Request<GetQuoteRequest>,
    ) -> Result<Response<GetQuoteResponse>, Status> {
        let GetQuoteRequest { symbol } = request.into_inner();
        let tick = self.recordings.last(&symbol);
        todo!("stage 1: answer this tick of {symbol:?}, or NOT_FOUND: {tick:?}")
    }

    type ReplayStream = Replies<ReplayResponse>;

    async fn replay(
        &self,
        request: Request<ReplayRequest>,
    ) -> Result<Response<Self::ReplayStream>, Status> {
        let deadline = deadline::of(request.metadata());
        let ReplayRequest {
            symbol,
            limit,
            interval,
        } = request.into_inner();
        let Some(recording) = self.recordings.open(&symbol) else {
            todo!("stage 1: refuse {symbol:?}, of which there is no recording")
        };
        let interval = match interval {
            None => Duration::ZERO,
            Some(interval) => todo!("stage 4: keep at least {interval} between two ticks"),
        };
        Ok(Response::new(until(
            deadline,
            replay(recording, limit, interval),
        )))
    }

    type WatchStream = Replies<WatchResponse>;

    async fn watch(
        &self,
        request: Request<WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let deadline = deadline::of(request.metadata());
        let WatchRequest { symbol } = request.into_inner();
        // The headers of the response go out when this method returns: what happens from then on,
        // the caller is to see.
        let Some(replies) = self.feeds.watch(&symbol) else {
            todo!("stage 6: refuse {symbol:?}, which is not traded")
        };
        Ok(Response::new(until(deadline, replies)))
    }
}

/// The replies, until the caller stops waiting: then DEADLINE_EXCEEDED.
fn until<T: Send + 'static>(deadline: Option<Instant>, replies: Replies<T>) -> Replies<T> {
    let Some(deadline) = deadline else {
        return replies;
    };
    drop(replies);
    todo!("stage 8: end the stream at {deadline:?}, whatever it has sent by then")
}
