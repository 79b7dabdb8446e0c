//! `zhangfang bench proof`: a bundle made up for the purpose, verified, with bare hashing of the same bytes beside it.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::time::{Duration, Instant};

use audit::frame::{Kind, Reader, Writer};
use audit::verify::Auditor;
use kernel::{Date, Moment, Money};
use ledger::{AccountCode, BalanceBuilder, ComponentId, Posting, Voucher, VoucherHead};
use proof::{Checkpoint, Edge, KeyKind, Policy, SigningKey};
use serde_json::json;
use vault::{Document, Leaf, Sealed};

use crate::failure::{Done, Failure};

const ORIGIN: &str = "BENCH/log";

/// A bundle of `acts` acts: half of them vouchers of four postings, the others acts with a changed field; the last one
/// closes the period.
fn write(path: &Path, acts: u64) -> Done<Policy> {
    let failed = |error: std::io::Error| Failure::file(path.display(), error);
    let day: Date = "2026-01-15".parse()?;
    let mut edge = Edge::empty();
    let mut balance = BalanceBuilder::new(1, day.month());
    // The checkpoint stands before the acts, so the acts are made twice: once for the root, once for the file.
    for seq in 0..acts {
        let (bytes, _) = act(seq, acts, day, &mut balance)?;
        edge.append(proof::leaf_hash(&bytes), |_| ());
    }
    let key = SigningKey::generate(KeyKind::Ed25519, ORIGIN, &[7; 32])?;
    let note = proof::sign(&Checkpoint::new(ORIGIN, acts, edge.root())?, std::slice::from_ref(&key))?.print();
    let mut out = Writer::new(BufWriter::with_capacity(1 << 20, File::create(path).map_err(failed)?))
        .map_err(failed)?;
    let head = json!({"org_id": 1, "period": day.month().number(), "about": ""}).to_string();
    out.frame(Kind::Head, head.as_bytes()).map_err(failed)?;
    out.frame(Kind::Checkpoint, note.as_bytes()).map_err(failed)?;
    out.frame(Kind::Prices, &audit::file::no_prices()?).map_err(failed)?;
    let mut balance = BalanceBuilder::new(1, day.month());
    for seq in 0..acts {
        let (bytes, voucher) = act(seq, acts, day, &mut balance)?;
        out.frame(Kind::Act, &bytes).map_err(failed)?;
        if let Some(voucher) = voucher {
            out.frame(Kind::Voucher, &voucher).map_err(failed)?;
        }
    }
    out.end().map_err(failed)?;
    let policy = format!("log {}\nquorum none\n", key.verifier().text());
    Ok(Policy::parse(policy.as_bytes())?)
}

fn act(seq: u64, acts: u64, day: Date, balance: &mut BalanceBuilder) -> Done<(Vec<u8>, Option<Vec<u8>>)> {
    let number = i64::try_from(seq).unwrap_or(i64::MAX);
    let at = Moment::on(day, 9, 0).plus_millis(number);
    let mut leaf = Leaf {
        form: 2,
        org_id: 1,
        seq: number,
        verb: "billing.calculate".into(),
        unit_id: 4 + number % 9,
        person_id: 7_000_001,
        person: Sealed::Committed([9; 32]),
        post: "reviewer".into(),
        at,
        document: Document { kind: "book".into(), number: format!("2026-01 {number}") },
        before: None,
        after: None,
        changes: Vec::new(),
        batch: None,
    };
    let mut bytes = None;
    if seq + 1 == acts {
        leaf.verb = ledger::permission::CLOSE_PERIOD.0.into();
        leaf.document = Document { kind: ledger::PERIOD.into(), number: day.month().to_string() };
        leaf.after = Some(balance.finish().digest());
    } else if seq.is_multiple_of(2) {
        let voucher = voucher(1 + number / 2, number % 9, day, at);
        balance.add(&voucher.head, &voucher.movements()?)?;
        let encoded = voucher.bytes();
        leaf.verb = ledger::permission::VOUCHER.0.into();
        leaf.document = Document { kind: ledger::VOUCHER.into(), number: voucher.head.document() };
        leaf.after = Some(proof::leaf_hash(&encoded));
        bytes = Some(encoded);
    } else {
        leaf.changes.push(vault::SealedChange {
            field: "result".into(),
            before: Sealed::Clear(String::new()),
            after: Sealed::Clear(format!("accounts=200 clean=196 amount={number}.00")),
        });
    }
    let mut out = Vec::with_capacity(256);
    vault::encode(&leaf, &mut out);
    Ok((out, bytes))
}

fn voucher(number: i64, unit: i64, day: Date, at: Moment) -> Voucher {
    let posting = |place: i64| Posting {
        debit: AccountCode(1122),
        credit: AccountCode(600_101 + place),
        amount: Money::from_fen(1_000 + number % 977 + place),
        customer: Some(1_000_000 + number),
        component: ComponentId(1 + u16::try_from(place).unwrap_or(0)),
    };
    let postings: Vec<Posting> = (0..4).map(posting).collect();
    let total = postings.iter().map(|posting| posting.amount.fen()).sum();
    let head = VoucherHead {
        org_id: 1,
        voucher_id: 9_000_000 + number,
        year: i64::from(day.year()),
        number,
        period: day.month(),
        posted_on: day,
        effective_on: day,
        unit_id: 4 + unit,
        event: "payment_counter".into(),
        source: format!("receipt {number}"),
        summary: format!("收电费 {number}"),
        person_id: 7_000_001,
        made_at: at,
        reverses: None,
        total: Money::from_fen(total),
        count: 4,
    };
    Voucher { head, postings }
}

/// Bytes and time of hashing every frame on one thread and doing nothing else; then of reading alone.
fn bare(path: &Path, hashing: bool) -> Done<(u64, Duration)> {
    let started = Instant::now();
    let file = File::open(path).map_err(|error| Failure::file(path.display(), error))?;
    let mut reader = Reader::new(BufReader::with_capacity(1 << 20, file))?;
    let (mut bytes, mut last) = (0, [0; 32]);
    while let Some((_, frame)) = reader.frame()? {
        bytes += frame.len() as u64;
        if hashing {
            last = proof::leaf_hash(&frame);
        }
    }
    // The last hash is looked at, so that none is left out.
    let elapsed = started.elapsed();
    if hashing && last == [0; 32] {
        return Err(Failure::new("空文件", "an empty file"));
    }
    Ok((bytes, elapsed))
}

/// Runs the measurement.
pub fn run(acts: u64, json: bool, folder: &Path) -> Done {
    let acts = acts.max(2);
    let path = folder.join(format!("zhangfang-proof-{}.bundle", std::process::id()));
    let measured = measure(&path, acts, json);
    let _ = std::fs::remove_file(&path);
    measured
}

fn measure(path: &Path, acts: u64, as_json: bool) -> Done {
    let started = Instant::now();
    let policy = write(path, acts)?;
    let made = started.elapsed();
    let (bytes, reading) = bare(path, false)?;
    let (_, hashing) = bare(path, true)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut times = Vec::new();
    for threads in [1, threads] {
        let file = File::open(path).map_err(|error| Failure::file(path.display(), error))?;
        let started = Instant::now();
        let auditor = Auditor { policy: &policy, previous: None, threads };
        let report = audit::verify::verify(&auditor, BufReader::with_capacity(1 << 20, file))?;
        if report.acts != acts {
            return Err(Failure::new("记录数不符", "another number of acts"));
        }
        times.push((threads, started.elapsed()));
    }
    let proof_file = inclusion(acts)?;
    if as_json {
        let times: Vec<_> = times
            .iter()
            .map(|(threads, time)| json!({"threads": threads, "seconds": seconds(*time)}))
            .collect();
        println!(
            "{}",
            json!({
                "acts": acts, "vouchers": acts / 2, "bytes": bytes, "made_seconds": seconds(made),
                "read_seconds": seconds(reading), "read_and_hash_seconds": seconds(hashing), "verify": times,
                "inclusion_proof_bytes": proof_file,
            })
        );
        return Ok(());
    }
    println!("acts / 记录          {acts} (vouchers / 凭证 {})", acts / 2);
    println!("bytes / 字节         {bytes}");
    println!("read / 仅读取        {}", seconds(reading));
    println!("read+SHA-256 / 仅哈希 {} (1 thread)", seconds(hashing));
    for (threads, time) in times {
        println!("verify / 全部校验    {} ({threads} threads)", seconds(time));
    }
    println!("inclusion proof / 单条证明 {proof_file} bytes");
    Ok(())
}

/// Bytes of the path that proves one of `acts` acts.
fn inclusion(acts: u64) -> Done<usize> {
    let leaves: Vec<proof::Hash> =
        (0..acts.min(1 << 20)).map(|seq| proof::leaf_hash(&seq.to_be_bytes())).collect();
    Ok(proof::inclusion_proof_over(0, &leaves)?.len() * 32)
}

fn seconds(time: Duration) -> String {
    format!("{}.{:03} s", time.as_secs(), time.subsec_millis())
}
