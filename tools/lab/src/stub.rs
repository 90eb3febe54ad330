//! The learner's stub, made from the reference solution. A region between `// [stub] TEXT` and
//! `// [/stub]` becomes TEXT; everything else is copied as it is, so that the stub can never
//! say something that the solution does not.

use std::fmt;

use crate::course::Lab;
use crate::error::{Error, Result};
use crate::files::{self, Tree};

const OPEN: &str = "// [stub]";
const CLOSE: &str = "// [/stub]";

/// A marker that makes no sense, by its line (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkerError {
    pub line: usize,
    pub fault: &'static str,
}

impl fmt::Display for MarkerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault)
    }
}

/// The stub of one source file.
pub fn stub(source: &str) -> Result<String, MarkerError> {
    walk(source, View::Stub)
}

/// The solution as people are shown it: without its marker lines.
pub fn clean(source: &str) -> Result<String, MarkerError> {
    walk(source, View::Solution)
}

/// The stub of a whole lab: what its `src/` is generated to be.
pub fn stub_of(lab: &Lab) -> Result<Tree> {
    each(lab, stub)
}

/// The reference of a whole lab, without its marker lines.
pub fn solution_of(lab: &Lab) -> Result<Tree> {
    each(lab, clean)
}

fn each(lab: &Lab, view: fn(&str) -> Result<String, MarkerError>) -> Result<Tree> {
    let mut made = Tree::new();
    for (path, source) in lab.reference()? {
        let text = view(&source).map_err(|error| {
            let root = lab.solution.parent().and_then(std::path::Path::parent);
            let full = lab.solution.join("src").join(&path);
            let shown = root.map_or(path.clone(), |root| files::shown(root, &full));
            Error::Input(format!("{shown}:{}: {error}", error.line))
        })?;
        made.insert(path, text);
    }
    Ok(made)
}

#[derive(Clone, Copy, PartialEq)]
enum View {
    Stub,
    Solution,
}

#[derive(Clone, Copy)]
enum Place {
    Outside,
    /// Among the opening marker lines of a region that began at this line.
    Opening(usize),
    Inside(usize),
}

fn walk(source: &str, view: View) -> Result<String, MarkerError> {
    let mut out = String::with_capacity(source.len());
    let mut place = Place::Outside;
    for (index, line) in source.split_inclusive('\n').enumerate() {
        let number = index + 1;
        let wrong = |fault| {
            Err(MarkerError {
                line: number,
                fault,
            })
        };
        let indented = line.trim_start();
        let marker = indented.trim_end();

        if let Some(text) = marker.strip_prefix(OPEN) {
            place = match place {
                Place::Outside => Place::Opening(number),
                Place::Opening(first) => Place::Opening(first),
                Place::Inside(_) => {
                    return wrong("a stub region opens inside another; close that one first");
                }
            };
            if view == View::Stub && !text.is_empty() {
                let Some(text) = text.strip_prefix(' ') else {
                    return wrong("put one space after \"// [stub]\"");
                };
                out.push_str(&line[..line.len() - indented.len()]);
                out.push_str(text);
                out.push_str(&indented[marker.len()..]); // the line's own ending
            }
        } else if marker == CLOSE {
            if let Place::Outside = place {
                return wrong("\"// [/stub]\" closes a region that was never opened");
            }
            place = Place::Outside;
        } else if marker.contains(OPEN) || marker.contains(CLOSE) {
            return wrong("a stub marker stands alone on its line");
        } else {
            if let Place::Opening(first) = place {
                place = Place::Inside(first);
            }
            if view == View::Solution || matches!(place, Place::Outside) {
                out.push_str(line);
            }
        }
    }
    match place {
        Place::Outside => Ok(out),
        Place::Opening(line) | Place::Inside(line) => Err(MarkerError {
            line,
            fault: "this stub region is never closed; end it with \"// [/stub]\"",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
fn add(a: i64, b: i64) -> i64 {
    // [stub] let _ = (a, b);
    // [stub] todo!(\"stage 1\")
    a + b
    // [/stub]
}
// [stub]
fn helper() {}
// [/stub]
fn given() {}
";

    #[test]
    fn a_region_becomes_its_text_at_the_markers_indentation() {
        assert_eq!(
            stub(SOURCE).as_deref(),
            Ok(
                "fn add(a: i64, b: i64) -> i64 {\n    let _ = (a, b);\n    todo!(\"stage 1\")\n}\nfn given() {}\n"
            )
        );
    }

    #[test]
    fn the_solution_loses_its_markers_and_nothing_else() {
        assert_eq!(
            clean(SOURCE).as_deref(),
            Ok("fn add(a: i64, b: i64) -> i64 {\n    a + b\n}\nfn helper() {}\nfn given() {}\n")
        );
    }

    #[test]
    fn a_file_without_markers_is_copied_byte_for_byte() {
        for text in ["", "x", "a\r\nb\r\n", "\n\n", "no newline at the end"] {
            assert_eq!(stub(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn carriage_returns_stay() {
        assert_eq!(
            stub("// [stub] x\r\ny\r\n// [/stub]\r\n").as_deref(),
            Ok("x\r\n")
        );
    }

    #[test]
    fn a_stray_or_missing_marker_is_named_with_its_line() {
        let line = |source| stub(source).map_err(|error| error.line);
        assert_eq!(line("a\n// [/stub]\n"), Err(2), "never opened");
        assert_eq!(line("a\n// [stub] x\nb\n"), Err(2), "never closed");
        assert_eq!(
            line("// [stub] x\na\n// [stub] y\n// [/stub]\n"),
            Err(3),
            "nested"
        );
        assert_eq!(line("let x = 1; // [stub] y\n"), Err(1), "not alone");
        assert_eq!(line("// [stub]x\n// [/stub]\n"), Err(1), "no space");
    }
}
