//! The books, on both engines. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use identity::Desk;
use kernel::Money;
use ledger::{
    AccountCode, CheckReport, ComponentId, Entry, LedgerError, Leg, Posting, PostingBuffer, PostingRules,
    account_detail, balance_of, balances_by_component, check, customer_balance, customer_balances,
    open_period, post, post_bulk, post_manual, reverse, trial_balance,
};
use proptest::prelude::*;

/// BILL-20: an issued bill is in the ledger by customer and component, in one transaction, and its sums agree.
#[test]
fn issued_bills_stand_in_the_books() {
    each_engine(|desk| {
        let rules = PostingRules::standard().unwrap();
        let issued = rules.event("bill_issued").unwrap();
        let bill = [
            ("purchase", "412.35"),
            ("line_loss", "21.40"),
            ("transmission_distribution", "188.20"),
            ("power_factor", "-3.15"),
            ("renewable", "19.00"),
            ("vat", "80.44"),
        ];
        desk.act(now(), |work| {
            let header = header(work.next_key(), "2026-01-20");
            let postings = bill.map(|(code, amount)| {
                issued.posting(rules.component(code).unwrap(), yuan(amount), Some(77)).unwrap()
            });
            let mut buffer = PostingBuffer::new(ORG);
            buffer.begin(header.voucher_id);
            for posting in &postings {
                buffer.add_signed(posting)?;
            }
            post_bulk(work, &[header], &mut buffer)
        })
        .unwrap();
        let total = yuan("718.24");
        desk.look(|tx| {
            let books = trial_balance(tx, ORG, month("2026-01"), month("2026-01"), None)?;
            assert_eq!(books.debit, books.credit);
            let line = |code: i64| books.lines.iter().find(|line| line.account == AccountCode(code)).unwrap();
            assert_eq!(line(1122).closing, total);
            assert_eq!(line(600102).closing, yuan("-412.35"));
            assert_eq!(line(600107).closing, yuan("3.15"), "an incentive takes revenue back");
            assert_eq!(line(224102).closing, yuan("-19.00"), "a fund is owed to the state");
            assert_eq!(line(222101).closing, yuan("-80.44"));
            assert_eq!(customer_balance(tx, ORG, AccountCode(1122), month("2026-01"), 77)?, total);
            assert_eq!(balance_of(tx, ORG, AccountCode(1122), month("2026-01"), Some(9))?, Money::ZERO);
            assert_eq!(
                check(tx, ORG)?,
                CheckReport { vouchers: 1, postings: 6, periods: 1, findings: vec![] }
            );
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    });
}

/// XC-14: a correction is a red voucher that mirrors the first; both remain, the balance is gone.
#[test]
fn a_red_voucher_mirrors_and_nothing_is_removed() {
    each_engine(|desk| {
        let posted = desk.act(now(), |work| {
            let header = header(work.next_key(), "2026-01-20");
            post(work, &header, &[receivable("100.00", 7), receivable("0.05", 8)])
        });
        let posted = posted.unwrap();
        let red = desk.act(now(), |work| reverse(work, posted.voucher_id, day("2026-02-03"), "")).unwrap();
        assert_eq!((red.number, red.total, red.postings), (2, yuan("100.05"), 2));
        assert_eq!(
            desk.act(now(), |work| reverse(work, posted.voucher_id, day("2026-02-03"), "")),
            Err(LedgerError::AlreadyReversed(posted.voucher_id))
        );
        assert_eq!(
            desk.act(now(), |work| reverse(work, red.voucher_id, day("2026-01-31"), "")),
            Err(LedgerError::ReversedTooEarly { day: day("2026-01-31"), original: day("2026-02-03") })
        );
        assert_eq!(
            desk.act(now(), |work| reverse(work, 5, day("2026-02-03"), "")),
            Err(LedgerError::NoSuchVoucher(5))
        );
        desk.look(|tx| {
            assert_eq!(balance_of(tx, ORG, AccountCode(1122), month("2026-01"), None)?, yuan("100.05"));
            assert_eq!(balance_of(tx, ORG, AccountCode(1122), month("2026-02"), None)?, Money::ZERO);
            let mut left = |period: &str| {
                let mut found = Vec::new();
                customer_balances(tx, ORG, AccountCode(1122), month(period), |customer, balance| {
                    found.push((customer, balance));
                    Ok(())
                })?;
                Ok::<_, LedgerError>(found)
            };
            assert_eq!(left("2026-01")?, [(7, yuan("100.00")), (8, yuan("0.05"))]);
            assert_eq!(left("2026-02")?, []);
            assert!(check(tx, ORG)?.is_good());
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    });
}

#[test]
fn a_trial_balance_carries_the_opening_forward() {
    each_engine(|desk| {
        for (date, amount) in [("2026-01-10", "10.00"), ("2026-02-10", "5.00"), ("2026-02-11", "2.50")] {
            desk.act(now(), |work| {
                let header = header(work.next_key(), date);
                post(work, &header, &[receivable(amount, 7)])
            })
            .unwrap();
        }
        let books =
            desk.look(|tx| trial_balance(tx, ORG, month("2026-02"), month("2026-02"), Some(UNIT))).unwrap();
        let line = &books.lines[0];
        assert_eq!(line.account, AccountCode(1122));
        assert_eq!(
            [line.opening, line.debit, line.credit, line.closing],
            ["10.00", "7.50", "0.00", "17.50"].map(yuan)
        );
        assert_eq!((books.debit, books.credit), (yuan("7.50"), yuan("7.50")));
        let elsewhere = desk.look(|tx| trial_balance(tx, ORG, month("2026-02"), month("2026-02"), Some(9)));
        assert!(elsewhere.unwrap().lines.is_empty());
    });
}

/// BILL-20: what every component came to at every station is read from the balances of the receivable account.
#[test]
fn balances_are_told_apart_by_component_and_unit() {
    each_engine(|desk| {
        let post_at = |unit_id, date: &str, component, amount: &str| {
            desk.act(now(), |work| {
                let header = ledger::VoucherHeader { unit_id, ..header(work.next_key(), date) };
                let posting = Posting { component: ComponentId(component), ..receivable(amount, 7) };
                post(work, &header, &[posting, cash("0.25", 7)])
            })
            .unwrap();
        };
        post_at(UNIT, "2026-01-10", 1, "10.00");
        post_at(UNIT, "2026-01-11", 2, "5.00");
        post_at(UNIT, "2026-02-11", 1, "2.00");
        post_at(9, "2026-02-12", 1, "1.00");
        let found = |from: &str, to: &str| {
            let lines = desk
                .look(|tx| balances_by_component(tx, ORG, AccountCode(1122), month(from), month(to)))
                .unwrap();
            lines
                .into_iter()
                .map(|line| (line.unit_id, line.component.0, line.debit.fen(), line.credit.fen()))
                .collect::<Vec<_>>()
        };
        assert_eq!(found("2026-01", "2026-01"), [(UNIT, 0, 0, 50), (UNIT, 1, 1000, 0), (UNIT, 2, 500, 0)]);
        assert_eq!(
            found("2026-01", "2026-02"),
            [(UNIT, 0, 0, 75), (UNIT, 1, 1200, 0), (UNIT, 2, 500, 0), (9, 0, 0, 25), (9, 1, 100, 0)]
        );
        assert_eq!(found("2026-03", "2026-04"), []);
    });
}

#[test]
fn account_detail_is_paged_by_key_without_loss() {
    each_engine(|desk| {
        for _ in 0..4 {
            desk.act(now(), |work| {
                let header = header(work.next_key(), "2026-01-10");
                post(work, &header, &[receivable("1.00", 1), cash("0.40", 1), receivable("3.00", 2)])
            })
            .unwrap();
        }
        let mut after = None;
        let (mut debit, mut credit, mut keys) = (Money::ZERO, Money::ZERO, Vec::new());
        loop {
            let page = desk
                .look(|tx| account_detail(tx, ORG, AccountCode(1122), month("2026-01"), after, 5))
                .unwrap();
            for line in &page.lines {
                debit = debit.plus(line.debit).unwrap();
                credit = credit.plus(line.credit).unwrap();
                keys.push(line.key);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((debit, credit, keys.len()), (yuan("16.00"), yuan("1.60"), 12));
        assert!(keys.is_sorted_by(|one, other| one < other));
        let ask = |size| {
            desk.look(|tx| account_detail(tx, ORG, AccountCode(1122), month("2026-01"), None, size)).unwrap()
        };
        for (size, lines, more) in
            [(0, 1, true), (1, 1, true), (11, 11, true), (12, 12, false), (5000, 12, false)]
        {
            let page = ask(size);
            let last = page.lines.last().map(|line| line.key);
            assert_eq!((page.lines.len(), page.next), (lines, last.filter(|_| more)), "{size}");
        }
        let line = &ask(2).lines[1];
        assert_eq!(
            (line.debit, line.credit, line.other.0, line.customer),
            (yuan("0.00"), yuan("0.40"), 1001, Some(1))
        );
    });
}

#[test]
fn many_vouchers_go_in_one_bulk_and_numbers_have_no_gaps() {
    each_engine(|desk| {
        let mut buffer = PostingBuffer::new(ORG);
        for batch in 0..2 {
            let posted = desk.act(now(), |work| {
                let mut headers = Vec::new();
                for customer in 0..300_i64 {
                    let header =
                        header(work.next_key(), if customer % 2 == 0 { "2026-01-15" } else { "2026-02-15" });
                    buffer.begin(header.voucher_id);
                    buffer.add(&receivable("1.00", customer))?;
                    buffer.add(&Posting { credit: AccountCode(224102), ..receivable("0.10", customer) })?;
                    headers.push(header);
                }
                headers.reverse();
                post_bulk(work, &headers, &mut buffer)
            });
            let numbers: Vec<i64> = posted.unwrap().iter().map(|posted| posted.number).collect();
            assert_eq!(numbers, (batch * 300 + 1..=batch * 300 + 300).collect::<Vec<_>>());
            assert_eq!(buffer.postings(), 0);
        }
        desk.look(|tx| {
            assert_eq!(balance_of(tx, ORG, AccountCode(1122), month("2026-02"), None)?, yuan("660.00"));
            let report = check(tx, ORG)?;
            assert!(report.is_good(), "{report:?}");
            assert_eq!((report.vouchers, report.postings), (600, 1200));
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    });
}

#[test]
fn a_failed_voucher_leaves_no_gap() {
    each_engine(|desk| {
        let attempt = |fail: bool| {
            desk.act(now(), |work| {
                let header = header(work.next_key(), "2026-01-10");
                let posted = post(work, &header, &[receivable("1.00", 1)])?;
                if fail { Err(LedgerError::NoVoucher) } else { Ok(posted.number) }
            })
        };
        assert_eq!(attempt(false), Ok(1));
        assert_eq!(attempt(true), Err(LedgerError::NoVoucher));
        assert_eq!(attempt(false), Ok(2));
    });
}

#[test]
fn writers_at_once_keep_numbers_and_balances() {
    each_engine(|desk| {
        std::thread::scope(|scope| {
            for thread in 0..4_i64 {
                let desk = *desk;
                scope.spawn(move || {
                    for _ in 0..20 {
                        desk.act(now(), |work| {
                            let header = header(work.next_key(), "2026-01-10");
                            post(work, &header, &[receivable("1.00", thread), cash("0.50", thread)])
                        })
                        .unwrap();
                    }
                });
            }
        });
        let report = desk.look(|tx| check(tx, ORG)).unwrap();
        assert!(report.is_good(), "{report:?}");
        assert_eq!(report.vouchers, 80);
    });
}

#[test]
fn a_hand_written_voucher_needs_the_right() {
    each_engine(|desk| {
        let entry = Entry::new()
            .debit(Leg::new(AccountCode(1002), yuan("5.00")))
            .credit(Leg::new(AccountCode(1001), yuan("5.00")));
        let write = |desk: Desk<'_>| {
            desk.act(now(), |work| {
                let header = header(work.next_key(), "2026-01-10");
                post_manual(work, &header, &entry)
            })
        };
        let nobody = person(&[]);
        assert!(matches!(write(Desk::new(desk.store, &nobody)), Err(LedgerError::Identity(_))));
        assert!(write(*desk).is_ok());
        let refused = Desk::new(desk.store, &nobody).act(now(), |work| open_period(work, month("2026-03")));
        assert!(matches!(refused, Err(LedgerError::Identity(_))));
    });
}

#[test]
fn headers_must_fit_their_postings() {
    each_engine(|desk| {
        let attempt = |fill: &dyn Fn(&mut PostingBuffer), ids: &[i64]| {
            desk.act(now(), |work| {
                let mut buffer = PostingBuffer::new(ORG);
                fill(&mut buffer);
                let headers: Vec<_> = ids.iter().map(|id| header(*id, "2026-01-10")).collect();
                post_bulk(work, &headers, &mut buffer)
            })
        };
        let one = |buffer: &mut PostingBuffer| {
            buffer.begin(1);
            buffer.add(&receivable("1.00", 1)).unwrap();
        };
        let mismatch = |voucher_id, what| Err(LedgerError::HeaderMismatch { voucher_id, what });
        assert_eq!(attempt(&one, &[]), mismatch(1, "no header"));
        assert_eq!(attempt(&one, &[1, 2]), mismatch(2, "no postings"));
        assert_eq!(attempt(&one, &[1, 1]), mismatch(1, "no postings"));
        assert_eq!(attempt(&|buffer| buffer.begin(3), &[3]), mismatch(3, "no postings"));
        assert_eq!(PostingBuffer::new(ORG).add(&receivable("1.00", 1)), Err(LedgerError::NoVoucher));
        let long = desk.act(now(), |work| {
            let header = ledger::VoucherHeader { text: "长".repeat(200), ..header(1, "2026-01-10") };
            post(work, &header, &[receivable("1.00", 1)])
        });
        assert!(matches!(long, Err(LedgerError::BadHeader(_))));
        let foreign = desk.act(now(), |work| post_bulk(work, &[], &mut PostingBuffer::new(ORG + 1)));
        assert!(matches!(foreign, Err(LedgerError::BadHeader(_))));
    });
}

#[test]
fn texts_of_a_header_are_short_and_plain() {
    each_engine(|desk| {
        let attempt = |event: &str, source: &str, text: &str| {
            let done = desk.act(now(), |work| {
                let (event, source, text) = (event.into(), source.into(), text.into());
                let header =
                    ledger::VoucherHeader { event, source, text, ..header(work.next_key(), "2026-01-10") };
                post(work, &header, &[receivable("1.00", 1)])
            });
            match done {
                Ok(_) => true,
                Err(LedgerError::BadHeader(_)) => false,
                other => panic!("{other:?}"),
            }
        };
        let long = |length| "x".repeat(length);
        for (event, source, text, good) in [
            (long(40), long(200), long(400), true),
            ("x".into(), String::new(), String::new(), true),
            (long(41), String::new(), String::new(), false),
            ("x".into(), long(201), String::new(), false),
            ("x".into(), String::new(), long(401), false),
            (String::new(), "x".into(), "x".into(), false),
            ("x\ny".into(), String::new(), String::new(), false),
            ("x".into(), "a\tb".into(), String::new(), false),
            ("x".into(), String::new(), "a\u{7f}b".into(), false),
        ] {
            assert_eq!(attempt(&event, &source, &text), good, "{event:?} {source:?} {text:?}");
        }
    });
}

#[test]
fn entries_of_several_legs_are_taken_apart() {
    let leg = |code: i64, amount: &str| Leg::new(AccountCode(code), yuan(amount));
    let entry = Entry::new()
        .debit(leg(1001, "30.00"))
        .debit(leg(1002, "70.00").customer(7))
        .credit(leg(1122, "60.00"))
        .credit(leg(630101, "40.00").component(ComponentId(3)));
    let moved: Vec<_> = entry
        .postings()
        .unwrap()
        .iter()
        .map(|posting| {
            (posting.debit.0, posting.credit.0, posting.amount.fen(), posting.customer, posting.component.0)
        })
        .collect();
    assert_eq!(
        moved,
        [(1001, 1122, 3000, None, 0), (1002, 1122, 3000, Some(7), 0), (1002, 630101, 4000, Some(7), 3)]
    );
    let unbalanced = Entry::new().debit(leg(1001, "1.00")).credit(leg(1122, "0.99"));
    assert_eq!(
        unbalanced.postings(),
        Err(LedgerError::Unbalanced { debit: yuan("1.00"), credit: yuan("0.99") })
    );
    let negative = Entry::new().debit(leg(1001, "-1.00")).credit(leg(1122, "-1.00"));
    assert!(matches!(negative.postings(), Err(LedgerError::NotPositive { .. })));
    let same = Entry::new().debit(leg(1001, "1.00")).credit(leg(1001, "1.00"));
    assert!(matches!(same.postings(), Err(LedgerError::SameAccount(_))));
    let two = Entry::new().debit(leg(3001, "1.00").customer(1)).credit(leg(2203, "1.00").customer(2));
    assert_eq!(two.postings(), Err(LedgerError::TwoCustomers(1, 2)));
    let one = Entry::new().debit(leg(3001, "1.00").customer(1)).credit(leg(2203, "1.00").customer(1));
    assert_eq!(one.postings().unwrap()[0].customer, Some(1), "one customer on both sides");
}

proptest! {
    /// XC-17: whatever the legs, the postings move exactly their sums, account by account.
    #[test]
    fn postings_move_what_the_legs_say(parts in prop::collection::vec(1_i64..1_000_000, 1..12), cuts in prop::collection::vec(1_i64..1_000_000, 0..12)) {
        let total: i64 = parts.iter().sum();
        let mut entry = Entry::new();
        for (at, fen) in (0..).zip(&parts) {
            entry = entry.debit(Leg::new(AccountCode(1000 + at), Money::from_fen(*fen)));
        }
        let mut left = total;
        let mut credits = Vec::new();
        for cut in cuts {
            let cut = cut.min(left);
            if cut > 0 {
                credits.push(cut);
                left -= cut;
            }
        }
        if left > 0 {
            credits.push(left);
        }
        for (at, fen) in (0..).zip(&credits) {
            entry = entry.credit(Leg::new(AccountCode(2000 + at), Money::from_fen(*fen)));
        }
        let postings = entry.postings().unwrap();
        prop_assert!(postings.len() < parts.len() + credits.len());
        for (at, fen) in (0..).zip(&parts) {
            let moved: i64 = postings.iter().filter(|p| p.debit.0 == 1000 + at).map(|p| p.amount.fen()).sum();
            prop_assert_eq!(moved, *fen);
        }
        for (at, fen) in (0..).zip(&credits) {
            let moved: i64 = postings.iter().filter(|p| p.credit.0 == 2000 + at).map(|p| p.amount.fen()).sum();
            prop_assert_eq!(moved, *fen);
        }
    }
}
