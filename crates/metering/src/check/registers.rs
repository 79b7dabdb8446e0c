//! Readings with their history, references between accounts, points and meters, tools with their events.

use identity::check::Checked;
use store::{Tx, params};

use crate::{MeteringError, Result};

pub(super) fn check(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Checked>> {
    let mut readings = Checked::new(
        "metering.readings",
        "表码的每一版都在，止码不小于起码或已注明翻转",
        "every version of a reading is there, and registers go back only where they are said to have rolled over",
    );
    for table in ["reading", "reading_history"] {
        let rows =
            tx.one(&format!("SELECT COUNT(*) FROM {table} WHERE org_id = ?1"), params![org_id], |row| {
                row.int(0)
            })?;
        readings.look(rows.unwrap_or(0));
    }
    // The line of a new batch is version 1 and empty until somebody reads the meter; an empty line is not kept.
    tx.each(
        "SELECT h.month, h.account_id, h.meter_seq FROM (
           SELECT org_id, month, account_id, meter_seq, COUNT(*) AS versions, MIN(version) AS first, MAX(version) AS last
           FROM reading_history WHERE org_id = ?1 GROUP BY org_id, month, account_id, meter_seq) h
         LEFT JOIN reading r ON r.org_id = h.org_id AND r.month = h.month AND r.account_id = h.account_id AND r.meter_seq = h.meter_seq
         WHERE r.version IS NULL OR h.last <> r.version - 1 OR h.versions <> h.last - h.first + 1 OR h.first NOT IN (1, 2)
         ORDER BY 1, 2, 3 LIMIT 1000",
        params![org_id],
        |row| {
            let place = format!("reading {} {}-{}", row.int(0)?, row.int(1)?, row.int(2)?);
            readings.find(place, "缺少某一版", "a version of it is missing");
            Ok::<_, MeteringError>(())
        },
    )?;
    tx.each(
        "SELECT r.month, r.account_id, r.meter_seq FROM reading r WHERE r.org_id = ?1 AND r.version > 2 AND NOT EXISTS (
           SELECT 1 FROM reading_history h WHERE h.org_id = r.org_id AND h.month = r.month AND h.account_id = r.account_id
             AND h.meter_seq = r.meter_seq AND h.version = r.version - 1) ORDER BY 1, 2, 3 LIMIT 1000",
        params![org_id],
        |row| {
            let place = format!("reading {} {}-{}", row.int(0)?, row.int(1)?, row.int(2)?);
            readings.find(place, "缺少前一版", "the version before it is missing");
            Ok::<_, MeteringError>(())
        },
    )?;
    let staged =
        tx.one("SELECT COUNT(*) FROM reading_entry WHERE org_id = ?1", params![org_id], |row| row.int(0))?;
    if staged != Some(0) {
        readings.find("reading_entry", "录入暂存表应为空", "lines on their way are left behind");
    }
    Ok(vec![readings, references(tx, org_id)?, tools(tx, org_id)?])
}

fn references(tx: &mut Tx<'_>, org_id: i64) -> Result<Checked> {
    let mut checked = Checked::new(
        "metering.references",
        "用户、计量点、电能表、抄本、表码互相存在",
        "accounts, points, meters, books and readings refer to what is there",
    );
    const LOST: &[(&str, &str)] = &[
        (
            "account",
            "SELECT a.account_id FROM account a WHERE a.org_id = ?1 AND NOT EXISTS (SELECT 1 FROM book b WHERE b.org_id = a.org_id AND b.book_id = a.book_id)",
        ),
        (
            "group",
            "SELECT a.account_id FROM account a WHERE a.org_id = ?1 AND a.main_account_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM account m WHERE m.org_id = a.org_id AND m.account_id = a.main_account_id)",
        ),
        (
            "account_terms",
            "SELECT t.account_id FROM account_terms t WHERE t.org_id = ?1 AND NOT EXISTS (SELECT 1 FROM account a WHERE a.org_id = t.org_id AND a.account_id = t.account_id)",
        ),
        (
            "metering_point",
            "SELECT p.account_id FROM metering_point p WHERE p.org_id = ?1 AND NOT EXISTS (SELECT 1 FROM account a WHERE a.org_id = p.org_id AND a.account_id = p.account_id)",
        ),
        (
            "meter",
            "SELECT m.account_id FROM meter m WHERE m.org_id = ?1 AND NOT EXISTS (SELECT 1 FROM account a WHERE a.org_id = m.org_id AND a.account_id = m.account_id)",
        ),
        (
            "transformer",
            "SELECT t.account_id FROM transformer t WHERE t.org_id = ?1 AND NOT EXISTS (SELECT 1 FROM account a WHERE a.org_id = t.org_id AND a.account_id = t.account_id)",
        ),
        (
            "reading",
            "SELECT r.account_id FROM reading r WHERE r.org_id = ?1 AND NOT EXISTS (SELECT 1 FROM meter m WHERE m.org_id = r.org_id AND m.account_id = r.account_id AND m.meter_seq = r.meter_seq)",
        ),
        (
            "account_change",
            "SELECT c.account_id FROM account_change c WHERE c.org_id = ?1 AND NOT EXISTS (SELECT 1 FROM account a WHERE a.org_id = c.org_id AND a.account_id = c.account_id)",
        ),
    ];
    for (what, sql) in LOST {
        checked.look(1);
        tx.each(&format!("{sql} LIMIT 1000"), params![org_id], |row| {
            checked.find(
                format!("{what} {}", row.int(0)?),
                "所属的用户、抄本或电能表不存在",
                "what it belongs to is not there",
            );
            Ok::<_, MeteringError>(())
        })?;
    }
    Ok(checked)
}

fn tools(tx: &mut Tx<'_>, org_id: i64) -> Result<Checked> {
    let mut checked = Checked::new(
        "metering.tools",
        "抄表工具的版本与其流转记录一致",
        "reading tools have an event for each version",
    );
    tx.each(
        "SELECT t.number, t.version, COUNT(e.version), COALESCE(MAX(e.version), 0) FROM reading_tool t
         LEFT JOIN tool_event e ON e.org_id = t.org_id AND e.tool_id = t.tool_id
         WHERE t.org_id = ?1 GROUP BY t.tool_id, t.number, t.version ORDER BY t.tool_id",
        params![org_id],
        |row| {
            checked.look(1);
            let (version, events, last) = (row.int(1)?, row.int(2)?, row.int(3)?);
            if last > version || events > version {
                checked.find(
                    format!("tool {}", row.text(0)?),
                    "流转记录与版本不符",
                    "its events do not fit its version",
                );
            }
            Ok::<_, MeteringError>(())
        },
    )?;
    Ok(checked)
}
