//! The way of a book from the station to the centre and back, on both engines.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use identity::IdentityError;
use metering::book::rules::{Act, after, is_read_in, late_days, scheduled_day};
use metering::book::*;
use metering::entry::*;
use metering::reading::*;
use metering::ticket::*;
use metering::{MeteringError, What, permissions};
use store::StoreError;

const MARCH: i64 = 202603;

fn state(store: &store::Store) -> BookState {
    store.read(|tx| book_month(tx, ORG, month(MARCH), 1)).unwrap().unwrap().state
}

/// READ-05, READ-09, READ-11, BILL-23: exactly these steps exist; everything else is refused.
#[test]
fn a_book_takes_only_these_steps() {
    use BookState::*;
    let allowed = [
        (Created, Act::Enter, Entering),
        (Entering, Act::Enter, Entering),
        (Returned, Act::Enter, Returned),
        (Entering, Act::Submit, Submitted),
        (Returned, Act::Submit, Submitted),
        (Submitted, Act::Return, Returned),
        (Submitted, Act::Calculate, Calculating),
        (Calculating, Act::Review, Reviewing),
        (Reviewing, Act::Issue, Issued),
        (Reviewing, Act::Hold, Exception),
        (Exception, Act::Resume, Reviewing),
        (Calculating, Act::StepBack, Submitted),
        (Reviewing, Act::StepBack, Calculating),
        (Exception, Act::StepBack, Calculating),
    ];
    for state in BookState::ALL {
        for act in Act::ALL {
            let expected =
                allowed.iter().find(|(from, by, _)| from == state && *by == act).map(|(_, _, to)| *to);
            assert_eq!(after(*state, act), expected, "{state:?} {act:?}");
        }
    }
}

/// READ-08 (calendar days), READ-12 (a fixed day of each month).
#[test]
fn days_are_counted_by_the_calendar() {
    for (due, submitted, late) in
        [(20260307, 20260305, 0), (20260307, 20260307, 0), (20260307, 20260308, 1), (20260301, 20260302, 1)]
    {
        assert_eq!(late_days(day(due), day(submitted)), late);
    }
    assert_eq!(scheduled_day(month(202602), 31).unwrap(), day(20260228));
    assert_eq!(scheduled_day(month(202603), 31).unwrap(), day(20260331));
    assert!(is_read_in(Cycle::OddMonths, month(202603)) && !is_read_in(Cycle::EvenMonths, month(202603)));
}

/// READ-04, READ-05, READ-06, READ-08, READ-09: the station's part, and what is refused to others and out of order.
#[test]
fn the_station_enters_checks_and_submits() {
    each_engine(|store| {
        opened_book(store, 3, month(MARCH));
        let (station, centre) = (station(), centre());
        let refused = |result: Result<u64, MeteringError>| {
            assert!(matches!(result, Err(MeteringError::Identity(IdentityError::NotPermitted { .. }))));
        };
        let march = month(MARCH);
        refused(act(store, &centre, at(20260305), |work| {
            enter_readings(work, march, 1, &[shown(1, "10", 20260305)], "")
        }));
        refused(act(store, &centre, at(20260305), |work| {
            create_batch(work, &calendar(), STATION, march.next(), &[1]).map(|b| b.1)
        }));
        let enter = |now: i64, lines: &[Entered]| {
            act(store, &station, at(now), |work| enter_readings(work, march, 1, lines, ""))
        };
        assert_eq!(enter(20260305, &[shown(1, "100.5", 20260305), shown(2, "0", 20260305)]).unwrap(), 2);
        assert_eq!(state(store), BookState::Entering);
        let counts = store.read(|tx| line_counts(tx, ORG, march, 1)).unwrap();
        assert_eq!(counts, LineCounts { lines: 3, read: 1, zero: 1, unread: 1, untouched: 1 });

        // One bad line refuses all of them.
        let bad = enter(20260305, &[shown(1, "101", 20260305), shown(3, "1000000", 20260305)]);
        assert!(matches!(bad, Err(MeteringError::Reading { fault: ReadingFault::TooManyDigits { .. }, .. })));
        assert!(enter(20260305, &[shown(9, "1", 20260305)]).is_err(), "no such line");
        assert!(enter(20260305, &[shown(1, "1", 20260305), shown(1, "2", 20260305)]).is_err(), "twice");

        let submit_on = |now: i64| act(store, &station, at(now), |work| submit(work, &calendar(), march, 1));
        assert!(matches!(submit_on(20260307), Err(MeteringError::NotSelfChecked { .. })));
        let check = || act(store, &station, at(20260307), |work| self_check(work, march, 1, "逐户核对"));
        check().unwrap();
        assert!(matches!(submit_on(20260307), Err(MeteringError::LinesUntouched { lines: 1, .. })));
        let unread =
            Entered { status: Some(ReadingStatus::Unread), shown: vec![], ..shown(3, "0", 20260305) };
        enter(20260307, &[unread]).unwrap();
        assert!(
            matches!(submit_on(20260308), Err(MeteringError::NotSelfChecked { .. })),
            "entry undoes the check"
        );
        check().unwrap();
        let submitted = submit_on(20260308).unwrap();
        assert_eq!((submitted.state, submitted.late_days), (BookState::Submitted, 1));
        assert!(matches!(
            enter(20260308, &[shown(1, "101", 20260305)]),
            Err(MeteringError::WrongState { state: BookState::Submitted, .. })
        ));
    });
}

/// READ-09, READ-10, READ-11: a submitted reading changes only through a ticket; every earlier value stays.
#[test]
fn a_submitted_reading_changes_by_ticket_only() {
    each_engine(|store| {
        opened_book(store, 1, month(MARCH));
        let (station, centre) = (station(), centre());
        let march = month(MARCH);
        let enter = |now: i64, value: &str, reason: &str| {
            let lines = [shown(1, value, now)];
            act(store, &station, at(now), |work| enter_readings(work, march, 1, &lines, reason))
        };
        let check_and_submit = |now: i64| {
            act(store, &station, at(now), |work| {
                self_check(work, march, 1, "")?;
                submit(work, &calendar(), march, 1)
            })
        };
        enter(20260305, "100", "").unwrap();
        let raise = |now: i64| {
            act(store, &station, at(now), |work| {
                raise_change(work, &calendar(), CENTRE, march, (1, 1), "抄错一位")
            })
        };
        assert!(raise(20260305).is_err(), "an open book needs no ticket");
        check_and_submit(20260305).unwrap();

        // Friday; the next working day is Monday.
        let clocks = |ticket: i64, today: i64| {
            let standing = store.read(|tx| workflow::clocks_of_ticket(tx, ORG, ticket, day(today))).unwrap();
            let of = |code: &str| standing.iter().find(|one| one.clock.code == code).unwrap().clock.clone();
            (of("book_return"), of("refusal_reply"))
        };
        let refused_ticket = raise(20260306).unwrap().id;
        let answer = |now: i64, ticket: i64, agreed: bool, text: &str| {
            act(store, &centre, at(now), |work| answer_change(work, &calendar(), ticket, agreed, text))
        };
        assert!(answer(20260309, refused_ticket, false, " ").is_err(), "a refusal says why");
        assert_eq!(answer(20260309, refused_ticket, false, "数据无误").unwrap().state, "refused");
        let (_, reply) = clocks(refused_ticket, 20260309);
        assert_eq!((reply.due_on, reply.met_on), (day(20260309), Some(day(20260309))));
        assert_eq!(state(store), BookState::Submitted);

        let agreed_ticket = raise(20260309).unwrap().id;
        let own = act(store, &person(11, "同一人", &[permissions::AGREE_RETURN]), at(20260310), |work| {
            answer_change(work, &calendar(), agreed_ticket, true, "")
        });
        assert!(own.is_err(), "who raised it cannot answer it");
        assert_eq!(state(store), BookState::Submitted);
        assert_eq!(answer(20260312, agreed_ticket, true, "同意").unwrap().state, "agreed");
        let (returned, _) = clocks(agreed_ticket, 20260312);
        assert_eq!((returned.due_on, returned.met_on), (day(20260310), Some(day(20260312))));
        assert!(answer(20260312, agreed_ticket, true, "").is_err(), "it is answered already");
        assert_eq!(state(store), BookState::Returned);
        assert!(enter(20260312, "90", "").is_err(), "a correction says why");
        enter(20260312, "90", "更正").unwrap();
        enter(20260313, "95", "再更正").unwrap();
        let calculate = || act(store, &centre, at(20260313), |work| begin_calculation(work, march, 1));
        assert!(calculate().is_err(), "it must be submitted again first");
        check_and_submit(20260313).unwrap();
        calculate().unwrap();

        let history = store.read(|tx| reading_history(tx, ORG, march, (1, 1))).unwrap();
        let kept: Vec<_> = history
            .iter()
            .map(|old| {
                let value = old.reading.registers.of(Register::Total).unwrap().current;
                (value.to_string(), old.reading.entered_by, old.replaced_at, old.reason.as_str())
            })
            .collect();
        assert_eq!(
            kept,
            [("100".to_owned(), 11, at(20260312), "更正"), ("90".to_owned(), 11, at(20260313), "再更正")]
        );
        let now = store.read(|tx| lines_of_book(tx, ORG, march, 1)).unwrap();
        assert_eq!(now[0].registers.of(Register::Total).unwrap().current, kwh("95"));
    });
}

/// BILL-01, BILL-23: the centre's steps carry person and time; back one step only with a reason.
#[test]
fn the_centre_moves_the_book() {
    each_engine(|store| {
        opened_book(store, 1, month(MARCH));
        let (station, centre) = (station(), centre());
        let march = month(MARCH);
        act(store, &station, at(20260305), |work| {
            enter_readings(work, march, 1, &[shown(1, "5", 20260305)], "")?;
            self_check(work, march, 1, "")?;
            submit(work, &calendar(), march, 1)
        })
        .unwrap();
        let denied = act(store, &station, at(20260306), |work| begin_calculation(work, march, 1));
        assert!(matches!(denied, Err(MeteringError::Identity(_))));
        act(store, &centre, at(20260306), |work| {
            begin_calculation(work, march, 1)?;
            begin_review(work, march, 1)?;
            hold_for_exceptions(work, march, 1, "波动超过30%")?;
            resume_review(work, march, 1)
        })
        .unwrap();
        assert!(act(store, &centre, at(20260306), |work| send_back(work, march, 1, "")).is_err());
        act(store, &centre, at(20260306), |work| send_back(work, march, 1, "电价代码有误")).unwrap();
        assert_eq!(state(store), BookState::Calculating);
        act(store, &centre, at(20260307), |work| {
            begin_review(work, march, 1)?;
            issue(work, march, 1)
        })
        .unwrap();
        assert!(act(store, &centre, at(20260307), |work| send_back(work, march, 1, "太晚")).is_err());
        let steps = store.read(|tx| steps(tx, ORG, march, 1)).unwrap();
        let last = steps.last().unwrap();
        assert_eq!((last.to, last.person_id, last.at), (BookState::Issued, 21, at(20260307)));
        assert!(steps.iter().any(|step| step.to == BookState::Calculating && step.reason == "电价代码有误"));
        assert_eq!(steps.len(), 9);
    });
}

/// READ-04: a book read every other month is opened in its own months only, and its lines follow those of two months
/// before; the billing run is told that a reading covers two months.
#[test]
fn a_bimonthly_book_is_opened_in_its_own_months() {
    use kernel::Bilingual;
    use metering::account::AccountBulk;
    use metering::stream::accounts_with_readings;
    each_engine(|store| {
        let odd = Book {
            book_id: 1,
            number: "0001".into(),
            name: "东街".into(),
            unit_id: STATION,
            reader_id: 51,
            cycle: Cycle::OddMonths,
            reading_day: Some(5),
            version: 1,
        };
        let mut books = BookBulk::new(ORG);
        books.book(&odd).unwrap();
        books.book(&Book { book_id: 2, number: "0002".into(), cycle: Cycle::EvenMonths, ..odd }).unwrap();
        let mut bulk = AccountBulk::new(ORG);
        for (account_id, book_id) in [(1, 1), (2, 2)] {
            bulk.account(&account(account_id, book_id)).unwrap();
            bulk.meter(&meter(account_id, 1)).unwrap();
        }
        store
            .write(|tx| {
                books.load(tx)?;
                bulk.load(tx)
            })
            .unwrap();
        let open = |of: i64, books: &[i64]| {
            let start = at(of * 100 + 1);
            act(store, &station(), start, |work| create_batch(work, &calendar(), STATION, month(of), books))
        };
        // November and December, January and February: each book in its own months, over the end of the year.
        for (of, book, other) in [(202511, 1, 2), (202512, 2, 1), (202601, 1, 2), (202602, 2, 1)] {
            let refused = open(of, &[book, other]).unwrap_err();
            assert!(matches!(refused, MeteringError::NotAllowed { .. }), "{refused}");
            assert!(
                refused.text(kernel::Lang::Zh).contains("该月不抄表"),
                "{}",
                refused.text(kernel::Lang::Zh)
            );
            assert_eq!(store.read(|tx| book_month(tx, ORG, month(of), book)).unwrap(), None);
            assert_eq!(open(of, &[book]).unwrap().1, 1);
            let line = store.read(|tx| lines_of_book(tx, ORG, month(of), book)).unwrap()[0];
            let before = line.registers.of(Register::Total).unwrap().previous;
            assert_eq!(before, kwh(if of < 202600 { "0" } else { "100" }), "{of}");
            act(store, &station(), at(of * 100 + 5), |work| {
                let entered = Entered { account_id: book, ..shown(1, "100", of * 100 + 5) };
                let entered = if of < 202600 {
                    entered
                } else {
                    Entered { shown: vec![(Register::Total, kwh("250"))], ..entered }
                };
                enter_readings(work, month(of), book, &[entered], "")
            })
            .unwrap();
            let rows = store.read(|tx| accounts_with_readings(tx, ORG, month(of), &[1, 2])).unwrap();
            assert!(rows.iter().all(|row| row.months == 2));
        }
    });
}

/// READ-12, READ-13: an unreviewed day is not in force; who proposes does not review.
#[test]
fn a_reading_day_is_in_force_when_reviewed() {
    each_engine(|store| {
        opened_book(store, 1, month(MARCH));
        let other = Book {
            book_id: 2,
            number: "0002".into(),
            name: "西街".into(),
            unit_id: STATION,
            reader_id: 51,
            cycle: Cycle::Monthly,
            reading_day: Some(9),
            version: 1,
        };
        act(store, &station(), at(20260301), |work| create_book(work, &other)).unwrap();
        let batch = || {
            act(store, &station(), at(20260301), |work| {
                create_batch(work, &calendar(), STATION, month(MARCH), &[2])
            })
        };
        let to_open = |of| store.read(|tx| books_to_open(tx, ORG, STATION, of));
        // The first book is open in March; in April it is opened, and the other is said to be left out.
        assert!(matches!(
            to_open(month(MARCH)),
            Err(MeteringError::NotAllowed { what: What::ReadingDay, value, .. }) if value == "0002"
        ));
        let april = to_open(month(MARCH).next()).unwrap();
        assert_eq!(
            (april.books.as_slice(), april.without_day.as_slice()),
            (&[1][..], &["0002".to_owned()][..])
        );
        assert_eq!(april.left_out().en, "; 1 left out, with no reading day in force: 0002");
        assert!(batch().is_err());
        let both = person(31, "一人两岗", &[permissions::SET_READING_DAY, permissions::REVIEW_READING_DAY]);
        let proposal = act(store, &both, at(20260301), |work| propose_reading_day(work, 2, 9)).unwrap();
        assert!(act(store, &both, at(20260301), |work| propose_reading_day(work, 2, 32)).is_err());
        assert!(
            act(store, &both, at(20260301), |work| review_reading_day(work, proposal, true, "")).is_err()
        );
        assert!(batch().is_err());
        assert_eq!(store.read(|tx| unreviewed_reading_days(tx, ORG)).unwrap(), vec![(proposal, 2, 9)]);
        act(store, &marketing(), at(20260301), |work| review_reading_day(work, proposal, true, "")).unwrap();
        assert_eq!(to_open(month(MARCH)).unwrap(), ToOpen { books: vec![2], without_day: vec![] });
        batch().unwrap();
        assert!(matches!(to_open(month(MARCH)), Err(MeteringError::NotAllowed { what: What::Month, .. })));
        assert!(matches!(batch(), Err(MeteringError::AlreadyDone { .. })));
        let opened = store.read(|tx| book_month(tx, ORG, month(MARCH), 2)).unwrap().unwrap();
        assert_eq!(opened.scheduled_on, day(20260309));
    });
}

/// READ-04: a batch is taken back only while nothing was entered in it.
#[test]
fn an_untouched_batch_can_be_deleted() {
    each_engine(|store| {
        opened_book(store, 2, month(MARCH));
        let april = month(MARCH).next();
        let (batch, lines) = act(store, &station(), at(20260401), |work| {
            create_batch(work, &calendar(), STATION, april, &[1])
        })
        .unwrap();
        assert_eq!(lines, 2);
        assert!(act(store, &centre(), at(20260401), |work| delete_batch(work, batch)).is_err());
        act(store, &station(), at(20260401), |work| delete_batch(work, batch)).unwrap();
        assert_eq!(store.read(|tx| lines_of_book(tx, ORG, april, 1)).unwrap(), vec![]);
        assert_eq!(store.read(|tx| lines_of_book(tx, ORG, month(MARCH), 1)).unwrap().len(), 2);
        let (again, _) = act(store, &station(), at(20260401), |work| {
            create_batch(work, &calendar(), STATION, april, &[1])
        })
        .unwrap();
        act(store, &station(), at(20260405), |work| {
            enter_readings(work, april, 1, &[shown(1, "5", 20260405)], "")
        })
        .unwrap();
        assert!(act(store, &station(), at(20260405), |work| delete_batch(work, again)).is_err());
    });
}

/// READ-14: the next month begins with what each meter ended with; a meter that missed a month is not forgotten.
#[test]
fn lines_begin_where_the_last_ones_ended() {
    each_engine(|store| {
        opened_book(store, 2, month(MARCH));
        act(store, &station(), at(20260305), |work| {
            enter_readings(work, month(MARCH), 1, &[shown(1, "120.5", 20260305)], "")
        })
        .unwrap();
        // May follows March: April was not opened for this book.
        let may = month(202605);
        act(store, &station(), at(20260501), |work| create_batch(work, &calendar(), STATION, may, &[1]))
            .unwrap();
        let lines = store.read(|tx| lines_of_book(tx, ORG, may, 1)).unwrap();
        let previous: Vec<_> =
            lines.iter().map(|line| line.registers.of(Register::Total).unwrap().previous).collect();
        assert_eq!(previous, [kwh("120.5"), kwh("0")]);
        assert!(lines.iter().all(|line| line.status == ReadingStatus::Unread && line.entered_by == 0));
        // A version that moved meanwhile is refused.
        let stale = Entered { version: Some(7), ..shown(1, "130", 20260505) };
        let tried = act(store, &station(), at(20260505), |work| enter_readings(work, may, 1, &[stale], ""));
        assert!(matches!(tried, Err(MeteringError::Store(StoreError::Stale(_)))));
    });
}

/// READ-07: what was seen on site is linked to the meter and the month.
#[test]
fn the_reading_log_reaches_the_reviewer() {
    each_engine(|store| {
        opened_book(store, 1, month(MARCH));
        let write = |meter_seq: i64, note: &str| {
            act(store, &station(), at(20260305), |work| {
                write_log(work, month(MARCH), (1, meter_seq), LogKind::SealBroken, note)
            })
        };
        write(1, "封印缺失").unwrap();
        assert!(write(2, "无此表").is_err());
        assert!(write(1, "").is_err());
        let seen = store.read(|tx| log_entries(tx, ORG, month(MARCH), (1, 1))).unwrap();
        assert_eq!((seen.len(), seen[0].kind, seen[0].note.as_str()), (1, LogKind::SealBroken, "封印缺失"));
    });
}
