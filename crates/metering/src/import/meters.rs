//! Meters from a file.

use std::io::Write;

use identity::{Desk, Work};
use interchange::TypedRow;
use kernel::{Quantity, Rate};

use super::accounts::strs;
use super::portions::{Fate, refused, take_in};
use super::{FileKind, Incoming, Outcome, sheets, sql};
use crate::account::{AccountBulk, Meter};
use crate::reading::Register;
use crate::{Result, permissions, trace};

/// Takes in meters of accounts that are there. A meter in use elsewhere is refused; the same meter again is unchanged.
pub fn import_meters<W: Write>(desk: &Desk<'_>, incoming: Incoming, rejects: W) -> Result<(Outcome, W)> {
    let sheet = sheets::meters_sheet()?;
    take_in(desk, incoming, FileKind::Meters, &sheet, rejects, take)
}

fn take(work: &mut Work<'_, '_>, rows: &[TypedRow]) -> Result<Vec<Fate>> {
    let org_id = work.org_id();
    let (mut accounts, mut meters) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        accounts.push(row.need::<String>("number")?);
        meters.push(row.need::<String>("meter")?);
    }
    let known = sql::accounts_by_number(work.tx, org_id, &strs(&accounts))?;
    let installed = sql::meters_by_number(work.tx, org_id, &strs(&meters))?;
    let ids: Vec<i64> = known.values().map(|account| account.account_id).collect();
    let mut last = sql::last_meters(work.tx, org_id, &ids)?;
    let (mut added, mut initials) = (Vec::new(), Vec::new());
    let mut fates = Vec::with_capacity(rows.len());
    let mut unit_of_added = None;
    for (row, (account, number)) in rows.iter().zip(accounts.iter().zip(&meters)) {
        let Some(there) = known.get(account) else {
            fates.push(refused(
                Some("number"),
                format!("没有户号 {account}"),
                format!("there is no account {account}"),
            ));
            continue;
        };
        if work.require(permissions::MANAGE_ACCOUNTS, there.unit_id).is_err() {
            fates.push(refused(Some("number"), "无权维护该用户", "you may not maintain this account"));
            continue;
        }
        let mut meter = match read(row, number)? {
            Ok(meter) => meter,
            Err(fate) => {
                fates.push(fate);
                continue;
            }
        };
        meter.account_id = there.account_id;
        if let Some(other) = installed.get(number) {
            meter.meter_seq = other.meter.meter_seq;
            fates.push(if other.meter == meter {
                Fate::Unchanged
            } else {
                refused(Some("meter"), "该表号已在用且内容不同", "this meter is in use already and differs")
            });
            continue;
        }
        let seq = last.entry(there.account_id).or_insert(0);
        *seq += 1;
        meter.meter_seq = *seq;
        if let Some(initial) = row.get::<Quantity>("initial")?.filter(|initial| !initial.is_zero()) {
            initials.push((meter.clone(), initial));
        }
        unit_of_added = Some(there.unit_id);
        added.push(meter);
        fates.push(Fate::Added);
    }
    // The loader wants ascending keys, the file has its own order.
    added.sort_by_key(|meter| (meter.account_id, meter.meter_seq));
    let mut bulk = AccountBulk::new(org_id);
    for meter in &added {
        bulk.meter(meter)?;
    }
    bulk.load(work.tx)?;
    for (meter, initial) in &initials {
        sql::keep_initial(work.tx, org_id, meter, *initial)?;
    }
    if let Some(unit_id) = unit_of_added {
        let what = format!("{} meters", added.len());
        trace::record(work, permissions::MANAGE_ACCOUNTS, unit_id, ("import", "meters"), &what)?;
    }
    Ok(fates)
}

fn read(row: &TypedRow, number: &str) -> Result<std::result::Result<Meter, Fate>> {
    let words = row.get::<String>("registers")?.unwrap_or_else(|| "总".into());
    let mut registers = 0;
    for word in words.split([',', '，', '、', ' ', '+', '/']).filter(|word| !word.is_empty()) {
        let Some(register) = Register::from_words(word.trim_start_matches("有功")) else {
            return Ok(Err(refused(
                Some("registers"),
                format!("不认识的示数类型：{word}"),
                format!("unknown register: {word}"),
            )));
        };
        registers |= register.bit();
    }
    let multiplier = row.get::<Rate>("multiplier")?.unwrap_or(Rate::ONE);
    if multiplier <= Rate::ZERO {
        return Ok(Err(refused(Some("multiplier"), "倍率应大于零", "a multiplier is above zero")));
    }
    let digits = row.need::<i64>("digits")? as u8;
    let initial = row.get::<Quantity>("initial")?.unwrap_or_default();
    if initial.is_negative() || initial.units() >= 10_i64.pow(u32::from(digits)) * Quantity::SCALE {
        return Ok(Err(refused(
            Some("initial"),
            "装表示数超过表计位数",
            "the first reading has more digits than the meter",
        )));
    }
    Ok(Ok(Meter {
        account_id: 0,
        meter_seq: 0,
        number: number.to_owned(),
        point_seq: row.get::<i64>("point")?.unwrap_or(1),
        digits,
        decimals: row.get::<i64>("decimals")?.unwrap_or(0) as u8,
        multiplier,
        registers,
        installed_on: row.need("installed_on")?,
        removed_on: None,
    }))
}
