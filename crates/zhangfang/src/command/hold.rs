//! `zhangfang hold`: hold-issue requests (暂缓发行) while a change is under way.

use billing::OfficeRules;
use clap::Subcommand;
use documents::sheet::Kind;
use kernel::Month;

use super::office::{Office, both, month};
use crate::failure::Done;
use crate::table::{Shown, Table, row};

/// What can be done about holds.
#[derive(Debug, Subcommand)]
pub enum Hold {
    /// The holds of an account / 用户的暂缓发行记录
    List {
        /// Account number / 户号
        account: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// File a hold-issue request for a change ticket / 申请暂缓发行
    Place {
        /// Account number / 户号
        account: String,
        /// First month that is held / 起始月份
        #[arg(value_parser = month)]
        from: Month,
        /// Number of the change ticket / 变更工单编号
        #[arg(long)]
        document: String,
        /// Why / 原因
        #[arg(long)]
        reason: String,
        /// Code of the billing centre, if there are several / 电费管理中心代码
        #[arg(long)]
        centre: Option<String>,
    },
    /// The change is archived: the hold ends / 解除暂缓
    Release {
        /// The hold's key, as `hold list` shows it / 记录号
        hold: i64,
    },
}

/// Runs the command.
pub fn run(command: &Hold, office: &Office) -> Done {
    let rules = OfficeRules::built_in()?;
    match command {
        Hold::List { account, shown } => {
            office.require("billing.read")?;
            let (org_id, found) = (office.org_id(), office.account(account)?);
            let holds =
                office.look(|tx| Ok(billing::hold::holds_of(tx, org_id, found.account.account_id)?))?;
            let mut table = Table::new(office.lang)
                .text("记录号", "hold")
                .col("起始月", "from", Kind::Month)
                .text("变更工单", "document")
                .text("原因", "reason")
                .text("申请人", "placed by")
                .text("申请时间", "placed at")
                .text("解除时间", "released at")
                .col("发行期限", "issue by", Kind::Date);
            for hold in holds {
                let by = office.person_name(hold.placed_by)?;
                table.push(row![
                    hold.hold_id.to_string(),
                    hold.from_month,
                    hold.document,
                    hold.reason,
                    by,
                    hold.placed_at,
                    hold.released_at,
                    hold.issue_due_on
                ]);
            }
            table.show(shown)
        }
        Hold::Place { account, from, document, reason, centre } => {
            let (found, centre) = (office.account(account)?, office.centre(centre.as_ref())?);
            office.change("billing.place_hold", command, |work| {
                let id = found.account.account_id;
                let hold = billing::hold::place(work, &rules, id, *from, document, reason, centre)?;
                both(
                    format!("{account} 自 {from} 起暂缓发行，记录号 {}", hold.hold_id),
                    format!("{account} is held from {from} on, as {}", hold.hold_id),
                )
            })
        }
        Hold::Release { hold } => office.change("billing.release_hold", command, |work| {
            let due = billing::hold::release(work, &rules, *hold)?;
            both(format!("已解除暂缓，应于 {due} 前发行"), format!("released; to be issued by {due}"))
        }),
    }
}
