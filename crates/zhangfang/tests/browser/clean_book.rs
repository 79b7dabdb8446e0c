//! A clean book of February: read in the grid, checked and submitted by the station, calculated, reviewed and issued by
//! two reviewers, and found again by the customer.

use super::book::{self, MONTH};
use super::person::Visit;

const BOOK: &str = "B000001";
/// Meters typed figure by figure; the rest comes from a spreadsheet.
const TYPED: usize = 2;

/// READ-04 to READ-09, BILL-01, BILL-09, BILL-14, BILL-18, BILL-19, BILL-23, INQ-01, XC-01: a clean book from its
/// readings, typed and pasted in the grid, to a bill with its explanation, its paper and its public proof.
#[test]
fn a_clean_book_is_issued() {
    let visit = Visit::of("clean-book");
    let reader = visit.as_person("dc-chaobiao");
    reader.picture("home");
    reader.open(&format!("/books?month={MONTH}"));
    reader.picture("books");
    reader.follow(BOOK);
    reader.picture("book");
    reader.open(&format!("/books/{MONTH}/{BOOK}/readings"));
    reader.picture("grid");
    let lines = reader.lines_to_read();
    assert!(lines.len() >= 100, "a book has its lines: {}", lines.len());
    let mut meters: Vec<&str> = lines.iter().map(|due| due.account.as_str()).collect();
    meters.dedup();
    let third = meters[TYPED].to_owned();
    let (typed, pasted) = lines.split_at(lines.iter().position(|due| due.account == third).unwrap());
    reader.types_figures(typed, |due| due.previous + due.usual);
    reader.picture("typed");
    reader.pastes_figures(pasted, |due| due.previous + due.usual);
    reader.picture("grid-full");
    reader.leaves();

    let office = visit.as_person("dc-guanli");
    office.picture("home");
    book::check_and_submit(&office, BOOK);
    office.leaves();

    let reviewer = visit.as_person("fuhe");
    reviewer.picture("home");
    reviewer.open(&format!("/review?month={MONTH}"));
    reviewer.picture("books-waiting");
    reviewer.follow(BOOK);
    reviewer.picture("review");
    book::calculate_and_issue(&visit, BOOK);

    reviewer.open(&format!("/bills?month={MONTH}&bill_state=issued&book={BOOK}"));
    reviewer.picture("bills");
    reviewer.click(
        "the first bill",
        "const link = document.querySelector('table.data tbody a[href^=\"/bills/\"]'); return link ? { element: link } : null;",
        &[],
    );
    reviewer.until("the bill", "return location.pathname.startsWith('/bills/2026-02/') && !busy();", &[]);
    reviewer.picture("bill");
    let bill = reviewer.reads();
    assert!(bill.contains('×'), "the explanation shows how each figure came about:\n{bill}");
    let pdf = reviewer.fetches(&format!("{}/paper", reviewer.at()));
    assert_eq!((pdf.status, pdf.kind.as_str()), (200, "application/pdf"), "{pdf:?}");
    assert!(pdf.start.starts_with("%PDF-") && pdf.length > 5_000, "{pdf:?}");
    let code = reviewer.finds(
        "the way to the public check",
        "const link = document.querySelector('main a[href*=\"/verify\"]'); return link ? link.getAttribute('href') : null;",
        &[],
    );
    reviewer.leaves();

    // Whoever holds the printed bill checks it without a login.
    let customer = visit.stranger();
    customer.open(code.as_str().unwrap());
    customer.picture("verify");
    customer.says(MONTH);
    customer.leaves();
}
