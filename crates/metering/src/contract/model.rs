//! The nouns of contracts.

use kernel::{Date, Moment, Month};
use serde::{Deserialize, Serialize};

use crate::codes::codes;
use crate::parameter::{KeptChange, ParameterTicket};

codes! {
    /// What was signed.
    ContractKind {
        /// A supply contract (供用电合同).
        Supply = 1, "supply", "供用电合同";
        /// A fee-settlement agreement (电费结算协议).
        Settlement = 2, "settlement", "电费结算协议";
    }
}

/// A contract to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewContract {
    /// The account.
    pub account_id: i64,
    /// `supply` or `settlement`.
    pub kind: String,
    /// Its number, as written on it.
    pub number: String,
    /// The day it was signed.
    pub signed_on: Date,
    /// Its first day.
    pub valid_from: Date,
    /// Its last day, if it has one.
    #[serde(default)]
    pub valid_to: Option<Date>,
    /// The contract it revises.
    #[serde(default)]
    pub revises: Option<i64>,
    /// Its parameters: names as in the history of changes, values as written there.
    pub terms: Vec<(String, String)>,
    /// A note.
    #[serde(default)]
    pub note: String,
}

/// A contract as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Its key.
    pub contract_id: i64,
    /// The account.
    pub account_id: i64,
    /// The station that signed it.
    pub unit_id: i64,
    /// What it is.
    pub kind: ContractKind,
    /// Its number.
    pub number: String,
    /// The day it was signed.
    pub signed_on: Date,
    /// Its first day.
    pub valid_from: Date,
    /// Its last day.
    pub valid_to: Option<Date>,
    /// The contract it revises.
    pub revises: Option<i64>,
    /// A note.
    pub note: String,
    /// Its parameters in order of their names.
    pub terms: Vec<(String, String)>,
}

/// A copy sent to the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The contract.
    pub contract_id: i64,
    /// The station.
    pub unit_id: i64,
    /// The centre.
    pub centre_unit_id: i64,
    /// The month in which it was sent.
    pub month: Month,
    /// When.
    pub sent_at: Moment,
    /// The last day of the limit.
    pub due_on: Date,
    /// The logged message.
    pub message_id: i64,
    /// The directory it stands in.
    pub directory_id: Option<i64>,
}

impl Transfer {
    /// Days after the limit; 0 when in time.
    pub fn late_days(&self) -> i64 {
        self.due_on.days_until(self.sent_at.date()).max(0)
    }
}

/// A contract whose copy came late, or has not come although its limit has run out; the station answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateContract {
    /// The contract.
    pub contract: Contract,
    /// The last day of the limit.
    pub due_on: Date,
    /// When the copy was sent.
    pub sent_on: Option<Date>,
    /// Days after the limit, so far or when it came.
    pub late_days: i64,
}

/// Everything kept about a customer's fees (电费档案). Source: PARM-18.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeArchive {
    /// The account.
    pub account_id: i64,
    /// Contracts and agreements, the oldest first.
    pub contracts: Vec<Contract>,
    /// Copies sent to the centre.
    pub transfers: Vec<Transfer>,
    /// Change tickets.
    pub tickets: Vec<ParameterTicket>,
    /// Every parameter before and after.
    pub changes: Vec<KeptChange>,
}
