//! The tables of passwords and accounts.

use kernel::Moment;
use store::{StoreError, Tx, params};

use super::PasswordHash;

/// A kept password.
pub(crate) struct Kept {
    pub hash: PasswordHash,
    pub must_change: bool,
    pub set_at: Moment,
}

pub(crate) fn password(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Option<Kept>, StoreError> {
    tx.one(
        "SELECT hash, must_change, set_at FROM identity_password WHERE org_id = ?1 AND person_id = ?2",
        params![org_id, person_id],
        |row| {
            Ok(Kept { hash: PasswordHash(row.text(0)?), must_change: row.flag(1)?, set_at: row.moment(2)? })
        },
    )
}

/// The last `count` passwords before the present one, newest first.
pub(crate) fn older(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    count: usize,
) -> Result<Vec<PasswordHash>, StoreError> {
    let mut found = tx.list(
        "SELECT hash FROM identity_password_old WHERE org_id = ?1 AND person_id = ?2 ORDER BY id DESC",
        params![org_id, person_id],
        |row| Ok::<_, StoreError>(PasswordHash(row.text(0)?)),
    )?;
    found.truncate(count);
    Ok(found)
}

pub(crate) struct NewRow<'a> {
    pub org_id: i64,
    pub person_id: i64,
    pub hash: &'a PasswordHash,
    pub must_change: bool,
    pub set_by: i64,
    pub keep: usize,
}

/// Puts the new password in place of the present one, which joins the older ones; of these `keep` stay.
pub(crate) fn replace(tx: &mut Tx<'_>, new: &NewRow<'_>, now: Moment) -> Result<(), StoreError> {
    let NewRow { org_id, person_id, hash, must_change, set_by, keep } = *new;
    let id = tx.next_key(now);
    tx.execute(
        "INSERT INTO identity_password_old (org_id, person_id, id, hash)
         SELECT org_id, person_id, ?3, hash FROM identity_password WHERE org_id = ?1 AND person_id = ?2",
        params![org_id, person_id, id],
    )?;
    let ids = tx.list(
        "SELECT id FROM identity_password_old WHERE org_id = ?1 AND person_id = ?2 ORDER BY id DESC",
        params![org_id, person_id],
        |row| row.int(0),
    )?;
    if let Some(first_gone) = ids.get(keep) {
        tx.execute(
            "DELETE FROM identity_password_old WHERE org_id = ?1 AND person_id = ?2 AND id <= ?3",
            params![org_id, person_id, *first_gone],
        )?;
    }
    tx.execute(
        "INSERT INTO identity_password (org_id, person_id, hash, must_change, set_by, set_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (org_id, person_id) DO UPDATE SET hash = excluded.hash, must_change = excluded.must_change,
           set_by = excluded.set_by, set_at = excluded.set_at",
        params![org_id, person_id, &hash.0, must_change, set_by, now],
    )?;
    Ok(())
}

/// The same password hashed anew at a higher cost; nothing else changes.
pub(crate) fn rehash(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<(), StoreError> {
    // A password that was changed meanwhile stays.
    tx.execute(
        "UPDATE identity_password SET hash = ?4 WHERE org_id = ?1 AND person_id = ?2 AND hash = ?3",
        params![org_id, person_id, &old.0, &new.0],
    )?;
    Ok(())
}

/// The account beside the person: lock, second factor, wishes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub locked: bool,
    pub locked_by: Option<i64>,
    pub locked_at: Option<Moment>,
    pub lock_reason: String,
    pub second_factor: bool,
    pub lang: String,
    pub theme: String,
}

pub(crate) fn account(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Account, StoreError> {
    let found = tx.one(
        "SELECT locked, locked_by, locked_at, lock_reason, second_factor, lang, theme FROM identity_account
         WHERE org_id = ?1 AND person_id = ?2",
        params![org_id, person_id],
        |row| {
            Ok::<_, StoreError>(Account {
                locked: row.flag(0)?,
                locked_by: row.int_or_null(1)?,
                locked_at: row.moment_or_null(2)?,
                lock_reason: row.text(3)?,
                second_factor: row.flag(4)?,
                lang: row.text(5)?,
                theme: row.text(6)?,
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Every password without its hash: whose, to be changed, set by whom and when.
pub(crate) fn all_passwords(
    tx: &mut Tx<'_>,
    org_id: i64,
) -> Result<Vec<(i64, bool, i64, Moment)>, StoreError> {
    tx.list(
        "SELECT person_id, must_change, set_by, set_at FROM identity_password WHERE org_id = ?1 ORDER BY person_id",
        params![org_id],
        |row| Ok((row.int(0)?, row.flag(1)?, row.int(2)?, row.moment(3)?)),
    )
}

/// Every account that has anything beside its person.
pub(crate) fn all_accounts(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, Account)>, StoreError> {
    tx.list(
        "SELECT person_id, locked, locked_by, locked_at, lock_reason, second_factor, lang, theme
         FROM identity_account WHERE org_id = ?1 ORDER BY person_id",
        params![org_id],
        |row| {
            let account = Account {
                locked: row.flag(1)?,
                locked_by: row.int_or_null(2)?,
                locked_at: row.moment_or_null(3)?,
                lock_reason: row.text(4)?,
                second_factor: row.flag(5)?,
                lang: row.text(6)?,
                theme: row.text(7)?,
            };
            Ok((row.int(0)?, account))
        },
    )
}

pub(crate) fn locked(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<i64>, StoreError> {
    tx.list(
        "SELECT person_id FROM identity_account WHERE org_id = ?1 AND locked = 1",
        params![org_id],
        |row| row.int(0),
    )
}

pub(crate) fn keep_account(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    account: &Account,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_account
           (org_id, person_id, locked, locked_by, locked_at, lock_reason, second_factor, lang, theme)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (org_id, person_id) DO UPDATE SET locked = excluded.locked, locked_by = excluded.locked_by,
           locked_at = excluded.locked_at, lock_reason = excluded.lock_reason,
           second_factor = excluded.second_factor, lang = excluded.lang, theme = excluded.theme",
        params![
            org_id,
            person_id,
            account.locked,
            account.locked_by,
            account.locked_at,
            &account.lock_reason,
            account.second_factor,
            &account.lang,
            &account.theme
        ],
    )?;
    Ok(())
}
