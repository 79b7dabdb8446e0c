//! What goes from desk to desk at the demo company: change tickets, contracts, adjustments, slips, closing.
#![allow(clippy::unwrap_used)]

mod counter;

use counter::{Counter, line, words};

const HOUSEHOLD: &str = "420300000435";

/// The demo company with a second fee administrator at Pingjiang, so that one can check what the other entered.
fn company() -> Counter {
    let counter = Counter::demo();
    counter.done("2026-02-01", "guanli", &["people", "add", "pj-fuguan", "副管理员", "--unit", "PJ"]);
    counter.done("2026-02-01", "guanli", &["people", "assign", "pj-fuguan", "station_fee_administrator"]);
    counter
}

/// The first word of the line with `word`.
fn key(text: &str, word: &str) -> String {
    words(line(text, word))[0].to_owned()
}

/// PARM-01, PARM-03, PARM-07, PARM-08, BILL-17: the station starts, checks, dispatches and archives; the centre cannot.
#[test]
fn a_parameter_changes_by_ticket_only() {
    let counter = company();
    let day = "2026-02-02";
    let change = r#"{"kind":"persons","persons":6}"#;
    let start = [
        "parameter",
        "start",
        "--account",
        HOUSEHOLD,
        "--reason",
        "人口变更",
        "--from",
        "2026-02-03",
        "--change",
        change,
    ];
    assert!(counter.refused(day, "fuhe", &start).contains("parameter.start"));
    counter.done(day, "pj-guanli", &start);
    let ticket = key(&counter.done(day, "pj-guanli", &["parameter", "list", HOUSEHOLD]), "人口变更");
    let running = counter.done(day, "pj-guanli", &["parameter", "running", "PJ", "--record"]);
    assert!(line(&running, HOUSEHOLD).contains("已发起"), "{running}");
    counter.refused(day, "pj-guanli", &["parameter", "check", &ticket]);
    counter.done(day, "pj-fuguan", &["parameter", "check", &ticket, "证件已核对"]);
    counter.refused(day, "fuhe", &["parameter", "dispatch", &ticket, "pj-guanli"]);
    counter.done(day, "pj-guanli", &["parameter", "dispatch", &ticket, "pj-guanli"]);
    let archived = counter.done("2026-02-03", "pj-guanli", &["parameter", "archive", &ticket]);
    assert!(archived.contains("1 项参数变更"), "{archived}");
    let history = counter.done("2026-02-03", "pj-guanli", &["parameter", "history", HOUSEHOLD]);
    assert!(line(&history, "persons").ends_with("电费管理员"), "{history}");
    let wrong =
        ["parameter", "start", "--account", HOUSEHOLD, "--reason", "x", "--change", r#"{"kind":"person"}"#];
    assert!(
        counter.refused(day, "pj-guanli", &wrong).contains("persons"),
        "the error names what can be changed"
    );
}

/// ADJ-01, ADJ-03, ADJ-13, ADJ-18, XC-10: the station's own error is refunded by a numbered slip, approved by another.
#[test]
fn an_adjustment_goes_from_the_station_to_the_centre() {
    let counter = company();
    let day = "2026-02-02";
    let causes = counter.done(day, "pj-guanli", &["adjust", "causes"]);
    let cause = key(&causes, "基层单位差错");
    let start = [
        "adjust",
        "start",
        HOUSEHOLD,
        "2026-01",
        "--cause",
        &cause,
        "--reason",
        "表码录错",
        "--kwh",
        "-10",
        "--yuan",
        "energy=-5.58",
    ];
    assert!(counter.refused(day, "fuhe", &start).contains("adjustment.start_station"));
    let started = counter.done(day, "pj-guanli", &start);
    assert!(started.contains("TB-PJ-2026-000001") && started.contains("-5.58 元"), "{started}");
    let case = key(&counter.done(day, "pj-guanli", &["adjust", "list"]), HOUSEHOLD);
    counter.refused(day, "pj-guanli", &["adjust", "approve", &case]);
    counter.refused(day, "hesuan", &["adjust", "operate", &case]);
    assert!(counter.done(day, "pj-suozhang", &["adjust", "approve", &case]).contains("审批完成"));
    assert!(counter.done(day, "pj-guanli", &["adjust", "running-list", "PJ"]).contains("1 件"));
    counter.done(day, "hesuan", &["adjust", "operate", &case]);
    counter.done(day, "hesuan", &["adjust", "archive", &case]);
    let list = counter.done(day, "fuhe", &["adjust", "list", "--unit", "PJ"]);
    assert!(line(&list, HOUSEHOLD).contains("已归档"), "{list}");
    let ticket = counter.done(day, "fuhe", &["work", "tickets", "--unit", "PJ"]);
    let steps = counter.done(day, "fuhe", &["work", "ticket", &key(&ticket, "TB-PJ-2026-000001")]);
    assert!(line(&steps, "operate").contains("吴核算"), "{steps}");
}

/// XC-09: a month is closed only when its checklist is; "nothing to do" needs a reason.
#[test]
fn a_month_closes_when_its_checklist_does() {
    let counter = company();
    let day = "2026-02-02";
    let items = counter.done(day, "pj-guanli", &["work", "closing", "PJ", "2026-01", "--open"]);
    let codes: Vec<&str> = items
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.is_ascii() && word.contains('_'))
        .collect();
    assert_eq!(codes.len(), 6, "{items}");
    counter.refused(day, "pj-suozhang", &["work", "close", "PJ", "2026-01"]);
    counter.refused(day, "pj-guanli", &["work", "tick", "PJ", "2026-01", codes[0], "--nothing"]);
    for code in codes {
        counter.done(day, "pj-guanli", &["work", "tick", "PJ", "2026-01", code, "--nothing", "本月无此事项"]);
    }
    counter.done(day, "pj-suozhang", &["work", "close", "PJ", "2026-01"]);
    let closed = counter.done(day, "pj-guanli", &["work", "closing", "PJ", "2026-01"]);
    assert!(closed.contains("所长 于"), "{closed}");
}

/// PARM-15, PARM-18, BILL-07: a contract is kept and faxed; a station asks what should have been issued.
#[test]
fn contracts_and_questions() {
    let counter = company();
    let keep = [
        "contract",
        "keep",
        HOUSEHOLD,
        "HT-1",
        "--signed",
        "2026-02-02",
        "--from",
        "2026-02-02",
        "--term",
        "persons=6",
    ];
    counter.done("2026-02-02", "pj-guanli", &keep);
    let contract = key(&counter.done("2026-02-02", "pj-guanli", &["contract", "list", HOUSEHOLD]), "HT-1");
    let sent = counter.done("2026-02-04", "pj-guanli", &["contract", "transfer", &contract]);
    assert!(sent.contains("2026-02-04") && sent.contains("逾期 0 天"), "{sent}");
    let asked = counter.done("2026-02-10", "pj-guanli", &["progress", "late", "2026-01", "PJ"]);
    assert!(asked.contains("0 本"), "what was clean is issued: {asked}");
    let rates = counter.done("2026-02-10", "fuhe", &["book", "rate", "2026-01"]);
    assert!(line(&rates, "实抄率").trim_end().ends_with('%'), "{rates}");
}

/// INQ-01, INQ-02: a question is received by the station, answered by the centre to the station, told to the customer.
#[test]
fn a_question_is_answered_through_the_station() {
    let counter = company();
    let day = "2026-02-02";
    let received = counter.done(day, "pj-guanli", &["inquiry", "receive", HOUSEHOLD, "为何电费上涨"]);
    let inquiry: String = received.chars().filter(char::is_ascii_digit).collect();
    counter.done(day, "pj-guanli", &["inquiry", "forward", &inquiry]);
    counter.done(day, "fuhe", &["inquiry", "answer", &inquiry, "一月用电量较前三月增长"]);
    let tell = ["inquiry", "tell", &inquiry, "请拨 027-88886666", "--centre-telephone", "02788886666"];
    assert!(counter.refused(day, "pj-guanli", &tell).contains("INQ-03"));
    counter.done(day, "pj-guanli", &["inquiry", "tell", &inquiry, "一月用电 608 千瓦时，较前三月增长"]);
    let shown = counter.done(day, "pj-guanli", &["inquiry", "show", &inquiry]);
    assert!(line(&shown, "答复用户").contains("608"), "{shown}");
}

/// READ-01, READ-02, READ-03, READ-15: a card is registered, asked for by the centre and faxed within its time.
#[test]
fn cards_are_kept_and_faxed() {
    let counter = Counter::demo();
    let made = counter.done(
        "2026-03-02",
        "dc-guanli",
        &["custody", "register", "DC", "--kind", "card", "--number", "K-1", "--account", "420100000001"],
    );
    let card = made.trim().trim_start_matches("工具号").trim().to_owned();
    counter.refused("2026-03-02", "fuhe", &["custody", "record", &card, "issue", "--person", "dc-chaobiao"]);
    let words =
        ["custody", "record", &card, "transcribe", "--person", "dc-chaobiao", "--note", "过录二月示数"];
    counter.done("2026-03-02", "dc-guanli", &words);
    let asked = counter.done("2026-03-02", "fuhe", &["custody", "request", &card, "核对二月示数"]);
    let ticket = asked.trim().rsplit('（').next().unwrap().trim_end_matches('）').to_owned();
    counter.done("2026-03-03", "dc-guanli", &["custody", "send", &ticket, "已传真"]);
    let life = counter.done("2026-03-03", "dc-guanli", &["custody", "history", &card]);
    assert!(life.contains("抄录") && life.contains("过录二月示数"), "{life}");
    let list = counter.done("2026-03-03", "dc-guanli", &["custody", "list", "DC"]);
    assert!(line(&list, "K-1").contains("在库"), "{list}");
}

/// READ-18: the materials of the carry-over are a checklist with a last day.
#[test]
fn the_carry_over_has_its_checklist() {
    let counter = Counter::demo();
    let list = counter.done("2026-03-02", "dc-guanli", &["yearly", "materials", "DC", "2026"]);
    assert!(list.contains("标签"), "{list}");
    let waiting = counter.done("2026-03-02", "dc-guanli", &["yearly", "waiting", "DC"]);
    assert!(waiting.contains("没有记录"), "{waiting}");
}
