//! One person at the counter: the database, who acts, when, and in which language the answer is given.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt::Debug;

use identity::{Actor, Desk, IdentityError, Permission, Person, Unit, Work};
use kernel::{Bilingual, Lang, Moment, Month, Text, WorkingCalendar};
use metering::account::AccountDetails;
use metering::book::Book;
use store::{Store, Tx};
use vault::{CheckpointPolicy, Signers};

use super::Place;
use crate::failure::{Done, Failure};

/// Everything a command needs beside its own arguments.
pub struct Office {
    /// The database.
    pub store: Store,
    /// Who acts.
    pub actor: Actor,
    /// When.
    pub now: Moment,
    /// Language of the answer.
    pub lang: Lang,
    /// The place it was opened from.
    pub place: Place,
    units: OnceCell<BTreeMap<i64, Unit>>,
    persons: OnceCell<BTreeMap<i64, Person>>,
    signers: OnceCell<Signers>,
}

/// After these commands the log is signed at once, whatever the time since the last checkpoint.
const CLOSES: &[&str] = &["ledger.close_period", "workflow.close_period", "report.compile", "report.confirm", "report.freeze"];

impl Office {
    /// Opens the database and looks up who acts.
    pub fn enter(place: &Place, lang: Lang) -> Done<Office> {
        let store = place.open()?;
        let (actor, now) = (place.actor(&store)?, place.now()?);
        Ok(Office {
            store,
            actor,
            now,
            lang,
            place: place.clone(),
            units: OnceCell::new(),
            persons: OnceCell::new(),
            signers: OnceCell::new(),
        })
    }
    /// The organisation.
    pub fn org_id(&self) -> i64 {
        self.actor.org_id
    }
    /// The desk at which commands are given.
    pub fn desk(&self) -> Desk<'_> {
        Desk::new(&self.store, &self.actor)
    }
    /// Looks without changing anything.
    pub fn look<T>(&self, look: impl FnOnce(&mut Tx<'_>) -> Done<T>) -> Done<T> {
        self.desk().look(look)
    }
    /// Gives one command and prints what it did. With `--request-key` it is given at most once: the same command with
    /// the same key again prints the first answer and changes nothing.
    pub fn change(
        &self,
        verb: &str,
        body: &impl Debug,
        command: impl FnOnce(&mut Work<'_, '_>) -> Done<Text>,
    ) -> Done {
        let signers = self.signers()?;
        let place = &self.place;
        let policy = if CLOSES.contains(&verb) {
            CheckpointPolicy::AT_ONCE
        } else {
            CheckpointPolicy { acts: place.checkpoint_acts, millis: place.checkpoint_seconds * 1_000 }
        };
        let command = |work: &mut Work<'_, '_>| -> Done<Text> {
            let said = command(work)?;
            if verb.starts_with("identity.") {
                vault::absorb_identity(work)?;
            }
            vault::checkpoint_if_due(work, signers, policy)?;
            Ok(said)
        };
        let said = match &self.place.request_key {
            Some(key) => {
                self.desk().act_once(self.now, verb, key, format!("{body:?}").as_bytes(), command)?
            }
            None => self.desk().act(self.now, command)?,
        };
        println!("{}", said.text(self.lang));
        Ok(())
    }
    /// The keys that sign the log; none when there are none in the folder.
    pub fn signers(&self) -> Done<&Signers> {
        if self.signers.get().is_none() {
            let signers = Signers::read(&self.place.key_folder(), &self.place.org)?;
            // Nobody else sets it: the office belongs to one command.
            let _ = self.signers.set(signers);
        }
        Ok(self.signers.get_or_init(Signers::none))
    }
    /// Signs the log if anything was added: before a backup, an export or a report, which then can be proved whole,
    /// and after commands that write in several transactions.
    pub fn sign_log(&self) -> Done {
        let signers = self.signers()?;
        // While an alarm waits nothing is written; copies, exports and reports of what is there can still be made.
        let stopped = self.look(|tx| Ok(identity::alarm::open_alarm(tx, self.org_id())?))?.is_some();
        if !signers.is_empty() && !stopped {
            self.desk().act(self.now, |work| {
                vault::checkpoint_if_due(work, signers, CheckpointPolicy::AT_ONCE)
            })?;
        }
        Ok(())
    }
    /// Proves `month` before it is closed by `source`; what is found raises an alarm and refuses.
    pub fn require_proved(&self, month: Month, source: &str) -> Done {
        Ok(audit::check::require_proved(&self.store, &self.actor, self.now, month, source)?)
    }
    /// `zh` or `en`.
    pub fn say(&self, zh: impl Into<String>, en: impl Into<String>) -> String {
        Text::new(zh, en).text(self.lang)
    }
    /// May the person who acts see what belongs to `unit_id`?
    pub fn sees(&self, permission: &'static str, unit_id: i64) -> bool {
        self.actor.assignment_for(Permission(permission), unit_id).is_some()
    }
    /// Refuses who holds `permission` nowhere, so that an empty list is not taken for an empty office.
    pub fn require(&self, permission: &'static str) -> Done {
        if self.actor.assignments.iter().any(|held| held.permissions.iter().any(|name| name == permission)) {
            return Ok(());
        }
        Err(IdentityError::NotPermitted { person: self.actor.name.clone(), permission, unit_id: 0 }.into())
    }
    fn all_units(&self) -> Done<&BTreeMap<i64, Unit>> {
        if self.units.get().is_none() {
            let units = self.look(|tx| Ok(identity::units(tx, self.org_id())?))?;
            // Nobody else sets it: the office belongs to one command.
            let _ = self.units.set(units.into_iter().map(|unit| (unit.id, unit)).collect());
        }
        Ok(self.units.get_or_init(BTreeMap::new))
    }
    fn all_persons(&self) -> Done<&BTreeMap<i64, Person>> {
        if self.persons.get().is_none() {
            let persons = self.look(|tx| Ok(identity::persons(tx, self.org_id())?))?;
            let _ = self.persons.set(persons.into_iter().map(|person| (person.id, person)).collect());
        }
        Ok(self.persons.get_or_init(BTreeMap::new))
    }
    /// The unit with this code.
    pub fn unit(&self, code: &str) -> Done<Unit> {
        let found = self.all_units()?.values().find(|unit| unit.code == code);
        found.cloned().ok_or_else(|| {
            Failure::new(
                format!("没有单位 {code}；`zhangfang people units` 列出所有单位"),
                format!("there is no unit {code}; `zhangfang people units` lists them"),
            )
        })
    }
    /// The key of the unit with this code, when one is named.
    pub fn unit_id(&self, code: Option<&String>) -> Done<Option<i64>> {
        code.map(|code| self.unit(code).map(|unit| unit.id)).transpose()
    }
    /// The unit of the billing centre: the one named, or the only one of its kind.
    pub fn centre(&self, code: Option<&String>) -> Done<i64> {
        if let Some(code) = code {
            return Ok(self.unit(code)?.id);
        }
        let mut centres = self.all_units()?.values().filter(|unit| unit.kind == "billing_centre");
        match (centres.next(), centres.next()) {
            (Some(only), None) => Ok(only.id),
            _ => Err(Failure::new("请用 --centre 指定电费管理中心", "name the billing centre with --centre")),
        }
    }
    /// Code and name of a unit, as lists show it.
    pub fn unit_name(&self, unit_id: i64) -> Done<String> {
        let found = self.all_units()?.get(&unit_id);
        Ok(found.map_or_else(
            || unit_id.to_string(),
            |unit| format!("{} {}", unit.code, unit.name.text(self.lang)),
        ))
    }
    /// The person with this login.
    pub fn person(&self, login: &str) -> Done<Person> {
        let found = self.all_persons()?.values().find(|person| person.login == login);
        found.cloned().ok_or_else(|| {
            Failure::new(format!("没有登录名 {login}"), format!("nobody has the login {login}"))
        })
    }
    /// The name of a person, as lists show it.
    pub fn person_name(&self, person_id: i64) -> Done<String> {
        let found = self.all_persons()?.get(&person_id);
        Ok(found.map_or_else(
            || if person_id == 0 { String::new() } else { person_id.to_string() },
            |person| person.name.clone(),
        ))
    }
    /// The name of a person who may be missing.
    pub fn name_of(&self, person_id: Option<i64>) -> Done<String> {
        person_id.map_or(Ok(String::new()), |id| self.person_name(id))
    }
    /// The account with this number.
    pub fn account(&self, number: &str) -> Done<AccountDetails> {
        let org_id = self.org_id();
        let found = self.look(|tx| Ok(metering::account::account_by_number(tx, org_id, number)?))?;
        found.ok_or_else(|| {
            Failure::new(format!("没有户号 {number}"), format!("there is no account {number}"))
        })
    }
    /// The number of an account.
    pub fn account_number(&self, tx: &mut Tx<'_>, account_id: i64) -> Done<String> {
        let found = metering::account::account_by_id(tx, self.org_id(), account_id)?;
        Ok(found.map_or_else(|| account_id.to_string(), |account| account.number))
    }
    /// The book with this number (抄本编号).
    pub fn book(&self, number: &str) -> Done<Book> {
        let org_id = self.org_id();
        let found = self.look(|tx| Ok(metering::book::book_by_number(tx, org_id, number)?))?;
        found.ok_or_else(|| {
            Failure::new(
                format!("没有抄本 {number}；`zhangfang book books` 列出所有抄本"),
                format!("there is no book {number}; `zhangfang book books` lists them"),
            )
        })
    }
    /// Every book of the organisation by key.
    pub fn books(&self) -> Done<BTreeMap<i64, Book>> {
        let books = self.look(|tx| Ok(metering::book::books(tx, self.org_id())?))?;
        Ok(books.into_iter().map(|book| (book.book_id, book)).collect())
    }
    /// The calendar of working days.
    pub fn calendar(&self) -> Done<WorkingCalendar> {
        Ok(WorkingCalendar::mainland_china()?)
    }
}

/// The month as an argument.
pub fn month(text: &str) -> Result<Month, String> {
    text.parse().map_err(|error: kernel::FigureError| error.to_string())
}

/// A day as an argument.
pub fn date(text: &str) -> Result<kernel::Date, String> {
    text.parse().map_err(|error: kernel::FigureError| error.to_string())
}

/// An amount in yuan as an argument.
pub fn money(text: &str) -> Result<kernel::Money, String> {
    text.parse().map_err(|error: kernel::FigureError| error.to_string())
}

/// A quantity as an argument.
pub fn quantity(text: &str) -> Result<kernel::Quantity, String> {
    text.parse().map_err(|error: kernel::FigureError| error.to_string())
}

/// Both languages at once.
pub fn both(zh: impl Into<String>, en: impl Into<String>) -> Done<Text> {
    Ok(Text::new(zh, en))
}
