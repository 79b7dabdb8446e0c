//! What a change does to an account, and whether it may be, as pure functions.

mod account;
mod capacity;
mod meter;

use kernel::{Date, Quantity, Text, WorkingCalendar};

pub use capacity::{Standing, in_service_kva, standing_on};

use super::change::{Change, Line};
use super::change_rules::ChangeRules;
use super::error::ParameterError;
use super::fault::Fault;
use super::supply::{FieldChange, Supply};
use crate::account::{AccountStatus, BasicMethod, Category, Terms, TransformerLossMethod};
use crate::account::{LineLossMethod, Options};

/// What a decision needs beside the account.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The day the customer applied.
    pub applied_on: Date,
    /// The day of the decision.
    pub today: Date,
    /// The working calendar.
    pub calendar: &'a WorkingCalendar,
    /// The dated figures.
    pub rules: &'a ChangeRules,
    /// The reading day of the account's book, where a month of demand may begin as well.
    pub reading_day: Option<u8>,
}

/// Collects what changed on the way.
pub(crate) struct Drafting<'a> {
    pub(crate) supply: Supply,
    pub(crate) history: Vec<FieldChange>,
    pub(crate) now: Circumstances<'a>,
}

impl Drafting<'_> {
    /// Notes a changed value; refuses when nothing changes.
    pub(crate) fn note(
        &mut self,
        field: &'static str,
        old: Option<String>,
        new: Option<String>,
        from: Date,
    ) -> Result<(), Fault> {
        if old == new {
            return Err(Fault::Same { field });
        }
        self.history.push(FieldChange { field: field.to_owned(), old, new, from });
        Ok(())
    }
    /// Notes a change of one row of several.
    pub(crate) fn note_row(&mut self, field: String, old: Option<String>, new: Option<String>, from: Date) {
        self.history.push(FieldChange { field, old, new, from });
    }
}

/// Applies `lines` in their order to `before`: the account after them, and every parameter before and after. The first
/// line that cannot be is refused with its place. A new account (`before` empty) begins with [`Change::Open`].
pub fn apply(
    before: Option<&Supply>,
    new_account: (i64, i64),
    lines: &[Line],
    now: Circumstances<'_>,
) -> Result<(Supply, Vec<FieldChange>), ParameterError> {
    let at = |line: usize| move |fault: Fault| ParameterError::Line { line: line + 1, fault };
    let (mut drafting, rest) = match (before, lines) {
        (Some(supply), lines) => {
            (Drafting { supply: supply.clone(), history: Vec::new(), now }, lines.iter().enumerate())
        }
        (None, [Line { from, change: Change::Open { account } }, ..]) => {
            let opened = account::open(new_account, account, *from, now).map_err(at(0))?;
            let mut rest = lines.iter().enumerate();
            rest.next();
            (opened, rest)
        }
        (None, _) => {
            let why = Text::new("新装工单的第一行应为新装", "the first line must be the new account");
            return Err(at(0)(Fault::Value { field: "account", why }));
        }
    };
    for (index, line) in rest {
        one(&mut drafting, line).map_err(at(index))?;
    }
    let last = lines.len().saturating_sub(1);
    capacity::check_whole(&drafting.supply, lines, now).map_err(at(last))?;
    if let Err(fault) = consistent(&drafting.supply) {
        // What did not fit before may be mended by another ticket; it does not stop this one.
        if before.is_none_or(|before| consistent(before) != Err(fault.clone())) {
            return Err(at(last)(fault));
        }
    }
    Ok((drafting.supply, drafting.history))
}

fn one(drafting: &mut Drafting<'_>, line: &Line) -> Result<(), Fault> {
    let from = line.from;
    let account = &drafting.supply.details.account;
    if account.status == AccountStatus::Closed {
        return Err(Fault::Closed);
    }
    let day = |zh: &str, en: &str| Err(Fault::Day { from, why: Text::new(zh, en) });
    if from < account.opened_on {
        return day("早于开户日期", "it lies before the first day of supply");
    }
    if line.change.is_physical() && from > drafting.now.today {
        return day("现场操作日期不能晚于今天", "what is done on site cannot lie ahead");
    }
    match &line.change {
        Change::Open { .. } => Err(Fault::Value {
            field: "account",
            why: Text::new("该户已存在，不能新装", "the account is there already"),
        }),
        Change::Close { shown } => meter::close(drafting, shown, from),
        Change::Transfer { name, phone, tax, collection } => {
            account::transfer(drafting, name, phone, (*tax, *collection), from)
        }
        Change::PriceClass { price_class } => account::price_class(drafting, price_class, from),
        Change::Category { category, price_class } => {
            account::category(drafting, *category, price_class, from)
        }
        Change::Voltage { voltage } => account::voltage(drafting, *voltage, from),
        Change::Persons { persons } => account::persons(drafting, *persons, from),
        Change::Relief { entitled } => {
            account::option(drafting, "relief", Options::FREE_ENERGY, *entitled, from)
        }
        Change::TimeOfUse { chosen } => {
            account::option(drafting, "time_of_use", Options::TIME_OF_USE, *chosen, from)
        }
        Change::Basic { method, contract_demand_kw } => {
            account::basic(drafting, *method, *contract_demand_kw, from)
        }
        Change::ContractDemand { contract_demand_kw } => {
            account::contract_demand(drafting, *contract_demand_kw, from)
        }
        Change::PowerFactor { standard } => account::power_factor(drafting, *standard, from),
        Change::TransformerLoss { method, kwh, kvarh, formula } => {
            account::transformer_loss(drafting, *method, (*kwh, *kvarh), *formula, from)
        }
        Change::LineLoss { method, rate, kwh } => account::line_loss(drafting, *method, *rate, *kwh, from),
        Change::Detail { field, value } => account::detail(drafting, *field, value, from),
        Change::Capacity { act } => capacity::change(drafting, act, from),
        Change::MeterSwap { off, on } => {
            meter::take_off(drafting, off, from)?;
            meter::put_on(drafting, on, from)
        }
        Change::MeterOn { on } => meter::put_on(drafting, on, from),
        Change::MeterOff { off } => meter::take_off(drafting, off, from),
        Change::Multiplier { shown, multiplier } => meter::multiplier(drafting, shown, *multiplier, from),
        Change::Points { points } => account::points(drafting, points, from),
    }
}

/// Terms of an account that has none yet.
pub(crate) fn no_terms(account_id: i64) -> Terms {
    Terms {
        account_id,
        basic: BasicMethod::None,
        contract_demand_kw: None,
        power_factor: None,
        transformer_loss: TransformerLossMethod::None,
        transformer_loss_kwh: None,
        transformer_loss_kvarh: None,
        line_loss: LineLossMethod::None,
        line_loss_rate: None,
        line_loss_kwh: None,
        loss_formula: None,
    }
}

/// Refuses an account whose parameters do not fit together.
pub fn consistent(supply: &Supply) -> Result<(), Fault> {
    let fail = |zh: &str, en: &str| Err(Fault::Inconsistent { why: Text::new(zh, en) });
    let account = &supply.details.account;
    if account.status == AccountStatus::Closed {
        return Ok(());
    }
    let basic = supply.terms.as_ref().map_or(BasicMethod::None, |terms| terms.basic);
    if (account.category == Category::TwoPart) != (basic != BasicMethod::None) {
        return fail(
            "两部制用户应有基本电费计收方式，其他用户不应有",
            "a two-part customer, and no other, needs a method of basic charge",
        );
    }
    if let Some(terms) = &supply.terms {
        let demand = terms.contract_demand_kw.is_some_and(|kw| kw > Quantity::default());
        if (basic == BasicMethod::ContractDemand) != demand {
            return fail(
                "按合同最大需量计收应有合同最大需量，其他方式不应有",
                "contract demand, and no other method, needs a contract demand",
            );
        }
        let loss = terms.transformer_loss;
        let needs = matches!(loss, TransformerLossMethod::Table | TransformerLossMethod::Formula);
        if (basic == BasicMethod::Capacity || needs) && supply.transformers.is_empty() {
            return fail("缺少变压器", "transformers are missing");
        }
    }
    for meter in supply.meters.iter().filter(|meter| meter.removed_on.is_none()) {
        let known = if supply.points.is_empty() {
            meter.point_seq == 1
        } else {
            supply.points.iter().any(|point| point.point_seq == meter.point_seq)
        };
        if !known {
            return fail("在用电能表所属的计量点不存在", "a meter in use measures a point that is not there");
        }
    }
    Ok(())
}
