//! The data files of tickets, deadlines, approvals and closings agree with each other and with the posts.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use kernel::{Date, Money, WorkingCalendar};
use workflow::catalogue::{LateParty, LimitUnit};
use workflow::{Catalogue, Clock, ClockState, Side, WorkflowError, rules};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Every state can be reached and left, every clock that starts can be met, every permission is held by some post.
#[test]
fn tickets_are_whole() {
    let identity = identity::Catalogue::built_in();
    for kind in &Catalogue::built_in().tickets {
        let code = kind.code;
        documents::kind(kind.document_kind).unwrap();
        let states: BTreeSet<&str> = kind.states.iter().map(|state| state.code).collect();
        assert_eq!(states.len(), kind.states.len(), "{code}");
        let mut reached = BTreeSet::from([kind.first_state]);
        for _ in 0..kind.states.len() {
            let next: Vec<&str> = kind
                .transitions
                .iter()
                .filter(|step| step.from.iter().any(|from| reached.contains(from)))
                .map(|step| step.to)
                .collect();
            reached.extend(next);
        }
        assert_eq!(reached, states, "{code}: states that cannot be reached, or are not listed");
        let mut started: BTreeSet<&str> = kind.starts.iter().map(|start| start.clock).collect();
        let mut met = BTreeSet::new();
        let mut meets_all = false;
        for step in &kind.transitions {
            for from in &step.from {
                assert!(!kind.state(from).unwrap().is_final, "{code}: {} leaves a final state", step.act);
            }
            started.extend(step.starts.iter().map(|start| start.clock));
            met.extend(step.meets.iter().copied());
            meets_all |= step.meets_all;
            assert!(identity.permission(step.permission.0).is_some(), "{code}: {:?}", step.permission);
            let third = step.side == Side::Third || step.starts.iter().any(|start| start.side == Side::Third);
            assert!(!third || kind.third_side, "{code} {}: no third side", step.act);
        }
        assert!(identity.permission(kind.raise_permission.0).is_some(), "{code}");
        for clock in &started {
            assert!(met.contains(clock) || meets_all, "{code}: {clock} is never met");
        }
        assert!(met.is_subset(&started), "{code}: meets a clock that never starts");
        for state in kind.states.iter().filter(|state| !state.is_final) {
            let left = kind.transitions.iter().any(|step| step.from.contains(&state.code));
            assert!(left, "{code}: {} is a dead end", state.code);
        }
    }
}

/// Approving posts exist and hold the permission; lists and closing items name what exists.
#[test]
fn approvals_lists_and_closings_are_whole() {
    let identity = identity::Catalogue::built_in();
    let catalogue = Catalogue::built_in();
    for limit in &catalogue.approval_limits {
        let post = identity.post(limit.post).unwrap();
        assert!(post.permissions.contains(limit.permission.0), "{} lacks {:?}", limit.post, limit.permission);
    }
    for list in &catalogue.lists {
        documents::kind(list.document_kind).unwrap();
    }
    for item in &catalogue.closing_items {
        assert!(identity.unit_kind(item.unit_kind).is_some(), "{}", item.code);
        assert!(item.list_kind.is_none_or(|code| catalogue.list(code).is_some()), "{}", item.code);
    }
}

/// Section 25: the limit, its unit and who is late, for every clock of these areas.
#[test]
fn deadlines_are_those_of_the_register() {
    use LateParty::{Both, Centre, Post, Station};
    use LimitUnit::{BeforeMonthEnd, Days, WorkingDays};
    let expected = [
        ("card_fax", 2, Days, Station, "READ-03"),
        ("submit_readings", 2, Days, Station, "READ-08"),
        ("book_return", 1, WorkingDays, Centre, "READ-10"),
        ("refusal_reply", 1, WorkingDays, Centre, "READ-10"),
        ("issue_clean_public", 3, WorkingDays, Centre, "BILL-04"),
        ("issue_clean_dedicated", 3, WorkingDays, Centre, "BILL-05"),
        ("feedback_public", 2, WorkingDays, Station, "BILL-11"),
        ("feedback_reading_anomaly", 1, WorkingDays, Station, "BILL-13"),
        ("feedback_other_anomaly", 3, WorkingDays, Station, "BILL-13"),
        ("issue_after_exception", 2, WorkingDays, Centre, "BILL-11 BILL-14"),
        ("adjustment_handling", 2, WorkingDays, Centre, "ADJ-14"),
        ("issue_after_adjustment", 2, WorkingDays, Centre, "ADJ-16"),
        ("issue_after_held_change", 2, WorkingDays, Centre, "PARM-05"),
        ("issue_after_modification", 2, WorkingDays, Centre, "PARM-10"),
        ("any_step", 2, WorkingDays, Post, "PARM-11"),
        ("contract_fax", 2, WorkingDays, Station, "PARM-15"),
        ("adjustments_running_list", 0, Days, Station, "ADJ-13"),
        ("changes_running_list", 0, Days, Station, "PARM-03"),
        ("confirm_receivable", 2, BeforeMonthEnd, Station, "RPT-03"),
        ("sign_feedback", 0, BeforeMonthEnd, Both, "BILL-12"),
        ("sign_contract_directory", 0, BeforeMonthEnd, Both, "PARM-17"),
        ("sign_adjustment_list", 0, BeforeMonthEnd, Both, "ADJ-12"),
    ];
    let found: Vec<_> = Catalogue::built_in()
        .deadlines
        .iter()
        .map(|deadline| (deadline.code, deadline.limit, deadline.unit, deadline.late, deadline.requirement))
        .collect();
    assert_eq!(found, expected);
}

/// XC-07: working days, calendar days and days before the month's end.
#[test]
fn due_days_are_counted_by_their_unit() {
    let calendar = WorkingCalendar::mainland_china().unwrap();
    let cases = [
        ("book_return", "2026-03-06", "2026-03-09"),     // Friday to Monday
        ("book_return", "2026-02-13", "2026-02-14"),     // a worked Saturday
        ("feedback_public", "2026-02-14", "2026-02-25"), // over the Spring Festival
        ("issue_clean_public", "2026-09-30", "2026-10-10"), // over the National Day, a worked Saturday
        ("submit_readings", "2026-03-06", "2026-03-08"), // calendar days end on a Sunday
        ("card_fax", "2026-12-31", "2027-01-02"),        // calendar days need no calendar of 2027
        ("confirm_receivable", "2026-02-01", "2026-02-26"), // two days before the end
        ("confirm_receivable", "2026-03-15", "2026-03-29"),
        ("sign_feedback", "2026-04-30", "2026-04-30"),
        ("adjustments_running_list", "2026-03-07", "2026-03-07"),
    ];
    for (code, started, due) in cases {
        assert_eq!(rules::due_by_code(&calendar, code, day(started)).unwrap(), day(due), "{code} {started}");
    }
    assert!(matches!(
        rules::due_by_code(&calendar, "siesta", day("2026-03-06")),
        Err(WorkflowError::Unknown { what: "deadline", .. })
    ));
    assert!(matches!(
        rules::due_by_code(&calendar, "book_return", day("2026-12-31")),
        Err(WorkflowError::Figure(_))
    ));
}

/// XC-08
#[test]
fn a_clock_runs_is_met_or_is_late() {
    let clock = |met_on: Option<&str>, dropped_on: Option<&str>| Clock {
        id: 1,
        code: "book_return".into(),
        ticket_id: None,
        subject_kind: "reading_book".into(),
        subject_id: 1,
        account_id: None,
        started_on: day("2026-03-02"),
        first_due_on: day("2026-03-03"),
        due_on: day("2026-03-03"),
        answerable_unit_id: 1,
        answerable_post: String::new(),
        met_on: met_on.map(day),
        dropped_on: dropped_on.map(day),
        version: 1,
    };
    let cases = [
        (clock(None, None), "2026-03-03", ClockState::Running),
        (clock(None, None), "2026-03-04", ClockState::Late { days: 1 }),
        (clock(None, None), "2026-04-03", ClockState::Late { days: 31 }),
        (clock(Some("2026-03-03"), None), "2026-04-03", ClockState::Met),
        (clock(Some("2026-03-05"), None), "2026-04-03", ClockState::Late { days: 2 }),
        (clock(None, Some("2026-03-09")), "2026-04-03", ClockState::Dropped),
    ];
    for (clock, today, state) in cases {
        assert_eq!(rules::clock_state(&clock, day(today)), state, "{clock:?} {today}");
    }
}

/// BILL-06: review and issue move by the days the book was late, never onto a day off, and not at all without delay.
#[test]
fn a_late_book_postpones_the_issue() {
    let calendar = WorkingCalendar::mainland_china().unwrap();
    let cases = [
        // due, expected, actual, due then
        ("2026-03-10", "2026-03-05", "2026-03-05", "2026-03-10"),
        ("2026-03-10", "2026-03-05", "2026-03-04", "2026-03-10"),
        ("2026-03-10", "2026-03-05", "2026-03-07", "2026-03-12"),
        ("2026-03-10", "2026-03-05", "2026-03-09", "2026-03-16"), // 14 March is a Saturday
    ];
    for (due, expected, actual, then) in cases {
        let found = rules::postponed(&calendar, day(due), day(expected), day(actual)).unwrap();
        assert_eq!(found, day(then), "{actual}");
    }
}

/// ADJ-03, ADJ-17: whose approval an amount needs.
#[test]
fn the_amount_decides_who_approves() {
    let cases: &[(&str, &str, bool, &[&str])] = &[
        ("adjustment_station", "0.01", false, &["station_head"]),
        ("adjustment_station", "4999.99", true, &["station_head"]),
        ("adjustment_station", "5000.00", true, &["station_head", "marketing_officer"]),
        ("adjustment_station", "50000.00", true, &["station_head", "marketing_officer", "leader_in_charge"]),
        ("adjustment_station", "50000.00", false, &["station_head", "marketing_officer"]),
        ("adjustment_centre", "49999.99", true, &["billing_centre_head"]),
        ("adjustment_centre", "50000.00", true, &["billing_centre_head", "leader_in_charge"]),
        ("adjustment_metering", "1.00", true, &["metering_institute_head"]),
        ("adjustment_inspection", "1.00", false, &["inspection_head"]),
    ];
    for (kind, amount, is_refund, posts) in cases {
        let amount: Money = amount.parse().unwrap();
        let steps = rules::approval_steps(kind, amount, *is_refund, day("2026-03-02")).unwrap();
        let found: Vec<&str> = steps.iter().map(|step| step.post).collect();
        assert_eq!(&found, posts, "{kind} {amount} {is_refund}");
    }
    let before = rules::approval_steps("adjustment_station", Money::ZERO, true, day("1990-01-01"));
    assert!(matches!(before, Err(WorkflowError::NoLimit { .. })));
    let negative = rules::approval_steps("adjustment_station", Money::from_fen(-1), true, day("2026-03-02"));
    assert_eq!(negative, Err(WorkflowError::NegativeAmount));
}
