//! Databases of every released version open, are brought up to date, and say what they said before; an upgrade that is
//! interrupted anywhere leaves what was there; what a newer program wrote is refused; released steps never change.

use std::io::Read;
use std::path::Path;

use kernel::{Bilingual, Lang};
use store::{Migration, Schema, Store, StoreError, params};

use crate::model::world;
use crate::month::house::schemas;
use crate::report::{Asked, Report};

/// A released version: its database as the program of that version left it, and what it said of it.
struct Released {
    version: &'static str,
    database: &'static [u8],
    said: &'static str,
}

const RELEASED: &[Released] = &[Released {
    version: "0.1.0",
    database: include_bytes!("../../fixtures/0.1.0.sqlite.gz"),
    said: include_str!("../../fixtures/0.1.0.txt"),
}];

/// Released steps of the schema, one a line: version, module, number, SHA-256.
const STEPS: &str = include_str!("../../fixtures/released_steps.txt");

/// What a database says of itself: size and root of its log, and its trial balance.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    org_id: i64,
    size: i64,
    root: String,
    /// Account, debits, credits, in fen, of all periods.
    balance: Vec<(i64, i64, i64)>,
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Said {
    /// Lines `organisation N`, `size N`, `root HEX`, `account CODE DEBIT CREDIT`.
    fn parse(text: &str) -> Said {
        let mut said = Said::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| words[at].parse::<i64>().unwrap();
            match words[0] {
                "organisation" => said.org_id = number(1),
                "size" => said.size = number(1),
                "root" => said.root = words[1].to_owned(),
                _ => said.balance.push((number(1), number(2), number(3))),
            }
        }
        said
    }
    /// What the program of today says of the log when it had `size` acts, and of the books.
    fn now(store: &Store, org_id: i64, size: i64) -> Said {
        let root = store.read(|tx| vault::tree_root(tx, org_id, size)).unwrap();
        let [first, last] = [190_001, 999_912].map(|number| kernel::Month::from_number(number).unwrap());
        let balance = store.read(|tx| ledger::trial_balance(tx, org_id, first, last, None)).unwrap();
        let lines = balance.lines.iter().map(|line| (line.account.0, line.debit.fen(), line.credit.fen()));
        Said { org_id, size, root: hexadecimal(&root), balance: lines.collect() }
    }
}

/// The tables, indexes, triggers and steps of a database, to see that nothing of them changed.
fn shape(store: &Store) -> Vec<String> {
    let sql = match store.engine() {
        store::Engine::Sqlite => "SELECT type || name || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1",
        store::Engine::Postgres => {
            "SELECT relname::text || ' ' || attname::text || ' ' || atttypid::text FROM pg_class c
             JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE relnamespace = current_schema()::regnamespace AND attnum > 0 AND NOT attisdropped
             UNION ALL SELECT 'trigger ' || tgname::text FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT 'function ' || proname::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
             ORDER BY 1"
        }
    };
    let mut found = store.read(|tx| tx.list(sql, &[], |row| row.text(0))).unwrap();
    let steps = store.check_statements(&["SELECT number FROM schema_migration"]).map(|()| {
        let sql = "SELECT module, number FROM schema_migration ORDER BY module, number";
        let step = |row: &store::Row<'_>| Ok::<_, StoreError>(format!("{} {}", row.text(0)?, row.int(1)?));
        store.read(|tx| tx.list(sql, &[], step)).unwrap()
    });
    found.extend(steps.unwrap_or_default());
    // The list of steps is made before the first step and is no part of any.
    found.retain(|line| !line.contains("schema_migration"));
    found
}

const STOP: &str = "SELECT stopped_here_on_purpose;";

/// A module of which nobody ever heard, so that there is always something to be interrupted in.
const NEXT: Schema = Schema {
    module: "torture_next",
    unrecorded: &[],
    migrations: &[Migration {
        number: 1,
        name: "next",
        both: "CREATE TABLE torture_one (id INTEGER NOT NULL, PRIMARY KEY (id)) STRICT;
CREATE TABLE torture_two (id INTEGER NOT NULL, PRIMARY KEY (id)) STRICT;
ALTER TABLE torture_one ADD COLUMN name TEXT;",
        sqlite: "",
        postgres: "",
    }],
};

/// Where the statements of `text` end. A trigger's body ends with END, a function's with its second `$$`.
fn ends(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(';') {
        let statement = &text[start..at];
        let in_function = statement.matches("$$").count() % 2 == 1;
        let trigger = statement.trim_start().starts_with("CREATE TRIGGER") && statement.contains("BEGIN");
        let in_comment = text[..at].rsplit('\n').next().is_some_and(|line| line.contains("--"));
        let in_text = statement.matches('\'').count() % 2 == 1;
        if in_function || in_text || in_comment || (trigger && !statement.trim_end().ends_with("END")) {
            continue;
        }
        found.push(at + 1);
        start = at + 1;
    }
    found
}

/// The steps of today and `NEXT`, each time cut after one more statement, which is followed by one that fails.
fn cuts(engine: store::Engine, have: &[String]) -> Vec<Vec<Schema>> {
    let all = || schemas().into_iter().chain([NEXT]).collect::<Vec<Schema>>();
    let mut found = Vec::new();
    for (place, module) in all().iter().enumerate() {
        for (number, step) in module.migrations.iter().enumerate() {
            if have.contains(&format!("{} {}", module.module, step.number)) {
                continue;
            }
            let own = if engine == store::Engine::Sqlite { step.sqlite } else { step.postgres };
            for (of_both, text) in [(true, step.both), (false, own)] {
                for end in ends(text) {
                    let cut: &'static str = Box::leak(format!("{}\n{STOP}", &text[..end]).into_boxed_str());
                    let whole = |text| if of_both { "" } else { text };
                    let stopped = Migration {
                        number: step.number,
                        name: step.name,
                        both: if of_both { cut } else { step.both },
                        sqlite: if engine == store::Engine::Sqlite && !of_both {
                            cut
                        } else {
                            whole(step.sqlite)
                        },
                        postgres: if engine == store::Engine::Postgres && !of_both {
                            cut
                        } else {
                            whole(step.postgres)
                        },
                    };
                    let mut steps: Vec<Migration> = module.migrations[..number].iter().map(copied).collect();
                    steps.push(stopped);
                    let mut schema = all();
                    schema[place] = Schema {
                        module: module.module,
                        unrecorded: module.unrecorded,
                        migrations: Box::leak(steps.into_boxed_slice()),
                    };
                    found.push(schema);
                }
            }
        }
    }
    found
}

fn copied(step: &Migration) -> Migration {
    Migration {
        number: step.number,
        name: step.name,
        both: step.both,
        sqlite: step.sqlite,
        postgres: step.postgres,
    }
}

/// Interrupts the upgrade after every statement; answers how many times, or what was left behind.
fn interrupt(store: &Store, every: usize) -> Result<u64, String> {
    let before = shape(store);
    let mut stopped = 0;
    for schema in cuts(store.engine(), &before).iter().step_by(every) {
        match store.migrate(schema) {
            Err(StoreError::Sql(why)) if why.contains("stopped_here_on_purpose") => {}
            other => return Err(format!("cut {stopped} was not stopped where it should: {other:?}")),
        }
        let after = shape(store);
        if after != before {
            let odd = after.iter().find(|line| !before.contains(line));
            return Err(format!("cut {stopped} left something behind: {odd:?}"));
        }
        stopped += 1;
    }
    Ok(stopped)
}

/// Proves a database that was just brought up to date.
fn prove(store: &Store, said: &Said) -> Result<(), String> {
    let now = Said::now(store, said.org_id, said.size);
    if now != *said {
        return Err(format!("it said {said:?} and says {now:?}"));
    }
    let books = store.read(|tx| ledger::check(tx, said.org_id)).map_err(|error| error.to_string())?;
    let log = store.read(|tx| vault::check(tx, said.org_id)).map_err(|error| error.to_string())?;
    if !books.is_good() || !log.is_good() {
        return Err(format!("{:?} {:?}", books.findings, log.findings));
    }
    match store.migrate(&schemas()) {
        Ok(0) => Ok(()),
        other => Err(format!("the second start found something to do: {other:?}")),
    }
}

/// What a newer program wrote, in steps or in modules, is refused in both languages and left alone.
fn downgrade(store: &Store) -> Result<(), String> {
    for (module, number) in [("ledger", 99), ("collection", 1)] {
        let insert = "INSERT INTO schema_migration (module, number, name) VALUES (?1, ?2, 'later')";
        store.write(|tx| tx.execute(insert, params![module, number])).map_err(|error| error.to_string())?;
        let before = shape(store);
        match store.migrate(&schemas()) {
            Err(error @ StoreError::Newer { .. }) => {
                let good = [Lang::Zh, Lang::En].into_iter().all(|lang| {
                    let text = error.text(lang);
                    text.contains(module)
                        && text.contains(&number.to_string())
                        && text.contains(env!("CARGO_PKG_VERSION"))
                });
                if !good || shape(store) != before {
                    return Err(format!("{module} {number} was refused badly: {error}"));
                }
            }
            other => return Err(format!("{module} {number} was not refused: {other:?}")),
        }
        let delete = "DELETE FROM schema_migration WHERE module = ?1 AND number = ?2";
        store.write(|tx| tx.execute(delete, params![module, number])).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Unpacks the database of a version into `path`.
fn unpack(released: &Released, path: &Path) {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(released.database).read_to_end(&mut bytes).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn on_sqlite(released: &Released, folder: &Path, sabotage: bool) -> Result<u64, String> {
    let said = Said::parse(released.said);
    let path = folder.join("sqlite.db");
    unpack(released, &path);
    if sabotage {
        // Somebody changed a balance of the old books before the upgrade.
        let raw = rusqlite::Connection::open(&path).unwrap();
        let richer = "UPDATE period_balance SET debit = debit + 1 WHERE debit = (SELECT MAX(debit) FROM period_balance)";
        raw.execute_batch(&format!("DROP TRIGGER balance_grows; {richer}")).unwrap();
    }
    let store = Store::open(path.to_str().unwrap()).unwrap();
    let stopped = interrupt(&store, 1)?;
    store.migrate(&schemas()).map_err(|error| error.to_string())?;
    prove(&store, &said)?;
    downgrade(&store)?;
    Ok(stopped)
}

/// On PostgreSQL the old database comes back from its backup, as an office would bring it there.
fn on_postgres(released: &Released, folder: &Path) -> Result<Option<u64>, String> {
    let Some(database) = world::postgres_like(None) else { return Ok(None) };
    let said = Said::parse(released.said);
    let (path, backup) = (folder.join("source.db"), folder.join("old.backup"));
    unpack(released, &path);
    let text = |error: StoreError| error.to_string();
    let taken = Store::open(path.to_str().unwrap()).and_then(|old| old.backup(&backup)).map_err(text)?;
    let store = Store::open(&database.url).map_err(text)?;
    store.migrate_to(&schemas(), &taken.migrations).map_err(text)?;
    store.restore(&backup).map_err(text)?;
    let stopped = interrupt(&store, 1)?;
    store.migrate(&schemas()).map_err(text)?;
    prove(&store, &said)?;
    downgrade(&store)?;
    Ok(Some(stopped))
}

/// From nothing: every statement of every step is a place to be interrupted.
fn from_nothing(folder: &Path) -> Result<u64, String> {
    let store = Store::open(folder.join("empty.db").to_str().unwrap()).map_err(|error| error.to_string())?;
    let mut stopped = interrupt(&store, 3)?;
    store.migrate(&schemas()).map_err(|error| error.to_string())?;
    if let Some(database) = world::postgres_like(None) {
        let store = Store::open(&database.url).map_err(|error| error.to_string())?;
        stopped += interrupt(&store, 23)?;
        store.migrate(&schemas()).map_err(|error| error.to_string())?;
    }
    Ok(stopped)
}

/// Upgrades every released version on both engines.
pub fn run(asked: &Asked) -> Report {
    let mut report = Report::new("upgrade", asked);
    for (number, released) in (0..).zip(RELEASED) {
        let folder = tempfile::tempdir().unwrap();
        report.count("versions", 1);
        match on_sqlite(released, folder.path(), asked.sabotage) {
            Ok(stopped) => report.count("interruptions on SQLite", stopped),
            Err(why) => report.failed(number, format!("{} on SQLite: {why}", released.version)),
        }
        match on_postgres(released, folder.path()) {
            Ok(stopped) => report.count("interruptions on PostgreSQL", stopped.unwrap_or(0)),
            Err(why) => report.failed(number, format!("{} on PostgreSQL: {why}", released.version)),
        }
        match from_nothing(folder.path()) {
            Ok(stopped) => report.count("interruptions from nothing", stopped),
            Err(why) => report.failed(number, format!("from nothing: {why}")),
        }
    }
    for line in changed_steps() {
        report.failed(0, line);
    }
    report
        .count("released steps compared", STEPS.lines().filter(|line| !line.starts_with('#')).count() as u64);
    report
}

/// The steps as the program has them now, in the form of the list of released ones.
pub fn steps() -> Vec<(String, i64, String)> {
    let own = Store::own_schema();
    let schemas = schemas();
    let all = std::iter::once(&own).chain(&schemas);
    all.flat_map(|module| {
        module
            .migrations
            .iter()
            .map(|step| (module.module.to_owned(), step.number, hexadecimal(&step.digest())))
    })
    .collect()
}

/// Released steps that read otherwise now, or are gone.
fn changed_steps() -> Vec<String> {
    let now = steps();
    let lines = STEPS.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [version, module, number, digest] = words[..] else {
                return Some(format!("unreadable: {line}"));
            };
            let same = now
                .iter()
                .any(|(name, at, sha256)| name == module && at.to_string() == number && sha256 == digest);
            (!same).then(|| {
                format!("step {number} of {module} was released with {version} and was changed since")
            })
        })
        .collect()
}
