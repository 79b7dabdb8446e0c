//! Tokens of machines, on both databases.
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, day, each_engine, now};
use identity::token::{self, MadeToken, NewToken};
use identity::{IdentityError, Permission, credential};
use kernel::Moment;

const READ: Permission = Permission("metering.read");
const ENTER: Permission = Permission("metering.enter_reading");

fn new<'a>(person_id: i64, scopes: &'a [&'a str], last: &str) -> NewToken<'a> {
    NewToken { person_id, name: "handhelds", scopes, last_day: day(last) }
}

fn make(house: &House<'_>, by: i64, new: &NewToken<'_>) -> Result<MadeToken, IdentityError> {
    house.as_person(by, |work| token::create_token(work, new))
}

/// XC-01: a token does what its person may do and its scopes name, until its last day or until it is revoked.
#[test]
fn a_token_is_limited() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let (root, org_id) = (house.founded.unit_id, house.founded.org_id);
        let station = house.unit(root, "supply_station", "S1");
        let machine = house.person(station, "handheld");
        house.assign(machine, station, "meter_reader").unwrap();
        let by = house.founded.administrator_id;
        let made = make(&house, by, &new(machine, &["*.read", "billing.*"], "2026-03-31")).unwrap();
        assert!(made.secret.starts_with("zf_") && made.secret.len() > 60);
        let find = |secret: &str, at: Moment| store.read(|tx| token::find_token(tx, secret, at)).unwrap();
        let found = find(&made.secret, now()).unwrap();
        assert_eq!((found.org_id, found.id, found.person_id), (org_id, made.id, machine));
        let actor = store.read(|tx| token::token_actor(tx, &found, now().date())).unwrap();
        assert!(actor.assignment_for(READ, station).is_some());
        assert!(actor.assignment_for(ENTER, station).is_none(), "the person may, the token may not");
        for secret in
            ["", "zf_", "zf_AAAA", &made.secret[3..], &made.secret[..60], &format!("{}A", made.secret)]
        {
            assert_eq!(find(secret, now()), None, "{secret}");
        }
        let last = Moment::on(day("2026-03-31"), 24, 0);
        assert!(find(&made.secret, last.plus_millis(-1)).is_some() && find(&made.secret, last).is_none());

        token::pass_token(store, &made.secret, now()).unwrap().unwrap();
        token::pass_token(store, &made.secret, now().plus_millis(59_000)).unwrap().unwrap();
        let listed = store.read(|tx| token::tokens(tx, org_id, Some(machine))).unwrap();
        assert_eq!(listed[0].last_used_at, Some(now()), "written once a minute");
        assert_eq!(listed[0].scopes, ["*.read", "billing.*"]);

        house.as_administrator(|work| credential::lock_person(work, machine, "lost")).unwrap();
        assert_eq!(find(&made.secret, now()), None);
        house.as_administrator(|work| credential::unlock_person(work, machine)).unwrap();
        assert!(find(&made.secret, now()).is_some());
        house.as_administrator(|work| token::revoke_token(work, made.id)).unwrap();
        assert_eq!(find(&made.secret, now()), None);
        let again = house.as_administrator(|work| token::revoke_token(work, made.id));
        assert_eq!(again, Err(IdentityError::UnknownToken { token_id: made.id }));
        let said = store.read(|tx| identity::changes(tx, org_id)).unwrap();
        let said: Vec<_> = said
            .iter()
            .filter(|change| change.subject == "token")
            .map(|change| change.new.as_str())
            .collect();
        let words = format!("person {machine} until 2026-03-31 *.read billing.*: handhelds");
        assert_eq!(said, [words.as_str(), "revoked"]);
        assert!(!words.contains(&made.secret));
    });
}

/// XC-01: nobody holds a secret that acts as another person, and no token is for ever.
#[test]
fn who_makes_which_token() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let root = house.founded.unit_id;
        let reader = house.with_password("reader");
        let machine = house.person(root, "machine");
        let by = house.founded.administrator_id;
        let scopes: &[&str] = &["metering.read"];
        let own = make(&house, reader, &new(reader, scopes, "2026-03-31")).unwrap();
        let for_person = make(&house, by, &new(reader, scopes, "2026-03-31"));
        assert!(matches!(for_person, Err(IdentityError::TokenOfPerson { .. })), "{for_person:?}");
        let without_right = make(&house, reader, &new(machine, scopes, "2026-03-31"));
        assert!(matches!(without_right, Err(IdentityError::NotPermitted { .. })));
        for last in ["2026-03-01", "2027-03-04", "2099-01-01"] {
            let tried = make(&house, by, &new(machine, scopes, last));
            assert!(matches!(tried, Err(IdentityError::TokenDays { .. })), "{last}");
        }
        for bad in [&[][..], &["*"], &["everything.*"]] {
            let tried = make(&house, by, &new(machine, bad, "2026-03-31"));
            assert!(matches!(tried, Err(IdentityError::BadScopes { .. })), "{bad:?}");
        }
        let foreign = house.as_person(machine, |work| token::revoke_token(work, own.id));
        assert!(matches!(foreign, Err(IdentityError::NotPermitted { .. })), "{foreign:?}");
        house.as_person(reader, |work| token::revoke_token(work, own.id)).unwrap();
        for statement in [
            "DELETE FROM identity_token",
            "UPDATE identity_token SET revoked_at = NULL, revoked_by = NULL",
            "UPDATE identity_token SET scopes = 'identity.*'",
        ] {
            assert!(store.write(|tx| tx.execute(statement, &[])).is_err(), "{statement}");
        }
    });
}
