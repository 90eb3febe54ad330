//! What the client sends. This file is yours: stage 9. `info` is given, as an example of a call.

// [stub] use std::fs::File;
use std::fs::{self, File};
use std::io::{self, Read as _};
// [/stub]
use std::time::{Duration, Instant};

use proto::image::v1::GetImageInfoRequest;
use proto::image::v1::image_service_client::ImageServiceClient;
// [stub]
use proto::image::v1::upload_request::Part;
use proto::image::v1::{Begin, Chunk, Commit, UploadRequest};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
// [/stub]
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request, Response, Status};

use crate::arguments::{Info, Put};
use crate::disk::Image;
use crate::failure::Failure;
use crate::progress::Progress;
// [stub]

/// A piece of the file, in bytes.
const CHUNK: usize = 64 * 1024;
/// How many pieces may be read that the connection has not taken yet.
const AHEAD: usize = 4;
// [/stub]

/// Uploads a file, and answers what the server has stored.
pub async fn put(put: &Put) -> Result<Image, Failure> {
    // [stub] let file = File::open(&put.file).map_err(|error| Failure::file(&put.file, error))?;
    // [stub] let size = file.metadata().map_or(0, |metadata| metadata.len());
    // [stub] let mut progress = Progress::new(size, put.progress);
    // [stub] progress.sent(0);
    // [stub] todo!(
    // [stub]     "stage 9: send {size} bytes to {} as {:?}, within {:?}",
    // [stub]     put.server,
    // [stub]     put.name,
    // [stub]     put.timeout
    // [stub] )
    let (file, size) = open(put).map_err(|error| Failure::file(&put.file, error))?;
    let begin = Begin {
        name: put.name.clone(),
        size,
    };
    let mut progress = Progress::new(size, put.progress);

    // Reading blocks, so it has a thread of its own, which waits where the channel is full.
    let (parts, stream) = mpsc::channel(AHEAD);
    let (position, mut positions) = watch::channel(0);
    let sending = tokio::task::spawn_blocking({
        let parts = parts.clone();
        move || send(begin, file, &parts, &position)
    });
    // The stream ends when the last sender goes. This one goes when all is sent; after an error it
    // outlives the call, which is reset and does not end as if it were complete.
    let mut unfinished = Some(parts);
    let sent = async {
        let sent = sending.await;
        if let Ok(Ok(_)) = sent {
            drop(unfinished.take());
        }
        match sent {
            Ok(Ok(sha256)) => Ok(Some(sha256)),
            Ok(Err(Unsent::File(error))) => Err(Failure::file(&put.file, error)),
            // Most likely the server has refused it, and has said so.
            Ok(Err(Unsent::CallEnded)) => Ok(None),
            Err(panic) => Err(Failure::file(&put.file, panic)),
        }
    };

    let mut stub = stub(&put.server);
    let upload = stub.upload(request(ReceiverStream::new(stream), put.timeout));
    let stored = answer(&put.server, put.timeout, upload);
    let shown = async {
        while positions.changed().await.is_ok() {
            progress.sent(*positions.borrow_and_update());
        }
        Ok(())
    };
    // The first error ends all of them.
    let (stored, sent, ()) = tokio::try_join!(stored, sent, shown)?;
    let stored = image(&put.server, stored.size, &stored.sha256)?;
    if Some(stored.sha256) == sent && stored.size == size {
        Ok(stored)
    } else {
        Err(Failure::status(
            Code::DataLoss,
            &format!("{} has stored something else than was sent", put.server),
        ))
    }
    // [/stub]
}
// [stub]

/// Opens the file, and says how many bytes it has.
fn open(put: &Put) -> io::Result<(File, u64)> {
    // Before it is opened: opening a pipe waits for whoever writes to it.
    let kind = fs::metadata(&put.file)?.file_type();
    if kind.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    if !kind.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let file = File::open(&put.file)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// Why not all of a file was sent.
enum Unsent {
    File(io::Error),
    CallEnded,
}

impl From<io::Error> for Unsent {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// Sends begin, the file in chunks, and commit; gives the SHA-256 of what was sent.
///
/// There is a commit only if the file has, from beginning to end, the size that begin announced.
fn send(
    begin: Begin,
    mut file: File,
    parts: &mpsc::Sender<UploadRequest>,
    position: &watch::Sender<u64>,
) -> Result<[u8; 32], Unsent> {
    let send = |part| {
        parts
            .blocking_send(UploadRequest { part: Some(part) })
            .map_err(|_| Unsent::CallEnded)
    };
    let size = begin.size;
    send(Part::Begin(begin))?;

    let mut sha256 = Sha256::new();
    let mut offset = 0;
    while offset < size {
        let length = (size - offset).min(CHUNK as u64);
        let mut data = vec![0; length as usize];
        let read = fill(&mut file, &mut data)?;
        data.truncate(read);
        if data.is_empty() {
            return Err(Unsent::File(io::Error::other(format!(
                "it had {size} bytes when the upload began, and now {offset}"
            ))));
        }
        sha256.update(&data);
        let end = offset + data.len() as u64;
        send(Part::Chunk(Chunk { offset, data }))?;
        position.send_replace(end);
        offset = end;
    }
    if file.read(&mut [0])? != 0 {
        return Err(Unsent::File(io::Error::other(format!(
            "it had {size} bytes when the upload began, and now more"
        ))));
    }

    let sha256: [u8; 32] = sha256.finalize().into();
    send(Part::Commit(Commit {
        sha256: sha256.into(),
    }))?;
    Ok(sha256)
}

/// Reads until the buffer is full or the file ends; gives how much was read. (`read_to_end` asks
/// for a few KiB at a time.)
fn fill(file: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            length => filled += length,
        }
    }
    Ok(filled)
}
// [/stub]

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
