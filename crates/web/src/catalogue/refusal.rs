//! Why something was not done: one shape for pages and for programs (RFC 9457 problem details).

use kernel::{Bilingual, Lang, Text};

/// The kinds of refusal; each is one HTTP status and one problem type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The request cannot be understood (400).
    Malformed,
    /// Nobody is logged in (401).
    NotLoggedIn,
    /// The person may not do this (403).
    NotPermitted,
    /// The important act must be signed first (403, `sign-first`).
    SignFirst,
    /// There is no such thing (404).
    NotFound,
    /// The path takes other methods (405).
    Method,
    /// The state of things does not allow it (409).
    Conflict,
    /// What was seen has changed since (412).
    Changed,
    /// Too large (413).
    TooLarge,
    /// Fields are wrong, or a rule refuses (422).
    Refused,
    /// An alarm has stopped every command (423).
    Stopped,
    /// A change by a machine needs an `Idempotency-Key` (428).
    KeyMissing,
    /// Too many attempts (429).
    TooMany,
    /// The program failed (500).
    Failed,
    /// The database is busy, or the program is stopping (503).
    Busy,
}

impl Why {
    /// Every kind.
    pub const ALL: &'static [Why] = &[
        Why::Malformed,
        Why::NotLoggedIn,
        Why::NotPermitted,
        Why::SignFirst,
        Why::NotFound,
        Why::Method,
        Why::Conflict,
        Why::Changed,
        Why::TooLarge,
        Why::Refused,
        Why::Stopped,
        Why::KeyMissing,
        Why::TooMany,
        Why::Failed,
        Why::Busy,
    ];
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Why::Malformed => 400,
            Why::NotLoggedIn => 401,
            Why::NotPermitted | Why::SignFirst => 403,
            Why::NotFound => 404,
            Why::Method => 405,
            Why::Conflict => 409,
            Why::Changed => 412,
            Why::TooLarge => 413,
            Why::Refused => 422,
            Why::Stopped => 423,
            Why::KeyMissing => 428,
            Why::TooMany => 429,
            Why::Failed => 500,
            Why::Busy => 503,
        }
    }
    /// The last part of the problem type; its title is the message `problem.CODE`.
    pub fn code(self) -> &'static str {
        match self {
            Why::Malformed => "malformed",
            Why::NotLoggedIn => "not-logged-in",
            Why::NotPermitted => "not-permitted",
            Why::SignFirst => "sign-first",
            Why::NotFound => "not-found",
            Why::Method => "method",
            Why::Conflict => "conflict",
            Why::Changed => "changed",
            Why::TooLarge => "too-large",
            Why::Refused => "refused",
            Why::Stopped => "stopped",
            Why::KeyMissing => "key-missing",
            Why::TooMany => "too-many",
            Why::Failed => "failed",
            Why::Busy => "busy",
        }
    }
}

/// Why something was not done.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The kind.
    pub why: Why,
    /// What happened, where, what to do.
    pub said: Text,
    /// Fields that cannot be taken, each with its reason.
    pub fields: Vec<(String, Text)>,
    /// The permission that is missing: another person can lend it on the spot (XC-03).
    pub permission: Option<String>,
}

impl Refusal {
    /// A refusal of a kind.
    pub fn new(why: Why, zh: impl Into<String>, en: impl Into<String>) -> Refusal {
        Refusal { why, said: Text::new(zh, en), fields: Vec::new(), permission: None }
    }
    /// A rule refuses.
    pub fn refused(zh: impl Into<String>, en: impl Into<String>) -> Refusal {
        Refusal::new(Why::Refused, zh, en)
    }
    /// Fields cannot be taken.
    pub fn fields(fields: Vec<(String, Text)>) -> Refusal {
        let said = Text::new("请改正标出的内容", "please correct what is marked");
        Refusal { why: Why::Refused, said, fields, permission: None }
    }
    /// There is no such thing.
    pub fn not_found(zh: &str, en: &str, named: &str) -> Refusal {
        Refusal::new(Why::NotFound, format!("没有{zh} {named}"), format!("there is no {en} {named}"))
    }
    /// Nobody holds `permission` here.
    pub fn not_permitted(permission: &str) -> Refusal {
        let name = identity::Catalogue::built_in().permission(permission);
        let (zh, en) = name.map_or((permission.to_owned(), permission.to_owned()), |known| {
            (known.text.zh.clone(), known.text.en.clone())
        });
        let mut refusal = Refusal::new(
            Why::NotPermitted,
            format!("您的岗位没有“{zh}”的权限"),
            format!("your posts do not carry the right to {en}"),
        );
        refusal.permission = Some(permission.to_owned());
        refusal
    }
}

/// Every error of the house is a refusal; its kind follows from the error at its bottom.
impl<E: Bilingual + std::error::Error + 'static> From<E> for Refusal {
    fn from(error: E) -> Refusal {
        let mut refusal = Refusal::new(Why::Refused, error.text(Lang::Zh), error.text(Lang::En));
        refusal.classify(&error);
        refusal
    }
}

impl Refusal {
    fn classify(&mut self, error: &(dyn std::error::Error + 'static)) {
        use billing::{BillingError, OfficeError};
        use identity::IdentityError;
        use metering::{MeteringError, ParameterError};
        use store::StoreError;
        use workflow::WorkflowError;

        let error = bottom(error);
        if let Some(error) = error.downcast_ref::<IdentityError>() {
            match error {
                IdentityError::NotPermitted { permission, .. } => {
                    // Said again in words, without the key of the unit.
                    let again = Refusal::not_permitted(permission);
                    (self.why, self.said, self.permission) = (again.why, again.said, again.permission);
                }
                IdentityError::MakerIsChecker { .. }
                | IdentityError::OwnAuthority { .. }
                | IdentityError::IncompatibleDuties { .. } => self.why = Why::NotPermitted,
                _ => {}
            }
        } else if let Some(error) = error.downcast_ref::<StoreError>() {
            self.why = match error {
                StoreError::Busy => Why::Busy,
                StoreError::KeyReused(_) => Why::Refused,
                StoreError::Stopped(_) => Why::Stopped,
                // Somebody else was quicker: nothing failed, and nothing was overwritten.
                StoreError::Stale(_) => Why::Conflict,
                _ => Why::Failed,
            };
        } else if matches!(
            error.downcast_ref::<BillingError>(),
            Some(BillingError::NoBill { .. } | BillingError::NoBook)
        ) || matches!(error.downcast_ref::<OfficeError>(), Some(OfficeError::NotFound { .. }))
            || matches!(error.downcast_ref::<MeteringError>(), Some(MeteringError::NotFound { .. }))
            || matches!(error.downcast_ref::<ParameterError>(), Some(ParameterError::NotFound { .. }))
            || matches!(error.downcast_ref::<WorkflowError>(), Some(WorkflowError::NotFound { .. }))
        {
            self.why = Why::NotFound;
        }
    }
}

/// The error at the bottom of the house's error enums, which wrap each other transparently.
fn bottom<'e>(error: &'e (dyn std::error::Error + 'static)) -> &'e (dyn std::error::Error + 'static) {
    macro_rules! unwrap {
        ($($house:ident :: $kind:ident { $($variant:ident),+ }),+ $(,)?) => {
            $(if let Some(error) = error.downcast_ref::<$house::$kind>() {
                return match error {
                    $($house::$kind::$variant(inner) => bottom(inner),)+
                    _ => error,
                };
            })+
        };
    }
    unwrap!(
        billing::BillingError { Identity, Store, Ledger, Metering, Vault, Office, Documents },
        billing::OfficeError { Identity, Store },
        metering::MeteringError { Identity, Vault, Workflow, Store },
        metering::ParameterError { Workflow, Document, Vault, Metering, Identity, Store },
        workflow::WorkflowError { Vault, Document, Identity, Store },
        ledger::LedgerError { Identity, Vault, Store },
        vault::VaultError { Identity, Store },
        documents::DocumentError { Identity, Store },
        audit::AuditError { Vault, Ledger, Identity, Store },
    );
    error
}

/// One field that cannot be taken, and why.
pub(crate) fn one_field(name: &str, zh: &str, en: &str) -> Refusal {
    Refusal::fields(vec![(name.to_owned(), Text::new(zh, en))])
}
