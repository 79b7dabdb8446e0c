//! Accounts in bulk, at the speed of the engine's loader.

use kernel::{Month, Quantity};
use store::{Bulk, Tx, params};

use super::model::{
    Account, AccountDetails, LossFormula, Meter, Options, Point, Terms, Transformer, TransformerEvent,
};
use super::sql;
use crate::Result;
use crate::reading::Register;

/// Buffers for many accounts of one organisation and all that belongs to them. Fill them in ascending order of key,
/// on any thread, and load them where the writer is. The rows are trusted: [`crate::account`]'s importers check first.
pub struct AccountBulk {
    org_id: i64,
    accounts: Bulk,
    terms: Bulk,
    transformers: Bulk,
    events: Bulk,
    points: Bulk,
    meters: Bulk,
    shown: Bulk,
}

impl AccountBulk {
    /// Empty buffers.
    pub fn new(org_id: i64) -> AccountBulk {
        AccountBulk {
            org_id,
            accounts: Bulk::new("account", sql::ACCOUNT_COLUMNS),
            terms: Bulk::new("account_terms", sql::TERMS_COLUMNS),
            transformers: Bulk::new("transformer", sql::TRANSFORMER_COLUMNS),
            events: Bulk::new("transformer_event", sql::EVENT_COLUMNS),
            points: Bulk::new("metering_point", sql::POINT_COLUMNS),
            meters: Bulk::new("meter", sql::METER_COLUMNS),
            shown: Bulk::new("meter_shown", sql::SHOWN_COLUMNS),
        }
    }
    /// Adds an account. Its options must say whether terms, points and transformers follow ([`Options::HAS_TERMS`] …).
    pub fn account(&mut self, details: &AccountDetails) -> Result<()> {
        let Account {
            account_id,
            unit_id,
            book_id,
            category,
            voltage,
            price_class,
            options: Options(options),
            persons,
            tier_start,
            due_day,
            status,
            opened_on,
            closed_on,
            main_account_id,
        } = &details.account;
        Ok(self.accounts.row(params![
            self.org_id,
            *account_id,
            *book_id,
            *unit_id,
            *category,
            *voltage,
            price_class,
            *options,
            *persons,
            tier_start.map_or(0, Month::number),
            *due_day,
            *status,
            *opened_on,
            *closed_on,
            *main_account_id,
            &details.number,
            &details.name,
            &details.address,
            &details.phone,
            details.route_sequence,
            details.collection,
            details.tax,
            details.version,
        ])?)
    }
    /// Adds the terms of an account.
    pub fn terms(&mut self, terms: &Terms) -> Result<()> {
        let figures = terms.loss_formula.map(LossFormula::figures).unwrap_or_default();
        Ok(self.terms.row(params![
            self.org_id,
            terms.account_id,
            terms.basic,
            terms.contract_demand_kw,
            terms.power_factor,
            terms.transformer_loss,
            terms.transformer_loss_kwh,
            terms.transformer_loss_kvarh,
            terms.line_loss,
            terms.line_loss_rate,
            terms.line_loss_kwh,
            figures.no_load_kw,
            figures.load_loss_kw,
            figures.no_load_current,
            figures.impedance,
            figures.shape,
            figures.no_load_kvar,
            figures.copper_rate,
            figures.reactive_rate,
        ])?)
    }
    /// Adds a transformer.
    pub fn transformer(&mut self, transformer: &Transformer) -> Result<()> {
        Ok(self.transformers.row(params![
            self.org_id,
            transformer.account_id,
            transformer.seq,
            &transformer.model,
            transformer.capacity_kva,
            transformer.connected_on,
        ])?)
    }
    /// Adds a dated change of a transformer.
    pub fn event(&mut self, event: &TransformerEvent) -> Result<()> {
        Ok(self.events.row(params![
            self.org_id,
            event.account_id,
            event.seq,
            event.on,
            event.event_no,
            event.change,
            event.capacity_kva,
        ])?)
    }
    /// Adds a metering point.
    pub fn point(&mut self, point: &Point) -> Result<()> {
        Ok(self.points.row(params![
            self.org_id,
            point.account_id,
            point.point_seq,
            point.price_class.as_deref(),
            point.time_of_use,
            point.relation,
            point.parent_seq,
            point.fixed_kwh,
            point.fixed_ratio,
            point.bears_transformer_loss,
            point.bears_line_loss,
            point.in_power_factor,
        ])?)
    }
    /// Adds a meter.
    pub fn meter(&mut self, meter: &Meter) -> Result<()> {
        Ok(self.meters.row(params![
            self.org_id,
            meter.account_id,
            meter.meter_seq,
            &meter.number,
            meter.point_seq,
            meter.digits,
            meter.decimals,
            meter.multiplier,
            i64::from(meter.registers),
            meter.installed_on,
            meter.removed_on,
        ])?)
    }
    /// Adds what a meter showed when it was put on (`taken_off` false) or taken off.
    pub fn shown(
        &mut self,
        account_id: i64,
        meter_seq: i64,
        taken_off: bool,
        shown: &[(Register, Quantity)],
    ) -> Result<()> {
        let of = |register| shown.iter().find(|(given, _)| *given == register).map(|(_, value)| *value);
        Ok(self.shown.row(params![
            self.org_id,
            account_id,
            meter_seq,
            taken_off,
            of(Register::Total),
            of(Register::Sharp),
            of(Register::Peak),
            of(Register::Flat),
            of(Register::Valley),
            of(Register::DeepValley),
            of(Register::ReactiveForward),
            of(Register::ReactiveReverse),
            of(Register::Demand),
        ])?)
    }
    /// Bytes encoded so far; load before they grow beyond what memory should hold.
    pub fn encoded_bytes(&self) -> u64 {
        [
            &self.accounts,
            &self.terms,
            &self.transformers,
            &self.events,
            &self.points,
            &self.meters,
            &self.shown,
        ]
        .map(Bulk::encoded_bytes)
        .iter()
        .sum()
    }
    /// Writes everything and empties the buffers; answers the number of rows.
    pub fn load(&mut self, tx: &mut Tx<'_>) -> Result<u64> {
        let mut rows = 0;
        for bulk in [
            &mut self.accounts,
            &mut self.terms,
            &mut self.transformers,
            &mut self.events,
            &mut self.points,
            &mut self.meters,
            &mut self.shown,
        ] {
            rows += tx.load(bulk)?;
        }
        Ok(rows)
    }
}
