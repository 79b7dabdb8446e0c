//! Form 3: an issued bill as the log covers it. Whose bill it is, who pays it and by when stand before the bytes of the
//! bill itself, so that nobody can pass off one customer's bill as another's.

use kernel::Date;
use tariff::{AccountPeriod, Bill};

use super::{Canonical, Reader, Unreadable, is_adjustment, read_adjustment, read_bill};
use crate::BillKey;
use crate::adjustment::AdjustmentBill;

/// The form of issued bills.
const VERSION: u8 = 3;

/// Whose an issued bill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The bill's key: organisation, month, account, sequence.
    pub key: BillKey,
    /// Who owes it: the account itself, or the main account of its group.
    pub payer_id: i64,
    /// The day by which it is due.
    pub due_on: Date,
}

/// What is billed.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A calculated bill: what went in and what came out.
    Calculated(Box<(AccountPeriod, Bill)>),
    /// An adjustment: what was approved.
    Adjustment(Box<AdjustmentBill>),
}

/// An issued bill read from the bytes the log covers.
#[derive(Debug, Clone, PartialEq)]
pub struct IssuedBill {
    /// Whose it is; nothing for a bill issued by version 0.1.0, whose bytes do not say.
    pub owner: Option<Owner>,
    /// What is billed.
    pub content: Content,
}

/// Appends the bytes of an issued bill; `detail` are the bill's own.
pub fn write_issued(owner: &Owner, detail: &[u8], out: &mut Vec<u8>) {
    out.push(VERSION);
    owner.key.put(out);
    owner.payer_id.put(out);
    owner.due_on.put(out);
    out.extend_from_slice(detail);
}

/// Reads the bytes the log covers: form 3, or the bill's own bytes where it was issued by version 0.1.0. An adjustment
/// whose own key is not its owner's is refused.
pub fn read_issued(bytes: &[u8]) -> Result<IssuedBill, Unreadable> {
    let content = |detail: &[u8], start: usize| {
        let later = |Unreadable(at)| Unreadable(start + at);
        Ok(if is_adjustment(detail) {
            Content::Adjustment(Box::new(read_adjustment(detail).map_err(later)?))
        } else {
            Content::Calculated(Box::new(read_bill(detail).map_err(later)?))
        })
    };
    if bytes.first() != Some(&VERSION) {
        return Ok(IssuedBill { owner: None, content: content(bytes, 0)? });
    }
    let mut from = Reader { bytes, at: 1 };
    let owner = Owner {
        key: Canonical::take(&mut from)?,
        payer_id: Canonical::take(&mut from)?,
        due_on: Canonical::take(&mut from)?,
    };
    let start = from.at;
    let content = content(bytes.get(start..).unwrap_or_default(), start)?;
    match &content {
        Content::Adjustment(bill) if bill.key != owner.key => Err(Unreadable(start)),
        _ => Ok(IssuedBill { owner: Some(owner), content }),
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Money, Month, Quantity};

    use super::*;
    use crate::canonical::{write_adjustment, write_bill};

    fn owner() -> Owner {
        let key = BillKey { org_id: 1, month: Month::new(2026, 1).unwrap(), account_id: 77, sequence: 1 };
        Owner { key, payer_id: 78, due_on: "2026-02-20".parse().unwrap() }
    }

    /// BILL-20: the bytes say whose bill it is; a cut, lengthened or borrowed form is refused.
    #[test]
    fn an_issued_bill_says_whose_it_is() {
        let mut detail = Vec::new();
        let input = AccountPeriod {
            from: "2026-01-01".parse().unwrap(),
            to: "2026-02-01".parse().unwrap(),
            month: Month::new(2026, 1).unwrap(),
            points: Default::default(),
            tiers: None,
            supply: None,
        };
        write_bill(&input, &Bill::new(), &mut detail);
        let mut bytes = Vec::new();
        write_issued(&owner(), &detail, &mut bytes);
        let read = read_issued(&bytes).unwrap();
        assert_eq!(read.owner, Some(owner()));
        assert!(matches!(&read.content, Content::Calculated(both) if both.0 == input));
        assert_eq!(read_issued(&detail).unwrap().owner, None);
        for cut in 0..bytes.len() {
            assert!(read_issued(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        bytes.push(0);
        assert!(read_issued(&bytes).is_err());
    }

    #[test]
    fn an_adjustment_keeps_its_own_key() {
        let mut bill = AdjustmentBill {
            key: owner().key,
            unit_id: 3,
            book_id: 9,
            document: "TB-S1-2026-000001".into(),
            reason: "x".into(),
            energy_kwh: Quantity::ZERO,
            tiers: vec![],
            components: vec![("energy".into(), Money::from_fen(5))],
            amount: Money::from_fen(5),
        };
        let written = |bill: &AdjustmentBill| {
            let (mut detail, mut bytes) = (Vec::new(), Vec::new());
            write_adjustment(bill, &mut detail);
            write_issued(&owner(), &detail, &mut bytes);
            bytes
        };
        assert!(read_issued(&written(&bill)).is_ok());
        bill.key.account_id += 1;
        assert!(read_issued(&written(&bill)).is_err());
    }
}
