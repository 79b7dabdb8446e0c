//! Tables of reports and the sets they are made of.

use kernel::{Date, Moment, Money, Month, Quantity};
use store::{StoreError, Tx, params};

use super::model::StationTotal;
use crate::office::Result;

pub(crate) const TABLES: &str = "
CREATE TABLE receivable_report (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  bills INTEGER NOT NULL, energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL,
  compiled_by INTEGER NOT NULL, compiled_at INTEGER NOT NULL,
  confirmed_by INTEGER, confirmed_at INTEGER, submitted_by INTEGER, submitted_at INTEGER, version INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, unit_id)) STRICT, WITHOUT ROWID;
CREATE TABLE report_consent (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, unit_id INTEGER NOT NULL, text TEXT NOT NULL,
  given_by INTEGER NOT NULL, given_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, unit_id)) STRICT, WITHOUT ROWID;
CREATE TABLE report_rollup (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  bills INTEGER NOT NULL, energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL,
  rolled_by INTEGER NOT NULL, rolled_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, unit_id)) STRICT, WITHOUT ROWID;
CREATE TABLE target (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, kind INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  value INTEGER NOT NULL, set_by INTEGER NOT NULL, set_at INTEGER NOT NULL, approved_by INTEGER, approved_at INTEGER,
  PRIMARY KEY (org_id, month, kind, unit_id)) STRICT, WITHOUT ROWID;
CREATE TABLE booking_point (
  org_id INTEGER NOT NULL, point_id INTEGER NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL,
  receivable INTEGER NOT NULL, fixed_by INTEGER NOT NULL, fixed_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, point_id)) STRICT, WITHOUT ROWID;
CREATE TABLE balance_difference (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, difference_id INTEGER NOT NULL, cause INTEGER NOT NULL,
  amount INTEGER NOT NULL, text TEXT NOT NULL, noted_by INTEGER NOT NULL, noted_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, difference_id)) STRICT, WITHOUT ROWID;
CREATE TABLE receivable_snapshot (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, unit_id INTEGER NOT NULL, balance INTEGER NOT NULL,
  frozen_by INTEGER NOT NULL, frozen_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, unit_id)) STRICT, WITHOUT ROWID;";

/// Sums of issues by station, adjustments included.
pub(crate) fn issued_by_unit(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<StationTotal>> {
    Ok(tx.list(
        "SELECT unit_id, CAST(SUM(bills) AS BIGINT), CAST(SUM(energy_kwh) AS BIGINT), CAST(SUM(amount) AS BIGINT)
         FROM issue WHERE org_id = ?1 AND month = ?2 GROUP BY unit_id ORDER BY unit_id",
        params![org_id, month],
        |row| {
            Ok::<_, StoreError>(StationTotal {
                unit_id: row.int(0)?,
                bills: row.int(1)?,
                energy_kwh: row.quantity(2)?,
                amount: row.money(3)?,
            })
        },
    )?)
}

/// Fee by station and component of the bills of a billing month: unit, component, fee with VAT.
pub(crate) fn components_of(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<(i64, i64, Money)>> {
    Ok(tx.list(
        "SELECT i.unit_id, c.component, CAST(SUM(c.amount) AS BIGINT) FROM issue i
         JOIN issue_component c ON c.org_id = i.org_id AND c.issue_id = i.issue_id
         WHERE i.org_id = ?1 AND i.month = ?2 GROUP BY i.unit_id, c.component ORDER BY i.unit_id, c.component",
        params![org_id, month],
        |row| Ok::<_, StoreError>((row.int(0)?, row.int(1)?, row.money(2)?)),
    )?)
}

/// What was issued on the days of `period`, whatever its billing month: unit, component, fee, VAT inside.
pub(crate) fn components_issued_in(
    tx: &mut Tx<'_>,
    org_id: i64,
    period: Month,
) -> Result<Vec<(i64, i64, Money, Money)>> {
    let (from, to) = (Moment::on(period.first_day(), 0, 0), Moment::on(period.next().first_day(), 0, 0));
    Ok(tx.list(
        "SELECT i.unit_id, c.component, CAST(SUM(c.amount) AS BIGINT), CAST(SUM(c.vat) AS BIGINT) FROM issue i
         JOIN issue_component c ON c.org_id = i.org_id AND c.issue_id = i.issue_id
         WHERE i.org_id = ?1 AND i.issued_at >= ?2 AND i.issued_at < ?3
         GROUP BY i.unit_id, c.component ORDER BY i.unit_id, c.component",
        params![org_id, from, to],
        |row| Ok::<_, StoreError>((row.int(0)?, row.int(1)?, row.money(2)?, row.money(3)?)),
    )?)
}

/// Bills issued for a month.
pub(crate) fn bills_issued(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<i64> {
    Ok(tx
        .one(
            "SELECT CAST(COALESCE(SUM(bills), 0) AS BIGINT) FROM issue WHERE org_id = ?1 AND month = ?2",
            params![org_id, month],
            |row| row.int(0),
        )?
        .unwrap_or(0))
}

/// One issue as a voucher line.
pub(crate) struct IssueLine {
    pub(crate) issued_at: Moment,
    pub(crate) book_id: i64,
    pub(crate) unit_id: i64,
    pub(crate) voucher_id: i64,
    pub(crate) bills: i64,
    pub(crate) energy_kwh: Quantity,
    pub(crate) amount: Money,
}

pub(crate) fn issues(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<IssueLine>> {
    Ok(tx.list(
        "SELECT issued_at, book_id, voucher_id, bills, energy_kwh, amount, unit_id FROM issue
         WHERE org_id = ?1 AND month = ?2 ORDER BY issue_id",
        params![org_id, month],
        |row| {
            Ok::<_, StoreError>(IssueLine {
                issued_at: row.moment(0)?,
                book_id: row.int(1)?,
                voucher_id: row.int(2)?,
                bills: row.int(3)?,
                energy_kwh: row.quantity(4)?,
                amount: row.money(5)?,
                unit_id: row.int(6)?,
            })
        },
    )?)
}

/// One account's month in the quantity ledger.
#[derive(Clone)]
pub(crate) struct SoldLine {
    pub(crate) account_id: i64,
    pub(crate) energy_kwh: Quantity,
    /// Sharp, peak, flat, valley, deep valley.
    pub(crate) by_period: [Quantity; 5],
    pub(crate) amount: Money,
}

/// The quantity ledger of `month` in chunks of `most`, in order of account.
pub(crate) fn sold_after(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    after: (i64, i64),
    most: i64,
) -> Result<Vec<((i64, i64), SoldLine)>> {
    Ok(tx.list(
        "SELECT account_id, sequence, energy_kwh, sharp_kwh, peak_kwh, flat_kwh, valley_kwh, deep_valley_kwh, amount
         FROM quantity_ledger WHERE org_id = ?1 AND month = ?2
           AND (account_id > ?3 OR (account_id = ?3 AND sequence > ?4)) ORDER BY account_id, sequence LIMIT ?5",
        params![org_id, month, after.0, after.1, most],
        |row| {
            let line = SoldLine {
                account_id: row.int(0)?,
                energy_kwh: row.quantity(2)?,
                by_period: [
                    row.quantity(3)?,
                    row.quantity(4)?,
                    row.quantity(5)?,
                    row.quantity(6)?,
                    row.quantity(7)?,
                ],
                amount: row.money(8)?,
            };
            Ok::<_, StoreError>(((row.int(0)?, row.int(1)?), line))
        },
    )?)
}

/// How far a station's report has come.
pub(crate) struct ReportRow {
    pub(crate) total: StationTotal,
    pub(crate) compiled_by: i64,
    pub(crate) confirmed_by: Option<i64>,
    pub(crate) confirmed_on: Option<Date>,
    pub(crate) submitted_on: Option<Date>,
    pub(crate) version: i64,
}

fn report_row(row: &store::Row<'_>) -> std::result::Result<ReportRow, StoreError> {
    Ok(ReportRow {
        total: StationTotal {
            unit_id: row.int(0)?,
            bills: row.int(1)?,
            energy_kwh: row.quantity(2)?,
            amount: row.money(3)?,
        },
        compiled_by: row.int(4)?,
        confirmed_by: row.int_or_null(5)?,
        confirmed_on: row.moment_or_null(6)?.map(Moment::date),
        submitted_on: row.moment_or_null(7)?.map(Moment::date),
        version: row.int(8)?,
    })
}

const REPORT: &str =
    "SELECT unit_id, bills, energy_kwh, amount, compiled_by, confirmed_by, confirmed_at, submitted_at,
  version FROM receivable_report WHERE org_id = ?1 AND month = ?2";

pub(crate) fn report_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    unit_id: i64,
) -> Result<Option<ReportRow>> {
    Ok(tx.one(&format!("{REPORT} AND unit_id = ?3"), params![org_id, month, unit_id], report_row)?)
}

pub(crate) fn reports_of(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<ReportRow>> {
    Ok(tx.list(&format!("{REPORT} ORDER BY unit_id"), params![org_id, month], report_row)?)
}

/// Writes what was compiled, over an earlier compilation that nobody has confirmed.
pub(crate) fn save_compiled(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    total: &StationTotal,
    by: i64,
    at: Moment,
) -> Result<()> {
    tx.execute_one(
        &format!("report of unit {}", total.unit_id),
        "INSERT INTO receivable_report (org_id, month, unit_id, bills, energy_kwh, amount, compiled_by, compiled_at, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)
         ON CONFLICT (org_id, month, unit_id) DO UPDATE SET bills = excluded.bills, energy_kwh = excluded.energy_kwh,
           amount = excluded.amount, compiled_by = excluded.compiled_by, compiled_at = excluded.compiled_at,
           version = receivable_report.version + 1
         WHERE receivable_report.confirmed_by IS NULL",
        params![org_id, month, total.unit_id, total.bills, total.energy_kwh, total.amount, by, at],
    )?;
    Ok(())
}

pub(crate) fn save_confirmed(
    tx: &mut Tx<'_>,
    (org_id, month, unit_id): (i64, Month, i64),
    version: i64,
    by: i64,
    at: Moment,
) -> Result<()> {
    Ok(tx.execute_one(
        &format!("report of unit {unit_id}"),
        "UPDATE receivable_report SET confirmed_by = ?5, confirmed_at = ?6, version = version + 1
         WHERE org_id = ?1 AND month = ?2 AND unit_id = ?3 AND version = ?4 AND confirmed_by IS NULL",
        params![org_id, month, unit_id, version, by, at],
    )?)
}

pub(crate) fn save_submitted(
    tx: &mut Tx<'_>,
    (org_id, month, unit_id): (i64, Month, i64),
    by: i64,
    at: Moment,
) -> Result<()> {
    Ok(tx.execute_one(
        &format!("report of unit {unit_id}"),
        "UPDATE receivable_report SET submitted_by = ?4, submitted_at = ?5, version = version + 1
         WHERE org_id = ?1 AND month = ?2 AND unit_id = ?3 AND confirmed_by IS NOT NULL AND submitted_by IS NULL",
        params![org_id, month, unit_id, by, at],
    )?)
}

pub(crate) fn save_consent(
    tx: &mut Tx<'_>,
    (org_id, month, unit_id): (i64, Month, i64),
    text: &str,
    by: i64,
    at: Moment,
) -> Result<()> {
    tx.execute(
        "INSERT INTO report_consent (org_id, month, unit_id, text, given_by, given_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, month, unit_id, text, by, at],
    )?;
    Ok(())
}

pub(crate) fn consented_on(tx: &mut Tx<'_>, org_id: i64, month: Month, unit_id: i64) -> Result<Option<Date>> {
    Ok(tx.one(
        "SELECT given_at FROM report_consent WHERE org_id = ?1 AND month = ?2 AND unit_id = ?3",
        params![org_id, month, unit_id],
        |row| Ok::<_, StoreError>(row.moment(0)?.date()),
    )?)
}

pub(crate) fn save_rollup(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    total: &StationTotal,
    by: i64,
    at: Moment,
) -> Result<()> {
    tx.execute(
        "INSERT INTO report_rollup (org_id, month, unit_id, bills, energy_kwh, amount, rolled_by, rolled_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![org_id, month, total.unit_id, total.bills, total.energy_kwh, total.amount, by, at],
    )?;
    Ok(())
}

pub(crate) fn rollups(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<StationTotal>> {
    Ok(tx.list(
        "SELECT unit_id, bills, energy_kwh, amount FROM report_rollup WHERE org_id = ?1 AND month = ?2 ORDER BY unit_id",
        params![org_id, month],
        |row| {
            Ok::<_, StoreError>(StationTotal {
                unit_id: row.int(0)?,
                bills: row.int(1)?,
                energy_kwh: row.quantity(2)?,
                amount: row.money(3)?,
            })
        },
    )?)
}
