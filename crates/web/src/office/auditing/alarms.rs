//! Alarms: what was found in the books, and the two persons who decide about it.

use identity::Work;
use identity::alarm::{self, Alarm, AlarmState};
use kernel::{Bilingual as _, Text};

use super::check::{FINDING_COLUMNS, READ};
use crate::catalogue::{
    Act, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Query, Refusal, Row, Rows, Run,
    Sheet, Takes, Tone, View, Weight,
};

/// Every alarm.
pub const ALARMS: List = List {
    name: "alarms",
    path: "/alarms",
    permission: READ,
    filters: &[],
    columns: COLUMNS,
    rows: alarms,
    menu: true,
    acts: &["alarm.check"],
};

const COLUMNS: &[Column] = &[
    Column::sorted("alarm", Kind::Count),
    Column::sorted("at", Kind::Moment),
    Column::new("by", Kind::Text),
    Column::new("raised_by_what", Kind::Word),
    Column::sorted("found", Kind::Count),
    Column::new("state", Kind::Word),
];

fn state(state: AlarmState) -> Cell {
    let (key, tone) = match state {
        AlarmState::Raised => ("state.alarm.raised", Tone::Bad),
        AlarmState::Proposed => ("state.alarm.proposed", Tone::Warn),
        AlarmState::Decided => ("state.alarm.decided", Tone::Good),
    };
    Cell::word(key).toned(tone)
}

fn source(alarm: &Alarm) -> Cell {
    match alarm.source.as_str() {
        "check" | "period_close" | "month_close" => Cell::word(format!("word.alarm.{}", alarm.source)),
        other => Cell::from(other),
    }
}

fn alarms(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let org_id = look.org_id();
    let mut rows = Vec::new();
    for one in alarm::alarms(look.tx, org_id)?.into_iter().rev() {
        rows.push(Row::from(vec![
            Cell::from(one.number).to(format!("/alarms/{}", one.number)),
            Cell::from(one.raised_at),
            Cell::from(look.person_name(one.raised_by)?),
            source(&one),
            Cell::from(one.found),
            state(one.state),
        ]));
    }
    Ok(Rows::of(COLUMNS, rows, query, look.lang()))
}

/// One alarm.
pub const ALARM: View = View {
    name: "alarm",
    path: "/alarms/{alarm}",
    permission: READ,
    params: &[Field::new("alarm", Takes::Id)],
    show,
    menu: false,
};

fn show(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, number, lang) = (look.org_id(), given.number("alarm")?, look.lang());
    if !alarm::alarms(look.tx, org_id)?.iter().any(|one| one.number == number) {
        return Err(Refusal::not_found("警报", "alarm", &number.to_string()));
    }
    let found = alarm::find(look.tx, org_id, number)?;
    let mut sheet =
        Sheet::new(Text::new(format!("第 {number} 号警报"), format!("Alarm {number}")).text(lang));
    sheet.badges.push(state(found.state));
    sheet.version = Some(found.version.to_string());
    match found.state {
        AlarmState::Raised => {
            sheet.offer("alarm.propose", &[("alarm", &number)]);
        }
        AlarmState::Proposed => {
            sheet.offer("alarm.confirm", &[("alarm", &number)]);
            sheet.offer("alarm.send_back", &[("alarm", &number)]);
        }
        AlarmState::Decided => {}
    }
    if found.state != AlarmState::Decided {
        sheet.push(Block::Note(
            Tone::Bad,
            Text::new(
                "账目已停止写入，查询不受影响。由审计员提出处理意见，另一人（负责人）确认后恢复",
                "the books are read-only; looking goes on. The auditor proposes a decision, a head confirms it",
            ),
        ));
    }
    sheet.push(Block::Facts {
        name: "alarm",
        facts: vec![
            ("at", Kind::Moment, Cell::from(found.raised_at)),
            ("by", Kind::Text, Cell::from(look.person_name(found.raised_by)?)),
            ("raised_by_what", Kind::Word, source(&found)),
            ("found", Kind::Count, Cell::from(found.found)),
        ],
    });
    let mut events = Vec::new();
    for (decision, zh, en) in
        [(&found.confirmation, "确认", "confirmed"), (&found.proposal, "提出处理意见", "proposed a decision")]
    {
        if let Some(said) = decision {
            let who = look.person_name(said.person_id)?;
            events.push((said.at, who, Text::new(zh, en), said.reason.clone()));
        }
    }
    if !events.is_empty() {
        sheet.push(Block::Timeline { name: "decision", events });
    }
    let findings = alarm::findings(look.tx, org_id, number)?;
    let listed = findings.len() as i64;
    let rows = findings.into_iter().map(|finding| {
        Row::from(vec![
            Cell::from(finding.check),
            Cell::from(finding.place).toned(Tone::Bad),
            Cell::from(Text::new(finding.zh, finding.en)),
        ])
    });
    sheet.push(Block::Table { name: "findings", columns: FINDING_COLUMNS.to_vec(), rows: rows.collect() });
    if found.found > listed {
        let count = found.found;
        sheet.push(Block::Note(
            Tone::Quiet,
            Text::new(format!("共 {count} 处，列出前 {listed} 处"), format!("the first {listed} of {count}")),
        ));
    }
    Ok(sheet)
}

const FIELDS: &[Field] = &[Field::new("alarm", Takes::Id), Field::new("reason", Takes::LongText(1_000))];

/// The auditor proposes that commands be taken again.
pub const PROPOSE: Act = Act {
    name: "alarm.propose",
    path: "/alarms/{alarm}/propose",
    permission: "alarm.propose",
    fields: FIELDS,
    run: Run::Command(propose),
    weight: Weight::Main,
    view: Some("alarm"),
    on_alarm: true,
    ..Act::PLAIN
};

fn propose(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let number = given.number("alarm")?;
    audit::check::propose_in(work, number, given.text("reason"))?;
    Ok(Done::said(
        format!("已提出第 {number} 号警报的处理意见，待负责人确认"),
        format!("proposed for alarm {number}; a head has to confirm it"),
    ))
}

/// Another person confirms; the books go on.
pub const CONFIRM: Act = Act {
    name: "alarm.confirm",
    path: "/alarms/{alarm}/confirm",
    permission: "alarm.confirm",
    fields: FIELDS,
    run: Run::Command(confirm),
    weight: Weight::Signed,
    view: Some("alarm"),
    on_alarm: true,
    ..Act::PLAIN
};

fn confirm(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let number = given.number("alarm")?;
    audit::check::confirm_in(work, number, given.text("reason"))?;
    Ok(Done::said(format!("第 {number} 号警报已决定"), format!("alarm {number} is decided")))
}

/// Another person sends the proposal back.
pub const SEND_BACK: Act = Act {
    name: "alarm.send_back",
    path: "/alarms/{alarm}/send-back",
    permission: "alarm.confirm",
    fields: FIELDS,
    run: Run::Command(send_back),
    weight: Weight::Grave,
    view: Some("alarm"),
    on_alarm: true,
    ..Act::PLAIN
};

fn send_back(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let number = given.number("alarm")?;
    audit::check::send_back_in(work, number, given.text("reason"))?;
    Ok(Done::said(
        format!("第 {number} 号警报的处理意见已退回"),
        format!("the proposal for alarm {number} is sent back"),
    ))
}
