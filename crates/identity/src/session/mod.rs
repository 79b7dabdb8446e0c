//! Sessions: who is in, since when, and until when.
//!
//! The secret of a session is 256 random bits, handed out once; the database keeps its digest. A session ends after a
//! while without a request, after some hours in any case, and when the person leaves, is locked or gets another
//! password. [`find_session`] is one query by the whole key; the moment of the last request is written at most once a
//! minute.

mod model;
mod service;
pub(crate) mod sql;

pub use model::{Session, Theme};
pub(crate) use service::{NewSession, end_all, open, second_factor_wanted};
pub use service::{
    end_all_sessions, end_session, end_session_of, find_session, is_touch_due, pass_session, sessions,
    set_preferences, touch_session,
};
