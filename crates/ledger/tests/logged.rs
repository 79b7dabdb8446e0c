//! Vouchers, periods and the chart in the log, on both databases.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::Money;
use ledger::{
    AccountCode, BalanceBuilder, Entry, LedgerError, Leg, PostingBuffer, adopt, close_period, each_voucher,
    period_balance, permission, post, post_bulk, post_manual, read_voucher, reopen_period, reverse,
    voucher_by_number, voucher_years,
};
use vault::{Document, Recorded};

fn acts(desk: &identity::Desk<'_>, kind: &str, number: &str) -> Vec<Recorded> {
    let document = Document { kind: kind.into(), number: number.into() };
    desk.look(|tx| vault::by_document(tx, ORG, &document, None, 100)).unwrap().acts
}

/// A few vouchers by every way there is: single, bulk, by hand, reversed.
fn postings(desk: &identity::Desk<'_>) {
    let done: Result<(), LedgerError> = desk.act(now(), |work| {
        post(work, &header(10, "2026-01-31"), &[receivable("12.34", 7)])?;
        let mut buffer = PostingBuffer::new(ORG);
        for voucher_id in [21, 20] {
            buffer.begin(voucher_id);
            for customer in 1..=40 {
                buffer.add(&receivable("1.00", customer))?;
                buffer.add(&cash("0.40", customer))?;
            }
        }
        post_bulk(work, &[header(20, "2026-01-31"), header(21, "2026-02-01")], &mut buffer)?;
        let entry = Entry::new()
            .debit(Leg::new(AccountCode(1001), yuan("3.00")))
            .credit(Leg::new(AccountCode(1122), yuan("3.00")).customer(-9));
        post_manual(work, &header(30, "2026-02-02"), &entry)?;
        reverse(work, 20, day("2026-02-03"), "")?;
        Ok(())
    });
    done.unwrap();
}

/// XC-15: each voucher is one act, whose digest is that of the bytes written again from the rows.
#[test]
fn every_voucher_is_an_act() {
    each_engine(|desk| {
        postings(desk);
        let years = desk.look(|tx| voucher_years(tx, ORG)).unwrap();
        assert_eq!(years, [(2026, 5)]);
        let mut seen = Vec::new();
        desk.look(|tx| {
            each_voucher(tx, ORG, 2026, 1, 5, |voucher| {
                seen.push(voucher);
                Ok::<_, LedgerError>(())
            })
        })
        .unwrap();
        assert_eq!(seen.iter().map(|one| one.head.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        for voucher in &seen {
            let bytes = voucher.bytes();
            assert_eq!(&read_voucher(&bytes).unwrap(), voucher);
            let found = acts(desk, "voucher", &voucher.head.document());
            assert_eq!(found.len(), 1, "{}", voucher.head.document());
            assert_eq!(found[0].act.after, Some(vault::leaf_hash(&bytes)));
            assert_eq!(found[0].act.unit_id, UNIT);
            let again = desk.look(|tx| voucher_by_number(tx, ORG, 2026, voucher.head.number)).unwrap();
            assert_eq!(again.as_ref(), Some(voucher));
        }
        assert_eq!(acts(desk, "voucher", "2026-4")[0].act.verb, permission::POST.0);
        assert_eq!(acts(desk, "voucher", "2026-2")[0].act.verb, permission::VOUCHER.0);
        assert_eq!(seen[4].head.reverses, Some(20));
        assert!(desk.look(|tx| voucher_by_number(tx, ORG, 2026, 6)).unwrap().is_none());
    });
}

/// RPT-11, XC-15: a close states counts, total and the digest of what the vouchers come to; a reopening is an act too.
#[test]
fn a_close_states_what_it_closes() {
    each_engine(|desk| {
        postings(desk);
        desk.act(now(), |work| close_period(work, month("2026-01"))).unwrap();
        let mut built = BalanceBuilder::new(ORG, month("2026-01"));
        desk.look(|tx| {
            each_voucher(tx, ORG, 2026, 1, 5, |voucher| built.add(&voucher.head, &voucher.movements()?))
        })
        .unwrap();
        let built = built.finish();
        assert_eq!(built, desk.look(|tx| period_balance(tx, ORG, month("2026-01"))).unwrap());
        assert_eq!((built.vouchers, built.postings), (2, 81));
        assert_eq!(built.total, yuan("68.34"));
        let found = acts(desk, "accounting_period", "2026-01");
        let closed = found.last().unwrap();
        assert_eq!(closed.act.verb, permission::CLOSE_PERIOD.0);
        assert_eq!(closed.act.after, Some(built.digest()));
        let stated: Vec<&str> = closed.act.changes.iter().map(|change| change.after.as_str()).collect();
        assert_eq!(stated, ["2", "81", "68.34"]);
        let mut other = built.clone();
        other.movements[0].debit = other.movements[0].debit.plus(Money::from_fen(1)).unwrap();
        assert_ne!(other.digest(), built.digest());
        desk.act(now(), |work| reopen_period(work, month("2026-01"))).unwrap();
        let verbs: Vec<String> =
            acts(desk, "accounting_period", "2026-01").into_iter().map(|act| act.act.verb).collect();
        assert_eq!(verbs, ["ledger.open_period", "ledger.close_period", "ledger.reopen_period"]);
    });
}

/// XC-15: a change of the chart is an act; the same chart again is none.
#[test]
fn a_change_of_the_chart_is_an_act() {
    each_engine(|desk| {
        let installed = acts(desk, "chart", "chart");
        assert_eq!(installed.len(), 1);
        assert_eq!((installed[0].act.before, installed[0].act.after.is_some()), (None, true));
        desk.act(now(), |work| {
            ledger::install_chart(work, &ledger::Chart::standard()?, &ledger::PostingRules::standard()?)
        })
        .unwrap();
        assert_eq!(acts(desk, "chart", "chart").len(), 1);
    });
}

/// XC-15: the digest of the chart covers every account and every component, in every part.
#[test]
fn the_digest_covers_chart_and_components() {
    each_engine(|desk| {
        let digest = || desk.look(|tx| ledger::chart_digest(tx, ORG)).unwrap();
        let elsewhere = desk.look(|tx| ledger::chart_digest(tx, ORG + 1)).unwrap();
        assert_eq!(elsewhere, None, "nothing was installed there");
        let mut seen = vec![digest()];
        assert!(seen[0].is_some());
        for change in [
            "UPDATE chart_account SET name_en = 'Money' WHERE code = 1001",
            "UPDATE chart_account SET name_zh = '钱' WHERE code = 1001",
            "UPDATE chart_account SET kind = 'equity' WHERE code = 1001",
            "UPDATE chart_account SET side = 'credit' WHERE code = 1001",
            "UPDATE chart_account SET parent = 1002 WHERE code = 1001",
            "UPDATE chart_account SET postable = 0 WHERE code = 1001",
            "UPDATE ledger_component SET name_en = 'x' WHERE number = 1",
            "UPDATE ledger_component SET name_zh = 'x' WHERE number = 1",
            "UPDATE ledger_component SET code = 'x' WHERE number = 1",
            "UPDATE ledger_component SET number = 3999 WHERE number = 1",
        ] {
            desk.store.write(|tx| tx.execute(change, &[])).unwrap();
            let changed = digest();
            assert!(!seen.contains(&changed), "{change}");
            seen.push(changed);
        }
        assert_eq!(acts(desk, "chart", "chart")[0].act.after, seen[0], "as the log has it");
    });
}

/// XC-15: vouchers written before the log covered them come into it once, by one act over all of them.
#[test]
fn older_vouchers_are_adopted() {
    each_engine(|desk| {
        assert_eq!(desk.act(now(), adopt).unwrap(), 0);
        assert!(acts(desk, "vouchers_adopted", "0").is_empty(), "there was nothing to adopt");
        postings(desk);
        // As release 0.1.0 left them: nobody has adopted anything yet.
        desk.store
            .write(|tx| {
                let steps: &[&str] = match tx.engine() {
                    store::Engine::Sqlite => &["DROP TRIGGER adoption_no_delete"],
                    store::Engine::Postgres => &[
                        "DROP TRIGGER adoption_never ON voucher_adoption",
                        "GRANT DELETE ON voucher_adoption TO CURRENT_USER",
                    ],
                };
                for step in steps.iter().chain(&["DELETE FROM voucher_adoption"]) {
                    tx.execute(step, &[])?;
                }
                Ok::<_, store::StoreError>(())
            })
            .unwrap();
        desk.act(now(), |work| post(work, &header(90, "2026-02-04"), &[receivable("5.00", 7)])).unwrap();
        let found = acts(desk, "vouchers_adopted", "5");
        assert_eq!(found.len(), 1, "the next command adopts what is there");
        let mut leaves = Vec::new();
        desk.look(|tx| {
            each_voucher(tx, ORG, 2026, 1, 5, |voucher| {
                leaves.push(vault::leaf_hash(&voucher.bytes()));
                Ok::<_, LedgerError>(())
            })
        })
        .unwrap();
        let batch = found[0].act.batch.as_ref().unwrap();
        assert_eq!((batch.lines, batch.root), (5, vault::merkle_root(leaves)));
        assert_eq!(desk.look(|tx| ledger::adopted(tx, ORG)).unwrap(), [(2026, 5)]);
        assert_eq!(desk.act(now(), adopt).unwrap(), 0, "once");
    });
}
