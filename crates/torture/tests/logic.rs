//! Faults of logic, of people and of versions, at the counts of every commit; `zhangfang-torture` takes others.
//! Each harness has a twin that breaks the promise on purpose and must be found out.
#![allow(clippy::unwrap_used)]

use torture::report::{Asked, Report};
use torture::{model, tamper, upgrade};

fn good(report: Report) -> Report {
    println!("{report}");
    assert!(report.is_as_expected(), "{report}");
    report
}

/// XC-18, BILL-20: random commands, retries and questions are answered as the reference model answers them, on both
/// engines; the same request twice, at once or later, is done once.
#[test]
fn the_program_does_what_the_model_says() {
    let report = good(model::run(&Asked::new(256, 1)));
    assert!(report.counted("retries") > 1_000 && report.counted("given twice at once") > 200);
}

#[test]
fn a_wrong_rule_a_lost_command_and_a_doubled_one_are_found_out() {
    // In thirty sequences each kind of sabotage comes ten times; it is enough that each is seen at all.
    let report = good(model::run(&Asked::new(30, 7).sabotaged()));
    for kind in 0..3 {
        let found = report.failures.iter().filter(|one| {
            let number = one.replay.split("--only ").nth(1).and_then(|rest| rest.split(' ').next());
            number.and_then(|number| number.parse::<u64>().ok()).is_some_and(|number| number % 3 == kind)
        });
        assert!(found.count() > 0, "sabotage {kind} was not found out: {report}");
    }
}

/// XC-18: an edit of what is covered never goes unnoticed.
#[test]
fn every_edit_behind_the_programs_back_is_found() {
    let report = good(tamper::run(&Asked::new(500, 1)));
    assert_eq!(report.counted("edits"), 500);
}

#[test]
fn a_check_that_is_switched_off_lets_edits_through() {
    good(tamper::run(&Asked::new(60, 3).sabotaged()));
}

#[test]
fn what_no_check_covers_is_named_with_its_reason() {
    for (table, column, reason) in tamper::classes::OPEN {
        println!("{table}.{column}: {reason}");
        assert!(reason.len() > 10, "{table}.{column} needs a reason");
    }
}

/// XC-18: every released version's database opens, comes up to date under interruption, and says what it said before;
/// a newer one is refused; released steps are as they were released.
#[test]
fn databases_of_every_release_are_brought_up_to_date() {
    good(upgrade::run(&Asked::new(1, 1)));
}

#[test]
fn an_old_database_that_was_altered_is_found_out() {
    good(upgrade::run(&Asked::new(1, 1).sabotaged()));
}
