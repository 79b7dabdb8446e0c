//! New accounts at the start of a month, and the carry-over at the end of a year.
//!
//! Cards of new installations wait in a queue and go to the readers before reading begins (READ-16). After the December
//! fees are closed, every account moves from the old ledger to the new one; both must list the same accounts and closing
//! readings (READ-17), and the materials must be there more than a month before (READ-18).

mod carry_over;
pub(crate) mod new_accounts;
pub(crate) mod sql;

pub use carry_over::{
    CarryOverDifference, Material, carry_over, compare_carry_over, material_ready, materials,
};
pub use new_accounts::{Queued, issue_new_accounts, queue_new_account, waiting_accounts};
