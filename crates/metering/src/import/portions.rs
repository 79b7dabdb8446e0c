//! What the three importers share: portions of a file, each taken in by one command.

use std::io::Write;

use identity::{Desk, Work};
use interchange::{BadRow, Entry, Rejects, Sheet, TypedRow};
use kernel::Text;

use super::{FileKind, Incoming, Outcome, sql};
use crate::Result;

/// Rows that one command takes in.
const PORTION_ROWS: usize = 2_000;

/// What became of one row.
pub(crate) enum Fate {
    /// It brought something new.
    Added,
    /// It was there already, exactly so.
    Unchanged,
    /// It is refused: the column's key, and why.
    Refused(Option<&'static str>, Text),
}

/// A refusal of the whole row or of a column.
pub(crate) fn refused(column: Option<&'static str>, zh: impl Into<String>, en: impl Into<String>) -> Fate {
    Fate::Refused(column, Text::new(zh, en))
}

/// Reads `incoming` as `sheet` and gives portions of good rows to `take`, which answers the fate of each row, in order.
/// Refused rows go to `rejects`. Answers the totals and keeps them with the file's fingerprint.
pub(crate) fn take_in<W: Write>(
    desk: &Desk<'_>,
    incoming: Incoming,
    kind: FileKind,
    sheet: &Sheet,
    rejects: W,
    mut take: impl FnMut(&mut Work<'_, '_>, &[TypedRow]) -> Result<Vec<Fate>>,
) -> Result<(Outcome, W)> {
    let Incoming { table, now, lang } = incoming;
    let (digest, file) = (table.digest().to_owned(), table.file().to_owned());
    let org_id = desk.actor.org_id;
    let seen_before = desk.look(|tx| sql::file_is_known(tx, org_id, kind, &digest))?;
    let mut reader = sheet.read(table)?;
    let mut rejects = Rejects::new(rejects, &reader, lang)?;
    let mut outcome = Outcome { digest, added: 0, unchanged: 0, rejected: 0, seen_before };
    let mut portion: Vec<TypedRow> = Vec::with_capacity(PORTION_ROWS);
    loop {
        let entry = reader.next().transpose()?;
        let ended = entry.is_none();
        match entry {
            Some(Entry::Good(row)) => portion.push(row),
            Some(Entry::Bad(bad)) => {
                outcome.rejected += 1;
                rejects.push(&bad)?;
            }
            None => {}
        }
        if portion.len() == PORTION_ROWS || (ended && !portion.is_empty()) {
            let fates = desk.act(now, |work| take(work, &portion))?;
            for (row, fate) in portion.drain(..).zip(fates) {
                match fate {
                    Fate::Added => outcome.added += 1,
                    Fate::Unchanged => outcome.unchanged += 1,
                    Fate::Refused(column, why) => {
                        outcome.rejected += 1;
                        let bad: BadRow = row.refuse(column, why);
                        rejects.push(&bad)?;
                    }
                }
            }
        }
        if ended {
            break;
        }
    }
    if !seen_before {
        desk.act(now, |work| {
            let person_id = work.actor().person_id;
            sql::keep_file(work.tx, org_id, kind, &file, &outcome, person_id, now)
        })?;
    }
    Ok((outcome, rejects.finish()?))
}
