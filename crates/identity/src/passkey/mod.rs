//! Passkeys (通行密钥, WebAuthn): the second factor at login, and the signature under important acts.
//!
//! The ceremonies are those of the library; here they are begun, kept for some minutes, and finished once. A challenge
//! is taken away before its answer is looked at, so that no answer is looked at twice. The challenge of a signature is
//! made of the act itself: what the passkey signs is this act with this request key, and the row that keeps it proves
//! so to anybody who has the public key.

mod ceremony;
mod model;
mod service;
pub(crate) mod sql;

pub use ceremony::act_challenge;
pub use model::{Passkey, Signature, Site};
pub use service::{
    begin_authority, begin_registration, begin_second_factor, begin_signature, finish_authority,
    finish_registration, finish_second_factor, passkeys, remove_passkey, set_second_factor, sign_act,
    signatures,
};
pub(crate) use service::{signature_words, words};
pub(crate) use sql::MIGRATION;
