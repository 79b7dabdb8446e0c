//! Floor 2: the log of every act (雁过留痕), which nobody can alter unnoticed.
//!
//! Each act is appended as stored canonical bytes, in the transaction of the command it records. The bytes are the
//! leaves of a Merkle tree as in RFC 6962, one tree for each organisation; its hashes are stored in the order of
//! C2SP tlog, so that any root and any proof is a few look-ups. A bulk command is one act whose Merkle root covers
//! all its lines ([`merkle_root`]).
//!
//! [`record`] and [`record_batch`] append; [`by_document`], [`by_person`] and [`by_day`] find and read acts;
//! [`checkpoint()`] states size and root and signs them; [`inclusion`] and [`consistency`] prove; [`check()`] recomputes
//! all of it from the stored bytes. The tables refuse every change and deletion, and numbers have no gaps.
//!
//! Names, addresses and other words about a person stand in the leaves as salted commitments; [`erase`] destroys the
//! values and leaves the log whole. The salts come from the system's random source and are, with new keys, the only
//! randomness here.
//!
//! Before each checkpoint one act binds what every row was ([`store::RowChange`]): whoever edits a row past the program,
//! and the list of what rows were as well, is found.
//!
//! Changes of units, persons and posts, which [`identity`] keeps, are taken into the log by [`absorb_identity`].

mod absorb;
mod act;
mod append;
mod canonical;
mod cbor;
mod check;
mod checkpoint;
mod erase;
mod error;
mod keys;
mod personal;
mod proofs;
mod rows;
mod schema;
mod search;
mod service;
mod sql;

pub use absorb::absorb_identity;
pub use act::{Act, Batch, Change, Digest, Document, ERASED, Recorded};
pub use append::{ACTING_FOR, AUTHORITY, record, record_batch};
pub use canonical::{Leaf, Sealed, SealedChange, decode, encode};
pub use check::{CheckReport, Finding, check};
pub use checkpoint::{
    Checkpoint, CheckpointPolicy, Cosignature, Cosigned, KeptCheckpoint, checkpoint, checkpoint_at,
    checkpoint_if_due, checkpoint_over, checkpoints, checkpoints_part, cosign, last_checkpoint, signed_note,
};
pub use erase::{Erased, erase};
pub use error::VaultError;
pub use keys::{KeyRole, LogKey, Signers, add_key, log_keys, name_log, origin};
pub use personal::{Salt, commitment};
pub use proof::tree;
pub use proofs::{LogHashes, consistency, inclusion, last_cosigned, proof_of, witness_request};
pub use schema::SCHEMA;
pub use search::{
    ActPage, ActQuery, act, acts, by_day, by_document, by_person, document_kinds, each_canonical, leaf,
};
pub use service::{permission, size, tree_root};
pub use tree::{leaf_hash, merkle_root};
