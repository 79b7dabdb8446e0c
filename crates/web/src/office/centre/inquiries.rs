//! Inquiries of customers: received and answered by the station, forwarded to the centre when it does not know. The
//! centre answers the station, never the customer. (INQ-01..04)

use billing::desk;
use billing::inquiry::{self, Inquiry, InquiryState};
use identity::Work;
use kernel::Text;

use super::{
    ACCOUNT, UNIT_WANTED, account_in, accounts_searched, customer, encode, names, rules, unit_of_kind,
    units_shown,
};
use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row,
    Rows, Run, Sheet, Takes, Tone, Value, View, Weight,
};
use crate::cells;

/// Who looks at tickets between units looks at inquiries.
const WORKFLOW_READ: &str = "workflow.read";
const STATES: &[&str] = &["received", "forwarded", "answered", "closed"];

const LIST: List = List {
    name: "inquiries",
    path: "/inquiries",
    permission: WORKFLOW_READ,
    filters: &[UNIT_WANTED, Field::maybe("inquiry_state", Takes::Choice(STATES))],
    columns: &[
        Column::new("inquiry", Kind::Text),
        Column::new("account", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("unit", Kind::Text),
        Column::new("question", Kind::Text),
        Column::new("inquiry_state", Kind::Word),
        Column::new("received_at", Kind::Moment),
    ],
    rows,
    menu: true,
    acts: &["inquiry.receive"],
};

const FEES: List = List {
    name: "fees",
    path: "/accounts/{account}/fees",
    permission: super::READ,
    filters: &[ACCOUNT, Field::maybe("from_month", Takes::Month), Field::maybe("to_month", Takes::Month)],
    columns: FEES_COLUMNS,
    rows: fees,
    menu: false,
    acts: &[],
};

const FEES_COLUMNS: &[Column] = &[
    Column::sorted("month", Kind::Month),
    Column::summed("energy_kwh", Kind::Quantity(2)),
    Column::summed("amount", Kind::Money),
    Column::summed("paid", Kind::Money),
];

const INQUIRY: Field = Field::new("inquiry", Takes::Id);

const VIEW: View = View {
    name: "inquiry",
    path: "/inquiries/{inquiry}",
    permission: WORKFLOW_READ,
    params: &[INQUIRY],
    show,
    menu: false,
};

const TEXT: Field = Field::new("text", Takes::LongText(1_000));

const ACTS: &[Act] = &[
    Act {
        name: "inquiry.receive",
        path: "/inquiries",
        permission: "inquiry.receive",
        fields: &[ACCOUNT, Field::new("question", Takes::LongText(1_000))],
        run: Run::Command(receive),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "inquiry.forward",
        path: "/inquiries/{inquiry}/forward",
        permission: "inquiry.receive",
        fields: &[INQUIRY],
        run: Run::Command(forward),
        ..Act::PLAIN
    },
    Act {
        name: "inquiry.answer",
        path: "/inquiries/{inquiry}/answer",
        permission: "inquiry.answer_station",
        fields: &[INQUIRY, TEXT],
        run: Run::Command(answer),
        weight: Weight::Main,
        ..Act::PLAIN
    },
    Act {
        name: "inquiry.tell",
        path: "/inquiries/{inquiry}/tell",
        permission: "inquiry.receive",
        fields: &[INQUIRY, Field::new("words", Takes::LongText(1_000))],
        run: Run::Command(tell),
        weight: Weight::Main,
        ..Act::PLAIN
    },
];

/// The desk.
pub const AREA: Area =
    Area { name: "inquiries", lists: &[LIST, FEES], views: &[VIEW], acts: ACTS, pages: &[] };

fn state(state: InquiryState) -> Cell {
    let (code, tone) = match state {
        InquiryState::Received => ("received", Tone::Warn),
        InquiryState::Forwarded => ("forwarded", Tone::Plain),
        InquiryState::Answered => ("answered", Tone::Warn),
        InquiryState::Closed => ("closed", Tone::Good),
    };
    Cell::word(format!("choice.inquiry_state.{code}")).toned(tone)
}

fn offers(one: &Inquiry) -> Vec<Offer> {
    let acts: &[&'static str] = match one.state {
        InquiryState::Received => &["inquiry.tell", "inquiry.forward"],
        InquiryState::Forwarded => &["inquiry.answer"],
        InquiryState::Answered => &["inquiry.tell"],
        InquiryState::Closed => &[],
    };
    acts.iter().map(|act| Offer::new(act, &[("inquiry", &one.inquiry_id)])).collect()
}

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, given) = (look.org_id(), query.given);
    let units = units_shown(look, given, WORKFLOW_READ)?;
    let accounts = accounts_searched(look, query.search)?;
    let wanted = given
        .maybe_text("inquiry_state")
        .and_then(|code| STATES.iter().position(|known| *known == code))
        .map(|at| InquiryState::from_number(i64::try_from(at).unwrap_or(3)));
    let part = (query.offset, query.limit);
    let (found, total) =
        desk::inquiries_page(look.tx, org_id, units.as_deref(), wanted, accounts.as_deref(), part)?;
    let names = names(look, found.iter().map(|(one, _)| one.account_id))?;
    let mut rows = Vec::with_capacity(found.len());
    for (one, received_at) in found {
        let (number, name) = customer(&names, one.account_id);
        let cells = cells![
            Cell::from(one.inquiry_id.to_string()).to(format!("/inquiries/{}", one.inquiry_id)),
            number,
            name,
            look.unit_name(one.unit_id)?,
            one.question.as_str(),
            state(one.state),
            received_at,
        ];
        rows.push(Row { cells, offers: offers(&one) });
    }
    Ok(Rows { rows, total: usize::try_from(total).unwrap_or(0), ..Rows::default() })
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let org_id = look.org_id();
    let one = inquiry::find(look.tx, org_id, given.number("inquiry")?)?;
    look.require(WORKFLOW_READ, one.unit_id)?;
    let names = names(look, [one.account_id])?;
    let (number, name) = customer(&names, one.account_id);
    let title =
        crate::words::fill(look.lang(), "page.inquiry.title", &[("number", &one.inquiry_id.to_string())]);
    let mut sheet = Sheet::new(title);
    sheet.badges.push(state(one.state));
    sheet.offers = offers(&one);
    let facts = vec![
        ("account", Kind::Text, number),
        ("name", Kind::Text, name),
        ("unit", Kind::Text, look.unit_name(one.unit_id)?.into()),
        ("question", Kind::Text, one.question.as_str().into()),
        ("centre_answer", Kind::Text, one.centre_answer.clone().into()),
        ("told", Kind::Text, one.told.clone().into()),
    ];
    sheet.push(Block::Facts { name: "inquiry_facts", facts });
    let mut events = Vec::new();
    if let Some(ticket_id) = one.ticket_id {
        for step in workflow::history(look.tx, org_id, ticket_id)?.into_iter().rev() {
            let what = super::accounts::ticket_state("inquiry", &step.to_state);
            events.push((step.at, look.person_name(step.person_id)?, what, step.text));
        }
    }
    sheet.push(Block::Timeline { name: "inquiry_history", events });
    if let Some(known) = names.get(&one.account_id) {
        let path = format!("/accounts/{}/fees", encode(&known.number));
        let files = vec![(Text::new("电费信息", "Fees of the customer"), path)];
        sheet.push(Block::Files { name: "inquiry_files", files });
    }
    Ok(sheet)
}

fn fees(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, given) = (look.org_id(), query.given);
    let account = look.account(given.text("account"))?;
    look.require(super::READ, account.account.unit_id)?;
    let to = given.maybe_month("to_month").unwrap_or_else(|| look.this_month());
    let from = match given.maybe_month("from_month") {
        Some(from) => from,
        None => to.plus(-11)?,
    };
    let number = &account.number;
    let rows = inquiry::fee_information(look.tx, org_id, account.account.account_id, from, to)?
        .into_iter()
        .map(|one| {
            let month = Cell { value: Value::Month(one.month), ..Cell::default() };
            let month = month.to(super::accounts::bill_path(one.month, number, 0));
            Row::from(cells![month, one.energy_kwh, one.amount, one.paid])
        })
        .collect();
    let lang = look.lang();
    Ok(Rows::of(FEES_COLUMNS, rows, query, lang))
}

fn receive(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let account = account_in(work, given)?;
    let key = inquiry::receive(work, account, given.text("question"))?;
    let done = Done::said(format!("咨询已受理，编号 {key}"), format!("received as {key}"));
    Ok(done.see(format!("/inquiries/{key}")).fact("inquiry", key.to_string()))
}

fn forward(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let centre = unit_of_kind(work, "billing_centre")?;
    inquiry::forward(work, &rules()?, given.number("inquiry")?, centre)?;
    Ok(Done::said("已转电费管理中心", "forwarded to the billing centre"))
}

fn answer(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    inquiry::answer_to_station(work, &rules()?, given.number("inquiry")?, given.text("text"))?;
    Ok(Done::said("已答复供电所", "answered to the station"))
}

fn tell(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    inquiry::tell_customer(work, &rules()?, given.number("inquiry")?, given.text("words"), &[])?;
    Ok(Done::said("已答复用户", "the customer was told"))
}
