//! Adjustments of the reading plan and of the route, on both engines.
#![allow(clippy::unwrap_used)]

mod desk;

use desk::*;
use identity::IdentityError;
use metering::book::{BookState, Cycle, book, book_month};
use metering::parameter::ParameterError;
use metering::parameter::schedule::*;

fn book_of(company: &Company, book_id: i64) -> metering::book::Book {
    company.store.read(|tx| book(tx, company.org_id, book_id)).unwrap().unwrap()
}

fn is_permission<T>(result: Result<T, ParameterError>) -> bool {
    matches!(
        result,
        Err(ParameterError::Identity(IdentityError::NotPermitted { .. })
            | ParameterError::Workflow(workflow::WorkflowError::Identity(
                IdentityError::NotPermitted { .. }
            )))
    )
}

/// PARM-11, PARM-12, PARM-13: the station reports, marketing approves within two working days, the centre maintains;
/// the new day holds from the month it names and leaves the months before alone.
#[test]
fn a_plan_is_reported_approved_and_maintained() {
    each_engine(|company| {
        let calendar = calendar();
        let sides = (company.marketing, company.centre);
        let report = |who, day, from| {
            company.act(who, "2026-03-02", |work| {
                report_plan(work, &calendar, 1, (day, Cycle::Monthly, month(from)), sides, "路线重排")
            })
        };
        assert!(is_permission(report(&company.reviewer, 12, 202604)));
        assert!(matches!(report(&company.enterer, 32, 202604), Err(ParameterError::Value { .. })));
        assert!(
            matches!(report(&company.enterer, 5, 202604), Err(ParameterError::Value { .. })),
            "nothing changes"
        );
        assert!(
            matches!(report(&company.enterer, 12, 202603), Err(ParameterError::Value { .. })),
            "this month is under way"
        );
        let plan = report(&company.enterer, 12, 202604).unwrap().adjustment_id;
        let clocks = company
            .store
            .read(|tx| workflow::clocks_of_ticket(tx, company.org_id, plan, day("2026-03-02")))
            .unwrap();
        assert_eq!(
            (clocks[0].clock.due_on, clocks[0].clock.answerable_unit_id),
            (day("2026-03-04"), company.marketing)
        );

        let maintain = |who| company.act(who, "2026-03-04", |work| maintain_plan(work, &calendar, plan));
        assert!(maintain(&company.reviewer).is_err(), "not approved, and March is not opened");
        assert!(is_permission(
            company.act(&company.enterer, "2026-03-03", |work| {
                approve_plan(work, &calendar, plan, true, "")
            })
        ));
        company
            .act(&company.officer, "2026-03-03", |work| approve_plan(work, &calendar, plan, true, "同意"))
            .unwrap();
        assert!(
            matches!(maintain(&company.reviewer), Err(ParameterError::NotNow { .. })),
            "March would be read on the 12th"
        );
        company.open_batch(202603, &[1]);
        assert!(is_permission(maintain(&company.enterer)));
        maintain(&company.reviewer).unwrap();
        assert_eq!(book_of(company, 1).reading_day, Some(12));
        let march =
            company.store.read(|tx| book_month(tx, company.org_id, month(202603), 1)).unwrap().unwrap();
        assert_eq!(march.scheduled_on, day("2026-03-05"));
        company.open_batch(202604, &[1]);
        let april =
            company.store.read(|tx| book_month(tx, company.org_id, month(202604), 1)).unwrap().unwrap();
        assert_eq!((april.scheduled_on, april.state), (day("2026-04-12"), BookState::Created));
        let kept = company.store.read(|tx| plan_of(tx, company.org_id, plan)).unwrap().unwrap();
        assert!(kept.maintained_at.is_some());
        assert!(maintain(&company.reviewer).is_err(), "once");
    });
}

fn plan_of(tx: &mut store::Tx<'_>, org_id: i64, id: i64) -> Result<Option<PlanAdjustment>, ParameterError> {
    metering::parameter::schedule::plan(tx, org_id, id)
}

/// PARM-12, PARM-13: a refused plan cannot be maintained.
#[test]
fn a_refused_plan_ends() {
    each_engine(|company| {
        let calendar = calendar();
        let plan = company
            .act(&company.enterer, "2026-03-02", |work| {
                let plan = (9, Cycle::OddMonths, month(202604));
                report_plan(work, &calendar, 1, plan, (company.marketing, company.centre), "改双月")
            })
            .unwrap()
            .adjustment_id;
        company
            .act(&company.officer, "2026-03-03", |work| approve_plan(work, &calendar, plan, false, "不合理"))
            .unwrap();
        company.open_batch(202603, &[1]);
        assert!(
            company
                .act(&company.reviewer, "2026-03-04", |work| maintain_plan(work, &calendar, plan))
                .is_err()
        );
        assert_eq!(book_of(company, 1).cycle, Cycle::Monthly);
    });
}

/// PARM-12, PARM-14: a route adjustment, single household and whole book, is reported by the station, agreed by the
/// centre and carried out by the station, never while a month is under way.
#[test]
fn a_route_is_reported_agreed_and_carried_out() {
    each_engine(|company| {
        let calendar = calendar();
        let report = |who, moves| {
            company.act(who, "2026-03-02", |work| {
                report_route(work, &calendar, moves, company.centre, "就近抄表")
            })
        };
        let single = RouteMove::Single { account_id: 2, to_book_id: 2, route_sequence: 7 };
        assert!(is_permission(report(&company.reviewer, single)));
        let same = RouteMove::WholeBook { from_book_id: 1, to_book_id: 1 };
        assert!(matches!(report(&company.enterer, same), Err(ParameterError::Value { .. })));
        let one = report(&company.enterer, single).unwrap().adjustment_id;
        let carry = |who, id| company.act(who, "2026-03-03", |work| carry_out_route(work, &calendar, id));
        assert!(carry(&company.enterer, one).is_err(), "not agreed");
        assert!(is_permission(
            company
                .act(&company.enterer, "2026-03-03", |work| { agree_route(work, &calendar, one, true, "") })
        ));
        company
            .act(&company.reviewer, "2026-03-03", |work| agree_route(work, &calendar, one, true, "同意"))
            .unwrap();
        assert!(is_permission(carry(&company.reviewer, one)), "the centre does not carry it out");
        assert_eq!(carry(&company.enterer, one).unwrap(), 1);
        let account = company.supply(2).details;
        assert_eq!((account.account.book_id, account.route_sequence), (2, 7));
        let kept = company.store.read(|tx| metering::parameter::history(tx, company.org_id, 2)).unwrap();
        assert_eq!(kept[0].change.field, "book");
        assert_eq!(kept[0].change.new.as_deref(), Some("0002 7"));
        assert!(carry(&company.enterer, one).is_err(), "once");

        let all = report(&company.enterer, RouteMove::WholeBook { from_book_id: 1, to_book_id: 2 })
            .unwrap()
            .adjustment_id;
        company
            .act(&company.second_reviewer, "2026-03-03", |work| agree_route(work, &calendar, all, true, ""))
            .unwrap();
        company.open_batch(202603, &[1]);
        let open = carry(&company.enterer, all);
        assert!(matches!(open, Err(ParameterError::NotNow { .. })), "{open:?}");
    });
}

/// PARM-14: a whole book moves behind the accounts that are there, in the order it had.
#[test]
fn a_whole_book_moves() {
    each_engine(|company| {
        let calendar = calendar();
        let moves = RouteMove::WholeBook { from_book_id: 1, to_book_id: 2 };
        let id = company
            .act(&company.enterer, "2026-03-02", |work| {
                report_route(work, &calendar, moves, company.centre, "并本")
            })
            .unwrap()
            .adjustment_id;
        company
            .act(&company.reviewer, "2026-03-03", |work| agree_route(work, &calendar, id, true, ""))
            .unwrap();
        let moved =
            company.act(&company.enterer, "2026-03-03", |work| carry_out_route(work, &calendar, id)).unwrap();
        assert_eq!(moved, 3);
        let places: Vec<(i64, i64)> = [1, 2, 101]
            .map(|id| company.supply(id).details)
            .iter()
            .map(|details| (details.account.book_id, details.route_sequence))
            .collect();
        assert_eq!(places, [(2, 1), (2, 2), (2, 3)]);
        let done = company.store.read(|tx| route(tx, company.org_id, id)).unwrap().unwrap();
        assert_eq!(done.done.map(|(_, moved)| moved), Some(3));
    });
}
