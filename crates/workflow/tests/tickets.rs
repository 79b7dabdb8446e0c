//! Stories of tickets and their clocks, on both databases.
#![allow(clippy::unwrap_used)]

mod house;

use house::{House, at, day, each_engine};
use identity::{Desk, IdentityError};
use store::StoreError;
use workflow::{ClockState, NewClock, Subject, Ticket, WorkflowError};

fn states(house: &House<'_>, ticket: &Ticket, today: &str) -> Vec<(String, String, ClockState, i64)> {
    house
        .look(|tx, org_id| workflow::clocks_of_ticket(tx, org_id, ticket.id, day(today)))
        .into_iter()
        .map(|standing| {
            let clock = standing.clock;
            (clock.code, clock.due_on.to_string(), standing.state, clock.answerable_unit_id)
        })
        .collect()
}

/// READ-10, XC-08: the reader asks for the book back; both timers run, the answer meets one and ends the other.
#[test]
fn a_book_is_asked_back_and_returned() {
    each_engine(|house| {
        let new = house.new_ticket("book_return", house.station, house.centre);
        let ticket = house.raise("reader", "2026-03-06", &new).unwrap();
        assert_eq!(ticket.number, "GZP-S1-2026-000001");
        let clock = |code: &str, state| (code.to_owned(), "2026-03-09".to_owned(), state, house.centre);
        assert_eq!(
            states(house, &ticket, "2026-03-09"),
            [clock("book_return", ClockState::Running), clock("refusal_reply", ClockState::Running)]
        );
        assert_eq!(states(house, &ticket, "2026-03-10")[0].2, ClockState::Late { days: 1 });
        let own = house.act("reader", "2026-03-09", &ticket, "agree", "");
        assert!(matches!(own, Err(WorkflowError::Identity(IdentityError::NotPermitted { .. }))), "{own:?}");
        let silent = house.act("reviewer", "2026-03-09", &ticket, "refuse", " ");
        assert!(matches!(silent, Err(WorkflowError::TextNeeded { .. })), "{silent:?}");
        let agreed = house.act("reviewer", "2026-03-09", &ticket, "agree", "同意").unwrap();
        assert!(agreed.closed && agreed.state == "agreed");
        assert_eq!(
            states(house, &agreed, "2026-03-31"),
            [clock("book_return", ClockState::Met), clock("refusal_reply", ClockState::Dropped)]
        );
        let again = house.act("reviewer", "2026-03-09", &agreed, "refuse", "晚了");
        assert!(matches!(again, Err(WorkflowError::NotNow { .. })), "{again:?}");
        let history = house.look(|tx, org_id| workflow::history(tx, org_id, ticket.id));
        let told: Vec<_> =
            history.iter().map(|step| (step.act.as_str(), step.post.as_str(), step.text.as_str())).collect();
        assert_eq!(told, [("raise", "meter_reader", "表码有误"), ("agree", "reviewer", "同意")]);
    });
}

/// XC-02: who raised a ticket does not answer it, even with rights on both sides.
#[test]
fn the_maker_of_a_ticket_never_answers_it() {
    each_engine(|house| {
        let new = house.new_ticket("book_return", house.station, house.centre);
        let ticket = house.raise("reader", "2026-03-06", &new).unwrap();
        let mut both = house.actor("reader");
        both.assignments.extend(house.actor("reviewer").assignments);
        let own = Desk::new(house.store, &both).act(at("2026-03-06"), |work| {
            workflow::act(work, &house.calendar, ticket.id, ticket.version, "agree", "")
        });
        assert!(matches!(own, Err(WorkflowError::Identity(IdentityError::MakerIsChecker { .. }))), "{own:?}");
    });
}

/// PARM-10: the centre finds an error, the station modifies until it is right, then the centre has 2 days to issue.
#[test]
fn an_error_list_goes_back_until_it_is_right() {
    each_engine(|house| {
        let new = house.new_ticket("error_list", house.centre, house.station);
        let raised = house.raise("reviewer", "2026-03-02", &new).unwrap();
        let modified = house.act("fee", "2026-03-03", &raised, "modify", "").unwrap();
        let rejected = house.act("reviewer", "2026-03-04", &modified, "reject", "倍率仍不对").unwrap();
        let modified = house.act("fee", "2026-03-06", &rejected, "modify", "").unwrap();
        assert_eq!(house.look(workflow::accounts_on_hold), [9001]);
        let right = house.act("reviewer", "2026-03-06", &modified, "confirm", "").unwrap();
        assert_eq!(house.look(workflow::accounts_on_hold), Vec::<i64>::new());
        assert_eq!(
            states(house, &right, "2026-03-10"),
            [
                ("any_step".into(), "2026-03-04".into(), ClockState::Met, house.station),
                ("any_step".into(), "2026-03-06".into(), ClockState::Met, house.station),
                ("issue_after_modification".into(), "2026-03-10".into(), ClockState::Running, house.centre),
            ]
        );
    });
}

/// READ-10, XC-08: refused late, the centre is answerable, and the late list shows it day by day until answered.
#[test]
fn the_late_list_shows_what_waits_and_who_answers() {
    each_engine(|house| {
        let ticket = house
            .raise("reader", "2026-03-06", &house.new_ticket("book_return", house.station, house.centre))
            .unwrap();
        let late = |today: &str| {
            house
                .look(|tx, org_id| workflow::late_list(tx, org_id, day(today)))
                .into_iter()
                .map(|standing| (standing.clock.answerable_unit_id, standing.state))
                .collect::<Vec<_>>()
        };
        assert_eq!(late("2026-03-09"), []);
        assert_eq!(late("2026-03-11"), [(house.centre, ClockState::Late { days: 2 }); 2]);
        let waiting =
            house.look(|tx, org_id| workflow::open_clocks(tx, org_id, day("2026-03-09"), day("2026-03-06")));
        assert_eq!(waiting.len(), 2);
        house.act("reviewer", "2026-03-12", &ticket, "refuse", "读数无误").unwrap();
        assert_eq!(late("2026-03-12"), []);
        let met =
            house.look(|tx, org_id| workflow::met_clocks(tx, org_id, day("2026-03-01"), day("2026-03-31")));
        assert_eq!(met.len(), 1);
        assert_eq!(met[0].clock.code, "refusal_reply");
        assert_eq!(met[0].state, ClockState::Late { days: 3 });
    });
}

/// BILL-11, BILL-14, BILL-15: an exception holds the issue until the data are in order, then the centre has 2 days.
#[test]
fn an_exception_holds_the_issue() {
    each_engine(|house| {
        let mut new = house.new_ticket("public_exception", house.centre, house.station);
        new.subject = Subject { kind: "account_month", id: 77 };
        let held = || {
            house
                .look(|tx, org_id| workflow::blocking_issue(tx, org_id, 9001))
                .into_iter()
                .map(|ticket| ticket.state)
                .collect::<Vec<_>>()
        };
        let listed = house.raise("reviewer", "2026-03-02", &new).unwrap();
        assert_eq!(held(), ["listed"]);
        let sent = house.act("reviewer", "2026-03-02", &listed, "send", "").unwrap();
        let stranger = house.act("fee2", "2026-03-03", &sent, "answer", "不是我站");
        assert!(matches!(stranger, Err(WorkflowError::Identity(IdentityError::NotPermitted { .. }))));
        let answered = house.act("fee", "2026-03-06", &sent, "answer", "换表").unwrap();
        assert_eq!(house.look(workflow::accounts_on_hold), [9001]);
        let in_order = house.act("reviewer", "2026-03-06", &answered, "data_in_order", "").unwrap();
        assert_eq!(held(), Vec::<String>::new());
        assert_eq!(house.look(workflow::accounts_on_hold), Vec::<i64>::new());
        house.act("reviewer", "2026-03-10", &in_order, "issue", "").unwrap();
        assert_eq!(
            states(house, &listed, "2026-03-31"),
            [
                ("feedback_public".into(), "2026-03-04".into(), ClockState::Late { days: 2 }, house.station),
                ("issue_after_exception".into(), "2026-03-10".into(), ClockState::Met, house.centre),
            ]
        );
    });
}

/// BILL-13: one working day for a reading anomaly, three for any other; receiving the ticket does not stop the clock.
#[test]
fn anomalies_of_dedicated_customers_have_their_own_limits() {
    each_engine(|house| {
        for (kind, due) in
            [("dedicated_reading_anomaly", "2026-03-09"), ("dedicated_other_anomaly", "2026-03-11")]
        {
            let new = house.new_ticket(kind, house.centre, house.station);
            let raised = house.raise("reviewer", "2026-03-06", &new).unwrap();
            let received = house.act("fee", "2026-03-06", &raised, "receive", "").unwrap();
            let clocks = states(house, &received, "2026-03-06");
            assert_eq!(clocks.len(), 1);
            assert_eq!((clocks[0].1.as_str(), clocks[0].2), (due, ClockState::Running));
            let answered = house.act("fee", "2026-03-09", &received, "answer", "倍率有误").unwrap();
            let closed = house.act("reviewer2", "2026-03-09", &answered, "close", "").unwrap();
            house.act("reviewer", "2026-03-10", &closed, "issue", "").unwrap();
        }
    });
}

/// PARM-11, PARM-13: reported by the station, approved by marketing, maintained by the centre, two working days each.
#[test]
fn a_plan_adjustment_goes_through_three_units() {
    each_engine(|house| {
        let mut new = house.new_ticket("reading_plan", house.station, house.marketing);
        let alone = house.raise("fee", "2026-03-02", &new);
        assert!(matches!(alone, Err(WorkflowError::ThirdUnit { .. })), "{alone:?}");
        new.third_unit_id = Some(house.centre);
        let reported = house.raise("fee", "2026-03-02", &new).unwrap();
        let early = house.act("reviewer", "2026-03-02", &reported, "maintain", "");
        assert!(matches!(early, Err(WorkflowError::NotNow { .. })), "{early:?}");
        let approved = house.act("marketing", "2026-03-04", &reported, "approve", "").unwrap();
        house.act("reviewer", "2026-03-09", &approved, "maintain", "").unwrap();
        assert_eq!(
            states(house, &reported, "2026-03-31"),
            [
                ("any_step".into(), "2026-03-04".into(), ClockState::Met, house.marketing),
                ("any_step".into(), "2026-03-06".into(), ClockState::Late { days: 3 }, house.centre),
            ]
        );
    });
}

/// XC-15: two persons act on one ticket at once; the second loads it again, and nothing is lost.
#[test]
fn a_ticket_that_moved_is_not_overwritten() {
    each_engine(|house| {
        let new = house.new_ticket("public_exception", house.centre, house.station);
        let listed = house.raise("reviewer", "2026-03-02", &new).unwrap();
        let sent = house.act("reviewer", "2026-03-02", &listed, "send", "").unwrap();
        house.by("fee", "2026-03-03", |work| workflow::add_feedback(work, sent.id, "正在核实")).unwrap();
        let stale = house.act("fee", "2026-03-03", &sent, "answer", "换表");
        assert_eq!(stale, Err(WorkflowError::Store(StoreError::Stale(sent.number.clone()))));
        let fresh = house.look(|tx, org_id| workflow::find(tx, org_id, sent.id));
        house.act("fee", "2026-03-03", &fresh, "answer", "换表").unwrap();
        let steps = house.look(|tx, org_id| workflow::history(tx, org_id, sent.id));
        assert_eq!(steps.iter().map(|step| step.step_no).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(steps.iter().filter(|step| step.is_feedback).count(), 2);
    });
}

/// XC-15: each step stands in the log of acts, under the right it used and the post that holds it.
#[test]
fn every_step_is_in_the_log() {
    each_engine(|house| {
        let new = house.new_ticket("book_return", house.station, house.centre);
        let ticket = house.raise("reader", "2026-03-06", &new).unwrap();
        house.act("reviewer", "2026-03-06", &ticket, "agree", "同意").unwrap();
        let report = house.store.read(|tx| vault::check(tx, house.org_id())).unwrap();
        assert_eq!(report.size - report.identity_changes as i64, 2, "beside the house's units and persons");
        assert!(report.findings.is_empty(), "{report:?}");
    });
}

/// BILL-06: a deadline is put off with a reason, charged to the unit that caused the delay, and only by who may.
#[test]
fn a_postponed_deadline_keeps_its_reason() {
    each_engine(|house| {
        let clock = house
            .by("reviewer", "2026-03-05", |work| {
                let new = NewClock {
                    code: "issue_clean_public",
                    ticket_id: None,
                    subject: Subject { kind: "reading_book", id: 501 },
                    account_id: None,
                    started_on: day("2026-03-05"),
                    answerable_unit_id: house.centre,
                    answerable_post: "reviewer",
                };
                Ok(workflow::start_clocks(work, &house.calendar, &[new])?.remove(0))
            })
            .unwrap();
        assert_eq!(clock.due_on, day("2026-03-10"));
        let put_off = |login: &str, due: &str, reason: &str| {
            house.by(login, "2026-03-07", |work| {
                workflow::postpone_clock(work, clock.id, day(due), house.station, reason)
            })
        };
        assert!(matches!(put_off("reader", "2026-03-12", "迟交"), Err(WorkflowError::Identity(_))));
        assert!(matches!(put_off("reviewer", "2026-03-12", ""), Err(WorkflowError::TextNeeded { .. })));
        assert!(matches!(put_off("reviewer", "2026-03-10", "迟交"), Err(WorkflowError::NotLater { .. })));
        put_off("reviewer", "2026-03-12", "迟交").unwrap();
        let standing = || {
            house.look(|tx, org_id| workflow::clocks_of(tx, org_id, "reading_book", 501, day("2026-03-12")))
        };
        assert_eq!(standing()[0].state, ClockState::Running);
        assert_eq!(standing()[0].clock.first_due_on, day("2026-03-10"));
        let kept = house.look(|tx, org_id| workflow::postponements(tx, org_id, clock.id));
        assert_eq!((kept[0].charged_unit_id, kept[0].reason.as_str()), (house.station, "迟交"));
        let met = house.by("reviewer", "2026-03-12", |work| {
            workflow::meet_clocks(work, "issue_clean_public", "reading_book", 501)
        });
        assert_eq!(met, Ok(1));
        assert_eq!(standing()[0].state, ClockState::Met);
        assert!(matches!(put_off("reviewer", "2026-03-20", "again"), Err(WorkflowError::ClockEnded { .. })));
    });
}

/// PARM-04, PARM-05: a hold-issue request blocks the customer until the ticket is archived, then the centre has 2 days.
#[test]
fn a_held_change_is_issued_after_archive() {
    each_engine(|house| {
        let new = house.new_ticket("hold_issue", house.station, house.centre);
        assert!(house.raise("reviewer", "2026-03-02", &new).is_err(), "the centre holds no parameter right");
        let held = house.raise("fee", "2026-03-02", &new).unwrap();
        assert_eq!(house.look(|tx, org_id| workflow::blocking_issue(tx, org_id, 9001)).len(), 1);
        let released = house.act("fee", "2026-03-06", &held, "release", "").unwrap();
        assert_eq!(house.look(|tx, org_id| workflow::blocking_issue(tx, org_id, 9001)).len(), 0);
        assert_eq!(
            states(house, &released, "2026-03-06"),
            [("issue_after_held_change".into(), "2026-03-10".into(), ClockState::Running, house.centre)]
        );
    });
}

#[test]
fn files_belong_to_a_ticket_by_their_fingerprint() {
    each_engine(|house| {
        let new = house.new_ticket("book_return", house.station, house.centre);
        let ticket = house.raise("reader", "2026-03-06", &new).unwrap();
        let attach = |login: &str, name: &str| {
            house.by(login, "2026-03-06", |work| {
                workflow::attach(work, ticket.id, name, "image/jpeg", 12_345, [7; 32])
            })
        };
        assert!(attach("fee2", "表.jpg").is_err());
        assert!(attach("fee", "").is_err());
        attach("fee", "表.jpg").unwrap();
        let files = house.look(|tx, org_id| workflow::attachments(tx, org_id, ticket.id));
        assert_eq!((files.len(), files[0].name.as_str(), files[0].sha256.len()), (1, "表.jpg", 32));
    });
}
