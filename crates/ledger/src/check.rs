//! The proof that balances and entries agree, for `zhangfang check` and for closing.

use std::collections::BTreeMap;
use std::fmt;

use kernel::{Bilingual, Lang, Money, Month};
use store::{Row, Tx, params};

use crate::{AccountCode, ComponentId, LedgerError, sql};

/// Findings reported at most; the count goes on.
const FINDINGS_MAX: usize = 100;

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A kept balance differs from the sum of its entries: debit and credit as kept, then as entered.
    Balance {
        /// Period.
        period: Month,
        /// Unit.
        unit_id: i64,
        /// Account.
        account: AccountCode,
        /// Component.
        component: ComponentId,
        /// As kept.
        kept: (Money, Money),
        /// As entered.
        entered: (Money, Money),
    },
    /// The balances of a period are not in balance.
    Unbalanced {
        /// Period.
        period: Month,
        /// Sum of debits.
        debit: Money,
        /// Sum of credits.
        credit: Money,
    },
    /// A voucher states another count or total than its postings have.
    Voucher {
        /// The voucher.
        voucher_id: i64,
    },
    /// Numbers of a year are missing.
    Gap {
        /// The year.
        year: i64,
        /// Vouchers there are.
        vouchers: i64,
        /// The last number.
        last_number: i64,
    },
}

impl Bilingual for Finding {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, Finding::Balance { period, unit_id, account, component, kept, entered }) => format!(
                "{period} unit {unit_id} account {account} component {}: kept debit {} credit {}, entered debit {} credit {}",
                component.0, kept.0, kept.1, entered.0, entered.1
            ),
            (Lang::Zh, Finding::Balance { period, unit_id, account, component, kept, entered }) => format!(
                "{period} 单位 {unit_id} 科目 {account} 费用项 {}：余额表借 {} 贷 {}，分录借 {} 贷 {}",
                component.0, kept.0, kept.1, entered.0, entered.1
            ),
            (Lang::En, Finding::Unbalanced { period, debit, credit }) => {
                format!("{period}: debits {debit}, credits {credit}")
            }
            (Lang::Zh, Finding::Unbalanced { period, debit, credit }) => {
                format!("{period}：借方合计 {debit}，贷方合计 {credit}")
            }
            (Lang::En, Finding::Voucher { voucher_id }) => {
                format!("voucher {voucher_id} differs from its postings")
            }
            (Lang::Zh, Finding::Voucher { voucher_id }) => format!("凭证 {voucher_id} 与其分录不符"),
            (Lang::En, Finding::Gap { year, vouchers, last_number }) => {
                format!("{year}: {vouchers} vouchers, last number {last_number}")
            }
            (Lang::Zh, Finding::Gap { year, vouchers, last_number }) => {
                format!("{year} 年：凭证 {vouchers} 张，最后编号 {last_number}")
            }
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

/// What [`check()`] looked at and found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// Vouchers looked at.
    pub vouchers: i64,
    /// Postings looked at.
    pub postings: i64,
    /// Periods looked at.
    pub periods: usize,
    /// What does not agree, at most a hundred; empty when all is well.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Nothing was found.
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Compares every balance with its entries, every voucher with its postings, and the numbers with their count.
pub fn check(tx: &mut Tx<'_>, org_id: i64) -> Result<CheckReport, LedgerError> {
    let mut report = CheckReport::default();
    let months = tx.list(
        "SELECT DISTINCT period FROM voucher WHERE org_id = ?1 UNION SELECT DISTINCT period FROM period_balance
         WHERE org_id = ?1 UNION SELECT period FROM accounting_period WHERE org_id = ?1 ORDER BY 1",
        params![org_id],
        |row| Ok::<_, LedgerError>(row.month(0)?),
    )?;
    report.periods = months.len();
    for month in months {
        report.findings.extend(check_period(tx, org_id, month)?);
        if report.findings.len() >= FINDINGS_MAX {
            report.findings.truncate(FINDINGS_MAX);
            break;
        }
    }
    tx.each(
        "SELECT year, COUNT(*), MAX(number), CAST(SUM(postings) AS BIGINT) FROM voucher WHERE org_id = ?1
         GROUP BY year ORDER BY year",
        params![org_id],
        |row| {
            let (year, vouchers, last_number) = (row.int(0)?, row.int(1)?, row.int(2)?);
            report.vouchers += vouchers;
            report.postings += row.int(3)?;
            if vouchers != last_number {
                report.findings.push(Finding::Gap { year, vouchers, last_number });
            }
            Ok::<_, LedgerError>(())
        },
    )?;
    Ok(report)
}

type Key = (i64, AccountCode, ComponentId);

fn read(row: &Row<'_>) -> Result<(Key, (Money, Money)), LedgerError> {
    let key = (row.int(0)?, AccountCode(row.int(1)?), sql::component(row.int(2)?)?);
    Ok((key, (row.money(3)?, row.money(4)?)))
}

/// The findings of one period.
pub(crate) fn check_period(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<Finding>, LedgerError> {
    let mut findings = Vec::new();
    tx.each(
        "SELECT v.voucher_id FROM voucher v LEFT JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
         WHERE v.org_id = ?1 AND v.period = ?2 GROUP BY v.voucher_id, v.postings, v.total
         HAVING COUNT(p.line) <> v.postings OR COALESCE(SUM(p.amount), 0) <> v.total ORDER BY v.voucher_id LIMIT 100",
        params![org_id, month],
        |row| {
            findings.push(Finding::Voucher { voucher_id: row.int(0)? });
            Ok::<_, LedgerError>(())
        },
    )?;
    let mut balances: BTreeMap<Key, [(Money, Money); 2]> = BTreeMap::new();
    tx.each(
        "SELECT unit_id, code, component, debit, credit FROM period_balance WHERE org_id = ?1 AND period = ?2",
        params![org_id, month],
        |row| {
            let (key, sums) = read(row)?;
            balances.entry(key).or_default()[0] = sums;
            Ok::<_, LedgerError>(())
        },
    )?;
    for (side, (debit, credit)) in [("debit", ("SUM(p.amount)", "0")), ("credit", ("0", "SUM(p.amount)"))] {
        tx.each(
            &format!(
                "SELECT v.unit_id, p.{side}, p.component, CAST({debit} AS BIGINT), CAST({credit} AS BIGINT)
                 FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
                 WHERE v.org_id = ?1 AND v.period = ?2 GROUP BY v.unit_id, p.{side}, p.component"
            ),
            params![org_id, month],
            |row| {
                let (key, (debit, credit)) = read(row)?;
                let entered = &mut balances.entry(key).or_default()[1];
                *entered = (entered.0.plus(debit)?, entered.1.plus(credit)?);
                Ok::<_, LedgerError>(())
            },
        )?;
    }
    let (mut debit, mut credit) = (Money::ZERO, Money::ZERO);
    for ((unit_id, account, component), [kept, entered]) in balances {
        debit = debit.plus(kept.0)?;
        credit = credit.plus(kept.1)?;
        if kept != entered {
            findings.push(Finding::Balance { period: month, unit_id, account, component, kept, entered });
        }
    }
    if debit != credit {
        findings.push(Finding::Unbalanced { period: month, debit, credit });
    }
    findings.truncate(FINDINGS_MAX);
    Ok(findings)
}
