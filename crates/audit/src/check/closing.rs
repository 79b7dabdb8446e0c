//! The part of the check that runs before a period is closed.

use billing::{BillPostings, PriceBook};
use identity::Actor;
use identity::alarm::Alarm;
use identity::check::{Checked, History};
use kernel::{Bilingual, Lang, Moment, Month, Text};
use ledger::PostingRules;
use std::time::Instant;
use store::Store;

use super::compose::sketcher;
use super::{CheckError, Report, cross, raise};

/// Proves one month: its entries and balances, its bills in all their forms, bills against postings, and the steps of its
/// books. On one snapshot, in a few seconds for a million bills.
pub fn before_closing(store: &Store, org_id: i64, month: Month) -> Result<Report, CheckError> {
    let started = Instant::now();
    let mut report = Report::default();
    store.read(|tx| {
        let sketcher = sketcher();
        let history = History::load(tx, org_id)?;
        let (found, vouchers) = ledger::period_with(tx, org_id, month, &sketcher)?;
        let mut balances = Checked::new(
            "ledger.balances",
            "借贷平衡，余额等于分录",
            "entries balance, balances equal their entries",
        );
        balances.look(found.postings);
        for finding in &found.findings {
            balances.find("ledger", finding.text(Lang::Zh), finding.text(Lang::En));
        }
        report.add([balances], started.elapsed());
        let since = Instant::now();
        let prices = PriceBook::load(tx, org_id)?;
        let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let options =
            billing::check::Options { sketcher: &sketcher, deep: false, workers, month: Some(month) };
        let bills = billing::check::bills(tx, org_id, &prices, &postings, &options, &mut |_| true)?;
        report.add(bills.checked, since.elapsed());
        // The vouchers of the period may hold bills of other months and the other way round: those of both are compared.
        let both: Vec<_> = bills
            .issues
            .into_iter()
            .filter(|issue| {
                issue.voucher_id == 0
                    || vouchers.contains_key(&issue.voucher_id)
                    || issue.issued_at.date().month() == month
            })
            .collect();
        let named: std::collections::HashSet<i64> = both.iter().map(|issue| issue.voucher_id).collect();
        let vouchers = vouchers.into_iter().filter(|(id, _)| named.contains(id)).collect();
        report.add([cross::bills_and_postings(&both, &vouchers)], std::time::Duration::ZERO);
        let since = Instant::now();
        report.add([metering::check::books_of_month(tx, org_id, &history, month)?], since.elapsed());
        Ok::<_, CheckError>(())
    })?;
    report.elapsed = started.elapsed();
    Ok(report)
}

/// Proves `month` before it is closed. Something found that no alarm was decided about raises the alarm and refuses.
/// `source` says who asks: `period_close`, `month_close`.
pub fn require_proved(
    store: &Store,
    actor: &Actor,
    now: Moment,
    month: Month,
    source: &str,
) -> Result<(), CheckError> {
    let report = before_closing(store, actor.org_id, month)?;
    match raise(store, actor, now, source, &report)? {
        Some(alarm) => Err(CheckError::Found(Box::new(refusal(&alarm, month)))),
        None => Ok(()),
    }
}

fn refusal(alarm: &Alarm, month: Month) -> Text {
    let said = alarm.refusal();
    Text::new(
        format!("{month} 核对不符，不能结账。{}", said.zh),
        format!("{month} does not agree and is not closed. {}", said.en),
    )
}
