//! Loads what the score looks at: set by set for a chunk of accounts, never one by one.

use std::collections::{HashMap, HashSet};

use kernel::{Month, Rate};
use metering::account::PointRelation;
use metering::reading::{Reading, ReadingFlags, each_past_line, estimated_accounts};
use metering::stream::{AccountReadings, Books, each_chunk};
use store::Tx;

use super::evidence::{Circumstances, Evidence, History, LastLine, MONTHS_KNOWN, Peers};
use crate::gates::Pending;
use crate::{BillingError, Result, sql};

/// Account keys further apart than this are looked up as separate ranges.
const GAP_MAX: i64 = 512;
/// Months back in which estimates are looked for.
const ESTIMATES_BACK: u8 = 3;

/// Buffers of a worker, used again for every chunk; parallel to the rows of the chunk.
#[derive(Default)]
pub(crate) struct Gatherer {
    order: Vec<(i64, usize)>,
    pub(crate) history: Vec<History>,
    last: Vec<Vec<LastLine>>,
    estimated: Vec<u8>,
    lines: Vec<Reading>,
}

/// What is under way in the organisation.
pub(crate) struct UnderWay {
    holds: HashMap<i64, Pending>,
    tickets: HashSet<i64>,
}

impl UnderWay {
    pub(crate) fn load(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<UnderWay> {
        let changes = metering::parameter::accounts_under_change(tx, org_id, month)
            .map_err(|error| BillingError::Office(crate::OfficeError::below(&error)))?;
        let tickets = changes.into_iter().map(|change| change.account_id).collect();
        Ok(UnderWay { holds: sql::active_holds(tx, org_id, month)?, tickets })
    }
    fn has(&self, account_id: i64) -> bool {
        self.tickets.contains(&account_id) || self.holds.contains_key(&account_id)
    }
}

impl Gatherer {
    /// Fills the history of `rows`, and with `lines` also the lines of the months before.
    fn fill(
        &mut self,
        tx: &mut Tx<'_>,
        org_id: i64,
        month: Month,
        rows: &[AccountReadings],
        lines: bool,
    ) -> Result<()> {
        self.history.clear();
        self.history.resize(rows.len(), History::default());
        for last in &mut self.last {
            last.clear();
        }
        self.last.resize(self.last.len().max(rows.len()), Vec::new());
        self.estimated.clear();
        self.estimated.resize(rows.len(), 0);
        self.order.clear();
        self.order.extend(rows.iter().enumerate().map(|(place, row)| (row.account.account_id, place)));
        self.order.sort_unstable();
        let mut from = 0;
        while from < self.order.len() {
            let mut to = from + 1;
            while to < self.order.len() && self.order[to].0 - self.order[to - 1].0 <= GAP_MAX {
                to += 1;
            }
            self.fill_run(tx, org_id, month, (from, to), lines)?;
            from = to;
        }
        Ok(())
    }

    fn fill_run(
        &mut self,
        tx: &mut Tx<'_>,
        org_id: i64,
        month: Month,
        (from, to): (usize, usize),
        lines: bool,
    ) -> Result<()> {
        let run = &self.order[from..to];
        let bounds = (run[0].0, run[run.len() - 1].0);
        for back in 1..=MONTHS_KNOWN {
            let past = month.plus(-i32::try_from(back).unwrap_or(0))?;
            let (mut at, history) = (0, &mut self.history);
            sql::each_used(tx, org_id, past, bounds, |account, energy, timed, reactive| {
                while at < run.len() && run[at].0 < account {
                    at += 1;
                }
                if at < run.len() && run[at].0 == account {
                    history[run[at].1].add(back, energy, timed, reactive);
                }
                Ok::<_, BillingError>(())
            })?;
        }
        if !lines {
            return Ok(());
        }
        let (mut at, mut any) = (0, false);
        let (last, estimated) = (&mut self.last, &mut self.estimated);
        each_past_line(tx, org_id, month.previous(), bounds, |line| {
            while at < run.len() && run[at].0 < line.account_id {
                at += 1;
            }
            if at < run.len() && run[at].0 == line.account_id {
                let place = run[at].1;
                if let Some(current) = line.current {
                    last[place].push(LastLine {
                        meter_seq: line.meter_seq,
                        multiplier: line.multiplier.units(),
                        current: current.units(),
                    });
                }
                if line.flags.has(ReadingFlags::ESTIMATED) {
                    estimated[place] = 1;
                    any = true;
                }
            }
            Ok::<_, BillingError>(())
        })?;
        // Estimates further back matter only where the last month was estimated.
        for back in 2..=ESTIMATES_BACK {
            if !any {
                break;
            }
            any = false;
            let past = month.plus(-i32::from(back))?;
            for account in estimated_accounts(tx, org_id, past, bounds)? {
                if let Ok(at) = run.binary_search_by_key(&account, |(account, _)| *account)
                    && self.estimated[run[at].1] == back - 1
                {
                    self.estimated[run[at].1] = back;
                    any = true;
                }
            }
        }
        Ok(())
    }

    /// The evidence of one row of the chunk.
    fn evidence(
        &mut self,
        place: usize,
        row: &AccountReadings,
        month: Month,
        peers: Peers,
        under_way: &UnderWay,
    ) -> Evidence<'_> {
        billed_lines(row, &mut self.lines);
        let supply_changed =
            row.events.iter().any(|event| event.on.month() == month || event.on.month() == month.previous());
        Evidence {
            account_id: row.account.account_id,
            lines: &self.lines,
            history: self.history[place],
            last: &self.last[place],
            peers,
            circumstances: Circumstances {
                supply_changed,
                change_ticket: under_way.has(row.account.account_id),
                estimated_before: self.estimated[place],
                months_read: row.months,
            },
        }
    }
}

/// The lines whose energy is the account's: a sub-meter's is part of another's.
pub(crate) fn billed_lines(row: &AccountReadings, lines: &mut Vec<Reading>) {
    let is_part = |line: &Reading| {
        row.points
            .iter()
            .any(|point| point.point_seq == line.point_seq && point.relation == PointRelation::SubMeter)
    };
    lines.clear();
    lines.extend(row.readings.iter().filter(|line| !is_part(line)));
}

/// Gives the histories of the accounts of `books`: the first pass, for the peers.
pub(crate) fn each_movement(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    books: &[i64],
    gatherer: &mut Gatherer,
    mut take: impl FnMut(&AccountReadings, i64, &History),
) -> Result<()> {
    let mut lines = Vec::new();
    each_chunk(tx, org_id, month, Books::List(books), |tx, rows| {
        gatherer.fill(tx, org_id, month, rows, false)?;
        for (row, history) in rows.iter().zip(&gatherer.history) {
            billed_lines(row, &mut lines);
            let backwards = lines.iter().any(|line| {
                line.registers.iter().any(|(_, span)| span.current < span.previous)
                    || line.multiplier <= Rate::ZERO
            });
            if !backwards && crate::assemble::read_as(&lines) != crate::gates::ReadAs::Unread {
                take(row, super::evidence::usage(&lines), history);
            }
        }
        Ok::<_, BillingError>(())
    })
}

/// Gives the evidence of every account of `books`, in order of book and account: the second pass.
pub(crate) fn each_evidence(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    books: &[i64],
    gatherer: &mut Gatherer,
    peers: impl Fn(i64, &str) -> Peers,
    mut take: impl FnMut(&AccountReadings, &Evidence<'_>) -> Result<()>,
) -> Result<()> {
    let under_way = UnderWay::load(tx, org_id, month)?;
    each_chunk(tx, org_id, month, Books::List(books), |tx, rows| {
        gatherer.fill(tx, org_id, month, rows, true)?;
        for (place, row) in rows.iter().enumerate() {
            let of = peers(row.account.unit_id, &row.account.price_class);
            let evidence = gatherer.evidence(place, row, month, of, &under_way);
            take(row, &evidence)?;
        }
        Ok(())
    })
}
