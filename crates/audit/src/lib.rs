//! Floor 4: what an outsider can verify.
//!
//! [`bundle`] takes one bill, one document or one period out of the database together with its proof; [`verify`] checks
//! such a file offline, without the database and with the auditor's own keys; [`check`] proves on a live database that
//! the books are as they must be.

pub mod bundle;
pub mod check;
pub mod verify;
