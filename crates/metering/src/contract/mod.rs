//! Supply contracts (供用电合同) and fee-settlement agreements (电费结算协议), and the fee archive of a customer (电费档案).
//! Source: PARM-02, PARM-15 to PARM-18.
//!
//! A station keeps what it signs, faxes a copy of every contract of a dedicated-transformer customer to the centre
//! within the limit of the day of signing, and at month end compiles the directory of what it transferred, which both
//! sides sign. A revision is a new contract that names the one before; nothing is overwritten.

mod model;
pub mod rules;
mod service;
mod sql;

pub use model::{Contract, ContractKind, FeeArchive, LateContract, NewContract, Transfer};
pub use rules::Difference;
pub use service::{
    answerable_for_contract, compare_with_system, compile_directory, contract, contracts_of, contracts_page,
    fee_archive, find_differences, keep, late_contracts, sign_directory, transfer, transfer_of, transfers_of,
};

use identity::Permission;
use store::{Migration, Schema};

/// Keep contracts and settlement agreements. Source: PARM-18.
pub const KEEP: Permission = Permission("contract.keep");
/// Send contract copies to the centre. Source: PARM-15.
pub const TRANSFER: Permission = Permission("contract.transfer");
/// Compile the contract directory. Source: PARM-17.
pub const COMPILE_DIRECTORY: Permission = Permission("contract.compile_directory");
/// Look at contracts. Source: PARM-17.
pub const READ: Permission = Permission("contract.read");

/// The tables of contracts; they come after those of the office and of `workflow`.
pub const SCHEMA_CONTRACTS: Schema = Schema {
    module: "metering_contracts",
    unrecorded: &[],
    migrations: &[Migration {
        number: 1,
        name: "contracts",
        both: include_str!("schema.sql"),
        sqlite: "",
        postgres: "",
    }],
};
