//! A log to be witnessed, and a client as small as HTTP allows.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use proof::path::consistency_proof_over;
use proof::witness::{Request, accept_answer};
use proof::{Checkpoint, Hash, KeyKind, Note, SigningKey, VerifierKey, leaf_hash, merkle_root};

pub const ORIGIN: &str = "county/DEMO/2026";

pub fn witness_key() -> SigningKey {
    SigningKey::generate(KeyKind::Cosignature, "auditor.example/w", &[42; 32]).unwrap()
}

/// What the witness answers to who does not start where it is.
pub fn conflict(size: u64) -> Reply {
    Reply { status: 409, media_type: "text/x.tlog.size".into(), body: format!("{size}\n") }
}

/// A log with one key; those of its leaves from `fork` on are different.
pub struct Log {
    pub key: SigningKey,
    pub fork: u64,
}

impl Log {
    pub fn new(origin: &str) -> Log {
        Log { key: SigningKey::generate(KeyKind::Ed25519, origin, &[9; 32]).unwrap(), fork: u64::MAX }
    }
    pub fn forked(origin: &str, fork: u64) -> Log {
        Log { fork, ..Log::new(origin) }
    }
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier().clone()
    }
    fn leaves(&self, size: u64) -> Vec<Hash> {
        (0..size).map(|at| leaf_hash(format!("{at} {}", at >= self.fork).as_bytes())).collect()
    }
    pub fn checkpoint(&self, size: u64) -> Note {
        let root = merkle_root(self.leaves(size));
        let checkpoint = Checkpoint::new(self.key.verifier().name(), size, root).unwrap();
        proof::sign(&checkpoint, &[SigningKey::parse(&self.key.secret_text()).unwrap()]).unwrap()
    }
    pub fn request(&self, old: u64, size: u64) -> Vec<u8> {
        let path = consistency_proof_over(old, &self.leaves(size)).unwrap();
        Request::new(old, path, self.checkpoint(size)).unwrap().print().into_bytes()
    }
    /// Whether the answer is this witness's cosignature on the log at this size.
    pub fn is_cosigned(&self, size: u64, answer: &str, witness: &VerifierKey) -> bool {
        accept_answer(&self.checkpoint(size), answer.as_bytes(), std::slice::from_ref(witness)).is_ok()
    }
}

/// Status, media type and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub media_type: String,
    pub body: String,
}

/// One POST on a connection of its own; nothing when the server broke off.
pub fn post(address: SocketAddr, path: &str, body: &[u8]) -> Option<Reply> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: witness\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    raw(address, &[head.as_bytes(), body].concat())
}

pub fn raw(address: SocketAddr, bytes: &[u8]) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // A server that refuses early may close before everything is sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let media_type = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-type: ").map(str::to_owned))
        .unwrap_or_default();
    Some(Reply { status, media_type, body: body.to_owned() })
}
