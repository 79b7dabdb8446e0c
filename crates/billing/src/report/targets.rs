//! Targets for reading, billing and collection: decomposed per unit, issued by marketing, approved by the leader in
//! charge. (RPT-08)

use identity::Work;
use kernel::Month;
use store::{StoreError, Tx, params};

use crate::office::record::record;
use crate::office::{OfficeError, Result, permission};

/// What is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// Actual reading rate (实抄率), in 10^-10.
    ReadingRate = 1,
    /// Receivable fee (应收电费), in fen; the units' parts sum to the whole.
    Receivable = 2,
    /// Collection rate (回收率), in 10^-10.
    CollectionRate = 3,
}

impl TargetKind {
    fn from_number(number: i64) -> std::result::Result<TargetKind, StoreError> {
        [TargetKind::ReadingRate, TargetKind::Receivable, TargetKind::CollectionRate]
            .into_iter()
            .find(|kind| *kind as i64 == number)
            .ok_or(StoreError::WrongType { column: 0, expected: "a kind of target" })
    }
}

/// A unit's target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What is aimed at.
    pub kind: TargetKind,
    /// The unit.
    pub unit_id: i64,
    /// How much, in the unit of the kind.
    pub value: i64,
    /// Who set it.
    pub set_by: i64,
    /// Who approved it; it is in force only then.
    pub approved_by: Option<i64>,
}

/// Sets the parts of `whole` for a month; amounts must sum to it, rates stand for themselves and are 0 to 100 %.
pub fn set_targets(
    work: &mut Work<'_, '_>,
    month: Month,
    kind: TargetKind,
    whole: i64,
    parts: &[(i64, i64)],
) -> Result<()> {
    let org_id = work.org_id();
    let sum = parts.iter().try_fold(0_i64, |sum, (_, value)| sum.checked_add(*value));
    let fits = match kind {
        TargetKind::Receivable => sum == Some(whole) && parts.iter().all(|(_, value)| *value >= 0),
        _ => parts.iter().all(|(_, value)| (0..=kernel::Rate::SCALE).contains(value)),
    };
    if !fits || parts.is_empty() || parts.len() > 10_000 {
        return Err(OfficeError::refused(
            "RPT-08",
            format!("指标分解不成立：各单位之和应等于 {whole}，比率应在 0 到 100% 之间"),
            format!("the parts do not fit: amounts must sum to {whole}, rates lie between 0 and 100 %"),
        ));
    }
    let (by, now) = (work.actor().person_id, work.now());
    for (unit_id, value) in parts {
        work.require(permission::SET_TARGETS, *unit_id)?;
        work.tx.execute_one(
            &format!("target of unit {unit_id}"),
            "INSERT INTO target (org_id, month, kind, unit_id, value, set_by, set_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (org_id, month, kind, unit_id) DO UPDATE SET value = excluded.value, set_by = excluded.set_by,
               set_at = excluded.set_at WHERE target.approved_by IS NULL",
            params![org_id, month, kind as i64, *unit_id, *value, by, now],
        )?;
    }
    record(
        work,
        permission::SET_TARGETS,
        parts[0].0,
        "targets",
        &format!("{month} {kind:?}"),
        "",
        &format!("{} units, {whole}", parts.len()),
    )
}

/// Approves all targets of a kind for a month; not by who set them.
pub fn approve_targets(work: &mut Work<'_, '_>, month: Month, kind: TargetKind) -> Result<usize> {
    let org_id = work.org_id();
    let mut targets = targets_of(work.tx, org_id, month)?;
    targets.retain(|target| target.kind == kind && target.approved_by.is_none());
    if targets.is_empty() {
        return Err(OfficeError::NotFound { what: "target of month", id: month.number() });
    }
    for target in &targets {
        work.require(permission::APPROVE_TARGETS, target.unit_id)?;
        work.forbid_maker(target.set_by, "the targets")?;
    }
    let (by, now) = (work.actor().person_id, work.now());
    work.tx.execute(
        "UPDATE target SET approved_by = ?4, approved_at = ?5
         WHERE org_id = ?1 AND month = ?2 AND kind = ?3 AND approved_by IS NULL",
        params![org_id, month, kind as i64, by, now],
    )?;
    let (unit_id, units) = (targets[0].unit_id, format!("{} units", targets.len()));
    record(work, permission::APPROVE_TARGETS, unit_id, "targets", &format!("{month} {kind:?}"), "", &units)?;
    Ok(targets.len())
}

/// The targets of a month.
pub fn targets_of(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<Target>> {
    Ok(tx.list(
        "SELECT kind, unit_id, value, set_by, approved_by FROM target WHERE org_id = ?1 AND month = ?2
         ORDER BY kind, unit_id",
        params![org_id, month],
        |row| {
            Ok::<_, StoreError>(Target {
                kind: TargetKind::from_number(row.int(0)?)?,
                unit_id: row.int(1)?,
                value: row.int(2)?,
                set_by: row.int(3)?,
                approved_by: row.int_or_null(4)?,
            })
        },
    )?)
}
