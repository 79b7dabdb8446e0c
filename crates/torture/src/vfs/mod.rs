//! A disk one can watch and break: an SQLite VFS around the default one.
//!
//! [`Disk::watch`] takes a folder under its eyes. Files that SQLite opens in it are recorded (every write, truncation,
//! sync and deletion, in order) and can be made to fail by a [`Plan`]; files elsewhere pass through untouched. The shim
//! becomes the process's default VFS with the first watched folder, so that the store opens its files as it always does.
//!
//! [`Trace::image`] then builds what a disk may hold after a power loss at any moment of the recording.

mod disk;
mod image;
#[allow(unsafe_code, reason = "SQLite calls a VFS through C function pointers")]
mod shim;

pub use disk::{Call, Disk, Fault, Plan, Verdict};
pub use image::{Event, Image, Loss, Trace};
