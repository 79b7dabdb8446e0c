//! Rows of scores, of the mode, and of releases.

use std::collections::HashMap;

use kernel::{Moment, Money, Month, Quantity};
use store::{Bulk, Column, Kind, Migration, Row, StoreError, Tx, params};

use super::evidence::Score;
use super::reason::{Finding, read_findings, write_findings};
use super::thresholds::{Band, Thresholds};
use crate::gates::Verdict;
use crate::office::Result;

/// The tables of the score: a migration of billing's own schema, because the run asks for the mode.
pub(crate) const MIGRATION: Migration = Migration {
    number: 4,
    name: "suspicion scores, mode and thresholds, releases by two",
    both: "
CREATE TABLE suspicion_score (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, book_id INTEGER NOT NULL, account_id INTEGER NOT NULL,
  unit_id INTEGER NOT NULL, score INTEGER NOT NULL, band INTEGER NOT NULL, sampled INTEGER NOT NULL,
  used_kwh INTEGER NOT NULL, expected_kwh INTEGER, findings TEXT NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, book_id, account_id)) STRICT, WITHOUT ROWID;
CREATE TABLE suspicion_setting (
  org_id INTEGER NOT NULL, setting_id INTEGER NOT NULL, mode INTEGER NOT NULL, thresholds TEXT,
  set_by INTEGER NOT NULL, set_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, setting_id)) STRICT, WITHOUT ROWID;
CREATE TABLE suspicion_release (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, account_id INTEGER NOT NULL,
  energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL, reason TEXT NOT NULL,
  proposed_by INTEGER NOT NULL, proposed_at INTEGER NOT NULL, confirmed_by INTEGER, confirmed_at INTEGER,
  CHECK (confirmed_by IS NULL OR confirmed_by <> proposed_by),
  PRIMARY KEY (org_id, month, account_id)) STRICT, WITHOUT ROWID;",
    sqlite: "
CREATE TRIGGER suspicion_setting_fixed BEFORE UPDATE ON suspicion_setting BEGIN SELECT RAISE(ABORT, 'settings are added, never changed'); END;
CREATE TRIGGER suspicion_setting_kept BEFORE DELETE ON suspicion_setting BEGIN SELECT RAISE(ABORT, 'settings are added, never changed'); END;",
    postgres: "
CREATE FUNCTION suspicion_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'settings are added, never changed'; END $$;
CREATE TRIGGER suspicion_setting_fixed BEFORE UPDATE OR DELETE ON suspicion_setting FOR EACH ROW EXECUTE FUNCTION suspicion_never_changes();",
};

const SCORE: &[Column] = &[
    ("org_id", Kind::Int),
    ("month", Kind::Int),
    ("book_id", Kind::Int),
    ("account_id", Kind::Int),
    ("unit_id", Kind::Int),
    ("score", Kind::Int),
    ("band", Kind::Int),
    ("sampled", Kind::Int),
    ("used_kwh", Kind::Int),
    ("expected_kwh", Kind::Int),
    ("findings", Kind::Text),
    ("version", Kind::Int),
];

/// Who decides: the 30 % rule with the score beside it, or the score's bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The 30 % rule decides; the score is stored and compared.
    #[default]
    Shadow,
    /// The bands decide, beside the mandatory gates.
    Decide,
}

impl Mode {
    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Mode::Shadow => "shadow",
            Mode::Decide => "decide",
        }
    }
    /// The mode with a code.
    pub fn from_code(code: &str) -> Option<Mode> {
        [Mode::Shadow, Mode::Decide].into_iter().find(|mode| mode.code() == code)
    }
}

impl kernel::Bilingual for Mode {
    fn text(&self, lang: kernel::Lang) -> String {
        let (zh, en) = match self {
            Mode::Shadow => ("旁路比对", "shadow"),
            Mode::Decide => ("评分决定", "decide"),
        };
        if lang == kernel::Lang::Zh { zh.into() } else { en.into() }
    }
}

fn newest(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<(Mode, Option<String>)>> {
    Ok(tx.one(
        "SELECT mode, thresholds FROM suspicion_setting WHERE org_id = ?1 ORDER BY setting_id DESC LIMIT 1",
        params![org_id],
        |row| {
            let mode = if row.int(0)? == 1 { Mode::Decide } else { Mode::Shadow };
            Ok::<_, StoreError>((mode, row.text_or_null(1)?))
        },
    )?)
}

/// The organisation's mode; shadow until a person changes it.
pub fn mode(tx: &mut Tx<'_>, org_id: i64) -> Result<Mode> {
    Ok(newest(tx, org_id)?.map_or(Mode::Shadow, |(mode, _)| mode))
}

/// The organisation's own thresholds, or the built-in ones.
pub fn thresholds(tx: &mut Tx<'_>, org_id: i64) -> Result<Thresholds> {
    match newest(tx, org_id)?.and_then(|(_, text)| text) {
        Some(text) => Thresholds::parse(&text),
        None => Thresholds::built_in(),
    }
}

pub(crate) fn insert_setting(
    tx: &mut Tx<'_>,
    (org_id, setting_id): (i64, i64),
    mode: Mode,
    thresholds: Option<&str>,
    (by, at): (i64, Moment),
) -> Result<()> {
    tx.execute(
        "INSERT INTO suspicion_setting (org_id, setting_id, mode, thresholds, set_by, set_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![org_id, setting_id, i64::from(mode == Mode::Decide), thresholds, by, at],
    )?;
    Ok(())
}

/// The thresholds as they were loaded, if the organisation has its own.
pub(crate) fn own_thresholds(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<String>> {
    Ok(newest(tx, org_id)?.and_then(|(_, text)| text))
}

/// A score as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredScore {
    /// The account.
    pub account_id: i64,
    /// Its book.
    pub book_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// 0 to 100.
    pub score: u8,
    /// What it leads to.
    pub band: Band,
    /// Belongs to the month's sample.
    pub sampled: bool,
    /// kWh by the total registers.
    pub used_kwh: Quantity,
    /// kWh expected.
    pub expected_kwh: Option<Quantity>,
    /// Why, heaviest first.
    pub findings: Vec<Finding>,
}

pub(crate) fn scores() -> Bulk {
    Bulk::new("suspicion_score", SCORE)
}

/// A score with where it belongs.
pub(crate) struct ScoreRow<'s> {
    pub(crate) book_id: i64,
    pub(crate) unit_id: i64,
    pub(crate) band: Band,
    pub(crate) sampled: bool,
    pub(crate) used: i64,
    pub(crate) expected: Option<i64>,
    pub(crate) score: &'s Score,
}

pub(crate) fn add_score(
    bulk: &mut Bulk,
    (org_id, month): (i64, Month),
    row: &ScoreRow<'_>,
    version: u32,
    text: &mut String,
) -> std::result::Result<(), StoreError> {
    write_findings(&row.score.findings, text);
    bulk.row(params![
        org_id,
        month,
        row.book_id,
        row.score.account_id,
        row.unit_id,
        i64::from(row.score.points),
        row.band.number(),
        row.sampled,
        row.used,
        row.expected,
        text.as_str(),
        i64::from(version)
    ])
}

pub(crate) fn drop_scores(tx: &mut Tx<'_>, org_id: i64, month: Month, book_id: i64) -> Result<()> {
    tx.execute(
        "DELETE FROM suspicion_score WHERE org_id = ?1 AND month = ?2 AND book_id = ?3",
        params![org_id, month, book_id],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> std::result::Result<StoredScore, StoreError> {
    let band =
        Band::from_number(row.int(4)?).ok_or(StoreError::WrongType { column: 4, expected: "a band" })?;
    Ok(StoredScore {
        account_id: row.int(0)?,
        book_id: row.int(1)?,
        unit_id: row.int(2)?,
        score: u8::try_from(row.int(3)?).unwrap_or(100),
        band,
        sampled: row.flag(5)?,
        used_kwh: row.quantity(6)?,
        expected_kwh: row.int_or_null(7)?.map(Quantity::from_units),
        findings: row.with_text(8, read_findings)?,
    })
}

/// The scores of `tail`: a condition with what may follow one.
pub(crate) fn scores_where(
    tx: &mut Tx<'_>,
    tail: &str,
    values: &[store::Value<'_>],
) -> Result<Vec<StoredScore>> {
    let sql = format!(
        "SELECT account_id, book_id, unit_id, score, band, sampled, used_kwh, expected_kwh, findings
         FROM suspicion_score WHERE {tail}"
    );
    Ok(tx.list(&sql, values, read)?)
}

/// Scores of `month` from the band `from` up, of one book, one account, or all; highest first, among
/// the same those that are off by most kWh.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    from: Band,
    book_id: Option<i64>,
    account_id: Option<i64>,
) -> Result<Vec<StoredScore>> {
    Ok(tx.list(
        "SELECT account_id, book_id, unit_id, score, band, sampled, used_kwh, expected_kwh, findings
         FROM suspicion_score
         WHERE org_id = ?1 AND month = ?2 AND band >= ?3 AND (book_id = ?4 OR ?4 = -1)
           AND (account_id = ?5 OR ?5 = -1)
         ORDER BY score DESC, ABS(used_kwh - COALESCE(expected_kwh, used_kwh)) DESC, account_id",
        params![org_id, month, from.number(), book_id.unwrap_or(-1), account_id.unwrap_or(-1)],
        read,
    )?)
}

/// What the scores of a book's accounts say to the gates.
pub(crate) fn verdicts(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    book_id: i64,
) -> Result<HashMap<i64, Verdict>> {
    let mut found = HashMap::new();
    tx.each(
        "SELECT account_id, band, sampled FROM suspicion_score WHERE org_id = ?1 AND month = ?2 AND book_id = ?3",
        params![org_id, month, book_id],
        |row| {
            let verdict = match Band::from_number(row.int(1)?) {
                Some(Band::Release) => Verdict::Release,
                Some(Band::Sample) if row.flag(2)? => Verdict::Sample,
                Some(Band::Sample) => Verdict::Release,
                Some(Band::Review) => Verdict::Review,
                Some(Band::Hold) => Verdict::Hold,
                None => Verdict::Unscored,
            };
            found.insert(row.int(0)?, verdict);
            Ok::<_, StoreError>(())
        },
    )?;
    Ok(found)
}

/// A bill beside its score.
pub(crate) struct BillBeside {
    pub(crate) account_id: i64,
    pub(crate) book_id: i64,
    pub(crate) energy_kwh: Quantity,
    pub(crate) amount: Money,
    pub(crate) reasons: u16,
    pub(crate) score: u8,
    pub(crate) band: Band,
    pub(crate) sampled: bool,
    pub(crate) findings: Vec<Finding>,
}

/// Bills of `month` with their scores after `after`, in order of account, at most `room`.
pub(crate) fn bills_beside(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    after: i64,
    room: i64,
) -> Result<Vec<BillBeside>> {
    Ok(tx.list(
        "SELECT b.account_id, b.book_id, b.energy_kwh, b.amount, b.reasons, s.score, s.band, s.sampled, s.findings
         FROM bill b JOIN suspicion_score s
           ON s.org_id = b.org_id AND s.month = b.month AND s.book_id = b.book_id AND s.account_id = b.account_id
         WHERE b.org_id = ?1 AND b.month = ?2 AND b.account_id > ?3 AND b.sequence = 0
         ORDER BY b.account_id LIMIT ?4",
        params![org_id, month, after, room],
        |row| {
            Ok::<_, StoreError>(BillBeside {
                account_id: row.int(0)?,
                book_id: row.int(1)?,
                energy_kwh: row.quantity(2)?,
                amount: row.money(3)?,
                reasons: u16::try_from(row.int(4)?).unwrap_or(0),
                score: u8::try_from(row.int(5)?).unwrap_or(100),
                band: Band::from_number(row.int(6)?).unwrap_or(Band::Hold),
                sampled: row.flag(7)?,
                findings: row.with_text(8, read_findings)?,
            })
        },
    )?)
}

/// The release of a held bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// kWh when it was proposed.
    pub energy_kwh: Quantity,
    /// Fee when it was proposed.
    pub amount: Money,
    /// Why it is released.
    pub reason: String,
    /// Who proposed.
    pub proposed_by: i64,
    /// Who confirmed.
    pub confirmed_by: Option<i64>,
}

pub(crate) fn release(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    account_id: i64,
) -> Result<Option<Release>> {
    Ok(tx.one(
        "SELECT energy_kwh, amount, reason, proposed_by, confirmed_by FROM suspicion_release
         WHERE org_id = ?1 AND month = ?2 AND account_id = ?3",
        params![org_id, month, account_id],
        |row| {
            Ok::<_, StoreError>(Release {
                energy_kwh: row.quantity(0)?,
                amount: row.money(1)?,
                reason: row.text(2)?,
                proposed_by: row.int(3)?,
                confirmed_by: row.int_or_null(4)?,
            })
        },
    )?)
}

/// Writes a proposal; an earlier one that nobody confirmed, or that was for other figures, makes way.
pub(crate) fn save_proposal(
    tx: &mut Tx<'_>,
    (org_id, month, account_id): (i64, Month, i64),
    proposal: &Release,
    at: Moment,
) -> Result<()> {
    tx.execute(
        "DELETE FROM suspicion_release WHERE org_id = ?1 AND month = ?2 AND account_id = ?3",
        params![org_id, month, account_id],
    )?;
    tx.execute(
        "INSERT INTO suspicion_release (org_id, month, account_id, energy_kwh, amount, reason, proposed_by, proposed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            org_id,
            month,
            account_id,
            proposal.energy_kwh,
            proposal.amount,
            &proposal.reason,
            proposal.proposed_by,
            at
        ],
    )?;
    Ok(())
}

pub(crate) fn save_confirmation(
    tx: &mut Tx<'_>,
    (org_id, month, account_id): (i64, Month, i64),
    (by, at): (i64, Moment),
) -> Result<()> {
    Ok(tx.execute_one(
        &format!("release of account {account_id}"),
        "UPDATE suspicion_release SET confirmed_by = ?4, confirmed_at = ?5
         WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 AND confirmed_by IS NULL",
        params![org_id, month, account_id, by, at],
    )?)
}
