//! Postings gathered on any thread, summed while they are gathered.

use std::collections::HashMap;
use std::ops::Range;

use kernel::Money;
use store::{Bulk, Kind, Value};

use crate::{AccountCode, ComponentId, Entry, LedgerError, Posting, canonical};

const COLUMNS: &[store::Column] = &[
    ("org_id", Kind::Int),
    ("voucher_id", Kind::Int),
    ("line", Kind::Int),
    ("debit", Kind::Int),
    ("credit", Kind::Int),
    ("amount", Kind::Int),
    ("account_id", Kind::Int),
    ("component", Kind::Int),
];

/// Up to so many different pairs of accounts are searched one by one, in the order in which they usually return.
const PAIRS_SEARCHED: usize = 32;

/// What one voucher moved from one account to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub debit: AccountCode,
    pub credit: AccountCode,
    pub component: ComponentId,
    pub amount: Money,
}

/// A voucher in the buffer: what its header will have to state.
#[derive(Debug, Clone)]
pub(crate) struct Gathered {
    pub voucher_id: i64,
    pub postings: i64,
    pub total: Money,
    pub pairs: Range<usize>,
    /// Where the canonical bytes of its postings stand.
    pub bytes: Range<usize>,
}

/// Postings of one organisation on their way to the ledger. It can be filled on any thread, without a database;
/// [`crate::post_bulk`] writes it and keeps its memory for the next batch.
pub struct PostingBuffer {
    org_id: i64,
    pub(crate) rows: Bulk,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) vouchers: Vec<Gathered>,
    /// The postings as the log covers them, one after another.
    pub(crate) bytes: Vec<u8>,
    index: HashMap<(AccountCode, AccountCode, ComponentId), usize>,
    last: usize,
}

impl PostingBuffer {
    /// An empty buffer for `org_id`.
    pub fn new(org_id: i64) -> PostingBuffer {
        PostingBuffer {
            org_id,
            rows: Bulk::new("posting", COLUMNS),
            pairs: Vec::new(),
            vouchers: Vec::new(),
            bytes: Vec::new(),
            index: HashMap::new(),
            last: 0,
        }
    }
    /// The organisation it was made for.
    pub fn org_id(&self) -> i64 {
        self.org_id
    }
    /// Postings so far.
    pub fn postings(&self) -> u64 {
        self.rows.rows()
    }
    /// Their encoded bytes.
    pub fn encoded_bytes(&self) -> u64 {
        self.rows.encoded_bytes()
    }
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.pairs.clear();
        self.vouchers.clear();
        self.bytes.clear();
        self.index.clear();
        self.last = 0;
    }

    /// Starts the next voucher; the postings that follow are its own.
    pub fn begin(&mut self, voucher_id: i64) {
        let at = self.pairs.len();
        let bytes = self.bytes.len()..self.bytes.len();
        self.vouchers.push(Gathered { voucher_id, postings: 0, total: Money::ZERO, pairs: at..at, bytes });
        self.index.clear();
        self.last = at;
    }

    /// Adds a posting to the voucher begun last. The amount must be above zero and the accounts two different ones.
    pub fn add(&mut self, posting: &Posting) -> Result<(), LedgerError> {
        let &Posting { debit, credit, amount, customer, component } = posting;
        if amount <= Money::ZERO {
            return Err(LedgerError::NotPositive { debit, credit, amount });
        }
        if debit == credit {
            return Err(LedgerError::SameAccount(debit));
        }
        let Some(voucher) = self.vouchers.last_mut() else { return Err(LedgerError::NoVoucher) };
        // The total bounds every sum of the voucher: when it fits, they all fit.
        let total = voucher.total.plus(amount)?;
        self.rows.row(&[
            Value::Int(self.org_id),
            Value::Int(voucher.voucher_id),
            Value::Int(voucher.postings + 1),
            Value::Int(debit.0),
            Value::Int(credit.0),
            Value::Int(amount.fen()),
            customer.map_or(Value::Null, Value::Int),
            Value::Int(i64::from(component.0)),
        ])?;
        canonical::write_posting(posting, &mut self.bytes);
        voucher.bytes.end = self.bytes.len();
        voucher.total = total;
        voucher.postings += 1;
        let place = self.place(debit, credit, component);
        let pair = &mut self.pairs[place];
        pair.amount = pair.amount.plus(amount)?;
        Ok(())
    }

    /// Adds an amount of either sign: below zero the accounts change sides, zero is nothing to post.
    pub fn add_signed(&mut self, posting: &Posting) -> Result<(), LedgerError> {
        match posting.amount {
            Money::ZERO => Ok(()),
            amount if amount.is_negative() => self.add(&Posting {
                debit: posting.credit,
                credit: posting.debit,
                amount: amount.negated()?,
                ..*posting
            }),
            _ => self.add(posting),
        }
    }

    /// Adds the postings of an entry of several legs.
    pub fn add_entry(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        entry.postings()?.iter().try_for_each(|posting| self.add(posting))
    }

    /// The place in `pairs` for this pair of the voucher begun last.
    fn place(&mut self, debit: AccountCode, credit: AccountCode, component: ComponentId) -> usize {
        let start = self.vouchers.last().map_or(0, |voucher| voucher.pairs.start);
        let own = &self.pairs[start..];
        let same = |pair: &Pair| pair.debit == debit && pair.credit == credit && pair.component == component;
        let found = if own.len() <= PAIRS_SEARCHED {
            // Customers of a batch post the same pairs in the same order: the next one is the best guess.
            let guess = (self.last + 1).saturating_sub(start);
            let (before, after) = own.split_at(guess.min(own.len()));
            after.iter().position(same).map(|at| at + before.len()).or_else(|| before.iter().position(same))
        } else {
            if self.index.is_empty() {
                self.index = (0..)
                    .zip(own)
                    .map(|(at, pair)| ((pair.debit, pair.credit, pair.component), at))
                    .collect();
            }
            self.index.get(&(debit, credit, component)).copied()
        };
        let next = own.len();
        let place = start + found.unwrap_or(next);
        if found.is_none() {
            if !self.index.is_empty() {
                self.index.insert((debit, credit, component), next);
            }
            self.pairs.push(Pair { debit, credit, component, amount: Money::ZERO });
        }
        if let Some(voucher) = self.vouchers.last_mut() {
            voucher.pairs.end = self.pairs.len();
        }
        self.last = place;
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn posting(debit: i64, credit: i64, component: u16, fen: i64) -> Posting {
        Posting {
            debit: AccountCode(debit),
            credit: AccountCode(credit),
            amount: Money::from_fen(fen),
            customer: None,
            component: ComponentId(component),
        }
    }

    proptest! {
        /// XC-17: whatever is posted in whatever order, each voucher has each pair once, with the sum of its postings.
        #[test]
        fn pairs_of_a_voucher_stand_once_with_their_sums(
            vouchers in prop::collection::vec(prop::collection::vec((1_i64..8, 1_i64..8, 0_u16..4, 1_i64..1000), 1..200), 1..4)
        ) {
            let mut buffer = PostingBuffer::new(1);
            let mut expected = Vec::new();
            for (voucher_id, postings) in (1..).zip(&vouchers) {
                buffer.begin(voucher_id);
                let mut sums: HashMap<(i64, i64, u16), i64> = HashMap::new();
                let mut places = Vec::new();
                for &(debit, credit, component, fen) in postings {
                    let key = (debit, 10 + credit, component);
                    buffer.add(&posting(key.0, key.1, key.2, fen)).unwrap();
                    *sums.entry(key).or_insert_with(|| { places.push(key); 0 }) += fen;
                }
                let fen: i64 = sums.values().sum();
                expected.push((voucher_id, postings.len() as i64, fen, places.iter().map(|key| (*key, sums[key])).collect::<Vec<_>>()));
            }
            let found: Vec<_> = buffer.vouchers.iter().map(|voucher| {
                let pairs = buffer.pairs[voucher.pairs.clone()].iter();
                let pairs = pairs.map(|pair| ((pair.debit.0, pair.credit.0, pair.component.0), pair.amount.fen()));
                (voucher.voucher_id, voucher.postings, voucher.total.fen(), pairs.collect::<Vec<_>>())
            }).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_buffer_counts_what_it_holds() {
        let mut buffer = PostingBuffer::new(1);
        buffer.begin(5);
        assert_eq!((buffer.postings(), buffer.encoded_bytes()), (0, 0));
        buffer.add(&posting(1001, 1122, 0, 100)).unwrap();
        let one = buffer.encoded_bytes();
        buffer.add(&posting(1001, 1122, 0, 100)).unwrap();
        assert_eq!((buffer.postings(), buffer.encoded_bytes()), (2, 2 * one));
        assert!(one > 8, "eight columns take more than eight bytes: {one}");
        buffer.clear();
        assert_eq!((buffer.postings(), buffer.encoded_bytes(), buffer.bytes.len()), (0, 0, 0));
        assert!(buffer.pairs.is_empty() && buffer.vouchers.is_empty());
    }

    /// XC-14: an amount below zero is posted the other way round; zero is nothing to post, and no posting of nothing.
    #[test]
    fn an_amount_of_either_sign_is_posted_above_zero() {
        let mut buffer = PostingBuffer::new(1);
        buffer.begin(5);
        buffer.add_signed(&posting(1122, 6001, 3, 0)).unwrap();
        assert_eq!(buffer.postings(), 0);
        buffer.add_signed(&posting(1122, 6001, 3, 7)).unwrap();
        buffer.add_signed(&posting(1122, 6001, 3, -9)).unwrap();
        let pairs: Vec<_> =
            buffer.pairs.iter().map(|pair| (pair.debit.0, pair.credit.0, pair.amount.fen())).collect();
        assert_eq!(pairs, [(1122, 6001, 7), (6001, 1122, 9)]);
        assert_eq!((buffer.vouchers[0].postings, buffer.vouchers[0].total.fen()), (2, 16));
    }

    #[test]
    fn an_entry_is_added_as_its_postings() {
        let leg = |code, fen| crate::Leg::new(AccountCode(code), Money::from_fen(fen));
        let entry = Entry::new().debit(leg(1001, 30)).credit(leg(1122, 10)).credit(leg(2203, 20));
        let mut buffer = PostingBuffer::new(1);
        buffer.begin(5);
        buffer.add_entry(&entry).unwrap();
        let pairs: Vec<_> =
            buffer.pairs.iter().map(|pair| (pair.debit.0, pair.credit.0, pair.amount.fen())).collect();
        assert_eq!(pairs, [(1001, 1122, 10), (1001, 2203, 20)]);
    }
}
