//! Evidence, the month's list and the daily list of adjustments. (ADJ-11..13)

use identity::Work;
use kernel::{Bilingual, Date, Lang, Month};
use store::Tx;
use workflow::{Channel, ListLine, ListSide, NewList, SignedList, Subject};

use super::model::AdjustmentCase;
use super::service;
use super::sql;
use crate::office::record::{record, require_at, unit_of_post};
use crate::office::{OfficeError, Result, checked_text, flow, permission};

/// What a station adds to the month's list. (ADJ-12)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthListAnswer {
    /// How many copies of original evidence.
    pub copies: i64,
    /// Its words.
    pub text: String,
}

/// The station takes over the original paper evidence of a case: a list that both sides sign, the station and who
/// brought it, which is the centre when the station itself started the case. (ADJ-11)
pub fn receive_evidence(work: &mut Work<'_, '_>, case_id: i64, papers: &str) -> Result<SignedList> {
    let org_id = work.org_id();
    let case = service::find(work.tx, org_id, case_id)?;
    require_at(work, permission::FILE_EVIDENCE, case.unit_id)?;
    let papers = checked_text("papers", papers, 500)?;
    let bringer =
        if case.started_unit_id == case.unit_id { case.centre_unit_id } else { case.started_unit_id };
    let line = ListLine {
        subject_kind: "adjustment".into(),
        subject_id: case_id,
        text: format!("{} {papers}", case.number),
    };
    let list = flow::make_list(
        work,
        &NewList {
            kind: "adjustment_evidence",
            month: work.today().month(),
            first_unit_id: bringer,
            second_unit_id: case.unit_id,
            lines: &[line],
        },
    )?;
    sql::save_evidence(work.tx, org_id, &case, list.id)?;
    record(work, permission::FILE_EVIDENCE, case.unit_id, "adjustment", &case.number, "", &list.number)?;
    Ok(list)
}

/// The station files the evidence once both sides have signed for it. (ADJ-11)
pub fn file_evidence(work: &mut Work<'_, '_>, case_id: i64, place: &str) -> Result<()> {
    let org_id = work.org_id();
    let case = service::find(work.tx, org_id, case_id)?;
    require_at(work, permission::FILE_EVIDENCE, case.unit_id)?;
    let place = checked_text("place", place, 200)?;
    let list_id =
        case.evidence_list_id.ok_or(OfficeError::NotFound { what: "evidence of case", id: case_id })?;
    if !flow::list(work.tx, org_id, list_id)?.is_complete() {
        return Err(OfficeError::refused(
            "ADJ-11",
            format!("退补 {} 的原始资料尚未双方签字，不能归档", case.number),
            format!("both sides sign for the evidence of {} before it is filed", case.number),
        ));
    }
    let (by, now) = (work.actor().person_id, work.now());
    sql::save_filed(work.tx, org_id, &case, (by, now), place)?;
    record(
        work,
        permission::FILE_EVIDENCE,
        case.unit_id,
        "adjustment",
        &case.number,
        "",
        &format!("filed: {place}"),
    )
}

/// The centre makes the list of the adjustments completed in a month at a station. (ADJ-12)
pub fn make_month_list(work: &mut Work<'_, '_>, month: Month, unit_id: i64) -> Result<SignedList> {
    let centre = unit_of_post(work, permission::MAKE_LIST, unit_id)?;
    let org_id = work.org_id();
    let lines: Vec<ListLine> = service::cases_of_month(work.tx, org_id, unit_id, month)?
        .into_iter()
        .map(|case| ListLine {
            subject_kind: "adjustment".into(),
            subject_id: case.case_id,
            text: format!(
                "{} {} {} {} 千瓦时 {} 元",
                case.number,
                customer(&case),
                case.cause.text(Lang::Zh),
                case.energy_kwh,
                case.amount
            ),
        })
        .collect();
    let list = flow::make_list(
        work,
        &NewList {
            kind: "adjustment_detail",
            month,
            first_unit_id: centre,
            second_unit_id: unit_id,
            lines: &lines,
        },
    )?;
    let new = format!("{} adjustments", lines.len());
    record(work, permission::MAKE_LIST, unit_id, "adjustment_list", &list.number, "", &new)?;
    Ok(list)
}

/// Whom a case concerns, in the words of a list.
fn customer(case: &AdjustmentCase) -> String {
    if case.is_batch() { "多户（见退补清单）".into() } else { format!("客户 {}", case.account_id) }
}

/// The station answers the month's list with copies of the original evidence. (ADJ-12)
pub fn answer_month_list(work: &mut Work<'_, '_>, list_id: i64, copies: u32, text: &str) -> Result<()> {
    let org_id = work.org_id();
    let list = flow::list(work.tx, org_id, list_id)?;
    require_at(work, permission::FILE_EVIDENCE, list.second_unit_id)?;
    let text = checked_text("answer", text, 500)?;
    let (by, now) = (work.actor().person_id, work.now());
    sql::insert_month_answer(work.tx, org_id, list_id, copies, text, (by, now))?;
    let new = format!("{copies} copies: {text}");
    record(work, permission::FILE_EVIDENCE, list.second_unit_id, "adjustment_list", &list.number, "", &new)
}

/// The station's answer to a month's list, if it has given one. (ADJ-12)
pub fn month_list_answer(tx: &mut Tx<'_>, org_id: i64, list_id: i64) -> Result<Option<MonthListAnswer>> {
    let found = sql::month_answer(tx, org_id, list_id)?;
    Ok(found.map(|(copies, text)| MonthListAnswer { copies, text }))
}

/// Signs the month's list for one side; the station only after it has answered with its copies. (ADJ-12)
pub fn sign_month_list(work: &mut Work<'_, '_>, list_id: i64, side: ListSide) -> Result<SignedList> {
    let org_id = work.org_id();
    let list = flow::list(work.tx, org_id, list_id)?;
    if side == ListSide::Second && month_list_answer(work.tx, org_id, list_id)?.is_none() {
        return Err(OfficeError::refused(
            "ADJ-12",
            format!("清单 {} 须先附原始资料复印件再签字", list.number),
            format!("answer list {} with copies of the evidence before signing it", list.number),
        ));
    }
    let signed = flow::sign(work, list_id, side)?;
    record(
        work,
        permission::SIGN_LIST,
        list.second_unit_id,
        "adjustment_list",
        &list.number,
        "",
        &format!("{side:?}"),
    )?;
    Ok(signed)
}

/// The station's fee administrator gives the centre the day's list of customers with an adjustment in progress, as an
/// OA document, once a day and also when there are none. Answers how many. (ADJ-13)
pub fn give_running_list(work: &mut Work<'_, '_>, unit_id: i64, centre_unit_id: i64) -> Result<usize> {
    require_at(work, permission::LIST_RUNNING, unit_id)?;
    let (org_id, today, by, now) = (work.org_id(), work.today(), work.actor().person_id, work.now());
    let cases = service::running(work.tx, org_id, unit_id)?;
    let head = format!("{today} 在途退补 {} 件", cases.len());
    let mut text = head.clone();
    for case in &cases {
        let line = format!("\n{} {}", case.number, customer(case));
        if text.chars().count() + line.chars().count() > 900 {
            text.push_str("\n……");
            break;
        }
        text.push_str(&line);
    }
    let subject = Subject { kind: "running_adjustments", id: today.number() };
    let message_id = flow::message(work, Channel::Oa, (unit_id, centre_unit_id), subject, &text)?;
    sql::insert_running_list(work.tx, org_id, (unit_id, today), cases.len() as i64, message_id, (by, now))?;
    record(work, permission::LIST_RUNNING, unit_id, "running_adjustments", &today.to_string(), "", &head)?;
    Ok(cases.len())
}

/// Stations that have not given their list of `day`. (ADJ-13, XC-08)
pub fn missing_running_lists(tx: &mut Tx<'_>, org_id: i64, day: Date, stations: &[i64]) -> Result<Vec<i64>> {
    let given = sql::running_lists_of(tx, org_id, day)?;
    Ok(stations.iter().copied().filter(|unit_id| !given.contains(unit_id)).collect())
}
