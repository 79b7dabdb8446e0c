//! Tables of amounts: sums, shares and spellings at their edges.

#![allow(clippy::unwrap_used, clippy::type_complexity)]

use kernel::{Bilingual, FigureError, Lang, Money, Rate, Text, split_by_weight, split_with_remainder_to};

fn yuan(text: &str) -> Money {
    text.parse().unwrap()
}

/// XC-17: sums, differences and sizes of amounts.
#[test]
fn arithmetic() {
    assert_eq!(yuan("10.00").minus(yuan("0.01")), Ok(yuan("9.99")));
    assert_eq!(yuan("0.01").minus(yuan("10.00")), Ok(yuan("-9.99")));
    assert_eq!((yuan("-3.20").abs(), yuan("3.20").abs()), (Ok(yuan("3.20")), Ok(yuan("3.20"))));
    assert_eq!(Money::sum([yuan("1.10"), yuan("2.20"), yuan("-0.30")]), Ok(yuan("3.00")));
    assert_eq!(Money::sum([Money::from_fen(i64::MAX), yuan("0.01")]), Err(FigureError::Overflow("money")));
    for (fen, zero, negative) in [(-1, false, true), (0, true, false), (1, false, false)] {
        let amount = Money::from_fen(fen);
        assert_eq!((amount.is_zero(), amount.is_negative()), (zero, negative), "{fen}");
    }
    let rate: Rate = "0.13".parse().unwrap();
    assert_eq!(yuan("123.45").times(rate).to_string(), "16.0485");
    assert_eq!(yuan("123.45").times(rate).to_money(), Ok(yuan("16.05")));
    assert_eq!(serde_json::from_str::<Money>("\"12.34\"").unwrap(), yuan("12.34"));
    assert_eq!(serde_json::from_str::<Money>("12.3").unwrap(), yuan("12.30"));
    assert!(serde_json::from_str::<Money>("12.345").is_err());
}

/// XC-17: the largest remainders get what is left over, ties in order, and a negative total mirrors a positive one.
#[test]
fn largest_remainders() {
    let cases: [(i64, &[i64], &[i64]); 8] = [
        (100, &[1, 1, 1], &[34, 33, 33]),
        (-100, &[1, 1, 1], &[-34, -33, -33]),
        (10, &[5, 3, 2], &[5, 3, 2]),
        (10, &[6, 3, 2], &[5, 3, 2]),
        (7, &[1, 2, 3], &[1, 2, 4]),
        (1, &[1, 3, 2], &[0, 1, 0]),
        (0, &[1, 2], &[0, 0]),
        (5, &[0, 1, 0], &[0, 5, 0]),
    ];
    for (total, weights, parts) in cases {
        assert_eq!(split_by_weight(total, weights).unwrap(), parts, "{total} by {weights:?}");
    }
    for weights in [&[][..], &[0, 0], &[3, -1], &[-1, -2]] {
        assert_eq!(split_by_weight(10, weights), Err(FigureError::NoWeights), "{weights:?}");
    }
}

/// XC-17: each part is rounded to the step, half away from zero, and the main part takes the rest.
#[test]
fn the_main_part_takes_the_rest() {
    let cases: [(i64, &[i64], usize, i64, &[i64]); 8] = [
        (100, &[1, 1, 1], 0, 1, &[34, 33, 33]),
        (100, &[1, 1, 1], 2, 1, &[33, 33, 34]),
        (101, &[1, 1], 0, 1, &[50, 51]),
        (-101, &[1, 1], 0, 1, &[-50, -51]),
        (-100, &[1, 1, 1], 0, 1, &[-34, -33, -33]),
        (1_000, &[1, 2], 0, 100, &[300, 700]),
        (5_000, &[3, 0], 0, 1_000, &[5_000, 0]),
        (-5_000, &[3, 0], 0, 1_000, &[-5_000, 0]),
    ];
    for (total, weights, main, step, parts) in cases {
        let found = split_with_remainder_to(total, weights, main, step).unwrap();
        assert_eq!(found, parts, "{total} by {weights:?} in steps of {step}");
    }
    let refused: [(&[i64], usize, i64); 6] = [
        (&[], 0, 1),
        (&[0, 0], 0, 1),
        (&[1, -1, 3], 0, 1),
        (&[1, 1], 2, 1),
        (&[1, 1], 0, 0),
        (&[1, 1], 0, -1),
    ];
    for (weights, main, step) in refused {
        assert_eq!(
            split_with_remainder_to(10, weights, main, step),
            Err(FigureError::NoWeights),
            "{weights:?} {main} {step}"
        );
    }
    assert_eq!(split_with_remainder_to(i64::MIN, &[1, 1], 0, 1), Ok(vec![i64::MIN / 2, i64::MIN / 2]));
}

/// XC-12: a spelling that is almost right is refused.
#[test]
fn spellings_that_are_almost_right() {
    for text in ["", "元", "壹拾万零元整", "壹拾元零整", "壹佰元整整", "人民币", "负"] {
        assert!(Money::from_capitals(text).is_err(), "{text}");
    }
    for text in ["壹佰元整零", "壹佰元整一"] {
        assert!(Money::from_capitals(&format!("{text}{}", "零".repeat(100))).is_err(), "{text}");
    }
    for fen in
        [i64::MIN, i64::MAX, -777_777_777_777_777_777, 777_777_777_777_777_777, 1_010_101_010_101_010_101]
    {
        let capitals = Money::from_fen(fen).to_capitals();
        assert_eq!(Money::from_capitals(&capitals).map(Money::fen), Ok(fen), "{capitals}");
    }
}

/// XC-12: a text has two versions.
#[test]
fn texts() {
    let text = Text::new("账房", "counting house");
    assert_eq!((text.text(Lang::Zh), text.text(Lang::En)), ("账房".to_owned(), "counting house".to_owned()));
}
