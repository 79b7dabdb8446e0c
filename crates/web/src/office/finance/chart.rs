//! The chart of accounts and the accounting periods.

use ::ledger::{Chart, PostingRules};
use identity::Work;
use kernel::{Bilingual as _, Month};

use super::ledger::{READ, side_word};
use crate::catalogue::{
    Act, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows, Run,
    Takes, Tone, Weight,
};
use crate::job::JobRun;

/// The chart of accounts (会计科目表).
pub const CHART: List = List {
    name: "chart",
    path: "/ledger/chart",
    permission: READ,
    filters: &[],
    columns: CHART_COLUMNS,
    rows: chart,
    menu: true,
    acts: &["ledger.install_chart"],
};

const CHART_COLUMNS: &[Column] = &[
    Column::sorted("ledger_account", Kind::Text),
    Column::sorted("account_title", Kind::Text),
    Column::sorted("kind", Kind::Word),
    Column::new("side", Kind::Word),
    Column::new("parent", Kind::Text),
    Column::new("postable", Kind::Flag),
];

fn chart(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang, month) = (look.org_id(), look.lang(), look.this_month());
    let chart = ::ledger::chart(look.tx, org_id)?;
    let rows = chart.accounts().map(|account| {
        let code = account.code.to_string();
        let number = Cell::from(code.as_str());
        let number = if account.postable {
            number.to(format!("/ledger/accounts/{code}?month={month}"))
        } else {
            number
        };
        Row::from(vec![
            number,
            Cell::from(account.name.text(lang)),
            Cell::word(format!("word.{}", account.kind.name())),
            side_word(account.side),
            Cell::from(account.parent.map(|parent| parent.to_string())),
            Cell::from(account.postable),
        ])
    });
    Ok(Rows::of(CHART_COLUMNS, rows.collect(), query, lang))
}

/// Installs the chart that comes with the program, or what is new in it.
pub const INSTALL: Act = Act {
    name: "ledger.install_chart",
    path: "/ledger/chart/install",
    permission: "ledger.chart",
    fields: &[],
    run: Run::Command(install),
    ..Act::PLAIN
};

fn install(work: &mut Work<'_, '_>, _: &Given, _: &House) -> Result<Done, Refusal> {
    let (chart, rules) = (Chart::standard()?, PostingRules::standard()?);
    ::ledger::install_chart(work, &chart, &rules)?;
    Ok(Done::said("会计科目已建立", "the chart of accounts is installed").see("/ledger/chart"))
}

/// Accounting periods (会计期间).
pub const PERIODS: List = List {
    name: "periods",
    path: "/ledger/periods",
    permission: READ,
    filters: &[],
    columns: PERIOD_COLUMNS,
    rows: periods,
    menu: true,
    acts: &["ledger.open_period"],
};

const PERIOD_COLUMNS: &[Column] = &[
    Column::sorted("period", Kind::Month),
    Column::sorted("state", Kind::Word),
    Column::summed("debit", Kind::Money),
    Column::summed("credit", Kind::Money),
];

fn periods(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let mut rows = Vec::new();
    let mut found = ::ledger::periods(look.tx, org_id)?;
    found.reverse();
    for period in found {
        let month = period.month;
        let balance = ::ledger::trial_balance(look.tx, org_id, month, month, None)?;
        let state = if period.open {
            Cell::word("state.open").toned(Tone::Good)
        } else {
            Cell::word("state.closed").toned(Tone::Quiet)
        };
        let act = if period.open { "ledger.close_period" } else { "ledger.reopen_period" };
        let cells = vec![
            Cell::from(month).to(format!("/ledger/balance?month={month}")),
            state,
            Cell::from(balance.debit),
            Cell::from(balance.credit),
        ];
        rows.push(Row { cells, offers: vec![Offer::new(act, &[("month", &month)])] });
    }
    Ok(Rows::of(PERIOD_COLUMNS, rows, query, lang))
}

const MONTH: Field = Field::new("month", Takes::Month);

/// Opens the next accounting period (开账).
pub const OPEN: Act = Act {
    name: "ledger.open_period",
    path: "/ledger/periods/{month}/open",
    permission: "ledger.open_period",
    fields: &[MONTH],
    run: Run::Command(open),
    weight: Weight::Main,
    ..Act::PLAIN
};

fn open(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    ::ledger::open_period(work, month)?;
    Ok(Done::said(format!("已开账 {month}"), format!("{month} is open")).see("/ledger/periods"))
}

/// Closes an accounting period (结账), once it is proved.
pub const CLOSE: Act = Act {
    name: "ledger.close_period",
    path: "/ledger/periods/{month}/close",
    permission: "ledger.close_period",
    fields: &[MONTH],
    run: Run::Job(close),
    weight: Weight::Signed,
    closes: true,
    ..Act::PLAIN
};

fn is_open(run: &JobRun<'_>, month: Month) -> Result<Option<bool>, Refusal> {
    let org_id = run.house.org_id;
    let found = run.look(|tx| Ok(::ledger::periods(tx, org_id)?))?;
    Ok(found.iter().find(|period| period.month == month).map(|period| period.open))
}

fn close(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let done = || Done::said(format!("已结账 {month}"), format!("{month} is closed")).see("/ledger/periods");
    run.progress(0, 2)?;
    if run.starts > 1 && is_open(run, month)? == Some(false) {
        return Ok(done());
    }
    audit::check::require_proved(&run.house.store, &run.actor, run.now, month, "period_close")?;
    run.progress(1, 2)?;
    run.desk().act(run.now, |work| -> Result<(), Refusal> { Ok(::ledger::close_period(work, month)?) })?;
    Ok(done())
}

/// Opens a closed period again (反结账).
pub const REOPEN: Act = Act {
    name: "ledger.reopen_period",
    path: "/ledger/periods/{month}/reopen",
    permission: "ledger.reopen_period",
    fields: &[MONTH],
    run: Run::Command(reopen),
    weight: Weight::Signed,
    closes: true,
    ..Act::PLAIN
};

fn reopen(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    ::ledger::reopen_period(work, month)?;
    Ok(Done::said(format!("已反结账 {month}"), format!("{month} is open again")).see("/ledger/periods"))
}
