//! Every component in every state on one page, for whoever changes the look: `/components`.
//!
//! The specimens are a small catalogue of their own, drawn by the same functions as everything else.

use std::collections::BTreeMap;

use kernel::{Date, Lang, Moment, Money, Month, Quantity, Rate, Text};
use maud::{Markup, PreEscaped, html};

use super::{
    FormState, ListState, Screen, badge, block, form, icon, list, nothing, offers, problem, say, spark, tile,
};
use crate::catalogue::cursor::{Start, turns};
use crate::catalogue::{
    Act, Area, Block, Caller, Catalogue, Cell, Chart, Column, Done, Field, Given, Kind, List, Look, Offer,
    Page, Raw, Refusal, Row, Rows, Run, Shape, Takes, Tone, Value, Weight, Who, Why,
};
use crate::cells;
use crate::words;

/// The page, as the catalogue holds it.
pub const PAGE: Page =
    Page { name: "components", path: "/components", who: Who::Staff, params: &[], draw, menu: false };

/// What a specimen needs and nobody holds.
const PERMISSION: &str = "specimen";

/// The columns of the specimen list.
const COLUMNS: &[Column] = &[
    Column::sorted("sample_number", Kind::Text),
    Column::sorted("sample_name", Kind::Text),
    Column::sorted("sample_state", Kind::Word),
    Column::summed("sample_energy", Kind::Quantity(0)),
    Column::summed("sample_amount", Kind::Money),
    Column::new("sample_rate", Kind::Percent(2)),
    Column::sorted("sample_day", Kind::Date),
    Column::new("sample_flag", Kind::Flag),
];

const FIELDS: &[Field] = &[
    Field::new("sample_text", Takes::Text(40)),
    Field::new("sample_choice", Takes::Choice(&["one", "two"])),
    Field::new("sample_amount", Takes::Money),
    Field::maybe("sample_quantity", Takes::Quantity),
    Field::maybe("sample_count", Takes::Count(1, 31)),
    Field::new("sample_day", Takes::Date),
    Field::maybe("sample_month", Takes::Month),
    Field::maybe("sample_words", Takes::LongText(500)),
    Field::maybe("sample_file", Takes::File(2 << 20, ".csv,.xlsx")),
    Field::maybe("sample_secret", Takes::Secret),
    Field::new("sample_flag", Takes::Flag),
];

const LIST: List = List {
    name: "sample",
    path: "/components",
    permission: PERMISSION,
    filters: &[
        Field::maybe("sample_month", Takes::Month),
        Field::maybe("sample_choice", Takes::Choice(&["one", "two"])),
        Field::maybe("sample_flag", Takes::Flag),
    ],
    columns: COLUMNS,
    rows: |_, _| Ok(Rows::default()),
    menu: false,
    acts: &["sample.main", "sample.plain"],
};

const fn act(name: &'static str, weight: Weight) -> Act {
    Act {
        name,
        permission: PERMISSION,
        fields: FIELDS,
        weight,
        run: Run::Command(|_, _, _| Ok(Done::said("", ""))),
        ..Act::PLAIN
    }
}

const SAMPLE: Area = Area {
    name: "sample",
    lists: &[LIST],
    views: &[],
    acts: &[
        act("sample.main", Weight::Main),
        act("sample.plain", Weight::Plain),
        act("sample.grave", Weight::Grave),
        act("sample.signed", Weight::Signed),
    ],
    pages: &[],
};

/// Draws the page for who looks.
fn draw(look: &mut Look<'_, '_>, _given: &Given) -> Result<Markup, Refusal> {
    let catalogue = Catalogue { areas: Vec::new() };
    let screen = Screen {
        house: look.house,
        catalogue: &catalogue,
        lang: look.lang(),
        caller: Some(look.caller),
        path: "/components",
        title: words::say(look.lang(), "page.components"),
        menu: Vec::new(),
        flash: None,
        stopped: None,
        now: look.now,
    };
    Ok(page(&screen))
}

/// The page, around which `document` puts the rest.
pub fn page(screen: &Screen<'_>) -> Markup {
    let lang = screen.lang;
    let catalogue = catalogue();
    let caller = screen.caller.map(specimen_caller);
    let screen = Screen {
        house: screen.house,
        catalogue: &catalogue,
        lang,
        caller: caller.as_ref(),
        path: "/components",
        title: words::say(lang, "list.sample"),
        menu: Vec::new(),
        flash: None,
        stopped: None,
        now: screen.now,
    };
    let part = |name: &str, body: Markup| {
        html! { section { h2 { (words::say(lang, &format!("page.components.{name}"))) } (body) } }
    };
    html! {
        h1 { (words::say(lang, "page.components")) }
        div.gallery {
            (part("colours", colours()))
            (part("type", kinds_of_type(lang)))
            (part("buttons", buttons(&screen)))
            (part("badges", badges(lang)))
            (part("strips", strips(lang)))
            (part("tiles", tiles(lang)))
            (part("list", html! { (specimen_list(&screen, rows())) }))
            (part("wide", super::table(&screen, "40", &wide_columns(), &wide_rows())))
            (part("empty", html! { div.card { (nothing(&words::say(lang, "frame.no_rows"))) } }))
            (part("form", specimen_form(&screen, "sample.main", None)))
            (part("refused", specimen_form(&screen, "sample.grave", Some(&refusal()))))
            (part("blocks", html! { div.sheet { @for part in &blocks(screen.now) { (block(&screen, part)) } } }))
            (part("problem", problem(&screen, &Refusal::not_found("抄本", "reading book", "0999"), "7f3a-0021")))
        }
    }
}

/// The catalogue of the specimens.
pub(super) fn catalogue() -> Catalogue {
    Catalogue { areas: vec![&SAMPLE] }
}

fn specimen_caller(caller: &Caller) -> Caller {
    let mut caller = caller.clone();
    caller.actor.assignments.push(identity::Assignment {
        post: "specimen".into(),
        unit_id: 0,
        units: Vec::new(),
        all_units: true,
        permissions: vec![PERMISSION.into()],
        for_person: None,
        lent_to: Vec::new(),
    });
    caller
}

fn colours() -> Markup {
    html! { div.specimens {
        @for name in ["paper", "surface", "ink", "quiet", "accent", "bad", "warn", "good"] {
            div.swatch { i class={ (name) "-colour" } {} span { (name) } }
        }
    } }
}

fn kinds_of_type(lang: Lang) -> Markup {
    let long = "国网示范省电力有限公司江北供电分公司沿江经济开发区供电服务中心（原沿江供电所）";
    html! {
        h1 { (long) }
        h2 { (words::say(lang, "page.components.sample_title")) }
        p { (words::say(lang, "page.components.sample_words")) }
        p.quiet { (words::say(lang, "page.components.sample_words")) }
        p { code { "0123456789abcdef" } " " kbd { "/" } " " a href="#main" { "0123456789" } }
        p.figure { "1,234,567.89" br; "9,011,111.11" br; span.negative { "-1,111.10" } }
    }
}

fn buttons(screen: &Screen<'_>) -> Markup {
    let lang = screen.lang;
    let all: Vec<Offer> = SAMPLE.acts.iter().map(|act| Offer::new(act.name, &[])).collect();
    let many: Vec<Offer> = all.iter().chain(&all).cloned().collect();
    html! {
        div.specimens { (offers(&all, screen)) }
        div.specimens {
            button.small type="button" { (words::say(lang, "frame.filter")) }
            button.bare type="button" { (icon("print")) (words::say(lang, "frame.print")) }
            button.main type="button" disabled { (words::say(lang, "frame.submit")) }
            button.main.grave type="button" { (words::say(lang, "act.sample.grave")) }
        }
        div.actions { (offers(&many, screen)) }
    }
}

fn badges(lang: Lang) -> Markup {
    let tones = [Tone::Plain, Tone::Good, Tone::Warn, Tone::Bad, Tone::Quiet];
    let word = |tone| Cell::word(format!("state.sample.{}", super::tone(tone))).toned(tone);
    html! {
        div.specimens { @for tone in tones { (badge(&word(tone), lang)) } }
        div.specimens { @for tone in tones { (super::cell(&word(tone), Kind::Word, lang)) } }
    }
}

fn strips(lang: Lang) -> Markup {
    html! { @for tone in [Tone::Plain, Tone::Good, Tone::Warn, Tone::Bad] {
        (say(tone, &html! { (words::say(lang, "page.components.sample_words")) }))
    } }
}

fn tiles(lang: Lang) -> Markup {
    let title = |name: &str| words::say(lang, &format!("column.{name}"));
    html! { div.tiles {
        (tile(&title("sample_number"), &Cell::from(12_i64).to("/components"), Kind::Count, "", lang))
        (tile(&title("sample_state"), &Cell::from(3_i64).to("/components").toned(Tone::Bad), Kind::Count, &words::say(lang, "state.sample.bad"), lang))
        (tile(&title("sample_day"), &Cell::from(7_i64).to("/components").toned(Tone::Warn), Kind::Count, &words::say(lang, "state.sample.warn"), lang))
        (tile(&title("sample_amount"), &Cell::from(Money::from_fen(1_234_567_890)), Kind::Money, "", lang))
        (tile(&title("sample_amount"), &Cell::from(Money::from_fen(-98_765)), Kind::Money, "", lang))
    } }
}

fn rows() -> Rows {
    let day = |text: &str| text.parse::<Date>().ok();
    let kwh = |text: &str| text.parse::<Quantity>().ok();
    let rate = |text: &str| text.parse::<Rate>().ok();
    let state = |tone| Cell::word(format!("state.sample.{}", super::tone(tone))).toned(tone);
    let yuan = Money::from_fen;
    let rows = vec![
        cells![
            Cell::from("0620010017").to("/components"),
            "江北化工有限公司",
            state(Tone::Good),
            kwh("1284300"),
            yuan(98_231_245),
            rate("0.9975"),
            day("2026-01-20"),
            true
        ],
        cells![
            Cell::from("0620010018").to("/components"),
            "国网示范省电力有限公司江北供电分公司沿江经济开发区供电服务中心（原沿江供电所）",
            state(Tone::Warn),
            kwh("-320"),
            yuan(-18_940),
            rate("-0.0420"),
            day("2026-01-21"),
            false
        ],
        cells![
            Cell::from("0620010019").to("/components"),
            "O'Brien & Söhne <Import> GmbH",
            state(Tone::Bad),
            kwh("0"),
            yuan(0),
            rate("1"),
            day("2026-01-05"),
            false
        ],
        cells![
            Cell::from("0620010020").to("/components"),
            "王小明",
            state(Tone::Quiet),
            Value::Empty,
            Value::Empty,
            Value::Empty,
            Value::Empty,
            Value::Empty
        ],
        cells![
            Cell::from("0620010021").to("/components"),
            "李四",
            state(Tone::Plain),
            kwh("212"),
            yuan(11_024),
            rate("0.05"),
            day("2026-01-22"),
            true
        ],
    ];
    let all: Vec<Offer> =
        SAMPLE.acts.iter().map(|act| Offer::new(act.name, &[("sample_text", &"0620010017")])).collect();
    let rows = rows
        .into_iter()
        .enumerate()
        .map(|(at, cells)| Row { cells, offers: all.iter().take(4 - at.min(4)).cloned().collect() })
        .collect();
    Rows {
        rows,
        total: 2_311,
        sums: vec![
            ("sample_energy", kwh("1284192").map_or(Value::Empty, Value::Quantity)),
            ("sample_amount", Value::Money(yuan(98_223_329))),
        ],
        ..Rows::default()
    }
}

fn specimen_list(screen: &Screen<'_>, rows: Rows) -> Markup {
    let raw = Raw::default();
    let state = ListState {
        raw: &raw,
        path: "/components",
        search: "",
        sort: Some(("sample_amount", true)),
        turns: turns(&Start { offset: 50, walk: None }, 50, &rows).unwrap_or_default(),
        limit: 50,
        options: BTreeMap::new(),
        refusal: None,
    };
    list(screen, &LIST, &state, &rows)
}

/// More columns than a screen is wide.
fn wide_columns() -> Vec<Column> {
    COLUMNS.iter().cycle().take(40).copied().collect()
}

fn wide_rows() -> Vec<Row> {
    let rows = rows().rows;
    rows.into_iter()
        .map(|row| Row::from(row.cells.iter().cycle().take(40).cloned().collect::<Vec<_>>()))
        .collect()
}

/// The act of the specimens with this name.
fn specimen_act(name: &str) -> &'static Act {
    const FIRST: &Act = &SAMPLE.acts[0];
    SAMPLE.acts.iter().find(|act| act.name == name).unwrap_or(FIRST)
}

fn specimen_form(screen: &Screen<'_>, name: &str, refusal: Option<&Refusal>) -> Markup {
    let mut raw = Raw::default();
    if refusal.is_some() {
        raw.texts.insert("sample_amount".into(), "12,3x".into());
        raw.texts.insert("sample_choice".into(), "two".into());
    }
    let given = BTreeMap::from([("sample_text".to_owned(), "0620010017".to_owned())]);
    let state = FormState {
        act: specimen_act(name),
        given: if refusal.is_some() { given } else { BTreeMap::new() },
        raw: &raw,
        refusal,
        request_key: "specimen",
        back: "/components",
        origin: None,
        has_passkey: false,
        options: BTreeMap::new(),
    };
    // Two forms stand on this page: their names must differ.
    let drawn = form(screen, &state).into_string();
    let own = name.replace('.', "-");
    PreEscaped(drawn.replace("\"act-", &format!("\"{own}-")).replace("id=\"act\"", &format!("id=\"{own}\"")))
}

fn refusal() -> Refusal {
    Refusal {
        why: Why::NotPermitted,
        said: Text::new(
            "您的岗位没有此项权限；请改正标出的内容",
            "your posts do not carry this right; correct what is marked",
        ),
        fields: vec![
            ("sample_amount".into(), Text::new("应为金额，如 1234.56", "an amount such as 1234.56")),
            ("sample_day".into(), Text::new("必填", "must be given")),
        ],
        permission: Some(PERMISSION.into()),
    }
}

/// One block of every kind.
pub(super) fn blocks(now: Moment) -> Vec<Block> {
    let months: Vec<String> = (1..=12).map(|month| format!("2025-{month:02}")).collect();
    let amounts = |from: i64, step: i64| -> Vec<Value> {
        (0..12).map(|at| Value::Money(Money::from_fen(from + step * ((at * 7) % 5)))).collect()
    };
    let series = vec![
        (Text::new("居民", "Residential"), amounts(120_000_000, 18_000_000)),
        (Text::new("工商业", "Commercial"), amounts(240_000_000, -15_000_000)),
        (Text::new("农业", "Agricultural"), amounts(30_000_000, 4_500_000)),
    ];
    let chart = |name, shape| {
        Block::Chart(Chart { name, shape, along: months.clone(), series: series.clone(), kind: Kind::Money })
    };
    let sparks: Vec<Option<i64>> = vec![Some(212), Some(208), None, Some(240), Some(-12), Some(310)];
    let _ = spark(&sparks, "");
    vec![
        Block::Facts {
            name: "sample_facts",
            facts: vec![
                ("sample_number", Kind::Text, Cell::from("0620010017").to("/components")),
                (
                    "sample_name",
                    Kind::Text,
                    "国网示范省电力有限公司江北供电分公司沿江经济开发区供电服务中心".into(),
                ),
                ("sample_state", Kind::Word, Cell::word("state.sample.warn").toned(Tone::Warn)),
                ("sample_amount", Kind::Money, Money::from_fen(98_231_245).into()),
                ("sample_amount", Kind::Money, Money::from_fen(-1_250).into()),
                ("sample_month", Kind::Month, "2026-01".parse::<Month>().ok().into()),
                ("sample_day", Kind::Date, Value::Empty.into()),
            ],
        },
        Block::Table { name: "sample_table", columns: COLUMNS.to_vec(), rows: rows().rows },
        chart("sample_line", Shape::Line),
        chart("sample_bar", Shape::Bar),
        chart("sample_stacked", Shape::Stacked),
        Block::Steps {
            name: "sample_steps",
            steps: vec![
                ("抄见电量".into(), "(13,842 − 11,960) × 40".into(), "75,280".into()),
                ("峰段电费".into(), "21,304 kWh × 0.87316250 元".into(), "18,601.85".into()),
                ("力调电费".into(), "52,408.17 × −0.75%".into(), "-393.06".into()),
            ],
        },
        Block::Timeline {
            name: "sample_timeline",
            events: vec![
                (
                    now,
                    "张敏".into(),
                    Text::new("复核通过", "Reviewed"),
                    "本月暂停一台变压器，电量下降合理".into(),
                ),
                (now, "王芳".into(), Text::new("提交", "Submitted"), String::new()),
                (now, "李强".into(), Text::new("录入", "Entered"), String::new()),
            ],
        },
        Block::Note(
            Tone::Warn,
            Text::new("本户本月电量为三个月平均的 2.6 倍", "2.6 times the average of three months"),
        ),
        Block::Files {
            name: "sample_files",
            files: vec![(Text::new("电费账单.pdf", "Bill.pdf"), "/components".into())],
        },
        Block::Raw {
            name: "sample_raw",
            text: "{\n  \"leaf\": 18201,\n  \"hash\": \"9f86d081884c7d659a2feaa0c55ad015\"\n}".into(),
        },
        Block::Table { name: "sample_none", columns: COLUMNS.to_vec(), rows: Vec::new() },
    ]
}
