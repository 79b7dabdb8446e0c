//! The set-based reads of the stream: each fills one kind of row for a range of accounts.

use kernel::{Moment, Month, Quantity, Rate};
use store::{Row, StoreError, Tx, params};

use super::{AccountReadings, Cursor};
use crate::Result;
use crate::account::{
    Account, AccountStatus, BasicMethod, Category, LineLossMethod, LossFigures, LossFormula, Options, Point,
    PointRelation, PowerFactorStandard, Terms, Transformer, TransformerChange, TransformerEvent,
    TransformerLossMethod, VoltageLevel,
};
use crate::reading::sql::{read_reading, reading_fields};

/// An account to be filled.
pub(crate) fn empty_account() -> Account {
    Account {
        account_id: 0,
        unit_id: 0,
        book_id: 0,
        category: Category::Residential,
        voltage: VoltageLevel::Below1kv,
        price_class: String::new(),
        options: Options::default(),
        persons: 0,
        tier_start: None,
        due_day: 0,
        status: AccountStatus::Active,
        opened_on: Moment::from_millis(0).date(),
        closed_on: None,
        main_account_id: None,
    }
}

/// A row to be filled.
pub(crate) fn empty_row() -> AccountReadings {
    AccountReadings {
        account: empty_account(),
        months: 1,
        terms: None,
        points: Vec::new(),
        transformers: Vec::new(),
        events: Vec::new(),
        readings: Vec::with_capacity(1),
    }
}

/// (book, account) after `after` up to the book `last`, at most `room`.
pub(crate) fn list_keys(
    tx: &mut Tx<'_>,
    org_id: i64,
    after: (i64, i64),
    last: i64,
    room: i64,
    keys: &mut Vec<(i64, i64)>,
) -> Result<()> {
    tx.each(
        "SELECT book_id, account_id FROM account
         WHERE org_id = ?1 AND (book_id, account_id) > (?2, ?3) AND book_id <= ?4
         ORDER BY book_id, account_id LIMIT ?5",
        params![org_id, after.0, after.1, last, room],
        |row| {
            keys.push((row.int(0)?, row.int(1)?));
            Ok(())
        },
    )
}

/// The books between `first` and `last` that are read every other month, in ascending order.
pub(crate) fn list_bimonthly(
    tx: &mut Tx<'_>,
    org_id: i64,
    (first, last): (i64, i64),
    books: &mut Vec<i64>,
) -> Result<()> {
    tx.each(
        "SELECT book_id FROM book WHERE org_id = ?1 AND book_id BETWEEN ?2 AND ?3 AND cycle <> 1
         ORDER BY org_id, book_id",
        params![org_id, first, last],
        |row| {
            books.push(row.int(0)?);
            Ok(())
        },
    )
}

pub(crate) fn book_of(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Option<i64>> {
    tx.one(
        "SELECT book_id FROM account WHERE org_id = ?1 AND account_id = ?2",
        params![org_id, account_id],
        |row| Ok(row.int(0)?),
    )
}

/// What [`read_account`] reads, in its order.
macro_rules! account_fields {
    () => {
        "account_id, book_id, unit_id, category, voltage, price_class, options, persons, tier_start, due_day, status,
         opened_on, closed_on, main_account_id"
    };
}

pub(crate) use account_fields;

/// Reads an account into a row that keeps its memory.
pub(crate) fn read_account(row: &Row<'_>, account: &mut Account) -> Result<()> {
    account.account_id = row.int(0)?;
    account.book_id = row.int(1)?;
    account.unit_id = row.int(2)?;
    account.category = Category::from_code(row.int(3)?)?;
    account.voltage = VoltageLevel::from_code(row.int(4)?)?;
    row.with_text(5, |text| {
        if account.price_class != text {
            account.price_class.clear();
            account.price_class.push_str(text);
        }
    })?;
    account.options = Options(row.int(6)? as u32);
    account.persons = row.int(7)? as u8;
    let tier_start = row.int(8)?;
    account.tier_start = if tier_start == 0 { None } else { Some(Month::from_number(tier_start)?) };
    account.due_day = row.int(9)? as u8;
    account.status = AccountStatus::from_code(row.int(10)?)?;
    account.opened_on = row.date(11)?;
    account.closed_on = row.date_or_null(12)?;
    account.main_account_id = row.int_or_null(13)?;
    Ok(())
}

/// Fills the accounts; answers all options seen, put together.
pub(crate) fn fill_accounts(
    tx: &mut Tx<'_>,
    org_id: i64,
    bounds: (i64, i64),
    mut cursor: Cursor<'_>,
    rows: &mut [AccountReadings],
) -> Result<Options> {
    let mut seen = 0;
    tx.each(
        concat!(
            "SELECT ",
            account_fields!(),
            " FROM account WHERE org_id = ?1 AND account_id BETWEEN ?2 AND ?3 ORDER BY org_id, account_id"
        ),
        params![org_id, bounds.0, bounds.1],
        |row| {
            if let Some(at) = cursor.seek(row.int(0)?) {
                read_account(row, &mut rows[at].account)?;
                seen |= rows[at].account.options.0;
            }
            Ok::<_, crate::MeteringError>(())
        },
    )?;
    Ok(Options(seen))
}

pub(crate) fn fill_terms(
    tx: &mut Tx<'_>,
    org_id: i64,
    bounds: (i64, i64),
    mut cursor: Cursor<'_>,
    rows: &mut [AccountReadings],
) -> Result<()> {
    tx.each(
        "SELECT account_id, basic, contract_demand_kw, power_factor, transformer_loss, transformer_loss_kwh,
                transformer_loss_kvarh, line_loss, line_loss_rate, line_loss_kwh, loss_no_load_kw, loss_load_kw,
                loss_no_load_current, loss_impedance, loss_shape, loss_no_load_kvar, loss_copper_rate,
                loss_reactive_rate
         FROM account_terms WHERE org_id = ?1 AND account_id BETWEEN ?2 AND ?3 ORDER BY org_id, account_id",
        params![org_id, bounds.0, bounds.1],
        |row| {
            if let Some(at) = cursor.seek(row.int(0)?) {
                rows[at].terms = Some(read_terms(row)?);
            }
            Ok(())
        },
    )
}

pub(crate) fn quantity_or_null(
    row: &Row<'_>,
    column: usize,
) -> std::result::Result<Option<Quantity>, StoreError> {
    Ok(row.int_or_null(column)?.map(Quantity::from_units))
}

pub(crate) fn read_terms(row: &Row<'_>) -> Result<Terms> {
    Ok(Terms {
        account_id: row.int(0)?,
        basic: BasicMethod::from_code(row.int(1)?)?,
        contract_demand_kw: quantity_or_null(row, 2)?,
        power_factor: row.int_or_null(3)?.map(PowerFactorStandard::from_code).transpose()?,
        transformer_loss: TransformerLossMethod::from_code(row.int(4)?)?,
        transformer_loss_kwh: quantity_or_null(row, 5)?,
        transformer_loss_kvarh: quantity_or_null(row, 6)?,
        line_loss: LineLossMethod::from_code(row.int(7)?)?,
        line_loss_rate: row.int_or_null(8)?.map(Rate::from_units),
        line_loss_kwh: quantity_or_null(row, 9)?,
        loss_formula: read_loss_formula(row)?,
    })
}

fn rate_or_null(row: &Row<'_>, column: usize) -> std::result::Result<Option<Rate>, StoreError> {
    Ok(row.int_or_null(column)?.map(Rate::from_units))
}

fn read_loss_formula(row: &Row<'_>) -> Result<Option<LossFormula>> {
    let Some(no_load_kw) = quantity_or_null(row, 10)? else { return Ok(None) };
    Ok(LossFormula::from_figures(LossFigures {
        no_load_kw: Some(no_load_kw),
        load_loss_kw: quantity_or_null(row, 11)?,
        no_load_current: rate_or_null(row, 12)?,
        impedance: rate_or_null(row, 13)?,
        shape: rate_or_null(row, 14)?,
        no_load_kvar: quantity_or_null(row, 15)?,
        copper_rate: rate_or_null(row, 16)?,
        reactive_rate: rate_or_null(row, 17)?,
    }))
}

pub(crate) fn fill_points(
    tx: &mut Tx<'_>,
    org_id: i64,
    bounds: (i64, i64),
    mut cursor: Cursor<'_>,
    rows: &mut [AccountReadings],
) -> Result<()> {
    tx.each(
        "SELECT account_id, point_seq, price_class, time_of_use, relation, parent_seq, fixed_kwh, fixed_ratio,
                bears_transformer_loss, bears_line_loss, in_power_factor
         FROM metering_point WHERE org_id = ?1 AND account_id BETWEEN ?2 AND ?3
         ORDER BY org_id, account_id, point_seq",
        params![org_id, bounds.0, bounds.1],
        |row| {
            if let Some(at) = cursor.seek(row.int(0)?) {
                rows[at].points.push(read_point(row)?);
            }
            Ok(())
        },
    )
}

pub(crate) fn read_point(row: &Row<'_>) -> Result<Point> {
    Ok(Point {
        account_id: row.int(0)?,
        point_seq: row.int(1)?,
        price_class: row.text_or_null(2)?,
        time_of_use: row.flag(3)?,
        relation: PointRelation::from_code(row.int(4)?)?,
        parent_seq: row.int_or_null(5)?,
        fixed_kwh: quantity_or_null(row, 6)?,
        fixed_ratio: row.int_or_null(7)?.map(Rate::from_units),
        bears_transformer_loss: row.flag(8)?,
        bears_line_loss: row.flag(9)?,
        in_power_factor: row.flag(10)?,
    })
}

pub(crate) fn fill_transformers(
    tx: &mut Tx<'_>,
    org_id: i64,
    bounds: (i64, i64),
    mut cursor: Cursor<'_>,
    rows: &mut [AccountReadings],
) -> Result<()> {
    tx.each(
        "SELECT account_id, seq, model, capacity_kva, connected_on
         FROM transformer WHERE org_id = ?1 AND account_id BETWEEN ?2 AND ?3 ORDER BY org_id, account_id, seq",
        params![org_id, bounds.0, bounds.1],
        |row| {
            if let Some(at) = cursor.seek(row.int(0)?) {
                rows[at].transformers.push(Transformer {
                    account_id: row.int(0)?,
                    seq: row.int(1)?,
                    model: row.text(2)?,
                    capacity_kva: row.quantity(3)?,
                    connected_on: row.date(4)?,
                });
            }
            Ok(())
        },
    )
}

pub(crate) fn fill_events(
    tx: &mut Tx<'_>,
    org_id: i64,
    bounds: (i64, i64),
    mut cursor: Cursor<'_>,
    rows: &mut [AccountReadings],
) -> Result<()> {
    tx.each(
        "SELECT account_id, seq, on_date, event_no, change, capacity_kva
         FROM transformer_event WHERE org_id = ?1 AND account_id BETWEEN ?2 AND ?3
         ORDER BY org_id, account_id, seq, on_date, event_no",
        params![org_id, bounds.0, bounds.1],
        |row| {
            if let Some(at) = cursor.seek(row.int(0)?) {
                rows[at].events.push(TransformerEvent {
                    account_id: row.int(0)?,
                    seq: row.int(1)?,
                    on: row.date(2)?,
                    event_no: row.int(3)?,
                    change: TransformerChange::from_code(row.int(4)?)?,
                    capacity_kva: quantity_or_null(row, 5)?,
                });
            }
            Ok(())
        },
    )
}

pub(crate) fn fill_readings(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    bounds: (i64, i64),
    mut cursor: Cursor<'_>,
    rows: &mut [AccountReadings],
) -> Result<()> {
    tx.each(
        concat!(
            "SELECT ",
            reading_fields!(),
            " FROM reading WHERE org_id = ?1 AND month = ?2 AND account_id BETWEEN ?3 AND ?4
             ORDER BY org_id, month, account_id, meter_seq"
        ),
        params![org_id, month, bounds.0, bounds.1],
        |row| {
            if let Some(at) = cursor.seek(row.int(0)?) {
                rows[at].readings.push(read_reading(row)?);
            }
            Ok(())
        },
    )
}
