use std::fs;
use std::path::Path;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use listings::client_streaming::station::Station;
use listings::client_streaming::store::{Refusal, Store};
use proto::sensor::v1::{GetStationRequest, RecordRequest};
use testkit::within;
use tonic::Code;

use crate::script::{Recording, Scripted, never};
use crate::{Running, WINDOW, and_no_end, batch, shore, sound, until};

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("it is readable").file_name())
        .map(|name| name.into_string().expect("it is Unicode"))
        .collect();
    names.sort();
    names
}

fn buoy() -> Station {
    Station::try_from("buoy-7").expect("it is a name")
}

/// contract.md: a name is letters, digits and hyphens, so it is nothing else: no path.
#[test]
fn a_name_is_no_path() {
    for name in ["b", "buoy-7", "a2345678901234567890"] {
        assert_eq!(Station::try_from(name).expect(name).to_string(), name);
    }
    let bad = [
        "",
        "7",
        "-",
        "..",
        "../x",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "a.b",
        "a\0",
        "a ",
        "A",
        "ä",
        "a23456789012345678901",
    ];
    for name in bad {
        let status = Station::try_from(name).expect_err(name);
        assert_eq!(status.code(), Code::InvalidArgument);
    }
}

/// durability.md: while a delivery is under way its file has no name of its own, and if it is
/// dropped, nothing is left of it.
#[test]
fn a_delivery_that_is_dropped_leaves_nothing() -> Result<(), Refusal> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path())?;
    let mut delivery = store.begin(buoy())?;
    delivery.add(&batch(1, &[1]))?;
    assert_eq!(names(folder.path()).len(), 1);
    drop(delivery);
    assert!(names(folder.path()).is_empty());
    assert_eq!(store.stored(&buoy()), 0);
    Ok(())
}

/// durability.md: published, it has its name, and is found again after a restart; what a killed
/// server left is removed then.
#[test]
fn what_was_published_is_there_after_a_restart() -> Result<(), Refusal> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path())?;
    let mut delivery = store.begin(buoy())?;
    delivery.add(&batch(1, &[11, -2]))?;
    delivery.add(&batch(2, &[3]))?;
    assert_eq!(delivery.publish()?, 2);
    assert_eq!(names(folder.path()), ["buoy-7.1-2"]);
    let stored = fs::read_to_string(folder.path().join("buoy-7.1-2"))?;
    assert_eq!(stored, "1 11 -2\n2 3\n");

    let killed = store.begin(buoy())?;
    std::mem::forget(killed); // as a power failure does: nothing is dropped
    assert_eq!(names(folder.path()).len(), 2);
    let store = Store::open(folder.path())?;
    assert_eq!(names(folder.path()), ["buoy-7.1-2"]);
    assert_eq!(store.stored(&buoy()), 2);
    Ok(())
}

/// durability.md: of two calls of one station at the same time, one is stored.
#[test]
fn the_second_of_two_at_once_is_told() -> Result<(), Refusal> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path())?;
    let (mut one, mut two) = (store.begin(buoy())?, store.begin(buoy())?);
    one.add(&batch(1, &[1]))?;
    two.add(&batch(1, &[1]))?;
    two.add(&batch(2, &[2]))?;
    assert_eq!(two.publish()?, 2);
    assert!(matches!(one.publish(), Err(Refusal::Outrun)));
    assert_eq!(names(folder.path()), ["buoy-7.1-2"]);
    Ok(())
}

/// durability.md: whatever becomes of a call, no temporary file stays: here a cut connection, and a
/// refusal in mid-stream.
#[tokio::test]
async fn nothing_is_left_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = Running::start(shore(folder.path())).await;

    let gap = stream::iter([batch(1, &[1]), batch(3, &[3])]);
    let status = running.stub().deliver(gap).await.expect_err("a gap");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(names(folder.path()).is_empty());

    let mut stub = running.stub();
    let call = tokio::spawn(async move { stub.deliver(and_no_end([batch(1, &[1])])).await });
    until("a temporary file", || !names(folder.path()).is_empty()).await;
    running.proxy.cut();
    until("an empty folder", || names(folder.path()).is_empty()).await;
    assert!(
        within("the call's end", call)
            .await
            .expect("no panic")
            .is_err()
    );
}

/// server.md, durability.md: what a station sent before it left is stored or is not, but never in
/// part; and the station can go on from there.
#[tokio::test]
async fn a_station_that_left_asks_and_goes_on() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let running = Running::start(shore(folder.path())).await;
        let mut stub = running.stub();
        let half = and_no_end([batch(1, &[1]), batch(2, &[2])]);
        tokio::select! {
            answer = stub.deliver(half) => panic!("it has no end: {answer:?}"),
            () = until("a temporary file", || !names(folder.path()).is_empty()) => {}
        }
        let whole = |names: &[String]| names.iter().all(|name| name.starts_with("buoy-7.1-"));
        until("the delivery's end", || whole(&names(folder.path()))).await;

        let ask = GetStationRequest {
            station: "buoy-7".to_owned(),
        };
        let answer = running.stub().get_station(ask).await;
        let stored = answer.expect("it is answered").into_inner().stored;
        let missing = (stored + 1..=3).map(|number| batch(number, &[7]));
        let answer = running
            .stub()
            .deliver(stream::iter(missing.collect::<Vec<_>>()))
            .await;
        match answer {
            Ok(response) => assert_eq!(response.into_inner().stored, 3),
            // The first call's file got its name after we asked.
            Err(status) => assert_eq!(status.code(), Code::Aborted, "{status}"),
        }
    }
}

/// Eight uploads that nobody reads, on so many connections: how many bytes does the server take in?
async fn taken_in(connections: usize) -> u64 {
    const UPLOADS: usize = 8;
    let server = Scripted::start(never).await;
    let stubs: Vec<_> = (0..connections).map(|_| server.metered()).collect();
    let uploads = (0..UPLOADS).map(|upload| {
        let mut stub = stubs[upload % connections].clone();
        let endless = stream::repeat_with(|| sound(16 << 10));
        async move { stub.record(endless).await }
    });
    let full = connections as u64 * WINDOW;
    tokio::select! {
        answers = join_all(uploads) => panic!("nobody answers: {answers:?}"),
        () = until("full windows", || server.meter.sent() >= full) => {}
    }
    server.meter.sent()
}

/// durability.md: what is not read yet costs a window for each connection, not for each call.
#[tokio::test]
async fn unread_uploads_cost_a_window_a_connection() {
    const OVERHEAD: u64 = 8 << 10; // frames' headers, headers and settings, of one connection
    for connections in [1, 8] {
        let taken_in = taken_in(connections).await;
        let per_connection = taken_in / connections as u64;
        println!("8 uploads, connections: {connections}, bytes taken in: {taken_in}");
        assert!((WINDOW..WINDOW + OVERHEAD).contains(&per_connection));
    }
}

/// durability.md: a message is given to the handler when all of it has come, and is held until then,
/// whatever the window.
#[tokio::test]
async fn a_message_is_held_until_it_is_whole() {
    let server = Scripted::start(async |mut recording: Recording| {
        recording.message().await?;
        never(recording).await
    })
    .await;
    let large = 4 * WINDOW - 64; // almost the limit
    let pieces = stream::iter([sound(large as usize)]).chain(stream::pending::<RecordRequest>());
    let mut stub = server.metered();
    tokio::select! {
        answer = stub.record(pieces) => panic!("nobody answers: {answer:?}"),
        () = until("the message", || server.meter.sent() >= large) => {}
    }
}
