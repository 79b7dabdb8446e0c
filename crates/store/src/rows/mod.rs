//! What every row was when the program left it.
//!
//! For each command the fingerprints of the rows it wrote and of the rows it took away are kept in `row_change`. Summed
//! up they are the rows there must be: whoever edits, adds or deletes one by another way is found by
//! [`Tx::row_faults`], whatever table and column it was. The vault binds the changes into its log ([`Tx::bind_rows`]),
//! so that nobody can rewrite them afterwards either.
//!
//! A module names the tables that are proved in another way in [`Schema::unrecorded`](crate::Schema::unrecorded); every
//! other table is recorded.

pub(crate) mod capture;
mod check;
pub(crate) mod fingerprint;
pub(crate) mod postgres;

pub use check::{RowFault, RowFaultKind};

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::{Engine, Migration, Schema, StoreError, Tx, catalogue, params};
use capture::Chunks;
use fingerprint::{Described, Fingerprint};

/// Fingerprints in one row of `row_change` at most, written by this program.
const CHUNK: usize = 8_192;

/// The store's own table that is not recorded.
const OWN_UNRECORDED: &[&str] = &["row_change"];

/// The step of the store's schema that begins to record.
pub(crate) const MIGRATION: Migration = Migration {
    number: 3,
    name: "fingerprints of rows",
    // `bound` is the act of the log that binds the change; until the next checkpoint there is none.
    both: "CREATE TABLE row_change (
         id INTEGER NOT NULL PRIMARY KEY, org_id INTEGER NOT NULL, bound INTEGER, table_name TEXT NOT NULL,
         added BLOB NOT NULL, removed BLOB NOT NULL) STRICT;
     CREATE INDEX row_change_pending ON row_change (org_id) WHERE bound IS NULL;
     CREATE TABLE row_recorded (table_name TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;",
    sqlite: "CREATE TRIGGER row_change_no_delete BEFORE DELETE ON row_change
     BEGIN SELECT RAISE(ABORT, 'store: what rows were never changes'); END;
     CREATE TRIGGER row_change_bound_once BEFORE UPDATE ON row_change
     WHEN OLD.bound IS NOT NULL OR NEW.bound IS NULL OR OLD.id <> NEW.id OR OLD.org_id <> NEW.org_id
       OR OLD.table_name <> NEW.table_name OR OLD.added <> NEW.added OR OLD.removed <> NEW.removed
     BEGIN SELECT RAISE(ABORT, 'store: what rows were never changes'); END;",
    postgres: "CREATE SEQUENCE row_change_id;
     CREATE FUNCTION row_change_never() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN RAISE EXCEPTION 'store: what rows were never changes'; END $$;
     CREATE TRIGGER row_change_no_delete BEFORE DELETE OR TRUNCATE ON row_change
     FOR EACH STATEMENT EXECUTE FUNCTION row_change_never();
     CREATE TRIGGER row_change_bound_once BEFORE UPDATE ON row_change FOR EACH ROW
     WHEN (OLD.bound IS NOT NULL OR NEW.bound IS NULL OR OLD.id <> NEW.id OR OLD.org_id <> NEW.org_id
       OR OLD.table_name <> NEW.table_name OR OLD.added <> NEW.added OR OLD.removed <> NEW.removed)
     EXECUTE FUNCTION row_change_never();",
};

/// Changes of rows of one table by one command, as they are bound into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// Its number.
    pub id: i64,
    /// The act that binds it; nothing until the next checkpoint.
    pub bound: Option<i64>,
    /// The table.
    pub table: String,
    /// SHA-256 over the fingerprints of the rows that are new.
    pub added: [u8; 32],
    /// SHA-256 over the fingerprints of the rows that are no more.
    pub removed: [u8; 32],
}

/// Tables that are recorded as the database itself lists them.
pub(crate) fn recorded_by_itself(tx: &mut Tx<'_>) -> Result<Vec<Described>, StoreError> {
    let kept = kept(tx)?;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let tables = catalogue::tables(tx)?.into_iter().filter(|table| kept.contains(&table.name));
    Ok(tables.map(Described::from).collect())
}

/// Tables that are recorded in a database of `schema` as it is now.
pub(crate) fn recorded(tx: &mut Tx<'_>, schema: &[Schema]) -> Result<Vec<Described>, StoreError> {
    let kept = kept(tx)?;
    let unrecorded: BTreeSet<&str> =
        schema.iter().flat_map(|module| module.unrecorded).chain(OWN_UNRECORDED).copied().collect();
    let tables = catalogue::tables(tx)?.into_iter().filter(|table| {
        let has_owner = table.columns.iter().any(|(name, _)| name == "org_id");
        has_owner && (kept.contains(&table.name) || !unrecorded.contains(table.name.as_str()))
    });
    Ok(tables.map(Described::from).collect())
}

/// Tables the database itself lists as recorded; none before the step that begins to record.
pub(crate) fn kept(tx: &mut Tx<'_>) -> Result<BTreeSet<String>, StoreError> {
    let begun = match tx.engine() {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'row_recorded'",
        Engine::Postgres => {
            "SELECT COUNT(*) FROM pg_class WHERE relname = 'row_recorded' AND relnamespace = current_schema()::regnamespace"
        }
    };
    if tx.one(begun, &[], |row| row.int(0))? != Some(1) {
        return Ok(BTreeSet::new());
    }
    let names = tx.list("SELECT table_name FROM row_recorded", &[], |row| row.text(0))?;
    Ok(names.into_iter().collect())
}

/// The rows of a table before its columns change: fingerprints by organisation.
pub(crate) type Before = BTreeMap<String, BTreeMap<i64, Vec<Fingerprint>>>;

/// The fingerprints of recorded tables that `steps` may touch, before they do.
pub(crate) fn before(tx: &mut Tx<'_>, steps: &[&Migration]) -> Result<Before, StoreError> {
    let kept = kept(tx)?;
    let touched = |name: &str| {
        let texts = steps.iter().flat_map(|step| [step.both, step.sqlite, step.postgres]);
        texts.into_iter().any(|text| text.contains(name))
    };
    let tables =
        catalogue::tables(tx)?.into_iter().filter(|table| kept.contains(&table.name) && touched(&table.name));
    let mut found = Before::new();
    for table in tables {
        let name = table.name.clone();
        found.insert(name, prints(tx, &Described::from(table))?);
    }
    Ok(found)
}

fn prints(tx: &mut Tx<'_>, table: &Described) -> Result<BTreeMap<i64, Vec<Fingerprint>>, StoreError> {
    let mut found: BTreeMap<i64, Vec<Fingerprint>> = BTreeMap::new();
    let all = table.query().replace(" WHERE org_id = ?1", "");
    let owner = table.columns.iter().position(|(name, _)| name == "org_id").unwrap_or_default();
    let mut text = Vec::new();
    tx.each(&all, &[], |row| {
        found.entry(row.int(owner)?).or_default().push(table.of_row(row, &mut text)?);
        Ok::<_, StoreError>(())
    })?;
    Ok(found)
}

/// After the steps of a schema: tables that are new to the record begin with the rows they have, those that the steps
/// touched go on with the difference. Edits made before are not hidden by it. The triggers are made anew.
pub(crate) fn after(tx: &mut Tx<'_>, schema: &[Schema], mut before: Before) -> Result<(), StoreError> {
    let kept = kept(tx)?;
    let tables = recorded(tx, schema)?;
    for table in &tables {
        let is_new = !kept.contains(&table.name);
        let old = before.remove(&table.name);
        if is_new {
            tx.execute("INSERT INTO row_recorded (table_name) VALUES (?1)", params![&table.name])?;
        }
        if is_new || old.is_some() {
            let mut old = old.unwrap_or_default();
            for (org_id, new) in prints(tx, table)? {
                write(tx, &table.name, org_id, &new, &old.remove(&org_id).unwrap_or_default())?;
            }
            for (org_id, gone) in old {
                write(tx, &table.name, org_id, &[], &gone)?;
            }
        }
    }
    // Tables that are no more.
    for (table, rows) in before {
        tx.execute("DELETE FROM row_recorded WHERE table_name = ?1", params![&table])?;
        for (org_id, gone) in rows {
            write(tx, &table, org_id, &[], &gone)?;
        }
    }
    define(tx, tables)
}

/// Writes what differs.
fn write(
    tx: &mut Tx<'_>,
    table: &str,
    org_id: i64,
    new: &[Fingerprint],
    old: &[Fingerprint],
) -> Result<(), StoreError> {
    let (was, is): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
    let mut chunks = Chunks::default();
    new.iter().filter(|print| !was.contains(print)).for_each(|print| chunks.add(true, print));
    old.iter().filter(|print| !is.contains(print)).for_each(|print| chunks.add(false, print));
    let id = match tx.engine() {
        Engine::Sqlite => "(SELECT COALESCE(MAX(id), 0) + 1 FROM row_change)",
        Engine::Postgres => "nextval('row_change_id')",
    };
    let sql = format!(
        "INSERT INTO row_change (id, org_id, table_name, added, removed) VALUES ({id}, ?1, ?2, ?3, ?4)"
    );
    for (added, removed) in chunks.0 {
        tx.execute(&sql, params![org_id, table, &added, &removed])?;
    }
    Ok(())
}

/// Makes the triggers that tell of changed rows.
pub(crate) fn define(tx: &mut Tx<'_>, tables: Vec<Described>) -> Result<(), StoreError> {
    match tx.engine() {
        Engine::Sqlite => tx.watch(tables),
        Engine::Postgres => tables.iter().try_for_each(|table| postgres::watch(tx, table)),
    }
}

impl Tx<'_> {
    /// How many changes of rows of tables other than `besides` no act has bound yet.
    pub fn rows_pending(&mut self, org_id: i64, besides: &str) -> Result<i64, StoreError> {
        self.write_seen()?;
        let sql = "SELECT COUNT(*) FROM row_change WHERE org_id = ?1 AND bound IS NULL AND table_name <> ?2";
        Ok(self.one(sql, params![org_id, besides], |row| row.int(0))?.unwrap_or_default())
    }

    /// Says that the act `seq` binds every change of rows that none binds yet; answers them in their order.
    pub fn bind_rows(&mut self, org_id: i64, seq: i64) -> Result<Vec<RowChange>, StoreError> {
        self.write_seen()?;
        let mut found = self.list(
            "UPDATE row_change SET bound = ?2 WHERE org_id = ?1 AND bound IS NULL
             RETURNING id, bound, table_name, added, removed",
            params![org_id, seq],
            row_change,
        )?;
        found.sort_unstable_by_key(|change| change.id);
        Ok(found)
    }

    /// Gives each change of rows to `take`, in no order.
    pub fn each_row_change(
        &mut self,
        org_id: i64,
        mut take: impl FnMut(RowChange),
    ) -> Result<(), StoreError> {
        self.each(
            "SELECT id, bound, table_name, added, removed FROM row_change WHERE org_id = ?1",
            params![org_id],
            |row| {
                take(row_change(row)?);
                Ok(())
            },
        )
    }
}

fn row_change(row: &crate::Row<'_>) -> Result<RowChange, StoreError> {
    let digest = |at| row.with_blob(at, |bytes| <[u8; 32]>::from(Sha256::digest(bytes)));
    Ok(RowChange {
        id: row.int(0)?,
        bound: row.int_or_null(1)?,
        table: row.text(2)?,
        added: digest(3)?,
        removed: digest(4)?,
    })
}
