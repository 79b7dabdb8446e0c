//! `[[breach]]` and `[[theft]]`.

use kernel::{Exact, Price, Rate};

use super::{Frame, Sections, charge_error, headed, missing, overflow};
use crate::charges::ChargeVersion;
use crate::charges::breach::{Breach, CapacityTerms, PriceDifference, Usage, breach};
use crate::charges::theft::{Purpose, Stolen, Theft, theft};
use crate::model::Category;
use crate::quote::error::Quoted;
use crate::quote::fields::Fields;
use crate::quote::figures::Figures;
use crate::quote::price::{CATEGORIES, default_quantity};

/// Days given as days, months of 30 days, or dates.
fn days_of(fields: &Fields<'_>, version: &ChargeVersion) -> Quoted<Option<Rate>> {
    let days = fields.amount(&["days"])?;
    let months: Option<Rate> = fields.amount(&["months"])?;
    let (from, to) = (fields.date(&["from", "since"])?, fields.date(&["to", "until"])?);
    if let (Some(from), Some(to)) = (from, to) {
        return Rate::whole(from.days_until(to).max(0)).map(Some).map_err(overflow(fields));
    }
    match (days, months) {
        (Some(days), _) => Ok(Some(days)),
        (None, Some(months)) => {
            let days = months.exact().times(Exact::whole(version.breach.days_per_month));
            days.and_then(|days| days.to_rate(Rate::PLACES)).map(Some).map_err(overflow(fields))
        }
        (None, None) => Ok(None),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Act {
    HigherPrice,
    Capacity,
    Suspended,
    Quota,
    Tampering,
    Source,
}

const ACTS: [(&[&str], Act); 6] = [
    (
        &[
            "higher_priced_use",
            "higher_price",
            "price_category",
            "category_changed",
            "高价低接",
            "擅自改变用电类别",
        ],
        Act::HigherPrice,
    ),
    (&["excess_capacity", "capacity", "over_capacity", "私自增容", "超容量"], Act::Capacity),
    (&["suspended_equipment", "sealed_equipment", "suspended", "擅自启用"], Act::Suspended),
    (&["over_quota", "quota", "超计划用电"], Act::Quota),
    (&["tampering", "meter_tampering", "moved_meter", "私自迁移"], Act::Tampering),
    (&["source_connection", "source", "引入电源"], Act::Source),
];

fn usage(fields: &Fields<'_>, version: &ChargeVersion, outer: Option<Rate>) -> Quoted<Usage> {
    if let Some(kwh) = fields.amount(&["kwh", "energy_kwh"])? {
        return Ok(Usage::Energy(kwh));
    }
    let Some(power_kw) = fields.amount(&["power_kw", "kw", "capacity_kw"])? else {
        return Err(missing(fields, "电量或功率", "kwh"));
    };
    let hours_per_day = fields
        .amount(&["hours_per_day", "hours"])?
        .ok_or_else(|| missing(fields, "每日时数", "hours_per_day"))?;
    Ok(Usage::Power { power_kw, hours_per_day, days: days_of(fields, version)?.or(outer) })
}

fn difference(
    fields: &Fields<'_>,
    version: &ChargeVersion,
    outer: Option<Rate>,
    paid: Option<Price>,
) -> Quoted<PriceDifference> {
    Ok(PriceDifference {
        usage: usage(fields, version, outer)?,
        paid_price: fields
            .figure(&["paid_price", "price_paid", "low_price"])?
            .or(paid)
            .ok_or_else(|| missing(fields, "已付电价", "paid_price"))?,
        right_price: fields
            .figure(&["right_price", "price_due", "high_price", "price"])?
            .ok_or_else(|| missing(fields, "应付电价", "right_price"))?,
        name: fields.text(&["name"])?.unwrap_or_default(),
    })
}

pub(super) fn read_breach(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let mut version = frame.version_of(fields)?.clone();
    let title = fields.text(&["title", "note"])?;
    let uses = fields.tables(&["use", "uses"])?;
    let act = fields.choice(&["kind", "act", "type"], &ACTS)?.unwrap_or(Act::HigherPrice);
    if let Some(multiple) = fields.amount(&["multiple", "penalty_multiple"])? {
        version.breach.higher_price_multiple = multiple;
        version.breach.excess_capacity_multiple = multiple;
        version.breach.suspended_multiple = multiple;
        version.breach.at_most = false;
    }
    let charged = match act {
        Act::HigherPrice => {
            let mut differences = Vec::new();
            if uses.is_empty() {
                differences.push(difference(fields, &version, None, None)?);
            } else {
                let outer = days_of(fields, &version)?;
                let paid = fields.figure(&["paid_price", "price_paid", "low_price"])?;
                for each in &uses {
                    differences.push(difference(each, &version, outer, paid)?);
                    each.finish()?;
                }
            }
            Breach::HigherPricedUse(differences)
        }
        Act::Capacity | Act::Suspended => {
            let capacity = fields
                .amount(&["kva", "kw", "capacity_kva", "excess_kva", "capacity"])?
                .ok_or_else(|| missing(fields, "容量", "kva"))?;
            let months: Option<Rate> = fields.amount(&["months"])?;
            let days: Option<Rate> = fields.amount(&["days"])?;
            let times = fields.count(&["times"], 0, 1_000_000)?.unwrap_or(1);
            let basic_price: Option<Price> =
                fields.amount(&["basic_price", "capacity_price", "demand_price"])?;
            let months = match (months, days) {
                (Some(months), _) => months,
                (None, Some(days)) => days
                    .exact()
                    .over(Exact::whole(version.breach.days_per_month))
                    .and_then(|months| months.to_rate(Rate::PLACES))
                    .map_err(overflow(fields))?,
                (None, None) => Rate::whole(version.breach.unknown_months).map_err(overflow(fields))?,
            };
            let terms = match basic_price {
                Some(basic_price) => CapacityTerms::TwoPart { basic_price, months },
                None => CapacityTerms::SinglePart { times },
            };
            if act == Act::Capacity {
                Breach::ExcessCapacity(capacity, terms)
            } else {
                Breach::SuspendedEquipment(capacity, terms)
            }
        }
        Act::Quota => Breach::OverQuota {
            power_kw: fields.amount(&["kw", "power_kw"])?.unwrap_or_default(),
            times: fields.count(&["times"], 0, 1_000_000)?.unwrap_or(1),
            energy: fields.amount(&["kwh", "energy_kwh"])?.unwrap_or_default(),
            price: fields.amount(&["price"])?.unwrap_or_default(),
        },
        Act::Tampering => {
            let category = fields.choice(&["category", "customer"], &CATEGORIES)?;
            let resident = matches!(category, Some(Category::Residential | Category::ResidentialFlat));
            Breach::Tampering { resident, times: fields.count(&["times"], 0, 1_000_000)?.unwrap_or(1) }
        }
        Act::Source => Breach::SourceConnection(
            fields
                .amount(&["kva", "kw", "capacity_kva", "power_kw"])?
                .ok_or_else(|| missing(fields, "容量", "kw"))?,
        ),
    };
    let name =
        if act == Act::HigherPrice && uses.is_empty() { title } else { title.or(fields.text(&["name"])?) };
    fields.finish()?;
    let result = breach(&charged, &version).map_err(|error| charge_error(fields, &error))?;
    let wrong = overflow(fields);
    let prefix = format!("breach.{number}");
    for (place, energy) in result.energy.iter().enumerate() {
        figures.quantity(&[&format!("{prefix}.use.{}.kwh", place + 1)], *energy);
    }
    figures.money(&[&format!("{prefix}.back_bill"), &format!("{prefix}.difference")], result.back_bill);
    figures.money(&[&format!("{prefix}.penalty")], result.penalty);
    figures.money(&[&prefix, &format!("{prefix}.total")], result.total);
    figures.add_money("breach", result.total).map_err(&wrong)?;
    figures.add_money("back_bill", result.back_bill).map_err(&wrong)?;
    figures.add_money("penalty", result.penalty).map_err(&wrong)?;
    let block = headed("违约用电", "Irregular use", number, name, &result.rule, result.steps);
    sections.add(fields, block, result.total)
}

pub(super) fn read_theft(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let version = frame.version_of(fields)?.clone();
    let name = fields.text(&["name", "title", "note"])?;
    let purpose = fields.choice(
        &["purpose", "for", "use"],
        &[(&["power", "动力"], Purpose::Power), (&["lighting", "照明"], Purpose::Lighting)],
    )?;
    let amperes = fields.amount(&["amperes", "current_a", "meter_current"])?;
    let volts = fields.amount(&["volts", "voltage"])?;
    let phases = fields.count(&["phases"], 1, 3)?.unwrap_or(1);
    let capacity = fields.amount(&["kw", "kva", "power_kw", "capacity_kw", "capacity_kva"])?;
    let stolen = match (fields.amount(&["kwh", "energy_kwh"])?, capacity, amperes) {
        (Some(kwh), _, _) => Stolen::Energy(kwh),
        (None, Some(capacity), _) => Stolen::Capacity(capacity),
        (None, None, Some(amperes)) => {
            Stolen::MeterCurrent { amperes, volts: volts.unwrap_or(default_quantity(220)), phases }
        }
        (None, None, None) => {
            return Err(fields.refuse(
                "窃电量须给出 kwh、kw（设备容量）或 amperes（表计电流）之一",
                "the stolen energy is given by `kwh`, `kw` (of the equipment) or `amperes` (of the meter)",
            ));
        }
    };
    let case = Theft {
        stolen,
        purpose: purpose.unwrap_or(Purpose::Power),
        days: days_of(fields, &version)?,
        hours_per_day: fields.amount(&["hours_per_day", "hours"])?,
        price: fields.amount(&["price", "energy_price"])?.ok_or_else(|| missing(fields, "电价", "price"))?,
        multiple: fields.amount(&["multiple", "penalty_multiple"])?,
    };
    fields.finish()?;
    let result = theft(&case, &version).map_err(|error| charge_error(fields, &error))?;
    let wrong = overflow(fields);
    let prefix = format!("theft.{number}");
    figures.quantity(&[&format!("{prefix}.kwh")], result.energy);
    figures.money(&[&format!("{prefix}.back_bill")], result.back_bill);
    figures.money(&[&format!("{prefix}.penalty")], result.penalty);
    figures.money(&[&prefix, &format!("{prefix}.total")], result.total);
    figures.add_money("theft", result.total).map_err(&wrong)?;
    figures.add_money("back_bill", result.back_bill).map_err(&wrong)?;
    figures.add_money("penalty", result.penalty).map_err(&wrong)?;
    let block = headed("窃电", "Theft", number, name, &result.rule, result.steps);
    sections.add(fields, block, result.total)
}
