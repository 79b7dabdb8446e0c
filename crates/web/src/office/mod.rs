//! What each desk offers: one file for a desk, entered into the catalogue here.

mod people;
pub mod station;
mod system;

use crate::catalogue::{Area, Download};

/// The desks in the order of the menu.
pub const AREAS: &[&Area] = &[&station::books::AREA, &station::tickets::AREA, &people::AREA, &system::AREA];

/// Files to take away, desk by desk.
pub const DOWNLOADS: &[&[Download]] = &[station::tickets::DOWNLOADS];
