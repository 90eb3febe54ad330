use proto::image::v1::UploadRequest;
use tonic::Code;

use crate::{Store, begin, chunk, commit, image, list};

/// Expects that the server refuses these parts, and stores nothing.
async fn refused(store: &Store, what: &str, parts: Vec<UploadRequest>, because: &str) {
    let stored = store.upload(what, parts).await;
    stored.is_error(Code::InvalidArgument, because);
    let info = store.info("photo").await;
    info.is_error(
        Code::NotFound,
        "The upload was refused, so nothing is stored under its name.",
    );
}

// In each of these the bytes add up to the size, and even have the right digest: only the offsets
// are wrong.

#[tokio::test]
async fn a_gap_is_invalid_argument() {
    let store = Store::start().await;
    let because = "A chunk begins where the last one ended; bytes are missing between the two.";
    let parts = vec![
        begin("photo", 4),
        chunk(0, b"ab"),
        chunk(3, b"cd"),
        commit(b"abcd"),
    ];
    refused(
        &store,
        "bytes from 0 to 1, then from 3 to 4",
        parts,
        because,
    )
    .await;

    let parts = vec![begin("photo", 2), chunk(1, b"ab"), commit(b"ab")];
    refused(&store, "bytes from 1 to 2", parts, because).await;

    let parts = vec![
        begin("photo", 4),
        chunk(0, b"ab"),
        chunk(u64::MAX, b"cd"),
        commit(b"abcd"),
    ];
    refused(
        &store,
        "bytes from 0 to 1, then from 2^64 - 1",
        parts,
        because,
    )
    .await;
}

#[tokio::test]
async fn an_overlap_is_invalid_argument() {
    let store = Store::start().await;
    let because = "A chunk begins where the last one ended; this one begins before that.";
    let parts = vec![
        begin("photo", 4),
        chunk(0, b"ab"),
        chunk(1, b"cd"),
        commit(b"abcd"),
    ];
    refused(
        &store,
        "bytes from 0 to 1, then from 1 to 2",
        parts,
        because,
    )
    .await;
}

#[tokio::test]
async fn a_repeat_is_invalid_argument() {
    let store = Store::start().await;
    let parts = vec![
        begin("photo", 4),
        chunk(0, b"ab"),
        chunk(0, b"ab"),
        commit(b"abab"),
    ];
    refused(
        &store,
        "bytes 0 to 1, twice",
        parts,
        "The same piece came twice. Appending it is wrong, and ignoring it hides a sender's mistake.",
    )
    .await;
}

#[tokio::test]
async fn more_bytes_than_announced_are_invalid_argument() {
    let store = Store::start().await;
    let because = "The chunks must add up to the size that begin announced: no more.";
    let parts = vec![begin("photo", 3), chunk(0, b"abcd"), commit(b"abcd")];
    refused(&store, "4 bytes of 3", parts, because).await;

    let parts = vec![
        begin("photo", 3),
        chunk(0, b"abc"),
        chunk(3, b"d"),
        commit(b"abcd"),
    ];
    refused(&store, "3 bytes of 3, then one more", parts, because).await;

    let parts = vec![begin("photo", 0), chunk(0, b"a"), commit(b"a")];
    refused(&store, "1 byte of 0", parts, because).await;
}

#[tokio::test]
async fn fewer_bytes_than_announced_are_invalid_argument() {
    let store = Store::start().await;
    let because = "The chunks must add up to the size that begin announced: no less.";
    let parts = vec![begin("photo", 4), chunk(0, b"abc"), commit(b"abc")];
    refused(&store, "3 bytes of 4", parts, because).await;

    let parts = vec![begin("photo", 4), commit(b"")];
    refused(&store, "no bytes of 4", parts, because).await;
}

#[tokio::test]
async fn a_chunk_of_more_than_a_mebibyte_is_invalid_argument() {
    let store = Store::start().await;
    let content = vec![7; (1 << 20) + 1];
    let parts = vec![
        begin("photo", content.len() as u64),
        chunk(0, &content),
        commit(&content),
    ];
    refused(
        &store,
        "a mebibyte and one byte, in one chunk",
        parts,
        "The contract bounds a chunk, because a server holds one for every upload under way.",
    )
    .await;
}

#[tokio::test]
async fn the_first_message_is_begin() {
    let store = Store::start().await;
    let because = "Before begin, nobody knows of which image this is a part.";
    let parts = vec![chunk(0, b"ab"), begin("photo", 2), commit(b"ab")];
    refused(&store, "a chunk before begin", parts, because).await;
    let parts = vec![commit(b""), begin("photo", 0)];
    refused(&store, "commit before begin", parts, because).await;
}

#[tokio::test]
async fn there_is_one_begin() {
    let store = Store::start().await;
    let because = "One call uploads one image.";
    let parts = vec![
        begin("photo", 2),
        begin("photo", 2),
        chunk(0, b"ab"),
        commit(b"ab"),
    ];
    refused(&store, "begin, twice", parts, because).await;
    let parts = vec![
        begin("photo", 2),
        chunk(0, b"ab"),
        begin("photo", 2),
        commit(b"ab"),
    ];
    refused(&store, "begin, chunk, begin", parts, because).await;
}

#[tokio::test]
async fn nothing_comes_after_commit() {
    let store = Store::start().await;
    let because =
        "Commit is the last message. Whoever sends more has not sent what it thinks it has.";
    let parts = vec![
        begin("photo", 2),
        chunk(0, b"ab"),
        commit(b"ab"),
        chunk(2, b"c"),
    ];
    refused(&store, "a chunk after commit", parts, because).await;
    let parts = vec![
        begin("photo", 2),
        chunk(0, b"ab"),
        commit(b"ab"),
        commit(b"ab"),
    ];
    refused(&store, "commit, twice", parts, because).await;
    let parts = vec![
        begin("photo", 0),
        commit(b""),
        begin("photo", 0),
        commit(b""),
    ];
    refused(&store, "two images in one call", parts, because).await;
}

#[tokio::test]
async fn a_name_leads_nowhere_else() {
    let store = Store::start().await;
    let outside = store.folder.path().join("outside");
    let absolute = outside.to_string_lossy().into_owned();
    let because = "A name becomes part of a path, and its sender chose it. The contract says which \
                   names there are.";
    let names = [
        "../outside",
        "a/../../outside",
        "./outside",
        &absolute,
        "a/b",
        "..",
        ".",
    ];
    for name in names {
        let parts = vec![begin(name, 2), chunk(0, b"ab"), commit(b"ab")];
        refused(&store, &format!("named {name:?}"), parts, because).await;
        let info = store.info(name).await;
        info.is_error(
            Code::InvalidArgument,
            "No image can have that name, and what else lies on the disk is nobody's business.",
        );
    }
    testkit::expect_eq(
        "what lies beside the store's folder, after those uploads",
        list(store.folder.path().to_owned()),
        vec!["store".to_owned()],
        because,
    );
}

#[tokio::test]
async fn a_name_that_the_contract_does_not_allow_is_invalid_argument() {
    let store = Store::start().await;
    let too_long = "n".repeat(101);
    let names = [
        "", ".hidden", "a b", "a\\b", "a\0b", "a\nb", "été", "a:b", "*", &too_long,
    ];
    for name in names {
        let parts = vec![begin(name, 2), chunk(0, b"ab"), commit(b"ab")];
        refused(
            &store,
            &format!("named {name:?}"),
            parts,
            "One to a hundred letters, digits, dots, hyphens and underscores of ASCII; the first \
             is no dot.",
        )
        .await;
    }
}

#[tokio::test]
async fn every_name_that_the_contract_allows_is_fine() {
    let store = Store::start().await;
    let long = "n".repeat(100);
    for name in [
        "a",
        "7",
        "-",
        "_",
        "a..b",
        "Photo-1_small.JPEG",
        "photo.",
        &long,
    ] {
        let parts = vec![begin(name, 2), chunk(0, b"ab"), commit(b"ab")];
        let stored = store.upload(&format!("named {name:?}"), parts).await;
        let because = "The contract allows that name.";
        stored.is(image(b"ab"), because);
        store.has(name, b"ab", because).await;
    }
}
