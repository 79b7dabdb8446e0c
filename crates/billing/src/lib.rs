//! Not yet furnished.
pub mod canonical;
