//! Exceptions, from their list or ticket to the issue; bills that their score holds.

use std::collections::BTreeSet;

use billing::gates::Reasons;

use super::office::*;

/// BILL-01, BILL-10, BILL-11, BILL-14, BILL-16, BILL-20, BILL-23: an exception from its list to the answer and the issue.
#[test]
fn an_exception_from_list_to_answer_to_issue() {
    each_engine(|office| {
        let one = [APRIL, ("account", DOUBLED)];
        assert_eq!(office.refused("fee", "2026-04-07", "book.calculate", &PUBLIC).why, Why::NotPermitted);
        assert_eq!(
            office.refused("reviewer", "2026-04-07", "book.issue", &PUBLIC).why,
            Why::Refused,
            "not reviewed"
        );
        office.begin_april();
        let again = office.refused("reviewer", "2026-04-07", "book.issue", &PUBLIC);
        assert!(again.said.en.contains("wait for their exceptions"), "{}", again.said.en);

        let open = office.list("reviewer", "exceptions", &[APRIL, ("open", "true"), ("book", "B601")]);
        assert_eq!(open.total, 3, "doubled, zero, unread");
        let offered: BTreeSet<&str> =
            open.rows.iter().flat_map(|row| &row.offers).map(|offer| offer.act).collect();
        assert!(offered.is_empty(), "public exceptions go by list");
        let lists = [APRIL, ("unit", "S1")];
        assert_eq!(
            office.refused("fee", "2026-04-07", "exception.send_lists", &lists).why,
            Why::NotPermitted
        );
        let sent = office.done("reviewer", "2026-04-07", "exception.send_lists", &lists);
        assert_eq!(sent.facts["customers"].as_i64(), Some(3));
        office.refused("reviewer", "2026-04-07", "exception.send_lists", &lists);

        let answer = [APRIL, ("account", DOUBLED), ("text", "新增空调，现场核实")];
        assert_eq!(
            office.refused("reviewer", "2026-04-08", "exception.answer", &answer).why,
            Why::NotPermitted
        );
        assert_eq!(office.refused("fee2", "2026-04-08", "exception.answer", &answer).why, Why::NotPermitted);
        office.refused("reviewer", "2026-04-08", "exception.put_in_order", &one);
        office.done("fee", "2026-04-08", "exception.answer", &answer);
        office.done(
            "reviewer",
            "2026-04-08",
            "exception.ask_again",
            &[APRIL, ("account", DOUBLED), ("text", "请附照片")],
        );
        office.done("fee", "2026-04-09", "exception.answer", &answer);
        assert_eq!(
            office.refused("fee", "2026-04-09", "exception.put_in_order", &one).why,
            Why::NotPermitted
        );
        office.done("reviewer", "2026-04-09", "exception.put_in_order", &one);

        let screen = office.page(
            "reviewer",
            "2026-04-09",
            "review_book",
            &[APRIL, ("book", "B601"), ("account", DOUBLED)],
        );
        for part in
            ["data-key=\"i\"", "新增空调，现场核实", DOUBLED, "block-review_figures", "block-review_answers"]
        {
            assert!(screen.contains(part), "{part} is not on the screen");
        }
        let issued = office.done("reviewer", "2026-04-09", "book.issue", &PUBLIC);
        assert_eq!((issued.facts["bills"].as_i64(), issued.facts["left"].as_i64()), (Some(1), Some(2)));

        let bill = office.view("reviewer", "bill", &one);
        let Block::Steps { steps, .. } = block(&bill, "explanation") else { panic!() };
        assert!(steps.len() > 3);
        let Block::Timeline { events, .. } = block(&bill, "bill_history") else { panic!() };
        assert!(events.iter().any(|(.., words)| words.contains("新增空调")), "{events:?}");
        let Block::Table { rows, .. } = block(&bill, "bill_postings") else { panic!() };
        let posted = Money::sum(rows.iter().map(|row| match row.cells[3].value {
            Value::Money(amount) => amount,
            _ => panic!(),
        }));
        let Block::Facts { facts, .. } = block(&bill, "bill_facts") else { panic!() };
        let amount = facts.iter().find(|(name, ..)| *name == "amount").unwrap().2.value.clone();
        assert_eq!(Value::Money(posted.unwrap()), amount);
        block(&bill, "bill_proof");
        ties_out(office.company.house, "2026-06");
    });
}

/// BILL-13, BILL-14: a dedicated customer gets a ticket instead of a place on the list.
#[test]
fn a_dedicated_exception_goes_by_ticket() {
    each_engine(|office| {
        let dedicated = [APRIL, ("book", "B602")];
        for act in ["book.calculate", "book.review", "book.issue"] {
            office.done("reviewer", "2026-04-07", act, &dedicated);
        }
        let text = ("text", "请核对表码");
        office.refused(
            "fee",
            "2026-04-07",
            "exception.raise_ticket",
            &[APRIL, ("account", "4200001102"), text],
        );
        office.done(
            "reviewer",
            "2026-04-07",
            "exception.raise_ticket",
            &[APRIL, ("account", "4200001102"), text],
        );
        let seen = office.list("fee", "exceptions", &[APRIL, ("transformer", "dedicated")]);
        assert_eq!(seen.rows[0].offers[0].act, "exception.answer");
        let home = office.page("fee", "2026-04-08", "home", &[]);
        assert!(home.contains("/exceptions?month=2026-04&amp;exception_state=sent"), "{home}");
    });
}

/// BILL-14, XC-03: a bill that its score holds is issued only when two persons released it, for the figures they saw.
#[test]
fn a_held_bill_is_released_by_two() {
    each_engine(|office| {
        office.done("reviewer", "2026-04-07", "book.calculate", &PUBLIC);
        let held = Reasons::SUSPECT.with(Reasons::HELD);
        for table in ["exception", "bill"] {
            let sql = format!(
                "UPDATE {table} SET reasons = ?2 WHERE org_id = ?1 AND month = 202604 AND account_id = 1003"
            );
            office.company.house.execute(&sql, &[i64::from(held.0)]);
        }
        office.done("reviewer", "2026-04-07", "book.review", &PUBLIC);
        office.done("reviewer", "2026-04-07", "exception.send_lists", &[APRIL, ("unit", "S1")]);
        let one = [APRIL, ("account", DOUBLED)];
        office.done(
            "fee",
            "2026-04-08",
            "exception.answer",
            &[APRIL, ("account", DOUBLED), ("text", "已核实")],
        );
        office.refused("reviewer", "2026-04-08", "exception.put_in_order", &one);
        office.refused("centre_head", "2026-04-08", "exception.confirm_release", &one);
        let why = [APRIL, ("account", DOUBLED), ("reason", "现场核实用电增加")];
        for stranger in ["fee", "head", "centre_head"] {
            office.refused(stranger, "2026-04-08", "exception.propose_release", &why);
        }
        office.done("reviewer", "2026-04-08", "exception.propose_release", &why);
        for stranger in ["reviewer", "reviewer2", "fee"] {
            office.refused(stranger, "2026-04-08", "exception.confirm_release", &one);
        }
        office.refused("reviewer", "2026-04-08", "exception.put_in_order", &one);
        assert_eq!(office.list("centre_head", "releases", &[APRIL]).rows[0].offers.len(), 1);
        assert!(office.page("centre_head", "2026-04-08", "home", &[]).contains("/releases?month=2026-04"));
        office.done("centre_head", "2026-04-08", "exception.confirm_release", &one);
        office.done("reviewer", "2026-04-08", "exception.put_in_order", &one);
        let issued = office.done("reviewer", "2026-04-08", "book.issue", &PUBLIC);
        assert!(issued.facts["bills"].as_i64().unwrap() >= 1);
        assert!(
            office
                .list("reviewer", "bills", &[APRIL, ("bill_state", "issued")])
                .rows
                .iter()
                .any(|row| texts(row)[0] == DOUBLED)
        );
    });
}
