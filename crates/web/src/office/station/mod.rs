//! The desks of the supply station: reading books, readings, tickets, changes of parameters, contracts, custody, lists.
//!
//! What a station does about its customers before the centre calculates, and what it answers afterwards. The one act of
//! the centre that stands here is the answer to a request of return, beside the book it is about.

pub mod adjustments;
pub mod book_acts;
pub mod books;
pub mod contracts;
pub mod custody;
pub mod imports;
pub mod lists;
pub mod parameter_acts;
pub mod parameters;
pub mod reading_entry;
pub mod readings;
pub mod schedule;
pub mod slips;
pub mod tickets;
pub mod yearly;

use identity::{Unit, Work};
use kernel::{Bilingual, Lang, Month, Text};
use metering::account::AccountDetails;
use metering::book::Book;

use crate::catalogue::{Cell, Field, Look, Refusal, Takes, Tone};

/// Looking at readings and books.
pub const READ: &str = "metering.read";

/// The month of a path or filter.
pub const MONTH: Field = Field::new("month", Takes::Month);
/// The book of a path or form.
pub const BOOK: Field = Field::new("book", Takes::Text(20));
/// The account of a path or form.
pub const ACCOUNT: Field = Field::new("account", Takes::Text(20));
/// The station, chosen among those one may see.
pub const UNIT: Field = Field::new("unit", Takes::Option(stations));
/// The centre, where there are several.
pub const CENTRE: Field = Field::maybe("centre", Takes::Option(centres));
/// What is said, left out at will.
pub const NOTE: Field = Field::maybe("note", Takes::LongText(500));
/// Why.
pub const REASON: Field = Field::new("reason", Takes::LongText(500));

fn of_kind(look: &mut Look<'_, '_>, kinds: &[&str]) -> Result<Vec<(String, Text)>, Refusal> {
    let mut found: Vec<Unit> = look.units()?.values().cloned().collect();
    found.retain(|unit| kinds.is_empty() || kinds.contains(&unit.kind.as_str()));
    found.sort_by(|one, two| one.code.cmp(&two.code));
    Ok(found.into_iter().map(|unit| (unit.code, unit.name)).collect())
}

/// The supply stations this person acts on.
pub fn stations(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let mut found: Vec<Unit> = look.units()?.values().cloned().collect();
    found.retain(|unit| {
        let held = |held: &identity::Assignment| {
            held.all_units || held.unit_id == unit.id || held.units.contains(&unit.id)
        };
        unit.kind == "supply_station" && look.caller.actor.assignments.iter().any(held)
    });
    found.sort_by(|one, two| one.code.cmp(&two.code));
    Ok(found.into_iter().map(|unit| (unit.code, unit.name)).collect())
}

/// The billing centres.
pub fn centres(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    of_kind(look, &["billing_centre"])
}

/// The marketing departments.
pub fn marketing(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    of_kind(look, &["marketing_department"])
}

/// Units that start changes of parameters at a station's customers.
pub fn other_units(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    of_kind(look, &["metering_institute", "inspection_department"])
}

/// Reading teams, or the station where it has none.
pub fn teams(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    of_kind(look, &["reading_team", "supply_station"])
}

/// Every person by login.
pub fn persons(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let org_id = look.org_id();
    let mut found = identity::persons(look.tx, org_id)?;
    found.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(found
        .into_iter()
        .map(|person| {
            let said = format!("{} {}", person.name, person.login);
            (person.login, Text::new(said.clone(), said))
        })
        .collect())
}

/// The unit with this code.
pub fn unit_in(work: &mut Work<'_, '_>, code: &str) -> Result<Unit, Refusal> {
    let org_id = work.org_id();
    let found = identity::units(work.tx, org_id)?.into_iter().find(|unit| unit.code == code);
    found.ok_or_else(|| Refusal::not_found("单位", "unit", code))
}

/// The billing centre: the one named, or the only one.
pub fn centre_in(work: &mut Work<'_, '_>, code: Option<&str>) -> Result<i64, Refusal> {
    if let Some(code) = code {
        return Ok(unit_in(work, code)?.id);
    }
    let org_id = work.org_id();
    let units = identity::units(work.tx, org_id)?;
    let mut centres = units.iter().filter(|unit| unit.kind == "billing_centre");
    match (centres.next(), centres.next()) {
        (Some(only), None) => Ok(only.id),
        _ => Err(Refusal::fields(vec![(
            "centre".into(),
            Text::new("请指定电费管理中心", "name the billing centre"),
        )])),
    }
}

/// The person with this login.
pub fn person_in(work: &mut Work<'_, '_>, login: &str) -> Result<i64, Refusal> {
    let org_id = work.org_id();
    let found = identity::find_person(work.tx, org_id, login)?;
    found.map(|person| person.id).ok_or_else(|| Refusal::not_found("人员", "person", login))
}

/// The book with this number.
pub fn book_in(work: &mut Work<'_, '_>, number: &str) -> Result<Book, Refusal> {
    let org_id = work.org_id();
    let found = metering::book::book_by_number(work.tx, org_id, number)?;
    found.ok_or_else(|| Refusal::not_found("抄本", "reading book", number))
}

/// The account with this number.
pub fn account_in(work: &mut Work<'_, '_>, number: &str) -> Result<AccountDetails, Refusal> {
    let org_id = work.org_id();
    let found = metering::account::account_by_number(work.tx, org_id, number)?;
    found.ok_or_else(|| Refusal::not_found("用户", "account", number))
}

/// The number of an account, for a row.
pub fn account_number(look: &mut Look<'_, '_>, account_id: i64) -> Result<String, Refusal> {
    let org_id = look.org_id();
    let found = metering::account::account_by_id(look.tx, org_id, account_id)?;
    Ok(found.map_or_else(|| account_id.to_string(), |account| account.number))
}

/// The name of a person; nothing for nobody and for what the system wrote.
pub fn person_of(look: &mut Look<'_, '_>, person_id: i64) -> Result<String, Refusal> {
    if person_id <= 0 { Ok(String::new()) } else { look.person_name(person_id) }
}

/// Both languages of what the house names itself.
pub fn said(of: &impl Bilingual) -> Text {
    Text::new(of.text(Lang::Zh), of.text(Lang::En))
}

/// The path of a book's page.
pub fn book_path(month: Month, number: &str) -> String {
    format!("/books/{month}/{}", crate::frame::url::encode(number))
}

/// The path of an account's page.
pub fn account_path(number: &str) -> String {
    format!("/accounts/{}", crate::frame::url::encode(number))
}

/// A clock as a row: what, how it stands.
pub fn clock_state(state: workflow::ClockState) -> Cell {
    use workflow::ClockState;
    match state {
        ClockState::Running => Cell::word("state.clock.running").toned(Tone::Plain),
        ClockState::Met => Cell::word("state.clock.met").toned(Tone::Good),
        ClockState::Late { days } => {
            Cell::said(format!("逾期 {days} 天"), format!("{days} days late")).toned(Tone::Bad)
        }
        ClockState::Dropped => Cell::word("state.clock.dropped").toned(Tone::Quiet),
    }
}

/// What a clock is for.
pub fn clock_name(clock: &workflow::Clock) -> Text {
    let found = workflow::Catalogue::built_in().deadline(&clock.code, clock.started_on);
    found.map_or_else(|| Text::new(clock.code.clone(), clock.code.clone()), |deadline| deadline.text.clone())
}
