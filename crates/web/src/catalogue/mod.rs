//! What the house offers at its counter: lists, views, acts, pages, each described once.
//!
//! From one description come the page in the browser, the path of the interface and its schema, the export to Excel and
//! the print, the form and its checks, and the row of the table of who may do what. An act changes something and is a
//! command at the one door; a list shows rows; a view shows one thing; a page is drawn by hand where neither fits.

mod context;
pub mod cursor;
mod field;
mod refusal;
mod value;

use kernel::Text;
use maud::Markup;

pub use context::{Caller, House, Look, Names};
pub use field::{Field, Given, Raw, SentFile, Takes};
pub(crate) use refusal::one_field;
pub use refusal::{Refusal, Why};
pub use value::{Cell, Kind, Tone, Value};

/// The offerings of one desk, in the order of the menu.
#[derive(Debug)]
pub struct Area {
    /// Its name; its title is the message `area.NAME`.
    pub name: &'static str,
    /// Lists.
    pub lists: &'static [List],
    /// Views.
    pub views: &'static [View],
    /// Acts.
    pub acts: &'static [Act],
    /// Pages drawn by hand.
    pub pages: &'static [Page],
}

/// A command: titled by the message `act.NAME`, with `act.NAME.hint` where there is one.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    /// Its name, `noun.verb`; also the verb under which request keys are remembered.
    pub name: &'static str,
    /// Its path under `/api/v1`; names in braces are fields.
    pub path: &'static str,
    /// Who holds this nowhere is refused before anything else; the command itself asks for the unit concerned.
    pub permission: &'static str,
    /// What it takes.
    pub fields: &'static [Field],
    /// How it is done.
    pub run: Run,
    /// How it is offered.
    pub weight: Weight,
    /// The view it changes: with `If-Match`, or from a page, it is refused when that view's version has moved.
    pub view: Option<&'static str>,
    /// The log is signed at once: closings, reports.
    pub closes: bool,
    /// Decides an alarm: the one act that an alarm does not stop.
    pub on_alarm: bool,
}

impl Act {
    /// What most acts are; for `..Act::PLAIN`.
    pub const PLAIN: Act = Act {
        name: "",
        path: "",
        permission: "",
        fields: &[],
        run: Run::Command(|_, _, _| Ok(Done::said("", ""))),
        weight: Weight::Plain,
        view: None,
        closes: false,
        on_alarm: false,
    };
}

/// How an act is done.
#[derive(Clone, Copy)]
pub enum Run {
    /// In one transaction, at most once for a request key.
    Command(fn(&mut identity::Work<'_, '_>, &Given, &House) -> Result<Done, Refusal>),
    /// As a job with progress that can be cancelled and goes on after a restart: it must be safe to begin again.
    Job(fn(&crate::job::JobRun<'_>, &Given) -> Result<Done, Refusal>),
}

impl std::fmt::Debug for Run {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Run::Command(_) => "Command",
            Run::Job(_) => "Job",
        })
    }
}

/// How much an act weighs, and with it how it is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// What the page is for: the filled button.
    Main,
    /// One of several.
    Plain,
    /// Refuses, deletes, undoes: asks once more and looks the part.
    Grave,
    /// Signs with a passkey, or asks for the password again: closing, large refunds, release of held bills.
    Signed,
}

/// What was done: kept with the request key and answered again to the same request.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Done {
    /// One sentence in both languages.
    pub said: Text,
    /// The page to go to; none stays.
    pub see: Option<String>,
    /// What a program needs to go on: keys, numbers, amounts.
    pub facts: serde_json::Map<String, serde_json::Value>,
}

impl Done {
    /// A sentence in both languages.
    pub fn said(zh: impl Into<String>, en: impl Into<String>) -> Done {
        Done { said: Text::new(zh, en), see: None, facts: serde_json::Map::new() }
    }
    /// And the page to go to.
    pub fn see(mut self, path: impl Into<String>) -> Done {
        self.see = Some(path.into());
        self
    }
    /// And a fact for programs.
    pub fn fact(mut self, name: &str, value: impl Into<serde_json::Value>) -> Done {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

/// A list: titled by the message `list.NAME`; columns by `column.COLUMN`.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// Its name.
    pub name: &'static str,
    /// Its path, both of the page and under `/api/v1`; names in braces are fields of `filters`.
    pub path: &'static str,
    /// Who holds this nowhere is refused.
    pub permission: &'static str,
    /// What it can be filtered by.
    pub filters: &'static [Field],
    /// Its columns.
    pub columns: &'static [Column],
    /// Its rows.
    pub rows: fn(&mut Look<'_, '_>, &Query<'_>) -> Result<Rows, Refusal>,
    /// Stands in the menu; only a list without braces in its path can.
    pub menu: bool,
    /// Acts offered over the list.
    pub acts: &'static [&'static str],
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name; its title is the message `column.NAME`.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The list can be sorted by it.
    pub sorts: bool,
    /// The sum of all rows stands below it, when the list gives one.
    pub summed: bool,
}

impl Column {
    /// A column that cannot be sorted by.
    pub const fn new(name: &'static str, kind: Kind) -> Column {
        Column { name, kind, sorts: false, summed: false }
    }
    /// A column to sort by.
    pub const fn sorted(name: &'static str, kind: Kind) -> Column {
        Column { name, kind, sorts: true, summed: false }
    }
    /// A column to sort by, with a sum.
    pub const fn summed(name: &'static str, kind: Kind) -> Column {
        Column { name, kind, sorts: true, summed: true }
    }
}

/// Which rows of a list are wanted.
#[derive(Debug, Clone)]
pub struct Query<'q> {
    /// Filters.
    pub given: &'q Given,
    /// Words to look for; each list says where.
    pub search: &'q str,
    /// Column to sort by, and whether the largest comes first.
    pub sort: Option<(&'static str, bool)>,
    /// Rows to leave out.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
    /// Where a list that is walked goes on; none begins it.
    pub walk: Option<&'q store::Walk>,
}

/// Rows of a list.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// The rows wanted.
    pub rows: Vec<Row>,
    /// How many there are in all.
    pub total: usize,
    /// Sums over all of them, a value for each summed column by name.
    pub sums: Vec<(&'static str, Value)>,
    /// What a reader should know: what was left out, what the figures mean.
    pub note: Option<Text>,
    /// There are more than `total`, which were not counted; sums are left out then.
    pub more: bool,
    /// The ends of what is shown, of a list that goes on by places and not by numbers of rows.
    pub walked: Option<cursor::Walked>,
}

/// One row.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Its cells in the order of the columns.
    pub cells: Vec<Cell>,
    /// Acts offered on it.
    pub offers: Vec<Offer>,
}

impl From<Vec<Cell>> for Row {
    fn from(cells: Vec<Cell>) -> Row {
        Row { cells, offers: Vec::new() }
    }
}

impl Rows {
    /// The wanted part of rows that are all in memory: searched in every cell, sorted, cut, summed. For lists of some
    /// thousand rows at most; longer ones ask the database for the part.
    pub fn of(list_columns: &[Column], mut rows: Vec<Row>, query: &Query<'_>, lang: kernel::Lang) -> Rows {
        if !query.search.is_empty() {
            let wanted = query.search.to_lowercase();
            rows.retain(|row| {
                row.cells.iter().zip(list_columns).any(|(cell, column)| {
                    cell.value.written(column.kind, lang).to_lowercase().contains(&wanted)
                })
            });
        }
        if let Some((name, down)) = query.sort
            && let Some(at) = list_columns.iter().position(|column| column.name == name)
        {
            let empty = Value::Empty;
            let value = |row: &Row| row.cells.get(at).map_or(empty.clone(), |cell| cell.value.clone());
            rows.sort_by(|one, two| {
                let order = value(one).order(&value(two), lang);
                if down { order.reverse() } else { order }
            });
        }
        let sums = list_columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.summed)
            .map(|(at, column)| (column.name, sum(rows.iter().filter_map(|row| row.cells.get(at)))))
            .collect();
        let total = rows.len();
        let rows = rows.into_iter().skip(query.offset).take(query.limit).collect();
        Rows { rows, total, sums, ..Rows::default() }
    }
}

/// The sum of cells of one kind; nothing when it does not fit or they differ.
fn sum<'c>(cells: impl Iterator<Item = &'c Cell>) -> Value {
    let mut total = Value::Empty;
    for cell in cells {
        total = match (total, &cell.value) {
            (total, Value::Empty) => total,
            (Value::Empty, value) => value.clone(),
            (Value::Count(one), Value::Count(two)) => {
                one.checked_add(*two).map_or(Value::Empty, Value::Count)
            }
            (Value::Money(one), Value::Money(two)) => one.plus(*two).map_or(Value::Empty, Value::Money),
            (Value::Quantity(one), Value::Quantity(two)) => {
                one.plus(*two).map_or(Value::Empty, Value::Quantity)
            }
            _ => return Value::Empty,
        };
    }
    total
}

/// A view of one thing: titled by what it shows.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Its name.
    pub name: &'static str,
    /// Its path, both of the page and under `/api/v1`; names in braces are fields of `params`.
    pub path: &'static str,
    /// Who holds this nowhere is refused.
    pub permission: &'static str,
    /// What it takes.
    pub params: &'static [Field],
    /// What it shows.
    pub show: fn(&mut Look<'_, '_>, &Given) -> Result<Sheet, Refusal>,
    /// Stands in the menu; only a view without braces in its path can.
    pub menu: bool,
}

/// A page drawn by hand. What it does, it does by acts.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Its name; its title is the message `page.NAME`.
    pub name: &'static str,
    /// Its path.
    pub path: &'static str,
    /// Who may see it.
    pub who: Who,
    /// What it takes.
    pub params: &'static [Field],
    /// What stands in the middle of it.
    pub draw: fn(&mut Look<'_, '_>, &Given) -> Result<Markup, Refusal>,
    /// Stands in the menu.
    pub menu: bool,
}

/// A file to take away, under its path and under `/api/v1`: what it is called is the message `download.NAME`.
#[derive(Debug, Clone, Copy)]
pub struct Download {
    /// Its name.
    pub name: &'static str,
    /// Its path; names in braces are fields of `params`.
    pub path: &'static str,
    /// Who holds this nowhere is refused; empty for what anybody may fetch, without a login.
    pub permission: &'static str,
    /// What it takes.
    pub params: &'static [Field],
    /// The content types it can have; the first is the usual one.
    pub types: &'static [&'static str],
    /// Makes it.
    pub make: fn(&mut Look<'_, '_>, &Given) -> Result<FileMade, Refusal>,
}

/// A file that was made.
#[derive(Debug, Clone)]
pub struct FileMade {
    /// Its name.
    pub name: String,
    /// Its content type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Who may see a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody, without a login.
    Anybody,
    /// Whoever is logged in.
    Staff,
    /// Who holds this permission.
    Holder(&'static str),
}

/// What a view shows.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Its title.
    pub title: String,
    /// What belongs under it: state, place.
    pub badges: Vec<Cell>,
    /// The version of what is shown; with it `If-Match` of an act is compared.
    pub version: Option<String>,
    /// What can be done with it.
    pub offers: Vec<Offer>,
    /// What there is to read, in order.
    pub blocks: Vec<Block>,
}

impl Sheet {
    /// An empty sheet.
    pub fn new(title: impl Into<String>) -> Sheet {
        Sheet { title: title.into(), ..Sheet::default() }
    }
    /// Adds a block.
    pub fn push(&mut self, block: Block) -> &mut Sheet {
        self.blocks.push(block);
        self
    }
    /// Offers an act with these fields filled.
    pub fn offer(
        &mut self,
        act: &'static str,
        given: &[(&'static str, &dyn std::fmt::Display)],
    ) -> &mut Sheet {
        self.offers.push(Offer::new(act, given));
        self
    }
}

/// An act offered with some of its fields filled.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The act.
    pub act: &'static str,
    /// Fields with their values; these are not asked for.
    pub given: Vec<(&'static str, String)>,
}

impl Offer {
    /// An offer.
    pub fn new(act: &'static str, given: &[(&'static str, &dyn std::fmt::Display)]) -> Offer {
        Offer { act, given: given.iter().map(|(name, value)| (*name, value.to_string())).collect() }
    }
}

/// One part of a view. The names are what a program reads; titles are the messages `block.NAME`.
#[derive(Debug, Clone)]
pub enum Block {
    /// Names and values: label messages `column.NAME`.
    Facts {
        /// The block's name.
        name: &'static str,
        /// The facts.
        facts: Vec<(&'static str, Kind, Cell)>,
    },
    /// Rows under columns.
    Table {
        /// The block's name.
        name: &'static str,
        /// The columns.
        columns: Vec<Column>,
        /// The rows.
        rows: Vec<Row>,
    },
    /// Rows under columns that what is shown titles itself: the components of bills, the sheets of a price table.
    Grid(Grid),
    /// A picture of figures, with the figures as a table beside it.
    Chart(Chart),
    /// A worked calculation, a line a step: what, how, result.
    Steps {
        /// The block's name.
        name: &'static str,
        /// The steps.
        steps: Vec<(String, String, String)>,
    },
    /// What happened, latest first: when, who, what, words.
    Timeline {
        /// The block's name.
        name: &'static str,
        /// The events.
        events: Vec<(kernel::Moment, String, Text, String)>,
    },
    /// How far work under way is; the page asks again by itself until it is over.
    Progress {
        /// The block's name.
        name: &'static str,
        /// How much is done ...
        done: i64,
        /// ... of how much; 0 while that is not known.
        total: i64,
    },
    /// Words.
    Note(Tone, Text),
    /// Files to take away: title and path.
    Files {
        /// The block's name.
        name: &'static str,
        /// Title and path.
        files: Vec<(Text, String)>,
    },
    /// Bytes as text: canonical bytes, proofs.
    Raw {
        /// The block's name.
        name: &'static str,
        /// The text.
        text: String,
    },
}

/// Rows under columns with titles of their own.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Its name, for programs and links.
    pub name: &'static str,
    /// Its title.
    pub title: Text,
    /// The columns: title, what it holds, and its sum where it has one.
    pub columns: Vec<(Text, Kind, Value)>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A picture of figures.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Its name.
    pub name: &'static str,
    /// How it is drawn.
    pub shape: Shape,
    /// What stands along the axis.
    pub along: Vec<String>,
    /// Each series: title and a value for each place along the axis.
    pub series: Vec<(Text, Vec<Value>)>,
    /// What the figures are.
    pub kind: Kind,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Lines over time.
    Line,
    /// Bars beside each other.
    Bar,
    /// Bars on top of each other.
    Stacked,
}

/// Everything the house offers.
#[derive(Debug)]
pub struct Catalogue {
    /// The desks in the order of the menu.
    pub areas: Vec<&'static Area>,
}

impl Catalogue {
    /// The catalogue of this program.
    pub fn built_in() -> Catalogue {
        Catalogue { areas: crate::office::AREAS.to_vec() }
    }
    /// Every list.
    pub fn lists(&self) -> impl Iterator<Item = &'static List> + '_ {
        self.areas.iter().flat_map(|area| area.lists)
    }
    /// Every view.
    pub fn views(&self) -> impl Iterator<Item = &'static View> + '_ {
        self.areas.iter().flat_map(|area| area.views)
    }
    /// Every act.
    pub fn acts(&self) -> impl Iterator<Item = &'static Act> + '_ {
        self.areas.iter().flat_map(|area| area.acts)
    }
    /// Every page drawn by hand.
    pub fn pages(&self) -> impl Iterator<Item = &'static Page> + '_ {
        self.areas.iter().flat_map(|area| area.pages)
    }
    /// Every file to take away.
    pub fn downloads(&self) -> impl Iterator<Item = &'static Download> + use<> {
        crate::office::DOWNLOADS.iter().copied().flatten()
    }
    /// The view with this name.
    pub fn view(&self, name: &str) -> Option<&'static View> {
        self.views().find(|view| view.name == name)
    }
    /// The act with this name.
    pub fn act(&self, name: &str) -> Option<&'static Act> {
        self.acts().find(|act| act.name == name)
    }
}
