//! Deadlines: what is due and what is late, and on whom. (XC-08)

use kernel::Text;
use workflow::{Clock, ClockQuery, Ticket};

use super::{customer, names};
use crate::catalogue::cursor::Part;
use crate::catalogue::{Cell, Column, Field, Kind, List, Look, Query, Refusal, Row, Rows, Takes, Tone};
use crate::cells;

const WORKFLOW_READ: &str = "workflow.read";

/// Open clocks, the longest overdue first.
pub const LIST: List = List {
    name: "deadlines",
    path: "/deadlines",
    permission: WORKFLOW_READ,
    filters: &[
        Field::maybe("due_by", Takes::Date),
        Field::maybe("unit", Takes::Option(units)),
        Field::maybe("deadline", Takes::Option(deadlines)),
    ],
    columns: &[
        Column::new("deadline", Kind::Text),
        Column::new("about", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("late_on", Kind::Text),
        Column::new("started_on", Kind::Date),
        Column::new("due_on", Kind::Date),
        Column::new("days_late", Kind::Count),
    ],
    rows,
    menu: true,
    acts: &[],
};

fn units(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let seen = look.caller.units_of(WORKFLOW_READ);
    let mut found: Vec<(String, Text)> = look
        .units()?
        .values()
        .filter(|unit| seen.as_ref().is_none_or(|seen| seen.contains(&unit.id)))
        .map(|unit| (unit.code.clone(), unit.name.clone()))
        .collect();
    found.sort_by(|one, two| one.0.cmp(&two.0));
    Ok(found)
}

fn deadlines(_: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let known = workflow::Catalogue::built_in().deadlines.iter();
    Ok(known.map(|deadline| (deadline.code.to_owned(), deadline.text.clone())).collect())
}

/// The name of a deadline.
pub fn deadline(code: &str) -> Text {
    let known = workflow::Catalogue::built_in().deadlines.iter().find(|known| known.code == code);
    known.map_or_else(|| Text::new(code, code), |known| known.text.clone())
}

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, given, today) = (look.org_id(), query.given, look.today());
    let units = super::units_shown(look, given, WORKFLOW_READ)?;
    let due_by = match given.maybe_date("due_by") {
        Some(day) => day,
        None => today.plus_days(7)?,
    };
    let wanted = ClockQuery {
        due_by,
        code: given.maybe_text("deadline"),
        units: units.as_deref(),
        walk: query.walk(&[Part::Number; 2])?,
        offset: query.offset,
        limit: query.one_more(),
    };
    let (mut found, total) = workflow::clocks_page(look.tx, org_id, &wanted)?;
    let walked = query.walked(&mut found, workflow::clock_place);
    let tickets: Vec<i64> = found.iter().filter_map(|clock| clock.ticket_id).collect();
    let tickets = workflow::find_all(look.tx, org_id, &tickets)?;
    let names = names(look, found.iter().filter_map(|clock| clock.account_id))?;
    let mut rows = Vec::with_capacity(found.len());
    for clock in found {
        let late = clock.due_on.days_until(today).max(0);
        let ticket = clock.ticket_id.and_then(|ticket_id| tickets.get(&ticket_id));
        let (about, name) = match clock.account_id {
            Some(account_id) => {
                let (mut number, name) = customer(&names, account_id);
                if let Some(ticket) = ticket {
                    number.link = Some(super::accounts::ticket_path(ticket));
                }
                (number, name)
            }
            None => (thing(look, &clock, ticket)?, Cell::default()),
        };
        let tone = if late > 0 {
            Tone::Bad
        } else if clock.due_on == today {
            Tone::Warn
        } else {
            Tone::Plain
        };
        rows.push(Row::from(cells![
            deadline(&clock.code),
            about,
            name,
            look.unit_name(clock.answerable_unit_id)?,
            clock.started_on,
            Cell::from(clock.due_on).toned(tone),
            Cell::from(late).toned(tone),
        ]));
    }
    let total = usize::try_from(total).unwrap_or(0);
    Ok(Rows { rows, total, walked: Some(walked), ..Rows::default() })
}

/// What a clock without an account is about.
fn thing(look: &mut Look<'_, '_>, clock: &Clock, ticket: Option<&Ticket>) -> Result<Cell, Refusal> {
    if clock.subject_kind == "book_month" {
        let (month, book_id) = (clock.subject_id / BOOKS, clock.subject_id % BOOKS);
        if let Ok(month) = kernel::Month::from_number(month)
            && metering::book::book_month_key(month, book_id) == clock.subject_id
        {
            return super::book_cell(look, month, book_id);
        }
    }
    let shown = |ticket: &Ticket| Cell::from(ticket.number.as_str()).to(super::accounts::ticket_path(ticket));
    Ok(ticket.map_or_else(Cell::default, shown))
}

/// Keys of books within the key of a book's month; checked against metering's own making of the key.
const BOOKS: i64 = 10_000_000_000;
