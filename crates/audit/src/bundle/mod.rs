//! Exports with their proof.
