//! Exports with their proof: `bill proof`, `log export`, `ledger export-proof`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use billing::{BillCode, BillKey};
use clap::Args;
use kernel::Month;
use vault::Document;

use super::bill::write_file;
use super::office::{Office, month};
use crate::failure::{Done, Failure};

/// Which bills are proved.
#[derive(Debug, Args)]
pub struct BillProofs {
    /// Account number; every issued bill of the account, or those of one month / 户号
    #[arg(required_unless_present = "code", conflicts_with = "code")]
    account: Option<String>,
    /// Billing month / 电费年月
    #[arg(value_parser = month)]
    month: Option<Month>,
    /// The code on a bill, or the address its QR code holds / 账单验证码
    #[arg(long)]
    code: Option<String>,
    /// The file to write / 输出文件
    #[arg(long)]
    out: PathBuf,
}

fn about(office: &Office) -> String {
    format!("{} {}", office.actor.name, office.now)
}

/// Runs `bill proof`.
pub fn bills(command: &BillProofs, office: &Office) -> Done {
    let org_id = office.org_id();
    let keys: Vec<BillKey> = match (&command.code, &command.account) {
        (Some(code), _) => {
            let code: BillCode = code.parse()?;
            vec![office.look(|tx| Ok(audit::bundle::bill_by_code(tx, org_id, &code)?))?]
        }
        (None, Some(number)) => {
            let account_id = office.account(number)?.account.account_id;
            let mut keys = office.look(|tx| Ok(billing::issued_keys(tx, org_id, account_id)?))?;
            keys.retain(|key| command.month.is_none_or(|month| key.month == month));
            keys
        }
        (None, None) => Vec::new(),
    };
    let Some(first) = keys.first() else {
        return Err(Failure::new("该户没有已发行的账单", "the account has no issued bill there"));
    };
    let account = office.look(|tx| Ok(metering::account::account_by_id(tx, org_id, first.account_id)?))?;
    let account = account.ok_or_else(|| Failure::new("没有该户", "there is no such account"))?;
    let asked: Vec<(BillKey, String)> =
        keys.iter().map(|key| (*key, format!("{} {}", account.number, key.month))).collect();
    let unit_id = account.account.unit_id;
    let signers = office.signers()?;
    let file = audit::bundle::bills(&office.desk(), office.now, signers, unit_id, &asked, &about(office))?;
    write_file(&command.out, file.print()?.as_bytes())?;
    for bill in &file.bills {
        println!("{}", bill.code);
    }
    println!("{}", command.out.display());
    Ok(())
}

/// Runs `log export`.
pub fn document(kind: &str, number: &str, out: &Path, office: &Office) -> Done {
    let document = Document { kind: kind.to_owned(), number: number.to_owned() };
    let signers = office.signers()?;
    let file = audit::bundle::document(&office.desk(), office.now, signers, &document, &about(office))?;
    write_file(out, file.print()?.as_bytes())?;
    let (count, out) = (file.acts.len(), out.display());
    println!("{}", office.say(format!("{count} 条记录：{out}"), format!("{count} acts: {out}")));
    Ok(())
}

/// Runs `ledger export-proof`.
pub fn period(month: Month, out: &Path, checkpoint: Option<i64>, office: &Office) -> Done {
    let failed = |error: std::io::Error| Failure::file(out.display(), error);
    let part = out.with_extension("part");
    let file = BufWriter::with_capacity(1 << 20, File::create(&part).map_err(failed)?);
    let mut file = Flushed(file);
    let signers = office.signers()?;
    let done = audit::bundle::period(
        &office.desk(),
        office.now,
        signers,
        month,
        &about(office),
        checkpoint,
        &mut file,
    )?;
    file.0.flush().map_err(failed)?;
    std::fs::rename(&part, out).map_err(failed)?;
    let (acts, vouchers, bills, out) = (done.acts, done.vouchers, done.bills, out.display());
    println!(
        "{}",
        office.say(
            format!("{out}：记录 {acts} 条，凭证 {vouchers} 张，{month} 发行账单 {bills} 张"),
            format!("{out}: {acts} acts, {vouchers} vouchers, {bills} bills issued in {month}"),
        )
    );
    Ok(())
}

struct Flushed(BufWriter<File>);

impl Write for Flushed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()?;
        self.0.get_ref().sync_all()
    }
}
