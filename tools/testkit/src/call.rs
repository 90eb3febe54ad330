//! One call and what became of it.

use std::fmt::Debug;
use std::time::Duration;

use tonic::{Code, Response, Status};

use crate::explain::{Explanation, apart, shorten};
use crate::printed::Printed;
use crate::proxy::Trace;

/// A call that was made: what is needed to explain whatever became of it.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) call: String,
    pub(crate) patience: Duration,
    pub(crate) trace: Trace,
    pub(crate) printed: Printed,
    /// What the program had printed on standard error before the call, in bytes.
    pub(crate) printed_before: u64,
}

impl Made {
    /// Fails the test. `done` is the call, and how far it had come.
    pub(crate) fn explain(
        &self,
        done: String,
        expected: String,
        came_back: String,
        because: &str,
    ) -> ! {
        let annotated = self.printed.annotate(self.printed_before, came_back);
        // A stage that is not written yet has put nothing on the wire that is worth reading.
        let trace = if annotated.starts_with("nothing: stage") {
            None
        } else {
            self.trace.text()
        };
        Explanation::new(done)
            .expected(expected)
            .came_back(annotated)
            .because(because)
            .trace(trace)
            .fail()
    }
}

/// What became of a call, together with what is needed to explain it.
#[must_use = "an outcome that nobody looks at proves nothing"]
#[derive(Debug)]
pub struct Outcome<T> {
    pub(crate) made: Made,
    /// `None` if there was no answer for as long as the test waited.
    pub(crate) answer: Option<Result<Response<T>, Status>>,
}

impl<T: Debug> Outcome<T> {
    /// Expects exactly this message, and gives it.
    pub fn is(self, message: T, because: &str) -> T
    where
        T: PartialEq,
    {
        match self.answer {
            Some(Ok(response)) if *response.get_ref() == message => response.into_inner(),
            Some(Ok(ref response)) => {
                let came = format!("OK, {:?}", response.get_ref());
                let (expected, came_back) = apart(&format!("OK, {message:?}"), &came);
                let done = self.made.call.clone();
                self.made.explain(done, expected, came_back, because)
            }
            _ => self.explain(shorten(&format!("OK, {message:?}")), because),
        }
    }

    /// Expects an answer that is not an error, and gives its message.
    pub fn is_ok(self, because: &str) -> T {
        match self.answer {
            Some(Ok(response)) => response.into_inner(),
            _ => self.explain("OK".to_owned(), because),
        }
    }

    /// Expects an error with this code and some message for the caller, and gives it.
    pub fn is_error(self, code: Code, because: &str) -> Status {
        match self.answer {
            Some(Err(status)) if status.code() == code && !status.message().is_empty() => status,
            Some(Err(ref status)) if status.code() == code => {
                self.explain(format!("{} with a message", code_name(code)), NO_MESSAGE)
            }
            _ => self.explain(code_name(code).to_owned(), because),
        }
    }

    /// Fails: the call has ended although it could not have.
    pub fn is_too_early(self, because: &str) -> ! {
        self.explain("no answer yet".to_owned(), because)
    }

    fn explain(self, expected: String, because: &str) -> ! {
        let came_back = match &self.answer {
            None => format!("nothing within {:?}", self.made.patience),
            Some(Ok(response)) => format!("OK, {}", shorten(&format!("{:?}", response.get_ref()))),
            Some(Err(status)) => status_shown(status),
        };
        let done = self.made.call.clone();
        self.made.explain(done, expected, came_back, because)
    }
}

pub(crate) const NO_MESSAGE: &str =
    "A status without a message leaves the caller guessing what was wrong.";

pub(crate) fn status_shown(status: &Status) -> String {
    let code = code_name(status.code());
    if status.message().is_empty() {
        format!("{code} without a message")
    } else {
        format!("{code}: {}", shorten(status.message()))
    }
}

/// The name of a status code as gRPC spells it: <https://grpc.io/docs/guides/status-codes/>.
pub(crate) fn code_name(code: Code) -> &'static str {
    wiretap::names::grpc_status(code as u32).unwrap_or("an unknown code")
}
