//! The billing month in the model: readings, calculation, gates, issue, exceptions, adjustments.

use kernel::{Date, Money, Month, Quantity};
use ledger::{AccountCode, Posting};
use tariff::{Register, Source};

use super::{
    Answer, Bill, Book, Case, Exception, FEE, FOUND, Hold, IN_ORDER, ISSUED, Line, QUANTITY, Reference, SENT,
    SHORT, Stand, UNREAD, Voucher, ZERO_AVERAGE, ZERO_READ, customer, done, is_dedicated, is_household,
    payer, refuse,
};
use crate::month::company::{FAR_BOOK, april};

impl Reference<'_> {
    pub(super) fn batch(&mut self, month: Month, book: i64) -> Answer {
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

    pub(super) fn import(&mut self, month: Month, rows: &[(i64, i64)], twice: bool, today: Date) -> Answer {
        let (mut added, mut unchanged, mut rejected) = (0, 0, usize::from(twice));
        for (account, kwh) in rows {
            let book = customer(*account).book;
            let open = self
                .books
                .get(&(month, book))
                .is_some_and(|found| matches!(found.stand, Stand::Created | Stand::Entering));
            // Nobody has read what lies ahead.
            if !open || Date::from_number(month.number() * 100 + 5).unwrap() > today {
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

    pub(super) fn calculate(&mut self, month: Month, book: i64) -> Answer {
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
        found | (FEE * u16::from(bill.amount.is_negative()))
    }

    pub(super) fn issue(&mut self, month: Month, book: i64, today: Date) -> Answer {
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

    pub(super) fn back(&mut self, month: Month, book: i64) -> Answer {
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

    pub(super) fn lists(&mut self, month: Month, far: bool) -> Answer {
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

    pub(super) fn exception(
        &mut self,
        month: Month,
        account: i64,
        state: i64,
    ) -> Result<&mut Exception, String> {
        let found = self.exceptions.get_mut(&(month, account)).ok_or("NotFound")?;
        if found.state == state { Ok(found) } else { refuse("Refused BILL-14") }
    }

    pub(super) fn advance(&mut self, which: usize, today: Date) -> Answer {
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
