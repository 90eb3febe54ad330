//! The strict rules that need no expansion: over the sources ([`sources`]), and over the HTML as
//! it came out ([`rendered`]). Each broken rule is a finding with its place and its fix.

pub mod rendered;
pub mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A link that leaves the book.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct External {
    pub url: String,
    pub file: PathBuf,
    pub line: usize,
}

/// Every file below a folder, relative to it, sorted; hidden ones are left out.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let path = folder.join(&below);
        let failed = || format!("cannot read {}", path.display());
        for entry in fs::read_dir(&path).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = below.join(entry.file_name());
            if entry.file_type().with_context(failed)?.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
