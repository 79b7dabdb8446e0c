//! A small supply company on which every harness works: four stations with a book each, some fifty accounts of four
//! kinds, three months of history, April open and unread. Its month is a list of commands with request keys.

mod digest;
mod founding;
mod steps;
mod trouble;
mod verify;
mod world;

pub use digest::{Digest, difference};
pub use founding::found;
pub use steps::{Given, Keyed, Step, give, month_of, remembered};
pub use trouble::Trouble;
pub use verify::faults;
pub use world::{Clock, World};

pub use audit::schemas;
use store::{Store, StoreError};

/// Opens `url` as the program does: the schema is brought up to date.
pub fn open(url: &str) -> Result<Store, StoreError> {
    let store = Store::open(url)?;
    store.migrate(&schemas())?;
    Ok(store)
}

/// The stations; each has one book.
pub const STATIONS: usize = 4;
/// Accounts of a book.
pub const ACCOUNTS: i64 = 12;

/// The key of a station's book.
pub const fn book_id(station: usize) -> i64 {
    601 + station as i64
}
