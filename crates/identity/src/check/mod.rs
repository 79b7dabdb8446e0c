//! What a check of a module answers, and the check of this module: that persons, posts and units are as their changes
//! say, and who held which right at which moment.

mod access;
mod history;
mod persons;
mod report;

pub use history::{Held, History};
pub use persons::{check, organisations};
pub use report::{Checked, Finding};
