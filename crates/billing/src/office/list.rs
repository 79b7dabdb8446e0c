//! Lists that two units sign (双方签字): their lines are fixed when they are made, and a list is complete only with
//! both signatures. (XC-04, BILL-12, ADJ-11, ADJ-12)

use identity::Work;
use kernel::{Moment, Money, Quantity};
use store::{StoreError, Tx, params};

use super::record::{next_number, record, require_at};
use super::{OfficeError, Result, checked_text, permission};

/// What a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// "Quantity/fee fluctuation" customers (电量电费浮动异常客户明细表).
    Fluctuation = 1,
    /// "Zero-read and unread" customers (抄零、未抄客户明细表).
    ZeroAndUnread = 2,
    /// All feedback of a month, signed by both sides.
    MonthFeedback = 3,
    /// Adjustments completed in a month, signed by both sides.
    MonthAdjustments = 4,
    /// Adjustments in progress, daily.
    RunningAdjustments = 5,
    /// Original evidence of one adjustment handed to the station.
    Evidence = 6,
}

impl ListKind {
    const ALL: [ListKind; 6] = [
        ListKind::Fluctuation,
        ListKind::ZeroAndUnread,
        ListKind::MonthFeedback,
        ListKind::MonthAdjustments,
        ListKind::RunningAdjustments,
        ListKind::Evidence,
    ];
    const fn series(self) -> &'static str {
        match self {
            ListKind::Fluctuation => "FD",
            ListKind::ZeroAndUnread => "CL",
            ListKind::MonthFeedback => "FK",
            ListKind::MonthAdjustments => "TQ",
            ListKind::RunningAdjustments => "ZT",
            ListKind::Evidence => "ZL",
        }
    }
    fn from_number(number: i64) -> std::result::Result<ListKind, StoreError> {
        ListKind::ALL
            .into_iter()
            .find(|kind| *kind as i64 == number)
            .ok_or(StoreError::WrongType { column: 1, expected: "a kind of list" })
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLine {
    /// The account, if it is about one.
    pub account_id: Option<i64>,
    /// The document's number.
    pub document: String,
    /// What a person reads.
    pub text: String,
    /// kWh.
    pub energy_kwh: Quantity,
    /// Yuan.
    pub amount: Money,
}

/// The head of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedList {
    /// Its key.
    pub list_id: i64,
    /// What it is about.
    pub kind: ListKind,
    /// Its number.
    pub number: String,
    /// The month (yyyymm) or day (yyyymmdd) it covers.
    pub period: i64,
    /// The unit that made it.
    pub first_unit: i64,
    /// The unit it was made for.
    pub second_unit: i64,
    /// How many lines.
    pub lines: i64,
    /// Who made it.
    pub made_by: i64,
    /// Signature of the first unit: who and when.
    pub first_signature: Option<(i64, Moment)>,
    /// Signature of the second unit.
    pub second_signature: Option<(i64, Moment)>,
    /// What the second unit answered, such as which copies it added.
    pub answer: Option<String>,
}

impl SignedList {
    /// Both sides have signed.
    pub fn is_complete(&self) -> bool {
        self.first_signature.is_some() && self.second_signature.is_some()
    }
}

/// Makes a list; its lines never change afterwards.
pub(crate) fn make(
    work: &mut Work<'_, '_>,
    kind: ListKind,
    period: i64,
    (first_unit, second_unit): (i64, i64),
    lines: &[ListLine],
) -> Result<SignedList> {
    let number = next_number(work, kind.series(), second_unit)?;
    let list_id = work.next_key();
    let (org_id, person_id, now) = (work.org_id(), work.actor().person_id, work.now());
    let count = lines.len() as i64;
    work.tx.execute(
        "INSERT INTO office_list (org_id, list_id, kind, number, period, first_unit, second_unit, lines, made_by, made_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![org_id, list_id, kind as i64, &number, period, first_unit, second_unit, count, person_id, now],
    )?;
    for (index, line) in (1_i64..).zip(lines) {
        work.tx.execute(
            "INSERT INTO office_list_line (org_id, list_id, line, account_id, document, text, energy_kwh, amount)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![org_id, list_id, index, line.account_id, &line.document, &line.text, line.energy_kwh, line.amount],
        )?;
    }
    record(work, "make list", &number, "", &format!("{count} lines"))?;
    find(work.tx, org_id, list_id)
}

const LIST: &str = "SELECT list_id, kind, number, period, first_unit, second_unit, lines, made_by, first_signer,
  first_signed_at, second_signer, second_signed_at, answer FROM office_list";

fn read(row: &store::Row<'_>) -> std::result::Result<SignedList, StoreError> {
    Ok(SignedList {
        list_id: row.int(0)?,
        kind: ListKind::from_number(row.int(1)?)?,
        number: row.text(2)?,
        period: row.int(3)?,
        first_unit: row.int(4)?,
        second_unit: row.int(5)?,
        lines: row.int(6)?,
        made_by: row.int(7)?,
        first_signature: row.int_or_null(8)?.zip(row.moment_or_null(9)?),
        second_signature: row.int_or_null(10)?.zip(row.moment_or_null(11)?),
        answer: row.text_or_null(12)?,
    })
}

/// One list.
pub fn find(tx: &mut Tx<'_>, org_id: i64, list_id: i64) -> Result<SignedList> {
    let found = tx.one(&format!("{LIST} WHERE org_id = ?1 AND list_id = ?2"), params![org_id, list_id], read)?;
    found.ok_or(OfficeError::NotFound { what: "list", id: list_id })
}

/// The lists of a kind for a period, by unit.
pub fn of_period(tx: &mut Tx<'_>, org_id: i64, kind: ListKind, period: i64) -> Result<Vec<SignedList>> {
    let sql = format!("{LIST} WHERE org_id = ?1 AND kind = ?2 AND period = ?3 ORDER BY second_unit, list_id");
    Ok(tx.list(&sql, params![org_id, kind as i64, period], read)?)
}

/// Lists of `kind` for `period` that still lack a signature. (BILL-12)
pub fn unsigned(tx: &mut Tx<'_>, org_id: i64, kind: ListKind, period: i64) -> Result<Vec<SignedList>> {
    let mut lists = of_period(tx, org_id, kind, period)?;
    lists.retain(|list| !list.is_complete());
    Ok(lists)
}

/// The lines of a list, in order.
pub fn lines(tx: &mut Tx<'_>, org_id: i64, list_id: i64) -> Result<Vec<ListLine>> {
    Ok(tx.list(
        "SELECT account_id, document, text, energy_kwh, amount FROM office_list_line
         WHERE org_id = ?1 AND list_id = ?2 ORDER BY line",
        params![org_id, list_id],
        |row| {
            Ok::<_, StoreError>(ListLine {
                account_id: row.int_or_null(0)?,
                document: row.text(1)?,
                text: row.text(2)?,
                energy_kwh: row.quantity(3)?,
                amount: row.money(4)?,
            })
        },
    )?)
}

/// The second unit's answer to a list, such as the copies it adds; before it is signed. (ADJ-12)
pub fn answer(work: &mut Work<'_, '_>, list_id: i64, text: &str) -> Result<()> {
    let org_id = work.org_id();
    let list = find(work.tx, org_id, list_id)?;
    require_at(work, permission::SIGN_LIST, list.second_unit)?;
    let text = checked_text("answer", text, 2000)?;
    let (person_id, now) = (work.actor().person_id, work.now());
    work.tx.execute_one(
        &format!("list {}", list.number),
        "UPDATE office_list SET answer = ?3, answered_by = ?4, answered_at = ?5
         WHERE org_id = ?1 AND list_id = ?2 AND answer IS NULL AND second_signer IS NULL",
        params![org_id, list_id, text, person_id, now],
    )?;
    record(work, "answer list", &list.number, "", text)
}

/// Signs a list for `unit_id`, one of its two units; a person signs for one of them only.
pub fn sign(work: &mut Work<'_, '_>, list_id: i64, unit_id: i64) -> Result<SignedList> {
    let org_id = work.org_id();
    let list = find(work.tx, org_id, list_id)?;
    require_at(work, permission::SIGN_LIST, unit_id)?;
    let (signer, other, columns) = if unit_id == list.first_unit {
        (list.first_signature, list.second_signature, ("first_signer", "first_signed_at"))
    } else if unit_id == list.second_unit {
        (list.second_signature, list.first_signature, ("second_signer", "second_signed_at"))
    } else {
        return Err(OfficeError::refused(
            "XC-04",
            format!("清单 {} 不由单位 {unit_id} 签字", list.number),
            format!("list {} is not for unit {unit_id} to sign", list.number),
        ));
    };
    if signer.is_some() {
        return Err(OfficeError::refused(
            "XC-04",
            format!("清单 {} 已由该单位签字", list.number),
            format!("list {} was signed for this unit before", list.number),
        ));
    }
    if list.kind == ListKind::MonthAdjustments && unit_id == list.second_unit && list.answer.is_none() {
        return Err(OfficeError::refused(
            "ADJ-12",
            format!("清单 {} 须先附原始资料复印件说明再签字", list.number),
            format!("answer list {} with the copies of the evidence before signing", list.number),
        ));
    }
    if let Some((person, _)) = other {
        work.forbid_maker(person, &format!("the other signature on {}", list.number))?;
    }
    let (person_id, now) = (work.actor().person_id, work.now());
    let (who, when) = columns;
    work.tx.execute_one(
        &format!("list {}", list.number),
        &format!(
            "UPDATE office_list SET {who} = ?3, {when} = ?4 WHERE org_id = ?1 AND list_id = ?2 AND {who} IS NULL"
        ),
        params![org_id, list_id, person_id, now],
    )?;
    record(work, "sign list", &list.number, "", &format!("unit {unit_id}"))?;
    find(work.tx, org_id, list_id)
}
