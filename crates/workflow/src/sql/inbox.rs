//! Queries of what waits.

use kernel::Date;
use store::{Conditions, StoreError, Tx, Value, params};

use super::{approval, clock, ticket};
use crate::{Clock, ClockGroup, ClockQuery, OpenApproval, Ticket, TicketGroup};

pub(crate) fn ticket_groups(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
) -> Result<Vec<TicketGroup>, StoreError> {
    tx.list(
        "SELECT kind, state, raised_unit_id, addressed_unit_id, third_unit_id, own, COUNT(*) FROM (
           SELECT kind, state, raised_unit_id, addressed_unit_id, third_unit_id,
             CASE WHEN raised_by = ?2 THEN 1 ELSE 0 END AS own
           FROM workflow_ticket WHERE org_id = ?1 AND closed = 0) t
         GROUP BY kind, state, raised_unit_id, addressed_unit_id, third_unit_id, own
         ORDER BY kind, state, raised_unit_id, addressed_unit_id",
        params![org_id, person_id],
        |row| {
            Ok(TicketGroup {
                kind: row.text(0)?,
                state: row.text(1)?,
                raised_unit_id: row.int(2)?,
                addressed_unit_id: row.int(3)?,
                third_unit_id: row.int_or_null(4)?,
                own: row.flag(5)?,
                count: row.int(6)?,
            })
        },
    )
}

pub(crate) fn tickets_of_account(
    tx: &mut Tx<'_>,
    org_id: i64,
    account_id: i64,
) -> Result<Vec<Ticket>, StoreError> {
    tx.list(
        &format!(
            "{} WHERE org_id = ?1 AND account_id = ?2 AND closed = 0 ORDER BY id LIMIT 500",
            ticket::TICKET
        ),
        params![org_id, account_id],
        ticket::ticket,
    )
}

pub(crate) fn approvals_open(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<OpenApproval>, StoreError> {
    let found = tx.list(
        "SELECT id, number, kind, unit_id, amount, maker_id, state, version, subject_kind, subject_id, is_refund, opened_at
         FROM workflow_approval WHERE org_id = ?1 AND state = 0 ORDER BY id LIMIT 2000",
        params![org_id],
        |row| {
            Ok::<_, StoreError>(OpenApproval {
                approval: approval::approval(row)?,
                subject_kind: row.text(8)?,
                subject_id: row.int(9)?,
                is_refund: row.flag(10)?,
                opened_at: row.moment(11)?,
            })
        },
    )?;
    found
        .into_iter()
        .map(|open| Ok(OpenApproval { approval: approval::with_steps(tx, org_id, open.approval)?, ..open }))
        .collect()
}

pub(crate) fn clock_groups(
    tx: &mut Tx<'_>,
    org_id: i64,
    due_by: Date,
    today: Date,
) -> Result<Vec<ClockGroup>, StoreError> {
    tx.list(
        "SELECT code, answerable_unit_id, COUNT(*), COUNT(CASE WHEN due_on = ?3 THEN 1 END),
           COUNT(CASE WHEN due_on < ?3 THEN 1 END), MIN(due_on)
         FROM workflow_clock WHERE org_id = ?1 AND due_on <= ?2 AND met_on IS NULL AND dropped_on IS NULL
         GROUP BY code, answerable_unit_id ORDER BY MIN(due_on), code, answerable_unit_id",
        params![org_id, due_by, today],
        |row| {
            Ok(ClockGroup {
                code: row.text(0)?,
                unit_id: row.int(1)?,
                count: row.int(2)?,
                due: row.int(3)?,
                late: row.int(4)?,
                first_due_on: row.date(5)?,
            })
        },
    )
}

pub(crate) fn clocks_page(
    tx: &mut Tx<'_>,
    org_id: i64,
    query: &ClockQuery<'_>,
) -> Result<(Vec<Clock>, i64), StoreError> {
    let mut wanted = Conditions::new(
        "org_id = ? AND due_on <= ? AND met_on IS NULL AND dropped_on IS NULL",
        &[Value::Int(org_id), query.due_by.into()],
    );
    if let Some(code) = query.code {
        wanted.and("code = ?", &[code.into()]);
    }
    if let Some(units) = query.units {
        wanted.and_one_of("answerable_unit_id", units);
    }
    let count = format!("SELECT COUNT(*) FROM workflow_clock WHERE {}", wanted.text());
    let total = tx.one(&count, wanted.values(), |row| row.int(0))?;
    let columns = ["due_on", "id"];
    wanted.and_walked(&query.walk, &columns, false);
    let (order, text) = (query.walk.order(&columns, false), wanted.text());
    let sql = format!("{} WHERE {text}{order} LIMIT {} OFFSET {}", clock::CLOCK, query.limit, query.offset);
    let rows = tx.list(&sql, wanted.values(), clock::clock)?;
    Ok((query.walk.in_order(rows), total.unwrap_or(0)))
}
