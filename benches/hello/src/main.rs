//! A greeter, and nothing else.

use tonic::{Request, Response, Status, transport::Server};

use hello::greeter_server::{Greeter, GreeterServer};
use hello::{HelloReply, HelloRequest};

mod hello {
    tonic::include_proto!("hello");
}

struct English;

#[tonic::async_trait]
impl Greeter for English {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let message = format!("Hello {}!", request.into_inner().name);
        Ok(Response::new(HelloReply { message }))
    }
}

#[tokio::main]
async fn main() -> Result<(), tonic::transport::Error> {
    Server::builder()
        .add_service(GreeterServer::new(English))
        .serve(([127, 0, 0, 1], 50051).into())
        .await
}
