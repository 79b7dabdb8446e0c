//! The program itself, given the same commands on a database.

use std::collections::BTreeMap;

use billing::adjustment::{self, Cause, Effect, NewAdjustment};
use billing::{OfficeRules, RunBook, exception, hold};
use identity::{Actor, Desk, Work};
use interchange::Table;
use kernel::{Lang, Money, Month};
use ledger::{AccountCode, ComponentId, Entry, Leg, VoucherHeader};
use store::{Store, StoreError, params};
use tariff::Register;

use super::command::{Answer, Command, Given, Side, code};
use super::reference::after;
use super::world::{Base, holder};
use crate::month::company::{CUSTOMERS, FAR_BOOK, april};

/// What may be said to the later of two that give the same command at once.
const LATER_OF_TWO: [&str; 3] = ["Duplicate", "Busy", "Stale"];

/// The program on one database.
pub struct System<'b> {
    pub(super) store: Store,
    pub(super) base: &'b Base,
    pub(super) org_id: i64,
    pub(super) units: [i64; 3],
    centre: i64,
    rules: OfficeRules,
    actors: BTreeMap<&'static str, Actor>,
    keeper: Actor,
    stranger: Actor,
    holds: Vec<i64>,
    cases: Vec<i64>,
    /// Loses the first voucher by hand, or does it twice, as a broken store would.
    pub broken: Option<Broken>,
}

/// How a store is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A command is answered and not done.
    Lost,
    /// A command is done twice.
    Doubled,
}

type Done = Result<(String, i64), String>;

impl<'b> System<'b> {
    /// The program on `store`, a copy of the base.
    pub fn new(base: &'b Base, store: Store) -> System<'b> {
        let house = base.ids(&store).house(&store);
        let logins = ["fee", "fee2", "head", "reviewer", "reviewer2"];
        let actors = logins.into_iter().map(|login| (login, house.actor(login))).collect();
        let (org_id, centre) = (house.org_id(), house.centre);
        let units = [house.station, house.other_station, house.finance];
        let rules = house.rules;
        let keeper = holder(org_id, 1, ledger::permission::ALL);
        let stranger = holder(org_id, 2, &[]);
        System {
            store,
            base,
            org_id,
            units,
            centre,
            rules,
            actors,
            keeper,
            stranger,
            holds: Vec::new(),
            cases: Vec::new(),
            broken: None,
        }
    }

    /// The program is stopped and started again on the same database.
    pub fn restart(&mut self, url: &str) {
        self.store = Store::open(url).unwrap();
    }

    /// The key of the voucher with this number.
    pub(super) fn voucher_id(&self, number: i64) -> Option<i64> {
        let sql = "SELECT voucher_id FROM voucher WHERE org_id = ?1 AND year = 2026 AND number = ?2";
        self.store.read(|tx| tx.one(sql, params![self.org_id, number], |row| row.int(0))).unwrap()
    }

    /// Gives a command, by two threads at once when asked so; also says whether the later one was turned away.
    pub fn give(&mut self, given: &Given) -> (Answer, bool) {
        let mut turned_away = false;
        let done = if given.twice_at_once && given.command.is_keyed() {
            let (one, other) = std::thread::scope(|scope| {
                let other = scope.spawn(|| self.perform(given));
                (self.perform(given), other.join().unwrap())
            });
            let later = |error: &String| LATER_OF_TWO.iter().any(|word| error.contains(word));
            match (one, other) {
                (Ok(done), Err(error)) | (Err(error), Ok(done)) if later(&error) => {
                    turned_away = true;
                    Ok(done)
                }
                (Ok(one), Ok(other)) if one == other => Ok(one),
                (Err(one), Err(other)) if one == other => Err(one),
                (Err(one), Err(other)) if later(&one) || later(&other) => {
                    Err(if later(&one) { other } else { one })
                }
                (one, other) => Err(format!("two at once were told {one:?} and {other:?}")),
            }
        } else {
            self.perform(given)
        };
        let answer = done.map(|(answer, id)| {
            let kept = match given.command {
                Command::Hold { .. } => Some(&mut self.holds),
                Command::Adjust { .. } => Some(&mut self.cases),
                _ => None,
            };
            if let Some(kept) = kept.filter(|kept| !kept.contains(&id)) {
                kept.push(id);
            }
            answer
        });
        if matches!(given.command, Command::Post { .. }) && answer.is_ok() {
            self.break_on_purpose(given);
        }
        (answer, turned_away)
    }

    fn break_on_purpose(&mut self, given: &Given) {
        if self.broken == Some(Broken::Doubled) {
            self.broken = None;
            let again = Given { key: given.key + 1_000_000, ..given.clone() };
            // Whether it is done or refused, the model knows nothing of it.
            let _ = self.perform(&again);
        }
    }

    fn once<E: From<StoreError> + std::fmt::Debug>(
        &self,
        actor: &Actor,
        given: &Given,
        command: impl FnOnce(&mut Work<'_, '_>) -> Result<(String, i64), E>,
    ) -> Done {
        let (verb, body) = (given.command.verb(), given.command.body());
        let desk = Desk::new(&self.store, actor);
        let done = desk.act_once(given.now(), &verb, &format!("key-{}", given.key), body.as_bytes(), command);
        done.map_err(|error| {
            let code = code(&error).replace("(Refusal", "").replace("Below(Text", "Below");
            if code.contains("KeyReused") { "KeyReused".into() } else { code }
        })
    }

    fn unit_of(&self, account: i64) -> i64 {
        let far = CUSTOMERS.iter().any(|one| one.account_id == account && one.book == FAR_BOOK);
        self.units[usize::from(far)]
    }
    fn fee_of(&self, unit: i64) -> &Actor {
        &self.actors[if unit == self.units[1] { "fee2" } else { "fee" }]
    }
    fn run_book(&self, book_id: i64) -> RunBook {
        let accounts = CUSTOMERS.iter().filter(|one| one.book == book_id).count() as i64;
        RunBook { book_id, unit_id: self.units[usize::from(book_id == FAR_BOOK)], accounts }
    }

    fn perform(&self, given: &Given) -> Done {
        let (reviewer, second) = (&self.actors["reviewer"], &self.actors["reviewer2"]);
        let (rules, postings) = (&self.rules, &self.base.postings);
        let done = || ("done".to_owned(), 0);
        match &given.command {
            Command::Post { unit, day, debits, credits, stranger } => {
                let actor = if *stranger { &self.stranger } else { &self.keeper };
                let post = |work: &mut Work<'_, '_>| {
                    let header = VoucherHeader {
                        voucher_id: work.next_key(),
                        unit_id: self.units[*unit],
                        posted_on: *day,
                        effective_on: *day,
                        event: "by_hand".into(),
                        source: "model".into(),
                        text: "手工".into(),
                    };
                    let entry = debits.iter().fold(Entry::new(), |entry, side| entry.debit(leg(side)));
                    let entry = credits.iter().fold(entry, |entry, side| entry.credit(leg(side)));
                    ledger::post_manual(work, &header, &entry).map(told)
                };
                if self.broken == Some(Broken::Lost) {
                    // It is answered, and the transaction never committed.
                    let mut answer = None;
                    let lost: Result<(), ledger::LedgerError> =
                        Desk::new(&self.store, actor).act(given.now(), |work| {
                            answer = Some(post(work)?);
                            Err(StoreError::Busy.into())
                        });
                    let failed = || Err(code(&lost.unwrap_err()));
                    return answer.map_or_else(failed, Ok);
                }
                self.once(actor, given, post)
            }
            Command::Reverse { number, day } => {
                let voucher_id = self.voucher_id(*number).unwrap_or(77);
                self.once(&self.keeper, given, |work| ledger::reverse(work, voucher_id, *day, "").map(told))
            }
            Command::Open(month) => {
                self.once(&self.keeper, given, |work| ledger::open_period(work, *month).map(|()| done()))
            }
            Command::Close(month) => {
                self.once(&self.keeper, given, |work| ledger::close_period(work, *month).map(|()| done()))
            }
            Command::Reopen(month) => {
                self.once(&self.keeper, given, |work| ledger::reopen_period(work, *month).map(|()| done()))
            }
            Command::Batch { month, book } => {
                let unit = self.run_book(*book).unit_id;
                self.once(self.fee_of(unit), given, |work| {
                    let batch = metering::book::create_batch(work, &rules.calendar, unit, *month, &[*book]);
                    batch.map(|(id, lines)| (format!("{lines} lines"), id))
                })
            }
            Command::Import { month, rows, twice } => self.import(given, *month, rows, *twice),
            Command::SelfCheck { month, book } => {
                let actor = self.fee_of(self.run_book(*book).unit_id);
                self.once(actor, given, |work| {
                    metering::book::self_check(work, *month, *book, "核对").map(|()| done())
                })
            }
            Command::Submit { month, book } => {
                let actor = self.fee_of(self.run_book(*book).unit_id);
                let centre = Some(self.centre);
                self.once(actor, given, |work| {
                    billing::submit_book(work, &rules.calendar, *month, *book, centre).map(|_| done())
                })
            }
            Command::Calculate { month, book } => self.once(reviewer, given, |work| {
                billing::calculate_book(work, &self.base.prices, *month, self.run_book(*book)).map(result)
            }),
            Command::Review { month, book } => self.once(second, given, |work| {
                billing::review_book(work, *month, self.run_book(*book)).map(|()| done())
            }),
            Command::Issue { month, book } => self.once(second, given, |work| {
                billing::issue_book(work, rules, postings, *month, self.run_book(*book), 20).map(result)
            }),
            Command::Back { month, book } => self.once(second, given, |work| {
                billing::send_book_back(work, *month, self.run_book(*book), "重算").map(|_| done())
            }),
            Command::Lists { month, far } => {
                let unit = self.units[usize::from(*far)];
                self.once(reviewer, given, |work| {
                    let sent = exception::send_lists(work, rules, *month, unit)?;
                    let count = |list: Option<(String, usize)>| list.map_or(0, |list| list.1);
                    let answer = format!("{} {}", count(sent.fluctuation), count(sent.zero_and_unread));
                    Ok::<_, billing::OfficeError>((answer, 0))
                })
            }
            Command::Raise { month, account } => self.once(reviewer, given, |work| {
                exception::raise_ticket(work, rules, *month, *account, "请核实").map(|_| done())
            }),
            Command::Answer { month, account } => {
                self.once(self.fee_of(self.unit_of(*account)), given, |work| {
                    exception::answer(work, rules, *month, *account, "已核实").map(|_| done())
                })
            }
            Command::InOrder { month, account } => self.once(reviewer, given, |work| {
                exception::put_in_order(work, rules, *month, *account).map(|_| done())
            }),
            Command::Hold { account, document, month } => {
                let number = format!("CT-{document}");
                self.once(self.fee_of(self.unit_of(*account)), given, |work| {
                    let placed = hold::place(work, rules, *account, *month, &number, "改类", self.centre);
                    placed.map(|hold| ("done".into(), hold.hold_id))
                })
            }
            Command::Release { which } => self.release(given, *which),
            Command::Adjust { account, kwh, fen, vat } => {
                let new = self.adjustment(*account, *kwh, *fen, *vat);
                self.once(self.fee_of(self.unit_of(*account)), given, |work| {
                    adjustment::start(work, rules, &new).map(|case| ("done".into(), case.case_id))
                })
            }
            Command::Advance { which } => self.advance(given, *which),
        }
    }

    fn release(&self, given: &Given, which: usize) -> Done {
        let id = self.holds.get(which).copied().unwrap_or(77);
        let sql = "SELECT account_id FROM hold WHERE org_id = ?1 AND hold_id = ?2";
        let account = self.store.read(|tx| tx.one(sql, params![self.org_id, id], |row| row.int(0))).unwrap();
        let actor = self.fee_of(account.map_or(0, |account| self.unit_of(account)));
        self.once(actor, given, |work| hold::release(work, &self.rules, id).map(|_| ("done".into(), 0)))
    }

    fn adjustment(&self, account_id: i64, energy: i64, fen: i64, vat: i64) -> NewAdjustment {
        let energy_kwh = kernel::Quantity::whole(energy).unwrap();
        let household = CUSTOMERS.iter().any(|one| {
            one.account_id == account_id && one.category == metering::account::Category::Residential
        });
        NewAdjustment {
            cause: Cause::StationError,
            account_id,
            month: april().previous(),
            reason: "三月表码录入有误".into(),
            effect: Effect {
                energy_kwh,
                tiers: if household { vec![(1, energy_kwh)] } else { vec![] },
                components: vec![
                    ("energy".into(), Money::from_fen(fen)),
                    ("vat".into(), Money::from_fen(vat)),
                ],
            },
            request_ticket_id: None,
            change_ticket: None,
            centre_unit_id: self.centre,
            follow_up: vec![],
        }
    }

    /// The next step of an adjustment: which it is, the case's ticket says.
    fn advance(&self, given: &Given, which: usize) -> Done {
        let id = self.cases.get(which).copied().unwrap_or(77);
        let (rules, org_id) = (&self.rules, self.org_id);
        let case = self.store.read(|tx| adjustment::find(tx, org_id, id)).ok();
        let ticket = case.as_ref().map(|case| case.ticket_id);
        let sql = "SELECT state FROM workflow_ticket WHERE org_id = ?1 AND id = ?2";
        let state = self
            .store
            .read(|tx| tx.one(sql, params![org_id, ticket.unwrap_or(0)], |row| row.text(0)))
            .unwrap()
            .unwrap_or_default();
        let called = case.as_ref().is_some_and(|case| case.called);
        let login = match state.as_str() {
            "started" => "head",
            "archived" => "fee",
            _ => "reviewer",
        };
        self.once(&self.actors[login], given, |work| {
            match state.as_str() {
                "started" => adjustment::approve(work, rules, id, "同意").map(drop)?,
                "approved" => adjustment::operate(work, rules, id)?,
                "operated" => adjustment::archive(work, rules, id)?,
                "archived" => adjustment::finish_follow_up(work, rules, id).map(drop)?,
                "followed_up" if !called => adjustment::record_call(work, id, "请建抄本")?,
                _ => {
                    let bill = adjustment::issue_with(work, rules, &self.base.postings, id)?;
                    return Ok((format!("{} {}", bill.key.sequence, bill.amount), 0));
                }
            }
            Ok::<_, billing::OfficeError>(("done".into(), 0))
        })
    }

    fn import(&self, given: &Given, month: Month, rows: &[(i64, i64)], twice: bool) -> Done {
        let mut file = "表号,抄表日期,本次示数,峰,谷,正向无功\n".to_owned();
        for (account, kwh) in rows.iter().chain(rows.first().filter(|_| twice)) {
            let book = CUSTOMERS.iter().find(|one| one.account_id == *account).unwrap().book;
            let lines =
                self.store.read(|tx| metering::entry::lines_of_book(tx, self.org_id, month, book)).unwrap();
            let line = lines.iter().find(|line| line.account_id == *account);
            let shown = |register, of: metering::reading::Register| {
                let before = line.and_then(|line| line.registers.of(of)).map(|span| span.previous);
                before.map_or(String::new(), |before| after(before, register, *account, *kwh).to_string())
            };
            use metering::reading::Register as Of;
            file.push_str(&format!(
                "M{account},{}-05,{},{},{},{}\n",
                month,
                shown(Register::Total, Of::Total),
                shown(Register::Peak, Of::Peak),
                shown(Register::Valley, Of::Valley),
                shown(Register::ReactiveForward, Of::ReactiveForward),
            ));
        }
        let table = Table::open_bytes("readings.csv", file.into_bytes(), &interchange::Options::default());
        let incoming = metering::import::Incoming { table: table.unwrap(), now: given.now(), lang: Lang::En };
        // Each station takes in its own.
        let far = rows.first().is_some_and(|row| self.unit_of(row.0) == self.units[1]);
        let actor = self.fee_of(self.units[usize::from(far)]);
        let desk = Desk::new(&self.store, actor);
        let outcome = metering::import::import_readings(&desk, incoming, month, Vec::new());
        match outcome {
            Ok((outcome, _)) => {
                Ok((format!("{} {} {}", outcome.added, outcome.unchanged, outcome.rejected), 0))
            }
            Err(error) => Err(code(&error)),
        }
    }
}

fn leg(side: &Side) -> Leg {
    let (account, fen, customer, component) = *side;
    Leg {
        account: AccountCode(account),
        amount: Money::from_fen(fen),
        customer,
        component: ComponentId(component),
    }
}
fn told(posted: ledger::Posted) -> (String, i64) {
    (format!("{} {} {} {}", posted.year, posted.number, posted.total, posted.postings), posted.voucher_id)
}
fn result(done: billing::BookResult) -> (String, i64) {
    (format!("{} {} {} {} {}", done.bills, done.clean, done.left, done.energy_kwh, done.amount), 0)
}
