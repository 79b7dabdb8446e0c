//! What each desk offers: one file for a desk, entered into the catalogue here.

mod auditing;
pub mod centre;
mod finance;
mod jobs;
mod people;
pub mod station;
mod system;

use crate::catalogue::{Area, Download};

/// The desks in the order of the menu.
pub const AREAS: &[&Area] = &[
    &crate::page::home::AREA,
    &centre::adjustments::APPROVING,
    &station::books::AREA,
    &station::tickets::AREA,
    &station::parameters::AREA,
    &station::contracts::AREA,
    &station::lists::AREA,
    &station::adjustments::AREA,
    &station::slips::AREA,
    &station::custody::AREA,
    &station::yearly::AREA,
    &station::imports::AREA,
    &centre::review::AREA,
    &centre::exceptions::AREA,
    &centre::suspicion::AREA,
    &centre::holds::AREA,
    &centre::bills::AREA,
    &centre::accounts::AREA,
    &centre::adjustments::AREA,
    &centre::adjustments::BATCHES,
    &centre::adjustments::DECLINING,
    &centre::progress::AREA,
    &centre::inquiries::AREA,
    &centre::generation::AREA,
    &finance::REPORTS,
    &finance::LEDGER,
    &finance::PRICES,
    &auditing::AREA,
    &people::AREA,
    &system::AREA,
];

/// Files to take away, desk by desk.
pub const DOWNLOADS: &[&[Download]] = &[
    station::tickets::DOWNLOADS,
    station::imports::DOWNLOADS,
    centre::bill::DOWNLOADS,
    finance::DOWNLOADS,
    auditing::DOWNLOADS,
];
