//! The company of these tests with its office, and how a test acts in it and reads what it shows.

use std::sync::Arc;

use identity::{Actor, Desk};
pub use kernel::{Lang, Money, Quantity};
use kernel::{Text, WorkingCalendar};
use store::Store;
use web::House;
pub use web::catalogue::{Block, Rows, Value, Why};
use web::catalogue::{Caller, Catalogue, Done, Given, Look, Query, Raw, Refusal, Row, Run, Sheet};

pub use crate::company::{CUSTOMERS, Company, april, ties_out};
use crate::house;

pub const APRIL: (&str, &str) = ("month", "2026-04");
pub const PUBLIC: [(&str, &str); 2] = [APRIL, ("book", "B601")];
/// A customer of the first station whose use doubled.
pub const DOUBLED: &str = "4200001003";
/// A customer of the first station with nothing to be said of.
pub const USUAL: &str = "4200001001";

/// The company with the house as the pages know it.
pub struct Office<'o> {
    pub company: Company<'o, 'o>,
    pub house: House,
    pub catalogue: Catalogue,
}

pub fn each_engine(test: impl Fn(&Office<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    run(Arc::new(Store::open(file.to_str().unwrap()).unwrap()), &test);
    if let Some(database) = testbed::postgres_database() {
        run(Arc::new(Store::open(&database.url).unwrap()), &test);
    }
}

fn run(store: Arc<Store>, test: &impl Fn(&Office<'_>)) {
    let found = house::found(&store);
    store.migrate(&audit::schemas()).unwrap();
    let house = House {
        store: Arc::clone(&store),
        org_id: found.org_id(),
        org_code: "example".into(),
        org_name: Text::new("示范供电公司", "Example Power Company"),
        signers: vault::Signers::none(),
        policy: vault::CheckpointPolicy::AT_ONCE,
        calendar: WorkingCalendar::mainland_china().unwrap(),
        shift_days: 0,
        address: "http://127.0.0.1:7070".into(),
        key_folder: std::path::PathBuf::new(),
        cost: identity::PasswordCost::CHEAP,
    };
    let company = Company::new(&found, "2026-06");
    test(&Office { company, house, catalogue: Catalogue::built_in() });
}

fn raw(given: &[(&str, &str)]) -> Raw {
    let texts = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Raw { texts, ..Raw::default() }
}

impl Office<'_> {
    pub fn actor(&self, login: &str) -> Actor {
        self.company.house.actor(login)
    }
    pub fn caller(&self, login: &str) -> Caller {
        Caller {
            actor: self.actor(login),
            lang: Lang::En,
            csrf: "token-of-the-form".into(),
            session_id: None,
            machine: true,
            held_at: None,
        }
    }
    /// `login` does an act on `date`, as the frame lets it: the permission first, every name a field.
    pub fn act(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> Result<Done, Refusal> {
        let act = self.catalogue.act(name).unwrap_or_else(|| panic!("no act {name}"));
        let given = Given::understand(act.fields, &raw(given), true)?;
        if !self.caller(login).holds(act.permission) {
            return Err(Refusal::not_permitted(act.permission));
        }
        let Run::Command(command) = act.run else { panic!("{name} is a job") };
        let actor = self.actor(login);
        Desk::new(&self.house.store, &actor).act(house::at(date), |work| command(work, &given, &self.house))
    }
    pub fn done(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> Done {
        self.act(login, date, name, given).unwrap_or_else(|refusal| panic!("{login} {name}: {refusal:?}"))
    }
    /// It is refused, whatever the reason; answers why.
    pub fn refused(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> Refusal {
        match self.act(login, date, name, given) {
            Err(refusal) => refusal,
            Ok(done) => panic!("{login} could {name}: {}", done.said.en),
        }
    }
    pub fn look<T>(
        &self,
        login: &str,
        date: &str,
        look: impl FnOnce(&mut Look<'_, '_>) -> Result<T, Refusal>,
    ) -> T {
        let caller = self.caller(login);
        let found =
            self.house.store.read(|tx| look(&mut Look::new(tx, &caller, &self.house, house::at(date))));
        found.unwrap_or_else(|refusal: Refusal| panic!("{login}: {refusal:?}"))
    }
    /// A part of a list.
    pub fn part(
        &self,
        login: &str,
        name: &str,
        given: &[(&str, &str)],
        (search, sort): (&str, Option<(&'static str, bool)>),
        (offset, limit): (usize, usize),
    ) -> Rows {
        let list = self.catalogue.lists().find(|list| list.name == name).unwrap();
        let given = Given::understand(list.filters, &raw(given), true).unwrap();
        let query = Query { given: &given, search, sort, offset, limit, walk: None };
        self.look(login, "2026-04-08", |look| (list.rows)(look, &query))
    }
    pub fn list(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Rows {
        self.part(login, name, given, ("", None), (0, 500))
    }
    pub fn view(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Sheet {
        let view = self.catalogue.view(name).unwrap();
        let given = Given::understand(view.params, &raw(given), true).unwrap();
        self.look(login, "2026-04-30", |look| (view.show)(look, &given))
    }
    pub fn page(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> String {
        let page = self.catalogue.pages().find(|page| page.name == name).unwrap();
        let given = Given::understand(page.params, &raw(given), true).unwrap();
        self.look(login, date, |look| (page.draw)(look, &given)).into_string()
    }
    /// The first book of the first station is calculated, reviewed, and what is clean of it is issued.
    pub fn begin_april(&self) {
        self.done("reviewer", "2026-04-07", "book.calculate", &PUBLIC);
        self.done("reviewer2", "2026-04-07", "book.review", &PUBLIC);
        self.done("reviewer2", "2026-04-07", "book.issue", &PUBLIC);
    }
}

pub fn texts(row: &Row) -> Vec<String> {
    row.cells.iter().map(|cell| cell.value.written(web::catalogue::Kind::Text, Lang::En)).collect()
}

pub fn names(sheet: &Sheet) -> Vec<&'static str> {
    sheet.offers.iter().map(|offer| offer.act).collect()
}

pub fn block<'s>(sheet: &'s Sheet, wanted: &str) -> &'s Block {
    let named = |block: &&Block| match block {
        Block::Facts { name, .. } | Block::Table { name, .. } | Block::Steps { name, .. } => *name == wanted,
        Block::Timeline { name, .. } | Block::Raw { name, .. } | Block::Files { name, .. } => *name == wanted,
        Block::Chart(chart) => chart.name == wanted,
        _ => false,
    };
    sheet.blocks.iter().find(named).unwrap_or_else(|| panic!("no block {wanted}"))
}
