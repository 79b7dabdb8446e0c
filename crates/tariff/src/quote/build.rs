//! From what a file says to what the engine reads: plans, rules and one account with its period.

use kernel::{Bilingual, Date, Lang, Quantity, Text};
use smallvec::SmallVec;

use super::catalog::Catalog;
use super::compile::compile;
use super::error::Quoted;
use super::fields::{Fields, nearest};
use super::node::{Node, Source as File, Span};
use super::period::{Household, PricedPeriod};
use super::points::{DraftPoint, Energy};
use super::price::Draft;
use super::supply::{Basis, DraftLineLoss, DraftLoss, DraftState, DraftSupply};
use crate::engine::{Plans, Rules, adjustment, calculate};
use crate::error::RefusedToBill;
use crate::model::{
    AccountPeriod, BasicMethod, Bill, Category, DemandFeed, LineLoss, LossModelId, Period, PlanId, Point,
    PowerFactorStandard, Reading, Register, Source, SupplyAgreement, Transformer, TransformerChange,
    TransformerEvent, TransformerLoss, TransformerState,
};

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
    let mut catalog = Catalog::new();
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
        let parent = match &draft.energy {
            Energy::Fixed(_, of) | Energy::Ratio(_, of) => parent_place(file, &names, of.as_ref(), place)?,
            _ => 0,
        };
        let deducted_from = match &draft.sub_meter_of {
            Some(of) => Some(parent_place(file, &names, Some(of), place)?),
            None => None,
        };
        let reactive = draft.kvarh.is_some() || has_reactive(&draft.energy);
        let part = matches!(draft.energy, Energy::Fixed(..) | Energy::Ratio(..));
        let in_power_factor = draft.in_power_factor.unwrap_or(place == 0 || reactive);
        input.points.push(Point {
            plan: plan_ids[place],
            source: draft.source(file, divided, rest, parent)?,
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
        let span = drafts.get(usize::from(error.point)).map_or(0..0, |draft| draft.span.clone());
        file.refuse(&span, error.text(Lang::Zh), error.text(Lang::En))
    };
    let mut bill = Bill::new();
    calculate(&catalog.plans, &rules, &input, &mut bill).map_err(|error| refused(&error))?;
    if let Some(wanted) = wanted_hundredths(parts, standard, &rules)? {
        force_power_factor(parts, &mut input, &bill, wanted)?;
        calculate(&catalog.plans, &rules, &input, &mut bill).map_err(|error| refused(&error))?;
        if bill.power_factor.is_none_or(|result| result.hundredths != wanted) {
            return Err(file.refuse(
                &parts.supply.power_factor.span,
                "电量太小，无法按给定的功率因数计算；请改给无功电量",
                "there is too little energy for the given power factor; give kvarh instead",
            ));
        }
        notes.push(Text::new(
            "功率因数为文件给定，无功电量由其反推",
            "the power factor is given by the file; the kvarh shown are derived from it",
        ));
    }
    Ok(Priced { plans: catalog.plans, rules, input, names, bill })
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
    catalog: &mut Catalog,
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
            None if !parts.prices.is_empty() => {
                let known = parts.prices.iter().map(|(known, _)| known.as_str());
                if let Some(near) = nearest(&name, known) {
                    return Err(file.refuse(
                        &span,
                        format!("没有电价“{name}”，是否指“{near}”？"),
                        format!("there is no price `{name}`; did you mean `{near}`?"),
                    ));
                }
            }
            None => {}
        }
    }
    let top = &parts.main.price;
    inherit(&mut price, top, place == 0, !draft.priced);
    if let Some((table, span)) = price.table.clone() {
        return catalog.from_table(file, &table, &span, &price);
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
    if price.name.is_none() && (place > 0 || draft.name != "main") {
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
    compile(file, &draft.span, &price, catalog, notes)
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

fn parent_place(file: File<'_>, names: &[String], of: Option<&(String, Span)>, own: usize) -> Quoted<u8> {
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

fn has_reactive(energy: &Energy) -> bool {
    let reactive =
        |reading: &Reading| matches!(reading.register, Register::ReactiveForward | Register::ReactiveReverse);
    matches!(energy, Energy::Meters(meters) if meters.iter().any(|meter| meter.readings.iter().any(reactive)))
}

fn standard_of(
    parts: &Parts<'_>,
    drafts: &[DraftPoint],
    category: Category,
    notes: &mut Vec<Text>,
) -> Option<PowerFactorStandard> {
    let given = &parts.supply.power_factor;
    if given.none
        || matches!(category, Category::Residential | Category::ResidentialFlat) && given.standard.is_none()
    {
        return None;
    }
    if given.standard.is_some() {
        return given.standard;
    }
    let measured = drafts.iter().any(|draft| draft.kvarh.is_some() || has_reactive(&draft.energy));
    if measured || given.hundredths.is_some() || given.rate.is_some() {
        notes.push(Text::new(
            "未给出功率因数标准，按 0.90；不考核请写 power_factor = false",
            "no power-factor standard is given; 0.90 is taken (write `power_factor = false` for none)",
        ));
        return Some(PowerFactorStandard::P90);
    }
    None
}

fn agreement(
    parts: &Parts<'_>,
    drafts: &[DraftPoint],
    plan: Option<&crate::engine::Plan>,
    standard: Option<PowerFactorStandard>,
    rules: &mut Rules,
    notes: &mut Vec<Text>,
) -> Quoted<SupplyAgreement> {
    let file = parts.file;
    let given = &parts.supply;
    let basic = plan.and_then(|plan| plan.basic.as_ref());
    let feeds: SmallVec<[DemandFeed; 1]> = drafts
        .iter()
        .enumerate()
        .filter_map(|(place, draft)| {
            let own = if place == 0 { draft.contract_kw.or(given.contract_kw) } else { draft.contract_kw };
            Some(DemandFeed { point: u8::try_from(place).unwrap_or(u8::MAX), contract_kw: own? })
        })
        .collect();
    let demanded = drafts.iter().any(|draft| draft.demand_kw.is_some() || has_demand(&draft.energy));
    let basis = given.basis.unwrap_or(match basic {
        None => Basis::None,
        Some(_) if !feeds.is_empty() => Basis::Contract,
        Some(basic) if basic.capacity.is_some() && !given.transformers.is_empty() => Basis::Capacity,
        Some(basic) if basic.demand.is_some() || basic.actual_demand.is_some() => {
            if demanded {
                Basis::Actual
            } else {
                Basis::None
            }
        }
        Some(_) => Basis::None,
    });
    if basis == Basis::Capacity && given.transformers.is_empty() {
        return Err(file.refuse(
            &parts.main.span,
            "按容量计收须给出 capacity_kva",
            "a charge by capacity needs `capacity_kva`",
        ));
    }
    let basic = match basis {
        Basis::None => BasicMethod::None,
        Basis::Capacity => BasicMethod::Capacity,
        Basis::Actual => BasicMethod::ActualDemand,
        Basis::Contract if feeds.is_empty() => {
            notes.push(Text::new(
                "没有合同需量，按实际需量",
                "no contract demand is given; the actual demand is charged",
            ));
            BasicMethod::ActualDemand
        }
        Basis::Contract => BasicMethod::ContractDemand(feeds),
    };
    let (mut transformers, events) = transformers(parts)?;
    let transformer_loss = match &given.loss {
        None => TransformerLoss::None,
        Some(DraftLoss::Given(active_kwh, reactive_kvarh)) => {
            TransformerLoss::Fixed { active_kwh: *active_kwh, reactive_kvarh: *reactive_kvarh }
        }
        Some(DraftLoss::Formula(formula)) => TransformerLoss::Formula(*formula),
        Some(DraftLoss::Rows(model)) => {
            rules.loss_models.push(model.clone());
            let id = LossModelId(u16::try_from(rules.loss_models.len() - 1).unwrap_or(u16::MAX));
            one_at_least(&mut transformers);
            for transformer in &mut transformers {
                transformer.loss_model.get_or_insert(id);
            }
            TransformerLoss::Table
        }
        Some(DraftLoss::Model(name)) => {
            one_at_least(&mut transformers);
            if let Some((name, span)) = name {
                let id = model_id(file, rules, name, span)?;
                for transformer in &mut transformers {
                    transformer.loss_model.get_or_insert(id);
                }
            }
            TransformerLoss::Table
        }
    };
    for (transformer, draft) in transformers.iter_mut().zip(&given.transformers) {
        if let (Some((name, span)), TransformerLoss::Table) = (&draft.model, &transformer_loss) {
            transformer.loss_model = Some(model_id(file, rules, name, span)?);
        }
    }
    Ok(SupplyAgreement {
        basic,
        supplied_from: given.supplied_from.filter(|day| *day > parts.period.from),
        supplied_to: given.supplied_to.filter(|day| *day < parts.period.to),
        transformers,
        events,
        power_factor: standard,
        transformer_loss,
        line_loss: match given.line_loss {
            None => LineLoss::None,
            Some(DraftLineLoss::Rate(rate)) => LineLoss::Rate(rate),
            Some(DraftLineLoss::Quantity(kwh)) => LineLoss::Quantity(kwh),
        },
    })
}

fn model_id(file: File<'_>, rules: &Rules, name: &str, span: &Span) -> Quoted<LossModelId> {
    rules.loss_model(name.trim()).ok_or_else(|| {
        let known: Vec<&str> = rules.loss_models.iter().map(|model| model.code.as_str()).collect();
        file.refuse(
            span,
            format!("损耗表没有型号“{name}”；现有：{}", known.join("、")),
            format!("the loss tables have no `{name}`; there are: {}", known.join(", ")),
        )
    })
}

fn has_demand(energy: &Energy) -> bool {
    let demand = |reading: &Reading| reading.register == Register::Demand;
    matches!(energy, Energy::Meters(meters) if meters.iter().any(|meter| meter.readings.iter().any(demand)))
}

/// A loss table needs a transformer to stand for; one of 1 kVA when the file names none.
fn one_at_least(transformers: &mut SmallVec<[Transformer; 1]>) {
    if transformers.is_empty() {
        transformers.push(Transformer {
            capacity_kva: Quantity::from_units(Quantity::SCALE),
            state: TransformerState::Running,
            connected: None,
            loss_model: None,
        });
    }
}

type Installed = (SmallVec<[Transformer; 1]>, SmallVec<[TransformerEvent; 1]>);

/// Transformers in their state when the period begins, and what changed within it, in order of date.
fn transformers(parts: &Parts<'_>) -> Quoted<Installed> {
    let file = parts.file;
    let (from, to) = (parts.period.from, parts.period.to);
    let mut events = parts.supply.events.clone();
    events.sort_by_key(|event| event.date);
    let mut transformers = SmallVec::new();
    for (place, draft) in parts.supply.transformers.iter().enumerate() {
        let own = || events.iter().filter(|event| event.transformer == place);
        let first = own().next().map(|event| event.change);
        let days_until_from = |since: Date| {
            let new_year = Date::new(from.year(), 1, 1).unwrap_or(since);
            let days = since.max(new_year).days_until(from).max(0);
            u16::try_from(draft.days_this_year.unwrap_or(days)).unwrap_or(u16::MAX)
        };
        let suspended =
            |since: Date| TransformerState::Suspended { since, days_this_year: days_until_from(since) };
        let mut state = match draft.state {
            Some(DraftState::Running) => TransformerState::Running,
            Some(DraftState::Suspended) => suspended(draft.since.unwrap_or(from)),
            Some(DraftState::Reduced) => TransformerState::Reduced,
            Some(DraftState::Absent) => TransformerState::Absent,
            Some(DraftState::Cold) => TransformerState::ColdStandby,
            Some(DraftState::Hot) => TransformerState::HotStandby,
            None if first == Some(TransformerChange::Add) => TransformerState::Absent,
            None => TransformerState::Running,
        };
        let mut capacity_kva = draft.kva;
        for event in own().filter(|event| event.date < from) {
            state = match event.change {
                TransformerChange::Suspend => suspended(event.date),
                TransformerChange::Resume | TransformerChange::Add => TransformerState::Running,
                TransformerChange::Reduce => TransformerState::Reduced,
                TransformerChange::Remove => TransformerState::Absent,
                TransformerChange::ColdStandby => TransformerState::ColdStandby,
                TransformerChange::HotStandby => TransformerState::HotStandby,
                TransformerChange::Swap { capacity_kva: swapped } => {
                    capacity_kva = swapped;
                    state
                }
            };
        }
        let connected = draft.connected;
        transformers.push(Transformer { capacity_kva, state, connected, loss_model: None });
    }
    let mut within = SmallVec::new();
    for event in events.iter().filter(|event| event.date >= from && event.date < to) {
        let transformer = u8::try_from(event.transformer)
            .map_err(|_| file.refuse(&event.span, "变压器过多", "there are too many transformers"))?;
        within.push(TransformerEvent { date: event.date, transformer, change: event.change });
    }
    Ok((transformers, within))
}

/// Contract demand without a reading: nothing above the contract is presumed.
fn demand_or_nothing(source: &mut Source, name: &str, notes: &mut Vec<Text>) {
    let missing = match source {
        Source::Given { demand_kw, .. } if demand_kw.is_none() => {
            *demand_kw = Some(Quantity::ZERO);
            true
        }
        Source::Meters(segments) => {
            let demand = |reading: &Reading| reading.register == Register::Demand;
            let read = segments.iter().any(|segment| segment.readings.iter().any(demand));
            if let Some(first) = segments.first_mut().filter(|_| !read) {
                first.readings.push(Reading {
                    register: Register::Demand,
                    previous: Quantity::ZERO,
                    current: Quantity::ZERO,
                    rolled_over: false,
                });
            }
            !read
        }
        _ => false,
    };
    if missing {
        notes.push(Text::new(
            format!("“{name}”未给出实际需量，按不超过合同需量"),
            format!("`{name}` has no actual demand; it is taken as within the contract"),
        ));
    }
}

/// The power factor that the file gives, directly or by its percentage of the table.
fn wanted_hundredths(
    parts: &Parts<'_>,
    standard: Option<PowerFactorStandard>,
    rules: &Rules,
) -> Quoted<Option<u8>> {
    let given = &parts.supply.power_factor;
    let Some(standard) = standard else { return Ok(None) };
    if given.hundredths.is_some() || given.rate.is_none() {
        return Ok(given.hundredths);
    }
    by_rate(parts.file, &given.span, standard, given.rate.unwrap_or_default(), rules).map(Some)
}

/// The highest power factor that has this percentage.
pub(super) fn by_rate(
    file: File<'_>,
    span: &Span,
    standard: PowerFactorStandard,
    rate: kernel::Rate,
    rules: &Rules,
) -> Quoted<u8> {
    (1..=100).rev().find(|hundredths| adjustment(rules, standard, *hundredths) == rate).ok_or_else(|| {
        file.refuse(span, "功率因数调整表没有这个比率", "the power-factor table has no such percentage")
    })
}

/// Gives the main point as many kvarh as make the wanted power factor.
fn force_power_factor(parts: &Parts<'_>, input: &mut AccountPeriod, bill: &Bill, wanted: u8) -> Quoted<()> {
    let file = parts.file;
    let span = &parts.supply.power_factor.span;
    let result = bill.power_factor.as_ref();
    let active = result.map_or(bill.energy_kwh, |result| result.active_kwh);
    let already = result.map_or(Quantity::ZERO, |result| result.reactive_kvarh);
    let refuse = || {
        file.refuse(
            span,
            "已有无功电量时不能再给功率因数",
            "a power factor cannot be given beside kvarh that give another one",
        )
    };
    if result.is_some_and(|result| result.hundredths == wanted) {
        return Ok(());
    }
    let needed = reactive_for(active, wanted).ok_or_else(refuse)?;
    let more = needed.minus(already).map_err(|_| refuse())?;
    let measured = input.points.iter().any(|point| match &point.source {
        Source::Given { reactive, .. } => !reactive.is_zero(),
        Source::Meters(segments) => segments.iter().any(|segment| {
            segment.readings.iter().any(|reading| {
                matches!(reading.register, Register::ReactiveForward | Register::ReactiveReverse)
            })
        }),
        _ => false,
    });
    if measured || more.is_negative() {
        return Err(refuse());
    }
    match input.points.first_mut().map(|point| &mut point.source) {
        Some(Source::Given { reactive, .. }) => *reactive = more,
        Some(Source::Meters(segments)) => {
            let Some(first) = segments.first_mut() else { return Err(refuse()) };
            let shown = more.exact().over(first.multiplier.exact()).and_then(|shown| shown.to_quantity(6));
            if first.readings.iter().all(|reading| !reading.rolled_over) {
                first.digits = 12;
            }
            first.readings.push(Reading {
                register: Register::ReactiveForward,
                previous: Quantity::ZERO,
                current: shown.map_err(|_| refuse())?,
                rolled_over: false,
            });
        }
        _ => return Err(refuse()),
    }
    Ok(())
}

/// kvarh that make a power factor of exactly `hundredths`: `P · √(100² - n²) / n`.
fn reactive_for(active: Quantity, hundredths: u8) -> Option<Quantity> {
    let (p, n) = (i128::from(active.units()), i128::from(hundredths));
    if n == 0 {
        return None;
    }
    let root = ((10_000 - n * n) * 1_000_000_000_000).max(0).isqrt();
    let units = p.checked_mul(root)? / (n * 1_000_000);
    i64::try_from(units).ok().map(Quantity::from_units)
}
