//! `zhangfang bench exceptions`: how many known errors the 30 % rule and the score find, and at what cost.
//!
//! A company with the habits of real customers is made from a seed, its year is billed, known errors are put among the
//! readings of the last month, and both judges see that month as the billing centre would. The score knows nothing of
//! what was put in: it reads the database.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use billing::gates::{self, Limits, Reasons};
use billing::suspicion::{self, Band, ScoreSummary, StoredScore};
use billing::{Ready, RunPlan, load_ready};
use clap::Args;
use kernel::{Bilingual, Lang, Moment};
use metering::reading::ReadingBulk;

use super::Place;
use super::bench::{ratio, seconds};
use crate::demo::trouble::{Trouble, Troubles};
use crate::demo::{self, HISTORY_MONTHS, Stage, bar};
use crate::failure::{Done, Failure};

/// What to measure.
#[derive(Debug, Args)]
pub struct Exceptions {
    /// Number of accounts / 户数
    #[arg(long, default_value_t = 20_000)]
    accounts: u64,
    /// Share of accounts with an error, such as 1% / 差错比例
    #[arg(long, default_value = "1%", value_parser = share)]
    errors: u64,
    /// The seed of customers and errors; another seed is another company / 随机种子
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Thresholds other than the built-in ones / 评分参数文件
    #[arg(long, value_name = "FILE.toml")]
    thresholds: Option<PathBuf>,
    /// List the errors that were missed and the false alarms above them / 列出漏检与误报
    #[arg(long)]
    list: bool,
    /// Folder for the database of the measurement; it is emptied afterwards / 临时目录
    #[arg(long)]
    scratch: Option<PathBuf>,
}

/// A share such as `1%` or `0.5%` in hundred-thousandths.
fn share(text: &str) -> Result<u64, String> {
    let number = text.trim().trim_end_matches('%');
    let share: kernel::Quantity = number.parse().map_err(|_| "a share such as 1%".to_owned())?;
    let units = share.units() / (kernel::Quantity::SCALE / 1000);
    u64::try_from(units).ok().filter(|units| *units <= 50_000).ok_or("a share from 0% to 50%".into())
}

/// What both judges say of one account.
struct Judged {
    account_id: i64,
    error: Option<Trouble>,
    rule: Reasons,
    /// Size of the fluctuation in millionths; the most where it cannot be computed.
    off: u128,
    score: StoredScore,
}

/// Runs the measurement.
pub fn run(command: &Exceptions, place: &Place) -> Done {
    let (url, folder) = match &place.database {
        Some(url) => (url.clone(), None),
        None => {
            let folder = command.scratch.clone().unwrap_or_else(std::env::temp_dir);
            let folder = folder.join(format!("zhangfang-bench-{}", std::process::id()));
            std::fs::create_dir_all(&folder).map_err(|error| Failure::file(folder.display(), error))?;
            (folder.join("exceptions.db").display().to_string(), Some(folder))
        }
    };
    let measured = measure(command, &url);
    if let Some(folder) = folder {
        std::fs::remove_dir_all(&folder).map_err(|error| Failure::file(folder.display(), error))?;
    }
    let (judged, summary, calculating) = measured?;
    report(command, &judged, &summary, calculating);
    Ok(())
}

fn measure(command: &Exceptions, url: &str) -> Done<(Vec<Judged>, ScoreSummary, Duration)> {
    let stage = demo::prepare_from(url, command.accounts, command.seed, true)?;
    let troubles = Troubles::choose(&stage, command.seed, command.errors);
    stage.load_accounts()?;
    let progress = bar("a year / 一年", command.accounts * u64::from(HISTORY_MONTHS.unsigned_abs()));
    for back in (0..=HISTORY_MONTHS).rev() {
        let month = stage.month.plus(-back)?;
        let mut bulk = ReadingBulk::new(stage.company.org_id);
        for index in 0..stage.population.len() {
            let customer = stage.population.customer(index);
            if stage.population.is_supplied(&customer, month) {
                for line in troubles.lines(&stage, &customer, month) {
                    bulk.reading(month, &line)?;
                }
            }
            if index % 10_000 == 9_999 || index + 1 == stage.population.len() {
                stage.store.write(|tx| bulk.load(tx))?;
            }
        }
        if back > 0 {
            stage.run_history(month)?;
        }
        progress.inc(command.accounts);
    }
    progress.finish_and_clear();
    stage.store.refresh_statistics()?;

    let now = Moment::on(stage.month.last_day(), 20, 0);
    let centre = stage.company.person(&stage.store, "hesuan", now.date())?;
    if let Some(file) = &command.thresholds {
        let text = std::fs::read_to_string(file).map_err(|error| Failure::file(file.display(), error))?;
        let head = stage.company.person(&stage.store, "zhuren", now.date())?;
        stage.store.write(|tx| suspicion::set_thresholds(&mut identity::Work::new(tx, &head, now), &text))?;
    }
    let plan = RunPlan::new(stage.month, stage.run_books(), now);
    let started = Instant::now();
    let ready = stage.store.read(|tx| load_ready(tx, stage.company.org_id, &stage.prices, &plan))?;
    let rule = by_the_rule(&stage, &ready);
    let calculating = started.elapsed();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let summary = suspicion::score_month(&stage.store, &centre, stage.month, &plan.books, now, workers)?;
    let scores = stage
        .store
        .read(|tx| suspicion::scores_of(tx, stage.company.org_id, stage.month, Band::Release, None, None))?;
    let truth = troubles.truth();
    let judged = scores
        .into_iter()
        .map(|score| {
            let account_id = score.account_id;
            let (rule, off) = rule.get(&account_id).copied().unwrap_or((Reasons::NONE, 0));
            Judged { account_id, error: truth.get(&account_id).copied(), rule, off, score }
        })
        .collect();
    Ok((judged, summary, calculating))
}

/// The bills as the run makes them, through the same gates: reasons and the size of the fluctuation.
fn by_the_rule(stage: &Stage, ready: &[Ready]) -> HashMap<i64, (Reasons, u128)> {
    let (limits, mut bill) = (Limits::default(), tariff::Bill::new());
    let mut found = HashMap::with_capacity(ready.len());
    for one in ready {
        let calculated = one.input.as_ref().is_ok_and(|input| {
            tariff::calculate(stage.prices.plans(), stage.prices.rules(), input, &mut bill).is_ok()
        });
        let judged = if calculated {
            let reasons = gates::reasons(bill.energy_kwh, bill.total, &one.past, one.read_as, &limits);
            let size = |this: i64, past: i64| {
                let apart = (i128::from(this) * 3 - i128::from(past)).unsigned_abs();
                if past > 0 { apart * 1_000_000 / past.unsigned_abs() as u128 } else { u128::MAX }
            };
            let quantity = size(bill.energy_kwh.units(), one.past.energy_kwh.units());
            (reasons, quantity.max(size(bill.total.fen(), one.past.fee.fen())))
        } else {
            (Reasons::NOT_CALCULATED, u128::MAX)
        };
        found.insert(one.account_id, judged);
    }
    found
}

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 { "-".into() } else { ratio(part as u128 * 100, whole as u128, 1) }
}

/// Accounts to look at, the most suspicious first, until `share` per cent of the errors are found; accounts that rank
/// the same are all looked at.
fn looked_at(judged: &[Judged], key: impl Fn(&Judged) -> u128, errors: usize, share: usize) -> usize {
    let mut ranked: Vec<(u128, bool)> = judged.iter().map(|one| (key(one), one.error.is_some())).collect();
    ranked.sort_unstable_by_key(|(key, _)| std::cmp::Reverse(*key));
    let wanted = (errors * share).div_ceil(100);
    let mut found = 0;
    for (at, (key, error)) in ranked.iter().enumerate() {
        found += usize::from(*error);
        if found >= wanted {
            return at + 1 + ranked[at + 1..].iter().take_while(|(other, _)| other == key).count();
        }
    }
    ranked.len()
}

fn report(command: &Exceptions, judged: &[Judged], summary: &ScoreSummary, calculating: Duration) {
    let errors = judged.iter().filter(|one| one.error.is_some()).count();
    println!("accounts                  {} (seed {})", judged.len(), command.seed);
    println!("errors put in             {errors}");
    println!(
        "scoring                   {} s, of it {} s for the peers; loading and calculating the bills once: {} s",
        seconds(summary.elapsed),
        seconds(summary.peers),
        seconds(calculating)
    );
    println!();
    println!("judge                     looked at   errors    false  precision   recall");
    let line = |name: &str, takes: &dyn Fn(&Judged) -> bool| {
        let taken = judged.iter().filter(|one| takes(one)).count();
        let right = judged.iter().filter(|one| takes(one) && one.error.is_some()).count();
        println!(
            "{name:<25} {taken:>9} {right:>8} {:>8} {:>8} % {:>6} %",
            taken - right,
            percent(right, taken),
            percent(right, errors)
        );
    };
    line("30 % rule, all gates", &|one| !one.rule.is_none());
    for (band, name) in [
        (Band::Sample, "score, sample and up"),
        (Band::Review, "score, review and up"),
        (Band::Hold, "score, hold"),
    ] {
        line(name, &|one| one.score.band >= band);
    }
    let mandatory = |one: &Judged| !gates::decide(one.rule, gates::Verdict::Release).is_none();
    line("mandatory gates alone", &mandatory);
    line("decide: gates and score", &|one| {
        mandatory(one) || one.score.band >= Band::Review || one.score.sampled
    });
    println!();
    println!("to find                   by deviation (rule)   by score");
    for share in [50, 80, 90, 95, 100] {
        let rule = looked_at(judged, |one| one.off, errors, share);
        let off = |one: &Judged| one.score.off_kwh().map_or(0, |kwh| u128::from(kwh.units().unsigned_abs()));
        let score = looked_at(judged, |one| (u128::from(one.score.score) << 64) + off(one), errors, share);
        println!("{share:>3} % of the errors       {rule:>19}   {score:>8}");
    }
    println!();
    println!("error                        n   rule  sample+  review+     hold");
    for trouble in Trouble::ALL {
        let of: Vec<&Judged> = judged.iter().filter(|one| one.error == Some(trouble)).collect();
        let from = |band: Band| of.iter().filter(|one| one.score.band >= band).count();
        let rule = of.iter().filter(|one| !one.rule.is_none()).count();
        println!(
            "{:<25} {:>4} {rule:>6} {:>8} {:>8} {:>8}",
            trouble.names().1,
            of.len(),
            from(Band::Sample),
            from(Band::Review),
            from(Band::Hold)
        );
    }
    if command.list {
        list(judged);
    }
}

fn list(judged: &[Judged]) {
    let words = |one: &Judged| {
        let texts: Vec<String> = one.score.findings.iter().map(|finding| finding.text(Lang::En)).collect();
        let kind = one.error.map_or("-", |trouble| trouble.names().1);
        format!("{:>8} {:>3} {kind:<22} {}", one.account_id, one.score.score, texts.join("; "))
    };
    println!("\nerrors below the review band");
    for one in judged.iter().filter(|one| one.error.is_some() && one.score.band < Band::Review) {
        println!("{}", words(one));
    }
    println!("\nno errors, in the review band or above");
    for one in judged.iter().filter(|one| one.error.is_none() && one.score.band >= Band::Review).take(200) {
        println!("{}", words(one));
    }
}
