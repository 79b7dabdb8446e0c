//! Who asks, of which house, and what a look may ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::{Actor, Permission, Person, Unit};
use kernel::{Bilingual as _, Date, Lang, Moment, Month, WorkingCalendar};
use metering::account::AccountDetails;
use metering::book::Book;
use store::{Store, Tx};
use vault::{CheckpointPolicy, Signers};

use super::Refusal;

/// The organisation's house as the running program knows it.
pub struct House {
    /// The database.
    pub store: Arc<Store>,
    /// The organisation.
    pub org_id: i64,
    /// Its code.
    pub org_code: String,
    /// Its name, as printed.
    pub org_name: kernel::Text,
    /// The keys that sign the log; none when there are none.
    pub signers: Signers,
    /// When the log is signed.
    pub policy: CheckpointPolicy,
    /// The calendar of working days.
    pub calendar: WorkingCalendar,
    /// Days added to the machine's clock, so that a demo's month is today.
    pub shift_days: i64,
    /// The address under which people reach the house, such as `http://127.0.0.1:7070`: what printed codes lead to.
    pub address: String,
    /// The folder with the keys, where exports look for the log's name.
    pub key_folder: std::path::PathBuf,
    /// What a hash of a password costs.
    pub cost: identity::PasswordCost,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person with the posts of today, cut to its scopes for a machine's token.
    pub actor: Actor,
    /// The language to answer in.
    pub lang: Lang,
    /// What a form must send back with every change; empty for a machine.
    pub csrf: String,
    /// The session, none for a machine.
    pub session_id: Option<i64>,
    /// Asks with a token instead of a session.
    pub machine: bool,
    /// The page that must be passed before anything else: a password to change, a second factor to give.
    pub held_at: Option<&'static str>,
}

impl Caller {
    /// Holds the permission somewhere.
    pub fn holds(&self, permission: &str) -> bool {
        permission.is_empty()
            || self
                .actor
                .assignments
                .iter()
                .any(|held| held.permissions.iter().any(|name| name == permission))
    }
    /// The units on which the person holds the permission; none means every unit.
    pub fn units_of(&self, permission: &str) -> Option<Vec<i64>> {
        let mut units = Vec::new();
        for held in &self.actor.assignments {
            if held.permissions.iter().any(|name| name == permission) {
                if held.all_units {
                    return None;
                }
                units.push(held.unit_id);
                units.extend_from_slice(&held.units);
            }
        }
        units.sort_unstable();
        units.dedup();
        Some(units)
    }
}

/// One look at the database: a snapshot, who looks, when.
pub struct Look<'l, 'c> {
    /// The snapshot.
    pub tx: &'l mut Tx<'c>,
    /// Who looks.
    pub caller: &'l Caller,
    /// The house.
    pub house: &'l House,
    /// When.
    pub now: Moment,
    /// Names already looked up.
    names: Names,
}

/// Names already looked up.
#[derive(Debug, Default)]
pub struct Names {
    units: Option<BTreeMap<i64, Unit>>,
    persons: Option<BTreeMap<i64, Person>>,
    books: Option<BTreeMap<i64, Book>>,
}

impl<'l, 'c> Look<'l, 'c> {
    /// A look.
    pub fn new(tx: &'l mut Tx<'c>, caller: &'l Caller, house: &'l House, now: Moment) -> Look<'l, 'c> {
        Look { tx, caller, house, now, names: Names::default() }
    }
    /// The organisation.
    pub fn org_id(&self) -> i64 {
        self.house.org_id
    }
    /// The language of the answer.
    pub fn lang(&self) -> Lang {
        self.caller.lang
    }
    /// Today.
    pub fn today(&self) -> Date {
        self.now.date()
    }
    /// The month a page shows when none is named: that of today.
    pub fn this_month(&self) -> Month {
        self.today().month()
    }
    /// May who looks see, by `permission`, what belongs to `unit_id`?
    pub fn sees(&self, permission: &'static str, unit_id: i64) -> bool {
        self.caller.actor.assignment_for(Permission(permission), unit_id).is_some()
    }
    /// Refuses who may not see, by `permission`, what belongs to `unit_id`.
    pub fn require(&self, permission: &'static str, unit_id: i64) -> Result<(), Refusal> {
        if self.sees(permission, unit_id) { Ok(()) } else { Err(Refusal::not_permitted(permission)) }
    }
    /// Every unit by key.
    pub fn units(&mut self) -> Result<&BTreeMap<i64, Unit>, Refusal> {
        if self.names.units.is_none() {
            let units = identity::units(self.tx, self.house.org_id)?;
            self.names.units = Some(units.into_iter().map(|unit| (unit.id, unit)).collect());
        }
        Ok(self.names.units.get_or_insert_default())
    }
    /// The name of a unit in the language of the answer.
    pub fn unit_name(&mut self, unit_id: i64) -> Result<String, Refusal> {
        let lang = self.lang();
        let found = self.units()?.get(&unit_id).map(|unit| unit.name.text(lang));
        Ok(found.unwrap_or_else(|| unit_id.to_string()))
    }
    /// The unit with this code.
    pub fn unit_by_code(&mut self, code: &str) -> Result<Unit, Refusal> {
        let found = self.units()?.values().find(|unit| unit.code == code).cloned();
        found.ok_or_else(|| Refusal::not_found("单位", "unit", code))
    }
    /// The billing centre that serves the house: the first unit of that kind.
    pub fn centre(&mut self) -> Result<i64, Refusal> {
        let found = self.units()?.values().find(|unit| unit.kind == "billing_centre").map(|unit| unit.id);
        found.ok_or_else(|| Refusal::not_found("电费管理中心", "billing centre", ""))
    }
    /// The full name of a person.
    pub fn person_name(&mut self, person_id: i64) -> Result<String, Refusal> {
        if self.names.persons.is_none() {
            let persons = identity::persons(self.tx, self.house.org_id)?;
            self.names.persons = Some(persons.into_iter().map(|person| (person.id, person)).collect());
        }
        let found = self.names.persons.get_or_insert_default().get(&person_id);
        Ok(found.map_or_else(|| person_id.to_string(), |person| person.name.clone()))
    }
    /// Every book by key.
    pub fn books(&mut self) -> Result<&BTreeMap<i64, Book>, Refusal> {
        if self.names.books.is_none() {
            let books = metering::book::books(self.tx, self.house.org_id)?;
            self.names.books = Some(books.into_iter().map(|book| (book.book_id, book)).collect());
        }
        Ok(self.names.books.get_or_insert_default())
    }
    /// The book with this number.
    pub fn book(&mut self, number: &str) -> Result<Book, Refusal> {
        let found = metering::book::book_by_number(self.tx, self.house.org_id, number)?;
        found.ok_or_else(|| Refusal::not_found("抄本", "reading book", number))
    }
    /// The account with this number.
    pub fn account(&mut self, number: &str) -> Result<AccountDetails, Refusal> {
        let found = metering::account::account_by_number(self.tx, self.house.org_id, number)?;
        found.ok_or_else(|| Refusal::not_found("用户", "account", number))
    }
}
