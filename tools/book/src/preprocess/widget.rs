//! Widgets: what a reader can try out. Each is text or a table that says its point without
//! JavaScript and in print, and a script that takes its place. The scripts go into the page
//! itself, into those pages alone that have the widget: so they work from disk, and with a stock
//! mdBook, which would load a file of scripts on every page.

mod flow_control;
mod hpack;
mod protobuf;
mod timeline;
mod varint;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ::lab::course::Course;
use serde::Serialize;

use super::{Expansion, Fault};
use crate::markdown::{escape, line_at};

/// Below the course's root.
const FOLDER: &str = "tools/book/assets/widgets";

/// A fault of a file beside the page: its line, message and fix.
pub type FileFault = (usize, String, String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Widget {
    Varint,
    Protobuf,
    Hpack,
    FlowControl,
    Timeline,
}

impl Widget {
    /// The one that a directive asks for.
    pub fn named(directive: &str) -> Option<Widget> {
        Some(match directive {
            "#varint" => Widget::Varint,
            "#protobuf" => Widget::Protobuf,
            "#hpack" => Widget::Hpack,
            "#flow-control" => Widget::FlowControl,
            "#timeline" => Widget::Timeline,
            _ => return None,
        })
    }

    /// True if what it shows is in a file beside the page.
    pub fn has_file(self) -> bool {
        !matches!(self, Widget::Varint | Widget::FlowControl)
    }

    /// Its style sheets and scripts, each after those that it needs.
    fn parts(self) -> &'static [&'static str] {
        match self {
            Widget::Varint => &[
                "widget.css",
                "varint-bench.css",
                "bytes.js",
                "varint.js",
                "widget.js",
                "varint-bench.js",
            ],
            Widget::Protobuf => &[
                "widget.css",
                "protobuf-explorer.css",
                "bytes.js",
                "varint.js",
                "protobuf.js",
                "widget.js",
                "protobuf-explorer.js",
            ],
            Widget::Hpack => &[
                "widget.css",
                "bytes.js",
                "hpack.js",
                "widget.js",
                "hpack-table.js",
            ],
            Widget::FlowControl => &[
                "widget.css",
                "flow-control.css",
                "widget.js",
                "flow-control.js",
            ],
            Widget::Timeline => &[
                "widget.css",
                "call-timeline.css",
                "bytes.js",
                "widget.js",
                "call-timeline.js",
            ],
        }
    }

    /// A widget whose directive says everything.
    pub fn html(self, argument: &str) -> Expansion {
        match self {
            Widget::Varint => varint::html(argument),
            _ if !argument.is_empty() => Err((
                format!("`{argument}` means nothing here"),
                "write the directive alone: it has no arguments".to_owned(),
            )),
            _ => Ok(flow_control::html()),
        }
    }

    /// A widget whose file has this text.
    pub fn html_of(self, course: &Course, text: &str) -> Result<String, FileFault> {
        match self {
            Widget::Protobuf => protobuf::html(&course.root, text),
            Widget::Hpack => hpack::html(text),
            _ => timeline::html(text),
        }
    }
}

/// What one page needs for its widgets.
#[derive(Default)]
pub struct Parts(Vec<&'static str>);

impl Parts {
    pub fn need(&mut self, widget: Widget) {
        for part in widget.parts() {
            if !self.0.contains(part) {
                self.0.push(part);
            }
        }
    }

    /// What goes to the page's end.
    pub fn html(&self, root: &Path) -> Expansion {
        let mut out = String::new();
        for name in &self.0 {
            let path = root.join(FOLDER).join(name);
            let text = fs::read_to_string(&path).map_err(|error| -> Fault {
                (
                    format!("{FOLDER}/{name} cannot be read: {error}"),
                    "restore it from the repository".to_owned(),
                )
            })?;
            let tag = match name.ends_with(".css") {
                true => "style",
                false => "script",
            };
            let text = lean(&text);
            if text.contains(&format!("</{tag}")) || text.contains("{{#") {
                return Err((
                    format!("{FOLDER}/{name} contains what ends a {tag}, or a directive"),
                    "write it in two pieces".to_owned(),
                ));
            }
            let _ = write!(out, "\n\n<{tag}>\n{text}</{tag}>\n");
        }
        Ok(out)
    }
}

/// A script or a style sheet without indents, empty lines and the lines that are comments: they
/// are for its authors, and every reader of the page would load them. A string over several lines
/// would suffer; a test sees to it that there is none.
fn lean(text: &str) -> String {
    let is_kept = |line: &&str| !line.is_empty() && !line.starts_with("//") && !is_comment(line);
    let lines = text.lines().map(str::trim).filter(is_kept);
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A comment of a style sheet, on a line of its own.
fn is_comment(line: &str) -> bool {
    line.starts_with("/*") && line.ends_with("*/")
}

/// The element around what is shown without its script. No line of `plain` is empty.
fn element(name: &str, attributes: &str, plain: &str, data: Option<&impl Serialize>) -> String {
    let data = data.map_or_else(String::new, |data| {
        // "<" would let a value end the script.
        let json = serde_json::to_string(data).unwrap_or_default();
        let json = json.replace('<', "\\u003c");
        format!("<script type=\"application/json\">{json}</script>\n")
    });
    format!(
        "\n<{name}{attributes}>\n<div class=\"widget-plain\">\n{plain}</div>\n{data}</{name}>\n"
    )
}

/// The same for an element without data.
fn bare_element(name: &str, attributes: &str, plain: &str) -> String {
    element(name, attributes, plain, None::<&()>)
}

/// A table of cells that are HTML.
fn table(caption: &str, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut out = String::from("<div class=\"table-wrapper\"><table>\n");
    if !caption.is_empty() {
        let _ = writeln!(out, "<caption>{caption}</caption>");
    }
    let head: String = head
        .iter()
        .map(|cell| format!("<th scope=\"col\">{cell}</th>"))
        .collect();
    let _ = writeln!(out, "<thead><tr>{head}</tr></thead>\n<tbody>");
    for row in rows {
        let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// Bytes from "08 96 01" or "089601".
fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    if digits.len() % 2 == 1 {
        return Err("it has an odd number of hexadecimal digits".to_owned());
    }
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok()?;
        let is_hex = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        u8::from_str_radix(pair, 16).ok().filter(|_| is_hex)
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes.ok_or_else(|| "it is not hexadecimal".to_owned())
}

/// Text of a peer with what is invisible, or would reorder the text around it, written out.
fn plain(text: &str) -> String {
    let is_unprintable = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.extend(c.escape_default()),
            c if is_unprintable(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// A fault in a TOML file, where the parser or a value's span says.
fn toml_fault(text: &str, error: &toml::de::Error) -> FileFault {
    let line = error.span().map_or(1, |span| line_at(text, span.start));
    let message = error.message().lines().next().unwrap_or_default();
    (
        line,
        message.to_owned(),
        "tools/book/README.md describes the file".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_its_script() {
        let html = element("x-y", "", "<p>p</p>\n", Some(&"</script><!--"));
        assert!(html.contains(r#""\u003c/script>\u003c!--""#), "{html}");
    }

    #[test]
    fn what_is_for_authors_does_not_reach_a_reader() {
        let text = "/* a */\n\n  // b\n  c; // d\n\n    e\n";
        assert_eq!(lean(text), "c; // d\ne\n");
    }

    #[test]
    fn no_part_has_a_string_over_several_lines() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/widgets");
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for line in text.lines() {
                let quotes = line.matches('`').count();
                assert!(quotes % 2 == 0, "{}: {line}", path.display());
            }
        }
    }

    #[test]
    fn hexadecimal_is_strict() {
        assert_eq!(from_hex("08 9601\n"), Ok(vec![8, 0x96, 1]));
        assert!(from_hex("08 9").is_err());
        assert!(from_hex("+8").is_err());
        assert!(from_hex("é").is_err());
    }
}
