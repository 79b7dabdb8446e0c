//! The tables of calculation and issue. What is issued never changes: the database itself refuses.

use store::{Migration, Schema};

/// The schema of billing.
pub const SCHEMA: Schema = Schema { module: "billing", unrecorded: &["bill"], migrations: MIGRATIONS };

const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "bills, issues, quantity ledger, receivables, exceptions, holds",
    both: "
CREATE TABLE price_table (
  org_id INTEGER NOT NULL, code TEXT NOT NULL, version INTEGER NOT NULL, effective_from INTEGER NOT NULL,
  content TEXT NOT NULL, loaded_by INTEGER NOT NULL, loaded_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, code, version)) STRICT, WITHOUT ROWID;
CREATE TABLE price_plan (
  org_id INTEGER NOT NULL, plan_id INTEGER NOT NULL, table_code TEXT NOT NULL, table_version INTEGER NOT NULL,
  effective_from INTEGER NOT NULL, effective_to INTEGER, class TEXT NOT NULL, voltage TEXT NOT NULL,
  left_market INTEGER NOT NULL, own_purchase_price INTEGER,
  PRIMARY KEY (org_id, plan_id)) STRICT, WITHOUT ROWID;
CREATE TABLE calculation (
  org_id INTEGER NOT NULL, calculation_id INTEGER NOT NULL, month INTEGER NOT NULL, book_id INTEGER NOT NULL,
  calculated_by INTEGER NOT NULL, calculated_at INTEGER NOT NULL,
  reviewed_by INTEGER, reviewed_at INTEGER,
  accounts INTEGER NOT NULL, clean INTEGER NOT NULL, energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL,
  PRIMARY KEY (org_id, calculation_id)) STRICT, WITHOUT ROWID;
CREATE INDEX calculation_of_book ON calculation (org_id, month, book_id);
CREATE TABLE bill (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL, sequence INTEGER NOT NULL,
  book_id INTEGER NOT NULL, calculation_id INTEGER NOT NULL, payer_id INTEGER NOT NULL,
  flow INTEGER NOT NULL, reasons INTEGER NOT NULL,
  energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL, detail BLOB NOT NULL,
  PRIMARY KEY (org_id, month, account_id, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE issue (
  org_id INTEGER NOT NULL, issue_id INTEGER NOT NULL, month INTEGER NOT NULL, book_id INTEGER NOT NULL,
  unit_id INTEGER NOT NULL, calculation_id INTEGER NOT NULL,
  issued_by INTEGER NOT NULL, issued_at INTEGER NOT NULL,
  year INTEGER NOT NULL, first_number INTEGER NOT NULL, bills INTEGER NOT NULL,
  energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL,
  voucher_id INTEGER NOT NULL, bills_root BLOB NOT NULL,
  PRIMARY KEY (org_id, issue_id)) STRICT, WITHOUT ROWID;
CREATE INDEX issue_of_book ON issue (org_id, month, book_id);
CREATE TABLE quantity_ledger (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL, sequence INTEGER NOT NULL,
  issue_id INTEGER NOT NULL, energy_kwh INTEGER NOT NULL, sharp_kwh INTEGER NOT NULL, peak_kwh INTEGER NOT NULL,
  flat_kwh INTEGER NOT NULL, valley_kwh INTEGER NOT NULL, deep_valley_kwh INTEGER NOT NULL,
  reactive_kvarh INTEGER NOT NULL, amount INTEGER NOT NULL, tier_used_kwh INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, account_id, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE receivable (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL, sequence INTEGER NOT NULL,
  issue_id INTEGER NOT NULL, line INTEGER NOT NULL, payer_id INTEGER NOT NULL,
  amount INTEGER NOT NULL, due_on INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, account_id, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE exception (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL,
  book_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, dedicated INTEGER NOT NULL, reasons INTEGER NOT NULL,
  energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL,
  past_months INTEGER NOT NULL, past_energy_kwh INTEGER NOT NULL, past_amount INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, list_id INTEGER, ticket_id INTEGER,
  sent_at INTEGER, due_on INTEGER, answered_by INTEGER, answered_at INTEGER, answer TEXT,
  in_order_at INTEGER, late_days INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (org_id, month, account_id)) STRICT, WITHOUT ROWID;
CREATE TABLE hold (
  org_id INTEGER NOT NULL, hold_id INTEGER NOT NULL, account_id INTEGER NOT NULL, kind INTEGER NOT NULL,
  from_month INTEGER NOT NULL, reason TEXT NOT NULL, document TEXT NOT NULL,
  placed_by INTEGER NOT NULL, placed_at INTEGER NOT NULL, released_by INTEGER, released_at INTEGER,
  PRIMARY KEY (org_id, hold_id)) STRICT, WITHOUT ROWID;
CREATE INDEX hold_of_account ON hold (org_id, account_id);",
    sqlite: "
CREATE TRIGGER quantity_ledger_fixed BEFORE UPDATE ON quantity_ledger BEGIN SELECT RAISE(ABORT, 'issued quantities never change'); END;
CREATE TRIGGER quantity_ledger_kept BEFORE DELETE ON quantity_ledger BEGIN SELECT RAISE(ABORT, 'issued quantities never change'); END;
CREATE TRIGGER receivable_fixed BEFORE UPDATE ON receivable BEGIN SELECT RAISE(ABORT, 'issued receivables never change'); END;
CREATE TRIGGER receivable_kept BEFORE DELETE ON receivable BEGIN SELECT RAISE(ABORT, 'issued receivables never change'); END;
CREATE TRIGGER issue_fixed BEFORE UPDATE ON issue BEGIN SELECT RAISE(ABORT, 'issues never change'); END;
CREATE TRIGGER issue_kept BEFORE DELETE ON issue BEGIN SELECT RAISE(ABORT, 'issues never change'); END;
CREATE TRIGGER bill_fixed BEFORE UPDATE ON bill
  WHEN EXISTS (SELECT 1 FROM receivable r WHERE r.org_id = OLD.org_id AND r.month = OLD.month AND r.account_id = OLD.account_id AND r.sequence = OLD.sequence)
  BEGIN SELECT RAISE(ABORT, 'an issued bill never changes'); END;
CREATE TRIGGER bill_kept BEFORE DELETE ON bill
  WHEN EXISTS (SELECT 1 FROM receivable r WHERE r.org_id = OLD.org_id AND r.month = OLD.month AND r.account_id = OLD.account_id AND r.sequence = OLD.sequence)
  BEGIN SELECT RAISE(ABORT, 'an issued bill never changes'); END;",
    postgres: "
CREATE FUNCTION billing_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'what is issued never changes'; END $$;
CREATE FUNCTION billing_issued_bill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM receivable r WHERE r.org_id = OLD.org_id AND r.month = OLD.month AND r.account_id = OLD.account_id AND r.sequence = OLD.sequence)
  THEN RAISE EXCEPTION 'an issued bill never changes'; END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$;
CREATE TRIGGER quantity_ledger_fixed BEFORE UPDATE OR DELETE ON quantity_ledger FOR EACH ROW EXECUTE FUNCTION billing_never_changes();
CREATE TRIGGER receivable_fixed BEFORE UPDATE OR DELETE ON receivable FOR EACH ROW EXECUTE FUNCTION billing_never_changes();
CREATE TRIGGER issue_fixed BEFORE UPDATE OR DELETE ON issue FOR EACH ROW EXECUTE FUNCTION billing_never_changes();
CREATE TRIGGER bill_fixed BEFORE UPDATE OR DELETE ON bill FOR EACH ROW EXECUTE FUNCTION billing_issued_bill();",
}, Migration {
    number: 2,
    name: "fee of an issue by component",
    both: "
CREATE TABLE issue_component (
  org_id INTEGER NOT NULL, issue_id INTEGER NOT NULL, component INTEGER NOT NULL,
  amount INTEGER NOT NULL, vat INTEGER NOT NULL,
  PRIMARY KEY (org_id, issue_id, component)) STRICT, WITHOUT ROWID;",
    sqlite: "",
    postgres: "",
}, Migration {
    number: 3,
    name: "issues whose leaves do not say whose the bills are",
    both: "
CREATE TABLE issue_first_form (
  org_id INTEGER NOT NULL, issue_id INTEGER NOT NULL, PRIMARY KEY (org_id, issue_id)) STRICT, WITHOUT ROWID;
INSERT INTO issue_first_form (org_id, issue_id) SELECT org_id, issue_id FROM issue;",
    sqlite: "
CREATE TRIGGER issue_first_form_closed BEFORE INSERT ON issue_first_form BEGIN SELECT RAISE(ABORT, 'issues never change'); END;
CREATE TRIGGER issue_first_form_fixed BEFORE UPDATE ON issue_first_form BEGIN SELECT RAISE(ABORT, 'issues never change'); END;
CREATE TRIGGER issue_first_form_kept BEFORE DELETE ON issue_first_form BEGIN SELECT RAISE(ABORT, 'issues never change'); END;",
    postgres: "
CREATE TRIGGER issue_first_form_fixed BEFORE INSERT OR UPDATE OR DELETE ON issue_first_form FOR EACH ROW EXECUTE FUNCTION billing_never_changes();",
}, crate::suspicion::MIGRATION, Migration {
    number: 5,
    name: "find what one customer pays for another, and the issue of a voucher",
    // Few customers pay for others, and an issue is a whole book: the indexes cost a billing run nothing.
    both: "
CREATE INDEX receivable_by_payer ON receivable (org_id, payer_id, month) WHERE payer_id <> account_id;
CREATE INDEX issue_by_voucher ON issue (org_id, voucher_id);",
    sqlite: "",
    postgres: "",
}];
