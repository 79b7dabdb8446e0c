//! From what a file says to what the engine reads: plans, rules and one account with its period.

use kernel::{Bilingual, Lang, Text};
use smallvec::SmallVec;

use super::agreement::{agreement, demand_or_nothing};
use super::catalog::Catalog;
use super::compile::compile;
use super::error::Quoted;
use super::fields::{Fields, nearest};
use super::node::{Node, Source as File, Start};
use super::period::{Household, PricedPeriod};
use super::points::{DraftPoint, Energy, REACTIVE};
use super::power_factor::{
    force_power_factor, show_power_factor, standard_of, take_power_factor, wanted_hundredths,
};
use super::price::Draft;
use super::supply::{Basis, DraftSupply};
use crate::charges::vat_rate;
use crate::engine::{Plans, Rules, calculate};
use crate::error::{Refusal, RefusedToBill};
use crate::model::{AccountPeriod, BasicMethod, Bill, Category, Period, PlanId, Point};
use crate::table::PriceTable;

/// A priced account: the bill and everything that explains it.
#[derive(Debug, Clone)]
pub(super) struct Priced {
    pub plans: Plans,
    pub rules: Rules,
    pub input: AccountPeriod,
    pub names: Vec<String>,
    pub bill: Bill,
}

/// What the parts of a file say, before the engine sees it.
pub(super) struct Parts<'a> {
    pub file: File<'a>,
    pub main: DraftPoint,
    pub points: Vec<DraftPoint>,
    /// Prices by name: `[prices.NAME]`.
    pub prices: Vec<(String, &'a Node)>,
    pub supply: DraftSupply,
    pub household: Household,
    pub period: PricedPeriod,
    pub rules: Rules,
    /// Tables beside those that the program carries.
    pub tables: &'a [PriceTable],
}

impl Parts<'_> {
    /// Is there an account to price at all?
    pub fn has_account(&self) -> bool {
        self.main.has_energy() || !self.points.is_empty() || self.supply.is_given()
    }
}

/// The rules of the program, or only the version that the file names.
pub(super) fn rules_of(fields: &Fields<'_>, version: Option<&str>) -> Quoted<Rules> {
    let mut rules = Rules::shipped().map_err(|error| fields.refuse(error.zh, error.en))?;
    if let Some(version) = version {
        let named = |code: &str| code == version || code.rsplit('-').next() == Some(version);
        let known: Vec<String> = rules.regulations.iter().map(|regulation| regulation.code.clone()).collect();
        rules.regulations.retain(|regulation| named(&regulation.code));
        if rules.regulations.is_empty() {
            let years: Vec<&str> = known.iter().filter_map(|code| code.rsplit('-').next()).collect();
            return Err(fields.refuse_at(
                &["rules", "regulation"],
                format!("没有 {version} 版规则；现有：{}", years.join("、")),
                format!("there are no rules {version}; there are: {}", years.join(", ")),
            ));
        }
        rules.regulations.truncate(1);
    }
    Ok(rules)
}

/// Prices the account of `parts`.
pub(super) fn price(parts: &Parts<'_>, notes: &mut Vec<Text>) -> Quoted<Priced> {
    let file = parts.file;
    let mut catalog = Catalog::new(parts.tables);
    let drafts = ordered(parts);
    let names: Vec<String> = drafts.iter().map(|draft| draft.name.clone()).collect();
    let mut plan_ids: Vec<PlanId> = Vec::new();
    for (place, draft) in drafts.iter().enumerate() {
        plan_ids.push(plan_of(parts, draft, place, &mut catalog, notes)?);
    }
    let mut rules = parts.rules.clone();
    let mut input = AccountPeriod {
        from: parts.period.from,
        to: parts.period.to,
        month: parts.period.month,
        points: SmallVec::new(),
        tiers: None,
        supply: None,
    };
    let mut tiered = parts.household.given;
    for (place, draft) in drafts.iter().enumerate() {
        let plan = catalog.plans.get(plan_ids[place]);
        tiered |= plan.is_some_and(|plan| plan.tiers.is_some());
        let (divided, rest) =
            plan.map_or((false, Period::Flat), |plan| (plan.time_of_use.is_some(), plan.rest_period));
        // Time-of-use prices without a reading by period: all of it at the flat price, as the table prints it.
        let flat = plan.is_some_and(|plan| {
            plan.seasons.iter().all(|season| season.energy[Period::Flat.index()].is_some())
        });
        if flat && draft.total_only() {
            notes.push(Text::new(
                format!("“{}”没有分时电量，全部按平段计算", draft.name),
                format!("`{}` has no energy by period; all of it is taken as flat", draft.name),
            ));
        }
        let parent = match &draft.energy {
            Energy::Fixed(_, of) | Energy::Ratio(_, of) => parent_place(file, &names, of.as_ref(), place)?,
            _ => 0,
        };
        let deducted_from = match &draft.sub_meter_of {
            Some(of) => Some(parent_place(file, &names, Some(of), place)?),
            None => None,
        };
        let reactive = draft.kvarh.is_some() || draft.energy.reads(&REACTIVE);
        let part = matches!(draft.energy, Energy::Fixed(..) | Energy::Ratio(..));
        let in_power_factor = draft.in_power_factor.unwrap_or(place == 0 || reactive);
        input.points.push(Point {
            plan: plan_ids[place],
            source: draft.source(file, divided, flat, rest, parent)?,
            deducted_from,
            bears_transformer_loss: draft.transformer_loss.unwrap_or(parts.supply.loss.is_some() && !part),
            bears_line_loss: draft.line_loss.unwrap_or(parts.supply.line_loss.is_some() && !part),
            in_power_factor,
            in_power_factor_base: draft.in_power_factor_base.unwrap_or(in_power_factor),
        });
    }
    if tiered {
        input.tiers = Some(parts.household.state);
    }
    let main_plan = catalog.plans.get(plan_ids[0]).cloned();
    let category = main_plan.as_ref().map_or(Category::SinglePart, |plan| plan.category);
    let standard = standard_of(parts, &drafts, category, notes);
    if parts.supply.is_given()
        || standard.is_some()
        || main_plan.as_ref().is_some_and(|plan| plan.basic.is_some())
    {
        let supply = agreement(parts, &drafts, main_plan.as_ref(), standard, &mut rules, notes)?;
        if let BasicMethod::ContractDemand(feeds) = &supply.basic {
            for feed in feeds {
                let place = usize::from(feed.point);
                if let Some(point) = input.points.get_mut(place) {
                    demand_or_nothing(&mut point.source, &names[place], notes);
                }
            }
        }
        input.supply = Some(Box::new(supply));
    }
    let refused = |error: &RefusedToBill| {
        let span = refusal_span(drafts.get(usize::from(error.point)), &error.reason);
        file.refuse(&span, error.text(Lang::Zh), error.text(Lang::En))
    };
    let mut bill = Bill::new();
    calculate(&catalog.plans, &rules, &input, &mut bill).map_err(|error| refused(&error))?;
    if let Some(wanted) = wanted_hundredths(parts, standard, &rules)? {
        force_power_factor(parts, &mut input, &bill, wanted)?;
        calculate(&catalog.plans, &rules, &input, &mut bill).map_err(|error| refused(&error))?;
        if bill.power_factor.is_some_and(|result| result.hundredths == wanted) {
            notes.push(Text::new(
                "功率因数为文件给定，无功电量由其反推",
                "the power factor is given by the file; the kvarh shown are derived from it",
            ));
        } else {
            // Too little energy for whole kvarh to make this factor.
            let table = rules.power_factor;
            take_power_factor(&mut rules, &mut input, standard, wanted);
            calculate(&catalog.plans, &rules, &input, &mut bill).map_err(|error| refused(&error))?;
            if bill.power_factor.is_none() {
                return Err(file.refuse(
                    &parts.supply.power_factor.span,
                    "没有电量，无法按给定的功率因数计算；请给 energy_charge 与 basic_charge",
                    "there is no energy for the given power factor; give `energy_charge` and `basic_charge`",
                ));
            }
            show_power_factor(&mut bill, &mut input, wanted);
            rules.power_factor = table;
            notes.push(Text::new("功率因数为文件给定", "the power factor is given by the file"));
        }
    }
    Ok(Priced { plans: catalog.plans, rules, input, names, bill })
}

/// The place in the file that a refusal of the engine is about.
fn refusal_span(draft: Option<&DraftPoint>, reason: &Refusal) -> Start {
    let Some(draft) = draft else { return 0 };
    match reason {
        Refusal::RegisterBackwards { .. }
        | Refusal::ReadingOutOfRange { .. }
        | Refusal::MeterRecord
        | Refusal::RegisterTwice(_)
        | Refusal::NoActiveEnergy
        | Refusal::NotDivided
        | Refusal::DeductedTooMuch { .. }
        | Refusal::NoDemand => draft.energy_span,
        Refusal::TableNotInForce(_) | Refusal::NoBasicPrice | Refusal::NoPriceForPeriod(_) => {
            draft.price_span
        }
        _ => draft.span,
    }
}

/// The main point first.
fn ordered(parts: &Parts<'_>) -> Vec<DraftPoint> {
    let mut drafts = parts.points.clone();
    if parts.main.has_energy() || drafts.is_empty() {
        drafts.insert(0, parts.main.clone());
    } else if let Some(first) =
        drafts.iter().position(|draft| !matches!(draft.energy, Energy::Fixed(..) | Energy::Ratio(..)))
    {
        drafts[..=first].rotate_right(1);
    }
    drafts
}

fn plan_of(
    parts: &Parts<'_>,
    draft: &DraftPoint,
    place: usize,
    catalog: &mut Catalog<'_>,
    notes: &mut Vec<Text>,
) -> Quoted<PlanId> {
    let file = parts.file;
    let mut price = draft.price.clone();
    if let Some((name, span)) = price.table.clone() {
        match parts.prices.iter().find(|(known, _)| *known == name) {
            Some((_, node)) => {
                let mut named = Draft { table: None, ..price };
                named.read(file, node)?;
                named.name.get_or_insert(name);
                price = named;
            }
            None => {
                let known = parts.prices.iter().map(|(known, _)| known.as_str());
                if let Some(near) = nearest(&name, known) {
                    return Err(file.refuse(
                        &span,
                        format!("没有电价“{name}”，是否指“{near}”？"),
                        format!("there is no price `{name}`; did you mean `{near}`?"),
                    ));
                }
            }
        }
    }
    let top = &parts.main.price;
    inherit(&mut price, top, place == 0, !draft.priced);
    if let Some((table, span)) = price.table.clone() {
        let own = &draft.price;
        if own.table.is_some()
            && (own.energy.iter().any(Option::is_some)
                || own.factors.iter().any(Option::is_some)
                || !own.components.is_empty()
                || own.tiers.is_some()
                || own.capacity.or(own.demand).or(own.actual_demand).is_some())
        {
            return Err(file.refuse(
                &span,
                "电价表与自写的电价只能用其一",
                "a price table has its own prices; leave out either the table or the prices beside it",
            ));
        }
        let divided = !draft.total_only() && matches!(draft.energy, Energy::Given(_) | Energy::Meters(_));
        return catalog.plan_of_table(file, &table, &span, &price, divided);
    }
    let silent = price.energy.iter().all(Option::is_none)
        && price.components.is_empty()
        && price.tiers.as_ref().is_none_or(|tiers| tiers.prices.is_empty());
    if silent && !matches!(draft.energy, Energy::None) {
        return Err(file.refuse(
            &draft.span,
            format!("计量点“{}”没有电价：请给出 price", draft.name),
            format!("the point `{}` has no price: give `price`", draft.name),
        ));
    }
    if price.name.is_none() && draft.name != "main" {
        price.name = Some(draft.name.clone());
    }
    if place == 0 && price.capacity.is_none() && price.demand.is_none() && price.actual_demand.is_none() {
        let demand = parts.supply.contract_kw.is_some()
            || matches!(parts.supply.basis, Some(Basis::Contract | Basis::Actual));
        if demand {
            price.demand = Some(kernel::Price::ZERO);
            notes.push(Text::new("未给出需量电价，按 0 计", "no demand price is given; 0 is taken"));
        }
    }
    if price.vat.is_none() {
        // The prices of the last day of the period apply to all of it, and so does the tax inside them.
        let last = parts.period.to.plus_days(-1).unwrap_or(parts.period.from);
        let rate = vat_rate(last)
            .map_err(|error| file.refuse(&draft.span, error.text(Lang::Zh), error.text(Lang::En)))?;
        price.vat = Some(rate);
    }
    compile(file, &draft.price_span, &price, catalog, notes)
}

/// What a price takes from the top of the file: basic charge for the main point, funds and VAT for all, everything
/// for a point without a price of its own.
fn inherit(price: &mut Draft, top: &Draft, main: bool, all: bool) {
    price.funds = price.funds.take().or_else(|| top.funds.clone());
    price.vat = price.vat.or(top.vat);
    price.round = price.round.or(top.round);
    if all {
        for (slot, given) in price.energy.iter_mut().zip(top.energy) {
            *slot = slot.or(given);
        }
        for (slot, given) in price.factors.iter_mut().zip(top.factors) {
            *slot = slot.or(given);
        }
        if price.components.is_empty() {
            price.components = top.components.clone();
        }
        price.tiers = price.tiers.take().or_else(|| top.tiers.clone());
        price.table = price.table.take().or_else(|| top.table.clone());
    }
    price.class = price.class.take().or_else(|| top.class.clone());
    price.voltage = price.voltage.take().or_else(|| top.voltage.clone());
    if main || all {
        price.category = price.category.or(top.category);
    }
    if main {
        price.capacity = price.capacity.or(top.capacity);
        price.demand = price.demand.or(top.demand);
        price.actual_demand = price.actual_demand.or(top.actual_demand);
        price.floor = price.floor.or(top.floor);
        price.allowance = price.allowance.or(top.allowance);
        price.reading_a = price.reading_a.or(top.reading_a);
        price.excess_factor = price.excess_factor.or(top.excess_factor);
        price.discount = price.discount.or(top.discount);
    } else if all {
        (price.capacity, price.demand, price.actual_demand) = (None, None, None);
    }
}

fn parent_place(file: File<'_>, names: &[String], of: Option<&(String, Start)>, own: usize) -> Quoted<u8> {
    let Some((name, span)) = of else { return Ok(0) };
    let place = names.iter().position(|known| known == name);
    let number = name.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    match place.or(number).filter(|place| *place < names.len() && *place != own) {
        Some(place) => Ok(u8::try_from(place).unwrap_or(u8::MAX)),
        None => Err(file.refuse(
            span,
            format!("没有计量点“{name}”；现有：{}", names.join("、")),
            format!("there is no other point `{name}`; there are: {}", names.join(", ")),
        )),
    }
}
