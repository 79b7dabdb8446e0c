//! The company of these tests with its office, and how a test reads what a page shows.

pub use std::collections::BTreeMap;
use std::sync::Arc;

pub use identity::{Actor, Desk};
use identity::{NewAssignment, NewPerson};
use jobs::State;
use kernel::WorkingCalendar;
pub use kernel::{Lang, Money, Text};
use store::Store;
use vault::{CheckpointPolicy, KeyRole, Signers};
use web::Console;
pub use web::catalogue::{Block, Catalogue, Given, Look, Query, Refusal, Row, Rows, Sheet, Value, Why};
use web::catalogue::{Caller, Done, Raw, Run};

pub use crate::company::*;
pub use crate::house::*;

/// The day on which everything of these tests is done: April is billed and over.
pub const TODAY: &str = "2026-05-04";

pub struct Office<'o> {
    pub base: &'o House<'o>,
    pub console: &'o Console,
}

pub fn each_office(test: impl Fn(&Office<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    run(Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap(), &test);
    if let Some(database) = testbed::postgres_database() {
        run(Store::open(&database.url).unwrap(), &test);
    }
}

fn run(store: Store, test: &impl Fn(&Office<'_>)) {
    let store = Arc::new(store);
    let base = found(&store);
    store.migrate(&audit::schemas()).unwrap();
    bind(&base);
    let company = Company::new(&base, "2026-05");
    company.run(&company.plan(april(), "2026-04-12")).unwrap();
    hire(&base, "auditor", "auditor");
    hire(&base, "keeper", "administrator");
    let signers = keys(&base);
    let house = web::House {
        store: Arc::clone(&store),
        org_id: base.org_id(),
        org_code: "example".into(),
        org_name: Text::new("示范供电公司", "Example Power Company"),
        signers,
        policy: CheckpointPolicy::AT_ONCE,
        calendar: WorkingCalendar::mainland_china().unwrap(),
        shift_days: 0,
        address: "https://bill.example".into(),
        key_folder: std::path::PathBuf::new(),
        cost: identity::PasswordCost::CHEAP,
    };
    let console = Console::new(house, false, |_| ());
    test(&Office { base: &base, console: &console });
}

/// The books in which the house's own customers stand: a check asks for them.
fn bind(base: &House<'_>) {
    let mut books = metering::book::BookBulk::new(base.org_id());
    for (book_id, unit_id) in [(BOOK, base.station), (OTHER_BOOK, base.other_station)] {
        books
            .book(&metering::book::Book {
                book_id,
                number: format!("B{book_id}"),
                name: format!("book {book_id}"),
                unit_id,
                reader_id: 0,
                cycle: metering::book::Cycle::Monthly,
                reading_day: None,
                version: 1,
            })
            .unwrap();
    }
    base.store.write(|tx| books.load(tx)).unwrap();
}

fn administrator(base: &House<'_>) -> Actor {
    let (org_id, person) = (base.org_id(), base.founded.administrator_id);
    base.store.read(|tx| identity::load_actor(tx, org_id, person, day("2026-03-02"))).unwrap()
}

fn hire(base: &House<'_>, login: &str, post: &str) {
    let unit_id = base.founded.unit_id;
    Desk::new(base.store, &administrator(base))
        .act(at("2026-03-02"), |work| {
            let person_id = identity::create_person(work, &NewPerson { unit_id, login, name: login })?;
            let from = day("2026-03-02");
            identity::assign(
                work,
                &NewAssignment { person_id, unit_id, post, from, until: None, serves: &[] },
            )
        })
        .unwrap();
}

fn keys(base: &House<'_>) -> Signers {
    Desk::new(base.store, &administrator(base))
        .act(at("2026-04-13"), |work| {
            let signers = Signers::generate(&vault::name_log(work, "log")?)?;
            for key in signers.keys() {
                vault::add_key(work, KeyRole::Log, key.verifier())?;
            }
            vault::checkpoint(work, &signers)?;
            Ok::<_, vault::VaultError>(signers)
        })
        .unwrap()
}

pub fn texts(pairs: &[(&str, &str)]) -> Raw {
    let texts = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Raw { texts, files: BTreeMap::new() }
}

impl Office<'_> {
    pub fn actor(&self, login: &str) -> Actor {
        let org_id = self.base.org_id();
        self.base
            .store
            .read(|tx| {
                let person = identity::find_person(tx, org_id, login)?.unwrap();
                identity::load_actor(tx, org_id, person.id, day(TODAY))
            })
            .unwrap()
    }
    pub fn caller(&self, login: &str) -> Caller {
        let actor = match login {
            "" => Actor {
                org_id: self.base.org_id(),
                person_id: 0,
                name: String::new(),
                assignments: Vec::new(),
            },
            login => self.actor(login),
        };
        Caller { actor, lang: Lang::En, csrf: String::new(), session_id: None, machine: false, held_at: None }
    }
    pub fn look<T>(
        &self,
        login: &str,
        look: impl FnOnce(&mut Look<'_, '_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.console.look(&self.caller(login), at(TODAY), look)
    }
    /// A list as `login` sees it; the same gate as the frame's.
    pub fn try_list(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Result<Rows, Refusal> {
        let list = Catalogue::built_in().lists().find(|list| list.name == name).unwrap();
        if !self.caller(login).holds(list.permission) {
            return Err(Refusal::not_permitted(list.permission));
        }
        let given = Given::understand(list.filters, &texts(given), true)?;
        let query = Query { given: &given, search: "", sort: None, offset: 0, limit: 500, walk: None };
        self.look(login, |look| (list.rows)(look, &query))
    }
    pub fn list(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Rows {
        self.try_list(login, name, given).unwrap()
    }
    pub fn try_view(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Result<Sheet, Refusal> {
        let view = Catalogue::built_in().view(name).unwrap();
        if !self.caller(login).holds(view.permission) {
            return Err(Refusal::not_permitted(view.permission));
        }
        let given = Given::understand(view.params, &texts(given), true)?;
        self.look(login, |look| (view.show)(look, &given))
    }
    pub fn view(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Sheet {
        self.try_view(login, name, given).unwrap()
    }
    /// An act as `login` gives it: a command at once, a job by the queue.
    pub fn act(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Result<Done, Refusal> {
        let act = Catalogue::built_in().act(name).unwrap();
        let caller = self.caller(login);
        if !caller.holds(act.permission) {
            return Err(Refusal::not_permitted(act.permission));
        }
        let raw = texts(given);
        let understood = Given::understand(act.fields, &raw, true)?;
        let desk = Desk::new(self.base.store, &caller.actor);
        let house = &self.console.house;
        let command = match act.run {
            Run::Job(_) => return self.job(&caller, name, &raw, act.on_alarm),
            Run::Command(command) => command,
        };
        let one = |work: &mut identity::Work<'_, '_>| {
            let done = command(work, &understood, house)?;
            vault::checkpoint_if_due(work, &house.signers, house.policy)?;
            Ok(done)
        };
        if act.on_alarm { desk.act_on_alarm(at(TODAY), one) } else { desk.act(at(TODAY), one) }
    }
    /// Queues and does a job; what came of it as it would be seen.
    pub fn job(&self, caller: &Caller, name: &str, raw: &Raw, on_alarm: bool) -> Result<Done, Refusal> {
        let (org_id, person) = (self.base.org_id(), caller.actor.person_id);
        let put = |work: &mut identity::Work<'_, '_>| -> Result<i64, Refusal> {
            Ok(jobs::queue(work.tx, org_id, name, person, &raw.texts, &[], at(TODAY))?)
        };
        let desk = Desk::new(self.base.store, &caller.actor);
        let id = if on_alarm { desk.act_on_alarm(at(TODAY), put)? } else { desk.act(at(TODAY), put)? };
        assert!(self.console.jobs.one(self.console)?, "a job waits");
        let job = self.base.store.read(|tx| jobs::find(tx, org_id, id)).unwrap().unwrap();
        let said = job.said.unwrap();
        match job.state {
            State::Done => Ok(Done { said, see: job.see, facts: serde_json::from_str(&job.facts).unwrap() }),
            State::Failed => Err(Refusal::refused(said.zh, said.en)),
            other => panic!("{other:?}: {said:?}"),
        }
    }
    pub fn page(&self, login: &str, name: &str, given: &[(&str, &str)]) -> String {
        let page = Catalogue::built_in().pages().find(|page| page.name == name).unwrap();
        let given = Given::understand(page.params, &texts(given), true).unwrap();
        self.look(login, |look| (page.draw)(look, &given)).unwrap().into_string()
    }
    pub fn file(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Result<Vec<u8>, Refusal> {
        let file = Catalogue::built_in().downloads().find(|file| file.name == name).unwrap();
        if !self.caller(login).holds(file.permission) {
            return Err(Refusal::not_permitted(file.permission));
        }
        let given = Given::understand(file.params, &texts(given), true)?;
        self.look(login, |look| (file.make)(look, &given)).map(|made| made.bytes)
    }
}

pub fn value(row: &Row, at: usize) -> &Value {
    &row.cells[at].value
}
pub fn money(row: &Row, at: usize) -> Money {
    match value(row, at) {
        Value::Money(amount) => *amount,
        Value::Empty => Money::ZERO,
        other => panic!("{other:?}"),
    }
}
pub fn written(row: &Row, at: usize) -> String {
    value(row, at).written(web::catalogue::Kind::Text, Lang::En)
}
pub fn link(row: &Row, at: usize) -> &str {
    row.cells[at].link.as_deref().unwrap_or("")
}
pub fn sum(rows: &Rows, name: &str) -> Money {
    match rows.sums.iter().find(|(known, _)| *known == name).map(|(_, value)| value) {
        Some(Value::Money(amount)) => *amount,
        other => panic!("{other:?}"),
    }
}
pub fn total(rows: &[Row], at: usize) -> Money {
    Money::sum(rows.iter().map(|row| money(row, at))).unwrap()
}
/// The value of `name` in the query of a path.
pub fn asked<'p>(path: &'p str, name: &str) -> &'p str {
    let (_, query) = path.split_once('?').unwrap();
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap_or("")
}
pub fn said(refusal: &Refusal) -> &str {
    &refusal.said.en
}
pub fn rows_of<'s>(sheet: &'s Sheet, wanted: &str) -> &'s [Row] {
    let found = sheet.blocks.iter().find_map(|block| match block {
        Block::Table { name, rows, .. } if *name == wanted => Some(rows.as_slice()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no table {wanted}"))
}

/// The rows of the grid of a report, and its sums by the English title of the column.
pub fn grid(sheet: &Sheet) -> (&[Row], BTreeMap<String, Value>) {
    let found = sheet.blocks.iter().find_map(|block| match block {
        Block::Grid(grid) => Some(grid),
        _ => None,
    });
    let grid = found.unwrap();
    (&grid.rows, grid.columns.iter().map(|(title, _, sum)| (title.en.clone(), sum.clone())).collect())
}
