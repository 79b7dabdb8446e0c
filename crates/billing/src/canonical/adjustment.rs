//! Form 2: an adjustment as stored bytes. It has no meters and prices behind it; what was approved is what is kept.

use super::{Canonical, Read, Reader, Unreadable, put_unsigned};
use crate::BillKey;
use crate::adjustment::AdjustmentBill;

/// The form of adjustments.
const VERSION: u8 = 2;

impl Canonical for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_unsigned(self.len() as u64, out);
        out.extend_from_slice(self.as_bytes());
    }
    fn take(from: &mut Reader<'_>) -> Read<String> {
        let length = from.length()?;
        let Some(bytes) = from.bytes.get(from.at..from.at + length) else { return from.broken() };
        let Ok(text) = std::str::from_utf8(bytes) else { return from.broken() };
        from.at += length;
        Ok(text.to_owned())
    }
}

impl<A: Canonical, B: Canonical> Canonical for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Read<(A, B)> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

impl Canonical for BillKey {
    fn put(&self, out: &mut Vec<u8>) {
        self.org_id.put(out);
        self.month.put(out);
        self.account_id.put(out);
        self.sequence.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Read<BillKey> {
        Ok(BillKey {
            org_id: Canonical::take(from)?,
            month: Canonical::take(from)?,
            account_id: Canonical::take(from)?,
            sequence: Canonical::take(from)?,
        })
    }
}

/// Appends the canonical bytes of an adjustment.
pub fn write_adjustment(bill: &AdjustmentBill, out: &mut Vec<u8>) {
    out.push(VERSION);
    bill.key.put(out);
    bill.unit_id.put(out);
    bill.book_id.put(out);
    bill.document.put(out);
    bill.energy_kwh.put(out);
    bill.tiers.put(out);
    bill.components.put(out);
    bill.amount.put(out);
    bill.reason.put(out);
}

/// Reads back what [`write_adjustment`] wrote; anything else is refused with the place where it stops making sense.
pub fn read_adjustment(bytes: &[u8]) -> Result<AdjustmentBill, Unreadable> {
    let from = &mut Reader { bytes, at: 0 };
    if from.byte()? != VERSION {
        return Err(Unreadable(0));
    }
    let bill = AdjustmentBill {
        key: Canonical::take(from)?,
        unit_id: Canonical::take(from)?,
        book_id: Canonical::take(from)?,
        document: Canonical::take(from)?,
        energy_kwh: Canonical::take(from)?,
        tiers: Canonical::take(from)?,
        components: Canonical::take(from)?,
        amount: Canonical::take(from)?,
        reason: Canonical::take(from)?,
    };
    if from.at == bytes.len() { Ok(bill) } else { from.broken() }
}

/// Are these the bytes of an adjustment, not of a calculated bill?
pub fn is_adjustment(bytes: &[u8]) -> bool {
    bytes.first() == Some(&VERSION)
}

#[cfg(test)]
mod tests {
    use kernel::{Money, Month, Quantity};

    use super::*;

    /// ADJ-18, BILL-20: what was approved is read back whole; a cut or lengthened form is refused.
    #[test]
    fn an_adjustment_is_read_back_as_it_was_written() {
        let bill = AdjustmentBill {
            key: BillKey { org_id: 1, month: Month::new(2026, 2).unwrap(), account_id: 77, sequence: 1 },
            unit_id: 3,
            book_id: 9,
            document: "TB-S1-2026-000001".into(),
            reason: "倍率录入错误".into(),
            energy_kwh: Quantity::whole(-30).unwrap(),
            tiers: vec![(1, Quantity::whole(-10).unwrap()), (2, Quantity::whole(-20).unwrap())],
            components: vec![
                ("energy".into(), Money::from_fen(-1500)),
                ("renewable".into(), Money::from_fen(-50)),
            ],
            amount: Money::from_fen(-1550),
        };
        let mut bytes = Vec::new();
        write_adjustment(&bill, &mut bytes);
        assert!(is_adjustment(&bytes));
        assert_eq!(read_adjustment(&bytes).unwrap(), bill);
        for cut in 0..bytes.len() {
            assert!(read_adjustment(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        bytes.push(0);
        assert!(read_adjustment(&bytes).is_err());
        assert!(super::super::read_bill(&bytes).is_err());
    }
}
