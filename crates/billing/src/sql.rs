//! The tables of billing, and the only place that names them.

use kernel::{Date, Money, Month, Quantity};
use store::{Bulk, Column, Kind, Migration, Schema, StoreError, Tx, params};
use tariff::Period;

use crate::gates::{Flow, Past, Reasons};

/// The schema of billing.
pub const SCHEMA: Schema = Schema { module: "billing", migrations: MIGRATIONS };

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
  calculation_id INTEGER NOT NULL, issued_by INTEGER NOT NULL, issued_at INTEGER NOT NULL,
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
}];

const BILL: &[Column] = &[
    ("org_id", Kind::Int),
    ("month", Kind::Int),
    ("account_id", Kind::Int),
    ("sequence", Kind::Int),
    ("book_id", Kind::Int),
    ("calculation_id", Kind::Int),
    ("payer_id", Kind::Int),
    ("flow", Kind::Int),
    ("reasons", Kind::Int),
    ("energy_kwh", Kind::Int),
    ("amount", Kind::Int),
    ("detail", Kind::Blob),
];
const QUANTITY_LEDGER: &[Column] = &[
    ("org_id", Kind::Int),
    ("month", Kind::Int),
    ("account_id", Kind::Int),
    ("sequence", Kind::Int),
    ("issue_id", Kind::Int),
    ("energy_kwh", Kind::Int),
    ("sharp_kwh", Kind::Int),
    ("peak_kwh", Kind::Int),
    ("flat_kwh", Kind::Int),
    ("valley_kwh", Kind::Int),
    ("deep_valley_kwh", Kind::Int),
    ("reactive_kvarh", Kind::Int),
    ("amount", Kind::Int),
    ("tier_used_kwh", Kind::Int),
];
const RECEIVABLE: &[Column] = &[
    ("org_id", Kind::Int),
    ("month", Kind::Int),
    ("account_id", Kind::Int),
    ("sequence", Kind::Int),
    ("issue_id", Kind::Int),
    ("line", Kind::Int),
    ("payer_id", Kind::Int),
    ("amount", Kind::Int),
    ("due_on", Kind::Int),
];
const EXCEPTION: &[Column] = &[
    ("org_id", Kind::Int),
    ("month", Kind::Int),
    ("account_id", Kind::Int),
    ("book_id", Kind::Int),
    ("unit_id", Kind::Int),
    ("dedicated", Kind::Int),
    ("reasons", Kind::Int),
    ("energy_kwh", Kind::Int),
    ("amount", Kind::Int),
    ("past_months", Kind::Int),
    ("past_energy_kwh", Kind::Int),
    ("past_amount", Kind::Int),
];

/// A bulk load of bills.
pub(crate) fn bills() -> Bulk {
    Bulk::new("bill", BILL)
}
/// A bulk load of the quantity ledger.
pub(crate) fn quantities() -> Bulk {
    Bulk::new("quantity_ledger", QUANTITY_LEDGER)
}
/// A bulk load of receivables.
pub(crate) fn receivables() -> Bulk {
    Bulk::new("receivable", RECEIVABLE)
}
/// A bulk load of exceptions.
pub(crate) fn exceptions() -> Bulk {
    Bulk::new("exception", EXCEPTION)
}

/// Key of one bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BillKey {
    /// The organisation.
    pub org_id: i64,
    /// The billing month.
    pub month: Month,
    /// The account.
    pub account_id: i64,
    /// 0 for the month's own bill, 1 and up for further ones (instalments, adjustments).
    pub sequence: i64,
}

/// What a bill row says beside its detail.
pub(crate) struct BillRow<'b> {
    pub(crate) key: BillKey,
    pub(crate) book_id: i64,
    pub(crate) calculation_id: i64,
    pub(crate) payer_id: i64,
    pub(crate) flow: Flow,
    pub(crate) reasons: Reasons,
    pub(crate) energy_kwh: Quantity,
    pub(crate) amount: Money,
    pub(crate) detail: &'b [u8],
}

pub(crate) fn add_bill(bulk: &mut Bulk, row: &BillRow<'_>) -> Result<(), StoreError> {
    bulk.row(params![
        row.key.org_id,
        row.key.month,
        row.key.account_id,
        row.key.sequence,
        row.book_id,
        row.calculation_id,
        row.payer_id,
        row.flow.number(),
        row.reasons.0,
        row.energy_kwh,
        row.amount,
        row.detail,
    ])
}

/// A line of the quantity ledger (电量台账).
pub(crate) struct QuantityRow {
    pub(crate) key: BillKey,
    pub(crate) issue_id: i64,
    pub(crate) energy_kwh: Quantity,
    pub(crate) by_period: [Quantity; Period::COUNT],
    pub(crate) reactive_kvarh: Quantity,
    pub(crate) amount: Money,
    pub(crate) tier_used_kwh: Quantity,
}

pub(crate) fn add_quantity(bulk: &mut Bulk, row: &QuantityRow) -> Result<(), StoreError> {
    let of = |period: Period| row.by_period[period.index()];
    bulk.row(params![
        row.key.org_id,
        row.key.month,
        row.key.account_id,
        row.key.sequence,
        row.issue_id,
        row.energy_kwh,
        of(Period::Sharp),
        of(Period::Peak),
        of(Period::Flat),
        of(Period::Valley),
        of(Period::DeepValley),
        row.reactive_kvarh,
        row.amount,
        row.tier_used_kwh,
    ])
}

pub(crate) fn add_receivable(
    bulk: &mut Bulk,
    key: BillKey,
    issue_id: i64,
    line: i64,
    payer_id: i64,
    amount: Money,
    due_on: Date,
) -> Result<(), StoreError> {
    bulk.row(params![
        key.org_id,
        key.month,
        key.account_id,
        key.sequence,
        issue_id,
        line,
        payer_id,
        amount,
        due_on
    ])
}

/// What is kept of an exception when it is found.
pub(crate) struct ExceptionRow {
    pub(crate) key: BillKey,
    pub(crate) book_id: i64,
    pub(crate) unit_id: i64,
    pub(crate) dedicated: bool,
    pub(crate) reasons: Reasons,
    pub(crate) energy_kwh: Quantity,
    pub(crate) amount: Money,
    pub(crate) past: Past,
}

pub(crate) fn add_exception(bulk: &mut Bulk, row: &ExceptionRow) -> Result<(), StoreError> {
    bulk.row(params![
        row.key.org_id,
        row.key.month,
        row.key.account_id,
        row.book_id,
        row.unit_id,
        row.dedicated,
        row.reasons.0,
        row.energy_kwh,
        row.amount,
        row.past.months,
        row.past.energy_kwh,
        row.past.fee,
    ])
}

/// Gives kWh, fee and tier use issued in `month` to accounts from `first` to `last`, in order of account.
pub(crate) fn each_issued<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    first: i64,
    last: i64,
    mut take: impl FnMut(i64, Quantity, Money, Quantity) -> Result<(), E>,
) -> Result<(), E> {
    tx.each(
        "SELECT account_id, energy_kwh, amount, tier_used_kwh FROM quantity_ledger
         WHERE org_id = ?1 AND month = ?2 AND account_id BETWEEN ?3 AND ?4 ORDER BY account_id, sequence",
        params![org_id, month, first, last],
        |row| take(row.int(0)?, row.quantity(1)?, row.money(2)?, row.quantity(3)?),
    )
}
