//! The course's book: one preprocessor for what plain Markdown cannot say, a build that fails
//! where mdBook would go on, and a server with live lab cards.
//!
//! What a lab is, and how it is run, is the crate `lab`'s business; how Markdown becomes HTML is
//! mdBook's. `README.md` beside this crate describes what authors write.

pub mod build;
pub mod check;
pub mod finding;
pub mod markdown;
pub mod preprocess;
pub mod serve;
pub mod transcripts;
