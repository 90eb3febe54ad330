//! Rules over the book's sources: what is included exists and is compiled somewhere, every page
//! is listed, every image shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use lab::course::Course;

use crate::finding::{Finding, slashed};
use crate::markdown::{self, Fence, resolve};

/// Languages whose blocks must come from compiled code.
const COMPILED: [&str; 11] = [
    "rust", "rs", "go", "golang", "python", "py", "cpp", "c++", "cc", "proto", "protobuf",
];

/// Where compiled code lies.
const CODE: [&str; 5] = ["listings", "labs", "proto", "peers", "tools"];

const IMAGES: [&str; 7] = ["svg", "png", "jpg", "jpeg", "gif", "webp", "avif"];

/// The book's sources, read once.
#[derive(Debug)]
pub struct Sources {
    /// Relative to the course's root: "src".
    pub src: PathBuf,
    /// Text of every Markdown file, by its path below `src`.
    pages: BTreeMap<PathBuf, String>,
    images: Vec<PathBuf>,
    /// What `SUMMARY.md` links to, with the line.
    listed: Vec<(usize, PathBuf)>,
    includes: Vec<Include>,
    root: PathBuf,
    pub book_toml: String,
}

/// One `{{#include path:anchor}}` of a page.
#[derive(Debug)]
struct Include {
    page: PathBuf,
    line: usize,
    /// As written.
    target: String,
    /// Relative to the course's root; `None` when it leads outside.
    path: Option<PathBuf>,
    /// What follows the first colon.
    part: Option<String>,
}

impl Sources {
    pub fn read(course: &Course, src: &Path) -> Result<Sources> {
        let folder = course.root.join(src);
        let mut sources = Sources {
            src: src.to_path_buf(),
            pages: BTreeMap::new(),
            images: Vec::new(),
            listed: Vec::new(),
            includes: Vec::new(),
            root: course.root.clone(),
            book_toml: fs::read_to_string(course.root.join("book.toml")).unwrap_or_default(),
        };
        for path in super::files_below(&folder)? {
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            if extension == "md" {
                let text = lab::files::read(&folder.join(&path)).map_err(anyhow::Error::from)?;
                for (line, target) in includes(&text) {
                    sources
                        .includes
                        .push(Include::new(src, &path, line, target));
                }
                sources.pages.insert(path, text);
            } else if IMAGES.contains(&extension.as_ref()) {
                sources.images.push(path);
            }
        }
        if let Some(summary) = sources.pages.get(Path::new("SUMMARY.md")) {
            let links = markdown::links(summary).into_iter();
            sources.listed = links
                .filter(|link| !link.destination.is_empty())
                .filter_map(|link| {
                    let line = markdown::line_at(summary, link.range.start);
                    Some((line, resolve(Path::new(""), &link.destination)?))
                })
                .collect();
        }
        Ok(sources)
    }

    pub fn page(&self, path: &Path) -> Option<&str> {
        self.pages.get(path).map(String::as_str)
    }

    /// Every page with its text, `SUMMARY.md` among them.
    pub fn pages(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.pages
            .iter()
            .map(|(path, text)| (path.as_path(), text.as_str()))
    }

    /// Below `src`, those that no source includes or draws.
    pub fn images_to_show(&self) -> impl Iterator<Item = &Path> {
        let drawn: BTreeSet<PathBuf> = self.drawn().collect();
        self.images
            .iter()
            .filter(move |image| !drawn.contains(*image))
            .map(PathBuf::as_path)
    }

    /// mdBook could not even begin.
    pub fn summary_is_broken(&self) -> bool {
        !self.pages.contains_key(Path::new("SUMMARY.md"))
            || self
                .listed
                .iter()
                .any(|(_, path)| !self.pages.contains_key(path))
    }

    /// Every file that a page includes, relative to the course's root.
    pub fn included(&self) -> BTreeSet<PathBuf> {
        self.includes
            .iter()
            .filter_map(|include| include.path.clone())
            .collect()
    }

    pub fn includes_are_sound(&self) -> bool {
        self.includes
            .iter()
            .all(|include| include.check(&self.root).is_none())
    }

    pub fn check(&self, course: &Course) -> Result<Vec<Finding>> {
        let mut findings = self.check_summary();
        for include in &self.includes {
            if let Some((message, fix)) = include.check(&self.root) {
                let file = self.src.join(&include.page);
                findings.push(Finding::new(file, include.line, message, fix));
            }
        }
        let written = learners_files(course);
        for (path, text) in &self.pages {
            for fence in markdown::fences(text) {
                if COMPILED.contains(&fence.language().to_lowercase().as_str())
                    && let Some((message, fix)) = self.check_fence(path, &fence, &written)
                {
                    let line = markdown::line_at(text, fence.range.start);
                    findings.push(Finding::new(self.src.join(path), line, message, fix));
                }
            }
        }
        Ok(findings)
    }

    fn check_summary(&self) -> Vec<Finding> {
        let summary = self.src.join("SUMMARY.md");
        let mut findings = Vec::new();
        if !self.pages.contains_key(Path::new("SUMMARY.md")) {
            let fix = "write it: it lists the pages of the book";
            findings.push(Finding::new(&summary, 1, "there is no SUMMARY.md", fix));
            return findings;
        }
        for (line, path) in &self.listed {
            if !self.pages.contains_key(path) {
                let message = format!("{} does not exist", slashed(&self.src.join(path)));
                let fix = "write the page, correct the path, or make it a draft: `[Title]()`";
                findings.push(Finding::new(&summary, *line, message, fix));
            }
        }
        let known: BTreeSet<&Path> = self.listed.iter().map(|(_, path)| path.as_path()).collect();
        let included: BTreeSet<PathBuf> = self.included_below_src().collect();
        for page in self.pages.keys() {
            let name = page.to_string_lossy();
            if name != "SUMMARY.md"
                && name != "404.md"
                && !known.contains(page.as_path())
                && !included.contains(page)
            {
                findings.push(Finding::new(
                    self.src.join(page),
                    1,
                    "SUMMARY.md does not list this page, so no reader finds it",
                    "list it there, or remove it",
                ));
            }
        }
        findings
    }

    fn included_below_src(&self) -> impl Iterator<Item = PathBuf> {
        self.includes
            .iter()
            .filter_map(|include| include.path.as_ref())
            .filter_map(|path| path.strip_prefix(&self.src).ok().map(Path::to_path_buf))
    }

    /// Images that are included, or drawn by `{{#figure …}}`.
    fn drawn(&self) -> impl Iterator<Item = PathBuf> {
        let figures = self.pages.iter().flat_map(|(page, text)| {
            let folder = page.parent().unwrap_or(Path::new(""));
            directives(text, "figure")
                .into_iter()
                .filter_map(move |(_, name)| resolve(folder, name))
        });
        figures.chain(self.included_below_src())
    }

    fn check_fence(
        &self,
        page: &Path,
        fence: &Fence,
        written: &BTreeMap<PathBuf, String>,
    ) -> Option<(String, String)> {
        let language = fence.language();
        let content = fence.content.trim();
        let target = ["include", "rustdoc_include"].into_iter().find_map(|name| {
            let inner = content.strip_prefix("{{#")?.strip_prefix(name)?;
            let inner = inner.strip_suffix("}}")?;
            (inner.starts_with(' ') && !inner.contains("}}")).then(|| inner.trim())
        });
        let Some(target) = target else {
            return Some((
                format!("this {language} is not taken from compiled code"),
                "move it to a program below listings/ or peers/, and write one `{{#include path:anchor}}` here".to_owned(),
            ));
        };
        let include = Include::new(&self.src, page, 1, target);
        let path = include.path.as_ref()?;
        let top = path.iter().next()?.to_string_lossy();
        if top == "solutions" {
            return Some((
                format!("{target} is a lab's solution, which a page must not give away"),
                "show another program that makes the same point, from listings/".to_owned(),
            ));
        }
        if !CODE.contains(&top.as_ref()) {
            return Some((
                format!("{target} is not among the code that is compiled and tested"),
                "take it from listings/, labs/, proto/, peers/ or tools/".to_owned(),
            ));
        }
        written.get(path).map(|lab| {
            (
                format!("{target} is a file that the learner of {lab} writes, so it will change"),
                "quote a given file of the lab, or a listing".to_owned(),
            )
        })
    }
}

impl Include {
    fn new(src: &Path, page: &Path, line: usize, target: &str) -> Include {
        let (path, part) = match target.split_once(':') {
            Some((path, part)) => (path, Some(part.to_owned())),
            None => (target, None),
        };
        let folder = src.join(page.parent().unwrap_or(Path::new("")));
        Include {
            page: page.to_path_buf(),
            line,
            target: target.to_owned(),
            path: resolve(&folder, path),
            part,
        }
    }

    fn check(&self, root: &Path) -> Option<(String, String)> {
        let target = &self.target;
        let Some(path) = &self.path else {
            return Some((
                format!("the include {target} leads out of the course"),
                "include files of this repository only".to_owned(),
            ));
        };
        let shown = slashed(path);
        let Ok(text) = fs::read_to_string(root.join(path)) else {
            return Some((
                format!("the include {target} names {shown}, which does not exist"),
                "correct the path; it counts from this page's folder".to_owned(),
            ));
        };
        let part = self.part.as_deref()?;
        let first = part.split(':').next().unwrap_or_default();
        if first.is_empty() || first.parse::<usize>().is_ok() {
            return Some((
                format!("the include {target} names lines, which drift when {shown} changes"),
                "put `ANCHOR: name` and `ANCHOR_END: name` comments around them, and include `path:name`".to_owned(),
            ));
        }
        let anchors = anchors(&text, "ANCHOR:");
        if !anchors.contains(&first) {
            let reset = match path.iter().collect::<Vec<_>>()[..] {
                [top, lab, ..] if top == "labs" => format!(
                    "; if you have changed that file, `cargo lab reset {}` puts it back",
                    lab.to_string_lossy()
                ),
                _ => String::new(),
            };
            return Some((
                format!("{shown} has no anchor \"{first}\""),
                format!(
                    "{}{reset}",
                    match anchors.as_slice() {
                        [] => format!(
                            "put `ANCHOR: {first}` and `ANCHOR_END: {first}` comments around the lines"
                        ),
                        _ => format!("its anchors are {}", crate::finding::one_of(&anchors)),
                    }
                ),
            ));
        }
        if !self::anchors(&text, "ANCHOR_END:").contains(&first) {
            return Some((
                format!("the anchor \"{first}\" of {shown} has no end"),
                format!("put an `ANCHOR_END: {first}` comment below the lines"),
            ));
        }
        None
    }
}

/// Names of the anchors that begin, or end, in a file.
fn anchors<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let mut found: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(mark)?;
            let rest = rest.trim_start();
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
            Some(&rest[..end.unwrap_or(rest.len())])
        })
        .collect();
    found.dedup();
    found
}

fn includes(text: &str) -> Vec<(usize, &str)> {
    let mut found = directives(text, "include");
    found.extend(directives(text, "rustdoc_include"));
    found.extend(directives(text, "playground"));
    found.sort();
    found
}

/// The first argument of each directive of that name, with its line. mdBook's are replaced even
/// inside code, so code is searched too; an escaped one is text.
fn directives<'a>(text: &'a str, name: &str) -> Vec<(usize, &'a str)> {
    let mark = format!("{{{{#{name} ");
    text.match_indices(&mark)
        .filter(|(at, _)| !text[..*at].ends_with('\\'))
        .filter_map(|(at, mark)| {
            let rest = &text[at + mark.len()..];
            let argument = rest[..rest.find("}}")?].split_whitespace().next()?;
            Some((markdown::line_at(text, at), argument))
        })
        .collect()
}

/// What learners write, each with its lab's name.
fn learners_files(course: &Course) -> BTreeMap<PathBuf, String> {
    let labs = course.labs().unwrap_or_default(); // a broken lab.toml is reported where it is used
    let mut found = BTreeMap::new();
    for lab in labs {
        for file in &lab.files {
            let path = Path::new("labs").join(&lab.name).join(file);
            found.insert(path, lab.name.clone());
        }
    }
    found
}
