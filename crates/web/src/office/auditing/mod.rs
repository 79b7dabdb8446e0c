//! The auditor's desk: every act and its proof, checkpoints, exports, the check of the books and its alarms.

mod alarms;
mod check;
mod log;
mod proofs;
mod seals;

pub(super) use log::{ACT_COLUMNS, act_row};

use crate::catalogue::{Area, Download};

/// The log of acts and its proofs.
pub const AREA: Area = Area {
    name: "audit",
    lists: &[log::ACTS, seals::CHECKPOINTS, check::CHECKS, alarms::ALARMS],
    views: &[log::ACT, seals::CHECKPOINT, check::REPORT, alarms::ALARM],
    acts: &[
        log::ERASE,
        seals::MAKE,
        seals::COSIGN,
        proofs::BILL,
        proofs::DOCUMENT,
        proofs::PERIOD,
        check::CHECK,
        alarms::PROPOSE,
        alarms::CONFIRM,
        alarms::SEND_BACK,
    ],
    pages: &[crate::page::verify::VERIFY, crate::page::verify::CODE],
};

/// Files to take away.
pub const DOWNLOADS: &[Download] = &[
    log::PROOF,
    seals::REQUEST,
    proofs::BILL_FILE,
    proofs::DOCUMENT_FILE,
    proofs::PERIOD_FILE,
    crate::page::verify::FILE,
];
