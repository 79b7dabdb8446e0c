//! Approvals, lists signed by both sides, closings and messages, on both databases.
#![allow(clippy::unwrap_used)]

mod house;

use house::{House, at, day, each_engine};
use identity::IdentityError;
use kernel::{Bilingual as _, Lang, Month, Text};
use workflow::{
    Approval, ApprovalState, Channel, ClockState, Evidence, ListLine, ListSide, NewApproval, NewList,
    NewMessage, Period, Proved, Subject, WorkflowError,
};

fn march() -> Month {
    Month::new(2026, 3).unwrap()
}

fn decide(
    house: &House<'_>,
    login: &str,
    approval: &Approval,
    approved: bool,
) -> Result<Approval, WorkflowError> {
    house.by(login, "2026-03-05", |work| workflow::decide(work, approval.id, approved, "依据充分"))
}

/// ADJ-03, ADJ-17, XC-02: a large refund passes the whole chain, in order, each step by its own post.
#[test]
fn a_large_refund_passes_every_post() {
    each_engine(|house| {
        let ticket = house
            .raise("fee", "2026-03-05", &house.new_ticket("adjustment_station", house.station, house.centre))
            .unwrap();
        assert_eq!(ticket.number, "TB-S1-2026-000001");
        let fee = house.actor("fee").person_id;
        let approval = house
            .by("fee", "2026-03-05", |work| {
                let new = NewApproval {
                    kind: "adjustment_station",
                    subject: Subject { kind: "ticket", id: ticket.id },
                    unit_id: house.station,
                    amount: "60000.00".parse().unwrap(),
                    is_refund: true,
                    maker_id: fee,
                };
                workflow::open_approval(work, &new)
            })
            .unwrap();
        assert_eq!(approval.steps.len(), 3);
        for login in ["leader", "marketing", "fee", "reviewer"] {
            let early = decide(house, login, &approval, true);
            assert!(matches!(early, Err(WorkflowError::WrongPost { step: 1, .. })), "{login}: {early:?}");
        }
        decide(house, "head", &approval, true).unwrap();
        let too_early = house.act("head", "2026-03-05", &ticket, "approve", "");
        assert!(matches!(too_early, Err(WorkflowError::NotApproved { .. })), "{too_early:?}");
        decide(house, "marketing", &approval, true).unwrap();
        let done = decide(house, "leader", &approval, true).unwrap();
        assert_eq!(done.state, ApprovalState::Approved);
        assert!(matches!(decide(house, "leader", &approval, true), Err(WorkflowError::Decided { .. })));
        let kept = house.look(|tx, org_id| workflow::find_approval(tx, org_id, approval.id));
        let by: Vec<_> = kept.steps.iter().map(|step| step.decision.as_ref().unwrap().person_id).collect();
        let expected: Vec<_> =
            ["head", "marketing", "leader"].iter().map(|login| house.actor(login).person_id).collect();
        assert_eq!(by, expected);
        let approved = house.act("head", "2026-03-05", &ticket, "approve", "").unwrap();
        let operated = house.act("reviewer", "2026-03-06", &approved, "operate", "").unwrap();
        assert_eq!(operated.state, "operated");
    });
}

/// XC-02, ADJ-03: the maker never approves, and a refusal ends the matter.
#[test]
fn the_maker_never_approves() {
    each_engine(|house| {
        let head = house.actor("head").person_id;
        let open = |maker_id| {
            house
                .by("fee", "2026-03-05", |work| {
                    let new = NewApproval {
                        kind: "adjustment_station",
                        subject: Subject { kind: "ticket", id: 1 },
                        unit_id: house.station,
                        amount: "10.00".parse().unwrap(),
                        is_refund: true,
                        maker_id,
                    };
                    workflow::open_approval(work, &new)
                })
                .unwrap()
        };
        let own = open(head);
        let refused = decide(house, "head", &own, true);
        assert!(
            matches!(refused, Err(WorkflowError::Identity(IdentityError::MakerIsChecker { .. }))),
            "{refused:?}"
        );
        let other = open(house.actor("fee").person_id);
        assert_eq!(decide(house, "head", &other, false).unwrap().state, ApprovalState::Refused);
        assert!(matches!(decide(house, "head", &other, true), Err(WorkflowError::Decided { .. })));
    });
}

/// XC-04, BILL-12: feedback of a month is signed by a person of each side; one person, one signature; unsigned is listed.
#[test]
fn a_list_is_complete_with_both_signatures_only() {
    each_engine(|house| {
        let new = house.new_ticket("book_return", house.station, house.centre);
        let ticket = house.raise("reader", "2026-03-06", &new).unwrap();
        house.act("reviewer", "2026-03-06", &ticket, "agree", "同意").unwrap();
        let unsigned = || house.look(|tx, org_id| workflow::unsigned_feedback(tx, org_id, march()));
        let feedback = unsigned();
        assert_eq!(feedback.len(), 1);
        assert_eq!((feedback[0].number.as_str(), feedback[0].text.as_str()), (&*ticket.number, "同意"));
        let lines: Vec<ListLine> = feedback
            .iter()
            .map(|said| ListLine {
                subject_kind: "feedback".into(),
                subject_id: said.feedback_id,
                text: said.text.clone(),
            })
            .collect();
        let elsewhere = house
            .by("reviewer", "2026-03-30", |work| {
                let new = NewList {
                    kind: "feedback",
                    month: march(),
                    first_unit_id: house.centre,
                    second_unit_id: house.other_station,
                    lines: &lines,
                };
                workflow::make_list(work, &new)
            })
            .unwrap();
        for (login, side) in [("reviewer", ListSide::First), ("fee2", ListSide::Second)] {
            house.by(login, "2026-03-30", |work| workflow::sign_list(work, elsewhere.id, side)).unwrap();
        }
        assert_eq!(unsigned().len(), 1, "another station's signature does not count");
        let list = house
            .by("reviewer", "2026-03-31", |work| {
                let new = NewList {
                    kind: "feedback",
                    month: march(),
                    first_unit_id: house.centre,
                    second_unit_id: house.station,
                    lines: &lines,
                };
                workflow::make_list(work, &new)
            })
            .unwrap();
        assert_eq!(list.number, "QZ-C-2026-00002");
        let sign = |login: &str, side| {
            house.by(login, "2026-03-31", |work| workflow::sign_list(work, list.id, side))
        };
        let for_the_other = sign("reviewer", ListSide::Second);
        assert!(matches!(for_the_other, Err(WorkflowError::NotOfThisUnit { .. })), "{for_the_other:?}");
        assert!(!sign("reviewer", ListSide::First).unwrap().is_complete());
        assert!(matches!(sign("centre_head", ListSide::First), Err(WorkflowError::SideSigned { .. })));
        let waiting = house.look(|tx, org_id| workflow::unsigned_lists(tx, org_id, march()));
        assert_eq!(waiting.iter().map(|list| list.id).collect::<Vec<_>>(), [list.id]);
        assert_eq!(unsigned().len(), 1, "one signature is not enough");
        assert!(sign("fee2", ListSide::Second).is_err(), "another station cannot sign");
        let signed = sign("fee", ListSide::Second).unwrap();
        assert!(signed.is_complete());
        assert_eq!(signed.signatures[1].at, at("2026-03-31"));
        assert_eq!(house.look(|tx, org_id| workflow::unsigned_lists(tx, org_id, march())), []);
        assert_eq!(unsigned(), []);
        assert_eq!(house.look(|tx, org_id| workflow::list_lines(tx, org_id, list.id)), lines);
    });
}

/// XC-09: a month closes only when every item of the unit's list is done.
#[test]
fn a_month_is_not_closed_with_open_items() {
    each_engine(|house| {
        let period = Period::Month(march());
        let close =
            || house.by("head", "2026-03-31", |work| workflow::close_period(work, house.station, period));
        let tick = |item: &str, nothing_to_do: bool, note: &str| {
            house.by("fee", "2026-03-31", |work| {
                workflow::tick_item(
                    work,
                    house.station,
                    period,
                    item,
                    (nothing_to_do, note),
                    &Evidence::unsaid(),
                )
            })
        };
        let Err(WorkflowError::OpenItems { items, .. }) = close() else { panic!("must be refused") };
        assert!(items.contains("receivable_confirmed") && items.contains("contracts_signed"), "{items}");
        let items = house
            .by("fee", "2026-03-31", |work| workflow::open_checklist(work, house.station, period))
            .unwrap();
        assert_eq!(items.len(), 6);
        let list = house
            .by("fee", "2026-03-31", |work| {
                let new = NewList {
                    kind: "contract_directory",
                    month: march(),
                    first_unit_id: house.station,
                    second_unit_id: house.centre,
                    lines: &[],
                };
                workflow::make_list(work, &new)
            })
            .unwrap();
        let unsigned = tick("contracts_signed", false, "");
        assert!(matches!(unsigned, Err(WorkflowError::ListsUnsigned { count: 1, .. })), "{unsigned:?}");
        for (login, side) in [("fee", ListSide::First), ("reviewer", ListSide::Second)] {
            house.by(login, "2026-03-31", |work| workflow::sign_list(work, list.id, side)).unwrap();
        }
        assert!(tick("carry_over_done", false, "").is_err(), "a yearly item is not on the month's list");
        assert!(tick("feedback_signed", true, "").is_err(), "nothing to do needs a note");
        tick("feedback_signed", true, "本月无反馈").unwrap();
        for item in items.iter().filter(|item| item.code != "feedback_signed") {
            assert!(close().is_err());
            tick(&item.code, false, "").unwrap();
        }
        assert!(tick("contracts_signed", false, "").is_err(), "ticked once");
        close().unwrap();
        assert!(matches!(close(), Err(WorkflowError::Closed { .. })));
        assert!(matches!(tick("slips_closed", false, ""), Err(WorkflowError::Closed { .. })));
        let by = house.look(|tx, org_id| workflow::closed_by(tx, org_id, house.station, period));
        assert_eq!(by, Some((house.actor("head").person_id, at("2026-03-31"))));
    });
}

/// XC-09: what the books deny is not ticked, neither as done nor as nothing to do; where there is nothing to prove an item
/// by, it is ticked as nothing to do, with a note. Whoever is refused reads what is missing.
#[test]
fn what_the_books_deny_is_not_ticked() {
    // What the books say, ticked as nothing to do, the note, is it ticked.
    let cases = [
        (Proved::Yes, false, "", true),
        (Proved::Yes, true, "none this month", true),
        (Proved::No, false, "", false),
        (Proved::No, false, "done by hand", false),
        (Proved::No, true, "none this month", false),
        (Proved::Nothing, false, "", false),
        (Proved::Nothing, false, "done by hand", false),
        (Proved::Nothing, true, "", false),
        (Proved::Nothing, true, "none this month", true),
        (Proved::Unsaid, false, "", true),
        (Proved::Unsaid, true, "", false),
        (Proved::Unsaid, true, "none this month", true),
    ];
    each_engine(|house| {
        for (at, (proved, nothing_to_do, note, ticked)) in cases.into_iter().enumerate() {
            let period = Period::Month(Month::new(2024, i8::try_from(at).unwrap() + 1).unwrap());
            let on = "2026-03-31";
            house.by("fee", on, |work| workflow::open_checklist(work, house.station, period)).unwrap();
            let evidence = Evidence { said: Text::new("尚未确认", "not confirmed yet"), proved };
            let tick = house.by("fee", on, |work| {
                let as_what = (nothing_to_do, note);
                workflow::tick_item(work, house.station, period, "receivable_confirmed", as_what, &evidence)
            });
            assert_eq!(tick.is_ok(), ticked, "{proved:?} {nothing_to_do} {note:?}: {tick:?}");
            if let Err(error @ WorkflowError::NotProved { .. }) = tick {
                assert!(error.text(Lang::Zh).contains("“应收数据已确认”不能登记完成：尚未确认"), "{error:?}");
                assert!(error.text(Lang::En).contains("not confirmed yet"), "{error:?}");
            } else {
                assert!(ticked || note.is_empty(), "{tick:?}");
            }
            let kept = house.look(|tx, org_id| workflow::checklist(tx, org_id, house.station, period));
            let item = kept.iter().find(|item| item.code == "receivable_confirmed").unwrap();
            assert_eq!(item.done.is_some(), ticked);
        }
    });
}

/// XC-16: sender, receiver, moment and document of every message are kept.
#[test]
fn messages_between_units_are_logged() {
    each_engine(|house| {
        let send = |login: &str, from, sent: &str, channel| {
            house.by(login, "2026-03-05", |work| {
                let new = NewMessage {
                    channel,
                    from_unit_id: from,
                    to_unit_id: house.station,
                    to_person_id: None,
                    sent_at: at(sent),
                    subject: Subject { kind: "exception_list", id: 3 },
                    text: "电量电费浮动异常客户明细表",
                };
                workflow::log_message(work, &new)
            })
        };
        let sent = send("reviewer", house.centre, "2026-03-05", Channel::Oa).unwrap();
        send("reviewer", house.centre, "2026-03-04", Channel::Telephone).unwrap();
        assert_eq!(
            send("reviewer", house.centre, "2026-03-06", Channel::Fax),
            Err(WorkflowError::NotSentYet)
        );
        assert!(send("fee2", house.centre, "2026-03-05", Channel::Mail).is_err(), "not in another's name");
        let about = Subject { kind: "exception_list", id: 3 };
        let found = house.look(|tx, org_id| workflow::messages_about(tx, org_id, about));
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], sent);
        assert_eq!(found[0].from_person_id, house.actor("reviewer").person_id);
        let that_day =
            house.look(|tx, org_id| workflow::messages_of(tx, org_id, day("2026-03-04"), day("2026-03-04")));
        assert_eq!(that_day.iter().map(|message| message.channel).collect::<Vec<_>>(), [Channel::Telephone]);
    });
}

/// ADJ-05, ADJ-14, ADJ-16: the metering institute starts, its head approves, the station audits, the centre operates and
/// archives, the station follows up, the centre issues; each within its days.
#[test]
fn a_metering_fault_is_adjusted_by_four_hands() {
    each_engine(|house| {
        let mut new = house.new_ticket("adjustment_metering", house.metering, house.station);
        new.third_unit_id = Some(house.centre);
        assert!(house.raise("fee", "2026-03-02", &new).is_err(), "only the institute starts it");
        let mut ticket = house.raise("metering", "2026-03-02", &new).unwrap();
        let steps = [
            ("reviewer", "operate", false), // not before the audit
            ("metering", "approve", false), // not its own
            ("metering_head", "approve", true),
            ("reviewer", "audit", false), // the centre does not decide the data
            ("fee2", "audit", false),
            ("fee", "audit", true),
            ("metering", "operate", false),
            ("reviewer", "operate", true),
            ("reviewer", "issue", false), // not before archive and follow-up
            ("reviewer", "archive", true),
            ("reviewer", "issue", false),
            ("fee", "follow_up", true),
            ("reviewer", "issue", true),
        ];
        for (login, act, allowed) in steps {
            let done = house.act(login, "2026-03-03", &ticket, act, "");
            assert_eq!(done.is_ok(), allowed, "{login} {act}: {done:?}");
            if let Ok(next) = done {
                ticket = next;
            }
        }
        assert!(ticket.closed);
        let clocks = house
            .look(|tx, org_id| workflow::clocks_of_ticket(tx, org_id, ticket.id, day("2026-03-31")))
            .into_iter()
            .map(|standing| (standing.clock.code, standing.clock.answerable_unit_id, standing.state))
            .collect::<Vec<_>>();
        let met = |code: &str, unit| (code.to_owned(), unit, ClockState::Met);
        assert_eq!(
            clocks,
            [
                met("any_step", house.station),
                met("adjustment_handling", house.centre),
                met("any_step", house.station),
                met("issue_after_adjustment", house.centre),
            ]
        );
    });
}
