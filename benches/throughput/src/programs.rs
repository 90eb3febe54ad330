//! The programs that are measured: `target/peers/LANGUAGE/LAB`, Rust's built with optimisation.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use testkit::{Lab, Program, START_DEADLINE};
use tonic::transport::{Channel, Endpoint};

pub const LANGUAGES: [&str; 4] = [RUST, "go", "cpp", "python"];
pub const RUST: &str = "rust";

/// Longer than the slowest of them takes for anything that is asked here.
const PATIENCE: Duration = Duration::from_secs(120);

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/peers");

/// A server that is running, on a free port of loopback.
pub struct Server {
    address: String,
    _program: Program,
}

impl Server {
    pub async fn start(language: &str, lab: &str, options: &[&str]) -> Result<Self> {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
        arguments.extend(options);
        let Ok(path) = path(language, lab)?.into_os_string().into_string() else {
            bail!("the path of this checkout is not UTF-8");
        };
        let lab = Lab {
            folder: env!("CARGO_MANIFEST_DIR"),
            // Testkit knows programs whose path is known when it is compiled. These are a few.
            program: path.leak(),
        };
        let mut program = Program::start(lab, &arguments);
        let address = program.line("listening on ", START_DEADLINE).await;
        Ok(Self {
            address,
            _program: program,
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection of its own, that is there already.
    pub async fn connect(&self) -> Result<Channel> {
        let endpoint = Endpoint::from_shared(self.url())?
            .connect_timeout(START_DEADLINE)
            // Or a server that sends small messages fast is taken by h2 for an attacker.
            .initial_stream_window_size(64 << 10);
        Ok(endpoint.connect().await?)
    }
}

/// Runs a client program to its end, and gives how long it took: from its start, since that is
/// what its user waits for.
pub async fn run(
    language: &str,
    lab: &str,
    arguments: &[&str],
    input: Option<File>,
) -> Result<Duration> {
    let mut command = tokio::process::Command::new(path(language, lab)?);
    command
        .args(arguments)
        .stdin(input.map_or_else(Stdio::null, Stdio::from))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let began = Instant::now();
    let finished = tokio::time::timeout(PATIENCE, command.output()).await;
    let finished = finished.with_context(|| format!("{language}'s {lab} does not end"))??;
    let took = began.elapsed();
    if !finished.status.success() {
        let error = String::from_utf8_lossy(&finished.stderr);
        bail!("{language}'s {lab} {}: {error}", arguments.join(" "));
    }
    Ok(took)
}

fn path(language: &str, lab: &str) -> Result<PathBuf> {
    let folder = if language == RUST {
        // What is in rust/ is the debug build, for the tests.
        "rust-release"
    } else {
        language
    };
    let path = Path::new(PROGRAMS).join(folder).join(lab);
    path.canonicalize()
        .with_context(|| format!("{} is not there: run benches/streams", path.display()))
}
