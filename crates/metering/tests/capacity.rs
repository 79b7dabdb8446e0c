//! The dated limits of capacity, basic charge and contract demand, by cases; pure.
#![allow(clippy::unwrap_used)]

mod desk;

use desk::*;
use metering::account::*;
use metering::parameter::change_rules::ChangeRules;
use metering::parameter::rules::{Circumstances, apply, in_service_kva};
use metering::parameter::*;

fn factory(basic: BasicMethod) -> Supply {
    let account = Account {
        account_id: 101,
        unit_id: 7,
        book_id: 1,
        category: Category::TwoPart,
        voltage: VoltageLevel::From1To10kv,
        price_class: "industry".into(),
        options: Options::DEDICATED_TRANSFORMER,
        persons: 0,
        tier_start: None,
        due_day: 20,
        status: AccountStatus::Active,
        opened_on: day("1998-01-01"),
        closed_on: None,
        main_account_id: None,
    };
    let demand = (basic == BasicMethod::ContractDemand).then(|| figure("400"));
    Supply {
        details: AccountDetails {
            account,
            number: "3000000101".into(),
            name: "厂".into(),
            address: "路".into(),
            phone: String::new(),
            route_sequence: 1,
            collection: CollectionMethod::Counter,
            tax: TaxStatus::General,
            version: 1,
        },
        terms: Some(Terms {
            account_id: 101,
            basic,
            contract_demand_kw: demand,
            power_factor: None,
            transformer_loss: TransformerLossMethod::None,
            transformer_loss_kwh: None,
            transformer_loss_kvarh: None,
            line_loss: LineLossMethod::None,
            line_loss_rate: None,
            line_loss_kwh: None,
            loss_formula: None,
        }),
        transformers: [(1, "315"), (2, "500")]
            .map(|(seq, kva)| Transformer {
                account_id: 101,
                seq,
                model: "S11".into(),
                capacity_kva: figure(kva),
                connected_on: day("1998-01-01"),
            })
            .to_vec(),
        events: vec![],
        points: vec![],
        meters: vec![],
        shown: vec![],
        last_totals: vec![],
    }
}

fn judge(supply: &Supply, applied: &str, lines: &[Line]) -> Result<Supply, Fault> {
    let calendar = calendar();
    let now = Circumstances {
        applied_on: day(applied),
        today: day(applied),
        calendar: &calendar,
        rules: ChangeRules::built_in(),
        reading_day: Some(5),
    };
    apply(Some(supply), (101, 7), lines, now).map(|(after, _)| after).map_err(fault)
}

fn suspend(from: &str, seq: i64, until: Option<&str>) -> Line {
    capacity(from, CapacityAct::Suspend { seq, until: until.map(day) })
}
fn resume(from: &str, seq: i64) -> Line {
    capacity(from, CapacityAct::Resume { seq })
}

/// PARM-01: by the rules of 1996 a suspension lasts at least 15 days, twice a calendar year, six months in all.
#[test]
fn suspensions_of_1996() {
    let before = factory(BasicMethod::Capacity);
    let short = judge(&before, "2010-01-01", &[suspend("2010-03-01", 1, Some("2010-03-15"))]);
    assert!(matches!(short, Err(Fault::TooShort { least: 15, .. })), "{short:?}");
    assert!(judge(&before, "2010-01-01", &[suspend("2010-03-01", 1, Some("2010-03-16"))]).is_ok());
    // Five days ahead.
    let late = judge(&before, "2010-02-25", &[suspend("2010-03-01", 1, None)]);
    assert!(matches!(late, Err(Fault::TooLate { needed: 5, given: 4, working: false, .. })), "{late:?}");
    let twice = [
        suspend("2010-03-01", 1, None),
        resume("2010-04-01", 1),
        suspend("2010-06-01", 2, None),
        resume("2010-07-01", 2),
    ];
    let after = judge(&before, "2010-01-01", &twice).unwrap();
    let third = judge(&after, "2010-08-01", &[suspend("2010-09-01", 1, None)]);
    assert_eq!(third, Err(Fault::TooOften { year: 2010, count: 3, most: 2 }));
    // The next year counts anew; two transformers on one day are one suspension.
    let both = [suspend("2011-01-10", 1, Some("2011-07-12")), suspend("2011-01-10", 2, Some("2011-07-12"))];
    assert!(judge(&after, "2011-01-02", &both).is_ok());
    let long = judge(&after, "2011-01-02", &[suspend("2011-01-10", 1, Some("2011-07-15"))]);
    assert!(matches!(long, Err(Fault::TooManyDays { year: 2011, most: 184, .. })), "{long:?}");
}

/// PARM-01: from 2016 the number of suspensions is free, applied for five working days ahead; a customer by demand need
/// not suspend everything any more.
#[test]
fn suspensions_since_2016() {
    let before = factory(BasicMethod::Capacity);
    let often: Vec<Line> = ["2026-03-09", "2026-04-09", "2026-05-08"]
        .iter()
        .flat_map(|from| [suspend(from, 1, None), resume(&day(from).plus_days(20).unwrap().to_string(), 1)])
        .collect();
    assert!(judge(&before, "2026-03-02", &often).is_ok());
    let late = judge(&before, "2026-03-03", &often);
    assert!(matches!(late, Err(Fault::TooLate { needed: 5, given: 4, working: true, .. })), "{late:?}");

    let demand = factory(BasicMethod::ContractDemand);
    let part = |from: &str, applied: &str| judge(&demand, applied, &[suspend(from, 1, None)]);
    assert_eq!(part("2010-03-01", "2010-01-01"), Err(Fault::NotWhole));
    assert!(part("2026-03-09", "2026-03-02").is_ok());
    let whole = [suspend("2010-03-01", 1, None), suspend("2010-03-01", 2, None)];
    assert!(judge(&demand, "2010-01-01", &whole).is_ok());
}

/// PARM-01: a transformer does only what its standing allows, and events follow each other in time.
#[test]
fn transformers_do_what_their_standing_allows() {
    let before = factory(BasicMethod::Capacity);
    let refused = |lines: &[Line]| judge(&before, "2026-03-02", lines).unwrap_err();
    assert!(matches!(refused(&[resume("2026-03-09", 1)]), Fault::WrongStanding { seq: 1, .. }));
    assert_eq!(refused(&[resume("2026-03-09", 9)]), Fault::NoTransformer { seq: 9 });
    let twice = [suspend("2026-03-09", 1, None), suspend("2026-03-20", 1, None)];
    assert!(matches!(refused(&twice), Fault::WrongStanding { .. }));
    let backwards = [suspend("2026-04-09", 1, None), suspend("2026-03-20", 1, None)];
    assert!(matches!(refused(&backwards), Fault::Day { .. }));

    let steps = [
        capacity("2026-03-10", CapacityAct::Add { model: "S13".into(), capacity_kva: figure("200") }),
        capacity("2026-03-11", CapacityAct::ColdStandby { seq: 3 }),
        capacity("2026-03-12", CapacityAct::HotStandby { seq: 3 }),
        capacity("2026-03-13", CapacityAct::Remove { seq: 3 }),
        suspend("2026-03-14", 1, None),
    ];
    let after = judge(&before, "2026-03-02", &steps).unwrap();
    let served = |on: &str| in_service_kva(&after, day(on)).unwrap();
    let expected = [
        ("2026-03-09", "815"),
        ("2026-03-10", "1015"),
        ("2026-03-11", "815"),
        ("2026-03-12", "1015"),
        ("2026-03-13", "815"),
        ("2026-03-14", "500"),
    ];
    for (on, kva) in expected {
        assert_eq!(served(on), figure(kva), "{on}");
    }
    // A mistake is revoked on its own day only.
    let revoke = |on: &str| judge(&after, "2026-03-20", &[capacity(on, CapacityAct::Revoke { seq: 1 })]);
    assert!(matches!(revoke("2026-03-15"), Err(Fault::Day { .. })));
    assert_eq!(in_service_kva(&revoke("2026-03-14").unwrap(), day("2026-03-14")).unwrap(), figure("815"));
}

/// PARM-01: reductions of six months to two years by the rules of 1996, without the least since 2016; swaps of two
/// months up to 10 kV.
#[test]
fn reductions_and_swaps() {
    let before = factory(BasicMethod::Capacity);
    let reduce = |from: &str, until: Option<&str>, to: Option<&str>| {
        let act = CapacityAct::Reduce { seq: 2, to_kva: to.map(figure), until: until.map(day) };
        judge(&before, &day(from).plus_days(-10).unwrap().to_string(), &[capacity(from, act)])
    };
    assert!(matches!(
        reduce("2010-03-01", Some("2010-08-31"), None),
        Err(Fault::TooShort { least: 6, months: true, .. })
    ));
    assert!(reduce("2010-03-01", Some("2010-09-01"), None).is_ok());
    assert!(matches!(reduce("2010-03-01", Some("2012-03-02"), None), Err(Fault::TooLong { most: 24, .. })));
    assert!(reduce("2026-03-13", Some("2026-04-13"), None).is_ok());
    assert!(matches!(reduce("2026-03-13", None, Some("630")), Err(Fault::Value { .. })));
    let smaller = reduce("2026-03-13", None, Some("250")).unwrap();
    assert_eq!(in_service_kva(&smaller, day("2026-03-13")).unwrap(), figure("565"));
    // Back after more than two years is a new installation.
    let out = reduce("2024-01-15", None, None).unwrap();
    assert!(judge(&out, "2025-12-01", &[resume("2026-01-15", 2)]).is_ok());
    assert!(matches!(judge(&out, "2025-12-01", &[resume("2026-01-16", 2)]), Err(Fault::TooLong { .. })));

    let swap = |until: &str| {
        let act = CapacityAct::Swap { seq: 1, capacity_kva: figure("400"), until: day(until) };
        judge(&before, "2026-03-02", &[capacity("2026-03-09", act)])
    };
    assert!(matches!(swap("2026-05-10"), Err(Fault::TooLong { most: 2, .. })));
    let swapped = swap("2026-05-09").unwrap();
    assert_eq!(in_service_kva(&swapped, day("2026-03-09")).unwrap(), figure("900"));
    let back =
        judge(&swapped, "2026-05-01", &[capacity("2026-05-09", CapacityAct::SwapBack { seq: 1 })]).unwrap();
    assert_eq!(in_service_kva(&back, day("2026-05-09")).unwrap(), figure("815"));
}

/// PARM-01: the method of basic charge changes by the quarter, 15 working days ahead (by the year before 2016); the
/// contract demand by the month, 5 working days ahead, and not below 40 % of the capacity in service.
#[test]
fn basic_charge_and_contract_demand() {
    let by_demand = factory(BasicMethod::ContractDemand);
    let to_capacity = |applied: &str, from: &str| {
        let change = Change::Basic { method: BasicMethod::Capacity, contract_demand_kw: None };
        judge(&by_demand, applied, &[line(from, change)]).map(|_| ())
    };
    assert_eq!(
        to_capacity("2026-03-01", "2026-05-01"),
        Err(Fault::NotAtPeriodStart { from: day("2026-05-01"), months: 3 })
    );
    assert_eq!(
        to_capacity("2026-03-01", "2026-04-02"),
        Err(Fault::NotAtPeriodStart { from: day("2026-04-02"), months: 3 })
    );
    // March 2026: 11 to 31 has 15 working days, and the first of April is the 15th after the 11th.
    assert_eq!(to_capacity("2026-03-11", "2026-04-01"), Ok(()));
    assert!(matches!(
        to_capacity("2026-03-12", "2026-04-01"),
        Err(Fault::TooLate { needed: 15, given: 14, working: true, .. })
    ));
    // Over the year, although the next year's calendar is not out.
    assert_eq!(to_capacity("2026-12-01", "2027-01-01"), Ok(()));

    let demand = |applied: &str, from: &str, kw: &str| {
        let change = Change::ContractDemand { contract_demand_kw: figure(kw) };
        judge(&by_demand, applied, &[line(from, change)]).map(|_| ())
    };
    assert_eq!(demand("2026-03-25", "2026-04-01", "500"), Ok(()));
    assert!(matches!(
        demand("2026-03-26", "2026-04-01", "500"),
        Err(Fault::TooLate { needed: 5, given: 4, .. })
    ));
    assert_eq!(demand("2026-03-20", "2026-04-05", "500"), Ok(()), "the reading day begins a month as well");
    assert!(matches!(
        demand("2026-03-20", "2026-04-06", "500"),
        Err(Fault::NotAtPeriodStart { months: 1, .. })
    ));
    // 40 % of 815 kVA is 326 kW.
    assert_eq!(demand("2026-03-20", "2026-04-01", "326"), Ok(()));
    assert!(matches!(
        demand("2026-03-20", "2026-04-01", "325.999999"),
        Err(Fault::BelowFloor { percent: 40, .. })
    ));
    assert_eq!(demand("2026-03-20", "2026-04-01", "400"), Err(Fault::Same { field: "contract_demand" }));
}

/// PARM-01: what does not fit together is refused; what did not fit before does not stop another change.
#[test]
fn an_account_fits_together_after_the_change() {
    let by_demand = factory(BasicMethod::ContractDemand);
    let single = Change::Category { category: Category::SinglePart, price_class: "commerce".into() };
    let large = judge(&by_demand, "2026-03-02", &[line("2026-03-02", single.clone())]);
    assert!(matches!(large, Err(Fault::Value { field: "category", .. })), "815 kVA is two-part");
    let small = [
        capacity("2026-03-09", CapacityAct::Remove { seq: 2 }),
        capacity("2026-03-09", CapacityAct::Reduce { seq: 1, to_kva: Some(figure("200")), until: None }),
        line("2026-03-09", single),
    ];
    let half = judge(&by_demand, "2026-03-02", &small);
    assert!(matches!(half, Err(Fault::Inconsistent { .. })), "a single-part customer has no basic charge");
    let mut whole = small.to_vec();
    whole.push(line("2026-03-09", Change::Basic { method: BasicMethod::None, contract_demand_kw: None }));
    assert_eq!(judge(&by_demand, "2026-03-02", &whole).unwrap().details.account.price_class, "commerce");

    let mut broken = factory(BasicMethod::Capacity);
    broken.terms = None;
    let voltage = Change::Voltage { voltage: VoltageLevel::From35To110kv };
    assert!(judge(&broken, "2026-03-02", &[line("2026-03-02", voltage)]).is_ok());
}

/// Changes are data: they are read from JSON by the keys of the office, and what is unknown is refused.
#[test]
fn changes_are_read_from_text() {
    let text = r#"{"from":"2026-03-09","change":{"kind":"capacity","act":{"act":"suspend","seq":1,"until":"2026-06-01"}}}"#;
    let read: Line = serde_json::from_str(text).unwrap();
    assert_eq!(read, suspend("2026-03-09", 1, Some("2026-06-01")));
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    for bad in [
        r#"{"from":"2026-03-09","change":{"kind":"capacity","act":{"act":"burn","seq":1}}}"#,
        r#"{"from":"2026-13-09","change":{"kind":"persons","persons":5}}"#,
        r#"{"from":"2026-03-09","change":{"kind":"persons","persons":5,"more":1}}"#,
        r#"{"from":"2026-03-09","change":{"kind":"voltage","voltage":"1000kv"}}"#,
    ] {
        assert!(serde_json::from_str::<Line>(bad).is_err(), "{bad}");
    }
}
