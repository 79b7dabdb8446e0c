//! The reference model: what the program promises, in plain maps. It knows no SQL and shares no code with what it
//! judges but the nouns, the price engine and the table of posting rules, which are pure and proved elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Date, Money, Month, Quantity};
use ledger::{AccountCode, ComponentId, Posting, PostingRules};
use tariff::{AccountPeriod, Register, Source};

use super::command::{Answer, Command, Given, Side};
use crate::month::company::{CUSTOMERS, Customer, FAR_BOOK, april};

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
    pub(super) history: BTreeMap<(Month, i64), Vec<(Quantity, Money, Quantity)>>,
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
            Command::Import { month, rows, twice } => self.import(*month, rows, *twice),
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

    fn batch(&mut self, month: Month, book: i64) -> Answer {
        if self.books.contains_key(&(month, book)) {
            return refuse("AlreadyDone");
        }
        let stand = Stand::Created;
        let opened = Book { stand, checked: false, calculated: false, reviewed: false, went_out: false };
        self.books.insert((month, book), opened);
        let mut count = 0;
        for account in Self::accounts(book) {
            let before = &self.lines[&(month.previous(), account)];
            let spans = before.spans.iter().map(|(register, _, now)| (*register, *now, *now)).collect();
            let line = Line { spans, status: 0, read_on: before.read_on, entered: false };
            self.lines.insert((month, account), line);
            count += 1;
        }
        Ok(format!("{count} lines"))
    }

    fn import(&mut self, month: Month, rows: &[(i64, i64)], twice: bool) -> Answer {
        let (mut added, mut unchanged, mut rejected) = (0, 0, usize::from(twice));
        for (account, kwh) in rows {
            let book = customer(*account).book;
            let open = self
                .books
                .get(&(month, book))
                .is_some_and(|found| matches!(found.stand, Stand::Created | Stand::Entering));
            if !open {
                rejected += 1;
                continue;
            }
            let line = self.lines.get_mut(&(month, *account)).unwrap();
            let next = shown(line, *account, *kwh, month);
            if *line == next {
                unchanged += 1;
                continue;
            }
            added += 1;
            *line = next;
            let found = self.books.get_mut(&(month, book)).unwrap();
            (found.stand, found.checked) = (Stand::Entering, false);
        }
        Ok(format!("{added} {unchanged} {rejected}"))
    }

    fn held(&self, account: i64, month: Month) -> (bool, bool) {
        let change = |hold: &Hold| hold.account == account && !hold.released && hold.from <= month;
        let adjustment = |case: &Case| case.account == account && case.step < 6;
        (self.holds.iter().any(change), self.cases.iter().any(adjustment))
    }

    fn calculate(&mut self, month: Month, book: i64) -> Answer {
        let found = self.books.get_mut(&(month, book)).ok_or("Office(NotFound")?;
        match found.stand {
            Stand::Calculating | Stand::Exception => {}
            Stand::Submitted => found.stand = Stand::Calculating,
            Stand::Reviewing | Stand::Issued => return refuse("BookState"),
            Stand::Created | Stand::Entering => return refuse("Metering(WrongState"),
        }
        (found.calculated, found.reviewed, found.went_out) = (true, false, false);
        let (mut count, mut clean, mut kwh, mut fee) = (0, 0, Quantity::ZERO, Money::ZERO);
        for account in Self::accounts(book) {
            if self.bills.get(&(month, account)).is_some_and(|bill| bill.issued) {
                continue;
            }
            self.exceptions.retain(|key, one| *key != (month, account) || one.state != FOUND);
            let mut bill = self.price(month, account);
            bill.reasons = self.reasons(month, account, &bill);
            let (change, adjustment) = self.held(account, month);
            bill.flow = if change {
                3
            } else if adjustment {
                2
            } else {
                i64::from(bill.reasons != 0)
            };
            count += 1;
            kwh = kwh.plus(bill.energy).unwrap();
            fee = fee.plus(bill.amount).unwrap();
            if bill.flow == 0 {
                clean += 1;
            } else if bill.reasons != 0 {
                let kept = self.exceptions.get(&(month, account)).map_or(FOUND, |known| known.state);
                let now = Exception { state: kept, reasons: bill.reasons, amount: bill.amount };
                self.exceptions.insert((month, account), now);
            }
            self.bills.insert((month, account), bill);
        }
        Ok(format!("{count} {clean} {count} {kwh} {fee}"))
    }

    /// The figures of an account's month: the engine's, from what the model says was measured and used.
    fn price(&self, month: Month, account: i64) -> Bill {
        let line = &self.lines[&(month, account)];
        let mut input = self.known.inputs[&account].clone();
        input.month = month;
        input.to = line.read_on.plus_days(1).unwrap();
        input.from = Date::from_number(input.to.number() - 100).unwrap();
        if let Some(tiers) = &mut input.tiers {
            tiers.used_kwh = (1..=3)
                .find_map(|back| self.history.get(&(month.plus(-back).unwrap(), account))?.last())
                .map_or(Quantity::ZERO, |last| last.2);
        }
        if let Source::Meters(segments) = &mut input.points[0].source {
            for reading in &mut segments[0].readings {
                let (_, before, now) = line.spans.iter().find(|span| span.0 == reading.register).unwrap();
                (reading.previous, reading.current) = (*before, *now);
            }
        }
        let mut bill = tariff::Bill::new();
        tariff::calculate(self.known.prices.plans(), self.known.prices.rules(), &input, &mut bill).unwrap();
        let event = self.known.rules.event(billing::BILL_ISSUED).unwrap();
        let sums = bill.sums.iter().filter(|sum| !sum.amount.is_zero()).map(|sum| {
            let plans = self.known.prices.plans();
            let code = &plans.component(sum.component).unwrap().code;
            let component = self.known.rules.component(code).unwrap();
            let net = sum.amount.minus(sum.vat).unwrap();
            (event.posting(component, net, Some(payer(account))).unwrap(), sum.amount)
        });
        Bill {
            reasons: 0,
            flow: 0,
            energy: bill.energy_kwh,
            amount: bill.total,
            issued: false,
            sums: sums.collect(),
            vat: bill.vat,
            used: bill.tiers.map_or(Quantity::ZERO, |tiers| tiers.used_kwh),
        }
    }

    fn reasons(&self, month: Month, account: i64, bill: &Bill) -> u16 {
        let mut found = [0, ZERO_READ, UNREAD][usize::from(self.lines[&(month, account)].status)];
        let past: Vec<_> =
            (1..=3).filter_map(|back| self.history.get(&(month.plus(-back).unwrap(), account))).collect();
        let kwh: i128 = past.iter().flat_map(|bills| bills.iter()).map(|one| i128::from(one.0.units())).sum();
        let fee: i128 = past.iter().flat_map(|bills| bills.iter()).map(|one| i128::from(one.1.fen())).sum();
        let off = |now: i64, past: i128| (i128::from(now) * 3 - past).abs() * 10 >= past * 3;
        if past.len() < 3 {
            found |= SHORT;
        } else if kwh <= 0 || fee <= 0 {
            found |= ZERO_AVERAGE;
        } else {
            found |= QUANTITY * u16::from(off(bill.energy.units(), kwh));
            found |= FEE * u16::from(off(bill.amount.fen(), fee));
        }
        found | FEE * u16::from(bill.amount.is_negative())
    }

    fn issue(&mut self, month: Month, book: i64, today: Date) -> Answer {
        let Some(mut found) = self.books.get(&(month, book)).copied() else { return refuse("BookState") };
        if !found.calculated || !found.reviewed {
            return refuse("BookState");
        }
        let free: Vec<i64> = Self::accounts(book)
            .filter(|account| {
                let bill = &self.bills[&(month, *account)];
                let exception = self.exceptions.get(&(month, *account));
                let in_order = exception.map_or(bill.reasons == 0, |one| one.state == IN_ORDER);
                !bill.issued && in_order && self.held(*account, month) == (false, false)
            })
            .collect();
        let left =
            |state: &Self| Self::accounts(book).filter(|one| !state.bills[&(month, *one)].issued).count();
        if free.is_empty() {
            return Ok(format!("0 0 {} {} {}", left(self), Quantity::ZERO, Money::ZERO));
        }
        if !matches!(found.stand, Stand::Reviewing | Stand::Exception) {
            return refuse("BookState");
        }
        let (mut postings, mut kwh, mut fee) = (Vec::new(), Quantity::ZERO, Money::ZERO);
        for account in &free {
            let bill = self.bills.get_mut(&(month, *account)).unwrap();
            bill.issued = true;
            let bill = bill.clone();
            let vat = self.known.rules.component("vat").unwrap();
            let event = self.known.rules.event(billing::BILL_ISSUED).unwrap();
            let vat = event.posting(vat, bill.vat, Some(payer(*account))).unwrap();
            let unit = self.unit_of(*account);
            for (posting, amount) in &bill.sums {
                self.issued.push((month, unit, posting.component, *amount));
                postings.extend(signed(posting));
            }
            postings.extend(signed(&vat));
            kwh = kwh.plus(bill.energy).unwrap();
            fee = fee.plus(bill.amount).unwrap();
            let history = self.history.entry((month, *account)).or_default();
            history.push((bill.energy, bill.amount, bill.used));
            if bill.flow != 0
                && let Some(exception) = self.exceptions.get_mut(&(month, *account))
            {
                exception.state = ISSUED;
            }
        }
        if !postings.is_empty() {
            let unit = self.known.units[usize::from(book == FAR_BOOK)];
            self.post(Voucher::new(today, unit, billing::BILL_ISSUED, postings))
                .map_err(|error| format!("Ledger({error}"))?;
        }
        let left = left(self);
        found.stand = if left == 0 { Stand::Issued } else { Stand::Exception };
        found.went_out = true;
        self.books.insert((month, book), found);
        Ok(format!("{} {} {left} {kwh} {fee}", free.len(), free.len()))
    }

    fn back(&mut self, month: Month, book: i64) -> Answer {
        let found = self.books.get_mut(&(month, book)).ok_or("Metering(NotFound")?;
        if found.calculated && found.reviewed {
            if found.went_out {
                return refuse("Office(Refused BILL-23");
            }
            found.reviewed = false;
        }
        found.stand = match found.stand {
            Stand::Calculating => Stand::Submitted,
            Stand::Reviewing | Stand::Exception => Stand::Calculating,
            _ => return refuse("Metering(WrongState"),
        };
        done()
    }

    fn lists(&mut self, month: Month, far: bool) -> Answer {
        let unit = self.known.units[usize::from(far)];
        let units = [self.known.units[0], self.known.units[1]];
        let (mut fluctuation, mut zero) = (0, 0);
        for ((at, account), exception) in &mut self.exceptions {
            let own = units[usize::from(customer(*account).book == FAR_BOOK)] == unit;
            if *at == month && own && exception.state == FOUND && !is_dedicated(*account) {
                exception.state = SENT;
                if exception.reasons & (ZERO_READ | UNREAD) == 0 { fluctuation += 1 } else { zero += 1 }
            }
        }
        Ok(format!("{fluctuation} {zero}"))
    }

    fn exception(&mut self, month: Month, account: i64, state: i64) -> Result<&mut Exception, String> {
        let found = self.exceptions.get_mut(&(month, account)).ok_or("NotFound")?;
        if found.state == state { Ok(found) } else { refuse("Refused BILL-14") }
    }

    fn advance(&mut self, which: usize, today: Date) -> Answer {
        let march = april().previous();
        let case = self.cases.get_mut(which).ok_or("NotFound")?;
        case.step += 1;
        if case.step > 6 {
            return refuse("Refused ADJ-03");
        }
        if case.step < 6 {
            return done();
        }
        let case = case.clone();
        let unit = self.unit_of(case.account);
        let mut postings = Vec::new();
        for (component, credit, amount) in case.parts {
            let customer = Some(payer(case.account));
            postings.extend(signed(&Posting {
                debit: AccountCode(1122),
                credit,
                amount,
                customer,
                component,
            }));
            if !amount.is_zero() {
                self.issued.push((march, unit, component, amount));
            }
        }
        if !postings.is_empty() {
            self.post(Voucher::new(today, unit, billing::BILL_ISSUED, postings)).map_err(|_| "Below")?;
        }
        let amount = case.parts[0].2.plus(case.parts[1].2).unwrap();
        let history = self.history.entry((march, case.account)).or_default();
        let used = history.last().map_or(Quantity::ZERO, |last| last.2);
        let by_tier = if is_household(case.account) { case.kwh } else { Quantity::ZERO };
        history.push((case.kwh, amount, used.plus(by_tier).unwrap()));
        Ok(format!("{} {amount}", history.len() - 1))
    }
}

impl Voucher {
    /// A voucher that nobody has reversed.
    pub fn new(day: Date, unit: i64, event: &str, postings: Vec<Posting>) -> Voucher {
        let (period, event) = (day.month(), event.to_owned());
        Voucher { period, posted_on: day, unit, event, postings, reversed: false, rank: 0 }
    }
}

/// A posting of either sign, as it is written: above zero, with its sides exchanged when it was below.
fn signed(posting: &Posting) -> Option<Posting> {
    match posting.amount.fen() {
        0 => None,
        fen if fen > 0 => Some(*posting),
        fen => Some(Posting {
            debit: posting.credit,
            credit: posting.debit,
            amount: Money::from_fen(-fen),
            ..*posting
        }),
    }
}

/// The meters of an account after `kwh` in `month`, read on the fifth.
fn shown(line: &Line, account: i64, kwh: i64, month: Month) -> Line {
    let spans = line
        .spans
        .iter()
        .map(|(register, before, _)| (*register, *before, after(*before, *register, account, kwh)));
    let read_on = Date::from_number(month.number() * 100 + 5).unwrap();
    Line { spans: spans.collect(), status: 0, read_on, entered: true }
}

/// What a register of `account` shows `kwh` after it showed `before`.
pub fn after(before: Quantity, register: Register, account: i64, kwh: i64) -> Quantity {
    let share = match register {
        Register::Total => 100,
        Register::Peak => 30,
        Register::Valley => 20,
        _ => 40,
    };
    let multiplier = if is_dedicated(account) { 100 } else { 1 };
    before.plus(Quantity::from_units(kwh * share * (Quantity::SCALE / 100) / multiplier)).unwrap()
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
