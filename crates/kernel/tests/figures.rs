//! Tables of figures at their edges: what is kept, what is rounded, what is refused.

use kernel::{
    Bilingual, Date, Effective, Exact, FigureError, Lang, Moment, Money, Month, Price, Quantity, Rate,
    WorkingCalendar,
};

fn exact(numerator: i64, denominator: i64) -> Exact {
    Exact::ratio(numerator, denominator).unwrap()
}

/// XC-05: a ratio keeps its sign wherever the minus stands.
#[test]
fn a_ratio_has_its_sign_above() {
    let cases = [(3, 4, 3, 4), (-3, 4, -3, 4), (3, -4, -3, 4), (-3, -4, 3, 4), (0, -7, 0, 1), (6, 8, 3, 4)];
    for (part, whole, numerator, denominator) in cases {
        assert_eq!(exact(part, whole).parts(), (numerator, denominator), "{part}/{whole}");
    }
    assert_eq!(Exact::ratio(1, 0), Err(FigureError::DivisionByZero));
    assert_eq!(exact(1, 2).over(Exact::ZERO), Err(FigureError::DivisionByZero));
}

/// XC-05: sums, products and quotients of fractions, worked by hand.
#[test]
fn fractions_by_hand() {
    assert_eq!(exact(1, 4).plus(exact(1, 4)).unwrap().parts(), (1, 2));
    assert_eq!(exact(1, 6).plus(exact(1, 4)).unwrap().parts(), (5, 12));
    assert_eq!(exact(1, 6).minus(exact(1, 4)).unwrap().parts(), (-1, 12));
    assert_eq!(exact(2, 3).times(exact(-3, 5)).unwrap().parts(), (-2, 5));
    assert_eq!(exact(2, 3).over(exact(-4, 5)).unwrap().parts(), (-5, 6));
    assert_eq!(exact(2, 3).over(exact(4, 5)).unwrap().parts(), (5, 6));
    for (value, sign, size) in [(-7, -1, 7), (0, 0, 0), (7, 1, 7)] {
        assert_eq!((exact(value, 3).signum(), exact(value, 3).abs()), (sign, exact(size, 3)));
    }
    assert!(exact(1, 3) < exact(1, 2) && exact(-1, 2) < exact(-1, 3));
    assert!(exact(1, 3) != exact(1, 2));
    for (value, text) in [(exact(0, 5), "0"), (exact(-1, 8), "-0.125"), (exact(1, 3), "0.33333333…")] {
        assert_eq!(value.to_string(), text);
    }
    // 18 decimals are written out; one more is not.
    let places = |count: u32| Exact::from_parts(1, 10_i128.pow(count)).unwrap().to_string();
    assert_eq!((places(18), places(19)), ("0.000000000000000001".into(), "0.00000000…".into()));
}

/// XC-05: half goes away from zero, once, at every number of places.
#[test]
fn half_goes_away_from_zero() {
    let cases = [
        (exact(15, 10), 0, "2", "2", "2"),
        (exact(-15, 10), 0, "-2", "-2", "-2"),
        (exact(-14, 10), 0, "-1", "-1", "-1"),
        (exact(1, 3), 2, "0.33", "0.33", "0.33"),
        (exact(2, 3), 4, "0.6667", "0.6667", "0.6667"),
        (exact(2, 3), 99, "0.666667", "0.666666666667", "0.6666666667"),
        (exact(-1, 2_000_000), 6, "-0.000001", "-0.000001", "-0.000001"),
        (exact(-1, 2_000_001), 6, "0", "0", "0"),
    ];
    for (value, places, quantity, price, rate) in cases {
        assert_eq!(value.to_quantity(places).unwrap().to_string(), quantity, "{value} to {places}");
        assert_eq!(value.to_price(places).unwrap().to_string(), price, "{value} to {places}");
        assert_eq!(value.to_rate(places).unwrap().to_string(), rate, "{value} to {places}");
    }
    for (units, fen) in [(4_999, 0), (5_000, 1), (-4_999, 0), (-5_000, -1), (15_000, 2), (0, 0)] {
        assert_eq!(Quantity::from_units(units).exact().to_money().unwrap(), Money::from_fen(fen), "{units}");
    }
    // The denominator is a multiple of the scale and not: both ways of rounding agree.
    assert_eq!(exact(12_345, 1_000).to_money(), exact(24_690, 2_000).to_money());
    assert_eq!(exact(12_345, 1_000).to_money().unwrap().fen(), 1_235);
    assert_eq!(exact(7, 7).to_money().unwrap().fen(), 100);
    // A large common denominator is cut down: the numerator times a hundred would not fit.
    let wide = Exact::from_parts(15 * 10_i128.pow(37) + 1, 10_i128.pow(22)).unwrap();
    assert_eq!(wide.to_money().unwrap().fen(), 1_500_000_000_000_000_000);
    assert_eq!(exact(i64::MAX, 1).to_money(), Err(FigureError::Overflow("money")));
    assert_eq!(exact(i64::MAX, 1).to_quantity(0), Err(FigureError::Overflow("quantity")));
}

/// XC-05: a figure is a price only when 12 decimals hold it.
#[test]
fn a_price_holds_a_figure_or_does_not() {
    assert_eq!(exact(1, 8).as_price().map(|price| price.to_string()), Some("0.125".to_owned()));
    assert_eq!(exact(1, 3).as_price(), None);
    assert_eq!(exact(i64::MAX, 1).as_price(), None);
    assert_eq!(Exact::from_parts(3, 4), Some(exact(3, 4)));
    assert_eq!(Exact::from_parts(3, 1), Some(Exact::whole(3)));
    assert_eq!((Exact::from_parts(1, 0), Exact::from_parts(1, -4)), (None, None));
}

/// XC-05: a quantity at a price and times a rate, with every unit in its place.
#[test]
fn quantities_at_prices() {
    let kwh = |text: &str| text.parse::<Quantity>().unwrap();
    let amount = kwh("123.456").at("0.558".parse::<Price>().unwrap());
    assert_eq!(amount.to_string(), "68.888448");
    assert_eq!(amount.to_money().unwrap().fen(), 6_889);
    for (quantity, rate, places, product) in [
        ("200", "1.5", 0, "300"),
        ("7", "0.5", 0, "4"),
        ("7", "0.5", 1, "3.5"),
        ("-7", "0.5", 0, "-4"),
        ("1", "0.0000005", 6, "0.000001"),
    ] {
        let found = kwh(quantity).times(rate.parse::<Rate>().unwrap(), places).unwrap();
        assert_eq!(found.to_string(), product, "{quantity} × {rate}");
    }
}

/// XC-05: a number of 60 characters is read, one of 61 is not; nothing is both empty and a number.
#[test]
fn a_number_has_a_length() {
    let padded = |length: usize| format!("1.{}", "0".repeat(length - 2));
    assert_eq!(padded(60).parse::<Quantity>(), Ok(Quantity::ONE));
    assert!(matches!(padded(61).parse::<Quantity>(), Err(FigureError::NotANumber(_))));
    for (text, units) in [("1.", 1_000_000), (".5", 500_000), ("+1", 1_000_000), (" -0.5 ", -500_000)] {
        assert_eq!(text.parse::<Quantity>().map(Quantity::units), Ok(units), "{text:?}");
    }
    assert_eq!("9223372036854.775807".parse::<Quantity>(), Ok(Quantity::from_units(i64::MAX)));
    assert_eq!("9223372036854.775808".parse::<Quantity>(), Err(FigureError::Overflow("decimal")));
}

/// XC-05: numbers of data files: text, whole, negative; a float only as far as it says what was written.
#[test]
fn numbers_of_data_files() {
    let read = |text: &str| serde_json::from_str::<Price>(text).map(|price| price.to_string());
    for (text, price) in [("-3", "-3"), ("3", "3"), ("0.12345678901234", "")] {
        match read(text) {
            Ok(found) => assert_eq!(found, price),
            Err(_) => assert_eq!(price, "", "{text}"),
        }
    }
    // 15 digits are still what was written, 16 may not be.
    assert_eq!(serde_json::from_str::<Price>("123.123456789012").unwrap().to_string(), "123.123456789012");
    assert!(serde_json::from_str::<Price>("1234.123456789012").unwrap_err().to_string().contains("quotes"));
    assert!(serde_json::from_str::<Price>("true").unwrap_err().to_string().contains("decimal number"));
}

/// XC-07: dates and months as stored, as read, as counted.
#[test]
fn dates_and_months() {
    let day = Date::new(2026, 11, 5).unwrap();
    let month = day.month();
    assert_eq!((day.number(), month.number()), (20_261_105, 202_611));
    assert_eq!((month.year(), month.month_of_year()), (2026, 11));
    assert_eq!(
        (format!("{day:?}"), format!("{month:?}"), month.to_string()),
        ("2026-11-05".into(), "2026-11".into(), "2026-11".into())
    );
    assert_eq!((month.previous().number(), month.next().number()), (202_610, 202_612));
    assert_eq!(Month::new(2026, 1).unwrap().previous().number(), 202_512);
    let march = Month::new(2025, 3).unwrap();
    assert_eq!(
        (march.months_until(month), month.months_until(march), month.months_until(month)),
        (20, -20, 0)
    );
    for text in ["2026-11", "2026/11", "202611", "2026年11月", " 2026.11 "] {
        assert_eq!(text.parse::<Month>(), Ok(month), "{text}");
    }
    for text in [
        "2026-13", "2026-00", "20261", "2026111", "2026", "2026-1-1", "2026-a", "2a2611", "-11", "2026-",
        "02026-1", "+202-11",
    ] {
        assert!(text.parse::<Month>().is_err(), "{text}");
    }
    for text in [
        "2026-02-29",
        "2026-1",
        "2026011",
        "202601311",
        "2026-01-31-1",
        "abcdefgh",
        "2026-1a-01",
        "12345-1-1",
        "2026--01",
        "+2026-1-1",
    ] {
        assert!(text.parse::<Date>().is_err(), "{text}");
    }
}

/// XC-07: a moment is milliseconds; its day and clock are China's.
#[test]
fn moments() {
    let day = Date::new(2026, 1, 31).unwrap();
    let moment = Moment::on(day, 9, 30);
    assert_eq!(moment.millis(), 1_769_823_000_000);
    assert_eq!(moment.to_string(), "2026-01-31 09:30:00");
    assert_eq!(moment.plus_millis(61_000).to_string(), "2026-01-31 09:31:01");
    assert_eq!(Moment::from_millis(-1).millis(), -1);
    assert_eq!(Moment::on(day, 0, 0).plus_millis(-1).date(), Date::new(2026, 1, 30).unwrap());
}

/// XC-07: no working day lies between a day and itself.
#[test]
fn working_days_between() {
    let calendar = WorkingCalendar::mainland_china().unwrap();
    let day = |number| Date::from_number(number).unwrap();
    for (from, to, days) in [
        (20_260_112, 20_260_112, 0),
        (20_260_110, 20_260_110, 0),
        (20_260_112, 20_260_113, 1),
        (20_260_113, 20_260_112, -1),
        (20_260_112, 20_260_116, 4),
        (20_260_109, 20_260_112, 1),
    ] {
        assert_eq!(calendar.working_days_between(day(from), day(to)), Ok(days), "{from} to {to}");
    }
}

/// XC-06: the spells of a dated value are those that were given.
#[test]
fn spells_are_kept() {
    let day = |number| Date::from_number(number).unwrap();
    let rate = Effective::from_days([(day(20_240_101), 5), (day(20_200_101), 3)]).unwrap();
    let found: Vec<_> = rate.spells().iter().map(|spell| (spell.from.number(), spell.value)).collect();
    assert_eq!(found, [(20_200_101, 3), (20_240_101, 5)]);
}

/// XC-12: every refusal has its words in both languages, and they name what was refused.
#[test]
fn refusals_in_both_languages() {
    let cases = [
        (FigureError::Overflow("money"), "数值过大", "money"),
        (FigureError::NotANumber("x1".into()), "x1", "x1"),
        (
            FigureError::TooPrecise { text: "0.123".into(), places: 2 },
            "0.123 的小数位超过 2 位",
            "0.123 has more than 2",
        ),
        (FigureError::DivisionByZero, "除数为零", "division by zero"),
        (FigureError::NotADate("2026-13".into()), "2026-13", "2026-13"),
        (FigureError::NoWeights, "权数", "weights"),
        (FigureError::NotCapitals("一元".into()), "一元", "一元"),
        (FigureError::NoCalendar(2031), "2031", "2031"),
        (FigureError::BadCalendar("line".into()), "line", "line"),
        (FigureError::Overlap(Date::from_number(20_260_101).unwrap()), "2026-01-01", "2026-01-01"),
    ];
    for (error, zh, en) in cases {
        assert!(error.text(Lang::Zh).contains(zh), "{error:?}");
        assert!(error.text(Lang::En).contains(en), "{error:?}");
        assert_eq!(error.text(Lang::En), error.to_string());
    }
}
