//! The server as it is often written: it takes the end of the stream for "that was all".

use std::sync::{Arc, Mutex, PoisonError};

use proto::sensor::v1::station_service_server::StationService;
use proto::sensor::v1::{DeliverRequest, DeliverResponse, GetStationRequest, GetStationResponse};
use tonic::{Request, Response, Status, Streaming};

/// A day's mean temperature, as the newspapers print it, and of how many readings it is the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Printed {
    pub mean: f64,
    pub readings: usize,
}

/// Prints the mean of what a station delivers in one call. Cloning it gives the same newspaper.
#[derive(Clone, Debug, Default)]
pub struct Newspaper {
    printed: Arc<Mutex<Vec<Printed>>>,
}

impl Newspaper {
    /// What has been printed so far.
    pub fn printed(&self) -> Vec<Printed> {
        let printed = self.printed.lock();
        printed.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn print(&self, decidegrees: &[i32]) {
        let sum: f64 = decidegrees.iter().map(|tenths| f64::from(*tenths)).sum();
        let readings = decidegrees.len();
        let mean = sum / 10.0 / readings as f64;
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.push(Printed { mean, readings });
    }
}

#[tonic::async_trait]
impl StationService for Newspaper {
    // ANCHOR: naive
    async fn deliver(
        &self,
        request: Request<Streaming<DeliverRequest>>,
    ) -> Result<Response<DeliverResponse>, Status> {
        let mut batches = request.into_inner();
        let mut day = Vec::new();
        while let Ok(Some(batch)) = batches.message().await {
            day.extend(batch.decidegrees);
        }
        self.print(&day); // no more batches, so the day is complete
        Ok(Response::new(DeliverResponse::default()))
    }
    // ANCHOR_END: naive

    async fn get_station(
        &self,
        _: Request<GetStationRequest>,
    ) -> Result<Response<GetStationResponse>, Status> {
        Ok(Response::new(GetStationResponse::default()))
    }
}
