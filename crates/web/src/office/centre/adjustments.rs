//! Adjustments: their list, one with its route, batches that follow from other prices.

use billing::adjustment::{self, AdjustmentCase, BATCH_LINES_MAX, CaseState, Cause, NewBatch};
use billing::desk::{self, CaseQuery};
use billing::whatif::{self, Selection, Trial, WhatIf, compare_months, expected_bills};
use billing::{BillPostings, PriceBook};
use kernel::{Bilingual, Lang, Text};
use ledger::PostingRules;
use tariff::table::PriceTable;
use workflow::{ApprovalState, Side};

use super::accounts::{bill_path, ticket_state};
use super::adjust::{self, CAUSES, cause};
use super::{
    BOOK_WANTED, MONTH, MONTH_WANTED, REASON, UNIT, UNIT_WANTED, accounts_searched, customer, names, rules,
    units_shown,
};
use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Sheet, Takes, Tone, Value, View, Weight,
};
use crate::cells;
use crate::job::JobRun;

const READ: &str = "adjustment.read";
/// A price table is some thousand lines of text.
const PRICES_MAX: usize = 4 << 20;
/// Customers of a batch that its page shows.
const LINES_SHOWN: usize = 2_000;

const LIST: List = List {
    name: "adjustments",
    path: "/adjustments",
    permission: READ,
    filters: &[
        UNIT_WANTED,
        Field::maybe("case_state", Takes::Choice(&["running", "issued", "refused"])),
        Field::maybe("adjustment_cause", Takes::Choice(CAUSES)),
        MONTH_WANTED,
    ],
    columns: &[
        Column::new("adjustment", Kind::Text),
        Column::new("account", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("unit", Kind::Text),
        Column::new("month", Kind::Month),
        Column::new("adjustment_cause", Kind::Text),
        Column { name: "energy_kwh", kind: Kind::Quantity(2), sorts: false, summed: true },
        Column::summed("amount", Kind::Money),
        Column::new("case_state", Kind::Word),
        Column::new("started_by", Kind::Text),
    ],
    rows,
    menu: true,
    acts: &[
        "adjustment.start_station",
        "adjustment.start_centre",
        "adjustment.start_metering",
        "adjustment.start_inspection",
        "adjustment.request_fee",
        "adjustment.from_whatif",
        "adjustment.month_list",
        "adjustment.running_list",
    ],
};

const VIEW: View = View {
    name: "adjustment",
    path: "/adjustments/{case}",
    permission: READ,
    params: &[Field::new("case", Takes::Id)],
    show,
    menu: false,
};

const BATCH_ACTS: &[Act] = &[Act {
    name: "adjustment.from_whatif",
    path: "/adjustments/from-whatif",
    permission: "adjustment.start_station",
    fields: &[MONTH, UNIT, BOOK_WANTED, Field::new("prices", Takes::File(PRICES_MAX, ".toml")), REASON],
    run: Run::Job(from_whatif),
    weight: Weight::Plain,
    ..Act::PLAIN
}];

/// The desk.
pub const AREA: Area =
    Area { name: "adjustments", lists: &[LIST], views: &[VIEW], acts: adjust::ACTS, pages: &[] };
/// The desk of those who approve, and of batches.
pub const APPROVING: Area =
    Area { name: "approving", lists: &[super::approvals::LIST], views: &[], acts: adjust::HEADS, pages: &[] };
/// What follows from other prices, and a leader's refusal.
pub const BATCHES: Area = Area { name: "batches", lists: &[], views: &[], acts: BATCH_ACTS, pages: &[] };
/// A leader's refusal.
pub const DECLINING: Area =
    Area { name: "declining", lists: &[], views: &[], acts: super::approvals::ACTS, pages: &[] };

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, given) = (look.org_id(), query.given);
    let units = units_shown(look, given, READ)?;
    let accounts = accounts_searched(look, query.search)?;
    let wanted = CaseQuery {
        units: units.as_deref(),
        state: given.maybe_text("case_state").map(|code| match code {
            "running" => CaseState::Running,
            "issued" => CaseState::Issued,
            _ => CaseState::Refused,
        }),
        cause: given
            .maybe_text("adjustment_cause")
            .and_then(|code| CAUSES.iter().position(|known| *known == code))
            .and_then(|at| Cause::from_number(i64::try_from(at).unwrap_or(-1))),
        month: given.maybe_month("month"),
        accounts: accounts.as_deref(),
        number: Some(query.search).filter(|search| !search.is_empty()),
        by_amount: query.sort.map(|(_, down)| down),
        offset: query.offset,
        limit: query.limit,
    };
    let (found, count, energy, amount) = desk::cases_page(look.tx, org_id, &wanted)?;
    let names = names(look, found.iter().map(|case| case.account_id))?;
    let mut rows = Vec::with_capacity(found.len());
    for case in found {
        let (number, name) = whom(look, &case, &names)?;
        rows.push(Row::from(cells![
            Cell::from(case.number.as_str()).to(format!("/adjustments/{}", case.case_id)),
            number,
            name,
            look.unit_name(case.unit_id)?,
            case.month,
            cause(case.cause),
            case.energy_kwh,
            case.amount,
            state(look, &case)?,
            look.person_name(case.started_by)?,
        ]));
    }
    Ok(Rows {
        rows,
        total: usize::try_from(count).unwrap_or(0),
        sums: vec![("energy_kwh", Value::Quantity(energy)), ("amount", Value::Money(amount))],
        ..Rows::default()
    })
}

fn whom(
    look: &mut Look<'_, '_>,
    case: &AdjustmentCase,
    names: &std::collections::BTreeMap<i64, metering::account::AccountName>,
) -> Result<(Cell, Cell), Refusal> {
    if !case.is_batch() {
        return Ok(customer(names, case.account_id));
    }
    let org_id = look.org_id();
    let batch = adjustment::batch_of(look.tx, org_id, case.case_id)?;
    let said = Cell::said(format!("{} 户", batch.bills), format!("{} customers", batch.bills));
    Ok((said, Cell::default()))
}

/// Where a case stands, in the words of its ticket while it runs.
fn state(look: &mut Look<'_, '_>, case: &AdjustmentCase) -> Result<Cell, Refusal> {
    let org_id = look.org_id();
    Ok(match case.state {
        CaseState::Issued => Cell::word("choice.case_state.issued").toned(Tone::Good),
        CaseState::Refused => Cell::word("choice.case_state.refused").toned(Tone::Bad),
        CaseState::Running => {
            let ticket = workflow::find(look.tx, org_id, case.ticket_id)?;
            Cell::from(ticket_state(&ticket.kind, &ticket.state)).toned(Tone::Warn)
        }
    })
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, case_id) = (look.org_id(), given.number("case")?);
    let case = adjustment::find(look.tx, org_id, case_id)?;
    look.require(READ, case.unit_id)?;
    let ticket = workflow::find(look.tx, org_id, case.ticket_id)?;
    let title = if look.lang() == Lang::Zh {
        format!("退补 {}", case.number)
    } else {
        format!("Adjustment {}", case.number)
    };
    let mut sheet = Sheet::new(title);
    sheet.version = Some(format!("{}.{}", case.version, ticket.version));
    sheet.badges = vec![state(look, &case)?, Cell::from(cause(case.cause))];
    let names = names(look, [case.account_id])?;
    let (number, name) = whom(look, &case, &names)?;
    let bill = match (case.sequence, names.get(&case.account_id)) {
        (Some(sequence), Some(known)) if sequence > 0 => {
            Cell::from(sequence.to_string()).to(bill_path(case.month, &known.number, sequence))
        }
        _ => Cell::default(),
    };
    let facts = vec![
        ("account", Kind::Text, number),
        ("name", Kind::Text, name),
        ("unit", Kind::Text, look.unit_name(case.unit_id)?.into()),
        ("month", Kind::Month, case.month.into()),
        ("adjustment_cause", Kind::Text, cause(case.cause).into()),
        ("reason", Kind::Text, case.reason.as_str().into()),
        ("energy_kwh", Kind::Quantity(2), case.energy_kwh.into()),
        ("amount", Kind::Money, case.amount.into()),
        ("started_by", Kind::Text, look.person_name(case.started_by)?.into()),
        ("started_unit", Kind::Text, look.unit_name(case.started_unit_id)?.into()),
        ("called", Kind::Flag, case.called.into()),
        ("bill_sequence", Kind::Text, bill),
    ];
    sheet.push(Block::Facts { name: "adjustment_facts", facts });
    let approval_state = super::approvals::block(look, &mut sheet, case.approval_id)?;
    route(look, &mut sheet, &case, &ticket)?;
    if case.is_batch() {
        lines(look, &mut sheet, &case)?;
    } else {
        let effect = adjustment::effect_of(look.tx, org_id, &case)?;
        super::bill::effect(look, &mut sheet, &effect.components, &effect.tiers)?;
    }
    follow_up(look, &mut sheet, &case)?;
    if case.state == CaseState::Running {
        offers(look, &mut sheet, &case, &ticket, &approval_state);
    }
    // The papers are handed over and filed whenever they come, also after the issue. (ADJ-11)
    let papers = if case.evidence_list_id.is_some() {
        "adjustment.file_evidence"
    } else {
        "adjustment.receive_evidence"
    };
    if case.state != CaseState::Refused {
        sheet.offers.push(Offer::new(papers, &[("case", &case.case_id)]));
    }
    Ok(sheet)
}

/// The acts that can come next. Who may not take one does not see it; who made the case never approves it.
fn offers(
    look: &Look<'_, '_>,
    sheet: &mut Sheet,
    case: &AdjustmentCase,
    ticket: &workflow::Ticket,
    approval: &workflow::Approval,
) {
    let given: &[(&'static str, &dyn std::fmt::Display)] = &[("case", &case.case_id)];
    let mut offer = |act: &'static str| sheet.offers.push(Offer::new(act, given));
    match (ticket.state.as_str(), approval.state) {
        ("started", ApprovalState::Open) => {
            if let Some(step) = workflow::step_for(approval, &look.caller.actor) {
                sheet.offers.extend(adjust::decisions(case.case_id, approval.id, &step.permission));
            }
        }
        ("started", ApprovalState::Approved) => offer(adjust::send_on_act(case)),
        ("started", ApprovalState::Refused) => offer(adjust::refuse_act(case)),
        ("approved", _) if case.cause.route().audited => {
            offer("adjustment.audit");
            offer("adjustment.refuse_data");
        }
        ("approved" | "audited", _) => offer("adjustment.operate"),
        ("operated", _) => offer("adjustment.archive"),
        ("archived", _) => {
            for act in ["adjustment.complete_step", "adjustment.finish_follow_up", "adjustment.chase"] {
                offer(act);
            }
        }
        ("followed_up", _) => offer("adjustment.issue"),
        _ => {}
    }
    if case.cause.route().needs_call && !case.called {
        sheet.offers.push(Offer::new("adjustment.call", given));
    }
}

/// The route of the cause: what was done, by whom, when; whose turn it is; what comes after.
fn route(
    look: &mut Look<'_, '_>,
    sheet: &mut Sheet,
    case: &AdjustmentCase,
    ticket: &workflow::Ticket,
) -> Result<(), Refusal> {
    let (org_id, today) = (look.org_id(), look.today());
    let steps = workflow::history(look.tx, org_id, ticket.id)?;
    let clocks = workflow::clocks_of_ticket(look.tx, org_id, ticket.id, today)?;
    let mut rows = Vec::new();
    for step in &steps {
        rows.push(Row::from(cells![
            ticket_state(&ticket.kind, &step.to_state),
            Cell::word("state.done").toned(Tone::Good),
            look.unit_name(step.unit_id)?,
            super::approvals::post(&step.post),
            look.person_name(step.person_id)?,
            step.at,
            Cell::default(),
            step.text.as_str(),
        ]));
    }
    let kind = workflow::Catalogue::built_in().ticket(&ticket.kind);
    let mut at = ticket.state.clone();
    let mut first = true;
    // The way that leads to the end: the first step of each state that is not a refusal.
    while let Some(next) = kind.and_then(|kind| {
        kind.transitions
            .iter()
            .find(|step| step.from.contains(&at.as_str()) && !step.act.starts_with("refuse"))
    }) {
        let unit = match next.side {
            Side::Raiser => ticket.raised_unit_id,
            Side::Addressee => ticket.addressed_unit_id,
            Side::Third => ticket.third_unit_id.unwrap_or(ticket.addressed_unit_id),
        };
        let running =
            clocks.iter().find(|clock| clock.clock.met_on.is_none() && clock.clock.dropped_on.is_none());
        let due = running.filter(|_| first).map(|clock| clock.clock.due_on);
        let late = due.is_some_and(|due| due < today);
        let (word, tone) = if first { ("state.waiting", Tone::Warn) } else { ("state.later", Tone::Quiet) };
        rows.push(Row::from(cells![
            ticket_state(&ticket.kind, next.to),
            Cell::word(word).toned(tone),
            look.unit_name(unit)?,
            posts_with(next.permission.0),
            Cell::default(),
            Cell::default(),
            Cell::from(due).toned(if late { Tone::Bad } else { Tone::Plain }),
            Cell::default(),
        ]));
        at = next.to.to_owned();
        first = false;
        if case.state != CaseState::Running || rows.len() > 40 {
            break;
        }
    }
    let columns = vec![
        Column::new("route_step", Kind::Text),
        Column::new("step_state", Kind::Word),
        Column::new("unit", Kind::Text),
        Column::new("post", Kind::Text),
        Column::new("by_person", Kind::Text),
        Column::new("done_at", Kind::Moment),
        Column::new("due_on", Kind::Date),
        Column::new("text", Kind::Text),
    ];
    sheet.push(Block::Table { name: "route", columns, rows });
    Ok(())
}

/// The posts that carry a right.
fn posts_with(permission: &str) -> Text {
    let posts = identity::Catalogue::built_in().posts.iter();
    let names: Vec<&Text> =
        posts.filter(|post| post.permissions.contains(permission)).map(|post| &post.text).collect();
    let zh: Vec<&str> = names.iter().map(|name| name.zh.as_str()).collect();
    let en: Vec<&str> = names.iter().map(|name| name.en.as_str()).collect();
    Text::new(zh.join("、"), en.join(", "))
}

fn lines(look: &mut Look<'_, '_>, sheet: &mut Sheet, case: &AdjustmentCase) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let mut kept = Vec::new();
    let mut left = 0_usize;
    adjustment::each_line(look.tx, org_id, case.case_id, |line| {
        if kept.len() < LINES_SHOWN {
            kept.push(line);
        } else {
            left += 1;
        }
        Ok(())
    })?;
    let names = names(look, kept.iter().map(|line| line.bill.key.account_id))?;
    let lang = look.lang();
    let rows = kept
        .into_iter()
        .map(|line| {
            let (number, name) = customer(&names, line.bill.key.account_id);
            Row::from(cells![number, name, line.before, line.bill.amount, line.explanation.text(lang)])
        })
        .collect();
    let columns = vec![
        Column::new("account", Kind::Text),
        Column::new("name", Kind::Text),
        Column::summed("amount_before", Kind::Money),
        Column::summed("amount", Kind::Money),
        Column::new("explanation", Kind::Text),
    ];
    sheet.push(Block::Table { name: "batch_lines", columns, rows });
    if left > 0 {
        let said = Text::new(format!("另有 {left} 户未列出"), format!("{left} more customers are not shown"));
        sheet.push(Block::Note(Tone::Quiet, said));
    }
    Ok(())
}

fn follow_up(look: &mut Look<'_, '_>, sheet: &mut Sheet, case: &AdjustmentCase) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let mut rows = Vec::new();
    for step in adjustment::follow_ups(look.tx, org_id, case.case_id)? {
        let code = match step.item {
            adjustment::FollowUpItem::CreateBatch => "create_batch",
            adjustment::FollowUpItem::SubmitReadings => "submit_readings",
            adjustment::FollowUpItem::ChangeBaseReading => "change_base_reading",
        };
        let done_by = match step.done_by {
            Some(person_id) => Some(look.person_name(person_id)?),
            None => None,
        };
        let (word, tone) =
            if done_by.is_some() { ("state.done", Tone::Good) } else { ("state.waiting", Tone::Warn) };
        let mut row = Row::from(cells![
            Cell::word(format!("choice.item.{code}")),
            Cell::word(word).toned(tone),
            step.chased,
            done_by.clone(),
        ]);
        if done_by.is_none() && case.state == CaseState::Running {
            for act in ["adjustment.complete_step", "adjustment.chase"] {
                row.offers.push(Offer::new(act, &[("case", &case.case_id), ("item", &code)]));
            }
        }
        rows.push(row);
    }
    let columns = vec![
        Column::new("follow_up", Kind::Word),
        Column::new("step_state", Kind::Word),
        Column::new("chased", Kind::Count),
        Column::new("done_by", Kind::Text),
    ];
    sheet.push(Block::Table { name: "follow_up", columns, rows });
    Ok(())
}

/// Compares the issued bills of a month with what other prices would have made of them, and starts one batch of those
/// that differ. The same prices again find the batch that is there. (ADJ-01)
fn from_whatif(job: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let (org_id, month) = (job.house.org_id, given.month("month")?);
    let missing = || Refusal::refused("请附试算电价表", "a price table is needed");
    let file = given.file("prices").ok_or_else(missing)?;
    let text = std::str::from_utf8(&file.bytes)
        .map_err(|_| Refusal::refused("电价表应为 UTF-8 文本", "the price table is to be text in UTF-8"))?;
    let units = job.look(|tx| Ok(identity::units(tx, org_id)?))?;
    let named = |code: &str| units.iter().find(|unit| unit.code == code).map(|unit| unit.id);
    let unit_id =
        named(given.text("unit")).ok_or_else(|| Refusal::not_found("单位", "unit", given.text("unit")))?;
    let centre = units.iter().find(|unit| unit.kind == "billing_centre").map(|unit| unit.id);
    let centre = centre.ok_or_else(|| Refusal::not_found("电费管理中心", "billing centre", ""))?;
    let book_id = match given.maybe_text("book") {
        None => None,
        Some(number) => {
            let book = job.look(|tx| Ok(metering::book::book_by_number(tx, org_id, number)?))?;
            Some(book.ok_or_else(|| Refusal::not_found("抄本", "reading book", number))?.book_id)
        }
    };
    let prices = job.look(|tx| Ok(PriceBook::load(tx, org_id)?))?;
    let table = PriceTable::parse(&file.name, text)
        .map_err(|error| Refusal::refused(error.text(Lang::Zh), error.text(Lang::En)))?;
    let trial = Trial::new(&prices, &[table], &[])?;
    let selection =
        Selection { unit_id: Some(unit_id), book_id, issued_only: true, ..Selection::month(month) };
    let how = WhatIf { top: 0, lines_max: BATCH_LINES_MAX, ..WhatIf::default() };
    let total = job.look(|tx| Ok(expected_bills(tx, org_id, &selection.months)?))?;
    job.progress(0, total)?;
    let outcome = compare_months(&job.house.store, org_id, &prices, &trial, &selection, &how, |read| {
        job.progress(i64::try_from(read).unwrap_or(total).min(total - 1).max(0), total).is_ok()
    });
    job.progress(total, total)?;
    let outcome = outcome?;
    if let Some(missing) = outcome.missing.first() {
        let bills: i64 = outcome.missing.iter().map(|missing| missing.bills).sum();
        let plan = missing.plan.0;
        return Err(Refusal::refused(
            format!("{bills} 户的电价方案（第 {plan} 号等）在试算电价中没有对应"),
            format!("{bills} bills have no counterpart in the other prices (plan {plan} and perhaps more)"),
        ));
    }
    if let Some(refused) = outcome.refused.first() {
        return Err(Refusal::refused(
            format!("部分用户按试算电价不能计算：{}", refused.reason),
            format!("some bills cannot be calculated by the other prices: {}", refused.reason),
        ));
    }
    let new = NewBatch {
        unit_id,
        month,
        reason: given.text("reason").to_owned(),
        basis: text.to_owned(),
        centre_unit_id: centre,
        lines: whatif::batch_lines(&trial, &outcome.lines)?,
    };
    let postings = BillPostings::new(trial.plans(), &PostingRules::standard()?)?;
    let rules = rules()?;
    let batch = job.desk().act(job.now, |work| -> Result<_, Refusal> {
        Ok(adjustment::start_batch(work, &rules, &postings, &new)?)
    })?;
    let (case, bills, charged, refunded) = (&batch.case, batch.bills, batch.charged, batch.refunded);
    let known = if batch.known { ("已有", "there is already") } else { ("已发起", "started") };
    let done = Done::said(
        format!("{}退补 {}：{bills} 户，补收 {charged} 元，退还 {refunded} 元", known.0, case.number),
        format!(
            "{} adjustment {}: {bills} customers, {charged} yuan charged, {refunded} given back",
            known.1, case.number
        ),
    );
    Ok(done.see(format!("/adjustments/{}", case.case_id)).fact("case", case.case_id.to_string()))
}
