//! Proofs on a live database.
