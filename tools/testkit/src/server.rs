//! The program under test as a server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status, Streaming};

use crate::call::{Made, Outcome};
use crate::explain::{Lab, fail};
use crate::program::Program;
use crate::proxy::Proxy;
use crate::replies::Replies;
use crate::wait::{DEADLINE, START_DEADLINE};

/// The program, started with `serve --listen 127.0.0.1:0`, behind a [`Proxy`].
pub struct Server {
    pub program: Program,
    pub proxy: Proxy,
}

impl Server {
    /// Starts the program and waits until it says `listening on ADDRESS`.
    pub async fn start(lab: Lab) -> Self {
        Self::start_with(lab, &[]).await
    }

    /// As [`start`](Server::start), with more arguments after the first ones.
    pub async fn start_with(lab: Lab, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut program = Program::start(lab, &arguments);
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

    /// Makes a call that is answered with one message, and waits for what becomes of it, for
    /// [`DEADLINE`] at most. The request is a message, or a stream of them.
    pub async fn call<Req, Res>(
        &self,
        call: impl Into<String>,
        request: Req,
        send: impl AsyncFnOnce(Request<Req>) -> Result<Response<Res>, Status>,
    ) -> Outcome<Res> {
        self.call_within(DEADLINE, call, request, send).await
    }

    /// As [`call`](Server::call), for `patience` at most.
    ///
    /// `call` says what is called, for people, such as `Add(2, 3)`. The request carries a header,
    /// `x-lab-call`, by which the call is found again among the recorded bytes.
    pub async fn call_within<Req, Res>(
        &self,
        patience: Duration,
        call: impl Into<String>,
        request: Req,
        send: impl AsyncFnOnce(Request<Req>) -> Result<Response<Res>, Status>,
    ) -> Outcome<Res> {
        let (made, request) = self.make(patience, call, request);
        let answer = timeout(patience, send(request)).await.ok();
        Outcome { made, answer }
    }

    /// Makes a call that is answered with a stream, and waits for the response's headers, for
    /// [`DEADLINE`] at most. The request is a message, or a stream of them.
    ///
    /// A server may send its headers together with its first message. Where that answers one of
    /// the test's own, put this one into the request's stream before.
    pub async fn open<Req, Res>(
        &self,
        call: impl Into<String>,
        request: Req,
        send: impl AsyncFnOnce(Request<Req>) -> Result<Response<Streaming<Res>>, Status>,
    ) -> Replies<Res> {
        self.open_within(DEADLINE, call, request, send).await
    }

    /// As [`open`](Server::open), where the headers, and later each message, may take `patience`.
    pub async fn open_within<Req, Res>(
        &self,
        patience: Duration,
        call: impl Into<String>,
        request: Req,
        send: impl AsyncFnOnce(Request<Req>) -> Result<Response<Streaming<Res>>, Status>,
    ) -> Replies<Res> {
        let (made, request) = self.make(patience, call, request);
        let answer = timeout(patience, send(request)).await.ok();
        Replies::new(made, answer.map(|it| it.map(Response::into_inner)))
    }

    fn make<Req>(
        &self,
        patience: Duration,
        call: impl Into<String>,
        request: Req,
    ) -> (Made, Request<Req>) {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let mark = CALLS.fetch_add(1, Ordering::Relaxed);
        let mut request = Request::new(request);
        request.metadata_mut().insert("x-lab-call", mark.into());
        let made = Made {
            call: call.into(),
            patience,
            trace: self.proxy.trace_of(mark),
            printed: self.program.printed.clone(),
            printed_before: self.program.printed.error_length(),
        };
        (made, request)
    }
}
