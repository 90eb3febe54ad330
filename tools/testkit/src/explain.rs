//! How a test fails: with an explanation, and nothing but the explanation.

use std::collections::HashMap;
use std::fmt;
use std::panic::{self, PanicHookInfo};
use std::path::Path;
use std::sync::{Once, OnceLock};

use toml::de::{DeTable, DeValue};

/// The lab whose tests these are. Made by [`program!`](crate::program).
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    /// The folder of the package that the tests were compiled for: `labs/NAME` or
    /// `solutions/NAME`.
    pub folder: &'static str,
    /// The program that this package builds.
    pub program: &'static str,
}

/// The program under test: the one that the tests' own package builds, unless `LAB_PROGRAM` names
/// another.
#[macro_export]
macro_rules! program {
    () => {
        $crate::Lab {
            folder: env!("CARGO_MANIFEST_DIR"),
            program: env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME"))),
        }
    };
}

/// Ends the test with this explanation. Nothing else is printed: no location in the test's source,
/// no backtrace.
pub fn fail(explanation: impl Into<String>) -> ! {
    Explanation::new(explanation).fail()
}

/// Expects that what came back is what was expected.
pub fn expect_eq<T: PartialEq + fmt::Debug>(done: &str, came_back: T, expected: T, because: &str) {
    if came_back != expected {
        Explanation::new(done)
            .expected(format!("{expected:?}"))
            .came_back(format!("{came_back:?}"))
            .because(because)
            .fail();
    }
}

/// Expects that something takes no more than so many bytes.
pub fn expect_at_most(done: &str, came_back: u64, bound: u64, because: &str) {
    if came_back > bound {
        Explanation::new(done)
            .expected(format!("{} at most", mebibytes(bound)))
            .came_back(mebibytes(came_back))
            .because(because)
            .fail();
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// Why a test failed: what was done, what was expected, what came back, why it matters, where to
/// read, and what was on the wire. It is the payload of the panic that ends the test.
#[derive(Debug)]
pub struct Explanation {
    text: String,
    /// Whether an expectation was not met. What fails before there is one, such as a program that
    /// does not start, is not taught on any page.
    names_page: bool,
    trace: Option<String>,
}

impl Explanation {
    pub(crate) fn new(done: impl Into<String>) -> Self {
        install_hook();
        Self {
            text: done.into(),
            names_page: false,
            trace: None,
        }
    }

    pub(crate) fn expected(self, expected: impl AsRef<str>) -> Self {
        self.line("expected ", expected.as_ref())
    }

    pub(crate) fn came_back(self, came_back: impl AsRef<str>) -> Self {
        self.line("came back", came_back.as_ref())
    }

    pub(crate) fn because(mut self, because: &str) -> Self {
        self.names_page = true;
        self.line("because  ", &wrap(because))
    }

    pub(crate) fn trace(mut self, trace: Option<String>) -> Self {
        self.trace = trace;
        self
    }

    fn line(mut self, label: &str, text: &str) -> Self {
        self.text += &format!("\n  {label}  {text}");
        self
    }

    pub(crate) fn fail(self) -> ! {
        panic::panic_any(self)
    }
}

/// Prints explanations as they are; leaves every other panic, a bug in a test, to the hook that
/// was there before.
fn install_hook() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            match info.payload().downcast_ref::<Explanation>() {
                Some(explanation) => eprintln!("\n{explanation}"),
                None => usual(info),
            }
        }));
    });
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if let Some(page) = page_to_read().filter(|_| self.names_page) {
            write!(f, "\n  read       {page}")?;
        }
        if let Some(trace) = &self.trace {
            write!(f, "\n\n{}", trace.trim_end())?;
        }
        Ok(())
    }
}

/// Set by the first program that a test starts: every test of one process is of one lab.
static LAB: OnceLock<Lab> = OnceLock::new();

pub(crate) fn set_lab(lab: Lab) {
    // A second call comes with the same lab.
    let _ = LAB.set(lab);
}

pub(crate) fn lab_name() -> &'static str {
    LAB.get()
        .and_then(|lab| Path::new(lab.folder).file_name()?.to_str())
        .unwrap_or("the program")
}

/// Where in the book the current test's failure is explained, from the lab's `lab.toml`.
///
/// A test runs on a thread of its own name, `stage_3_errors::division_by_zero…`. Whatever is
/// missing here only costs the line: a failure must never fail to be told.
fn page_to_read() -> Option<String> {
    static PAGES: OnceLock<Option<Pages>> = OnceLock::new();

    let thread = std::thread::current();
    let (module, test) = thread.name()?.split_once("::")?;
    let number = module.strip_prefix("stage_")?.split('_').next()?;
    let stage = number.parse::<usize>().ok()?.checked_sub(1)?;
    // Read once: in a debug build a parser is not quick, and on a stub every test fails.
    let pages = PAGES.get_or_init(Pages::read).as_ref()?;
    let (book, elsewhere) = pages.stages.get(stage)?;
    let page = elsewhere.get(test).unwrap_or(book);
    Some(format!("src/{}/{page}", pages.chapter))
}

/// The pages that a lab's `lab.toml` names.
struct Pages {
    chapter: String,
    /// For each stage its page, and those of the tests that are explained elsewhere.
    stages: Vec<(String, HashMap<String, String>)>,
}

impl Pages {
    fn read() -> Option<Self> {
        let manifest = Path::new(LAB.get()?.folder)
            .join("../../labs")
            .join(lab_name())
            .join("lab.toml");
        let source = std::fs::read_to_string(manifest).ok()?;
        let lab = DeTable::parse(&source).ok()?.into_inner();
        let stages = lab.get("stage")?.get_ref().as_array()?;
        Some(Self {
            chapter: text(&lab, "chapter")?,
            stages: stages
                .iter()
                .map(|stage| {
                    let stage = table(stage.get_ref())?;
                    let elsewhere = stage.get("elsewhere").and_then(|it| table(it.get_ref()));
                    let elsewhere = elsewhere.into_iter().flatten().filter_map(|(test, page)| {
                        Some((
                            test.get_ref().to_string(),
                            page.get_ref().as_str()?.to_owned(),
                        ))
                    });
                    Some((text(stage, "book")?, elsewhere.collect()))
                })
                .collect::<Option<_>>()?,
        })
    }
}

fn table<'a, 'i>(value: &'a DeValue<'i>) -> Option<&'a DeTable<'i>> {
    match value {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn text(table: &DeTable<'_>, key: &str) -> Option<String> {
    Some(table.get(key)?.get_ref().as_str()?.to_owned())
}

/// A panic that a Rust program has reported on its standard error.
pub(crate) struct Panic<'a> {
    /// `labs/calculator/src/service.rs:57`
    pub place: &'a str,
    pub message: &'a str,
}

impl<'a> Panic<'a> {
    /// The last one: where several calls share a program, the newest is the likeliest cause.
    pub(crate) fn find(error: &'a str) -> Option<Self> {
        let (_, report) = error.rsplit_once(" panicked at ")?;
        let (place, rest) = report.split_once('\n')?;
        // "src/service.rs:57:9:" has a line and a column; the line is enough.
        let place = place.trim_end_matches(':').rsplit_once(':')?.0;
        Some(Self {
            place,
            message: rest.lines().next()?,
        })
    }

    /// The stage's number, where the panic is a `todo!("stage 1: …")` of a lab's stub.
    pub(crate) fn stage_not_written(&self) -> Option<&'a str> {
        self.todo()?.strip_prefix("stage ")?.split(':').next()
    }

    pub(crate) fn as_todo(&self) -> String {
        format!("todo!({:?})", shorten(self.todo().unwrap_or(self.message)))
    }

    fn todo(&self) -> Option<&'a str> {
        self.message.strip_prefix("not yet implemented: ")
    }
}

/// Breaks a sentence into lines that end before the hundredth column, under their label.
fn wrap(sentence: &str) -> String {
    const WIDTH: usize = 86;
    let mut wrapped = String::new();
    let mut width = 0;
    for word in sentence.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            wrapped += "\n             ";
            width = 0;
        } else if width > 0 {
            wrapped.push(' ');
            width += 1;
        }
        wrapped += word;
        width += length;
    }
    wrapped
}

/// At most so many characters of a text are shown.
const LONGEST: usize = 160;

/// Both texts, shortened; where that leaves no difference, from shortly before the first one on.
pub(crate) fn apart(expected: &str, came_back: &str) -> (String, String) {
    const BEFORE: usize = 40;
    let pairs = expected.chars().zip(came_back.chars());
    let same = pairs.take_while(|(a, b)| a == b).count();
    if same < LONGEST - BEFORE {
        return (shorten(expected), shorten(came_back));
    }
    let from = |text: &str| {
        let rest: String = text.chars().skip(same - BEFORE).take(LONGEST + 1).collect();
        format!("…{}", shorten(&rest))
    };
    (from(expected), from(came_back))
}

/// At most 160 characters, on one line, with nothing in it that a terminal would obey.
pub(crate) fn shorten(text: &str) -> String {
    let mut short = String::new();
    for character in text.chars().take(LONGEST) {
        match character {
            // Escaped by `escape_debug`, but harmless.
            '"' | '\'' => short.push(character),
            _ => short.extend(character.escape_debug()),
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        short += "…";
    }
    short
}
