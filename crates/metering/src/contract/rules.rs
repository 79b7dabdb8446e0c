//! What contracts must be and how they compare with the system, as pure functions.

use kernel::Date;

use super::model::{Contract, ContractKind, NewContract};
use crate::account::BasicMethod;
use crate::parameter::rules::in_service_kva;
use crate::parameter::{ParameterError, Supply};

const TERMS_MAX: usize = 50;
const VALUE_CHARS_MAX: usize = 200;

/// A parameter that contract and system give differently. Source: PARM-02.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The account.
    pub account_id: i64,
    /// The contract.
    pub contract_id: i64,
    /// The parameter.
    pub field: String,
    /// What the contract says.
    pub contract_value: String,
    /// What the system says; empty when it says nothing.
    pub system_value: String,
}

/// Refuses a contract that cannot be: unknown kind, no number, days in the wrong order, signed in the future.
pub fn check(new: &NewContract, today: Date) -> Result<ContractKind, ParameterError> {
    let wrong = |zh: &str, en: &str| ParameterError::value(("合同", "contract"), (zh, en));
    let kind = ContractKind::from_words(&new.kind)
        .ok_or_else(|| wrong("种类应为供用电合同或电费结算协议", "its kind is supply or settlement"))?;
    let number = new.number.trim();
    if number.is_empty() || number.chars().count() > 40 || number.chars().any(char::is_control) {
        return Err(wrong("合同编号应为 1 至 40 字", "its number has 1 to 40 characters"));
    }
    if new.signed_on > today {
        return Err(wrong("签订日期不能晚于今天", "it cannot be signed in the future"));
    }
    if new.valid_to.is_some_and(|last| last < new.valid_from) {
        return Err(wrong("终止日期早于生效日期", "it ends before it begins"));
    }
    let bad = |(field, value): &(String, String)| {
        field.trim().is_empty() || field.len() > 40 || value.chars().count() > VALUE_CHARS_MAX
    };
    if new.terms.len() > TERMS_MAX || new.terms.iter().any(bad) {
        return Err(wrong(
            "合同参数不超过 50 项，每项不超过 200 字",
            "at most 50 parameters of 200 characters",
        ));
    }
    let mut fields: Vec<&str> = new.terms.iter().map(|(field, _)| field.trim()).collect();
    fields.sort_unstable();
    if fields.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(wrong("合同参数重复", "a parameter is given twice"));
    }
    Ok(kind)
}

/// What the system says of a contract's parameter on a day; nothing for parameters it does not keep.
fn system_value(supply: &Supply, field: &str, day: Date) -> Option<String> {
    let details = &supply.details;
    let account = &details.account;
    let terms = supply.terms.as_ref();
    Some(match field {
        "price_class" => account.price_class.clone(),
        "category" => account.category.key().into(),
        "voltage" => account.voltage.key().into(),
        "name" => details.name.clone(),
        "tax" => details.tax.key().into(),
        "collection" => details.collection.key().into(),
        "basic" => terms.map_or(BasicMethod::None, |terms| terms.basic).key().into(),
        "contract_demand" => terms.and_then(|terms| terms.contract_demand_kw).map(|kw| kw.to_string())?,
        "power_factor" => {
            terms.and_then(|terms| terms.power_factor).map(|standard| standard.key().to_owned())?
        }
        "transformer_loss" => terms.map(|terms| terms.transformer_loss.key().to_owned())?,
        "line_loss" => terms.map(|terms| terms.line_loss.key().to_owned())?,
        "capacity_kva" => in_service_kva(supply, day).ok()?.to_string(),
        "multiplier" => {
            let mut in_use = supply.meters.iter().filter(|meter| meter.removed_on.is_none());
            in_use.next().map(|meter| meter.multiplier.to_string())?
        }
        _ => return None,
    })
}

const COMPARED: &[&str] = &[
    "price_class",
    "category",
    "voltage",
    "name",
    "tax",
    "collection",
    "basic",
    "contract_demand",
    "power_factor",
    "transformer_loss",
    "line_loss",
    "capacity_kva",
    "multiplier",
];

/// Every parameter of the contract that the system gives differently on `day`. Figures are compared as figures, so that
/// 315 and 315.00 are the same; parameters the system does not keep are passed over. Source: PARM-02.
pub fn compare(contract: &Contract, supply: &Supply, day: Date) -> Vec<Difference> {
    let same =
        |a: &str, b: &str| match (a.trim().parse::<kernel::Quantity>(), b.trim().parse::<kernel::Quantity>())
        {
            (Ok(a), Ok(b)) => a == b,
            _ => a.trim() == b.trim(),
        };
    let mut found = Vec::new();
    for (field, contract_value) in
        contract.terms.iter().filter(|(field, _)| COMPARED.contains(&field.as_str()))
    {
        let system_value = system_value(supply, field, day).unwrap_or_default();
        if !same(contract_value, &system_value) {
            found.push(Difference {
                account_id: contract.account_id,
                contract_id: contract.contract_id,
                field: field.clone(),
                contract_value: contract_value.clone(),
                system_value,
            });
        }
    }
    found
}

/// Of `contracts` (the oldest first) the supply contract in force on `day`: the latest that began and did not end.
pub fn in_force(contracts: &[Contract], day: Date) -> Option<&Contract> {
    contracts.iter().rev().find(|contract| {
        contract.kind == ContractKind::Supply
            && contract.valid_from <= day
            && contract.valid_to.is_none_or(|last| day <= last)
    })
}
