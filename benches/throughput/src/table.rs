//! Medians of what was measured, with Rust's ratio to each.

use std::fmt;

use crate::programs::{LANGUAGES, RUST};

/// Rows of figures, in the order in which they were first added.
pub struct Table {
    title: &'static str,
    rows: Vec<Row>,
}

struct Row {
    what: &'static str,
    /// One list for each of [`LANGUAGES`].
    figures: [Vec<f64>; LANGUAGES.len()],
}

impl Table {
    pub fn new(title: &'static str) -> Self {
        let rows = Vec::new();
        Self { title, rows }
    }

    pub fn add(&mut self, what: &'static str, language: &str, figure: f64) {
        let index = match self.rows.iter().position(|row| row.what == what) {
            Some(index) => index,
            None => {
                let figures = Default::default();
                self.rows.push(Row { what, figures });
                self.rows.len() - 1
            }
        };
        for (name, figures) in LANGUAGES.iter().zip(&mut self.rows[index].figures) {
            if *name == language {
                figures.push(figure);
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        write!(f, "{:<18}", "")?;
        for language in LANGUAGES {
            write!(f, "{language:>20}")?;
        }
        writeln!(f)?;
        for Row { what, figures } in &self.rows {
            write!(f, "{what:<18}")?;
            let rust = median(&figures[0]);
            for (language, figures) in LANGUAGES.iter().zip(figures) {
                let median = median(figures);
                let cell = if *language == RUST {
                    format!("{median:.0}")
                } else {
                    format!("{median:.0} ({:.2})", rust / median)
                };
                write!(f, "{cell:>20}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}
