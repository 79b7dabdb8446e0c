//! The table of tokens.

use kernel::Moment;
use store::{Row, StoreError, Tx, params};

use super::model::Token;

pub(crate) fn insert(tx: &mut Tx<'_>, secret_hash: &[u8; 32], token: &Token) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_token (org_id, secret_hash, id, person_id, name, scopes, made_by, made_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            token.org_id,
            secret_hash,
            token.id,
            token.person_id,
            &token.name,
            &token.scopes.join(" "),
            token.made_by,
            token.made_at,
            token.expires_at
        ],
    )?;
    Ok(())
}

const TOKEN: &str =
    "SELECT t.org_id, t.id, t.person_id, t.name, t.scopes, t.made_by, t.made_at, t.expires_at,
   t.last_used_at, t.revoked_at, t.revoked_by FROM identity_token t";

fn token(row: &Row<'_>) -> Result<Token, StoreError> {
    let scopes = row.text(4)?;
    Ok(Token {
        org_id: row.int(0)?,
        id: row.int(1)?,
        person_id: row.int(2)?,
        name: row.text(3)?,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        made_by: row.int(5)?,
        made_at: row.moment(6)?,
        expires_at: row.moment(7)?,
        last_used_at: row.moment_or_null(8)?,
        revoked: row.moment_or_null(9)?.zip(row.int_or_null(10)?),
    })
}

/// The token with this digest, whose person works here and is not locked.
pub(crate) fn by_secret(
    tx: &mut Tx<'_>,
    org_id: i64,
    secret_hash: &[u8; 32],
) -> Result<Option<Token>, StoreError> {
    tx.one(
        &format!(
            "{TOKEN} JOIN identity_person h ON h.org_id = t.org_id AND h.id = t.person_id
             LEFT JOIN identity_account a ON a.org_id = t.org_id AND a.person_id = t.person_id
             WHERE t.org_id = ?1 AND t.secret_hash = ?2 AND h.active = 1 AND (a.locked IS NULL OR a.locked = 0)"
        ),
        params![org_id, secret_hash],
        token,
    )
}

pub(crate) fn by_id(tx: &mut Tx<'_>, org_id: i64, id: i64) -> Result<Option<Token>, StoreError> {
    tx.one(&format!("{TOKEN} WHERE t.org_id = ?1 AND t.id = ?2"), params![org_id, id], token)
}

pub(crate) fn all(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Token>, StoreError> {
    tx.list(&format!("{TOKEN} WHERE t.org_id = ?1 ORDER BY t.id"), params![org_id], token)
}

pub(crate) fn of_person(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Vec<Token>, StoreError> {
    tx.list(
        &format!("{TOKEN} WHERE t.org_id = ?1 AND t.person_id = ?2 ORDER BY t.id"),
        params![org_id, person_id],
        token,
    )
}

pub(crate) fn touch(tx: &mut Tx<'_>, token: &Token, now: Moment) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE identity_token SET last_used_at = ?3 WHERE org_id = ?1 AND id = ?2 AND revoked_at IS NULL
           AND (last_used_at IS NULL OR last_used_at < ?3)",
        params![token.org_id, token.id, now],
    )?;
    Ok(())
}

/// Answers whether it was not revoked yet.
pub(crate) fn revoke(tx: &mut Tx<'_>, token: &Token, by: i64, now: Moment) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE identity_token SET revoked_at = ?3, revoked_by = ?4
         WHERE org_id = ?1 AND id = ?2 AND revoked_at IS NULL",
        params![token.org_id, token.id, now, by],
    )?;
    Ok(touched == 1)
}
