CREATE TABLE book (
  org_id INTEGER NOT NULL, book_id INTEGER NOT NULL, number TEXT NOT NULL, name TEXT NOT NULL,
  unit_id INTEGER NOT NULL, reader_id INTEGER NOT NULL, cycle INTEGER NOT NULL, reading_day INTEGER,
  version INTEGER NOT NULL,
  PRIMARY KEY (org_id, book_id)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX book_by_number ON book (org_id, number);

CREATE TABLE reading_day_proposal (
  org_id INTEGER NOT NULL, proposal_id INTEGER NOT NULL, book_id INTEGER NOT NULL, day INTEGER NOT NULL,
  state INTEGER NOT NULL, proposed_by INTEGER NOT NULL, proposed_at INTEGER NOT NULL,
  reviewed_by INTEGER, reviewed_at INTEGER, note TEXT NOT NULL,
  PRIMARY KEY (org_id, proposal_id)) STRICT, WITHOUT ROWID;

CREATE TABLE batch (
  org_id INTEGER NOT NULL, batch_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, month INTEGER NOT NULL,
  created_by INTEGER NOT NULL, created_at INTEGER NOT NULL, deleted_by INTEGER, deleted_at INTEGER,
  PRIMARY KEY (org_id, batch_id)) STRICT, WITHOUT ROWID;

CREATE TABLE book_month (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, book_id INTEGER NOT NULL,
  batch_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, state INTEGER NOT NULL, scheduled_on INTEGER NOT NULL,
  checked_by INTEGER, checked_at INTEGER, check_note TEXT,
  submitted_by INTEGER, submitted_at INTEGER, late_days INTEGER NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, book_id)) STRICT, WITHOUT ROWID;

CREATE TABLE book_step (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, book_id INTEGER NOT NULL, version INTEGER NOT NULL,
  from_state INTEGER NOT NULL, to_state INTEGER NOT NULL,
  person_id INTEGER NOT NULL, done_at INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (org_id, month, book_id, version)) STRICT, WITHOUT ROWID;

CREATE TABLE reading_log (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL, meter_seq INTEGER NOT NULL,
  log_id INTEGER NOT NULL, kind INTEGER NOT NULL, note TEXT NOT NULL,
  person_id INTEGER NOT NULL, written_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, account_id, meter_seq, log_id)) STRICT, WITHOUT ROWID;

-- Which line a ticket of the kind `book_return` is about; the ticket itself is kept by `workflow`.
CREATE TABLE change_ticket (
  org_id INTEGER NOT NULL, ticket_id INTEGER NOT NULL, month INTEGER NOT NULL, book_id INTEGER NOT NULL,
  account_id INTEGER NOT NULL, meter_seq INTEGER NOT NULL,
  PRIMARY KEY (org_id, ticket_id)) STRICT, WITHOUT ROWID;
