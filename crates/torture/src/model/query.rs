//! Questions, as the model answers them from everything it holds, and as the program answers them.

use std::collections::BTreeMap;
use std::fmt::Display;

use billing::{BillKey, exception, stored_bill};
use kernel::{Money, Month};
use ledger::{AccountCode, Posting};
use metering::book::BookState;

use super::command::Query;
use super::reference::{Reference, Stand, Voucher, is_dedicated};
use super::system::System;
use crate::month::company::CUSTOMERS;

/// One line an item.
fn lines<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| format!("{item}\n")).collect()
}

impl Reference<'_> {
    fn moved(&self, unit: Option<usize>) -> impl Iterator<Item = (usize, &Voucher, usize, &Posting)> {
        let unit = unit.map(|at| self.known.units[at]);
        let own = move |one: &(usize, &Voucher)| unit.is_none_or(|unit| unit == one.1.unit);
        self.vouchers.iter().enumerate().filter(own).flat_map(|(at, voucher)| {
            voucher.postings.iter().enumerate().map(move |(line, posting)| (at, voucher, line, posting))
        })
    }
    fn balance(&self, account: i64, month: Month, unit: Option<usize>, customer: Option<i64>) -> Money {
        let fen = self.moved(unit).filter(|(_, voucher, _, posting)| {
            voucher.period <= month && (customer.is_none() || posting.customer == customer)
        });
        let fen = fen.map(|(.., posting)| match (posting.debit.0 == account, posting.credit.0 == account) {
            (true, _) => posting.amount.fen(),
            (_, true) => -posting.amount.fen(),
            _ => 0,
        });
        Money::from_fen(fen.sum())
    }

    /// Answers a question.
    pub fn ask(&self, query: &Query) -> String {
        match query {
            Query::Balance { from, to, unit } => {
                let mut sums: BTreeMap<i64, [i64; 3]> = BTreeMap::new();
                for (_, voucher, _, posting) in self.moved(*unit).filter(|one| one.1.period <= *to) {
                    let fen = posting.amount.fen();
                    for (code, sign, place) in [(posting.debit.0, 1, 1), (posting.credit.0, -1, 2)] {
                        let sum = sums.entry(code).or_default();
                        if voucher.period < *from { sum[0] += sign * fen } else { sum[place] += fen }
                    }
                }
                lines(sums.into_iter().map(|(code, [opening, debit, credit])| {
                    format!("{code} {opening} {debit} {credit} {}", opening + debit - credit)
                }))
            }
            Query::Detail { account, month, after, size } => {
                let size = (*size).clamp(1, 1000);
                let rank = |number: i64| {
                    let place = usize::try_from(number - 1).unwrap_or(usize::MAX);
                    self.vouchers.get(place).map_or(i64::MAX, |voucher| voucher.rank)
                };
                let after = after.map_or((0, 0), |(number, line)| (rank(number), line));
                let mut inside: Vec<_> = self
                    .moved(None)
                    .map(|(at, voucher, line, posting)| {
                        (voucher.rank, line as i64 + 1, at + 1, voucher, posting)
                    })
                    .filter(|(rank, line, _, voucher, posting)| {
                        voucher.period == *month
                            && (*rank, *line) > after
                            && (posting.debit.0 == *account || posting.credit.0 == *account)
                    })
                    .collect();
                inside.sort_by_key(|one| (one.0, one.1));
                let mut found: Vec<String> = inside
                    .into_iter()
                    .map(|(_, line, number, voucher, posting)| {
                        let debited = posting.debit.0 == *account;
                        let other = if debited { posting.credit } else { posting.debit };
                        let (event, on) = (&voucher.event, voucher.posted_on);
                        let (customer, component) = (posting.customer, posting.component.0);
                        format!(
                            "{number} {line} {on} {event} {other} {customer:?} {component} {debited} {}",
                            posting.amount
                        )
                    })
                    .collect();
                let more = found.len() > size;
                found.truncate(size);
                found.push(format!("more {more}"));
                lines(found)
            }
            Query::Components { account, from, to } => {
                let mut sums: BTreeMap<(i64, u16), [i64; 2]> = BTreeMap::new();
                for (_, voucher, _, posting) in self.moved(None) {
                    if voucher.period < *from || voucher.period > *to {
                        continue;
                    }
                    for (code, side) in [(posting.debit.0, 0), (posting.credit.0, 1)] {
                        if code == *account {
                            let sum = sums.entry((voucher.unit, posting.component.0)).or_default();
                            sum[side] += posting.amount.fen();
                        }
                    }
                }
                lines(sums.into_iter().map(|((unit, component), [debit, credit])| {
                    format!("{unit} {component} {debit} {credit}")
                }))
            }
            Query::Customers { account, month } => {
                let mut customers: Vec<i64> = self.moved(None).filter_map(|one| one.3.customer).collect();
                customers.sort_unstable();
                customers.dedup();
                let found =
                    customers.into_iter().map(|one| (one, self.balance(*account, *month, None, Some(one))));
                lines(found.filter(|one| !one.1.is_zero()).map(|(one, balance)| format!("{one} {balance}")))
            }
            Query::Customer { account, month, customer } => {
                self.balance(*account, *month, None, Some(*customer)).to_string()
            }
            Query::BalanceOf { account, month, unit } => {
                self.balance(*account, *month, *unit, None).to_string()
            }
            Query::Periods => lines(self.periods.iter().map(|(month, open)| format!("{month} {open}"))),
            Query::Exceptions { month, unit, account, state, dedicated } => {
                let mut found: Vec<(i64, i64, String)> = self
                    .exceptions
                    .iter()
                    .filter(|((at, own), one)| {
                        at == month
                            && unit.is_none_or(|unit| self.known.units[unit] == self.unit_of(*own))
                            && account.is_none_or(|account| account == *own)
                            && state.is_none_or(|state| state == one.state)
                            && dedicated.is_none_or(|dedicated| dedicated == is_dedicated(*own))
                    })
                    .map(|((_, own), one)| {
                        (
                            self.unit_of(*own),
                            *own,
                            format!("{own} {} {} {}", one.state, one.reasons, one.amount),
                        )
                    })
                    .collect();
                found.sort_unstable();
                lines(found.into_iter().map(|one| one.2))
            }
            Query::Bills { month } => {
                lines(self.bills.iter().filter(|one| one.0.0 == *month).map(|(key, bill)| {
                    format!(
                        "{} {} {} {} {} {}",
                        key.1, bill.flow, bill.reasons, bill.energy, bill.amount, bill.issued
                    )
                }))
            }
            Query::Issued { month } => {
                let mut sums: BTreeMap<(i64, u16), i64> = BTreeMap::new();
                for (_, unit, component, amount) in self.issued.iter().filter(|one| one.0 == *month) {
                    *sums.entry((*unit, component.0)).or_default() += amount.fen();
                }
                lines(sums.into_iter().map(|((unit, component), fen)| format!("{unit} {component} {fen}")))
            }
            Query::Books { month } => lines(
                self.books
                    .iter()
                    .filter(|one| one.0.0 == *month)
                    .map(|(key, book)| format!("{} {:?}", key.1, book.stand)),
            ),
        }
    }
}

fn stand(state: BookState) -> Stand {
    match state {
        BookState::Created => Stand::Created,
        BookState::Entering | BookState::Returned => Stand::Entering,
        BookState::Submitted => Stand::Submitted,
        BookState::Calculating => Stand::Calculating,
        BookState::Reviewing => Stand::Reviewing,
        BookState::Exception => Stand::Exception,
        BookState::Issued => Stand::Issued,
    }
}

impl System<'_> {
    /// Answers a question from the database.
    pub fn ask(&self, query: &Query) -> String {
        let (store, org_id) = (&self.store, self.org_id);
        let unit = |at: &Option<usize>| at.map(|at| self.units[at]);
        match query {
            Query::Balance { from, to, unit: at } => {
                let found = store.read(|tx| ledger::trial_balance(tx, org_id, *from, *to, unit(at))).unwrap();
                assert_eq!(found.debit, Money::sum(found.lines.iter().map(|line| line.debit)).unwrap());
                lines(found.lines.iter().map(|line| {
                    let [opening, debit, credit, closing] =
                        [line.opening, line.debit, line.credit, line.closing].map(Money::fen);
                    format!("{} {opening} {debit} {credit} {closing}", line.account)
                }))
            }
            Query::Detail { account, month, after, size } => {
                let after = after.map(|(number, line)| (self.voucher_id(number).unwrap_or(i64::MAX), line));
                let code = AccountCode(*account);
                let page =
                    store.read(|tx| ledger::account_detail(tx, org_id, code, *month, after, *size)).unwrap();
                let shown = page.lines.iter().map(|line| {
                    let debited = !line.debit.is_zero();
                    let amount = if debited { line.debit } else { line.credit };
                    let (number, event, on) = (line.number, &line.event, line.posted_on);
                    let (other, customer, component) = (line.other, line.customer, line.component.0);
                    let place = line.key.1;
                    format!(
                        "{number} {place} {on} {event} {other} {customer:?} {component} {debited} {amount}"
                    )
                });
                lines(shown.chain([format!("more {}", page.next.is_some())]))
            }
            Query::Components { account, from, to } => {
                let code = AccountCode(*account);
                let found =
                    store.read(|tx| ledger::balances_by_component(tx, org_id, code, *from, *to)).unwrap();
                let shown =
                    found.iter().filter(|one| !(one.debit.is_zero() && one.credit.is_zero())).map(|one| {
                        format!(
                            "{} {} {} {}",
                            one.unit_id,
                            one.component.0,
                            one.debit.fen(),
                            one.credit.fen()
                        )
                    });
                lines(shown)
            }
            Query::Customers { account, month } => {
                let mut found = Vec::new();
                let take = |customer: i64, balance: Money| {
                    found.push(format!("{customer} {balance}"));
                    Ok(())
                };
                let code = AccountCode(*account);
                store.read(|tx| ledger::customer_balances(tx, org_id, code, *month, take)).unwrap();
                lines(found)
            }
            Query::Customer { account, month, customer } => {
                let code = AccountCode(*account);
                store
                    .read(|tx| ledger::customer_balance(tx, org_id, code, *month, *customer))
                    .unwrap()
                    .to_string()
            }
            Query::BalanceOf { account, month, unit: at } => {
                let code = AccountCode(*account);
                store.read(|tx| ledger::balance_of(tx, org_id, code, *month, unit(at))).unwrap().to_string()
            }
            Query::Periods => {
                let found = store.read(|tx| ledger::periods(tx, org_id)).unwrap();
                lines(found.iter().map(|one| format!("{} {}", one.month, one.open)))
            }
            Query::Exceptions { month, unit: at, account, state, dedicated } => {
                let filter = exception::ExceptionFilter {
                    unit_id: unit(at),
                    account_id: *account,
                    state: state.and_then(exception::ExceptionState::from_number),
                    dedicated: *dedicated,
                };
                let found = store.read(|tx| exception::exceptions_of(tx, org_id, *month, &filter)).unwrap();
                lines(found.iter().map(|one| {
                    format!("{} {} {} {}", one.account_id, one.state.number(), one.reasons.0, one.amount)
                }))
            }
            Query::Bills { month } => {
                let key = |account_id| BillKey { org_id, month: *month, account_id, sequence: 0 };
                let mut accounts: Vec<i64> = CUSTOMERS.iter().map(|one| one.account_id).collect();
                accounts.sort_unstable();
                lines(accounts.into_iter().filter_map(|account| {
                    let stored = store.read(|tx| stored_bill(tx, key(account))).unwrap()?;
                    let (flow, reasons, bill) = (stored.flow.number(), stored.reasons.0, &stored.bill);
                    let issued = stored.issued.is_some();
                    Some(format!("{account} {flow} {reasons} {} {} {issued}", bill.energy_kwh, bill.total))
                }))
            }
            Query::Issued { month } => {
                let found = store.read(|tx| billing::report::component_totals(tx, org_id, *month)).unwrap();
                let number = |code: &str| self.base.rules.component(code).unwrap().0;
                lines(
                    found
                        .iter()
                        .map(|one| format!("{} {} {}", one.unit_id, number(&one.code), one.amount.fen())),
                )
            }
            Query::Books { month } => {
                let mut found = store.read(|tx| metering::book::books_of_month(tx, org_id, *month)).unwrap();
                found.sort_by_key(|book| book.book_id);
                lines(found.iter().map(|book| format!("{} {:?}", book.book_id, stand(book.state))))
            }
        }
    }
}
