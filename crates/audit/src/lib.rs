//! Floor 4: what an outsider can verify.
//!
//! [`bundle`] takes bills, a document or a period out of the database together with its proof; [`verify`] checks
//! such a file offline, without the database and with the auditor's own keys; [`check`] proves on a live database that
//! the books are as they must be. The files are described in docs/proof-format.md; [`file`] and [`frame`] read and
//! write them.

pub mod bundle;
pub mod check;
mod error;
pub mod file;
pub mod frame;
pub mod verify;

pub use error::AuditError;
