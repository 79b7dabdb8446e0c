//! The proof of the books as a button: a job, its progress, its report; what it finds stops the books.

use audit::check::{CheckError, Options, Progress, Report};
use identity::alarm;
use kernel::{Bilingual as _, Text};
use serde_json::{Value as Json, json};

use super::log::hex;
use crate::catalogue::{
    Act, Block, Cell, Column, Done, Field, Given, Kind, List, Look, Query, Refusal, Row, Rows, Run, Sheet,
    Takes, Tone, View, Weight,
};
use crate::job::JobRun;
use crate::office::jobs::{JOB_COLUMNS, jobs_of};

pub(super) const READ: &str = "alarm.check";

/// Proves the books (核对账目); what is found raises an alarm.
pub const CHECK: Act = Act {
    name: "alarm.check",
    path: "/checks",
    permission: READ,
    fields: &[Field::maybe("deep", Takes::Flag), Field::maybe("without_engine", Takes::Flag)],
    run: Run::Job(check),
    weight: Weight::Main,
    on_alarm: true,
    ..Act::PLAIN
};

/// Findings kept with a report; the alarm keeps as many.
const FINDINGS_MAX: usize = 2_000;

fn check(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    let (house, deep) = (run.house, given.flag("deep"));
    let schemas = audit::schemas();
    let options = Options { deep, engine: !given.flag("without_engine"), ..Options::new(&schemas) };
    let mut looked_at = 0_i64;
    let mut tell = |step: &Progress| {
        looked_at = looked_at.saturating_add(step.looked_at);
        run.progress(looked_at, 0).is_ok()
    };
    let report = match audit::check::check(&house.store, house.org_id, &options, &mut tell) {
        Err(CheckError::Stopped) => return Err(run.stopped()),
        other => other?,
    };
    let decided = run.look(|tx| Ok(alarm::decided_findings(tx, house.org_id)?))?;
    let open = report.undecided(&decided).len();
    let raised = match open {
        0 => None,
        _ => audit::check::raise(&house.store, &run.actor, run.now, "check", &report)?,
    };
    let found = report.found();
    let said = match (&raised, found) {
        (Some(alarm), _) => Text::new(
            format!("发现 {found} 处不符，账目已停用：第 {} 号警报", alarm.number),
            format!("{found} findings; the books are stopped: alarm {}", alarm.number),
        ),
        (None, 0) => Text::new("账目无误", "the books are as they must be"),
        (None, _) => Text::new(
            format!("{found} 处不符均已有处理决定"),
            format!("all {found} findings have been decided about"),
        ),
    };
    let mut done = Done::said(said.zh, said.en).see(format!("/checks/{}", run.job_id));
    if let Json::Object(facts) = facts_of(&report, deep, raised.map(|alarm| alarm.number)) {
        done.facts = facts;
    }
    Ok(done)
}

/// The report as it is kept with the job.
fn facts_of(report: &Report, deep: bool, alarm: Option<i64>) -> Json {
    let millis = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let parts: Vec<Json> = report
        .parts
        .iter()
        .map(|part| {
            let checked = &part.checked;
            json!([
                checked.code,
                checked.name.zh,
                checked.name.en,
                checked.looked_at,
                checked.found,
                millis(part.elapsed)
            ])
        })
        .collect();
    let findings: Vec<Json> = report
        .findings()
        .into_iter()
        .take(FINDINGS_MAX)
        .map(|finding| json!([finding.check, finding.place, finding.zh, finding.en]))
        .collect();
    let skipped: Vec<Json> = report.skipped.iter().map(|(code, why)| json!([code, why.zh, why.en])).collect();
    json!({
        "deep": deep,
        "found": report.found(),
        "alarm": alarm,
        "parts": parts,
        "findings": findings,
        "skipped": skipped,
        "changed_since": report.changed_since,
        "log": report.log.map(|(size, root)| json!([size, hex(&root)])),
        "millis": millis(report.elapsed),
    })
}

/// The checks that were made, the latest first.
pub const CHECKS: List = List {
    name: "checks",
    path: "/checks",
    permission: READ,
    filters: &[],
    columns: JOB_COLUMNS,
    rows: checks,
    menu: true,
    acts: &["alarm.check"],
};

fn checks(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    jobs_of(look, query, CHECK.name, "/checks")
}

/// The report of a check.
pub const REPORT: View = View {
    name: "check",
    path: "/checks/{job}",
    permission: READ,
    params: &[Field::new("job", Takes::Id)],
    show: report,
    menu: false,
};

fn text(json: &Json, at: usize) -> String {
    json.get(at).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn number(json: &Json, at: usize) -> i64 {
    json.get(at).and_then(Json::as_i64).unwrap_or(0)
}

fn said(json: &Json, at: usize) -> Text {
    Text::new(text(json, at), text(json, at + 1))
}

/// Seconds with three decimals, from whole milliseconds.
fn seconds(millis: i64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

fn list<'j>(facts: &'j Json, name: &str) -> &'j [Json] {
    facts.get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn report(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, id, lang) = (look.org_id(), given.number("job")?, look.lang());
    let missing = || Refusal::not_found("核对", "check", &id.to_string());
    let job = jobs::find(look.tx, org_id, id)?.filter(|job| job.act == CHECK.name).ok_or_else(missing)?;
    let facts: Json = serde_json::from_str(&job.facts).unwrap_or(Json::Null);
    let title =
        Text::new(format!("账目核对 {}", job.queued_at), format!("Check of the books, {}", job.queued_at));
    let mut sheet = Sheet::new(title.text(lang));
    if job.state != jobs::State::Done {
        let words = job.said.unwrap_or_else(|| Text::new("尚未完成", "not done yet"));
        sheet.push(Block::Note(Tone::Warn, words));
        return Ok(sheet);
    }
    let found = facts.get("found").and_then(Json::as_i64).unwrap_or(0);
    let alarm = facts.get("alarm").and_then(Json::as_i64);
    sheet.badges.push(match (found, alarm) {
        (0, _) => Cell::word("state.agrees").toned(Tone::Good),
        (_, Some(number)) => {
            Cell::word("state.alarm_raised").toned(Tone::Bad).to(format!("/alarms/{number}"))
        }
        (_, None) => Cell::word("state.decided").toned(Tone::Warn),
    });
    if let Some(words) = job.said {
        sheet.push(Block::Note(if alarm.is_some() { Tone::Bad } else { Tone::Good }, words));
    }
    let log = facts.get("log").cloned().unwrap_or(Json::Null);
    sheet.push(Block::Facts {
        name: "check",
        facts: vec![
            ("by", Kind::Text, Cell::from(look.person_name(job.person_id)?)),
            ("deep", Kind::Flag, Cell::from(facts.get("deep").and_then(Json::as_bool).unwrap_or(false))),
            ("found", Kind::Count, Cell::from(found)),
            (
                "seconds",
                Kind::Text,
                Cell::from(seconds(facts.get("millis").and_then(Json::as_i64).unwrap_or(0))),
            ),
            ("log_size", Kind::Count, Cell::from(number(&log, 0))),
            ("root", Kind::Text, Cell::from(text(&log, 1))),
        ],
    });
    let findings: Vec<Row> = list(&facts, "findings")
        .iter()
        .map(|finding| {
            Row::from(vec![
                Cell::from(text(finding, 0)),
                Cell::from(text(finding, 1)).toned(Tone::Bad),
                Cell::from(said(finding, 2)),
            ])
        })
        .collect();
    if !findings.is_empty() {
        sheet.push(Block::Table { name: "findings", columns: FINDING_COLUMNS.to_vec(), rows: findings });
    }
    let rows = list(&facts, "parts").iter().map(|part| {
        let found = number(part, 4);
        let count = Cell::from(found);
        Row::from(vec![
            Cell::from(said(part, 1)),
            Cell::from(number(part, 3)),
            if found > 0 { count.toned(Tone::Bad) } else { count },
            Cell::from(seconds(number(part, 5))),
        ])
    });
    sheet.push(Block::Table {
        name: "checked",
        columns: vec![
            Column::new("check", Kind::Text),
            Column::new("looked_at", Kind::Count),
            Column::new("found", Kind::Count),
            Column::new("seconds", Kind::Text),
        ],
        rows: rows.collect(),
    });
    for skipped in list(&facts, "skipped") {
        let why = said(skipped, 1);
        sheet.push(Block::Note(
            Tone::Warn,
            Text::new(
                format!("未核对触发器与约束：{}", why.zh),
                format!("guards were not compared: {}", why.en),
            ),
        ));
    }
    let changed = facts.get("changed_since").and_then(Json::as_i64).unwrap_or(0);
    if changed > 0 {
        sheet.push(Block::Note(
            Tone::Quiet,
            Text::new(
                format!("{changed} 张账单的协议、电价或阶梯数据已有后续变更，仅比对了表码"),
                format!("{changed} bills: agreement, prices or tiers changed since; only their readings were compared"),
            ),
        ));
    }
    Ok(sheet)
}

/// What was found, as alarms and reports list it.
pub(super) const FINDING_COLUMNS: &[Column] =
    &[Column::new("check", Kind::Text), Column::new("place", Kind::Text), Column::new("finding", Kind::Text)];
