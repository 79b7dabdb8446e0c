//! Tables of accounts: columns, reads and writes.

use std::ops::RangeInclusive;

use kernel::{Date, Quantity};
use store::{Column, Kind, Row, Tx, params};

use super::model::{AccountDetails, CollectionMethod, Meter, TaxStatus, TransformerEvent};
use super::service::AccountChange;
use crate::Result;
use crate::reading::Register;
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

fn read_details(row: &Row<'_>) -> Result<AccountDetails> {
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

/// Writes what can change, if the version is still the one that was loaded.
pub(crate) fn save_details(tx: &mut Tx<'_>, org_id: i64, details: &AccountDetails) -> Result<()> {
    let account = &details.account;
    Ok(tx.execute_one(
        &format!("account {}", details.number),
        "UPDATE account SET book_id = ?4, unit_id = ?5, category = ?6, voltage = ?7, price_class = ?8, options = ?9,
                persons = ?10, due_day = ?11, status = ?12, closed_on = ?13, name = ?14, address = ?15, phone = ?16,
                collection = ?17, tax = ?18, version = version + 1
         WHERE org_id = ?1 AND account_id = ?2 AND version = ?3",
        params![
            org_id,
            account.account_id,
            details.version,
            account.book_id,
            account.unit_id,
            account.category,
            account.voltage,
            &account.price_class,
            account.options.0,
            account.persons,
            account.due_day,
            account.status,
            account.closed_on,
            &details.name,
            &details.address,
            &details.phone,
            details.collection,
            details.tax
        ],
    )?)
}

pub(crate) fn insert_change(
    tx: &mut Tx<'_>,
    org_id: i64,
    (account_id, change_id): (i64, i64),
    change: &AccountChange,
) -> Result<()> {
    tx.execute(
        "INSERT INTO account_change (org_id, account_id, change_id, field, old_value, new_value, from_date, ticket,
           person_id, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            org_id,
            account_id,
            change_id,
            &change.field,
            &change.old_value,
            &change.new_value,
            change.from,
            &change.ticket,
            change.person_id,
            change.at
        ],
    )?;
    Ok(())
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

pub(crate) fn remove_meter(
    tx: &mut Tx<'_>,
    org_id: i64,
    account_id: i64,
    meter_seq: i64,
    on: Date,
) -> Result<()> {
    Ok(tx.execute_one(
        &format!("meter {account_id}-{meter_seq}"),
        "UPDATE meter SET removed_on = ?4
         WHERE org_id = ?1 AND account_id = ?2 AND meter_seq = ?3 AND removed_on IS NULL",
        params![org_id, account_id, meter_seq, on],
    )?)
}

/// What a meter showed when it was put on (moment 0) or taken off (moment 1).
pub(crate) fn insert_shown(
    tx: &mut Tx<'_>,
    org_id: i64,
    (account_id, meter_seq, moment): (i64, i64, i64),
    shown: &[(Register, Quantity)],
) -> Result<()> {
    let of = |register: Register| shown.iter().find(|(given, _)| *given == register).map(|(_, value)| *value);
    tx.execute(
        "INSERT INTO meter_shown (org_id, account_id, meter_seq, moment, total, sharp, peak, flat, valley, deep_valley,
           reactive_forward, reactive_reverse, demand)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            org_id,
            account_id,
            meter_seq,
            moment,
            of(Register::Total),
            of(Register::Sharp),
            of(Register::Peak),
            of(Register::Flat),
            of(Register::Valley),
            of(Register::DeepValley),
            of(Register::ReactiveForward),
            of(Register::ReactiveReverse),
            of(Register::Demand)
        ],
    )?;
    Ok(())
}

pub(crate) fn has_transformer(tx: &mut Tx<'_>, org_id: i64, account_id: i64, seq: i64) -> Result<bool> {
    let found = tx.one(
        "SELECT seq FROM transformer WHERE org_id = ?1 AND account_id = ?2 AND seq = ?3",
        params![org_id, account_id, seq],
        |row| Ok::<_, crate::MeteringError>(row.int(0)?),
    )?;
    Ok(found.is_some())
}

pub(crate) fn insert_event(tx: &mut Tx<'_>, org_id: i64, event: &TransformerEvent) -> Result<()> {
    tx.execute(
        "INSERT INTO transformer_event (org_id, account_id, seq, on_date, event_no, change, capacity_kva)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            org_id,
            event.account_id,
            event.seq,
            event.on,
            event.event_no,
            event.change,
            event.capacity_kva
        ],
    )?;
    Ok(())
}
