//! Pages for everybody: axe-core finds nothing against WCAG 2.2 AA, in light and dark, and the keyboard reaches everything.

use fantoccini::key::Key;
use serde_json::json;

use super::book::{ISSUED, MONTH};
use super::driver::note;
use super::person::{Person, Visit};

/// The checker, fetched by `./test` and kept outside the repository.
fn axe() -> String {
    let path = std::env::var("ZHANGFANG_AXE").unwrap_or_else(|_| {
        let target = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
        format!("{target}/axe/package/axe.min.js")
    });
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{path}: {error}; ./test fetches axe-core there"))
}

fn check(person: &Person, axe: &str, path: &str, found: &mut Vec<String>) {
    let theme = person.asks("return document.documentElement.dataset.theme || 'light';", &[]);
    let script = format!(
        "const done = arguments[arguments.length - 1];
        if (!window.axe) {{ {axe} }}
        axe.run(document, {{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }})
            .then((r) => done(r.violations.map((v) => [v.id, v.impact, v.help, v.nodes.length, v.nodes.slice(0, 3).map((n) =>
                `${{n.target.join(' ')}} ${{n.html.slice(0, 140)}} ${{(n.any[0] || n.all[0] || n.none[0] || {{}}).message || ''}}`)])),
                (error) => done([['axe', 'serious', String(error), 1, []]]));"
    );
    let answer = person.wait(person.client().execute_async(&script, vec![])).unwrap();
    for one in answer.as_array().into_iter().flatten() {
        found.push(format!("{path} ({theme}): {one}"));
    }
}

/// XC-19: every page of the menu of four desks, a bill, a grid and forms.
#[test]
fn nothing_stands_in_the_way() {
    let axe = axe();
    let mut found = Vec::new();
    let visit = Visit::of("accessible");
    for (login, more) in [
        (
            "dc-guanli",
            vec![
                format!("/books/{MONTH}/B000001"),
                format!("/books/{MONTH}/B000001/readings"),
                "/acts/parameter.start".into(),
            ],
        ),
        (
            "fuhe",
            vec![
                format!("/bills/{ISSUED}/420100000003"),
                "/acts/adjustment.start_centre".into(),
                format!("/review/{ISSUED}/B000001"),
            ],
        ),
        ("kuaiji", vec!["/acts/ledger.post".into()]),
        ("guanli", vec!["/profile".into(), "/components".into()]),
    ] {
        let person = visit.as_person(login);
        if login == "guanli" {
            person.expects_refusals();
        }
        for path in person.menu().into_iter().chain(more) {
            person.open(&path);
            check(&person, &axe, &path, &mut found);
        }
        // The same in the dark, where the colours are others.
        person.click(
            "light and dark",
            "return { element: document.querySelector('[data-theme-switch]') };",
            &[],
        );
        for path in ["/".to_owned()].into_iter().chain(person.menu().into_iter().take(4)) {
            person.open(&path);
            person.picture(&format!("dark{}", path.replace('/', "-")));
            check(&person, &axe, &path, &mut found);
        }
        person.leaves();
    }
    let login = visit.stranger();
    login.open("/login");
    check(&login, &axe, "/login", &mut found);
    login.leaves();
    for one in &found {
        note(one);
    }
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}

/// XC-19: by Tab alone one comes from the skip link through every control, and always sees where one is.
#[test]
fn the_keyboard_reaches_everything() {
    let visit = Visit::of("keyboard");
    let person = visit.as_person("fuhe");
    for path in ["/", &format!("/bills?month={ISSUED}"), "/acts/adjustment.start_centre"] {
        person.open(path);
        person.asks("document.activeElement.blur(); window.scrollTo(0, 0);", &[]);
        let mut reached = std::collections::BTreeSet::new();
        let mut first = String::new();
        for at in 0..60 {
            person.wait(person.client().active_element()).unwrap();
            person.tab();
            let here = person.asks(
                "const e = document.activeElement; if (e === document.body) return null;
                const style = getComputedStyle(e); const box = e.getBoundingClientRect();
                const all = [...document.querySelectorAll('*')];
                const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none';
                return [all.indexOf(e), words(e).slice(0, 40) || e.name || e.tagName, seen, box.width > 0 && box.height > 0];",
                &[],
            );
            if here.is_null() {
                break;
            }
            assert_eq!(
                (&here[2], &here[3]),
                (&json!(true), &json!(true)),
                "{path}: the focus is not seen at {here}"
            );
            if at == 0 {
                here[1].as_str().unwrap_or_default().clone_into(&mut first);
            }
            if !reached.insert(here[0].to_string()) {
                break;
            }
        }
        assert!(first.contains("跳到"), "{path}: the first is the way past the menu: {first}");
        assert!(reached.len() > 10, "{path}: {} places", reached.len());
    }
    person.open(&format!("/bills?month={ISSUED}"));
    person.key(Key::Escape);
    person.leaves();
}
