//! A book as its reader works through it: every line with what the meter used before. Source: READ-05, READ-14.

use std::collections::HashMap;

use kernel::{Exact, Month, Quantity};
use store::Tx;

use super::sql;
use crate::Result;
use crate::account::{self, AccountDetails};
use crate::reading::{Reading, ReadingStatus, Register};

/// Months before the month with which a line is compared.
pub const MONTHS_COMPARED: u8 = 3;

/// A line of a book with whom and what it belongs to, and what each register measured in the three months before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetLine {
    /// Number of the account (户号).
    pub account_number: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its place in the route.
    pub route_sequence: i64,
    /// Number of the meter (表号).
    pub meter_number: String,
    /// The line.
    pub reading: Reading,
    /// What each register measured, summed over the months that are there, by [`Register`].
    past: [Quantity; Register::ALL.len()],
    /// How many of the three months are there and were read.
    pub past_months: u8,
}

impl SheetLine {
    /// Nobody has entered anything in this line.
    pub fn is_open(&self) -> bool {
        self.reading.entered_by == 0 && self.reading.status == ReadingStatus::Unread
    }
    /// What `register` measured in the months before, summed.
    pub fn past_sum(&self, register: Register) -> Quantity {
        self.past[register as usize]
    }
    /// What `register` measured in a month, on the average of those that are there; two decimals, half up.
    pub fn average(&self, register: Register) -> Result<Option<Quantity>> {
        if self.past_months == 0 {
            return Ok(None);
        }
        let months = i64::from(self.past_months) * Quantity::SCALE;
        Ok(Some(Exact::ratio(self.past_sum(register).units(), months)?.to_quantity(2)?))
    }
}

/// Whom lines belong to, by account, and the numbers of their meters.
#[derive(Default)]
struct Known {
    customers: HashMap<i64, sql::Customer>,
    numbers: HashMap<(i64, i64), String>,
}

/// The lines of a book in a month, in the order of its route. Six queries, however many lines there are.
pub fn entry_sheet(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<Vec<SheetLine>> {
    let mut known = Known::default();
    for customer in sql::customers_of_book(tx, org_id, book_id)? {
        known.customers.insert(customer.account_id, customer);
    }
    for (account_id, meter_seq, number) in sql::meter_numbers_of_book(tx, org_id, book_id)? {
        known.numbers.insert((account_id, meter_seq), number);
    }
    assemble(known, month, |month| sql::lines_of_book(tx, org_id, month, book_id))
}

/// The lines of some accounts of a book, as [`entry_sheet`] has them: for who enters a few. Accounts of other books are
/// left out.
pub fn entry_sheet_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    book_id: i64,
    accounts: &[&AccountDetails],
) -> Result<Vec<SheetLine>> {
    let mut known = Known::default();
    for details in accounts.iter().filter(|details| details.account.book_id == book_id) {
        let account_id = details.account.account_id;
        known.customers.insert(
            account_id,
            sql::Customer {
                account_id,
                number: details.number.clone(),
                name: details.name.clone(),
                address: details.address.clone(),
                route_sequence: details.route_sequence,
            },
        );
        for meter in account::meters(tx, org_id, account_id)? {
            known.numbers.insert((account_id, meter.meter_seq), meter.number);
        }
    }
    let keys: Vec<i64> = known.customers.keys().copied().collect();
    assemble(known, month, |month| super::load_lines(tx, org_id, month, &keys))
}

/// Puts the lines of `month` together with whom they belong to and what the three months before measured.
fn assemble(
    mut known: Known,
    month: Month,
    mut lines_of: impl FnMut(Month) -> Result<Vec<Reading>>,
) -> Result<Vec<SheetLine>> {
    let mut lines = Vec::new();
    let mut at: HashMap<(i64, i64), usize> = HashMap::new();
    for reading in lines_of(month)? {
        let key = (reading.account_id, reading.meter_seq);
        let Some(customer) = known.customers.get(&reading.account_id) else { continue };
        at.insert(key, lines.len());
        lines.push(SheetLine {
            account_number: customer.number.clone(),
            name: customer.name.clone(),
            address: customer.address.clone(),
            route_sequence: customer.route_sequence,
            meter_number: known.numbers.remove(&key).unwrap_or_default(),
            reading,
            past: [Quantity::ZERO; Register::ALL.len()],
            past_months: 0,
        });
    }
    for back in 1..=i32::from(MONTHS_COMPARED) {
        for before in lines_of(month.plus(-back)?)? {
            let Some(at) = at.get(&(before.account_id, before.meter_seq)) else { continue };
            if before.status == ReadingStatus::Unread {
                continue;
            }
            let line: &mut SheetLine = &mut lines[*at];
            line.past_months += 1;
            for (register, _) in before.registers.iter() {
                if let Some(used) = before.consumption(register)? {
                    let sum = &mut line.past[register as usize];
                    *sum = sum.plus(used)?;
                }
            }
        }
    }
    lines.sort_by_key(|line| (line.route_sequence, line.reading.account_id, line.reading.meter_seq));
    Ok(lines)
}
