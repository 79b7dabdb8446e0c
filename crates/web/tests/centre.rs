//! The day of the reviewer, of the head of the centre and of those who approve, through the acts, lists, views and pages
//! of the catalogue, on both engines.
#![allow(clippy::type_complexity, reason = "tables of cases say their columns where they stand")]
#![allow(clippy::unwrap_used)]

#[path = "../../billing/tests/company/mod.rs"]
mod company;
#[path = "../../billing/tests/house/mod.rs"]
mod house;

use std::collections::BTreeSet;
use std::sync::Arc;

use billing::gates::Reasons;
use company::{CUSTOMERS, Company, april, ties_out};
use identity::{Actor, Desk};
use kernel::{Lang, Money, Quantity, Text, WorkingCalendar};
use store::Store;
use web::House;
use web::catalogue::{
    Block, Caller, Catalogue, Done, Given, Look, Query, Raw, Refusal, Row, Rows, Run, Sheet, Value, Why,
};

const APRIL: (&str, &str) = ("month", "2026-04");
const PUBLIC: [(&str, &str); 2] = [APRIL, ("book", "B601")];
/// A customer of the first station whose use doubled.
const DOUBLED: &str = "4200001003";
/// A customer of the first station with nothing to be said of.
const USUAL: &str = "4200001001";

/// The company with the house as the pages know it.
struct Office<'o> {
    company: Company<'o, 'o>,
    house: House,
    catalogue: Catalogue,
}

fn each_engine(test: impl Fn(&Office<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    run(Arc::new(Store::open(file.to_str().unwrap()).unwrap()), &test);
    if let Some(database) = testbed::postgres_database() {
        run(Arc::new(Store::open(&database.url).unwrap()), &test);
    }
}

fn run(store: Arc<Store>, test: &impl Fn(&Office<'_>)) {
    let found = house::found(&store);
    store.migrate(&audit::schemas()).unwrap();
    let house = House {
        store: Arc::clone(&store),
        org_id: found.org_id(),
        org_code: "example".into(),
        org_name: Text::new("示范供电公司", "Example Power Company"),
        signers: vault::Signers::none(),
        policy: vault::CheckpointPolicy::AT_ONCE,
        calendar: WorkingCalendar::mainland_china().unwrap(),
        shift_days: 0,
        address: "http://127.0.0.1:7070".into(),
        key_folder: std::path::PathBuf::new(),
        cost: identity::PasswordCost::CHEAP,
    };
    let company = Company::new(&found, "2026-06");
    test(&Office { company, house, catalogue: Catalogue::built_in() });
}

fn raw(given: &[(&str, &str)]) -> Raw {
    let texts = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Raw { texts, ..Raw::default() }
}

impl Office<'_> {
    fn actor(&self, login: &str) -> Actor {
        self.company.house.actor(login)
    }
    fn caller(&self, login: &str) -> Caller {
        Caller {
            actor: self.actor(login),
            lang: Lang::En,
            csrf: "token-of-the-form".into(),
            session_id: None,
            machine: true,
            held_at: None,
        }
    }
    /// `login` does an act on `date`, as the frame lets it: the permission first, every name a field.
    fn act(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> Result<Done, Refusal> {
        let act = self.catalogue.act(name).unwrap_or_else(|| panic!("no act {name}"));
        let given = Given::understand(act.fields, &raw(given), true)?;
        if !self.caller(login).holds(act.permission) {
            return Err(Refusal::not_permitted(act.permission));
        }
        let Run::Command(command) = act.run else { panic!("{name} is a job") };
        let actor = self.actor(login);
        Desk::new(&self.house.store, &actor).act(house::at(date), |work| command(work, &given, &self.house))
    }
    fn done(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> Done {
        self.act(login, date, name, given).unwrap_or_else(|refusal| panic!("{login} {name}: {refusal:?}"))
    }
    /// It is refused, whatever the reason; answers why.
    fn refused(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> Refusal {
        match self.act(login, date, name, given) {
            Err(refusal) => refusal,
            Ok(done) => panic!("{login} could {name}: {}", done.said.en),
        }
    }
    fn look<T>(
        &self,
        login: &str,
        date: &str,
        look: impl FnOnce(&mut Look<'_, '_>) -> Result<T, Refusal>,
    ) -> T {
        let caller = self.caller(login);
        let found =
            self.house.store.read(|tx| look(&mut Look::new(tx, &caller, &self.house, house::at(date))));
        found.unwrap_or_else(|refusal: Refusal| panic!("{login}: {refusal:?}"))
    }
    /// A part of a list.
    fn part(
        &self,
        login: &str,
        name: &str,
        given: &[(&str, &str)],
        (search, sort): (&str, Option<(&'static str, bool)>),
        (offset, limit): (usize, usize),
    ) -> Rows {
        let list = self.catalogue.lists().find(|list| list.name == name).unwrap();
        let given = Given::understand(list.filters, &raw(given), true).unwrap();
        let query = Query { given: &given, search, sort, offset, limit, walk: None };
        self.look(login, "2026-04-08", |look| (list.rows)(look, &query))
    }
    fn list(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Rows {
        self.part(login, name, given, ("", None), (0, 500))
    }
    fn view(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Sheet {
        let view = self.catalogue.view(name).unwrap();
        let given = Given::understand(view.params, &raw(given), true).unwrap();
        self.look(login, "2026-04-30", |look| (view.show)(look, &given))
    }
    fn page(&self, login: &str, date: &str, name: &str, given: &[(&str, &str)]) -> String {
        let page = self.catalogue.pages().find(|page| page.name == name).unwrap();
        let given = Given::understand(page.params, &raw(given), true).unwrap();
        self.look(login, date, |look| (page.draw)(look, &given)).into_string()
    }
    /// The first book of the first station is calculated, reviewed, and what is clean of it is issued.
    fn begin_april(&self) {
        self.done("reviewer", "2026-04-07", "book.calculate", &PUBLIC);
        self.done("reviewer2", "2026-04-07", "book.review", &PUBLIC);
        self.done("reviewer2", "2026-04-07", "book.issue", &PUBLIC);
    }
}

fn texts(row: &Row) -> Vec<String> {
    row.cells.iter().map(|cell| cell.value.written(web::catalogue::Kind::Text, Lang::En)).collect()
}

fn names(sheet: &Sheet) -> Vec<&'static str> {
    sheet.offers.iter().map(|offer| offer.act).collect()
}

fn block<'s>(sheet: &'s Sheet, wanted: &str) -> &'s Block {
    let named = |block: &&Block| match block {
        Block::Facts { name, .. } | Block::Table { name, .. } | Block::Steps { name, .. } => *name == wanted,
        Block::Timeline { name, .. } | Block::Raw { name, .. } | Block::Files { name, .. } => *name == wanted,
        Block::Chart(chart) => chart.name == wanted,
        _ => false,
    };
    sheet.blocks.iter().find(named).unwrap_or_else(|| panic!("no block {wanted}"))
}

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

/// Every page of a list, put together.
fn paged(
    office: &Office<'_>,
    name: &str,
    given: &[(&str, &str)],
    search: &str,
    sort: Option<(&'static str, bool)>,
) -> Rows {
    let mut whole = office.part("reviewer", name, given, (search, sort), (0, 4));
    while whole.rows.len() < whole.total {
        let next = office.part("reviewer", name, given, (search, sort), (whole.rows.len(), 4));
        assert_eq!(
            (next.total, &next.sums),
            (whole.total, &whole.sums),
            "sums are over all rows, whatever the page"
        );
        assert!(!next.rows.is_empty());
        whole.rows.extend(next.rows);
    }
    whole
}

fn number_of(account_id: i64) -> String {
    format!("42{account_id:08}")
}

/// BILL-02, BILL-08: what a list of bills shows by any filter and order is what a plain computation finds.
#[test]
fn pages_of_bills_are_what_a_plain_computation_finds() {
    each_engine(|office| {
        office.begin_april();
        let org_id = office.house.org_id;
        let mut all = Vec::new();
        office
            .house
            .store
            .read(|tx| {
                billing::each_bill(tx, org_id, april(), None, |bill| {
                    all.push(bill);
                    Ok(())
                })
            })
            .unwrap();
        assert_eq!(all.len(), 9);
        let sorts = [None, Some(("amount", true)), Some(("amount", false)), Some(("energy_kwh", true))];
        let filters: [(&[(&str, &str)], &dyn Fn(&billing::BillLine) -> bool); 6] = [
            (&[], &|_| true),
            (&[("flow", "clean")], &|bill| bill.flow == billing::gates::Flow::Clean),
            (&[("bill_state", "issued")], &|bill| bill.due_on.is_some()),
            (&[("bill_state", "open")], &|bill| bill.due_on.is_none()),
            (&[("reasons", "unread")], &|bill| bill.reasons.has(Reasons::UNREAD)),
            (&[("unit", "S2")], &|_| false),
        ];
        for (filter, fits) in filters {
            for sort in sorts {
                for search in ["", "客户100", "4200001003", "nobody"] {
                    let mut given = vec![APRIL];
                    given.extend_from_slice(filter);
                    let found = paged(office, "bills", &given, search, sort);
                    let mut plain: Vec<_> = all
                        .iter()
                        .filter(|bill| fits(bill))
                        .filter(|bill| {
                            let id = bill.key.account_id;
                            search.is_empty()
                                || number_of(id).contains(search)
                                || format!("客户{id}").contains(search)
                        })
                        .collect();
                    plain.sort_by(|one, two| {
                        let order = match sort {
                            Some(("amount", _)) => one.amount.cmp(&two.amount),
                            Some(_) => one.energy_kwh.cmp(&two.energy_kwh),
                            None => std::cmp::Ordering::Equal,
                        };
                        let order = order.then(one.key.cmp(&two.key));
                        if sort.is_some_and(|(_, down)| down) { order.reverse() } else { order }
                    });
                    let shown: Vec<String> = found.rows.iter().map(|row| texts(row)[0].clone()).collect();
                    let wanted: Vec<String> =
                        plain.iter().map(|bill| number_of(bill.key.account_id)).collect();
                    assert_eq!(shown, wanted, "{filter:?} {sort:?} {search:?}");
                    let amount = Money::sum(plain.iter().map(|bill| bill.amount)).unwrap();
                    let energy = Quantity::sum(plain.iter().map(|bill| bill.energy_kwh)).unwrap();
                    assert_eq!(
                        found.sums,
                        [("energy_kwh", Value::Quantity(energy)), ("amount", Value::Money(amount))]
                    );
                }
            }
        }
    });
}

/// INQ-04: accounts are found by number, name, address and meter, in pages that leave nothing out.
#[test]
fn accounts_are_found_by_what_people_know() {
    each_engine(|office| {
        let all: Vec<i64> = (1..=7).chain(CUSTOMERS.iter().map(|one| one.account_id)).collect();
        let found = paged(office, "accounts", &[], "", Some(("account", false)));
        assert_eq!(found.rows.len(), all.len());
        let shown: Vec<String> = found.rows.iter().map(|row| texts(row)[0].clone()).collect();
        assert!(shown.windows(2).all(|pair| pair[0] < pair[1]), "{shown:?}");
        let down = paged(office, "accounts", &[], "", Some(("account", true)));
        assert!(down.rows.iter().rev().map(|row| texts(row)[0].clone()).eq(shown));
        for (search, count) in
            [("4200001003", 1), ("客户1003", 1), ("m1003", 1), ("示范路", all.len()), ("100%", 0)]
        {
            assert_eq!(paged(office, "accounts", &[], search, None).total, count, "{search}");
        }
        for (filter, count) in [
            (("book", "B602"), 2),
            (("category", "two_part"), 2),
            (("transformer", "dedicated"), 3),
            (("unit", "S2"), 5),
            (("account_status", "closed"), 0),
        ] {
            assert_eq!(paged(office, "accounts", &[filter], "", None).total, count, "{filter:?}");
        }
        // A station sees its own.
        assert_eq!(office.list("fee2", "accounts", &[]).total, 5);
        assert_eq!(office.list("fee2", "accounts", &[("unit", "S1")]).total, 0);
        let sheet = office.view("reviewer", "account", &[("account", DOUBLED)]);
        let Block::Chart(chart) = block(&sheet, "energy_months") else { panic!() };
        assert_eq!(chart.along.len(), 12);
        assert_eq!(chart.along.last().map(String::as_str), Some("2026-04"));
        let kwh = |value: i64| Value::Quantity(Quantity::whole(value).unwrap());
        assert_eq!(chart.series[0].1[8..], [kwh(180), kwh(180), kwh(180), Value::Empty]);
    });
}

/// BILL-17: whatever a reviewer may do here, none of it changes a parameter that affects settlement.
#[test]
fn a_reviewer_is_offered_no_change_of_a_parameter() {
    each_engine(|office| {
        let reviewer = office.caller("reviewer");
        let acts = office.catalogue.acts().filter(|act| reviewer.holds(act.permission));
        let held: Vec<&str> = acts.map(|act| act.permission).collect();
        assert!(held.contains(&"billing.calculate"));
        for permission in held {
            let parameter =
                ["parameter.", "price.", "contract.", "billing.set_", "metering.manage", "ledger."];
            assert!(!parameter.iter().any(|group| permission.starts_with(group)), "{permission}");
        }
        office.begin_april();
        let screen = office.page("reviewer", "2026-04-08", "review_book", &PUBLIC);
        for other in ["/acts/parameter", "/acts/price", "/acts/contract", "/acts/suspicion"] {
            assert!(!screen.contains(other), "{other}");
        }
        let mode = [("mode", "decide")];
        assert_eq!(
            office.refused("reviewer", "2026-04-08", "suspicion.set_mode", &mode).why,
            Why::NotPermitted
        );
        office.done("centre_head", "2026-04-08", "suspicion.set_mode", &mode);
    });
}

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

/// XC-08: every post of the company finds its own first page, and late work stands on it with who is answerable.
#[test]
fn each_post_finds_its_work() {
    each_engine(|office| {
        office.begin_april();
        office.done("reviewer", "2026-04-07", "exception.send_lists", &[APRIL, ("unit", "S1")]);
        for (login, finds) in [
            ("reviewer", "/review?month=2026-04&amp;book_state=submitted"),
            ("reviewer", "/deadlines?due_by=2026-04-30&amp;deadline=feedback_public&amp;unit=S1"),
            ("fee", "/exceptions?month=2026-04&amp;exception_state=sent"),
            ("centre_head", "block-home_books"),
            ("accountant", "/closing"),
            ("department", "block-home_books"),
        ] {
            let home = office.page(login, "2026-04-30", "home", &[]);
            assert!(home.contains(finds), "{login} does not find {finds}");
        }
        for login in [
            "fee",
            "head",
            "inquiry",
            "slips",
            "marketing",
            "institute",
            "institute_head",
            "inspector",
            "leader",
        ] {
            office.page(login, "2026-04-30", "home", &[]);
        }
        let due = office.list("reviewer", "deadlines", &[("due_by", "2026-04-30")]);
        assert_eq!(due.total, 3);
        assert!(due.rows.iter().all(|row| row.cells[3].value == Value::Text("S1".into())), "on whom");
        assert_eq!(office.list("fee2", "deadlines", &[("due_by", "2026-04-30")]).total, 0);
    });
}
