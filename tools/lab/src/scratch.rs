//! A place to build wrong solutions without touching the work tree: the solution's package, made
//! a workspace of its own below the target folder, with the course's profiles, lints, dependency
//! versions and Cargo.lock. Its target folder is shared by all labs and kept between runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::course::{Course, Lab};
use crate::error::{Error, Result};
use crate::files::{self, Tree};
use crate::process::{self, Stderr};
use crate::runner::{self, Unbuilt};

/// Where one lab's wrong solutions are built.
#[derive(Debug)]
pub struct Scratch {
    root: PathBuf,
    folder: PathBuf,
    target: PathBuf,
    package: String,
}

impl Scratch {
    pub fn new(course: &Course, lab: &Lab) -> Result<Scratch> {
        let verify = course.target().join("lab/verify");
        let scratch = Scratch {
            root: course.root.clone(),
            folder: verify.join(&lab.name),
            target: verify.join("target"),
            package: lab.solution_package(),
        };
        scratch.clear(&scratch.folder)?;
        copy(
            &lab.solution,
            &scratch.solution(),
            &["Cargo.toml", "src", "zoo", "target"],
        )?;

        let mut workspace = manifest(&course.root.join("Cargo.toml"))?;
        let mut package = manifest(&lab.solution.join("Cargo.toml"))?;
        anchor_paths(&mut workspace, &course.root);
        stand_alone(&mut workspace);
        anchor_paths(&mut package, &lab.solution);
        leave_tests_out(&mut package);
        let write = |path: PathBuf, table: &Table| {
            let text = toml::to_string(table).map_err(|error| {
                Error::Environment(format!("cannot write {}: {error}", path.display()))
            })?;
            files::write(&path, &text)
        };
        write(scratch.manifest(), &workspace)?;
        write(scratch.solution().join("Cargo.toml"), &package)?;
        if let Some(lock) = files::read_if_any(&course.root.join("Cargo.lock"))? {
            files::write(&scratch.folder.join("Cargo.lock"), &lock)?;
        }
        Ok(scratch)
    }

    /// Builds the solution with these sources, and keeps its program under this name.
    pub fn build(&self, name: &str, sources: &Tree) -> Result<PathBuf, Unbuilt> {
        self.write_sources(sources).map_err(Unbuilt::Environment)?;
        let mut command = runner::cargo(&self.root);
        command
            .args([
                "build",
                "--quiet",
                "--offline",
                "--message-format=json-render-diagnostics",
            ])
            .args(["--bin", &self.package, "--manifest-path"])
            .arg(self.manifest())
            .env("CARGO_TARGET_DIR", &self.target);
        let built = runner::build(&mut command, Stderr::Kept, "bin", &self.package)?;
        let kept = self
            .folder
            .join("programs")
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        self.keep(&built, &kept).map_err(Unbuilt::Environment)?;
        Ok(kept)
    }

    /// Every file is written anew, so that each is newer than what cargo built last.
    fn write_sources(&self, sources: &Tree) -> Result<()> {
        let src = self.solution().join("src");
        self.clear(&src)?;
        for (path, text) in sources {
            files::write(&src.join(path), text)?;
        }
        Ok(())
    }

    fn keep(&self, built: &Path, kept: &Path) -> Result<()> {
        files::make_folder(kept.parent().unwrap_or(&self.folder))?;
        // A child that is being started would hold the copy open for writing, and then nothing
        // can execute it.
        let copied = process::while_none_starts(|| fs::copy(built, kept));
        copied.map_err(|error| Error::io("write", kept, &error))?;
        Ok(())
    }

    fn clear(&self, folder: &Path) -> Result<()> {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", folder, &error))
            }
            _ => Ok(()),
        }
    }

    fn solution(&self) -> PathBuf {
        self.folder.join("solution")
    }

    fn manifest(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }
}

fn manifest(path: &Path) -> Result<Table> {
    let text = files::read(path)?;
    toml::from_str(&text).map_err(|error| {
        Error::Input(format!(
            "{}: {}",
            path.display(),
            error.message().replace('\n', " ")
        ))
    })
}

/// The course's root manifest, with the solution as its only member.
fn stand_alone(manifest: &mut Table) {
    manifest.remove("package");
    if let Some(Value::Table(workspace)) = manifest.get_mut("workspace") {
        workspace.remove("default-members");
        workspace.remove("exclude");
        let members = vec![Value::String("solution".to_owned())];
        workspace.insert("members".to_owned(), Value::Array(members));
    }
}

/// The tests are not built here: the lab's own binary runs against what is.
fn leave_tests_out(manifest: &mut Table) {
    for key in ["test", "bench", "example", "dev-dependencies"] {
        manifest.remove(key);
    }
    if let Some(Value::Table(package)) = manifest.get_mut("package") {
        package.insert("autotests".to_owned(), Value::Boolean(false));
    }
}

/// Makes the path of every dependency absolute: `path` beside a dependency's name, wherever that
/// stands (dependencies of the workspace, of the package, of a target, patches).
fn anchor_paths(table: &mut Table, folder: &Path) {
    for (key, value) in table.iter_mut() {
        let Value::Table(inner) = value else { continue };
        let holds_dependencies = key == "patch" || key.ends_with("dependencies");
        if holds_dependencies || key == "workspace" || key == "target" {
            anchor_all(inner, folder);
        }
    }
}

fn anchor_all(table: &mut Table, folder: &Path) {
    for (key, value) in table.iter_mut() {
        match value {
            Value::String(path) if key == "path" => {
                *path = folder.join(&*path).to_string_lossy().into_owned();
            }
            Value::Table(inner) => anchor_all(inner, folder),
            _ => {}
        }
    }
}

/// Copies a folder's files, except some at its top.
fn copy(from: &Path, to: &Path, except: &[&str]) -> Result<()> {
    files::make_folder(to)?;
    let failed = |error: io::Error| Error::io("copy", from, &error);
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if except.iter().any(|except| name == *except) {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            copy(&entry.path(), &to.join(name), &[])?;
        } else {
            fs::copy(entry.path(), to.join(name)).map_err(failed)?;
        }
    }
    Ok(())
}
