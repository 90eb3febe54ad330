//! A program and whatever it starts, as one thing that ends with its test.
//!
//! A test can panic, be interrupted, or have its process killed with no chance to clean up. In
//! none of these cases may a program stay behind, so it is never the test alone that ends it: on
//! Unix a guardian process watches, on Windows a job object does.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::Group;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::Group;
