//! The bug zoo: named, plausible wrong solutions of a lab, each a small patch on the reference
//! and each claimed by one stage. This module reads and applies them; that they are caught is
//! for `verify` to show.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use diffy::patch_set::{FileOperation, ParseOptions, PatchKind, PatchSet};

use crate::course::Lab;
use crate::error::{Error, Result};
use crate::files::{self, Tree};

/// A wrong solution, not yet applied.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// Number, from 1, of the stage that must catch it.
    pub stage: usize,
    /// Why it is wrong, for the author and the instructor.
    pub why: String,
    diff: String,
}

/// The patches of a lab, sorted by name; none when it has no zoo.
pub fn patches(lab: &Lab) -> Result<Vec<PathBuf>> {
    let folder = lab.solution.join("zoo");
    let failed = |error: io::Error| Error::io("read the folder", &folder, &error);
    let mut found = Vec::new();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "patch")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// "03-wrapping-add" for ".../zoo/03-wrapping-add.patch".
pub fn name(patch: &Path) -> String {
    let stem = patch.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Reads `Stage:` and `Why:`, an empty line, and a unified diff. An error is one sentence.
pub fn parse(text: &str, lab: &Lab) -> Result<Wrong, String> {
    let text = text.replace("\r\n", "\n");
    let (header, diff) = text
        .split_once("\n\n")
        .ok_or("it has no empty line between its header and its diff")?;

    let (mut stage, mut why) = (None, None);
    for line in header.lines() {
        match line.split_once(':') {
            Some(("Stage", value)) => stage = Some(value.trim()),
            Some(("Why", value)) => why = Some(value.trim().to_owned()),
            // The reason may run over several lines.
            _ => match &mut why {
                Some(why) => {
                    why.push(' ');
                    why.push_str(line.trim());
                }
                None => return Err(format!("\"{line}\" is neither \"Stage: N\" nor \"Why: …\"")),
            },
        }
    }
    let stage = stage.ok_or("it does not say which stage catches it: add \"Stage: N\"")?;
    let why = why.filter(|why| !why.is_empty());
    Ok(Wrong {
        stage: lab.stage(stage).map_err(|error| error.to_string())?.number,
        why: why.ok_or("it does not say why it is wrong: add \"Why: …\"")?,
        diff: diff.to_owned(),
    })
}

impl Wrong {
    /// The reference's `src/` with the patch on it. Every line of context must be there as it
    /// is; only the line numbers may have moved. An error is one sentence.
    pub fn apply(&self, reference: &Tree) -> Result<Tree, String> {
        let mut patched = reference.clone();
        let mut changed = false;
        for file in PatchSet::parse(&self.diff, ParseOptions::unidiff()) {
            let file = file.map_err(|error| error.to_string().replace('\n', " "))?;
            let path = match file.operation().strip_prefix(1) {
                FileOperation::Modify { original, modified } if original == modified => original,
                _ => return Err("it may change files, not add, remove or rename them".to_owned()),
            };
            let inside = path.strip_prefix("src/");
            let known = inside.and_then(|inside| patched.get_mut(inside));
            let known = known.ok_or_else(|| {
                format!("it changes {path}, which is not a file of the solution's src/")
            })?;
            let PatchKind::Text(patch) = file.patch() else {
                return Err(format!("it changes {path} as a binary file"));
            };
            let new = diffy::apply(known, patch)
                .map_err(|error| format!("it does not apply to {path}: {error}"))?;
            changed |= new != *known;
            *known = new;
        }
        if changed {
            Ok(patched)
        } else {
            Err("it changes nothing".to_owned())
        }
    }
}

/// Reads the patch file itself.
pub fn read(patch: &Path, lab: &Lab) -> Result<Wrong, String> {
    let text = files::read(patch).map_err(|error| error.to_string())?;
    parse(&text, lab)
}
