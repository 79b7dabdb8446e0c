//! The proof of the books: a clean company has nothing to be found, every plant is found, and what is found stops the
//! books until two persons have decided.
#![allow(clippy::unwrap_used)]

mod counter;

use std::process::Command;

use counter::Counter;
use store::{Engine, Store, StoreError};

const DAY: &str = "2026-02-03";

/// The program on a database by URL.
fn give(url: &str, login: &str, words: &[&str]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_zhangfang"))
        .args(["--data".as_ref(), folder.path().as_os_str()])
        .args(["--database", url, "--org", "DEMO", "--as", login, "--on", DAY])
        .args(words)
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

/// The database as one file, with what the engine still kept beside it.
fn whole(counter: &Counter) -> Vec<u8> {
    let path = counter.path("data/zhangfang.db");
    Store::open(path.to_str().unwrap()).unwrap().tidy_log().unwrap();
    std::fs::read(path).unwrap()
}

/// Does something to the stored rows past every guard, and puts the guards back as they were.
fn plant(url: &str, statements: &[&str]) {
    let store = Store::open(url).unwrap();
    store
        .write(|tx| {
            let guards = match tx.engine() {
                Engine::Sqlite => {
                    tx.list("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'", &[], |row| {
                        Ok::<_, StoreError>((row.text(0)?, row.text(1)?))
                    })?
                }
                Engine::Postgres => Vec::new(),
            };
            for (name, _) in &guards {
                tx.execute(&format!("DROP TRIGGER {name}"), &[])?;
            }
            let postgres = tx.engine() == Engine::Postgres;
            if postgres {
                tx.execute("SET LOCAL session_replication_role = replica", &[])?;
            }
            for statement in statements {
                let touched = tx.execute(statement, &[])?;
                assert!(touched > 0, "nothing was planted: {statement}");
            }
            for (_, sql) in &guards {
                tx.execute(sql, &[])?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// What is done to the stored data, and the check that must find it.
const PLANTS: &[(&str, &str, &str)] = &[
    (
        "a fen more in a posting",
        "UPDATE posting SET amount = amount + 1 WHERE line = 1 AND voucher_id = (SELECT MIN(voucher_id) FROM posting)",
        "ledger.balances",
    ),
    (
        "another customer in a posting",
        "UPDATE posting SET account_id = account_id + 1 WHERE line = 1 AND voucher_id = (SELECT MIN(voucher_id) FROM posting)",
        "cross.postings",
    ),
    (
        "a posting taken away",
        "DELETE FROM posting WHERE line = 1 AND voucher_id = (SELECT MAX(voucher_id) FROM posting)",
        "ledger.balances",
    ),
    (
        "a kept balance",
        "UPDATE period_balance SET debit = debit + 100 WHERE code = 1122 AND component = (SELECT MIN(component) FROM period_balance WHERE code = 1122)",
        "ledger.balances",
    ),
    (
        "the words of a voucher",
        "UPDATE voucher SET summary = summary || '.' WHERE voucher_id = (SELECT MAX(voucher_id) FROM voucher)",
        "log.ledger",
    ),
    (
        "the amount of a bill",
        "UPDATE bill SET amount = amount + 1 WHERE sequence = 0 AND month = 202601 AND account_id = (SELECT MIN(account_id) FROM receivable WHERE month = 202601)",
        "billing.bytes",
    ),
    (
        "the payer of a receivable",
        "UPDATE receivable SET payer_id = payer_id + 1 WHERE month = 202601 AND account_id = (SELECT MIN(account_id) FROM receivable WHERE month = 202601)",
        "billing.rows",
    ),
    (
        "the due day of a receivable",
        "UPDATE receivable SET due_on = due_on + 1 WHERE month = 202601 AND account_id = (SELECT MIN(account_id) FROM receivable WHERE month = 202601)",
        "billing.roots",
    ),
    (
        "a receivable taken away",
        "DELETE FROM receivable WHERE month = 202601 AND account_id = (SELECT MAX(account_id) FROM receivable WHERE month = 202601)",
        "billing.issues",
    ),
    (
        "the quantity ledger",
        "UPDATE quantity_ledger SET energy_kwh = energy_kwh + 1000000 WHERE month = 202601 AND account_id = (SELECT MIN(account_id) FROM receivable WHERE month = 202601)",
        "billing.rows",
    ),
    (
        "the sum of an issue",
        "UPDATE issue SET energy_kwh = energy_kwh + 1 WHERE issue_id = (SELECT MAX(issue_id) FROM issue)",
        "billing.issues",
    ),
    (
        "the components of an issue",
        "UPDATE issue_component SET vat = vat + 1 WHERE issue_id = (SELECT MAX(issue_id) FROM issue)",
        "billing.components",
    ),
    (
        "the numbers of an issue",
        "UPDATE issue SET first_number = first_number + 1 WHERE issue_id = (SELECT MAX(issue_id) FROM issue)",
        "documents.series",
    ),
    (
        "a counter of numbers",
        "UPDATE document_series SET last = last + 1 WHERE kind = 'bill'",
        "documents.series",
    ),
    (
        "the state of a book",
        "UPDATE book_month SET state = 5 WHERE month = 202601 AND book_id = (SELECT MIN(book_id) FROM book_month WHERE month = 202601)",
        "metering.books",
    ),
    (
        "who took a step",
        "UPDATE book_step SET person_id = 0 WHERE month = 202601 AND to_state = 5",
        "metering.books",
    ),
    (
        "the moment of a step",
        "UPDATE book_step SET done_at = done_at + 1 WHERE month = 202601 AND to_state = 5",
        "log.books",
    ),
    (
        "the state of a ticket",
        "UPDATE workflow_ticket SET state = 'answered' WHERE id = (SELECT MIN(id) FROM workflow_ticket)",
        "workflow.tickets",
    ),
    (
        "the state of an exception",
        "UPDATE exception SET state = 2 WHERE month = 202601 AND state = 4 AND account_id = (SELECT MIN(account_id) FROM exception WHERE state = 4)",
        "billing.exceptions",
    ),
    ("a price table", "UPDATE price_table SET content = content || ' '", "log.data"),
    (
        "a post",
        "UPDATE identity_assignment SET post = 'administrator' WHERE post = 'reviewer'",
        "identity.posts",
    ),
    (
        "the name of a person",
        "UPDATE identity_person SET name = name || '.' WHERE login = 'fuhe'",
        "identity.persons",
    ),
    (
        "an act",
        "UPDATE leaf SET canonical = substr(canonical, 1, length(canonical) - 1) WHERE seq = 5",
        "vault.log",
    ),
    (
        "a hash of the tree",
        "UPDATE tlog_hash SET h = (SELECT h FROM tlog_hash WHERE idx = 1) WHERE idx = 4",
        "vault.log",
    ),
];

/// XC-15: a demo company has nothing to be found, also when every bill is calculated again; every plant is found, and
/// looking alone stops nothing.
#[test]
fn every_plant_is_found() {
    let counter = Counter::demo();
    let clean = counter.done(DAY, "shenji", &["check", "--deep"]);
    assert!(clean.contains("账目无误"), "{clean}");
    let original = whole(&counter);
    let copy = counter.path("planted.db");
    let url = copy.to_str().unwrap();
    let mut lost = Vec::new();
    for (what, statement, code) in PLANTS {
        std::fs::write(&copy, &original).unwrap();
        plant(url, &[statement]);
        let (good, text) = give(url, "shenji", &["check", "--look"]);
        if good || !text.contains(&format!("[{code}]")) {
            lost.push(format!("{what}: {code} did not find it\n{text}"));
        }
        for rest in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{url}{rest}"));
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));

    // Stored readings that are not those of the bill show when the inputs are put together again.
    std::fs::write(&copy, &original).unwrap();
    plant(
        url,
        &[
            "UPDATE reading SET total_current = total_current + 1000000 WHERE month = 202601 AND account_id = (SELECT MIN(account_id) FROM receivable WHERE month = 202601)",
        ],
    );
    let (good, text) = give(url, "shenji", &["check", "--deep", "--look"]);
    assert!(!good && text.contains("[billing.inputs]"), "{text}");
}

/// A guard that is gone, another one in its place, a stranger, and an edited index.
#[test]
fn guards_and_indexes_are_proved() {
    let counter = Counter::demo();
    let original = whole(&counter);
    let copy = counter.path("planted.db");
    let url = copy.to_str().unwrap();
    for statements in [
        &["DROP TRIGGER posting_no_update"] as &[&str],
        &[
            "DROP TRIGGER posting_no_update",
            "CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting BEGIN SELECT 1; END",
        ],
        &["CREATE TRIGGER helpful AFTER INSERT ON receivable BEGIN SELECT 1; END"],
        &["DROP INDEX voucher_by_number"],
    ] {
        std::fs::write(&copy, &original).unwrap();
        let store = Store::open(url).unwrap();
        for statement in statements {
            store.write(|tx| tx.execute(statement, &[])).unwrap();
        }
        drop(store);
        let (good, text) = give(url, "shenji", &["check", "--look", "--without-engine"]);
        assert!(!good && text.contains("[database.guards]"), "{statements:?}: {text}");
        for rest in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{url}{rest}"));
        }
    }
    // A byte in the middle of an index's page: no query of the books would notice.
    std::fs::write(&copy, &original).unwrap();
    let store = Store::open(url).unwrap();
    let page = store
        .read(|tx| {
            tx.one("SELECT rootpage FROM sqlite_schema WHERE name = 'voucher_by_number'", &[], |row| {
                row.int(0)
            })
        })
        .unwrap()
        .unwrap();
    drop(store);
    let mut bytes = std::fs::read(&copy).unwrap();
    let end = usize::try_from(page).unwrap() * 8_192;
    bytes[end - 3] ^= 0x01;
    std::fs::write(&copy, bytes).unwrap();
    let (good, text) = give(url, "shenji", &["check", "--look"]);
    assert!(!good && text.contains("[database.engine]"), "{text}");
}

/// XC-15: what is found stops every command until the auditor has proposed and a head has confirmed; reads go on; what
/// was decided does not stop the books again, a further finding does.
fn the_books_stop_until_two_have_decided(url: &str) {
    let (good, text) = give(url, "shenji", &["check"]);
    assert!(good, "{text}");
    plant(
        url,
        &[
            "UPDATE period_balance SET credit = credit + 1 WHERE code = 222101 AND period = (SELECT MIN(period) FROM period_balance WHERE code = 222101)",
        ],
    );
    let (good, text) = give(url, "shenji", &["check", "--look"]);
    assert!(!good, "{text}");
    let (good, text) = give(url, "kuaiji", &["ledger", "open", "2026-03"]);
    assert!(good, "looking stops nothing: {text}");

    let (good, text) = give(url, "shenji", &["check"]);
    assert!(!good && text.contains("第 1 号警报"), "{text}");
    let refused = |login: &str, words: &[&str]| {
        let (good, text) = give(url, login, words);
        assert!(!good, "{words:?} was done: {text}");
        text
    };
    let told = refused("kuaiji", &["ledger", "open", "2026-04"]);
    assert!(told.contains("第 1 号警报"), "{told}");
    assert!(refused("kuaiji", &["--request-key", "k1", "ledger", "open", "2026-04"]).contains("警报"));
    assert!(refused("guanli", &["people", "assign", "fuhe", "reviewer"]).contains("警报"));
    assert!(give(url, "kuaiji", &["ledger", "trial-balance", "2026-01"]).0, "reads go on");
    assert!(give(url, "shenji", &["alarm", "list"]).1.contains("待处理"));

    // Nobody decides alone, and nobody without the right or a reason.
    refused("kuaiji", &["alarm", "decide", "1", "--reason", "x"]);
    refused("lingdao", &["alarm", "decide", "1", "--reason", "x"]);
    refused("shenji", &["alarm", "decide", "1", "--reason", " "]);
    assert!(give(url, "shenji", &["alarm", "decide", "1", "--reason", "磁盘修复，余额重算无误"]).0);
    refused("shenji", &["alarm", "decide", "1", "--reason", "x"]);
    assert!(refused("kuaiji", &["ledger", "open", "2026-04"]).contains("待确认"));
    assert!(give(url, "lingdao", &["alarm", "decide", "1", "--back", "--reason", "请附证据"]).0);
    assert!(give(url, "shenji", &["alarm", "decide", "1", "--reason", "附修复报告"]).0);
    let (good, text) = give(url, "lingdao", &["alarm", "decide", "1", "--reason", "同意"]);
    assert!(good, "{text}");
    let (good, text) = give(url, "kuaiji", &["ledger", "open", "2026-04"]);
    assert!(good, "{text}");
    let (good, text) = give(url, "shenji", &["alarm", "show", "1"]);
    assert!(good && text.contains("同意") && text.contains("附修复报告"), "{text}");

    // Known and decided: the check says so and stops nothing.
    let (good, text) = give(url, "shenji", &["check"]);
    assert!(good && text.contains("均已有处理决定"), "{text}");
    plant(
        url,
        &[
            "UPDATE receivable SET amount = amount + 1 WHERE month = 202601 AND account_id = (SELECT MIN(account_id) FROM receivable WHERE month = 202601)",
        ],
    );
    let closing = refused("kuaiji", &["report", "freeze", "2026-01"]);
    assert!(closing.contains("第 2 号警报"), "a close proves its month: {closing}");
    assert!(refused("kuaiji", &["ledger", "open", "2026-05"]).contains("第 2 号警报"));
    // Whoever takes the alarm back in its table alone is found by the log.
    plant(
        url,
        &[
            "UPDATE identity_alarm SET state = 2, proposed_by = 1, proposed_at = 1, proposal = 'x', confirmed_by = 2, confirmed_at = 1, confirmation = 'x' WHERE number = 2",
        ],
    );
    let (good, text) = give(url, "shenji", &["check", "--look"]);
    assert!(!good && text.contains("[log.alarms]"), "{text}");
}

#[test]
fn the_books_stop_until_two_have_decided_on_sqlite() {
    let counter = Counter::demo();
    the_books_stop_until_two_have_decided(counter.path("data/zhangfang.db").to_str().unwrap());
}

#[test]
fn the_books_stop_until_two_have_decided_on_postgres() {
    let Some(database) = testbed::postgres_database() else { return };
    let (good, text) = give(&database.url, "fuhe", &["demo", "--no-serve", "--accounts", "600"]);
    assert!(good, "{text}");
    the_books_stop_until_two_have_decided(&database.url);
}
