//! From registers to kWh: own cases where none is published.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::{Bilingual, Lang};
use smallvec::smallvec;
use tariff::*;

fn exam_single() -> (Desk, PlanId) {
    let mut desk = Desk::exam();
    let plan = desk.plan("single_01", "1_10kv");
    (desk, plan)
}

fn rolled(previous: &str, current: &str, confirmed: bool) -> Point {
    let reading = Reading { rolled_over: confirmed, ..reading(Register::Total, previous, current) };
    let segment = MeterSegment { digits: 5, multiplier: rate("40"), readings: smallvec![reading] };
    (point(PlanId(0), Source::Meters(smallvec![segment])),).0
}

/// A register that passed zero counts on: (00012 - 99990 + 100000) × 40; unconfirmed it is refused.
#[test]
fn a_register_passes_zero() {
    let (desk, _) = exam_single();
    let bill = desk.bill(&account("2026-01-01", "2026-02-01", [rolled("99990", "12", true)]));
    assert_eq!(bill.energy_kwh, kwh("880"));
    let refused = desk.refusal(&account("2026-01-01", "2026-02-01", [rolled("99990", "12", false)]));
    let expected =
        Refusal::RegisterBackwards { register: "total", previous: kwh("99990"), current: kwh("12") };
    assert_eq!(refused, expected);
    assert!(refused.text(Lang::Zh).contains("翻转") && refused.text(Lang::En).contains("passed zero"));
    let beyond = desk.refusal(&account("2026-01-01", "2026-02-01", [rolled("0", "100000", false)]));
    assert_eq!(beyond, Refusal::ReadingOutOfRange { reading: kwh("100000"), digits: 5 });
}

/// A changed meter: the old one up to its last reading, the new one from its first, each with its own multiplier.
#[test]
fn a_meter_is_changed_within_the_period() {
    let (desk, plan) = exam_single();
    let segments = smallvec![
        meter("80", &[reading(Register::Total, "100", "110.5")]),
        meter("120", &[reading(Register::Total, "0.2", "5.2")]),
    ];
    let bill = desk.bill(&account("2026-01-01", "2026-02-01", [point(plan, Source::Meters(segments))]));
    assert_eq!(bill.energy_kwh, kwh("1440"));
}

/// Flat is the total less the other periods, in whole kWh, whatever the registers lose by rounding.
#[test]
fn flat_is_what_the_other_periods_leave() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let plan = desk.plan("single_part", "below_1kv");
    let readings = [
        reading(Register::Total, "0", "100.4"),
        reading(Register::Sharp, "0", "10.5"),
        reading(Register::Peak, "0", "20.5"),
        reading(Register::Valley, "0", "30.5"),
    ];
    let bill = desk.bill(&account("2026-01-01", "2026-02-01", [metered(plan, "1", &readings)]));
    let billed = bill.points[0].billed;
    assert_eq!(billed.of(Period::Flat), kwh("37"));
    assert_eq!(bill.energy_kwh, kwh("100"));
    // Peak 21 and valley 31 kWh at the prices of January, funds beside them.
    let energy = bill.lines.iter().find(|line| line.period == Period::Peak).unwrap();
    assert_eq!((energy.quantity, energy.price), (kwh("21"), price("0.885761")));
    assert_eq!(energy.amount, yuan("18.60"));
    assert_eq!(bill.funds, yuan("2.00").plus(yuan("0.62")).unwrap().plus(yuan("1.90")).unwrap());
}

/// BILL-18: an energy line falls apart into purchase, line loss, transmission and system operation, to the fen.
#[test]
fn an_energy_line_has_its_components() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let plan = desk.plan("single_part_flat", "below_1kv");
    let bill = desk.bill(&account("2026-01-01", "2026-02-01", [simple(plan, "1000")]));
    let shares: Vec<_> = bill.shares.iter().map(|share| share.amount.to_string()).collect();
    assert_eq!(shares, ["384.47", "13.64", "210.30", "82.28"]);
    assert_eq!(bill.lines[0].amount, yuan("690.69"));
    assert_eq!(bill.total, yuan("735.89"));
    // 13 % inside each energy component; none in the funds.
    assert_eq!(bill.vat, yuan("79.46"));
}

/// Two periods of a household meter: peak is the total less the valley.
#[test]
fn a_household_meter_shows_total_and_valley() {
    let mut desk = Desk::shipped("shanghai-residential");
    let plan = desk.plan("residential_tou", "below_1kv");
    let readings = [reading(Register::Total, "0", "300"), reading(Register::Valley, "0", "100")];
    let mut input = account("2026-01-01", "2026-02-01", [metered(plan, "1", &readings)]);
    input.tiers = Some(TierState { used_kwh: kwh("3000"), ..TierState::default() });
    let bill = desk.bill(&input);
    // 200 × 0.617 + 100 × 0.307; 180 kWh in tier 2 have the mix of the reading: 120 at 0.06, 60 at 0.03.
    assert_eq!(amounts(&bill, LineKind::Energy), [yuan("123.40"), yuan("30.70")]);
    assert_eq!(amounts(&bill, LineKind::TierAddOn), [yuan("7.20"), yuan("1.80")]);
    assert_eq!(bill.total, yuan("163.10"));
}

/// A sub meter is deducted from its parent, period by period; one without periods from the flat period first.
#[test]
fn sub_meters_are_deducted() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let (main, home) = (desk.plan("single_part", "below_1kv"), desk.plan("residential_flat", "below_1kv"));
    let parent = metered(
        main,
        "10",
        &[
            reading(Register::Total, "0", "100"),
            reading(Register::Peak, "0", "30"),
            reading(Register::Valley, "0", "40"),
        ],
    );
    let child = Point { deducted_from: Some(0), ..simple(home, "350") };
    let bill = desk.bill(&account("2026-01-01", "2026-02-01", [parent.clone(), child.clone()]));
    let billed = bill.points[0].billed;
    assert_eq!(billed.of(Period::Flat), kwh("0"));
    assert_eq!(billed.of(Period::Peak), kwh("250"));
    assert_eq!(billed.of(Period::Valley), kwh("400"));
    assert_eq!(bill.points[0].deducted_kwh, kwh("350"));
    assert_eq!(bill.points[1].billed_kwh, kwh("350"));
    assert_eq!(bill.energy_kwh, kwh("1000"));

    let timed = |total: &str, peak: &str| {
        let readings = [reading(Register::Total, "0", total), reading(Register::Peak, "0", peak)];
        Point { deducted_from: Some(0), ..metered(main, "1", &readings) }
    };
    let bill = desk.bill(&account("2026-01-01", "2026-02-01", [parent.clone(), timed("100", "80")]));
    assert_eq!(bill.points[0].billed.of(Period::Peak), kwh("220"));
    assert_eq!(bill.points[0].billed.of(Period::Flat), kwh("280"));

    let too_much = Point { deducted_from: Some(0), ..simple(home, "1001") };
    let refused = desk.refusal(&account("2026-01-01", "2026-02-01", [parent.clone(), too_much]));
    assert_eq!(refused, Refusal::DeductedTooMuch { taken: kwh("1001"), available: kwh("1000") });
    let circle = Point { deducted_from: Some(1), ..parent };
    assert_eq!(desk.refusal(&account("2026-01-01", "2026-02-01", [circle, child])), Refusal::WrongParent);
}

/// A fixed ratio takes its part out of the flat period first; with prices by time, out of every period.
#[test]
fn a_fixed_ratio_is_split_out() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let (main, home) = (desk.plan("single_part", "below_1kv"), desk.plan("residential_flat", "below_1kv"));
    let parent = metered(
        main,
        "1",
        &[
            reading(Register::Total, "0", "1000"),
            reading(Register::Peak, "0", "300"),
            reading(Register::Valley, "0", "300"),
        ],
    );
    let ratio = |plan, text: &str| point(plan, Source::FixedRatio { parent: 0, ratio: rate(text) });
    let bill = desk.bill(&account(
        "2026-01-01",
        "2026-02-01",
        [parent.clone(), ratio(home, "0.25"), ratio(home, "0.1")],
    ));
    assert_eq!(bill.points[1].billed_kwh, kwh("250"));
    assert_eq!(bill.points[2].billed_kwh, kwh("100"));
    assert_eq!(bill.points[0].billed.of(Period::Flat), kwh("50"));
    let bill = desk.bill(&account("2026-01-01", "2026-02-01", [parent.clone(), ratio(main, "0.25")]));
    assert_eq!(bill.points[1].billed.of(Period::Peak), kwh("75"));
    assert_eq!(bill.points[1].billed.of(Period::Flat), kwh("100"));
    let wrong = desk.refusal(&account("2026-01-01", "2026-02-01", [parent, ratio(home, "1.01")]));
    assert_eq!(wrong, Refusal::OutOfRange("ratio"));
}

/// Line loss by rate and transformer loss by formula join the energy of the point; both are whole kWh.
#[test]
fn losses_join_the_energy() {
    let (desk, plan) = exam_single();
    let mut main = metered(plan, "1", &[reading(Register::Total, "0", "10000")]);
    (main.bears_transformer_loss, main.bears_line_loss) = (true, true);
    let mut input = account("2010-06-01", "2010-07-01", [main]);
    let mut agreed =
        SupplyAgreement { transformers: smallvec![transformer("200")], ..SupplyAgreement::default() };
    agreed.transformer_loss = TransformerLoss::Formula(LossFormula::CopperRate {
        no_load_kw: kwh("0.48"),
        no_load_kvar: kwh("2"),
        copper_rate: rate("0.02"),
        reactive_rate: rate("0.1"),
    });
    agreed.line_loss = LineLoss::Rate(rate("0.03"));
    input.supply = Some(Box::new(agreed.clone()));
    let bill = desk.bill(&input);
    // 0.48 kW × 720 h + 2 % = 545.6; 3 % of what was metered.
    assert_eq!(bill.loss.unwrap().active_kwh, kwh("546"));
    assert_eq!(bill.loss.unwrap().reactive_kvarh, kwh("2440"));
    assert_eq!(bill.points[0].line_loss_kwh, kwh("300"));
    assert_eq!(bill.energy_kwh, kwh("10846"));

    // 20 of 30 days in service: 304 × 20/30 = 202.67, billed as 203.
    agreed.transformer_loss = TransformerLoss::Fixed { active_kwh: kwh("304"), reactive_kvarh: kwh("0") };
    agreed.supplied_from = Some(day("2010-06-11"));
    input.supply = Some(Box::new(agreed.clone()));
    let bill = desk.bill(&input);
    assert_eq!(bill.loss.unwrap().active_kwh, kwh("203"));
    assert_eq!(bill.loss.unwrap().fraction, Fraction { part: 20, whole: 30 });

    // P0·t + K·Pk·Wp²/(S²·t), 30 days: 0.48·720 + 1.05·2.6·10000²/(200²·720) = 355.08.
    agreed.supplied_from = None;
    agreed.transformer_loss = TransformerLoss::Formula(LossFormula::LoadSquare {
        no_load_kw: kwh("0.48"),
        load_loss_kw: kwh("2.6"),
        no_load_current: rate("0.013"),
        impedance: rate("0.04"),
        shape: rate("1.05"),
    });
    input.supply = Some(Box::new(agreed));
    assert_eq!(desk.bill(&input).loss.unwrap().active_kwh, kwh("355"));
}

/// Two transformers share the energy by capacity; each has its own row, and one that was off half the month half of
/// its fixed loss.
#[test]
fn several_transformers_have_each_their_loss() {
    let (desk, plan) = exam_single();
    let mut main = metered(plan, "1", &[reading(Register::Total, "0", "70000")]);
    main.bears_transformer_loss = true;
    let mut input = account("2010-06-01", "2010-07-01", [main]);
    let mut agreed = SupplyAgreement {
        transformers: smallvec![transformer("500"), transformer("200")],
        transformer_loss: TransformerLoss::Table,
        ..SupplyAgreement::default()
    };
    agreed.transformers[0].loss_model = desk.rules.loss_model("SL7-500");
    agreed.transformers[1].loss_model = desk.rules.loss_model("S9-200");
    input.supply = Some(Box::new(agreed.clone()));
    // 1220 + 346 + 1.5 % of 20000.
    assert_eq!(desk.bill(&input).loss.unwrap().active_kwh, kwh("1866"));
    let suspend = TransformerChange::Suspend;
    agreed.events = smallvec![TransformerEvent { date: day("2010-06-16"), transformer: 0, change: suspend }];
    input.supply = Some(Box::new(agreed.clone()));
    assert_eq!(desk.bill(&input).loss.unwrap().active_kwh, kwh("1256"));
    agreed.transformers[1].loss_model = None;
    input.supply = Some(Box::new(agreed));
    assert_eq!(desk.refusal(&input), Refusal::NoLossModel(1));
}

/// What cannot be billed is refused with a reason, in both languages.
#[test]
fn refusals_name_the_cause() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let plan = desk.plan("single_part", "below_1kv");
    let home = desk.plan("residential", "below_1kv");
    let two = desk.plan("two_part", "1_10kv");
    let flat = desk.plan("single_part_flat", "below_1kv");
    let month = |point: Point| account("2026-01-01", "2026-02-01", [point]);
    let all = [
        (month(simple(PlanId(99), "1")), Refusal::NoPlan(99)),
        (month(simple(plan, "1")), Refusal::NotDivided),
        (month(simple(home, "1")), Refusal::NoTierState),
        (month(metered(flat, "1", &[])), Refusal::NoActiveEnergy),
        (month(metered(flat, "0", &[reading(Register::Total, "0", "1")])), Refusal::MeterRecord),
        (
            month(metered(
                flat,
                "1",
                &[reading(Register::Total, "0", "1"), reading(Register::Total, "0", "1")],
            )),
            Refusal::RegisterTwice("total"),
        ),
        (
            month(metered(
                plan,
                "1",
                &[reading(Register::Total, "0", "10"), reading(Register::Peak, "0", "30")],
            )),
            Refusal::PeriodsDiffer { periods: kwh("30"), total: kwh("10") },
        ),
        (
            month(metered(
                plan,
                "1",
                &[reading(Register::Flat, "0", "10"), reading(Register::DeepValley, "0", "3")],
            )),
            Refusal::NoPriceForPeriod("deep_valley"),
        ),
        (month(metered(two, "1", &[reading(Register::Flat, "0", "10")])), Refusal::NoBasicMethod),
        (account("2026-02-01", "2026-02-01", [simple(flat, "1")]), Refusal::PeriodEmpty),
        (
            account("2025-02-01", "2025-03-01", [simple(flat, "1")]),
            Refusal::TableNotInForce("hubei-2026-01".into()),
        ),
        (account("2026-01-01", "2026-02-01", []), Refusal::PointCount(0)),
        (account("1990-01-01", "1990-02-01", [simple(flat, "1")]), Refusal::NoRegulation),
    ];
    for (input, expected) in all {
        let refused = desk.refusal(&input);
        assert_eq!(refused, expected);
        assert!(!refused.text(Lang::Zh).is_empty() && refused.text(Lang::Zh) != refused.text(Lang::En));
    }
}
