//! What a command answered when it was not done.

use store::StoreError;

/// A command that was not done, or of which nobody knows.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// The error of the store, when it was one.
    pub store: Option<StoreError>,
    /// The whole message.
    pub text: String,
}

impl Trouble {
    /// The command was refused by a rule or by the harness itself.
    pub fn of(text: impl Into<String>) -> Trouble {
        Trouble { store: None, text: text.into() }
    }
    /// Nobody knows whether it was kept.
    pub fn is_unknown(&self) -> bool {
        matches!(self.store, Some(StoreError::CommitUnknown(_)))
    }
    /// It says that nothing was kept although the commit was reached.
    pub fn says_nothing_kept(&self) -> bool {
        !self.is_unknown()
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text)
    }
}

impl std::error::Error for Trouble {}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Trouble {
        Trouble { text: error.to_string(), store: Some(error) }
    }
}

/// Errors of offices, with the store's own taken out.
macro_rules! from_offices {
    ($($office:ty => $store:path;)*) => {$(
        impl From<$office> for Trouble {
            fn from(error: $office) -> Trouble {
                let text = error.to_string();
                let store = match error {
                    $store(error) => Some(error),
                    _ => None,
                };
                Trouble { store, text }
            }
        }
    )*};
}

from_offices! {
    billing::BillingError => billing::BillingError::Store;
    billing::OfficeError => billing::OfficeError::Store;
    metering::MeteringError => metering::MeteringError::Store;
    ledger::LedgerError => ledger::LedgerError::Store;
    identity::IdentityError => identity::IdentityError::Store;
    vault::VaultError => vault::VaultError::Store;
}

impl From<kernel::FigureError> for Trouble {
    fn from(error: kernel::FigureError) -> Trouble {
        Trouble::of(error.to_string())
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Trouble {
        Trouble::of(error.to_string())
    }
}

impl From<interchange::Error> for Trouble {
    fn from(error: interchange::Error) -> Trouble {
        Trouble::of(error.to_string())
    }
}
