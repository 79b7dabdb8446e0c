//! Rules of exceptions.

use super::model::{Exception, ExceptionState};
use crate::gates::Reasons;
use crate::office::{OfficeError, Result};

/// The two lists for public-transformer customers. (BILL-10)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListKind {
    /// Quantity or fee fluctuation, short history, whatever else.
    Fluctuation = 1,
    /// Zero-read and unread.
    ZeroAndUnread = 2,
}

/// The one list on which a customer stands: zero-read and unread customers stand on theirs, whatever else holds,
/// because a fluctuation to zero says nothing more. (BILL-09, BILL-10)
pub fn list_of(reasons: Reasons) -> ListKind {
    if reasons.has(Reasons::ZERO_READ) || reasons.has(Reasons::UNREAD) {
        ListKind::ZeroAndUnread
    } else {
        ListKind::Fluctuation
    }
}

/// The kind of ticket for a dedicated-transformer customer: an anomaly of the reading is answered sooner. (BILL-13)
pub fn ticket_kind(reasons: Reasons) -> &'static str {
    if reasons.concerns_the_reading() { "dedicated_reading_anomaly" } else { "dedicated_other_anomaly" }
}

/// The clock of the answer.
pub fn feedback_clock(dedicated: bool, reasons: Reasons) -> &'static str {
    match (dedicated, reasons.concerns_the_reading()) {
        (false, _) => "feedback_public",
        (true, true) => "feedback_reading_anomaly",
        (true, false) => "feedback_other_anomaly",
    }
}

/// Refuses unless the exception stands in `state`; says what can be done instead.
pub fn must_be(exception: &Exception, state: ExceptionState) -> Result<()> {
    use kernel::{Bilingual, Lang};
    if exception.state == state {
        return Ok(());
    }
    let of = |lang| (exception.state.text(lang), state.text(lang));
    let ((zh_is, zh_must), (en_is, en_must)) = (of(Lang::Zh), of(Lang::En));
    Err(OfficeError::refused(
        "BILL-14",
        format!("客户 {} 的异常为“{zh_is}”，此操作须在“{zh_must}”时进行", exception.account_id),
        format!(
            "the exception of account {} is {en_is}; this is done when it is {en_must}",
            exception.account_id
        ),
    ))
}

/// May the bill be issued? Only when the data are in order; an open ticket blocks. (BILL-14)
pub fn may_issue(state: ExceptionState) -> bool {
    state >= ExceptionState::InOrder
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BILL-09, BILL-10, BILL-13
    #[test]
    fn each_exception_goes_where_it_belongs() {
        let fluctuation = Reasons::QUANTITY_FLUCTUATION;
        for (reasons, list, ticket) in [
            (fluctuation, ListKind::Fluctuation, "dedicated_other_anomaly"),
            (Reasons::FEE_FLUCTUATION, ListKind::Fluctuation, "dedicated_other_anomaly"),
            (Reasons::ZERO_READ, ListKind::ZeroAndUnread, "dedicated_reading_anomaly"),
            (Reasons::UNREAD.with(fluctuation), ListKind::ZeroAndUnread, "dedicated_reading_anomaly"),
            (Reasons::NOT_CALCULATED, ListKind::Fluctuation, "dedicated_reading_anomaly"),
            (Reasons::SHORT_HISTORY, ListKind::Fluctuation, "dedicated_other_anomaly"),
        ] {
            assert_eq!((list_of(reasons), ticket_kind(reasons)), (list, ticket), "{reasons:?}");
        }
    }

    /// BILL-14
    #[test]
    fn only_data_in_order_can_be_issued() {
        for (number, may) in [(0, false), (1, false), (2, false), (3, true), (4, true)] {
            assert_eq!(may_issue(ExceptionState::from_number(number).unwrap()), may);
        }
    }
}
