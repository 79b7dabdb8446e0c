//! `zhangfang bench`: figures, with what the engine needs at the least beside them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use billing::whatif::{Selection, Trial, WhatIf, compare_months, read_and_decode};
use billing::{Clerks, HistoryBulk, Ready, RunPlan, load_ready, run_month};
use clap::Subcommand;
use kernel::{Moment, Money, Quantity};
use metering::book::SubmittedBulk;
use serde_json::json;
use store::Store;

use super::Place;
use crate::demo::{self, Population, Stage, bar};
use crate::failure::{Done, Failure};

/// Tables that a run writes row by row of its customers; what is written once per book is not counted.
/// With each, the condition for the rows of the run: history that was there before bears issue 0.
const TABLES: &[(&str, &str)] = &[
    ("bill", "1 = 1"),
    ("exception", "1 = 1"),
    ("quantity_ledger", "issue_id <> 0"),
    ("receivable", "1 = 1"),
    ("posting", "1 = 1"),
];
/// Accounts whose inputs are kept in memory to measure calculation alone.
const SAMPLE_ACCOUNTS: i64 = 60_000;

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// A billing month: calculation alone, the whole run, and the bare insert of the same rows / 核算发行性能
    Billing {
        /// Number of accounts / 户数
        #[arg(long, default_value_t = 100_000)]
        accounts: u64,
        /// Print one JSON object per engine / 输出 JSON
        #[arg(long)]
        json: bool,
        /// Folder for the embedded database of the measurement; it is emptied afterwards / 临时目录
        #[arg(long)]
        scratch: Option<PathBuf>,
        /// An empty PostgreSQL database to measure as well / 同时测量的空 PostgreSQL 数据库
        #[arg(long, value_name = "URL")]
        postgres: Option<String>,
        /// Leave the embedded engine out / 不测嵌入式引擎
        #[arg(long)]
        only_postgres: bool,
    },
    /// Known errors among a month's readings: what the 30 % rule and the score find / 异常检出率
    Exceptions(super::bench_exceptions::Exceptions),
    /// Many people at work in the browser at once: pages per second, and what each page lets them wait / 网页性能
    Console(super::bench_console::Console),
    /// Verifying a period's bundle of many acts, and bare hashing of the same bytes / 存证校验性能
    Proof {
        /// Number of acts / 记录条数
        #[arg(long, default_value_t = 1_000_000)]
        acts: u64,
        /// Print one JSON object / 输出 JSON
        #[arg(long)]
        json: bool,
        /// Folder for the file, which is removed afterwards / 临时目录
        #[arg(long)]
        scratch: Option<PathBuf>,
    },
    /// A month under other prices: the comparison, and reading and decoding the same bills alone / 电价试算性能
    Whatif {
        /// Number of accounts / 户数
        #[arg(long, default_value_t = 100_000)]
        accounts: u64,
        /// Folder for the embedded database of the measurement; it is emptied afterwards / 临时目录
        #[arg(long)]
        scratch: Option<PathBuf>,
    },
}

/// Runs the measurement. `--database URL` means that PostgreSQL database and nothing else.
pub fn run(command: &Bench, place: &Place, lang: kernel::Lang) -> Done {
    let (accounts, json, scratch, postgres, only_postgres) = match command {
        Bench::Billing { accounts, json, scratch, postgres, only_postgres } => {
            (accounts, json, scratch, postgres, only_postgres)
        }
        Bench::Proof { acts, json, scratch } => {
            let folder = scratch.clone().unwrap_or_else(std::env::temp_dir);
            return super::bench_proof::run(*acts, *json, &folder);
        }
        Bench::Whatif { accounts, scratch } => return whatif(*accounts, scratch.as_ref(), place),
        Bench::Console(console) => return super::bench_console::run(console, place, lang),
        Bench::Exceptions(exceptions) => return super::bench_exceptions::run(exceptions, place),
    };
    let postgres = place.database.as_ref().or(postgres.as_ref());
    if !only_postgres && place.database.is_none() {
        let folder = scratch
            .clone()
            .unwrap_or_else(std::env::temp_dir)
            .join(format!("zhangfang-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| Failure::file(folder.display(), error))?;
        let url = folder.join("run.db").display().to_string();
        let bare = folder.join("bare.db").display().to_string();
        let measured = measure(&url, *accounts, |store, batch_rows| {
            Ok(store.measure_bare_insert(&Store::open(&bare)?, TABLES, batch_rows)?)
        });
        std::fs::remove_dir_all(&folder).map_err(|error| Failure::file(folder.display(), error))?;
        report(&measured?, *json);
    }
    if let Some(url) = postgres {
        let measured = measure(url, *accounts, |store, batch_rows| {
            Ok(store.measure_bare_insert(store, TABLES, batch_rows)?)
        })?;
        report(&measured, *json);
    }
    Ok(())
}

/// Measures a comparison on an embedded database of its own, or on the empty PostgreSQL database named.
fn whatif(accounts: u64, scratch: Option<&PathBuf>, place: &Place) -> Done {
    if let Some(url) = &place.database {
        return measure_whatif(url, accounts);
    }
    let folder = scratch
        .cloned()
        .unwrap_or_else(std::env::temp_dir)
        .join(format!("zhangfang-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| Failure::file(folder.display(), error))?;
    let measured = measure_whatif(&folder.join("run.db").display().to_string(), accounts);
    std::fs::remove_dir_all(&folder).map_err(|error| Failure::file(folder.display(), error))?;
    measured
}

/// How often each part is measured; the best counts, for other programs run as well.
const ROUNDS: usize = 3;

fn measure_whatif(url: &str, accounts: u64) -> Done {
    let stage = demo::prepare(url, accounts)?;
    fill(&stage)?;
    let now = Moment::on(stage.month.next().first_day(), 9, 0);
    let plan = RunPlan::new(stage.month, stage.run_books(), now);
    let (calculated, calculating, threads) = calculation_alone(&stage, &plan)?;
    let calculator = stage.company.person(&stage.store, "hesuan", now.date())?;
    let reviewer = stage.company.person(&stage.store, "fuhe", now.date())?;
    let clerks = Clerks { calculator: &calculator, reviewer: &reviewer, issuer: &reviewer };
    run_month(&stage.store, &clerks, &stage.prices, &stage.postings, &plan, |_| ())?;

    let mut tables = Vec::new();
    for shipped in tariff::table::SHIPPED
        .iter()
        .filter(|table| stage.prices.plans().iter().any(|(_, plan)| plan.table == table.id))
    {
        // A cent more for households; published figures would not fit any more.
        let lines = shipped.text.lines().filter(|line| !line.starts_with("published"));
        let text: String = lines
            .map(|line| format!("{}\n", line.replace("catalogue = \"0.558\"", "catalogue = \"0.568\"")))
            .collect();
        tables.push(tariff::table::PriceTable::parse(shipped.id, &text)?);
    }
    let trial = Trial::new(&stage.prices, &tables, &[])?;
    let selection = Selection::month(stage.month);
    let (org_id, how) = (stage.company.org_id, WhatIf::default());
    let bare = |decode| -> Done<(u64, u64, Duration)> {
        let mut best = read_and_decode(&stage.store, org_id, &selection, &how, decode)?;
        for _ in 1..ROUNDS {
            let next = read_and_decode(&stage.store, org_id, &selection, &how, decode)?;
            best = if next.2 < best.2 { next } else { best };
        }
        Ok(best)
    };
    let (bills, bytes, reading) = bare(false)?;
    let (_, _, decoding) = bare(true)?;
    forget_peak_memory();
    let mut outcome =
        compare_months(&stage.store, org_id, &stage.prices, &trial, &selection, &how, |_| true)?;
    for _ in 1..ROUNDS {
        let next = compare_months(&stage.store, org_id, &stage.prices, &trial, &selection, &how, |_| true)?;
        outcome = if next.elapsed < outcome.elapsed { next } else { outcome };
    }
    let peak = peak_memory_mib();
    let speed = |count: u64, time: Duration| ratio(u128::from(count) * 1_000_000, time.as_micros(), 0);
    println!("engine                    {}", stage.store.engine_version()?);
    println!("accounts                  {accounts}");
    println!("stored bills              {bills} ({} MiB)", bytes >> 20);
    println!("calculation alone         {} bills/s on {threads} threads", speed(calculated, calculating));
    println!("reading alone             {} s, {} bills/s", seconds(reading), speed(bills, reading));
    println!("reading and decoding      {} s, {} bills/s", seconds(decoding), speed(bills, decoding));
    println!(
        "what-if                   {} s, {} bills/s",
        seconds(outcome.elapsed),
        speed(bills, outcome.elapsed)
    );
    println!("what-if / reading, decoding  {}", ratio(outcome.elapsed.as_micros(), decoding.as_micros(), 2));
    println!(
        "difference                {} yuan, {} customers pay more",
        outcome.total.difference()?,
        outcome.dearer
    );
    println!("peak memory               {} MiB", peak.map_or("?".into(), |mib| mib.to_string()));
    Ok(())
}

/// Figures of one engine.
struct Measured {
    accounts: u64,
    engine: &'static str,
    version: String,
    calculated: u64,
    calculating: Duration,
    threads: usize,
    run: billing::RunSummary,
    bare: store::BareInsert,
    peak_rss_mib: Option<u64>,
    database_bytes: i64,
    run_disk_bytes: u64,
    bare_disk_bytes: u64,
}

fn measure(
    url: &str,
    accounts: u64,
    bare: impl FnOnce(&Store, u64) -> Done<store::BareInsert>,
) -> Done<Measured> {
    let stage = demo::prepare(url, accounts)?;
    fill(&stage)?;
    let now = Moment::on(stage.month.next().first_day(), 9, 0);
    let plan = RunPlan::new(stage.month, stage.run_books(), now);
    let (calculated, calculating, threads) = calculation_alone(&stage, &plan)?;

    forget_peak_memory();
    let disk_before = disk_written();
    let calculator = stage.company.person(&stage.store, "hesuan", now.date())?;
    let reviewer = stage.company.person(&stage.store, "fuhe", now.date())?;
    let clerks = Clerks { calculator: &calculator, reviewer: &reviewer, issuer: &reviewer };
    let progress = bar("run / 核算发行", accounts);
    let run = run_month(&stage.store, &clerks, &stage.prices, &stage.postings, &plan, |so_far| {
        progress.set_position(so_far.accounts.unsigned_abs());
    })?;
    progress.finish_and_clear();
    let peak_rss_mib = peak_memory_mib();
    let disk_after_run = disk_written();
    let per_batch = run.rows * plan.batch_accounts.unsigned_abs() / accounts.max(1);
    let bare = bare(&stage.store, per_batch.max(1_000))?;
    let disk_after_bare = disk_written();
    Ok(Measured {
        run_disk_bytes: disk_after_run - disk_before,
        bare_disk_bytes: disk_after_bare - disk_after_run,
        accounts,
        engine: stage.store.engine().name(),
        version: stage.store.engine_version()?,
        calculated,
        calculating,
        threads,
        run,
        bare,
        peak_rss_mib,
        database_bytes: stage.store.size_bytes()?,
    })
}

/// Accounts, three months of history, the readings of the month, submitted books: everything a run finds.
fn fill(stage: &Stage) -> Done {
    stage.load_accounts()?;
    let population = &stage.population;
    let org_id = stage.company.org_id;
    let progress = bar("history / 历史", population.len() * 3);
    for back in [3, 2, 1] {
        let month = stage.month.plus(-back)?;
        let mut bulk = HistoryBulk::new(org_id);
        for index in 0..population.len() {
            let customer = population.customer(index);
            if population.is_supplied(&customer, month) {
                let energy = population.energy_kwh(&customer, month);
                // The fee at about the price of the class: the gates compare it with the month that is run.
                let fee = Money::from_fen(energy.units() / Quantity::SCALE * customer.rough_fen_per_kwh());
                bulk.add(month, Population::account_id(index), energy, fee, energy)?;
            }
            if index % 20_000 == 19_999 || index + 1 == population.len() {
                stage.store.write(|tx| bulk.load(tx))?;
                progress.set_position(population.len() * (3 - back.unsigned_abs() as u64) + index + 1);
            }
        }
    }
    progress.finish_and_clear();
    let progress = bar("readings / 表码", population.len());
    stage.load_readings(stage.month, &progress)?;
    progress.finish_and_clear();
    let mut books = SubmittedBulk::new(org_id);
    for at in 0..population.books() {
        let (book_id, unit_id, _) = population.book(at);
        let read_on = population.read_on(at, stage.month);
        books.book(stage.month, book_id, unit_id, read_on, Moment::on(read_on, 18, 0))?;
    }
    stage.store.write(|tx| books.load(tx))?;
    Ok(stage.store.refresh_statistics()?)
}

/// Calculates a sample kept in memory again and again on all cores; answers bills, time and threads.
fn calculation_alone(stage: &Stage, plan: &RunPlan) -> Done<(u64, Duration, usize)> {
    let mut sample = plan.clone();
    let mut accounts = 0;
    // Every so manieth book, so that the sample has the mix of the whole.
    let step = (stage.population.len() as i64 / SAMPLE_ACCOUNTS).max(1) as usize;
    sample.books = plan.books.iter().step_by(step).copied().collect();
    sample.books.retain(|book| {
        accounts += book.accounts;
        accounts <= SAMPLE_ACCOUNTS
    });
    let ready = stage.store.read(|tx| load_ready(tx, stage.company.org_id, &stage.prices, &sample))?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = ready.len().div_ceil(threads).max(1);
    let started = Instant::now();
    let bills = std::thread::scope(|scope| {
        let work: Vec<_> = ready
            .chunks(share)
            .map(|part| scope.spawn(move || calculate_for(part, stage, started)))
            .collect();
        work.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    Ok((bills, started.elapsed(), threads))
}

fn calculate_for(part: &[Ready], stage: &Stage, started: Instant) -> u64 {
    let mut bill = tariff::Bill::new();
    let mut bills = 0;
    while started.elapsed() < Duration::from_secs(2) {
        for ready in part {
            if let Ok(input) = &ready.input {
                bills += u64::from(
                    tariff::calculate(stage.prices.plans(), stage.prices.rules(), input, &mut bill).is_ok(),
                );
                std::hint::black_box(&bill);
            }
        }
    }
    bills
}

/// Sets the kernel's high-water mark of this process back to what is in use now; nothing where there is no such file.
fn forget_peak_memory() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Bytes this process handed to the kernel for files so far; the server's own are not seen on PostgreSQL.
fn disk_written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar:"));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

fn peak_memory_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib / 1024)
}

/// `part / whole` with `places` decimals, in whole-number arithmetic.
pub(super) fn ratio(part: u128, whole: u128, places: usize) -> String {
    let scale = 10_u128.pow(places as u32);
    let value = part * scale / whole.max(1);
    if places == 0 { value.to_string() } else { format!("{}.{:0places$}", value / scale, value % scale) }
}

pub(super) fn seconds(time: Duration) -> String {
    ratio(time.as_millis(), 1000, 3)
}

fn number(text: &str) -> serde_json::Value {
    text.parse::<serde_json::Number>().map_or(serde_json::Value::Null, serde_json::Value::Number)
}

fn report(measured: &Measured, json: bool) {
    let Measured { accounts, engine, version, calculated, calculating, threads, run, bare, .. } = measured;
    let per_second = ratio(u128::from(*calculated) * 1_000_000, calculating.as_micros(), 0);
    let share = ratio(run.elapsed.as_micros(), bare.elapsed.as_micros(), 2);
    let accounts_per_second = ratio(u128::from(*accounts) * 1_000_000, run.elapsed.as_micros(), 0);
    if json {
        let object = json!({
            "accounts": accounts,
            "engine": engine,
            "engine_version": version,
            "calc_bills_per_s": number(&per_second),
            "calc_threads": threads,
            "run_s": number(&seconds(run.elapsed)),
            "run_accounts_per_s": number(&accounts_per_second),
            "bare_insert_s": number(&seconds(bare.elapsed)),
            "ratio": number(&share),
            "rows": run.rows,
            "bytes": run.bytes,
            "bare_rows": bare.rows,
            "database_bytes": measured.database_bytes,
            "file_bytes_run": measured.run_disk_bytes,
            "file_bytes_bare": measured.bare_disk_bytes,
            "peak_rss_mib": measured.peak_rss_mib,
            "loading_s": number(&seconds(run.loading)),
            "calculating_s": number(&seconds(run.calculating)),
            "writing_s": number(&seconds(run.writing)),
            "issued": run.issued,
            "exceptions": run.accounts - run.clean,
        });
        println!("{object}");
        return;
    }
    println!("engine                    {version}");
    println!("accounts                  {accounts}");
    println!("calculation alone         {per_second} bills/s on {threads} threads");
    println!("whole run                 {} s, {accounts_per_second} accounts/s", seconds(run.elapsed));
    println!("  loading, all workers    {} s", seconds(run.loading));
    println!("  calculating, encoding   {} s", seconds(run.calculating));
    println!("  writing                 {} s", seconds(run.writing));
    println!("  issued / exceptions     {} / {}", run.issued, run.accounts - run.clean);
    println!("rows written              {} ({} MiB encoded)", run.rows, run.bytes >> 20);
    println!("bare insert of the same   {} s, {} rows", seconds(bare.elapsed), bare.rows);
    println!("ratio                     {share}");
    let (run_mib, bare_mib) = (measured.run_disk_bytes >> 20, measured.bare_disk_bytes >> 20);
    println!("file writes, run / bare   {run_mib} / {bare_mib} MiB");
    println!(
        "peak memory of the run    {} MiB",
        measured.peak_rss_mib.map_or("?".into(), |mib| mib.to_string())
    );
    println!("database                  {} MiB", measured.database_bytes >> 20);
}
