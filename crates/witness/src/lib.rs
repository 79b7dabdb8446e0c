//! Floor 4: the witness (见证), a small role outside the operator's reach that sees every checkpoint of a log and
//! cosigns only what continues the last one.
//!
//! It speaks `add-checkpoint` of C2SP tlog-witness over HTTP ([`serve`]) or with files on a stick
//! ([`Witness::answer`] on the same bytes). Which logs it trusts is said by its own operator: a list of verifier
//! keys. What it last cosigned of each log is one small file, the signed checkpoint itself, durable before the answer
//! leaves; requests for one log are taken one after the other, and one state folder has one witness.
//!
//! What a cosignature says: at this time, this was the largest tree of this log that the witness had seen, and it
//! continues everything the witness had cosigned before. It says nothing about the contents of the log, about what
//! was logged before the witness first saw it, or about checkpoints that nobody showed to the witness. The first
//! checkpoint of a log is taken as it is. A witness whose state folder is lost or set back to an older copy can
//! cosign a second history: keep the folder where the key is, and never restore it from a backup.
//!
//! Two signed checkpoints of one log that contradict each other are kept as evidence beside the state.

mod error;
mod files;
mod http;
mod role;
mod state;

pub use error::WitnessError;
pub use files::{new_key, read_keys, read_request, read_signing_key};
pub use http::{Serving, serve, until_told};
pub use role::{Answer, Witness};
pub use state::{Kept, seen_in};
