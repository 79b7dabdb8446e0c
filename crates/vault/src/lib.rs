//! Floor 2: the log of every act (雁过留痕), which nobody can alter unnoticed.
//!
//! Each act is appended as stored canonical bytes, in the transaction of the command it records. The bytes are the
//! leaves of a Merkle tree as in RFC 6962, one tree for each organisation; its hashes are stored in the order of
//! C2SP tlog, so that any root and any proof is a few look-ups. A bulk command is one act whose Merkle root covers
//! all its lines ([`merkle_root`]).
//!
//! [`record`] and [`record_batch`] append; [`by_document`], [`by_person`] and [`by_day`] find and read acts;
//! [`checkpoint`] states size and root; [`check()`] recomputes all of it from the stored bytes. The tables refuse
//! every change and deletion, and numbers have no gaps.

mod act;
mod canonical;
mod check;
mod error;
mod schema;
mod search;
mod service;
mod sql;

pub use proof::tree;
pub use act::{Act, Batch, Change, Digest, Document, Recorded};
pub use check::{CheckReport, Finding, check};
pub use error::VaultError;
pub use schema::SCHEMA;
pub use search::{ActPage, act, by_day, by_document, by_person};
pub use service::{
    Checkpoint, checkpoint, last_checkpoint, permission, record, record_batch, size, tree_root,
};
pub use tree::{leaf_hash, merkle_root};
