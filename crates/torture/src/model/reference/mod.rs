//! The reference model: what the program promises, in plain maps. It knows no SQL and shares no code with what it
//! judges but the nouns, the price engine and the table of posting rules, which are pure and proved elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Date, Money, Month, Quantity};
use ledger::{AccountCode, ComponentId, Posting, PostingRules};
use tariff::{AccountPeriod, Register};

mod month;

pub use month::after;

use super::command::{Answer, Command, Given, Side};
use crate::month::company::{CUSTOMERS, Customer, FAR_BOOK};

/// Energy, fee and reactive energy of a month.
pub type Used = (Quantity, Money, Quantity);

/// Exception states as they are stored.
const FOUND: i64 = 0;
const SENT: i64 = 1;
const ANSWERED: i64 = 2;
const IN_ORDER: i64 = 3;
const ISSUED: i64 = 4;

/// Reasons, bit by bit.
const QUANTITY: u16 = 1;
const FEE: u16 = 2;
const ZERO_READ: u16 = 4;
const UNREAD: u16 = 8;
const SHORT: u16 = 16;
const ZERO_AVERAGE: u16 = 32;

/// A voucher; its number is its place, from 1, within the one year of the model.
#[derive(Debug, Clone)]
pub struct Voucher {
    /// Its period.
    pub period: Month,
    /// Its posting day.
    pub posted_on: Date,
    /// Its unit.
    pub unit: i64,
    /// Its event.
    pub event: String,
    /// Its postings.
    pub postings: Vec<Posting>,
    /// A red one has been made of it.
    pub reversed: bool,
    /// Its place in the order of keys, from 1; what a run of many threads wrote is numbered in another order.
    pub rank: i64,
}

/// A meter line: what each register showed before and shows now.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Register, before, now.
    pub spans: Vec<(Register, Quantity, Quantity)>,
    /// 0 read, 1 zero, 2 unread.
    pub status: u16,
    /// The day it was read.
    pub read_on: Date,
    /// A person has entered it.
    pub entered: bool,
}

/// How a book stands in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    Created,
    Entering,
    Submitted,
    Calculating,
    Reviewing,
    Exception,
    Issued,
}

/// A book in a month.
#[derive(Debug, Clone, Copy)]
pub struct Book {
    /// Where it stands.
    pub stand: Stand,
    checked: bool,
    calculated: bool,
    reviewed: bool,
    /// Bills of its newest calculation went out.
    went_out: bool,
}

/// A bill of the month itself.
#[derive(Debug, Clone)]
pub struct Bill {
    /// Why it is an exception.
    pub reasons: u16,
    /// 0 clean, 1 exception, 2 adjustment, 3 change.
    pub flow: i64,
    /// kWh.
    pub energy: Quantity,
    /// Fee.
    pub amount: Money,
    /// It is issued.
    pub issued: bool,
    sums: Vec<(Posting, Money)>,
    vat: Money,
    used: Quantity,
}

/// An exception.
#[derive(Debug, Clone, Copy)]
pub struct Exception {
    /// Its state.
    pub state: i64,
    /// Its reasons.
    pub reasons: u16,
    /// Its fee.
    pub amount: Money,
}

#[derive(Debug, Clone)]
struct Hold {
    account: i64,
    document: u8,
    from: Month,
    released: bool,
}

#[derive(Debug, Clone)]
struct Case {
    account: i64,
    kwh: Quantity,
    parts: [(ComponentId, AccountCode, Money); 2],
    step: usize,
}

/// What the model starts from and looks up.
pub struct Known {
    /// Units by place: first station, second, finance.
    pub units: [i64; 3],
    /// Accounts of the chart that take postings.
    pub postable: BTreeSet<i64>,
    /// The table of posting rules.
    pub rules: PostingRules,
    /// What went into each account's March bill.
    pub inputs: BTreeMap<i64, AccountPeriod>,
    /// Prices and the engine's rules.
    pub prices: billing::PriceBook,
}

/// The whole state.
#[derive(Clone)]
pub struct Reference<'k> {
    pub(super) known: &'k Known,
    pub(super) periods: BTreeMap<Month, bool>,
    pub(super) vouchers: Vec<Voucher>,
    pub(super) books: BTreeMap<(Month, i64), Book>,
    pub(super) lines: BTreeMap<(Month, i64), Line>,
    pub(super) bills: BTreeMap<(Month, i64), Bill>,
    pub(super) exceptions: BTreeMap<(Month, i64), Exception>,
    holds: Vec<Hold>,
    cases: Vec<Case>,
    /// Per account and month, bill after bill: kWh, fee, tier use.
    pub(super) history: BTreeMap<(Month, i64), Vec<Used>>,
    /// What was issued: month, unit, component, amount.
    pub(super) issued: Vec<(Month, i64, ComponentId, Money)>,
    remembered: BTreeMap<usize, (String, String)>,
    /// A rule told wrongly on purpose.
    pub wrong_rule: bool,
}

fn customer(account: i64) -> &'static Customer {
    CUSTOMERS.iter().find(|one| one.account_id == account).unwrap()
}
fn payer(account: i64) -> i64 {
    customer(account).main.unwrap_or(account)
}
pub(super) fn is_dedicated(account: i64) -> bool {
    customer(account).category == metering::account::Category::TwoPart
}
fn is_household(account: i64) -> bool {
    customer(account).category == metering::account::Category::Residential
}
fn refuse<T>(code: &str) -> Result<T, String> {
    Err(code.to_owned())
}
fn done() -> Answer {
    Ok("done".into())
}

impl<'k> Reference<'k> {
    /// The state from which every sequence starts.
    pub fn new(known: &'k Known, vouchers: Vec<Voucher>) -> Reference<'k> {
        let first = Month::from_number(202_601).unwrap();
        let periods = (0..4).map(|at| (first.plus(at).unwrap(), true)).collect();
        Reference {
            known,
            periods,
            vouchers,
            books: BTreeMap::new(),
            lines: BTreeMap::new(),
            bills: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            holds: Vec::new(),
            cases: Vec::new(),
            history: BTreeMap::new(),
            issued: Vec::new(),
            remembered: BTreeMap::new(),
            wrong_rule: false,
        }
    }
    /// Readings of `month` that are with the centre already.
    pub fn submitted(&mut self, month: Month, lines: BTreeMap<i64, Line>) {
        for one in &CUSTOMERS {
            let stand = Stand::Submitted;
            let book = Book { stand, checked: true, calculated: false, reviewed: false, went_out: false };
            self.books.insert((month, one.book), book);
        }
        self.lines.extend(lines.into_iter().map(|(account, line)| ((month, account), line)));
    }
    pub(super) fn unit_of(&self, account: i64) -> i64 {
        self.known.units[usize::from(customer(account).book == FAR_BOOK)]
    }
    fn accounts(book: i64) -> impl Iterator<Item = i64> {
        CUSTOMERS.iter().filter(move |one| one.book == book).map(|one| one.account_id)
    }
    /// How many holds there are.
    pub fn holds(&self) -> usize {
        self.holds.len()
    }
    /// How many adjustments there are.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Gives a command: what is remembered is answered, a key with another body refused, everything else done.
    pub fn give(&mut self, given: &Given) -> Answer {
        let body = given.command.body();
        if given.command.is_keyed()
            && let Some((known, answer)) = self.remembered.get(&given.key)
        {
            return if *known == body { Ok(answer.clone()) } else { refuse("KeyReused") };
        }
        let mut after = self.clone();
        let answer = after.act(given)?;
        if given.command.is_keyed() {
            after.remembered.insert(given.key, (body, answer.clone()));
        }
        *self = after;
        Ok(answer)
    }

    fn act(&mut self, given: &Given) -> Answer {
        let today = given.now().date();
        match &given.command {
            Command::Post { unit, day, debits, credits, stranger } => {
                if *stranger {
                    return refuse("Identity(NotPermitted");
                }
                let postings = split(debits, credits)?;
                let unit = self.known.units[*unit];
                self.post(Voucher::new(*day, unit, "by_hand", postings))
            }
            Command::Reverse { number, day } => self.reverse(*number, *day),
            Command::Open(month) => {
                if self.periods.last_key_value().is_some_and(|(last, _)| last.next() != *month) {
                    return refuse("PeriodOrder");
                }
                self.periods.insert(*month, true);
                done()
            }
            Command::Close(month) => {
                let earlier_open = self.periods.range(..*month).any(|(_, open)| *open);
                if self.periods.get(month) != Some(&true) || (earlier_open && !self.wrong_rule) {
                    return refuse("PeriodOrder");
                }
                self.periods.insert(*month, false);
                done()
            }
            Command::Reopen(month) => {
                let later_closed = self.periods.range(month.next()..).any(|(_, open)| !*open);
                if self.periods.get(month) != Some(&false) || later_closed {
                    return refuse("PeriodOrder");
                }
                self.periods.insert(*month, true);
                done()
            }
            Command::Batch { month, book } => self.batch(*month, *book),
            Command::Import { month, rows, twice } => self.import(*month, rows, *twice, today),
            Command::SelfCheck { month, book } => {
                let found = self.books.get_mut(&(*month, *book)).ok_or("NotFound")?;
                if found.stand != Stand::Entering {
                    return refuse("WrongState");
                }
                found.checked = true;
                done()
            }
            Command::Submit { month, book } => {
                let untouched = Self::accounts(*book)
                    .any(|account| self.lines.get(&(*month, account)).is_some_and(|line| !line.entered));
                let found = self.books.get_mut(&(*month, *book)).ok_or("Metering(NotFound")?;
                match (found.stand, found.checked, untouched) {
                    (Stand::Entering, true, false) => found.stand = Stand::Submitted,
                    (Stand::Entering, false, _) => return refuse("Metering(NotSelfChecked"),
                    (Stand::Entering, ..) => return refuse("Metering(LinesUntouched"),
                    _ => return refuse("Metering(WrongState"),
                }
                done()
            }
            Command::Calculate { month, book } => self.calculate(*month, *book),
            Command::Review { month, book } => {
                let found = self.books.get_mut(&(*month, *book)).ok_or("Office(NotFound")?;
                let with_centre =
                    matches!(found.stand, Stand::Calculating | Stand::Exception | Stand::Reviewing);
                if !with_centre || !found.calculated || found.reviewed {
                    return refuse("BookState");
                }
                (found.stand, found.reviewed) = (Stand::Reviewing, true);
                done()
            }
            Command::Issue { month, book } => self.issue(*month, *book, today),
            Command::Back { month, book } => self.back(*month, *book),
            Command::Lists { month, far } => self.lists(*month, *far),
            Command::Raise { month, account } => {
                let dedicated = is_dedicated(*account);
                let found = self.exception(*month, *account, FOUND)?;
                if !dedicated {
                    return refuse("Refused BILL-10");
                }
                found.state = SENT;
                done()
            }
            Command::Answer { month, account } => {
                self.exception(*month, *account, SENT)?.state = ANSWERED;
                done()
            }
            Command::InOrder { month, account } => {
                self.exception(*month, *account, ANSWERED)?.state = IN_ORDER;
                done()
            }
            Command::Hold { account, document, month } => {
                let same = |hold: &&Hold| hold.account == *account && hold.document == *document;
                if self.holds.iter().filter(same).any(|hold| !hold.released) {
                    return refuse("Refused PARM-04");
                }
                self.holds.push(Hold {
                    account: *account,
                    document: *document,
                    from: *month,
                    released: false,
                });
                done()
            }
            Command::Release { which } => {
                let hold = self.holds.get_mut(*which).ok_or("NotFound")?;
                if hold.released {
                    return refuse("Below");
                }
                hold.released = true;
                done()
            }
            Command::Adjust { account, kwh, fen, vat } => {
                let part = |code, fen| -> Result<_, String> {
                    let component = self.known.rules.component(code).map_err(|error| error.to_string())?;
                    let event =
                        self.known.rules.event(billing::BILL_ISSUED).map_err(|error| error.to_string())?;
                    let accounts = event.accounts(component).map_err(|error| error.to_string())?;
                    Ok((component, accounts.credit, Money::from_fen(fen)))
                };
                let parts = [part("energy", *fen)?, part("vat", *vat)?];
                let kwh = Quantity::whole(*kwh).unwrap();
                self.cases.push(Case { account: *account, kwh, parts, step: 0 });
                done()
            }
            Command::Advance { which } => self.advance(*which, today),
        }
    }

    fn post(&mut self, voucher: Voucher) -> Answer {
        if voucher.postings.is_empty() {
            return refuse("HeaderMismatch");
        }
        if self.periods.get(&voucher.period) != Some(&true) {
            return refuse("PeriodNotOpen");
        }
        let codes = voucher.postings.iter().flat_map(|posting| [posting.debit.0, posting.credit.0]);
        if !self.wrong_rule && codes.into_iter().any(|code| !self.known.postable.contains(&code)) {
            return refuse("UnknownAccount");
        }
        let total = Money::sum(voucher.postings.iter().map(|posting| posting.amount)).unwrap();
        let answer = format!("{} {} {total} {}", 2026, self.vouchers.len() + 1, voucher.postings.len());
        let rank = self.vouchers.len() as i64 + 1;
        self.vouchers.push(Voucher { rank, ..voucher });
        Ok(answer)
    }

    fn reverse(&mut self, number: i64, day: Date) -> Answer {
        let place = usize::try_from(number - 1).unwrap_or(usize::MAX);
        let Some(original) = self.vouchers.get(place).cloned() else { return refuse("NoSuchVoucher") };
        if day < original.posted_on {
            return refuse("ReversedTooEarly");
        }
        if original.reversed {
            return refuse("AlreadyReversed");
        }
        let turned = |posting: &Posting| Posting { debit: posting.credit, credit: posting.debit, ..*posting };
        let postings = original.postings.iter().map(turned).collect();
        let answer = self.post(Voucher::new(day, original.unit, &original.event, postings))?;
        self.vouchers[place].reversed = true;
        Ok(answer)
    }
}

impl Voucher {
    /// A voucher that nobody has reversed.
    pub fn new(day: Date, unit: i64, event: &str, postings: Vec<Posting>) -> Voucher {
        let (period, event) = (day.month(), event.to_owned());
        Voucher { period, posted_on: day, unit, event, postings, reversed: false, rank: 0 }
    }
}

/// Takes a voucher by hand apart: each credit leg is met by debit legs in order.
fn split(debits: &[Side], credits: &[Side]) -> Result<Vec<Posting>, String> {
    let sum = |sides: &[Side]| sides.iter().map(|side| side.1).sum::<i64>();
    if sum(debits) != sum(credits) {
        return refuse("Unbalanced");
    }
    if debits.iter().chain(credits).any(|side| side.1 <= 0) {
        return refuse("NotPositive");
    }
    let (mut debits, mut credits) = (debits.to_vec(), credits.to_vec());
    let mut found = Vec::new();
    while let (Some(debit), Some(credit)) = (debits.first().copied(), credits.first().copied()) {
        let amount = debit.1.min(credit.1);
        if debit.0 == credit.0 {
            return refuse("SameAccount");
        }
        if matches!((debit.2, credit.2), (Some(one), Some(other)) if one != other) {
            return refuse("TwoCustomers");
        }
        found.push(Posting {
            debit: AccountCode(debit.0),
            credit: AccountCode(credit.0),
            amount: Money::from_fen(amount),
            customer: debit.2.or(credit.2),
            component: ComponentId(if credit.3 == 0 { debit.3 } else { credit.3 }),
        });
        for sides in [&mut debits, &mut credits] {
            sides[0].1 -= amount;
            if sides[0].1 == 0 {
                sides.remove(0);
            }
        }
    }
    Ok(found)
}
