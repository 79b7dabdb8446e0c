//! The queue of new installations. Source: READ-16.

use identity::Work;
use kernel::{Moment, Month, Text};
use store::Tx;

use super::sql;
use crate::account::AccountStatus;
use crate::book::{self, BookState, not_found};
use crate::error::What;
use crate::{MeteringError, Result, entry, permissions, trace};

/// A new account that waits to be issued to a meter reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The account.
    pub account_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// Its book.
    pub book_id: i64,
    /// When its card was received.
    pub received_at: Moment,
}

/// Receives the card of a new account and holds it until the start of the next month; the account is not read before.
pub fn queue_new_account(work: &mut Work<'_, '_>, account_id: i64) -> Result<()> {
    let (org_id, now) = (work.org_id(), work.now());
    let (unit_id, _) = entry::account_place(work.tx, org_id, account_id)?;
    work.require(permissions::HOLD_NEW_ACCOUNTS, unit_id)?;
    sql::queue(work.tx, org_id, account_id, unit_id, now)?;
    sql::set_status(work.tx, org_id, account_id, AccountStatus::Pending)?;
    let number = account_id.to_string();
    trace::record(work, permissions::HOLD_NEW_ACCOUNTS, unit_id, ("account", &number), "queued")
}

/// Queues the account of an archived opening ticket when it came too late for its book: last month was closed, or the
/// month of today is opened already. Answers whether it waits. Source: READ-16.
pub(crate) fn queue_when_late(work: &mut Work<'_, '_>, account_id: i64) -> Result<bool> {
    let org_id = work.org_id();
    let (_, book_id) = entry::account_place(work.tx, org_id, account_id)?;
    let Some(book) = book::book(work.tx, org_id, book_id)? else { return Ok(false) };
    let month = work.today().month();
    let mut last = month.previous();
    if !book::rules::is_read_in(book.cycle, last) {
        last = last.previous();
    }
    let closed = book::book_month(work.tx, org_id, last, book_id)?
        .is_some_and(|opened| opened.state == BookState::Issued);
    let late = closed || book::book_month(work.tx, org_id, month, book_id)?.is_some();
    if late {
        queue_new_account(work, account_id)?;
    }
    Ok(late)
}

/// Issues all waiting accounts of a station to `reader_id` for `month`, before reading begins: refused once the month's
/// batch of one of their books exists. Answers how many.
pub fn issue_new_accounts(
    work: &mut Work<'_, '_>,
    unit_id: i64,
    month: Month,
    reader_id: i64,
) -> Result<u64> {
    work.require(permissions::HOLD_NEW_ACCOUNTS, unit_id)?;
    let (org_id, now, by) = (work.org_id(), work.now(), work.actor().person_id);
    let waiting = sql::waiting(work.tx, org_id, unit_id)?;
    if waiting.is_empty() {
        return Err(not_found(What::Account, "-"));
    }
    for one in &waiting {
        if book::book_month(work.tx, org_id, month, one.book_id)?.is_some() {
            return Err(MeteringError::NotAllowed {
                what: What::Month,
                value: month.to_string(),
                why: Text::new(
                    "该月抄表已开始，新户须在抄表前上帐",
                    "reading of the month has begun; new accounts are issued before it",
                ),
            });
        }
    }
    for one in &waiting {
        sql::issue(work.tx, org_id, one.account_id, (month, reader_id), (by, now))?;
        sql::set_status(work.tx, org_id, one.account_id, AccountStatus::Active)?;
    }
    let number = month.to_string();
    let what = format!("{} accounts to {reader_id}", waiting.len());
    trace::record(work, permissions::HOLD_NEW_ACCOUNTS, unit_id, ("new_accounts", &number), &what)?;
    Ok(waiting.len() as u64)
}

/// The accounts of a station that wait.
pub fn waiting_accounts(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<Queued>> {
    sql::waiting(tx, org_id, unit_id)
}

/// Refuses to begin reading while accounts of the station wait that were received before the month.
pub(crate) fn none_waits(tx: &mut Tx<'_>, org_id: i64, unit_id: i64, month: Month) -> Result<()> {
    let begins = Moment::on(month.first_day(), 0, 0);
    let late = sql::waiting(tx, org_id, unit_id)?.into_iter().filter(|one| one.received_at < begins).count();
    if late > 0 {
        return Err(MeteringError::NotAllowed {
            what: What::Batch,
            value: month.to_string(),
            why: Text::new(
                format!("还有 {late} 个新装户未上帐，请先发放给抄表员"),
                format!("{late} new accounts wait; issue them to the readers first"),
            ),
        });
    }
    Ok(())
}
