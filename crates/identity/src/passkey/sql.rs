//! The tables of passkeys, of ceremonies in progress, and of signatures.

use kernel::Moment;
use store::{Migration, Row, StoreError, Tx, params};

use super::model::{Passkey, Signature};

/// Step 6 of the schema.
pub(crate) const MIGRATION: Migration = Migration {
    number: 6,
    name: "passkeys and signatures",
    both: "
CREATE TABLE identity_passkey (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, person_id INTEGER NOT NULL, credential_id BLOB NOT NULL,
  public_key BLOB NOT NULL, state BLOB NOT NULL, transports INTEGER NOT NULL, name TEXT NOT NULL,
  added_at INTEGER NOT NULL, last_used_at INTEGER, removed_at INTEGER,
  PRIMARY KEY (org_id, id), UNIQUE (org_id, credential_id)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_passkey_person ON identity_passkey (org_id, person_id);
CREATE TABLE identity_ceremony (
  org_id INTEGER NOT NULL, challenge BLOB NOT NULL, session_id INTEGER NOT NULL, purpose TEXT NOT NULL,
  state BLOB NOT NULL, expires_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, challenge)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_ceremony_expiry ON identity_ceremony (org_id, expires_at);
CREATE TABLE identity_signature (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, person_id INTEGER NOT NULL, passkey_id INTEGER NOT NULL,
  verb TEXT NOT NULL, request_key TEXT NOT NULL, body_hash BLOB NOT NULL, at INTEGER NOT NULL,
  client_data BLOB NOT NULL, authenticator_data BLOB NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_signature_request ON identity_signature (org_id, request_key);",
    sqlite: "
CREATE TRIGGER identity_signature_no_update BEFORE UPDATE ON identity_signature BEGIN SELECT RAISE(ABORT, 'identity: a signature stays as it was'); END;
CREATE TRIGGER identity_signature_no_delete BEFORE DELETE ON identity_signature BEGIN SELECT RAISE(ABORT, 'identity: a signature stays as it was'); END;
CREATE TRIGGER identity_passkey_fixed BEFORE UPDATE ON identity_passkey
WHEN OLD.removed_at IS NOT NULL OR NEW.org_id <> OLD.org_id OR NEW.id <> OLD.id OR NEW.person_id <> OLD.person_id
  OR NEW.credential_id <> OLD.credential_id OR NEW.public_key <> OLD.public_key OR NEW.name <> OLD.name
  OR NEW.transports <> OLD.transports OR NEW.added_at <> OLD.added_at
BEGIN SELECT RAISE(ABORT, 'identity: a passkey is used or removed and otherwise stays as it was added'); END;
CREATE TRIGGER identity_passkey_kept BEFORE DELETE ON identity_passkey BEGIN SELECT RAISE(ABORT, 'identity: a passkey is never deleted'); END;",
    postgres: "
CREATE FUNCTION identity_passkey_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.removed_at IS NOT NULL OR NEW.org_id <> OLD.org_id OR NEW.id <> OLD.id OR NEW.person_id <> OLD.person_id
    OR NEW.credential_id <> OLD.credential_id OR NEW.public_key <> OLD.public_key OR NEW.name <> OLD.name
    OR NEW.transports <> OLD.transports OR NEW.added_at <> OLD.added_at THEN
    RAISE EXCEPTION 'identity: a passkey is used or removed and otherwise stays as it was added';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER identity_signature_never BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_signature FOR EACH STATEMENT EXECUTE FUNCTION identity_never();
CREATE TRIGGER identity_passkey_fixed BEFORE UPDATE ON identity_passkey FOR EACH ROW EXECUTE FUNCTION identity_passkey_step();
CREATE TRIGGER identity_passkey_kept BEFORE DELETE OR TRUNCATE ON identity_passkey FOR EACH STATEMENT EXECUTE FUNCTION identity_never();
REVOKE UPDATE, DELETE, TRUNCATE ON identity_signature FROM PUBLIC, CURRENT_USER;
REVOKE DELETE, TRUNCATE ON identity_passkey FROM PUBLIC, CURRENT_USER;",
};

const PASSKEY: &str =
    "SELECT id, person_id, name, added_at, last_used_at, credential_id, public_key, state, transports
 FROM identity_passkey";

fn passkey(row: &Row<'_>) -> Result<Passkey, StoreError> {
    Ok(Passkey {
        id: row.int(0)?,
        person_id: row.int(1)?,
        name: row.text(2)?,
        added_at: row.moment(3)?,
        last_used_at: row.moment_or_null(4)?,
        credential_id: row.blob(5)?,
        public_key: row.blob(6)?,
        state: row.blob(7)?,
        transports: u8::try_from(row.int(8)?).unwrap_or(0),
    })
}

/// The passkeys of a person that were not removed.
pub(crate) fn of_person(tx: &mut Tx<'_>, org_id: i64, person_id: i64) -> Result<Vec<Passkey>, StoreError> {
    tx.list(
        &format!("{PASSKEY} WHERE org_id = ?1 AND person_id = ?2 AND removed_at IS NULL ORDER BY id"),
        params![org_id, person_id],
        passkey,
    )
}

/// Every passkey ever added, and whether it was removed.
pub(crate) fn all(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(Passkey, bool)>, StoreError> {
    tx.list(
        "SELECT id, person_id, name, added_at, last_used_at, credential_id, public_key, state, transports, removed_at
         FROM identity_passkey WHERE org_id = ?1 ORDER BY id",
        params![org_id],
        |row| Ok((passkey(row)?, row.moment_or_null(9)?.is_some())),
    )
}

pub(crate) fn insert(tx: &mut Tx<'_>, org_id: i64, new: &Passkey) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_passkey
           (org_id, id, person_id, credential_id, public_key, state, transports, name, added_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            org_id,
            new.id,
            new.person_id,
            &new.credential_id,
            &new.public_key,
            &new.state,
            new.transports,
            &new.name,
            new.added_at
        ],
    )?;
    Ok(())
}

pub(crate) fn used(
    tx: &mut Tx<'_>,
    org_id: i64,
    id: i64,
    state: &[u8],
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute_one(
        "passkey",
        "UPDATE identity_passkey SET state = ?3, last_used_at = ?4
         WHERE org_id = ?1 AND id = ?2 AND removed_at IS NULL",
        params![org_id, id, state, now],
    )
}

pub(crate) fn remove(
    tx: &mut Tx<'_>,
    org_id: i64,
    person_id: i64,
    id: i64,
    now: Moment,
) -> Result<bool, StoreError> {
    let touched = tx.execute(
        "UPDATE identity_passkey SET removed_at = ?4
         WHERE org_id = ?1 AND id = ?2 AND person_id = ?3 AND removed_at IS NULL",
        params![org_id, id, person_id, now],
    )?;
    Ok(touched == 1)
}

/// A ceremony in progress.
pub(crate) struct Ceremony {
    pub challenge: [u8; 16],
    pub session_id: i64,
    pub purpose: &'static str,
    pub state: Vec<u8>,
    pub expires_at: Moment,
}

/// Keeps a ceremony; the same challenge again takes the place of the one before. Those that are over go.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    org_id: i64,
    ceremony: &Ceremony,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM identity_ceremony WHERE org_id = ?1 AND expires_at <= ?2", params![org_id, now])?;
    tx.execute(
        "INSERT INTO identity_ceremony (org_id, challenge, session_id, purpose, state, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (org_id, challenge) DO UPDATE SET session_id = excluded.session_id, purpose = excluded.purpose,
           state = excluded.state, expires_at = excluded.expires_at",
        params![
            org_id,
            &ceremony.challenge,
            ceremony.session_id,
            ceremony.purpose,
            &ceremony.state,
            ceremony.expires_at
        ],
    )?;
    Ok(())
}

/// Takes a ceremony away; answers its state if it is one of this session for this purpose that is not over.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    org_id: i64,
    (challenge, session_id, purpose): (&[u8; 16], i64, &str),
    now: Moment,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found = tx.one(
        "SELECT state FROM identity_ceremony
         WHERE org_id = ?1 AND challenge = ?2 AND session_id = ?3 AND purpose = ?4 AND expires_at > ?5",
        params![org_id, challenge, session_id, purpose, now],
        |row| row.blob(0),
    )?;
    let gone = tx.execute(
        "DELETE FROM identity_ceremony WHERE org_id = ?1 AND challenge = ?2 AND session_id = ?3",
        params![org_id, challenge, session_id],
    )?;
    // Of two answers at once only the one that took it goes on.
    Ok(found.filter(|_| gone == 1))
}

pub(crate) fn insert_signature(tx: &mut Tx<'_>, org_id: i64, new: &Signature) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_signature (org_id, id, person_id, passkey_id, verb, request_key, body_hash, at,
           client_data, authenticator_data, signature)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            org_id,
            new.id,
            new.person_id,
            new.passkey_id,
            &new.verb,
            &new.request_key,
            &new.body_hash,
            new.at,
            &new.client_data,
            &new.authenticator_data,
            &new.signature
        ],
    )?;
    Ok(())
}

pub(crate) fn signatures(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Signature>, StoreError> {
    tx.list(
        "SELECT id, person_id, passkey_id, verb, request_key, body_hash, at, client_data, authenticator_data, signature
         FROM identity_signature WHERE org_id = ?1 ORDER BY id",
        params![org_id],
        |row| {
            Ok(Signature {
                id: row.int(0)?,
                person_id: row.int(1)?,
                passkey_id: row.int(2)?,
                verb: row.text(3)?,
                request_key: row.text(4)?,
                body_hash: row.blob(5)?,
                at: row.moment(6)?,
                client_data: row.blob(7)?,
                authenticator_data: row.blob(8)?,
                signature: row.blob(9)?,
            })
        },
    )
}
