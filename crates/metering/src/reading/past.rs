//! Lines of earlier months, as far as those who compare months ask.

use kernel::{Month, Quantity, Rate};
use store::{Tx, params};

use super::model::ReadingFlags;
use crate::{MeteringError, Result};

/// A line of an earlier month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastLine {
    /// Whose.
    pub account_id: i64,
    /// Which of the account's meters.
    pub meter_seq: i64,
    /// Multiplier of that month.
    pub multiplier: Rate,
    /// Yes-or-no properties.
    pub flags: ReadingFlags,
    /// What the total showed at the end; nothing for a meter without a total.
    pub current: Option<Quantity>,
}

/// Gives the lines of `month` of accounts from `first` to `last`, in order of account and meter, to `take`.
pub fn each_past_line<E: From<MeteringError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    (first, last): (i64, i64),
    mut take: impl FnMut(PastLine) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut outcome = Ok(());
    tx.each(
        "SELECT account_id, meter_seq, multiplier, flags, total_current FROM reading
         WHERE org_id = ?1 AND month = ?2 AND account_id BETWEEN ?3 AND ?4
         ORDER BY org_id, month, account_id, meter_seq",
        params![org_id, month, first, last],
        |row| {
            let line = PastLine {
                account_id: row.int(0)?,
                meter_seq: row.int(1)?,
                multiplier: row.rate(2)?,
                flags: ReadingFlags(row.int(3)? as u32),
                current: row.int_or_null(4)?.map(Quantity::from_units),
            };
            if outcome.is_ok() {
                outcome = take(line);
            }
            Ok::<_, MeteringError>(())
        },
    )?;
    outcome
}

/// Accounts from `first` to `last` with an estimated line in `month`, in order.
pub fn estimated_accounts(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    (first, last): (i64, i64),
) -> Result<Vec<i64>> {
    tx.list(
        "SELECT DISTINCT account_id FROM reading
         WHERE org_id = ?1 AND month = ?2 AND account_id BETWEEN ?3 AND ?4 AND (flags & 2) <> 0
         ORDER BY account_id",
        params![org_id, month, first, last],
        |row| Ok(row.int(0)?),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_asks_for_the_flag_of_estimates() {
        assert_eq!(ReadingFlags::ESTIMATED.0, 2);
    }
}
