CREATE TABLE account (
  org_id INTEGER NOT NULL, account_id INTEGER NOT NULL,
  book_id INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  category INTEGER NOT NULL, voltage INTEGER NOT NULL, price_class TEXT NOT NULL, options INTEGER NOT NULL,
  persons INTEGER NOT NULL, tier_start INTEGER NOT NULL, due_day INTEGER NOT NULL,
  status INTEGER NOT NULL, opened_on INTEGER NOT NULL, closed_on INTEGER, main_account_id INTEGER,
  number TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, phone TEXT NOT NULL,
  route_sequence INTEGER NOT NULL, collection INTEGER NOT NULL, tax INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (org_id, account_id)) STRICT, WITHOUT ROWID;
CREATE INDEX account_by_book ON account (org_id, book_id, account_id);
CREATE UNIQUE INDEX account_by_number ON account (org_id, number);

CREATE TABLE account_terms (
  org_id INTEGER NOT NULL, account_id INTEGER NOT NULL,
  basic INTEGER NOT NULL, contract_demand_kw INTEGER, power_factor INTEGER,
  transformer_loss INTEGER NOT NULL, transformer_loss_kwh INTEGER, transformer_loss_kvarh INTEGER,
  line_loss INTEGER NOT NULL, line_loss_rate INTEGER, line_loss_kwh INTEGER,
  -- Figures of transformer loss by formula: by the square of the load when loss_load_kw is there, by a rate otherwise.
  loss_no_load_kw INTEGER, loss_load_kw INTEGER, loss_no_load_current INTEGER, loss_impedance INTEGER,
  loss_shape INTEGER, loss_no_load_kvar INTEGER, loss_copper_rate INTEGER, loss_reactive_rate INTEGER,
  PRIMARY KEY (org_id, account_id)) STRICT, WITHOUT ROWID;

CREATE TABLE account_change (
  org_id INTEGER NOT NULL, account_id INTEGER NOT NULL, change_id INTEGER NOT NULL,
  field TEXT NOT NULL, old_value TEXT, new_value TEXT,
  from_date INTEGER NOT NULL, ticket TEXT NOT NULL,
  person_id INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, account_id, change_id)) STRICT, WITHOUT ROWID;

CREATE TABLE transformer (
  org_id INTEGER NOT NULL, account_id INTEGER NOT NULL, seq INTEGER NOT NULL,
  model TEXT NOT NULL, capacity_kva INTEGER NOT NULL, connected_on INTEGER NOT NULL,
  PRIMARY KEY (org_id, account_id, seq)) STRICT, WITHOUT ROWID;

CREATE TABLE transformer_event (
  org_id INTEGER NOT NULL, account_id INTEGER NOT NULL, seq INTEGER NOT NULL,
  on_date INTEGER NOT NULL, event_no INTEGER NOT NULL, change INTEGER NOT NULL, capacity_kva INTEGER,
  PRIMARY KEY (org_id, account_id, seq, on_date, event_no)) STRICT, WITHOUT ROWID;

CREATE TABLE metering_point (
  org_id INTEGER NOT NULL, account_id INTEGER NOT NULL, point_seq INTEGER NOT NULL,
  price_class TEXT, time_of_use INTEGER NOT NULL, relation INTEGER NOT NULL, parent_seq INTEGER,
  fixed_kwh INTEGER, fixed_ratio INTEGER,
  bears_transformer_loss INTEGER NOT NULL, bears_line_loss INTEGER NOT NULL, in_power_factor INTEGER NOT NULL,
  PRIMARY KEY (org_id, account_id, point_seq)) STRICT, WITHOUT ROWID;

CREATE TABLE meter (
  org_id INTEGER NOT NULL, account_id INTEGER NOT NULL, meter_seq INTEGER NOT NULL,
  number TEXT NOT NULL, point_seq INTEGER NOT NULL, digits INTEGER NOT NULL, decimals INTEGER NOT NULL,
  multiplier INTEGER NOT NULL, registers INTEGER NOT NULL,
  installed_on INTEGER NOT NULL, removed_on INTEGER,
  PRIMARY KEY (org_id, account_id, meter_seq)) STRICT, WITHOUT ROWID;
CREATE INDEX meter_by_number ON meter (number, org_id);

CREATE TABLE reading (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL, meter_seq INTEGER NOT NULL,
  point_seq INTEGER NOT NULL, digits INTEGER NOT NULL, multiplier INTEGER NOT NULL,
  status INTEGER NOT NULL, flags INTEGER NOT NULL, read_on INTEGER NOT NULL,
  total_previous INTEGER, total_current INTEGER,
  entered_by INTEGER NOT NULL, entered_at INTEGER NOT NULL, version INTEGER NOT NULL,
  sharp_previous INTEGER, sharp_current INTEGER, peak_previous INTEGER, peak_current INTEGER,
  flat_previous INTEGER, flat_current INTEGER, valley_previous INTEGER, valley_current INTEGER,
  deep_valley_previous INTEGER, deep_valley_current INTEGER,
  reactive_forward_previous INTEGER, reactive_forward_current INTEGER,
  reactive_reverse_previous INTEGER, reactive_reverse_current INTEGER,
  demand_current INTEGER,
  PRIMARY KEY (org_id, month, account_id, meter_seq)) STRICT, WITHOUT ROWID;

-- Every value a reading had before: who replaced it, when and why.
CREATE TABLE reading_history (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL, meter_seq INTEGER NOT NULL,
  point_seq INTEGER NOT NULL, digits INTEGER NOT NULL, multiplier INTEGER NOT NULL,
  status INTEGER NOT NULL, flags INTEGER NOT NULL, read_on INTEGER NOT NULL,
  total_previous INTEGER, total_current INTEGER,
  entered_by INTEGER NOT NULL, entered_at INTEGER NOT NULL, version INTEGER NOT NULL,
  sharp_previous INTEGER, sharp_current INTEGER, peak_previous INTEGER, peak_current INTEGER,
  flat_previous INTEGER, flat_current INTEGER, valley_previous INTEGER, valley_current INTEGER,
  deep_valley_previous INTEGER, deep_valley_current INTEGER,
  reactive_forward_previous INTEGER, reactive_forward_current INTEGER,
  reactive_reverse_previous INTEGER, reactive_reverse_current INTEGER,
  demand_current INTEGER,
  replaced_by INTEGER NOT NULL, replaced_at INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (org_id, month, account_id, meter_seq, version)) STRICT, WITHOUT ROWID;

-- Lines on their way into `reading`; always empty between commands.
CREATE TABLE reading_entry (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL, meter_seq INTEGER NOT NULL,
  point_seq INTEGER NOT NULL, digits INTEGER NOT NULL, multiplier INTEGER NOT NULL,
  status INTEGER NOT NULL, flags INTEGER NOT NULL, read_on INTEGER NOT NULL,
  total_previous INTEGER, total_current INTEGER,
  entered_by INTEGER NOT NULL, entered_at INTEGER NOT NULL, version INTEGER NOT NULL,
  sharp_previous INTEGER, sharp_current INTEGER, peak_previous INTEGER, peak_current INTEGER,
  flat_previous INTEGER, flat_current INTEGER, valley_previous INTEGER, valley_current INTEGER,
  deep_valley_previous INTEGER, deep_valley_current INTEGER,
  reactive_forward_previous INTEGER, reactive_forward_current INTEGER,
  reactive_reverse_previous INTEGER, reactive_reverse_current INTEGER,
  demand_current INTEGER,
  PRIMARY KEY (org_id, month, account_id, meter_seq)) STRICT, WITHOUT ROWID;

-- What a meter showed when it was put on (moment 0) and taken off (moment 1); zeros when there is no row.
CREATE TABLE meter_shown (
  org_id INTEGER NOT NULL, account_id INTEGER NOT NULL, meter_seq INTEGER NOT NULL, moment INTEGER NOT NULL,
  total INTEGER, sharp INTEGER, peak INTEGER, flat INTEGER, valley INTEGER, deep_valley INTEGER,
  reactive_forward INTEGER, reactive_reverse INTEGER, demand INTEGER,
  PRIMARY KEY (org_id, account_id, meter_seq, moment)) STRICT, WITHOUT ROWID;
