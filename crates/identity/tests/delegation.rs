//! Acting for an absent colleague, on both databases.
#![allow(clippy::unwrap_used)]

mod common;

use common::{House, day, each_engine};
use identity::delegation::{self, NewDelegation};
use identity::{Actor, IdentityError, Permission, Work};
use kernel::Moment;
use store::Store;

const REVIEW: Permission = Permission("billing.review");
const READ: Permission = Permission("metering.enter_reading");
const APPROVE: Permission = Permission("adjustment.approve_centre");

struct Centre<'s> {
    house: House<'s>,
    centre: i64,
    absent: i64,
    substitute: i64,
    post: i64,
}

/// A billing centre whose head is away, and a reviewer of another centre's staff who has no post of the head.
fn centre(store: &Store) -> Centre<'_> {
    let house = House::found(store, "example");
    let centre = house.unit(house.founded.unit_id, "billing_centre", "C");
    let (absent, substitute) = (house.person(centre, "head"), house.person(centre, "deputy"));
    let post = house.assign(absent, centre, "billing_centre_head").unwrap();
    Centre { house, centre, absent, substitute, post }
}

impl Centre<'_> {
    fn leave<'a>(&self, posts: &'a [i64], from: &str, until: &str) -> NewDelegation<'a> {
        let (absent_id, substitute_id) = (self.absent, self.substitute);
        let (from, until) = (day(from), day(until));
        NewDelegation { absent_id, substitute_id, assignments: posts, from, until, reason: "leave" }
    }
    fn actor(&self, person_id: i64, on: &str) -> Actor {
        let org_id = self.house.founded.org_id;
        self.house.store.read(|tx| identity::load_actor(tx, org_id, person_id, day(on))).unwrap()
    }
}

/// XC-01: the substitute holds the post on the days named, with a mark for whom, and neither before nor after.
#[test]
fn a_substitute_acts_on_the_days_named() {
    each_engine(|store| {
        let it = centre(store);
        let posts = [it.post];
        let made = it.house.as_person(it.absent, |work| {
            delegation::delegate(work, &it.leave(&posts, "2026-03-03", "2026-03-10"))
        });
        let id = made.unwrap()[0];
        for (on, may) in
            [("2026-03-02", false), ("2026-03-03", true), ("2026-03-10", true), ("2026-03-11", false)]
        {
            let actor = it.actor(it.substitute, on);
            let held = actor.assignment_for(APPROVE, it.centre);
            assert_eq!(held.is_some(), may, "{on}");
            assert!(held.is_none_or(|held| held.for_person == Some(it.absent)));
            let absent = it.actor(it.absent, on);
            let own = absent.assignment_for(APPROVE, it.centre).unwrap();
            assert_eq!((own.for_person, own.lent_to.contains(&it.substitute)), (None, may), "{on}");
        }
        // It ends with the post itself, and earlier when somebody says so.
        let end = |last: &str| {
            it.house.as_person(it.substitute, |work| delegation::end_delegation(work, id, day(last)))
        };
        assert!(end("2026-03-02").is_err(), "it cannot end before it began");
        end("2026-03-05").unwrap();
        assert!(end("2026-03-09").is_err(), "an ended one is not made longer");
        assert!(it.actor(it.substitute, "2026-03-06").assignments.is_empty());
        let org_id = it.house.founded.org_id;
        let listed = store.read(|tx| delegation::delegations(tx, org_id, Some(it.absent))).unwrap();
        assert_eq!((listed.len(), listed[0].until, listed[0].made_by), (1, day("2026-03-05"), it.absent));
        for statement in [
            "DELETE FROM identity_delegation",
            "UPDATE identity_delegation SET until_day = 20991231",
            "UPDATE identity_delegation SET substitute_id = 1",
        ] {
            assert!(store.write(|tx| tx.execute(statement, &[])).is_err(), "{statement}");
        }
    });
}

/// XC-01, XC-15: what has not begun is withdrawn by those who may end it, once and for good; what has begun only ends.
#[test]
fn a_delegation_is_withdrawn_before_it_begins() {
    each_engine(|store| {
        let it = centre(store);
        let posts = [it.post];
        let org_id = it.house.founded.org_id;
        // The tests' commands are given on the 2nd of March.
        let arrange = |from: &str| {
            let new = it.leave(&posts, from, "2026-03-10");
            it.house.as_person(it.absent, |work| delegation::delegate(work, &new)).unwrap()[0]
        };
        let third = it.house.person(it.centre, "third");
        let withdraw = |person_id: i64, id: i64| {
            it.house.as_person(person_id, |work| delegation::withdraw_delegation(work, id))
        };
        let id = arrange("2026-03-03");
        assert!(matches!(withdraw(third, id), Err(IdentityError::NotPermitted { .. })));
        withdraw(it.substitute, id).unwrap();
        let unknown = Err(IdentityError::UnknownDelegation { delegation_id: id });
        assert_eq!(withdraw(it.absent, id), unknown, "once");
        let end =
            it.house.as_person(it.absent, |work| delegation::end_delegation(work, id, day("2026-03-05")));
        assert_eq!(end, unknown, "what is withdrawn does not end");
        for on in ["2026-03-03", "2026-03-10"] {
            assert!(it.actor(it.substitute, on).assignments.is_empty(), "{on}");
            assert!(it.actor(it.absent, on).assignments.iter().all(|own| own.lent_to.is_empty()), "{on}");
        }
        // The days are free for another arrangement, and the absent person or the administrator may withdraw as well.
        let again = arrange("2026-03-03");
        withdraw(it.absent, again).unwrap();
        let third_time = arrange("2026-03-03");
        it.house.as_administrator(|work| delegation::withdraw_delegation(work, third_time)).unwrap();
        let begun = arrange("2026-03-02");
        let refused = withdraw(it.absent, begun);
        assert_eq!(
            refused,
            Err(IdentityError::DelegationBegun { delegation_id: begun, from: day("2026-03-02") })
        );
        assert!(it.actor(it.substitute, "2026-03-02").assignment_for(APPROVE, it.centre).is_some());

        let kept = store.read(|tx| delegation::delegations(tx, org_id, Some(it.absent))).unwrap();
        let withdrawn: Vec<bool> = kept.iter().map(|one| one.withdrawn_at.is_some()).collect();
        assert_eq!(withdrawn, [true, true, true, false]);
        let changes = store.read(|tx| identity::changes(tx, org_id)).unwrap();
        let said: Vec<(&str, &str)> = changes
            .iter()
            .filter(|change| change.subject == "delegation" && change.subject_id == id)
            .map(|change| (change.old.as_str(), change.new.as_str()))
            .skip(1)
            .collect();
        assert_eq!(said, [("2026-03-10", "withdrawn")]);
        let good = || {
            let checked = store.read(|tx| identity::check::check(tx, org_id)).unwrap();
            checked.into_iter().find(|one| one.code == "identity.delegations").unwrap().is_good()
        };
        assert!(good());
        for statement in ["withdrawn_at = NULL", "withdrawn_at = 1", "until_day = 20260304"] {
            let edit = format!("UPDATE identity_delegation SET {statement} WHERE id = {id}");
            assert!(store.write(|tx| tx.execute(&edit, &[])).is_err(), "{statement}");
        }
        // Marked as withdrawn by nobody's command: found.
        let edit = format!("UPDATE identity_delegation SET withdrawn_at = 1 WHERE id = {begun}");
        store.write(|tx| tx.execute(&edit, &[])).unwrap();
        assert!(!good());
    });
}

/// XC-01: only the absent person and who gives posts arrange it, for real posts and days.
#[test]
fn who_arranges_a_substitute() {
    each_engine(|store| {
        let it = centre(store);
        let posts = [it.post];
        let good = it.leave(&posts, "2026-03-03", "2026-03-10");
        let by_substitute = it.house.as_person(it.substitute, |work| delegation::delegate(work, &good));
        assert!(matches!(by_substitute, Err(IdentityError::MakerIsChecker { .. })), "{by_substitute:?}");
        let third = it.house.person(it.centre, "third");
        let by_third = it.house.as_person(third, |work| delegation::delegate(work, &good));
        assert!(matches!(by_third, Err(IdentityError::NotPermitted { .. })), "{by_third:?}");
        let tried =
            |new: &NewDelegation<'_>| it.house.as_administrator(|work| delegation::delegate(work, new));
        for (from, until) in
            [("2026-03-10", "2026-03-03"), ("2026-03-01", "2026-03-10"), ("2026-03-03", "2027-03-04")]
        {
            let refused = tried(&it.leave(&posts, from, until));
            assert!(matches!(refused, Err(IdentityError::DelegationDays { .. })), "{from} {until}");
        }
        let own = NewDelegation { substitute_id: it.absent, ..good.clone() };
        assert_eq!(tried(&own), Err(IdentityError::OwnSubstitute));
        for posts in [&[][..], &[77]] {
            let refused = tried(&NewDelegation { assignments: posts, ..good.clone() });
            assert!(matches!(refused, Err(IdentityError::UnknownAssignment { .. })), "{refused:?}");
        }
        let stranger = NewDelegation { substitute_id: 77, ..good.clone() };
        assert_eq!(tried(&stranger), Err(IdentityError::UnknownPerson { person_id: 77 }));
        assert_eq!(tried(&good).unwrap().len(), 1);
        let twice = tried(&good);
        assert!(matches!(twice, Err(IdentityError::AlreadyHeld { .. })), "{twice:?}");
    });
}

/// XC-02: duties that do not go together are refused for a substitute as for a holder, in either order.
#[test]
fn a_substitute_has_no_incompatible_duties() {
    each_engine(|store| {
        let it = centre(store);
        let station = it.house.unit(it.house.founded.unit_id, "supply_station", "S1");
        let (reader, reviewer) = (it.house.person(station, "reader"), it.house.person(it.centre, "reviewer"));
        let reading = it.house.assign(reader, station, "meter_reader").unwrap();
        let reviewing = it.house.assign(reviewer, it.centre, "reviewer").unwrap();
        let give = |absent_id, substitute_id, post: i64| {
            let (from, until) = (day("2026-03-03"), day("2026-03-10"));
            let new = NewDelegation {
                absent_id,
                substitute_id,
                assignments: &[post],
                from,
                until,
                reason: "leave",
            };
            it.house.as_administrator(|work| delegation::delegate(work, &new))
        };
        for refused in [give(reader, reviewer, reading), give(reviewer, reader, reviewing)] {
            assert!(matches!(refused, Err(IdentityError::IncompatibleDuties { .. })), "{refused:?}");
        }
        // Who acts for a reader may neither act for a reviewer nor be given that post on these days.
        give(reader, it.substitute, reading).unwrap();
        assert!(it.actor(it.substitute, "2026-03-03").assignment_for(READ, station).is_some());
        let both = give(reviewer, it.substitute, reviewing);
        assert!(matches!(both, Err(IdentityError::IncompatibleDuties { .. })), "{both:?}");
        let given = it.house.assign(it.substitute, it.centre, "reviewer");
        assert!(matches!(given, Err(IdentityError::IncompatibleDuties { .. })), "{given:?}");
        assert!(it.actor(it.substitute, "2026-03-03").assignment_for(REVIEW, it.centre).is_none());
    });
}

/// XC-02: what the absent person made the substitute does not check, and the other way round, while it lasts.
#[test]
fn two_who_act_for_each_other_are_one_hand() {
    each_engine(|store| {
        let it = centre(store);
        let posts = [it.post];
        let third = it.house.person(it.centre, "third");
        it.house
            .as_administrator(|work| {
                delegation::delegate(work, &it.leave(&posts, "2026-03-03", "2026-03-10"))
            })
            .unwrap();
        let check = |who, maker, on: &str| {
            let actor = it.actor(who, on);
            let at = Moment::on(day(on), 9, 0);
            store.write(|tx| Work::new(tx, &actor, at).forbid_maker(maker, "TB-1"))
        };
        for on in ["2026-03-03", "2026-03-10"] {
            for (who, maker) in [(it.substitute, it.absent), (it.absent, it.substitute)] {
                assert!(matches!(check(who, maker, on), Err(IdentityError::OneHand { .. })), "{on}");
                assert_eq!(check(who, third, on), Ok(()));
                assert!(matches!(check(who, who, on), Err(IdentityError::MakerIsChecker { .. })));
            }
        }
        assert_eq!(check(it.substitute, it.absent, "2026-03-02"), Ok(()));
        assert_eq!(check(it.absent, it.substitute, "2026-03-11"), Ok(()));
    });
}
