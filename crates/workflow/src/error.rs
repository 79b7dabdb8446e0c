//! Refusals about tickets, clocks, approvals, lists and closings.

use documents::DocumentError;
use identity::IdentityError;
use kernel::{Bilingual, Date, FigureError, Lang, Text};
use store::StoreError;
use vault::VaultError;

/// Why a step was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkflowError {
    /// A code that the data files do not know.
    #[error("there is no {what} {code:?}")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// The code given.
        code: String,
    },
    /// A row that does not exist.
    #[error("{what} {id} does not exist")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// The key given.
        id: i64,
    },
    /// The step cannot be taken from this state.
    #[error("{number} is {state}: {act} is not possible; possible are {possible}")]
    NotNow {
        /// The ticket's number.
        number: String,
        /// Its state.
        state: String,
        /// What was tried.
        act: String,
        /// What can be done.
        possible: String,
    },
    /// A text must be written.
    #[error("a text of at most {most} characters must be written for {what}")]
    TextNeeded {
        /// For what.
        what: String,
        /// Most characters.
        most: usize,
    },
    /// A third unit must be named for this kind, or must not.
    #[error("{kind}: the unit that carries it out {wanted}")]
    ThirdUnit {
        /// The kind.
        kind: &'static str,
        /// `must be named` or `must not be named`.
        wanted: &'static str,
    },
    /// The clock has ended.
    #[error("clock {id} has ended and cannot be changed")]
    ClockEnded {
        /// The clock.
        id: i64,
    },
    /// A deadline can only be put off.
    #[error("the new due day {new} must lie after {old}")]
    NotLater {
        /// The due day.
        old: Date,
        /// The day asked for.
        new: Date,
    },
    /// No approval limit holds for this.
    #[error("no approval limit is in force for {kind} on {on}")]
    NoLimit {
        /// The kind.
        kind: String,
        /// The day.
        on: Date,
    },
    /// The amount has a sign.
    #[error("the amount of an approval is given without sign")]
    NegativeAmount,
    /// The approval has ended.
    #[error("approval {number} is already decided")]
    Decided {
        /// Its number.
        number: String,
    },
    /// The approval is not complete.
    #[error("approval {number} must be complete first")]
    NotApproved {
        /// Its number.
        number: String,
    },
    /// The person does not hold the post that decides.
    #[error("step {step} of approval {number} waits for the post {post}")]
    WrongPost {
        /// Its number.
        number: String,
        /// The step.
        step: i64,
        /// The post.
        post: String,
    },
    /// One person signs or decides once.
    #[error("{person} has already signed {what}: another person must")]
    SignedBefore {
        /// Who.
        person: String,
        /// What.
        what: String,
    },
    /// The side has signed.
    #[error("{what} is already signed for this side")]
    SideSigned {
        /// What.
        what: String,
    },
    /// The person does not belong to the side.
    #[error("{person} does not belong to unit {unit_id} and cannot sign for it")]
    NotOfThisUnit {
        /// Who.
        person: String,
        /// The unit.
        unit_id: i64,
    },
    /// The two sides must be two units.
    #[error("the two sides of a list must be two different units")]
    OneSide,
    /// The checklist has open items.
    #[error("unit {unit_id} cannot close {period}: open items are {items}")]
    OpenItems {
        /// The unit.
        unit_id: i64,
        /// The period.
        period: String,
        /// Their codes.
        items: String,
    },
    /// A list must be signed first.
    #[error("{item} cannot be ticked: {count} list(s) of that month still lack a signature")]
    ListsUnsigned {
        /// The item.
        item: &'static str,
        /// How many.
        count: i64,
    },
    /// The books deny what an item says, or hold nothing that could prove it.
    #[error(
        "{item} cannot be ticked: {}; {}", said.en,
        if *nothing_there { "tick it as nothing to do, with a note why" } else { "see to it first" }
    )]
    NotProved {
        /// The item.
        item: &'static str,
        /// What the books say.
        said: Text,
        /// There is nothing there; otherwise it is not done.
        nothing_there: bool,
    },
    /// The period is closed.
    #[error("unit {unit_id} has closed {period}")]
    Closed {
        /// The unit.
        unit_id: i64,
        /// The period.
        period: String,
    },
    /// The moment lies ahead.
    #[error("a message cannot be logged before it is sent")]
    NotSentYet,
    /// A figure or day does not fit.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The act could not be recorded.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Numbers or prints.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The person may not.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bilingual for WorkflowError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            WorkflowError::Unknown { what, code } => format!("没有这样的 {what}：{code:?}"),
            WorkflowError::NotFound { what, id } => format!("{what} {id} 不存在"),
            WorkflowError::NotNow { number, state, act, possible } => {
                format!("{number} 当前为 {state}，不能 {act}；可以：{possible}")
            }
            WorkflowError::TextNeeded { what, most } => format!("{what} 须填写说明，最多 {most} 字"),
            WorkflowError::ThirdUnit { kind, wanted } => match *wanted {
                "must be named" => format!("{kind}：须指定执行单位"),
                _ => format!("{kind}：不得指定执行单位"),
            },
            WorkflowError::ClockEnded { id } => format!("时限 {id} 已结束，不能更改"),
            WorkflowError::NotLater { old, new } => format!("新的到期日 {new} 须晚于 {old}"),
            WorkflowError::NoLimit { kind, on } => format!("{on} 没有 {kind} 的有效审批权限"),
            WorkflowError::NegativeAmount => "审批金额不带正负号".into(),
            WorkflowError::Decided { number } => format!("审批单 {number} 已有结论"),
            WorkflowError::NotApproved { number } => format!("审批单 {number} 须先审批完毕"),
            WorkflowError::WrongPost { number, step, post } => {
                format!("审批单 {number} 第 {step} 步须由岗位 {post} 审批")
            }
            WorkflowError::SignedBefore { person, what } => format!("{person} 已在 {what} 签字，须换人"),
            WorkflowError::SideSigned { what } => format!("{what} 该方已签字"),
            WorkflowError::NotOfThisUnit { person, unit_id } => {
                format!("{person} 不属于单位 {unit_id}，不能代其签字")
            }
            WorkflowError::OneSide => "签字双方须为两个不同单位".into(),
            WorkflowError::OpenItems { unit_id, period, items } => {
                format!("单位 {unit_id} 不能结 {period}：未完成事项 {items}")
            }
            WorkflowError::ListsUnsigned { item, count } => {
                format!("{item} 不能登记完成：该月尚有 {count} 份清单未签字")
            }
            WorkflowError::NotProved { item, said, nothing_there } => {
                let closing =
                    crate::Catalogue::built_in().closing_items.iter().find(|known| known.code == *item);
                let named = closing.map_or(*item, |known| &known.text.zh);
                let then = if *nothing_there {
                    "如确无此事项，请选“无此事项”并说明"
                } else {
                    "请先办妥"
                };
                format!("“{named}”不能登记完成：{}；{then}", said.zh)
            }
            WorkflowError::Closed { unit_id, period } => format!("单位 {unit_id} 已结 {period}"),
            WorkflowError::NotSentYet => "不能登记尚未发出的信息".into(),
            WorkflowError::Figure(error) => error.text(lang),
            WorkflowError::Vault(error) => error.text(lang),
            WorkflowError::Document(error) => error.text(lang),
            WorkflowError::Identity(error) => error.text(lang),
            WorkflowError::Store(error) => error.text(lang),
        }
    }
}
