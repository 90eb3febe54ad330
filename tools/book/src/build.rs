//! The book, built by mdBook's own crates with our preprocessor inside, and judged: what mdBook
//! passes over or only warns of is a [`Finding`] here.
//!
//! The output folder is replaced only by a book without findings.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use lab::course::Course;
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::check::{self, External};
use crate::finding::Finding;
use crate::markdown;
use crate::preprocess::CoursePreprocessor;

/// What came of a build.
#[derive(Debug, Default)]
pub struct Built {
    /// Sorted by file and line; empty for a sound book.
    pub findings: Vec<Finding>,
    /// Links that leave the book. They are not fetched.
    pub external: Vec<External>,
    pub pages: usize,
    /// Files that the pages include, relative to the course's root.
    pub included: BTreeSet<PathBuf>,
}

/// Builds the book into `out`, unless something is found.
pub fn build(course: &Course, out: &Path) -> Result<Built> {
    let parent = out.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let fresh = tempfile::Builder::new()
        .prefix(".book-")
        .tempdir_in(parent)
        .with_context(|| format!("cannot write into {}", parent.display()))?;

    let built = render(course, fresh.path())?;
    if built.findings.is_empty() {
        replace(fresh, out).with_context(|| format!("cannot replace {}", out.display()))?;
    }
    Ok(built)
}

/// Checks everything and keeps nothing.
pub fn check(course: &Course) -> Result<Built> {
    let scratch = tempfile::tempdir().context("cannot create a temporary folder")?;
    render(course, scratch.path())
}

/// Builds into an empty folder, findings or not.
pub fn render(course: &Course, out: &Path) -> Result<Built> {
    let mut built = Built::default();
    let Some(config) = config(course, out, &mut built.findings)? else {
        return Ok(built);
    };
    let src = config.book.src.clone();
    let sources = check::sources::Sources::read(course, &src)?;
    built.included = sources.included();
    built.findings.extend(sources.check(course)?);
    if sources.summary_is_broken() {
        return Ok(built);
    }

    let found = Rc::new(RefCell::new(Vec::new()));
    let (done, warnings) = with_warnings(|| -> Result<()> {
        let mut book = MDBook::load_with_config(&course.root, config)?;
        book.with_preprocessor(CoursePreprocessor::new(course.clone(), Rc::clone(&found)));
        built.pages = book.book.chapters().count();
        book.build()
    });
    built.findings.append(&mut found.borrow_mut());
    if let Err(error) = done {
        if let Some(io) = error.chain().find_map(|e| e.downcast_ref::<io::Error>())
            && io.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let reasons: Vec<_> = error.chain().map(ToString::to_string).collect();
        let message = format!("mdBook cannot build this: {}", reasons.join(": "));
        let fix = "correct SUMMARY.md or book.toml as it says";
        built
            .findings
            .push(Finding::new(src.join("SUMMARY.md"), 1, message, fix));
        return Ok(built);
    }
    // One cause, one message: what is wrong with a page already may be why mdBook warns of it.
    let known: BTreeSet<PathBuf> = built.findings.iter().map(|f| f.file.clone()).collect();
    let warnings = warnings
        .iter()
        .filter_map(|warning| sources.place_warning(warning));
    let fresh = warnings.filter(|warning| !known.contains(&warning.file));
    built.findings.extend(fresh);
    remove_sources(out)?;

    let rendered = check::rendered::Site::read(out)?;
    let (findings, external) = rendered.check(course, &sources);
    built.findings.extend(findings);
    built.external = external;
    built.findings.sort();
    built.findings.dedup();
    Ok(built)
}

fn config(course: &Course, out: &Path, findings: &mut Vec<Finding>) -> Result<Option<Config>> {
    let path = course.root.join("book.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    match text.parse::<Config>() {
        Ok(mut config) => {
            config.build.build_dir = out.to_path_buf();
            // A page that SUMMARY.md names and that is missing is to be said, not made.
            config.build.create_missing = false;
            Ok(Some(config))
        }
        Err(error) => {
            let reasons: Vec<_> = error
                .chain()
                .map(|e| e.to_string().replace('\n', " "))
                .collect();
            let fix = "see mdBook's guide for the keys of book.toml";
            findings.push(Finding::new("book.toml", 1, reasons.join(": "), fix));
            Ok(None)
        }
    }
}

/// mdBook copies whatever lies beside the pages; a quiz's answers in clear are not for readers.
fn remove_sources(out: &Path) -> Result<()> {
    for path in check::files_below(out)? {
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let path = out.join(path);
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// The old book stays until the new one is complete.
fn replace(fresh: tempfile::TempDir, out: &Path) -> io::Result<()> {
    if out.exists() {
        // Moved into the folder that vanishes, so that a failure half-way leaves no other trace.
        let old = tempfile::Builder::new()
            .prefix(".book-old-")
            .tempdir_in(out.parent().unwrap_or(Path::new(".")))?;
        fs::rename(out, old.path().join("book"))?;
    }
    let fresh = fresh.keep();
    make_readable(&fresh)?;
    fs::rename(fresh, out)
}

/// A temporary folder is its owner's alone; a book is for a web server to read.
#[cfg(unix)]
fn make_readable(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_readable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Something that mdBook said while it went on.
#[derive(Debug, Clone)]
pub struct Warning {
    pub target: String,
    pub message: String,
}

fn with_warnings<T>(work: impl FnOnce() -> T) -> (T, Vec<Warning>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::registry().with(Collector(Arc::clone(&heard)));
    let result = tracing::subscriber::with_default(subscriber, work);
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    (result, std::mem::take(&mut heard))
}

struct Collector(Arc<Mutex<Vec<Warning>>>);

impl<S: tracing::Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() > tracing::Level::WARN {
            return;
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(Warning {
            target: event.metadata().target().to_owned(),
            message: message.0,
        });
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl check::sources::Sources {
    /// Finds the page, and if possible the line, that a warning speaks of.
    fn place_warning(&self, warning: &Warning) -> Option<Finding> {
        if warning.target.ends_with("preprocessors::links") && !self.includes_are_sound() {
            return None; // already reported, with line and fix
        }
        let message = warning
            .message
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let message = message
            .split(", expected one of")
            .next()
            .unwrap_or_default();
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let page = quoted.iter().find_map(|name| {
            let path = PathBuf::from(name);
            self.page(&path).map(|text| (path, text))
        });
        let (file, text) = match page {
            Some((path, text)) => (self.src.join(path), text),
            None => (PathBuf::from("book.toml"), self.book_toml.as_str()),
        };
        // The page's own name is not a place in it.
        let places = quoted.iter().filter(|name| !file.ends_with(name));
        let offset = places
            .rev() // the last is the most particular
            .map(|name| name.trim_end_matches('>'))
            .find_map(|name| text.find(name));
        let line = offset.map_or(1, |offset| markdown::line_at(text, offset));
        let message = format!("mdBook warns: {message}");
        let fix = "put it right; mdBook alone would go on, and show something wrong";
        Some(Finding::new(file, line, message, fix))
    }
}
