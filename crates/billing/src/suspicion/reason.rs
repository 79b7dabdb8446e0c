//! Why a month is suspicious: codes, and words with the figures that speak for them.

use kernel::{Bilingual, Lang, Quantity};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $code:literal;)*) => {
        /// A reason of the score. The numbers are stored and never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name = $number,)* }
        impl Reason {
            /// All, in order of their numbers.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),*];
            /// Its code in data files and lists.
            pub const fn code(self) -> &'static str {
                match self { $(Reason::$name => $code,)* }
            }
        }
    };
}
reasons! {
    /// More than its own season and level let expect.
    Above = 0, "above";
    /// Less than its own season and level let expect.
    Below = 1, "below";
    /// The register shows less than before.
    Backwards = 2, "backwards";
    /// It shows less because it passed its last digit, which nobody confirmed (翻转漏录).
    MissedRollover = 3, "missed_rollover";
    /// A roll-over was confirmed that would take nearly the whole dial.
    DoubtfulRollover = 4, "doubtful_rollover";
    /// The registers by time of use moved more than the total.
    RegistersOver = 5, "registers_over";
    /// The total does not fit the registers by time of use and their usual shares.
    RegisterShares = 6, "register_shares";
    /// Two neighbouring digits exchanged would bring the reading back into range.
    DigitSwap = 7, "digit_swap";
    /// One other digit would bring the reading back into range.
    DigitOff = 8, "digit_off";
    /// The consumption is a plain multiple or fraction of what is expected.
    Multiple = 9, "multiple";
    /// The multiplier is not that of the month before, and no change says why.
    MultiplierChanged = 10, "multiplier_changed";
    /// Nothing was used although use is expected.
    Stuck = 11, "stuck";
    /// Nothing for several months.
    StuckAgain = 12, "stuck_again";
    /// One register stood while another moved.
    HalfStuck = 13, "half_stuck";
    /// Two meters of the book would both fit if exchanged (串户).
    Swapped = 14, "swapped";
    /// Estimated this month.
    Estimated = 15, "estimated";
    /// Estimated again.
    EstimatedAgain = 16, "estimated_again";
    /// Read again after estimates, and off.
    EstimatedJump = 17, "estimated_jump";
    /// Reactive against active energy is not as it was.
    PowerFactor = 18, "power_factor";
    /// More energy than the demand allows in the days of the month.
    DemandImpossible = 19, "demand_impossible";
    /// The month begins at another reading than the last one ended with.
    Discontinuous = 20, "discontinuous";
    /// The meter was replaced this month.
    MeterReplaced = 21, "meter_replaced";
    /// Use again after nothing for months.
    WokeUp = 22, "woke_up";
    /// Nobody read it.
    Unread = 23, "unread";
    /// Relief: the account had such months before.
    SeenBefore = 24, "seen_before";
    /// Relief: a transformer was changed this month.
    SupplyChanged = 25, "supply_changed";
    /// Relief: a change ticket or a hold is in force.
    ChangeTicket = 26, "change_ticket";
    /// Relief: supplied for a short time only.
    NewAccount = 27, "new_account";
}

impl Reason {
    /// How many there are.
    pub const COUNT: usize = Reason::ALL.len();
    /// The reason with a stored number.
    pub fn from_number(number: i64) -> Option<Reason> {
        Reason::ALL.iter().copied().find(|reason| *reason as i64 == number)
    }
    /// Takes points off instead of adding them.
    pub const fn is_relief(self) -> bool {
        matches!(self, Reason::SeenBefore | Reason::SupplyChanged | Reason::ChangeTicket | Reason::NewAccount)
    }
}

/// A reason with its points and the figures that speak for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub reason: Reason,
    /// Points it adds; below zero for a relief.
    pub points: i32,
    /// Figures, by reason; energies in millionths of a kWh, readings in millionths, shares in thousandths.
    pub figures: [i64; 4],
}

/// Whole kWh with separators, rounded half up.
fn kwh(units: i64) -> String {
    let half = if units < 0 { -Quantity::SCALE / 2 } else { Quantity::SCALE / 2 };
    let whole = units.saturating_add(half) / Quantity::SCALE;
    let digits = whole.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    if whole < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Thousandths of a change against 1000 as a signed percentage.
fn percent(per_mille: i64) -> String {
    let tenths = per_mille.saturating_sub(1000);
    let sign = if tenths < 0 { '-' } else { '+' };
    let size = tenths.unsigned_abs();
    if size < 100 { format!("{sign}{}.{} %", size / 10, size % 10) } else { format!("{sign}{} %", size / 10) }
}

/// Thousandths as a factor with two decimals.
fn factor(per_mille: i64) -> String {
    format!("{}.{:02}", per_mille / 1000, per_mille.unsigned_abs() % 1000 / 10)
}

fn shown(units: i64) -> Quantity {
    Quantity::from_units(units)
}

impl Bilingual for Finding {
    fn text(&self, lang: Lang) -> String {
        let [a, b, c, d] = self.figures;
        let (zh, en) = match self.reason {
            Reason::Above | Reason::Below => {
                // Used, the same month last year (below zero: unknown), level of the last months, movement of the peers.
                let (year_zh, year_en) = if b < 0 {
                    (String::new(), String::new())
                } else {
                    (format!("去年同月 {}；", kwh(b)), format!("the same month last year {}; ", kwh(b)))
                };
                let peers = if d <= 0 {
                    (String::new(), String::new())
                } else {
                    (format!("；同类用户 {}", percent(d)), format!("; its peers {}", percent(d)))
                };
                (
                    format!("本月 {} 千瓦时；{year_zh}近月 {}{}", kwh(a), kwh(c), peers.0),
                    format!("used {} kWh; {year_en}lately {} a month{}", kwh(a), kwh(c), peers.1),
                )
            }
            Reason::Backwards => (
                format!("示数 {} 小于上次 {}，未确认翻转", shown(b), shown(a)),
                format!("shows {}, less than {} before, and no roll-over was confirmed", shown(b), shown(a)),
            ),
            Reason::MissedRollover => (
                format!("示数由 {} 到 {}，应为翻转：{} 千瓦时", shown(a), shown(b), kwh(c)),
                format!("from {} to {}: a roll-over would make {} kWh", shown(a), shown(b), kwh(c)),
            ),
            Reason::DoubtfulRollover => (
                format!("确认翻转由 {} 到 {}，将走 {} 千瓦时", shown(a), shown(b), kwh(c)),
                format!(
                    "a roll-over from {} to {} was confirmed and makes {} kWh",
                    shown(a),
                    shown(b),
                    kwh(c)
                ),
            ),
            Reason::RegistersOver => (
                format!("分时示数合计走 {}，总示数只走 {}", shown(b), shown(a)),
                format!("the registers by time moved {}, the total only {}", shown(b), shown(a)),
            ),
            Reason::RegisterShares => (
                format!("总示数走 {}，按分时示数的通常比例应为 {}", shown(a), shown(b)),
                format!("the total moved {}; its registers by time speak for {}", shown(a), shown(b)),
            ),
            Reason::DigitSwap => (
                format!("示数 {} 若为 {}（相邻两位颠倒），用量即正常", shown(a), shown(b)),
                format!("{} read as {} (two digits exchanged) would be in range", shown(a), shown(b)),
            ),
            Reason::DigitOff => (
                format!("示数 {} 若为 {}（错一位），用量即正常", shown(a), shown(b)),
                format!("{} read as {} (one digit) would be in range", shown(a), shown(b)),
            ),
            Reason::Multiple => (
                format!("用量约为预期 {} 的 {} 倍", kwh(a), factor(b)),
                format!("{} times the expected {} kWh", factor(b), kwh(a)),
            ),
            Reason::MultiplierChanged => (
                format!("倍率由 {} 变为 {}，无变更记录", factor(a), factor(b)),
                format!("the multiplier went from {} to {} without a change on record", factor(a), factor(b)),
            ),
            Reason::Stuck => (
                format!("本月为零，预期 {} 千瓦时；近一年有 {b} 个月为零", kwh(a)),
                format!("nothing used where {} kWh are expected; {b} such months in the last year", kwh(a)),
            ),
            Reason::StuckAgain => (format!("连续 {a} 个月为零"), format!("nothing for {a} months running")),
            Reason::HalfStuck => (
                format!("总示数未动，其他示数走 {}", shown(a)),
                format!("the total stood still while other registers moved {}", shown(a)),
            ),
            Reason::Swapped => (
                format!("与同册户 {a} 互换后两户均正常：{} 与 {} 千瓦时", kwh(b), kwh(c)),
                format!(
                    "exchanged with account {a} of the book both would fit: {} and {} kWh",
                    kwh(b),
                    kwh(c)
                ),
            ),
            Reason::Estimated => ("本月为估抄".into(), "estimated this month".into()),
            Reason::EstimatedAgain => {
                (format!("已连续估抄 {a} 个月"), format!("estimated for {a} months running"))
            }
            Reason::EstimatedJump => (
                format!("估抄 {a} 个月后实抄，用量突变"),
                format!("read after {a} months of estimates, and off"),
            ),
            Reason::PowerFactor => (
                format!("无功与有功之比 {}，以往 {}", factor(a), factor(b)),
                format!("reactive to active energy is {}; it was {}", factor(a), factor(b)),
            ),
            Reason::DemandImpossible => (
                format!("用量 {} 超过需量 {} 乘 {c} 小时", shown(a), shown(b)),
                format!("{} is more than a demand of {} makes in {c} hours", shown(a), shown(b)),
            ),
            Reason::Discontinuous => (
                format!("上月止码 {}，本月起码 {}", shown(a), shown(b)),
                format!("the last month ended at {}, this one begins at {}", shown(a), shown(b)),
            ),
            Reason::MeterReplaced => ("本月换表".into(), "the meter was replaced this month".into()),
            Reason::WokeUp => {
                (format!("多月为零后用 {} 千瓦时", kwh(a)), format!("{} kWh after months of nothing", kwh(a)))
            }
            Reason::Unread => ("本月未抄".into(), "not read this month".into()),
            Reason::SeenBefore => {
                (format!("近一年有 {a} 个月如此"), format!("{a} such months in the last year"))
            }
            Reason::SupplyChanged => {
                ("本月变压器有变更".into(), "a transformer was changed this month".into())
            }
            Reason::ChangeTicket => ("有在途变更或暂缓".into(), "a change or a hold is under way".into()),
            Reason::NewAccount => (format!("仅有 {a} 个月历史"), format!("only {a} months of history")),
        };
        let words = if lang == Lang::Zh { zh } else { en };
        format!("{words} ({:+})", self.points)
    }
}

/// Findings as they are stored: `number:points:a,b,c,d;…`.
pub(crate) fn write_findings(findings: &[Finding], text: &mut String) {
    use std::fmt::Write;
    text.clear();
    for finding in findings {
        let [a, b, c, d] = finding.figures;
        // Writing into a text cannot fail.
        let _ = write!(text, "{}:{}:{a},{b},{c},{d};", finding.reason as i64, finding.points);
    }
}

/// Reads them back; what cannot be read is left out.
pub(crate) fn read_findings(text: &str) -> Vec<Finding> {
    let one = |part: &str| {
        let mut fields = part.splitn(3, ':');
        let reason = Reason::from_number(fields.next()?.parse().ok()?)?;
        let points = fields.next()?.parse().ok()?;
        let mut figures = [0; 4];
        for (figure, text) in figures.iter_mut().zip(fields.next()?.split(',')) {
            *figure = text.parse().ok()?;
        }
        Some(Finding { reason, points, figures })
    };
    text.split(';').filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back() {
        let findings = [
            Finding { reason: Reason::Above, points: 46, figures: [3_412_000_000, 310_000_000, -1, 1040] },
            Finding { reason: Reason::SeenBefore, points: -5, figures: [2, 0, 0, i64::MIN] },
        ];
        let mut text = String::new();
        write_findings(&findings, &mut text);
        assert_eq!(read_findings(&text), findings);
        assert!(read_findings("99:1:0,0,0,0;x;1:2").is_empty());
    }

    /// BILL-10: words a reviewer reads carry the figures.
    #[test]
    fn words_carry_the_figures() {
        let finding = Finding {
            reason: Reason::Above,
            points: 46,
            figures: [3_412_000_000, 310_000_000, 305_000_000, 1040],
        };
        assert_eq!(
            finding.text(Lang::En),
            "used 3,412 kWh; the same month last year 310; lately 305 a month; its peers +4.0 % (+46)"
        );
        assert_eq!(
            finding.text(Lang::Zh),
            "本月 3,412 千瓦时；去年同月 310；近月 305；同类用户 +4.0 % (+46)"
        );
        for reason in Reason::ALL {
            for figures in [[0; 4], [i64::MAX; 4], [i64::MIN; 4]] {
                let finding = Finding { reason: *reason, points: 1, figures };
                assert!(!finding.text(Lang::Zh).is_empty() && !finding.text(Lang::En).is_empty());
            }
        }
    }
}
