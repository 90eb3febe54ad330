//! What chapter 6 says, pinned. Each test names the page that relies on it: when one turns red,
//! tonic has changed (or the listing has), and that page is to be read again.

mod client;
mod contract;
mod durability;
mod meter;
mod refusing;
mod script;
mod server;

use std::path::Path;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use listings::client_streaming::server::{Shore, serve};
use listings::client_streaming::store::Store;
use proto::sensor::v1::station_service_client::StationServiceClient;
use proto::sensor::v1::station_service_server::StationService;
use proto::sensor::v1::{DeliverRequest, RecordRequest};
use testkit::{DEADLINE, Proxy};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// The window that hyper's server gives each stream, and each connection, unless told otherwise.
const WINDOW: u64 = 1 << 20;

/// A server in a task of this process, behind a proxy that records bytes.
struct Running {
    proxy: Proxy,
    serving: JoinHandle<()>,
}

impl Running {
    async fn start(shore: impl StationService) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a loopback port is free");
        let address = listener.local_addr().expect("it is bound");
        let serving = tokio::spawn(async move {
            let served = serve(listener, shore).await;
            served.expect("the server goes on until it is dropped");
        });
        let proxy = Proxy::start(address).await;
        Self { proxy, serving }
    }

    fn stub(&self) -> StationServiceClient<Channel> {
        StationServiceClient::new(self.proxy.endpoint().connect_lazy())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The server of the listings, with its files in a folder.
fn shore(folder: &Path) -> Shore {
    let store = Store::open(folder).expect("the folder is there");
    Shore::new(store, DEADLINE)
}

/// A batch of the station `buoy-7`.
fn batch(batch: u64, decidegrees: &[i32]) -> DeliverRequest {
    DeliverRequest {
        station: "buoy-7".to_owned(),
        batch,
        decidegrees: decidegrees.to_vec(),
    }
}

fn sound(length: usize) -> RecordRequest {
    RecordRequest {
        sound: vec![7; length],
    }
}

/// These messages, each when the one before has been handed over, and then no end.
fn and_no_end<M: Send + 'static>(
    messages: impl IntoIterator<Item = M, IntoIter: Send + 'static>,
) -> impl Stream<Item = M> + Send + 'static {
    one_by_one(messages).chain(stream::pending())
}

/// These messages, never two of them ready at once, so each is in a frame of its own.
fn one_by_one<M: Send + 'static>(
    messages: impl IntoIterator<Item = M, IntoIter: Send + 'static>,
) -> impl Stream<Item = M> + Send + 'static {
    stream::iter(messages).then(|message| async {
        tokio::task::yield_now().await;
        message
    })
}

/// Asks again and again, until the answer is yes.
async fn until(what: &str, mut yes: impl FnMut() -> bool) {
    let asking = async {
        while !yes() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    testkit::within(what, asking).await;
}
