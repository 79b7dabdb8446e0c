//! Transformers at the edges of their rules: terms, days, shares, and what is refused. Capacity costs 15 yuan/kVA.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::Quantity;
use smallvec::smallvec;
use tariff::*;

fn capacity(kva: &[&str]) -> SupplyAgreement {
    SupplyAgreement {
        basic: BasicMethod::Capacity,
        transformers: kva.iter().map(|kva| transformer(kva)).collect(),
        ..SupplyAgreement::default()
    }
}

fn event(date: &str, transformer: u8, change: TransformerChange) -> TransformerEvent {
    TransformerEvent { date: day(date), transformer, change }
}

fn input(desk: &mut Desk, from: &str, to: &str, agreed: SupplyAgreement) -> AccountPeriod {
    let plan = desk.plan("bill_01", "1_10kv");
    let readings = [reading(Register::Flat, "0", "1"), reading(Register::Demand, "0", "0")];
    let points = [metered(plan, "1", &readings)];
    AccountPeriod { supply: Some(Box::new(agreed)), ..account(from, to, points) }
}

/// Amount, kVA, days and rule of each line of the basic charge.
fn lines(
    desk: &mut Desk,
    from: &str,
    to: &str,
    agreed: SupplyAgreement,
) -> Vec<(String, String, u32, RuleId)> {
    let input = input(desk, from, to, agreed);
    let bill = desk.bill(&input);
    bill.lines
        .iter()
        .filter(|line| line.kind == LineKind::BasicCapacity)
        .map(|line| (line.amount.to_string(), line.quantity.to_string(), line.fraction.part, line.rule))
        .collect()
}

fn line(amount: &str, kva: &str, days: u32, rule: RuleId) -> (String, String, u32, RuleId) {
    (amount.to_owned(), kva.to_owned(), days, rule)
}

use RuleId::{CapacityDays, CapacityFull, CapacitySuspendedShare, CapacitySuspensionNotCounted};
use TransformerChange::{Add, HotStandby, Resume, Suspend, Swap};

/// A suspension of fifteen days counts, one of fourteen does not; one that goes on is not known to be short.
#[test]
fn a_suspension_has_a_shortest_term() {
    let mut desk = Desk::exam();
    let mut june = |events: &[TransformerEvent]| {
        let agreed = SupplyAgreement { events: events.iter().copied().collect(), ..capacity(&["300"]) };
        lines(&mut desk, "2018-06-01", "2018-07-01", agreed)
    };
    let (on, off) = (event("2018-06-06", 0, Suspend), |date: &str| event(date, 0, Resume));
    // 5 and 10 days at 150 yuan a day.
    assert_eq!(june(&[on, off("2018-06-21")]), [line("2250.00", "300", 15, CapacityDays)]);
    assert_eq!(
        june(&[on, off("2018-06-20")]),
        [
            line("750.00", "300", 5, CapacityDays),
            line("2100.00", "300", 14, CapacitySuspensionNotCounted),
            line("1650.00", "300", 11, CapacityDays)
        ]
    );
    assert_eq!(june(&[event("2018-06-29", 0, Suspend)]), [line("4200.00", "300", 28, CapacityDays)]);
    // What began before the period counts from its own day.
    let mut agreed = capacity(&["300"]);
    agreed.transformers[0].state =
        TransformerState::Suspended { since: day("2018-05-20"), days_this_year: 12 };
    agreed.events = smallvec![off("2018-06-11")];
    assert_eq!(
        lines(&mut desk, "2018-06-01", "2018-07-01", agreed),
        [line("3000.00", "300", 20, CapacityDays)]
    );
}

/// Where a day is a thirtieth, a month of 31 or 28 days with a suspension that does not count is charged once, neither more
/// nor less; one of another capacity or with days charged in part is charged by its days.
#[test]
fn a_month_charged_in_full_is_charged_once() {
    let mut desk = Desk::exam();
    let mut month = |from: &str, to: &str, events: &[TransformerEvent]| {
        let agreed = SupplyAgreement { events: events.iter().copied().collect(), ..capacity(&["300"]) };
        lines(&mut desk, from, to, agreed)
    };
    let whole = [line("4500.00", "300", 1, CapacitySuspensionNotCounted)];
    let august = [event("2017-08-06", 0, Suspend), event("2017-08-15", 0, Resume)];
    assert_eq!(month("2017-08-01", "2017-09-01", &august), whole);
    let february = [event("2018-02-01", 0, Suspend), event("2018-02-05", 0, Resume)];
    assert_eq!(month("2018-02-01", "2018-03-01", &february), whole);
    assert_eq!(month("2017-08-01", "2017-09-01", &[]), [line("4500.00", "300", 1, CapacityFull)]);
    let swapped = [august[0], august[1], event("2017-08-21", 0, Swap { capacity_kva: kwh("200") })];
    assert_eq!(
        month("2017-08-01", "2017-09-01", &swapped),
        [
            line("750.00", "300", 5, CapacityDays),
            line("1350.00", "300", 9, CapacitySuspensionNotCounted),
            line("900.00", "300", 6, CapacityDays),
            line("1100.00", "200", 11, CapacityDays),
        ]
    );
    let mut young = capacity(&["300"]);
    young.transformers[0].connected = Some(day("2010-01-01"));
    young.events = smallvec![event("2010-08-11", 0, Suspend), event("2010-08-26", 0, Resume)];
    assert_eq!(
        lines(&mut desk, "2010-08-01", "2010-09-01", young),
        [
            line("1500.00", "300", 10, CapacityDays),
            line("1125.00", "300", 15, CapacitySuspendedShare),
            line("900.00", "300", 6, CapacityDays),
        ]
    );
}

/// Under the rules of 1996 a transformer suspended within two years of its connection pays half; 184 days a year may
/// be suspended at all.
#[test]
fn a_suspension_under_the_rules_of_1996() {
    let mut desk = Desk::exam();
    let mut june = |connected: &str, since: &str| {
        let mut agreed = capacity(&["300"]);
        agreed.transformers[0].connected = Some(day(connected));
        agreed.transformers[0].state = TransformerState::Suspended { since: day(since), days_this_year: 20 };
        lines(&mut desk, "2010-06-01", "2010-07-01", agreed)
    };
    let half = [line("2250.00", "300", 1, CapacitySuspendedShare)];
    assert_eq!(june("2008-05-13", "2010-05-12"), half);
    assert_eq!(june("2008-05-12", "2010-05-12"), []);
    assert_eq!(june("2008-05-11", "2010-05-12"), []);
    assert_eq!(june("2009-12-31", "2010-05-12"), half);
    let mut days = |before: u16| {
        let mut agreed = capacity(&["300"]);
        agreed.transformers[0].state =
            TransformerState::Suspended { since: day("2010-01-01"), days_this_year: before };
        lines(&mut desk, "2010-06-01", "2010-07-01", agreed)
    };
    assert_eq!(days(154), []);
    assert_eq!(days(155), [line("150.00", "300", 1, CapacitySuspensionNotCounted)]);
    assert_eq!(days(200), [line("4500.00", "300", 1, CapacitySuspensionNotCounted)]);
    // Two suspensions in one period add up: 170 days before, 10 and 16 now, 184 in all are free.
    let mut agreed = capacity(&["300"]);
    agreed.transformers[0].state =
        TransformerState::Suspended { since: day("2010-01-01"), days_this_year: 170 };
    agreed.events = smallvec![event("2010-06-11", 0, Resume), event("2010-06-15", 0, Suspend)];
    assert_eq!(
        lines(&mut desk, "2010-06-01", "2010-07-01", agreed),
        [line("600.00", "300", 4, CapacityDays), line("1800.00", "300", 12, CapacitySuspensionNotCounted)]
    );
}

/// The 184 days are those of a calendar year: a period over New Year begins to count anew on its first of January.
#[test]
fn days_of_suspension_are_counted_by_the_year() {
    let mut desk = Desk::exam();
    let mut over_new_year = |before: u16, events: &[TransformerEvent]| {
        let mut agreed = capacity(&["300"]);
        agreed.transformers[0].state =
            TransformerState::Suspended { since: day("2010-06-01"), days_this_year: before };
        agreed.events = events.iter().copied().collect();
        lines(&mut desk, "2010-12-16", "2011-01-16", agreed)
    };
    let not_counted = |amount, days| [line(amount, "300", days, CapacitySuspensionNotCounted)];
    assert_eq!(over_new_year(168, &[]), []);
    assert_eq!(over_new_year(169, &[]), not_counted("150.00", 1));
    assert_eq!(over_new_year(200, &[]), not_counted("2400.00", 16));
    // Also when a second suspension begins in the new year, or on its first day.
    let again = |on: &str| [event("2010-12-26", 0, Resume), event(on, 0, Suspend)];
    let days = |amount, days| line(amount, "300", days, CapacityDays);
    let ten = line("1500.00", "300", 10, CapacitySuspensionNotCounted);
    assert_eq!(over_new_year(200, &again("2011-01-06")), [ten.clone(), days("1650.00", 11)]);
    assert_eq!(over_new_year(200, &again("2011-01-01")), [ten.clone(), days("900.00", 6)]);
    let five = line("150.00", "300", 1, CapacitySuspensionNotCounted);
    assert_eq!(over_new_year(200, &again("2010-12-31")), [ten, days("750.00", 5), five]);
    // A period that ends with the year.
    let mut agreed = capacity(&["300"]);
    agreed.transformers[0].state =
        TransformerState::Suspended { since: day("2010-06-01"), days_this_year: 200 };
    assert_eq!(lines(&mut desk, "2010-12-01", "2011-01-01", agreed), not_counted("4500.00", 1));
}

/// A day of 31 is one thirtieth until 2024, but never more than a month; a whole month is a whole month.
#[test]
fn days_make_at_most_a_month() {
    let mut desk = Desk::exam();
    let mut from = |period: (&str, &str), supplied: &str| {
        let agreed = SupplyAgreement { supplied_from: Some(day(supplied)), ..capacity(&["300"]) };
        lines(&mut desk, period.0, period.1, agreed)
    };
    let old = ("2018-07-01", "2018-08-01");
    assert_eq!(from(old, "2018-07-01"), [line("4500.00", "300", 1, CapacityFull)]);
    assert_eq!(from(old, "2018-06-01"), [line("4500.00", "300", 1, CapacityFull)]);
    assert_eq!(from(old, "2018-07-02"), [line("4500.00", "300", 1, CapacityFull)]);
    assert_eq!(from(old, "2018-07-03"), [line("4350.00", "300", 29, CapacityDays)]);
    assert_eq!(from(("2018-02-01", "2018-03-01"), "2018-02-01"), [line("4500.00", "300", 1, CapacityFull)]);
    assert_eq!(from(("2018-02-01", "2018-03-01"), "2018-02-02"), [line("4050.00", "300", 27, CapacityDays)]);
    // 30 of 31 calendar days.
    assert_eq!(from(("2025-07-01", "2025-08-01"), "2025-07-02"), [line("4354.84", "300", 30, CapacityDays)]);
    // Supply that begins after the period, or ended before it.
    assert_eq!(from(old, "2018-08-01"), []);
    let ended = SupplyAgreement { supplied_to: Some(day("2018-06-20")), ..capacity(&["300"]) };
    assert_eq!(lines(&mut desk, "2018-07-01", "2018-08-01", ended), []);
}

/// A period with a basic charge has at most 62 days.
#[test]
fn a_period_has_a_longest_length() {
    let mut desk = Desk::exam();
    let two_months = lines(&mut desk, "2018-07-01", "2018-09-01", capacity(&["300"]));
    assert_eq!(two_months, [line("9300.00", "300", 62, CapacityDays)]);
    let longer = input(&mut desk, "2018-07-01", "2018-09-02", capacity(&["300"]));
    assert_eq!(desk.refusal(&longer), Refusal::OutOfRange("period"));
}

/// Days in one state at one capacity are one line, also when an event changed nothing; nothing makes none.
#[test]
fn equal_days_are_one_line() {
    let mut desk = Desk::exam();
    let mut june = |kva: &[&str], events: &[TransformerEvent]| {
        let agreed = SupplyAgreement { events: events.iter().copied().collect(), ..capacity(kva) };
        lines(&mut desk, "2018-06-01", "2018-07-01", agreed)
    };
    assert_eq!(
        june(&["300"], &[event("2018-06-16", 0, HotStandby)]),
        [line("4500.00", "300", 1, CapacityFull)]
    );
    assert_eq!(
        june(&["300"], &[event("2018-06-01", 0, HotStandby)]),
        [line("4500.00", "300", 1, CapacityFull)]
    );
    assert_eq!(
        june(&["300", "300"], &[]),
        [line("4500.00", "300", 1, CapacityFull), line("4500.00", "300", 1, CapacityFull)]
    );
    assert_eq!(june(&["300", "0"], &[]), [line("4500.00", "300", 1, CapacityFull)]);
    // Two events on one day: the later one holds.
    let same_day =
        [event("2018-06-16", 0, Suspend), event("2018-06-16", 0, Swap { capacity_kva: kwh("100") })];
    assert_eq!(june(&["300"], &same_day), [line("2250.00", "300", 15, CapacityDays)]);
    // An event from before the period is of its first day.
    assert_eq!(
        june(&["300"], &[event("2018-06-01", 0, Swap { capacity_kva: kwh("100") })]),
        [line("1500.00", "100", 1, CapacityFull)]
    );
}

/// Capacities below nothing are refused, as are events from before the period.
#[test]
fn capacities_and_events_have_limits() {
    let mut desk = Desk::exam();
    let mut refusal = |agreed: SupplyAgreement| {
        let input = input(&mut desk, "2018-06-01", "2018-07-01", agreed);
        desk.refusal(&input)
    };
    assert_eq!(refusal(capacity(&["300", "-1"])), Refusal::Negative("capacity"));
    let swap = |kva: &str| SupplyAgreement {
        events: smallvec![event("2018-06-16", 0, Swap { capacity_kva: kwh(kva) })],
        ..capacity(&["300"])
    };
    assert_eq!(refusal(swap("-1")), Refusal::WrongEvent(0));
    let early = SupplyAgreement { events: smallvec![event("2018-05-31", 0, Suspend)], ..capacity(&["300"]) };
    assert_eq!(refusal(early), Refusal::WrongEvent(0));
    let input = input(&mut desk, "2018-06-01", "2018-07-01", swap("0"));
    assert_eq!(desk.bill(&input).basic.unwrap().amount, yuan("2250.00"));
}

/// What is installed and what of it runs, at the end of the period.
#[test]
fn what_is_installed_and_what_runs() {
    let mut desk = Desk::exam();
    use TransformerState::{Absent, ColdStandby, Reduced, Running};
    let suspended = TransformerState::Suspended { since: day("2018-01-01"), days_this_year: 10 };
    for (state, installed, running) in [
        (Running, "300", "300"),
        (TransformerState::HotStandby, "300", "300"),
        (ColdStandby, "300", "100"),
        (suspended, "300", "100"),
        (Reduced, "100", "100"),
        (Absent, "100", "100"),
    ] {
        let mut agreed = capacity(&["100", "200"]);
        agreed.transformers[1].state = state;
        let input = input(&mut desk, "2018-06-01", "2018-07-01", agreed);
        let basic = desk.bill(&input).basic.unwrap();
        assert_eq!((basic.installed_kva, basic.running_kva), (kwh(installed), kwh(running)), "{state:?}");
    }
    // Added within the period: there at its end.
    let mut agreed = capacity(&["100", "200"]);
    agreed.transformers[1].state = Absent;
    agreed.events = smallvec![event("2018-06-30", 1, Add)];
    let input = input(&mut desk, "2018-06-01", "2018-07-01", agreed);
    let basic = desk.bill(&input).basic.unwrap();
    assert_eq!((basic.installed_kva, basic.running_kva), (kwh("300"), kwh("300")));
    // 1500 yuan, and one thirtieth of 3000.
    assert_eq!(basic.amount, yuan("1600.00"));
    assert_ne!(basic.installed_kva, Quantity::ZERO);
}

/// Actual demand without any transformer is charged for the days of supply.
#[test]
fn demand_without_transformers_follows_the_supply() {
    let mut desk = Desk::exam();
    let plan = desk.plan("bill_01", "1_10kv");
    let readings = [reading(Register::Flat, "0", "1"), reading(Register::Demand, "0", "90")];
    let charged = |from: Option<&str>, to: Option<&str>| {
        let mut input = account("2025-04-01", "2025-05-01", [metered(plan, "1", &readings)]);
        input.supply = Some(Box::new(SupplyAgreement {
            basic: BasicMethod::ActualDemand,
            supplied_from: from.map(day),
            supplied_to: to.map(day),
            ..SupplyAgreement::default()
        }));
        desk.bill(&input).basic.unwrap().amount
    };
    // 90 kW × 20 yuan, of 30 days.
    assert_eq!(charged(None, None), yuan("1800.00"));
    assert_eq!(charged(Some("2025-04-21"), None), yuan("600.00"));
    assert_eq!(charged(None, Some("2025-04-21")), yuan("1200.00"));
    assert_eq!(charged(Some("2025-04-11"), Some("2025-04-21")), yuan("600.00"));
}
