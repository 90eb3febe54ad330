//! What we ask of Markdown ourselves: where its code and its links are, and small pieces of it
//! as HTML. The parser and its options are mdBook's own, so both see the same page.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use mdbook_markdown::pulldown_cmark::{
    CodeBlockKind, Event, OffsetIter, Parser, Tag, TagEnd, html,
};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

pub fn parse(text: &str) -> OffsetIter<'_> {
    parser(text).into_offset_iter()
}

fn parser(text: &str) -> Parser<'_> {
    new_cmark_parser(text, &MarkdownOptions::default())
}

/// The line, from 1, that a byte stands on.
pub fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// A fenced block of code.
#[derive(Debug)]
pub struct Fence {
    pub range: Range<usize>,
    /// What stands after the backticks.
    pub info: String,
    pub content: String,
}

impl Fence {
    pub fn language(&self) -> &str {
        let end = self.info.find([',', ' ', '\t', '{']);
        &self.info[..end.unwrap_or(self.info.len())]
    }
}

pub fn fences(text: &str) -> Vec<Fence> {
    let mut found: Vec<Fence> = Vec::new();
    let mut open = false;
    for (event, range) in parse(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                open = true;
                found.push(Fence {
                    range,
                    info: info.to_string(),
                    content: String::new(),
                });
            }
            Event::Text(text) if open => {
                if let Some(fence) = found.last_mut() {
                    fence.content.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => open = false,
            _ => {}
        }
    }
    found
}

/// Where code stands, in blocks and between backticks: nothing is replaced there.
pub fn code(text: &str) -> Vec<Range<usize>> {
    parse(text)
        .filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(_)) | Event::Code(_)))
        .map(|(_, range)| range)
        .collect()
}

/// A link or an image.
#[derive(Debug)]
pub struct Link {
    pub range: Range<usize>,
    pub destination: String,
    /// What is shown, as Markdown.
    pub text: String,
}

pub fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    for (event, range) in parse(text) {
        let (Event::Start(Tag::Link { dest_url, .. }) | Event::Start(Tag::Image { dest_url, .. })) =
            event
        else {
            continue;
        };
        let source = &text[range.clone()];
        // "[text](destination)"; other kinds of link are only ever looked up by destination.
        let shown = source
            .rfind("](")
            .and_then(|end| source.get(1..end))
            .unwrap_or_default();
        found.push(Link {
            destination: dest_url.to_string(),
            text: shown.to_owned(),
            range,
        });
    }
    found
}

/// The terms of a list in definition syntax, each with its definition as plain text.
pub fn definitions(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let (mut in_title, mut in_definition) = (false, false);
    for (event, _) in parse(text) {
        match event {
            Event::Start(Tag::DefinitionListTitle) => {
                in_title = true;
                found.push(Default::default());
            }
            Event::End(TagEnd::DefinitionListTitle) => in_title = false,
            Event::Start(Tag::DefinitionListDefinition) => in_definition = true,
            Event::End(TagEnd::DefinitionListDefinition) => in_definition = false,
            Event::Text(piece) | Event::Code(piece) => match found.last_mut() {
                Some((title, _)) if in_title => title.push_str(&piece),
                Some((_, definition)) if in_definition => definition.push_str(&piece),
                _ => {}
            },
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph) => {
                if let Some((_, definition)) = found.last_mut().filter(|_| in_definition) {
                    definition.push(' ');
                }
            }
            _ => {}
        }
    }
    for (_, definition) in &mut found {
        *definition = definition.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    found
}

/// The id that mdBook gives a heading, or a defined term, with this text.
pub fn id(text: &str) -> String {
    text.trim()
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            c if c.is_whitespace() => Some('-'),
            c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
            _ => None,
        })
        .collect()
}

/// Markdown as HTML that can stand in one block of HTML in a page: it has no empty line.
pub fn html(text: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, parser(text));
    unbroken(out.trim_end())
}

/// The same for a phrase: without the paragraph around it.
pub fn phrase(text: &str) -> String {
    let out = html(text);
    match out.strip_prefix("<p>").and_then(|o| o.strip_suffix("</p>")) {
        Some(inner) if !inner.contains("<p>") => inner.to_owned(),
        _ => out,
    }
}

/// An empty line would end the block of HTML; an entity in its place reads the same.
fn unbroken(html: &str) -> String {
    html.lines()
        .map(|line| {
            if line.trim().is_empty() {
                "&#32;"
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// A hint of `lab.toml`: Markdown, in which a paragraph of several lines is Rust.
pub fn hint(text: &str) -> String {
    if text.contains("```") {
        return html(text);
    }
    let mut out = String::new();
    let mut code: Option<String> = None;
    let paragraphs = text
        .trim()
        .split("\n\n")
        .map(|part| part.trim_matches('\n'));
    for paragraph in paragraphs {
        if paragraph.contains('\n') {
            match &mut code {
                Some(code) => {
                    code.push_str("\n\n");
                    code.push_str(paragraph);
                }
                None => code = Some(paragraph.to_owned()),
            }
        } else {
            push_code(&mut out, code.take());
            out.push_str(paragraph);
            out.push_str("\n\n");
        }
    }
    push_code(&mut out, code);
    html(&out)
}

fn push_code(out: &mut String, code: Option<String>) {
    if let Some(code) = code {
        out.push_str(&format!("```rust\n{code}\n```\n\n"));
    }
}

/// Resolves `.` and `..` in a path without looking at the disk; `None` when it leads outside.
pub fn resolve(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::Normal(part) => out.push(part),
            Component::ParentDir => {
                if !out.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(out)
}

/// The way from a page to a file, both relative to the same folder: "../../appendix/glossary.md".
pub fn relative(page: &Path, to: &str) -> String {
    let depth = page.components().count().saturating_sub(1);
    format!("{}{to}", "../".repeat(depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_tells_prose_from_code() {
        let html = hint("Take it out.\n\nlet a = 1;\nlet b = 2;\n\nfn c() {\n}\n\nThen `b`.");
        assert_eq!(
            html,
            "<p>Take it out.</p>\n<pre><code class=\"language-rust\">let a = 1;\nlet b = 2;\n&#32;\nfn c() {\n}\n</code></pre>\n<p>Then <code>b</code>.</p>"
        );
    }

    #[test]
    fn definitions_are_plain_text() {
        let terms = definitions(
            "# Glossary\n\nhalf-close\n: One side is *done*,\n  the other `not`.\n\nb\n: B.\n",
        );
        assert_eq!(
            terms[0],
            (
                "half-close".into(),
                "One side is done, the other not.".into()
            )
        );
        assert_eq!(terms[1], ("b".into(), "B.".into()));
    }

    #[test]
    fn paths_do_not_lead_outside() {
        assert_eq!(
            resolve(Path::new("src/a"), "../b.md"),
            Some("src/b.md".into())
        );
        assert_eq!(resolve(Path::new("src"), "../../x"), None);
        assert_eq!(relative(Path::new("a/b/c.md"), "x.md"), "../../x.md");
    }

    #[test]
    fn code_is_found_in_blocks_and_between_backticks() {
        let text = "a `b` c\n\n```x\n{{#lab y}}\n```\n";
        assert_eq!(code(text).len(), 2);
        assert_eq!(fences(text)[0].content, "{{#lab y}}\n");
    }
}
