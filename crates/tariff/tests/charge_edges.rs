//! Charges outside the monthly bill at the edges of their rules, and the calculations that a person is shown.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::{Money, Price, Quantity, Rate};
use tariff::charges::breach::*;
use tariff::charges::late_fee::*;
use tariff::charges::metering_error::*;
use tariff::charges::temporary::*;
use tariff::charges::theft::*;
use tariff::charges::{ChargeError, ChargeRules, ChargeVersion};
use tariff::explain::Row;

fn version(name: &str) -> &'static ChargeVersion {
    ChargeRules::standard().unwrap().named(name).unwrap()
}

fn out_of_range<T: std::fmt::Debug>(answer: Result<T, ChargeError>) -> &'static str {
    match answer {
        Err(ChargeError::OutOfRange { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

/// Label, calculation and result of each row, in English.
fn shown(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| format!("{}: {} = {}", row.label.en, row.calculation.en, row.result)).collect()
}

fn two_part(months: &str) -> CapacityTerms {
    CapacityTerms::TwoPart { basic_price: price("30"), months: rate(months) }
}

fn use_at(usage: Usage) -> Breach {
    let (paid_price, right_price) = (price("0.5"), price("0.8"));
    Breach::HigherPricedUse(vec![PriceDifference { usage, paid_price, right_price, name: "shop".into() }])
}

fn quota(power: &str, times: i64, energy: &str) -> Breach {
    Breach::OverQuota { power_kw: kwh(power), times, energy: kwh(energy), price: price("0.5") }
}

fn power(kw: &str, hours: &str, days: &str) -> Usage {
    Usage::Power { power_kw: kwh(kw), hours_per_day: rate(hours), days: Some(rate(days)) }
}

/// Art. 100 and 101: no figure of an act is below nothing; nothing is charged for nothing.
#[test]
fn acts_have_no_figures_below_nothing() {
    let single = |times| CapacityTerms::SinglePart { times };
    for act in [
        Breach::ExcessCapacity(kwh("-1"), two_part("1")),
        Breach::ExcessCapacity(kwh("1"), two_part("-1")),
        Breach::SuspendedEquipment(kwh("1"), single(-1)),
        Breach::Tampering { resident: true, times: -1 },
        Breach::SourceConnection(kwh("-1")),
        quota("-1", 1, "1"),
        quota("1", -1, "1"),
        quota("1", 1, "-1"),
        use_at(Usage::Energy(kwh("-1"))),
        use_at(power("-1", "1", "1")),
        use_at(power("1", "-1", "1")),
        use_at(power("1", "1", "-1")),
    ] {
        assert!(!out_of_range(breach(&act, version("1996"))).is_empty(), "{act:?}");
    }
    for act in [
        Breach::ExcessCapacity(kwh("0"), two_part("0")),
        Breach::ExcessCapacity(kwh("5"), single(0)),
        Breach::Tampering { resident: false, times: 0 },
        Breach::SourceConnection(kwh("0")),
        quota("0", 0, "0"),
        use_at(Usage::Energy(kwh("0"))),
        use_at(power("0", "0", "0")),
    ] {
        assert_eq!(breach(&act, version("1996")).unwrap().total, Money::ZERO, "{act:?}");
    }
}

/// The rules of 2024 only limit the multiples; sums by kW and by time are what they are.
#[test]
fn only_multiples_are_limits() {
    for (act, limit) in [
        (use_at(Usage::Energy(kwh("10"))), true),
        (Breach::ExcessCapacity(kwh("1"), two_part("1")), true),
        (Breach::ExcessCapacity(kwh("1"), CapacityTerms::SinglePart { times: 1 }), false),
        (Breach::Tampering { resident: true, times: 1 }, false),
        (Breach::SourceConnection(kwh("1")), false),
    ] {
        let (old, new) = (breach(&act, version("1996")).unwrap(), breach(&act, version("2024")).unwrap());
        assert_eq!((old.at_most, new.at_most), (false, limit), "{act:?}");
        let label = if limit { "penalty (upper limit)" } else { "penalty" };
        assert_eq!(new.steps[new.steps.len() - 2].label.en, label);
        assert_eq!(old.steps[old.steps.len() - 2].label.en, "penalty");
    }
}

/// BILL-18: what a person is shown can be computed again on paper.
#[test]
fn acts_are_shown_with_their_figures() {
    let steps = |act: &Breach| {
        let charge = breach(act, version("1996")).unwrap();
        assert_eq!(charge.back_bill.plus(charge.penalty).unwrap(), charge.total);
        shown(&charge.steps)
    };
    // 2 kW × 5 h × 30 days = 300 kWh at 0.30 more, and twice that.
    assert_eq!(
        steps(&use_at(power("2", "5", "30"))),
        [
            "shop energy: 2 kW × 5 h × 30 days = 300 kWh",
            "shop difference: 300 × (0.8 - 0.5) = 90",
            "charged afterwards: 90 = 90.00",
            "penalty: 90 × 2 = 180.00",
            "total: 90.00 + 180.00 = 270.00",
        ]
    );
    let presumed = Usage::Power { power_kw: kwh("2"), hours_per_day: rate("5"), days: None };
    assert_eq!(steps(&use_at(presumed))[0], "shop energy: 2 kW × 5 h × 3 × 30 days = 900 kWh");
    assert_eq!(
        steps(&Breach::ExcessCapacity(kwh("10"), two_part("2"))),
        [
            "basic charge: 10 × 30 × 2 = 600",
            "charged afterwards: 600 = 600.00",
            "penalty: 600 × 3 = 1800.00",
            "total: 600.00 + 1800.00 = 2400.00",
        ]
    );
    assert_eq!(
        steps(&Breach::SuspendedEquipment(kwh("10"), CapacityTerms::SinglePart { times: 2 })),
        ["penalty: 10 × 30.00 × 2 = 600.00", "total: 0.00 + 600.00 = 600.00"]
    );
    assert_eq!(
        steps(&quota("20", 3, "100")),
        ["penalty: 20 × 1.00 × 3 + 100 × 0.5 × 5 = 310.00", "total: 0.00 + 310.00 = 310.00"]
    );
    assert_eq!(
        steps(&Breach::Tampering { resident: true, times: 2 }),
        ["penalty: 500.00 × 2 = 1000.00", "total: 0.00 + 1000.00 = 1000.00"]
    );
    assert_eq!(
        steps(&Breach::SourceConnection(kwh("3"))),
        ["penalty: 3 × 500.00 = 1500.00", "total: 0.00 + 1500.00 = 1500.00"]
    );
}

fn theft_of(stolen: Stolen) -> Theft {
    Theft {
        stolen,
        purpose: Purpose::Power,
        days: Some(rate("10")),
        hours_per_day: None,
        price: price("0.5"),
        multiple: None,
    }
}

/// Arts. 102, 103: what is shown, what is a limit, and what is refused.
#[test]
fn theft_at_its_edges() {
    let amperes =
        |amperes: &str| Stolen::MeterCurrent { amperes: kwh(amperes), volts: kwh("220"), phases: 3 };
    let charge = theft(&theft_of(amperes("10")), version("1996")).unwrap();
    // 3 × 220 V × 10 A = 6.6 kW, 12 hours, ten days.
    assert_eq!(
        shown(&charge.steps),
        [
            "power by the meter's current: 3 × 220 V × 10 A ÷ 1000 = 6.6 kW",
            "stolen energy: 6.6 kW × 12 h × 10 days = 792 kWh",
            "charged afterwards: 792 × 0.5 = 396.00",
            "penalty: 396 × 3 = 1188.00",
            "total: 396.00 + 1188.00 = 1584.00",
        ]
    );
    assert_eq!((charge.energy, charge.total, charge.at_most), (kwh("792"), yuan("1584"), false));
    let energy = theft_of(Stolen::Energy(kwh("100")));
    let limited = theft(&energy, version("2024")).unwrap();
    assert_eq!(
        shown(&limited.steps),
        [
            "charged afterwards: 100 × 0.5 = 50.00",
            "penalty (upper limit): 50 × 3 = 150.00",
            "total: 50.00 + 150.00 = 200.00"
        ]
    );
    let decided = theft(&Theft { multiple: Some(rate("1")), ..energy }, version("2024")).unwrap();
    assert_eq!((limited.at_most, decided.at_most, decided.penalty), (true, false, yuan("50")));
    assert!(!theft(&Theft { multiple: Some(rate("1")), ..energy }, version("1996")).unwrap().at_most);
    for wrong in [
        Theft { days: Some(rate("-1")), ..energy },
        Theft { hours_per_day: Some(rate("-1")), ..energy },
        Theft { price: price("-0.1"), ..energy },
        theft_of(Stolen::Energy(kwh("-1"))),
        theft_of(Stolen::Capacity(kwh("-1"))),
    ] {
        assert!(!out_of_range(theft(&wrong, version("1996"))).is_empty(), "{wrong:?}");
    }
    for nothing in [
        theft_of(Stolen::Energy(kwh("0"))),
        Theft { price: Price::ZERO, ..energy },
        Theft { days: Some(rate("0")), ..theft_of(Stolen::Capacity(kwh("5"))) },
        Theft { hours_per_day: Some(rate("0")), ..theft_of(Stolen::Capacity(kwh("5"))) },
    ] {
        assert_eq!(theft(&nothing, version("1996")).unwrap().total, Money::ZERO, "{nothing:?}");
    }
}

/// Art. 87: what is prepaid by capacity, and what an early end gives back.
#[test]
fn temporary_supply_at_its_edges() {
    let agreed = |kw: &str, ended: Option<(&str, &str)>| {
        let case = Temporary {
            agreed: Agreed::Capacity { power_kw: kwh(kw), hours_per_day: rate("10"), days: rate("3") },
            prices: vec![(kernel::Text::new("价", "price"), price("0.5"))],
            ended_after: ended.map(|(used, agreed)| (rate(used), rate(agreed))),
        };
        temporary(&case, version("1996"))
    };
    let early = agreed("2", Some(("1", "3"))).unwrap();
    assert_eq!(
        shown(&early.steps),
        [
            "agreed energy: 2 kW × 10 h × 3 days = 60 kWh",
            "price: 60 × 0.5 = 30.00",
            "prepaid:  = 30.00",
            "ended before half the term, refund: 30.00 × 0.5 = 15.00",
        ]
    );
    let late = agreed("2", Some(("2", "3"))).unwrap();
    assert_eq!(shown(&late.steps)[3], "no refund: 2 of 3 days, half the term or more = ");
    assert_eq!((early.refund, late.refund), (yuan("15"), Money::ZERO));
    assert_eq!(agreed("0", Some(("0", "0"))).unwrap().prepaid, Money::ZERO);
    for wrong in [agreed("-2", None), agreed("2", Some(("-1", "3"))), agreed("2", Some(("1", "-3")))] {
        assert!(!out_of_range(wrong).is_empty());
    }
}

fn corrected(fault: &MeteringError, price: Option<&str>) -> MeteringErrorCharge {
    let price = price.map(|text| text.parse::<Price>().unwrap());
    metering_error(fault, price, 0, version("1996")).unwrap()
}

/// Arts. 80, 81: each fault is shown with its figures; a figure below nothing is paid back.
#[test]
fn metering_errors_are_shown_with_their_figures() {
    let slow = MeteringError::Inaccurate { recorded: kwh("900"), error: rate("-0.1") };
    let charge = corrected(&slow, Some("0.5"));
    assert_eq!(
        shown(&charge.steps),
        [
            "right energy: 900 ÷ (1 + -10%) = 1000 kWh",
            "correction rate: 100 ÷ 900 = 11.11111111…%",
            "energy to correct: 900 × 11.11111111…% × 0.5 = 50 kWh",
            "charged afterwards: 50 × 0.5 = 25.00",
        ]
    );
    assert_eq!(charge.amount, Some(yuan("25")));
    let wrong = MeteringError::Multiplier { billed: kwh("4000"), right: rate("30"), wrong: rate("40") };
    let charge = corrected(&wrong, Some("0.5"));
    assert_eq!(
        shown(&charge.steps),
        [
            "difference of multipliers: (30 - 40) ÷ 40 = -25%",
            "correction rate: -1000 ÷ 4000 = -25%",
            "energy to correct: 4000 × -25% = -1000 kWh",
            "refund: -1000 × 0.5 = -500.00",
        ]
    );
    assert_eq!(charge.amount, Some(yuan("-500")));
    let normal = MeteringError::NormalMonth { normal: kwh("80"), recorded: kwh("30"), months: rate("2") };
    assert_eq!(
        shown(&corrected(&normal, None).steps),
        ["normal month less fault month: (80 - 30) × 2 = 100 kWh"]
    );
    assert_eq!(shown(&corrected(&normal, Some("0")).steps)[1], "charged afterwards: 100 × 0 = 0.00");
    let drop =
        MeteringError::LeadDrop { recorded: kwh("1000"), actual: rate("0.015"), allowed: rate("0.005") };
    assert_eq!(shown(&corrected(&drop, None).steps)[0], "drop beyond the allowed: 1.5% - 0.5% = 1%");
    let wiring =
        MeteringError::Wiring { billed: kwh("1000"), right_power: rate("3"), measured_power: rate("1.5") };
    assert_eq!(shown(&corrected(&wiring, None).steps)[0], "correction coefficient: 3 ÷ 1.5 = 2");
    let phase = |ratio: &str, reversed, lost| Phase { ratio: rate(ratio), reversed, lost };
    let phases = vec![phase("20", false, false), phase("40", true, false), phase("40", false, true)];
    let fault = MeteringError::Phases { billed: kwh("100"), billed_ratio: rate("40"), phases };
    // 3/40 of what it should be, 1/20 - 1/40 = 1/40 measured: 200 % more.
    assert_eq!(
        shown(&corrected(&fault, None).steps)[..2],
        ["right power P1: 3/40 = 0.075", "measured power P2: 1/20 - 1/40 = 0.025"]
    );
    assert_eq!(corrected(&fault, None).energy, kwh("200"));
}

/// What cannot be corrected is refused: energy below nothing, and phases that measure less than nothing.
#[test]
fn metering_errors_have_limits() {
    let refused = |fault: &MeteringError| metering_error(fault, None, 0, version("1996")).unwrap_err();
    let multiplier =
        |billed: &str| MeteringError::Multiplier { billed: kwh(billed), right: rate("2"), wrong: rate("1") };
    assert!(matches!(refused(&multiplier("-1")), ChargeError::OutOfRange { .. }));
    assert_eq!(corrected(&multiplier("0"), None).energy, Quantity::ZERO);
    for error in ["-1", "-1.5"] {
        let fault = MeteringError::Inaccurate { recorded: kwh("1"), error: rate(error) };
        assert!(matches!(refused(&fault), ChargeError::OutOfRange { .. }), "{error}");
    }
    let phase = |reversed| Phase { ratio: rate("40"), reversed, lost: false };
    for reversed in [[true, true, false], [true, true, true]] {
        let phases = reversed.map(phase).to_vec();
        let fault = MeteringError::Phases { billed: kwh("1"), billed_ratio: rate("40"), phases };
        assert!(matches!(refused(&fault), ChargeError::OutOfRange { .. }));
    }
}

fn debt(principal: &str, due: &str) -> Debt {
    Debt::new(yuan(principal), day(due), LateFeeCategory::Resident)
}

/// LATE-03, LATE-04, LATE-05: days by rate, and the least amount only in place of a smaller one.
#[test]
fn late_fees_are_shown_with_their_figures() {
    let rules = ChargeRules::standard().unwrap();
    let fee = |debt: &Debt, paid: &str| late_fee(debt, day(paid), rules).unwrap();
    let other = Debt { category: LateFeeCategory::Other, ..debt("2000", "2020-12-15") };
    let both = fee(&other, "2021-01-18");
    assert_eq!(
        shown(&both.steps),
        [
            "2020-12-16 to 2020-12-31: 2000.00 × 16 days × 2‰ = 64",
            "2021-01-01 to 2021-01-18: 2000.00 × 18 days × 3‰ = 108",
            "late fee, rounded to fen: 172 = 172.00",
        ]
    );
    assert!(!both.minimum_applied);
    // Ten days of 82.40 are 0.824, of 100 just the least amount, of 101 more.
    let small = fee(&debt("82.40", "2021-03-15"), "2021-03-25");
    assert_eq!(shown(&small.steps)[1], "minimum: 0.824 is below 1.00 yuan, charged as 1.00 = 1.00");
    for (principal, amount, minimum) in [("99", "1.00", true), ("100", "1.00", false), ("101", "1.01", false)]
    {
        let fee = fee(&debt(principal, "2021-03-15"), "2021-03-25");
        assert_eq!((fee.amount, fee.minimum_applied), (yuan(amount), minimum), "{principal}");
    }
    let on_time = fee(&debt("100", "2021-03-15"), "2021-03-15");
    assert_eq!(shown(&on_time.steps), ["not overdue: no late fee = "]);
    let refused = late_fee(&debt("-0.01", "2021-03-15"), day("2021-03-25"), rules);
    assert_eq!(out_of_range(refused), "the principal");
    // A debt of an older year than its due date has later days only; one of a later year none yet.
    let older = Debt { year: 2019, ..other };
    assert_eq!(fee(&older, "2021-01-18").segments.len(), 1);
    assert_eq!(fee(&older, "2021-01-18").amount, yuan("204.00"));
    let newer = Debt { year: 2021, ..other };
    assert_eq!(fee(&newer, "2021-01-18").amount, yuan("136.00"));
    // The change of the rules on 2024-06-01 changes no rate: the days are one run.
    let across = Debt { category: LateFeeCategory::Other, ..debt("1000", "2024-05-25") };
    let run = fee(&across, "2024-06-05");
    assert_eq!(
        run.segments.iter().map(|one| (one.from, one.to, one.days)).collect::<Vec<_>>(),
        [(day("2024-05-26"), day("2024-06-05"), 11)]
    );
}

/// A rate that changes with the rules is charged by its days.
#[test]
fn a_rate_that_changes_is_charged_by_its_days() {
    let text = include_str!("../data/charges.toml");
    let place = text.rfind("same_year = \"0.002\"").unwrap();
    let changed = format!("{}same_year = \"0.004\"{}", &text[..place], &text[place + 19..]);
    let rules = ChargeRules::parse(&changed).unwrap();
    let other = Debt { category: LateFeeCategory::Other, ..debt("1000", "2024-05-25") };
    // Six days of May at two per mille, five of June at four.
    let fee = late_fee(&other, day("2024-06-05"), &rules).unwrap();
    assert_eq!(
        fee.segments.iter().map(|one| (one.days, one.version.as_str())).collect::<Vec<_>>(),
        [(6, "1996"), (5, "2024")]
    );
    assert_eq!(fee.amount, yuan("32.00"));
    // On the last day of the old rules, and on the first of the new.
    assert_eq!(late_fee(&other, day("2024-05-31"), &rules).unwrap().amount, yuan("12.00"));
    assert_eq!(late_fee(&other, day("2024-06-01"), &rules).unwrap().amount, yuan("16.00"));
    // Across the change and then the year end.
    let long = late_fee(&other, day("2025-01-01"), &rules).unwrap();
    assert_eq!(long.segments.iter().map(|one| one.days).collect::<Vec<_>>(), [6, 214, 1]);
}

/// LATE-06 to LATE-09: what a payment went to is shown, and nothing that was nothing.
#[test]
fn payments_are_shown_with_their_figures() {
    let rules = ChargeRules::standard().unwrap();
    let mut settlement = Settlement::new(debt("1000", "2021-03-15"));
    let pay = |settlement: &mut Settlement, on: &str, amount: &str| {
        let payment = Payment { on: day(on), amount: yuan(amount) };
        settlement.pay(payment, rules).map(|done| shown(&done.steps))
    };
    assert_eq!(
        pay(&mut settlement, "2021-03-25", "310").unwrap(),
        [
            "accrued on the arrears: 1000.00 × 10 d × 1‰ = 10.00",
            "late fee first: min(10.00, 310.00) = 10.00",
            "then principal: min(310.00 - 10.00, 1000.00) = 300.00",
            "late fee of that principal: 300.00 × 10 d × 1‰ = 3.00",
            "arrears left: 1000.00 - 300.00 = 700.00",
        ]
    );
    assert_eq!(
        pay(&mut settlement, "2021-03-25", "800").unwrap(),
        [
            "accrued on the arrears: 700.00 × 10 d × 1‰ = 7.00",
            "less over-collected before: 7.00 - 7.00 = 0.00",
            "late fee first: min(0.00, 800.00) = 0.00",
            "then principal: min(800.00 - 0.00, 700.00) = 700.00",
            "late fee of that principal: 700.00 × 10 d × 1‰ = 7.00",
            "advance balance: 800.00 - 0.00 - 700.00 = 100.00",
            "arrears left: 700.00 - 700.00 = 0.00",
        ]
    );
    assert_eq!(settlement.late_fee_due(day("2021-04-25"), rules).unwrap(), Money::ZERO);
    let refused = settlement.pay(Payment { on: day("2021-04-01"), amount: yuan("-1") }, rules);
    assert_eq!(out_of_range(refused), "a payment");
    let mut on_time = Settlement::new(debt("100", "2021-03-15"));
    assert_eq!(
        pay(&mut on_time, "2021-03-15", "100").unwrap(),
        [
            "accrued on the arrears: 100.00 × 0 = 0.00",
            "late fee first: min(0.00, 100.00) = 0.00",
            "then principal: min(100.00 - 0.00, 100.00) = 100.00",
            "arrears left: 100.00 - 100.00 = 0.00",
        ]
    );
    let mut two_years =
        Settlement::new(Debt { category: LateFeeCategory::Other, ..debt("2000", "2020-12-15") });
    assert_eq!(
        pay(&mut two_years, "2021-01-18", "0").unwrap()[0],
        "accrued on the arrears: 2000.00 × (16 d × 2‰ + 18 d × 3‰) = 172.00"
    );
}

/// Rules are read by date, whatever their order in the file; a file without any is refused.
#[test]
fn rules_are_read_by_date() {
    let text = include_str!("../data/charges.toml");
    let second = text.rfind("[[version]]").unwrap();
    let first = text.find("[[version]]").unwrap();
    let swapped = format!("{}\n{}", &text[second..], &text[first..second]);
    let rules = ChargeRules::parse(&swapped).unwrap();
    assert_eq!(&rules, ChargeRules::standard().unwrap());
    assert_eq!(rules.versions().iter().map(|one| one.version.as_str()).collect::<Vec<_>>(), ["1996", "2024"]);
    assert_eq!(rules.named("2024").map(|one| one.from), Some(day("2024-06-01")));
    assert_eq!((rules.named("2025"), rules.only("2025")), (None, None));
    assert!(matches!(ChargeRules::parse("version = []"), Err(ChargeError::RuleData(_))));
    assert!(matches!(ChargeRules::parse("x"), Err(ChargeError::RuleData(_))));
    let named = version("1996").named(&version("1996").late_fee.article);
    assert_eq!(named.zh, "供电营业规则（电力工业部令第8号）第98条");
    assert_eq!(named.en, "Electricity Supply Rules 1996 (Ministry Order 8), art. 98");
    let dearer = rules.with_late_fee(|rule| rule.resident = Rate::ONE);
    assert!(dearer.versions().iter().all(|one| one.late_fee.resident == Rate::ONE));
}
