//! Metering points from a file: the agreement of customers with several points, before their first reading.

use std::collections::HashMap;
use std::io::Write;

use identity::{Desk, Work};
use interchange::TypedRow;
use kernel::{Quantity, Rate};

use super::accounts::strs;
use super::portions::{Fate, refused, take_in};
use super::{FileKind, Incoming, Outcome, sheets, sql};
use crate::account::{AccountBulk, Point, PointRelation};
use crate::{Result, permissions, trace};

/// Takes in metering points of accounts that are there, each account's in ascending order, parents before their
/// children; files may name the points of an account in several files. The same point again is unchanged. A point that
/// differs, and any new point of an account that was read already, is refused: parameters change by ticket only.
pub fn import_points<W: Write>(desk: &Desk<'_>, incoming: Incoming, rejects: W) -> Result<(Outcome, W)> {
    let sheet = sheets::points_sheet()?;
    take_in(desk, incoming, FileKind::Points, &sheet, rejects, take)
}

/// The points of one account as they are known so far, and whether it was read.
struct Standing {
    points: Vec<Point>,
    was_read: bool,
}

fn take(work: &mut Work<'_, '_>, rows: &[TypedRow]) -> Result<Vec<Fate>> {
    let org_id = work.org_id();
    let month = work.today().month();
    let numbers =
        rows.iter().map(|row| row.need::<String>("number")).collect::<interchange::Result<Vec<_>>>()?;
    let known = sql::accounts_by_number(work.tx, org_id, &strs(&numbers))?;
    let mut standing: HashMap<i64, Standing> = HashMap::new();
    let mut added = Vec::new();
    let mut added_in_units: Vec<(i64, i64)> = Vec::new();
    let mut fates = Vec::with_capacity(rows.len());
    for (row, number) in rows.iter().zip(&numbers) {
        let Some(account) = known.get(number) else {
            fates.push(refused(
                Some("number"),
                format!("没有户号 {number}"),
                format!("there is no account {number}"),
            ));
            continue;
        };
        if work.require(permissions::MANAGE_ACCOUNTS, account.unit_id).is_err() {
            fates.push(refused(Some("number"), "无权维护该用户", "you may not maintain this account"));
            continue;
        }
        let point = match read(row, account.account_id)? {
            Ok(point) => point,
            Err(fate) => {
                fates.push(fate);
                continue;
            }
        };
        if let std::collections::hash_map::Entry::Vacant(slot) = standing.entry(account.account_id) {
            slot.insert(Standing {
                points: sql::points(work.tx, org_id, account.account_id)?,
                was_read: sql::was_read(work.tx, org_id, account.account_id, month)?,
            });
        }
        let Some(there) = standing.get_mut(&account.account_id) else { continue };
        let fate = judge(there, &point);
        if matches!(fate, Fate::Added) {
            there.points.push(point.clone());
            added.push(point);
            match added_in_units.iter_mut().find(|(unit, _)| *unit == account.unit_id) {
                Some((_, count)) => *count += 1,
                None => added_in_units.push((account.unit_id, 1)),
            }
        }
        fates.push(fate);
    }
    // The loader wants ascending keys, the file has its own order.
    added.sort_by_key(|point| (point.account_id, point.point_seq));
    let mut bulk = AccountBulk::new(org_id);
    for point in &added {
        bulk.point(point)?;
    }
    bulk.load(work.tx)?;
    added.dedup_by_key(|point| point.account_id);
    for point in &added {
        sql::mark_points(work.tx, org_id, point.account_id)?;
    }
    for (unit_id, count) in added_in_units {
        let what = format!("{count} points");
        trace::record(work, permissions::MANAGE_ACCOUNTS, unit_id, ("import", "points"), &what)?;
    }
    Ok(fates)
}

fn judge(there: &Standing, point: &Point) -> Fate {
    if let Some(same) = there.points.iter().find(|known| known.point_seq == point.point_seq) {
        return if same == point {
            Fate::Unchanged
        } else {
            refused(
                Some("point"),
                "该计量点已存在且内容不同，请走参数变更工单",
                "this point is there already and differs; use a change ticket",
            )
        };
    }
    if there.was_read {
        return refused(
            Some("number"),
            "该用户已抄表，计量点请走参数变更工单",
            "this account was read already; change its points by ticket",
        );
    }
    if point.point_seq != there.points.len() as i64 + 1 {
        return refused(
            Some("point"),
            format!("计量点应从 1 起连续编号，下一个为 {}", there.points.len() + 1),
            format!("points are numbered from 1 without a gap; the next is {}", there.points.len() + 1),
        );
    }
    Fate::Added
}

fn read(row: &TypedRow, account_id: i64) -> Result<std::result::Result<Point, Fate>> {
    let yes = |key: &str, otherwise: bool| {
        row.get::<String>(key).map(|value| value.map_or(otherwise, |value| value == "1"))
    };
    let point_seq = row.need::<i64>("point")?;
    let relation = match row.get::<String>("relation")? {
        Some(words) => match PointRelation::from_words(&words) {
            Some(relation) => relation,
            None => return Ok(Err(refused(Some("relation"), "无法识别", "not known"))),
        },
        None => PointRelation::Metered,
    };
    let parent_seq = row.get::<i64>("parent")?;
    let fixed_kwh = row.get::<Quantity>("fixed_kwh")?;
    let fixed_ratio = row.get::<Rate>("fixed_ratio")?;
    // A parent stands before its children, so that there is no circle.
    let right_parent = match parent_seq {
        Some(parent) => relation != PointRelation::Metered && (1..point_seq).contains(&parent),
        None => relation == PointRelation::Metered,
    };
    if !right_parent {
        return Ok(Err(refused(
            Some("parent"),
            "总分、定量、定比计量点应指明其前的上级计量点，实抄计量点不填",
            "a dependent point, and no other, names an earlier point as its parent",
        )));
    }
    let right_quantity = (relation == PointRelation::FixedQuantity) == fixed_kwh.is_some()
        && fixed_kwh.is_none_or(|kwh| !kwh.is_negative());
    let right_ratio = (relation == PointRelation::FixedRatio) == fixed_ratio.is_some()
        && fixed_ratio.is_none_or(|ratio| ratio > Rate::ZERO && ratio <= Rate::ONE);
    if !right_quantity || !right_ratio {
        return Ok(Err(refused(
            Some(if right_quantity { "fixed_ratio" } else { "fixed_kwh" }),
            "定量应填写不为负的电量，定比应填写 0 至 1 的比例，其他不填",
            "a fixed quantity, and no other, needs its kWh; a fixed ratio, and no other, a ratio of 0 to 1",
        )));
    }
    Ok(Ok(Point {
        account_id,
        point_seq,
        price_class: row.get("price_class")?,
        time_of_use: yes("tou", false)?,
        relation,
        parent_seq,
        fixed_kwh,
        fixed_ratio,
        bears_transformer_loss: yes("bears_transformer_loss", false)?,
        bears_line_loss: yes("bears_line_loss", false)?,
        in_power_factor: yes("in_power_factor", true)?,
    }))
}
