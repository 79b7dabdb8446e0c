//! Custody, new accounts, carry-over, statistics and dated changes, on both engines.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::Rate;
use metering::account::*;
use metering::book::*;
use metering::custody::{self, *};
use metering::entry::*;
use metering::statistics::*;
use metering::ticket::*;
use metering::yearly::*;
use metering::{MeteringError, permissions};
use store::Store;

const MARCH: i64 = 202603;

fn tool(kind: ToolKind, number: &str, book_id: Option<i64>) -> Tool {
    Tool {
        tool_id: 0,
        kind,
        number: number.into(),
        unit_id: STATION,
        account_id: None,
        book_id,
        state: ToolState::Kept,
        holder_id: None,
        version: 0,
    }
}

fn enter(store: &Store, of: i64, lines: &[Entered], now: i64) {
    act(store, &station(), at(now), |work| enter_readings(work, month(of), 1, lines, "")).unwrap();
}
fn submit_book(store: &Store, of: i64, now: i64) {
    act(store, &station(), at(now), |work| {
        self_check(work, month(of), 1, "")?;
        submit(work, &calendar(), month(of), 1)
    })
    .unwrap();
}
fn issue_book(store: &Store, of: i64, now: i64) {
    act(store, &centre(), at(now), |work| {
        begin_calculation(work, month(of), 1)?;
        begin_review(work, month(of), 1)?;
        issue(work, month(of), 1)
    })
    .unwrap();
}

/// READ-01, READ-02: a card is opened, built, carried over and transcribed by its station only; its whole life is kept.
#[test]
fn cards_are_kept_by_their_station() {
    each_engine(|store| {
        let card = tool(ToolKind::Card, "K0001", None);
        let register = |who| act(store, &who, at(20260301), |work| register_tool(work, &card));
        assert!(register(centre()).is_err());
        let id = register(station()).unwrap();
        assert!(register(station()).is_err(), "a number is given once");
        let event =
            |who, event, now: i64| act(store, &who, at(now), |work| record_event(work, id, event, 51, ""));
        assert!(event(centre(), ToolEvent::Open, 20260301).is_err());
        for (day, what) in [
            (20260301, ToolEvent::Open),
            (20260302, ToolEvent::Build),
            (20260303, ToolEvent::Recard),
            (20260304, ToolEvent::Transcribe),
            (20260305, ToolEvent::Issue),
            (20260306, ToolEvent::Circulate),
            (20260307, ToolEvent::Keep),
            (20260308, ToolEvent::Destroy),
        ] {
            event(station(), what, day).unwrap();
        }
        assert!(event(station(), ToolEvent::Issue, 20260309).is_err(), "nothing follows destruction");
        let life = store.read(|tx| custody::history(tx, ORG, id)).unwrap();
        assert_eq!(life.len(), 8);
        assert_eq!(
            (life[4].event, life[4].on, life[4].person_id, life[4].done_by),
            (ToolEvent::Issue, day(20260305), 51, 11)
        );
    });
}

/// READ-03: the station faxes the copy back within two days; after that the request is overdue.
#[test]
fn a_requested_card_is_faxed_within_two_days() {
    each_engine(|store| {
        let id = act(store, &station(), at(20260301), |work| {
            register_tool(work, &tool(ToolKind::Card, "K1", None))
        })
        .unwrap();
        let ticket = act(store, &centre(), at(20260306), |work| {
            request_card(work, &calendar(), CENTRE, id, "核对起码")
        })
        .unwrap();
        let late = |today: i64| {
            let standing =
                store.read(|tx| workflow::clocks_of_ticket(tx, ORG, ticket.id, day(today))).unwrap();
            (standing[0].clock.due_on, standing[0].state)
        };
        assert_eq!(late(20260308), (day(20260308), workflow::ClockState::Running));
        assert_eq!(late(20260309).1, workflow::ClockState::Late { days: 1 });
        act(store, &station(), at(20260309), |work| send_card(work, &calendar(), ticket.id, "已传真"))
            .unwrap();
        assert!(
            act(store, &station(), at(20260309), |work| send_card(work, &calendar(), ticket.id, "")).is_err()
        );
    });
}

/// READ-15: only the ledger-issue room issues, nobody who does accounting, and no ledger goes out during accounting.
#[test]
fn ledgers_are_issued_by_the_room_only() {
    each_engine(|store| {
        opened_book(store, 1, month(MARCH));
        let ledger = tool(ToolKind::Ledger, "B1", Some(1));
        let id = act(store, &station(), at(20260301), |work| register_tool(work, &ledger)).unwrap();
        let room = person(61, "帐本发放员", &[permissions::ISSUE_LEDGER]);
        let both = person(62, "兼职", &[permissions::ISSUE_LEDGER, permissions::REVIEW]);
        let event = |who: &identity::Actor, event, now: i64| {
            act(store, who, at(now), |work| record_event(work, id, event, 51, ""))
        };
        assert!(event(&station(), ToolEvent::Issue, 20260304).is_err());
        assert!(event(&both, ToolEvent::Issue, 20260304).is_err());
        event(&room, ToolEvent::Issue, 20260304).unwrap();
        event(&room, ToolEvent::Keep, 20260305).unwrap();
        enter(store, MARCH, &[shown(1, "5", 20260305)], 20260305);
        submit_book(store, MARCH, 20260305);
        assert!(event(&room, ToolEvent::Issue, 20260306).is_err(), "the book is being accounted");
        issue_book(store, MARCH, 20260307);
        event(&room, ToolEvent::Issue, 20260308).unwrap();
    });
}

/// READ-16: a new account waits in the queue, is issued before reading begins, and is in the month's batch.
#[test]
fn new_accounts_are_issued_before_reading_begins() {
    each_engine(|store| {
        opened_book(store, 1, month(MARCH));
        let new = account(0, 1);
        let id = act(store, &station(), at(20260320), |work| {
            let new = AccountDetails { number: "4000000001".into(), ..new.clone() };
            let id = open_account(
                work,
                &new,
                &[Meter { number: "N1".into(), installed_on: day(20260318), ..meter(0, 1) }],
            )?;
            queue_new_account(work, id)?;
            Ok(id)
        })
        .unwrap();
        assert_eq!(id, 2);
        let april = month(202604);
        let batch = || {
            act(store, &station(), at(20260401), |work| create_batch(work, &calendar(), STATION, april, &[1]))
        };
        assert!(batch().is_err(), "reading does not begin while an account waits");
        let issue =
            |of| act(store, &station(), at(20260401), |work| issue_new_accounts(work, STATION, of, 51));
        assert!(issue(month(MARCH)).is_err(), "March is read already");
        assert_eq!(issue(april).unwrap(), 1);
        assert_eq!(batch().unwrap().1, 2);
        assert_eq!(store.read(|tx| waiting_accounts(tx, ORG, STATION)).unwrap(), vec![]);
    });
}

/// READ-17, READ-18: the year is carried over after December is closed, with all materials, and both ledgers agree.
#[test]
fn a_year_is_carried_over() {
    each_engine(|store| {
        let december = 202512;
        opened_book(store, 3, month(december));
        let lines: Vec<_> = (1..=3).map(|id| shown(id, &format!("{id}0.5"), 20251205)).collect();
        enter(store, december, &lines, 20251205);
        submit_book(store, december, 20251206);
        let carry = || act(store, &station(), at(20251220), |work| carry_over(work, 2025, STATION));
        assert!(carry().is_err(), "materials are missing");
        for (code, on) in [("cards", 20251110), ("covers", 20251130), ("labels", 20251201)] {
            act(store, &station(), at(on), |work| material_ready(work, 2025, STATION, code)).unwrap();
        }
        let list = store.read(|tx| materials(tx, ORG, 2025, STATION)).unwrap();
        let late: Vec<_> =
            list.iter().filter(|one| one.is_late(day(20251231))).map(|one| &one.code).collect();
        assert_eq!(late, ["labels"]);
        assert!(carry().is_err(), "December is not issued");
        issue_book(store, december, 20251210);
        assert_eq!(store.read(|tx| compare_carry_over(tx, ORG, 2025, STATION)).unwrap().len(), 3);
        assert_eq!(carry().unwrap(), 3);
        assert_eq!(store.read(|tx| compare_carry_over(tx, ORG, 2025, STATION)).unwrap(), vec![]);
        assert!(carry().is_err(), "once");
        // A difference does not stay hidden.
        let change = "UPDATE ledger_opening SET total = total + 1000000 WHERE org_id = ?1 AND account_id = 2";
        store.write(|tx| tx.execute(change, store::params![ORG])).unwrap();
        let found = store.read(|tx| compare_carry_over(tx, ORG, 2025, STATION)).unwrap();
        assert_eq!(
            found,
            vec![CarryOverDifference {
                account_id: 2,
                meter_seq: 1,
                closing: Some(kwh("20.5")),
                opening: Some(kwh("21.5"))
            }]
        );
    });
}

/// XC-21, XC-22, XC-23: two decimals of a percent; none when nothing was due.
#[test]
fn reading_is_measured() {
    each_engine(|store| {
        opened_book(store, 3, month(MARCH));
        let figures = |of: i64, unit| store.read(|tx| reading_figures(tx, ORG, month(of), unit)).unwrap();
        let none = figures(202601, Some(STATION));
        assert_eq!((none.actual_reading_rate().unwrap(), none.error_rate().unwrap()), (None, None));
        let estimated = Entered { estimated: true, ..shown(3, "7", 20260305) };
        enter(store, MARCH, &[shown(1, "5", 20260305), shown(2, "0", 20260305), estimated], 20260305);
        submit_book(store, MARCH, 20260305);
        let ticket = act(store, &station(), at(20260306), |work| {
            raise_change(work, &calendar(), CENTRE, month(MARCH), (1, 1), "抄错")
        })
        .unwrap();
        act(store, &centre(), at(20260306), |work| answer_change(work, &calendar(), ticket.id, true, "同意"))
            .unwrap();
        act(store, &centre(), at(20260306), |work| {
            record_reading_error(work, month(MARCH), (1, 1), "复核发现")
        })
        .unwrap();
        let found = figures(MARCH, None);
        assert_eq!(found, figures(MARCH, Some(STATION)));
        assert_eq!((found.due, found.read, found.households_in_error), (3, 2, 1));
        let rate = |text: &str| Some(text.parse::<Rate>().unwrap());
        assert_eq!(
            (found.actual_reading_rate().unwrap(), found.error_rate().unwrap()),
            (rate("0.6667"), rate("0.5"))
        );
    });
}

/// XC-02, XC-15: every right this office asks for is in the catalogue of posts, and its acts are in the log.
#[test]
fn rights_and_acts_are_known() {
    let catalogue = identity::Catalogue::built_in();
    for permission in permissions::ALL {
        assert!(
            catalogue.permissions.iter().any(|known| known.name == permission.0),
            "{} is not in the catalogue",
            permission.0
        );
    }
    each_engine(|store| {
        opened_book(store, 1, month(MARCH));
        enter(store, MARCH, &[shown(1, "50", 20260305)], 20260305);
        let acts = store.read(|tx| vault::size(tx, ORG)).unwrap();
        assert!(acts >= 5, "book, proposal, review, batch, entry: {acts}");
        let report = store.read(|tx| vault::check(tx, ORG));
        assert!(report.is_ok());
        let denied = act(store, &centre(), at(20260306), |work| self_check(work, month(MARCH), 1, ""));
        assert!(matches!(denied, Err(MeteringError::Identity(_))));
        assert_eq!(store.read(|tx| vault::size(tx, ORG)).unwrap(), acts, "a refusal leaves nothing");
    });
}
