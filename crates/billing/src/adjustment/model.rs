//! The nouns of adjustments.

use kernel::{Money, Month, Quantity};

use super::routes::Cause;
use crate::BillKey;
use crate::office::{OfficeError, Result, checked_code};

/// Components or tiers of one adjustment at most.
const PARTS_MAX: usize = 40;

/// What an adjustment changes, signed: a refund is below zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// kWh in all.
    pub energy_kwh: Quantity,
    /// kWh by tier, where tiers apply; empty otherwise.
    pub tiers: Vec<(u8, Quantity)>,
    /// Yuan by component of the bill, by the ledger's codes.
    pub components: Vec<(String, Money)>,
}

impl Effect {
    /// The fee in all: the sum of its components.
    pub fn amount(&self) -> Result<Money> {
        Ok(Money::sum(self.components.iter().map(|(_, amount)| *amount))?)
    }

    /// Refuses an effect of nothing, tiers that do not sum to the energy, and a part given twice.
    pub fn check(&self) -> Result<()> {
        let refuse = |zh: &str, en: &str| Err(OfficeError::refused("ADJ-18", zh, en));
        for (code, _) in &self.components {
            checked_code("component", code)?;
        }
        let mut codes: Vec<&str> = self.components.iter().map(|(code, _)| code.as_str()).collect();
        let mut tiers: Vec<u8> = self.tiers.iter().map(|(tier, _)| *tier).collect();
        codes.sort_unstable();
        tiers.sort_unstable();
        if codes.windows(2).any(|pair| pair[0] == pair[1]) || tiers.windows(2).any(|pair| pair[0] == pair[1])
        {
            return refuse("同一费用项或阶梯重复，请合并", "a component or tier is given twice: add them up");
        }
        if codes.len() > PARTS_MAX || tiers.len() > PARTS_MAX {
            return refuse("费用项或阶梯过多", "too many components or tiers");
        }
        let by_tier = Quantity::sum(self.tiers.iter().map(|(_, energy)| *energy))?;
        if !self.tiers.is_empty() && by_tier != self.energy_kwh {
            return refuse("各阶梯电量之和与退补电量不符", "the tiers do not sum to the adjusted kWh");
        }
        let nothing = self.energy_kwh.is_zero() && self.components.iter().all(|(_, amount)| amount.is_zero());
        if nothing && self.tiers.iter().all(|(_, energy)| energy.is_zero()) {
            return refuse("退补电量和电费均为零", "the adjustment changes neither kWh nor fee");
        }
        Ok(())
    }
}

/// An adjustment to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAdjustment {
    /// Why.
    pub cause: Cause,
    /// The account.
    pub account_id: i64,
    /// The billing month that is corrected.
    pub month: Month,
    /// The specific reason, as it stands on the slip.
    pub reason: String,
    /// What it changes.
    pub effect: Effect,
    /// The metering institute's ticket it is started on. (ADJ-06)
    pub request_ticket_id: Option<i64>,
    /// The change ticket it follows from, if one. (PARM-06)
    pub change_ticket: Option<String>,
    /// The centre that operates it.
    pub centre_unit_id: i64,
    /// What the station must do afterwards. (ADJ-15)
    pub follow_up: Vec<FollowUpItem>,
}

/// A step of the station after an adjustment. (ADJ-08, ADJ-15)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FollowUpItem {
    /// Create the electronic book batch (创建电子抄本).
    CreateBatch = 1,
    /// Enter the readings and submit (录入并提交表码).
    SubmitReadings = 2,
    /// Change the base reading (底码修改).
    ChangeBaseReading = 3,
}

impl FollowUpItem {
    /// All.
    pub const ALL: [FollowUpItem; 3] =
        [FollowUpItem::CreateBatch, FollowUpItem::SubmitReadings, FollowUpItem::ChangeBaseReading];
    pub(crate) fn from_number(number: i64) -> Option<FollowUpItem> {
        FollowUpItem::ALL.into_iter().find(|item| *item as i64 == number)
    }
}

/// How a follow-up step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUp {
    /// Which.
    pub item: FollowUpItem,
    /// How often the centre has chased it.
    pub chased: i64,
    /// Who did it.
    pub done_by: Option<i64>,
}

/// Where a case stands; its ticket knows every step in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseState {
    /// In progress: the normal issue of the customer is held. (ADJ-16)
    Running,
    /// Its bill is issued.
    Issued,
    /// Refused.
    Refused,
}

impl CaseState {
    pub(crate) fn from_number(number: i64) -> Option<CaseState> {
        [CaseState::Running, CaseState::Issued, CaseState::Refused]
            .into_iter()
            .find(|state| *state as i64 == number)
    }
}

/// An adjustment (退补传单).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentCase {
    /// Its key.
    pub case_id: i64,
    /// Its formal number, given by the system. (ADJ-18)
    pub number: String,
    /// The ticket that carries it.
    pub ticket_id: i64,
    /// The approval it needs.
    pub approval_id: i64,
    /// Why.
    pub cause: Cause,
    /// The specific reason.
    pub reason: String,
    /// The account.
    pub account_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// Its book.
    pub book_id: i64,
    /// The unit that started it.
    pub started_unit_id: i64,
    /// The centre.
    pub centre_unit_id: i64,
    /// Who started it.
    pub started_by: i64,
    /// The month that is corrected.
    pub month: Month,
    /// kWh.
    pub energy_kwh: Quantity,
    /// Yuan.
    pub amount: Money,
    /// The centre's call to the station was made. (ADJ-08)
    pub called: bool,
    /// The list by which the evidence was handed over. (ADJ-11)
    pub evidence_list_id: Option<i64>,
    /// Where it stands.
    pub state: CaseState,
    /// The sequence of its bill within the account's month.
    pub sequence: Option<i64>,
    /// Version of the row.
    pub version: i64,
}

/// What the issue of an adjustment is made of: a further bill of the account's month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentBill {
    /// Its key; the sequence is 1 or above.
    pub key: BillKey,
    /// The station.
    pub unit_id: i64,
    /// The book.
    pub book_id: i64,
    /// The slip it is made from.
    pub document: String,
    /// The specific reason.
    pub reason: String,
    /// kWh, signed.
    pub energy_kwh: Quantity,
    /// kWh by tier, signed; empty where tiers do not apply.
    pub tiers: Vec<(u8, Quantity)>,
    /// Yuan by component, signed.
    pub components: Vec<(String, Money)>,
    /// Yuan in all: the sum of the components.
    pub amount: Money,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ADJ-18
    #[test]
    fn an_effect_must_add_up() {
        let kwh = |value| Quantity::whole(value).unwrap();
        let part = |code: &str, fen| (code.to_owned(), Money::from_fen(fen));
        let fine = Effect {
            energy_kwh: kwh(-30),
            tiers: vec![(1, kwh(-10)), (2, kwh(-20))],
            components: vec![part("energy", -1500), part("renewable", -50)],
        };
        fine.check().unwrap();
        assert_eq!(fine.amount().unwrap(), Money::from_fen(-1550));
        for wrong in [
            Effect::default(),
            Effect { tiers: vec![(1, kwh(-10))], ..fine.clone() },
            Effect { components: vec![part("energy", 1), part("energy", 2)], ..fine.clone() },
            Effect { components: vec![part("Energy!", 1)], ..fine.clone() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
