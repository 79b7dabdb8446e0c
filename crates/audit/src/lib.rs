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

/// Every module's schema, lower floors first: the whole house as the program, its checks and its harnesses make it.
pub fn schemas() -> Vec<store::Schema> {
    vec![
        identity::SCHEMA,
        vault::SCHEMA,
        documents::SCHEMA,
        ledger::SCHEMA,
        workflow::SCHEMA,
        metering::SCHEMA,
        metering::parameter::SCHEMA_PARAMETERS,
        metering::contract::SCHEMA_CONTRACTS,
        billing::SCHEMA,
        billing::MIGRATIONS_OFFICE,
        jobs::SCHEMA,
    ]
}
