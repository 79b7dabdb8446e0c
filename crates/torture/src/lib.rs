//! Test-only: harnesses that break the machine, the disk and the network under the program, and tell whether it kept
//! its promises. Every harness is driven by a seed, prints how to replay what it found, and has a sabotage twin: the
//! same harness over a program that breaks the promise on purpose, which must be found out.
//!
//! Nothing the product is built from depends on this crate.

pub mod house;
#[allow(clippy::unwrap_used)]
pub mod model;
mod month;
pub mod report;
pub mod storm;
#[allow(clippy::unwrap_used)]
pub mod tamper;
#[allow(clippy::unwrap_used)]
pub mod upgrade;
pub mod vfs;
