//! `image-uploader`: megabytes a second, from the first byte to the commit's reply. The content is
//! hashed on both sides and synced to disk, as in the lab.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use proto::image::v1::image_service_client::ImageServiceClient;
use proto::image::v1::upload_request::Part;
use proto::image::v1::{Begin, Chunk, Commit, UploadRequest};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::programs::{RUST, Server, run};

const SIZE: usize = 64 << 20;
const CHUNK: usize = 64 << 10;
/// At once, each on a connection of its own.
const UPLOADS: usize = 4;

const QUOTA: [&str; 2] = ["--quota", "1GiB"];

/// Several uploads at once to this language's server.
pub async fn server(language: &str) -> Result<f64> {
    let store = store()?;
    let server = start(language, store.path()).await?;
    let mut connections = Vec::new();
    for _ in 0..UPLOADS {
        connections.push(server.connect().await?);
    }

    let began = Instant::now();
    let mut uploads = JoinSet::new();
    for (number, connection) in connections.into_iter().enumerate() {
        uploads.spawn(upload(connection, format!("image-{number}")));
    }
    while let Some(uploaded) = uploads.join_next().await {
        uploaded??;
    }
    Ok(megabytes(UPLOADS * SIZE) / began.elapsed().as_secs_f64())
}

/// One upload by this language's client.
pub async fn client(language: &str) -> Result<f64> {
    let store = store()?;
    let folder = store.path().join("store");
    let file = store.path().join("image");
    fs::write(&file, content(0, SIZE))?;
    let server = start(RUST, &folder).await?;
    let (file, url) = (file.to_string_lossy(), server.url());
    let took = run(
        language,
        "image-uploader",
        &["put", &file, "--server", &url],
        None,
    )
    .await?;
    Ok(megabytes(SIZE) / took.as_secs_f64())
}

/// Below target/, which lies on a disk where /tmp may not.
fn store() -> Result<tempfile::TempDir> {
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
    fs::create_dir_all(target)?;
    Ok(tempfile::tempdir_in(target)?)
}

async fn start(language: &str, store: &Path) -> Result<Server> {
    let store = store.to_string_lossy();
    let mut options = vec!["--store", &store];
    options.extend(QUOTA);
    Server::start(language, "image-uploader", &options).await
}

async fn upload(connection: Channel, name: String) -> Result<()> {
    let (parts, requests) = tokio::sync::mpsc::channel(4);
    let sending = tokio::spawn(async move {
        let send = async |part| {
            let part = Some(part);
            // A server that refuses says why in its reply.
            parts.send(UploadRequest { part }).await.is_ok()
        };
        let size = SIZE as u64;
        let mut sent = send(Part::Begin(Begin { name, size })).await;
        let mut hash = Sha256::new();
        for offset in (0..SIZE).step_by(CHUNK) {
            let data = content(offset, CHUNK);
            hash.update(&data);
            let offset = offset as u64;
            sent = sent && send(Part::Chunk(Chunk { offset, data })).await;
        }
        let sha256 = hash.finalize().to_vec();
        sent && send(Part::Commit(Commit { sha256 })).await
    });
    let requests = tokio_stream::wrappers::ReceiverStream::new(requests);
    let reply = ImageServiceClient::new(connection).upload(requests).await?;
    ensure!(
        sending.await?,
        "the server replied before it had everything"
    );
    ensure!(reply.into_inner().size == SIZE as u64, "another size");
    Ok(())
}

/// Bytes that are cheap to make and no run of one value.
fn content(offset: usize, length: usize) -> Vec<u8> {
    let mut state = offset as u32 | 1;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        // xorshift: https://www.jstatsoft.org/article/view/v008i14
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
