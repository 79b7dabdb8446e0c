//! `zhangfang bench console`: many people at work in the browser at once, and how long each page lets them wait.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use clap::Args;
use documents::sheet::{Cell, Kind};
use kernel::Lang;

use super::Place;
use super::serve::{self, Serve};
use crate::demo::{self, STATIONS};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

/// How the measurement is made.
#[derive(Debug, Clone, Args)]
pub struct Console {
    /// People at work / 同时在线人数
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=2_000))]
    people: u64,
    /// Number of accounts / 户数
    #[arg(long, default_value_t = 20_000)]
    accounts: u64,
    /// Seconds measured, after the first look of everybody / 测量秒数
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// The longest a person looks at a page before the next one, in milliseconds; the mean is half / 翻页间隔上限（毫秒）
    #[arg(long, default_value_t = 4_000)]
    think: u64,
    /// Folder for the database, which is removed afterwards / 临时目录
    #[arg(long)]
    scratch: Option<PathBuf>,
    #[command(flatten)]
    shown: Shown,
}

/// Times of one kind of page, in microseconds.
type Times = BTreeMap<String, Vec<u64>>;

/// Through which people come in one after the other.
static DOOR: Mutex<()> = Mutex::new(());

/// What a person at work needs.
struct Worker {
    address: String,
    login: String,
    think: u64,
    seed: u64,
}

/// Makes the demo, opens the office, sends the people in, prints what they waited.
pub fn run(bench: &Console, place: &Place, lang: Lang) -> Done {
    let folder = bench.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let folder = folder.join(format!("zhangfang-console-{}", std::process::id()));
    let failed = |error: std::io::Error| Failure::file(folder.display(), error);
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let measured = measure(bench, &Place { data: folder.clone(), ..place.clone() });
    std::fs::remove_dir_all(&folder).map_err(failed)?;
    let (times, seconds) = measured?;
    print(bench, times, seconds, lang)
}

fn measure(bench: &Console, place: &Place) -> Done<(Times, u64)> {
    let (stage, place) = demo::make(place, bench.accounts)?;
    let store = Arc::new(stage.store);
    let (ready, opened) = std::sync::mpsc::channel();
    let closing = Arc::new(AtomicBool::new(false));
    let office = {
        let (store, closing) = (Arc::clone(&store), Arc::clone(&closing));
        std::thread::spawn(move || -> Done {
            let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
            let cost = identity::PasswordCost::CHEAP;
            serve::until(&Serve::demo(listen), &place, store, cost, closing, move |local| {
                // Nobody waits any more when the measurement has given up.
                let _ = ready.send(local);
            })
        })
    };
    let Ok(local) = opened.recv_timeout(Duration::from_secs(60)) else {
        closing.store(true, Ordering::Release);
        return Err(match office.join() {
            Ok(Err(failure)) => failure,
            _ => Failure::new("网页未能开启", "the office did not open"),
        });
    };
    let mut logins: Vec<String> =
        ["fuhe", "hesuan", "zhuren", "kuaiji", "shenji", "yingxiao", "lingdao"].map(str::to_owned).to_vec();
    for (code, ..) in STATIONS {
        let code = code.to_lowercase();
        // Readers and station administrators are the many.
        for post in ["chaobiao", "guanli", "chaobiao", "guanli2", "chaobiao", "suozhang"] {
            logins.push(format!("{code}-{post}"));
        }
    }
    let people = usize::try_from(bench.people).unwrap_or(usize::MAX);
    let times = Arc::new(Mutex::new(Times::new()));
    let faults = Arc::new(Mutex::new(BTreeSet::new()));
    let (everybody_in, over) = (Arc::new(Barrier::new(people + 1)), Arc::new(AtomicBool::new(false)));
    let mut workers = Vec::new();
    for (seed, login) in (0..bench.people).zip(logins.iter().cycle()) {
        let worker =
            Worker { address: format!("http://{local}"), login: login.clone(), think: bench.think, seed };
        let (times, faults) = (Arc::clone(&times), Arc::clone(&faults));
        let (everybody_in, over) = (Arc::clone(&everybody_in), Arc::clone(&over));
        workers.push(std::thread::spawn(move || {
            let waited = worker.work(&everybody_in, &over);
            match waited {
                Ok(waited) => {
                    let mut times = times.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    for (page, mut some) in waited {
                        times.entry(page).or_default().append(&mut some);
                    }
                }
                Err(fault) => {
                    faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(fault);
                }
            }
        }));
    }
    everybody_in.wait();
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(bench.seconds));
    over.store(true, Ordering::Release);
    for worker in workers {
        // A person whose thread panicked has told so on the screen.
        let _ = worker.join();
    }
    let seconds = began.elapsed().as_secs().max(1);
    closing.store(true, Ordering::Release);
    match office.join() {
        Ok(done) => done?,
        Err(_) => return Err(Failure::new("网页中途停止", "the office stopped on the way")),
    }
    let faults = faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(fault) = faults.iter().next() {
        return Err(Failure::new(format!("页面出错：{fault}"), format!("a page failed: {fault}")));
    }
    let times = std::mem::take(&mut *times.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    Ok((times, seconds))
}

impl Worker {
    /// Logs in, finds the menu of the post, and goes from page to page until it is over.
    fn work(&self, everybody_in: &Barrier, over: &AtomicBool) -> Result<Times, String> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let prepared = self.prepare(&agent);
        // Whoever failed to come in must not keep the others waiting.
        everybody_in.wait();
        let (cookie, pages) = prepared?;
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut waited = Times::new();
        let ask = |path: &str| -> Result<(u64, u16, String), String> {
            let began = Instant::now();
            let mut response = agent
                .get(format!("{}{path}", self.address))
                .header("cookie", &cookie)
                .header("accept", "text/html")
                .call()
                .map_err(|error| format!("{path}: {error}"))?;
            let status = response.status().as_u16();
            let text = response.body_mut().read_to_string().map_err(|error| format!("{path}: {error}"))?;
            Ok((u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX), status, text))
        };
        while !over.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(random.u64(0..=self.think)));
            let path = &pages[random.usize(0..pages.len())];
            let (micros, status, text) = ask(path)?;
            if status >= 400 {
                return Err(format!("{} {path}: {status}", self.login));
            }
            waited.entry(shape(path)).or_default().push(micros);
            // Every other time the person opens something that stands on the page.
            let inner = links(&text);
            if random.bool() && !inner.is_empty() && !over.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(random.u64(0..=self.think)));
                let path = &inner[random.usize(0..inner.len())];
                let (micros, status, _) = ask(path)?;
                if status < 400 {
                    waited.entry(shape(path)).or_default().push(micros);
                } else if status >= 500 {
                    return Err(format!("{} {path}: {status}", self.login));
                }
            }
            // The same way through the server without a page: what the machine needs at the least under this load.
            let (micros, ..) = ask("/healthz")?;
            waited.entry("/healthz".into()).or_default().push(micros);
        }
        Ok(waited)
    }

    fn prepare(&self, agent: &ureq::Agent) -> Result<(String, Vec<String>), String> {
        let failed = |error: ureq::Error| format!("{}: {error}", self.login);
        // One after the other: the same login given many times at once looks like guessing, and is made to wait.
        let _door = DOOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let form = [("login", self.login.as_str()), ("password", demo::PASSWORD), ("to", "/")];
        let response = agent.post(format!("{}/login", self.address)).send_form(form).map_err(failed)?;
        let set = response.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let cookie = set.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with("session="));
        let cookie = cookie.ok_or_else(|| format!("{} may not enter", self.login))?.to_owned();
        let mut home = agent
            .get(format!("{}/", self.address))
            .header("cookie", &cookie)
            .header("accept", "text/html")
            .call()
            .map_err(failed)?;
        let text = home.body_mut().read_to_string().map_err(failed)?;
        let mut pages = links(&text);
        pages.push("/".into());
        Ok((cookie, pages))
    }
}

/// Pages that the links of a page lead to; no forms, no files, nothing else's.
fn links(text: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for rest in text.split("href=\"").skip(1) {
        let Some(path) = rest.split('"').next() else { continue };
        let plain = path.starts_with('/')
            && !path.starts_with("//")
            && !["/assets", "/acts/", "/logout"].iter().any(|start| path.starts_with(start))
            && !path.contains("format=")
            && !path.contains(".pdf")
            && !path.contains(".xlsx")
            && !path.contains("/files/");
        if plain {
            found.insert(path.replace("&amp;", "&"));
        }
    }
    found.into_iter().collect()
}

/// The kind of page: names and numbers in the path left out.
fn shape(path: &str) -> String {
    let plain = path.split('?').next().unwrap_or_default();
    let part = |part: &str| {
        if part.bytes().any(|byte| byte.is_ascii_digit()) || part.contains('%') {
            "…".into()
        } else {
            part.to_owned()
        }
    };
    plain.split('/').map(part).collect::<Vec<String>>().join("/")
}

fn print(bench: &Console, times: Times, seconds: u64, lang: Lang) -> Done {
    let title = match lang {
        Lang::Zh => format!("{} 人在线，{} 户，{seconds} 秒", bench.people, bench.accounts),
        Lang::En => {
            format!("{} people at work, {} accounts, {seconds} seconds", bench.people, bench.accounts)
        }
    };
    let mut table = Table::new(lang)
        .titled(title)
        .text("页面", "page")
        .sum("次数", "times", Kind::Integer)
        .text("每秒", "per second")
        .text("中位毫秒", "p50 ms")
        .text("p99 毫秒", "p99 ms")
        .text("最长毫秒", "longest ms");
    let mut all = Vec::new();
    for (page, mut some) in times {
        if page != "/healthz" {
            all.extend_from_slice(&some);
        }
        line(&mut table, page, &mut some, seconds);
    }
    line(
        &mut table,
        if lang == Lang::Zh { "所有页面".into() } else { "all pages".into() },
        &mut all,
        seconds,
    );
    table.show(&bench.shown)
}

fn line(table: &mut Table, page: String, times: &mut [u64], seconds: u64) {
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
        page,
        count,
        format!("{}.{}", per_second / 10, per_second % 10),
        millis(at(50)),
        millis(at(99)),
        millis(at(100)),
    ];
    table.push(cells);
}
