//! The tables of this crate; only this file and those below it name them.

pub(crate) mod approval;
pub(crate) mod clock;
pub(crate) mod closing;
pub(crate) mod inbox;
pub(crate) mod list;
pub(crate) mod message;
pub(crate) mod ticket;

use store::{Migration, Schema};

/// The tables of this crate.
pub const SCHEMA: Schema = Schema {
    module: "workflow",
    unrecorded: &[],
    migrations: &[Migration {
        number: 1,
        name: "tickets, clocks, approvals, lists, closings, messages",
        both: "
CREATE TABLE workflow_ticket (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, kind TEXT NOT NULL, number TEXT NOT NULL, state TEXT NOT NULL,
  closed INTEGER NOT NULL, blocks INTEGER NOT NULL, subject_kind TEXT NOT NULL, subject_id INTEGER NOT NULL,
  account_id INTEGER, book_id INTEGER, month INTEGER,
  raised_unit_id INTEGER NOT NULL, raised_by INTEGER NOT NULL, raised_post TEXT NOT NULL, raised_at INTEGER NOT NULL,
  addressed_unit_id INTEGER NOT NULL, addressed_post TEXT NOT NULL, third_unit_id INTEGER, text TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (org_id, id), UNIQUE (org_id, number)) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_ticket_subject ON workflow_ticket (org_id, subject_kind, subject_id);
CREATE INDEX workflow_ticket_account ON workflow_ticket (org_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX workflow_ticket_open ON workflow_ticket (org_id, addressed_unit_id) WHERE closed = 0;
CREATE TABLE workflow_step (
  org_id INTEGER NOT NULL, ticket_id INTEGER NOT NULL, step_no INTEGER NOT NULL, act TEXT NOT NULL,
  from_state TEXT NOT NULL, to_state TEXT NOT NULL, person_id INTEGER NOT NULL, post TEXT NOT NULL,
  unit_id INTEGER NOT NULL, at INTEGER NOT NULL, day INTEGER NOT NULL, text TEXT NOT NULL, is_feedback INTEGER NOT NULL,
  feedback_id INTEGER NOT NULL, authority_id INTEGER,
  PRIMARY KEY (org_id, ticket_id, step_no)) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_step_feedback ON workflow_step (org_id, day) WHERE is_feedback = 1;
CREATE TABLE workflow_attachment (
  org_id INTEGER NOT NULL, ticket_id INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL,
  size_bytes INTEGER NOT NULL, sha256 BLOB NOT NULL, added_by INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (org_id, ticket_id, id)) STRICT, WITHOUT ROWID;
CREATE TABLE workflow_clock (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, code TEXT NOT NULL, ticket_id INTEGER,
  subject_kind TEXT NOT NULL, subject_id INTEGER NOT NULL, account_id INTEGER,
  started_on INTEGER NOT NULL, first_due_on INTEGER NOT NULL, due_on INTEGER NOT NULL,
  answerable_unit_id INTEGER NOT NULL, answerable_post TEXT NOT NULL, met_on INTEGER, dropped_on INTEGER,
  version INTEGER NOT NULL,
  PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_clock_open ON workflow_clock (org_id, due_on) WHERE met_on IS NULL AND dropped_on IS NULL;
CREATE INDEX workflow_clock_subject ON workflow_clock (org_id, subject_kind, subject_id);
CREATE INDEX workflow_clock_ticket ON workflow_clock (org_id, ticket_id) WHERE ticket_id IS NOT NULL;
CREATE TABLE workflow_postponement (
  org_id INTEGER NOT NULL, clock_id INTEGER NOT NULL, id INTEGER NOT NULL, old_due INTEGER NOT NULL,
  new_due INTEGER NOT NULL, charged_unit_id INTEGER NOT NULL, reason TEXT NOT NULL, by_person_id INTEGER NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (org_id, clock_id, id)) STRICT, WITHOUT ROWID;
CREATE TABLE workflow_approval (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, number TEXT NOT NULL, kind TEXT NOT NULL, subject_kind TEXT NOT NULL,
  subject_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, amount INTEGER NOT NULL, is_refund INTEGER NOT NULL,
  maker_id INTEGER NOT NULL, opened_by INTEGER NOT NULL, opened_at INTEGER NOT NULL, state INTEGER NOT NULL,
  version INTEGER NOT NULL, PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_approval_subject ON workflow_approval (org_id, subject_kind, subject_id);
CREATE TABLE workflow_approval_step (
  org_id INTEGER NOT NULL, approval_id INTEGER NOT NULL, step INTEGER NOT NULL, post TEXT NOT NULL,
  permission TEXT NOT NULL, person_id INTEGER, at INTEGER, approved INTEGER, text TEXT,
  PRIMARY KEY (org_id, approval_id, step)) STRICT, WITHOUT ROWID;
CREATE TABLE workflow_list (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, kind TEXT NOT NULL, number TEXT NOT NULL, month INTEGER NOT NULL,
  first_unit_id INTEGER NOT NULL, second_unit_id INTEGER NOT NULL, made_by INTEGER NOT NULL, made_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_list_month ON workflow_list (org_id, month);
CREATE TABLE workflow_list_line (
  org_id INTEGER NOT NULL, list_id INTEGER NOT NULL, line_no INTEGER NOT NULL, subject_kind TEXT NOT NULL,
  subject_id INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (org_id, list_id, line_no)) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_list_line_subject ON workflow_list_line (org_id, subject_kind, subject_id);
CREATE TABLE workflow_signature (
  org_id INTEGER NOT NULL, list_id INTEGER NOT NULL, side INTEGER NOT NULL, person_id INTEGER NOT NULL,
  post TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (org_id, list_id, side), UNIQUE (org_id, list_id, person_id)) STRICT, WITHOUT ROWID;
CREATE TABLE workflow_closing_item (
  org_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, period INTEGER NOT NULL, item TEXT NOT NULL, done_by INTEGER,
  done_at INTEGER, note TEXT NOT NULL, nothing_to_do INTEGER NOT NULL,
  PRIMARY KEY (org_id, unit_id, period, item)) STRICT, WITHOUT ROWID;
CREATE TABLE workflow_closing (
  org_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, period INTEGER NOT NULL, closed_by INTEGER NOT NULL,
  closed_at INTEGER NOT NULL, PRIMARY KEY (org_id, unit_id, period)) STRICT, WITHOUT ROWID;
CREATE TABLE workflow_message (
  org_id INTEGER NOT NULL, id INTEGER NOT NULL, number TEXT NOT NULL, channel INTEGER NOT NULL,
  from_unit_id INTEGER NOT NULL, from_person_id INTEGER NOT NULL, to_unit_id INTEGER NOT NULL, to_person_id INTEGER,
  sent_at INTEGER NOT NULL, logged_at INTEGER NOT NULL, subject_kind TEXT NOT NULL, subject_id INTEGER NOT NULL,
  text TEXT NOT NULL, PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_message_subject ON workflow_message (org_id, subject_kind, subject_id);",
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 2,
        name: "files of tickets",
        both: "
CREATE TABLE workflow_file (
  org_id INTEGER NOT NULL, ticket_id INTEGER NOT NULL, id INTEGER NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (org_id, ticket_id, id)) STRICT, WITHOUT ROWID;",
        sqlite: "",
        postgres: "",
    }],
};
