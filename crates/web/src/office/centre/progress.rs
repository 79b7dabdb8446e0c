//! What should have been issued and is not: the station asks, urges, and the centre answers. (BILL-07)

use billing::{desk, progress};
use identity::Work;

use super::{MONTH, MONTH_WANTED, READ, UNIT, month_of, rules, unit_in, unit_of_kind};
use crate::catalogue::{
    Act, Area, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Takes, Tone, Weight,
};
use crate::cells;

const COLUMNS: &[Column] = &[
    Column::sorted("unit", Kind::Text),
    Column::sorted("month", Kind::Month),
    Column::summed("late_books", Kind::Count),
    Column::sorted("asked_by", Kind::Text),
    Column::sorted("asked_at", Kind::Moment),
    Column::new("urge", Kind::Text),
    Column::new("urge_state", Kind::Word),
    Column::new("answer", Kind::Text),
];

const LIST: List = List {
    name: "urges",
    path: "/urges",
    permission: READ,
    filters: &[MONTH_WANTED],
    columns: COLUMNS,
    rows,
    menu: true,
    acts: &["progress.ask"],
};

const QUERY: Field = Field::new("query", Takes::Id);
const TICKET: Field = Field::new("ticket", Takes::Id);
const TEXT: Field = Field::new("text", Takes::LongText(500));

const ACTS: &[Act] = &[
    Act {
        name: "progress.ask",
        path: "/urges/ask",
        permission: "billing.urge",
        fields: &[MONTH, UNIT],
        run: Run::Command(ask),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "progress.urge",
        path: "/urges/{query}/urge",
        permission: "billing.urge",
        fields: &[QUERY, TEXT],
        run: Run::Command(urge),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "progress.answer",
        path: "/urges/{ticket}/answer",
        permission: "billing.answer_urge",
        fields: &[TICKET, TEXT],
        run: Run::Command(answer),
        weight: Weight::Main,
        ..Act::PLAIN
    },
];

/// The desk.
pub const AREA: Area = Area { name: "progress", lists: &[LIST], views: &[], acts: ACTS, pages: &[] };

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month) = (look.org_id(), month_of(look, query.given));
    let mut rows = Vec::new();
    for asked in desk::issue_queries(look.tx, org_id, month)? {
        if !look.sees(READ, asked.unit_id) {
            continue;
        }
        let (mut number, mut state, mut said) = (Cell::default(), Cell::default(), None);
        let mut offers = Vec::new();
        match asked.ticket_id {
            None if asked.books > 0 => {
                offers.push(Offer::new("progress.urge", &[("query", &asked.query_id)]))
            }
            None => {}
            Some(ticket_id) => {
                let ticket = workflow::find(look.tx, org_id, ticket_id)?;
                number = ticket.number.as_str().into();
                let words = super::accounts::ticket_state(&ticket.kind, &ticket.state);
                state = Cell::from(words).toned(if ticket.closed { Tone::Good } else { Tone::Warn });
                let steps = workflow::history(look.tx, org_id, ticket_id)?;
                said = steps.into_iter().rev().find(|step| step.act == "answer").map(|step| step.text);
                if !ticket.closed {
                    offers.push(Offer::new("progress.answer", &[("ticket", &ticket_id)]));
                }
            }
        }
        let cells = cells![
            look.unit_name(asked.unit_id)?,
            asked.month,
            asked.books,
            look.person_name(asked.asked_by)?,
            asked.asked_at,
            number,
            state,
            said,
        ];
        rows.push(Row { cells, offers });
    }
    let lang = look.lang();
    Ok(Rows::of(COLUMNS, rows, query, lang))
}

fn ask(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, unit_id) = (given.month("month")?, unit_in(work, given.text("unit"))?);
    let org_id = work.org_id();
    let (query, late) = progress::should_be_issued(work, &rules()?, month, unit_id)?;
    let books = metering::book::books(work.tx, org_id)?;
    let (mut zh, mut en) = (String::new(), String::new());
    for one in late.iter().take(10) {
        let number =
            books.iter().find(|book| book.book_id == one.book_id).map_or("", |book| book.number.as_str());
        zh.push_str(&format!("；{number} 期限 {}，逾期 {} 个工作日", one.due_on, one.late_days));
        en.push_str(&format!("; {number} due {}, {} working days late", one.due_on, one.late_days));
    }
    let count = late.len();
    let done = Done::said(
        format!("应发行而未发行 {count} 本{zh}"),
        format!("{count} books should have been issued{en}"),
    );
    Ok(done.see(format!("/urges?month={month}")).fact("query", query.to_string()).fact("books", count))
}

fn urge(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let centre = unit_of_kind(work, "billing_centre")?;
    let ticket = progress::urge(work, &rules()?, given.number("query")?, centre, given.text("text"))?;
    let done = Done::said(
        format!("督促 {} 已送电费管理中心", ticket.number),
        format!("urge {} went to the billing centre", ticket.number),
    );
    Ok(done.fact("ticket", ticket.id.to_string()))
}

fn answer(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let ticket = progress::answer_urge(work, &rules()?, given.number("ticket")?, given.text("text"))?;
    Ok(Done::said(format!("督促 {} 已答复", ticket.number), format!("urge {} is answered", ticket.number)))
}
