//! From what a file says about a price to a compiled plan.

use kernel::{FigureError, Price, Quantity, Rate, Text};
use smallvec::{SmallVec, smallvec};

use super::catalog::{Catalog, ENERGY, always};
use super::error::Quoted;
use super::fields::figure_error;
use super::node::{Source, Start};
use super::price::{Draft, DraftComponent, DraftTiers, default_rate, times};
use crate::engine::{
    BasicPlan, LoadDiscount, Plan, PlanFund, PlanPart, PlanRequest, PriceSet, Thresholds, TierPlan,
};
use crate::model::{Category, Period, PlanId, VoltageLevel};

/// Compiles `draft`, its VAT rate named; remarks on what was presumed go to `notes`.
pub(super) fn compile(
    source: Source<'_>,
    span: &Start,
    draft: &Draft,
    catalog: &mut Catalog<'_>,
    notes: &mut Vec<Text>,
) -> Quoted<PlanId> {
    let wrong = |error: FigureError| figure_error(source, span, &error);
    let vat = draft.vat.unwrap_or_default();
    let base = base_prices(draft);
    let mut parts: SmallVec<[PlanPart; 2]> = SmallVec::new();
    let mut set = PriceSet::default();
    let factors = factors(source, span, draft, &base)?;
    let components = components(draft, &base);
    for (component, own) in &components {
        let id = catalog.component(&component.name, false);
        parts.push(PlanPart {
            component: id,
            in_power_factor_base: component.in_power_factor_base,
            floats: component.floats,
            vat,
        });
        let mut prices = [Price::ZERO; Period::COUNT];
        for period in Period::ALL {
            let place = period.index();
            prices[place] = match (own[place], component.floats, factors[place]) {
                (Some(price), _, _) => price,
                (None, true, Some(factor)) => times(component.price, factor, draft.round).map_err(wrong)?,
                (None, _, _) => component.price,
            };
        }
        set.parts.push(prices);
    }
    let divided = Period::DIVIDED.iter().any(|period| {
        let place = period.index();
        base[place].is_some() || factors[place].is_some()
    });
    for period in Period::ALL {
        let place = period.index();
        let priced = if divided {
            period != Period::Total && (base[place].is_some() || factors[place].is_some())
        } else {
            period == Period::Total
        };
        if priced {
            let sum = Price::sum(set.parts.iter().map(|prices| prices[place])).map_err(wrong)?;
            set.energy[place] = Some(sum);
        }
    }
    let mut funds: SmallVec<[PlanFund; 2]> = SmallVec::new();
    for (contained, list) in [(false, draft.funds.as_deref().unwrap_or_default()), (true, &draft.contained)] {
        for (name, price) in list {
            let component = catalog.component(name, true);
            funds.push(PlanFund { component, price: *price, contained, vat: Rate::ZERO });
        }
    }
    let tiers = match &draft.tiers {
        Some(tiers) => Some(tier_plan(source, tiers, &set, notes)?),
        None => None,
    };
    let basic = basic_plan(draft, vat);
    let category = draft.category.unwrap_or(if tiers.is_some() {
        Category::Residential
    } else if basic.is_some() {
        Category::TwoPart
    } else {
        Category::SinglePart
    });
    let rest_period = match set.energy[Period::Flat.index()] {
        _ if !divided => Period::Total,
        Some(_) => Period::Flat,
        None => Period::Peak,
    };
    Ok(catalog.add(Plan {
        table: "inline".into(),
        version: 1,
        from: always(),
        to: None,
        request: PlanRequest::new(category.key(), VoltageLevel::Below1kv),
        name: draft.name.as_deref().map_or_else(|| Text::new("文件内电价", "price in the file"), said),
        category,
        seasons: smallvec![set],
        season_of_month: [0; 12],
        parts,
        funds,
        time_of_use: divided.then(|| "inline".to_owned()),
        rest_period,
        tiers,
        basic,
        power_factor_vat: vat,
    }))
}

fn said(name: &str) -> Text {
    Text::new(name, name)
}

/// The prices by period, of tier 1 where the file gives absolute tier prices.
fn base_prices(draft: &Draft) -> [Option<Price>; Period::COUNT] {
    let first = draft.tiers.as_ref().and_then(|tiers| tiers.prices.first()).copied().unwrap_or_default();
    let mut base = draft.energy;
    for (slot, tier) in base.iter_mut().zip(first) {
        *slot = slot.or(tier);
    }
    base
}

/// Factors on the flat price: those given, and 1 for flat when any is given.
fn factors(
    source: Source<'_>,
    span: &Start,
    draft: &Draft,
    base: &[Option<Price>; Period::COUNT],
) -> Quoted<[Option<Rate>; Period::COUNT]> {
    let mut factors = draft.factors;
    let flat = Period::Flat.index();
    if factors.iter().all(Option::is_none) {
        return Ok(factors);
    }
    if base[0].is_some() || !draft.components.is_empty() {
        factors[flat] = factors[flat].or(Some(Rate::ONE));
    } else if base[flat].is_none() {
        return Err(source.refuse(
            span,
            "倍率所乘的平段电价未给出：请给出 flat",
            "the factors have no flat price to multiply: give `flat`",
        ));
    }
    Ok(factors)
}

/// The components of the price, each with prices of its own by period where the file gives them.
fn components(
    draft: &Draft,
    base: &[Option<Price>; Period::COUNT],
) -> Vec<(DraftComponent, [Option<Price>; Period::COUNT])> {
    if !draft.components.is_empty() {
        return draft.components.iter().map(|each| (each.clone(), [None; Period::COUNT])).collect();
    }
    let flat = base[Period::Flat.index()].or(base[0]).unwrap_or_default();
    let mut own = *base;
    own[0] = own[0].or(Some(flat));
    let energy =
        DraftComponent { name: ENERGY.to_owned(), price: flat, floats: true, in_power_factor_base: true };
    vec![(energy, own)]
}

fn basic_plan(draft: &Draft, vat: Rate) -> Option<BasicPlan> {
    if draft.capacity.is_none() && draft.demand.is_none() && draft.actual_demand.is_none() {
        return None;
    }
    Some(BasicPlan {
        capacity: draft.capacity,
        demand: draft.demand,
        actual_demand: draft.actual_demand.or(draft.demand),
        floor: draft.floor.unwrap_or_else(|| default_rate("0.4")),
        allowance: draft.allowance.unwrap_or_else(|| default_rate("1.05")),
        excess_reading_a: draft.reading_a.unwrap_or(true),
        excess_factor: draft.excess_factor.unwrap_or_else(|| default_rate("2")),
        discount: draft.discount.map(|(from_kwh_per_kva, factor)| LoadDiscount {
            from_kwh_per_kva,
            factor,
            from: always(),
            to: None,
        }),
        in_power_factor_base: true,
        vat,
    })
}

/// More kWh than any household uses: the end of a tier that has none.
const NO_END: Quantity = TierPlan::NO_END;

/// The largest allowance or free energy of a month.
const MONTHLY_MAX: Quantity = Quantity::from_units(1_000_000 * Quantity::SCALE);

fn tier_plan(
    source: Source<'_>,
    tiers: &DraftTiers,
    set: &PriceSet,
    notes: &mut Vec<Text>,
) -> Quoted<TierPlan> {
    let thresholds = |until: &[Quantity]| -> Quoted<Thresholds> {
        let first = until.first().copied().unwrap_or(NO_END);
        let second = until.get(1).copied().unwrap_or(NO_END);
        if until.len() > 2 || second < first {
            return Err(source.refuse(
                &tiers.span,
                "阶梯分界须为一或两个递增的电量",
                "tiers end at one or two rising quantities; the last tier has no end",
            ));
        }
        Ok(Thresholds { until: [first, second] })
    };
    if tiers.until.is_empty() && tiers.seasons.is_empty() {
        return Err(source.refuse(
            &tiers.span,
            "阶梯缺少分界电量，例如 until = [2760, 4800]",
            "the tiers need the kWh at which they end, for example until = [2760, 4800]",
        ));
    }
    if [tiers.allowance_kwh, tiers.free_kwh].into_iter().flatten().any(|kwh| kwh > MONTHLY_MAX) {
        return Err(source.refuse(
            &tiers.span,
            "每月增加或免费的电量过大",
            "the allowance or the free energy of a month is too large",
        ));
    }
    let usual = thresholds(&tiers.until)?;
    let mut of_month = [usual; 12];
    for (months, until) in &tiers.seasons {
        let season = thresholds(until)?;
        for month in months {
            if let Some(slot) = usize::try_from(month - 1).ok().and_then(|place| of_month.get_mut(place)) {
                *slot = season;
            }
        }
    }
    let by_year = tiers.by_year.unwrap_or_else(|| {
        let year = tiers.seasons.is_empty() && usual.until[0] >= Quantity::from_units(1000 * Quantity::SCALE);
        notes.push(if year {
            Text::new("未说明阶梯周期，按年计算", "the tiers do not say their period; counted by year")
        } else {
            Text::new("未说明阶梯周期，按月计算", "the tiers do not say their period; counted by month")
        });
        year
    });
    if by_year && !tiers.seasons.is_empty() {
        return Err(source.refuse(
            &tiers.span,
            "按年的阶梯没有季节",
            "tiers counted by year have no seasons",
        ));
    }
    let mut add_on = [[Price::ZERO; Period::COUNT]; 2];
    let mut add_on_by_period = false;
    for (place, add) in add_on.iter_mut().enumerate() {
        let given = tiers.add.get(place);
        let absolute = tiers.prices.get(place + 1);
        for period in Period::ALL {
            let slot = period.index();
            let base = set.energy[slot].or(set.energy[0]);
            let addition = match (given, absolute) {
                (Some(given), _) => given[slot].or(given[0]),
                (None, Some(absolute)) => match (absolute[slot].or(absolute[0]), base) {
                    (Some(price), Some(base)) => {
                        Some(price.minus(base).map_err(|error| figure_error(source, &tiers.span, &error))?)
                    }
                    _ => None,
                },
                (None, None) => None,
            };
            if (given.is_some() || absolute.is_some()) && set.energy[slot].is_some() && addition.is_none() {
                let key = period.key();
                return Err(source.refuse(
                    &tiers.span,
                    format!("{key} 时段没有阶梯电价或加价"),
                    format!("no tier price or addition is named for the {key} period"),
                ));
            }
            add[slot] = addition.unwrap_or_default();
        }
        let divided: SmallVec<[Price; 6]> = Period::DIVIDED
            .iter()
            .filter(|p| set.energy[p.index()].is_some())
            .map(|p| add[p.index()])
            .collect();
        if divided.windows(2).any(|pair| pair[0] != pair[1]) {
            add_on_by_period = true;
        } else if let Some(same) = divided.first() {
            add[0] = *same;
        }
    }
    let missing =
        if tiers.until.len().max(tiers.seasons.iter().map(|(_, until)| until.len()).max().unwrap_or(0)) > 1 {
            2
        } else {
            1
        };
    if tiers.add.len() < missing && tiers.prices.len() < missing + 1 {
        return Err(source.refuse(
            &tiers.span,
            "每一档都要有电价（prices）或加价（add）",
            "each tier needs a price (`prices`) or an addition (`add`)",
        ));
    }
    let free_price = set.energy[0].or(set.energy[Period::Flat.index()]).or(set.energy[Period::Peak.index()]);
    Ok(TierPlan {
        by_year,
        of_month,
        add_on,
        add_on_by_period,
        persons_from: tiers.persons_from.and_then(|from| u8::try_from(from).ok()).unwrap_or(5),
        allowance_kwh: tiers.allowance_kwh.unwrap_or_default(),
        free_kwh: tiers.free_kwh.unwrap_or_default(),
        free_price: free_price.unwrap_or_default(),
    })
}
