//! Two bills of the same period side by side: which line changed, by how much, and which price did it.

use kernel::{Money, Price, Text};

use super::bill::{Context, component_name, line_calculation, line_label};
use super::price::season;
use crate::model::{Bill, ComponentId, Line, LineKind, Period};

/// A line as it stands on one of the two bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The calculation with its figures, without the result.
    pub calculation: String,
    /// Its price; zero where the line has none.
    pub price: Price,
    /// What is charged.
    pub amount: Money,
}

/// A price that differs; nothing on a side that does not know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// The component, or the line itself where its price is a single one.
    pub name: Text,
    /// Before, yuan per unit.
    pub before: Option<Price>,
    /// After, yuan per unit.
    pub after: Option<Price>,
}

/// A line of one bill and what takes its place on the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// What the line is called.
    pub label: Text,
    /// As it was; nothing when it is new.
    pub before: Option<Side>,
    /// As it would be; nothing when it falls away.
    pub after: Option<Side>,
    /// After less before.
    pub difference: Money,
    /// The prices that make the difference.
    pub prices: Vec<PriceChange>,
}

/// What makes two lines the same line: point, kind, period, tier, and the fund it is.
type Key = (u8, LineKind, Period, u8, Option<ComponentId>);

fn key(line: &Line) -> Key {
    let fund = line.component.filter(|_| line.kind == LineKind::Fund);
    (line.point, line.kind, line.period, line.tier, fund)
}

/// Sets the lines of `after` beside those of `before`: in the order of `before`, what is new at the end. Lines that are
/// the same on both are given as well, with a difference of zero. Several lines of one kind, such as the parts of a
/// month with another capacity, are paired in their order.
pub fn compare(
    (before, old): (&Bill, &Context<'_>),
    (after, new): (&Bill, &Context<'_>),
) -> kernel::Result<Vec<LineChange>> {
    let mut taken = vec![false; after.lines.len()];
    let mut changes = Vec::with_capacity(before.lines.len());
    for line in &before.lines {
        let found = after.lines.iter().zip(&taken).position(|(other, used)| !used && key(other) == key(line));
        let other = found.map(|at| {
            taken[at] = true;
            &after.lines[at]
        });
        changes.push(change(Some((line, before, old)), other.map(|other| (other, after, new)))?);
    }
    for (line, used) in after.lines.iter().zip(&taken) {
        if !used {
            changes.push(change(None, Some((line, after, new)))?);
        }
    }
    Ok(changes)
}

type Of<'a> = (&'a Line, &'a Bill, &'a Context<'a>);

fn change(before: Option<Of<'_>>, after: Option<Of<'_>>) -> kernel::Result<LineChange> {
    let side = |of: &Of<'_>| {
        let (line, bill, _) = of;
        Side { calculation: line_calculation(line, bill), price: line.price, amount: line.amount }
    };
    let amount = |of: &Option<Of<'_>>| of.map_or(Money::ZERO, |(line, ..)| line.amount);
    let label =
        before.or(after).map_or_else(|| Text::new("", ""), |(line, _, context)| line_label(line, context));
    Ok(LineChange {
        difference: amount(&after).minus(amount(&before))?,
        prices: prices(before.as_ref(), after.as_ref(), &label),
        before: before.as_ref().map(side),
        after: after.as_ref().map(side),
        label,
    })
}

/// The prices of a line by component; a line of a single price has just that one under its own name.
fn parts(of: &Of<'_>, label: &Text) -> Vec<(Text, Price)> {
    let (line, _, context) = of;
    let plan = context.plans.get(line.plan).filter(|_| line.kind == LineKind::Energy);
    let set = plan.and_then(|plan| season(plan, context));
    match (plan, set) {
        (Some(plan), Some(set)) => plan
            .parts
            .iter()
            .zip(&set.parts)
            .map(|(part, by_period)| {
                (component_name(context, part.component), by_period[line.period.index()])
            })
            .collect(),
        _ if line.kind == LineKind::PowerFactor => Vec::new(),
        _ => vec![(label.clone(), line.price)],
    }
}

fn prices(before: Option<&Of<'_>>, after: Option<&Of<'_>>, label: &Text) -> Vec<PriceChange> {
    let old = before.map(|of| parts(of, label)).unwrap_or_default();
    let new = after.map(|of| parts(of, label)).unwrap_or_default();
    let find = |prices: &[(Text, Price)], name: &Text| {
        prices.iter().find(|(known, _)| known == name).map(|(_, price)| *price)
    };
    let mut changes: Vec<PriceChange> = old
        .iter()
        .map(|(name, price)| PriceChange {
            name: name.clone(),
            before: Some(*price),
            after: find(&new, name),
        })
        .collect();
    for (name, price) in new.iter().filter(|(name, _)| find(&old, name).is_none()) {
        changes.push(PriceChange { name: name.clone(), before: None, after: Some(*price) });
    }
    changes.retain(|change| change.before != change.after);
    changes
}
