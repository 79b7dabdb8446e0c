-- Parameter-change tickets beside their workflow ticket (same key): what they change and who checked it.
CREATE TABLE parameter_ticket (
  org_id INTEGER NOT NULL, ticket_id INTEGER NOT NULL, number TEXT NOT NULL, origin INTEGER NOT NULL,
  state INTEGER NOT NULL, unit_id INTEGER NOT NULL, account_id INTEGER NOT NULL, opens INTEGER NOT NULL,
  applied_on INTEGER NOT NULL, affects_from INTEGER NOT NULL, revision INTEGER NOT NULL, reason TEXT NOT NULL,
  started_by INTEGER NOT NULL, started_at INTEGER NOT NULL,
  entered_by INTEGER NOT NULL, checked_by INTEGER, checked_at INTEGER, check_note TEXT,
  handler_id INTEGER, dispatched_by INTEGER, dispatched_at INTEGER,
  archived_by INTEGER, archived_at INTEGER, version INTEGER NOT NULL,
  PRIMARY KEY (org_id, ticket_id)) STRICT, WITHOUT ROWID;
CREATE INDEX parameter_ticket_by_account ON parameter_ticket (org_id, account_id, ticket_id);

-- Every line ever entered; those of the ticket's revision count.
CREATE TABLE parameter_line (
  org_id INTEGER NOT NULL, ticket_id INTEGER NOT NULL, revision INTEGER NOT NULL, line_no INTEGER NOT NULL,
  from_date INTEGER NOT NULL, content TEXT NOT NULL, entered_by INTEGER NOT NULL, entered_at INTEGER NOT NULL,
  applied_at INTEGER,
  PRIMARY KEY (org_id, ticket_id, revision, line_no)) STRICT, WITHOUT ROWID;

-- Hold-issue requests beside their workflow ticket (same key).
CREATE TABLE hold_request (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL, hold_id INTEGER NOT NULL,
  ticket_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, state INTEGER NOT NULL,
  filed_by INTEGER NOT NULL, filed_at INTEGER NOT NULL, ended_at INTEGER,
  PRIMARY KEY (org_id, month, account_id, hold_id)) STRICT, WITHOUT ROWID;
CREATE INDEX hold_request_by_ticket ON hold_request (org_id, ticket_id, hold_id);

-- The daily list of changes in circulation as it was given.
CREATE TABLE circulation_list (
  org_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, day INTEGER NOT NULL, tickets INTEGER NOT NULL,
  made_by INTEGER NOT NULL, made_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, unit_id, day)) STRICT, WITHOUT ROWID;
CREATE TABLE circulation_line (
  org_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, day INTEGER NOT NULL, ticket_id INTEGER NOT NULL,
  number TEXT NOT NULL, account_id INTEGER NOT NULL, state INTEGER NOT NULL, affects_from INTEGER NOT NULL,
  held INTEGER NOT NULL,
  PRIMARY KEY (org_id, unit_id, day, ticket_id)) STRICT, WITHOUT ROWID;

-- Contract against system, as the centre found it; and error lists about tickets (keys of their workflow tickets).
CREATE TABLE inconsistency (
  org_id INTEGER NOT NULL, inconsistency_id INTEGER NOT NULL, account_id INTEGER NOT NULL, field TEXT NOT NULL,
  contract_value TEXT NOT NULL, system_value TEXT NOT NULL, change_ticket_id INTEGER,
  PRIMARY KEY (org_id, inconsistency_id)) STRICT, WITHOUT ROWID;
CREATE TABLE error_list (
  org_id INTEGER NOT NULL, error_list_id INTEGER NOT NULL, ticket_id INTEGER NOT NULL,
  error TEXT NOT NULL, suggestion TEXT NOT NULL, revision INTEGER,
  PRIMARY KEY (org_id, error_list_id)) STRICT, WITHOUT ROWID;
CREATE INDEX error_list_by_ticket ON error_list (org_id, ticket_id, error_list_id);

-- Adjustments of the reading plan and of the reading route (keys of their workflow tickets).
CREATE TABLE plan_adjustment (
  org_id INTEGER NOT NULL, adjustment_id INTEGER NOT NULL, book_id INTEGER NOT NULL, from_month INTEGER NOT NULL,
  reading_day INTEGER NOT NULL, cycle INTEGER NOT NULL, old_reading_day INTEGER, old_cycle INTEGER NOT NULL,
  maintained_at INTEGER,
  PRIMARY KEY (org_id, adjustment_id)) STRICT, WITHOUT ROWID;
CREATE TABLE route_adjustment (
  org_id INTEGER NOT NULL, adjustment_id INTEGER NOT NULL, from_book_id INTEGER NOT NULL, to_book_id INTEGER NOT NULL,
  account_id INTEGER, route_sequence INTEGER, done_at INTEGER, moved INTEGER,
  PRIMARY KEY (org_id, adjustment_id)) STRICT, WITHOUT ROWID;
