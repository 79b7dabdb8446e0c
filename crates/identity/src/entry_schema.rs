//! The tables of getting in: passwords, accounts, guesses, sessions, tokens of machines, and the list of logins.

use store::Migration;

/// Step 4 of the schema.
pub(crate) const MIGRATION: Migration = Migration {
    number: 4,
    name: "passwords, sessions, tokens, logins",
    both: "
CREATE TABLE identity_password (
  org_id INTEGER NOT NULL, person_id INTEGER NOT NULL, hash TEXT NOT NULL,
  must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)), set_by INTEGER NOT NULL, set_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, person_id)) STRICT, WITHOUT ROWID;
CREATE TABLE identity_password_old (
  org_id INTEGER NOT NULL, person_id INTEGER NOT NULL, id INTEGER NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (org_id, person_id, id)) STRICT, WITHOUT ROWID;
CREATE TABLE identity_account (
  org_id INTEGER NOT NULL, person_id INTEGER NOT NULL, locked INTEGER NOT NULL CHECK (locked IN (0, 1)),
  locked_by INTEGER, locked_at INTEGER, lock_reason TEXT NOT NULL,
  second_factor INTEGER NOT NULL CHECK (second_factor IN (0, 1)), lang TEXT NOT NULL, theme TEXT NOT NULL,
  CHECK ((locked = 1) = (locked_by IS NOT NULL)), CHECK ((locked = 1) = (locked_at IS NOT NULL)),
  PRIMARY KEY (org_id, person_id)) STRICT, WITHOUT ROWID;
CREATE TABLE identity_throttle (
  org_id INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('login', 'address')), name TEXT NOT NULL,
  failures INTEGER NOT NULL, last_at INTEGER NOT NULL, refused_until INTEGER NOT NULL, refused INTEGER NOT NULL,
  PRIMARY KEY (org_id, kind, name)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_throttle_last ON identity_throttle (org_id, last_at);
CREATE TABLE identity_session (
  org_id INTEGER NOT NULL, token_hash BLOB NOT NULL, id INTEGER NOT NULL, person_id INTEGER NOT NULL,
  made_at INTEGER NOT NULL, touched_at INTEGER NOT NULL, authenticated_at INTEGER NOT NULL,
  second_factor_wanted INTEGER NOT NULL CHECK (second_factor_wanted IN (0, 1)),
  second_factor_done INTEGER NOT NULL CHECK (second_factor_done IN (0, 1)),
  address TEXT NOT NULL, agent TEXT NOT NULL,
  PRIMARY KEY (org_id, token_hash)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_session_person ON identity_session (org_id, person_id);
CREATE TABLE identity_token (
  org_id INTEGER NOT NULL, secret_hash BLOB NOT NULL, id INTEGER NOT NULL, person_id INTEGER NOT NULL,
  name TEXT NOT NULL, scopes TEXT NOT NULL, made_by INTEGER NOT NULL, made_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, last_used_at INTEGER, revoked_at INTEGER, revoked_by INTEGER,
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
  PRIMARY KEY (org_id, secret_hash), UNIQUE (org_id, id)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_token_person ON identity_token (org_id, person_id);
CREATE TABLE identity_login_event (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, person_id INTEGER,
  login TEXT NOT NULL, address TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
CREATE INDEX identity_login_event_person ON identity_login_event (org_id, person_id, id);",
    sqlite: "
CREATE TRIGGER identity_login_event_no_update BEFORE UPDATE ON identity_login_event BEGIN SELECT RAISE(ABORT, 'identity: a login stays as it was'); END;
CREATE TRIGGER identity_login_event_no_delete BEFORE DELETE ON identity_login_event BEGIN SELECT RAISE(ABORT, 'identity: a login stays as it was'); END;
CREATE TRIGGER identity_token_fixed BEFORE UPDATE ON identity_token
WHEN OLD.revoked_at IS NOT NULL OR NEW.org_id <> OLD.org_id OR NEW.secret_hash <> OLD.secret_hash OR NEW.id <> OLD.id
  OR NEW.person_id <> OLD.person_id OR NEW.name <> OLD.name OR NEW.scopes <> OLD.scopes OR NEW.made_by <> OLD.made_by
  OR NEW.made_at <> OLD.made_at OR NEW.expires_at <> OLD.expires_at
BEGIN SELECT RAISE(ABORT, 'identity: a token is used or revoked and otherwise stays as it was made'); END;
CREATE TRIGGER identity_token_kept BEFORE DELETE ON identity_token BEGIN SELECT RAISE(ABORT, 'identity: a token is never deleted'); END;",
    postgres: "
CREATE FUNCTION identity_token_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.revoked_at IS NOT NULL OR NEW.org_id <> OLD.org_id OR NEW.secret_hash <> OLD.secret_hash OR NEW.id <> OLD.id
    OR NEW.person_id <> OLD.person_id OR NEW.name <> OLD.name OR NEW.scopes <> OLD.scopes OR NEW.made_by <> OLD.made_by
    OR NEW.made_at <> OLD.made_at OR NEW.expires_at <> OLD.expires_at THEN
    RAISE EXCEPTION 'identity: a token is used or revoked and otherwise stays as it was made';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER identity_login_event_never BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_login_event FOR EACH STATEMENT EXECUTE FUNCTION identity_never();
CREATE TRIGGER identity_token_fixed BEFORE UPDATE ON identity_token FOR EACH ROW EXECUTE FUNCTION identity_token_step();
CREATE TRIGGER identity_token_kept BEFORE DELETE OR TRUNCATE ON identity_token FOR EACH STATEMENT EXECUTE FUNCTION identity_never();
REVOKE UPDATE, DELETE, TRUNCATE ON identity_login_event FROM PUBLIC, CURRENT_USER;
REVOKE DELETE, TRUNCATE ON identity_token FROM PUBLIC, CURRENT_USER;",
};
