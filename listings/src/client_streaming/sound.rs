//! A server that counts bytes. A recording goes by and is not kept.

use proto::sensor::v1::sound_service_server::SoundService;
use proto::sensor::v1::{RecordRequest, RecordResponse};
use tonic::{Request, Response, Status, Streaming};

/// Listens and forgets.
pub struct Listener;

#[tonic::async_trait]
impl SoundService for Listener {
    async fn record(
        &self,
        request: Request<Streaming<RecordRequest>>,
    ) -> Result<Response<RecordResponse>, Status> {
        let mut recording = request.into_inner();
        let mut bytes = 0;
        while let Some(RecordRequest { sound }) = recording.message().await? {
            bytes += sound.len() as u64;
        }
        Ok(Response::new(RecordResponse { bytes }))
    }
}
