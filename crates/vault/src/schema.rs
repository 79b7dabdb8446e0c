//! The vault's tables: append only, without gaps, on both engines.

use store::{Migration, Schema};

/// The vault's part of the database.
pub const SCHEMA: Schema = Schema {
    module: "vault",
    unrecorded: &[
        "leaf",
        "leaf_day",
        "leaf_document",
        "leaf_erased",
        "leaf_identity",
        "leaf_person",
        "leaf_private",
        "tlog_hash",
    ],
    migrations: &[
        Migration { number: 1, name: "log of acts", both: TABLES, sqlite: SQLITE, postgres: POSTGRES },
        Migration {
            number: 2,
            name: "personal values, identity's changes, keys, cosignatures",
            both: PROOF_TABLES,
            sqlite: PROOF_SQLITE,
            postgres: PROOF_POSTGRES,
        },
    ],
};

const TABLES: &str = "
CREATE TABLE leaf (
  org_id INTEGER NOT NULL, seq INTEGER NOT NULL CHECK (seq >= 0), leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
  canonical BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (org_id, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE tlog_hash (
  org_id INTEGER NOT NULL, idx INTEGER NOT NULL CHECK (idx >= 0), h BLOB NOT NULL CHECK (length(h) = 32),
  PRIMARY KEY (org_id, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
  org_id INTEGER NOT NULL, size INTEGER NOT NULL CHECK (size >= 0), root BLOB NOT NULL CHECK (length(root) = 32),
  note TEXT NOT NULL, made_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, size)) STRICT, WITHOUT ROWID;
CREATE TABLE leaf_document (
  org_id INTEGER NOT NULL, kind TEXT NOT NULL, number TEXT NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (org_id, kind, number, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE leaf_person (
  org_id INTEGER NOT NULL, person_id INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (org_id, person_id, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE leaf_day (
  org_id INTEGER NOT NULL, day INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  PRIMARY KEY (org_id, day, first_seq)) STRICT, WITHOUT ROWID;
";

const SQLITE: &str = "
CREATE TRIGGER leaf_no_gap BEFORE INSERT ON leaf
WHEN NEW.seq <> COALESCE((SELECT MAX(seq) + 1 FROM leaf WHERE org_id = NEW.org_id), 0)
BEGIN SELECT RAISE(ABORT, 'vault: the log has no gaps'); END;
CREATE TRIGGER tlog_hash_no_gap BEFORE INSERT ON tlog_hash
WHEN NEW.idx <> COALESCE((SELECT MAX(idx) + 1 FROM tlog_hash WHERE org_id = NEW.org_id), 0)
BEGIN SELECT RAISE(ABORT, 'vault: the hashes have no gaps'); END;
CREATE TRIGGER leaf_no_update BEFORE UPDATE ON leaf BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_no_delete BEFORE DELETE ON leaf BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER tlog_hash_no_update BEFORE UPDATE ON tlog_hash BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER tlog_hash_no_delete BEFORE DELETE ON tlog_hash BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_document_no_update BEFORE UPDATE ON leaf_document BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_document_no_delete BEFORE DELETE ON leaf_document BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_person_no_update BEFORE UPDATE ON leaf_person BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_person_no_delete BEFORE DELETE ON leaf_person BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_day_no_update BEFORE UPDATE ON leaf_day BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_day_no_delete BEFORE DELETE ON leaf_day BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
";

const POSTGRES: &str = "
CREATE FUNCTION vault_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'vault: the log never changes (%)', TG_TABLE_NAME; END $$;
CREATE TRIGGER leaf_never BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER tlog_hash_never BEFORE UPDATE OR DELETE OR TRUNCATE ON tlog_hash FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER checkpoint_never BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER leaf_document_never BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf_document FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER leaf_person_never BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf_person FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER leaf_day_never BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf_day FOR EACH STATEMENT EXECUTE FUNCTION vault_never();

CREATE FUNCTION vault_leaf_no_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM fresh f WHERE f.seq > 0 AND NOT EXISTS (
      SELECT 1 FROM leaf l WHERE l.org_id = f.org_id AND l.seq = f.seq - 1)) THEN
    RAISE EXCEPTION 'vault: the log has no gaps';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER leaf_no_gap AFTER INSERT ON leaf REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION vault_leaf_no_gap();
CREATE FUNCTION vault_hash_no_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM fresh f WHERE f.idx > 0 AND NOT EXISTS (
      SELECT 1 FROM tlog_hash t WHERE t.org_id = f.org_id AND t.idx = f.idx - 1)) THEN
    RAISE EXCEPTION 'vault: the hashes have no gaps';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tlog_hash_no_gap AFTER INSERT ON tlog_hash REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION vault_hash_no_gap();

REVOKE UPDATE, DELETE, TRUNCATE ON leaf, tlog_hash, checkpoint, leaf_document, leaf_person, leaf_day FROM PUBLIC, CURRENT_USER;
";

// A checkpoint's number has no gaps among the signed ones, so that one taken out of the row is missed; those of 0.1.0
// have none.
const PROOF_TABLES: &str = "
ALTER TABLE checkpoint ADD COLUMN number INTEGER;
CREATE TABLE leaf_private (
  org_id INTEGER NOT NULL, commitment BLOB NOT NULL CHECK (length(commitment) = 32),
  salt BLOB NOT NULL CHECK (length(salt) = 32), value TEXT NOT NULL, person_id INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (org_id, commitment)) STRICT, WITHOUT ROWID;
CREATE INDEX leaf_private_by_person ON leaf_private (org_id, person_id, seq) WHERE person_id <> 0;
CREATE TABLE leaf_erased (
  org_id INTEGER NOT NULL, commitment BLOB NOT NULL CHECK (length(commitment) = 32), seq INTEGER NOT NULL,
  PRIMARY KEY (org_id, commitment)) STRICT, WITHOUT ROWID;
CREATE TABLE leaf_identity (
  org_id INTEGER NOT NULL, change_id INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (org_id, change_id)) STRICT, WITHOUT ROWID;
CREATE TABLE log_origin (
  org_id INTEGER NOT NULL, origin TEXT NOT NULL, made_at INTEGER NOT NULL,
  PRIMARY KEY (org_id), UNIQUE (origin)) STRICT, WITHOUT ROWID;
CREATE TABLE log_key (
  org_id INTEGER NOT NULL, seq INTEGER NOT NULL, role TEXT NOT NULL CHECK (role IN ('log', 'witness')), vkey TEXT NOT NULL,
  PRIMARY KEY (org_id, seq), UNIQUE (org_id, vkey)) STRICT, WITHOUT ROWID;
CREATE TABLE cosignature (
  org_id INTEGER NOT NULL, size INTEGER NOT NULL, line TEXT NOT NULL, taken_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, size, line)) STRICT, WITHOUT ROWID;
";

const PROOF_SQLITE: &str = "
CREATE TRIGGER leaf_private_no_update BEFORE UPDATE ON leaf_private BEGIN SELECT RAISE(ABORT, 'vault: a personal value never changes'); END;
CREATE TRIGGER leaf_private_erased BEFORE DELETE ON leaf_private
WHEN NOT EXISTS (SELECT 1 FROM leaf_erased WHERE org_id = OLD.org_id AND commitment = OLD.commitment)
BEGIN SELECT RAISE(ABORT, 'vault: a personal value goes by an act of erasure only'); END;
CREATE TRIGGER leaf_erased_by_act BEFORE INSERT ON leaf_erased
WHEN NOT EXISTS (SELECT 1 FROM leaf WHERE org_id = NEW.org_id AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'vault: a personal value goes by an act of erasure only'); END;
CREATE TRIGGER leaf_erased_no_update BEFORE UPDATE ON leaf_erased BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_erased_no_delete BEFORE DELETE ON leaf_erased BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_identity_no_update BEFORE UPDATE ON leaf_identity BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER leaf_identity_no_delete BEFORE DELETE ON leaf_identity BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER log_origin_no_update BEFORE UPDATE ON log_origin BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER log_origin_no_delete BEFORE DELETE ON log_origin BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER log_key_no_update BEFORE UPDATE ON log_key BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER log_key_no_delete BEFORE DELETE ON log_key BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER cosignature_no_update BEFORE UPDATE ON cosignature BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
CREATE TRIGGER cosignature_no_delete BEFORE DELETE ON cosignature BEGIN SELECT RAISE(ABORT, 'vault: the log never changes'); END;
";

const PROOF_POSTGRES: &str = "
CREATE FUNCTION vault_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM leaf_erased WHERE org_id = OLD.org_id AND commitment = OLD.commitment) THEN
    RAISE EXCEPTION 'vault: a personal value goes by an act of erasure only';
  END IF;
  RETURN OLD;
END $$;
CREATE FUNCTION vault_erased_by_act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM leaf WHERE org_id = NEW.org_id AND seq = NEW.seq) THEN
    RAISE EXCEPTION 'vault: a personal value goes by an act of erasure only';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER leaf_private_erased BEFORE DELETE ON leaf_private FOR EACH ROW EXECUTE FUNCTION vault_erased();
CREATE TRIGGER leaf_erased_by_act BEFORE INSERT ON leaf_erased FOR EACH ROW EXECUTE FUNCTION vault_erased_by_act();
CREATE TRIGGER leaf_private_never BEFORE UPDATE OR TRUNCATE ON leaf_private FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER leaf_erased_never BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf_erased FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER leaf_identity_never BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf_identity FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER log_origin_never BEFORE UPDATE OR DELETE OR TRUNCATE ON log_origin FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER log_key_never BEFORE UPDATE OR DELETE OR TRUNCATE ON log_key FOR EACH STATEMENT EXECUTE FUNCTION vault_never();
CREATE TRIGGER cosignature_never BEFORE UPDATE OR DELETE OR TRUNCATE ON cosignature FOR EACH STATEMENT EXECUTE FUNCTION vault_never();

REVOKE UPDATE, DELETE, TRUNCATE ON leaf_erased, leaf_identity, log_origin, log_key, cosignature FROM PUBLIC, CURRENT_USER;
REVOKE UPDATE, TRUNCATE ON leaf_private FROM PUBLIC, CURRENT_USER;
";
