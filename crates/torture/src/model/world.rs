//! The small company every harness of this part works on, made once for each engine and copied for each trial.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use billing::adjustment::{self, Cause, Effect, NewAdjustment};
use billing::{BillPostings, OfficeRules, PriceBook, exception, hold};
use identity::{Actor, Assignment, Desk, Founded, Permission};
use kernel::Moment;
use ledger::{AccountCode, Entry, Leg, VoucherHeader};
use postgres::{Client, NoTls};
use store::Store;

use crate::month::company::{self, Company, DEDICATED_BOOK, FAR_BOOK, PUBLIC_BOOK};
use crate::month::house::{self, House, at, day, kwh, month, yuan};

/// Where everybody of the company is, without its database.
#[derive(Clone)]
pub struct Ids {
    founded: Founded,
    units: [i64; 8],
}

impl Ids {
    fn of(house: &House<'_>) -> Ids {
        let units = [
            house.station,
            house.other_station,
            house.team,
            house.centre,
            house.marketing,
            house.institute,
            house.inspection,
            house.finance,
        ];
        Ids { founded: house.founded, units }
    }
    /// The company in the database `store`, which holds a copy of it.
    pub(crate) fn house<'s>(&self, store: &'s Store) -> House<'s> {
        let [station, other_station, team, centre, marketing, institute, inspection, finance] = self.units;
        let rules = OfficeRules::built_in().unwrap();
        let founded = self.founded;
        House {
            store,
            founded,
            rules,
            station,
            other_station,
            team,
            centre,
            marketing,
            institute,
            inspection,
            finance,
        }
    }
}

/// A database of PostgreSQL that goes away when this does.
pub struct Copied {
    /// Where to connect.
    pub url: String,
    server: String,
    name: String,
}

impl Drop for Copied {
    fn drop(&mut self) {
        if let Ok(mut client) = Client::connect(&format!("{}/postgres", self.server), NoTls) {
            // A leftover database fails no trial: the whole server goes away after the run.
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A new database on the test server, empty or a copy of `template`; nothing without a server.
pub fn postgres_like(template: Option<&str>) -> Option<Copied> {
    let server = std::env::var("ZHANGFANG_TEST_POSTGRES").ok()?;
    let name = format!("torture_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut client = Client::connect(&format!("{server}/postgres"), NoTls).unwrap();
    // Nothing of a test database must survive anything, so its files need no log of their own.
    let like = template.map(|name| format!("TEMPLATE {name} STRATEGY file_copy")).unwrap_or_default();
    client.batch_execute(&format!("CREATE DATABASE {name} {like}")).unwrap();
    Some(Copied { url: format!("{server}/{name}"), server, name })
}

/// The company on both engines, ready to be copied.
pub struct Base {
    folder: tempfile::TempDir,
    sqlite: PathBuf,
    postgres: Option<Copied>,
    /// Where everybody is, on SQLite and on PostgreSQL: keys tell which program made them.
    ids: [Ids; 2],
    /// Its prices.
    pub prices: PriceBook,
    /// Its posting rules, looked up for the prices.
    pub postings: BillPostings,
    /// The table of posting rules.
    pub rules: ledger::PostingRules,
}

impl Base {
    /// Makes the company: three months taken over, April submitted, books open up to April. `story` goes on from there.
    pub fn new(with_postgres: bool, story: impl Fn(&Company<'_, '_>)) -> Base {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = folder.path().join("base.db");
        let made = {
            let store = Store::open(folder.path().join("making.db").to_str().unwrap()).unwrap();
            let made = make(&store, &story);
            store.backup_to(sqlite.to_str().unwrap()).unwrap();
            made
        };
        let postgres = if with_postgres { postgres_like(None) } else { None };
        let (ids, prices, postings) = made;
        let there = postgres.as_ref().map(|database| make(&Store::open(&database.url).unwrap(), &story).0);
        let ids = [ids.clone(), there.unwrap_or(ids)];
        let rules = ledger::PostingRules::standard().unwrap();
        Base { folder, sqlite, postgres, ids, prices, postings, rules }
    }
    /// Where everybody is in `store`, a copy of this.
    pub fn ids(&self, store: &Store) -> &Ids {
        &self.ids[usize::from(store.engine() == store::Engine::Postgres)]
    }
    /// The file of the SQLite database; nothing is left beside it.
    pub fn file(&self) -> &Path {
        &self.sqlite
    }
    /// The folder for copies; it goes away with this.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
    /// A fresh copy on SQLite.
    pub fn sqlite_copy(&self) -> (PathBuf, Store) {
        let path = self.folder.path().join(format!("copy{}.db", NUMBER.fetch_add(1, Ordering::Relaxed)));
        std::fs::copy(&self.sqlite, &path).unwrap();
        let store = Store::open(path.to_str().unwrap()).unwrap();
        (path, store)
    }
    /// A fresh copy on PostgreSQL, if there is a server.
    pub fn postgres_copy(&self) -> Option<(Copied, Store)> {
        let base = self.postgres.as_ref()?;
        let copy = postgres_like(Some(&base.name))?;
        let store = Store::open(&copy.url).unwrap();
        Some((copy, store))
    }
}

/// Removes a copy with what SQLite keeps beside it.
pub fn remove(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        // What is not there needs no removing.
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
}

fn make(store: &Store, story: &impl Fn(&Company<'_, '_>)) -> (Ids, PriceBook, BillPostings) {
    let house = house::found(store);
    let company = Company::new(&house, "2026-04");
    story(&company);
    let ids = Ids::of(&house);
    let Company { prices, postings, .. } = company;
    (ids, prices, postings)
}

/// Somebody who holds exactly `permissions`, everywhere.
pub fn holder(org_id: i64, person_id: i64, permissions: &[Permission]) -> Actor {
    let permissions = permissions.iter().map(|one| one.0.to_owned()).collect();
    let post = Assignment {
        post: "all".into(),
        unit_id: 1,
        units: vec![],
        all_units: true,
        permissions,
        for_person: None,
        lent_to: vec![],
    };
    Actor { org_id, person_id, name: "总账".into(), assignments: vec![post] }
}

/// A month with everything in it: exceptions, a hold, an adjustment, tickets, vouchers by hand and in red, request keys,
/// checkpoints, a closed period.
pub(crate) fn finished_month(company: &Company<'_, '_>) {
    let house = company.house;
    let (rules, april) = (&house.rules, company::april());
    for book_id in [PUBLIC_BOOK, DEDICATED_BOOK] {
        let submitted = |work: &mut identity::Work<'_, '_>| {
            billing::progress::book_submitted(work, &rules.calendar, april, book_id, house.centre)
        };
        house.by("fee", "2026-04-06", submitted).unwrap();
    }
    let place = |work: &mut identity::Work<'_, '_>| {
        hold::place(work, rules, 1009, april, "CT-1", "改类未归档", house.centre)
    };
    let placed = house.by("fee", "2026-04-07", place).unwrap();
    let new = NewAdjustment {
        cause: Cause::StationError,
        account_id: 1001,
        month: month("2026-03"),
        reason: "三月表码录入有误，多计电量".into(),
        effect: Effect {
            energy_kwh: kwh(-20),
            tiers: vec![(1, kwh(-20))],
            components: vec![("energy".into(), yuan("-9.88")), ("vat".into(), yuan("-1.28"))],
        },
        request_ticket_id: None,
        change_ticket: None,
        centre_unit_id: house.centre,
        follow_up: vec![],
    };
    let case = house.by("fee", "2026-04-07", |work| adjustment::start(work, rules, &new)).unwrap();
    company.run(&company.plan(april, "2026-04-08")).unwrap();
    for station in [house.station, house.other_station] {
        house
            .by("reviewer", "2026-04-08", |work| exception::send_lists(work, rules, april, station))
            .unwrap();
    }
    let ticket =
        |work: &mut identity::Work<'_, '_>| exception::raise_ticket(work, rules, april, 1102, "请核实");
    house.by("reviewer", "2026-04-08", ticket).unwrap();
    for (login, account) in [("fee", 1003), ("fee", 1004), ("fee", 1102), ("fee2", 1203)] {
        house
            .by(login, "2026-04-09", |work| exception::answer(work, rules, april, account, "已核实"))
            .unwrap();
        house
            .by("reviewer", "2026-04-10", |work| exception::put_in_order(work, rules, april, account))
            .unwrap();
    }
    house.by("fee", "2026-04-09", |work| hold::release(work, rules, placed.hold_id)).unwrap();
    let id = case.case_id;
    house.by("head", "2026-04-08", |work| adjustment::approve(work, rules, id, "同意")).unwrap();
    house.by("reviewer", "2026-04-09", |work| adjustment::operate(work, rules, id)).unwrap();
    house.by("reviewer", "2026-04-09", |work| adjustment::archive(work, rules, id)).unwrap();
    house.by("fee", "2026-04-09", |work| adjustment::finish_follow_up(work, rules, id)).unwrap();
    house.by("reviewer", "2026-04-09", |work| adjustment::record_call(work, id, "请建抄本")).unwrap();
    let issue =
        |work: &mut identity::Work<'_, '_>| adjustment::issue_with(work, rules, &company.postings, id);
    house.by("reviewer", "2026-04-10", issue).unwrap();
    for book in company.books() {
        company::act(house, "reviewer2", "2026-04-10", |work| {
            billing::issue_book(work, rules, &company.postings, april, book, 20)
        })
        .unwrap();
    }
    by_hand(house);
}

/// Vouchers by hand under request keys, one of them reversed; checkpoints; periods closed and one opened again.
fn by_hand(house: &House<'_>) {
    let rights = [ledger::permission::ALL, vault::permission::ALL].concat();
    let keeper = holder(house.org_id(), 1, &rights);
    let desk = Desk::new(house.store, &keeper);
    let mut voucher_ids = Vec::new();
    for (number, fen) in [(1, 12_300), (2, 45_600), (3, 7_89)] {
        let on: Moment = at("2026-04-12");
        let posted = desk.act_once(on, "ledger.post", &format!("hand-{number}"), &[number], |work| {
            let header = VoucherHeader {
                voucher_id: work.next_key(),
                unit_id: house.finance,
                posted_on: day("2026-04-12"),
                effective_on: day("2026-04-12"),
                event: "by_hand".into(),
                source: format!("note {number}"),
                text: format!("手工凭证 {number}"),
            };
            let amount = kernel::Money::from_fen(fen);
            let entry = Entry::new()
                .debit(Leg::new(AccountCode(1002), amount).customer(1001))
                .credit(Leg::new(AccountCode(2203), amount).customer(1001));
            ledger::post_manual(work, &header, &entry).map(|posted| posted.voucher_id)
        });
        voucher_ids.push(posted.unwrap());
    }
    desk.act(at("2026-04-13"), |work| ledger::reverse(work, voucher_ids[1], day("2026-04-13"), "")).unwrap();
    let signers = desk.act(at("2026-04-14"), |work| {
        let signers = vault::Signers::generate(&vault::name_log(work, "torture")?)?;
        for key in signers.keys() {
            vault::add_key(work, vault::KeyRole::Log, key.verifier())?;
        }
        vault::checkpoint(work, &signers)?;
        Ok::<_, vault::VaultError>(signers)
    });
    let signers = signers.unwrap();
    desk.act(at("2026-05-02"), |work| {
        for period in ["2026-01", "2026-02", "2026-03", "2026-04"] {
            ledger::close_period(work, month(period))?;
        }
        ledger::reopen_period(work, month("2026-04"))?;
        ledger::open_period(work, month("2026-05"))
    })
    .unwrap();
    desk.act(at("2026-05-02"), |work| vault::checkpoint(work, &signers)).unwrap();
}

/// Writes the database of a finished month to `file`, as the fixture of a release.
pub fn fixture(file: &Path) -> std::io::Result<()> {
    let base = Base::new(false, finished_month);
    std::fs::copy(base.file(), file).map(drop)
}

/// The books of the company, for harnesses that name them.
pub const BOOKS: [i64; 3] = [PUBLIC_BOOK, DEDICATED_BOOK, FAR_BOOK];
