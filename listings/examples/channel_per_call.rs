//! What a channel a call costs: the same thousand calls on one channel, and on a channel each.
//!
//! `cargo run --release -p listings --example channel_per_call`

use std::error::Error;
use std::time::{Duration, Instant};

use listings::unary::bank::Bank;
use listings::unary::client::stub;
use listings::unary::seats::Seats;
use listings::unary::server::{BoxOffice, serve};
use proto::ticket::v1::GetShowRequest;
use tokio::net::TcpListener;
use tonic::transport::Endpoint;

const CALLS: u32 = 1_000;
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let server = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?;
    let office = BoxOffice::new(Seats::new([("hamlet", 100)]), Bank::fast());
    let serving = tokio::spawn(serve(listener, office, std::future::pending()));

    let get = || GetShowRequest {
        show: "hamlet".to_owned(),
    };
    let (mut one, mut each) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut only = stub(&server);
        for _ in 0..CALLS {
            only.get_show(get()).await?;
        }
        one.push(start.elapsed() / CALLS);

        let start = Instant::now();
        for _ in 0..CALLS {
            stub(&server).get_show(get()).await?;
        }
        each.push(start.elapsed() / CALLS);
    }
    let (one, each) = (median(one), median(each));
    println!("one channel       {one:>9.1?} a call");
    println!("a channel a call  {each:>9.1?} a call");
    println!(
        "ratio             {:.1}",
        each.as_secs_f64() / one.as_secs_f64()
    );
    serving.abort();
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
