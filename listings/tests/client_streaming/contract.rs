use futures_util::stream;
use prost::Message as _;
use proto::sensor::v1::{DeliverRequest, RecordRequest, RecordResponse};
use tonic::Status;

use crate::script::{Recording, Scripted};
use crate::{Running, batch, one_by_one, shore, sound};

/// contract.md shows this trace, printed by
/// `cargo test -p listings --test client_streaming a_delivery_on_the_wire -- --nocapture`.
#[tokio::test]
async fn a_delivery_on_the_wire() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = Running::start(shore(folder.path())).await;
    let batches = one_by_one([batch(1, &[112, 113]), batch(2, &[-4])]);
    let answer = running.stub().deliver(batches).await;
    assert_eq!(answer.expect("it is stored").into_inner().stored, 2);
    let trace = running.proxy.transcript();
    println!("{trace}");
    assert_eq!(trace.matches("→ DATA").count(), 3, "{trace}");
    assert_eq!(trace.matches("← DATA").count(), 1, "{trace}");
    assert!(trace.contains("END_STREAM  grpc-status 0 (OK)"), "{trace}");
}

/// contract.md: a frame is not a message. Three that are ready at once travel in one frame.
#[tokio::test]
async fn messages_that_are_ready_at_once_share_a_frame() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let running = Running::start(shore(folder.path())).await;
    let batches = stream::iter([batch(1, &[1]), batch(2, &[2]), batch(3, &[3])]);
    let answer = running.stub().deliver(batches).await;
    assert_eq!(answer.expect("it is stored").into_inner().stored, 3);
    let trace = running.proxy.transcript();
    assert_eq!(trace.matches("→ DATA").count(), 2, "{trace}");
    assert_eq!(trace.matches("message of").count(), 4, "{trace}"); // and the answer
}

/// contract.md: and a large one travels in several, of 16 KiB at most.
#[tokio::test]
async fn a_large_message_takes_several_frames() {
    let server = Scripted::start(async |mut recording| {
        let sound = recording.message().await?.expect("one message");
        let bytes = sound.sound.len() as u64;
        Ok(RecordResponse { bytes })
    })
    .await;
    let answer = server.stub().record(one_by_one([sound(40_000)])).await;
    assert_eq!(answer.expect("it is counted").into_inner().bytes, 40_000);
    let trace = server.proxy.transcript();
    println!("{trace}");
    assert!(trace.matches("→ DATA").count() >= 4, "{trace}");
}

/// server.md: no message is nothing at all; a message without a field is five bytes.
#[tokio::test]
async fn an_empty_stream_and_an_empty_message_differ() -> Result<(), Status> {
    // ANCHOR: empty
    let server = Scripted::start(async |mut recording: Recording| {
        let mut messages = 0;
        while recording.message().await?.is_some() {
            messages += 1;
        }
        Ok(RecordResponse { bytes: messages })
    })
    .await;
    let mut stub = server.stub();
    let no_message = stub.record(stream::empty()).await?;
    assert_eq!(no_message.into_inner().bytes, 0);
    let an_empty_one = stub
        .record(stream::iter([RecordRequest::default()]))
        .await?;
    assert_eq!(an_empty_one.into_inner().bytes, 1);
    // ANCHOR_END: empty
    let trace = server.proxy.transcript();
    println!("{trace}");
    let sent: Vec<_> = trace
        .lines()
        .filter(|line| line.starts_with("→ DATA"))
        .collect();
    assert_eq!(sent.len(), 3, "{trace}"); // an end; a message and an end
    assert!(sent[0].ends_with("END_STREAM"), "{trace}");
    Ok(())
}

/// contract.md: what a day's readings take as one message.
#[test]
fn a_day_is_170_kib() {
    let day = batch(1, &[112; 86_400]).encoded_len();
    println!("86,400 readings are {day} bytes");
    assert_eq!(day / 1024, 168);
}

/// contract.md: a name in every message costs eight bytes for this station.
#[test]
fn the_name_costs_eight_bytes_a_message() {
    let named = batch(1, &[112]);
    let unnamed = DeliverRequest {
        station: String::new(),
        ..named.clone()
    };
    assert_eq!(named.encoded_len() - unnamed.encoded_len(), 8);
}
