//! Lets a test see and steer the constants. This file is given.

use proto::calculator::v1::inspect_service_server::InspectService;
use proto::calculator::v1::{
    CountLookUpsRequest, CountLookUpsResponse, HoldRequest, HoldResponse, ReleaseRequest,
    ReleaseResponse,
};
use tonic::{Request, Response, Status};

use crate::constants::Constants;

#[derive(Debug)]
pub struct Inspect {
    constants: Constants,
}

impl Inspect {
    pub fn new(constants: Constants) -> Self {
        Self { constants }
    }

    fn hold(&self, name: &str, held: bool) -> Result<(), Status> {
        if self.constants.hold(name, held) {
            Ok(())
        } else {
            Err(no_such_constant(name))
        }
    }
}

#[tonic::async_trait]
impl InspectService for Inspect {
    async fn hold(&self, request: Request<HoldRequest>) -> Result<Response<HoldResponse>, Status> {
        self.hold(&request.get_ref().constant, true)?;
        Ok(Response::new(HoldResponse {}))
    }

    async fn release(
        &self,
        request: Request<ReleaseRequest>,
    ) -> Result<Response<ReleaseResponse>, Status> {
        self.hold(&request.get_ref().constant, false)?;
        Ok(Response::new(ReleaseResponse {}))
    }

    async fn count_look_ups(
        &self,
        request: Request<CountLookUpsRequest>,
    ) -> Result<Response<CountLookUpsResponse>, Status> {
        let name = &request.get_ref().constant;
        let look_ups = self
            .constants
            .look_ups(name)
            .ok_or_else(|| no_such_constant(name))?;
        Ok(Response::new(CountLookUpsResponse {
            waiting: look_ups.waiting,
            answered: look_ups.answered,
            abandoned: look_ups.abandoned,
        }))
    }
}

fn no_such_constant(name: &str) -> Status {
    Status::not_found(format!("there is no constant named {name:?}"))
}
