//! An exception: found at the calculation, sent on a list, answered by the station, put in order, issued.

use serde_json::json;

use super::book::{self, ISSUED, MONTH};
use super::person::Visit;

const BOOK: &str = "B000003";

/// BILL-08 to BILL-15, XC-08: an exception goes from the reviewer's list to the station, comes back answered, is put in
/// order and issued.
#[test]
fn an_exception_is_answered_and_issued() {
    let visit = Visit::of("exception");
    // Every tenth customer used thrice as much as usual.
    let figure = |due: &book::Due| {
        let digits: String = due.account.chars().rev().take(1).collect();
        due.previous + if digits == "5" { due.usual * 3 } else { due.usual }
    };
    book::read_and_submit(&visit, "pj", BOOK, figure);
    book::calculate_and_issue(&visit, BOOK);

    let reviewer = visit.as_person("fuhe");
    reviewer.open(&format!("/exceptions?month={MONTH}&unit=PJ&exception_state=found&transformer=public"));
    reviewer.picture("found");
    let found = reviewer.finds(
        "an exception",
        "const link = document.querySelector('table.data tbody td a[href]:not([href^=\"/acts\"])');
        return link ? words(link) : null;",
        &[],
    );
    let account = found.as_str().unwrap().to_owned();
    if !reviewer.is_offered("exception.send_lists", &[]) {
        reviewer.open("/exceptions");
    }
    reviewer.does("exception.send_lists", &[], &[("month", MONTH), ("unit", "PJ")]);
    reviewer.picture("sent");

    let office = visit.as_person("pj-guanli");
    office.picture("home");
    office.open(&format!("/exceptions?month={MONTH}&q={account}"));
    office.picture("to-answer");
    office.does(
        "exception.answer",
        &[("account", &account)],
        &[("text", "已现场核实，用户新增空调，表码无误")],
    );
    office.says("已反馈");
    office.picture("answered");
    office.leaves();

    reviewer.open(&format!("/exceptions?month={MONTH}&q={account}"));
    reviewer.picture("answered");
    // On the reviewer's screen a key does it.
    reviewer.open(&format!("/review/{MONTH}/{BOOK}?account={account}"));
    reviewer.says("用户新增空调");
    reviewer.picture("review");
    reviewer.types("o");
    let told = "return document.querySelector('#live').textContent.includes('数据无误');";
    reviewer.until("the exception to be in order", told, &[]);
    reviewer.picture("in-order");
    reviewer.does("book.issue", &[("book", BOOK)], &[]);
    reviewer.says("发行");
    reviewer.open(&format!("/bills/{MONTH}/{account}"));
    reviewer.picture("bill");
    let issued = "return !!document.querySelector('main a[href*=\"/verify/\"]');";
    assert_eq!(reviewer.asks(issued, &[]), json!(true), "the bill is issued and can be printed");
    // January's exceptions, answered by every station, are history.
    reviewer.open(&format!("/exceptions?month={ISSUED}"));
    reviewer.picture("january");
    reviewer.leaves();
}
