//! What can go wrong with a charge.

use kernel::{Bilingual, Date, FigureError, Lang};

/// Why a charge could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChargeError {
    /// A figure does not fit or divides by zero.
    #[error("{0}")]
    Figure(#[from] FigureError),
    /// No version of the rules was in force on that day.
    #[error("no version of the Supply Rules is known for {0}: give the rule version, or a later date")]
    NoRuleOn(Date),
    /// The rule data could not be read.
    #[error("the charge rules could not be read: {0}")]
    RuleData(String),
    /// The version of the rules in force has no such charge.
    #[error("the {version} rules have no charge for {what}")]
    NotCharged {
        /// The version of the rules.
        version: String,
        /// The act, in English.
        what: &'static str,
        /// The act, in Chinese.
        what_zh: &'static str,
    },
    /// Payments must come in the order of their days.
    #[error(
        "the payment of {later} stands before that of {earlier}: put payments in the order of their days"
    )]
    PaymentsOutOfOrder {
        /// The earlier day, which came second.
        earlier: Date,
        /// The later day, which came first.
        later: Date,
    },
    /// A figure that must not be negative, or must be above zero, is.
    #[error("{what} must {must}")]
    OutOfRange {
        /// The figure, in English.
        what: &'static str,
        /// The figure, in Chinese.
        what_zh: &'static str,
        /// What it must be, in English, after "must".
        must: &'static str,
        /// What it must be, in Chinese.
        must_zh: &'static str,
    },
}

impl ChargeError {
    pub(crate) const fn negative(what: &'static str, what_zh: &'static str) -> ChargeError {
        ChargeError::OutOfRange { what, what_zh, must: "not be negative", must_zh: "不得为负" }
    }
}

impl Bilingual for ChargeError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return match self {
                ChargeError::Figure(error) => error.text(lang),
                other => other.to_string(),
            };
        }
        match self {
            ChargeError::Figure(error) => error.text(lang),
            ChargeError::NoRuleOn(date) => {
                format!("{date} 没有已知的供电营业规则版本：请给出规则版本或更晚的日期")
            }
            ChargeError::RuleData(why) => format!("收费规则数据无法读取：{why}"),
            ChargeError::NotCharged { version, what_zh, .. } => {
                format!("{version} 版规则没有“{what_zh}”的收费")
            }
            ChargeError::PaymentsOutOfOrder { earlier, later } => {
                format!("{later} 的缴款排在 {earlier} 之前：缴款须按日期先后排列")
            }
            ChargeError::OutOfRange { what_zh, must_zh, .. } => format!("{what_zh}{must_zh}"),
        }
    }
}
