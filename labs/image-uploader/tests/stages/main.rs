//! The image store's tests, one module a stage. They start the program and speak gRPC to it, or
//! run it as the client of a scripted server; they look into the folder in which it keeps its
//! images, and never see its source.

mod stage_1_store;
mod stage_2_empty;
mod stage_3_order;
mod stage_4_quota;
mod stage_5_cancel;
mod stage_6_commit;
mod stage_7_durable;
mod stage_8_many;
mod stage_9_client;

use std::path::PathBuf;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use proto::image::v1::image_service_client::ImageServiceClient;
use proto::image::v1::inspect_service_client::InspectServiceClient;
use proto::image::v1::upload_request::Part;
use proto::image::v1::{
    Begin, Chunk, Commit, CountWritesRequest, CountWritesResponse, FailWritesRequest,
    GetImageInfoRequest, HoldSyncsRequest, PullThePlugRequest, UploadRequest,
};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use testkit::{DEADLINE, Lab, Outcome, Server, eventually, expect_eq, fail};
use tonic::transport::Channel;

const PROGRAM: Lab = testkit::program!();

const INSPECT: &str =
    "InspectService is given. It answers unless the server has ended, or its threads are blocked.";

const KEPT: &str = "An upload that does not end with OK changes nothing: the older image of that \
                    name is there as it was.";

const WRITTEN: &str = "A chunk is written when it comes.";

/// An image store that is running, its folder, and one connection to it.
struct Store {
    /// Removed at the end, so that comes first: a server ends before its folder does.
    server: Server,
    stub: ImageServiceClient<Channel>,
    inspect: InspectServiceClient<Channel>,
    arguments: Vec<String>,
    folder: TempDir,
}

impl Store {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more arguments than it needs.
    async fn start_with(arguments: &[&str]) -> Self {
        let folder = match tempfile::tempdir() {
            Ok(folder) => folder,
            Err(error) => fail(format!("cannot make a temporary folder: {error}")),
        };
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Self::start_in(folder, arguments).await
    }

    async fn start_in(folder: TempDir, arguments: Vec<String>) -> Self {
        // Not the temporary folder itself: what is written outside the store can then be seen.
        let store = folder.path().join("store");
        let Some(path) = store.to_str() else {
            fail(format!("{} is not UTF-8", store.display()))
        };
        let mut all = vec!["--store", path];
        all.extend(arguments.iter().map(String::as_str));
        let server = Server::start_with(PROGRAM, &all).await;
        let channel = server.channel();
        Self {
            server,
            stub: ImageServiceClient::new(channel.clone()),
            inspect: InspectServiceClient::new(channel),
            arguments,
            folder,
        }
    }

    /// Ends the server as `kill -9` does, and starts another one on the same folder.
    async fn restart(mut self) -> Self {
        self.server.program.kill();
        Self::start_in(self.folder, self.arguments).await
    }

    /// The same server, over a new connection.
    fn reconnect(&mut self) {
        let channel = self.server.channel();
        self.stub = ImageServiceClient::new(channel.clone());
        self.inspect = InspectServiceClient::new(channel);
    }

    /// Uploads what these parts make. The text says what is special about them.
    async fn upload(&self, what: &str, parts: Vec<UploadRequest>) -> Outcome<Image> {
        self.send(what, stream::iter(parts)).await
    }

    /// As `upload`, with parts that come one after another.
    async fn send(
        &self,
        what: &str,
        parts: impl Stream<Item = UploadRequest> + Send + 'static,
    ) -> Outcome<Image> {
        self.send_within(DEADLINE, what, parts).await
    }

    /// As `upload`, where there can be no answer yet. It outlasts every other wait, so that a
    /// failure tells of that one.
    async fn rest(
        &self,
        what: &str,
        parts: impl Stream<Item = UploadRequest> + Send + 'static,
    ) -> Outcome<Image> {
        self.send_within(DEADLINE * 4, what, parts).await
    }

    async fn send_within(
        &self,
        patience: Duration,
        what: &str,
        parts: impl Stream<Item = UploadRequest> + Send + 'static,
    ) -> Outcome<Image> {
        let mut stub = self.stub.clone();
        self.server
            .call_within(patience, format!("Upload({what})"), parts, async |it| {
                let stored = stub.upload(it).await?;
                Ok(stored.map(|it| Image::new(it.size, it.sha256)))
            })
            .await
    }

    /// Uploads a whole image in one chunk, as it should be done.
    async fn store(&self, name: &str, content: &[u8]) {
        let stored = self
            .upload(
                &format!("{name}, {} bytes", content.len()),
                whole(name, content),
            )
            .await;
        stored.is(
            image(content),
            "The image was sent whole, and committed with its SHA-256.",
        );
    }

    async fn info(&self, name: &str) -> Outcome<Image> {
        let mut stub = self.stub.clone();
        let request = GetImageInfoRequest {
            name: name.to_owned(),
        };
        self.server
            .call(format!("GetImageInfo({name:?})"), request, async |it| {
                let info = stub.get_image_info(it).await?;
                Ok(info.map(|it| Image::new(it.size, it.sha256)))
            })
            .await
    }

    /// Expects that this and nothing else is stored under the name.
    async fn has(&self, name: &str, content: &[u8], because: &str) {
        self.info(name).await.is(image(content), because);
    }

    /// What is in the store's folder.
    fn files(&self) -> Vec<String> {
        let mut names = list(self.folder.path().join("store"));
        names.sort();
        names
    }

    /// Waits until there is no temporary file any more, then expects exactly these images.
    async fn holds_only(&self, after: &str, images: &[&str], because: &str) {
        eventually(
            &format!("the store's folder, after {after}"),
            "no temporary file",
            because,
            async || self.files(),
            |files| !files.iter().any(|file| file.starts_with('.')),
        )
        .await;
        expect_eq(
            &format!("the images, after {after}"),
            self.files(),
            images.iter().map(ToString::to_string).collect(),
            because,
        );
    }

    async fn counts(&self) -> CountWritesResponse {
        let mut inspect = self.inspect.clone();
        let counted = self
            .server
            .call("CountWrites()", CountWritesRequest {}, async |it| {
                inspect.count_writes(it).await
            })
            .await;
        counted.is_ok(INSPECT)
    }

    /// Waits until the server has written so many bytes.
    async fn has_written(&self, bytes: u64, because: &str) {
        eventually(
            &format!("{bytes} bytes of chunks, sent to the server so far"),
            &format!("{bytes} bytes on the disk"),
            because,
            async || self.counts().await,
            |counts| counts.bytes >= bytes,
        )
        .await;
    }

    async fn fail_writes(&self, fail: bool) {
        let mut inspect = self.inspect.clone();
        let request = FailWritesRequest { fail };
        let failing = self
            .server
            .call(format!("FailWrites({fail})"), request, async |it| {
                inspect.fail_writes(it).await
            })
            .await;
        failing.is_ok(INSPECT);
    }

    async fn hold_syncs(&self, hold: bool) {
        let mut inspect = self.inspect.clone();
        let request = HoldSyncsRequest { hold };
        let held = self
            .server
            .call(format!("HoldSyncs({hold})"), request, async |it| {
                inspect.hold_syncs(it).await
            })
            .await;
        held.is_ok(INSPECT);
    }

    /// Waits until so many uploads wait for their sync.
    async fn has_held(&self, syncs: u64, because: &str) {
        eventually(
            &format!("HoldSyncs(true), then {syncs} × Upload"),
            &format!("held_syncs = {syncs}"),
            because,
            async || self.counts().await,
            |counts| counts.held_syncs == syncs,
        )
        .await;
    }

    /// Leaves what a power failure may leave, and starts the server again.
    async fn lose_power(self) -> Self {
        let mut inspect = self.inspect.clone();
        let pulled = self
            .server
            .call("PullThePlug()", PullThePlugRequest {}, async |it| {
                inspect.pull_the_plug(it).await
            })
            .await;
        pulled.is_ok(INSPECT);
        self.restart().await
    }
}

fn list(folder: PathBuf) -> Vec<String> {
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) => fail(format!("cannot list {}: {error}", folder.display())),
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn begin(name: &str, size: u64) -> UploadRequest {
    part(Part::Begin(Begin {
        name: name.to_owned(),
        size,
    }))
}

fn chunk(offset: u64, data: &[u8]) -> UploadRequest {
    part(Part::Chunk(Chunk {
        offset,
        data: data.to_vec(),
    }))
}

/// Says that this is the whole content.
fn commit(content: &[u8]) -> UploadRequest {
    part(Part::Commit(Commit {
        sha256: Sha256::digest(content).to_vec(),
    }))
}

fn part(part: Part) -> UploadRequest {
    UploadRequest { part: Some(part) }
}

/// An image in one chunk, if it has content.
fn whole(name: &str, content: &[u8]) -> Vec<UploadRequest> {
    let mut parts = vec![begin(name, content.len() as u64)];
    if !content.is_empty() {
        parts.push(chunk(0, content));
    }
    parts.push(commit(content));
    parts
}

/// What the server answers about an image.
#[derive(PartialEq)]
struct Image {
    size: u64,
    sha256: Vec<u8>,
}

impl Image {
    fn new(size: u64, sha256: Vec<u8>) -> Self {
        Self { size, sha256 }
    }
}

/// The image that has this content.
fn image(content: &[u8]) -> Image {
    Image::new(content.len() as u64, Sha256::digest(content).to_vec())
}

/// For people: nobody reads more than the beginning of a digest.
impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "size = {}, sha256 = ", self.size)?;
        for byte in self.sha256.iter().take(6) {
            write!(f, "{byte:02x}")?;
        }
        match self.sha256.len() {
            32 => f.write_str("…"),
            length => write!(f, "…, which has {length} bytes and not 32"),
        }
    }
}

/// These parts, and then nothing: the sender neither goes on nor ends the stream.
fn unfinished(parts: Vec<UploadRequest>) -> impl Stream<Item = UploadRequest> + Send + 'static {
    stream::iter(parts).chain(stream::pending())
}
