use super::*;
use proptest::prelude::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}
fn yuan(text: &str) -> Money {
    text.parse().unwrap()
}
fn fee(principal: &str, due: &str, paid: &str, category: LateFeeCategory) -> LateFee {
    late_fee(&Debt::new(yuan(principal), day(due), category), day(paid), ChargeRules::standard().unwrap())
        .unwrap()
}

/// LATE-01, LATE-02, LATE-03, LATE-04: published answers and the edges of each rule.
#[test]
fn late_fees_by_category_year_and_day() {
    use LateFeeCategory::{Other, Resident};
    let cases = [
        // 64 in the old year and 108 in the new one, and 18 for the January bill: 190 in all.
        ("2000", "2020-12-15", "2021-01-18", Other, "172.00"),
        ("3000", "2021-01-15", "2021-01-18", Other, "18.00"),
        ("2000", "2021-12-15", "2022-01-18", Other, "172.00"),
        // Paid on the due day: nothing, and no minimum.
        ("2000", "2021-01-15", "2021-01-15", Other, "0.00"),
        ("2000", "2021-01-15", "2021-01-01", Other, "0.00"),
        ("2000", "2021-01-15", "2021-01-16", Other, "4.00"),
        // Residents keep their rate across the year.
        ("2000", "2020-12-15", "2021-01-18", Resident, "68.00"),
        ("82.40", "2021-03-15", "2021-03-25", Resident, "1.00"),
        ("100", "2021-03-15", "2021-03-25", Resident, "1.00"),
        ("101", "2021-03-15", "2021-03-25", Resident, "1.01"),
        ("1000", "2024-05-25", "2024-06-05", Other, "22.00"),
    ];
    for (principal, due, paid, category, expected) in cases {
        assert_eq!(fee(principal, due, paid, category).amount, yuan(expected), "{principal} {due} {paid}");
    }
    assert!(fee("82.40", "2021-03-15", "2021-03-25", Resident).minimum_applied);
    // A debt of nothing owes no minimum.
    assert_eq!(fee("0", "2021-03-15", "2021-03-25", Resident).amount, Money::ZERO);
}

/// LATE-05: the story of 23,800.
#[test]
fn the_bills_of_two_winters_cost_23800() {
    use LateFeeCategory::Other;
    let december = fee("100000", "1998-12-20", "1999-02-15", Other);
    let spelled: Vec<(i64, String)> = december
        .segments
        .iter()
        .map(|segment| {
            (
                segment.days,
                yuan("100000").times(segment.rate).times(Exact::whole(segment.days)).unwrap().to_string(),
            )
        })
        .collect();
    assert_eq!(spelled, [(11, "2200".to_owned()), (46, "13800".to_owned())]);
    let january = fee("150000", "1999-01-20", "1999-02-15", Other);
    assert_eq!((january.segments[0].days, january.amount), (26, yuan("7800.00")));
    assert_eq!(december.amount.plus(january.amount).unwrap(), yuan("23800.00"));
    // The other reading of the due date works as well: due 20 January, the debt still of 1998.
    let debt = Debt { year: 1998, ..Debt::new(yuan("100000"), day("1999-01-20"), Other) };
    let other = late_fee(&debt, day("1999-02-15"), ChargeRules::standard().unwrap()).unwrap();
    assert_eq!(other.amount, yuan("7800.00"));
}

/// LATE-06, LATE-07, LATE-08: a part payment pays the accrued late fee first, and what it paid too much is set off.
#[test]
fn part_payment_takes_the_late_fee_first() {
    let rules = ChargeRules::standard().unwrap();
    // 1000 yuan of a resident, ten days overdue: a late fee of 10.
    let debt = Debt::new(yuan("1000"), day("2021-03-15"), LateFeeCategory::Resident);
    let mut settlement = Settlement::new(debt);
    let first =
        settlement.pay(Payment { on: day("2021-03-25"), amount: yuan("310") }, rules).unwrap().clone();
    assert_eq!(
        (first.accrued, first.late_fee, first.principal, first.late_fee_of_principal, first.arrears),
        (yuan("10"), yuan("10"), yuan("300"), yuan("3"), yuan("700"))
    );
    assert_eq!(settlement.credit().unwrap(), yuan("7"));
    assert_eq!(settlement.late_fee_due(day("2021-03-25"), rules).unwrap(), Money::ZERO);
    let rest = settlement.pay(Payment { on: day("2021-03-25"), amount: yuan("700") }, rules).unwrap().clone();
    assert_eq!((rest.late_fee, rest.principal, rest.arrears), (Money::ZERO, yuan("700"), Money::ZERO));
    assert_eq!((settlement.late_fee_collected, settlement.late_fee_receivable), (yuan("10"), yuan("10")));
}

/// LATE-09, LATE-11: a small payment is late fee only; a large one leaves an advance.
#[test]
fn small_and_large_payments() {
    let rules = ChargeRules::standard().unwrap();
    let debt = Debt::new(yuan("1000"), day("2021-03-15"), LateFeeCategory::Resident);
    let mut settlement = Settlement::new(debt);
    let small = settlement.pay(Payment { on: day("2021-03-25"), amount: yuan("4") }, rules).unwrap().clone();
    assert_eq!(
        (small.late_fee, small.principal, small.late_fee_of_principal),
        (yuan("4"), Money::ZERO, Money::ZERO)
    );
    let large =
        settlement.pay(Payment { on: day("2021-03-25"), amount: yuan("2000") }, rules).unwrap().clone();
    assert_eq!((large.late_fee, large.principal, large.advance), (yuan("6"), yuan("1000"), yuan("994")));
    let wrong = settlement.pay(Payment { on: day("2021-03-24"), amount: yuan("1") }, rules);
    assert!(matches!(wrong, Err(ChargeError::PaymentsOutOfOrder { .. })));
}

/// LATE-04: the minimum applies once per receivable, however many payments.
#[test]
fn the_minimum_is_charged_once() {
    let rules = ChargeRules::standard().unwrap();
    let debt = Debt::new(yuan("50"), day("2021-03-15"), LateFeeCategory::Resident);
    let pay = |on: &str, amount: &str| Payment { on: day(on), amount: yuan(amount) };
    let paid =
        settle(debt, &[pay("2021-03-17", "21"), pay("2021-03-18", "10"), pay("2021-03-20", "30")], rules)
            .unwrap();
    assert_eq!((paid.late_fee_collected, paid.arrears), (yuan("1"), Money::ZERO));
    assert_eq!(paid.allocations[2].advance, yuan("10"));
}

proptest! {
    /// LATE-10: over any sequence of payments the late fee is that of each principal part for its own days.
    #[test]
    fn the_late_fee_of_parts_is_that_of_their_days(
        principal in 10_000_i64..100_000_000,
        payments in prop::collection::vec((0_i64..60, 1_i64..60_000_000), 1..8),
        resident in any::<bool>(),
    ) {
        let rules = ChargeRules::standard().unwrap().clone().with_late_fee(|rule| rule.minimum = Money::ZERO);
        let category = if resident { LateFeeCategory::Resident } else { LateFeeCategory::Other };
        let debt = Debt::new(Money::from_fen(principal), day("2020-12-10"), category);
        let mut on = day("2020-12-05");
        let mut settlement = Settlement::new(debt);
        let mut expected = Exact::ZERO;
        for (gap, fen) in payments {
            on = on.plus_days(gap).unwrap();
            let paid = settlement.pay(Payment { on, amount: Money::from_fen(fen) }, &rules).unwrap().clone();
            let segments = overdue_segments(&debt, on, &rules).unwrap();
            expected = expected.plus(paid.principal.exact().times(factor(&segments).unwrap()).unwrap()).unwrap();
            let parts = Money::sum([paid.late_fee, paid.principal, paid.advance]).unwrap();
            prop_assert_eq!(parts, Money::from_fen(fen));
        }
        prop_assert_eq!(settlement.late_fee_receivable, expected.to_money().unwrap());
        if settlement.arrears.is_zero() {
            prop_assert_eq!(settlement.late_fee_collected, settlement.late_fee_receivable);
        } else {
            prop_assert!(settlement.late_fee_collected.fen() + 1 >= settlement.late_fee_receivable.fen());
        }
    }
}
