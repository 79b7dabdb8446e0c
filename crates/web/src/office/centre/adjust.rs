//! The acts that move an adjustment along the route of its cause. (ADJ-01..18)

use billing::adjustment::{self, AdjustmentCase, Cause, Effect, FollowUpItem, NewAdjustment};
use billing::{BillPostings, PriceBook};
use identity::Work;
use kernel::{Bilingual, Lang, Month, Quantity, Text};
use ledger::PostingRules;

use super::{ACCOUNT, MONTH, NOTE, REASON, UNIT, account_in, rules, unit_in, unit_of_kind};
use crate::catalogue::{Act, Done, Field, Given, House, Offer, Refusal, Run, Takes, Weight};

/// The codes of causes, in the order of their numbers.
pub const CAUSES: &[&str] = &[
    "tariff_policy",
    "low_income_relief",
    "superior_instruction",
    "fault_handling",
    "station_error",
    "system_error",
    "insufficient_review",
    "metering_quantity",
    "metering_fee",
    "marketing_error",
    "breach_of_contract",
];
const STATION_CAUSES: &[&str] = &[
    "tariff_policy",
    "low_income_relief",
    "superior_instruction",
    "fault_handling",
    "station_error",
    "metering_fee",
];
const CENTRE_CAUSES: &[&str] = &["system_error", "insufficient_review"];
const METERING_CAUSES: &[&str] = &["metering_quantity"];
const INSPECTION_CAUSES: &[&str] = &["marketing_error", "breach_of_contract"];
/// The codes of follow-up steps.
pub const ITEMS: &[&str] = &["create_batch", "submit_readings", "change_base_reading"];

const CASE: Field = Field::new("case", Takes::Id);
const TEXT: Field = Field::new("text", Takes::LongText(500));
const ITEM: Field = Field::new("item", Takes::Choice(ITEMS));
const COMPONENTS: Field = Field::new("components", Takes::LongText(2_000));
const TIERS: Field = Field::maybe("tiers", Takes::LongText(400));
const KWH: Field = Field::maybe("kwh", Takes::Quantity);

/// What is told of every new adjustment; the causes differ by who starts it.
macro_rules! start_fields {
    ($causes:expr $(, $more:expr)*) => {
        &[
            ACCOUNT,
            MONTH,
            Field::new("adjustment_cause", Takes::Choice($causes)),
            REASON,
            KWH,
            COMPONENTS,
            TIERS,
            Field::maybe("change_ticket", Takes::Text(60)),
            Field::maybe("create_batch", Takes::Flag),
            Field::maybe("submit_readings", Takes::Flag),
            Field::maybe("change_base_reading", Takes::Flag),
            $($more),*
        ]
    };
}

const fn act(
    name: &'static str,
    path: &'static str,
    permission: &'static str,
    fields: &'static [Field],
    run: Run,
    weight: Weight,
) -> Act {
    // A step is refused when the case has moved since the person looked at it.
    Act { name, path, permission, fields, run, weight, view: Some("adjustment"), ..Act::PLAIN }
}

const fn begin(
    name: &'static str,
    path: &'static str,
    permission: &'static str,
    fields: &'static [Field],
) -> Act {
    Act { name, path, permission, fields, run: Run::Command(start), weight: Weight::Main, ..Act::PLAIN }
}

/// Approval, refusal and sending on by the head of each route.
macro_rules! heads {
    ($($route:literal, $way:literal;)+) => {
        [$(
            act(
                concat!("adjustment.approve_", $route),
                concat!("/adjustments/{case}/approve-", $way),
                concat!("adjustment.approve_", $route),
                &[CASE, NOTE],
                Run::Command(approve),
                Weight::Main,
            ),
            act(
                concat!("adjustment.refuse_", $route),
                concat!("/adjustments/{case}/refuse-", $way),
                concat!("adjustment.approve_", $route),
                &[CASE, REASON],
                Run::Command(refuse),
                Weight::Grave,
            ),
            act(
                concat!("adjustment.send_on_", $route),
                concat!("/adjustments/{case}/send-on-", $way),
                concat!("adjustment.approve_", $route),
                &[CASE],
                Run::Command(send_on),
                Weight::Main,
            ),
        )+]
    };
}

/// Acts of the heads.
pub const HEADS: &[Act] = &heads! {
    "station", "station";
    "centre", "centre";
    "metering", "metering";
    "inspection", "inspection";
};

/// All others.
pub const ACTS: &[Act] = &[
    begin(
        "adjustment.start_station",
        "/adjustments/start-station",
        "adjustment.start_station",
        start_fields!(STATION_CAUSES, Field::maybe("request_ticket", Takes::Id)),
    ),
    begin(
        "adjustment.start_centre",
        "/adjustments/start-centre",
        "adjustment.start_centre",
        start_fields!(CENTRE_CAUSES),
    ),
    begin(
        "adjustment.start_metering",
        "/adjustments/start-metering",
        "adjustment.start_metering",
        start_fields!(METERING_CAUSES),
    ),
    begin(
        "adjustment.start_inspection",
        "/adjustments/start-inspection",
        "adjustment.start_inspection",
        start_fields!(INSPECTION_CAUSES),
    ),
    Act {
        name: "adjustment.request_fee",
        path: "/adjustments/request-fee",
        permission: "adjustment.raise_metering_fee",
        fields: &[ACCOUNT, Field::new("basis", Takes::LongText(1_000))],
        run: Run::Command(request_fee),
        ..Act::PLAIN
    },
    act(
        "adjustment.approve_leader",
        "/adjustments/{case}/approve-leader",
        "adjustment.approve_leader",
        &[CASE, NOTE],
        Run::Command(approve_large),
        Weight::Signed,
    ),
    act(
        "adjustment.audit",
        "/adjustments/{case}/audit",
        "adjustment.audit_data",
        &[CASE, NOTE],
        Run::Command(audit),
        Weight::Main,
    ),
    act(
        "adjustment.refuse_data",
        "/adjustments/{case}/refuse-data",
        "adjustment.audit_data",
        &[CASE, REASON],
        Run::Command(refuse),
        Weight::Grave,
    ),
    act(
        "adjustment.operate",
        "/adjustments/{case}/operate",
        "adjustment.operate",
        &[CASE],
        Run::Command(operate),
        Weight::Main,
    ),
    act(
        "adjustment.archive",
        "/adjustments/{case}/archive",
        "adjustment.archive",
        &[CASE],
        Run::Command(archive),
        Weight::Main,
    ),
    act(
        "adjustment.call",
        "/adjustments/{case}/call",
        "adjustment.follow_up",
        &[CASE, TEXT],
        Run::Command(call),
        Weight::Plain,
    ),
    act(
        "adjustment.chase",
        "/adjustments/{case}/chase",
        "adjustment.follow_up",
        &[CASE, ITEM],
        Run::Command(chase),
        Weight::Plain,
    ),
    act(
        "adjustment.complete_step",
        "/adjustments/{case}/complete-step",
        "adjustment.do_follow_up",
        &[CASE, ITEM],
        Run::Command(complete),
        Weight::Main,
    ),
    act(
        "adjustment.finish_follow_up",
        "/adjustments/{case}/finish-follow-up",
        "adjustment.do_follow_up",
        &[CASE],
        Run::Command(finish),
        Weight::Main,
    ),
    act(
        "adjustment.issue",
        "/adjustments/{case}/issue",
        "billing.issue",
        &[CASE],
        Run::Command(issue),
        Weight::Main,
    ),
    Act {
        name: "adjustment.month_list",
        path: "/adjustments/month-list",
        permission: "workflow.make_list",
        fields: &[MONTH, UNIT],
        run: Run::Command(month_list),
        ..Act::PLAIN
    },
];

/// The acts that decide the step of an approval that needs `permission`.
pub fn decisions(case_id: i64, approval_id: i64, permission: &str) -> Vec<Offer> {
    let pair: [&'static str; 2] = match permission {
        "adjustment.approve_station" => ["adjustment.approve_station", "adjustment.refuse_station"],
        "adjustment.approve_centre" => ["adjustment.approve_centre", "adjustment.refuse_centre"],
        "adjustment.approve_metering" => ["adjustment.approve_metering", "adjustment.refuse_metering"],
        "adjustment.approve_inspection" => ["adjustment.approve_inspection", "adjustment.refuse_inspection"],
        _ => {
            return vec![
                Offer::new("adjustment.approve_leader", &[("case", &case_id)]),
                Offer::new("approval.decline_leader", &[("approval", &approval_id)]),
            ];
        }
    };
    pair.iter().map(|act| Offer::new(act, &[("case", &case_id)])).collect()
}

/// The act by which the head of a route sends on what a leader approved.
pub fn send_on_act(case: &AdjustmentCase) -> &'static str {
    match case.cause.route().ticket_kind {
        "adjustment_station" => "adjustment.send_on_station",
        "adjustment_centre" => "adjustment.send_on_centre",
        "adjustment_metering" => "adjustment.send_on_metering",
        _ => "adjustment.send_on_inspection",
    }
}

/// The act by which the head of a route refuses.
pub fn refuse_act(case: &AdjustmentCase) -> &'static str {
    match case.cause.route().ticket_kind {
        "adjustment_station" => "adjustment.refuse_station",
        "adjustment_centre" => "adjustment.refuse_centre",
        "adjustment_metering" => "adjustment.refuse_metering",
        _ => "adjustment.refuse_inspection",
    }
}

/// `NAME=FIGURE`, a line each or parted by commas or semicolons.
fn pairs(field: &str, text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut found = Vec::new();
    for part in text.split(['\n', ';', '；', '，']).map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, figure)) = part.split_once(['=', '＝', ':', '：']) else {
            return Err(wrong(
                field,
                &format!("{part} 应写成 名称=数值"),
                &format!("{part} is to be written name=figure"),
            ));
        };
        found.push((name.trim().to_owned(), figure.trim().replace(',', "")));
    }
    Ok(found)
}

fn wrong(field: &str, zh: &str, en: &str) -> Refusal {
    Refusal::fields(vec![(field.to_owned(), Text::new(zh, en))])
}

/// What an adjustment changes, as the form says it. Components by the ledger's codes or by their names.
fn effect(given: &Given) -> Result<Effect, Refusal> {
    let rules = PostingRules::standard()?;
    let mut components = Vec::new();
    for (name, figure) in pairs("components", given.text("components"))? {
        let known = rules.components().iter().find(|known| {
            known.code == name || known.name.zh == name || known.name.en.eq_ignore_ascii_case(&name)
        });
        let code = known.map_or(name, |known| known.code.clone());
        let amount = figure.parse().map_err(|_| {
            wrong("components", &format!("{figure} 不是金额"), &format!("{figure} is not an amount"))
        })?;
        components.push((code, amount));
    }
    let mut tiers = Vec::new();
    for (tier, figure) in pairs("tiers", given.text("tiers"))? {
        let tier: u8 = tier.parse().map_err(|_| {
            wrong("tiers", &format!("{tier} 不是阶梯号"), &format!("{tier} is not the number of a tier"))
        })?;
        let energy = figure.parse().map_err(|_| {
            wrong("tiers", &format!("{figure} 不是电量"), &format!("{figure} is not a quantity"))
        })?;
        tiers.push((tier, energy));
    }
    let energy_kwh = given.maybe_quantity("kwh").unwrap_or(Quantity::ZERO);
    Ok(Effect { energy_kwh, tiers, components })
}

fn item(code: &str) -> FollowUpItem {
    match code {
        "create_batch" => FollowUpItem::CreateBatch,
        "submit_readings" => FollowUpItem::SubmitReadings,
        _ => FollowUpItem::ChangeBaseReading,
    }
}

fn start(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let cause = CAUSES.iter().position(|known| *known == given.text("adjustment_cause"));
    let cause = cause.and_then(|at| Cause::from_number(i64::try_from(at).unwrap_or(-1)));
    let cause = cause.ok_or_else(|| wrong("adjustment_cause", "没有这个原因", "there is no such cause"))?;
    let new = NewAdjustment {
        cause,
        account_id: account_in(work, given)?,
        month: given.month("month")?,
        reason: given.text("reason").to_owned(),
        effect: effect(given)?,
        request_ticket_id: given.maybe_number("request_ticket"),
        change_ticket: given.maybe_text("change_ticket").map(str::to_owned),
        centre_unit_id: unit_of_kind(work, "billing_centre")?,
        follow_up: ITEMS.iter().filter(|code| given.flag(code)).map(|code| item(code)).collect(),
    };
    let case = adjustment::start(work, &rules()?, &new)?;
    let done = Done::said(
        format!("退补 {} 已发起，电费 {} 元，待审批", case.number, case.amount),
        format!("adjustment {} is started, {} yuan, and waits for approval", case.number, case.amount),
    );
    let done = done.see(format!("/adjustments/{}", case.case_id)).fact("case", case.case_id.to_string());
    Ok(done.fact("number", case.number))
}

fn request_fee(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let account = account_in(work, given)?;
    let ticket = adjustment::raise_fee_request(work, &rules()?, account, given.text("basis"))?;
    let done = Done::said("工作票已送供电所", "the ticket went to the station");
    Ok(done.fact("ticket", ticket.to_string()))
}

fn case_of(given: &Given) -> Result<i64, Refusal> {
    given.number("case")
}

fn approved(work: &mut Work<'_, '_>, given: &Given) -> Result<Done, Refusal> {
    if adjustment::approve(work, &rules()?, case_of(given)?, given.text("note"))? {
        Ok(Done::said("审批完成", "approved by everybody"))
    } else {
        Ok(Done::said("已同意，待下一级审批", "approved; the next step waits"))
    }
}

/// A step that asks for a leader is only taken by the act that is signed. (ADJ-17)
fn approve(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let org_id = work.org_id();
    let case = adjustment::find(work.tx, org_id, case_of(given)?)?;
    let approval = workflow::find_approval(work.tx, org_id, case.approval_id)?;
    let waiting = approval.steps.iter().find(|step| step.decision.is_none());
    if waiting.is_some_and(|step| step.permission == "adjustment.approve_leader") {
        return Err(Refusal::refused("此步须由分管领导签名审批", "this step is a leader's, who signs it"));
    }
    approved(work, given)
}

fn approve_large(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    approved(work, given)
}

fn refuse(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    adjustment::refuse(work, &rules()?, case_of(given)?, given.text("reason"))?;
    Ok(Done::said("已退回，不生效", "refused without effect"))
}

fn send_on(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    adjustment::send_on(work, &rules()?, case_of(given)?)?;
    Ok(Done::said("已转办", "sent on"))
}

fn audit(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    adjustment::audit(work, &rules()?, case_of(given)?, given.text("note"))?;
    Ok(Done::said("原始数据已审核", "the original data are audited"))
}

fn operate(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    adjustment::operate(work, &rules()?, case_of(given)?)?;
    Ok(Done::said("已操作", "operated"))
}

fn archive(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    adjustment::archive(work, &rules()?, case_of(given)?)?;
    Ok(Done::said("已归档", "archived"))
}

fn call(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    adjustment::record_call(work, case_of(given)?, given.text("text"))?;
    Ok(Done::said("已记电话通知", "the call is noted"))
}

fn chase(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    adjustment::chase(work, case_of(given)?, item(given.text("item")))?;
    Ok(Done::said("已催办", "chased"))
}

fn complete(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    adjustment::complete_follow_up(work, case_of(given)?, item(given.text("item")))?;
    Ok(Done::said("该后续事项已完成", "the step is done"))
}

fn finish(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let due = adjustment::finish_follow_up(work, &rules()?, case_of(given)?)?;
    let done = Done::said(
        format!("后续事项完成，应于 {due} 前发行"),
        format!("everything is done; to be issued by {due}"),
    );
    Ok(done.fact("issue_by", due.to_string()))
}

fn issue(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (org_id, case_id) = (work.org_id(), case_of(given)?);
    let prices = PriceBook::load(work.tx, org_id)?;
    let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
    if adjustment::find(work.tx, org_id, case_id)?.is_batch() {
        let done = adjustment::issue_batch(work, &rules()?, &postings, case_id)?;
        let (bills, amount) = (done.bills, done.amount);
        return Ok(Done::said(
            format!("已发行退补电费 {bills} 户，{amount} 元"),
            format!("issued {bills} adjustments of {amount} yuan"),
        ));
    }
    let bill = adjustment::issue_with(work, &rules()?, &postings, case_id)?;
    let (month, sequence, amount) = (bill.key.month, bill.key.sequence, bill.amount);
    let done = Done::said(
        format!("已发行 {month} 第 {sequence} 笔退补电费 {amount} 元"),
        format!("issued {amount} yuan as further bill {sequence} of {month}"),
    );
    Ok(done.fact("sequence", sequence).fact("amount", amount.to_string()))
}

fn month_list(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, unit_id): (Month, i64) = (given.month("month")?, unit_in(work, given.text("unit"))?);
    let list = adjustment::make_month_list(work, month, unit_id)?;
    let done = Done::said(
        format!("退补明细清单 {} 待双方签字", list.number),
        format!("list {} waits for both signatures", list.number),
    );
    Ok(done.fact("list", list.id.to_string()))
}

/// A cause in both languages.
pub fn cause(cause: Cause) -> Text {
    Text::new(cause.text(Lang::Zh), cause.text(Lang::En))
}
