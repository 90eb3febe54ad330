//! What the client asks, prints, and says when a call fails. This file is yours: stage 9.

use proto::ticker::v1::Tick;

use crate::arguments::{About, Question};
use crate::show;

/// What the program prints on standard error, on one line, and the code it exits with.
#[derive(Debug)]
pub struct Failure {
    /// 64 plus the number of the status code: UNAVAILABLE, which is 14, gives 78. 1 if the output
    /// cannot be written.
    pub exit_code: u8,
    /// The server's own message; or, where it was made here, time over included, which server, and
    /// why.
    pub sentence: String,
}

/// Makes one call, and prints each reply as a line when it comes.
///
/// A watch whose time is over has gone well. So has anything whose reader has seen enough and
/// closed the output.
pub async fn ask(question: &Question) -> Result<(), Failure> {
    let Question {
        about,
        symbol,
        server,
        time,
    } = question;
    match about {
        About::Quote => todo!("stage 9: ask {server} for a quote of {symbol}, within {time:?}"),
        About::Replay { limit, interval } => {
            todo!("stage 9: ask for a replay of {limit} ticks, {interval:?} apart")
        }
        About::Watch => todo!(
            "stage 9: watch, and print lines such as {:?} and {:?}",
            show::tick(&Tick::default()),
            show::missed(1)
        ),
    }
}
