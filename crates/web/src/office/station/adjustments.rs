//! What the station does about adjustments beside their route: the day's list of those in progress, and the paper
//! evidence that both sides sign for.

use identity::Work;

use super::{CENTRE, UNIT, centre_in, unit_in};
use crate::catalogue::{Act, Area, Done, Field, Given, House, Refusal, Run, Takes, Weight};

const CASE: Field = Field::new("case", Takes::Id);

/// The area; its lists are the centre's.
pub const AREA: Area =
    Area { name: "evidence", lists: &[], views: &[], acts: &[RUNNING_LIST, RECEIVE, FILE], pages: &[] };

const RUNNING_LIST: Act = Act {
    name: "adjustment.running_list",
    path: "/adjustments/running-list",
    permission: "adjustment.list_running",
    fields: &[UNIT, CENTRE],
    run: Run::Command(running_list),
    ..Act::PLAIN
};
const RECEIVE: Act = Act {
    name: "adjustment.receive_evidence",
    path: "/adjustments/{case}/evidence",
    permission: "adjustment.file_evidence",
    fields: &[CASE, Field::new("papers", Takes::LongText(500))],
    run: Run::Command(receive),
    ..Act::PLAIN
};
const FILE: Act = Act {
    name: "adjustment.file_evidence",
    path: "/adjustments/{case}/evidence/file",
    permission: "adjustment.file_evidence",
    fields: &[CASE, Field::new("place", Takes::Text(200))],
    run: Run::Command(file),
    weight: Weight::Main,
    ..Act::PLAIN
};

fn running_list(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unit = unit_in(work, given.text("unit"))?;
    let centre = centre_in(work, given.maybe_text("centre"))?;
    let cases = billing::adjustment::give_running_list(work, unit.id, centre)?;
    Ok(Done::said(
        format!("已报送当日在途退补清单，共 {cases} 件"),
        format!("gave the day's list of {cases} adjustments in progress"),
    )
    .fact("cases", cases))
}

fn receive(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let list = billing::adjustment::receive_evidence(work, given.number("case")?, given.text("papers"))?;
    Ok(Done::said(
        format!("原始资料交接单 {} 待双方签字", list.number),
        format!("the list of evidence {} waits for both signatures", list.number),
    )
    .see(format!("/lists/{}", list.id))
    .fact("list", list.id.to_string()))
}

fn file(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let case = given.number("case")?;
    billing::adjustment::file_evidence(work, case, given.text("place"))?;
    Ok(Done::said("原始资料已归档", "the evidence is filed").see(format!("/adjustments/{case}")))
}
