//! Customer inquiries (咨询): received by the station only, forwarded to the centre when not known, answered by the
//! centre to the station, told to the customer by the station. (INQ-01..04)

mod service;

pub use service::{
    FeeMonth, Inquiry, InquiryState, answer_to_station, check_customer_words, fee_information, find, forward,
    receive, tell_customer,
};
pub(crate) use service::{TABLES, read_inquiry};
