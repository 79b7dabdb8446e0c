//! The sections of a quote file that are no monthly bill: late fees, irregular use, theft, metering errors,
//! temporary supply.

use kernel::{Date, Exact, FigureError, Money, Price, Rate, Text};

use super::error::{QuoteError, Quoted};
use super::fields::{Fields, figure_error, figure_of};
use super::figures::Figures;
use super::node::{Node, Value};
use super::price::{CATEGORIES, named_prices};
use crate::charges::breach::{Breach, CapacityTerms, PriceDifference, Usage, breach};
use crate::charges::late_fee::{Debt, LateFeeCategory, Payment, Settlement, late_fee};
use crate::charges::metering_error::{MeteringError, Phase, metering_error};
use crate::charges::temporary::{Agreed, Temporary, temporary};
use crate::charges::theft::{Purpose, Stolen, Theft, theft};
use crate::charges::{ChargeError, ChargeRules, ChargeVersion};
use crate::explain::{Block, Row};
use crate::model::Category;
use kernel::{Bilingual, Lang};

/// What all sections came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Sections {
    pub blocks: Vec<Block>,
    pub total: Money,
    pub any: bool,
}

/// What the sections share.
pub(super) struct Frame<'a> {
    pub rules: &'a ChargeRules,
    /// The version the file names.
    pub version: Option<String>,
    /// The last day of the period, when a section has no day of its own.
    pub today: Option<Date>,
}

fn charge_error(fields: &Fields<'_>, error: &ChargeError) -> QuoteError {
    fields.refuse(error.text(Lang::Zh), error.text(Lang::En))
}
fn overflow(fields: &Fields<'_>) -> impl Fn(FigureError) -> QuoteError {
    let (source, span) = (fields.source, fields.span.clone());
    move |error| figure_error(source, &span, &error)
}
fn missing(fields: &Fields<'_>, zh: &str, key: &str) -> QuoteError {
    fields.refuse(format!("缺少 {key}（{zh}）"), format!("`{key}` is missing"))
}

impl Frame<'_> {
    /// The version of the rules for a section: named there, by its day, or the newest.
    fn version_of(&self, fields: &Fields<'_>) -> Quoted<&ChargeVersion> {
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
fn plain_version(version: &str) -> &str {
    if version.trim() == "2016" { "1996" } else { version.trim() }
}

/// Reads and charges every section of the file.
pub(super) fn read_sections(top: &Fields<'_>, frame: &Frame<'_>, figures: &mut Figures) -> Quoted<Sections> {
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
    fn add(&mut self, fields: &Fields<'_>, block: Block, amount: Money) -> Quoted<()> {
        self.blocks.push(block);
        self.total = self.total.plus(amount).map_err(overflow(fields))?;
        self.any = true;
        Ok(())
    }
}

fn headed(zh: &str, en: &str, number: usize, name: Option<String>, rule: &Text, steps: Vec<Row>) -> Block {
    let name = name.map_or_else(|| number.to_string(), |name| format!("{number} {name}"));
    let mut block = Block::new(format!("{zh} {name}"), format!("{en} {name}"));
    block.push(Row::note("规则", "rule", rule.zh.clone(), rule.en.clone()));
    block.rows.extend(steps);
    block
}

fn read_late_fee(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let name = fields.text(&["name", "title", "note"])?;
    let principal = fields
        .figure::<Money>(&["amount", "principal", "arrears", "bill", "owed"])?
        .ok_or_else(|| missing(fields, "欠费", "amount"))?;
    let due = fields.date(&["due", "due_date"])?.ok_or_else(|| missing(fields, "缴费期限", "due"))?;
    let category = match fields.choice(&["category", "customer"], &CATEGORIES)? {
        Some(Category::Residential | Category::ResidentialFlat) => LateFeeCategory::Resident,
        Some(_) | None => LateFeeCategory::Other,
    };
    let year = fields.count(&["debt_year", "year"], 1, 9999)?;
    let paid = fields.date(&["paid", "paid_on", "until"])?;
    let mut payments = Vec::new();
    for payment in fields.tables(&["payment", "payments"])? {
        let on = payment.date(&["on", "date", "paid"])?.ok_or_else(|| missing(&payment, "缴款日", "on"))?;
        let amount = payment.amount(&["amount"])?.ok_or_else(|| missing(&payment, "金额", "amount"))?;
        payment.finish()?;
        payments.push(Payment { on, amount });
    }
    let version = fields.text(&["rules", "regulation"])?.or_else(|| frame.version.clone());
    let mut rules = match version {
        None => frame.rules.clone(),
        Some(version) => frame.rules.only(plain_version(&version)).ok_or_else(|| {
            fields.refuse("没有这个规则版本：可用 1996、2024", "no such rules: 1996 or 2024")
        })?,
    };
    let rate = fields.rate(&["rate", "daily_rate", "resident_rate"])?;
    let same = fields.rate(&["same_year_rate"])?.or(rate);
    let later = fields.rate(&["later_year_rate"])?.or(rate);
    let minimum = match fields.node(&["minimum"])? {
        Some(Node { value: Value::Flag(false), .. }) => Some(Money::ZERO),
        Some(Node { value: Value::Flag(true), .. }) | None => None,
        Some(node) => Some(figure_of(fields.source, node)?),
    };
    rules = rules.with_late_fee(|rule| {
        rule.resident = rate.unwrap_or(rule.resident);
        rule.same_year = same.unwrap_or(rule.same_year);
        rule.later_year = later.unwrap_or(rule.later_year);
        rule.minimum = minimum.unwrap_or(rule.minimum);
    });
    fields.finish()?;
    let year = year.and_then(|year| i16::try_from(year).ok()).unwrap_or(due.year());
    let debt = Debt { principal, due, year, category };
    let fail = |error: ChargeError| charge_error(fields, &error);
    let wrong = overflow(fields);
    let prefix = format!("late_fee.{number}");
    if payments.is_empty() {
        let paid = paid.or(frame.today).ok_or_else(|| missing(fields, "缴款日", "paid"))?;
        let result = late_fee(&debt, paid, &rules).map_err(fail)?;
        figures.money(&[&prefix, &format!("{prefix}.amount")], result.amount);
        figures.exact(
            &[&format!("{prefix}.unrounded")],
            result.unrounded,
            result.unrounded.to_string(),
            true,
        );
        let days: i64 = result.segments.iter().map(|segment| segment.days).sum();
        figures.exact(&[&format!("{prefix}.days")], Exact::whole(days), days.to_string(), false);
        for (place, segment) in result.segments.iter().enumerate() {
            let part = principal.times(segment.rate).times(Exact::whole(segment.days)).map_err(&wrong)?;
            figures.exact(
                &[&format!("{prefix}.part.{}", place + 1), &format!("{prefix}.part.{}.amount", place + 1)],
                part,
                part.to_string(),
                true,
            );
            figures.exact(
                &[&format!("{prefix}.part.{}.days", place + 1)],
                Exact::whole(segment.days),
                segment.days.to_string(),
                false,
            );
        }
        figures.add_money("late_fee", result.amount).map_err(&wrong)?;
        let block = headed("违约金", "Late fee", number, name, &result.rule, result.steps);
        return sections.add(fields, block, result.amount);
    }
    let mut settlement = Settlement::new(debt);
    let mut steps = Vec::new();
    for (place, payment) in payments.iter().enumerate() {
        let done = settlement.pay(*payment, &rules).map_err(fail)?.clone();
        steps.push(Row::note(
            "缴款",
            "payment",
            format!("{} {}", done.on, done.amount),
            format!("{} {}", done.on, done.amount),
        ));
        steps.extend(done.steps);
        let own = format!("{prefix}.payment.{}", place + 1);
        for (key, value) in [
            ("accrued", done.accrued),
            ("credit", done.credit),
            ("late_fee", done.late_fee),
            ("principal", done.principal),
            ("late_fee_of_principal", done.late_fee_of_principal),
            ("advance", done.advance),
            ("arrears", done.arrears),
        ] {
            figures.money(&[&format!("{own}.{key}")], value);
        }
    }
    figures.money(
        &[&prefix, &format!("{prefix}.collected"), &format!("{prefix}.amount")],
        settlement.late_fee_collected,
    );
    figures.money(&[&format!("{prefix}.receivable")], settlement.late_fee_receivable);
    figures.money(&[&format!("{prefix}.arrears")], settlement.arrears);
    figures.money(&[&format!("{prefix}.credit")], settlement.credit().map_err(&wrong)?);
    figures.add_money("late_fee", settlement.late_fee_collected).map_err(&wrong)?;
    let last = payments.last().map_or(due, |payment| payment.on);
    let version = rules.on(last.max(due)).map_err(fail)?;
    let rule = version.named(&version.late_fee.article);
    let block = headed("违约金", "Late fee", number, name, &rule, steps);
    sections.add(fields, block, settlement.late_fee_collected)
}

/// Days given as days, months of 30 days, or dates.
fn days_of(fields: &Fields<'_>, version: &ChargeVersion) -> Quoted<Option<Rate>> {
    let days = fields.amount(&["days"])?;
    let months: Option<Rate> = fields.amount(&["months"])?;
    let (from, to) = (fields.date(&["from", "since"])?, fields.date(&["to", "until"])?);
    if let (Some(from), Some(to)) = (from, to) {
        return Rate::whole(from.days_until(to).max(0)).map(Some).map_err(overflow(fields));
    }
    match (days, months) {
        (Some(days), _) => Ok(Some(days)),
        (None, Some(months)) => {
            let days = months.exact().times(Exact::whole(version.breach.days_per_month));
            days.and_then(|days| days.to_rate(Rate::PLACES)).map(Some).map_err(overflow(fields))
        }
        (None, None) => Ok(None),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Act {
    HigherPrice,
    Capacity,
    Suspended,
    Quota,
    Tampering,
    Source,
}

const ACTS: [(&[&str], Act); 6] = [
    (
        &[
            "higher_priced_use",
            "higher_price",
            "price_category",
            "category_changed",
            "高价低接",
            "擅自改变用电类别",
        ],
        Act::HigherPrice,
    ),
    (&["excess_capacity", "capacity", "over_capacity", "私自增容", "超容量"], Act::Capacity),
    (&["suspended_equipment", "sealed_equipment", "suspended", "擅自启用"], Act::Suspended),
    (&["over_quota", "quota", "超计划用电"], Act::Quota),
    (&["tampering", "meter_tampering", "moved_meter", "私自迁移"], Act::Tampering),
    (&["source_connection", "source", "引入电源"], Act::Source),
];

fn usage(fields: &Fields<'_>, version: &ChargeVersion, outer: Option<Rate>) -> Quoted<Usage> {
    if let Some(kwh) = fields.amount(&["kwh", "energy_kwh"])? {
        return Ok(Usage::Energy(kwh));
    }
    let Some(power_kw) = fields.amount(&["power_kw", "kw", "capacity_kw"])? else {
        return Err(missing(fields, "电量或功率", "kwh"));
    };
    let hours_per_day = fields
        .amount(&["hours_per_day", "hours"])?
        .ok_or_else(|| missing(fields, "每日时数", "hours_per_day"))?;
    Ok(Usage::Power { power_kw, hours_per_day, days: days_of(fields, version)?.or(outer) })
}

fn difference(
    fields: &Fields<'_>,
    version: &ChargeVersion,
    outer: Option<Rate>,
    paid: Option<Price>,
) -> Quoted<PriceDifference> {
    Ok(PriceDifference {
        usage: usage(fields, version, outer)?,
        paid_price: fields
            .figure(&["paid_price", "price_paid", "low_price"])?
            .or(paid)
            .ok_or_else(|| missing(fields, "已付电价", "paid_price"))?,
        right_price: fields
            .figure(&["right_price", "price_due", "high_price", "price"])?
            .ok_or_else(|| missing(fields, "应付电价", "right_price"))?,
        name: fields.text(&["name"])?.unwrap_or_default(),
    })
}

fn read_breach(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let mut version = frame.version_of(fields)?.clone();
    let title = fields.text(&["title", "note"])?;
    let uses = fields.tables(&["use", "uses"])?;
    let act = fields.choice(&["kind", "act", "type"], &ACTS)?.unwrap_or(Act::HigherPrice);
    if let Some(multiple) = fields.amount(&["multiple", "penalty_multiple"])? {
        version.breach.higher_price_multiple = multiple;
        version.breach.excess_capacity_multiple = multiple;
        version.breach.suspended_multiple = multiple;
        version.breach.at_most = false;
    }
    let charged = match act {
        Act::HigherPrice => {
            let mut differences = Vec::new();
            if uses.is_empty() {
                differences.push(difference(fields, &version, None, None)?);
            } else {
                let outer = days_of(fields, &version)?;
                let paid = fields.figure(&["paid_price", "price_paid", "low_price"])?;
                for each in &uses {
                    differences.push(difference(each, &version, outer, paid)?);
                    each.finish()?;
                }
            }
            Breach::HigherPricedUse(differences)
        }
        Act::Capacity | Act::Suspended => {
            let capacity = fields
                .amount(&["kva", "kw", "capacity_kva", "excess_kva", "capacity"])?
                .ok_or_else(|| missing(fields, "容量", "kva"))?;
            let months: Option<Rate> = fields.amount(&["months"])?;
            let days: Option<Rate> = fields.amount(&["days"])?;
            let times = fields.count(&["times"], 0, 1_000_000)?.unwrap_or(1);
            let basic_price: Option<Price> =
                fields.amount(&["basic_price", "capacity_price", "demand_price"])?;
            let months = match (months, days) {
                (Some(months), _) => months,
                (None, Some(days)) => days
                    .exact()
                    .over(Exact::whole(version.breach.days_per_month))
                    .and_then(|months| months.to_rate(Rate::PLACES))
                    .map_err(overflow(fields))?,
                (None, None) => Rate::whole(version.breach.unknown_months).map_err(overflow(fields))?,
            };
            let terms = match basic_price {
                Some(basic_price) => CapacityTerms::TwoPart { basic_price, months },
                None => CapacityTerms::SinglePart { times },
            };
            if act == Act::Capacity {
                Breach::ExcessCapacity(capacity, terms)
            } else {
                Breach::SuspendedEquipment(capacity, terms)
            }
        }
        Act::Quota => Breach::OverQuota {
            power_kw: fields.amount(&["kw", "power_kw"])?.unwrap_or_default(),
            times: fields.count(&["times"], 0, 1_000_000)?.unwrap_or(1),
            energy: fields.amount(&["kwh", "energy_kwh"])?.unwrap_or_default(),
            price: fields.amount(&["price"])?.unwrap_or_default(),
        },
        Act::Tampering => {
            let category = fields.choice(&["category", "customer"], &CATEGORIES)?;
            let resident = matches!(category, Some(Category::Residential | Category::ResidentialFlat));
            Breach::Tampering { resident, times: fields.count(&["times"], 0, 1_000_000)?.unwrap_or(1) }
        }
        Act::Source => Breach::SourceConnection(
            fields
                .amount(&["kva", "kw", "capacity_kva", "power_kw"])?
                .ok_or_else(|| missing(fields, "容量", "kw"))?,
        ),
    };
    let name =
        if act == Act::HigherPrice && uses.is_empty() { title } else { title.or(fields.text(&["name"])?) };
    fields.finish()?;
    let result = breach(&charged, &version).map_err(|error| charge_error(fields, &error))?;
    let wrong = overflow(fields);
    let prefix = format!("breach.{number}");
    for (place, energy) in result.energy.iter().enumerate() {
        figures.quantity(&[&format!("{prefix}.use.{}.kwh", place + 1)], *energy);
    }
    figures.money(&[&format!("{prefix}.back_bill"), &format!("{prefix}.difference")], result.back_bill);
    figures.money(&[&format!("{prefix}.penalty")], result.penalty);
    figures.money(&[&prefix, &format!("{prefix}.total")], result.total);
    figures.add_money("breach", result.total).map_err(&wrong)?;
    figures.add_money("back_bill", result.back_bill).map_err(&wrong)?;
    figures.add_money("penalty", result.penalty).map_err(&wrong)?;
    let block = headed("违约用电", "Irregular use", number, name, &result.rule, result.steps);
    sections.add(fields, block, result.total)
}

fn read_theft(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let version = frame.version_of(fields)?.clone();
    let name = fields.text(&["name", "title", "note"])?;
    let purpose = fields.choice(
        &["purpose", "for", "use"],
        &[(&["power", "动力"], Purpose::Power), (&["lighting", "照明"], Purpose::Lighting)],
    )?;
    let amperes = fields.amount(&["amperes", "current_a", "meter_current"])?;
    let volts = fields.amount(&["volts", "voltage"])?;
    let phases = fields.count(&["phases"], 1, 3)?.unwrap_or(1);
    let capacity = fields.amount(&["kw", "kva", "power_kw", "capacity_kw", "capacity_kva"])?;
    let stolen = match (fields.amount(&["kwh", "energy_kwh"])?, capacity, amperes) {
        (Some(kwh), _, _) => Stolen::Energy(kwh),
        (None, Some(capacity), _) => Stolen::Capacity(capacity),
        (None, None, Some(amperes)) => Stolen::MeterCurrent {
            amperes,
            volts: volts.unwrap_or(super::price::default_quantity(220)),
            phases,
        },
        (None, None, None) => return Err(missing(fields, "设备容量", "kw")),
    };
    let case = Theft {
        stolen,
        purpose: purpose.unwrap_or(Purpose::Power),
        days: days_of(fields, &version)?,
        hours_per_day: fields.amount(&["hours_per_day", "hours"])?,
        price: fields.amount(&["price", "energy_price"])?.ok_or_else(|| missing(fields, "电价", "price"))?,
        multiple: fields.amount(&["multiple", "penalty_multiple"])?,
    };
    fields.finish()?;
    let result = theft(&case, &version).map_err(|error| charge_error(fields, &error))?;
    let wrong = overflow(fields);
    let prefix = format!("theft.{number}");
    figures.quantity(&[&format!("{prefix}.kwh")], result.energy);
    figures.money(&[&format!("{prefix}.back_bill")], result.back_bill);
    figures.money(&[&format!("{prefix}.penalty")], result.penalty);
    figures.money(&[&prefix, &format!("{prefix}.total")], result.total);
    figures.add_money("theft", result.total).map_err(&wrong)?;
    figures.add_money("back_bill", result.back_bill).map_err(&wrong)?;
    figures.add_money("penalty", result.penalty).map_err(&wrong)?;
    let block = headed("窃电", "Theft", number, name, &result.rule, result.steps);
    sections.add(fields, block, result.total)
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Inaccurate,
    LeadDrop,
    Wiring,
    Phases,
    Multiplier,
    NormalMonth,
}

const FAULTS: [(&[&str], Fault); 6] = [
    (&["inaccurate", "meter_error", "slow", "fast", "meter", "误差"], Fault::Inaccurate),
    (&["lead_drop", "voltage_drop", "二次压降"], Fault::LeadDrop),
    (&["wiring", "wrong_wiring", "接线错误"], Fault::Wiring),
    (&["phases", "unequal_ct", "ct", "变比不一致"], Fault::Phases),
    (&["multiplier", "wrong_multiplier", "倍率错误"], Fault::Multiplier),
    (&["normal_month", "fuse", "pt_fuse", "正常月"], Fault::NormalMonth),
];

fn phase(fields: &Fields<'_>) -> Quoted<Phase> {
    let ratio = fields.ratio(&["ct", "ratio"])?.ok_or_else(|| missing(fields, "变比", "ct"))?;
    let phase = Phase {
        ratio,
        reversed: fields.flag(&["reversed"])?.unwrap_or(false),
        lost: fields.flag(&["lost", "broken", "fuse_blown"])?.unwrap_or(false),
    };
    fields.text(&["name", "phase"])?;
    fields.finish()?;
    Ok(phase)
}

/// Phases as tables, or `ct = ["150/5", …]` with `reversed = [3]` and `lost = [2]`.
fn phases_of(fields: &Fields<'_>) -> Quoted<Vec<Phase>> {
    let mut phases = Vec::new();
    for each in fields.tables(&["phase", "phases"])? {
        phases.push(phase(&each)?);
    }
    if let Some(node) = fields.node(&["ct", "cts"])? {
        let list = match &node.value {
            Value::List(list) => list.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for each in list {
            let ratio = super::fields::ratio_of(fields.source, each)?;
            phases.push(Phase { ratio, reversed: false, lost: false });
        }
    }
    for (names, reversed) in [(&["reversed"], true), (&["lost"], false)] {
        let Some(node) = fields.node(names)? else { continue };
        let list = match &node.value {
            Value::List(list) => list.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for each in list {
            let number: kernel::Quantity = figure_of(fields.source, each)?;
            let place = usize::try_from(number.units() / kernel::Quantity::SCALE - 1).ok();
            let Some(phase) = place.and_then(|place| phases.get_mut(place)) else {
                return Err(fields.source.refuse(
                    &each.span,
                    "没有这一相（从 1 数起）",
                    "there is no such phase; they count from 1",
                ));
            };
            if reversed {
                phase.reversed = true;
            } else {
                phase.lost = true;
            }
        }
    }
    Ok(phases)
}

fn read_metering_error(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let mut version = frame.version_of(fields)?.clone();
    let name = fields.text(&["name", "title", "note"])?;
    let recorded = fields.amount(&["kwh", "recorded_kwh", "billed_kwh", "energy_kwh"])?;
    let error = fields.percent(&["error_percent"])?.or(fields.rate(&["error"])?);
    let phases = phases_of(fields)?;
    let normal = fields.amount(&["normal_kwh", "normal_month_kwh"])?;
    let right = fields.ratio(&["right", "right_multiplier", "correct_multiplier"])?;
    let wrong_ratio = fields.ratio(&["wrong", "wrong_multiplier"])?;
    let coefficient = fields.amount(&["coefficient", "correction_coefficient", "k"])?;
    let correction = fields.percent(&["correction_percent"])?.or(fields.rate(&["correction_rate"])?);
    let right_power = fields.amount(&["right_power"])?;
    let measured_power = fields.amount(&["measured_power"])?;
    let (actual, allowed) = (fields.rate(&["actual_drop"])?, fields.rate(&["allowed_drop"])?);
    let fault = fields.choice(&["kind", "fault", "type"], &FAULTS)?.unwrap_or(if error.is_some() {
        Fault::Inaccurate
    } else if !phases.is_empty() {
        Fault::Phases
    } else if normal.is_some() {
        Fault::NormalMonth
    } else if right.is_some() {
        Fault::Multiplier
    } else if actual.is_some() {
        Fault::LeadDrop
    } else {
        Fault::Wiring
    });
    let kwh = || recorded.ok_or_else(|| missing(fields, "电量", "kwh"));
    let figures_wrong = overflow(fields);
    let case = match fault {
        Fault::Inaccurate => MeteringError::Inaccurate {
            recorded: kwh()?,
            error: error.ok_or_else(|| missing(fields, "误差", "error_percent"))?,
        },
        Fault::LeadDrop => MeteringError::LeadDrop {
            recorded: kwh()?,
            actual: actual.ok_or_else(|| missing(fields, "实际压降", "actual_drop"))?,
            allowed: allowed.unwrap_or_default(),
        },
        Fault::Wiring => {
            let (right_power, measured_power) = match (coefficient, correction, right_power, measured_power) {
                (Some(coefficient), ..) => (coefficient, Rate::ONE),
                (None, Some(correction), ..) => {
                    (correction.plus(Rate::ONE).map_err(&figures_wrong)?, Rate::ONE)
                }
                (None, None, Some(right), Some(measured)) => (right, measured),
                _ => return Err(missing(fields, "更正系数", "coefficient")),
            };
            MeteringError::Wiring { billed: kwh()?, right_power, measured_power }
        }
        Fault::Phases => {
            let billed_ratio = fields.ratio(&["billed_ct", "billed_as", "billed_ratio"])?;
            MeteringError::Phases {
                billed: kwh()?,
                billed_ratio: billed_ratio.ok_or_else(|| missing(fields, "计费变比", "billed_ct"))?,
                phases,
            }
        }
        Fault::Multiplier => MeteringError::Multiplier {
            billed: kwh()?,
            right: right.ok_or_else(|| missing(fields, "正确倍率", "right_multiplier"))?,
            wrong: wrong_ratio.ok_or_else(|| missing(fields, "错误倍率", "wrong_multiplier"))?,
        },
        Fault::NormalMonth => MeteringError::NormalMonth {
            normal: normal.ok_or_else(|| missing(fields, "正常月电量", "normal_kwh"))?,
            recorded: recorded.unwrap_or_default(),
            months: fields.amount(&["months"])?.unwrap_or(Rate::ONE),
        },
    };
    if let Some(share) = fields.rate(&["share_of_time"])? {
        version.metering_error.instrument_share = share;
    }
    let price = fields.figure(&["price", "energy_price"])?;
    let decimals = fields.count(&["kwh_decimals"], 0, 6)?.unwrap_or(0);
    fields.finish()?;
    let result = metering_error(&case, price, u32::try_from(decimals).unwrap_or(0), &version)
        .map_err(|error| charge_error(fields, &error))?;
    let prefix = format!("metering_error.{number}");
    figures.quantity(&[&prefix, &format!("{prefix}.kwh"), &format!("{prefix}.back_bill_kwh")], result.energy);
    figures.exact(
        &[&format!("{prefix}.kwh_unrounded")],
        result.energy_unrounded,
        result.energy_unrounded.to_string(),
        true,
    );
    if let Some(correction) = result.correction {
        let percent = correction.times(Exact::whole(100)).map_err(&figures_wrong)?;
        figures.exact(
            &[&format!("{prefix}.correction_percent"), &format!("{prefix}.k_percent")],
            percent,
            percent.to_string(),
            true,
        );
    }
    figures.add_quantity("back_bill_kwh", result.energy).map_err(&figures_wrong)?;
    if let Some(amount) = result.amount {
        figures.money(&[&format!("{prefix}.amount")], amount);
        figures.add_money("back_bill", amount).map_err(&figures_wrong)?;
    }
    let block = headed("计量差错退补", "Metering error", number, name, &result.rule, result.steps);
    sections.add(fields, block, result.amount.unwrap_or(Money::ZERO))
}

fn read_temporary(
    fields: &Fields<'_>,
    frame: &Frame<'_>,
    number: usize,
    figures: &mut Figures,
    sections: &mut Sections,
) -> Quoted<()> {
    let version = frame.version_of(fields)?.clone();
    let name = fields.text(&["name", "title", "note"])?;
    let days: Option<Rate> = fields.amount(&["days", "term_days"])?;
    let agreed = match fields.amount(&["kwh", "energy_kwh"])? {
        Some(kwh) => Agreed::Energy(kwh),
        None => Agreed::Capacity {
            power_kw: fields
                .amount(&["kw", "kva", "power_kw", "capacity_kw", "capacity_kva"])?
                .ok_or_else(|| missing(fields, "容量", "kw"))?,
            hours_per_day: fields
                .amount(&["hours_per_day", "hours"])?
                .ok_or_else(|| missing(fields, "每日时数", "hours_per_day"))?,
            days: days.ok_or_else(|| missing(fields, "天数", "days"))?,
        },
    };
    let mut prices = Vec::new();
    if let Some(price) = fields.figure(&["price", "energy_price"])? {
        prices.push((Text::new("电度电费", "energy charge"), price));
    }
    if let Some(node) = fields.node(&["funds", "surcharges"])? {
        for (name, price) in named_prices(fields.source, node)? {
            prices.push((Text::new(name.clone(), name), price));
        }
    }
    if prices.is_empty() {
        return Err(missing(fields, "电价", "price"));
    }
    let used: Option<Rate> = fields.amount(&["ended_after_days", "used_days"])?;
    let ended_after = match (used, days) {
        (Some(used), Some(days)) => Some((used, days)),
        (Some(_), None) => return Err(missing(fields, "约定天数", "days")),
        (None, _) => None,
    };
    fields.finish()?;
    let case = Temporary { agreed, prices, ended_after };
    let result = temporary(&case, &version).map_err(|error| charge_error(fields, &error))?;
    let wrong = overflow(fields);
    let prefix = format!("temporary_supply.{number}");
    figures.quantity(&[&format!("{prefix}.kwh")], result.energy);
    for (place, (_, amount)) in result.lines.iter().enumerate() {
        figures.money(&[&format!("{prefix}.line.{}", place + 1)], *amount);
    }
    figures.money(&[&prefix, &format!("{prefix}.prepaid")], result.prepaid);
    figures.money(&[&format!("{prefix}.refund")], result.refund);
    figures.add_money("prepaid", result.prepaid).map_err(&wrong)?;
    figures.add_money("refund", result.refund).map_err(&wrong)?;
    let block = headed("临时用电", "Temporary supply", number, name, &result.rule, result.steps);
    let net = result.prepaid.minus(result.refund).map_err(&wrong)?;
    sections.add(fields, block, net)
}
