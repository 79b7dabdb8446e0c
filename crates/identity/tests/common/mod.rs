//! A small house for the tests of getting in.
#![allow(dead_code)]

use identity::{
    Actor, Attempt, Desk, Founded, IdentityError, LoggedIn, LoginRefused, NewAssignment, NewOrganisation,
    NewPerson, NewUnit, PasswordCost, Work, credential, login,
};
use kernel::{Date, Moment, Text};
use store::Store;

/// The password of everybody.
pub const PASSWORD: &str = "seven quiet rivers";

pub fn each_engine(test: impl Fn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    store.migrate(&[identity::SCHEMA]).unwrap();
    test(&store);
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        store.migrate(&[identity::SCHEMA]).unwrap();
        test(&store);
    }
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn now() -> Moment {
    Moment::on(day("2026-03-02"), 9, 0)
}

pub struct House<'s> {
    pub store: &'s Store,
    pub founded: Founded,
}

impl<'s> House<'s> {
    pub fn found(store: &'s Store, code: &str) -> House<'s> {
        let new = NewOrganisation {
            code,
            name: Text::new("示范供电公司", "Example Power Company"),
            administrator_login: "root",
            administrator_name: "管理员",
        };
        let founded = store.write(|tx| identity::found_organisation(tx, &new, now())).unwrap();
        House { store, founded }
    }
    pub fn actor(&self, person_id: i64) -> Result<Actor, IdentityError> {
        let org_id = self.founded.org_id;
        self.store.read(|tx| identity::load_actor(tx, org_id, person_id, now().date()))
    }
    pub fn as_person<T>(
        &self,
        person_id: i64,
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        Desk::new(self.store, &self.actor(person_id)?).act(now(), command)
    }
    pub fn as_administrator<T>(
        &self,
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        self.as_person(self.founded.administrator_id, command)
    }
    pub fn unit(&self, parent_id: i64, kind: &str, code: &str) -> i64 {
        let new = NewUnit { parent_id, kind, code, name: Text::new(code, code) };
        self.as_administrator(|work| identity::create_unit(work, &new)).unwrap()
    }
    pub fn person(&self, unit_id: i64, login: &str) -> i64 {
        self.as_administrator(|work| {
            identity::create_person(work, &NewPerson { unit_id, login, name: login })
        })
        .unwrap()
    }
    /// A person of the whole company with [`PASSWORD`].
    pub fn with_password(&self, login: &str) -> i64 {
        let person_id = self.person(self.founded.unit_id, login);
        self.give_password(person_id);
        person_id
    }
    pub fn give_password(&self, person_id: i64) {
        let org_id = self.founded.org_id;
        let new =
            credential::prepare_password(self.store, PasswordCost::CHEAP, org_id, person_id, PASSWORD, now());
        self.store.write(|tx| credential::first_password(tx, &new.unwrap(), false, now())).unwrap();
    }
    pub fn assign(&self, person_id: i64, unit_id: i64, post: &str) -> Result<i64, IdentityError> {
        let from = day("2026-01-01");
        let new = NewAssignment { person_id, unit_id, post, from, until: None, serves: &[] };
        self.as_administrator(|work| identity::assign(work, &new))
    }
    pub fn attempt<'a>(&self, login: &'a str, password: &'a str, address: &'a str) -> Attempt<'a> {
        Attempt { org_id: self.founded.org_id, login, password, address, agent: "test" }
    }
    pub fn login_from(
        &self,
        login: &str,
        password: &str,
        address: &str,
        at: Moment,
    ) -> Result<LoggedIn, LoginRefused> {
        login::login(self.store, PasswordCost::CHEAP, &self.attempt(login, password, address), at)
    }
}
