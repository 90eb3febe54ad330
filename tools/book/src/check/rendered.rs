//! Rules over the HTML as it came out: every link, fragment and image leads to something that is
//! there. What a page's ids are is what mdBook made of its headings, so that is what is read.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use lab::course::Course;

use super::External;
use super::sources::Sources;
use crate::finding::{Finding, one_of, slashed};
use crate::markdown::{self, resolve};

/// mdBook's own pages: copies of others, or without links of an author.
const GENERATED: [&str; 4] = ["print.html", "toc.html", "404.html", "index.html"];

/// A built book.
#[derive(Debug)]
pub struct Site {
    pages: BTreeMap<PathBuf, Page>,
    files: BTreeSet<PathBuf>,
}

#[derive(Debug, Default)]
struct Page {
    ids: BTreeSet<String>,
    /// What stands in `href`, except on lab cards: those links are `lab.toml`'s.
    links: Vec<String>,
    images: Vec<String>,
}

impl Site {
    pub fn read(out: &Path) -> Result<Site> {
        let files: BTreeSet<PathBuf> = super::files_below(out)?.into_iter().collect();
        let mut pages = BTreeMap::new();
        for path in &files {
            if path
                .extension()
                .is_some_and(|extension| extension == "html")
            {
                let file = out.join(path);
                let html = std::fs::read_to_string(&file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                pages.insert(path.clone(), Page::parse(&html));
            }
        }
        Ok(Site { pages, files })
    }

    pub fn check(&self, course: &Course, sources: &Sources) -> (Vec<Finding>, Vec<External>) {
        let mut findings = Vec::new();
        let mut external = BTreeSet::new();
        let mut shown = BTreeSet::new();
        for (path, page) in &self.pages {
            if GENERATED.iter().any(|name| path == Path::new(name)) {
                continue;
            }
            let folder = path.parent().unwrap_or(Path::new(""));
            let images = page.images.iter().filter(|src| !has_scheme(src));
            for src in images {
                match resolve(folder, src).filter(|image| self.files.contains(image)) {
                    Some(image) => {
                        shown.insert(image);
                    }
                    None => findings.push(self.place(
                        sources,
                        path,
                        src,
                        format!("there is no image \"{src}\""),
                        "put it beside the page, or correct its name",
                    )),
                }
            }
            for href in &page.links {
                if has_scheme(href) {
                    let (file, line) = origin(sources, path, href);
                    let url = href.clone();
                    external.insert(External { url, file, line });
                } else if let Some((message, fix)) = self.dead(folder, path, href) {
                    findings.push(self.place(sources, path, href, message, &fix));
                }
            }
        }
        for image in sources.images_to_show() {
            if !shown.contains(image) {
                findings.push(Finding::new(
                    sources.src.join(image),
                    1,
                    "no page shows this image",
                    "show it, or remove it",
                ));
            }
        }
        findings.extend(self.check_labs(course));
        (findings, external.into_iter().collect())
    }

    /// Why a link leads nowhere, and what to do; `None` for a good one.
    fn dead(&self, folder: &Path, page: &Path, href: &str) -> Option<(String, String)> {
        let (path, fragment) = match href.split_once('#') {
            Some((path, fragment)) => (path, fragment),
            None => (href, ""),
        };
        let path = path.split('?').next().unwrap_or_default();
        let target = if path.is_empty() {
            Some(page.to_path_buf())
        } else {
            resolve(folder, &decoded(path))
        };
        let target = target.filter(|target| {
            self.files.contains(target) || self.files.contains(&target.join("index.html"))
        });
        let Some(target) = target else {
            return Some((
                format!("the link \"{href}\" leads to no page"),
                "correct it; a path counts from this page's folder, and names the .md file"
                    .to_owned(),
            ));
        };
        if fragment.is_empty() {
            return None;
        }
        let ids = &self.pages.get(&target)?.ids;
        let fragment = decoded(fragment);
        if ids.contains(&fragment) {
            return None;
        }
        let near: Vec<&String> = nearest(&fragment, ids);
        let fix = if near.is_empty() {
            "correct it, or give the heading that id: `## Title {#id}`".to_owned()
        } else {
            format!("the nearest there are {}", one_of(near))
        };
        Some((
            format!(
                "the link \"{href}\" names a heading that {} does not have",
                slashed(&target)
            ),
            fix,
        ))
    }

    fn place(
        &self,
        sources: &Sources,
        page: &Path,
        href: &str,
        message: String,
        fix: &str,
    ) -> Finding {
        let (file, line) = origin(sources, page, href);
        Finding::new(file, line, message, fix)
    }

    /// That what each stage's `book` names is there.
    fn check_labs(&self, course: &Course) -> Vec<Finding> {
        let mut findings = Vec::new();
        for lab in course.labs().unwrap_or_default() {
            for (stage, page) in lab
                .stages
                .iter()
                .flat_map(|stage| lab.pages(stage).map(move |page| (stage, page)))
            {
                let href = rendered(&page);
                let Some((_, fix)) = self.dead(Path::new(""), Path::new(""), &href) else {
                    continue;
                };
                let file = Path::new("labs").join(&lab.name).join("lab.toml");
                let text = std::fs::read_to_string(course.root.join(&file)).unwrap_or_default();
                let named = page
                    .strip_prefix(&format!("{}/", lab.chapter))
                    .unwrap_or(&page);
                let offset = text.find(&format!("\"{named}\""));
                findings.push(Finding::new(
                    file,
                    offset.map_or(1, |offset| markdown::line_at(&text, offset)),
                    format!(
                        "stage {} names {page}, which the book does not have",
                        stage.number
                    ),
                    fix,
                ));
            }
        }
        findings
    }
}

/// Where a rendered link was written; the page's first line when no author wrote it.
fn origin(sources: &Sources, page: &Path, href: &str) -> (PathBuf, usize) {
    let source = page.with_extension("md");
    let file = sources.src.join(&source);
    let Some(text) = sources.page(&source) else {
        return (file, 1);
    };
    let written = markdown::links(text).into_iter();
    let line = written
        .filter(|link| rendered(&link.destination) == href)
        .map(|link| link.range.start)
        .chain(text.find(&format!("=\"{href}\"")))
        .chain(text.find(&format!("=\"{}\"", href.replace(".html", ".md"))))
        .next();
    (
        file,
        line.map_or(1, |offset| markdown::line_at(text, offset)),
    )
}

/// A destination as mdBook writes it.
fn rendered(destination: &str) -> String {
    if has_scheme(destination) || destination.starts_with('#') {
        return destination.to_owned();
    }
    match destination.split_once(".md") {
        Some((path, "")) => format!("{path}.html"),
        Some((path, rest)) if rest.starts_with('#') => format!("{path}.html{rest}"),
        _ => destination.to_owned(),
    }
}

fn has_scheme(link: &str) -> bool {
    link.starts_with("//")
        || link.split_once(':').is_some_and(|(scheme, _)| {
            !scheme.is_empty()
                && scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
        })
}

/// Percent-decoded; what is not UTF-8 then is left as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Ids that share a word with the one that is missing.
fn nearest<'a>(wanted: &str, ids: &'a BTreeSet<String>) -> Vec<&'a String> {
    let words = |id: &str| id.split('-').map(str::to_owned).collect::<BTreeSet<_>>();
    let wanted = words(wanted);
    let mut near: Vec<(usize, &String)> = ids
        .iter()
        .filter(|id| !id.starts_with("mdbook-"))
        .map(|id| (words(id).intersection(&wanted).count(), id))
        .filter(|(common, _)| *common > 0)
        .collect();
    near.sort_by_key(|(common, _)| std::cmp::Reverse(*common));
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

impl Page {
    fn parse(html: &str) -> Page {
        let queue = BufferQueue::default();
        queue.push_back(StrTendril::from(html));
        let tokenizer = Tokenizer::new(Reader::default(), TokenizerOpts::default());
        // It stops early only for a sink that answers with a script handle, and ours does not.
        let _ = tokenizer.feed(&queue);
        tokenizer.end();
        tokenizer.sink.page.into_inner()
    }
}

#[derive(Default)]
struct Reader {
    page: RefCell<Page>,
    on_card: Cell<bool>,
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else {
            return TokenSinkResult::Continue;
        };
        let start = tag.kind == TagKind::StartTag;
        if &*tag.name == "lab-card" {
            self.on_card.set(start);
        }
        if !start {
            return TokenSinkResult::Continue;
        }
        let mut page = self.page.borrow_mut();
        let attribute = |name: &str| attribute(&tag, name);
        page.ids.extend(attribute("id"));
        match &*tag.name {
            "a" if !self.on_card.get() => page.links.extend(attribute("href")),
            "img" => page.images.extend(attribute("src")),
            "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
            "style" => return TokenSinkResult::RawData(RawKind::Rawtext),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let found = tag
        .attrs
        .iter()
        .find(|attribute| &*attribute.name.local == name);
    found.map(|attribute| attribute.value.to_string())
}
