//! A reader that nobody owns: a task that is spawned and forgotten.

use futures_util::stream::{BoxStream, StreamExt as _};
use proto::auction::v1::echo_service_server::EchoService;
use proto::auction::v1::{EchoRequest, EchoResponse};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

/// Answers the first message and ends the call. Counts the messages that its readers have read.
pub struct Detached(pub watch::Sender<usize>);

#[tonic::async_trait]
impl EchoService for Detached {
    type EchoStream = BoxStream<'static, Result<EchoResponse, Status>>;

    // ANCHOR: detached
    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        let mut requests = request.into_inner();
        let (responses, outbound) = mpsc::channel(1);
        let read = self.0.clone();
        tokio::spawn(async move {
            while let Ok(Some(EchoRequest { data })) = requests.message().await {
                read.send_modify(|messages| *messages += 1);
                // An error says that nobody hears it any more.
                let _ = responses.send(Ok(EchoResponse { data })).await;
            }
        });
        // One answer is all that a caller gets. Then the call is over. Is it?
        Ok(Response::new(ReceiverStream::new(outbound).take(1).boxed()))
    }
    // ANCHOR_END: detached
}
