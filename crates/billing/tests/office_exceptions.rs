//! Stories of exceptions, clocks of issue and holds, on both databases.
#![allow(clippy::unwrap_used)]

mod house;

use billing::exception::{ExceptionFilter, ExceptionState, SentLists};
use billing::gates::Reasons;
use billing::office::Party;
use billing::{exception, hold, office, progress};
use house::*;
use workflow::ListSide;

fn march() -> kernel::Month {
    month("2026-03")
}

fn state_of(house: &House<'_>, account_id: i64) -> (ExceptionState, i64) {
    let filter = ExceptionFilter { account_id: Some(account_id), ..ExceptionFilter::default() };
    let found = house.look(|tx, org_id| exception::exceptions_of(tx, org_id, march(), &filter));
    (found[0].state, found[0].late_days)
}

/// BILL-09, BILL-10, BILL-11, BILL-16: two lists through OA to the station alone; the answer is due in 2 working days.
#[test]
fn public_exceptions_go_to_the_station_on_two_lists() {
    each_engine(|house| {
        house.exception(1, Reasons::QUANTITY_FLUCTUATION);
        house.exception(2, Reasons::ZERO_READ.with(Reasons::QUANTITY_FLUCTUATION));
        house.exception(3, Reasons::UNREAD);
        house.exception(DEDICATED, Reasons::FEE_FLUCTUATION);
        house.exception(OTHER, Reasons::UNREAD);
        let refused = house.by("fee", "2026-03-06", |work| {
            exception::send_lists(work, &house.rules, march(), house.station)
        });
        assert!(not_permitted(&refused), "{refused:?}");
        let sent = house
            .by("reviewer", "2026-03-06", |work| {
                exception::send_lists(work, &house.rules, march(), house.station)
            })
            .unwrap();
        assert_eq!(sent.fluctuation.as_ref().map(|(_, customers)| *customers), Some(1));
        assert_eq!(sent.zero_and_unread.as_ref().map(|(_, customers)| *customers), Some(2));
        // Friday, so the second working day is Tuesday.
        assert_eq!(sent.due_on, Some(day("2026-03-10")));
        let again = house.by("reviewer", "2026-03-06", |work| {
            exception::send_lists(work, &house.rules, march(), house.station)
        });
        assert_eq!(again.unwrap(), SentLists::default());
        assert_eq!(state_of(house, DEDICATED).0, ExceptionState::Found);
        assert_eq!(state_of(house, OTHER).0, ExceptionState::Found);
        let messages = house.look(|tx, org_id| {
            workflow::messages_of(tx, org_id, day("2026-03-06"), day("2026-03-06"))
                .map_err(|error| office::OfficeError::below(&error))
        });
        assert_eq!(messages.len(), 2);
        assert!(messages.iter().all(|message| {
            message.to_unit_id == house.station
                && message.from_unit_id == house.centre
                && message.channel == workflow::Channel::Oa
        }));
    });
}

/// BILL-11, BILL-14, BILL-15: answered, closed, and only then free to issue; a late answer is the station's delay.
#[test]
fn an_answer_comes_before_the_issue_and_late_days_are_the_stations() {
    each_engine(|house| {
        for account_id in [1, 2] {
            house.exception(account_id, Reasons::QUANTITY_FLUCTUATION);
        }
        let rules = &house.rules;
        house
            .by("reviewer", "2026-03-06", |work| exception::send_lists(work, rules, march(), house.station))
            .unwrap();
        let blocked =
            |house: &House<'_>| house.look(|tx, org_id| exception::not_in_order(tx, org_id, march(), BOOK));
        assert_eq!(blocked(house), [1, 2]);
        let early =
            house.by("reviewer", "2026-03-09", |work| exception::put_in_order(work, rules, march(), 1));
        assert_eq!(rule(early), "BILL-14");
        let foreign =
            house.by("fee2", "2026-03-09", |work| exception::answer(work, rules, march(), 1, "无误"));
        assert!(not_permitted(&foreign), "{foreign:?}");
        let in_time =
            house.by("fee", "2026-03-10", |work| exception::answer(work, rules, march(), 1, "春节停业"));
        assert_eq!(in_time.unwrap(), 0);
        let late =
            house.by("fee", "2026-03-13", |work| exception::answer(work, rules, march(), 2, "表码已核对"));
        assert_eq!(late.unwrap(), 3);
        assert_eq!(blocked(house), [1, 2]);
        let due = house.by("reviewer", "2026-03-13", |work| exception::put_in_order(work, rules, march(), 2));
        assert_eq!(due.unwrap(), day("2026-03-17"));
        assert_eq!(blocked(house), [1]);
        let delays = house.look(|tx, org_id| office::delay::delays_of_month(tx, org_id, march()));
        assert_eq!(delays.len(), 1);
        assert_eq!((delays[0].account_id, delays[0].party, delays[0].days), (Some(2), Party::Station, 3));
        // The question is asked again: the clock starts anew and the bill stays blocked.
        let again = house.by("reviewer", "2026-03-16", |work| {
            exception::ask_again(work, rules, march(), 1, "请附现场照片")
        });
        assert_eq!(again.unwrap(), day("2026-03-18"));
        assert_eq!(state_of(house, 1), (ExceptionState::Sent, 0));
    });
}

/// BILL-13, BILL-14: a dedicated customer gets a ticket; one working day for a reading, three for anything else.
#[test]
fn dedicated_customers_get_a_ticket_with_its_own_time() {
    each_engine(|house| {
        let rules = &house.rules;
        house.exception(DEDICATED, Reasons::ZERO_READ);
        house.exception(1, Reasons::ZERO_READ);
        let public = house
            .by("reviewer", "2026-03-06", |work| exception::raise_ticket(work, rules, march(), 1, "请核对"));
        assert_eq!(rule(public), "BILL-10");
        let (number, due) = house
            .by("reviewer", "2026-03-06", |work| {
                exception::raise_ticket(work, rules, march(), DEDICATED, "请核对表码")
            })
            .unwrap();
        assert!(number.starts_with("GZP-C-2026-"), "{number}");
        assert_eq!(due, day("2026-03-09"));
        house
            .by("fee", "2026-03-09", |work| exception::answer(work, rules, march(), DEDICATED, "停产检修"))
            .unwrap();
        house
            .by("reviewer", "2026-03-10", |work| exception::put_in_order(work, rules, march(), DEDICATED))
            .unwrap();
        // The issue core marks what it issued; its ticket is closed with it.
        house.execute("UPDATE exception SET state = 4 WHERE org_id = ?1 AND account_id = ?2", &[DEDICATED]);
        let close = |house: &House<'_>| {
            house
                .by("reviewer", "2026-03-11", |work| exception::close_issued(work, rules, march(), BOOK))
                .unwrap()
        };
        assert_eq!((close(house), close(house)), (1, 0));
    });
}

/// BILL-13: another anomaly has three working days.
#[test]
fn another_anomaly_has_three_working_days() {
    each_engine(|house| {
        house.exception(DEDICATED, Reasons::FEE_FLUCTUATION);
        let (_, due) = house
            .by("reviewer", "2026-03-06", |work| {
                exception::raise_ticket(work, &house.rules, march(), DEDICATED, "电费突增")
            })
            .unwrap();
        assert_eq!(due, day("2026-03-11"));
    });
}

/// BILL-12, XC-04: the month's feedback is signed by both sides, by two persons; until then it is reported.
#[test]
fn both_sides_sign_the_feedback_of_the_month() {
    each_engine(|house| {
        let rules = &house.rules;
        house.exception(1, Reasons::UNREAD);
        house
            .by("reviewer", "2026-03-06", |work| exception::send_lists(work, rules, march(), house.station))
            .unwrap();
        house.by("fee", "2026-03-09", |work| exception::answer(work, rules, march(), 1, "门锁未抄")).unwrap();
        let unsigned = |house: &House<'_>| {
            let units = (house.centre, house.station);
            house.look(|tx, org_id| exception::unsigned_feedback_of(tx, org_id, march(), units)).len()
        };
        assert_eq!(unsigned(house), 1);
        let list = house
            .by("reviewer", "2026-03-31", |work| exception::make_feedback_list(work, march(), house.station))
            .unwrap();
        let sign = |login: &str, side| {
            house.by(login, "2026-03-31", |work| {
                workflow::sign_list(work, list.id, side).map_err(|error| office::OfficeError::below(&error))
            })
        };
        sign("reviewer", ListSide::First).unwrap();
        assert_eq!(unsigned(house), 1);
        assert!(sign("reviewer", ListSide::Second).is_err());
        assert!(sign("fee", ListSide::Second).unwrap().is_complete());
        assert_eq!(unsigned(house), 0);
    });
}

/// BILL-23: a reviewed book goes back one step only with a reason, and who had reviewed it stays on record.
#[test]
fn a_reviewed_book_goes_back_with_a_reason() {
    each_engine(|house| {
        house.execute(
            "INSERT INTO calculation (org_id, calculation_id, month, book_id, calculated_by, calculated_at, reviewed_by,
               reviewed_at, accounts, clean, energy_kwh, amount) VALUES (?1, 11, 202603, ?2, 5, 1, 6, 2, 1, 1, 0, 0)",
            &[BOOK],
        );
        let back = |login: &str, reason: &str| {
            house.by(login, "2026-03-10", |work| exception::return_book(work, house.station, 11, reason))
        };
        assert!(not_permitted(&back("fee", "重算")));
        assert!(back("reviewer", "  ").is_err());
        back("reviewer", "倍率已更正，须重算").unwrap();
        assert_eq!(
            house.number("SELECT COUNT(*) FROM calculation WHERE org_id = ?1 AND reviewed_by IS NULL"),
            1
        );
        assert_eq!(house.number("SELECT old_reviewer FROM book_step_back WHERE org_id = ?1"), 6);
        assert_eq!(rule(back("reviewer", "再退")), "BILL-23");
    });
}

/// BILL-04, BILL-05, BILL-06, BILL-07: three working days from submission; the station lists what is late and urges.
#[test]
fn the_station_urges_what_should_have_been_issued() {
    each_engine(|house| {
        let rules = &house.rules;
        for (book_id, submitted, late_days) in [(BOOK, "2026-03-06", 0), (503, "2026-03-11", 3)] {
            house.execute(
                "INSERT INTO book_month (org_id, month, book_id, batch_id, unit_id, state, scheduled_on, submitted_at,
                   late_days, version) VALUES (?1, 202603, ?2, 1, ?3, 3, 20260305, ?4, ?5, 1)",
                &[book_id, house.station, at(submitted).millis(), late_days],
            );
        }
        let clock = |book_id, date: &str| {
            house
                .by("fee", date, |work| {
                    progress::book_submitted(work, &rules.calendar, march(), book_id, house.centre)
                })
                .unwrap()
        };
        assert_eq!(clock(BOOK, "2026-03-06"), day("2026-03-11"));
        assert_eq!(clock(503, "2026-03-11"), day("2026-03-16"));
        let delays = house.look(|tx, org_id| office::delay::delays_of_month(tx, org_id, march()));
        assert_eq!(delays.len(), 1);
        assert_eq!((delays[0].book_id, delays[0].party, delays[0].days), (Some(503), Party::Station, 3));

        let ask = |date: &str| {
            house
                .by("fee", date, |work| progress::should_be_issued(work, rules, march(), house.station))
                .unwrap()
        };
        let (nothing, late) = ask("2026-03-11");
        assert!(late.is_empty());
        let needless = house
            .by("fee", "2026-03-11", |work| progress::urge(work, rules, nothing, house.centre, "请发行"));
        assert_eq!(rule(needless), "BILL-07");
        let (query, late) = ask("2026-03-12");
        assert_eq!(late.iter().map(|book| (book.book_id, book.late_days)).collect::<Vec<_>>(), [(BOOK, 1)]);
        let ticket = house
            .by("fee", "2026-03-12", |work| progress::urge(work, rules, query, house.centre, "请尽快发行"))
            .unwrap();
        let own = house.by("fee", "2026-03-12", |work| progress::answer_urge(work, rules, ticket.id, "已办"));
        assert!(not_permitted(&own));
        let answered = house
            .by("reviewer", "2026-03-12", |work| progress::answer_urge(work, rules, ticket.id, "今日发行"))
            .unwrap();
        assert!(answered.closed);
        // Issued: it is no longer on the list.
        house.issue(1, "2026-03", 100, "60.00", "2026-03-12");
        let met =
            house.by("reviewer", "2026-03-12", |work| progress::book_issued(work, march(), BOOK)).unwrap();
        assert_eq!(met, 1);
        let (_, late) = ask("2026-03-17");
        assert_eq!(late.iter().map(|book| book.book_id).collect::<Vec<_>>(), [503]);
    });
}

/// PARM-04, PARM-05: the station holds the issue until its change ticket is archived; the centre can do neither.
#[test]
fn a_hold_lasts_until_the_change_is_archived() {
    each_engine(|house| {
        let rules = &house.rules;
        let place = |login: &str| {
            house.by(login, "2026-03-05", |work| {
                hold::place(work, rules, 1, march(), "BG-S1-2026-000007", "增容未归档", house.centre)
            })
        };
        assert!(not_permitted(&place("reviewer")));
        assert!(not_permitted(&place("fee2")));
        let held = place("fee").unwrap();
        assert_eq!(rule(place("fee")), "PARM-04");
        assert_eq!(house.look(hold::holds_open), std::slice::from_ref(&held));
        assert!(not_permitted(&house.by("reviewer", "2026-03-10", |work| hold::release(
            work,
            rules,
            held.hold_id
        ))));
        let due = house.by("fee", "2026-03-13", |work| hold::release(work, rules, held.hold_id)).unwrap();
        assert_eq!(due, day("2026-03-17"));
        assert_eq!(house.look(hold::holds_open), []);
        let kept = house.look(|tx, org_id| hold::holds_of(tx, org_id, 1));
        assert_eq!((kept.len(), kept[0].issue_due_on), (1, Some(due)));
    });
}
