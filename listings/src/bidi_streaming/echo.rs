//! The smallest method with a stream each way.

use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use proto::auction::v1::echo_service_server::EchoService;
use proto::auction::v1::{EchoRequest, EchoResponse};
use tonic::{Request, Response, Status, Streaming};

// ANCHOR: echo
pub struct Echo;

#[tonic::async_trait]
impl EchoService for Echo {
    type EchoStream = BoxStream<'static, Result<EchoResponse, Status>>;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        let echo = |EchoRequest { data }| EchoResponse { data };
        let responses = request.into_inner().map_ok(echo);
        Ok(Response::new(responses.boxed()))
    }
}
// ANCHOR_END: echo
