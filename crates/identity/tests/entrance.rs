//! Passwords, logins, waits and sessions, on both databases.
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, PASSWORD, day, each_engine, now};
use identity::credential::{self, PasswordFault};
use identity::login::{self, EventFilter, LoginEventKind};
use identity::session;
use identity::{Attempt, IdentityError, LoginRefused, PasswordCost, Theme};
use kernel::{Lang, Moment};
use store::Store;

const CHEAP: PasswordCost = PasswordCost::CHEAP;

fn later(seconds: i64) -> Moment {
    now().plus_millis(seconds * 1_000)
}

fn kinds(store: &Store, org_id: i64) -> Vec<(String, &'static str)> {
    let events = store.read(|tx| login::login_events(tx, org_id, &EventFilter::default(), 1_000)).unwrap();
    events.into_iter().rev().map(|event| (event.login, event.kind.map_or("?", LoginEventKind::key))).collect()
}

/// XC-01: whoever has a password comes in, and only with it; an unknown login and a wrong password are answered alike.
#[test]
fn only_the_password_opens() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let reader = house.with_password("reader");
        let org_id = house.founded.org_id;
        let idle = house.person(house.founded.unit_id, "nopassword");
        let refused = Err(LoginRefused::Wrong);
        for (at, (login, password)) in [
            ("reader", "wrong horse battery"),
            ("nobody", PASSWORD),
            ("nopassword", ""),
            ("nopassword", PASSWORD),
            ("READER", PASSWORD),
            ("reader'; --", PASSWORD),
            ("", ""),
            ("reader", &"x".repeat(100_000)),
        ]
        .into_iter()
        .enumerate()
        {
            let address = format!("10.0.0.{at}");
            let tried = house.login_from(login, password, &address, now());
            assert_eq!(tried.map(|_| ()), refused, "{login} {:.20}", password);
        }
        let inside = house.login_from("reader", PASSWORD, "10.0.0.1", now()).unwrap();
        assert_eq!((inside.session.person_id, inside.session.org_id), (reader, org_id));
        assert!(inside.session.is_clear() && !inside.session.csrf.is_empty());
        let other = House::found(store, "other");
        let attempt =
            Attempt { org_id: other.founded.org_id, ..house.attempt("reader", PASSWORD, "10.0.0.1") };
        assert_eq!(login::login(store, CHEAP, &attempt, now()).map(|_| ()), refused);
        // The list names known logins, and of unknown ones a fingerprint: people type passwords into the wrong field.
        let kept = kinds(store, org_id);
        assert!(kept.contains(&("reader".into(), "login")) && kept.contains(&("reader".into(), "failed")));
        let unknown: Vec<_> = kept.iter().filter(|(login, _)| login.starts_with('?')).collect();
        assert_eq!(unknown.len(), 4, "{kept:?}");
        assert!(idle > 0);
    });
}

/// XC-01: the fifth wrong try makes the login wait, also for the right password, and a restart forgets nothing.
#[test]
fn wrong_tries_wait() {
    each_engine(|store| {
        let house = House::found(store, "example");
        house.with_password("reader");
        house.with_password("other");
        let wrong = |at| house.login_from("reader", "wrong horse battery", "10.0.0.1", at).map(|_| ());
        let right = |login, at| house.login_from(login, PASSWORD, "10.0.0.1", at).map(|_| ());
        for _ in 0..4 {
            assert_eq!(wrong(now()), Err(LoginRefused::Wrong));
        }
        // The right password makes all well again.
        right("reader", now()).unwrap();
        for _ in 0..5 {
            assert_eq!(wrong(now()), Err(LoginRefused::Wrong));
        }
        assert_eq!(right("reader", now()), Err(LoginRefused::Wait { seconds: 5 }));
        assert_eq!(right("reader", later(4)), Err(LoginRefused::Wait { seconds: 1 }));
        right("other", now()).unwrap();
        assert_eq!(wrong(later(5)), Err(LoginRefused::Wrong));
        assert_eq!(right("reader", later(14)), Err(LoginRefused::Wait { seconds: 1 }));
        right("reader", later(15)).unwrap();
        let kept = kinds(store, house.founded.org_id);
        let throttled = kept.iter().filter(|(_, kind)| *kind == "throttled").count();
        assert_eq!(throttled, 2, "one line for each wait, not for each try: {kept:?}");
        // Also somebody unknown waits, in the same way.
        for _ in 0..5 {
            assert_eq!(
                house.login_from("nobody", "x", "10.0.0.2", now()).map(|_| ()),
                Err(LoginRefused::Wrong)
            );
        }
        assert_eq!(
            house.login_from("nobody", "x", "10.0.0.2", now()).map(|_| ()),
            Err(LoginRefused::Wait { seconds: 5 })
        );
    });
}

/// XC-01: many logins tried from one address make that address wait, and no other.
#[test]
fn an_address_waits() {
    each_engine(|store| {
        let house = House::found(store, "example");
        house.with_password("reader");
        let free = identity::AccessRules::on(now().date()).address_failures;
        for at in 0..free {
            let tried = house.login_from(&format!("guess{at}"), "x", "2001:db8::1", now());
            assert_eq!(tried.map(|_| ()), Err(LoginRefused::Wrong));
        }
        let from = |address: &str, at| house.login_from("reader", PASSWORD, address, at).map(|_| ());
        assert_eq!(from("2001:db8::77", now()), Err(LoginRefused::Wait { seconds: 5 }));
        from("2001:db8:0:1::1", now()).unwrap();
        from("2001:db8::77", later(5)).unwrap();
    });
}

/// XC-01: tries at the same moment are counted each.
#[test]
fn tries_at_once_are_counted() {
    each_engine(|store| {
        let house = House::found(store, "example");
        house.with_password("reader");
        let looked_at: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| house.login_from("reader", "wrong horse battery", "10.0.0.1", now())))
                .collect();
            let outcomes = tries.into_iter().map(|one| one.join().unwrap());
            outcomes.filter(|outcome| matches!(outcome, Err(LoginRefused::Wrong))).count()
        });
        assert_eq!(looked_at, 5);
    });
}

/// XC-01: a session lives by its limits, ends by itself and by logging out, and says who is in.
#[test]
fn a_session_has_its_limits() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let reader = house.with_password("reader");
        let inside = house.login_from("reader", PASSWORD, "10.0.0.1", now()).unwrap();
        let find = |token: &str, at| store.read(|tx| session::find_session(tx, token, at)).unwrap();
        let found = find(&inside.token, later(60)).unwrap();
        assert_eq!((found.person_id, &found.csrf), (reader, &inside.session.csrf));
        for token in ["", "x", &inside.token[1..], &"A".repeat(54), &inside.session.csrf] {
            assert_eq!(find(token, now()), None, "{token}");
        }
        assert!(find(&inside.token, later(1_799)).is_some());
        assert!(find(&inside.token, later(1_800)).is_none(), "half an hour without a request");
        // A request within the minute is not written; later ones are, and keep it alive up to the last moment.
        session::pass_session(store, &inside.token, later(59)).unwrap().unwrap();
        assert_eq!(find(&inside.token, later(60)).unwrap().touched_at, now());
        for minute in (20..=700).step_by(20) {
            assert!(session::pass_session(store, &inside.token, later(60 * minute)).unwrap().is_some());
        }
        assert_eq!(find(&inside.token, later(43_199)).unwrap().ends_at, later(43_200));
        assert!(find(&inside.token, later(43_200)).is_none());
        let again = house.login_from("reader", PASSWORD, "10.0.0.2", later(43_200)).unwrap();
        let listed = |at| store.read(|tx| session::sessions(tx, again.session.org_id, reader, at)).unwrap();
        assert_eq!(listed(later(43_200)).len(), 1, "what is over is gone");
        let third = house.login_from("reader", PASSWORD, "10.0.0.3", later(43_201)).unwrap();
        assert_eq!(listed(later(43_201)).len(), 2);
        let ended =
            store.write(|tx| session::end_session_of(tx, &third.session, again.session.id, later(43_202)));
        assert_eq!(ended, Ok(true));
        assert!(find(&again.token, later(43_202)).is_none());
        store.write(|tx| session::set_preferences(tx, &third.session, Some(Lang::En), Theme::Dark)).unwrap();
        let found = find(&third.token, later(43_203)).unwrap();
        assert_eq!((found.lang, found.theme), (Some(Lang::En), Theme::Dark));
        store.write(|tx| session::end_session(tx, &third.session, later(43_203))).unwrap();
        assert!(find(&third.token, later(43_203)).is_none());
        assert_eq!(kinds(store, third.session.org_id).last().unwrap().1, "logout");
    });
}

/// XC-01: an administrator gives a password that must be changed; the person changes it, and every session ends.
#[test]
fn a_password_is_given_and_changed() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let org_id = house.founded.org_id;
        let reader = house.with_password("reader");
        let old = house.login_from("reader", PASSWORD, "10.0.0.1", now()).unwrap();
        let given = credential::generate_password().unwrap();
        let new = credential::prepare_password(store, CHEAP, org_id, reader, &given, now()).unwrap();
        let by_reader = house.as_person(reader, |work| credential::set_password(work, &new, true));
        assert!(matches!(by_reader, Err(IdentityError::NotPermitted { .. })), "{by_reader:?}");
        house.as_administrator(|work| credential::set_password(work, &new, true)).unwrap();
        let find = |token: &str| store.read(|tx| session::find_session(tx, token, now())).unwrap();
        assert!(find(&old.token).is_none());
        let inside = house.login_from("reader", &given, "10.0.0.1", now()).unwrap();
        assert!(inside.session.must_change_password && !inside.session.is_clear());
        let change = |old: &str, new: &str| {
            credential::change_password(store, CHEAP, &inside.session, old, new, now())
        };
        assert_eq!(
            change("wrong horse battery", "another pair of shoes").map(|_| ()),
            Err(IdentityError::Login(LoginRefused::Wrong))
        );
        let used = PasswordFault::UsedBefore { last: 5 };
        for (new, fault) in [
            ("short", PasswordFault::TooShort { min: 10 }),
            (given.as_str(), used),
            (PASSWORD, used),
            ("password123", PasswordFault::Common),
            ("reader-1234567", PasswordFault::IsName),
        ] {
            assert_eq!(change(&given, new).map(|_| ()), Err(IdentityError::Password(fault)), "{new}");
        }
        let changed = change(&given, "another pair of shoes").unwrap();
        assert!(
            changed.session.is_clear() && find(&inside.token).is_none() && find(&changed.token).is_some()
        );
        house.login_from("reader", "another pair of shoes", "10.0.0.1", now()).unwrap();
        let own = house.founded.administrator_id;
        let new =
            credential::prepare_password(store, CHEAP, org_id, own, "quiet green river", now()).unwrap();
        let by_self = house.as_administrator(|work| credential::set_password(work, &new, false));
        assert!(matches!(by_self, Err(IdentityError::MakerIsChecker { .. })), "{by_self:?}");
        // The log will say that it was set and changed, and by whom, and nothing of the password.
        let changes = store.read(|tx| identity::changes(tx, org_id)).unwrap();
        let said: Vec<_> = changes
            .iter()
            .filter(|change| change.subject == "password")
            .map(|change| (change.by_person_id, change.new.as_str()))
            .collect();
        let administrator = house.founded.administrator_id;
        assert_eq!(said, [(reader, "set"), (administrator, "set, to be changed"), (reader, "changed")]);
    });
}

/// XC-01: the sixth password before may be used again, none of the last five.
#[test]
fn five_passwords_are_remembered() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let org_id = house.founded.org_id;
        let reader = house.with_password("reader");
        let prepare =
            |password: &str| credential::prepare_password(store, CHEAP, org_id, reader, password, now());
        for round in 1..=4 {
            let new = prepare(&format!("another pair of shoes {round}")).unwrap();
            house.as_administrator(|work| credential::set_password(work, &new, false)).unwrap();
            assert!(prepare(PASSWORD).is_err(), "{round}");
        }
        let new = prepare("another pair of shoes 5").unwrap();
        house.as_administrator(|work| credential::set_password(work, &new, false)).unwrap();
        prepare(PASSWORD).unwrap();
        assert!(prepare("another pair of shoes 1").is_err());
    });
}

/// XC-01: a locked account and a person who has left do not come in, and are out at once.
#[test]
fn locked_and_left_are_out() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let reader = house.with_password("reader");
        let clerk = house.with_password("clerk");
        let inside = house.login_from("reader", PASSWORD, "10.0.0.1", now()).unwrap();
        house.as_administrator(|work| credential::lock_person(work, reader, "lost the badge")).unwrap();
        let find = |token: &str| store.read(|tx| session::find_session(tx, token, now())).unwrap();
        assert!(find(&inside.token).is_none());
        let tried = |login, password| house.login_from(login, password, "10.0.0.1", now()).map(|_| ());
        assert_eq!(tried("reader", PASSWORD), Err(LoginRefused::Locked));
        assert_eq!(
            tried("reader", "wrong horse battery"),
            Err(LoginRefused::Wrong),
            "says nothing to a guesser"
        );
        let twice = house.as_administrator(|work| credential::lock_person(work, reader, "again"));
        assert!(matches!(twice, Err(IdentityError::AlreadyLocked { .. })));
        house.as_administrator(|work| credential::unlock_person(work, reader)).unwrap();
        assert!(find(&inside.token).is_none(), "an ended session stays ended");
        tried("reader", PASSWORD).unwrap();
        let own = house.founded.administrator_id;
        let locked = house.as_administrator(|work| credential::lock_person(work, own, "me"));
        assert!(matches!(locked, Err(IdentityError::MakerIsChecker { .. })));

        let inside = house.login_from("clerk", PASSWORD, "10.0.0.1", now()).unwrap();
        house.as_administrator(|work| identity::retire_person(work, clerk, day("2026-03-02"))).unwrap();
        assert!(find(&inside.token).is_none());
        assert_eq!(tried("clerk", PASSWORD), Err(LoginRefused::Wrong));
    });
}

/// A dearer hash follows at the next login; the password stays the same.
#[test]
fn a_cheap_hash_is_made_dearer() {
    each_engine(|store| {
        let house = House::found(store, "example");
        house.with_password("reader");
        let dearer = PasswordCost { memory_kib: 32, passes: 2, lanes: 1 };
        let hash = || {
            store
                .read(|tx| tx.list("SELECT hash FROM identity_password", &[], |row| row.text(0)))
                .unwrap()
                .pop()
                .unwrap()
        };
        assert!(hash().contains("m=8,t=1"));
        login::login(store, dearer, &house.attempt("reader", PASSWORD, "10.0.0.1"), now()).unwrap();
        assert!(hash().contains("m=32,t=2"));
        house.login_from("reader", PASSWORD, "10.0.0.1", now()).unwrap();
        assert!(hash().contains("m=32,t=2"), "it never becomes cheaper");
    });
}

/// XC-03: an authority proves the own password, waits like everybody else, and opens no session.
#[test]
fn an_authority_proves_the_own_password() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let head = house.with_password("head");
        let wrong = house.attempt("head", "wrong horse battery", "10.0.0.1");
        for _ in 0..5 {
            let tried = login::verify_authority(store, CHEAP, &wrong, now());
            assert_eq!(tried.map(|_| ()), Err(LoginRefused::Wrong));
        }
        let right = house.attempt("head", PASSWORD, "10.0.0.1");
        let tried = login::verify_authority(store, CHEAP, &right, now());
        assert_eq!(tried.map(|_| ()), Err(LoginRefused::Wait { seconds: 5 }));
        let lender = login::verify_authority(store, CHEAP, &right, later(5)).unwrap();
        assert!(!lender.has_passkey());
        let actor = lender.by_password().unwrap();
        assert_eq!(actor.person_id, head);
        let open = store.read(|tx| session::sessions(tx, actor.org_id, head, later(5))).unwrap();
        assert!(open.is_empty());
        assert_eq!(kinds(store, actor.org_id).last().unwrap().1, "authority");
    });
}

/// XC-15: what happened at the door stays; the tables refuse to forget it.
#[test]
fn the_list_of_logins_only_grows() {
    each_engine(|store| {
        let house = House::found(store, "example");
        house.with_password("reader");
        house.login_from("reader", PASSWORD, "10.0.0.1", now()).unwrap();
        for statement in
            ["DELETE FROM identity_login_event", "UPDATE identity_login_event SET address = '127.0.0.1'"]
        {
            assert!(store.write(|tx| tx.execute(statement, &[])).is_err(), "{statement}");
        }
        let filter = EventFilter { from: Some(later(1)), ..EventFilter::default() };
        let found = store.read(|tx| login::login_events(tx, house.founded.org_id, &filter, 10)).unwrap();
        assert_eq!(found, []);
    });
}
