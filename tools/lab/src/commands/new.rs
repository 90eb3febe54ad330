//! `lab new`: a lab that is small and complete, with its contract, solution, zoo and tests, so
//! that `lab verify` is green before the author changes a line. It overwrites nothing.

use std::path::PathBuf;

use crate::course::Course;
use crate::error::{Error, Outcome, Result};
use crate::report::{GOOD, verb};
use crate::say;
use crate::{files, stub};

/// Where each file goes, below the course's root, and its text.
const FILES: &[(&str, &str)] = &[
    (
        "proto/{{package}}/v1/{{package}}.proto",
        include_str!("../../template/proto/contract.proto"),
    ),
    (
        "labs/{{lab}}/Cargo.toml",
        include_str!("../../template/lab/Cargo.toml"),
    ),
    (
        "labs/{{lab}}/lab.toml",
        include_str!("../../template/lab/lab.toml"),
    ),
    (
        "labs/{{lab}}/tests/stages/main.rs",
        include_str!("../../template/lab/stages/main.rs"),
    ),
    (
        "labs/{{lab}}/tests/stages/stage_1_echo.rs",
        include_str!("../../template/lab/stages/stage_1_echo.rs"),
    ),
    (
        "solutions/{{lab}}/Cargo.toml",
        include_str!("../../template/solution/Cargo.toml"),
    ),
    (
        "solutions/{{lab}}/src/main.rs",
        include_str!("../../template/solution/main.rs"),
    ),
    (
        "solutions/{{lab}}/src/service.rs",
        include_str!("../../template/solution/service.rs"),
    ),
    (
        "solutions/{{lab}}/zoo/01-empty-text.patch",
        include_str!("../../template/solution/zoo.patch"),
    ),
];

/// Makes the contract known to Rust.
const MODULE: &str = include_str!("../../template/proto/module.rs");

pub fn run(course: &Course, name: &str) -> Result<Outcome> {
    check(name)?;
    let package = name.replace('-', "_");
    for folder in [
        format!("labs/{name}"),
        format!("solutions/{name}"),
        format!("proto/{package}"),
    ] {
        if course.root.join(&folder).exists() {
            let message = format!("{folder} is there already; choose another name, or remove it");
            return Err(Error::Input(message));
        }
    }

    let fill = |text: &str| {
        text.replace("{{lab}}", name)
            .replace("{{package}}", &package)
            .replace("{{Service}}", &camel(name))
    };
    let mut made: Vec<(PathBuf, String)> = Vec::new();
    for (path, text) in FILES {
        let (path, text) = (fill(path), fill(text));
        if let Some(source) = path.strip_prefix(&format!("solutions/{name}/src/")) {
            let stub = stub::stub(&text).map_err(|error| {
                Error::Input(format!("the template's {source}:{}: {error}", error.line))
            })?;
            made.push((course.root.join(format!("labs/{name}/src/{source}")), stub));
        }
        made.push((course.root.join(path), text));
    }
    // Last, for it names what the others bring.
    let modules = course.root.join("proto/src/lib.rs");
    made.push((modules.clone(), files::read(&modules)? + &fill(MODULE)));

    files::write_all(&made)?;
    for (path, _) in &made {
        let what = if *path == modules {
            "Extended"
        } else {
            "Wrote"
        };
        say!("{}", verb(GOOD, what, files::shown(&course.root, path)));
    }
    say!("\nnext: cargo lab verify {name}");
    Ok(Outcome::Well)
}

/// The name is a folder, a package, and with `_` for `-` a module and a protobuf package.
fn check(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let word =
        |word: &str| word.starts_with(|c: char| !c.is_ascii_digit()) && word.chars().all(plain);
    let good = name.split('-').all(word) && !name.ends_with("-solution");
    if good {
        return Ok(());
    }
    Err(Error::Input(format!(
        "\"{name}\" cannot be a lab's name: use words of a-z and 0-9 with - between them, \
         a letter first in each, and not the ending -solution"
    )))
}

/// "file-store" as "FileStore".
fn camel(name: &str) -> String {
    let mut out = String::new();
    for part in name.split('-') {
        let mut letters = part.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_words() {
        for good in ["echo", "file-store", "http2"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "Echo",
            "2pc",
            "a_b",
            "a--b",
            "../x",
            "echo-solution",
            "-a",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert_eq!(camel("file-store"), "FileStore");
    }
}
