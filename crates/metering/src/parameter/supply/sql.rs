//! Reads and writes one account with all that belongs to it.

use kernel::{Date, Moment, Month, Quantity, Rate};
use store::{Row, Tx, Value, params};

use super::{FieldChange, KeptChange, OpenMonth, Shown, Supply};
use crate::Result;
use crate::account::*;
use crate::book::BookState;
use crate::reading::Register;

/// Months back in which the last reading of a meter is looked for.
const MONTHS_BACK_MAX: i32 = 14;

fn details(row: &Row<'_>) -> Result<AccountDetails> {
    let tier_start = row.int(8)?;
    Ok(AccountDetails {
        account: Account {
            account_id: row.int(0)?,
            book_id: row.int(1)?,
            unit_id: row.int(2)?,
            category: Category::from_code(row.int(3)?)?,
            voltage: VoltageLevel::from_code(row.int(4)?)?,
            price_class: row.text(5)?,
            options: Options(row.int(6)? as u32),
            persons: row.int(7)? as u8,
            tier_start: if tier_start == 0 { None } else { Some(Month::from_number(tier_start)?) },
            due_day: row.int(9)? as u8,
            status: AccountStatus::from_code(row.int(10)?)?,
            opened_on: row.date(11)?,
            closed_on: row.date_or_null(12)?,
            main_account_id: row.int_or_null(13)?,
        },
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

const DETAILS: &str = "SELECT account_id, book_id, unit_id, category, voltage, price_class, options, persons, tier_start,
  due_day, status, opened_on, closed_on, main_account_id, number, name, address, phone, route_sequence, collection,
  tax, version FROM account";

pub(crate) fn load_details(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Option<AccountDetails>> {
    let sql = format!("{DETAILS} WHERE org_id = ?1 AND account_id = ?2");
    tx.one(&sql, params![org_id, account_id], details)
}

/// The dedicated-transformer customers of a station, at most `most`.
pub(crate) fn dedicated_of(tx: &mut Tx<'_>, org_id: i64, unit_id: i64, most: i64) -> Result<Vec<i64>> {
    tx.list(
        "SELECT account_id FROM account WHERE org_id = ?1 AND unit_id = ?2 AND (options & 4) <> 0 AND status <> 4
         ORDER BY account_id LIMIT ?3",
        params![org_id, unit_id, most],
        |row| Ok(row.int(0)?),
    )
}

fn quantity(row: &Row<'_>, at: usize) -> Result<Option<Quantity>> {
    Ok(row.int_or_null(at)?.map(Quantity::from_units))
}

fn point(row: &Row<'_>) -> Result<Point> {
    Ok(Point {
        account_id: row.int(0)?,
        point_seq: row.int(1)?,
        price_class: row.text_or_null(2)?,
        time_of_use: row.flag(3)?,
        relation: PointRelation::from_code(row.int(4)?)?,
        parent_seq: row.int_or_null(5)?,
        fixed_kwh: quantity(row, 6)?,
        fixed_ratio: row.int_or_null(7)?.map(Rate::from_units),
        bears_transformer_loss: row.flag(8)?,
        bears_line_loss: row.flag(9)?,
        in_power_factor: row.flag(10)?,
    })
}

fn meter(row: &Row<'_>) -> Result<Meter> {
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
}

/// The account with everything; the last readings are looked for from `today` back.
pub(crate) fn load(tx: &mut Tx<'_>, org_id: i64, account_id: i64, today: Date) -> Result<Option<Supply>> {
    let Some(details) = load_details(tx, org_id, account_id)? else { return Ok(None) };
    let key = params![org_id, account_id];
    let terms = tx.one(
        "SELECT account_id, basic, contract_demand_kw, power_factor, transformer_loss, transformer_loss_kwh,
                transformer_loss_kvarh, line_loss, line_loss_rate, line_loss_kwh, loss_no_load_kw, loss_load_kw,
                loss_no_load_current, loss_impedance, loss_shape, loss_no_load_kvar, loss_copper_rate,
                loss_reactive_rate
         FROM account_terms WHERE org_id = ?1 AND account_id = ?2",
        key,
        crate::stream::sql::read_terms,
    )?;
    let transformers = tx.list(
        "SELECT account_id, seq, model, capacity_kva, connected_on FROM transformer
         WHERE org_id = ?1 AND account_id = ?2 ORDER BY seq",
        key,
        |row| {
            Ok::<_, crate::MeteringError>(Transformer {
                account_id: row.int(0)?,
                seq: row.int(1)?,
                model: row.text(2)?,
                capacity_kva: row.quantity(3)?,
                connected_on: row.date(4)?,
            })
        },
    )?;
    let events = tx.list(
        "SELECT account_id, seq, on_date, event_no, change, capacity_kva FROM transformer_event
         WHERE org_id = ?1 AND account_id = ?2 ORDER BY seq, on_date, event_no",
        key,
        |row| {
            Ok::<_, crate::MeteringError>(TransformerEvent {
                account_id: row.int(0)?,
                seq: row.int(1)?,
                on: row.date(2)?,
                event_no: row.int(3)?,
                change: TransformerChange::from_code(row.int(4)?)?,
                capacity_kva: quantity(row, 5)?,
            })
        },
    )?;
    let points = tx.list(
        "SELECT account_id, point_seq, price_class, time_of_use, relation, parent_seq, fixed_kwh, fixed_ratio,
                bears_transformer_loss, bears_line_loss, in_power_factor
         FROM metering_point WHERE org_id = ?1 AND account_id = ?2 ORDER BY point_seq",
        key,
        point,
    )?;
    let meters = tx.list(
        "SELECT account_id, meter_seq, number, point_seq, digits, decimals, multiplier, registers, installed_on,
                removed_on
         FROM meter WHERE org_id = ?1 AND account_id = ?2 ORDER BY meter_seq",
        key,
        meter,
    )?;
    let mut last_totals = Vec::new();
    for meter in meters.iter().filter(|meter| meter.removed_on.is_none()) {
        for back in 0..=MONTHS_BACK_MAX {
            let month = today.month().plus(-back)?;
            let total = tx.one(
                "SELECT total_current FROM reading
                 WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND meter_seq = ?4 AND status <> 0",
                params![org_id, month, account_id, meter.meter_seq],
                |row| quantity(row, 0),
            )?;
            if let Some(Some(total)) = total {
                last_totals.push((meter.meter_seq, total));
                break;
            }
        }
    }
    let shown = Vec::new();
    Ok(Some(Supply { details, terms, transformers, events, points, meters, shown, last_totals }))
}

/// The account in the organisation that has a meter of this number in use.
pub(crate) fn account_of_meter(tx: &mut Tx<'_>, org_id: i64, number: &str) -> Result<Option<i64>> {
    tx.one(
        // The sign keeps the engine from looking through all meters of the organisation instead of the index of numbers.
        "SELECT account_id FROM meter WHERE number = ?2 AND +org_id = ?1 AND removed_on IS NULL",
        params![org_id, number],
        |row| Ok(row.int(0)?),
    )
}

/// A key for a new account: after the last of its book when that is free, otherwise after the last of all.
pub(crate) fn free_account_id(tx: &mut Tx<'_>, org_id: i64, book_id: i64) -> Result<i64> {
    let in_book = tx.one(
        "SELECT COALESCE(MAX(account_id), 0) + 1 FROM account WHERE org_id = ?1 AND book_id = ?2",
        params![org_id, book_id],
        |row| Ok::<_, crate::MeteringError>(row.int(0)?),
    )?;
    let taken = "SELECT 1 FROM account WHERE org_id = ?1 AND account_id = ?2
                 UNION ALL SELECT 1 FROM parameter_ticket WHERE org_id = ?1 AND account_id = ?2 LIMIT 1";
    if let Some(id) = in_book.filter(|id| *id > 1)
        && tx.one(taken, params![org_id, id], |row| Ok::<_, crate::MeteringError>(row.int(0)?))?.is_none()
    {
        return Ok(id);
    }
    let last = tx.one(
        "SELECT CAST(COALESCE(MAX(account_id), 0) AS BIGINT) FROM (
           SELECT MAX(account_id) AS account_id FROM account WHERE org_id = ?1
           UNION ALL SELECT MAX(account_id) FROM parameter_ticket WHERE org_id = ?1) AS known",
        params![org_id],
        |row| Ok::<_, crate::MeteringError>(row.int(0)?),
    )?;
    Ok(last.unwrap_or(0) + 1)
}

/// Writes a new account with everything.
pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, supply: &Supply) -> Result<()> {
    let mut bulk = AccountBulk::new(org_id);
    let mut details = supply.details.clone();
    details.account.options = stored_options(supply);
    bulk.account(&details)?;
    if let Some(terms) = &supply.terms {
        bulk.terms(terms)?;
    }
    for transformer in &supply.transformers {
        bulk.transformer(transformer)?;
    }
    for event in &supply.events {
        bulk.event(event)?;
    }
    for point in &supply.points {
        bulk.point(point)?;
    }
    for meter in &supply.meters {
        bulk.meter(meter)?;
    }
    bulk.load(tx)?;
    save_shown(tx, org_id, supply)
}

fn stored_options(supply: &Supply) -> Options {
    let options = supply.details.account.options;
    options
        .with(Options::HAS_TERMS, supply.terms.is_some())
        .with(Options::HAS_POINTS, !supply.points.is_empty())
        .with(Options::HAS_TRANSFORMERS, !supply.transformers.is_empty())
}

/// Writes what differs. The version of the account must still be the one that was loaded.
pub(crate) fn save(tx: &mut Tx<'_>, org_id: i64, before: &Supply, after: &Supply) -> Result<()> {
    let details = &after.details;
    let account = &details.account;
    let account_id = account.account_id;
    tx.execute_one(
        &format!("account {}", details.number),
        "UPDATE account SET category = ?4, voltage = ?5, price_class = ?6, options = ?7, persons = ?8, tier_start = ?9,
                status = ?10, closed_on = ?11, name = ?12, phone = ?13, collection = ?14, tax = ?15, address = ?16,
                due_day = ?17, version = version + 1
         WHERE org_id = ?1 AND account_id = ?2 AND version = ?3",
        params![
            org_id,
            account_id,
            before.details.version,
            account.category,
            account.voltage,
            &account.price_class,
            stored_options(after).0,
            account.persons,
            account.tier_start.map_or(0, Month::number),
            account.status,
            account.closed_on,
            &details.name,
            &details.phone,
            details.collection,
            details.tax,
            &details.address,
            account.due_day,
        ],
    )?;
    let mut added = AccountBulk::new(org_id);
    if before.terms != after.terms {
        tx.execute(
            "DELETE FROM account_terms WHERE org_id = ?1 AND account_id = ?2",
            params![org_id, account_id],
        )?;
        if let Some(terms) = &after.terms {
            added.terms(terms)?;
        }
    }
    if before.points != after.points {
        tx.execute(
            "DELETE FROM metering_point WHERE org_id = ?1 AND account_id = ?2",
            params![org_id, account_id],
        )?;
        for point in &after.points {
            added.point(point)?;
        }
    }
    for transformer in after.transformers.iter().filter(|one| !before.transformers.contains(one)) {
        added.transformer(transformer)?;
    }
    for event in before.events.iter().filter(|one| !after.events.contains(one)) {
        tx.execute_one(
            "event of a transformer",
            "DELETE FROM transformer_event
             WHERE org_id = ?1 AND account_id = ?2 AND seq = ?3 AND on_date = ?4 AND event_no = ?5",
            params![org_id, account_id, event.seq, event.on, event.event_no],
        )?;
    }
    for event in after.events.iter().filter(|one| !before.events.contains(one)) {
        added.event(event)?;
    }
    for meter in &after.meters {
        match before.meters.iter().find(|known| known.meter_seq == meter.meter_seq) {
            None => added.meter(meter)?,
            Some(known) if known != meter => tx.execute_one(
                "meter",
                "UPDATE meter SET removed_on = ?4
                 WHERE org_id = ?1 AND account_id = ?2 AND meter_seq = ?3 AND removed_on IS NULL",
                params![org_id, account_id, meter.meter_seq, meter.removed_on],
            )?,
            Some(_) => {}
        }
    }
    added.load(tx)?;
    save_shown(tx, org_id, after)
}

fn save_shown(tx: &mut Tx<'_>, org_id: i64, supply: &Supply) -> Result<()> {
    for Shown { meter_seq, taken_off, registers } in &supply.shown {
        let of = |register: Register| {
            let found = registers.iter().find(|(known, _)| *known == register);
            found.map_or(Value::Null, |(_, value)| Value::Int(value.units()))
        };
        tx.execute(
            "INSERT INTO meter_shown (org_id, account_id, meter_seq, moment, total, sharp, peak, flat, valley,
               deep_valley, reactive_forward, reactive_reverse, demand)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            &[
                Value::Int(org_id),
                Value::Int(supply.account_id()),
                Value::Int(*meter_seq),
                Value::Int(i64::from(*taken_off)),
                of(Register::Total),
                of(Register::Sharp),
                of(Register::Peak),
                of(Register::Flat),
                of(Register::Valley),
                of(Register::DeepValley),
                of(Register::ReactiveForward),
                of(Register::ReactiveReverse),
                of(Register::Demand),
            ],
        )?;
    }
    Ok(())
}

/// Keeps old and new values.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    (org_id, account_id, change_id): (i64, i64, i64),
    change: &FieldChange,
    ticket: &str,
    (person_id, at): (i64, Moment),
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
            change.old.as_deref().unwrap_or_default(),
            change.new.as_deref().unwrap_or_default(),
            change.from,
            ticket,
            person_id,
            at
        ],
    )?;
    Ok(())
}

pub(crate) fn history(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<KeptChange>> {
    tx.list(
        "SELECT field, old_value, new_value, from_date, ticket, person_id, changed_at FROM account_change
         WHERE org_id = ?1 AND account_id = ?2 ORDER BY change_id",
        params![org_id, account_id],
        |row| {
            Ok(KeptChange {
                change: FieldChange {
                    field: row.text(0)?,
                    old: row.text_or_null(1)?.filter(|text| !text.is_empty()),
                    new: row.text_or_null(2)?.filter(|text| !text.is_empty()),
                    from: row.date(3)?,
                },
                ticket: row.text(4)?,
                person_id: row.int(5)?,
                at: row.moment(6)?,
            })
        },
    )
}

/// The months from `first` in which a book was opened, in order, and whether lines may be entered in each.
pub(crate) fn opened_months(
    tx: &mut Tx<'_>,
    org_id: i64,
    book_id: i64,
    first: Month,
) -> Result<Vec<(OpenMonth, BookState)>> {
    let mut found = Vec::new();
    for ahead in 0..=MONTHS_BACK_MAX {
        let month = first.plus(ahead)?;
        if let Some(book) = crate::book::book_month(tx, org_id, month, book_id)? {
            let for_entry =
                matches!(book.state, BookState::Created | BookState::Entering | BookState::Returned);
            found.push((OpenMonth { month, for_entry }, book.state));
        }
    }
    Ok(found)
}
