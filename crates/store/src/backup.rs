//! A portable backup: every row of one snapshot, streamed to a file.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::backup_file::{
    BackupReport, BackupTable, FORMAT, PIECE_BYTES, PartFile, SectionWriter, definition, put_text, trailer,
};
use crate::bulk::append_width;
use crate::catalogue::{self, Migrations, Table};
use crate::{Engine, Store, StoreError, Tx};

pub(crate) fn backup(store: &Store, path: &Path) -> Result<BackupReport, StoreError> {
    let part = PartFile::create(path)?;
    let report = store.read(|tx| snapshot(tx, &part))?;
    part.publish()?;
    Ok(report)
}

fn snapshot(tx: &mut Tx<'_>, part: &PartFile) -> Result<BackupReport, StoreError> {
    let mut out = SectionWriter::new(part)?;
    let engine = tx.engine();
    let migrations = catalogue::migrations(tx)?;
    out.section(b'H', &header(engine, &migrations))?;
    let mut tables = Vec::new();
    for table in catalogue::tables(tx)? {
        tables.push(write_table(tx, &table, &mut out)?);
    }
    let rows = tables.iter().map(|table| table.rows).sum();
    let sha256 = out.digest.clone().finalize().into();
    out.section(b'Z', &trailer(tables.len() as u64, rows, &sha256))?;
    let bytes = out.finish()?;
    Ok(BackupReport { engine: engine.name().into(), migrations, tables, rows, bytes, sha256 })
}

fn header(engine: Engine, migrations: &Migrations) -> Vec<u8> {
    let mut out = FORMAT.to_be_bytes().to_vec();
    put_text(&mut out, engine.name());
    out.extend_from_slice(&(migrations.len() as u32).to_be_bytes());
    for (module, number, name) in migrations {
        put_text(&mut out, module);
        out.extend_from_slice(&number.to_be_bytes());
        put_text(&mut out, name);
    }
    out
}

/// Rows on their way into the file, the first four bytes their number.
struct Piece {
    bytes: Vec<u8>,
    rows: u32,
}

impl Piece {
    fn flush(&mut self, out: &mut SectionWriter<'_>, digest: &mut Sha256) -> Result<(), StoreError> {
        if self.rows > 0 {
            self.bytes[..4].copy_from_slice(&self.rows.to_be_bytes());
            out.section(b'R', &self.bytes)?;
            digest.update(&self.bytes[4..]);
        }
        self.bytes.truncate(4);
        self.rows = 0;
        Ok(())
    }
}

fn write_table(
    tx: &mut Tx<'_>,
    table: &Table,
    out: &mut SectionWriter<'_>,
) -> Result<BackupTable, StoreError> {
    let definition = definition(table);
    out.section(b'T', &definition)?;
    let mut digest = Sha256::new().chain_update(&definition);
    let mut piece = Piece { bytes: vec![0; 4], rows: 0 };
    let mut rows = 0_u64;
    tx.each(&table.query(tx.engine()), &[], |row| {
        append_width(&mut piece.bytes, table.columns.len())?;
        for (at, (name, kind)) in table.columns.iter().enumerate() {
            row.encode(at, *kind, &mut piece.bytes).map_err(|error| {
                StoreError::Sql(format!(
                    "{}.{name}, row {} in order of the key: {error}",
                    table.name,
                    rows + 1
                ))
            })?;
        }
        piece.rows += 1;
        rows += 1;
        if piece.bytes.len() >= PIECE_BYTES { piece.flush(out, &mut digest) } else { Ok(()) }
    })?;
    piece.flush(out, &mut digest)?;
    let sha256: [u8; 32] = digest.finalize().into();
    out.section(b'E', &[rows.to_be_bytes().as_slice(), &sha256].concat())?;
    Ok(BackupTable { name: table.name.clone(), rows, sha256 })
}
