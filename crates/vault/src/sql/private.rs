//! Personal values and their salts, and the record of those that were destroyed.

use std::collections::HashMap;

use store::{Engine, StoreError, Tx, Value, params};

use super::digest;
use crate::VaultError;
use crate::act::Digest;
use crate::personal::Salt;

/// A personal value as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Private {
    pub commitment: Digest,
    pub salt: Salt,
    pub value: String,
    /// The person whose name it is, 0 for any other value.
    pub person_id: i64,
    /// The first leaf that holds the commitment.
    pub seq: i64,
}

fn private(row: &store::Row<'_>) -> Result<Private, StoreError> {
    Ok(Private {
        commitment: digest(row, 0)?,
        salt: digest(row, 1)?,
        value: row.text(2)?,
        person_id: row.int(3)?,
        seq: row.int(4)?,
    })
}

/// The name under which a person acted last.
pub(crate) fn last_name(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Option<Private>, StoreError> {
    tx.one(
        "SELECT commitment, salt, value, person_id, seq FROM leaf_private
         WHERE org_id = ?1 AND person_id = ?2 AND person_id <> 0 ORDER BY seq DESC LIMIT 1",
        params![org_id, person_id],
        private,
    )
}

/// Every name under which a person acted.
pub(crate) fn names(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Vec<Digest>, StoreError> {
    tx.list(
        "SELECT commitment FROM leaf_private WHERE org_id = ?1 AND person_id = ?2 AND person_id <> 0",
        params![org_id, person_id],
        |row| digest(row, 0),
    )
}

/// Numbers of commitments asked for at once: few texts, so that statements are prepared once.
const ASKED: [usize; 3] = [1, 16, 256];

/// Salt and value of each commitment that still has them.
pub(crate) fn values(
    tx: &mut Tx<'_>,
    org_id: i64,
    commitments: &[Digest],
) -> Result<HashMap<Digest, (Salt, String)>, StoreError> {
    let mut found = HashMap::new();
    let mut rest = commitments;
    while let Some(last) = rest.last() {
        let size = ASKED.into_iter().find(|size| *size >= rest.len()).unwrap_or(ASKED[ASKED.len() - 1]);
        let (now, later) = rest.split_at(size.min(rest.len()));
        let marks: Vec<String> = (2..size + 2).map(|at| format!("?{at}")).collect();
        let sql = format!(
            "SELECT commitment, salt, value FROM leaf_private WHERE org_id = ?1 AND commitment IN ({})",
            marks.join(", ")
        );
        let mut params = vec![Value::Int(org_id)];
        params.extend(now.iter().map(Value::from));
        // The last one asked for again fills the statement.
        params.resize(size + 1, Value::from(last));
        tx.each(&sql, &params, |row| {
            found.insert(digest(row, 0)?, (digest(row, 1)?, row.text(2)?));
            Ok::<_, StoreError>(())
        })?;
        rest = later;
    }
    Ok(found)
}

/// Gives every personal value to `take`.
pub(crate) fn each(tx: &mut Tx<'_>, org_id: i64, mut take: impl FnMut(Private)) -> Result<(), StoreError> {
    tx.each(
        "SELECT commitment, salt, value, person_id, seq FROM leaf_private WHERE org_id = ?1",
        params![org_id],
        |row| {
            take(private(row)?);
            Ok(())
        },
    )
}

/// Every destroyed commitment with the number of the act of erasure, in the order in which that act bound them.
pub(crate) fn erased(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, Digest)>, StoreError> {
    tx.list(
        "SELECT seq, commitment FROM leaf_erased WHERE org_id = ?1 ORDER BY seq, commitment",
        params![org_id],
        |row| Ok((row.int(0)?, digest(row, 1)?)),
    )
}

/// Destroys salts and values, and keeps that the act `seq` did.
pub(crate) fn destroy(
    tx: &mut Tx<'_>,
    org_id: i64,
    seq: i64,
    commitments: &[Digest],
) -> Result<(), VaultError> {
    if tx.engine() == Engine::Sqlite {
        // What is deleted is overwritten in the file too, from now on in this connection.
        tx.each("PRAGMA secure_delete = ON", &[], |_| Ok::<_, StoreError>(()))?;
    }
    for commitment in commitments {
        tx.execute(
            "INSERT INTO leaf_erased (org_id, commitment, seq) VALUES (?1, ?2, ?3)",
            params![org_id, commitment, seq],
        )?;
        tx.execute_one(
            "personal value",
            "DELETE FROM leaf_private WHERE org_id = ?1 AND commitment = ?2",
            params![org_id, commitment],
        )?;
    }
    Ok(())
}
