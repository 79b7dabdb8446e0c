//! The story of a month through the whole core, on both databases: gates, exceptions, issue, ledger, adjustments.
#![allow(clippy::unwrap_used)]

mod company;
mod house;

use billing::adjustment::{self, AdjustmentBill, issue_adjustment, stored_adjustment};
use billing::canonical::{read_bill, write_bill};
use billing::gates::{Flow, Reasons};
use billing::{BillKey, BillingError, Result, StoredBill, exception, hold, progress, report, stored_bill};
use company::*;
use house::*;
use kernel::{Lang, Money};
use metering::book::BookState;
use tariff::LineKind;

fn key(house: &House<'_>, account_id: i64) -> BillKey {
    BillKey { org_id: house.org_id(), month: april(), account_id, sequence: 0 }
}
fn bill(house: &House<'_>, account_id: i64) -> StoredBill {
    house.store.read(|tx| stored_bill(tx, key(house, account_id))).unwrap().unwrap()
}
fn state(house: &House<'_>, book_id: i64) -> BookState {
    let org_id = house.org_id();
    let found = house.store.read(|tx| metering::book::book_month(tx, org_id, april(), book_id)).unwrap();
    found.unwrap().state
}

/// Rows of every table the core writes, to see that nothing changed.
fn volume(house: &House<'_>) -> Vec<i64> {
    [
        "calculation",
        "bill",
        "issue",
        "issue_component",
        "quantity_ledger",
        "receivable",
        "exception",
        "voucher",
        "posting",
        "leaf",
        "book_step",
    ]
    .iter()
    .map(|table| house.number(&format!("SELECT COUNT(*) FROM {table} WHERE org_id = ?1")))
    .collect()
}

/// BILL-02, BILL-04, BILL-08, BILL-09, BILL-11, BILL-14, BILL-18, BILL-20, BILL-23: a month from submission to the
/// last exception; the books agree after every step.
#[test]
fn a_month_goes_through_the_centre() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        let rules = &house.rules;
        ties_out(house, "2026-03");
        for book_id in [PUBLIC_BOOK, DEDICATED_BOOK] {
            let due = house.by("fee", "2026-04-06", |work| {
                progress::book_submitted(work, &rules.calendar, april(), book_id, house.centre)
            });
            assert_eq!(due.unwrap(), day("2026-04-09"));
        }
        let plan = company.plan(april(), "2026-04-08");
        let summary = company.run(&plan).unwrap();
        assert_eq!((summary.accounts, summary.clean, summary.issued), (15, 10, 10));
        ties_out(house, "2026-04");
        let reasons = |account_id| bill(house, account_id).reasons;
        assert!(reasons(1003).has(Reasons::QUANTITY_FLUCTUATION));
        assert!(reasons(1004).has(Reasons::ZERO_READ));
        assert!(reasons(1005).has(Reasons::UNREAD));
        assert_eq!(bill(house, 1001).flow, Flow::Clean);
        assert_eq!(state(house, PUBLIC_BOOK), BookState::Exception);
        let open = house.number("SELECT COUNT(*) FROM workflow_clock WHERE org_id = ?1 AND met_on IS NULL");
        assert_eq!(open, 0, "the deadline of the clean bills is met by the run");

        let before = volume(house);
        let again = company.run(&plan).unwrap();
        assert_eq!((again.accounts, again.issued), (0, 0));
        assert_eq!(volume(house), before, "the same run twice changes nothing");

        // The stations answer what they are asked; the unread customer waits for its reading.
        for station in [house.station, house.other_station] {
            house
                .by("reviewer", "2026-04-08", |work| exception::send_lists(work, rules, april(), station))
                .unwrap();
        }
        house
            .by("reviewer", "2026-04-08", |work| {
                exception::raise_ticket(work, rules, april(), 1102, "请核实")
            })
            .unwrap();
        let unissued = || {
            act(house, "reviewer2", "2026-04-09", |work| {
                billing::issue_book(work, rules, &company.postings, april(), company.book(PUBLIC_BOOK), 20)
            })
        };
        let nothing = unissued().unwrap();
        assert_eq!((nothing.bills, nothing.left), (0, 3), "an open ticket blocks the issue");
        for (login, account_id) in [("fee", 1003), ("fee", 1004), ("fee", 1102), ("fee2", 1203)] {
            house
                .by(login, "2026-04-09", |work| exception::answer(work, rules, april(), account_id, "已核实"))
                .unwrap();
            house
                .by("reviewer", "2026-04-10", |work| {
                    exception::put_in_order(work, rules, april(), account_id)
                })
                .unwrap();
        }
        let mut left = Vec::new();
        for book in company.books() {
            let done = act(house, "reviewer2", "2026-04-10", |work| {
                billing::issue_book(work, rules, &company.postings, april(), book, 20)
            });
            left.push(done.unwrap().left);
            ties_out(house, "2026-04");
        }
        assert_eq!(left, [1, 0, 0]);
        assert_eq!(state(house, DEDICATED_BOOK), BookState::Issued);
        assert_eq!(state(house, PUBLIC_BOOK), BookState::Exception);
        let tickets = house.number("SELECT COUNT(*) FROM workflow_ticket WHERE org_id = ?1 AND closed = 0");
        assert_eq!(tickets, 1, "only the unread customer's is open");

        // Every issued bill comes out of its own stored input again, byte for byte.
        let mut compared = 0;
        for one in &CUSTOMERS {
            for number in 1..=4 {
                let month = kernel::Month::new(2026, number).unwrap();
                let key = BillKey { month, ..key(house, one.account_id) };
                let Some(stored) = house.store.read(|tx| stored_bill(tx, key)).unwrap() else { continue };
                let (input, _) = read_bill(&stored.detail).unwrap();
                let mut fresh = tariff::Bill::new();
                tariff::calculate(company.prices.plans(), company.prices.rules(), &input, &mut fresh)
                    .unwrap();
                let mut bytes = Vec::new();
                write_bill(&input, &fresh, &mut bytes);
                assert_eq!(bytes, stored.detail, "{key:?}");
                assert_eq!(fresh.total, fresh.catalogue.plus(fresh.funds).unwrap());
                compared += 1;
            }
        }
        assert_eq!(compared, 60);
    });
}

/// BILL-20: a failure in the middle of a batch leaves nothing of it: no bill, no number, no act, no step.
#[test]
fn a_batch_is_written_whole_or_not_at_all() {
    each_engine(|house| {
        // No accounting period is open in April: the ledger refuses after bills and receivables are written.
        let company = Company::new(house, "2026-03");
        let before = volume(house);
        let numbers = "SELECT CAST(SUM(bills) AS BIGINT) FROM issue WHERE org_id = ?1";
        let issued = house.number(numbers);
        let refused = company.run(&company.plan(april(), "2026-04-08"));
        assert!(matches!(refused, Err(BillingError::Ledger(_))), "{refused:?}");
        assert_eq!(volume(house), before);
        assert_eq!(house.number(numbers), issued);
        assert_eq!(state(house, PUBLIC_BOOK), BookState::Submitted);
        house.ledger_keeper("2026-04-08", |work| ledger::open_period(work, april()));
        assert_eq!(company.run(&company.plan(april(), "2026-04-08")).unwrap().issued, 10);
        ties_out(house, "2026-04");
    });
}

/// BILL-03: the centre settles on readings the station has submitted and on parameters that are archived, nothing else.
#[test]
fn the_centre_settles_only_on_what_is_entered_and_archived() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        let book = company.book(PUBLIC_BOOK);
        let calculate = |date: &str| {
            act(house, "reviewer", date, |work| billing::calculate_book(work, &company.prices, april(), book))
        };
        // Readings that are still being entered are no basis.
        house.execute("UPDATE book_month SET state = 2 WHERE org_id = ?1 AND book_id = ?2", &[PUBLIC_BOOK]);
        assert!(matches!(calculate("2026-04-07"), Err(BillingError::Metering(_))));
        house.execute("UPDATE book_month SET state = 3 WHERE org_id = ?1 AND book_id = ?2", &[PUBLIC_BOOK]);
        // A change that is not archived holds its customer until it is.
        let placed = house
            .by("fee", "2026-04-07", |work| {
                hold::place(work, &house.rules, 1001, april(), "CT-1", "改类未归档", house.centre)
            })
            .unwrap();
        calculate("2026-04-08").unwrap();
        assert_eq!(state(house, PUBLIC_BOOK), BookState::Calculating);
        assert_eq!(bill(house, 1001).flow, Flow::Change);
        let issue = |date: &str| {
            act(house, "reviewer2", date, |work| {
                billing::issue_book(work, &house.rules, &company.postings, april(), book, 20)
            })
        };
        assert!(matches!(issue("2026-04-08"), Err(BillingError::BookState { .. })), "not reviewed yet");
        act(house, "reviewer2", "2026-04-08", |work| billing::review_book(work, april(), book)).unwrap();
        assert!(matches!(calculate("2026-04-08"), Err(BillingError::BookState { .. })), "under review");
        assert_eq!(issue("2026-04-08").unwrap().bills, 5);
        assert!(bill(house, 1001).issued.is_none());
        house.by("fee", "2026-04-09", |work| hold::release(work, &house.rules, placed.hold_id)).unwrap();
        assert_eq!(issue("2026-04-10").unwrap().bills, 1);
        assert!(bill(house, 1001).issued.is_some());
        let open = house.number("SELECT COUNT(*) FROM workflow_ticket WHERE org_id = ?1 AND closed = 0");
        assert_eq!(open, 0, "the hold-issue request is closed with the issue");
        ties_out(house, "2026-04");
        // What went out stays out: the book cannot go back.
        let back =
            act(house, "reviewer", "2026-04-10", |work| billing::send_book_back(work, april(), book, "重算"));
        assert!(matches!(back, Err(BillingError::Office(error)) if error.rule() == Some("BILL-23")));
    });
}

/// BILL-23: a reviewed book goes back one step with a reason, here and in metering, and through the centre again.
#[test]
fn a_book_goes_back_and_comes_again() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        let book = company.book(FAR_BOOK);
        let run = |date: &str| {
            act(house, "reviewer", date, |work| {
                billing::calculate_book(work, &company.prices, april(), book)
            })
            .unwrap();
            act(house, "reviewer2", date, |work| billing::review_book(work, april(), book)).unwrap();
        };
        let back = |reason: &str| {
            act(house, "reviewer2", "2026-04-08", |work| billing::send_book_back(work, april(), book, reason))
        };
        run("2026-04-07");
        assert!(back(" ").is_err());
        assert_eq!(back("倍率有误").unwrap(), BookState::Calculating);
        assert_eq!(back("表码有误").unwrap(), BookState::Submitted);
        // The whole month's run takes it up where its drafts lie.
        assert_eq!(company.run(&company.plan(april(), "2026-04-08")).unwrap().issued, 10);
        assert_eq!(state(house, FAR_BOOK), BookState::Exception);
        ties_out(house, "2026-04");
    });
}

/// BILL-19: energy, basic charge, losses and power-factor adjustment of a dedicated customer stand apart on its bill.
#[test]
fn a_full_month_has_its_components_apart() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        company.run(&company.plan(april(), "2026-04-08")).unwrap();
        let figures = bill(house, 1101).bill;
        for kind in [LineKind::Energy, LineKind::BasicCapacity, LineKind::PowerFactor, LineKind::Fund] {
            assert!(figures.lines.iter().any(|line| line.kind == kind), "{kind:?}");
        }
        assert!(figures.loss.is_some() && figures.basic.is_some() && figures.power_factor.is_some());
        assert!(figures.energy_kwh > kwh(60_000), "losses are billed on top of what the meter shows");
        let parts = house.look(|tx, org_id| report::component_totals(tx, org_id, april()));
        for code in ["basic", "power_factor", "transmission_distribution", "renewable"] {
            assert!(parts.iter().any(|part| part.code == code && !part.amount.is_zero()), "{code}");
        }
        let totals = house.look(|tx, org_id| report::station_totals(tx, org_id, april()));
        for total in totals {
            report::rules::check_relations(&total, &parts).unwrap();
        }
    });
}

/// ADJ-08, ADJ-18, BILL-20: a refund is a further bill with a number, a negative receivable and postings of its own;
/// what was issued before stays, and the next month's tiers go on from it.
#[test]
fn a_refund_is_a_further_bill() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        company.run(&company.plan(april(), "2026-04-08")).unwrap();
        let original = bill(house, 1002);
        let refund = AdjustmentBill {
            key: BillKey { sequence: 1, ..key(house, 1002) },
            unit_id: house.station,
            book_id: PUBLIC_BOOK,
            document: "TB-1".into(),
            reason: "表码录入错误".into(),
            energy_kwh: kwh(-100),
            tiers: vec![(2, kwh(-100))],
            components: vec![("energy".into(), yuan("-53.00")), ("vat".into(), yuan("-6.89"))],
            amount: yuan("-59.89"),
        };
        let issue = |bill: &AdjustmentBill| -> Result<i64> {
            act(house, "reviewer2", "2026-04-13", |work| {
                issue_adjustment(work, &company.postings, bill, day("2026-05-20"))
            })
        };
        let wrong = AdjustmentBill { amount: yuan("-59.88"), ..refund.clone() };
        assert!(matches!(issue(&wrong), Err(BillingError::Office(_))));
        let unknown =
            AdjustmentBill { components: vec![("nonsense".into(), yuan("-59.89"))], ..refund.clone() };
        assert!(issue(&unknown).is_err());
        let issue_id = issue(&refund).unwrap();
        assert!(issue(&refund).is_err(), "the same place twice");
        ties_out(house, "2026-04");
        let stored = house.store.read(|tx| stored_adjustment(tx, refund.key)).unwrap().unwrap();
        assert_eq!(stored.bill, refund);
        assert_eq!(stored.issued.issue_id, issue_id);
        assert!(house.store.read(|tx| stored_bill(tx, refund.key)).unwrap().is_none());
        assert_eq!(bill(house, 1002).detail, original.detail);
        let used = "SELECT q.tier_used_kwh - p.tier_used_kwh FROM quantity_ledger q JOIN quantity_ledger p
            ON p.org_id = q.org_id AND p.month = q.month AND p.account_id = q.account_id AND p.sequence = 0
            WHERE q.org_id = ?1 AND q.month = 202604 AND q.account_id = 1002 AND q.sequence = 1";
        assert_eq!(house.number(used), units(-100));
        // An adjustment of quantities alone has a bill and no voucher.
        let quantity = AdjustmentBill {
            key: BillKey { sequence: 2, ..refund.key },
            components: vec![],
            amount: Money::ZERO,
            ..refund
        };
        issue(&quantity).unwrap();
        ties_out(house, "2026-04");
    });
}

/// ADJ-03, ADJ-08, ADJ-16, BILL-02: a station's adjustment from slip to bill: its customer's own month waits for it.
#[test]
fn an_adjustment_goes_from_slip_to_bill() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        let rules = &house.rules;
        let new = adjustment::NewAdjustment {
            cause: adjustment::Cause::StationError,
            account_id: 1001,
            month: month("2026-03"),
            reason: "三月表码录入有误，多计电量".into(),
            effect: adjustment::Effect {
                energy_kwh: kwh(-20),
                tiers: vec![(1, kwh(-20))],
                components: vec![("energy".into(), yuan("-9.88")), ("vat".into(), yuan("-1.28"))],
            },
            request_ticket_id: None,
            change_ticket: None,
            centre_unit_id: house.centre,
            follow_up: vec![],
        };
        let case = house.by("fee", "2026-04-07", |work| adjustment::start(work, rules, &new)).unwrap();
        // In April the account would be clean; it waits because of the adjustment.
        assert_eq!(company.run(&company.plan(april(), "2026-04-08")).unwrap().issued, 9);
        assert_eq!(bill(house, 1001).flow, Flow::Adjustment);
        let id = case.case_id;
        house.by("head", "2026-04-08", |work| adjustment::approve(work, rules, id, "同意")).unwrap();
        house.by("reviewer", "2026-04-09", |work| adjustment::operate(work, rules, id)).unwrap();
        house.by("reviewer", "2026-04-09", |work| adjustment::archive(work, rules, id)).unwrap();
        house.by("fee", "2026-04-09", |work| adjustment::finish_follow_up(work, rules, id)).unwrap();
        house.by("reviewer", "2026-04-09", |work| adjustment::record_call(work, id, "请建抄本")).unwrap();
        let issued = house
            .by("reviewer", "2026-04-10", |work| adjustment::issue_with(work, rules, &company.postings, id))
            .unwrap();
        assert_eq!((issued.key.sequence, issued.amount), (1, yuan("-11.16")));
        let stored = house.store.read(|tx| stored_adjustment(tx, issued.key)).unwrap().unwrap();
        assert_eq!(stored.issued.due_on, day("2026-04-20"));
        assert_eq!(stored.bill.document, case.number);
        ties_out(house, "2026-04");
        let again = house
            .by("reviewer", "2026-04-10", |work| adjustment::issue_with(work, rules, &company.postings, id));
        assert_eq!(rule(again), "ADJ-03");
        // The hold is over: the month's own bill comes out.
        let done = act(house, "reviewer2", "2026-04-10", |work| {
            billing::issue_book(work, rules, &company.postings, april(), company.book(PUBLIC_BOOK), 20)
        });
        assert_eq!(done.unwrap().bills, 1);
        assert!(bill(house, 1001).issued.is_some());
        ties_out(house, "2026-04");
    });
}

/// RPT-06: one workbook has every report of the month, in both languages, and the sums agree.
#[test]
fn every_report_of_a_month_is_made_at_once() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        company.run(&company.plan(april(), "2026-04-08")).unwrap();
        let (rules, today) = (&house.rules, day("2026-04-20"));
        let made = house.look(|tx, org_id| report::reports(tx, rules, org_id, april(), today));
        let of = |code: &str| made.iter().find(|report| report.code == code).unwrap();
        for form in report::forms::all(april()) {
            assert_eq!(of(form.code).title, form.title);
        }
        let total = of("receivable_summary").money_total(3).unwrap();
        assert_eq!(of("sales_detail").money_total(8).unwrap(), total);
        assert_eq!(of("receivable_voucher").money_total(6).unwrap(), total);
        assert_eq!(of("collection_statistics").money_total(1).unwrap(), total);
        assert_eq!(of("exception_work_sheet").rows.len(), 5);
        let listed = of("fluctuation_list").rows.len() + of("zero_and_unread_list").rows.len();
        assert_eq!((listed, of("dedicated_exceptions").rows.len()), (4, 1));
        assert_eq!(of("reading_error_rate").rows.len(), 2);
        for lang in [Lang::Zh, Lang::En] {
            let sheets = house.look(|tx, org_id| report::all(tx, rules, org_id, april(), today, lang));
            assert_eq!(sheets.len(), made.len());
        }
    });
}
