//! A month's end of a station: lists signed by both sides, the checklist ticked, the period closed.

use serde_json::json;

use super::book::ISSUED;
use super::person::{Person, Visit};
use crate::house::House;

/// The list of this kind that waits for its signatures, as `/lists/{id}`.
fn list_of(person: &Person, word: &str) -> String {
    person.open(&format!("/lists?month={ISSUED}"));
    person.picture("lists");
    let found = person.finds(
        &format!("the list {word}"),
        "const row = [...document.querySelectorAll('table.data tbody tr')].find((r) => r.innerText.includes(args[0]));
        const link = row && row.querySelector('a[href^=\"/lists/\"]'); return link ? link.pathname : null;",
        &[json!(word)],
    );
    found.as_str().unwrap().to_owned()
}

fn sign(visit: &Visit<'_>, login: &str, list: &str) {
    let person = visit.as_person(login);
    person.open(list);
    if person.is_offered("list.answer", &[]) {
        person.does("list.answer", &[], &[("copies", "0"), ("text", "本月无退补")]);
        person.open(list);
    }
    person.does("list.sign", &[], &[]);
    person.picture("signed");
    person.leaves();
}

/// XC-04, XC-09, BILL-12, ADJ-12, PARM-17, RPT-01 to RPT-03: a station's January with both signatures on each list, every
/// item ticked, and the period closed under signature.
#[test]
fn a_month_is_closed_with_both_signatures() {
    let house = House::open();
    let visit = Visit { house: Some(&house), ..Visit::of("month-end") };
    let centre = visit.as_person("fuhe");
    centre.open("/lists");
    for (act, word) in [("exception.feedback_list", "反馈"), ("adjustment.month_list", "退补")] {
        centre.does_from_form(act, &[("month", ISSUED), ("unit", "PJ")], &[]);
        centre.picture(act);
        let list = list_of(&centre, word);
        sign(&visit, "fuhe", &list);
        sign(&visit, "pj-guanli", &list);
    }
    centre.leaves();

    let office = visit.as_person("pj-guanli");
    office.does_from_form("contract.directory", &[("month", ISSUED), ("unit", "PJ")], &[]);
    office.picture("directory");
    let list = list_of(&office, "合同");
    for login in ["pj-guanli", "fuhe"] {
        sign(&visit, login, &list);
    }
    office.open(&format!("/closing?month={ISSUED}"));
    office.picture("closings");
    office.open(&format!("/closing/{ISSUED}/PJ"));
    office.does("closing.lay_out", &[], &[]);
    office.picture("checklist");
    loop {
        let next = office.asks(
            "const link = document.querySelector('a[href^=\"/acts/closing.tick\"]');
            return link ? new URL(link.href).searchParams.get('closing_item') : null;",
            &[],
        );
        let Some(item) = next.as_str().map(str::to_owned) else { break };
        // Nothing was compiled for January: there is nothing that could be confirmed.
        let nothing = if item == "receivable_confirmed" { "true" } else { "false" };
        let fields = [("note", "已核对"), ("nothing_to_do", nothing)];
        office.does("closing.tick", &[("closing_item", &item)], &fields);
        office.open(&format!("/closing/{ISSUED}/PJ"));
    }
    office.picture("ticked");
    office.leaves();

    let head = visit.as_person("pj-suozhang");
    head.open(&format!("/closing/{ISSUED}/PJ"));
    head.does("closing.close", &[], &[]);
    head.picture("closing");
    head.until_reloaded("the period to be closed", &format!("/closing/{ISSUED}/PJ"), "已结");
    head.picture("closed");
    head.leaves();
}
