//! The company prepared once for each engine, at the beginning of each phase of its month; trials work on copies.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use store::Store;
use tempfile::TempDir;

use super::scratch;
use crate::house::{self, Clock, Digest, Keyed, STATIONS, Step, Trouble, World, give};
use crate::vfs::{Image, Trace};

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// The embedded engine.
    Sqlite,
    /// The server named by `ZHANGFANG_TEST_POSTGRES`.
    Postgres,
}

/// A part of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Readings come in, are checked and submitted.
    Import,
    /// Books are calculated and reviewed.
    Calculation,
    /// Bills are issued, refunds made.
    Issue,
    /// Vouchers are written and reversed.
    Posting,
    /// All books at once.
    Run,
}

/// Vouchers of the posting phase.
const VOUCHERS: usize = 36;

impl Phase {
    /// All of them.
    pub const ALL: [Phase; 5] = [Phase::Import, Phase::Calculation, Phase::Issue, Phase::Posting, Phase::Run];
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Import => "import",
            Phase::Calculation => "calculation",
            Phase::Issue => "issue",
            Phase::Posting => "posting",
            Phase::Run => "run",
        }
    }
    /// The phase with this name.
    pub fn named(name: &str) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| phase.name() == name)
    }
    /// Its commands, in lanes that can be worked side by side.
    pub fn lanes(self) -> Vec<Vec<Step>> {
        let by_station = |of: &dyn Fn(usize) -> Vec<Step>| {
            let lane = |odd| (0..STATIONS).filter(|at| at % 2 == odd).flat_map(of).collect();
            vec![lane(0), lane(1)]
        };
        match self {
            Phase::Import => by_station(&|at| vec![Step::Import(at), Step::SelfCheck(at), Step::Submit(at)]),
            Phase::Calculation => by_station(&|at| vec![Step::Calculate(at), Step::Review(at)]),
            Phase::Issue => by_station(&|at| vec![Step::Issue(at), Step::Adjust(at)]),
            Phase::Posting => {
                let lane = |odd| {
                    let mine = (0..VOUCHERS).filter(|at| at % 2 == odd);
                    let with_red = |at: usize| {
                        let red = (at % 6 < 2).then_some(Step::Reverse(at));
                        std::iter::once(Step::Post(at)).chain(red)
                    };
                    mine.flat_map(with_red).collect()
                };
                vec![lane(0), lane(1)]
            }
            Phase::Run => vec![vec![Step::Run]],
        }
    }
    /// Its commands, one after the other.
    pub fn steps(self) -> Vec<Step> {
        self.lanes().concat()
    }
    /// The phases that lie before it.
    fn before(self) -> &'static [Phase] {
        match self {
            Phase::Import | Phase::Posting => &[],
            Phase::Calculation | Phase::Run => &[Phase::Import],
            Phase::Issue => &[Phase::Import, Phase::Calculation],
        }
    }
}

/// A database at some point of the month, to be copied.
enum Kept {
    File(Image),
    Template(testbed::PostgresDatabase),
}

/// A copy for one trial; it disappears with the last use.
pub struct Copy {
    /// Where it is.
    pub url: String,
    /// Its folder, on SQLite.
    pub folder: Option<TempDir>,
    _database: Option<testbed::PostgresDatabase>,
}

/// The company on one engine.
pub struct Ground {
    /// The engine.
    pub site: Site,
    /// People, prices, rules.
    pub world: World,
    kept: BTreeMap<Phase, Kept>,
    ends: BTreeMap<Phase, Digest>,
}

static SQLITE: OnceLock<Result<Arc<Ground>, Trouble>> = OnceLock::new();
static POSTGRES: Mutex<Weak<Ground>> = Mutex::new(Weak::new());
/// Only one copy of a template is made at a time: the server refuses a second while the first is under way.
static COPYING: Mutex<()> = Mutex::new(());
static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Ground {
    /// The company on SQLite, prepared once for the process.
    pub fn sqlite() -> Result<&'static Ground, Trouble> {
        let made = SQLITE.get_or_init(|| Ground::prepare(Site::Sqlite).map(Arc::new));
        made.as_deref().map_err(Clone::clone)
    }
    /// The company on `site`; nothing when that is the test server and there is none. What works at the same time on the
    /// server shares one company, whose databases are dropped when the last is done.
    pub fn at(site: Site) -> Result<Option<Arc<Ground>>, Trouble> {
        if site == Site::Sqlite {
            let made = SQLITE.get_or_init(|| Ground::prepare(Site::Sqlite).map(Arc::new));
            return made.clone().map(Some);
        }
        if std::env::var_os("ZHANGFANG_TEST_POSTGRES").is_none() {
            return Ok(None);
        }
        let mut shared = POSTGRES.lock().map_err(|_| Trouble::of("the company could not be prepared"))?;
        if let Some(made) = shared.upgrade() {
            return Ok(Some(made));
        }
        let made = Arc::new(Ground::prepare(Site::Postgres)?);
        *shared = Arc::downgrade(&made);
        Ok(Some(made))
    }

    fn prepare(site: Site) -> Result<Ground, Trouble> {
        let base = Copy::empty(site)?;
        let store = Store::open(&base.url)?;
        house::found(&store)?;
        let world = World::load(&store)?;
        drop(store);
        let mut ground = Ground { site, world, kept: BTreeMap::new(), ends: BTreeMap::new() };
        let base = base.keep()?;
        for phase in Phase::ALL {
            let copy = base.copy()?;
            let store = Store::open(&copy.url)?;
            let clock = Clock::of_session(0);
            for before in phase.before() {
                for step in before.steps() {
                    give(&store, &ground.world, &clock, step, Keyed::Yes)?;
                }
            }
            drop(store);
            let kept = copy.keep()?;
            let copy = kept.copy()?;
            let store = Store::open(&copy.url)?;
            for step in phase.steps() {
                give(&store, &ground.world, &clock, step, Keyed::Yes)
                    .map_err(|error| Trouble::of(format!("{step:?}: {error}")))?;
            }
            ground.ends.insert(phase, ground.world.digest(&store)?);
            drop(store);
            ground.kept.insert(phase, kept);
        }
        Ok(ground)
    }

    /// A copy of the company at the beginning of `phase`.
    pub fn copy(&self, phase: Phase) -> Result<Copy, Trouble> {
        self.kept.get(&phase).ok_or_else(|| Trouble::of("no such phase"))?.copy()
    }
    /// The month as it is when `phase` is done.
    pub fn end(&self, phase: Phase) -> Result<&Digest, Trouble> {
        self.ends.get(&phase).ok_or_else(|| Trouble::of("no such phase"))
    }
}

impl Copy {
    /// An empty database.
    pub fn empty(site: Site) -> Result<Copy, Trouble> {
        match site {
            Site::Sqlite => Copy::of_image(&Image::new()),
            Site::Postgres => {
                let database =
                    testbed::postgres_database().ok_or_else(|| Trouble::of("there is no test server"))?;
                Ok(Copy { url: database.url.clone(), folder: None, _database: Some(database) })
            }
        }
    }
    /// A database made of these files.
    pub fn of_image(image: &Image) -> Result<Copy, Trouble> {
        let folder = scratch()?;
        Trace::put(image, folder.path())?;
        let url = folder.path().join("zhangfang.db").display().to_string();
        Ok(Copy { url, folder: Some(folder), _database: None })
    }
    /// Its files, once nobody has it open.
    pub fn image(&self) -> Result<Image, Trouble> {
        let mut found = Image::new();
        let Some(folder) = &self.folder else { return Ok(found) };
        for entry in std::fs::read_dir(folder.path())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.ends_with("-shm") {
                found.insert(name, std::fs::read(entry.path())?);
            }
        }
        Ok(found)
    }
    fn keep(self) -> Result<Kept, Trouble> {
        match self._database {
            Some(database) => Ok(Kept::Template(database)),
            None => Ok(Kept::File(self.image()?)),
        }
    }
}

impl Kept {
    fn copy(&self) -> Result<Copy, Trouble> {
        match self {
            Kept::File(image) => Copy::of_image(image),
            Kept::Template(template) => {
                let _alone = COPYING.lock();
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let name = format!("storm_{}_{number}", std::process::id());
                let database = template.copy(&name).map_err(Trouble::of)?;
                Ok(Copy { url: database.url.clone(), folder: None, _database: Some(database) })
            }
        }
    }
}
