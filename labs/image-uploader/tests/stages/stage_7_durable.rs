use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use tonic::Code;

use crate::{KEPT, Store, WRITTEN, begin, chunk, commit, image, unfinished, whole};

const CUT: &str = "The connection broke, so there was no commit, and nobody is there to tell.";
const FULL: &str = "The server's disk is full: RESOURCE_EXHAUSTED, as for a quota. The caller may \
                    try again later, or elsewhere.";
const DURABLE: &str = "OK means that the image is stored for good: it was written, synced, and \
                       given its name before the reply.";
const ORDER: &str = "The power failed while the content was being synced. A name that was given \
                     before that names half a file, and the older image is gone.";
const BUSY: &str = "The disk keeps some uploads waiting. Whoever waits on a thread of the runtime \
                    keeps everybody waiting; spawn_blocking has threads that may wait.";
const HELD: &str = "The sync of the content is held, so nothing is durable and there is no reply.";

#[tokio::test]
async fn a_cut_connection_leaves_nothing_behind() {
    let mut store = Store::start().await;
    store.store("photo", b"the older one").await;
    for parts in [
        vec![begin("photo", 6), chunk(0, b"abc")],
        vec![begin("photo", 3), chunk(0, b"def")],
    ] {
        let already = store.counts().await.bytes;
        tokio::select! {
            stored = store.rest("3 bytes, then the connection is cut", unfinished(parts)) => {
                stored.is_too_early("No commit was sent, and the stream has not ended.");
            }
            () = store.has_written(already + 3, WRITTEN) => store.server.proxy.cut(),
        }
        store.reconnect();
        store
            .holds_only("a connection that was cut", &["photo"], CUT)
            .await;
    }
    store.has("photo", b"the older one", KEPT).await;
}

#[tokio::test]
async fn a_full_disk_is_resource_exhausted() {
    let store = Store::start().await;
    store.fail_writes(true).await;
    let stored = store
        .upload("FailWrites, then 6 bytes", whole("photo", b"abcdef"))
        .await;
    stored.is_error(Code::ResourceExhausted, FULL);
    store
        .holds_only("an upload to a full disk", &[], FULL)
        .await;
    store.fail_writes(false).await;
    store.store("photo", b"abcdef").await;
}

#[tokio::test]
async fn a_disk_that_fills_up_half_way_leaves_nothing_behind() {
    let store = Store::start().await;
    store.store("photo", b"the older one").await;
    let already = store.counts().await.bytes;
    let (go_on, told) = tokio::sync::oneshot::channel();
    let parts = stream::iter([begin("photo", 6), chunk(0, b"abc")])
        .chain(stream::once(async {
            // The sender lives as long as the test.
            let _ = told.await;
            chunk(3, b"def")
        }))
        .chain(stream::iter([commit(b"abcdef")]));
    let filling = async {
        store.has_written(already + 3, WRITTEN).await;
        store.fail_writes(true).await;
        let _ = go_on.send(());
    };
    let (stored, ()) = tokio::join!(store.send("3 bytes, FailWrites, 3 bytes", parts), filling);
    stored.is_error(Code::ResourceExhausted, FULL);
    store
        .holds_only("an upload that filled the disk", &["photo"], FULL)
        .await;
    store.has("photo", b"the older one", KEPT).await;
}

#[tokio::test]
async fn what_was_answered_with_ok_survives_a_power_failure() {
    let store = Store::start().await;
    store.store("photo", b"the older one").await;
    let content = vec![0x5a; 300_000];
    store.store("photo", &content).await;
    store.store("other", b"more").await;
    let store = store.lose_power().await;
    store.has("photo", &content, DURABLE).await;
    store.has("other", b"more", DURABLE).await;
}

#[tokio::test]
async fn a_name_is_given_after_the_content_is_safe() {
    let store = Store::start().await;
    store.store("photo", b"the older one").await;
    store.hold_syncs(true).await;
    tokio::select! {
        stored = store.rest("HoldSyncs, then 6 bytes", stream::iter(whole("photo", b"abcdef"))) => {
            stored.is_too_early(HELD);
        }
        () = store.has_held(1, DURABLE) => {}
    }
    let store = store.lose_power().await;
    store.has("photo", b"the older one", ORDER).await;
}

#[tokio::test]
async fn a_busy_disk_holds_up_nobody_else() {
    const UPLOADS: u64 = 4;
    let store = &Store::start().await;
    store.store("older", b"the older one").await;
    store.hold_syncs(true).await;

    let uploads = join_all((0..UPLOADS).map(|at| async move {
        let name = format!("photo-{at}");
        let call = format!("HoldSyncs, then {name}, 6 bytes");
        let parts = stream::iter(whole(&name, b"abcdef"));
        store.rest(&call, parts).await
    }));
    let others = async {
        store.has_held(UPLOADS, BUSY).await;
        store.has("older", b"the older one", BUSY).await;
        // An upload gets as far as its commit, which would have to wait.
        let parts = vec![
            begin("late", 6),
            chunk(0, b"abc"),
            chunk(4, b"ef"),
            commit(b""),
        ];
        let stored = store.upload("HoldSyncs, then a gap", parts).await;
        stored.is_error(Code::InvalidArgument, BUSY);
        store.hold_syncs(false).await;
    };
    let (uploads, ()) = tokio::join!(uploads, others);
    for stored in uploads {
        stored.is(
            image(b"abcdef"),
            "The disk has gone on, and so must the upload.",
        );
    }
}
