//! Lets a test see how many tasks the server has under way. This file is given.

use proto::chat::v1::inspect_service_server::InspectService;
use proto::chat::v1::{CountTasksRequest, CountTasksResponse};
use tokio::runtime::Handle;
use tonic::{Request, Response, Status};

#[derive(Debug)]
pub struct Inspect;

#[tonic::async_trait]
impl InspectService for Inspect {
    async fn count_tasks(
        &self,
        _request: Request<CountTasksRequest>,
    ) -> Result<Response<CountTasksResponse>, Status> {
        // Every task of this runtime: one a connection, one a call, and whatever the calls spawned.
        let tasks = Handle::current().metrics().num_alive_tasks() as u64;
        Ok(Response::new(CountTasksResponse { tasks }))
    }
}
