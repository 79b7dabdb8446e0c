//! Approvals that wait: for heads and leaders, by post and amount. (ADJ-03, ADJ-17, GEN-02)

use identity::Work;
use kernel::Text;
use workflow::{Approval, ApprovalState, OpenApproval};

use crate::catalogue::{
    Act, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Sheet, Takes, Tone, Weight,
};
use crate::cells;

const WORKFLOW_READ: &str = "workflow.read";

const COLUMNS: &[Column] = &[
    Column::sorted("approval", Kind::Text),
    Column::sorted("approval_kind", Kind::Text),
    Column::sorted("unit", Kind::Text),
    Column::summed("amount", Kind::Money),
    Column::new("refund", Kind::Flag),
    Column::sorted("prepared_by", Kind::Text),
    Column::sorted("opened_at", Kind::Moment),
    Column::new("approval_step", Kind::Text),
];

/// What waits for the person who looks.
pub const LIST: List = List {
    name: "approvals",
    path: "/approvals",
    permission: WORKFLOW_READ,
    filters: &[Field::maybe("everybody", Takes::Flag)],
    columns: COLUMNS,
    rows,
    menu: true,
    acts: &[],
};

const APPROVAL: Field = Field::new("approval", Takes::Id);

/// A leader's decision about a large refund, which is signed.
pub const ACTS: &[Act] = &[Act {
    name: "approval.decline_leader",
    path: "/approvals/{approval}/decline",
    permission: "adjustment.approve_leader",
    fields: &[APPROVAL, super::REASON],
    run: Run::Command(decline),
    weight: Weight::Grave,
    ..Act::PLAIN
}];

/// The name of a kind of approval.
pub fn kind(code: &str) -> Text {
    super::accounts::ticket_kind(code)
}

/// The name of a post.
pub fn post(code: &str) -> Text {
    let known = identity::Catalogue::built_in().post(code);
    known.map_or_else(|| Text::new(code, code), |post| post.text.clone())
}

/// The approvals that wait for the person who looks.
pub fn mine(look: &mut Look<'_, '_>) -> Result<Vec<OpenApproval>, Refusal> {
    let org_id = look.org_id();
    let mut open = workflow::approvals_open(look.tx, org_id)?;
    let actor = &look.caller.actor;
    open.retain(|open| workflow::step_for(&open.approval, actor).is_some());
    Ok(open)
}

/// The matter of an approval: its page, and the acts that decide it.
fn matter(look: &mut Look<'_, '_>, open: &OpenApproval) -> Result<(Option<String>, Vec<Offer>), Refusal> {
    let org_id = look.org_id();
    if open.subject_kind != "ticket" {
        return Ok((None, Vec::new()));
    }
    let ticket = workflow::find(look.tx, org_id, open.subject_id)?;
    let path = super::accounts::ticket_path(&ticket);
    let Some(step) = workflow::step_for(&open.approval, &look.caller.actor) else {
        return Ok((Some(path), Vec::new()));
    };
    let offers = match ticket.subject_kind.as_str() {
        "adjustment" => super::adjust::decisions(ticket.subject_id, open.approval.id, &step.permission),
        "purchase_statement" => ["generation.approve", "generation.refuse"]
            .iter()
            .map(|act| Offer::new(act, &[("statement", &ticket.subject_id)]))
            .collect(),
        _ => Vec::new(),
    };
    Ok((Some(path), offers))
}

fn rows(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let org_id = look.org_id();
    let open = if query.given.flag("everybody") {
        let mut open = workflow::approvals_open(look.tx, org_id)?;
        open.retain(|open| look.sees(WORKFLOW_READ, open.approval.unit_id));
        open
    } else {
        mine(look)?
    };
    let mut rows = Vec::new();
    for one in open {
        let (path, offers) = matter(look, &one)?;
        let mut number = Cell::from(one.approval.number.as_str());
        number.link = path;
        let waiting = one.approval.steps.iter().find(|step| step.decision.is_none());
        let cells = cells![
            number,
            kind(&one.approval.kind),
            look.unit_name(one.approval.unit_id)?,
            one.approval.amount,
            one.is_refund,
            look.person_name(one.approval.maker_id)?,
            one.opened_at,
            waiting.map(|step| post(&step.post)),
        ];
        rows.push(Row { cells, offers });
    }
    let lang = look.lang();
    Ok(Rows::of(COLUMNS, rows, query, lang))
}

/// The steps of an approval: whose turn, who decided what, with which words.
pub fn block(look: &mut Look<'_, '_>, sheet: &mut Sheet, approval_id: i64) -> Result<Approval, Refusal> {
    let org_id = look.org_id();
    let approval = workflow::find_approval(look.tx, org_id, approval_id)?;
    let mut rows = Vec::new();
    let mut waiting = approval.state == ApprovalState::Open;
    for step in &approval.steps {
        let (word, tone) = match &step.decision {
            Some(decision) if decision.approved => ("state.approved", Tone::Good),
            Some(_) => ("state.refused", Tone::Bad),
            None if std::mem::take(&mut waiting) => ("state.waiting", Tone::Warn),
            None => ("state.later", Tone::Quiet),
        };
        let person = match &step.decision {
            Some(decision) => Some(look.person_name(decision.person_id)?),
            None => None,
        };
        let decision = step.decision.as_ref();
        rows.push(Row::from(cells![
            step.step,
            post(&step.post),
            Cell::word(word).toned(tone),
            person,
            decision.map(|decision| decision.at),
            decision.map(|decision| decision.text.clone()),
        ]));
    }
    let columns = vec![
        Column::new("step", Kind::Count),
        Column::new("post", Kind::Text),
        Column::new("decision", Kind::Word),
        Column::new("by_person", Kind::Text),
        Column::new("decided_at", Kind::Moment),
        Column::new("text", Kind::Text),
    ];
    sheet.push(Block::Table { name: "approval", columns, rows });
    Ok(approval)
}

fn decline(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let approval = workflow::decide(work, given.number("approval")?, false, given.text("reason"))?;
    Ok(Done::said(
        format!("审批 {} 未同意，由发起单位负责人退回", approval.number),
        format!(
            "approval {} is declined; the head of the unit that started it sends it back",
            approval.number
        ),
    ))
}
