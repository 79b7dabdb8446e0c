//! Power bought from small hydro and thermal plants (小水电、小火电): on-grid quantity and the purchase statement by the
//! station, approved by marketing, paid and posted by the station; off-grid quantity by the centre. (GEN-01..04)

mod service;

pub use service::{
    NewPurchase, Plant, PurchaseState, PurchaseStatement, add_plant, approve, find_plant, find_statement,
    pay, purchased_in, refuse, settle_offgrid, settle_ongrid, submit,
};
pub(crate) use service::{TABLES, read_plant, statements_where};
