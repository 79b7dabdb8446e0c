//! What a stranger may send, tried at random: one function for each door that bytes come in by.
//!
//! A target never fails on bytes that are refused; it panics when a door panics, or when what was accepted does not
//! come back the same. `tests/doors.rs` runs every target on mutated examples with a fixed seed; `fuzz/` at the root
//! of the repository hands the same functions to libFuzzer (`cargo fuzz run quote`).

mod doors;
mod mutate;
mod proofs;

pub use doors::{TARGETS, Target, run};
pub use mutate::Mutator;
