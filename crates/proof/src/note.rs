//! Signed notes (C2SP signed-note): a text, an empty line, and signature lines.

use crate::encoding::{base64, from_base64, name_is_usable};
use crate::error::{ProofError, What, Why};
use crate::key::VerifierKey;

/// The longest note read, in bytes: room for a long text and dozens of the largest signatures in use.
pub const MAX_NOTE: usize = 256 * 1024;

/// The most signatures read on one note. The standard asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;

/// The dash and space that begin a signature line.
const DASH: &str = "\u{2014} ";

/// A signature line: who, which key, and the bytes that the key's kind defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: String,
    id: u32,
    bytes: Vec<u8>,
}

impl Signature {
    /// The signature of key `name`, `id`.
    pub(crate) fn new(name: &str, id: u32, bytes: Vec<u8>) -> Signature {
        Signature { name: name.to_owned(), id, bytes }
    }
    /// Reads one signature line, without its line break.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] when it is not dash, space, name, space, base64 of more than four bytes.
    pub fn parse(line: &str) -> Result<Signature, ProofError> {
        Signature::parse_at(line, What::Note, 1)
    }
    pub(crate) fn parse_at(line: &str, what: What, number: usize) -> Result<Signature, ProofError> {
        let refused = |why| ProofError::malformed(what, number, why);
        if line.len() > MAX_NOTE {
            return Err(refused(Why::TooLong));
        }
        let (name, encoded) = line
            .strip_prefix(DASH)
            .and_then(|rest| rest.split_once(' '))
            .ok_or(refused(Why::NotASignatureLine))?;
        if !name_is_usable(name) {
            return Err(refused(Why::BadName));
        }
        let bytes = from_base64(encoded).ok_or(refused(Why::NotBase64))?;
        match bytes.split_first_chunk::<4>() {
            Some((id, rest)) if !rest.is_empty() => {
                Ok(Signature { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: rest.to_vec() })
            }
            _ => Err(refused(Why::NotBase64)),
        }
    }
    /// Reads signature lines as a witness answers them: one or more, each ended by a line break.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] when a line is none, there is none, or too many.
    pub fn parse_lines(text: &[u8]) -> Result<Vec<Signature>, ProofError> {
        let refused = |why| ProofError::malformed(What::Answer, 1, why);
        if text.len() > MAX_NOTE {
            return Err(refused(Why::TooLong));
        }
        let text = std::str::from_utf8(text).map_err(|_| refused(Why::NotUtf8))?;
        parse_lines(text.strip_suffix('\n').ok_or(refused(Why::NoFinalNewline))?, What::Answer, 1)
    }
    /// The line, with its line break.
    pub fn line(&self) -> String {
        let bytes = [&self.id.to_be_bytes(), self.bytes.as_slice()].concat();
        format!("{DASH}{} {}\n", self.name, base64(&bytes))
    }
    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The number of the key.
    pub fn id(&self) -> u32 {
        self.id
    }
    /// The signature itself, as the key's kind defines it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn parse_lines(text: &str, what: What, first: usize) -> Result<Vec<Signature>, ProofError> {
    let mut found = Vec::new();
    for (at, line) in text.split('\n').enumerate() {
        if found.len() == MAX_SIGNATURES {
            return Err(ProofError::malformed(what, first + at, Why::TooMany));
        }
        found.push(Signature::parse_at(line, what, first + at)?);
    }
    Ok(found)
}

/// A text and its signatures. Nothing is verified by reading one; see [`Note::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A key whose signature on a note holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The place of the key among the keys given.
    pub key: usize,
    /// The key's name.
    pub name: String,
    /// When a witness cosigned, in seconds since 1970; nothing for other signatures.
    pub seconds: Option<u64>,
}

impl Note {
    /// A note without signatures yet.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] when the text is too long, has control characters or no final line break.
    pub fn new(text: impl Into<String>) -> Result<Note, ProofError> {
        let text = text.into();
        check_characters(&text)?;
        if !text.ends_with('\n') {
            return Err(ProofError::malformed(What::Note, text.lines().count().max(1), Why::NoFinalNewline));
        }
        Ok(Note { text, signatures: Vec::new() })
    }
    /// Reads a signed note. Its signatures are not verified yet.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] when it is not a note, has no signature, or is larger than [`MAX_NOTE`].
    pub fn parse(bytes: &[u8]) -> Result<Note, ProofError> {
        let refused = |line, why| ProofError::malformed(What::Note, line, why);
        if bytes.len() > MAX_NOTE {
            return Err(refused(1, Why::TooLong));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| refused(1, Why::NotUtf8))?;
        check_characters(whole)?;
        let lines = whole.bytes().filter(|byte| *byte == b'\n').count();
        // The last empty line separates text and signatures; the text keeps its own line break.
        let separator = whole.rfind("\n\n").ok_or(refused(lines.max(1), Why::NoSignature))?;
        let (text, signatures) = (&whole[..=separator], &whole[separator + 2..]);
        let first = text.bytes().filter(|byte| *byte == b'\n').count() + 2;
        if signatures.is_empty() {
            return Err(refused(first, Why::NoSignature));
        }
        let signatures = signatures.strip_suffix('\n').ok_or(refused(lines + 1, Why::NoFinalNewline))?;
        Ok(Note { text: text.to_owned(), signatures: parse_lines(signatures, What::Note, first)? })
    }
    /// The note as it is written; [`Note::parse`] reads it once it has a signature.
    pub fn print(&self) -> String {
        let lines: String = self.signatures.iter().map(Signature::line).collect();
        format!("{}\n{lines}", self.text)
    }
    /// The text that is signed, with its final line break.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The signatures, none of them verified.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }
    /// Adds a signature. One that is there already, byte for byte, is not added again.
    ///
    /// # Errors
    /// [`ProofError::Malformed`] when the note has [`MAX_SIGNATURES`].
    pub fn add(&mut self, signature: Signature) -> Result<(), ProofError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(ProofError::malformed(What::Note, 1, Why::TooMany));
        }
        self.signatures.push(signature);
        Ok(())
    }
    /// Which of `keys` signed the note, each at most once, in the order of the signatures.
    ///
    /// Signatures of other keys are ignored. Every signature under the name and number of one of `keys` has to be
    /// right, also one given twice; a wrong one refuses the whole note.
    ///
    /// # Errors
    /// [`ProofError::WrongSignature`]; [`ProofError::NotSigned`] when none of `keys` signed.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<Verified>, ProofError> {
        let mut found: Vec<Verified> = Vec::new();
        for signature in &self.signatures {
            let known = |key: &VerifierKey| key.name() == signature.name && key.id() == signature.id;
            for (place, key) in keys.iter().enumerate().filter(|(_, key)| known(key)) {
                let seconds = key.verify(&self.text, signature)?;
                if !found.iter().any(|verified| verified.key == place) {
                    found.push(Verified { key: place, name: signature.name.clone(), seconds });
                }
            }
        }
        if found.is_empty() {
            let mut names: Vec<String> = self.signatures.iter().map(|one| one.name.clone()).collect();
            names.dedup();
            return Err(ProofError::NotSigned(names));
        }
        Ok(found)
    }
}

fn check_characters(text: &str) -> Result<(), ProofError> {
    if text.len() > MAX_NOTE {
        return Err(ProofError::malformed(What::Note, 1, Why::TooLong));
    }
    match text.bytes().position(|byte| byte < b' ' && byte != b'\n') {
        None => Ok(()),
        Some(place) => {
            let line = text.bytes().take(place).filter(|byte| *byte == b'\n').count() + 1;
            Err(ProofError::malformed(What::Note, line, Why::ControlCharacter))
        }
    }
}
