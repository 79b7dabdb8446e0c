//! Stories of reports, balances, inquiries and purchased power, on both databases.
#![allow(clippy::unwrap_used)]

mod house;

use billing::generation::{self, NewPurchase, PurchaseState};
use billing::inquiry::{self, InquiryState};
use billing::report::{self, ComponentTotal, Difference, MeteringDirectory, TargetKind, forms};
use documents::sheet::{Cell, RowTaker, StreamError};
use house::*;
use kernel::{Lang, Money, Text};
use ledger::{Chart, PostingRules, VoucherHeader};

fn march() -> kernel::Month {
    month("2026-03")
}

fn part(unit_id: i64, code: &str, is_fund: bool, amount: &str) -> ComponentTotal {
    ComponentTotal { unit_id, code: code.into(), name: Text::new(code, code), is_fund, amount: yuan(amount) }
}

fn open_books(house: &House<'_>) -> PostingRules {
    let rules = PostingRules::standard().unwrap();
    let chart = Chart::standard().unwrap();
    house.ledger_keeper("2026-03-01", |work| ledger::install_chart(work, &chart, &rules));
    for open in ["2026-03", "2026-04"] {
        house.ledger_keeper("2026-03-01", |work| ledger::open_period(work, month(open)));
    }
    rules
}

/// Posts a receivable of `unit_id` as an issue does.
fn post(house: &House<'_>, rules: &PostingRules, unit_id: i64, amount: &str, on: &str) {
    house.ledger_keeper(on, |work| {
        let component = rules.component("energy")?;
        let posting = rules.event("bill_issued")?.posting(component, yuan(amount), Some(PUBLIC))?;
        let header = VoucherHeader {
            voucher_id: work.next_key(),
            unit_id,
            posted_on: day(on),
            effective_on: day(on),
            event: "bill_issued".into(),
            source: "test".into(),
            text: "发行".into(),
        };
        ledger::post(work, &header, &[posting]).map(drop)
    });
}

/// RPT-01, RPT-02, RPT-03, RPT-04, RPT-07: compiled by the centre, confirmed and submitted by stations, rolled up.
#[test]
fn a_month_is_compiled_confirmed_submitted_and_rolled_up() {
    each_engine(|house| {
        let rules = &house.rules;
        house.issue(1, "2026-03", 100, "60.00", "2026-03-12");
        house.issue(OTHER, "2026-03", 50, "30.00", "2026-03-12");
        let parts = [
            part(house.station, "energy", false, "57.00"),
            part(house.station, "renewable", true, "3.00"),
            part(house.other_station, "energy", false, "30.00"),
        ];
        let compile = |login: &str, parts: &[ComponentTotal]| {
            house.by(login, "2026-03-26", |work| report::compile(work, march(), parts))
        };
        assert!(not_permitted(&compile("fee", &parts)));
        assert_eq!(rule(compile("reviewer", &parts[..2])), "RPT-01");
        let totals = compile("reviewer", &parts).unwrap();
        assert_eq!(totals.len(), 2);
        let submit = |login: &str, unit_id| {
            house.by(login, "2026-03-29", |work| report::submit(work, march(), unit_id))
        };
        assert_eq!(rule(submit("fee", house.station)), "RPT-02");
        let confirm = |login: &str, date: &str, unit_id, amount: &str| {
            house.by(login, date, |work| report::confirm(work, rules, march(), unit_id, yuan(amount)))
        };
        assert!(not_permitted(&confirm("reviewer", "2026-03-27", house.station, "60.00")));
        assert_eq!(rule(confirm("fee", "2026-03-27", house.station, "59.99")), "RPT-02");
        confirm("fee", "2026-03-29", house.station, "60.00").unwrap();
        assert_eq!(rule(confirm("fee2", "2026-03-30", house.other_station, "30.00")), "RPT-04");
        let consent = |date: &str| {
            house.by("marketing", date, |work| {
                report::consent_to_late(work, rules, march(), house.other_station, "系统检修，同意延至 31 日")
            })
        };
        assert_eq!(rule(consent("2026-03-30")), "RPT-04");
        consent("2026-03-28").unwrap();
        confirm("fee2", "2026-03-31", house.other_station, "30.00").unwrap();
        let department = house.actor("department").assignments[0].unit_id;
        let roll_up = |login: &str, unit_id| {
            house.by(login, "2026-03-31", |work| report::roll_up(work, march(), unit_id))
        };
        assert_eq!(rule(roll_up("department", department)), "RPT-07");
        submit("fee", house.station).unwrap();
        submit("fee2", house.other_station).unwrap();
        assert_eq!(rule(roll_up("marketing", house.marketing)), "RPT-07");
        assert_eq!(roll_up("department", department).unwrap().amount, yuan("90.00"));
        assert_eq!(roll_up("marketing", house.marketing).unwrap().bills, 2);
        let late: Vec<i64> = house
            .look(|tx, org_id| report::statuses(tx, rules, org_id, march(), day("2026-04-01")))
            .iter()
            .map(|status| status.late_days)
            .collect();
        assert_eq!(late, [0, 2]);
        // A station's confirmed figure is not silently replaced.
        house.issue(2, "2026-03", 10, "6.00", "2026-03-31");
        let more = [parts.to_vec(), vec![part(house.station, "energy", false, "6.00")]].concat();
        assert_eq!(rule(compile("reviewer", &more)), "RPT-02");
    });
}

struct Rows(Vec<Vec<Cell>>);
impl RowTaker for Rows {
    fn take(&mut self, cells: &[Cell]) -> Result<(), StreamError> {
        self.0.push(cells.to_vec());
        Ok(())
    }
}

/// RPT-06, BILL-18: every form is there; the sum of catalogue fee and funds is the total; sales are by class.
#[test]
fn every_report_is_produced() {
    let codes: Vec<_> = forms::all(march()).iter().map(|form| form.code).collect();
    assert_eq!(codes.len(), 10);
    assert!(forms::all(march()).iter().all(|form| !form.columns.is_empty() && form.rows.is_empty()));
    each_engine(|house| {
        house.issue(1, "2026-03", 100, "60.00", "2026-03-12");
        house.issue(2, "2026-03", 0, "0.00", "2026-03-12");
        house.issue(OTHER, "2026-03", 50, "30.00", "2026-03-12");
        let parts = [
            part(house.station, "energy", false, "57.00"),
            part(house.station, "renewable", true, "3.00"),
            part(house.other_station, "energy", false, "30.00"),
        ];
        let summary = house.look(|tx, org_id| report::receivable_summary(tx, org_id, march(), &parts));
        assert_eq!(summary.money_total(3).unwrap(), yuan("90.00"));
        assert_eq!(
            summary.money_total(4).unwrap().plus(summary.money_total(5).unwrap()).unwrap(),
            yuan("90.00")
        );
        assert_eq!(summary.columns.len(), 8);
        let directory = MeteringDirectory;
        let sales = house.look(|tx, org_id| report::sales_detail(tx, org_id, march(), None, &directory));
        assert_eq!(sales.rows.len(), 1);
        assert_eq!(
            sales.rows[0][..3],
            [Cell::Text("单一制".into()), Cell::Integer(3), Cell::Quantity(kwh(150))]
        );
        assert_eq!(sales.rows[0][9], Cell::Price("0.6".parse().unwrap()));
        let own = house.look(|tx, org_id| {
            report::sales_detail(tx, org_id, march(), Some(house.other_station), &directory)
        });
        assert_eq!(own.money_total(8).unwrap(), yuan("30.00"));
        let vouchers = house.look(|tx, org_id| report::receivable_vouchers(tx, org_id, march()));
        assert_eq!((vouchers.rows.len(), vouchers.money_total(6).unwrap()), (3, yuan("90.00")));
        let collection = house.look(|tx, org_id| report::collection_statistics(tx, org_id, march()));
        assert_eq!(
            (collection.money_total(2).unwrap(), collection.money_total(3).unwrap()),
            (Money::ZERO, yuan("90.00"))
        );
        assert_eq!(collection.notes.len(), 1);
        let mut rows = Rows(Vec::new());
        let columns = summary.columns.len();
        summary.sheet(Lang::Zh).stream(&mut rows).unwrap();
        assert!(rows.0.len() == 2 && rows.0.iter().all(|row| row.len() == columns));
        house.exception(1, billing::gates::Reasons::QUANTITY_FLUCTUATION);
        let sheet =
            house.look(|tx, org_id| report::exception_work_sheet(tx, org_id, march(), None, &directory));
        assert_eq!(sheet.rows[0][3], Cell::Text("电量波动异常".into()));
        assert_eq!(sheet.rows[0][8], Cell::Percent("1".parse().unwrap()));
        assert_eq!(sheet.rows[0].len(), sheet.columns.len());
    });
}

/// RPT-08: targets sum to the whole and are in force when the leader, not marketing, approved them.
#[test]
fn targets_are_decomposed_and_approved_by_another() {
    each_engine(|house| {
        let set = |parts: &[(i64, i64)]| {
            house.by("marketing", "2026-03-02", |work| {
                report::set_targets(work, march(), TargetKind::Receivable, 1000, parts)
            })
        };
        assert_eq!(rule(set(&[(house.station, 700), (house.other_station, 200)])), "RPT-08");
        set(&[(house.station, 700), (house.other_station, 300)]).unwrap();
        let approve = |login: &str| {
            house.by(login, "2026-03-03", |work| {
                report::approve_targets(work, march(), TargetKind::Receivable)
            })
        };
        assert!(not_permitted(&approve("marketing")));
        assert_eq!(approve("leader").unwrap(), 2);
        assert!(set(&[(house.station, 800), (house.other_station, 200)]).is_err(), "approved targets stay");
    });
}

/// RPT-09, RPT-10, RPT-11: receivable at a moment, marketing against finance, and the frozen month-end balance.
#[test]
fn balances_are_explained_and_frozen() {
    each_engine(|house| {
        let posting = open_books(house);
        house.issue(1, "2026-03", 100, "60.00", "2026-03-12");
        post(house, &posting, house.station, "60.00", "2026-03-12");
        // Of March, but issued in April: marketing counts it, finance not yet.
        house.issue(2, "2026-03", 10, "6.00", "2026-04-02");
        post(house, &posting, house.station, "6.00", "2026-04-02");
        let owed = |at_day: &str, account_id| {
            house.look(|tx, org_id| report::receivable_at(tx, org_id, account_id, at(at_day)))
        };
        assert_eq!(owed("2026-03-11", 1), (Money::ZERO, Money::ZERO, Money::ZERO));
        assert_eq!(owed("2026-03-12", 1), (yuan("60.00"), Money::ZERO, yuan("60.00")));
        let point = |login: &str, moment: &str| {
            house.by(login, "2026-04-03", |work| report::fix_time_point(work, at(moment), "三月入账时点"))
        };
        assert!(not_permitted(&point("reviewer", "2026-03-31")));
        assert_eq!(point("accountant", "2026-03-31").unwrap(), yuan("60.00"));
        assert_eq!(rule(point("accountant", "2026-04-04")), "RPT-09");
        let balance = house.look(|tx, org_id| report::marketing_against_finance(tx, org_id, march()));
        assert_eq!((balance.marketing, balance.finance), (yuan("66.00"), yuan("60.00")));
        assert_eq!(balance.causes.len(), 1);
        assert_eq!(
            (balance.causes[0].cause, balance.causes[0].amount),
            (report::rules::Cause::Timing, yuan("6.00"))
        );
        assert_eq!(balance.unexplained, Money::ZERO);
        let noted = Difference {
            cause: report::rules::Cause::BadDebt,
            amount: yuan("1.00"),
            text: "已核销坏账".into(),
        };
        house.by("accountant", "2026-04-03", |work| report::note_difference(work, march(), &noted)).unwrap();
        let balance = house.look(|tx, org_id| report::marketing_against_finance(tx, org_id, march()));
        assert_eq!(balance.unexplained, yuan("-1.00"));

        let freeze = |date: &str| {
            house.by("accountant", date, |work| report::freeze_month_end(work, march(), &[house.station]))
        };
        assert_eq!(rule(freeze("2026-03-31")), "RPT-11");
        assert_eq!(freeze("2026-04-03").unwrap(), yuan("60.00"));
        assert!(freeze("2026-04-04").is_err(), "frozen once");
        let changed =
            house.store.write(|tx| tx.execute("UPDATE receivable_snapshot SET balance = 0", &[]).map(drop));
        assert!(changed.is_err(), "the database refuses it");
        assert_eq!(house.look(|tx, org_id| report::snapshots(tx, org_id, march())).len(), 2);
    });
}

/// INQ-01, INQ-02, INQ-03, INQ-04, BILL-16: the station receives and tells; the centre answers the station only.
#[test]
fn inquiries_stay_at_the_station() {
    each_engine(|house| {
        let rules = &house.rules;
        let receive = |login: &str| {
            house.by(login, "2026-03-05", |work| inquiry::receive(work, PUBLIC, "二月电费为何增加？"))
        };
        assert!(not_permitted(&receive("reviewer")));
        let spot = receive("inquiry").unwrap();
        let tell = |login: &str, inquiry_id, words: &str| {
            house.by(login, "2026-03-06", |work| {
                inquiry::tell_customer(work, rules, inquiry_id, words, &["027-88886666"])
            })
        };
        tell("inquiry", spot, "二月天数与用电增加").unwrap();
        let doubtful = receive("inquiry").unwrap();
        let answer = |login: &str| {
            house.by(login, "2026-03-06", |work| {
                inquiry::answer_to_station(work, rules, doubtful, "阶梯电价所致")
            })
        };
        assert_eq!(rule(answer("reviewer")), "INQ-01");
        house
            .by("inquiry", "2026-03-05", |work| inquiry::forward(work, rules, doubtful, house.centre))
            .unwrap();
        assert!(not_permitted(&answer("fee")));
        answer("reviewer").unwrap();
        assert!(not_permitted(&tell("reviewer", doubtful, "阶梯电价所致")));
        assert_eq!(rule(tell("inquiry", doubtful, "请致电 027-8888-6666")), "INQ-03");
        assert_eq!(rule(tell("inquiry", doubtful, "请问电费管理中心")), "INQ-03");
        tell("inquiry", doubtful, "二月超出第一档，按第二档计价").unwrap();
        let kept = house.look(|tx, org_id| inquiry::find(tx, org_id, doubtful));
        assert_eq!(kept.state, InquiryState::Closed);
        house.issue(1, "2026-03", 100, "60.00", "2026-03-12");
        let fees =
            house.look(|tx, org_id| inquiry::fee_information(tx, org_id, PUBLIC, month("2026-01"), march()));
        assert_eq!(
            fees.iter().map(|fee| (fee.month, fee.amount)).collect::<Vec<_>>(),
            [(march(), yuan("60.00"))]
        );
    });
}

/// GEN-01, GEN-02, GEN-03, GEN-04: the station settles, marketing approves, the station pays and posts; nothing before.
#[test]
fn purchased_power_is_paid_only_when_approved() {
    each_engine(|house| {
        let rules = &house.rules;
        let posting = open_books(house);
        let plant = house
            .by("fee", "2026-03-03", |work| {
                generation::add_plant(work, house.station, "青山水电站", Some(PUBLIC))
            })
            .unwrap();
        let purchase = NewPurchase {
            plant_id: plant.plant_id,
            month: march(),
            energy_kwh: kwh(12_345),
            price: "0.2817".parse().unwrap(),
            vat: yuan("104.33"),
            contract: "购售电合同 2026-08",
        };
        let settle =
            |login: &str| house.by(login, "2026-03-28", |work| generation::settle_ongrid(work, &purchase));
        assert!(not_permitted(&settle("reviewer")));
        let statement = settle("fee").unwrap();
        assert_eq!(statement.amount, yuan("3477.59"));
        assert_eq!(rule(settle("fee")), "GEN-01");
        let id = statement.statement_id;
        let pay = |house: &House<'_>| {
            house.by("fee", "2026-03-31", |work| generation::pay(work, rules, &posting, id))
        };
        assert_eq!(rule(pay(house)), "GEN-02");
        let number = house
            .by("fee", "2026-03-29", |work| generation::submit(work, rules, id, house.marketing))
            .unwrap();
        assert_eq!(number, "GD-S1-2026-00001");
        assert_eq!(rule(pay(house)), "GEN-02");
        let approve =
            |login: &str| house.by(login, "2026-03-30", |work| generation::approve(work, rules, id, "同意"));
        assert!(not_permitted(&approve("fee")));
        approve("marketing").unwrap();
        pay(house).unwrap();
        assert_eq!(rule(pay(house)), "GEN-02");
        let balance = |account| {
            house.look(|tx, org_id| {
                ledger::balance_of(tx, org_id, ledger::AccountCode(account), march(), Some(house.station))
                    .map_err(|error| billing::OfficeError::below(&error))
            })
        };
        assert_eq!((balance(640101), balance(222102)), (yuan("3477.59"), yuan("104.33")));
        assert_eq!((balance(220201), balance(1002)), (Money::ZERO, yuan("-3581.92")));
        let bought = house.look(|tx, org_id| generation::purchased_in(tx, org_id, march()));
        assert_eq!(bought.iter().map(|one| one.state).collect::<Vec<_>>(), [PurchaseState::Paid]);

        let offgrid = |login: &str| {
            house.by(login, "2026-03-31", |work| generation::settle_offgrid(work, march(), plant.plant_id))
        };
        assert_eq!(rule(offgrid("reviewer")), "GEN-03");
        house.issue(PUBLIC, "2026-03", 80, "48.00", "2026-03-30");
        assert!(not_permitted(&offgrid("fee")));
        assert_eq!(offgrid("reviewer").unwrap(), (kwh(80), yuan("48.00")));
    });
}

/// BILL-17, BILL-16, RPT-05, XC-02: a reviewer holds no permission that changes a parameter or speaks to a customer.
#[test]
fn a_reviewer_can_change_no_parameter() {
    let catalogue = identity::Catalogue::built_in();
    let reviewer = catalogue.post("reviewer").unwrap();
    for forbidden in [
        "parameter.",
        "system.",
        "metering.manage_accounts",
        "metering.enter_reading",
        "inquiry.receive",
        "billing.answer_exception",
        "report.confirm",
    ] {
        let held = reviewer.permissions.iter().find(|name| name.starts_with(forbidden));
        assert_eq!(held, None, "{forbidden}");
    }
    let compilers = catalogue.posts.iter().filter(|post| post.permissions.contains("report.compile_station"));
    let compilers: Vec<_> = compilers.map(|post| post.code).collect();
    assert_eq!(compilers, ["station_fee_administrator"], "RPT-05: other statistics are the stations' own");
    // Every right this office asks for is known, so that no desk can be locked by a wrong word.
    for asked in billing::office::permission::ALL {
        assert!(catalogue.permission(asked.0).is_some(), "{}", asked.0);
    }
}
