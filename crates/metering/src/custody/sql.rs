//! The tables of tools.

use kernel::Month;
use store::{Row, Tx, params};

use super::model::{RoomCount, Tool, ToolEvent, ToolHistory, ToolKind, ToolState};
use crate::Result;
use crate::book::BookState;

pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, tool: &Tool) -> Result<()> {
    tx.execute(
        "INSERT INTO reading_tool (org_id, tool_id, kind, number, unit_id, account_id, book_id, state, holder_id, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            org_id,
            tool.tool_id,
            tool.kind,
            &tool.number,
            tool.unit_id,
            tool.account_id,
            tool.book_id,
            tool.state,
            tool.holder_id,
            tool.version
        ],
    )?;
    Ok(())
}

const TOOL: &str =
    "SELECT tool_id, kind, number, unit_id, account_id, book_id, state, holder_id, version FROM reading_tool";

fn read_tool(row: &Row<'_>) -> Result<Tool> {
    Ok(Tool {
        tool_id: row.int(0)?,
        kind: ToolKind::from_code(row.int(1)?)?,
        number: row.text(2)?,
        unit_id: row.int(3)?,
        account_id: row.int_or_null(4)?,
        book_id: row.int_or_null(5)?,
        state: ToolState::from_code(row.int(6)?)?,
        holder_id: row.int_or_null(7)?,
        version: row.int(8)?,
    })
}

pub(crate) fn tool(tx: &mut Tx<'_>, org_id: i64, tool_id: i64) -> Result<Option<Tool>> {
    tx.one(&format!("{TOOL} WHERE org_id = ?1 AND tool_id = ?2"), params![org_id, tool_id], read_tool)
}

pub(crate) fn tools_of(tx: &mut Tx<'_>, org_id: i64, unit_id: i64) -> Result<Vec<Tool>> {
    tx.list(
        &format!("{TOOL} WHERE org_id = ?1 AND unit_id = ?2 ORDER BY kind, number LIMIT 10000"),
        params![org_id, unit_id],
        read_tool,
    )
}

/// Writes the tool as decided, and the event under the version it ended.
pub(crate) fn save(tx: &mut Tx<'_>, org_id: i64, tool: &Tool, event: &ToolHistory) -> Result<()> {
    tx.execute_one(
        &format!("tool {}", tool.number),
        "UPDATE reading_tool SET state = ?4, holder_id = ?5, version = version + 1
         WHERE org_id = ?1 AND tool_id = ?2 AND version = ?3",
        params![org_id, tool.tool_id, tool.version, tool.state, tool.holder_id],
    )?;
    tx.execute(
        "INSERT INTO tool_event (org_id, tool_id, version, event, on_date, person_id, done_by, note)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            org_id,
            tool.tool_id,
            tool.version,
            event.event,
            event.on,
            event.person_id,
            event.done_by,
            &event.note
        ],
    )?;
    Ok(())
}

pub(crate) fn history(tx: &mut Tx<'_>, org_id: i64, tool_id: i64) -> Result<Vec<ToolHistory>> {
    tx.list(
        "SELECT event, on_date, person_id, done_by, note FROM tool_event
         WHERE org_id = ?1 AND tool_id = ?2 ORDER BY version",
        params![org_id, tool_id],
        |row| {
            Ok(ToolHistory {
                event: ToolEvent::from_code(row.int(0)?)?,
                on: row.date(1)?,
                person_id: row.int(2)?,
                done_by: row.int(3)?,
                note: row.text(4)?,
            })
        },
    )
}

/// The states of a book in all months that are not issued yet.
pub(crate) fn states_of_book(tx: &mut Tx<'_>, org_id: i64, book_id: i64) -> Result<Vec<BookState>> {
    tx.list(
        "SELECT state FROM book_month WHERE org_id = ?1 AND book_id = ?2 AND state <> 6",
        params![org_id, book_id],
        |row| BookState::from_code(row.int(0)?),
    )
}

/// What is to be issued and what is out, by station; stations with neither are left out.
pub(crate) fn room_counts(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<RoomCount>> {
    use BookState::{Calculating, Exception, Reviewing, Submitted};
    let accounted: Vec<String> =
        [Submitted, Calculating, Reviewing, Exception].map(|state| state.code().to_string()).into();
    let of_book = "EXISTS (SELECT 1 FROM book_month m WHERE m.org_id = t.org_id AND m.book_id = t.book_id";
    let in_accounting = format!("{of_book} AND m.state IN ({}))", accounted.join(", "));
    let sql = format!(
        "SELECT t.unit_id,
           CAST(SUM(CASE WHEN t.state = ?2 AND t.kind = ?4
             AND {of_book} AND m.month = ?6 AND m.state = ?7) AND NOT {in_accounting} THEN 1 ELSE 0 END) AS BIGINT),
           CAST(SUM(CASE WHEN t.state = ?3 THEN 1 ELSE 0 END) AS BIGINT),
           CAST(SUM(CASE WHEN t.state = ?3 AND t.kind = ?4 AND {in_accounting} THEN 1 ELSE 0 END) AS BIGINT)
         FROM reading_tool t WHERE t.org_id = ?1 AND t.kind IN (?4, ?5) AND t.state IN (?2, ?3)
         GROUP BY t.unit_id ORDER BY t.unit_id"
    );
    tx.list(
        &sql,
        params![
            org_id,
            ToolState::Kept,
            ToolState::Issued,
            ToolKind::Ledger,
            ToolKind::Handheld,
            month,
            BookState::Created
        ],
        |row| {
            let (unit_id, to_issue, out, overdue) = (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?);
            Ok(RoomCount { unit_id, to_issue, out, overdue })
        },
    )
}
