//! The command line. This file is given.

use std::ffi::OsString;
use std::net::SocketAddr;

use lexopt::prelude::*;
use tonic::transport::Uri;

use crate::client::Seat;

pub const HELP: &str = "\
Rooms in which people talk, over gRPC

chat serve [--listen ADDRESS] [--backlog SIZE]   hold rooms until Ctrl-C
chat join ROOM --name NAME [--server URL]        talk in a room

Each line that you type is said to the room. At the end of input (Ctrl-D) you go on hearing
until nobody is left who may speak. Ctrl-C leaves at once.

  --listen ADDRESS   where to listen; port 0 takes any free port [127.0.0.1:50051]
  --backlog SIZE     how much is kept for a member that does not read, before it is put out:
                     a number of bytes, or such as 512KiB or 16MiB [16MiB]
  --name NAME        what others know you by
  --server URL       the server to ask [http://127.0.0.1:50051]
  --help             this text

Exit codes: 0 well; 1 the server could not run, or the output could not be written;
2 wrong arguments; 64 + N a call that ended with the gRPC status code N
";

/// What the program is asked to do.
pub enum Command {
    Help,
    Serve {
        listen: SocketAddr,
        /// In bytes.
        backlog: usize,
    },
    Join(Seat),
}

/// Reads the arguments after the program's name.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 50051));
    let mut backlog = 16 << 20;
    let mut server = Uri::from_static("http://127.0.0.1:50051");
    let mut name = None;
    let mut command: Option<String> = None;
    let mut room = None;

    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") => return Ok(Command::Help),
            Long("listen") => listen = parser.value()?.parse()?,
            Long("backlog") => backlog = parser.value()?.parse_with(size)?,
            Long("server") => server = parser.value()?.parse()?,
            Long("name") => name = Some(parser.value()?.string()?),
            Value(word) if command.is_none() => command = Some(word.string()?),
            Value(word) if room.is_none() && command.as_deref() == Some("join") => {
                room = Some(word.string()?);
            }
            argument => return Err(argument.unexpected()),
        }
    }

    match command.as_deref() {
        Some("serve") => Ok(Command::Serve { listen, backlog }),
        Some("join") => Ok(Command::Join(Seat {
            room: room.ok_or("which room? Give its name after join; see --help")?,
            name: name.ok_or("who are you? Give --name NAME; see --help")?,
            server,
        })),
        Some(other) => Err(format!("there is no command {other:?}; see --help").into()),
        None => Err("give a command; see --help".into()),
    }
}

/// A number of bytes, such as `1000`, `512KiB` or `16MiB`.
fn size(text: &str) -> Result<usize, String> {
    // Room for one text of the largest size, and a second one that comes while it is written.
    const LEAST: usize = 128 << 10;
    const MOST: usize = 1 << 30;
    let (number, unit) = match text.find(|character: char| !character.is_ascii_digit()) {
        Some(end) => text.split_at(end),
        None => (text, "B"),
    };
    let unit = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err("it is no number of bytes such as 16MiB".to_owned()),
    };
    number
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|bytes| (LEAST..=MOST).contains(bytes))
        .ok_or_else(|| "it must be from 128KiB to 1GiB".to_owned())
}
