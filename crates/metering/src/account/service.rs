//! The commands about accounts: opening, dated changes, moves between books, meter changes, transformer events.

use identity::{Permission, Work};
use kernel::{Date, Moment, Quantity, Text};
use store::Tx;

use super::bulk::AccountBulk;
use super::model::{AccountDetails, Meter, Options, TransformerEvent};
use super::rules::{self, AccountField};
use super::sql;
use crate::book::{self, BookState, not_found};
use crate::error::What;
use crate::reading::{Reading, ReadingFlags, ReadingStatus, Register, Registers, Span};
use crate::{MeteringError, Result, custody, entry, permissions, trace};

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

fn loaded(work: &mut Work<'_, '_>, account_id: i64) -> Result<AccountDetails> {
    let org_id = work.org_id();
    sql::account_by_id(work.tx, org_id, account_id)?.ok_or_else(|| not_found(What::Account, account_id))
}

fn keep(
    work: &mut Work<'_, '_>,
    right: Permission,
    details: &AccountDetails,
    field: AccountField,
    (old_value, new_value): (String, String),
    (from, ticket): (Date, &str),
) -> Result<()> {
    let (org_id, change_id) = (work.org_id(), work.next_key());
    let change = AccountChange {
        field: field.key().to_owned(),
        old_value,
        new_value,
        from,
        ticket: book::checked_note(ticket)?.to_owned(),
        person_id: work.actor().person_id,
        at: work.now(),
    };
    sql::insert_change(work.tx, org_id, (details.account.account_id, change_id), &change)?;
    let act = vault::Act::new(right, details.account.unit_id, "account", details.number.clone())
        .change(change.field, change.old_value, change.new_value)
        .change("ticket", "", change.ticket);
    vault::record(work, &act)?;
    Ok(())
}

/// Changes one field from a day on, by a ticket. The old value stays in the history. Source: PARM-01, XC-15.
pub fn change_account(
    work: &mut Work<'_, '_>,
    account_id: i64,
    field: AccountField,
    new: &str,
    from: Date,
    ticket: &str,
) -> Result<()> {
    let mut details = loaded(work, account_id)?;
    work.require(permissions::CHANGE_PARAMETER, details.account.unit_id)?;
    let values = rules::change(&mut details, field, new, from)?;
    let org_id = work.org_id();
    sql::save_details(work.tx, org_id, &details)?;
    keep(work, permissions::CHANGE_PARAMETER, &details, field, values, (from, ticket))
}

/// Moves an account to another book, by an agreed route ticket. Refused while either book is open in any month: a
/// reading belongs to the book in which it was opened. Source: PARM-14.
pub fn move_to_book(work: &mut Work<'_, '_>, account_id: i64, book_id: i64, ticket: &str) -> Result<()> {
    let mut details = loaded(work, account_id)?;
    work.require(permissions::ROUTE_ADJUST, details.account.unit_id)?;
    let org_id = work.org_id();
    let to = book::book(work.tx, org_id, book_id)?.ok_or_else(|| not_found(What::Book, book_id))?;
    work.require(permissions::ROUTE_ADJUST, to.unit_id)?;
    let from_book = details.account.book_id;
    for one in [from_book, book_id] {
        if !custody::sql::states_of_book(work.tx, org_id, one)?.is_empty() {
            return Err(MeteringError::NotAllowed {
                what: What::Book,
                value: one.to_string(),
                why: Text::new(
                    "该抄本有未发行的月份，发行后再调整",
                    "the book has a month that is not issued; move after its issue",
                ),
            });
        }
    }
    details.account.book_id = book_id;
    details.account.unit_id = to.unit_id;
    sql::save_details(work.tx, org_id, &details)?;
    let values = (from_book.to_string(), book_id.to_string());
    let when = (work.today(), ticket);
    keep(work, permissions::ROUTE_ADJUST, &details, AccountField::Book, values, when)
}

/// Records a dated event of a transformer, by a ticket.
pub fn record_transformer_event(
    work: &mut Work<'_, '_>,
    event: &TransformerEvent,
    ticket: &str,
) -> Result<()> {
    let details = loaded(work, event.account_id)?;
    work.require(permissions::CHANGE_PARAMETER, details.account.unit_id)?;
    let org_id = work.org_id();
    if !sql::has_transformer(work.tx, org_id, event.account_id, event.seq)? {
        return Err(not_found(What::Account, format!("{}-{}", event.account_id, event.seq)));
    }
    sql::insert_event(work.tx, org_id, event)?;
    let capacity = event.capacity_kva.map(|kva| format!(" {kva} kVA")).unwrap_or_default();
    let new = format!("{} {}{capacity}", event.seq, event.change.key());
    let values = (String::new(), new);
    let when = (event.on, ticket);
    keep(work, permissions::CHANGE_PARAMETER, &details, AccountField::Transformer, values, when)
}

/// Takes a meter off on `on` with what it showed, and puts `new` on in its place with what that shows. When the month's
/// book is open, the line of the old meter is closed and one of the new meter opened. Answers the new meter's place.
pub fn change_meter(
    work: &mut Work<'_, '_>,
    (account_id, meter_seq): (i64, i64),
    on: Date,
    shown: &[(Register, Quantity)],
    new: &Meter,
    initial: &[(Register, Quantity)],
    ticket: &str,
) -> Result<i64> {
    let details = loaded(work, account_id)?;
    work.require(permissions::MANAGE_ACCOUNTS, details.account.unit_id)?;
    let org_id = work.org_id();
    let all = sql::meters(work.tx, org_id, account_id)?;
    let old = all
        .iter()
        .find(|one| one.meter_seq == meter_seq && one.removed_on.is_none())
        .ok_or_else(|| not_found(What::Meter, format!("{account_id}-{meter_seq}")))?;
    let fits = |meter: &Meter, values: &[(Register, Quantity)]| {
        values.iter().all(|(register, value)| {
            meter.registers & register.bit() != 0
                && !value.is_negative()
                && value.units() < 10_i64.pow(u32::from(meter.digits.min(12))) * Quantity::SCALE
        })
    };
    let complete = Register::ALL
        .iter()
        .filter(|register| old.registers & register.bit() != 0 && **register != Register::Demand)
        .all(|register| shown.iter().any(|(given, _)| given == register));
    if !complete || !fits(old, shown) || !fits(new, initial) || new.multiplier.units() <= 0 {
        return Err(MeteringError::NotAllowed {
            what: What::Meter,
            value: old.number.clone(),
            why: Text::new(
                "拆表须填写全部示数，且示数不得超过表计位数",
                "every register needs its last value, and none may exceed the digits of the meter",
            ),
        });
    }
    let next = Meter {
        account_id,
        meter_seq: all.iter().map(|one| one.meter_seq).max().unwrap_or(0) + 1,
        point_seq: old.point_seq,
        installed_on: on,
        removed_on: None,
        ..new.clone()
    };
    let month = on.month();
    let book_id = details.account.book_id;
    let opened = book::book_month(work.tx, org_id, month, book_id)?;
    if let Some(opened) = opened.as_ref().filter(|opened| {
        !matches!(opened.state, BookState::Created | BookState::Entering | BookState::Returned)
    }) {
        return Err(MeteringError::WrongState { month, book_id, state: opened.state });
    }
    sql::remove_meter(work.tx, org_id, account_id, meter_seq, on)?;
    sql::insert_shown(work.tx, org_id, (account_id, meter_seq, 1), shown)?;
    let mut bulk = AccountBulk::new(org_id);
    bulk.meter(&next)?;
    bulk.load(work.tx)?;
    sql::insert_shown(work.tx, org_id, (account_id, next.meter_seq, 0), initial)?;
    if let Some(opened) = opened {
        let lines = entry::load_lines(work.tx, org_id, month, &[account_id])?;
        let by = (work.actor().person_id, work.now());
        if let Some(line) = lines.iter().find(|line| line.meter_seq == meter_seq) {
            let closed = closing_line(line, on, shown);
            if let Some(fault) = closed.first_fault() {
                return Err(MeteringError::Reading { meter: old.number.clone(), fault });
            }
            entry::apply(work.tx, org_id, month, &[closed], by, ticket)?;
        }
        entry::open(work.tx, org_id, &opened, by.1)?;
    }
    let values = (old.number.clone(), next.number.clone());
    keep(work, permissions::MANAGE_ACCOUNTS, &details, AccountField::Meter, values, (on, ticket))?;
    Ok(next.meter_seq)
}

/// The last line of a meter that is taken off.
fn closing_line(line: &Reading, on: Date, shown: &[(Register, Quantity)]) -> Reading {
    let mut closed = *line;
    let mut registers = Registers::default();
    for (register, span) in line.registers.iter() {
        let current = shown.iter().find(|(given, _)| *given == register).map_or(span.previous, |one| one.1);
        registers.set(register, Some(Span { previous: span.previous, current }));
    }
    let moved = registers.iter().any(|(_, span)| span.current != span.previous);
    closed.registers = registers;
    closed.status = if moved { ReadingStatus::Read } else { ReadingStatus::Zero };
    closed.flags = line.flags.with(ReadingFlags::FINAL, true);
    closed.read_on = on;
    closed
}
