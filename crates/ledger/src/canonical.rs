//! Vouchers as bytes: what the log covers, and what an auditor reads without the database.
//!
//! Whole numbers are zigzag varints in their shortest spelling, texts carry their length in bytes. The same voucher
//! always has the same bytes, no two different vouchers share theirs, and bytes that are not a voucher in balance are
//! refused. A stored voucher never changes, so its bytes can be written again at any time.

use std::collections::BTreeMap;

use kernel::{Date, Moment, Money, Month};

use crate::{AccountCode, ComponentId, LedgerError, Posting};

/// The form written by this program.
const VERSION: u8 = 1;
/// No text of a header is longer.
const TEXT_BYTES_MAX: u64 = 400;
/// No voucher has more postings.
const POSTINGS_MAX: u64 = 100_000_000;

/// A voucher as its bytes say it: header and postings in the order of their lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// What stands above the postings.
    pub head: VoucherHead,
    /// The postings by line, from line 1.
    pub postings: Vec<Posting>,
}

/// Everything a voucher says beside its postings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoucherHead {
    /// The organisation.
    pub org_id: i64,
    /// Its key.
    pub voucher_id: i64,
    /// The year its number belongs to.
    pub year: i64,
    /// Its number, without gaps within the year.
    pub number: i64,
    /// The accounting period.
    pub period: Month,
    /// Posting date; within the period.
    pub posted_on: Date,
    /// The day the business took place.
    pub effective_on: Date,
    /// The unit in whose books it stands.
    pub unit_id: i64,
    /// The business event.
    pub event: String,
    /// The document it was made from.
    pub source: String,
    /// The summary a person reads.
    pub summary: String,
    /// Who posted it.
    pub person_id: i64,
    /// When.
    pub made_at: Moment,
    /// The voucher it reverses.
    pub reverses: Option<i64>,
    /// Sum of the postings.
    pub total: Money,
    /// How many postings there are.
    pub count: i64,
}

impl VoucherHead {
    /// Its number as acts in the log name it.
    pub fn document(&self) -> String {
        format!("{}-{}", self.year, self.number)
    }
}

/// The bytes are not a voucher of a known form, or one that is not in balance with itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the voucher cannot be read at byte {at}: {why}")]
pub struct UnreadableVoucher {
    /// Where it stops making sense.
    pub at: usize,
    /// Why.
    pub why: &'static str,
}

fn unsigned(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn int(value: i64, out: &mut Vec<u8>) {
    unsigned(((value << 1) ^ (value >> 63)) as u64, out);
}

fn text(text: &str, out: &mut Vec<u8>) {
    unsigned(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Appends the bytes of one posting; its line follows from its place.
pub(crate) fn write_posting(posting: &Posting, out: &mut Vec<u8>) {
    int(posting.debit.0, out);
    int(posting.credit.0, out);
    int(posting.amount.fen(), out);
    match posting.customer {
        None => out.push(0),
        Some(customer) => {
            out.push(1);
            int(customer, out);
        }
    }
    unsigned(u64::from(posting.component.0), out);
}

/// Appends the bytes of a header; those of its postings follow.
pub(crate) fn write_head(head: &VoucherHead, out: &mut Vec<u8>) {
    out.push(VERSION);
    for value in [
        head.org_id,
        head.voucher_id,
        head.year,
        head.number,
        head.period.number(),
        head.posted_on.number(),
        head.effective_on.number(),
        head.unit_id,
    ] {
        int(value, out);
    }
    text(&head.event, out);
    text(&head.source, out);
    text(&head.summary, out);
    int(head.person_id, out);
    int(head.made_at.millis(), out);
    match head.reverses {
        None => out.push(0),
        Some(voucher_id) => {
            out.push(1);
            int(voucher_id, out);
        }
    }
    int(head.total.fen(), out);
    int(head.count, out);
}

impl Voucher {
    /// The canonical bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160 + 24 * self.postings.len());
        write_head(&self.head, &mut out);
        self.postings.iter().for_each(|posting| write_posting(posting, &mut out));
        out
    }
    /// What it moves, by account and component, in that order.
    pub fn movements(&self) -> Result<Vec<Movement>, LedgerError> {
        let mut sums: BTreeMap<(i64, u16), (Money, Money)> = BTreeMap::new();
        for posting in &self.postings {
            let debited = sums.entry((posting.debit.0, posting.component.0)).or_default();
            debited.0 = debited.0.plus(posting.amount)?;
            let credited = sums.entry((posting.credit.0, posting.component.0)).or_default();
            credited.1 = credited.1.plus(posting.amount)?;
        }
        let unit_id = self.head.unit_id;
        let movement = |((code, component), (debit, credit))| Movement {
            unit_id,
            account: AccountCode(code),
            component: ComponentId(component),
            debit,
            credit,
        };
        Ok(sums.into_iter().map(movement).collect())
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

type Read<T> = Result<T, UnreadableVoucher>;

impl Reader<'_> {
    fn broken<T>(&self, why: &'static str) -> Read<T> {
        Err(UnreadableVoucher { at: self.at, why })
    }
    fn byte(&mut self) -> Read<u8> {
        match self.bytes.get(self.at) {
            Some(byte) => {
                self.at += 1;
                Ok(*byte)
            }
            None => self.broken("it ends too early"),
        }
    }
    fn unsigned(&mut self) -> Read<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return self.broken("a number beyond 64 bits");
            }
            value |= part << shift;
            if byte < 0x80 {
                // A longer spelling of the same number would make two forms of one voucher.
                return if byte == 0 && shift > 0 {
                    self.broken("a number that is not in its shortest form")
                } else {
                    Ok(value)
                };
            }
        }
        self.broken("a number beyond 64 bits")
    }
    fn int(&mut self) -> Read<i64> {
        let raw = self.unsigned()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }
    fn text(&mut self) -> Read<String> {
        let length = self.unsigned()?;
        if length > TEXT_BYTES_MAX {
            return self.broken("a text that is too long");
        }
        let end = self.at + length as usize;
        let Some(bytes) = self.bytes.get(self.at..end) else { return self.broken("it ends too early") };
        let Ok(text) = std::str::from_utf8(bytes) else { return self.broken("text that is not UTF-8") };
        self.at = end;
        Ok(text.to_owned())
    }
    fn flag(&mut self) -> Read<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => self.broken("neither yes nor no"),
        }
    }
    fn maybe(&mut self) -> Read<Option<i64>> {
        if self.flag()? { self.int().map(Some) } else { Ok(None) }
    }
    fn date(&mut self) -> Read<Date> {
        let number = self.int()?;
        Date::from_number(number).or_else(|_| self.broken("no day of the calendar"))
    }
    fn head(&mut self) -> Read<VoucherHead> {
        if self.byte()? != VERSION {
            return self.broken("an unknown version");
        }
        let (org_id, voucher_id) = (self.int()?, self.int()?);
        let (year, number) = (self.int()?, self.int()?);
        let period = self.int()?;
        let Ok(period) = Month::from_number(period) else { return self.broken("no month of the calendar") };
        let head = VoucherHead {
            org_id,
            voucher_id,
            year,
            number,
            period,
            posted_on: self.date()?,
            effective_on: self.date()?,
            unit_id: self.int()?,
            event: self.text()?,
            source: self.text()?,
            summary: self.text()?,
            person_id: self.int()?,
            made_at: Moment::from_millis(self.int()?),
            reverses: self.maybe()?,
            total: Money::from_fen(self.int()?),
            count: self.int()?,
        };
        if head.posted_on.month() != period || i64::from(period.year()) != year || number < 1 {
            return self.broken("posting date, period, year and number disagree");
        }
        Ok(head)
    }
    fn posting(&mut self) -> Read<Posting> {
        let (debit, credit) = (AccountCode(self.int()?), AccountCode(self.int()?));
        let amount = Money::from_fen(self.int()?);
        let customer = self.maybe()?;
        let component = self.unsigned()?;
        let Ok(component) = u16::try_from(component) else { return self.broken("no component") };
        if amount <= Money::ZERO || debit == credit {
            return self.broken("a posting that moves nothing");
        }
        Ok(Posting { debit, credit, amount, customer, component: ComponentId(component) })
    }
}

/// Reads canonical bytes back. Refused is everything the ledger would not have written: another spelling, postings
/// that do not add up to the total or are not as many as stated, a posting date outside the period.
pub fn read_voucher(bytes: &[u8]) -> Result<Voucher, UnreadableVoucher> {
    let mut from = Reader { bytes, at: 0 };
    let head = from.head()?;
    let count = match u64::try_from(head.count) {
        Ok(count @ 1..=POSTINGS_MAX) => count,
        _ => return from.broken("a wrong number of postings"),
    };
    // Each posting takes 5 bytes at the least: the stated count cannot ask for more memory than there are bytes.
    let mut postings = Vec::with_capacity((count as usize).min(bytes.len() / 5));
    let mut total = Money::ZERO;
    for _ in 0..count {
        let posting = from.posting()?;
        total = total.plus(posting.amount).or_else(|_| from.broken("a sum beyond 64 bits"))?;
        postings.push(posting);
    }
    if from.at != bytes.len() {
        return from.broken("something follows its end");
    }
    if total != head.total {
        return from.broken("the postings do not add up to the total");
    }
    Ok(Voucher { head, postings })
}

/// What moved on one account of a unit for one component within a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// The unit.
    pub unit_id: i64,
    /// The account.
    pub account: AccountCode,
    /// The component.
    pub component: ComponentId,
    /// Debits.
    pub debit: Money,
    /// Credits.
    pub credit: Money,
}

/// The balances of a period as its close states them: how many vouchers and postings, and every movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodBalance {
    /// The organisation.
    pub org_id: i64,
    /// The period.
    pub period: Month,
    /// Vouchers posted in it.
    pub vouchers: i64,
    /// Their postings.
    pub postings: i64,
    /// Sum of the debits, which is the sum of the credits.
    pub total: Money,
    /// By unit, account and component, in that order.
    pub movements: Vec<Movement>,
}

impl PeriodBalance {
    /// The digest the close bears: the leaf hash of this balance's canonical bytes.
    pub fn digest(&self) -> vault::Digest {
        let mut out = vec![VERSION];
        for value in [self.org_id, self.period.number(), self.vouchers, self.postings, self.total.fen()] {
            int(value, &mut out);
        }
        unsigned(self.movements.len() as u64, &mut out);
        for movement in &self.movements {
            int(movement.unit_id, &mut out);
            int(movement.account.0, &mut out);
            unsigned(u64::from(movement.component.0), &mut out);
            int(movement.debit.fen(), &mut out);
            int(movement.credit.fen(), &mut out);
        }
        vault::leaf_hash(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn voucher() -> impl Strategy<Value = Voucher> {
        let posting = (1_i64..900_000, 1_i64..900_000, 1_i64..1 << 40, any::<Option<i64>>(), any::<u16>())
            .prop_filter("two accounts", |(debit, credit, ..)| debit != credit)
            .prop_map(|(debit, credit, fen, customer, component)| Posting {
                debit: AccountCode(debit),
                credit: AccountCode(credit),
                amount: Money::from_fen(fen),
                customer,
                component: ComponentId(component),
            });
        let numbers = (any::<i64>(), any::<i64>(), 1_i64.., any::<i64>(), any::<i64>(), any::<i64>());
        let texts = ("[a-z_]{1,40}", "\\PC{0,20}", "\\PC{0,40}");
        (numbers, texts, any::<Option<i64>>(), proptest::collection::vec(posting, 1..20)).prop_map(
            |((org_id, voucher_id, number, unit_id, person_id, millis), texts, reverses, postings)| {
                let posted_on: Date = "2026-02-28".parse().unwrap();
                let head = VoucherHead {
                    org_id,
                    voucher_id,
                    year: 2026,
                    number,
                    period: posted_on.month(),
                    posted_on,
                    effective_on: "2025-12-31".parse().unwrap(),
                    unit_id,
                    event: texts.0,
                    source: texts.1,
                    summary: texts.2,
                    person_id,
                    made_at: Moment::from_millis(millis),
                    reverses,
                    total: Money::sum(postings.iter().map(|posting| posting.amount)).unwrap(),
                    count: postings.len() as i64,
                };
                Voucher { head, postings }
            },
        )
    }

    proptest! {
        /// Written and read again is the same; every other spelling is refused, and nothing makes the reader fall over.
        #[test]
        fn a_voucher_has_one_form(voucher in voucher(), at in any::<usize>(), bit in 0_u32..8) {
            let bytes = voucher.bytes();
            prop_assert_eq!(&read_voucher(&bytes).unwrap(), &voucher);
            let mut other = bytes.clone();
            other[at % bytes.len()] ^= 1 << bit;
            if let Ok(read) = read_voucher(&other) {
                prop_assert_ne!(&read, &voucher);
                prop_assert_eq!(read.bytes(), other);
            }
            prop_assert!(read_voucher(&bytes[..at % bytes.len()]).is_err());
            let longer = [bytes.as_slice(), &[0]].concat();
            prop_assert!(read_voucher(&longer).is_err());
        }
    }

    /// A number has one spelling, and none beyond 64 bits is taken for a smaller one.
    #[test]
    fn numbers_are_read_to_their_limits() {
        let long = |last: u8| [[0xff; 9].as_slice(), &[last]].concat();
        let cases: [(Vec<u8>, Read<u64>); 8] = [
            (vec![0], Ok(0)),
            (vec![0x7f], Ok(127)),
            (vec![0x80, 1], Ok(128)),
            (long(1), Ok(u64::MAX)),
            (long(2), Err(UnreadableVoucher { at: 10, why: "a number beyond 64 bits" })),
            (long(0x81), Err(UnreadableVoucher { at: 10, why: "a number beyond 64 bits" })),
            (
                vec![0x81, 0],
                Err(UnreadableVoucher { at: 2, why: "a number that is not in its shortest form" }),
            ),
            (vec![0x80], Err(UnreadableVoucher { at: 1, why: "it ends too early" })),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Reader { bytes: &bytes, at: 0 }.unsigned(), expected, "{bytes:02x?}");
            if let Ok(value) = expected {
                let mut out = Vec::new();
                unsigned(value, &mut out);
                assert_eq!(out, bytes, "{value}");
            }
        }
    }

    #[test]
    fn texts_are_read_to_their_limits() {
        for (length, good) in [(0, true), (399, true), (400, true), (401, false), (402, false)] {
            let (written, mut bytes) = ("x".repeat(length), Vec::new());
            text(&written, &mut bytes);
            let expected = if good {
                Ok(written)
            } else {
                Err(UnreadableVoucher { at: 2, why: "a text that is too long" })
            };
            assert_eq!(Reader { bytes: &bytes, at: 0 }.text(), expected, "{length}");
        }
    }

    #[test]
    fn a_voucher_out_of_balance_is_refused() {
        let bytes = |change: fn(&mut Voucher)| {
            let posting = Posting {
                debit: AccountCode(1001),
                credit: AccountCode(1122),
                amount: Money::from_fen(500),
                customer: Some(7),
                component: ComponentId::NONE,
            };
            let posted_on: Date = "2026-01-31".parse().unwrap();
            let head = VoucherHead {
                org_id: 1,
                voucher_id: 5,
                year: 2026,
                number: 1,
                period: posted_on.month(),
                posted_on,
                effective_on: posted_on,
                unit_id: 3,
                event: "cash".into(),
                source: String::new(),
                summary: String::new(),
                person_id: 2,
                made_at: Moment::from_millis(0),
                reverses: None,
                total: Money::from_fen(500),
                count: 1,
            };
            let mut voucher = Voucher { head, postings: vec![posting] };
            change(&mut voucher);
            voucher.bytes()
        };
        assert!(read_voucher(&bytes(|_| ())).is_ok());
        let changes: [fn(&mut Voucher); 8] = [
            |voucher| voucher.head.total = Money::from_fen(501),
            |voucher| voucher.head.count = 2,
            |voucher| voucher.head.count = i64::MAX,
            |voucher| voucher.head.year = 2025,
            |voucher| voucher.head.number = 0,
            |voucher| voucher.head.period = "2026-02".parse().unwrap(),
            |voucher| voucher.postings[0].credit = AccountCode(1001),
            |voucher| voucher.postings[0].amount = Money::ZERO,
        ];
        for (place, change) in changes.into_iter().enumerate() {
            assert!(read_voucher(&bytes(change)).is_err(), "change {place}");
        }
    }
}
