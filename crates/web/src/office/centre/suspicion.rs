//! The suspicion score: scores with their reasons, who decides, where rule and score differ, and held bills that two
//! persons release.

use billing::RunPlan;
use billing::desk::{self, ScoreQuery};
use billing::gates::Limits;
use billing::suspicion::{self, Band, Finding, Mode};
use identity::Work;
use kernel::{Bilingual, Lang, Month, Text};

use super::exceptions::band;
use super::review::run_books;
use super::{
    ACCOUNT, BOOK_WANTED, MONTH, MONTH_WANTED, READ, REASON, UNIT_WANTED, account_in, accounts_searched,
    both, customer, month_of, names, reasons, search_note, units_shown,
};
use crate::catalogue::cursor::Part;
use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row,
    Rows, Run, Sheet, Takes, View, Weight,
};
use crate::cells;
use crate::job::JobRun;

const BANDS: &[&str] = &["release", "sample", "review", "hold"];
/// The least suspicious rows of a comparison are left out beyond so many of each kind.
const SIDES_MAX: usize = 2_000;
/// A file of thresholds is a page of text.
const THRESHOLDS_MAX: usize = 1 << 20;

const SCORES: List = List {
    name: "scores",
    path: "/scores",
    permission: READ,
    filters: &[MONTH_WANTED, UNIT_WANTED, BOOK_WANTED, Field::maybe("band", Takes::Choice(BANDS))],
    columns: &[
        Column::new("account", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("unit", Kind::Text),
        Column::sorted("score", Kind::Count),
        Column::new("band", Kind::Word),
        Column::new("used_kwh", Kind::Quantity(0)),
        Column::new("expected_kwh", Kind::Quantity(0)),
        Column::new("findings", Kind::Text),
    ],
    rows: scores,
    menu: true,
    acts: &["score.run"],
};

const DIFFERENCES_COLUMNS: &[Column] = &[
    Column::sorted("difference_of_rules", Kind::Word),
    Column::new("account", Kind::Text),
    Column::new("name", Kind::Text),
    Column::new("reasons", Kind::Text),
    Column::sorted("score", Kind::Count),
    Column::new("band", Kind::Word),
    Column::new("findings", Kind::Text),
];

const DIFFERENCES: List = List {
    name: "score_differences",
    path: "/score-differences",
    permission: READ,
    filters: &[MONTH_WANTED],
    columns: DIFFERENCES_COLUMNS,
    rows: differences,
    menu: true,
    acts: &[],
};

const RELEASES_COLUMNS: &[Column] = &[
    Column::new("account", Kind::Text),
    Column::new("name", Kind::Text),
    Column::new("unit", Kind::Text),
    Column::new("proposed_by", Kind::Text),
    Column::new("reason", Kind::Text),
];

const RELEASES: List = List {
    name: "releases",
    path: "/releases",
    permission: READ,
    filters: &[MONTH_WANTED],
    columns: RELEASES_COLUMNS,
    rows: releases,
    menu: true,
    acts: &[],
};

const VIEW: View =
    View { name: "suspicion", path: "/suspicion", permission: READ, params: &[], show, menu: true };

const ACTS: &[Act] = &[
    Act {
        name: "score.run",
        path: "/scores/{month}/run",
        permission: "billing.calculate",
        fields: &[MONTH],
        run: Run::Job(run),
        ..Act::PLAIN
    },
    Act {
        name: "suspicion.set_mode",
        path: "/suspicion/mode",
        permission: "billing.set_suspicion",
        fields: &[Field::new("mode", Takes::Choice(&["shadow", "decide"]))],
        run: Run::Command(set_mode),
        weight: Weight::Grave,
        ..Act::PLAIN
    },
    Act {
        name: "suspicion.set_thresholds",
        path: "/suspicion/thresholds",
        permission: "billing.set_suspicion",
        fields: &[Field::new("file", Takes::File(THRESHOLDS_MAX, ".toml"))],
        run: Run::Command(set_thresholds),
        weight: Weight::Grave,
        ..Act::PLAIN
    },
    Act {
        name: "exception.propose_release",
        path: "/exceptions/{month}/{account}/propose-release",
        permission: "billing.propose_release",
        fields: &[MONTH, ACCOUNT, REASON],
        run: Run::Command(propose_release),
        ..Act::PLAIN
    },
    Act {
        name: "exception.confirm_release",
        path: "/exceptions/{month}/{account}/confirm-release",
        permission: "billing.confirm_release",
        fields: &[MONTH, ACCOUNT],
        run: Run::Command(confirm_release),
        weight: Weight::Signed,
        ..Act::PLAIN
    },
];

/// The desk.
pub const AREA: Area = Area {
    name: "suspicion",
    lists: &[SCORES, DIFFERENCES, RELEASES],
    views: &[VIEW],
    acts: ACTS,
    pages: &[],
};

fn words(findings: &[Finding]) -> Text {
    let said = |lang: Lang, between: &str| {
        let texts: Vec<String> = findings.iter().map(|finding| finding.text(lang)).collect();
        texts.join(between)
    };
    Text::new(said(Lang::Zh, "；"), said(Lang::En, "; "))
}

fn scores(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, given) = (look.org_id(), query.given);
    let month = month_of(look, given);
    let units = units_shown(look, given, READ)?;
    let accounts = accounts_searched(look, query.search)?;
    let book_id = match given.maybe_text("book") {
        Some(number) => Some(look.book(number)?.book_id),
        None => None,
    };
    let wanted = ScoreQuery {
        month,
        from: given.maybe_text("band").and_then(Band::from_code).unwrap_or(Band::Review),
        units: units.as_deref(),
        book_id,
        accounts: accounts.as_deref(),
        ascending: matches!(query.sort, Some((_, false))),
        walk: query.walk(&[Part::Number; 4])?,
        offset: query.offset,
        limit: query.one_more(),
    };
    let (mut found, total) = desk::scores_page(look.tx, org_id, &wanted)?;
    let walked = query.walked(&mut found, desk::score_place);
    let names = names(look, found.iter().map(|one| one.account_id))?;
    let mut rows = Vec::with_capacity(found.len());
    for one in found {
        let (mut number, name) = customer(&names, one.account_id);
        if let Some(known) = names.get(&one.account_id) {
            number.link = Some(super::accounts::bill_path(month, &known.number, 0));
        }
        rows.push(Row::from(cells![
            number,
            name,
            look.unit_name(one.unit_id)?,
            i64::from(one.score),
            band(one.band),
            one.used_kwh,
            one.expected_kwh,
            words(&one.findings),
        ]));
    }
    let note = search_note(accounts.as_deref());
    let total = usize::try_from(total).unwrap_or(0);
    Ok(Rows { rows, total, note, walked: Some(walked), ..Rows::default() })
}

fn differences(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month) = (look.org_id(), month_of(look, query.given));
    let seen = look.caller.units_of(READ);
    let found = suspicion::compare(look.tx, org_id, month, &Limits::default())?;
    let mut rows = Vec::new();
    for (word, sides) in [
        ("choice.difference_of_rules.caught", &found.caught),
        ("choice.difference_of_rules.released", &found.released),
    ] {
        let mut ranked: Vec<&suspicion::Side> = sides.iter().collect();
        ranked.sort_by_key(|side| (std::cmp::Reverse(side.score), side.account_id));
        ranked.truncate(SIDES_MAX);
        let names = names(look, ranked.iter().map(|side| side.account_id))?;
        for side in ranked {
            let unit = names.get(&side.account_id).map(|known| known.unit_id);
            if seen.as_ref().is_some_and(|seen| !unit.is_some_and(|unit| seen.contains(&unit))) {
                continue;
            }
            let (number, name) = customer(&names, side.account_id);
            rows.push(Row::from(cells![
                Cell::word(word),
                number,
                name,
                reasons(side.rule),
                i64::from(side.score),
                band(side.band),
                words(&side.findings),
            ]));
        }
    }
    let (caught, released, bills) = (found.caught.len(), found.released.len(), found.bills());
    let lang = look.lang();
    let mut shown = Rows::of(DIFFERENCES_COLUMNS, rows, query, lang);
    shown.note = Some(Text::new(
        format!("比对 {bills} 户：评分多拦 {caught} 户，少拦 {released} 户；每类至多列 {SIDES_MAX} 户"),
        format!(
            "{bills} bills compared: the score stops {caught} more and {released} less; at most {SIDES_MAX} of each are listed"
        ),
    ));
    Ok(shown)
}

fn releases(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month) = (look.org_id(), month_of(look, query.given));
    let waiting = desk::releases_waiting(look.tx, org_id, month)?;
    let names = names(look, waiting.iter().map(|(account_id, ..)| *account_id))?;
    let mut rows = Vec::new();
    for (account_id, unit_id, proposed_by, reason) in waiting {
        if !look.sees(READ, unit_id) {
            continue;
        }
        let (number, name) = customer(&names, account_id);
        let mut row =
            Row::from(
                cells![number, name, look.unit_name(unit_id)?, look.person_name(proposed_by)?, reason,],
            );
        if let Some(known) = names.get(&account_id).filter(|_| proposed_by != look.caller.actor.person_id) {
            row.offers.push(Offer::new(
                "exception.confirm_release",
                &[("month", &month), ("account", &known.number)],
            ));
        }
        rows.push(row);
    }
    let lang = look.lang();
    Ok(Rows::of(RELEASES_COLUMNS, rows, query, lang))
}

fn show(look: &mut Look<'_, '_>, _: &Given) -> Result<Sheet, Refusal> {
    let org_id = look.org_id();
    let mode = suspicion::mode(look.tx, org_id)?;
    let thresholds = suspicion::thresholds(look.tx, org_id)?;
    let mut sheet = Sheet::new(crate::words::say(look.lang(), "view.suspicion"));
    let facts = vec![
        ("mode", Kind::Text, both(&mode).into()),
        ("thresholds_version", Kind::Count, thresholds.version.into()),
    ];
    sheet.push(Block::Facts { name: "suspicion_mode", facts });
    let rows = BANDS
        .iter()
        .filter_map(|code| Band::from_code(code))
        .zip(std::iter::once(0).chain(thresholds.bands))
        .map(|(one, from)| Row::from(cells![band(one), i64::from(from)]))
        .collect();
    let columns = vec![Column::new("band", Kind::Word), Column::new("from_points", Kind::Count)];
    sheet.push(Block::Table { name: "suspicion_bands", columns, rows });
    sheet.offer("suspicion.set_mode", &[]);
    sheet.offer("suspicion.set_thresholds", &[]);
    Ok(sheet)
}

/// Scores the books of `month` that are open; the last step of a month's run too.
pub fn score(job: &JobRun<'_>, month: Month) -> Result<suspicion::ScoreSummary, Refusal> {
    let books = run_books(job, month, |_| true)?;
    if books.is_empty() {
        return Err(Refusal::refused(
            format!("{month} 没有开册的抄本"),
            format!("no book is open in {month}"),
        ));
    }
    let workers = RunPlan::new(month, Vec::new(), job.now).workers;
    Ok(suspicion::score_month(&job.house.store, &job.actor, month, &books, job.now, workers)?)
}

fn run(job: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    job.progress(0, 1)?;
    let summary = score(job, month)?;
    job.progress(1, 1)?;
    let ([release, sample, review, hold], accounts) = (summary.bands, summary.accounts);
    let done = Done::said(
        format!("{month} 评分 {accounts} 户：放行 {release}，抽查档 {sample}，复核 {review}，暂扣 {hold}"),
        format!(
            "{month}: {accounts} scored; release {release}, sample {sample}, review {review}, hold {hold}"
        ),
    );
    Ok(done.see(format!("/scores?month={month}")).fact("accounts", accounts))
}

fn set_mode(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let mode = Mode::from_code(given.text("mode")).unwrap_or_default();
    let before = suspicion::set_mode(work, mode)?;
    Ok(Done::said(
        format!("由“{}”改为“{}”", before.text(Lang::Zh), mode.text(Lang::Zh)),
        format!("was “{}”, is “{}” now", before.text(Lang::En), mode.text(Lang::En)),
    )
    .see("/suspicion"))
}

fn set_thresholds(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unreadable = || Refusal::refused("文件应为 UTF-8 文本", "the file is to be text in UTF-8");
    let file = given.file("file").ok_or_else(unreadable)?;
    let text = std::str::from_utf8(&file.bytes).map_err(|_| unreadable())?;
    let new = suspicion::set_thresholds(work, text)?;
    let version = new.version;
    Ok(Done::said(
        format!("评分参数第 {version} 版已生效"),
        format!("thresholds, version {version}, are in force"),
    )
    .see("/suspicion"))
}

fn propose_release(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, account) = (given.month("month")?, account_in(work, given)?);
    suspicion::propose_release(work, month, account, given.text("reason"))?;
    let number = given.text("account");
    Ok(Done::said(
        format!("{number} 已提出解除暂扣，待另一人确认"),
        format!("the release of {number} waits for another person to confirm it"),
    ))
}

fn confirm_release(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, account) = (given.month("month")?, account_in(work, given)?);
    suspicion::confirm_release(work, month, account)?;
    let number = given.text("account");
    Ok(Done::said(format!("{number} 已解除暂扣"), format!("{number} is no longer held")))
}
