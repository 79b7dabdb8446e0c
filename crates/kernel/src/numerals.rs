//! Amounts in Chinese capital numerals (大写金额), both ways.
//!
//! Source: the central bank's rules for filling in bills and settlement vouchers (正确填写票据和结算凭证的基本规定,
//! annex 1 of the Payment and Settlement Measures 支付结算办法), and art. 52 of the Basic Norms of Accounting Work
//! (会计基础工作规范). Where they leave a choice, [`Money::to_capitals`] writes the form that is harder to alter and
//! [`Money::from_capitals`] reads every permitted form.

use crate::{FigureError, Money, Result};

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
/// The longest canonical amount has some sixty signs; nothing longer is worth reading.
const CHARS_MAX: usize = 80;

/// One sign of a spelling. A sign that may be left out is optional.
#[derive(Clone, Copy)]
struct Sign {
    glyph: char,
    optional: bool,
    /// Whether the canonical form writes it.
    written: bool,
}

/// The spelling of one amount, with every freedom the rules give.
#[derive(Default)]
struct Spelling(Vec<Sign>);

impl Spelling {
    fn push(&mut self, glyph: char) {
        self.0.push(Sign { glyph, optional: false, written: true });
    }
    fn may(&mut self, glyph: char, written: bool) {
        self.0.push(Sign { glyph, optional: true, written });
    }

    /// A whole number above zero.
    fn whole(&mut self, value: u64) {
        for (unit, size) in [('亿', 100_000_000), ('万', 10_000), ('仟', 1_000), ('佰', 100), ('拾', 10)]
        {
            if value < size {
                continue;
            }
            let (high, rest) = (value / size, value % size);
            self.whole(high);
            self.push(unit);
            if rest > 0 && rest < size / 10 {
                self.push('零');
            } else if rest > 0 && size >= 10_000 && high.is_multiple_of(10) {
                // 壹拾万柒仟 and 壹拾万零柒仟 are both regular.
                self.may('零', false);
            }
            if rest > 0 {
                self.whole(rest);
            }
            return;
        }
        self.push(DIGITS[(value % 10) as usize]);
    }

    fn of(amount: Money) -> Spelling {
        let mut spelling = Spelling::default();
        let fen = amount.fen().unsigned_abs();
        let (yuan, jiao, rest) = (fen / 100, fen / 10 % 10, fen % 10);
        if amount.is_negative() {
            spelling.push('负');
        }
        if yuan > 0 {
            spelling.whole(yuan);
            spelling.push('元');
        } else if fen == 0 {
            spelling.push('零');
            spelling.push('元');
        } else {
            spelling.may('零', false);
            spelling.may('元', false);
        }
        if jiao > 0 {
            if yuan > 0 && yuan.is_multiple_of(10) {
                spelling.may('零', true);
            }
            spelling.push(DIGITS[jiao as usize]);
            spelling.push('角');
        }
        match (jiao, rest) {
            (0, 0) => spelling.push('整'),
            (_, 0) => spelling.may('整', true),
            (0, _) if yuan > 0 => spelling.push('零'),
            (0, _) => spelling.may('零', false),
            _ => {}
        }
        if rest > 0 {
            spelling.push(DIGITS[rest as usize]);
            spelling.push('分');
        }
        spelling
    }

    fn allows(&self, given: &[char]) -> bool {
        let mut given = given.iter().peekable();
        for sign in &self.0 {
            if given.peek() == Some(&&sign.glyph) {
                given.next();
            } else if !sign.optional {
                return false;
            }
        }
        given.peek().is_none()
    }
}

/// The one glyph we count with for each glyph the rules let a writer use (traditional forms, 正 for 整).
fn standard(glyph: char) -> char {
    match glyph {
        '貳' => '贰',
        '叄' | '參' | '参' => '叁',
        '陸' => '陆',
        '萬' => '万',
        '億' => '亿',
        '圆' | '圓' => '元',
        '正' => '整',
        '負' => '负',
        other => other,
    }
}

/// The value of signs without 零; careless about order, because the caller compares the spelling afterwards.
fn whole_value(signs: &[char]) -> Option<u64> {
    for (unit, size) in [('亿', 100_000_000), ('万', 10_000), ('仟', 1_000), ('佰', 100), ('拾', 10)] {
        if let Some(at) = signs.iter().rposition(|sign| *sign == unit) {
            let high = whole_value(&signs[..at])?.checked_mul(size)?;
            return high.checked_add(whole_value(&signs[at + 1..])?);
        }
    }
    match signs {
        [] => Some(0),
        [digit] => DIGITS.iter().position(|known| known == digit).and_then(|digit| u64::try_from(digit).ok()),
        _ => None,
    }
}

fn value(signs: &[char]) -> Option<Money> {
    let mut rest: Vec<char> = signs.iter().copied().filter(|sign| *sign != '零' && *sign != '整').collect();
    let negative = rest.first() == Some(&'负');
    if negative {
        rest.remove(0);
    }
    let mut fen = 0_i128;
    for (unit, size) in [('元', 100), ('角', 10), ('分', 1)] {
        if let Some(at) = rest.iter().position(|sign| *sign == unit) {
            fen += i128::from(whole_value(&rest[..at])?) * size;
            rest.drain(..=at);
        }
    }
    if !rest.is_empty() {
        return None;
    }
    i64::try_from(if negative { -fen } else { fen }).ok().map(Money::from_fen)
}

impl Money {
    /// The amount in capital numerals (大写), without the prefix 人民币: `壹仟贰佰叁拾肆元伍角陆分`.
    ///
    /// Amounts that end in yuan or jiao end in 整; one 零 stands for any run of zeros inside the amount, and stands
    /// after 元 where the digit of the yuan is zero; zero is 零元整; a negative amount begins with 负.
    pub fn to_capitals(self) -> String {
        Spelling::of(self).0.iter().filter(|sign| sign.written).map(|sign| sign.glyph).collect()
    }

    /// Reads an amount in capital numerals.
    ///
    /// Accepts an initial 人民币, 元 or 圆, 整 or 正, the traditional glyphs (貳, 參, 陸, 萬, 億, 圓), and every place
    /// where the rules let 零 or 整 be written or left out. Refuses all else ([`FigureError::NotCapitals`]): the
    /// everyday numerals 一二三 which the rules forbid, a yuan amount without 整, 整 after 分, a missing or needless 零,
    /// units out of order.
    pub fn from_capitals(text: &str) -> Result<Money> {
        let wrong = || FigureError::NotCapitals(text.chars().take(40).collect());
        let trimmed = text.trim();
        let amount =
            trimmed.strip_prefix("人民币").or_else(|| trimmed.strip_prefix("人民幣")).unwrap_or(trimmed);
        let amount = amount.trim_start_matches([':', '：', ' ', '\u{3000}']);
        // What is cut off here is already longer than any amount, so its spelling is refused below.
        let signs: Vec<char> = amount.chars().take(CHARS_MAX).map(standard).collect();
        let money = value(&signs).ok_or_else(wrong)?;
        if Spelling::of(money).allows(&signs) { Ok(money) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// XC-12: the examples of the bank rules, and the edges between them.
    #[test]
    fn amounts_are_written_as_the_bank_rules_say() {
        let cases = [
            ("1409.50", "壹仟肆佰零玖元伍角整"),
            ("6007.14", "陆仟零柒元壹角肆分"),
            ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
            ("107000.53", "壹拾万柒仟元零伍角叁分"),
            ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
            ("325.04", "叁佰贰拾伍元零肆分"),
            ("1234.56", "壹仟贰佰叁拾肆元伍角陆分"),
            ("290388.17", "贰拾玖万零叁佰捌拾捌元壹角柒分"),
            ("0.00", "零元整"),
            ("0.05", "伍分"),
            ("0.50", "伍角整"),
            ("0.55", "伍角伍分"),
            ("10.00", "壹拾元整"),
            ("10.05", "壹拾元零伍分"),
            ("-12.30", "负壹拾贰元叁角整"),
            ("1000000.00", "壹佰万元整"),
            ("10001000.00", "壹仟万壹仟元整"),
            ("100000000.00", "壹亿元整"),
            ("100000001.01", "壹亿零壹元零壹分"),
            ("100010000.00", "壹亿零壹万元整"),
            ("1010001010.10", "壹拾亿壹仟万壹仟零壹拾元零壹角整"),
            ("1000000000000.00", "壹万亿元整"),
            (
                "92233720368547758.07",
                "玖亿贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零柒分",
            ),
        ];
        for (figure, words) in cases {
            let money: Money = figure.parse().unwrap();
            assert_eq!(money.to_capitals(), words, "{figure}");
            assert_eq!(Money::from_capitals(words), Ok(money), "{figure}");
        }
    }

    /// XC-12
    #[test]
    fn every_permitted_spelling_is_read() {
        let cases = [
            ("人民币壹仟肆佰零玖元伍角", "1409.50"),
            ("人民币：壹仟肆佰零玖圆伍角正", "1409.50"),
            ("壹仟陆佰捌拾元叁角贰分", "1680.32"),
            ("壹拾万零柒仟元伍角叁分", "107000.53"),
            ("人民幣貳佰參拾陸萬圓正", "2360000.00"),
            ("零元伍角", "0.50"),
            ("零元零伍分", "0.05"),
            ("人民币负伍拾元整", "-50.00"),
        ];
        for (words, figure) in cases {
            assert_eq!(Money::from_capitals(words).unwrap().to_string(), figure, "{words}");
        }
    }

    /// XC-12
    #[test]
    fn irregular_amounts_are_refused() {
        for words in [
            "",
            "人民币",
            "元",
            "整",
            "壹",
            "壹佰元",
            "一百元整",
            "壹佰元伍分",
            "壹佰元零伍分整",
            "壹佰零元整",
            "壹佰零贰拾元整",
            "壹佰零零贰元整",
            "佰元整",
            "拾元整",
            "壹拾拾元整",
            "壹佰贰仟元整",
            "壹元贰元整",
            "壹分贰角",
            "壹万零贰仟元整",
            "负零元整",
            "壹佰元整元",
            "壹佰元整 伍角",
            "100元整",
            "玖玖元整",
            "玖亿亿亿亿元整",
        ] {
            assert!(Money::from_capitals(words).is_err(), "{words}");
        }
        assert!(Money::from_capitals(&"亿".repeat(5000)).is_err());
    }

    proptest! {
        /// XC-12: words and figures agree for every amount an `i64` of fen can hold.
        #[test]
        fn words_read_back_as_the_figure(fen: i64, small in -1_000_000_i64..1_000_000, zeros in 0_u32..15) {
            for fen in [fen, small, small * 10_i64.pow(zeros.min(12)), i64::MIN, i64::MAX] {
                let money = Money::from_fen(fen);
                prop_assert_eq!(Money::from_capitals(&money.to_capitals()), Ok(money));
            }
        }

        /// Two different amounts never share their words, and any other text is refused without a panic.
        #[test]
        fn hostile_words_never_panic(text in "[人民币负零壹贰叁肆拾佰仟万亿元角分整x]{0,30}", any in ".{0,50}") {
            for text in [text, any] {
                if let Ok(money) = Money::from_capitals(&text) {
                    prop_assert_eq!(Money::from_capitals(&money.to_capitals()), Ok(money));
                }
            }
        }
    }
}
