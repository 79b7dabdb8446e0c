//! Regulations, power-factor table and loss tables as files.

use kernel::{Quantity, Rate, Text};
use serde::Deserialize;
use toml::Spanned;

use super::place::Source;
use super::schema::Day;
use crate::engine::{DayShare, LossModel, LossRow, Regulation, Rules};
use crate::error::TableError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    regulation: Vec<RegulationRow>,
    power_factor: PowerFactorFile,
    #[serde(default)]
    loss_model: Vec<LossModelRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegulationRow {
    code: String,
    name: Text,
    source: String,
    from: Spanned<Day>,
    /// "calendar", or "1/30".
    day_share: Spanned<String>,
    suspension_days_min: u16,
    suspension_days_max: Option<u16>,
    suspended_share_young: Rate,
    young_years: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PowerFactorFile {
    #[serde(rename = "source")]
    _source: String,
    standard: Vec<Spanned<StandardRow>>,
}

/// One standard: steps away from it, each a percentage for every hundredth down to (or up to) a power factor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StandardRow {
    standard: u8,
    rebate: Vec<Spanned<StepRow>>,
    surcharge: Vec<Spanned<StepRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepRow {
    until: u8,
    percent: Rate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LossModelRow {
    code: Spanned<String>,
    capacity_kva: Quantity,
    source: String,
    row: Vec<LossRowFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LossRowFile {
    until_kwh: Option<Spanned<Quantity>>,
    #[serde(default)]
    active_kwh: Quantity,
    #[serde(default)]
    active_rate: Rate,
    #[serde(default)]
    reactive_kvarh: Quantity,
    #[serde(default)]
    reactive_rate: Rate,
}

fn percent(units: i64) -> Rate {
    Rate::from_units(units / 100)
}

fn standard_row(source: &Source<'_>, row: &Spanned<StandardRow>) -> Result<[Rate; 101], TableError> {
    let StandardRow { standard, rebate, surcharge } = row.as_ref();
    let wrong = |at| {
        source.error(
            at,
            "力调表的步长须由标准起逐段到 100 和 0",
            "the steps of the power-factor table must lead from the standard to 100 and to 0",
        )
    };
    let mut table = [Rate::ZERO; 101];
    // Walks away from the standard, adding the step of each hundredth.
    let mut walk = |steps: &[Spanned<StepRow>], up: bool| -> Result<(), TableError> {
        let (mut at, mut sum) = (i16::from(*standard), 0_i64);
        let end = if up { 100 } else { 0 };
        for step in steps {
            let until = i16::from(step.as_ref().until);
            let ahead = if up { until > at && until <= 100 } else { until < at };
            if !ahead {
                return Err(wrong(step.span()));
            }
            while at != until {
                at += if up { 1 } else { -1 };
                sum = sum.checked_add(step.as_ref().percent.units()).ok_or_else(|| wrong(step.span()))?;
                let place = usize::try_from(at).map_err(|_| wrong(step.span()))?;
                table[place] = percent(if up { -sum } else { sum });
            }
        }
        if at == end { Ok(()) } else { Err(wrong(row.span())) }
    };
    walk(rebate, true)?;
    walk(surcharge, false)?;
    Ok(table)
}

fn regulation(source: &Source<'_>, row: RegulationRow) -> Result<Regulation, TableError> {
    let day_share = match row.day_share.as_ref().as_str() {
        "calendar" => DayShare::Calendar,
        text => match text.strip_prefix("1/").and_then(|days| days.parse().ok()) {
            Some(days @ 28..=31) => DayShare::Fixed(days),
            _ => {
                return Err(source.error(
                    row.day_share.span(),
                    "day_share 须为 \"calendar\" 或 \"1/30\"",
                    "day_share must be \"calendar\" or \"1/30\"",
                ));
            }
        },
    };
    Ok(Regulation {
        code: row.code,
        name: row.name,
        source: row.source,
        from: row.from.as_ref().0,
        day_share,
        suspension_days_min: row.suspension_days_min,
        suspension_days_max: row.suspension_days_max,
        suspended_share_young: row.suspended_share_young,
        young_years: row.young_years,
    })
}

fn loss_model(source: &Source<'_>, row: LossModelRow) -> Result<LossModel, TableError> {
    let mut last = Quantity::ZERO;
    for cell in row.row.iter().filter_map(|row| row.until_kwh.as_ref()) {
        if *cell.as_ref() <= last {
            return Err(source.error(cell.span(), "电量分界须递增", "the limits of kWh must rise"));
        }
        last = *cell.as_ref();
    }
    if row.row.is_empty() {
        return Err(source.error(row.code.span(), "损耗表没有行", "the loss table has no rows"));
    }
    let rows = row.row.into_iter().map(|row| LossRow {
        until_kwh: row.until_kwh.map(Spanned::into_inner),
        active_kwh: row.active_kwh,
        active_rate: row.active_rate,
        reactive_kvarh: row.reactive_kvarh,
        reactive_rate: row.reactive_rate,
    });
    Ok(LossModel {
        rows: rows.collect(),
        code: row.code.into_inner(),
        capacity_kva: row.capacity_kva,
        source: row.source,
    })
}

impl Rules {
    /// Reads regulations, the power-factor table and loss tables. `file` is named in errors.
    pub fn parse(file: &str, text: &str) -> Result<Rules, TableError> {
        let source = Source { file, text };
        let raw: File = source.parse()?;
        let mut power_factor = [[Rate::ZERO; 101]; 3];
        for (slot, standard) in power_factor.iter_mut().zip([90, 85, 80]) {
            let row = raw.power_factor.standard.iter().find(|row| row.as_ref().standard == standard);
            let row = row.ok_or_else(|| {
                source.error(
                    0..0,
                    format!("缺少力调标准 {standard}"),
                    format!("the standard {standard} is missing"),
                )
            })?;
            *slot = standard_row(&source, row)?;
        }
        let mut regulations = Vec::new();
        for row in raw.regulation {
            let at = row.from.span();
            let next = regulation(&source, row)?;
            if regulations.last().is_some_and(|last: &Regulation| last.from >= next.from) {
                return Err(source.error(
                    at,
                    "规则须按生效日先后排列",
                    "regulations must stand in order of date",
                ));
            }
            regulations.push(next);
        }
        let loss_models =
            raw.loss_model.into_iter().map(|row| loss_model(&source, row)).collect::<Result<_, _>>()?;
        Ok(Rules { regulations, power_factor, loss_models })
    }

    /// The rules that come with the program.
    pub fn shipped() -> Result<Rules, TableError> {
        Rules::parse("prices/rules.toml", include_str!("../../prices/rules.toml"))
    }
}
