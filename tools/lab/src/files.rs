//! Reading and writing files such that nothing is ever half done: a file is written beside its
//! place and renamed into it, and Ctrl-C waits for a group of writes to end. Every error names
//! the path.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};

/// The text of every file below a folder, by its path there ("main.rs", "client/retry.rs").
pub type Tree = BTreeMap<String, String>;

static WRITING: Mutex<()> = Mutex::new(());

/// While this is held, Ctrl-C does not end the process. Print nothing meanwhile: that may end it
/// too, and would wait for itself.
pub(crate) fn hold_interrupts() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Error::Input(format!(
            "{} is not UTF-8 text; save it as UTF-8",
            path.display()
        )),
        _ => Error::io("read", path, &error),
    })
}

/// `None` when there is no such file.
pub fn read_if_any(path: &Path) -> Result<Option<String>> {
    match path.try_exists() {
        Ok(true) => read(path).map(Some),
        Ok(false) => Ok(None),
        Err(error) => Err(Error::io("read", path, &error)),
    }
}

/// Replaces the file as a whole: after a failure, or a power cut, the old text is still there.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let failed = |error: io::Error| Error::io("write", path, &error);

    let mut beside = tempfile::Builder::new();
    beside.prefix(".lab-");
    #[cfg(unix)]
    beside.permissions(permissions_like(path));
    let mut file = beside.tempfile_in(folder).map_err(failed)?;
    file.write_all(content.as_ref()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Writes files that belong together: Ctrl-C comes before all of them or after.
pub fn write_all(files: &[(PathBuf, impl AsRef<[u8]>)]) -> Result<()> {
    let _whole = hold_interrupts();
    for (path, content) in files {
        write(path, content)?;
    }
    Ok(())
}

pub fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Environment(format!(
            "{} must be a folder, and it is a file: move it away",
            folder.display()
        )),
        _ => Error::io("create the folder", folder, &error),
    })
}

/// Every text file below `folder`, except hidden ones (editors keep their swap files there).
pub fn tree(folder: &Path) -> Result<Tree> {
    let mut found = Tree::new();
    let mut folders = vec![(folder.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let failed = |error: io::Error| Error::io("read the folder", &folder, &error);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push((entry.path(), format!("{prefix}{name}/")));
            } else {
                found.insert(format!("{prefix}{name}"), read(&entry.path())?);
            }
        }
    }
    Ok(found)
}

/// Names of the folders in `folder`, sorted; none when it is not there.
pub fn folders_in(folder: &Path) -> Result<Vec<String>> {
    let failed = |error: io::Error| Error::io("read the folder", folder, &error);
    let mut names = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Tells whether files changed since a run. It may differ from one Rust release to the next,
/// which then costs one more run and nothing else.
pub fn fingerprint(tree: &Tree) -> String {
    let mut hasher = DefaultHasher::new();
    tree.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Puts a copy of `files` (path, content) in a fresh folder below `.lab/backups/LAB`, and names it.
pub fn back_up(root: &Path, lab: &str, files: &[(String, Vec<u8>)]) -> Result<PathBuf> {
    let stamp = humantime::format_rfc3339_seconds(std::time::SystemTime::now())
        .to_string()
        .replace(':', "-"); // Windows has no colon in a file's name
    let lab = root.join(".lab/backups").join(lab);
    let mut folder = lab.join(&stamp);
    let mut attempt = 1;
    make_folder(&lab)?;
    // Creating it, rather than looking first, is what makes it ours: two runs may share a second.
    while let Err(error) = fs::create_dir(&folder) {
        if error.kind() != io::ErrorKind::AlreadyExists {
            return Err(Error::io("create the folder", &folder, &error));
        }
        attempt += 1;
        folder = lab.join(format!("{stamp}-{attempt}"));
    }
    let files: Vec<_> = files
        .iter()
        .map(|(path, content)| (folder.join(path), content))
        .collect();
    write_all(&files)?;
    Ok(folder)
}

/// What differs between two trees, as a unified diff; one a file; empty when nothing does.
pub fn difference(old: &Tree, new: &Tree, old_name: &str, new_name: &str) -> Vec<String> {
    let paths: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let mut diffs = Vec::new();
    for path in paths {
        let (before, after) = (old.get(path), new.get(path));
        if before == after {
            continue;
        }
        let patch = diffy::DiffOptions::new()
            .set_original_filename(format!("{old_name}/{path}"))
            .set_modified_filename(format!("{new_name}/{path}"))
            .create_patch(
                before.map_or("", String::as_str),
                after.map_or("", String::as_str),
            )
            .to_string();
        diffs.push(patch);
    }
    diffs
}

/// The path as a person at the course's root would type it.
pub fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// tempfile makes files private to the user; ours are ordinary sources.
#[cfg(unix)]
fn permissions_like(path: &Path) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    match fs::metadata(path) {
        Ok(old) => old.permissions(),
        Err(_) => fs::Permissions::from_mode(0o666), // the umask still applies
    }
}
