//! A clean book of February: read in the grid, checked and submitted by the station, calculated, reviewed and issued by
//! two reviewers, and found again by the customer.

use fantoccini::key::Key;
use serde_json::json;

use super::person::{Person, Visit};

const STORY: &str = "clean-book";
const BOOK: &str = "B000001";
const MONTH: &str = "2026-02";
/// Rows typed one by one; the rest comes from a spreadsheet.
const TYPED: usize = 12;

/// What a reader would find: the previous reading and about what was used in other months.
const FOUND: &str = "const rows = [...document.querySelectorAll('#reading-grid tr[data-register]')].filter((r) => r.querySelector('td.entry input'));
    const figure = (r, name) => Number(((r.querySelector(name) || {}).innerText || '0').replaceAll(',', '')) || 0;
    return rows.map((r) => [r.dataset.account, r.dataset.register,
        String(Math.floor(figure(r, 'td.previous') + figure(r, 'td.average') / Math.max(1, times(r))))]);";
const TIMES: &str = "const times = (r) => {
    const group = [...document.querySelectorAll(`#reading-grid tr[data-account='${r.dataset.account}'][data-meter='${r.dataset.meter}']`)];
    const found = group[0].querySelector('.times');
    return found ? Number(found.innerText.replace(/[^0-9.]/g, '')) : 1;
};";

/// READ-04 to READ-09: the grid by keyboard (type, Enter, next), and a column pasted from a spreadsheet.
fn read_in_the_grid(reader: &Person) {
    reader.open(&format!("/books?month={MONTH}"));
    reader.picture("books");
    reader.follow(BOOK);
    reader.picture("book");
    reader.open(&format!("/books/{MONTH}/{BOOK}/readings"));
    reader.picture("grid");
    let found = reader.asks(&format!("{TIMES}{FOUND}"), &[]);
    let found: Vec<(String, String)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row[0].as_str().unwrap().to_owned(), row[2].as_str().unwrap().to_owned()))
        .collect();
    assert!(found.len() >= 100, "a book has its lines: {}", found.len());
    for (at, (account, value)) in found.iter().take(TYPED).enumerate() {
        let focused = reader.asks(
            "const r = document.activeElement.closest('tr[data-register]'); return r ? r.dataset.account : null;",
            &[],
        );
        assert_eq!(focused, json!(account), "Enter leads to row {at}");
        reader.types(value);
        reader.key(Key::Enter);
    }
    let saved = "return document.querySelectorAll('#reading-grid tr[data-entered=true]').length >= args[0];";
    reader.until("the typed rows to be saved", saved, &[json!(TYPED)]);
    // The rest is copied from a spreadsheet and pasted where the reader stands.
    let column: Vec<&str> = found.iter().skip(TYPED).map(|(_, value)| value.as_str()).collect();
    reader.asks(
        "const data = new DataTransfer(); data.setData('text/plain', args[0]);
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));",
        &[json!(column.join("\n"))],
    );
    reader.until("the pasted figures to be shown", "return !!document.querySelector('#paste-preview[open]');", &[]);
    reader.picture("pasted");
    reader.click("save", "return { element: document.querySelector('#paste-save') };", &[]);
    reader.until(
        "every line to be saved",
        "return document.querySelector('#sum-missing').innerText.trim() === '0';",
        &[],
    );
    reader.picture("grid-full");
}

/// READ-04 to READ-09, BILL-01, BILL-09, BILL-14, BILL-18, BILL-19, BILL-23, INQ-01, XC-01: a clean book from its readings to issue.
#[test]
fn a_clean_book_is_issued() {
    let visit = Visit::of(STORY);
    let reader = visit.as_person("dc-chaobiao");
    reader.picture("home");
    read_in_the_grid(&reader);
    reader.leaves();

    let station = visit.as_person("dc-guanli");
    station.picture("home");
    station.open(&format!("/books/{MONTH}/{BOOK}"));
    station.does("book.self_check", &[("book", BOOK)], &[("note", "表码已核对")]);
    station.says("已自查");
    station.picture("checked");
    station.does("book.submit", &[("book", BOOK)], &[]);
    station.says("已按时提交");
    station.picture("submitted");
    station.leaves();

    let calculator = visit.as_person("hesuan");
    calculator.picture("home");
    calculator.open(&format!("/review?month={MONTH}"));
    calculator.picture("books-waiting");
    calculator.follow(BOOK);
    calculator.picture("review");
    calculator.does("book.calculate", &[("book", BOOK)], &[]);
    calculator.says("已计算");
    calculator.picture("calculated");
    calculator.leaves();

    let reviewer = visit.as_person("fuhe");
    reviewer.open(&format!("/review/{MONTH}/{BOOK}"));
    reviewer.does("book.review", &[("book", BOOK)], &[]);
    reviewer.says("已复核");
    reviewer.picture("reviewed");
    reviewer.does("book.issue", &[("book", BOOK)], &[]);
    reviewer.says("发行");
    reviewer.picture("issued");

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
    let path = reviewer.at();
    let pdf = reviewer.fetches(&format!("{path}/paper"));
    assert_eq!((pdf.status, pdf.kind.as_str()), (200, "application/pdf"), "{pdf:?}");
    assert!(pdf.start.starts_with("%PDF-") && pdf.length > 5_000, "{pdf:?}");
    let code = reviewer.asks(
        "const link = document.querySelector('main a[href*=\"/verify\"]'); return link ? link.getAttribute('href') : null;",
        &[],
    );
    reviewer.leaves();

    // Whoever holds the printed bill checks it without a login.
    let customer = visit.stranger();
    let code = code.as_str().expect("the bill's page leads to its public check").to_owned();
    customer.open(&code);
    customer.picture("verify");
    customer.says("2026-02");
    customer.leaves();
}
