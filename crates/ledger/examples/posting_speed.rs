//! How fast postings go into the books, and how fast a trial balance comes out: figures, not a test.
//!
//! `cargo run --release -p ledger --example posting_speed -- [database URL or file] [batches]`
//! Each batch is one voucher of 10,000 customers with 4 postings. The bare loader (the same rows into a table without
//! any guard) is measured in the same run.

use std::time::Instant;

use identity::{Actor, Assignment, Desk};
use kernel::{Date, Moment, Money, Month};
use ledger::{
    Chart, LedgerError, PostingBuffer, PostingRules, SCHEMA, VoucherHeader, install_chart, open_period,
    permission, post_bulk, trial_balance,
};
use store::{Bulk, Kind, Store, params};

const CUSTOMERS: i64 = 10_000;
const COLUMNS: &[store::Column] = &[
    ("org_id", Kind::Int),
    ("voucher_id", Kind::Int),
    ("line", Kind::Int),
    ("debit", Kind::Int),
    ("credit", Kind::Int),
    ("amount", Kind::Int),
    ("account_id", Kind::Int),
    ("component", Kind::Int),
];

fn main() -> Result<(), LedgerError> {
    let mut arguments = std::env::args().skip(1);
    let folder = std::env::temp_dir().join(format!("posting-speed-{}.db", std::process::id()));
    let url = arguments.next().unwrap_or_else(|| folder.display().to_string());
    let batches: i64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(50);
    let store = Store::open(&url)?;
    store.migrate(&[identity::SCHEMA, vault::SCHEMA, SCHEMA])?;
    println!("{}, {batches} batches of {CUSTOMERS} customers", store.engine_version()?);
    let actor = Actor {
        org_id: 1,
        person_id: 1,
        name: "benchmark".into(),
        assignments: vec![Assignment {
            post: "all".into(),
            unit_id: 1,
            units: vec![],
            all_units: true,
            permissions: permission::ALL.iter().map(|right| right.0.to_owned()).collect(),
            for_person: None,
            lent_to: vec![],
        }],
    };
    let desk = Desk::new(&store, &actor);
    let day = Date::new(2026, 1, 20)?;
    let now = Moment::on(day, 9, 0);
    let month = day.month();
    let rules = PostingRules::standard()?;
    desk.act(now, |work| {
        install_chart(work, &Chart::standard()?, &rules)?;
        open_period(work, month)
    })?;
    bare(&store, batches)?;
    posted(&desk, &rules, now, batches)?;
    balance(&desk, month)?;
    println!("database: {} MiB", store.size_bytes()? >> 20);
    if folder.exists() {
        // A leftover in the temporary folder harms nobody.
        let _ = std::fs::remove_file(folder);
    }
    Ok(())
}

fn report(what: &str, postings: i64, started: Instant) {
    let micros = i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX).max(1);
    println!(
        "{what}: {} ms, {} postings/s, {} ns each",
        micros / 1000,
        postings.saturating_mul(1_000_000) / micros,
        micros.saturating_mul(1000) / postings.max(1)
    );
}

fn bare(store: &Store, batches: i64) -> Result<(), LedgerError> {
    store.write(|tx| {
        tx.define(
            "CREATE TABLE bare (org_id INTEGER NOT NULL, voucher_id INTEGER NOT NULL, line INTEGER NOT NULL,
               debit INTEGER NOT NULL, credit INTEGER NOT NULL, amount INTEGER NOT NULL, account_id INTEGER,
               component INTEGER NOT NULL, PRIMARY KEY (org_id, voucher_id, line)) STRICT, WITHOUT ROWID;",
        )
    })?;
    let started = Instant::now();
    let mut rows = Bulk::new("bare", COLUMNS);
    for batch in 0..batches {
        for line in 0..CUSTOMERS * 4 {
            rows.row(params![1, batch, line, 1122, 600_101, line + 1, line / 4, line % 4])?;
        }
        store.write(|tx| tx.load(&mut rows))?;
    }
    report("bare rows", batches * CUSTOMERS * 4, started);
    Ok(store.write(|tx| tx.define("DROP TABLE bare;"))?)
}

fn posted(desk: &Desk<'_>, rules: &PostingRules, now: Moment, batches: i64) -> Result<(), LedgerError> {
    let issued = rules.event("bill_issued")?;
    let components = ["purchase", "transmission", "renewable", "vat"].map(|code| rules.component(code));
    let mut parts = Vec::new();
    for component in components {
        parts.push(component?);
    }
    let mut buffer = PostingBuffer::new(1);
    let fill = |buffer: &mut PostingBuffer, voucher_id: i64| {
        buffer.begin(voucher_id);
        for customer in 0..CUSTOMERS {
            for (place, component) in (1..).zip(&parts) {
                let amount = Money::from_fen(customer % 977 + place);
                buffer.add_signed(&issued.posting(*component, amount, Some(customer))?)?;
            }
        }
        Ok::<_, LedgerError>(())
    };
    let started = Instant::now();
    for batch in 0..batches {
        buffer.clear();
        fill(&mut buffer, batch + 1)?;
    }
    report("gathered in memory", batches * CUSTOMERS * 4, started);
    let started = Instant::now();
    for _ in 0..batches {
        buffer.clear();
        desk.act(now, |work| {
            let header = VoucherHeader {
                voucher_id: work.next_key(),
                unit_id: 1,
                posted_on: work.today(),
                effective_on: work.today(),
                event: "bill_issued".into(),
                source: "run".into(),
                text: "发行".into(),
            };
            fill(&mut buffer, header.voucher_id)?;
            post_bulk(work, &[header], &mut buffer)
        })?;
    }
    report("posted", batches * CUSTOMERS * 4, started);
    Ok(())
}

fn balance(desk: &Desk<'_>, month: Month) -> Result<(), LedgerError> {
    let started = Instant::now();
    let books = desk.look(|tx| trial_balance(tx, 1, month, month, None))?;
    println!(
        "trial balance: {} accounts, debit {}, credit {}, {} us",
        books.lines.len(),
        books.debit,
        books.credit,
        started.elapsed().as_micros()
    );
    let started = Instant::now();
    let report = desk.look(|tx| ledger::check(tx, 1))?;
    println!(
        "check: {} postings, {} findings, {} ms",
        report.postings,
        report.findings.len(),
        started.elapsed().as_millis()
    );
    Ok(())
}
