//! Bringing a backup back, into either engine.

use std::collections::BTreeMap;
use std::path::Path;

use crate::backup_file::{self, BackupFault, BackupReport, Visitor, fault};
use crate::bulk::EncodedRows;
use crate::catalogue::{self, Migrations, Table, quoted};
use crate::{Door, Engine, Kind, Store, StoreError, Tx};

pub(crate) fn restore(store: &Store, path: &Path) -> Result<BackupReport, StoreError> {
    // First the whole file: nothing is written for one that is damaged.
    let promised = backup_file::inspect(path)?;
    let work = |tx: &mut Tx<'_>| {
        let report = restore_in(tx, path)?;
        // The file could have been exchanged between the two readings.
        if report == promised { Ok(report) } else { Err(fault(path, "end", BackupFault::Digest)) }
    };
    match &store.door {
        Door::Sqlite(file) => file.write_alone(&store.keys, work),
        Door::Postgres(pool) => pool.write(&store.keys, &mut None, work),
    }
}

fn restore_in(tx: &mut Tx<'_>, path: &Path) -> Result<BackupReport, StoreError> {
    let guards = catalogue::guards(tx)?;
    let tables = catalogue::tables(tx)?;
    let off = Off::switch(tx, &tables)?;
    for table in &tables {
        let some = format!("SELECT 1 FROM {} LIMIT 1", quoted(&table.name));
        if tx.one(&some, &[], |row| row.int(0))?.is_some() {
            return Err(fault(path, format!("table {}", table.name), BackupFault::NotEmpty));
        }
    }
    let has_changes = tables.iter().any(|table| table.name == "row_change");
    let left = tables.into_iter().map(|table| (table.name.clone(), table)).collect();
    let mut loader = Loader { tx, path, left };
    let report = backup_file::read(path, &mut loader)?;
    if let Some(name) = loader.left.keys().next() {
        let what = format!("the table {name} is not in the backup");
        return Err(fault(path, "end", BackupFault::OtherSchema(what)));
    }
    off.switch_on(tx, path)?;
    if tx.engine() == Engine::Postgres && has_changes {
        tx.run_as_is("SELECT setval('row_change_id', GREATEST(COALESCE(MAX(id), 0), 1)) FROM row_change")?;
    }
    if catalogue::guards(tx)? != guards {
        return Err(fault(path, "end", BackupFault::Guards));
    }
    Ok(report)
}

/// What was switched off, and the statements that switch it on again.
struct Off(Vec<(String, String)>);

impl Off {
    /// SQLite: triggers are dropped and made again from their own text. PostgreSQL: triggers are disabled, and foreign
    /// keys dropped and made again, which checks all rows at once and in any order; the same statement keeps others
    /// from writing meanwhile.
    fn switch(tx: &mut Tx<'_>, tables: &[Table]) -> Result<Off, StoreError> {
        let mut on = Vec::new();
        let pair = |row: &crate::Row<'_>| Ok::<_, StoreError>((row.text(0)?, row.text(1)?, row.text(2)?));
        match tx.engine() {
            Engine::Sqlite => {
                let list =
                    "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid";
                for (name, table, sql) in tx.list(list, &[], pair)? {
                    tx.run_as_is(&format!("DROP TRIGGER {}", quoted(&name)))?;
                    on.push((table, sql));
                }
            }
            Engine::Postgres => {
                let triggers = "SELECT t.tgrelid::regclass::text, t.tgname::text, t.tgenabled::text
                    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND c.relnamespace = current_schema()::regnamespace
                    ORDER BY 1, 2";
                for (table, name, how) in tx.list(triggers, &[], pair)? {
                    let how = match how.as_str() {
                        "A" => "ENABLE ALWAYS",
                        "R" => "ENABLE REPLICA",
                        _ => "ENABLE",
                    };
                    on.push((table.clone(), format!("ALTER TABLE {table} {how} TRIGGER {}", quoted(&name))));
                }
                for table in tables {
                    tx.run_as_is(&format!("ALTER TABLE {} DISABLE TRIGGER USER", quoted(&table.name)))?;
                }
                let foreign_keys = "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
                    FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
                      AND connamespace = current_schema()::regnamespace ORDER BY 1, 2";
                for (table, name, definition) in tx.list(foreign_keys, &[], pair)? {
                    let name = quoted(&name);
                    tx.run_as_is(&format!("ALTER TABLE {table} DROP CONSTRAINT {name}"))?;
                    let again = format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}");
                    on.push((table, again));
                }
            }
        }
        Ok(Off(on))
    }

    fn switch_on(self, tx: &mut Tx<'_>, path: &Path) -> Result<(), StoreError> {
        if tx.engine() == Engine::Postgres {
            // What is checked at the end of a transaction is checked now: tables with checks pending cannot be altered.
            tx.run_as_is("SET CONSTRAINTS ALL IMMEDIATE")?;
        }
        for (table, sql) in self.0 {
            tx.run_as_is(&sql).map_err(|error| {
                let why = match error {
                    StoreError::Refused(_) => BackupFault::Reference,
                    error => BackupFault::Engine(error.to_string()),
                };
                fault(path, format!("table {table}"), why)
            })?;
        }
        if tx.engine() == Engine::Sqlite {
            let broken = "SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1";
            if let Some(table) = tx.one(broken, &[], |row| row.text(0))? {
                return Err(fault(path, format!("table {table}"), BackupFault::Reference));
            }
        }
        Ok(())
    }
}

struct Loader<'t, 'c, 'p> {
    tx: &'t mut Tx<'c>,
    path: &'p Path,
    /// Tables of the database for which the backup has given nothing yet.
    left: BTreeMap<String, Table>,
}

impl Visitor for Loader<'_, '_, '_> {
    fn header(&mut self, _: &str, migrations: &Migrations) -> Result<(), StoreError> {
        let have = catalogue::migrations(self.tx)?;
        let only = |these: &Migrations, those: &Migrations| {
            these
                .iter()
                .find(|one| !those.contains(one))
                .map(|(module, number, _)| format!("{module} {number}"))
        };
        let what = match (only(migrations, &have), only(&have, migrations)) {
            (Some(missing), _) => format!("migration {missing} is missing in the database"),
            (None, Some(more)) => format!("migration {more} is not in the backup"),
            (None, None) => return Ok(()),
        };
        Err(fault(self.path, "header", BackupFault::OtherSchema(what)))
    }

    fn table(&mut self, table: &Table) -> Result<(), StoreError> {
        let sorted = |table: &Table| {
            let mut columns = table.columns.clone();
            columns.sort_unstable_by(|one, other| one.0.cmp(&other.0));
            columns
        };
        match self.left.remove(&table.name) {
            Some(have) if sorted(&have) == sorted(table) => Ok(()),
            found => {
                let what = match found {
                    Some(_) => format!("the table {} has other columns", table.name),
                    None => format!("there is no table {}", table.name),
                };
                Err(fault(self.path, format!("table {}", table.name), BackupFault::OtherSchema(what)))
            }
        }
    }

    fn rows(&mut self, table: &Table, rows: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let names: Vec<String> = table.columns.iter().map(|(name, _)| quoted(name)).collect();
        let kinds = table.columns.iter().map(|(_, kind)| *kind);
        let columns: Vec<(&str, Kind)> = names.iter().map(String::as_str).zip(kinds).collect();
        let view = EncodedRows { table: &quoted(&table.name), columns: &columns, bytes, rows };
        self.tx.load_encoded(view).map_err(|error| {
            fault(self.path, format!("table {}", table.name), BackupFault::Engine(error.to_string()))
        })
    }
}
