//! How long a file blocks its thread: to write a chunk, and to sync it; and what it costs to do
//! something on another thread. In the current folder, so that you choose the disk.
//!
//! `cargo run --release -p listings --example write_and_sync`

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::time::{Duration, Instant};

const ROUNDS: usize = 200;
static CHUNK: [u8; 64 << 10] = [7; 64 << 10];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::current_dir()?.join("write_and_sync.tmp");
    let mut file = File::create_new(&path)?;
    fs::remove_file(&path)?; // it has no name from now on, and goes away when it is closed

    let (mut written, mut synced, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        file.write_all(&CHUNK)?;
        written.push(begin.elapsed());

        let begin = Instant::now();
        file.sync_all()?;
        synced.push(begin.elapsed());

        let begin = Instant::now();
        tokio::task::spawn_blocking(|| ()).await?;
        elsewhere.push(begin.elapsed());
    }
    println!("                       median    longest");
    report("write 64 KiB", written);
    report("sync", synced);
    report("spawn_blocking", elsewhere);
    Ok(())
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what:<20} {median:>8.1?} {longest:>10.1?}");
}
