//! Organisations, units, persons and posts, on both databases.
#![allow(clippy::unwrap_used)]

use identity::{
    Desk, Founded, IdentityError, NewAssignment, NewOrganisation, NewPerson, NewUnit, Permission, Work,
};
use kernel::{Date, Moment, Text};
use store::{Store, StoreError};

fn each_engine(test: impl Fn(&Store)) {
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

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn now() -> Moment {
    Moment::on(day("2026-03-02"), 9, 0)
}

const READ: Permission = Permission("metering.enter_reading");
const REVIEW: Permission = Permission("billing.review");

struct House<'s> {
    store: &'s Store,
    founded: Founded,
}

impl<'s> House<'s> {
    fn found(store: &'s Store, code: &str) -> House<'s> {
        let new = NewOrganisation {
            code,
            name: Text::new("示范供电公司", "Example Power Company"),
            administrator_login: "root",
            administrator_name: "管理员",
        };
        let founded = store.write(|tx| identity::found_organisation(tx, &new, now())).unwrap();
        House { store, founded }
    }
    fn as_administrator<T>(
        &self,
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        self.as_person(self.founded.administrator_id, command)
    }
    fn as_person<T>(
        &self,
        person_id: i64,
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        let org_id = self.founded.org_id;
        let actor = self.store.read(|tx| identity::load_actor(tx, org_id, person_id, now().date()))?;
        Desk::new(self.store, &actor).act(now(), command)
    }
    fn unit(&self, parent_id: i64, kind: &str, code: &str) -> i64 {
        let new = NewUnit { parent_id, kind, code, name: Text::new(code, code) };
        self.as_administrator(|work| identity::create_unit(work, &new)).unwrap()
    }
    fn person(&self, unit_id: i64, login: &str) -> i64 {
        self.as_administrator(|work| {
            identity::create_person(work, &NewPerson { unit_id, login, name: login })
        })
        .unwrap()
    }
    fn assign(
        &self,
        person_id: i64,
        unit_id: i64,
        post: &str,
        from: &str,
        until: Option<&str>,
    ) -> Result<i64, IdentityError> {
        let new =
            NewAssignment { person_id, unit_id, post, from: day(from), until: until.map(day), serves: &[] };
        self.as_administrator(|work| identity::assign(work, &new))
    }
    fn may(&self, person_id: i64, permission: Permission, unit_id: i64, on: &str) -> bool {
        let org_id = self.founded.org_id;
        let actor = self.store.read(|tx| identity::load_actor(tx, org_id, person_id, day(on))).unwrap();
        actor.assignment_for(permission, unit_id).is_some()
    }
}

/// XC-01: a station's post acts on the station and below it, the centre's on all units, each on its days only.
#[test]
fn posts_act_on_their_units_and_days() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let root = house.founded.unit_id;
        let (one, two) = (house.unit(root, "supply_station", "S1"), house.unit(root, "supply_station", "S2"));
        let team = house.unit(one, "reading_team", "S1-T1");
        let centre = house.unit(root, "billing_centre", "C");
        let (reader, reviewer) = (house.person(one, "reader"), house.person(centre, "reviewer"));
        house.assign(reader, one, "meter_reader", "2026-01-01", Some("2026-06-30")).unwrap();
        house.assign(reviewer, centre, "reviewer", "2026-01-01", None).unwrap();
        let cases = [
            // who, may, on unit, on day, allowed
            (reader, READ, one, "2026-03-02", true),
            (reader, READ, team, "2026-03-02", true),
            (reader, READ, two, "2026-03-02", false),
            (reader, READ, root, "2026-03-02", false),
            (reader, READ, one, "2025-12-31", false),
            (reader, READ, one, "2026-06-30", true),
            (reader, READ, one, "2026-07-01", false),
            (reader, REVIEW, one, "2026-03-02", false),
            (reviewer, REVIEW, one, "2026-03-02", true),
            (reviewer, REVIEW, two, "2026-03-02", true),
            (reviewer, READ, one, "2026-03-02", false),
        ];
        for (person, permission, unit, on, allowed) in cases {
            assert_eq!(house.may(person, permission, unit, on), allowed, "{permission:?} {unit} {on}");
        }
        let new = NewAssignment {
            person_id: reader,
            unit_id: one,
            post: "slip_clerk",
            from: day("2026-01-01"),
            until: None,
            serves: &[two],
        };
        house.as_administrator(|work| identity::assign(work, &new)).unwrap();
        assert!(house.may(reader, Permission("adjustment.receive_slip"), two, "2026-03-02"));
        assert!(!house.may(reader, READ, two, "2026-03-02"), "the other post serves its own unit only");
    });
}

/// XC-01: what the server refuses: an act without the right, an act in another organisation, on oneself.
#[test]
fn rights_are_enforced_by_the_server() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let root = house.founded.unit_id;
        let station = house.unit(root, "supply_station", "S1");
        let reader = house.person(station, "reader");
        house.assign(reader, station, "meter_reader", "2026-01-01", None).unwrap();
        let by_reader = house.as_person(reader, |work| {
            identity::create_person(work, &NewPerson { unit_id: station, login: "friend", name: "友" })
        });
        assert!(matches!(by_reader, Err(IdentityError::NotPermitted { .. })), "{by_reader:?}");
        let own = house.assign(house.founded.administrator_id, root, "leader_in_charge", "2026-01-01", None);
        assert!(matches!(own, Err(IdentityError::MakerIsChecker { .. })), "{own:?}");

        let other = House::found(store, "other");
        let elsewhere = other.as_administrator(|work| {
            identity::create_person(work, &NewPerson { unit_id: station, login: "spy", name: "间" })
        });
        assert_eq!(elsewhere, Err(IdentityError::UnknownUnit { unit_id: station }));
        let stranger = other.assign(reader, other.founded.unit_id, "leader_in_charge", "2026-01-01", None);
        assert_eq!(stranger, Err(IdentityError::UnknownPerson { person_id: reader }));
        let found = store.read(|tx| identity::find_person(tx, other.founded.org_id, "reader")).unwrap();
        assert_eq!(found, None);
    });
}

/// XC-02: refused when assigning, allowed once the first post has ended.
#[test]
fn incompatible_duties_are_refused_when_assigning() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let root = house.founded.unit_id;
        let station = house.unit(root, "supply_station", "S1");
        let centre = house.unit(root, "billing_centre", "C");
        let person = house.person(station, "zhang");
        let reading = house.assign(person, station, "meter_reader", "2026-01-01", None).unwrap();
        let refused = house.assign(person, centre, "reviewer", "2026-04-01", None);
        assert!(
            matches!(&refused, Err(IdentityError::IncompatibleDuties { pair, .. }) if pair.first == "meter_reading"),
            "{refused:?}"
        );
        let twice = house.assign(person, station, "meter_reader", "2026-04-01", None);
        assert!(matches!(twice, Err(IdentityError::AlreadyHeld { .. })), "{twice:?}");
        let end = |last: &str| {
            house.as_administrator(|work| identity::end_assignment(work, person, reading, day(last)))
        };
        assert!(end("2025-12-31").is_err(), "it cannot end before it began");
        end("2026-03-31").unwrap();
        house.assign(person, centre, "reviewer", "2026-04-01", None).unwrap();
        assert!(house.may(person, READ, station, "2026-03-31"));
        assert!(!house.may(person, READ, station, "2026-04-01"));
        assert!(end("2026-05-31").is_err(), "an ended post is not made longer");
    });
}

/// XC-02: two administrators at once cannot give one person two posts that do not go together.
#[test]
fn two_assignments_at_once_see_each_other() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let root = house.founded.unit_id;
        let station = house.unit(root, "supply_station", "S1");
        let centre = house.unit(root, "billing_centre", "C");
        for round in 0..8 {
            let person = house.person(station, &format!("p{round}"));
            let given = std::thread::scope(|scope| {
                let one = scope.spawn(|| house.assign(person, station, "meter_reader", "2026-01-01", None));
                let two = scope.spawn(|| house.assign(person, centre, "reviewer", "2026-01-01", None));
                [one.join().unwrap(), two.join().unwrap()]
            });
            assert_eq!(given.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{given:?}");
        }
    });
}

/// XC-03: authority on the spot comes from another person who holds the right, and both are kept.
#[test]
fn authority_on_the_spot_keeps_both_persons() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let root = house.founded.unit_id;
        let org_id = house.founded.org_id;
        let station = house.unit(root, "supply_station", "S1");
        let (clerk, head) = (house.person(station, "clerk"), house.person(station, "head"));
        house.assign(clerk, station, "meter_reader", "2026-01-01", None).unwrap();
        house.assign(head, station, "station_head", "2026-01-01", None).unwrap();
        let approve = Permission("adjustment.approve_station");
        let load = |person| store.read(|tx| identity::load_actor(tx, org_id, person, now().date())).unwrap();
        let (clerk_actor, head_actor) = (load(clerk), load(head));
        let desk = Desk::new(store, &clerk_actor);
        let own = desk.act(now(), |work| work.with_authority(&clerk_actor, approve, station, "TB-1"));
        assert!(matches!(own, Err(IdentityError::OwnAuthority { .. })), "{own:?}");
        let wrong = desk.act(now(), |work| work.with_authority(&head_actor, REVIEW, station, "TB-1"));
        assert!(matches!(wrong, Err(IdentityError::NotPermitted { .. })), "{wrong:?}");
        let given = desk
            .act(now(), |work| {
                let given = work.with_authority(&head_actor, approve, station, "TB-1")?;
                assert_eq!(work.authority(), Some(&given));
                Ok::<_, IdentityError>(given)
            })
            .unwrap();
        assert_eq!((given.person_id, given.authority_id), (clerk, head));
        // What is lent opens that permission on that unit within that command, and nothing else.
        desk.act(now(), |work| {
            let refused = |work: &Work<'_, '_>, permission, unit_id| {
                matches!(work.require(permission, unit_id), Err(IdentityError::NotPermitted { .. }))
            };
            assert!(refused(work, approve, station));
            work.with_authority(&head_actor, approve, station, "TB-3")?;
            work.require(approve, station)?;
            assert!(refused(work, approve, root) && refused(work, REVIEW, station));
            Err::<(), _>(IdentityError::Store(StoreError::Busy))
        })
        .unwrap_err();
        desk.act(now(), |work| work.require(approve, station)).unwrap_err();
        let failed = desk.act(now(), |work| {
            work.with_authority(&head_actor, approve, station, "TB-2")?;
            Err::<(), _>(IdentityError::Store(StoreError::Busy))
        });
        assert!(failed.is_err());
        let kept = store.read(|tx| identity::authorities(tx, org_id)).unwrap();
        assert_eq!(kept.len(), 1, "what failed leaves nothing: {kept:?}");
        assert_eq!((kept[0].person_id, kept[0].authority_id), (clerk, head));
        assert_eq!((kept[0].authority_post.as_str(), kept[0].what.as_str()), ("station_head", "TB-1"));
    });
}

/// XC-15: each change of units, persons and posts is kept with who, when, old and new.
#[test]
fn changes_and_departures_are_kept() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let org_id = house.founded.org_id;
        let station = house.unit(house.founded.unit_id, "supply_station", "S1");
        let reader = house.person(station, "reader");
        house.assign(reader, station, "meter_reader", "2026-01-01", None).unwrap();
        house.as_administrator(|work| identity::retire_person(work, reader, day("2026-03-31"))).unwrap();
        let gone = store.read(|tx| identity::load_actor(tx, org_id, reader, day("2026-03-02")));
        assert_eq!(gone, Err(IdentityError::UnknownPerson { person_id: reader }));
        let held = store.read(|tx| identity::held_posts(tx, org_id, reader)).unwrap();
        assert_eq!(held[0].until, Some(day("2026-03-31")));
        let changes = store.read(|tx| identity::changes(tx, org_id)).unwrap();
        let subjects: Vec<&str> = changes.iter().map(|change| change.subject.as_str()).collect();
        assert_eq!(subjects, ["organisation", "unit", "person", "assignment", "person"]);
        assert!(changes.iter().all(|change| change.by_person_id == house.founded.administrator_id));
        assert_eq!((changes[4].old.as_str(), changes[4].new.as_str()), ("active", "retired 2026-03-31"));
    });
}

#[test]
fn hostile_names_are_refused() {
    each_engine(|store| {
        let house = House::found(store, "example");
        let root = house.founded.unit_id;
        for login in ["", "a b", "张", "x'; DROP TABLE identity_person; --", &"a".repeat(33)] {
            let tried = house.as_administrator(|work| {
                identity::create_person(work, &NewPerson { unit_id: root, login, name: "名" })
            });
            assert!(matches!(tried, Err(IdentityError::BadText { .. })), "{login:?}");
        }
        for name in ["", "  ", "a\nb", &"名".repeat(101)] {
            let tried = house.as_administrator(|work| {
                identity::create_person(work, &NewPerson { unit_id: root, login: "ok", name })
            });
            assert!(matches!(tried, Err(IdentityError::BadText { .. })), "{name:?}");
        }
        house.person(root, "same");
        let again = house.as_administrator(|work| {
            identity::create_person(work, &NewPerson { unit_id: root, login: "same", name: "名" })
        });
        assert!(matches!(again, Err(IdentityError::Store(StoreError::Duplicate(_)))), "{again:?}");
    });
}
