//! What the check of the books finds when somebody got behind their guards, and what it tells of them; on both engines.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use identity::Desk;
use ledger::{
    AccountCode, ComponentId, Finding, LedgerError, PeriodMade, Sketcher, adoption, check, check_with,
    close_period, period_with, periods_made, post,
};
use store::{Engine, StoreError, params};

/// Tries raw SQL with the guards of `table` off, as whoever owns the database can.
fn behind_the_guards(desk: &Desk<'_>, table: &str, sql: &str) {
    desk.store
        .write(|tx| {
            if tx.engine() == Engine::Postgres {
                tx.execute(&format!("ALTER TABLE {table} DISABLE TRIGGER USER"), &[])?;
                tx.execute(&format!("GRANT ALL ON {table} TO CURRENT_USER"), &[])?;
            } else {
                let guards = tx.list(
                    "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1",
                    params![table],
                    |row| row.text(0),
                )?;
                for guard in guards {
                    tx.execute(&format!("DROP TRIGGER {guard}"), &[])?;
                }
            }
            let touched = tx.execute(sql, &[])?;
            assert!(touched > 0, "{sql}");
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// Two vouchers in January, one in February.
fn fill(desk: &Desk<'_>) {
    desk.act(now(), |work| {
        post(work, &header(10, "2026-01-10"), &[receivable("1.00", 1), cash("0.40", 1)])?;
        post(work, &header(11, "2026-01-11"), &[receivable("2.00", 1), receivable("3.00", 2)])?;
        post(work, &header(12, "2026-02-11"), &[receivable("4.00", 2)])
    })
    .unwrap();
}

/// XC-14, XC-15: each way around the guards leaves the books at odds with themselves, and the check says where.
#[test]
fn what_was_slipped_past_the_guards_is_found() {
    let balance = |period: &str, code: i64, component: u16, kept: [&str; 2], entered: [&str; 2]| {
        let pair = |[debit, credit]: [&str; 2]| (yuan(debit), yuan(credit));
        Finding::Balance {
            period: month(period),
            unit_id: UNIT,
            account: AccountCode(code),
            component: ComponentId(component),
            kept: pair(kept),
            entered: pair(entered),
        }
    };
    let cases: [(&str, &str, Vec<Finding>); 8] = [
        (
            "voucher",
            "DELETE FROM voucher WHERE voucher_id = 12",
            vec![
                Finding::Voucher { voucher_id: 12 },
                balance("2026-02", 1122, 1, ["4.00", "0.00"], ["0.00", "0.00"]),
                balance("2026-02", 600101, 1, ["0.00", "4.00"], ["0.00", "0.00"]),
                Finding::Gap { year: 2026, vouchers: 2, last_number: 3 },
            ],
        ),
        (
            "voucher",
            "DELETE FROM voucher WHERE voucher_id = 11",
            vec![
                Finding::Voucher { voucher_id: 11 },
                balance("2026-01", 1122, 1, ["6.00", "0.00"], ["1.00", "0.00"]),
                balance("2026-01", 600101, 1, ["0.00", "6.00"], ["0.00", "1.00"]),
                Finding::Gap { year: 2026, vouchers: 2, last_number: 3 },
            ],
        ),
        (
            "posting",
            "DELETE FROM posting WHERE voucher_id = 11 AND line = 1",
            vec![
                Finding::Voucher { voucher_id: 11 },
                balance("2026-01", 1122, 1, ["6.00", "0.00"], ["4.00", "0.00"]),
                balance("2026-01", 600101, 1, ["0.00", "6.00"], ["0.00", "4.00"]),
            ],
        ),
        (
            "voucher_draft",
            "INSERT INTO voucher_draft (org_id, voucher_id) VALUES (1, 11)",
            vec![Finding::Voucher { voucher_id: 11 }],
        ),
        (
            "voucher_counter",
            "INSERT INTO voucher_counter (org_id, year, last_number) VALUES (1, 2030, 5)",
            vec![Finding::Gap { year: 2030, vouchers: 0, last_number: 5 }],
        ),
        (
            "voucher_counter",
            "UPDATE voucher_counter SET last_number = 9",
            vec![Finding::Gap { year: 2026, vouchers: 3, last_number: 9 }],
        ),
        (
            "chart_account",
            "UPDATE chart_account SET postable = 0 WHERE code = 1001",
            vec![Finding::Account { account: AccountCode(1001) }],
        ),
        (
            "period_balance",
            "UPDATE period_balance SET credit = credit + 5 WHERE code = 1001",
            vec![
                balance("2026-01", 1001, 0, ["0.40", "0.05"], ["0.40", "0.00"]),
                Finding::Unbalanced { period: month("2026-01"), debit: yuan("6.40"), credit: yuan("6.45") },
            ],
        ),
    ];
    for (table, trick, expected) in cases {
        each_engine(|desk| {
            fill(desk);
            let report = desk.look(|tx| check(tx, ORG)).unwrap();
            assert!(report.is_good(), "{report:?}");
            assert_eq!((report.vouchers, report.postings, report.periods), (3, 5, 2));
            behind_the_guards(desk, table, trick);
            let report = desk.look(|tx| check(tx, ORG)).unwrap();
            assert_eq!(report.findings, expected, "{trick}");
            assert!(!report.is_good());
        });
    }
}

/// Findings are reported up to a hundred.
#[test]
fn a_hundred_findings_are_enough() {
    each_engine(|desk| {
        desk.act(now(), |work| {
            for voucher_id in 0..101 {
                post(work, &header(voucher_id, "2026-01-10"), &[receivable("1.00", 1), cash("0.40", 1)])?;
            }
            Ok::<_, LedgerError>(())
        })
        .unwrap();
        behind_the_guards(desk, "voucher", "DELETE FROM voucher");
        let report = desk.look(|tx| check(tx, ORG)).unwrap();
        let expected: Vec<Finding> = (0..100).map(|voucher_id| Finding::Voucher { voucher_id }).collect();
        assert_eq!(report.findings, expected);
    });
}

/// RPT-11: one period is looked at by itself, and gives what its vouchers come to.
#[test]
fn a_period_is_checked_by_itself() {
    each_engine(|desk| {
        fill(desk);
        let sketcher = Sketcher::new([7, 9]);
        let (all, every) = desk.look(|tx| check_with(tx, ORG, &sketcher)).unwrap();
        assert_eq!((all.vouchers, all.postings, all.periods), (3, 5, 2));
        for (period, counts, ids) in [
            ("2026-01", (2, 4, 1), vec![10, 11]),
            ("2026-02", (1, 1, 1), vec![12]),
            ("2026-03", (0, 0, 0), vec![]),
        ] {
            let (report, vouchers) = desk.look(|tx| period_with(tx, ORG, month(period), &sketcher)).unwrap();
            assert_eq!((report.vouchers, report.postings, report.periods), counts, "{period}");
            assert!(report.is_good());
            let mut found: Vec<i64> = vouchers.keys().copied().collect();
            found.sort_unstable();
            assert_eq!(found, ids);
            for (id, figures) in vouchers {
                assert_eq!((&figures.head, figures.sketch), (&every[&id].head, every[&id].sketch));
                assert_eq!(figures.digest, every[&id].digest);
            }
        }
        behind_the_guards(desk, "posting", "UPDATE posting SET amount = amount + 1 WHERE voucher_id = 12");
        let january = desk.look(|tx| period_with(tx, ORG, month("2026-01"), &sketcher)).unwrap().0;
        assert!(january.is_good(), "{january:?}");
        let february = desk.look(|tx| period_with(tx, ORG, month("2026-02"), &sketcher)).unwrap().0;
        assert_eq!(february.findings[0], Finding::Voucher { voucher_id: 12 });
    });
}

/// XC-15: who adopted the older vouchers, who opened and closed each period, and when, for comparison with the log.
#[test]
fn who_adopted_opened_and_closed_is_told() {
    each_engine(|desk| {
        assert_eq!(desk.look(|tx| adoption(tx, ORG)).unwrap(), None);
        fill(desk);
        assert_eq!(desk.look(|tx| adoption(tx, ORG)).unwrap(), Some((11, now())));
        let later = now().plus_millis(60_000);
        desk.act(later, |work| close_period(work, month("2026-01"))).unwrap();
        let mut made = desk.look(|tx| periods_made(tx, ORG)).unwrap();
        made.sort_by_key(|period| period.month);
        let period = |text: &str, closed| PeriodMade { month: month(text), opened: (11, now()), closed };
        assert_eq!(made, [period("2026-01", (Some(11), Some(later))), period("2026-02", (None, None))]);
    });
}
