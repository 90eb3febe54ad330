//! Changes on disk, sorted: a lab's progress or sources concern its card, the rest is a reason to
//! build the book anew. The system's own file events are used, and where there are none the files
//! are looked at twice a second.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use lab::commands::watch::sends_no_events;
use notify::{Config, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Server, labs};

/// A save is often several events: this much silence ends it.
const QUIET: Duration = Duration::from_millis(40);

/// A stream of events that never falls silent is acted on all the same.
const PATIENCE: Duration = Duration::from_millis(400);

const POLL: Duration = Duration::from_millis(500);

/// Folders below the root that are watched as a whole, as far as they are there.
const FOLDERS: [&str; 5] = [
    "src",
    "labs",
    ".lab",
    "tools/book/assets",
    "tools/book/theme",
];

/// What a change is about.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Concern {
    Book,
    Progress,
    /// The learner's files of this lab.
    Sources(String),
}

/// Watches for as long as the server lives.
pub fn start(server: &Arc<Server>) -> Result<()> {
    let root = server.course.root.clone();
    lab::files::make_folder(&root.join(".lab"))?;
    let (send, changes) = mpsc::channel();
    let on_event = move |event: notify::Result<notify::Event>| {
        // An error (too many events at once) may hide a change: it counts as one, of everything.
        let paths = match event {
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
            Ok(event) => event.paths,
            Err(_) => vec![PathBuf::new()],
        };
        // The receiver is gone only when the program is ending.
        let _ = send.send(paths);
    };
    let native = || -> notify::Result<Box<dyn Watcher + Send>> {
        Ok(Box::new(RecommendedWatcher::new(
            on_event.clone(),
            Config::default(),
        )?))
    };
    let mut watcher = match sends_no_events(&root) {
        true => None,
        false => native().ok(),
    };
    if watcher.is_none() {
        let config = Config::default().with_poll_interval(POLL);
        watcher = Some(Box::new(
            PollWatcher::new(on_event.clone(), config)
                .context("cannot watch the course's files")?,
        ));
    }
    let Some(mut watcher) = watcher else {
        return Ok(());
    };
    for folder in FOLDERS.map(|folder| root.join(folder)) {
        if folder.is_dir() {
            watcher
                .watch(&folder, RecursiveMode::Recursive)
                .with_context(|| format!("cannot watch {}", folder.display()))?;
        }
    }
    let mut others = Others::default();
    others.watch(&mut *watcher, &root, &server.desks.included);

    let server = Arc::clone(server);
    thread::spawn(move || {
        let mut included = server.desks.included.clone();
        while let Some(paths) = next(&changes) {
            let concerns: BTreeSet<Concern> = paths
                .iter()
                .flat_map(|path| concerns(&root, path, &included))
                .collect();
            for concern in concerns {
                match concern {
                    Concern::Sources(name) => labs::saved(&server, &name),
                    Concern::Progress => {
                        for name in server.desks.names() {
                            labs::tell(&server, name);
                        }
                    }
                    Concern::Book => {
                        if let Some(now) = server.rebuild() {
                            others.watch(&mut *watcher, &root, &now);
                            included = now;
                        }
                    }
                }
            }
        }
    });
    Ok(())
}

/// The folders of files that pages include, and of book.toml.
#[derive(Default)]
struct Others {
    watched: BTreeSet<PathBuf>,
}

impl Others {
    fn watch(&mut self, watcher: &mut dyn Watcher, root: &Path, included: &BTreeSet<PathBuf>) {
        let folders = included.iter().filter_map(|file| file.parent());
        for folder in folders.chain([Path::new("")]) {
            let whole = FOLDERS.iter().any(|watched| folder.starts_with(watched));
            // Not watched is not reloaded: worth no more than that.
            if !whole && self.watched.insert(folder.to_path_buf()) {
                let _ = watcher.watch(&root.join(folder), RecursiveMode::NonRecursive);
            }
        }
    }
}

/// The paths of one burst of changes; `None` when there will be no more.
fn next(changes: &Receiver<Vec<PathBuf>>) -> Option<BTreeSet<PathBuf>> {
    let mut paths: BTreeSet<PathBuf> = changes.recv().ok()?.into_iter().collect();
    let latest = Instant::now() + PATIENCE;
    while Instant::now() < latest {
        match changes.recv_timeout(QUIET) {
            Ok(more) => paths.extend(more),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    Some(paths)
}

fn concerns(root: &Path, path: &Path, included: &BTreeSet<PathBuf>) -> Vec<Concern> {
    let Ok(path) = path.strip_prefix(root) else {
        return vec![Concern::Book];
    };
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    let mut concerns = Vec::new();
    if included.contains(path) {
        concerns.push(Concern::Book);
    }
    match parts.as_slice() {
        [".lab", "progress.json"] => concerns.push(Concern::Progress),
        [".lab", name] if name.starts_with("watching-") => concerns.push(Concern::Progress),
        [.., name] if name.starts_with('.') || name.ends_with('~') => {}
        ["labs", name, "src", ..] => concerns.push(Concern::Sources((*name).to_owned())),
        ["labs", _, "lab.toml"] | ["src", ..] | ["book.toml"] => concerns.push(Concern::Book),
        ["tools", "book", "assets" | "theme", ..] => concerns.push(Concern::Book),
        _ => {}
    }
    concerns
}
