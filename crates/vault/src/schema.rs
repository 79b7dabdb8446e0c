//! The vault's tables: append only, without gaps, on both engines.

use store::{Migration, Schema};

/// The vault's part of the database.
pub const SCHEMA: Schema = Schema {
    module: "vault",
    migrations: &[Migration {
        number: 1,
        name: "log of acts",
        both: TABLES,
        sqlite: SQLITE,
        postgres: POSTGRES,
    }],
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
