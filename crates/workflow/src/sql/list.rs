//! Lists signed by both sides.

use kernel::Month;
use store::{Bulk, Column, Kind, Row, StoreError, Tx, params};

use crate::{ListLine, ListSide, Signature, SignedList};

const LIST: &str =
    "SELECT id, kind, number, month, first_unit_id, second_unit_id, made_by, made_at FROM workflow_list";

const LINE_COLUMNS: &[Column] = &[
    ("org_id", Kind::Int),
    ("list_id", Kind::Int),
    ("line_no", Kind::Int),
    ("subject_kind", Kind::Text),
    ("subject_id", Kind::Int),
    ("text", Kind::Text),
];

fn list(row: &Row<'_>) -> Result<SignedList, StoreError> {
    Ok(SignedList {
        id: row.int(0)?,
        kind: row.text(1)?,
        number: row.text(2)?,
        month: row.month(3)?,
        first_unit_id: row.int(4)?,
        second_unit_id: row.int(5)?,
        made_by: row.int(6)?,
        made_at: row.moment(7)?,
        signatures: Vec::new(),
    })
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    org_id: i64,
    list: &SignedList,
    lines: &[ListLine],
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workflow_list (org_id, id, kind, number, month, first_unit_id, second_unit_id, made_by, made_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            list.id,
            &list.kind,
            &list.number,
            list.month,
            list.first_unit_id,
            list.second_unit_id,
            list.made_by,
            list.made_at
        ],
    )?;
    let mut bulk = Bulk::new("workflow_list_line", LINE_COLUMNS);
    for (line_no, line) in (1_i64..).zip(lines) {
        bulk.row(params![org_id, list.id, line_no, &line.subject_kind, line.subject_id, &line.text])?;
    }
    tx.load(&mut bulk)?;
    Ok(())
}

fn with_signatures(tx: &mut Tx<'_>, org_id: i64, mut list: SignedList) -> Result<SignedList, StoreError> {
    list.signatures = tx.list(
        "SELECT side, person_id, post, at FROM workflow_signature WHERE org_id = ?1 AND list_id = ?2 ORDER BY side",
        params![org_id, list.id],
        |row| {
            Ok::<_, StoreError>(Signature {
                side: if row.int(0)? == 1 { ListSide::First } else { ListSide::Second },
                person_id: row.int(1)?,
                post: row.text(2)?,
                at: row.moment(3)?,
            })
        },
    )?;
    Ok(list)
}

pub(crate) fn find(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<SignedList>, StoreError> {
    let found = tx.one(&format!("{LIST} WHERE org_id = ?1 AND id = ?2"), params![org_id, id], list)?;
    found.map(|found| with_signatures(tx, org_id, found)).transpose()
}

pub(crate) fn lines(tx: &mut Tx<'_>, org_id: i64, list_id: i64) -> Result<Vec<ListLine>, StoreError> {
    tx.list(
        "SELECT subject_kind, subject_id, text FROM workflow_list_line WHERE org_id = ?1 AND list_id = ?2 ORDER BY line_no",
        params![org_id, list_id],
        |row| {
            Ok(ListLine { subject_kind: row.text(0)?, subject_id: row.int(1)?, text: row.text(2)? })
        },
    )
}

pub(crate) fn of_month(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<SignedList>, StoreError> {
    let found = tx.list(
        &format!("{LIST} WHERE org_id = ?1 AND month = ?2 ORDER BY id"),
        params![org_id, month],
        list,
    )?;
    found.into_iter().map(|found| with_signatures(tx, org_id, found)).collect()
}

pub(crate) fn sign(
    tx: &mut Tx<'_>,
    org_id: i64,
    list_id: i64,
    signature: &Signature,
) -> Result<(), StoreError> {
    let side = match signature.side {
        ListSide::First => 1,
        ListSide::Second => 2,
    };
    tx.execute(
        "INSERT INTO workflow_signature (org_id, list_id, side, person_id, post, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, list_id, side, signature.person_id, &signature.post, signature.at],
    )?;
    Ok(())
}

/// Lists of a kind and month in which a unit has a side and that lack a signature.
pub(crate) fn unsigned_count(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind: &str,
    month: Month,
    unit_id: i64,
) -> Result<i64, StoreError> {
    let count = tx.one(
        "SELECT COUNT(*) FROM workflow_list l
         WHERE l.org_id = ?1 AND l.month = ?2 AND l.kind = ?3 AND (l.first_unit_id = ?4 OR l.second_unit_id = ?4)
           AND (SELECT COUNT(*) FROM workflow_signature s WHERE s.org_id = l.org_id AND s.list_id = l.id) < 2",
        params![org_id, month, kind, unit_id],
        |row| row.int(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// Every list with its signatures.
pub(crate) fn all(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<SignedList>, StoreError> {
    let found = tx.list(&format!("{LIST} WHERE org_id = ?1 ORDER BY id"), params![org_id], list)?;
    found.into_iter().map(|found| with_signatures(tx, org_id, found)).collect()
}
