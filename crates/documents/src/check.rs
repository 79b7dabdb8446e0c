//! The proof that numbers are gapless or explained, and that the register of prints is whole.

use std::collections::HashMap;

use identity::check::{Checked, History};
use store::{Tx, params};

use crate::{DocumentError, kinds, rules, sql};

/// Numbers that documents bear, as the modules that keep the documents state them.
#[derive(Debug, Default)]
pub struct NumbersUsed {
    blocks: HashMap<(&'static str, i64, i64), Vec<(i64, i64)>>,
    written: Vec<(&'static str, String)>,
}

impl NumbersUsed {
    /// `count` numbers from `first` of the series of `kind`, `unit_id` and `year`.
    pub fn block(&mut self, kind: &'static str, unit_id: i64, year: i64, first: i64, count: i64) {
        self.blocks.entry((kind, unit_id, year)).or_default().push((first, count));
    }
    /// A number in its printed form.
    pub fn written(&mut self, kind: &'static str, number: String) {
        self.written.push((kind, number));
    }
}

/// Compares every series with the numbers documents bear: none is missing without an explanation, none stands twice,
/// none was never given; and proves the register of prints. The kinds of `foreign` are numbered elsewhere.
pub fn check(
    tx: &mut Tx<'_>,
    org_id: i64,
    used: NumbersUsed,
    history: &History,
) -> Result<Vec<Checked>, DocumentError> {
    Ok(vec![series(tx, org_id, used, history)?, prints(tx, org_id)?])
}

fn series(
    tx: &mut Tx<'_>,
    org_id: i64,
    used: NumbersUsed,
    history: &History,
) -> Result<Checked, DocumentError> {
    let mut checked = Checked::new(
        "documents.series",
        "各类单据编号连续，断号有说明",
        "numbers of documents have no gaps, or the gap is explained",
    );
    let mut blocks = used.blocks;
    for (kind, number) in used.written {
        match parsed(history, kind, &number) {
            Some((unit_id, year, number)) => {
                blocks.entry((kind, unit_id, year)).or_default().push((number, 1))
            }
            None => checked.find(number, "编号写法不合该类单据", "the number is not written as its kind is"),
        }
    }
    let mut kept = HashMap::new();
    for series in sql::series(tx, org_id)? {
        kept.insert((series.kind.clone(), series.unit_id, i64::from(series.year)), series.last);
    }
    let mut all: Vec<(String, i64, i64)> = kept.keys().cloned().collect();
    all.extend(blocks.keys().map(|(kind, unit_id, year)| ((*kind).to_owned(), *unit_id, *year)));
    all.sort_unstable();
    all.dedup();
    for key in all {
        let last = kept.get(&key).copied().unwrap_or(0);
        let (kind, unit_id, year) = &key;
        let known = kinds().iter().find(|known| known.code == kind);
        let used = known.and_then(|known| blocks.remove(&(known.code, *unit_id, *year))).unwrap_or_default();
        let place = || format!("{kind} {unit_id} {year}");
        checked.look(last);
        let year = i16::try_from(*year).unwrap_or(0);
        let explained = sql::explained(tx, org_id, kind, *unit_id, year)?;
        for fault in faults(last, used, &explained) {
            checked.find(place(), fault.0, fault.1);
        }
    }
    Ok(checked)
}

/// What is wrong with a series whose documents bear the numbers of `blocks`; blocks may hold millions.
fn faults(last: i64, mut blocks: Vec<(i64, i64)>, explained: &[i64]) -> Vec<(String, String)> {
    blocks.sort_unstable();
    let mut found = Vec::new();
    let mut next = 1;
    for (first, count) in &blocks {
        if *first < next && *count > 0 {
            found.push((format!("{first} 号重复"), format!("number {first} stands twice")));
        }
        gap(next, first - 1, explained, &mut found);
        next = next.max(first + count);
    }
    gap(next, last, explained, &mut found);
    if next - 1 > last {
        found.push((
            format!("{} 号从未给出（最后为 {last}）", next - 1),
            format!("number {} was never given; the last is {last}", next - 1),
        ));
    }
    for number in explained {
        let borne = blocks.iter().any(|(first, count)| (*first..first + count).contains(number));
        if borne || *number > last {
            found.push((
                format!("{number} 号说明为断号却在使用"),
                format!("number {number} is explained as a gap and is in use"),
            ));
        }
    }
    found
}

fn gap(from: i64, to: i64, explained: &[i64], found: &mut Vec<(String, String)>) {
    if from > to {
        return;
    }
    let explained = explained.iter().filter(|number| (from..=to).contains(number)).count() as i64;
    if explained < to - from + 1 {
        found.push((
            format!("缺 {from} 至 {to} 号且无说明"),
            format!("numbers {from} to {to} are missing without an explanation"),
        ));
    }
}

/// Unit, year and number of a printed form; nothing when it is not written as its kind is.
fn parsed(history: &History, kind: &str, text: &str) -> Option<(i64, i64, i64)> {
    let kind = kinds().iter().find(|known| known.code == kind)?;
    let (rest, number) = text.rsplit_once('-')?;
    let (rest, year) = rest.rsplit_once('-')?;
    let (number, year): (i64, i16) = (number.parse().ok()?, year.parse().ok()?);
    let unit = match rest.strip_prefix(kind.prefix)?.strip_prefix('-') {
        Some(code) if kind.per_unit => history.units().iter().find(|unit| unit.code == code)?.id,
        None if !kind.per_unit => 0,
        _ => return None,
    };
    let code = history.units().iter().find(|known| known.id == unit).map_or("", |known| known.code.as_str());
    (rules::written(kind, code, year, number) == text).then_some((unit, i64::from(year), number))
}

fn prints(tx: &mut Tx<'_>, org_id: i64) -> Result<Checked, DocumentError> {
    let mut checked = Checked::new(
        "documents.prints",
        "打印登记：重打次数连续，重打有原因",
        "the register of prints: reprints are counted without gaps and have reasons",
    );
    let mut before: Option<(String, i64, i64)> = None;
    tx.each(
        "SELECT kind, document_id, reprint, first_copy, last_copy, copies, reason, number FROM document_print
         WHERE org_id = ?1 ORDER BY kind, document_id, reprint",
        params![org_id],
        |row| {
            checked.look(1);
            let (kind, document, reprint) = (row.text(0)?, row.int(1)?, row.int(2)?);
            let expected = match &before {
                Some((known, id, last)) if *known == kind && *id == document => last + 1,
                _ => 0,
            };
            let copies = (row.int(3)?, row.int(4)?, row.int(5)?);
            let good = reprint == expected
                && 1 <= copies.0
                && copies.0 <= copies.1
                && copies.1 <= copies.2
                && (reprint == 0 || !row.text(6)?.trim().is_empty());
            if !good {
                checked.find(
                    row.text(7)?,
                    "打印登记缺号、联次不合或无原因",
                    "a print is missing, has wrong copies or lacks its reason",
                );
            }
            before = Some((kind, document, reprint));
            Ok::<_, DocumentError>(())
        },
    )?;
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-10: blocks tile the series, in whatever order they come.
    #[test]
    fn gaps_and_repeats_are_found_block_by_block() {
        let count =
            |last, blocks: &[(i64, i64)], explained: &[i64]| faults(last, blocks.to_vec(), explained).len();
        assert_eq!(count(0, &[], &[]), 0);
        assert_eq!(count(10, &[(6, 5), (1, 5)], &[]), 0);
        assert_eq!(count(10, &[(6, 5), (1, 4)], &[5]), 0);
        assert_eq!(count(10, &[(6, 5), (1, 4)], &[]), 1, "5 is missing");
        assert_eq!(count(12, &[(6, 5), (1, 5)], &[]), 1, "11 and 12 are missing");
        assert_eq!(count(10, &[(5, 6), (1, 5)], &[]), 1, "5 stands twice");
        assert_eq!(count(9, &[(6, 5), (1, 5)], &[]), 1, "10 was never given");
        assert_eq!(count(10, &[(1, 10)], &[3]), 1, "3 is in use");
    }
}
