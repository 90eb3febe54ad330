//! What the server does with a stream of messages. This file is yours: stages 1 to 8.
//!
//! A client-streaming method gets a `Streaming` of requests instead of one, and answers once: after
//! the last of them, or before.

use proto::image::v1::image_service_server::ImageService;
use proto::image::v1::upload_request::Part;
use proto::image::v1::{GetImageInfoRequest, GetImageInfoResponse, UploadRequest, UploadResponse};
use tonic::{Request, Response, Status, Streaming};

use crate::disk::{Disk, Image};
use crate::upload::{Upload, failed};

/// The store, which every call shares.
#[derive(Debug)]
pub struct Images {
    disk: Disk,
    /// The largest image that is taken, in bytes.
    quota: u64,
}

impl Images {
    pub fn new(disk: Disk, quota: u64) -> Self {
        Self { disk, quota }
    }
}

#[tonic::async_trait]
impl ImageService for Images {
    async fn upload(
        &self,
        request: Request<Streaming<UploadRequest>>,
    ) -> Result<Response<UploadResponse>, Status> {
        let mut parts = request.into_inner();
        let begin = match next(&mut parts).await? {
            Some(Part::Begin(begin)) => begin,
            None => todo!("stage 2: a stream without messages"),
            Some(other) => todo!("stage 3: {other:?} comes first"),
        };
        if begin.size > self.quota {
            todo!("stage 4: {} bytes are too many", begin.size)
        }
        let mut upload = Upload::begin(&self.disk, begin)?;
        while let Some(part) = next(&mut parts).await? {
            match part {
                Part::Chunk(chunk) => upload.chunk(chunk)?,
                Part::Commit(commit) => return upload.commit(commit).map(Response::new),
                Part::Begin(begin) => todo!("stage 3: a second {begin:?}"),
            }
        }
        todo!("stage 6: the stream has ended, and nobody said commit")
    }

    async fn get_image_info(
        &self,
        request: Request<GetImageInfoRequest>,
    ) -> Result<Response<GetImageInfoResponse>, Status> {
        let GetImageInfoRequest { name } = request.into_inner();
        let Some(Image { size, sha256 }) = self.disk.image(&name).map_err(failed)? else {
            todo!("stage 1: there is no image {name:?}")
        };
        Ok(Response::new(GetImageInfoResponse {
            size,
            sha256: sha256.into(),
        }))
    }
}

/// The next part of an upload; `None` is the end of the stream.
async fn next(parts: &mut Streaming<UploadRequest>) -> Result<Option<Part>, Status> {
    match parts.message().await? {
        None => Ok(None),
        Some(UploadRequest { part: None }) => todo!("stage 2: a message without a part"),
        Some(UploadRequest { part }) => Ok(part),
    }
}
