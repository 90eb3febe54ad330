//! The command line. This file is given.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use lexopt::prelude::*;
use tonic::transport::Uri;

pub const HELP: &str = "\
Stock prices over gRPC

stock-ticker serve [--listen ADDRESS] [--still]    answer calls until Ctrl-C
stock-ticker quote SYMBOL                          the last recorded trade
stock-ticker replay SYMBOL [--limit N] [--interval DURATION]
                                                   the recorded trades
stock-ticker watch SYMBOL [--for DURATION]         the trades of now, as they happen

  --listen ADDRESS    where to listen; port 0 takes any free port [127.0.0.1:50051]
  --still             no trade happens by itself
  --server URL        the server to ask [http://127.0.0.1:50051]
  --limit N           at most so many trades [all]
  --interval DURATION at least so much time between two of them [none]
  --timeout DURATION  how long quote or replay may take, to the end [60s]
  --for DURATION      how long to watch [until the exchange closes, or Ctrl-C]
  --help              this text

A DURATION is a number and a unit: 50ms, 10s, 5m. Symbols: AAPL, NEWCO, BULK; and to
replay FLOW, a busy day, TORN, which breaks off, and MOULD, which is damaged. A line of
output is the trade's number, the price and the shares; \"missed N\" stands for N trades
that came too fast for this program.

Exit codes: 0 well; 1 the server could not run, or the output could not be written;
2 wrong arguments; 64 + N a call that ended with the gRPC status code N.
Ctrl-C ends quote, replay and watch as it ends any program (130 in a shell).
";

/// What the program is asked to do.
pub enum Command {
    Help,
    Serve {
        listen: SocketAddr,
        /// Whether the exchange stands still until somebody trades.
        still: bool,
    },
    Ask(Question),
}

/// What to ask a server for.
#[derive(Debug)]
pub struct Question {
    pub about: About,
    pub symbol: String,
    pub server: Uri,
    /// How long the whole call may last, from now to its end.
    pub time: Option<Duration>,
}

#[derive(Debug)]
pub enum About {
    Quote,
    Replay { limit: u32, interval: Duration },
    Watch,
}

/// Reads the arguments after the program's name.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 50051));
    let mut still = false;
    let mut server = Uri::from_static("http://127.0.0.1:50051");
    let (mut limit, mut interval, mut timeout, mut watch_for) = (None, None, None, None);
    let (mut command, mut symbol) = (None, None);

    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") => return Ok(Command::Help),
            Long("listen") => listen = parser.value()?.parse()?,
            Long("still") => still = true,
            Long("server") => server = parser.value()?.parse()?,
            Long("limit") => limit = Some(parser.value()?.parse_with(at_least_one)?),
            Long("interval") => interval = Some(parser.value()?.parse_with(duration)?),
            Long("timeout") => timeout = Some(parser.value()?.parse_with(duration)?),
            Long("for") => watch_for = Some(parser.value()?.parse_with(duration)?),
            Value(name) if command.is_none() => command = Some(name.string()?),
            Value(name) if symbol.is_none() => symbol = Some(name.string()?),
            argument => return Err(argument.unexpected()),
        }
    }

    let Some(command) = command else {
        return Err("give a command; see --help".into());
    };
    let (replays, watches) = (command == "replay", command == "watch");
    for (option, given, fits) in [
        ("--limit", limit.is_some(), replays),
        ("--interval", interval.is_some(), replays),
        (
            "--timeout",
            timeout.is_some(),
            replays || command == "quote",
        ),
        ("--for", watch_for.is_some(), watches),
        ("--still", still, command == "serve"),
    ] {
        if given && !fits {
            return Err(format!("{option} is not for {command}; see --help").into());
        }
    }
    let timeout = timeout.unwrap_or(Duration::from_secs(60));
    let (about, time) = match command.as_str() {
        "serve" => match symbol {
            None => return Ok(Command::Serve { listen, still }),
            Some(symbol) => return Err(Value(symbol.into()).unexpected()),
        },
        "quote" => (About::Quote, Some(timeout)),
        "replay" => {
            let limit = limit.unwrap_or(0);
            let interval = interval.unwrap_or(Duration::ZERO);
            (About::Replay { limit, interval }, Some(timeout))
        }
        "watch" => (About::Watch, watch_for),
        other => return Err(format!("there is no command {other:?}; see --help").into()),
    };
    Ok(Command::Ask(Question {
        about,
        symbol: symbol.ok_or("give a symbol, such as AAPL; see --help")?,
        server,
        time,
    }))
}

fn at_least_one(text: &str) -> Result<u32, &'static str> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err("it must be a whole number, 1 or more"),
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let unit_at = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let number = number
        .parse::<u32>()
        .map_err(|_| "it must be a number and a unit, such as 50ms, 10s or 5m")?;
    let duration = match unit {
        "ms" => Duration::from_millis(number.into()),
        "s" => Duration::from_secs(number.into()),
        "m" => Duration::from_secs(60 * u64::from(number)),
        _ => return Err("its unit must be ms, s or m"),
    };
    if duration <= DAY {
        Ok(duration)
    } else {
        Err("it must be a day or less")
    }
}
