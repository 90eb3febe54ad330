//! The book's one preprocessor: it replaces our directives by HTML that reads well without
//! JavaScript, and adds the page of quiz answers. It never touches code, and leaves mdBook's own
//! directives to mdBook. What it cannot expand is a [`Finding`].

mod figure;
mod lab;
mod quiz;
mod widget;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ::lab::course::{Course, Lab};
use anyhow::Result;
use mdbook_preprocessor::book::{Book, BookItem, Chapter};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::finding::{Finding, one_of};
use crate::markdown;
use widget::{Parts, Widget};

pub use quiz::check_files as check_quizzes;

/// As in book.toml.
pub const NAME: &str = "course";

/// Where terms are defined, below `src/`.
pub const GLOSSARY: &str = "appendix/glossary.md";

/// The page that the preprocessor adds, below `src/`.
pub const ANSWERS: &str = "answers.md";

const OURS: [&str; 11] = [
    "lab",
    "hints",
    "quiz",
    "tabs",
    "tab",
    "figure",
    "varint",
    "protobuf",
    "hpack",
    "flow-control",
    "timeline",
];
const MDBOOKS: [&str; 4] = ["include", "rustdoc_include", "playground", "title"];
const LANGUAGES: [&str; 4] = ["Rust", "Go", "C++", "Python"];

/// What went wrong, shared between the preprocessor (which mdBook owns) and whoever asks.
pub type Findings = Rc<RefCell<Vec<Finding>>>;

pub struct CoursePreprocessor {
    course: Course,
    findings: Findings,
}

impl CoursePreprocessor {
    pub fn new(course: Course, findings: Findings) -> CoursePreprocessor {
        CoursePreprocessor { course, findings }
    }
}

impl Preprocessor for CoursePreprocessor {
    fn name(&self) -> &str {
        NAME
    }

    fn supports_renderer(&self, renderer: &str) -> Result<bool> {
        Ok(renderer == "html")
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let src = &context.config.book.src;
        let mut expander = Expander::new(&self.course, src);
        book.for_each_chapter_mut(|chapter| {
            if let Some(path) = chapter.source_path.clone() {
                chapter.content = expander.page(&path, &chapter.name, &chapter.content);
            }
        });
        if expander.has_quizzes {
            let content = quiz::answers(&expander.quizzes);
            let mut chapter = Chapter::new("Answers to the quizzes", content, ANSWERS, vec![]);
            chapter.source_path = None;
            book.push_item(BookItem::Chapter(chapter));
        }
        self.findings.borrow_mut().append(&mut expander.findings);
        Ok(book)
    }
}

/// What the pages of one book have in common.
struct Expander<'a> {
    course: &'a Course,
    /// The book's source folder, relative to the course's root: "src".
    src: &'a Path,
    terms: BTreeMap<String, String>,
    quizzes: Vec<quiz::InPage>,
    /// Sound ones or not: the page of answers does not come and go with a mistake.
    has_quizzes: bool,
    findings: Vec<Finding>,
}

/// One page, while it is expanded.
struct Page<'a> {
    /// Below `src/`.
    path: &'a Path,
    title: &'a str,
}

/// Why a directive cannot be expanded: message and fix.
type Fault = (String, String);

/// What takes the place of a directive.
type Expansion = Result<String, Fault>;

impl<'a> Expander<'a> {
    fn new(course: &'a Course, src: &'a Path) -> Expander<'a> {
        // Without a glossary every term is unknown, and says so.
        let glossary = fs::read_to_string(course.root.join(src).join(GLOSSARY));
        let terms = markdown::definitions(&glossary.unwrap_or_default());
        Expander {
            course,
            src,
            terms: terms.into_iter().collect(),
            quizzes: Vec::new(),
            has_quizzes: false,
            findings: Vec::new(),
        }
    }

    fn page(&mut self, path: &Path, title: &str, text: &str) -> String {
        let page = Page { path, title };
        let code = markdown::code(text);
        let mut replacements: Vec<(Range<usize>, String)> = Vec::new();
        let mut tabs = Tabs::default();
        let mut parts = Parts::default();

        for (range, directive) in directives(text, &code) {
            let line = markdown::line_at(text, range.start);
            match directive.and_then(|d| self.expand(&page, &d, &mut tabs, &mut parts, line)) {
                Ok(Some(replacement)) => replacements.push((range, replacement)),
                Ok(None) => {}
                Err((message, fix)) => self.find(&page, line, message, fix),
            }
        }
        if let Some((line, _)) = tabs.open {
            let fix = "close them with `{{/tabs}}` on a line of its own";
            self.find(&page, line, "these tabs are not closed", fix);
        }

        for link in markdown::links(text) {
            if let Some(term) = link.destination.strip_prefix("term:") {
                let line = markdown::line_at(text, link.range.start);
                match self.term(&page, term, &link.text) {
                    Ok(replacement) => replacements.push((link.range, replacement)),
                    Err((message, fix)) => self.find(&page, line, message, fix),
                }
            }
        }

        for fence in markdown::fences(text) {
            if fence.language() == "console" && fence.info != "console" {
                // ",lab=solution" is for `cargo book transcripts`, not for a reader.
                let start =
                    fence.range.start + text[fence.range.clone()].find("console").unwrap_or(0);
                let end = start + fence.info.len();
                replacements.push((start..end, "console".to_owned()));
            }
        }

        replacements.sort_by_key(|(range, _)| range.start);
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for (range, replacement) in replacements {
            out.push_str(&text[end..range.start]);
            out.push_str(&replacement);
            end = range.end;
        }
        out.push_str(&text[end..]);
        match parts.html(&self.course.root) {
            Ok(parts) => out.push_str(&parts),
            Err((message, fix)) => self.find(&page, 1, message, fix),
        }
        out
    }

    fn find(
        &mut self,
        page: &Page<'_>,
        line: usize,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let file = self.src.join(page.path);
        self.findings.push(Finding::new(file, line, message, fix));
    }

    /// `None` for a directive that is mdBook's.
    fn expand(
        &mut self,
        page: &Page<'_>,
        directive: &Directive<'_>,
        tabs: &mut Tabs,
        parts: &mut Parts,
        line: usize,
    ) -> Result<Option<String>, Fault> {
        let argument = directive.argument;
        if let Some(widget) = Widget::named(directive.name) {
            parts.need(widget);
            return self.widget(page, widget, argument).map(Some);
        }
        Ok(Some(match directive.name {
            "#lab" => lab::card(page.path, &self.lab(argument)?),
            "#hints" => {
                let (name, stage) = argument.split_once(' ').ok_or_else(|| {
                    (
                        "hints are those of one stage of a lab".to_owned(),
                        "write `{{#hints LAB STAGE}}`, the stage by number or id".to_owned(),
                    )
                })?;
                let lab = self.lab(name)?;
                let stage = lab.stage(stage.trim()).map_err(as_finding)?;
                lab::hints(&lab, stage)
            }
            "#quiz" => self.quiz(page, argument)?,
            "#figure" => self.figure(page, argument)?,
            "#tabs" => tabs.start(line)?,
            "#tab" => tabs.panel(argument)?,
            "/tabs" => tabs.end()?,
            name if name.strip_prefix('#').is_some_and(|n| MDBOOKS.contains(&n)) => {
                return Ok(None);
            }
            name => {
                return Err((
                    format!("there is no directive `{{{{{name}}}}}`"),
                    format!(
                        "the directives are {}",
                        one_of(OURS.map(|n| format!("#{n}")))
                    ),
                ));
            }
        }))
    }

    fn lab(&self, name: &str) -> Result<Lab, Fault> {
        self.course.lab(name).map_err(as_finding)
    }

    fn term(&self, page: &Page<'_>, term: &str, shown: &str) -> Expansion {
        let term = match term {
            "" => shown.to_lowercase(),
            term => term.replace("%20", " "),
        };
        let Some(definition) = self.terms.get(&term) else {
            return Err((
                format!("the glossary does not define \"{term}\""),
                format!(
                    "define it in {}, or correct the term",
                    self.src.join(GLOSSARY).display()
                ),
            ));
        };
        Ok(format!(
            "<glossary-term definition=\"{}\">[{shown}]({}#{})</glossary-term>",
            markdown::escape(definition),
            markdown::relative(page.path, GLOSSARY),
            markdown::id(&term),
        ))
    }

    fn quiz(&mut self, page: &Page<'_>, name: &str) -> Expansion {
        self.has_quizzes = true;
        let (path, text) = self.beside(page, name)?;
        let quiz = match quiz::Quiz::parse(&text) {
            Ok(quiz) => quiz,
            Err((line, message)) => {
                // The fault is the quiz's, so that is where it is reported.
                let fix = "tools/book/README.md describes a quiz";
                self.findings.push(Finding::new(path, line, message, fix));
                return Ok(String::new());
            }
        };
        for (line, message, fix) in check_quizzes(&quiz, &self.course.root) {
            self.findings.push(Finding::new(&path, line, message, fix));
        }
        let in_page = quiz::InPage {
            quiz,
            page: page.path.to_path_buf(),
            title: page.title.to_owned(),
            number: self.quizzes.len() + 1,
        };
        let html = in_page.html();
        self.quizzes.push(in_page);
        Ok(html)
    }

    fn figure(&mut self, page: &Page<'_>, argument: &str) -> Expansion {
        let (name, caption) = match argument.split_once(' ') {
            Some((name, caption)) => (name, caption.trim()),
            None => (argument, ""),
        };
        let (path, text) = self.beside(page, name)?;
        figure::inline(&path, &text, caption)
    }

    fn widget(&mut self, page: &Page<'_>, widget: Widget, argument: &str) -> Expansion {
        if !widget.has_file() {
            return widget.html(argument);
        }
        let (path, text) = self.beside(page, argument)?;
        widget.html_of(self.course, &text).or_else(|fault| {
            // The fault is the file's, so that is where it is reported.
            let (line, message, fix) = fault;
            self.findings.push(Finding::new(path, line, message, fix));
            Ok(String::new())
        })
    }

    /// A file that a page names relative to itself: its path from the course's root, and its text.
    fn beside(&self, page: &Page<'_>, name: &str) -> Result<(PathBuf, String), Fault> {
        let folder = self.src.join(page.path.parent().unwrap_or(Path::new("")));
        let path = markdown::resolve(&folder, name).filter(|_| !name.is_empty());
        let text = path
            .as_ref()
            .and_then(|path| fs::read_to_string(self.course.root.join(path)).ok());
        match (path, text) {
            (Some(path), Some(text)) => Ok((path, text)),
            _ => Err((
                format!("there is no file \"{name}\" beside this page"),
                format!(
                    "put it into {}, or correct the name",
                    crate::finding::slashed(&folder)
                ),
            )),
        }
    }
}

/// The lab tool's sentence is message and fix in one: "no lab named "x"; did you mean "y"?".
fn as_finding(error: ::lab::error::Error) -> Fault {
    let text = error.to_string();
    match text.split_once("; ").or_else(|| text.split_once(": ")) {
        Some((message, fix)) => (message.to_owned(), fix.to_owned()),
        None => (text, "see labs/".to_owned()),
    }
}

/// `{{#name argument}}` or `{{/name}}`.
struct Directive<'a> {
    /// With its `#` or `/`.
    name: &'a str,
    argument: &'a str,
}

/// The range of a directive's line, and the directive.
type Found<'a> = (Range<usize>, Result<Directive<'a>, Fault>);

/// Every directive outside code, with the range of its line; one that does not stand alone on it
/// is an error if it is ours.
fn directives<'a>(text: &'a str, code: &[Range<usize>]) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let range = start..start + content.len();
        start += line.len();
        let Some(column) = content.find("{{#").or_else(|| content.find("{{/")) else {
            continue;
        };
        let at = range.start + column;
        if code.iter().any(|code| code.contains(&at)) || content[..column].ends_with('\\') {
            continue;
        }
        let Some(end) = content[column..].find("}}") else {
            continue; // not a directive, and mdBook will print it as it is
        };
        let inner = &content[column + 2..column + end];
        let (name, argument) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        let directive = Directive {
            name,
            argument: argument.trim(),
        };
        let alone = column == 0 && column + end + 2 == content.len();
        let ours = !name.strip_prefix('#').is_some_and(|n| MDBOOKS.contains(&n));
        found.push(if alone || !ours {
            (range, Ok(directive))
        } else {
            let message =
                format!("`{{{{{name} …}}}}` does not stand alone at the line's beginning");
            (
                range,
                Err((message, "give it a line of its own".to_owned())),
            )
        });
    }
    found
}

/// The tabs that are open in a page.
#[derive(Default)]
struct Tabs {
    /// The line of `{{#tabs}}`, and the labels so far.
    open: Option<(usize, Vec<String>)>,
}

impl Tabs {
    fn start(&mut self, line: usize) -> Expansion {
        if self.open.is_some() {
            return Err((
                "tabs stand inside other tabs".to_owned(),
                "close the outer ones with `{{/tabs}}` first".to_owned(),
            ));
        }
        self.open = Some((line, Vec::new()));
        Ok("\n<language-tabs>\n".to_owned())
    }

    fn panel(&mut self, label: &str) -> Expansion {
        let Some((_, labels)) = &mut self.open else {
            return Err((
                "a tab stands outside of tabs".to_owned(),
                "write `{{#tabs}}` above the first".to_owned(),
            ));
        };
        if !LANGUAGES.contains(&label) {
            return Err((
                format!("there is no tab for \"{label}\""),
                format!("the tabs are {}", one_of(LANGUAGES)),
            ));
        }
        if labels.iter().any(|other| other == label) {
            return Err((
                format!("\"{label}\" has two tabs here"),
                "make them one".to_owned(),
            ));
        }
        let close = if labels.is_empty() { "" } else { "\n</div>\n" };
        labels.push(label.to_owned());
        Ok(format!(
            "{close}\n<div class=\"language-panel\" data-language=\"{label}\">\n<p class=\"language-name\">{label}</p>\n"
        ))
    }

    fn end(&mut self) -> Expansion {
        match self.open.take() {
            None => Err((
                "`{{/tabs}}` closes nothing".to_owned(),
                "remove it, or write `{{#tabs}}` above".to_owned(),
            )),
            Some((_, labels)) if labels.is_empty() => Err((
                "these tabs are empty".to_owned(),
                "write `{{#tab Rust}}` below `{{#tabs}}`".to_owned(),
            )),
            Some(_) => Ok("\n</div>\n\n</language-tabs>\n".to_owned()),
        }
    }
}
