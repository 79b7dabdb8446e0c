//! Price tables (电价表) as effective-dated data: read, checked, and compiled into plans.
//!
//! A table is TOML that an accountant can read. Every complaint names file, line and column. A table may carry the
//! final prices as they were published; they must come out exactly, so that a misread digit is found on loading.

mod compile;
mod parts;
mod place;
mod rules_file;
mod schedule;
mod schema;
mod shipped;
pub mod workbook;

use std::collections::BTreeSet;

use kernel::{Date, Text};
use toml::Spanned;

use crate::engine::{PlanRequest, Plans};
use crate::error::TableError;
use crate::model::{Category, VoltageLevel};
use place::Source;

pub use schedule::{DayFacts, SLOTS, Schedule};
pub use shipped::{SHIPPED, ShippedTable, shipped_table};

/// The largest table that is read, in bytes.
const TABLE_BYTES_MAX: usize = 1 << 20;

/// A price table that passed every check.
#[derive(Debug, Clone)]
pub struct PriceTable {
    raw: schema::Table,
    file: String,
    text: String,
    schedules: Vec<Schedule>,
}

/// Tables are equal that say the same, whatever their file is called and however they are laid out.
impl PartialEq for PriceTable {
    fn eq(&self, other: &PriceTable) -> bool {
        self.raw == other.raw
    }
}

/// A class of customers in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassOf<'t> {
    /// Code, for [`PlanRequest::class`].
    pub code: &'t str,
    /// Name.
    pub name: &'t Text,
    /// The rules that apply.
    pub category: Category,
    /// Its prices differ by time of day.
    pub time_of_use: Option<&'t str>,
}

impl PriceTable {
    /// Reads and checks a table. `file` is named in errors.
    ///
    /// Checks: the form, that every code and month is known, that prices are exact, that hours cover the day, and
    /// that published final prices come out to the last digit.
    pub fn parse(file: &str, text: &str) -> Result<PriceTable, TableError> {
        let source = Source { file, text };
        if text.len() > TABLE_BYTES_MAX {
            return Err(source.error(0..0, "电价表大于 1 MiB", "the price table is larger than 1 MiB"));
        }
        let raw: schema::Table = source.parse()?;
        if let Some(to) = &raw.to
            && *to.as_ref() <= raw.from
        {
            return Err(source.error(to.span(), "失效日须晚于生效日", "the table must end after it begins"));
        }
        unique(&source, raw.component.iter().map(|component| &component.code))?;
        unique(&source, raw.class.iter().map(|class| &class.code))?;
        unique(&source, raw.tiers.iter().map(|tiers| &tiers.code))?;
        unique(&source, raw.time_of_use.iter().map(|tou| &tou.code))?;
        let schedules = raw
            .time_of_use
            .iter()
            .map(|tou| schedule::schedule(&source, tou))
            .collect::<Result<Vec<_>, _>>()?;
        let table = PriceTable { raw, file: file.to_owned(), text: text.to_owned(), schedules };
        table.check_all()?;
        Ok(table)
    }

    /// Compiles everything once: what compiles here compiles in a billing run.
    fn check_all(&self) -> Result<(), TableError> {
        let mut plans = Plans::new();
        for class in &self.raw.class {
            let mut levels = BTreeSet::new();
            for voltage in &class.voltage {
                let level = voltage.as_ref().level.as_ref().0;
                if !levels.insert(level) {
                    return Err(self.source().error(
                        voltage.as_ref().level.span(),
                        "电压等级重复",
                        "the voltage level is repeated",
                    ));
                }
                plans.compile(self, &PlanRequest::new(class.code.as_ref(), level))?;
            }
        }
        Ok(())
    }

    /// The table in its TOML form, from which [`PriceTable::parse`] reads it again.
    pub fn toml(&self) -> &str {
        &self.text
    }
    pub(crate) fn source(&self) -> Source<'_> {
        Source { file: &self.file, text: &self.text }
    }
    /// Its id.
    pub fn id(&self) -> &str {
        self.raw.id.as_ref()
    }
    /// Its version: a corrected table has the same id and a higher version.
    pub fn version(&self) -> u32 {
        self.raw.version
    }
    /// The region it is for.
    pub fn region(&self) -> &str {
        &self.raw.region
    }
    /// Its name.
    pub fn name(&self) -> &Text {
        &self.raw.name
    }
    /// Where its figures come from and how sure they are.
    pub fn source_note(&self) -> &str {
        &self.raw.source
    }
    /// First day in force.
    pub fn from(&self) -> Date {
        self.raw.from.0
    }
    /// First day no longer in force.
    pub fn to(&self) -> Option<Date> {
        self.raw.to.as_ref().map(|to| to.as_ref().0)
    }
    /// Its classes.
    pub fn classes(&self) -> impl Iterator<Item = ClassOf<'_>> {
        self.raw.class.iter().map(|class| ClassOf {
            code: class.code.as_ref(),
            name: &class.name,
            category: class.category,
            time_of_use: class.time_of_use.as_ref().map(|code| code.as_ref().as_str()),
        })
    }
    /// The voltage levels of a class, as the table lists them; none for an unknown class.
    pub fn voltages(&self, class: &str) -> Vec<VoltageLevel> {
        let class = self.raw.class.iter().find(|candidate| candidate.code.as_ref() == class);
        let levels = |class: &schema::Class| {
            class.voltage.iter().map(|voltage| voltage.as_ref().level.as_ref().0).collect()
        };
        class.map(levels).unwrap_or_default()
    }
    /// The hours of a time-of-use price by its code.
    pub fn schedule(&self, code: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.code() == code)
    }
}

fn unique<'c>(
    source: &Source<'_>,
    codes: impl Iterator<Item = &'c Spanned<String>>,
) -> Result<(), TableError> {
    let mut seen = BTreeSet::new();
    for code in codes {
        let text = code.as_ref();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if text.is_empty() || text.len() > 60 || !text.bytes().all(plain) {
            return Err(source.error(
                code.span(),
                format!("代码“{text}”须为 1 至 60 个小写字母、数字、下划线或连字符"),
                format!(
                    "the code {text:?} must be 1 to 60 lower-case letters, digits, underscores or hyphens"
                ),
            ));
        }
        if !seen.insert(text.as_str()) {
            return Err(source.error(
                code.span(),
                format!("代码“{text}”重复"),
                format!("the code {text:?} is repeated"),
            ));
        }
    }
    Ok(())
}
