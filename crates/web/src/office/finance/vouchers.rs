//! Vouchers: the list of a month, one with its entries and where it came from, posting and reversing by hand.

use std::collections::BTreeMap;

use ::ledger::{
    AccountCode, COUNT_MAX, Entry, Leg, MANUAL, Part, VoucherFilter, VoucherHeader, component_names,
    reversed_by, voucher_head, voucher_movements, voucher_postings, vouchers_of,
};
use identity::Work;
use kernel::{Bilingual as _, Date, Month, Text};
use store::Walk;

use super::ledger::{READ, nothing_for_zero};
use super::{accounts, bill_path, month_of, unit_by_code, unit_of, units};
use crate::catalogue::cursor;
use crate::catalogue::{
    Act, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Query, Refusal, Row, Rows, Run,
    Sheet, Takes, Tone, Value, View, Weight,
};
use crate::frame::url;

/// The vouchers of a month.
pub const VOUCHERS: List = List {
    name: "vouchers",
    path: "/ledger/vouchers",
    permission: READ,
    filters: &[
        Field::maybe("month", Takes::Month),
        Field::maybe("unit", Takes::Option(units)),
        Field::maybe("red", Takes::Flag),
    ],
    columns: &[
        Column::sorted("voucher", Kind::Text),
        Column::new("posted_on", Kind::Date),
        Column::new("unit", Kind::Text),
        Column::new("summary", Kind::Text),
        Column::new("source", Kind::Text),
        Column::new("by", Kind::Text),
        Column::new("entries", Kind::Count),
        Column { name: "total", kind: Kind::Money, sorts: false, summed: true },
    ],
    rows: vouchers,
    menu: true,
    acts: &["ledger.post"],
};

fn vouchers(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month) = (look.org_id(), month_of(look, query.given));
    let number = match query.search.rsplit('-').next().unwrap_or_default().trim() {
        "" => None,
        words => match words.parse::<i64>() {
            Ok(number) => Some(number),
            Err(_) => {
                return Ok(Rows {
                    note: Some(Text::new("按凭证号查找", "look for a voucher's number")),
                    ..Rows::default()
                });
            }
        },
    };
    let filter =
        VoucherFilter { unit_id: unit_of(look, READ, query.given)?, number, red: query.given.flag("red") };
    let down = query.sort.is_some_and(|(_, down)| down);
    let walk = query.walk(&[cursor::Part::Number])?;
    let part = Part { down, walk, offset: query.offset, limit: query.one_more() };
    let (mut found, count, total) = vouchers_of(look.tx, org_id, month, &filter, &part)?;
    let walked = query.walked(&mut found, |head| vec![head.voucher_id.into()]);
    let mut rows = Vec::with_capacity(found.len());
    for head in found {
        let tone = if head.reverses.is_some() { Tone::Bad } else { Tone::Plain };
        rows.push(Row::from(vec![
            Cell::from(head.document()).to(format!("/ledger/vouchers/{}", head.voucher_id)).toned(tone),
            Cell::from(head.posted_on),
            Cell::from(look.unit_name(head.unit_id)?),
            Cell::from(head.summary.as_str()),
            source(look, &head.source)?,
            Cell::from(look.person_name(head.person_id)?),
            Cell::from(head.count),
            Cell::from(head.total),
        ]));
    }
    let more = count > COUNT_MAX;
    let note = more.then(|| {
        Text::new(
            format!("超过 {COUNT_MAX} 张凭证，未合计；请按单位或凭证号缩小范围"),
            format!("more than {COUNT_MAX} vouchers, not summed: narrow by unit or number"),
        )
    });
    let sums = if more { Vec::new() } else { vec![("total", Value::Money(total))] };
    let total = usize::try_from(count.min(COUNT_MAX)).unwrap_or(0);
    Ok(Rows { rows, total, sums, note, more, walked: Some(walked) })
}

/// The document a voucher was made from, leading there where there is a page for it.
fn source(look: &mut Look<'_, '_>, source: &str) -> Result<Cell, Refusal> {
    let mut words = source.split(' ');
    Ok(match (words.next(), words.next(), words.next()) {
        (Some("issue"), Some(month), Some(book)) => {
            let found = book.parse().ok().and_then(|id: i64| look.books().ok()?.get(&id).cloned());
            match found {
                Some(book) => Cell::said(
                    format!("{month} 抄本 {} 发行", book.number),
                    format!("issue of book {} for {month}", book.number),
                )
                .to(format!("/books/{month}/{}", url::encode(&book.number))),
                None => Cell::from(source),
            }
        }
        (Some("adjustment"), Some(number), _) => {
            Cell::said(format!("退补 {number}"), format!("adjustment {number}"))
                .to(format!("/adjustments?q={}", url::encode(number)))
        }
        (Some("purchase_statement"), Some(number), _) => {
            Cell::said(format!("购电结算单 {number}"), format!("purchase statement {number}"))
        }
        _ if source.is_empty() => Cell::said("手工", "by hand"),
        _ => Cell::from(source),
    })
}

/// One voucher (记账凭证).
pub const VOUCHER: View = View {
    name: "voucher",
    path: "/ledger/vouchers/{voucher}",
    permission: READ,
    params: &[Field::new("voucher", Takes::Id)],
    show: voucher,
    menu: false,
};

/// Entries shown with the voucher itself; all of them are a list.
const SHOWN: usize = 50;

const ENTRY_COLUMNS: &[Column] = &[
    Column::sorted("line", Kind::Count),
    Column::new("debit_account", Kind::Text),
    Column::new("credit_account", Kind::Text),
    Column::new("component", Kind::Text),
    Column::new("account", Kind::Text),
    Column::new("bill", Kind::Month),
    Column { name: "amount", kind: Kind::Money, sorts: false, summed: true },
];

fn seen(look: &mut Look<'_, '_>, voucher_id: i64) -> Result<::ledger::VoucherHead, Refusal> {
    let org_id = look.org_id();
    let found = voucher_head(look.tx, org_id, voucher_id)?
        .ok_or_else(|| Refusal::not_found("凭证", "voucher", &voucher_id.to_string()))?;
    look.require(READ, found.unit_id)?;
    Ok(found)
}

fn voucher(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, id, lang) = (look.org_id(), given.number("voucher")?, look.lang());
    let head = seen(look, id)?;
    let number = head.document();
    let title = Text::new(format!("记账凭证 {number}"), format!("Voucher {number}"));
    let mut sheet = Sheet::new(title.text(lang));
    let red = reversed_by(look.tx, org_id, id)?;
    if head.reverses.is_some() {
        sheet.badges.push(Cell::word("state.red_voucher").toned(Tone::Bad));
    }
    if red.is_some() {
        sheet.badges.push(Cell::word("state.reversed").toned(Tone::Bad));
    } else if head.event == MANUAL && look.sees("ledger.reverse", head.unit_id) {
        sheet.offer("ledger.reverse", &[("voucher", &id)]);
    }
    let made_from = source(look, &head.source)?;
    let link = |id: Option<i64>| {
        id.map_or_else(Cell::default, |id| Cell::from(id.to_string()).to(format!("/ledger/vouchers/{id}")))
    };
    let facts = vec![
        ("unit", Kind::Text, Cell::from(look.unit_name(head.unit_id)?)),
        ("period", Kind::Month, Cell::from(head.period)),
        ("posted_on", Kind::Date, Cell::from(head.posted_on)),
        ("effective_on", Kind::Date, Cell::from(head.effective_on)),
        ("summary", Kind::Text, Cell::from(head.summary.as_str())),
        ("source", Kind::Text, made_from),
        ("total", Kind::Money, Cell::from(head.total)),
        ("entries", Kind::Count, Cell::from(head.count).to(format!("/ledger/vouchers/{id}/entries"))),
        ("by", Kind::Text, Cell::from(look.person_name(head.person_id)?)),
        ("at", Kind::Moment, Cell::from(head.made_at)),
        ("reverses", Kind::Text, link(head.reverses)),
        ("reversed_by", Kind::Text, link(red)),
    ];
    sheet.push(Block::Facts { name: "voucher", facts });
    let moved = movements(look, id, head.period)?;
    sheet.push(moved);
    let part = Part { down: false, walk: Walk::START, offset: 0, limit: SHOWN };
    let (found, count, _) = voucher_postings(look.tx, org_id, id, None, &part)?;
    let rows = entry_rows(look, &head, &found)?;
    sheet.push(Block::Table { name: "entries", columns: ENTRY_COLUMNS.to_vec(), rows });
    if count > SHOWN as i64 {
        sheet.push(Block::Note(
            Tone::Quiet,
            Text::new(
                format!("共 {count} 条分录，以上为前 {SHOWN} 条"),
                format!("the first {SHOWN} of {count} entries"),
            ),
        ));
    }
    let document = vault::Document { kind: ::ledger::VOUCHER.into(), number };
    let acts = vault::by_document(look.tx, org_id, &document, None, 20)?;
    let rows = acts.acts.iter().map(crate::office::auditing::act_row).collect();
    sheet.push(Block::Table { name: "acts", columns: crate::office::auditing::ACT_COLUMNS.to_vec(), rows });
    Ok(sheet)
}

fn movements(look: &mut Look<'_, '_>, voucher_id: i64, month: Month) -> Result<Block, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let chart = ::ledger::chart(look.tx, org_id)?;
    let named = component_names(look.tx, org_id)?;
    let found = voucher_movements(look.tx, org_id, voucher_id)?;
    let rows = found.iter().map(|moved| {
        let code = moved.account;
        let title = chart.account(code).map(|known| known.name.text(lang));
        let component =
            named.iter().find(|(id, _, _)| *id == moved.component).map(|(_, _, name)| name.text(lang));
        Row::from(vec![
            Cell::from(code.to_string()).to(format!("/ledger/accounts/{code}?month={month}")),
            Cell::from(title),
            Cell::from(component),
            nothing_for_zero(moved.debit),
            nothing_for_zero(moved.credit),
        ])
    });
    let columns = vec![
        Column::new("ledger_account", Kind::Text),
        Column::new("account_title", Kind::Text),
        Column::new("component", Kind::Text),
        Column::summed("debit", Kind::Money),
        Column::summed("credit", Kind::Money),
    ];
    Ok(Block::Table { name: "movements", columns, rows: rows.collect() })
}

/// Every entry of a voucher, of all customers or of one.
pub const ENTRIES: List = List {
    name: "voucher_entries",
    path: "/ledger/vouchers/{voucher}/entries",
    permission: READ,
    filters: &[Field::new("voucher", Takes::Id), Field::maybe("account", Takes::Text(40))],
    columns: ENTRY_COLUMNS,
    rows: entries,
    menu: false,
    acts: &[],
};

fn entries(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, id) = (look.org_id(), query.given.number("voucher")?);
    let head = seen(look, id)?;
    let number = query.given.maybe_text("account").or(Some(query.search).filter(|words| !words.is_empty()));
    let customer =
        number.map(|number| look.account(number).map(|found| found.account.account_id)).transpose()?;
    let down = query.sort.is_some_and(|(_, down)| down);
    let walk = query.walk(&[cursor::Part::Number])?;
    let part = Part { down, walk, offset: query.offset, limit: query.one_more() };
    let (mut found, count, total) = voucher_postings(look.tx, org_id, id, customer, &part)?;
    let walked = query.walked(&mut found, |(line, _)| vec![(*line).into()]);
    Ok(Rows {
        rows: entry_rows(look, &head, &found)?,
        total: usize::try_from(count).unwrap_or(0),
        sums: vec![("amount", Value::Money(total))],
        note: Some(Text::new(
            format!("凭证 {}：{}", head.document(), head.summary),
            format!("voucher {}: {}", head.document(), head.summary),
        )),
        walked: Some(walked),
        ..Rows::default()
    })
}

fn entry_rows(
    look: &mut Look<'_, '_>,
    head: &::ledger::VoucherHead,
    found: &[(i64, ::ledger::Posting)],
) -> Result<Vec<Row>, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let named = component_names(look.tx, org_id)?;
    let chart = ::ledger::chart(look.tx, org_id)?;
    let mut payers: Vec<i64> = found.iter().filter_map(|(_, posting)| posting.customer).collect();
    payers.sort_unstable();
    payers.dedup();
    let bills = billing::bills_of_voucher(look.tx, org_id, head.voucher_id, &payers)?;
    let bills: BTreeMap<i64, billing::BillKey> = bills.into_iter().collect();
    let known = accounts(look, payers.iter().copied().chain(bills.values().map(|key| key.account_id)))?;
    let account = |code: AccountCode| {
        let title = chart.account(code).map(|known| known.name.text(lang)).unwrap_or_default();
        Cell::from(format!("{code} {title}")).to(format!("/ledger/accounts/{code}?month={}", head.period))
    };
    Ok(found
        .iter()
        .map(|(line, posting)| {
            let customer = posting.customer.and_then(|id| known.get(&id));
            let component =
                named.iter().find(|(id, _, _)| *id == posting.component).map(|(_, _, name)| name.text(lang));
            let key = posting.customer.and_then(|id| bills.get(&id));
            let bill = match key.and_then(|key| Some((key, known.get(&key.account_id)?))) {
                Some((key, fact)) => {
                    Cell::from(key.month).to(bill_path(key.month, &fact.number, key.sequence))
                }
                None => Cell::default(),
            };
            let number = customer.map_or_else(Cell::default, |fact| {
                Cell::from(fact.number.as_str()).to(format!("/accounts/{}", url::encode(&fact.number)))
            });
            Row::from(vec![
                Cell::from(*line),
                account(posting.debit),
                account(posting.credit),
                Cell::from(component),
                number,
                bill,
                Cell::from(posting.amount),
            ])
        })
        .collect())
}

/// Posts a voucher by hand.
pub const POST: Act = Act {
    name: "ledger.post",
    path: "/ledger/post",
    permission: "ledger.post",
    fields: &[
        Field::new("unit", Takes::Option(units)),
        Field::new("posted_on", Takes::Date),
        Field::maybe("effective_on", Takes::Date),
        Field::new("summary", Takes::Text(130)),
        Field::maybe("source", Takes::Text(60)),
        Field::new("legs", Takes::LongText(20_000)),
    ],
    run: Run::Command(post),
    weight: Weight::Main,
    ..Act::PLAIN
};

/// Lines of a voucher by hand at most.
const LEGS_MAX: usize = 200;

fn post(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unit = unit_by_code(work, given.text("unit"))?;
    let posted_on = given.date("posted_on")?;
    let entry = entry(work, given.text("legs"))?;
    let header = VoucherHeader {
        voucher_id: work.next_key(),
        unit_id: unit.id,
        posted_on,
        effective_on: given.maybe_date("effective_on").unwrap_or(posted_on),
        event: MANUAL.into(),
        source: given.text("source").to_owned(),
        text: given.text("summary").to_owned(),
    };
    let posted = ::ledger::post_manual(work, &header, &entry)?;
    let number = format!("{}-{}", posted.year, posted.number);
    Ok(Done::said(
        format!("已记账：凭证 {number}，{} 元", posted.total),
        format!("posted voucher {number} of {} yuan", posted.total),
    )
    .see(format!("/ledger/vouchers/{}", posted.voucher_id))
    .fact("voucher", posted.voucher_id.to_string())
    .fact("number", number))
}

/// Reads `借 1002 100.00` or `credit 6051 100.00 4200001001`, a leg a line.
fn entry(work: &mut Work<'_, '_>, text: &str) -> Result<Entry, Refusal> {
    let mut entry = Entry::new();
    let wrong = |line: usize, zh: String, en: String| {
        let why = Text::new(format!("第 {line} 行：{zh}"), format!("line {line}: {en}"));
        Err(Refusal::fields(vec![("legs".to_owned(), why)]))
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (at, line) in lines {
        let number = at + 1;
        if number > LEGS_MAX {
            return wrong(number, format!("最多 {LEGS_MAX} 行"), format!("{LEGS_MAX} lines at most"));
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let (side, code, amount, account) = match words.as_slice() {
            [side, code, amount] => (*side, *code, *amount, None),
            [side, code, amount, account] => (*side, *code, *amount, Some(*account)),
            _ => {
                return wrong(
                    number,
                    "应为“借或贷 科目 金额 [户号]”".into(),
                    "write “debit or credit, account, amount [, customer]”".into(),
                );
            }
        };
        let Ok(code) = code.parse::<i64>() else {
            return wrong(number, format!("{code} 不是科目编码"), format!("{code} is not an account code"));
        };
        let amount = match amount.replace([',', '，'], "").parse::<kernel::Money>() {
            Ok(amount) => amount,
            Err(error) => {
                return wrong(number, error.text(kernel::Lang::Zh), error.text(kernel::Lang::En));
            }
        };
        let mut leg = Leg::new(AccountCode(code), amount);
        if let Some(account) = account {
            let org_id = work.org_id();
            match metering::account::account_by_number(work.tx, org_id, account)? {
                Some(found) => leg = leg.customer(found.account.account_id),
                None => {
                    return wrong(
                        number,
                        format!("没有用户 {account}"),
                        format!("there is no account {account}"),
                    );
                }
            }
        }
        entry = match side {
            "借" | "debit" | "d" | "D" => entry.debit(leg),
            "贷" | "credit" | "c" | "C" => entry.credit(leg),
            _ => {
                return wrong(
                    number,
                    format!("{side} 应为借或贷"),
                    format!("{side} is neither debit nor credit"),
                );
            }
        };
    }
    Ok(entry)
}

/// Reverses a voucher that was posted by hand (红冲).
pub const REVERSE: Act = Act {
    name: "ledger.reverse",
    path: "/ledger/vouchers/{voucher}/reverse",
    permission: "ledger.reverse",
    fields: &[
        Field::new("voucher", Takes::Id),
        Field::maybe("posted_on", Takes::Date),
        Field::new("summary", Takes::Text(130)),
    ],
    run: Run::Command(reverse),
    weight: Weight::Grave,
    view: Some("voucher"),
    ..Act::PLAIN
};

fn reverse(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let day: Date = given.maybe_date("posted_on").unwrap_or_else(|| work.today());
    let posted = ::ledger::reverse_manual(work, given.number("voucher")?, day, given.text("summary"))?;
    let number = format!("{}-{}", posted.year, posted.number);
    Ok(Done::said(format!("已红冲：凭证 {number}"), format!("reversed by voucher {number}"))
        .see(format!("/ledger/vouchers/{}", posted.voucher_id))
        .fact("voucher", posted.voucher_id.to_string())
        .fact("number", number))
}
