//! The gates between calculation and issue, as pure rules: which bills are clean, and why the others are not.

use kernel::{Exact, Money, Quantity, Rate};

/// The flow by which a customer's month is issued: exactly one of four. (BILL-02)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flow {
    /// No exception (无异常).
    Clean,
    /// Review exception (复核异常).
    ReviewException,
    /// Refund or adjustment in progress (退补类).
    Adjustment,
    /// Change in progress or held (变更类).
    Change,
}

impl Flow {
    /// All, in order of their numbers.
    pub const ALL: [Flow; 4] = [Flow::Clean, Flow::ReviewException, Flow::Adjustment, Flow::Change];
    /// The stored number.
    pub const fn number(self) -> i64 {
        self as i64
    }
    /// The flow with a stored number.
    pub fn from_number(number: i64) -> Option<Flow> {
        Flow::ALL.into_iter().find(|flow| flow.number() == number)
    }
}

/// Why a bill is an exception; several reasons can hold at once. Stored as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reasons(pub u16);

macro_rules! reasons {
    ($($name:ident = $bit:literal, $code:literal, $zh:literal, $en:literal;)*) => {
        impl Reasons {
            $(#[doc = $en] pub const $name: Reasons = Reasons(1 << $bit);)*
            /// Every reason with its code and names.
            pub const ALL: &'static [(Reasons, &'static str, &'static str, &'static str)] =
                &[$((Reasons::$name, $code, $zh, $en)),*];
        }
    };
}
reasons! {
    QUANTITY_FLUCTUATION = 0, "quantity_fluctuation", "电量波动异常", "quantity fluctuation";
    FEE_FLUCTUATION = 1, "fee_fluctuation", "电费波动异常", "fee fluctuation";
    ZERO_READ = 2, "zero_read", "抄零", "zero read";
    UNREAD = 3, "unread", "未抄", "unread";
    SHORT_HISTORY = 4, "short_history", "不足三个月历史", "less than three months of history";
    ZERO_AVERAGE = 5, "zero_average", "前三月平均为零", "three-month average is zero";
    NOT_CALCULATED = 6, "not_calculated", "无法计算", "could not be calculated";
    LATE_READING = 7, "late_reading", "抄表逾期提交", "submitted late";
    SAMPLED = 8, "sampled", "评分抽查", "sampled by its score";
    SUSPECT = 9, "suspect", "评分可疑", "suspicious by its score";
    HELD = 10, "held", "评分暂扣", "held by its score";
}

impl Reasons {
    /// None.
    pub const NONE: Reasons = Reasons(0);
    /// Those that the score gives.
    pub const OF_THE_SCORE: Reasons = Reasons::SAMPLED.with(Reasons::SUSPECT).with(Reasons::HELD);
    /// These and `other`.
    #[must_use]
    pub const fn with(self, other: Reasons) -> Reasons {
        Reasons(self.0 | other.0)
    }
    /// Does `other` hold?
    pub const fn has(self, other: Reasons) -> bool {
        self.0 & other.0 == other.0
    }
    /// No reason at all?
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
    /// The reasons that hold, one by one: code, Chinese, English.
    pub fn each(self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        Reasons::ALL
            .iter()
            .filter(move |(reason, ..)| self.has(*reason))
            .map(|(_, code, zh, en)| (*code, *zh, *en))
    }
    /// A reading or register is in doubt, not only a figure: such tickets are answered sooner. (BILL-13)
    pub const fn concerns_the_reading(self) -> bool {
        self.0 & (Reasons::ZERO_READ.0 | Reasons::UNREAD.0 | Reasons::NOT_CALCULATED.0) != 0
    }
}

/// What was issued in the three months before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Past {
    /// For how many of the three months something was issued.
    pub months: u8,
    /// Their kWh, summed.
    pub energy_kwh: Quantity,
    /// Their fee, summed.
    pub fee: Money,
}

/// How a meter line was read, as far as the gates ask. (READ-14)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadAs {
    /// Read.
    Read,
    /// Read as zero consumption.
    Zero,
    /// Not read.
    Unread,
}

/// Limits of the gates; data with a date, these are the values since the first version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A change of this share of the average or more is an exception.
    pub fluctuation: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        // 30 %, BILL-04, BILL-08, BILL-22
        Limits { fluctuation: Rate::from_units(3 * Rate::SCALE / 10) }
    }
}

/// (this − average) ÷ average over three months whose sum is `past_sum`; nothing when the average is not above zero.
pub fn volatility(this: i64, past_sum: i64) -> Option<Exact> {
    if past_sum <= 0 {
        return None;
    }
    Exact::ratio(this.checked_mul(3)?.checked_sub(past_sum)?, past_sum).ok()
}

/// Is `this` off the average of `past_sum` over three months by the limit or more? Whole-number arithmetic only.
fn fluctuates(this: i64, past_sum: i64, limit: Rate) -> bool {
    let off = (i128::from(this) * 3 - i128::from(past_sum)).abs() * i128::from(Rate::SCALE);
    off >= i128::from(limit.units()) * i128::from(past_sum)
}

/// Is a quantity off the average of the three months before, which sum to `past`, by the limit or more? A first sight for
/// who enters a reading, long before the gates; with nothing above zero to compare with, never.
pub fn quantity_is_off(this: Quantity, past: Quantity, limits: &Limits) -> bool {
    past.units() > 0 && fluctuates(this.units(), past.units(), limits.fluctuation)
}

/// Why this month's bill is an exception, if it is. Either measure beyond the limit suffices, up or down; exactly at the
/// limit is an exception; so are zero-read and unread customers, short history and an average of zero.
/// Source: BILL-04, BILL-08, BILL-09, BILL-22; readings A2 to A4.
pub fn reasons(energy_kwh: Quantity, fee: Money, past: &Past, read_as: ReadAs, limits: &Limits) -> Reasons {
    let mut found = match read_as {
        ReadAs::Read => Reasons::NONE,
        ReadAs::Zero => Reasons::ZERO_READ,
        ReadAs::Unread => Reasons::UNREAD,
    };
    if past.months < 3 {
        return found.with(Reasons::SHORT_HISTORY);
    }
    if past.energy_kwh.units() <= 0 || past.fee.fen() <= 0 {
        return found.with(Reasons::ZERO_AVERAGE);
    }
    if fluctuates(energy_kwh.units(), past.energy_kwh.units(), limits.fluctuation) {
        found = found.with(Reasons::QUANTITY_FLUCTUATION);
    }
    if fluctuates(fee.fen(), past.fee.fen(), limits.fluctuation) {
        found = found.with(Reasons::FEE_FLUCTUATION);
    }
    found
}

/// What the score says to the gates where it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing speaks against the month.
    Release,
    /// Belongs to the sample that is looked at.
    Sample,
    /// To be looked at.
    Review,
    /// Waits until two people release it.
    Hold,
    /// Was not scored: to be looked at.
    Unscored,
}

/// The reasons where the score decides: it takes the place of the fluctuation of quantity and fee, and of nothing else.
/// Zero-read, unread, short history, an average of zero and what could not be calculated stay exceptions. (BILL-09,
/// BILL-22)
pub fn decide(found: Reasons, verdict: Verdict) -> Reasons {
    let fluctuation = Reasons::QUANTITY_FLUCTUATION.with(Reasons::FEE_FLUCTUATION);
    let kept = Reasons(found.0 & !fluctuation.0);
    match verdict {
        Verdict::Release => kept,
        Verdict::Sample => kept.with(Reasons::SAMPLED),
        Verdict::Review | Verdict::Unscored => kept.with(Reasons::SUSPECT),
        Verdict::Hold => kept.with(Reasons::SUSPECT).with(Reasons::HELD),
    }
}

/// What else is going on with the customer this month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pending {
    /// An adjustment is in progress; the normal issue is held. (ADJ-16)
    pub adjustment: bool,
    /// A hold-issue request is in force, or a change affecting this month is not archived. (PARM-04)
    pub change: bool,
}

/// The one flow a customer's month takes. A change comes before an adjustment: its outcome may alter what is adjusted.
pub fn route(reasons: Reasons, pending: Pending) -> Flow {
    if pending.change {
        Flow::Change
    } else if pending.adjustment {
        Flow::Adjustment
    } else if reasons.is_none() {
        Flow::Clean
    } else {
        Flow::ReviewException
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kwh(value: i64) -> Quantity {
        Quantity::whole(value).unwrap()
    }
    fn yuan(value: i64) -> Money {
        Money::from_fen(value * 100)
    }
    fn past(months: u8, energy: i64, fee: i64) -> Past {
        Past { months, energy_kwh: kwh(energy), fee: yuan(fee) }
    }

    /// BILL-04, BILL-08, BILL-09, BILL-22: 30 % exactly is an exception, on either measure, up or down.
    #[test]
    fn what_is_clean_and_what_is_not() {
        let limits = Limits::default();
        let steady = past(3, 300, 150);
        let cases = [
            (129, 50, steady, ReadAs::Read, Reasons::NONE),
            (130, 50, steady, ReadAs::Read, Reasons::QUANTITY_FLUCTUATION),
            (70, 50, steady, ReadAs::Read, Reasons::QUANTITY_FLUCTUATION),
            (71, 50, steady, ReadAs::Read, Reasons::NONE),
            (100, 65, steady, ReadAs::Read, Reasons::FEE_FLUCTUATION),
            (100, 64, steady, ReadAs::Read, Reasons::NONE),
            (140, 70, steady, ReadAs::Read, Reasons::QUANTITY_FLUCTUATION.with(Reasons::FEE_FLUCTUATION)),
            (100, 50, steady, ReadAs::Unread, Reasons::UNREAD),
            (100, 50, past(2, 200, 100), ReadAs::Read, Reasons::SHORT_HISTORY),
            (0, 0, past(3, 0, 0), ReadAs::Zero, Reasons::ZERO_READ.with(Reasons::ZERO_AVERAGE)),
        ];
        for (energy, fee, past, read_as, expected) in cases {
            assert_eq!(
                reasons(kwh(energy), yuan(fee), &past, read_as, &limits),
                expected,
                "{energy} kWh {fee} yuan"
            );
        }
    }

    /// BILL-09, BILL-22: the score decides about fluctuation and about nothing else.
    #[test]
    fn the_score_takes_the_place_of_fluctuation_alone() {
        let fluctuation = Reasons::QUANTITY_FLUCTUATION.with(Reasons::FEE_FLUCTUATION);
        let held = Reasons::SUSPECT.with(Reasons::HELD);
        for (found, verdict, expected) in [
            (fluctuation, Verdict::Release, Reasons::NONE),
            (Reasons::NONE, Verdict::Release, Reasons::NONE),
            (Reasons::NONE, Verdict::Sample, Reasons::SAMPLED),
            (Reasons::NONE, Verdict::Review, Reasons::SUSPECT),
            (Reasons::NONE, Verdict::Unscored, Reasons::SUSPECT),
            (fluctuation, Verdict::Hold, held),
            (Reasons::ZERO_READ.with(fluctuation), Verdict::Release, Reasons::ZERO_READ),
            (Reasons::UNREAD, Verdict::Release, Reasons::UNREAD),
            (Reasons::SHORT_HISTORY, Verdict::Hold, held.with(Reasons::SHORT_HISTORY)),
            (Reasons::NOT_CALCULATED, Verdict::Release, Reasons::NOT_CALCULATED),
        ] {
            assert_eq!(decide(found, verdict), expected, "{found:?} {verdict:?}");
        }
    }

    /// BILL-08
    #[test]
    fn volatility_is_measured_against_the_three_month_average() {
        assert_eq!(volatility(130, 300).unwrap().to_string(), "0.3");
        assert_eq!(volatility(70, 300).unwrap().to_string(), "-0.3");
        assert!(volatility(1, 0).is_none());
    }

    /// BILL-02, ADJ-16, PARM-04
    #[test]
    fn each_month_takes_exactly_one_flow() {
        let pending = |adjustment, change| Pending { adjustment, change };
        assert_eq!(route(Reasons::NONE, pending(false, false)), Flow::Clean);
        assert_eq!(route(Reasons::UNREAD, pending(false, false)), Flow::ReviewException);
        assert_eq!(route(Reasons::UNREAD, pending(true, false)), Flow::Adjustment);
        assert_eq!(route(Reasons::NONE, pending(true, true)), Flow::Change);
        assert!(Flow::ALL.iter().all(|flow| Flow::from_number(flow.number()) == Some(*flow)));
    }
}
