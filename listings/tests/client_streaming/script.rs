//! A server whose one method, `Record`, is written by the test.

use std::future::pending;
use std::net::SocketAddr;

use proto::sensor::v1::sound_service_client::SoundServiceClient;
use proto::sensor::v1::sound_service_server::{SoundService, SoundServiceServer};
use proto::sensor::v1::{RecordRequest, RecordResponse};
use testkit::Proxy;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

use crate::meter::Meter;

pub type Recording = Streaming<RecordRequest>;
pub type Answer = Result<RecordResponse, Status>;

struct Script<F>(F);

#[tonic::async_trait]
impl<F, A> SoundService for Script<F>
where
    F: Fn(Recording) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    async fn record(
        &self,
        request: Request<Recording>,
    ) -> Result<Response<RecordResponse>, Status> {
        (self.0)(request.into_inner()).await.map(Response::new)
    }
}

/// A server that answers as the script says, behind a proxy that records bytes, and a meter that
/// counts them. A test uses one of the two.
pub struct Scripted {
    pub address: SocketAddr,
    pub proxy: Proxy,
    pub meter: Meter,
    serving: JoinHandle<()>,
}

impl Scripted {
    pub async fn start<F, A>(script: F) -> Self
    where
        F: Fn(Recording) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        Self::start_on(Server::builder(), script).await
    }

    pub async fn start_on<F, A>(mut server: Server, script: F) -> Self
    where
        F: Fn(Recording) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a loopback port is free");
        let address = listener.local_addr().expect("it is bound");
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let service = SoundServiceServer::new(Script(script));
        let serving = tokio::spawn(async move {
            let served = server.add_service(service).serve_with_incoming(incoming);
            served
                .await
                .expect("the server goes on until it is dropped");
        });
        Self {
            address,
            proxy: Proxy::start(address).await,
            meter: Meter::start(address).await,
            serving,
        }
    }

    /// A stub whose bytes are recorded.
    pub fn stub(&self) -> SoundServiceClient<Channel> {
        SoundServiceClient::new(self.proxy.endpoint().connect_lazy())
    }

    /// A stub whose bytes are counted.
    pub fn metered(&self) -> SoundServiceClient<Channel> {
        SoundServiceClient::new(self.meter.endpoint().connect_lazy())
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Reads nothing and answers nothing.
pub async fn never(_unread: Recording) -> Answer {
    pending().await
}
