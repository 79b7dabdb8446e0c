//! Change tickets from start to archive, on both engines.
#![allow(clippy::unwrap_used)]

mod desk;

use desk::*;
use identity::{Catalogue, IdentityError};
use kernel::{Bilingual, Lang};
use metering::account::*;
use metering::entry::lines_of_book;
use metering::parameter::*;
use metering::reading::{ReadingFlags, ReadingStatus, Register};

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

/// PARM-01: a meter changed within an opened month leaves a final line, and the new meter a first one; a multiplier
/// change cuts the readings the same way.
#[test]
fn meters_change_with_final_and_first_readings() {
    each_engine(|company| {
        company.open_batch(202603, &[1]);
        let shown = || MeterShown { meter_seq: 1, registers: total("100") };
        let wrong = Change::Multiplier { shown: shown(), multiplier: "40".parse().unwrap() };
        let same = company.start("2026-03-03", 101, vec![line("2026-03-03", wrong)]).unwrap_err();
        assert_eq!(fault(same), Fault::Same { field: "multiplier" });
        let change = Change::Multiplier { shown: shown(), multiplier: "60".parse().unwrap() };
        company.change("2026-03-03", 101, vec![line("2026-03-03", change)]).unwrap();
        let lines = company.store.read(|tx| lines_of_book(tx, company.org_id, month(202603), 1)).unwrap();
        let of: Vec<_> = lines.iter().filter(|line| line.account_id == 101).collect();
        assert_eq!(of.len(), 2);
        assert!(of[0].flags.has(ReadingFlags::FINAL) && of[0].status == ReadingStatus::Read);
        assert_eq!(of[0].registers.of(Register::Total).unwrap().current, figure("100"));
        assert_eq!(of[0].multiplier, "40".parse().unwrap());
        assert!(of[1].flags.has(ReadingFlags::FIRST));
        assert_eq!(of[1].registers.of(Register::Total).unwrap().previous, figure("100"));
        assert_eq!(of[1].multiplier, "60".parse().unwrap());

        // What cannot be: a register too many, a reading beyond the digits, below the last one, a day ahead.
        let off = |registers| {
            vec![line("2026-03-04", Change::MeterOff { off: MeterShown { meter_seq: 2, registers } })]
        };
        let mut two = total("120");
        two.push(RegisterShown { register: Register::Peak, value: figure("1") });
        let refusal = |registers| fault(company.start("2026-03-04", 101, off(registers)).unwrap_err());
        assert!(matches!(refusal(two), Fault::Registers { register: Register::Peak, .. }));
        assert!(matches!(refusal(total("1000000")), Fault::Shown { .. }));
        let ahead = vec![line(
            "2026-03-09",
            Change::MeterOff { off: MeterShown { meter_seq: 2, registers: total("120") } },
        )];
        assert!(matches!(fault(company.start("2026-03-04", 101, ahead).unwrap_err()), Fault::Day { .. }));
    });
}

/// PARM-01: a new customer with transformers, points and meters; transfer; closing.
#[test]
fn customers_come_change_hands_and_go() {
    each_engine(|company| {
        let new = NewAccount {
            number: "3000000900".into(),
            name: "新厂".into(),
            address: "工业路9号".into(),
            phone: String::new(),
            book_id: 1,
            route_sequence: 9,
            category: Category::TwoPart,
            voltage: VoltageLevel::From1To10kv,
            price_class: "industry".into(),
            persons: 0,
            due_day: 0,
            dedicated: true,
            time_of_use: true,
            low_side_metering: false,
            temporary: false,
            collection: CollectionMethod::Entrusted,
            tax: TaxStatus::General,
            basic: BasicMethod::Capacity,
            contract_demand_kw: None,
            power_factor: Some(PowerFactorStandard::P90),
            transformer_loss: TransformerLossMethod::None,
            loss_formula: None,
            transformers: vec![NewTransformer { model: "S13-400".into(), capacity_kva: figure("400") }],
            points: vec![],
            meters: vec![NewMeter {
                number: "N900".into(),
                point_seq: 1,
                digits: 6,
                decimals: 2,
                multiplier: "80".parse().unwrap(),
                registers: total("3"),
            }],
        };
        let open = |account: NewAccount| {
            let lines = vec![line("2026-03-02", Change::Open { account: Box::new(account) })];
            let new =
                NewChange { account_id: None, applied_on: day("2026-03-02"), reason: "新装".into(), lines };
            company.act(&company.enterer, "2026-03-02", |work| start(work, &calendar(), &new))
        };
        let small = NewAccount {
            transformers: vec![NewTransformer { model: "S13-80".into(), capacity_kva: figure("80") }],
            ..new.clone()
        };
        assert!(matches!(fault(open(small).unwrap_err()), Fault::Value { field: "category", .. }));
        let ticket = open(new.clone()).unwrap();
        assert!(ticket.opens && ticket.account_id == 102, "{}", ticket.account_id);
        assert!(
            company.store.read(|tx| supply_of(tx, company.org_id, 102, day("2026-03-02"))).unwrap().is_none()
        );
        company.finish("2026-03-02", &ticket).unwrap();
        let supply = company.supply(102);
        assert_eq!(supply.details.number, "3000000900");
        assert_eq!(
            metering::parameter::rules::in_service_kva(&supply, day("2026-03-02")).unwrap(),
            figure("400")
        );
        assert!(supply.details.account.options.has(Options::HAS_TERMS.with(Options::HAS_TRANSFORMERS, true)));

        let transfer = Change::Transfer {
            name: "新主人".into(),
            phone: "110".into(),
            tax: TaxStatus::Consumer,
            collection: CollectionMethod::Counter,
        };
        company.change("2026-03-10", 1, vec![line("2026-03-10", transfer)]).unwrap();
        let account = company.supply(1).details;
        assert_eq!((account.name.as_str(), account.account.tier_start), ("新主人", Some(month(202603))));
        assert!(account.account.options.has(Options::TRANSFERRED));

        let bare = company.start("2026-03-11", 2, vec![line("2026-03-11", Change::Close { shown: vec![] })]);
        assert!(matches!(fault(bare.unwrap_err()), Fault::Value { field: "meter", .. }));
        let shown = vec![MeterShown { meter_seq: 1, registers: total("777") }];
        company.change("2026-03-11", 2, vec![line("2026-03-11", Change::Close { shown })]).unwrap();
        let gone = company.supply(2);
        assert_eq!(gone.details.account.closed_on, Some(day("2026-03-11")));
        let lines = company.store.read(|tx| lines_of_book(tx, company.org_id, month(202603), 1)).unwrap();
        let last = lines.iter().find(|line| line.account_id == 2).unwrap();
        assert_eq!(last.registers.of(Register::Total).unwrap().current, figure("777"));
        let after = company.start("2026-03-12", 2, vec![persons("2026-03-12", 4)]).unwrap_err();
        assert_eq!(fault(after), Fault::Closed);
    });
}

/// PARM-01: what waits for its day is applied on that day and not before.
#[test]
fn a_change_ahead_waits_for_its_day() {
    each_engine(|company| {
        let line = line("2026-04-01", Change::ContractDemand { contract_demand_kw: figure("500") });
        let done = company.change("2026-03-20", 101, vec![line]).unwrap();
        assert_eq!((done.changed, done.waiting), (0, 1));
        let due = |on: &str| {
            company.act(&company.enterer, on, |work| apply_due(work, &calendar(), company.station)).unwrap()
        };
        assert_eq!(due("2026-03-31").0, 0);
        assert_eq!(company.supply(101).terms.unwrap().contract_demand_kw, Some(figure("400")));
        assert_eq!(due("2026-04-01").0, 1);
        assert_eq!(company.supply(101).terms.unwrap().contract_demand_kw, Some(figure("500")));
        assert_eq!(due("2026-04-01").0, 0);
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

/// PARM-01, READ-09: a meter taken off after the month's book was submitted has its final line in the next month; the
/// locked month stays as it is.
#[test]
fn a_meter_taken_off_after_submission_is_settled_next_month() {
    use metering::book::{Entered, self_check, submit};
    use metering::entry::enter_readings;
    each_engine(|company| {
        let march = month(202603);
        company.open_batch(202603, &[1]);
        let read = |account_id| Entered {
            account_id,
            meter_seq: 1,
            status: None,
            read_on: day("2026-03-05"),
            shown: vec![(Register::Total, figure("100"))],
            rolled_over: vec![],
            estimated: false,
            version: None,
        };
        let entered = [read(1), read(2), read(101)];
        company
            .act(&company.enterer, "2026-03-05", |work| {
                enter_readings(work, march, 1, &entered, "")?;
                self_check(work, march, 1, "")?;
                Ok(submit(work, &calendar(), march, 1)?)
            })
            .unwrap();
        let swap = |last: &str| {
            let on = NewMeter {
                number: "N2".into(),
                point_seq: 1,
                digits: 6,
                decimals: 2,
                multiplier: kernel::Rate::ONE,
                registers: total("5"),
            };
            let off = MeterShown { meter_seq: 1, registers: total(last) };
            company.change("2026-03-20", 1, vec![line("2026-03-20", Change::MeterSwap { off, on })])
        };
        assert!(matches!(fault(swap("99.99").unwrap_err()), Fault::Shown { .. }), "below the last reading");
        swap("150").unwrap();
        let lines_of = |of| company.store.read(|tx| lines_of_book(tx, company.org_id, of, 1)).unwrap();
        assert_eq!(lines_of(march).len(), 3);
        company.open_batch(202604, &[1]);
        let april: Vec<_> = lines_of(month(202604)).into_iter().filter(|line| line.account_id == 1).collect();
        let span = |at: usize| april[at].registers.of(Register::Total).unwrap();
        assert_eq!(april.len(), 2);
        assert!(april[0].flags.has(ReadingFlags::FINAL));
        assert_eq!((span(0).previous, span(0).current), (figure("100"), figure("150")));
        assert_eq!(span(1).previous, figure("5"));
    });
}

/// PARM-10: a suspension archived with a wrong day is revoked and entered again by the second modification; both stay
/// in the history.
#[test]
fn a_wrong_suspension_is_revoked() {
    each_engine(|company| {
        let calendar = calendar();
        let suspend = |from: &str| capacity(from, CapacityAct::Suspend { seq: 1, until: None });
        let new = NewChange {
            account_id: Some(101),
            applied_on: day("2026-03-02"),
            reason: "暂停".into(),
            lines: vec![suspend("2026-03-10")],
        };
        let ticket =
            company.act(&company.enterer, "2026-03-10", |work| start(work, &calendar, &new)).unwrap();
        company.finish("2026-03-10", &ticket).unwrap();
        assert_eq!(company.supply(101).events.len(), 1);
        let list = company
            .act(&company.reviewer, "2026-03-11", |work| {
                raise_error_list(
                    work,
                    &calendar,
                    company.centre,
                    ticket.ticket_id,
                    "封停日期不符",
                    "应为3月11日",
                )
            })
            .unwrap();
        let lines = [capacity("2026-03-10", CapacityAct::Revoke { seq: 1 }), suspend("2026-03-11")];
        company
            .act(&company.enterer, "2026-03-11", |work| {
                second_modify(work, &calendar, list.error_list_id, &lines, "已更正")
            })
            .unwrap();
        let events = company.supply(101).events;
        assert_eq!(events.iter().map(|event| event.on).collect::<Vec<_>>(), [day("2026-03-11")]);
        let kept = company.store.read(|tx| history(tx, company.org_id, 101)).unwrap();
        let steps: Vec<_> =
            kept.iter().map(|one| (one.change.old.as_deref(), one.change.new.as_deref())).collect();
        assert_eq!(
            steps,
            [
                (Some("in_service"), Some("suspend")),
                (Some("suspend"), None),
                (Some("in_service"), Some("suspend"))
            ]
        );
        let document = vault::Document { kind: "account".into(), number: "3000000101".into() };
        let found =
            company.store.read(|tx| vault::by_document(tx, company.org_id, &document, None, 10)).unwrap();
        assert_eq!(found.acts.len(), 2, "the log has both");
    });
}

fn household(number: &str, meter: &str) -> NewAccount {
    NewAccount {
        number: number.into(),
        name: "新户".into(),
        address: "人民路3号".into(),
        phone: String::new(),
        book_id: 1,
        route_sequence: 3,
        category: Category::Residential,
        voltage: VoltageLevel::Below1kv,
        price_class: "residential".into(),
        persons: 3,
        due_day: 0,
        dedicated: false,
        time_of_use: false,
        low_side_metering: false,
        temporary: false,
        collection: CollectionMethod::Counter,
        tax: TaxStatus::Consumer,
        basic: BasicMethod::None,
        contract_demand_kw: None,
        power_factor: None,
        transformer_loss: TransformerLossMethod::None,
        loss_formula: None,
        transformers: vec![],
        points: vec![],
        meters: vec![NewMeter {
            number: meter.into(),
            point_seq: 1,
            digits: 6,
            decimals: 2,
            multiplier: kernel::Rate::ONE,
            registers: total("3"),
        }],
    }
}

fn open_account(company: &Company, on: &str, account: NewAccount) -> i64 {
    let lines = vec![line(on, Change::Open { account: Box::new(account) })];
    let new = NewChange { account_id: None, applied_on: day(on), reason: "新装".into(), lines };
    let ticket = company.act(&company.enterer, on, |work| start(work, &calendar(), &new)).unwrap();
    company.finish(on, &ticket).unwrap().account_id
}

/// READ-14, READ-16: a ticket of a new account archived after the month was opened puts it in the queue; it is issued
/// before the next month begins. A meter removed after its month was locked has its final line written ahead; opening
/// that month then still finds every meter in use: the other accounts', and the new account's.
#[test]
fn a_final_line_written_ahead_takes_nobodys_place() {
    use metering::book::{Entered, create_batch, self_check, submit};
    use metering::entry::enter_readings;
    use metering::yearly::{issue_new_accounts, waiting_accounts};
    each_engine(|company| {
        let march = month(202603);
        let before = open_account(company, "2026-02-20", household("3000000777", "N7"));
        assert_eq!(
            company.supply(before).details.account.status,
            AccountStatus::Active,
            "nothing was closed yet"
        );
        company.open_batch(202603, &[1]);
        let read = |account_id| Entered {
            account_id,
            meter_seq: 1,
            status: None,
            read_on: day("2026-03-05"),
            shown: vec![(Register::Total, figure("100"))],
            rolled_over: vec![],
            estimated: false,
            version: None,
        };
        let entered = [read(1), read(2), read(101), read(before)];
        company
            .act(&company.enterer, "2026-03-05", |work| {
                enter_readings(work, march, 1, &entered, "")?;
                self_check(work, march, 1, "")?;
                Ok(submit(work, &calendar(), march, 1)?)
            })
            .unwrap();
        let off = MeterShown { meter_seq: 1, registers: total("150") };
        company.change("2026-03-20", 1, vec![line("2026-03-20", Change::MeterOff { off })]).unwrap();
        let opened = open_account(company, "2026-03-21", household("3000000888", "N8"));
        assert_eq!(company.supply(opened).details.account.status, AccountStatus::Pending);
        let waiting =
            || company.store.read(|tx| waiting_accounts(tx, company.org_id, company.station)).unwrap();
        assert_eq!(waiting().iter().map(|one| one.account_id).collect::<Vec<_>>(), [opened]);
        let april = month(202604);
        let early = company.act(&company.enterer, "2026-04-01", |work| {
            Ok(create_batch(work, &calendar(), company.station, april, &[1])?)
        });
        assert!(early.is_err(), "reading does not begin while an account waits");
        company
            .act(&company.enterer, "2026-04-01", |work| {
                Ok(issue_new_accounts(work, company.station, april, 51)?)
            })
            .unwrap();
        company.open_batch(202604, &[1]);
        let lines = company.store.read(|tx| lines_of_book(tx, company.org_id, april, 1)).unwrap();
        let mut found: Vec<_> =
            lines.iter().map(|line| (line.account_id, line.flags.has(ReadingFlags::FINAL))).collect();
        found.sort_unstable();
        let mut expected = vec![(1, true), (2, false), (101, false), (before, false), (opened, false)];
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(waiting(), vec![]);
    });
}

/// PARM-01, XC-15: particulars of a customer change by ticket like every parameter, with their history.
#[test]
fn particulars_change_by_ticket() {
    each_engine(|company| {
        let detail = |field, value: &str| {
            company.change(
                "2026-03-02",
                1,
                vec![line("2026-03-02", Change::Detail { field, value: value.into() })],
            )
        };
        for (field, value) in [
            (AccountField::Name, " "),
            (AccountField::Tax, "没有的身份"),
            (AccountField::DueDay, "32"),
            (AccountField::Important, "也许"),
        ] {
            assert!(matches!(fault(detail(field, value).unwrap_err()), Fault::Value { .. }), "{field:?}");
        }
        assert!(matches!(fault(detail(AccountField::DueDay, "20").unwrap_err()), Fault::Same { .. }));
        detail(AccountField::Address, "人民路2号").unwrap();
        detail(AccountField::DueDay, "15").unwrap();
        detail(AccountField::Important, "是").unwrap();
        detail(AccountField::Collection, "代扣").unwrap();
        let details = company.supply(1).details;
        assert_eq!((details.address.as_str(), details.account.due_day), ("人民路2号", 15));
        assert_eq!(details.collection, CollectionMethod::BankDebit);
        assert!(details.account.options.has(Options::IMPORTANT));
        assert_eq!(details.account.tier_start, None, "the same customer: the tiers go on");
        let kept = company.store.read(|tx| history(tx, company.org_id, 1)).unwrap();
        let kept: Vec<_> = kept
            .iter()
            .map(|one| (one.change.field.as_str(), one.change.old.as_deref(), one.change.new.as_deref()))
            .collect();
        assert_eq!(
            kept,
            [
                ("address", Some("人民路1号"), Some("人民路2号")),
                ("due_day", Some("20"), Some("15")),
                ("important", Some("no"), Some("yes")),
                ("collection", Some("counter"), Some("bank_debit")),
            ]
        );
        let text = r#"{"kind":"detail","field":"address","value":"x"}"#;
        let read: Change = serde_json::from_str(text).unwrap();
        assert_eq!(read, Change::Detail { field: AccountField::Address, value: "x".into() });
    });
}

/// PARM-01: transformer loss by formula is agreed by ticket with its figures, in JSON as the command line gives them.
#[test]
fn loss_by_formula_is_agreed_by_ticket() {
    each_engine(|company| {
        let loss = |rest: &str| {
            let text = format!(r#"{{"kind":"transformer_loss","method":"formula"{rest}}}"#);
            let change: Change = serde_json::from_str(&text).unwrap();
            company.change("2026-03-02", 101, vec![line("2026-03-02", change)])
        };
        assert!(matches!(fault(loss("").unwrap_err()), Fault::Value { .. }), "its figures are missing");
        let figures = |current: &str| {
            format!(
                r#","formula":{{"by":"load_square","no_load_kw":"0.48","load_loss_kw":"2.6","no_load_current":"{current}","impedance":"0.04","shape":"1.05"}}"#
            )
        };
        assert!(
            matches!(fault(loss(&figures("1.3")).unwrap_err()), Fault::Value { .. }),
            "percent for a share"
        );
        loss(&figures("0.013")).unwrap();
        let terms = company.supply(101).terms.unwrap();
        let rate = |text: &str| text.parse().unwrap();
        assert_eq!(
            terms.loss_formula,
            Some(LossFormula::LoadSquare {
                no_load_kw: figure("0.48"),
                load_loss_kw: figure("2.6"),
                no_load_current: rate("0.013"),
                impedance: rate("0.04"),
                shape: rate("1.05"),
            })
        );
        let kept = company.store.read(|tx| history(tx, company.org_id, 101)).unwrap();
        let new = kept[0].change.new.as_deref().unwrap();
        assert!(new.starts_with("formula P0 0.48") && new.contains("Pk 2.6"), "{new}");
        let none = Change::TransformerLoss {
            method: TransformerLossMethod::None,
            kwh: None,
            kvarh: None,
            formula: terms.loss_formula,
        };
        let refused = company.change("2026-03-03", 101, vec![line("2026-03-03", none)]);
        assert!(matches!(fault(refused.unwrap_err()), Fault::Value { .. }), "no other method has figures");
    });
}

/// PARM-01, READ-14: a meter changed before the month's batch exists has its closing line when the batch is created, from
/// where the last month ended; the new meter begins with what it showed.
#[test]
fn a_meter_changed_before_the_batch_is_closed_in_it() {
    use metering::book::{Entered, create_batch, self_check, submit};
    use metering::entry::enter_readings;
    each_engine(|company| {
        let march = month(202603);
        company.open_batch(202603, &[1]);
        let read = |account_id| Entered {
            account_id,
            meter_seq: 1,
            status: None,
            read_on: day("2026-03-05"),
            shown: vec![(Register::Total, figure("50"))],
            rolled_over: vec![],
            estimated: false,
            version: None,
        };
        let entered = [read(1), read(2), read(101)];
        company
            .act(&company.enterer, "2026-03-05", |work| {
                enter_readings(work, march, 1, &entered, "")?;
                self_check(work, march, 1, "")?;
                Ok(submit(work, &calendar(), march, 1)?)
            })
            .unwrap();
        let on = NewMeter {
            number: "N9".into(),
            point_seq: 1,
            digits: 5,
            decimals: 0,
            multiplier: "2".parse().unwrap(),
            registers: total("3"),
        };
        let off = MeterShown { meter_seq: 1, registers: total("62") };
        company.change("2026-04-01", 1, vec![line("2026-04-01", Change::MeterSwap { off, on })]).unwrap();
        let april = month(202604);
        let (_, lines) = company
            .act(&company.enterer, "2026-04-02", |work| {
                Ok(create_batch(work, &calendar(), company.station, april, &[1])?)
            })
            .unwrap();
        assert_eq!(lines, 4);
        let lines = company.store.read(|tx| lines_of_book(tx, company.org_id, april, 1)).unwrap();
        let own: Vec<_> = lines.iter().filter(|line| line.account_id == 1).collect();
        assert_eq!(own[0].consumption(Register::Total).unwrap(), Some(figure("12")));
        assert_eq!((own[0].status, own[1].status), (ReadingStatus::Read, ReadingStatus::Unread));
        assert_eq!(own[1].registers.of(Register::Total).unwrap().previous, figure("3"));
        assert!(own[0].flags.has(ReadingFlags::FINAL) && own[1].flags.has(ReadingFlags::FIRST));
    });
}
