//! Long work: what was asked, how far it is, what came of it, and a way to stop it.

use identity::Work;
use jobs::{Job, State};
use kernel::{Moment, Text};

use crate::catalogue::{
    Act, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row, Rows,
    Run, Sheet, Takes, Tone, View, Weight,
};
use crate::words;

/// Everybody has work: what every person may do is no right of a post.
const ANYBODY: &str = "";
/// Who keeps the program sees the work of all.
const ADMINISTRATOR: &str = "system.parameters";

/// The columns of every list of jobs.
pub const JOB_COLUMNS: &[Column] = &[
    Column::new("job", Kind::Text),
    Column::new("state", Kind::Word),
    Column::new("by", Kind::Text),
    Column::new("queued_at", Kind::Moment),
    Column::new("ended_at", Kind::Moment),
    Column::new("result", Kind::Text),
];

/// The jobs of one act, the latest first: what came of a job stands under `results`, the way to it under its own page.
pub fn jobs_of(
    look: &mut Look<'_, '_>,
    query: &Query<'_>,
    act: &str,
    results: &str,
) -> Result<Rows, Refusal> {
    let org_id = look.org_id();
    let (found, total) = jobs::jobs_of_act(look.tx, org_id, act, query.offset, query.limit)?;
    let mut rows = Vec::with_capacity(found.len());
    for job in &found {
        let place = if job.state == State::Done { results } else { "/jobs" };
        rows.push(Row::from(job_cells(look, job, &format!("{place}/{}", job.id))?));
    }
    Ok(Rows { rows, total, ..Rows::default() })
}

/// One's own jobs; everybody's for who keeps the program.
pub const JOBS: List = List {
    name: "jobs",
    path: "/jobs",
    permission: ANYBODY,
    filters: &[],
    columns: JOB_COLUMNS,
    rows: list,
    menu: true,
    acts: &[],
};

/// Where a job stands, as a word.
fn state(state: State) -> Cell {
    let tone = match state {
        State::Queued => Tone::Quiet,
        State::Running => Tone::Warn,
        State::Done => Tone::Good,
        State::Failed => Tone::Bad,
        State::Cancelled => Tone::Quiet,
    };
    Cell::word(format!("state.job.{}", state.code())).toned(tone)
}

fn title(job: &Job, lang: kernel::Lang) -> String {
    words::say(lang, &format!("act.{}", job.act))
}

/// When a job began or ended, by the clock of the house. The worker keeps the machine's, by which it knows who fell
/// silent; people read one clock only.
fn on_our_clock(look: &Look<'_, '_>, at: Option<Moment>) -> Option<Moment> {
    at.map(|at| at.plus_millis(look.house.shift_days * 86_400_000))
}

/// The cells of a job in a list, leading to `path`.
pub fn job_cells(look: &mut Look<'_, '_>, job: &Job, path: &str) -> Result<Vec<Cell>, Refusal> {
    Ok(vec![
        Cell::from(title(job, look.lang())).to(path),
        state(job.state),
        Cell::from(look.person_name(job.person_id)?),
        Cell::from(job.queued_at),
        Cell::from(on_our_clock(look, job.ended_at)),
        Cell::from(job.said.clone()),
    ])
}

fn list(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let org_id = look.org_id();
    let person = (!look.caller.holds(ADMINISTRATOR)).then_some(look.caller.actor.person_id);
    let (found, total) = jobs::jobs(look.tx, org_id, person, query.offset, query.limit)?;
    let mut rows = Vec::with_capacity(found.len());
    for job in &found {
        let cells = job_cells(look, job, &format!("/jobs/{}", job.id))?;
        let offers = match job.state.is_over() {
            true => Vec::new(),
            false => vec![Offer::new("job.cancel", &[("job", &job.id)])],
        };
        rows.push(Row { cells, offers });
    }
    Ok(Rows { rows, total, ..Rows::default() })
}

/// One job.
pub const JOB: View = View {
    name: "job",
    path: "/jobs/{job}",
    permission: ANYBODY,
    params: &[Field::new("job", Takes::Id)],
    show,
    menu: false,
};

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, id, lang) = (look.org_id(), given.number("job")?, look.lang());
    let missing = || Refusal::not_found("任务", "job", &id.to_string());
    let job = jobs::find(look.tx, org_id, id)?.ok_or_else(missing)?;
    if job.person_id != look.caller.actor.person_id && !look.caller.holds(ADMINISTRATOR) {
        return Err(missing());
    }
    let mut sheet = Sheet::new(title(&job, lang));
    sheet.badges.push(state(job.state));
    if !job.state.is_over() {
        sheet.push(Block::Progress { name: "progress", done: job.done, total: job.total });
        if job.cancel_wanted {
            sheet.push(Block::Note(Tone::Warn, Text::new("将在下一步停止", "it stops at its next step")));
        } else {
            sheet.offer("job.cancel", &[("job", &id)]);
        }
        sheet.push(Block::Note(
            Tone::Quiet,
            Text::new(
                "可离开此页；回来时仍可看到进度",
                "you may leave this page; the progress is here when you return",
            ),
        ));
    }
    if let Some(said) = &job.said {
        let tone = match job.state {
            State::Done => Tone::Good,
            State::Failed => Tone::Bad,
            _ => Tone::Warn,
        };
        sheet.push(Block::Note(tone, said.clone()));
    }
    let facts: serde_json::Value = serde_json::from_str(&job.facts).unwrap_or_default();
    let mut files = Vec::new();
    if let Some(file) = facts.get("file").and_then(serde_json::Value::as_str) {
        files.push((Text::new("取文件", "fetch the file"), file.to_owned()));
    }
    let own = format!("/jobs/{id}");
    let see = job.see.as_ref().filter(|path| **path != own);
    let result = see.map_or_else(Cell::default, |path| Cell::word("word.see_result").to(path.clone()));
    sheet.push(Block::Facts {
        name: "job",
        facts: vec![
            ("by", Kind::Text, Cell::from(look.person_name(job.person_id)?)),
            ("queued_at", Kind::Moment, Cell::from(job.queued_at)),
            ("started_at", Kind::Moment, Cell::from(on_our_clock(look, job.started_at))),
            ("ended_at", Kind::Moment, Cell::from(on_our_clock(look, job.ended_at))),
            ("result", Kind::Text, result),
        ],
    });
    if !files.is_empty() {
        sheet.push(Block::Files { name: "files", files });
    }
    let rows = job.given.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| {
        let label = words::say(lang, &format!("field.{name}"));
        let short: String = value.chars().take(200).collect();
        Row::from(vec![Cell::from(label), Cell::from(short)])
    });
    sheet.push(Block::Table {
        name: "given",
        columns: vec![Column::new("field", Kind::Text), Column::new("value", Kind::Text)],
        rows: rows.collect(),
    });
    Ok(sheet)
}

/// Stops a job: at once when it waits, at its next step when it runs.
pub const CANCEL: Act = Act {
    name: "job.cancel",
    path: "/jobs/{job}/cancel",
    permission: ANYBODY,
    fields: &[Field::new("job", Takes::Id)],
    run: Run::Command(cancel),
    weight: Weight::Grave,
    // What was begun can be stopped also while an alarm waits.
    on_alarm: true,
    ..Act::PLAIN
};

fn cancel(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (org_id, id) = (work.org_id(), given.number("job")?);
    let missing = || Refusal::not_found("任务", "job", &id.to_string());
    let job = jobs::find(work.tx, org_id, id)?.ok_or_else(missing)?;
    let keeper = work
        .actor()
        .assignments
        .iter()
        .any(|held| held.permissions.iter().any(|permission| permission == ADMINISTRATOR));
    if job.person_id != work.actor().person_id && !keeper {
        return Err(missing());
    }
    if job.state.is_over() {
        return Err(Refusal::refused("该任务已结束", "the job is over"));
    }
    let now = work.now();
    jobs::cancel(work.tx, org_id, id, now)?;
    Ok(Done::said("已要求停止", "it was asked to stop").see(format!("/jobs/{id}")))
}
