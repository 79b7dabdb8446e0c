//! Tables of accounts: columns, reads and writes.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use store::{Column, Kind, Row, Tx, params};

use super::model::{AccountDetails, CollectionMethod, Meter, TaxStatus};
use super::service::AccountChange;
use crate::Result;
use crate::stream::sql::{account_fields, empty_account, read_account};
use Kind::{Int, Text};

pub(crate) const ACCOUNT_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("book_id", Int),
    ("unit_id", Int),
    ("category", Int),
    ("voltage", Int),
    ("price_class", Text),
    ("options", Int),
    ("persons", Int),
    ("tier_start", Int),
    ("due_day", Int),
    ("status", Int),
    ("opened_on", Int),
    ("closed_on", Int),
    ("main_account_id", Int),
    ("number", Text),
    ("name", Text),
    ("address", Text),
    ("phone", Text),
    ("route_sequence", Int),
    ("collection", Int),
    ("tax", Int),
    ("version", Int),
];

pub(crate) const TERMS_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("basic", Int),
    ("contract_demand_kw", Int),
    ("power_factor", Int),
    ("transformer_loss", Int),
    ("transformer_loss_kwh", Int),
    ("transformer_loss_kvarh", Int),
    ("line_loss", Int),
    ("line_loss_rate", Int),
    ("line_loss_kwh", Int),
    ("loss_no_load_kw", Int),
    ("loss_load_kw", Int),
    ("loss_no_load_current", Int),
    ("loss_impedance", Int),
    ("loss_shape", Int),
    ("loss_no_load_kvar", Int),
    ("loss_copper_rate", Int),
    ("loss_reactive_rate", Int),
];

pub(crate) const TRANSFORMER_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("seq", Int),
    ("model", Text),
    ("capacity_kva", Int),
    ("connected_on", Int),
];

pub(crate) const EVENT_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("seq", Int),
    ("on_date", Int),
    ("event_no", Int),
    ("change", Int),
    ("capacity_kva", Int),
];

pub(crate) const POINT_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("point_seq", Int),
    ("price_class", Text),
    ("time_of_use", Int),
    ("relation", Int),
    ("parent_seq", Int),
    ("fixed_kwh", Int),
    ("fixed_ratio", Int),
    ("bears_transformer_loss", Int),
    ("bears_line_loss", Int),
    ("in_power_factor", Int),
];

pub(crate) const METER_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("meter_seq", Int),
    ("number", Text),
    ("point_seq", Int),
    ("digits", Int),
    ("decimals", Int),
    ("multiplier", Int),
    ("registers", Int),
    ("installed_on", Int),
    ("removed_on", Int),
];

pub(crate) const SHOWN_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("meter_seq", Int),
    ("moment", Int),
    ("total", Int),
    ("sharp", Int),
    ("peak", Int),
    ("flat", Int),
    ("valley", Int),
    ("deep_valley", Int),
    ("reactive_forward", Int),
    ("reactive_reverse", Int),
    ("demand", Int),
];

macro_rules! details_query {
    ($where:literal) => {
        concat!(
            "SELECT ",
            account_fields!(),
            ", number, name, address, phone, route_sequence, collection, tax, version FROM account WHERE ",
            $where
        )
    };
}

/// What [`read_details`] reads; the condition follows.
pub(super) const DETAILS: &str = details_query!("");

pub(super) fn read_details(row: &Row<'_>) -> Result<AccountDetails> {
    let mut account = empty_account();
    read_account(row, &mut account)?;
    Ok(AccountDetails {
        account,
        number: row.text(14)?,
        name: row.text(15)?,
        address: row.text(16)?,
        phone: row.text(17)?,
        route_sequence: row.int(18)?,
        collection: CollectionMethod::from_code(row.int(19)?)?,
        tax: TaxStatus::from_code(row.int(20)?)?,
        version: row.int(21)?,
    })
}

/// The account with this number (户号), if there is one.
pub fn account_by_number(tx: &mut Tx<'_>, org_id: i64, number: &str) -> Result<Option<AccountDetails>> {
    tx.one(details_query!("org_id = ?1 AND number = ?2"), params![org_id, number], read_details)
}

/// The account with this key, if there is one.
pub fn account_by_id(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Option<AccountDetails>> {
    tx.one(details_query!("org_id = ?1 AND account_id = ?2"), params![org_id, account_id], read_details)
}

/// The accounts of a book, in order of key.
pub fn accounts_of_book(tx: &mut Tx<'_>, org_id: i64, book_id: i64) -> Result<Vec<AccountDetails>> {
    tx.list(
        details_query!("org_id = ?1 AND book_id = ?2 ORDER BY account_id"),
        params![org_id, book_id],
        read_details,
    )
}

/// Number and name of each of these accounts, by key; in chunks, whatever their number.
pub fn names_of(tx: &mut Tx<'_>, org_id: i64, keys: &[i64]) -> Result<HashMap<i64, (String, String)>> {
    let mut found = HashMap::with_capacity(keys.len());
    for some in keys.chunks(500) {
        // Keys of accounts are whole numbers of our own: they can stand in the text.
        let some: Vec<String> = some.iter().map(i64::to_string).collect();
        let sql = format!(
            "SELECT account_id, number, name FROM account WHERE org_id = ?1 AND account_id IN ({})",
            some.join(", ")
        );
        tx.each(&sql, params![org_id], |row| {
            found.insert(row.int(0)?, (row.text(1)?, row.text(2)?));
            Ok::<_, crate::MeteringError>(())
        })?;
    }
    Ok(found)
}

/// Gives every account whose key lies in `keys` to `take`, in order of key, without keeping them.
pub fn each_account<E: From<crate::MeteringError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    keys: RangeInclusive<i64>,
    mut take: impl FnMut(AccountDetails) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut failed = None;
    let read = tx.each(
        details_query!("org_id = ?1 AND account_id BETWEEN ?2 AND ?3 ORDER BY org_id, account_id"),
        params![org_id, *keys.start(), *keys.end()],
        |row| {
            let details = read_details(row)?;
            if let Err(error) = take(details) {
                failed = Some(error);
                return Err(crate::MeteringError::Store(store::StoreError::Busy));
            }
            Ok(())
        },
    );
    match failed {
        Some(error) => Err(error),
        None => Ok(read?),
    }
}

pub(crate) fn changes(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<AccountChange>> {
    tx.list(
        "SELECT field, old_value, new_value, from_date, ticket, person_id, changed_at FROM account_change
         WHERE org_id = ?1 AND account_id = ?2 ORDER BY change_id",
        params![org_id, account_id],
        |row| {
            Ok(AccountChange {
                field: row.text(0)?,
                old_value: row.text(1)?,
                new_value: row.text(2)?,
                from: row.date(3)?,
                ticket: row.text(4)?,
                person_id: row.int(5)?,
                at: row.moment(6)?,
            })
        },
    )
}

pub(crate) fn meters(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<Meter>> {
    tx.list(
        "SELECT account_id, meter_seq, number, point_seq, digits, decimals, multiplier, registers, installed_on,
                removed_on
         FROM meter WHERE org_id = ?1 AND account_id = ?2 ORDER BY meter_seq",
        params![org_id, account_id],
        |row| {
            Ok(Meter {
                account_id: row.int(0)?,
                meter_seq: row.int(1)?,
                number: row.text(2)?,
                point_seq: row.int(3)?,
                digits: row.int(4)? as u8,
                decimals: row.int(5)? as u8,
                multiplier: row.rate(6)?,
                registers: row.int(7)? as u16,
                installed_on: row.date(8)?,
                removed_on: row.date_or_null(9)?,
            })
        },
    )
}
