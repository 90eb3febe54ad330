//! What the client asks, and what it says when a call fails. This file is yours: stage 4.

use crate::arguments::Calculation;

#[derive(Clone, Copy, Debug)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// What the program prints on standard error, on one line, and the code it exits with.
#[derive(Debug)]
pub struct Failure {
    /// 64 plus the number of the status code: INVALID_ARGUMENT, which is 3, gives 67.
    pub exit_code: u8,
    /// The server's own message; or, where no server answered, which one did not, and why.
    pub sentence: String,
}

/// Works from left to right: one call for `2 + 3`, a second one to add the next number to its
/// result, all of them on one channel.
pub async fn calculate(calculation: &Calculation) -> Result<i64, Failure> {
    let Calculation {
        operator,
        numbers,
        server,
        timeout,
    } = calculation;
    todo!("stage 4: {operator:?} {numbers:?}, ask {server} and wait {timeout:?} at most")
}
