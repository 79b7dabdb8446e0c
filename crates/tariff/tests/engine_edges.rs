//! The engine at the edges of its rules: the last figure on one side of a limit and the first on the other.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::{Money, Quantity};
use smallvec::smallvec;
use tariff::*;

fn january(points: impl IntoIterator<Item = Point>) -> AccountPeriod {
    account("2026-01-01", "2026-02-01", points)
}

/// Total, then sharp, peak, flat and valley as shown; an empty text is a register that the meter has not.
fn shown(total: &str, divided: [&str; 4]) -> Vec<Reading> {
    let registers = [Register::Sharp, Register::Peak, Register::Flat, Register::Valley];
    [(Register::Total, total)]
        .into_iter()
        .chain(registers.into_iter().zip(divided))
        .filter(|(_, text)| !text.is_empty())
        .map(|(register, text)| reading(register, "0", text))
        .collect()
}

/// A dial has one to twelve digits and a multiplier above zero; each register is read once.
#[test]
fn a_meter_record_has_limits() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    let with = |digits: u8, multiplier: &str, readings: &[Reading]| {
        let segment = MeterSegment { digits, ..meter(multiplier, readings) };
        january([point(plan, Source::Meters(smallvec![segment]))])
    };
    let one = [reading(Register::Total, "0", "1")];
    for (digits, multiplier, refused) in
        [(1, "1", false), (12, "1", false), (13, "1", true), (0, "1", true), (6, "0", true), (6, "-1", true)]
    {
        let input = with(digits, multiplier, &one);
        if refused {
            assert_eq!(desk.refusal(&input), Refusal::MeterRecord, "{digits} {multiplier}");
        } else {
            assert_eq!(desk.bill(&input).energy_kwh, kwh("1"), "{digits} {multiplier}");
        }
    }
    for register in [Register::Total, Register::Peak, Register::ReactiveReverse, Register::Demand] {
        let twice = [one[0], reading(register, "0", "0"), reading(register, "0", "0")];
        assert_eq!(desk.refusal(&with(6, "1", &twice)), Refusal::RegisterTwice(register.key()));
    }
    // Both directions of reactive energy and all periods are different registers.
    let all = [
        Register::Total,
        Register::Sharp,
        Register::Peak,
        Register::Flat,
        Register::Valley,
        Register::DeepValley,
        Register::ReactiveForward,
        Register::ReactiveReverse,
        Register::Demand,
    ];
    let zeros = all.map(|register| reading(register, "0", "0"));
    assert_eq!(desk.bill(&with(6, "1", &zeros)).energy_kwh, Quantity::ZERO);
}

/// A point with one price is billed by its total, whether or not the other registers agree with it; what is kept of it
/// is undivided.
#[test]
fn one_price_is_billed_by_the_total() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    for readings in [shown("10", ["", "3", "", "4"]), shown("10", ["", "30", "", ""])] {
        let bill = desk.bill(&january([metered(plan, "1", &readings)]));
        assert_eq!(bill.points[0].metered, PeriodEnergy::undivided(kwh("10")));
        assert_eq!(bill.energy_kwh, kwh("10"));
    }
}

/// Registers may differ by one shown hundredth times the multiplier each, the total counted as one of them. With a
/// multiplier of 1000 that is 10 kWh each.
#[test]
fn registers_differ_by_what_they_do_not_show() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let plan = desk.plan("single_part", "below_1kv");
    let billed = |total: &str, divided: [&str; 4], multiplier: &str| {
        let input = january([metered(plan, multiplier, &shown(total, divided))]);
        let mut bill = Bill::new();
        calculate(&desk.plans, &desk.rules, &input, &mut bill).map_err(|refused| refused.reason).map(|()| {
            [Period::Sharp, Period::Peak, Period::Flat, Period::Valley].map(|period| {
                let whole = bill.points[0].billed.of(period).units() / Quantity::SCALE;
                i32::try_from(whole).unwrap()
            })
        })
    };
    let differ =
        |periods: &str, total: &str| Err(Refusal::PeriodsDiffer { periods: kwh(periods), total: kwh(total) });
    // Four registers: 40 kWh; the flat register gives way to the total.
    assert_eq!(billed("100", ["", "30", "40.04", "30"], "1000"), Ok([0, 30_000, 40_000, 30_000]));
    assert_eq!(billed("100", ["", "30", "39.96", "30"], "1000"), Ok([0, 30_000, 40_000, 30_000]));
    assert_eq!(billed("100", ["", "30", "40.05", "30"], "1000"), differ("100050", "100000"));
    assert_eq!(billed("100", ["", "30", "39.95", "30"], "1000"), differ("99950", "100000"));
    // Without a flat register: three registers, 30 kWh, taken from the largest of the others.
    assert_eq!(billed("100", ["", "60.03", "", "40"], "1000"), Ok([0, 60_000, 0, 40_000]));
    assert_eq!(billed("100", ["", "40", "", "60.03"], "1000"), Ok([0, 40_000, 0, 60_000]));
    assert_eq!(billed("100", ["30", "40.03", "", "30"], "1000"), Ok([30_000, 40_000, 0, 30_000]));
    assert_eq!(billed("100", ["", "60.04", "", "40"], "1000"), differ("100040", "100000"));
    // Of equals the first.
    assert_eq!(billed("100", ["", "50.01", "", "50.01"], "1000"), Ok([0, 49_990, 0, 50_010]));
    // Small multipliers: a whole kWh each, and none is taken below zero.
    assert_eq!(billed("9", ["", "6", "", "6"], "1"), Ok([0, 3, 0, 6]));
    assert_eq!(billed("8", ["", "6", "", "6"], "1"), differ("12", "8"));
    assert_eq!(billed("0", ["", "2", "", ""], "1"), Ok([0, 0, 0, 0]));
    assert_eq!(billed("0", ["", "3", "", ""], "1"), differ("3", "0"));
    assert_eq!(billed("0", ["", "1", "", "1"], "1"), differ("2", "0"));
    assert_eq!(billed("1", ["", "1", "", "1"], "1"), Ok([0, 0, 0, 1]));
}

/// An account has at most 250 points.
#[test]
fn an_account_has_so_many_points() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    let points = |count: usize| january((0..count).map(|_| simple(plan, "1")));
    assert_eq!(desk.bill(&points(250)).energy_kwh, kwh("250"));
    assert_eq!(desk.refusal(&points(251)), Refusal::PointCount(251));
}

/// A point that hangs on another needs one: alone, or on itself, it is refused, and never billed as nothing.
#[test]
fn a_point_alone_hangs_on_nothing() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    let fixed = point(plan, Source::FixedQuantity { parent: 0, kwh: kwh("50") });
    assert_eq!(desk.refusal(&january([fixed])), Refusal::WrongParent);
    let ratio = point(plan, Source::FixedRatio { parent: 1, ratio: rate("0.5") });
    assert_eq!(desk.refusal(&january([ratio])), Refusal::WrongParent);
    let own = Point { deducted_from: Some(0), ..simple(plan, "50") };
    assert_eq!(desk.refusal(&january([own])), Refusal::WrongParent);
}

fn contracts(desk: &mut Desk, feeds: &[(&str, &str)], kva: &str) -> Bill {
    let plan = desk.plan("bill_01", "1_10kv");
    let points: Vec<Point> = feeds
        .iter()
        .map(|(_, demand)| {
            metered(plan, "1", &[reading(Register::Flat, "0", "1"), reading(Register::Demand, "0", demand)])
        })
        .collect();
    let mut input = account("2020-04-01", "2020-05-01", points);
    let feeds = feeds.iter().zip(0..).map(|((kw, _), point)| DemandFeed { point, contract_kw: kwh(kw) });
    input.supply = Some(Box::new(SupplyAgreement {
        basic: BasicMethod::ContractDemand(feeds.collect()),
        transformers: smallvec![transformer(kva)],
        ..SupplyAgreement::default()
    }));
    desk.bill(&input)
}

/// Demand at 20 yuan/kW: the floor is 40 % of the capacity for the account, shared by the contracts of its feeds.
#[test]
fn feeds_share_the_floor() {
    let mut desk = Desk::exam();
    let mut charged = |feeds: &[(&str, &str)], kva: &str| {
        let bill = contracts(&mut desk, feeds, kva);
        let rules: Vec<RuleId> = bill
            .lines
            .iter()
            .filter(|line| line.kind == LineKind::BasicDemand)
            .map(|line| line.rule)
            .collect();
        (bill.basic.unwrap().charged_kw.unwrap(), rules)
    };
    use RuleId::{DemandContract, DemandFloor};
    // 40 % of 2000 kVA are 800 kW: a contract of as much is charged as a contract.
    assert_eq!(charged(&[("800", "1")], "2000"), (kwh("800"), vec![DemandContract]));
    assert_eq!(charged(&[("799", "1")], "2000"), (kwh("800"), vec![DemandFloor]));
    // Contracts of 100 and 300 kW stand for a quarter and three quarters of 800.
    assert_eq!(charged(&[("100", "1"), ("300", "1")], "2000"), (kwh("800"), vec![DemandFloor, DemandFloor]));
    // The second feed has 150 of 200 and 600 of the floor: its 630 kW are the allowance, 640 are ten above it.
    assert_eq!(charged(&[("100", "1"), ("300", "630")], "2000").0, kwh("800"));
    // 200 + 630 once, and ten twice.
    assert_eq!(charged(&[("100", "1"), ("300", "640")], "2000").0, kwh("850"));
    assert_eq!(
        charged(&[("500", "1"), ("300", "1")], "2000"),
        (kwh("800"), vec![DemandContract, DemandContract])
    );
    assert_eq!(
        charged(&[("900", "1"), ("100", "1")], "2000"),
        (kwh("1000"), vec![DemandContract, DemandContract])
    );
    // No contract at all: the floor is charged all the same, on the first feed.
    assert_eq!(charged(&[("0", "1")], "2000"), (kwh("800"), vec![DemandFloor]));
    assert_eq!(charged(&[("0", "1"), ("0", "0")], "2000"), (kwh("800"), vec![DemandFloor]));
}

/// Capacity of a whole month and of some of its days stand under different rules.
#[test]
fn capacity_by_days_is_named_so() {
    let mut desk = Desk::exam();
    let plan = desk.plan("bill_01", "1_10kv");
    let rules = |from: Option<&str>| {
        let mut input =
            account("2025-04-01", "2025-05-01", [metered(plan, "1", &[reading(Register::Flat, "0", "1")])]);
        input.supply = Some(Box::new(SupplyAgreement {
            basic: BasicMethod::Capacity,
            transformers: smallvec![transformer("300")],
            supplied_from: from.map(day),
            ..SupplyAgreement::default()
        }));
        let bill = desk.bill(&input);
        bill.lines
            .iter()
            .filter(|line| line.kind == LineKind::BasicCapacity)
            .map(|line| line.rule)
            .collect::<Vec<_>>()
    };
    assert_eq!(rules(None), [RuleId::CapacityFull]);
    assert_eq!(rules(Some("2025-04-16")), [RuleId::CapacityDays]);
}

/// The discount for high use is in force for months that begin in its time, the last one too.
#[test]
fn the_discount_ends_after_its_last_month() {
    let mut desk = Desk::exam();
    let plan = desk.plan("bill_01", "1_10kv");
    for (from, to, kva, discounted) in [
        ("2026-07-01", "2026-08-01", "1000", true),
        ("2026-07-02", "2026-08-02", "1000", false),
        ("2023-06-01", "2023-07-01", "1000", true),
        ("2024-06-01", "2024-07-01", "1000.01", false),
    ] {
        let readings = [reading(Register::Flat, "0", "260000"), reading(Register::Demand, "0", "400")];
        let mut input = account(from, to, [metered(plan, "1", &readings)]);
        input.supply = Some(Box::new(SupplyAgreement {
            basic: BasicMethod::ContractDemand(smallvec![DemandFeed { point: 0, contract_kw: kwh("500") }]),
            transformers: smallvec![transformer(kva)],
            ..SupplyAgreement::default()
        }));
        let basic = desk.bill(&input).basic.unwrap();
        assert_eq!(basic.discounted, discounted, "{from}");
        // 500 kW × 20 yuan, nine tenths of it with the discount.
        assert_eq!(basic.amount, if discounted { yuan("9000") } else { yuan("10000") }, "{from}");
        assert_ne!(basic.amount, Money::ZERO);
    }
}

/// A table on trial applies on every day, and takes no place of the same table in force.
#[test]
fn a_table_on_trial_applies_on_every_day() {
    let year = "from = \"2010-01-01\"\nto = \"2011-01-01\"";
    let mut desk = Desk::exam_with(|text| text.replacen("from = \"1990-01-01\"", year, 1));
    let level = VoltageLevel::from_key("1_10kv").unwrap();
    let request = tariff::engine::PlanRequest::new("single_01", level);
    let trial = desk.plans.compile_trial(&desk.table, &request).unwrap();
    let in_force = desk.plan("single_01", "1_10kv");
    assert_ne!(trial, in_force);
    for (from, to, within) in [
        ("2009-12-01", "2010-01-01", false),
        ("2010-06-01", "2010-07-01", true),
        ("2011-01-01", "2011-02-01", false),
    ] {
        // 1000 kWh at 0.613.
        assert_eq!(desk.bill(&account(from, to, [simple(trial, "1000")])).total, yuan("613.00"), "{from}");
        let input = account(from, to, [simple(in_force, "1000")]);
        if within {
            assert_eq!(desk.bill(&input).total, yuan("613.00"));
        } else {
            assert_eq!(desk.refusal(&input), Refusal::TableNotInForce("exam".into()), "{from}");
        }
    }
}
