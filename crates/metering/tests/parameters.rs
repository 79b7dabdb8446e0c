//! Change tickets from start to archive, on both engines.
#![allow(clippy::unwrap_used)]

mod desk;

use desk::*;
use identity::{Catalogue, IdentityError};
use kernel::{Bilingual, Lang};
use metering::account::*;
use metering::parameter::*;

fn persons(from: &str, persons: u8) -> Line {
    line(from, Change::Persons { persons })
}

fn refused_for_want_of_permission<T: std::fmt::Debug>(result: Result<T, ParameterError>) {
    match result.unwrap_err() {
        ParameterError::Identity(IdentityError::NotPermitted { .. })
        | ParameterError::Workflow(workflow::WorkflowError::Identity(IdentityError::NotPermitted {
            ..
        })) => {}
        other => panic!("another refusal: {other}"),
    }
}

/// PARM-01, PARM-07: the station starts, enters, has checked by another person, dispatches and archives; nothing is
/// applied before; every parameter is kept before and after.
#[test]
fn a_ticket_is_applied_when_it_is_archived_and_not_before() {
    each_engine(|company| {
        let wanted = vec![persons("2026-03-02", 6), line("2026-03-02", Change::Relief { entitled: true })];
        let ticket = company.start("2026-03-02", 1, vec![persons("2026-03-02", 5)]).unwrap();
        let id = ticket.ticket_id;
        let entered = company
            .act(&company.enterer, "2026-03-02", |work| enter(work, &calendar(), id, &wanted))
            .unwrap();
        assert_eq!((entered.revision, entered.checked_by), (2, None));
        // Neither without a check nor by the person who entered it.
        let handler = company.enterer.person_id;
        let early =
            company.act(&company.enterer, "2026-03-02", |work| dispatch(work, &calendar(), id, handler));
        assert!(matches!(early, Err(ParameterError::NotNow { .. })), "{early:?}");
        let own = company.act(&company.enterer, "2026-03-02", |work| check(work, id, ""));
        assert!(matches!(own, Err(ParameterError::Identity(IdentityError::MakerIsChecker { .. }))));
        let unsent = company.act(&company.enterer, "2026-03-02", |work| archive(work, &calendar(), id));
        assert!(matches!(unsent, Err(ParameterError::NotNow { .. })));
        assert_eq!(company.supply(1).details.account.persons, 3);

        let done = company.finish("2026-03-03", &ticket).unwrap();
        assert_eq!((done.changed, done.waiting, done.account_id), (2, 0, 1));
        let account = company.supply(1).details.account;
        assert_eq!(account.persons, 6);
        assert!(account.options.has(Options::FREE_ENERGY));
        let kept = company.store.read(|tx| history(tx, company.org_id, 1)).unwrap();
        assert_eq!(kept[0].change.field, "persons");
        assert_eq!((kept[0].change.old.as_deref(), kept[0].change.new.as_deref()), (Some("3"), Some("6")));
        assert_eq!(
            (kept[0].change.from, kept[0].ticket.as_str()),
            (day("2026-03-02"), ticket.number.as_str())
        );
        assert_eq!(kept[0].person_id, company.enterer.person_id);
        // Twice changes nothing.
        let again = company.act(&company.enterer, "2026-03-03", |work| archive(work, &calendar(), id));
        assert!(matches!(again, Err(ParameterError::NotNow { .. })));
        let lines = company.store.read(|tx| lines(tx, company.org_id, id)).unwrap();
        assert_eq!(lines.iter().filter(|line| line.applied_at.is_some()).count(), 2);
        assert_eq!(lines.len(), 3, "the first entry is kept");
    });
}

/// PARM-07, PARM-08, BILL-17: no post of the centre holds a right to receive, check, dispatch, archive or change
/// parameters, and every such command refuses a reviewer.
#[test]
fn the_centre_cannot_touch_a_parameter() {
    let catalogue = Catalogue::built_in();
    for post in &catalogue.posts {
        let of_centre =
            post.unit_kinds.contains(&"billing_centre") || post.unit_kinds.contains(&"settlement_centre");
        let changes = post.permissions.iter().any(|name| name.starts_with("parameter."));
        assert!(!(of_centre && changes), "{}", post.code);
        let dispatches =
            ["parameter.dispatch", "parameter.archive"].iter().any(|name| post.permissions.contains(name));
        assert!(!dispatches || post.unit_kinds.contains(&"supply_station"), "{}", post.code);
    }
    for permission in permissions::ALL {
        assert!(catalogue.permissions.iter().any(|known| known.name == permission.0), "{}", permission.0);
    }
    each_engine(|company| {
        let reviewer = &company.reviewer;
        let new = NewChange {
            account_id: Some(1),
            applied_on: day("2026-03-02"),
            reason: "试".into(),
            lines: vec![persons("2026-03-02", 5)],
        };
        let ticket = company.start("2026-03-02", 1, new.lines.clone()).unwrap();
        let (id, calendar) = (ticket.ticket_id, calendar());
        let on = "2026-03-02";
        refused_for_want_of_permission(company.act(reviewer, on, |work| start(work, &calendar, &new)));
        refused_for_want_of_permission(
            company.act(reviewer, on, |work| start_other(work, &calendar, company.centre, &new)),
        );
        refused_for_want_of_permission(
            company.act(reviewer, on, |work| enter(work, &calendar, id, &new.lines)),
        );
        refused_for_want_of_permission(company.act(reviewer, on, |work| check(work, id, "")));
        refused_for_want_of_permission(
            company.act(reviewer, on, |work| audit(work, &calendar, id, true, "")),
        );
        refused_for_want_of_permission(company.act(reviewer, on, |work| dispatch(work, &calendar, id, 1)));
        refused_for_want_of_permission(company.act(reviewer, on, |work| archive(work, &calendar, id)));
        refused_for_want_of_permission(company.act(reviewer, on, |work| withdraw(work, &calendar, id, "试")));
        refused_for_want_of_permission(
            company.act(reviewer, on, |work| apply_due(work, &calendar, company.station)),
        );
        refused_for_want_of_permission(
            company.act(reviewer, on, |work| list_circulation(work, company.station)),
        );
        // Nor can the station hand one to the centre.
        company.act(&company.checker, on, |work| check(work, id, "")).unwrap();
        let handed =
            company.act(&company.enterer, on, |work| dispatch(work, &calendar, id, reviewer.person_id));
        refused_for_want_of_permission(handed);
    });
}

/// PARM-09, PARM-11: a ticket of the metering institute is received and audited by the station; the steps have clocks
/// of two working days.
#[test]
fn the_station_audits_tickets_of_other_units() {
    each_engine(|company| {
        let swap = Change::MeterSwap {
            off: MeterShown { meter_seq: 1, registers: total("1234.5") },
            on: NewMeter {
                number: "N0001".into(),
                point_seq: 1,
                digits: 6,
                decimals: 2,
                multiplier: kernel::Rate::ONE,
                registers: total("0"),
            },
        };
        let new = NewChange {
            account_id: Some(1),
            applied_on: day("2026-03-02"),
            reason: "表计故障".into(),
            lines: vec![line("2026-03-02", swap)],
        };
        let (calendar, clerk) = (calendar(), &company.metering_clerk);
        let ticket = company
            .act(clerk, "2026-03-02", |work| start_other(work, &calendar, company.institute, &new))
            .unwrap();
        let id = ticket.ticket_id;
        refused_for_want_of_permission(
            company.act(clerk, "2026-03-02", |work| audit(work, &calendar, id, true, "")),
        );
        let clocks = company
            .store
            .read(|tx| workflow::clocks_of_ticket(tx, company.org_id, id, day("2026-03-02")))
            .unwrap();
        assert_eq!(clocks.len(), 1);
        assert_eq!(
            (clocks[0].clock.due_on, clocks[0].clock.answerable_unit_id),
            (day("2026-03-04"), company.station)
        );
        let audited = company
            .act(&company.checker, "2026-03-03", |work| audit(work, &calendar, id, true, "数据一致"))
            .unwrap();
        assert_eq!(audited.state, TicketState::Audited);
        let handler = company.enterer.person_id;
        company.act(&company.enterer, "2026-03-03", |work| dispatch(work, &calendar, id, handler)).unwrap();
        company.act(&company.enterer, "2026-03-03", |work| archive(work, &calendar, id)).unwrap();
        let meters = company.supply(1).meters;
        assert_eq!(
            (meters[0].removed_on, meters[1].installed_on),
            (Some(day("2026-03-02")), day("2026-03-02"))
        );
        assert_eq!(meters[1].number, "N0001");

        let refused = company
            .act(clerk, "2026-03-04", |work| {
                let again = NewChange { lines: vec![persons("2026-03-04", 4)], ..new.clone() };
                let again = start_other(work, &calendar, company.institute, &again)?;
                Ok::<_, ParameterError>(again.ticket_id)
            })
            .unwrap();
        let refused = company
            .act(&company.checker, "2026-03-04", |work| {
                audit(work, &calendar, refused, false, "原始数据不符")
            })
            .unwrap();
        assert_eq!(refused.state, TicketState::Refused);
        assert_eq!(company.supply(1).details.account.persons, 3);
    });
}

/// PARM-03, PARM-04, PARM-05, PARM-06: the daily list; a hold-issue request blocks the month until the archive, which
/// gives the centre two working days; without a request the station answers.
#[test]
fn a_change_in_circulation_holds_the_month() {
    each_engine(|company| {
        let (org_id, march, calendar) = (company.org_id, month(202603), calendar());
        let ticket = company.start("2026-03-02", 1, vec![persons("2026-03-01", 5)]).unwrap();
        let other = company.start("2026-03-02", 2, vec![persons("2026-03-01", 5)]).unwrap();
        let later = company.start("2026-03-02", 2, vec![persons("2026-03-20", 7)]).unwrap();
        let list = company
            .act(&company.enterer, "2026-03-02", |work| list_circulation(work, company.station))
            .unwrap();
        assert_eq!(list.len(), 3);
        assert!(
            company
                .act(&company.enterer, "2026-03-02", |work| list_circulation(work, company.station))
                .is_err()
        );
        let given = company
            .store
            .read(|tx| circulation_list(tx, org_id, company.station, day("2026-03-02")))
            .unwrap();
        assert_eq!(given, Some(list));
        assert_eq!(
            company
                .store
                .read(|tx| circulation_list(tx, org_id, company.station, day("2026-03-03")))
                .unwrap(),
            None
        );

        let file = |id| {
            company.act(&company.enterer, "2026-03-04", |work| {
                file_hold(work, &calendar, id, march, company.centre, "例日前不能归档")
            })
        };
        assert!(
            matches!(file(later.ticket_id), Err(ParameterError::NotNow { .. })),
            "it begins after the reading day"
        );
        file(ticket.ticket_id).unwrap();
        assert!(file(ticket.ticket_id).is_err(), "once");
        let held = || company.store.read(|tx| accounts_to_hold(tx, org_id, march)).unwrap();
        assert_eq!(held(), [1]);
        assert_eq!(company.store.read(|tx| workflow::accounts_on_hold(tx, org_id)).unwrap(), [1]);
        let under = company.store.read(|tx| accounts_under_change(tx, org_id, march)).unwrap();
        assert_eq!(
            under.iter().map(|one| (one.account_id, one.hold_id.is_some())).collect::<Vec<_>>(),
            [(1, true), (2, false)]
        );
        let missing = company.store.read(|tx| holds_missing(tx, org_id, march, day("2026-03-05"))).unwrap();
        assert_eq!(missing.iter().map(|one| one.ticket_id).collect::<Vec<_>>(), [other.ticket_id]);

        let done = company.finish("2026-03-09", &ticket).unwrap();
        assert_eq!(done.released, 1);
        assert!(held().is_empty());
        assert!(company.store.read(|tx| workflow::accounts_on_hold(tx, org_id)).unwrap().is_empty());
        let hold = company.store.read(|tx| hold_requests(tx, org_id, march)).unwrap().remove(0);
        let clocks = company
            .store
            .read(|tx| workflow::clocks_of_ticket(tx, org_id, hold.hold_id, day("2026-03-09")))
            .unwrap();
        let issue = clocks.iter().find(|one| one.clock.code == "issue_after_held_change").unwrap();
        assert_eq!((issue.clock.due_on, issue.clock.answerable_unit_id), (day("2026-03-11"), company.centre));

        company.finish("2026-03-09", &other).unwrap();
        let answers =
            |account_id| company.store.read(|tx| answerable_unit(tx, org_id, account_id, march)).unwrap();
        assert_eq!(answers(1), None);
        assert_eq!(answers(2), Some((company.station, other.number.clone())));
    });
}

/// PARM-02: only differences of dedicated-transformer customers are fed back, with a clock for the station.
/// PARM-10: an error list about an archived ticket leads to a second modification, which the centre confirms.
#[test]
fn the_centre_speaks_and_the_station_modifies() {
    each_engine(|company| {
        let (org_id, calendar, reviewer) = (company.org_id, calendar(), &company.reviewer);
        let report = |account_id| {
            company.act(reviewer, "2026-03-02", |work| {
                report_inconsistency(work, &calendar, company.centre, account_id, "multiplier", ("60", "40"))
            })
        };
        assert!(matches!(report(1), Err(ParameterError::NotNow { .. })));
        let found = report(101).unwrap();
        let late = company.store.read(|tx| workflow::late_list(tx, org_id, day("2026-03-05"))).unwrap();
        assert!(late.iter().any(|one| one.clock.ticket_id == Some(found.inconsistency_id)), "due on the 4th");
        company
            .act(&company.enterer, "2026-03-05", |work| {
                resolve_inconsistency(work, &calendar, found.inconsistency_id, None, "合同有误，已更正")
            })
            .unwrap();

        let ticket = company.start("2026-03-02", 1, vec![persons("2026-03-01", 6)]).unwrap();
        company.finish("2026-03-02", &ticket).unwrap();
        let list = company
            .act(reviewer, "2026-03-03", |work| {
                raise_error_list(work, &calendar, company.centre, ticket.ticket_id, "人口不符", "应为5人")
            })
            .unwrap();
        assert_eq!(company.store.read(|tx| workflow::accounts_on_hold(tx, org_id)).unwrap(), [1]);
        let id = list.error_list_id;
        let lines = [persons("2026-03-01", 5)];
        refused_for_want_of_permission(
            company.act(reviewer, "2026-03-03", |work| second_modify(work, &calendar, id, &lines, "改")),
        );
        let modified = company
            .act(&company.enterer, "2026-03-04", |work| {
                second_modify(work, &calendar, id, &lines, "已改为5人")
            })
            .unwrap();
        assert_eq!(modified.revision, 2);
        assert_eq!(company.supply(1).details.account.persons, 5);
        let kept = company.store.read(|tx| history(tx, org_id, 1)).unwrap();
        assert_eq!(kept[1].ticket, format!("{}/2", ticket.number));
        company
            .act(&company.second_reviewer, "2026-03-04", |work| confirm_correction(work, &calendar, id))
            .unwrap();
        assert!(company.store.read(|tx| workflow::accounts_on_hold(tx, org_id)).unwrap().is_empty());
        let clocks =
            company.store.read(|tx| workflow::clocks_of_ticket(tx, org_id, id, day("2026-03-04"))).unwrap();
        let issue = clocks.iter().find(|one| one.clock.code == "issue_after_modification").unwrap();
        assert_eq!(issue.clock.due_on, day("2026-03-06"));
    });
}

/// PARM-01, XC-11: the ticket is printed in its copies and the print is registered.
#[test]
fn a_ticket_is_printed() {
    each_engine(|company| {
        let ticket = company.start("2026-03-02", 1, vec![persons("2026-03-02", 5)]).unwrap();
        let print = |reason: &str| {
            company
                .act(&company.enterer, "2026-03-02", |work| print(work, ticket.ticket_id, reason, Lang::Zh))
        };
        let pages = print("").unwrap();
        assert_eq!(pages.len(), 2);
        assert_eq!((pages[0].number.as_str(), pages[1].copy.unwrap().number), (ticket.number.as_str(), 2));
        assert!(print("").is_err(), "a reprint needs a reason");
        assert_eq!(print("遗失").unwrap()[0].copy.unwrap().reprint, 1);
    });
}

/// Refusals are said in both languages.
#[test]
fn refusals_speak_two_languages() {
    each_engine(|company| {
        let error = company.start("2026-03-02", 1, vec![persons("2026-03-02", 3)]).unwrap_err();
        assert_eq!(
            error.text(Lang::Zh),
            "第 1 行：persons 已是该值，没有变更".replace("persons", "家庭人口")
        );
        assert_eq!(error.text(Lang::En), "line 1: persons is this already: nothing changes");
    });
}
