use proto::image::v1::upload_request::Part;
use proto::image::v1::{Commit, UploadRequest};
use tonic::Code;

use crate::{KEPT, Store, begin, chunk, commit, part};

const END: &str = "A sender that gives up ends its stream as well. Only commit says that everything \
                   was sent.";
const DIGEST: &str = "What arrived does not have the SHA-256 of what was sent, so it is something \
                      else.";
const LEFT: &str = "The upload was refused, so it must leave nothing behind, whatever the reason.";

/// Expects that the server refuses these parts, and that an older image of the name stays.
async fn refused(what: &str, parts: Vec<UploadRequest>, code: Code, because: &str) {
    let store = Store::start().await;
    store.store("photo", b"the older one").await;
    store.upload(what, parts).await.is_error(code, because);
    store.holds_only(what, &["photo"], LEFT).await;
    store.has("photo", b"the older one", KEPT).await;
}

#[tokio::test]
async fn the_end_of_the_stream_is_no_commit() {
    let parts = vec![begin("photo", 6), chunk(0, b"abc"), chunk(3, b"def")];
    refused("6 bytes of 6, no commit", parts, Code::InvalidArgument, END).await;
}

#[tokio::test]
async fn half_an_image_and_the_end_is_invalid_argument() {
    let store = Store::start().await;
    let stored = store
        .upload("begin of nothing, and the end", vec![begin("photo", 0)])
        .await;
    stored.is_error(Code::InvalidArgument, END);

    let parts = vec![begin("photo", 6), chunk(0, b"abc")];
    refused("3 bytes of 6, no commit", parts, Code::InvalidArgument, END).await;
    refused(
        "begin alone",
        vec![begin("photo", 6)],
        Code::InvalidArgument,
        END,
    )
    .await;
    refused(
        "begin of nothing",
        vec![begin("photo", 0)],
        Code::InvalidArgument,
        END,
    )
    .await;
}

#[tokio::test]
async fn another_digest_is_data_loss() {
    let parts = vec![begin("photo", 6), chunk(0, b"abcdef"), commit(b"abcdeF")];
    refused(
        "6 bytes, the SHA-256 of others",
        parts,
        Code::DataLoss,
        DIGEST,
    )
    .await;
    let parts = vec![
        begin("photo", 6),
        chunk(0, b"abc"),
        chunk(3, b"def"),
        commit(b"def"),
    ];
    refused(
        "6 bytes, the SHA-256 of the last 3",
        parts,
        Code::DataLoss,
        DIGEST,
    )
    .await;
    let parts = vec![begin("photo", 0), commit(b"a")];
    refused(
        "no bytes, the SHA-256 of one",
        parts,
        Code::DataLoss,
        DIGEST,
    )
    .await;
}

#[tokio::test]
async fn a_digest_of_another_length_is_invalid_argument() {
    let digest = match commit(b"abcdef").part {
        Some(Part::Commit(Commit { sha256 })) => sha256,
        _ => Vec::new(),
    };
    for (what, sha256) in [
        ("a SHA-256 of no bytes", Vec::new()),
        ("a SHA-256 of 31 bytes", digest[..31].to_vec()),
        ("a SHA-256 of 33 bytes", [&digest[..], &[0]].concat()),
    ] {
        let commit = part(Part::Commit(Commit { sha256 }));
        let parts = vec![begin("photo", 6), chunk(0, b"abcdef"), commit];
        let because = "A SHA-256 has 32 bytes. This is a mistake in the request, not on the way.";
        refused(what, parts, Code::InvalidArgument, because).await;
    }
}

#[tokio::test]
async fn a_refusal_half_way_leaves_nothing_behind() {
    let because = "There are bytes missing between the two chunks.";
    let parts = vec![
        begin("photo", 6),
        chunk(0, b"abc"),
        chunk(4, b"ef"),
        commit(b"abcdef"),
    ];
    refused("a gap", parts, Code::InvalidArgument, because).await;
}
