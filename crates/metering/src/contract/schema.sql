-- Supply contracts and fee-settlement agreements; a revision is a new row that names the one before.
CREATE TABLE contract (
  org_id INTEGER NOT NULL, contract_id INTEGER NOT NULL, account_id INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  kind INTEGER NOT NULL, number TEXT NOT NULL, signed_on INTEGER NOT NULL, valid_from INTEGER NOT NULL,
  valid_to INTEGER, revises INTEGER, note TEXT NOT NULL, kept_by INTEGER NOT NULL, kept_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, contract_id)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX contract_by_number ON contract (org_id, number);
CREATE INDEX contract_by_account ON contract (org_id, account_id, contract_id);
CREATE TABLE contract_term (
  org_id INTEGER NOT NULL, contract_id INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (org_id, contract_id, field)) STRICT, WITHOUT ROWID;

-- The copy sent to the centre: by which message, when, and when it was due.
CREATE TABLE contract_transfer (
  org_id INTEGER NOT NULL, contract_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, centre_unit_id INTEGER NOT NULL,
  month INTEGER NOT NULL, sent_at INTEGER NOT NULL, due_on INTEGER NOT NULL, message_id INTEGER NOT NULL,
  directory_id INTEGER,
  PRIMARY KEY (org_id, contract_id)) STRICT, WITHOUT ROWID;
CREATE INDEX contract_transfer_by_month ON contract_transfer (org_id, month, contract_id);
