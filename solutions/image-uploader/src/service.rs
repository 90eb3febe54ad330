//! What the server does with a stream of messages. This file is yours: stages 1 to 8.
//!
//! A client-streaming method gets a `Streaming` of requests instead of one, and answers once: after
//! the last of them, or before.

use proto::image::v1::image_service_server::ImageService;
use proto::image::v1::upload_request::Part;
use proto::image::v1::{GetImageInfoRequest, GetImageInfoResponse, UploadRequest, UploadResponse};
use tonic::{Request, Response, Status, Streaming};

use crate::disk::{Disk, Image};
// [stub] use crate::upload::{Upload, failed};
use crate::upload::{Upload, check_name, failed};
// [/stub]

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
        // [stub] let begin = match next(&mut parts).await? {
        // [stub]     Some(Part::Begin(begin)) => begin,
        // [stub]     None => todo!("stage 2: a stream without messages"),
        // [stub]     Some(other) => todo!("stage 3: {other:?} comes first"),
        // [stub] };
        // [stub] if begin.size > self.quota {
        // [stub]     todo!("stage 4: {} bytes are too many", begin.size)
        // [stub] }
        // [stub] let mut upload = Upload::begin(&self.disk, begin)?;
        // [stub] while let Some(part) = next(&mut parts).await? {
        // [stub]     match part {
        // [stub]         Part::Chunk(chunk) => upload.chunk(chunk)?,
        // [stub]         Part::Commit(commit) => return upload.commit(commit).map(Response::new),
        // [stub]         Part::Begin(begin) => todo!("stage 3: a second {begin:?}"),
        // [stub]     }
        // [stub] }
        // [stub] todo!("stage 6: the stream has ended, and nobody said commit")
        let Some(Part::Begin(begin)) = next(&mut parts).await? else {
            return Err(Status::invalid_argument("the first message is not begin"));
        };
        if begin.size > self.quota {
            return Err(Status::resource_exhausted(format!(
                "the image has {} bytes, and the server takes {} at most",
                begin.size, self.quota
            )));
        }
        let disk = self.disk.clone();
        let mut upload = blocking(move || Upload::begin(&disk, begin)).await?;
        let commit = loop {
            match next(&mut parts).await? {
                Some(Part::Chunk(chunk)) => {
                    upload = blocking(move || upload.chunk(chunk).map(|()| upload)).await?;
                }
                Some(Part::Commit(commit)) => break commit,
                Some(Part::Begin(_)) => {
                    return Err(Status::invalid_argument("begin has come a second time"));
                }
                // Or the caller has cancelled the call, which tonic shows in the same way.
                None => return Err(Status::invalid_argument("the stream ended without commit")),
            }
        };
        if next(&mut parts).await?.is_some() {
            return Err(Status::invalid_argument("a message came after commit"));
        }
        // From here on the image may be stored even if the caller goes: the handler is dropped, but
        // a thread that waits for the disk is not stopped.
        blocking(move || upload.commit(commit))
            .await
            .map(Response::new)
        // [/stub]
    }

    async fn get_image_info(
        &self,
        request: Request<GetImageInfoRequest>,
    ) -> Result<Response<GetImageInfoResponse>, Status> {
        let GetImageInfoRequest { name } = request.into_inner();
        // [stub] let Some(Image { size, sha256 }) = self.disk.image(&name).map_err(failed)? else {
        // [stub]     todo!("stage 1: there is no image {name:?}")
        // [stub] };
        check_name(&name)?;
        let disk = self.disk.clone();
        let Image { size, sha256 } = blocking(move || {
            disk.image(&name)
                .map_err(failed)?
                .ok_or_else(|| Status::not_found(format!("there is no image {name:?}")))
        })
        .await?;
        // [/stub]
        Ok(Response::new(GetImageInfoResponse {
            size,
            sha256: sha256.into(),
        }))
    }
}

/// The next part of an upload; `None` is the end of the stream.
async fn next(parts: &mut Streaming<UploadRequest>) -> Result<Option<Part>, Status> {
    // [stub] match parts.message().await? {
    // [stub]     None => Ok(None),
    // [stub]     Some(UploadRequest { part: None }) => todo!("stage 2: a message without a part"),
    // [stub]     Some(UploadRequest { part }) => Ok(part),
    // [stub] }
    match parts.message().await? {
        None => Ok(None),
        // As from a newer client, which may have sent what this server does not know.
        Some(UploadRequest { part: None }) => Err(Status::invalid_argument(
            "a message is neither begin, nor chunk, nor commit",
        )),
        Some(UploadRequest { part }) => Ok(part),
    }
    // [/stub]
}
// [stub]

/// Runs work that waits for the disk on a thread that may wait.
///
/// The runtime has two threads for everything, and a disk that is busy keeps a write or a sync for
/// seconds: two such calls, and nobody is answered. An upload moves to the other thread and comes
/// back, so if the handler is dropped meanwhile, the upload is dropped there, when it is done.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Status> + Send + 'static,
) -> Result<T, Status> {
    tokio::task::spawn_blocking(work)
        .await
        // The work has panicked, or the server is about to end.
        .unwrap_or_else(|_| Err(Status::internal("the server failed to do this")))
}
// [/stub]
