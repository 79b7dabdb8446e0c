CREATE TABLE import_file (
  org_id INTEGER NOT NULL, kind INTEGER NOT NULL, digest TEXT NOT NULL, file TEXT NOT NULL,
  added INTEGER NOT NULL, unchanged INTEGER NOT NULL, rejected INTEGER NOT NULL,
  person_id INTEGER NOT NULL, finished_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, kind, digest)) STRICT, WITHOUT ROWID;

-- Reading cards and other reading tools, and everything that ever happened to them.
CREATE TABLE reading_tool (
  org_id INTEGER NOT NULL, tool_id INTEGER NOT NULL, kind INTEGER NOT NULL, number TEXT NOT NULL,
  unit_id INTEGER NOT NULL, account_id INTEGER, book_id INTEGER, state INTEGER NOT NULL, holder_id INTEGER,
  version INTEGER NOT NULL,
  PRIMARY KEY (org_id, tool_id)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX reading_tool_by_number ON reading_tool (org_id, kind, number);

CREATE TABLE tool_event (
  org_id INTEGER NOT NULL, tool_id INTEGER NOT NULL, version INTEGER NOT NULL, event INTEGER NOT NULL,
  on_date INTEGER NOT NULL, person_id INTEGER NOT NULL, done_by INTEGER NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY (org_id, tool_id, version)) STRICT, WITHOUT ROWID;

CREATE TABLE new_account_queue (
  org_id INTEGER NOT NULL, account_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, received_at INTEGER NOT NULL,
  month INTEGER, reader_id INTEGER, issued_by INTEGER, issued_at INTEGER,
  PRIMARY KEY (org_id, account_id)) STRICT, WITHOUT ROWID;

CREATE TABLE carry_over (
  org_id INTEGER NOT NULL, year INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  lines INTEGER NOT NULL, person_id INTEGER NOT NULL, done_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, year, unit_id)) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_opening (
  org_id INTEGER NOT NULL, year INTEGER NOT NULL, account_id INTEGER NOT NULL, meter_seq INTEGER NOT NULL,
  unit_id INTEGER NOT NULL, total INTEGER,
  PRIMARY KEY (org_id, year, account_id, meter_seq)) STRICT, WITHOUT ROWID;

CREATE TABLE carry_over_material (
  org_id INTEGER NOT NULL, year INTEGER NOT NULL, unit_id INTEGER NOT NULL, code TEXT NOT NULL,
  ready_on INTEGER NOT NULL, person_id INTEGER NOT NULL,
  PRIMARY KEY (org_id, year, unit_id, code)) STRICT, WITHOUT ROWID;

CREATE TABLE reading_error (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL, meter_seq INTEGER NOT NULL,
  unit_id INTEGER NOT NULL, note TEXT NOT NULL, found_by INTEGER NOT NULL, found_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, account_id, meter_seq)) STRICT, WITHOUT ROWID;
