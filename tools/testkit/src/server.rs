//! The program under test as a server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

use crate::call::Outcome;
use crate::explain::{Lab, fail};
use crate::program::Program;
use crate::proxy::Proxy;
use crate::wait::{DEADLINE, START_DEADLINE};

/// The program, started with `serve --listen 127.0.0.1:0`, behind a [`Proxy`].
pub struct Server {
    pub program: Program,
    pub proxy: Proxy,
}

impl Server {
    /// Starts the program and waits until it says `listening on ADDRESS`.
    pub async fn start(lab: Lab) -> Self {
        let mut program = Program::start(lab, &["serve", "--listen", "127.0.0.1:0"]);
        let said = program.line("listening on ", START_DEADLINE).await;
        let address: SocketAddr = said.parse().unwrap_or_else(|_| {
            fail(format!(
                "The program said \"listening on {said}\", which is no address: \
                 say \"listening on 127.0.0.1:PORT\"."
            ))
        });
        Self {
            program,
            proxy: Proxy::start(address).await,
        }
    }

    /// A channel to the server, through the proxy. It connects at its first call.
    pub fn channel(&self) -> Channel {
        self.endpoint().connect_lazy()
    }

    /// Where the server is reached through the proxy.
    pub fn endpoint(&self) -> Endpoint {
        self.proxy.endpoint()
    }

    /// Makes a unary call and waits for what becomes of it, for [`DEADLINE`] at most.
    pub async fn call<Req, Res>(
        &self,
        call: impl Into<String>,
        message: Req,
        send: impl AsyncFnOnce(Request<Req>) -> Result<Response<Res>, Status>,
    ) -> Outcome<Res> {
        self.call_within(DEADLINE, call, message, send).await
    }

    /// Makes a unary call and waits for what becomes of it, for `patience` at most.
    ///
    /// `call` says what is called, for people, such as `Add(2, 3)`. The request carries a header,
    /// `x-lab-call`, by which the call is found again among the recorded bytes.
    pub async fn call_within<Req, Res>(
        &self,
        patience: Duration,
        call: impl Into<String>,
        message: Req,
        send: impl AsyncFnOnce(Request<Req>) -> Result<Response<Res>, Status>,
    ) -> Outcome<Res> {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let mark = CALLS.fetch_add(1, Ordering::Relaxed);
        let mut request = Request::new(message);
        request.metadata_mut().insert("x-lab-call", mark.into());

        let printed_before = self.program.printed.error_length();
        let answer = tokio::time::timeout(patience, send(request)).await.ok();
        Outcome {
            call: call.into(),
            answer,
            patience,
            trace: self.proxy.trace_of(mark),
            printed: self.program.printed.clone(),
            printed_before,
        }
    }
}
