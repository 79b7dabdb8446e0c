//! `zhangfang adjust`: refunds and supplementary charges (退补), from the slip to the archive.

use billing::adjustment::{
    self, AdjustmentCase, CaseState, Cause, Effect, FollowUpItem, NewAdjustment, NewBatch,
};
use billing::whatif::{self, Selection, WhatIf};
use billing::{BillPostings, OfficeRules, PriceBook};
use clap::{Subcommand, ValueEnum};
use documents::sheet::Kind;
use kernel::{Bilingual, Month, Quantity};
use ledger::PostingRules;

use super::office::{Office, both, month, quantity};
use super::whatif::TrialArgs;
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

const READ: &str = "adjustment.read";

/// What can be done about adjustments.
#[derive(Debug, Subcommand)]
pub enum Adjust {
    /// Adjustments in progress, of a station or of all / 在途退补
    List {
        /// Code of the station / 供电所代码
        #[arg(long)]
        unit: Option<String>,
        /// Instead, those issued in this month / 某月已发行
        #[arg(long, value_parser = month)]
        issued: Option<Month>,
        #[command(flatten)]
        shown: Shown,
    },
    /// The causes there are, with their numbers / 退补原因
    Causes {
        #[command(flatten)]
        shown: Shown,
    },
    /// Start an adjustment / 发起退补
    Start {
        /// Account number / 户号
        account: String,
        /// The billing month that is corrected / 退补电费年月
        #[arg(value_parser = month)]
        month: Month,
        /// Number of the cause; `adjust causes` lists them / 原因号
        #[arg(long)]
        cause: i64,
        /// The specific reason / 具体原因
        #[arg(long)]
        reason: String,
        /// kWh in all; below zero for a refund / 退补电量
        #[arg(long, value_parser = quantity, default_value = "0", allow_hyphen_values = true)]
        kwh: Quantity,
        /// Yuan of a component, such as energy=-12.30; again for each / 费用项金额
        #[arg(long = "yuan", value_name = "COMPONENT=YUAN")]
        components: Vec<String>,
        /// kWh of a tier, such as 2=-30; again for each / 阶梯电量
        #[arg(long = "tier", value_name = "TIER=KWH")]
        tiers: Vec<String>,
        /// Ticket of the metering institute it is started on / 计量所工作票号
        #[arg(long)]
        request: Option<i64>,
        /// Number of the change ticket it follows from / 变更工单编号
        #[arg(long)]
        change: Option<String>,
        /// What the station does afterwards / 后续事项
        #[arg(long, value_enum)]
        follow_up: Vec<Item>,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// What other prices make of a month that was issued, as one adjustment with a line for each customer / 按试算发起批量退补
    FromWhatif {
        #[command(flatten)]
        trial: TrialArgs,
        /// The month that is corrected / 退补电费年月
        #[arg(long, value_parser = month)]
        month: Month,
        /// Code of the station / 供电所代码
        #[arg(long)]
        unit: String,
        /// Only this book / 抄本编号
        #[arg(long)]
        book: Option<String>,
        /// The specific reason, such as the number of the policy document / 具体原因（文号）
        #[arg(long)]
        reason: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// The customers of such an adjustment, each with its calculation / 批量退补清单
    Lines {
        /// The case's key, as `adjust list` shows it / 退补号
        case: i64,
        #[command(flatten)]
        shown: Shown,
    },
    /// Decide the approval step that waits / 审批
    Approve {
        /// The case's key, as `adjust list` shows it / 退补号
        case: i64,
        /// What is said / 内容
        #[arg(default_value = "同意")]
        text: String,
    },
    /// Send a case on whose last approval was a leader's / 转办
    SendOn { case: i64 },
    /// Refuse a case before it is operated / 不同意
    Refuse { case: i64, reason: String },
    /// The station audits the original data / 审核原始数据
    Audit { case: i64, text: String },
    /// The centre operates the adjustment / 操作
    Operate { case: i64 },
    /// The centre archives it / 归档
    Archive { case: i64 },
    /// Issue an adjustment whose follow-up is done, as a further bill / 发行退补电费
    Issue {
        /// The adjustment's key / 退补号
        case: i64,
    },
    /// Note the telephone call to the station / 电话通知
    Call { case: i64, text: String },
    /// Chase a follow-up step / 催办
    Chase {
        /// The case's key, as `adjust list` shows it / 退补号
        case: i64,
        /// The item / 事项
        #[arg(value_enum)]
        item: Item,
    },
    /// A follow-up step is done; without a step, all of them are reported done / 后续完成
    Done {
        /// The case's key, as `adjust list` shows it / 退补号
        case: i64,
        /// The item / 事项
        #[arg(value_enum)]
        item: Option<Item>,
    },
    /// Make the month's list of adjustments with a station, for both to sign / 退补明细清单
    MonthList {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the unit / 单位代码
        unit: String,
    },
    /// Give the day's list of adjustments in progress to the centre / 报送在途清单
    RunningList {
        /// Code of the unit / 单位代码
        unit: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
}

/// A step of the station afterwards.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Item {
    /// Create the electronic book
    CreateBatch,
    /// Enter the readings and submit
    SubmitReadings,
    /// Change the base reading
    ChangeBaseReading,
}

impl From<Item> for FollowUpItem {
    fn from(item: Item) -> FollowUpItem {
        match item {
            Item::CreateBatch => FollowUpItem::CreateBatch,
            Item::SubmitReadings => FollowUpItem::SubmitReadings,
            Item::ChangeBaseReading => FollowUpItem::ChangeBaseReading,
        }
    }
}

fn pair(text: &str) -> Done<(&str, &str)> {
    text.split_once('=').ok_or_else(|| {
        Failure::new(format!("{text:?} 应写成 名称=数值"), format!("{text:?} is to be written name=figure"))
    })
}

fn effect(kwh: Quantity, components: &[String], tiers: &[String]) -> Done<Effect> {
    let components = components
        .iter()
        .map(|text| pair(text).and_then(|(code, yuan)| Ok((code.to_owned(), yuan.parse()?))))
        .collect::<Done<_>>()?;
    let tiers = tiers
        .iter()
        .map(|text| {
            let (tier, energy) = pair(text)?;
            let tier = tier.parse::<u8>().map_err(|_| {
                Failure::new(format!("{tier:?} 不是阶梯号"), format!("{tier:?} is not the number of a tier"))
            })?;
            Ok((tier, energy.parse()?))
        })
        .collect::<Done<_>>()?;
    Ok(Effect { energy_kwh: kwh, tiers, components })
}

/// Runs the command.
pub fn run(command: &Adjust, office: &Office) -> Done {
    let rules = OfficeRules::built_in()?;
    // Most steps are: this case, this act, nothing to tell but that it was done.
    let step = |verb: &str, zh: &str, en: &str, act: &dyn Fn(&mut identity::Work<'_, '_>) -> Done| {
        office.change(verb, command, |work| {
            act(work)?;
            both(zh, en)
        })
    };
    match command {
        Adjust::List { unit, issued, shown } => list(office, unit.as_ref(), *issued, shown),
        Adjust::Causes { shown } => {
            let mut table =
                Table::new(office.lang).col("原因号", "cause", Kind::Integer).text("原因", "text");
            for cause in Cause::ALL {
                table.push(row![cause.number(), cause.text(office.lang)]);
            }
            table.show(shown)
        }
        Adjust::Start {
            account,
            month,
            cause,
            reason,
            kwh,
            components,
            tiers,
            request,
            change,
            follow_up,
            centre,
        } => {
            let cause = Cause::from_number(*cause).ok_or_else(|| {
                Failure::new(
                    "没有这个原因号；`zhangfang adjust causes` 列出原因",
                    "there is no such cause; `zhangfang adjust causes` lists them",
                )
            })?;
            let new = NewAdjustment {
                cause,
                account_id: office.account(account)?.account.account_id,
                month: *month,
                reason: reason.clone(),
                effect: effect(*kwh, components, tiers)?,
                request_ticket_id: *request,
                change_ticket: change.clone(),
                centre_unit_id: office.centre(centre.as_ref())?,
                follow_up: follow_up.iter().map(|item| FollowUpItem::from(*item)).collect(),
            };
            office.change("adjustment.start", command, |work| {
                let case = adjustment::start(work, &rules, &new)?;
                both(
                    format!("退补 {}（{}），电费 {} 元，待审批", case.number, case.case_id, case.amount),
                    format!(
                        "adjustment {} ({}), {} yuan, waits for approval",
                        case.number, case.case_id, case.amount
                    ),
                )
            })
        }
        Adjust::FromWhatif { trial, month, unit, book, reason, centre } => {
            let wanted = Wanted { trial, month: *month, unit, book: book.as_ref(), reason };
            from_whatif(command, office, &rules, &wanted, office.centre(centre.as_ref())?)
        }
        Adjust::Lines { case, shown } => lines(office, *case, shown),
        Adjust::Approve { case, text } => office.change("adjustment.approve", command, |work| {
            if adjustment::approve(work, &rules, *case, text)? {
                both("审批完成", "approved by everybody")
            } else {
                both("已同意，待上级审批", "approved; the next step waits")
            }
        }),
        Adjust::SendOn { case } => step("adjustment.send_on", "已转办", "sent on", &|work| {
            Ok(adjustment::send_on(work, &rules, *case)?)
        }),
        Adjust::Refuse { case, reason } => {
            step("adjustment.refuse", "已退回，不生效", "refused without effect", &|work| {
                Ok(adjustment::refuse(work, &rules, *case, reason)?)
            })
        }
        Adjust::Audit { case, text } => {
            step("adjustment.audit", "原始数据已审核", "the data are audited", &|work| {
                Ok(adjustment::audit(work, &rules, *case, text)?)
            })
        }
        Adjust::Operate { case } => step("adjustment.operate", "已操作", "operated", &|work| {
            Ok(adjustment::operate(work, &rules, *case)?)
        }),
        Adjust::Archive { case } => step("adjustment.archive", "已归档", "archived", &|work| {
            Ok(adjustment::archive(work, &rules, *case)?)
        }),
        Adjust::Call { case, text } => {
            step("adjustment.call", "已记电话通知", "the call is noted", &|work| {
                Ok(adjustment::record_call(work, *case, text)?)
            })
        }
        Adjust::Chase { case, item } => step("adjustment.chase", "已催办", "chased", &|work| {
            Ok(adjustment::chase(work, *case, (*item).into())?)
        }),
        Adjust::Done { case, item: Some(item) } => {
            step("adjustment.complete_follow_up", "该后续事项已完成", "the step is done", &|work| {
                Ok(adjustment::complete_follow_up(work, *case, (*item).into())?)
            })
        }
        Adjust::Done { case, item: None } => office.change("adjustment.finish_follow_up", command, |work| {
            let due = adjustment::finish_follow_up(work, &rules, *case)?;
            both(format!("后续事项完成，应于 {due} 前发行"), format!("all is done; to be issued by {due}"))
        }),
        Adjust::Issue { case } => {
            let org_id = office.org_id();
            let prices = office.look(|tx| Ok(PriceBook::load(tx, org_id)?))?;
            let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
            let batch = office.look(|tx| Ok(adjustment::find(tx, org_id, *case)?.is_batch()))?;
            office.change("adjustment.issue", command, |work| {
                if batch {
                    let done = adjustment::issue_batch(work, &rules, &postings, *case)?;
                    let (bills, issues, amount) = (done.bills, done.issues, done.amount);
                    return both(
                        format!("已发行退补电费 {bills} 户 {amount} 元，抄本 {issues} 册"),
                        format!("issued {bills} adjustments of {amount} yuan for {issues} books"),
                    );
                }
                let bill = adjustment::issue_with(work, &rules, &postings, *case)?;
                let (month, sequence, amount) = (bill.key.month, bill.key.sequence, bill.amount);
                both(
                    format!("已发行 {month} 第 {sequence} 笔退补电费 {amount} 元"),
                    format!("issued {amount} yuan as further bill {sequence} of {month}"),
                )
            })
        }
        Adjust::MonthList { month, unit } => {
            let unit_id = office.unit(unit)?.id;
            office.change("adjustment.month_list", command, |work| {
                let list = adjustment::make_month_list(work, *month, unit_id)?;
                both(
                    format!("清单 {}（{}）待双方签字", list.number, list.id),
                    format!("list {} ({}) waits for both signatures", list.number, list.id),
                )
            })
        }
        Adjust::RunningList { unit, centre } => {
            let (unit_id, centre) = (office.unit(unit)?.id, office.centre(centre.as_ref())?);
            office.change("adjustment.running_list", command, |work| {
                let cases = adjustment::give_running_list(work, unit_id, centre)?;
                both(format!("已报送在途退补 {cases} 件"), format!("gave the list of {cases} in progress"))
            })
        }
    }
}

/// What a batch is started from.
struct Wanted<'w> {
    trial: &'w TrialArgs,
    month: Month,
    unit: &'w String,
    book: Option<&'w String>,
    reason: &'w str,
}

/// Compares the issued bills of the month and starts the batch of those that differ.
fn from_whatif(
    command: &Adjust,
    office: &Office,
    rules: &OfficeRules,
    wanted: &Wanted<'_>,
    centre_unit_id: i64,
) -> Done {
    let (org_id, unit_id) = (office.org_id(), office.unit(wanted.unit)?.id);
    let prices = office.look(|tx| Ok(PriceBook::load(tx, org_id)?))?;
    let trial = wanted.trial.compile(&prices)?;
    let selection = Selection {
        unit_id: Some(unit_id),
        book_id: wanted.book.map(|number| office.book(number).map(|book| book.book_id)).transpose()?,
        issued_only: true,
        ..Selection::month(wanted.month)
    };
    let how = WhatIf { top: 0, lines_max: adjustment::BATCH_LINES_MAX, ..WhatIf::default() };
    let outcome = super::whatif::compare(office, &prices, &trial.trial, &selection, &how)?;
    super::whatif::refuse_gaps(office, &outcome, &trial.trial)?;
    let new = NewBatch {
        unit_id,
        month: wanted.month,
        reason: wanted.reason.to_owned(),
        basis: trial.basis,
        centre_unit_id,
        lines: whatif::batch_lines(&trial.trial, &outcome.lines)?,
    };
    let postings = BillPostings::new(trial.trial.plans(), &PostingRules::standard()?)?;
    office.change("adjustment.from_whatif", command, |work| {
        let batch = adjustment::start_batch(work, rules, &postings, &new)?;
        let (case, bills) = (&batch.case, batch.bills);
        let (charged, refunded) = (batch.charged, batch.refunded);
        let known = if batch.known { ("已有", "there is already") } else { ("发起", "started") };
        both(
            format!(
                "{}退补 {}（{}）：{bills} 户，补收 {charged} 元，退还 {refunded} 元，待审批",
                known.0, case.number, case.case_id
            ),
            format!(
                "{} adjustment {} ({}): {bills} customers, {charged} yuan charged, {refunded} given back; it waits for approval",
                known.1, case.number, case.case_id
            ),
        )
    })
}

/// The customers of a batch.
fn lines(office: &Office, case_id: i64, shown: &Shown) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let batch = office.look(|tx| Ok(adjustment::batch_of(tx, org_id, case_id)?))?;
    if !office.sees(READ, batch.case.unit_id) {
        return Err(Failure::new(
            "无权查看该单位的退补",
            "the adjustments of that unit are not yours to see",
        ));
    }
    let mut kept = Vec::new();
    office.look(|tx| {
        adjustment::each_line(tx, org_id, case_id, |line| {
            kept.push(line);
            Ok(())
        })?;
        Ok(())
    })?;
    let mut table = Table::new(office.lang)
        .titled(
            office
                .say(format!("退补 {} 清单", batch.case.number), format!("Adjustment {}", batch.case.number)),
        )
        .text("户号", "account")
        .col("电费年月", "month", Kind::Month)
        .sum("原电费", "before", Kind::Money)
        .sum("退补电费", "amount", Kind::Money)
        .text("计算说明", "explanation");
    for line in kept {
        let account = office.look(|tx| office.account_number(tx, line.bill.key.account_id))?;
        let explanation = line.explanation.text(office.lang);
        table.push(row![account, line.bill.key.month, line.before, line.bill.amount, explanation]);
    }
    table.show(shown)
}

fn list(office: &Office, unit: Option<&String>, issued: Option<Month>, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, only) = (office.org_id(), office.unit_id(unit)?);
    let units = office.look(|tx| Ok(identity::units(tx, org_id)?))?;
    let mut cases: Vec<AdjustmentCase> = Vec::new();
    for unit in units.iter().filter(|unit| only.map_or(office.sees(READ, unit.id), |id| id == unit.id)) {
        cases.extend(office.look(|tx| {
            Ok(match issued {
                Some(month) => adjustment::cases_of_month(tx, org_id, unit.id, month)?,
                None => adjustment::running(tx, org_id, unit.id)?,
            })
        })?);
    }
    cases.sort_by_key(|case| case.case_id);
    cases.dedup_by_key(|case| case.case_id);
    let mut table = Table::new(office.lang)
        .text("退补号", "case")
        .text("编号", "number")
        .text("户号", "account")
        .text("供电所", "unit")
        .col("电费年月", "month", Kind::Month)
        .text("原因", "cause")
        .sum("电量", "kWh", Kind::Quantity(0))
        .sum("电费", "amount", Kind::Money)
        .text("状态", "state")
        .text("发起人", "started by");
    for case in cases {
        let account = if case.is_batch() {
            let batch = office.look(|tx| Ok(adjustment::batch_of(tx, org_id, case.case_id)?))?;
            office.say(format!("{} 户", batch.bills), format!("{} customers", batch.bills))
        } else {
            office.look(|tx| office.account_number(tx, case.account_id))?
        };
        let ticket = office.look(|tx| Ok(workflow::find(tx, org_id, case.ticket_id)?))?;
        let kind = workflow::Catalogue::built_in().ticket(&ticket.kind);
        let state = match case.state {
            CaseState::Running => {
                let known = kind.and_then(|kind| kind.state(&ticket.state));
                known.map_or(ticket.state.clone(), |state| state.text.text(office.lang))
            }
            CaseState::Issued => office.say("已发行", "issued"),
            CaseState::Refused => office.say("未同意", "refused"),
        };
        table.push(row![
            case.case_id.to_string(),
            case.number,
            account,
            office.unit_name(case.unit_id)?,
            case.month,
            case.cause.text(office.lang),
            case.energy_kwh,
            case.amount,
            state,
            office.person_name(case.started_by)?,
        ]);
    }
    table.show(shown)
}
