//! What is urged, asked and bought: late issues, questions of customers, purchased power.

use super::office::*;

/// BILL-07: what should have been issued is asked for, urged and answered, and the record keeps it.
#[test]
fn a_late_issue_is_urged_and_answered() {
    each_engine(|office| {
        let asked = [APRIL, ("unit", "S1")];
        office.refused("reviewer", "2026-04-20", "progress.ask", &asked);
        let found = office.done("fee", "2026-04-20", "progress.ask", &asked);
        assert_eq!(found.facts["books"].as_i64(), Some(2));
        let query = found.facts["query"].as_str().unwrap();
        let urged =
            office.done("fee", "2026-04-20", "progress.urge", &[("query", query), ("text", "请尽快发行")]);
        let ticket = urged.facts["ticket"].as_str().unwrap();
        let answer = [("ticket", ticket), ("text", "本周完成")];
        office.refused("fee", "2026-04-20", "progress.answer", &answer);
        assert!(office.page("reviewer", "2026-04-20", "home", &[]).contains("href=\"/urges\""));
        office.done("reviewer", "2026-04-20", "progress.answer", &answer);
        let kept = office.list("fee", "urges", &[APRIL]);
        assert_eq!(texts(&kept.rows[0])[7], "本周完成");
        let late = office.list("reviewer", "review", &[APRIL]);
        assert_eq!(late.total, 3);
    });
}

/// INQ-01, INQ-02, INQ-03: a question goes to the centre and back; the customer hears it from the station alone.
#[test]
fn an_inquiry_goes_to_the_centre_and_back() {
    each_engine(|office| {
        let question = [("account", USUAL), ("question", "电费为何增加")];
        office.refused("reviewer", "2026-04-08", "inquiry.receive", &question);
        let received = office.done("inquiry", "2026-04-08", "inquiry.receive", &question);
        let key = received.facts["inquiry"].as_str().unwrap();
        let one = ("inquiry", key);
        office.done("inquiry", "2026-04-08", "inquiry.forward", &[one]);
        assert!(office.page("reviewer", "2026-04-08", "home", &[]).contains("href=\"/inquiries\""));
        office.refused("inquiry", "2026-04-08", "inquiry.answer", &[one, ("text", "阶梯二档")]);
        office.done("reviewer", "2026-04-08", "inquiry.answer", &[one, ("text", "阶梯二档")]);
        office.refused("reviewer", "2026-04-08", "inquiry.tell", &[one, ("words", "进入第二档")]);
        office.refused("inquiry", "2026-04-08", "inquiry.tell", &[one, ("words", "请打电费管理中心电话")]);
        office.done("inquiry", "2026-04-08", "inquiry.tell", &[one, ("words", "用电进入第二档阶梯")]);
        let sheet = office.view("inquiry", "inquiry", &[one]);
        assert!(sheet.offers.is_empty());
        assert_eq!(office.list("inquiry", "inquiries", &[("inquiry_state", "closed")]).total, 1);
        assert_eq!(office.list("inquiry", "fees", &[("account", USUAL)]).total, 3);
    });
}

/// GEN-01, GEN-02, GEN-04: a statement is settled by the station, approved by marketing, paid by the station, in that order.
#[test]
fn a_purchase_is_settled_approved_and_paid() {
    each_engine(|office| {
        let plant = [("unit", "S1"), ("name", "清江小水电")];
        office.refused("reviewer", "2026-04-08", "generation.add_plant", &plant);
        let added = office.done("fee", "2026-04-08", "generation.add_plant", &plant);
        let plant = ("plant", added.facts["plant"].as_str().unwrap());
        let month = ("month", "2026-03");
        let settle = [
            plant,
            month,
            ("kwh", "120000"),
            ("price", "0.3612"),
            ("vat", "1300.32"),
            ("contract", "购 2026-3"),
        ];
        let made = office.done("fee", "2026-04-08", "generation.settle", &settle);
        let one = ("statement", made.facts["statement"].as_str().unwrap());
        office.refused("fee", "2026-04-08", "generation.pay", &[one]);
        office.done("fee", "2026-04-08", "generation.submit", &[one]);
        assert_eq!(office.list("marketing", "approvals", &[]).rows[0].offers[0].act, "generation.approve");
        office.refused("fee", "2026-04-08", "generation.approve", &[one]);
        office.done("marketing", "2026-04-08", "generation.approve", &[one]);
        office.refused("marketing", "2026-04-08", "generation.pay", &[one]);
        office.done("fee", "2026-04-08", "generation.pay", &[one]);
        let shown = office.list("marketing", "statements", &[month]);
        assert_eq!(
            shown.sums,
            [
                ("energy_kwh", Value::Quantity(Quantity::whole(120_000).unwrap())),
                ("amount", Value::Money("43344.00".parse().unwrap())),
                ("vat", Value::Money("1300.32".parse().unwrap())),
            ]
        );
        assert!(office.view("fee", "statement", &[one]).offers.is_empty());
    });
}
