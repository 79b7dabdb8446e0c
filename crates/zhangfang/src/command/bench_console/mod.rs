//! `zhangfang bench console`: many people at work in the browser at once, and how long each page and each act lets them
//! wait. Afterwards the books must tie out.

mod browser;
mod errand;
mod machine;
mod worker;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use audit::check::Report;
use clap::Args;
use documents::sheet::{Cell, Kind};
use kernel::{Bilingual as _, Lang};

use self::browser::{Waited, Waits};
use self::machine::{Busy, Disk};
use self::worker::{Desk, Worker};
use super::Place;
use super::serve::{self, Serve};
use crate::demo::{self, Left, Population, STATIONS, Stage};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

/// How the measurement is made.
#[derive(Debug, Clone, Args)]
pub struct Console {
    /// People at work / 同时在线人数
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=2_000))]
    people: u64,
    /// Number of accounts / 户数
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(600..))]
    accounts: u64,
    /// Seconds measured, after the first look of everybody / 测量秒数
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// The longest a person looks at a page before the next one, in milliseconds; the mean is half / 翻页间隔上限（毫秒）
    #[arg(long, default_value_t = 4_000)]
    think: u64,
    /// Nobody changes anything / 只查看，不办理
    #[arg(long)]
    read_only: bool,
    /// Folder for database and keys, which is removed afterwards / 临时目录
    #[arg(long)]
    scratch: Option<PathBuf>,
    #[command(flatten)]
    shown: Shown,
}

/// What was measured.
struct Measured {
    waited: Waited,
    elapsed: Duration,
    busy: Busy,
    disk: Waits,
    engine: String,
    checked: Report,
}

/// Makes the demo, opens the office, sends the people in, prints what they waited and whether the books tie out.
/// `--database URL` means that empty PostgreSQL database; it is left as it is then.
pub fn run(bench: &Console, place: &Place, lang: Lang) -> Done {
    let folder = bench.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let folder = folder.join(format!("zhangfang-console-{}", std::process::id()));
    let failed = |error: std::io::Error| Failure::file(folder.display(), error);
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let measured = measure(bench, &Place { data: folder.clone(), ..place.clone() });
    std::fs::remove_dir_all(&folder).map_err(failed)?;
    let measured = measured?;
    print(bench, &measured, lang)?;
    if !measured.checked.is_good() {
        for finding in measured.checked.findings().iter().take(20) {
            println!("[{}] {}", finding.check, finding.text(lang));
        }
        let found = measured.checked.found();
        return Err(Failure::new(
            format!("办理之后核对出 {found} 处不符"),
            format!("after the work the books do not tie out: {found} findings"),
        ));
    }
    println!("{}", if lang == Lang::Zh { "账目无误" } else { "the books are as they must be" });
    Ok(())
}

fn measure(bench: &Console, place: &Place) -> Done<Measured> {
    let (stage, office) = demo::make(place, bench.accounts, Left::AT_WORK)?;
    stage.store.refresh_statistics()?;
    let workers = people(bench, &stage, &office)?;
    let store = Arc::new(stage.store);
    let (ready, opened) = std::sync::mpsc::channel();
    let closing = Arc::new(AtomicBool::new(false));
    let served = {
        let (store, closing) = (Arc::clone(&store), Arc::clone(&closing));
        std::thread::spawn(move || -> Done {
            let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
            let cost = identity::PasswordCost::CHEAP;
            serve::until(&Serve::demo(listen), &office, store, cost, closing, move |local| {
                // Nobody waits any more when the measurement has given up.
                let _ = ready.send(local);
            })
        })
    };
    let Ok(local) = opened.recv_timeout(Duration::from_secs(60)) else {
        closing.store(true, Ordering::Release);
        return Err(match served.join() {
            Ok(Err(failure)) => failure,
            _ => Failure::new("网页未能开启", "the office did not open"),
        });
    };
    let disk = Disk::new(&place.data);
    let (waited, faults, elapsed, busy, disk) = at_work(bench, workers, local, disk);
    closing.store(true, Ordering::Release);
    match served.join() {
        Ok(done) => done?,
        Err(_) => return Err(Failure::new("网页中途停止", "the office stopped on the way")),
    }
    if let Some(fault) = faults.first() {
        return Err(Failure::new(format!("页面出错：{fault}"), format!("a page failed: {fault}")));
    }
    let schemas = audit::schemas();
    let options = audit::check::Options::new(&schemas);
    let checked = audit::check::check(&store, stage.company.org_id, &options, &mut |_| true)?;
    Ok(Measured { waited, elapsed, busy, disk, engine: store.engine_version()?, checked })
}

/// Everybody with a post in the demo, again and again until there are enough.
fn people(bench: &Console, stage: &Stage, office: &Place) -> Done<Vec<Worker>> {
    let stations = stations(stage, office)?;
    let books = stations.iter().flat_map(|desk| desk.books.iter().cloned()).collect();
    let centre = Desk { unit: "BC".into(), books, ..stations.first().cloned().unwrap_or_default() };
    let finance = Arc::new(Desk { unit: "FD".into(), ..centre.clone() });
    let (stations, centre): (Vec<Arc<Desk>>, _) =
        (stations.into_iter().map(Arc::new).collect(), Arc::new(centre));
    let mut posts: Vec<(String, Arc<Desk>)> =
        ["fuhe", "hesuan", "zhuren", "kuaiji", "shenji", "yingxiao", "lingdao"]
            .map(|login| (login.to_owned(), Arc::clone(if login == "kuaiji" { &finance } else { &centre })))
            .to_vec();
    for ((code, ..), desk) in STATIONS.iter().zip(&stations) {
        let code = code.to_lowercase();
        // Readers and station administrators are the many.
        for post in ["chaobiao", "guanli", "chaobiao", "guanli2", "chaobiao", "suozhang"] {
            posts.push((format!("{code}-{post}"), Arc::clone(desk)));
        }
    }
    let mut ranks: BTreeMap<String, usize> = BTreeMap::new();
    let people = (0..bench.people).zip(posts.iter().cycle());
    Ok(people
        .map(|(seed, (login, desk))| {
            let rank = ranks.entry(desk.unit.clone()).or_default();
            *rank += 1;
            Worker {
                address: String::new(),
                login: login.clone(),
                think: bench.think,
                seed,
                rank: *rank,
                read_only: bench.read_only,
                desk: Arc::clone(desk),
            }
        })
        .collect())
}

/// What the people of each station know.
fn stations(stage: &Stage, office: &Place) -> Done<Vec<Desk>> {
    let population = &stage.population;
    let mut desks: Vec<Desk> = STATIONS
        .iter()
        .map(|(code, ..)| Desk {
            unit: (*code).to_owned(),
            books: Vec::new(),
            month: stage.month.to_string(),
            next: stage.month.next().to_string(),
            today: office.on.clone().unwrap_or_default(),
        })
        .collect();
    for at in 0..population.books() {
        let (book_id, unit_id, accounts) = population.book(at);
        let first = at * demo::BOOK_ACCOUNTS;
        let numbers = (first..first + accounts.unsigned_abs())
            .map(|index| population.dossier(&population.customer(index)).details.number)
            .collect();
        let desk = stage.company.units.iter().position(|unit| *unit == unit_id);
        if let Some(desk) = desk.and_then(|at| desks.get_mut(at)) {
            desk.books.push((Population::book_number(book_id), numbers));
        }
    }
    Ok(desks)
}

type AtWork = (Waited, Vec<String>, Duration, Busy, Waits);

/// Sends the people in, and home again after the time of the measurement.
fn at_work(bench: &Console, workers: Vec<Worker>, local: std::net::SocketAddr, disk: Disk) -> AtWork {
    let waited = Arc::new(Mutex::new(Waited::default()));
    let faults = Arc::new(Mutex::new(Vec::new()));
    let (everybody_in, over) = (Arc::new(Barrier::new(workers.len() + 1)), Arc::new(AtomicBool::new(false)));
    let mut threads = Vec::new();
    for mut worker in workers {
        worker.address = format!("http://{local}");
        let (waited, faults) = (Arc::clone(&waited), Arc::clone(&faults));
        let (everybody_in, over) = (Arc::clone(&everybody_in), Arc::clone(&over));
        threads.push(std::thread::spawn(move || match worker.work(&everybody_in, &over) {
            Ok(mine) => waited.lock().unwrap_or_else(PoisonError::into_inner).add(mine),
            Err(fault) => faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault),
        }));
    }
    everybody_in.wait();
    let (began, before) = (Instant::now(), Busy::now());
    let end = began + Duration::from_secs(bench.seconds);
    let disk = disk.measure_until(end);
    over.store(true, Ordering::Release);
    let (elapsed, busy) = (began.elapsed(), Busy::now().since(before));
    for thread in threads {
        // A person whose thread panicked has told so on the screen.
        let _ = thread.join();
    }
    let waited = std::mem::take(&mut *waited.lock().unwrap_or_else(PoisonError::into_inner));
    let faults = std::mem::take(&mut *faults.lock().unwrap_or_else(PoisonError::into_inner));
    (waited, faults, elapsed, busy, disk)
}

fn print(bench: &Console, measured: &Measured, lang: Lang) -> Done {
    let say = |zh: String, en: String| if lang == Lang::Zh { zh } else { en };
    let seconds = measured.elapsed.as_secs().max(1);
    let (people, accounts, engine) = (bench.people, bench.accounts, &measured.engine);
    let title = say(
        format!("{people} 人在线，{accounts} 户，{seconds} 秒，{engine}"),
        format!("{people} people at work, {accounts} accounts, {seconds} seconds, {engine}"),
    );
    let mut table = Table::new(lang)
        .titled(title)
        .text("页面、操作", "page, act")
        .sum("次数", "times", Kind::Integer)
        .sum("退回", "refused", Kind::Integer)
        .text("每秒", "per second")
        .text("中位毫秒", "p50 ms")
        .text("p99 毫秒", "p99 ms")
        .text("最长毫秒", "longest ms");
    let waited = &measured.waited;
    let all = |of: &BTreeMap<String, Waits>| Waits {
        micros: of.values().flat_map(|waits| waits.micros.iter().copied()).collect(),
        refused: of.values().map(|waits| waits.refused).sum(),
        why: String::new(),
    };
    for (page, waits) in &waited.pages {
        line(&mut table, page, waits, seconds);
    }
    for (act, waits) in &waited.acts {
        line(&mut table, &say(format!("办理 {act}"), format!("do {act}")), waits, seconds);
    }
    table.show(&bench.shown)?;

    let mut table = Table::new(lang)
        .titled(say("合计与极限".into(), "In all, and the limit of the same run".into()))
        .text("", "")
        .col("次数", "times", Kind::Integer)
        .col("退回", "refused", Kind::Integer)
        .text("每秒", "per second")
        .text("中位毫秒", "p50 ms")
        .text("p99 毫秒", "p99 ms")
        .text("最长毫秒", "longest ms");
    line(&mut table, &say("所有页面".into(), "all pages".into()), &all(&waited.pages), seconds);
    line(&mut table, &say("所有操作".into(), "all acts".into()), &all(&waited.acts), seconds);
    let bare = say("空请求 /healthz".into(), "an empty request, /healthz".into());
    line(&mut table, &bare, &waited.bare, seconds);
    let disk = say("磁盘落盘 4 KiB".into(), "4 KiB made durable on the disk".into());
    line(&mut table, &disk, &measured.disk, seconds);
    let Busy { own, others, cores } = measured.busy;
    table.note(say(
        format!("处理器（{cores} 核）：本程序与测量者 {own}%，其他程序 {others}%"),
        format!(
            "processors ({cores} cores): this program and its people {own} %, all other programs {others} %"
        ),
    ));
    for (act, waits) in waited.acts.iter().filter(|(_, waits)| waits.refused > 0) {
        table.note(format!("{act}: {} × {}", waits.refused, waits.why));
    }
    let Report { parts, elapsed, .. } = &measured.checked;
    let looked_at: i64 = parts.iter().map(|part| part.checked.looked_at).sum();
    let (checks, took) = (parts.len(), elapsed.as_secs());
    table.note(say(
        format!(
            "办理之后核对：{checks} 项，查看 {looked_at} 条，{took} 秒，不符 {} 处",
            measured.checked.found()
        ),
        format!(
            "checked afterwards: {checks} checks, {looked_at} looked at, {took} seconds, {} findings",
            measured.checked.found()
        ),
    ));
    table.show(&bench.shown)
}

fn line(table: &mut Table, name: &str, waits: &Waits, seconds: u64) {
    let mut times = waits.micros.clone();
    times.sort_unstable();
    let count = times.len();
    // The value that so many of a hundred do not exceed.
    let at = |of_hundred: usize| {
        let place = (count * of_hundred).div_ceil(100).saturating_sub(1);
        times.get(place).copied().unwrap_or(0)
    };
    let millis = |micros: u64| format!("{}.{}", micros / 1_000, micros % 1_000 / 100);
    let per_second = u64::try_from(count).unwrap_or(0) * 10 / seconds;
    let cells: Vec<Cell> = row![
        name,
        count,
        waits.refused,
        format!("{}.{}", per_second / 10, per_second % 10),
        millis(at(50)),
        millis(at(99)),
        millis(at(100)),
    ];
    table.push(cells);
}
