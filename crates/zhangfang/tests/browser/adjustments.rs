//! An adjustment of each of the five kinds of cause, each by its own route of persons.

use serde_json::json;

use super::book::ISSUED;
use super::person::{Person, Visit};

/// The route of a cause: who starts it by which act, who approves it, does the station audit, must the centre call.
struct Route {
    name: &'static str,
    starter: &'static str,
    act: &'static str,
    cause: &'static str,
    head: &'static str,
    approve: &'static str,
    audited: bool,
    called: bool,
}

const STATION: Route = Route {
    name: "station",
    starter: "dc-guanli",
    act: "adjustment.start_station",
    cause: "station_error",
    head: "dc-suozhang",
    approve: "adjustment.approve_station",
    audited: false,
    called: false,
};
const METERING: Route = Route {
    name: "metering",
    starter: "jiliang",
    act: "adjustment.start_metering",
    cause: "metering_quantity",
    head: "jilsuo",
    approve: "adjustment.approve_metering",
    audited: true,
    called: true,
};
const METERING_FEE: Route = Route { name: "metering-fee", cause: "metering_fee", called: true, ..STATION };
const INSPECTION: Route = Route {
    name: "inspection",
    starter: "jicha",
    act: "adjustment.start_inspection",
    cause: "breach_of_contract",
    head: "jichazhang",
    approve: "adjustment.approve_inspection",
    audited: true,
    called: true,
};
const CENTRE: Route = Route {
    name: "centre",
    starter: "fuhe",
    act: "adjustment.start_centre",
    cause: "system_error",
    head: "zhuren",
    approve: "adjustment.approve_centre",
    audited: true,
    called: true,
};

/// A customer of the station whose January is issued: the one at this place of the list.
fn customer(person: &Person, at: usize) -> String {
    person.open(&format!("/bills?month={ISSUED}&bill_state=issued&unit=DC&limit=100"));
    let script = "const links = [...document.querySelectorAll('table.data tbody tr')].map((r) => r.querySelector('a[href^=\"/bills/\"]')).filter(Boolean);
        return links.length > args[0] ? links[args[0]].pathname.split('/').pop() : null;";
    person.finds("an issued bill", script, &[json!(at)]).as_str().unwrap().to_owned()
}

/// Walks a route from its start to the further bill of the month.
fn walk(visit: &Visit<'_>, route: &Route, account: &str, request: Option<&str>) {
    let starter = visit.as_person(route.starter);
    starter.picture("home");
    let mut fields = vec![
        ("adjustment_cause", route.cause),
        ("reason", "核查发现电量计算有误，按实际更正"),
        ("kwh", "-12"),
        ("components", "energy=-6.50"),
    ];
    if let Some(request) = request {
        fields.push(("request_ticket", request));
    }
    starter.does_from_form(route.act, &[("account", account), ("month", ISSUED)], &fields);
    starter.picture("started");
    starter.open(&format!("/adjustments?q={account}"));
    starter.picture("list");
    let case = starter.finds(
        "the case",
        "const link = document.querySelector('table.data tbody a[href^=\"/adjustments/\"]'); return link ? link.pathname : null;",
        &[],
    );
    let case = case.as_str().unwrap().to_owned();
    let number = case.rsplit('/').next().unwrap().to_owned();
    let given = [("case", number.as_str())];
    starter.open(&case);
    starter.picture("case");
    assert!(!starter.is_offered(route.approve, &given), "who starts it never approves it");
    starter.leaves();

    let step = |login: &str, act: &str, fields: &[(&str, &str)]| {
        let person = visit.as_person(login);
        person.open(&case);
        person.does(act, &given, fields);
        person.picture(act);
        person.leaves();
    };
    step(route.head, route.approve, &[("note", "同意")]);
    if route.audited {
        step("dc-guanli", "adjustment.audit", &[("note", "原始数据无误")]);
    }
    let centre = visit.as_person("hesuan");
    centre.open(&case);
    centre.does("adjustment.operate", &given, &[]);
    centre.open(&case);
    centre.does("adjustment.archive", &given, &[]);
    if route.called {
        centre.open(&case);
        centre.does("adjustment.call", &given, &[("text", "已电话通知供电所建抄本")]);
    }
    centre.picture("archived");
    centre.leaves();
    step("dc-guanli", "adjustment.finish_follow_up", &[]);
    let centre = visit.as_person("hesuan");
    centre.open(&case);
    centre.does("adjustment.issue", &given, &[]);
    centre.says("-6.50");
    centre.picture("issued");
    centre.open(&format!("/bills/{ISSUED}/{account}?sequence=1"));
    centre.says("-6.50");
    centre.picture("bill");
    centre.leaves();
}

fn story(route: &Route, at: usize) {
    let name = format!("adjustment-{}", route.name);
    let visit = Visit::of(&name);
    let looker = visit.as_person("hesuan");
    let account = customer(&looker, at);
    looker.leaves();
    if route.cause != "metering_fee" {
        return walk(&visit, route, &account, None);
    }
    // The institute asks; the station starts on its ticket only. (ADJ-06)
    let clerk = visit.as_person("jiliang");
    clerk.does_from_form(
        "adjustment.request_fee",
        &[("account", &account)],
        &[("basis", "检定报告：表计误差 +2.5%，退电费")],
    );
    clerk.picture("requested");
    clerk.leaves();
    let office = visit.as_person("dc-guanli");
    let refusal = office.is_refused(
        route.act,
        &[("account", &account), ("month", ISSUED)],
        &[
            ("adjustment_cause", route.cause),
            ("reason", "表计误差"),
            ("kwh", "0"),
            ("components", "energy=-6.50"),
        ],
    );
    assert!(!refusal.is_empty(), "without the institute's ticket it is refused");
    office.open(&format!("/tickets?ticket_kind=metering_fee_request&q={account}"));
    office.picture("tickets");
    let ticket = office.finds(
        "the institute's ticket",
        "const link = document.querySelector('table.data tbody a[href^=\"/tickets/\"]'); return link ? link.pathname.split('/').pop() : null;",
        &[],
    );
    office.leaves();
    walk(&visit, route, &account, ticket.as_str());
}

/// ADJ-01, ADJ-03, ADJ-15, ADJ-16, ADJ-18: a station's error, approved by its head.
#[test]
fn a_stations_error() {
    story(&STATION, 20);
}

/// ADJ-05, ADJ-08: the metering institute's quantity, approved by its own head, audited by the station.
#[test]
fn a_quantity_of_the_metering_institute() {
    story(&METERING, 21);
}

/// ADJ-06, ADJ-10: a fee for a metering fault, started by the station on the institute's ticket.
#[test]
fn a_fee_for_a_metering_fault() {
    story(&METERING_FEE, 22);
}

/// ADJ-07: a breach found by inspection, approved by its own head.
#[test]
fn a_breach_found_by_inspection() {
    story(&INSPECTION, 23);
}

/// ADJ-04, ADJ-09: an error of the centre, approved by its head, audited by the station.
#[test]
fn an_error_of_the_centre() {
    story(&CENTRE, 24);
}
