//! Exceptions: lists to a station, tickets, answers, the way back, data in order, the month's list of feedback.

use billing::desk::{self, ExceptionOrder, ExceptionQuery};
use billing::exception::{self, Exception, ExceptionState};
use identity::Work;
use kernel::Month;

use super::accounts::transformer;
use super::{
    ACCOUNT, BOOK_WANTED, MONTH, MONTH_WANTED, READ, REASONS, UNIT, UNIT_WANTED, account_in,
    accounts_searched, both, customer, month_of, names, reason_wanted, reasons, rules, search_note, unit_in,
    units_shown,
};
use crate::catalogue::cursor::Part;
use crate::catalogue::{
    Act, Area, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Takes, Tone, Value, Weight,
};
use crate::cells;

/// The codes of states, in the order of their numbers.
pub const STATES: &[&str] = &["found", "sent", "answered", "in_order", "issued"];

const COLUMNS: &[Column] = &[
    Column::sorted("account", Kind::Text),
    Column::new("name", Kind::Text),
    Column::new("unit", Kind::Text),
    Column::new("transformer", Kind::Word),
    Column::new("reasons", Kind::Text),
    Column::summed("energy_kwh", Kind::Quantity(2)),
    Column::new("past_kwh", Kind::Quantity(2)),
    Column::summed("amount", Kind::Money),
    Column::new("exception_state", Kind::Word),
    Column::sorted("answer_by", Kind::Date),
    Column::new("answer", Kind::Text),
    Column::new("working_days_late", Kind::Count),
];

const LIST: List = List {
    name: "exceptions",
    path: "/exceptions",
    permission: READ,
    filters: &[
        MONTH_WANTED,
        UNIT_WANTED,
        BOOK_WANTED,
        Field::maybe("exception_state", Takes::Choice(STATES)),
        Field::maybe("open", Takes::Flag),
        Field::maybe("reasons", Takes::Choice(REASONS)),
        Field::maybe("transformer", Takes::Choice(&["dedicated", "public"])),
    ],
    columns: COLUMNS,
    rows,
    menu: true,
    acts: &["exception.send_lists", "exception.feedback_list"],
};

/// What is said.
const TEXT: Field = Field::new("text", Takes::LongText(1_000));

const ACTS: &[Act] = &[
    Act {
        name: "exception.send_lists",
        path: "/exceptions/{month}/send-lists",
        permission: "billing.raise_exception",
        fields: &[MONTH, UNIT],
        run: Run::Command(send_lists),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "exception.raise_ticket",
        path: "/exceptions/{month}/{account}/raise-ticket",
        permission: "billing.raise_exception",
        fields: &[MONTH, ACCOUNT, Field::new("text", Takes::LongText(300))],
        run: Run::Command(raise_ticket),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "exception.answer",
        path: "/exceptions/{month}/{account}/answer",
        permission: "billing.answer_exception",
        fields: &[MONTH, ACCOUNT, TEXT],
        run: Run::Command(answer),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "exception.ask_again",
        path: "/exceptions/{month}/{account}/ask-again",
        permission: "billing.raise_exception",
        fields: &[MONTH, ACCOUNT, TEXT],
        run: Run::Command(ask_again),
        ..Act::PLAIN
    },
    Act {
        name: "exception.put_in_order",
        path: "/exceptions/{month}/{account}/put-in-order",
        permission: "billing.close_exception",
        fields: &[MONTH, ACCOUNT],
        run: Run::Command(put_in_order),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "exception.feedback_list",
        path: "/exceptions/{month}/feedback-list",
        permission: "workflow.make_list",
        fields: &[MONTH, UNIT],
        run: Run::Command(feedback_list),
        ..Act::PLAIN
    },
];

/// The desk.
pub const AREA: Area = Area { name: "exceptions", lists: &[LIST], views: &[], acts: ACTS, pages: &[] };

/// A state as a word.
pub fn state(state: ExceptionState) -> Cell {
    let (code, tone) = match state {
        ExceptionState::Found => ("found", Tone::Warn),
        ExceptionState::Sent => ("sent", Tone::Plain),
        ExceptionState::Answered => ("answered", Tone::Warn),
        ExceptionState::InOrder => ("in_order", Tone::Good),
        ExceptionState::Issued => ("issued", Tone::Quiet),
    };
    Cell::word(format!("choice.exception_state.{code}")).toned(tone)
}

/// What can be done about an exception as it stands.
pub fn offers(one: &Exception, month: Month, account: &str) -> Vec<Offer> {
    let given: &[(&'static str, &dyn std::fmt::Display)] = &[("month", &month), ("account", &account)];
    let held = one.reasons.has(billing::gates::Reasons::HELD) && one.state < ExceptionState::InOrder;
    let mut acts: Vec<&'static str> = match (one.state, one.dedicated) {
        (ExceptionState::Found, true) => vec!["exception.raise_ticket"],
        (ExceptionState::Sent, _) => vec!["exception.answer"],
        (ExceptionState::Answered, _) => vec!["exception.put_in_order", "exception.ask_again"],
        _ => Vec::new(),
    };
    if held {
        acts.extend(["exception.propose_release", "exception.confirm_release"]);
    }
    acts.iter().map(|act| Offer::new(act, given)).collect()
}

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, given, today) = (look.org_id(), query.given, look.today());
    let month = month_of(look, given);
    let units = units_shown(look, given, READ)?;
    let accounts = accounts_searched(look, query.search)?;
    let book_id = match given.maybe_text("book") {
        Some(number) => Some(look.book(number)?.book_id),
        None => None,
    };
    let (order, descending) = match query.sort {
        Some(("energy_kwh", down)) => (ExceptionOrder::Energy, down),
        Some(("amount", down)) => (ExceptionOrder::Amount, down),
        Some(("answer_by", down)) => (ExceptionOrder::Due, down),
        Some((_, down)) => (ExceptionOrder::Account, down),
        None => (ExceptionOrder::Account, false),
    };
    let wanted = ExceptionQuery {
        units: units.as_deref(),
        book_id,
        accounts: accounts.as_deref(),
        state: given
            .maybe_text("exception_state")
            .and_then(|code| STATES.iter().position(|known| *known == code))
            .and_then(|at| ExceptionState::from_number(i64::try_from(at).unwrap_or(-1))),
        open: given.flag("open"),
        reason: reason_wanted(given),
        dedicated: given.maybe_text("transformer").map(|code| code == "dedicated"),
        order,
        descending,
        walk: query.walk(&[Part::Number; 2])?,
        offset: query.offset,
        limit: query.one_more(),
        ..ExceptionQuery::month(month)
    };
    let reviews = look.caller.holds("billing.review");
    let (mut found, sums) = desk::exceptions_page(look.tx, org_id, &wanted)?;
    let walked = query.walked(&mut found, |one| order.place(descending, one));
    let names = names(look, found.iter().map(|one| one.account_id))?;
    let mut rows = Vec::with_capacity(found.len());
    for one in &found {
        let (mut number, name) = customer(&names, one.account_id);
        if let Some(known) = names.get(&one.account_id) {
            let book = look.books()?.get(&one.book_id).map(|book| book.number.clone());
            number.link = Some(match book.filter(|_| reviews) {
                Some(book) => {
                    format!(
                        "/review/{month}/{}?account={}",
                        super::encode(&book),
                        super::encode(&known.number)
                    )
                }
                None => super::accounts::bill_path(month, &known.number, 0),
            });
        }
        let late = one.state == ExceptionState::Sent && one.due_on.is_some_and(|due| due < today);
        let cells = cells![
            number,
            name,
            look.unit_name(one.unit_id)?,
            transformer(one.dedicated),
            reasons(one.reasons),
            one.energy_kwh,
            average(one),
            one.amount,
            state(one.state),
            Cell::from(one.due_on).toned(if late { Tone::Bad } else { Tone::Plain }),
            one.answer.clone(),
            one.late_days,
        ];
        let account = names.get(&one.account_id).map(|known| known.number.clone()).unwrap_or_default();
        rows.push(Row { cells, offers: offers(one, month, &account) });
    }
    Ok(Rows {
        rows,
        total: usize::try_from(sums.count).unwrap_or(0),
        sums: vec![("energy_kwh", Value::Quantity(sums.energy_kwh)), ("amount", Value::Money(sums.amount))],
        note: search_note(accounts.as_deref()),
        walked: Some(walked),
        ..Rows::default()
    })
}

/// The average of the three months before, of those that were issued.
pub fn average(one: &Exception) -> Option<kernel::Quantity> {
    let (sum, months) = (one.past.energy_kwh.units(), i64::from(one.past.months));
    (months > 0).then(|| kernel::Quantity::from_units(sum.saturating_add(months / 2).div_euclid(months)))
}

fn send_lists(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, unit_id) = (given.month("month")?, unit_in(work, given.text("unit"))?);
    let sent = exception::send_lists(work, &rules()?, month, unit_id)?;
    let Some(due) = sent.due_on else {
        return Err(Refusal::refused(
            "没有待送达的公变异常",
            "no public-transformer exception waits to be sent",
        ));
    };
    let (mut zh, mut en, mut customers) = (String::new(), String::new(), 0);
    for (name_zh, name_en, list) in [
        ("波动异常清单", "fluctuation list", &sent.fluctuation),
        ("抄零未抄清单", "zero and unread list", &sent.zero_and_unread),
    ] {
        if let Some((number, lines)) = list {
            zh.push_str(&format!("{name_zh} {number}：{lines} 户；"));
            en.push_str(&format!("{name_en} {number}: {lines} customers; "));
            customers += lines;
        }
    }
    let done = Done::said(format!("{zh}应于 {due} 前反馈"), format!("{en}to be answered by {due}"));
    Ok(done.fact("customers", customers).fact("answer_by", due.to_string()))
}

fn raise_ticket(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, account) = (given.month("month")?, account_in(work, given)?);
    let (number, due) = exception::raise_ticket(work, &rules()?, month, account, given.text("text"))?;
    let done = Done::said(
        format!("工作票 {number} 已送供电所，应于 {due} 前反馈"),
        format!("ticket {number} went to the station, to be answered by {due}"),
    );
    Ok(done.fact("ticket", number).fact("answer_by", due.to_string()))
}

fn answer(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, account) = (given.month("month")?, account_in(work, given)?);
    let late = exception::answer(work, &rules()?, month, account, given.text("text"))?;
    let number = given.text("account");
    let done = if late > 0 {
        Done::said(
            format!("已反馈 {number}，逾期 {late} 个工作日，计入供电所"),
            format!("answered {number}, {late} working days late, charged to the station"),
        )
    } else {
        Done::said(format!("已反馈 {number}"), format!("answered {number}"))
    };
    Ok(done.fact("late_days", late))
}

fn ask_again(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, account) = (given.month("month")?, account_in(work, given)?);
    let due = exception::ask_again(work, &rules()?, month, account, given.text("text"))?;
    let number = given.text("account");
    let done = Done::said(
        format!("已再次询问 {number}，应于 {due} 前反馈"),
        format!("asked again about {number}, to be answered by {due}"),
    );
    Ok(done.fact("answer_by", due.to_string()))
}

fn put_in_order(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, account) = (given.month("month")?, account_in(work, given)?);
    let due = exception::put_in_order(work, &rules()?, month, account)?;
    let number = given.text("account");
    let done = Done::said(
        format!("{number} 数据无误，应于 {due} 前发行"),
        format!("{number} is in order, to be issued by {due}"),
    );
    Ok(done.fact("issue_by", due.to_string()))
}

fn feedback_list(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, unit_id) = (given.month("month")?, unit_in(work, given.text("unit"))?);
    let list = exception::make_feedback_list(work, month, unit_id)?;
    let done = Done::said(
        format!("反馈清单 {} 待双方签字", list.number),
        format!("list {} waits for both signatures", list.number),
    );
    Ok(done.fact("list", list.id.to_string()))
}

/// A band as a word in both languages.
pub fn band(band: billing::suspicion::Band) -> Cell {
    use billing::suspicion::Band;
    let tone = match band {
        Band::Release => Tone::Good,
        Band::Sample => Tone::Quiet,
        Band::Review => Tone::Warn,
        Band::Hold => Tone::Bad,
    };
    Cell::from(both(&band)).toned(tone)
}
