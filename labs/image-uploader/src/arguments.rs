//! The command line. This file is given.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;
use tonic::transport::Uri;

pub const HELP: &str = "\
An image store over gRPC

image-uploader serve --store DIR [OPTIONS]   keep images in DIR, until Ctrl-C
image-uploader put FILE [OPTIONS]            upload a file
image-uploader info NAME [OPTIONS]           what is stored under a name

  --listen ADDRESS   where to listen; port 0 takes any free port [127.0.0.1:50051]
  --store DIR        the folder of the images; it is made if it is not there
  --quota SIZE       the largest image that is taken, such as 100KiB or 1GiB [64MiB]
  --name NAME        what to store the file as [its own name]
  --server URL       the server to ask [http://127.0.0.1:50051]
  --timeout SECONDS  how long the whole call may take [60]
  --progress         show progress even where standard error is no terminal
  --help             this text

Exit codes: 0 well; 1 the server could not run; 2 wrong arguments;
3 the file could not be read, or changed while it was; 64 + N a call that
ended with the gRPC status code N
";

/// What the program is asked to do.
pub enum Command {
    Help,
    Serve(Serve),
    Put(Put),
    Info(Info),
}

pub struct Serve {
    pub listen: SocketAddr,
    pub store: PathBuf,
    /// The largest image, in bytes.
    pub quota: u64,
}

pub struct Put {
    pub file: PathBuf,
    /// What to store it as.
    pub name: String,
    pub server: Uri,
    /// For the whole upload.
    pub timeout: Duration,
    /// Shown even where standard error is no terminal.
    pub progress: bool,
}

pub struct Info {
    pub name: String,
    pub server: Uri,
    pub timeout: Duration,
}

/// Reads the arguments after the program's name.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 50051));
    let mut store = None;
    let mut quota = 64 << 20;
    let mut name = None;
    let mut server = Uri::from_static("http://127.0.0.1:50051");
    let mut timeout = Duration::from_secs(60);
    let mut progress = false;
    let mut command = None;
    let mut operand = None;

    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") => return Ok(Command::Help),
            Long("listen") => listen = parser.value()?.parse()?,
            Long("store") => store = Some(PathBuf::from(parser.value()?)),
            Long("quota") => quota = parser.value()?.parse_with(bytes)?,
            Long("name") => name = Some(parser.value()?.string()?),
            Long("server") => server = parser.value()?.parse()?,
            Long("timeout") => timeout = parser.value()?.parse_with(seconds)?,
            Long("progress") => progress = true,
            Value(word) if command.is_none() => command = Some(word.string()?),
            Value(word) if operand.is_none() => operand = Some(word),
            argument => return Err(argument.unexpected()),
        }
    }

    match (command.as_deref(), operand) {
        (Some("serve"), None) => Ok(Command::Serve(Serve {
            listen,
            store: store.ok_or("say where the images are to be kept: --store DIR")?,
            quota,
        })),
        (Some("put"), Some(file)) => {
            let file = PathBuf::from(file);
            let own_name = || file.file_name()?.to_str().map(str::to_owned);
            Ok(Command::Put(Put {
                name: name
                    .or_else(own_name)
                    .ok_or("the file's name is no name for an image; give one: --name NAME")?,
                file,
                server,
                timeout,
                progress,
            }))
        }
        (Some("info"), Some(name)) => Ok(Command::Info(Info {
            name: name.string()?,
            server,
            timeout,
        })),
        (Some("put"), None) => Err("give a file to upload; see --help".into()),
        (Some("info"), None) => Err("give the name of an image; see --help".into()),
        (Some("serve"), Some(word)) => Err(Value(word).unexpected()),
        (Some(other), _) => Err(format!("there is no command {other:?}; see --help").into()),
        (None, _) => Err("give a command; see --help".into()),
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.find(|character: char| !character.is_ascii_digit()) {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    let shift = match unit {
        "" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        "TiB" => 40,
        "PiB" => 50,
        _ => return Err("give bytes, or a number of KiB, MiB, GiB, TiB or PiB".to_owned()),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "it is not a whole number".to_owned())?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "it is too large".to_owned())
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
