//! A small company with a station, a centre and the departments around them, on both engines.
#![allow(clippy::unwrap_used, dead_code)]

use identity::{Actor, Desk, NewAssignment, NewOrganisation, NewPerson, NewUnit, Work};
use kernel::{Date, Moment, Month, Quantity, Rate, Text, WorkingCalendar};
use metering::account::*;
use metering::book::*;
use metering::contract::SCHEMA_CONTRACTS;
use metering::parameter::*;
use metering::reading::Register;
use store::Store;

pub struct Company {
    pub store: Store,
    pub org_id: i64,
    pub station: i64,
    pub centre: i64,
    pub marketing: i64,
    pub institute: i64,
    /// Two fee administrators of the station.
    pub enterer: Actor,
    pub checker: Actor,
    /// Two reviewers of the centre.
    pub reviewer: Actor,
    pub second_reviewer: Actor,
    pub officer: Actor,
    pub metering_clerk: Actor,
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}
pub fn at(text: &str) -> Moment {
    Moment::on(day(text), 10, 0)
}
pub fn month(number: i64) -> Month {
    Month::from_number(number).unwrap()
}
pub fn figure(text: &str) -> Quantity {
    text.parse().unwrap()
}
pub fn calendar() -> WorkingCalendar {
    WorkingCalendar::mainland_china().unwrap()
}

pub fn each_engine(test: impl Fn(&Company)) {
    let folder = tempfile::tempdir().unwrap();
    test(&Company::found(folder.path().join("test.db").to_str().unwrap()));
    if let Some(database) = testbed::postgres_database() {
        test(&Company::found(&database.url));
    }
}

impl Company {
    fn found(url: &str) -> Company {
        let store = Store::open(url).unwrap();
        store
            .migrate(&[
                identity::SCHEMA,
                documents::SCHEMA,
                vault::SCHEMA,
                workflow::SCHEMA,
                metering::SCHEMA,
                SCHEMA_PARAMETERS,
                SCHEMA_CONTRACTS,
            ])
            .unwrap();
        let start = at("2025-01-02");
        let new = NewOrganisation {
            code: "power",
            name: Text::new("供电公司", "Power company"),
            administrator_login: "admin",
            administrator_name: "管理员",
        };
        let founded = store.write(|tx| identity::found_organisation(tx, &new, start)).unwrap();
        let org_id = founded.org_id;
        let actor = |person_id: i64| -> Actor {
            store.read(|tx| identity::load_actor(tx, org_id, person_id, start.date())).unwrap()
        };
        let admin = actor(founded.administrator_id);
        let give = |command: &dyn Fn(&mut Work<'_, '_>) -> Result<i64, identity::IdentityError>| {
            Desk::new(&store, &admin).act(start, command).unwrap()
        };
        let unit = |kind: &str, code: &str| {
            give(&|work| {
                let name = Text::new(code, code);
                identity::create_unit(work, &NewUnit { parent_id: founded.unit_id, kind, code, name })
            })
        };
        let station = unit("supply_station", "east");
        let centre = unit("billing_centre", "centre");
        let marketing = unit("marketing_department", "marketing");
        let institute = unit("metering_institute", "institute");
        let hire = |unit_id: i64, login: &str, post: &str| {
            let person_id =
                give(&|work| identity::create_person(work, &NewPerson { unit_id, login, name: login }));
            give(&|work| {
                let from = day("2025-01-02");
                let new = NewAssignment { person_id, unit_id, post, from, until: None, serves: &[] };
                identity::assign(work, &new)
            });
            actor(person_id)
        };
        let enterer = hire(station, "enterer", "station_fee_administrator");
        let checker = hire(station, "checker", "station_fee_administrator");
        let reviewer = hire(centre, "reviewer", "reviewer");
        let second_reviewer = hire(centre, "reviewer2", "reviewer");
        let officer = hire(marketing, "officer", "marketing_officer");
        let metering_clerk = hire(institute, "clerk", "metering_institute_clerk");
        let company = Company {
            org_id,
            station,
            centre,
            marketing,
            institute,
            enterer,
            checker,
            reviewer,
            second_reviewer,
            officer,
            metering_clerk,
            store,
        };
        company.furnish();
        company
    }

    /// Books 1 and 2 read on the 5th; households 1 and 2, a factory 101 by contract demand with two transformers.
    fn furnish(&self) {
        let mut books = BookBulk::new(self.org_id);
        for book_id in [1, 2] {
            books
                .book(&Book {
                    book_id,
                    number: format!("000{book_id}"),
                    name: "东街".into(),
                    unit_id: self.station,
                    reader_id: 51,
                    cycle: Cycle::Monthly,
                    reading_day: Some(5),
                    version: 1,
                })
                .unwrap();
        }
        let mut bulk = AccountBulk::new(self.org_id);
        for account_id in [1, 2] {
            bulk.account(&self.household(account_id)).unwrap();
            bulk.meter(&meter(account_id, Rate::ONE)).unwrap();
        }
        let mut factory = self.household(101);
        factory.account.category = Category::TwoPart;
        factory.account.voltage = VoltageLevel::From1To10kv;
        factory.account.price_class = "industry".into();
        factory.account.options = Options::DEDICATED_TRANSFORMER
            .with(Options::HAS_TERMS, true)
            .with(Options::HAS_TRANSFORMERS, true);
        bulk.account(&factory).unwrap();
        bulk.terms(&Terms {
            account_id: 101,
            basic: BasicMethod::ContractDemand,
            contract_demand_kw: Some(figure("400")),
            power_factor: None,
            transformer_loss: TransformerLossMethod::None,
            transformer_loss_kwh: None,
            transformer_loss_kvarh: None,
            line_loss: LineLossMethod::None,
            line_loss_rate: None,
            line_loss_kwh: None,
            loss_formula: None,
        })
        .unwrap();
        for (seq, capacity) in [(1, "315"), (2, "500")] {
            bulk.transformer(&Transformer {
                account_id: 101,
                seq,
                model: format!("S11-{capacity}"),
                capacity_kva: figure(capacity),
                connected_on: day("2020-01-01"),
            })
            .unwrap();
        }
        bulk.meter(&meter(101, "40".parse().unwrap())).unwrap();
        self.store
            .write(|tx| {
                books.load(tx)?;
                bulk.load(tx)
            })
            .unwrap();
    }

    fn household(&self, account_id: i64) -> AccountDetails {
        AccountDetails {
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
                due_day: 20,
                status: AccountStatus::Active,
                opened_on: day("2020-01-01"),
                closed_on: None,
                main_account_id: None,
            },
            number: format!("{:010}", 3_000_000_000 + account_id),
            name: format!("用户{account_id}"),
            address: "人民路1号".into(),
            phone: String::new(),
            route_sequence: account_id,
            collection: CollectionMethod::Counter,
            tax: TaxStatus::Consumer,
            version: 1,
        }
    }

    pub fn act<T>(
        &self,
        who: &Actor,
        on: &str,
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, ParameterError>,
    ) -> Result<T, ParameterError> {
        Desk::new(&self.store, who).act(at(on), command)
    }

    pub fn start(
        &self,
        on: &str,
        account_id: i64,
        lines: Vec<Line>,
    ) -> Result<ParameterTicket, ParameterError> {
        let new =
            NewChange {
                account_id: Some(account_id), applied_on: day(on), reason: "客户申请".into(), lines
            };
        self.act(&self.enterer, on, |work| start(work, &calendar(), &new))
    }

    /// Checked by the second person, dispatched and archived by the first.
    pub fn finish(&self, on: &str, ticket: &ParameterTicket) -> Result<Archived, ParameterError> {
        self.act(&self.checker, on, |work| check(work, ticket.ticket_id, "一致"))?;
        let handler = self.enterer.person_id;
        self.act(&self.enterer, on, |work| dispatch(work, &calendar(), ticket.ticket_id, handler))?;
        self.act(&self.enterer, on, |work| archive(work, &calendar(), ticket.ticket_id))
    }

    pub fn change(&self, on: &str, account_id: i64, lines: Vec<Line>) -> Result<Archived, ParameterError> {
        let ticket = self.start(on, account_id, lines)?;
        self.finish(on, &ticket)
    }

    pub fn supply(&self, account_id: i64) -> Supply {
        let today = day("2026-06-30");
        self.store.read(|tx| supply_of(tx, self.org_id, account_id, today)).unwrap().unwrap()
    }

    pub fn open_batch(&self, of: i64, books: &[i64]) {
        let on = format!("{}-01", month(of));
        self.act(&self.enterer, &on, |work| {
            Ok(create_batch(work, &calendar(), self.station, month(of), books)?)
        })
        .unwrap();
    }
}

pub fn meter(account_id: i64, multiplier: Rate) -> Meter {
    Meter {
        account_id,
        meter_seq: 1,
        number: format!("M{account_id:04}"),
        point_seq: 1,
        digits: 6,
        decimals: 2,
        multiplier,
        registers: 1,
        installed_on: day("2020-01-01"),
        removed_on: None,
    }
}

pub fn line(from: &str, change: Change) -> Line {
    Line { from: day(from), change }
}
pub fn capacity(from: &str, act: CapacityAct) -> Line {
    line(from, Change::Capacity { act })
}
pub fn total(value: &str) -> Vec<RegisterShown> {
    vec![RegisterShown { register: Register::Total, value: figure(value) }]
}
pub fn fault(error: ParameterError) -> Fault {
    match error {
        ParameterError::Line { fault, .. } => fault,
        other => panic!("another refusal: {other}"),
    }
}
