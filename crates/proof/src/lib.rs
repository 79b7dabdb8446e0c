//! Floor 1: proofs that an outsider can check (存证): bytes in, verdict out.
//!
//! A log is a Merkle tree as in RFC 6962 over the stored bytes of its acts. The formats are those of C2SP:
//! signed-note, tlog-checkpoint, tlog-cosignature, tlog-witness, tlog-proof and tlog-policy, so that programs of
//! others check what this one writes. There is no database, file, clock or randomness here; where time or random
//! bytes are needed they are parameters.
//!
//! - [`tree`]: hashes, storage order, roots. [`path`]: proofs of inclusion and consistency, and proofs of one line
//!   inside a batch.
//! - [`key`]: keys and their texts, Ed25519 and SM2. [`note`]: texts with signatures. [`checkpoint`]: the state of a
//!   log as a note.
//! - [`policy`]: whom an auditor trusts. [`tlog_proof`]: the file that proves one record. [`witness`]: when a witness
//!   cosigns.
//!
//! # What is proved
//!
//! With a checkpoint signed by the log and cosigned by a quorum of witnesses whose keys the *verifier* brought:
//!
//! - a record with an inclusion proof is, byte for byte, the leaf of that number in that log;
//! - with a consistency proof from an older checkpoint, nothing that the older one covers was changed, removed or
//!   moved since;
//! - when the witnesses of the quorum are independent of the operator, everyone who asks for the same quorum is shown
//!   the same history, and the cosignature's time bounds when the record existed at the latest.
//!
//! # What is not proved
//!
//! - that the contents of a record are true, or that something that happened was recorded at all;
//! - anything after the last cosigned checkpoint: the operator can still rewrite what no witness has seen, so
//!   checkpoints are made often and printed on what leaves the house;
//! - without witnesses, that the operator does not show another history to another person;
//! - when a record was made at the earliest: a record may be dated back as far as the last cosigned checkpoint before
//!   it, no further;
//! - who holds a private key: a stolen key signs like its owner.

mod encoding;
mod error;

pub mod checkpoint;
pub mod key;
pub mod note;
pub mod path;
pub mod policy;
pub mod tlog_proof;
pub mod tree;
pub mod witness;

pub use checkpoint::{Checkpoint, open, sign};
pub use error::{ProofError, What, Why};
pub use key::{KeyKind, SigningKey, VerifierKey};
pub use note::{Note, Signature, Verified};
pub use path::{
    HashReader, ProveError, consistency_proof, consistency_proof_over, inclusion_proof, inclusion_proof_over,
    verify_consistency, verify_inclusion, verify_line,
};
pub use policy::{Policy, Trusted};
pub use tlog_proof::TlogProof;
pub use tree::{Edge, Hash, empty_root, leaf_hash, merkle_root, node_hash};
