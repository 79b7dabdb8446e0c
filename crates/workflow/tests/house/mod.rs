//! A small company with its units and persons, on each database in turn.
#![allow(clippy::unwrap_used, dead_code)]

use identity::{Actor, Desk, Founded, NewAssignment, NewOrganisation, NewPerson, NewUnit, Work};
use kernel::{Date, Moment, Text, WorkingCalendar};
use store::Store;
use workflow::{NewTicket, Subject, Ticket, WorkflowError};

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn at(date: &str) -> Moment {
    Moment::on(day(date), 9, 0)
}

pub struct House<'s> {
    pub store: &'s Store,
    pub founded: Founded,
    pub calendar: WorkingCalendar,
    pub station: i64,
    pub other_station: i64,
    pub centre: i64,
    pub marketing: i64,
    pub metering: i64,
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

fn found(store: &Store) -> House<'_> {
    store.migrate(&[identity::SCHEMA, documents::SCHEMA, vault::SCHEMA, workflow::SCHEMA]).unwrap();
    let new = NewOrganisation {
        code: "example",
        name: Text::new("示范供电公司", "Example Power Company"),
        administrator_login: "root",
        administrator_name: "管理员",
    };
    let founded = store.write(|tx| identity::found_organisation(tx, &new, at("2026-01-04"))).unwrap();
    let mut house = House {
        store,
        founded,
        calendar: WorkingCalendar::mainland_china().unwrap(),
        station: 0,
        other_station: 0,
        centre: 0,
        marketing: 0,
        metering: 0,
    };
    house.station = house.unit("supply_station", "S1");
    house.other_station = house.unit("supply_station", "S2");
    house.centre = house.unit("billing_centre", "C");
    house.marketing = house.unit("marketing_department", "M");
    house.metering = house.unit("metering_institute", "J");
    for (login, unit, post) in [
        ("reader", house.station, "meter_reader"),
        ("fee", house.station, "station_fee_administrator"),
        ("fee2", house.other_station, "station_fee_administrator"),
        ("head", house.station, "station_head"),
        ("reviewer", house.centre, "reviewer"),
        ("reviewer2", house.centre, "reviewer"),
        ("centre_head", house.centre, "billing_centre_head"),
        ("marketing", house.marketing, "marketing_officer"),
        ("metering", house.metering, "metering_institute_clerk"),
        ("metering_head", house.metering, "metering_institute_head"),
        ("leader", house.founded.unit_id, "leader_in_charge"),
    ] {
        house.person(login, unit, post);
    }
    house
}

impl House<'_> {
    pub fn org_id(&self) -> i64 {
        self.founded.org_id
    }
    fn administrator(&self) -> Actor {
        let (org_id, person) = (self.founded.org_id, self.founded.administrator_id);
        self.store.read(|tx| identity::load_actor(tx, org_id, person, day("2026-01-04"))).unwrap()
    }
    fn unit(&self, kind: &str, code: &str) -> i64 {
        let parent_id = self.founded.unit_id;
        let new = NewUnit { parent_id, kind, code, name: Text::new(code, code) };
        let actor = self.administrator();
        Desk::new(self.store, &actor).act(at("2026-01-04"), |work| identity::create_unit(work, &new)).unwrap()
    }
    fn person(&self, login: &str, unit_id: i64, post: &str) {
        let actor = self.administrator();
        let desk = Desk::new(self.store, &actor);
        desk.act(at("2026-01-04"), |work| {
            let person_id = identity::create_person(work, &NewPerson { unit_id, login, name: login })?;
            let from = day("2026-01-04");
            let new = NewAssignment { person_id, unit_id, post, from, until: None, serves: &[] };
            identity::assign(work, &new)
        })
        .unwrap();
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
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, WorkflowError>,
    ) -> Result<T, WorkflowError> {
        let actor = self.actor(login);
        Desk::new(self.store, &actor).act(at(date), command)
    }
    pub fn look<T>(&self, look: impl FnOnce(&mut store::Tx<'_>, i64) -> Result<T, WorkflowError>) -> T {
        self.store.read(|tx| look(tx, self.founded.org_id)).unwrap()
    }
    pub fn new_ticket<'a>(&self, kind: &'a str, from: i64, to: i64) -> NewTicket<'a> {
        NewTicket {
            kind,
            subject: Subject { kind: "reading_book", id: 501 },
            account_id: Some(9001),
            book_id: Some(501),
            month: Some(day("2026-03-01").month()),
            raised_unit_id: from,
            addressed_unit_id: to,
            addressed_post: "",
            third_unit_id: None,
            text: "表码有误",
        }
    }
    pub fn raise(&self, login: &str, date: &str, new: &NewTicket<'_>) -> Result<Ticket, WorkflowError> {
        self.by(login, date, |work| workflow::raise(work, &self.calendar, new))
    }
    pub fn act(
        &self,
        login: &str,
        date: &str,
        ticket: &Ticket,
        act: &str,
        text: &str,
    ) -> Result<Ticket, WorkflowError> {
        self.by(login, date, |work| workflow::act(work, &self.calendar, ticket.id, ticket.version, act, text))
    }
}
