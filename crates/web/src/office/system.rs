//! The program itself: what every person finds whatever their post.

use crate::catalogue::Area;

/// The desk.
pub const AREA: Area = Area {
    name: "system",
    lists: &[super::jobs::JOBS],
    views: &[super::jobs::JOB],
    acts: &[super::jobs::CANCEL],
    pages: &[crate::page::interface::API, crate::render::gallery::PAGE],
};
