//! The program itself: what every person finds whatever their post.

use crate::catalogue::Area;

/// The desk.
pub const AREA: Area = Area { name: "system", lists: &[], views: &[], acts: &[], pages: &[crate::render::gallery::PAGE] };
