//! Number series (XC-10): one continuous series per kind of document, unit and year, without gaps.
//!
//! Numbers are taken inside the command that uses them, so a command that fails gives them back. Two commands that
//! take numbers of one series at once wait for each other on its counter; one that takes of several series takes them
//! in a fixed order, or one of two such commands is refused as busy and tries again.

use std::sync::LazyLock;

use identity::{Permission, Work, data_rows};
use kernel::Text;
use store::{StoreError, Tx};

use crate::rules::{self, SeriesCheck};
use crate::{DocumentError, sql};

const EXPLAIN_GAP: Permission = Permission("documents.explain_gap");
/// Most numbers taken at once, a billing run's worth.
pub const BLOCK_NUMBERS_MAX: u32 = 10_000_000;

/// A kind of document (单据种类), as the data file gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentKind {
    /// Its code, such as `adjustment_slip`.
    pub code: &'static str,
    /// Its name.
    pub text: Text,
    /// What its numbers begin with.
    pub prefix: &'static str,
    /// Least digits of a number.
    pub width: usize,
    /// Each unit has its own series; otherwise the organisation has one.
    pub per_unit: bool,
    /// Copies that are printed at once (一式几份).
    pub copies: u16,
}

static KINDS: LazyLock<Vec<DocumentKind>> =
    LazyLock::new(|| read_kinds().expect("the data file of this crate is checked by its tests"));

fn read_kinds() -> Result<Vec<DocumentKind>, String> {
    let file = "kinds.csv";
    data_rows(file, include_str!("../data/kinds.csv"))?
        .into_iter()
        .map(|[code, zh, en, prefix, width, series, copies]| {
            let wrong = |what: &str| format!("{file}, {code}: {what}");
            Ok(DocumentKind {
                code,
                text: Text::new(zh, en),
                prefix,
                width: width.parse().map_err(|_| wrong("width"))?,
                per_unit: match series {
                    "unit" => true,
                    "org" => false,
                    _ => return Err(wrong("series")),
                },
                copies: copies.parse().map_err(|_| wrong("copies"))?,
            })
        })
        .collect()
}

/// All kinds of document.
pub fn kinds() -> &'static [DocumentKind] {
    &KINDS
}

/// The kind with `code`.
pub fn kind(code: &str) -> Result<&'static DocumentKind, DocumentError> {
    let found = KINDS.iter().find(|kind| kind.code == code);
    found.ok_or_else(|| DocumentError::UnknownKind { kind: code.chars().take(40).collect() })
}

/// A block of consecutive numbers, taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// The kind of document.
    pub kind: &'static DocumentKind,
    /// The code of the unit whose series it is.
    pub unit_code: String,
    /// The year of the series.
    pub year: i16,
    /// The first number, from 1.
    pub first: i64,
    /// How many.
    pub count: u32,
}

impl Numbers {
    /// The last number.
    pub fn last(&self) -> i64 {
        self.first + i64::from(self.count) - 1
    }
    /// The printed form of the number at `index`, from 0.
    pub fn written(&self, index: u32) -> String {
        rules::written(self.kind, &self.unit_code, self.year, self.first + i64::from(index))
    }
    /// All numbers of the block in their printed form.
    pub fn iter(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.count).map(|index| self.written(index))
    }
}

/// Takes `count` consecutive numbers of the series of `kind`, `unit_id` and `year`, to be used in this very command.
/// For a kind numbered by organisation, `unit_id` only has to exist.
pub fn take_numbers(
    work: &mut Work<'_, '_>,
    kind_code: &str,
    unit_id: i64,
    year: i16,
    count: u32,
) -> Result<Numbers, DocumentError> {
    let kind = kind(kind_code)?;
    if count == 0 || count > BLOCK_NUMBERS_MAX {
        return Err(DocumentError::BadCount { count, most: BLOCK_NUMBERS_MAX });
    }
    let org_id = work.org_id();
    let unit = identity::unit(work.tx, org_id, unit_id)?;
    let last = sql::advance(work.tx, org_id, kind.code, series_unit(kind, unit_id), year, count)?;
    let first = last - i64::from(count) + 1;
    Ok(Numbers { kind, unit_code: unit.code, year, first, count })
}

/// Takes one number of the year of the command and answers its printed form.
pub fn take_number(work: &mut Work<'_, '_>, kind_code: &str, unit_id: i64) -> Result<String, DocumentError> {
    let year = work.today().year();
    Ok(take_numbers(work, kind_code, unit_id, year, 1)?.written(0))
}

/// Explains why a number that was given out is on no document in use: it was voided, spoiled or lost on paper.
pub fn explain_gap(
    work: &mut Work<'_, '_>,
    kind_code: &str,
    unit_id: i64,
    year: i16,
    number: i64,
    reason: &str,
) -> Result<(), DocumentError> {
    let kind = kind(kind_code)?;
    work.require(EXPLAIN_GAP, unit_id)?;
    if reason.trim().is_empty() {
        return Err(DocumentError::ReasonNeeded { what: format!("{} {number}", kind.code) });
    }
    let (org_id, series) = (work.org_id(), series_unit(kind, unit_id));
    if number < 1 || number > sql::last_given(work.tx, org_id, kind.code, series, year)? {
        return Err(DocumentError::NeverGiven { kind: kind.code, year, number });
    }
    let gap = sql::Gap { kind: kind.code, unit_id: series, year, number };
    if sql::is_explained(work.tx, org_id, &gap)? {
        return Err(DocumentError::AlreadyExplained { kind: kind.code, year, number });
    }
    let (by, now) = (work.actor().person_id, work.now());
    Ok(sql::insert_gap(work.tx, org_id, &gap, reason, by, now)?)
}

/// Compares a series with the numbers that documents of its kind bear.
pub fn check_series(
    tx: &mut Tx<'_>,
    org_id: i64,
    kind_code: &str,
    unit_id: i64,
    year: i16,
    used: Vec<i64>,
) -> Result<SeriesCheck, DocumentError> {
    let kind = kind(kind_code)?;
    let series = series_unit(kind, unit_id);
    let last = sql::last_given(tx, org_id, kind.code, series, year)?;
    let explained = sql::explained(tx, org_id, kind.code, series, year)?;
    Ok(rules::check_series(last, used, &explained))
}

/// A series in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The code of its kind.
    pub kind: String,
    /// Its unit; 0 for a series of the organisation.
    pub unit_id: i64,
    /// Its year.
    pub year: i16,
    /// The last number given out.
    pub last: i64,
}

/// Every series of the organisation.
pub fn series(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Series>, StoreError> {
    sql::series(tx, org_id)
}

fn series_unit(kind: &DocumentKind, unit_id: i64) -> i64 {
    if kind.per_unit { unit_id } else { 0 }
}
