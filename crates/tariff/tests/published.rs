//! Published worked examples, to the last digit.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::{Money, Quantity};
use smallvec::smallvec;
use tariff::engine::{adjustment, average_hundredths};
use tariff::*;

fn supply(basic: BasicMethod, kva: &str) -> SupplyAgreement {
    SupplyAgreement { basic, transformers: smallvec![transformer(kva)], ..SupplyAgreement::default() }
}

/// PF-01, BILL-19: reverse kvarh count with their size; 0.80 against 0.90 is a surcharge of 5 % on 15000.
#[test]
fn reverse_reactive_energy_is_added() {
    let mut desk = Desk::exam();
    let plan = desk.plan("pf_01", "1_10kv");
    let point = metered(
        plan,
        "1",
        &[
            reading(Register::Total, "0", "40000"),
            reading(Register::ReactiveForward, "0", "25000"),
            reading(Register::ReactiveReverse, "0", "5000"),
        ],
    );
    let mut input = account("2017-09-01", "2017-10-01", [point]);
    let agreed = SupplyAgreement {
        power_factor: Some(PowerFactorStandard::P90),
        ..supply(BasicMethod::Capacity, "500")
    };
    input.supply = Some(Box::new(agreed));
    let bill = desk.bill(&input);
    let adjusted = bill.power_factor.unwrap();
    assert_eq!((adjusted.hundredths, adjusted.rate), (80, rate("0.05")));
    assert_eq!(adjusted.reactive_kvarh, kwh("30000"));
    assert_eq!(adjusted.base, yuan("15000"));
    assert_eq!(adjusted.amount, yuan("750"));
    assert_eq!(bill.total, yuan("15750"));
}

/// PF-04: 30000 at 0.95 against 0.90 gives back 0.75 %.
#[test]
fn a_high_power_factor_gives_back() {
    let mut desk = Desk::exam();
    let plan = desk.plan("pf_04", "1_10kv");
    let readings =
        [reading(Register::Total, "0", "100000"), reading(Register::ReactiveForward, "0", "32868")];
    let mut input = account("2018-01-01", "2018-02-01", [metered(plan, "1", &readings)]);
    let agreed =
        SupplyAgreement { power_factor: Some(PowerFactorStandard::P90), ..supply(BasicMethod::None, "200") };
    input.supply = Some(Box::new(agreed));
    let adjusted = desk.bill(&input).power_factor.unwrap();
    assert_eq!((adjusted.hundredths, adjusted.rate), (95, rate("-0.0075")));
    assert_eq!(adjusted.amount, yuan("-225.00"));
}

/// BILL-01 of the cases, BILL-18, BILL-19: multiplier, periods, fixed lighting out of the flat period, rebate, funds.
#[test]
fn a_full_two_part_bill() {
    let mut desk = Desk::exam();
    let (power, light) = (desk.plan("bill_01", "1_10kv"), desk.plan("lighting", "1_10kv"));
    let main = metered(
        power,
        "3000",
        &[
            reading(Register::Total, "5953.8", "6124.4"),
            reading(Register::Peak, "4639.2", "4675.1"),
            reading(Register::Valley, "4565.9", "4592.7"),
            reading(Register::ReactiveForward, "3459.8", "3496.5"),
        ],
    );
    let mut lighting = point(light, Source::FixedQuantity { parent: 0, kwh: kwh("2000") });
    lighting.in_power_factor_base = false;
    let mut input = account("2010-03-01", "2010-04-01", [main, lighting]);
    let agreed = SupplyAgreement {
        power_factor: Some(PowerFactorStandard::P90),
        ..supply(BasicMethod::Capacity, "5000")
    };
    input.supply = Some(Box::new(agreed));
    let bill = desk.bill(&input);

    let metered = bill.points[0].metered;
    assert_eq!(metered.sum().unwrap(), kwh("511800"));
    assert_eq!(metered.of(Period::Peak), kwh("107700"));
    assert_eq!(metered.of(Period::Valley), kwh("80400"));
    assert_eq!(bill.points[0].billed.of(Period::Flat), kwh("321700"));
    assert_eq!(bill.reactive_kvarh, kwh("110100"));
    assert_eq!(bill.energy_kwh, kwh("511800"));
    assert_eq!(bill.basic.unwrap().amount, yuan("75000.00"));
    let energy = amounts(&bill, LineKind::Energy);
    assert_eq!(energy, [yuan("72697.50"), yuan("144765.00"), yuan("18090.00"), yuan("1400.00")]);
    assert_eq!(bill.power_factor.unwrap().base, yuan("310552.50"));
    assert_eq!(bill.power_factor.unwrap().amount, yuan("-2329.14"));
    let fund = |code: &str| -> Money {
        let id = desk.plans.component_named(code).unwrap();
        bill.sums.iter().find(|sum| sum.component == id).unwrap().amount
    };
    assert_eq!(fund("loan_fund"), yuan("10236.00"));
    assert_eq!(fund("three_gorges_fund"), yuan("3582.60"));
    assert_eq!(fund("local_fund"), yuan("3582.60"));
    assert_eq!(bill.total, yuan("327024.56"));
    let average = bill.total.exact().over(bill.energy_kwh.exact()).unwrap();
    assert_eq!(average.to_money().unwrap(), yuan("0.64"));
}

fn loss_01(desk: &mut Desk, loss: TransformerLoss) -> Bill {
    let (power, other) = (desk.plan("loss_01", "1_10kv"), desk.plan("single_01", "1_10kv"));
    let mut workshop = metered(
        power,
        "80",
        &[reading(Register::Total, "7941", "8273"), reading(Register::ReactiveForward, "1083", "1170")],
    );
    let mut office = metered(other, "1", &[reading(Register::Total, "456", "724")]);
    let mut dormitory = metered(other, "1", &[reading(Register::Total, "895", "1885")]);
    for point in [&mut workshop, &mut office, &mut dormitory] {
        point.bears_transformer_loss = true;
    }
    for point in [&mut office, &mut dormitory] {
        (point.in_power_factor, point.in_power_factor_base) = (false, false);
    }
    let mut input = account("2009-05-01", "2009-06-01", [workshop, office, dormitory]);
    let mut agreed = supply(BasicMethod::Capacity, "500");
    agreed.transformers[0].loss_model = desk.rules.loss_model("SL7-500");
    agreed.power_factor = Some(PowerFactorStandard::P85);
    agreed.transformer_loss = loss;
    input.supply = Some(Box::new(agreed));
    desk.bill(&input)
}

/// LOSS-01, BILL-19: losses by energy, whole kWh, the main point takes the remainder; they count for the power factor.
#[test]
fn transformer_loss_is_split_over_points() {
    let mut desk = Desk::exam();
    let fixed = TransformerLoss::Fixed { active_kwh: kwh("1220"), reactive_kvarh: kwh("12820") };
    for loss in [fixed, TransformerLoss::Table] {
        let bill = loss_01(&mut desk, loss);
        let of = |get: fn(&PointEnergy) -> Quantity| bill.points.iter().map(get).collect::<Vec<_>>();
        assert_eq!(of(|point| point.transformer_loss_kwh), [kwh("1165"), kwh("12"), kwh("43")]);
        assert_eq!(of(|point| point.billed_kwh), [kwh("27725"), kwh("280"), kwh("1033")]);
        assert_eq!(bill.points[0].metered_kvarh, kwh("6960"));
        assert_eq!(
            bill.lines.iter().find(|line| line.point == 0 && line.kind == LineKind::Energy).unwrap().amount,
            yuan("13474.35")
        );
        assert_eq!(bill.basic.unwrap().amount, yuan("6500"));
        let adjusted = bill.power_factor.unwrap();
        assert_eq!((adjusted.active_kwh, adjusted.reactive_kvarh), (kwh("27725"), kwh("19200")));
        assert_eq!(adjusted.hundredths, 82);
    }
    let rules = Rules::shipped().unwrap();
    assert_eq!(adjustment(&rules, PowerFactorStandard::P90, 82), rate("0.04"));
}

fn cap_02(month: &str, next: &str, seal: &str) -> Bill {
    let mut desk = Desk::exam();
    let plan = desk.plan("bill_01", "1_10kv");
    let mut point =
        metered(plan, "1", &[reading(Register::Total, "0", "0"), reading(Register::Flat, "0", "0")]);
    point.in_power_factor = false;
    let mut input = account(month, next, [point]);
    let mut agreed = supply(BasicMethod::Capacity, "1000");
    agreed.transformers[0].connected = Some(day("2009-12-01"));
    agreed.transformers.push(transformer("630"));
    agreed.events.push(TransformerEvent {
        date: day(seal),
        transformer: 0,
        change: TransformerChange::Suspend,
    });
    input.supply = Some(Box::new(agreed));
    desk.bill(&input)
}

/// CAP-02: sealed on 11 June within two years of connection: ten days in full, twenty at half, by thirtieths.
/// Without the two-year rule, since 2016, the sealed part is free: 14450.
#[test]
fn suspension_in_the_middle_of_a_month() {
    let bill = cap_02("2010-06-01", "2010-07-01", "2010-06-11");
    assert_eq!(bill.basic.unwrap().amount, yuan("19450.00"));
    assert_eq!(bill.lines[0].fraction, Fraction { part: 10, whole: 30 });
    assert_eq!(bill.lines[1].rule, RuleId::CapacitySuspendedShare);
    assert_eq!(cap_02("2018-06-01", "2018-07-01", "2018-06-11").basic.unwrap().amount, yuan("14450.00"));
}

/// DEM-01: 1300 kW against a contract of 1000 kW is charged as 1550 kW by reading A, 1500 kW by reading B.
#[test]
fn demand_above_105_percent_counts_twice() {
    for (reading_of_rule, charged, amount) in [("A", "1550", "31000.00"), ("B", "1500", "30000.00")] {
        let text = EXAM.replace("excess_reading = \"A\"", &format!("excess_reading = \"{reading_of_rule}\""));
        let mut desk = Desk::of(tariff::table::PriceTable::parse("exam.toml", &text).unwrap());
        let plan = desk.plan("bill_01", "1_10kv");
        let readings = [
            reading(Register::Total, "0", "1000"),
            reading(Register::Flat, "0", "1000"),
            reading(Register::Demand, "0", "1300"),
        ];
        let mut input = account("2010-06-01", "2010-07-01", [metered(plan, "1", &readings)]);
        let feed = DemandFeed { point: 0, contract_kw: kwh("1000") };
        input.supply = Some(Box::new(supply(BasicMethod::ContractDemand(smallvec![feed]), "2000")));
        let basic = desk.bill(&input).basic.unwrap();
        assert_eq!(basic.charged_kw, Some(kwh(charged)));
        assert_eq!(basic.amount, yuan(amount));
    }
}

/// SINGLE-01: 10500 kWh at 0.613.
#[test]
fn single_part() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    assert_eq!(
        desk.bill(&account("2018-01-01", "2018-02-01", [simple(plan, "10500")])).total,
        yuan("6436.50")
    );
}

/// TWO-01: the average price of a two-part bill.
#[test]
fn two_part_average() {
    let mut desk = Desk::exam();
    let plan = desk.plan("two_01", "1_10kv");
    let mut input = account("2018-01-01", "2018-02-01", [simple(plan, "100000")]);
    input.supply = Some(Box::new(supply(BasicMethod::Capacity, "2000")));
    let bill = desk.bill(&input);
    let average = bill.total.exact().over(bill.energy_kwh.exact()).unwrap();
    assert_eq!(average.to_string(), "0.4");
}

fn used(text: &str) -> TierState {
    TierState { used_kwh: kwh(text), ..TierState::default() }
}

/// TIER-JS-01: a closed account keeps the thresholds of the whole year; a transferred one has those of its months.
#[test]
fn closing_inside_a_tier_year() {
    let mut desk = Desk::exam();
    let plan = desk.plan("jiangsu", "below_1kv");
    let july = household(plan, "2017-06-01", "2017-07-01", "240", used("1100"));
    assert_eq!(desk.bill(&july).total, yuan("126.79"));
    let closing = household(plan, "2017-07-01", "2017-08-07", "2500", used("1340"));
    let bill = desk.bill(&closing);
    assert_eq!(bill.total, yuan("1374.75"));
    assert_eq!(bill.tiers.unwrap().in_tier, [kwh("1420"), kwh("1080"), kwh("0")]);
    let transferred = TierState { months_in_year: 8, ..used("1340") };
    let bill = desk.bill(&household(plan, "2017-07-01", "2017-08-07", "2500", transferred));
    assert_eq!(bill.tiers.unwrap().thresholds, [kwh("1840"), kwh("3200")]);
    assert_eq!(bill.total, yuan("1580.75"));
}

/// TIER-JS-03: five persons, 100 kWh a month more in tiers 1 and 2.
#[test]
fn a_large_household_has_wider_tiers() {
    let mut desk = Desk::exam();
    let plan = desk.plan("jiangsu", "below_1kv");
    let state = TierState { persons: 5, months: 2, ..used("5553") };
    let tiers = desk.bill(&household(plan, "2017-06-01", "2017-08-01", "1448", state)).tiers.unwrap();
    assert_eq!(tiers.thresholds, [kwh("3960"), kwh("6000")]);
    assert_eq!(tiers.in_tier, [kwh("0"), kwh("447"), kwh("1001")]);
}

/// TIER-BJ-02: 5000 kWh in one year.
#[test]
fn all_three_tiers_of_a_year() {
    let mut desk = Desk::exam();
    let plan = desk.plan("beijing", "below_1kv");
    let bill = desk.bill(&household(plan, "2020-01-01", "2020-02-01", "5000", used("0")));
    assert_eq!(bill.total, yuan("2597.50"));
    assert_eq!(bill.lines.len(), 3);
}

/// TIER-GD-01: monthly tiers by season; the same kWh cost more in winter.
#[test]
fn monthly_tiers_follow_the_season() {
    let mut desk = Desk::exam();
    let plan = desk.plan("guangdong", "below_1kv");
    let bill = desk.bill(&household(plan, "2020-06-01", "2020-07-01", "650", used("99999")));
    assert_eq!(bill.total, yuan("448.00"));
    assert_eq!(bill.tiers.unwrap().in_tier, [kwh("260"), kwh("340"), kwh("50")]);
    let winter = desk.bill(&household(plan, "2020-11-01", "2020-12-01", "650", used("0")));
    assert_eq!(winter.tiers.unwrap().in_tier, [kwh("200"), kwh("200"), kwh("250")]);
    // October and November read together: 260 + 200, 600 + 400.
    let two = TierState { months: 2, ..used("0") };
    let both = desk.bill(&household(plan, "2020-10-01", "2020-12-01", "650", two));
    assert_eq!(both.tiers.unwrap().thresholds, [kwh("460"), kwh("1000")]);
}

/// The whole adjustment table of 1983 against its published rows, for the three standards.
#[test]
fn the_power_factor_table_is_as_published() {
    let rules = Rules::shipped().unwrap();
    let rows: serde_json::Value = serde_json::from_str(include_str!("data/power_factor_table.json")).unwrap();
    let rows = rows.as_array().unwrap();
    assert!(rows.len() >= 60);
    for row in rows {
        let hundredths = (yuan(row["pf"].as_str().unwrap()).fen()) as u8;
        let standards = [
            (PowerFactorStandard::P90, "std090"),
            (PowerFactorStandard::P85, "std085"),
            (PowerFactorStandard::P80, "std080"),
        ];
        for (standard, key) in standards {
            let Some(text) = row[key].as_str() else { continue };
            let percent = adjustment(&rules, standard, hundredths).units() * 100;
            assert_eq!(percent, rate(text).units(), "{hundredths} {key}");
        }
    }
}

/// The average is rounded half up in whole numbers.
#[test]
fn the_average_power_factor_is_exact() {
    for (active, reactive, expected) in [
        ("40000", "30000", 80),
        ("27725", "19200", 82),
        ("511800", "110100", 98),
        ("1", "0", 100),
        ("0", "5", 0),
    ] {
        assert_eq!(average_hundredths(kwh(active), kwh(reactive)), Some(expected));
    }
    assert_eq!(average_hundredths(kwh("0"), kwh("0")), None);
}
