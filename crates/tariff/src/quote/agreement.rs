//! From what a file says about the supply to the agreement that the engine reads.

use kernel::{Date, Quantity, Text};
use smallvec::SmallVec;

use super::build::Parts;
use super::error::Quoted;
use super::node::{Source as File, Start};
use super::points::DraftPoint;
use super::supply::{Basis, DraftLineLoss, DraftLoss, DraftState};
use crate::engine::{Rules, TransformerPast};
use crate::model::{
    BasicMethod, DemandFeed, LineLoss, LossModelId, PowerFactorStandard, Reading, Register, Source,
    SupplyAgreement, Transformer, TransformerChange, TransformerEvent, TransformerLoss, TransformerState,
};

pub(super) fn agreement(
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
    let demanded =
        drafts.iter().any(|draft| draft.demand_kw.is_some() || draft.energy.reads(&[Register::Demand]));
    let basis = given.basis.unwrap_or(match basic {
        None => Basis::None,
        Some(_) if !feeds.is_empty() => Basis::Contract,
        Some(basic) if basic.capacity.is_some() && !given.transformers.is_empty() => Basis::Capacity,
        Some(basic) if demanded && basic.demand.or(basic.actual_demand).is_some() => Basis::Actual,
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
    let (mut transformers, events) = transformers(parts, rules, notes)?;
    if given.loss.is_none() && given.transformers.iter().any(|draft| draft.model.is_some()) {
        notes.push(Text::new(
            "给出了变压器型号而没有 loss，不计变损",
            "a transformer has a model, but there is no `loss`: no transformer loss is added",
        ));
    }
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
        supplied_from: given.supplied_from,
        supplied_to: given.supplied_to,
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

fn model_id(file: File<'_>, rules: &Rules, name: &str, span: &Start) -> Quoted<LossModelId> {
    rules.loss_model(name.trim()).ok_or_else(|| {
        let known: Vec<&str> = rules.loss_models.iter().map(|model| model.code.as_str()).collect();
        file.refuse(
            span,
            format!("损耗表没有型号“{name}”；现有：{}", known.join("、")),
            format!("the loss tables have no `{name}`; there are: {}", known.join(", ")),
        )
    })
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

/// How long before the period a suspension is presumed to have begun.
const LONG_AGO_DAYS: i64 = 31;

type Installed = (SmallVec<[Transformer; 1]>, SmallVec<[TransformerEvent; 1]>);

/// Transformers in their state when the period begins, and what changed within it, in order of date.
fn transformers(parts: &Parts<'_>, rules: &Rules, notes: &mut Vec<Text>) -> Quoted<Installed> {
    let file = parts.file;
    let (from, to) = (parts.period.from, parts.period.to);
    let mut events = parts.supply.events.clone();
    events.sort_by_key(|event| event.date);
    let mut transformers = SmallVec::new();
    let mut within = SmallVec::new();
    for (place, draft) in parts.supply.transformers.iter().enumerate() {
        let own = || events.iter().filter(|event| event.transformer == place);
        let first = own().next().map(|event| event.change);
        let suspended = |since: Date| TransformerState::Suspended { since, days_this_year: 0 };
        // Suspended on a day not said: long enough ago for the suspension to count.
        let long_ago = from.plus_days(-LONG_AGO_DAYS).unwrap_or(from);
        let state = match draft.state {
            Some(DraftState::Running) => TransformerState::Running,
            Some(DraftState::Suspended) => suspended(draft.since.unwrap_or(long_ago)),
            Some(DraftState::Reduced) => TransformerState::Reduced,
            Some(DraftState::Absent) => TransformerState::Absent,
            Some(DraftState::Cold) => TransformerState::ColdStandby,
            Some(DraftState::Hot) => TransformerState::HotStandby,
            None if first == Some(TransformerChange::Add) => TransformerState::Absent,
            None if first == Some(TransformerChange::Resume) => {
                notes.push(Text::new(
                    format!("变压器“{}”先有恢复：期初按已暂停", draft.name),
                    format!("transformer `{}` is resumed first: it is taken as suspended before", draft.name),
                ));
                suspended(long_ago)
            }
            None => TransformerState::Running,
        };
        let mut capacity_kva = draft.kva;
        let mut past = TransformerPast::new(rules, from, to, state);
        for event in own().filter(|event| event.date < from) {
            past.happened(event.date, event.change);
            if let TransformerChange::Swap { capacity_kva: swapped } = event.change {
                capacity_kva = swapped;
            }
        }
        let (state, resumed) = past.begin(draft.days_this_year);
        if resumed {
            let transformer = u8::try_from(place).unwrap_or(u8::MAX);
            within.push(TransformerEvent { date: from, transformer, change: TransformerChange::Resume });
        }
        let connected = draft.connected;
        transformers.push(Transformer { capacity_kva, state, connected, loss_model: None });
    }
    for event in events.iter().filter(|event| event.date >= to) {
        notes.push(Text::new(
            format!("{} 的变更在结算期之后，不计", event.date),
            format!("the change on {} is after the period and does not count", event.date),
        ));
    }
    for event in events.iter().filter(|event| event.date >= from && event.date < to) {
        let transformer = u8::try_from(event.transformer)
            .map_err(|_| file.refuse(&event.span, "变压器过多", "there are too many transformers"))?;
        within.push(TransformerEvent { date: event.date, transformer, change: event.change });
    }
    Ok((transformers, within))
}

/// Contract demand without a reading: nothing above the contract is presumed.
pub(super) fn demand_or_nothing(source: &mut Source, name: &str, notes: &mut Vec<Text>) {
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
