//! What cannot be written into the books, not even by raw SQL; on both engines.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use identity::Desk;
use ledger::{
    AccountCode, LedgerError, Posting, balance_of, check, close_period, open_period, periods, post,
    reopen_period, reverse, trial_balance,
};
use store::StoreError;

fn post_one(desk: &Desk<'_>, date: &str, posting: Posting) -> Result<i64, LedgerError> {
    desk.act(now(), |work| {
        let header = header(work.next_key(), date);
        post(work, &header, &[posting]).map(|posted| posted.voucher_id)
    })
}

fn raw(desk: &Desk<'_>, statements: &[&str]) -> Result<(), StoreError> {
    desk.store.write(|tx| {
        for statement in statements {
            tx.execute(statement, &[])?;
        }
        Ok(())
    })
}

#[test]
fn the_service_says_in_plain_words_what_is_impossible() {
    each_engine(|desk| {
        assert_eq!(
            post_one(desk, "2026-03-01", receivable("1.00", 1)),
            Err(LedgerError::PeriodNotOpen(month("2026-03")))
        );
        for code in [9999, 6001] {
            let posting = Posting { credit: AccountCode(code), ..receivable("1.00", 1) };
            assert_eq!(
                post_one(desk, "2026-01-01", posting),
                Err(LedgerError::UnknownAccount(AccountCode(code)))
            );
        }
        for amount in ["0.00", "-1.00"] {
            let refused = post_one(desk, "2026-01-01", receivable(amount, 1));
            assert!(matches!(refused, Err(LedgerError::NotPositive { .. })));
        }
        let posting = Posting { credit: AccountCode(1122), ..receivable("1.00", 1) };
        assert_eq!(post_one(desk, "2026-01-01", posting), Err(LedgerError::SameAccount(AccountCode(1122))));
    });
}

const VOUCHER: &str =
    "INSERT INTO voucher (org_id, voucher_id, year, number, period, posted_on, effective_on, unit_id,
  event, source, summary, person_id, made_at, total, postings)";
const POSTING: &str = "INSERT INTO posting (org_id, voucher_id, line, debit, credit, amount, component)";

fn voucher(id: i64, number: i64, period: i64, total: i64, postings: i64) -> String {
    format!(
        "{VOUCHER} VALUES (1, {id}, {}, {number}, {period}, {period}05, {period}05, 3, 'x', '', '', 1, 1, {total}, {postings})",
        period / 100
    )
}
/// Opens a draft for a voucher.
fn draft(id: i64) -> String {
    format!("INSERT INTO voucher_draft (org_id, voucher_id) VALUES (1, {id})")
}
fn posting(id: i64, line: i64, debit: i64, credit: i64, amount: i64) -> String {
    format!("{POSTING} VALUES (1, {id}, {line}, {debit}, {credit}, {amount}, 0)")
}

/// BILL-20, XC-14: raw SQL can neither write an unbalanced, unknown, closed-period or gapped entry nor change a sealed one.
#[test]
fn raw_sql_cannot_spoil_the_books() {
    each_engine(|desk| {
        let good = post_one(desk, "2026-01-05", receivable("1.00", 1)).unwrap();
        let refused = |what: &str, statements: &[String]| {
            let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
            let drafted = draft(900);
            for statements in [[&[drafted.as_str()], &statements[..]].concat(), statements] {
                let outcome = raw(desk, &statements);
                assert!(
                    matches!(
                        outcome,
                        Err(StoreError::Refused(_) | StoreError::Duplicate(_) | StoreError::CommitFailed(_))
                    ),
                    "{what}: {outcome:?}"
                );
            }
        };
        let line = || posting(900, 1, 1122, 600101, 100);
        refused("an amount of nothing", &[posting(900, 1, 1122, 600101, 0), voucher(900, 2, 202601, 100, 1)]);
        refused(
            "one account on both sides",
            &[posting(900, 1, 1122, 1122, 100), voucher(900, 2, 202601, 100, 1)],
        );
        refused("another total", &[line(), voucher(900, 2, 202601, 101, 1)]);
        refused("another count", &[line(), voucher(900, 2, 202601, 100, 2)]);
        refused("no postings", &[voucher(900, 2, 202601, 100, 1)]);
        refused("a voucher before its postings", &[voucher(900, 2, 202601, 100, 1), line()]);
        refused("postings without voucher", &[line()]);
        refused("a second line only", &[posting(900, 2, 1122, 600101, 100)]);
        refused(
            "lines with a gap",
            &[line(), posting(900, 3, 1122, 600101, 100), voucher(900, 2, 202601, 200, 2)],
        );
        refused("an unknown account", &[posting(900, 1, 9999, 600101, 100), voucher(900, 2, 202601, 100, 1)]);
        refused(
            "an account with sub-accounts",
            &[posting(900, 1, 1122, 6001, 100), voucher(900, 2, 202601, 100, 1)],
        );
        refused("a period that was never opened", &[line(), voucher(900, 2, 202603, 100, 1)]);
        refused("a number left out", &[line(), voucher(900, 3, 202601, 100, 1)]);
        refused("a number taken", &[line(), voucher(900, 1, 202601, 100, 1)]);
        refused("one line more for a sealed voucher", &[posting(good, 2, 1122, 600101, 100)]);
        refused(
            "a day outside the period",
            &[line(), voucher(900, 2, 202601, 100, 1).replace("20260105", "20260205")],
        );
        refused("a draft for a sealed voucher", &[draft(good), posting(good, 2, 1122, 600101, 100)]);
        refused("a draft without voucher", &[draft(901)]);
        refused("a draft thrown away", &[line(), "DELETE FROM voucher_draft".to_owned()]);
        for change in [
            "UPDATE posting SET amount = amount + 1",
            "UPDATE posting SET account_id = 2",
            "DELETE FROM posting",
            "UPDATE voucher SET summary = 'x'",
            "DELETE FROM voucher",
            "UPDATE period_balance SET debit = debit - 1 WHERE debit > 0",
            "DELETE FROM period_balance",
            "DELETE FROM accounting_period",
            "DELETE FROM chart_account WHERE code = 1122",
            "UPDATE chart_account SET code = 1124 WHERE code = 1122",
            "UPDATE accounting_period SET is_open = 0 WHERE period = 202602",
            "INSERT INTO accounting_period (org_id, period, is_open, opened_at, opened_by) VALUES (1, 202512, 1, 1, 1)",
        ] {
            refused(change, &[change.to_owned()]);
        }
        if desk.store.engine() == store::Engine::Sqlite {
            refused("replacing", &["INSERT OR REPLACE INTO posting SELECT org_id, voucher_id, line, credit, debit, amount, account_id, component FROM posting".to_owned()]);
        } else {
            refused("emptying", &["TRUNCATE posting".to_owned()]);
            let emptied = raw(desk, &["TRUNCATE voucher, voucher_draft"]);
            assert!(matches!(emptied, Err(StoreError::Refused(_))), "{emptied:?}");
        }
        // The same form without a fault is taken: the refusals above were not for its form.
        raw(desk, &[&draft(900), &line(), &voucher(900, 2, 202601, 100, 1)]).unwrap();
        let report = desk.look(|tx| check(tx, ORG)).unwrap();
        assert_eq!(
            report.findings.len(),
            3,
            "what raw SQL left out of balances and counter is found: {report:?}"
        );
        assert_eq!(
            desk.look(|tx| balance_of(tx, ORG, AccountCode(1122), month("2026-01"), None)),
            Ok(yuan("1.00"))
        );
    });
}

/// RPT-11: what stands in the books at the end of the month is frozen when the month is closed.
#[test]
fn a_closed_period_is_frozen() {
    each_engine(|desk| {
        let january = post_one(desk, "2026-01-31", receivable("12.34", 1)).unwrap();
        let close = |text: &str| desk.act(now(), |work| close_period(work, month(text)));
        let reopen = |text: &str| desk.act(now(), |work| reopen_period(work, month(text)));
        let refused = |period: &str, what: &'static str, why: &str| {
            Err(LedgerError::PeriodOrder { period: month(period), what, why: why.into() })
        };
        assert_eq!(close("2026-02"), refused("2026-02", "closed", "2026-01 is still open"));
        assert_eq!(close("2025-12"), refused("2025-12", "closed", "it was never opened"));
        let books =
            || desk.look(|tx| trial_balance(tx, ORG, month("2026-01"), month("2026-01"), None)).unwrap();
        close("2026-01").unwrap();
        let frozen = books();
        for open in ["2026-02", "2026-03"] {
            assert_eq!(reopen(open), refused(open, "reopened", "it is not closed"));
        }
        assert_eq!(close("2026-01"), refused("2026-01", "closed", "it is closed already"));

        assert_eq!(
            post_one(desk, "2026-01-31", receivable("1.00", 1)),
            Err(LedgerError::PeriodNotOpen(month("2026-01")))
        );
        assert_eq!(
            desk.act(now(), |work| reverse(work, january, day("2026-01-31"), "")),
            Err(LedgerError::PeriodNotOpen(month("2026-01")))
        );
        for change in [
            &[draft(900), posting(900, 1, 1122, 600101, 100), voucher(900, 2, 202601, 100, 1)][..],
            &["UPDATE period_balance SET debit = debit + 1 WHERE period = 202601".to_owned()],
            &["INSERT INTO period_balance (org_id, period, unit_id, code, component, debit, credit) VALUES (1, 202601, 9, 1122, 0, 1, 0)".to_owned()],
        ] {
            let change: Vec<&str> = change.iter().map(String::as_str).collect();
            assert!(matches!(raw(desk, &change), Err(StoreError::Refused(_))), "{change:?}");
        }
        post_one(desk, "2026-02-01", receivable("5.00", 1)).unwrap();
        assert_eq!(books(), frozen);

        reopen("2026-01").unwrap();
        assert_eq!(reopen("2026-01"), refused("2026-01", "reopened", "it is not closed"));
        post_one(desk, "2026-01-31", receivable("1.00", 1)).unwrap();
        close("2026-01").unwrap();
        close("2026-02").unwrap();
        assert_eq!(reopen("2026-01"), refused("2026-01", "reopened", "2026-02 is closed after it"));
        let open = |text: &str| desk.act(now(), |work| open_period(work, month(text)));
        for other in ["2026-04", "2026-02"] {
            assert_eq!(open(other), refused(other, "opened", "the next period is 2026-03"));
        }
        open("2026-03").unwrap();
        let states: Vec<bool> =
            desk.look(|tx| periods(tx, ORG)).unwrap().iter().map(|period| period.open).collect();
        assert_eq!(states, [false, false, true]);
    });
}

#[test]
fn a_period_whose_balances_differ_cannot_be_closed() {
    each_engine(|desk| {
        post_one(desk, "2026-01-31", receivable("12.34", 1)).unwrap();
        raw(desk, &["UPDATE period_balance SET debit = debit + 1 WHERE code = 1122"]).unwrap();
        let refused = desk.act(now(), |work| close_period(work, month("2026-01")));
        assert!(matches!(refused, Err(LedgerError::PeriodOrder { .. })), "{refused:?}");
        assert!(desk.look(|tx| periods(tx, ORG)).unwrap()[0].open);
        assert_eq!(desk.look(|tx| check(tx, ORG)).unwrap().findings.len(), 2);
    });
}
