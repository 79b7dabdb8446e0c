//! Which accounts a bill touches: the ledger's posting rules, looked up once for every component of the prices.

use kernel::Money;
use ledger::{Accounts, ComponentId, EventRules, Posting, PostingRules};
use tariff::{Bill, Plans};

use crate::adjustment::AdjustmentBill;
use crate::{BillingError, Result};

/// The event of an issue.
pub const BILL_ISSUED: &str = "bill_issued";

/// Debit, credit and ledger component of one component of a bill.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComponentPosting {
    accounts: Accounts,
    component: ComponentId,
}

impl ComponentPosting {
    /// The ledger's number of the component.
    pub(crate) fn component(self) -> ComponentId {
        self.component
    }
    /// The posting of `amount`, of either sign, for the customer who owes it.
    pub(crate) fn for_customer(self, payer_id: i64, amount: Money) -> Posting {
        let Accounts { debit, credit } = self.accounts;
        Posting { debit, credit, amount, customer: Some(payer_id), component: self.component }
    }
}

/// The postings of a bill by the tariff's component numbers.
#[derive(Debug, Clone)]
pub struct BillPostings {
    by_component: Vec<ComponentPosting>,
    vat: ComponentPosting,
    rules: PostingRules,
}

impl BillPostings {
    /// Looks up every component of `plans`; a component without a rule is refused here, before any bill is made.
    pub fn new(plans: &Plans, rules: &PostingRules) -> Result<BillPostings> {
        let event = rules.event(BILL_ISSUED)?;
        let by_component = plans
            .components()
            .map(|(_, component)| find(rules, event, &component.code))
            .collect::<Result<_>>()?;
        Ok(BillPostings { by_component, vat: find(rules, event, "vat")?, rules: rules.clone() })
    }
    pub(crate) fn of(&self, component: tariff::ComponentId) -> Option<ComponentPosting> {
        self.by_component.get(usize::from(component.0)).copied()
    }
    /// The posting of a component by the ledger's code or one of its aliases, as adjustments name them.
    pub(crate) fn named(&self, code: &str) -> Result<ComponentPosting> {
        find(&self.rules, self.rules.event(BILL_ISSUED)?, code)
    }
    /// Gives what a calculated bill posts for `payer_id` to `take`: each component without its VAT, then the VAT. Amounts
    /// may be below zero or nothing.
    pub fn each_posting<E: From<BillingError>>(
        &self,
        bill: &Bill,
        payer_id: i64,
        mut take: impl FnMut(Posting) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        for sum in bill.sums.iter().filter(|sum| !sum.amount.is_zero()) {
            let posting = self.of(sum.component).ok_or(BillingError::NoPosting(sum.component.0))?;
            let net = sum.amount.minus(sum.vat).map_err(BillingError::from)?;
            take(posting.for_customer(payer_id, net))?;
        }
        take(self.vat.for_customer(payer_id, bill.vat))
    }
    /// Gives what an adjustment posts for `payer_id` to `take`. Amounts may be below zero.
    pub fn each_posting_of_adjustment<E: From<BillingError>>(
        &self,
        bill: &AdjustmentBill,
        payer_id: i64,
        mut take: impl FnMut(Posting) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        for (code, amount) in bill.components.iter().filter(|(_, amount)| !amount.is_zero()) {
            take(self.named(code)?.for_customer(payer_id, *amount))?;
        }
        Ok(())
    }
    pub(crate) fn vat(&self) -> ComponentPosting {
        self.vat
    }
}

fn find(rules: &PostingRules, event: &EventRules, code: &str) -> Result<ComponentPosting> {
    let component = rules.component(code)?;
    Ok(ComponentPosting { accounts: event.accounts(component)?, component })
}
