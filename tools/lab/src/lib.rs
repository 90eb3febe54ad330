//! The course's own program, `cargo lab`, as a library: it knows the labs, runs their stages,
//! remembers what came of it, and proves that stub, solution, tests and wrong solutions agree.
//!
//! Results are data; only `commands` and `report` print. It leaves the learner's files alone
//! except in `reset`, which copies them first.
//!
//! Exit codes of the program: 0 well; 1 a stage is red, or `verify` found a disagreement; 2 bad
//! input; 3 the lab does not build; 4 the machine is in the way (disk, permission, missing tool);
//! 130 Ctrl-C.

pub mod commands;
pub mod course;
pub mod error;
pub mod files;
pub mod process;
pub mod progress;
pub mod report;
pub mod runner;
pub mod scratch;
pub mod stub;
pub mod zoo;
