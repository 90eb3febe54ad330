//! The server on the shore: it takes batches in, one message at a time.

use std::time::Duration;

use proto::sensor::v1::station_service_server::{StationService, StationServiceServer};
use proto::sensor::v1::{DeliverRequest, DeliverResponse, GetStationRequest, GetStationResponse};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use super::station::Station;
use super::store::Store;

/// Answers the stations.
pub struct Shore {
    store: Store,
    /// How long a call may be silent.
    patience: Duration,
}

impl Shore {
    pub fn new(store: Store, patience: Duration) -> Self {
        Self { store, patience }
    }

    // ANCHOR: next
    /// The next batch, or `None` at the end. There is an end to waiting for it.
    async fn next(
        &self,
        batches: &mut Streaming<DeliverRequest>,
    ) -> Result<Option<DeliverRequest>, Status> {
        timeout(self.patience, batches.message())
            .await
            .map_err(|_elapsed| Status::deadline_exceeded("the station says nothing"))?
    }
    // ANCHOR_END: next
}

// ANCHOR: deliver
#[tonic::async_trait]
impl StationService for Shore {
    async fn deliver(
        &self,
        request: Request<Streaming<DeliverRequest>>,
    ) -> Result<Response<DeliverResponse>, Status> {
        let mut batches = request.into_inner();
        let Some(first) = self.next(&mut batches).await? else {
            return Err(Status::invalid_argument(
                "a delivery has at least one batch",
            ));
        };
        let station = Station::try_from(first.station.as_str())?;
        let mut delivery = self.store.begin(station)?;
        delivery.add(&first)?;
        while let Some(batch) = self.next(&mut batches).await? {
            delivery.add(&batch)?;
        }
        // Perhaps the station has sent all, perhaps it has left. What has come
        // is whole batches either way.
        let stored = spawn_blocking(move || delivery.publish())
            .await
            .map_err(|_panicked| Status::internal("the readings could not be stored"))??;
        Ok(Response::new(DeliverResponse { stored }))
    }
    // ANCHOR_END: deliver

    async fn get_station(
        &self,
        request: Request<GetStationRequest>,
    ) -> Result<Response<GetStationResponse>, Status> {
        let station = Station::try_from(request.get_ref().station.as_str())?;
        let stored = self.store.stored(&station);
        Ok(Response::new(GetStationResponse { stored }))
    }
}

/// Answers calls on the listener until the task is dropped.
pub async fn serve(
    listener: TcpListener,
    shore: impl StationService,
) -> Result<(), tonic::transport::Error> {
    Server::builder()
        .add_service(StationServiceServer::new(shore))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await
}
