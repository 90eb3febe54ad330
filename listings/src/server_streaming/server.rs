//! The log server: a method that answers with a stream is a method that returns one.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use proto::log::v1::log_service_server::LogService;
use proto::log::v1::{
    GetLogRequest, GetLogResponse, ReadRequest, ReadResponse, TailRequest, TailResponse,
};
use tonic::{Request, Response, Status};

use super::archive::Log;
use super::live::Live;
use super::read::from_source;
use super::tail::tail;

/// The logs of one service.
pub struct LogServer {
    archive: HashMap<String, Log>,
    today: Live,
}

impl LogServer {
    pub fn new<const N: usize>(archive: [(&str, Log); N], today: Live) -> Self {
        let archive = archive.map(|(day, log)| (day.to_owned(), log)).into();
        Self { archive, today }
    }

    fn find(&self, day: &str) -> Result<&Log, Status> {
        let log = self.archive.get(day);
        log.ok_or_else(|| Status::not_found(format!("there is no log of {day:?}")))
    }
}

// ANCHOR: read
#[tonic::async_trait]
impl LogService for LogServer {
    type ReadStream = BoxStream<'static, Result<ReadResponse, Status>>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let log = self.find(&request.into_inner().log)?;
        Ok(Response::new(from_source(log.open()).boxed()))
    }
    // ANCHOR_END: read

    type TailStream = BoxStream<'static, Result<TailResponse, Status>>;

    async fn tail(&self, _: Request<TailRequest>) -> Result<Response<Self::TailStream>, Status> {
        Ok(Response::new(tail(&self.today).boxed()))
    }

    async fn get_log(
        &self,
        request: Request<GetLogRequest>,
    ) -> Result<Response<GetLogResponse>, Status> {
        let lines = self.find(&request.into_inner().log)?.len();
        Ok(Response::new(GetLogResponse { lines }))
    }
}
