//! Stories of adjustments and change slips, on both databases.
#![allow(clippy::unwrap_used)]

mod house;

use billing::adjustment::{
    self, AdjustmentBill, AdjustmentCase, CaseState, Cause, Effect, FollowUpItem, NewAdjustment,
};
use billing::office::{self, OfficeError, Party, Result};
use billing::report;
use billing::slip::{self, NewSlip, SlipState};
use house::*;
use workflow::ListSide;

fn effect(energy: i64, amount: &str) -> Effect {
    Effect { energy_kwh: kwh(energy), tiers: vec![], components: vec![("energy".into(), yuan(amount))] }
}

fn new(house: &House<'_>, cause: Cause, effect: Effect) -> NewAdjustment {
    NewAdjustment {
        cause,
        account_id: PUBLIC,
        month: month("2026-02"),
        reason: "二月表码录入有误，多计电量".into(),
        effect,
        request_ticket_id: None,
        change_ticket: None,
        centre_unit_id: house.centre,
        follow_up: vec![],
    }
}

fn start(house: &House<'_>, login: &str, new: &NewAdjustment) -> Result<AdjustmentCase> {
    house.by(login, "2026-03-05", |work| adjustment::start(work, &house.rules, new))
}

type Step = fn(&mut identity::Work<'_, '_>, &billing::OfficeRules, i64) -> Result<()>;

fn step(house: &House<'_>, login: &str, case: &AdjustmentCase, step: Step) -> Result<()> {
    house.by(login, "2026-03-06", |work| step(work, &house.rules, case.case_id))
}

fn approve(house: &House<'_>, login: &str, case: &AdjustmentCase) -> Result<bool> {
    house.by(login, "2026-03-05", |work| adjustment::approve(work, &house.rules, case.case_id, "同意"))
}

fn audit(work: &mut identity::Work<'_, '_>, rules: &billing::OfficeRules, case_id: i64) -> Result<()> {
    adjustment::audit(work, rules, case_id, "原始数据无误")
}

/// The last steps: operate, archive, follow up, call, issue.
fn finish(house: &House<'_>, case: &AdjustmentCase) -> AdjustmentBill {
    step(house, "reviewer", case, adjustment::operate).unwrap();
    step(house, "reviewer", case, adjustment::archive).unwrap();
    house
        .by("fee", "2026-03-06", |work| adjustment::finish_follow_up(work, &house.rules, case.case_id))
        .unwrap();
    house
        .by("reviewer", "2026-03-06", |work| adjustment::record_call(work, case.case_id, "请建抄本"))
        .unwrap();
    house
        .by("reviewer", "2026-03-06", |work| {
            adjustment::issue(work, &house.rules, case.case_id, |_, _| Ok(99))
        })
        .unwrap()
}

/// ADJ-01, ADJ-02, ADJ-03, ADJ-15, ADJ-16, ADJ-18: the station's own error, from slip to a further bill of the month.
#[test]
fn a_stations_error_becomes_a_further_bill() {
    each_engine(|house| {
        let mut wanted = new(house, Cause::StationError, effect(-30, "-15.50"));
        wanted.follow_up = vec![FollowUpItem::SubmitReadings, FollowUpItem::CreateBatch];
        assert!(not_permitted(&start(house, "reviewer", &wanted)), "the centre cannot open it");
        assert!(not_permitted(&start(house, "fee2", &wanted)), "nor another station");
        let case = start(house, "fee", &wanted).unwrap();
        assert_eq!(case.number, "TB-S1-2026-000001");
        assert_eq!(house.held_by_adjustments(), (1, vec![PUBLIC]), "the normal issue is held");

        assert!(step(house, "reviewer", &case, adjustment::operate).is_err(), "not approved yet");
        assert!(approve(house, "fee", &case).is_err(), "the maker never approves");
        assert!(approve(house, "head", &case).unwrap());
        assert!(not_permitted(&step(house, "fee", &case, adjustment::operate)));
        step(house, "reviewer", &case, adjustment::operate).unwrap();
        step(house, "reviewer", &case, adjustment::archive).unwrap();

        let issue = |house: &House<'_>| {
            house.by("reviewer", "2026-03-09", |work| {
                adjustment::issue(work, &house.rules, case.case_id, |_, bill| {
                    assert_eq!(bill.amount, yuan("-15.50"));
                    Ok(77)
                })
            })
        };
        assert!(issue(house).is_err(), "not followed up yet");
        let follow = |house: &House<'_>| {
            house.by("fee", "2026-03-09", |work| {
                adjustment::finish_follow_up(work, &house.rules, case.case_id)
            })
        };
        house
            .by("reviewer", "2026-03-06", |work| {
                adjustment::chase(work, case.case_id, FollowUpItem::CreateBatch)
            })
            .unwrap();
        assert_eq!(rule(follow(house)), "ADJ-16");
        for item in [FollowUpItem::CreateBatch, FollowUpItem::SubmitReadings] {
            house
                .by("fee", "2026-03-09", |work| adjustment::complete_follow_up(work, case.case_id, item))
                .unwrap();
        }
        assert_eq!(follow(house).unwrap(), day("2026-03-11"));
        let bill = issue(house).unwrap();
        assert_eq!((bill.key.month, bill.key.account_id, bill.key.sequence), (month("2026-02"), PUBLIC, 1));
        assert_eq!((bill.energy_kwh, bill.components.len()), (kwh(-30), 1));
        assert_eq!(house.held_by_adjustments(), (1, vec![]), "the hold ends with it");
        assert_eq!(rule(issue(house)), "ADJ-03");
        let kept = house.look(|tx, org_id| adjustment::find(tx, org_id, case.case_id));
        assert_eq!((kept.state, kept.sequence), (CaseState::Issued, Some(1)));
    });
}

/// ADJ-04, ADJ-08, ADJ-09, BILL-21: an error of the centre is audited by the station, called about, and counted.
#[test]
fn the_centres_error_is_audited_by_the_station() {
    each_engine(|house| {
        let wanted = new(house, Cause::InsufficientReview, effect(0, "8.00"));
        assert!(not_permitted(&start(house, "fee", &wanted)));
        let case = start(house, "reviewer", &wanted).unwrap();
        assert!(approve(house, "reviewer", &case).is_err());
        assert!(approve(house, "centre_head", &case).unwrap());
        assert!(step(house, "reviewer", &case, adjustment::operate).is_err(), "not audited yet");
        assert!(not_permitted(&step(house, "reviewer", &case, audit)));
        step(house, "fee", &case, audit).unwrap();
        step(house, "reviewer", &case, adjustment::operate).unwrap();
        step(house, "reviewer", &case, adjustment::archive).unwrap();
        house
            .by("fee", "2026-03-06", |work| adjustment::finish_follow_up(work, &house.rules, case.case_id))
            .unwrap();
        let issue = |house: &House<'_>| {
            house.by("reviewer", "2026-03-09", |work| {
                adjustment::issue(work, &house.rules, case.case_id, |_, _| Ok(78))
            })
        };
        assert_eq!(rule(issue(house)), "ADJ-08");
        house
            .by("reviewer", "2026-03-09", |work| {
                adjustment::record_call(work, case.case_id, "请建抄本并录入表码")
            })
            .unwrap();
        issue(house).unwrap();
        house.issue(2, "2026-02", 100, "60.00", "2026-02-20");
        let rate =
            house.look(|tx, org_id| report::error_rate_of_month(tx, &house.rules, org_id, month("2026-02")));
        assert_eq!((rate.errors, rate.bills, rate.flagged), (1, 1, true));
    });
}

/// ADJ-05, ADJ-07: the metering institute and inspection start, their own heads approve, the station audits.
#[test]
fn the_institute_and_inspection_have_their_own_routes() {
    each_engine(|house| {
        for (cause, clerk, head) in [
            (Cause::MeteringQuantity, "institute", "institute_head"),
            (Cause::BreachOfContract, "inspector", "inspection_head"),
            (Cause::MarketingError, "inspector", "inspection_head"),
        ] {
            let case = start(house, clerk, &new(house, cause, effect(120, "66.00"))).unwrap();
            assert!(approve(house, "head", &case).is_err(), "{cause:?}");
            assert!(approve(house, head, &case).unwrap(), "{cause:?}");
            step(house, "fee", &case, audit).unwrap();
            let bill = finish(house, &case);
            assert_eq!(bill.amount, yuan("66.00"));
        }
    });
}

/// ADJ-06, ADJ-10: a fee adjustment for a metering fault is started by the station on the institute's ticket only.
#[test]
fn a_metering_fee_is_started_on_the_institutes_ticket() {
    each_engine(|house| {
        let wanted = new(house, Cause::MeteringFee, effect(0, "25.00"));
        assert!(not_permitted(&start(house, "institute", &wanted)));
        assert_eq!(rule(start(house, "fee", &wanted)), "ADJ-06");
        let request = house
            .by("institute", "2026-03-04", |work| {
                adjustment::raise_fee_request(work, &house.rules, PUBLIC, "表计误差 +2.5%，检定报告 26-031")
            })
            .unwrap();
        let wanted = NewAdjustment { request_ticket_id: Some(request), ..wanted };
        let case = start(house, "fee", &wanted).unwrap();
        assert_eq!(
            (case.cause.route().answerable, case.cause.route().basis),
            (Party::Station, Party::MeteringInstitute)
        );
        assert!(start(house, "fee", &wanted).is_err(), "the ticket is used up");
        assert!(approve(house, "head", &case).unwrap());
        assert_eq!(finish(house, &case).amount, yuan("25.00"));
    });
}

/// ADJ-03, ADJ-17: above the head's limit marketing approves too, and a large refund also a company leader.
#[test]
fn a_large_refund_needs_a_leader() {
    each_engine(|house| {
        let case = start(house, "fee", &new(house, Cause::TariffPolicy, effect(0, "-60000.00"))).unwrap();
        assert!(approve(house, "leader", &case).is_err(), "the head comes first");
        assert!(!approve(house, "head", &case).unwrap());
        assert!(step(house, "reviewer", &case, adjustment::operate).is_err());
        assert!(!approve(house, "marketing", &case).unwrap());
        assert!(step(house, "head", &case, adjustment::send_on).is_err(), "the leader has not approved");
        assert!(approve(house, "leader", &case).unwrap());
        step(house, "head", &case, adjustment::send_on).unwrap();
        step(house, "reviewer", &case, adjustment::operate).unwrap();
        // The same amount charged, not refunded, needs no leader.
        let charged = start(house, "fee", &new(house, Cause::TariffPolicy, effect(0, "60000.00"))).unwrap();
        assert!(!approve(house, "head", &charged).unwrap());
        assert!(approve(house, "marketing", &charged).unwrap());
    });
}

/// ADJ-03: a refused case ends without effect and frees the customer.
#[test]
fn a_refused_case_has_no_effect() {
    each_engine(|house| {
        let case = start(house, "reviewer", &new(house, Cause::SystemError, effect(5, "3.00"))).unwrap();
        approve(house, "centre_head", &case).unwrap();
        house
            .by("fee", "2026-03-06", |work| adjustment::refuse(work, &house.rules, case.case_id, "底码不符"))
            .unwrap();
        assert_eq!(house.held_by_adjustments(), (1, vec![]));
        assert_eq!(rule(step(house, "reviewer", &case, adjustment::operate)), "ADJ-03");
        let errors = house.look(|tx, org_id| adjustment::centre_errors_of(tx, org_id, month("2026-02")));
        assert_eq!(errors, 0);
    });
}

/// PARM-06: without a hold-issue request for the change, the adjustment is noted as the station's.
#[test]
fn a_missing_hold_request_is_the_stations() {
    each_engine(|house| {
        let wanted = NewAdjustment {
            change_ticket: Some("BG-S1-2026-000003".into()),
            ..new(house, Cause::FaultHandling, effect(3, "2.00"))
        };
        let case = start(house, "fee", &wanted).unwrap();
        let delays = house.look(|tx, org_id| office::delay::delays_of_month(tx, org_id, month("2026-02")));
        assert_eq!(delays.len(), 1);
        assert_eq!((&delays[0].document, delays[0].party), (&case.number, Party::Station));
    });
}

/// ADJ-11: the evidence is handed over with two signatures before it is filed.
#[test]
fn evidence_is_filed_after_two_signatures() {
    each_engine(|house| {
        let case = start(house, "fee", &new(house, Cause::LowIncomeRelief, effect(0, "-5.00"))).unwrap();
        let list = house
            .by("fee", "2026-03-05", |work| {
                adjustment::receive_evidence(work, case.case_id, "低保证复印件 1 份")
            })
            .unwrap();
        let file = |house: &House<'_>| {
            house.by("fee", "2026-03-06", |work| adjustment::file_evidence(work, case.case_id, "档案柜 3-12"))
        };
        assert_eq!(rule(file(house)), "ADJ-11");
        for (login, side) in [("reviewer", ListSide::First), ("fee", ListSide::Second)] {
            house
                .by(login, "2026-03-06", |work| {
                    workflow::sign_list(work, list.id, side).map_err(|error| OfficeError::below(&error))
                })
                .unwrap();
        }
        file(house).unwrap();
    });
}

/// ADJ-12, ADJ-13: the month's list is answered with copies and signed by both; the running list goes out daily.
#[test]
fn lists_of_the_month_and_of_the_day() {
    each_engine(|house| {
        let case = start(house, "fee", &new(house, Cause::SuperiorInstruction, effect(-4, "-2.00"))).unwrap();
        let give = |house: &House<'_>| {
            house.by("fee", "2026-03-05", |work| {
                adjustment::give_running_list(work, house.station, house.centre)
            })
        };
        assert_eq!(give(house).unwrap(), 1);
        assert!(give(house).is_err(), "once a day");
        let missing = house.look(|tx, org_id| {
            let stations = [house.station, house.other_station];
            adjustment::missing_running_lists(tx, org_id, day("2026-03-05"), &stations)
        });
        assert_eq!(missing, [house.other_station]);
        approve(house, "head", &case).unwrap();
        finish(house, &case);
        let list = house
            .by("reviewer", "2026-03-31", |work| {
                adjustment::make_month_list(work, month("2026-03"), house.station)
            })
            .unwrap();
        let lines = house.look(|tx, org_id| {
            workflow::list_lines(tx, org_id, list.id).map_err(|error| OfficeError::below(&error))
        });
        assert_eq!(lines.len(), 1);
        assert!(lines[0].text.contains(&case.number) && lines[0].text.contains("-2.00"), "{}", lines[0].text);
        let sign = |login: &str, side| {
            house.by(login, "2026-03-31", |work| adjustment::sign_month_list(work, list.id, side))
        };
        assert_eq!(rule(sign("fee", ListSide::Second)), "ADJ-12");
        house
            .by("fee", "2026-03-31", |work| {
                adjustment::answer_month_list(work, list.id, 1, "附原始资料复印件 1 份")
            })
            .unwrap();
        sign("reviewer", ListSide::First).unwrap();
        assert!(sign("fee", ListSide::Second).unwrap().is_complete());
    });
}

/// ADJ-19, ADJ-20: one designated post receives slips; the team's register closes with none open.
#[test]
fn change_slips_are_registered_and_closed_every_month() {
    let holders = identity::Catalogue::built_in().posts.iter();
    let holders: Vec<_> = holders
        .filter(|post| post.permissions.contains("adjustment.receive_slip"))
        .map(|post| post.code)
        .collect();
    assert_eq!(holders, ["slip_clerk"]);
    each_engine(|house| {
        let slip = NewSlip {
            unit_id: house.station,
            team_unit_id: house.team,
            account_id: PUBLIC,
            month: month("2026-03"),
            kind: "增容",
            content: "由 50 千伏安增至 100 千伏安",
            checked: "签章齐全，内容完整",
        };
        let receive =
            |login: &str, slip: &NewSlip<'_>| house.by(login, "2026-03-10", |work| slip::receive(work, slip));
        assert!(not_permitted(&receive("fee", &slip)));
        assert!(receive("slips", &NewSlip { checked: " ", ..slip.clone() }).is_err());
        let [first, second] = [receive("slips", &slip).unwrap(), receive("slips", &slip).unwrap()];
        assert_eq!(first.number, "YK-S1-2026-000001");
        house.by("slips", "2026-03-11", |work| slip::register(work, first.slip_id)).unwrap();
        house
            .by("slips", "2026-03-11", |work| slip::return_slip(work, second.slip_id, "缺客户签字"))
            .unwrap();
        let close = |house: &House<'_>| {
            house.by("slips", "2026-03-31", |work| {
                slip::close_register(work, house.station, house.team, month("2026-03"))
            })
        };
        assert_eq!(rule(close(house)), "ADJ-20");
        house.by("slips", "2026-03-30", |work| slip::finish(work, first.slip_id, "已归档")).unwrap();
        assert_eq!(close(house).unwrap(), 2);
        assert_eq!(rule(receive("slips", &slip)), "ADJ-20");
        let slips = house.look(|tx, org_id| slip::slips_of(tx, org_id, house.team, month("2026-03")));
        assert_eq!(
            slips.iter().map(|slip| slip.state).collect::<Vec<_>>(),
            [SlipState::Done, SlipState::Returned]
        );
    });
}
