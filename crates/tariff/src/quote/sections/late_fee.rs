//! `[[late_fee]]`: a debt paid at once, or in parts.

use kernel::{Date, Exact, Money};

use super::{Frame, Sections, charge_error, headed, missing, overflow, plain_version};
use crate::charges::late_fee::{Debt, LateFeeCategory, Payment, Settlement, late_fee};
use crate::charges::{ChargeError, ChargeRules};
use crate::explain::Row;
use crate::model::Category;
use crate::quote::error::Quoted;
use crate::quote::fields::Fields;
use crate::quote::fields::{figure_of, nearest};
use crate::quote::figures::Figures;
use crate::quote::node::{Node, Value};
use crate::quote::price::CATEGORIES;

/// Residents, and everybody else whatever they are called; a word that is nearly `residential` is refused.
fn late_fee_category(fields: &Fields<'_>) -> Quoted<LateFeeCategory> {
    let names: &[&'static str] = &["category", "customer"];
    let Some(text) = fields.text(names)? else { return Ok(LateFeeCategory::Other) };
    let word = text.trim().to_lowercase().replace(['-', ' '], "_");
    let known = CATEGORIES.iter().find(|(words, _)| words.contains(&word.as_str()));
    let resident = match known {
        Some((_, category)) => matches!(category, Category::Residential | Category::ResidentialFlat),
        None if word.starts_with("居民") || word.starts_with("resident") => true,
        None if !word.starts_with("non")
            && nearest(&word, ["resident", "residential", "household"]).is_some() =>
        {
            return Err(fields.refuse_at(
                names,
                format!("“{text}”是否指 residential？"),
                format!("`{text}`: did you mean `residential`?"),
            ));
        }
        None => false,
    };
    Ok(if resident { LateFeeCategory::Resident } else { LateFeeCategory::Other })
}

/// `paid` beside part payments: the day on which all that was left was paid.
fn last_payment(
    settlement: &Settlement,
    payments: &[Payment],
    paid: Date,
    rules: &ChargeRules,
) -> Result<Option<Payment>, ChargeError> {
    let mut settlement = settlement.clone();
    for payment in payments {
        settlement.pay(*payment, rules)?;
    }
    if settlement.arrears <= Money::ZERO {
        return Ok(None);
    }
    let amount = settlement.late_fee_due(paid, rules)?.plus(settlement.arrears)?;
    Ok(Some(Payment { on: paid, amount }))
}

pub(super) fn read_late_fee(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let name = fields.text(&["name", "title", "note"])?;
    let principal = fields
        .figure::<Money>(&["amount", "principal", "arrears", "bill", "owed"])?
        .ok_or_else(|| missing(fields, "欠费", "amount"))?;
    let due = fields.date(&["due", "due_date"])?.ok_or_else(|| missing(fields, "缴费期限", "due"))?;
    let category = late_fee_category(fields)?;
    let year = fields.count(&["debt_year", "year"], 1, 9999)?;
    let paid = fields.date(&["paid", "paid_on", "until"])?;
    let mut payments = Vec::new();
    for payment in fields.tables(&["payment", "payments"])? {
        let on = payment.date(&["on", "date", "paid"])?.ok_or_else(|| missing(&payment, "缴款日", "on"))?;
        let amount = payment.amount(&["amount"])?.ok_or_else(|| missing(&payment, "金额", "amount"))?;
        payment.finish()?;
        payments.push(Payment { on, amount });
    }
    let version = fields.text(&["rules", "regulation"])?.or_else(|| frame.version.clone());
    let mut rules = match version {
        None => frame.rules.clone(),
        Some(version) => frame.rules.only(plain_version(&version)).ok_or_else(|| {
            fields.refuse("没有这个规则版本：可用 1996、2024", "no such rules: 1996 or 2024")
        })?,
    };
    let rate = fields.rate(&["rate", "daily_rate", "resident_rate"])?;
    let same = fields.rate(&["same_year_rate"])?.or(rate);
    let later = fields.rate(&["later_year_rate"])?.or(rate);
    let minimum = match fields.node(&["minimum"])? {
        Some(Node { value: Value::Flag(false), .. }) => Some(Money::ZERO),
        Some(Node { value: Value::Flag(true), .. }) | None => None,
        Some(node) => Some(figure_of(fields.source, node)?),
    };
    rules = rules.with_late_fee(|rule| {
        rule.resident = rate.unwrap_or(rule.resident);
        rule.same_year = same.unwrap_or(rule.same_year);
        rule.later_year = later.unwrap_or(rule.later_year);
        rule.minimum = minimum.unwrap_or(rule.minimum);
    });
    fields.finish()?;
    let year = year.and_then(|year| i16::try_from(year).ok()).unwrap_or(due.year());
    let debt = Debt { principal, due, year, category };
    let fail = |error: ChargeError| charge_error(fields, &error);
    let wrong = overflow(fields);
    let prefix = format!("late_fee.{number}");
    if payments.is_empty() {
        let paid = paid.or(frame.today).ok_or_else(|| missing(fields, "缴款日", "paid"))?;
        let result = late_fee(&debt, paid, &rules).map_err(fail)?;
        figures.money(&[&prefix, &format!("{prefix}.amount")], result.amount);
        figures.exact(
            &[&format!("{prefix}.unrounded")],
            result.unrounded,
            result.unrounded.to_string(),
            true,
        );
        let days: i64 = result.segments.iter().map(|segment| segment.days).sum();
        figures.exact(&[&format!("{prefix}.days")], Exact::whole(days), days.to_string(), false);
        for (place, segment) in result.segments.iter().enumerate() {
            let part = principal.times(segment.rate).times(Exact::whole(segment.days)).map_err(&wrong)?;
            figures.exact(
                &[&format!("{prefix}.part.{}", place + 1), &format!("{prefix}.part.{}.amount", place + 1)],
                part,
                part.to_string(),
                true,
            );
            figures.exact(
                &[&format!("{prefix}.part.{}.days", place + 1)],
                Exact::whole(segment.days),
                segment.days.to_string(),
                false,
            );
        }
        figures.add_money("late_fee", result.amount).map_err(&wrong)?;
        let block = headed("违约金", "Late fee", number, name, &result.rule, result.steps);
        return sections.add(fields, block, result.amount);
    }
    let mut settlement = Settlement::new(debt);
    let mut steps = Vec::new();
    if let Some(paid) = paid {
        payments.extend(last_payment(&settlement, &payments, paid, &rules).map_err(fail)?);
    }
    for (place, payment) in payments.iter().enumerate() {
        let done = settlement.pay(*payment, &rules).map_err(fail)?.clone();
        steps.push(Row::note(
            "缴款",
            "payment",
            format!("{} {}", done.on, done.amount),
            format!("{} {}", done.on, done.amount),
        ));
        steps.extend(done.steps);
        let own = format!("{prefix}.payment.{}", place + 1);
        for (key, value) in [
            ("accrued", done.accrued),
            ("credit", done.credit),
            ("late_fee", done.late_fee),
            ("principal", done.principal),
            ("late_fee_of_principal", done.late_fee_of_principal),
            ("advance", done.advance),
            ("arrears", done.arrears),
        ] {
            figures.money(&[&format!("{own}.{key}")], value);
        }
    }
    figures.money(
        &[&prefix, &format!("{prefix}.collected"), &format!("{prefix}.amount")],
        settlement.late_fee_collected,
    );
    figures.money(&[&format!("{prefix}.receivable")], settlement.late_fee_receivable);
    figures.money(&[&format!("{prefix}.arrears")], settlement.arrears);
    figures.money(&[&format!("{prefix}.credit")], settlement.credit().map_err(&wrong)?);
    figures.add_money("late_fee", settlement.late_fee_collected).map_err(&wrong)?;
    let last = payments.last().map_or(due, |payment| payment.on);
    let version = rules.on(last.max(due)).map_err(fail)?;
    let rule = version.named(&version.late_fee.article);
    let block = headed("违约金", "Late fee", number, name, &rule, steps);
    sections.add(fields, block, settlement.late_fee_collected)
}
