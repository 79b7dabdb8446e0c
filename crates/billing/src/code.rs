//! The code on every issued bill: which bill it is, and the beginning of the hash by which the log covers it.
//!
//! `ZF1-1-202601-77-0-MFRGGZDFMZTWQ2LKNNWG23TPOA`: form, organisation, month, account key, sequence, and 26 characters
//! of Base32 (130 bits) of the leaf hash of the issued bill's bytes. It follows from the stored bytes alone, so it can
//! be made again at any time, and an altered bill has another.

use std::fmt;
use std::str::FromStr;

use kernel::{Bilingual, Lang, Month};

use crate::BillKey;

const FORM: &str = "ZF1";
/// Characters of the hash: 130 bits, too many to find another bill for.
const CHECK: usize = 26;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of one issued bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillCode {
    /// Which bill.
    pub key: BillKey,
    /// The beginning of its hash.
    check: String,
}

/// The text is not a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the code of a bill: {why}; copy it from the bill, or scan its QR code")]
pub struct NoCode {
    text: String,
    why: &'static str,
    why_zh: &'static str,
}

impl Bilingual for NoCode {
    fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => {
                format!("{:?} 不是账单验证码：{}；请照账单抄录，或扫描二维码", self.text, self.why_zh)
            }
        }
    }
}

impl BillCode {
    /// The code of the bill `key` whose bytes in the log have the hash `leaf`.
    pub fn of(key: BillKey, leaf: &[u8; 32]) -> BillCode {
        let (mut check, mut bits, mut held) = (String::with_capacity(CHECK), 0_u32, 0_u32);
        // Five bits a letter: the first 17 bytes are enough.
        for byte in leaf.iter().take(CHECK * 5 / 8 + 1) {
            bits = bits << 8 | u32::from(*byte);
            held += 8;
            while held >= 5 && check.len() < CHECK {
                held -= 5;
                check.push(char::from(ALPHABET[(bits >> held & 31) as usize]));
            }
            bits &= (1 << held) - 1;
        }
        BillCode { key, check }
    }
    /// Is it the code of a bill with this hash?
    pub fn is_of(&self, leaf: &[u8; 32]) -> bool {
        BillCode::of(self.key, leaf) == *self
    }
}

impl fmt::Display for BillCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BillKey { org_id, month, account_id, sequence } = self.key;
        write!(f, "{FORM}-{org_id}-{}-{account_id}-{sequence}-{}", month.number(), self.check)
    }
}

impl FromStr for BillCode {
    type Err = NoCode;

    /// Reads a code, also where it ends an address as the QR code has it. Small letters are taken as capitals.
    fn from_str(text: &str) -> Result<BillCode, NoCode> {
        let refused = |why, why_zh| {
            let text = text.chars().take(120).collect();
            Err(NoCode { text, why, why_zh })
        };
        if text.len() > 400 {
            return refused("it is too long", "过长");
        }
        let last = text.trim().rsplit(['/', '?', '=']).next().unwrap_or_default().to_ascii_uppercase();
        let parts: Vec<&str> = last.split('-').collect();
        let &[form, org_id, month, account_id, sequence, check] = parts.as_slice() else {
            return refused("it does not have six parts", "应为六段");
        };
        if form != FORM {
            return refused("it is of another form", "格式版本不符");
        }
        // Only the shortest spelling, so that one bill has one code.
        let number =
            |text: &str| text.parse::<i64>().ok().filter(|value| *value >= 0 && value.to_string() == text);
        let (Some(org_id), Some(month), Some(account_id), Some(sequence)) =
            (number(org_id), number(month), number(account_id), number(sequence))
        else {
            return refused("one of its numbers is not one", "其中的数字有误");
        };
        let Ok(month) = Month::from_number(month) else {
            return refused("its month is not one", "其中的月份有误");
        };
        if check.len() != CHECK || !check.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return refused(
                "its last part is not 26 letters and digits from 2 to 7",
                "末段应为 26 个字母或数字 2 至 7",
            );
        }
        Ok(BillCode { key: BillKey { org_id, month, account_id, sequence }, check: check.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> BillKey {
        BillKey { org_id: 1, month: Month::new(2026, 1).unwrap(), account_id: 77, sequence: 0 }
    }

    #[test]
    fn a_code_is_read_back_and_tells_bills_apart() {
        // RFC 4648: "abcdefghijklmnopqrst" begins MFRGGZDFMZTWQ2LKNNWG23TPOB.
        let mut leaf = [0_u8; 32];
        leaf[..20].copy_from_slice(b"abcdefghijklmnopqrst");
        let code = BillCode::of(key(), &leaf);
        assert_eq!(code.to_string(), "ZF1-1-202601-77-0-MFRGGZDFMZTWQ2LKNNWG23TPOB");
        for text in
            [code.to_string(), format!("https://bill.example/p/{code}"), code.to_string().to_lowercase()]
        {
            assert_eq!(text.parse::<BillCode>().unwrap(), code, "{text}");
        }
        assert!(code.is_of(&leaf));
        for bit in 0..130 {
            let mut other = leaf;
            other[bit / 8] ^= 0x80 >> (bit % 8);
            assert!(!code.is_of(&other), "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "ZF1-1-202601-77-0",
            "ZF2-1-202601-77-0-MFRGGZDFMZTWQ2LKNNWG23TPOA",
            "ZF1-1-202613-77-0-MFRGGZDFMZTWQ2LKNNWG23TPOA",
            "ZF1-01-202601-77-0-MFRGGZDFMZTWQ2LKNNWG23TPOA",
            "ZF1-1-202601-x-0-MFRGGZDFMZTWQ2LKNNWG23TPOA",
            "ZF1-1-202601-77-0-MFRGGZDFMZTWQ2LKNNWG23TPO",
            "ZF1-1-202601-77-0-MFRGGZDFMZTWQ2LKNNWG23TPO1",
            "ZF1-1-202601-77--1-MFRGGZDFMZTWQ2LKNNWG23TPOA",
        ] {
            assert!(text.parse::<BillCode>().is_err(), "{text}");
        }
        assert!("z".repeat(10_000).parse::<BillCode>().is_err());
    }
}
