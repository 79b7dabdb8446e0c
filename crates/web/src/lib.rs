//! Floor 4: pages and the HTTP interface. No rule of the trade lives here, and no SQL but that of jobs.
//!
//! [`catalogue`] describes what the house offers; the files of `office/` fill it, a file for each desk. `frame` turns a
//! request into an answer: who asks, what is wanted, may they; `render` draws, `api` speaks to programs, `job` does long
//! work. A page asks the same authority as a command: the actor's posts, and nothing else.

mod api;
pub mod catalogue;
mod frame;
pub mod job;
mod office;
mod page;
mod render;
pub mod words;

pub use catalogue::House;
pub use frame::{Certificate, Console, Listening, Options, Stop, serve};
