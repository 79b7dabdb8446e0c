//! Late fee (电费违约金) and how payments are shared between it and the principal.
//!
//! The day after the due date is day 1 and the payment day counts (LATE-01). Residents pay one rate in every
//! year (LATE-02); others pay `same_year` on days in the calendar year of the debt and `later_year` on later days
//! (LATE-03). The minimum applies once per receivable, when it is overdue at all (LATE-04).

use kernel::{Date, Exact, FigureError, Money, Rate, Text};
use serde::Serialize;

use super::{ChargeError, ChargeRules};
use crate::explain::Row;

/// Whose debt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LateFeeCategory {
    /// A household.
    Resident,
    /// Anybody else.
    Other,
}

/// A receivable as the late fee sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debt {
    /// What was owed at first.
    pub principal: Money,
    /// The last day on which it could be paid without a late fee.
    pub due: Date,
    /// The calendar year of the debt, usually that of `due`.
    pub year: i16,
    /// Whose debt it is.
    pub category: LateFeeCategory,
}

impl Debt {
    /// A debt of the year in which it falls due.
    pub fn new(principal: Money, due: Date, category: LateFeeCategory) -> Debt {
        Debt { principal, due, year: due.year(), category }
    }
}

/// Days that share one rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Number of days, both ends counted.
    pub days: i64,
    /// Rate per day, as a fraction.
    pub rate: Rate,
    /// The version of the rules it comes from.
    pub version: String,
}

/// The days overdue up to and including `until`, cut where the rate changes.
pub fn overdue_segments(debt: &Debt, until: Date, rules: &ChargeRules) -> Result<Vec<Segment>, ChargeError> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut from = debt.due.plus_days(1)?;
    while from <= until {
        let version = rules.on(from)?;
        let rule = &version.late_fee;
        let rate = match debt.category {
            LateFeeCategory::Resident => rule.resident,
            LateFeeCategory::Other if from.year() > debt.year => rule.later_year,
            LateFeeCategory::Other => rule.same_year,
        };
        let mut to = until;
        if from.year() <= debt.year && until.year() > debt.year {
            to = Date::new(debt.year, 12, 31)?;
        }
        if let Some(next) = rules.versions().iter().find(|next| next.from > from && next.from <= to) {
            to = next.from.plus_days(-1)?;
        }
        let days = from.days_until(to) + 1;
        match segments.last_mut() {
            // Residents have one rate: no cut at the year end or at a change that changes nothing.
            Some(last) if last.rate == rate => {
                last.to = to;
                last.days += days;
            }
            _ => segments.push(Segment { from, to, days, rate, version: version.version.clone() }),
        }
        from = to.plus_days(1)?;
    }
    Ok(segments)
}

fn factor(segments: &[Segment]) -> Result<Exact, FigureError> {
    segments.iter().try_fold(Exact::ZERO, |sum, segment| {
        sum.plus(segment.rate.exact().times(Exact::whole(segment.days))?)
    })
}

/// A late fee and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateFee {
    /// The overdue days, by rate.
    pub segments: Vec<Segment>,
    /// Before rounding and before the minimum.
    pub unrounded: Exact,
    /// What is charged.
    pub amount: Money,
    /// The minimum took the place of a smaller figure.
    pub minimum_applied: bool,
    /// The rule.
    pub rule: Text,
    /// The worked calculation.
    pub steps: Vec<Row>,
}

/// Late fee on the whole `debt` if it is paid on `paid`. Source: Supply Rules 1996, art. 98; LATE-01..05, A10, A12, A13.
pub fn late_fee(debt: &Debt, paid: Date, rules: &ChargeRules) -> Result<LateFee, ChargeError> {
    if debt.principal.is_negative() {
        return Err(ChargeError::negative("the principal", "欠费"));
    }
    let segments = overdue_segments(debt, paid, rules)?;
    let unrounded = debt.principal.exact().times(factor(&segments)?)?;
    let version = rules.on(paid.max(debt.due))?;
    let (amount, minimum_applied) = charged(unrounded, &segments, version.late_fee.minimum, debt.principal)?;
    let mut steps = Vec::new();
    for segment in &segments {
        let each = debt.principal.times(segment.rate).times(Exact::whole(segment.days))?;
        steps.push(Row::worded(
            Text::new(
                format!("{} 至 {}", segment.from, segment.to),
                format!("{} to {}", segment.from, segment.to),
            ),
            Text::new(
                format!("{} × {} 天 × {}", debt.principal, segment.days, per_mille(segment.rate)),
                format!("{} × {} days × {}", debt.principal, segment.days, per_mille(segment.rate)),
            ),
            each.to_string(),
        ));
    }
    if segments.is_empty() {
        steps.push(Row::note("未逾期", "not overdue", "没有违约金", "no late fee"));
    } else if minimum_applied {
        let minimum = version.late_fee.minimum;
        steps.push(Row::worded(
            Text::new("最低收取", "minimum"),
            Text::new(
                format!("{unrounded} 不足 {minimum} 元，按 {minimum} 元"),
                format!("{unrounded} is below {minimum} yuan, charged as {minimum}"),
            ),
            amount.to_string(),
        ));
    } else {
        steps.push(Row::new(
            "违约金（四舍五入到分）",
            "late fee, rounded to fen",
            unrounded.to_string(),
            amount.to_string(),
        ));
    }
    let rule = version.named(&version.late_fee.article);
    Ok(LateFee { segments, unrounded, amount, minimum_applied, rule, steps })
}

/// A daily rate in per mille, as it is spoken of.
pub(crate) fn per_mille(rate: Rate) -> String {
    rate.exact().times(Exact::whole(1000)).map_or_else(|_| rate.to_string(), |mille| format!("{mille}‰"))
}

fn charged(
    unrounded: Exact,
    segments: &[Segment],
    minimum: Money,
    principal: Money,
) -> Result<(Money, bool), FigureError> {
    let rounded = unrounded.to_money()?;
    let overdue = !segments.is_empty() && !principal.is_zero();
    Ok(if overdue && rounded < minimum { (minimum, true) } else { (rounded, false) })
}

/// Money received for a receivable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// The day.
    pub on: Date,
    /// How much.
    pub amount: Money,
}

/// Where one payment went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The day.
    pub on: Date,
    /// What was received.
    pub amount: Money,
    /// Late fee accrued so far on the arrears, before this payment and before earlier credit.
    pub accrued: Money,
    /// Late fee of earlier payments that was over-collected and is set off now.
    pub credit: Money,
    /// Late fee that was due with this payment.
    pub late_fee_due: Money,
    /// Late fee collected (已收违约金).
    pub late_fee: Money,
    /// Principal collected (已收电费).
    pub principal: Money,
    /// Receivable late fee (应收违约金) of the principal just paid.
    pub late_fee_of_principal: Money,
    /// What is left: the advance balance (预收).
    pub advance: Money,
    /// Arrears after the payment.
    pub arrears: Money,
    /// The worked calculation.
    pub steps: Vec<Row>,
}

/// A receivable and what happened to it so far. Build it anew from its payments whenever it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The debt.
    pub debt: Debt,
    /// Principal not yet paid.
    pub arrears: Money,
    /// Late fee collected so far.
    pub late_fee_collected: Money,
    /// Late fee that belongs to the principal paid so far, recorded.
    pub late_fee_receivable: Money,
    /// The same, unrounded.
    late_fee_of_paid: Exact,
    /// Day of the latest payment.
    latest: Option<Date>,
    /// Each payment.
    pub allocations: Vec<Allocation>,
}

impl Settlement {
    /// Nothing paid yet.
    pub fn new(debt: Debt) -> Settlement {
        Settlement {
            debt,
            arrears: debt.principal,
            late_fee_collected: Money::ZERO,
            late_fee_receivable: Money::ZERO,
            late_fee_of_paid: Exact::ZERO,
            latest: None,
            allocations: Vec::new(),
        }
    }

    /// Late fee collected beyond what the paid principal owes: it reduces later collections (LATE-08).
    pub fn credit(&self) -> Result<Money, FigureError> {
        Ok(self.late_fee_collected.minus(self.late_fee_receivable)?.max(Money::ZERO))
    }

    /// Late fee to collect with a payment on `date`, credit set off and the minimum reached.
    pub fn late_fee_due(&self, date: Date, rules: &ChargeRules) -> Result<Money, ChargeError> {
        if self.arrears.is_zero() {
            return Ok(Money::ZERO);
        }
        let segments = overdue_segments(&self.debt, date, rules)?;
        let whole = self.late_fee_of_paid.plus(self.arrears.exact().times(factor(&segments)?)?)?;
        let minimum = rules.on(date.max(self.debt.due))?.late_fee.minimum;
        let (total, _) = charged(whole, &segments, minimum, self.debt.principal)?;
        Ok(total.minus(self.late_fee_collected)?.max(Money::ZERO))
    }

    /// Takes a payment: accrued late fee first, then principal, the rest becomes an advance (LATE-06..11, A14).
    pub fn pay(&mut self, payment: Payment, rules: &ChargeRules) -> Result<&Allocation, ChargeError> {
        if payment.amount.is_negative() {
            return Err(ChargeError::negative("a payment", "缴款"));
        }
        if let Some(later) = self.latest.filter(|latest| *latest > payment.on) {
            return Err(ChargeError::PaymentsOutOfOrder { earlier: payment.on, later });
        }
        let segments = overdue_segments(&self.debt, payment.on, rules)?;
        let factor = factor(&segments)?;
        let accrued = self.arrears.exact().times(factor)?.to_money()?;
        let credit = self.credit()?;
        let late_fee_due = self.late_fee_due(payment.on, rules)?;
        let late_fee = late_fee_due.min(payment.amount);
        let before = self.arrears;
        let principal = payment.amount.minus(late_fee)?.min(before);
        let advance = payment.amount.minus(late_fee)?.minus(principal)?;
        let arrears = before.minus(principal)?;
        // Recorded so that the parts sum to the rounded whole.
        let of_paid = self.late_fee_of_paid.plus(principal.exact().times(factor)?)?;
        let late_fee_of_principal = of_paid.to_money()?.minus(self.late_fee_receivable)?;

        let mut steps = vec![Row::new(
            "欠费应计违约金",
            "accrued on the arrears",
            format!("{before} × {}", spelled(&segments)),
            accrued.to_string(),
        )];
        if !credit.is_zero() {
            let less = format!("{accrued} - {credit}");
            steps.push(Row::new(
                "冲减前次多收",
                "less over-collected before",
                if credit > accrued { format!("max({less}, 0.00)") } else { less },
                late_fee_due.to_string(),
            ));
        }
        steps.push(Row::new(
            "先收违约金",
            "late fee first",
            format!("min({late_fee_due}, {})", payment.amount),
            late_fee.to_string(),
        ));
        steps.push(Row::new(
            "再收电费",
            "then principal",
            format!("min({} - {late_fee}, {before})", payment.amount),
            principal.to_string(),
        ));
        if !principal.is_zero() && !segments.is_empty() {
            steps.push(Row::new(
                "所收电费的应收违约金",
                "late fee of that principal",
                format!("{principal} × {}", spelled(&segments)),
                late_fee_of_principal.to_string(),
            ));
        }
        if !advance.is_zero() {
            steps.push(Row::new(
                "余款转预收",
                "advance balance",
                format!("{} - {late_fee} - {principal}", payment.amount),
                advance.to_string(),
            ));
        }
        steps.push(Row::new(
            "尚欠电费",
            "arrears left",
            format!("{before} - {principal}"),
            arrears.to_string(),
        ));

        self.arrears = arrears;
        self.late_fee_collected = self.late_fee_collected.plus(late_fee)?;
        self.late_fee_receivable = self.late_fee_receivable.plus(late_fee_of_principal)?;
        self.late_fee_of_paid = of_paid;
        self.latest = Some(payment.on);
        self.allocations.push(Allocation {
            on: payment.on,
            amount: payment.amount,
            accrued,
            credit,
            late_fee_due,
            late_fee,
            principal,
            late_fee_of_principal,
            advance,
            arrears,
            steps,
        });
        self.allocations.last().ok_or(ChargeError::Figure(FigureError::Overflow("payments")))
    }
}

fn spelled(segments: &[Segment]) -> String {
    if segments.is_empty() {
        return "0".into();
    }
    let parts: Vec<String> =
        segments.iter().map(|segment| format!("{} d × {}", segment.days, per_mille(segment.rate))).collect();
    if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(" + ")) }
}

/// Settles `debt` by its `payments`, in the order of their days.
pub fn settle(debt: Debt, payments: &[Payment], rules: &ChargeRules) -> Result<Settlement, ChargeError> {
    let mut settlement = Settlement::new(debt);
    for payment in payments {
        settlement.pay(*payment, rules)?;
    }
    Ok(settlement)
}

#[cfg(test)]
#[path = "late_fee_tests.rs"]
mod tests;
