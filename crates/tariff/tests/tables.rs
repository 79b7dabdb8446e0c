//! Price tables: what ships is sound, and what is wrong is named with its line and column.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::{Bilingual, Lang, Quantity};
use tariff::engine::PlanRequest;
use tariff::table::{DayFacts, PriceTable, SHIPPED, SLOTS, shipped_table};
use tariff::*;

/// BILL-18, BILL-19: every shipped table loads; published prices come out to the last digit while loading.
#[test]
fn every_shipped_table_is_sound() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/prices")).unwrap() {
        let path = file.unwrap().path();
        let toml = path.extension().is_some_and(|extension| extension == "toml");
        let is_table = toml && std::fs::read_to_string(&path).unwrap().contains("[[class]]");
        let id = path.file_stem().unwrap().to_str().unwrap();
        assert!(!is_table || shipped_table(id).is_some(), "{id} is not shipped");
    }
    let mut plans = Plans::new();
    for shipped in SHIPPED {
        let table = shipped_table(shipped.id).unwrap().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(table.id(), shipped.id);
        assert!(!table.source_note().is_empty());
        for class in table.classes() {
            for level in table.voltages(class.code) {
                plans.compile(&table, &PlanRequest::new(class.code, level)).unwrap();
            }
        }
    }
    assert_eq!(
        plans.iter().count(),
        SHIPPED.iter().map(|one| one.text.matches("\nlevel = ").count()).sum::<usize>()
    );
}

/// The 28 prices of the Hubei table of January 2026 are in the file and compared there; one wrong digit is found.
#[test]
fn a_misread_digit_is_found() {
    let text = SHIPPED[0].text;
    assert_eq!(text.matches("published = { flat").count(), 7);
    let wrong = text.replace("flat = \"0.735886\"", "flat = \"0.735686\"");
    let error = PriceTable::parse("hubei.toml", &wrong).unwrap_err();
    let line = wrong.lines().position(|line| line.contains("0.735686")).unwrap() + 1;
    assert_eq!(error.line, line);
    assert!(error.column > 10);
    assert!(error.to_string().contains("0.735886"), "{error}");
    assert!(error.text(Lang::Zh).contains("公布价"), "{}", error.text(Lang::Zh));
}

/// Complaints name line and column in both languages.
#[test]
fn complaints_name_the_place() {
    let cases = [
        ("kind = \"fund\"", "kind = \"tax\"", "tax"),
        ("version = 1", "version = 1\nverson = 2", "verson"),
        ("[2760, 4800]", "[4800, 2760]", "rise"),
        ("valley = [\"00:00-08:00\"]", "valley = [\"00:00-09:00\"]", "overlaps"),
        ("valley = [\"00:00-08:00\"]", "valley = [\"00:00-8\"]", "00:00-8"),
        ("months = [5, 6, 7, 8, 9, 10]", "months = [5, 6, 7, 8, 9]", "month 10"),
        ("months = [5, 6, 7, 8, 9, 10]", "months = [5, 6, 7, 8, 9, 13]", "13"),
        ("components = [\"catalogue\", \"loan_fund\"", "components = [\"catalog\", \"loan_fund\"", "catalog"),
        ("level = \"1_10kv\"", "level = \"10kv\"", "10kv"),
        ("price = \"0.02\"", "price = \"0.02x\"", "0.02x"),
        ("tiers = \"jiangsu\"", "tiers = \"nanjing\"", "nanjing"),
        ("factor = { peak = \"1.5\", valley = \"0.5\" }", "factor = { peak = \"1.5\" }", "valley"),
        ("code = \"two_01\"", "code = \"pf_01\"", "repeated"),
        ("code = \"two_01\"", "code = \"Two 01\"", "lower-case"),
        ("allowance = \"1.05\"", "allowance = \"0.95\"", "allowance"),
        ("from = \"1990-01-01\"", "from = \"1990-01-01\"\nto = \"1980-01-01\"", "end"),
        ("from = \"1990-01-01\"", "from = \"1990-02-31\"", "calendar"),
        ("price = \"0.02\"", "price = true", "decimal number"),
        ("price = \"0.02\"", "price = \"0.0000000000001\"", "12 decimal places"),
        ("price = \"0.02\"", "price = \"-0.02\"", "negative"),
        ("price = \"0.02\"\n", "", "no price"),
        ("capacity = \"15.00\"", "capacity = \"-15.00\"", "negative"),
        ("catalogue = \"0.45\"", "catalogue = \"-0.45\"", "zero"),
        ("thresholds = [2760, 4800]", "thresholds = [2760]", "length"),
    ];
    for (from, to, word) in cases {
        let text = EXAM.replacen(from, to, 1);
        assert_ne!(text, EXAM, "{from}");
        let error = PriceTable::parse("exam.toml", &text).expect_err(to);
        assert!(error.line > 0 && error.column > 0, "{error}");
        assert!(error.to_string().contains(word), "{to}: {error}");
        assert!(error.text(Lang::Zh).contains('行'), "{}", error.text(Lang::Zh));
    }
    // Dates without quotes and numbers without quotes are understood.
    let plain = EXAM.replace("from = \"1990-01-01\"", "from = 1990-01-01").replace("\"0.02\"", "0.02");
    assert_eq!(PriceTable::parse("exam.toml", &plain).unwrap().from(), day("1990-01-01"));
    let last = EXAM.replace("code = \"guangdong\"\nname", "code = \"guangdong\"\nnames");
    let error = PriceTable::parse("exam.toml", &last).unwrap_err();
    let line = last.lines().position(|line| line.starts_with("names")).unwrap() + 1;
    assert_eq!((error.line, error.column), (line, 1));
}

/// A product that 12 decimals cannot hold is refused unless the table names a rounding.
#[test]
fn a_price_that_is_not_exact_needs_a_rounding() {
    let text = EXAM.replace("catalogue = \"0.45\"", "catalogue = \"0.450000000001\"");
    assert!(PriceTable::parse("exam.toml", &text).unwrap_err().to_string().contains("round_places"));
    let rounded = text.replace("code = \"day\"", "code = \"day\"\nround_places = 4");
    let mut desk = Desk::of(PriceTable::parse("exam.toml", &rounded).unwrap());
    let plan = desk.plan("bill_01", "1_10kv");
    let energy = desk.plans.get(plan).unwrap().seasons[0].energy;
    assert_eq!(energy[Period::Peak.index()], Some(price("0.675")));
    assert_eq!(energy[Period::Valley.index()], Some(price("0.225")));
}

/// Sharp as a multiple of peak, as Beijing and Guangdong name it: 1.6 × 1.2 of the floating part.
#[test]
fn sharp_may_be_a_multiple_of_peak() {
    let text = EXAM
        .replace(
            "peak = \"1.5\", valley",
            "sharp = { of = \"peak\", times = \"1.2\" }, peak = \"1.6\", valley",
        )
        .replace("peak = [\"08:00-12:00\", ", "sharp = [\"11:00-12:00\"]\npeak = [\"08:00-11:00\", ");
    let mut desk = Desk::of(PriceTable::parse("exam.toml", &text).unwrap());
    let plan = desk.plan("bill_01", "1_10kv");
    let energy = desk.plans.get(plan).unwrap().seasons[0].energy;
    assert_eq!(energy[Period::Sharp.index()], Some(price("0.864")));
}

/// Those who left the market pay 1.5 times the purchase price; a market contract replaces it.
#[test]
fn market_options_touch_only_the_purchase_price() {
    let mut desk = Desk::shipped("hubei-2026-01");
    let request = PlanRequest::new("single_part_flat", VoltageLevel::Below1kv);
    let flat = |desk: &mut Desk, request: &PlanRequest| {
        let plan = desk.plans.compile(&desk.table, request).unwrap();
        desk.plans.get(plan).unwrap().seasons[0].energy[0].unwrap()
    };
    let base = flat(&mut desk, &request);
    let left = flat(&mut desk, &PlanRequest { left_market: true, ..request.clone() });
    assert_eq!(left.minus(base).unwrap(), price("0.192235"));
    let own = PlanRequest { own_purchase_price: Some(price("0.400000")), ..request.clone() };
    assert_eq!(flat(&mut desk, &own).minus(base).unwrap(), price("0.01553"));
    // The same request is the same plan.
    let first = desk.plans.compile(&desk.table, &request).unwrap();
    assert_eq!(desk.plans.compile(&desk.table, &request).unwrap(), first);
}

const SPECIAL: &str = r#"
[[time_of_use.day]]
when = "hot"
from_celsius = 35
months = [7, 8, 9]
hours = { peak = ["12:00-14:00"] }

[[time_of_use.day]]
when = "holiday"
hours = { valley = ["10:00-12:00"] }

[[tiers]]
code = "jiangsu""#;

/// Seasonal hours, holidays and days of 35 °C: which period a half-hour belongs to, and how a load curve divides.
#[test]
fn holidays_and_hot_days_move_the_hours() {
    let text = EXAM.replacen("\n[[tiers]]\ncode = \"jiangsu\"", SPECIAL, 1);
    let table = PriceTable::parse("exam.toml", &text).unwrap();
    let schedule = table.schedule("day").unwrap();
    let (plain, holiday) = (DayFacts::default(), DayFacts { holiday: true, ..DayFacts::default() });
    let hot = |celsius| DayFacts { celsius_max: Some(celsius), ..DayFacts::default() };
    let cases = [
        ("2026-07-10", 0, plain, Period::Valley),
        ("2026-07-10", 16, plain, Period::Peak),
        ("2026-07-10", 24, plain, Period::Flat),
        ("2026-07-10", 24, hot(35), Period::Peak),
        ("2026-07-10", 24, hot(34), Period::Flat),
        ("2026-06-10", 24, hot(39), Period::Flat),
        ("2026-10-01", 20, holiday, Period::Valley),
        ("2026-10-01", 20, plain, Period::Peak),
        ("2026-10-01", 47, holiday, Period::Flat),
    ];
    for (date, slot, facts, expected) in cases {
        assert_eq!(schedule.period(day(date), slot, facts), expected, "{date} {slot} {facts:?}");
    }
    let curve = [Quantity::ONE; SLOTS];
    let days = [(day("2026-07-10"), hot(36), &curve), (day("2026-07-11"), plain, &curve)];
    let energy = schedule.divide(days).unwrap();
    assert_eq!(energy.of(Period::Peak), kwh("36"));
    assert_eq!(energy.of(Period::Valley), kwh("32"));
    assert_eq!(energy.sum().unwrap(), kwh("96"));
}

/// Every sharp price of Hubei is charged in its hours: 18–20 in winter, 20–22 in July and August.
#[test]
fn hubei_sharp_hours_follow_the_season() {
    let desk = Desk::shipped("hubei-2026-01");
    let schedule = desk.table.schedule("industrial").unwrap();
    let at = |date: &str, hour: usize| schedule.period(day(date), hour * 2, DayFacts::default());
    assert_eq!((at("2026-01-05", 18), at("2026-01-05", 20)), (Period::Sharp, Period::Peak));
    assert_eq!((at("2026-07-05", 18), at("2026-07-05", 20)), (Period::Peak, Period::Sharp));
}

/// A hostile file is refused, not read.
#[test]
fn hostile_files_are_refused() {
    for text in ["", "\u{0}", "[[[[", "id = 1", &"a".repeat(2 << 20), "id = \"中文\"\nversion = \"x\""] {
        assert!(PriceTable::parse("x.toml", text).is_err());
    }
}

/// Funds keep nine decimals (Henan, 28.889375 yuan per MWh), and carry no VAT.
#[test]
fn funds_have_nine_decimals() {
    let text = EXAM.replace("price = \"0.02\"", "price = \"0.028889375\"");
    let mut desk = Desk::of(PriceTable::parse("exam.toml", &text).unwrap());
    let plan = desk.plan("lighting", "1_10kv");
    let bill = desk.bill(&account("2026-01-01", "2026-02-01", [simple(plan, "123457")]));
    let fund = bill.lines.iter().find(|line| line.price == price("0.028889375")).unwrap();
    assert_eq!(fund.exact.to_string(), "3566.595569375");
    assert_eq!(fund.amount, yuan("3566.60"));
    assert!(bill.sums.iter().filter(|sum| sum.fund).all(|sum| sum.vat.is_zero()));
}

/// BILL-19: which components are in the base of the power-factor adjustment is a flag of the table.
#[test]
fn the_base_of_the_adjustment_is_a_flag() {
    let base = |text: &str| {
        let mut desk = Desk::of(PriceTable::parse("hubei.toml", text).unwrap());
        let plan = desk.plan("single_part_flat", "below_1kv");
        let readings =
            [reading(Register::Total, "0", "1000"), reading(Register::ReactiveForward, "0", "750")];
        let mut input = account("2026-01-01", "2026-02-01", [metered(plan, "1", &readings)]);
        input.supply = Some(Box::new(SupplyAgreement {
            power_factor: Some(PowerFactorStandard::P90),
            ..SupplyAgreement::default()
        }));
        desk.bill(&input).power_factor.unwrap().base
    };
    let all = SHIPPED[0].text;
    assert_eq!(base(all), yuan("690.69"));
    let without = all.replace("price = \"0.082273\"", "price = \"0.082273\"\nin_power_factor_base = false");
    assert_eq!(base(&without), yuan("608.41"));
}

/// Factors may differ by season, with a deep valley in one of them; the billing month chooses.
#[test]
fn factors_follow_the_season() {
    let season = "[[time_of_use.season]]\nmonths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]\n[time_of_use.season.hours]";
    let two = "[[time_of_use.season]]\nmonths = [7, 8]\nfactor = { peak = \"1.8\", deep_valley = \"0.2\" }\n\
        [time_of_use.season.hours]\npeak = [\"18:00-22:00\"]\ndeep_valley = [\"03:00-05:00\"]\n\n\
        [[time_of_use.season]]\nmonths = [1, 2, 3, 4, 5, 6, 9, 10, 11, 12]\n[time_of_use.season.hours]";
    let text = EXAM.replacen(season, two, 1);
    assert_ne!(text, EXAM);
    let mut desk = Desk::of(PriceTable::parse("exam.toml", &text).unwrap());
    let plan = desk.plan("bill_01", "1_10kv");
    let readings = [reading(Register::Peak, "0", "100"), reading(Register::DeepValley, "0", "100")];
    let month = |from: &str, to: &str, readings: &[Reading]| {
        let mut input = account(from, to, [metered(plan, "1", readings)]);
        let transformers = [transformer("100")].into_iter().collect();
        let basic = BasicMethod::Capacity;
        input.supply = Some(Box::new(SupplyAgreement { basic, transformers, ..SupplyAgreement::default() }));
        input
    };
    let july = desk.bill(&month("2020-07-01", "2020-08-01", &readings));
    assert_eq!(amounts(&july, LineKind::Energy), [yuan("81.00"), yuan("9.00")]);
    let june = desk.bill(&month("2020-06-01", "2020-07-01", &readings[..1]));
    assert_eq!(amounts(&june, LineKind::Energy), [yuan("67.50")]);
    let refused = desk.refusal(&month("2020-06-01", "2020-07-01", &readings));
    assert_eq!(refused, Refusal::NoPriceForPeriod("deep_valley"));
}
