//! Parts of a plan that are copied and checked: tiers and basic charge.

use kernel::{Price, Quantity, Rate};
use smallvec::SmallVec;

use super::PriceTable;
use super::schedule::months;
use super::schema::{OneOrByPeriod, TierPeriod, Tiers, Voltage};
use crate::engine::{BasicPlan, LoadDiscount, PriceSet, Thresholds, TierPlan};
use crate::error::TableError;
use crate::model::{Category, Period};

fn thresholds(table: &PriceTable, cell: &toml::Spanned<[Quantity; 2]>) -> Result<Thresholds, TableError> {
    let until = *cell.as_ref();
    if until[0] <= Quantity::ZERO || until[1] <= until[0] {
        return Err(table.source().error(
            cell.span(),
            "阶梯分界须大于零且递增",
            "thresholds must be above zero and rise",
        ));
    }
    Ok(Thresholds { until })
}

fn of_month(table: &PriceTable, tiers: &Tiers) -> Result<[Thresholds; 12], TableError> {
    let source = table.source();
    let mut found: [Option<Thresholds>; 12] = [None; 12];
    if let Some(cell) = &tiers.thresholds {
        found = [Some(thresholds(table, cell)?); 12];
    }
    if tiers.period == TierPeriod::Year && !tiers.season.is_empty() {
        return Err(source.error(tiers.code.span(), "按年阶梯不分季", "tiers by the year have no seasons"));
    }
    for season in &tiers.season {
        let of_season = thresholds(table, &season.as_ref().thresholds)?;
        let marked = months(&source, &season.as_ref().months)?;
        for (slot, _) in found.iter_mut().zip(marked).filter(|(_, marked)| *marked) {
            *slot = Some(of_season);
        }
    }
    let mut all = [Thresholds { until: [Quantity::ZERO; 2] }; 12];
    for (place, (slot, found)) in all.iter_mut().zip(found).enumerate() {
        *slot = found.ok_or_else(|| {
            source.error(
                tiers.code.span(),
                format!("{} 月没有阶梯分界", place + 1),
                format!("month {} has no thresholds", place + 1),
            )
        })?;
    }
    Ok(all)
}

/// Tiers of a plan whose base prices are `seasons`.
pub(super) fn tier_plan(
    table: &PriceTable,
    tiers: &Tiers,
    seasons: &[PriceSet],
) -> Result<TierPlan, TableError> {
    let source = table.source();
    let base = |period: Period| seasons.iter().find_map(|prices| prices.energy[period.index()]);
    let mut add_on = [[Price::ZERO; Period::COUNT]; 2];
    let mut by_period = false;
    for (row, cell) in add_on.iter_mut().zip(tiers.add_on.as_ref()) {
        match cell {
            OneOrByPeriod::One(price) => *row = [*price; Period::COUNT],
            OneOrByPeriod::ByPeriod(of) => {
                by_period = true;
                for period in Period::ALL {
                    match of.get(&period) {
                        Some(price) => row[period.index()] = *price,
                        None if base(period).is_some() => {
                            let key = period.key();
                            return Err(source.error(
                                tiers.add_on.span(),
                                format!("{key} 时段没有阶梯加价"),
                                format!("no tier addition is named for the {key} period"),
                            ));
                        }
                        None => {}
                    }
                }
            }
        }
    }
    let (allowance_kwh, free_kwh) = (tiers.allowance_kwh, tiers.free_kwh);
    let free_price = tiers.free_price.or(base(Period::Total));
    if !free_kwh.is_zero() && free_price.is_none() {
        return Err(source.error(
            tiers.code.span(),
            "分时电价须写明免费电量的退还单价 free_price",
            "a price by time of day needs free_price, at which free kWh are given back",
        ));
    }
    if add_on.as_flattened().iter().any(|price| price.is_negative()) {
        return Err(source.error(
            tiers.add_on.span(),
            "阶梯加价不得为负",
            "the additions of tiers must not be negative",
        ));
    }
    if allowance_kwh.is_negative() || free_kwh.is_negative() {
        let at = tiers.code.span();
        return Err(source.error(
            at,
            "加量和免费电量不得为负",
            "allowance and free kWh must not be negative",
        ));
    }
    Ok(TierPlan {
        by_year: tiers.period == TierPeriod::Year,
        of_month: of_month(table, tiers)?,
        add_on,
        add_on_by_period: by_period,
        persons_from: tiers.persons_from,
        allowance_kwh,
        free_kwh,
        free_price: free_price.unwrap_or_default(),
    })
}

/// The basic charge of a two-part class.
pub(super) fn basic_plan(
    table: &PriceTable,
    category: Category,
    voltage: &Voltage,
) -> Result<Option<BasicPlan>, TableError> {
    let source = table.source();
    let prices: SmallVec<[_; 3]> =
        [&voltage.capacity, &voltage.demand, &voltage.actual_demand].into_iter().flatten().collect();
    for cell in &prices {
        if cell.as_ref().is_negative() {
            return Err(source.error(cell.span(), "不得为负", "must not be negative"));
        }
    }
    if category != Category::TwoPart {
        return match prices.first() {
            None => Ok(None),
            Some(cell) => Err(source.error(
                cell.span(),
                "只有两部制有基本电价",
                "only a two-part class has basic prices",
            )),
        };
    }
    let Some(rules) = table.raw.basic.as_ref().filter(|_| !prices.is_empty()) else {
        return Err(source.error(
            voltage.level.span(),
            "两部制须有基本电价（capacity 或 demand）和 [basic] 规则",
            "a two-part class needs a basic price (capacity or demand) and the rules of [basic]",
        ));
    };
    for cell in [&rules.floor, &rules.allowance, &rules.excess_factor] {
        if cell.as_ref().is_negative() {
            return Err(source.error(cell.span(), "不得为负", "must not be negative"));
        }
    }
    if *rules.allowance.as_ref() < Rate::ONE || *rules.floor.as_ref() > Rate::ONE {
        return Err(source.error(
            rules.allowance.span(),
            "allowance 须不小于 1，floor 须不大于 1",
            "allowance must be at least 1 and floor at most 1",
        ));
    }
    Ok(Some(BasicPlan {
        capacity: voltage.capacity.as_ref().map(|cell| *cell.as_ref()),
        demand: voltage.demand.as_ref().map(|cell| *cell.as_ref()),
        actual_demand: voltage.actual_demand.as_ref().map(|cell| *cell.as_ref()),
        floor: *rules.floor.as_ref(),
        allowance: *rules.allowance.as_ref(),
        excess_reading_a: rules.excess_reading == super::schema::ExcessReading::A,
        excess_factor: *rules.excess_factor.as_ref(),
        discount: rules.load_discount.as_ref().map(|discount| LoadDiscount {
            from_kwh_per_kva: discount.from_kwh_per_kva,
            factor: *discount.factor.as_ref(),
            from: discount.from.0,
            to: discount.to.map(|day| day.0),
        }),
        in_power_factor_base: rules.in_power_factor_base,
        vat: *table.raw.vat.as_ref(),
    }))
}
