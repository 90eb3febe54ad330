//! The command line. This file is given.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use lexopt::prelude::*;
use tonic::transport::Uri;

use crate::client::Operator;

pub const HELP: &str = "\
Integer arithmetic over gRPC

calculator serve [--listen ADDRESS]          answer calls until Ctrl-C
calculator add NUMBER NUMBER…  [OPTIONS]     add, from left to right
calculator subtract NUMBER NUMBER… [OPTIONS]
calculator multiply NUMBER NUMBER… [OPTIONS]
calculator divide NUMBER NUMBER… [OPTIONS]

  --listen ADDRESS   where to listen; port 0 takes any free port [127.0.0.1:50051]
  --server URL       the server to ask [http://127.0.0.1:50051]
  --timeout SECONDS  how long the whole calculation may take [5]
  --help             this text

Exit codes: 0 well; 1 the server could not run; 2 wrong arguments;
64 + N a call that ended with the gRPC status code N
";

/// What the program is asked to do.
pub enum Command {
    Help,
    Serve { listen: SocketAddr },
    Calculate(Calculation),
}

/// A calculation to ask a server for.
pub struct Calculation {
    pub operator: Operator,
    /// Two or more.
    pub numbers: Vec<i64>,
    pub server: Uri,
    /// For the whole calculation.
    pub timeout: Duration,
}

/// Reads the arguments after the program's name.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 50051));
    let mut server = Uri::from_static("http://127.0.0.1:50051");
    let mut timeout = Duration::from_secs(5);
    let mut command = None;
    let mut numbers = Vec::new();

    let mut parser = lexopt::Parser::from_args(arguments);
    loop {
        if let Some(number) = negative_number(&mut parser) {
            numbers.push(number);
            continue;
        }
        match parser.next()? {
            None => break,
            Some(Long("help")) => return Ok(Command::Help),
            Some(Long("listen")) => listen = parser.value()?.parse()?,
            Some(Long("server")) => server = parser.value()?.parse()?,
            Some(Long("timeout")) => timeout = parser.value()?.parse_with(seconds)?,
            Some(Value(name)) if command.is_none() => command = Some(name.string()?),
            Some(Value(number)) => numbers.push(number.parse()?),
            Some(argument) => return Err(argument.unexpected()),
        }
    }

    let operator = match command.as_deref() {
        Some("serve") => return Ok(Command::Serve { listen }),
        Some("add") => Operator::Add,
        Some("subtract") => Operator::Subtract,
        Some("multiply") => Operator::Multiply,
        Some("divide") => Operator::Divide,
        Some(other) => return Err(format!("there is no command {other:?}; see --help").into()),
        None => return Err("give a command; see --help".into()),
    };
    if numbers.len() < 2 {
        return Err("give two numbers or more; see --help".into());
    }
    Ok(Command::Calculate(Calculation {
        operator,
        numbers,
        server,
        timeout,
    }))
}

/// `-7` looks like an option, so it is read before options are.
fn negative_number(parser: &mut lexopt::Parser) -> Option<i64> {
    let number = parser.try_raw_args()?.peek()?.to_str()?.parse().ok()?;
    if number < 0 {
        parser.try_raw_args()?.next();
        return Some(number);
    }
    None
}

fn seconds(text: &str) -> Result<Duration, String> {
    const DAY: f64 = 24.0 * 60.0 * 60.0;
    let seconds: f64 = text
        .parse()
        .map_err(|_| "it is not a number of seconds".to_owned())?;
    if (0.0..=DAY).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("it must be from 0 to a day".to_owned())
    }
}
