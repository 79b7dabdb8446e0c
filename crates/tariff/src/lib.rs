//! Floor 2: the price engine. Pure figures: no SQL, no clock, no randomness.
//!
//! - [`table`]: price tables (电价表) as effective-dated data, read from TOML and checked cell by cell.
//! - [`model`]: what the engine is given (one account, one period) and what it answers (a bill whose every
//!   line carries its quantity, price, fraction, unrounded figure and rule).
//! - [`engine`]: compiles a table into final unit prices once, then calculates bills from them.
//!
//! Money is rounded half up to the fen once per line, then summed; kWh are whole after losses and splits.

pub mod engine;
pub mod error;
pub mod model;
pub mod table;

pub use engine::{Plans, Rules, calculate};
pub use error::{Refusal, RefusedToBill, TableError};
pub use model::*;

pub mod charges;
pub mod explain;
pub mod quote;
