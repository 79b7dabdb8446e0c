//! Adjustments of the reading plan (抄表计划调整) and of the reading route (抄表路线调整). Source: PARM-12 to PARM-14.
//!
//! A plan adjustment is reported by the station, approved by the marketing department and maintained by the centre. A
//! route adjustment is reported by the station, agreed by the centre and carried out by the station. Neither touches a
//! month in which readings are under way: a plan holds from a later month, and accounts move only while no book
//! concerned stands between opening and issue.

mod service;
mod sql;

use kernel::{Moment, Month};

pub use service::{
    agree_route, approve_plan, carry_out_route, maintain_plan, plan, report_plan, report_route, route,
};

use crate::book::Cycle;

/// A plan adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanAdjustment {
    /// Its key, that of its workflow ticket as well.
    pub adjustment_id: i64,
    /// The book.
    pub book_id: i64,
    /// The first month of the new plan.
    pub from_month: Month,
    /// The new scheduled reading day.
    pub reading_day: u8,
    /// The new months of reading.
    pub cycle: Cycle,
    /// The day before.
    pub old_reading_day: Option<u8>,
    /// The months before.
    pub old_cycle: Cycle,
    /// When the centre maintained it.
    pub maintained_at: Option<Moment>,
}

/// What a route adjustment moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteMove {
    /// Every account of a book (整本调整).
    WholeBook {
        /// From there.
        from_book_id: i64,
        /// To there.
        to_book_id: i64,
    },
    /// One account (单户调整), to a book and a place in its route.
    Single {
        /// The account.
        account_id: i64,
        /// To there; its own book for another place only.
        to_book_id: i64,
        /// The place in the route.
        route_sequence: i64,
    },
}

/// A route adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteAdjustment {
    /// Its key, that of its workflow ticket as well.
    pub adjustment_id: i64,
    /// The book it leaves.
    pub from_book_id: i64,
    /// What moves.
    pub moves: RouteMove,
    /// When it was carried out, and how many accounts moved.
    pub done: Option<(Moment, i64)>,
}
