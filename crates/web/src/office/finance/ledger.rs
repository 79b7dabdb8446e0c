//! The trial balance, and from it down to the postings of an account.

use ::ledger::{
    AccountCode, COUNT_MAX, Customer, LedgerError, LineFilter, Part, Side, account_lines, component_names,
    trial_balance,
};
use kernel::{Bilingual as _, Money, Text};

use super::{accounts, month_of, unit_of, units};
use crate::catalogue::cursor;
use crate::catalogue::{
    Cell, Column, Download, Field, FileMade, Given, Kind, List, Look, Query, Refusal, Row, Rows, Takes, Tone,
    Value,
};
use crate::frame::url;

pub(super) const READ: &str = "ledger.read";

const MONTH: Field = Field::maybe("month", Takes::Month);
const UNIT: Field = Field::maybe("unit", Takes::Option(units));

/// Balances and turnovers of every account (科目余额表).
pub const BALANCE: List = List {
    name: "balance",
    path: "/ledger/balance",
    permission: READ,
    filters: &[MONTH, Field::maybe("to_month", Takes::Month), UNIT],
    columns: BALANCE_COLUMNS,
    rows: balance,
    menu: true,
    acts: &["ledger.post"],
};

const BALANCE_COLUMNS: &[Column] = &[
    Column::sorted("ledger_account", Kind::Text),
    Column::new("account_title", Kind::Text),
    Column::new("side", Kind::Word),
    Column::sorted("balance_before", Kind::Money),
    Column::summed("debit", Kind::Money),
    Column::summed("credit", Kind::Money),
    Column::sorted("balance_after", Kind::Money),
];

/// A balance as an accountant reads it: on its account's own side.
pub(super) fn on_side(side: Side, balance: Money) -> Result<Money, Refusal> {
    Ok(if side == Side::Credit { balance.negated()? } else { balance })
}

pub(super) fn side_word(side: Side) -> Cell {
    Cell::word(format!("word.{}", side.name()))
}

fn balance(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let from = month_of(look, query.given);
    let to = query.given.maybe_month("to_month").unwrap_or(from);
    let unit_id = unit_of(look, READ, query.given)?;
    if to < from {
        return Err(Refusal::fields(vec![(
            "to_month".into(),
            Text::new("止月不能早于起月", "not before the first month"),
        )]));
    }
    let org_id = look.org_id();
    let found = trial_balance(look.tx, org_id, from, to, unit_id)?;
    let lang = look.lang();
    let unit = query.given.text("unit").to_owned();
    let rows = found
        .lines
        .iter()
        .map(|line| {
            let code = line.account.to_string();
            // The postings are shown a month at a time: the last one of several.
            let path = format!("/ledger/accounts/{code}?month={to}&unit={}", url::encode(&unit));
            let cells = vec![
                Cell::from(code).to(path.clone()),
                Cell::from(line.name.text(lang)).to(path),
                side_word(line.side),
                Cell::from(on_side(line.side, line.opening)?),
                Cell::from(line.debit),
                Cell::from(line.credit),
                Cell::from(on_side(line.side, line.closing)?),
            ];
            Ok(Row::from(cells))
        })
        .collect::<Result<Vec<Row>, Refusal>>()?;
    let mut rows = Rows::of(BALANCE_COLUMNS, rows, query, lang);
    rows.note = Some(if found.debit == found.credit {
        Text::new(
            format!("借贷平衡：{} 元", found.debit),
            format!("debits equal credits: {} yuan", found.debit),
        )
    } else {
        Text::new(
            format!("借贷不平衡！借方 {}，贷方 {}；请核对账目", found.debit, found.credit),
            format!("debits {} and credits {} DIFFER: check the books", found.debit, found.credit),
        )
    });
    Ok(rows)
}

/// The postings of an account in a month (明细账).
pub const ACCOUNT: List = List {
    name: "account_lines",
    path: "/ledger/accounts/{code}",
    permission: READ,
    filters: &[
        Field::new("code", Takes::Count(1, 999_999_999_999)),
        MONTH,
        UNIT,
        Field::maybe("component", Takes::Option(components)),
        Field::maybe("account", Takes::Text(40)),
    ],
    columns: &[
        Column::sorted("voucher", Kind::Text),
        Column::new("posted_on", Kind::Date),
        Column::new("summary", Kind::Text),
        Column::new("account", Kind::Text),
        Column::new("component", Kind::Text),
        Column::new("other_account", Kind::Text),
        Column { name: "debit", kind: Kind::Money, sorts: false, summed: true },
        Column { name: "credit", kind: Kind::Money, sorts: false, summed: true },
    ],
    rows: lines,
    menu: false,
    acts: &[],
};

fn components(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let org_id = look.org_id();
    let named = component_names(look.tx, org_id)?;
    Ok(named.into_iter().map(|(_, code, name)| (code, name)).collect())
}

fn lines(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month) = (look.org_id(), month_of(look, query.given));
    let code = AccountCode(query.given.number("code")?);
    let chart = ::ledger::chart(look.tx, org_id)?;
    let known = chart.account(code).ok_or(LedgerError::UnknownAccount(code))?;
    let (name, side, lang) = (known.name.clone(), known.side, look.lang());
    let named = component_names(look.tx, org_id)?;
    let component = match query.given.maybe_text("component") {
        None => None,
        Some(wanted) => {
            let found = named.iter().find(|(_, code, _)| code == wanted).map(|(id, _, _)| *id);
            Some(found.ok_or_else(|| Refusal::not_found("费用项", "component", wanted))?)
        }
    };
    let number = query.given.maybe_text("account").or(Some(query.search).filter(|words| !words.is_empty()));
    let customer = match number {
        None => None,
        Some(number) => {
            let id = look.account(number)?.account.account_id;
            let vouchers = billing::vouchers_of_payer(look.tx, org_id, id, month)?;
            Some(Customer { id, bulk_event: billing::BILL_ISSUED.to_owned(), vouchers })
        }
    };
    let filter = LineFilter { unit_id: unit_of(look, READ, query.given)?, component, customer };
    let down = query.sort.is_some_and(|(_, down)| down);
    let walk = query.walk(&[cursor::Part::Number; 2])?;
    let part = Part { down, walk, offset: query.offset, limit: query.one_more() };
    let mut found = account_lines(look.tx, org_id, code, month, &filter, &part)?;
    let walked = query.walked(&mut found.lines, |line| vec![line.key.0.into(), line.key.1.into()]);
    let numbers = accounts(look, found.lines.iter().filter_map(|line| line.customer))?;
    let (from, to) = (month.first_day(), month.last_day());
    let year = i64::from(from.year());
    let mut rows = Vec::with_capacity(found.lines.len());
    for line in &found.lines {
        let (voucher_id, _) = line.key;
        let customer =
            line.customer.map(|id| numbers.get(&id).map_or(id.to_string(), |fact| fact.number.clone()));
        let voucher = match &customer {
            Some(number) => format!("/ledger/vouchers/{voucher_id}/entries?account={}", url::encode(number)),
            None => format!("/ledger/vouchers/{voucher_id}"),
        };
        let part = named.iter().find(|(id, _, _)| *id == line.component).map(|(_, _, name)| name.text(lang));
        rows.push(Row::from(vec![
            Cell::from(format!("{year}-{}", line.number)).to(format!("/ledger/vouchers/{voucher_id}")),
            Cell::from(line.posted_on),
            Cell::from(line.text.as_str()),
            customer.map_or_else(Cell::default, |number| Cell::from(number).to(voucher)),
            Cell::from(part),
            Cell::from(line.other.to_string()).to(format!("/ledger/accounts/{}?month={month}", line.other)),
            nothing_for_zero(line.debit),
            nothing_for_zero(line.credit),
        ]));
    }
    // The balances are those of the account, whatever part of its postings is asked for.
    let balance = trial_balance(look.tx, org_id, month, month, filter.unit_id)?;
    let balance = balance.lines.into_iter().find(|line| line.account == code);
    let (opening, closing) =
        balance.as_ref().map_or((Money::ZERO, Money::ZERO), |line| (line.opening, line.closing));
    let (opening, closing) = (on_side(side, opening)?, on_side(side, closing)?);
    let mut said = Text::new(
        format!("{code} {} {from} 至 {to}：期初余额 {opening} 元，期末余额 {closing} 元", name.zh),
        format!("{code} {}, {from} to {to}: opening {opening} yuan, closing {closing} yuan", name.en),
    );
    let more = found.count > COUNT_MAX;
    // Sums of everything come from the kept balances; of a part, from what was counted, if that was all of it.
    let sums = match balance.filter(|_| filter.component.is_none() && filter.customer.is_none()) {
        Some(line) => Some((line.debit, line.credit)),
        None => Some((found.debit, found.credit)).filter(|_| !more),
    };
    let sums = sums.map_or_else(Vec::new, |(debit, credit)| {
        vec![("debit", Value::Money(debit)), ("credit", Value::Money(credit))]
    });
    if more {
        said = Text::new(
            format!("{}。超过 {COUNT_MAX} 条分录，请用户号、费用项或单位缩小范围", said.zh),
            format!("{}. More than {COUNT_MAX} postings: narrow by account, component or unit", said.en),
        );
    }
    Ok(Rows {
        rows,
        total: usize::try_from(found.count.min(COUNT_MAX)).unwrap_or(0),
        sums,
        note: Some(said),
        more,
        walked: Some(walked),
    })
}

/// A zero on the side that a posting does not touch is left empty, as in a ledger.
pub(super) fn nothing_for_zero(amount: Money) -> Cell {
    if amount.is_zero() { Cell::default() } else { Cell::from(amount) }
}

/// The whole ledger as a text that hledger reads.
pub const HLEDGER: Download = Download {
    name: "hledger",
    path: "/ledger/export.journal",
    permission: READ,
    params: &[],
    types: &["text/plain"],
    make: hledger,
};

/// A text that is larger is written with the command line, to a file.
const JOURNAL_BYTES_MAX: usize = 256 << 20;

struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > JOURNAL_BYTES_MAX {
            return Err(std::io::Error::other("too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn hledger(look: &mut Look<'_, '_>, _: &Given) -> Result<FileMade, Refusal> {
    if look.caller.units_of(READ).is_some() {
        return Err(Refusal::not_permitted(READ));
    }
    let (org_id, today) = (look.org_id(), look.today());
    let mut out = Bounded(Vec::new());
    ::ledger::export_hledger(look.tx, org_id, &mut out).map_err(|error| match error {
        LedgerError::Output(_) => Refusal::refused(
            "账目超过 256 MiB，请用命令 `zhangfang ledger export` 导出到文件",
            "the books are above 256 MiB: write them to a file with `zhangfang ledger export`",
        ),
        other => other.into(),
    })?;
    let name = format!("{}-{today}.journal", look.house.org_code);
    Ok(FileMade { name, content_type: "text/plain", bytes: out.0 })
}

/// A cell that says that something is out of order.
pub(super) fn alarming(cell: Cell, wrong: bool) -> Cell {
    if wrong { cell.toned(Tone::Bad) } else { cell }
}
