//! What the books say about an item of a closing checklist, and ticking it: what the books deny is not ticked. (XC-09)

use identity::Work;
use kernel::{Date, Month, Text};
use metering::book::BookState;
use store::Tx;
use workflow::catalogue::ClosingItem;
use workflow::{Evidence, Period, Proved, WorkflowError};

use crate::office::{OfficeError, OfficeRules};
use crate::report;

/// Shorthand for what this office answers.
type Result<T> = std::result::Result<T, OfficeError>;

fn said(zh: impl Into<String>, en: impl Into<String>, proved: Proved) -> Evidence {
    Evidence { said: Text::new(zh, en), proved }
}

/// `done` of `all`: nothing there, all done, or not yet.
fn counted(done: usize, all: usize) -> Proved {
    match all {
        0 => Proved::Nothing,
        _ if done == all => Proved::Yes,
        _ => Proved::No,
    }
}

fn proved_when(yes: bool) -> Proved {
    if yes { Proved::Yes } else { Proved::No }
}

/// What the books say about an item of a unit's list for `month`, as of `today`.
pub fn evidence(
    tx: &mut Tx<'_>,
    org_id: i64,
    item: &ClosingItem,
    unit_id: i64,
    month: Month,
    today: Date,
) -> Result<Evidence> {
    let below = |error: WorkflowError| OfficeError::below(&error);
    if let Some(kind) = item.list_kind {
        let lists = workflow::lists_of(tx, org_id, month).map_err(below)?;
        let own = |list: &&workflow::SignedList| {
            list.kind == kind && (list.first_unit_id == unit_id || list.second_unit_id == unit_id)
        };
        let all = lists.iter().filter(own).count();
        let signed = lists.iter().filter(own).filter(|list| list.is_complete()).count();
        return Ok(said(
            format!("清单 {all} 份，双方已签 {signed} 份"),
            format!("{signed} of {all} lists signed by both"),
            counted(signed, all),
        ));
    }
    let rules = OfficeRules::built_in()?;
    Ok(match item.code {
        "receivable_confirmed" => {
            let found = report::statuses(tx, &rules, org_id, month, today)?;
            match found.into_iter().find(|status| status.total.unit_id == unit_id) {
                None => said("尚未编制", "not compiled yet", Proved::Nothing),
                Some(status) => match status.confirmed_on {
                    None => said("尚未确认", "not confirmed yet", Proved::No),
                    Some(day) => said(
                        format!("{day} 确认 {} 元", status.total.amount),
                        format!("{} yuan confirmed on {day}", status.total.amount),
                        Proved::Yes,
                    ),
                },
            }
        }
        "slips_closed" => {
            let (open, all) = crate::slip::open_of_unit(tx, org_id, unit_id, month)?;
            said(
                format!("传单 {all} 张，未办结 {open} 张"),
                format!("{open} of {all} slips still open"),
                proved_when(open == 0),
            )
        }
        "all_books_issued" => {
            let books = metering::book::books_of_month(tx, org_id, month)
                .map_err(|error| OfficeError::below(&error))?;
            let (all, issued) =
                (books.len(), books.iter().filter(|book| book.state == BookState::Issued).count());
            said(
                format!("抄本 {all} 册，已发行 {issued} 册"),
                format!("{issued} of {all} books issued"),
                counted(issued, all),
            )
        }
        "receivable_compiled" => {
            let compiled = report::statuses(tx, &rules, org_id, month, today)?.len();
            let all = report::station_totals(tx, org_id, month)?.len();
            said(
                format!("{all} 个单位，已编制 {compiled} 个"),
                format!("{compiled} of {all} units compiled"),
                counted(compiled.min(all), all),
            )
        }
        "error_rate_reported" => {
            let found = report::error_rate_of_month(tx, &rules, org_id, month)?;
            let (zh, en) =
                if found.flagged { ("，达到限额", ", at or over the limit") } else { ("", "") };
            said(
                format!("差错 {} 笔 / 发行 {} 笔{zh}", found.errors, found.bills),
                format!("{} errors of {} bills{en}", found.errors, found.bills),
                // A month with many errors is measured as well.
                if found.rate.is_some() { Proved::Yes } else { Proved::Nothing },
            )
        }
        "balance_frozen" => {
            let frozen = report::snapshots(tx, org_id, month)?;
            match frozen.iter().find(|kept| kept.unit_id == 0) {
                None => said("尚未冻结", "not frozen yet", Proved::No),
                Some(kept) => said(
                    format!("余额 {} 元", kept.balance),
                    format!("balance {} yuan", kept.balance),
                    Proved::Yes,
                ),
            }
        }
        "reconciliation_done" => {
            let found = report::marketing_against_finance(tx, org_id, month)?;
            said(
                format!("未说明差异 {} 元", found.unexplained),
                format!("{} yuan unexplained", found.unexplained),
                proved_when(found.unexplained.is_zero()),
            )
        }
        _ => Evidence::unsaid(),
    })
}

/// Ticks an item of a unit's checklist as done, or as having nothing to do. What the books deny is refused with what is
/// missing; where they hold nothing to prove it by, it is ticked as nothing to do, with a note.
pub fn tick(
    work: &mut Work<'_, '_>,
    unit_id: i64,
    period: Period,
    item: &str,
    nothing_to_do: bool,
    note: &str,
) -> Result<()> {
    let (org_id, today) = (work.org_id(), work.today());
    let known = workflow::Catalogue::built_in().closing_items.iter().find(|known| known.code == item);
    let evidence = match (known, period) {
        (Some(known), Period::Month(month)) => evidence(work.tx, org_id, known, unit_id, month, today)?,
        _ => Evidence::unsaid(),
    };
    workflow::tick_item(work, unit_id, period, item, (nothing_to_do, note), &evidence)
        .map_err(|error| OfficeError::below(&error))
}
