//! What importers look up, set by set.

use std::collections::HashMap;

use kernel::{Moment, Month, Rate};
use store::{Tx, Value, params};

use super::{FileKind, Outcome};
use crate::account::{Meter, Options, Point};
use crate::{MeteringError, Result};

/// Keys that one look-up statement takes; a shorter list repeats its last key.
const KEYS: usize = 256;

pub(crate) fn file_is_known(tx: &mut Tx<'_>, org_id: i64, kind: FileKind, digest: &str) -> Result<bool> {
    let found = tx.one(
        "SELECT rejected FROM import_file WHERE org_id = ?1 AND kind = ?2 AND digest = ?3",
        params![org_id, kind, digest],
        |row| Ok::<_, MeteringError>(row.int(0)?),
    )?;
    Ok(found.is_some())
}

pub(crate) fn keep_file(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: FileKind,
    file: &str,
    outcome: &Outcome,
    person_id: i64,
    now: Moment,
) -> Result<()> {
    let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO import_file (org_id, kind, digest, file, added, unchanged, rejected, person_id, finished_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            kind,
            &outcome.digest,
            file,
            count(outcome.added),
            count(outcome.unchanged),
            count(outcome.rejected),
            person_id,
            now
        ],
    )?;
    Ok(())
}

fn marks() -> String {
    // The keys lead the join: as a list behind IN they would be looked for in a scan of the whole table.
    let marks: Vec<String> = (2..KEYS + 2).map(|at| format!("(CAST(?{at} AS TEXT))")).collect();
    marks.join(", ")
}

fn each_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    sql: &str,
    keys: &[&str],
    mut take: impl FnMut(&store::Row<'_>) -> Result<()>,
) -> Result<()> {
    for some in keys.chunks(KEYS) {
        let mut values = Vec::with_capacity(KEYS + 1);
        values.push(Value::Int(org_id));
        values.extend((0..KEYS).map(|at| Value::Text(some[at.min(some.len() - 1)])));
        tx.each(sql, &values, &mut take)?;
    }
    Ok(())
}

/// An account as an importer needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) account_id: i64,
    pub(crate) unit_id: i64,
    pub(crate) book_id: i64,
    /// Name, address, price class, category, voltage: what makes a row the same.
    pub(crate) same: (String, String, String, i64, i64),
}

/// The accounts with these numbers.
pub(crate) fn accounts_by_number(
    tx: &mut Tx<'_>,
    org_id: i64,
    numbers: &[&str],
) -> Result<HashMap<String, Known>> {
    let sql = format!(
        "SELECT number, account_id, unit_id, book_id, name, address, price_class, category, voltage
         FROM (VALUES {}) AS v CROSS JOIN account WHERE org_id = ?1 AND number = v.column1",
        marks()
    );
    let mut found = HashMap::with_capacity(numbers.len());
    each_of(tx, org_id, &sql, numbers, |row| {
        let known = Known {
            account_id: row.int(1)?,
            unit_id: row.int(2)?,
            book_id: row.int(3)?,
            same: (row.text(4)?, row.text(5)?, row.text(6)?, row.int(7)?, row.int(8)?),
        };
        found.insert(row.text(0)?, known);
        Ok(())
    })?;
    Ok(found)
}

/// The books with these numbers: key, station.
pub(crate) fn books_by_number(
    tx: &mut Tx<'_>,
    org_id: i64,
    numbers: &[&str],
) -> Result<HashMap<String, (i64, i64)>> {
    let sql = format!(
        "SELECT number, book_id, unit_id FROM (VALUES {}) AS v CROSS JOIN book WHERE org_id = ?1 AND number = v.column1",
        marks()
    );
    let mut found = HashMap::with_capacity(numbers.len());
    each_of(tx, org_id, &sql, numbers, |row| {
        found.insert(row.text(0)?, (row.int(1)?, row.int(2)?));
        Ok(())
    })?;
    Ok(found)
}

/// The largest key an account has.
pub(crate) fn last_account(tx: &mut Tx<'_>, org_id: i64) -> Result<i64> {
    let last = tx.one(
        "SELECT account_id FROM account WHERE org_id = ?1 ORDER BY org_id DESC, account_id DESC LIMIT 1",
        params![org_id],
        |row| Ok::<_, MeteringError>(row.int(0)?),
    )?;
    Ok(last.unwrap_or(0))
}

/// An installed meter with the account it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installed {
    pub(crate) meter: Meter,
    pub(crate) unit_id: i64,
    pub(crate) book_id: i64,
}

/// The meters in use with these numbers.
pub(crate) fn meters_by_number(
    tx: &mut Tx<'_>,
    org_id: i64,
    numbers: &[&str],
) -> Result<HashMap<String, Installed>> {
    let sql = format!(
        "SELECT m.number, m.account_id, m.meter_seq, m.point_seq, m.digits, m.decimals, m.multiplier, m.registers,
                m.installed_on, a.unit_id, a.book_id
         FROM (VALUES {}) AS v CROSS JOIN meter m CROSS JOIN account a
         WHERE +m.org_id = ?1 AND m.removed_on IS NULL AND a.org_id = m.org_id AND a.account_id = m.account_id
           AND m.number = v.column1",
        marks()
    );
    let mut found = HashMap::with_capacity(numbers.len());
    each_of(tx, org_id, &sql, numbers, |row| {
        let number = row.text(0)?;
        let meter = Meter {
            account_id: row.int(1)?,
            meter_seq: row.int(2)?,
            number: number.clone(),
            point_seq: row.int(3)?,
            digits: row.int(4)? as u8,
            decimals: row.int(5)? as u8,
            multiplier: Rate::from_units(row.int(6)?),
            registers: row.int(7)? as u16,
            installed_on: row.date(8)?,
            removed_on: None,
        };
        found.insert(number, Installed { meter, unit_id: row.int(9)?, book_id: row.int(10)? });
        Ok(())
    })?;
    Ok(found)
}

/// The largest place among the meters of each of these accounts; an account without meters is not in it.
pub(crate) fn last_meters(tx: &mut Tx<'_>, org_id: i64, accounts: &[i64]) -> Result<HashMap<i64, i64>> {
    let marks: Vec<String> = (2..KEYS + 2).map(|at| format!("(CAST(?{at} AS BIGINT))")).collect();
    let sql = format!(
        "SELECT m.account_id, m.meter_seq FROM (VALUES {}) AS v CROSS JOIN meter m
         WHERE m.org_id = ?1 AND m.account_id = v.column1",
        marks.join(", ")
    );
    let mut found: HashMap<i64, i64> = HashMap::with_capacity(accounts.len());
    for some in accounts.chunks(KEYS) {
        let mut values = Vec::with_capacity(KEYS + 1);
        values.push(Value::Int(org_id));
        values.extend((0..KEYS).map(|at| Value::Int(some[at.min(some.len() - 1)])));
        tx.each(&sql, &values, |row| {
            let seq = row.int(1)?;
            found.entry(row.int(0)?).and_modify(|last| *last = seq.max(*last)).or_insert(seq);
            Ok::<_, MeteringError>(())
        })?;
    }
    Ok(found)
}

/// What a meter showed when it was put on.
pub(crate) fn keep_initial(
    tx: &mut Tx<'_>,
    org_id: i64,
    meter: &Meter,
    total: kernel::Quantity,
) -> Result<()> {
    tx.execute(
        "INSERT INTO meter_shown (org_id, account_id, meter_seq, moment, total) VALUES (?1, ?2, ?3, 0, ?4)",
        params![org_id, meter.account_id, meter.meter_seq, total],
    )?;
    Ok(())
}

/// The points an account has.
pub(crate) fn points(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<Point>> {
    tx.list(
        "SELECT account_id, point_seq, price_class, time_of_use, relation, parent_seq, fixed_kwh, fixed_ratio,
                bears_transformer_loss, bears_line_loss, in_power_factor
         FROM metering_point WHERE org_id = ?1 AND account_id = ?2 ORDER BY point_seq",
        params![org_id, account_id],
        crate::stream::sql::read_point,
    )
}

/// Months back in which a line of an account is looked for.
const MONTHS_BACK_MAX: i32 = 14;

/// Has the account a line in a month up to the one after `month`?
pub(crate) fn was_read(tx: &mut Tx<'_>, org_id: i64, account_id: i64, month: Month) -> Result<bool> {
    for back in -1..=MONTHS_BACK_MAX {
        let found = tx.one(
            "SELECT account_id FROM reading WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 LIMIT 1",
            params![org_id, month.plus(-back)?, account_id],
            |row| Ok::<_, MeteringError>(row.int(0)?),
        )?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says on the account that it has points of its own.
pub(crate) fn mark_points(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<()> {
    Ok(tx.execute_one(
        &format!("account {account_id}"),
        "UPDATE account SET options = options | ?3, version = version + 1 WHERE org_id = ?1 AND account_id = ?2",
        params![org_id, account_id, Options::HAS_POINTS.0],
    )?)
}
