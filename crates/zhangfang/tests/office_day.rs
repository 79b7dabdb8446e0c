//! A day at the demo company after its January was issued.
#![allow(clippy::unwrap_used)]

mod counter;

use counter::{Counter, line, words};

/// The amount in a figure with thousands apart.
fn fen(figure: &str) -> i64 {
    figure.replace([',', '.'], "").parse().unwrap()
}

/// BILL-18, BILL-19, RPT-01, RPT-06, XC-19: the bills, the reports and the ledger say the same amount.
#[test]
fn bills_reports_and_ledger_agree() {
    let counter = Counter::demo();
    let day = "2026-02-02";
    let all = counter.done(day, "fuhe", &["run", "list", "2026-01", "--limit", "1000"]);
    let open = counter.done(day, "fuhe", &["run", "list", "2026-01", "--open"]);
    assert!(open.contains("没有记录"), "every bill of the demo is issued: {open}");
    let issued = fen(words(line(&all, "合计")).last().unwrap());

    let receivable = counter.done(day, "fuhe", &["report", "show", "receivable", "2026-01"]);
    let sums = words(line(&receivable, "合计"));
    assert_eq!(sums[1], "600");
    assert_eq!(fen(sums[3]), issued, "{receivable}");
    assert_eq!(fen(sums[4]) + fen(sums[5]), issued, "catalogue fee and funds are the whole: {receivable}");
    let parts: i64 = sums[6..].iter().map(|part| fen(part)).sum();
    let contained: i64 = parts - issued;
    assert!(contained >= 0, "{receivable}");
    let sales = counter.done(day, "fuhe", &["report", "show", "sales", "2026-01"]);
    assert_eq!(fen(words(line(&sales, "合计")).last().unwrap()), issued, "{sales}");

    let balance = counter.done(day, "kuaiji", &["ledger", "trial-balance", "2026-01", "2026-02"]);
    let account = words(line(&balance, "应收电费"));
    assert_eq!(fen(account[4]) - fen(account[5]), issued, "{balance}");
    assert!(balance.contains("借贷平衡"));
    assert!(counter.done(day, "kuaiji", &["ledger", "check"]).contains("账账相符"));
    let reconciled = counter.done(day, "fuhe", &["report", "reconcile", "2026-01"]);
    assert_eq!(words(line(&reconciled, "未说明差异"))[1], "0.00", "{reconciled}");
}

/// RPT-01 to RPT-04: compiled by the centre, confirmed by the station with the figure it saw, then submitted.
#[test]
fn a_station_confirms_what_the_centre_compiled() {
    let counter = Counter::demo();
    let compiled = counter.done("2026-01-28", "fuhe", &["report", "compile", "2026-01"]);
    assert!(compiled.contains("3 个单位"), "{compiled}");
    let status = counter.done("2026-01-28", "fuhe", &["report", "status", "2026-01"]);
    let amount = words(line(&status, "DC"))[4].replace(',', "");
    let early = counter.refused("2026-01-28", "dc-guanli", &["report", "submit", "2026-01", "DC"]);
    assert!(early.contains("RPT-02"), "{early}");
    counter.refused("2026-01-28", "dc-guanli", &["report", "confirm", "2026-01", "DC", "1.00"]);
    counter.refused("2026-01-28", "xc-guanli", &["report", "confirm", "2026-01", "DC", &amount]);
    counter.done("2026-01-28", "dc-guanli", &["report", "confirm", "2026-01", "DC", &amount]);
    counter.done("2026-01-28", "dc-guanli", &["report", "submit", "2026-01", "DC"]);
    let amount = words(line(&status, "XC"))[4].replace(',', "");
    let late = counter.refused("2026-01-30", "xc-guanli", &["report", "confirm", "2026-01", "XC", &amount]);
    assert!(late.contains("RPT-04"), "{late}");
}

/// BILL-14: what is issued is not issued again.
#[test]
fn nothing_is_issued_twice() {
    let counter = Counter::demo();
    let before = counter.done("2026-02-09", "fuhe", &["book", "steps", "B000003", "2026-01"]);
    for book in ["B000001", "B000003"] {
        counter.refused("2026-02-09", "fuhe", &["run", "issue", book, "2026-01"]);
        counter.refused("2026-02-09", "fuhe", &["run", "calculate", book, "2026-01"]);
    }
    assert_eq!(counter.done("2026-02-09", "fuhe", &["book", "steps", "B000003", "2026-01"]), before);
}

/// READ-09: the readings of a book that was submitted and issued are locked.
#[test]
fn an_issued_book_takes_no_readings() {
    let counter = Counter::demo();
    let lines = counter.done("2026-02-02", "dc-chaobiao", &["book", "lines", "B000001", "2026-01", "--json"]);
    assert!(lines.contains("\"account\": \"420100000001\""), "{}", &lines[..200.min(lines.len())]);
    counter.refused("2026-02-02", "dc-chaobiao", &["book", "enter", "420100000001", "2026-01", "1"]);
    assert!(
        line(&counter.done("2026-02-02", "fuhe", &["book", "list", "2026-01"]), "B000001").contains("已发行")
    );
}

/// XC-15: what was done is found by day, person and document, by the auditor only, and proved whole.
#[test]
fn the_log_is_searched_and_proved() {
    let counter = Counter::demo();
    let day = counter.done("2026-02-02", "shenji", &["log", "day", "2026-01-31"]);
    assert!(line(&day, "电费发行").contains("周复核"), "{day}");
    let person = counter.done("2026-02-02", "shenji", &["log", "person", "hesuan", "--limit", "2"]);
    assert!(person.contains("--after"), "there is more: {person}");
    assert!(counter.refused("2026-02-02", "fuhe", &["log", "day", "2026-02-01"]).contains("vault.read"));
    // Nothing new, the checkpoint that is there; then one act, and another.
    let before = counter.done("2026-02-02", "guanli", &["log", "checkpoint"]);
    assert!(before.starts_with("DEMO/log\n"), "{before}");
    let other = counter.refused("2026-02-02", "guanli", &["log", "checkpoint", "--origin", "DEMO/other"]);
    assert!(other.contains("DEMO/log"), "{other}");
    let act = ["work", "closing", "PJ", "2026-01", "--open"];
    counter.done("2026-02-02", "pj-guanli", &act);
    counter.done("2026-02-02", "pj-guanli", &["work", "tick", "PJ", "2026-01", "slips_closed"]);
    let made = counter.done("2026-02-02", "guanli", &["log", "checkpoint"]);
    assert!(made != before && made.matches("\u{2014} DEMO/log ").count() == 2, "{made}");
    assert!(counter.done("2026-02-02", "shenji", &["log", "check"]).contains("日志完整"));
}

/// RPT-06, XC-18: reports as Excel, the ledger as a journal, the database as a copy that opens again.
#[test]
fn files_for_others() {
    let counter = Counter::demo();
    let day = "2026-02-02";
    let excel = counter.path("应收.xlsx").display().to_string();
    counter.done(day, "fuhe", &["report", "show", "receivable", "2026-01", "--out", &excel]);
    assert!(std::fs::read(&excel).unwrap().starts_with(b"PK"));
    let excel = counter.path("全部报表.xlsx").display().to_string();
    counter.done(day, "fuhe", &["report", "all", "2026-01", "--out", &excel]);
    assert!(std::fs::read(&excel).unwrap().starts_with(b"PK"));
    let journal = counter.path("总账.journal").display().to_string();
    counter.done(day, "kuaiji", &["ledger", "export", &journal]);
    let text = std::fs::read_to_string(&journal).unwrap();
    assert!(text.contains("2026-01-31"), "{}", &text[..200.min(text.len())]);
    let copy = counter.path("备份.zfb").display().to_string();
    assert!(counter.done(day, "guanli", &["backup", &copy]).contains("SHA-256"));
    counter.refused(day, "guanli", &["backup", &copy]);
    counter.refused(day, "fuhe", &["backup", &counter.path("b").display().to_string()]);
    let folder = counter.path("again").display().to_string();
    assert!(counter.done(day, "guanli", &["restore", &copy, "--look"]).contains("voucher"));
    let said = counter.done(day, "guanli", &["restore", &copy, "--data", &folder]);
    assert!(said.contains("日志完整"), "{said}");
    counter.refused(day, "guanli", &["restore", &copy, "--data", &folder]);
    let said = counter.done(day, "kuaiji", &["ledger", "check", "--data", &folder]);
    assert!(said.contains("账账相符"), "{said}");
}

/// INQ-01: a customer's months; errors and headings in the language that was chosen.
#[test]
fn both_languages() {
    let counter = Counter::demo();
    let fees = ["inquiry", "fees", "420300000447", "2025-11", "2026-01", "--lang", "en"];
    let fees = counter.done("2026-02-02", "fuhe", &fees);
    assert_eq!(words(fees.lines().nth(1).unwrap()), ["month", "kWh", "amount", "paid"]);
    let missing = counter.refused("2026-02-02", "fuhe", &["bill", "explain", "1", "2026-01", "--lang", "en"]);
    assert_eq!(missing.trim(), "there is no account 1");
    let missing = counter.refused("2026-02-02", "fuhe", &["bill", "explain", "1", "2026-01"]);
    assert_eq!(missing.trim(), "没有户号 1");
}
