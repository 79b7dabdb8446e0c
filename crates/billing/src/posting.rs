//! Which accounts a bill touches: the ledger's posting rules, looked up once for every component of the prices.

use kernel::Money;
use ledger::{Accounts, ComponentId, EventRules, Posting, PostingRules};
use tariff::Plans;

use crate::Result;

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
    pub(crate) fn vat(&self) -> ComponentPosting {
        self.vat
    }
}

fn find(rules: &PostingRules, event: &EventRules, code: &str) -> Result<ComponentPosting> {
    let component = rules.component(code)?;
    Ok(ComponentPosting { accounts: event.accounts(component)?, component })
}
