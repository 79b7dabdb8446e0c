//! The same pages in English: no word of the interface is left in Chinese. Data stays as it was entered.

use super::book::ISSUED;
use super::person::{Person, Visit};

/// Chinese signs in what the interface says itself: heads, labels, buttons, menus, hints. Names of persons, units and
/// customers are data.
const LEFT_OVER: &str = "const own = 'nav#menu, th, label, button, h2, h3, dt, summary, legend, .hint, figcaption, .badge, a.button, .optional, p.wrong';
    const name = words(document.querySelector('.person strong') || document.body);
    const found = new Set();
    for (const part of document.querySelectorAll(own)) {
        if (!shown(part) || part.closest('.person, [lang=\"zh-CN\"], td, dd')) continue;
        const said = [...part.childNodes].filter((n) => n.nodeType === 3 || part.matches('nav')).map((n) => n.textContent).join(' ').replaceAll(name, '');
        const chinese = said.match(/[\\u4e00-\\u9fff][\\u4e00-\\u9fff，。、：]*/g);
        if (chinese) found.add(`${part.tagName.toLowerCase()}: ${chinese.join(' ')}`);
    }
    return [...found].slice(0, 20);";

fn is_english(person: &Person, path: &str, left: &mut Vec<String>) {
    person.open(path);
    person.picture(&format!("en{}", path.split('?').next().unwrap_or_default().replace('/', "-")));
    let found = person.asks(LEFT_OVER, &[]);
    for one in found.as_array().into_iter().flatten() {
        left.push(format!("{path}: {}", one.as_str().unwrap_or_default()));
    }
}

/// XC-19: lists, a bill, forms and the home of each desk are complete in English.
#[test]
fn pages_are_complete_in_english() {
    let visit = Visit { lang: "en-GB", ..Visit::of("english") };
    let mut left = Vec::new();
    for (login, forms) in [
        (
            "dc-guanli",
            &["book.self_check", "exception.answer", "adjustment.start_station", "parameter.start"][..],
        ),
        ("fuhe", &["book.issue", "exception.send_lists", "adjustment.start_centre"][..]),
        ("kuaiji", &["ledger.post"][..]),
        ("shenji", &[][..]),
    ] {
        let person = visit.as_person(login);
        let menu = person.menu();
        assert!(menu.len() > 4, "{login} finds a menu: {menu:?}");
        for path in menu {
            is_english(&person, &path, &mut left);
        }
        for form in forms {
            is_english(&person, &format!("/acts/{form}?month={ISSUED}"), &mut left);
        }
        if login == "fuhe" {
            person.open(&format!("/bills?month={ISSUED}&bill_state=issued"));
            let bill = person.finds(
                "a bill",
                "const link = document.querySelector('table.data tbody a[href^=\"/bills/\"]'); return link ? link.pathname : null;",
                &[],
            );
            is_english(&person, bill.as_str().unwrap(), &mut left);
        }
        person.leaves();
    }
    left.dedup();
    assert!(left.is_empty(), "Chinese is left on English pages:\n{}", left.join("\n"));
}
