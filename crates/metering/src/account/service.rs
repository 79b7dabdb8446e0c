//! Opening an account, and what is kept about it. Nothing here changes a parameter: that is for archived tickets of
//! [`crate::parameter`], and an account moves to another book by an agreed route of [`crate::parameter::schedule`].

use identity::Work;
use kernel::{Date, Moment};
use store::Tx;

use super::bulk::AccountBulk;
use super::model::{AccountDetails, Meter, Options};
use super::{rules, sql};
use crate::book::{self, not_found};
use crate::error::What;
use crate::{Result, permissions, trace};

/// One change of an account that is kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    /// What changed.
    pub field: String,
    /// Before.
    pub old_value: String,
    /// After.
    pub new_value: String,
    /// The day from which it holds.
    pub from: Date,
    /// The number of the ticket that changed it.
    pub ticket: String,
    /// Who carried it out.
    pub person_id: i64,
    /// When.
    pub at: Moment,
}

/// All meters an account ever had.
pub fn meters(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<Meter>> {
    sql::meters(tx, org_id, account_id)
}
/// Every change of an account, the oldest first.
pub fn changes(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<AccountChange>> {
    sql::changes(tx, org_id, account_id)
}

/// Opens an account of a book with its meters; answers its key, the next after all others. A new installation is then
/// queued with [`crate::yearly::queue_new_account`].
pub fn open_account(work: &mut Work<'_, '_>, new: &AccountDetails, meters: &[Meter]) -> Result<i64> {
    let org_id = work.org_id();
    let book_id = new.account.book_id;
    let book = book::book(work.tx, org_id, book_id)?.ok_or_else(|| not_found(What::Book, book_id))?;
    work.require(permissions::MANAGE_ACCOUNTS, book.unit_id)?;
    rules::check_number(&new.number)?;
    let mut details = new.clone();
    details.account.account_id = crate::import::sql::last_account(work.tx, org_id)? + 1;
    details.account.unit_id = book.unit_id;
    details.version = 1;
    // What belongs to an account of its own accord is said by the rows that exist.
    let none = Options::HAS_TERMS.with(Options::HAS_POINTS, true).with(Options::HAS_TRANSFORMERS, true);
    details.account.options = details.account.options.with(none, false);
    let account_id = details.account.account_id;
    let mut bulk = AccountBulk::new(org_id);
    bulk.account(&details)?;
    for (at, meter) in meters.iter().enumerate() {
        bulk.meter(&Meter { account_id, meter_seq: at as i64 + 1, removed_on: None, ..meter.clone() })?;
    }
    bulk.load(work.tx)?;
    trace::record(work, permissions::MANAGE_ACCOUNTS, book.unit_id, ("account", &details.number), "opened")?;
    Ok(account_id)
}
