//! Random sequences: mostly what makes sense where the model stands, and often enough what does not.

use fastrand::Rng;
use kernel::{Date, Month};

use super::command::{Command, Given, Query, Side, Step};
use super::reference::{Reference, Stand};
use super::world::BOOKS;
use crate::month::company::{CUSTOMERS, april};

/// Accounts of the chart that vouchers by hand and questions name; the last two take no postings.
const CODES: [i64; 7] = [1001, 1002, 1122, 2203, 600_101, 6001, 99];

fn pick<T: Copy>(chance: &mut Rng, of: &[T]) -> T {
    of[chance.usize(..of.len())]
}
fn account(chance: &mut Rng) -> i64 {
    CUSTOMERS[chance.usize(..CUSTOMERS.len())].account_id
}
fn code(chance: &mut Rng) -> i64 {
    if chance.u8(..100) < 94 { pick(chance, &CODES[..5]) } else { pick(chance, &CODES) }
}
fn billing_month(chance: &mut Rng) -> Month {
    if chance.u8(..10) < 6 { april() } else { april().next() }
}
fn any_month(chance: &mut Rng) -> Month {
    april().plus(chance.i32(-4..3)).unwrap()
}
fn day(chance: &mut Rng) -> Date {
    let month =
        if chance.u8(..10) < 8 { april().plus(chance.i32(-1..2)).unwrap() } else { any_month(chance) };
    // A voucher of another year would be numbered in a series the model does not keep.
    let month = if month.year() == 2026 { month } else { april() };
    month.first_day().plus_days(chance.i64(0..28)).unwrap()
}

/// The next step, thought up where `model` stands after `earlier`.
pub fn next(model: &Reference<'_>, earlier: &[Step], chance: &mut Rng) -> Step {
    let given: Vec<&Given> = earlier
        .iter()
        .filter_map(|step| match step {
            Step::Give(given) => Some(given),
            Step::Ask(_) => None,
        })
        .collect();
    if chance.u8(..100) < 25 {
        return Step::Ask(query(model, chance));
    }
    let minute = given.last().map_or(0, |last| last.minute) + chance.i64(1..3_000);
    let twice_at_once = chance.u8(..100) < 8;
    if !given.is_empty() && chance.u8(..100) < 18 {
        let again = pick(chance, &given);
        let mut again = Given { minute, twice_at_once, ..again.clone() };
        if chance.u8(..3) == 0 {
            again.command = command(model, chance);
        }
        return Step::Give(again);
    }
    let key = given.iter().map(|one| one.key).max().map_or(0, |last| last + 1);
    Step::Give(Given { minute, key, twice_at_once, command: command(model, chance) })
}

fn command(model: &Reference<'_>, chance: &mut Rng) -> Command {
    match chance.u8(..100) {
        0..22 => post(chance),
        22..30 => {
            let number = chance.i64(1..model.vouchers.len() as i64 + 2);
            Command::Reverse { number, day: day(chance) }
        }
        30..38 => period(model, chance),
        38..72 => book(model, chance),
        72..84 => exception(model, chance),
        84..92 => {
            let hold = Command::Hold {
                account: account(chance),
                document: chance.u8(..2),
                month: billing_month(chance),
            };
            let which = chance.usize(..model.holds() + 1);
            if chance.bool() { hold } else { Command::Release { which } }
        }
        _ => {
            let first = |one: &&crate::month::company::Customer| one.book != crate::month::company::FAR_BOOK;
            let own: Vec<i64> = CUSTOMERS.iter().filter(first).map(|one| one.account_id).collect();
            if model.cases() == 0 || chance.u8(..5) == 0 {
                let kwh = chance.i64(1..40) * if chance.bool() { 1 } else { -1 };
                let (fen, vat) = (kwh * 50, kwh * 6 * i64::from(chance.bool()));
                Command::Adjust { account: pick(chance, &own), kwh, fen, vat }
            } else {
                // Now and then one that is not there.
                let beyond = usize::from(chance.u8(..8) == 0);
                Command::Advance { which: chance.usize(..model.cases() + beyond) }
            }
        }
    }
}

fn sides(chance: &mut Rng, total: i64, least: i64, usual: &[i64]) -> Vec<Side> {
    let mut left = total;
    let mut found = Vec::new();
    for last in (0..chance.u8(1..4)).rev() {
        let part = if last == 0 { left } else { chance.i64(least..=left.max(least)) };
        left -= part;
        let customer = (chance.u8(..4) == 0).then(|| account(chance));
        let component = if chance.u8(..4) == 0 { chance.u16(1..6) } else { 0 };
        let account = if chance.u8(..10) < 8 { pick(chance, usual) } else { code(chance) };
        found.push((account, part, customer, component));
    }
    found
}

fn post(chance: &mut Rng) -> Command {
    let total = chance.i64(1..1_000_000);
    let least = i64::from(chance.u8(..10) != 0);
    let debits = sides(chance, total, least, &CODES[..2]);
    let off = i64::from(chance.u8(..12) == 0);
    let credits = sides(chance, total + off, least, &CODES[2..5]);
    let (unit, stranger) = (chance.usize(..3), chance.u8(..40) == 0);
    let (debits, credits) = if chance.u8(..60) == 0 { (vec![], vec![]) } else { (debits, credits) };
    Command::Post { unit, day: day(chance), debits, credits, stranger }
}

fn period(model: &Reference<'_>, chance: &mut Rng) -> Command {
    let last = *model.periods.last_key_value().unwrap().0;
    let first_open = model.periods.iter().find(|one| *one.1).map_or(april(), |one| *one.0);
    let last_closed = model.periods.iter().rfind(|one| !*one.1).map_or(april(), |one| *one.0);
    let wild = chance.u8(..4) == 0;
    match chance.u8(..3) {
        0 => Command::Open(if wild { any_month(chance) } else { last.next() }),
        1 => Command::Close(if wild { any_month(chance) } else { first_open }),
        _ => Command::Reopen(if wild { any_month(chance) } else { last_closed }),
    }
}

fn book(model: &Reference<'_>, chance: &mut Rng) -> Command {
    let (month, book) = (billing_month(chance), pick(chance, &BOOKS));
    let stand = model.books.get(&(month, book)).map(|found| found.stand);
    let own: Vec<i64> = CUSTOMERS.iter().filter(|one| one.book == book).map(|one| one.account_id).collect();
    let import = |chance: &mut Rng, share: u8| {
        let mut read: Vec<i64> = own.iter().copied().filter(|_| chance.u8(..10) < share).collect();
        if read.is_empty() {
            read.push(own[0]);
        }
        let rows = read.into_iter().map(|account| {
            let usual = CUSTOMERS.iter().find(|one| one.account_id == account).unwrap().month_kwh;
            let factor = pick(chance, &[100, 100, 100, 90, 110, 131, 60]);
            (account, (usual * factor / 1_000).max(1) * 10)
        });
        Command::Import { month, rows: rows.collect(), twice: chance.u8(..12) == 0 }
    };
    let sensible = match stand {
        None => Command::Batch { month, book },
        Some(Stand::Created) => import(chance, 10),
        Some(Stand::Entering) => match chance.u8(..4) {
            0 => import(chance, 9),
            1 => Command::SelfCheck { month, book },
            _ => Command::Submit { month, book },
        },
        Some(Stand::Submitted) => Command::Calculate { month, book },
        Some(Stand::Calculating) => Command::Review { month, book },
        Some(Stand::Reviewing) => Command::Issue { month, book },
        Some(Stand::Exception) => match chance.u8(..3) {
            0 => Command::Calculate { month, book },
            1 => Command::Review { month, book },
            _ => Command::Issue { month, book },
        },
        Some(Stand::Issued) => Command::Issue { month, book },
    };
    if chance.u8(..100) < 75 {
        return sensible;
    }
    match chance.u8(..8) {
        0 => Command::Batch { month, book },
        1 => import(chance, 3),
        2 => Command::SelfCheck { month, book },
        3 => Command::Submit { month, book },
        4 => Command::Calculate { month, book },
        5 => Command::Review { month, book },
        6 => Command::Issue { month, book },
        _ => Command::Back { month, book },
    }
}

fn exception(model: &Reference<'_>, chance: &mut Rng) -> Command {
    let known: Vec<((Month, i64), i64)> =
        model.exceptions.iter().map(|(key, one)| (*key, one.state)).collect();
    if known.is_empty() || chance.u8(..8) == 0 {
        let (month, account) = (billing_month(chance), account(chance));
        return match chance.u8(..4) {
            0 => Command::Raise { month, account },
            1 => Command::Answer { month, account },
            2 => Command::InOrder { month, account },
            _ => Command::Lists { month, far: chance.bool() },
        };
    }
    let ((month, account), state) = pick(chance, &known);
    match state {
        0 if super::reference::is_dedicated(account) => Command::Raise { month, account },
        0 => Command::Lists { month, far: chance.bool() },
        1 => Command::Answer { month, account },
        _ => Command::InOrder { month, account },
    }
}

fn query(model: &Reference<'_>, chance: &mut Rng) -> Query {
    let unit = |chance: &mut Rng| chance.bool().then(|| chance.usize(..3));
    let account = |chance: &mut Rng| if chance.bool() { 1122 } else { code(chance) };
    match chance.u8(..12) {
        0 | 1 => Query::Balance { from: any_month(chance), to: any_month(chance), unit: unit(chance) },
        2 | 3 => {
            let number = chance.i64(1..model.vouchers.len() as i64 + 1);
            let after = chance.bool().then(|| (number, chance.i64(0..6)));
            let size = pick(chance, &[0, 1, 2, 5, 40, 2_000]);
            Query::Detail { account: account(chance), month: any_month(chance), after, size }
        }
        4 => Query::Components { account: account(chance), from: any_month(chance), to: any_month(chance) },
        5 => Query::Customers { account: account(chance), month: any_month(chance) },
        6 => {
            let customer = self::account(chance);
            Query::Customer { account: account(chance), month: any_month(chance), customer }
        }
        7 => Query::BalanceOf { account: account(chance), month: any_month(chance), unit: unit(chance) },
        8 => Query::Periods,
        9 => Query::Exceptions {
            month: billing_month(chance),
            unit: unit(chance),
            account: (chance.u8(..4) == 0).then(|| self::account(chance)),
            state: chance.bool().then(|| chance.i64(0..5)),
            dedicated: chance.bool().then(|| chance.bool()),
        },
        10 => Query::Bills { month: billing_month(chance) },
        _ if chance.bool() => Query::Books { month: billing_month(chance) },
        _ => Query::Issued { month: billing_month(chance) },
    }
}
