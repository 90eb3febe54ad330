//! The streaming contracts, each answered wrongly in its own way.

use proto::chat::v1::ChatRequest;
use proto::image::v1::upload_request::Part;
use proto::image::v1::{UploadRequest, UploadResponse};
use proto::ticker::v1::{ReplayRequest, ReplayResponse, Tick};
use testkit::{Conversation, Reset, ScriptedServer};
use tonic::{Code, Status};

pub async fn serve() -> ! {
    let server = ScriptedServer::streaming(|call| async {
        // A caller that has gone wants no answer.
        let _ = answer(call).await;
    })
    .await;
    println!("listening on {}", server.proxy.address());
    std::future::pending().await
}

async fn answer(mut call: Conversation) -> Result<(), Reset> {
    match call.path.rsplit('/').next() {
        Some("Replay") => replay(call).await,
        Some("Upload") => upload(call).await,
        // It hears what is said, and says nothing.
        Some("Chat") => {
            call.accept()?;
            while call.receive::<ChatRequest>().await?.is_some() {}
            call.reset().await;
            println!("the caller has gone");
            Ok(())
        }
        _ => {
            call.reset().await;
            Ok(())
        }
    }
}

/// The symbol says what is wrong.
async fn replay(mut call: Conversation) -> Result<(), Reset> {
    let Some(ReplayRequest { symbol, .. }) = call.receive().await? else {
        return call.end(Status::invalid_argument("no request")).await;
    };
    let ticks = match symbol.as_str() {
        "NONE" => return call.end(Status::not_found("no such symbol")).await,
        "MANY" => 10_000,
        _ => 2,
    };
    for sequence in 1..=ticks {
        let book = if symbol == "LARGE" { 100_000 } else { 0 };
        call.send(&tick(sequence, book)).await?;
    }
    match symbol.as_str() {
        "BROKEN" => {
            call.end(Status::unavailable("the recording broke off"))
                .await
        }
        "MUTE" => call.end(Status::new(Code::Unavailable, "")).await,
        "TODO" => todo!("stage 2: tell why it ended"),
        "SPAWNED-TODO" => {
            // What makes the replies fails elsewhere, and the stream ends as if all were well.
            let producer = tokio::spawn(async { todo!("stage 7: tell that the producer died") });
            let _: Result<(), _> = producer.await;
            call.end(Status::ok("")).await
        }
        "RESET" => {
            drop(call);
            Ok(())
        }
        _ => call.end(Status::ok("")).await,
    }
}

async fn upload(mut call: Conversation) -> Result<(), Reset> {
    let mut size = 0;
    while let Some(UploadRequest { part }) = call.receive().await? {
        if let Some(Part::Chunk(chunk)) = part {
            size += chunk.data.len() as u64;
        }
    }
    let sha256 = Vec::new();
    call.send(&UploadResponse { size, sha256 }).await?;
    call.end(Status::ok("")).await
}

fn tick(sequence: u64, book: usize) -> ReplayResponse {
    let tick = Tick {
        sequence,
        price_cents: 1000,
        shares: 1,
        // The last byte alone tells two books of one size apart.
        book: [vec![7; book], vec![sequence as u8]].concat(),
    };
    ReplayResponse { tick: Some(tick) }
}
