//! The carry-over of ledgers at the end of a year. Source: READ-17, READ-18.

use identity::Work;
use kernel::{Date, Month, Quantity, Text};
use store::Tx;

use super::sql;
use crate::error::What;
use crate::{MeteringError, Result, permissions, trace};

const MATERIALS: &str = include_str!("../../data/carry_over_materials.csv");

/// Something the carry-over needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// The last day on which it is in time.
    pub ready_by: Date,
    /// The day it was ready.
    pub ready_on: Option<Date>,
}

impl Material {
    /// Was it, or is it on `today`, too late?
    pub fn is_late(&self, today: Date) -> bool {
        self.ready_on.unwrap_or(today) > self.ready_by
    }
}

/// A meter whose closing reading in the old ledger and opening reading in the new one are not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarryOverDifference {
    /// The account.
    pub account_id: i64,
    /// The meter.
    pub meter_seq: i64,
    /// What the old ledger ends with; nothing when it does not list the meter.
    pub closing: Option<Quantity>,
    /// What the new ledger begins with; nothing when it does not list the meter.
    pub opening: Option<Quantity>,
}

/// The checklist of a station for the end of `year`. Source: READ-18.
pub fn materials(tx: &mut Tx<'_>, org_id: i64, year: i16, unit_id: i64) -> Result<Vec<Material>> {
    let ready = sql::materials(tx, org_id, year, unit_id)?;
    let mut list = Vec::new();
    for line in MATERIALS.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [code, zh, en, month_day, _] = fields[..] else { continue };
        let month_day: i64 = month_day.parse().unwrap_or(1130);
        list.push(Material {
            code: code.to_owned(),
            name: Text::new(zh, en),
            ready_by: Date::from_number(i64::from(year) * 10_000 + month_day)?,
            ready_on: ready.iter().find(|(found, _)| found == code).map(|(_, day)| *day),
        });
    }
    Ok(list)
}

/// Ticks an item of the checklist. Source: READ-18.
pub fn material_ready(work: &mut Work<'_, '_>, year: i16, unit_id: i64, code: &str) -> Result<()> {
    work.require(permissions::CARRY_OVER, unit_id)?;
    let (org_id, today, by) = (work.org_id(), work.today(), work.actor().person_id);
    let known = materials(work.tx, org_id, year, unit_id)?;
    match known.iter().find(|one| one.code == code) {
        None => return Err(crate::book::not_found(What::CarryOver, code)),
        Some(one) if one.ready_on.is_some() => {
            return Err(MeteringError::AlreadyDone { what: What::CarryOver, key: code.to_owned() });
        }
        Some(_) => sql::material_ready(work.tx, org_id, (year, unit_id), code, today, by)?,
    }
    let number = format!("{year}/{unit_id}");
    trace::record(work, permissions::CARRY_OVER, unit_id, ("carry_over", &number), code)
}

/// Moves every meter in use of a station to the ledger of the next year, with the reading the old one ended with. Refused
/// before all December books are issued, while materials are missing, and when it was done already. Answers the number of
/// lines. Source: READ-17, READ-18.
pub fn carry_over(work: &mut Work<'_, '_>, year: i16, unit_id: i64) -> Result<u64> {
    work.require(permissions::CARRY_OVER, unit_id)?;
    let (org_id, now, by) = (work.org_id(), work.now(), work.actor().person_id);
    let december = Month::new(year, 12)?;
    let refuse = |zh: String, en: String| MeteringError::NotAllowed {
        what: What::CarryOver,
        value: year.to_string(),
        why: Text::new(zh, en),
    };
    let missing = materials(work.tx, org_id, year, unit_id)?;
    let missing: Vec<&str> =
        missing.iter().filter(|one| one.ready_on.is_none()).map(|one| one.code.as_str()).collect();
    if !missing.is_empty() {
        let missing = missing.join(" ");
        return Err(refuse(format!("材料未齐：{missing}"), format!("materials are missing: {missing}")));
    }
    let open = sql::december_open(work.tx, org_id, december, unit_id)?;
    if open.0 > 0 || open.1 == 0 {
        return Err(refuse(
            format!("12 月抄本未全部出帐：共 {} 本，未发行 {} 本", open.1, open.0),
            format!("December is not closed: {} of {} books are not issued", open.0, open.1),
        ));
    }
    let lines = sql::carry(work.tx, org_id, december, unit_id)?;
    sql::keep_carry_over(work.tx, org_id, (year, unit_id), lines, by, now)?;
    let differences = sql::differences(work.tx, org_id, december, unit_id)?;
    if !differences.is_empty() {
        let count = differences.len();
        return Err(refuse(
            format!("新旧帐本有 {count} 处不一致"),
            format!("the old and the new ledger differ in {count} lines"),
        ));
    }
    let number = format!("{year}/{unit_id}");
    trace::record(
        work,
        permissions::CARRY_OVER,
        unit_id,
        ("carry_over", &number),
        &format!("{lines} lines"),
    )?;
    Ok(lines)
}

/// Compares the old ledger of `year` with the new one; an empty answer proves that both list the same. At most 10,000
/// differences. Source: READ-17.
pub fn compare_carry_over(
    tx: &mut Tx<'_>,
    org_id: i64,
    year: i16,
    unit_id: i64,
) -> Result<Vec<CarryOverDifference>> {
    sql::differences(tx, org_id, Month::new(year, 12)?, unit_id)
}
