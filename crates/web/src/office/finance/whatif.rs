//! What a month would come to under other prices: a job that streams every bill, its result kept small, and the
//! adjustment that may follow.

use billing::adjustment::{self, NewBatch};
use billing::price_file::FILE_BYTES_MAX;
use billing::whatif::{
    self, Change, Extreme, Outcome, PlanRule, Selection, Tenth, Trial, WhatIf, compare_months,
    expected_bills, explained,
};
use billing::{BillPostings, OfficeRules, PriceBook};
use identity::Permission;
use kernel::{Lang, Month, Text};
use ledger::PostingRules;
use serde_json::{Value as Json, json};
use tariff::PlanId;
use tariff::table::PriceTable;

use super::prices::{READ, given_table, shipped};
use super::stations;
use crate::catalogue::{Act, Done, Field, Given, List, Look, Query, Refusal, Rows, Run, Takes, Weight};
use crate::job::JobRun;
use crate::office::jobs::{JOB_COLUMNS, jobs_of};

/// A comparison over more months is a study of its own.
const MONTHS_MAX: usize = 36;
/// The largest differences each way that are kept.
const TOP: usize = 10;

/// Compares months that were billed with other prices; writes nothing.
pub const COMPARE: Act = Act {
    name: "whatif.compare",
    path: "/whatif",
    permission: READ,
    fields: &[
        Field::maybe("prices", Takes::File(FILE_BYTES_MAX, ".toml,.xlsx,.xls")),
        Field::maybe("shipped", Takes::Option(shipped)),
        Field::new("month", Takes::Month),
        Field::maybe("to_month", Takes::Month),
        Field::maybe("unit", Takes::Option(stations)),
        Field::maybe("book", Takes::Text(40)),
        Field::maybe("issued_only", Takes::Flag),
        Field::maybe("class_maps", Takes::LongText(4_000)),
    ],
    run: Run::Job(compare),
    weight: Weight::Main,
    ..Act::PLAIN
};

/// The comparisons that were made, the latest first.
pub const COMPARISONS: List = List {
    name: "comparisons",
    path: "/whatif",
    permission: READ,
    filters: &[],
    columns: JOB_COLUMNS,
    rows: comparisons,
    menu: true,
    acts: &["whatif.compare"],
};

fn comparisons(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    jobs_of(look, query, COMPARE.name, "/whatif")
}

fn months(first: Month, last: Month) -> Result<Vec<Month>, Refusal> {
    let mut months = Vec::new();
    let mut next = first;
    while next <= last && months.len() <= MONTHS_MAX {
        months.push(next);
        next = next.next();
    }
    if months.is_empty() || months.len() > MONTHS_MAX {
        let why = Text::new(
            format!("止月不早于起月，最多 {MONTHS_MAX} 个月"),
            format!("not before the first month, {MONTHS_MAX} months at most"),
        );
        return Err(Refusal::fields(vec![("to_month".to_owned(), why)]));
    }
    Ok(months)
}

/// The rules `OLD[@VOLTAGE]=NEW[@VOLTAGE]`, one a line.
fn rules(text: &str) -> Result<Vec<PlanRule>, Refusal> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            PlanRule::parse(line).ok_or_else(|| {
                let why = Text::new(
                    format!("“{line}”应写成 类别[@电压]=类别[@电压]"),
                    format!("“{line}”: write CLASS[@VOLTAGE]=CLASS[@VOLTAGE]"),
                );
                Refusal::fields(vec![("class_maps".to_owned(), why)])
            })
        })
        .collect()
}

/// Everything needed to compare again: the text of the prices and the rules.
struct Asked {
    toml: String,
    maps: String,
    months: Vec<Month>,
    unit: String,
    book: String,
    issued_only: bool,
}

impl Asked {
    fn trial(&self, prices: &PriceBook) -> Result<Trial, Refusal> {
        let table = PriceTable::parse("whatif", &self.toml)?;
        Ok(Trial::new(prices, &[table], &rules(&self.maps)?)?)
    }

    /// The text by which a batch knows what it follows from; the same as the command line keeps.
    fn basis(&self) -> String {
        let mut basis = self.toml.clone();
        for line in self.maps.lines().map(str::trim).filter(|line| !line.is_empty()) {
            basis.push_str(&format!("\n# --map {line}\n"));
        }
        basis
    }

    fn selection(&self, run: &JobRun<'_>) -> Result<Selection, Refusal> {
        let org_id = run.house.org_id;
        run.look(|tx| {
            let unit_id = match self.unit.as_str() {
                "" => None,
                code => {
                    let found = identity::units(tx, org_id)?.into_iter().find(|unit| unit.code == code);
                    Some(found.ok_or_else(|| Refusal::not_found("单位", "unit", code))?.id)
                }
            };
            let book = match self.book.as_str() {
                "" => None,
                number => {
                    let found = metering::book::book_by_number(tx, org_id, number)?;
                    Some(found.ok_or_else(|| Refusal::not_found("抄本", "reading book", number))?)
                }
            };
            Ok(Selection {
                months: self.months.clone(),
                unit_id,
                book_id: book.map(|book| book.book_id),
                issued_only: self.issued_only,
            })
        })
    }
}

/// Who asks sees every station that is asked about.
fn require_all(run: &JobRun<'_>, selection: &Selection) -> Result<(), Refusal> {
    let org_id = run.house.org_id;
    let units = run.look(|tx| Ok(identity::units(tx, org_id)?))?;
    let books = run.look(|tx| match selection.book_id {
        Some(id) => Ok(metering::book::books(tx, org_id)?.into_iter().find(|book| book.book_id == id)),
        None => Ok::<_, Refusal>(None),
    })?;
    let only = selection.unit_id.or(books.map(|book| book.unit_id));
    let asked = units.iter().filter(|unit| match only {
        Some(only) => unit.id == only,
        None => unit.kind == "supply_station",
    });
    for unit in asked {
        if run.actor.assignment_for(Permission(READ), unit.id).is_none() {
            return Err(Refusal::not_permitted(READ));
        }
    }
    Ok(())
}

/// Compares, telling how far it is.
fn outcome(
    run: &JobRun<'_>,
    prices: &PriceBook,
    trial: &Trial,
    selection: &Selection,
    how: &WhatIf,
) -> Result<Outcome, Refusal> {
    let org_id = run.house.org_id;
    let total = run.look(|tx| Ok(expected_bills(tx, org_id, &selection.months)?))?;
    run.progress(0, total)?;
    let made = compare_months(&run.house.store, org_id, prices, trial, selection, how, |read| {
        run.progress(i64::try_from(read).unwrap_or(0), total).is_ok()
    });
    run.progress(total, total)?;
    Ok(made?)
}

fn compare(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let org_id = run.house.org_id;
    let first = given.month("month")?;
    let asked = Asked {
        toml: given_table(given)?.toml().to_owned(),
        maps: given.text("class_maps").to_owned(),
        months: months(first, given.maybe_month("to_month").unwrap_or(first))?,
        unit: given.text("unit").to_owned(),
        book: given.text("book").to_owned(),
        issued_only: given.flag("issued_only"),
    };
    let selection = asked.selection(run)?;
    require_all(run, &selection)?;
    let prices = run.look(|tx| Ok(PriceBook::load(tx, org_id)?))?;
    let trial = asked.trial(&prices)?;
    let how = WhatIf { top: TOP, ..WhatIf::default() };
    let made = outcome(run, &prices, &trial, &selection, &how)?;
    let difference = made.total.difference()?;
    let (bills, accounts) = (made.total.bills, made.accounts);
    let facts = facts_of(run, &asked, &trial, &made)?;
    let mut done = Done::said(
        format!("试算 {bills} 笔、{accounts} 户，差额 {difference} 元；未写入任何数据"),
        format!(
            "{bills} bills of {accounts} customers, a difference of {difference} yuan; nothing was written"
        ),
    )
    .see(format!("/whatif/{}", run.job_id));
    if let Json::Object(facts) = facts {
        done.facts = facts;
    }
    Ok(done)
}

fn change(change: &Change) -> Json {
    json!([
        change.bills,
        change.energy_kwh.units(),
        change.before.fen(),
        change.after.fen(),
        change.dearer,
        change.cheaper
    ])
}

fn tenth(tenth: &Tenth) -> Json {
    json!([
        tenth.accounts,
        tenth.lowest,
        tenth.highest,
        tenth.energy_kwh.units(),
        tenth.before.fen(),
        tenth.difference.fen(),
        tenth.dearer,
        tenth.cheaper
    ])
}

fn plan_name(trial: &Trial, plan: PlanId) -> Text {
    trial.plans().get(plan).map_or_else(
        || Text::new(plan.0.to_string(), plan.0.to_string()),
        |plan| {
            let request = &plan.request;
            let place =
                format!("{}@{} ({} {})", request.class, request.voltage.key(), plan.table, plan.version);
            Text::new(format!("{} {place}", plan.name.zh), format!("{} {place}", plan.name.en))
        },
    )
}

/// The name of a class: that of one of its plans.
fn class_name(trial: &Trial, made: &Outcome, class: &str) -> Text {
    let code = class.rsplit(':').next().unwrap_or(class);
    let mut plans = made.by_plan.iter().filter_map(|(id, _)| trial.plans().get(*id));
    let named = plans.rfind(|plan| plan.request.class == code).map(|plan| plan.name.clone());
    named.unwrap_or_else(|| Text::new(class, class))
}

/// The outcome as it is kept: sums and the largest differences, a few kilobytes whatever the number of bills.
fn facts_of(run: &JobRun<'_>, asked: &Asked, trial: &Trial, made: &Outcome) -> Result<Json, Refusal> {
    let by_class: Vec<Json> = made
        .by_class
        .iter()
        .map(|(class, sums)| {
            let name = class_name(trial, made, class);
            json!([class, name.zh, name.en, change(sums)])
        })
        .collect();
    let by_unit: Vec<Json> =
        made.by_unit.iter().map(|(unit_id, sums)| json!([unit_id, change(sums)])).collect();
    let by_component: Vec<Json> = made
        .by_component
        .iter()
        .map(|(id, sums)| {
            let known = trial.plans().component(*id);
            let name = known
                .map_or_else(|| Text::new(id.0.to_string(), id.0.to_string()), |known| known.name.clone());
            json!([
                name.zh,
                name.en,
                sums.before.fen(),
                sums.after.fen(),
                sums.vat_before.fen(),
                sums.vat_after.fen()
            ])
        })
        .collect();
    let mut left_out: Vec<Json> = Vec::new();
    for missing in &made.missing {
        let plan = plan_name(trial, missing.plan);
        left_out.push(json!([
            format!("无对应方案：{}", plan.zh),
            format!("no counterpart: {}", plan.en),
            missing.bills,
            missing.amount.fen()
        ]));
    }
    for refused in made.refused.iter().take(50) {
        let why = &refused.reason;
        left_out.push(json!([
            format!("不能计算：{why}"),
            format!("cannot be calculated: {why}"),
            refused.bills,
            refused.amount.fen()
        ]));
    }
    let months: Vec<String> = asked.months.iter().map(Month::to_string).collect();
    Ok(json!({
        "prices": asked.toml,
        "maps": asked.maps,
        "months": months,
        "unit": asked.unit,
        "book": asked.book,
        "issued_only": asked.issued_only,
        "total": change(&made.total),
        "accounts": [made.accounts, made.dearer, made.cheaper],
        "by_class": by_class,
        "by_unit": by_unit,
        "by_component": by_component,
        "by_fee": made.by_fee.iter().map(tenth).collect::<Vec<_>>(),
        "by_energy": made.by_energy.iter().map(tenth).collect::<Vec<_>>(),
        "increases": extremes(run, trial, &made.increases)?,
        "decreases": extremes(run, trial, &made.decreases)?,
        "left_out": left_out,
        "notes": [made.not_calculated, made.adjustments, made.tiers_unknown],
        "millis": i64::try_from(made.elapsed.as_millis()).unwrap_or(i64::MAX),
    }))
}

/// Customers with the largest differences, each explained in both languages.
fn extremes(run: &JobRun<'_>, trial: &Trial, found: &[Extreme]) -> Result<Vec<Json>, Refusal> {
    let org_id = run.house.org_id;
    let mut kept = Vec::with_capacity(found.len());
    for extreme in found {
        let account = run.look(|tx| Ok(metering::account::account_by_id(tx, org_id, extreme.account_id)?))?;
        let (number, name) = account.map_or_else(
            || (extreme.account_id.to_string(), String::new()),
            |account| (account.number, account.name),
        );
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        let mut month = None;
        for bill in &extreme.bills {
            let words = explained(trial, bill)?;
            zh.push(words.in_words(Lang::Zh));
            en.push(words.in_words(Lang::En));
            month = Some(bill.month.to_string());
        }
        kept.push(json!([
            number,
            name,
            extreme.before.fen(),
            extreme.after.fen(),
            zh.join("\n"),
            en.join("\n"),
            month
        ]));
    }
    Ok(kept)
}

/// Starts the adjustment of a station that follows from a comparison (批量退补, ADJ-18).
pub const BATCH: Act = Act {
    name: "whatif.batch",
    path: "/whatif/{job}/batch",
    permission: "adjustment.start_station",
    fields: &[
        Field::new("job", Takes::Id),
        Field::new("unit", Takes::Option(stations)),
        Field::maybe("book", Takes::Text(40)),
        Field::new("reason", Takes::LongText(500)),
    ],
    run: Run::Job(batch),
    weight: Weight::Signed,
    ..Act::PLAIN
};

fn batch(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let (org_id, id) = (run.house.org_id, given.number("job")?);
    let missing = || Refusal::not_found("试算", "comparison", &id.to_string());
    let job = run.look(|tx| Ok::<_, Refusal>(jobs::find(tx, org_id, id)?))?;
    let job =
        job.filter(|job| job.act == COMPARE.name && job.state == jobs::State::Done).ok_or_else(missing)?;
    let facts: Json = serde_json::from_str(&job.facts).map_err(|_| missing())?;
    let text = |name: &str| facts.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let compared: Vec<Month> = facts
        .get("months")
        .and_then(Json::as_array)
        .map(|months| months.iter().filter_map(|month| month.as_str()?.parse().ok()).collect())
        .unwrap_or_default();
    let [month] = compared.as_slice() else {
        return Err(Refusal::refused(
            "退补清单按单月发起，请先对一个月试算",
            "an adjustment is of one month: compare one month first",
        ));
    };
    let asked = Asked {
        toml: text("prices"),
        maps: text("maps"),
        months: vec![*month],
        unit: given.text("unit").to_owned(),
        book: given.text("book").to_owned(),
        issued_only: true,
    };
    let selection = asked.selection(run)?;
    let unit_id = selection.unit_id.ok_or_else(missing)?;
    let rules = OfficeRules::built_in()?;
    let prices = run.look(|tx| Ok(PriceBook::load(tx, org_id)?))?;
    let trial = asked.trial(&prices)?;
    let how = WhatIf { top: 0, lines_max: adjustment::BATCH_LINES_MAX, ..WhatIf::default() };
    let made = outcome(run, &prices, &trial, &selection, &how)?;
    refuse_gaps(&trial, &made)?;
    let centre = run.look(|tx| {
        let found = identity::units(tx, org_id)?.into_iter().find(|unit| unit.kind == "billing_centre");
        found.ok_or_else(|| Refusal::not_found("电费管理中心", "billing centre", ""))
    })?;
    let new = NewBatch {
        unit_id,
        month: *month,
        reason: given.text("reason").to_owned(),
        basis: asked.basis(),
        centre_unit_id: centre.id,
        lines: whatif::batch_lines(&trial, &made.lines)?,
    };
    let postings = BillPostings::new(trial.plans(), &PostingRules::standard()?)?;
    let batch = run.desk().act(run.now, |work| -> Result<_, Refusal> {
        Ok(adjustment::start_batch(work, &rules, &postings, &new)?)
    })?;
    let (case, bills) = (&batch.case, batch.bills);
    let (charged, refunded) = (batch.charged, batch.refunded);
    let known = if batch.known { ("已有", "there is already") } else { ("已发起", "started") };
    Ok(Done::said(
        format!("{}退补 {}：{bills} 户，补收 {charged} 元，退还 {refunded} 元，待审批", known.0, case.number),
        format!(
            "{} adjustment {}: {bills} customers, {charged} yuan charged, {refunded} given back; it waits for approval",
            known.1, case.number
        ),
    )
    .see(format!("/adjustments/{}", case.case_id))
    .fact("case", case.case_id.to_string())
    .fact("number", case.number.clone())
    .fact("bills", bills))
}

/// An adjustment follows from a comparison that left nobody out.
fn refuse_gaps(trial: &Trial, made: &Outcome) -> Result<(), Refusal> {
    if let Some(first) = made.missing.first() {
        let plan = plan_name(trial, first.plan);
        let bills: i64 = made.missing.iter().map(|missing| missing.bills).sum();
        return Err(Refusal::refused(
            format!("{bills} 户的电价方案（{} 等）在试算电价中没有对应，请在试算时指定类别对应", plan.zh),
            format!(
                "{bills} bills ({} and perhaps more) have no counterpart: say where the class goes",
                plan.en
            ),
        ));
    }
    if let Some(first) = made.refused.first() {
        let bills: i64 = made.refused.iter().map(|refused| refused.bills).sum();
        return Err(Refusal::refused(
            format!("{bills} 户按试算电价不能计算：{}", first.reason),
            format!("{bills} bills cannot be calculated by the other prices: {}", first.reason),
        ));
    }
    Ok(())
}
