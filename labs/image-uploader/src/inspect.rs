//! Lets a test see the disk, and do to it what happens to disks. This file is given.

use proto::image::v1::inspect_service_server::InspectService;
use proto::image::v1::{
    CountWritesRequest, CountWritesResponse, FailWritesRequest, FailWritesResponse,
    HoldSyncsRequest, HoldSyncsResponse, PullThePlugRequest, PullThePlugResponse,
};
use tonic::{Request, Response, Status};

use crate::disk::{Counts, Disk};

#[derive(Debug)]
pub struct Inspect {
    disk: Disk,
}

impl Inspect {
    pub fn new(disk: Disk) -> Self {
        Self { disk }
    }
}

#[tonic::async_trait]
impl InspectService for Inspect {
    async fn pull_the_plug(
        &self,
        _: Request<PullThePlugRequest>,
    ) -> Result<Response<PullThePlugResponse>, Status> {
        self.disk
            .pull_the_plug()
            .map_err(|error| Status::internal(format!("the plug stays in: {error}")))?;
        Ok(Response::new(PullThePlugResponse {}))
    }

    async fn fail_writes(
        &self,
        request: Request<FailWritesRequest>,
    ) -> Result<Response<FailWritesResponse>, Status> {
        self.disk.fail_writes(request.get_ref().fail);
        Ok(Response::new(FailWritesResponse {}))
    }

    async fn hold_syncs(
        &self,
        request: Request<HoldSyncsRequest>,
    ) -> Result<Response<HoldSyncsResponse>, Status> {
        self.disk.hold_syncs(request.get_ref().hold);
        Ok(Response::new(HoldSyncsResponse {}))
    }

    async fn count_writes(
        &self,
        _: Request<CountWritesRequest>,
    ) -> Result<Response<CountWritesResponse>, Status> {
        let Counts {
            bytes,
            temporaries,
            held_syncs,
        } = self.disk.counts();
        Ok(Response::new(CountWritesResponse {
            bytes,
            temporaries,
            held_syncs,
        }))
    }
}
