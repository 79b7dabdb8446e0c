//! The house put together: every schema, and who is who.

use identity::Actor;
use kernel::Date;
use store::{Schema, Store, StoreError};

use crate::failure::{Done, Failure};

/// Every module's schema, lower floors first.
pub fn schemas() -> Vec<Schema> {
    vec![
        identity::SCHEMA,
        vault::SCHEMA,
        documents::SCHEMA,
        ledger::SCHEMA,
        workflow::SCHEMA,
        metering::SCHEMA,
        metering::parameter::SCHEMA_PARAMETERS,
        metering::contract::SCHEMA_CONTRACTS,
        billing::SCHEMA,
        billing::MIGRATIONS_OFFICE,
    ]
}

/// Opens `url` and brings its schema up to date.
pub fn open(url: &str) -> Result<Store, StoreError> {
    let store = Store::open(url)?;
    store.migrate(&schemas())?;
    Ok(store)
}

/// The person with `login`, as they act on `day`.
pub fn actor(store: &Store, org_id: i64, login: &str, day: Date) -> Done<Actor> {
    let found = store.read(|tx| match identity::find_person(tx, org_id, login)? {
        Some(person) => identity::load_actor(tx, org_id, person.id, day).map(Some),
        None => Ok(None),
    })?;
    found.ok_or_else(|| {
        Failure::new(format!("没有登录名 {login:?}"), format!("nobody has the login {login:?}"))
    })
}
