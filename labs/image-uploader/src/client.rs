//! What the client sends. This file is yours: stage 9. `info` is given, as an example of a call.

use std::fs::File;
use std::time::{Duration, Instant};

use proto::image::v1::GetImageInfoRequest;
use proto::image::v1::image_service_client::ImageServiceClient;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request, Response, Status};

use crate::arguments::{Info, Put};
use crate::disk::Image;
use crate::failure::Failure;
use crate::progress::Progress;

/// Uploads a file, and answers what the server has stored.
pub async fn put(put: &Put) -> Result<Image, Failure> {
    let file = File::open(&put.file).map_err(|error| Failure::file(&put.file, error))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut progress = Progress::new(size, put.progress);
    progress.sent(0);
    todo!(
        "stage 9: send {size} bytes to {} as {:?}, within {:?}",
        put.server,
        put.name,
        put.timeout
    )
}

/// Asks what is stored under a name.
pub async fn info(info: &Info) -> Result<Image, Failure> {
    let name = info.name.clone();
    let mut stub = stub(&info.server);
    let call = stub.get_image_info(request(GetImageInfoRequest { name }, info.timeout));
    let stored = answer(&info.server, info.timeout, call).await?;
    image(&info.server, stored.size, &stored.sha256)
}

/// A stub whose channel connects at its first call, so there is one place where connecting fails.
fn stub(server: &Uri) -> ImageServiceClient<Channel> {
    ImageServiceClient::new(Endpoint::from(server.clone()).connect_lazy())
}

/// A request that tells the server how long its answer is of use.
fn request<T>(message: T, timeout: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(timeout);
    request
}

/// Waits for what becomes of a call, but no longer than this.
async fn answer<T>(
    server: &Uri,
    timeout: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, Failure> {
    let deadline = Instant::now() + timeout;
    match tokio::time::timeout_at(deadline.into(), call).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        // Whatever code a call ends with when its time is up: tonic's own is CANCELLED.
        Ok(Err(status)) if Instant::now() < deadline => Err(Failure::call(server, &status)),
        Ok(Err(_)) | Err(_) => Err(Failure::deadline(server, timeout)),
    }
}

/// What a server says that it has stored.
fn image(server: &Uri, size: u64, sha256: &[u8]) -> Result<Image, Failure> {
    match sha256.try_into() {
        Ok(sha256) => Ok(Image { size, sha256 }),
        Err(_) => Err(Failure::status(
            Code::DataLoss,
            &format!("{server} answered a SHA-256 of {} bytes", sha256.len()),
        )),
    }
}
