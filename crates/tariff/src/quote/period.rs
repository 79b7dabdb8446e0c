//! The settlement period of a quote, and where its household stands in its tiers.

use kernel::{Date, Month, Quantity, Text};

use super::error::Quoted;
use super::fields::{Fields, amount_of, date_of, text_of};
use super::node::{Node, Value};
use crate::model::TierState;

/// The period priced.
#[derive(Debug, Clone, Copy)]
pub(super) struct PricedPeriod {
    pub from: Date,
    pub to: Date,
    pub month: Month,
}

/// A month of thirty days, when a file says nothing about time: under the 1996 rules, and today's.
const MONTH_OF_1996: (i16, i8) = (2020, 6);
const MONTH_OF_TODAY: (i16, i8) = (2026, 6);

/// What may stand between the two days of a period.
const BETWEEN: [&str; 9] = ["..", "~", "～", "至", "到", " to ", " - ", "–", "—"];

/// Reads the period: `period`, `month`, or `from` and `to` (`to` is the next settlement day).
pub(super) fn read_period(
    fields: &Fields<'_>,
    rules: Option<&str>,
    months: u8,
    hint: Option<Date>,
    notes: &mut Vec<Text>,
) -> Quoted<PricedPeriod> {
    let file = fields.source;
    let mut from = fields.date(&["from", "period_from"])?;
    let mut to = fields.date(&["to", "period_to"])?;
    let mut month = match fields.node(&["month", "billing_month"])? {
        Some(node) => Some(month_of(fields, node)?),
        None => None,
    };
    if let Some(node) = fields.node(&["period"])? {
        match &node.value {
            Value::Table(_) => {
                let inner = Fields::of(file, node)?;
                from = inner.date(&["from", "start"])?;
                to = inner.date(&["to", "until", "end"])?;
                if let Some(node) = inner.node(&["month"])? {
                    month = Some(month_of(&inner, node)?);
                }
                inner.finish()?;
            }
            Value::List(list) => {
                let [start, end] = list.as_slice() else {
                    return Err(file.refuse(
                        &node.span,
                        "结算期应为 [起, 止]",
                        "a period is given as [from, to]",
                    ));
                };
                (from, to) = (Some(date_of(file, start)?), Some(date_of(file, end)?));
            }
            _ => {
                let text = text_of(file, node)?;
                let text = text.trim().to_owned();
                let iso = text.split_once('/').filter(|(start, _)| start.contains('-'));
                let ends = BETWEEN.iter().find_map(|between| text.split_once(between)).or(iso);
                if let Some((start, end)) = ends {
                    let day = |part: &str| {
                        part.trim().parse::<Date>().map_err(|_| {
                            file.refuse(&node.span, "日期应如 2026-01-01", "a day is written like 2026-01-01")
                        })
                    };
                    (from, to) = (Some(day(start)?), Some(day(end)?));
                } else {
                    month = Some(month_of(fields, node)?);
                }
            }
        }
    }
    let too_far = || fields.refuse("日期超出范围", "the date is out of range");
    let months = i32::from(months.max(1));
    // The same day of a month as many months later, or the last one where that month is shorter.
    let moved = |day: Date, by: i32| -> Quoted<Date> {
        let month = day.month().plus(by).map_err(|_| too_far())?;
        Date::new(month.year(), month.month_of_year(), day.day().min(month.last_day().day()))
            .map_err(|_| too_far())
    };
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, moved(from, months)?),
        (None, Some(to)) => (moved(to, -months)?, to),
        (None, None) => {
            let last = match month.or(hint.map(Date::month)) {
                Some(month) => month,
                None => {
                    let (year, of_year) = if rules == Some("1996") { MONTH_OF_1996 } else { MONTH_OF_TODAY };
                    let month = Month::new(year, of_year).map_err(|_| too_far())?;
                    notes.push(Text::new(
                        format!("未给出结算期，按 {month} 整月计算"),
                        format!("no period is given; the whole month {month} is priced"),
                    ));
                    month
                }
            };
            let to = last.plus(1).map_err(|_| too_far())?.first_day();
            (moved(to, -months)?, to)
        }
    };
    if from >= to {
        return Err(fields.refuse_at(
            &["to", "period", "from", "month"],
            format!("结算期 {from} 至 {to} 是空的"),
            format!("the period from {from} to {to} is empty"),
        ));
    }
    let month = match month {
        Some(month) => month,
        // The month in which the last day of the period lies.
        None => to.plus_days(-1).map_err(|_| too_far())?.month(),
    };
    Ok(PricedPeriod { from, to, month })
}

fn month_of(fields: &Fields<'_>, node: &Node) -> Quoted<Month> {
    let text = text_of(fields.source, node)?;
    let day = text.parse::<Date>().map(Date::month);
    text.parse::<Month>()
        .or(day)
        .map_err(|_| fields.source.refuse(&node.span, "月份应如 2026-01", "a month is written like 2026-01"))
}

/// What a file says about a household.
#[derive(Debug, Clone, Default)]
pub(super) struct Household {
    pub state: TierState,
    pub given: bool,
}

/// Reads the household keys, at the top of the file or in `[household]`.
pub(super) fn read_household(top: &Fields<'_>, notes: &mut Vec<Text>) -> Quoted<Household> {
    let mut household = Household::default();
    household.fill(top, notes)?;
    if let Some(inner) = top.table(&["household", "tier_state"])? {
        household.fill(&inner, notes)?;
        inner.finish()?;
    }
    Ok(household)
}

impl Household {
    fn fill(&mut self, fields: &Fields<'_>, notes: &mut Vec<Text>) -> Quoted<()> {
        let file = fields.source;
        let state = &mut self.state;
        if let Some(node) =
            fields.node(&["used_kwh", "earlier_kwh", "used_before_kwh", "used_this_year_kwh"])?
        {
            let parts = match &node.value {
                Value::List(list) => {
                    list.iter().map(|each| amount_of(file, each)).collect::<Quoted<Vec<Quantity>>>()?
                }
                _ => vec![amount_of(file, node)?],
            };
            state.used_kwh = Quantity::sum(parts)
                .map_err(|_| file.refuse(&node.span, "数值过大", "the figure is too large"))?;
            self.given = true;
        }
        let mut byte = |names: &[&'static str], from: i64, to: i64, slot: &mut u8| -> Quoted<()> {
            if let Some(count) = fields.count(names, from, to)? {
                *slot = u8::try_from(count).unwrap_or(*slot);
                self.given = true;
            }
            Ok(())
        };
        byte(&["months", "months_read", "reading_months"], 1, 12, &mut state.months)?;
        byte(&["months_in_year", "months_used"], 1, 12, &mut state.months_in_year)?;
        byte(&["persons", "people", "household_size"], 1, 255, &mut state.persons)?;
        if let Some(free) = fields.flag(&["low_income", "free_kwh_entitled", "entitled"])? {
            state.free_kwh = free;
            self.given = true;
        }
        if let Some(cycle) = fields.text(&["reading_cycle", "cycle"])? {
            state.months = match cycle.trim().to_lowercase().as_str() {
                "monthly" | "month" | "每月" | "单月" => 1,
                "bimonthly" | "two_months" | "双月" | "两月" => 2,
                _ => {
                    return Err(fields.refuse_at(
                        &["reading_cycle", "cycle"],
                        "应为 monthly 或 bimonthly",
                        "monthly or bimonthly is expected here",
                    ));
                }
            };
        }
        // A transferred account has the thresholds of the months it was used, a part month as one.
        if let Some(day) = date_or_flag(fields, &["transferred", "transfer_date", "过户"])? {
            state.months_in_year = u8::try_from(day.month().month_of_year()).unwrap_or(12);
            notes.push(Text::new(
                format!("{day} 过户：阶梯按已用 {} 个月折算", state.months_in_year),
                format!("transferred on {day}: thresholds of {} months", state.months_in_year),
            ));
        }
        if let Some(day) = date_or_flag(fields, &["opened", "open_date", "新装"])? {
            let month = u8::try_from(day.month().month_of_year()).unwrap_or(1);
            state.months_in_year = 13 - month.clamp(1, 12);
            notes.push(Text::new(
                format!("{day} 立户：阶梯按 {} 个月折算", state.months_in_year),
                format!("opened on {day}: thresholds of {} months", state.months_in_year),
            ));
        }
        if fields.has(&["closed", "close_date", "销户"]) {
            date_or_flag(fields, &["closed", "close_date", "销户"])?;
            notes.push(Text::new("销户：阶梯按全年分界", "closed account: thresholds of the whole year"));
        }
        Ok(())
    }
}

/// A day; `true` says it happened without a day, `false` that it did not.
fn date_or_flag(fields: &Fields<'_>, names: &[&'static str]) -> Quoted<Option<Date>> {
    match fields.node(names)? {
        None | Some(Node { value: Value::Flag(false), .. }) => Ok(None),
        Some(Node { value: Value::Flag(true), .. }) if names.contains(&"closed") => Ok(None),
        Some(node) => date_of(fields.source, node).map(Some),
    }
}
