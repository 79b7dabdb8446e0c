//! `zhangfang backup` and `zhangfang restore`: the whole database as one file, of either engine for either engine.

use std::path::Path;

use documents::sheet::Kind;
use kernel::{Lang, Text};
use store::{BackupReport, Store};

use super::Place;
use super::office::Office;
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

/// Writes every row of one consistent moment to a file that is not there yet, while people work.
pub fn write(file: &Path, office: &Office) -> Done {
    office.require("system.parameters")?;
    office.sign_log()?;
    let report = office.store.backup(file)?;
    told(file, &report, office.lang)
}

/// Shows what is in a backup after verifying every byte of it.
pub fn look(file: &Path, lang: Lang, shown: &Shown) -> Done {
    let report = Store::inspect_backup(file)?;
    let mut table =
        Table::new(lang).text("表", "table").sum("行", "rows", Kind::Integer).text("SHA-256", "sha256");
    for one in &report.tables {
        table.push(row![one.name.as_str(), one.rows, hexadecimal(&one.sha256)]);
    }
    table.note(format!("SHA-256 {}", hexadecimal(&report.sha256)));
    table.show(shown)
}

/// Brings a backup into a database without rows; the data folder is made if there is none. Ends with the proof that
/// the books agree.
pub fn restore(file: &Path, place: &Place, lang: Lang) -> Done {
    if place.database.is_none() {
        std::fs::create_dir_all(&place.data).map_err(|error| Failure::file(place.data.display(), error))?;
    }
    // A backup of an earlier version comes back into the tables it was made from, which are then brought up to date.
    let promised = Store::inspect_backup(file)?;
    let store = Store::open(&place.url())?;
    store.migrate_to(&audit::schemas(), &promised.migrations)?;
    let report = store.restore(file)?;
    store.migrate(&audit::schemas())?;
    told(file, &report, lang)?;
    let org_id = place.org_id(&store)?;
    let ledger = store.read(|tx| ledger::check(tx, org_id))?;
    let log = store.read(|tx| vault::check(tx, org_id))?;
    if ledger.is_good() && log.is_good() {
        let (vouchers, acts) = (ledger.vouchers, log.size);
        let said = Text::new(
            format!("账账相符（{vouchers} 张凭证），日志完整（{acts} 条）"),
            format!("the books agree ({vouchers} vouchers), the log is whole ({acts} acts)"),
        );
        println!("{}", kernel::Bilingual::text(&said, lang));
        return Ok(());
    }
    Err(Failure::new(
        "恢复的数据核对不符；运行 ledger check 和 log check 查看",
        "the restored data do not agree: see ledger check and log check",
    ))
}

fn told(file: &Path, report: &BackupReport, lang: Lang) -> Done {
    let (rows, bytes, tables) = (report.rows, report.bytes, report.tables.len());
    let digest = hexadecimal(&report.sha256);
    let said = Text::new(
        format!("{}：{tables} 个表，{rows} 行，{bytes} 字节\nSHA-256 {digest}（请另处记存）", file.display()),
        format!(
            "{}: {tables} tables, {rows} rows, {bytes} bytes\nSHA-256 {digest} (note it elsewhere)",
            file.display()
        ),
    );
    println!("{}", kernel::Bilingual::text(&said, lang));
    Ok(())
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
