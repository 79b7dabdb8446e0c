//! Whom a verifier trusts (C2SP tlog-policy): logs, witnesses, groups of witnesses and a quorum.
//!
//! The policy is the verifier's own file. One that comes from the operator, or with the thing to be proved, proves
//! nothing.

use crate::checkpoint::{Checkpoint, check_log};
use crate::encoding::number;
use crate::error::{ProofError, What, Why};
use crate::key::{KeyKind, VerifierKey};
use crate::note::Note;

/// The longest policy read, in bytes.
pub const MAX_POLICY: usize = 256 * 1024;

/// The most logs, witnesses and groups in one policy, each.
pub const MAX_ENTRIES: usize = 256;

/// Names are bytes, as the standard has it; they are compared as they stand.
type Name = Vec<u8>;

/// What a name of the policy stands for.
#[derive(Debug, Clone)]
enum Party {
    /// The witness at this place.
    Witness(usize),
    /// So many of these parties, which are defined before it.
    Group { threshold: usize, members: Vec<usize> },
}

/// A policy: a checkpoint holds when one of the logs signed it and the quorum of witnesses cosigned it.
#[derive(Debug, Clone)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<VerifierKey>,
    parties: Vec<(Name, Party)>,
    quorum: Option<usize>,
}

/// A cosignature that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The witness's name in the policy.
    pub witness: String,
    /// When it cosigned, in seconds since 1970.
    pub seconds: u64,
}

/// A checkpoint that a policy accepts, and who vouched for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// The state of the log.
    pub checkpoint: Checkpoint,
    /// The witnesses of the policy that cosigned; there may be more than the quorum asks for.
    pub cosigned: Vec<Cosigned>,
}

/// Reading a policy, line by line.
#[derive(Default)]
struct Draft {
    logs: Vec<VerifierKey>,
    witnesses: Vec<VerifierKey>,
    parties: Vec<(Name, Party)>,
    /// Whether a party is a member of a group already.
    taken: Vec<bool>,
    quorum: Option<Option<usize>>,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] with the line that is not as it has to be.
    pub fn parse(bytes: &[u8]) -> Result<Policy, ProofError> {
        let refused = |line, why| ProofError::malformed(What::Policy, line, why);
        if bytes.len() > MAX_POLICY {
            return Err(refused(1, Why::TooLong));
        }
        let lines = bytes.split(|byte| *byte == b'\n').count();
        let body = bytes.strip_suffix(b"\n").ok_or(refused(lines, Why::NoFinalNewline))?;
        let mut draft = Draft::default();
        for (at, line) in body.split(|byte| *byte == b'\n').enumerate() {
            draft.line(line).map_err(|why| refused(at + 1, why))?;
        }
        let quorum = draft.quorum.ok_or(refused(lines, Why::LineMissing))?;
        Ok(Policy { logs: draft.logs, witnesses: draft.witnesses, parties: draft.parties, quorum })
    }
    /// The keys of the trusted logs.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }
    /// The keys of the trusted witnesses.
    pub fn witnesses(&self) -> &[VerifierKey] {
        &self.witnesses
    }
    /// Whether the policy asks for any witness at all. Without one, an operator can show different histories to
    /// different people.
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }
    /// Reads a signed checkpoint and checks it against the policy.
    ///
    /// # Errors
    /// See [`Policy::check`]; [`ProofError::Malformed`].
    pub fn open(&self, note: &[u8]) -> Result<Trusted, ProofError> {
        self.check(&Note::parse(note)?)
    }
    /// Checks a signed checkpoint against the policy.
    ///
    /// # Errors
    /// [`ProofError::UnknownLog`], [`ProofError::NotSigned`], [`ProofError::WrongSignature`] of a log or a witness of
    /// the policy, [`ProofError::NoQuorum`] with the witnesses that did cosign.
    pub fn check(&self, note: &Note) -> Result<Trusted, ProofError> {
        let checkpoint = Checkpoint::parse(note.text())?;
        check_log(&checkpoint, note, &self.logs)?;
        let verified = match note.verify(&self.witnesses) {
            Err(ProofError::NotSigned(_)) => Vec::new(),
            other => other?,
        };
        let has_cosigned = |witness: usize| verified.iter().any(|one| one.key == witness);
        let mut met = Vec::with_capacity(self.parties.len());
        let mut cosigned = Vec::new();
        // A party only refers to parties before it.
        for (name, party) in &self.parties {
            met.push(match party {
                Party::Witness(place) => {
                    if let Some(one) = verified.iter().find(|one| one.key == *place) {
                        let seconds = one.seconds.unwrap_or_default();
                        cosigned.push(Cosigned { witness: show(name), seconds });
                    }
                    has_cosigned(*place)
                }
                Party::Group { threshold, members } => {
                    members.iter().filter(|member| met[**member]).count() >= *threshold
                }
            });
        }
        match self.quorum {
            Some(party) if !met[party] => Err(ProofError::NoQuorum {
                quorum: show(&self.parties[party].0),
                cosigned: cosigned.into_iter().map(|one| one.witness).collect(),
            }),
            _ => Ok(Trusted { checkpoint, cosigned }),
        }
    }
}

/// A name for a person to read.
fn show(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

impl Draft {
    fn line(&mut self, line: &[u8]) -> Result<(), Why> {
        if line.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f) {
            return Err(Why::ControlCharacter);
        }
        let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        let Some(first) = words.next().filter(|word| !word.starts_with(b"#")) else {
            return Ok(());
        };
        let words: Vec<&[u8]> = words.collect();
        match (first, words.as_slice()) {
            (b"log", [key] | [key, _]) => self.log(key),
            (b"witness", [name, key] | [name, key, _]) => self.witness(name, key),
            (b"group", [name, threshold, members @ ..]) => self.group(name, threshold, members),
            (b"quorum", [name]) => self.set_quorum(name),
            (b"log" | b"witness" | b"group" | b"quorum", _) => Err(Why::Empty),
            _ => Err(Why::UnknownWord),
        }
    }
    fn log(&mut self, key: &[u8]) -> Result<(), Why> {
        let key = read_key(key)?;
        if key.kind() == KeyKind::Cosignature {
            return Err(Why::WrongKeyKind);
        }
        add_key(&mut self.logs, key).map(|_| ())
    }
    fn witness(&mut self, name: &[u8], key: &[u8]) -> Result<(), Why> {
        let key = read_key(key)?;
        if key.kind() != KeyKind::Cosignature {
            return Err(Why::WrongKeyKind);
        }
        let place = add_key(&mut self.witnesses, key)?;
        self.define(name, Party::Witness(place))
    }
    fn group(&mut self, name: &[u8], threshold: &[u8], members: &[&[u8]]) -> Result<(), Why> {
        if members.is_empty() {
            return Err(Why::Empty);
        }
        let threshold = match threshold {
            b"all" => members.len(),
            b"any" => 1,
            digits => std::str::from_utf8(digits)
                .ok()
                .and_then(number)
                .and_then(|count| usize::try_from(count).ok())
                .filter(|count| (1..=members.len()).contains(count))
                .ok_or(Why::BadThreshold)?,
        };
        let members = members
            .iter()
            .map(|member| self.find(member).ok_or(Why::UnknownName))
            .collect::<Result<Vec<_>, _>>()?;
        for member in &members {
            // Each party counts in one way only.
            if std::mem::replace(&mut self.taken[*member], true) {
                return Err(Why::GivenTwice);
            }
        }
        self.define(name, Party::Group { threshold, members })
    }
    fn set_quorum(&mut self, name: &[u8]) -> Result<(), Why> {
        if self.quorum.is_some() {
            return Err(Why::GivenTwice);
        }
        let party = match name {
            b"none" => None,
            name => Some(self.find(name).ok_or(Why::UnknownName)?),
        };
        self.quorum = Some(party);
        Ok(())
    }
    fn find(&self, name: &[u8]) -> Option<usize> {
        self.parties.iter().position(|(known, _)| known == name)
    }
    fn define(&mut self, name: &[u8], party: Party) -> Result<(), Why> {
        if name == b"none" || self.find(name).is_some() {
            return Err(Why::GivenTwice);
        }
        if self.parties.len() >= 2 * MAX_ENTRIES {
            return Err(Why::TooMany);
        }
        self.parties.push((name.to_vec(), party));
        self.taken.push(false);
        Ok(())
    }
}

fn read_key(text: &[u8]) -> Result<VerifierKey, Why> {
    let text = std::str::from_utf8(text).map_err(|_| Why::NotUtf8)?;
    VerifierKey::parse(text).map_err(|error| match error {
        ProofError::Malformed { why, .. } => why,
        _ => Why::NotAKey,
    })
}

/// Adds a key unless its public key is there already, under whatever name.
fn add_key(keys: &mut Vec<VerifierKey>, key: VerifierKey) -> Result<usize, Why> {
    if keys.iter().any(|known| known.public_bytes() == key.public_bytes()) {
        return Err(Why::GivenTwice);
    }
    if keys.len() == MAX_ENTRIES {
        return Err(Why::TooMany);
    }
    keys.push(key);
    Ok(keys.len() - 1)
}
