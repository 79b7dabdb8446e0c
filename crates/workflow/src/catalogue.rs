//! Kinds of ticket with their states and transitions, deadlines, approval limits, lists and closing items, as the data
//! files give them.

use std::sync::LazyLock;

use identity::{Permission, data_rows};
use kernel::{Date, Money, Text};

/// Who acts or answers on a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The unit that raised it.
    Raiser,
    /// The unit it is addressed to.
    Addressee,
    /// The unit that carries it out, when that is neither.
    Third,
}

/// A clock that a step starts, and the side that is late when it runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartsClock {
    /// The deadline's code.
    pub clock: &'static str,
    /// Who is answerable.
    pub side: Side,
}

/// A kind of ticket (工作票种类).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketKind {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub text: Text,
    /// The kind of document whose numbers it bears.
    pub document_kind: &'static str,
    /// The state in which it is raised.
    pub first_state: &'static str,
    /// Who may raise it.
    pub raise_permission: Permission,
    /// Clocks that run from the day it is raised.
    pub starts: Vec<StartsClock>,
    /// A third unit carries it out and must be named.
    pub third_side: bool,
    /// The requirement.
    pub requirement: &'static str,
    /// Its states.
    pub states: Vec<State>,
    /// What may be done to it.
    pub transitions: Vec<Transition>,
}

impl TicketKind {
    /// The state with `code`.
    pub fn state(&self, code: &str) -> Option<&State> {
        self.states.iter().find(|state| state.code == code)
    }
}

/// A state of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub text: Text,
    /// Nothing more can be done.
    pub is_final: bool,
    /// The customer's bill is not issued meanwhile.
    pub blocks_issue: bool,
}

/// A step from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The states it can be taken from.
    pub from: Vec<&'static str>,
    /// Its code.
    pub act: &'static str,
    /// The state it leads to.
    pub to: &'static str,
    /// Its name.
    pub text: Text,
    /// The side that may take it.
    pub side: Side,
    /// The permission it needs on that side's unit.
    pub permission: Permission,
    /// A text must be written.
    pub needs_text: bool,
    /// Who raised the ticket may not take it.
    pub needs_other: bool,
    /// Its text is feedback, which both sides sign at the end of the month.
    pub is_feedback: bool,
    /// Clocks it starts.
    pub starts: Vec<StartsClock>,
    /// Clocks it meets; every one that runs when `meets_all`.
    pub meets: Vec<&'static str>,
    /// It meets every running clock of the ticket.
    pub meets_all: bool,
}

/// How a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitUnit {
    /// Working days after the day it starts.
    WorkingDays,
    /// Calendar days after the day it starts, whatever day they end on.
    Days,
    /// Calendar days before the last day of the month in which it starts.
    BeforeMonthEnd,
}

/// Who is late by the register of deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateParty {
    /// The supply station.
    Station,
    /// The billing centre.
    Centre,
    /// The post that received it.
    Post,
    /// Both sides.
    Both,
}

/// One deadline (时限) as it holds for some years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub text: Text,
    /// What starts it.
    pub starts: Text,
    /// How many units.
    pub limit: u32,
    /// Of what.
    pub unit: LimitUnit,
    /// Who is late.
    pub late: LateParty,
    /// The first day it holds.
    pub from: Date,
    /// The last day it holds.
    pub until: Option<Date>,
    /// The requirement.
    pub requirement: &'static str,
}

/// A step of an approval that an amount calls for (审批权限).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalLimit {
    /// The kind of approval.
    pub kind: &'static str,
    /// Its place in the chain, from 1.
    pub step: u32,
    /// The least amount that calls for it.
    pub from_amount: Money,
    /// Only refunds call for it.
    pub refunds_only: bool,
    /// The post that decides.
    pub post: &'static str,
    /// The permission the post uses.
    pub permission: Permission,
    /// The first day it holds.
    pub from: Date,
    /// The last day it holds.
    pub until: Option<Date>,
    /// The requirement.
    pub requirement: &'static str,
}

/// A kind of list that both sides sign (双方签字清单).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListKind {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub text: Text,
    /// The kind of document whose numbers it bears.
    pub document_kind: &'static str,
    /// The requirement.
    pub requirement: &'static str,
}

/// How often a closing item comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Every day.
    Day,
    /// Every month.
    Month,
    /// Every year.
    Year,
}

/// An item of the closing checklist (结帐事项).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosingItem {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub text: Text,
    /// The kind of unit that does it.
    pub unit_kind: &'static str,
    /// How often.
    pub every: Every,
    /// The kind of list that must be signed first.
    pub list_kind: Option<&'static str>,
    /// The requirement.
    pub requirement: &'static str,
}

/// Everything the data files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Kinds of ticket.
    pub tickets: Vec<TicketKind>,
    /// Deadlines.
    pub deadlines: Vec<Deadline>,
    /// Approval limits.
    pub approval_limits: Vec<ApprovalLimit>,
    /// Kinds of list.
    pub lists: Vec<ListKind>,
    /// Closing items.
    pub closing_items: Vec<ClosingItem>,
}

static BUILT_IN: LazyLock<Catalogue> =
    LazyLock::new(|| read().expect("the data files of this crate are checked by its tests"));

impl Catalogue {
    /// The catalogue embedded in this program.
    pub fn built_in() -> &'static Catalogue {
        &BUILT_IN
    }
    /// The kind of ticket with `code`.
    pub fn ticket(&self, code: &str) -> Option<&TicketKind> {
        self.tickets.iter().find(|kind| kind.code == code)
    }
    /// The deadline with `code` as it holds on `day`.
    pub fn deadline(&self, code: &str, day: Date) -> Option<&Deadline> {
        self.deadlines.iter().find(|deadline| {
            deadline.code == code && deadline.from <= day && deadline.until.is_none_or(|until| day <= until)
        })
    }
    /// The kind of list with `code`.
    pub fn list(&self, code: &str) -> Option<&ListKind> {
        self.lists.iter().find(|kind| kind.code == code)
    }
}

fn read() -> Result<Catalogue, String> {
    let deadlines = deadlines()?;
    Ok(Catalogue {
        tickets: tickets(&deadlines)?,
        approval_limits: approval_limits()?,
        lists: data_rows("list_kinds.csv", include_str!("../data/list_kinds.csv"))?
            .into_iter()
            .map(|[code, zh, en, document_kind, requirement]| ListKind {
                code,
                text: Text::new(zh, en),
                document_kind,
                requirement,
            })
            .collect(),
        closing_items: closing_items()?,
        deadlines,
    })
}

fn day(file: &str, text: &str) -> Result<Date, String> {
    text.parse().map_err(|error| format!("{file}: {error}"))
}

fn last_day(file: &str, text: &str) -> Result<Option<Date>, String> {
    if text.is_empty() { Ok(None) } else { day(file, text).map(Some) }
}

fn flag(file: &str, text: &str) -> Result<bool, String> {
    match text {
        "0" => Ok(false),
        "1" => Ok(true),
        other => Err(format!("{file}: {other} is neither 0 nor 1")),
    }
}

fn deadlines() -> Result<Vec<Deadline>, String> {
    let file = "deadlines.csv";
    data_rows(file, include_str!("../data/deadlines.csv"))?
        .into_iter()
        .map(|[code, zh, en, starts_zh, starts_en, limit, unit, late, from, until, requirement]| {
            let wrong = |what: &str| format!("{file}, {code}: {what}");
            Ok(Deadline {
                code,
                text: Text::new(zh, en),
                starts: Text::new(starts_zh, starts_en),
                limit: limit.parse().map_err(|_| wrong("limit"))?,
                unit: match unit {
                    "wd" => LimitUnit::WorkingDays,
                    "day" => LimitUnit::Days,
                    "before_month_end" => LimitUnit::BeforeMonthEnd,
                    _ => return Err(wrong("unit")),
                },
                late: match late {
                    "station" => LateParty::Station,
                    "centre" => LateParty::Centre,
                    "post" => LateParty::Post,
                    "both" => LateParty::Both,
                    _ => return Err(wrong("late")),
                },
                from: day(file, from)?,
                until: last_day(file, until)?,
                requirement,
            })
        })
        .collect()
}

fn side(file: &str, text: &str) -> Result<Side, String> {
    match text {
        "raiser" => Ok(Side::Raiser),
        "addressee" => Ok(Side::Addressee),
        "third" => Ok(Side::Third),
        other => Err(format!("{file}: side {other}")),
    }
}

fn starts(file: &str, known: &[Deadline], text: &'static str) -> Result<Vec<StartsClock>, String> {
    text.split_whitespace()
        .map(|part| {
            let (clock, who) = part.split_once('@').ok_or(format!("{file}: {part} names no side"))?;
            if !known.iter().any(|deadline| deadline.code == clock) {
                return Err(format!("{file}: clock {clock}"));
            }
            Ok(StartsClock { clock, side: side(file, who)? })
        })
        .collect()
}

fn tickets(deadlines: &[Deadline]) -> Result<Vec<TicketKind>, String> {
    let file = "ticket_kinds.csv";
    let mut kinds = data_rows(file, include_str!("../data/ticket_kinds.csv"))?
        .into_iter()
        .map(|[code, zh, en, document_kind, first_state, permission, clocks, third, requirement]| {
            Ok(TicketKind {
                code,
                text: Text::new(zh, en),
                document_kind,
                first_state,
                raise_permission: Permission(permission),
                starts: starts(file, deadlines, clocks)?,
                third_side: flag(file, third)?,
                requirement,
                states: Vec::new(),
                transitions: Vec::new(),
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let file = "states.csv";
    for [kind, code, zh, en, is_final, blocks] in data_rows(file, include_str!("../data/states.csv"))? {
        let found = kinds.iter_mut().find(|known| known.code == kind);
        found.ok_or(format!("{file}: kind {kind}"))?.states.push(State {
            code,
            text: Text::new(zh, en),
            is_final: flag(file, is_final)?,
            blocks_issue: flag(file, blocks)?,
        });
    }
    let file = "transitions.csv";
    for [kind, from, act, to, zh, en, who, permission, needs, clocks, meets] in
        data_rows(file, include_str!("../data/transitions.csv"))?
    {
        let found =
            kinds.iter_mut().find(|known| known.code == kind).ok_or(format!("{file}: kind {kind}"))?;
        let needs: Vec<&str> = needs.split_whitespace().collect();
        if let Some(other) = needs.iter().find(|need| !["text", "other", "feedback"].contains(need)) {
            return Err(format!("{file}, {kind} {act}: needs {other}"));
        }
        let transition = Transition {
            from: from.split('|').collect(),
            act,
            to,
            text: Text::new(zh, en),
            side: side(file, who)?,
            permission: Permission(permission),
            needs_text: needs.contains(&"text"),
            needs_other: needs.contains(&"other"),
            is_feedback: needs.contains(&"feedback"),
            starts: starts(file, deadlines, clocks)?,
            meets: meets.split_whitespace().filter(|clock| *clock != "*").collect(),
            meets_all: meets == "*",
        };
        found.transitions.push(transition);
    }
    Ok(kinds)
}

fn approval_limits() -> Result<Vec<ApprovalLimit>, String> {
    let file = "approval_limits.csv";
    data_rows(file, include_str!("../data/approval_limits.csv"))?
        .into_iter()
        .map(|[kind, step, amount, applies_to, post, permission, from, until, requirement]| {
            let wrong = |what: &str| format!("{file}, {kind} {step}: {what}");
            Ok(ApprovalLimit {
                kind,
                step: step.parse().map_err(|_| wrong("step"))?,
                from_amount: amount.parse().map_err(|_| wrong("amount"))?,
                refunds_only: match applies_to {
                    "any" => false,
                    "refund" => true,
                    _ => return Err(wrong("applies_to")),
                },
                post,
                permission: Permission(permission),
                from: day(file, from)?,
                until: last_day(file, until)?,
                requirement,
            })
        })
        .collect()
}

fn closing_items() -> Result<Vec<ClosingItem>, String> {
    let file = "closing_items.csv";
    data_rows(file, include_str!("../data/closing_items.csv"))?
        .into_iter()
        .map(|[code, zh, en, unit_kind, every, list_kind, requirement]| {
            Ok(ClosingItem {
                code,
                text: Text::new(zh, en),
                unit_kind,
                every: match every {
                    "day" => Every::Day,
                    "month" => Every::Month,
                    "year" => Every::Year,
                    _ => return Err(format!("{file}, {code}: every {every}")),
                },
                list_kind: (!list_kind.is_empty()).then_some(list_kind),
                requirement,
            })
        })
        .collect()
}
