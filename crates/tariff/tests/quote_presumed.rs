//! What a quote presumes is said, and nothing else; what is named by the file keeps its name.

use kernel::Lang;
use tariff::quote::{Answer, quote, quote_with};
use tariff::table::PriceTable;

fn answered(text: &str) -> Answer {
    quote(text, "case.toml").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const MONTH: &str = "month = \"2026-06\"\n";

#[test]
fn notes_say_what_was_presumed_and_nothing_else() {
    let tou = "price = { peak = 1, flat = 0.7, valley = 0.4 }\n";
    let all_flat = "`main` has no energy by period; all of it is taken as flat";
    let no_standard =
        "no power-factor standard is given; 0.90 is taken (write `power_factor = false` for none)";
    let no_demand = "no demand price is given; 0 is taken";
    let within = |name: &str| format!("`{name}` has no actual demand; it is taken as within the contract");
    let cases: Vec<(String, Vec<String>)> = vec![
        (format!("{MONTH}kwh = 1\nprice = 1"), vec![]),
        ("kwh = 1\nprice = 1".into(), vec!["no period is given; the whole month 2026-06 is priced".into()]),
        (
            "rules = \"1996\"\nkwh = 1\nprice = 1".into(),
            vec!["no period is given; the whole month 2020-06 is priced".into()],
        ),
        (format!("{MONTH}kwh = 10\n{tou}"), vec![all_flat.into()]),
        (format!("{MONTH}readings = [0, 10]\n{tou}"), vec![all_flat.into()]),
        (format!("{MONTH}kwh = {{ peak = 1, flat = 2, valley = 3 }}\n{tou}"), vec![]),
        (format!("{MONTH}kwh = {{ total = 6, peak = 1 }}\n{tou}"), vec![]),
        (format!("{MONTH}readings = {{ total = [0, 10], peak = [0, 4] }}\n{tou}"), vec![]),
        (format!("{MONTH}kwh = 10\nprice = 1\nkvarh = 1"), vec![no_standard.into()]),
        (
            format!("{MONTH}readings = {{ total = [0, 10], reactive_reverse = [0, 1] }}\nprice = 1"),
            vec![no_standard.into()],
        ),
        (format!("{MONTH}kwh = 10\nprice = 1\nkvarh = 1\npf_standard = 0.85"), vec![]),
        (
            format!(
                "{MONTH}kwh = 10\nprice = 1\ncontract_kw = 5\n[[point]]\nname = \"B\"\nkwh = 1\nprice = 2"
            ),
            vec![no_demand.into(), within("main")],
        ),
        (
            format!("{MONTH}readings = [0, 10]\ncontract_kw = 5\nprice = {{ energy = 1, demand = 40 }}"),
            vec![within("main")],
        ),
        (
            format!(
                "{MONTH}readings = {{ total = [0, 10], demand = 4 }}\ncontract_kw = 5\nprice = {{ energy = 1, demand = 40 }}"
            ),
            vec![],
        ),
        (
            format!(
                "{MONTH}basis = \"demand\"\nkwh = 10\ndemand_kw = 5\nprice = {{ energy = 1, demand = 40 }}"
            ),
            vec!["no contract demand is given; the actual demand is charged".into()],
        ),
        (
            format!(
                "{MONTH}capacity_price = 30\ntransformers = [{{ kva = 100, suspended = \"2026-06-30\" }}, {{ kva = 1, suspended = \"2026-07-01\" }}]"
            ),
            vec!["the change on 2026-07-01 is after the period and does not count".into()],
        ),
        (
            format!(
                "{MONTH}capacity_price = 30\ntransformers = [1, {{ name = \"T2\", kva = 100, resumed = \"2026-06-11\" }}]"
            ),
            vec!["transformer `T2` is resumed first: it is taken as suspended before".into()],
        ),
        (
            format!("{MONTH}capacity_price = 30\ntransformers = [{{ kva = 500, model = \"SL7-500\" }}]"),
            vec!["a transformer has a model, but there is no `loss`: no transformer loss is added".into()],
        ),
        (
            format!(
                "{MONTH}kwh = 1000\nprice = 1\nkvarh = 0\nloss = {{ active_kwh = 1 }}\npower_factor = false\ntransformers = [500]"
            ),
            vec![],
        ),
        (
            format!("{MONTH}kwh = 1\nprice = 1\nclosed = true"),
            vec!["closed account: thresholds of the whole year".into()],
        ),
        (
            format!("{MONTH}kwh = 1000\nprice = 1\npower_factor = 0.8\npf_standard = 0.9"),
            vec!["the power factor is given by the file; the kvarh shown are derived from it".into()],
        ),
        (
            format!(
                "{MONTH}kwh = 1\nprice = {{ energy = 1, tiers = {{ until = [999.999999], add = [1] }} }}"
            ),
            vec!["the tiers do not say their period; counted by month".into()],
        ),
        (
            format!("{MONTH}kwh = 1\nprice = {{ energy = 1, tiers = {{ until = [1000], add = [1] }} }}"),
            vec!["the tiers do not say their period; counted by year".into()],
        ),
    ];
    for (text, expected) in cases {
        let answer = answered(&text);
        let said: Vec<&str> = answer.notes().iter().map(|note| note.en.as_str()).collect();
        assert_eq!(said, expected, "{text}");
        assert!(answer.notes().iter().all(|note| !note.zh.is_empty()));
    }
}

/// BILL-18: a price is shown under the name it has: its own, or that of its point.
#[test]
fn prices_are_called_by_their_names() {
    let prices = |text: &str| -> Vec<String> {
        let blocks = answered(text).blocks().iter().map(|block| block.heading.en.clone()).collect::<Vec<_>>();
        blocks.into_iter().filter_map(|title| title.strip_prefix("Price: ").map(str::to_owned)).collect()
    };
    assert_eq!(prices("name = \"Corner shop\"\nkwh = 1\nprice = 1"), ["price in the file"]);
    let several = "name = \"Corner shop\"\nkwh = 1\nprice = { energy = 1, name = \"daytime\" }\n\
        [[point]]\nname = \"flat\"\nkwh = 1\nprice = 1\n\
        [[point]]\nname = \"lamp\"\nkwh = 1\nprice = { energy = 1, name = \"lamps\" }\n\
        [[point]]\nname = \"yard\"\nkwh = 1\nprice = \"street\"\n\
        [prices.street]\nenergy = 1\n";
    assert_eq!(prices(several), ["daytime", "flat", "lamps", "street"]);
    assert_eq!(prices("[[point]]\nname = \"works\"\nkwh = 1\nprice = 1"), ["works"]);
}

/// BILL-18: what a price is made of has its name in the bill; a price that is not divided is the energy charge.
#[test]
fn components_are_called_by_their_names() {
    let text = "kwh = 100\nprice = { component = [{ name = \"grid\", price = 0.2 }] }\n\
        funds = { levy = 0.01 }\n[[point]]\nkwh = 10\nprice = 0.5";
    let json = answered(text).json();
    let sums = json["bill"]["components"].as_array().expect("the components");
    let said = |sum: &serde_json::Value| {
        [&sum["name"]["zh"], &sum["name"]["en"], &sum["amount"]]
            .map(|word| word.as_str().unwrap_or("").to_owned())
    };
    assert_eq!(
        sums.iter().map(said).collect::<Vec<_>>(),
        [["grid", "grid", "20.00"], ["电度电费", "energy charge", "5.00"], ["levy", "levy", "1.10"]]
    );
}

/// Beside a bill `total` stays that of the bill; alone it is that of the charges.
#[test]
fn the_total_is_said_once() {
    let late = "[late_fee]\namount = 1000\ndue = \"2026-06-20\"\npaid = \"2026-06-30\"";
    let total = |text: &str| answered(text).json()["figures"]["total"].as_str().map(str::to_owned);
    assert_eq!(total(&format!("kwh = 100\nprice = 0.5\n{late}")).as_deref(), Some("50.00"));
    assert_eq!(total("kwh = 100\nprice = 0.5").as_deref(), Some("50.00"));
    assert_eq!(total(late).as_deref(), Some("20.00"));
    let adjusted = "energy_charge = 1000\npower_factor = 0.8\npf_standard = 0.9\n";
    assert_eq!(total(adjusted).as_deref(), Some("1050.00"));
    assert_eq!(total(&format!("{adjusted}{late}")).as_deref(), Some("1050.00"));
}

/// Tables given by the caller are found by their own id, and go before those of the program.
#[test]
fn tables_of_the_caller_are_found_by_their_id() {
    let table = |id: &str, price: &str| {
        let text = format!(
            "id = \"{id}\"\nversion = 1\nregion = \"test\"\nname = {{ zh = \"表\", en = \"table\" }}\nsource = \"test\"\n\
             from = \"2020-01-01\"\n[[component]]\ncode = \"energy\"\nname = {{ zh = \"电\", en = \"energy\" }}\nkind = \"energy\"\n\
             [[class]]\ncode = \"farm\"\nname = {{ zh = \"农业\", en = \"farm\" }}\ncategory = \"agricultural\"\n\
             components = [\"energy\"]\n[[class.voltage]]\nlevel = \"below_1kv\"\nprice = {{ energy = \"{price}\" }}\n"
        );
        PriceTable::parse(&format!("{id}.toml"), &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    };
    let tables = [table("first", "0.4"), table("second", "0.5"), table("hubei-2026-01", "0.6")];
    for (id, total) in [("first", "40.00"), ("second", "50.00"), ("hubei-2026-01", "60.00")] {
        let text = format!("{MONTH}kwh = 100\nprice = {{ table = \"{id}\", class = \"farm\" }}");
        let answer = quote_with(&text, "case.toml", &tables).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answer.json()["figures"]["total"], total, "{id}");
        assert!(!answer.text(Lang::En).is_empty());
    }
    let error = quote_with("kwh = 1\nprice = \"third\"", "case.toml", &tables).expect_err("no such table");
    assert!(error.en.contains("there are: first, second, hubei-2026-01, jiangsu-2021-10"), "{error}");
}

/// BILL-18: the adjustment alone is explained with the power factor it comes from, measured or given.
#[test]
fn the_adjustment_alone_is_explained() {
    let rest = "percentage of the table  standard 0.90 = 5%
  base                     30000.00 + 20000.00 = 50000.00
  adjustment               50000.00 × 5% = 2500.00
  total                    50000.00 + 2500.00 = 52500.00";
    let charges = "energy_charge = 30000\nbasic_charge = 20000\npf_standard = 0.9\n";
    let root = "8000 ÷ √(8000² + 6000²) = ";
    for (given, calculation) in [
        ("kwh = 8000\nkvarh = 6000", root),
        ("kwh = { peak = 5000, valley = 3000 }\nreactive_reverse_kvarh = -6000", root),
        ("power_factor = 0.8", ""),
        ("power_factor = 0.8\nkwh = 8000\nkvarh = 6000", ""),
    ] {
        let text = answered(&format!("{charges}{given}")).text(Lang::En);
        let expected = format!("Power factor\n  average power factor     {calculation}0.80\n  {rest}");
        assert_eq!(text.trim(), expected, "{given}");
    }
    let percent = answered(&format!("{charges}power_factor = {{ percent = 5 }}")).text(Lang::En);
    assert_eq!(percent.trim(), format!("Power factor\n  {rest}"));
}
