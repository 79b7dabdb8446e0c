//! `zhangfang bill whatif`: months that were billed, under other prices; nothing is written.

use std::path::PathBuf;

use billing::PriceBook;
use billing::whatif::{
    Change, Extreme, Outcome, PlanRule, Selection, Tenth, Trial, WhatIf, compare_months, expected_bills,
    explained, prices_in_words,
};
use clap::Args;
use documents::sheet::{Cell, Kind};
use identity::IdentityError;
use kernel::{Bilingual, Exact, Money, Month, Quantity, Rate};
use tariff::PlanId;
use tariff::explain::Side;
use tariff::table::PriceTable;

use super::office::{Office, month};
use crate::failure::{Done, Failure};
use crate::price_file::price_text;
use crate::table::{Shown, Table, row};

const READ: &str = "billing.read";
/// The most that is listed of each direction.
const TOP_MAX: usize = 1_000;
/// A trial over more months is a study of its own.
const MONTHS_MAX: usize = 36;

/// The other prices.
#[derive(Debug, Clone, Args)]
pub struct TrialArgs {
    /// The other prices: a TOML file, a workbook, or the name of a shipped table; again for each region / 试算电价表
    #[arg(long, required = true, value_name = "FILE")]
    prices: Vec<PathBuf>,
    /// Where a class goes that has no counterpart: CLASS[@VOLTAGE]=CLASS[@VOLTAGE] / 电价类别对应
    #[arg(long = "map", value_name = "OLD=NEW")]
    maps: Vec<String>,
}

/// The other prices, compiled.
pub struct Compiled {
    /// The prices.
    pub trial: Trial,
    /// Their text with the rules given, as it is kept where something follows from it.
    pub basis: String,
}

impl TrialArgs {
    /// Reads and compiles the prices beside those in force.
    pub fn compile(&self, prices: &PriceBook) -> Done<Compiled> {
        let mut basis = String::new();
        let mut tables = Vec::new();
        for file in &self.prices {
            let text = price_text(file)?;
            tables.push(PriceTable::parse(&file.display().to_string(), &text)?);
            basis.push_str(&text);
        }
        let rules = self.maps.iter().map(|text| {
            PlanRule::parse(text).ok_or_else(|| {
                Failure::new(
                    format!("--map {text}：应写成 类别[@电压]=类别[@电压]，电压如 below_1kv"),
                    format!(
                        "--map {text}: write CLASS[@VOLTAGE]=CLASS[@VOLTAGE], a voltage such as below_1kv"
                    ),
                )
            })
        });
        let rules = rules.collect::<Done<Vec<_>>>()?;
        for text in &self.maps {
            basis.push_str(&format!("\n# --map {text}\n"));
        }
        Ok(Compiled { trial: Trial::new(prices, &tables, &rules)?, basis })
    }
}

/// What is asked.
#[derive(Debug, Clone, Args)]
pub struct WhatifCommand {
    #[command(flatten)]
    trial: TrialArgs,
    /// The month / 电费年月
    #[arg(long, value_parser = month)]
    month: Month,
    /// The last month, to compare several; tiers go on from month to month / 截止电费年月
    #[arg(long, value_parser = month)]
    to: Option<Month>,
    /// Only this station / 供电所代码
    #[arg(long)]
    unit: Option<String>,
    /// Only this book / 抄本编号
    #[arg(long)]
    book: Option<String>,
    /// Only bills that are issued / 仅已发行
    #[arg(long)]
    issued: bool,
    /// How many of the largest increases and decreases are explained / 列出最大增减户数
    #[arg(long, default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    shown: Shown,
}

/// Runs the command.
pub fn run(command: &WhatifCommand, office: &Office) -> Done {
    let unit_id = office.unit_id(command.unit.as_ref())?;
    let book = command.book.as_ref().map(|number| office.book(number)).transpose()?;
    require_all(office, unit_id.or(book.as_ref().map(|book| book.unit_id)))?;
    let org_id = office.org_id();
    let prices = office.look(|tx| Ok(PriceBook::load(tx, org_id)?))?;
    let compiled = command.trial.compile(&prices)?;
    let selection = Selection {
        months: months(command.month, command.to)?,
        unit_id,
        book_id: book.map(|book| book.book_id),
        issued_only: command.issued,
    };
    let how = WhatIf { top: command.top.min(TOP_MAX), ..WhatIf::default() };
    let outcome = compare(office, &prices, &compiled.trial, &selection, &how)?;
    let title = office.say("电价试算对比", "Months under other prices");
    let tables = tables(office, &compiled.trial, &selection, &outcome)?;
    Table::show_all(tables, &command.shown, &title, office.lang)
}

/// Compares and shows how far it is.
pub fn compare(
    office: &Office,
    prices: &PriceBook,
    trial: &Trial,
    selection: &Selection,
    how: &WhatIf,
) -> Done<Outcome> {
    let org_id = office.org_id();
    let expected = office.look(|tx| Ok(expected_bills(tx, org_id, &selection.months)?))?;
    let progress = crate::demo::bar("what if / 试算", expected.unsigned_abs());
    let outcome = compare_months(&office.store, org_id, prices, trial, selection, how, |read| {
        progress.set_position(read);
        true
    })?;
    progress.finish_and_clear();
    Ok(outcome)
}

/// An adjustment follows from a comparison that left nobody out.
pub fn refuse_gaps(office: &Office, outcome: &Outcome, trial: &Trial) -> Done {
    let missing = outcome.missing.first().map(|missing| plan_name(office, trial, missing.plan));
    if let Some(plan) = missing {
        let bills: i64 = outcome.missing.iter().map(|missing| missing.bills).sum();
        return Err(Failure::new(
            format!("{bills} 户的电价方案（{plan} 等）在试算电价中没有对应，请用 --map 指定"),
            format!(
                "{bills} bills have no counterpart in the other prices ({plan} and perhaps more): say it with --map"
            ),
        ));
    }
    if let Some(refused) = outcome.refused.first() {
        let bills: i64 = outcome.refused.iter().map(|refused| refused.bills).sum();
        return Err(Failure::new(
            format!("{bills} 户按试算电价不能计算：{}", refused.reason),
            format!("{bills} bills cannot be calculated by the other prices: {}", refused.reason),
        ));
    }
    Ok(())
}

/// Who asks sees every station that is asked about.
fn require_all(office: &Office, unit_id: Option<i64>) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let units = office.look(|tx| Ok(identity::units(tx, org_id)?))?;
    let mut asked = units.iter().filter(|unit| match unit_id {
        Some(only) => unit.id == only,
        None => unit.kind == "supply_station",
    });
    match asked.find(|unit| !office.sees(READ, unit.id)) {
        None => Ok(()),
        Some(unit) => {
            let (person, unit_id) = (office.actor.name.clone(), unit.id);
            Err(IdentityError::NotPermitted { person, permission: READ, unit_id }.into())
        }
    }
}

fn months(first: Month, last: Option<Month>) -> Done<Vec<Month>> {
    let last = last.unwrap_or(first);
    let mut months = Vec::new();
    let mut next = first;
    while next <= last && months.len() <= MONTHS_MAX {
        months.push(next);
        next = next.next();
    }
    if months.is_empty() || months.len() > MONTHS_MAX {
        return Err(Failure::new(
            format!("--to 应不早于 --month，且最多 {MONTHS_MAX} 个月"),
            format!("--to is not before --month and at most {MONTHS_MAX} months are compared"),
        ));
    }
    Ok(months)
}

/// `part / whole` as a rate; nothing for a whole of nothing.
fn share(part: Money, whole: Money) -> Option<Rate> {
    Exact::ratio(part.fen(), whole.fen()).and_then(|share| share.to_rate(6)).ok()
}

fn plan_name(office: &Office, trial: &Trial, plan: PlanId) -> String {
    trial.plans().get(plan).map_or_else(
        || plan.0.to_string(),
        |plan| {
            let (request, name) = (&plan.request, plan.name.text(office.lang));
            let left = if request.left_market {
                office.say("（退市）", " (left market)")
            } else {
                String::new()
            };
            format!(
                "{name} {}@{}{left} ({} {})",
                request.class,
                request.voltage.key(),
                plan.table,
                plan.version
            )
        },
    )
}

fn tables(
    office: &Office,
    trial: &Trial,
    selection: &Selection,
    outcome: &Outcome,
) -> Done<Vec<(&'static str, Table)>> {
    let mut tables = vec![("total", totals(office, selection, outcome)?)];
    let mut table = changes(office, ("按电价类别", "By class"), ("类别", "class"));
    for (class, change) in &outcome.by_class {
        let name = class_name(office, trial, outcome, class);
        table.push(change_row(name, change)?);
    }
    tables.push(("by_class", table));
    let mut table = changes(office, ("按供电所", "By station"), ("供电所", "station"));
    for (unit_id, change) in &outcome.by_unit {
        table.push(change_row(office.unit_name(*unit_id)?, change)?);
    }
    tables.push(("by_station", table));
    tables.push(("by_component", components(office, trial, outcome)?));
    tables.push((
        "by_fee",
        tenths(office, &outcome.by_fee, ("按电费十等分", "Tenths by fee"), |fen| {
            Cell::Money(Money::from_fen(fen))
        }),
    ));
    tables.push((
        "by_energy",
        tenths(office, &outcome.by_energy, ("按电量十等分", "Tenths by energy"), |units| {
            Cell::Quantity(Quantity::from_units(units))
        }),
    ));
    let largest = |title, extremes: &[Extreme]| extremes_table(office, trial, title, extremes);
    tables.push(("increases", largest(("增加最多", "Largest increases"), &outcome.increases)?));
    tables.push(("decreases", largest(("减少最多", "Largest decreases"), &outcome.decreases)?));
    if !outcome.missing.is_empty() || !outcome.refused.is_empty() {
        tables.push(("left_out", left_out(office, trial, outcome)));
    }
    Ok(tables)
}

fn totals(office: &Office, selection: &Selection, outcome: &Outcome) -> Done<Table> {
    let first = selection.months.first().map(Month::to_string).unwrap_or_default();
    let last = selection.months.last().map(Month::to_string).unwrap_or_default();
    let months = if first == last { first } else { format!("{first} – {last}") };
    let total = &outcome.total;
    let mut table = changes(office, ("合计", "Total"), ("电费年月", "months"));
    table.push(change_row(months, total)?);
    let (accounts, dearer, cheaper) = (outcome.accounts, outcome.dearer, outcome.cheaper);
    let same = accounts - dearer - cheaper;
    table.note(office.say(
        format!("用户 {accounts} 户：增加 {dearer} 户，减少 {cheaper} 户，不变 {same} 户"),
        format!("{accounts} customers: {dearer} pay more, {cheaper} less, {same} the same"),
    ));
    let micros = outcome.elapsed.as_micros().max(1);
    let speed = u128::from(total.bills.unsigned_abs()) * 1_000_000 / micros;
    let millis = outcome.elapsed.as_millis();
    table.note(office.say(
        format!("试算 {} 笔，用时 {millis} 毫秒，每秒 {speed} 笔；未写入任何数据", total.bills),
        format!("{} bills in {millis} ms, {speed} bills/s; nothing was written", total.bills),
    ));
    for (count, zh, en) in [
        (
            outcome.not_calculated,
            "笔当时未能计算，未试算",
            "bills could not be calculated when made, and are left out",
        ),
        (outcome.adjustments, "笔退补电费不重算", "adjustments met, which are not calculated again"),
        (
            outcome.tiers_unknown,
            "笔的年阶梯此前用量未知，按已存用量起算",
            "bills begin their yearly tiers with the use that was stored: what was used before is not known",
        ),
    ] {
        if count > 0 {
            table.note(office.say(format!("{count} {zh}"), format!("{count} {en}")));
        }
    }
    Ok(table)
}

fn changes(office: &Office, title: (&str, &str), first: (&str, &str)) -> Table {
    Table::new(office.lang)
        .titled(office.say(title.0, title.1))
        .text(first.0, first.1)
        .sum("笔数", "bills", Kind::Integer)
        .sum("电量", "kWh", Kind::Quantity(0))
        .sum("原电费", "before", Kind::Money)
        .sum("试算电费", "after", Kind::Money)
        .sum("差额", "difference", Kind::Money)
        .col("差额率", "share", Kind::Percent(2))
        .sum("增加", "dearer", Kind::Integer)
        .sum("减少", "cheaper", Kind::Integer)
}

fn change_row(name: String, change: &Change) -> Done<Vec<Cell>> {
    let difference = change.difference()?;
    Ok(row![
        name,
        change.bills,
        change.energy_kwh,
        change.before,
        change.after,
        difference,
        share(difference, change.before),
        change.dearer,
        change.cheaper,
    ])
}

/// The name of a class: that of one of its plans.
fn class_name(office: &Office, trial: &Trial, outcome: &Outcome, class: &str) -> String {
    let code = class.rsplit(':').next().unwrap_or(class);
    let plans = outcome.by_plan.iter().filter_map(|(id, _)| trial.plans().get(*id));
    let mut named = plans.filter(|plan| plan.request.class == code).map(|plan| plan.name.text(office.lang));
    named.next_back().map_or_else(|| class.to_owned(), |name| format!("{class} {name}"))
}

fn components(office: &Office, trial: &Trial, outcome: &Outcome) -> Done<Table> {
    let mut table = Table::new(office.lang)
        .titled(office.say("按电价构成", "By component"))
        .text("构成", "component")
        .sum("原电费", "before", Kind::Money)
        .sum("试算电费", "after", Kind::Money)
        .sum("差额", "difference", Kind::Money)
        .col("差额率", "share", Kind::Percent(2))
        .sum("其中增值税差额", "VAT difference", Kind::Money);
    for (id, change) in &outcome.by_component {
        let known = trial.plans().component(*id);
        let name = known.map_or_else(|| id.0.to_string(), |known| known.name.text(office.lang));
        let difference = change.difference()?;
        table.push(row![
            name,
            change.before,
            change.after,
            difference,
            share(difference, change.before),
            change.vat_after.minus(change.vat_before)?,
        ]);
    }
    Ok(table)
}

fn tenths(office: &Office, tenths: &[Tenth], title: (&str, &str), value: impl Fn(i64) -> Cell) -> Table {
    let kind = if matches!(value(0), Cell::Money(_)) { Kind::Money } else { Kind::Quantity(0) };
    let mut table = Table::new(office.lang)
        .titled(office.say(title.0, title.1))
        .col("组", "tenth", Kind::Integer)
        .col("从", "from", kind)
        .col("到", "to", kind)
        .sum("户数", "customers", Kind::Integer)
        .sum("电量", "kWh", Kind::Quantity(0))
        .sum("原电费", "before", Kind::Money)
        .sum("差额", "difference", Kind::Money)
        .col("差额率", "share", Kind::Percent(2))
        .sum("增加", "dearer", Kind::Integer)
        .sum("减少", "cheaper", Kind::Integer);
    for (number, tenth) in (1_i64..).zip(tenths) {
        table.push(row![
            number,
            value(tenth.lowest),
            value(tenth.highest),
            tenth.accounts,
            tenth.energy_kwh,
            tenth.before,
            tenth.difference,
            share(tenth.difference, tenth.before),
            tenth.dearer,
            tenth.cheaper,
        ]);
    }
    table
}

fn extremes_table(office: &Office, trial: &Trial, title: (&str, &str), extremes: &[Extreme]) -> Done<Table> {
    let mut table = Table::new(office.lang)
        .titled(office.say(title.0, title.1))
        .text("户号", "account")
        .text("户名", "name")
        .col("电费年月", "month", Kind::Month)
        .text("项目", "item")
        .text("原计算", "as billed")
        .col("原金额", "before", Kind::Money)
        .text("试算", "under the other prices")
        .col("试算金额", "after", Kind::Money)
        .col("差额", "difference", Kind::Money)
        .text("变动的价格", "prices that changed");
    let org_id = office.org_id();
    for extreme in extremes {
        let found =
            office.look(|tx| Ok(metering::account::account_by_id(tx, org_id, extreme.account_id)?))?;
        let (number, name) = found.map_or_else(
            || (extreme.account_id.to_string(), String::new()),
            |found| (found.number, found.name),
        );
        for bill in &extreme.bills {
            let month = explained(trial, bill)?;
            let total = office.say("合计", "total");
            table.push(row![
                number.clone(),
                name.clone(),
                month.month,
                total,
                "",
                month.before,
                "",
                month.after,
                month.after.minus(month.before)?,
                "",
            ]);
            for line in &month.lines {
                let calculation = |side: &Option<Side>| side.as_ref().map(|side| side.calculation.clone());
                let amount = |side: &Option<Side>| side.as_ref().map(|side| side.amount);
                table.push(row![
                    "",
                    "",
                    None::<Month>,
                    line.label.text(office.lang),
                    calculation(&line.before),
                    amount(&line.before),
                    calculation(&line.after),
                    amount(&line.after),
                    line.difference,
                    prices_in_words(&line.prices, office.lang),
                ]);
            }
        }
    }
    Ok(table)
}

fn left_out(office: &Office, trial: &Trial, outcome: &Outcome) -> Table {
    let mut table = Table::new(office.lang)
        .titled(office.say("未试算", "Left out of every sum"))
        .text("电价方案或原因", "plan or reason")
        .sum("笔数", "bills", Kind::Integer)
        .sum("原电费", "before", Kind::Money);
    for missing in &outcome.missing {
        let plan = plan_name(office, trial, missing.plan);
        let words = office.say(format!("无对应方案：{plan}"), format!("no counterpart: {plan}"));
        table.push(row![words, missing.bills, missing.amount]);
    }
    for refused in &outcome.refused {
        let words = office.say(
            format!("不能计算：{}", refused.reason),
            format!("cannot be calculated: {}", refused.reason),
        );
        table.push(row![words, refused.bills, refused.amount]);
    }
    table.note(office.say("可用 --map 旧类别=新类别 指定对应", "say with --map OLD=NEW where a class goes"));
    table
}
