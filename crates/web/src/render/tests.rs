//! Pages drawn with awkward data: nothing breaks, nothing inline slips in, what must be there is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Lang, Moment, Money, Text};

use super::{FormState, ListState, MenuGroup, Screen, cell, document, form, gallery, list, problem, sheet};
use crate::catalogue::cursor::{Start, turns};
use crate::catalogue::{
    Act, Block, Caller, Catalogue, Cell, Column, Done, Field, House, Kind, List, Raw, Refusal, Row, Rows,
    Run, Sheet, Takes, Tone, Value, Weight,
};
use crate::cells;

struct Scene {
    house: House,
    catalogue: Catalogue,
    caller: Caller,
    _folder: tempfile::TempDir,
}

fn scene(lang: Lang) -> Scene {
    let folder = tempfile::tempdir().expect("a folder");
    let url = folder.path().join("house.db");
    let house = House {
        store: Arc::new(store::Store::open(&url.to_string_lossy()).expect("a store")),
        org_id: 1,
        org_code: "demo".into(),
        org_name: Text::new("示范供电公司", "Demo Power Supply"),
        signers: vault::Signers::none(),
        policy: vault::CheckpointPolicy::AT_ONCE,
        calendar: kernel::WorkingCalendar::mainland_china().expect("the calendar"),
        shift_days: 0,
        address: "http://127.0.0.1:7070".into(),
        key_folder: folder.path().into(),
        cost: identity::PasswordCost::CHEAP,
    };
    let assignment = identity::Assignment {
        post: "reviewer".into(),
        unit_id: 1,
        units: vec![],
        all_units: true,
        permissions: vec!["bill.review".into()],
        for_person: None,
        lent_to: vec![],
    };
    let actor =
        identity::Actor { org_id: 1, person_id: 7, name: "张敏".into(), assignments: vec![assignment] };
    let caller =
        Caller { actor, lang, csrf: "c\"srf".into(), session_id: Some(1), machine: false, held_at: None };
    Scene { house, catalogue: Catalogue { areas: vec![&AREA] }, caller, _folder: folder }
}

impl Scene {
    fn screen(&self, title: &str) -> Screen<'_> {
        Screen {
            house: &self.house,
            catalogue: &self.catalogue,
            lang: self.caller.lang,
            caller: Some(&self.caller),
            path: "/books/2026-01/0611",
            title: title.into(),
            menu: vec![MenuGroup {
                title: "抄表".into(),
                entries: vec![
                    ("首页".into(), "/"),
                    ("抄本".into(), "/books"),
                    ("抄本日志".into(), "/books-log"),
                ],
                folded: true,
            }],
            flash: Some("已提交 <b>0611</b>".into()),
            stopped: Some("停".into()),
            now: Moment::from_millis(1_767_225_600_000),
        }
    }
}

const COLUMNS: &[Column] = &[
    Column::sorted("sample_number", Kind::Text),
    Column::sorted("sample_state", Kind::Word),
    Column::summed("sample_amount", Kind::Money),
];

const LIST: List = List {
    name: "sample",
    path: "/books/{month}/bills",
    permission: "bill.review",
    filters: &[
        Field::new("month", Takes::Month),
        Field::maybe("sample_choice", Takes::Choice(&["one", "two"])),
        Field::maybe("sample_day", Takes::Date),
    ],
    columns: COLUMNS,
    rows: |_, _| Ok(Rows::default()),
    menu: false,
    acts: &[],
};

const FIELDS: &[Field] = &[
    Field::new("sample_text", Takes::Text(40)),
    Field::new("sample_amount", Takes::Money),
    Field::maybe("sample_words", Takes::LongText(500)),
    Field::maybe("sample_file", Takes::File(1000, ".csv")),
    Field::maybe("sample_secret", Takes::Secret),
];

const fn act(name: &'static str, weight: Weight) -> Act {
    Act {
        name,
        permission: "bill.review",
        weight,
        fields: FIELDS,
        run: Run::Command(|_, _, _| Ok(Done::said("", ""))),
        ..Act::PLAIN
    }
}

const ACTS: &[Act] = &[
    act("sample.main", Weight::Main),
    act("sample.grave", Weight::Grave),
    act("sample.signed", Weight::Signed),
];
const AREA: crate::catalogue::Area =
    crate::catalogue::Area { name: "sample", lists: &[LIST], views: &[], acts: ACTS, pages: &[] };

fn list_state<'s>(raw: &'s Raw, offset: usize, total: usize) -> ListState<'s> {
    ListState {
        raw,
        path: "/books/2026-01/bills",
        search: "江北 & \"<",
        sort: Some(("sample_amount", true)),
        turns: turns(&Start { offset, walk: None }, 50, &rows(total)).unwrap_or_default(),
        limit: 50,
        options: BTreeMap::new(),
        refusal: None,
    }
}

fn form_state<'s>(act: &'static Act, raw: &'s Raw, refusal: Option<&'s Refusal>) -> FormState<'s> {
    let given = BTreeMap::from([
        ("sample_text".to_owned(), "0620010017".to_owned()),
        ("version".into(), "v3".into()),
    ]);
    FormState {
        act,
        given,
        raw,
        refusal,
        request_key: "key-1",
        back: "/books",
        origin: Some("http://localhost:7070"),
        has_passkey: true,
        options: BTreeMap::new(),
    }
}

/// Every page this module can draw.
fn pages(lang: Lang) -> Vec<(&'static str, String)> {
    let scene = scene(lang);
    let screen = scene.screen("账单");
    let raw = Raw { texts: BTreeMap::from([("month".to_owned(), "2026-01".to_owned())]), ..Raw::default() };
    let refusal = Refusal::not_permitted("bill.review");
    let whole = |body: &maud::Markup| document(&screen, body).into_string();
    let mut without = scene.screen("登录");
    without.caller = None;
    let mut view = Sheet::new("0620010017 & 江北");
    view.badges.push(Cell::word("state.sample.bad").toned(Tone::Bad));
    for block in gallery::blocks(screen.now) {
        view.push(block);
    }
    vec![
        ("gallery", whole(&gallery::page(&screen))),
        ("list", whole(&list(&screen, &LIST, &list_state(&raw, 50, 120), &rows(120)))),
        ("empty list", whole(&list(&screen, &LIST, &list_state(&raw, 0, 0), &Rows::default()))),
        ("form", whole(&form(&screen, &form_state(&ACTS[0], &raw, None)))),
        ("grave form", whole(&form(&screen, &form_state(&ACTS[1], &raw, Some(&refusal))))),
        ("signed form", whole(&form(&screen, &form_state(&ACTS[2], &raw, None)))),
        ("sheet", whole(&sheet(&screen, &view))),
        ("problem", whole(&problem(&screen, &Refusal::not_found("抄本", "book", "<0999>"), "r-1"))),
        ("outside", document(&without, &maud::html! { p { "x" } }).into_string()),
    ]
}

fn rows(total: usize) -> Rows {
    let name = "国网示范省电力有限公司".repeat(12);
    let rows = vec![
        Row::from(cells![
            name.as_str(),
            Cell::word("state.sample.warn").toned(Tone::Warn),
            Money::from_fen(-123_456)
        ]),
        Row::from(cells![Value::Empty, Value::Empty, Value::Empty]),
        Row::from(cells!["<script>alert(1)</script>"]),
    ];
    Rows {
        rows,
        total,
        sums: vec![("sample_amount", Value::Money(Money::from_fen(-123_456)))],
        ..Rows::default()
    }
}

/// The Content-Security-Policy allows nothing inline: no style, no script, no handler in any page.
#[test]
fn nothing_is_inline() {
    for lang in [Lang::Zh, Lang::En] {
        for (name, page) in pages(lang) {
            for tag in page.split('<').skip(1) {
                let tag = tag.split('>').next().unwrap_or_default().to_ascii_lowercase();
                assert!(!tag.starts_with("style"), "{name}: {tag}");
                assert!(!tag.contains(" style="), "{name}: {tag}");
                assert!(
                    !tag.contains(" on")
                        || !tag.split_whitespace().any(|part| part.starts_with("on") && part.contains('=')),
                    "{name}: {tag}"
                );
                assert!(
                    !tag.contains("javascript:") && !tag.contains("hx-on") && !tag.contains("js:"),
                    "{name}: {tag}"
                );
                assert!(!tag.starts_with("script") || tag.contains(" src="), "{name}: {tag}");
            }
        }
    }
}

/// No page says a key in place of words, in either language, and no text of a person becomes markup.
#[test]
fn pages_say_words() {
    for lang in [Lang::Zh, Lang::En] {
        for (name, page) in pages(lang) {
            for prefix in [
                "frame.",
                "field.sample",
                "column.",
                "block.",
                "act.",
                "list.",
                "problem.",
                "choice.",
                "page.",
            ] {
                assert!(!page.contains(&format!("[{prefix}")), "{name} in {lang:?} lacks words: {prefix}");
            }
            assert!(
                !page.contains("<script>alert") && !page.contains("<b>0611") && !page.contains("<0999>"),
                "{name}"
            );
        }
    }
}

/// Every input has a label, every label its input, and no id of a page stands twice.
#[test]
fn inputs_have_labels() {
    for (name, page) in pages(Lang::Zh) {
        let values = |attribute: &str| -> Vec<String> {
            let marker = format!(" {attribute}=\"");
            page.match_indices(&marker)
                .map(|(at, _)| page[at + marker.len()..].split('"').next().unwrap_or_default().to_owned())
                .collect()
        };
        let ids = values("id");
        let mut once = ids.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), ids.len(), "{name}: an id stands twice in {ids:?}");
        for target in
            values("for").into_iter().chain(values("aria-labelledby")).chain(values("popovertarget"))
        {
            assert!(ids.contains(&target), "{name}: nothing has the id {target}");
        }
        for tag in page.split('<').filter(|tag| {
            tag.starts_with("input") || tag.starts_with("select") || tag.starts_with("textarea")
        }) {
            if tag.contains("type=\"hidden\"") {
                continue;
            }
            let id = tag.split(" id=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            assert!(page.contains(&format!(" for=\"{id}\"")), "{name}: no label for <{tag}");
        }
    }
}

/// Less than nothing is in red ink and has its minus; figures stand at the right; words have their shape.
#[test]
fn figures_are_unmistakable() {
    let drawn = cell(&Money::from_fen(-123_456).into(), Kind::Money, Lang::Zh).into_string();
    assert_eq!(drawn, r#"<span class="negative">-1,234.56</span>"#);
    let drawn = cell(&Cell::from(Money::from_fen(-5)).toned(Tone::Good), Kind::Money, Lang::Zh).into_string();
    assert!(drawn.contains("negative"), "a tone does not hide a minus: {drawn}");
    let drawn = cell(&Cell::word("state.sample.bad").toned(Tone::Bad), Kind::Word, Lang::En).into_string();
    assert_eq!(drawn, r#"<span class="badge bad">Late</span>"#);
    assert_eq!(cell(&Cell::default().to("/x"), Kind::Word, Lang::En).into_string(), "");
}

/// A list keeps what was asked in its links: sorting turns round, exports take the filters, pages take all.
#[test]
fn a_list_keeps_what_was_asked() {
    let scene = scene(Lang::En);
    let screen = scene.screen("Bills");
    let texts = BTreeMap::from([
        ("month".to_owned(), "2026-01".to_owned()),
        ("sample_choice".to_owned(), "two".to_owned()),
        ("foreign".to_owned(), "x".to_owned()),
    ]);
    let raw = Raw { texts, ..Raw::default() };
    let drawn = list(&screen, &LIST, &list_state(&raw, 50, 120), &rows(120)).into_string();
    let kept = "/books/2026-01/bills?sample_choice=two&amp;q=%E6%B1%9F%E5%8C%97%20%26%20%22%3C";
    for wanted in [
        format!("{kept}&amp;sort=-sample_amount&amp;format=xlsx"),
        format!("{kept}&amp;sort=-sample_amount&amp;offset=100"),
        format!("{kept}&amp;sort=sample_number"),
        // The column it is sorted by, largest first, goes back to no order.
        format!("href=\"{kept}\""),
        "aria-sort=\"descending\"".to_owned(),
        "51–53 of 120 rows".to_owned(),
        "Page 2 of 3".to_owned(),
        "<option value=\"two\" selected>".to_owned(),
        "name=\"sort\" form=\"filters\" value=\"-sample_amount\"".to_owned(),
    ] {
        assert!(drawn.contains(&wanted), "{wanted} is not in {drawn}");
    }
    assert!(!drawn.contains("foreign") && !drawn.contains("id=\"filter-month\""));
}

/// A refused form keeps what was typed but no secret, says what is wrong beside the field, and asks for an authority.
#[test]
fn a_refused_form_loses_nothing() {
    let scene = scene(Lang::En);
    let screen = scene.screen("Main");
    let texts = BTreeMap::from([
        ("sample_amount".to_owned(), "12,3x".to_owned()),
        ("sample_words".to_owned(), "two\nlines".to_owned()),
        ("sample_secret".to_owned(), "hunter2".to_owned()),
        ("authority_password".to_owned(), "hunter3".to_owned()),
        ("sign_password".to_owned(), "hunter4".to_owned()),
    ]);
    let raw = Raw { texts, ..Raw::default() };
    let mut refusal = Refusal::not_permitted("bill.review");
    refusal.fields = vec![
        ("sample_amount".into(), Text::new("应为金额", "not an amount")),
        ("sample_text".into(), Text::new("没有这一户", "no such account")),
    ];
    let drawn = form(&screen, &form_state(&ACTS[2], &raw, Some(&refusal))).into_string();
    for wanted in [
        "value=\"12,3x\"",
        "\ntwo\nlines</textarea>",
        "aria-describedby=\"act-sample_amount-wrong\" aria-invalid=\"true\"",
        "id=\"act-sample_amount-wrong\"",
        "Account: no such account",
        "name=\"authority_login\"",
        "name=\"sign_password\"",
        "name=\"fixed\" value=\"sample_text,version\"",
        "name=\"version\" value=\"v3\"",
        "enctype=\"multipart/form-data\"",
        "value=\"c&quot;srf\"",
    ] {
        assert!(drawn.contains(wanted), "{wanted} is not in {drawn}");
    }
    assert!(!drawn.contains("hunter"), "a secret comes back in {drawn}");
    let grave = form(&screen, &form_state(&ACTS[1], &raw, None)).into_string();
    assert!(
        grave.contains("data-ask=") && grave.contains("name=\"sure\"") && !grave.contains("authority_login")
    );
}

/// Forty columns, no rows, missing cells: a table is drawn all the same.
#[test]
fn tables_take_what_comes() {
    let scene = scene(Lang::Zh);
    let screen = scene.screen("表");
    let columns = [COLUMNS[0], COLUMNS[2]].into_iter().cycle().take(40).collect::<Vec<_>>();
    let drawn = super::table(&screen, "t", &columns, &rows(3).rows).into_string();
    assert_eq!(drawn.matches("<th ").count(), 40);
    assert_eq!(drawn.matches("<td").count(), 3 + 3 + 1);
    let mut view = Sheet::new("x");
    view.push(Block::Table { name: "sample_table", columns, rows: Vec::new() });
    assert!(sheet(&screen, &view).into_string().contains("暂无记录"));
}

/// The entry under which a page stands is marked, and no other.
#[test]
fn the_menu_shows_where_one_is() {
    let scene = scene(Lang::Zh);
    let drawn = document(&scene.screen("x"), &maud::html! {}).into_string();
    assert_eq!(drawn.matches("aria-current=\"page\"").count(), 1);
    assert!(drawn.contains("<a href=\"/books\" aria-current=\"page\">"));
}

/// Writes the pages to a folder to be looked at: `LOOK=folder cargo test -p web look -- --ignored`.
#[test]
#[ignore = "writes files for people to look at"]
fn look() {
    let folder = std::path::PathBuf::from(std::env::var("LOOK").expect("LOOK names a folder"));
    for (lang, code) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        for (name, page) in pages(lang) {
            std::fs::write(folder.join(format!("{}-{code}.html", name.replace(' ', "-"))), page)
                .expect("written");
        }
    }
    for asset in super::assets::all() {
        let path = folder.join(asset.href.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, asset.bytes).expect("written");
    }
}
