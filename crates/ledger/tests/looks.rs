//! What pages ask of the books, on both engines. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use identity::Desk;
use kernel::{Bilingual, Lang, Money};
use ledger::{
    AccountCode, AccountLines, ComponentId, Customer, DetailLine, Entry, LedgerError, Leg, LineFilter,
    MANUAL, Part, Posting, PostingRules, VoucherFilter, VoucherHead, VoucherHeader, account_lines, chart,
    component_names, permission, post, post_manual, reverse, reverse_manual, reversed_by, voucher_by_number,
    voucher_head, voucher_movements, voucher_postings, vouchers_of,
};
use store::{KeyPart, Walk};

const RECEIVABLE: AccountCode = AccountCode(1122);

/// Vouchers of January in two units, a red one of January and one of February.
fn fill(desk: &Desk<'_>) -> Vec<VoucherHead> {
    let write = |unit_id, event: &str, date: &str, postings: &[Posting]| {
        desk.act(now(), |work| {
            let voucher_id = work.next_key();
            let header = VoucherHeader { unit_id, event: event.into(), ..header(voucher_id, date) };
            post(work, &header, postings)
        })
        .unwrap()
        .voucher_id
    };
    let energy = |amount, customer| receivable(amount, customer);
    let loss = |amount, customer| Posting { component: ComponentId(2), ..receivable(amount, customer) };
    let first =
        write(UNIT, "bill_issued", "2026-01-10", &[energy("1.00", 7), loss("0.10", 7), energy("2.00", 8)]);
    let second = write(UNIT, "bill_issued", "2026-01-11", &[energy("4.00", 8)]);
    let third = write(9, "payment", "2026-01-12", &[cash("0.50", 7), cash("2.00", 8)]);
    let red = desk.act(now(), |work| reverse(work, second, day("2026-01-31"), "")).unwrap().voucher_id;
    let later = write(UNIT, "bill_issued", "2026-02-01", &[energy("8.00", 7)]);
    [first, second, third, red, later]
        .map(|id| desk.look(|tx| voucher_head(tx, ORG, id)).unwrap().unwrap())
        .into()
}

fn whole() -> Part {
    Part { down: false, walk: Walk::START, offset: 0, limit: 100 }
}

/// Every part of `rows` that a page asks for must be what cutting the whole list gives.
fn parts_of<T: Clone + PartialEq + std::fmt::Debug>(
    rows: &[T],
    key: impl Fn(&T) -> Vec<KeyPart>,
    ask: impl Fn(&Part) -> (Vec<T>, i64),
) {
    for down in [false, true] {
        let mut list = rows.to_vec();
        if down {
            list.reverse();
        }
        let count = i64::try_from(list.len()).unwrap();
        for (offset, limit) in [(0, 2), (1, 2), (0, 100), (2, 1), (9, 5), (0, 0)] {
            let wanted: Vec<T> = list.iter().skip(offset).take(limit).cloned().collect();
            assert_eq!(
                ask(&Part { down, walk: Walk::START, offset, limit }),
                (wanted, count),
                "{down} {offset} {limit}"
            );
        }
        for (at, row) in list.iter().enumerate() {
            let walk = |back| Part { down, walk: Walk { from: Some(key(row)), back }, offset: 0, limit: 2 };
            let after: Vec<T> = list.iter().skip(at + 1).take(2).cloned().collect();
            let before = list[at.saturating_sub(2)..at].to_vec();
            assert_eq!(ask(&walk(false)), (after, count), "after {row:?}");
            assert_eq!(ask(&walk(true)), (before, count), "before {row:?}");
        }
    }
}

/// The vouchers of a month by unit, number and kind, part by part, with their number and sum.
#[test]
fn vouchers_of_a_month_are_listed() {
    each_engine(|desk| {
        let all = fill(desk);
        let january = &all[..4];
        let filters: &[(VoucherFilter, &[usize])] = &[
            (VoucherFilter::default(), &[0, 1, 2, 3]),
            (VoucherFilter { unit_id: Some(9), ..VoucherFilter::default() }, &[2]),
            (VoucherFilter { unit_id: Some(UNIT), ..VoucherFilter::default() }, &[0, 1, 3]),
            (VoucherFilter { number: Some(all[1].number), ..VoucherFilter::default() }, &[1]),
            (VoucherFilter { red: true, ..VoucherFilter::default() }, &[3]),
            (VoucherFilter { red: true, unit_id: Some(9), number: None }, &[]),
        ];
        for (filter, wanted) in filters {
            let wanted: Vec<VoucherHead> = wanted.iter().map(|at| january[*at].clone()).collect();
            let total = Money::sum(wanted.iter().map(|head| head.total)).unwrap();
            parts_of(
                &wanted,
                |head| vec![KeyPart::Int(head.voucher_id)],
                |part| {
                    let (found, count, sum) =
                        desk.look(|tx| vouchers_of(tx, ORG, month("2026-01"), filter, part)).unwrap();
                    assert_eq!(sum, total, "{filter:?}");
                    (found, count)
                },
            );
        }
        let elsewhere = |org_id, period: &str| {
            desk.look(|tx| vouchers_of(tx, org_id, month(period), &VoucherFilter::default(), &whole()))
                .unwrap()
        };
        assert_eq!(elsewhere(ORG, "2026-02"), (vec![all[4].clone()], 1, yuan("8.00")));
        assert_eq!(elsewhere(ORG, "2026-03"), (vec![], 0, Money::ZERO));
        assert_eq!(elsewhere(2, "2026-01"), (vec![], 0, Money::ZERO));
    });
}

/// A voucher's header, postings and movements say what its canonical bytes in the log say.
#[test]
fn a_voucher_is_shown_as_it_is_in_the_log() {
    each_engine(|desk| {
        let all = fill(desk);
        for head in &all {
            let id = head.voucher_id;
            let written =
                desk.look(|tx| voucher_by_number(tx, ORG, head.year, head.number)).unwrap().unwrap();
            assert_eq!(*head, written.head);
            let lines: Vec<(i64, Posting)> = (1..).zip(written.postings.iter().cloned()).collect();
            for customer in [None, Some(7), Some(8), Some(9)] {
                let wanted: Vec<(i64, Posting)> = lines
                    .iter()
                    .filter(|(_, posting)| customer.is_none() || posting.customer == customer)
                    .cloned()
                    .collect();
                let total = Money::sum(wanted.iter().map(|(_, posting)| posting.amount)).unwrap();
                parts_of(
                    &wanted,
                    |(line, _)| vec![KeyPart::Int(*line)],
                    |part| {
                        let (found, count, sum) =
                            desk.look(|tx| voucher_postings(tx, ORG, id, customer, part)).unwrap();
                        assert_eq!(sum, total);
                        (found, count)
                    },
                );
            }
            let moved = desk.look(|tx| voucher_movements(tx, ORG, id)).unwrap();
            assert_eq!(moved, written.movements().unwrap());
        }
        let red_of = |id| desk.look(|tx| reversed_by(tx, ORG, id)).unwrap();
        assert_eq!(red_of(all[1].voucher_id), Some(all[3].voucher_id));
        assert_eq!(all[3].reverses, Some(all[1].voucher_id));
        assert_eq!(red_of(all[0].voucher_id), None);
        assert_eq!(desk.look(|tx| voucher_head(tx, ORG, 5)).unwrap(), None);
        assert_eq!(desk.look(|tx| voucher_head(tx, 2, all[0].voucher_id)).unwrap(), None);
    });
}

/// What stands in an account, by unit, component and customer, part by part, with its sums.
#[test]
fn an_account_shows_its_postings() {
    each_engine(|desk| {
        let all = fill(desk);
        // Voucher, line, debit and credit in fen, customer, component.
        let rows: [(usize, i64, i64, i64, i64, u16); 7] = [
            (0, 1, 100, 0, 7, 1),
            (0, 2, 10, 0, 7, 2),
            (0, 3, 200, 0, 8, 1),
            (1, 1, 400, 0, 8, 1),
            (2, 1, 0, 50, 7, 0),
            (2, 2, 0, 200, 8, 0),
            (3, 1, 0, 400, 8, 1),
        ];
        let line = |(voucher, line, debit, credit, customer, component): (usize, i64, i64, i64, i64, u16)| {
            let head = &all[voucher];
            let other = if component == 0 { 1001 } else { 600101 };
            DetailLine {
                key: (head.voucher_id, line),
                number: head.number,
                posted_on: head.posted_on,
                event: head.event.clone(),
                text: head.summary.clone(),
                other: AccountCode(other),
                customer: Some(customer),
                component: ComponentId(component),
                debit: Money::from_fen(debit),
                credit: Money::from_fen(credit),
            }
        };
        let of_customer = |id, vouchers: &[usize]| {
            let vouchers = vouchers.iter().map(|at| all[*at].voucher_id).collect();
            Some(Customer { id, bulk_event: "bill_issued".into(), vouchers })
        };
        let filters: &[(LineFilter, &[usize])] = &[
            (LineFilter::default(), &[0, 1, 2, 3, 4, 5, 6]),
            (LineFilter { unit_id: Some(9), ..LineFilter::default() }, &[4, 5]),
            (LineFilter { component: Some(ComponentId(2)), ..LineFilter::default() }, &[1]),
            (LineFilter { component: Some(ComponentId::NONE), ..LineFilter::default() }, &[4, 5]),
            // The office names the first voucher; a payment and a red voucher are found without being named.
            (LineFilter { customer: of_customer(8, &[0, 1]), ..LineFilter::default() }, &[2, 3, 5, 6]),
            (LineFilter { customer: of_customer(8, &[]), ..LineFilter::default() }, &[5, 6]),
            (LineFilter { customer: of_customer(7, &[0]), unit_id: Some(UNIT), component: None }, &[0, 1]),
        ];
        for (filter, wanted) in filters {
            let wanted: Vec<DetailLine> = wanted.iter().map(|at| line(rows[*at])).collect();
            let debit = Money::sum(wanted.iter().map(|line| line.debit)).unwrap();
            let credit = Money::sum(wanted.iter().map(|line| line.credit)).unwrap();
            parts_of(
                &wanted,
                |line| vec![KeyPart::Int(line.key.0), KeyPart::Int(line.key.1)],
                |part| {
                    let AccountLines { lines, count, debit: debits, credit: credits } = desk
                        .look(|tx| account_lines(tx, ORG, RECEIVABLE, month("2026-01"), filter, part))
                        .unwrap();
                    assert_eq!((debits, credits), (debit, credit), "{filter:?}");
                    (lines, count)
                },
            );
            assert_eq!(filter.is_open(), *filter == LineFilter::default());
        }
        let empty = desk
            .look(|tx| account_lines(tx, 2, RECEIVABLE, month("2026-01"), &LineFilter::default(), &whole()))
            .unwrap();
        assert_eq!(empty, AccountLines::default());
    });
}

/// The chart and the components are those that were installed.
#[test]
fn chart_and_components_have_their_names() {
    each_engine(|desk| {
        let rules = PostingRules::standard().unwrap();
        let found = desk.look(|tx| component_names(tx, ORG)).unwrap();
        assert!(!found.is_empty());
        for (id, code, names) in &found {
            assert_eq!(rules.component(code), Ok::<_, LedgerError>(*id));
            assert!(
                !names.text(Lang::Zh).is_empty() && names.text(Lang::Zh) != names.text(Lang::En),
                "{code}"
            );
        }
        let kept = desk.look(|tx| chart(tx, ORG)).unwrap();
        let standard = ledger::Chart::standard().unwrap();
        assert_eq!(kept.accounts().collect::<Vec<_>>(), standard.accounts().collect::<Vec<_>>());
    });
}

/// XC-14: by hand only what was written by hand is reversed, and only by whoever may.
#[test]
fn only_a_hand_written_voucher_is_reversed_by_hand() {
    each_engine(|desk| {
        let office = fill(desk)[0].voucher_id;
        let entry = Entry::new()
            .debit(Leg::new(AccountCode(1002), yuan("5.00")))
            .credit(Leg::new(AccountCode(1001), yuan("5.00")));
        let by_hand = desk
            .act(now(), |work| {
                let header = VoucherHeader { event: MANUAL.into(), ..header(work.next_key(), "2026-01-10") };
                post_manual(work, &header, &entry)
            })
            .unwrap();
        let red =
            |desk: Desk<'_>, id| desk.act(now(), |work| reverse_manual(work, id, day("2026-02-03"), "wrong"));
        assert_eq!(red(*desk, office), Err(LedgerError::NotByHand("book 12".into())));
        assert_eq!(red(*desk, 5), Err(LedgerError::NoSuchVoucher(5)));
        let rights: Vec<_> =
            permission::ALL.iter().filter(|right| **right != permission::REVERSE).copied().collect();
        let nobody = person(&rights);
        let refused = red(Desk::new(desk.store, &nobody), by_hand.voucher_id);
        assert!(matches!(refused, Err(LedgerError::Identity(_))), "{refused:?}");
        assert_eq!(red(*desk, by_hand.voucher_id).unwrap().total, yuan("5.00"));
    });
}
