//! The table of sessions.

use kernel::Moment;
use store::{Row, StoreError, Tx, params};

use super::model::{Session, Theme, lang_from_key};

pub(crate) struct NewRow<'a> {
    pub org_id: i64,
    pub token_hash: &'a [u8; 32],
    pub id: i64,
    pub person_id: i64,
    pub second_factor_wanted: bool,
    pub address: &'a str,
    pub agent: &'a str,
}

pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewRow<'_>, now: Moment) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_session (org_id, token_hash, id, person_id, made_at, touched_at, authenticated_at,
           second_factor_wanted, second_factor_done, address, agent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5, ?6, 0, ?7, ?8)",
        params![
            new.org_id,
            new.token_hash,
            new.id,
            new.person_id,
            now,
            new.second_factor_wanted,
            new.address,
            new.agent
        ],
    )?;
    Ok(())
}

/// A session as it stands; the limits are the caller's.
pub(crate) struct Found {
    pub session: Session,
    pub password_set_at: Option<Moment>,
}

const SESSION: &str =
    "SELECT s.org_id, s.id, s.person_id, s.second_factor_wanted, s.second_factor_done, p.must_change,
   s.made_at, s.touched_at, s.authenticated_at, s.address, s.agent, a.lang, a.theme, p.set_at, s.token_hash
 FROM identity_session s
 JOIN identity_person h ON h.org_id = s.org_id AND h.id = s.person_id
 LEFT JOIN identity_password p ON p.org_id = s.org_id AND p.person_id = s.person_id
 LEFT JOIN identity_account a ON a.org_id = s.org_id AND a.person_id = s.person_id
 WHERE h.active = 1 AND (a.locked IS NULL OR a.locked = 0)";

fn found(row: &Row<'_>) -> Result<Found, StoreError> {
    let text = |column| Ok::<_, StoreError>(row.text_or_null(column)?.unwrap_or_default());
    let session = Session {
        org_id: row.int(0)?,
        id: row.int(1)?,
        person_id: row.int(2)?,
        csrf: String::new(),
        second_factor_wanted: row.flag(3)?,
        second_factor_done: row.flag(4)?,
        must_change_password: row.int_or_null(5)?.is_some_and(|must| must != 0),
        made_at: row.moment(6)?,
        touched_at: row.moment(7)?,
        authenticated_at: row.moment(8)?,
        ends_at: row.moment(6)?,
        address: row.text(9)?,
        agent: row.text(10)?,
        lang: lang_from_key(&text(11)?),
        theme: Theme::from_key(&text(12)?),
        token_hash: row.blob(14)?,
    };
    Ok(Found { session, password_set_at: row.moment_or_null(13)? })
}

pub(crate) fn by_token(
    tx: &mut Tx<'_>,
    org_id: i64,
    token_hash: &[u8; 32],
) -> Result<Option<Found>, StoreError> {
    tx.one(&format!("{SESSION} AND s.org_id = ?1 AND s.token_hash = ?2"), params![org_id, token_hash], found)
}

pub(crate) fn of_person(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Vec<Found>, StoreError> {
    tx.list(
        &format!("{SESSION} AND s.org_id = ?1 AND s.person_id = ?2 ORDER BY s.id DESC"),
        params![org_id, person_id],
        found,
    )
}

pub(crate) fn touch(tx: &mut Tx<'_>, session: &Session, now: Moment) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE identity_session SET touched_at = ?3 WHERE org_id = ?1 AND token_hash = ?2 AND touched_at < ?3",
        params![session.org_id, &session.token_hash, now],
    )?;
    Ok(())
}

pub(crate) fn authenticated(tx: &mut Tx<'_>, session: &Session, now: Moment) -> Result<(), StoreError> {
    tx.execute_one(
        "session",
        "UPDATE identity_session SET authenticated_at = ?3 WHERE org_id = ?1 AND token_hash = ?2",
        params![session.org_id, &session.token_hash, now],
    )
}

pub(crate) fn second_factor_done(tx: &mut Tx<'_>, session: &Session, now: Moment) -> Result<(), StoreError> {
    tx.execute_one(
        "session",
        "UPDATE identity_session SET second_factor_done = 1, authenticated_at = ?3
         WHERE org_id = ?1 AND token_hash = ?2",
        params![session.org_id, &session.token_hash, now],
    )
}

pub(crate) fn delete(tx: &mut Tx<'_>, session: &Session) -> Result<bool, StoreError> {
    let gone = tx.execute(
        "DELETE FROM identity_session WHERE org_id = ?1 AND token_hash = ?2",
        params![session.org_id, &session.token_hash],
    )?;
    Ok(gone == 1)
}

pub(crate) fn delete_by_id(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    id: i64,
) -> Result<bool, StoreError> {
    let gone = tx.execute(
        "DELETE FROM identity_session WHERE org_id = ?1 AND person_id = ?2 AND id = ?3",
        params![org_id, person_id, id],
    )?;
    Ok(gone == 1)
}

pub(crate) fn delete_all(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM identity_session WHERE org_id = ?1 AND person_id = ?2",
        params![org_id, person_id],
    )
}

/// Takes away the person's sessions that were made before `made` or last used before `touched`.
pub(crate) fn delete_old(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    made: Moment,
    touched: Moment,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM identity_session
         WHERE org_id = ?1 AND person_id = ?2 AND (made_at < ?3 OR touched_at < ?4)",
        params![org_id, person_id, made, touched],
    )?;
    Ok(())
}
