//! The nouns of alarms.

use kernel::{Bilingual, Lang, Moment, Text};

/// Where an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// Nobody has proposed anything: commands are refused.
    Raised = 0,
    /// A decision is proposed and waits for its confirmation: commands are refused.
    Proposed = 1,
    /// Decided by two persons: commands are taken again.
    Decided = 2,
}

impl AlarmState {
    pub(crate) fn from_number(number: i64) -> Option<AlarmState> {
        [AlarmState::Raised, AlarmState::Proposed, AlarmState::Decided]
            .into_iter()
            .find(|state| *state as i64 == number)
    }
    /// Its code, as the log has it.
    pub fn key(self) -> &'static str {
        match self {
            AlarmState::Raised => "raised",
            AlarmState::Proposed => "proposed",
            AlarmState::Decided => "decided",
        }
    }
}

impl Bilingual for AlarmState {
    fn text(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            AlarmState::Raised => ("待处理", "waits for a proposal"),
            AlarmState::Proposed => ("待确认", "waits for confirmation"),
            AlarmState::Decided => ("已决定", "decided"),
        };
        if lang == Lang::Zh { zh.into() } else { en.into() }
    }
}

/// What one person said about an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Who.
    pub person_id: i64,
    /// When.
    pub at: Moment,
    /// Why.
    pub reason: String,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its number in the organisation, from 1.
    pub number: i64,
    /// When it was raised.
    pub raised_at: Moment,
    /// Who had the books checked.
    pub raised_by: i64,
    /// By what: `check`, `period_close`, `month_close`.
    pub source: String,
    /// How much was found; [`findings`](super::findings) lists the first of it.
    pub found: i64,
    /// Where it stands.
    pub state: AlarmState,
    /// The decision proposed.
    pub proposal: Option<Decision>,
    /// Its confirmation.
    pub confirmation: Option<Decision>,
    /// Version of the row.
    pub version: i64,
}

/// One thing that an alarm is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmFinding {
    /// The check that found it.
    pub check: String,
    /// Where: a document, an account, a table.
    pub place: String,
    /// What, in Chinese.
    pub zh: String,
    /// What, in English.
    pub en: String,
}

impl Bilingual for AlarmFinding {
    fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => format!("{}：{}", self.place, self.zh),
            Lang::En => format!("{}: {}", self.place, self.en),
        }
    }
}

/// An alarm to be raised.
#[derive(Debug, Clone)]
pub struct NewAlarm<'a> {
    /// By what: `check`, `period_close`, `month_close`.
    pub source: &'a str,
    /// How much was found in all.
    pub found: i64,
    /// The first of it, at most [`NewAlarm::FINDINGS_MAX`].
    pub findings: &'a [AlarmFinding],
}

impl NewAlarm<'_> {
    /// Findings kept with an alarm, at most.
    pub const FINDINGS_MAX: usize = 2_000;
}

impl Alarm {
    /// What a person reads whose command is refused.
    pub fn refusal(&self) -> Text {
        let Alarm { number, raised_at, found, state, .. } = self;
        Text::new(
            format!(
                "账目已停止写入：第 {number} 号警报（{raised_at}，{found} 处不符，{}）。请用 `zhangfang alarm show {number}` 查看，\
                 由审计员提出处理意见并由负责人确认（`zhangfang alarm decide`）后继续；查询不受影响",
                state.text(Lang::Zh)
            ),
            format!(
                "the books are read-only: alarm {number} of {raised_at} ({found} findings, {}). See `zhangfang alarm show {number}`; \
                 the auditor proposes and a head confirms a decision (`zhangfang alarm decide`); looking goes on",
                state.text(Lang::En)
            ),
        )
    }
}
