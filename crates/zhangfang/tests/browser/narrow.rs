//! On a telephone: nothing is wider than the window, the menu opens, a list scrolls in its own box.

use serde_json::json;

use super::book::{ISSUED, MONTH};
use super::person::{NARROW, Visit};

/// XC-19: every page of the menu fits a window 390 pixels wide; every visit judges that.
#[test]
fn pages_fit_a_telephone() {
    for (login, more) in [
        ("dc-chaobiao", format!("/books/{MONTH}/B000001/readings")),
        ("fuhe", format!("/bills/{ISSUED}/420100000003")),
        ("kuaiji", "/acts/ledger.post".to_owned()),
    ] {
        let visit = Visit { window: NARROW, ..Visit::of("narrow") };
        let person = visit.as_person(login);
        person.picture("home");
        let hidden = "const menu = document.querySelector('#menu').getBoundingClientRect(); return menu.right <= 0 || menu.left >= innerWidth || !shown(document.querySelector('#menu'));";
        person.until("the menu to be away", hidden, &[]);
        person.click("the menu's button", "return { element: document.querySelector('.menu-open') };", &[]);
        let open = "const menu = document.querySelector('#menu'); const at = menu.getBoundingClientRect(); return shown(menu) && at.left >= 0 && at.right <= innerWidth;";
        person.until("the menu to open", open, &[]);
        person.picture("menu");
        let mut wide = 0;
        for path in person.menu().into_iter().chain([more]) {
            person.open(&path);
            person.picture(&path.split('?').next().unwrap_or_default().replace('/', "-"));
            let scrolls = "const box = document.querySelector('.table-box'); return !!box && box.scrollWidth > box.clientWidth;";
            if person.asks(scrolls, &[]) == json!(true) {
                wide += 1;
                person.asks("document.querySelector('.table-box').scrollLeft = 60;", &[]);
                person.until(
                    "the list to scroll",
                    "return document.querySelector('.table-box').scrollLeft > 0;",
                    &[],
                );
            }
        }
        assert!(wide > 0, "{login}: no list was wider than the window");
        person.leaves();
    }
}
