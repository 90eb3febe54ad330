//! A station: it delivers readings from the file in which it keeps them.

use std::future::{pending, ready};
use std::io;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use proto::sensor::v1::station_service_client::StationServiceClient;
use proto::sensor::v1::{DeliverRequest, GetStationRequest};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::store::BATCH;

/// Why a delivery did not end well.
#[derive(Debug)]
pub enum Failure {
    /// The station's own file cannot be read, or ends before it should.
    File(io::Error),
    /// The server's answer, or why there is none.
    Call(Status),
}

// ANCHOR: read_batches
/// The batches of a log of so many `readings`, read as they are asked for.
///
/// The stream ends when all were read. If the log cannot be read, `failed` is
/// told, and the stream does not end at all: an end would tell the server that
/// this was everything.
pub fn read_batches(
    station: String,
    log: impl AsyncRead + Send + Unpin + 'static,
    readings: u64,
    failed: oneshot::Sender<io::Error>,
) -> impl Stream<Item = DeliverRequest> + Send + 'static {
    let begin = (log, readings, 1, failed);
    stream::unfold(begin, move |(mut log, left, batch, failed)| {
        let station = station.clone();
        async move {
            let length = left.min(BATCH as u64);
            if length == 0 {
                return None;
            }
            match read(&mut log, length).await {
                Ok(decidegrees) => {
                    let message = DeliverRequest {
                        station,
                        batch,
                        decidegrees,
                    };
                    Some((message, (log, left - length, batch + 1, failed)))
                }
                Err(error) => {
                    // If the call is over, nobody listens or needs to know.
                    let _ = failed.send(error);
                    pending().await
                }
            }
        }
    })
}
// ANCHOR_END: read_batches

/// Reads so many readings, of four bytes each. A log that ends before is an error.
async fn read(log: &mut (impl AsyncRead + Unpin), length: u64) -> io::Result<Vec<i32>> {
    let mut readings = Vec::with_capacity(BATCH);
    for _ in 0..length {
        readings.push(log.read_i32_le().await?);
    }
    Ok(readings)
}

// ANCHOR: until_none
/// The messages of a channel, up to `None`. A sender that is gone is not an end.
pub fn until_none<M>(messages: mpsc::Receiver<Option<M>>) -> impl Stream<Item = M> {
    ReceiverStream::new(messages)
        .chain(stream::pending())
        .scan((), |(), message| ready(message))
}
// ANCHOR_END: until_none

// ANCHOR: deliver
/// Delivers a log of so many readings, and answers which batch is the last that
/// the server has stored. `progress` is told of each that is on its way.
pub async fn deliver(
    mut stub: StationServiceClient<Channel>,
    station: &str,
    log: impl AsyncRead + Send + Unpin + 'static,
    readings: u64,
    mut progress: impl FnMut(u64) + Send + 'static,
) -> Result<u64, Failure> {
    let (failed, failure) = oneshot::channel();
    let batches = read_batches(station.to_owned(), log, readings, failed)
        .inspect(move |message| progress(message.batch));
    tokio::select! {
        answer = stub.deliver(batches) => match answer {
            Ok(response) => Ok(response.into_inner().stored),
            Err(status) => Err(Failure::Call(status)),
        },
        // The call is dropped, and so reset: nobody says that this was all.
        Ok(error) = failure => Err(Failure::File(error)),
    }
}
// ANCHOR_END: deliver

/// How far a station's deliveries have got.
pub async fn stored(
    stub: &mut StationServiceClient<Channel>,
    station: &str,
    limit: Duration,
) -> Result<u64, Status> {
    let mut request = Request::new(GetStationRequest {
        station: station.to_owned(),
    });
    request.set_timeout(limit);
    Ok(stub.get_station(request).await?.into_inner().stored)
}
