//! A change of a parameter with its hold-issue request, from start to archive, and the held bill issued.

use serde_json::json;

use super::book::{self, MONTH};
use super::person::Visit;
use crate::house::House;

const BOOK: &str = "B000003";

/// PARM-01, PARM-04 to PARM-08, BILL-14: started and entered by one administrator, held, checked by the other, dispatched,
/// archived; the hold ends with it and the bill is issued.
#[test]
fn a_parameter_change_holds_the_bill() {
    let house = House::open();
    let visit = Visit { house: Some(&house), ..Visit::of("parameter") };
    let office = visit.as_person("pj-guanli");
    office.open("/accounts?unit=PJ&q=4203&category=residential&limit=50");
    office.picture("accounts");
    let account = office.finds(
        "a customer",
        "const links = [...document.querySelectorAll('table.data tbody a[href^=\"/accounts/\"]')]; return links.length > 7 ? words(links[7]) : null;",
        &[],
    );
    let account = account.as_str().unwrap().to_owned();
    office.open("/parameters");
    office.does(
        "parameter.start",
        &[],
        &[
            ("account", &account),
            ("from", "2026-02-01"),
            ("change_kind", "persons"),
            ("value", "6"),
            ("reason", "户口增至六人，凭户口本"),
        ],
    );
    office.picture("started");
    office.open(&format!("/parameters?account={account}"));
    office.picture("list");
    let path = office.finds(
        "the ticket",
        "const link = document.querySelector('table.data tbody a[href^=\"/parameters/\"]'); return link ? link.pathname : null;",
        &[],
    );
    let path = path.as_str().unwrap().to_owned();
    let ticket = path.rsplit('/').next().unwrap().to_owned();
    let given = [("ticket", ticket.as_str())];
    office.open(&path);
    office.does("hold.file", &given, &[("month", MONTH), ("reason", "人口数变更未归档，暂缓发行")]);
    office.picture("held");
    let own = office.is_refused("parameter.check", &given, &[("note", "自行校核")]);
    assert!(!own.is_empty(), "who entered it does not check it");
    office.leaves();

    book::read_and_submit(&visit, "pj", BOOK, |due| due.previous + due.usual);
    book::calculate_and_issue(&visit, BOOK);
    let reviewer = visit.as_person("fuhe");
    reviewer.open(&format!("/holds?q={account}"));
    reviewer.picture("holds");
    reviewer.says(&account);
    let printed = "return !!document.querySelector('main a[href*=\"/verify/\"]');";
    reviewer.open(&format!("/bills/{MONTH}/{account}"));
    reviewer.picture("held-bill");
    assert_eq!(reviewer.asks(printed, &[]), json!(false), "the held bill is not issued");

    let second = visit.as_person("pj-guanli2");
    second.open(&path);
    second.does("parameter.check", &given, &[("note", "与户口本一致")]);
    second.picture("checked");
    second.open(&path);
    second.does("parameter.dispatch", &given, &[("handler", "pj-guanli2")]);
    second.picture("dispatched");
    second.open(&path);
    second.does("parameter.archive", &given, &[]);
    second.picture("archived");
    second.leaves();

    reviewer.open(&format!("/holds?q={account}"));
    reviewer.picture("released");
    assert!(!reviewer.reads_in("main").contains(&account), "the hold ended with the archive");
    // What was calculated by the old parameter is calculated anew.
    reviewer.open(&format!("/review/{MONTH}/{BOOK}"));
    reviewer.picture("review");
    reviewer.does("book.calculate", &[("book", BOOK)], &[]);
    reviewer.does("book.review", &[("book", BOOK)], &[]);
    reviewer.does("book.issue", &[("book", BOOK)], &[]);
    reviewer.says("发行");
    reviewer.open(&format!("/bills/{MONTH}/{account}"));
    reviewer.picture("bill");
    reviewer.leaves();
}
