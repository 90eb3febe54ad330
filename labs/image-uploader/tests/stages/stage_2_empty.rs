use proto::image::v1::UploadRequest;
use tonic::Code;

use crate::{Store, begin, chunk, commit, image};

#[tokio::test]
async fn an_image_without_content_is_an_image() {
    let store = Store::start().await;
    let parts = vec![begin("nothing", 0), commit(b"")];
    let stored = store.upload("nothing, 0 bytes, no chunk", parts).await;
    let because = "Nothing has a SHA-256, too, and an image without content needs no chunk.";
    stored.is(image(b""), because);
    store.has("nothing", b"", because).await;
}

#[tokio::test]
async fn a_stream_without_messages_is_invalid_argument() {
    let store = Store::start().await;
    let stored = store.upload("no message at all", vec![]).await;
    stored.is_error(
        Code::InvalidArgument,
        "A stream may end before its first message. It is no upload, and no reason to panic.",
    );
}

#[tokio::test]
async fn a_message_without_a_part_is_invalid_argument() {
    let store = Store::start().await;
    let because = "A oneof may have none of its fields set: so a server sees a part that only a \
                   newer client knows.";
    let unset = UploadRequest { part: None };
    let stored = store
        .upload("a part that is not set", vec![unset.clone()])
        .await;
    stored.is_error(Code::InvalidArgument, because);

    let parts = vec![begin("photo", 2), chunk(0, b"ab"), unset, commit(b"ab")];
    let stored = store
        .upload("begin, chunk, a part that is not set, commit", parts)
        .await;
    stored.is_error(Code::InvalidArgument, because);
}

#[tokio::test]
async fn a_chunk_without_data_is_invalid_argument() {
    let store = Store::start().await;
    let because = "The contract says at least one byte. A stream of chunks without data would \
                   never end, and never be refused.";
    let parts = vec![begin("nothing", 0), chunk(0, b""), commit(b"")];
    let stored = store
        .upload("nothing, 0 bytes, a chunk without data", parts)
        .await;
    stored.is_error(Code::InvalidArgument, because);

    let parts = vec![
        begin("two", 2),
        chunk(0, b"ab"),
        chunk(2, b""),
        commit(b"ab"),
    ];
    let stored = store
        .upload("two, a chunk without data at its end", parts)
        .await;
    stored.is_error(Code::InvalidArgument, because);
}
