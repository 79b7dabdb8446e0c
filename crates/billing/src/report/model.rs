//! The nouns of reports: a table of typed cells that becomes a sheet, and the facts it is made of.

use std::collections::BTreeMap;

use documents::sheet::{Cell, Column, Kind, Sheet};
use kernel::{Bilingual, Lang, Money, Quantity, Text};
use store::Tx;

use crate::office::{Result, flow};

/// One column in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportColumn {
    /// Its heading.
    pub title: Text,
    /// What its cells are.
    pub kind: Kind,
    /// Its sum stands in the total row.
    pub summed: bool,
}

impl ReportColumn {
    /// A column that is not summed.
    pub fn new(zh: &str, en: &str, kind: Kind) -> ReportColumn {
        ReportColumn { title: Text::new(zh, en), kind, summed: false }
    }
    /// A column that is summed.
    pub fn summed(zh: &str, en: &str, kind: Kind) -> ReportColumn {
        ReportColumn { title: Text::new(zh, en), kind, summed: true }
    }
}

/// A report as data: heading, notes, columns, rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its code, such as `receivable_summary`.
    pub code: &'static str,
    /// Its title.
    pub title: Text,
    /// What it covers: a month or a day as printed.
    pub period: String,
    /// Lines a reader must know, such as what is not yet counted.
    pub notes: Vec<Text>,
    /// The columns.
    pub columns: Vec<ReportColumn>,
    /// The rows, cells in the order of the columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Report {
    /// The report as a sheet in `lang`, with a total row where columns are summed.
    pub fn sheet(self, lang: Lang) -> Sheet<'static> {
        let total = self.columns.iter().any(|column| column.summed);
        let columns = self.columns.into_iter().map(|column| {
            let made = Column::new(column.title.text(lang), column.kind);
            if column.summed { made.summed() } else { made }
        });
        let title = self.title.text(lang);
        let sheet =
            Sheet::from_rows(title.clone(), columns.collect(), self.rows).titled(title).titled(self.period);
        let sheet = self.notes.iter().fold(sheet, |sheet, note| sheet.titled(note.text(lang)));
        if total { sheet.with_total() } else { sheet }
    }

    /// The report with the codes and names of units in place of their keys.
    #[must_use]
    pub fn naming(mut self, units: &BTreeMap<i64, String>) -> Report {
        for (at, column) in
            self.columns.iter_mut().enumerate().filter(|(_, column)| column.title.zh == "单位")
        {
            column.kind = Kind::Text;
            for cell in self.rows.iter_mut().filter_map(|row| row.get_mut(at)) {
                if let Cell::Integer(unit_id) = cell {
                    let name = units.get(unit_id).cloned().unwrap_or_else(|| unit_id.to_string());
                    *cell = Cell::Text(name);
                }
            }
        }
        self
    }

    /// The place of the column that holds keys of units, before [`Report::naming`].
    pub fn unit_column(&self) -> Option<usize> {
        self.columns.iter().position(|column| column.title.zh == "单位")
    }

    /// Leaves out the rows of units that `wanted` does not take. A report without units stays as it is.
    pub fn keep_units(&mut self, wanted: impl Fn(i64) -> bool) {
        if let Some(at) = self.unit_column() {
            self.rows.retain(|row| match row.get(at) {
                Some(Cell::Integer(unit_id)) => wanted(*unit_id),
                _ => true,
            });
        }
    }

    /// The sum of the money in the column at `index`; other cells count nothing.
    pub fn money_total(&self, index: usize) -> Result<Money> {
        let cells = self.rows.iter().filter_map(|row| match row.get(index) {
            Some(Cell::Money(amount)) => Some(*amount),
            _ => None,
        });
        Ok(Money::sum(cells)?)
    }
}

/// What reports print of an account; from metering's public functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFact {
    /// The account.
    pub account_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// Its class of customer.
    pub class: Text,
    /// Its number as printed.
    pub number: String,
    /// Its name.
    pub name: String,
}

/// Where account facts come from: metering, or a list in a test.
pub trait AccountDirectory {
    /// The facts of `account_ids`, in any order; unknown accounts are left out.
    fn facts(&self, tx: &mut Tx<'_>, org_id: i64, account_ids: &[i64]) -> Result<Vec<AccountFact>>;
}

/// Account facts from metering.
#[derive(Debug, Clone, Copy, Default)]
pub struct MeteringDirectory;

/// Accounts whose keys are further apart are looked up as separate ranges.
const GAP_MAX: i64 = 256;

impl AccountDirectory for MeteringDirectory {
    /// Reads ranges of neighbouring keys in one pass each, never account by account.
    fn facts(&self, tx: &mut Tx<'_>, org_id: i64, account_ids: &[i64]) -> Result<Vec<AccountFact>> {
        let mut wanted = account_ids.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut found = Vec::with_capacity(wanted.len());
        for run in wanted.chunk_by(|one, next| next - one <= GAP_MAX) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let read = metering::account::each_account(tx, org_id, *first..=*last, |details| {
                let account = &details.account;
                if run.binary_search(&account.account_id).is_ok() {
                    found.push(AccountFact {
                        account_id: account.account_id,
                        unit_id: account.unit_id,
                        class: Text::new(account.category.text(Lang::Zh), account.category.text(Lang::En)),
                        number: details.number,
                        name: details.name,
                    });
                }
                Ok::<_, metering::MeteringError>(())
            });
            read.map_err(flow::below)?;
        }
        Ok(found)
    }
}

/// What a component of the bill sums to at a station in a month; from the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentTotal {
    /// The station.
    pub unit_id: i64,
    /// The component's code.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// Collected on behalf of the state (代收), not part of the catalogue fee.
    pub is_fund: bool,
    /// The sum.
    pub amount: Money,
}

/// What was issued at a station in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StationTotal {
    /// The station.
    pub unit_id: i64,
    /// Bills.
    pub bills: i64,
    /// kWh.
    pub energy_kwh: Quantity,
    /// Yuan.
    pub amount: Money,
}
