//! Entries of several debit and credit legs, taken apart into postings.

use std::cmp::Ordering;

use kernel::Money;

use crate::{AccountCode, ComponentId, LedgerError, Posting};

/// One side of an entry: an account, an amount above zero, and its dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// The account.
    pub account: AccountCode,
    /// Above zero.
    pub amount: Money,
    /// The customer account, if one is concerned.
    pub customer: Option<i64>,
    /// The component, or none.
    pub component: ComponentId,
}

impl Leg {
    /// A leg without customer and component.
    pub fn new(account: AccountCode, amount: Money) -> Leg {
        Leg { account, amount, customer: None, component: ComponentId::NONE }
    }
    /// The same leg for a customer.
    pub fn customer(self, customer: i64) -> Leg {
        Leg { customer: Some(customer), ..self }
    }
    /// The same leg for a component.
    pub fn component(self, component: ComponentId) -> Leg {
        Leg { component, ..self }
    }
}

/// An entry with any number of debit and credit legs (一借多贷、多借多贷), built leg by leg.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    debits: Vec<Leg>,
    credits: Vec<Leg>,
}

impl Entry {
    /// An empty entry.
    pub fn new() -> Entry {
        Entry::default()
    }
    /// Adds a debit leg.
    pub fn debit(mut self, leg: Leg) -> Entry {
        self.debits.push(leg);
        self
    }
    /// Adds a credit leg.
    pub fn credit(mut self, leg: Leg) -> Entry {
        self.credits.push(leg);
        self
    }

    /// The postings that move exactly what the legs say: at most one less than there are legs, in their order.
    /// Refuses when the sides differ, an amount is not above zero, or two legs that meet name different customers.
    pub fn postings(&self) -> Result<Vec<Posting>, LedgerError> {
        let sum = |legs: &[Leg]| Money::sum(legs.iter().map(|leg| leg.amount));
        let (debit, credit) = (sum(&self.debits)?, sum(&self.credits)?);
        if debit != credit {
            return Err(LedgerError::Unbalanced { debit, credit });
        }
        if let Some(leg) = self.debits.iter().chain(&self.credits).find(|leg| leg.amount <= Money::ZERO) {
            return Err(LedgerError::NotPositive {
                debit: leg.account,
                credit: leg.account,
                amount: leg.amount,
            });
        }
        let mut found = Vec::with_capacity(self.debits.len() + self.credits.len());
        let (mut debits, mut credits) = (self.debits.iter().copied(), self.credits.iter().copied());
        let (mut from, mut to) = (credits.next(), debits.next());
        while let (Some(credit), Some(debit)) = (&mut from, &mut to) {
            let amount = credit.amount.min(debit.amount);
            found.push(join(debit, credit, amount)?);
            debit.amount = debit.amount.minus(amount)?;
            credit.amount = credit.amount.minus(amount)?;
            let order = debit.amount.cmp(&credit.amount);
            if order != Ordering::Greater {
                to = debits.next();
            }
            if order != Ordering::Less {
                from = credits.next();
            }
        }
        Ok(found)
    }
}

fn join(debit: &Leg, credit: &Leg, amount: Money) -> Result<Posting, LedgerError> {
    if debit.account == credit.account {
        return Err(LedgerError::SameAccount(debit.account));
    }
    let customer = match (debit.customer, credit.customer) {
        (Some(one), Some(other)) if one != other => return Err(LedgerError::TwoCustomers(one, other)),
        (one, other) => one.or(other),
    };
    // The component of the credit side decides: revenue and funds are what is told apart by component.
    let component = if credit.component == ComponentId::NONE { debit.component } else { credit.component };
    Ok(Posting { debit: debit.account, credit: credit.account, amount, customer, component })
}
