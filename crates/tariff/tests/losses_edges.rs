//! Losses, related points, tiers and the power factor at the edges of their rules.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::Quantity;
use smallvec::smallvec;
use tariff::*;

fn june(points: impl IntoIterator<Item = Point>, agreed: SupplyAgreement) -> AccountPeriod {
    AccountPeriod { supply: Some(Box::new(agreed)), ..account("2010-06-01", "2010-07-01", points) }
}

fn fixed(active: &str, reactive: &str) -> SupplyAgreement {
    SupplyAgreement {
        transformers: smallvec![transformer("200")],
        transformer_loss: TransformerLoss::Fixed { active_kwh: kwh(active), reactive_kvarh: kwh(reactive) },
        ..SupplyAgreement::default()
    }
}

fn lined(line_loss: LineLoss) -> SupplyAgreement {
    SupplyAgreement { line_loss, ..SupplyAgreement::default() }
}

/// Points of so many kWh each, all behind transformer and line.
fn behind(plan: PlanId, used: &[&str]) -> Vec<Point> {
    let one =
        |used: &&str| Point { bears_transformer_loss: true, bears_line_loss: true, ..simple(plan, used) };
    used.iter().map(one).collect()
}

fn whole(quantities: impl IntoIterator<Item = Quantity>) -> Vec<i64> {
    quantities.into_iter().map(|quantity| quantity.units() / Quantity::SCALE).collect()
}

/// A transformer that was off all month takes no energy and loses none: the other carries all of it.
#[test]
fn a_transformer_that_is_off_loses_nothing() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    let mut agreed = SupplyAgreement {
        transformers: smallvec![transformer("500"), transformer("200")],
        transformer_loss: TransformerLoss::Table,
        ..SupplyAgreement::default()
    };
    agreed.transformers[0].state = TransformerState::ColdStandby;
    agreed.transformers[1].loss_model = desk.rules.loss_model("S9-200");
    let input = june(behind(plan, &["70000"]), agreed.clone());
    // 346 and 1.5 % of all 70000 kWh; the one that is off needs no entry in the table.
    assert_eq!(desk.bill(&input).loss.unwrap().active_kwh, kwh("1396"));
    // By formula the capacity is that of the energised: 0.48 × 720 + 2.6 × 10000² / (200² × 720) = 354.63.
    agreed.transformer_loss = TransformerLoss::Formula(LossFormula::LoadSquare {
        no_load_kw: kwh("0.48"),
        load_loss_kw: kwh("2.6"),
        no_load_current: rate("0.01"),
        impedance: rate("0.04"),
        shape: rate("1"),
    });
    let loss = desk.bill(&june(behind(plan, &["10000"]), agreed.clone())).loss.unwrap();
    // Reactive: 200 × 1 % × 720 = 1440, and 3.472222 × 4 % × 200 = 27.78.
    assert_eq!((loss.active_kwh, loss.reactive_kvarh), (kwh("355"), kwh("1468")));
    // Nothing energised: nothing is lost by the table.
    agreed.transformer_loss = TransformerLoss::Table;
    agreed.transformers[1].state = TransformerState::ColdStandby;
    assert_eq!(desk.bill(&june(behind(plan, &["5"]), agreed)).loss.unwrap().active_kwh, Quantity::ZERO);
}

/// A loss below zero is refused, whichever it is.
#[test]
fn no_loss_is_below_zero() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    for agreed in [
        fixed("-1", "0"),
        fixed("0", "-1"),
        fixed("-1", "-1"),
        lined(LineLoss::Rate(rate("-0.01"))),
        lined(LineLoss::Quantity(kwh("-1"))),
    ] {
        assert_eq!(desk.refusal(&june(behind(plan, &["100"]), agreed)), Refusal::Negative("loss"));
    }
    for agreed in [fixed("0", "0"), lined(LineLoss::Rate(rate("0"))), lined(LineLoss::Quantity(kwh("0")))] {
        assert_eq!(desk.bill(&june(behind(plan, &["100"]), agreed)).energy_kwh, kwh("100"));
    }
}

/// BILL-19: whole kWh by energy, half up; the first point takes what is left. Where too little is lost for that, the
/// largest remainders take it.
#[test]
fn losses_are_shared_over_points() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    for (lost, used, shares) in [
        ("1220", &["26560", "268", "990"][..], &[1165, 12, 43][..]),
        // 30, 30 and 40 %: 0.9 and 1.2 are 1 each, and one is left.
        ("3", &["30", "30", "40"], &[1, 1, 1]),
        // 1.35 each are 1, and the first has the rest, though its own part is 0.3.
        ("3", &["10", "45", "45", "0"], &[1, 1, 1, 0]),
        // 0.645 each would be three of two kWh: the largest remainders take one each, the earlier first.
        ("2", &["1", "10", "10", "10"], &[0, 1, 1, 0]),
        ("4", &["1", "90", "90", "90", "90", "90", "90"], &[0, 1, 1, 1, 1, 0, 0]),
        ("7", &["0", "0"], &[7, 0]),
        ("0", &["5", "5"], &[0, 0]),
    ] {
        let bill = desk.bill(&june(behind(plan, used), fixed(lost, "0")));
        assert_eq!(
            whole(bill.points.iter().map(|point| point.transformer_loss_kwh)),
            shares,
            "{lost} {used:?}"
        );
        let agreed = lined(LineLoss::Quantity(kwh(lost)));
        let bill = desk.bill(&june(behind(plan, used), agreed));
        assert_eq!(
            whole(bill.points.iter().map(|point| point.line_loss_kwh)),
            shares,
            "line {lost} {used:?}"
        );
        let all: i64 = used.iter().map(|used| used.parse::<i64>().unwrap()).sum();
        assert_eq!(bill.energy_kwh, Quantity::whole(all + shares.iter().sum::<i64>()).unwrap());
    }
    // Only points behind the line lose on it; a loss in parts of a kWh is a whole one.
    let mut points = behind(plan, &["100", "50"]);
    points[0].bears_line_loss = false;
    let bill = desk.bill(&june(points.clone(), lined(LineLoss::Quantity(kwh("10.5")))));
    assert_eq!(whole(bill.points.iter().map(|point| point.line_loss_kwh)), [0, 11]);
    let bill = desk.bill(&june(points, lined(LineLoss::Rate(rate("0.05")))));
    assert_eq!(whole(bill.points.iter().map(|point| point.line_loss_kwh)), [0, 3]);
}

fn timed(plan: PlanId, divided: [&str; 4]) -> Point {
    let registers = [Register::Sharp, Register::Peak, Register::Flat, Register::Valley];
    let readings: Vec<Reading> =
        registers.into_iter().zip(divided).map(|(register, used)| reading(register, "0", used)).collect();
    Point { bears_transformer_loss: true, ..metered(plan, "1", &readings) }
}

fn periods(energy: &PeriodEnergy) -> Vec<i64> {
    whole([Period::Sharp, Period::Peak, Period::Flat, Period::Valley].map(|period| energy.of(period)))
}

/// A loss lies in every period by its energy, the flat one taking what is left; without flat energy the largest.
#[test]
fn losses_are_spread_over_periods() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let plan = desk.plan("single_part", "below_1kv");
    for (lost, divided, billed) in [
        // 30, 30 and 40 %: 3.3 and 4.4 are 3 and 4, flat takes 4 of 11.
        ("11", ["0", "30", "30", "40"], [0, 33, 34, 44]),
        ("10", ["0", "10", "0", "20"], [0, 13, 0, 27]),
        // Half a kWh each would be three of two: all of it is flat.
        ("2", ["10", "10", "10", "10"], [10, 10, 12, 10]),
        ("3", ["0", "1", "0", "1"], [0, 3, 0, 2]),
        ("5", ["0", "0", "0", "0"], [0, 0, 5, 0]),
    ] {
        let mut input = account("2026-01-01", "2026-02-01", [timed(plan, divided)]);
        input.supply = Some(Box::new(fixed(lost, "0")));
        let bill = desk.bill(&input);
        assert_eq!(periods(&bill.points[0].billed), billed, "{lost} over {divided:?}");
    }
}

/// A sub meter may take all there is; what is not divided is taken from flat, then peak, valley and sharp.
#[test]
fn sub_meters_take_up_to_all() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let (main, home) = (desk.plan("single_part", "below_1kv"), desk.plan("residential_flat", "below_1kv"));
    let left = |taken: &str| {
        let child = Point { deducted_from: Some(0), ..simple(home, taken) };
        let input = account("2026-01-01", "2026-02-01", [timed(main, ["10", "20", "30", "40"]), child]);
        let bill = desk.bill(&input);
        assert_eq!(bill.points[0].deducted_kwh, kwh(taken));
        periods(&bill.points[0].billed)
    };
    assert_eq!(left("30"), [10, 20, 0, 40]);
    assert_eq!(left("31"), [10, 19, 0, 40]);
    assert_eq!(left("51"), [10, 0, 0, 39]);
    assert_eq!(left("91"), [9, 0, 0, 0]);
    assert_eq!(left("100"), [0, 0, 0, 0]);
}

/// A fixed part is between nothing and all of what it is a part of.
#[test]
fn fixed_parts_have_limits() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    let split =
        |source: Source| account("2018-01-01", "2018-02-01", [simple(plan, "100"), point(plan, source)]);
    let ratio = |text: &str| split(Source::FixedRatio { parent: 0, ratio: rate(text) });
    let quantity = |text: &str| split(Source::FixedQuantity { parent: 0, kwh: kwh(text) });
    for (input, part) in [
        (ratio("1"), 100),
        (ratio("0"), 0),
        (ratio("0.125"), 13),
        (quantity("100"), 100),
        (quantity("0"), 0),
        (quantity("12.5"), 13),
    ] {
        let bill = desk.bill(&input);
        assert_eq!(whole(bill.points.iter().map(|point| point.billed_kwh)), [100 - part, part]);
        assert_eq!(whole([bill.points[0].deducted_kwh]), [part]);
    }
    for text in ["1.0000000001", "-0.1"] {
        assert_eq!(desk.refusal(&ratio(text)), Refusal::OutOfRange("ratio"));
    }
    assert_eq!(desk.refusal(&quantity("-1")), Refusal::Negative("energy"));
    let expected = Refusal::DeductedTooMuch { taken: kwh("101"), available: kwh("100") };
    assert_eq!(desk.refusal(&quantity("101")), expected);
}

/// Sub meters of sub meters, a circle of them, and what they hang on.
#[test]
fn sub_meters_form_no_circle() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    let under = |parents: &[Option<u8>]| {
        let points = parents
            .iter()
            .zip(["100", "60", "30", "10"])
            .map(|(parent, used)| Point { deducted_from: *parent, ..simple(plan, used) });
        account("2018-01-01", "2018-02-01", points)
    };
    let bill = desk.bill(&under(&[None, Some(0), Some(1), Some(2)]));
    assert_eq!(whole(bill.points.iter().map(|point| point.billed_kwh)), [40, 30, 20, 10]);
    let bill = desk.bill(&under(&[None, Some(0), Some(0), Some(0)]));
    assert_eq!(whole(bill.points.iter().map(|point| point.billed_kwh)), [0, 60, 30, 10]);
    for parents in [
        &[Some(1), Some(0)][..],
        &[None, Some(1)],
        &[None, Some(2)],
        &[Some(2), Some(0), Some(1)],
        &[None, Some(2), Some(3), Some(1)],
    ] {
        assert_eq!(desk.refusal(&under(parents)), Refusal::WrongParent, "{parents:?}");
    }
    // A fixed part is no meter: nothing is deducted from it, and it is deducted from nothing.
    let part = point(plan, Source::FixedQuantity { parent: 0, kwh: kwh("5") });
    let from_part = Point { deducted_from: Some(1), ..simple(plan, "1") };
    let input = account("2018-01-01", "2018-02-01", [simple(plan, "100"), part.clone(), from_part]);
    assert_eq!(desk.refusal(&input), Refusal::WrongParent);
    let both = Point { deducted_from: Some(0), ..part };
    let input = account("2018-01-01", "2018-02-01", [simple(plan, "100"), both]);
    assert_eq!(desk.refusal(&input), Refusal::WrongParent);
}

/// Reactive energy of a sub meter is deducted from its parent, never below nothing.
#[test]
fn reactive_energy_is_deducted() {
    let mut desk = Desk::exam();
    let plan = desk.plan("pf_04", "1_10kv");
    let with = |used: &str, kvarh: &str| {
        metered(
            plan,
            "1",
            &[reading(Register::Total, "0", used), reading(Register::ReactiveForward, "0", kvarh)],
        )
    };
    for (main, sub, left) in [("100", "30", 70), ("100", "100", 0), ("100", "130", 0)] {
        let child = Point { deducted_from: Some(0), ..with("10", sub) };
        let bill = desk.bill(&account("2018-01-01", "2018-02-01", [with("100", main), child]));
        assert_eq!(whole([bill.points[0].metered_kvarh]), [left], "{main} {sub}");
    }
}

/// At the standard, or on a base of nothing, there is an average and no line for it.
#[test]
fn an_adjustment_of_nothing_makes_no_line() {
    let mut desk = Desk::exam();
    let plan = desk.plan("pf_04", "1_10kv");
    let bill = |used: &str, kvarh: &str| {
        let readings = [reading(Register::Total, "0", used), reading(Register::ReactiveForward, "0", kvarh)];
        let mut input = account("2018-01-01", "2018-02-01", [metered(plan, "1", &readings)]);
        input.supply = Some(Box::new(SupplyAgreement {
            power_factor: Some(PowerFactorStandard::P80),
            ..SupplyAgreement::default()
        }));
        desk.bill(&input)
    };
    // 4 : 3 is 0.80 exactly.
    let at_standard = bill("40000", "30000");
    assert_eq!(at_standard.power_factor.unwrap().hundredths, 80);
    assert_eq!(amounts(&at_standard, LineKind::PowerFactor), []);
    let nothing_used = bill("0", "30000");
    assert_eq!(nothing_used.power_factor.unwrap().hundredths, 0);
    assert_eq!(amounts(&nothing_used, LineKind::PowerFactor), []);
    assert_eq!(bill("0", "0").power_factor, None);
    // 12000 yuan, 0.79 against 0.80: half of one per cent.
    assert_eq!(amounts(&bill("40000", "31000"), LineKind::PowerFactor), [yuan("60.00")]);
}

/// A household's months are one to twelve, read and in its year.
#[test]
fn months_of_tiers_have_limits() {
    let mut desk = Desk::exam();
    let plan = desk.plan("jiangsu", "below_1kv");
    for (months, months_in_year, fits) in [
        (0, 12, false),
        (13, 12, false),
        (1, 0, false),
        (1, 13, false),
        (12, 12, true),
        (1, 1, true),
        (12, 1, true),
    ] {
        let state = TierState { months, months_in_year, ..TierState::default() };
        let input = household(plan, "2017-06-01", "2017-07-01", "100", state);
        if fits {
            assert_eq!(desk.bill(&input).energy_kwh, kwh("100"), "{months} {months_in_year}");
        } else {
            assert_eq!(desk.refusal(&input), Refusal::OutOfRange("months"), "{months} {months_in_year}");
        }
    }
    let state = TierState { used_kwh: kwh("-1"), ..TierState::default() };
    let input = household(plan, "2017-06-01", "2017-07-01", "100", state);
    assert_eq!(desk.refusal(&input), Refusal::Negative("energy"));
}

/// Points of one household share its tiers, by year and by month; a new month begins anew.
#[test]
fn points_of_a_household_share_its_tiers() {
    let mut desk = Desk::exam();
    // Winter: tiers end at 200 and 400 kWh.
    let plan = desk.plan("guangdong", "below_1kv");
    let mut input = household(
        plan,
        "2020-11-01",
        "2020-12-01",
        "150",
        TierState { used_kwh: kwh("999"), ..TierState::default() },
    );
    input.points.push(simple(plan, "300"));
    let bill = desk.bill(&input);
    let tiers = bill.tiers.unwrap();
    assert_eq!(whole(tiers.in_tier), [200, 200, 50]);
    assert_eq!(tiers.used_kwh, kwh("450"));
    // The second point has 50 in tier 1, 200 in tier 2 at 0.05 and 50 in tier 3 at 0.30.
    assert_eq!(amounts(&bill, LineKind::TierAddOn), [yuan("10.00"), yuan("15.00")]);
    assert!(bill.lines.iter().filter(|line| line.kind == LineKind::TierAddOn).all(|line| line.point == 1));

    // Free kWh: 15 a month for each point that uses them.
    let plan = desk.plan("beijing", "below_1kv");
    let state = TierState { free_kwh: true, ..TierState::default() };
    let mut input = household(plan, "2020-01-01", "2020-02-01", "100", state);
    assert_eq!(desk.bill(&input).tiers.unwrap().free_kwh, kwh("15"));
    input.tiers = Some(TierState::default());
    assert_eq!(desk.bill(&input).tiers.unwrap().free_kwh, Quantity::ZERO);
    let plan = desk.plan("jiangsu", "below_1kv");
    let none = household(plan, "2020-01-01", "2020-02-01", "100", state);
    let bill = desk.bill(&none);
    assert_eq!(
        (bill.tiers.unwrap().free_kwh, amounts(&bill, LineKind::FreeEnergy)),
        (Quantity::ZERO, vec![])
    );
}

/// Each line names the rule it stands under.
#[test]
fn lines_name_their_rule() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let rules = |desk: &Desk, input: &AccountPeriod| -> Vec<RuleId> {
        desk.bill(input)
            .lines
            .iter()
            .filter(|line| line.kind == LineKind::Energy)
            .map(|line| line.rule)
            .collect()
    };
    let flat = desk.plan("single_part_flat", "below_1kv");
    assert_eq!(rules(&desk, &account("2026-01-01", "2026-02-01", [simple(flat, "1")])), [RuleId::FlatEnergy]);
    let home = desk.plan("residential", "below_1kv");
    let input = household(home, "2026-01-01", "2026-02-01", "1", TierState::default());
    assert_eq!(rules(&desk, &input), [RuleId::TierBase]);
    let divided = desk.plan("single_part", "below_1kv");
    let input = account("2026-01-01", "2026-02-01", [timed(divided, ["0", "1", "0", "1"])]);
    assert_eq!(rules(&desk, &input), [RuleId::TimeOfUse, RuleId::TimeOfUse]);
}

/// Thresholds of a year stand as they are printed; those of its months are whole kWh.
#[test]
fn thresholds_of_a_part_of_a_year() {
    let mut desk = Desk::exam_with(|text| text.replace("[2760, 4800]", "[\"2760.5\", 4800]"));
    let plan = desk.plan("jiangsu", "below_1kv");
    for (months_in_year, until) in [(12, ["2760.5", "4800"]), (6, ["1380", "2400"]), (7, ["1610", "2800"])] {
        let state = TierState { months_in_year, ..TierState::default() };
        let bill = desk.bill(&household(plan, "2017-06-01", "2017-07-01", "100", state));
        assert_eq!(bill.tiers.unwrap().thresholds, until.map(kwh), "{months_in_year}");
    }
}

/// Additions of a household with two periods: a line for each period and tier that has kWh, and none of nothing.
#[test]
fn additions_are_by_period() {
    let mut desk = Desk::shipped("shanghai-residential");
    let plan = desk.plan("residential_tou", "below_1kv");
    let lines = |valley: &str| {
        let readings = [reading(Register::Total, "0", "300"), reading(Register::Valley, "0", valley)];
        let mut input = account("2026-01-01", "2026-02-01", [metered(plan, "1", &readings)]);
        input.tiers = Some(TierState { used_kwh: kwh("3000"), ..TierState::default() });
        let bill = desk.bill(&input);
        let add_on = |line: &&Line| line.kind == LineKind::TierAddOn;
        bill.lines.iter().filter(add_on).map(|line| (line.tier, line.period, line.amount)).collect::<Vec<_>>()
    };
    // 180 of 300 kWh are in tier 2, two thirds of them peak at 0.06, one third valley at 0.03.
    assert_eq!(lines("100"), [(2, Period::Peak, yuan("7.20")), (2, Period::Valley, yuan("1.80"))]);
    assert_eq!(lines("0"), [(2, Period::Peak, yuan("10.80"))]);
    assert_eq!(lines("300"), [(2, Period::Valley, yuan("5.40"))]);
}

/// Iron loss runs by the hour: a whole month has 720 hours before 2024 and those of its days since; a part of a month
/// always those of its days.
#[test]
fn iron_loss_runs_by_the_hour() {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    let mut agreed =
        SupplyAgreement { transformers: smallvec![transformer("200")], ..SupplyAgreement::default() };
    agreed.transformer_loss = TransformerLoss::Formula(LossFormula::CopperRate {
        no_load_kw: kwh("0.5"),
        no_load_kvar: kwh("2"),
        copper_rate: rate("0"),
        reactive_rate: rate("0"),
    });
    for (from, to, supplied, active, reactive) in [
        ("2010-07-01", "2010-08-01", None, "360", "1440"),
        ("2010-02-01", "2010-03-01", None, "360", "1440"),
        ("2010-07-01", "2010-08-01", Some("2010-07-12"), "240", "960"),
        ("2024-07-01", "2024-08-01", None, "372", "1488"),
        ("2024-07-01", "2024-08-01", Some("2024-07-12"), "240", "960"),
    ] {
        agreed.supplied_from = supplied.map(day);
        let supply = Some(Box::new(agreed.clone()));
        let input = AccountPeriod { supply, ..account(from, to, behind(plan, &["0"])) };
        let loss = desk.bill(&input).loss.unwrap();
        assert_eq!(
            (loss.active_kwh, loss.reactive_kvarh),
            (kwh(active), kwh(reactive)),
            "{from} {supplied:?}"
        );
    }
}
