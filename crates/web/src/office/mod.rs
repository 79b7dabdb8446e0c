//! What each desk offers: one file for a desk, entered into the catalogue here.

pub mod station;

use crate::catalogue::Area;

/// The desks in the order of the menu.
pub const AREAS: &[&Area] = &[&station::books::AREA, &station::tickets::AREA];
