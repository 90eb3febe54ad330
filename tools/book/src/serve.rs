//! The book on loopback, with live labs. It answers this machine's browser and nobody else
//! (`guard`), and runs nothing but the labs of the course (`labs`).
//!
//! A built book is held in memory: a request can reach only what was built, and a rebuild
//! replaces it in one step. A rebuild with findings leaves the last good book and shows them.

mod api;
mod guard;
mod labs;
mod site;
mod watch;

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use lab::course::Course;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::broadcast;

use crate::build;
use crate::finding::Finding;
use labs::Desks;
use site::Site;

/// Tried in turn when no port is asked for, before any free one.
const PORTS: std::ops::Range<u16> = 3000..3010;

/// Events that a page may be behind before it is told everything anew.
const BACKLOG: usize = 64;

#[derive(Debug, Default)]
pub struct Options {
    pub port: Option<u16>,
    pub open: bool,
}

/// A book that is ready to be served.
#[derive(Debug)]
pub struct Served {
    /// When there are any, there is no site.
    pub findings: Vec<Finding>,
    pages: usize,
    site: Site,
    /// Files outside the book's folders that its pages include.
    included: BTreeSet<PathBuf>,
}

impl Served {
    pub fn describe(&self, took: Duration) -> String {
        format!("{} pages in {:.1} s", self.pages, took.as_secs_f32())
    }
}

/// Builds the book into memory.
pub fn build(course: &Course) -> Result<Served> {
    let scratch = tempfile::tempdir().context("cannot create a temporary folder")?;
    let built = build::render(course, scratch.path())?;
    let site = match built.findings.is_empty() {
        true => Site::load(scratch.path())?,
        false => Site::default(),
    };
    Ok(Served {
        findings: built.findings,
        pages: built.pages,
        site,
        included: built.included,
    })
}

/// What every page hears of.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event {
    /// The book that is served now; a page of another one is stale.
    Book { build: String },
    /// What keeps the sources from becoming a book; empty when nothing does.
    Findings { findings: Vec<Finding> },
    /// Where a learner stands in a lab.
    Lab { lab: Box<labs::State> },
}

/// What the server's parts share.
struct Server {
    course: Course,
    port: u16,
    /// Differs from one start to the next.
    started: u128,
    desks: Desks,
    now: Mutex<Now>,
    events: broadcast::Sender<Event>,
}

/// The book as it is served.
struct Now {
    site: Arc<Site>,
    builds: u64,
    findings: Vec<Finding>,
}

impl Server {
    fn now(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn build_id(&self, builds: u64) -> String {
        format!("{}.{builds}", self.started)
    }

    fn tell(&self, event: Event) {
        // An error means that no page is open.
        let _ = self.events.send(event);
    }

    /// Builds anew; returns the files to watch besides the book's own.
    fn rebuild(&self) -> Option<BTreeSet<PathBuf>> {
        let served = build(&self.course).unwrap_or_else(|error| Served {
            findings: vec![Finding::new(
                "book.toml",
                1,
                format!("{error:#}"),
                "see there",
            )],
            pages: 0,
            site: Site::default(),
            included: BTreeSet::new(),
        });
        let mut now = self.now();
        let sound = served.findings.is_empty();
        if now.findings != served.findings {
            for finding in &served.findings {
                anstream::eprintln!("error: {finding}");
            }
            if sound {
                anstream::eprintln!("the book is sound again");
            }
        }
        now.findings = served.findings;
        self.tell(Event::Findings {
            findings: now.findings.clone(),
        });
        if sound {
            now.site = Arc::new(served.site);
            now.builds += 1;
            let build = self.build_id(now.builds);
            self.tell(Event::Book { build });
        }
        sound.then_some(served.included)
    }
}

/// Serves until the process ends. `ready` is given the address once it answers.
pub fn run(
    course: Course,
    served: Served,
    options: &Options,
    ready: impl FnOnce(&str),
) -> Result<()> {
    lab::process::end_children_on_interrupt().context("cannot handle Ctrl-C")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(async {
        let listener = bind(options.port).await?;
        let address = listener.local_addr().context("cannot tell the port")?;
        let server = Server::start(course, served, address.port())?;
        watch::start(&server)?;
        let url = format!("http://{address}/");
        ready(&url);
        if options.open
            && let Err(error) = opener::open_browser(&url)
        {
            anstream::eprintln!("note: no browser could be opened ({error}); open {url} yourself");
        }
        axum::serve(listener, api::router(server))
            .await
            .context("cannot serve")
    })
}

impl Server {
    fn start(course: Course, mut served: Served, port: u16) -> Result<Arc<Server>> {
        let (events, _) = broadcast::channel(BACKLOG);
        let now = Now {
            site: Arc::new(std::mem::take(&mut served.site)),
            builds: 0,
            findings: Vec::new(),
        };
        let included = served.included;
        let since = std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap_or_default();
        Ok(Arc::new(Server {
            desks: Desks::new(&course, included)?,
            course,
            port,
            started: since.as_millis(),
            now: Mutex::new(now),
            events,
        }))
    }
}

async fn bind(wanted: Option<u16>) -> Result<TcpListener> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = wanted {
        return TcpListener::bind(at(port)).await.with_context(|| {
            format!("cannot listen on port {port}; leave --port out, and a free one is taken")
        });
    }
    for port in PORTS.chain([0]) {
        match TcpListener::bind(at(port)).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            bound => return bound.context("cannot listen on 127.0.0.1"),
        }
    }
    anyhow::bail!("no port is free on 127.0.0.1")
}
