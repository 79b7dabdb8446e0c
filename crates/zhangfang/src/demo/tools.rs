//! Ledgers and handhelds on their way through the ledger-issue room, and a reading day on its way through the departments.

use identity::Desk;
use metering::book::BookState;
use metering::custody::{self, Tool, ToolEvent, ToolKind, ToolState};

use super::waiting::Round;
use super::{Population, STATIONS, Stage};
use crate::failure::Done;

/// Ledgers of books still to be read that a station has in custody, and its handhelds.
const LEDGERS_KEPT: usize = 2;
const HANDHELDS: usize = 2;

impl Stage {
    /// The ledger-issue room has the ledgers of some books, and handhelds: what the readers need is out. Answers the
    /// ledgers that are out, by station.
    pub(super) fn hand_out_tools(&self, rounds: &[Round]) -> Done<Vec<Vec<i64>>> {
        let (registered, issued) = (self.today_at(7, 30)?, self.today_at(7, 40)?);
        let (issuer, org_id) = (self.person("zhangben")?, self.company.org_id);
        // A ledger stays in while its book is being accounted.
        let before = self.store.read(|tx| metering::book::books_of_month(tx, org_id, self.month))?;
        let accounted: Vec<i64> =
            before.iter().filter(|book| book.state != BookState::Issued).map(|book| book.book_id).collect();
        let lent = |at: &u64| !accounted.contains(&self.population.book(*at).0);
        let mut out = Vec::new();
        for (station, unit_id) in self.company.units.into_iter().enumerate() {
            let code = STATIONS[station].0;
            let of = |post: &str| self.person(&format!("{}-{post}", code.to_lowercase()));
            let (administrator, reader) = (of("guanli")?, of("chaobiao")?);
            let read = rounds.iter().find(|round| round.unit_id == unit_id);
            let read = read.map_or(&[][..], |round| &round.books).iter().copied();
            let read: Vec<u64> = read.filter(lent).collect();
            let own = (0..self.population.books()).filter(|at| self.population.book(*at).1 == unit_id);
            let to_read = own.filter(|at| lent(at) && !read.contains(at)).take(LEDGERS_KEPT);
            let ledgers: Vec<u64> = read.iter().copied().chain(to_read).collect();
            let new = |kind: ToolKind, number: String, book_id: Option<i64>| Tool {
                tool_id: 0,
                kind,
                number,
                unit_id,
                account_id: None,
                book_id,
                state: ToolState::Kept,
                holder_id: None,
                version: 1,
            };
            let desk = Desk::new(&self.store, &administrator);
            let tools = desk.act(registered, |work| {
                let mut keys = Vec::new();
                for at in &ledgers {
                    let (book_id, ..) = self.population.book(*at);
                    let number = Population::book_number(book_id);
                    keys.push(custody::register_tool(work, &new(ToolKind::Ledger, number, Some(book_id)))?);
                }
                for nth in 1..=HANDHELDS {
                    let number = format!("{code}-{nth:02}");
                    keys.push(custody::register_tool(work, &new(ToolKind::Handheld, number, None))?);
                }
                Ok::<_, metering::MeteringError>(keys)
            })?;
            // The books that are read go out, and one handheld with them.
            let (books, handhelds) = tools.split_at(ledgers.len());
            let books = books.get(..read.len()).unwrap_or_default();
            Desk::new(&self.store, &issuer).act(issued, |work| {
                for tool in books.iter().chain(handhelds.first()) {
                    custody::record_event(work, *tool, ToolEvent::Issue, reader.person_id, "抄表领用")?;
                }
                Ok::<_, metering::MeteringError>(())
            })?;
            out.push(books.to_vec());
        }
        Ok(out)
    }

    /// All ledgers come back but the last of each station, which is missed: its book is with the centre.
    pub(super) fn take_tools_back(&self, out: &[Vec<i64>]) -> Done {
        let issuer = self.person("zhangben")?;
        let desk = Desk::new(&self.store, &issuer);
        desk.act(self.today_at(8, 10)?, |work| {
            for books in out {
                for tool in books.iter().rev().skip(1) {
                    custody::record_event(work, *tool, ToolEvent::Keep, issuer.person_id, "完好归还")?;
                }
            }
            Ok::<_, metering::MeteringError>(())
        })?;
        Ok(())
    }

    /// The supply department would have a book read a day later; marketing has not reviewed it.
    pub(super) fn move_a_reading_day(&self) -> Done {
        let last = self.population.books().saturating_sub(1);
        let (book_id, ..) = self.population.book(last);
        let day = self.population.reading_day(last).saturating_add(1).min(31);
        let desk = self.person("gongdian")?;
        Desk::new(&self.store, &desk)
            .act(self.today_at(7, 35)?, |work| metering::book::propose_reading_day(work, book_id, day))?;
        Ok(())
    }
}
