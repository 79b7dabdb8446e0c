//! What a person needs to work in the company: the people, prices and rules, loaded once and valid for every copy.

use std::sync::atomic::{AtomicI64, Ordering};

use billing::{BillPostings, OfficeRules, PriceBook, RunBook};
use identity::Actor;
use kernel::{Moment, Month, WorkingCalendar};
use ledger::PostingRules;
use store::{Store, params};

use super::founding::{CODE, day};
use super::{ACCOUNTS, STATIONS, Trouble, book_id};

/// The day on which April's commands are given.
const TODAY: &str = "2026-04-08";
/// Milliseconds between two sessions: keys grow with time, and no session gives so many commands.
const SESSION_MS: i64 = 1_000_000;

/// The clock of one run of the program: each command has a moment of its own, and a later session lies later.
#[derive(Debug)]
pub struct Clock {
    next: AtomicI64,
}

impl Clock {
    /// The clock of the session `number`, from 0 to 80.
    pub fn of_session(number: u64) -> Clock {
        Clock { next: AtomicI64::new(i64::try_from(number % 80).unwrap_or(0) * SESSION_MS) }
    }
    /// Now; never twice the same.
    pub fn now(&self) -> Result<Moment, Trouble> {
        let millis = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(Moment::on(day(TODAY)?, 0, 0).plus_millis(millis))
    }
}

/// People, prices and rules of the company.
pub struct World {
    /// The organisation.
    pub org_id: i64,
    /// The fee administrator of each station.
    pub fee: Vec<Actor>,
    /// Calculates.
    pub reviewer: Actor,
    /// Reviews and issues.
    pub reviewer2: Actor,
    /// Posts by hand.
    pub accountant: Actor,
    /// The prices.
    pub prices: PriceBook,
    /// How bills are posted.
    pub postings: BillPostings,
    /// The rules of the office.
    pub rules: OfficeRules,
    /// Working days.
    pub calendar: WorkingCalendar,
    /// The books, one for each station.
    pub books: Vec<RunBook>,
    /// The month.
    pub april: Month,
}

impl World {
    /// Loads everything from a database in which the company was founded.
    pub fn load(store: &Store) -> Result<World, Trouble> {
        let org_id = store
            .read(|tx| identity::find_organisation(tx, CODE).map_err(Trouble::from))?
            .ok_or_else(|| Trouble::of("the company is not in this database"))?;
        let prices = store.read(|tx| PriceBook::load(tx, org_id).map_err(Trouble::from))?;
        let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
        let mut books = Vec::new();
        let mut fee = Vec::new();
        for station in 0..STATIONS {
            fee.push(actor(store, org_id, &format!("fee{station}"))?);
            let unit_id = store.read(|tx| {
                tx.one(
                    "SELECT unit_id FROM book WHERE org_id = ?1 AND book_id = ?2",
                    params![org_id, book_id(station)],
                    |row| Ok::<_, Trouble>(row.int(0)?),
                )
            })?;
            let unit_id = unit_id.ok_or_else(|| Trouble::of("a book is missing"))?;
            books.push(RunBook { book_id: book_id(station), unit_id, accounts: ACCOUNTS });
        }
        Ok(World {
            org_id,
            fee,
            reviewer: actor(store, org_id, "reviewer")?,
            reviewer2: actor(store, org_id, "reviewer2")?,
            accountant: actor(store, org_id, "accountant")?,
            prices,
            postings,
            rules: OfficeRules::built_in()?,
            calendar: WorkingCalendar::mainland_china()?,
            books,
            april: "2026-04".parse()?,
        })
    }
}

/// The person with `login`.
pub(super) fn actor(store: &Store, org_id: i64, login: &str) -> Result<Actor, Trouble> {
    store.read(|tx| {
        let person = identity::find_person(tx, org_id, login)?
            .ok_or_else(|| Trouble::of(format!("nobody has the login {login}")))?;
        Ok(identity::load_actor(tx, org_id, person.id, day(TODAY)?)?)
    })
}
