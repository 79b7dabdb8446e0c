//! Lists of a month that both sides sign (双方签字清单): feedback, contract directory, adjustments, evidence.

use identity::Work;
use kernel::Text;
use workflow::{ListSide, SignedList};

use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row,
    Rows, Run, Sheet, Takes, Tone, View, Weight,
};
use crate::cells;

const READ: &str = "workflow.read";
const LIST: Field = Field::new("list", Takes::Id);
const SIDES: &[&str] = &["first", "second"];
const COLUMNS: &[Column] = &[
    Column::sorted("number", Kind::Text),
    Column::sorted("list_kind", Kind::Text),
    Column::sorted("month", Kind::Month),
    Column::sorted("first_unit", Kind::Text),
    Column::sorted("first_signature", Kind::Text),
    Column::sorted("second_unit", Kind::Text),
    Column::sorted("second_signature", Kind::Text),
    Column::sorted("made_at", Kind::Moment),
];

/// The area.
pub const AREA: Area = Area {
    name: "lists",
    lists: &[List {
        name: "signed_lists",
        path: "/lists",
        permission: READ,
        filters: &[Field::maybe("month", Takes::Month), Field::maybe("unsigned", Takes::Flag)],
        columns: COLUMNS,
        rows: lists,
        menu: true,
        acts: &["exception.feedback_list", "contract.directory", "adjustment.month_list"],
    }],
    views: &[View {
        name: "signed_list",
        path: "/lists/{list}",
        permission: READ,
        params: &[LIST],
        show,
        menu: false,
    }],
    acts: &[ANSWER, SIGN],
    pages: &[],
};

const ANSWER: Act = Act {
    name: "list.answer",
    path: "/lists/{list}/answer",
    permission: "adjustment.file_evidence",
    fields: &[LIST, Field::new("copies", Takes::Count(0, 100_000)), Field::new("text", Takes::LongText(500))],
    run: Run::Command(answer),
    weight: Weight::Main,
    ..Act::PLAIN
};
const SIGN: Act = Act {
    name: "list.sign",
    path: "/lists/{list}/sign",
    permission: "workflow.sign_list",
    fields: &[LIST, Field::new("side", Takes::Choice(SIDES))],
    run: Run::Command(sign),
    weight: Weight::Signed,
    view: Some("signed_list"),
    ..Act::PLAIN
};

fn kind_of(list: &SignedList) -> Text {
    let found = workflow::Catalogue::built_in().list(&list.kind);
    found.map_or_else(|| Text::new(list.kind.clone(), list.kind.clone()), |kind| kind.text.clone())
}

fn signature(look: &mut Look<'_, '_>, list: &SignedList, side: ListSide) -> Result<Cell, Refusal> {
    let found = list.signatures.iter().find(|signature| signature.side == side);
    Ok(match found {
        Some(signature) => Cell::from(format!("{} {}", look.person_name(signature.person_id)?, signature.at))
            .toned(Tone::Good),
        None => Cell::word("page.lists.unsigned").toned(Tone::Warn),
    })
}

/// Does this person belong to one of the list's units, or see all of them?
fn sees(look: &Look<'_, '_>, list: &SignedList) -> bool {
    look.sees(READ, list.first_unit_id) || look.sees(READ, list.second_unit_id)
}

/// The side for which this person may still sign: of a post at that very unit.
fn own_side(look: &Look<'_, '_>, list: &SignedList) -> Option<&'static str> {
    let person = look.caller.actor.person_id;
    if list.signatures.iter().any(|signature| signature.person_id == person) {
        return None;
    }
    let holds_at = |unit_id: i64| {
        look.caller.actor.assignments.iter().any(|held| {
            held.unit_id == unit_id && held.permissions.iter().any(|name| name == "workflow.sign_list")
        })
    };
    let open = |side| list.signatures.iter().all(|signature| signature.side != side);
    if open(ListSide::First) && holds_at(list.first_unit_id) {
        Some("first")
    } else if open(ListSide::Second) && holds_at(list.second_unit_id) {
        Some("second")
    } else {
        None
    }
}

fn lists(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let month = query.given.maybe_month("month").unwrap_or_else(|| look.this_month());
    let mut rows = Vec::new();
    for list in workflow::lists_of(look.tx, org_id, month)? {
        if !sees(look, &list) || (query.given.flag("unsigned") && list.is_complete()) {
            continue;
        }
        let mut row = Row::from(cells![
            Cell::from(list.number.clone()).to(format!("/lists/{}", list.id)),
            kind_of(&list),
            list.month,
            look.unit_name(list.first_unit_id)?,
            signature(look, &list, ListSide::First)?,
            look.unit_name(list.second_unit_id)?,
            signature(look, &list, ListSide::Second)?,
            list.made_at,
        ]);
        if let Some(side) = own_side(look, &list) {
            row.offers.push(Offer::new("list.sign", &[("list", &list.id), ("side", &side)]));
        }
        rows.push(row);
    }
    Ok(Rows::of(COLUMNS, rows, query, lang))
}

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, id) = (look.org_id(), given.number("list")?);
    let list = workflow::find_list(look.tx, org_id, id)?;
    if !sees(look, &list) {
        return Err(Refusal::not_permitted(READ));
    }
    let kind = kind_of(&list);
    let mut sheet = Sheet::new(format!("{} {}", list.number, kernel::Bilingual::text(&kind, look.lang())));
    sheet.version = Some(list.signatures.len().to_string());
    let answered = if list.kind == "adjustment_detail" {
        billing::adjustment::month_list_answer(look.tx, org_id, id)?
    } else {
        None
    };
    let needs_answer = list.kind == "adjustment_detail" && answered.is_none();
    if let Some(side) = own_side(look, &list) {
        if needs_answer && side == "second" {
            sheet.offer("list.answer", &[("list", &id)]);
        } else {
            sheet.offer("list.sign", &[("list", &id), ("side", &side)]);
        }
    }
    sheet.push(Block::Facts {
        name: "signed_list",
        facts: vec![
            ("number", Kind::Text, Cell::from(list.number.clone())),
            ("list_kind", Kind::Text, Cell::from(kind)),
            ("month", Kind::Month, Cell::from(list.month)),
            ("made_by", Kind::Text, Cell::from(look.person_name(list.made_by)?)),
            ("made_at", Kind::Moment, Cell::from(list.made_at)),
            ("first_unit", Kind::Text, Cell::from(look.unit_name(list.first_unit_id)?)),
            ("first_signature", Kind::Text, signature(look, &list, ListSide::First)?),
            ("second_unit", Kind::Text, Cell::from(look.unit_name(list.second_unit_id)?)),
            ("second_signature", Kind::Text, signature(look, &list, ListSide::Second)?),
        ],
    });
    if let Some(answer) = answered {
        sheet.push(Block::Facts {
            name: "list_answer",
            facts: vec![
                ("copies", Kind::Count, Cell::from(answer.copies)),
                ("text", Kind::Text, Cell::from(answer.text)),
            ],
        });
    }
    let lines = workflow::list_lines(look.tx, org_id, id)?;
    let rows = (1_i64..).zip(lines).map(|(at, line)| Row::from(cells![at, line.text])).collect();
    let columns = vec![Column::new("line", Kind::Count), Column::new("text", Kind::Text)];
    sheet.push(Block::Table { name: "list_lines", columns, rows });
    sheet.push(Block::Files {
        name: "list_paper",
        files: vec![(Text::new("打印 PDF", "Print as PDF"), format!("/lists/{id}?format=pdf"))],
    });
    Ok(sheet)
}

fn answer(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (id, copies) = (given.number("list")?, given.number("copies")?);
    let copies = u32::try_from(copies).unwrap_or(0);
    billing::adjustment::answer_month_list(work, id, copies, given.text("text"))?;
    Ok(Done::said("已附原始资料复印件", "answered with copies of the evidence").see(format!("/lists/{id}")))
}

fn sign(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (org_id, id) = (work.org_id(), given.number("list")?);
    let side = if given.text("side") == "first" { ListSide::First } else { ListSide::Second };
    let list = workflow::find_list(work.tx, org_id, id)?;
    // The list of adjustments is signed by the station only after its copies.
    let signed = if list.kind == "adjustment_detail" {
        billing::adjustment::sign_month_list(work, id, side)?
    } else {
        workflow::sign_list(work, id, side)?
    };
    let done = if signed.is_complete() {
        Done::said(
            format!("清单 {} 双方签字齐全", signed.number),
            format!("list {} is signed by both sides", signed.number),
        )
    } else {
        Done::said(
            format!("清单 {} 已签字，待对方签字", signed.number),
            format!("list {} is signed and waits for the other side", signed.number),
        )
    };
    Ok(done.see(format!("/lists/{id}")).fact("complete", signed.is_complete()))
}
