use tonic::Code;

use crate::{Store, begin, chunk, commit, image};

const NIGHT: &[u8] = b"Night, and a lamp in a window.";

#[tokio::test]
async fn stores_an_image() {
    let store = Store::start().await;
    let parts = vec![
        begin("night.txt", 30),
        chunk(0, &NIGHT[..12]),
        chunk(12, &NIGHT[12..]),
        commit(NIGHT),
    ];
    let stored = store
        .upload("night.txt, 30 bytes in two chunks", parts)
        .await;
    stored.is(
        image(NIGHT),
        "The reply says what was stored: its size in bytes, and its SHA-256.",
    );
}

#[tokio::test]
async fn says_what_is_stored() {
    let store = Store::start().await;
    store.store("night.txt", NIGHT).await;
    store
        .has(
            "night.txt",
            NIGHT,
            "This is what was stored under that name.",
        )
        .await;
}

#[tokio::test]
async fn what_was_never_stored_is_not_found() {
    let store = Store::start().await;
    store.store("night.txt", NIGHT).await;
    let info = store.info("day.txt").await;
    info.is_error(Code::NotFound, "Nothing was stored under that name.");
}

#[tokio::test]
async fn puts_chunks_of_any_size_together() {
    let store = Store::start().await;
    let content = (0..2_000_000_u32)
        .map(|at| (at % 251) as u8)
        .collect::<Vec<_>>();
    let mut parts = vec![begin("stripes", content.len() as u64)];
    let mut offset = 0;
    // The largest that the contract allows, the smallest, and what is left.
    for length in [1, 1 << 20, 65_536, 3, 1 << 20] {
        let end = content.len().min(offset + length);
        parts.push(chunk(offset as u64, &content[offset..end]));
        offset = end;
    }
    assert_eq!(offset, content.len(), "the chunks are the content");
    parts.push(commit(&content));
    let stored = store.upload("stripes, 2 MB in five chunks", parts).await;
    stored.is(
        image(&content),
        "A chunk has from one byte to a mebibyte, and its size is the sender's choice.",
    );
    let because = "The content is the chunks, one after another.";
    store.has("stripes", &content, because).await;
}

#[tokio::test]
async fn a_newer_image_takes_the_place_of_an_older_one() {
    let store = Store::start().await;
    store.store("sky", b"a long evening").await;
    store.store("sky", b"morning").await;
    let because = "The last image that was stored under a name is the one that it has.";
    store.has("sky", b"morning", because).await;
}

#[tokio::test]
async fn images_are_files_and_survive_a_restart() {
    let store = Store::start().await;
    store.store("night.txt", NIGHT).await;
    store.store("day.txt", b"Day.").await;
    let store = store.restart().await;
    let because = "An image is a file in the store's folder, and the server was only away.";
    store.has("night.txt", NIGHT, because).await;
    store.has("day.txt", b"Day.", because).await;
}
