//! Quote files that cannot be priced: each is refused at the place of the mistake, with what to do.

use kernel::{Bilingual, Lang};
use tariff::quote::{QuoteError, quote};

fn refused(text: &str) -> QuoteError {
    let name = if text.trim_start_matches('\u{feff}').starts_with('{') { "case.json" } else { "case.toml" };
    quote(text, name).expect_err(text)
}

fn all(cases: &[(&str, usize, usize, &str)]) {
    for (text, line, column, says) in cases {
        let error = refused(text);
        assert_eq!((error.line, error.column, error.en.as_str()), (*line, *column, *says), "{text}");
        let chinese = error.text(Lang::Zh);
        assert!(chinese.contains(&format!("第 {line} 行第 {column} 列")), "{chinese}");
    }
}

#[test]
fn words_and_numbers() {
    all(&[
        ("kwh = 1\nprice = 1\nnote = { a = 1 }", 3, 8, "a text is expected here"),
        ("kwh = 0x10\nprice = 1", 1, 7, "write the number in decimal"),
        ("kwh = 1\nprice = 1\npersons = 0", 3, 11, "a whole number from 1 to 255 is expected here"),
        ("kwh = 1\nprice = 1\npersons = 256", 3, 11, "a whole number from 1 to 255 is expected here"),
        ("kwh = 1\nprice = 1\nmonths = 13", 3, 10, "a whole number from 1 to 12 is expected here"),
        ("kwh = 1\nprice = 1\nlow_income = \"maybe\"", 3, 14, "true or false is expected here"),
        ("kwh = 1\nprice = 1\ntransferred = true", 3, 15, "a text is expected here"),
        ("kwh = 1\nprice = 1\nreading_cycle = \"weekly\"", 3, 17, "monthly or bimonthly is expected here"),
        (
            "kwh = 1\nprice = { energy = 1, peak_flot = \"10%\" }",
            2,
            23,
            "unknown key `peak_flot`; did you mean `peak_float`?",
        ),
        (
            "kwh = 1\nprice = 1\nabcdefghijabcdefghijabcdefghijabcdefghijKLM = 1",
            3,
            1,
            "unknown key `abcdefghijabcdefghijabcdefghijabcdefghij`; the keys are listed in docs/tariff-quote.md",
        ),
        (
            "kwh = 1\nprice = 1\n[target]\nzzzzzzzzzzzzz = 1",
            4,
            1,
            "unknown key `zzzzzzzzzzzzz`; known here: average, average_price, lower_by, reduction",
        ),
        ("{\"price\": 1,\n \"kwh\": true}", 2, 9, "a number is expected here"),
        ("\u{feff}{\"price\": 1,\n \"kwh\": true}", 2, 9, "a number is expected here"),
        ("\u{feff}{\"price\": 1,\n \"kwhh\": 1}", 2, 2, "unknown key `kwhh`; did you mean `kwh`?"),
        ("\u{feff}price = 1\nkwh = true", 2, 7, "a number is expected here"),
        ("{\"price\": 1,\n \"kwh\": 1,\n  \"kwh\": 2}", 3, 3, "`kwh` is given twice"),
    ]);
}

#[test]
fn energy_and_readings() {
    let tou = "\nprice = { peak = 1, flat = 0.7, valley = 0.4 }";
    let read = "this is read by a register already, or the point is a fixed part: leave it out";
    all(&[
        (
            &format!("month = \"2026-06\"\nkwh = {{ total = 100, peak = 150 }}{tou}"),
            2,
            7,
            "the periods sum to 150, the total is 100",
        ),
        (
            &format!("kwh = {{ total = 100, peak = 30, flat = 30, valley = 30 }}{tou}"),
            1,
            7,
            "the periods sum to 90, the total is 100",
        ),
        (
            "readings = { total = { previous = 100, current = 15 } }\nprice = 1",
            1,
            12,
            "point 1: the total register went backwards, 100 to 15; confirm that it passed zero, or read again",
        ),
        ("readings = { total = 100 }\nprice = 1", 1, 22, "a register is given as [previous, current]"),
        (
            "readings = [0, 1]\nmultiplier = 2000\npt = 100\nct = 30\nprice = 1",
            2,
            14,
            "the multiplier 2000 is not PT × CT = 3000",
        ),
        ("readings = { total = [0, 10], reactive = [0, 5] }\nprice = 1\nkvarh = 5", 3, 9, read),
        (
            "readings = { total = [0, 10], reactive_reverse = [0, 5] }\nprice = 1\nforward_kvarh = 5",
            3,
            17,
            read,
        ),
        ("readings = { total = [0, 10], demand = 5 }\nprice = 1\ndemand_kw = 5", 3, 13, read),
        ("kwh = 10\nprice = 1\n[[point]]\nfixed_kwh = 1\nkvarh = 5\nprice = 2", 5, 9, read),
        ("kwh = 10\nprice = 1\n[[point]]\nfixed_ratio = 0.1\ndemand_kw = 5\nprice = 2", 5, 13, read),
    ]);
}

#[test]
fn points() {
    let two = |of: &str| {
        format!(
            "[[point]]\nname = \"A\"\nkwh = 100\nprice = 1\n[[point]]\nname = \"B\"\nfixed_kwh = 10\nprice = 1\nof = {of}"
        )
    };
    all(&[
        (&two("\"B\""), 9, 6, "there is no other point `B`; there are: A, B"),
        (&two("3"), 9, 6, "there is no other point `3`; there are: A, B"),
        (&two("0"), 9, 6, "there is no other point `0`; there are: A, B"),
        (
            "month = \"2026-06\"\ncategory = \"居民合表\"\nkwh = 1000\nprice = 0.5\n[[point]]\nkwh = 100\ntable = \"jiangsu-2021-10\"",
            7,
            9,
            "`class` is missing; there are: residential, residential_tou, residential_flat, agricultural",
        ),
    ]);
}

#[test]
fn prices_and_tiers() {
    let rising = "tiers end at one or two rising quantities; the last tier has no end";
    let each = "each tier needs a price (`prices`) or an addition (`add`)";
    let large = "the allowance or the free energy of a month is too large";
    all(&[
        (
            "kwh = 100\nprice = { peak = 1, valley_factor = 0.5 }",
            2,
            9,
            "the factors have no flat price to multiply: give `flat`",
        ),
        (
            "kwh = 1\nprice = \"pek\"\n[prices.peak]\nenergy = 1",
            2,
            9,
            "there is no price `pek`; did you mean `peak`?",
        ),
        ("kwh = 1\nprice = { tiers = { until = [1, 2, 3], prices = [1, 2, 3] } }", 2, 19, rising),
        ("kwh = 1\nprice = { tiers = { until = [400, 399], prices = [1, 2, 3] } }", 2, 19, rising),
        ("kwh = 1\nprice = { tiers = { until = [200, 400], prices = [1, 2] } }", 2, 19, each),
        ("kwh = 1\nprice = { tiers = { until = [200], prices = [1] } }", 2, 19, each),
        ("kwh = 1\nprice = { energy = 1, tiers = { until = [200, 400], add = [1] } }", 2, 31, each),
        (
            "kwh = 1\nprice = { energy = 1, tiers = { until = [2], add = [1], allowance_kwh = 1000000.000001 } }",
            2,
            31,
            large,
        ),
        (
            "kwh = 1\nprice = { energy = 1, tiers = { until = [2], add = [1], free_kwh = 1000000.000001 } }",
            2,
            31,
            large,
        ),
    ]);
}

#[test]
fn supply_and_transformers() {
    let month = "month = \"2026-06\"\nkwh = 1000\n";
    let agreed =
        "point 1: a two-part price needs an agreed basis of the basic charge; complete the agreement";
    let events = "month = \"2026-06\"\ncapacity_price = 30\n";
    all(&[
        // No capacity for a capacity price, no demand for a demand price.
        (&format!("{month}demand_kw = 100\nprice = {{ energy = 0.5, capacity = 30 }}"), 1, 1, agreed),
        (&format!("{month}price = {{ energy = 0.5, demand = 40 }}"), 1, 1, agreed),
        ("readings = [0, 1000]\nprice = { energy = 0.5, demand = 40 }", 1, 1, agreed),
        (
            &format!("{month}contract_kw = 100\nprice = {{ energy = 0.5, capacity = 30 }}"),
            4,
            9,
            "point 1: the price has no basic charge of the agreed kind; correct the agreement or the price",
        ),
        (
            &format!(
                "{events}transformers = [1000, 500]\nevent = {{ date = \"2026-06-16\", change = \"suspend\" }}"
            ),
            4,
            9,
            "`transformer` is missing: its number or name",
        ),
        (
            &format!(
                "{events}transformers = [1000, 500]\nevent = {{ date = \"2026-06-16\", transformer = 3, change = \"suspend\" }}"
            ),
            4,
            46,
            "there is no transformer `3`",
        ),
        (
            &format!(
                "{events}transformers = [400]\n[[event]]\ndate = \"2026-06-11\"\nchange = \"add\"\nkva = 200\n[[event]]\ndate = \"2026-06-16\"\ntransformer = 0\nchange = \"suspend\""
            ),
            10,
            15,
            "there is no transformer `0`",
        ),
        (
            &format!("{events}capacity_kva = 500\ntransformers = [300, 100]"),
            3,
            16,
            "`capacity_kva` is not the sum of the transformers listed; keep one of them",
        ),
    ]);
}

#[test]
fn power_factor() {
    let beside = "a power factor cannot be given beside kvarh that give another one";
    let needs = "the adjustment needs `power_factor`, or `kwh` and `kvarh`";
    all(&[
        ("kwh = 40000\nkvarh = 1000\nprice = 0.5\npower_factor = 0.8", 4, 16, beside),
        (
            "readings = { total = [0, 40000], reactive = [0, 1000] }\nprice = 0.5\npower_factor = 0.8",
            3,
            16,
            beside,
        ),
        // The kvarh of the transformer alone make a lower factor.
        (
            "kwh = 40000\nprice = 0.5\nloss = { active_kwh = 100, reactive_kvarh = 8000 }\npower_factor = 0.99",
            4,
            16,
            beside,
        ),
        ("energy_charge = 100\nkvarh = 100", 1, 1, needs),
        ("energy_charge = 100\nreadings = [0, 100]", 1, 1, needs),
    ]);
}

/// LATE-03: who pays the rate of residents is never guessed.
#[test]
fn charges() {
    let quota = "the 2024 rules have no charge for use above a planned quota";
    let late = "amount = 1\ndue = 2026-06-01\npaid = 2026-06-11";
    all(&[
        ("month = \"2024-06\"\n[[breach]]\nkind = \"over_quota\"\nkw = 50", 2, 1, quota),
        ("rules = \"2024\"\n[[breach]]\nkind = \"over_quota\"\nkw = 50", 2, 1, quota),
        (
            &format!("[[late_fee]]\ncategory = \"residnetial\"\n{late}"),
            2,
            12,
            "`residnetial`: did you mean `residential`?",
        ),
    ]);
}
