//! What waits at the desks when the demo opens: a few of the next month's books on their way through the station and the
//! centre, with what the gates found in them, and papers that wait for an answer, an approval or an archive.
//!
//! Only a few books are touched, of those read on the days before, so that whoever tries the demo finds all others
//! untouched. A demo of a few books has too few of them and opens without.

use billing::adjustment::{self, Cause, Effect, NewAdjustment};
use billing::exception::{self, ExceptionFilter, ExceptionState};
use billing::slip::{self, NewSlip};
use billing::{Clerks, OfficeRules, RunBook, RunPlan, hold, inquiry, run_month};
use identity::{Actor, Desk, Work};
use kernel::{Moment, Money, Month, Quantity, WorkingCalendar};
use metering::book::Entered;
use metering::reading::{ReadingStatus, Register, Span};

use super::{BOOK_ACCOUNTS, Population, STATIONS, Stage};
use crate::failure::Done;

/// The last reading day of the books that are under way.
const READ_UNTIL: u8 = 4;
/// Books under way at a station.
const BOOKS: std::ops::RangeInclusive<usize> = 3..=4;
/// The change that a hold waits for.
const CHANGE: &str = "YK-2026-0205";

/// A station with its books under way.
pub(super) struct Round {
    pub unit_id: i64,
    code: String,
    pub books: Vec<u64>,
}

impl Round {
    fn login(&self, post: &str) -> String {
        format!("{}-{post}", self.code)
    }
    /// A customer of these books who is not among the demo's special ones.
    fn account(&self, nth: u64) -> i64 {
        let book = self.books.first().copied().unwrap_or_default();
        Population::account_id(book * BOOK_ACCOUNTS + 100 + nth)
    }
}

impl Stage {
    fn rounds(&self) -> Vec<Round> {
        let of = |(station, unit_id): (usize, i64)| {
            let mut books: Vec<u64> = (0..self.population.books())
                .filter(|at| self.population.book(*at).1 == unit_id)
                .filter(|at| self.population.reading_day(*at) <= READ_UNTIL)
                .collect();
            // Those read last are in time.
            books.sort_by_key(|at| std::cmp::Reverse(self.population.reading_day(*at)));
            books.truncate(*BOOKS.end());
            Round { unit_id, code: STATIONS[station].0.to_lowercase(), books }
        };
        let all = self.company.units.into_iter().enumerate().map(of);
        all.filter(|round| BOOKS.contains(&round.books.len())).collect()
    }

    pub(super) fn today_at(&self, hour: i64, minute: i64) -> Done<Moment> {
        Ok(Moment::on(self.today()?, hour, minute))
    }

    pub(super) fn person(&self, login: &str) -> Done<Actor> {
        self.company.person(&self.store, login, self.today()?)
    }

    /// Gives one command of the billing office as `login`.
    fn office<T>(
        &self,
        login: &str,
        at: Moment,
        command: impl FnOnce(&mut Work<'_, '_>) -> billing::office::Result<T>,
    ) -> Done<T> {
        Ok(Desk::new(&self.store, &self.person(login)?).act(at, command)?)
    }

    /// Leaves work open for every post.
    pub fn leave_work_open(&self) -> Done {
        let rounds = self.rounds();
        let out = self.hand_out_tools(&rounds)?;
        self.move_a_reading_day()?;
        for round in &rounds {
            self.read_round(round)?;
        }
        self.take_tools_back(&out)?;
        self.bill_rounds(&rounds)?;
        self.answer_some(&rounds)?;
        if let Some(round) = rounds.first() {
            self.raise_papers(round)?;
        }
        Ok(())
    }

    /// The readers come back with the books of the day before; the office checks and submits them.
    fn read_round(&self, round: &Round) -> Done {
        let (calendar, month) = (WorkingCalendar::mainland_china()?, self.month.next());
        let (read, checked) = (self.today_at(7, 50)?, self.today_at(8, 0)?);
        let reader = self.person(&round.login("chaobiao"))?;
        let administrator = self.person(&round.login("guanli"))?;
        for at in &round.books {
            let (book_id, ..) = self.population.book(*at);
            let entered = self.read_lines(*at)?;
            Desk::new(&self.store, &reader)
                .act(read, |work| metering::entry::enter_readings(work, month, book_id, &entered, ""))?;
            Desk::new(&self.store, &administrator).act(checked, |work| {
                metering::book::self_check(work, month, book_id, "表码已核对")?;
                billing::submit_book(work, &calendar, month, book_id, None)
            })?;
        }
        Ok(())
    }

    /// What a reader finds at every open line of a book: the register as it ended before, and what the customer used.
    fn read_lines(&self, at: u64) -> Done<Vec<Entered>> {
        let (month, org_id) = (self.month.next(), self.company.org_id);
        let (book_id, ..) = self.population.book(at);
        let read_on = self.population.read_on(at, month);
        let lines = self.store.read(|tx| metering::entry::lines_of_book(tx, org_id, month, book_id))?;
        let mut entered = Vec::with_capacity(lines.len());
        for line in lines {
            let index = line.account_id.unsigned_abs().saturating_sub(1);
            let usual = self.readings_of(&self.population.customer(index), month).pop();
            let used = |wanted: Register| {
                let spans = usual.iter().flat_map(|line| line.registers.iter());
                let moved = |(_, span): (_, Span)| span.current.units() - span.previous.units();
                spans.filter(|(of, _)| *of == wanted).map(moved).sum::<i64>()
            };
            let end = 10_i64.saturating_pow(u32::from(line.digits)) * Quantity::SCALE;
            let (mut shown, mut rolled_over, mut moved) = (Vec::new(), Vec::new(), false);
            for (register, span) in line.registers.iter() {
                let used = used(register);
                let mut now = span.previous.units() + used;
                if now >= end {
                    now -= end;
                    rolled_over.push(register);
                }
                moved |= register != Register::Demand && used > 0;
                shown.push((register, Quantity::from_units(now)));
            }
            entered.push(Entered {
                account_id: line.account_id,
                meter_seq: line.meter_seq,
                status: Some(if moved { ReadingStatus::Read } else { ReadingStatus::Zero }),
                read_on,
                shown,
                rolled_over,
                estimated: false,
                version: None,
            });
        }
        Ok(entered)
    }

    fn run_book(&self, at: u64) -> RunBook {
        let (book_id, unit_id, accounts) = self.population.book(at);
        RunBook { book_id, unit_id, accounts }
    }

    /// Of each station one book waits to be calculated, one to be reviewed, and the others went through: what is clean
    /// is issued, the rest waits for the station.
    fn bill_rounds(&self, rounds: &[Round]) -> Done {
        let (month, now) = (self.month.next(), self.today_at(8, 20)?);
        let (calculator, reviewer) = (self.person("hesuan")?, self.person("fuhe")?);
        let mut through = Vec::new();
        for round in rounds {
            through.extend(round.books.iter().skip(2).map(|at| self.run_book(*at)));
            if let Some(at) = round.books.get(1) {
                Desk::new(&self.store, &calculator).act(now, |work| {
                    billing::calculate_book(work, &self.prices, month, self.run_book(*at))
                })?;
            }
        }
        let clerks = Clerks { calculator: &calculator, reviewer: &reviewer, issuer: &reviewer };
        let plan = RunPlan::new(month, through, now);
        run_month(&self.store, &clerks, &self.prices, &self.postings, &plan, |_| ())?;
        Ok(())
    }

    /// The first station has its list, and answered half of it; the other stations' exceptions wait to be sent.
    fn answer_some(&self, rounds: &[Round]) -> Done {
        let Some(round) = rounds.first() else { return Ok(()) };
        let (rules, month, org_id) = (OfficeRules::built_in()?, self.month.next(), self.company.org_id);
        let sent = self.today_at(8, 30)?;
        self.office("fuhe", sent, |work| exception::send_lists(work, &rules, month, round.unit_id))?;
        let of = ExceptionFilter { state: Some(ExceptionState::Sent), ..ExceptionFilter::default() };
        let found = self.store.read(|tx| exception::exceptions_of(tx, org_id, month, &of))?;
        let own: Vec<_> = found.iter().filter(|one| one.unit_id == round.unit_id).collect();
        let answered = self.today_at(8, 40)?;
        for one in own.iter().take(own.len() / 2) {
            self.office(&round.login("guanli"), answered, |work| {
                exception::answer(work, &rules, month, one.account_id, "已现场核实，表码无误")
            })?;
        }
        Ok(())
    }

    /// Papers under way at the first station: adjustments at each approver, a hold, an inquiry at each side, slips.
    fn raise_papers(&self, round: &Round) -> Done {
        let (rules, at) = (OfficeRules::built_in()?, self.today_at(8, 45)?);
        let (office, head) = (round.login("guanli"), round.login("suozhang"));
        let centre_unit_id = self.unit("BC")?;
        let new = |nth: u64, cause: Cause, kwh: i64, fen: i64, reason: &str| -> Done<NewAdjustment> {
            Ok(NewAdjustment {
                cause,
                account_id: round.account(nth),
                month: self.month,
                reason: reason.to_owned(),
                effect: Effect {
                    energy_kwh: Quantity::whole(kwh)?,
                    tiers: Vec::new(),
                    components: vec![("catalogue".to_owned(), Money::from_fen(fen))],
                },
                request_ticket_id: None,
                change_ticket: None,
                centre_unit_id,
                follow_up: Vec::new(),
            })
        };
        let approved = |login: &str, case_id: i64| {
            self.office(login, at, |work| adjustment::approve(work, &rules, case_id, "情况属实"))
        };
        // Each needs one approval more than the one before.
        let small = new(0, Cause::StationError, -150, -8_640, "抄错一位，多计电量")?;
        self.office(&office, at, |work| adjustment::start(work, &rules, &small))?;
        let middle = new(1, Cause::FaultHandling, 12_000, 691_200, "表前故障，少计电量")?;
        let middle = self.office(&office, at, |work| adjustment::start(work, &rules, &middle))?;
        approved(&head, middle.case_id)?;
        let large = new(2, Cause::TariffPolicy, -100_000, -5_760_000, "电价政策调整，退还多收电费")?;
        let large = self.office(&office, at, |work| adjustment::start(work, &rules, &large))?;
        approved(&head, large.case_id)?;
        approved("yingxiao", large.case_id)?;
        for (login, nth, cause, kwh, fen, reason) in [
            ("fuhe", 3, Cause::InsufficientReview, -80, -46_08, "复核时未发现表码倒置"),
            ("jiliang", 4, Cause::MeteringQuantity, 260, 14_976, "电能表偏慢，检定误差超限"),
            ("jicha", 5, Cause::BreachOfContract, 500, 28_800, "私接用电，补收电费"),
        ] {
            let case = new(nth, cause, kwh, fen, reason)?;
            self.office(login, at, |work| adjustment::start(work, &rules, &case))?;
        }
        self.office("jiliang", at, |work| {
            adjustment::raise_fee_request(work, &rules, round.account(6), "表计误差 +2.5%，检定报告 26-031")
        })?;
        let month: Month = self.month.next();
        self.office(&office, at, |work| {
            hold::place(work, &rules, round.account(7), month, CHANGE, "增容工单在途", centre_unit_id)
        })?;
        let clerk = round.login("zixun");
        for (nth, question, answered) in
            [(8, "上月电费为何比往年高？", false), (9, "阶梯电量如何计算？", true)]
        {
            let asked =
                self.office(&clerk, at, |work| inquiry::receive(work, round.account(nth), question))?;
            self.office(&clerk, at, |work| inquiry::forward(work, &rules, asked, centre_unit_id))?;
            if answered {
                self.office("hesuan", at, |work| {
                    inquiry::answer_to_station(
                        work,
                        &rules,
                        asked,
                        "按月用电量分三档累进计价，每户人口多可申请加档",
                    )
                })?;
            }
        }
        for (nth, kind, content) in
            [(10, "增容", "容量由 8 kVA 增至 15 kVA"), (11, "改类", "由居民改为一般工商业")]
        {
            let slip = NewSlip {
                unit_id: centre_unit_id,
                team_unit_id: round.unit_id,
                account_id: round.account(nth),
                month,
                kind,
                content,
                checked: "签字、盖章、内容齐全",
            };
            self.office("chuandan", at, |work| slip::receive(work, &slip))?;
        }
        Ok(())
    }

    fn unit(&self, code: &str) -> Done<i64> {
        let org_id = self.company.org_id;
        let units = self.store.read(|tx| identity::units(tx, org_id))?;
        let found = units.into_iter().find(|unit| unit.code == code).map(|unit| unit.id);
        found.ok_or_else(|| {
            crate::failure::Failure::new(format!("没有单位 {code}"), format!("there is no unit {code}"))
        })
    }
}
