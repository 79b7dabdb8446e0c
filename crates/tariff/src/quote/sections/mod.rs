//! The sections of a quote file that are no monthly bill: late fees, irregular use, theft, metering errors,
//! temporary supply.

mod irregular;
mod late_fee;
mod metering;
mod temporary;

use kernel::{Bilingual, Date, FigureError, Lang, Money, Text};

use super::error::{QuoteError, Quoted};
use super::fields::{Fields, figure_error};
use super::figures::Figures;
use crate::charges::{ChargeError, ChargeRules, ChargeVersion};
use crate::explain::{Block, Row};
use irregular::{read_breach, read_theft};
use late_fee::read_late_fee;
use metering::read_metering_error;
use temporary::read_temporary;

/// What all sections came to.
#[derive(Debug, Clone, Default)]
pub(in crate::quote) struct Sections {
    pub blocks: Vec<Block>,
    pub total: Money,
    pub any: bool,
}

/// What the sections share.
pub(in crate::quote) struct Frame<'a> {
    pub rules: &'a ChargeRules,
    /// The version the file names.
    pub version: Option<String>,
    /// The last day of the period, when a section has no day of its own.
    pub today: Option<Date>,
}

pub(in crate::quote) fn charge_error(fields: &Fields<'_>, error: &ChargeError) -> QuoteError {
    fields.refuse(error.text(Lang::Zh), error.text(Lang::En))
}
pub(in crate::quote) fn overflow(fields: &Fields<'_>) -> impl Fn(FigureError) -> QuoteError {
    let (source, span) = (fields.source, fields.span);
    move |error| figure_error(source, &span, &error)
}
pub(in crate::quote) fn missing(fields: &Fields<'_>, zh: &str, key: &str) -> QuoteError {
    fields.refuse(format!("缺少 {key}（{zh}）"), format!("`{key}` is missing"))
}

impl Frame<'_> {
    /// The version of the rules for a section: named there, by its day, or the newest.
    pub(in crate::quote) fn version_of(&self, fields: &Fields<'_>) -> Quoted<&ChargeVersion> {
        let names: &[&'static str] = &["rules", "regulation"];
        let named = fields.text(names)?;
        let day = fields.date(&["date", "on", "found_on"])?;
        let unknown =
            || fields.refuse_at(names, "没有这个规则版本：可用 1996、2024", "no such rules: 1996 or 2024");
        if let Some(name) = named {
            return self.rules.named(plain_version(&name)).ok_or_else(unknown);
        }
        if let Some(day) = day {
            return self.rules.on(day).map_err(|error| charge_error(fields, &error));
        }
        if let Some(version) = &self.version {
            return self.rules.named(plain_version(version)).ok_or_else(unknown);
        }
        match self.today.and_then(|day| self.rules.on(day).ok()) {
            Some(version) => Ok(version),
            None => self.rules.versions().last().ok_or_else(unknown),
        }
    }
}

/// The Supply Rules themselves did not change in 2016.
pub(in crate::quote) fn plain_version(version: &str) -> &str {
    if version.trim() == "2016" { "1996" } else { version.trim() }
}

/// Reads and charges every section of the file.
pub(in crate::quote) fn read_sections(
    top: &Fields<'_>,
    frame: &Frame<'_>,
    figures: &mut Figures,
) -> Quoted<Sections> {
    let mut sections = Sections::default();
    for (number, fields) in top.tables(&["late_fee", "late_fees"])?.iter().enumerate() {
        read_late_fee(fields, frame, number + 1, figures, &mut sections)?;
    }
    for (number, fields) in top.tables(&["breach", "breaches"])?.iter().enumerate() {
        read_breach(fields, frame, number + 1, figures, &mut sections)?;
    }
    for (number, fields) in top.tables(&["theft", "thefts"])?.iter().enumerate() {
        read_theft(fields, frame, number + 1, figures, &mut sections)?;
    }
    for (number, fields) in top.tables(&["metering_error", "metering_errors"])?.iter().enumerate() {
        read_metering_error(fields, frame, number + 1, figures, &mut sections)?;
    }
    for (number, fields) in top.tables(&["temporary_supply", "temporary"])?.iter().enumerate() {
        read_temporary(fields, frame, number + 1, figures, &mut sections)?;
    }
    Ok(sections)
}

impl Sections {
    pub(in crate::quote) fn add(&mut self, fields: &Fields<'_>, block: Block, amount: Money) -> Quoted<()> {
        self.blocks.push(block);
        self.total = self.total.plus(amount).map_err(overflow(fields))?;
        self.any = true;
        Ok(())
    }
}

pub(in crate::quote) fn headed(
    zh: &str,
    en: &str,
    number: usize,
    name: Option<String>,
    rule: &Text,
    steps: Vec<Row>,
) -> Block {
    let name = name.map_or_else(|| number.to_string(), |name| format!("{number} {name}"));
    let mut block = Block::new(format!("{zh} {name}"), format!("{en} {name}"));
    block.push(Row::note("规则", "rule", rule.zh.clone(), rule.en.clone()));
    block.rows.extend(steps);
    block
}
