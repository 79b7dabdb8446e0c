//! Turns requests into answers: reads them whole, finds out who asks, asks the catalogue, logs, counts.

mod answer;
mod asked;
mod dispatch;
mod entry;
mod export;
mod menu;
mod metrics;
mod server;
mod tls;
pub mod url;

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use identity::passkey::Site;
use kernel::Moment;

use crate::catalogue::{Catalogue, House};
use crate::job::Jobs;

pub use answer::Answer;
pub use metrics::Metrics;
pub use server::{Certificate, Listening, Options, Stop, serve};

/// The running office: the house, what it offers, who is at work.
pub struct Console {
    /// The house.
    pub house: House,
    /// What it offers.
    pub catalogue: Catalogue,
    /// Its long work.
    pub jobs: Jobs,
    /// What is counted.
    pub metrics: Metrics,
    /// Cookies are sent over TLS only.
    pub secure: bool,
    /// Where it listens, once it does.
    listening: OnceLock<SocketAddr>,
    tell: Box<dyn Fn(&str) + Send + Sync>,
}

impl Console {
    /// An office over `house`; `tell` takes a line of the log, JSON without secrets.
    pub fn new(house: House, secure: bool, tell: impl Fn(&str) + Send + Sync + 'static) -> Console {
        Console {
            house,
            catalogue: Catalogue::built_in(),
            jobs: Jobs::default(),
            metrics: Metrics::default(),
            secure,
            listening: OnceLock::new(),
            tell: Box::new(tell),
        }
    }
    /// The moment at which commands are given: the machine's clock, moved by the house's days.
    pub fn now(&self) -> Moment {
        machine_now().plus_millis(self.house.shift_days * 86_400_000)
    }
    /// The place for which browsers keep passkeys; none where the house has no name. A port that the machine chose is
    /// known once the house listens.
    pub(crate) fn site(&self) -> Option<Site> {
        let address = &self.house.address;
        match (address.strip_suffix(":0"), self.listening.get()) {
            (Some(host), Some(local)) => Site::of_address(&format!("{host}:{}", local.port())),
            _ => Site::of_address(address),
        }
    }
    /// It listens here from now on.
    pub(crate) fn listens_at(&self, local: SocketAddr) {
        let _ = self.listening.set(local);
    }
    /// Writes a line of the log.
    pub(crate) fn log(&self, line: &serde_json::Value) {
        (self.tell)(&line.to_string());
    }
    /// Writes that something failed where nobody waits for an answer.
    pub(crate) fn log_fault(&self, place: &str, what: &str) {
        self.log(&serde_json::json!({ "level": "error", "place": place, "what": what }));
    }
}

/// The machine's clock.
pub(crate) fn machine_now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(0))
}

/// Random bytes as text, for keys and ids.
pub(crate) fn random_text(bytes: usize) -> String {
    use base64::Engine as _;
    let mut random = vec![0; bytes];
    // Without randomness no session is safe: nothing else can be done than to stop.
    getrandom::fill(&mut random).expect("the machine gives random bytes");
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random)
}
