//! Basic charge, tiers over a year, funds inside a price: own cases and properties.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::{Money, Quantity};
use proptest::prelude::*;
use smallvec::smallvec;
use tariff::*;

/// A two-part customer at 15 yuan/kVA and 20 yuan/kW, with `kwh` of flat energy and a demand.
fn two_part(
    desk: &mut Desk,
    from: &str,
    to: &str,
    used: &str,
    demand: &str,
    agreed: SupplyAgreement,
) -> Bill {
    let plan = desk.plan("bill_01", "1_10kv");
    desk.bill(&two_part_input(plan, from, to, used, demand, agreed))
}

fn two_part_input(
    plan: PlanId,
    from: &str,
    to: &str,
    used: &str,
    demand: &str,
    agreed: SupplyAgreement,
) -> AccountPeriod {
    let readings = [reading(Register::Flat, "0", used), reading(Register::Demand, "0", demand)];
    let mut input = account(from, to, [metered(plan, "1", &readings)]);
    input.supply = Some(Box::new(agreed));
    input
}

fn capacity(kva: &[&str], events: &[TransformerEvent]) -> SupplyAgreement {
    SupplyAgreement {
        basic: BasicMethod::Capacity,
        transformers: kva.iter().map(|kva| transformer(kva)).collect(),
        events: events.iter().copied().collect(),
        ..SupplyAgreement::default()
    }
}

fn contract(kw: &str, kva: &str) -> SupplyAgreement {
    let feed = DemandFeed { point: 0, contract_kw: kwh(kw) };
    SupplyAgreement { basic: BasicMethod::ContractDemand(smallvec![feed]), ..capacity(&[kva], &[]) }
}

fn event(date: &str, transformer: u8, change: TransformerChange) -> TransformerEvent {
    TransformerEvent { date: day(date), transformer, change }
}

fn basic(bill: &Bill) -> Money {
    bill.basic.unwrap().amount
}

/// BILL-19: days are thirtieths before 2024-06-01 and calendar days of the month after. The change day is charged new.
#[test]
fn days_of_the_basic_charge_by_date() {
    let mut desk = Desk::exam();
    // 630 kVA added on the 11th: 20 or 21 days of it.
    let mut late = |from: &str, to: &str, date: &str| {
        let mut agreed = capacity(&["1000", "630"], &[event(date, 1, TransformerChange::Add)]);
        agreed.transformers[1].state = TransformerState::Absent;
        basic(&two_part(&mut desk, from, to, "1", "0", agreed))
    };
    assert_eq!(late("2023-06-01", "2023-07-01", "2023-06-11"), yuan("21300.00"));
    // 31 days: 21 thirtieths by the old rule, 21 of 31 by the new.
    assert_eq!(late("2023-07-01", "2023-08-01", "2023-07-11"), yuan("21615.00"));
    assert_eq!(late("2024-07-01", "2024-08-01", "2024-07-11"), yuan("21401.61"));
    // 28 days: 18 of 28.
    assert_eq!(late("2025-02-01", "2025-03-01", "2025-02-11"), yuan("21075.00"));
    // A settlement period from the 25th: 31 days, 15 of them with the new transformer.
    assert_eq!(late("2025-03-25", "2025-04-25", "2025-04-10"), yuan("19572.58"));
}

/// Swap (暂换), reduction, removal, standby: each day is charged in the state that began on it.
#[test]
fn every_change_of_a_transformer() {
    use TransformerChange::*;
    let mut desk = Desk::exam();
    let mut june = |kva: &[&str], events: &[TransformerEvent]| {
        basic(&two_part(&mut desk, "2010-06-01", "2010-07-01", "1", "0", capacity(kva, events)))
    };
    let day16 = "2010-06-16";
    assert_eq!(june(&["300"], &[]), yuan("4500"));
    // 15 days with 300 kVA, 15 with 200.
    assert_eq!(june(&["300"], &[event(day16, 0, Swap { capacity_kva: kwh("200") })]), yuan("3750"));
    let back = [
        event("2010-06-11", 0, Swap { capacity_kva: kwh("200") }),
        event("2010-06-21", 0, Swap { capacity_kva: kwh("300") }),
    ];
    assert_eq!(june(&["300"], &back), yuan("4000"));
    for free in [Reduce, Remove, ColdStandby] {
        assert_eq!(june(&["300", "100"], &[event(day16, 1, free)]), yuan("5250"));
    }
    assert_eq!(june(&["300", "100"], &[event(day16, 1, HotStandby)]), yuan("6000"));
    let short = [event("2010-06-05", 1, Suspend), event("2010-06-15", 1, Resume)];
    // Ten days are less than the shortest suspension of fifteen: charged in full.
    assert_eq!(june(&["300", "100"], &short), yuan("6000"));
    let long = [event("2010-06-05", 1, Suspend), event("2010-06-25", 1, Resume)];
    assert_eq!(june(&["300", "100"], &long), yuan("5000"));
}

/// Under the rules of 1996 a suspension beyond six months a year is charged in full.
#[test]
fn a_suspension_has_a_longest_term() {
    let mut desk = Desk::exam();
    let mut agreed = capacity(&["300"], &[]);
    agreed.transformers[0].state =
        TransformerState::Suspended { since: day("2010-01-01"), days_this_year: 174 };
    let bill = two_part(&mut desk, "2010-06-01", "2010-07-01", "1", "0", agreed.clone());
    assert_eq!(basic(&bill), yuan("3000"));
    assert_eq!(bill.lines[0].rule, RuleId::CapacitySuspensionNotCounted);
    let later = two_part(&mut desk, "2018-06-01", "2018-07-01", "1", "0", agreed);
    assert_eq!(basic(&later), Money::ZERO);
}

/// An account that opens within the period is charged from its day.
#[test]
fn supply_that_begins_or_ends_within_the_period() {
    let mut desk = Desk::exam();
    let opened = SupplyAgreement { supplied_from: Some(day("2025-04-21")), ..capacity(&["300"], &[]) };
    assert_eq!(basic(&two_part(&mut desk, "2025-04-01", "2025-05-01", "1", "0", opened)), yuan("1500"));
    // A first period of ten days is ten of thirty days, not a month.
    assert_eq!(
        basic(&two_part(&mut desk, "2025-04-21", "2025-05-01", "1", "0", capacity(&["300"], &[]))),
        yuan("1500")
    );
    let closed = SupplyAgreement { supplied_to: Some(day("2025-04-11")), ..contract("100", "200") };
    assert_eq!(basic(&two_part(&mut desk, "2025-04-01", "2025-05-01", "1", "90", closed)), yuan("666.67"));
}

/// Contract demand: up to 105 % the contract is charged, and never below 40 % of the running capacity.
#[test]
fn contract_demand_has_a_floor_and_an_allowance() {
    let mut desk = Desk::exam();
    let mut charge = |contract_kw: &str, actual: &str| {
        let bill =
            two_part(&mut desk, "2020-04-01", "2020-05-01", "1", actual, contract(contract_kw, "2000"));
        (bill.basic.unwrap().charged_kw.unwrap(), bill.lines[0].rule)
    };
    assert_eq!(charge("1000", "900"), (kwh("1000"), RuleId::DemandContract));
    assert_eq!(charge("1000", "1050"), (kwh("1000"), RuleId::DemandContract));
    assert_eq!(charge("1000", "1051"), (kwh("1052"), RuleId::DemandAllowanceReadingA));
    assert_eq!(charge("500", "600"), (kwh("800"), RuleId::DemandFloor));
    assert_eq!(charge("500", "860"), (kwh("880"), RuleId::DemandAllowanceReadingA));
    // Suspended capacity does not count for the floor.
    let mut agreed = contract("500", "2000");
    agreed.transformers.push(transformer("1000"));
    agreed.transformers[0].state =
        TransformerState::Suspended { since: day("2020-01-01"), days_this_year: 91 };
    let bill = two_part(&mut desk, "2020-04-01", "2020-05-01", "1", "400", agreed);
    assert_eq!(bill.basic.unwrap().charged_kw, Some(kwh("500")));
}

/// 260 kWh per kVA in the month: nine tenths of the demand price, from 2023-06-01 to 2026-08-01; not by capacity.
#[test]
fn high_use_lowers_the_demand_price() {
    let mut desk = Desk::exam();
    let mut charge = |from: &str, to: &str, used: &str, agreed: SupplyAgreement| {
        let bill = two_part(&mut desk, from, to, used, "400", agreed);
        (basic(&bill), bill.basic.unwrap().discounted)
    };
    let agreed = || contract("500", "1000");
    assert_eq!(charge("2024-04-01", "2024-05-01", "260000", agreed()), (yuan("9000"), true));
    assert_eq!(charge("2024-04-01", "2024-05-01", "259999", agreed()), (yuan("10000"), false));
    assert_eq!(charge("2023-05-01", "2023-06-01", "260000", agreed()), (yuan("10000"), false));
    assert_eq!(charge("2026-08-01", "2026-09-01", "260000", agreed()), (yuan("10000"), false));
    assert_eq!(
        charge("2024-04-01", "2024-05-01", "260000", capacity(&["1000"], &[])),
        (yuan("15000"), false)
    );
    let actual = SupplyAgreement { basic: BasicMethod::ActualDemand, ..capacity(&["1000"], &[]) };
    assert_eq!(charge("2024-04-01", "2024-05-01", "1000", actual), (yuan("8000"), false));
}

/// Demand customers suspend all capacity: the demand charge stops with it.
#[test]
fn demand_is_charged_for_days_with_capacity() {
    let mut desk = Desk::exam();
    let mut agreed = contract("500", "1000");
    agreed.events.push(event("2018-06-11", 0, TransformerChange::Suspend));
    let bill = two_part(&mut desk, "2018-06-01", "2018-07-01", "1", "400", agreed);
    assert_eq!(basic(&bill), yuan("3333.33"));
    assert_eq!(bill.basic.unwrap().running_kva, Quantity::ZERO);
    let plan = desk.plan("bill_01", "1_10kv");
    let nothing = two_part_input(plan, "2018-06-01", "2018-07-01", "1", "0", capacity(&[], &[]));
    assert_eq!(desk.refusal(&nothing), Refusal::NoBasicMethod);
}

/// BILL-18: what is nothing, by quantity or by days, makes no line on the bill.
#[test]
fn no_basic_line_of_nothing() {
    let mut desk = Desk::exam();
    let actual = SupplyAgreement { basic: BasicMethod::ActualDemand, ..capacity(&["1000"], &[]) };
    let bill = two_part(&mut desk, "2018-06-01", "2018-07-01", "1", "0", actual);
    assert_eq!(amounts(&bill, LineKind::BasicDemand), [], "no kW");
    let mut agreed = contract("500", "1000");
    agreed.events.push(event("2018-06-01", 0, TransformerChange::Suspend));
    let bill = two_part(&mut desk, "2018-06-01", "2018-07-01", "1", "400", agreed);
    assert_eq!(amounts(&bill, LineKind::BasicDemand), [], "no days");
}

/// Several feeds have each their own maximum demand.
#[test]
fn feeds_are_summed() {
    let mut desk = Desk::exam();
    let plan = desk.plan("bill_01", "1_10kv");
    let feed = |demand: &str| {
        metered(plan, "1", &[reading(Register::Flat, "0", "1"), reading(Register::Demand, "0", demand)])
    };
    let mut input = account("2020-04-01", "2020-05-01", [feed("450"), feed("100")]);
    let feeds = smallvec![
        DemandFeed { point: 0, contract_kw: kwh("400") },
        DemandFeed { point: 1, contract_kw: kwh("200") },
    ];
    let agreed = SupplyAgreement { basic: BasicMethod::ContractDemand(feeds), ..capacity(&["1000"], &[]) };
    input.supply = Some(Box::new(agreed));
    let result = desk.bill(&input).basic.unwrap();
    // 420 + 2 × 30 on the first feed, the contract on the second.
    assert_eq!(result.charged_kw, Some(kwh("680")));
    assert_eq!(result.amount, yuan("13600"));
}

/// Events that name nothing, lie outside the period or run backwards are refused; so is demand without a reading.
#[test]
fn wrong_events_are_refused() {
    let mut desk = Desk::exam();
    let plan = desk.plan("bill_01", "1_10kv");
    let wrong = [
        vec![event("2025-04-10", 1, TransformerChange::Suspend)],
        vec![event("2025-05-01", 0, TransformerChange::Suspend)],
        vec![
            event("2025-04-10", 0, TransformerChange::Suspend),
            event("2025-04-09", 0, TransformerChange::Resume),
        ],
    ];
    for events in wrong {
        let place = events.len() - 1;
        let input = two_part_input(plan, "2025-04-01", "2025-05-01", "1", "0", capacity(&["300"], &events));
        assert_eq!(desk.refusal(&input), Refusal::WrongEvent(place));
    }
    let mut input = two_part_input(plan, "2025-04-01", "2025-05-01", "1", "0", contract("100", "200"));
    input.points[0] = metered(plan, "1", &[reading(Register::Flat, "0", "1")]);
    assert_eq!(desk.refusal(&input), Refusal::NoDemand);
}

/// A tier year has six settlements of two months: January of a bimonthly route belongs to the old year. A transfer
/// on 7 August has used eight months.
#[test]
fn the_tier_year_of_a_settlement() {
    use tariff::engine::{tier_months_used, tier_year};
    let month = |text: &str| text.parse().unwrap();
    for (settled, months, year) in [
        ("2026-01", 2, 2025),
        ("2026-01", 1, 2026),
        ("2026-02", 2, 2026),
        ("2026-03", 2, 2026),
        ("2026-12", 2, 2026),
    ] {
        assert_eq!(tier_year(month(settled), months), year, "{settled} {months}");
    }
    assert_eq!(tier_months_used(day("2010-03-01"), day("2017-08-07")), 8);
    assert_eq!(tier_months_used(day("2017-08-07"), day("2017-12-31")), 5);
    assert_eq!(tier_months_used(day("2017-08-07"), day("2017-08-07")), 1);
}

/// Free kWh of entitled households go back at the base price, for each month read, never more than was used.
#[test]
fn free_kwh_are_given_back() {
    let mut desk = Desk::exam();
    let plan = desk.plan("beijing", "below_1kv");
    let state = TierState { free_kwh: true, months: 2, ..TierState::default() };
    let bill = desk.bill(&household(plan, "2020-01-01", "2020-03-01", "100", state));
    assert_eq!(amounts(&bill, LineKind::FreeEnergy), [yuan("-14.65")]);
    assert_eq!(bill.total, yuan("34.18"));
    let little = desk.bill(&household(plan, "2020-01-01", "2020-03-01", "20", state));
    assert_eq!(little.total, Money::ZERO);
}

/// BILL-18: funds inside a catalogue price are carved out for the ledger and change nothing on the bill.
#[test]
fn contained_funds_do_not_change_the_bill() {
    let mut desk = Desk::shipped("jiangsu-2021-10");
    let plan = desk.plan("residential", "below_1kv");
    let bill = desk.bill(&household(plan, "2026-01-01", "2026-02-01", "200", TierState::default()));
    assert_eq!(bill.total, yuan("105.66"));
    assert_eq!((bill.funds, bill.catalogue), (Money::ZERO, yuan("105.66")));
    let sums: Vec<_> =
        bill.sums.iter().map(|sum| (sum.contained, sum.amount.to_string(), sum.vat.to_string())).collect();
    let expected = [(false, "104.25", "11.99"), (true, "0.17", "0.00"), (true, "1.24", "0.00")];
    assert_eq!(sums, expected.map(|(contained, amount, vat)| (contained, amount.to_owned(), vat.to_owned())));
}

/// The same input gives the same bill, whatever the bill held before.
#[test]
fn a_bill_is_refilled_from_scratch() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let (home, shop) = (desk.plan("residential", "below_1kv"), desk.plan("single_part_flat", "below_1kv"));
    let first = household(home, "2026-01-01", "2026-02-01", "3000", TierState::default());
    let second = account("2026-01-01", "2026-02-01", [simple(shop, "77")]);
    let mut bill = Bill::new();
    calculate(&desk.plans, &desk.rules, &first, &mut bill).unwrap();
    calculate(&desk.plans, &desk.rules, &second, &mut bill).unwrap();
    assert_eq!(bill, desk.bill(&second));
}

proptest! {
    /// A year in months has the kWh of a year at once in every tier, and none below zero.
    #[test]
    fn tiers_do_not_depend_on_how_a_year_is_read(months in prop::collection::vec(0_i64..1500, 12)) {
        let mut desk = Desk::shipped("hubei-2026-01");
        let plan = desk.plan("residential", "below_1kv");
        let whole = |kwh: i64| Quantity::whole(kwh).unwrap();
        let (mut used, mut tiers) = (Quantity::ZERO, [Quantity::ZERO; 3]);
        for month in &months {
            let state = TierState { used_kwh: used, ..TierState::default() };
            let text = month.to_string();
            let result = desk.bill(&household(plan, "2026-01-01", "2026-02-01", &text, state)).tiers.unwrap();
            for (sum, part) in tiers.iter_mut().zip(result.in_tier) {
                prop_assert!(!part.is_negative());
                *sum = sum.plus(part).unwrap();
            }
            used = result.used_kwh;
        }
        let total: i64 = months.iter().sum();
        let year = household(plan, "2026-01-01", "2026-02-01", &total.to_string(), TierState::default());
        let at_once = desk.bill(&year).tiers.unwrap();
        prop_assert_eq!(at_once.in_tier, tiers);
        prop_assert_eq!(used, whole(total));
    }

    /// BILL-18: whatever the readings, lines sum to the total and components to their lines (checked by `Desk::bill`);
    /// energy is neither lost nor made.
    #[test]
    fn a_bill_always_adds_up(
        peak in 0_i64..100_000, flat in 0_i64..100_000, valley in 0_i64..100_000, sharp in 0_i64..100_000,
        fixed in 0_i64..1000, kvarh in 0_i64..200_000, loss in 0_i64..5000, multiplier in 1_i64..3000,
    ) {
        let mut desk = Desk::shipped("hubei-2026-01");
        let (main, home) = (desk.plan("two_part", "1_10kv"), desk.plan("residential_flat", "1_10kv"));
        let total = peak + flat + valley + sharp;
        prop_assume!(total * multiplier >= fixed);
        let show = |register, used: i64| reading(register, "12345", &(12345 + used).to_string());
        let readings = [
            show(Register::Total, total), show(Register::Peak, peak), show(Register::Valley, valley),
            show(Register::Sharp, sharp), show(Register::ReactiveForward, kvarh),
        ];
        let mut parent = metered(main, &multiplier.to_string(), &readings);
        parent.bears_transformer_loss = true;
        let kwh_fixed = Quantity::whole(fixed).unwrap();
        let mut part = point(home, Source::FixedQuantity { parent: 0, kwh: kwh_fixed });
        part.bears_transformer_loss = true;
        let mut input = account("2026-01-01", "2026-02-01", [parent, part]);
        let active_kwh = Quantity::whole(loss).unwrap();
        input.supply = Some(Box::new(SupplyAgreement {
            power_factor: Some(PowerFactorStandard::P90),
            transformer_loss: TransformerLoss::Fixed { active_kwh, reactive_kvarh: active_kwh },
            ..capacity(&["1000"], &[])
        }));
        let bill = desk.bill(&input);
        prop_assert_eq!(bill.energy_kwh, Quantity::whole(total * multiplier + loss).unwrap());
        prop_assert!(bill.points.iter().all(|point| point.billed.0.iter().all(|part| !part.is_negative())));
        let adjusted = bill.power_factor.map_or(Money::ZERO, |result| result.amount);
        prop_assert_eq!(adjusted, Money::sum(amounts(&bill, LineKind::PowerFactor)).unwrap());
    }
}
