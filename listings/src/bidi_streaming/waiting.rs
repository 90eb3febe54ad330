//! A handler that waits for the first message before it returns. Its client may wait as well.

use futures_util::stream::{self, BoxStream, StreamExt as _};
use proto::auction::v1::echo_service_server::EchoService;
use proto::auction::v1::{EchoRequest, EchoResponse};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

/// Says when a call has arrived.
pub struct Waiting(pub watch::Sender<bool>);

#[tonic::async_trait]
impl EchoService for Waiting {
    type EchoStream = BoxStream<'static, Result<EchoResponse, Status>>;

    // ANCHOR: waiting
    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        self.0.send_replace(true);
        let mut requests = request.into_inner();
        let Some(EchoRequest { data }) = requests.message().await? else {
            return Err(Status::invalid_argument("nothing to echo"));
        };
        let first = stream::iter([Ok(EchoResponse { data })]);
        let rest = requests.map(|request| {
            Ok(EchoResponse {
                data: request?.data,
            })
        });
        Ok(Response::new(first.chain(rest).boxed()))
    }
    // ANCHOR_END: waiting
}
