use std::sync::Arc;

use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use testkit::{eventually, expect_at_most};
use tokio::sync::watch;

use crate::{Store, WRITTEN, begin, chunk, commit, image, unfinished, whole};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

const UPLOADS: usize = 64;
const IMAGE: usize = MIB;
const CHUNK: usize = 64 * KIB;

/// By how much the server's memory may grow while 64 MiB are uploaded to it.
///
/// What the server has received and not yet read is bounded by the windows: 1 MiB for all streams
/// of a connection of tonic's server. What it has read is a chunk for each upload, as it arrives
/// and once more as a message: 64 × 2 × 64 KiB = 8 MiB. A server with a thread for each upload
/// touches some of 64 stacks, and one with a garbage collector has as much again in garbage.
const GROWTH: u64 = 32 * MIB as u64;

const BOUNDED: &str = "An upload needs memory for a chunk, not for an image: write each chunk as \
                       it comes, and keep none.";
const ALONE: &str = "Uploads have nothing to do with one another, so none waits for another.";

/// `None` where the system does not tell: then nothing is proved here, and the test still proves
/// the rest.
fn memory(store: &Store) -> Option<u64> {
    store.server.program.resident_memory().ok()
}

fn expect_little_growth(store: &Store, before: Option<u64>, bound: u64) {
    if let (Some(before), Some(now)) = (before, memory(store)) {
        let growth = now.saturating_sub(before);
        expect_at_most(
            "by how much the server's memory grew",
            growth,
            bound,
            BOUNDED,
        );
    }
}

#[tokio::test]
async fn sixty_four_uploads_at_once_in_bounded_memory() {
    let store = &Store::start().await;
    // Whatever the first call allocates, it has.
    let already = store.counts().await.bytes;
    let before = memory(store);

    // Every image is another piece of these bytes.
    let bytes: Arc<[u8]> = (0..IMAGE + UPLOADS).map(|at| (at % 251) as u8).collect();
    let (go_on, told) = watch::channel(false);
    let mut uploads = (0..UPLOADS)
        .map(|at| {
            let (bytes, mut told) = (Arc::clone(&bytes), told.clone());
            let chunks = (0..IMAGE).step_by(CHUNK).map({
                let bytes = Arc::clone(&bytes);
                move |offset| chunk(offset as u64, &bytes[at + offset..][..CHUNK])
            });
            let name = format!("photo-{at}");
            let parts = stream::iter([begin(&name, IMAGE as u64)])
                .chain(stream::iter(chunks))
                .chain(stream::once(async move {
                    // The sender lives as long as the test.
                    let _ = told.wait_for(|told| *told).await;
                    commit(&bytes[at..][..IMAGE])
                }));
            let call = format!("{name}, 1 MiB, one of 64 uploads at once");
            async move { (at, store.rest(&call, parts).await) }
        })
        .collect::<FuturesUnordered<_>>();

    let all = already + (UPLOADS * IMAGE) as u64;
    let written = async {
        // Step by step, so that a busy machine has its time for each.
        for quarter in 1..=4 {
            eventually(
                "64 uploads at once, of which all but commit is sent",
                "all of it on the disk",
                BOUNDED,
                async || {
                    expect_little_growth(store, before, GROWTH);
                    store.counts().await
                },
                |counts| counts.bytes - already >= (all - already) / 4 * quarter,
            )
            .await;
        }
    };
    tokio::select! {
        Some((_, stored)) = uploads.next() => stored.is_too_early("No commit was sent."),
        () = written => {}
    }
    go_on.send_replace(true);
    while let Some((at, stored)) = uploads.next().await {
        stored.is(
            image(&bytes[at..][..IMAGE]),
            "Each upload has its own count, its own digest and its own file.",
        );
    }
    expect_little_growth(store, before, GROWTH);
}

#[tokio::test]
async fn a_size_is_only_a_number() {
    const PEBIBYTE: u64 = 1 << 50;
    let store = Store::start_with(&["--quota", "2PiB"]).await;
    store.store("first", &[0; CHUNK]).await;
    let already = store.counts().await.bytes;
    let before = memory(&store);
    let parts = vec![begin("photo", PEBIBYTE), chunk(0, &[0; CHUNK])];
    tokio::select! {
        stored = store.rest("64 KiB of a pebibyte", unfinished(parts)) => {
            stored.is_too_early("Nothing is wrong so far, and nothing is complete.");
        }
        () = store.has_written(already + CHUNK as u64, WRITTEN) => {}
    }
    expect_little_growth(&store, before, GROWTH / 2);
    let because = "Anybody can send a large number. Nothing may be reserved because of it.";
    store
        .holds_only("a pebibyte that did not come", &["first"], because)
        .await;
}

#[tokio::test]
async fn an_upload_that_rests_delays_nobody() {
    let store = &Store::start().await;
    let parts = vec![begin("resting", 6), chunk(0, b"abc")];
    let others = async {
        store.has_written(3, ALONE).await;
        for at in 0..3 {
            let name = format!("photo-{at}");
            let stored = store
                .upload(
                    &format!("{name}, while another upload rests"),
                    whole(&name, b"abcdef"),
                )
                .await;
            stored.is(image(b"abcdef"), ALONE);
        }
    };
    tokio::select! {
        stored = store.rest("3 bytes of 6", unfinished(parts)) => stored.is_too_early("Neither commit nor the end of the stream has come."),
        () = others => {}
    }
}

#[tokio::test]
async fn of_two_uploads_of_one_name_the_last_to_commit_stays() {
    let store = &Store::start().await;
    let (go_on, told) = watch::channel(0);
    let upload = |content: &'static [u8], turn| {
        let mut told = told.clone();
        let parts = stream::iter([begin("photo", 6), chunk(0, &content[..3])])
            .chain(stream::once(async move {
                // The sender lives as long as the test.
                let _ = told.wait_for(|told| *told >= turn).await;
                chunk(3, &content[3..])
            }))
            .chain(stream::iter([commit(content)]));
        async move {
            let stored = store.rest("photo, one of two at once", parts).await;
            stored.is(image(content), ALONE);
        }
    };
    let one_after_another = async {
        // Both are half-way at the same time.
        store.has_written(6, ALONE).await;
        go_on.send_replace(1);
        store.has_written(9, ALONE).await;
    };
    let first = async {
        upload(b"abcdef", 1).await;
        store
            .has(
                "photo",
                b"abcdef",
                "The first of the two has been committed.",
            )
            .await;
        go_on.send_replace(2);
    };
    tokio::join!(first, upload(b"ABCDEF", 2), one_after_another);
    let because = "The image that was committed last is there, whole: no piece of the other.";
    store
        .holds_only("two uploads of one name", &["photo"], because)
        .await;
    store.has("photo", b"ABCDEF", because).await;
}
