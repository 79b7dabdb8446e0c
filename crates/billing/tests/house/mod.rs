//! A small power company with its units, persons and customers, on each database in turn.
#![allow(clippy::unwrap_used, dead_code)]

use billing::OfficeRules;
use billing::office::{OfficeError, Result};
use identity::{Actor, Desk, Founded, NewAssignment, NewOrganisation, NewPerson, NewUnit, Work};
use kernel::{Date, Moment, Money, Month, Quantity, Text};
use metering::account::{
    Account, AccountBulk, AccountDetails, AccountStatus, Category, CollectionMethod, Options, TaxStatus,
    VoltageLevel,
};
use store::{Store, StoreError, Tx, params};

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}
pub fn month(text: &str) -> Month {
    text.parse().unwrap()
}
pub fn yuan(text: &str) -> Money {
    text.parse().unwrap()
}
pub fn kwh(value: i64) -> Quantity {
    Quantity::whole(value).unwrap()
}
pub fn at(date: &str) -> Moment {
    Moment::on(day(date), 10, 0)
}

/// Accounts that exist: 1 to 6 at the first station, 7 at the second.
pub const PUBLIC: i64 = 1;
pub const DEDICATED: i64 = 5;
pub const OTHER: i64 = 7;
pub const BOOK: i64 = 501;
pub const OTHER_BOOK: i64 = 502;
const OPENED: &str = "2026-01-04";

pub struct House<'s> {
    pub store: &'s Store,
    pub founded: Founded,
    pub rules: OfficeRules,
    pub station: i64,
    pub other_station: i64,
    pub team: i64,
    pub centre: i64,
    pub marketing: i64,
    pub institute: i64,
    pub inspection: i64,
    pub finance: i64,
}

pub fn each_engine(test: impl Fn(&House<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    test(&found(&store));
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        test(&found(&store));
    }
}

/// Every module's schema, as the program has it.
pub fn schemas() -> Vec<store::Schema> {
    vec![
        identity::SCHEMA,
        documents::SCHEMA,
        vault::SCHEMA,
        workflow::SCHEMA,
        ledger::SCHEMA,
        metering::SCHEMA,
        metering::parameter::SCHEMA_PARAMETERS,
        metering::contract::SCHEMA_CONTRACTS,
        billing::SCHEMA,
        billing::MIGRATIONS_OFFICE,
    ]
}

/// Founds the company in an empty database.
pub fn found(store: &Store) -> House<'_> {
    store.migrate(&schemas()).unwrap();
    let new = NewOrganisation {
        code: "example",
        name: Text::new("示范供电公司", "Example Power Company"),
        administrator_login: "root",
        administrator_name: "管理员",
    };
    let founded = store.write(|tx| identity::found_organisation(tx, &new, at(OPENED))).unwrap();
    let rules = OfficeRules::built_in().unwrap();
    let mut house = House {
        store,
        founded,
        rules,
        station: 0,
        other_station: 0,
        team: 0,
        centre: 0,
        marketing: 0,
        institute: 0,
        inspection: 0,
        finance: 0,
    };
    let root = founded.unit_id;
    let department = house.unit(root, "supply_department", "D1", "供电部");
    house.station = house.unit(department, "supply_station", "S1", "城东供电所");
    house.other_station = house.unit(department, "supply_station", "S2", "城西供电所");
    house.team = house.unit(house.station, "reading_team", "T1", "营抄一班");
    house.centre = house.unit(root, "billing_centre", "C", "电费管理中心");
    house.marketing = house.unit(root, "marketing_department", "M", "营销部");
    house.institute = house.unit(root, "metering_institute", "J", "计量所");
    house.inspection = house.unit(root, "inspection_department", "I", "稽查部");
    house.finance = house.unit(root, "finance_department", "F", "财务部");
    for (login, unit, post) in [
        ("fee", house.station, "station_fee_administrator"),
        ("fee2", house.other_station, "station_fee_administrator"),
        ("head", house.station, "station_head"),
        ("inquiry", house.station, "inquiry_clerk"),
        ("slips", house.station, "slip_clerk"),
        ("department", department, "supply_department_officer"),
        ("reviewer", house.centre, "reviewer"),
        ("reviewer2", house.centre, "reviewer"),
        ("centre_head", house.centre, "billing_centre_head"),
        ("marketing", house.marketing, "marketing_officer"),
        ("institute", house.institute, "metering_institute_clerk"),
        ("institute_head", house.institute, "metering_institute_head"),
        ("inspector", house.inspection, "inspection_clerk"),
        ("inspection_head", house.inspection, "inspection_head"),
        ("accountant", house.finance, "accountant"),
        ("leader", root, "leader_in_charge"),
    ] {
        house.person(login, unit, post, &[]);
    }
    let room = house.unit(root, "ledger_room", "L", "帐本发放室");
    house.person("issuer", room, "ledger_issuer", &[house.station, house.other_station]);
    house.customers();
    house
}

impl House<'_> {
    pub fn org_id(&self) -> i64 {
        self.founded.org_id
    }
    fn administrator(&self) -> Actor {
        let (org_id, person) = (self.founded.org_id, self.founded.administrator_id);
        self.store.read(|tx| identity::load_actor(tx, org_id, person, day(OPENED))).unwrap()
    }
    fn unit(&self, parent_id: i64, kind: &str, code: &str, name: &str) -> i64 {
        let new = NewUnit { parent_id, kind, code, name: Text::new(name, code) };
        let actor = self.administrator();
        Desk::new(self.store, &actor).act(at(OPENED), |work| identity::create_unit(work, &new)).unwrap()
    }
    fn person(&self, login: &str, unit_id: i64, post: &str, serves: &[i64]) {
        let actor = self.administrator();
        Desk::new(self.store, &actor)
            .act(at(OPENED), |work| {
                let person_id = identity::create_person(work, &NewPerson { unit_id, login, name: login })?;
                let from = day(OPENED);
                let new = NewAssignment { person_id, unit_id, post, from, until: None, serves };
                identity::assign(work, &new)
            })
            .unwrap();
    }
    fn customers(&self) {
        let mut bulk = AccountBulk::new(self.org_id());
        for account_id in 1..=7 {
            let other = account_id == OTHER;
            let options = Options::default().with(Options::DEDICATED_TRANSFORMER, account_id == DEDICATED);
            bulk.account(&AccountDetails {
                account: Account {
                    account_id,
                    unit_id: if other { self.other_station } else { self.station },
                    book_id: if other { OTHER_BOOK } else { BOOK },
                    category: Category::SinglePart,
                    voltage: VoltageLevel::Below1kv,
                    price_class: "commercial".into(),
                    options,
                    persons: 1,
                    tier_start: None,
                    due_day: 0,
                    status: AccountStatus::Active,
                    opened_on: day("2025-01-01"),
                    closed_on: None,
                    main_account_id: None,
                },
                number: format!("10000000{account_id:02}"),
                name: format!("客户{account_id}"),
                address: "示范路".into(),
                phone: String::new(),
                route_sequence: account_id,
                collection: CollectionMethod::Counter,
                tax: TaxStatus::Consumer,
                version: 1,
            })
            .unwrap();
        }
        self.store.write(|tx| bulk.load(tx)).unwrap();
    }

    /// Writes an exception as the run does.
    pub fn exception(&self, account_id: i64, reasons: billing::gates::Reasons) {
        let dedicated = i64::from(account_id == DEDICATED);
        let (unit, book) =
            if account_id == OTHER { (self.other_station, OTHER_BOOK) } else { (self.station, BOOK) };
        self.execute(
            "INSERT INTO exception (org_id, month, account_id, book_id, unit_id, dedicated, reasons, energy_kwh, amount,
               past_months, past_energy_kwh, past_amount) VALUES (?1, 202603, ?2, ?3, ?4, ?5, ?6, 200000000, 10000, 3,
               300000000, 15000)",
            &[account_id, book, unit, dedicated, i64::from(reasons.0)],
        );
    }

    /// Writes an issue of a book as the issue core does: one account, one bill.
    pub fn issue(&self, account_id: i64, month: &str, energy: i64, amount: &str, on: &str) {
        let (unit, book) =
            if account_id == OTHER { (self.other_station, OTHER_BOOK) } else { (self.station, BOOK) };
        let month: i64 = month.parse::<Month>().unwrap().number();
        let amount = yuan(amount).fen();
        let issue_id = month * 100 + account_id;
        self.execute(
            "INSERT INTO issue (org_id, issue_id, month, book_id, unit_id, calculation_id, issued_by, issued_at, year,
               first_number, bills, energy_kwh, amount, voucher_id, bills_root)
             VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, ?6, 2026, 1, 1, ?7, ?8, ?2, X'00')"
                .replace("X'00'", if self.is_postgres() { "'\\x00'::bytea" } else { "X'00'" })
                .as_str(),
            &[issue_id, month, book, unit, at(on).millis(), kwh(energy).units(), amount],
        );
        self.execute(
            "INSERT INTO quantity_ledger (org_id, month, account_id, sequence, issue_id, energy_kwh, sharp_kwh, peak_kwh,
               flat_kwh, valley_kwh, deep_valley_kwh, reactive_kvarh, amount, tier_used_kwh)
             VALUES (?1, ?2, ?3, 0, ?4, ?5, 0, ?5, 0, 0, 0, 0, ?6, 0)",
            &[month, account_id, issue_id, kwh(energy).units(), amount],
        );
        self.execute(
            "INSERT INTO receivable (org_id, month, account_id, sequence, issue_id, line, payer_id, amount, due_on)
             VALUES (?1, ?2, ?3, 0, ?4, 1, ?3, ?5, 20260420)",
            &[month, account_id, issue_id, amount],
        );
    }

    pub fn is_postgres(&self) -> bool {
        self.store.engine() == store::Engine::Postgres
    }
    /// Runs a statement with the organisation as its first parameter.
    pub fn execute(&self, sql: &str, values: &[i64]) {
        let mut all = vec![store::Value::Int(self.org_id())];
        all.extend(values.iter().map(|value| store::Value::Int(*value)));
        self.store.write(|tx| tx.execute(sql, &all)).unwrap();
    }
    pub fn number(&self, sql: &str) -> i64 {
        self.store.read(|tx| tx.one(sql, params![self.org_id()], |row| row.int(0))).unwrap().unwrap()
    }

    pub fn actor(&self, login: &str) -> Actor {
        let org_id = self.founded.org_id;
        self.store
            .read(|tx| {
                let person = identity::find_person(tx, org_id, login)?.unwrap();
                identity::load_actor(tx, org_id, person.id, day("2026-03-02"))
            })
            .unwrap()
    }
    /// `login` gives a command on `date`.
    pub fn by<T>(
        &self,
        login: &str,
        date: &str,
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let actor = self.actor(login);
        Desk::new(self.store, &actor).act(at(date), command)
    }
    /// The accountant, who keeps the ledger below this office.
    pub fn ledger_keeper<T, E: From<StoreError> + std::fmt::Debug>(
        &self,
        date: &str,
        command: impl FnOnce(&mut Work<'_, '_>) -> std::result::Result<T, E>,
    ) -> T {
        let actor = self.actor("accountant");
        Desk::new(self.store, &actor).act(at(date), command).unwrap()
    }
    pub fn look<T>(&self, look: impl FnOnce(&mut Tx<'_>, i64) -> Result<T>) -> T {
        self.store.read(|tx| look(tx, self.founded.org_id)).unwrap()
    }
    /// How many holds there ever were, and the accounts whose issue an adjustment holds now: each hold is proved to last
    /// as long as its adjustment.
    pub fn held_by_adjustments(&self) -> (i64, Vec<i64>) {
        let org_id = self.founded.org_id;
        let checked = self.store.read(|tx| billing::check::desks(tx, org_id)).unwrap();
        let holds = checked.into_iter().find(|checked| checked.code == "billing.holds").unwrap();
        assert!(holds.is_good(), "{:?}", holds.findings);
        let running = self.look(|tx, org_id| billing::adjustment::in_progress(tx, org_id, 1, i64::MAX));
        (holds.looked_at, running)
    }
}

/// The rule that refused.
pub fn rule<T: std::fmt::Debug>(refused: Result<T>) -> &'static str {
    let error = refused.unwrap_err();
    error.rule().unwrap_or_else(|| panic!("refused by no rule: {error:?}"))
}
/// Was it refused for want of a permission?
pub fn not_permitted<T>(refused: &Result<T>) -> bool {
    matches!(refused, Err(OfficeError::Identity(identity::IdentityError::NotPermitted { .. })))
}
/// Was it refused because the maker may not check?
pub fn maker_is_checker<T>(refused: &Result<T>) -> bool {
    matches!(refused, Err(OfficeError::Identity(identity::IdentityError::MakerIsChecker { .. })))
}
