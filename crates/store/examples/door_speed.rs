//! How fast the door is, beside the bare driver in the same run: bulk rows and durable commits, on SQLite and, when
//! `ZHANGFANG_TEST_POSTGRES` names a server, on PostgreSQL.
//!
//! `cargo run --release -p store --example door_speed -- [rows] [commits]`

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use postgres::NoTls;
use store::{Bulk, Column, Kind, Migration, Schema, Store, params};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const THREADS: i64 = 8;
const SCHEMA: &[Schema] = &[Schema {
    module: "speed",
    unrecorded: &[],
    migrations: &[Migration {
        number: 1,
        name: "rows like a ledger's",
        both: "CREATE TABLE bulk (org_id INTEGER NOT NULL, id INTEGER NOT NULL, account INTEGER NOT NULL,
                 amount INTEGER NOT NULL, summary TEXT, digest BLOB, PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
               CREATE TABLE bare_bulk (org_id INTEGER NOT NULL, id INTEGER NOT NULL, account INTEGER NOT NULL,
                 amount INTEGER NOT NULL, summary TEXT, digest BLOB, PRIMARY KEY (org_id, id)) STRICT, WITHOUT ROWID;
               CREATE TABLE act (id INTEGER NOT NULL PRIMARY KEY, amount INTEGER NOT NULL) STRICT;",
        sqlite: "",
        postgres: "",
    }],
}];
const COLUMNS: &[Column] = &[
    ("org_id", Kind::Int),
    ("id", Kind::Int),
    ("account", Kind::Int),
    ("amount", Kind::Int),
    ("summary", Kind::Text),
    ("digest", Kind::Blob),
];
const ACT: &str = "INSERT INTO act (id, amount) VALUES (?1, ?2)";
const DIGEST: [u8; 32] = [7; 32];

fn per_second(count: i64, time: Duration) -> i64 {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX).max(1);
    count.saturating_mul(1_000_000) / micros
}

fn show(what: &str, count: i64, door: Duration, bare: Duration) {
    let (door, bare) = (per_second(count, door), per_second(count, bare));
    println!("  {what:<32}{door:>12}/s   bare {bare:>12}/s   {:>4} %", door * 100 / bare.max(1));
}

fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}

fn in_threads(work: impl Fn(i64) -> Outcome<()> + Sync) -> Outcome<Duration> {
    timed(|| {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let work = &work;
                    scope.spawn(move || work(thread))
                })
                .collect();
            threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
        })
    })
}

fn load_through_the_door(store: &Store, rows: i64) -> Outcome<Duration> {
    timed(|| {
        let mut bulk = Bulk::new("bulk", COLUMNS);
        store.write(|tx| {
            for id in 0..rows {
                bulk.row(params![1, id, id % 5000, id * 7, "电费", &DIGEST])?;
                if bulk.encoded_bytes() > 1 << 20 {
                    tx.load(&mut bulk)?;
                }
            }
            tx.load(&mut bulk)
        })?;
        Ok(())
    })
}

fn commit_through_the_door(store: &Store, from: i64, commits: i64) -> Outcome<()> {
    for id in from..from + commits {
        store.write(|tx| tx.execute(ACT, params![id, id]))?;
    }
    Ok(())
}

fn measure(store: &Store, bare: &(impl Bare + Sync), rows: i64, commits: i64) -> Outcome<()> {
    println!("{}", store.engine_version()?);
    show("bulk rows, one transaction", rows, load_through_the_door(store, rows)?, bare.load(rows)?);
    let door = timed(|| commit_through_the_door(store, 0, commits))?;
    show("commits, one thread", commits, door, timed(|| bare.commit(1_000_000_000, commits))?);
    let each = commits;
    let door = in_threads(|thread| commit_through_the_door(store, (thread + 1) * 10_000_000, each))?;
    let driver = in_threads(|thread| bare.commit(1_000_000_000 + (thread + 1) * 10_000_000, each))?;
    show("commits, eight threads", each * THREADS, door, driver);

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("speed.backup");
    let begun = Instant::now();
    let report = store.backup(&file)?;
    let total = i64::try_from(report.rows)?;
    println!("  {:<32}{:>12}/s   {} bytes", "backup, rows", per_second(total, begun.elapsed()), report.bytes);
    let begun = Instant::now();
    Store::inspect_backup(&file)?;
    println!("  {:<32}{:>12}/s", "verify, rows", per_second(total, begun.elapsed()));
    let target = Store::open(&folder.path().join("restored.db").display().to_string())?;
    target.migrate(SCHEMA)?;
    let begun = Instant::now();
    target.restore(&file)?;
    println!("  {:<32}{:>12}/s", "restore into SQLite, rows", per_second(total, begun.elapsed()));
    Ok(())
}

/// The same work with nothing but the driver.
trait Bare {
    fn load(&self, rows: i64) -> Outcome<Duration>;
    fn commit(&self, from: i64, commits: i64) -> Outcome<()>;
}

struct BareSqlite(String);

impl BareSqlite {
    fn open(&self) -> Outcome<rusqlite::Connection> {
        let connection = rusqlite::Connection::open(&self.0)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
             PRAGMA wal_autocheckpoint = 8192; PRAGMA busy_timeout = 60000;",
        )?;
        Ok(connection)
    }
}

impl Bare for BareSqlite {
    fn load(&self, rows: i64) -> Outcome<Duration> {
        let mut connection = self.open()?;
        timed(|| {
            let tx = connection.transaction()?;
            let mut insert = tx.prepare(
                "INSERT INTO bare_bulk (org_id, id, account, amount, summary, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for id in 0..rows {
                insert.execute(rusqlite::params![1, id, id % 5000, id * 7, "电费", DIGEST])?;
            }
            drop(insert);
            Ok(tx.commit()?)
        })
    }
    fn commit(&self, from: i64, commits: i64) -> Outcome<()> {
        let connection = self.open()?;
        let mut insert = connection.prepare(ACT)?;
        for id in from..from + commits {
            insert.execute([id, id])?;
        }
        Ok(())
    }
}

struct BarePostgres(String);

impl Bare for BarePostgres {
    fn load(&self, rows: i64) -> Outcome<Duration> {
        let mut client = postgres::Client::connect(&self.0, NoTls)?;
        timed(|| {
            let mut copy = client.copy_in("COPY bare_bulk FROM STDIN (FORMAT BINARY)")?;
            let mut row = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
            for id in 0..rows {
                row.extend_from_slice(&6_i16.to_be_bytes());
                for number in [1, id, id % 5000, id * 7] {
                    row.extend_from_slice(&8_i32.to_be_bytes());
                    row.extend_from_slice(&number.to_be_bytes());
                }
                for bytes in ["电费".as_bytes(), &DIGEST] {
                    row.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
                    row.extend_from_slice(bytes);
                }
                if row.len() > 1 << 20 {
                    copy.write_all(&row)?;
                    row.clear();
                }
            }
            row.extend_from_slice(&(-1_i16).to_be_bytes());
            copy.write_all(&row)?;
            copy.finish()?;
            Ok(())
        })
    }
    fn commit(&self, from: i64, commits: i64) -> Outcome<()> {
        let mut client = postgres::Client::connect(&self.0, NoTls)?;
        let insert = client.prepare(&ACT.replace('?', "$"))?;
        for id in from..from + commits {
            client.execute(&insert, &[&id, &id])?;
        }
        Ok(())
    }
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<i64>());
    let rows = arguments.next().transpose()?.unwrap_or(1_000_000);
    let commits = arguments.next().transpose()?.unwrap_or(2_000);

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("speed.db").display().to_string();
    let store = Store::open(&path)?;
    store.migrate(SCHEMA)?;
    measure(&store, &BareSqlite(path), rows, commits)?;

    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url)?;
        store.migrate(SCHEMA)?;
        measure(&store, &BarePostgres(database.url.clone()), rows, commits)?;
    }
    Ok(())
}
