//! The client: what is typed is said, what is heard is shown. This file is yours: stage 9.

use std::io;

use tokio::sync::mpsc;
use tonic::transport::Uri;

/// Where to sit: in which room of which server, under which name.
#[derive(Debug)]
pub struct Seat {
    pub room: String,
    pub name: String,
    pub server: Uri,
}

/// What the program prints on standard error, on one line, and the code it exits with.
#[derive(Debug)]
pub struct Failure {
    /// 64 plus the number of the status code: ALREADY_EXISTS, which is 6, gives 70. Or 1, if what
    /// was heard cannot be printed.
    pub exit_code: u8,
    /// The server's own message; or, where no server answered, which one did not, and why.
    pub sentence: String,
}

/// Talks in a room until it is over. Every line of `typed` is said; the end of `typed` is the end
/// of what is said, not of what is heard. What is heard goes to `show`, line by line:
///
/// - welcome: `* with ann, ben`, or `* nobody else is here`;
/// - joined and left: `* ben joined`, `* ben left`;
/// - said: `ben: text`.
///
/// When the room is over, nothing more is shown, and this is `Ok`.
pub async fn join(
    seat: Seat,
    typed: mpsc::Receiver<String>,
    show: fn(&str) -> io::Result<()>,
) -> Result<(), Failure> {
    let Seat { room, name, server } = seat;
    let _ = (typed, show);
    todo!("stage 9: join {room:?} of {server} as {name:?}, say what is typed, show what is heard")
}
