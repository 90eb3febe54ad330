//! A quiz: read from TOML, shown as a form, answered at the end of the book. In the page the
//! answers are encoded, not encrypted: they are out of sight, and a curious reader is welcome.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::markdown::{self, escape, html, phrase};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiz {
    question: Vec<Question>,
    #[serde(skip)]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    kind: Kind,
    ask: Spanned<String>,
    /// What was run to be sure of the answer: "file" or "file::name".
    checked_by: Option<Spanned<String>>,
    #[serde(default)]
    options: Vec<Choice>,
    /// Of a short question: what is accepted.
    #[serde(default)]
    answers: Vec<String>,
    /// Of a short question: why.
    because: Option<String>,
    #[serde(default)]
    mistakes: Vec<Choice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Single,
    Multiple,
    Short,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    text: String,
    #[serde(default)]
    right: bool,
    because: String,
}

/// What the widget needs to judge an answer.
#[derive(Serialize)]
struct Key<'a> {
    right: Vec<usize>,
    because: Vec<String>,
    answers: &'a [String],
    mistakes: Vec<(String, String)>,
}

impl Quiz {
    /// An error is a line and a sentence.
    pub fn parse(text: &str) -> Result<Quiz, (usize, String)> {
        let mut quiz: Quiz = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| markdown::line_at(text, span.start));
            let message = error.message().lines().next().unwrap_or_default();
            (line, message.to_owned())
        })?;
        for question in &quiz.question {
            let line = markdown::line_at(text, question.ask.span().start);
            question.complete().map_err(|message| (line, message))?;
        }
        quiz.source = text.to_owned();
        Ok(quiz)
    }
}

impl Question {
    fn complete(&self) -> Result<(), String> {
        let right = self.options.iter().filter(|option| option.right).count();
        let texts = || self.options.iter().chain(&self.mistakes);
        let problem = match self.kind {
            _ if self.ask.get_ref().trim().is_empty() => "the question is empty",
            _ if texts().any(|o| o.text.trim().is_empty() || o.because.trim().is_empty()) => {
                "an option has no text, or no explanation"
            }
            Kind::Single if right != 1 => "a single choice has exactly one right option",
            Kind::Single | Kind::Multiple if self.options.len() < 2 => {
                "a choice has at least two options"
            }
            Kind::Single | Kind::Multiple
                if !self.answers.is_empty()
                    || self.because.is_some()
                    || !self.mistakes.is_empty() =>
            {
                "`answers`, `because` and `mistakes` belong to a short answer; an option explains itself"
            }
            Kind::Short if !self.options.is_empty() => "a short answer has no options",
            Kind::Short if self.answers.is_empty() => "a short answer has `answers`",
            Kind::Short if self.because.is_none() => "a short answer has `because`",
            _ => return Ok(()),
        };
        Err(problem.to_owned())
    }

    /// Changes with the question, so that a changed one is asked anew.
    fn id(&self) -> String {
        // FNV-1a: stable from one Rust to the next, unlike the standard library's hasher.
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let texts = self.options.iter().map(|option| &option.text);
        for byte in texts
            .chain([self.ask.get_ref()])
            .flat_map(|text| text.bytes())
        {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{hash:016x}")
    }

    fn key(&self) -> String {
        let right = self.options.iter().enumerate();
        let because = self.options.iter().map(|option| phrase(&option.because));
        let key = Key {
            right: right
                .filter(|(_, o)| o.right)
                .map(|(index, _)| index)
                .collect(),
            because: because.chain(self.because.as_deref().map(phrase)).collect(),
            answers: &self.answers,
            mistakes: self
                .mistakes
                .iter()
                .map(|mistake| (mistake.text.clone(), phrase(&mistake.because)))
                .collect(),
        };
        STANDARD.encode(serde_json::to_vec(&key).unwrap_or_default())
    }
}

/// That what a question was checked by exists: line, message and fix of each that does not.
pub fn check_files(quiz: &Quiz, root: &Path) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    for by in quiz.question.iter().filter_map(|q| q.checked_by.as_ref()) {
        let (file, name) = match by.get_ref().split_once("::") {
            Some((file, name)) => (file, Some(name)),
            None => (by.get_ref().as_str(), None),
        };
        let path = markdown::resolve(Path::new(""), file);
        let text = path.and_then(|path| fs::read_to_string(root.join(path)).ok());
        let message = match (text, name) {
            (None, _) => format!("`checked_by` names {file}, which does not exist"),
            (Some(text), Some(name)) if !text.contains(name) => {
                format!("{file} does not contain `{name}`")
            }
            _ => continue,
        };
        let line = markdown::line_at(&quiz.source, by.span().start);
        let fix = "name the test, or the program, that shows the answer is right";
        found.push((line, message, fix.to_owned()));
    }
    found
}

/// A quiz, and the page that it stands on.
pub struct InPage {
    pub quiz: Quiz,
    /// Below `src/`.
    pub page: PathBuf,
    pub title: String,
    /// Its position in the book, from 1.
    pub number: usize,
}

impl InPage {
    fn anchor(&self) -> String {
        format!("quiz-{}", self.number)
    }

    pub fn html(&self) -> String {
        let mut out = format!("\n<course-quiz id=\"{}\">\n", self.anchor());
        for (index, question) in self.quiz.question.iter().enumerate() {
            let number = index + 1;
            out.push_str(&format!(
                "<form class=\"question\" data-question=\"{id}\" data-kind=\"{kind}\" data-key=\"{key}\">\n\
                 <fieldset>\n<legend><span class=\"question-number\">Question {number}</span></legend>\n\
                 <div class=\"question-ask\">{ask}</div>\n",
                id = question.id(),
                kind = match question.kind {
                    Kind::Single => "single",
                    Kind::Multiple => "multiple",
                    Kind::Short => "short",
                },
                key = question.key(),
                ask = html(question.ask.get_ref()),
            ));
            match question.kind {
                Kind::Short => out.push_str(
                    "<p><label>Your answer <input type=\"text\" name=\"answer\" autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\"></label></p>\n",
                ),
                kind => {
                    let kind = if kind == Kind::Single { "radio" } else { "checkbox" };
                    out.push_str("<ul class=\"options\">\n");
                    for (option, choice) in question.options.iter().enumerate() {
                        out.push_str(&format!(
                            "<li><label><input type=\"{kind}\" name=\"option\" value=\"{option}\"> <span>{}</span></label></li>\n",
                            phrase(&choice.text)
                        ));
                    }
                    out.push_str("</ul>\n");
                }
            }
            out.push_str("</fieldset>\n</form>\n");
        }
        out.push_str(&format!(
            "<p class=\"quiz-answers\">The answers, with a reason for each, are on <a href=\"{}#{}\">a page at the book’s end</a>.</p>\n</course-quiz>\n",
            markdown::relative(&self.page, super::ANSWERS),
            self.anchor(),
        ));
        out
    }
}

/// The page of answers.
pub fn answers(quizzes: &[InPage]) -> String {
    let mut out =
        "# Answers to the quizzes\n\nEach quiz is better taken on its own page first.\n".to_owned();
    for in_page in quizzes {
        out.push_str(&format!(
            "\n## {} {{#{}}}\n\nThe questions are on [their page]({}#{}).\n",
            in_page.title,
            in_page.anchor(),
            crate::finding::slashed(&in_page.page),
            in_page.anchor(),
        ));
        for (index, question) in in_page.quiz.question.iter().enumerate() {
            out.push_str(&format!(
                "\n<div class=\"answer\">\n<p class=\"question-number\">Question {}</p>\n<div class=\"question-ask\">{}</div>\n<ul>\n",
                index + 1,
                html(question.ask.get_ref())
            ));
            for option in &question.options {
                let verdict = if option.right { "Right" } else { "Wrong" };
                push_answer(&mut out, verdict, &phrase(&option.text), &option.because);
            }
            if let Some(because) = &question.because {
                let accepted: Vec<_> = question.answers.iter().map(|a| escape(a)).collect();
                push_answer(&mut out, "Right", &accepted.join(", or "), because);
            }
            for mistake in &question.mistakes {
                push_answer(&mut out, "Wrong", &escape(&mistake.text), &mistake.because);
            }
            out.push_str("</ul>\n</div>\n");
        }
    }
    out
}

fn push_answer(out: &mut String, verdict: &str, text: &str, because: &str) {
    out.push_str(&format!(
        "<li><strong>{verdict}:</strong> {text}. {}</li>\n",
        phrase(because)
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[[question]]
kind = "single"
ask = "Which?"
options = [
  { text = "a", right = true, because = "yes" },
  { text = "b", because = "no" },
]

[[question]]
kind = "short"
ask = "How many?"
answers = ["11"]
because = "Count them."
"#;

    #[test]
    fn the_answer_is_not_in_clear() {
        let quiz = Quiz::parse(GOOD).unwrap();
        let page = InPage {
            quiz,
            page: "a/b.md".into(),
            title: "B".into(),
            number: 1,
        };
        let html = page.html();
        assert!(
            !html.contains("Count them") && !html.contains("yes"),
            "{html}"
        );
        assert!(html.contains("href=\"../answers.md#quiz-1\""));
        let answers = answers(&[page]);
        assert!(
            answers.contains("<strong>Right:</strong> a. yes"),
            "{answers}"
        );
    }

    #[test]
    fn what_is_missing_is_named_with_its_line() {
        let refused = |text: &str| Quiz::parse(text).unwrap_err();
        assert_eq!(refused(&GOOD.replace("right = true, ", "")).0, 4);
        assert_eq!(
            refused(&GOOD.replace("because = \"Count them.\"", "")),
            (12, "a short answer has `because`".into())
        );
        assert!(
            refused(&GOOD.replace(", because = \"no\"", ""))
                .1
                .contains("because")
        );
        assert_eq!(
            refused(&GOOD.replace("kind = \"short\"", "kindd = \"short\"")).0,
            11
        );
    }
}
