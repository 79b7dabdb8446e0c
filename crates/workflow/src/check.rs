//! The proof that every ticket, approval and list came to where it stands by lawful steps of people who were allowed to.

use std::collections::{BTreeMap, HashMap};

use identity::check::{Checked, History};
use store::{Tx, params};

use crate::catalogue::TicketKind;
use crate::{Catalogue, Step, Ticket, WorkflowError, rules, sql};

/// A ticket as it stands, for whoever compares it with the log or with a desk's own row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketFigures {
    /// Its number.
    pub number: String,
    /// The code of its kind.
    pub kind: String,
    /// Its state.
    pub state: String,
    /// Steps that moved it, raising included: each has an act of its own in the log.
    pub moves: Vec<(String, String)>,
}

/// What [`check`] answers.
#[derive(Debug, Default)]
pub struct WorkflowFigures {
    /// The checks.
    pub checked: Vec<Checked>,
    /// Tickets by key.
    pub tickets: HashMap<i64, TicketFigures>,
    /// Approvals by key: number, complete or not.
    pub approvals: HashMap<i64, (String, bool)>,
    /// Numbers by the code of the kind of document that bears them.
    pub numbers: Vec<(&'static str, String)>,
}

/// Replays every ticket from its first step, every approval and every list, against the tables of steps and rights.
pub fn check(tx: &mut Tx<'_>, org_id: i64, history: &History) -> Result<WorkflowFigures, WorkflowError> {
    let mut figures = WorkflowFigures::default();
    let tickets = tickets(tx, org_id, history, &mut figures)?;
    let approvals = approvals(tx, org_id, history, &mut figures)?;
    let lists = lists(tx, org_id, history, &mut figures)?;
    let clocks = clocks(tx, org_id)?;
    for number in sql::message::numbers(tx, org_id)? {
        figures.numbers.push(("message", number));
    }
    figures.checked = vec![tickets, approvals, lists, clocks];
    Ok(figures)
}

fn tickets(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    figures: &mut WorkflowFigures,
) -> Result<Checked, WorkflowError> {
    let mut checked = Checked::new(
        "workflow.tickets",
        "工作票逐步合法：状态、权限、岗位、经办与审核分开",
        "tickets took lawful steps only: states, rights, posts, maker never checker",
    );
    let mut all: BTreeMap<i64, Ticket> = BTreeMap::new();
    sql::ticket::each(tx, org_id, |ticket| {
        all.insert(ticket.id, ticket);
        Ok(())
    })?;
    let mut steps: Vec<Step> = Vec::new();
    let mut of = 0;
    let mut close =
        |of: i64, steps: &mut Vec<Step>, checked: &mut Checked, all: &mut BTreeMap<i64, Ticket>| {
            if let Some(ticket) = all.remove(&of) {
                one_ticket(&ticket, steps, history, checked);
                let moves = steps.iter().filter(|step| step.act != "feedback");
                let moves = moves.map(|step| (step.from_state.clone(), step.to_state.clone())).collect();
                if let Some(kind) = Catalogue::built_in().ticket(&ticket.kind) {
                    figures.numbers.push((kind.document_kind, ticket.number.clone()));
                }
                let standing =
                    TicketFigures { number: ticket.number, kind: ticket.kind, state: ticket.state, moves };
                figures.tickets.insert(of, standing);
            } else if !steps.is_empty() {
                checked.find(format!("ticket {of}"), "有步骤而无工作票", "it has steps and no ticket");
            }
            steps.clear();
        };
    sql::ticket::each_step(tx, org_id, |ticket_id, step| {
        if ticket_id != of {
            close(of, &mut steps, &mut checked, &mut all);
            of = ticket_id;
        }
        steps.push(step);
        Ok(())
    })?;
    close(of, &mut steps, &mut checked, &mut all);
    for ticket in all.into_values() {
        checked.find(ticket.number, "没有任何步骤", "it has no steps");
    }
    Ok(checked)
}

fn one_ticket(ticket: &Ticket, steps: &[Step], history: &History, checked: &mut Checked) {
    checked.look(1);
    let Some(kind) = Catalogue::built_in().ticket(&ticket.kind) else {
        checked.find(ticket.number.clone(), "工作票种类未知", "its kind is unknown");
        return;
    };
    let mut state = String::new();
    for (step, step_no) in steps.iter().zip(1_i64..) {
        let place = || format!("{} #{step_no}", ticket.number);
        if step.step_no != step_no || step.from_state != state {
            checked.find(place(), "步骤不连续", "it does not follow from the step before");
        }
        if let Err((zh, en)) = lawful(ticket, kind, step) {
            checked.find(place(), zh, en);
        }
        let (permission, unit_id) = right(ticket, kind, step);
        let held = unit_id == step.unit_id
            && history.held_post(step.person_id, &step.post, step.unit_id, step.at)
            && permission
                .is_none_or(|permission| history.might(step.person_id, permission, unit_id, step.at));
        if !held {
            let who = history.name(step.person_id);
            checked.find(
                place(),
                format!("{who} 当时没有办理“{}”的岗位或权限", step.act),
                format!("{who} did not hold the post or the right to {} then", step.act),
            );
        }
        state.clone_from(&step.to_state);
    }
    let now = kind.state(&ticket.state);
    let same = state == ticket.state
        && ticket.version == steps.len() as i64
        && now.is_some_and(|now| now.is_final == ticket.closed);
    checked.must(
        same,
        || ticket.number.clone(),
        "当前状态与最后一步不符",
        "its state is not that of its last step",
    );
    let first = steps.first();
    let raised =
        first.is_some_and(|first| first.person_id == ticket.raised_by && first.at == ticket.raised_at);
    checked.must(
        raised,
        || ticket.number.clone(),
        "提出人与第一步不符",
        "who raised it is not who took its first step",
    );
}

/// Is the step one that the kind of ticket knows, from this state to that one, by somebody else where that is asked?
fn lawful(ticket: &Ticket, kind: &TicketKind, step: &Step) -> Result<(), (&'static str, &'static str)> {
    const UNKNOWN: (&str, &str) = ("该步骤不合流程", "no such step leads from that state to this one");
    match step.act.as_str() {
        "raise" if step.from_state.is_empty() && step.to_state == kind.first_state => Ok(()),
        "feedback" if step.from_state == step.to_state => Ok(()),
        act => {
            let found = kind.transitions.iter().find(|known| {
                known.act == act
                    && known.to == step.to_state
                    && known.from.contains(&step.from_state.as_str())
            });
            match found {
                None => Err(UNKNOWN),
                Some(known) if known.needs_other && step.person_id == ticket.raised_by => {
                    Err(("提出人不得自己审核", "who raised the ticket took a step that another must take"))
                }
                Some(known) if known.needs_text && step.text.trim().is_empty() => {
                    Err(("缺少必需的文字", "it lacks the text it needs"))
                }
                Some(_) => Ok(()),
            }
        }
    }
}

/// The right a step needs and the unit for which.
fn right(ticket: &Ticket, kind: &TicketKind, step: &Step) -> (Option<&'static str>, i64) {
    match step.act.as_str() {
        "raise" => (Some(kind.raise_permission.0), ticket.raised_unit_id),
        "feedback" => (Some("workflow.message"), step.unit_id),
        act => match kind.transitions.iter().find(|known| known.act == act) {
            Some(known) => (Some(known.permission.0), rules::unit_of(ticket, known.side)),
            None => (None, step.unit_id),
        },
    }
}

fn approvals(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    figures: &mut WorkflowFigures,
) -> Result<Checked, WorkflowError> {
    let mut checked = Checked::new(
        "workflow.approvals",
        "审批按金额所需的岗位逐级进行，经办人不自批，无人两次签批",
        "approvals went through the posts their amounts call for, never by the maker, nobody twice",
    );
    for (approval, is_refund, opened_at) in sql::approval::all(tx, org_id)? {
        checked.look(1);
        let place = || approval.number.clone();
        let needed = rules::approval_steps(&approval.kind, approval.amount, is_refund, opened_at.date());
        let needed: Vec<(i64, &str, &str)> = needed
            .unwrap_or_default()
            .iter()
            .map(|limit| (i64::from(limit.step), limit.post, limit.permission.0))
            .collect();
        let steps: Vec<(i64, &str, &str)> = approval
            .steps
            .iter()
            .map(|step| (step.step, step.post.as_str(), step.permission.as_str()))
            .collect();
        checked.must(
            needed == steps,
            place,
            "审批级次与金额不符",
            "its steps are not those its amount calls for",
        );
        let mut persons = Vec::new();
        let mut open = false;
        let mut refused = false;
        for step in &approval.steps {
            let Some(decision) = &step.decision else {
                open = true;
                continue;
            };
            let in_turn = !open && !refused;
            checked.must(in_turn, place, "越级审批", "a step was decided before the one below it");
            refused |= !decision.approved;
            let other = decision.person_id != approval.maker_id && !persons.contains(&decision.person_id);
            checked.must(
                other,
                place,
                "经办人自批，或一人两次签批",
                "it was decided by its maker, or twice by one person",
            );
            persons.push(decision.person_id);
            let held = history.held_post(decision.person_id, &step.post, approval.unit_id, decision.at);
            checked.must(held, place, "签批人当时没有该岗位", "who decided did not hold the post then");
        }
        use crate::ApprovalState;
        let expected = match (refused, open) {
            (true, _) => ApprovalState::Refused,
            (false, true) => ApprovalState::Open,
            (false, false) => ApprovalState::Approved,
        };
        checked.must(
            approval.state == expected,
            place,
            "状态与各级意见不符",
            "its state is not what its steps say",
        );
        figures.numbers.push(("approval", approval.number.clone()));
        figures
            .approvals
            .insert(approval.id, (approval.number.clone(), approval.state == ApprovalState::Approved));
    }
    Ok(checked)
}

fn lists(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    figures: &mut WorkflowFigures,
) -> Result<Checked, WorkflowError> {
    let mut checked = Checked::new(
        "workflow.lists",
        "双方签字清单由双方各一人签署",
        "lists are signed by one person of each side",
    );
    for list in sql::list::all(tx, org_id)? {
        checked.look(1);
        let place = || list.number.clone();
        match Catalogue::built_in().list(&list.kind) {
            Some(kind) => figures.numbers.push((kind.document_kind, list.number.clone())),
            None => checked.find(place(), "清单种类未知", "its kind is unknown"),
        }
        let mut persons = Vec::new();
        for signature in &list.signatures {
            let unit_id = match signature.side {
                crate::ListSide::First => list.first_unit_id,
                crate::ListSide::Second => list.second_unit_id,
            };
            checked.must(
                !persons.contains(&signature.person_id),
                place,
                "一人代表双方签字",
                "one person signed for both sides",
            );
            persons.push(signature.person_id);
            let held = history.held_post(signature.person_id, &signature.post, unit_id, signature.at);
            checked.must(held, place, "签字人当时没有该岗位", "who signed did not hold the post then");
        }
    }
    Ok(checked)
}

fn clocks(tx: &mut Tx<'_>, org_id: i64) -> Result<Checked, WorkflowError> {
    let mut checked = Checked::new(
        "workflow.clocks",
        "时限：顺延有记录，起止合理",
        "deadlines: every postponement is recorded, ends come after starts",
    );
    let count =
        tx.one("SELECT COUNT(*) FROM workflow_clock WHERE org_id = ?1", params![org_id], |row| row.int(0));
    checked.look(count?.unwrap_or(0));
    tx.each(
        "SELECT c.id, c.code FROM workflow_clock c WHERE c.org_id = ?1 AND (
           (c.met_on IS NOT NULL AND c.dropped_on IS NOT NULL) OR c.dropped_on < c.started_on
           OR c.due_on <> COALESCE((SELECT p.new_due FROM workflow_postponement p WHERE p.org_id = c.org_id AND p.clock_id = c.id
                                    ORDER BY p.id DESC LIMIT 1), c.first_due_on)) ORDER BY c.id LIMIT 1000",
        params![org_id],
        |row| {
            checked.find(
                format!("clock {} {}", row.int(0)?, row.text(1)?),
                "时限与顺延记录不符，或起止不合理",
                "its day is not what its postponements say, or it ends before it starts",
            );
            Ok::<_, WorkflowError>(())
        },
    )?;
    Ok(checked)
}
