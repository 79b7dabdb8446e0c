//! Alarms stop every desk until two persons have decided, on both databases; the tables keep them.
#![allow(clippy::unwrap_used)]

use identity::alarm::{self, AlarmFinding, NewAlarm};
use identity::{Actor, Assignment, Desk, IdentityError, Work};
use kernel::Moment;
use store::{Store, StoreError};

const ORG: i64 = 1;

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

fn now() -> Moment {
    Moment::on("2026-03-02".parse().unwrap(), 9, 0)
}

fn actor(person_id: i64, permission: &str) -> Actor {
    let held = Assignment {
        post: "test".into(),
        unit_id: 1,
        units: vec![1],
        all_units: true,
        permissions: vec![permission.to_owned()],
        for_person: None,
        lent_to: vec![],
    };
    Actor { org_id: ORG, person_id, name: format!("P{person_id}"), assignments: vec![held] }
}

fn finding(place: &str) -> AlarmFinding {
    AlarmFinding { check: "test.x".into(), place: place.into(), zh: "不符".into(), en: "wrong".into() }
}

fn raise(store: &Store, place: &str) -> i64 {
    let findings = [finding(place)];
    let new = NewAlarm { source: "check", found: 1, findings: &findings };
    store.write(|tx| alarm::raise(tx, ORG, 9, now(), &new)).unwrap().number
}

fn command(store: &Store) -> Result<(), StoreError> {
    Desk::new(store, &actor(5, "x")).act(now(), |_| Ok(()))
}

fn is_stopped(outcome: &Result<(), StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Stopped(_)))
}

/// XC-15: commands are refused while an alarm waits, in another organisation they are not; a second person decides.
#[test]
fn two_persons_decide() {
    each_engine(|store| {
        command(store).unwrap();
        assert_eq!(raise(store, "a"), 1);
        assert_eq!(raise(store, "a"), 1, "the same finding again is the same alarm");
        assert!(is_stopped(&command(store)));
        let once =
            Desk::new(store, &actor(5, "x")).act_once(now(), "v", "k", b"", |_| Ok::<_, StoreError>(1));
        assert!(matches!(once, Err(StoreError::Stopped(_))));
        let elsewhere = Actor { org_id: 2, ..actor(5, "x") };
        Desk::new(store, &elsewhere).act(now(), |_| Ok::<_, StoreError>(())).unwrap();

        let (auditor, head) = (actor(7, "alarm.propose"), actor(8, "alarm.confirm"));
        let both = Actor {
            assignments: [actor(7, "alarm.propose"), actor(7, "alarm.confirm")]
                .into_iter()
                .flat_map(|actor| actor.assignments)
                .collect(),
            ..actor(7, "x")
        };
        type Step = fn(&mut Work<'_, '_>) -> Result<alarm::Alarm, IdentityError>;
        let decide = |actor: &Actor, step: Step| Desk::new(store, actor).act_on_alarm(now(), step);
        let propose: Step = |work| alarm::propose(work, 1, "found out");
        let confirm: Step = |work| alarm::confirm(work, 1, "agreed");
        assert!(matches!(decide(&head, propose), Err(IdentityError::NotPermitted { .. })));
        assert!(matches!(decide(&head, confirm), Err(IdentityError::AlarmState { .. })));
        decide(&auditor, propose).unwrap();
        assert!(matches!(decide(&both, confirm), Err(IdentityError::MakerIsChecker { .. })));
        decide(&head, |work| alarm::send_back(work, 1, "why")).unwrap();
        decide(&auditor, propose).unwrap();
        assert!(is_stopped(&command(store)));
        decide(&head, confirm).unwrap();
        command(store).unwrap();
        let known = store.read(|tx| alarm::decided_findings(tx, ORG)).unwrap();
        assert!(known.contains(&finding("a")));
        assert_eq!(raise(store, "b"), 2, "a further finding raises again");
        assert!(is_stopped(&command(store)));
    });
}

/// The tables refuse deletion, decisions in one step, and every change after the decision.
#[test]
fn an_alarm_cannot_be_taken_back() {
    each_engine(|store| {
        raise(store, "a");
        for statement in [
            "DELETE FROM identity_alarm",
            "DELETE FROM identity_alarm_finding",
            "UPDATE identity_alarm_finding SET place = 'b'",
            "UPDATE identity_alarm SET found = 0, version = version + 1",
            "UPDATE identity_alarm SET state = 2, proposed_by = 1, confirmed_by = 2, version = version + 1",
            "UPDATE identity_alarm SET state = 1, proposed_by = 1",
        ] {
            let refused = store.write(|tx| tx.execute(statement, &[]));
            assert!(refused.is_err(), "{statement}");
        }
    });
}
