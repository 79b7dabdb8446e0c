//! A proof file: acts and bills, each under a signed checkpoint.

use billing::canonical::{Content, IssuedBill, read_issued};
use billing::{BillCode, BillKey, PriceBook};
use kernel::Lang;
use proof::TlogProof;
use proof::policy::Trusted;
use tariff::explain::{self, Context};
use vault::{Leaf, Sealed};

use super::Auditor;
use super::bill::{Recalculation, adds_up};
use super::words::{Report, month_and_days, yuan};
use crate::AuditError;
use crate::error::{not_proved, unreadable};
use crate::file::{ActProof, BillProof, ProofFile, from_base64, hash_from_base64, unpack};

/// Verifies a proof file.
pub(crate) fn verify(auditor: &Auditor<'_>, file: &ProofFile) -> Result<Report, AuditError> {
    let mut report = Report::default();
    let mut leaves = Vec::with_capacity(file.acts.len());
    let mut first: Option<Trusted> = None;
    for (place, act) in file.acts.iter().enumerate() {
        let (leaf, trusted) = self::act(auditor, &format!("acts[{place}]"), act)?;
        if first.as_ref().is_none_or(|first| first.checkpoint.size() < trusted.checkpoint.size()) {
            first = Some(trusted);
        }
        leaves.push(leaf);
    }
    let trusted = first.ok_or_else(|| unreadable("acts", "there are none"))?;
    report.checkpoint(&trusted, trusted.checkpoint.body());
    report.acts = leaves.len() as u64;
    if auditor.previous.is_some() {
        report.leaves_open(
            "与上次检查点的连续性：单据存证文件不含全部记录，请用期间存证文件核对",
            "that the log continues the checkpoint kept last time: a file of single acts does not hold them all; verify a period",
        );
    }
    let prices = prices(file, &leaves, &mut report)?;
    for bill in &file.bills {
        one_bill(bill, &leaves, prices.as_ref(), &mut report)?;
    }
    if file.bills.is_empty() {
        acts(file, &leaves, &mut report)?;
    } else {
        report.leaves_open(
            "户号、户名与账户内部编号的对应关系（文件中的文字说明）",
            "that the account number and name in words belong to the account's key in the bill",
        );
        report.leaves_open("表码等输入是否属实", "that the readings and other inputs of the bill are true");
    }
    Ok(report)
}

/// An act, its bytes in the log under a checkpoint that the policy accepts.
fn act(auditor: &Auditor<'_>, place: &str, act: &ActProof) -> Result<(Leaf, Trusted), AuditError> {
    let bytes = from_base64(&act.leaf, place)?;
    let proof = TlogProof::parse(act.proof.as_bytes())?;
    let trusted = proof.verify(&proof::leaf_hash(&bytes), auditor.policy)?;
    let leaf = vault::decode(&bytes)?;
    if u64::try_from(leaf.seq).ok() != Some(proof.index()) {
        return Err(not_proved(
            place,
            format!("记录自称第 {} 条，实为第 {} 条", leaf.seq, proof.index()),
            format!("the act says it is number {}, but it stands at {}", leaf.seq, proof.index()),
        ));
    }
    Ok((leaf, trusted))
}

/// The prices of the file, each table as the log has it.
fn prices(file: &ProofFile, leaves: &[Leaf], report: &mut Report) -> Result<Option<PriceBook>, AuditError> {
    let Some(prices) = &file.prices else { return Ok(None) };
    let set = unpack(&from_base64(&prices.packed, "prices")?)?;
    if set.tables.len() != prices.acts.len() {
        return Err(unreadable("prices", "not one act for each table"));
    }
    for (table, act) in set.tables.iter().zip(&prices.acts) {
        let name = format!("{} {}", table.code, table.version);
        let Some(act) = act else {
            report.leaves_open(
                format!("价表 {name} 的装载不在日志中"),
                format!("that the price table {name} was in force: its loading is not in the log"),
            );
            continue;
        };
        let leaf = leaves.get(*act).ok_or_else(|| unreadable("prices", "there is no such act"))?;
        let root = proof::leaf_hash(table.content.as_bytes());
        let is_loading = leaf.verb == billing::permission::LOAD_PRICES.0
            && leaf.document.kind == "price_table"
            && leaf.document.number == name
            && leaf.batch.as_ref().is_some_and(|batch| batch.root == root);
        if !is_loading {
            return Err(not_proved(
                format!("price table {name}"),
                format!("价表与第 {} 条记录所载不符", leaf.seq),
                format!("the table is not the one that act {} loaded", leaf.seq),
            ));
        }
    }
    Ok(Some(PriceBook::of(&set)?))
}

/// One bill: in the issue of a proved act, of that code, adding up, and calculated again.
fn one_bill(
    bill: &BillProof,
    leaves: &[Leaf],
    prices: Option<&PriceBook>,
    report: &mut Report,
) -> Result<(), AuditError> {
    let place = format!("bill {}", bill.code);
    let bytes = from_base64(&bill.bytes, &place)?;
    let leaf = leaves.get(bill.act).ok_or_else(|| unreadable(place.clone(), "there is no such act"))?;
    let path = bill.path.iter().map(|hash| hash_from_base64(hash, &place)).collect::<Result<Vec<_>, _>>()?;
    let batch =
        leaf.batch.as_ref().filter(|_| leaf.verb == billing::permission::ISSUE.0).ok_or_else(|| {
            not_proved(
                &place,
                format!("第 {} 条记录不是发行", leaf.seq),
                format!("act {} is no issue", leaf.seq),
            )
        })?;
    proof::verify_line(&bytes, bill.line, batch.lines.unsigned_abs(), &path, &batch.root)?;
    let issued = read_issued(&bytes).map_err(|error| unreadable(place.clone(), error))?;
    let code: BillCode =
        bill.code.parse().map_err(|error: billing::NoCode| unreadable(place.clone(), error))?;
    is_coded(&place, &code, &issued, &bytes)?;
    adds_up(&place, &issued)?;
    let (line, lines) = (bill.line + 1, batch.lines);
    report.bills += 1;
    report.proves(
        format!(
            "账单 {code} 逐字节在日志第 {} 条“发行”记录之内（第 {line} 行，共 {lines} 行），于 {} 记入",
            leaf.seq, leaf.at
        ),
        format!(
            "the bill {code} is, byte for byte, line {line} of {lines} of the issue in act {}, recorded {}",
            leaf.seq, leaf.at
        ),
    );
    report.proves("各行、各费用项与合计相符", "its lines and components add up to its total");
    owner(&issued, report);
    match &issued.content {
        Content::Calculated(both) => {
            let (input, figures) = &**both;
            let head = month_and_days(input.month, figures.from, figures.to);
            let (kwh, total) = (figures.energy_kwh, yuan(figures.total));
            report.states(
                format!("{}：电费年月 {head}，{kwh} kWh，{total} 元", bill.about),
                format!("{}: month {head}, {kwh} kWh, {total} yuan", bill.about),
            );
            if let Some(prices) = prices {
                Recalculation::new(prices).check(&place, input, figures)?;
                report.proves(
                    "以账单自身的输入和价表重新计算，结果逐字节相同",
                    "calculated again from its own inputs and the price tables, it is the same to the last byte",
                );
                let context =
                    Context { plans: prices.plans(), rules: prices.rules(), input, point_names: &[] };
                let blocks = explain::explain(figures, &context);
                report.states(explain::render(&blocks, Lang::Zh), explain::render(&blocks, Lang::En));
            }
        }
        Content::Adjustment(adjustment) => {
            let (document, amount) = (&adjustment.document, yuan(adjustment.amount));
            report.states(
                format!("{}：退补 {document}，{amount} 元：{}", bill.about, adjustment.reason),
                format!("{}: adjustment {document}, {amount} yuan: {}", bill.about, adjustment.reason),
            );
        }
    }
    Ok(())
}

fn is_coded(place: &str, code: &BillCode, issued: &IssuedBill, bytes: &[u8]) -> Result<(), AuditError> {
    let key: Option<BillKey> = issued.owner.map(|owner| owner.key);
    if !code.is_of(&proof::leaf_hash(bytes)) || key.is_some_and(|key| key != code.key) {
        return Err(not_proved(place, "验证码与账单内容不符", "the code does not fit the bytes of the bill"));
    }
    Ok(())
}

fn owner(issued: &IssuedBill, report: &mut Report) {
    match issued.owner {
        Some(owner) => report.proves(
            format!(
                "账单属于账户 {}，付款账户 {}，{} 前交费",
                owner.key.account_id, owner.payer_id, owner.due_on
            ),
            format!(
                "it is the bill of account {}, owed by account {}, due {}",
                owner.key.account_id, owner.payer_id, owner.due_on
            ),
        ),
        None => report.leaves_open(
            "账单属于哪个账户：0.1.0 版发行的账单字节中没有写明",
            "whose bill it is: the bytes of bills issued by version 0.1.0 do not say",
        ),
    }
}

/// A document's acts in words, with vouchers.
fn acts(file: &ProofFile, leaves: &[Leaf], report: &mut Report) -> Result<(), AuditError> {
    report.proves(
        format!("以下 {} 条记录逐字节在日志之中", leaves.len()),
        format!("the log holds these {} acts, byte for byte", leaves.len()),
    );
    report.leaves_open("日志中是否另有关于该单据的记录", "that the log has no further acts on the document");
    for (act, leaf) in file.acts.iter().zip(leaves) {
        let words = describe(leaf);
        report.states(words.clone(), words);
        let Some(voucher) = &act.voucher else { continue };
        let place = format!("voucher {}", leaf.document.number);
        let bytes = from_base64(voucher, &place)?;
        if leaf.document.kind != ledger::VOUCHER || leaf.after != Some(proof::leaf_hash(&bytes)) {
            return Err(not_proved(
                place,
                "凭证与记录的摘要不符",
                "the voucher does not have the digest of the act",
            ));
        }
        let voucher = ledger::read_voucher(&bytes).map_err(|error| unreadable(place.clone(), error))?;
        if voucher.head.document() != leaf.document.number {
            return Err(not_proved(
                place,
                "凭证编号与记录不符",
                "the voucher has another number than the act",
            ));
        }
        report.vouchers += 1;
        let head = &voucher.head;
        let (total, count) = (yuan(head.total), head.count);
        report.states(
            format!(
                "  凭证 {}：{} {}，{count} 条分录，合计 {total} 元，借贷平衡",
                head.document(),
                head.posted_on,
                head.summary
            ),
            format!(
                "  voucher {}: {} {}, {count} postings, {total} yuan, in balance",
                head.document(),
                head.posted_on,
                head.summary
            ),
        );
        for posting in voucher.postings.iter().take(200) {
            let (debit, credit, amount) = (posting.debit, posting.credit, yuan(posting.amount));
            report.states(
                format!("    借 {debit}　贷 {credit}　{amount}"),
                format!("    debit {debit}, credit {credit}: {amount}"),
            );
        }
    }
    Ok(())
}

fn describe(leaf: &Leaf) -> String {
    let sealed = |value: &Sealed| match value {
        Sealed::Clear(text) => text.clone(),
        Sealed::Committed(_) => "…".to_owned(),
    };
    let mut words = format!(
        "#{} {} {} ({}) {} {} {}",
        leaf.seq, leaf.at, leaf.person_id, leaf.post, leaf.verb, leaf.document.kind, leaf.document.number
    );
    for change in &leaf.changes {
        words.push_str(&format!(
            "; {}: {} → {}",
            change.field,
            sealed(&change.before),
            sealed(&change.after)
        ));
    }
    if let Some(batch) = &leaf.batch {
        words.push_str(&format!("; {} lines", batch.lines));
    }
    words
}
