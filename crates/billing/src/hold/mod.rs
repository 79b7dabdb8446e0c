//! Hold-issue requests (暂缓发行申请): filed by the station for a change that cannot be archived before the reading
//! day, released when it is archived. (PARM-04..06)

mod service;
mod sql;

pub use service::{Hold, holds_of, holds_open, place, release, was_filed_for};
pub(crate) use service::{begin_adjustment, begin_batch, close_issued, end_adjustment, end_batch};
pub(crate) use sql::ADJUSTMENT_RUNNING;
pub(crate) use sql::{ISSUED, TABLES};
