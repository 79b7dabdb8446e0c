//! `zhangfang schedule`: adjustments of the reading plan and of the reading route (抄表计划、抄表路线调整).

use clap::Subcommand;
use kernel::Month;
use metering::book::Cycle;
use metering::parameter::schedule::{self, RouteMove};

use super::book::unknown;
use super::office::{Office, both, month};
use crate::failure::{Done, Failure};

/// What can be done about plan and route.
#[derive(Debug, Subcommand)]
pub enum Schedule {
    /// The station reports another reading day or cycle of a book / 抄表计划调整
    Plan {
        /// Number of the book / 抄本编号
        book: String,
        /// Day of the month, 1 to 31 / 例日
        #[arg(long)]
        day: u8,
        /// monthly, odd_months or even_months / 抄表周期
        #[arg(long, default_value = "monthly")]
        cycle: String,
        /// First month / 起月
        #[arg(long, value_parser = month)]
        from: Month,
        /// Code of the marketing department / 营销部代码
        #[arg(long)]
        marketing: String,
        /// Why / 原因
        #[arg(long)]
        reason: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// Marketing approves a plan / 计划审批
    ApprovePlan {
        /// The adjustment's key / 调整号
        adjustment: i64,
        /// Refuse instead of agreeing / 不同意
        #[arg(long)]
        refuse: bool,
        /// A note / 说明
        #[arg(default_value = "")]
        note: String,
    },
    /// The centre maintains an approved plan in the system / 计划维护
    MaintainPlan {
        /// The adjustment's key / 调整号
        adjustment: i64,
    },
    /// The station reports another route: a whole book, or one account / 抄表路线调整
    Route {
        /// Number of the new book / 新抄本编号
        to: String,
        /// Number of the book that moves as a whole / 整本调整的抄本编号
        #[arg(long)]
        book: Option<String>,
        /// Number of the account that moves alone / 单户调整的户号
        #[arg(long, conflicts_with = "book")]
        account: Option<String>,
        /// Place of the account in the new book / 抄表顺序
        #[arg(long, default_value_t = 0)]
        sequence: i64,
        /// Why / 原因
        #[arg(long)]
        reason: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// The centre agrees to a route / 路线审核
    AgreeRoute {
        /// The adjustment's key / 调整号
        adjustment: i64,
        /// Refuse instead of agreeing / 不同意
        #[arg(long)]
        refuse: bool,
        /// A note / 说明
        #[arg(default_value = "")]
        note: String,
    },
    /// The station carries an agreed route out / 路线执行
    CarryOutRoute {
        /// The adjustment's key / 调整号
        adjustment: i64,
    },
}

/// Runs the command.
pub fn run(command: &Schedule, office: &Office) -> Done {
    let calendar = office.calendar()?;
    match command {
        Schedule::Plan { book, day, cycle, from, marketing, reason, centre } => {
            let keys: Vec<&str> = Cycle::ALL.iter().map(|cycle| cycle.key()).collect();
            let cycle =
                Cycle::from_words(cycle).ok_or_else(|| unknown("抄表周期", "the cycle", cycle, &keys))?;
            let book_id = office.book(book)?.book_id;
            let units = (office.unit(marketing)?.id, office.centre(centre.as_ref())?);
            office.change("schedule.report_plan", command, |work| {
                let plan = (*day, cycle, *from);
                let made = schedule::report_plan(work, &calendar, book_id, plan, units, reason)?;
                told(made.adjustment_id)
            })
        }
        Schedule::ApprovePlan { adjustment, refuse, note } => {
            office.change("schedule.approve_plan", command, |work| {
                schedule::approve_plan(work, &calendar, *adjustment, !refuse, note)?;
                both("计划已审批", "the plan is decided")
            })
        }
        Schedule::MaintainPlan { adjustment } => office.change("schedule.maintain_plan", command, |work| {
            schedule::maintain_plan(work, &calendar, *adjustment)?;
            both("计划已维护", "the plan is maintained")
        }),
        Schedule::Route { to, book, account, sequence, reason, centre } => {
            let to_book_id = office.book(to)?.book_id;
            let moves = match (book, account) {
                (Some(number), _) => {
                    RouteMove::WholeBook { from_book_id: office.book(number)?.book_id, to_book_id }
                }
                (None, Some(number)) => {
                    let account_id = office.account(number)?.account.account_id;
                    RouteMove::Single { account_id, to_book_id, route_sequence: *sequence }
                }
                (None, None) => {
                    return Err(Failure::new(
                        "请用 --book 或 --account 指定调整对象",
                        "give --book or --account",
                    ));
                }
            };
            let centre = office.centre(centre.as_ref())?;
            office.change("schedule.report_route", command, |work| {
                let made = schedule::report_route(work, &calendar, moves, centre, reason)?;
                told(made.adjustment_id)
            })
        }
        Schedule::AgreeRoute { adjustment, refuse, note } => {
            office.change("schedule.agree_route", command, |work| {
                schedule::agree_route(work, &calendar, *adjustment, !refuse, note)?;
                both("路线已审核", "the route is decided")
            })
        }
        Schedule::CarryOutRoute { adjustment } => {
            office.change("schedule.carry_out_route", command, |work| {
                let moved = schedule::carry_out_route(work, &calendar, *adjustment)?;
                both(format!("路线已执行：{moved} 户"), format!("carried out: {moved} accounts"))
            })
        }
    }
}

fn told(adjustment: i64) -> Done<kernel::Text> {
    both(format!("已报送，调整号 {adjustment}"), format!("reported as {adjustment}"))
}
