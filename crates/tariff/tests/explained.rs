//! What a bill says of itself, word by word: the text of an answer in both languages and its data, as files in
//! `tests/explained`. `REWRITE_EXPLAINED=1` writes them anew; what changed is then read before it is kept.

#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use common::*;
use kernel::{Bilingual, Lang, Price};
use serde_json::Value;
use smallvec::smallvec;
use tariff::engine::PlanRequest;
use tariff::explain::{Context, Side, compare, explain, render};
use tariff::table::PriceTable;
use tariff::*;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explained");
    let entries = std::fs::read_dir(&folder).expect("the cases");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("a case").path()).collect();
    cases.retain(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".toml") || name.ends_with(".json") && !name.ends_with(".answer.json")
    });
    cases.sort();
    cases
}

/// JSON with what stands two levels deep on a line each.
fn lines(value: &Value, depth: usize) -> String {
    let indent = " ".repeat(depth + 1);
    let entries: Vec<String> = match value {
        Value::Object(map) if depth < 2 => {
            map.iter().map(|(key, value)| format!("{indent}{key:?}: {}", lines(value, depth + 1))).collect()
        }
        Value::Array(list) if depth < 2 || list.iter().any(|each| each.get("calculation").is_some()) => {
            list.iter().map(|value| format!("{indent}{}", lines(value, depth + 1))).collect()
        }
        other => return other.to_string(),
    };
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    if entries.is_empty() {
        return format!("{open}{close}");
    }
    format!("{open}\n{}\n{}{close}", entries.join(",\n"), " ".repeat(depth))
}

/// Compares each text with the file that keeps it, or writes the file.
fn kept_or_rewritten(texts: Vec<(PathBuf, String)>) {
    let rewrite = std::env::var_os("REWRITE_EXPLAINED").is_some();
    let mut wrong = String::new();
    for (file, now) in texts {
        if rewrite {
            std::fs::write(&file, now).expect("a file to write");
            continue;
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        let (mut kept_lines, mut now_lines) = (kept.lines(), now.lines());
        loop {
            match (kept_lines.next(), now_lines.next()) {
                (None, None) => break,
                (kept, now) if kept == now => {}
                (kept, now) => {
                    let (kept, now) = (kept.unwrap_or_default(), now.unwrap_or_default());
                    let _ = writeln!(wrong, "{}\n  kept {kept}\n  now  {now}", file.display());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// BILL-18, BILL-19: every figure of a bill with where it comes from, so that a customer can recompute it.
#[test]
fn a_bill_explains_itself() {
    let cases = cases();
    assert_eq!(cases.len(), 10);
    let mut texts = Vec::new();
    for path in cases {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a case");
        let answer = tariff::quote::quote(&text, &name).unwrap_or_else(|error| panic!("{error}"));
        texts.push((path.with_extension("zh.txt"), answer.text(Lang::Zh)));
        texts.push((path.with_extension("en.txt"), answer.text(Lang::En)));
        let json = answer.json();
        let total = answer.bill().map(|bill| bill.total.to_string());
        assert_eq!(json["bill"]["total"].as_str(), total.as_deref(), "{name}");
        assert_eq!(json["notes"], serde_json::to_value(answer.notes()).unwrap(), "{name}");
        texts.push((path.with_extension("answer.json"), lines(&json, 0) + "\n"));
    }
    kept_or_rewritten(texts);
}

/// BILL-19: a figure is met as it is written: exactly, or a quotient at as many decimals as were written.
#[test]
fn what_a_file_expects_is_compared_as_written() {
    for (expected, met) in [
        ("total = 4333.33", true),
        ("total = 4333.3", false),
        ("total = 4333", false),
        ("total = \"4333.330\"", true),
        ("average_price = 0.6190", true),
        ("average_price = 0.61904714", true),
        ("average_price = 0.61904715", false),
        ("average_price = 0.62", true),
        ("average_price = 0.61", false),
        ("average_price = 1", true),
        ("line.1.unrounded = 4333.329", true),
        ("line.1.unrounded = 4333.328", false),
        ("line.1.unrounded = 4333.3290000000", true),
        ("line = [4333.33]", true),
    ] {
        let text = format!("kwh = 7000\nprice = 0.619047\n[expect]\n{expected}\n");
        let answer = tariff::quote::quote(&text, "case.toml").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answer.passed(), met, "{expected}: {:?}", answer.expectations());
    }
    for refused in ["total = true", "total = \"much\"", "total = 0.1234567890123", "line.1.unrounded = 0.1.2"]
    {
        let text = format!("kwh = 7000\nprice = 0.619047\n[expect]\n{refused}\n");
        let error = tariff::quote::quote(&text, "case.toml").err();
        assert_eq!(error.map(|error| error.line), Some(4), "{refused}");
    }
}

/// The prices of `before` with what the next year changes: a component goes, another comes, one fund takes the place
/// of another, the valley and the capacity are priced anew, the third tier begins later and the second costs more.
fn next_year(before: &str) -> String {
    let mut text = before.to_owned();
    for (old, new) in [
        ("version = 1", "version = 2"),
        ("from = \"2025-01-01\"\nto = \"2026-01-01\"", "from = \"2026-01-01\""),
        (
            "code = \"operation\"\nname = { zh = \"系统运行费用\", en = \"system operation\" }",
            "code = \"capacity_cost\"\nname = { zh = \"容量补偿费用\", en = \"capacity cost\" }",
        ),
        (
            "code = \"grid_fund\"\nname = { zh = \"农网还贷资金\", en = \"rural grid loan fund\" }",
            "code = \"renewable_fund\"\nname = { zh = \"可再生能源电价附加\", en = \"renewable energy surcharge\" }",
        ),
        (
            "\"operation\", \"grid_fund\", \"reservoir_fund\"",
            "\"capacity_cost\", \"renewable_fund\", \"reservoir_fund\"",
        ),
        ("valley = \"0.5\"", "valley = \"0.4\""),
        ("capacity = \"25\"", "capacity = \"26.3\""),
        ("add_on = [\"0.05\"", "add_on = [\"0.06\""),
        ("thresholds = [200, 400]", "thresholds = [200, 500]"),
    ] {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    text
}

/// BILL-18, BILL-19: the same month under the prices of two years. Points without a name are numbered.
#[test]
fn two_bills_of_a_month_are_compared() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explained/prices");
    let before = std::fs::read_to_string(folder.join("before.toml")).expect("the prices");
    let after = next_year(&before);
    let mut plans = Plans::new();
    let mut plan = |text: &str, request: PlanRequest| {
        let table = PriceTable::parse("town.toml", text).unwrap_or_else(|error| panic!("{error}"));
        plans.compile(&table, &request).unwrap_or_else(|error| panic!("{error}"))
    };
    let works = |left_market, own_purchase_price: Option<Price>| PlanRequest {
        left_market,
        own_purchase_price,
        ..PlanRequest::new("works", VoltageLevel::From1To10kv)
    };
    let home = PlanRequest::new("home", VoltageLevel::Below1kv);
    let old = [plan(&before, works(true, None)), plan(&before, home.clone())];
    let new = [plan(&after, works(false, Some(price("0.45")))), plan(&after, home)];
    let input = |[works, home]: [PlanId; 2], day: &str, next: &str| {
        let mut active = PeriodEnergy::default();
        for (period, used) in [(Period::Peak, "1000"), (Period::Flat, "2003"), (Period::Valley, "1500")] {
            active.0[period.index()] = kwh(used);
        }
        let works = point(works, Source::Given { active, reactive: kwh("1300"), demand_kw: None });
        let home = Point { in_power_factor: false, in_power_factor_base: false, ..simple(home, "450") };
        AccountPeriod {
            tiers: Some(TierState::default()),
            supply: Some(Box::new(SupplyAgreement {
                basic: BasicMethod::Capacity,
                transformers: smallvec![transformer("100"), transformer("50")],
                power_factor: Some(PowerFactorStandard::P90),
                ..SupplyAgreement::default()
            })),
            ..account(day, next, [works, home])
        }
    };
    let (old, new) = (input(old, "2025-12-01", "2026-01-01"), input(new, "2026-01-01", "2026-02-01"));
    let rules = Rules::shipped().unwrap_or_else(|error| panic!("{error}"));
    let names = [String::new()];
    let context = |input| Context { plans: &plans, rules: &rules, input, point_names: &names };
    let bill = |input: &AccountPeriod| {
        let mut bill = Bill::new();
        calculate(&plans, &rules, input, &mut bill).unwrap_or_else(|error| panic!("{error}"));
        proves_itself(&bill);
        bill
    };
    let (was, is) = (bill(&old), bill(&new));
    let mut texts = Vec::new();
    for (lang, ending) in [(Lang::Zh, "zh.txt"), (Lang::En, "en.txt")] {
        for (name, input, bill) in [("before", &old, &was), ("after", &new, &is)] {
            let text = render(&explain(bill, &context(input)), lang);
            texts.push((folder.join(name).with_extension(ending), text));
        }
        let changes = compare((&was, &context(&old)), (&is, &context(&new))).expect("a comparison");
        let difference = changes.iter().map(|change| change.difference);
        assert_eq!(kernel::Money::sum(difference), is.total.minus(was.total));
        let side = |side: &Option<Side>| match side {
            Some(Side { calculation, price, amount }) => format!("{calculation} = {amount}  [{price}]"),
            None => "-".to_owned(),
        };
        let price = |price: Option<Price>| price.map_or_else(|| "-".to_owned(), |price| price.to_string());
        let mut text = String::new();
        for change in &changes {
            let _ = writeln!(text, "{}  {}", change.label.text(lang), change.difference);
            let _ = writeln!(text, "  {}\n  {}", side(&change.before), side(&change.after));
            for each in &change.prices {
                let (before, after) = (price(each.before), price(each.after));
                let _ = writeln!(text, "    {}  {before} → {after}", each.name.text(lang));
            }
        }
        texts.push((folder.join("difference").with_extension(ending), text));
    }
    kept_or_rewritten(texts);

    // Without an adjustment before: the line is new, and no price made it.
    let mut plain = old.clone();
    plain.supply.as_mut().unwrap().power_factor = None;
    let changes = compare((&bill(&plain), &context(&plain)), (&was, &context(&old))).expect("a comparison");
    let new: Vec<_> = changes.iter().filter(|change| change.before.is_none()).collect();
    assert_eq!((new.len(), new[0].difference.to_string().as_str(), new[0].prices.len()), (1, "-54.02", 0));
}
