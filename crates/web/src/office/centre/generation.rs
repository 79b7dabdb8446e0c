//! Power bought from generating plants: plants, statements with their way to payment, off-grid quantity. (GEN-01..04)

use billing::desk;
use billing::generation::{self, NewPurchase, PurchaseState, PurchaseStatement};
use identity::Work;
use kernel::{Price, Text};
use ledger::PostingRules;

use super::{
    MONTH, MONTH_WANTED, NOTE, READ, REASON, UNIT, UNIT_WANTED, customer, names, rules, unit_in,
    unit_of_kind, units_shown,
};
use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row,
    Rows, Run, Sheet, Takes, Tone, View, Weight,
};
use crate::cells;

const PLANTS_COLUMNS: &[Column] = &[
    Column::sorted("plant", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::new("account", Kind::Text),
    Column::new("name", Kind::Text),
];

const PLANTS: List = List {
    name: "plants",
    path: "/plants",
    permission: READ,
    filters: &[UNIT_WANTED],
    columns: PLANTS_COLUMNS,
    rows: plants,
    menu: true,
    acts: &["generation.add_plant"],
};

const STATEMENTS_COLUMNS: &[Column] = &[
    Column::new("statement", Kind::Text),
    Column::sorted("plant", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::sorted("month", Kind::Month),
    Column::summed("energy_kwh", Kind::Quantity(2)),
    Column::new("price", Kind::Price(6)),
    Column::summed("amount", Kind::Money),
    Column::summed("vat", Kind::Money),
    Column::new("statement_state", Kind::Word),
];

const STATES: &[&str] = &["settled", "submitted", "approved", "paid", "refused"];

const STATEMENTS: List = List {
    name: "statements",
    path: "/statements",
    permission: READ,
    filters: &[MONTH_WANTED, UNIT_WANTED, Field::maybe("statement_state", Takes::Choice(STATES))],
    columns: STATEMENTS_COLUMNS,
    rows: statements,
    menu: true,
    acts: &["generation.settle"],
};

const STATEMENT: Field = Field::new("statement", Takes::Id);
const PLANT: Field = Field::new("plant", Takes::Option(plant_choices));

const VIEW: View = View {
    name: "statement",
    path: "/statements/{statement}",
    permission: READ,
    params: &[STATEMENT],
    show,
    menu: false,
};

const fn act(
    name: &'static str,
    path: &'static str,
    permission: &'static str,
    fields: &'static [Field],
    run: Run,
    weight: Weight,
) -> Act {
    Act { name, path, permission, fields, run, weight, ..Act::PLAIN }
}

const ACTS: &[Act] = &[
    act(
        "generation.add_plant",
        "/plants",
        "generation.settle",
        &[UNIT, Field::new("name", Takes::Text(100)), Field::maybe("account", Takes::Text(20))],
        Run::Command(add_plant),
        Weight::Plain,
    ),
    act(
        "generation.settle",
        "/statements",
        "generation.settle",
        &[
            PLANT,
            MONTH,
            Field::new("kwh", Takes::Quantity),
            Field::new("price", Takes::Text(20)),
            Field::new("vat", Takes::Money),
            Field::new("contract", Takes::Text(100)),
        ],
        Run::Command(settle),
        Weight::Main,
    ),
    act(
        "generation.settle_offgrid",
        "/plants/{plant}/off-grid/{month}",
        "generation.settle_offgrid",
        &[PLANT, MONTH],
        Run::Command(settle_offgrid),
        Weight::Plain,
    ),
    act(
        "generation.submit",
        "/statements/{statement}/submit",
        "generation.submit_statement",
        &[STATEMENT],
        Run::Command(submit),
        Weight::Main,
    ),
    act(
        "generation.approve",
        "/statements/{statement}/approve",
        "generation.approve_statement",
        &[STATEMENT, NOTE],
        Run::Command(approve),
        Weight::Main,
    ),
    act(
        "generation.refuse",
        "/statements/{statement}/refuse",
        "generation.approve_statement",
        &[STATEMENT, REASON],
        Run::Command(refuse),
        Weight::Grave,
    ),
    act(
        "generation.pay",
        "/statements/{statement}/pay",
        "generation.pay",
        &[STATEMENT],
        Run::Command(pay),
        Weight::Signed,
    ),
];

/// The desk.
pub const AREA: Area =
    Area { name: "generation", lists: &[STATEMENTS, PLANTS], views: &[VIEW], acts: ACTS, pages: &[] };

fn plant_choices(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let org_id = look.org_id();
    let found = desk::plants(look.tx, org_id)?;
    let seen = found.into_iter().filter(|plant| look.sees(READ, plant.unit_id));
    Ok(seen.map(|plant| (plant.plant_id.to_string(), Text::new(plant.name.clone(), plant.name))).collect())
}

fn state(state: PurchaseState) -> Cell {
    let (code, tone) = match state {
        PurchaseState::Settled => ("settled", Tone::Warn),
        PurchaseState::Submitted => ("submitted", Tone::Plain),
        PurchaseState::Approved => ("approved", Tone::Good),
        PurchaseState::Paid => ("paid", Tone::Quiet),
        PurchaseState::Refused => ("refused", Tone::Bad),
    };
    Cell::word(format!("choice.statement_state.{code}")).toned(tone)
}

fn offers(one: &PurchaseStatement) -> Vec<Offer> {
    let acts: &[&'static str] = match one.state {
        PurchaseState::Settled => &["generation.submit"],
        PurchaseState::Submitted => &["generation.approve", "generation.refuse"],
        PurchaseState::Approved => &["generation.pay"],
        PurchaseState::Paid | PurchaseState::Refused => &[],
    };
    acts.iter().map(|act| Offer::new(act, &[("statement", &one.statement_id)])).collect()
}

fn plants(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, month) = (look.org_id(), look.this_month());
    let units = units_shown(look, query.given, READ)?;
    let found = desk::plants(look.tx, org_id)?;
    let names = names(look, found.iter().filter_map(|plant| plant.offgrid_account_id))?;
    let mut rows = Vec::new();
    for plant in found {
        if units.as_ref().is_some_and(|units| !units.contains(&plant.unit_id)) {
            continue;
        }
        let (number, name) = match plant.offgrid_account_id {
            Some(account_id) => customer(&names, account_id),
            None => (Cell::default(), Cell::default()),
        };
        let mut row = Row::from(cells![plant.name.as_str(), look.unit_name(plant.unit_id)?, number, name]);
        row.offers.push(Offer::new("generation.settle", &[("plant", &plant.plant_id), ("month", &month)]));
        if plant.offgrid_account_id.is_some() {
            row.offers.push(Offer::new("generation.settle_offgrid", &[("plant", &plant.plant_id)]));
        }
        rows.push(row);
    }
    let lang = look.lang();
    Ok(Rows::of(PLANTS_COLUMNS, rows, query, lang))
}

fn statements(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, given) = (look.org_id(), query.given);
    let units = units_shown(look, given, READ)?;
    let plants = desk::plants(look.tx, org_id)?;
    let wanted =
        given.maybe_text("statement_state").and_then(|code| STATES.iter().position(|known| *known == code));
    let mut rows = Vec::new();
    for one in desk::statements(look.tx, org_id, given.maybe_month("month"))? {
        let other = wanted.is_some_and(|wanted| wanted != one.state as usize);
        if other || units.as_ref().is_some_and(|units| !units.contains(&one.unit_id)) {
            continue;
        }
        let plant =
            plants.iter().find(|plant| plant.plant_id == one.plant_id).map(|plant| plant.name.clone());
        let cells = cells![
            Cell::from(one.statement_id.to_string()).to(format!("/statements/{}", one.statement_id)),
            plant,
            look.unit_name(one.unit_id)?,
            one.month,
            one.energy_kwh,
            one.price,
            one.amount,
            one.vat,
            state(one.state),
        ];
        rows.push(Row { cells, offers: offers(&one) });
    }
    let lang = look.lang();
    Ok(Rows::of(STATEMENTS_COLUMNS, rows, query, lang))
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let org_id = look.org_id();
    let one = generation::find_statement(look.tx, org_id, given.number("statement")?)?;
    look.require(READ, one.unit_id)?;
    let plant = generation::find_plant(look.tx, org_id, one.plant_id)?;
    let mut sheet = Sheet::new(format!("{} {}", plant.name, one.month));
    sheet.badges.push(state(one.state));
    sheet.offers = offers(&one);
    let voucher = one
        .voucher_id
        .map(|id| Cell::from(id.to_string()).to(format!("/ledger/vouchers/{id}")))
        .unwrap_or_default();
    let facts = vec![
        ("plant", Kind::Text, plant.name.as_str().into()),
        ("unit", Kind::Text, look.unit_name(one.unit_id)?.into()),
        ("month", Kind::Month, one.month.into()),
        ("energy_kwh", Kind::Quantity(2), one.energy_kwh.into()),
        ("price", Kind::Price(6), one.price.into()),
        ("amount", Kind::Money, one.amount.into()),
        ("vat", Kind::Money, one.vat.into()),
        ("prepared_by", Kind::Text, look.person_name(one.made_by)?.into()),
        ("voucher", Kind::Text, voucher),
    ];
    sheet.push(Block::Facts { name: "statement_facts", facts });
    if let Some(approval_id) = one.approval_id {
        super::approvals::block(look, &mut sheet, approval_id)?;
    }
    let mut events = Vec::new();
    if let Some(ticket_id) = one.ticket_id {
        for step in workflow::history(look.tx, org_id, ticket_id)?.into_iter().rev() {
            let what = super::accounts::ticket_state("purchase_statement", &step.to_state);
            events.push((step.at, look.person_name(step.person_id)?, what, step.text));
        }
    }
    sheet.push(Block::Timeline { name: "statement_history", events });
    Ok(sheet)
}

fn plant_of(given: &Given) -> Result<i64, Refusal> {
    let text = given.text("plant");
    text.parse().map_err(|_| Refusal::not_found("电厂", "plant", text))
}

fn add_plant(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unit_id = unit_in(work, given.text("unit"))?;
    let account = match given.maybe_text("account") {
        Some(_) => Some(super::account_in(work, given)?),
        None => None,
    };
    let plant = generation::add_plant(work, unit_id, given.text("name"), account)?;
    let done = Done::said(format!("电厂 {} 已登记", plant.name), format!("plant {} is added", plant.name));
    Ok(done.see("/plants").fact("plant", plant.plant_id.to_string()))
}

fn settle(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let wrong = || {
        let said = Text::new("应为每千瓦时的元数，如 0.3612", "yuan for a kWh, such as 0.3612");
        Refusal::fields(vec![("price".into(), said)])
    };
    let price: Price = given.text("price").parse().map_err(|_| wrong())?;
    let new = NewPurchase {
        plant_id: plant_of(given)?,
        month: given.month("month")?,
        energy_kwh: given.quantity("kwh")?,
        price,
        vat: given.money("vat")?,
        contract: given.text("contract"),
    };
    let made = generation::settle_ongrid(work, &new)?;
    let done = Done::said(
        format!("结算单 {} 元，税额 {} 元", made.amount, made.vat),
        format!("a statement of {} yuan, VAT {}", made.amount, made.vat),
    );
    Ok(done
        .see(format!("/statements/{}", made.statement_id))
        .fact("statement", made.statement_id.to_string()))
}

fn settle_offgrid(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (kwh, fee) = generation::settle_offgrid(work, given.month("month")?, plant_of(given)?)?;
    Ok(Done::said(format!("下网 {kwh} 千瓦时，{fee} 元"), format!("off-grid {kwh} kWh, {fee} yuan")))
}

fn submit(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let marketing = unit_of_kind(work, "marketing_department")?;
    let number = generation::submit(work, &rules()?, given.number("statement")?, marketing)?;
    Ok(Done::said(format!("已报批 {number}"), format!("submitted as {number}")))
}

fn approve(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    generation::approve(work, &rules()?, given.number("statement")?, given.text("note"))?;
    Ok(Done::said("已同意", "approved"))
}

fn refuse(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    generation::refuse(work, &rules()?, given.number("statement")?, given.text("reason"))?;
    Ok(Done::said("未同意，已退回", "refused"))
}

fn pay(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let voucher = generation::pay(work, &rules()?, &PostingRules::standard()?, given.number("statement")?)?;
    Ok(Done::said("已入账付款", "booked and paid").fact("voucher", voucher.to_string()))
}
