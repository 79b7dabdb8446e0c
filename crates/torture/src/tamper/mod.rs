//! Edits of stored data by somebody who has the file: every one of them must be found by the checks.
//!
//! A finished month is copied once for each edit. The edit is made by a raw connection with every guard taken away
//! and put back afterwards, so that the data themselves are the only trace. Then all checks run. [`OPEN`](classes::OPEN)
//! names what no check covers, with the reason; everything else is covered, and a table nobody has thought of as well.

pub mod classes;
pub mod edit;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use audit::check::Options;
use store::Store;

use crate::model::world::{self, Base};
use crate::month;
use crate::report::{Asked, Report};
use edit::{Layout, Made};

/// Threads that try edits side by side.
const WORKERS: u64 = 2;

/// One proof the program offers: its name, and what it says of a database, an empty list when all is well.
struct Check {
    name: &'static str,
    run: fn(&Store, i64) -> Result<Vec<String>, String>,
}

fn told<T: ToString>(findings: &[T]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

/// All of them, in the order in which they are asked.
const CHECKS: &[Check] = &[
    Check {
        name: "ledger::check",
        run: |store, org_id| {
            let report = store.read(|tx| ledger::check(tx, org_id)).map_err(|error| error.to_string())?;
            Ok(told(&report.findings))
        },
    },
    Check {
        name: "vault::check",
        run: |store, org_id| {
            let report = store.read(|tx| vault::check(tx, org_id)).map_err(|error| error.to_string())?;
            Ok(told(&report.findings))
        },
    },
    Check {
        name: "audit::check --deep",
        run: |store, org_id| {
            let schema = month::house::schemas();
            let options = Options { deep: true, workers: 1, ..Options::new(&schema) };
            let report = audit::check::check(store, org_id, &options, &mut |_| true);
            let report = report.map_err(|error| error.to_string())?;
            let findings = report.findings();
            Ok(findings.iter().map(|one| format!("{} {}: {}", one.check, one.place, one.en)).collect())
        },
    },
];

/// The checks of a sabotaged run lack this one.
const SWITCHED_OFF: &str = "audit::check --deep";

/// Who finds something in the database at `path`, and what; a check that cannot read the data has found them out too.
/// What was found before anything was touched is no proof of anything.
fn found_by(
    path: &Path,
    org_id: i64,
    sabotage: bool,
    known: &BTreeSet<String>,
) -> Option<(&'static str, String)> {
    let store = match Store::open(&path.display().to_string()) {
        Ok(store) => store,
        Err(error) => return Some(("Store::open", error.to_string())),
    };
    CHECKS.iter().filter(|check| !(sabotage && check.name == SWITCHED_OFF)).find_map(|check| {
        match (check.run)(&store, org_id) {
            Ok(findings) => {
                let new = findings.into_iter().find(|finding| !known.contains(finding));
                new.map(|finding| (check.name, finding))
            }
            Err(error) => Some((check.name, error)),
        }
    })
}

/// A finished month and what its tables look like.
pub struct Prepared {
    base: Base,
    layout: Layout,
    org_id: i64,
    /// Findings in the month as it is: the tests' company has a keeper who is nobody's employee, and customers
    /// without a book.
    known: BTreeSet<String>,
}

impl Prepared {
    /// Makes the month and notes what is found in it as it is.
    pub fn new() -> Prepared {
        let base = Base::new(false, world::finished_month);
        let layout = Layout::read(base.file());
        let (path, store) = base.sqlite_copy();
        let org_id = base.ids(&store).house(&store).org_id();
        let known: BTreeSet<String> =
            CHECKS.iter().flat_map(|check| (check.run)(&store, org_id).unwrap()).collect();
        drop(store);
        world::remove(&path);
        Prepared { base, layout, org_id, known }
    }
    /// Every table with its number of rows.
    pub fn tables(&self) -> BTreeMap<&str, u64> {
        self.layout.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect()
    }
}

impl Default for Prepared {
    fn default() -> Prepared {
        Prepared::new()
    }
}

/// What became of one edit.
pub struct Tried {
    /// Its number in the run.
    pub number: u64,
    /// What was edited.
    pub made: Made,
    /// Who found what.
    pub found: Option<(&'static str, String)>,
}

/// Makes the edits asked for, each on a copy of its own; `open_too` tries what is not covered as well.
pub fn tries(prepared: &Prepared, asked: &Asked, open_too: bool) -> Vec<Tried> {
    let tried = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let tried = &tried;
            scope.spawn(move || {
                for number in asked.trials().filter(|number| number % WORKERS == worker) {
                    let one = attempt(prepared, asked, number, open_too);
                    tried.lock().unwrap().extend(one);
                }
            });
        }
    });
    let mut tried = tried.into_inner().unwrap();
    tried.sort_by_key(|one| one.number);
    tried
}

fn attempt(prepared: &Prepared, asked: &Asked, number: u64, open_too: bool) -> Option<Tried> {
    let mut chance = asked.chance(number);
    let path = prepared.base.folder().join(format!("edit{number}.db"));
    std::fs::copy(prepared.base.file(), &path).unwrap();
    let made = edit::edit(&path, &prepared.layout, &mut chance, open_too);
    let tried = made.map(|made| {
        let found = found_by(&path, prepared.org_id, asked.sabotage, &prepared.known);
        Tried { number, made, found }
    });
    world::remove(&path);
    tried
}

/// Tries `asked.count` edits of what is covered.
pub fn run(asked: &Asked) -> Report {
    let prepared = Prepared::new();
    let mut report = Report::new("tamper", asked);
    report.count("findings before any edit", prepared.known.len() as u64);
    for tried in tries(&prepared, asked, false) {
        report.count("edits", 1);
        report.count(tried.made.kind.name(), 1);
        match tried.found {
            Some((check, _)) => report.count(check, 1),
            None => report.failed(tried.number, format!("nobody noticed: {}", tried.made.what)),
        }
    }
    report
}

/// Tries `asked.count` edits of everything and says, by table and column, what nobody notices.
pub fn gaps(asked: &Asked) -> String {
    let prepared = Prepared::new();
    let mut missed: BTreeMap<String, (u64, u64, String)> = BTreeMap::new();
    let mut by_table: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for tried in tries(&prepared, asked, true) {
        let table = by_table.entry(tried.made.table.clone()).or_default();
        let place = format!("{} {} {}", tried.made.table, tried.made.kind.name(), tried.made.column);
        let counts = missed.entry(place).or_default();
        counts.0 += 1;
        table.0 += 1;
        if tried.found.is_none() {
            counts.1 += 1;
            table.1 += 1;
            counts.2 = tried.made.what;
        }
    }
    let mut text = format!("edits {} seed {}\n\ntable: edits, missed\n", asked.count, asked.seed);
    for (table, (edits, missed)) in &by_table {
        text.push_str(&format!("{table}: {edits}, {missed}\n"));
    }
    text.push_str("\nplace: edits, missed, the last one missed\n");
    for (place, (edits, count, last)) in missed.iter().filter(|(_, (_, count, _))| *count > 0) {
        text.push_str(&format!("{place}: {edits}, {count}, {last}\n"));
    }
    let empty: Vec<&str> = prepared.tables().into_iter().filter(|one| one.1 == 0).map(|one| one.0).collect();
    text.push_str(&format!("\ntables without rows in this month: {}\n", empty.join(" ")));
    text
}
