//! What stories have in common: a book that is read, and the steps of the centre.

use fantoccini::key::Key;
use serde_json::json;

use super::person::{Person, Visit};

/// The month that is read in the stories; January is issued.
pub const MONTH: &str = "2026-02";
/// The month before, issued when the demo opens.
pub const ISSUED: &str = "2026-01";

/// What a reader would find: the previous reading and about what was used in other months, as the account and the figure.
const FOUND: &str = "const times = (r) => {
        const head = document.querySelector(`#reading-grid tr[data-account='${r.dataset.account}'][data-meter='${r.dataset.meter}']`);
        const found = head.querySelector('.times');
        return found ? Number(found.innerText.replace(/[^0-9.]/g, '')) : 1;
    };
    const figure = (r, name) => Number(((r.querySelector(name) || {}).innerText || '0').replaceAll(',', '')) || 0;
    return [...document.querySelectorAll('#reading-grid tr[data-register]')].filter((r) => r.querySelector('td.entry input'))
        .map((r) => [r.dataset.account, Math.floor(figure(r, 'td.previous')), Math.ceil(figure(r, 'td.average') / Math.max(1, times(r)))]);";

/// A line to be read.
pub struct Due {
    /// The customer.
    pub account: String,
    /// The previous reading.
    pub previous: i64,
    /// What the meter usually moves on in a month.
    pub usual: i64,
}

impl Person {
    /// The open lines of the grid on this page.
    pub fn lines_to_read(&self) -> Vec<Due> {
        let found = self.asks(FOUND, &[]);
        let rows = found.as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| Due {
                account: row[0].as_str().unwrap_or_default().to_owned(),
                previous: row[1].as_i64().unwrap_or_default(),
                usual: row[2].as_i64().unwrap_or_default(),
            })
            .collect()
    }
    /// Types figures one by one, as a reader does: figure, Enter, next.
    pub fn types_figures(&self, lines: &[Due], figure: impl Fn(&Due) -> i64) {
        for (at, due) in lines.iter().enumerate() {
            let focused = self.asks(
                "const r = document.activeElement.closest('tr[data-register]'); return r ? r.dataset.account : null;",
                &[],
            );
            assert_eq!(focused, json!(due.account), "Enter leads to row {at}");
            self.types(&figure(due).to_string());
            self.key(Key::Enter);
        }
        let saved =
            "return document.querySelectorAll('#reading-grid tr[data-entered=true]').length >= args[0];";
        self.until("the typed rows to be saved", saved, &[json!(lines.len())]);
    }
    /// Pastes two columns of a spreadsheet, account and figure, and saves them.
    pub fn pastes_figures(&self, lines: &[Due], figure: impl Fn(&Due) -> i64) {
        let column: Vec<String> =
            lines.iter().map(|due| format!("{}\t{}", due.account, figure(due))).collect();
        self.asks(
            "const data = new DataTransfer(); data.setData('text/plain', args[0]);
            document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));",
            &[json!(column.join("\n"))],
        );
        self.until("the pasted figures", "return !!document.querySelector('#paste-preview[open]');", &[]);
        self.picture("pasted");
        self.click("save", "return { element: document.querySelector('#paste-save') };", &[]);
        let all = "return document.querySelector('#sum-missing').innerText.trim() === '0';";
        self.until("every line to be saved", all, &[]);
    }
}

/// The station reads a whole book from a spreadsheet, checks it and submits it.
pub fn read_and_submit(visit: &Visit<'_>, station: &str, book: &str, figure: impl Fn(&Due) -> i64) {
    let reader = visit.as_person(&format!("{station}-chaobiao"));
    reader.open(&format!("/books/{MONTH}/{book}/readings"));
    let lines = reader.lines_to_read();
    reader.pastes_figures(&lines, figure);
    reader.leaves();
    let office = visit.as_person(&format!("{station}-guanli"));
    check_and_submit(&office, book);
    office.leaves();
}

/// The administrator of a station checks a book and submits it.
pub fn check_and_submit(office: &Person, book: &str) {
    office.open(&format!("/books/{MONTH}/{book}"));
    office.picture("book");
    office.does("book.self_check", &[("book", book)], &[("note", "表码已核对")]);
    office.says("已自查");
    office.picture("checked");
    office.does("book.submit", &[("book", book)], &[]);
    office.says("已按时提交");
    office.picture("submitted");
}

/// The centre calculates a book, reviews it and issues what is clean: two reviewers, one after the other.
pub fn calculate_and_issue(visit: &Visit<'_>, book: &str) {
    let calculator = visit.as_person("hesuan");
    calculator.open(&format!("/review/{MONTH}/{book}"));
    calculator.does("book.calculate", &[("book", book)], &[]);
    calculator.says("已计算");
    calculator.picture("calculated");
    calculator.leaves();
    let reviewer = visit.as_person("fuhe");
    reviewer.open(&format!("/review/{MONTH}/{book}"));
    reviewer.does("book.review", &[("book", book)], &[]);
    reviewer.says("已复核");
    reviewer.picture("reviewed");
    reviewer.does("book.issue", &[("book", book)], &[]);
    reviewer.says("发行");
    reviewer.picture("issued");
    reviewer.leaves();
}
