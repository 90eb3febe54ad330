//! The calculator, sixteen times: for each pair one good calculation and two that fail.

mod pairs;

use std::process::ExitCode;

use testkit::Program;

use pairs::{SAME, url};

fn main() -> ExitCode {
    pairs::run("calculator", &[], async |client, server| {
        let url = url(&server);
        let run = async |operator, numbers: &[&str]| {
            let mut arguments = vec![operator];
            arguments.extend(numbers);
            arguments.extend(["--server", &url]);
            Program::run(client, &arguments).await
        };
        run("add", &["2", "3", "4"]).await.prints("9", SAME);
        run("divide", &["7", "0"]).await.fails(
            67,
            &["InvalidArgument: cannot divide 7 by zero"],
            SAME,
        );
        run("multiply", &["9223372036854775807", "-2"]).await.fails(
            75,
            &["OutOfRange: the result of 9223372036854775807 * -2 does not fit in 64 bits"],
            SAME,
        );
    })
}
