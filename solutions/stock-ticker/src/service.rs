//! What the server answers. This file is yours: stages 1, 4, 6 and 8.
//!
//! A method with `stream` before its reply answers a `Stream` of a type that the trait lets you
//! choose. Its items are replies, or a `Status` that ends the call with an error; where the stream
//! ends, the call ends with OK.

use std::time::Duration;

use futures_util::stream::BoxStream;
// [stub]
use futures_util::stream::TryStreamExt as _;
use futures_util::{StreamExt as _, stream};
// [/stub]
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
        // [stub] todo!("stage 1: answer this tick of {symbol:?}, or NOT_FOUND: {tick:?}")
        if tick.is_none() {
            return Err(no_such_symbol(&symbol));
        }
        Ok(Response::new(GetQuoteResponse { tick }))
        // [/stub]
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
        // [stub] let Some(recording) = self.recordings.open(&symbol) else {
        // [stub]     todo!("stage 1: refuse {symbol:?}, of which there is no recording")
        // [stub] };
        let recording = self
            .recordings
            .open(&symbol)
            .ok_or_else(|| no_such_symbol(&symbol))?;
        // [/stub]
        let interval = match interval {
            None => Duration::ZERO,
            // [stub] Some(interval) => todo!("stage 4: keep at least {interval} between two ticks"),
            Some(interval) => interval
                .try_into()
                .map_err(|_| Status::invalid_argument("the interval is negative"))?,
            // [/stub]
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
        // [stub] let Some(replies) = self.feeds.watch(&symbol) else {
        // [stub]     todo!("stage 6: refuse {symbol:?}, which is not traded")
        // [stub] };
        let replies = self
            .feeds
            .watch(&symbol)
            .ok_or_else(|| no_such_symbol(&symbol))?;
        // [/stub]
        Ok(Response::new(until(deadline, replies)))
    }
}

/// The replies, until the caller stops waiting: then DEADLINE_EXCEEDED.
fn until<T: Send + 'static>(deadline: Option<Instant>, replies: Replies<T>) -> Replies<T> {
    let Some(deadline) = deadline else {
        return replies;
    };
    // [stub] drop(replies);
    // [stub] todo!("stage 8: end the stream at {deadline:?}, whatever it has sent by then")
    // One timer for the whole stream: a new one for each reply would never run out while replies
    // keep coming. It is looked at when the stream is polled, so a caller who does not read finds
    // its time up when it reads on; if it never does, leaving is up to it.
    let time_is_up = Box::pin(tokio::time::sleep_until(deadline));
    stream::try_unfold(
        (replies, time_is_up),
        async |(mut replies, mut time_is_up)| {
            tokio::select! {
                // In this order, or replies that are always ready would outrun the clock.
                biased;
                () = &mut time_is_up => Err(Status::deadline_exceeded(
                    "the caller's time was up before the stream's end",
                )),
                reply = replies.try_next() => Ok(reply?.map(|reply| (reply, (replies, time_is_up)))),
            }
        },
    )
    .boxed()
    // [/stub]
}
// [stub]

fn no_such_symbol(symbol: &str) -> Status {
    Status::not_found(format!("there is no symbol {symbol:?}"))
}
// [/stub]
