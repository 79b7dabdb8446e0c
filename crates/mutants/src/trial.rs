//! Trying mutants: the tests that reach one, until one fails.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::program::{Program, Trouble};

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A test failed.
    Caught,
    /// A test did not come to its end.
    Hung,
    /// Every test that reaches it passed, or none does.
    Missed,
    /// Does not compile.
    Unviable,
    /// Could not be built in beside the others: left to `cargo mutants`.
    NotBuilt,
}

impl Outcome {
    pub const ALL: [Outcome; 5] =
        [Outcome::Caught, Outcome::Hung, Outcome::Missed, Outcome::Unviable, Outcome::NotBuilt];

    pub fn text(self) -> &'static str {
        match self {
            Outcome::Caught => "caught",
            Outcome::Hung => "hung",
            Outcome::Missed => "missed",
            Outcome::Unviable => "did not compile",
            Outcome::NotBuilt => "not built in: try them by `cargo mutants -F`, see not_built.txt",
        }
    }
}

/// A test, what it takes and which mutants it reaches.
struct Test {
    program: PathBuf,
    name: String,
    takes: Duration,
    reaches: Vec<usize>,
}

/// Longer than any test may take by itself.
const TEST_MAX: Duration = Duration::from_secs(600);
/// A test that takes so many times what it takes without a mutant hangs.
const PATIENCE: u32 = 10;
const PATIENCE_MIN: Duration = Duration::from_secs(15);
/// Tests are run together up to this time: the start of a program costs, and so does running on after the first failure.
const TOGETHER: Duration = Duration::from_millis(400);
const TOGETHER_MAX: usize = 40;

/// Tries the mutants, `jobs` at once.
pub fn all(program: &Program, mutants: &[usize], jobs: usize) -> Result<BTreeMap<usize, Outcome>, Trouble> {
    let tests = measured(program, jobs)?;
    let mut reached: HashMap<usize, Vec<&Test>> = HashMap::new();
    for test in &tests {
        for id in &test.reaches {
            reached.entry(*id).or_default().push(test);
        }
    }
    for tests in reached.values_mut() {
        tests.sort_by_key(|test| test.takes);
    }
    println!("{} tests reach {} of them", tests.len(), reached.len());
    let done = AtomicUsize::new(0);
    let outcomes = each(jobs, mutants, |id| {
        let outcome = try_one(program, *id, reached.get(id).map_or(&[], Vec::as_slice));
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(200) {
            println!("{done} of {}", mutants.len());
        }
        (*id, outcome)
    });
    Ok(outcomes.into_iter().collect())
}

fn try_one(program: &Program, id: usize, tests: &[&Test]) -> Outcome {
    let mut rest = tests;
    while !rest.is_empty() {
        let (mut takes, mut count) = (Duration::ZERO, 0);
        while count < rest.len() && count < TOGETHER_MAX && takes < TOGETHER {
            takes += rest[count].takes;
            count += 1;
        }
        let (now, later) = rest.split_at(count);
        let mut by_program: BTreeMap<&PathBuf, Vec<&str>> = BTreeMap::new();
        for test in now {
            by_program.entry(&test.program).or_default().push(&test.name);
        }
        for (tests, names) in by_program {
            let patience = PATIENCE_MIN.max(takes * PATIENCE);
            match run(program, tests, &names, ("MUTANT", &id.to_string()), patience) {
                Some(true) => (),
                Some(false) => return Outcome::Caught,
                None => return Outcome::Hung,
            }
        }
        rest = later;
    }
    Outcome::Missed
}

/// Every test with its time and what it reaches, each run by itself.
fn measured(program: &Program, jobs: usize) -> Result<Vec<Test>, Trouble> {
    let mut found = Vec::new();
    for tests in &program.tests {
        let listed = Command::new(tests)
            .args(["--list", "--format", "terse"])
            .current_dir(&program.home)
            .output()
            .map_err(|error| Trouble::file(tests, error))?;
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        found.extend(
            text.lines()
                .filter_map(|line| line.strip_suffix(": test"))
                .map(|name| (tests.clone(), name.to_owned())),
        );
    }
    let numbered: Vec<(usize, (PathBuf, String))> = found.into_iter().enumerate().collect();
    let tests = each(jobs, &numbered, |(place, (tests, name))| {
        let file = program.folder.join(format!("reached.{place}"));
        let _ = fs::remove_file(&file);
        let begun = Instant::now();
        let passed = run(program, tests, &[name], ("MUTANTS_REACHED", &file.to_string_lossy()), TEST_MAX);
        let takes = begun.elapsed();
        let told = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(&file);
        if passed != Some(true) {
            return Err(Trouble::Fails(name.clone()));
        }
        let mut reaches: Vec<usize> = told.lines().filter_map(|line| line.parse().ok()).collect();
        reaches.sort_unstable();
        reaches.dedup();
        Ok(Test { program: tests.clone(), name: name.clone(), takes, reaches })
    });
    tests.into_iter().collect()
}

/// A mutant may ask for memory without end.
const MEMORY_KIB: u64 = 6 << 20;

/// Whether the tests pass; nothing when they do not end in time.
fn run(
    program: &Program,
    tests: &PathBuf,
    names: &[&str],
    (key, value): (&str, &str),
    patience: Duration,
) -> Option<bool> {
    let started = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\""))
        .arg(tests)
        .arg("--exact")
        .args(names)
        .current_dir(&program.home)
        .env("CARGO_MANIFEST_DIR", &program.home)
        .env("RUST_BACKTRACE", "0")
        .env(key, value)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    let Ok(mut child) = started else { return Some(false) };
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if begun.elapsed() < patience => std::thread::sleep(Duration::from_millis(3)),
            _ => {
                // Whatever the test started goes with it.
                let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
                let _ = child.wait();
                return None;
            }
        }
    }
}

/// Does something for each of `all` on `jobs` threads; the answers come in the same order.
fn each<T: Sync, A: Send>(jobs: usize, all: &[T], act: impl Fn(&T) -> A + Sync) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<(usize, A)>> = Mutex::new(Vec::with_capacity(all.len()));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(place) else { break };
                    let answer = act(one);
                    answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((place, answer));
                }
            });
        }
    });
    let mut answers = answers.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
