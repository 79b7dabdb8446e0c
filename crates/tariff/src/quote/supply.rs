//! The supply agreement of a larger customer: basic charge, transformers and their events, losses, power factor.

use kernel::{Date, Quantity, Rate};

use super::error::Quoted;
use super::fields::{Fields, amount_of, choice_of, figure_of};
use super::node::{Node, Start, Value};
use crate::engine::{LossModel, LossRow};
use crate::model::{LossFormula, PowerFactorStandard, TransformerChange};

/// A transformer as the file describes it.
#[derive(Debug, Clone)]
pub(super) struct DraftTransformer {
    pub name: String,
    pub kva: Quantity,
    pub state: Option<DraftState>,
    pub since: Option<Date>,
    pub connected: Option<Date>,
    pub days_this_year: Option<i64>,
    pub model: Option<(String, Start)>,
}

/// Its state when the period begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DraftState {
    Running,
    Suspended,
    Reduced,
    Absent,
    Cold,
    Hot,
}

/// An event, by the place of its transformer.
#[derive(Debug, Clone)]
pub(super) struct DraftEvent {
    pub span: Start,
    pub date: Date,
    pub transformer: usize,
    pub change: TransformerChange,
}

/// How the basic charge is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    None,
    Capacity,
    Contract,
    Actual,
}

/// Transformer loss.
#[derive(Debug, Clone)]
pub(super) enum DraftLoss {
    Given(Quantity, Quantity),
    Model(Option<(String, Start)>),
    Rows(LossModel),
    Formula(LossFormula),
}

/// Line loss.
#[derive(Debug, Clone, Copy)]
pub(super) enum DraftLineLoss {
    Rate(Rate),
    Quantity(Quantity),
}

/// Power factor.
#[derive(Debug, Clone, Default)]
pub(super) struct DraftPowerFactor {
    pub span: Start,
    pub standard: Option<PowerFactorStandard>,
    pub none: bool,
    /// Given directly, in hundredths.
    pub hundredths: Option<u8>,
    /// The percentage given directly, as a rate.
    pub rate: Option<Rate>,
    pub energy_charge: Option<kernel::Money>,
    pub basic_charge: Option<kernel::Money>,
}

/// Everything said about the supply.
#[derive(Debug, Clone, Default)]
pub(super) struct DraftSupply {
    pub basis: Option<Basis>,
    pub contract_kw: Option<Quantity>,
    pub transformers: Vec<DraftTransformer>,
    /// Where a total capacity stands; it is the first of `transformers` until others are listed.
    total: Option<Start>,
    pub events: Vec<DraftEvent>,
    pub supplied_from: Option<Date>,
    pub supplied_to: Option<Date>,
    pub loss: Option<DraftLoss>,
    pub line_loss: Option<DraftLineLoss>,
    pub power_factor: DraftPowerFactor,
}

const STANDARDS: [(&[&str], PowerFactorStandard); 3] = [
    (&["0.90", "0.9", "90", "90%"], PowerFactorStandard::P90),
    (&["0.85", "85", "85%"], PowerFactorStandard::P85),
    (&["0.80", "0.8", "80", "80%"], PowerFactorStandard::P80),
];

const STATES: [(&[&str], DraftState); 6] = [
    (&["running", "运行"], DraftState::Running),
    (&["suspended", "暂停"], DraftState::Suspended),
    (&["reduced", "减容"], DraftState::Reduced),
    (&["absent", "not_installed", "未装"], DraftState::Absent),
    (&["cold_standby", "冷备用"], DraftState::Cold),
    (&["hot_standby", "热备用"], DraftState::Hot),
];

impl DraftSupply {
    /// Reads the supply keys at the top of the file.
    pub fn read(top: &Fields<'_>) -> Quoted<DraftSupply> {
        let file = top.source;
        let mut supply = DraftSupply { power_factor: power_factor(top)?, ..DraftSupply::default() };
        supply.basic_keys(top)?;
        if let Some(basic) = top.table(&["basic", "basic_charge_terms"])? {
            supply.basic_keys(&basic)?;
            basic.finish()?;
        }
        if let Some(node) = top.node(&["transformers", "transformer"])? {
            match &node.value {
                Value::List(list) => {
                    for each in list {
                        supply.transformer(top, each)?;
                    }
                }
                _ => supply.transformer(top, node)?,
            }
        }
        supply.one_capacity(top)?;
        for event in top.tables(&["event", "events"])? {
            supply.event(&event)?;
        }
        supply.supplied_from = top.date(&["supplied_from", "connected_on", "new_supply"])?;
        supply.supplied_to = top.date(&["supplied_to", "ended_on"])?;
        if let Some(node) = top.node(&["transformer_loss", "loss"])? {
            supply.loss = Some(loss(&Fields::of(file, node)?)?);
        }
        if supply.loss.is_none() {
            let names: (&[&'static str], &[&'static str]) = (&["active_loss_kwh"], &["reactive_loss_kvarh"]);
            if top.has(names.0) || top.has(names.1) {
                let active = top.amount(names.0)?.unwrap_or_default();
                supply.loss = Some(DraftLoss::Given(active, top.amount(names.1)?.unwrap_or_default()));
            }
        }
        if let Some(node) = top.node(&["line_loss"])? {
            supply.line_loss = Some(line_loss(top, node)?);
        }
        Ok(supply)
    }

    fn basic_keys(&mut self, fields: &Fields<'_>) -> Quoted<()> {
        let basis = fields.choice(
            &["basis", "method", "basic_method", "basic_by"],
            &[
                (&["capacity", "kva", "容量"], Basis::Capacity),
                (&["contract_demand", "demand", "需量", "合同需量"], Basis::Contract),
                (&["actual_demand", "实际需量"], Basis::Actual),
                (&["none", "无"], Basis::None),
            ],
        )?;
        self.basis = self.basis.or(basis);
        self.contract_kw = self.contract_kw.or(fields.amount(&["contract_kw", "contract_demand_kw"])?);
        if let Some(node) = fields.node(&["capacity_kva", "contract_kva", "kva"])? {
            let kva = amount_of(fields.source, node)?;
            let connected = fields.date(&["connected"])?;
            self.total = Some(node.span);
            self.transformers.push(DraftTransformer {
                name: "1".into(),
                kva,
                state: None,
                since: None,
                connected,
                days_this_year: None,
                model: None,
            });
        }
        Ok(())
    }

    /// A total capacity beside listed transformers must be theirs, and is not one more.
    fn one_capacity(&mut self, top: &Fields<'_>) -> Quoted<()> {
        if self.total.is_none() || self.transformers.len() < 2 {
            return Ok(());
        }
        let listed = Quantity::sum(self.transformers[1..].iter().map(|transformer| transformer.kva));
        let total = self.transformers.remove(0);
        for event in &mut self.events {
            event.transformer -= 1;
        }
        for (place, transformer) in self.transformers.iter_mut().enumerate() {
            if transformer.name == (place + 2).to_string() {
                transformer.name = (place + 1).to_string();
            }
        }
        if listed != Ok(total.kva) {
            return Err(top.source.refuse(
                self.total.as_ref().unwrap_or(&top.span),
                "capacity_kva 与所列变压器之和不符，请只留其一",
                "`capacity_kva` is not the sum of the transformers listed; keep one of them",
            ));
        }
        Ok(())
    }

    fn transformer(&mut self, top: &Fields<'_>, node: &Node) -> Quoted<()> {
        let file = top.source;
        let place = self.transformers.len();
        let number = (place + 1).to_string();
        if !matches!(node.value, Value::Table(_)) {
            let kva = amount_of(file, node)?;
            self.transformers.push(DraftTransformer {
                name: number,
                kva,
                state: None,
                since: None,
                connected: None,
                days_this_year: None,
                model: None,
            });
            return Ok(());
        }
        let fields = Fields::of(file, node)?;
        let Some(kva) = fields.amount(&["kva", "capacity_kva", "capacity", "kw"])? else {
            return Err(fields.refuse("缺少 kva（容量）", "`kva` is missing"));
        };
        let shorthand: [(&[&'static str], TransformerChange); 7] = [
            (&["suspend", "suspended", "suspended_on", "sealed"], TransformerChange::Suspend),
            (&["resume", "resumed", "resumed_on", "unsealed"], TransformerChange::Resume),
            (&["added", "added_on", "add"], TransformerChange::Add),
            (&["removed", "removed_on", "remove"], TransformerChange::Remove),
            (&["reduced", "reduced_on", "reduce"], TransformerChange::Reduce),
            (&["cold_standby_from"], TransformerChange::ColdStandby),
            (&["hot_standby_from"], TransformerChange::HotStandby),
        ];
        for (names, change) in shorthand {
            if let Some(date) = fields.date(names)? {
                self.events.push(DraftEvent {
                    span: fields.span_of(names),
                    date,
                    transformer: place,
                    change,
                });
            }
        }
        if let Some(swap) = fields.table(&["swap", "swapped"])? {
            let date =
                swap.date(&["date", "on"])?.ok_or_else(|| swap.refuse("缺少 date", "`date` is missing"))?;
            let capacity_kva = swap
                .amount(&["kva", "to_kva"])?
                .ok_or_else(|| swap.refuse("缺少 kva", "`kva` is missing"))?;
            let span = swap.span;
            self.events.push(DraftEvent {
                span,
                date,
                transformer: place,
                change: TransformerChange::Swap { capacity_kva },
            });
            if let Some(back) = swap.date(&["back", "until"])? {
                let change = TransformerChange::Swap { capacity_kva: kva };
                self.events.push(DraftEvent { span: swap.span, date: back, transformer: place, change });
            }
            swap.finish()?;
        }
        let model = fields
            .text(&["model", "type", "loss_model"])?
            .map(|text| (text, fields.span_of(&["model", "type", "loss_model"])));
        self.transformers.push(DraftTransformer {
            name: fields.text(&["name"])?.unwrap_or(number),
            kva,
            state: fields.choice(&["state"], &STATES)?,
            since: fields.date(&["since"])?,
            connected: fields.date(&["connected"])?,
            days_this_year: fields.count(&["suspended_days_this_year", "days_this_year"], 0, 366)?,
            model,
        });
        fields.finish()
    }

    fn event(&mut self, fields: &Fields<'_>) -> Quoted<()> {
        let date = fields
            .date(&["date", "on"])?
            .ok_or_else(|| fields.refuse("缺少 date（日期）", "`date` is missing"))?;
        let kva: Option<Quantity> = fields.amount(&["kva", "to_kva", "capacity_kva"])?;
        let swap = TransformerChange::Swap { capacity_kva: kva.unwrap_or_default() };
        let change = fields.choice(
            &["change", "what", "kind", "type"],
            &[
                (&["suspend", "暂停"], TransformerChange::Suspend),
                (&["resume", "恢复", "启用"], TransformerChange::Resume),
                (&["reduce", "减容"], TransformerChange::Reduce),
                (&["add", "增容", "新增"], TransformerChange::Add),
                (&["remove", "拆除", "销户"], TransformerChange::Remove),
                (&["swap", "暂换", "换"], swap),
                (&["cold_standby", "冷备用"], TransformerChange::ColdStandby),
                (&["hot_standby", "热备用"], TransformerChange::HotStandby),
            ],
        )?;
        let change = change.ok_or_else(|| fields.refuse("缺少 change（变更）", "`change` is missing"))?;
        let named = fields.text(&["transformer"])?;
        let place = match &named {
            None if change == TransformerChange::Add => None,
            None if self.transformers.len() == 1 => Some(0),
            None => {
                return Err(fields
                    .refuse("缺少 transformer（第几台）", "`transformer` is missing: its number or name"));
            }
            Some(name) => {
                let place = self.transformers.iter().position(|known| known.name == *name);
                let number = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                Some(place.or(number.filter(|place| *place < self.transformers.len())).ok_or_else(|| {
                    fields.refuse_at(
                        &["transformer"],
                        format!("没有变压器“{name}”"),
                        format!("there is no transformer `{name}`"),
                    )
                })?)
            }
        };
        // An addition of a transformer that is not listed lists it.
        let place = match place {
            Some(place) => place,
            None => {
                let Some(kva) = kva else {
                    return Err(fields.refuse("缺少 kva（容量）", "`kva` is missing"));
                };
                self.transformers.push(DraftTransformer {
                    name: (self.transformers.len() + 1).to_string(),
                    kva,
                    state: Some(DraftState::Absent),
                    since: None,
                    connected: None,
                    days_this_year: None,
                    model: None,
                });
                self.transformers.len() - 1
            }
        };
        if matches!(change, TransformerChange::Swap { .. }) && kva.is_none() {
            return Err(fields.refuse("缺少 kva（换成的容量）", "`kva` is missing: the capacity swapped in"));
        }
        fields.finish()?;
        self.events.push(DraftEvent { span: fields.span, date, transformer: place, change });
        Ok(())
    }

    /// Anything that only larger customers have?
    pub fn is_given(&self) -> bool {
        self.basis.is_some()
            || self.contract_kw.is_some()
            || !self.transformers.is_empty()
            || self.loss.is_some()
            || self.line_loss.is_some()
    }
}

fn power_factor(top: &Fields<'_>) -> Quoted<DraftPowerFactor> {
    let file = top.source;
    let mut draft =
        DraftPowerFactor { span: top.span_of(&["power_factor", "pf"]), ..DraftPowerFactor::default() };
    match top.node(&["power_factor", "pf"])? {
        None => {}
        Some(Node { value: Value::Flag(false), .. }) => draft.none = true,
        Some(node @ Node { value: Value::Table(_), .. }) => {
            let fields = Fields::of(file, node)?;
            draft.keys(&fields)?;
            if let Some(node) = fields.node(&["value", "average", "power_factor", "pf"])? {
                draft.hundredths = Some(hundredths(&fields, node)?);
            }
            draft.rate = fields.percent(&["percent", "adjust_percent"])?;
            fields.finish()?;
        }
        Some(node) => draft.hundredths = Some(hundredths(top, node)?),
    }
    if let Some(node) = top.node(&["pf_standard", "power_factor_standard", "standard"])? {
        draft.standard = standard(top, node)?;
    }
    draft.rate = draft.rate.or(top.percent(&["adjust_percent", "pf_percent"])?);
    draft.energy_charge = draft.energy_charge.or(top.amount(&["energy_charge"])?);
    draft.basic_charge = draft.basic_charge.or(top.amount(&["basic_charge"])?);
    Ok(draft)
}

fn standard(fields: &Fields<'_>, node: &Node) -> Quoted<Option<PowerFactorStandard>> {
    choice_of(fields.source, node, &STANDARDS).map(Some)
}

fn hundredths(fields: &Fields<'_>, node: &Node) -> Quoted<u8> {
    let value: Quantity = figure_of(fields.source, node)?;
    let hundredths = value.rounded(2).units() / (Quantity::SCALE / 100);
    match u8::try_from(hundredths) {
        Ok(hundredths @ 0..=100) => Ok(hundredths),
        _ => Err(fields.source.refuse(
            &node.span,
            "功率因数须在 0 到 1 之间",
            "a power factor lies between 0 and 1",
        )),
    }
}

impl DraftPowerFactor {
    fn keys(&mut self, fields: &Fields<'_>) -> Quoted<()> {
        if let Some(node) = fields.node(&["standard"])? {
            self.standard = standard(fields, node)?;
        }
        self.energy_charge = fields.amount(&["energy_charge"])?;
        self.basic_charge = fields.amount(&["basic_charge"])?;
        Ok(())
    }
}

fn loss(fields: &Fields<'_>) -> Quoted<DraftLoss> {
    let model = fields.text(&["model", "type"])?.map(|text| (text, fields.span_of(&["model", "type"])));
    let active = fields.amount(&["active_kwh", "kwh", "active"])?;
    let reactive = fields.amount(&["reactive_kvarh", "kvarh", "reactive"])?;
    let mut rows = Vec::new();
    for row in fields.tables(&["table", "rows", "row"])? {
        rows.push(LossRow {
            until_kwh: row.amount(&["until_kwh", "until"])?,
            active_kwh: row.amount(&["active_kwh", "active"])?.unwrap_or_default(),
            active_rate: row.rate(&["active_rate"])?.unwrap_or_default(),
            reactive_kvarh: row.amount(&["reactive_kvarh", "reactive"])?.unwrap_or_default(),
            reactive_rate: row.rate(&["reactive_rate"])?.unwrap_or_default(),
        });
        row.finish()?;
    }
    let no_load_kw = fields.amount(&["no_load_kw"])?;
    let no_load_kvar = fields.amount(&["no_load_kvar"])?;
    let copper_rate = fields.rate(&["copper_rate"])?;
    let reactive_rate = fields.rate(&["reactive_rate"])?;
    let load_loss_kw = fields.amount(&["load_loss_kw"])?;
    let no_load_current = fields.rate(&["no_load_current"])?;
    let impedance = fields.rate(&["impedance"])?;
    let shape = fields.rate(&["shape"])?;
    fields.finish()?;
    if !rows.is_empty() {
        return Ok(DraftLoss::Rows(LossModel {
            code: "inline".into(),
            capacity_kva: Quantity::ZERO,
            source: "inline".into(),
            rows,
        }));
    }
    if active.is_some() || reactive.is_some() {
        return Ok(DraftLoss::Given(active.unwrap_or_default(), reactive.unwrap_or_default()));
    }
    if model.is_some() {
        return Ok(DraftLoss::Model(model));
    }
    match (no_load_kw, load_loss_kw) {
        (Some(no_load_kw), Some(load_loss_kw)) => Ok(DraftLoss::Formula(LossFormula::LoadSquare {
            no_load_kw,
            load_loss_kw,
            no_load_current: no_load_current.unwrap_or_default(),
            impedance: impedance.unwrap_or_default(),
            shape: shape.unwrap_or(Rate::ONE),
        })),
        (Some(no_load_kw), None) => Ok(DraftLoss::Formula(LossFormula::CopperRate {
            no_load_kw,
            no_load_kvar: no_load_kvar.unwrap_or_default(),
            copper_rate: copper_rate.unwrap_or_default(),
            reactive_rate: reactive_rate.unwrap_or_default(),
        })),
        (None, _) => Err(fields.refuse(
            "变损须给出 active_kwh / reactive_kvarh、model、table 或 no_load_kw 之一",
            "transformer loss is given by active_kwh / reactive_kvarh, model, table or no_load_kw",
        )),
    }
}

fn line_loss(top: &Fields<'_>, node: &Node) -> Quoted<DraftLineLoss> {
    let file = top.source;
    if let Value::Table(_) = node.value {
        let fields = Fields::of(file, node)?;
        let rate = fields.rate(&["rate"])?.or(fields.percent(&["percent"])?);
        let kwh = fields.amount(&["kwh", "active_kwh"])?;
        fields.finish()?;
        return match (rate, kwh) {
            (Some(rate), None) => Ok(DraftLineLoss::Rate(rate)),
            (None, Some(kwh)) => Ok(DraftLineLoss::Quantity(kwh)),
            _ => Err(fields.refuse("线损给出 rate 或 kwh 之一", "line loss is given by rate or kwh")),
        };
    }
    super::fields::rate_of(file, node).map(DraftLineLoss::Rate)
}
