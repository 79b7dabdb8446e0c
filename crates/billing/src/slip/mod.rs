//! Change slips of business expansion (业扩变更传单): received and returned by one designated post, registered per
//! reading team, closed every month with none open. (ADJ-19, ADJ-20)

mod service;

pub(crate) use service::TABLES;
pub use service::{
    ChangeSlip, NewSlip, SlipState, close_register, finish, open_of_unit, receive, register, return_slip,
    slips_of,
};
