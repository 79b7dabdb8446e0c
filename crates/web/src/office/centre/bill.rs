//! One bill: its figures, the explanation line by line, its history, its postings, its proof, its paper.

use billing::adjustment::stored_adjustment;
use billing::desk::{self, IssuedIn};
use billing::{
    BillKey, BillPaper, BillPostings, PriceBook, StoredBill, bill_code, bill_document, explain_bill,
    stored_bill,
};
use documents::Numbers;
use kernel::{Bilingual, Lang, Money, Text};
use ledger::{Posting, PostingRules};
use metering::account::AccountDetails;

use super::accounts::{bill_path, register_columns, register_rows, spoken};
use super::bills::bill_state;
use super::{ACCOUNT, MONTH, READ, book_cell, encode, flow, reasons};
use crate::catalogue::{
    Block, Cell, Column, Download, Field, FileMade, Given, Kind, Look, Offer, Refusal, Row, Sheet, Takes,
    Tone, View, Why,
};
use crate::cells;

const PARAMS: &[Field] = &[MONTH, ACCOUNT, Field::maybe("sequence", Takes::Count(0, 1_000))];

/// One bill.
pub const VIEW: View = View {
    name: "bill",
    path: "/bills/{month}/{account}",
    permission: READ,
    params: PARAMS,
    show,
    menu: false,
};

/// The bill on paper.
pub const DOWNLOADS: &[Download] = &[Download {
    name: "bill_pdf",
    path: "/bills/{month}/{account}/paper",
    permission: READ,
    params: PARAMS,
    types: &["application/pdf"],
    make: paper,
}];

/// The bill a path names, with whose it is.
struct Named {
    account: AccountDetails,
    key: BillKey,
}

fn named(look: &mut Look<'_, '_>, given: &Given) -> Result<Named, Refusal> {
    let account = look.account(given.text("account"))?;
    look.require(READ, account.account.unit_id)?;
    let key = BillKey {
        org_id: look.org_id(),
        month: given.month("month")?,
        account_id: account.account.account_id,
        sequence: given.maybe_number("sequence").unwrap_or(0),
    };
    Ok(Named { account, key })
}

fn missing(named: &Named) -> Refusal {
    let (number, month) = (&named.account.number, named.key.month);
    Refusal::new(
        Why::NotFound,
        format!("用户 {number} 在 {month} 没有已计算的电费"),
        format!("account {number} has no calculated bill for {month}"),
    )
}

/// The number of an issued bill as printed.
fn number(look: &mut Look<'_, '_>, issued: &billing::IssuedAs) -> Result<String, Refusal> {
    let unit_code = look.units()?.get(&issued.unit_id).map(|unit| unit.code.clone()).unwrap_or_default();
    let numbers = Numbers {
        kind: documents::kind("bill")?,
        unit_code,
        year: i16::try_from(issued.year).unwrap_or(0),
        first: issued.number,
        count: 1,
    };
    Ok(numbers.written(0))
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let named = named(look, given)?;
    if named.key.sequence > 0 {
        return show_adjustment(look, &named);
    }
    let (org_id, month) = (look.org_id(), named.key.month);
    let line = desk::bill_months(look.tx, org_id, named.key.account_id, &[month])?
        .into_iter()
        .find(|line| line.key == named.key)
        .ok_or_else(|| missing(&named))?;
    let mut sheet = begin(look, &named)?;
    sheet.badges = vec![flow(line.flow), bill_state(line.due_on.is_some())];
    let found = stored_bill(look.tx, named.key)?;
    let issued = desk::issue_of_bill(look.tx, named.key)?;
    let mut facts = vec![
        (
            "account",
            Kind::Text,
            Cell::from(named.account.number.as_str())
                .to(format!("/accounts/{}", encode(&named.account.number))),
        ),
        ("name", Kind::Text, named.account.name.as_str().into()),
        ("unit", Kind::Text, look.unit_name(named.account.account.unit_id)?.into()),
        ("book", Kind::Text, book_cell(look, month, line.book_id)?),
        ("month", Kind::Month, month.into()),
        ("energy_kwh", Kind::Quantity(2), line.energy_kwh.into()),
        ("amount", Kind::Money, line.amount.into()),
        ("reasons", Kind::Text, reasons(line.reasons).into()),
    ];
    if let Some(given) = found.as_ref().and_then(|bill| bill.issued.as_ref()) {
        facts.push(("bill_number", Kind::Text, number(look, given)?.into()));
        facts.push(("issued_at", Kind::Moment, given.issued_at.into()));
        facts.push(("pay_by", Kind::Date, given.due_on.into()));
    }
    sheet.push(Block::Facts { name: "bill_facts", facts });
    match &found {
        Some(bill) => {
            let prices = PriceBook::load(look.tx, org_id)?;
            components(look, &mut sheet, &prices, bill);
            readings(look, &mut sheet, &named)?;
            explanation(look, &mut sheet, &prices, bill);
            if let Some(issued) = &issued {
                let rules = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
                let mut postings = Vec::new();
                rules.each_posting(&bill.bill, issued.payer_id, |posting| {
                    postings.push(posting);
                    Ok::<_, billing::BillingError>(())
                })?;
                posted(look, &mut sheet, issued, &postings)?;
            }
        }
        None => {
            readings(look, &mut sheet, &named)?;
            sheet.push(Block::Note(
                Tone::Bad,
                Text::new(
                    "这户的电费未能计算；原因见复核",
                    "this bill could not be calculated; the review says why",
                ),
            ));
        }
    }
    history(look, &mut sheet, &named, line.book_id)?;
    proof(look, &mut sheet, &named)?;
    files(&mut sheet, &named, found.is_some());
    let number = &named.account.number;
    if issued.is_some() {
        for act in [
            "adjustment.start_station",
            "adjustment.start_centre",
            "adjustment.start_metering",
            "adjustment.start_inspection",
        ] {
            sheet.offers.push(Offer::new(act, &[("account", number), ("month", &month)]));
        }
    }
    Ok(sheet)
}

fn begin(look: &mut Look<'_, '_>, named: &Named) -> Result<Sheet, Refusal> {
    let (month, number) = (named.key.month, &named.account.number);
    let title = if look.lang() == Lang::Zh {
        format!("{month} 电费 {number} {}", named.account.name)
    } else {
        format!("Bill of {month}, {number} {}", named.account.name)
    };
    Ok(Sheet::new(title))
}

fn components(look: &mut Look<'_, '_>, sheet: &mut Sheet, prices: &PriceBook, bill: &StoredBill) {
    let lang = look.lang();
    let rows = bill
        .bill
        .sums
        .iter()
        .map(|sum| {
            let known = prices.plans().component(sum.component);
            let name = known.map_or_else(|| sum.component.0.to_string(), |known| known.name.text(lang));
            Row::from(cells![name, sum.amount, sum.vat])
        })
        .collect();
    let columns = vec![
        Column::new("component", Kind::Text),
        Column::summed("amount", Kind::Money),
        Column::summed("vat", Kind::Money),
    ];
    sheet.push(Block::Table { name: "bill_components", columns, rows });
}

fn readings(look: &mut Look<'_, '_>, sheet: &mut Sheet, named: &Named) -> Result<(), Refusal> {
    let (org_id, key) = (look.org_id(), named.key);
    let read = metering::stream::accounts_with_readings(look.tx, org_id, key.month, &[key.account_id])?;
    let rows = read.iter().flat_map(|account| &account.readings).flat_map(register_rows).collect();
    sheet.push(Block::Table { name: "registers", columns: register_columns(), rows });
    Ok(())
}

fn explanation(look: &Look<'_, '_>, sheet: &mut Sheet, prices: &PriceBook, bill: &StoredBill) {
    let lang = look.lang();
    let mut steps = Vec::new();
    for block in explain_bill(prices, bill) {
        let heading = block.heading.text(lang);
        for row in block.rows {
            let what = format!("{heading} · {}", row.label.text(lang));
            steps.push((what, row.calculation.text(lang), row.result));
        }
    }
    sheet.push(Block::Steps { name: "explanation", steps });
}

/// What a bill posted, with the voucher it stands in.
fn posted(
    look: &mut Look<'_, '_>,
    sheet: &mut Sheet,
    issued: &IssuedIn,
    postings: &[Posting],
) -> Result<(), Refusal> {
    let rules = PostingRules::standard()?;
    let lang = look.lang();
    let rows = postings
        .iter()
        .filter(|posting| !posting.amount.is_zero())
        .map(|posting| {
            let component = rules.components().iter().find(|known| known.id == posting.component);
            let name = component.map_or_else(String::new, |known| known.name.text(lang));
            // A negative amount is written on the other side, as the ledger keeps it.
            let (debit, credit) = if posting.amount.is_negative() {
                (posting.credit, posting.debit)
            } else {
                (posting.debit, posting.credit)
            };
            let amount = posting.amount.abs().unwrap_or(posting.amount);
            Row::from(cells![name, debit.0.to_string(), credit.0.to_string(), amount])
        })
        .collect();
    let columns = vec![
        Column::new("component", Kind::Text),
        Column::new("debit_account", Kind::Text),
        Column::new("credit_account", Kind::Text),
        Column::summed("amount", Kind::Money),
    ];
    sheet.push(Block::Table { name: "bill_postings", columns, rows });
    if issued.voucher_id > 0 {
        let voucher =
            Cell::from(issued.voucher_id.to_string()).to(format!("/ledger/vouchers/{}", issued.voucher_id));
        let facts = vec![
            ("voucher", Kind::Text, voucher),
            ("issued_by", Kind::Text, look.person_name(issued.issued_by)?.into()),
        ];
        sheet.push(Block::Facts { name: "bill_voucher", facts });
    }
    Ok(())
}

/// What happened to the bill's book, and to its exception.
fn history(look: &mut Look<'_, '_>, sheet: &mut Sheet, named: &Named, book_id: i64) -> Result<(), Refusal> {
    let (org_id, month) = (look.org_id(), named.key.month);
    let mut events = Vec::new();
    for step in metering::book::steps(look.tx, org_id, month, book_id)? {
        let what = Text::new(
            format!("抄本：{} → {}", step.from.text(Lang::Zh), step.to.text(Lang::Zh)),
            format!("book: {} → {}", step.from.text(Lang::En), step.to.text(Lang::En)),
        );
        events.push((step.at, look.person_name(step.person_id)?, what, step.reason));
    }
    let filter =
        billing::exception::ExceptionFilter { account_id: Some(named.key.account_id), ..Default::default() };
    for exception in billing::exception::exceptions_of(look.tx, org_id, month, &filter)? {
        let Some(ticket_id) = exception.ticket_id else { continue };
        let ticket = workflow::find(look.tx, org_id, ticket_id)?;
        for step in workflow::history(look.tx, org_id, ticket_id)? {
            let state = super::accounts::ticket_state(&ticket.kind, &step.to_state);
            let what = Text::new(
                format!("异常 {}：{}", ticket.number, state.zh),
                format!("exception {}: {}", ticket.number, state.en),
            );
            events.push((step.at, look.person_name(step.person_id)?, what, step.text));
        }
    }
    let account_id = named.key.account_id;
    for line in desk::bill_months(look.tx, org_id, account_id, &[month])? {
        if line.key.sequence == 0 {
            continue;
        }
        if let Some(issued) = desk::issue_of_bill(look.tx, line.key)? {
            let what = Text::new(
                format!("第 {} 笔退补 {} 元发行", line.key.sequence, line.amount),
                format!("adjustment {} of {} yuan issued", line.key.sequence, line.amount),
            );
            events.push((issued.issued_at, look.person_name(issued.issued_by)?, what, String::new()));
        }
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.0));
    sheet.push(Block::Timeline { name: "bill_history", events });
    Ok(())
}

/// The leaf of the bill, the root over its issue, the path between, and the act and checkpoint that hold the root.
fn proof(look: &mut Look<'_, '_>, sheet: &mut Sheet, named: &Named) -> Result<(), Refusal> {
    let org_id = look.org_id();
    let Some(place) = audit::bundle::place_of(look.tx, org_id, named.key)? else {
        sheet.push(Block::Note(
            Tone::Quiet,
            Text::new("发行后才有存证", "there is a proof once the bill is issued"),
        ));
        return Ok(());
    };
    let checkpoint = match vault::checkpoint_over(look.tx, org_id, place.seq) {
        Ok(checkpoint) => Some(checkpoint),
        Err(vault::VaultError::NotCovered { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let mut facts = vec![
        ("bill_code", Kind::Text, Cell::from(place.code.to_string()).to(format!("/verify/{}", place.code))),
        ("leaf", Kind::Text, hex(&place.leaf).into()),
        ("issue_root", Kind::Text, hex(&place.root).into()),
        ("issue_line", Kind::Text, format!("{} / {}", place.line + 1, place.bills).into()),
        ("log_act", Kind::Text, Cell::from(place.seq.to_string()).to(format!("/log/{}", place.seq))),
    ];
    match &checkpoint {
        Some(checkpoint) => {
            facts.push(("proof_checkpoint", Kind::Text, checkpoint.size.to_string().into()));
            facts.push(("checkpoint_root", Kind::Text, hex(&checkpoint.root).into()));
            facts.push(("checkpoint_at", Kind::Moment, checkpoint.made_at.into()));
        }
        None => facts.push((
            "proof_checkpoint",
            Kind::Text,
            Cell::said("尚未签名，下一个检查点将覆盖", "not signed yet; the next checkpoint covers it")
                .toned(Tone::Warn),
        )),
    }
    sheet.push(Block::Facts { name: "bill_proof", facts });
    let mut text: Vec<String> = place.path.iter().map(|hash| hex(hash)).collect();
    if let Some(checkpoint) = &checkpoint {
        text.push(String::new());
        let path = vault::inclusion(look.tx, org_id, place.seq, checkpoint.size)?;
        text.extend(path.iter().map(|hash| hex(hash)));
        text.push(String::new());
        text.push(checkpoint.note.clone());
    }
    sheet.push(Block::Raw { name: "inclusion", text: text.join("\n") });
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn files(sheet: &mut Sheet, named: &Named, calculated: bool) {
    if !calculated {
        return;
    }
    let path = format!("/bills/{}/{}/paper", named.key.month, encode(&named.account.number));
    let files = vec![(Text::new("电费账单 PDF", "The bill as PDF"), path)];
    sheet.push(Block::Files { name: "bill_files", files });
}

fn show_adjustment(look: &mut Look<'_, '_>, named: &Named) -> Result<Sheet, Refusal> {
    let found = stored_adjustment(look.tx, named.key)?.ok_or_else(|| missing(named))?;
    let mut sheet = begin(look, named)?;
    sheet.badges = vec![flow(billing::gates::Flow::Adjustment), bill_state(true)];
    let (month, bill) = (named.key.month, &found.bill);
    let first = bill_path(month, &named.account.number, 0);
    let facts = vec![
        (
            "account",
            Kind::Text,
            Cell::from(named.account.number.as_str())
                .to(format!("/accounts/{}", encode(&named.account.number))),
        ),
        ("name", Kind::Text, named.account.name.as_str().into()),
        ("month", Kind::Month, Cell::from(month).to(first)),
        ("sequence", Kind::Count, named.key.sequence.into()),
        ("document", Kind::Text, bill.document.as_str().into()),
        ("reason", Kind::Text, bill.reason.as_str().into()),
        ("energy_kwh", Kind::Quantity(2), bill.energy_kwh.into()),
        ("amount", Kind::Money, bill.amount.into()),
        ("bill_number", Kind::Text, number(look, &found.issued)?.into()),
        ("issued_at", Kind::Moment, found.issued.issued_at.into()),
        ("pay_by", Kind::Date, found.issued.due_on.into()),
    ];
    sheet.push(Block::Facts { name: "bill_facts", facts });
    effect(look, &mut sheet, &bill.components, &bill.tiers)?;
    let issued = desk::issue_of_bill(look.tx, named.key)?;
    if let Some(issued) = &issued {
        let org_id = look.org_id();
        let prices = PriceBook::load(look.tx, org_id)?;
        let rules = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
        let mut postings = Vec::new();
        rules.each_posting_of_adjustment(bill, issued.payer_id, |posting| {
            postings.push(posting);
            Ok::<_, billing::BillingError>(())
        })?;
        posted(look, &mut sheet, issued, &postings)?;
    }
    proof(look, &mut sheet, named)?;
    Ok(sheet)
}

/// The amounts of an adjustment by component, and its kWh by tier.
pub fn effect(
    look: &mut Look<'_, '_>,
    sheet: &mut Sheet,
    components: &[(String, Money)],
    tiers: &[(u8, kernel::Quantity)],
) -> Result<(), Refusal> {
    let rules = PostingRules::standard()?;
    let lang = look.lang();
    let rows = components
        .iter()
        .map(|(code, amount)| {
            let id = rules.component(code).ok();
            let known = rules.components().iter().find(|known| Some(known.id) == id);
            let name = known.map_or_else(|| code.clone(), |known| known.name.text(lang));
            Row::from(cells![name, *amount])
        })
        .collect();
    let columns = vec![Column::new("component", Kind::Text), Column::summed("amount", Kind::Money)];
    sheet.push(Block::Table { name: "adjustment_components", columns, rows });
    if !tiers.is_empty() {
        let rows = tiers.iter().map(|(tier, kwh)| Row::from(cells![i64::from(*tier), *kwh])).collect();
        let columns = vec![Column::new("tier", Kind::Count), Column::new("energy_kwh", Kind::Quantity(2))];
        sheet.push(Block::Table { name: "adjustment_tiers", columns, rows });
    }
    Ok(())
}

fn paper(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let named = named(look, given)?;
    let (org_id, lang) = (look.org_id(), look.lang());
    let bill = stored_bill(look.tx, named.key)?.ok_or_else(|| missing(&named))?;
    let prices = PriceBook::load(look.tx, org_id)?;
    let code = bill_code(look.tx, named.key)?;
    let station = look.unit_name(named.account.account.unit_id)?;
    let number = match &bill.issued {
        Some(issued) => number(look, issued)?,
        None => String::new(),
    };
    let issuer = spoken(look, &look.house.org_name);
    let address = format!("{}/verify/", look.house.address.trim_end_matches('/'));
    let paper = BillPaper {
        issuer: &issuer,
        station: &station,
        account: &named.account,
        number: &number,
        code: code.as_ref(),
        address: &address,
    };
    let bytes = paper::pdf(&bill_document(&prices, &bill, &paper, lang))?;
    let name = format!("{}-{}.pdf", named.account.number, named.key.month);
    Ok(FileMade { name, content_type: "application/pdf", bytes })
}
