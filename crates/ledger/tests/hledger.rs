//! The exported journal, read back by a reader of our own and, where it is installed, by hledger itself.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::process::Command;

use common::*;
use kernel::Money;
use ledger::{LedgerError, VoucherHeader, export_hledger, post, reverse, trial_balance};

/// Account to balance, from the text alone; every transaction must sum to zero.
fn balances(journal: &str) -> BTreeMap<String, Money> {
    let mut found: BTreeMap<String, Money> = BTreeMap::new();
    let mut sum = Money::ZERO;
    for line in journal.lines() {
        let Some(posting) = line.strip_prefix("    ").filter(|rest| !rest.starts_with(';')) else {
            assert_eq!(sum, Money::ZERO, "before {line}");
            continue;
        };
        let (account, rest) = posting.split_once("  ").unwrap();
        let amount = yuan(rest.split_once(" CNY").unwrap().0);
        sum = sum.plus(amount).unwrap();
        let code = account.rsplit(':').next().unwrap().split_once(' ').unwrap().0;
        let balance = found.entry(code.to_owned()).or_default();
        *balance = balance.plus(amount).unwrap();
    }
    assert_eq!(sum, Money::ZERO);
    found.retain(|_, balance| !balance.is_zero());
    found
}

#[test]
fn the_journal_reads_as_the_books() {
    each_engine(|desk| {
        desk.act(now(), |work| {
            for (date, text) in [("2026-01-10", "一月; 电费: 甲, 乙"), ("2026-02-11", "")] {
                let header = VoucherHeader {
                    text: text.into(),
                    effective_on: day("2026-01-09"),
                    ..header(work.next_key(), date)
                };
                post(work, &header, &[receivable("1234.50", 7), cash("34.05", 7), receivable("0.01", 8)])?;
            }
            let wrong = header(work.next_key(), "2026-02-12");
            post(work, &wrong, &[receivable("77.00", 9)])?;
            reverse(work, wrong.voucher_id, day("2026-02-13"), "抄表有误")
        })
        .unwrap();
        let mut journal = Vec::new();
        let books = desk
            .look(|tx| {
                export_hledger(tx, ORG, &mut journal)?;
                trial_balance(tx, ORG, month("2026-01"), month("2026-02"), None)
            })
            .unwrap();
        let journal = String::from_utf8(journal).unwrap();
        let expected: BTreeMap<String, Money> = books
            .lines
            .iter()
            .map(|line| (line.account.to_string(), line.closing))
            .filter(|(_, closing)| !closing.is_zero())
            .collect();
        assert_eq!(balances(&journal), expected);
        assert_eq!(expected["1122"], yuan("2400.92"));
        check_with_hledger(&journal);
    });
}

/// What stands in the journal, word for word: dates, numbers, tags, and no mark that would begin another tag.
#[test]
fn a_voucher_stands_in_the_journal_with_everything_it_says() {
    each_engine(|desk| {
        desk.act(now(), |work| {
            let first = VoucherHeader {
                text: "一月; 电费: 甲, 乙|丙".into(),
                effective_on: day("2026-01-09"),
                ..header(71, "2026-01-10")
            };
            let bare = ledger::Posting { customer: None, ..receivable("5.00", 7) };
            post(work, &first, &[receivable("1234.50", 7), cash("34.05", 7), bare])?;
            let plain =
                VoucherHeader { source: String::new(), text: String::new(), ..header(72, "2026-01-11") };
            post(work, &plain, &[ledger::Posting { customer: None, ..cash("2.00", 7) }])
        })
        .unwrap();
        let red = desk.act(now(), |work| reverse(work, 72, day("2026-01-12"), "错")).unwrap().voucher_id;
        let mut journal = Vec::new();
        desk.look(|tx| export_hledger(tx, ORG, &mut journal)).unwrap();
        let journal = String::from_utf8(journal).unwrap();
        let (head, vouchers) = journal.split_once("\n\n2026").unwrap();
        assert!(
            head.starts_with("decimal-mark .\ncommodity 1000.00 CNY\n\naccount 1001 库存现金  ; type:A\n")
        );
        for line in [
            "account 6001 主营业务收入(售电):600101 电度电费收入  ; type:R",
            "account 2203 预收电费  ; type:L",
        ] {
            assert!(head.lines().any(|found| found == line), "{line}");
        }
        let revenue = "6001 主营业务收入(售电):600101 电度电费收入";
        let expected = format!(
            "-01-10=2026-01-09 * (2026-1) 一月  电费  甲  乙 丙
    ; voucher:71, event:bill_issued
    ; source:book 12
    1122 应收电费  1234.50 CNY  ; customer:7, component:energy
    {revenue}  -1234.50 CNY  ; customer:7, component:energy
    1001 库存现金  34.05 CNY  ; customer:7
    1122 应收电费  -34.05 CNY  ; customer:7
    1122 应收电费  5.00 CNY  ; component:energy
    {revenue}  -5.00 CNY  ; component:energy

2026-01-11 * (2026-2)
    ; voucher:72, event:bill_issued
    1001 库存现金  2.00 CNY
    1122 应收电费  -2.00 CNY

2026-01-12=2026-01-11 * (2026-3) 错
    ; voucher:{red}, event:bill_issued
    ; reverses:72
    1122 应收电费  2.00 CNY
    1001 库存现金  -2.00 CNY
"
        );
        assert_eq!(vouchers, expected);
    });
}

fn check_with_hledger(journal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("books.journal");
    std::fs::write(&file, journal).unwrap();
    let ask = |arguments: &[&str]| {
        Command::new("hledger").env("LC_ALL", "C.UTF-8").arg("-f").arg(&file).args(arguments).output()
    };
    let Ok(checked) = ask(&["check", "--strict"]) else { return };
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let listed = ask(&["bal", "--flat", "-N", "-O", "csv"]).unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("\"1122 应收电费\",\"2400.92 CNY\""), "{listed}");
    assert!(listed.contains("\"6001 主营业务收入(售电):600101 电度电费收入\",\"-2469.02 CNY\""), "{listed}");
}

#[test]
fn a_writer_that_fails_is_reported() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    each_engine(|desk| {
        let failed = desk.look(|tx| export_hledger(tx, ORG, &mut Full));
        assert_eq!(failed, Err(LedgerError::Output("disk full".into())));
    });
}
