//! Frames made into what they are: hashed, decoded and checked by themselves, on as many threads as there are.

use billing::canonical::{Content, read_issued};
use billing::{BillPostings, PriceBook};
use kernel::Money;
use ledger::{AccountCode, ComponentId, Movement, Posting, Voucher};
use proof::Hash;
use vault::Leaf;

use super::bill::{Recalculation, adds_up};
use crate::AuditError;
use crate::error::{not_proved, unreadable};
use crate::frame::Kind;

/// A posting as a bill gives it, amounts above zero.
pub(crate) struct Derived {
    pub(crate) debit: AccountCode,
    pub(crate) credit: AccountCode,
    pub(crate) amount: Money,
    /// Nothing where the bill's bytes do not say who pays.
    pub(crate) customer: Option<i64>,
    pub(crate) component: ComponentId,
}

/// What a frame holds.
pub(crate) enum Item {
    Act(Hash, Box<Leaf>),
    Voucher(Hash, Box<Voucher>, Vec<Movement>),
    Bill {
        hash: Hash,
        postings: Vec<Derived>,
        document: Option<String>,
        says_owner: bool,
        org_id: Option<i64>,
    },
}

/// What is needed to derive the postings of bills.
pub(crate) struct Trade {
    pub(crate) prices: PriceBook,
    pub(crate) postings: BillPostings,
}

/// Works on frames; one for each thread.
pub(crate) struct Worker<'t> {
    trade: &'t Trade,
    again: Recalculation<'t>,
}

impl<'t> Worker<'t> {
    pub(crate) fn new(trade: &'t Trade) -> Worker<'t> {
        Worker { trade, again: Recalculation::new(&trade.prices) }
    }

    /// # Errors
    /// Bytes that are not what the frame says, a voucher out of balance, a bill that does not add up or that the
    /// calculation does not give again.
    pub(crate) fn item(&mut self, place: u64, kind: Kind, bytes: &[u8]) -> Result<Item, AuditError> {
        let place = || format!("frame {place}");
        let hash = proof::leaf_hash(bytes);
        match kind {
            Kind::Act => Ok(Item::Act(hash, Box::new(vault::decode(bytes)?))),
            Kind::Voucher => {
                let voucher = ledger::read_voucher(bytes).map_err(|error| unreadable(place(), error))?;
                let movements = voucher.movements()?;
                Ok(Item::Voucher(hash, Box::new(voucher), movements))
            }
            Kind::Bill => self.bill(&place(), hash, bytes),
            _ => Err(unreadable(place(), "a frame out of place")),
        }
    }

    fn bill(&mut self, place: &str, hash: Hash, bytes: &[u8]) -> Result<Item, AuditError> {
        let bill = read_issued(bytes).map_err(|error| unreadable(place, error))?;
        adds_up(place, &bill)?;
        let payer = bill.owner.map(|owner| owner.payer_id);
        let mut postings = Vec::with_capacity(12);
        let mut take = |posting: Posting| {
            let Posting { debit, credit, amount, component, .. } = posting;
            let (debit, credit, amount) = match amount {
                Money::ZERO => return Ok(()),
                amount if amount.is_negative() => (credit, debit, amount.negated().map_err(overflow)?),
                amount => (debit, credit, amount),
            };
            postings.push(Derived { debit, credit, amount, customer: payer, component });
            Ok::<_, AuditError>(())
        };
        let rules = &self.trade.postings;
        let document = match &bill.content {
            Content::Calculated(both) => {
                rules.each_posting(&both.1, payer.unwrap_or_default(), &mut take)?;
                None
            }
            Content::Adjustment(adjustment) => {
                rules.each_posting_of_adjustment(adjustment, payer.unwrap_or_default(), &mut take)?;
                Some(adjustment.document.clone())
            }
        };
        if let Content::Calculated(both) = &bill.content {
            self.again.check(place, &both.0, &both.1)?;
        }
        let org_id = bill.owner.map(|owner| owner.key.org_id);
        Ok(Item::Bill { hash, postings, document, says_owner: payer.is_some(), org_id })
    }
}

fn overflow(_: kernel::FigureError) -> AuditError {
    not_proved("bill", "金额超出范围", "an amount beyond 64 bits")
}
