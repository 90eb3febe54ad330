//! `cargo lab`: the command line over the library.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use lab::commands::{diff, doctor, hint, list, new, reset, solution, status, test, verify, watch};
use lab::course::Course;
use lab::error::{Error, Outcome, Result};
use lab::process;

const EXIT_CODES: &str = "\
Exit codes:
  0    well
  1    a stage is red, or verify found a disagreement
  2    bad input: an unknown lab or stage, a lab.toml with an error
  3    the lab does not build; the compiler's own message says why
  4    the machine is in the way: disk, permission, a missing tool
  130  Ctrl-C";

/// Runs the labs of the course. Without a command: where you are, and what to run next.
#[derive(Parser)]
#[command(name = "lab", bin_name = "cargo lab", version, after_help = EXIT_CODES)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct Json {
    /// Print JSON, for another program to read
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Limit {
    /// Seconds after which a stage that hangs is stopped
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
}

impl From<Limit> for Duration {
    fn from(limit: Limit) -> Duration {
        Duration::from_secs(limit.limit)
    }
}

#[derive(Subcommand)]
enum Command {
    /// Every lab and its stages, in the order of the book
    List {
        #[command(flatten)]
        json: Json,
    },
    /// Run a lab's stages in order, up to the first red one
    #[command(after_help = "\
Examples:
  cargo lab test calculator
  cargo lab test calculator 3
  LAB_PROGRAM=\"python3 server.py\" cargo lab test calculator --all")]
    Test {
        lab: String,
        /// Only this stage: its number or its id
        stage: Option<String>,
        /// Go on after a red stage
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        limit: Limit,
        #[command(flatten)]
        json: Json,
    },
    /// Run a lab at once and after every save
    Watch {
        lab: String,
        /// Look at the files twice a second, where the system sends no file events
        #[arg(long)]
        poll: bool,
        #[command(flatten)]
        limit: Limit,
    },
    /// The next hint of the first red stage
    Hint {
        lab: String,
        /// Of this stage: its number or its id
        stage: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// What the reference does otherwise than you
    Diff {
        lab: String,
        /// Show it even though the lab is not solved
        #[arg(long)]
        spoil: bool,
    },
    /// The reference
    Solution {
        lab: String,
        /// Only this file
        file: Option<String>,
        /// Show it even though the lab is not solved
        #[arg(long)]
        spoil: bool,
    },
    /// Put the stub back; what it replaces is kept in .lab/backups
    Reset {
        lab: String,
        /// Only these files
        files: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// What this machine has, and what it lacks
    Doctor {
        #[command(flatten)]
        json: Json,
    },
    /// For authors: prove that stub, solution, tests and wrong solutions agree
    Verify {
        /// Only this lab
        lab: Option<String>,
        /// Write the stubs from the solutions, and stop; what they replace is backed up
        #[arg(long)]
        write_stubs: bool,
        #[command(flatten)]
        limit: Limit,
        #[command(flatten)]
        json: Json,
    },
    /// For authors: start a lab from a template
    New {
        /// a-z, 0-9 and -, such as "calculator"
        name: String,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = process::end_children_on_interrupt()
        .map_err(|error| Error::Environment(format!("cannot handle Ctrl-C: {error}")))
        .and_then(|()| run(arguments));
    match ended {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(error) => {
            // Cargo has already said why a program does not build, and says it better.
            if error != Error::Build {
                anstream::eprintln!("error: {error}");
            }
            ExitCode::from(error.code())
        }
    }
}

fn run(arguments: Arguments) -> Result<Outcome> {
    let course = &Course::find()?;
    let Some(command) = arguments.command else {
        return status::run(course, arguments.json.json);
    };
    match command {
        Command::List { json } => list::run(course, json.json),
        Command::Test {
            lab,
            stage,
            all,
            limit,
            json,
        } => {
            let (json, limit) = (json.json, limit.into());
            let options = test::Options {
                lab,
                stage,
                all,
                json,
                limit,
            };
            test::run(course, &options)
        }
        Command::Watch { lab, poll, limit } => {
            let limit = limit.into();
            watch::run(course, &watch::Options { lab, poll, limit })
        }
        Command::Hint { lab, stage, json } => hint::run(course, &lab, stage.as_deref(), json.json),
        Command::Diff { lab, spoil } => diff::run(course, &lab, spoil),
        Command::Solution { lab, file, spoil } => {
            solution::run(course, &lab, file.as_deref(), spoil)
        }
        Command::Reset { lab, files, yes } => reset::run(course, &lab, &files, yes),
        Command::Doctor { json } => doctor::run(course, json.json),
        Command::Verify {
            lab,
            write_stubs,
            limit,
            json,
        } => {
            let (json, limit) = (json.json, limit.into());
            let options = verify::Options {
                lab,
                write_stubs,
                json,
                limit,
            };
            verify::run(course, &options)
        }
        Command::New { name } => new::run(course, &name),
    }
}
