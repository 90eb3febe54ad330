//! The course on disk: where its root is, which labs it has, and what their `lab.toml` say.
//! A loaded [`Lab`] has been checked as far as its own file goes; that it agrees with its
//! tests, stub and solution is `verify`'s business.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::error::{Error, Result};
use crate::files::{self, Tree};

/// A checked-out course.
#[derive(Debug, Clone)]
pub struct Course {
    pub root: PathBuf,
}

/// One lab, as its `lab.toml` describes it.
#[derive(Debug, Clone, Serialize)]
pub struct Lab {
    pub name: String,
    pub title: String,
    /// A folder below the book's `src/`: "phase-3/04-unary".
    pub chapter: String,
    pub minutes: u32,
    /// The learner's own files, relative to [`Lab::folder`]: "src/service.rs".
    pub files: Vec<String>,
    pub stages: Vec<Stage>,
    #[serde(skip)]
    pub folder: PathBuf,
    #[serde(skip)]
    pub solution: PathBuf,
}

/// One step of a lab: a module of tests, with what a learner is told about it.
#[derive(Debug, Clone, Serialize)]
pub struct Stage {
    /// Its position in `lab.toml`, from 1.
    pub number: usize,
    pub id: String,
    pub title: String,
    pub points: u32,
    pub teaches: String,
    /// Page and heading below the lab's chapter: "server.md#the-first-method".
    pub book: String,
    /// Tests whose failure is explained on another page: name of the test, page and heading.
    pub elsewhere: BTreeMap<String, String>,
    /// What a failing test says when the stage is not written yet.
    pub red: String,
    pub hints: [String; 3],
}

impl Stage {
    /// The module that holds its tests: "stage_1_add".
    pub fn module(&self) -> String {
        format!("stage_{}_{}", self.number, self.id.replace('-', "_"))
    }

    /// What libtest is given to run its tests and no others.
    pub fn filter(&self) -> String {
        format!("{}::", self.module())
    }
}

impl Course {
    /// Looks for the course's root here and in the folders above.
    pub fn find() -> Result<Course> {
        let here = std::env::current_dir()
            .map_err(|error| Error::io("read", Path::new("the current folder"), &error))?;
        Course::find_from(&here)
    }

    pub fn find_from(here: &Path) -> Result<Course> {
        here.ancestors()
            .find(|folder| {
                folder.join("Cargo.toml").is_file()
                    && folder.join("labs").is_dir()
                    && folder.join("solutions").is_dir()
            })
            .map(|root| Course {
                root: root.to_path_buf(),
            })
            .ok_or_else(|| {
                Error::Input(format!(
                    "this is not the course's folder: {} has no Cargo.toml, labs and solutions, \
                     and no folder above it has; change to the folder that you cloned",
                    here.display()
                ))
            })
    }

    /// The names of all labs, sorted.
    pub fn names(&self) -> Result<Vec<String>> {
        let labs = self.root.join("labs");
        let mut names = files::folders_in(&labs)?;
        names.retain(|name| labs.join(name).join("lab.toml").exists());
        Ok(names)
    }

    /// Every lab, in the order of the book.
    pub fn labs(&self) -> Result<Vec<Lab>> {
        let mut labs = Vec::new();
        for name in self.names()? {
            labs.push(self.load(&name)?);
        }
        labs.sort_by(|a, b| (&a.chapter, &a.name).cmp(&(&b.chapter, &b.name)));
        Ok(labs)
    }

    /// One lab by its name; for an unknown name the error suggests the nearest.
    pub fn lab(&self, name: &str) -> Result<Lab> {
        let names = self.names()?;
        if names.iter().any(|known| known == name) {
            return self.load(name);
        }
        Err(Error::Input(if names.is_empty() {
            format!("no lab named \"{name}\": this course has no labs yet")
        } else {
            let known = names.iter().map(String::as_str);
            match nearest(name, known.clone()) {
                Some(near) => format!("no lab named \"{name}\"; did you mean \"{near}\"?"),
                None => format!("no lab named \"{name}\"; the labs are: {}", list(known)),
            }
        }))
    }

    fn load(&self, name: &str) -> Result<Lab> {
        let folder = self.root.join("labs").join(name);
        let path = folder.join("lab.toml");
        let text = files::read(&path)?;
        let described = parse(&text).map_err(|fault| {
            let path = files::shown(&self.root, &path);
            Error::Input(match fault.span {
                Some(span) => format!("{path}:{}: {}", line_of(&text, span), fault.message),
                None => format!("{path}: {}", fault.message),
            })
        })?;
        Ok(Lab {
            name: name.to_owned(),
            folder,
            solution: self.root.join("solutions").join(name),
            ..described
        })
    }

    /// Where cargo builds this course.
    pub fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            // A relative one counts from where cargo is run, and we run it at the root.
            Some(folder) if !folder.is_empty() => self.root.join(folder),
            _ => self.root.join("target"),
        }
    }
}

impl Lab {
    /// A stage by its number or its id.
    pub fn stage(&self, wanted: &str) -> Result<&Stage> {
        if let Some(stage) = self
            .stages
            .iter()
            .find(|stage| stage.id == wanted || stage.number.to_string() == wanted)
        {
            return Ok(stage);
        }
        let ids = self.stages.iter().map(|stage| stage.id.as_str());
        Err(Error::Input(match nearest(wanted, ids) {
            Some(near) => format!(
                "{} has no stage \"{wanted}\"; did you mean \"{near}\"?",
                self.name
            ),
            None => format!(
                "{} has no stage \"{wanted}\"; its stages are: {}",
                self.name,
                list(
                    self.stages
                        .iter()
                        .map(|stage| format!("{} {}", stage.number, stage.id))
                )
            ),
        }))
    }

    pub fn points(&self) -> u32 {
        self.stages.iter().map(|stage| stage.points).sum()
    }

    /// The package of the reference solution.
    pub fn solution_package(&self) -> String {
        format!("{}-solution", self.name)
    }

    /// The book's page for this stage: "phase-3/04-unary/server.md#the-first-method".
    pub fn page(&self, stage: &Stage) -> String {
        self.below_chapter(&stage.book)
    }

    /// Every page that the stage and its failures name.
    pub fn pages<'a>(&'a self, stage: &'a Stage) -> impl Iterator<Item = String> + 'a {
        std::iter::once(&stage.book)
            .chain(stage.elsewhere.values())
            .map(|page| self.below_chapter(page))
    }

    fn below_chapter(&self, page: &str) -> String {
        format!("{}/{page}", self.chapter)
    }

    /// What `src/` holds now.
    pub fn sources(&self) -> Result<Tree> {
        files::tree(&self.folder.join("src"))
    }

    /// What the reference's `src/` holds, stub markers included.
    pub fn reference(&self) -> Result<Tree> {
        files::tree(&self.solution.join("src"))
    }
}

struct Fault {
    span: Option<Range<usize>>,
    message: String,
}

impl Fault {
    fn at<T>(place: &Spanned<T>, message: impl Into<String>) -> Fault {
        Fault {
            span: Some(place.span()),
            message: message.into(),
        }
    }
}

fn parse(text: &str) -> Result<Lab, Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct RawLab {
        title: Spanned<String>,
        chapter: Spanned<String>,
        minutes: u32,
        files: Spanned<Vec<Spanned<String>>>,
        stage: Vec<RawStage>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct RawStage {
        id: Spanned<String>,
        title: Spanned<String>,
        points: u32,
        teaches: Spanned<String>,
        book: Spanned<String>,
        #[serde(default)]
        elsewhere: BTreeMap<String, String>,
        red: Spanned<String>,
        hints: Spanned<Vec<Spanned<String>>>,
    }

    let raw: RawLab = toml::from_str(text).map_err(|error| Fault {
        span: error.span(),
        message: error.message().replace('\n', " "),
    })?;

    if raw.files.get_ref().is_empty() {
        return Err(Fault::at(
            &raw.files,
            "name at least one file of the learner's",
        ));
    }
    let mut files = Vec::new();
    for file in raw.files.into_inner() {
        let path = Path::new(file.get_ref());
        let plain = path
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !plain || !path.starts_with("src") || path.components().count() < 2 {
            let message = format!("\"{}\" is not a file below src/", file.get_ref());
            return Err(Fault::at(&file, message));
        }
        files.push(file.into_inner());
    }

    let mut stages: Vec<Stage> = Vec::new();
    for raw in raw.stage {
        let id = filled("id", raw.id.clone())?;
        if !id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
        {
            let message = format!("the id \"{id}\" may hold a-z, 0-9, - and _ only");
            return Err(Fault::at(&raw.id, message));
        }
        if id.bytes().all(|b| b.is_ascii_digit()) {
            let message = format!("the id \"{id}\" would be taken for a stage's number");
            return Err(Fault::at(&raw.id, message));
        }
        if stages.iter().any(|stage| stage.id == id) {
            return Err(Fault::at(
                &raw.id,
                format!("two stages have the id \"{id}\""),
            ));
        }
        let span = raw.hints.span();
        let mut hints = Vec::new();
        for hint in raw.hints.into_inner() {
            hints.push(filled("hint", hint)?);
        }
        let hints: [String; 3] = hints.try_into().map_err(|hints: Vec<String>| Fault {
            span: Some(span),
            message: format!(
                "stage \"{id}\" has {} hints; write exactly three",
                hints.len()
            ),
        })?;
        stages.push(Stage {
            number: stages.len() + 1,
            id,
            title: filled("title", raw.title)?,
            points: raw.points,
            teaches: filled("teaches", raw.teaches)?,
            book: filled("book", raw.book)?,
            elsewhere: raw.elsewhere,
            red: filled("red", raw.red)?,
            hints,
        });
    }
    if stages.is_empty() {
        return Err(Fault {
            span: None,
            message: "a lab has at least one [[stage]]".to_owned(),
        });
    }

    Ok(Lab {
        name: String::new(),
        title: filled("title", raw.title)?,
        chapter: filled("chapter", raw.chapter)?,
        minutes: raw.minutes,
        files,
        stages,
        folder: PathBuf::new(),
        solution: PathBuf::new(),
    })
}

fn filled(key: &str, value: Spanned<String>) -> Result<String, Fault> {
    if value.get_ref().trim().is_empty() {
        return Err(Fault::at(&value, format!("{key} is empty")));
    }
    Ok(value.into_inner())
}

fn line_of(text: &str, span: Range<usize>) -> usize {
    let before = text.as_bytes().get(..span.start).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .filter(|(distance, name)| *distance <= name.chars().count().max(3) / 3)
        .min()
        .map(|(_, name)| name)
}

fn list(items: impl Iterator<Item = impl AsRef<str>>) -> String {
    let items: Vec<_> = items.collect();
    let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"title = "T"
chapter = "phase-1/01-x"
minutes = 5
files = ["src/a.rs"]
[[stage]]
id = "one"
title = "One"
points = 1
teaches = "t"
book = "b.md"
red = "r"
hints = ["a", "b", "c"]
"#;

    /// The line and the message that a `lab.toml` is refused with.
    fn refusal(text: &str) -> (usize, String) {
        match parse(text) {
            Ok(lab) => panic!("accepted: {lab:?}"),
            Err(fault) => (
                fault.span.map_or(0, |span| line_of(text, span)),
                fault.message,
            ),
        }
    }

    #[test]
    fn a_stage_is_numbered_by_its_position_and_named_for_its_module() {
        let second = "[[stage]]\nid=\"two-b\"\ntitle=\"Two\"\npoints=2\nteaches=\"t\"\nbook=\"b.md\"\nred=\"s\"\nhints=[\"a\",\"b\",\"c\"]\n";
        let Ok(lab) = parse(&format!("{GOOD}{second}")) else {
            panic!("refused")
        };
        assert_eq!(lab.stages[1].module(), "stage_2_two_b");
        assert_eq!(lab.points(), 3);
        assert_eq!(lab.stage("2").map(|stage| stage.id.as_str()), Ok("two-b"));
        assert_eq!(lab.stage("two-b").map(|stage| stage.number), Ok(2));
    }

    #[test]
    fn a_typo_in_a_key_is_named_with_its_line() {
        let (line, message) = refusal(&GOOD.replace("minutes", "minuets"));
        assert_eq!(line, 3);
        assert!(message.contains("unknown field `minuets`"), "{message}");
        assert!(!message.contains('\n'));
    }

    #[test]
    fn two_hints_are_one_too_few() {
        let (line, message) = refusal(&GOOD.replace(", \"c\"", ""));
        assert_eq!(
            (line, message.as_str()),
            (12, "stage \"one\" has 2 hints; write exactly three")
        );
    }

    #[test]
    fn a_learners_file_lies_below_src() {
        for path in ["/etc/passwd", "src/../../x", "Cargo.toml", "src"] {
            assert_eq!(refusal(&GOOD.replace("src/a.rs", path)).0, 4, "{path}");
        }
    }

    #[test]
    fn an_id_cannot_be_taken_for_a_number() {
        assert_eq!(refusal(&GOOD.replace("\"one\"", "\"1\"")).0, 6);
    }

    #[test]
    fn only_a_near_name_is_suggested() {
        let known = ["calculator", "varint"];
        assert_eq!(nearest("calcluator", known.into_iter()), Some("calculator"));
        assert_eq!(nearest("streams", known.into_iter()), None);
    }
}
