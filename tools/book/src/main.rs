//! `cargo book`: the command line over the library.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use book::build::{self, Built};
use book::finding::Finding;
use book::preprocess::CoursePreprocessor;
use book::{serve, transcripts};
use clap::{Args, Parser, Subcommand};
use lab::course::Course;
use lab::report::{BAD, GOOD, paint};
use mdbook_preprocessor::Preprocessor as _;

const EXIT_CODES: &str = "\
Exit codes:
  0    well
  1    the book breaks a rule; each is printed as file:line with its fix
  2    bad input
  4    the machine is in the way: a port, the disk, a permission
  130  Ctrl-C";

/// The course's book. Without a command: serves it, with live labs, and opens the browser.
#[derive(Parser)]
#[command(name = "book", bin_name = "cargo book", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the book on 127.0.0.1, and build it anew when a source changes
    #[command(after_help = "\
Examples:
  cargo book
  cargo book serve --port 8000 --no-open")]
    Serve(Serve),
    /// Write the book, for a static host or to open from disk
    Build {
        /// The folder to write; an older book in it is replaced
        #[arg(long, value_name = "DIR", default_value = "target/book")]
        out: PathBuf,
    },
    /// Check every rule, and write nothing
    Check {
        /// List the links that leave the book; they are not fetched
        #[arg(long)]
        external: bool,
    },
    /// Run the book's `$ cargo lab …` transcripts again and compare them
    Transcripts {
        /// Write what came out into the pages
        #[arg(long)]
        write: bool,
    },
    /// The preprocessor's side of mdBook's protocol, for a stock `mdbook build`
    Preprocess {
        #[command(subcommand)]
        query: Option<Query>,
    },
}

#[derive(Args, Default)]
struct Serve {
    /// This port and no other; without it 3000, or a free one
    #[arg(long)]
    port: Option<u16>,
    /// Do not open the browser
    #[arg(long)]
    no_open: bool,
}

#[derive(Subcommand)]
enum Query {
    /// Whether this preprocessor is for a renderer
    Supports { renderer: String },
}

/// What a command came to, short of an error.
enum Ended {
    Well,
    Findings,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Findings) => ExitCode::from(1),
        Err(error) => {
            let reasons: Vec<_> = error.chain().map(ToString::to_string).collect();
            anstream::eprintln!("error: {}", reasons.join(": "));
            let code = error
                .downcast_ref::<lab::error::Error>()
                .map_or(4, |e| e.code());
            ExitCode::from(code)
        }
    }
}

fn run(command: Option<Command>) -> Result<Ended> {
    match command.unwrap_or(Command::Serve(Serve::default())) {
        Command::Serve(options) => {
            let course = Course::find()?;
            let started = Instant::now();
            let served = serve::build(&course)?;
            if !served.findings.is_empty() {
                return Ok(report(&served.findings));
            }
            let built = served.describe(started.elapsed());
            let options = serve::Options {
                port: options.port,
                open: !options.no_open,
            };
            serve::run(course, served, &options, |url| {
                status("Built", &built);
                status("Serving", &format!("{url} (Ctrl-C ends it)"));
            })?;
            Ok(Ended::Well)
        }
        Command::Build { out } => {
            let course = Course::find()?;
            let out = std::path::absolute(out).context("cannot find the current folder")?;
            refuse_foreign(&out, &course)?;
            let started = Instant::now();
            let built = build::build(&course, &out)?;
            Ok(finish(&built, started, &format!("into {}", out.display())))
        }
        Command::Check { external } => {
            let course = Course::find()?;
            let started = Instant::now();
            let built = build::check(&course)?;
            if external {
                for link in &built.external {
                    let file = book::finding::slashed(&link.file);
                    anstream::println!("{file}:{}: {}", link.line, link.url);
                }
            }
            let rest = format!("and {} external links, not fetched", built.external.len());
            Ok(finish(&built, started, &rest))
        }
        Command::Transcripts { write } => {
            let course = Course::find()?;
            let findings = transcripts::run(&course, write, &mut |page| status("Running", page))?;
            Ok(report(&findings))
        }
        Command::Preprocess { query } => preprocess(query),
    }
}

/// `--out` is replaced as a whole, so it must be ours, or nothing yet.
fn refuse_foreign(out: &Path, course: &Course) -> Result<()> {
    let ours = out.join("toc.html").is_file() && out.join("print.html").is_file();
    let empty = !out.exists() || std::fs::read_dir(out).is_ok_and(|mut d| d.next().is_none());
    if (ours || empty) && !course.root.starts_with(out) {
        return Ok(());
    }
    Err(lab::error::Error::Input(format!(
        "{} holds something other than a book, and would be replaced; name an empty or a new folder",
        out.display()
    ))
    .into())
}

fn preprocess(query: Option<Query>) -> Result<Ended> {
    if let Some(Query::Supports { renderer }) = query {
        return Ok(match renderer.as_str() {
            "html" => Ended::Well,
            _ => Ended::Findings,
        });
    }
    let (context, read) = mdbook_preprocessor::parse_input(std::io::stdin())?;
    let findings = Default::default();
    let course = Course::find_from(&context.root)?;
    let preprocessor = CoursePreprocessor::new(course, std::rc::Rc::clone(&findings));
    let written = preprocessor.run(&context, read)?;
    serde_json::to_writer(std::io::stdout(), &written).context("cannot answer mdBook")?;
    let ended = report(&findings.borrow());
    Ok(ended)
}

fn finish(built: &Built, started: Instant, rest: &str) -> Ended {
    if built.findings.is_empty() {
        let seconds = started.elapsed().as_secs_f32();
        status(
            "Finished",
            &format!("{} pages {rest}, in {seconds:.1} s", built.pages),
        );
    }
    report(&built.findings)
}

fn report(findings: &[Finding]) -> Ended {
    if findings.is_empty() {
        return Ended::Well;
    }
    for finding in findings {
        anstream::eprintln!("{}: {finding}", paint(BAD, "error"));
    }
    let count = findings.len();
    let things = if count == 1 { "thing is" } else { "things are" };
    anstream::eprintln!("{count} {things} wrong with the book");
    Ended::Findings
}

/// A line in cargo's own style.
fn status(verb: &str, what: &str) {
    anstream::eprintln!("{} {what}", paint(GOOD, format!("{verb:>12}")));
}
