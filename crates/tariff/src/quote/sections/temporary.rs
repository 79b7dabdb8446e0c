//! `[[temporary_supply]]`.

use kernel::{Rate, Text};

use super::{Frame, Sections, charge_error, headed, missing, overflow};
use crate::charges::temporary::{Agreed, Temporary, temporary};
use crate::quote::error::Quoted;
use crate::quote::fields::Fields;
use crate::quote::figures::Figures;
use crate::quote::price::named_prices;

pub(super) fn read_temporary(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let version = frame.version_of(fields)?.clone();
    let name = fields.text(&["name", "title", "note"])?;
    let days: Option<Rate> = fields.amount(&["days", "term_days"])?;
    let agreed = match fields.amount(&["kwh", "energy_kwh"])? {
        Some(kwh) => Agreed::Energy(kwh),
        None => Agreed::Capacity {
            power_kw: fields
                .amount(&["kw", "kva", "power_kw", "capacity_kw", "capacity_kva"])?
                .ok_or_else(|| missing(fields, "容量", "kw"))?,
            hours_per_day: fields
                .amount(&["hours_per_day", "hours"])?
                .ok_or_else(|| missing(fields, "每日时数", "hours_per_day"))?,
            days: days.ok_or_else(|| missing(fields, "天数", "days"))?,
        },
    };
    let mut prices = Vec::new();
    if let Some(price) = fields.figure(&["price", "energy_price"])? {
        prices.push((Text::new("电度电费", "energy charge"), price));
    }
    if let Some(node) = fields.node(&["funds", "surcharges"])? {
        for (name, price) in named_prices(fields.source, node)? {
            prices.push((Text::new(name.clone(), name), price));
        }
    }
    if prices.is_empty() {
        return Err(missing(fields, "电价", "price"));
    }
    let used: Option<Rate> = fields.amount(&["ended_after_days", "used_days"])?;
    let ended_after = match (used, days) {
        (Some(used), Some(days)) => Some((used, days)),
        (Some(_), None) => return Err(missing(fields, "约定天数", "days")),
        (None, _) => None,
    };
    fields.finish()?;
    let case = Temporary { agreed, prices, ended_after };
    let result = temporary(&case, &version).map_err(|error| charge_error(fields, &error))?;
    let wrong = overflow(fields);
    let prefix = format!("temporary_supply.{number}");
    figures.quantity(&[&format!("{prefix}.kwh")], result.energy);
    for (place, (_, amount)) in result.lines.iter().enumerate() {
        figures.money(&[&format!("{prefix}.line.{}", place + 1)], *amount);
    }
    figures.money(&[&prefix, &format!("{prefix}.prepaid")], result.prepaid);
    figures.money(&[&format!("{prefix}.refund")], result.refund);
    figures.add_money("prepaid", result.prepaid).map_err(&wrong)?;
    figures.add_money("refund", result.refund).map_err(&wrong)?;
    let block = headed("临时用电", "Temporary supply", number, name, &result.rule, result.steps);
    let net = result.prepaid.minus(result.refund).map_err(&wrong)?;
    sections.add(fields, block, net)
}
