//! The book's program against a throw-away course: `tools/lab/tests/course` for the lab, and
//! `tests/course` for the book. Each test has a copy of its own.

mod course;
mod pages;
mod program;
mod server;
mod strict;
