//! What is done with the reports of a month: compiled, confirmed, submitted, rolled up; targets; marketing and finance.

use billing::OfficeRules;
use billing::report::{self, Difference, TargetKind};
use identity::Work;
use kernel::{Moment, Money, Rate, Text};

use super::reports::READ;
use super::{month_of, unit_by_code, units};
use crate::catalogue::{
    Act, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Sheet, Takes, Tone, View, Weight,
};
use crate::job::JobRun;

const MONTH: Field = Field::new("month", Takes::Month);
const UNIT: Field = Field::new("unit", Takes::Option(units));

/// The centre compiles the receivable reports (编制应收报表, RPT-01).
pub const COMPILE: Act = Act {
    name: "report.compile",
    path: "/reports/{month}/compile",
    permission: "report.compile",
    fields: &[MONTH],
    run: Run::Command(compile),
    weight: Weight::Main,
    closes: true,
    ..Act::PLAIN
};

fn compile(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (org_id, month) = (work.org_id(), given.month("month")?);
    let components = report::component_totals(work.tx, org_id, month)?;
    let stations = report::compile(work, month, &components)?;
    let amount = Money::sum(stations.iter().map(|station| station.amount))?;
    let count = stations.len();
    Ok(Done::said(
        format!("已编制 {month}：{count} 个单位，应收 {amount} 元"),
        format!("compiled {month}: {count} units, {amount} yuan receivable"),
    )
    .see(format!("/reports/stations?month={month}"))
    .fact("units", count)
    .fact("amount", amount.to_string()))
}

/// A station confirms what was compiled (确认应收数据, RPT-02).
pub const CONFIRM: Act = Act {
    name: "report.confirm",
    path: "/reports/{month}/units/{unit}/confirm",
    permission: "report.confirm",
    fields: &[MONTH, UNIT, Field::new("amount", Takes::Money)],
    run: Run::Command(confirm),
    weight: Weight::Main,
    closes: true,
    ..Act::PLAIN
};

fn confirm(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let rules = OfficeRules::built_in()?;
    let (month, amount) = (given.month("month")?, given.money("amount")?);
    let unit = unit_by_code(work, given.text("unit"))?;
    report::confirm(work, &rules, month, unit.id, amount)?;
    Ok(Done::said(
        format!("{} 已确认 {month} 应收 {amount} 元", unit.name.zh),
        format!("{} confirmed {amount} yuan of {month}", unit.name.en),
    ))
}

/// Marketing consents in writing to a late confirmation (RPT-04).
pub const CONSENT: Act = Act {
    name: "report.consent_late",
    path: "/reports/{month}/units/{unit}/consent-late",
    permission: "report.consent_late",
    fields: &[MONTH, UNIT, Field::new("reason", Takes::LongText(1_000))],
    run: Run::Command(consent),
    ..Act::PLAIN
};

fn consent(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let rules = OfficeRules::built_in()?;
    let month = given.month("month")?;
    let unit = unit_by_code(work, given.text("unit"))?;
    report::consent_to_late(work, &rules, month, unit.id, given.text("reason"))?;
    Ok(Done::said(
        format!("同意 {} 延期确认 {month}", unit.name.zh),
        format!("{} may confirm {month} late", unit.name.en),
    ))
}

/// A station submits its confirmed report (上报).
pub const SUBMIT: Act = Act {
    name: "report.submit",
    path: "/reports/{month}/units/{unit}/submit",
    permission: "report.confirm",
    fields: &[MONTH, UNIT],
    run: Run::Command(submit),
    weight: Weight::Main,
    ..Act::PLAIN
};

fn submit(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let unit = unit_by_code(work, given.text("unit"))?;
    report::submit(work, month, unit.id)?;
    Ok(Done::said(format!("{} 已上报 {month}", unit.name.zh), format!("{} submitted {month}", unit.name.en)))
}

/// Rolls submitted reports up (汇总上报, RPT-07).
pub const ROLL_UP: Act = Act {
    name: "report.roll_up",
    path: "/reports/{month}/roll-up",
    permission: "report.roll_up",
    fields: &[MONTH, UNIT],
    run: Run::Command(roll_up),
    ..Act::PLAIN
};

fn roll_up(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let unit = unit_by_code(work, given.text("unit"))?;
    let total = report::roll_up(work, month, unit.id)?;
    let (bills, amount) = (total.bills, total.amount);
    Ok(Done::said(
        format!("{} 汇总 {month}：{bills} 户次，{amount} 元", unit.name.zh),
        format!("rolled {month} up to {}: {bills} bills, {amount} yuan", unit.name.en),
    )
    .see(format!("/reports/rolled-up?month={month}"))
    .fact("bills", bills)
    .fact("amount", amount.to_string()))
}

/// What was rolled up, by unit.
pub const ROLLED: List = List {
    name: "rolled_up",
    path: "/reports/rolled-up",
    permission: READ,
    filters: &[Field::maybe("month", Takes::Month)],
    columns: ROLLED_COLUMNS,
    rows: rolled,
    menu: false,
    acts: &["report.roll_up"],
};

const ROLLED_COLUMNS: &[Column] = &[
    Column::sorted("unit", Kind::Text),
    Column::sorted("bills", Kind::Count),
    Column::sorted("energy_kwh", Kind::Quantity(0)),
    Column::sorted("receivable", Kind::Money),
];

fn rolled(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month) = (look.org_id(), month_of(look, query.given));
    let mut rows = Vec::new();
    for total in report::rolled_up(look.tx, org_id, month)? {
        if look.sees(READ, total.unit_id) {
            let unit = look.unit_name(total.unit_id)?;
            rows.push(Row::from(crate::cells![unit, total.bills, total.energy_kwh, total.amount]));
        }
    }
    Ok(Rows::of(ROLLED_COLUMNS, rows, query, look.lang()))
}

/// The targets of a month (指标, RPT-08).
pub const TARGETS: List = List {
    name: "targets",
    path: "/reports/targets",
    permission: READ,
    filters: &[Field::maybe("month", Takes::Month)],
    columns: TARGET_COLUMNS,
    rows: targets,
    menu: true,
    acts: &["report.set_target"],
};

const TARGET_COLUMNS: &[Column] = &[
    Column::sorted("target", Kind::Word),
    Column::sorted("unit", Kind::Text),
    Column::new("target_amount", Kind::Money),
    Column::new("target_rate", Kind::Percent(2)),
    Column::new("set_by", Kind::Text),
    Column::new("approved_by", Kind::Text),
    Column::new("state", Kind::Word),
];

const TARGET_KINDS: [(TargetKind, &str); 3] = [
    (TargetKind::ReadingRate, "reading_rate"),
    (TargetKind::Receivable, "receivable"),
    (TargetKind::CollectionRate, "collection_rate"),
];

fn target_kind(code: &str) -> Result<TargetKind, Refusal> {
    let found = TARGET_KINDS.iter().find(|(_, known)| *known == code).map(|(kind, _)| *kind);
    found.ok_or_else(|| Refusal::not_found("指标", "target", code))
}

fn targets(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month) = (look.org_id(), month_of(look, query.given));
    let mut rows = Vec::new();
    for target in report::targets_of(look.tx, org_id, month)? {
        if !look.sees(READ, target.unit_id) {
            continue;
        }
        let code = TARGET_KINDS.iter().find(|(kind, _)| *kind == target.kind).map_or("", |(_, code)| *code);
        let (amount, rate) = match target.kind {
            TargetKind::Receivable => (Cell::from(Money::from_fen(target.value)), Cell::default()),
            _ => (Cell::default(), Cell::from(Rate::from_units(target.value))),
        };
        let approved = target.approved_by.map(|id| look.person_name(id)).transpose()?;
        let state = match approved {
            Some(_) => Cell::word("state.approved").toned(Tone::Good),
            None => Cell::word("state.waits_for_approval").toned(Tone::Warn),
        };
        let offers = match approved {
            Some(_) => Vec::new(),
            None => vec![Offer::new("report.approve_targets", &[("month", &month), ("target", &code)])],
        };
        let cells = vec![
            Cell::word(format!("choice.target.{code}")),
            Cell::from(look.unit_name(target.unit_id)?),
            amount,
            rate,
            Cell::from(look.person_name(target.set_by)?),
            Cell::from(approved),
            state,
        ];
        rows.push(Row { cells, offers });
    }
    Ok(Rows::of(TARGET_COLUMNS, rows, query, look.lang()))
}

/// Sets the parts of a target, all units at once.
pub const SET_TARGET: Act = Act {
    name: "report.set_target",
    path: "/reports/{month}/targets",
    permission: "report.set_targets",
    fields: &[
        MONTH,
        Field::new("target", Takes::Choice(&["reading_rate", "receivable", "collection_rate"])),
        Field::maybe("whole", Takes::Money),
        Field::new("parts", Takes::LongText(100_000)),
    ],
    run: Run::Command(set_target),
    ..Act::PLAIN
};

/// Reads `C101 12000.00` or `C101 98.5%`, a unit a line.
fn set_target(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (org_id, month) = (work.org_id(), given.month("month")?);
    let kind = target_kind(given.text("target"))?;
    let units = identity::units(work.tx, org_id)?;
    let wrong = |line: usize, zh: String, en: String| {
        let why = Text::new(format!("第 {line} 行：{zh}"), format!("line {line}: {en}"));
        Refusal::fields(vec![("parts".to_owned(), why)])
    };
    let mut parts: Vec<(i64, i64)> = Vec::new();
    let lines = given.text("parts").lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (at, line) in lines {
        let number = at + 1;
        let Some((code, value)) = line.trim().split_once(char::is_whitespace) else {
            return Err(wrong(
                number,
                "应为“单位代码 数值”".into(),
                "write “code of the unit, value”".into(),
            ));
        };
        let unit = units
            .iter()
            .find(|unit| unit.code == code)
            .ok_or_else(|| wrong(number, format!("没有单位 {code}"), format!("there is no unit {code}")))?;
        let value = value.trim();
        let unreadable = || wrong(number, format!("“{value}”不是数值"), format!("“{value}” is not a value"));
        let amount = match kind {
            TargetKind::Receivable => value.parse::<Money>().map_err(|_| unreadable())?.fen(),
            _ => {
                let percent: Rate = value.trim_end_matches('%').trim().parse().map_err(|_| unreadable())?;
                percent.units() / 100
            }
        };
        parts.push((unit.id, amount));
    }
    let sum = parts.iter().fold(0_i64, |sum, (_, value)| sum.saturating_add(*value));
    let whole = given.maybe_money("whole").map_or(sum, Money::fen);
    let count = parts.len();
    report::set_targets(work, month, kind, whole, &parts)?;
    Ok(Done::said(
        format!("已下达 {month} 指标：{count} 个单位，待批准"),
        format!("targets of {month} for {count} units wait for approval"),
    )
    .see(format!("/reports/targets?month={month}")))
}

/// Approves the targets of a kind (批准指标).
pub const APPROVE_TARGETS: Act = Act {
    name: "report.approve_targets",
    path: "/reports/{month}/targets/{target}/approve",
    permission: "report.approve_targets",
    fields: &[MONTH, Field::new("target", Takes::Choice(&["reading_rate", "receivable", "collection_rate"]))],
    run: Run::Command(approve_targets),
    ..Act::PLAIN
};

fn approve_targets(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let count = report::approve_targets(work, month, target_kind(given.text("target"))?)?;
    Ok(Done::said(format!("已批准 {month} 指标 {count} 项"), format!("approved {count} targets of {month}")))
}

/// Freezes the month-end receivable balance (冻结月末应收余额, RPT-11), once the month is proved.
pub const FREEZE: Act = Act {
    name: "report.freeze",
    path: "/reports/{month}/freeze",
    permission: "finance.close_month",
    fields: &[MONTH],
    run: Run::Job(freeze),
    weight: Weight::Signed,
    closes: true,
    ..Act::PLAIN
};

fn freeze(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let (org_id, month) = (run.house.org_id, given.month("month")?);
    let done = |balance: Money| {
        Done::said(
            format!("已冻结 {month} 应收余额 {balance} 元"),
            format!("froze {balance} yuan receivable of {month}"),
        )
        .see(format!("/reports/{month}/reconcile"))
        .fact("balance", balance.to_string())
    };
    run.progress(0, 2)?;
    let frozen = run.look(|tx| Ok(report::snapshots(tx, org_id, month)?))?;
    if let (true, Some(whole)) = (run.starts > 1, frozen.iter().find(|kept| kept.unit_id == 0)) {
        return Ok(done(whole.balance));
    }
    audit::check::require_proved(&run.house.store, &run.actor, run.now, month, "month_close")?;
    run.progress(1, 2)?;
    let balance = run.desk().act(run.now, |work| -> Result<Money, Refusal> {
        let units = identity::units(work.tx, org_id)?;
        let stations: Vec<i64> =
            units.iter().filter(|unit| unit.kind == "supply_station").map(|unit| unit.id).collect();
        Ok(report::freeze_month_end(work, month, &stations)?)
    })?;
    Ok(done(balance))
}

/// Marketing against finance (营财核对, RPT-10), with the frozen balances.
pub const RECONCILE: View = View {
    name: "reconcile",
    path: "/reports/{month}/reconcile",
    permission: READ,
    params: &[MONTH],
    show: reconcile,
    menu: false,
};

fn reconcile(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    if look.caller.units_of(READ).is_some() {
        return Err(Refusal::not_permitted(READ));
    }
    let (org_id, month) = (look.org_id(), given.month("month")?);
    let found = report::marketing_against_finance(look.tx, org_id, month)?;
    let title = Text::new(format!("{month} 营财核对"), format!("Marketing against finance, {month}"));
    let mut sheet = Sheet::new(kernel::Bilingual::text(&title, look.lang()));
    let even = found.unexplained.is_zero();
    sheet.badges.push(if even {
        Cell::word("state.agrees").toned(Tone::Good)
    } else {
        Cell::word("state.differs").toned(Tone::Bad)
    });
    sheet.offer("report.note_difference", &[("month", &month)]);
    sheet.offer("report.freeze", &[("month", &month)]);
    let ledger = format!("/ledger/accounts/1122?month={month}");
    sheet.push(Block::Facts {
        name: "reconcile",
        facts: vec![
            (
                "by_marketing",
                Kind::Money,
                Cell::from(found.marketing).to(format!("/reports/{month}/receivable_summary")),
            ),
            ("by_finance", Kind::Money, Cell::from(found.finance).to(ledger)),
            ("unexplained", Kind::Money, super::ledger::alarming(Cell::from(found.unexplained), !even)),
        ],
    });
    let rows = found.causes.iter().map(|cause| {
        let word = match cause.cause as i64 {
            1 => "choice.cause.basis",
            2 => "choice.cause.bad_debt",
            _ => "choice.cause.timing",
        };
        Row::from(vec![Cell::word(word), Cell::from(cause.text.as_str()), Cell::from(cause.amount)])
    });
    sheet.push(Block::Table {
        name: "causes",
        columns: vec![
            Column::new("cause", Kind::Word),
            Column::new("reason", Kind::Text),
            Column::new("amount", Kind::Money),
        ],
        rows: rows.collect(),
    });
    let mut rows = Vec::new();
    for kept in report::snapshots(look.tx, org_id, month)? {
        let unit = match kept.unit_id {
            0 => Cell::from(look.house.org_name.clone()),
            id => Cell::from(look.unit_name(id)?),
        };
        rows.push(Row::from(vec![unit, Cell::from(kept.balance), Cell::from(kept.frozen_at)]));
    }
    sheet.push(Block::Table {
        name: "frozen",
        columns: vec![
            Column::new("unit", Kind::Text),
            Column::new("balance", Kind::Money),
            Column::new("at", Kind::Moment),
        ],
        rows,
    });
    Ok(sheet)
}

/// Notes a cause of the difference.
pub const NOTE_DIFFERENCE: Act = Act {
    name: "report.note_difference",
    path: "/reports/{month}/differences",
    permission: "finance.balance",
    fields: &[
        MONTH,
        Field::new("cause", Takes::Choice(&["basis", "bad_debt"])),
        Field::new("amount", Takes::Money),
        Field::new("reason", Takes::LongText(400)),
    ],
    run: Run::Command(note_difference),
    ..Act::PLAIN
};

fn note_difference(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let cause = if given.text("cause") == "basis" {
        report::DifferenceCause::Basis
    } else {
        report::DifferenceCause::BadDebt
    };
    let difference =
        Difference { cause, amount: given.money("amount")?, text: given.text("reason").to_owned() };
    report::note_difference(work, month, &difference)?;
    Ok(Done::said("已登记差异原因", "the cause is noted").see(format!("/reports/{month}/reconcile")))
}

/// Fixes a moment as the basis of booking (固定入账时点, RPT-09).
pub const FIX_POINT: Act = Act {
    name: "report.fix_point",
    path: "/reports/booking-points",
    permission: "finance.query",
    fields: &[
        Field::maybe("on_day", Takes::Date),
        Field::maybe("hour", Takes::Count(0, 23)),
        Field::maybe("minute", Takes::Count(0, 59)),
        Field::new("reason", Takes::Text(200)),
    ],
    run: Run::Command(fix_point),
    ..Act::PLAIN
};

fn fix_point(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let at = match given.maybe_date("on_day") {
        Some(day) => Moment::on(
            day,
            given.maybe_number("hour").unwrap_or(0),
            given.maybe_number("minute").unwrap_or(0),
        ),
        None => work.now(),
    };
    let receivable = report::fix_time_point(work, at, given.text("reason"))?;
    Ok(Done::said(
        format!("入账时点 {at}：应收 {receivable} 元"),
        format!("at {at}: {receivable} yuan receivable"),
    )
    .fact("receivable", receivable.to_string()))
}
