//! Portable backups between both engines. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use sha2::{Digest, Sha256};
use store::{BackupFault, Migration, Schema, Store, StoreError, params};

const TABLES: &str = "
CREATE TABLE party (
  org_id INTEGER NOT NULL, code TEXT NOT NULL, parent TEXT, note TEXT, PRIMARY KEY (org_id, code),
  FOREIGN KEY (org_id, parent) REFERENCES party (org_id, code)) STRICT, WITHOUT ROWID;
CREATE TABLE draft (id INTEGER NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE act (
  id INTEGER NOT NULL PRIMARY KEY, org_id INTEGER NOT NULL, code TEXT NOT NULL, proof BLOB,
  FOREIGN KEY (org_id, code) REFERENCES party (org_id, code)) STRICT;
CREATE TABLE sealed (
  id INTEGER NOT NULL PRIMARY KEY, act_id INTEGER NOT NULL REFERENCES act (id) DEFERRABLE INITIALLY DEFERRED,
  amount INTEGER NOT NULL CHECK (amount > 0)) STRICT, WITHOUT ROWID;
CREATE TABLE loose (word TEXT, number INTEGER, bytes BLOB) STRICT;
CREATE TABLE vacant (id INTEGER NOT NULL PRIMARY KEY) STRICT;";

/// The same tables without anything that guards them.
const BARE: &str = "
CREATE TABLE party (org_id INTEGER NOT NULL, code TEXT NOT NULL, parent TEXT, note TEXT, PRIMARY KEY (org_id, code)) STRICT;
CREATE TABLE draft (id INTEGER NOT NULL PRIMARY KEY) STRICT;
CREATE TABLE act (id INTEGER NOT NULL PRIMARY KEY, org_id INTEGER NOT NULL, code TEXT NOT NULL, proof BLOB) STRICT;
CREATE TABLE sealed (id INTEGER NOT NULL PRIMARY KEY, act_id INTEGER NOT NULL, amount INTEGER NOT NULL) STRICT;
CREATE TABLE loose (word TEXT, number INTEGER, bytes BLOB) STRICT;
CREATE TABLE vacant (id INTEGER NOT NULL PRIMARY KEY) STRICT;";

const SQLITE: &str = "
CREATE TRIGGER seal_needs_draft BEFORE INSERT ON sealed
  WHEN NOT EXISTS (SELECT 1 FROM draft WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'no draft'); END;
CREATE TRIGGER seal_ends_draft AFTER INSERT ON sealed BEGIN DELETE FROM draft WHERE id = NEW.id; END;
CREATE TRIGGER seal_fixed BEFORE UPDATE ON sealed BEGIN SELECT RAISE(ABORT, 'it''s sealed'); END;";

const POSTGRES: &str = "
CREATE FUNCTION seal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN RAISE EXCEPTION 'it''s sealed'; END IF;
  IF NOT EXISTS (SELECT 1 FROM draft WHERE id = NEW.id) THEN RAISE EXCEPTION 'no draft'; END IF;
  DELETE FROM draft WHERE id = NEW.id;
  RETURN NEW;
END $$;
CREATE TRIGGER seal_guard BEFORE INSERT OR UPDATE ON sealed FOR EACH ROW EXECUTE FUNCTION seal_guard();
CREATE TRIGGER seal_always BEFORE UPDATE ON sealed FOR EACH ROW EXECUTE FUNCTION seal_guard();
ALTER TABLE sealed ENABLE ALWAYS TRIGGER seal_always;
REVOKE UPDATE, DELETE, TRUNCATE ON sealed, loose FROM PUBLIC, CURRENT_USER;";

const GUARDED: &[Schema] = &[Schema {
    module: "test",
    unrecorded: &[],
    migrations: &[Migration {
        number: 1,
        name: "acts and seals",
        both: TABLES,
        sqlite: SQLITE,
        postgres: POSTGRES,
    }],
}];
const UNGUARDED: &[Schema] = &[Schema {
    module: "test",
    unrecorded: &[],
    migrations: &[Migration { number: 1, name: "acts and seals", both: BARE, sqlite: "", postgres: "" }],
}];
const LATER: &[Schema] = &[
    Schema { module: "test", unrecorded: &[], migrations: GUARDED[0].migrations },
    Schema {
        module: "later",
        unrecorded: &[],
        migrations: &[Migration { number: 1, name: "nothing yet", both: "", sqlite: "", postgres: "" }],
    },
];

/// Databases for one test; they go away with it.
struct Place {
    folder: tempfile::TempDir,
    databases: Vec<testbed::PostgresDatabase>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap(), databases: Vec::new() }
    }
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn sqlite(&self, schema: &[Schema]) -> Store {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let store = Store::open(self.path(&format!("{number}.db")).to_str().unwrap()).unwrap();
        store.migrate(schema).unwrap();
        store
    }
    /// A database whose owner is no superuser, as it should be in earnest.
    fn postgres(&mut self, schema: &[Schema]) -> Option<Store> {
        let database = testbed::postgres_database()?;
        let owner = format!("owner_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let name = database.url.rsplit('/').next().unwrap();
        let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
        let make = format!(
            "CREATE ROLE {owner} LOGIN; ALTER DATABASE {name} OWNER TO {owner}; ALTER SCHEMA public OWNER TO {owner}"
        );
        client.batch_execute(&make).unwrap();
        let store = Store::open(&database.url.replace("postgres@", &format!("{owner}@"))).unwrap();
        store.migrate(schema).unwrap();
        self.databases.push(database);
        Some(store)
    }
    /// A database of each engine there is.
    fn each(&mut self, schema: &[Schema]) -> Vec<Store> {
        [Some(self.sqlite(schema)), self.postgres(schema)].into_iter().flatten().collect()
    }
}

fn seal(store: &Store, id: i64) -> Result<(), StoreError> {
    store.write(|tx| {
        tx.execute("INSERT INTO draft (id) VALUES (?1)", params![id])?;
        let proof = vec![id as u8; (id % 300) as usize];
        let proof = (id % 5 != 0).then_some(&proof);
        tx.execute("INSERT INTO act (id, org_id, code, proof) VALUES (?1, 1, '站', ?2)", params![id, proof])?;
        tx.execute("INSERT INTO sealed (id, act_id, amount) VALUES (?1, ?1, ?2)", params![id, id * 100])?;
        Ok(())
    })
}

fn fill(store: &Store, seals: i64) {
    store
        .write(|tx| {
            // A parent that sorts after its child, and names whose order depends on the collation.
            for (code, parent) in
                [("站", None), ("b", Some("站")), ("A", Some("b")), ("a", None), ("é", Some("A"))]
            {
                tx.execute(
                    "INSERT INTO party (org_id, code, parent, note) VALUES (1, ?1, ?2, ?3)",
                    params![code, parent, parent.map(|_| "")],
                )?;
            }
            for (word, number, bytes) in [
                (Some("b"), Some(i64::MIN), Some(vec![0, 255])),
                (None, None, None),
                (Some("B"), Some(i64::MAX), Some(vec![])),
                (None, None, None),
                (Some(""), Some(0), Some(vec![7; 3_000_000])),
            ] {
                tx.execute(
                    "INSERT INTO loose (word, number, bytes) VALUES (?1, ?2, ?3)",
                    params![word, number, bytes.as_ref()],
                )?;
            }
            tx.execute("INSERT INTO draft (id) VALUES (999999)", &[])?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    for id in 1..=seals {
        seal(store, id).unwrap();
    }
}

fn count(store: &Store, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    store.read(|tx| tx.one(&sql, &[], |row| row.int(0))).unwrap().unwrap()
}

fn why(outcome: Result<store::BackupReport, StoreError>) -> BackupFault {
    match outcome {
        Err(StoreError::Backup { fault, .. }) => fault,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// XC-18: a backup taken while others write restores into either engine, row for row, with every guard in its place.
#[test]
fn a_backup_taken_in_use_restores_into_either_engine() {
    let mut place = Place::new();
    let mut pairs = 0;
    for (from, source) in place.each(GUARDED).into_iter().enumerate() {
        fill(&source, 200);
        let file = place.path(&format!("{from}.backup"));
        let stop = AtomicBool::new(false);
        let report = std::thread::scope(|scope| {
            scope.spawn(|| {
                for id in 1000.. {
                    seal(&source, id).unwrap();
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            let report = source.backup(&file);
            stop.store(true, Ordering::Relaxed);
            report.unwrap()
        });
        assert_eq!(Store::inspect_backup(&file).unwrap(), report);
        assert!(!place.path(&format!("{from}.backup.part")).exists());
        let rows = |name: &str| report.tables.iter().find(|table| table.name == name).unwrap().rows;
        assert!(rows("act") >= 200 && rows("act") == rows("sealed") && rows("draft") == 1, "one snapshot");
        assert_eq!((rows("party"), rows("loose"), rows("vacant")), (5, 5, 0));

        for (to, target) in place.each(GUARDED).into_iter().enumerate() {
            assert_eq!(target.restore(&file).unwrap(), report);
            let again = target.backup(&place.path(&format!("{from}{to}.backup"))).unwrap();
            assert_eq!(again.tables, report.tables, "same rows, same digests");
            assert_eq!(count(&target, "act"), rows("act") as i64);
            let refused = |sql: &str| {
                let tried = target.write(|tx| tx.execute(sql, &[]));
                assert!(tried.is_err(), "{sql}: {tried:?}");
            };
            refused("INSERT INTO sealed (id, act_id, amount) VALUES (5000000, 1, 1)");
            refused("UPDATE sealed SET amount = 1 WHERE id = 1");
            refused("INSERT INTO act (id, org_id, code) VALUES (5000000, 1, 'nobody')");
            refused("INSERT INTO party (org_id, code, parent) VALUES (1, 'x', 'nobody')");
            seal(&target, 6_000_000).unwrap();
            assert_eq!(why(target.restore(&file)), BackupFault::NotEmpty);
            pairs += 1;
        }
    }
    assert!(pairs == 1 || pairs == 4);
}

/// XC-18: a damaged backup is refused wherever it is damaged, and the database stays empty and guarded.
#[test]
fn every_changed_byte_and_every_missing_end_is_found() {
    let place = Place::new();
    let source = place.sqlite(GUARDED);
    source.write(|tx| tx.execute("INSERT INTO party (org_id, code) VALUES (1, '站')", &[])).unwrap();
    for id in 1..=3 {
        seal(&source, id).unwrap();
    }
    let file = place.path("good.backup");
    source.backup(&file).unwrap();
    let good = std::fs::read(&file).unwrap();
    let target = place.sqlite(GUARDED);
    let damaged = place.path("damaged.backup");
    let tried = |bytes: &[u8]| {
        std::fs::write(&damaged, bytes).unwrap();
        Store::inspect_backup(&damaged)
    };
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x41;
        let outcome = tried(&bytes);
        assert!(matches!(outcome, Err(StoreError::Backup { .. })), "byte {at}: {outcome:?}");
        let outcome = tried(&good[..at]);
        assert!(matches!(outcome, Err(StoreError::Backup { .. })), "end at {at}: {outcome:?}");
    }
    assert_eq!(why(tried(&[good.as_slice(), b"x"].concat())), BackupFault::Malformed);

    let amount = good.windows(8).rposition(|bytes| bytes == 300_i64.to_be_bytes()).unwrap();
    let mut bytes = good.clone();
    bytes[amount + 7] ^= 1;
    std::fs::write(&damaged, &bytes).unwrap();
    let refused = target.restore(&damaged);
    let Err(StoreError::Backup { place, fault, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(fault, BackupFault::Digest);
    assert!(place.starts_with("byte ") && place.ends_with("table sealed"), "{place}");
    assert_eq!(count(&target, "act"), 0);
    assert!(target.restore(&file).is_ok());
}

/// XC-18: rows that refer to nothing are refused though their digests are right, and all guards are back.
#[test]
fn orphans_are_refused_and_nothing_is_kept() {
    let mut place = Place::new();
    let source = place.sqlite(UNGUARDED);
    source.write(|tx| tx.execute("INSERT INTO sealed (id, act_id, amount) VALUES (1, 77, 5)", &[])).unwrap();
    let file = place.path("orphan.backup");
    source.backup(&file).unwrap();
    source.write(|tx| tx.execute("UPDATE sealed SET amount = -5", &[])).unwrap();
    let unchecked = place.path("unchecked.backup");
    source.backup(&unchecked).unwrap();
    for target in place.each(GUARDED) {
        assert_eq!(why(target.restore(&file)), BackupFault::Reference);
        assert!(matches!(why(target.restore(&unchecked)), BackupFault::Engine(_)));
        assert_eq!(count(&target, "sealed"), 0);
        let tried =
            target.write(|tx| tx.execute("INSERT INTO sealed (id, act_id, amount) VALUES (1, 77, 5)", &[]));
        assert!(matches!(tried, Err(StoreError::Refused(_))), "{tried:?}");
        let orphan =
            target.write(|tx| tx.execute("INSERT INTO act (id, org_id, code) VALUES (1, 1, 'x')", &[]));
        assert!(matches!(orphan, Err(StoreError::Refused(_))), "foreign keys are on again: {orphan:?}");
    }
}

/// XC-18
#[test]
fn another_schema_is_refused() {
    let mut place = Place::new();
    let source = place.sqlite(GUARDED);
    let file = place.path("one.backup");
    source.backup(&file).unwrap();
    for target in place.each(GUARDED) {
        target.migrate(LATER).unwrap();
        assert!(matches!(why(target.restore(&file)), BackupFault::OtherSchema(_)));
    }
    for target in place.each(&[]) {
        assert!(matches!(why(target.restore(&file)), BackupFault::OtherSchema(_)));
    }
    for target in place.each(GUARDED) {
        target.write(|tx| tx.define("CREATE TABLE extra (id INTEGER) STRICT;")).unwrap();
        assert!(matches!(why(target.restore(&file)), BackupFault::OtherSchema(_)));
    }
    for target in place.each(GUARDED) {
        target.write(|tx| tx.define("ALTER TABLE loose ADD COLUMN more TEXT;")).unwrap();
        let what = "the table loose has other columns".to_owned();
        assert_eq!(why(target.restore(&file)), BackupFault::OtherSchema(what));
    }
}

/// XC-18
#[test]
fn a_backup_never_overwrites_and_never_leaves_half_a_file() {
    let mut place = Place::new();
    for (at, source) in place.each(GUARDED).into_iter().enumerate() {
        let file = place.path(&format!("{at}.backup"));
        std::fs::write(place.path(&format!("{at}.backup.part")), b"left by a backup that was interrupted")
            .unwrap();
        source.backup(&file).unwrap();
        assert_eq!(why(source.backup(&file)), BackupFault::Exists);
        source.write(|tx| tx.define("CREATE VIEW seen AS SELECT 1 AS one;")).unwrap();
        source.backup(&place.path(&format!("{at}.views"))).unwrap();
        let wrong =
            if at == 0 { "CREATE TABLE odd (x REAL) STRICT;" } else { "CREATE TABLE odd (x NUMERIC);" };
        source.write(|tx| tx.define(wrong)).unwrap();
        let refused = source.backup(&place.path("odd.backup")).unwrap_err().to_string();
        assert!(refused.contains("odd.x"), "{refused}");
        assert!(!place.path("odd.backup").exists() && !place.path("odd.backup.part").exists());
    }
    assert!(matches!(why(Store::inspect_backup(Path::new("/nowhere/at/all"))), BackupFault::Io(_)));
}

/// XC-18: a text that another program left in a file of SQLite and that is none is not taken into a backup.
#[test]
fn a_text_that_is_none_is_not_backed_up() {
    let place = Place::new();
    let source = place.sqlite(GUARDED);
    let put = |word: &str| {
        let sql = format!("INSERT INTO loose (word) VALUES (CAST(x'{word}' AS TEXT))");
        source.write(|tx| tx.execute(&sql, &[])).unwrap();
    };
    put("e8b4a6");
    source.backup(&place.path("good.backup")).unwrap();
    put("e8b4");
    assert!(source.backup(&place.path("bad.backup")).is_err());
    assert!(!place.path("bad.backup").exists() && !place.path("bad.backup.part").exists());
}

/// A section of a backup: its kind and its content.
type Section = (u8, Vec<u8>);

/// What a backup begins with, and its sections.
fn sections(bytes: &[u8]) -> (Vec<u8>, Vec<Section>) {
    let start = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let (magic, mut rest) = bytes.split_at(start);
    let mut found = Vec::new();
    while let [kind, a, b, c, d, tail @ ..] = rest {
        let (content, after) = tail.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        found.push((*kind, content.to_vec()));
        rest = after;
    }
    (magic.to_vec(), found)
}

/// A backup of these sections, with the digests they should have.
fn digested(magic: &[u8], sections: &[Section]) -> Vec<u8> {
    let mut file = magic.to_vec();
    let mut table = Sha256::new();
    for (kind, content) in sections {
        let mut content = content.clone();
        match kind {
            b'T' => table = Sha256::new().chain_update(&content),
            b'R' => table.update(&content[4..]),
            b'E' => {
                content.truncate(8);
                content.extend_from_slice(&table.clone().finalize());
            }
            b'Z' => {
                content.truncate(16);
                content.extend_from_slice(&Sha256::digest(&file));
            }
            _ => {}
        }
        file.push(*kind);
        file.extend_from_slice(&(content.len() as u32).to_be_bytes());
        file.extend_from_slice(&content);
    }
    file
}

/// XC-18: rows that are not made as their table says are refused though every digest is right.
#[test]
fn rows_that_are_malformed_are_refused() {
    let place = Place::new();
    let source = place.sqlite(GUARDED);
    fill(&source, 3);
    let file = place.path("good.backup");
    source.backup(&file).unwrap();
    let good = std::fs::read(&file).unwrap();
    let (magic, sections) = sections(&good);
    assert_eq!(digested(&magic, &sections), good);
    let rows = sections.iter().rposition(|(kind, _)| *kind == b'R').unwrap();
    type Change<'c> = (&'c str, &'c dyn Fn(&mut Vec<u8>));
    let changes: [Change<'_>; 5] = [
        ("a row more is promised", &|content| content[3] += 1),
        ("a row less is promised", &|content| content[3] -= 1),
        ("a row has a field more", &|content| content[5] += 1),
        ("a number has seven bytes", &|content| content[9] = 7),
        ("the last field ends early", &|content| {
            content.pop();
        }),
    ];
    for (what, change) in changes {
        let mut sections = sections.clone();
        change(&mut sections[rows].1);
        let damaged = place.path("damaged.backup");
        std::fs::write(&damaged, digested(&magic, &sections)).unwrap();
        assert_eq!(why(Store::inspect_backup(&damaged)), BackupFault::Malformed, "{what}");
        assert_eq!(why(place.sqlite(GUARDED).restore(&damaged)), BackupFault::Malformed, "{what}");
    }
}

/// XC-18: each table stands once and in order, and no definition is longer than one can be, however right the digests.
#[test]
fn sections_out_of_order_or_too_long_are_refused() {
    let place = Place::new();
    let source = place.sqlite(GUARDED);
    let file = place.path("good.backup");
    source.backup(&file).unwrap();
    let good = std::fs::read(&file).unwrap();
    let (magic, good) = sections(&good);
    let damaged = place.path("damaged.backup");
    let tried = |bytes: &[u8]| {
        std::fs::write(&damaged, bytes).unwrap();
        why(Store::inspect_backup(&damaged))
    };
    let count_tables = |sections: &mut Vec<Section>| {
        let tables = sections.iter().filter(|(kind, _)| *kind == b'T').count() as u64;
        sections.last_mut().unwrap().1[..8].copy_from_slice(&tables.to_be_bytes());
    };
    let last = good.len() - 3;
    assert_eq!((good[last].0, good[last + 1].0), (b'T', b'E'));
    let mut twice = good.clone();
    twice.splice(last..last, good[last..last + 2].to_vec());
    count_tables(&mut twice);
    assert_eq!(tried(&digested(&magic, &twice)), BackupFault::Malformed);
    let mut moved = good.clone();
    let table: Vec<_> = moved.splice(last..last + 2, []).collect();
    moved.splice(1..1, table);
    count_tables(&mut moved);
    assert_eq!(tried(&digested(&magic, &moved)), BackupFault::Malformed);
    for (kind, length, expected) in [
        (b'H', 1_u32 << 22, BackupFault::Truncated),
        (b'H', (1 << 22) + 1, BackupFault::Malformed),
        (b'H', u32::MAX, BackupFault::Malformed),
        (b'R', u32::MAX, BackupFault::Truncated),
        (b'X', 1, BackupFault::Malformed),
    ] {
        let begun = [magic.as_slice(), &[kind], &length.to_be_bytes()].concat();
        assert_eq!(tried(&begun), expected, "{} {length}", char::from(kind));
    }
}

/// XC-18: rows stand in the order of their bytes, nothing first, however a database would sort them: the same rows have
/// the same digest.
#[test]
fn rows_stand_in_the_order_of_their_bytes() {
    const fn sorted(sqlite: &'static str, postgres: &'static str) -> Migration {
        Migration { number: 1, name: "words", both: "", sqlite, postgres }
    }
    const BY_BYTES: &[Schema] = &[Schema {
        module: "test",
        unrecorded: &[],
        migrations: &[sorted(
            "CREATE TABLE word (text TEXT, number INTEGER) STRICT;",
            "CREATE TABLE word (text TEXT COLLATE \"C\", number BIGINT);",
        )],
    }];
    const BY_LETTERS: &[Schema] = &[Schema {
        module: "test",
        unrecorded: &[],
        migrations: &[sorted(
            "CREATE TABLE word (text TEXT COLLATE NOCASE, number INTEGER) STRICT;",
            "CREATE TABLE word (text TEXT COLLATE \"und-x-icu\", number BIGINT);",
        )],
    }];
    let mut place = Place::new();
    let mut stores = place.each(BY_BYTES);
    stores.extend(place.each(BY_LETTERS));
    let mut digests = Vec::new();
    for (at, store) in stores.iter().enumerate() {
        let insert = "INSERT INTO word (text, number) VALUES ('b', 1), ('B', 1), ('a', NULL), ('A', 3), (NULL, 1), ('a', -2)";
        store.write(|tx| tx.execute(insert, &[])).unwrap();
        let report = store.backup(&place.path(&format!("words{at}.backup"))).unwrap();
        let word = report.tables.iter().find(|table| table.name == "word").unwrap();
        digests.push((word.rows, word.sha256));
    }
    assert!(digests.len() >= 2 && digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}
