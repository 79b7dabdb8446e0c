//! The witness: takes a request, decides, keeps, cosigns.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use kernel::Bilingual;
use proof::witness::{Refusal, Request, SIZE_MEDIA_TYPE, cosign, decide};
use proof::{KeyKind, SigningKey, VerifierKey};

use crate::error::WitnessError;
use crate::state::State;

/// What is called after a checkpoint is durable and before its cosignature is made, with the origin.
type Hook = Box<dyn Fn(&str) + Send + Sync>;

/// A witness with its key, the logs it trusts and its state folder.
pub struct Witness {
    key: SigningKey,
    logs: Vec<VerifierKey>,
    state: State,
    /// One lock for each trusted log: what is decided on is still true when it is kept.
    turns: BTreeMap<String, Mutex<()>>,
    kept: Option<Hook>,
}

/// What the witness answers to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status: 200 when it cosigned.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The cosignature line; for a conflict the size last cosigned; else what is wrong, in English.
    pub body: String,
    /// One line of JSON for the witness's own log, without line break and without secrets.
    pub log_line: String,
}

impl Witness {
    /// A witness that trusts `logs` and keeps its state in `folder`.
    ///
    /// # Errors
    /// [`WitnessError::NotAWitnessKey`], [`WitnessError::NoLogs`], [`WitnessError::InUse`], [`WitnessError::File`],
    /// [`WitnessError::Damaged`] when the state of a trusted log cannot be read.
    pub fn open(key: SigningKey, logs: Vec<VerifierKey>, folder: &Path) -> Result<Witness, WitnessError> {
        if key.verifier().kind() != KeyKind::Cosignature {
            return Err(WitnessError::NotAWitnessKey(key.verifier().name().to_owned()));
        }
        if logs.is_empty() || logs.iter().any(|log| log.kind() == KeyKind::Cosignature) {
            return Err(WitnessError::NoLogs);
        }
        let state = State::open(folder)?;
        let turns: BTreeMap<String, Mutex<()>> =
            logs.iter().map(|log| (log.name().to_owned(), Mutex::default())).collect();
        for origin in turns.keys() {
            state.seen(origin, &logs)?;
        }
        Ok(Witness { key, logs, state, turns, kept: None })
    }
    /// Calls `hook` each time a checkpoint is durable and not yet cosigned: the moment in which a crash must not lose
    /// anything.
    pub fn when_kept(mut self, hook: impl Fn(&str) + Send + Sync + 'static) -> Witness {
        self.kept = Some(Box::new(hook));
        self
    }
    /// The key that others check this witness with.
    pub fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }
    /// Answers the body of an `add-checkpoint` request, at a time in seconds since 1970.
    pub fn answer(&self, body: &[u8], seconds: u64) -> Answer {
        let request = match Request::parse(body) {
            Ok(request) => request,
            Err(error) => return refusal(None, &Refusal::BadRequest(error), seconds),
        };
        match self.decide(&request, seconds) {
            Ok(Ok(line)) => Answer {
                status: 200,
                media_type: "text/plain; charset=utf-8",
                body: line,
                log_line: log_line("cosigned", 200, Some(&request), None, seconds),
            },
            Ok(Err(refused)) => refusal(Some(&request), &refused, seconds),
            Err(error) => Answer {
                status: 500,
                media_type: "text/plain; charset=utf-8",
                // What is wrong in the house is for the witness's own operator.
                body: "the witness cannot answer; its operator has to look\n".into(),
                log_line: log_line(
                    "failed",
                    500,
                    Some(&request),
                    Some(&error.text(kernel::Lang::En)),
                    seconds,
                ),
            },
        }
    }
    fn decide(&self, request: &Request, seconds: u64) -> Result<Result<String, Refusal>, WitnessError> {
        let origin = request.checkpoint().origin();
        // A log without a lock is not trusted: the decision refuses it before it looks at what was seen.
        let turn = self.turns.get(origin).map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        let seen = match &turn {
            Some(_) => self.state.seen(origin, &self.logs)?,
            None => proof::witness::Seen::nothing(),
        };
        let next = match decide(request, &self.logs, seen) {
            Ok(next) => next,
            Err(refused) => {
                if refused.is_evidence() {
                    self.state.keep_evidence(origin, request.note())?;
                }
                return Ok(Err(refused));
            }
        };
        if next != seen {
            self.state.keep(origin, request.note())?;
        }
        if let Some(hook) = &self.kept {
            hook(origin);
        }
        Ok(Ok(cosign(request, &self.key, seconds)?.line()))
    }
}

fn refusal(request: Option<&Request>, refused: &Refusal, seconds: u64) -> Answer {
    let status = refused.status();
    let event = if refused.is_evidence() { "fork" } else { "refused" };
    let log_line = log_line(event, status, request, Some(&refused.to_string()), seconds);
    match refused {
        Refusal::Conflict { size, .. } => {
            Answer { status, media_type: SIZE_MEDIA_TYPE, body: format!("{size}\n"), log_line }
        }
        _ => {
            Answer { status, media_type: "text/plain; charset=utf-8", body: format!("{refused}\n"), log_line }
        }
    }
}

fn log_line(event: &str, status: u16, request: Option<&Request>, why: Option<&str>, seconds: u64) -> String {
    let hex = |hash: &[u8]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    serde_json::json!({
        "time": seconds,
        "event": event,
        "status": status,
        "origin": request.map(|request| short(request.checkpoint().origin())),
        "old": request.map(Request::old),
        "size": request.map(|request| request.checkpoint().size()),
        "root": request.map(|request| hex(request.checkpoint().root())),
        "why": why.map(short),
    })
    .to_string()
}

/// Texts of strangers are cut before they are logged.
fn short(text: &str) -> String {
    text.chars().take(300).collect()
}
