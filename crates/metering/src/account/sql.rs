//! Tables of accounts: columns, reads and writes.

use store::{Column, Kind};

use Kind::{Int, Text};

pub(crate) const ACCOUNT_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("book_id", Int),
    ("unit_id", Int),
    ("category", Int),
    ("voltage", Int),
    ("price_class", Text),
    ("options", Int),
    ("persons", Int),
    ("tier_start", Int),
    ("due_day", Int),
    ("status", Int),
    ("opened_on", Int),
    ("closed_on", Int),
    ("main_account_id", Int),
    ("number", Text),
    ("name", Text),
    ("address", Text),
    ("phone", Text),
    ("route_sequence", Int),
    ("collection", Int),
    ("tax", Int),
    ("version", Int),
];

pub(crate) const TERMS_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("basic", Int),
    ("contract_demand_kw", Int),
    ("power_factor", Int),
    ("transformer_loss", Int),
    ("transformer_loss_kwh", Int),
    ("transformer_loss_kvarh", Int),
    ("line_loss", Int),
    ("line_loss_rate", Int),
    ("line_loss_kwh", Int),
];

pub(crate) const TRANSFORMER_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("seq", Int),
    ("model", Text),
    ("capacity_kva", Int),
    ("connected_on", Int),
];

pub(crate) const EVENT_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("seq", Int),
    ("on_date", Int),
    ("event_no", Int),
    ("change", Int),
    ("capacity_kva", Int),
];

pub(crate) const POINT_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("point_seq", Int),
    ("price_class", Text),
    ("time_of_use", Int),
    ("relation", Int),
    ("parent_seq", Int),
    ("fixed_kwh", Int),
    ("fixed_ratio", Int),
    ("bears_transformer_loss", Int),
    ("bears_line_loss", Int),
    ("in_power_factor", Int),
];

pub(crate) const METER_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("account_id", Int),
    ("meter_seq", Int),
    ("number", Text),
    ("point_seq", Int),
    ("digits", Int),
    ("decimals", Int),
    ("multiplier", Int),
    ("registers", Int),
    ("installed_on", Int),
    ("removed_on", Int),
];

pub(crate) const SHOWN_COLUMNS: &[Column] = &[
    ("org_id", Kind::Int),
    ("account_id", Kind::Int),
    ("meter_seq", Kind::Int),
    ("moment", Kind::Int),
    ("total", Kind::Int),
    ("sharp", Kind::Int),
    ("peak", Kind::Int),
    ("flat", Kind::Int),
    ("valley", Kind::Int),
    ("deep_valley", Kind::Int),
    ("reactive_forward", Kind::Int),
    ("reactive_reverse", Kind::Int),
    ("demand", Kind::Int),
];
