//! The desks around the issue: exceptions, holds, adjustments, lists and slips stand in states that their own dates,
//! persons and tickets bear out.

use identity::check::Checked;
use kernel::{Money, Quantity};
use store::{Tx, params};

use crate::{BillingError, Result};

/// The state in which a ticket must be, because a desk's own row says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketStanding {
    /// The ticket, as workflow knows it.
    pub ticket_id: i64,
    /// The desk's document.
    pub place: String,
    /// The states that fit.
    pub states: &'static [&'static str],
    /// The approval that must be complete, when one must.
    pub approved: Option<i64>,
}

/// Exceptions, holds and adjustments by their own rows.
pub fn desks(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Checked>> {
    Ok(vec![exceptions(tx, org_id)?, holds(tx, org_id)?, adjustments(tx, org_id)?, calculations(tx, org_id)?])
}

fn exceptions(tx: &mut Tx<'_>, org_id: i64) -> Result<Checked> {
    let mut checked = Checked::new(
        "billing.exceptions",
        "异常的状态与送达、反馈、结束、发行的记录一致",
        "exceptions stand where their dates, answers and issues say",
    );
    let count =
        tx.one("SELECT COUNT(*) FROM exception WHERE org_id = ?1", params![org_id], |row| row.int(0))?;
    checked.look(count.unwrap_or(0));
    // In SQL: a month has tens of thousands, and nearly all are as they must be.
    tx.each(
        "SELECT e.month, e.account_id, e.state FROM exception e
         LEFT JOIN receivable r ON r.org_id = e.org_id AND r.month = e.month AND r.account_id = e.account_id AND r.sequence = 0
         LEFT JOIN bill b ON b.org_id = e.org_id AND b.month = e.month AND b.account_id = e.account_id AND b.sequence = 0
         WHERE e.org_id = ?1 AND (b.account_id IS NULL OR e.state NOT BETWEEN 0 AND 4
           OR (e.state = 4 AND r.account_id IS NULL) OR (e.state < 4 AND r.account_id IS NOT NULL AND b.reasons <> 0)
           OR (e.state BETWEEN 1 AND 3 AND (e.ticket_id IS NULL OR e.sent_at IS NULL))
           OR (e.state IN (2, 3) AND (e.answered_by IS NULL OR e.answered_at IS NULL))
           OR (e.state = 3 AND e.in_order_at IS NULL)) ORDER BY e.month, e.account_id LIMIT 1000",
        params![org_id],
        |row| {
            let place = format!("exception {} {}", row.int(0)?, row.int(1)?);
            let state = row.int(2)?;
            checked.find(
                place,
                format!("状态 {state} 与其账单、送达、反馈或发行记录不符"),
                format!("state {state} does not fit its bill, dates, answer or issue"),
            );
            Ok::<_, BillingError>(())
        },
    )?;
    Ok(checked)
}

fn holds(tx: &mut Tx<'_>, org_id: i64) -> Result<Checked> {
    let mut checked = Checked::new(
        "billing.holds",
        "暂缓发行的起止与退补、申请一致",
        "holds begin and end as their adjustments and requests do",
    );
    tx.each(
        "SELECT h.hold_id, h.kind, h.released_by, h.released_at, h.placed_at, t.ticket_id, t.issued_at,
           (SELECT MIN(c.state) FROM adjustment_case c WHERE c.org_id = h.org_id AND c.number = h.document)
         FROM hold h LEFT JOIN hold_ticket t ON t.org_id = h.org_id AND t.hold_id = h.hold_id
         WHERE h.org_id = ?1 ORDER BY h.hold_id",
        params![org_id],
        |row| {
            checked.look(1);
            let place = format!("hold {}", row.int(0)?);
            let (by, at) = (row.int_or_null(2)?, row.int_or_null(3)?);
            let released = at.is_some();
            let in_order =
                by.is_some() == released && at.is_none_or(|at| at >= row.int(4).unwrap_or(i64::MAX));
            checked.must(
                in_order,
                || place.clone(),
                "解除人与解除时间不符",
                "who ended it and when do not fit",
            );
            if row.int(1)? == crate::sql::HOLD_ADJUSTMENT {
                // 0 is a case in progress.
                let running = row.int_or_null(7)?.map(|state| state == 0);
                checked.must(
                    running == Some(!released),
                    || place.clone(),
                    "与退补单的状态不符",
                    "it does not end with its adjustment",
                );
            } else {
                let ticket = row.int_or_null(5)?.is_some();
                let issued = row.int_or_null(6)?.is_some();
                checked.must(
                    ticket && (released || !issued),
                    || place.clone(),
                    "没有申请单，或未解除而已发行",
                    "it has no request, or came out without being released",
                );
            }
            Ok::<_, BillingError>(())
        },
    )?;
    Ok(checked)
}

fn adjustments(tx: &mut Tx<'_>, org_id: i64) -> Result<Checked> {
    let mut checked = Checked::new(
        "billing.adjustments",
        "退补单的合计、状态与其账单一致",
        "adjustments add up, and stand where their bills say",
    );
    tx.each(
        "SELECT c.number, c.state, c.sequence, c.energy_kwh, c.amount,
           (SELECT CAST(SUM(p.amount) AS BIGINT) FROM adjustment_component p WHERE p.org_id = c.org_id AND p.case_id = c.case_id),
           (SELECT CAST(SUM(t.energy_kwh) AS BIGINT) FROM adjustment_tier t WHERE t.org_id = c.org_id AND t.case_id = c.case_id),
           i.bills, i.energy_kwh, i.amount, c.issue_id, c.issued_on, b.bills, b.charged, b.refunded,
           (SELECT COUNT(*) FROM adjustment_line l WHERE l.org_id = c.org_id AND l.case_id = c.case_id),
           (SELECT CAST(SUM(l.amount) AS BIGINT) FROM adjustment_line l WHERE l.org_id = c.org_id AND l.case_id = c.case_id)
         FROM adjustment_case c LEFT JOIN issue i ON i.org_id = c.org_id AND i.issue_id = c.issue_id
         LEFT JOIN adjustment_batch b ON b.org_id = c.org_id AND b.case_id = c.case_id
         WHERE c.org_id = ?1 ORDER BY c.case_id",
        params![org_id],
        |row| {
            checked.look(1);
            let number = row.text(0)?;
            let place = || number.clone();
            let (energy_kwh, amount): (Quantity, Money) = (row.quantity(3)?, row.money(4)?);
            if let Some(bills) = row.int_or_null(12)? {
                // One slip for many customers: its lines are what was approved.
                let lines = (row.int(15)?, row.int_or_null(16)?.unwrap_or(0));
                let same = lines == (bills, amount.fen());
                checked.must(same, place, "批次的户数或金额与其明细不符", "its count or amount is not that of its lines");
                return Ok(());
            }
            let components = row.int_or_null(5)?.unwrap_or(0);
            checked.must(components == amount.fen(), place, "各费用项之和与金额不符", "its components do not sum to its amount");
            let tiers = row.int_or_null(6)?;
            checked.must(tiers.is_none_or(|tiers| tiers == energy_kwh.units()), place, "各阶梯之和与电量不符", "its tiers do not sum to its energy");
            let issued = row.int(1)? == crate::adjustment::CaseState::Issued as i64;
            let has_bill = row.int_or_null(2)?.is_some() && row.int_or_null(10)?.is_some() && row.int_or_null(11)?.is_some();
            checked.must(issued == has_bill, place, "状态与其账单不符", "its state does not fit its bill");
            if issued {
                let same = row.int_or_null(7)? == Some(1)
                    && row.int_or_null(8)? == Some(energy_kwh.units())
                    && row.int_or_null(9)? == Some(amount.fen());
                checked.must(same, place, "发行的电量或金额与退补单不符", "what was issued differs from it");
            }
            Ok::<_, BillingError>(())
        },
    )?;
    Ok(checked)
}

fn calculations(tx: &mut Tx<'_>, org_id: i64) -> Result<Checked> {
    let mut checked = Checked::new(
        "billing.calculations",
        "计算与复核记录成对，无异常户数不超过户数",
        "calculations and their reviews go together, clean accounts are among the accounts",
    );
    tx.each(
        "SELECT month, book_id, accounts, clean, reviewed_by, reviewed_at, calculated_at FROM calculation WHERE org_id = ?1",
        params![org_id],
        |row| {
            checked.look(1);
            let (accounts, clean) = (row.int(2)?, row.int(3)?);
            let (by, at) = (row.int_or_null(4)?, row.int_or_null(5)?);
            let calculated_at = row.int(6)?;
            let good = (0..=accounts).contains(&clean) && by.is_some() == at.is_some() && at.is_none_or(|at| at >= calculated_at);
            if !good {
                checked.find(format!("{} {}", row.int(0)?, row.int(1)?), "计算记录前后不符", "a calculation contradicts itself");
            }
            Ok::<_, BillingError>(())
        },
    )?;
    Ok(checked)
}

/// Where the tickets of exceptions, holds and adjustments must stand.
pub fn ticket_standings(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<TicketStanding>> {
    let mut found = Vec::new();
    tx.each(
        "SELECT ticket_id, month, account_id, state FROM exception WHERE org_id = ?1 AND ticket_id IS NOT NULL",
        params![org_id],
        |row| {
            found.push(TicketStanding {
                ticket_id: row.int(0)?,
                place: format!("exception {} {}", row.int(1)?, row.int(2)?),
                states: match row.int(3)? {
                    1 => &["sent", "raised", "received"],
                    2 => &["answered"],
                    3 => &["in_order", "closed"],
                    4 => &["issued"],
                    _ => &[],
                },
                approved: None,
            });
            Ok::<_, BillingError>(())
        },
    )?;
    tx.each(
        "SELECT t.ticket_id, t.hold_id, h.released_at, t.issued_at FROM hold_ticket t
         JOIN hold h ON h.org_id = t.org_id AND h.hold_id = t.hold_id WHERE t.org_id = ?1",
        params![org_id],
        |row| {
            found.push(TicketStanding {
                ticket_id: row.int(0)?,
                place: format!("hold {}", row.int(1)?),
                states: match (row.int_or_null(2)?, row.int_or_null(3)?) {
                    (None, _) => &["held"],
                    (Some(_), None) => &["released", "withdrawn"],
                    (Some(_), Some(_)) => &["issued"],
                },
                approved: None,
            });
            Ok::<_, BillingError>(())
        },
    )?;
    tx.each(
        "SELECT ticket_id, number, state, approval_id FROM adjustment_case WHERE org_id = ?1",
        params![org_id],
        |row| {
            let state = row.int(2)?;
            found.push(TicketStanding {
                ticket_id: row.int(0)?,
                place: row.text(1)?,
                states: match state {
                    0 => &["started", "approved", "audited", "operated", "archived", "followed_up"],
                    1 => &["issued"],
                    2 => &["refused"],
                    _ => &[],
                },
                approved: if state == 1 { Some(row.int(3)?) } else { None },
            });
            Ok::<_, BillingError>(())
        },
    )?;
    Ok(found)
}

/// Numbers that documents of billing bear, by the code of their kind; bills are in the issues.
pub fn document_numbers(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    for (kind, sql) in [
        ("exception_list", "SELECT number FROM exception_list WHERE org_id = ?1"),
        ("change_slip", "SELECT number FROM change_slip WHERE org_id = ?1"),
    ] {
        tx.each(sql, params![org_id], |row| {
            found.push((kind, row.text(0)?));
            Ok::<_, BillingError>(())
        })?;
    }
    Ok(found)
}
