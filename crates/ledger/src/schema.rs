//! The ledger's tables, and the guards that keep it a ledger whoever writes to them.
//!
//! A voucher is written in three steps of one transaction: its draft, its postings, then the voucher, which seals
//! them. Postings are taken only while there is a draft; a draft is taken only before the voucher is there, and
//! cannot be committed without it. The seal compares count, sum, lines and accounts, asks for an open period and the
//! next number, and removes the draft: from then on nothing can be added, changed or removed.
//! The draft keeps the price of all this small: each posting costs one look into a table of a few rows.

use store::{Migration, Schema};

/// The ledger's part of the database.
pub const SCHEMA: Schema = Schema {
    module: "ledger",
    unrecorded: &["period_balance", "posting", "quantity_ledger", "receivable"],
    migrations: &[Migration {
        number: 1,
        name: "chart, periods, vouchers, postings, balances",
        both: TABLES,
        sqlite: SQLITE,
        postgres: POSTGRES,
    }, Migration {
        number: 2,
        name: "vouchers in the log",
        both: "
CREATE TABLE voucher_adoption (
  org_id INTEGER NOT NULL, adopted_at INTEGER NOT NULL, adopted_by INTEGER NOT NULL, PRIMARY KEY (org_id)) STRICT, WITHOUT ROWID;
CREATE TABLE voucher_adopted_year (
  org_id INTEGER NOT NULL, year INTEGER NOT NULL, last_number INTEGER NOT NULL, PRIMARY KEY (org_id, year)) STRICT, WITHOUT ROWID;",
        sqlite: "
CREATE TRIGGER adoption_no_update BEFORE UPDATE ON voucher_adoption BEGIN SELECT RAISE(ABORT, 'ledger: an adoption never changes'); END;
CREATE TRIGGER adoption_no_delete BEFORE DELETE ON voucher_adoption BEGIN SELECT RAISE(ABORT, 'ledger: an adoption is never deleted'); END;
CREATE TRIGGER adopted_year_no_update BEFORE UPDATE ON voucher_adopted_year BEGIN SELECT RAISE(ABORT, 'ledger: an adoption never changes'); END;
CREATE TRIGGER adopted_year_no_delete BEFORE DELETE ON voucher_adopted_year BEGIN SELECT RAISE(ABORT, 'ledger: an adoption is never deleted'); END;",
        postgres: "
CREATE TRIGGER adoption_never BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher_adoption FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
CREATE TRIGGER adopted_year_never BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher_adopted_year FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
REVOKE UPDATE, DELETE, TRUNCATE ON voucher_adoption, voucher_adopted_year FROM PUBLIC, CURRENT_USER;",
    }],
};

const TABLES: &str = "
CREATE TABLE chart_account (
  org_id INTEGER NOT NULL, code INTEGER NOT NULL, parent INTEGER, kind TEXT NOT NULL, side TEXT NOT NULL,
  name_zh TEXT NOT NULL, name_en TEXT NOT NULL, postable INTEGER NOT NULL CHECK (postable IN (0, 1)),
  PRIMARY KEY (org_id, code)) STRICT, WITHOUT ROWID;
CREATE TABLE ledger_component (
  org_id INTEGER NOT NULL, number INTEGER NOT NULL, code TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
  PRIMARY KEY (org_id, number)) STRICT, WITHOUT ROWID;
CREATE TABLE accounting_period (
  org_id INTEGER NOT NULL, period INTEGER NOT NULL CHECK (period BETWEEN 190001 AND 999912),
  is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
  opened_at INTEGER NOT NULL, opened_by INTEGER NOT NULL, closed_at INTEGER, closed_by INTEGER,
  PRIMARY KEY (org_id, period)) STRICT, WITHOUT ROWID;
CREATE TABLE voucher_counter (
  org_id INTEGER NOT NULL, year INTEGER NOT NULL, last_number INTEGER NOT NULL,
  PRIMARY KEY (org_id, year)) STRICT, WITHOUT ROWID;
CREATE TABLE voucher (
  org_id INTEGER NOT NULL, voucher_id INTEGER NOT NULL, year INTEGER NOT NULL, number INTEGER NOT NULL CHECK (number > 0),
  period INTEGER NOT NULL, posted_on INTEGER NOT NULL, effective_on INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  event TEXT NOT NULL, source TEXT NOT NULL, summary TEXT NOT NULL, person_id INTEGER NOT NULL, made_at INTEGER NOT NULL,
  reverses INTEGER, total INTEGER NOT NULL CHECK (total > 0), postings INTEGER NOT NULL CHECK (postings > 0),
  CHECK (posted_on / 100 = period), CHECK (period / 100 = year), CHECK (reverses <> voucher_id),
  PRIMARY KEY (org_id, voucher_id)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX voucher_by_number ON voucher (org_id, year, number);
CREATE INDEX voucher_by_period ON voucher (org_id, period, voucher_id);
CREATE UNIQUE INDEX voucher_by_reversed ON voucher (org_id, reverses) WHERE reverses IS NOT NULL;
CREATE TABLE voucher_draft (
  org_id INTEGER NOT NULL, voucher_id INTEGER NOT NULL, PRIMARY KEY (org_id, voucher_id),
  FOREIGN KEY (org_id, voucher_id) REFERENCES voucher (org_id, voucher_id) DEFERRABLE INITIALLY DEFERRED) STRICT, WITHOUT ROWID;
CREATE TABLE posting (
  org_id INTEGER NOT NULL, voucher_id INTEGER NOT NULL, line INTEGER NOT NULL CHECK (line > 0),
  debit INTEGER NOT NULL, credit INTEGER NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0),
  account_id INTEGER, component INTEGER NOT NULL, CHECK (debit <> credit),
  PRIMARY KEY (org_id, voucher_id, line)) STRICT, WITHOUT ROWID;
CREATE TABLE period_balance (
  org_id INTEGER NOT NULL, period INTEGER NOT NULL, unit_id INTEGER NOT NULL, code INTEGER NOT NULL,
  component INTEGER NOT NULL, debit INTEGER NOT NULL CHECK (debit >= 0), credit INTEGER NOT NULL CHECK (credit >= 0),
  PRIMARY KEY (org_id, period, unit_id, code, component)) STRICT, WITHOUT ROWID;
";

const SQLITE: &str = "
CREATE TRIGGER posting_of_draft BEFORE INSERT ON posting
WHEN NOT EXISTS (SELECT 1 FROM voucher_draft WHERE org_id = NEW.org_id AND voucher_id = NEW.voucher_id)
BEGIN SELECT RAISE(ABORT, 'ledger: no voucher is being written; a sealed one is reversed instead'); END;
CREATE TRIGGER draft_before_voucher BEFORE INSERT ON voucher_draft
WHEN EXISTS (SELECT 1 FROM voucher WHERE org_id = NEW.org_id AND voucher_id = NEW.voucher_id)
BEGIN SELECT RAISE(ABORT, 'ledger: the voucher is sealed; reverse it instead'); END;
CREATE TRIGGER draft_no_update BEFORE UPDATE ON voucher_draft BEGIN SELECT RAISE(ABORT, 'ledger: a draft never changes'); END;
CREATE TRIGGER draft_until_voucher BEFORE DELETE ON voucher_draft
WHEN NOT EXISTS (SELECT 1 FROM voucher WHERE org_id = OLD.org_id AND voucher_id = OLD.voucher_id)
BEGIN SELECT RAISE(ABORT, 'ledger: a draft ends with its voucher'); END;
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'ledger: a posting never changes'); END;
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'ledger: a posting is never deleted'); END;

CREATE TRIGGER voucher_seal AFTER INSERT ON voucher BEGIN
  SELECT RAISE(ABORT, 'ledger: the accounting period is not open') WHERE NOT EXISTS (
    SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period = NEW.period AND is_open = 1);
  SELECT RAISE(ABORT, 'ledger: voucher numbers have no gaps') WHERE NEW.number > 1 AND NOT EXISTS (
    SELECT 1 FROM voucher WHERE org_id = NEW.org_id AND year = NEW.year AND number = NEW.number - 1);
  SELECT RAISE(ABORT, 'ledger: the reversed voucher does not exist') WHERE NEW.reverses IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM voucher WHERE org_id = NEW.org_id AND voucher_id = NEW.reverses);
  SELECT RAISE(ABORT, 'ledger: the voucher differs from its postings, or an account is unknown')
  WHERE (NEW.postings, NEW.total, NEW.postings, NEW.postings, NEW.postings) IS NOT (
    SELECT COUNT(*), SUM(amount), MAX(line),
      SUM(debit IN (SELECT code FROM chart_account WHERE org_id = NEW.org_id AND postable = 1)),
      SUM(credit IN (SELECT code FROM chart_account WHERE org_id = NEW.org_id AND postable = 1))
    FROM posting WHERE org_id = NEW.org_id AND voucher_id = NEW.voucher_id);
  DELETE FROM voucher_draft WHERE org_id = NEW.org_id AND voucher_id = NEW.voucher_id;
END;
CREATE TRIGGER voucher_no_update BEFORE UPDATE ON voucher BEGIN SELECT RAISE(ABORT, 'ledger: a voucher never changes'); END;
CREATE TRIGGER voucher_no_delete BEFORE DELETE ON voucher BEGIN SELECT RAISE(ABORT, 'ledger: a voucher is never deleted'); END;

CREATE TRIGGER period_order BEFORE INSERT ON accounting_period
WHEN NEW.is_open <> 1 OR EXISTS (SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period >= NEW.period)
BEGIN SELECT RAISE(ABORT, 'ledger: periods are opened one after another'); END;
CREATE TRIGGER period_close BEFORE UPDATE ON accounting_period
WHEN NEW.org_id <> OLD.org_id OR NEW.period <> OLD.period
  OR (NEW.is_open = 0 AND EXISTS (SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period < NEW.period AND is_open = 1))
  OR (NEW.is_open = 1 AND EXISTS (SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period > NEW.period AND is_open = 0))
BEGIN SELECT RAISE(ABORT, 'ledger: periods are closed in order'); END;
CREATE TRIGGER period_no_delete BEFORE DELETE ON accounting_period BEGIN SELECT RAISE(ABORT, 'ledger: a period is never deleted'); END;

CREATE TRIGGER chart_no_delete BEFORE DELETE ON chart_account BEGIN SELECT RAISE(ABORT, 'ledger: an account is never deleted'); END;
CREATE TRIGGER chart_no_recode BEFORE UPDATE ON chart_account
WHEN NEW.org_id <> OLD.org_id OR NEW.code <> OLD.code
BEGIN SELECT RAISE(ABORT, 'ledger: an account keeps its code'); END;

CREATE TRIGGER balance_grows BEFORE UPDATE ON period_balance
WHEN NEW.org_id <> OLD.org_id OR NEW.period <> OLD.period OR NEW.unit_id <> OLD.unit_id OR NEW.code <> OLD.code
  OR NEW.component <> OLD.component OR NEW.debit < OLD.debit OR NEW.credit < OLD.credit
  OR NOT EXISTS (SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period = NEW.period AND is_open = 1)
BEGIN SELECT RAISE(ABORT, 'ledger: a balance only grows, in an open period'); END;
CREATE TRIGGER balance_in_open_period BEFORE INSERT ON period_balance
WHEN NOT EXISTS (SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period = NEW.period AND is_open = 1)
BEGIN SELECT RAISE(ABORT, 'ledger: a balance only grows, in an open period'); END;
CREATE TRIGGER balance_no_delete BEFORE DELETE ON period_balance BEGIN SELECT RAISE(ABORT, 'ledger: a balance is never deleted'); END;
";

/// On PostgreSQL the guards look at whole statements (transition tables), so that a COPY of 40,000 postings is
/// checked once and not 40,000 times.
const POSTGRES: &str = "
CREATE FUNCTION ledger_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'ledger: % never changes and is never deleted', TG_TABLE_NAME; END $$;
CREATE TRIGGER posting_never BEFORE UPDATE OR DELETE OR TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
CREATE TRIGGER voucher_never BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
CREATE TRIGGER period_never BEFORE DELETE OR TRUNCATE ON accounting_period FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
CREATE TRIGGER balance_never BEFORE DELETE OR TRUNCATE ON period_balance FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
CREATE TRIGGER chart_never BEFORE DELETE OR TRUNCATE ON chart_account FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();

CREATE FUNCTION ledger_posting_fresh() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT org_id, voucher_id FROM fresh) f WHERE NOT EXISTS (
      SELECT 1 FROM voucher_draft d WHERE d.org_id = f.org_id AND d.voucher_id = f.voucher_id)) THEN
    RAISE EXCEPTION 'ledger: no voucher is being written; a sealed one is reversed instead';
  END IF;
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT org_id, debit, credit FROM fresh) f WHERE 2 <> (
      SELECT COUNT(*) FROM chart_account a WHERE a.org_id = f.org_id AND a.code IN (f.debit, f.credit) AND a.postable = 1)) THEN
    RAISE EXCEPTION 'ledger: an account is unknown or takes no postings';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER posting_fresh AFTER INSERT ON posting REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_posting_fresh();

CREATE FUNCTION ledger_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF EXISTS (SELECT 1 FROM voucher WHERE org_id = NEW.org_id AND voucher_id = NEW.voucher_id) THEN
      RAISE EXCEPTION 'ledger: the voucher is sealed; reverse it instead';
    END IF;
    RETURN NEW;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM voucher WHERE org_id = OLD.org_id AND voucher_id = OLD.voucher_id) THEN
    RAISE EXCEPTION 'ledger: a draft ends with its voucher';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER draft_rules BEFORE INSERT OR DELETE ON voucher_draft FOR EACH ROW EXECUTE FUNCTION ledger_draft();
CREATE TRIGGER draft_never BEFORE UPDATE OR TRUNCATE ON voucher_draft FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();

CREATE FUNCTION ledger_voucher_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM accounting_period a
    WHERE EXISTS (SELECT 1 FROM fresh f WHERE f.org_id = a.org_id AND f.period = a.period) ORDER BY org_id, period FOR SHARE;
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT org_id, period FROM fresh) f WHERE NOT EXISTS (
      SELECT 1 FROM accounting_period a WHERE a.org_id = f.org_id AND a.period = f.period AND a.is_open = 1)) THEN
    RAISE EXCEPTION 'ledger: the accounting period is not open';
  END IF;
  IF EXISTS (SELECT 1 FROM fresh f WHERE f.number > 1 AND NOT EXISTS (
      SELECT 1 FROM voucher v WHERE v.org_id = f.org_id AND v.year = f.year AND v.number = f.number - 1)) THEN
    RAISE EXCEPTION 'ledger: voucher numbers have no gaps';
  END IF;
  IF EXISTS (SELECT 1 FROM fresh f WHERE f.reverses IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM voucher v WHERE v.org_id = f.org_id AND v.voucher_id = f.reverses)) THEN
    RAISE EXCEPTION 'ledger: the reversed voucher does not exist';
  END IF;
  IF EXISTS (
    SELECT 1 FROM fresh f LEFT JOIN LATERAL (
      SELECT COUNT(*) AS postings, SUM(p.amount) AS total, MAX(p.line) AS last_line
      FROM posting p WHERE p.org_id = f.org_id AND p.voucher_id = f.voucher_id) s ON TRUE
    WHERE (f.postings, f.total, f.postings) IS DISTINCT FROM (s.postings, s.total, s.last_line)) THEN
    RAISE EXCEPTION 'ledger: the voucher differs from its postings';
  END IF;
  DELETE FROM voucher_draft d USING fresh f WHERE d.org_id = f.org_id AND d.voucher_id = f.voucher_id;
  RETURN NULL;
END $$;
CREATE TRIGGER voucher_seal AFTER INSERT ON voucher REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_voucher_seal();

CREATE FUNCTION ledger_period_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.is_open <> 1 OR EXISTS (SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period >= NEW.period) THEN
      RAISE EXCEPTION 'ledger: periods are opened one after another';
    END IF;
  ELSIF NEW.org_id <> OLD.org_id OR NEW.period <> OLD.period
    OR (NEW.is_open = 0 AND EXISTS (SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period < NEW.period AND is_open = 1))
    OR (NEW.is_open = 1 AND EXISTS (SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period > NEW.period AND is_open = 0)) THEN
    RAISE EXCEPTION 'ledger: periods are closed in order';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER period_order BEFORE INSERT OR UPDATE ON accounting_period FOR EACH ROW EXECUTE FUNCTION ledger_period_order();

CREATE FUNCTION ledger_chart_no_recode() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'ledger: an account keeps its code'; END $$;
CREATE TRIGGER chart_no_recode BEFORE UPDATE ON chart_account FOR EACH ROW
  WHEN (NEW.org_id <> OLD.org_id OR NEW.code <> OLD.code) EXECUTE FUNCTION ledger_chart_no_recode();

CREATE FUNCTION ledger_balance_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.org_id <> OLD.org_id OR NEW.period <> OLD.period OR NEW.unit_id <> OLD.unit_id OR NEW.code <> OLD.code
      OR NEW.component <> OLD.component OR NEW.debit < OLD.debit OR NEW.credit < OLD.credit)
    OR NOT EXISTS (SELECT 1 FROM accounting_period WHERE org_id = NEW.org_id AND period = NEW.period AND is_open = 1) THEN
    RAISE EXCEPTION 'ledger: a balance only grows, in an open period';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER balance_grows BEFORE INSERT OR UPDATE ON period_balance FOR EACH ROW EXECUTE FUNCTION ledger_balance_grows();

REVOKE UPDATE, DELETE, TRUNCATE ON posting, voucher FROM PUBLIC, CURRENT_USER;
REVOKE DELETE, TRUNCATE ON accounting_period, chart_account, period_balance FROM PUBLIC, CURRENT_USER;
";
