//! Opening the house, and who is who.

use identity::Actor;
use kernel::Date;
use store::{Store, StoreError};

use crate::failure::{Done, Failure};

/// Opens `url` and brings its schema up to date.
pub fn open(url: &str) -> Result<Store, StoreError> {
    let store = Store::open(url)?;
    store.migrate(&audit::schemas())?;
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
