//! A small company for the tests of desks: units, people with their posts, a book of six customers with three months
//! behind it. Acts, lists, views and pages are taken from the catalogue, as the frame takes them.
#![allow(clippy::unwrap_used, dead_code)]

use std::sync::Arc;

use identity::{Actor, Desk, Founded, NewAssignment, NewOrganisation, NewPerson, NewUnit};
use kernel::{Date, Lang, Moment, Month, Quantity, Rate, Text, WorkingCalendar};
use metering::account::{
    Account, AccountBulk, AccountDetails, AccountStatus, Category, CollectionMethod, Meter, Options,
    TaxStatus, VoltageLevel,
};
use metering::reading::{Reading, ReadingBulk, ReadingFlags, ReadingStatus, Register, Registers, Span};
use store::Store;
use web::House;
use web::catalogue::{
    Caller, Catalogue, Done, Given, Look, Query, Raw, Refusal, Rows, Run, SentFile, Sheet, Why,
};

pub const FOUNDED: &str = "2026-01-04";
/// The station's book, of accounts 1 to 6, and its number.
pub const BOOK: &str = "0001";
/// Account 6 has a meter with total, peak and valley; account 5 a multiplier of 40.
pub const DIVIDED: i64 = 6;

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}
pub fn month(text: &str) -> Month {
    text.parse().unwrap()
}
pub fn kwh(text: &str) -> Quantity {
    text.parse().unwrap()
}
pub fn at(date: &str) -> Moment {
    Moment::on(day(date), 10, 0)
}
pub fn number(account_id: i64) -> String {
    format!("10000000{account_id:02}")
}

pub struct Company {
    pub house: House,
    pub founded: Founded,
    pub station: i64,
    pub other_station: i64,
    pub centre: i64,
    catalogue: Catalogue,
}

pub fn each_engine(test: impl Fn(&Company)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    test(&found(store));
    if let Some(database) = testbed::postgres_database() {
        test(&found(Store::open(&database.url).unwrap()));
    }
}

fn found(store: Store) -> Company {
    store.migrate(&audit::schemas()).unwrap();
    let new = NewOrganisation {
        code: "example",
        name: Text::new("示范供电公司", "Example Power Company"),
        administrator_login: "root",
        administrator_name: "管理员",
    };
    let founded = store.write(|tx| identity::found_organisation(tx, &new, at(FOUNDED))).unwrap();
    let house = house_of(Arc::new(store), founded.org_id);
    let mut company =
        Company { house, founded, station: 0, other_station: 0, centre: 0, catalogue: Catalogue::built_in() };
    let root = founded.unit_id;
    let department = company.unit(root, "supply_department", "D1", "供电部");
    company.station = company.unit(department, "supply_station", "S1", "城东供电所");
    company.other_station = company.unit(department, "supply_station", "S2", "城西供电所");
    company.centre = company.unit(root, "billing_centre", "C", "电费管理中心");
    let marketing = company.unit(root, "marketing_department", "M", "营销部");
    let institute = company.unit(root, "metering_institute", "J", "计量所");
    for (login, unit, post) in [
        ("reader", company.station, "meter_reader"),
        ("reader2", company.station, "meter_reader"),
        ("fee", company.station, "station_fee_administrator"),
        ("fee_b", company.station, "station_fee_administrator"),
        ("elsewhere", company.other_station, "station_fee_administrator"),
        ("head", company.station, "station_head"),
        ("department", department, "supply_department_officer"),
        ("marketing", marketing, "marketing_officer"),
        ("reviewer", company.centre, "reviewer"),
        ("institute", institute, "metering_institute_clerk"),
        ("auditor", root, "auditor"),
    ] {
        company.person(login, unit, post);
    }
    company.customers();
    company
}

/// The house as a program knows it, over a database that is there.
pub fn house_of(store: Arc<Store>, org_id: i64) -> House {
    House {
        store,
        org_id,
        org_code: "example".into(),
        org_name: Text::new("示范供电公司", "Example Power Company"),
        signers: vault::Signers::none(),
        policy: vault::CheckpointPolicy::AT_ONCE,
        calendar: WorkingCalendar::mainland_china().unwrap(),
        shift_days: 0,
        address: "http://127.0.0.1:7070".into(),
        key_folder: std::path::PathBuf::new(),
        cost: identity::PasswordCost::CHEAP,
    }
}

/// The registers of a meter by account.
fn registers(account_id: i64) -> &'static [Register] {
    if account_id == DIVIDED {
        &[Register::Total, Register::Peak, Register::Valley]
    } else {
        &[Register::Total]
    }
}

impl Company {
    fn administrator(&self) -> Actor {
        let (org_id, person) = (self.founded.org_id, self.founded.administrator_id);
        self.house.store.read(|tx| identity::load_actor(tx, org_id, person, day(FOUNDED))).unwrap()
    }
    fn unit(&self, parent_id: i64, kind: &str, code: &str, name: &str) -> i64 {
        let new = NewUnit { parent_id, kind, code, name: Text::new(name, code) };
        let actor = self.administrator();
        Desk::new(&self.house.store, &actor)
            .act(at(FOUNDED), |work| identity::create_unit(work, &new))
            .unwrap()
    }
    fn person(&self, login: &str, unit_id: i64, post: &str) {
        let actor = self.administrator();
        Desk::new(&self.house.store, &actor)
            .act(at(FOUNDED), |work| {
                let person_id = identity::create_person(work, &NewPerson { unit_id, login, name: login })?;
                let from = day(FOUNDED);
                let new = NewAssignment { person_id, unit_id, post, from, until: None, serves: &[] };
                identity::assign(work, &new)
            })
            .unwrap();
    }

    /// Six customers of one book, read in each of the three months before March 2026: 100 kWh a month each.
    fn customers(&self) {
        let org_id = self.house.org_id;
        let book = metering::book::Book {
            book_id: 1,
            number: BOOK.into(),
            name: "东街".into(),
            unit_id: self.station,
            reader_id: 0,
            cycle: metering::book::Cycle::Monthly,
            reading_day: None,
            version: 1,
        };
        let mut books = metering::book::BookBulk::new(org_id);
        books.book(&book).unwrap();
        let mut accounts = AccountBulk::new(org_id);
        for account_id in 1..=6 {
            accounts
                .account(&AccountDetails {
                    account: Account {
                        account_id,
                        unit_id: self.station,
                        book_id: 1,
                        category: Category::Residential,
                        voltage: VoltageLevel::Below1kv,
                        price_class: "residential".into(),
                        options: Options::default(),
                        persons: 3,
                        tier_start: None,
                        due_day: 0,
                        status: AccountStatus::Active,
                        opened_on: day("2025-01-01"),
                        closed_on: None,
                        main_account_id: None,
                    },
                    number: number(account_id),
                    name: format!("客户{account_id}"),
                    address: format!("东街 {account_id} 号"),
                    phone: String::new(),
                    // The route runs the other way round than the keys.
                    route_sequence: 100 - account_id,
                    collection: CollectionMethod::Counter,
                    tax: TaxStatus::Consumer,
                    version: 1,
                })
                .unwrap();
            let registers = registers(account_id).iter().fold(0, |bits, register| bits | register.bit());
            accounts
                .meter(&Meter {
                    account_id,
                    meter_seq: 1,
                    number: format!("M{account_id:04}"),
                    point_seq: 1,
                    digits: 5,
                    decimals: 2,
                    multiplier: multiplier(account_id),
                    registers,
                    installed_on: day("2025-01-01"),
                    removed_on: None,
                })
                .unwrap();
        }
        let mut readings = ReadingBulk::new(org_id);
        for (place, of) in ["2025-12", "2026-01", "2026-02"].into_iter().enumerate() {
            for account_id in 1..=6 {
                let mut shown = Registers::default();
                for register in registers(account_id) {
                    let before = Quantity::whole(1_000 + 100 * place as i64).unwrap();
                    let current = before.plus(Quantity::whole(100).unwrap()).unwrap();
                    shown.set(*register, Some(Span { previous: before, current }));
                }
                let read_on = month(of).first_day().plus_days(4).unwrap();
                readings
                    .reading(
                        month(of),
                        &Reading {
                            account_id,
                            meter_seq: 1,
                            point_seq: 1,
                            digits: 5,
                            multiplier: multiplier(account_id),
                            status: ReadingStatus::Read,
                            flags: ReadingFlags::default(),
                            read_on,
                            registers: shown,
                            entered_by: 1,
                            entered_at: Moment::on(read_on, 9, 0),
                            version: 2,
                        },
                    )
                    .unwrap();
            }
        }
        self.house
            .store
            .write(|tx| {
                books.load(tx)?;
                accounts.load(tx)?;
                readings.load(tx)
            })
            .unwrap();
    }

    /// The book of March 2026, its reading day the fifth, opened by the fee administrator through the acts.
    pub fn open_march(&self) {
        let proposed = self
            .act("department", "2026-02-20", "book.propose_day", &[("book", BOOK), ("day", "5")])
            .unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let proposal = proposed.facts["proposal"].as_str().unwrap().to_owned();
        let reviewed = [("proposal", proposal.as_str()), ("answer", "agree")];
        self.act("marketing", "2026-02-21", "book.review_day", &reviewed).unwrap();
        self.act("fee", "2026-03-02", "batch.create", &[("month", "2026-03"), ("unit", "S1")]).unwrap();
    }

    pub fn actor(&self, login: &str) -> Actor {
        let org_id = self.house.org_id;
        self.house
            .store
            .read(|tx| {
                let person = identity::find_person(tx, org_id, login)?.unwrap();
                identity::load_actor(tx, org_id, person.id, day("2026-03-02"))
            })
            .unwrap()
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
    /// `login` does an act on `date`; every name must be a field of it. The permission is asked by the command itself.
    pub fn act(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> Result<Done, Refusal> {
        self.act_with(login, date, name, given, None)
    }
    pub fn act_with(
        &self,
        login: &str,
        date: &str,
        name: &str,
        given: &[(&str, &str)],
        file: Option<(&str, SentFile)>,
    ) -> Result<Done, Refusal> {
        let act = self.catalogue.act(name).unwrap_or_else(|| panic!("no act {name}"));
        let mut raw = raw(given);
        raw.files.extend(file.map(|(field, file)| (field.to_owned(), file)));
        let given = Given::understand(act.fields, &raw, true)?;
        let Run::Command(command) = act.run else { panic!("{name} is a job") };
        let actor = self.actor(login);
        Desk::new(&self.house.store, &actor).act(at(date), |work| command(work, &given, &self.house))
    }
    /// What `login` sees of a list.
    pub fn list(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> Result<Rows, Refusal> {
        let list = self.catalogue.lists().find(|list| list.name == name).unwrap();
        let given = Given::understand(list.filters, &raw(given), true)?;
        let query = Query { given: &given, search: "", sort: None, offset: 0, limit: 500, walk: None };
        self.look(login, date, |look| (list.rows)(look, &query))
    }
    /// What `login` sees of one thing.
    pub fn view(
        &self,
        login: &str,
        date: &str,
        name: &str,
        given: &[(&str, &str)],
    ) -> Result<Sheet, Refusal> {
        let view = self.catalogue.view(name).unwrap();
        let given = Given::understand(view.params, &raw(given), true)?;
        self.look(login, date, |look| (view.show)(look, &given))
    }
    /// A page drawn by hand.
    pub fn page(
        &self,
        login: &str,
        date: &str,
        name: &str,
        given: &[(&str, &str)],
    ) -> Result<String, Refusal> {
        let page = self.catalogue.pages().find(|page| page.name == name).unwrap();
        let given = Given::understand(page.params, &raw(given), true)?;
        self.look(login, date, |look| (page.draw)(look, &given)).map(|markup| markup.into_string())
    }
    pub fn look<T>(
        &self,
        login: &str,
        date: &str,
        look: impl FnOnce(&mut Look<'_, '_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let caller = self.caller(login);
        self.house.store.read(|tx| look(&mut Look::new(tx, &caller, &self.house, at(date))))
    }
    /// A line of the station's book.
    pub fn line(&self, of: &str, account_id: i64, meter_seq: i64) -> Option<Reading> {
        let org_id = self.house.org_id;
        let lines =
            self.house.store.read(|tx| metering::entry::lines_of_book(tx, org_id, month(of), 1)).unwrap();
        lines.into_iter().find(|line| line.account_id == account_id && line.meter_seq == meter_seq)
    }
}

pub fn multiplier(account_id: i64) -> Rate {
    if account_id == 5 { "40".parse().unwrap() } else { Rate::ONE }
}

fn raw(given: &[(&str, &str)]) -> Raw {
    Raw {
        texts: given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Raw::default()
    }
}

/// Why it was refused.
pub fn why<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> (Why, String) {
    let refusal = refused.unwrap_err();
    let mut said = refusal.said.en;
    for (field, text) in refusal.fields {
        said.push_str(&format!(" [{field}: {}]", text.en));
    }
    (refusal.why, said)
}
