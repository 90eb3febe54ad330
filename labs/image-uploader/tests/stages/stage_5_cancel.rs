use proto::image::v1::UploadRequest;

use crate::{KEPT, Store, WRITTEN, begin, chunk, unfinished};

const GONE: &str = "The caller has cancelled. tonic shows that as the end of the stream, or drops \
                    the handler where it waits; either way there was no commit.";

const OPEN: &str = "Neither commit nor the end of the stream has come, so there is no reply yet.";

/// Sends these parts, waits until their bytes are on the disk, and cancels the call.
async fn cancelled(store: &Store, what: &str, parts: Vec<UploadRequest>, bytes: u64) {
    let already = store.counts().await.bytes;
    let call = format!("{what}, then cancelled");
    tokio::select! {
        stored = store.rest(&call, unfinished(parts)) => stored.is_too_early(OPEN),
        // When this branch ends, the other is dropped, and with it the call.
        () = store.has_written(already + bytes, WRITTEN) => {}
    }
}

#[tokio::test]
async fn half_an_image_is_not_stored() {
    let store = Store::start().await;
    let parts = vec![begin("photo", 6), chunk(0, b"abc")];
    cancelled(&store, "3 bytes of 6", parts, 3).await;
    store
        .holds_only("an upload that was cancelled half-way", &[], GONE)
        .await;
}

#[tokio::test]
async fn an_image_without_its_commit_is_not_stored() {
    let store = Store::start().await;
    let parts = vec![begin("photo", 6), chunk(0, b"abc"), chunk(3, b"def")];
    cancelled(&store, "6 bytes of 6, no commit", parts, 6).await;
    let after = "an upload that was cancelled when all but commit had been sent";
    store.holds_only(after, &[], GONE).await;
}

#[tokio::test]
async fn the_older_image_stays() {
    let store = Store::start().await;
    store.store("photo", b"the older one").await;
    let parts = vec![begin("photo", 6), chunk(0, b"abcdef")];
    cancelled(&store, "6 bytes of 6, no commit", parts, 6).await;
    store
        .holds_only("an upload that was cancelled", &["photo"], KEPT)
        .await;
    store.has("photo", b"the older one", KEPT).await;
}

#[tokio::test]
async fn nothing_is_left_of_twenty() {
    let store = Store::start().await;
    for round in 0..20 {
        let parts = vec![begin(&format!("photo-{round}"), 6), chunk(0, b"abc")];
        cancelled(&store, "3 bytes of 6", parts, 3).await;
    }
    store
        .holds_only("twenty uploads that were cancelled", &[], GONE)
        .await;
    store.store("photo", b"a whole one").await;
}
