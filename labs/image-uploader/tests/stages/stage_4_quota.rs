use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{self, Stream, StreamExt as _};
use proto::image::v1::UploadRequest;
use testkit::expect_at_most;
use tonic::Code;

use crate::{Store, begin, chunk, unfinished};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// How much content a sender has ready.
const OFFERED: u64 = 24 * MIB;
/// How much of it may be taken from the sender before it learns that it need not go on.
///
/// Flow control lets a sender be ahead of its reader by one window: 1 MiB for a stream of tonic's
/// server, 64 KiB to begin with for others. As much again may wait in the sender's own buffers, and
/// a machine may be slow to tell.
const TAKEN: u64 = 6 * MIB;

const STOP: &str = "The server answers at once and reads no further, so flow control holds the \
                    sender back until the status stops it.";

/// Chunks of 64 KiB from this offset on, and how many bytes of them were taken.
fn offered(
    from: u64,
) -> (
    impl Stream<Item = UploadRequest> + Send + 'static,
    Arc<AtomicU64>,
) {
    let taken = Arc::new(AtomicU64::new(0));
    let chunks = stream::iter((from..from + OFFERED).step_by(64 << 10)).map({
        let taken = Arc::clone(&taken);
        move |offset| {
            taken.fetch_add(64 * KIB, Ordering::Relaxed);
            chunk(offset, &[0; 64 << 10])
        }
    });
    (chunks, taken)
}

#[tokio::test]
async fn an_image_over_the_quota_is_refused_by_its_begin() {
    let store = Store::start_with(&["--quota", "1MiB"]).await;
    // The sender says nothing more and does not end the stream.
    let begun = unfinished(vec![begin("photo", MIB + 1)]);
    let stored = store
        .send("1 MiB and one byte, of which nothing is sent yet", begun)
        .await;
    stored.is_error(
        Code::ResourceExhausted,
        "Begin has said that the image is too large. There is nothing to wait for.",
    );
}

#[tokio::test]
async fn an_image_as_large_as_the_quota_is_taken() {
    let store = Store::start_with(&["--quota", "64KiB"]).await;
    store.store("photo", &[9; 64 << 10]).await;
}

#[tokio::test]
async fn the_sender_stops_when_it_is_refused() {
    let store = Store::start_with(&["--quota", "1MiB"]).await;
    let (chunks, taken) = offered(0);
    let parts = stream::iter([begin("photo", OFFERED)]).chain(chunks);
    let stored = store.send("24 MiB, where 1 MiB is allowed", parts).await;
    stored.is_error(Code::ResourceExhausted, STOP);
    expect_at_most(
        "bytes that were taken from the sender of 24 MiB, where 1 MiB is allowed",
        taken.load(Ordering::Relaxed),
        TAKEN,
        STOP,
    );
}

#[tokio::test]
async fn the_sender_stops_when_it_is_refused_half_way() {
    let store = Store::start().await;
    let (chunks, taken) = offered(5);
    // The second chunk is not where it should be.
    let parts = stream::iter([begin("photo", OFFERED), chunk(0, b"abc")]).chain(chunks);
    let stored = store.send("3 bytes, then 24 MiB after a gap", parts).await;
    stored.is_error(Code::InvalidArgument, STOP);
    expect_at_most(
        "bytes that were taken from the sender of 24 MiB after a gap",
        taken.load(Ordering::Relaxed),
        TAKEN,
        STOP,
    );
}

#[tokio::test]
async fn a_small_size_does_not_open_the_door_to_a_large_image() {
    let store = Store::start_with(&["--quota", "1MiB"]).await;
    let (chunks, taken) = offered(3);
    // Three bytes were announced.
    let parts = stream::iter([begin("photo", 3), chunk(0, b"abc")]).chain(chunks);
    let stored = store.send("3 bytes of 3, then 24 MiB more", parts).await;
    stored.is_error(Code::InvalidArgument, STOP);
    expect_at_most(
        "bytes that were taken from the sender of 24 MiB more than it announced",
        taken.load(Ordering::Relaxed),
        TAKEN,
        "The quota is compared with the size that begin announces, so that size must bind: the \
         first byte too many ends the upload, or the disk fills up.",
    );
}

#[tokio::test]
async fn a_refusal_costs_the_connection_nothing() {
    let store = Store::start_with(&["--quota", "1MiB"]).await;
    // More than the windows of the connection would hold, if what is refused stayed in them.
    for _ in 0..8 {
        let (chunks, _) = offered(0);
        let parts = stream::iter([begin("photo", OFFERED)]).chain(chunks);
        let stored = store.send("24 MiB, where 1 MiB is allowed", parts).await;
        stored.is_error(Code::ResourceExhausted, STOP);
    }
    store.store("photo", &[1; 128 << 10]).await;
    testkit::expect_eq(
        "connections used for nine uploads",
        store.server.proxy.connections(),
        1,
        "A call that is refused ends; the connection that carried it goes on.",
    );
}
