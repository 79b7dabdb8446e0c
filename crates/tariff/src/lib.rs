//! Not yet furnished.

pub mod charges;
pub mod explain;
