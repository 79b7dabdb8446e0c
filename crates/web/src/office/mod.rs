//! What each desk offers: one file for a desk, entered into the catalogue here.

pub mod centre;
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
    &people::AREA,
    &system::AREA,
];

/// Files to take away, desk by desk.
pub const DOWNLOADS: &[&[Download]] = &[station::tickets::DOWNLOADS, centre::bill::DOWNLOADS];
