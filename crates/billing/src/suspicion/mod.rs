//! The suspicion score (异常评分): how much a month looks like an error, from 0 to 100, and why.
//!
//! The score knows the account's own season and level, how its peers of the same class and station moved, what happened
//! to its meters, and the arithmetic of its registers. [`score`] is a pure function; `Thresholds` are dated data. A pass
//! over the month writes the scores beside the bills ([`score_month`]). In shadow mode the 30 % rule decides as ever and
//! the two are compared; in decide mode the bands decide, beside the gates that nobody can leave out.

mod evidence;
mod gather;
mod pairs;
mod pass;
mod peers;
mod reason;
mod score;
mod service;
mod sql;
mod thresholds;

pub use evidence::{
    Circumstances, Evidence, Expected, History, LastLine, MONTHS_KNOWN, Peers, Score, expect, median, usage,
};
pub use pairs::{Candidate, mark_swapped};
pub(crate) use pass::score_book;
pub use pass::{ScoreSummary, score_month};
pub use peers::{Gathering, Movements};
pub use reason::{Finding, Reason};
pub use score::score;
pub(crate) use service::require_released;
pub use service::{
    Comparison, Release, Side, compare, confirm_release, propose_release, release_of, scores_of, set_mode,
    set_thresholds,
};
pub(crate) use sql::{MIGRATION, scores_where, verdicts};
pub use sql::{Mode, StoredScore, mode, thresholds};
pub use thresholds::{Band, Thresholds};
