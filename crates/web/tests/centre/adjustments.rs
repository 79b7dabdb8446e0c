//! The routes of refunds: by whom each step is taken, and whose approval an amount needs.

use super::office::*;

/// A step of an adjustment: who may not take it, who may, which act, with what.
type Step<'s> = (&'s [&'s str], &'s str, &'s str, &'s [(&'s str, &'s str)]);

/// ADJ-01..05, ADJ-07, ADJ-08, ADJ-15, ADJ-16, ADJ-18: an adjustment of each route by the right persons, each step refused to
/// the wrong ones, who made it first of all.
#[test]
fn an_adjustment_of_each_route() {
    const FINISH: [Step<'_>; 5] = [
        (&["fee", "head"], "reviewer", "adjustment.archive", &[]),
        (&["reviewer", "fee2"], "fee", "adjustment.complete_step", &[("item", "create_batch")]),
        (&["reviewer", "fee2"], "fee", "adjustment.finish_follow_up", &[]),
        (&["fee", "leader"], "reviewer", "adjustment.call", &[("text", "请建电子抄本")]),
        (&["fee", "leader"], "reviewer", "adjustment.issue", &[]),
    ];
    let routes: [(&str, &str, &str, &[&str], Vec<Step<'_>>); 4] = [
        (
            "adjustment.start_station",
            "station_error",
            "fee",
            &["reviewer", "fee2", "institute"],
            vec![
                (&["fee", "reviewer", "centre_head"], "head", "adjustment.approve_station", &[]),
                (&["fee", "head"], "reviewer", "adjustment.operate", &[]),
            ],
        ),
        (
            "adjustment.start_centre",
            "insufficient_review",
            "reviewer",
            &["fee", "centre_head"],
            vec![
                (&["reviewer", "head"], "centre_head", "adjustment.approve_centre", &[]),
                (&["reviewer", "centre_head", "fee2"], "fee", "adjustment.audit", &[]),
                (&["fee"], "reviewer", "adjustment.operate", &[]),
            ],
        ),
        (
            "adjustment.start_metering",
            "metering_quantity",
            "institute",
            &["reviewer", "fee"],
            vec![
                (&["institute", "head"], "institute_head", "adjustment.approve_metering", &[]),
                (&["institute", "fee2"], "fee", "adjustment.audit", &[]),
                (&["institute"], "reviewer", "adjustment.operate", &[]),
            ],
        ),
        (
            "adjustment.start_inspection",
            "breach_of_contract",
            "inspector",
            &["reviewer", "fee"],
            vec![
                (&["inspector", "head"], "inspection_head", "adjustment.approve_inspection", &[]),
                (&["inspector", "fee2"], "fee", "adjustment.audit", &[]),
                (&["inspector"], "reviewer", "adjustment.operate", &[]),
            ],
        ),
    ];
    each_engine(|office| {
        for (act, cause, starter, strangers, steps) in &routes {
            let new = [
                ("account", USUAL),
                ("month", "2026-03"),
                ("adjustment_cause", *cause),
                ("reason", "三月表码录入有误"),
                ("kwh", "-30"),
                ("components", "energy=-15.50"),
                ("create_batch", "true"),
            ];
            for stranger in *strangers {
                office.refused(stranger, "2026-04-07", act, &new);
            }
            let started = office.done(starter, "2026-04-07", act, &new);
            // Nobody telephones about what the station itself started.
            let called = *act != "adjustment.start_station";
            let rest = FINISH.iter().filter(|(.., act, _)| called || *act != "adjustment.call");
            walk(office, started.facts["case"].as_str().unwrap(), steps.iter().chain(rest));
        }
        let bills = office.list("reviewer", "bills", &[("month", "2026-03"), ("book", "B601")]);
        assert_eq!(bills.total, 9 + routes.len());
        ties_out(office.company.house, "2026-06");
    });
}

fn walk<'s>(office: &Office<'_>, case: &str, steps: impl Iterator<Item = &'s Step<'s>>) {
    for (wrong, right, act, more) in steps {
        let mut given = vec![("case", case)];
        given.extend_from_slice(more);
        for login in *wrong {
            office.refused(login, "2026-04-07", act, &given);
        }
        let offered = names(&office.view(right, "adjustment", &[("case", case)]));
        assert!(offered.contains(act), "{act} is not offered to {right}: {offered:?}");
        office.done(right, "2026-04-07", act, &given);
    }
    let sheet = office.view("reviewer", "adjustment", &[("case", case)]);
    assert_eq!(names(&sheet), ["adjustment.receive_evidence"], "only the papers come after the end");
}

/// ADJ-06, ADJ-10: a fee adjustment after a metering fault is asked for by the institute and started by the station.
#[test]
fn a_metering_fee_is_asked_for_and_started_by_the_station() {
    each_engine(|office| {
        let new = |ticket: Option<&'static str>| {
            let mut given = vec![
                ("account", USUAL),
                ("month", "2026-03"),
                ("adjustment_cause", "metering_fee"),
                ("reason", "计量装置接线错误"),
                ("components", "energy=88.00"),
            ];
            given.extend(ticket.map(|ticket| ("request_ticket", ticket)));
            given
        };
        office.refused("institute", "2026-04-07", "adjustment.start_station", &new(None));
        office.refused("fee", "2026-04-07", "adjustment.start_station", &new(None));
        let basis = [("account", USUAL), ("basis", "检定证书 2026-17")];
        office.refused("fee", "2026-04-07", "adjustment.request_fee", &basis);
        let asked = office.done("institute", "2026-04-07", "adjustment.request_fee", &basis);
        let home = office.page("fee", "2026-04-07", "home", &[]);
        assert!(home.contains("/tickets"), "the request waits for the station");
        let ticket: &'static str =
            Box::leak(asked.facts["ticket"].as_str().unwrap().to_owned().into_boxed_str());
        let started = office.done("fee", "2026-04-07", "adjustment.start_station", &new(Some(ticket)));
        walk(
            office,
            started.facts["case"].as_str().unwrap(),
            [
                (
                    &["fee", "institute_head"] as &[&str],
                    "head",
                    "adjustment.approve_station",
                    &[] as &[(&str, &str)],
                ),
                (&["fee"], "reviewer", "adjustment.operate", &[]),
                (&["fee"], "reviewer", "adjustment.archive", &[]),
                (&["reviewer"], "fee", "adjustment.finish_follow_up", &[]),
                (&["fee"], "reviewer", "adjustment.call", &[("text", "请建电子抄本")]),
                (&["fee"], "reviewer", "adjustment.issue", &[]),
            ]
            .iter(),
        );
    });
}

/// ADJ-03, ADJ-17: the amount decides whose approval is needed; a large refund is a leader's, who signs it.
#[test]
fn a_large_refund_climbs_to_the_leader() {
    each_engine(|office| {
        let new = [
            ("account", USUAL),
            ("month", "2026-03"),
            ("adjustment_cause", "station_error"),
            ("reason", "多计电费"),
            ("components", "energy=-60000.00"),
        ];
        let started = office.done("fee", "2026-04-07", "adjustment.start_station", &new);
        let case = started.facts["case"].as_str().unwrap().to_owned();
        let given = [("case", case.as_str())];
        let waits = |login: &str| office.list(login, "approvals", &[]).total;
        assert_eq!((waits("head"), waits("marketing"), waits("leader"), waits("fee")), (1, 0, 0, 0));
        office.refused("leader", "2026-04-07", "adjustment.approve_leader", &given);
        office.done("head", "2026-04-07", "adjustment.approve_station", &given);
        assert_eq!((waits("head"), waits("marketing"), waits("leader")), (0, 1, 0));
        office.refused("head", "2026-04-07", "adjustment.approve_station", &given);
        office.done("marketing", "2026-04-07", "adjustment.approve_station", &given);
        assert_eq!((waits("marketing"), waits("leader")), (0, 1));
        let inbox = office.list("leader", "approvals", &[]);
        assert_eq!(inbox.rows[0].offers[0].act, "adjustment.approve_leader");
        let leader = office.catalogue.act("adjustment.approve_leader").unwrap();
        assert_eq!(leader.weight, web::catalogue::Weight::Signed);
        // The act that is not signed does not take the leader's step, whoever tries.
        office.refused("marketing", "2026-04-07", "adjustment.approve_station", &given);
        assert!(office.page("leader", "2026-04-07", "home", &[]).contains("href=\"/approvals\""));
        office.done("leader", "2026-04-07", "adjustment.approve_leader", &given);
        office.refused("reviewer", "2026-04-07", "adjustment.operate", &given);
        office.done("head", "2026-04-07", "adjustment.send_on_station", &given);
        office.done("reviewer", "2026-04-07", "adjustment.operate", &given);
    });
}
