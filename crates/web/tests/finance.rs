//! The accountant's, the heads' and the auditor's pages over a month of a small company, on both databases: what a total
//! leads down to comes to it, closing waits for every item, a check stops the books, a stranger sees a bill and no more.
#![allow(clippy::unwrap_used)]

#[path = "../../billing/tests/company/mod.rs"]
mod company;
#[path = "../../billing/tests/house/mod.rs"]
mod house;

use std::collections::BTreeMap;
use std::sync::Arc;

use company::*;
use house::*;
use identity::{Actor, Desk, NewAssignment, NewPerson};
use jobs::State;
use kernel::{Lang, Money, Text, WorkingCalendar};
use store::Store;
use vault::{CheckpointPolicy, KeyRole, Signers};
use web::Console;
use web::catalogue::{
    Block, Caller, Catalogue, Done, Given, Look, Query, Raw, Refusal, Row, Rows, Run, Sheet, Value, Why,
};

/// The day on which everything of these tests is done: April is billed and over.
const TODAY: &str = "2026-05-04";

struct Office<'o> {
    base: &'o House<'o>,
    console: &'o Console,
}

fn each_office(test: impl Fn(&Office<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    run(Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap(), &test);
    if let Some(database) = testbed::postgres_database() {
        run(Store::open(&database.url).unwrap(), &test);
    }
}

fn run(store: Store, test: &impl Fn(&Office<'_>)) {
    let store = Arc::new(store);
    let base = found(&store);
    store.migrate(&audit::schemas()).unwrap();
    bind(&base);
    let company = Company::new(&base, "2026-05");
    company.run(&company.plan(april(), "2026-04-12")).unwrap();
    hire(&base, "auditor", "auditor");
    hire(&base, "keeper", "administrator");
    let signers = keys(&base);
    let house = web::House {
        store: Arc::clone(&store),
        org_id: base.org_id(),
        org_code: "example".into(),
        org_name: Text::new("示范供电公司", "Example Power Company"),
        signers,
        policy: CheckpointPolicy::AT_ONCE,
        calendar: WorkingCalendar::mainland_china().unwrap(),
        shift_days: 0,
        address: "https://bill.example".into(),
        key_folder: std::path::PathBuf::new(),
        cost: identity::PasswordCost::CHEAP,
    };
    let console = Console::new(house, false, |_| ());
    test(&Office { base: &base, console: &console });
}

/// The books in which the house's own customers stand: a check asks for them.
fn bind(base: &House<'_>) {
    let mut books = metering::book::BookBulk::new(base.org_id());
    for (book_id, unit_id) in [(BOOK, base.station), (OTHER_BOOK, base.other_station)] {
        books
            .book(&metering::book::Book {
                book_id,
                number: format!("B{book_id}"),
                name: format!("book {book_id}"),
                unit_id,
                reader_id: 0,
                cycle: metering::book::Cycle::Monthly,
                reading_day: None,
                version: 1,
            })
            .unwrap();
    }
    base.store.write(|tx| books.load(tx)).unwrap();
}

fn administrator(base: &House<'_>) -> Actor {
    let (org_id, person) = (base.org_id(), base.founded.administrator_id);
    base.store.read(|tx| identity::load_actor(tx, org_id, person, day("2026-03-02"))).unwrap()
}

fn hire(base: &House<'_>, login: &str, post: &str) {
    let unit_id = base.founded.unit_id;
    Desk::new(base.store, &administrator(base))
        .act(at("2026-03-02"), |work| {
            let person_id = identity::create_person(work, &NewPerson { unit_id, login, name: login })?;
            let from = day("2026-03-02");
            identity::assign(
                work,
                &NewAssignment { person_id, unit_id, post, from, until: None, serves: &[] },
            )
        })
        .unwrap();
}

fn keys(base: &House<'_>) -> Signers {
    Desk::new(base.store, &administrator(base))
        .act(at("2026-04-13"), |work| {
            let signers = Signers::generate(&vault::name_log(work, "log")?)?;
            for key in signers.keys() {
                vault::add_key(work, KeyRole::Log, key.verifier())?;
            }
            vault::checkpoint(work, &signers)?;
            Ok::<_, vault::VaultError>(signers)
        })
        .unwrap()
}

fn texts(pairs: &[(&str, &str)]) -> Raw {
    let texts = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Raw { texts, files: BTreeMap::new() }
}

impl Office<'_> {
    fn actor(&self, login: &str) -> Actor {
        let org_id = self.base.org_id();
        self.base
            .store
            .read(|tx| {
                let person = identity::find_person(tx, org_id, login)?.unwrap();
                identity::load_actor(tx, org_id, person.id, day(TODAY))
            })
            .unwrap()
    }
    fn caller(&self, login: &str) -> Caller {
        let actor = match login {
            "" => Actor {
                org_id: self.base.org_id(),
                person_id: 0,
                name: String::new(),
                assignments: Vec::new(),
            },
            login => self.actor(login),
        };
        Caller { actor, lang: Lang::En, csrf: String::new(), session_id: None, machine: false, held_at: None }
    }
    fn look<T>(
        &self,
        login: &str,
        look: impl FnOnce(&mut Look<'_, '_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.console.look(&self.caller(login), at(TODAY), look)
    }
    /// A list as `login` sees it; the same gate as the frame's.
    fn try_list(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Result<Rows, Refusal> {
        let list = Catalogue::built_in().lists().find(|list| list.name == name).unwrap();
        if !self.caller(login).holds(list.permission) {
            return Err(Refusal::not_permitted(list.permission));
        }
        let given = Given::understand(list.filters, &texts(given), true)?;
        let query = Query { given: &given, search: "", sort: None, offset: 0, limit: 500 };
        self.look(login, |look| (list.rows)(look, &query))
    }
    fn list(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Rows {
        self.try_list(login, name, given).unwrap()
    }
    fn try_view(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Result<Sheet, Refusal> {
        let view = Catalogue::built_in().view(name).unwrap();
        if !self.caller(login).holds(view.permission) {
            return Err(Refusal::not_permitted(view.permission));
        }
        let given = Given::understand(view.params, &texts(given), true)?;
        self.look(login, |look| (view.show)(look, &given))
    }
    fn view(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Sheet {
        self.try_view(login, name, given).unwrap()
    }
    /// An act as `login` gives it: a command at once, a job by the queue.
    fn act(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Result<Done, Refusal> {
        let act = Catalogue::built_in().act(name).unwrap();
        let caller = self.caller(login);
        if !caller.holds(act.permission) {
            return Err(Refusal::not_permitted(act.permission));
        }
        let raw = texts(given);
        let understood = Given::understand(act.fields, &raw, true)?;
        let desk = Desk::new(self.base.store, &caller.actor);
        let house = &self.console.house;
        let command = match act.run {
            Run::Job(_) => return self.job(&caller, name, &raw, act.on_alarm),
            Run::Command(command) => command,
        };
        let one = |work: &mut identity::Work<'_, '_>| {
            let done = command(work, &understood, house)?;
            vault::checkpoint_if_due(work, &house.signers, house.policy)?;
            Ok(done)
        };
        if act.on_alarm { desk.act_on_alarm(at(TODAY), one) } else { desk.act(at(TODAY), one) }
    }
    /// Queues and does a job; what came of it as it would be seen.
    fn job(&self, caller: &Caller, name: &str, raw: &Raw, on_alarm: bool) -> Result<Done, Refusal> {
        let (org_id, person) = (self.base.org_id(), caller.actor.person_id);
        let put = |work: &mut identity::Work<'_, '_>| -> Result<i64, Refusal> {
            Ok(jobs::queue(work.tx, org_id, name, person, &raw.texts, &[], at(TODAY))?)
        };
        let desk = Desk::new(self.base.store, &caller.actor);
        let id = if on_alarm { desk.act_on_alarm(at(TODAY), put)? } else { desk.act(at(TODAY), put)? };
        assert!(self.console.jobs.one(self.console)?, "a job waits");
        let job = self.base.store.read(|tx| jobs::find(tx, org_id, id)).unwrap().unwrap();
        let said = job.said.unwrap();
        match job.state {
            State::Done => Ok(Done { said, see: job.see, facts: serde_json::from_str(&job.facts).unwrap() }),
            State::Failed => Err(Refusal::refused(said.zh, said.en)),
            other => panic!("{other:?}: {said:?}"),
        }
    }
    fn page(&self, login: &str, name: &str, given: &[(&str, &str)]) -> String {
        let page = Catalogue::built_in().pages().find(|page| page.name == name).unwrap();
        let given = Given::understand(page.params, &texts(given), true).unwrap();
        self.look(login, |look| (page.draw)(look, &given)).unwrap().into_string()
    }
    fn file(&self, login: &str, name: &str, given: &[(&str, &str)]) -> Result<Vec<u8>, Refusal> {
        let file = Catalogue::built_in().downloads().find(|file| file.name == name).unwrap();
        if !self.caller(login).holds(file.permission) {
            return Err(Refusal::not_permitted(file.permission));
        }
        let given = Given::understand(file.params, &texts(given), true)?;
        self.look(login, |look| (file.make)(look, &given)).map(|made| made.bytes)
    }
}

fn value(row: &Row, at: usize) -> &Value {
    &row.cells[at].value
}
fn money(row: &Row, at: usize) -> Money {
    match value(row, at) {
        Value::Money(amount) => *amount,
        Value::Empty => Money::ZERO,
        other => panic!("{other:?}"),
    }
}
fn written(row: &Row, at: usize) -> String {
    value(row, at).written(web::catalogue::Kind::Text, Lang::En)
}
fn link(row: &Row, at: usize) -> &str {
    row.cells[at].link.as_deref().unwrap_or("")
}
fn sum(rows: &Rows, name: &str) -> Money {
    match rows.sums.iter().find(|(known, _)| *known == name).map(|(_, value)| value) {
        Some(Value::Money(amount)) => *amount,
        other => panic!("{other:?}"),
    }
}
fn total(rows: &[Row], at: usize) -> Money {
    Money::sum(rows.iter().map(|row| money(row, at))).unwrap()
}
/// The value of `name` in the query of a path.
fn asked<'p>(path: &'p str, name: &str) -> &'p str {
    let (_, query) = path.split_once('?').unwrap();
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap_or("")
}
fn said(refusal: &Refusal) -> &str {
    &refusal.said.en
}

/// RPT-09, BILL-20: from the trial balance to the postings of an account to a voucher to its entries, by station and by
/// customer, every level comes to the one above it, to the fen.
#[test]
fn the_ledger_ties_out_at_every_level() {
    each_office(|office| {
        let balance = office.list("accountant", "balance", &[("month", "2026-04")]);
        assert_eq!(sum(&balance, "debit"), sum(&balance, "credit"));
        assert!(balance.note.as_ref().unwrap().en.contains("equal"));
        let receivable = balance.rows.iter().find(|row| written(row, 0) == "1122").unwrap();
        let debit = money(receivable, 4);
        assert!(debit > Money::ZERO);
        assert_eq!(link(receivable, 0), "/ledger/accounts/1122?month=2026-04&unit=");

        let lines = office.list("accountant", "account_lines", &[("code", "1122"), ("month", "2026-04")]);
        assert_eq!(total(&lines.rows, 6), debit);
        assert_eq!(sum(&lines, "debit"), debit);
        assert_eq!(lines.total, lines.rows.len());
        // By station the parts come to the whole, in the balance and in the detail alike.
        let mut whole = Money::ZERO;
        for unit in ["S1", "S2"] {
            let of_unit = [("code", "1122"), ("month", "2026-04"), ("unit", unit)];
            let part = office.list("accountant", "account_lines", &of_unit);
            let kept = office.list("accountant", "balance", &[("month", "2026-04"), ("unit", unit)]);
            let row = kept.rows.iter().find(|row| written(row, 0) == "1122").unwrap();
            assert_eq!(total(&part.rows, 6), money(row, 4), "{unit}");
            whole = whole.plus(money(row, 4)).unwrap();
        }
        assert_eq!(whole, debit);

        // The vouchers of the month, and each voucher's entries.
        let vouchers = office.list("accountant", "vouchers", &[("month", "2026-04")]);
        assert_eq!(sum(&vouchers, "total"), sum(&balance, "debit"));
        let mut entries = Money::ZERO;
        for row in &vouchers.rows {
            let id = link(row, 0).rsplit('/').next().unwrap();
            let list = office.list("accountant", "voucher_entries", &[("voucher", id)]);
            assert_eq!(total(&list.rows, 6), money(row, 7));
            assert_eq!(sum(&list, "amount"), money(row, 7));
            entries = entries.plus(money(row, 7)).unwrap();
            let sheet = office.view("accountant", "voucher", &[("voucher", id)]);
            let acts = rows_of(&sheet, "acts");
            assert_eq!(acts.len(), 1, "the voucher is one act in the log");
            let moved = rows_of(&sheet, "movements");
            assert_eq!(total(moved, 3), money(row, 7));
            assert_eq!(total(moved, 4), money(row, 7));
        }
        assert_eq!(entries, sum(&vouchers, "total"));
    });
}

/// RPT-09: what one customer owes is found without reading everybody's postings, also what it pays for another; each
/// entry leads to its bill.
#[test]
fn postings_of_a_customer_lead_to_its_bills() {
    each_office(|office| {
        for account_id in [1001, 1007, 1101] {
            let number = format!("42{account_id:08}");
            let given = [("code", "1122"), ("month", "2026-04"), ("account", number.as_str())];
            let lines = office.list("accountant", "account_lines", &given);
            let owed = Money::from_fen(office.base.number(&format!(
                "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM receivable WHERE org_id = ?1 AND month = 202604 AND payer_id = {account_id}"
            )));
            let owed_fen = total(&lines.rows, 6).minus(total(&lines.rows, 7)).unwrap();
            assert_eq!(owed_fen, owed, "{number}");
            if owed.is_zero() {
                continue;
            }
            let path = link(&lines.rows[0], 3);
            let voucher = path.split('/').nth(3).unwrap();
            assert_eq!(asked(path, "account"), number);
            let entries =
                office.list("accountant", "voucher_entries", &[("voucher", voucher), ("account", &number)]);
            assert!(
                link(&entries.rows[0], 5).starts_with("/bills/2026-04/42"),
                "{}",
                link(&entries.rows[0], 5)
            );
        }
    });
}

fn rows_of<'s>(sheet: &'s Sheet, wanted: &str) -> &'s [Row] {
    let found = sheet.blocks.iter().find_map(|block| match block {
        Block::Table { name, rows, .. } if *name == wanted => Some(rows.as_slice()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no table {wanted}"))
}

/// The rows of the grid of a report, and its sums by the English title of the column.
fn grid(sheet: &Sheet) -> (&[Row], BTreeMap<String, Value>) {
    let found = sheet.blocks.iter().find_map(|block| match block {
        Block::Grid(grid) => Some(grid),
        _ => None,
    });
    let grid = found.unwrap();
    (&grid.rows, grid.columns.iter().map(|(title, _, sum)| (title.en.clone(), sum.clone())).collect())
}

/// RPT-01, RPT-06: every report of the month is a page; the receivable summary comes to the bills of each station and
/// to the ledger by component; each report has its title, and all of them one workbook.
#[test]
fn reports_lead_down_to_the_bills() {
    each_office(|office| {
        let reports = office.list("accountant", "reports", &[("month", "2026-04")]);
        for row in &reports.rows {
            let code = written(row, 1);
            let sheet = office.view("accountant", "report", &[("month", "2026-04"), ("report", &code)]);
            assert!(sheet.title.starts_with(&written(row, 0)), "{code}: {}", sheet.title);
            let given = [("month", "2026-04"), ("report", code.as_str())];
            assert!(office.file("accountant", "report_workbook", &given).unwrap().starts_with(b"PK"));
        }
        let made = office.look("accountant", |look| {
            let rules = billing::OfficeRules::built_in()?;
            let org_id = look.org_id();
            Ok(billing::report::reports(look.tx, &rules, org_id, april(), day(TODAY))?)
        });
        let codes: Vec<&str> = made.unwrap().iter().map(|report| report.code).collect();
        for (code, _, _) in billing::report::TITLES {
            assert!(codes.contains(code), "{code}");
        }
        assert!(codes.iter().all(|code| billing::report::TITLES.iter().any(|(known, _, _)| known == code)));

        let summary =
            office.view("accountant", "report", &[("month", "2026-04"), ("report", "receivable_summary")]);
        let (rows, sums) = grid(&summary);
        let issued = office.base.number(
            "SELECT CAST(SUM(amount) AS BIGINT) FROM receivable WHERE org_id = ?1 AND month = 202604",
        );
        assert_eq!(sums["Total fee (yuan)"], Value::Money(Money::from_fen(issued)));
        for row in rows {
            let path = link(row, 3);
            assert!(path.starts_with("/bills?month=2026-04&bill_state=issued"), "{path}");
            let unit = asked(path, "unit");
            let of_unit = office.base.number(&format!(
                "SELECT CAST(SUM(r.amount) AS BIGINT) FROM receivable r JOIN issue i ON i.org_id = r.org_id AND i.issue_id = r.issue_id
                 JOIN identity_unit u ON u.org_id = i.org_id AND u.id = i.unit_id AND u.code = '{unit}'
                 WHERE r.org_id = ?1 AND r.month = 202604"
            ));
            assert_eq!(money(row, 3), Money::from_fen(of_unit), "{unit}");
        }
        // Each figure of the tie-out is the sum of the postings it leads to.
        let tied =
            office.view("accountant", "report", &[("month", "2026-04"), ("report", "component_tie_out")]);
        let (rows, sums) = grid(&tied);
        assert_eq!(sums["Difference (yuan)"], Value::Money(Money::ZERO));
        for row in rows {
            let path = link(row, 3);
            let given = [
                ("code", "1122"),
                ("month", "2026-04"),
                ("unit", asked(path, "unit")),
                ("component", asked(path, "component")),
            ];
            let lines = office.list("accountant", "account_lines", &given);
            let posted = total(&lines.rows, 6).minus(total(&lines.rows, 7)).unwrap();
            assert_eq!(posted, money(row, 3), "{path}");
        }
        let all = office.file("accountant", "report_workbook", &[("month", "2026-04"), ("report", "all")]);
        assert!(all.unwrap().starts_with(b"PK"));
        let paper = [("month", "2026-04"), ("report", "receivable_summary")];
        assert!(office.file("accountant", "report_paper", &paper).unwrap().starts_with(b"%PDF"));
        // A station sees its own rows and no figure of the whole company.
        let own = office.view("fee2", "report", &[("month", "2026-04"), ("report", "receivable_summary")]);
        assert_eq!(grid(&own).0.len(), 1);
        let refused = office.try_view(
            "fee2",
            "report",
            &[("month", "2026-04"), ("report", "marketing_against_finance")],
        );
        assert_eq!(refused.unwrap_err().why, Why::NotPermitted);
    });
}

/// RPT-01, RPT-02, RPT-07: compiled by the centre, confirmed and submitted by the stations with the figure they saw,
/// then rolled up.
#[test]
fn a_report_goes_from_the_centre_to_the_stations_and_up() {
    each_office(|office| {
        let month = ("month", "2026-04");
        assert!(office.list("reviewer", "report_status", &[month]).rows.is_empty());
        office.act("reviewer", "report.compile", &[month]).unwrap();
        let status = office.list("reviewer", "report_status", &[month]);
        assert_eq!(status.rows.len(), 2);
        let late = office.act("fee", "report.submit", &[month, ("unit", "S1")]).unwrap_err();
        assert!(said(&late).contains("not confirmed"), "{late:?}");
        for (login, unit) in [("fee", "S1"), ("fee2", "S2")] {
            let own = office.list(login, "report_status", &[month]);
            let [row] = own.rows.as_slice() else { panic!("{login} sees its own station") };
            let amount = money(row, 3);
            let offered = &row.offers[0];
            assert_eq!(offered.act, "report.confirm");
            let wrong = amount.plus(Money::from_fen(1)).unwrap().to_string();
            let refused = office.act(login, "report.confirm", &[month, ("unit", unit), ("amount", &wrong)]);
            assert!(said(&refused.unwrap_err()).contains("look again"));
            let amount = amount.to_string();
            // The deadline is over: marketing had to consent before it.
            let late = office.act(login, "report.confirm", &[month, ("unit", unit), ("amount", &amount)]);
            assert!(late.is_err());
        }
        let refused = office.act("marketing", "report.roll_up", &[month, ("unit", "M")]).unwrap_err();
        assert!(said(&refused).contains("has not submitted"), "{refused:?}");
    });
}

/// XC-09, RPT-11: a month is not closed while an item of the checklist is open; it says what proves each item, and closes
/// with the last tick.
#[test]
fn closing_waits_for_every_item() {
    each_office(|office| {
        let place = [("month", "2026-04"), ("unit", "F")];
        office.act("accountant", "closing.lay_out", &place).unwrap();
        let refused = office.act("accountant", "closing.close", &place).unwrap_err();
        assert!(said(&refused).contains("balance_frozen"), "{refused:?}");
        let sheet = office.view("accountant", "closing", &place);
        let items = rows_of(&sheet, "checklist");
        assert_eq!(items.len(), 2);
        // What the page says is missing is neither offered nor ticked.
        let frozen = |row: &&Row| written(row, 2).contains("not frozen");
        assert!(items.iter().find(frozen).unwrap().offers.is_empty());
        assert!(items.iter().any(|row| row.offers.iter().any(|offer| offer.act == "closing.tick")));
        let item = ("closing_item", "balance_frozen");
        for more in [vec![], vec![("nothing_to_do", "true"), ("note", "not needed")]] {
            let tick: Vec<_> = place.iter().copied().chain([item]).chain(more).collect();
            let refused = office.act("accountant", "closing.tick", &tick).unwrap_err();
            assert!(said(&refused).contains("not frozen yet"), "{refused:?}");
        }
        // The centre: nothing was compiled, some books wait.
        let centre = [place[0], ("unit", "C")];
        office.act("reviewer", "closing.lay_out", &centre).unwrap();
        for (item, nothing, why) in [
            ("all_books_issued", "true", "books issued"),
            ("receivable_compiled", "true", "0 of 2 units compiled"),
            ("centre_feedback_signed", "false", "tick it as nothing to do"),
        ] {
            let tick =
                [centre[0], centre[1], ("closing_item", item), ("nothing_to_do", nothing), ("note", "none")];
            let refused = office.act("reviewer", "closing.tick", &tick).unwrap_err();
            assert!(said(&refused).contains(why), "{item}: {refused:?}");
        }
        office.act("reviewer", "report.compile", &[place[0]]).unwrap();
        let tick = [centre[0], centre[1], ("closing_item", "receivable_compiled")];
        office.act("reviewer", "closing.tick", &tick).unwrap();

        office.act("accountant", "report.freeze", &[("month", "2026-04")]).unwrap();
        let frozen = office.view("accountant", "reconcile", &[("month", "2026-04")]);
        assert!(!rows_of(&frozen, "frozen").is_empty());
        for item in ["balance_frozen", "reconciliation_done"] {
            let tick = [place[0], place[1], ("closing_item", item)];
            office.act("accountant", "closing.tick", &tick).unwrap();
            let open = office.act("accountant", "closing.close", &place);
            assert_eq!(open.is_ok(), item == "reconciliation_done", "{item}: {open:?}");
        }
        let all = office.list("accountant", "closings", &[("month", "2026-04")]);
        let row = all.rows.iter().find(|row| link(row, 0).ends_with("/F")).unwrap();
        assert_eq!(written(row, 4), "accountant");
        // Nothing of a closed month is ticked any more.
        let again = [place[0], place[1], ("closing_item", "balance_frozen")];
        assert!(office.act("accountant", "closing.tick", &again).is_err());
        // Who holds no such right closes nothing.
        let refused = office.act("reviewer2", "closing.close", &place).unwrap_err();
        assert_eq!(refused.why, Why::NotPermitted);
    });
}

/// XC-09: an accounting period is closed after it is proved, in order, and can be opened again; BILL-20, XC-14: a voucher
/// by hand is reversed by a red one, once; what an office posted is not reversed by hand.
#[test]
fn periods_and_vouchers_by_hand() {
    each_office(|office| {
        let text = [("unit", "F"), ("posted_on", "2026-04-30"), ("summary", "bank charge")];
        let wrong = [text[0], text[1], text[2], ("legs", "debit 1002 10.00\ncredit 6051 9.99")];
        let refused = office.act("accountant", "ledger.post", &wrong).unwrap_err();
        assert!(said(&refused).contains("balance"), "{refused:?}");
        let unread = [text[0], text[1], text[2], ("legs", "debit 1002 10.00\nto 6051 10.00")];
        let refused = office.act("accountant", "ledger.post", &unread).unwrap_err();
        assert!(refused.fields[0].1.en.starts_with("line 2"), "{refused:?}");
        let right = [text[0], text[1], text[2], ("legs", "借 1002 10.00\n贷 6051 10.00")];
        let done = office.act("accountant", "ledger.post", &right).unwrap();
        let id = done.facts["voucher"].as_str().unwrap().to_owned();
        let red = [("voucher", id.as_str()), ("posted_on", "2026-04-30"), ("summary", "booked twice")];
        office.act("accountant", "ledger.reverse", &red).unwrap();
        assert!(office.act("accountant", "ledger.reverse", &red).is_err(), "once only");
        let sheet = office.view("accountant", "voucher", &[("voucher", &id)]);
        assert!(sheet.badges.iter().any(|badge| badge.value == Value::Word("state.reversed".into())));

        let vouchers = office.list("accountant", "vouchers", &[("month", "2026-04")]);
        let issued = vouchers.rows.iter().find(|row| written(row, 4).contains("issue")).unwrap();
        let id = link(issued, 0).rsplit('/').next().unwrap();
        let red = [("voucher", id), ("posted_on", "2026-04-30"), ("summary", "mistake")];
        let refused = office.act("accountant", "ledger.reverse", &red).unwrap_err();
        assert!(said(&refused).contains("office"), "{refused:?}");

        let early = office.act("accountant", "ledger.close_period", &[("month", "2026-04")]).unwrap_err();
        assert!(said(&early).contains("still open"), "{early:?}");
        for month in ["2026-01", "2026-02", "2026-03", "2026-04"] {
            office.act("accountant", "ledger.close_period", &[("month", month)]).unwrap();
        }
        let late = office.act("accountant", "ledger.post", &right).unwrap_err();
        assert!(said(&late).contains("not open"), "{late:?}");
        office.act("accountant", "ledger.reopen_period", &[("month", "2026-04")]).unwrap();
        office.act("accountant", "ledger.post", &right).unwrap();
        let refused = office.act("reviewer", "ledger.post", &right).unwrap_err();
        assert_eq!(refused.why, Why::NotPermitted);
        let text = String::from_utf8(office.file("accountant", "hledger", &[]).unwrap()).unwrap();
        assert!(text.contains("commodity 1000.00 CNY"));
    });
}

/// XC-15: every act is found by person, by document and by day, a part at a time from either end; one act shows its
/// bytes, its hash and the path to a checkpoint that hold together.
#[test]
fn acts_are_found_and_proved() {
    each_office(|office| {
        let all = office.list("auditor", "acts", &[]);
        assert_eq!(all.total, all.rows.len());
        let numbers: Vec<String> = all.rows.iter().map(|row| written(row, 0)).collect();
        let mut sorted: Vec<usize> =
            numbers.iter().map(|number| number.replace(',', "").parse().unwrap()).collect();
        assert!(sorted.windows(2).all(|pair| pair[0] > pair[1]), "the latest first");
        sorted.reverse();
        assert!(sorted.iter().copied().eq(0..all.total));
        // Days and persons divide the log; together they are counted once.
        let mut days: Vec<String> = all.rows.iter().map(|row| written(row, 1)[..10].to_owned()).collect();
        days.sort();
        days.dedup();
        let by_day: usize =
            days.iter().map(|day| office.list("auditor", "acts", &[("on_day", day)]).total).sum();
        assert_eq!(by_day, all.total);
        let reviewer = office.list("auditor", "acts", &[("actor", "reviewer2")]);
        assert!(reviewer.total > 0 && reviewer.rows.iter().all(|row| written(row, 2) == "reviewer2"));
        let same: usize = days
            .iter()
            .map(|day| office.list("auditor", "acts", &[("actor", "reviewer2"), ("on_day", day)]).total)
            .sum();
        assert_eq!(same, reviewer.total);
        let vouchers = office.list("auditor", "acts", &[("document_kind", "voucher")]);
        assert!(vouchers.rows.iter().all(|row| written(row, 5).to_lowercase().contains("voucher")));
        let number = written(&vouchers.rows[0], 6);
        let one = office.list("auditor", "acts", &[("document_kind", "voucher"), ("number", &number)]);
        assert_eq!(one.total, 1);

        let seq = link(&one.rows[0], 0).rsplit('/').next().unwrap().to_owned();
        let sheet = office.view("auditor", "act", &[("index", &seq)]);
        assert!(sheet.badges.iter().any(|badge| badge.value == Value::Word("state.proved".into())));
        let raw = |wanted: &str| {
            sheet.blocks.iter().find_map(|block| match block {
                Block::Raw { name, text } if *name == wanted => Some(text.clone()),
                _ => None,
            })
        };
        let path: Vec<[u8; 32]> = raw("inclusion").unwrap().lines().map(unhex).collect();
        let facts: BTreeMap<&str, String> = sheet
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Facts { name: "proof", facts } => Some(facts),
                _ => None,
            })
            .flatten()
            .map(|(name, kind, cell)| (*name, cell.value.written(*kind, Lang::En)))
            .collect();
        let size: u64 = facts["checkpoint"].replace(',', "").parse().unwrap();
        let (index, leaf, root) = (seq.parse().unwrap(), unhex(&facts["leaf_hash"]), unhex(&facts["root"]));
        proof::verify_inclusion(&leaf, index, size, &path, &root).unwrap();
        assert!(raw("canonical").unwrap().contains("000000  "));
        assert_eq!(office.try_list("accountant", "acts", &[]).unwrap_err().why, Why::NotPermitted);
    });
}

fn unhex(text: &str) -> [u8; 32] {
    let bytes: Vec<u8> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// XC-15: an export is recorded before its file is given, and the file is verified by an auditor's own key.
#[test]
fn exports_are_recorded_and_verified() {
    each_office(|office| {
        let signers = &office.console.house.signers;
        let keys: String =
            signers.keys().iter().map(|key| format!("log {}\n", key.verifier().text())).collect();
        let policy = proof::Policy::parse(format!("{keys}quorum none\n").as_bytes()).unwrap();
        let auditor = audit::verify::Auditor { policy: &policy, previous: None, threads: 1 };
        let bill = [("account", "4200001001"), ("month", "2026-04")];
        let refused = office.file("auditor", "bill_proof", &bill).unwrap_err();
        assert_eq!(refused.why, Why::Conflict);
        let done = office.act("auditor", "proof.bill", &bill).unwrap();
        assert!(done.see.unwrap().starts_with("/proofs/bills/4200001001"));
        let file = office.file("auditor", "bill_proof", &bill).unwrap();
        audit::verify::verify(&auditor, file.as_slice()).unwrap();
        assert_eq!(office.file("reviewer", "bill_proof", &bill).unwrap_err().why, Why::Conflict);

        let document = [("document_kind", "accounting_period"), ("number", "2026-04")];
        office.act("auditor", "proof.document", &document).unwrap();
        let file = office.file("auditor", "document_proof", &document).unwrap();
        audit::verify::verify(&auditor, file.as_slice()).unwrap();

        let done = office.act("accountant", "proof.period", &[("month", "2026-04")]).unwrap();
        let path = done.facts["file"].as_str().unwrap().to_owned();
        let job = path.rsplit('/').next().unwrap();
        let file = office.file("accountant", "period_proof", &[("job", job)]).unwrap();
        audit::verify::verify(&auditor, file.as_slice()).unwrap();
        assert_eq!(office.file("auditor", "period_proof", &[("job", job)]).unwrap_err().why, Why::NotFound);
    });
}

/// XC-15: a check as a job proves good books; it finds a planted difference, raises the alarm and stops commands while
/// lists can still be read; one person proposes, another confirms, and the books go on. The same finding does not stop
/// them twice.
#[test]
fn a_check_stops_the_books_until_two_persons_decided() {
    each_office(|office| {
        let given = [("without_engine", "true")];
        let good = office.act("auditor", "alarm.check", &given).unwrap();
        assert_eq!(good.facts["found"], 0, "{:?}", good.facts["findings"]);
        // Somebody with the database in his hands changes what a balance says.
        for sql in match office.base.is_postgres() {
            true => [
                "ALTER TABLE period_balance DISABLE TRIGGER ALL",
                "SELECT 1",
                "ALTER TABLE period_balance ENABLE TRIGGER ALL",
            ],
            false => ["DROP TRIGGER balance_grows", "SELECT 1", "SELECT 1"],
        }
        .iter()
        .take(1)
        {
            office.base.store.write(|tx| tx.define(sql)).unwrap();
        }
        let changed = office.base.store.write(|tx| {
            tx.execute(
                "UPDATE period_balance SET debit = debit + 100 WHERE org_id = ?1 AND period = 202604 AND code = 1122",
                store::params![office.base.org_id()],
            )
        });
        assert!(changed.unwrap() > 0);
        let found = office.act("auditor", "alarm.check", &given).unwrap();
        assert!(found.facts["found"].as_i64().unwrap() > 0);
        let number = found.facts["alarm"].as_i64().unwrap().to_string();
        let job = found.see.unwrap().rsplit('/').next().unwrap().to_owned();
        let report = office.view("auditor", "check", &[("job", &job)]);
        assert!(!rows_of(&report, "findings").is_empty());

        let stopped = office.act("reviewer", "report.compile", &[("month", "2026-04")]).unwrap_err();
        assert_eq!(stopped.why, Why::Stopped, "{stopped:?}");
        assert!(!office.list("accountant", "balance", &[("month", "2026-04")]).rows.is_empty());
        let alarm = ("alarm", number.as_str());
        let early = office.act("leader", "alarm.confirm", &[alarm, ("reason", "fine")]).unwrap_err();
        assert!(said(&early).contains("nothing is proposed"), "{early:?}");
        let refused = office.act("leader", "alarm.propose", &[alarm, ("reason", "fine")]).unwrap_err();
        assert_eq!(refused.why, Why::NotPermitted);
        office.act("auditor", "alarm.propose", &[alarm, ("reason", "a planted difference")]).unwrap();
        office.act("leader", "alarm.send_back", &[alarm, ("reason", "say where it came from")]).unwrap();
        office.act("auditor", "alarm.propose", &[alarm, ("reason", "planted by the test")]).unwrap();
        let same = office.act("auditor", "alarm.confirm", &[alarm, ("reason", "myself")]).unwrap_err();
        assert_eq!(same.why, Why::NotPermitted);
        office.act("leader", "alarm.confirm", &[alarm, ("reason", "seen")]).unwrap();
        let sheet = office.view("leader", "alarm", &[alarm]);
        assert_eq!(sheet.badges[0].value, Value::Word("state.alarm.decided".into()));
        assert_ne!(
            office
                .act("reviewer", "report.compile", &[("month", "2026-04")])
                .map_err(|refusal| refusal.why)
                .err(),
            Some(Why::Stopped)
        );
        let again = office.act("auditor", "alarm.check", &given).unwrap();
        assert_eq!(again.facts["alarm"], serde_json::Value::Null);
    });
}

/// INQ-03, BILL-22: whoever holds a printed bill learns that it is authentic and what is printed on it; nothing else of
/// the customer, and every wrong code gets the same answer.
#[test]
fn a_stranger_sees_a_bill_and_no_more() {
    each_office(|office| {
        let org_id = office.base.org_id();
        let key = billing::BillKey { org_id, month: april(), account_id: 1001, sequence: 0 };
        let code = office.base.store.read(|tx| billing::bill_code(tx, key)).unwrap().unwrap().to_string();
        let amount = office.base.number(
            "SELECT amount FROM receivable WHERE org_id = ?1 AND month = 202604 AND account_id = 1001",
        );
        let page = office.page("", "verify_code", &[("code", &code)]);
        for shown in [Money::from_fen(amount).to_string().as_str(), "2026-04", "42****1001", "2026-04-12"] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        for hidden in ["4200001001", "客户1001", "示范路", "150", "B601", "S1", "城东"] {
            assert!(!page.contains(hidden), "{hidden} is nobody's business");
        }
        assert!(page.contains(&format!("/verify/{code}/proof")));
        let file = office.file("", "verified_proof", &[("code", &code)]).unwrap();
        let keys: String = office
            .console
            .house
            .signers
            .keys()
            .iter()
            .map(|key| format!("log {}\n", key.verifier().text()))
            .collect();
        let policy = proof::Policy::parse(format!("{keys}quorum none\n").as_bytes()).unwrap();
        let auditor = audit::verify::Auditor { policy: &policy, previous: None, threads: 1 };
        audit::verify::verify(&auditor, file.as_slice()).unwrap();

        let mut other = code.clone();
        let last = other.pop().unwrap();
        other.push(if last == 'A' { 'B' } else { 'A' });
        let unknown = code.replace("-1001-", "-999999-");
        let foreign = code.replacen(&format!("ZF1-{org_id}-"), &format!("ZF1-{}-", org_id + 1), 1);
        // What was typed stands in the field again; all else is the same for every wrong code.
        let plain = |code: &str| {
            let page = office.page("", "verify_code", &[("code", code)]);
            page.replace(&format!("value=\"{code}\""), "value=\"\"")
        };
        let refused = plain(&other);
        assert!(refused.contains("Not verified") && !refused.contains("2026-04"));
        for wrong in [unknown.as_str(), foreign.as_str(), "ZF1", "x"] {
            assert_eq!(plain(wrong), refused, "{wrong}");
            assert_eq!(office.file("", "verified_proof", &[("code", wrong)]).unwrap_err().why, Why::NotFound);
        }
    });
}

/// BILL-17, BILL-18: a price table reads as tables with its source and its place in history; other prices are compared
/// as a job whose page agrees with itself, and an adjustment follows from it.
#[test]
fn prices_and_what_other_prices_come_to() {
    each_office(|office| {
        let tables = office.list("marketing", "price_tables", &[]);
        assert_eq!(tables.rows.len(), 1);
        let path = link(&tables.rows[0], 0).to_owned();
        let (code, version) = (path.split('/').nth(2).unwrap(), path.split('/').nth(3).unwrap());
        let named = [("price_table", code), ("table_version", version)];
        let sheet = office.view("marketing", "price_table", &named);
        let grids = sheet.blocks.iter().filter(|block| matches!(block, Block::Grid(_))).count();
        assert!(grids > 3, "{grids} sheets");
        assert!(office.file("marketing", "price_workbook", &named).unwrap().starts_with(b"PK"));
        let refused = office.act("marketing", "price.load", &[]).unwrap_err();
        assert_eq!(refused.fields[0].0, "prices");

        let done =
            office.act("reviewer", "whatif.compare", &[("month", "2026-04"), ("shipped", "hubei-2026-01")]);
        let done = done.unwrap();
        let job = done.see.unwrap().rsplit('/').next().unwrap().to_owned();
        let sheet = office.view("reviewer", "comparison", &[("job", &job)]);
        for (table, before) in [("by_class", 3), ("by_station", 3), ("by_component", 1), ("by_fee", 5)] {
            let whole = office.base.number(
                "SELECT CAST(SUM(amount) AS BIGINT) FROM bill WHERE org_id = ?1 AND month = 202604 AND (reasons & 0) = 0",
            );
            assert!(total(rows_of(&sheet, table), before) <= Money::from_fen(whole), "{table}");
        }
        let by_class = total(rows_of(&sheet, "by_class"), 3);
        assert_eq!(total(rows_of(&sheet, "by_station"), 3), by_class);
        assert_eq!(total(rows_of(&sheet, "by_component"), 1), by_class);
        assert_eq!(total(rows_of(&sheet, "by_fee"), 5), by_class);
        assert_eq!(total(rows_of(&sheet, "by_energy"), 5), by_class);
        // The same prices change nobody's bill: there is nothing to adjust.
        let batch = [("job", job.as_str()), ("unit", "S1"), ("reason", "test")];
        let refused = office.act("fee", "whatif.batch", &batch).unwrap_err();
        assert!(said(&refused).contains("nothing to adjust"), "{refused:?}");
        // A bill is tried by a table that was loaded here, or by one that comes with the program and says so.
        for (table, own) in [(code, true), ("jiangsu-catalogue", false)] {
            let page = office.page("reviewer", "try_bill", &[("price_table", table), ("kwh", "100")]);
            assert!(page.contains(&format!("value=\"{table}\" selected")), "{page}");
            assert!(!page.contains("there is no price or price table"), "{page}");
            let option = page.split(&format!("value=\"{table}\"")).nth(1).unwrap();
            let option = option.split("</option>").next().unwrap();
            assert_eq!(option.contains("not loaded"), !own, "{option}");
        }
        // What a job of another person came to is seen by who may see every station it is about.
        let other = office.try_view("fee2", "comparison", &[("job", &job)]);
        assert_eq!(other.unwrap_err().why, Why::NotPermitted);
    });
}

/// XC-01: a person sees and stops the own jobs only; who keeps the program sees all.
#[test]
fn jobs_belong_to_who_asked() {
    each_office(|office| {
        office.act("auditor", "alarm.check", &[("without_engine", "true")]).unwrap();
        let own = office.list("auditor", "jobs", &[]);
        let id = link(&own.rows[0], 0).rsplit('/').next().unwrap().to_owned();
        assert!(office.list("accountant", "jobs", &[]).rows.is_empty());
        assert_eq!(office.list("keeper", "jobs", &[]).rows.len(), own.rows.len());
        assert_eq!(office.try_view("accountant", "job", &[("job", &id)]).unwrap_err().why, Why::NotFound);
        office.view("auditor", "job", &[("job", &id)]);
        assert!(office.act("auditor", "job.cancel", &[("job", &id)]).is_err(), "it is over");
        let org_id = office.base.org_id();
        let person = office.actor("auditor").person_id;
        let waiting = office
            .base
            .store
            .write(|tx| jobs::queue(tx, org_id, "alarm.check", person, &BTreeMap::new(), &[], at(TODAY)))
            .unwrap()
            .to_string();
        assert_eq!(
            office.act("accountant", "job.cancel", &[("job", &waiting)]).unwrap_err().why,
            Why::NotFound
        );
        let sheet = office.view("auditor", "job", &[("job", &waiting)]);
        assert!(sheet.blocks.iter().any(|block| matches!(block, Block::Progress { .. })));
        office.act("auditor", "job.cancel", &[("job", &waiting)]).unwrap();
        let sheet = office.view("auditor", "job", &[("job", &waiting)]);
        assert_eq!(sheet.badges[0].value, Value::Word("state.job.cancelled".into()));
    });
}
