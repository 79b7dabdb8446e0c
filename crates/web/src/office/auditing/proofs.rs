//! Exports with their proof, to be verified offline: bills, the acts on a document, a whole accounting period.
//!
//! Taking something out is an act of its own, and it comes first: it is recorded and the log signed, then the file is
//! fetched. A period is written by a job, since it holds every act and voucher.

use std::io::Write;

use audit::bundle::{self, BILL_PROOF, DOCUMENT_PROOF};
use billing::BillKey;
use identity::Work;
use kernel::{Moment, Month};
use vault::{ActQuery, Document};

use crate::catalogue::{Act, Done, Download, Field, FileMade, Given, House, Look, Refusal, Run, Takes, Why};
use crate::frame::url;
use crate::job::JobRun;

const FILE: &str = "application/json";
const BUNDLE: &str = "application/octet-stream";

/// Refuses a file whose export the caller did not record on this day.
fn require_recorded(look: &mut Look<'_, '_>, kind: &str, number: &str) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let wanted = ActQuery {
        person_id: Some(look.caller.actor.person_id),
        kind: Some(kind.to_owned()),
        number: Some(number.to_owned()),
        day: Some(look.today()),
        newest_first: true,
        limit: 1,
        ..ActQuery::default()
    };
    let (found, _) = vault::acts(look.tx, org_id, &wanted)?;
    if found.is_empty() {
        return Err(Refusal::new(
            Why::Conflict,
            "请先办理导出登记，再取文件（当日有效）",
            "record the export first; its file can then be fetched on the same day",
        ));
    }
    Ok(())
}

fn about(name: &str, now: Moment) -> String {
    format!("{name} {now}")
}

/// The issued bills of an account, of one month or of all.
fn keys(
    tx: &mut store::Tx<'_>,
    org_id: i64,
    account_id: i64,
    month: Option<Month>,
) -> Result<Vec<BillKey>, Refusal> {
    let mut keys = billing::issued_keys(tx, org_id, account_id)?;
    keys.retain(|key| month.is_none_or(|month| key.month == month));
    if keys.is_empty() {
        return Err(Refusal::refused("该户没有已发行的账单", "the account has no issued bill there"));
    }
    Ok(keys)
}

/// Records that bills of an account are taken out; the file follows.
pub const BILL: Act = Act {
    name: "proof.bill",
    path: "/proofs/bills/{account}",
    permission: "billing.read",
    fields: &[Field::new("account", Takes::Text(40)), Field::maybe("month", Takes::Month)],
    run: Run::Command(bill),
    closes: true,
    ..Act::PLAIN
};

fn bill(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    let (org_id, number) = (work.org_id(), given.text("account"));
    let found = metering::account::account_by_number(work.tx, org_id, number)?
        .ok_or_else(|| Refusal::not_found("用户", "account", number))?;
    work.require(billing::permission::READ, found.account.unit_id)?;
    let month = given.maybe_month("month");
    let keys = keys(work.tx, org_id, found.account.account_id, month)?;
    let named = bundle::bills_number(&keys).unwrap_or_default();
    bundle::record(work, &house.signers, BILL_PROOF, &named)?;
    let month = month.map(|month| month.to_string()).unwrap_or_default();
    Ok(Done::said(
        format!("已登记导出 {} 张账单的存证文件", keys.len()),
        format!("the export of {} bills is recorded", keys.len()),
    )
    .see(format!("/proofs/bills/{}?month={month}", url::encode(number)))
    .fact("bills", keys.len()))
}

/// The proof of bills of an account.
pub const BILL_FILE: Download = Download {
    name: "bill_proof",
    path: "/proofs/bills/{account}",
    permission: "billing.read",
    params: BILL.fields,
    types: &[FILE],
    make: bill_file,
};

fn bill_file(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let (org_id, number) = (look.org_id(), given.text("account"));
    let found = look.account(number)?;
    look.require("billing.read", found.account.unit_id)?;
    let month = given.maybe_month("month");
    let keys = keys(look.tx, org_id, found.account.account_id, month)?;
    require_recorded(look, BILL_PROOF, &bundle::bills_number(&keys).unwrap_or_default())?;
    let asked: Vec<(BillKey, String)> =
        keys.iter().map(|key| (*key, format!("{number} {}", key.month))).collect();
    let about = about(&look.caller.actor.name, look.now);
    let file = bundle::bills_proved(look.tx, org_id, &asked, &about)?;
    let name = format!("bills-{number}.proof.json");
    Ok(FileMade { name, content_type: FILE, bytes: file.print()?.into_bytes() })
}

/// Records that the acts on a document are taken out; the file follows.
pub const DOCUMENT: Act = Act {
    name: "proof.document",
    path: "/proofs/documents/{document_kind}",
    permission: "vault.read",
    fields: &[Field::new("document_kind", Takes::Text(200)), Field::new("number", Takes::Text(200))],
    run: Run::Command(document),
    closes: true,
    ..Act::PLAIN
};

fn document(work: &mut Work<'_, '_>, given: &Given, house: &House) -> Result<Done, Refusal> {
    work.require(vault::permission::READ, 0)?;
    let org_id = work.org_id();
    let (kind, number) = (given.text("document_kind"), given.text("number"));
    let wanted = Document { kind: kind.to_owned(), number: number.to_owned() };
    if vault::by_document(work.tx, org_id, &wanted, None, 1)?.acts.is_empty() {
        return Err(Refusal::not_found("操作记录", "act on", &format!("{kind} {number}")));
    }
    bundle::record(work, &house.signers, DOCUMENT_PROOF, &format!("{kind} {number}"))?;
    Ok(Done::said("已登记导出存证文件", "the export is recorded").see(format!(
        "/proofs/documents/{}?number={}",
        url::encode(kind),
        url::encode(number)
    )))
}

/// The proof of the acts on a document.
pub const DOCUMENT_FILE: Download = Download {
    name: "document_proof",
    path: "/proofs/documents/{document_kind}",
    permission: "vault.read",
    params: DOCUMENT.fields,
    types: &[FILE],
    make: document_file,
};

fn document_file(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let org_id = look.org_id();
    let (kind, number) = (given.text("document_kind"), given.text("number"));
    require_recorded(look, DOCUMENT_PROOF, &format!("{kind} {number}"))?;
    let wanted = Document { kind: kind.to_owned(), number: number.to_owned() };
    let size = vault::last_checkpoint(look.tx, org_id)?.map_or(0, |last| last.size);
    let about = about(&look.caller.actor.name, look.now);
    let file = bundle::document_proved(look.tx, org_id, &wanted, size, &about)?;
    let name = format!("{kind}-{number}.proof.json");
    Ok(FileMade { name, content_type: FILE, bytes: file.print()?.into_bytes() })
}

/// Writes a whole accounting period with its proof.
pub const PERIOD: Act = Act {
    name: "proof.period",
    path: "/proofs/periods/{month}",
    permission: "ledger.read",
    fields: &[Field::new("month", Takes::Month), Field::maybe("size", Takes::Id)],
    run: Run::Job(period),
    ..Act::PLAIN
};

/// A larger period is written with the command line, to a file.
const BUNDLE_BYTES_MAX: usize = 512 << 20;
/// A part of the file as it is kept.
const PART_BYTES: usize = 4 << 20;

/// Gathers what the bundle writes: bounded, since it is kept in the database for a week.
struct Gathered(Vec<u8>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > BUNDLE_BYTES_MAX {
            return Err(std::io::Error::other("above 512 MiB: use `zhangfang ledger export-proof`"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn period(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let (house, month) = (run.house, given.month("month")?);
    let mut out = Gathered(Vec::new());
    let about = about(&run.actor.name, run.now);
    let made = bundle::period(
        &run.desk(),
        run.now,
        &house.signers,
        month,
        &about,
        given.maybe_number("size"),
        &mut out,
    )?;
    let total = i64::try_from(out.0.len().div_ceil(PART_BYTES)).unwrap_or(i64::MAX);
    house.store.write(|tx| Ok::<_, Refusal>(jobs::begin_result(tx, house.org_id, run.job_id, run.now)?))?;
    for (part, content) in (0..).zip(out.0.chunks(PART_BYTES)) {
        run.progress(part, total)?;
        house.store.write(|tx| Ok::<_, Refusal>(jobs::keep(tx, house.org_id, run.job_id, part, content)?))?;
    }
    run.progress(total, total)?;
    let (acts, vouchers, bills) = (made.acts, made.vouchers, made.bills);
    Ok(Done::said(
        format!("{month} 存证文件：操作 {acts} 条、凭证 {vouchers} 张、账单 {bills} 张，可保留 7 天"),
        format!("{month}: {acts} acts, {vouchers} vouchers, {bills} bills; the file is kept for 7 days"),
    )
    .see(format!("/jobs/{}", run.job_id))
    .fact("file", format!("/proofs/periods/files/{}", run.job_id))
    .fact("month", month.to_string())
    .fact("acts", acts)
    .fact("vouchers", vouchers)
    .fact("bills", bills))
}

/// The file that such a job wrote, for who had it written.
pub const PERIOD_FILE: Download = Download {
    name: "period_proof",
    path: "/proofs/periods/files/{job}",
    permission: "ledger.read",
    params: &[Field::new("job", Takes::Id)],
    types: &[BUNDLE],
    make: period_file,
};

fn period_file(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let (org_id, id) = (look.org_id(), given.number("job")?);
    let missing = || Refusal::not_found("文件", "file of job", &id.to_string());
    let found = jobs::find(look.tx, org_id, id)?.filter(|job| job.act == PERIOD.name).ok_or_else(missing)?;
    if found.person_id != look.caller.actor.person_id {
        return Err(missing());
    }
    let bytes = jobs::result(look.tx, org_id, id)?;
    if bytes.is_empty() {
        return Err(Refusal::new(
            Why::NotFound,
            "文件已超过保留期，请重新导出",
            "the file was let go after a week: export it again",
        ));
    }
    let month = found.given.get("month").cloned().unwrap_or_default();
    Ok(FileMade { name: format!("period-{month}.zfp"), content_type: BUNDLE, bytes })
}
