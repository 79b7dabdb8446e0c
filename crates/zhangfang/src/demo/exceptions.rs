//! The exceptions of the month: sent to the stations, answered, put in order, issued.

use billing::exception::{self, ExceptionFilter, ExceptionState};
use billing::gates::Reasons;
use billing::{OfficeRules, RunBook};
use identity::Desk;
use kernel::{Date, Moment};

use super::{STATIONS, Stage, bar};
use crate::failure::Done;

/// Exceptions handled in one command.
const AT_ONCE: usize = 200;

/// What is left to the people who come after the story, of ten exceptions that could be answered.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// Not answered by the stations.
    unanswered: i64,
    /// Answered, not put in order by the reviewer.
    unclosed: i64,
}

impl Left {
    /// Everything is done.
    pub const NOTHING: Left = Left { unanswered: 0, unclosed: 0 };
    /// The most of it waits.
    pub const AT_WORK: Left = Left { unanswered: 6, unclosed: 3 };

    fn is_answered(self, account_id: i64) -> bool {
        account_id % 10 >= self.unanswered
    }
    fn is_closed(self, account_id: i64) -> bool {
        account_id % 10 >= self.unanswered + self.unclosed
    }
}

/// What became of the exceptions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Handled {
    /// Found by the gates.
    pub found: usize,
    /// Answered by the stations and put in order.
    pub in_order: usize,
    /// Bills issued after that.
    pub issued: i64,
}

impl Stage {
    fn working_day(&self, rules: &OfficeRules, days: u32) -> Done<Date> {
        Ok(rules.calendar.add_working_days(self.month.last_day(), days)?)
    }

    /// The reviewer sends lists and tickets, the stations answer what they can, the reviewer closes and issues. What
    /// nobody could read stays open: it waits for a reading, and so does what is `left`.
    pub fn handle_exceptions(&self, left: Left) -> Done<Handled> {
        let rules = OfficeRules::built_in()?;
        let (month, org_id) = (self.month, self.company.org_id);
        let of = |state| ExceptionFilter { state: Some(state), ..ExceptionFilter::default() };
        let found =
            self.store.read(|tx| exception::exceptions_of(tx, org_id, month, &of(ExceptionState::Found)))?;
        let answerable =
            |reasons: Reasons| !reasons.has(Reasons::UNREAD) && !reasons.has(Reasons::NOT_CALCULATED);
        let progress = bar("exceptions / 异常处理", found.len() as u64 * 2);

        let sent_at = Moment::on(self.working_day(&rules, 1)?, 9, 0);
        let reviewer = self.company.person(&self.store, "fuhe", sent_at.date())?;
        let desk = Desk::new(&self.store, &reviewer);
        for unit_id in self.company.units {
            desk.act(sent_at, |work| exception::send_lists(work, &rules, month, unit_id))?;
        }
        desk.act(sent_at, |work| -> billing::office::Result<()> {
            for one in found.iter().filter(|one| one.dedicated) {
                exception::raise_ticket(work, &rules, month, one.account_id, "请核实表码及用电情况")?;
            }
            Ok(())
        })?;

        let answered_at = Moment::on(self.working_day(&rules, 2)?, 15, 0);
        for (station, unit_id) in self.company.units.into_iter().enumerate() {
            let login = format!("{}-guanli", STATIONS[station].0.to_lowercase());
            let administrator = self.company.person(&self.store, &login, answered_at.date())?;
            let own: Vec<i64> = found
                .iter()
                .filter(|one| one.unit_id == unit_id && answerable(one.reasons))
                .filter(|one| left.is_answered(one.account_id))
                .map(|one| one.account_id)
                .collect();
            for some in own.chunks(AT_ONCE) {
                Desk::new(&self.store, &administrator).act(
                    answered_at,
                    |work| -> billing::office::Result<()> {
                        for account_id in some {
                            exception::answer(work, &rules, month, *account_id, "已现场核实，表码无误")?;
                        }
                        Ok(())
                    },
                )?;
                progress.inc(some.len() as u64);
            }
        }

        let closed_at = Moment::on(self.working_day(&rules, 3)?, 10, 0);
        let mut answered = self
            .store
            .read(|tx| exception::exceptions_of(tx, org_id, month, &of(ExceptionState::Answered)))?;
        answered.retain(|one| left.is_closed(one.account_id));
        for some in answered.chunks(AT_ONCE) {
            desk.act(closed_at, |work| -> billing::office::Result<()> {
                for one in some {
                    exception::put_in_order(work, &rules, month, one.account_id)?;
                }
                Ok(())
            })?;
            progress.inc(some.len() as u64);
        }
        let mut books: Vec<RunBook> = answered
            .iter()
            .map(|one| RunBook { book_id: one.book_id, unit_id: one.unit_id, accounts: 0 })
            .collect();
        books.dedup_by_key(|book| book.book_id);
        let mut handled = Handled { found: found.len(), in_order: answered.len(), issued: 0 };
        for book in books {
            let done = desk
                .act(closed_at, |work| billing::issue_book(work, &rules, &self.postings, month, book, 20))?;
            handled.issued += done.bills;
        }
        progress.finish();
        Ok(handled)
    }
}
