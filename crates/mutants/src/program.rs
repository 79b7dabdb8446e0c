//! The changed copy of the workspace, and its build: what the compiler refuses is taken out until it compiles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::mutant::{Genre, Mutant, Place};
use crate::rewrite::{Rewritten, Stretch, rewrite};

/// Why mutants could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("{0}: {1}")]
    File(String, String),
    #[error("{0}: {1}")]
    Program(String, String),
    #[error("the package {0} has no mutants, or there is no such package")]
    NoMutants(String),
    #[error("the compiler refuses what no mutant explains:\n{0}")]
    Refused(String),
    #[error("a test fails without any mutant: {0}")]
    Fails(String),
}

impl Trouble {
    pub fn file(path: &Path, error: impl std::fmt::Display) -> Trouble {
        Trouble::File(path.display().to_string(), error.to_string())
    }
}

/// The part of the changed program that answers which mutant it runs as, and tells which ones are reached.
const INSIDE: &str = r#"
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

static ACTIVE: LazyLock<u32> =
    LazyLock::new(|| std::env::var("MUTANT").ok().and_then(|id| id.parse().ok()).unwrap_or(0));
static REACHED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("MUTANTS_REACHED").ok());
static SEEN: [AtomicBool; 16384] = [const { AtomicBool::new(false) }; 16384];

#[inline]
pub fn is(id: u32) -> bool {
    if *ACTIVE == 0 {
        seen(id);
    }
    *ACTIVE == id
}

#[cold]
fn seen(id: u32) {
    use std::io::Write;
    let Some(path) = &*REACHED else { return };
    if SEEN.get(id as usize).is_some_and(|seen| !seen.swap(true, Ordering::Relaxed)) {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let _ = file.and_then(|mut file| file.write_all(format!("{id}\n").as_bytes()));
    }
}
"#;

/// A program that holds its mutants.
pub struct Program {
    /// The folder of the package in the changed copy, where its tests run.
    pub home: PathBuf,
    /// Where results go.
    pub folder: PathBuf,
    /// The programs of tests.
    pub tests: Vec<PathBuf>,
    /// The mutants that are in it, by their number from 1.
    pub built: BTreeSet<usize>,
    /// The mutants that do not compile, as they would not by themselves.
    pub unviable: BTreeSet<usize>,
}

impl Program {
    /// Copies the workspace, builds all mutants in that can be.
    pub fn build(
        workspace: &Path,
        folder: &Path,
        package: &str,
        mutants: &[Mutant],
    ) -> Result<Program, Trouble> {
        let tree = folder.join("tree");
        copy(workspace, &tree)?;
        let source = mutants.first().map(|mutant| mutant.file.as_str()).unwrap_or_default();
        let home = tree.join(source.split_once("/src/").map_or("", |(home, _)| home));
        let (mut taken_out, mut unviable) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let (built, rewritten) = write(workspace, &tree, &home, mutants, &taken_out)?;
            let tests = match compile(&tree, folder, package)? {
                Compiled::Tests(tests) => tests,
                Compiled::Refused(refusals) => {
                    let before = taken_out.len();
                    for refusal in &refusals {
                        let (blamed, own) = blame(refusal, &rewritten, mutants);
                        if own {
                            unviable.extend(blamed.iter().copied());
                        }
                        taken_out.extend(blamed);
                    }
                    if taken_out.len() == before {
                        let told = refusals.into_iter().map(|refusal| refusal.rendered).collect();
                        return Err(Trouble::Refused(told));
                    }
                    println!("{} mutants do not compile", taken_out.len());
                    continue;
                }
            };
            return Ok(Program { home, folder: folder.to_owned(), tests, built, unviable });
        }
    }
}

/// Copies what git knows of and what is new; what was not changed since keeps its time, so that it is not built again.
fn copy(workspace: &Path, tree: &Path) -> Result<(), Trouble> {
    let listed = Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard", "-z"])
        .current_dir(workspace)
        .output()
        .map_err(|error| Trouble::Program("git ls-files".to_owned(), error.to_string()))?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: BTreeSet<&str> = text.split('\0').filter(|name| !name.is_empty()).collect();
    // What was copied before and is no more would be built still.
    let list = tree.with_extension("files");
    let before = std::fs::read_to_string(&list).unwrap_or_default();
    for gone in before.split('\0').filter(|name| !names.contains(name) && !name.is_empty()) {
        let _ = std::fs::remove_file(tree.join(gone));
    }
    for name in names {
        // A file that was removed and is still known.
        let Ok(bytes) = std::fs::read(workspace.join(name)) else { continue };
        put(&tree.join(name), &bytes)?;
    }
    put(&list, text.as_bytes())
}

/// Writes a file unless it says that already.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let told = |error: std::io::Error| Trouble::file(path, error);
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(told)?;
    std::fs::write(path, bytes).map_err(told)
}

type RewrittenFiles = BTreeMap<String, Rewritten>;

fn write(
    workspace: &Path,
    tree: &Path,
    home: &Path,
    mutants: &[Mutant],
    taken_out: &BTreeSet<usize>,
) -> Result<(BTreeSet<usize>, RewrittenFiles), Trouble> {
    let mut by_file: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (id, mutant) in (1..).zip(mutants) {
        let of_file = by_file.entry(&mutant.file).or_default();
        if !taken_out.contains(&id) {
            of_file.push((id, mutant));
        }
    }
    let (mut built, mut rewritten) = (BTreeSet::new(), BTreeMap::new());
    let root = home.join("src/lib.rs");
    for (file, wanted) in by_file {
        let path = workspace.join(file);
        let source = std::fs::read_to_string(&path).map_err(|error| Trouble::file(&path, error))?;
        let mut done = rewrite(&source, &wanted).map_err(|error| Trouble::file(&path, error))?;
        built.append(&mut done.built);
        if tree.join(file) != root {
            put(&tree.join(file), done.text.as_bytes())?;
        }
        rewritten.insert(file.to_owned(), done);
    }
    let name = root.strip_prefix(tree).unwrap_or(&root).to_string_lossy().into_owned();
    let text = match rewritten.get(&name) {
        Some(done) => done.text.clone(),
        None => {
            let path = workspace.join(&name);
            std::fs::read_to_string(&path).map_err(|error| Trouble::file(&path, error))?
        }
    };
    put(
        &root,
        format!("{text}\n#[doc(hidden)]\n#[allow(missing_docs)]\npub mod mutants_inside;\n").as_bytes(),
    )?;
    put(&home.join("src/mutants_inside.rs"), INSIDE.as_bytes())?;
    Ok((built, rewritten))
}

enum Compiled {
    Tests(Vec<PathBuf>),
    Refused(Vec<Refusal>),
}

/// What the compiler says; everything else that cargo tells is left out.
#[derive(Debug, Deserialize)]
struct Refusal {
    level: String,
    code: Option<Code>,
    spans: Vec<CodeSpan>,
    #[serde(default)]
    rendered: String,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

#[derive(Debug, Deserialize)]
struct CodeSpan {
    file_name: String,
    is_primary: bool,
    line_start: usize,
    column_start: usize,
    line_end: usize,
    column_end: usize,
}

impl CodeSpan {
    fn ends(&self) -> (Place, Place) {
        ((self.line_start, self.column_start), (self.line_end, self.column_end))
    }
}

#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Told {
    CompilerMessage {
        message: Refusal,
    },
    CompilerArtifact {
        executable: Option<PathBuf>,
        profile: Profile,
    },
    #[serde(other)]
    Else,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

fn compile(tree: &Path, folder: &Path, package: &str) -> Result<Compiled, Trouble> {
    let output = Command::new("cargo")
        .args(["test", "--no-run", "--lib", "--tests", "--message-format=json", "-p", package])
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", folder.join("build"))
        // Beside what the caller wants; a program full of mutants has a thousand things to be warned of.
        .env("RUSTFLAGS", format!("{} --cap-lints=allow", std::env::var("RUSTFLAGS").unwrap_or_default()))
        .env("CARGO_PROFILE_TEST_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
        .output()
        .map_err(|error| Trouble::Program("cargo test".to_owned(), error.to_string()))?;
    let (mut tests, mut refusals) = (Vec::new(), Vec::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        match serde_json::from_str(line) {
            Ok(Told::CompilerMessage { message }) if message.level == "error" => refusals.push(message),
            Ok(Told::CompilerArtifact { executable: Some(executable), profile: Profile { test: true } }) => {
                tests.push(executable);
            }
            _ => (),
        }
    }
    if output.status.success() {
        return Ok(Compiled::Tests(tests));
    }
    if refusals.is_empty() {
        return Err(Trouble::Refused(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(Compiled::Refused(refusals))
}

/// The code of a match that leaves values out: an arm that may be asked away does not count.
const NOT_EXHAUSTIVE: &str = "E0004";
/// So many lines of such a match are searched for arms.
const MATCH_LINES: usize = 80;

/// The mutants that a refusal is about, and whether each would be refused by itself too.
fn blame(refusal: &Refusal, rewritten: &RewrittenFiles, mutants: &[Mutant]) -> (Vec<usize>, bool) {
    let (primary, others): (Vec<_>, Vec<_>) = refusal.spans.iter().partition(|span| span.is_primary);
    for span in primary.into_iter().chain(others) {
        let Some(file) = rewritten.get(&span.file_name) else { continue };
        let (from, to) = span.ends();
        if refusal.code.as_ref().is_some_and(|code| code.code == NOT_EXHAUSTIVE) {
            let is_arm =
                |id: &usize| matches!(mutants[*id - 1].genre, Genre::MatchArm | Genre::MatchArmGuard);
            let below = |part: &&Stretch| part.from >= from && part.from.0 < from.0 + MATCH_LINES;
            let arms = file.inserted.iter().filter(below).flat_map(|part| part.mutants.iter().copied());
            let arms: Vec<usize> = arms.filter(is_arm).take(6).collect();
            if !arms.is_empty() {
                return (arms, false);
            }
            continue;
        }
        let text = file.inserted.iter().filter(|part| part.holds(from, to));
        if let Some(part) = text.min_by_key(|part| part.mutants.len()) {
            // A body that the return type refuses, an operator that the operands do not have.
            let own = part.mutants.len() == 1
                && part
                    .mutants
                    .iter()
                    .all(|id| matches!(mutants[*id - 1].genre, Genre::FnValue | Genre::BinaryOperator));
            return (part.mutants.clone(), own);
        }
        let width = |part: &&Stretch| (part.to.0 - part.from.0, part.to.1.abs_diff(part.from.1));
        let around = file.wrapped.iter().filter(|part| part.holds(from, to)).min_by_key(width);
        let beside = || file.wrapped.iter().filter(|part| part.touches(from, to)).min_by_key(width);
        if let Some(part) = around.or_else(beside) {
            return (part.mutants.clone(), false);
        }
    }
    (Vec::new(), false)
}
