//! Price tables and rules at their limits: what is taken with what it comes to, and what is refused in which words.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::{Bilingual, Lang, Quantity};
use tariff::engine::PlanRequest;
use tariff::table::{DayFacts, PriceTable, SLOTS, Schedule};
use tariff::*;

/// The examination table with some of its text replaced.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = EXAM.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

fn table(changes: &[(&str, &str)]) -> PriceTable {
    PriceTable::parse("exam.toml", &changed(changes)).unwrap_or_else(|error| panic!("{error}"))
}

/// What stands in `text` at the line and column that an error names.
fn at<'t>(text: &'t str, error: &TableError) -> &'t str {
    let line = text.lines().nth(error.line - 1).unwrap_or_default();
    line.char_indices().nth(error.column - 1).map_or("", |(at, _)| &line[at..])
}

/// Changes to the table, where the complaint stands, and its words in Chinese and English.
type Refused = (&'static [(&'static str, &'static str)], &'static str, &'static str, &'static str);

const HOURS: &str = "peak = [\"08:00-12:00\", \"18:00-22:00\"]";
const SEASON: &str = "months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]";

/// BILL-18: a table that cannot be meant so is refused, with the place and in whole sentences.
#[test]
fn tables_that_are_refused() {
    let cases: &[Refused] = &[
        // Codes.
        (
            &[("code = \"two_01\"", "code = \"\"")],
            "\"\"",
            "代码“”须为 1 至 60 个小写字母、数字、下划线或连字符",
            "the code \"\" must be 1 to 60 lower-case letters, digits, underscores or hyphens",
        ),
        (
            &[(
                "code = \"two_01\"",
                "code = \"a123456789b123456789c123456789d123456789e123456789f123456789g\"",
            )],
            "\"a1",
            "代码“a123456789b123456789c123456789d123456789e123456789f123456789g”须为 1 至 60 个小写字母、数字、下划线或连字符",
            "the code \"a123456789b123456789c123456789d123456789e123456789f123456789g\" must be 1 to 60 lower-case letters, digits, underscores or hyphens",
        ),
        (
            &[("code = \"two_01\"", "code = \"two.01\"")],
            "\"two.01\"",
            "代码“two.01”须为 1 至 60 个小写字母、数字、下划线或连字符",
            "the code \"two.01\" must be 1 to 60 lower-case letters, digits, underscores or hyphens",
        ),
        (
            &[("code = \"beijing\"", "code = \"jiangsu\"")],
            "\"jiangsu\"",
            "代码“jiangsu”重复",
            "the code \"jiangsu\" is repeated",
        ),
        // Days.
        (
            &[("from = \"1990-01-01\"", "from = \"1990-01-01\"\nto = \"1990-01-01\"")],
            "\"1990-01-01\"",
            "失效日须晚于生效日",
            "the table must end after it begins",
        ),
        (
            &[("from = \"1990-01-01\"", "from = \"1990-02-30\"")],
            "\"1990-02-30\"",
            "不是有效日期：\"1990-02-30\"",
            "not a calendar date: \"1990-02-30\"",
        ),
        (
            &[("from = \"1990-01-01\"", "from = 19900101")],
            "19900101",
            "此处是 integer `19900101`，应为：a date such as \"2026-01-31\"",
            "invalid type: integer `19900101`, expected a date such as \"2026-01-31\"",
        ),
        // Figures.
        (
            &[("price = \"0.02\"", "price = \"0,02\"")],
            "\"0,02\"",
            "不是十进制数：\"0,02\"",
            "not a decimal number: \"0,02\"",
        ),
        (
            &[("price = \"0.02\"", "price = \"0.0000000000001\"")],
            "\"0.0000000000001\"",
            "0.0000000000001 的小数位过多",
            "0.0000000000001 has more than 12 decimal places",
        ),
        (
            &[("price = \"0.02\"", "price = true")],
            "true",
            "此处是 boolean `true`，应为：a decimal number in quotes, or one for each period such as { peak = \"0.06\", valley = \"0.03\" }",
            "invalid type: boolean `true`, expected a decimal number in quotes, or one for each period such as { peak = \"0.06\", valley = \"0.03\" }",
        ),
        // Keys.
        (
            &[("version = 1", "version = 1\nverson = 2")],
            "verson",
            "没有“verson”这一项，可用的项：`id`, `version`, `region`, `name`, `source`, `from`, `to`, `vat`, `market_leaver_multiple`, `component`, `time_of_use`, `tiers`, `basic`, `class`",
            "unknown field `verson`, expected one of `id`, `version`, `region`, `name`, `source`, `from`, `to`, `vat`, `market_leaver_multiple`, `component`, `time_of_use`, `tiers`, `basic`, `class`",
        ),
        (&[("region = \"examination\"\n", "")], "#", "缺少“region”这一项", "missing field `region`"),
        (
            &[("kind = \"fund\"", "kind = \"tax\"")],
            "\"tax\"",
            "“tax”不是可用的值，可用的值：`energy` or `fund`",
            "unknown variant `tax`, expected `energy` or `fund`",
        ),
        (
            &[("level = \"1_10kv\"", "level = \"10kv\"")],
            "\"10kv\"",
            "写法有误：unknown voltage level \"10kv\"; one of below_1kv, 1_10kv, 20_35kv, 35_110kv, 110_220kv, from_220kv",
            "unknown voltage level \"10kv\"; one of below_1kv, 1_10kv, 20_35kv, 35_110kv, 110_220kv, from_220kv",
        ),
        (
            &[("version = 1", "version = 1\nversion = 1")],
            "version",
            "重复的项：duplicate key",
            "duplicate key",
        ),
        // Factors.
        (
            &[("peak = \"1.5\", ", "peak = true, ")],
            "true",
            "此处是 boolean `true`，应为：a factor in quotes, or { of = \"peak\", times = \"1.2\" }",
            "invalid type: boolean `true`, expected a factor in quotes, or { of = \"peak\", times = \"1.2\" }",
        ),
        (
            &[("valley = \"0.5\"", "valley = \"-0.5\"")],
            "\"-0.5\"",
            "系数须属于某一时段且不为负，或为以平段为基准的时段的倍数",
            "a factor belongs to a period of the day and is not negative, or is a multiple of a period that is itself a multiple of flat",
        ),
        (
            &[("valley = \"0.5\"", "valley = \"0.5\", total = \"1\"")],
            "\"1\"",
            "系数须属于某一时段且不为负，或为以平段为基准的时段的倍数",
            "a factor belongs to a period of the day and is not negative, or is a multiple of a period that is itself a multiple of flat",
        ),
        (
            &[("valley = \"0.5\"", "valley = \"0.5\", sharp = { of = \"deep_valley\", times = \"2\" }")],
            "{ of",
            "系数须属于某一时段且不为负，或为以平段为基准的时段的倍数",
            "a factor belongs to a period of the day and is not negative, or is a multiple of a period that is itself a multiple of flat",
        ),
        (
            &[(
                "peak = \"1.5\", valley = \"0.5\"",
                "peak = \"1.23456789\", sharp = { of = \"peak\", times = \"1.23456789\" }",
            )],
            "{ of",
            "系数须属于某一时段且不为负，或为以平段为基准的时段的倍数",
            "a factor belongs to a period of the day and is not negative, or is a multiple of a period that is itself a multiple of flat",
        ),
        // Hours and seasons.
        (
            &[(SEASON, "months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11, 12]")],
            "11, 12]",
            "月份 11 不在 1 至 12 之间或重复",
            "month 11 is not between 1 and 12, or is repeated",
        ),
        (
            &[(SEASON, "months = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]")],
            "0, 2",
            "月份 0 不在 1 至 12 之间或重复",
            "month 0 is not between 1 and 12, or is repeated",
        ),
        (
            &[(SEASON, "months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]")],
            "\"day\"",
            "12 月没有时段",
            "no season has month 12",
        ),
        (
            &[(HOURS, "flat = [\"09:00-24:00\"]")],
            "[[time_of_use.season]]",
            "本季 08:00 没有时段",
            "no period is named for 08:00 in this season",
        ),
        (
            &[(HOURS, "flat = [\"08:00-08:30\", \"09:00-24:00\"]")],
            "[[time_of_use.season]]",
            "本季 08:30 没有时段",
            "no period is named for 08:30 in this season",
        ),
        (
            &[(HOURS, "peak = [\"07:30-12:00\"]")],
            "\"00:00-08:00\"",
            "时段 00:00-08:00 与另一时段重叠",
            "00:00-08:00 overlaps another period",
        ),
        (
            &[(HOURS, "sharp = [\"08:00-09:00\"]")],
            "[[time_of_use.season]]",
            "sharp 时段有时间而没有价格",
            "the sharp period has hours but no price",
        ),
        // Tiers.
        (
            &[(
                "add_on = [\"0.05\", \"0.30\"]",
                "add_on = [\"0.05\", { peak = \"0.30\", valley = \"0.15\" }]",
            )],
            "[\"0.05\"",
            "total 时段没有阶梯加价",
            "no tier addition is named for the total period",
        ),
        (
            &[
                ("category = \"residential\"", "category = \"residential\"\ntime_of_use = \"day\""),
                (
                    "add_on = [\"0.05\", \"0.30\"]",
                    "add_on = [\"0.05\", { peak = \"0.30\", flat = \"0.15\" }]",
                ),
            ],
            "[\"0.05\"",
            "valley 时段没有阶梯加价",
            "no tier addition is named for the valley period",
        ),
        (
            &[("add_on = [\"0.05\", \"0.30\"]", "add_on = [\"0.05\", \"-0.30\"]")],
            "[\"0.05\"",
            "阶梯加价不得为负",
            "the additions of tiers must not be negative",
        ),
        (
            &[("allowance_kwh = 100", "allowance_kwh = \"-0.000001\"")],
            "\"jiangsu\"",
            "加量和免费电量不得为负",
            "allowance and free kWh must not be negative",
        ),
        (
            &[("free_kwh = 15", "free_kwh = -1")],
            "\"beijing\"",
            "加量和免费电量不得为负",
            "allowance and free kWh must not be negative",
        ),
        (
            &[("tiers = \"beijing\"", "time_of_use = \"day\"\ntiers = \"beijing\"")],
            "\"beijing\"",
            "分时电价须写明免费电量的退还单价 free_price",
            "a price by time of day needs free_price, at which free kWh are given back",
        ),
        (
            &[("thresholds = [2760, 4800]", "thresholds = [2760, 2760]")],
            "[2760, 2760]",
            "阶梯分界须大于零且递增",
            "thresholds must be above zero and rise",
        ),
        (
            &[("thresholds = [2760, 4800]", "thresholds = [0, 4800]")],
            "[0, 4800]",
            "阶梯分界须大于零且递增",
            "thresholds must be above zero and rise",
        ),
        (
            &[("months = [1, 2, 3, 4, 11, 12]", "months = [2, 3, 4, 11, 12]")],
            "\"guangdong\"",
            "1 月没有阶梯分界",
            "month 1 has no thresholds",
        ),
        // The basic charge.
        (
            &[("allowance = \"1.05\"", "allowance = \"0.9999999999\"")],
            "\"0.9999999999\"",
            "allowance 须不小于 1，floor 须不大于 1",
            "allowance must be at least 1 and floor at most 1",
        ),
        (
            &[("floor = \"0.40\"", "floor = \"1.0000000001\"")],
            "\"1.05\"",
            "allowance 须不小于 1，floor 须不大于 1",
            "allowance must be at least 1 and floor at most 1",
        ),
        (
            &[("floor = \"0.40\"", "floor = \"-0.0000000001\"")],
            "\"-0.0000000001\"",
            "不得为负",
            "must not be negative",
        ),
        (
            &[("excess_factor = \"2\"", "excess_factor = \"-2\"")],
            "\"-2\"",
            "不得为负",
            "must not be negative",
        ),
        (
            &[("demand = \"20.00\"", "demand = \"-0.000000000001\"")],
            "\"-0.000000000001\"",
            "不得为负",
            "must not be negative",
        ),
    ];
    for (changes, place, zh, en) in cases {
        let text = changed(changes);
        let Err(error) = PriceTable::parse("exam.toml", &text) else { panic!("accepted: {en}") };
        assert_eq!((error.zh.as_str(), error.en.as_str()), (*zh, *en));
        assert!(at(&text, &error).starts_with(place), "{error}: {}", at(&text, &error));
        let (line, column) = (error.line, error.column);
        assert_eq!(error.text(Lang::En), format!("exam.toml:{line}:{column}: {en}"));
        assert_eq!(error.text(Lang::Zh), format!("exam.toml 第 {line} 行第 {column} 列：{zh}"));
    }
}

/// Hours that no clock shows, that are not on the half-hour, empty, backwards or of no period of the day.
#[test]
fn hours_that_are_refused() {
    let cases = [
        "08:00",
        "08:00-",
        "-08:00",
        "8-9",
        "08:15-09:00",
        "08:00-08:29",
        "08:00-08:31",
        "08:00-09:60",
        "10:00-10:00",
        "12:00-10:00",
        "20:00-24:30",
        "20:00-25:00",
        "20:00--1:00",
        "9223372036854775807:30-24:00",
        "9223372036854775808:00-24:00",
        "18446744073709551616:00-24:00",
    ];
    let refused = |hours: &str, line: &str| {
        let text = changed(&[(HOURS, line)]);
        let error = PriceTable::parse("exam.toml", &text).unwrap_err();
        assert!(at(&text, &error).starts_with(&format!("{hours:?}")), "{error}");
        assert_eq!(error.zh, format!("“{hours}”不是“18:00-20:00”这样的时段（整点或半点）"));
        let en = format!("{hours:?} is not hours such as \"18:00-20:00\", on the hour or half-hour");
        assert_eq!(error.en, en);
    };
    for hours in cases {
        refused(hours, &format!("peak = [{hours:?}]"));
    }
    refused("10:00-12:00", "total = [\"10:00-12:00\"]");
}

/// Each half-hour of the day has the period that the table names, to the half-hour; a half-hour beyond the day
/// counts as its last.
#[test]
fn half_hours_of_a_day() {
    let hours = "peak = [\"08:30-11:00\", \"18:00-21:30\", \"23:30-24:00\"]";
    let table = table(&[(HOURS, hours), ("\"00:00-08:00\"", "\"00:00-00:30\", \"7:0-08:00\"")]);
    let schedule = table.schedule("day").unwrap();
    let found = |schedule: &Schedule| -> String {
        let letter = |slot| match schedule.period(day("2026-03-01"), slot, DayFacts::default()) {
            Period::Peak => 'P',
            Period::Valley => 'V',
            Period::Flat => '.',
            other => panic!("{other:?}"),
        };
        (0..SLOTS).map(letter).collect()
    };
    //                            0   2   4   6   8   10  12  14  16  18  20  22
    assert_eq!(found(schedule), "V.............VV.PPPPP..............PPPPPPP....P");
    for beyond in [SLOTS - 1, SLOTS, SLOTS + 1, usize::MAX] {
        assert_eq!(schedule.period(day("2026-03-01"), beyond, DayFacts::default()), Period::Peak);
    }
    let mut curve = [Quantity::ZERO; SLOTS];
    curve[SLOTS - 1] = kwh("7");
    curve[1] = kwh("2");
    let energy = schedule.divide([(day("2026-03-01"), DayFacts::default(), &curve)]).unwrap();
    assert_eq!((energy.of(Period::Peak), energy.of(Period::Flat)), (kwh("7"), kwh("2")));
    assert!(table.schedule("night").is_none());
}

/// Limits that are just kept: a code of sixty letters, a table of one day, an allowance of 1 and a floor of 1.
#[test]
fn tables_at_the_limit() {
    let sixty = "a-23456789_123456789c123456789d123456789e123456789f123456789";
    assert_eq!(sixty.len(), 60);
    let found = table(&[("code = \"single_01\"", &format!("code = \"{sixty}\""))]);
    assert!(found.classes().any(|class| class.code == sixty));
    let one_day = table(&[("from = \"1990-01-01\"", "from = \"1990-01-01\"\nto = 1990-01-02")]);
    assert_eq!(one_day.to(), Some(day("1990-01-02")));
    let basic = table(&[("allowance = \"1.05\"", "allowance = 1"), ("floor = \"0.40\"", "floor = \"1\"")]);
    let mut desk = Desk::of(basic);
    let plan = desk.plan("bill_01", "1_10kv");
    let basic = desk.plans.get(plan).unwrap().basic.clone().unwrap();
    assert_eq!((basic.allowance, basic.floor), (rate("1"), rate("1")));
    let none =
        table(&[("excess_factor = \"2\"", "excess_factor = \"0\""), ("floor = \"0.40\"", "floor = \"0\"")]);
    let mut desk = Desk::of(none);
    let plan = desk.plan("bill_01", "1_10kv");
    let basic = desk.plans.get(plan).unwrap().basic.clone().unwrap();
    assert_eq!((basic.excess_factor, basic.floor), (rate("0"), rate("0")));
}

/// A table of one mebibyte is read, and not one byte more.
#[test]
fn the_size_of_a_table() {
    let padded = |bytes: usize| format!("{EXAM}\n#{}", "x".repeat(bytes - EXAM.len() - 2));
    let whole = padded(1 << 20);
    assert_eq!(whole.len(), 1 << 20);
    assert!(PriceTable::parse("exam.toml", &whole).is_ok());
    let error = PriceTable::parse("exam.toml", &padded((1 << 20) + 1)).unwrap_err();
    assert_eq!(error.text(Lang::En), "exam.toml:1:1: the price table is larger than 1 MiB");
    assert_eq!(error.text(Lang::Zh), "exam.toml 第 1 行第 1 列：电价表大于 1 MiB");
    assert!(PriceTable::parse("exam.toml", &"名".repeat(400_000)).unwrap_err().en.contains("1 MiB"));
}

/// BILL-18: what a table says of itself, and the corrected table of the same id that is another price.
#[test]
fn a_corrected_table_has_the_next_version() {
    let first = table(&[]);
    assert_eq!((first.id(), first.version(), first.region()), ("exam", 1, "examination"));
    assert_eq!(first.source_note(), "published worked examples");
    let name = (first.name().zh.as_str(), first.name().en.as_str());
    assert_eq!(name, ("试题电价", "examination prices"));
    assert_eq!((first.from(), first.to()), (day("1990-01-01"), None));
    let second = table(&[("version = 1", "version = 2"), ("\"0.70\"", "\"0.71\"")]);
    assert_eq!((second.id(), second.version()), ("exam", 2));
    let mut plans = Plans::new();
    let request = PlanRequest::new("lighting", VoltageLevel::From1To10kv);
    let of = |plans: &mut Plans, table: &PriceTable| {
        let id = plans.compile(table, &request).unwrap();
        let plan = plans.get(id).unwrap();
        (id, plan.version, plan.seasons[0].energy[0].unwrap())
    };
    let (old, new) = (of(&mut plans, &first), of(&mut plans, &second));
    assert_eq!((old.1, old.2), (1, price("0.7")));
    assert_eq!((new.1, new.2), (2, price("0.71")));
    assert_ne!(old.0, new.0);
    assert_eq!(of(&mut plans, &first), old);
}

/// BILL-18: components are of one kind in all tables of a run; the name they have first stays.
#[test]
fn a_component_is_energy_or_fund() {
    let mut desk = Desk::exam();
    desk.plan("bill_01", "1_10kv");
    let kinds: Vec<_> =
        desk.plans.components().map(|(_, component)| (component.code.clone(), component.fund)).collect();
    let expected = [
        ("basic", false),
        ("power_factor", false),
        ("catalogue", false),
        ("loan_fund", true),
        ("three_gorges_fund", true),
        ("local_fund", true),
    ];
    assert_eq!(kinds, expected.map(|(code, fund)| (code.to_owned(), fund)));
    let text = changed(&[("id = \"exam\"", "id = \"other\""), ("kind = \"fund\"", "kind = \"energy\"")]);
    let other = PriceTable::parse("other.toml", &text).unwrap();
    let request = PlanRequest::new("bill_01", VoltageLevel::From1To10kv);
    let error = desk.plans.compile(&other, &request).unwrap_err();
    assert_eq!(error.zh, "另一电价表中同名的组成种类不同");
    assert_eq!(error.en, "a component of this code is of another kind in another table");
    assert!(at(&text, &error).starts_with("\"loan_fund\""), "{error}");
}

/// BILL-18: additions of tiers by period are those of the periods; every season's periods have one.
#[test]
fn additions_of_tiers_by_period() {
    let hours = "[[time_of_use.season]]\nmonths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]\n[time_of_use.season.hours]";
    let seasons = "[[time_of_use.season]]\nmonths = [1, 2, 3, 4, 5, 6]\nhours = { peak = [\"08:00-12:00\"], valley = [\"00:00-08:00\"] }\n\
        [[time_of_use.season]]\nmonths = [7, 8, 9, 10, 11, 12]\nfactor = { deep_valley = \"0.2\" }\n[time_of_use.season.hours]\n\
        deep_valley = [\"22:00-24:00\"]";
    let by_period = "add_on = [{ peak = \"0.06\", flat = \"0.05\", valley = \"0.03\", deep_valley = \"0.01\" }, \"0.30\"]";
    let changes = [
        (hours, seasons),
        ("add_on = [\"0.05\", \"0.30\"]", by_period),
        ("tiers = \"jiangsu\"", "time_of_use = \"day\"\ntiers = \"jiangsu\""),
    ];
    let mut desk = Desk::of(table(&changes));
    let plan = desk.plan("jiangsu", "below_1kv");
    let tiers = desk.plans.get(plan).unwrap().tiers.clone().unwrap();
    assert!(tiers.add_on_by_period);
    assert_eq!(tiers.add_on[0], ["0", "0", "0.06", "0.05", "0.03", "0.01"].map(price));
    assert_eq!(tiers.add_on[1], [price("0.3"); Period::COUNT]);
    let without = by_period.replace(", deep_valley = \"0.01\"", "");
    let text = changed(&[changes[0], (changes[1].0, &without), changes[2]]);
    let error = PriceTable::parse("exam.toml", &text).unwrap_err();
    assert_eq!(error.en, "no tier addition is named for the deep_valley period");
    // A price that does not differ by time has the addition named `total`.
    let mut desk = Desk::of(table(&[(
        "add_on = [\"0.05\", \"0.30\"]",
        "add_on = [\"0.05\", { total = \"0.3\", peak = \"0.4\" }]",
    )]));
    let plan = desk.plan("jiangsu", "below_1kv");
    let tiers = TierState { used_kwh: kwh("4790"), ..TierState::default() };
    let bill = desk.bill(&household(plan, "2024-05-01", "2024-06-01", "110", tiers));
    assert_eq!(amounts(&bill, LineKind::TierAddOn), [yuan("0.50"), yuan("30.00")]);
}

/// BILL-18: a price of one component is a line of that component; of several, a line with the share of each.
#[test]
fn lines_name_their_component() {
    let hubei = Desk::shipped("hubei-2026-01");
    for (mut desk, class, level, parts) in
        [(Desk::exam(), "single_01", "1_10kv", 1), (hubei, "single_part_flat", "below_1kv", 4)]
    {
        let plan = desk.plan(class, level);
        let compiled = desk.plans.get(plan).unwrap().parts.clone();
        assert_eq!(compiled.len(), parts, "{class}");
        let bill = desk.bill(&account("2026-01-01", "2026-02-01", [simple(plan, "1000")]));
        let line = bill.lines.iter().find(|line| line.kind == LineKind::Energy).unwrap();
        let shares: Vec<_> = bill.shares.iter().map(|share| share.component).collect();
        if parts == 1 {
            assert_eq!(line.component, Some(compiled[0].component));
            assert!(shares.is_empty());
        } else {
            assert_eq!(line.component, None);
            assert_eq!(shares, compiled.iter().map(|part| part.component).collect::<Vec<_>>());
        }
    }
}

const RULES: &str = include_str!("../prices/rules.toml");

fn rules(changes: &[(&str, &str)]) -> Result<Rules, (String, TableError)> {
    let mut text = RULES.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    Rules::parse("rules.toml", &text).map_err(|error| (text, error))
}

/// BILL-19: the steps of the power-factor table lead from the standard to 100 and to 0, each ahead of the last;
/// limits of the loss tables rise; regulations stand in order.
#[test]
fn rules_that_are_refused() {
    const STEPS: (&str, &str) = (
        "力调表的步长须由标准起逐段到 100 和 0",
        "the steps of the power-factor table must lead from the standard to 100 and to 0",
    );
    let until = |limits: &str| format!("until_kwh = {limits}\nactive_kwh = 1220\nreactive_kvarh = 12820");
    let row = "active_kwh = 1220\nreactive_kvarh = 12820";
    let twice = until("1000\nactive_kwh = 1000\n\n[[loss_model.row]]\nuntil_kwh = 1000");
    let (zero, below) = (until("0"), until("\"-0.000001\""));
    let rise = ("电量分界须递增", "the limits of kWh must rise");
    let share = ("day_share 须为 \"calendar\" 或 \"1/30\"", "day_share must be \"calendar\" or \"1/30\"");
    let cases = [
        ("{ until = 95, percent = \"0.15\" }", "{ until = 90, percent = \"0.15\" }", "{ until = 90", STEPS),
        ("{ until = 95, percent = \"0.15\" }", "{ until = 89, percent = \"0.15\" }", "{ until = 89", STEPS),
        ("{ until = 100, percent = \"0\" }", "{ until = 95, percent = \"0\" }", "{ until = 95", STEPS),
        ("{ until = 100, percent = \"0\" }", "{ until = 101, percent = \"0\" }", "{ until = 101", STEPS),
        ("{ until = 100, percent = \"0\" }", "{ until = 99, percent = \"0\" }", "[[power_factor", STEPS),
        ("{ until = 70, percent = \"0.5\" }", "{ until = 90, percent = \"0.5\" }", "{ until = 90", STEPS),
        ("{ until = 70, percent = \"0.5\" }", "{ until = 91, percent = \"0.5\" }", "{ until = 91", STEPS),
        ("{ until = 65, percent = \"1\" }", "{ until = 70, percent = \"1\" }", "{ until = 70", STEPS),
        (", { until = 0, percent = \"2\" }", "", "[[power_factor", STEPS),
        ("{ until = 0, percent = \"2\" }", "{ until = 0, percent = \"900000000\" }", "{ until = 0", STEPS),
        (row, zero.as_str(), "0\n", rise),
        (row, below.as_str(), "\"-0.000001\"", rise),
        (row, twice.as_str(), "1000", rise),
        (
            "[[loss_model.row]]\nactive_kwh = 1220\nreactive_kvarh = 12820",
            "row = []",
            "\"SL7-500\"",
            ("损耗表没有行", "the loss table has no rows"),
        ),
        (
            "from = \"2016-06-30\"",
            "from = \"1996-10-08\"",
            "\"1996-10-08\"",
            ("规则须按生效日先后排列", "regulations must stand in order of date"),
        ),
        ("standard = 85", "standard = 86", "", ("缺少力调标准 85", "the standard 85 is missing")),
        ("\"1/30\"", "\"1/27\"", "\"1/27\"", share),
        ("\"1/30\"", "\"1/32\"", "\"1/32\"", share),
        ("\"1/30\"", "\"30\"", "\"30\"", share),
    ];
    for (from, to, place, (zh, en)) in cases {
        let Err((text, error)) = rules(&[(from, to)]) else { panic!("accepted: {to}") };
        assert_eq!((error.zh.as_str(), error.en.as_str()), (zh, en), "{to}");
        let found = format!("{}\n", at(&text, &error));
        assert!(found.starts_with(place), "{error}: {found}");
    }
}

/// LOSS-01: loss tables whose limits rise are taken as they are written, the last row without a limit.
#[test]
fn loss_tables_and_shares_of_a_day() {
    let rows = "until_kwh = 1000\nactive_kwh = 500\n\n[[loss_model.row]]\nuntil_kwh = \"1000.5\"\nactive_kwh = 600\n\n\
        [[loss_model.row]]\nactive_kwh = 700\nreactive_rate = \"0.1\"";
    let found =
        rules(&[("active_kwh = 1220\nreactive_kvarh = 12820", rows)]).map_err(|(_, error)| error).unwrap();
    let model = &found.loss_models[0];
    let limits: Vec<_> = model.rows.iter().map(|row| (row.until_kwh, row.active_kwh)).collect();
    let expected = [(Some(kwh("1000")), kwh("500")), (Some(kwh("1000.5")), kwh("600")), (None, kwh("700"))];
    assert_eq!(limits, expected);
    assert_eq!(model.rows[2].reactive_rate, rate("0.1"));
    for days in [28, 31] {
        let to = format!("\"1/{days}\"");
        assert!(rules(&[("\"1/30\"", &to)]).is_ok(), "{days}");
    }
}
