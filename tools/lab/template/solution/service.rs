//! What the server answers. This file is yours: stage 1.

use proto::{{package}}::v1::{{package}}_service_server::{{Service}}Service;
use proto::{{package}}::v1::{EchoRequest, EchoResponse};
use tonic::{Request, Response, Status};

/// One value serves every call.
#[derive(Debug)]
pub struct {{Service}};

#[tonic::async_trait]
impl {{Service}}Service for {{Service}} {
    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        // [stub] todo!("stage 1: say back the text of {request:?}")
        let EchoRequest { text } = request.into_inner();
        if text.is_empty() {
            return Err(Status::invalid_argument("the text is empty"));
        }
        Ok(Response::new(EchoResponse { text }))
        // [/stub]
    }
}
